/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixture.h - what is measured on: the big memory, processes that have it, cores that hold it.
 *
 * The big memory is bench_size() bytes of reproducible numbers with a needle at the very end.
 * Processes and files are made when a row first wants them, serve every row of the run, and go
 * with it, however it ends.
 */
#ifndef BENCH_FIXTURE_H
#define BENCH_FIXTURE_H

#include <sys/types.h>

#include "bench.h"

#define BENCH_PAGE 4096u

/* ---- fixture_memory.c: what the big memory holds ---- */

#define BENCH_NEEDLE_SIZE 16
extern const uint8_t bench_needle[BENCH_NEEDLE_SIZE];

/* The bytes of the big memory from @offset on; both are multiples of 8. */
void bench_fill(void *buffer, uint64_t offset, size_t size);

/* The eight bytes of the big memory at @offset, a multiple of 8. */
uint64_t bench_word(uint64_t offset);

/* Each page has a text somewhere, at most 63 bytes in a block of 64, zeros to the block's end. */
#define BENCH_TEXT_ROOM 64u

/* Where the text of page number @page begins, as an offset. */
uint64_t bench_text_offset(uint64_t page);

/* Its bytes without the terminator. */
size_t bench_text_length(uint64_t page);

/* True when @text is that of a page; else tells. */
bool bench_is_text(const char *text, uint64_t page, const char *what);

/* True when @bytes are those of the big memory at @offset; else tells where they first differ. */
bool bench_is_memory(const void *bytes, uint64_t offset, size_t size, const char *what);

/* ---- fixture_words.c: words of it to look at ---- */

/*
 * Fills in @count addresses of aligned words in @pages different pages, chosen at random from the
 * big memory at @base; pages are different in their lowest bits too when there are few.
 */
void bench_choose(uint64_t *addresses, size_t count, uint64_t base, size_t pages);

/* Reads the word at every address through the library and compares it; the target is named. */
bool bench_verify_words(tmem_target *target, const uint64_t *addresses, size_t count,
			uint64_t base);

/* ---- fixture_process.c: processes to look into ---- */

struct bench_process {
	pid_t pid;
	int control;      /* closing it ends the process */
	int memory;       /* its /proc/PID/mem */
	uint64_t address; /* of what it was started for */
	uint64_t size;    /* bytes, or mappings */
};

/* A running process that has the big memory, every page of it touched; NULL after bench_fail(). */
const struct bench_process *bench_memory_process(void);

/* Another one like it. */
const struct bench_process *bench_twin_process(void);

/*
 * A running process with BENCH_MAPPINGS mappings of one page each, in turn readable only and
 * writable too. NULL after bench_absent() or bench_fail().
 */
#define BENCH_MAPPINGS 65000
const struct bench_process *bench_mappings_process(void);

/* A running process with 64 GiB of writable memory, of which only the end is touched: the big one.
 */
#define BENCH_RESERVED_SIZE ((uint64_t)64 << 30)
const struct bench_process *bench_reserved_process(void);

/*
 * A running process to write into: bench_scratch_size() bytes that it can write, and right behind
 * them as many that it can only read. All of them touched.
 */
uint64_t bench_scratch_size(void);
const struct bench_process *bench_scratch_process(void);

/* Opens it with @options; NULL after bench_fail(). */
tmem_target *bench_open_process(const struct bench_process *process, const char *options);

/* What the program does when it was started as such a process; false: it was not. */
bool bench_serve(int count, char **values);

/* ---- fixture_core.c: ELF cores ---- */

struct bench_core {
	char path[4096];
	uint64_t address; /* of the first segment */
	uint64_t offset;  /* in the file, of the first byte of memory */
	uint64_t size;    /* bytes of the file */
};

/* One segment, the big memory; in the page cache. NULL after bench_fail(), as below. */
const struct bench_core *bench_memory_core(void);

/* One segment of 100 GiB, all of it a hole of the file but the first and the last page. */
#define BENCH_SPARSE_SIZE ((uint64_t)100 << 30)
const struct bench_core *bench_sparse_core(void);

/*
 * BENCH_SEGMENTS segments of one page with a page between; segment i holds page
 * i % BENCH_SEGMENT_PAGES of the big memory, so that all bytes are near while looking up is not.
 */
#define BENCH_SEGMENTS       65000
#define BENCH_SEGMENT_STRIDE (2 * BENCH_PAGE)
#define BENCH_SEGMENT_PAGES  61
const struct bench_core *bench_segments_core(void);

/* Opens it with @options, which may be NULL; NULL after bench_fail(). */
tmem_target *bench_open_core(const struct bench_core *core, const char *options);

/* ---- fixture_image.c: images of physical memory ---- */

/*
 * Tables of x86-64 in four levels, and behind them the big memory, its pages of 4 KiB shuffled. It
 * can be seen at two virtual addresses. Another first table has it BENCH_ALIASES times, in 4 KiB.
 */
#define BENCH_ALIASES 8
struct bench_image {
	char path[4096];
	const char *kind;        /* of target */
	uint64_t size;           /* bytes of the file */
	uint64_t root;           /* physical address of the first table */
	uint64_t data;           /* and of the first frame that is no table; a multiple of 2 MiB */
	uint64_t pages;          /* virtual address of the big memory, in pages of 4 KiB */
	uint64_t large;          /* and of all physical memory, in pages of 2 MiB */
	uint64_t alias_root;     /* physical address of the other first table */
	uint64_t alias_size;     /* virtual, from one of its memories to the next; 0 is the first */
	const uint32_t *page_of; /* page of the big memory in each frame from @data on, or NULL */
	const uint8_t *map;      /* the file, mapped: what the limits look at */
};

const struct bench_image *bench_memory_image(void);

/*
 * The image that a row is measured on: that one, or after bench_choose_guest(true) a guest's dump.
 * NULL after bench_fail().
 */
void bench_choose_guest(bool guest);
const struct bench_image *bench_row_image(void);

/* An image of 64 GiB, nothing but zeros that the file does not store. */
#define BENCH_EMPTY_IMAGE_SIZE ((uint64_t)64 << 30)
const struct bench_image *bench_empty_image(void);

/* Opens it with its tables, and @threads for searches; NULL after bench_fail(). */
tmem_target *bench_open_image(const struct bench_image *image, unsigned threads);
tmem_target *bench_open_aliases(const struct bench_image *image, unsigned threads);

/*
 * The eight bytes at a physical address, a multiple of 8, behind the tables: computed, or for what
 * was not made here (@page_of is NULL) taken out of the file.
 */
uint64_t bench_image_word(const struct bench_image *image, uint64_t physical);

/* ---- fixture_guest.c: the dump of a real guest ---- */

/*
 * Its physical memory as an image: @pages is the big memory in one of its processes, @large the
 * kernel's map of all memory. @found is set only with BENCH_READY; there are no aliases.
 */
enum bench_result bench_guest_image(const struct bench_image **found);

/* ---- fixture_file.c: files that go when the program does ---- */

/* Makes an empty file, writes its name to @path, returns its descriptor; -1 after bench_fail(). */
int bench_file_new(char *path, size_t path_size, const char *name);

/* All of it, or false after bench_fail(). */
bool bench_file_put(int fd, const void *bytes, size_t size, uint64_t offset);

/* To the disk, so that the kernel does not write meanwhile, and closed; false: bench_fail(). */
bool bench_file_end(int fd, const char *path);

#endif
