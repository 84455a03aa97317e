/* SPDX-License-Identifier: Apache-2.0 */
/* translated.c - reading, writing and viewing memory through page tables; see translated.h. */
#include "engine/translated.h"

#include <string.h>

#include "base/bytes.h"
#include "engine/quick.h"

#define PAGE_SIZE UINT64_C(4096)

/* How far a view looks for pages that follow in physical memory too. */
#define VIEW_REACH (UINT64_C(4) << 20)

/* Bytes of the next page that are fetched ahead. */
#define PREFETCH 512

/* Elements of a batch whose walks, cache misses and copies overlap. */
#define BATCH_DEPTH 32

_Thread_local struct tmi_window tmi_window;

/* The walker's read(): tries to move the window there, else reads through cache and overlay. */
static tmem_status read_entries(struct tmi_paging_memory *memory, uint64_t address, void *buffer,
				size_t size)
{
	struct tmi_window *w = (struct tmi_window *)memory;
	struct tmi_borrow borrow;
	size_t done = 0;

	if (tmi_storage_view(w->physical, address, &borrow) && borrow.last - address >= size - 1) {
		memory->first = borrow.first;
		memory->size = tmi_add_saturating(borrow.last - borrow.first, 1);
		memory->data = borrow.data;
		w->truncated = borrow.truncated;
		memcpy(buffer, borrow.data + (address - borrow.first), size);
		return TMEM_S_OK;
	}
	tmi_storage_read(w->physical, address, buffer, size, w->flags, &done);
	return done == size ? TMEM_S_OK : TMEM_E_READ_FAULT;
}

void tmi_translated_close_window(struct tmi_space *physical)
{
	tmi_window = (struct tmi_window){
		.memory = { .read = read_entries },
		.physical = physical,
		.serial = physical->serial,
		.generation =
			atomic_load_explicit(&physical->shared->generation, memory_order_acquire),
		.flags = tmi_window.flags,
	};
}

/*
 * One translation; what it saw of a file that was cut meanwhile is no answer. The address is an
 * internal one: tags are gone, and what follows the last of a half is a hole, not a tagged one.
 */
static inline bool translate(const struct tmi_translation *translation,
			     struct tmi_paging_memory *memory, uint64_t address,
			     struct tmi_paging_page *page)
{
	translation->scheme->translate(&translation->tables, memory, address, page);
	return page->outcome == TMI_PAGING_PAGE;
}

bool tmi_translated_page(const struct tmi_translation *translation, uint64_t address,
			 struct tmi_paging_page *page)
{
	struct tmi_paging_memory *memory;
	bool found;

	/* Once more when a file was cut meanwhile, which then lends nothing. */
	do {
		memory = tmi_translated_memory(translation->physical);
		found = translate(translation, memory, address, page);
	} while (tmi_translated_truncated(memory));
	return found;
}

/* An address as the caller gave it, whose lookup found nothing; UINT64_MAX without a page. */
static uint64_t find_page(struct tmi_space *space, const struct tmi_translation *translation,
			  struct tmi_paging_memory *memory, uint64_t address)
{
	struct tmi_paging_page page;

	if (tmi_space_enter(space, &address) != TMEM_S_OK ||
	    !translate(translation, memory, address, &page))
		return UINT64_MAX;
	return page.physical;
}

size_t tmi_translated_pages(struct tmi_space *space, const struct tmi_translation *translation,
			    const uint64_t *virtual_, uint64_t *physical, size_t count)
{
	struct tmi_paging_memory *memory;
	size_t pages;

	do {
		memory = tmi_translated_memory(translation->physical);
		pages = 0;
		translation->scheme->lookup_many(&translation->tables, memory, virtual_, physical,
						 count);
		for (size_t i = 0; i < count; i++) {
			if (physical[i] == UINT64_MAX)
				physical[i] = find_page(space, translation, memory, virtual_[i]);
			pages += physical[i] != UINT64_MAX;
		}
	} while (tmi_translated_truncated(memory));
	return pages;
}

void tmi_translated_walk(const struct tmi_translation *translation, uint64_t address,
			 struct tmi_paging_walk *walk)
{
	struct tmi_paging_memory *memory;

	do {
		memory = tmi_translated_memory(translation->physical);
		translation->scheme->walk(&translation->tables, memory, address, walk);
	} while (tmi_translated_truncated(memory));
}

tmem_status tmi_translated_fail(const struct tmi_translation *translation, tmem_status status,
				uint64_t address)
{
	struct tmi_paging_walk walk;
	const struct tmi_paging_step *step;

	tmi_translated_walk(translation, address, &walk);
	if (!walk.step_count)
		return tmi_fail(status, (enum tmem_reason)walk.page.reason, address);
	step = &walk.steps[walk.step_count - 1];
	return tmi_fail_entry(status, (enum tmem_reason)walk.page.reason, step->address,
			      step->level, step->entry);
}

/* As extent(), as far as the window tells the truth. */
static size_t extent_now(const struct tmi_translation *translation,
			 struct tmi_paging_memory *memory, uint64_t address, size_t size,
			 uint64_t *physical)
{
	struct tmi_paging_page page;
	size_t reach;

	if (!translate(translation, memory, address, &page))
		return 0;
	*physical = page.physical;
	reach = page.last - address >= size - 1 ? size : (size_t)(page.last - address) + 1;
	while (reach < size && address + reach > address) {
		uint64_t next = address + reach;

		if (!translate(translation, memory, next, &page) || page.first != next ||
		    page.physical != *physical + reach)
			break;
		reach += page.last - next >= size - reach - 1 ? size - reach
							      : (size_t)(page.last - next) + 1;
	}
	return reach;
}

/* How far the page at @address, and those that follow it in both memories, reach; at most @size. */
static size_t extent(const struct tmi_translation *translation, uint64_t address, size_t size,
		     uint64_t *physical)
{
	struct tmi_paging_memory *memory;
	size_t reach;

	do {
		memory = tmi_translated_memory(translation->physical);
		reach = extent_now(translation, memory, address, size, physical);
	} while (tmi_translated_truncated(memory));
	return reach;
}

/* Bytes from @address on in its page, at most @size. */
static size_t rest_of_page(const struct tmi_paging_page *page, uint64_t address, size_t size)
{
	return page->last - address >= size - 1 ? size : (size_t)(page->last - address) + 1;
}

/*
 * Copies page by page what stands in one window, and returns how much that was. The next page is
 * found before this one is copied, so that its first lines are under way meanwhile: frames that lie
 * anywhere are nothing that the processor foresees.
 */
static size_t copy_pages(const struct tmi_translation *translation, uint64_t address,
			 uint8_t *buffer, size_t size)
{
	struct tmi_paging_memory *memory = tmi_translated_memory(translation->physical);
	const uint8_t *data, *next, *window;
	const atomic_bool *truncated;
	struct tmi_paging_page page;
	size_t done = 0, part;

	if (!translate(translation, memory, address, &page))
		return 0;
	window = memory->data;
	truncated = tmi_window.truncated;
	part = rest_of_page(&page, address, size);
	data = tmi_translated_lent(memory, page.physical, part);
	while (data) {
		size_t copied = part;

		next = NULL;
		if (done + copied < size &&
		    translate(translation, memory, address + done + copied, &page)) {
			part = rest_of_page(&page, address + done + copied, size - done - copied);
			next = tmi_translated_lent(memory, page.physical, part);
		}
		for (size_t line = 0; next && line < PREFETCH; line += 64)
			__builtin_prefetch(next + line);
		memcpy(buffer + done, data, copied);
		done += copied;
		data = memory->data == window ? next : NULL;
	}
	return truncated && tmi_file_was_cut(truncated) ? 0 : done;
}

static tmem_status read_translated(const struct tmi_translation *translation, uint64_t address,
				   void *buffer, size_t size, uint32_t flags, size_t *done)
{
	tmem_status status = TMEM_S_OK;

	for (*done = 0; *done < size && status == TMEM_S_OK;) {
		uint64_t at = address + *done;
		uint8_t *to = (uint8_t *)buffer + *done;
		size_t got = copy_pages(translation, at, to, size - *done);
		uint64_t physical = 0;
		size_t part;

		*done += got;
		if (got)
			continue;
		part = extent(translation, at, size - *done, &physical);
		if (!part && *done)
			break;
		if (!part)
			return tmi_translated_fail(translation, TMEM_E_READ_FAULT, at);
		status = tmi_storage_read(translation->physical, physical, to, part, flags, &got);
		*done += got;
		if (got < part)
			break;
	}
	return *done ? TMEM_S_OK : status;
}

tmem_status tmi_translated_read(const struct tmi_translation *translation, uint64_t address,
				void *buffer, size_t size, uint32_t flags, size_t *done)
{
	tmem_status status;

	tmi_translated_memory(translation->physical);
	tmi_window.flags = flags & TMI_SPACE_UNCACHED;
	status = read_translated(translation, address, buffer, size, flags, done);
	tmi_window.flags = 0;
	return status;
}

tmem_status tmi_translated_write(const struct tmi_translation *translation, uint64_t address,
				 const void *buffer, size_t size, size_t *done)
{
	tmem_status status = TMEM_S_OK;

	for (*done = 0; *done < size && status == TMEM_S_OK;) {
		uint64_t at = address + *done;
		uint64_t physical = 0;
		/* A page at a time: what is written may be the tables of what follows. */
		size_t room = (size_t)(PAGE_SIZE - (at & (PAGE_SIZE - 1)));
		size_t part = extent(translation, at, size - *done < room ? size - *done : room,
				     &physical);
		size_t got = 0;

		if (!part && *done)
			break;
		if (!part)
			return tmi_translated_fail(translation, TMEM_E_WRITE_FAULT, at);
		status = tmi_storage_write(translation->physical, physical,
					   (const uint8_t *)buffer + *done, part, &got);
		*done += got;
		if (got < part)
			break;
	}
	return *done ? TMEM_S_OK : status;
}

bool tmi_translated_view(const struct tmi_translation *translation, uint64_t address,
			 struct tmi_borrow *borrow)
{
	struct tmi_paging_memory *memory = tmi_translated_memory(translation->physical);
	struct tmi_paging_extent following;
	struct tmi_paging_page page;
	uint64_t before, room, last;

	if (!translate(translation, memory, address, &page) ||
	    !tmi_storage_view(translation->physical, page.physical, borrow))
		return false;
	last = page.last;
	if (translation->scheme->next(&translation->tables, memory, address,
				      tmi_add_saturating(address, VIEW_REACH - 1),
				      TMI_PAGING_JOIN_PHYSICAL, VIEW_REACH / PAGE_SIZE,
				      &following) == TMEM_S_OK &&
	    following.first == address && following.physical == page.physical &&
	    following.last > last)
		last = following.last;
	if (tmi_translated_truncated(memory))
		return false;
	/* From physical addresses to virtual ones, not beyond the page backwards. */
	before = page.physical - borrow->first;
	if (before > address - page.first)
		before = address - page.first;
	room = borrow->last - page.physical;
	if (room > last - address)
		room = last - address;
	borrow->data += page.physical - before - borrow->first;
	borrow->first = address - before;
	borrow->last = address + room;
	return true;
}

/* The long way of one element: the same as a single read. */
static void read_element(struct tmi_space *space, const struct tmi_translation *translation,
			 struct tmem_transfer *item)
{
	uint32_t flags = item->flags & TMEM_TRANSFER_UNCACHED ? TMI_SPACE_UNCACHED : 0;
	uint64_t address = item->offset;

	item->done = 0;
	item->status = item->size ? tmi_space_enter(space, &address) : TMEM_S_OK;
	if (!item->size || item->status != TMEM_S_OK)
		return;
	item->status = tmi_translated_read(translation, address, item->buffer,
					   tmi_space_clip(space, address, item->size) - address + 1,
					   flags, &item->done);
}

/*
 * Walks first, so that the misses of all elements are on their way before the first copy. data[i]
 * is NULL where that takes the long way.
 */
static void find_elements(const struct tmi_translation *translation,
			  const struct tmi_paging_memory *memory, const struct tmem_transfer *items,
			  size_t count, const uint8_t **data)
{
	uint64_t addresses[BATCH_DEPTH], physical[BATCH_DEPTH];

	for (size_t i = 0; i < count; i++)
		addresses[i] = items[i].offset;
	translation->scheme->lookup_many(&translation->tables, memory, addresses, physical, count);
	for (size_t i = 0; i < count; i++) {
		uint64_t at = addresses[i] % PAGE_SIZE;

		data[i] = NULL;
		/* One that is to leave no trace in the cache goes the long way. */
		if (items[i].flags & TMEM_TRANSFER_UNCACHED || !items[i].size ||
		    items[i].size > PAGE_SIZE - at || physical[i] == UINT64_MAX)
			continue;
		data[i] = tmi_translated_lent(memory, physical[i], items[i].size);
		if (data[i])
			__builtin_prefetch(data[i]);
	}
}

static void copy_elements(struct tmem_transfer *items, size_t count, const uint8_t *const *data)
{
	for (size_t i = 0; i < count; i++) {
		if (!data[i])
			continue;
		tmi_hot_copy(items[i].buffer, data[i], items[i].size);
		items[i].done = items[i].size;
		items[i].status = TMEM_S_OK;
	}
}

tmem_status tmi_translated_read_batch(struct tmi_space *space,
				      const struct tmi_translation *translation,
				      struct tmem_transfer *items, size_t count)
{
	for (size_t begin = 0; begin < count; begin += BATCH_DEPTH) {
		const struct tmi_paging_memory *memory =
			tmi_translated_memory(translation->physical);
		struct tmem_transfer *some = items + begin;
		const uint8_t *data[BATCH_DEPTH];
		size_t part = count - begin < BATCH_DEPTH ? count - begin : BATCH_DEPTH;
		bool truncated;

		find_elements(translation, memory, some, part, data);
		copy_elements(some, part, data);
		truncated = tmi_translated_truncated(memory);
		for (size_t i = 0; i < part; i++)
			if (!data[i] || truncated)
				read_element(space, translation, &some[i]);
	}
	return TMEM_S_OK;
}
