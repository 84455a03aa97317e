/* SPDX-License-Identifier: Apache-2.0 */
/* range.c - what going from page to page does once for a table, or rarely. */
#include "paging/range.h"

bool tmi_range_enter(const struct tmi_walk_scheme *scheme, struct tmi_range *range)
{
	const struct tmi_tables *tables = range->walk.view.tables;
	uint64_t first, last;

	while (!range->ended) {
		tmi_walk_stretch(scheme, tables, range->walk.address, &first, &last);
		range->until = last < range->last ? last : range->last;
		if (tmi_walk_start(scheme, tables, range->walk.address, &range->walk))
			return true;
		tmi_range_pass(range, range->until, 0);
	}
	return false;
}

enum tmi_range_verdict tmi_range_other(const struct tmi_walk_scheme *scheme,
				       struct tmi_range *range, uint64_t entry)
{
	uint64_t mask = tmi_walk_mask(scheme, range->level);
	struct tmi_walk_other other = { 0 };

	scheme->other(&range->walk.view, range->level, entry, range->denied[range->level], &other);
	if (other.outcome == TMI_PAGING_PAGE)
		return tmi_range_add(range, mask, other.frame, other.protect);
	return tmi_range_gap(range, range->walk.address | mask, 1);
}

/*
 * A page of memory that is not there takes its whole table with it. Memory that begins or ends
 * inside the table is seen by a look at the last entry that is of interest.
 */
enum tmi_range_verdict tmi_range_unread(const struct tmi_walk_scheme *scheme,
					struct tmi_range *range)
{
	unsigned level = range->level;
	uint64_t last = range->until, entry;

	if (level < scheme->top && (range->walk.address | tmi_walk_mask(scheme, level + 1)) < last)
		last = range->walk.address | tmi_walk_mask(scheme, level + 1);
	if (tmi_walk_load(range->memory, tmi_walk_place(scheme, level, range->table[level], last),
			  scheme->width, &entry))
		last = range->walk.address | tmi_walk_mask(scheme, level);
	return tmi_range_gap(range, last, 1);
}

static const uint8_t *in_window(const struct tmi_paging_memory *memory, uint64_t place, size_t size)
{
	uint64_t at = place - memory->first;

	return at < memory->size && memory->size - at >= size ? memory->data + at : NULL;
}

const uint8_t *tmi_range_fetch(const struct tmi_walk_scheme *scheme, struct tmi_range *range,
			       uint64_t place, size_t *count)
{
	struct tmi_paging_memory *memory = range->memory;
	size_t size = *count * scheme->width;
	const uint8_t *entries;
	uint64_t entry;

	/* One entry first: it may bring the window to the table. */
	if (!tmi_walk_load(memory, place, scheme->width, &entry))
		return NULL;
	entries = in_window(memory, place, size);
	if (entries)
		return entries;
	if (*count > 1 && memory->read &&
	    memory->read(memory, place, range->entries, size) == TMEM_S_OK)
		return range->entries;
	tmi_store(range->entries, scheme->width, false, entry);
	*count = 1;
	return range->entries;
}
