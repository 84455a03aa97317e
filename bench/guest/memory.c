/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.c - runs in a guest: has the big memory (../fixture_memory.c), says on the console where
 * it is, and then computes for ever, so that the processor stays in its tables.
 *
 *     memory SIZE
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"

#define ADDRESS UINT64_C(0x7e0000000000)
#define PIECE   ((size_t)1 << 20)

#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_FRAME   ((UINT64_C(1) << 55) - 1)

static uint64_t size;

uint64_t bench_size(void)
{
	return size;
}

bool bench_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("@failed ", stdout);
	vprintf(format, arguments);
	putchar('\n');
	fflush(stdout);
	va_end(arguments);
	return false;
}

/* Ordinary pages of 4 KiB, in the frames that the kernel chooses one by one. */
static uint8_t *make_memory(void)
{
	uint8_t *memory = mmap((void *)(uintptr_t)ADDRESS, size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	madvise(memory, size, MADV_NOHUGEPAGE);
	for (uint64_t at = 0; at < size; at += PIECE)
		bench_fill(memory + at, at, PIECE);
	return memory;
}

/* Where the kernel says that an address of this process lies; 0 when it does not. */
static uint64_t physical_address(uint64_t address)
{
	int file = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (file < 0)
		return 0;
	if (pread(file, &entry, sizeof(entry), (off_t)(address / BENCH_PAGE * sizeof(entry))) !=
		    (ssize_t)sizeof(entry) ||
	    !(entry & PAGEMAP_PRESENT))
		entry = 0;
	close(file);
	return (entry & PAGEMAP_FRAME) * BENCH_PAGE + address % BENCH_PAGE;
}

int main(int count, char **values)
{
	uint64_t needle;
	uint8_t *memory;

	size = count == 2 ? strtoull(values[1], NULL, 10) : 0;
	if (!size || size % PIECE)
		return !bench_fail("the size is no number of MiB");
	memory = make_memory();
	needle = memory ? physical_address(ADDRESS + size - BENCH_NEEDLE_SIZE) : 0;
	if (needle < BENCH_PAGE)
		return !bench_fail("no memory, or no word about where it is");
	printf("@memory %" PRIx64 " %" PRIx64 " %d %" PRIx64 "\n@ready\n", ADDRESS, size, getpid(),
	       needle);
	fflush(stdout);
	for (uint64_t at = 0;; at = (at + BENCH_PAGE) % size)
		bench_use(memory[at]);
}
