/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_translated.c - memory behind page tables: the end of a half, files that are cut, tables that
 * lead back into themselves. The tables are made by hand, in an image without a header.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>
#include <tmem.h>

#define PAGE      4096u
#define ENTRIES   512u
#define ROOT      0x1000u
#define X64_TABLE 7u
#define ARM_TABLE 3u
#define ARM_PAGE  0x403u
#define OUTSIDE   0x40000000u

/* Physical memory under construction. */
struct memory {
	uint64_t *words;
	size_t size;
	char path[64];
};

static void make(struct memory *memory, size_t size)
{
	memory->words = calloc(1, size);
	memory->size = size;
	assert_non_null(memory->words);
}

static uint64_t *at(const struct memory *memory, uint64_t address)
{
	return memory->words + address / sizeof(uint64_t);
}

static void fill_table(const struct memory *memory, uint64_t table, uint64_t entry)
{
	for (size_t i = 0; i < ENTRIES; i++)
		at(memory, table)[i] = entry;
}

static tmem_target *open_memory(struct memory *memory, const char *options)
{
	tmem_target *target;
	char spec[80] = "raw:";
	int fd;

	strcpy(memory->path, "/tmp/tmem-translated-XXXXXX");
	fd = mkstemp(memory->path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, memory->words, memory->size), memory->size);
	close(fd);
	strcat(spec, memory->path);
	assert_int_equal(tmem_open(spec, options, &target), TMEM_S_OK);
	return target;
}

static void done_with(struct memory *memory, tmem_target *target)
{
	tmem_close(target);
	unlink(memory->path);
	free(memory->words);
}

/* The last page of the lower half and the first one, which is no neighbour, are mapped. */
static tmem_target *open_two_ends(struct memory *memory)
{
	make(memory, 2u << 20);
	at(memory, ROOT)[0] = 0x2000 | ARM_TABLE;
	at(memory, ROOT)[511] = 0x5000 | ARM_TABLE;
	at(memory, 0x2000)[0] = 0x3000 | ARM_TABLE;
	at(memory, 0x3000)[0] = 0x4000 | ARM_TABLE;
	at(memory, 0x4000)[0] = 0x10000 | ARM_PAGE;
	at(memory, 0x5000)[511] = 0x6000 | ARM_TABLE;
	at(memory, 0x6000)[511] = 0x7000 | ARM_TABLE;
	at(memory, 0x7000)[511] = 0x20000 | ARM_PAGE;
	memset(at(memory, 0x10000), 'b', PAGE);
	memset(at(memory, 0x20000), 'e', PAGE);
	return open_memory(memory, "machine=arm64,scheme=arm64,root=0x1000");
}

/* Bits 48 to 54 are no part of an address, but counting up does not come around through them. */
static void test_end_of_lower_half(void **state)
{
	const uint64_t near_end = UINT64_C(0x0000fffffffffff8);
	struct memory memory;
	tmem_target *target = open_two_ends(&memory);
	struct tmem_transfer item = { .offset = near_end, .size = 16 };
	uint8_t buffer[16];
	uint64_t filled;
	size_t done;

	assert_int_equal(tmem_read_virtual(target, near_end, buffer, 16, &done), TMEM_S_OK);
	assert_int_equal(done, 8);
	assert_int_equal(tmem_read_virtual_uncached(target, near_end, buffer, 16, &done),
			 TMEM_S_OK);
	assert_int_equal(done, 8);
	item.buffer = buffer;
	assert_int_equal(tmem_read_virtual_batch(target, &item, 1), TMEM_S_FALSE);
	assert_int_equal(item.done, 8);
	assert_int_equal(tmem_read_multi_byte_string_virtual(target, near_end, 4096, NULL, 0, NULL),
			 TMEM_E_READ_FAULT);
	assert_int_equal(tmem_fill_virtual(target, near_end, 16, "x", 1, &filled), TMEM_S_OK);
	assert_int_equal(filled, 8);
	assert_int_equal(tmem_write_virtual(target, near_end, buffer, 16, &done), TMEM_S_OK);
	assert_int_equal(done, 8);
	/* With a tag it is the same address. */
	assert_int_equal(
		tmem_read_virtual(target, near_end | UINT64_C(0x5a) << 56, buffer, 16, &done),
		TMEM_S_OK);
	assert_int_equal(done, 8);
	/* What follows an address is above it, tag or not. */
	assert_int_equal(tmem_get_next_differently_valid_offset_virtual(
				 target, UINT64_C(0x5a00000000001234), &filled),
			 TMEM_S_OK);
	assert_int_equal(filled, UINT64_C(0x5a00000000002000));
	done_with(&memory, target);
}

#define CUT_SIZE (32u << 20)

/* Tables at the beginning map all of the image at its own addresses. */
static tmem_target *open_identity(struct memory *memory)
{
	make(memory, CUT_SIZE);
	at(memory, ROOT)[0] = 0x2000 | X64_TABLE;
	at(memory, 0x2000)[0] = 0x3000 | X64_TABLE;
	for (uint64_t i = 0; i < CUT_SIZE / PAGE; i++) {
		uint64_t table = 0x10000 + i / ENTRIES * PAGE;

		at(memory, 0x3000)[i / ENTRIES] = table | X64_TABLE;
		at(memory, table)[i % ENTRIES] = i * PAGE | X64_TABLE;
	}
	for (uint64_t i = 1u << 20; i < CUT_SIZE; i += sizeof(uint64_t))
		*at(memory, i) = i;
	return open_memory(memory, "scheme=x64,root=0x1000");
}

/* What a file has left can still be read, by who knew it before too. */
static void test_cut_file(void **state)
{
	struct memory memory;
	tmem_target *target;
	const uint64_t half = CUT_SIZE / 2, wanted = half - 8;
	uint64_t value = 0, first = 0, size = 0;
	size_t done;

	signal(SIGBUS, SIG_DFL); /* the framework's handler is on top of ours else */
	target = open_identity(&memory);
	assert_int_equal(tmem_read_virtual(target, 0x200000, &value, 8, &done), TMEM_S_OK);
	assert_int_equal(tmem_read_virtual(target, CUT_SIZE - 8, &value, 8, &done), TMEM_S_OK);
	assert_int_equal(truncate(memory.path, (off_t)half), 0);
	assert_int_equal(tmem_read_virtual(target, CUT_SIZE - 8, &value, 8, &done),
			 TMEM_E_READ_FAULT);
	assert_int_equal(tmem_read_virtual(target, 0x200000, &value, 8, &done), TMEM_S_OK);
	assert_int_equal(value, 0x200000);
	assert_int_equal(tmem_read_virtual(target, wanted, &value, 8, &done), TMEM_S_OK);
	assert_int_equal(value, wanted);
	assert_int_equal(tmem_virtual_to_physical(target, wanted, &value), TMEM_S_OK);
	assert_int_equal(value, wanted);
	assert_int_equal(tmem_get_valid_region_virtual(target, 0x200000, CUT_SIZE, &first, &size),
			 TMEM_S_OK);
	assert_int_equal(first, 0x200000);
	assert_int_equal(size, half - 0x200000);
	assert_int_equal(tmem_search_virtual(target, 0, CUT_SIZE, &wanted, 8, 8, &value),
			 TMEM_S_OK);
	assert_int_equal(value, wanted);
	assert_int_equal(tmem_write_virtual(target, 0x200000, &wanted, 8, &done), TMEM_S_OK);
	assert_int_equal(tmem_write_virtual(target, half, &wanted, 8, &done), TMEM_E_WRITE_FAULT);
	done_with(&memory, target);
}

static void set_interrupt(void *context, const struct tmem_progress *progress)
{
	tmem_set_interrupt(context);
}

static void *interrupt_soon(void *target)
{
	nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	tmem_set_interrupt(target);
	return NULL;
}

/* Every question about the memory behind endless tables can be interrupted. */
static void check_endless(struct memory *memory)
{
	tmem_target *target = open_memory(memory, "scheme=x64,root=0x1000");
	uint64_t first, size, match;
	pthread_t thread;

	assert_int_equal(tmem_set_progress_callback(target, set_interrupt, target), TMEM_S_OK);
	assert_int_equal(tmem_search_virtual(target, 0, UINT64_MAX, "nowhere", 7, 1, &match),
			 TMEM_E_CONTROL_C_EXIT);
	assert_int_equal(tmem_search_virtual2(target, 0, UINT64_MAX, TMEM_VSEARCH_WRITABLE_ONLY,
					      "nowhere", 7, 1, &match),
			 TMEM_E_CONTROL_C_EXIT);
	assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, target), 0);
	assert_int_equal(tmem_get_valid_region_virtual(target, 0, UINT64_MAX, &first, &size),
			 TMEM_E_CONTROL_C_EXIT);
	assert_int_equal(first, 0);
	assert_int_equal(size, 0);
	pthread_join(thread, NULL);
	done_with(memory, target);
}

/* Each table is the same one 512 times: 2^36 pages, none of them in memory. */
static void test_endless_tables(void **state)
{
	struct memory memory;

	make(&memory, 2u << 20);
	fill_table(&memory, ROOT, 0x2000 | X64_TABLE);
	fill_table(&memory, 0x2000, 0x3000 | X64_TABLE);
	fill_table(&memory, 0x3000, 0x4000 | X64_TABLE);
	fill_table(&memory, 0x4000, OUTSIDE | 5);
	check_endless(&memory);
}

/* The same with another protection for each page: as many runs as pages. */
static void test_endless_runs(void **state)
{
	struct memory memory;

	make(&memory, 2u << 20);
	fill_table(&memory, ROOT, 0x2000 | X64_TABLE);
	fill_table(&memory, 0x2000, 0x3000 | X64_TABLE);
	fill_table(&memory, 0x3000, 0x4000 | X64_TABLE);
	for (size_t i = 0; i < ENTRIES; i++)
		at(&memory, 0x4000)[i] = OUTSIDE | (i & 1 ? 7 : 5);
	check_endless(&memory);
}

/* A table that is its own table at every level: all pages are the table. */
static void test_table_in_itself(void **state)
{
	struct memory memory;
	tmem_target *target;
	uint64_t first, size;
	struct tmem_run run = { .size = sizeof(run) };

	make(&memory, 2u << 20);
	fill_table(&memory, ROOT, ROOT | X64_TABLE);
	target = open_memory(&memory, "scheme=x64,root=0x1000");
	/* A piece of what is valid, found in a bounded time. */
	assert_int_equal(tmem_get_valid_region_virtual(target, 0x5000, UINT64_MAX, &first, &size),
			 TMEM_S_OK);
	assert_int_equal(first, 0x5000);
	assert_true(size >= UINT32_MAX);
	assert_int_equal(tmem_get_next_run(target, TMEM_DATA_SPACE_VIRTUAL, 0, &run), TMEM_S_OK);
	assert_int_equal(run.base, 0);
	done_with(&memory, target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_file),        cmocka_unit_test(test_end_of_lower_half),
		cmocka_unit_test(test_endless_tables),  cmocka_unit_test(test_endless_runs),
		cmocka_unit_test(test_table_in_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
