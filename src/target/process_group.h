/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_group.h - the elements of a batch, grouped by the page that they begin in.
 *
 * Many elements in few pages are the usual batch. A look into a small table finds the group of
 * each, so that only groups must be sorted.
 */
#ifndef TMI_TARGET_PROCESS_GROUP_H
#define TMI_TARGET_PROCESS_GROUP_H

#include "target/process.h"

/* Elements from here on are read alone, and have a group each. */
#define LIVE_LARGE (64u << 10)

struct live_group {
	uint64_t page;  /* number */
	uint64_t first; /* of the elements' bytes */
	uint64_t end;   /* exclusive */
	uint32_t last;  /* element; links lead to those before it */
	uint32_t count; /* elements */
};

struct live_group_key {
	uint64_t page;
	uint32_t group;
};

/* The caller makes room for as many groups as there are elements. */
struct live_groups {
	struct live_group *all;
	uint32_t *links;               /* of an element: the one before it in its group */
	struct live_group_key *keys;   /* twice as many */
	struct live_group_key *sorted; /* of those in keys */
	size_t count;
	bool in_order;   /* as they were made */
	uint32_t *table; /* open addressing by page: number of the group + 1, 0 = free */
};

/* Slots that the table needs for @count elements: a power of two. */
static inline size_t tmi_process_group_slots(size_t count)
{
	size_t slots = 16;

	while (slots < 2 * count)
		slots *= 2;
	return slots;
}

/* Bytes of an element that addresses can have. */
static inline uint64_t tmi_process_clip(uint64_t address, uint64_t size)
{
	if (address >= LIVE_TOP)
		return 0;
	return size < LIVE_TOP - address ? size : LIVE_TOP - address;
}

/*
 * Groups all elements that have bytes to read, and sets done of all to 0. @count: at most 2^31.
 * @shift: bits of an address inside a page.
 */
void tmi_process_make_groups(struct live_groups *groups, struct tmem_transfer *items, size_t count,
			     unsigned shift);

/*
 * Makes groups->sorted, by page. @any_order: scattered ones may stay as they are, because only
 * those next to each other matter.
 */
void tmi_process_sort_groups(struct live_groups *groups, bool any_order);

#endif
