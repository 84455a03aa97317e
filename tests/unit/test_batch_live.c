/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_batch_live.c - random batches over a live process, against what this process knows of it:
 * the child is a copy of the test, with the same bytes and the same holes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <tmem.h>

#include "unit/live_copy.h"

#define PAGES 6000
#define MOST  200000 /* bytes of an element */

static int untouched_file;
static void *untouched;

/* ThreadSanitizer looks at each access of the tests too. */
#if defined(__SANITIZE_THREAD__)
#define ROUNDS(count) (((count) + 9) / 10)
#else
#define ROUNDS(count) (count)
#endif

static bool is_hole(size_t page)
{
	return page >= PAGES || page % 11 == 7 || (page / 100 % 5 == 3 && page % 3 == 0);
}

static int set_up(void **state)
{
	static const uint8_t values[] = { 0x55, 0xaa };
	struct live_copy *f = calloc(1, sizeof(*f));

	alarm(300);
	live_copy_map(f, PAGES);
	for (size_t i = 0; i < PAGES * f->page / 8; i++) {
		uint64_t word = i * UINT64_C(0x9e3779b97f4a7c15);

		memcpy(f->memory + 8 * i, &word, 8);
	}
	memset(f->busy, values[1], sizeof(f->busy));
	live_copy_start(f, is_hole, sizeof(f->busy), values);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	live_copy_end(*state);
	free(*state);
	unsetenv("TMEM_DISABLE");
	alarm(0);
	return 0;
}

/* The prefix rule by plain thinking. */
static size_t expected_size(const struct live_copy *f, const struct tmem_transfer *item)
{
	uint64_t at = item->offset - (uint64_t)(uintptr_t)f->memory;
	size_t size = 0;

	while (size < item->size && at + size < PAGES * f->page && !is_hole((at + size) / f->page))
		size += f->page - (at + size) % f->page;
	return size < item->size ? size : item->size;
}

static void check_element(const struct live_copy *f, const struct tmem_transfer *item)
{
	size_t size = expected_size(f, item);
	const uint8_t *bytes = item->buffer;

	if (item->done != size ||
	    item->status != (size || !item->size ? TMEM_S_OK : TMEM_E_READ_FAULT))
		fail_msg("%zu bytes at %llx: %zu (%x), not %zu", item->size,
			 (unsigned long long)item->offset, item->done, (unsigned)item->status,
			 size);
	if (size && memcmp(bytes, (const void *)(uintptr_t)item->offset, size))
		fail_msg("%zu bytes at %llx differ", size, (unsigned long long)item->offset);
	if (bytes[size] != 0xee)
		fail_msg("%zu bytes at %llx: more was written", size,
			 (unsigned long long)item->offset);
}

static size_t random_size(struct live_copy *f)
{
	uint64_t choice = live_copy_random(f);

	switch (choice % 40) {
	case 0: return 0;
	case 1: return (size_t)(choice >> 8) % (3 * f->page);
	case 2: return f->page;
	case 3: return (choice >> 8) % 50 ? 1 : MOST / 2 + (size_t)(choice >> 16) % (MOST / 2);
	case 4: return (size_t)(choice >> 8) % 300;
	default: return 8;
	}
}

/* @spread: pages that elements may begin in. */
static void fill_batch(struct live_copy *f, struct tmem_transfer *items, size_t count,
		       size_t spread)
{
	size_t first = spread < PAGES ? live_copy_random(f) % (PAGES - spread) : 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t at = first * f->page + live_copy_random(f) % (spread * f->page);

		items[i] = (struct tmem_transfer){ .offset = (uint64_t)(uintptr_t)f->memory + at,
						   .size = random_size(f) };
		if (i && live_copy_random(f) % 20 == 0)
			items[i] = items[live_copy_random(f) % i];
		if (live_copy_random(f) % 200 == 0)
			items[i].offset = live_copy_random(f) % 2 ? UINT64_MAX - 3 : 0;
		items[i].flags = live_copy_random(f) % 9 ? 0 : TMEM_TRANSFER_UNCACHED;
		items[i].done = 12345;
		items[i].status = 12345;
		items[i].buffer = malloc(items[i].size + 1);
		memset(items[i].buffer, 0xee, items[i].size + 1);
	}
}

static void run_batch(struct live_copy *f, size_t count, size_t spread)
{
	struct tmem_transfer *items = calloc(count, sizeof(*items));
	bool complete = true;

	fill_batch(f, items, count, spread);
	for (size_t i = 0; i < count; i++)
		complete = complete && expected_size(f, &items[i]) == items[i].size;
	assert_int_equal(tmem_read_virtual_batch(f->target, items, count),
			 complete ? TMEM_S_OK : TMEM_S_FALSE);
	for (size_t i = 0; i < count; i++)
		check_element(f, &items[i]);
	for (size_t i = 0; i < count; i++)
		free(items[i].buffer);
	free(items);
}

static void test_random(void **state)
{
	static const size_t counts[] = { 1, 2, 3, 17, 64, 600, 1024, 1025, 6000 };
	static const size_t spreads[] = { 1, 3, 64, PAGES };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		for (size_t k = 0; k < sizeof(spreads) / sizeof(spreads[0]); k++)
			for (size_t round = 0; round < ROUNDS(counts[i] < 100 ? 20u : 3u); round++)
				run_batch(*state, counts[i], spreads[k]);
}

/* Often enough that what smaps says is made use of. */
static void test_repeated(void **state)
{
	for (int round = 0; round < ROUNDS(200); round++)
		run_batch(*state, 150, PAGES);
}

/* More elements than are sorted at once. */
static void test_very_many(void **state)
{
	struct live_copy *f = *state;
	size_t count = 300000;
	struct tmem_transfer *items = calloc(count, sizeof(*items));
	uint64_t *words = calloc(count, sizeof(*words));

	for (size_t i = 0; i < count; i++) {
		uint64_t page = live_copy_random(f) % (PAGES - 1);

		if (is_hole(page))
			page = 0;
		items[i].offset = (uint64_t)(uintptr_t)f->memory + page * f->page +
				  live_copy_random(f) % (f->page - 8);
		items[i].size = 8;
		items[i].buffer = &words[i];
	}
	assert_int_equal(tmem_read_virtual_batch(f->target, items, count), TMEM_S_OK);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(items[i].done, 8);
		assert_memory_equal(&words[i], (const void *)(uintptr_t)items[i].offset, 8);
	}
	free(items);
	free(words);
}

/* Elements that change meanwhile, between others that do not. */
static void test_written_meanwhile(void **state)
{
	struct live_copy *f = *state;
	struct tmem_transfer items[200] = { 0 };
	uint8_t bytes[200][8];

	for (int round = 0; round < ROUNDS(300); round++) {
		for (size_t i = 0; i < 200; i++) {
			uint64_t at = i % 2 ? (uint64_t)(uintptr_t)f->busy + i % 56
					    : (uint64_t)(uintptr_t)f->memory + i;

			items[i] = (struct tmem_transfer){ .offset = at,
							   .buffer = bytes[i],
							   .size = 8 };
		}
		assert_int_equal(tmem_read_virtual_batch(f->target, items, 200), TMEM_S_OK);
		for (size_t i = 0; i < 200; i++)
			for (size_t k = 0; k < 8; k++)
				if (i % 2)
					assert_true(bytes[i][k] == 0x55 || bytes[i][k] == 0xaa);
				else
					assert_int_equal(bytes[i][k], f->memory[i + k]);
	}
}

/* Pages of a file in memory that nobody has touched, in both processes. */
static int set_up_untouched(void **state)
{
	untouched_file = memfd_create("untouched", MFD_CLOEXEC);
	assert_int_equal(ftruncate(untouched_file, (off_t)PAGES * sysconf(_SC_PAGESIZE)), 0);
	untouched = mmap(NULL, PAGES * (size_t)sysconf(_SC_PAGESIZE), PROT_READ, MAP_SHARED,
			 untouched_file, 0);
	assert_true(untouched != MAP_FAILED);
	return set_up(state);
}

static int tear_down_untouched(void **state)
{
	munmap(untouched, PAGES * (size_t)sysconf(_SC_PAGESIZE));
	close(untouched_file);
	return tear_down(state);
}

/*
 * Elements in scattered pages, from the last to the first: what lies between two pages that are
 * close, and that nobody asked for, is not read. The kernel tells which pages there are.
 */
static void test_pages_between(void **state)
{
	static const size_t pages[] = { 5000, 14, 10, 4 };
	struct live_copy *f = *state;
	struct tmem_transfer items[8] = { 0 };
	uint64_t bytes[8], valid, size;
	off_t data = 0;

	/* The library learns what kinds of memory there are, so that it need not look at pages. */
	assert_int_equal(tmem_get_valid_region_virtual(
				 f->target, (uint64_t)(uintptr_t)untouched + 5500 * f->page,
				 f->page, &valid, &size),
			 TMEM_S_OK);
	for (size_t i = 0; i < 8; i++)
		items[i] = (struct tmem_transfer){ .offset = (uint64_t)(uintptr_t)untouched +
							     pages[i / 2] * f->page + i * 100,
						   .buffer = &bytes[i],
						   .size = 8 };
	assert_int_equal(tmem_read_virtual_batch(f->target, items, 8), TMEM_S_OK);
	for (size_t i = 3; i > 0; i--) {
		off_t page = (off_t)(pages[i] * f->page);

		assert_int_equal(lseek(untouched_file, data, SEEK_DATA), page);
		data = lseek(untouched_file, page, SEEK_HOLE);
		assert_int_equal(data, page + (off_t)f->page);
	}
	assert_int_equal(lseek(untouched_file, data, SEEK_DATA), 5000 * f->page);
}

static int without_scan(void **state)
{
	setenv("TMEM_DISABLE", "pagemap_scan", 1);
	return set_up(state);
}

static int without_pagemap(void **state)
{
	setenv("TMEM_DISABLE", "pagemap_scan,pagemap", 1);
	return set_up(state);
}

static int without_transfer(void **state)
{
	setenv("TMEM_DISABLE", "process_vm", 1);
	return set_up(state);
}

static int without_anything(void **state)
{
	setenv("TMEM_DISABLE", "pagemap_scan,pagemap,process_vm,procmap_query", 1);
	return set_up(state);
}

#define ROWS(test)                                                                                 \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down),                                  \
		cmocka_unit_test_setup_teardown(test, without_scan, tear_down),                    \
		cmocka_unit_test_setup_teardown(test, without_pagemap, tear_down),                 \
		cmocka_unit_test_setup_teardown(test, without_transfer, tear_down),                \
		cmocka_unit_test_setup_teardown(test, without_anything, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROWS(test_random),
		ROWS(test_repeated),
		ROWS(test_written_meanwhile),
		cmocka_unit_test_setup_teardown(test_pages_between, set_up_untouched,
						tear_down_untouched),
		cmocka_unit_test_setup_teardown(test_very_many, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
