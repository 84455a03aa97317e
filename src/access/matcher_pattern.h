/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matcher_pattern.h - finding one pattern in one contiguous buffer.
 *
 * A filter looks for two rare bytes of the pattern at their distance, many positions at a time;
 * only where both stand the whole pattern is compared. When that gets expensive (periodic patterns
 * in periodic memory, masks that leave little to filter by) the rest is searched in linear time, or
 * with a mask many positions at a time (matcher_block.h).
 */
#ifndef TMI_ACCESS_MATCHER_PATTERN_H
#define TMI_ACCESS_MATCHER_PATTERN_H

#include <tmem/status.h>

#include "access/matcher_scan.h"

#define TMI_MATCHER_NONE SIZE_MAX

/* Which positions count: those with (i + phase) % granularity == 0. Both stay below
 * 2^63. */
struct tmi_grid {
	size_t granularity; /* not 0 */
	size_t phase;
};

static inline size_t tmi_grid_rest(struct tmi_grid grid, size_t i)
{
	size_t g = grid.granularity;

	return g & (g - 1) ? (i + grid.phase) % g : (i + grid.phase) & (g - 1);
}

static inline bool tmi_grid_has(struct tmi_grid grid, size_t i)
{
	return !tmi_grid_rest(grid, i);
}

/*
 * How much work may still be done before whoever searches should be asked whether to go on, in
 * units of about a nanosecond.
 */
static inline void tmi_effort_take(size_t *effort, size_t cost)
{
	*effort = *effort > cost ? *effort - cost : 0;
}

/*
 * Who waits while something is made of very many patterns, and may have enough of it. They are
 * asked about each millisecond, never again once they have left, and what was begun is then no use.
 */
struct tmi_waiter {
	bool (*leaves)(void *context);
	void *context;
	size_t effort; /* until they are asked next; TMI_WAITER_EFFORT at first */
	bool gone;
};

#define TMI_WAITER_EFFORT ((size_t)1 << 20)

/* After work of this cost: false when nobody waits any more. @waiter NULL: they always do. */
static inline bool tmi_waiter_stays(struct tmi_waiter *waiter, size_t cost)
{
	if (!waiter)
		return true;
	tmi_effort_take(&waiter->effort, cost);
	if (waiter->effort)
		return true;
	waiter->gone = waiter->gone || waiter->leaves(waiter->context);
	waiter->effort = waiter->gone ? 0 : TMI_WAITER_EFFORT;
	return !waiter->gone;
}

/* TMEM_S_OK, or TMEM_E_CONTROL_C_EXIT when they are gone. */
tmem_status tmi_waiter_status(const struct tmi_waiter *waiter);

struct tmi_pattern {
	uint8_t *bytes; /* masked bits only */
	uint8_t *mask;  /* NULL: every bit counts */
	size_t size;
	bool is_zero; /* memory of zeros matches everywhere */
	struct tmi_anchor anchors[2];
	tmi_pair_scan *scan;
	tmi_block_compare *compare;
	size_t *borders; /* long patterns without mask: see build_borders(); else NULL */
};

/*
 * Copies bytes and mask (NULL = every bit counts); size is not 0. TMEM_S_OK or
 * TMEM_E_OUTOFMEMORY; @pattern is ready for tmi_pattern_fini() then too.
 */
tmem_status tmi_pattern_init(struct tmi_pattern *pattern, const void *bytes, const void *mask,
			     size_t size);
void tmi_pattern_fini(struct tmi_pattern *pattern);

/* The bits of byte @at that count. */
static inline uint8_t tmi_pattern_mask(const struct tmi_pattern *pattern, size_t at)
{
	return pattern->mask ? pattern->mask[at] : 0xff;
}

/*
 * Whether the pattern stands at @data, of which its size is readable; *costs is raised by about
 * what the answer took.
 */
bool tmi_pattern_stands(const struct tmi_pattern *pattern, const uint8_t *data, size_t *costs);

/*
 * The lowest i of the grid with the pattern wholly inside @data, or TMI_MATCHER_NONE. *effort is
 * lowered by what was done; when nothing is left of it the answer may be any i above 0 below which
 * the pattern does not stand.
 */
size_t tmi_pattern_find(const struct tmi_pattern *pattern, const uint8_t *data, size_t size,
			struct tmi_grid grid, size_t *effort);

/* How common each byte value is in memory. matcher_frequency.c */
extern const uint8_t tmi_matcher_frequency[256];

/* The same of every value together: that of a byte of which no bit counts. */
#define TMI_FREQUENCY_ANY 200

#endif
