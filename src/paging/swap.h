/* SPDX-License-Identifier: Apache-2.0 */
/* swap.h - what Linux means by an entry that is neither present nor empty. */
#ifndef TMI_PAGING_SWAP_H
#define TMI_PAGING_SWAP_H

#include <tmem/status.h>

/*
 * Types from here up are no swap areas. Which is which moves with version and configuration: most
 * mean a page that is being moved and is in memory all the time, few that it is broken or that a
 * device has it.
 */
#define TMI_PAGING_FIRST_SPECIAL_SWAP 23
/* The last type marks places without a page; its offset is then a set of few flags. */
#define TMI_PAGING_MARKER_SWAP 31
#define TMI_PAGING_MARKERS     16

/* Why there is no page (enum tmem_reason), from the type and the offset of a swap entry. */
static inline uint32_t tmi_paging_swap_reason(unsigned type, uint64_t offset)
{
	if (type < TMI_PAGING_FIRST_SPECIAL_SWAP)
		return TMEM_REASON_PAGED_OUT;
	if (type == TMI_PAGING_MARKER_SWAP && offset < TMI_PAGING_MARKERS)
		return TMEM_REASON_NOT_MAPPED;
	return TMEM_REASON_IN_TRANSITION;
}

#endif
