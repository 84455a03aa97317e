/* SPDX-License-Identifier: Apache-2.0 */
/* process_group.c - the elements of a batch by page; see process_group.h. */
#include "target/process_group.h"

#include <string.h>

#define RADIX_BITS 11
#define RADIX      (1u << RADIX_BITS)

/* Pages to a group, on average, from which on groups next to each other are too rare to count. */
#define SPARSE 32

/* A new group of no elements; returns its number + 1. */
static uint32_t add_group(struct live_groups *groups, uint64_t page)
{
	struct live_group *group = &groups->all[groups->count];

	if (groups->count && page < group[-1].page)
		groups->in_order = false;
	*group = (struct live_group){ .page = page, .first = UINT64_MAX };
	return (uint32_t)++groups->count;
}

/* The slot of a page: of its group, or a free one. */
static inline uint32_t *find_slot(uint32_t *table, unsigned bits, const struct live_group *all,
				  uint64_t page)
{
	/* Fibonacci hashing: the upper bits of the product are spread best. */
	size_t slot = page * UINT64_C(0x9e3779b97f4a7c15) >> (64 - bits);

	while (table[slot] && all[table[slot] - 1].page != page)
		slot = (slot + 1) & ((1u << bits) - 1);
	return &table[slot];
}

/* Stable, from the lowest digit up; only as many rounds as the pages' distance needs. */
static struct live_group_key *sort_keys(struct live_group_key *keys, struct live_group_key *other,
					size_t count, uint64_t base, uint64_t distance)
{
	/* With few keys, looking through the counts takes longer than another round. */
	unsigned bits = count < 512 ? RADIX_BITS - 4 : RADIX_BITS;
	uint64_t mask = (1u << bits) - 1;

	for (unsigned shift = 0; shift < 64 && distance >> shift; shift += bits) {
		uint32_t starts[RADIX];
		uint32_t sum = 0;
		struct live_group_key *swap = keys;

		memset(starts, 0, (mask + 1) * sizeof(*starts));
		for (size_t i = 0; i < count; i++)
			starts[(keys[i].page - base) >> shift & mask]++;
		for (unsigned i = 0; i <= mask; i++) {
			uint32_t n = starts[i];

			starts[i] = sum;
			sum += n;
		}
		for (size_t i = 0; i < count; i++)
			other[starts[(keys[i].page - base) >> shift & mask]++] = keys[i];
		keys = other;
		other = swap;
	}
	return keys;
}

void tmi_process_sort_groups(struct live_groups *groups, bool any_order)
{
	uint64_t lowest = UINT64_MAX, highest = 0;

	for (size_t i = 0; i < groups->count; i++) {
		uint64_t page = groups->all[i].page;

		groups->keys[i] = (struct live_group_key){ page, (uint32_t)i };
		lowest = page < lowest ? page : lowest;
		highest = page > highest ? page : highest;
	}
	groups->sorted = groups->keys;
	if (groups->in_order || (any_order && (highest - lowest) / SPARSE > groups->count))
		return;
	groups->sorted = sort_keys(groups->keys, groups->keys + groups->count, groups->count,
				   lowest, highest - lowest);
}

void tmi_process_make_groups(struct live_groups *groups, struct tmem_transfer *items, size_t count,
			     unsigned shift)
{
	/* Copies: the compiler cannot know that no element's outcome is one of these. */
	struct live_group *all = groups->all;
	uint32_t *table = groups->table;
	uint32_t *links = groups->links;
	unsigned bits = (unsigned)__builtin_ctzll(tmi_process_group_slots(count));

	groups->count = 0;
	groups->in_order = true;
	memset(table, 0, sizeof(*table) << bits);
	for (size_t i = 0; i < count; i++) {
		uint64_t first = tmi_process_untag(items[i].offset);
		uint64_t size = tmi_process_clip(first, items[i].size);
		uint64_t page = first >> shift;
		uint32_t alone = 0;
		uint32_t *slot = &alone;
		struct live_group *group;

		items[i].done = 0;
		if (!size)
			continue;
		if (size < LIVE_LARGE)
			slot = find_slot(table, bits, all, page);
		if (!*slot)
			*slot = add_group(groups, page);
		group = &all[*slot - 1];
		group->first = first < group->first ? first : group->first;
		group->end = first + size > group->end ? first + size : group->end;
		links[i] = group->last;
		group->last = (uint32_t)i;
		group->count++;
	}
}
