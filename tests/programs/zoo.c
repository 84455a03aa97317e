// One piece of memory of every kind, for the tests of live processes: zoo
//
// Started by tests/unit/live_zoo.c: it finds the page of addresses (zoo.h) as descriptor 3, takes
// commands of one byte from 4 and answers each with a byte on 5. It ends with its parent.

#include <fcntl.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "zoo.h"

#define GUARD_INSTALL 102 // MADV_GUARD_INSTALL, newer than the headers
#define SYS_SECRET    447 // memfd_secret

#define FREE_AREA      ((uint64_t)64 << 20)
#define DISTANCE_PAGES 12
#define DEEP           (1 << 20) // more than a stack has at first, and than ZOO_PAGES

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

// A real file, so that the page cache's own rules hold.
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

static void make_ring(struct zoo_places *at)
{
	struct perf_event_attr event = { .type = PERF_TYPE_SOFTWARE,
					 .size = sizeof(event),
					 .config = PERF_COUNT_SW_DUMMY,
					 .exclude_kernel = 1 };
	int fd = (int)syscall(SYS_perf_event_open, &event, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	void *bytes = mmap(NULL, 2 * at->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (bytes != MAP_FAILED)
		at->ring = (uint64_t)(uintptr_t)bytes;
}

static uint64_t map_at(uint64_t address, uint64_t size, int flags)
{
	void *place = mmap((void *)(uintptr_t)address, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | flags, -1, 0);

	if (place == MAP_FAILED)
		_exit(3);
	fill(address, size);
	return address;
}

// The middle of a free area, so that what is there could grow.
static uint64_t free_place(void)
{
	uint64_t area = map(FREE_AREA, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

	munmap((void *)(uintptr_t)area, FREE_AREA);
	return area + FREE_AREA / 2;
}

static uint64_t growing(const struct zoo_places *at)
{
	return map_at(free_place(), ZOO_PAGES * at->page, MAP_GROWSDOWN);
}

// So close that what is above could grow down to there, and that the kernel warns of a transfer.
static void place_below(struct zoo_places *at)
{
	uint64_t distance = DISTANCE_PAGES * at->page;

	at->late = growing(at);
	at->below[0] = map_at(at->growing - distance, at->page, 0);
	at->below[1] = map_at(at->late - distance, at->page, 0);
	at->below[2] = map_at(at->stack - distance, at->page, 0);
}

static void place_ahead(struct zoo_places *at)
{
	at->below[1] = map_at(free_place(), at->page, 0);
}

// Just as many bytes grow before and after.
static void move_growing(struct zoo_places *at, bool replace)
{
	uint64_t size = ZOO_PAGES * at->page;

	munmap((void *)(uintptr_t)at->growing, size);
	if (replace)
		map_at(at->growing, size, 0);
	at->late = map_at(at->below[1] + DISTANCE_PAGES * at->page, size, MAP_GROWSDOWN);
	at->fresh = map_at(at->late + FREE_AREA / 4, size, 0);
}

// From above to below: older kernels let no stack grow far below its pointer.
static void deepen_stack(void)
{
	volatile uint8_t bytes[DEEP];

	for (size_t i = sizeof(bytes); i > 0; i -= 1024)
		bytes[i - 1] = 1;
}

static void remove_below(const struct zoo_places *at)
{
	for (int i = 0; i < 3; i++)
		munmap((void *)(uintptr_t)at->below[i], at->page);
}

static void make_holes(struct zoo_places *at)
{
	at->holes = anonymous(at, true, PROT_READ | PROT_WRITE);
	mprotect((void *)(uintptr_t)(at->holes + at->page), at->page, PROT_NONE);
	munmap((void *)(uintptr_t)(at->holes + 2 * at->page), at->page);
}

static void find_stack(struct zoo_places *at)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4096];

	while (maps && fgets(line, sizeof(line), maps))
		if (strstr(line, "[stack]"))
			at->stack = strtoull(line, NULL, 16);
	if (maps)
		fclose(maps);
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
	make_ring(at);
	at->reserve = map(ZOO_RESERVE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	at->growing = growing(at);
	at->code_at = (uint64_t)(uintptr_t)make_all;
	find_stack(at);
}

static struct zoo_places *self;

static void hear(int number)
{
	(void)number;
	self->signals++;
}

static void *count_up(void *unused)
{
	for (;;) {
		self->counter++;
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

// The grandchild lives in our memory until it executes; we stand still meanwhile.
static void *bear(void *unused)
{
	pid_t pid = vfork();
	char byte;

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		self->grandchild = (pid_t)syscall(SYS_getpid);
		if (read(release_pipe[0], &byte, 1) != 1)
			_exit(3);
		execute();
	}
	// The signal of a parent's death comes when this thread ends: it stays.
	while (pid > 0)
		pause();
	return unused;
}

static void serve(void);

static void *serve_on(void *unused)
{
	serve();
	_exit(0);
	return unused;
}

static void answer(void)
{
	if (write(ZOO_ANSWER_FD, "k", 1) != 1)
		_exit(3);
}

static void obey(char command)
{
	struct zoo_places *at = self;

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
	case ZOO_LISTEN: signal(SIGRTMIN, hear); break;
	case ZOO_HIDE: prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); break;
	case ZOO_UNMAP: munmap((void *)(uintptr_t)at->plain, ZOO_PAGES * at->page); break;
	case ZOO_PLACE: place_below(at); break;
	case ZOO_REMOVE: remove_below(at); break;
	case ZOO_AHEAD: place_ahead(at); break;
	case ZOO_MOVE: move_growing(at, false); break;
	case ZOO_REPLACE: move_growing(at, true); break;
	case ZOO_DEEPEN: deepen_stack(); break;
	case ZOO_LEAVE:
		start(serve_on);
		// The kernel's own exit: the first thread stays as remains.
		syscall(SYS_exit, 0);
		break;
	}
}

static void serve(void)
{
	char command;

	while (read(ZOO_COMMAND_FD, &command, 1) == 1) {
		obey(command);
		answer();
	}
}

int main(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	self = mmap(NULL, sizeof(*self), PROT_READ | PROT_WRITE, MAP_SHARED, ZOO_PLACES_FD, 0);
	if (self == MAP_FAILED || pipe2(release_pipe, O_CLOEXEC))
		return 3;
	make_all(self);
	answer();
	serve();
	return 0;
}
