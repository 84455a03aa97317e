/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables.h - what describes a set of page tables: the word that a provider of src/os, the engine
 * and the schemes of src/paging have in common. Numbers only; knows nothing of any of them.
 */
#ifndef TMI_BASE_TABLES_H
#define TMI_BASE_TABLES_H

#include <stdint.h>

/* Which entries the tables have; the rows of src/paging/pagings.def implement them. */
enum tmi_scheme {
	TMI_SCHEME_NONE = 0,
	TMI_SCHEME_X86 = 1,     /* two levels, 4-byte entries, 4 MiB pages with PSE-36 */
	TMI_SCHEME_X86_PAE = 2, /* four entries, then two levels of 8-byte entries */
	TMI_SCHEME_X64 = 3,     /* four or five levels */
	TMI_SCHEME_ARM64 = 4,   /* 4 KiB granule, 39 or 48 bits */
};

enum tmi_tables_flags {
	/*
	 * The user half of @root is the kernel's copy of a pair (page table isolation): its top
	 * entries forbid execution, which says nothing about the pages.
	 */
	TMI_TABLES_ISOLATED = 1,
	/* Entries of pages that may not be accessed hold the inverted frame (Linux since 4.18). */
	TMI_TABLES_INVERTED_NONE = 2,
};

/*
 * Roots are physical addresses as the registers hold them or not: a scheme takes away identifiers
 * of address spaces and flags (PCID, ASID, no-flush, common-not-private) by itself.
 */
struct tmi_tables {
	uint32_t scheme;          /* enum tmi_scheme */
	uint32_t levels;          /* x64: 4 or 5; others: 0 */
	uint32_t virtual_bits;    /* arm64: 39 or 48; others: 0 */
	uint32_t flags;           /* enum tmi_tables_flags */
	uint64_t root;            /* of the lower half (CR3, TTBR0); UINT64_MAX: it is empty */
	uint64_t kernel_root;     /* of addresses from kernel_first up (CR3, TTBR1); likewise */
	uint64_t kernel_first;    /* internal address of a page; 0: @root serves everything */
	uint64_t encryption_mask; /* bits of an entry that are no part of the frame (SME) */
	uint64_t memory_types;    /* arm64: MAIR_EL1; 0: unknown, no entry counts as uncached */
	/*
	 * arm64: lowest bit of the swap type in an entry that is not present: 6 since Linux 6.10,
	 * 3 since 5.19, 2 before; 0: unknown, migration then counts as paged out. It also says how
	 * pages without access are marked. x86 needs no telling.
	 */
	uint32_t swap_type_bit;
};

#endif
