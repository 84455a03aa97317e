/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk.h - the walk that all schemes share, made into special code for each of them.
 *
 * A scheme states its constants and a few small functions in a constant struct tmi_walk_scheme.
 * Everything here is inlined where that constant is known, so that a walk is straight code: a load,
 * a test and a mask for each level. What is unusual leaves it for a function of walk.c.
 *
 * Entries may change while they are looked at: each is loaded once, and all that is said of it is
 * said of that copy.
 */
#ifndef TMI_PAGING_WALK_H
#define TMI_PAGING_WALK_H

#include "paging/paging.h"

#define TMI_WALK_INLINE     static inline __attribute__((always_inline))
#define TMI_WALK_LAST_BITS  12 /* bits of an address inside a page of the last level */
#define TMI_WALK_TABLE_SIZE 4096

enum tmi_walk_kind {
	TMI_WALK_TABLE, /* leads to a table */
	TMI_WALK_PAGE,  /* leads to a page that the processor uses */
	TMI_WALK_OTHER, /* anything else: the scheme's other() tells */
};

/* What every step of a walk has in common. */
struct tmi_walk_view {
	const struct tmi_tables *tables;
	uint64_t frame_bits; /* bits of an entry that are an address */
	uint64_t ignored;    /* denials in the first table that say nothing of the pages */
	bool upper;          /* the address is one of the kernel's half */
};

/* What an entry means that is neither table nor page to the processor. */
struct tmi_walk_other {
	uint32_t outcome; /* enum tmi_paging_outcome; PAGE for pages that may not be accessed */
	uint32_t reason;  /* enum tmem_reason, of what is no PAGE */
	uint32_t protect; /* enum tmi_paging_protect, of a PAGE */
	uint64_t frame;   /* first physical address of a PAGE */
};

/*
 * Levels count down to 1, the last table. "Denials" are a word of the scheme's own: the bits by
 * which the entries of a walk forbid something, gathered on the way down; 0 forbids nothing.
 */
struct tmi_walk_scheme {
	unsigned top;        /* level of the first table */
	unsigned width;      /* bytes of an entry: 4 or 8 */
	unsigned index_bits; /* bits of the address that each level translates */
	unsigned half_bits;  /* bits of the addresses of a half; 0: one space of 32 bits */
	uint64_t root_bits;  /* bits of a root that are an address */
	uint64_t frame_bits; /* bits of an entry that are an address */
	uint64_t same_bits;  /* entries of the last level with these bits equal are of one kind and
			      * allow the same; all else in protect() is set bits of the entry */
	enum tmi_walk_kind (*kind)(unsigned level, uint64_t entry);
	/* First physical address of a PAGE. */
	uint64_t (*frame)(const struct tmi_walk_view *view, unsigned level, uint64_t entry);
	/* What a TABLE entry forbids. */
	uint64_t (*denials)(unsigned level, uint64_t entry);
	/* What a PAGE entry allows after the @denied on the way (enum tmi_paging_protect). */
	uint32_t (*protect)(uint64_t denied, uint64_t entry);
	/* Fills *other for an OTHER entry; not inlined. */
	void (*other)(const struct tmi_walk_view *view, unsigned level, uint64_t entry,
		      uint64_t denied, struct tmi_walk_other *other);
	/* enum tmem_entry_flags of any entry; not inlined. */
	uint32_t (*flags)(const struct tmi_walk_view *view, unsigned level, uint64_t entry);
	uint64_t isolated; /* denials that the first table of an isolated user half is full of */
};

/* One walk under way. */
struct tmi_walk {
	struct tmi_walk_view view;
	uint64_t address;
	uint64_t table;  /* physical address of the table to look into */
	uint64_t denied; /* by the entries so far */
};

/* An entry that the window does not have; also moves the window. False: it cannot be read. */
bool tmi_walk_ask(struct tmi_paging_memory *memory, uint64_t address, unsigned width,
		  uint64_t *entry);

/*
 * The stretch around @address that one root serves, or the hole between the halves (false).
 * Both ends are inclusive.
 */
bool tmi_walk_stretch(const struct tmi_walk_scheme *scheme, const struct tmi_tables *tables,
		      uint64_t address, uint64_t *first, uint64_t *last);

/* Fills *page for an address that no entry was read for: no root, or no such address. */
void tmi_walk_nowhere(const struct tmi_walk_scheme *scheme, const struct tmi_tables *tables,
		      uint64_t address, struct tmi_paging_page *page);

/* Fills *page for an entry that could not be read. */
void tmi_walk_unread(const struct tmi_walk_scheme *scheme, const struct tmi_walk *walk,
		     unsigned level, struct tmi_paging_page *page);

/* Fills *page for an OTHER entry. */
void tmi_walk_other(const struct tmi_walk_scheme *scheme, const struct tmi_walk *walk,
		    unsigned level, uint64_t entry, struct tmi_paging_page *page);

/* Cuts [first, last] of *page at the border between two roots. */
void tmi_walk_cut(const struct tmi_walk_scheme *scheme, const struct tmi_tables *tables,
		  uint64_t address, struct tmi_paging_page *page);

/* Bits of an address below those that @level translates. */
TMI_WALK_INLINE unsigned tmi_walk_shift(const struct tmi_walk_scheme *scheme, unsigned level)
{
	return TMI_WALK_LAST_BITS + (level - 1) * scheme->index_bits;
}

/* Offset of an address in what an entry of @level leads to: also its last offset, as a mask. */
TMI_WALK_INLINE uint64_t tmi_walk_mask(const struct tmi_walk_scheme *scheme, unsigned level)
{
	return (1ull << tmi_walk_shift(scheme, level)) - 1;
}

/* Physical address of the entry of an address. */
TMI_WALK_INLINE uint64_t tmi_walk_place(const struct tmi_walk_scheme *scheme, unsigned level,
					uint64_t table, uint64_t address)
{
	uint64_t index = address >> tmi_walk_shift(scheme, level);

	return table + (index & ((1u << scheme->index_bits) - 1)) * scheme->width;
}

TMI_WALK_INLINE bool tmi_walk_load(struct tmi_paging_memory *memory, uint64_t address,
				   unsigned width, uint64_t *entry)
{
	uint64_t at = address - memory->first;

	if (__builtin_expect(at >= memory->size || memory->size - at < width, 0))
		return tmi_walk_ask(memory, address, width, entry);
	*entry = tmi_paging_entry(memory->data + at, width);
	return true;
}

/* True when no bits are set above those that are translated, or all of them. */
TMI_WALK_INLINE bool tmi_walk_possible(const struct tmi_walk_scheme *scheme, uint64_t address)
{
	if (!scheme->half_bits)
		return address <= UINT32_MAX;
	return (uint64_t)((int64_t)address >> scheme->half_bits) + 1 <= 1;
}

/* Begins a walk. False: there is no table to begin at. */
TMI_WALK_INLINE bool tmi_walk_start(const struct tmi_walk_scheme *scheme,
				    const struct tmi_tables *tables, uint64_t address,
				    struct tmi_walk *walk)
{
	bool kernel = tables->kernel_first - 1 < address;
	uint64_t root = kernel ? tables->kernel_root : tables->root;

	walk->view.tables = tables;
	walk->view.upper = scheme->half_bits ? address >> 63 : kernel;
	walk->view.frame_bits = scheme->frame_bits & ~tables->encryption_mask;
	walk->view.ignored = 0;
	if (tables->flags & TMI_TABLES_ISOLATED && !walk->view.upper)
		walk->view.ignored = scheme->isolated;
	walk->address = address;
	walk->table = root & scheme->root_bits & ~tables->encryption_mask;
	walk->denied = 0;
	return root != UINT64_MAX && tmi_walk_possible(scheme, address);
}

/* Takes what a TABLE entry of @level says. */
TMI_WALK_INLINE void tmi_walk_descend(const struct tmi_walk_scheme *scheme, struct tmi_walk *walk,
				      unsigned level, uint64_t entry)
{
	uint64_t denials = scheme->denials(level, entry);

	if (level == scheme->top)
		denials &= ~walk->view.ignored;
	walk->denied |= denials;
	walk->table = entry & walk->view.frame_bits;
}

/* The page that a PAGE entry leads to. */
TMI_WALK_INLINE void tmi_walk_arrive(const struct tmi_walk_scheme *scheme,
				     const struct tmi_walk *walk, unsigned level, uint64_t entry,
				     struct tmi_paging_page *page)
{
	uint64_t mask = tmi_walk_mask(scheme, level);

	page->first = walk->address & ~mask;
	page->last = walk->address | mask;
	page->physical = scheme->frame(&walk->view, level, entry) + (walk->address & mask);
	page->outcome = TMI_PAGING_PAGE;
	page->protect = scheme->protect(walk->denied, entry);
	page->reason = TMEM_REASON_NONE;
	page->level = level;
}

/* True when the page of an address has the border between two roots inside. */
TMI_WALK_INLINE bool tmi_walk_is_cut(const struct tmi_walk_scheme *scheme,
				     const struct tmi_walk *walk, unsigned level)
{
	uint64_t mask = tmi_walk_mask(scheme, level);

	return level > 1 && walk->view.tables->kernel_first - 1 - (walk->address & ~mask) < mask;
}

/* Looks at one entry. True when the walk is over, with *page filled. */
TMI_WALK_INLINE bool tmi_walk_step(const struct tmi_walk_scheme *scheme, struct tmi_walk *walk,
				   struct tmi_paging_memory *memory, unsigned level,
				   struct tmi_paging_page *page, struct tmi_paging_walk *steps)
{
	uint64_t place = tmi_walk_place(scheme, level, walk->table, walk->address);
	struct tmi_paging_step *step = steps ? &steps->steps[steps->step_count++] : NULL;
	uint64_t entry;

	if (step)
		*step = (struct tmi_paging_step){ .address = place, .level = level };
	if (__builtin_expect(!tmi_walk_load(memory, place, scheme->width, &entry), 0)) {
		tmi_walk_unread(scheme, walk, level, page);
		if (steps)
			steps->unread = true;
		return true;
	}
	if (step) {
		step->entry = entry;
		step->flags = scheme->flags(&walk->view, level, entry);
	}
	switch (scheme->kind(level, entry)) {
	case TMI_WALK_TABLE: tmi_walk_descend(scheme, walk, level, entry); return false;
	case TMI_WALK_PAGE:
		tmi_walk_arrive(scheme, walk, level, entry, page);
		if (tmi_walk_is_cut(scheme, walk, level))
			tmi_walk_cut(scheme, walk->view.tables, walk->address, page);
		return true;
	default: tmi_walk_other(scheme, walk, level, entry, page); return true;
	}
}

/* A whole walk. @steps may be NULL. Not inlined by who only falls back to it. */
TMI_WALK_INLINE void tmi_walk_address(const struct tmi_walk_scheme *scheme,
				      const struct tmi_tables *tables,
				      struct tmi_paging_memory *memory, uint64_t address,
				      struct tmi_paging_page *page, struct tmi_paging_walk *steps)
{
	struct tmi_walk walk;
	bool exists = tmi_walk_start(scheme, tables, address, &walk);

	if (steps) {
		steps->base = walk.table;
		steps->step_count = 0;
		steps->unread = false;
	}
	if (!exists) {
		tmi_walk_nowhere(scheme, tables, address, page);
		return;
	}
	for (unsigned level = scheme->top; level; level--)
		if (tmi_walk_step(scheme, &walk, memory, level, page, steps))
			return;
}

/* Where entries are found at once; a copy that stays in registers. */
struct tmi_walk_window {
	uint64_t first;
	uint64_t room; /* places at which a whole entry begins */
	const uint8_t *data;
};

enum tmi_walk_look { TMI_WALK_DEEPER, TMI_WALK_DONE, TMI_WALK_UNUSUAL };

/* Looks at one entry in the window. */
TMI_WALK_INLINE enum tmi_walk_look tmi_walk_glance(const struct tmi_walk_scheme *scheme,
						   struct tmi_walk *walk,
						   const struct tmi_walk_window *window,
						   unsigned level, struct tmi_paging_page *page)
{
	uint64_t at = tmi_walk_place(scheme, level, walk->table, walk->address) - window->first;
	uint64_t entry;

	if (__builtin_expect(at >= window->room, 0))
		return TMI_WALK_UNUSUAL;
	entry = tmi_paging_entry(window->data + at, scheme->width);
	switch (scheme->kind(level, entry)) {
	case TMI_WALK_TABLE: tmi_walk_descend(scheme, walk, level, entry); return TMI_WALK_DEEPER;
	case TMI_WALK_PAGE:
		tmi_walk_arrive(scheme, walk, level, entry, page);
		return tmi_walk_is_cut(scheme, walk, level) ? TMI_WALK_UNUSUAL : TMI_WALK_DONE;
	default: return TMI_WALK_UNUSUAL;
	}
}

/* The tables that are for whole GiB; their last one is left in walk->table. */
TMI_WALK_INLINE enum tmi_walk_look tmi_walk_upper(const struct tmi_walk_scheme *scheme,
						  struct tmi_walk *walk,
						  const struct tmi_walk_window *window,
						  struct tmi_paging_page *page)
{
	enum tmi_walk_look look = TMI_WALK_DEEPER;

	if (scheme->top >= 5)
		look = tmi_walk_glance(scheme, walk, window, 5, page);
	if (scheme->top >= 4 && look == TMI_WALK_DEEPER)
		look = tmi_walk_glance(scheme, walk, window, 4, page);
	if (scheme->top >= 3 && look == TMI_WALK_DEEPER)
		look = tmi_walk_glance(scheme, walk, window, 3, page);
	return look;
}

/* The last two tables. True: *page is filled. */
TMI_WALK_INLINE bool tmi_walk_lower(const struct tmi_walk_scheme *scheme, struct tmi_walk *walk,
				    const struct tmi_walk_window *window,
				    struct tmi_paging_page *page)
{
	enum tmi_walk_look look = tmi_walk_glance(scheme, walk, window, 2, page);

	if (look == TMI_WALK_DEEPER)
		look = tmi_walk_glance(scheme, walk, window, 1, page);
	return look == TMI_WALK_DONE;
}

/*
 * A walk that stays in the window and ends at a page, which most do. False: it is not like that,
 * and *page says nothing; a walk in full must be made, from the beginning. Nothing is called
 * here, so nothing need be saved. Each level is written out, because a level that is a constant
 * makes half of kind() and frame() vanish.
 */
TMI_WALK_INLINE bool tmi_walk_quickly(const struct tmi_walk_scheme *scheme,
				      const struct tmi_tables *tables,
				      const struct tmi_paging_memory *memory, uint64_t address,
				      struct tmi_paging_page *page)
{
	struct tmi_walk_window window = { memory->first, memory->size - (scheme->width - 1),
					  memory->data };
	enum tmi_walk_look look;
	struct tmi_walk walk;

	if (__builtin_expect(!tmi_walk_start(scheme, tables, address, &walk), 0))
		return false;
	if (__builtin_expect(memory->size < scheme->width, 0))
		return false;
	look = tmi_walk_upper(scheme, &walk, &window, page);
	if (look == TMI_WALK_DEEPER)
		return tmi_walk_lower(scheme, &walk, &window, page);
	return look == TMI_WALK_DONE;
}

/* The scheme's upper(). */
TMI_WALK_INLINE bool tmi_walk_find_upper(const struct tmi_walk_scheme *scheme,
					 const struct tmi_tables *tables,
					 const struct tmi_paging_memory *memory, uint64_t address,
					 struct tmi_paging_upper *upper)
{
	struct tmi_walk_window window = { memory->first, memory->size - (scheme->width - 1),
					  memory->data };
	struct tmi_paging_page page;
	struct tmi_walk walk;
	uint64_t at;

	if (tables->kernel_first % TMI_PAGING_GIB || memory->size < TMI_WALK_TABLE_SIZE ||
	    !tmi_walk_start(scheme, tables, address, &walk))
		return false;
	switch (tmi_walk_upper(scheme, &walk, &window, &page)) {
	case TMI_WALK_DEEPER: break;
	case TMI_WALK_DONE:
		*upper = (struct tmi_paging_upper){ NULL, page.physical & ~(TMI_PAGING_GIB - 1) };
		return page.last - page.first == TMI_PAGING_GIB - 1;
	default: return false;
	}
	at = walk.table - memory->first;
	*upper = (struct tmi_paging_upper){ memory->data + at, 0 };
	return at <= memory->size - TMI_WALK_TABLE_SIZE;
}

/*
 * Many such walks. Addresses of one GiB after each other share the upper tables: half of the work,
 * and twice as many misses of the processor's caches that overlap.
 */
TMI_WALK_INLINE void
tmi_walk_many(const struct tmi_walk_scheme *scheme,
	      bool (*canonical)(const struct tmi_tables *tables, uint64_t *address),
	      const struct tmi_tables *tables, const struct tmi_paging_memory *memory,
	      const uint64_t *addresses, uint64_t *physical, size_t count)
{
	/* Copies, because for all that the compiler knows physical[] is written over them. */
	const struct tmi_tables own = *tables;
	struct tmi_walk_window window = { memory->first, memory->size - (scheme->width - 1),
					  memory->data };
	const uint64_t inside = tmi_walk_mask(scheme, 3);
	const bool split = own.kernel_first & inside;
	uint64_t upper = 1; /* beginning of the stretch that @table is for; 1 is of none */
	uint64_t table = 0;
	struct tmi_walk walk = { 0 };

	for (size_t i = 0; i < count; i++) {
		uint64_t address = addresses[i];
		enum tmi_walk_look look = TMI_WALK_DEEPER;
		struct tmi_paging_page page;

		physical[i] = UINT64_MAX;
		if (!canonical(&own, &address))
			continue;
		walk.address = address;
		walk.table = table;
		if (upper != (address & ~inside) || split) {
			upper = 1;
			if (memory->size < scheme->width ||
			    !tmi_walk_start(scheme, &own, address, &walk))
				continue;
			look = tmi_walk_upper(scheme, &walk, &window, &page);
			if (look == TMI_WALK_DEEPER) {
				upper = address & ~inside;
				table = walk.table;
			}
		}
		if (look == TMI_WALK_DONE ||
		    (look == TMI_WALK_DEEPER && tmi_walk_lower(scheme, &walk, &window, &page)))
			physical[i] = page.physical;
	}
}

#endif
