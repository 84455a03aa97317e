/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storage.c - one space of a target kind, with the cache in front and the overlay on top.
 *
 * Order of a read: cache (when it may be used), kind, then the overlay's bytes over the result.
 * Order of a write: overlay when there is one, else kind; then the cache forgets the range.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/fetch.h"

#define PAGE_MASK ((uint64_t)TMI_CACHE_PAGE - 1)

static tmem_status kind_read(struct tmi_space *space, uint64_t address, void *buffer, size_t size,
			     uint32_t flags, size_t *done)
{
	struct tmem_transfer item = { .offset = address, .buffer = buffer, .size = size };
	const struct tmi_target_kind *kind = space->shared->kind;
	tmem_status status = kind->read(space->shared->state, space->number, &item, 1, flags);

	*done = item.done;
	if (item.done)
		return TMEM_S_OK;
	return TMEM_FAILED(status) ? status : item.status;
}

bool tmi_storage_cacheable(struct tmi_space *space, uint64_t page)
{
	const struct tmi_target_kind *kind = space->shared->kind;

	return !kind->cacheable || kind->cacheable(space->shared->state, space->number, page);
}

/* Remembers a page whose first byte failed, if that holds for all of it and is no lost target. */
static void remember_error(struct tmi_space *space, uint64_t page, uint64_t ticket,
			   tmem_status status)
{
	struct tmi_cache_error error = { status, tmi_error_reason() };
	uint64_t first, end;

	if (status != TMEM_E_READ_FAULT)
		return;
	/* Where validity has byte boundaries, a later byte of the page may be there. */
	if (tmi_space_facts(space)->byte_granular &&
	    tmi_space_valid(space, page, page + (TMI_CACHE_PAGE - 1), &first, &end) !=
		    TMEM_E_NO_MORE_ENTRIES)
		return;
	tmi_cache_insert_error(space->shared->cache, space->number, page, ticket, &error);
}

/* A missing page: fetched whole and kept; the part asked for goes to @buffer. */
static tmem_status fetch_page(struct tmi_space *space, uint64_t page, size_t offset,
			      uint8_t *buffer, size_t size, uint32_t flags, size_t *done)
{
	struct tmi_cache *cache = space->shared->cache;
	uint8_t data[TMI_CACHE_PAGE];
	uint64_t ticket = tmi_cache_ticket(cache);
	size_t got = 0;
	tmem_status status = kind_read(space, page, data, sizeof(data), flags, &got);

	if (got == sizeof(data))
		tmi_cache_insert(cache, space->number, page, ticket, data);
	else if (got == 0)
		remember_error(space, page, ticket, status);
	/* A page with a hole is not kept; ask for exactly what is wanted. */
	if (got < sizeof(data) && got < offset + size)
		return kind_read(space, page + offset, buffer, size, flags, done);
	memcpy(buffer, data + offset, size);
	*done = size;
	return TMEM_S_OK;
}

/* One page or less: lookup, then fetch under the page's fetch lock, so that it is fetched once. */
static tmem_status read_page(struct tmi_space *space, uint64_t address, uint8_t *buffer,
			     size_t size, uint32_t flags, size_t *done)
{
	struct tmi_cache *cache = space->shared->cache;
	uint64_t page = address & ~PAGE_MASK;
	struct tmi_cache_error error;
	enum tmi_cache_answer answer;
	tmem_status status = TMEM_S_OK;

	*done = 0;
	answer = tmi_cache_read(cache, space->number, page, address - page, buffer, size, &error);
	if (answer == TMI_CACHE_MISS && tmi_storage_cacheable(space, page)) {
		tmi_cache_lock_fetch(cache, space->number, page);
		if (tmi_cache_read(cache, space->number, page, 0, NULL, 0, &error) ==
		    TMI_CACHE_MISS) {
			status = fetch_page(space, page, address - page, buffer, size, flags, done);
			tmi_cache_unlock_fetch(cache, space->number, page);
			return status;
		}
		tmi_cache_unlock_fetch(cache, space->number, page);
		answer = tmi_cache_read(cache, space->number, page, address - page, buffer, size,
					&error);
	}
	if (answer == TMI_CACHE_MISS)
		return kind_read(space, address, buffer, size, flags, done);
	if (answer == TMI_CACHE_ERROR)
		return tmi_fail(error.status, (enum tmem_reason)error.reason, address);
	*done = size;
	return TMEM_S_OK;
}

/* How many whole pages from @page on are missing and may be kept; at most @most. */
static size_t missing_pages(struct tmi_space *space, uint64_t page, size_t most)
{
	struct tmi_cache_error error;
	size_t count = 0;

	while (count < most) {
		uint64_t at = page + count * TMI_CACHE_PAGE;

		if (tmi_cache_read(space->shared->cache, space->number, at, 0, NULL, 0, &error) !=
			    TMI_CACHE_MISS ||
		    !tmi_storage_cacheable(space, at))
			break;
		count++;
	}
	return count;
}

/* Whole missing pages go straight into the caller's buffer and are kept from there. */
static tmem_status fetch_pages(struct tmi_space *space, uint64_t page, uint8_t *buffer,
			       size_t count, uint32_t flags, size_t *done)
{
	uint64_t ticket = tmi_cache_ticket(space->shared->cache);
	tmem_status status = kind_read(space, page, buffer, count * TMI_CACHE_PAGE, flags, done);

	for (size_t i = 0; i < *done / TMI_CACHE_PAGE; i++)
		tmi_cache_insert(space->shared->cache, space->number, page + i * TMI_CACHE_PAGE,
				 ticket, buffer + i * TMI_CACHE_PAGE);
	return status;
}

static tmem_status read_cached(struct tmi_space *space, uint64_t address, uint8_t *buffer,
			       size_t size, uint32_t flags, size_t *done)
{
	tmem_status status = TMEM_S_OK;

	*done = 0;
	while (*done < size && status == TMEM_S_OK) {
		uint64_t at = address + *done;
		size_t left = size - *done;
		size_t part = TMI_CACHE_PAGE - (at & PAGE_MASK);
		size_t got = 0;
		size_t pages = 0;

		if (!(at & PAGE_MASK) && left >= 2 * TMI_CACHE_PAGE)
			pages = missing_pages(space, at, left / TMI_CACHE_PAGE);
		if (part > left)
			part = left;
		if (pages > 1) {
			part = pages * TMI_CACHE_PAGE;
			status = fetch_pages(space, at, buffer + *done, pages, flags, &got);
		} else {
			status = read_page(space, at, buffer + *done, part, flags, &got);
		}
		*done += got;
		if (got < part)
			break;
	}
	return *done ? TMEM_S_OK : status;
}

bool tmi_storage_uses_cache(const struct tmi_space *space, uint32_t flags)
{
	return !(flags & TMI_SPACE_UNCACHED) &&
	       atomic_load_explicit(&space->shared->caching, memory_order_relaxed);
}

tmem_status tmi_storage_read(struct tmi_space *space, uint64_t address, void *buffer, size_t size,
			     uint32_t flags, size_t *done)
{
	uint32_t kind_flags = flags & TMI_SPACE_NO_TOUCH ? TMI_READ_NO_TOUCH : 0;
	tmem_status status;

	/* A search would push everything else out of the cache. */
	if (tmi_storage_uses_cache(space, flags) && !(flags & TMI_SPACE_NO_TOUCH))
		status = read_cached(space, address, buffer, size, kind_flags, done);
	else
		status = kind_read(space, address, buffer, size, kind_flags, done);
	if (space->shared->overlay && *done)
		tmi_overlay_apply(space->shared->overlay, space->number, address, buffer, *done);
	return status;
}

/* The overlay takes only bytes that can be read: the prefix rule of the memory below. */
static tmem_status write_overlay(struct tmi_space *space, uint64_t address, const void *buffer,
				 size_t size, size_t *done)
{
	uint64_t last = address + size - 1;
	uint64_t first, end;
	uint8_t byte;
	size_t got;
	tmem_status status = tmi_space_valid(space, address, last, &first, &end);

	if (status == TMEM_E_NO_MORE_ENTRIES || (status == TMEM_S_OK && first != address)) {
		/* The read explains why: excluded, truncated, not mapped. */
		kind_read(space, address, &byte, 1, 0, &got);
		return tmi_fail(TMEM_E_WRITE_FAULT, (enum tmem_reason)tmi_error_reason(), address);
	}
	if (status != TMEM_S_OK)
		return status;
	status = tmi_overlay_write(space->shared->overlay, space->number, address, buffer,
				   end - address + 1, done);
	return *done ? TMEM_S_OK : status;
}

static tmem_status write_kind(struct tmi_space *space, uint64_t address, const void *buffer,
			      size_t size, size_t *done)
{
	const struct tmi_target_kind *kind = space->shared->kind;
	/* The op takes a transfer like read() does, and only reads the buffer. */
	struct tmem_transfer item = { .offset = address, .buffer = (void *)buffer, .size = size };
	tmem_status status;

	if (!kind->write)
		return tmi_fail(TMEM_E_WRITE_FAULT, TMEM_REASON_NOT_STORED, address);
	status = kind->write(space->shared->state, space->number, &item, 1);
	*done = item.done;
	if (item.done)
		return TMEM_S_OK;
	return TMEM_FAILED(status) ? status : item.status;
}

/*
 * Forgets a written range in every space: two processes may share one address space (vfork, or
 * clone without a thread), and then the page is cached under both numbers.
 */
static void drop_written(struct tmi_shared *shared, uint32_t number, uint64_t first, uint64_t last)
{
	uint32_t count = shared->kind->process_count(shared->state);

	tmi_cache_drop(shared->cache, number, first, last);
	for (uint32_t other = 0; other < count; other++)
		if (other != number)
			tmi_cache_drop(shared->cache, other, first, last);
}

tmem_status tmi_storage_write(struct tmi_space *space, uint64_t address, const void *buffer,
			      size_t size, size_t *done)
{
	struct tmi_shared *shared = space->shared;
	tmem_status status;

	*done = 0;
	if (!size)
		return TMEM_S_OK;
	atomic_fetch_add(&shared->writing, 1);
	status = shared->overlay ? write_overlay(space, address, buffer, size, done)
				 : write_kind(space, address, buffer, size, done);
	if (*done) {
		atomic_fetch_add(&shared->generation, 1);
		if (!shared->overlay)
			drop_written(shared, space->number, address, address + *done - 1);
	}
	atomic_fetch_sub(&shared->writing, 1);
	return status;
}
