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

/* The physical page of an address in a GiB whose upper tables are remembered; false: none. */
TMI_HOT_INLINE bool tmi_quick_lookup_below(const struct tmi_hot *hot, uint64_t address,
					   uint64_t *physical)
{
	const struct tmi_hot_upper *upper = tmi_hot_upper(hot, address);

	return upper->tag == tmi_hot_upper_tag(hot, address) &&
	       tmi_lower_lookup(&hot->forms, &hot->memory, hot->whole_pages, &upper->upper, address,
				physical);
}

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

static inline bool tmi_quick_translate(tmem_target *target, uint64_t address, uint64_t *physical)
{
	const struct tmi_hot *hot = tmi_hot_current(target);
	uint64_t found;

	if (!hot || !tmi_quick_lookup_below(hot, address, &found) || !tmi_hot_is_whole(hot))
		return tmi_quick_translate_anew(target, address, physical);
	*physical = found + address % TMI_HOT_PAGE;
	return true;
}

/*
 * The page of an address in a GiB whose upper tables are remembered; NULL: not in the window. It is
 * remembered too, which is right whatever the file became: that is asked after each use.
 */
TMI_HOT_INLINE const uint8_t *tmi_quick_page_below(struct tmi_hot *hot, uint64_t offset)
{
	const uint8_t *page;
	uint64_t place;

	if (!tmi_quick_lookup_below(hot, offset, &place))
		return NULL;
	place -= hot->memory.first;
	if (place >= hot->whole_pages)
		return NULL;
	page = hot->memory.data + place;
	tmi_hot_keep_page(hot, offset, page);
	return page;
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

/* Reads inside one page of a GiB whose upper tables are remembered. */
TMI_HOT_INLINE bool tmi_quick_read_below(struct tmi_hot *hot, uint64_t offset, void *buffer,
					 size_t size)
{
	const uint8_t *page;

	if (!tmi_quick_is_inside(offset, size))
		return false;
	page = tmi_quick_page_below(hot, offset);
	if (!page)
		return false;
	tmi_hot_copy(buffer, page + offset % TMI_HOT_PAGE, size);
	return tmi_hot_is_whole(hot);
}

/* Reads inside one page behind page tables. */
static inline bool tmi_quick_read(tmem_target *target, uint64_t offset, void *buffer, size_t size)
{
	struct tmi_hot *hot = tmi_hot_current(target);
	const atomic_bool *truncated;
	const uint8_t *page;

	if (hot && tmi_quick_read_below(hot, offset, buffer, size))
		return true;
	page = tmi_quick_is_inside(offset, size) ? tmi_quick_page_anew(target, offset, &truncated)
						 : NULL;
	if (!page)
		return false;
	tmi_hot_copy(buffer, page + offset % TMI_HOT_PAGE, size);
	return !truncated || !atomic_load_explicit(truncated, memory_order_acquire);
}

#endif
