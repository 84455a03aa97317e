/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_matcher_index.c - looking many patterns up whatever their masks are, against the plain way;
 * and how much that takes at worst.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access/matcher.h"
#include "unit/matcher_vectors.h"

#define MOST_BYTES 80

struct many {
	struct tmem_search_pattern *given;
	struct tmi_pattern *patterns;
	uint8_t (*bytes)[MOST_BYTES];
	uint8_t (*masks)[MOST_BYTES];
	size_t count;
};

static void many_init(struct many *many, size_t count)
{
	many->count = count;
	many->given = calloc(count, sizeof(*many->given));
	many->patterns = calloc(count, sizeof(*many->patterns));
	many->bytes = calloc(count, sizeof(*many->bytes));
	many->masks = calloc(count, sizeof(*many->masks));
	assert_true(many->given && many->patterns && many->bytes && many->masks);
}

static void many_fini(struct many *many)
{
	for (size_t j = 0; j < many->count; j++)
		tmi_pattern_fini(&many->patterns[j]);
	free(many->given);
	free(many->patterns);
	free(many->bytes);
	free(many->masks);
}

/* Random ones, of which some are taken from @data and some are alike. */
static void fill_patterns(struct many *many, enum mask_kind kind, size_t least, size_t most,
			  unsigned alphabet, const uint8_t *data, size_t size)
{
	for (size_t j = 0; j < many->count; j++) {
		size_t length = least + below(most - least + 1);
		enum mask_kind mine = kind < MASK_KINDS ? kind : (enum mask_kind)below(MASK_KINDS);

		fill_random(many->bytes[j], length, alphabet);
		if (size >= length && below(8) == 0)
			memcpy(many->bytes[j], data + below(size - length + 1), length);
		fill_mask(many->masks[j], length, mine);
		if (j && below(20) == 0) {
			size_t other = below(j);

			length = many->given[other].size;
			memcpy(many->bytes[j], many->bytes[other], length);
			memcpy(many->masks[j], many->masks[other], length);
		}
		many->given[j] =
			(struct tmem_search_pattern){ many->bytes[j], many->masks[j], length };
		assert_int_equal(tmi_pattern_init(&many->patterns[j], many->bytes[j],
						  below(30) ? many->masks[j] : NULL, length),
				 TMEM_S_OK);
		if (!many->patterns[j].mask)
			many->given[j].mask = NULL;
	}
}

static bool stands_plain(const struct tmi_pattern *pattern, const uint8_t *data, size_t size)
{
	size_t k = 0;

	if (pattern->size > size)
		return false;
	while (k < pattern->size && (data[k] & tmi_pattern_mask(pattern, k)) == pattern->bytes[k])
		k++;
	return k == pattern->size;
}

/* The lowest pattern of at least @from, or count. @wanted NULL: all of them. */
static size_t which_plain(const struct many *many, const bool *wanted, const uint8_t *data,
			  size_t size, size_t from)
{
	while (from < many->count &&
	       ((wanted && !wanted[from]) || !stands_plain(&many->patterns[from], data, size)))
		from++;
	return from;
}

static size_t find_plain(const struct many *many, const bool *wanted, const uint8_t *data,
			 size_t size, size_t from, size_t end, struct tmi_grid grid)
{
	for (; from < end; from++)
		if ((from + grid.phase) % grid.granularity == 0 &&
		    which_plain(many, wanted, data + from, size - from, 0) < many->count)
			break;
	return from;
}

static void compare_which(const struct many *many, const struct tmi_pattern_index *index,
			  const uint8_t *data, size_t size)
{
	for (size_t from = 0; from <= many->count;) {
		size_t plain = which_plain(many, NULL, data, size, from);
		size_t found = tmi_pattern_index_which(index, data, size, from);

		assert_int_equal(found, plain < many->count ? plain : TMI_MATCHER_NONE);
		from = plain + 1;
	}
}

/* Every place, with costs that do not matter or such that it has to be asked again and again. */
static void compare_all(const struct many *many, const struct tmi_pattern_index *index,
			const uint8_t *data, size_t size, struct tmi_grid grid, size_t most)
{
	bool *wanted = malloc(many->count * sizeof(*wanted));
	size_t from = 0, end = below(size + 1);

	assert_non_null(wanted);
	memset(wanted, true, many->count * sizeof(*wanted));
	for (size_t i = 0; i < index->rest_count; i++)
		wanted[index->rest[i]] = false;
	while (from < end) {
		size_t costs = 0;
		size_t found =
			tmi_pattern_index_find(index, data, size, from, end, grid, most, &costs);
		size_t plain = find_plain(many, wanted, data, size, from, end, grid);

		if (found != plain) {
			/* It stopped before. */
			assert_true(costs > most);
			assert_in_range(found, from, plain - 1);
			from = found;
			most = 2 * most + 100;
			continue;
		}
		if (found < end)
			compare_which(many, index, data + found, size - found);
		from = found + 1;
	}
	free(wanted);
}

static void random_round(uint8_t *memory, unsigned round)
{
	static const unsigned alphabets[] = { 1, 2, 3, 256, 256, 256 };
	static const size_t longest[] = { 1, 3, 9, 20, MOST_BYTES };
	static const size_t costs[] = { SIZE_MAX / 2, 0, 500, 10000 };
	unsigned alphabet = alphabets[round % 6];
	size_t size = 1 + below(400);
	uint8_t *data = below(2) ? memory : memory + GUARDED_ROOM - size;
	size_t granularity = below(2) ? 1 : 1 + below(20);
	struct tmi_grid grid = { granularity, below(granularity) };
	struct tmi_pattern_index index;
	struct many many;

	fill_random(data, size, alphabet);
	many_init(&many, TMI_INDEX_LEAST + below(round % 20 ? 40 : 500));
	fill_patterns(&many, (enum mask_kind)below(MASK_KINDS + 1), 1, longest[below(5)], alphabet,
		      data, size);
	assert_int_equal(tmi_pattern_index_init(&index, many.patterns, many.count, NULL),
			 TMEM_S_OK);
	compare_all(&many, &index, data, size, grid, costs[below(4)]);
	tmi_pattern_index_fini(&index);
	many_fini(&many);
}

/* There are no threads here: ThreadSanitizer, which takes fifty times as long, gets a part of it.
 */
#ifdef __SANITIZE_THREAD__
#define ROUNDS    60
#define VERY_MANY 2000
#else
#define ROUNDS    600
#define VERY_MANY 20000
#endif

static void test_random(void **unused)
{
	uint8_t *memory = guarded_new();

	(void)unused;
	srandom(8);
	for (unsigned round = 0; round < ROUNDS; round++)
		random_round(memory, round);
	guarded_free(memory);
}

/* --- through the matcher, with the filter, the index and the rest --- */

/* Every place that the matcher stops at; those between have nothing. */
static void compare_matcher(const struct many *many, const uint8_t *data, size_t size)
{
	struct tmi_matcher matcher;
	size_t at = 0, stops = 0;

	assert_int_equal(tmi_matcher_init_patterns(&matcher, many->given, many->count, 1, NULL),
			 TMEM_S_OK);
	while (at < size) {
		size_t found = tmi_matcher_find_last(&matcher, data + at, size - at, 0);
		size_t end = found == TMI_MATCHER_NONE ? size - at : found;
		struct tmi_found what;
		size_t plain;

		assert_int_equal(find_plain(many, NULL, data + at, size - at, 0, end,
					    (struct tmi_grid){ 1, 0 }),
				 end);
		if (found == TMI_MATCHER_NONE)
			break;
		at += found;
		plain = which_plain(many, NULL, data + at, size - at, 0);
		assert_int_equal(tmi_matcher_look(&matcher, data + at, size - at, 0, &what),
				 plain < many->count);
		if (plain < many->count)
			assert_int_equal(what.pattern, plain);
		at++;
		stops++;
	}
	assert_in_range(stops, 0, size);
	tmi_matcher_fini(&matcher);
}

static void each_kind(void)
{
	static uint8_t data[4096];

	srandom(9);
	for (unsigned kind = 0; kind <= MASK_KINDS; kind++)
		for (unsigned alphabet = 2; alphabet <= 256; alphabet += 254) {
			struct many many;

			fill_random(data, sizeof(data), alphabet);
			if (alphabet == 2)
				memset(data + 1000, 0, 2000);
			many_init(&many, 300);
			fill_patterns(&many, (enum mask_kind)kind, 12, 40, alphabet, data,
				      sizeof(data));
			compare_matcher(&many, data, sizeof(data));
			many_fini(&many);
		}
}

static void test_matcher(void **unused)
{
	(void)unused;
	each_vectors(each_kind);
}

/* Very many, with masks of each kind. */
static void test_very_many(void **unused)
{
	static uint8_t data[1200];

	(void)unused;
	srandom(10);
	for (unsigned kind = 0; kind <= MASK_KINDS; kind++) {
		struct many many;

		fill_random(data, sizeof(data), 256);
		many_init(&many, VERY_MANY);
		fill_patterns(&many, (enum mask_kind)kind, 16, 40, 256, NULL, 0);
		compare_matcher(&many, data, sizeof(data));
		many_fini(&many);
	}
}

/* --- how much it takes --- */

/* What one byte of random data costs with 20,000 patterns. */
static size_t costs_of_byte(enum mask_kind kind, size_t *rest)
{
	static uint8_t data[1 << 16];
	struct tmi_pattern_index index;
	size_t costs = 0, at = 0;
	struct many many;

	fill_random(data, sizeof(data), 256);
	many_init(&many, VERY_MANY);
	fill_patterns(&many, kind, 16, 16, 256, NULL, 0);
	assert_int_equal(tmi_pattern_index_init(&index, many.patterns, many.count, NULL),
			 TMEM_S_OK);
	while (at < sizeof(data))
		at = 1 + tmi_pattern_index_find(&index, data, sizeof(data), at, sizeof(data),
						(struct tmi_grid){ 1, 0 }, SIZE_MAX / 2, &costs);
	*rest = index.rest_count;
	tmi_pattern_index_fini(&index);
	many_fini(&many);
	return costs / sizeof(data);
}

/* Comparing each pattern at each place would be 160,000. */
static void test_costs(void **unused)
{
	size_t rest;

	(void)unused;
	srandom(11);
	assert_in_range(costs_of_byte(MASK_NOTHING, &rest), 1, 20);
	assert_int_equal(rest, 0);
	assert_in_range(costs_of_byte(MASK_NIBBLES, &rest), 1, 100);
	assert_in_range(rest, 0, 200);
	assert_in_range(costs_of_byte(MASK_BITS, &rest), 1, 200);
	assert_in_range(rest, 0, 200);
}

static tmi_block_compare *real_compare;
static size_t compared; /* bytes of patterns, each at a block of positions */

static bool count_and_compare(const uint8_t *data, const struct tmi_block_bytes *bytes,
			      size_t count, uint8_t *different)
{
	compared += count;
	return real_compare(data, bytes, count, different);
}

/* Patterns of which one bit of each byte counts. */
static void fill_weak(struct many *many)
{
	for (size_t j = 0; j < many->count; j++) {
		memset(many->masks[j], 1, MOST_BYTES);
		fill_random(many->bytes[j], MOST_BYTES, 2);
		assert_int_equal(tmi_pattern_init(&many->patterns[j], many->bytes[j],
						  many->masks[j], MOST_BYTES),
				 TMEM_S_OK);
		real_compare = many->patterns[j].compare;
		many->patterns[j].compare = count_and_compare;
	}
}

/*
 * Masks that leave next to nothing anywhere, over memory in which each filter passes everywhere: a
 * call ends when its effort is used up, and not much later.
 */
static void test_effort(void **unused)
{
	enum { COUNT = 5000, SIZE = 1 << 20, EFFORT = 1 << 20 };
	uint8_t *data = malloc(SIZE);
	struct tmi_pattern_set set;
	struct many many;
	size_t at = 0;

	(void)unused;
	srandom(12);
	assert_non_null(data);
	fill_random(data, SIZE, 2);
	many_init(&many, COUNT);
	fill_weak(&many);
	assert_int_equal(tmi_pattern_set_init(&set, many.patterns, COUNT, NULL), TMEM_S_OK);
	for (unsigned calls = 0; calls < 10; calls++) {
		size_t effort = EFFORT, room = SIZE - at, found;

		compared = 0;
		found = tmi_pattern_set_find(&set, data + at, room, room - MOST_BYTES + 1,
					     (struct tmi_grid){ 1, 0 }, &effort);
		assert_int_equal(effort, 0);
		assert_in_range(found, 1, SIZE / 20);
		/* Each pattern goes on to the end of a block, whatever is left. */
		assert_in_range(compared, COUNT, EFFORT + COUNT * (MOST_BYTES + 64));
		at += found;
	}
	tmi_pattern_set_fini(&set);
	many_fini(&many);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),    cmocka_unit_test(test_matcher),
		cmocka_unit_test(test_very_many), cmocka_unit_test(test_costs),
		cmocka_unit_test(test_effort),
	};

	return cmocka_run_group_tests_name("matcher_index", tests, NULL, NULL);
}
