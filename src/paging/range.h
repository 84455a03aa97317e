/* SPDX-License-Identifier: Apache-2.0 */
/*
 * range.h - from page to page through tables, for all schemes alike.
 *
 * The tables on the way down are remembered, so that the next page costs one entry. Entries of a
 * last table that continue the page before them are recognised by one masked comparison each; for
 * the rest, and above, the functions of a walk decide. Like walk.h it is inlined where the scheme
 * is a constant.
 *
 * The budget counts the entries that are pages or gaps. Those that lead to tables are free, so that
 * each call gets on, however small its budget is; there are at most four before one that counts.
 */
#ifndef TMI_PAGING_RANGE_H
#define TMI_PAGING_RANGE_H

#include "paging/walk.h"

#define TMI_RANGE_TABLE_SIZE 4096

enum tmi_range_verdict {
	TMI_RANGE_ON,   /* look further */
	TMI_RANGE_OVER, /* the extent is complete, or the budget or the range is at its end */
};

struct tmi_range {
	struct tmi_paging_memory *memory;
	struct tmi_paging_extent *extent;
	uint64_t last;  /* of all that is asked for */
	uint64_t until; /* last that the present root serves, at most @last */
	size_t left;    /* of the budget */
	uint32_t join;
	bool found;           /* *extent has a page */
	bool ended;           /* nothing is left to look at */
	unsigned level;       /* of the table that is being looked at */
	struct tmi_walk walk; /* its address is what is looked at next */
	/* By level: the table, and what the entries on the way to it forbid. */
	uint64_t table[TMI_PAGING_MAX_STEPS + 1];
	uint64_t denied[TMI_PAGING_MAX_STEPS + 1];
	uint8_t entries[TMI_RANGE_TABLE_SIZE]; /* of a last table outside the window */
};

/* Goes to the next address that a root serves, from walk.address on. False: there is none. */
bool tmi_range_enter(const struct tmi_walk_scheme *scheme, struct tmi_range *range);

/* Passes an OTHER entry of the present level: a gap, or a page that may not be accessed. */
enum tmi_range_verdict tmi_range_other(const struct tmi_walk_scheme *scheme,
				       struct tmi_range *range, uint64_t entry);

/* Passes an entry of the present level that cannot be read, or its whole table. */
enum tmi_range_verdict tmi_range_unread(const struct tmi_walk_scheme *scheme,
					struct tmi_range *range);

/*
 * Gets @count entries from @place on that the window does not have. *count becomes smaller when
 * fewer can be had at once. NULL: not even one can.
 */
const uint8_t *tmi_range_fetch(const struct tmi_walk_scheme *scheme, struct tmi_range *range,
			       uint64_t place, size_t *count);

/* Goes on after @last. */
TMI_WALK_INLINE void tmi_range_pass(struct tmi_range *range, uint64_t last, size_t entries)
{
	range->left -= entries;
	range->ended = last >= range->last;
	range->walk.address = last + 1;
}

TMI_WALK_INLINE enum tmi_range_verdict tmi_range_gap(struct tmi_range *range, uint64_t last,
						     size_t entries)
{
	if (range->found)
		return TMI_RANGE_OVER;
	tmi_range_pass(range, last < range->until ? last : range->until, entries);
	return TMI_RANGE_ON;
}

/* True when pages from walk.address on go with those of the extent. */
TMI_WALK_INLINE bool tmi_range_joins(const struct tmi_range *range, uint64_t physical,
				     uint32_t protect)
{
	const struct tmi_paging_extent *extent = range->extent;
	const uint32_t same =
		TMI_PAGING_WRITE | TMI_PAGING_EXECUTE | TMI_PAGING_USER | TMI_PAGING_NO_ACCESS;

	if (range->walk.address != extent->last + 1)
		return false;
	if (range->join & TMI_PAGING_JOIN_PROTECT && (protect ^ extent->protect) & same)
		return false;
	return !(range->join & TMI_PAGING_JOIN_PHYSICAL) ||
	       physical - extent->physical == range->walk.address - extent->first;
}

TMI_WALK_INLINE void tmi_range_bound(struct tmi_paging_extent *extent, uint64_t lowest,
				     uint64_t highest)
{
	extent->lowest = lowest < extent->lowest ? lowest : extent->lowest;
	extent->highest = highest > extent->highest ? highest : extent->highest;
}

/* Adds the page that @frame is the beginning of and walk.address lies in, up to its end @last. */
TMI_WALK_INLINE enum tmi_range_verdict tmi_range_add(struct tmi_range *range, uint64_t mask,
						     uint64_t frame, uint32_t protect)
{
	struct tmi_paging_extent *extent = range->extent;
	uint64_t address = range->walk.address;
	uint64_t physical = frame + (address & mask);
	uint64_t last = address | mask;

	if (last > range->until)
		last = range->until;
	if (!range->found) {
		*extent = (struct tmi_paging_extent){ address, last,       physical,
						      protect, UINT64_MAX, 0 };
		range->found = true;
	} else if (tmi_range_joins(range, physical, protect)) {
		extent->last = last;
		extent->protect &= protect;
	} else {
		return TMI_RANGE_OVER;
	}
	tmi_range_bound(extent, physical, physical + (last - address));
	tmi_range_pass(range, last, 1);
	return TMI_RANGE_ON;
}

/* Entries of a last table that go on with the one before. */
struct tmi_range_row {
	uint64_t mask;     /* bits that are compared */
	uint64_t expected; /* of the next one */
	uint64_t step;     /* of the one after it */
	uint64_t all;      /* bits that all have */
	uint64_t lowest;   /* frames, with @bounds */
	uint64_t highest;
};

/* Takes a row as far as it goes; returns the number. *entry is the one that ended it. */
TMI_WALK_INLINE size_t tmi_range_row(struct tmi_range_row *row, const uint8_t *entries,
				     size_t count, unsigned width, uint64_t frame_bits, bool bounds,
				     uint64_t *entry)
{
	size_t i;

	for (i = 0; i < count; i++) {
		*entry = tmi_paging_entry(entries + i * width, width);
		if ((*entry & row->mask) != row->expected)
			break;
		row->all &= *entry;
		row->expected += row->step;
		if (bounds) {
			uint64_t frame = *entry & frame_bits;

			row->lowest = frame < row->lowest ? frame : row->lowest;
			row->highest = frame > row->highest ? frame : row->highest;
		}
	}
	return i;
}

/*
 * Takes the pages after the one that was just added whose entries differ from it in the frame
 * alone, or not even in that order. Returns the number; *entry is the one that ended it.
 */
TMI_WALK_INLINE size_t tmi_range_follow(const struct tmi_walk_scheme *scheme,
					struct tmi_range *range, const uint8_t *entries,
					size_t count, uint64_t *entry)
{
	uint64_t frame_bits = range->walk.view.frame_bits;
	bool physical = range->join & TMI_PAGING_JOIN_PHYSICAL;
	struct tmi_range_row row = {
		.mask = scheme->same_bits | (physical ? frame_bits : 0),
		.step = physical ? 1u << TMI_WALK_LAST_BITS : 0,
		.all = *entry,
		.lowest = UINT64_MAX,
	};
	uint64_t last;
	size_t taken;

	row.expected = (*entry & row.mask) + row.step;
	taken = range->join & TMI_PAGING_BOUNDS
			? tmi_range_row(&row, entries, count, scheme->width, frame_bits, true,
					entry)
			: tmi_range_row(&row, entries, count, scheme->width, 0, false, entry);
	if (!taken)
		return 0;
	if (range->join & TMI_PAGING_BOUNDS)
		tmi_range_bound(range->extent, row.lowest, row.highest | tmi_walk_mask(scheme, 1));
	last = range->walk.address + ((uint64_t)taken << TMI_WALK_LAST_BITS) - 1;
	range->extent->last = last < range->until ? last : range->until;
	range->extent->protect &= scheme->protect(range->denied[1], row.all);
	tmi_range_pass(range, range->extent->last, taken);
	return taken;
}

/* Takes the empty entries from the present one on; otherwise like tmi_range_follow(). */
TMI_WALK_INLINE size_t tmi_range_zeros(const struct tmi_walk_scheme *scheme,
				       struct tmi_range *range, const uint8_t *entries,
				       size_t count, uint64_t *entry)
{
	uint64_t first = range->walk.address >> TMI_WALK_LAST_BITS << TMI_WALK_LAST_BITS;
	size_t i = 0;

	do
		*entry = ++i < count ? tmi_paging_entry(entries + i * scheme->width, scheme->width)
				     : 1;
	while (!*entry);
	tmi_range_gap(range, first + ((uint64_t)i << TMI_WALK_LAST_BITS) - 1, i);
	return i;
}

/* Looks at the last table from walk.address on, as far as budget and range go. */
TMI_WALK_INLINE enum tmi_range_verdict tmi_range_last_table(const struct tmi_walk_scheme *scheme,
							    struct tmi_range *range)
{
	const uint64_t mask = tmi_walk_mask(scheme, 1);
	uint64_t address = range->walk.address;
	uint64_t place = tmi_walk_place(scheme, 1, range->table[1], address);
	uint64_t at = place - range->memory->first, entry;
	size_t count = ((address ^ tmi_walk_mask(scheme, 2)) & tmi_walk_mask(scheme, 2)) >>
		       TMI_WALK_LAST_BITS;
	const uint8_t *entries;
	uint64_t rest = (range->until >> TMI_WALK_LAST_BITS) - (address >> TMI_WALK_LAST_BITS);
	enum tmi_range_verdict verdict = TMI_RANGE_ON;

	count = (rest < count ? rest : count) + 1;
	count = count < range->left ? count : range->left;
	if (at >= range->memory->size || range->memory->size - at < count * scheme->width)
		entries = tmi_range_fetch(scheme, range, place, &count);
	else
		entries = range->memory->data + at;
	if (!entries)
		return tmi_range_unread(scheme, range);
	entry = tmi_paging_entry(entries, scheme->width);
	for (size_t i = 0; i < count;) {
		if (scheme->kind(1, entry) == TMI_WALK_PAGE) {
			verdict = tmi_range_add(range, mask,
						scheme->frame(&range->walk.view, 1, entry),
						scheme->protect(range->denied[1], entry));
			if (verdict == TMI_RANGE_OVER)
				return verdict;
			i++;
			i += tmi_range_follow(scheme, range, entries + i * scheme->width, count - i,
					      &entry);
			continue;
		}
		if (!entry && !range->found) {
			i += tmi_range_zeros(scheme, range, entries + i * scheme->width, count - i,
					     &entry);
			continue;
		}
		verdict = tmi_range_other(scheme, range, entry);
		if (verdict == TMI_RANGE_OVER || ++i == count)
			return verdict;
		entry = tmi_paging_entry(entries + i * scheme->width, scheme->width);
	}
	return verdict;
}

/* Looks at one entry of a table that is not the last. */
TMI_WALK_INLINE enum tmi_range_verdict tmi_range_entry(const struct tmi_walk_scheme *scheme,
						       struct tmi_range *range)
{
	struct tmi_walk *walk = &range->walk;
	unsigned level = range->level;
	uint64_t place = tmi_walk_place(scheme, level, range->table[level], walk->address);
	uint64_t entry;

	if (!tmi_walk_load(range->memory, place, scheme->width, &entry))
		return tmi_range_unread(scheme, range);
	switch (scheme->kind(level, entry)) {
	case TMI_WALK_TABLE:
		walk->denied = range->denied[level];
		tmi_walk_descend(scheme, walk, level, entry);
		range->level = --level;
		range->table[level] = walk->table;
		range->denied[level] = walk->denied;
		return TMI_RANGE_ON;
	case TMI_WALK_PAGE:
		return tmi_range_add(range, tmi_walk_mask(scheme, level),
				     scheme->frame(&walk->view, level, entry),
				     scheme->protect(range->denied[level], entry));
	default: return tmi_range_other(scheme, range, entry);
	}
}

/* Looks at all that one root serves. ON: go on with the next root. */
TMI_WALK_INLINE enum tmi_range_verdict tmi_range_stretch(const struct tmi_walk_scheme *scheme,
							 struct tmi_range *range)
{
	enum tmi_range_verdict verdict;

	range->level = scheme->top;
	range->table[scheme->top] = range->walk.table;
	range->denied[scheme->top] = 0;
	do {
		uint64_t before = range->walk.address;

		verdict = range->level == 1 ? tmi_range_last_table(scheme, range)
					    : tmi_range_entry(scheme, range);
		if (verdict == TMI_RANGE_OVER || range->ended || !range->left)
			return TMI_RANGE_OVER;
		/* Up again where a table ends, but not from the beginning of one just entered. */
		while (range->walk.address != before && range->level < scheme->top &&
		       !(range->walk.address & tmi_walk_mask(scheme, range->level + 1)))
			range->level++;
	} while (range->walk.address <= range->until);
	return TMI_RANGE_ON;
}

/* The next() of a scheme; see paging.h. */
TMI_WALK_INLINE tmem_status tmi_range_next(const struct tmi_walk_scheme *scheme,
					   const struct tmi_tables *tables,
					   struct tmi_paging_memory *memory, uint64_t from,
					   uint64_t last, uint32_t join, size_t budget,
					   struct tmi_paging_extent *extent)
{
	struct tmi_range range;

	range.memory = memory;
	range.extent = extent;
	range.last = last;
	range.left = budget ? budget : SIZE_MAX;
	range.join = join;
	range.found = false;
	range.ended = from > last;
	range.walk.view.tables = tables;
	range.walk.address = from;
	while (tmi_range_enter(scheme, &range) && tmi_range_stretch(scheme, &range) == TMI_RANGE_ON)
		;
	if (range.found)
		return TMEM_S_OK;
	*extent = (struct tmi_paging_extent){ .first = range.walk.address };
	return range.ended ? TMEM_E_NO_MORE_ENTRIES : TMEM_S_FALSE;
}

/*
 * translate(), lookup(), walk() and next() of a scheme's file, with two struct tmi_walk_scheme that
 * @condition (over *tables) chooses from; canonical() stands before.
 */
#define TMI_PAGING_FUNCTIONS(condition, one, another)                                              \
	static __attribute__((noinline, cold)) void translate_in_full(                             \
		const struct tmi_tables *tables, struct tmi_paging_memory *memory,                 \
		uint64_t address, struct tmi_paging_page *page)                                    \
	{                                                                                          \
		tmi_walk_address((condition) ? &(one) : &(another), tables, memory, address, page, \
				 NULL);                                                            \
	}                                                                                          \
                                                                                                   \
	static void translate(const struct tmi_tables *tables, struct tmi_paging_memory *memory,   \
			      uint64_t address, struct tmi_paging_page *page)                      \
	{                                                                                          \
		if ((condition) ? tmi_walk_quickly(&(one), tables, memory, address, page)          \
				: tmi_walk_quickly(&(another), tables, memory, address, page))     \
			return;                                                                    \
		translate_in_full(tables, memory, address, page);                                  \
	}                                                                                          \
                                                                                                   \
	static uint64_t lookup(const struct tmi_tables *tables,                                    \
			       const struct tmi_paging_memory *memory, uint64_t address)           \
	{                                                                                          \
		struct tmi_paging_page page;                                                       \
                                                                                                   \
		if (canonical(tables, &address) &&                                                 \
		    ((condition) ? tmi_walk_quickly(&(one), tables, memory, address, &page)        \
				 : tmi_walk_quickly(&(another), tables, memory, address, &page)))  \
			return page.physical;                                                      \
		return UINT64_MAX;                                                                 \
	}                                                                                          \
                                                                                                   \
	static bool upper(const struct tmi_tables *tables, const struct tmi_paging_memory *memory, \
			  uint64_t address, struct tmi_paging_upper *found)                        \
	{                                                                                          \
		if (!canonical(tables, &address))                                                  \
			return false;                                                              \
		return (condition)                                                                 \
			       ? tmi_walk_find_upper(&(one), tables, memory, address, found)       \
			       : tmi_walk_find_upper(&(another), tables, memory, address, found);  \
	}                                                                                          \
                                                                                                   \
	static void lookup_many(const struct tmi_tables *tables,                                   \
				const struct tmi_paging_memory *memory, const uint64_t *addresses, \
				uint64_t *physical, size_t count)                                  \
	{                                                                                          \
		if (condition)                                                                     \
			tmi_walk_many(&(one), canonical, tables, memory, addresses, physical,      \
				      count);                                                      \
		else                                                                               \
			tmi_walk_many(&(another), canonical, tables, memory, addresses, physical,  \
				      count);                                                      \
	}                                                                                          \
                                                                                                   \
	static void walk(const struct tmi_tables *tables, struct tmi_paging_memory *memory,        \
			 uint64_t address, struct tmi_paging_walk *walk)                           \
	{                                                                                          \
		tmi_walk_address((condition) ? &(one) : &(another), tables, memory, address,       \
				 &walk->page, walk);                                               \
	}                                                                                          \
                                                                                                   \
	static tmem_status next(const struct tmi_tables *tables, struct tmi_paging_memory *memory, \
				uint64_t from, uint64_t last, uint32_t join, size_t budget,        \
				struct tmi_paging_extent *extent)                                  \
	{                                                                                          \
		if (condition)                                                                     \
			return tmi_range_next(&(one), tables, memory, from, last, join, budget,    \
					      extent);                                             \
		return tmi_range_next(&(another), tables, memory, from, last, join, budget,        \
				      extent);                                                     \
	}

#endif
