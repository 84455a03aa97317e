/* SPDX-License-Identifier: Apache-2.0 */
/* matcher.c - finding a pattern in one contiguous buffer; see matcher.h. */
#include "access/matcher.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Shorter patterns cannot make comparing expensive enough to care. */
#define LONG_PATTERN 128

/* A comparison looks at this many bytes before it counts as an expensive one. */
#define CHEAP_COMPARE 32

/* Expensive comparing may cost this much for each byte of data, and this much at all. */
#define COSTS_PER_BYTE 4
#define FREE_COSTS     65536

static uint8_t mask_at(const struct tmi_matcher *matcher, size_t at)
{
	return matcher->mask ? matcher->mask[at] : 0xff;
}

/* How often a byte of the pattern is expected in memory; each free bit doubles it. */
static unsigned commonness(const struct tmi_matcher *matcher, size_t at)
{
	unsigned free_bits = 8 - (unsigned)__builtin_popcount(mask_at(matcher, at));

	return tmi_matcher_frequency[matcher->pattern[at]] + 10 * free_bits + (free_bits ? 256 : 0);
}

/* The rarest byte; unlike @other in place and value, as long as there is one. */
static size_t choose_anchor(const struct tmi_matcher *matcher, const size_t *other)
{
	/* A second byte of the same value tells less: bytes come in rows. */
	const unsigned same_value = 64;
	unsigned best_score = UINT32_MAX;
	size_t best = 0;

	for (size_t i = 0; i < matcher->size; i++) {
		unsigned score = commonness(matcher, i);

		if (other && i == *other)
			continue;
		if (other && matcher->pattern[i] == matcher->pattern[*other])
			score += same_value;
		if (score < best_score) {
			best_score = score;
			best = i;
		}
	}
	return best;
}

static struct tmi_anchor make_anchor(const struct tmi_matcher *matcher, size_t at)
{
	return (struct tmi_anchor){ at, matcher->pattern[at], mask_at(matcher, at) };
}

/*
 * borders[i]: how long the longest proper prefix of the pattern is that also ends at i. It tells
 * how far the pattern may move after a mismatch without looking at a byte of data twice.
 */
static void build_borders(struct tmi_matcher *matcher)
{
	size_t length = 0;

	matcher->borders[0] = 0;
	for (size_t i = 1; i < matcher->size; i++) {
		while (length > 0 && matcher->pattern[i] != matcher->pattern[length])
			length = matcher->borders[length - 1];
		if (matcher->pattern[i] == matcher->pattern[length])
			length++;
		matcher->borders[i] = length;
	}
}

static tmem_status copy_pattern(struct tmi_matcher *matcher, const uint8_t *pattern,
				const uint8_t *mask)
{
	bool masked = false;

	matcher->pattern = malloc(matcher->size);
	matcher->mask = mask ? malloc(matcher->size) : NULL;
	if (!matcher->pattern || (mask && !matcher->mask))
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	matcher->matches_zeros = true;
	for (size_t i = 0; i < matcher->size; i++) {
		matcher->pattern[i] = pattern[i] & (mask ? mask[i] : 0xff);
		matcher->matches_zeros &= !matcher->pattern[i];
		if (mask) {
			matcher->mask[i] = mask[i];
			masked |= mask[i] != 0xff;
		}
	}
	if (!masked) {
		free(matcher->mask);
		matcher->mask = NULL;
	}
	return TMEM_S_OK;
}

tmem_status tmi_matcher_init(struct tmi_matcher *matcher, const void *pattern, const void *mask,
			     size_t size, size_t granularity)
{
	tmem_status status;
	size_t rarest;

	*matcher = (struct tmi_matcher){ .size = size, .granularity = granularity };
	status = copy_pattern(matcher, pattern, mask);
	if (status == TMEM_S_OK && !matcher->mask && size >= LONG_PATTERN) {
		matcher->borders = calloc(size, sizeof(*matcher->borders));
		if (!matcher->borders)
			status = tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
		else
			build_borders(matcher);
	}
	if (status != TMEM_S_OK) {
		tmi_matcher_fini(matcher);
		return status;
	}
	rarest = choose_anchor(matcher, NULL);
	matcher->anchors[0] = make_anchor(matcher, rarest);
	matcher->anchors[1] = make_anchor(matcher, choose_anchor(matcher, &rarest));
	matcher->scan = tmi_matcher_choose_scan();
	return TMEM_S_OK;
}

void tmi_matcher_fini(struct tmi_matcher *matcher)
{
	free(matcher->pattern);
	free(matcher->mask);
	free(matcher->borders);
	*matcher = (struct tmi_matcher){ 0 };
}

static bool masked_equal(const struct tmi_matcher *matcher, const uint8_t *data)
{
	size_t i = 0;

	for (; i + 8 <= matcher->size; i += 8) {
		uint64_t d, m, p;

		memcpy(&d, data + i, 8);
		memcpy(&m, matcher->mask + i, 8);
		memcpy(&p, matcher->pattern + i, 8);
		if ((d & m) != p)
			return false;
	}
	for (; i < matcher->size; i++)
		if ((data[i] & matcher->mask[i]) != matcher->pattern[i])
			return false;
	return true;
}

static bool is_aligned(const struct tmi_matcher *matcher, size_t i, size_t phase)
{
	size_t g = matcher->granularity;

	if (!(g & (g - 1)))
		return !((i + phase) & (g - 1));
	/* Both stay below 2^63: a buffer and a remainder. */
	return (i + phase) % g == 0;
}

size_t tmi_matcher_find_plain(const struct tmi_matcher *matcher, const uint8_t *data, size_t size,
			      size_t phase)
{
	for (size_t i = 0; size >= matcher->size && i <= size - matcher->size; i++) {
		size_t k = 0;

		if ((i + phase) % matcher->granularity)
			continue;
		while (k < matcher->size &&
		       (data[i + k] & mask_at(matcher, k)) == matcher->pattern[k])
			k++;
		if (k == matcher->size)
			return i;
	}
	return TMI_MATCHER_NONE;
}

/* Linear in size whatever the data is. */
static size_t find_linear(const struct tmi_matcher *matcher, const uint8_t *data, size_t from,
			  size_t size, size_t phase)
{
	size_t length = 0;

	for (size_t i = from; i < size; i++) {
		while (length > 0 && data[i] != matcher->pattern[length])
			length = matcher->borders[length - 1];
		if (data[i] == matcher->pattern[length])
			length++;
		if (length < matcher->size)
			continue;
		if (is_aligned(matcher, i + 1 - length, phase))
			return i + 1 - length;
		length = matcher->borders[length - 1];
	}
	return TMI_MATCHER_NONE;
}

/* Compares the whole pattern; adds to *costs what it may have taken beyond a few bytes. */
static bool is_match(const struct tmi_matcher *matcher, const uint8_t *data, size_t *costs)
{
	if (matcher->mask)
		return masked_equal(matcher, data);
	if (matcher->size <= CHEAP_COMPARE)
		return !memcmp(data, matcher->pattern, matcher->size);
	if (memcmp(data, matcher->pattern, CHEAP_COMPARE))
		return false;
	*costs += matcher->size;
	return !memcmp(data + CHEAP_COMPARE, matcher->pattern + CHEAP_COMPARE,
		       matcher->size - CHEAP_COMPARE);
}

static size_t find_byte(const struct tmi_matcher *matcher, const uint8_t *data, size_t size)
{
	const uint8_t *found = memchr(data, matcher->pattern[0], size);

	return found ? (size_t)(found - data) : TMI_MATCHER_NONE;
}

size_t tmi_matcher_find(const struct tmi_matcher *matcher, const uint8_t *data, size_t size,
			size_t phase)
{
	size_t costs = 0;
	size_t end;

	if (size < matcher->size)
		return TMI_MATCHER_NONE;
	if (matcher->size == 1 && matcher->granularity == 1 && !matcher->mask)
		return find_byte(matcher, data, size);
	end = size - matcher->size + 1;
	for (size_t i = 0; i < end; i++) {
		i = matcher->scan(data, i, end, &matcher->anchors[0], &matcher->anchors[1]);
		if (i == end)
			break;
		if (!is_aligned(matcher, i, phase))
			continue;
		if (is_match(matcher, data + i, &costs))
			return i;
		if (matcher->borders && costs > FREE_COSTS + COSTS_PER_BYTE * i)
			return find_linear(matcher, data, i + 1, size, phase);
	}
	return TMI_MATCHER_NONE;
}
