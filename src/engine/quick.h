/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quick.h - one translation, or a read inside one page, straight from the page tables in the
 * thread's window: no layers, no lock, no allocation.
 *
 * Random addresses wait for memory most of the time. How many of those waits overlap is how many
 * calls the processor has in sight at once, so what counts here is few instructions. Whatever is
 * not a present page in lent memory answers false, and the layers find out what it is.
 */
#ifndef TMI_ENGINE_QUICK_H
#define TMI_ENGINE_QUICK_H

#include "engine/hot.h"
#include "engine/translated.h"
#include "paging/lower.h"

/* Reads of this size copy long enough for the next page to be fetched ahead. */
#define TMI_QUICK_LONG 2048

/* Bytes of it: half a page gained more than an eighth, a quarter or all of it did. */
#define TMI_QUICK_AHEAD 2048

/* True when [offset, offset + size) is inside one page. */
static inline bool tmi_quick_is_inside(uint64_t offset, size_t size)
{
	return size <= TMI_HOT_PAGE && offset % TMI_HOT_PAGE <= TMI_HOT_PAGE - size;
}

/*
 * Where an address as the caller gives it leads; UINT64_MAX: not to be had here. Nothing but
 * lookup() is called, so that little need be saved.
 */
static inline uint64_t tmi_quick_lookup(const struct tmi_context *context, uint64_t address)
{
	const struct tmi_space *space = context->space;
	const struct tmi_translation *translation;

	if (!space || atomic_load_explicit(&space->dropped, memory_order_acquire))
		return UINT64_MAX;
	translation = tmi_space_translation(space);
	if (!translation || !tmi_translated_is_current(translation->physical))
		return UINT64_MAX;
	return translation->scheme->lookup(&translation->tables, &tmi_translated_window()->memory,
					   address);
}

/* --- what is remembered of walks --- */

TMI_HOT_INLINE struct tmi_hot_upper *tmi_quick_upper(struct tmi_hot_walks *walks, uint64_t address)
{
	return &walks->uppers[address / TMI_PAGING_GIB % TMI_HOT_UPPERS];
}

TMI_HOT_INLINE uint64_t tmi_quick_upper_tag(const struct tmi_hot_walks *walks, uint64_t address)
{
	return (address & ~(TMI_PAGING_GIB - 1)) | walks->epoch;
}

static inline void tmi_quick_keep_upper(struct tmi_hot_walks *walks, uint64_t address,
					const struct tmi_paging_upper *upper)
{
	*tmi_quick_upper(walks, address) =
		(struct tmi_hot_upper){ tmi_quick_upper_tag(walks, address), *upper };
}

/*
 * Where an address is in its 2 MiB, when a table is remembered for them; 2 MiB more when it is a
 * page; else more than that.
 */
TMI_HOT_INLINE uint64_t tmi_quick_lower_at(const struct tmi_hot_walks *walks, uint64_t address,
					   const struct tmi_hot_lower **lower)
{
	*lower = &walks->lowers[address / TMI_LOWER_LARGE % TMI_HOT_LOWERS];
	return (address ^ walks->key) ^ (*lower)->tag;
}

/* Remembers it, unless it is a page that the window has only a part of. */
static inline void tmi_quick_keep_lower(struct tmi_hot_walks *walks, uint64_t address,
					const struct tmi_lower *found)
{
	const struct tmi_paging_memory *memory = &walks->memory;
	struct tmi_hot_lower *lower = &walks->lowers[address / TMI_LOWER_LARGE % TMI_HOT_LOWERS];
	uint64_t tag = (address & ~(TMI_LOWER_LARGE - 1)) ^ walks->key;
	uint64_t place = found->physical - memory->first;

	if (found->table)
		*lower = (struct tmi_hot_lower){ tag, (uintptr_t)found->table };
	else if (memory->size >= TMI_LOWER_LARGE && place <= memory->size - TMI_LOWER_LARGE)
		*lower =
			(struct tmi_hot_lower){ tag ^ TMI_LOWER_LARGE,
						(uintptr_t)memory->data + place - TMI_LOWER_LARGE };
}

/*
 * Where @size bytes stand that are inside one page; false: not at hand. What the form of a page
 * says is left in the entry together with the frame: if it is as it must be it goes with the
 * subtraction, and the difference is the beginning of a page in the window.
 */
TMI_HOT_INLINE bool tmi_quick_find(const struct tmi_hot_walks *walks, uint64_t address, size_t size,
				   const uint8_t **data)
{
	const struct tmi_hot_lower *lower;
	uint64_t at = tmi_quick_lower_at(walks, address, &lower);
	uint64_t entry, place;

	if (__builtin_expect(at >= TMI_LOWER_LARGE, 0)) {
		*data = (const uint8_t *)(lower->base + at);
		return at - TMI_LOWER_LARGE <= TMI_LOWER_LARGE - size;
	}
	entry = tmi_lower_entry((const uint8_t *)lower->base, address / TMI_LOWER_PAGE) &
		walks->kept;
	place = entry - walks->less;
	/* Begins with what does not wait for the entry. */
	at = address % TMI_HOT_PAGE;
	*data = (const uint8_t *)(walks->origin + at + entry);
	return __builtin_expect(place < walks->whole_pages && !(place % TMI_HOT_PAGE) &&
					at <= TMI_HOT_PAGE - size,
				1);
}

/* The physical address by the same way. */
TMI_HOT_INLINE bool tmi_quick_find_physical(const struct tmi_hot_walks *walks, uint64_t address,
					    uint64_t *physical)
{
	const struct tmi_hot_lower *lower;
	uint64_t at = tmi_quick_lower_at(walks, address, &lower);

	if (__builtin_expect(at >= TMI_LOWER_LARGE, 0)) {
		*physical = lower->base + at - (uintptr_t)walks->memory.data + walks->memory.first;
		return at < 2 * TMI_LOWER_LARGE;
	}
	if (!tmi_lower_page(&walks->forms, (const uint8_t *)lower->base, at / TMI_LOWER_PAGE,
			    physical))
		return false;
	*physical += at % TMI_HOT_PAGE;
	return true;
}

/*
 * The physical address in a GiB whose upper tables are remembered, where nothing is remembered of
 * the 2 MiB; that is now. False: none.
 */
TMI_HOT_INLINE bool tmi_quick_find_below(struct tmi_hot_walks *walks, uint64_t address,
					 uint64_t *physical)
{
	const struct tmi_hot_upper *upper = tmi_quick_upper(walks, address);
	struct tmi_lower lower;

	if (upper->tag != tmi_quick_upper_tag(walks, address) ||
	    !tmi_lower_find(&walks->forms, &walks->memory, walks->whole_pages, &upper->upper,
			    address, &lower))
		return false;
	tmi_quick_keep_lower(walks, address, &lower);
	if (!lower.table)
		*physical = lower.physical + address % TMI_LOWER_LARGE;
	else if (tmi_lower_page(&walks->forms, lower.table, address / TMI_LOWER_PAGE, physical))
		*physical += address % TMI_HOT_PAGE;
	else
		return false;
	return true;
}

static inline bool tmi_quick_is_whole(const struct tmi_hot_walks *walks)
{
	return !tmi_file_was_cut(walks->truncated);
}

/* --- translating --- */

/* The walk from the top, which remembers how to walk to the addresses around. */
static __attribute__((noinline, unused)) bool
tmi_quick_translate_anew(tmem_target *target, uint64_t address, uint64_t *physical)
{
	const struct tmi_context *context = tmi_context_get(target);
	uint64_t found = tmi_quick_lookup(context, address);

	if (found == UINT64_MAX || tmi_translated_truncated(&tmi_translated_window()->memory))
		return false;
	*physical = found;
	tmi_hot_learn_tables(target, context, tmi_space_translation(context->space), address, NULL);
	return true;
}

static __attribute__((noinline, unused)) bool tmi_quick_translate_below(tmem_target *target,
									struct tmi_hot_walks *walks,
									uint64_t address,
									uint64_t *physical)
{
	uint64_t found;

	if (!tmi_quick_find_below(walks, address, &found) || !tmi_quick_is_whole(walks))
		return tmi_quick_translate_anew(target, address, physical);
	*physical = found;
	return true;
}

static inline bool tmi_quick_translate(tmem_target *target, uint64_t address, uint64_t *physical)
{
	struct tmi_hot_walks *walks = tmi_hot_walks_current(target);
	uint64_t found;

	if (!walks)
		return tmi_quick_translate_anew(target, address, physical);
	if (!tmi_quick_find_physical(walks, address, &found) || !tmi_quick_is_whole(walks))
		return tmi_quick_translate_below(target, walks, address, physical);
	*physical = found;
	return true;
}

/* --- reading --- */

/* The page of an address by upper tables that are remembered; NULL: not in the window. */
static inline const uint8_t *tmi_quick_page_below(struct tmi_hot_walks *walks, uint64_t offset)
{
	uint64_t place;

	if (!tmi_quick_find_below(walks, offset, &place))
		return NULL;
	place -= walks->memory.first + offset % TMI_HOT_PAGE;
	return place < walks->whole_pages ? walks->memory.data + place : NULL;
}

/* The same by a walk from the top, and whoever asks next will find more remembered. */
static __attribute__((noinline, unused)) const uint8_t *
tmi_quick_page_anew(tmem_target *target, uint64_t offset, const atomic_bool **truncated)
{
	const struct tmi_context *context = tmi_context_get(target);
	const struct tmi_window *window = tmi_translated_window();
	uint64_t physical = tmi_quick_lookup(context, offset);
	const uint8_t *page;

	if (physical == UINT64_MAX)
		return NULL;
	page = tmi_translated_lent(&window->memory, physical - offset % TMI_HOT_PAGE, TMI_HOT_PAGE);
	if (page)
		tmi_hot_learn_tables(target, context, tmi_space_translation(context->space), offset,
				     page);
	*truncated = window->truncated;
	return page;
}

/* The page of an address, by what is remembered or anew. */
static inline const uint8_t *tmi_quick_page(tmem_target *target, uint64_t offset,
					    const atomic_bool **truncated)
{
	struct tmi_hot_walks *walks = tmi_hot_walks_current(target);
	uint64_t at = offset % TMI_HOT_PAGE;
	const uint8_t *data, *page;

	if (!walks)
		return tmi_quick_page_anew(target, offset, truncated);
	*truncated = walks->truncated;
	if (tmi_quick_find(walks, offset, 1, &data))
		return data - at;
	page = tmi_quick_page_below(walks, offset);
	return page ? page : tmi_quick_page_anew(target, offset, truncated);
}

/*
 * Before a long read is copied that follows the one before: the beginning of what comes next is
 * fetched meanwhile, because frames that lie anywhere are nothing that the processor foresees.
 */
static inline void tmi_quick_expect(tmem_target *target, uint64_t offset, size_t size)
{
	struct tmi_hot_walks *walks = tmi_hot_walks_current(target);
	const uint8_t *data;
	bool follows;

	if (!walks)
		return;
	follows = walks->next == offset;
	walks->next = offset + size;
	if (!follows || !tmi_quick_find(walks, offset + size, 1, &data))
		return;
	for (size_t line = 0; line < TMI_QUICK_AHEAD; line += 64)
		__builtin_prefetch(data + line);
}

/* Reads inside one page behind page tables. */
static inline bool tmi_quick_read(tmem_target *target, uint64_t offset, void *buffer, size_t size)
{
	const atomic_bool *truncated;
	const uint8_t *page;

	page = tmi_quick_is_inside(offset, size) ? tmi_quick_page(target, offset, &truncated)
						 : NULL;
	if (!page)
		return false;
	if (size >= TMI_QUICK_LONG)
		tmi_quick_expect(target, offset, size);
	tmi_hot_copy(buffer, page + offset % TMI_HOT_PAGE, size);
	return !truncated || !tmi_file_was_cut(truncated);
}

#endif
