/* SPDX-License-Identifier: Apache-2.0 */
/* test_matcher.c - finding one pattern: the fast ways against the plain one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access/matcher_pattern.h"
#include "unit/matcher_vectors.h"

/* What the fast ways are compared with. */
static size_t find_plain(const struct tmi_pattern *pattern, const uint8_t *data, size_t size,
			 struct tmi_grid grid)
{
	for (size_t i = 0; size >= pattern->size && i <= size - pattern->size; i++) {
		size_t k = 0;

		if ((i + grid.phase) % grid.granularity)
			continue;
		while (k < pattern->size &&
		       (data[i + k] & (pattern->mask ? pattern->mask[k] : 0xff)) ==
			       pattern->bytes[k])
			k++;
		if (k == pattern->size)
			return i;
	}
	return TMI_MATCHER_NONE;
}

/* The fast way, with as much effort as it wants. */
static size_t find(const struct tmi_pattern *pattern, const uint8_t *data, size_t size,
		   struct tmi_grid grid)
{
	size_t effort = SIZE_MAX;

	return tmi_pattern_find(pattern, data, size, grid, &effort);
}

static void assert_found(const char *bytes, size_t size_of_pattern, size_t granularity,
			 const char *data, size_t size, size_t phase, size_t expected)
{
	struct tmi_grid grid = { granularity, phase };
	struct tmi_pattern pattern;

	assert_int_equal(tmi_pattern_init(&pattern, bytes, NULL, size_of_pattern), TMEM_S_OK);
	assert_int_equal(find(&pattern, (const uint8_t *)data, size, grid), expected);
	assert_int_equal(find_plain(&pattern, (const uint8_t *)data, size, grid), expected);
	tmi_pattern_fini(&pattern);
}

static void simple(void)
{
	assert_found("abc", 3, 1, "xxabcabc", 8, 0, 2);
	assert_found("abc", 3, 3, "xxabcabc", 8, 0, TMI_MATCHER_NONE);
	assert_found("abc", 3, 3, "xxabcabc", 8, 1, 2);
	assert_found("abc", 3, 1, "ab", 2, 0, TMI_MATCHER_NONE);
	assert_found("abc", 3, 1, "", 0, 0, TMI_MATCHER_NONE);
	assert_found("abc", 3, 1, "xxxab", 5, 0, TMI_MATCHER_NONE);
	assert_found("a", 1, 1, "xxxa", 4, 0, 3);
	assert_found("aa", 2, 2, "xaaa", 4, 0, 2);
	assert_found("\0\0\0\0", 4, 4, "\1\0\0\0\0\0\0\0", 8, 0, 4);
}

static void test_simple(void **unused)
{
	(void)unused;
	each_vectors(simple);
}

static void compare_all(const struct tmi_pattern *pattern, const uint8_t *data, size_t size,
			struct tmi_grid grid)
{
	size_t at = 0;

	/* Every match, one after the other, as a search goes on after a hit. */
	while (at <= size) {
		struct tmi_grid here = { grid.granularity, (grid.phase + at) % grid.granularity };
		size_t fast = find(pattern, data + at, size - at, here);
		size_t plain = find_plain(pattern, data + at, size - at, here);

		assert_int_equal(fast, plain);
		if (fast == TMI_MATCHER_NONE)
			break;
		at += fast + 1;
	}
}

/* At the end of memory, at its beginning, or somewhere. */
static uint8_t *place(uint8_t *memory, size_t size)
{
	switch (below(3)) {
	case 0: return memory;
	case 1: return memory + GUARDED_ROOM - size;
	default: return memory + below(GUARDED_ROOM - size);
	}
}

static void random_round(uint8_t *memory, unsigned round)
{
	static const unsigned alphabets[] = { 1, 2, 3, 256 };
	unsigned alphabet = alphabets[round % 4];
	size_t size = below(600);
	uint8_t *data = place(memory, size);
	struct tmi_grid grid = { 1 + below(16), 0 };
	size_t pattern_size = grid.granularity * (1 + below(4));
	uint8_t bytes[64], mask[64];
	struct tmi_pattern pattern;
	bool masked = round % 3 == 0;

	fill_random(data, size, alphabet);
	fill_random(bytes, pattern_size, alphabet);
	for (size_t i = 0; i < pattern_size; i++)
		mask[i] = random() % 2 ? 0xff : (uint8_t)random();
	if (size >= pattern_size && random() % 2)
		memcpy(data + below(size - pattern_size + 1), bytes, pattern_size);
	assert_int_equal(tmi_pattern_init(&pattern, bytes, masked ? mask : NULL, pattern_size),
			 TMEM_S_OK);
	grid.phase = below(grid.granularity);
	compare_all(&pattern, data, size, grid);
	tmi_pattern_fini(&pattern);
}

static void random_rounds(void)
{
	uint8_t *memory = guarded_new();

	srandom(1);
	for (unsigned round = 0; round < 3000; round++)
		random_round(memory, round);
	guarded_free(memory);
}

static void test_random(void **unused)
{
	(void)unused;
	each_vectors(random_rounds);
}

/* One match at every place of buffers whose sizes are around those of vectors. */
static void every_place(void)
{
	static const char bytes[] = "ab_cd";
	uint8_t *memory = guarded_new();
	struct tmi_pattern pattern;

	assert_int_equal(tmi_pattern_init(&pattern, bytes, NULL, 5), TMEM_S_OK);
	for (size_t size = 5; size <= 300; size += size < 140 ? 1 : 13) {
		uint8_t *data = memory + (size % 2 ? 0 : GUARDED_ROOM - size);

		for (size_t at = 0; at + 5 <= size; at++) {
			/* The first and the last two bytes are everywhere, together nowhere. */
			for (size_t i = 0; i < size; i++)
				data[i] = (uint8_t)bytes[(size + i - at) % 4 + 1];
			memcpy(data + at, bytes, 5);
			compare_all(&pattern, data, size, (struct tmi_grid){ 1, 0 });
		}
	}
	tmi_pattern_fini(&pattern);
	guarded_free(memory);
}

static void test_every_place(void **unused)
{
	(void)unused;
	each_vectors(every_place);
}

/* Long periodic patterns in periodic data, where comparing at every position would take hours. */
static void test_periodic(void **unused)
{
	const size_t size = 1 << 20, pattern_size = 1 << 18;
	uint8_t *data = calloc(1, size);
	uint8_t *bytes = calloc(1, pattern_size);
	const struct tmi_grid every = { 1, 0 }, even = { 2, 0 }, odd = { 2, 1 };
	struct tmi_pattern pattern;

	(void)unused;
	assert_true(data && bytes);
	/* Zeros with a one where no anchor looks: "00...00" | one | "00...00". */
	bytes[pattern_size / 2] = 1;
	for (size_t i = 0; i < size; i += pattern_size / 2)
		data[i] = 1;
	assert_int_equal(tmi_pattern_init(&pattern, bytes, NULL, pattern_size), TMEM_S_OK);
	assert_int_equal(find(&pattern, data, size, every), TMI_MATCHER_NONE);
	data[size / 2 - pattern_size / 2] = 0;
	data[size / 2 + pattern_size / 2] = 0;
	assert_int_equal(find(&pattern, data, size, every), size / 2 - pattern_size / 2);
	tmi_pattern_fini(&pattern);

	/* All "ab", with the difference at the very end. */
	for (size_t i = 0; i < size; i++)
		data[i] = i % 2 ? 'b' : 'a';
	for (size_t i = 0; i < pattern_size; i++)
		bytes[i] = i % 2 ? 'b' : 'a';
	bytes[pattern_size - 2] = 'b';
	assert_int_equal(tmi_pattern_init(&pattern, bytes, NULL, pattern_size), TMEM_S_OK);
	assert_int_equal(find(&pattern, data, size, even), TMI_MATCHER_NONE);
	memcpy(data + size - pattern_size, bytes, pattern_size);
	assert_int_equal(find(&pattern, data, size, even), size - pattern_size);
	assert_int_equal(find(&pattern, data, size, odd), TMI_MATCHER_NONE);
	tmi_pattern_fini(&pattern);
	free(data);
	free(bytes);
}

/* The linear way against the plain one: small alphabets, patterns just long enough for it. */
static void test_random_long(void **unused)
{
	static uint8_t data[6000];
	uint8_t bytes[256];

	(void)unused;
	srandom(2);
	for (unsigned round = 0; round < 300; round++) {
		size_t period = 1 + (size_t)random() % 8;
		size_t granularity = 1 + (size_t)random() % 5;
		size_t pattern_size = 130 / granularity * granularity + granularity;
		struct tmi_pattern pattern;

		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = (uint8_t)(i % period);
		for (size_t i = 0; i < pattern_size; i++)
			bytes[i] = (uint8_t)(i % period);
		for (unsigned i = 0; i < 8; i++)
			data[(size_t)random() % sizeof(data)] = 7;
		assert_int_equal(tmi_pattern_init(&pattern, bytes, NULL, pattern_size), TMEM_S_OK);
		compare_all(&pattern, data, sizeof(data), (struct tmi_grid){ granularity, 0 });
		tmi_pattern_fini(&pattern);
	}
}

/* Only rare bytes that count in full make anchors, when there are such. */
static void test_anchors(void **unused)
{
	static const uint8_t bytes[] = { 0, 0xff, 0x9d, 'e', 0xa5, 0 };
	static const uint8_t mask[] = { 0xff, 0xff, 0x0f, 0xff, 0xff, 0 };
	struct tmi_pattern pattern;

	(void)unused;
	assert_int_equal(tmi_pattern_init(&pattern, bytes, mask, 6), TMEM_S_OK);
	assert_int_equal(pattern.anchors[0].at, 4);
	assert_int_equal(pattern.anchors[1].at, 3);
	assert_false(pattern.is_zero);
	tmi_pattern_fini(&pattern);
	assert_int_equal(tmi_pattern_init(&pattern, "\0\x10", "\xff\x0f", 2), TMEM_S_OK);
	assert_true(pattern.is_zero);
	tmi_pattern_fini(&pattern);
}

/* What is switched off is not used, nor what builds upon it. */
static void test_switches(void **unused)
{
	static const char *const names[] = { "sse2", "ssse3", "avx2", "avx512", "neon" };

	(void)unused;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		setenv("TMEM_DISABLE", names[i], 1);
		if (tmi_vectors() != TMI_VECTORS_NEON)
			assert_true(tmi_vectors() <= (enum tmi_vectors)i ||
				    !strcmp(names[i], "neon"));
		else
			assert_string_not_equal(names[i], "neon");
	}
	setenv("TMEM_DISABLE", "sse2,neon", 1);
	assert_int_equal(tmi_vectors(), TMI_VECTORS_PLAIN);
	unsetenv("TMEM_DISABLE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_simple),      cmocka_unit_test(test_random),
		cmocka_unit_test(test_every_place), cmocka_unit_test(test_periodic),
		cmocka_unit_test(test_random_long), cmocka_unit_test(test_anchors),
		cmocka_unit_test(test_switches),
	};

	return cmocka_run_group_tests_name("matcher", tests, NULL, NULL);
}
