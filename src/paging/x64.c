/* SPDX-License-Identifier: Apache-2.0 */
/* x64.c - x86-64: four or five levels, pages of 4 KiB, 2 MiB and 1 GiB. */
#include "paging/range.h"
#include "paging/x86_entry.h"

#define ADDRESS_BITS 0x000ffffffffff000ull /* 12..51 */

/* Below the frame of a large page; bit 12 is part of its memory type. */
#define MISPLACED_2M 0x00000000001fe000ull
#define MISPLACED_1G 0x000000003fffe000ull

TMI_WALK_INLINE enum tmi_walk_kind kind(unsigned level, uint64_t entry)
{
	uint64_t misplaced = level == 3 ? MISPLACED_1G : MISPLACED_2M;

	if (level == 1)
		return entry & X86_PRESENT ? TMI_WALK_PAGE : TMI_WALK_OTHER;
	if ((entry & (X86_PRESENT | X86_LARGE)) == X86_PRESENT)
		return TMI_WALK_TABLE;
	if (level > 3 || (entry & (X86_PRESENT | misplaced)) != X86_PRESENT)
		return TMI_WALK_OTHER;
	return TMI_WALK_PAGE;
}

TMI_WALK_INLINE uint64_t frame(const struct tmi_walk_view *view, unsigned level, uint64_t entry)
{
	return entry & view->frame_bits & ~((1ull << (12 + 9 * (level - 1))) - 1);
}

static const struct tmi_x86_format format = {
	.misplaced = { 0, 0, MISPLACED_2M, MISPLACED_1G, UINT64_MAX, UINT64_MAX },
	.inverts = true,
	.frame = frame,
	.swap = tmi_x86_swap64,
};

static void other(const struct tmi_walk_view *view, unsigned level, uint64_t entry, uint64_t denied,
		  struct tmi_walk_other *other)
{
	tmi_x86_other(&format, view, level, entry, denied, other);
}

static uint32_t flags(const struct tmi_walk_view *view, unsigned level, uint64_t entry)
{
	return tmi_x86_flags(&format, view, level, entry, kind(level, entry) == TMI_WALK_TABLE);
}

/* The isolated half has NX in its first table, which forbids nothing in the other copy. */
#define COMMON                                                                                     \
	.width = 8, .index_bits = 9, .root_bits = ADDRESS_BITS, .frame_bits = ADDRESS_BITS,        \
	.same_bits = X86_SAME_BITS, .kind = kind, .frame = frame, .denials = tmi_x86_denials,      \
	.protect = tmi_x86_protect, .other = other, .flags = flags, .isolated = X86_NO_EXECUTE

static const struct tmi_walk_scheme four_levels = { .top = 4, .half_bits = 47, COMMON };
static const struct tmi_walk_scheme five_levels = { .top = 5, .half_bits = 56, COMMON };

static const struct tmi_paging_forms forms = {
	.table = { X86_PRESENT | X86_LARGE, X86_PRESENT },
	.large = { X86_PRESENT | X86_LARGE | MISPLACED_2M, X86_PRESENT | X86_LARGE },
	.page = { X86_PRESENT, X86_PRESENT },
	.frame_bits = ADDRESS_BITS,
};

static bool canonical(const struct tmi_tables *tables, uint64_t *address)
{
	return tmi_walk_possible(tables->levels == 5 ? &five_levels : &four_levels, *address);
}

TMI_PAGING_FUNCTIONS(tables->levels == 5, five_levels, four_levels)

const struct tmi_paging_scheme tmi_paging_x64 = {
	.name = "x64",
	.scheme = TMI_SCHEME_X64,
	.pointer_size = 8,
	.page_size = 4096,
	.level_names = { "", "PTE", "PDE", "PDPE", "PML4E", "PML5E" },
	.canonical = canonical,
	.translate = translate,
	.lookup = lookup,
	.upper = upper,
	.forms = &forms,
	.lookup_many = lookup_many,
	.walk = walk,
	.next = next,
};
