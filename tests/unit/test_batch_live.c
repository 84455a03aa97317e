/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_batch_live.c - random batches over a live process, against what this process knows of it:
 * the child is a copy of the test, with the same bytes and the same holes.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <tmem.h>

#define PAGES 6000
#define MOST  200000 /* bytes of an element */

/* ThreadSanitizer looks at each access of the tests too. */
#if defined(__SANITIZE_THREAD__)
#define ROUNDS(count) (((count) + 9) / 10)
#else
#define ROUNDS(count) (count)
#endif

struct fixture {
	size_t page;
	uint8_t *memory;  /* the same in both processes but for the holes, which the child unmaps */
	uint8_t busy[64]; /* the child writes here all the time, one byte everywhere */
	pid_t child;
	tmem_target *target;
	uint64_t random;
};

static uint64_t next_random(struct fixture *f)
{
	f->random ^= f->random << 13;
	f->random ^= f->random >> 7;
	f->random ^= f->random << 17;
	return f->random;
}

static bool is_hole(size_t page)
{
	return page >= PAGES || page % 11 == 7 || (page / 100 % 5 == 3 && page % 3 == 0);
}

/* The child only writes to its busy bytes. */
static void be_written_to(struct fixture *f, int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < PAGES; i++)
		if (is_hole(i))
			munmap(f->memory + i * f->page, f->page);
	if (write(ready, "x", 1) != 1)
		_exit(1);
	for (unsigned value = 0;; value++)
		for (size_t i = 0; i < sizeof(f->busy); i++)
			((volatile uint8_t *)f->busy)[i] = (uint8_t)(value & 1 ? 0x55 : 0xaa);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char spec[32], byte;
	int ready[2];

	alarm(300);
	f->page = (size_t)sysconf(_SC_PAGESIZE);
	f->random = 88172645463325252u;
	/* A hole page more, so that nothing follows. */
	f->memory = mmap(NULL, (PAGES + 1) * f->page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(f->memory != MAP_FAILED);
	munmap(f->memory + PAGES * f->page, f->page);
	for (size_t i = 0; i < PAGES * f->page / 8; i++) {
		uint64_t word = i * UINT64_C(0x9e3779b97f4a7c15);

		memcpy(f->memory + 8 * i, &word, 8);
	}
	memset(f->busy, 0xaa, sizeof(f->busy));
	assert_int_equal(pipe(ready), 0);
	f->child = fork();
	if (!f->child)
		be_written_to(f, ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	snprintf(spec, sizeof(spec), "pid:%d", f->child);
	if (tmem_open(spec, NULL, &f->target) != TMEM_S_OK)
		fail_msg("%s", tmem_last_error(NULL));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	tmem_close(f->target);
	kill(f->child, SIGKILL);
	waitpid(f->child, NULL, 0);
	munmap(f->memory, PAGES * f->page);
	free(f);
	unsetenv("TMEM_DISABLE");
	alarm(0);
	return 0;
}

/* The prefix rule by plain thinking. */
static size_t expected_size(const struct fixture *f, const struct tmem_transfer *item)
{
	uint64_t at = item->offset - (uint64_t)(uintptr_t)f->memory;
	size_t size = 0;

	while (size < item->size && at + size < PAGES * f->page && !is_hole((at + size) / f->page))
		size += f->page - (at + size) % f->page;
	return size < item->size ? size : item->size;
}

static void check_element(const struct fixture *f, const struct tmem_transfer *item)
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

static size_t random_size(struct fixture *f)
{
	uint64_t choice = next_random(f);

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
static void fill_batch(struct fixture *f, struct tmem_transfer *items, size_t count, size_t spread)
{
	size_t first = spread < PAGES ? next_random(f) % (PAGES - spread) : 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t at = first * f->page + next_random(f) % (spread * f->page);

		items[i] = (struct tmem_transfer){ .offset = (uint64_t)(uintptr_t)f->memory + at,
						   .size = random_size(f) };
		if (i && next_random(f) % 20 == 0)
			items[i] = items[next_random(f) % i];
		if (next_random(f) % 200 == 0)
			items[i].offset = next_random(f) % 2 ? UINT64_MAX - 3 : 0;
		items[i].flags = next_random(f) % 9 ? 0 : TMEM_TRANSFER_UNCACHED;
		items[i].done = 12345;
		items[i].status = 12345;
		items[i].buffer = malloc(items[i].size + 1);
		memset(items[i].buffer, 0xee, items[i].size + 1);
	}
}

static void run_batch(struct fixture *f, size_t count, size_t spread)
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
	struct fixture *f = *state;
	size_t count = 300000;
	struct tmem_transfer *items = calloc(count, sizeof(*items));
	uint64_t *words = calloc(count, sizeof(*words));

	for (size_t i = 0; i < count; i++) {
		uint64_t page = next_random(f) % (PAGES - 1);

		if (is_hole(page))
			page = 0;
		items[i].offset = (uint64_t)(uintptr_t)f->memory + page * f->page +
				  next_random(f) % (f->page - 8);
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
	struct fixture *f = *state;
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
		cmocka_unit_test_setup_teardown(test_very_many, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
