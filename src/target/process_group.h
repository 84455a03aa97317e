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
	union {
		uint64_t page;   /* address */
		uint64_t source; /* all was read: where its bytes are, less their addresses; 0: see
				    span */
	};
	uint64_t first; /* of the elements' bytes */
	uint64_t end;   /* exclusive */
	union {
		uint32_t last; /* its element; with lists, links lead to those before it */
		uint32_t span; /* number of the span that was read */
	};
	bool several; /* elements */
};

struct live_group_key {
	uint64_t page; /* number */
	uint32_t group;
};

/* Of an element. */
union live_link {
	struct live_group *group;
	size_t before; /* with lists: the element before it in its group, or itself */
};

/* The caller makes room for as many groups as there are elements, and one more. */
struct live_groups {
	struct live_group *all;        /* from 1; number 0 is of elements that have no bytes */
	union live_link *links;        /* of the elements */
	struct live_group_key *keys;   /* twice as many */
	struct live_group_key *sorted; /* of those in keys */
	size_t count;                  /* of groups with bytes */
	bool in_order;                 /* as they were made */
	struct live_group **table;     /* open addressing by page; NULL = free */
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
 * Groups all elements that have bytes to read, and sets done of the others to 0. @count: at most
 * 2^31. @page: bytes of a page.
 */
void tmi_process_make_groups(struct live_groups *groups, struct tmem_transfer *items, size_t count,
			     uint64_t page);

/*
 * Makes groups->sorted, by page. @shift: bits of an address inside a page. @any_order: scattered
 * ones may stay as they are, because only those next to each other matter.
 */
void tmi_process_sort_groups(struct live_groups *groups, unsigned shift, bool any_order);

/* Makes lists: links lead from the last element of a group to the one before it, and so on. */
void tmi_process_list_groups(struct live_groups *groups, size_t count);

#endif
