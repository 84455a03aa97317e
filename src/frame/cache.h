/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache.h - pages of target memory, and unreadable pages, kept in memory.
 *
 * Knows numbers only: a page is (space, page address), its bytes come from whoever inserts it.
 * Lookups take no lock: every slot has a sequence number, and a slot that changes while it is
 * being copied is a miss. Slots never move, and the memory of a given-up table stays reserved
 * until the cache is freed, so a late reader finds an empty slot, never a wild pointer.
 *
 * A page read before a write must not be inserted after it: take a ticket before fetching, and
 * the insert is dropped when any write, drop or flush came in between.
 */
#ifndef TMI_FRAME_CACHE_H
#define TMI_FRAME_CACHE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <tmem/cache.h>

#define TMI_CACHE_PAGE 4096u

struct tmi_cache;

enum tmi_cache_answer { TMI_CACHE_MISS, TMI_CACHE_HIT, TMI_CACHE_ERROR };

/* A remembered failure. */
struct tmi_cache_error {
	tmem_status status;
	uint32_t reason;
};

/* A cache with room for @budget bytes; NULL when out of memory. */
struct tmi_cache *tmi_cache_new(uint64_t budget);
void tmi_cache_free(struct tmi_cache *cache);

/* Empties it and changes its size; 0 keeps nothing. */
tmem_status tmi_cache_set_budget(struct tmi_cache *cache, uint64_t budget);

/*
 * Copies @size bytes from @offset inside the page at @page (a multiple of TMI_CACHE_PAGE). @error
 * is filled for TMI_CACHE_ERROR. With @buffer NULL only asks; then nothing is counted.
 */
enum tmi_cache_answer tmi_cache_read(struct tmi_cache *cache, uint32_t space, uint64_t page,
				     size_t offset, void *buffer, size_t size,
				     struct tmi_cache_error *error);

/*
 * Where a page stands in the cache, for whoever reads from it many times: one load and a compare
 * tell whether it is there still. Good until the cache is freed.
 */
struct tmi_cache_place {
	const _Atomic uint64_t *words;
	const atomic_uint *sequence; /* of the slot; NULL: no place */
	atomic_uint *used;           /* of the slot: not to be given up soon */
	_Atomic uint64_t *hits;      /* of the cache */
	unsigned seen;               /* sequence when it was found */
};

/* Finds a page, which must be a multiple of TMI_CACHE_PAGE; false: not in the cache. */
bool tmi_cache_find(struct tmi_cache *cache, uint32_t space, uint64_t page,
		    struct tmi_cache_place *place);

/* Copies from a place; the words may change meanwhile, tmi_cache_place_read() checks. */
void tmi_cache_copy_out(const _Atomic uint64_t *words, size_t offset, void *buffer, size_t size);

/* Reads @size bytes from @offset inside the page; false: it is not there any more. */
static inline bool tmi_cache_place_read(const struct tmi_cache_place *place, size_t offset,
					void *buffer, size_t size)
{
	const _Atomic uint64_t *words = place->words + offset / 8;

	if (size == 8 && offset % 8 == 0) {
		uint64_t word = atomic_load_explicit(words, memory_order_acquire);

		memcpy(buffer, &word, sizeof(word));
	} else {
		tmi_cache_copy_out(place->words, offset, buffer, size);
	}
	if (atomic_load_explicit(place->sequence, memory_order_acquire) != place->seen)
		return false;
	if (!atomic_load_explicit(place->used, memory_order_relaxed))
		atomic_store_explicit(place->used, 1, memory_order_relaxed);
	/* As for every lookup: two threads that count at once may lose one. */
	atomic_store_explicit(place->hits,
			      atomic_load_explicit(place->hits, memory_order_relaxed) + 1,
			      memory_order_relaxed);
	return true;
}

/* To be taken before fetching what will be inserted. */
uint64_t tmi_cache_ticket(const struct tmi_cache *cache);

/* Inserts a whole page, unless something was dropped since the ticket. */
void tmi_cache_insert(struct tmi_cache *cache, uint32_t space, uint64_t page, uint64_t ticket,
		      const void *data);

/* Remembers that the page's first byte cannot be read. */
void tmi_cache_insert_error(struct tmi_cache *cache, uint32_t space, uint64_t page, uint64_t ticket,
			    const struct tmi_cache_error *error);

/* Forgets the pages that overlap [first, last]; call it after the write is done. */
void tmi_cache_drop(struct tmi_cache *cache, uint32_t space, uint64_t first, uint64_t last);

/* Forgets everything. */
void tmi_cache_flush(struct tmi_cache *cache);

/* Held around lookup, fetch and insert of one page, so that a page is fetched once. */
void tmi_cache_lock_fetch(struct tmi_cache *cache, uint32_t space, uint64_t page);
void tmi_cache_unlock_fetch(struct tmi_cache *cache, uint32_t space, uint64_t page);

/* Fills all fields but size and enabled. */
void tmi_cache_statistics(struct tmi_cache *cache, struct tmem_cache_statistics *statistics);

#endif
