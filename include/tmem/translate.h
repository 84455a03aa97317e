/* SPDX-License-Identifier: Apache-2.0 */
/*
 * translate.h - from virtual to physical addresses (kernel mode).
 *
 * In user mode every function returns TMEM_E_UNEXPECTED. Follows IDebugDataSpaces2.
 */
#ifndef TMEM_TRANSLATE_H
#define TMEM_TRANSLATE_H

#include <stddef.h>
#include <tmem/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * tmem_virtual_to_physical() - the physical address behind a virtual one.
 * @physical: receives it, the offset in the page included; 0 on failure.
 *
 * Uses the implicit process's tables. Follows VirtualToPhysical. Returns TMEM_S_OK;
 * TMEM_E_NO_PAGEFILE no page; TMEM_E_UNEXPECTED user mode; TMEM_E_INVALIDARG NULL.
 */
TMEM_API tmem_status tmem_virtual_to_physical(tmem_target *target, uint64_t virtual_,
					      uint64_t *physical);

/*
 * tmem_get_virtual_translation_physical_offsets() - every step of a translation.
 * @offsets: optional; receives the table base, the physical address of each paging entry used,
 *	and last the physical address itself.
 * @offsets_size: elements @offsets can hold.
 * @levels: optional; receives the elements that there are.
 *
 * Follows GetVirtualTranslationPhysicalOffsets. Returns TMEM_S_OK (also when @offsets_size is
 * smaller than *levels); TMEM_S_FALSE the walk ended at an entry that is not present: the elements
 * up to it are stored; TMEM_E_NO_PAGEFILE not even the base is known; TMEM_E_UNEXPECTED user mode.
 */
TMEM_API tmem_status tmem_get_virtual_translation_physical_offsets(tmem_target *target,
								   uint64_t virtual_,
								   uint64_t *offsets,
								   size_t offsets_size,
								   size_t *levels);

/* Bits of a paging entry, the same for every processor. */
enum tmem_entry_flags {
	TMEM_ENTRY_PRESENT = 1,      /* the processor uses it */
	TMEM_ENTRY_WRITE = 2,        /* what is below may be written */
	TMEM_ENTRY_USER = 4,         /* by user mode too */
	TMEM_ENTRY_EXECUTE = 8,      /* what is below may be executed */
	TMEM_ENTRY_ACCESSED = 0x10,  /* was used */
	TMEM_ENTRY_DIRTY = 0x20,     /* was written through */
	TMEM_ENTRY_LARGE = 0x40,     /* a page, not a table, above the last level */
	TMEM_ENTRY_GLOBAL = 0x80,    /* holds in every address space */
	TMEM_ENTRY_NO_CACHE = 0x100, /* x86: PCD; AArch64: a device or non-cacheable type */
	TMEM_ENTRY_WRITE_THROUGH = 0x200,
	TMEM_ENTRY_CONTIGUOUS = 0x400, /* AArch64: one of sixteen that belong together */
	TMEM_ENTRY_NO_ACCESS = 0x800,  /* not present, but the page is in memory (PROT_NONE) */
	TMEM_ENTRY_PAGED_OUT = 0x1000, /* not present: the rest tells where it was swapped to */
	TMEM_ENTRY_SOFTWARE = 0x2000,  /* x86: bit 9, which the processor leaves to the system */
};

/* What the tables allow at an address, all levels together, and what they remember of the page. */
enum tmem_translation_protect {
	TMEM_TRANSLATION_WRITE = 1,
	TMEM_TRANSLATION_EXECUTE = 2,
	TMEM_TRANSLATION_USER = 4,
	TMEM_TRANSLATION_NO_ACCESS = 8, /* the page is there, but the processor may not use it */
	TMEM_TRANSLATION_ACCESSED = 16,
	TMEM_TRANSLATION_DIRTY = 32,
	TMEM_TRANSLATION_GLOBAL = 64,
};

/* One entry of a translation. */
struct tmem_translation_level {
	uint64_t address;    /* physical, of the entry */
	uint64_t entry;      /* its value; 0 when it could not be read */
	uint64_t frame;      /* physical address that it leads to, 0 = none */
	uint32_t flags;      /* enum tmem_entry_flags */
	uint32_t entry_size; /* bytes: 4 or 8 */
	char name[8];        /* what the processor's manual calls it: "PML4E", "PTE" ... */
};

/* A translation in full. */
struct tmem_translation {
	uint32_t size;           /* size of this struct in bytes, set by the caller */
	uint32_t level_count;    /* entries in levels, from the first table down */
	uint64_t directory_base; /* physical address of the first table */
	uint64_t physical;       /* of the address asked for; 0 without a page */
	uint64_t page_first;     /* first address of its page, or of the gap around it */
	uint64_t page_last;      /* last address of it */
	uint32_t protect;        /* enum tmem_translation_protect; 0 without a page */
	uint32_t reason;         /* enum tmem_reason: why there is no page; 0 with one */
	char scheme[8];          /* "x64", "arm64" ... */
	struct tmem_translation_level levels[5];
};

/* "The tables of the implicit process" for tmem_translate(). */
#define TMEM_CURRENT_DIRECTORY_BASE UINT64_MAX

/*
 * tmem_translate() - every step of a translation, with entries, permissions and sizes.
 * @directory_base: physical address of the first table, or the value of a CR3 or TTBR register;
 *	TMEM_CURRENT_DIRECTORY_BASE for those of the implicit process. Another one than that serves
 *	every address, kernel or not.
 * @virtual_: the address.
 * @translation: filled, also for TMEM_S_FALSE; its size field must be set by the caller.
 *
 * What !vtop and !pte show. Returns TMEM_S_OK there is a page; TMEM_S_FALSE the walk ended at an
 * entry that is not present or not usable: reason and the last level tell; TMEM_E_NO_PAGEFILE not
 * even the base is known, or the address cannot be one; TMEM_E_UNEXPECTED user mode;
 * TMEM_E_INVALIDARG @translation is NULL or too small.
 */
TMEM_API tmem_status tmem_translate(tmem_target *target, uint64_t directory_base, uint64_t virtual_,
				    struct tmem_translation *translation);

/*
 * tmem_virtual_to_physical_batch() - many addresses at once.
 * @virtual_: @count addresses, in any order.
 * @physical: receives @count physical addresses, UINT64_MAX where there is no page.
 * @count: how many, in elements.
 * @translated: optional; receives how many have a page.
 *
 * Uses the implicit process's tables. Returns TMEM_S_OK when one or more have a page or @count is
 * 0; TMEM_E_NO_PAGEFILE none has; TMEM_E_UNEXPECTED user mode; TMEM_E_INVALIDARG NULL.
 */
TMEM_API tmem_status tmem_virtual_to_physical_batch(tmem_target *target, const uint64_t *virtual_,
						    uint64_t *physical, size_t count,
						    size_t *translated);

#ifdef __cplusplus
}
#endif

#endif
