/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_search_crew.c - long stretches, which several threads look through: the same matches as one
 * thread finds and as a plain look at the bytes, wherever they are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <tmem.h>

#include "access/search_crew.h"

#define MIB    (1u << 20)
#define FIRST  (36 * MIB) /* then a mapping of its own, a hole, another mapping */
#define SECOND (5 * MIB)
#define HOLE   4096u
#define THIRD  (6 * MIB)
#define WHOLE  (FIRST + SECOND + HOLE + THIRD)
#define SIZE   16u

static uint8_t *memory;
static uint8_t pattern[SIZE];
static uint64_t seed = 1;

static uint64_t next_random(void)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return seed >> 33;
}

/* Bytes of which parts of the pattern are made, but no whole one. */
static int make_memory(void **state)
{
	memory = mmap(NULL, WHOLE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -1;
	for (size_t i = 0; i < WHOLE; i++)
		memory[i] = (uint8_t)(next_random() % 4);
	for (size_t i = 0; i < SIZE; i++)
		pattern[i] = (uint8_t)(i % 4);
	pattern[SIZE - 1] = 77;
	/* Another protection makes another mapping of it, which follows without a gap. */
	if (mprotect(memory + FIRST, SECOND, PROT_READ | PROT_WRITE | PROT_EXEC))
		return -1;
	return munmap(memory + FIRST + SECOND, HOLE);
}

/* Lays the pattern down, or takes it away again. */
static void put(size_t at, bool there)
{
	for (size_t i = 0; i < SIZE; i++)
		memory[at + i] = there ? pattern[i] : 1;
}

static tmem_target *open_self(const char *options)
{
	tmem_target *target;
	char spec[32];

	snprintf(spec, sizeof(spec), "pid:%d", (int)getpid());
	if (tmem_open(spec, options, &target) != TMEM_S_OK)
		fail_msg("%s", tmem_last_error(NULL));
	return target;
}

/* The lowest match of at least @from in a part of the memory without holes. */
static size_t plain_in(size_t from, size_t end, size_t start, size_t granularity)
{
	for (const uint8_t *at = memory + from;; at++) {
		at = memmem(at, (size_t)(memory + end - at), pattern, SIZE);
		if (!at)
			return SIZE_MAX;
		if ((size_t)(at - memory - start) % granularity == 0)
			return (size_t)(at - memory);
	}
}

static size_t plain(size_t from, size_t start, size_t granularity)
{
	size_t third = FIRST + SECOND + HOLE;
	size_t found = SIZE_MAX;

	if (from < FIRST + SECOND)
		found = plain_in(from, FIRST + SECOND, start, granularity);
	if (found == SIZE_MAX)
		found = plain_in(from > third ? from : third, WHOLE, start, granularity);
	return found;
}

/* Every match of one search, in order. */
static void check(tmem_target *target, size_t start, size_t granularity)
{
	struct tmem_search_request request = {
		.size = sizeof(request),
		.space = TMEM_DATA_SPACE_VIRTUAL,
		.offset = (uintptr_t)memory + start,
		.length = WHOLE - start,
		.pattern = pattern,
		.pattern_size = SIZE,
		.pattern_granularity = granularity,
	};
	tmem_search_cursor *cursor;
	size_t expected = plain(start, start, granularity);
	uint64_t match;

	assert_int_equal(tmem_search_cursor_new(target, &request, &cursor), TMEM_S_OK);
	while (expected != SIZE_MAX) {
		assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_S_OK);
		assert_int_equal(match - (uintptr_t)memory, expected);
		expected = plain(expected + 1, start, granularity);
	}
	assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_E_NO_MORE_ENTRIES);
	tmem_search_cursor_free(cursor);
}

/* Around every kind of edge: of pieces, blocks, mappings, the hole. */
static void test_edges(void **state)
{
	static const size_t edges[] = { SIZE,
					TMI_SEARCH_PIECE,
					7 * TMI_SEARCH_PIECE,
					16 * MIB,
					16 * MIB + TMI_SEARCH_PIECE,
					32 * MIB,
					FIRST - 4 * MIB,
					FIRST,
					FIRST + 4 * MIB,
					FIRST + SECOND - SIZE,
					FIRST + SECOND + HOLE + SIZE,
					FIRST + SECOND + HOLE + 5 * MIB,
					WHOLE - SIZE };
	tmem_target *target = open_self("threads=4");
	uint64_t match;

	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		for (size_t before = 0; before <= SIZE; before += i % 2 ? 5 : 1) {
			size_t at = edges[i] - before;

			if (at + SIZE > WHOLE ||
			    (at < FIRST + SECOND && at + SIZE > FIRST + SECOND))
				continue;
			put(at, true);
			assert_int_equal(tmem_search_virtual(target, (uintptr_t)memory, WHOLE,
							     pattern, SIZE, 1, &match),
					 TMEM_S_OK);
			put(at, false);
			assert_int_equal(match - (uintptr_t)memory, at);
		}
	}
	assert_int_equal(
		tmem_search_virtual(target, (uintptr_t)memory, WHOLE, pattern, SIZE, 1, &match),
		TMEM_E_NO_MORE_ENTRIES);
	tmem_close(target);
}

/* Some matches far from each other and some close together, at any phase. */
static void test_random(void **state)
{
	static const size_t granularities[] = { 1, 2, 4, 8, 16 };
	tmem_target *target = open_self("threads=3");

	for (unsigned round = 0; round < 20; round++) {
		size_t places[40];

		for (unsigned i = 0; i < 40; i++) {
			places[i] = next_random() % (WHOLE - SIZE);
			if (i % 4)
				places[i] = places[i - 1] / 2 + next_random() % 300;
			if (places[i] + SIZE > FIRST + SECOND && places[i] < FIRST + SECOND + HOLE)
				places[i] = 5;
			put(places[i], true);
		}
		check(target, round % 3 ? next_random() % (8 * MIB) : 0, granularities[round % 5]);
		for (unsigned i = 0; i < 40; i++)
			put(places[i], false);
	}
	tmem_close(target);
}

/* The same bytes as a file, which is mapped: physical memory of an image. */
static void test_lent(void **state)
{
	char path[] = "/tmp/tmem-crew-XXXXXX";
	int file = mkstemp(path);
	char spec[64];
	tmem_target *target;
	uint64_t match;

	assert_true(file >= 0);
	put(20 * MIB - 3, true);
	assert_int_equal(write(file, memory, FIRST), FIRST);
	put(20 * MIB - 3, false);
	snprintf(spec, sizeof(spec), "raw:%s", path);
	assert_int_equal(tmem_open(spec, "threads=4", &target), TMEM_S_OK);
	assert_int_equal(tmem_search_physical(target, 1, FIRST, pattern, SIZE, 1, &match),
			 TMEM_S_OK);
	assert_int_equal(match, 20 * MIB - 3);
	assert_int_equal(tmem_search_physical(target, match + 1, FIRST, pattern, SIZE, 1, &match),
			 TMEM_E_NO_MORE_ENTRIES);
	/* What was cut away holds no match, and what is left is searched on. */
	assert_int_equal(ftruncate(file, 20 * MIB), 0);
	assert_int_equal(tmem_search_physical(target, 0, FIRST, pattern, SIZE, 1, &match),
			 TMEM_E_NO_MORE_ENTRIES);
	tmem_close(target);
	close(file);
	unlink(path);
}

/*
 * A mapping that goes away in the middle of what was thought to be readable. The last test: what
 * else the process maps may come to stand in the hole.
 */
static void test_new_hole(void **state)
{
	tmem_target *target = open_self("threads=4");
	struct tmem_search_request request = {
		.size = sizeof(request),
		.space = TMEM_DATA_SPACE_VIRTUAL,
		.offset = (uintptr_t)memory,
		.length = WHOLE,
		.pattern = pattern,
		.pattern_size = SIZE,
		.pattern_granularity = 1,
	};
	tmem_search_cursor *cursor;
	uint64_t match;

	put(100, true);
	put(30 * MIB, true);
	assert_int_equal(tmem_search_cursor_new(target, &request, &cursor), TMEM_S_OK);
	assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_S_OK);
	assert_int_equal(match - (uintptr_t)memory, 100);
	assert_int_equal(munmap(memory + 20 * MIB, 3 * MIB), 0);
	assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_S_OK);
	assert_int_equal(match - (uintptr_t)memory, 30 * MIB);
	assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_E_NO_MORE_ENTRIES);
	tmem_search_cursor_free(cursor);
	put(100, false);
	put(30 * MIB, false);
	tmem_close(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_lent),
		cmocka_unit_test(test_new_hole),
	};

	return cmocka_run_group_tests(tests, make_memory, NULL);
}
