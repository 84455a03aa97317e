/* SPDX-License-Identifier: Apache-2.0 */
/*
 * translated.h - a virtual space made of page tables in physical memory: joins a paging scheme
 * with the space of physical memory. The functions are those of space.h, for such a space.
 *
 * Nothing is stored by virtual address: bytes come from the physical space, with its cache and
 * overlay, so that every alias of a frame shows the same bytes.
 */
#ifndef TMI_ENGINE_TRANSLATED_H
#define TMI_ENGINE_TRANSLATED_H

#include "base/file.h"
#include "engine/engine.h"
#include "paging/paging.h"

/* What makes a space a translated one; never changes once it is set. */
struct tmi_translation {
	const struct tmi_paging_scheme *scheme;
	struct tmi_tables tables;
	struct tmi_space *physical;
	uint64_t space_serial; /* of the one space that it makes */
	uint64_t data_offset;  /* of the process whose space it is, 0 = of none */
};

/* NULL: the kind's own space, or one whose kernel was not looked for yet. */
static inline const struct tmi_translation *tmi_space_translation(const struct tmi_space *space)
{
	return atomic_load_explicit(&space->translation, memory_order_acquire);
}

/*
 * The window of a thread: the last lent stretch of physical memory. Most targets lend all of their
 * memory in one piece, and then tables and pages are both looked at in place.
 */
struct tmi_window {
	struct tmi_paging_memory memory; /* first: the walker gets a pointer to it */
	struct tmi_space *physical;
	uint64_t serial; /* of @physical, whose address may have been another space's */
	uint64_t generation;
	const atomic_bool *truncated;
	uint32_t flags; /* TMI_SPACE_UNCACHED: tables are read around the cache too */
};

extern _Thread_local struct tmi_window tmi_window;

/*
 * The thread's window. The empty statement keeps a sanitizer's test for NULL apart from the sum
 * that makes the address, of which the linker makes one that leaves no flags to test.
 */
static inline struct tmi_window *tmi_translated_window(void)
{
	struct tmi_window *window = &tmi_window;

	__asm__("" : "+r"(window));
	return window;
}

/* Makes the thread's window one of @physical, closed. */
void tmi_translated_close_window(struct tmi_space *physical);

/* True when what the walker saw since tmi_translated_memory() may be zeros of a file cut short. */
static inline bool tmi_translated_truncated(const struct tmi_paging_memory *memory)
{
	const struct tmi_window *w = (const struct tmi_window *)memory;

	return w->truncated && tmi_file_was_cut(w->truncated);
}

/* True when the thread's window shows @physical as it is now. */
static inline bool tmi_translated_is_current(const struct tmi_space *physical)
{
	const struct tmi_window *w = tmi_translated_window();

	/* A file that was cut short lends nothing any more: its bytes are read, and so are tables.
	 */
	return w->serial == physical->serial &&
	       w->generation ==
		       atomic_load_explicit(&physical->shared->generation, memory_order_acquire) &&
	       !tmi_translated_truncated(&w->memory);
}

/*
 * Physical memory as a walker of this thread sees it now. Valid until the thread's next call of
 * this function or return to its caller's caller; takes no lock.
 */
static inline struct tmi_paging_memory *tmi_translated_memory(struct tmi_space *physical)
{
	if (!tmi_translated_is_current(physical))
		tmi_translated_close_window(physical);
	return &tmi_translated_window()->memory;
}

/* The bytes at a physical address when @size of them stand in the window; else NULL. */
static inline const uint8_t *tmi_translated_lent(const struct tmi_paging_memory *memory,
						 uint64_t physical, size_t size)
{
	uint64_t at = physical - memory->first;

	return at < memory->size && size <= memory->size - at ? memory->data + at : NULL;
}

/* Where an internal address leads. True for a page; no failure is recorded. */
bool tmi_translated_page(const struct tmi_translation *translation, uint64_t address,
			 struct tmi_paging_page *page);

/* The same with every step. */
void tmi_translated_walk(const struct tmi_translation *translation, uint64_t address,
			 struct tmi_paging_walk *walk);

/* Translates many addresses as a caller gives them; UINT64_MAX without a page. Returns how many
 * have one. */
size_t tmi_translated_pages(struct tmi_space *space, const struct tmi_translation *translation,
			    const uint64_t *virtual_, uint64_t *physical, size_t count);

/* Records why an address has no page, as @status. */
tmem_status tmi_translated_fail(const struct tmi_translation *translation, tmem_status status,
				uint64_t address);

tmem_status tmi_translated_read(const struct tmi_translation *translation, uint64_t address,
				void *buffer, size_t size, uint32_t flags, size_t *done);
/* Elements as a caller gave them: the address rule is applied here. */
tmem_status tmi_translated_read_batch(struct tmi_space *space,
				      const struct tmi_translation *translation,
				      struct tmem_transfer *items, size_t count);
tmem_status tmi_translated_write(const struct tmi_translation *translation, uint64_t address,
				 const void *buffer, size_t size, size_t *done);
bool tmi_translated_view(const struct tmi_translation *translation, uint64_t address,
			 struct tmi_borrow *borrow);

/* --- translated_runs.c --- */

tmem_status tmi_translated_run(struct tmi_space *space, const struct tmi_translation *translation,
			       uint64_t from, struct tmi_run *run);
tmem_status tmi_translated_valid(const struct tmi_translation *translation, uint64_t from,
				 uint64_t last, uint64_t *first, uint64_t *end);

#endif
