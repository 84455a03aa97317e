/* SPDX-License-Identifier: Apache-2.0 */
/* test_overlay.c - the overlay against a plain array of bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frame/overlay.h"

#define SIZE 40000u

static struct tmi_overlay *overlay;

static int set_up(void **state)
{
	(void)state;
	overlay = tmi_overlay_new();
	return overlay ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	tmi_overlay_free(overlay);
	return 0;
}

static void write_bytes(uint32_t space, uint64_t address, const void *data, size_t size)
{
	size_t done;

	assert_int_equal(tmi_overlay_write(overlay, space, address, data, size, &done), TMEM_S_OK);
	assert_int_equal(done, size);
}

static void agrees_with_an_array(void **state)
{
	static uint8_t model[SIZE], base[SIZE], out[SIZE];

	(void)state;
	srand(7);
	for (size_t i = 0; i < SIZE; i++)
		model[i] = base[i] = (uint8_t)rand();
	for (int round = 0; round < 400; round++) {
		size_t at = (size_t)rand() % SIZE;
		size_t size = (size_t)rand() % (round % 8 ? 30 : 9000) + 1;
		uint8_t data[9000];

		if (size > SIZE - at)
			size = SIZE - at;
		for (size_t i = 0; i < size; i++)
			data[i] = (uint8_t)rand();
		write_bytes(1, 0x7000 + at, data, size);
		memcpy(model + at, data, size);
		at = (size_t)rand() % SIZE;
		size = (size_t)rand() % (SIZE - at) + 1;
		memcpy(out, base + at, size);
		tmi_overlay_apply(overlay, 1, 0x7000 + at, out, size);
		assert_memory_equal(out, model + at, size);
	}
	memcpy(out, base, SIZE);
	tmi_overlay_apply(overlay, 2, 0x7000, out, SIZE);
	assert_memory_equal(out, base, SIZE);
	assert_true(tmi_overlay_discard(overlay));
	tmi_overlay_apply(overlay, 1, 0x7000, out, SIZE);
	assert_memory_equal(out, base, SIZE);
	assert_false(tmi_overlay_discard(overlay));
}

struct listing {
	unsigned count;
	uint64_t last;
	char text[256];
};

static tmem_status note_run(void *context, uint32_t space, uint64_t address, const uint8_t *data,
			    size_t size)
{
	struct listing *listing = context;

	listing->count++;
	snprintf(listing->text + strlen(listing->text),
		 sizeof(listing->text) - strlen(listing->text), "%u:%llx+%zu=%02x ", space,
		 (unsigned long long)address, size, data[0]);
	return listing->count == 9 ? TMEM_E_FAIL : TMEM_S_OK;
}

static void lists_runs_in_order(void **state)
{
	struct listing listing = { 0 };

	(void)state;
	write_bytes(1, 0x3004, "\xbb\xbb", 2);
	write_bytes(0, 0x9000, "\xcc", 1);
	write_bytes(1, 0x3000, "\xaa", 1);
	write_bytes(1, 0x1fff, "\x11\x22", 2);
	assert_int_equal(tmi_overlay_list(overlay, note_run, &listing), TMEM_S_OK);
	assert_string_equal(listing.text,
			    "0:9000+1=cc 1:1fff+1=11 1:2000+1=22 1:3000+1=aa 1:3004+2=bb ");
}

static void a_failing_visit_ends_the_list(void **state)
{
	struct listing listing = { .count = 7 };

	(void)state;
	for (uint64_t i = 0; i < 6; i++)
		write_bytes(0, i * 16, "x", 1);
	assert_int_equal(tmi_overlay_list(overlay, note_run, &listing), TMEM_E_FAIL);
	assert_int_equal(listing.count, 9);
}

static void clips_to_unwritten_pages(void **state)
{
	uint64_t first = 0, last = UINT64_MAX;

	(void)state;
	assert_true(tmi_overlay_clip(overlay, 0, 0x5000, &first, &last));
	assert_true(first == 0 && last == UINT64_MAX);
	write_bytes(0, 0x2010, "x", 1);
	write_bytes(0, 0x8fff, "x", 1);
	write_bytes(1, 0x5000, "x", 1);
	assert_true(tmi_overlay_clip(overlay, 0, 0x5123, &first, &last));
	assert_int_equal(first, 0x3000);
	assert_int_equal(last, 0x7fff);
	assert_false(tmi_overlay_clip(overlay, 0, 0x2fff, &first, &last));
}

static void reaches_the_top_of_the_space(void **state)
{
	uint8_t out[4] = { 0 };

	(void)state;
	write_bytes(0, UINT64_MAX - 1, "ab", 2);
	tmi_overlay_apply(overlay, 0, UINT64_MAX - 3, out, 4);
	assert_memory_equal(out, "\0\0ab", 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(agrees_with_an_array),          TEST(lists_runs_in_order),
		TEST(a_failing_visit_ends_the_list), TEST(clips_to_unwritten_pages),
		TEST(reaches_the_top_of_the_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
