/* SPDX-License-Identifier: Apache-2.0 */
/* test_matcher.c - the fast matcher against the plain one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "access/matcher.h"

/* Each way of scanning, by what is switched off. */
static const char *const disabled[] = { "", "avx2", "avx2,sse2", "neon" };

static void assert_found(const char *pattern, size_t pattern_size, size_t granularity,
			 const char *data, size_t size, size_t phase, size_t expected)
{
	for (size_t i = 0; i < sizeof(disabled) / sizeof(disabled[0]); i++) {
		struct tmi_matcher matcher;

		setenv("TMEM_DISABLE", disabled[i], 1);
		assert_int_equal(
			tmi_matcher_init(&matcher, pattern, NULL, pattern_size, granularity),
			TMEM_S_OK);
		assert_int_equal(tmi_matcher_find(&matcher, (const uint8_t *)data, size, phase),
				 expected);
		assert_int_equal(
			tmi_matcher_find_plain(&matcher, (const uint8_t *)data, size, phase),
			expected);
		tmi_matcher_fini(&matcher);
	}
	unsetenv("TMEM_DISABLE");
}

static void test_simple(void **unused)
{
	(void)unused;
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

/* A buffer that ends exactly where memory ends: reading beyond it kills the test. */
static uint8_t *edge_buffer(size_t size, uint8_t **mapping)
{
	*mapping = mmap(NULL, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(*mapping != MAP_FAILED);
	assert_int_equal(mprotect(*mapping + 8192, 4096, PROT_NONE), 0);
	assert_true(size <= 8192);
	return *mapping + 8192 - size;
}

static void fill_random(uint8_t *bytes, size_t size, unsigned alphabet)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)((unsigned)random() % alphabet);
}

static void compare_all(const struct tmi_matcher *matcher, const uint8_t *data, size_t size,
			size_t phase)
{
	size_t at = 0;

	/* Every match, one after the other, as a search goes on after a hit. */
	while (at <= size) {
		size_t next = (phase + at) % matcher->granularity;
		size_t fast = tmi_matcher_find(matcher, data + at, size - at, next);
		size_t plain = tmi_matcher_find_plain(matcher, data + at, size - at, next);

		assert_int_equal(fast, plain);
		if (fast == TMI_MATCHER_NONE)
			break;
		at += fast + 1;
	}
}

static void random_round(uint8_t *mapping_end, unsigned round)
{
	static const unsigned alphabets[] = { 1, 2, 3, 256 };
	unsigned alphabet = alphabets[round % 4];
	size_t size = (size_t)random() % 600;
	uint8_t *data = mapping_end - size;
	size_t granularity = 1 + (size_t)random() % 16;
	size_t pattern_size = granularity * (1 + (size_t)random() % 4);
	uint8_t pattern[64], mask[64];
	struct tmi_matcher matcher;
	bool masked = round % 3 == 0;

	fill_random(data, size, alphabet);
	fill_random(pattern, pattern_size, alphabet);
	for (size_t i = 0; i < pattern_size; i++)
		mask[i] = random() % 2 ? 0xff : (uint8_t)random();
	if (size >= pattern_size && random() % 2)
		memcpy(data + (size_t)random() % (size - pattern_size + 1), pattern, pattern_size);
	assert_int_equal(tmi_matcher_init(&matcher, pattern, masked ? mask : NULL, pattern_size,
					  granularity),
			 TMEM_S_OK);
	compare_all(&matcher, data, size, (size_t)random() % granularity);
	tmi_matcher_fini(&matcher);
}

static void test_random(void **unused)
{
	uint8_t *mapping;
	uint8_t *end = edge_buffer(0, &mapping);

	(void)unused;
	srandom(1);
	for (size_t i = 0; i < sizeof(disabled) / sizeof(disabled[0]); i++) {
		setenv("TMEM_DISABLE", disabled[i], 1);
		for (unsigned round = 0; round < 3000; round++)
			random_round(end, round);
	}
	unsetenv("TMEM_DISABLE");
	munmap(mapping, 12288);
}

/* Long periodic patterns in periodic data, where comparing at every position would take hours. */
static void test_periodic(void **unused)
{
	const size_t size = 1 << 20, pattern_size = 1 << 18;
	uint8_t *data = calloc(1, size);
	uint8_t *pattern = calloc(1, pattern_size);
	struct tmi_matcher matcher;

	(void)unused;
	assert_true(data && pattern);
	/* Zeros with a one where no anchor looks: "00...00" | one | "00...00". */
	pattern[pattern_size / 2] = 1;
	for (size_t i = 0; i < size; i += pattern_size / 2)
		data[i] = 1;
	assert_int_equal(tmi_matcher_init(&matcher, pattern, NULL, pattern_size, 1), TMEM_S_OK);
	assert_int_equal(tmi_matcher_find(&matcher, data, size, 0), TMI_MATCHER_NONE);
	data[size / 2 - pattern_size / 2] = 0;
	data[size / 2 + pattern_size / 2] = 0;
	assert_int_equal(tmi_matcher_find(&matcher, data, size, 0), size / 2 - pattern_size / 2);
	tmi_matcher_fini(&matcher);

	/* All "ab", with the difference at the very end. */
	for (size_t i = 0; i < size; i++)
		data[i] = i % 2 ? 'b' : 'a';
	for (size_t i = 0; i < pattern_size; i++)
		pattern[i] = i % 2 ? 'b' : 'a';
	pattern[pattern_size - 2] = 'b';
	assert_int_equal(tmi_matcher_init(&matcher, pattern, NULL, pattern_size, 2), TMEM_S_OK);
	assert_int_equal(tmi_matcher_find(&matcher, data, size, 0), TMI_MATCHER_NONE);
	memcpy(data + size - pattern_size, pattern, pattern_size);
	assert_int_equal(tmi_matcher_find(&matcher, data, size, 0), size - pattern_size);
	assert_int_equal(tmi_matcher_find(&matcher, data, size, 1), TMI_MATCHER_NONE);
	tmi_matcher_fini(&matcher);
	free(data);
	free(pattern);
}

/* The linear way against the plain one: small alphabets, patterns just long enough for it. */
static void test_random_long(void **unused)
{
	static uint8_t data[6000];
	uint8_t pattern[256];

	(void)unused;
	srandom(2);
	for (unsigned round = 0; round < 300; round++) {
		size_t period = 1 + (size_t)random() % 8;
		size_t granularity = 1 + (size_t)random() % 5;
		size_t pattern_size = 130 / granularity * granularity + granularity;
		struct tmi_matcher matcher;

		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = (uint8_t)(i % period);
		for (size_t i = 0; i < pattern_size; i++)
			pattern[i] = (uint8_t)(i % period);
		for (unsigned i = 0; i < 8; i++)
			data[(size_t)random() % sizeof(data)] = 7;
		assert_int_equal(
			tmi_matcher_init(&matcher, pattern, NULL, pattern_size, granularity),
			TMEM_S_OK);
		compare_all(&matcher, data, sizeof(data), 0);
		tmi_matcher_fini(&matcher);
	}
}

/* Only rare bytes that count in full make anchors, when there are such. */
static void test_anchors(void **unused)
{
	static const uint8_t pattern[] = { 0, 0xff, 0x9d, 'e', 0xa5, 0 };
	static const uint8_t mask[] = { 0xff, 0xff, 0x0f, 0xff, 0xff, 0 };
	struct tmi_matcher matcher;

	(void)unused;
	assert_int_equal(tmi_matcher_init(&matcher, pattern, mask, 6, 1), TMEM_S_OK);
	assert_int_equal(matcher.anchors[0].at, 4);
	assert_int_equal(matcher.anchors[1].at, 3);
	assert_false(matcher.matches_zeros);
	tmi_matcher_fini(&matcher);
	assert_int_equal(tmi_matcher_init(&matcher, "\0\x10", "\xff\x0f", 2, 1), TMEM_S_OK);
	assert_true(matcher.matches_zeros);
	tmi_matcher_fini(&matcher);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_simple),   cmocka_unit_test(test_random),
		cmocka_unit_test(test_periodic), cmocka_unit_test(test_random_long),
		cmocka_unit_test(test_anchors),
	};

	return cmocka_run_group_tests_name("matcher", tests, NULL, NULL);
}
