/* SPDX-License-Identifier: Apache-2.0 */
/* matcher_block.c - one pattern at many positions at once; see matcher_block.h. */
#include "access/matcher_block.h"

#include <string.h>
#include <sys/param.h>

/* Bytes of the pattern that are compared before it is seen whether a position is left. */
#define GROUP 16

/* Groups at which the last blocks failed. */
#define RECENT 4

/*
 * Where a byte of data is what the pattern cannot have, the next block meets it this many groups
 * earlier in the pattern; twice, as its positions meet it in turn.
 */
#define GROUPS_BACK (2 * TMI_BLOCK / GROUP)

/* Which groups are tried first. */
struct order {
	size_t recent[RECENT];
	size_t begin; /* of all of them */
};

static size_t count_groups(const struct tmi_pattern *pattern)
{
	return (pattern->size + GROUP - 1) / GROUP;
}

/* Adds to @different what differs in one group; whether a position is left. */
static bool compare_group(const struct tmi_pattern *pattern, const uint8_t *data, size_t group,
			  uint8_t *different, size_t *effort)
{
	size_t first = group * GROUP;
	const struct tmi_block_bytes bytes = { pattern->bytes + first,
					       pattern->mask ? pattern->mask + first : NULL };

	tmi_effort_take(effort, GROUP);
	return pattern->compare(data + first, &bytes, MIN(GROUP, pattern->size - first), different);
}

/* The block failed at a group, which takes the place of recent[at]. */
static void remember(struct order *order, size_t at, size_t group)
{
	memmove(order->recent + 1, order->recent, at * sizeof(order->recent[0]));
	order->recent[0] = group;
}

/* Whether the pattern stands at any position of the block at @data that is left. */
static bool stands_in_block(const struct tmi_pattern *pattern, const uint8_t *data,
			    struct order *order, uint8_t *different, size_t *effort)
{
	const size_t groups = count_groups(pattern);
	size_t group = order->begin;

	for (size_t i = 0; i < RECENT; i++)
		if (!compare_group(pattern, data, order->recent[i], different, effort)) {
			remember(order, i, order->recent[i]);
			return false;
		}
	for (size_t i = 0; i < groups; i++) {
		if (!compare_group(pattern, data, group, different, effort)) {
			remember(order, RECENT - 1, group);
			order->begin = group > GROUPS_BACK ? group - GROUPS_BACK : 0;
			return false;
		}
		group = group + 1 < groups ? group + 1 : 0;
	}
	return true;
}

/* Only positions of the grid from @from on are left in the block at @block. */
static void begin_block(uint8_t *different, size_t block, size_t from, struct tmi_grid grid)
{
	size_t rest = tmi_grid_rest(grid, from);

	if (grid.granularity == 1 && block == from) {
		memset(different, 0, TMI_BLOCK);
		return;
	}
	memset(different, 0xff, TMI_BLOCK);
	from += rest ? grid.granularity - rest : 0;
	for (; from < block + TMI_BLOCK; from += grid.granularity)
		different[from - block] = 0;
}

static size_t find_each(const struct tmi_pattern *pattern, const uint8_t *data, size_t from,
			size_t end, struct tmi_grid grid, size_t *effort)
{
	size_t costs = 0;

	for (; from < end; from++)
		if (tmi_grid_has(grid, from) && tmi_pattern_stands(pattern, data + from, &costs))
			break;
	tmi_effort_take(effort, costs);
	return from < end ? from : TMI_MATCHER_NONE;
}

size_t tmi_pattern_find_in_blocks(const struct tmi_pattern *pattern, const uint8_t *data,
				  size_t from, size_t end, struct tmi_grid grid, size_t *effort)
{
	struct order order = { { pattern->anchors[0].at / GROUP, pattern->anchors[1].at / GROUP } };
	uint8_t different[TMI_BLOCK];

	if (end < TMI_BLOCK)
		return find_each(pattern, data, from, end, grid, effort);
	while (from < end) {
		size_t block = MIN(from, end - TMI_BLOCK);

		begin_block(different, block, from, grid);
		if (stands_in_block(pattern, data + block, &order, different, effort))
			return block +
			       (size_t)((uint8_t *)memchr(different, 0, TMI_BLOCK) - different);
		from = block + TMI_BLOCK;
		if (!*effort && from < end)
			return from;
	}
	return TMI_MATCHER_NONE;
}
