/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_calls.c - the system calls that a reader of files may use, as a seccomp filter.
 *
 * What is not listed fails with EPERM, and with ENOSYS where the C library then goes another way.
 * Nothing is killed: a call that was forgotten here must not cost the user a session. Builds with a
 * sanitizer are not limited, its run-time library needs calls that nobody else does.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox.h"

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
	__has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

#if !defined(MACHINE) || defined(SANITIZED)

bool sandbox_limit_calls(bool may_remove)
{
	return false;
}

#else

#define X32 0x40000000u /* calls of another ABI of the same machine */

/* The most used first: the list is walked from its head. */
static const int allowed[] = {
	SYS_pread64,
	SYS_read,
	SYS_write,
	SYS_ppoll,
	SYS_futex,
	SYS_fstat,
	SYS_lseek,
	SYS_munmap,
	SYS_madvise,
	SYS_brk,
	SYS_mremap,
	SYS_pwrite64,
	SYS_readv,
	SYS_writev,
	SYS_preadv,
	SYS_close,
	SYS_openat,
	SYS_newfstatat,
	SYS_statx,
	SYS_fstatfs,
	SYS_statfs,
	SYS_faccessat,
	SYS_readlinkat,
	SYS_getdents64,
	SYS_getcwd,
	SYS_dup,
	SYS_dup3,
	SYS_flock,
	SYS_ftruncate,
	SYS_memfd_create, /* for the copies that symbols are read from */
	SYS_fsync,
	SYS_fdatasync,
	SYS_fadvise64,
	SYS_mincore,
	SYS_msync,
	SYS_membarrier,
	SYS_exit,
	SYS_exit_group,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_rt_sigpending,
	SYS_rt_sigtimedwait,
	SYS_sigaltstack,
	SYS_restart_syscall,
	SYS_clock_gettime,
	SYS_clock_getres,
	SYS_clock_nanosleep,
	SYS_nanosleep,
	SYS_gettimeofday,
	SYS_getrusage,
	SYS_times,
	SYS_sched_yield,
	SYS_sched_getaffinity,
	SYS_getcpu,
	SYS_sysinfo,
	SYS_uname,
	SYS_getrandom,
	SYS_getpid,
	SYS_getppid,
	SYS_gettid,
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getegid,
	SYS_set_robust_list,
	SYS_get_robust_list,
	SYS_set_tid_address,
	SYS_pselect6,
	SYS_getpgid,
#ifdef SYS_rseq
	SYS_rseq,
#endif
#ifdef __x86_64__
	SYS_open,
	SYS_stat,
	SYS_lstat,
	SYS_access,
	SYS_readlink,
	SYS_poll,
	SYS_select,
	SYS_dup2,
	SYS_time,
	SYS_getpgrp,
#endif
};

/* Of files; Landlock says which. */
static const int removing[] = {
	SYS_unlinkat,
#ifdef __x86_64__
	SYS_unlink,
#endif
};

/* The C library and others have a way without. */
static const int missing[] = {
	SYS_clone3,
#ifdef SYS_faccessat2
	SYS_faccessat2,
#endif
#ifdef SYS_openat2
	SYS_openat2,
#endif
	SYS_copy_file_range,
};

/* The first argument must be one of these. */
static const uint32_t names_of_threads[] = { PR_SET_NAME, PR_GET_NAME };
static const uint32_t own[] = { 0 };
/* The second: what a terminal needs; none that puts characters into its input. */
static const uint32_t terminal[] = {
	TCGETS, TCSETS,     TCSETSW,   TCSETSF,  TCXONC,   TCFLSH,
	TCSBRK, TIOCGWINSZ, TIOCGPGRP, TIOCOUTQ, FIONREAD,
};
static const uint32_t descriptor[] = {
	F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW,
};

#define ROOM 512

struct filter {
	struct sock_filter code[ROOM];
	unsigned short size;
};

static void put(struct filter *filter, uint16_t code, uint8_t yes, uint8_t no, uint32_t value)
{
	if (filter->size < ROOM)
		filter->code[filter->size] = (struct sock_filter){ code, yes, no, value };
	filter->size++;
}

static void put_return(struct filter *filter, uint32_t what)
{
	put(filter, BPF_RET | BPF_K, 0, 0, what);
}

/* Loads 32 bits of what the filter is given. */
static void put_load(struct filter *filter, size_t offset)
{
	put(filter, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

/* The loaded value equals @value: returns @what. */
static void put_case(struct filter *filter, uint32_t value, uint32_t what)
{
	put(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value);
	put_return(filter, what);
}

/* The low half of an argument: all that these calls look at. */
static size_t argument(unsigned number)
{
	return offsetof(struct seccomp_data, args) + number * sizeof(uint64_t);
}

/* @call is allowed when its argument is in the list. */
static void put_choice(struct filter *filter, int call, unsigned number, const uint32_t *values,
		       size_t count)
{
	/* Jumped over: the load, two instructions a value, the refusal. */
	put(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, (uint8_t)(2 * count + 2), (uint32_t)call);
	put_load(filter, argument(number));
	for (size_t i = 0; i < count; i++)
		put_case(filter, values[i], SECCOMP_RET_ALLOW);
	put_return(filter, SECCOMP_RET_ERRNO | EPERM);
}

/* @call is allowed when its argument has all the bits of @set, and none of @clear. */
static void put_bits(struct filter *filter, int call, unsigned number, uint32_t set, uint32_t clear)
{
	put(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 5, (uint32_t)call);
	put_load(filter, argument(number));
	put(filter, BPF_ALU | BPF_AND | BPF_K, 0, 0, set | clear);
	put(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, set);
	put_return(filter, SECCOMP_RET_ALLOW);
	put_return(filter, SECCOMP_RET_ERRNO | EPERM);
}

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void put_list(struct filter *filter, const int *calls, size_t count, uint32_t what)
{
	for (size_t i = 0; i < count; i++)
		put_case(filter, (uint32_t)calls[i], what);
}

/* Code may come into memory from files only: libraries that are loaded later. */
static void put_map(struct filter *filter)
{
	put(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 7, SYS_mmap);
	put_load(filter, argument(2));
	put(filter, BPF_JMP | BPF_JSET | BPF_K, 1, 0, PROT_EXEC);
	put_return(filter, SECCOMP_RET_ALLOW);
	put_load(filter, argument(3));
	put(filter, BPF_JMP | BPF_JSET | BPF_K, 0, 1, MAP_ANONYMOUS);
	put_return(filter, SECCOMP_RET_ERRNO | EPERM);
	put_return(filter, SECCOMP_RET_ALLOW);
}

static void build(struct filter *filter, bool may_remove)
{
	const uint32_t self[] = { (uint32_t)getpid() };

	put_load(filter, offsetof(struct seccomp_data, arch));
	put(filter, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, MACHINE);
	put_return(filter, SECCOMP_RET_KILL_PROCESS);
	put_load(filter, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	put(filter, BPF_JMP | BPF_JGE | BPF_K, 0, 1, X32);
	put_return(filter, SECCOMP_RET_ERRNO | ENOSYS);
#endif
	put_list(filter, allowed, COUNT(allowed), SECCOMP_RET_ALLOW);
	put_list(filter, missing, COUNT(missing), SECCOMP_RET_ERRNO | ENOSYS);
	if (may_remove)
		put_list(filter, removing, COUNT(removing), SECCOMP_RET_ALLOW);
	put_map(filter);
	put_bits(filter, SYS_mprotect, 2, 0, PROT_EXEC);
	/* Threads, not processes. */
	put_bits(filter, SYS_clone, 0, CLONE_VM | CLONE_THREAD, CLONE_NEWUSER | CLONE_NEWNS);
	put_choice(filter, SYS_ioctl, 1, terminal, COUNT(terminal));
	put_choice(filter, SYS_fcntl, 1, descriptor, COUNT(descriptor));
	put_choice(filter, SYS_prctl, 0, names_of_threads, COUNT(names_of_threads));
	put_choice(filter, SYS_prlimit64, 0, own, COUNT(own));
	put_choice(filter, SYS_tgkill, 0, self, COUNT(self));
	put_choice(filter, SYS_kill, 0, self, COUNT(self));
	put_return(filter, SECCOMP_RET_ERRNO | EPERM);
}

bool sandbox_limit_calls(bool may_remove)
{
	static struct filter filter;
	struct sock_fprog program = { .filter = filter.code };

	filter.size = 0;
	build(&filter, may_remove);
	if (filter.size > ROOM)
		return false;
	program.len = filter.size;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) ==
	       0;
}

#endif
