/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_search_stored.c - searches of a mapped file, whose first stretches are scanned in place and
 * read by turns: the same matches as a plain look at the bytes, and both ways are really tried.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <tmem.h>

#include "core_writer.h"

#define MIB   (1u << 20)
#define SIZE  (21u * MIB + 12345u)
#define BASE  UINT64_C(0x7f0000012000)
#define PIECE (256u << 10)

static const uint8_t needle[] = "Xneedle in a core";
static uint8_t *memory;
static char path[64];

static int make_core(void **state)
{
	struct core_writer writer;

	memory = malloc(SIZE);
	if (!memory)
		return -1;
	srandom(1);
	for (size_t i = 0; i < SIZE; i++)
		memory[i] = (uint8_t)('a' + random() % 20);
	core_writer_init(&writer, 8, false, 62);
	core_writer_load(&writer, BASE, SIZE, memory, SIZE, 6);
	core_writer_save(&writer, path);
	core_writer_fini(&writer);
	return 0;
}

static int remove_core(void **state)
{
	free(memory);
	return unlink(path);
}

static tmem_target *open_core(const char *options)
{
	tmem_target *target;

	if (tmem_open(path, options, &target) != TMEM_S_OK)
		fail_msg("%s", tmem_last_error(NULL));
	return target;
}

/* A needle at one place is found there and nowhere else. */
static void check_place(tmem_target *target, size_t place)
{
	uint64_t found = 0;

	assert_int_equal(tmem_write_virtual(target, BASE + place, needle, sizeof(needle), NULL),
			 TMEM_S_OK);
	assert_int_equal(
		tmem_search_virtual(target, BASE + 7, SIZE, needle, sizeof(needle), 1, &found),
		TMEM_S_OK);
	assert_int_equal(found, BASE + place);
	assert_int_equal(
		tmem_search_virtual(target, found + 1, SIZE, needle, sizeof(needle), 1, &found),
		TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(
		tmem_write_virtual(target, BASE + place, memory + place, sizeof(needle), NULL),
		TMEM_S_OK);
}

/* Around the ends of what is taken at once, whichever way it comes. */
static void test_places(void **state)
{
	static const char *const ways[] = { "threads=1", "threads=2", "threads=1,map=never" };
	const size_t size = sizeof(needle);

	for (size_t way = 0; way < 3; way++) {
		tmem_target *target = open_core(ways[way]);

		for (size_t end = PIECE - BASE % PIECE; end < SIZE; end += PIECE) {
			const size_t offsets[] = { end - size, end - size / 2, end };

			if (end / PIECE % 5 != 0 && end > 6 * MIB)
				continue;
			check_place(target, offsets[(end / PIECE + way) % 3]);
		}
		check_place(target, SIZE - size);
		tmem_close(target);
	}
}

/* Every match of a short pattern, in order, in the file as it is. */
static void test_all(void **state)
{
	for (unsigned threads = 1; threads < 4; threads++) {
		char options[32];
		uint64_t found = BASE - 1;
		tmem_target *target;

		snprintf(options, sizeof(options), "threads=%u", threads);
		target = open_core(options);
		for (const uint8_t *at = memory;; at++) {
			tmem_status status =
				tmem_search_virtual(target, found + 1, SIZE, "abcde", 5, 1, &found);

			at = memmem(at, (size_t)(memory + SIZE - at), "abcde", 5);
			assert_int_equal(status, at ? TMEM_S_OK : TMEM_E_NO_MORE_ENTRIES);
			if (!at)
				break;
			assert_int_equal(found, BASE + (uint64_t)(at - memory));
		}
		tmem_close(target);
	}
}

/* Bytes that this process got from system calls, or -1. */
static int64_t bytes_read(void)
{
	FILE *file = fopen("/proc/self/io", "r");
	int64_t bytes = -1;

	if (file && fscanf(file, "rchar: %" SCNd64, &bytes) != 1)
		bytes = -1;
	if (file)
		fclose(file);
	return bytes;
}

/* Not all is read, as some of it is scanned where it stands; and not nothing. */
static void test_both_ways(void **state)
{
	tmem_target *target = open_core("threads=1");
	int64_t before = bytes_read(), after;
	uint64_t found;

	if (before < 0) {
		print_message("not possible here: /proc/self/io\n");
		tmem_close(target);
		return;
	}
	assert_int_equal(tmem_search_virtual(target, BASE, SIZE, needle, sizeof(needle), 1, &found),
			 TMEM_E_NO_MORE_ENTRIES);
	after = bytes_read();
	assert_in_range(after - before, PIECE, SIZE - 2 * MIB);
	tmem_close(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, make_core, remove_core);
}
