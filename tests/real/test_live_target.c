/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_live_target.c - the methods on real processes, against what the processes say themselves:
 * every kind of region, three processes in one target, aliases of shared memory, 32-bit programs.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <tmem.h>

#include "support/child.h"

static tmem_target *open_target(const char *spec, const char *options)
{
	tmem_target *target = NULL;

	if (tmem_open(spec, options, &target) != TMEM_S_OK)
		print_error("%s: %s\n", spec, tmem_last_error(NULL));
	assert_non_null(target);
	return target;
}

/* A region reads as the program says that it filled it, or the region it shares memory with. */
static void region_is_right(tmem_target *target, struct child *child, const char *name)
{
	bool shares = !strcmp(name, "alias-b") || !strcmp(name, "shared-ro");
	uint64_t address = child_address(child, name);
	size_t size = child_size(child, name), count = 0;
	uint8_t *expected = malloc(size), *got = malloc(size);

	assert_true(child_expect(child, shares ? child_address(child, "alias-a") : address,
				 expected, size));
	assert_int_equal(tmem_read_virtual(target, address, got, size, &count), TMEM_S_OK);
	if (count != size || memcmp(expected, got, size))
		fail_msg("%s: %zu of %zu bytes, or other bytes", name, count, size);
	free(expected);
	free(got);
}

static void every_region_is_read(const char *program)
{
	static const char *const names[] = { "pattern", "readonly",  "none",
					     "code",    "writeonly", "file",
					     "alias-a", "alias-b",   "shared-ro" };
	struct child child;
	tmem_target *target;

	child_start(&child, program, NULL);
	target = open_target(child.spec, NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		region_is_right(target, &child, names[i]);
	tmem_close(target);
	child_end(&child);
}

static void every_region_of_a_64_bit_program(void **state)
{
	(void)state;
	every_region_is_read("target64");
}

static void every_region_of_a_32_bit_program(void **state)
{
	(void)state;
	every_region_is_read("target32");
}

/* Bytes that can be read from an address on, found three ways that must agree. */
static size_t readable(tmem_target *target, uint64_t address, size_t size)
{
	uint8_t *buffer = malloc(size);
	uint64_t base = 0, length = 0;
	size_t count = 7, source_size;
	uint32_t source = 7;
	tmem_status status = tmem_read_virtual(target, address, buffer, size, &count);

	free(buffer);
	assert_int_equal(tmem_get_offset_information(target, TMEM_DATA_SPACE_VIRTUAL,
						     TMEM_OFFSINFO_VIRTUAL_SOURCE, address, &source,
						     sizeof(source), &source_size),
			 TMEM_S_OK);
	assert_int_equal(source != TMEM_VSOURCE_INVALID, status == TMEM_S_OK);
	if (status == TMEM_S_OK) {
		assert_int_equal(
			tmem_get_valid_region_virtual(target, address, size, &base, &length),
			TMEM_S_OK);
		assert_int_equal(base, address);
		assert_int_equal(length, count);
	} else {
		assert_int_equal(count, 0);
	}
	return count;
}

static void holes_inside_mappings(void **state)
{
	struct child child;
	tmem_target *target;
	uint64_t cut, guard, uffd;

	(void)state;
	child_start(&child, "target64", NULL);
	target = open_target(child.spec, NULL);
	cut = child_address(&child, "cut");
	assert_int_equal(readable(target, cut, 0x4000), 0x2000);
	assert_int_equal(readable(target, cut + 0x1fff, 0x10), 1);
	assert_int_equal(readable(target, cut + 0x2000, 0x10), 0);
	guard = child_address(&child, "guard");
	if (guard) {
		assert_int_equal(readable(target, guard, 0x4000), 0x2000);
		assert_int_equal(readable(target, guard + 0x2000, 8), 0);
		assert_int_equal(readable(target, guard + 0x3000, 0x1000), 0x1000);
	} else {
		print_message("not possible here: guard pages (MADV_GUARD_INSTALL)\n");
	}
	uffd = child_address(&child, "uffd");
	if (uffd) {
		alarm(20); /* reading an absent page would hang for ever */
		assert_int_equal(readable(target, uffd, 0x4000), 0x1000);
		assert_int_equal(readable(target, uffd + 0x1000, 8), 0);
		alarm(0);
	} else {
		print_message("not possible here: userfaultfd\n");
	}
	tmem_close(target);
	child_end(&child);
}

static void writes_reach_protected_pages(void **state)
{
	static const char *const names[] = { "pattern", "readonly", "code", "alias-a" };
	struct child child;
	tmem_target *target;
	uint8_t bytes[4];
	size_t count;

	(void)state;
	child_start(&child, "target64", NULL);
	target = open_target(child.spec, NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint64_t address = child_address(&child, names[i]) + 0x123;

		assert_int_equal(tmem_write_virtual(target, address, "\xca\xfe\xba\xbe", 4, &count),
				 TMEM_S_OK);
		assert_int_equal(count, 4);
		assert_true(child_peek(&child, address, bytes, 4));
		assert_memory_equal(bytes, "\xca\xfe\xba\xbe", 4);
	}
	/* Read-only and shared: the one kind that no debugger may write. */
	count = 9;
	assert_int_equal(
		tmem_write_virtual(target, child_address(&child, "shared-ro"), "x", 1, &count),
		TMEM_E_WRITE_FAULT);
	assert_int_equal(count, 0);
	tmem_close(target);
	child_end(&child);
}

static void fill_and_pointers(const char *program)
{
	struct child child;
	tmem_target *target;
	uint64_t address, filled, pointers[3];
	uint8_t bytes[16];
	char text[64];

	child_start(&child, program, NULL);
	target = open_target(child.spec, NULL);
	address = child_address(&child, "pattern") + 0xff8;
	assert_int_equal(tmem_fill_virtual(target, address, 16, "abc", 3, &filled), TMEM_S_OK);
	assert_int_equal(filled, 16);
	assert_true(child_peek(&child, address, bytes, 16));
	assert_memory_equal(bytes, "abcabcabcabcabca", 16);
	/* The chain: [0] -> [1] -> [2] -> text. */
	address = child_address(&child, "pointers");
	for (int i = 0; i < 3; i++)
		assert_int_equal(tmem_read_pointers_virtual(
					 target, 1, i ? pointers[i - 1] : address, &pointers[i]),
				 TMEM_S_OK);
	assert_int_equal(pointers[2], child_address(&child, "text-utf8"));
	assert_int_equal(tmem_read_multi_byte_string_virtual(target, pointers[2], 4096, text,
							     sizeof(text), NULL),
			 TMEM_S_OK);
	assert_int_equal(strlen(text) + 1, child_size(&child, "text-utf8"));
	tmem_close(target);
	child_end(&child);
}

static void fill_and_pointers_in_both_word_sizes(void **state)
{
	(void)state;
	fill_and_pointers("target64");
	fill_and_pointers("target32");
}

static void strings_over_page_borders(void **state)
{
	struct child child;
	tmem_target *target;
	uint8_t expected[128];
	char16_t wide[64];
	size_t bytes = 0, size;
	char text[128];

	(void)state;
	child_start(&child, "target64", NULL);
	target = open_target(child.spec, NULL);
	size = child_size(&child, "text-straddle");
	assert_true(child_peek(&child, child_address(&child, "text-straddle"), expected, size));
	assert_int_equal(tmem_read_multi_byte_string_virtual(target,
							     child_address(&child, "text-straddle"),
							     size, text, sizeof(text), &bytes),
			 TMEM_S_OK);
	assert_int_equal(bytes, size);
	assert_memory_equal(text, expected, size);
	size = child_size(&child, "text-wide-straddle");
	assert_true(
		child_peek(&child, child_address(&child, "text-wide-straddle"), expected, size));
	assert_int_equal(tmem_read_unicode_string_virtual_wide(
				 target, child_address(&child, "text-wide-straddle"), size, wide,
				 64, &bytes),
			 TMEM_S_OK);
	assert_int_equal(bytes, size);
	assert_memory_equal(wide, expected, size);
	/* No terminator before the end of the mapping: an unreadable byte, not a bad argument. */
	assert_int_equal(tmem_read_multi_byte_string_virtual(target,
							     child_address(&child, "text-open"),
							     4096, text, sizeof(text), &bytes),
			 TMEM_E_READ_FAULT);
	assert_int_equal(tmem_read_multi_byte_string_virtual(
				 target, child_address(&child, "text-open"),
				 child_size(&child, "text-open") - 1, text, sizeof(text), &bytes),
			 TMEM_E_INVALIDARG);
	tmem_close(target);
	child_end(&child);
}

/* Three processes with the same addresses and different bytes, in one target. */
static void each_method_follows_the_current_process(void **state)
{
	static const char *const seeds[] = { "--seed=1", "--seed=2", "--seed=3" };
	struct child children[3];
	tmem_target *target, *keeps_first;
	char spec[64];

	(void)state;
	for (int i = 0; i < 3; i++) {
		const char *arguments[] = { "--at=0x300000000", seeds[i], NULL };

		child_start(&children[i], "target64", arguments);
	}
	snprintf(spec, sizeof(spec), "pid:%d,%d,%d", children[0].pid, children[1].pid,
		 children[2].pid);
	target = open_target(spec, NULL);
	assert_int_equal(tmem_target_dup(target, &keeps_first), TMEM_S_OK);
	for (uint32_t i = 0; i < 3; i++) {
		uint64_t pattern = child_address(&children[i], "pattern"), match = 0, value;
		uint8_t needle[16], byte = (uint8_t)(0x50 + i), seen;
		uint32_t system_id;

		assert_int_equal(pattern, child_address(&children[0], "pattern"));
		assert_int_equal(tmem_set_current_process_id(target, i), TMEM_S_OK);
		assert_int_equal(tmem_get_current_process_system_id(target, &system_id), TMEM_S_OK);
		assert_int_equal(system_id, children[i].pid);
		region_is_right(target, &children[i], "pattern");
		region_is_right(keeps_first, &children[0], "readonly");
		assert_true(child_expect(&children[i], pattern + 0x777, needle, 16));
		assert_int_equal(
			tmem_search_virtual(target, pattern, 0x4000, needle, 16, 1, &match),
			TMEM_S_OK);
		assert_true(match <= pattern + 0x777);
		assert_int_equal(tmem_read_pointers_virtual(target, 1,
							    child_address(&children[i], "pointers"),
							    &value),
				 TMEM_S_OK);
		assert_int_equal(tmem_write_virtual(target, pattern + 0x3000, &byte, 1, NULL),
				 TMEM_S_OK);
		for (uint32_t j = 0; j < 3; j++) {
			assert_true(child_peek(&children[j], pattern + 0x3000, &seen, 1));
			assert_int_equal(seen == 0x50 + i, j == i);
		}
	}
	tmem_close(keeps_first);
	tmem_close(target);
	for (int i = 0; i < 3; i++)
		child_end(&children[i]);
}

/* A stopped process with one memfd mapped twice, and a second process that has it too. */
static void aliases_of_stopped_memory_agree(void **state)
{
	struct child first, second;
	char pid[16], fd[16], spec[64];
	const char *arguments[] = { pid, fd, NULL };
	uint64_t a, b, shared, value;
	tmem_target *target, *other;

	(void)state;
	child_start(&first, "target64", NULL);
	snprintf(pid, sizeof(pid), "%d", first.pid);
	snprintf(fd, sizeof(fd), "%d", (int)child_address(&first, "memfd"));
	child_start(&second, "shm", arguments);
	snprintf(spec, sizeof(spec), "pid:%d,%d", first.pid, second.pid);
	target = open_target(spec, "suspend=on");
	assert_int_equal(tmem_target_dup(target, &other), TMEM_S_OK);
	assert_int_equal(tmem_set_current_process_id(other, 1), TMEM_S_OK);
	a = child_address(&first, "alias-a") + 64;
	b = child_address(&first, "alias-b") + 64;
	shared = child_address(&second, "shared") + 64;
	/* Everything is read before, so that a cache could hold the old bytes. */
	assert_int_equal(tmem_read_virtual(target, a, &value, 8, NULL), TMEM_S_OK);
	assert_int_equal(tmem_read_virtual(target, b, &value, 8, NULL), TMEM_S_OK);
	assert_int_equal(tmem_read_virtual(other, shared, &value, 8, NULL), TMEM_S_OK);
	assert_int_equal(tmem_write_virtual(target, a, "ALIASES!", 8, NULL), TMEM_S_OK);
	assert_int_equal(tmem_read_virtual(target, b, &value, 8, NULL), TMEM_S_OK);
	assert_memory_equal(&value, "ALIASES!", 8);
	assert_int_equal(tmem_read_virtual(other, shared, &value, 8, NULL), TMEM_S_OK);
	assert_memory_equal(&value, "ALIASES!", 8);
	assert_int_equal(tmem_write_virtual(other, shared, "secundus", 8, NULL), TMEM_S_OK);
	assert_int_equal(tmem_read_virtual(target, a, &value, 8, NULL), TMEM_S_OK);
	assert_memory_equal(&value, "secundus", 8);
	tmem_close(other);
	tmem_close(target);
	child_end(&second);
	child_end(&first);
}

static uint64_t counter_now(struct child *child)
{
	char answer[64];

	child_ask(child, answer, sizeof(answer), "counter");
	return strtoull(answer, NULL, 10);
}

static void suspended_means_stopped_and_cached(void **state)
{
	struct tmem_cache_statistics s = { .size = sizeof(s) };
	struct child child;
	tmem_target *target;
	uint64_t counter, first, second, after;

	(void)state;
	child_start(&child, "target64", NULL);
	counter = child_address(&child, "counter");
	target = open_target(child.spec, "suspend=on");
	assert_int_equal(tmem_read_virtual(target, counter, &first, 8, NULL), TMEM_S_OK);
	usleep(50000);
	assert_int_equal(tmem_read_virtual_uncached(target, counter, &second, 8, NULL), TMEM_S_OK);
	assert_int_equal(first, second);
	assert_int_equal(tmem_read_virtual(target, counter, &second, 8, NULL), TMEM_S_OK);
	assert_int_equal(tmem_get_cache_statistics(target, &s), TMEM_S_OK);
	assert_true(s.hits >= 1);
	assert_int_equal(tmem_resume(target), TMEM_S_OK);
	for (int i = 0; i < 200 && counter_now(&child) == first; i++)
		usleep(10000);
	assert_int_equal(tmem_read_virtual(target, counter, &after, 8, NULL), TMEM_S_OK);
	assert_true(after > first);
	tmem_close(target);
	assert_true(counter_now(&child) > 0);
	child_end(&child);
}

static void needles_beyond_holes_are_found(void **state)
{
	static const char *const needles[] = { "needle-first", "needle-straddle", "needle-last" };
	struct tmem_search_request request = { .size = sizeof(request), .length = UINT64_MAX };
	tmem_search_cursor *cursor;
	struct child child;
	tmem_target *target;
	uint8_t needle[64];
	unsigned found = 0;
	uint64_t match;

	(void)state;
	child_start(&child, "target64", NULL);
	target = open_target(child.spec, NULL);
	request.pattern = needle;
	request.pattern_size = child_size(&child, needles[0]);
	request.pattern_granularity = 1;
	assert_true(child_peek(&child, child_address(&child, needles[0]), needle,
			       request.pattern_size));
	assert_int_equal(tmem_search_cursor_new(target, &request, &cursor), TMEM_S_OK);
	while (tmem_search_cursor_next(cursor, &match) == TMEM_S_OK)
		if (found < 3 && match == child_address(&child, needles[found]))
			found++;
	assert_int_equal(found, 3);
	tmem_search_cursor_free(cursor);
	tmem_close(target);
	child_end(&child);
}

static void a_search_touches_nothing(void **state)
{
	struct child child;
	tmem_target *target;
	unsigned tables[2], resident[2];
	char answer[64];
	uint64_t match;

	(void)state;
	child_start(&child, "target64", NULL);
	target = open_target(child.spec, NULL);
	child_ask(&child, answer, sizeof(answer), "vm");
	assert_int_equal(sscanf(answer, "%u %u", &tables[0], &resident[0]), 2);
	assert_int_equal(tmem_search_virtual(target, child_address(&child, "reserve"),
					     child_size(&child, "reserve"), "no such text", 12, 1,
					     &match),
			 TMEM_E_NO_MORE_ENTRIES);
	child_ask(&child, answer, sizeof(answer), "vm");
	assert_int_equal(sscanf(answer, "%u %u", &tables[1], &resident[1]), 2);
	/* 64 MiB of touched pages would cost 128 KiB of tables; answering costs a few pages. */
	assert_true(tables[1] <= tables[0] + 8);
	/* The kernel counts resident pages in portions, and may take some back meanwhile. */
	assert_true(resident[1] <= resident[0] + 1024);
	tmem_close(target);
	child_end(&child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_region_of_a_64_bit_program),
		cmocka_unit_test(every_region_of_a_32_bit_program),
		cmocka_unit_test(holes_inside_mappings),
		cmocka_unit_test(writes_reach_protected_pages),
		cmocka_unit_test(fill_and_pointers_in_both_word_sizes),
		cmocka_unit_test(strings_over_page_borders),
		cmocka_unit_test(each_method_follows_the_current_process),
		cmocka_unit_test(aliases_of_stopped_memory_agree),
		cmocka_unit_test(suspended_means_stopped_and_cached),
		cmocka_unit_test(needles_beyond_holes_are_found),
		cmocka_unit_test(a_search_touches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
