/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paging.h - from a virtual address to a physical one, through tables that nobody vouches for.
 *
 * A walker knows roots, entries and a way to read physical memory; no target, no cache, no global
 * state. One walk of at most five entries ends whatever they hold: each level goes down by one, so
 * tables that point at themselves or at each other cannot hold it up. An entry that leads outside
 * of memory is a fault with its level, place and value.
 *
 * Addresses are internal ones: 32-bit spaces zero-extended, 64-bit ones as the processor has them.
 */
#ifndef TMI_PAGING_PAGING_H
#define TMI_PAGING_PAGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tmem/status.h>

#include "base/bytes.h"
#include "base/tables.h"

#define TMI_PAGING_MAX_STEPS 5

/* Addresses that share all tables of a walk but the last two, in schemes that have such tables. */
#define TMI_PAGING_GIB (UINT64_C(1) << 30)

/*
 * How a walker reads entries. It looks into the window first, without a call; what is not in there
 * it asks read() for, which may move the window to where it read. A window is valid only as long as
 * the owner says: it must forget it (size 0) when memory may have changed or gone.
 */
struct tmi_paging_memory {
	uint64_t first;      /* physical address of data[0] */
	uint64_t size;       /* bytes of the window, 0 = none */
	const uint8_t *data; /* need not be aligned */
	/*
	 * All of @size (at most 4096, inside one page) or a failure, which need not be explained.
	 * NULL: there is nothing but the window.
	 */
	tmem_status (*read)(struct tmi_paging_memory *memory, uint64_t address, void *buffer,
			    size_t size);
};

enum tmi_paging_outcome {
	TMI_PAGING_PAGE = 0,   /* there is a physical page */
	TMI_PAGING_ABSENT = 1, /* an entry says that there is none */
	TMI_PAGING_FAULT = 2,  /* an entry is not readable, has reserved bits, or no such address */
};

/* What the tables allow, and what they remember. Permissions are those of the whole walk. */
enum tmi_paging_protect {
	TMI_PAGING_WRITE = 1,
	TMI_PAGING_EXECUTE = 2, /* by who the page is for: user pages by user mode */
	TMI_PAGING_USER = 4,
	TMI_PAGING_NO_ACCESS = 8, /* the page is there, but the processor may not use it */
	TMI_PAGING_ACCESSED = 16, /* of the last entry */
	TMI_PAGING_DIRTY = 32,
	TMI_PAGING_GLOBAL = 64,
};

/*
 * Where an address leads. Reasons: of ABSENT NOT_MAPPED, PAGED_OUT and IN_TRANSITION; of FAULT
 * NON_CANONICAL, TABLE_UNREADABLE (the entry is not in memory) and BAD_ENTRY (reserved bits).
 */
struct tmi_paging_page {
	uint64_t first; /* virtual: the answer holds for [first, last], the page or the gap */
	uint64_t last;
	uint64_t physical; /* of the address asked for; PAGE only */
	uint32_t outcome;  /* enum tmi_paging_outcome */
	uint32_t protect;  /* enum tmi_paging_protect; PAGE only */
	uint32_t reason;   /* enum tmem_reason when it is no PAGE: see below */
	uint32_t level;    /* of the entry that decided: 1 = last table; 0 = no entry was read */
};

/* One entry of a walk. */
struct tmi_paging_step {
	uint64_t address; /* physical, of the entry */
	uint64_t entry;   /* its value, the encryption bits included */
	uint32_t level;   /* 1 = last table */
	uint32_t flags;   /* enum tmem_entry_flags of include/tmem/translate.h */
};

/* A walk with every step of it. */
struct tmi_paging_walk {
	struct tmi_paging_page page;
	uint64_t base;       /* physical address of the first table, register bits taken away */
	uint32_t step_count; /* entries whose address is known */
	uint32_t unread;     /* 1: the last of them could not be read; its value and flags are 0 */
	struct tmi_paging_step steps[TMI_PAGING_MAX_STEPS];
};

/* An entry has a form when the bits of the mask are those of the value. */
struct tmi_paging_form {
	uint64_t mask;
	uint64_t value;
};

/*
 * The entries of the last two tables of a GiB, each 512 of 8 bytes. What has none of the forms is
 * left to translate().
 */
struct tmi_paging_forms {
	struct tmi_paging_form table; /* of the last table but one: leads to the last */
	struct tmi_paging_form large; /* of the same: leads to a page of 2 MiB */
	struct tmi_paging_form page;  /* of the last table */
	uint64_t frame_bits;          /* bits of an entry that are an address */
};

/* What serves the addresses of one GiB. */
struct tmi_paging_upper {
	const uint8_t *table; /* the last table but one, all of it in the window; NULL: one page */
	uint64_t physical;    /* first address of that page */
};

/*
 * An entry of 4 or 8 bytes, out of memory that others may be writing: exactly one load, because the
 * empty statement might have changed the copy. A volatile one would take a register for its
 * address.
 */
static inline __attribute__((always_inline)) uint64_t tmi_paging_entry(const uint8_t *data,
								       unsigned width)
{
	typedef uint32_t __attribute__((aligned(1), may_alias)) loose32;
	typedef uint64_t __attribute__((aligned(1), may_alias)) loose64;

	if (width == 4) {
		uint32_t entry = *(const loose32 *)data;

		__asm__("" : "+r"(entry));
		return tmi_load32(&entry, false);
	}
	uint64_t entry = *(const loose64 *)data;

	__asm__("" : "+r"(entry));
	return tmi_load64(&entry, false);
}

/* Pages that follow each other. */
struct tmi_paging_extent {
	uint64_t first; /* virtual */
	uint64_t last;
	uint64_t physical; /* of first */
	uint32_t protect;  /* enum tmi_paging_protect: the bits that all of them have */
	uint64_t lowest;   /* with BOUNDS: the physical addresses of all lie in [lowest, highest] */
	uint64_t highest;
};

enum tmi_paging_join {
	TMI_PAGING_JOIN_PHYSICAL = 1, /* pages that follow each other in physical memory too */
	TMI_PAGING_JOIN_PROTECT = 2,  /* pages with equal WRITE, EXECUTE, USER and NO_ACCESS */
	/* With neither, every page is joined to the one before; with both, all must agree. */
	TMI_PAGING_BOUNDS = 4, /* lowest and highest are wanted */
};

struct tmi_paging_scheme {
	const char *name;                                  /* for people: "x64" */
	uint32_t scheme;                                   /* enum tmi_scheme */
	uint32_t pointer_size;                             /* 4 or 8 */
	uint32_t page_size;                                /* of the last level */
	const char *level_names[TMI_PAGING_MAX_STEPS + 1]; /* by level: "PTE", "PDE" ...; [0] "" */

	/*
	 * True when the address can be one. *address loses what is no part of it (top byte, pointer
	 * authentication). Addresses that cannot be: NON_CANONICAL.
	 */
	bool (*canonical)(const struct tmi_tables *tables, uint64_t *address);

	/* Translates one canonical address; only what is in @page is found out. */
	void (*translate)(const struct tmi_tables *tables, struct tmi_paging_memory *memory,
			  uint64_t address, struct tmi_paging_page *page);

	/*
	 * The physical address for any address, without explanations; UINT64_MAX where it takes
	 * more than a look into the window, which canonical() and translate() then do.
	 */
	uint64_t (*lookup)(const struct tmi_tables *tables, const struct tmi_paging_memory *memory,
			   uint64_t address);

	/*
	 * What serves the addresses of one GiB, when that is the same for all of them and stands in
	 * the window; else false. Whoever asks for addresses of that GiB again begins there, as
	 * processors do: see lower.h.
	 */
	bool (*upper)(const struct tmi_tables *tables, const struct tmi_paging_memory *memory,
		      uint64_t address, struct tmi_paging_upper *upper);

	/* NULL: the last two tables have another form, and upper() finds nothing. */
	const struct tmi_paging_forms *forms;

	/* lookup() for each of many addresses. */
	void (*lookup_many)(const struct tmi_tables *tables, const struct tmi_paging_memory *memory,
			    const uint64_t *addresses, uint64_t *physical, size_t count);

	/* As translate(), with every step. */
	void (*walk)(const struct tmi_tables *tables, struct tmi_paging_memory *memory,
		     uint64_t address, struct tmi_paging_walk *walk);

	/*
	 * The first pages in [from, last] and those that follow, joined as @join (a set of enum
	 * tmi_paging_join) says, cut to [from, last]. Gaps are skipped by whole entries, and so are
	 * tables that cannot be read. At most @budget entries that are pages or gaps are looked at,
	 * 0 = any number; those that lead to them, at most four before each, are not counted, so
	 * that every call gets on. An extent may end because the budget did.
	 * Returns TMEM_S_OK; TMEM_E_NO_MORE_ENTRIES there is none; TMEM_S_FALSE the budget ended
	 * before anything was found: go on from extent->first.
	 */
	tmem_status (*next)(const struct tmi_tables *tables, struct tmi_paging_memory *memory,
			    uint64_t from, uint64_t last, uint32_t join, size_t budget,
			    struct tmi_paging_extent *extent);
};

#define X(name) extern const struct tmi_paging_scheme tmi_paging_##name;
#include "paging/pagings.def"
#undef X

/* The scheme with a number (enum tmi_scheme), or NULL. */
const struct tmi_paging_scheme *tmi_paging_find(uint32_t scheme);

#endif
