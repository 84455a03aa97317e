/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x86_entry.h - what the entries of all x86 tables have in common, and what Linux writes into those
 * that the processor does not use.
 */
#ifndef TMI_PAGING_X86_ENTRY_H
#define TMI_PAGING_X86_ENTRY_H

#include "paging/walk.h"

#define X86_PRESENT       0x1u
#define X86_WRITE         0x2u
#define X86_USER          0x4u
#define X86_WRITE_THROUGH 0x8u
#define X86_NO_CACHE      0x10u
#define X86_ACCESSED      0x20u
#define X86_DIRTY         0x40u
#define X86_LARGE         0x80u  /* above the last level; part of the memory type in it */
#define X86_GLOBAL        0x100u /* of a page */
#define X86_PROT_NONE     0x100u /* Linux: of a page, when it is not present */
#define X86_SOFTWARE      0x200u
#define X86_NO_EXECUTE    (1ull << 63)

/* Denials: bits of an entry, those that allow something turned round. */
#define X86_DENIALS (X86_WRITE | X86_USER | X86_NO_EXECUTE)

/* Bits that decide of an entry in the last table what it is and allows. */
#define X86_SAME_BITS (X86_PRESENT | X86_DENIALS)

/* How a format differs in entries that are not plain. */
struct tmi_x86_format {
	/* By level: bits that a page must not have set; UINT64_MAX: no pages there. */
	uint64_t misplaced[TMI_PAGING_MAX_STEPS + 1];
	bool inverts; /* TMI_TABLES_INVERTED_NONE holds for it */
	/* First physical address of a page. */
	uint64_t (*frame)(const struct tmi_walk_view *view, unsigned level, uint64_t entry);
	/* Number of the swap area, and the place in it, of a page that was swapped out. */
	void (*swap)(const struct tmi_walk_view *view, uint64_t entry, unsigned *type,
		     uint64_t *offset);
};

TMI_WALK_INLINE uint64_t tmi_x86_denials(unsigned level, uint64_t entry)
{
	(void)level;
	return (entry ^ (X86_WRITE | X86_USER)) & X86_DENIALS;
}

/* Each bit moves to its place; nothing is tested. */
TMI_WALK_INLINE uint32_t tmi_x86_protect(uint64_t denied, uint64_t entry)
{
	uint64_t allowed = ~(denied | tmi_x86_denials(1, entry));
	uint64_t protect = (allowed >> 1 & TMI_PAGING_WRITE) | (allowed & TMI_PAGING_USER) |
			   (allowed >> 62 & TMI_PAGING_EXECUTE);

	protect |= entry >> 1 & (TMI_PAGING_ACCESSED | TMI_PAGING_DIRTY);
	protect |= entry >> 2 & TMI_PAGING_GLOBAL;
	return (uint32_t)protect;
}

/* Where 64-bit entries have the swap area and the place in it. */
void tmi_x86_swap64(const struct tmi_walk_view *view, uint64_t entry, unsigned *type,
		    uint64_t *offset);

/* Fills *other for an entry that kind() calls OTHER. */
void tmi_x86_other(const struct tmi_x86_format *format, const struct tmi_walk_view *view,
		   unsigned level, uint64_t entry, uint64_t denied, struct tmi_walk_other *other);

/* enum tmem_entry_flags of any entry. @table: it leads to a table. */
uint32_t tmi_x86_flags(const struct tmi_x86_format *format, const struct tmi_walk_view *view,
		       unsigned level, uint64_t entry, bool table);

#endif
