/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lower.h - the end of a walk that many addresses share the beginning of: two tables described by
 * numbers, so that it is straight code for every scheme that has such tables.
 */
#ifndef TMI_PAGING_LOWER_H
#define TMI_PAGING_LOWER_H

#include "paging/paging.h"

#define TMI_LOWER_INLINE static inline __attribute__((always_inline))

#define TMI_LOWER_PAGE  UINT64_C(4096)
#define TMI_LOWER_LARGE (UINT64_C(2) << 20)

/* Entry @index, or what is left of it in a table of 512. */
TMI_LOWER_INLINE uint64_t tmi_lower_entry(const uint8_t *table, uint64_t index)
{
	return tmi_paging_entry(table + index % 512 * sizeof(uint64_t), sizeof(uint64_t));
}

TMI_LOWER_INLINE bool tmi_lower_is(const struct tmi_paging_form *form, uint64_t entry)
{
	return (entry & form->mask) == form->value;
}

/* What serves the addresses of 2 MiB. */
struct tmi_lower {
	const uint8_t *table; /* the last table, all of it in the window; NULL: one page */
	uint64_t physical;    /* first address of that page */
};

/*
 * Finds what serves the 2 MiB around an address of the GiB that @upper serves. False: translate()
 * knows more.
 * @pages: places of the window at which a whole page begins.
 */
TMI_LOWER_INLINE bool tmi_lower_find(const struct tmi_paging_forms *forms,
				     const struct tmi_paging_memory *memory, uint64_t pages,
				     const struct tmi_paging_upper *upper, uint64_t address,
				     struct tmi_lower *lower)
{
	uint64_t entry, place;

	lower->table = NULL;
	if (__builtin_expect(!upper->table, 0)) {
		lower->physical = upper->physical + (address & (TMI_PAGING_GIB - TMI_LOWER_LARGE));
		return true;
	}
	entry = tmi_lower_entry(upper->table, address / TMI_LOWER_LARGE);
	if (!tmi_lower_is(&forms->table, entry)) {
		lower->physical = entry & forms->frame_bits & ~(TMI_LOWER_LARGE - 1);
		return tmi_lower_is(&forms->large, entry);
	}
	place = (entry & forms->frame_bits) - memory->first;
	if (__builtin_expect(place >= pages, 0))
		return false;
	lower->table = memory->data + place;
	lower->physical = 0;
	return true;
}

/* The physical page by entry @index of a last table, in the same way. */
TMI_LOWER_INLINE bool tmi_lower_page(const struct tmi_paging_forms *forms, const uint8_t *table,
				     uint64_t index, uint64_t *physical)
{
	uint64_t entry = tmi_lower_entry(table, index);

	*physical = entry & forms->frame_bits;
	return __builtin_expect(tmi_lower_is(&forms->page, entry), 1);
}

/* Both: the physical page of an address of the GiB that @upper serves. */
TMI_LOWER_INLINE bool tmi_lower_lookup(const struct tmi_paging_forms *forms,
				       const struct tmi_paging_memory *memory, uint64_t pages,
				       const struct tmi_paging_upper *upper, uint64_t address,
				       uint64_t *physical)
{
	struct tmi_lower lower;

	if (!tmi_lower_find(forms, memory, pages, upper, address, &lower))
		return false;
	if (lower.table)
		return tmi_lower_page(forms, lower.table, address / TMI_LOWER_PAGE, physical);
	*physical = lower.physical + (address & (TMI_LOWER_LARGE - TMI_LOWER_PAGE));
	return true;
}

#endif
