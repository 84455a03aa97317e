/* SPDX-License-Identifier: Apache-2.0 */
/* test_matcher_set.c - finding several patterns at once: the fast ways against the plain one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access/matcher.h"
#include "unit/matcher_vectors.h"

#define MOST_PATTERNS 400
#define MOST_BYTES    48

/* So little effort that nearly every call stops on the way. */
#define LITTLE 10

struct request {
	struct tmem_search_pattern patterns[MOST_PATTERNS];
	uint8_t bytes[MOST_PATTERNS][MOST_BYTES];
	uint8_t masks[MOST_PATTERNS][MOST_BYTES];
	size_t count;
	size_t granularity;
};

static bool stands(const struct tmem_search_pattern *pattern, const uint8_t *data, size_t size)
{
	const uint8_t *bytes = pattern->bytes, *mask = pattern->mask;

	if (pattern->size > size)
		return false;
	for (size_t i = 0; i < pattern->size; i++)
		if ((data[i] ^ bytes[i]) & (mask ? mask[i] : 0xff))
			return false;
	return true;
}

/* The lowest pattern of at least @from at a place, or count. */
static size_t which_plain(const struct request *request, const uint8_t *data, size_t size,
			  size_t from)
{
	while (from < request->count && !stands(&request->patterns[from], data, size))
		from++;
	return from;
}

/* The first place of [0, end) where anything stands; else end. */
static size_t find_plain(const struct request *request, const uint8_t *data, size_t size,
			 size_t end, size_t phase)
{
	for (size_t i = 0; i < end; i++)
		if ((i + phase) % request->granularity == 0 &&
		    which_plain(request, data + i, size - i, 0) < request->count)
			return i;
	return end;
}

/* Every match and every pattern at it, up to where only shorter ones have room or to the end. */
static void compare_all(const struct request *request, const struct tmi_matcher *matcher,
			const uint8_t *data, size_t size, size_t phase, bool last)
{
	size_t least = last ? matcher->shortest : matcher->size;
	size_t end = size < least ? 0 : size - least + 1;
	size_t at = 0;

	for (;;) {
		size_t here = (phase + at) % request->granularity;
		size_t found = last ? tmi_matcher_find_last(matcher, data + at, size - at, here)
				    : tmi_matcher_find(matcher, data + at, size - at, here);
		size_t plain = find_plain(request, data + at, size - at, end - at, here);
		size_t from = 0;

		if (matcher->effort == LITTLE && found < plain) {
			/* It stopped on the way. */
			assert_in_range(found, 1, end - at - 1);
			assert_int_equal((here + found) % request->granularity, 0);
			at += found;
			continue;
		}
		if (plain == end - at) {
			assert_int_equal(found, TMI_MATCHER_NONE);
			return;
		}
		assert_int_equal(found, plain);
		at += found;
		while (from <= request->count) {
			size_t expected = which_plain(request, data + at, size - at, from);
			struct tmi_found what;
			bool any = tmi_matcher_look(matcher, data + at, size - at, from, &what);

			assert_int_equal(any, expected < request->count);
			if (any)
				assert_int_equal(what.pattern, expected);
			from = expected + 1;
		}
		if (++at > end)
			return;
	}
}

static void make_patterns(struct request *request, const uint8_t *data, size_t size,
			  unsigned alphabet, size_t most)
{
	for (size_t j = 0; j < request->count; j++) {
		struct tmem_search_pattern *pattern = &request->patterns[j];

		*pattern = (struct tmem_search_pattern){ .bytes = request->bytes[j],
							 .size = 1 + below(most) };
		fill_random(request->bytes[j], pattern->size, alphabet);
		if (size > MOST_BYTES && random() % 2)
			memcpy(request->bytes[j], data + below(size - MOST_BYTES), pattern->size);
		if (random() % 3 == 0) {
			pattern->mask = request->masks[j];
			for (size_t i = 0; i < pattern->size; i++)
				request->masks[j][i] = random() % 2 ? 0xff : (uint8_t)random();
		}
	}
}

static void random_round(uint8_t *memory, unsigned round)
{
	static const unsigned alphabets[] = { 1, 2, 5, 256, 256 };
	static struct request request;
	unsigned alphabet = alphabets[round % 5];
	size_t size = below(500);
	uint8_t *data = round % 2 ? memory : memory + GUARDED_ROOM - size;
	struct tmi_matcher matcher;
	size_t phase;

	request.count = 2 + below(random() % 50 ? 15 : MOST_PATTERNS - 2);
	request.granularity = random() % 2 ? 1 : 1 + below(20);
	fill_random(data, size, alphabet);
	make_patterns(&request, data, size, alphabet, random() % 2 ? MOST_BYTES : 4);
	assert_int_equal(tmi_matcher_init_patterns(&matcher, request.patterns, request.count,
						   request.granularity, NULL),
			 TMEM_S_OK);
	if (below(4) == 0)
		matcher.effort = LITTLE;
	phase = below(request.granularity);
	compare_all(&request, &matcher, data, size, phase, false);
	compare_all(&request, &matcher, data, size, phase, true);
	tmi_matcher_fini(&matcher);
}

static void random_rounds(void)
{
	uint8_t *memory = guarded_new();

	srandom(3);
	for (unsigned round = 0; round < 1500; round++)
		random_round(memory, round);
	guarded_free(memory);
}

static void test_random(void **unused)
{
	(void)unused;
	each_vectors(random_rounds);
}

/* One of 16 patterns at every place of buffers whose sizes are around those of vectors. */
static void every_place(void)
{
	uint8_t *memory = guarded_new();
	struct request request = { .count = 16, .granularity = 1 };
	struct tmi_matcher matcher;

	for (size_t j = 0; j < 16; j++) {
		request.patterns[j] = (struct tmem_search_pattern){ request.bytes[j], NULL, 3 + j };
		memset(request.bytes[j], (int)(0x11 * j), 3 + j);
		request.bytes[j][0] = 0xf7;
	}
	assert_int_equal(tmi_matcher_init_patterns(&matcher, request.patterns, 16, 1, NULL),
			 TMEM_S_OK);
	for (size_t size = 3; size <= 300; size += size < 140 ? 1 : 13) {
		uint8_t *data = memory + (size % 2 ? 0 : GUARDED_ROOM - size);

		for (size_t at = 0; at + 3 <= size; at++) {
			const struct tmem_search_pattern *pattern = &request.patterns[at % 16];

			memset(data, 0x55, size);
			if (pattern->size > size - at)
				pattern = &request.patterns[0];
			memcpy(data + at, pattern->bytes, pattern->size);
			compare_all(&request, &matcher, data, size, 0, true);
		}
	}
	tmi_matcher_fini(&matcher);
	guarded_free(memory);
}

static void test_every_place(void **unused)
{
	(void)unused;
	each_vectors(every_place);
}

/* Memory of zeros that is not there to look at. */
static void test_zeros(void **unused)
{
	static const struct tmem_search_pattern patterns[] = {
		{ "ab", NULL, 2 }, { "\0\0\0\0", NULL, 4 }, { "x", "\x87", 1 }, { "x", "\x07", 1 }
	};
	struct tmi_matcher matcher;
	struct tmi_found found;

	(void)unused;
	assert_int_equal(tmi_matcher_init_patterns(&matcher, patterns, 4, 1, NULL), TMEM_S_OK);
	assert_true(matcher.matches_zeros);
	assert_int_equal(matcher.size, 4);
	assert_int_equal(matcher.shortest, 1);
	assert_true(tmi_matcher_look(&matcher, NULL, 100, 0, &found));
	assert_int_equal(found.pattern, 1);
	assert_true(tmi_matcher_look(&matcher, NULL, 100, 2, &found));
	assert_int_equal(found.pattern, 2);
	assert_true(tmi_matcher_look(&matcher, NULL, 3, 0, &found));
	assert_int_equal(found.pattern, 2);
	tmi_matcher_fini(&matcher);
	assert_int_equal(tmi_matcher_init_patterns(&matcher, patterns, 1, 1, NULL), TMEM_S_OK);
	assert_false(matcher.matches_zeros);
	tmi_matcher_fini(&matcher);
}

/* Long periodic patterns in periodic memory, where comparing at every place would take hours. */
static void test_periodic(void **unused)
{
	const size_t size = 1 << 20, length = 1 << 18;
	uint8_t *data = calloc(1, size), *one = calloc(1, length), *two = calloc(1, length);
	const struct tmem_search_pattern patterns[] = { { one, NULL, length },
							{ two, NULL, length / 2 },
							{ "\0\0\0\2", NULL, 4 } };
	struct tmi_matcher matcher;

	(void)unused;
	assert_true(data && one && two);
	one[length / 2] = 1;
	two[length / 3] = 1;
	for (size_t i = 0; i < size; i += length / 4)
		data[i] = 1;
	assert_int_equal(tmi_matcher_init_patterns(&matcher, patterns, 3, 1, NULL), TMEM_S_OK);
	assert_int_equal(tmi_matcher_find(&matcher, data, size, 0), TMI_MATCHER_NONE);
	memset(data + size / 2, 0, length + length / 4);
	data[size / 2 + length / 2] = 1;
	/* The second one begins later, though it is the first to end. */
	assert_int_equal(tmi_matcher_find(&matcher, data, size, 0), size / 2);
	assert_int_equal(tmi_matcher_find(&matcher, data + size / 2 + 1, size / 2 - 1, 0),
			 length / 2 - length / 3 - 1);
	assert_int_equal(tmi_matcher_find_last(&matcher, data + size / 2 + 1, length, 0),
			 length / 2 - length / 3 - 1);
	data[size / 2 - 1] = 2;
	assert_int_equal(tmi_matcher_find(&matcher, data, size, 0), size / 2 - 4);
	tmi_matcher_fini(&matcher);
	free(data);
	free(one);
	free(two);
}

/* The linear way against the plain one: periods, and patterns just long enough for it. */
static void test_random_long(void **unused)
{
	static uint8_t data[6000], bytes[3][300];
	static struct request request;

	(void)unused;
	srandom(4);
	for (unsigned round = 0; round < 60; round++) {
		size_t period = 1 + below(8);
		struct tmi_matcher matcher;

		request.count = 3;
		request.granularity = 1 + below(4);
		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = (uint8_t)(i % period);
		for (size_t j = 0; j < 3; j++) {
			request.patterns[j] =
				(struct tmem_search_pattern){ bytes[j], NULL, 128 + below(170) };
			for (size_t i = 0; i < sizeof(bytes[j]); i++)
				bytes[j][i] = (uint8_t)((i + j) % period);
			if (j)
				bytes[j][below(request.patterns[j].size)] = 7;
		}
		for (unsigned i = 0; i < 12; i++)
			data[below(sizeof(data))] = 7;
		assert_int_equal(tmi_matcher_init_patterns(&matcher, request.patterns, 3,
							   request.granularity, NULL),
				 TMEM_S_OK);
		compare_all(&request, &matcher, data, sizeof(data), 0, true);
		tmi_matcher_fini(&matcher);
	}
}

/* The filter looks where the patterns differ from common bytes, and inside the shortest one. */
static void test_filter(void **unused)
{
	static const struct tmem_search_pattern patterns[] = {
		{ "\0\0\xa5\0\x9d\0\xb9", NULL, 7 },
		{ "\0\0\xba\0\x92\0\xb2\xff\xff", NULL, 9 },
	};
	struct tmi_matcher matcher;
	unsigned seen = 0;

	(void)unused;
	assert_int_equal(tmi_matcher_init_patterns(&matcher, patterns, 2, 1, NULL), TMEM_S_OK);
	for (size_t i = 0; i < TMI_FILTER_BYTES; i++)
		seen |= 1u << matcher.set.filter.at[i];
	assert_int_equal(seen, 1u << 2 | 1u << 4 | 1u << 6);
	tmi_matcher_fini(&matcher);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),      cmocka_unit_test(test_every_place),
		cmocka_unit_test(test_zeros),       cmocka_unit_test(test_periodic),
		cmocka_unit_test(test_random_long), cmocka_unit_test(test_filter),
	};

	return cmocka_run_group_tests_name("matcher_set", tests, NULL, NULL);
}
