/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_string_batch.c - many strings in one call: their statuses and that of the call; and random
 * strings of a live process, which is a copy of the test with the same bytes and holes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/live_copy.h"
#include "unit/synth_handle.h"

static struct tmem_string_transfer item(uint64_t offset, size_t max_bytes, char *buffer,
					size_t buffer_size)
{
	return (struct tmem_string_transfer){ offset, max_bytes, buffer, buffer_size, 99, 99 };
}

/* --- described machines --- */

static const char machine[] = "process 10\n"
			      "run 0x1000 0x2000 rw-p\n"
			      "text 0x1100 \"hello\"\n"
			      "bytes 0x1200 67 72 c3 bc c3 9f 00\n"
			      "bytes 0x1ffb 73 74 72 61 64 64 6c 65 00\n"
			      "repeat 0x2ff0 0x10 7a\n"
			      "run 0x10000 0x10000 rw-p\n"
			      "repeat 0x10001 0xbff0 41\n"
			      "run 0xffffffffffffff00 0x100 rw-p\n"
			      "repeat 0xffffffffffffff00 0x100 79 02\n";

static void check_statuses(tmem_target *target)
{
	static char buffer[9][0x10000];
	struct tmem_string_transfer items[] = {
		item(0x1100, 100, buffer[0], 16),
		item(0x1ffb, 100, buffer[1], 16),
		item(0x10001, 1 << 20, buffer[2], 0x10000),
		item(0x1100, 100, buffer[3], 4),
		item(0x1200, 100, buffer[4], 4),
		item(0x2ff0, 100, buffer[5], 64),
		item(0x2ff0, 0x10, buffer[6], 64),
		item(0xffffffffffffff00, 0x101, buffer[7], 64),
		item(0x3000, 1, buffer[8], 64),
		item(0x3000, 0, NULL, 64),
		item(0x1100, 100, NULL, 0),
		item(0x1100, 6, NULL, 6),
	};

	assert_int_equal(tmem_read_multi_byte_string_virtual_batch(target, items, 3), TMEM_S_OK);
	assert_int_equal(tmem_read_multi_byte_string_virtual_batch(target, items, 12),
			 TMEM_S_FALSE);
	assert_string_equal(buffer[0], "hello");
	assert_int_equal(items[0].string_bytes, 6);
	assert_string_equal(buffer[1], "straddle");
	assert_int_equal(strspn(buffer[2], "A"), 0xbff0);
	assert_int_equal(items[2].string_bytes, 0xbff1);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(items[i].status, TMEM_S_OK);
	assert_int_equal(items[3].status, TMEM_S_FALSE);
	assert_string_equal(buffer[3], "hel");
	assert_int_equal(items[3].string_bytes, 6);
	assert_int_equal(items[4].status, TMEM_S_FALSE);
	assert_string_equal(buffer[4], "gr");
	assert_int_equal(items[5].status, TMEM_E_READ_FAULT);
	assert_int_equal(items[5].string_bytes, 0);
	assert_string_equal(buffer[5], "");
	assert_int_equal(items[6].status, TMEM_E_INVALIDARG);
	assert_int_equal(items[7].status, TMEM_E_READ_FAULT);
	assert_int_equal(items[8].status, TMEM_E_READ_FAULT);
	assert_int_equal(items[9].status, TMEM_E_INVALIDARG);
	assert_int_equal(items[9].string_bytes, 0);
	assert_int_equal(items[10].status, TMEM_S_FALSE);
	assert_int_equal(items[10].string_bytes, 6);
	assert_int_equal(items[11].status, TMEM_S_OK);
	/* No string at all is no failure of the call. */
	assert_int_equal(tmem_read_multi_byte_string_virtual_batch(target, items + 5, 1),
			 TMEM_S_FALSE);
}

static void test_statuses(void **state)
{
	static const char *const heads[] = { "", "target live=yes\n", "target lends=yes\n" };

	for (size_t i = 0; i < 3; i++) {
		char text[2000];
		tmem_target *target;

		snprintf(text, sizeof(text), "%s%s", heads[i], machine);
		target = synth_open(text, NULL);
		check_statuses(target);
		tmem_close(target);
	}
}

/* Addresses in either form of a 32-bit target, and its end. */
static void test_narrow(void **state)
{
	tmem_target *target = synth_open("machine i386\nprocess 1\nrun 0xfffff000 0x1000 rw-p\n"
					 "text 0xfffff100 \"here\"\nrepeat 0xfffffff0 0x10 7a\n",
					 NULL);
	char buffer[4][32];
	struct tmem_string_transfer items[] = {
		item(0xfffff100, 32, buffer[0], 32),
		item(0xfffffffffffff100, 32, buffer[1], 32),
		item(0xfffffffffffffff0, 32, buffer[2], 32),
		item(0x1fffff100, 32, buffer[3], 32),
	};

	assert_int_equal(tmem_read_multi_byte_string_virtual_batch(target, items, 4), TMEM_S_FALSE);
	assert_string_equal(buffer[0], "here");
	assert_string_equal(buffer[1], "here");
	assert_int_equal(items[2].status, TMEM_E_READ_FAULT);
	assert_int_equal(items[3].status, TMEM_E_READ_FAULT);
	/* The caller's addresses stay as they are. */
	assert_int_equal(items[1].offset, 0xfffffffffffff100);
	tmem_close(target);
}

static void test_no_process(void **state)
{
	tmem_target *target =
		synth_open("target live=yes\nprocess 10\nrun 0x1000 0x1000 rw-p\n", NULL);
	char buffer[2][4] = { "abc", "abc" };
	struct tmem_string_transfer items[] = { item(0x1000, 4, buffer[0], 4),
						item(0x1000, 0, buffer[1], 4) };

	assert_int_equal(tmem_detach_process(target, 0), TMEM_S_OK);
	assert_int_equal(tmem_read_multi_byte_string_virtual_batch(target, items, 2),
			 TMEM_E_UNEXPECTED);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(items[i].status, TMEM_E_UNEXPECTED);
		assert_int_equal(items[i].string_bytes, 0);
		assert_string_equal(buffer[i], "");
	}
	tmem_close(target);
}

/* --- a live process --- */

#define PAGES 3000
#define ROOM  400

static bool is_hole(size_t page)
{
	return page >= PAGES || page % 13 == 7;
}

/* Texts of about 50 bytes, and some of many pages. */
static void fill(struct live_copy *f)
{
	for (size_t i = 0; i < PAGES * f->page; i++) {
		uint64_t random = live_copy_random(f);
		bool long_ones = i / f->page % 13 >= 8 && i / f->page % 13 <= 11;

		f->memory[i] = (uint8_t)(random % 255 + 1);
		if (random >> 32 < (UINT32_MAX / (long_ones ? 20000 : 50)))
			f->memory[i] = 0;
	}
	memset(f->busy, 'a', 50);
}

static int set_up(void **state)
{
	static const uint8_t values[] = { 'a', 'b' };
	struct live_copy *f = calloc(1, sizeof(*f));

	alarm(120);
	live_copy_map(f, PAGES);
	fill(f);
	/* Its end never changes. */
	live_copy_start(f, is_hole, 50, values);
	*state = f;
	return 0;
}

static int set_up_without(void **state, const char *features)
{
	setenv("TMEM_DISABLE", features, 1);
	return set_up(state);
}

static int without_scan(void **state)
{
	return set_up_without(state, "pagemap_scan");
}

static int without_pagemap(void **state)
{
	return set_up_without(state, "pagemap_scan,pagemap");
}

static int without_transfer(void **state)
{
	return set_up_without(state, "process_vm");
}

static int tear_down(void **state)
{
	live_copy_end(*state);
	free(*state);
	unsetenv("TMEM_DISABLE");
	alarm(0);
	return 0;
}

/* What the string is, by plain thinking; the text is in this process too. */
static tmem_status expected(const struct live_copy *f, const struct tmem_string_transfer *string,
			    size_t *string_bytes)
{
	size_t at = string->offset - (uint64_t)(uintptr_t)f->memory;

	*string_bytes = 0;
	for (size_t i = 0; i < string->max_bytes; i++) {
		if (is_hole((at + i) / f->page))
			return TMEM_E_READ_FAULT;
		if (f->memory[at + i])
			continue;
		*string_bytes = i + 1;
		return i < string->buffer_size ? TMEM_S_OK : TMEM_S_FALSE;
	}
	return TMEM_E_INVALIDARG;
}

static void check_string(const struct live_copy *f, const struct tmem_string_transfer *string)
{
	size_t string_bytes;
	tmem_status status = expected(f, string, &string_bytes);

	if (string->status != status || string->string_bytes != string_bytes)
		fail_msg("string at %llx: %x and %zu bytes, not %x and %zu",
			 (unsigned long long)string->offset, (unsigned)string->status,
			 string->string_bytes, (unsigned)status, string_bytes);
	if (string->buffer_size && TMEM_FAILED(status))
		assert_int_equal(string->buffer[0], 0);
	if (string->buffer_size && !TMEM_FAILED(status))
		assert_memory_equal(string->buffer, (char *)(uintptr_t)string->offset,
				    strlen(string->buffer));
	if (status == TMEM_S_OK)
		assert_int_equal(strlen(string->buffer), string_bytes - 1);
	assert_int_equal(string->buffer[string->buffer_size], '!');
}

static void run_batch(struct live_copy *f, size_t count)
{
	struct tmem_string_transfer *items = calloc(count, sizeof(*items));
	bool complete = true;

	for (size_t i = 0; i < count; i++) {
		size_t size = live_copy_random(f) % 10 ? ROOM : live_copy_random(f) % 4;
		uint64_t at = live_copy_random(f) % (PAGES * f->page);

		if (i % 1000 == 500)
			size = 100000;
		/* Near the ends of pages, too. */
		if (live_copy_random(f) % 5 == 0)
			at |= f->page - 4;
		items[i] = item((uint64_t)(uintptr_t)f->memory + at,
				i % 1000 == 500 ? size : live_copy_random(f) % 500,
				malloc(size + 1), size);
		memset(items[i].buffer, '!', size + 1);
	}
	if (tmem_read_multi_byte_string_virtual_batch(f->target, items, count) != TMEM_S_OK)
		complete = false;
	for (size_t i = 0; i < count; i++) {
		check_string(f, &items[i]);
		assert_true(!complete || items[i].status == TMEM_S_OK);
		free(items[i].buffer);
	}
	free(items);
}

static void test_random(void **state)
{
	static const size_t counts[] = { 1, 2, 50, 1000, 1024, 1025, 5000 };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		for (int round = 0; round < (counts[i] < 100 ? 50 : 3); round++)
			run_batch(*state, counts[i]);
}

/* The same strings by a call each. */
static void test_single(void **state)
{
	struct live_copy *f = *state;

	for (int i = 0; i < 3000; i++) {
		char buffer[ROOM + 1];
		struct tmem_string_transfer one = item(
			(uint64_t)(uintptr_t)f->memory + live_copy_random(f) % (PAGES * f->page),
			live_copy_random(f) % 500, buffer, i % 7 ? ROOM : live_copy_random(f) % 4);

		memset(buffer, '!', sizeof(buffer));
		one.status = tmem_read_multi_byte_string_virtual(
			f->target, one.offset, one.max_bytes, one.buffer, one.buffer_size,
			&one.string_bytes);
		check_string(f, &one);
	}
}

static void test_written_meanwhile(void **state)
{
	struct live_copy *f = *state;
	struct tmem_string_transfer items[20];
	char buffers[20][64];

	for (int round = 0; round < 500; round++) {
		for (size_t i = 0; i < 20; i++)
			items[i] = item((uint64_t)(uintptr_t)f->busy + i, 64, buffers[i], 64);
		assert_int_equal(tmem_read_multi_byte_string_virtual_batch(f->target, items, 20),
				 TMEM_S_OK);
		for (size_t i = 0; i < 20; i++) {
			assert_int_equal(items[i].string_bytes, 51 - i);
			assert_int_equal(strspn(buffers[i], "ab"), 50 - i);
		}
	}
}

/* Suspended, and so from the cache. */
static void test_suspended(void **state)
{
	struct live_copy *f = *state;

	assert_int_equal(tmem_suspend(f->target), TMEM_S_OK);
	for (int round = 0; round < 5; round++)
		run_batch(f, 300);
	test_single(state);
	assert_int_equal(tmem_resume(f->target), TMEM_S_OK);
}

#define ROWS(test)                                                                                 \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down),                                  \
		cmocka_unit_test_setup_teardown(test, without_scan, tear_down),                    \
		cmocka_unit_test_setup_teardown(test, without_pagemap, tear_down),                 \
		cmocka_unit_test_setup_teardown(test, without_transfer, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_no_process),
		ROWS(test_random),
		ROWS(test_single),
		ROWS(test_written_meanwhile),
		cmocka_unit_test_setup_teardown(test_suspended, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
