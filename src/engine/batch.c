/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.c - many reads in one call: one request to the kind for everything that must be fetched.
 *
 * With the cache in use, the missing pages of all elements are collected, sorted and fetched once
 * each; the elements are then served from the cache like single reads.
 */
#include <stdlib.h>

#include "engine/fetch.h"

/* Pages fetched by one request to the kind: 1 MiB. */
#define FETCH_PAGES 256

struct page_list {
	uint64_t *pages;
	size_t count;
	size_t room;
};

static bool add_page(struct page_list *list, uint64_t page)
{
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 64;
		uint64_t *pages = reallocarray(list->pages, room, sizeof(*pages));

		if (!pages)
			return false;
		list->pages = pages;
		list->room = room;
	}
	list->pages[list->count++] = page;
	return true;
}

static int compare_pages(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void sort_unique(struct page_list *list)
{
	size_t kept = 0;

	if (list->count)
		qsort(list->pages, list->count, sizeof(*list->pages), compare_pages);
	for (size_t i = 0; i < list->count; i++)
		if (!kept || list->pages[kept - 1] != list->pages[i])
			list->pages[kept++] = list->pages[i];
	list->count = kept;
}

/* Missing pages that the elements touch. Out of memory only costs speed. */
static void collect_missing(struct tmi_space *space, const struct tmem_transfer *items,
			    size_t count, struct page_list *list)
{
	struct tmi_cache_error error;

	for (size_t i = 0; i < count; i++) {
		uint64_t page = items[i].offset & ~(uint64_t)(TMI_CACHE_PAGE - 1);

		/* Long elements fetch their own pages in one go. */
		if (!items[i].size || items[i].flags || items[i].size > TMI_CACHE_PAGE)
			continue;
		for (; page <= items[i].offset + items[i].size - 1; page += TMI_CACHE_PAGE) {
			if (tmi_cache_read(space->shared->cache, space->number, page, 0, NULL, 0,
					   &error) == TMI_CACHE_MISS)
				add_page(list, page);
			if (page > UINT64_MAX - TMI_CACHE_PAGE)
				break;
		}
	}
	sort_unique(list);
}

static void fetch_some(struct tmi_space *space, const uint64_t *pages, size_t count,
		       struct tmem_transfer *items, uint8_t *data)
{
	struct tmi_shared *shared = space->shared;
	uint64_t ticket = tmi_cache_ticket(shared->cache);
	size_t used = 0;

	for (size_t i = 0; i < count; i++)
		if (tmi_storage_cacheable(space, pages[i]))
			items[used++] = (struct tmem_transfer){ .offset = pages[i],
								.buffer = data + i * TMI_CACHE_PAGE,
								.size = TMI_CACHE_PAGE };
	if (used)
		shared->kind->read(shared->state, space->number, items, used, 0);
	for (size_t i = 0; i < used; i++)
		if (items[i].done == TMI_CACHE_PAGE)
			tmi_cache_insert(shared->cache, space->number, items[i].offset, ticket,
					 items[i].buffer);
}

/* Brings the pages into the cache; what fails is found out again by its own element. */
static void fetch_missing(struct tmi_space *space, const struct page_list *list)
{
	struct tmem_transfer *items = calloc(FETCH_PAGES, sizeof(*items));
	uint8_t *data = malloc((size_t)FETCH_PAGES * TMI_CACHE_PAGE);

	for (size_t i = 0; items && data && i < list->count; i += FETCH_PAGES) {
		size_t left = list->count - i;

		fetch_some(space, list->pages + i, left < FETCH_PAGES ? left : FETCH_PAGES, items,
			   data);
	}
	free(items);
	free(data);
}

static void read_each(struct tmi_space *space, struct tmem_transfer *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t flags = items[i].flags & TMEM_TRANSFER_UNCACHED ? TMI_SPACE_UNCACHED : 0;

		items[i].status = tmi_storage_read(space, items[i].offset, items[i].buffer,
						   items[i].size, flags, &items[i].done);
	}
}

static void apply_overlay(struct tmi_space *space, struct tmem_transfer *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		tmi_overlay_apply(space->shared->overlay, space->number, items[i].offset,
				  items[i].buffer, items[i].done);
}

tmem_status tmi_storage_read_batch(struct tmi_space *space, struct tmem_transfer *items,
				   size_t count)
{
	struct tmi_shared *shared = space->shared;
	struct page_list list = { 0 };
	tmem_status status;

	if (tmi_storage_uses_cache(space, 0)) {
		collect_missing(space, items, count, &list);
		if (list.count > 1)
			fetch_missing(space, &list);
		free(list.pages);
		read_each(space, items, count);
		return TMEM_S_OK;
	}
	status = shared->kind->read(shared->state, space->number, items, count, 0);
	if (shared->overlay)
		apply_overlay(space, items, count);
	return status;
}
