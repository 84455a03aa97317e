/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arm64.c - AArch64 stage 1 with a granule of 4 KiB: three levels for 39 bits of address, four for
 * 48; pages of 4 KiB, blocks of 2 MiB and 1 GiB.
 *
 * Levels count down here as everywhere in this folder: 4 is the manual's L0.
 */
#include <tmem/translate.h>

#include "paging/range.h"
#include "paging/swap.h"

#define VALID        0x1u
#define TABLE        0x2u  /* a page in the last level; otherwise a block without it */
#define USER         0x40u /* AP[1] */
#define READ_ONLY    0x80u /* AP[2] */
#define ACCESSED     0x400u
#define NOT_GLOBAL   0x800u
#define DIRTY_CHANGE (1ull << 51) /* DBM: READ_ONLY means clean; Linux: may be written */
#define CONTIGUOUS   (1ull << 52)
#define NO_KERNEL_EX (1ull << 53) /* PXN */
#define NO_USER_EX   (1ull << 54) /* UXN */

/* Denials, in entries that lead to tables. */
#define TABLE_NO_KERNEL_EX (1ull << 59)
#define TABLE_NO_USER_EX   (1ull << 60)
#define TABLE_NO_USER      (1ull << 61)
#define TABLE_READ_ONLY    (1ull << 62)

/* Linux: bits that the processor leaves alone, or looks at only in valid entries. */
#define SOFTWARE_DIRTY (1ull << 55)
#define PROT_NONE      (1ull << 58) /* before 6.10 */
#define PRESENT_NONE   NOT_GLOBAL   /* since 6.10 */

#define ADDRESS_BITS 0x0000fffffffff000ull /* 12..47 */
#define RESERVED     0x0003000000000000ull /* 48, 49: more address than these tables have */

/* Below the frame of a block, all but bit 16 (nT). */
#define MISPLACED_2M 0x00000000001ef000ull
#define MISPLACED_1G 0x000000003ffef000ull

TMI_WALK_INLINE uint64_t misplaced(unsigned level)
{
	return level == 3 ? MISPLACED_1G : level == 2 ? MISPLACED_2M : 0;
}

TMI_WALK_INLINE enum tmi_walk_kind kind(unsigned level, uint64_t entry)
{
	if ((entry & (VALID | TABLE | RESERVED)) == (VALID | TABLE))
		return level == 1 ? TMI_WALK_PAGE : TMI_WALK_TABLE;
	if (level == 1 || level > 3)
		return TMI_WALK_OTHER;
	if ((entry & (VALID | TABLE | RESERVED | misplaced(level))) == VALID)
		return TMI_WALK_PAGE;
	return TMI_WALK_OTHER;
}

TMI_WALK_INLINE uint64_t frame(const struct tmi_walk_view *view, unsigned level, uint64_t entry)
{
	return entry & view->frame_bits & ~((1ull << (12 + 9 * (level - 1))) - 1);
}

TMI_WALK_INLINE uint64_t denials(unsigned level, uint64_t entry)
{
	(void)level;
	return entry & (TABLE_NO_KERNEL_EX | TABLE_NO_USER_EX | TABLE_NO_USER | TABLE_READ_ONLY);
}

/*
 * A page belongs to the user when user mode may access it, and also when user mode alone may
 * execute it: that is how memory for execution only looks.
 */
TMI_WALK_INLINE uint32_t protect(uint64_t denied, uint64_t entry)
{
	bool changes = entry & DIRTY_CHANGE, clean = entry & READ_ONLY;
	bool write = (!clean || changes) && !(denied & TABLE_READ_ONLY);
	bool user_executes = !(entry & NO_USER_EX) && !(denied & TABLE_NO_USER_EX);
	bool kernel_executes = !(entry & NO_KERNEL_EX) && !(denied & TABLE_NO_KERNEL_EX);
	bool user =
		(entry & USER && !(denied & TABLE_NO_USER)) || (user_executes && !kernel_executes);
	bool execute = user ? user_executes : kernel_executes;
	bool dirty = entry & SOFTWARE_DIRTY || (changes && !clean);

	return (write ? TMI_PAGING_WRITE : 0) | (execute ? TMI_PAGING_EXECUTE : 0) |
	       (user ? TMI_PAGING_USER : 0) | (entry & ACCESSED ? TMI_PAGING_ACCESSED : 0) |
	       (dirty ? TMI_PAGING_DIRTY : 0) | (entry & NOT_GLOBAL ? 0 : TMI_PAGING_GLOBAL);
}

#define SAME_BITS                                                                                  \
	(VALID | TABLE | RESERVED | USER | READ_ONLY | NOT_GLOBAL | DIRTY_CHANGE | NO_KERNEL_EX |  \
	 NO_USER_EX)

/*
 * True for a page that is in memory, but that nobody may access. Marked by a bit of its own, or
 * since 6.10 by one that swap entries have clear. Older swap entries may have it set, but then not
 * the bit that pages keep, and those of blocks are too well aligned for it.
 */
static bool without_access(const struct tmi_walk_view *view, unsigned level, uint64_t entry)
{
	uint32_t type_bit = view->tables->swap_type_bit;
	bool block = level > 1;

	if (entry & PROT_NONE && type_bit != 6)
		return !(block && entry & TABLE);
	if (type_bit && type_bit < 6)
		return false;
	return (entry & (PRESENT_NONE | TABLE)) == (block ? PRESENT_NONE : PRESENT_NONE | TABLE);
}

/* Why there is no page, from an entry that is neither valid nor empty. */
static uint32_t absent_reason(const struct tmi_walk_view *view, unsigned level, uint64_t entry)
{
	uint32_t type_bit = view->tables->swap_type_bit;

	if (view->upper || entry & TABLE)
		return TMEM_REASON_NOT_MAPPED;
	/* Blocks are split before they are swapped; while that lasts they are not valid. */
	if (level > 1)
		return TMEM_REASON_IN_TRANSITION;
	if (!type_bit || type_bit > 6)
		return TMEM_REASON_PAGED_OUT;
	return tmi_paging_swap_reason(entry >> type_bit & 31,
				      entry << 2 >> (type_bit == 6 ? 14 : 10));
}

static void other(const struct tmi_walk_view *view, unsigned level, uint64_t entry, uint64_t denied,
		  struct tmi_walk_other *other)
{
	other->outcome = TMI_PAGING_ABSENT;
	other->reason = TMEM_REASON_NOT_MAPPED;
	if (!(entry & VALID) && (!entry || level > 3))
		return;
	if (!(entry & VALID) && !without_access(view, level, entry)) {
		other->reason = absent_reason(view, level, entry);
		return;
	}
	if (entry & VALID || entry & (RESERVED | misplaced(level))) {
		other->outcome = TMI_PAGING_FAULT;
		other->reason = TMEM_REASON_BAD_ENTRY;
		return;
	}
	other->outcome = TMI_PAGING_PAGE;
	other->reason = TMEM_REASON_NONE;
	other->frame = frame(view, level, entry);
	other->protect = TMI_PAGING_NO_ACCESS;
	other->protect |= protect(denied, entry) & (TMI_PAGING_ACCESSED | TMI_PAGING_DIRTY);
	/* The entry has lost its own user bit; those above it still tell. */
	if (!view->upper && !(denied & TABLE_NO_USER))
		other->protect |= TMI_PAGING_USER;
}

/* What the memory type of a page says; its entry has a number of the eight in the register. */
static uint32_t type_flags(const struct tmi_walk_view *view, uint64_t entry)
{
	uint64_t types = view->tables->memory_types;
	unsigned type = types >> (entry >> 2 & 7) * 8 & 0xff;

	if (!types)
		return 0;
	if (type >> 4 == 0 || type == 0x44)
		return TMEM_ENTRY_NO_CACHE;
	return type >> 6 == 2 ? TMEM_ENTRY_WRITE_THROUGH : 0;
}

static uint32_t table_flags(uint64_t entry)
{
	uint32_t flags = TMEM_ENTRY_PRESENT;

	flags |= entry & TABLE_READ_ONLY ? 0 : TMEM_ENTRY_WRITE;
	flags |= entry & TABLE_NO_USER ? 0 : TMEM_ENTRY_USER;
	return flags |
	       (entry & TABLE_NO_USER_EX && entry & TABLE_NO_KERNEL_EX ? 0 : TMEM_ENTRY_EXECUTE);
}

static uint32_t page_flags(const struct tmi_walk_view *view, uint64_t entry, uint32_t protect)
{
	uint32_t flags = TMEM_ENTRY_PRESENT | type_flags(view, entry);

	flags |= protect & TMI_PAGING_WRITE ? TMEM_ENTRY_WRITE : 0;
	flags |= protect & TMI_PAGING_USER ? TMEM_ENTRY_USER : 0;
	flags |= protect & TMI_PAGING_EXECUTE ? TMEM_ENTRY_EXECUTE : 0;
	flags |= protect & TMI_PAGING_ACCESSED ? TMEM_ENTRY_ACCESSED : 0;
	flags |= protect & TMI_PAGING_DIRTY ? TMEM_ENTRY_DIRTY : 0;
	flags |= protect & TMI_PAGING_GLOBAL ? TMEM_ENTRY_GLOBAL : 0;
	return flags | (entry & CONTIGUOUS ? TMEM_ENTRY_CONTIGUOUS : 0);
}

static uint32_t absent_flags(const struct tmi_walk_view *view, unsigned level, uint64_t entry)
{
	struct tmi_walk_other found = { 0 };
	uint32_t flags = TMEM_ENTRY_NO_ACCESS | (level > 1 ? TMEM_ENTRY_LARGE : 0);

	other(view, level, entry, 0, &found);
	if (found.outcome != TMI_PAGING_PAGE)
		return found.reason == TMEM_REASON_PAGED_OUT ? TMEM_ENTRY_PAGED_OUT : 0;
	flags |= found.protect & TMI_PAGING_ACCESSED ? TMEM_ENTRY_ACCESSED : 0;
	return flags | (found.protect & TMI_PAGING_DIRTY ? TMEM_ENTRY_DIRTY : 0);
}

static uint32_t flags(const struct tmi_walk_view *view, unsigned level, uint64_t entry)
{
	uint32_t large = level == 2 || level == 3 ? TMEM_ENTRY_LARGE : 0;

	if (!(entry & VALID))
		return absent_flags(view, level, entry);
	if (level > 1 && entry & TABLE)
		return table_flags(entry);
	return page_flags(view, entry, protect(0, entry)) | large;
}

#define COMMON                                                                                     \
	.width = 8, .index_bits = 9, .root_bits = ADDRESS_BITS, .frame_bits = ADDRESS_BITS,        \
	.same_bits = SAME_BITS, .kind = kind, .frame = frame, .denials = denials,                  \
	.protect = protect, .other = other, .flags = flags

static const struct tmi_walk_scheme bits_39 = { .top = 3, .half_bits = 39, COMMON };
static const struct tmi_walk_scheme bits_48 = { .top = 4, .half_bits = 48, COMMON };

static const struct tmi_paging_forms forms = {
	.table = { VALID | TABLE | RESERVED, VALID | TABLE },
	.large = { VALID | TABLE | RESERVED | MISPLACED_2M, VALID },
	.page = { VALID | TABLE | RESERVED, VALID | TABLE },
	.frame_bits = ADDRESS_BITS,
};

/* Bit 55 tells the half; above what is translated, the rest may be a tag or a signature. */
static bool canonical(const struct tmi_tables *tables, uint64_t *address)
{
	uint64_t above = UINT64_MAX << (tables->virtual_bits == 39 ? 39 : 48);

	*address = *address >> 55 & 1 ? *address | above : *address & ~above;
	return true;
}

TMI_PAGING_FUNCTIONS(tables->virtual_bits == 39, bits_39, bits_48)

const struct tmi_paging_scheme tmi_paging_arm64 = {
	.name = "arm64",
	.scheme = TMI_SCHEME_ARM64,
	.pointer_size = 8,
	.page_size = 4096,
	.level_names = { "", "L3", "L2", "L1", "L0" },
	.canonical = canonical,
	.translate = translate,
	.lookup = lookup,
	.upper = upper,
	.forms = &forms,
	.lookup_many = lookup_many,
	.walk = walk,
	.next = next,
};
