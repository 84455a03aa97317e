/* SPDX-License-Identifier: Apache-2.0 */
/* test_search.c - searches over described machines, against a plain model of their bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tmem.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "unit/core_writer.h"
#include "unit/search_model.h"
#include "unit/synth_handle.h"

static tmem_status find(tmem_target *target, uint64_t offset, uint64_t length, const char *pattern,
			size_t granularity, uint64_t *match)
{
	return tmem_search_virtual(target, offset, length, pattern, strlen(pattern), granularity,
				   match);
}

static void assert_match(tmem_target *target, uint64_t offset, uint64_t length, const char *pattern,
			 size_t granularity, uint64_t expected)
{
	uint64_t match = 1;

	if (find(target, offset, length, pattern, granularity, &match) != TMEM_S_OK)
		fail_msg("%s", tmem_last_error(target));
	assert_int_equal(match, expected);
}

static void assert_no_match(tmem_target *target, uint64_t offset, uint64_t length,
			    const char *pattern, size_t granularity)
{
	uint64_t match = 0x77;

	assert_int_equal(find(target, offset, length, pattern, granularity, &match),
			 TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(match, 0x77);
}

static void test_contract(void **unused)
{
	tmem_target *target = synth_open("process 1\n"
					 "run 0x1000 0x1000 rw-p\n"
					 "run 0x2000 0x1000 r--p\n"
					 "run 0x4000 0x1000 rw-p\n"
					 "text 0x1010 \"abcd\"\n"
					 "text 0x1ffe \"efgh\"\n"
					 "text 0x2ffe \"ij\"\n"
					 "text 0x4000 \"kl\"\n"
					 "text 0x4ffe \"mn\"\n",
					 NULL);

	(void)unused;
	assert_match(target, 0, UINT64_MAX, "abcd", 1, 0x1010);
	assert_match(target, 0x1010, 4, "abcd", 1, 0x1010);
	assert_no_match(target, 0x1010, 3, "abcd", 1);
	assert_no_match(target, 0x1011, 0x100, "abcd", 1);
	/* The phase is that of the offset, also beyond holes. */
	assert_match(target, 0x1000, 0x1000, "abcd", 4, 0x1010);
	assert_no_match(target, 0x1001, 0x1000, "abcd", 4);
	assert_match(target, 0x100c, 0x1000, "abcd", 4, 0x1010);
	assert_match(target, 0xffe, 0x10000, "mn", 2, 0x4ffe);
	assert_no_match(target, 0xfff, 0x10000, "mn", 2);
	/* Across runs that touch; never across a hole; not past the end of the range. */
	assert_match(target, 0, 0x10000, "efgh", 1, 0x1ffe);
	assert_no_match(target, 0, 0x10000, "ijkl", 1);
	assert_no_match(target, 0, 0x4fff, "mn", 1);
	assert_no_match(target, 0x3000, 0x1000, "abcd", 1);
	assert_no_match(target, 0x1000, 0, "abcd", 1);
	assert_string_equal(tmem_last_error(target),
			    "searching 0 bytes at 0000000000001000: no match, or nothing further");
	tmem_close(target);
}

static void test_arguments(void **unused)
{
	tmem_target *target = synth_open("process 1\nrun 0 0x1000 rw-p\n", NULL);
	struct tmem_search_request request = { .size = sizeof(request),
					       .pattern = "ab",
					       .pattern_size = 2,
					       .pattern_granularity = 1 };
	tmem_search_cursor *cursor;
	uint64_t match;

	(void)unused;
	assert_int_equal(tmem_search_virtual(target, 0, 9, NULL, 2, 1, &match), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_search_virtual(target, 0, 9, "ab", 0, 1, &match), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_search_virtual(target, 0, 9, "ab", 2, 0, &match), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_search_virtual(target, 0, 9, "abc", 3, 2, &match), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_search_virtual(target, 0, 9, "ab", 2, 1, NULL), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_search_virtual(NULL, 0, 9, "ab", 2, 1, &match), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_search_virtual2(target, 0, 9, 2, "ab", 2, 1, &match),
			 TMEM_E_INVALIDARG);
	assert_int_equal(tmem_search_physical(target, 0, 9, "ab", 2, 1, &match), TMEM_E_UNEXPECTED);
	assert_int_equal(tmem_search_cursor_new(target, NULL, &cursor), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_search_cursor_new(target, &request, NULL), TMEM_E_INVALIDARG);
	request.size = 8;
	assert_int_equal(tmem_search_cursor_new(target, &request, &cursor), TMEM_E_INVALIDARG);
	request.size = sizeof(request);
	request.space = 5;
	assert_int_equal(tmem_search_cursor_new(target, &request, &cursor), TMEM_E_INVALIDARG);
	assert_null(cursor);
	assert_int_equal(tmem_search_cursor_next(NULL, &match), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_search_cursor_progress(NULL, &match, NULL), TMEM_E_INVALIDARG);
	tmem_search_cursor_free(NULL);
	tmem_close(target);
}

static void test_writable_only(void **unused)
{
	tmem_target *target = synth_open("process 1\n"
					 "run 0x1000 0x1000 r--p\n"
					 "run 0x2000 0x1000 rw-p guard=yes\n"
					 "run 0x3000 0x1000 ---p\n"
					 "run 0x4000 0x1000 ?\n"
					 "run 0x5000 0x1000 rwxp file=1\n"
					 "run 0x6000 0x1000 rw-p file=1\n"
					 "repeat 0x1000 0x6000 61 62\n",
					 NULL);
	static const uint64_t expected[] = { 0x4000, 0x5000, 0x6000 };
	uint64_t match;

	(void)unused;
	assert_match(target, 0, 0x10000, "ab", 1, 0x1000);
	for (unsigned i = 0; i < 3; i++) {
		uint64_t from = i ? expected[i - 1] + 0xfff : 0;

		assert_int_equal(tmem_search_virtual2(target, from, 0x10000,
						      TMEM_VSEARCH_WRITABLE_ONLY, "ab", 2, 1,
						      &match),
				 TMEM_S_OK);
		assert_int_equal(match, expected[i]);
	}
	/* What is not writable is a hole. */
	assert_int_equal(tmem_search_virtual2(target, 0, 0x4001, TMEM_VSEARCH_WRITABLE_ONLY, "ba",
					      2, 1, &match),
			 TMEM_E_NO_MORE_ENTRIES);
	tmem_close(target);
}

static void test_32_bit(void **unused)
{
	tmem_target *target = synth_open("machine i386\nprocess 1\n"
					 "run 0x7ffff000 0x2000 rw-p\n"
					 "run 0xfffff000 0x1000 rw-p\n"
					 "text 0x7ffffffe \"abcd\"\n"
					 "text 0x80000100 \"efgh\"\n"
					 "text 0xfffffffc \"ijkl\"\n",
					 NULL);

	(void)unused;
	assert_match(target, 0, UINT64_MAX, "abcd", 1, 0x7ffffffe);
	assert_match(target, 0, UINT64_MAX, "efgh", 1, 0xffffffff80000100);
	assert_match(target, 0xffffffff80000000, 0x1000, "efgh", 4, 0xffffffff80000100);
	assert_match(target, 0x80000000, 0x80000000, "ijkl", 1, 0xfffffffffffffffc);
	assert_match(target, 0x80000000, UINT64_MAX, "ijkl", 4, 0xfffffffffffffffc);
	assert_no_match(target, 0x100000000, 0x1000, "ijkl", 1);
	tmem_close(target);
}

static void test_top_of_space(void **unused)
{
	tmem_target *target = synth_open("process 1\nrun 0xfffffffffffff000 0x1000 rw-p\n"
					 "text 0xfffffffffffffffd \"top\"\n",
					 NULL);

	(void)unused;
	assert_match(target, 1, UINT64_MAX, "top", 1, 0xfffffffffffffffd);
	assert_match(target, 0xfffffffffffffff0, UINT64_MAX, "p", 1, 0xffffffffffffffff);
	assert_no_match(target, 0, UINT64_MAX, "top", 1);
	assert_match(target, 0, UINT64_MAX, "to", 1, 0xfffffffffffffffd);
	assert_no_match(target, 0xfffffffffffffff0, UINT64_MAX, "topp", 1);
	tmem_close(target);
}

static void test_terabytes(void **unused)
{
	tmem_target *target = synth_open("process 1\n"
					 "run 0x10000000000 0x200000000000 rw-p untouched=yes\n"
					 "run 0x210000000000 0x100000000000 rw-p untouched=yes\n"
					 "text 0x20fffffffffc \"needle\"\n",
					 NULL);
	static const uint8_t after[] = { 'l', 'e', 0, 0, 0, 0 };
	static const uint8_t zeros[64];
	uint64_t match;

	(void)unused;
	assert_match(target, 0, UINT64_MAX, "needle", 1, 0x20fffffffffc);
	assert_match(target, 0, UINT64_MAX, "needle", 2, 0x20fffffffffc);
	assert_no_match(target, 1, UINT64_MAX, "needle", 2);
	assert_int_equal(tmem_search_virtual(target, 0, UINT64_MAX, after, 6, 1, &match),
			 TMEM_S_OK);
	assert_int_equal(match, 0x210000000000);
	assert_int_equal(tmem_search_virtual(target, 3, UINT64_MAX, zeros, 64, 32, &match),
			 TMEM_S_OK);
	assert_int_equal(match, 0x10000000000 + 3);
	assert_int_equal(tmem_search_virtual(target, 0x20fffffffff0, 0x1000, zeros, 64, 1, &match),
			 TMEM_S_OK);
	assert_int_equal(match, 0x210000000002);
	tmem_close(target);
}

static uint64_t reads_of(tmem_target *target)
{
	uint64_t reads = 0;

	target->shared->kind->hint(target->shared->state, 0, "reads", &reads);
	return reads;
}

/* Hits that overlap are all reported, and a piece with many is read once. */
static void test_cursor(void **unused)
{
	tmem_target *target = synth_open("target live=yes\nprocess 1\nrun 0x1000 0x2000 rw-p\n"
					 "repeat 0x1000 0x1000 61\n",
					 NULL);
	struct tmem_search_request request = { .size = sizeof(request),
					       .offset = 0xf00,
					       .length = 0x10000,
					       .pattern = "aaaa",
					       .pattern_size = 4,
					       .pattern_granularity = 1 };
	tmem_search_cursor *cursor;
	uint64_t match, done, bytes;

	(void)unused;
	assert_int_equal(tmem_search_cursor_new(target, &request, &cursor), TMEM_S_OK);
	for (uint64_t i = 0x1000; i <= 0x1ffc; i++) {
		assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_S_OK);
		assert_int_equal(match, i);
	}
	assert_int_equal(tmem_search_cursor_progress(cursor, &done, &bytes), TMEM_S_OK);
	assert_int_equal(done, 0x1ffd - 0xf00);
	assert_int_equal(bytes, 0x2000);
	assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(tmem_search_cursor_progress(cursor, &done, NULL), TMEM_S_OK);
	assert_int_equal(done, 0x10000);
	assert_int_equal(reads_of(target), 1);
	tmem_search_cursor_free(cursor);
	tmem_close(target);
}

/* A cursor sees what is written between its matches, keeps its process, and notices its end. */
static void test_cursor_and_changes(void **unused)
{
	tmem_target *target = synth_open("target live=yes\nprocess 1\nrun 0x1000 0x2000 rw-p\n"
					 "text 0x1100 \"needle\"\ntext 0x1200 \"needle\"\n"
					 "process 2\nrun 0x1000 0x1000 rw-p\n",
					 NULL);
	struct tmem_search_request request = { .size = sizeof(request),
					       .length = 0x10000,
					       .pattern = "needle",
					       .pattern_size = 6,
					       .pattern_granularity = 1 };
	tmem_search_cursor *cursor;
	uint64_t match;

	(void)unused;
	assert_int_equal(tmem_search_cursor_new(target, &request, &cursor), TMEM_S_OK);
	assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_S_OK);
	assert_int_equal(match, 0x1100);
	assert_int_equal(tmem_write_virtual(target, 0x1200, "N", 1, NULL), TMEM_S_OK);
	assert_int_equal(tmem_write_virtual(target, 0x1300, "needle", 6, NULL), TMEM_S_OK);
	assert_int_equal(tmem_write_virtual(target, 0x1400, "needle", 6, NULL), TMEM_S_OK);
	assert_int_equal(tmem_set_current_process_id(target, 1), TMEM_S_OK);
	assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_S_OK);
	assert_int_equal(match, 0x1300);
	assert_int_equal(tmem_set_interrupt(target), TMEM_S_OK);
	assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_E_CONTROL_C_EXIT);
	assert_int_equal(match, 0x1300);
	assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_S_OK);
	assert_int_equal(match, 0x1400);
	/* The target ran: what is ahead is searched as it is then. */
	assert_int_equal(tmem_suspend(target), TMEM_S_OK);
	assert_int_equal(tmem_resume(target), TMEM_S_OK);
	assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(match, 0x1400);
	tmem_search_cursor_free(cursor);

	assert_int_equal(tmem_set_current_process_id(target, 0), TMEM_S_OK);
	assert_int_equal(tmem_search_cursor_new(target, &request, &cursor), TMEM_S_OK);
	assert_int_equal(tmem_detach_process(target, 0), TMEM_S_OK);
	assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_E_UNEXPECTED);
	tmem_search_cursor_free(cursor);
	tmem_close(target);
}

/* What was written into the overlay is found, what it hides is not. */
static void test_overlay(void **unused)
{
	tmem_target *target = synth_open("target lends=yes\nprocess 1\nrun 0x10000 0x80000 rw-p\n"
					 "text 0x20000 \"needle\"\n"
					 "run 0x100000 0x80000 rw-p untouched=yes\n",
					 NULL);

	(void)unused;
	assert_match(target, 0, UINT64_MAX, "needle", 1, 0x20000);
	assert_int_equal(tmem_write_virtual(target, 0x20003, "X", 1, NULL), TMEM_S_OK);
	assert_no_match(target, 0, UINT64_MAX, "needle", 1);
	assert_int_equal(tmem_write_virtual(target, 0x140ffd, "needle", 6, NULL), TMEM_S_OK);
	assert_match(target, 0, UINT64_MAX, "needle", 1, 0x140ffd);
	tmem_close(target);
}

/* A file that is cut while its bytes are lent: no match on what is not there any more. */
static void test_file_cut(void **unused)
{
	static const uint8_t zeros[512];
	const size_t size = 3 << 20, base = 0x100000;
	struct tmem_search_request request = { .size = sizeof(request),
					       .length = UINT64_MAX,
					       .pattern = "needle",
					       .pattern_size = 6,
					       .pattern_granularity = 1 };
	uint8_t *bytes = malloc(size);
	struct core_writer writer;
	tmem_search_cursor *cursor;
	tmem_target *target;
	uint64_t match;
	char path[64];

	(void)unused;
	assert_non_null(bytes);
	memset(bytes, 1, size);
	memcpy(bytes + 0x1000, "needle", 6);
	memcpy(bytes + (1 << 20), "needle", 6);
	memcpy(bytes + size - 6, "needle", 6);
	core_writer_init(&writer, 8, false, 62);
	core_writer_load(&writer, base, size, bytes, size, 6);
	core_writer_save(&writer, path);
	assert_int_equal(tmem_open(path, NULL, &target), TMEM_S_OK);
	assert_int_equal(tmem_search_cursor_new(target, &request, &cursor), TMEM_S_OK);
	assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_S_OK);
	assert_int_equal(match, base + 0x1000);
	assert_int_equal(truncate(path, (off_t)writer.data_offset + (2 << 20)), 0);
	assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_S_OK);
	assert_int_equal(match, base + (1 << 20));
	assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_E_NO_MORE_ENTRIES);
	tmem_search_cursor_free(cursor);
	/* The zeros that stand in the mapping now were never in the file. */
	assert_int_equal(tmem_search_virtual(target, base + (2 << 20) + 0x1000, size, zeros,
					     sizeof(zeros), 1, &match),
			 TMEM_E_NO_MORE_ENTRIES);
	unlink(path);
	tmem_close(target);
	core_writer_fini(&writer);
	free(bytes);
}

/* Longer than a piece, over two runs. */
static void test_long_pattern(void **unused)
{
	const size_t size = 0x90000;
	uint8_t *pattern = malloc(size);
	tmem_target *target = synth_open("process 1\nrun 0x100000 0x80000 rw-p\n"
					 "run 0x180000 0x80000 rw-p\npattern 0x120001 0x90000 "
					 "seed=9\n",
					 NULL);
	size_t got;
	uint64_t match;

	(void)unused;
	assert_non_null(pattern);
	assert_int_equal(tmem_read_virtual(target, 0x120001, pattern, size, &got), TMEM_S_OK);
	assert_int_equal(got, size);
	assert_int_equal(tmem_search_virtual(target, 0, UINT64_MAX, pattern, size, 1, &match),
			 TMEM_S_OK);
	assert_int_equal(match, 0x120001);
	assert_int_equal(tmem_search_virtual(target, 0, UINT64_MAX, pattern, size, 2, &match),
			 TMEM_E_NO_MORE_ENTRIES);
	pattern[size - 1] ^= 1;
	assert_int_equal(tmem_search_virtual(target, 0, UINT64_MAX, pattern, size, 1, &match),
			 TMEM_E_NO_MORE_ENTRIES);
	free(pattern);
	tmem_close(target);
}

/* --- random machines against a model --- */

static void compare(const struct search_model *model, tmem_target *target, unsigned alphabet)
{
	size_t granularity = 1 + (size_t)random() % 16;
	size_t size = granularity * (1 + (size_t)random() % (random() % 4 ? 4 : 400));
	uint64_t from = (uint64_t)random() % 0x20000, length = SEARCH_SPAN + 0x100 - from;
	uint8_t pattern[6400], mask[6400];
	struct tmem_search_request request = { .size = sizeof(request),
					       .offset = SEARCH_BASE - 0x80 + from,
					       .length = length,
					       .pattern = pattern,
					       .pattern_size = size,
					       .pattern_granularity = granularity };
	tmem_search_cursor *cursor;
	uint64_t match = 0;
	unsigned hits = 0;

	search_model_pattern(model, pattern, size, alphabet);
	memset(mask, 0xff, size);
	if (random() % 2) {
		request.mask = mask;
		for (size_t i = 0; i < size; i++)
			mask[i] = random() % 3 ? 0xff : (uint8_t)random();
	}
	assert_int_equal(tmem_search_cursor_new(target, &request, &cursor), TMEM_S_OK);
	for (uint64_t at = request.offset; at + size <= SEARCH_BASE + SEARCH_SPAN && hits < 500;
	     at += granularity) {
		if (at < SEARCH_BASE ||
		    !search_model_matches(model, at - SEARCH_BASE, pattern, mask, size))
			continue;
		if (tmem_search_cursor_next(cursor, &match) != TMEM_S_OK || match != at)
			fail_msg("%s: hit at %lx, expected at %lx", tmem_last_error(target),
				 (long)match, (long)at);
		hits++;
	}
	if (hits < 500)
		assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_E_NO_MORE_ENTRIES);
	tmem_search_cursor_free(cursor);
}

static void random_machines(bool lends)
{
	static const unsigned alphabets[] = { 2, 3, 256 };
	static struct search_model model;

	srandom(lends ? 5 : 4);
	for (unsigned round = 0; round < 12; round++) {
		unsigned alphabet = alphabets[round % 3];
		tmem_target *target;

		search_model_new(&model, alphabet, lends);
		target = synth_open(model.text, NULL);
		for (unsigned i = 0; i < 16; i++)
			compare(&model, target, alphabet);
		tmem_close(target);
		free(model.text);
	}
}

static void test_random(void **unused)
{
	(void)unused;
	random_machines(false);
}

static void test_random_lent(void **unused)
{
	(void)unused;
	random_machines(true);
}

/* An interrupt out of the progress callback ends a search that would take long. */
static tmem_target *interrupted;

static void interrupt_it(void *context, const struct tmem_progress *progress)
{
	unsigned *calls = context;

	assert_string_equal(progress->operation, "search");
	assert_true(progress->done <= progress->total);
	(*calls)++;
	tmem_set_interrupt(interrupted);
}

static void test_interrupt(void **unused)
{
	unsigned calls = 0;
	uint64_t match = 5;

	(void)unused;
	interrupted = synth_open("process 1\nrun 0x1000 1T rw-p\n", NULL);
	assert_int_equal(tmem_set_progress_callback(interrupted, interrupt_it, &calls), TMEM_S_OK);
	assert_int_equal(tmem_search_virtual(interrupted, 0, UINT64_MAX, "x", 1, 1, &match),
			 TMEM_E_CONTROL_C_EXIT);
	assert_int_equal(match, 5);
	assert_true(calls >= 1);
	assert_non_null(strstr(tmem_last_error(interrupted), "interrupted by the user"));
	tmem_close(interrupted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contract),      cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_writable_only), cmocka_unit_test(test_32_bit),
		cmocka_unit_test(test_top_of_space),  cmocka_unit_test(test_terabytes),
		cmocka_unit_test(test_cursor),        cmocka_unit_test(test_cursor_and_changes),
		cmocka_unit_test(test_overlay),       cmocka_unit_test(test_long_pattern),
		cmocka_unit_test(test_file_cut),      cmocka_unit_test(test_random),
		cmocka_unit_test(test_random_lent),   cmocka_unit_test(test_interrupt),
	};

	return cmocka_run_group_tests_name("search", tests, NULL, NULL);
}
