/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_matcher_block.c - one pattern at many positions at once, against the plain way; and how much
 * is compared at worst.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access/matcher_block.h"
#include "unit/matcher_vectors.h"

#define LONGEST 300

/* There are no threads here: ThreadSanitizer, which takes fifty times as long, gets a part of it.
 */
#ifdef __SANITIZE_THREAD__
#define ROUNDS       250
#define WORST_ROUNDS 1
#else
#define ROUNDS       2500
#define WORST_ROUNDS 6
#endif

static bool stands_plain(const struct tmi_pattern *pattern, const uint8_t *data)
{
	size_t k = 0;

	while (k < pattern->size && (data[k] & tmi_pattern_mask(pattern, k)) == pattern->bytes[k])
		k++;
	return k == pattern->size;
}

static size_t find_plain(const struct tmi_pattern *pattern, const uint8_t *data, size_t from,
			 size_t end, struct tmi_grid grid)
{
	for (; from < end; from++)
		if ((from + grid.phase) % grid.granularity == 0 &&
		    stands_plain(pattern, data + from))
			return from;
	return TMI_MATCHER_NONE;
}

/* Every match, with much effort or so little that it has to be asked again and again. */
static void compare_all(const struct tmi_pattern *pattern, const uint8_t *data, size_t end,
			struct tmi_grid grid, size_t effort)
{
	for (size_t from = 0; from < end;) {
		size_t left = effort;
		size_t found = tmi_pattern_find_in_blocks(pattern, data, from, end, grid, &left);
		size_t plain = find_plain(pattern, data, from, end, grid);

		if (left || plain == TMI_MATCHER_NONE || found == plain) {
			if (!left && plain == TMI_MATCHER_NONE && found != plain) {
				assert_in_range(found, from + 1, end - 1);
				from = found;
				continue;
			}
			assert_int_equal(found, plain);
			if (plain == TMI_MATCHER_NONE)
				return;
			from = found + 1;
			continue;
		}
		/* It stopped before the match. */
		assert_in_range(found, from + 1, plain - 1);
		from = found;
	}
}

static void random_round(uint8_t *memory, unsigned round)
{
	static const unsigned alphabets[] = { 1, 2, 3, 256 };
	static const size_t efforts[] = { SIZE_MAX, 0, 100, 2000 };
	unsigned alphabet = alphabets[round % 4];
	size_t pattern_size = 1 + below(round % 3 ? 40 : LONGEST);
	size_t size = pattern_size + below(700);
	uint8_t *data = below(2) ? memory : memory + GUARDED_ROOM - size;
	uint8_t bytes[LONGEST], mask[LONGEST];
	size_t granularity = below(2) ? 1 : 1 + below(90);
	struct tmi_grid grid = { granularity, below(granularity) };
	struct tmi_pattern pattern;

	fill_random(data, size, alphabet);
	fill_random(bytes, pattern_size, alphabet);
	fill_mask(mask, pattern_size, (enum mask_kind)below(MASK_KINDS));
	for (unsigned i = 0; i < 3; i++)
		memcpy(data + below(size - pattern_size + 1), bytes, pattern_size);
	assert_int_equal(tmi_pattern_init(&pattern, bytes, round % 5 ? mask : NULL, pattern_size),
			 TMEM_S_OK);
	compare_all(&pattern, data, size - pattern_size + 1, grid, efforts[below(4)]);
	tmi_pattern_fini(&pattern);
}

static void random_rounds(void)
{
	uint8_t *memory = guarded_new();

	srandom(5);
	for (unsigned round = 0; round < ROUNDS; round++)
		random_round(memory, round);
	guarded_free(memory);
}

static void test_random(void **unused)
{
	(void)unused;
	each_vectors(random_rounds);
}

/* --- how much is compared --- */

static tmi_block_compare *real_compare;
static size_t compared; /* bytes of the pattern, each at a block of positions */

static bool count_and_compare(const uint8_t *data, const struct tmi_block_bytes *bytes,
			      size_t count, uint8_t *different)
{
	compared += count;
	return real_compare(data, bytes, count, different);
}

#define PATTERN 4000u
#define MEMORY  (1u << 20)

struct worst {
	uint8_t *data;
	uint8_t bytes[PATTERN];
	uint8_t mask[PATTERN];
};

/* Comparisons for each block of positions in memory that never has the pattern. */
static size_t comparisons(const struct worst *worst)
{
	size_t effort = SIZE_MAX, end = MEMORY - PATTERN + 1;
	struct tmi_pattern pattern;

	assert_int_equal(tmi_pattern_init(&pattern, worst->bytes, worst->mask, PATTERN), TMEM_S_OK);
	real_compare = pattern.compare;
	pattern.compare = count_and_compare;
	compared = 0;
	assert_int_equal(
		tmi_pattern_find(&pattern, worst->data, MEMORY, (struct tmi_grid){ 1, 0 }, &effort),
		TMI_MATCHER_NONE);
	tmi_pattern_fini(&pattern);
	return compared / (end / TMI_BLOCK);
}

/*
 * Memory of one period and a pattern of the same that differs at one byte of its end, or at one of
 * each of its last bytes: where the filter and the beginning of the pattern are in agreement.
 */
static void periodic(void)
{
	static const size_t periods[] = { 1, 2, 3, 7, 16, 64, 100 };
	struct worst worst = { .data = malloc(MEMORY) };

	assert_non_null(worst.data);
	for (size_t i = 0; i < sizeof(periods) / sizeof(periods[0]); i++) {
		for (size_t k = 0; k < MEMORY; k++)
			worst.data[k] = (uint8_t)(k % periods[i] * 2);
		memcpy(worst.bytes, worst.data, PATTERN);
		memset(worst.mask, 0xff, PATTERN);
		worst.mask[0] = 0xfe;
		/* Rare bytes that count in part make no anchors. */
		worst.bytes[PATTERN - 1] |= 1;
		worst.mask[PATTERN - 1] = 1;
		assert_in_range(comparisons(&worst), 0, 200);
	}
	free(worst.data);
}

static void test_periodic(void **unused)
{
	(void)unused;
	each_vectors(periodic);
}

/* Bytes here and there that the pattern cannot have, but only where it has got so far. */
static void spotted(void)
{
	struct worst worst = { .data = calloc(1, MEMORY) };

	assert_non_null(worst.data);
	srandom(6);
	memset(worst.bytes, 0, PATTERN);
	memset(worst.mask, 0xff, PATTERN);
	worst.mask[1] = 0xfe;
	for (size_t i = 0; i < MEMORY; i += 1 + below(2000))
		worst.data[i] = 1;
	for (size_t i = 0; i < MEMORY; i += PATTERN / 2)
		worst.data[i] = 1;
	assert_in_range(comparisons(&worst), 0, 600);
	free(worst.data);
}

static void test_spotted(void **unused)
{
	(void)unused;
	each_vectors(spotted);
}

/* Whatever memory and mask are: each byte of the pattern once, and what was tried first. */
static void adversarial(void)
{
	struct worst worst = { .data = malloc(MEMORY) };

	assert_non_null(worst.data);
	srandom(7);
	for (unsigned round = 0; round < WORST_ROUNDS; round++) {
		size_t apart = 1 + below(3 * PATTERN);

		memset(worst.data, 0, MEMORY);
		memset(worst.bytes, 0, PATTERN);
		fill_mask(worst.mask, PATTERN, (enum mask_kind)(round % MASK_KINDS));
		for (size_t i = 0; i < MEMORY; i += 1 + below(apart))
			worst.data[i] = (uint8_t)below(256);
		for (unsigned i = 0; i < 20; i++) {
			size_t at = below(PATTERN);

			worst.bytes[at] = 1;
			worst.mask[at] = 1;
		}
		assert_in_range(comparisons(&worst), 0, PATTERN + 100);
	}
	free(worst.data);
}

static void test_adversarial(void **unused)
{
	(void)unused;
	each_vectors(adversarial);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_periodic),
		cmocka_unit_test(test_spotted),
		cmocka_unit_test(test_adversarial),
	};

	return cmocka_run_group_tests_name("matcher_block", tests, NULL, NULL);
}
