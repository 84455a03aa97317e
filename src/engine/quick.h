/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quick.h - one translation, or a read inside one page, straight from the page tables in the
 * thread's window, or from a mapped file: no layers, no lock, no allocation.
 *
 * Random addresses wait for memory most of the time. How many of those waits overlap is how many
 * calls the processor has in sight at once, so what counts here is few instructions. Whatever is
 * not a present page in lent memory answers false, and the layers find out what it is.
 */
#ifndef TMI_ENGINE_QUICK_H
#define TMI_ENGINE_QUICK_H

#include "engine/hot.h"
#include "engine/translated.h"

#define TMI_QUICK_PAGE UINT64_C(4096)

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

static inline bool tmi_quick_translate(tmem_target *target, uint64_t address, uint64_t *physical)
{
	uint64_t found = tmi_quick_lookup(tmi_context_get(target), address);

	if (found == UINT64_MAX || tmi_translated_truncated(&tmi_translated_window()->memory))
		return false;
	*physical = found;
	return true;
}

/*
 * Reads from a stretch of a mapped file that is not the last one. Addresses of 32 bits have rules
 * of their own, which the layers know.
 */
static inline bool tmi_quick_read_lent(tmem_target *target, uint64_t offset, void *buffer,
				       size_t size)
{
	const struct tmi_context *context = tmi_context_get(target);
	struct tmi_space *space = context->space;
	const struct tmi_facts *facts;

	if (!space || !size || atomic_load_explicit(&space->dropped, memory_order_acquire) ||
	    tmi_space_translation(space))
		return false;
	facts = tmi_space_facts_now(space);
	if (!facts->lends || facts->pointer_size == 4 ||
	    !tmi_space_read_lent(space, offset, buffer, size))
		return false;
	tmi_hot.serial = context->serial;
	return true;
}

/* Reads inside one page, which is remembered for the next read near it (hot.h). */
static inline bool tmi_quick_read(tmem_target *target, uint64_t offset, void *buffer, size_t size)
{
	const struct tmi_context *context = tmi_context_get(target);
	const struct tmi_window *window = tmi_translated_window();
	uint64_t at = offset % TMI_QUICK_PAGE;
	const uint8_t *data;
	uint64_t physical;

	if (size > TMI_QUICK_PAGE - at)
		return false;
	physical = tmi_quick_lookup(context, offset);
	if (physical == UINT64_MAX)
		return false;
	data = tmi_translated_lent(&window->memory, physical - at, TMI_QUICK_PAGE);
	if (!data)
		return false;
	tmi_hot_copy(buffer, data + at, size);
	if (tmi_translated_truncated(&window->memory))
		return false;
	if (atomic_load_explicit(&target->shared->steady, memory_order_relaxed))
		tmi_hot_keep(&(struct tmi_slot){ .serial = context->serial,
						 .page = offset - at,
						 .generation = window->generation,
						 .data = data,
						 .truncated = window->truncated });
	return true;
}

#endif
