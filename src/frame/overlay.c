/* SPDX-License-Identifier: Apache-2.0 */
/* overlay.c - written bytes as pages with a bit per byte, in a sorted array; see overlay.h. */
#include "frame/overlay.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define PAGE 4096u

struct page {
	uint32_t space;
	uint64_t address;
	uint8_t data[PAGE];
	uint64_t written[PAGE / 64]; /* a bit per byte */
};

struct tmi_overlay {
	pthread_rwlock_t lock;
	atomic_size_t count; /* also read without the lock, to see that there is nothing */
	size_t room;
	struct page **pages; /* by space and address */
};

struct tmi_overlay *tmi_overlay_new(void)
{
	struct tmi_overlay *overlay = calloc(1, sizeof(*overlay));

	if (overlay)
		pthread_rwlock_init(&overlay->lock, NULL);
	return overlay;
}

static void free_pages(struct tmi_overlay *overlay)
{
	for (size_t i = 0; i < overlay->count; i++)
		free(overlay->pages[i]);
	free(overlay->pages);
	overlay->pages = NULL;
	overlay->room = 0;
	atomic_store(&overlay->count, 0);
}

void tmi_overlay_free(struct tmi_overlay *overlay)
{
	if (!overlay)
		return;
	free_pages(overlay);
	pthread_rwlock_destroy(&overlay->lock);
	free(overlay);
}

static bool is_empty(struct tmi_overlay *overlay)
{
	return atomic_load_explicit(&overlay->count, memory_order_acquire) == 0;
}

static bool is_before(const struct page *page, uint32_t space, uint64_t address)
{
	return page->space < space || (page->space == space && page->address < address);
}

/* Index of the first page at or after (space, address). */
static size_t find(const struct tmi_overlay *overlay, uint32_t space, uint64_t address)
{
	size_t low = 0;
	size_t high = overlay->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (is_before(overlay->pages[middle], space, address))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The page, or NULL; *index is where it is or belongs. */
static struct page *lookup(const struct tmi_overlay *overlay, uint32_t space, uint64_t address,
			   size_t *index)
{
	size_t i = find(overlay, space, address);

	*index = i;
	if (i < overlay->count && overlay->pages[i]->space == space &&
	    overlay->pages[i]->address == address)
		return overlay->pages[i];
	return NULL;
}

static bool make_room(struct tmi_overlay *overlay)
{
	size_t room = overlay->room ? overlay->room * 2 : 16;
	struct page **pages;

	if (overlay->count < overlay->room)
		return true;
	pages = reallocarray(overlay->pages, room, sizeof(struct page *));
	if (!pages)
		return false;
	overlay->pages = pages;
	overlay->room = room;
	return true;
}

/* The page, made when it is missing; NULL when out of memory. */
static struct page *obtain(struct tmi_overlay *overlay, uint32_t space, uint64_t address)
{
	size_t index;
	struct page *page = lookup(overlay, space, address, &index);

	if (page || !make_room(overlay))
		return page;
	page = calloc(1, sizeof(*page));
	if (!page)
		return NULL;
	page->space = space;
	page->address = address;
	memmove(overlay->pages + index + 1, overlay->pages + index,
		(overlay->count - index) * sizeof(struct page *));
	overlay->pages[index] = page;
	atomic_store_explicit(&overlay->count, overlay->count + 1, memory_order_release);
	return page;
}

static void mark(struct page *page, size_t offset, size_t size)
{
	for (size_t i = offset; i < offset + size; i++)
		page->written[i / 64] |= UINT64_C(1) << i % 64;
}

static bool is_written(const struct page *page, size_t offset)
{
	return page->written[offset / 64] >> offset % 64 & 1;
}

tmem_status tmi_overlay_write(struct tmi_overlay *overlay, uint32_t space, uint64_t address,
			      const void *data, size_t size, size_t *done)
{
	const uint8_t *bytes = data;

	*done = 0;
	pthread_rwlock_wrlock(&overlay->lock);
	while (*done < size) {
		size_t offset = (address + *done) % PAGE;
		size_t part = PAGE - offset < size - *done ? PAGE - offset : size - *done;
		struct page *page = obtain(overlay, space, address + *done - offset);

		if (!page)
			break;
		memcpy(page->data + offset, bytes + *done, part);
		mark(page, offset, part);
		*done += part;
	}
	pthread_rwlock_unlock(&overlay->lock);
	return *done == size ? TMEM_S_OK : tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, address);
}

/* The overlap of one page with the buffer, byte by byte where written. */
static void apply_page(const struct page *page, uint64_t address, uint8_t *buffer, size_t size)
{
	size_t from = page->address > address ? 0 : address - page->address;

	for (size_t i = from; i < PAGE; i++) {
		uint64_t at = page->address + i - address;

		if (at >= size)
			break;
		if (is_written(page, i))
			buffer[at] = page->data[i];
	}
}

void tmi_overlay_apply(struct tmi_overlay *overlay, uint32_t space, uint64_t address, void *buffer,
		       size_t size)
{
	uint64_t last = address + size - 1;

	if (!size || is_empty(overlay))
		return;
	pthread_rwlock_rdlock(&overlay->lock);
	for (size_t i = find(overlay, space, address & ~(uint64_t)(PAGE - 1)); i < overlay->count;
	     i++) {
		if (overlay->pages[i]->space != space || overlay->pages[i]->address > last)
			break;
		apply_page(overlay->pages[i], address, buffer, size);
	}
	pthread_rwlock_unlock(&overlay->lock);
}

bool tmi_overlay_clip(struct tmi_overlay *overlay, uint32_t space, uint64_t address,
		      uint64_t *first, uint64_t *last)
{
	uint64_t at = address & ~(uint64_t)(PAGE - 1);
	const struct page *page;
	size_t index;

	if (is_empty(overlay))
		return true;
	pthread_rwlock_rdlock(&overlay->lock);
	page = lookup(overlay, space, at, &index);
	if (!page && index < overlay->count && overlay->pages[index]->space == space &&
	    overlay->pages[index]->address <= *last)
		*last = overlay->pages[index]->address - 1;
	if (!page && index > 0 && overlay->pages[index - 1]->space == space &&
	    overlay->pages[index - 1]->address + (PAGE - 1) >= *first)
		*first = overlay->pages[index - 1]->address + PAGE;
	pthread_rwlock_unlock(&overlay->lock);
	return !page;
}

static tmem_status list_page(const struct page *page, tmi_overlay_visit *visit, void *context)
{
	tmem_status status = TMEM_S_OK;
	size_t start = 0;

	while (start < PAGE && !TMEM_FAILED(status)) {
		size_t end = start;

		while (end < PAGE && is_written(page, end))
			end++;
		if (end > start)
			status = visit(context, page->space, page->address + start,
				       page->data + start, end - start);
		start = end + 1;
	}
	return status;
}

tmem_status tmi_overlay_list(struct tmi_overlay *overlay, tmi_overlay_visit *visit, void *context)
{
	tmem_status status = TMEM_S_OK;

	pthread_rwlock_rdlock(&overlay->lock);
	for (size_t i = 0; i < overlay->count && !TMEM_FAILED(status); i++)
		status = list_page(overlay->pages[i], visit, context);
	pthread_rwlock_unlock(&overlay->lock);
	return TMEM_FAILED(status) ? status : TMEM_S_OK;
}

bool tmi_overlay_discard(struct tmi_overlay *overlay)
{
	bool any;

	pthread_rwlock_wrlock(&overlay->lock);
	any = overlay->count > 0;
	free_pages(overlay);
	pthread_rwlock_unlock(&overlay->lock);
	return any;
}
