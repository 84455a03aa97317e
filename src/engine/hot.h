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

#include "base/file.h"
#include "engine/engine.h"
#include "paging/paging.h"

/* Where a call would make its caller save registers. */
#define TMI_HOT_INLINE static inline __attribute__((always_inline))

#define TMI_HOT_PAGE   UINT64_C(4096)
#define TMI_HOT_PAGES  256
#define TMI_HOT_LOWERS 2048
#define TMI_HOT_UPPERS 16

/*
 * Tags. What is remembered of an address stands at an index made of its low bits, those of the
 * place inside left out. Its tag is the beginning of the address, exclusive or an epoch among the
 * bits that make the index, where they tell the epoch. The lowest of these bits is left out of
 * epochs, and turned round in the tags of one of two kinds.
 *
 * So address, epoch and tag together (exclusive or) are the place inside; or that and the size of
 * an element for the other kind; or more, when the tag is of another address or epoch. Zeros look
 * like a tag of an epoch in two elements only, which get the tag of nothing when it begins.
 */

/* The tag of nothing at @index: its epoch would be 0. */
static inline uint64_t tmi_hot_no_tag(uint64_t index, uint64_t size)
{
	return index * size;
}

/* Pages that a thread remembers. */
struct tmi_hot_tables {
	struct tmi_hot_page {
		uint64_t tag;        /* of the other kind: @data does not count, the place does */
		const uint8_t *data; /* of a borrowed page */
	} pages[TMI_HOT_PAGES];
	struct tmi_cache_place places[TMI_HOT_PAGES]; /* of the pages with the same index */
};

/*
 * What leads to the pages of a context behind page tables, where the last two of them are described
 * by numbers: quick.h.
 */
struct tmi_hot_walks {
	uint64_t key;   /* the epoch, where it is in the tags of @lowers */
	uint64_t epoch; /* 1 to TMI_HOT_LOWERS / 2 - 1 */
	const atomic_bool *truncated;
	struct tmi_paging_forms forms;
	struct tmi_paging_memory memory; /* a window that stays where it is */
	uint64_t whole_pages;            /* places in it at which a whole page begins */
	/* An entry of a last table, the bits of @kept, less this is a place in the window. */
	uint64_t kept;
	uint64_t less;
	uintptr_t origin; /* and this more, where it stands */
	uint64_t next;    /* where the last long read ended */
	struct tmi_hot_upper {
		uint64_t tag; /* first address of the GiB, with the epoch in its low bits */
		struct tmi_paging_upper upper;
	} uppers[TMI_HOT_UPPERS];
	struct tmi_hot_lower {
		uint64_t tag;
		uintptr_t base; /* of the last table; of a page: where it stands, less 2 MiB */
	} lowers[TMI_HOT_LOWERS];
};

struct tmi_hot {
	/* Whose and when. */
	uint64_t serial; /* of the context, 0: nothing is remembered */
	uint64_t generation;
	const atomic_bool *truncated; /* of the file that all borrowed bytes are of; not NULL */
	/* The last stretch. */
	uint64_t first;
	uint64_t size;  /* 0: none */
	uint64_t words; /* places in it at which eight bytes begin */
	const uint8_t *data;
	/* They are too many for a thread's static storage, and freed when it ends. */
	struct tmi_hot_tables *tables; /* NULL: not made yet */
	uint64_t epoch;                /* 1 to TMI_HOT_PAGES / 2 - 1 */
	uint64_t key;                  /* the epoch, where it is in the tags of pages */
	/* The same of a context behind page tables. */
	uint64_t walks_serial; /* 0: nothing is remembered */
	uint64_t walks_generation;
	struct tmi_hot_walks *walks; /* freed when the thread ends */
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

/* True while the target is as it was at a generation. */
static inline bool tmi_hot_is_now(tmem_target *target, const uint64_t *generation)
{
	uint64_t now = atomic_load_explicit(&target->shared->generation, memory_order_acquire);

	return now == *generation;
}

/* The bytes, when they are of the target's context and the target is as it was then; else NULL. */
static inline struct tmi_hot *tmi_hot_current_of(tmem_target *target, uint64_t serial)
{
	struct tmi_hot *hot = tmi_hot_get();

	return serial == hot->serial && tmi_hot_is_now(target, &hot->generation) ? hot : NULL;
}

static inline struct tmi_hot *tmi_hot_current(tmem_target *target)
{
	return tmi_hot_current_of(target, tmi_context_serial(target));
}

/* The ways to pages, under the same conditions. */
static inline struct tmi_hot_walks *tmi_hot_walks_current(tmem_target *target)
{
	if (tmi_context_serial(target) != tmi_hot.walks_serial ||
	    !tmi_hot_is_now(target, &tmi_hot.walks_generation))
		return NULL;
	/* Serials are not 0, so there are some. */
	if (!tmi_hot.walks)
		__builtin_unreachable();
	return tmi_hot.walks;
}

/* A file cut meanwhile reads as zeros: the slow path says so. */
static inline bool tmi_hot_is_whole(const struct tmi_hot *hot)
{
	return !tmi_file_was_cut(hot->truncated);
}

static inline size_t tmi_hot_page_index(uint64_t address)
{
	return address / TMI_HOT_PAGE % TMI_HOT_PAGES;
}

/* The tag of a borrowed page. */
static inline uint64_t tmi_hot_page_tag(const struct tmi_hot *hot, uint64_t address)
{
	return (address & ~(TMI_HOT_PAGE - 1)) ^ hot->key;
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
 * how to walk to other addresses of the same GiB, or at least the page unless it is NULL. Only
 * while the target cannot run.
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

	if (at < hot->size) {
		*room = hot->size - at;
		*data = hot->data + at;
		return TMI_HOT_BORROWED;
	}
	if (!hot->tables)
		return TMI_HOT_NONE;
	page = &hot->tables->pages[tmi_hot_page_index(offset)];
	at = (offset ^ hot->key) ^ page->tag;
	*room = TMI_HOT_PAGE - offset % TMI_HOT_PAGE;
	if (at < TMI_HOT_PAGE) {
		*data = page->data + at;
		return TMI_HOT_BORROWED;
	}
	return at < 2 * TMI_HOT_PAGE ? TMI_HOT_IN_CACHE : TMI_HOT_NONE;
}

/* Reads inside the page that IN_CACHE was said of; false: it is not there any more. */
TMI_HOT_INLINE bool tmi_hot_read_cached(const struct tmi_hot *hot, uint64_t offset, void *buffer,
					size_t size)
{
	return tmi_cache_place_read(&hot->tables->places[tmi_hot_page_index(offset)],
				    offset % TMI_HOT_PAGE, buffer, size);
}

/* Reads eight bytes that are aligned in such a page; there are tables. False: it is none. */
TMI_HOT_INLINE bool tmi_hot_read_cached_word(const struct tmi_hot *hot, uint64_t offset,
					     void *buffer)
{
	const uint64_t inside = TMI_HOT_PAGE - sizeof(uint64_t);
	size_t index = tmi_hot_page_index(offset);
	uint64_t at;

	at = (offset ^ hot->key) ^ hot->tables->pages[index].tag;
	return (at & ~inside) == TMI_HOT_PAGE &&
	       tmi_cache_place_read(&hot->tables->places[index], at & inside, buffer,
				    sizeof(uint64_t));
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
