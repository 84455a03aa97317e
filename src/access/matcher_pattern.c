/* SPDX-License-Identifier: Apache-2.0 */
/* matcher_pattern.c - finding one pattern in one contiguous buffer; see matcher_pattern.h. */
#include "access/matcher_pattern.h"

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

/* How often a byte of the pattern is expected in memory; each free bit doubles it. */
static unsigned commonness(const struct tmi_pattern *pattern, size_t at)
{
	unsigned free_bits = 8 - (unsigned)__builtin_popcount(tmi_pattern_mask(pattern, at));

	return tmi_matcher_frequency[pattern->bytes[at]] + 10 * free_bits + (free_bits ? 256 : 0);
}

/* The rarest byte; unlike @other in place and value, as long as there is one. */
static size_t choose_anchor(const struct tmi_pattern *pattern, const size_t *other)
{
	/* A second byte of the same value tells less: bytes come in rows. */
	const unsigned same_value = 64;
	unsigned best_score = UINT32_MAX;
	size_t best = 0;

	for (size_t i = 0; i < pattern->size; i++) {
		unsigned score = commonness(pattern, i);

		if (other && i == *other)
			continue;
		if (other && pattern->bytes[i] == pattern->bytes[*other])
			score += same_value;
		if (score < best_score) {
			best_score = score;
			best = i;
		}
	}
	return best;
}

static struct tmi_anchor make_anchor(const struct tmi_pattern *pattern, size_t at)
{
	return (struct tmi_anchor){ at, pattern->bytes[at], tmi_pattern_mask(pattern, at) };
}

/*
 * borders[i]: how long the longest proper prefix of the pattern is that also ends at i. It tells
 * how far the pattern may move after a mismatch without looking at a byte of data twice.
 */
static void build_borders(struct tmi_pattern *pattern)
{
	size_t length = 0;

	pattern->borders[0] = 0;
	for (size_t i = 1; i < pattern->size; i++) {
		while (length > 0 && pattern->bytes[i] != pattern->bytes[length])
			length = pattern->borders[length - 1];
		if (pattern->bytes[i] == pattern->bytes[length])
			length++;
		pattern->borders[i] = length;
	}
}

static tmem_status copy_bytes(struct tmi_pattern *pattern, const uint8_t *bytes,
			      const uint8_t *mask)
{
	bool masked = false;

	pattern->bytes = malloc(pattern->size);
	pattern->mask = mask ? malloc(pattern->size) : NULL;
	if (!pattern->bytes || (mask && !pattern->mask))
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	pattern->is_zero = true;
	for (size_t i = 0; i < pattern->size; i++) {
		pattern->bytes[i] = bytes[i] & (mask ? mask[i] : 0xff);
		pattern->is_zero &= !pattern->bytes[i];
		if (mask) {
			pattern->mask[i] = mask[i];
			masked |= mask[i] != 0xff;
		}
	}
	if (!masked) {
		free(pattern->mask);
		pattern->mask = NULL;
	}
	return TMEM_S_OK;
}

tmem_status tmi_pattern_init(struct tmi_pattern *pattern, const void *bytes, const void *mask,
			     size_t size)
{
	tmem_status status;
	size_t rarest;

	*pattern = (struct tmi_pattern){ .size = size };
	status = copy_bytes(pattern, bytes, mask);
	if (status != TMEM_S_OK)
		return status;
	if (!pattern->mask && size >= LONG_PATTERN) {
		pattern->borders = calloc(size, sizeof(*pattern->borders));
		if (!pattern->borders)
			return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
		build_borders(pattern);
	}
	rarest = choose_anchor(pattern, NULL);
	pattern->anchors[0] = make_anchor(pattern, rarest);
	pattern->anchors[1] = make_anchor(pattern, choose_anchor(pattern, &rarest));
	pattern->scan = tmi_pair_scan_choose();
	return TMEM_S_OK;
}

void tmi_pattern_fini(struct tmi_pattern *pattern)
{
	free(pattern->bytes);
	free(pattern->mask);
	free(pattern->borders);
	*pattern = (struct tmi_pattern){ 0 };
}

static bool masked_equal(const struct tmi_pattern *pattern, const uint8_t *data)
{
	size_t i = 0;

	for (; i + 8 <= pattern->size; i += 8) {
		uint64_t d, m, p;

		memcpy(&d, data + i, 8);
		memcpy(&m, pattern->mask + i, 8);
		memcpy(&p, pattern->bytes + i, 8);
		if ((d & m) != p)
			return false;
	}
	for (; i < pattern->size; i++)
		if ((data[i] & pattern->mask[i]) != pattern->bytes[i])
			return false;
	return true;
}

/* Linear in size whatever the data is. */
static size_t find_linear(const struct tmi_pattern *pattern, const uint8_t *data, size_t from,
			  size_t size, struct tmi_grid grid)
{
	size_t length = 0;

	for (size_t i = from; i < size; i++) {
		while (length > 0 && data[i] != pattern->bytes[length])
			length = pattern->borders[length - 1];
		if (data[i] == pattern->bytes[length])
			length++;
		if (length < pattern->size)
			continue;
		if (tmi_grid_has(grid, i + 1 - length))
			return i + 1 - length;
		length = pattern->borders[length - 1];
	}
	return TMI_MATCHER_NONE;
}

bool tmi_pattern_stands(const struct tmi_pattern *pattern, const uint8_t *data, size_t *costs)
{
	if (pattern->mask)
		return masked_equal(pattern, data);
	if (pattern->size <= CHEAP_COMPARE)
		return !memcmp(data, pattern->bytes, pattern->size);
	if (memcmp(data, pattern->bytes, CHEAP_COMPARE))
		return false;
	*costs += pattern->size;
	return !memcmp(data + CHEAP_COMPARE, pattern->bytes + CHEAP_COMPARE,
		       pattern->size - CHEAP_COMPARE);
}

bool tmi_pattern_costs_much(size_t costs, size_t i)
{
	return costs > FREE_COSTS + COSTS_PER_BYTE * i;
}

static size_t find_byte(const struct tmi_pattern *pattern, const uint8_t *data, size_t size)
{
	const uint8_t *found = memchr(data, pattern->bytes[0], size);

	return found ? (size_t)(found - data) : TMI_MATCHER_NONE;
}

size_t tmi_pattern_find(const struct tmi_pattern *pattern, const uint8_t *data, size_t size,
			struct tmi_grid grid)
{
	size_t costs = 0;
	size_t end;

	if (size < pattern->size)
		return TMI_MATCHER_NONE;
	if (pattern->size == 1 && grid.granularity == 1 && !pattern->mask)
		return find_byte(pattern, data, size);
	end = size - pattern->size + 1;
	for (size_t i = 0; i < end; i++) {
		i = pattern->scan(data, i, end, &pattern->anchors[0], &pattern->anchors[1]);
		if (i == end)
			break;
		if (!tmi_grid_has(grid, i))
			continue;
		if (tmi_pattern_stands(pattern, data + i, &costs))
			return i;
		if (pattern->borders && tmi_pattern_costs_much(costs, i))
			return find_linear(pattern, data, i + 1, size, grid);
	}
	return TMI_MATCHER_NONE;
}
