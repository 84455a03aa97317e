/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x86_pae.c - physical address extension: four entries, aligned to 32 bytes, for a GiB each, and
 * below them two levels of 8-byte entries; pages of 4 KiB and 2 MiB.
 */
#include <tmem/translate.h>

#include "paging/range.h"
#include "paging/x86_entry.h"

#define ROOT_BITS    0xffffffe0u
#define ADDRESS_BITS 0x000ffffffffff000ull /* 12..51 */
#define RESERVED     0x7ff0000000000000ull /* 52..62 */
#define MISPLACED_2M 0x00000000001fe000ull

/*
 * The four allow and forbid nothing: 1, 2, 6..8 and 63 are reserved too. So is 5, but an emulated
 * processor (QEMU's own translation) sets it when it goes through the entry.
 */
#define RESERVED_IN_ROOT (RESERVED | X86_NO_EXECUTE | 0x1c6u)

TMI_WALK_INLINE enum tmi_walk_kind kind(unsigned level, uint64_t entry)
{
	if (level == 3)
		return (entry & (X86_PRESENT | RESERVED_IN_ROOT)) == X86_PRESENT ? TMI_WALK_TABLE
										 : TMI_WALK_OTHER;
	if ((entry & (X86_PRESENT | RESERVED)) != X86_PRESENT)
		return TMI_WALK_OTHER;
	if (level == 1)
		return TMI_WALK_PAGE;
	if (!(entry & X86_LARGE))
		return TMI_WALK_TABLE;
	return entry & MISPLACED_2M ? TMI_WALK_OTHER : TMI_WALK_PAGE;
}

TMI_WALK_INLINE uint64_t frame(const struct tmi_walk_view *view, unsigned level, uint64_t entry)
{
	return entry & view->frame_bits & ~((1ull << (12 + 9 * (level - 1))) - 1);
}

TMI_WALK_INLINE uint64_t denials(unsigned level, uint64_t entry)
{
	return level == 3 ? 0 : tmi_x86_denials(level, entry);
}

/* Before frames came to be inverted, the upper half of an entry was all that said where. */
static void swap(const struct tmi_walk_view *view, uint64_t entry, unsigned *type, uint64_t *offset)
{
	if (view->tables->flags & TMI_TABLES_INVERTED_NONE) {
		tmi_x86_swap64(view, entry, type, offset);
		return;
	}
	*type = entry >> 32 & 31;
	*offset = entry >> 37;
}

static const struct tmi_x86_format format = {
	.misplaced = { 0, 0, MISPLACED_2M, UINT64_MAX },
	.inverts = true,
	.frame = frame,
	.swap = swap,
};

static void other(const struct tmi_walk_view *view, unsigned level, uint64_t entry, uint64_t denied,
		  struct tmi_walk_other *other)
{
	tmi_x86_other(&format, view, level, entry, denied, other);
}

static uint32_t flags(const struct tmi_walk_view *view, unsigned level, uint64_t entry)
{
	bool table = kind(level, entry) == TMI_WALK_TABLE;
	uint32_t flags = tmi_x86_flags(&format, view, level, entry, table);

	/* It has no bits for them. */
	if (table && level == 3)
		flags |= TMEM_ENTRY_WRITE | TMEM_ENTRY_USER | TMEM_ENTRY_EXECUTE;
	return flags;
}

static const struct tmi_walk_scheme scheme = {
	.top = 3,
	.width = 8,
	.index_bits = 9,
	.root_bits = ROOT_BITS,
	.frame_bits = ADDRESS_BITS,
	.same_bits = X86_SAME_BITS | RESERVED,
	.kind = kind,
	.frame = frame,
	.denials = denials,
	.protect = tmi_x86_protect,
	.other = other,
	.flags = flags,
};

static const struct tmi_paging_forms forms = {
	.table = { X86_PRESENT | X86_LARGE | RESERVED, X86_PRESENT },
	.large = { X86_PRESENT | X86_LARGE | RESERVED | MISPLACED_2M, X86_PRESENT | X86_LARGE },
	.page = { X86_PRESENT | RESERVED, X86_PRESENT },
	.frame_bits = ADDRESS_BITS,
};

static bool canonical(const struct tmi_tables *tables, uint64_t *address)
{
	(void)tables;
	return tmi_walk_possible(&scheme, *address);
}

TMI_PAGING_FUNCTIONS(true, scheme, scheme)

const struct tmi_paging_scheme tmi_paging_x86_pae = {
	.name = "pae",
	.scheme = TMI_SCHEME_X86_PAE,
	.pointer_size = 4,
	.page_size = 4096,
	.level_names = { "", "PTE", "PDE", "PDPE" },
	.canonical = canonical,
	.translate = translate,
	.lookup = lookup,
	.upper = upper,
	.forms = &forms,
	.lookup_many = lookup_many,
	.walk = walk,
	.next = next,
};
