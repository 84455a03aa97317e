/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hot.h - the path of a small read near earlier ones: no lock, no allocation, no call.
 *
 * Each thread remembers what it read from last: a stretch of borrowed bytes (a mapped file), pages
 * behind page tables, pages of the cache, and tables on the way to pages. All of it belongs to one
 * context and one generation of its target, so two compares tell that it is ours and true: a
 * context's serial is unique in the process and names handle, process and thread together; the
 * generation changes with everything that is written, discarded or resumed.
 */
#ifndef TMI_ENGINE_HOT_H
#define TMI_ENGINE_HOT_H

#include <string.h>

#include "engine/engine.h"
#include "paging/paging.h"

/* Where a call would make its caller save registers. */
#define TMI_HOT_INLINE static inline __attribute__((always_inline))

#define TMI_HOT_PAGE   UINT64_C(4096)
#define TMI_HOT_PAGES  256
#define TMI_HOT_UPPERS 16
#define TMI_HOT_CACHED 2048u /* in a tag: the page is one of the cache */
#define TMI_HOT_EPOCHS TMI_HOT_CACHED

/*
 * Tables of things that a thread remembers by their addresses. A tag is the first address of a page
 * or GiB, with the epoch in its low bits: what was remembered in another epoch is not found.
 */
struct tmi_hot_tables {
	struct tmi_hot_page {
		uint64_t tag; /* TMI_HOT_CACHED in it: @data does not count, the place does */
		const uint8_t *data;
	} pages[TMI_HOT_PAGES];
	struct tmi_cache_place places[TMI_HOT_PAGES]; /* of the pages with the same index */
	struct tmi_hot_upper {
		uint64_t tag;
		struct tmi_paging_upper upper;
	} uppers[TMI_HOT_UPPERS];
};

struct tmi_hot {
	/* Whose and when. */
	uint64_t serial; /* of the context, 0: nothing is remembered */
	uint64_t generation;
	const atomic_bool *truncated; /* of the file that all borrowed bytes are of; not NULL */
	/* The last stretch. */
	uint64_t first;
	uint64_t size; /* 0: none */
	const uint8_t *data;
	/* They are too many for a thread's static storage, and freed when it ends. */
	struct tmi_hot_tables *tables; /* not NULL; before they are made: empty ones */
	uint64_t epoch;                /* 1 to TMI_HOT_EPOCHS - 1 */
	/* What leads to pages. Good while an upper table is remembered. */
	struct tmi_paging_forms forms;
	struct tmi_paging_memory memory; /* a window that stays where it is */
	uint64_t whole_pages;            /* places in it at which a whole page begins */
};

extern _Thread_local struct tmi_hot tmi_hot;

/* A stretch that a read was just served from; whoever knows the context may remember it. */
struct tmi_hot_offer {
	uint64_t space; /* serial; 0: none */
	uint64_t generation;
	struct tmi_borrow borrow;
};

extern _Thread_local struct tmi_hot_offer tmi_hot_offer;

/*
 * What this thread remembers. The empty statement makes the address once; else each field would be
 * asked for by way of the thread's register.
 */
static inline struct tmi_hot *tmi_hot_get(void)
{
	struct tmi_hot *hot = &tmi_hot;

	__asm__("" : "+r"(hot));
	return hot;
}

/* The same when it is of the target's context and the target is as it was then; else NULL. */
static inline struct tmi_hot *tmi_hot_current(tmem_target *target)
{
	struct tmi_hot *hot = tmi_hot_get();

	if (tmi_context_get(target)->serial != hot->serial)
		return NULL;
	if (atomic_load_explicit(&target->shared->generation, memory_order_acquire) !=
	    hot->generation)
		return NULL;
	return hot;
}

/* A file cut meanwhile reads as zeros: the slow path says so. */
static inline bool tmi_hot_is_whole(const struct tmi_hot *hot)
{
	return !atomic_load_explicit(hot->truncated, memory_order_acquire);
}

static inline uint64_t tmi_hot_page_tag(const struct tmi_hot *hot, uint64_t address)
{
	return (address & ~(TMI_HOT_PAGE - 1)) | hot->epoch;
}

static inline size_t tmi_hot_page_index(uint64_t address)
{
	return address / TMI_HOT_PAGE % TMI_HOT_PAGES;
}

/* Remembers a borrowed page of the context that @hot is of; @data: its first byte. */
static inline void tmi_hot_keep_page(struct tmi_hot *hot, uint64_t address, const uint8_t *data)
{
	struct tmi_hot_page *page = &hot->tables->pages[tmi_hot_page_index(address)];

	page->tag = tmi_hot_page_tag(hot, address);
	page->data = data;
}

static inline struct tmi_hot_upper *tmi_hot_upper(const struct tmi_hot *hot, uint64_t address)
{
	return &hot->tables->uppers[address / TMI_PAGING_GIB % TMI_HOT_UPPERS];
}

static inline uint64_t tmi_hot_upper_tag(const struct tmi_hot *hot, uint64_t address)
{
	return (address & ~(TMI_PAGING_GIB - 1)) | hot->epoch;
}

/* --- hot.c: remembering --- */

/*
 * Remembers a stretch that is known to be the context's; @generation: from before it was found.
 */
void tmi_hot_keep_stretch(const struct tmi_context *context, uint64_t generation,
			  const struct tmi_borrow *borrow);

/* After a read through the layers: remembers the stretch that served it, or the cached page. */
void tmi_hot_learn(tmem_target *target, uint64_t offset);

/*
 * After a walk inside the thread's window that shows @translation's memory as it is now: remembers
 * how to walk to other addresses of the same GiB, and the page unless it is NULL. Only while the
 * target cannot run.
 */
void tmi_hot_learn_tables(tmem_target *target, const struct tmi_context *context,
			  const struct tmi_translation *translation, uint64_t offset,
			  const uint8_t *page);

/* --- reading --- */

/* Eight bytes are moved by one load and one store, without a call. */
TMI_HOT_INLINE void tmi_hot_copy(void *buffer, const uint8_t *data, size_t size)
{
	if (size == sizeof(uint64_t))
		memcpy(buffer, data, sizeof(uint64_t));
	else
		memcpy(buffer, data, size);
}

enum tmi_hot_answer { TMI_HOT_NONE, TMI_HOT_BORROWED, TMI_HOT_IN_CACHE };

/*
 * Whether bytes at @offset are remembered, in the stretch or in a page; *room bytes are there.
 * BORROWED: from *data on.
 */
TMI_HOT_INLINE enum tmi_hot_answer tmi_hot_find(const struct tmi_hot *hot, uint64_t offset,
						const uint8_t **data, uint64_t *room)
{
	uint64_t at = offset - hot->first;
	const struct tmi_hot_page *page;
	uint64_t differs;

	if (at < hot->size) {
		*room = hot->size - at;
		*data = hot->data + at;
		return TMI_HOT_BORROWED;
	}
	page = &hot->tables->pages[tmi_hot_page_index(offset)];
	differs = page->tag ^ tmi_hot_page_tag(hot, offset);
	at = offset % TMI_HOT_PAGE;
	*room = TMI_HOT_PAGE - at;
	if (!differs) {
		*data = page->data + at;
		return TMI_HOT_BORROWED;
	}
	return differs == TMI_HOT_CACHED ? TMI_HOT_IN_CACHE : TMI_HOT_NONE;
}

/* Reads inside the page that IN_CACHE was said of; false: it is not there any more. */
TMI_HOT_INLINE bool tmi_hot_read_cached(const struct tmi_hot *hot, uint64_t offset, void *buffer,
					size_t size)
{
	return tmi_cache_place_read(&hot->tables->places[tmi_hot_page_index(offset)],
				    offset % TMI_HOT_PAGE, buffer, size);
}

/* Reads [offset, offset + size) when all of it is remembered. */
static inline bool tmi_hot_read(tmem_target *target, uint64_t offset, void *buffer, size_t size)
{
	const struct tmi_hot *hot = tmi_hot_current(target);
	enum tmi_hot_answer answer;
	const uint8_t *data;
	uint64_t room;

	if (!hot)
		return false;
	answer = tmi_hot_find(hot, offset, &data, &room);
	if (answer == TMI_HOT_NONE || size > room)
		return false;
	if (answer == TMI_HOT_IN_CACHE)
		return tmi_hot_read_cached(hot, offset, buffer, size);
	tmi_hot_copy(buffer, data, size);
	return tmi_hot_is_whole(hot);
}

#endif
