/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in a guest, three times at once: every instance has the same kinds of memory at the same
 * virtual addresses and different bytes in them. Says on the console what is where, with the
 * physical addresses from its own pagemap, then obeys commands from a pipe.
 *
 *     guest INSTANCE PIPE [spin]
 *
 * Every byte of a patterned region is a function of its address and the instance; pattern() below
 * and Pattern in ../facts.py are the same function.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096ul
#if __SIZEOF_POINTER__ == 8
#define BASE 0x123400000000ul
#else
#define BASE 0x60000000ul
#endif
/* Above what four levels of tables reach; exists on kernels with five. */
#define HIGH 0x00f0123400000000ull

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_SWAPPED (1ull << 62)
#define PAGEMAP_FRAME   ((1ull << 55) - 1)

#define HUGE_SIZE         0x400000ul
#define BUFFER_SIZE       0x200000ul
#define BUFFER_HOLE       0x80000ul
#define BUFFER_HOLE_SIZE  (3 * PAGE)
#define BUFFER_SMALL_HOLE 0x101000ul
#define BUFFER_STRINGS    0x1f0000ul
#define STRING_SLOT       64ul

static unsigned instance;

static void say(const char *format, ...)
{
	char line[1024];
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	for (int done = 0; done < length;) {
		ssize_t now = write(1, line + done, (size_t)(length - done));
		if (now < 0 && errno != EINTR)
			_exit(3);
		done += now > 0 ? (int)now : 0;
	}
}

static void check(int good, const char *what)
{
	if (!good) {
		say("@failed %u %s: %s\n", instance, what, strerror(errno));
		exit(1);
	}
}

/* Word number ADDRESS / 8 of the pattern of one instance. */
static uint64_t pattern(uint64_t address, uint64_t who)
{
	uint64_t word = (address >> 3) * 0x9e3779b97f4a7c15ull + who * 0xd1b54a32d192ed03ull;

	return word ^ word >> 29;
}

static void paint(volatile char *bytes, uint64_t address, size_t size, unsigned who)
{
	for (size_t at = 0; at < size; at += 8) {
		uint64_t word = pattern(address + at, who);

		*(volatile uint32_t *)(bytes + at) = (uint32_t)word;
		*(volatile uint32_t *)(bytes + at + 4) = (uint32_t)(word >> 32);
	}
}

static char *place(uint64_t address, size_t size, int protection, int flags, int file)
{
	check(address == (uintptr_t)address, "an address of this size");
	char *bytes = mmap((void *)(uintptr_t)address, size, protection,
			   flags | MAP_FIXED_NOREPLACE, file, 0);

	check(bytes == (char *)(uintptr_t)address, "mmap");
	madvise(bytes, size, MADV_NOHUGEPAGE);
	return bytes;
}

/* WHO painted the region: 0 for nobody. */
static void region(const char *name, uint64_t address, size_t size, unsigned who)
{
	say("@region %u %s %" PRIx64 " %zx %u\n", instance, name, address, size, who);
}

/* An anonymous private region with the pattern in it, then with the protection given. */
static char *painted(const char *name, uint64_t address, size_t size, int protection)
{
	char *bytes = place(address, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	paint(bytes, address, size, instance);
	check(mprotect(bytes, size, protection) == 0, "mprotect");
	region(name, address, size, instance);
	return bytes;
}

static void touch(const volatile char *bytes, size_t size)
{
	for (size_t at = 0; at < size; at += PAGE)
		(void)bytes[at];
}

/* One file seen at two addresses; the first two instances share it, the third has another. */
static void make_shared(uint64_t first, uint64_t second, size_t size)
{
	unsigned owner = instance == 3 ? 3 : 1;
	char path[64];

	snprintf(path, sizeof(path), "/tmp/shared.%u", owner);
	int file = open(path, O_RDWR | O_CREAT, 0600);
	check(file >= 0 && ftruncate(file, (off_t)size) == 0, path);
	char *bytes = place(first, size, PROT_READ | PROT_WRITE, MAP_SHARED, file);
	if (instance == owner)
		paint(bytes, first, size, owner);
	touch(bytes, size);
	touch(place(second, size, PROT_READ | PROT_WRITE, MAP_SHARED, file), size);
	close(file);
	region("shared", first, size, owner);
	region("alias", second, size, 0);
}

static void make_file(uint64_t address)
{
	int file = open("/pattern", O_RDONLY);
	struct stat facts;

	check(file >= 0 && fstat(file, &facts) == 0, "/pattern");
	size_t size = (size_t)facts.st_size;
	touch(place(address, size, PROT_READ, MAP_PRIVATE, file), size);
	close(file);
	region("file", address, size, 0);
}

/* A page that the kernel has written to its swap device. */
static void make_swapped(uint64_t address, size_t size)
{
	char *bytes = painted("swapped", address, size, PROT_READ | PROT_WRITE);

	check(madvise(bytes, size, MADV_PAGEOUT) == 0, "MADV_PAGEOUT");
}

static void make_huge(uint64_t address)
{
	char *bytes =
		place(address, HUGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	madvise(bytes, HUGE_SIZE, MADV_HUGEPAGE);
	paint(bytes, address, HUGE_SIZE, instance);
	region("huge", address, HUGE_SIZE, instance);
}

/* Strings over the pattern: one in a slot, the last one across the end of its page. */
static void put_strings(char *area)
{
	memset(area, 0, 2 * PAGE);
	for (unsigned slot = 0; slot < PAGE / STRING_SLOT - 1; slot++)
		snprintf(area + slot * STRING_SLOT, STRING_SLOT, "guest %u string %02u", instance,
			 slot);
	snprintf(area + PAGE - 16, STRING_SLOT, "guest %u string across pages", instance);
}

/* Frames are handed out in the order of the first touch: that order is mixed, and every other
 * frame goes to memory that is given back. */
static void make_buffer(uint64_t address)
{
	char *bytes = place(address, BUFFER_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *spare =
		mmap(NULL, BUFFER_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t pages = BUFFER_SIZE / PAGE;

	check(spare != MAP_FAILED, "mmap");
	madvise(spare, BUFFER_SIZE, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < pages; i++) {
		size_t page = i * 167 % pages;

		paint(bytes + page * PAGE, address + page * PAGE, PAGE, instance);
		if (i % 3 != 0)
			*(volatile char *)(spare + page * PAGE) = 1;
	}
	munmap(spare, BUFFER_SIZE);
	put_strings(bytes + BUFFER_STRINGS);
	munmap(bytes + BUFFER_HOLE, BUFFER_HOLE_SIZE);
	munmap(bytes + BUFFER_SMALL_HOLE, PAGE);
	region("buffer", address, BUFFER_SIZE, instance);
}

static void make_high(void)
{
#if __SIZEOF_POINTER__ == 8
	char *bytes = mmap((void *)HIGH, 2 * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (bytes == MAP_FAILED)
		return;
	check(bytes == (char *)HIGH, "mmap with five levels");
	paint(bytes, HIGH, 2 * PAGE, instance);
	region("high", HIGH, 2 * PAGE, instance);
#endif
}

static void make_regions(void)
{
	uint64_t base = BASE;

	painted("writable", base, 4 * PAGE, PROT_READ | PROT_WRITE);
	painted("readonly", base + 0x10000, 2 * PAGE, PROT_READ);
	painted("none", base + 0x20000, 2 * PAGE, PROT_NONE);
	make_file(base + 0x30000);
	painted("code", base + 0x50000, 2 * PAGE, PROT_READ | PROT_EXEC);
	make_shared(base + 0x60000, base + 0x70000, 4 * PAGE);
	touch(place(base + 0x80000, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1),
	      2 * PAGE);
	region("zero", base + 0x80000, 2 * PAGE, 0);
	place(base + 0x90000, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	region("untouched", base + 0x90000, 2 * PAGE, 0);
	make_swapped(base + 0xa0000, 4 * PAGE);
	make_huge(base + 0x400000);
	make_buffer(base + 0x1000000);
	make_high();
}

/* Pages that follow each other virtually and physically, said in one line. */
struct run {
	uint64_t address;
	uint64_t entry;
	uint64_t count;
	int readable;
};

static void say_run(const struct run *run)
{
	uint64_t frame = run->entry & PAGEMAP_FRAME;
	int swapped = (run->entry & PAGEMAP_SWAPPED) != 0;
	char bytes[17] = "-";

	if (run->count == 0)
		return;
	if (run->readable && !swapped)
		for (unsigned i = 0; i < 8; i++)
			snprintf(bytes + 2 * i, 3, "%02x",
				 *(volatile unsigned char *)(uintptr_t)(run->address + i));
	say("@%s %u %" PRIx64 " %" PRIx64 " %" PRIu64 " %s\n", swapped ? "swapped" : "run",
	    instance, run->address, swapped ? frame : frame * PAGE, run->count, bytes);
}

static void add_page(struct run *run, uint64_t address, uint64_t entry, int readable)
{
	if (run->count > 0 && !(entry & PAGEMAP_SWAPPED) &&
	    address == run->address + run->count * PAGE && entry == run->entry + run->count &&
	    readable == run->readable) {
		run->count++;
		return;
	}
	say_run(run);
	*run = (struct run){ address, entry, 1, readable };
}

static void say_mapping(int pagemap, uint64_t start, uint64_t end, int readable)
{
	static uint64_t entries[1024];
	struct run run = { 0 };

	while (start < end) {
		size_t pages = (end - start) / PAGE < 1024 ? (end - start) / PAGE : 1024;
		ssize_t got = pread(pagemap, entries, pages * 8, (off_t)(start / PAGE * 8));

		if (got <= 0)
			break;
		for (size_t i = 0; i < (size_t)got / 8; i++)
			if (entries[i] & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED))
				add_page(&run, start + i * PAGE, entries[i], readable);
		start += (size_t)got / 8 * PAGE;
	}
	say_run(&run);
}

static void say_memory(void)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];

	check(pagemap >= 0 && maps != NULL, "/proc/self");
	while (fgets(line, sizeof(line), maps) != NULL) {
		uint64_t start, end;
		char readable;

		say("@map %u %s", instance, line);
		check(sscanf(line, "%" SCNx64 "-%" SCNx64 " %c", &start, &end, &readable) == 3,
		      "a line of /proc/self/maps");
		say_mapping(pagemap, start, end, readable == 'r');
	}
	fclose(maps);
	close(pagemap);
}

static void peek(uint64_t address, size_t size)
{
	char text[513];

	if (size > 256)
		size = 256;
	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x",
			 *(volatile unsigned char *)(uintptr_t)(address + i));
	text[2 * size] = 0;
	say("@reply %u %s\n", instance, text);
}

/* FNV-1a, 64 bits. */
static void sum(uint64_t address, size_t size)
{
	uint64_t value = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < size; i++)
		value = (value ^ *(volatile unsigned char *)(uintptr_t)(address + i)) *
			0x100000001b3ull;
	say("@reply %u %016" PRIx64 "\n", instance, value);
}

static void poke(uint64_t address, const char *digits)
{
	unsigned byte;

	for (; sscanf(digits, "%2x", &byte) == 1; digits += 2)
		*(volatile unsigned char *)(uintptr_t)address++ = (unsigned char)byte;
	say("@reply %u done\n", instance);
}

static void obey(const char *line)
{
	char verb[16], argument[513];
	uint64_t address;

	if (sscanf(line, "%15s %" SCNx64 " %512s", verb, &address, argument) != 3)
		say("@reply %u ?\n", instance);
	else if (strcmp(verb, "peek") == 0)
		peek(address, strtoul(argument, NULL, 16));
	else if (strcmp(verb, "sum") == 0)
		sum(address, strtoul(argument, NULL, 16));
	else if (strcmp(verb, "poke") == 0)
		poke(address, argument);
	else
		say("@reply %u ?\n", instance);
}

/* Keeps the processor in this process, some of the time in the kernel: a stopped guest then shows
 * its tables. With page table isolation there are two sets, and both are met. */
static void work(void)
{
	struct timespec start, now;
	volatile unsigned count = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		for (unsigned i = 0; i < 20000; i++)
			count = count + 1;
		for (unsigned i = 0; i < 1000; i++)
			syscall(SYS_getppid);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < 50);
}

static void serve(int pipe, int spin)
{
	struct pollfd wait = { .fd = pipe, .events = POLLIN };
	char line[1024];
	size_t have = 0;

	for (;;) {
		if (poll(&wait, 1, spin ? 0 : -1) <= 0) {
			work();
			continue;
		}
		ssize_t got = read(pipe, line + have, 1);
		if (got != 1)
			continue;
		if (line[have] != '\n' && have < sizeof(line) - 2) {
			have++;
			continue;
		}
		line[have] = 0;
		have = 0;
		obey(line);
	}
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	instance = (unsigned)atoi(argv[1]);
	int pipe = open(argv[2], O_RDWR);
	check(pipe >= 0, argv[2]);
	say("@instance %u %d\n", instance, (int)getpid());
	make_regions();
	say_memory();
	say("@done %u\n", instance);
	/* The one who started this waits for the name to change. */
	char path[64];
	snprintf(path, sizeof(path), "/tmp/done.%u", instance);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	serve(pipe, argc > 3);
}
