/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_probe.c - preloaded into the command line program: tries, when that ends, what it must
 * not be able to do after opening a file. Prints a line for each: name, result, errno.
 *
 * TMEM_PROBE_HERE is a file that may be written.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRY(name, ...)                                                                             \
	do {                                                                                       \
		long result;                                                                       \
                                                                                                   \
		errno = 0;                                                                         \
		result = syscall(__VA_ARGS__);                                                     \
		fprintf(stderr, "probe %s %ld %d\n", name, result, errno);                         \
	} while (0)

__attribute__((destructor)) static void probe(void)
{
	/* A failing execve leaves everything as it is: the name of no program. */
	static char *const none[] = { NULL };
	const char *here = getenv("TMEM_PROBE_HERE");

	if (!here)
		return;
	TRY("execve", SYS_execve, "/nonexistent", none, none);
	TRY("execveat", SYS_execveat, AT_FDCWD, "/nonexistent", none, none, 0);
	TRY("fork", SYS_clone, CLONE_NEWNS | CLONE_FS | SIGCHLD /* never a child */, 0, 0, 0, 0);
	TRY("clone3", SYS_clone3, NULL, 0);
	TRY("socket", SYS_socket, AF_INET, SOCK_STREAM, 0);
	TRY("ptrace", SYS_ptrace, PTRACE_PEEKDATA, 0, 0, 0);
	TRY("process_vm_readv", SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0);
	TRY("process_vm_writev", SYS_process_vm_writev, getpid(), NULL, 0, NULL, 0, 0);
	TRY("kill", SYS_kill, getppid(), 0);
	TRY("terminal", SYS_ioctl, -1, TIOCSTI, NULL);
	TRY("io_uring", SYS_io_uring_setup, 0, NULL);
	TRY("bpf", SYS_bpf, -1, NULL, 0);
	TRY("chmod", SYS_fchmodat, AT_FDCWD, "/nonexistent", 0600);
	TRY("rename", SYS_renameat, AT_FDCWD, "/nonexistent", AT_FDCWD, "/nonexistent");
	TRY("code", SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	    0);
	TRY("write_null", SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY);
	TRY("write_elsewhere", SYS_openat, AT_FDCWD, "/dev/zero", O_WRONLY);
	TRY("read", SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
	TRY("write_here", SYS_openat, AT_FDCWD, here, O_WRONLY | O_CREAT, 0600);
}
