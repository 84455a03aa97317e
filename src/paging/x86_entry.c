/* SPDX-License-Identifier: Apache-2.0 */
/* x86_entry.c - x86 entries as words for people, and those that are no plain present ones. */
#include <tmem/translate.h>

#include "paging/swap.h"
#include "paging/x86_entry.h"

static bool inverted(const struct tmi_x86_format *format, const struct tmi_walk_view *view)
{
	return format->inverts && view->tables->flags & TMI_TABLES_INVERTED_NONE;
}

/*
 * Since 4.18, when frames came to be stored inverted, the type is in the top bits and the offset is
 * inverted as well; a processor that guesses at such an entry must not find memory.
 */
void tmi_x86_swap64(const struct tmi_walk_view *view, uint64_t entry, unsigned *type,
		    uint64_t *offset)
{
	if (view->tables->flags & TMI_TABLES_INVERTED_NONE) {
		*type = (unsigned)(entry >> 59);
		*offset = ~entry << 5 >> 14;
	} else {
		*type = entry >> 9 & 31;
		*offset = entry >> 14;
	}
}

/* Not present, but not empty either. */
static void look_closer(const struct tmi_x86_format *format, const struct tmi_walk_view *view,
			unsigned level, uint64_t entry, uint64_t denied,
			struct tmi_walk_other *other)
{
	uint64_t offset;
	unsigned type;

	if (entry & X86_PROT_NONE && (level == 1 || entry & X86_LARGE)) {
		if (entry & format->misplaced[level]) {
			other->outcome = TMI_PAGING_FAULT;
			other->reason = TMEM_REASON_BAD_ENTRY;
			return;
		}
		other->outcome = TMI_PAGING_PAGE;
		other->reason = TMEM_REASON_NONE;
		other->frame = format->frame(view, level, inverted(format, view) ? ~entry : entry);
		/* The entry has lost its own user bit; those above it still tell. */
		other->protect = TMI_PAGING_NO_ACCESS;
		other->protect |= denied & X86_USER || view->upper ? 0 : TMI_PAGING_USER;
		other->protect |= entry >> 1 & (TMI_PAGING_ACCESSED | TMI_PAGING_DIRTY);
	} else if (level > 1 && entry & X86_LARGE && !view->upper) {
		other->reason = TMEM_REASON_IN_TRANSITION; /* a large page that is being split */
	} else if (!view->upper && !(entry & X86_PROT_NONE)) {
		format->swap(view, entry, &type, &offset);
		other->reason = tmi_paging_swap_reason(type, offset);
	}
}

void tmi_x86_other(const struct tmi_x86_format *format, const struct tmi_walk_view *view,
		   unsigned level, uint64_t entry, uint64_t denied, struct tmi_walk_other *other)
{
	if (entry & X86_PRESENT) {
		other->outcome = TMI_PAGING_FAULT;
		other->reason = TMEM_REASON_BAD_ENTRY;
		return;
	}
	other->outcome = TMI_PAGING_ABSENT;
	other->reason = TMEM_REASON_NOT_MAPPED;
	if (entry && format->misplaced[level] != UINT64_MAX)
		look_closer(format, view, level, entry, denied, other);
}

/* Flags of an entry that the processor does not use: what its bits mean depends on what it is. */
static uint32_t absent_flags(const struct tmi_x86_format *format, const struct tmi_walk_view *view,
			     unsigned level, uint64_t entry)
{
	struct tmi_walk_other other = { 0 };
	uint32_t flags = TMEM_ENTRY_NO_ACCESS;

	tmi_x86_other(format, view, level, entry, 0, &other);
	if (other.outcome != TMI_PAGING_PAGE)
		return other.reason == TMEM_REASON_PAGED_OUT ? TMEM_ENTRY_PAGED_OUT : 0;
	flags |= entry & X86_ACCESSED ? TMEM_ENTRY_ACCESSED : 0;
	flags |= entry & X86_DIRTY ? TMEM_ENTRY_DIRTY : 0;
	return flags | (level > 1 ? TMEM_ENTRY_LARGE : 0);
}

uint32_t tmi_x86_flags(const struct tmi_x86_format *format, const struct tmi_walk_view *view,
		       unsigned level, uint64_t entry, bool table)
{
	uint32_t flags = TMEM_ENTRY_PRESENT;

	if (!(entry & X86_PRESENT))
		return absent_flags(format, view, level, entry);
	flags |= entry & X86_WRITE ? TMEM_ENTRY_WRITE : 0;
	flags |= entry & X86_USER ? TMEM_ENTRY_USER : 0;
	flags |= entry & X86_NO_EXECUTE ? 0 : TMEM_ENTRY_EXECUTE;
	flags |= entry & X86_ACCESSED ? TMEM_ENTRY_ACCESSED : 0;
	flags |= entry & X86_NO_CACHE ? TMEM_ENTRY_NO_CACHE : 0;
	flags |= entry & X86_WRITE_THROUGH ? TMEM_ENTRY_WRITE_THROUGH : 0;
	flags |= entry & X86_SOFTWARE ? TMEM_ENTRY_SOFTWARE : 0;
	if (table) /* the bits of a page mean nothing there */
		return flags;
	flags |= entry & X86_DIRTY ? TMEM_ENTRY_DIRTY : 0;
	flags |= entry & X86_GLOBAL ? TMEM_ENTRY_GLOBAL : 0;
	return flags | (level > 1 && entry & X86_LARGE ? TMEM_ENTRY_LARGE : 0);
}
