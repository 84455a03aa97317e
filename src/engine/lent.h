/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lent.h - where the bytes at an address stand, for those who look at them in place: hot.h and
 * quick.h without the copy.
 */
#ifndef TMI_ENGINE_LENT_H
#define TMI_ENGINE_LENT_H

#include "engine/quick.h"

/* Bytes of a mapped file; what was found in them counts when tmi_lent_is_whole() says so after. */
struct tmi_lent {
	const uint8_t *data;
	uint64_t size;
	const atomic_bool *truncated;
};

/* False: the file was cut meanwhile, and zeros stand where it ended. */
static inline bool tmi_lent_is_whole(const struct tmi_lent *lent)
{
	return !lent->truncated || !atomic_load_explicit(lent->truncated, memory_order_acquire);
}

/* In the stretch, or one of the pages, that this thread remembers. */
static inline bool tmi_lent_find_hot(tmem_target *target, uint64_t offset, struct tmi_lent *lent)
{
	const struct tmi_context *context = tmi_context_get(target);
	const struct tmi_slot *slot;
	uint64_t at;
	const struct tmi_hot *hot = tmi_hot_stretch(target, offset, &at);

	if (hot) {
		*lent = (struct tmi_lent){ hot->data + at, hot->size - at, hot->truncated };
		return true;
	}
	if (!tmi_slots)
		return false;
	slot = tmi_hot_slot(offset);
	at = offset % TMI_QUICK_PAGE;
	if (slot->serial != context->serial || slot->page != offset - at ||
	    atomic_load_explicit(&target->shared->generation, memory_order_acquire) !=
		    slot->generation)
		return false;
	*lent = (struct tmi_lent){ slot->data + at, TMI_QUICK_PAGE - at, slot->truncated };
	return true;
}

/* As tmi_hot_keep(), word by word: a struct that was just made is slow to copy. */
static inline void tmi_lent_keep_page(const struct tmi_context *context, uint64_t page,
				      const uint8_t *data, const struct tmi_window *window)
{
	struct tmi_slot *slot;

	if (!tmi_slots && !tmi_hot_make_slots())
		return;
	slot = tmi_hot_slot(page);
	slot->serial = context->serial;
	slot->page = page;
	slot->generation = window->generation;
	slot->data = data;
	slot->truncated = window->truncated;
}

/* To the end of its page, by page tables in the thread's window. */
static inline bool tmi_lent_find_page(tmem_target *target, uint64_t offset, struct tmi_lent *lent)
{
	const struct tmi_context *context = tmi_context_get(target);
	uint64_t physical = tmi_quick_lookup(context, offset);
	uint64_t at = offset % TMI_QUICK_PAGE;
	const struct tmi_window *window = tmi_translated_window();
	const uint8_t *data;

	if (physical == UINT64_MAX)
		return false;
	data = tmi_translated_lent(&window->memory, physical - at, TMI_QUICK_PAGE);
	if (!data)
		return false;
	*lent = (struct tmi_lent){ data + at, TMI_QUICK_PAGE - at, window->truncated };
	if (atomic_load_explicit(&target->shared->steady, memory_order_relaxed))
		tmi_lent_keep_page(context, offset - at, data, window);
	return true;
}

/*
 * In a mapped file, of which the stretch is remembered then. Addresses of 32 bits have rules of
 * their own, which the layers know.
 */
bool tmi_lent_find_stretch(tmem_target *target, uint64_t offset, struct tmi_lent *lent);

#endif
