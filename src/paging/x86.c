/* SPDX-License-Identifier: Apache-2.0 */
/* x86.c - two levels of 4-byte entries; pages of 4 KiB, and of 4 MiB in the first 1 TiB (PSE-36).
 */
#include "paging/range.h"
#include "paging/x86_entry.h"

#define ADDRESS_BITS 0xfffff000u

/* Of a large page: 31..22 of its address, 39..32 of it, one bit between them that must be 0. */
#define LARGE_BITS   0xffc00000u
#define HIGH_BITS    0x001fe000u
#define HIGH_SHIFT   (32 - 13)
#define MISPLACED_4M 0x00200000u

TMI_WALK_INLINE enum tmi_walk_kind kind(unsigned level, uint64_t entry)
{
	if (!(entry & X86_PRESENT))
		return TMI_WALK_OTHER;
	if (level == 1)
		return TMI_WALK_PAGE;
	if (!(entry & X86_LARGE))
		return TMI_WALK_TABLE;
	return entry & MISPLACED_4M ? TMI_WALK_OTHER : TMI_WALK_PAGE;
}

TMI_WALK_INLINE uint64_t frame(const struct tmi_walk_view *view, unsigned level, uint64_t entry)
{
	if (level == 1)
		return entry & view->frame_bits;
	return (entry & LARGE_BITS) | (entry & HIGH_BITS) << HIGH_SHIFT;
}

static void swap(const struct tmi_walk_view *view, uint64_t entry, unsigned *type, uint64_t *offset)
{
	(void)view;
	*type = entry >> 1 & 31;
	*offset = entry >> 9;
}

/* Frames are never inverted: there is no room above the memory of such a machine. */
static const struct tmi_x86_format format = {
	.misplaced = { 0, 0, MISPLACED_4M },
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
	return tmi_x86_flags(&format, view, level, entry, kind(level, entry) == TMI_WALK_TABLE);
}

static const struct tmi_walk_scheme scheme = {
	.top = 2,
	.width = 4,
	.index_bits = 10,
	.root_bits = ADDRESS_BITS,
	.frame_bits = ADDRESS_BITS,
	.same_bits = X86_SAME_BITS,
	.kind = kind,
	.frame = frame,
	.denials = tmi_x86_denials,
	.protect = tmi_x86_protect,
	.other = other,
	.flags = flags,
};

static bool canonical(const struct tmi_tables *tables, uint64_t *address)
{
	(void)tables;
	return tmi_walk_possible(&scheme, *address);
}

TMI_PAGING_FUNCTIONS(true, scheme, scheme)

const struct tmi_paging_scheme tmi_paging_x86 = {
	.name = "x86",
	.scheme = TMI_SCHEME_X86,
	.pointer_size = 4,
	.page_size = 4096,
	.level_names = { "", "PTE", "PDE" },
	.canonical = canonical,
	.translate = translate,
	.lookup = lookup,
	.upper = upper,
	.lookup_many = lookup_many,
	.walk = walk,
	.next = next,
};
