/* SPDX-License-Identifier: Apache-2.0 */
/* matcher_range.c - finding integers within a range in one contiguous buffer. */
#include "access/matcher_range.h"

#include <sys/param.h>

#include "base/bytes.h"

/* Where the steps are larger every position is looked at by itself. */
#define LARGEST_STEP TMI_RANGE_BLOCK

static uint64_t all_ones(unsigned size)
{
	return UINT64_MAX >> (64 - 8 * size);
}

/* Bounds that no integer of this size has are moved to those it has. */
static bool clip(const struct tmi_integers *integers, uint64_t *minimum, uint64_t *maximum)
{
	uint64_t most = all_ones(integers->size);
	int64_t high = (int64_t)(most >> 1), low = -high - 1;

	if (!integers->is_signed) {
		*minimum = integers->minimum;
		*maximum = MIN(integers->maximum, most);
		return *minimum <= *maximum;
	}
	*minimum = (uint64_t)MAX((int64_t)integers->minimum, low);
	*maximum = (uint64_t)MIN((int64_t)integers->maximum, high);
	return (int64_t)*minimum <= (int64_t)*maximum;
}

void tmi_range_init(struct tmi_range *range, const struct tmi_integers *integers,
		    size_t granularity)
{
	uint64_t ones = all_ones(integers->size);
	uint64_t minimum, maximum;

	*range = (struct tmi_range){ .is_signed = integers->is_signed };
	range->is_empty = !clip(integers, &minimum, &maximum);
	if (range->is_empty)
		minimum = maximum = 0;
	range->filter = (struct tmi_range_filter){
		.size = integers->size,
		.swap = integers->big_endian,
		.minimum = minimum & ones,
		.span = (maximum - minimum) & ones,
		/* The largest power of two that divides both. */
		.step = MIN(integers->size, granularity & -granularity),
	};
	if (granularity <= LARGEST_STEP)
		range->scan = tmi_range_scan_choose(&range->filter);
}

/* The first of the positions i, i + granularity, ... below @end that counts, or @end. */
static inline __attribute__((always_inline)) size_t look_each(const struct tmi_range_filter *filter,
							      const uint8_t *data, size_t i,
							      size_t end, size_t granularity,
							      unsigned size)
{
	const uint64_t minimum = filter->minimum, span = filter->span;
	const uint64_t ones = all_ones(size);
	const bool swap = filter->swap;

	for (; i < end; i += granularity)
		if (((tmi_load(data + i, size, swap) - minimum) & ones) <= span)
			return i;
	return end;
}

static size_t look(const struct tmi_range_filter *filter, const uint8_t *data, size_t i, size_t end,
		   size_t granularity)
{
	/* One step beyond the end is as good as many. */
	granularity = MIN(granularity, end);
	switch (filter->size) {
	case 1: return look_each(filter, data, i, end, granularity, 1);
	case 2: return look_each(filter, data, i, end, granularity, 2);
	case 4: return look_each(filter, data, i, end, granularity, 4);
	default: return look_each(filter, data, i, end, granularity, 8);
	}
}

/* The first position of at least @i on the grid. */
static size_t next_on_grid(struct tmi_grid grid, size_t i)
{
	size_t rest = tmi_grid_rest(grid, i);

	return rest ? i + (grid.granularity - rest) : i;
}

size_t tmi_range_find(const struct tmi_range *range, const uint8_t *data, size_t size,
		      struct tmi_grid grid)
{
	const struct tmi_range_filter *filter = &range->filter;
	size_t end, found, i;

	if (range->is_empty || size < filter->size)
		return TMI_MATCHER_NONE;
	end = size - filter->size + 1;
	for (i = next_on_grid(grid, 0); i < end; i = next_on_grid(grid, i)) {
		size_t stop = end;

		if (range->scan) {
			i = range->scan(data, i, end, filter);
			if (end - i >= TMI_RANGE_BLOCK)
				stop = i + TMI_RANGE_BLOCK;
			i = next_on_grid(grid, i);
		}
		found = look(filter, data, i, stop, grid.granularity);
		if (found < stop)
			return found;
		i = stop;
	}
	return TMI_MATCHER_NONE;
}

bool tmi_range_has(const struct tmi_range *range, uint64_t value)
{
	const struct tmi_range_filter *filter = &range->filter;

	return !range->is_empty &&
	       ((value - filter->minimum) & all_ones(filter->size)) <= filter->span;
}

uint64_t tmi_range_value(const struct tmi_range *range, const uint8_t *data)
{
	unsigned unused = 64 - 8 * range->filter.size;
	uint64_t value = tmi_load(data, range->filter.size, range->filter.swap) << unused;

	return range->is_signed ? (uint64_t)((int64_t)value >> unused) : value >> unused;
}
