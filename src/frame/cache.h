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

#include <stddef.h>
#include <stdint.h>
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
