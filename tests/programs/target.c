// A process with every kind of memory that a debugger meets, at addresses it is told.
//
// target64 (and target32, the same source as a static i386 program)
//   --at=ADDR    where the regions begin (default 200000000, 32-bit 20000000); two processes with
//                the same ADDR have the same regions at the same addresses
//   --seed=N     changes every byte of the patterns, and the texts
//   --big=MIB    size of the big region (default 16)
//   --dir=DIR    keep the mapped file as DIR/tmem-target.PID (removed at the end); without it the
//                file has no name
//   --no-uffd    leave out the region under userfaultfd
//
// Each region is one line `NAME ADDR SIZE PROT`; where the kernel or its rules do not allow one,
// the line is `NAME 0 ERRNO`. The byte at offset i of a region is pattern_byte(region, i) below:
// `expect` prints it, without looking at the memory.
//   pattern    rw-  written                     readonly   r--  private
//   none       ---  written before              code       r-x  private
//   writeonly  -w-  private                     counter    rw-  8 bytes that a thread increments
//   file       r--  private mapping of a file   cut        r--  the file was cut after 1 page and
//   guard      rw-  the third page is a guard                   100 bytes: 2 pages are past its end
//   alias-a, alias-b   rw-  one memfd twice      shared-ro  r--  the same memfd, read only
//   uffd       rw-  first page written, the others missing under userfaultfd
//   strings    rw-  texts, listed as `text-... ADDR BYTES`
//   pointers   rw-  chain: [0] -> [1] -> [2] -> text-utf8, then pointers to four regions and a bad
//   one reserve    rw-  64 MiB never touched        big        rw-  touched, with three needles
// Commands: peek ADDR LEN, poke ADDR HEX, expect ADDR LEN, map ADDR SIZE, unmap ADDR SIZE,
// protect ADDR SIZE PROT, counter, spawn-threads N, vm, dumpable 0|1, exec [OPTION ...],
// crash, exit [N].

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <uchar.h>

#include "protocol.h"

#define PAGE          0x1000u
#define GUARD_INSTALL 102 // MADV_GUARD_INSTALL, newer than the headers
#define MAX_REGIONS   32
#define MAX_ARGUMENTS 16
#define FILE_BYTES    (3 * PAGE)
#define CUT_BYTES     (4 * PAGE)
#define CUT_AT        (PAGE + 100)

struct region {
	const char *name;
	uint64_t start;
	uint64_t size;
};

static struct {
	uint64_t at;
	uint64_t big;
	unsigned int seed;
	bool uffd;
	const char *dir;
} options = { sizeof(void *) == 8 ? 0x200000000 : 0x20000000, 16, 1, true, NULL };

static struct region regions[MAX_REGIONS];
static unsigned int region_count;
static char **own_arguments;
static char file_path[4096];
static int shared_fd = -1;
static volatile uint64_t *counter;

static uint8_t pattern_byte(const struct region *region, uint64_t offset)
{
	unsigned int index = (unsigned int)(region - regions);

	return (uint8_t)(offset * 167 + (offset >> 8) * 13 + options.seed * 29 + index * 59);
}

// --- making regions ---

static void print_region(const char *name, uint64_t start, uint64_t size, int protection)
{
	printf("%s %" PRIx64 " %" PRIx64 " %c%c%c\n", name, start, size,
	       protection & PROT_READ ? 'r' : '-', protection & PROT_WRITE ? 'w' : '-',
	       protection & PROT_EXEC ? 'x' : '-');
}

static struct region *add_region(const char *name, uint64_t offset, uint64_t size)
{
	struct region *region = &regions[region_count++];

	*region = (struct region){ name, options.at + offset, size };
	return region;
}

static uint8_t *map_at(uint64_t address, uint64_t size, int protection, int flags, int fd)
{
	void *wanted = to_pointer(address);
	void *got = mmap(wanted, size, protection, flags | MAP_FIXED_NOREPLACE, fd, 0);

	if (got != wanted)
		die("mmap");
	return got;
}

static void fill_pattern(const struct region *region, uint8_t *to, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++)
		to[i] = pattern_byte(region, i);
}

static uint8_t *add_plain(const char *name, uint64_t offset, uint64_t size, int protection)
{
	struct region *region = add_region(name, offset, size);
	uint8_t *bytes = map_at(region->start, size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1);

	fill_pattern(region, bytes, size);
	mprotect(bytes, size, protection);
	print_region(name, region->start, size, protection);
	return bytes;
}

// A file of `size` bytes of the pattern; it has a name only when a folder was given.
static int make_file(const struct region *region, uint64_t size, bool named)
{
	const char *dir = options.dir ? options.dir : "/tmp";
	uint8_t *bytes = malloc(size);
	char path[sizeof(file_path)];
	int fd;

	snprintf(path, sizeof(path), "%s/tmem-target.%d%s", dir, (int)getpid(),
		 named ? "" : ".cut");
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	fill_pattern(region, bytes, size);
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		die(path);
	if (named && options.dir)
		strcpy(file_path, path);
	else
		unlink(path);
	free(bytes);
	return fd;
}

static void add_files(void)
{
	struct region *whole = add_region("file", 0x500000, FILE_BYTES);
	int whole_fd = make_file(whole, FILE_BYTES, true);
	struct region *cut = add_region("cut", 0x600000, CUT_BYTES);
	int cut_fd = make_file(cut, CUT_BYTES, false);

	map_at(whole->start, FILE_BYTES, PROT_READ, MAP_PRIVATE, whole_fd);
	map_at(cut->start, CUT_BYTES, PROT_READ, MAP_PRIVATE, cut_fd);
	if (ftruncate(cut_fd, CUT_AT))
		die("ftruncate");
	close(whole_fd);
	close(cut_fd);
	print_region("file", whole->start, FILE_BYTES, PROT_READ);
	print_region("cut", cut->start, CUT_BYTES, PROT_READ);
	printf("cut-size %x\n", CUT_AT);
	if (file_path[0])
		printf("file-path %s\n", file_path);
}

static void add_guard(void)
{
	uint8_t *bytes = add_plain("guard", 0x700000, 4 * PAGE, PROT_READ | PROT_WRITE);
	uint8_t *page = bytes + 2 * PAGE;

	if (madvise(page, PAGE, GUARD_INSTALL))
		printf("guard-page 0 %d\n", errno);
	else
		print_region("guard-page", (uintptr_t)page, PAGE, PROT_READ | PROT_WRITE);
}

static void add_aliases(void)
{
	struct region *first = add_region("alias-a", 0x800000, 2 * PAGE);
	uint8_t *bytes;

	shared_fd = memfd_create("tmem-shared", MFD_CLOEXEC);
	if (shared_fd < 0 || ftruncate(shared_fd, 2 * PAGE))
		die("memfd");
	bytes = map_at(first->start, first->size, PROT_READ | PROT_WRITE, MAP_SHARED, shared_fd);
	fill_pattern(first, bytes, first->size);
	map_at(first->start + 0x40000, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, shared_fd);
	map_at(first->start + 0x80000, 2 * PAGE, PROT_READ, MAP_SHARED, shared_fd);
	print_region("alias-a", first->start, 2 * PAGE, PROT_READ | PROT_WRITE);
	print_region("alias-b", first->start + 0x40000, 2 * PAGE, PROT_READ | PROT_WRITE);
	print_region("shared-ro", first->start + 0x80000, 2 * PAGE, PROT_READ);
	printf("memfd %d\n", shared_fd);
}

// Registers for missing pages; nobody serves the faults. 0, or errno.
static int watch_missing(uint64_t start, uint64_t size)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { { start, size }, UFFDIO_REGISTER_MODE_MISSING, 0 };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range))
		return errno;
	return 0;
}

static void add_uffd(void)
{
	struct region *region = add_region("uffd", 0x900000, 4 * PAGE);
	uint8_t *bytes;
	int error = EPERM;

	if (options.uffd) {
		bytes = map_at(region->start, region->size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1);
		madvise(bytes, region->size, MADV_NOHUGEPAGE);
		fill_pattern(region, bytes, PAGE);
		error = watch_missing(region->start, region->size);
	}
	if (error)
		printf("uffd 0 %d\n", error);
	else
		print_region("uffd", region->start, region->size, PROT_READ | PROT_WRITE);
}

// --- texts and pointers ---

static void put_text(const char *name, uint8_t *at, const void *text, size_t size)
{
	memcpy(at, text, size);
	printf("%s %" PRIxPTR " %zx\n", name, (uintptr_t)at, size);
}

static void put_wide(const char *name, uint8_t *at, const char16_t *text)
{
	size_t count = 0;

	while (text[count++])
		;
	put_text(name, at, text, 2 * count);
}

// The sizes count the terminating zero; text-open has none before the end of the region.
static uint8_t *add_strings(void)
{
	uint8_t *bytes = add_plain("strings", 0xa00000, 3 * PAGE, PROT_READ | PROT_WRITE);
	char text[64];

	memset(bytes, 0, 3 * PAGE);
	snprintf(text, sizeof(text), "gr\xc3\xbc\xc3\x9f dich, seed %u \xe2\x82\xac", options.seed);
	put_text("text-utf8", bytes + 0x100, text, strlen(text) + 1);
	put_wide("text-utf16", bytes + 0x200, u"wide \u00e9t\u00e9 \u20ac \U0001F600 end");
	put_text("text-latin1", bytes + 0x300, "caf\xe9", 5);
	put_text("text-empty", bytes + 0x400, "", 1);
	put_text("text-straddle", bytes + PAGE - 9, "over the edge of a page", 24);
	put_wide("text-wide-straddle", bytes + 2 * PAGE - 21, u"an odd wide one, over the edge");
	memset(bytes + 3 * PAGE - 0x20, 'z', 0x20);
	printf("text-open %" PRIxPTR " 20\n", (uintptr_t)bytes + 3 * PAGE - 0x20);
	return bytes + 0x100;
}

static void add_pointers(uint8_t *text)
{
	uint8_t *bytes = add_plain("pointers", 0xb00000, PAGE, PROT_READ | PROT_WRITE);
	uintptr_t *slots = (uintptr_t *)bytes;

	slots[0] = (uintptr_t)&slots[1];
	slots[1] = (uintptr_t)&slots[2];
	slots[2] = (uintptr_t)text;
	for (unsigned int i = 0; i < 4; i++)
		slots[3 + i] = (uintptr_t)regions[i].start;
	slots[7] = (uintptr_t)options.at - PAGE;
	slots[8] = (uintptr_t)&add_pointers;
	printf("slots 9\n");
}

static void put_needle(const char *name, uint8_t *at)
{
	char text[32];

	// Made in place and wiped, so that it is in memory only where it is announced.
	snprintf(text, sizeof(text), "tmem-needle-%08x", options.seed);
	for (unsigned int i = 0; i < 20; i++)
		at[i] = (uint8_t)text[i];
	explicit_bzero(text, sizeof(text));
	printf("%s %" PRIxPTR " 14\n", name, (uintptr_t)at);
}

static void add_large(void)
{
	struct region *reserve = add_region("reserve", 0x1000000, 0x4000000);
	uint64_t size = options.big << 20;
	uint8_t *bytes;

	map_at(reserve->start, reserve->size, PROT_READ | PROT_WRITE,
	       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	print_region("reserve", reserve->start, reserve->size, PROT_READ | PROT_WRITE);
	bytes = add_plain("big", 0x6000000, size, PROT_READ | PROT_WRITE);
	put_needle("needle-first", bytes + 0x123);
	put_needle("needle-straddle", bytes + size / 2 - 7);
	put_needle("needle-last", bytes + size - 20);
}

static void add_all(void)
{
	uint8_t *text;

	add_plain("pattern", 0, 4 * PAGE, PROT_READ | PROT_WRITE);
	add_plain("readonly", 0x100000, 2 * PAGE, PROT_READ);
	add_plain("none", 0x200000, 2 * PAGE, PROT_NONE);
	add_plain("code", 0x300000, PAGE, PROT_READ | PROT_EXEC);
	add_plain("writeonly", 0x400000, PAGE, PROT_WRITE);
	add_files();
	add_guard();
	add_aliases();
	add_uffd();
	text = add_strings();
	add_pointers(text);
	counter = (uint64_t *)(void *)add_plain("counter", 0xc00000, PAGE, PROT_READ | PROT_WRITE);
	*counter = 0;
	add_large();
}

// --- commands ---

static void run_expect(char *arguments)
{
	uint64_t address = strtoull(arguments, &arguments, 16);
	uint64_t size = strtoull(arguments, NULL, 16);

	for (unsigned int i = 0; i < region_count; i++) {
		uint64_t offset = address - regions[i].start;

		if (address < regions[i].start || offset >= regions[i].size)
			continue;
		for (uint64_t k = 0; k < size; k++)
			printf("%02x", pattern_byte(&regions[i], offset + k));
		putchar('\n');
		return;
	}
	puts("error no region there");
}

static void answer(bool good)
{
	if (good)
		puts("ok");
	else
		printf("error %s\n", strerror(errno));
}

static void run_map(char *arguments)
{
	uint64_t address = strtoull(arguments, &arguments, 16);
	uint64_t size = strtoull(arguments, NULL, 16);
	void *got = mmap(to_pointer(address), size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (got == to_pointer(address))
		memset(got, 0x5a, size);
	answer(got == to_pointer(address));
}

static void run_unmap(char *arguments)
{
	uint64_t address = strtoull(arguments, &arguments, 16);

	answer(!munmap(to_pointer(address), strtoull(arguments, NULL, 16)));
}

static void run_protect(char *arguments)
{
	uint64_t address = strtoull(arguments, &arguments, 16);
	uint64_t size = strtoull(arguments, &arguments, 16);
	int protection = (strchr(arguments, 'r') ? PROT_READ : 0) |
			 (strchr(arguments, 'w') ? PROT_WRITE : 0) |
			 (strchr(arguments, 'x') ? PROT_EXEC : 0);

	answer(!mprotect(to_pointer(address), size, protection));
}

static void *count(void *unused)
{
	for (;;) {
		(*counter)++;
		usleep(100);
	}
	return unused;
}

// counter: starts the counting thread the first time; the number (decimal).
static void run_counter(char *arguments)
{
	static pthread_t thread;

	(void)arguments;
	if (!thread && pthread_create(&thread, NULL, count, NULL))
		die("pthread_create");
	printf("%" PRIu64 "\n", *counter);
}

static void *park(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void run_spawn_threads(char *arguments)
{
	unsigned long number = strtoul(arguments, NULL, 10);
	pthread_t thread;
	bool good = true;

	for (unsigned long i = 0; i < number && good; i++)
		good = !pthread_create(&thread, NULL, park, NULL);
	answer(good);
}

// vm: `VmPTE VmRSS`, decimal KiB.
static void run_vm(char *arguments)
{
	FILE *status = fopen("/proc/self/status", "r");
	unsigned long pte = 0, rss = 0;
	char line[256];

	(void)arguments;
	while (status && fgets(line, sizeof(line), status)) {
		sscanf(line, "VmPTE: %lu", &pte);
		sscanf(line, "VmRSS: %lu", &rss);
	}
	if (status)
		fclose(status);
	printf("%lu %lu\n", pte, rss);
}

static void run_dumpable(char *arguments)
{
	answer(!prctl(PR_SET_DUMPABLE, strtoul(arguments, NULL, 10), 0, 0, 0));
}

static void remove_file(void)
{
	if (file_path[0])
		unlink(file_path);
}

// exec [OPTION ...]: the same program anew; options given here come after the first ones. The new
// one prints its lines and `ready` again.
static void run_exec(char *arguments)
{
	char *list[MAX_ARGUMENTS + 1];
	unsigned int n = 0;

	while (own_arguments[n] && n < MAX_ARGUMENTS / 2) {
		list[n] = own_arguments[n];
		n++;
	}
	for (char *word = strtok(arguments, " "); word && n < MAX_ARGUMENTS;
	     word = strtok(NULL, " "))
		list[n++] = word;
	list[n] = NULL;
	remove_file();
	execv("/proc/self/exe", list);
	die("exec");
}

// crash: abort, with a core as large as it wants to be.
static void run_crash(char *arguments)
{
	struct rlimit limit;

	(void)arguments;
	getrlimit(RLIMIT_CORE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_CORE, &limit);
	remove_file();
	signal(SIGABRT, SIG_DFL);
	abort();
}

static void run_exit(char *arguments)
{
	exit((int)strtoul(arguments, NULL, 10));
}

static const struct command commands[] = {
	{ "peek", run_peek },       { "poke", run_poke },
	{ "expect", run_expect },   { "map", run_map },
	{ "unmap", run_unmap },     { "protect", run_protect },
	{ "counter", run_counter }, { "spawn-threads", run_spawn_threads },
	{ "vm", run_vm },           { "dumpable", run_dumpable },
	{ "exec", run_exec },       { "crash", run_crash },
	{ "exit", run_exit },       { NULL, NULL },
};

static void read_option(const char *text)
{
	if (!strncmp(text, "--at=", 5))
		options.at = strtoull(text + 5, NULL, 16);
	else if (!strncmp(text, "--seed=", 7))
		options.seed = (unsigned int)strtoul(text + 7, NULL, 10);
	else if (!strncmp(text, "--big=", 6))
		options.big = strtoull(text + 6, NULL, 10);
	else if (!strncmp(text, "--dir=", 6))
		options.dir = text + 6;
	else if (!strcmp(text, "--no-uffd"))
		options.uffd = false;
	else
		die(text);
}

int main(int argc, char **argv)
{
	own_arguments = argv;
	for (int i = 1; i < argc; i++)
		read_option(argv[i]);
	protocol_start();
	atexit(remove_file);
	printf("seed %u\n", options.seed);
	add_all();
	protocol_serve(commands);
	return 0;
}
