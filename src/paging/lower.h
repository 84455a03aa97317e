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

/*
 * Finds the physical page of an address of the GiB that @upper serves. False: translate() knows
 * more.
 * @pages: places of the window at which a whole page begins.
 */
TMI_LOWER_INLINE bool tmi_lower_lookup(const struct tmi_paging_forms *forms,
				       const struct tmi_paging_memory *memory, uint64_t pages,
				       const struct tmi_paging_upper *upper, uint64_t address,
				       uint64_t *physical)
{
	uint64_t entry, place;

	if (__builtin_expect(!upper->table, 0)) {
		*physical = upper->physical + (address & (TMI_PAGING_GIB - TMI_LOWER_PAGE));
		return true;
	}
	entry = tmi_lower_entry(upper->table, address / TMI_LOWER_LARGE);
	if (!tmi_lower_is(&forms->table, entry)) {
		*physical = (entry & forms->frame_bits & ~(TMI_LOWER_LARGE - 1)) +
			    (address & (TMI_LOWER_LARGE - TMI_LOWER_PAGE));
		return tmi_lower_is(&forms->large, entry);
	}
	place = (entry & forms->frame_bits) - memory->first;
	if (__builtin_expect(place >= pages, 0))
		return false;
	entry = tmi_lower_entry(memory->data + place, address / TMI_LOWER_PAGE);
	*physical = entry & forms->frame_bits;
	return __builtin_expect(tmi_lower_is(&forms->page, entry), 1);
}

#endif
