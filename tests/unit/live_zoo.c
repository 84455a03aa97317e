/* SPDX-License-Identifier: Apache-2.0 */
/* live_zoo.c - a forked child with every kind of memory; see live_zoo.h. */
#include "live_zoo.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"

#define GUARD_INSTALL 102
#define SYS_SECRET    447

const char *const zoo_disabled[] = {
	"",
	"procmap_query",
	"pagemap_scan",
	"process_vm",
	"pidfd",
	"pagemap",
	"procmap_query,pagemap_scan,process_vm,pidfd,pagemap",
	NULL,
};

uint8_t zoo_byte(uint64_t address)
{
	return (uint8_t)(address * 31 + (address >> 12) * 7 + 5);
}

/* --- in the child --- */

static int release_pipe[2];

static void fill(uint64_t address, uint64_t size)
{
	volatile uint8_t *bytes = (uint8_t *)(uintptr_t)address;

	for (uint64_t i = 0; i < size; i++)
		bytes[i] = zoo_byte(address + i);
}

static uint64_t map(uint64_t size, int flags, int fd)
{
	void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (bytes == MAP_FAILED)
		_exit(3);
	madvise(bytes, size, MADV_NOHUGEPAGE);
	return (uint64_t)(uintptr_t)bytes;
}

static uint64_t anonymous(const struct zoo_places *at, bool written, int protection)
{
	uint64_t size = ZOO_PAGES * at->page;
	uint64_t address = map(size, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (written)
		fill(address, size);
	mprotect((void *)(uintptr_t)address, size, protection);
	return address;
}

static int memory_file(uint64_t size)
{
	int fd = memfd_create("zoo", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)size))
		_exit(3);
	return fd;
}

static void make_files(struct zoo_places *at)
{
	uint64_t size = ZOO_PAGES * at->page;
	char path[] = "/tmp/zoo-XXXXXX";
	int fd = mkstemp(path);
	int other = memory_file(at->page + 100);
	char *bytes = calloc(1, size);

	memset(bytes, 'f', size);
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		_exit(3);
	unlink(path);
	at->copied = map(size, MAP_PRIVATE, fd);
	fill(at->copied, at->page);
	fd = memory_file(size);
	at->shared = map(size, MAP_SHARED, fd);
	fill(at->shared, size);
	at->shared_ro = map(size, MAP_SHARED, fd);
	mprotect((void *)(uintptr_t)at->shared_ro, size, PROT_READ);
	at->cut_shared = map(size, MAP_SHARED, other);
	free(bytes);
}

/* A real file, so that the page cache's own rules hold. */
static void make_cut(struct zoo_places *at)
{
	char path[] = "/tmp/zoo-XXXXXX";
	int fd = mkstemp(path);
	uint64_t size = at->page + 100;

	unlink(path);
	if (fd < 0 || ftruncate(fd, (off_t)size))
		_exit(3);
	for (uint64_t i = 0; i < size; i++)
		if (pwrite(fd, "c", 1, (off_t)i) != 1)
			_exit(3);
	at->cut = map(ZOO_PAGES * at->page, MAP_PRIVATE, fd);
	mprotect((void *)(uintptr_t)at->cut, ZOO_PAGES * at->page, PROT_READ);
	close(fd);
}

static void make_guard(struct zoo_places *at)
{
	at->guard = anonymous(at, true, PROT_READ | PROT_WRITE);
	if (madvise((void *)(uintptr_t)(at->guard + 2 * at->page), at->page, GUARD_INSTALL))
		at->guard = 0;
}

static void make_blocking(struct zoo_places *at)
{
	uint64_t size = ZOO_PAGES * at->page;
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range;
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	at->blocking = map(size, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	fill(at->blocking, at->page);
	range = (struct uffdio_register){ { at->blocking, size }, UFFDIO_REGISTER_MODE_MISSING, 0 };
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range))
		at->blocking = 0;
}

static void make_secret(struct zoo_places *at)
{
	int fd = (int)syscall(SYS_SECRET, 0);
	void *bytes;

	if (fd < 0 || ftruncate(fd, (off_t)(ZOO_PAGES * at->page)))
		return;
	bytes = mmap(NULL, ZOO_PAGES * at->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		return;
	memset(bytes, 's', ZOO_PAGES * at->page);
	at->secret = (uint64_t)(uintptr_t)bytes;
}

static void make_holes(struct zoo_places *at)
{
	at->holes = anonymous(at, true, PROT_READ | PROT_WRITE);
	mprotect((void *)(uintptr_t)(at->holes + at->page), at->page, PROT_NONE);
	munmap((void *)(uintptr_t)(at->holes + 2 * at->page), at->page);
}

static void find_stack(struct zoo_places *at)
{
	struct zoo_mapping *mappings;
	size_t count = zoo_mappings(getpid(), &mappings);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(mappings[i].name, "[stack]"))
			at->stack = mappings[i].first;
	free(mappings);
}

static void make_all(struct zoo_places *at)
{
	at->page = (uint64_t)sysconf(_SC_PAGESIZE);
	at->plain = anonymous(at, true, PROT_READ | PROT_WRITE);
	at->readonly = anonymous(at, true, PROT_READ);
	at->none = anonymous(at, true, PROT_NONE);
	at->none_new = anonymous(at, false, PROT_NONE);
	at->writeonly = anonymous(at, true, PROT_WRITE);
	at->code = anonymous(at, true, PROT_READ | PROT_EXEC);
	at->execonly = anonymous(at, true, PROT_EXEC);
	make_files(at);
	make_cut(at);
	make_guard(at);
	make_blocking(at);
	make_secret(at);
	make_holes(at);
	at->reserve = map(ZOO_RESERVE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	find_stack(at);
}

static struct zoo *self;

static void *count_up(void *unused)
{
	for (;;) {
		self->at->counter++;
		usleep(100);
	}
	return unused;
}

static void *breed(void *depth)
{
	struct timespec pause = { 0, 500000 };
	pthread_t thread;

	nanosleep(&pause, NULL);
	if (!pthread_create(&thread, NULL, breed, depth))
		pthread_detach(thread);
	nanosleep(&pause, NULL);
	return NULL;
}

static void start(void *(*run)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, NULL))
		_exit(3);
	pthread_detach(thread);
}

static void execute(void)
{
	execl("/bin/sleep", "sleep", "600", (char *)NULL);
	_exit(3);
}

/* The grandchild lives in our memory until it executes; we stand still meanwhile. */
static void *bear(void *unused)
{
	pid_t pid = vfork();
	char byte;

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		self->at->grandchild = (pid_t)syscall(SYS_getpid);
		if (read(release_pipe[0], &byte, 1) != 1)
			_exit(3);
		execute();
	}
	/* The signal of a parent's death comes when this thread ends: it stays. */
	while (pid > 0)
		pause();
	return unused;
}

static void serve(int from, int to);

static int serve_from, serve_to;

static void *serve_on(void *unused)
{
	serve(serve_from, serve_to);
	_exit(0);
	return unused;
}

static void answer(int to)
{
	if (write(to, "k", 1) != 1)
		_exit(3);
}

static void obey(char command, int from, int to)
{
	struct zoo_places *at = self->at;

	switch (command) {
	case ZOO_EXEC: execute(); break;
	case ZOO_EXIT: _exit(0);
	case ZOO_COUNT: start(count_up); break;
	case ZOO_BREED:
		for (int i = 0; i < 8; i++)
			start(breed);
		break;
	case ZOO_VFORK: start(bear); break;
	case ZOO_VFORK_GO:
		if (write(release_pipe[1], "g", 1) != 1)
			_exit(3);
		break;
	case ZOO_HIDE: prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); break;
	case ZOO_UNMAP: munmap((void *)(uintptr_t)at->plain, ZOO_PAGES * at->page); break;
	case ZOO_LEAVE:
		serve_from = from;
		serve_to = to;
		start(serve_on);
		/* The kernel's own exit: the first thread stays as remains. */
		syscall(SYS_exit, 0);
		break;
	}
}

static void serve(int from, int to)
{
	char command;

	while (read(from, &command, 1) == 1) {
		obey(command, from, to);
		answer(to);
	}
}

/* --- in the test --- */

void zoo_start(struct zoo *zoo)
{
	int to[2], from[2];
	char byte;

	memset(zoo, 0, sizeof(*zoo));
	zoo->at = mmap(NULL, sizeof(*zoo->at), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	assert_true(zoo->at != MAP_FAILED);
	assert_int_equal(pipe2(to, O_CLOEXEC) | pipe2(from, O_CLOEXEC), 0);
	zoo->pid = fork();
	assert_true(zoo->pid >= 0);
	if (!zoo->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(to[1]);
		close(from[0]);
		self = zoo;
		if (pipe(release_pipe))
			_exit(3);
		make_all(zoo->at);
		answer(from[1]);
		serve(to[0], from[1]);
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	zoo->to = to[1];
	zoo->from = from[0];
	assert_int_equal(read(zoo->from, &byte, 1), 1);
}

void zoo_end(struct zoo *zoo)
{
	if (zoo->pid > 0) {
		kill(zoo->pid, SIGKILL);
		waitpid(zoo->pid, NULL, 0);
	}
	close(zoo->to);
	close(zoo->from);
	munmap(zoo->at, sizeof(*zoo->at));
}

void zoo_do(struct zoo *zoo, enum zoo_command command)
{
	char byte = (char)command;

	assert_int_equal(write(zoo->to, &byte, 1), 1);
	if (command == ZOO_EXIT || command == ZOO_EXEC || command == ZOO_LEAVE)
		return;
	assert_int_equal(read(zoo->from, &byte, 1), 1);
}

size_t zoo_mappings(pid_t pid, struct zoo_mapping **mappings)
{
	char path[64], line[4096 + 256];
	size_t count = 0, room = 0;
	FILE *file;

	*mappings = NULL;
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		struct zoo_mapping *m;
		int name = 0;

		if (count == room) {
			room = room ? 2 * room : 64;
			*mappings = realloc(*mappings, room * sizeof(**mappings));
		}
		m = &(*mappings)[count++];
		memset(m, 0, sizeof(*m));
		sscanf(line, "%lx-%lx %4s %lx %*x:%*x %lu %n", &m->first, &m->last, m->flags,
		       &m->offset, &m->inode, &name);
		m->last--;
		line[strcspn(line, "\n")] = '\0';
		snprintf(m->name, sizeof(m->name), "%s", name ? line + name : "");
	}
	if (file)
		fclose(file);
	return count;
}

void *zoo_open(const char *spec, const char *options_text)
{
	struct tmi_options options;
	struct tmi_open open = { .address = spec, .options = &options, .may_map = true };
	void *state = NULL;

	assert_int_equal(tmi_options_init(&options, options_text), TMEM_S_OK);
	if (tmi_target_process.open(&open, &state) != TMEM_S_OK)
		state = NULL;
	tmi_options_fini(&options);
	return state;
}

void *zoo_open_pid(pid_t pid, const char *options)
{
	char spec[32];
	void *state;

	snprintf(spec, sizeof(spec), "%d", pid);
	state = zoo_open(spec, options);
	if (!state)
		print_error("pid:%s: %s\n", spec, tmi_error_text());
	assert_non_null(state);
	return state;
}

size_t zoo_read(void *state, uint32_t space, uint64_t address, void *buffer, size_t size,
		tmem_status *status)
{
	struct tmem_transfer item = { .offset = address, .buffer = buffer, .size = size };
	tmem_status call = tmi_target_process.read(state, space, &item, 1, 0);

	if (status)
		*status = TMEM_FAILED(call) ? call : item.status;
	return item.done;
}

size_t zoo_write(void *state, uint32_t space, uint64_t address, const void *buffer, size_t size,
		 tmem_status *status)
{
	struct tmem_transfer item = { .offset = address, .buffer = (void *)buffer, .size = size };
	tmem_status call = tmi_target_process.write(state, space, &item, 1);

	if (status)
		*status = TMEM_FAILED(call) ? call : item.status;
	return item.done;
}

bool zoo_wait_state(pid_t pid, const char *states)
{
	char path[64], line[512];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (int i = 0; i < 5000; i++) {
		FILE *file = fopen(path, "re");
		char *end = file && fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;

		if (file)
			fclose(file);
		if (end && strchr(states, end[2]))
			return true;
		usleep(1000);
	}
	return false;
}
