/* SPDX-License-Identifier: Apache-2.0 */
/* matcher_pattern.c - finding one pattern in one contiguous buffer; see matcher_pattern.h. */
#include "access/matcher_pattern.h"

#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "access/matcher_block.h"
#include "base/error.h"

/* Shorter patterns cannot make comparing expensive enough to care. */
#define LONG_PATTERN 128

/* memcmp() looks at this many bytes at once. */
#define BYTES_AT_ONCE 32

/* What going on behind a position costs that passed the filter in vain. */
#define PASS_COSTS 8

/* Comparing may cost this much for each byte of data, and this much at all. */
#define COSTS_PER_BYTE 1
#define FREE_COSTS     2048

/* What looking at a byte costs in linear time. */
#define LINEAR_COSTS 2

/* The filter looks at this many bytes at no more cost than 1. */
#define BYTES_FILTERED 32

/* Where fewer bits of the filter's bytes count it is of no use. */
#define FILTER_BITS 8

/* Where positions are as far apart as this they are looked at one by one. */
#define WIDE_GRID 16

tmem_status tmi_waiter_status(const struct tmi_waiter *waiter)
{
	if (!waiter || !waiter->gone)
		return TMEM_S_OK;
	return tmi_fail(TMEM_E_CONTROL_C_EXIT, TMEM_REASON_NONE, 0);
}

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
	pattern->compare = tmi_block_compare_choose();
	return TMEM_S_OK;
}

void tmi_pattern_fini(struct tmi_pattern *pattern)
{
	free(pattern->bytes);
	free(pattern->mask);
	free(pattern->borders);
	*pattern = (struct tmi_pattern){ 0 };
}

/* How many bytes agree, in whole words, before one does not. */
static size_t masked_agree(const struct tmi_pattern *pattern, const uint8_t *data)
{
	size_t i = 0;

	for (; i + 8 <= pattern->size; i += 8) {
		uint64_t d, m, p;

		memcpy(&d, data + i, 8);
		memcpy(&m, pattern->mask + i, 8);
		memcpy(&p, pattern->bytes + i, 8);
		if ((d & m) != p)
			return i;
	}
	for (; i < pattern->size; i++)
		if ((data[i] & pattern->mask[i]) != pattern->bytes[i])
			return i;
	return i;
}

bool tmi_pattern_stands(const struct tmi_pattern *pattern, const uint8_t *data, size_t *costs)
{
	size_t head = MIN(pattern->size, BYTES_AT_ONCE);

	*costs += PASS_COSTS;
	if (pattern->mask) {
		size_t agree = masked_agree(pattern, data);

		*costs += agree / 8;
		return agree == pattern->size;
	}
	if (memcmp(data, pattern->bytes, head))
		return false;
	*costs += pattern->size / BYTES_AT_ONCE;
	return !memcmp(data + head, pattern->bytes + head, pattern->size - head);
}

/* After positions up to @i were looked at: whether another way is worth its while. */
static bool costs_much(size_t costs, size_t i)
{
	return costs > FREE_COSTS + COSTS_PER_BYTE * i;
}

/* Linear in size whatever the data is. */
static size_t find_linear(const struct tmi_pattern *pattern, const uint8_t *data, size_t from,
			  size_t end, struct tmi_grid grid, size_t *effort)
{
	const size_t size = end + pattern->size - 1;
	const size_t pause = from + MIN(*effort / LINEAR_COSTS, size - from);
	size_t found = TMI_MATCHER_NONE;
	size_t length = 0, i;

	for (i = from; i < size; i++) {
		while (length > 0 && data[i] != pattern->bytes[length])
			length = pattern->borders[length - 1];
		if (data[i] == pattern->bytes[length])
			length++;
		if (length == pattern->size) {
			found = i + 1 - length;
			if (tmi_grid_has(grid, found))
				break;
			found = TMI_MATCHER_NONE;
			length = pattern->borders[length - 1];
		}
		/* Nothing stands below where what agrees now begins. */
		if (i >= pause && i + 1 - length > from && i + 1 - length < end) {
			found = i + 1 - length;
			break;
		}
	}
	tmi_effort_take(effort, (i - from) * LINEAR_COSTS);
	return found;
}

static size_t find_byte(const struct tmi_pattern *pattern, const uint8_t *data, size_t size)
{
	const uint8_t *found = memchr(data, pattern->bytes[0], size);

	return found ? (size_t)(found - data) : TMI_MATCHER_NONE;
}

static unsigned filter_bits(const struct tmi_pattern *pattern)
{
	return (unsigned)__builtin_popcount((unsigned)pattern->anchors[0].mask << 8 |
					    pattern->anchors[1].mask);
}

/* Where places are so far apart that each of them is looked at by itself. */
static size_t find_on_grid(const struct tmi_pattern *pattern, const uint8_t *data, size_t from,
			   size_t end, struct tmi_grid grid, size_t *effort)
{
	size_t rest = tmi_grid_rest(grid, from), costs = 0, i = from;

	if (rest && grid.granularity - rest >= end - from)
		return TMI_MATCHER_NONE;
	i += rest ? grid.granularity - rest : 0;
	for (; i < end; i += MIN(grid.granularity, end - i)) {
		if (tmi_pattern_stands(pattern, data + i, &costs))
			break;
		if (costs > *effort && i + 1 < end) {
			i++;
			break;
		}
	}
	tmi_effort_take(effort, costs);
	return i < end ? i : TMI_MATCHER_NONE;
}

/* Where the filter does not help. */
static size_t find_thoroughly(const struct tmi_pattern *pattern, const uint8_t *data, size_t from,
			      size_t end, struct tmi_grid grid, size_t *effort)
{
	if (from == end)
		return TMI_MATCHER_NONE;
	if (pattern->borders)
		return find_linear(pattern, data, from, end, grid, effort);
	if (grid.granularity >= WIDE_GRID)
		return find_on_grid(pattern, data, from, end, grid, effort);
	return tmi_pattern_find_in_blocks(pattern, data, from, end, grid, effort);
}

static size_t find_filtered(const struct tmi_pattern *pattern, const uint8_t *data, size_t end,
			    struct tmi_grid grid, size_t *effort)
{
	size_t costs = 0, i;

	for (i = 0; i < end; i++) {
		i = pattern->scan(data, i, end, &pattern->anchors[0], &pattern->anchors[1]);
		if (i == end)
			break;
		if (!tmi_grid_has(grid, i))
			costs += PASS_COSTS;
		else if (tmi_pattern_stands(pattern, data + i, &costs))
			break;
		if (costs_much(costs, i) || costs > *effort / 2) {
			tmi_effort_take(effort, costs);
			return find_thoroughly(pattern, data, i + 1, end, grid, effort);
		}
	}
	tmi_effort_take(effort, costs + i / BYTES_FILTERED);
	return i < end ? i : TMI_MATCHER_NONE;
}

size_t tmi_pattern_find(const struct tmi_pattern *pattern, const uint8_t *data, size_t size,
			struct tmi_grid grid, size_t *effort)
{
	if (size < pattern->size)
		return TMI_MATCHER_NONE;
	if (pattern->size == 1 && grid.granularity == 1 && !pattern->mask)
		return find_byte(pattern, data, size);
	if (filter_bits(pattern) < FILTER_BITS)
		return find_thoroughly(pattern, data, 0, size - pattern->size + 1, grid, effort);
	return find_filtered(pattern, data, size - pattern->size + 1, grid, effort);
}
