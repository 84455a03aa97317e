/* SPDX-License-Identifier: Apache-2.0 */
/* process_group.c - the elements of a batch by page; see process_group.h. */
#include "target/process_group.h"

#include <string.h>

#define RADIX_BITS 11
#define RADIX      (1u << RADIX_BITS)

/* Pages to a group, on average, from which on groups next to each other are too rare to count. */
#define SPARSE 32

/* A new group of one element, which has bytes. */
static struct live_group *add_group(struct live_groups *groups, uint64_t page, uint64_t first,
				    uint64_t end, size_t element)
{
	struct live_group *group = &groups->all[++groups->count];

	if (groups->count > 1 && page < group[-1].page)
		groups->in_order = false;
	group->page = page;
	group->first = first;
	group->end = end;
	group->last = (uint32_t)element;
	group->several = false;
	return group;
}

/* An element without bytes, or one that is read alone. */
static struct live_group *add_unusual(struct live_groups *groups, struct tmem_transfer *item,
				      size_t element, uint64_t page)
{
	uint64_t first = tmi_process_untag(item->offset);
	uint64_t size = tmi_process_clip(first, item->size);

	item->done = 0;
	if (!size)
		return groups->all;
	return add_group(groups, first & ~(page - 1), first, first + size, element);
}

/* The slot of a page: of its group, or a free one. */
static inline struct live_group **find_slot(struct live_group **table, uint32_t mask, uint64_t page)
{
	/* Fibonacci hashing; the middle of the product is spread well and has a constant place. */
	uint32_t slot = (uint32_t)(page * UINT64_C(0x9e3779b97f4a7c15) >> 32) & mask;

	while (table[slot] && table[slot]->page != page)
		slot = (slot + 1) & mask;
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

void tmi_process_sort_groups(struct live_groups *groups, unsigned shift, bool any_order)
{
	uint64_t lowest = UINT64_MAX, highest = 0;

	for (size_t i = 0; i < groups->count; i++) {
		uint64_t page = groups->all[i + 1].page >> shift;

		groups->keys[i] = (struct live_group_key){ page, (uint32_t)i + 1 };
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
			     uint64_t page)
{
	/* Copies: the compiler cannot know that no element's outcome is one of these. */
	struct live_group **table = groups->table;
	union live_link *links = groups->links;
	uint32_t mask = (uint32_t)tmi_process_group_slots(count) - 1;

	groups->count = 0;
	groups->in_order = true;
	groups->all[0] = (struct live_group){ 0 };
	memset(table, 0, sizeof(*table) * ((size_t)mask + 1));
	for (size_t i = 0; i < count; i++) {
		uint64_t first = tmi_process_untag(items[i].offset);
		uint64_t end = first + items[i].size;
		struct live_group *group, **slot;

		if (items[i].size - 1 >= LIVE_LARGE - 1) {
			links[i].group = add_unusual(groups, &items[i], i, page);
			continue;
		}
		slot = find_slot(table, mask, first & ~(page - 1));
		group = *slot;
		if (group) {
			group->first = first < group->first ? first : group->first;
			group->end = end > group->end ? end : group->end;
			group->several = true;
		} else if (first < LIVE_TOP - LIVE_LARGE) {
			group = add_group(groups, first & ~(page - 1), first, end, i);
			*slot = group;
		} else {
			group = add_unusual(groups, &items[i], i, page);
		}
		links[i].group = group;
	}
}

void tmi_process_list_groups(struct live_groups *groups, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct live_group *group = groups->links[i].group;

		/* The first element of a group is its last so far, and ends the list. */
		groups->links[i].before = group->last;
		group->last = (uint32_t)i;
	}
}
