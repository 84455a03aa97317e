/* SPDX-License-Identifier: Apache-2.0 */
/* walk.c - what a walk rarely needs, and therefore does not inline. */
#include "paging/walk.h"

bool tmi_walk_ask(struct tmi_paging_memory *memory, uint64_t address, unsigned width,
		  uint64_t *entry)
{
	uint8_t bytes[8];

	if (!memory->read || memory->read(memory, address, bytes, width) != TMEM_S_OK)
		return false;
	*entry = tmi_load(bytes, width, false);
	return true;
}

bool tmi_walk_stretch(const struct tmi_walk_scheme *scheme, const struct tmi_tables *tables,
		      uint64_t address, uint64_t *first, uint64_t *last)
{
	bool halves = scheme->half_bits != 0;
	uint64_t half = halves ? UINT64_MAX >> (64 - scheme->half_bits) : UINT32_MAX;

	if (address > half && !(halves && address >= ~half)) {
		*first = half + 1;
		*last = halves ? ~half - 1 : UINT64_MAX;
		return false;
	}
	*first = address > half ? ~half : 0;
	*last = address > half ? UINT64_MAX : half;
	if (!tables->kernel_first)
		return true;
	if (address < tables->kernel_first && *last >= tables->kernel_first)
		*last = tables->kernel_first - 1;
	if (address >= tables->kernel_first && *first < tables->kernel_first)
		*first = tables->kernel_first;
	return true;
}

void tmi_walk_cut(const struct tmi_walk_scheme *scheme, const struct tmi_tables *tables,
		  uint64_t address, struct tmi_paging_page *page)
{
	uint64_t first, last;

	tmi_walk_stretch(scheme, tables, address, &first, &last);
	if (page->first < first)
		page->first = first;
	if (page->last > last)
		page->last = last;
}

void tmi_walk_nowhere(const struct tmi_walk_scheme *scheme, const struct tmi_tables *tables,
		      uint64_t address, struct tmi_paging_page *page)
{
	bool exists;

	*page = (struct tmi_paging_page){ 0 };
	exists = tmi_walk_stretch(scheme, tables, address, &page->first, &page->last);
	page->outcome = exists ? TMI_PAGING_ABSENT : TMI_PAGING_FAULT;
	page->reason = exists ? TMEM_REASON_NOT_MAPPED : TMEM_REASON_NON_CANONICAL;
}

/* No page: the answer holds for all that the entry is for. */
static void end_without_page(const struct tmi_walk_scheme *scheme, const struct tmi_walk *walk,
			     unsigned level, struct tmi_paging_page *page)
{
	uint64_t mask = tmi_walk_mask(scheme, level);

	*page = (struct tmi_paging_page){ .first = walk->address & ~mask,
					  .last = walk->address | mask,
					  .level = level };
	tmi_walk_cut(scheme, walk->view.tables, walk->address, page);
}

void tmi_walk_unread(const struct tmi_walk_scheme *scheme, const struct tmi_walk *walk,
		     unsigned level, struct tmi_paging_page *page)
{
	end_without_page(scheme, walk, level, page);
	page->outcome = TMI_PAGING_FAULT;
	page->reason = TMEM_REASON_TABLE_UNREADABLE;
}

void tmi_walk_other(const struct tmi_walk_scheme *scheme, const struct tmi_walk *walk,
		    unsigned level, uint64_t entry, struct tmi_paging_page *page)
{
	struct tmi_walk_other other = { 0 };

	scheme->other(&walk->view, level, entry, walk->denied, &other);
	end_without_page(scheme, walk, level, page);
	page->outcome = other.outcome;
	page->reason = other.reason;
	if (other.outcome != TMI_PAGING_PAGE)
		return;
	page->protect = other.protect;
	page->physical = other.frame + (walk->address & tmi_walk_mask(scheme, level));
}
