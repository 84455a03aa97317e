/* SPDX-License-Identifier: Apache-2.0 */
/* translated.c - reading, writing and viewing memory through page tables; see translated.h. */
#include "engine/translated.h"

#include <string.h>

#include "base/bytes.h"
#include "engine/hot.h"

#define PAGE_SIZE UINT64_C(4096)

/* How far a view looks for pages that follow in physical memory too. */
#define VIEW_REACH (UINT64_C(4) << 20)

/* Elements of a batch whose walks, cache misses and copies overlap. */
#define BATCH_DEPTH 32

/*
 * The window of this thread: the last lent stretch of physical memory. Most targets lend all of
 * their memory in one piece, and then tables and pages are both looked at in place.
 */
struct window {
	struct tmi_paging_memory memory; /* first: the walker gets a pointer to it */
	struct tmi_space *physical;
	uint64_t serial; /* of @physical, whose address may have been another space's */
	uint64_t generation;
	const atomic_bool *truncated;
	uint32_t flags; /* TMI_SPACE_UNCACHED: tables are read around the cache too */
};

static _Thread_local struct window window;

/* The walker's read(): tries to move the window there, else reads through cache and overlay. */
static tmem_status read_entries(struct tmi_paging_memory *memory, uint64_t address, void *buffer,
				size_t size)
{
	struct window *w = (struct window *)memory;
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

struct tmi_paging_memory *tmi_translated_memory(struct tmi_space *physical)
{
	struct window *w = &window;
	uint64_t generation =
		atomic_load_explicit(&physical->shared->generation, memory_order_acquire);

	/* A file that was cut short lends nothing any more: its bytes are read, and so are tables.
	 */
	if (w->serial != physical->serial || w->generation != generation ||
	    tmi_translated_truncated(&w->memory)) {
		*w = (struct window){
			.memory = { .read = read_entries },
			.physical = physical,
			.serial = physical->serial,
			.generation = generation,
			.flags = w->flags,
		};
	}
	return &w->memory;
}

bool tmi_translated_truncated(const struct tmi_paging_memory *memory)
{
	const struct window *w = (const struct window *)memory;

	return w->truncated && atomic_load_explicit(w->truncated, memory_order_acquire);
}

/* The bytes at a physical address when @size of them stand in the window; else NULL. */
static const uint8_t *in_window(const struct tmi_paging_memory *memory, uint64_t physical,
				size_t size)
{
	uint64_t at = physical - memory->first;

	return at < memory->size && size <= memory->size - at ? memory->data + at : NULL;
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

size_t tmi_translated_pages(struct tmi_space *space, const struct tmi_translation *translation,
			    const uint64_t *virtual_, uint64_t *physical, size_t count)
{
	struct tmi_paging_memory *memory;
	struct tmi_paging_page page;
	size_t pages;

	do {
		memory = tmi_translated_memory(translation->physical);
		pages = 0;
		for (size_t i = 0; i < count; i++) {
			uint64_t address = virtual_[i];
			bool found = tmi_space_enter(space, &address) == TMEM_S_OK &&
				     translate(translation, memory, address, &page);

			physical[i] = found ? page.physical : UINT64_MAX;
			pages += found;
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

/* Copies from the window when all of it is there and was no zeros of a file cut short. */
static bool copy_lent(const struct tmi_paging_memory *memory, uint64_t physical, void *buffer,
		      size_t size)
{
	const uint8_t *data = in_window(memory, physical, size);

	if (!data)
		return false;
	memcpy(buffer, data, size);
	return !tmi_translated_truncated(memory);
}

/* One stretch that is contiguous in physical memory. */
static tmem_status read_physical(const struct tmi_translation *translation, uint64_t physical,
				 void *buffer, size_t size, uint32_t flags, size_t *done)
{
	struct tmi_paging_memory *memory = tmi_translated_memory(translation->physical);

	if (copy_lent(memory, physical, buffer, size)) {
		*done = size;
		return TMEM_S_OK;
	}
	return tmi_storage_read(translation->physical, physical, buffer, size, flags, done);
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

/* A small read inside one page is remembered for the next one near it. */
static void learn(const struct tmi_translation *translation, struct tmi_paging_memory *memory,
		  uint64_t address, const struct tmi_paging_page *page)
{
	const struct window *w = (const struct window *)memory;
	uint64_t first = address & ~(PAGE_SIZE - 1);
	uint64_t physical = page->physical & ~(PAGE_SIZE - 1);
	const uint8_t *data = in_window(memory, physical, PAGE_SIZE);

	if (data && first >= page->first &&
	    atomic_load_explicit(&translation->physical->shared->steady, memory_order_relaxed))
		tmi_hot_offer(&(struct tmi_slot){ .serial = translation->space_serial,
						  .page = first,
						  .generation = w->generation,
						  .data = data,
						  .truncated = w->truncated });
}

static tmem_status read_translated(const struct tmi_translation *translation, uint64_t address,
				   void *buffer, size_t size, uint32_t flags, size_t *done)
{
	struct tmi_paging_memory *memory = tmi_translated_memory(translation->physical);
	tmem_status status = TMEM_S_OK;
	struct tmi_paging_page page;

	/* Mostly it is a few bytes in one page that stands in the window. */
	if (size <= PAGE_SIZE && translate(translation, memory, address, &page) &&
	    page.last - address >= size - 1 && copy_lent(memory, page.physical, buffer, size)) {
		learn(translation, memory, address, &page);
		*done = size;
		return TMEM_S_OK;
	}
	for (*done = 0; *done < size && status == TMEM_S_OK;) {
		uint64_t at = address + *done;
		uint64_t physical = 0;
		size_t part = extent(translation, at, size - *done, &physical);
		size_t got = 0;

		if (!part && *done)
			break;
		if (!part)
			return tmi_translated_fail(translation, TMEM_E_READ_FAULT, at);
		status = read_physical(translation, physical, (uint8_t *)buffer + *done, part,
				       flags, &got);
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
	window.flags = flags & TMI_SPACE_UNCACHED;
	status = read_translated(translation, address, buffer, size, flags, done);
	window.flags = 0;
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

	if (!translate(translation, memory, address, &page))
		return false;
	last = page.last;
	if (translation->scheme->next(&translation->tables, memory, address,
				      tmi_add_saturating(address, VIEW_REACH - 1),
				      TMI_PAGING_JOIN_PHYSICAL, VIEW_REACH / PAGE_SIZE,
				      &following) == TMEM_S_OK &&
	    following.first == address && following.physical == page.physical &&
	    following.last > last)
		last = following.last;
	if (tmi_translated_truncated(memory) ||
	    !tmi_storage_view(translation->physical, page.physical, borrow))
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

/* An element whose bytes stand in the window, or not. */
struct quick {
	const uint8_t *data; /* NULL: the long way */
	size_t size;
};

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

/* Walks first, so that the misses of all elements are on their way before the first copy. */
static void find_elements(struct tmi_space *space, const struct tmi_translation *translation,
			  struct tmi_paging_memory *memory, const struct tmem_transfer *items,
			  size_t count, struct quick *quick)
{
	struct tmi_paging_page page;

	for (size_t i = 0; i < count; i++) {
		uint64_t address = items[i].offset;

		quick[i].data = NULL;
		/* One that is to leave no trace in the cache goes the long way. */
		if (items[i].flags & TMEM_TRANSFER_UNCACHED || !items[i].size ||
		    items[i].size > PAGE_SIZE || tmi_space_enter(space, &address) != TMEM_S_OK ||
		    !translate(translation, memory, address, &page) ||
		    page.last - address < items[i].size - 1)
			continue;
		quick[i].data = in_window(memory, page.physical, items[i].size);
		if (quick[i].data)
			__builtin_prefetch(quick[i].data);
	}
}

tmem_status tmi_translated_read_batch(struct tmi_space *space,
				      const struct tmi_translation *translation,
				      struct tmem_transfer *items, size_t count)
{
	for (size_t begin = 0; begin < count; begin += BATCH_DEPTH) {
		struct tmi_paging_memory *memory = tmi_translated_memory(translation->physical);
		const uint8_t *window_data = memory->data;
		struct quick quick[BATCH_DEPTH];
		size_t part = count - begin < BATCH_DEPTH ? count - begin : BATCH_DEPTH;
		struct tmem_transfer *some = items + begin;

		find_elements(space, translation, memory, some, part, quick);
		for (size_t i = 0; i < part; i++) {
			if (!quick[i].data)
				continue;
			some[i].done = some[i].size;
			some[i].status = TMEM_S_OK;
			if (some[i].size == sizeof(uint64_t))
				memcpy(some[i].buffer, quick[i].data, sizeof(uint64_t));
			else
				memcpy(some[i].buffer, quick[i].data, some[i].size);
		}
		/* The flag is that of the last window: with several, the long way checks each. */
		if (tmi_translated_truncated(memory) || memory->data != window_data)
			for (size_t i = 0; i < part; i++)
				quick[i].data = NULL;
		for (size_t i = 0; i < part; i++)
			if (!quick[i].data)
				read_element(space, translation, &some[i]);
	}
	return TMEM_S_OK;
}
