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

#define TMI_QUICK_PAGE UINT64_C(4096)

/* Where an address as the caller gives it leads; UINT64_MAX: not to be had here. */
static inline uint64_t tmi_quick_lookup(const struct tmi_translation *translation,
					const struct tmi_paging_memory *memory, uint64_t address)
{
	return translation->scheme->lookup(&translation->tables, memory, address);
}

/* The tables of the current space, if they are known and the space is there. */
static inline const struct tmi_translation *tmi_quick_tables(const struct tmi_context *context)
{
	const struct tmi_space *space = context->space;

	if (!space || atomic_load_explicit(&space->dropped, memory_order_acquire))
		return NULL;
	return tmi_space_translation(space);
}

static inline bool tmi_quick_translate(tmem_target *target, uint64_t address, uint64_t *physical)
{
	const struct tmi_translation *translation = tmi_quick_tables(tmi_context_get(target));
	const struct tmi_paging_memory *memory;
	uint64_t found;

	if (!translation)
		return false;
	memory = tmi_translated_memory(translation->physical);
	found = tmi_quick_lookup(translation, memory, address);
	if (found == UINT64_MAX || tmi_translated_truncated(memory))
		return false;
	*physical = found;
	return true;
}

/* Reads inside one page, which is remembered for the next read near it (hot.h). */
static inline bool tmi_quick_read(tmem_target *target, uint64_t offset, void *buffer, size_t size)
{
	const struct tmi_context *context = tmi_context_get(target);
	const struct tmi_translation *translation = tmi_quick_tables(context);
	uint64_t at = offset % TMI_QUICK_PAGE;
	const struct tmi_paging_memory *memory;
	const uint8_t *data;
	uint64_t physical;

	if (!translation || size > TMI_QUICK_PAGE - at)
		return false;
	memory = tmi_translated_memory(translation->physical);
	physical = tmi_quick_lookup(translation, memory, offset);
	if (physical == UINT64_MAX)
		return false;
	data = tmi_translated_lent(memory, physical - at, TMI_QUICK_PAGE);
	if (!data)
		return false;
	tmi_hot_copy(buffer, data + at, size);
	if (tmi_translated_truncated(memory))
		return false;
	if (atomic_load_explicit(&target->shared->steady, memory_order_relaxed))
		tmi_hot_keep(&(struct tmi_slot){ .serial = context->serial,
						 .page = offset - at,
						 .generation = tmi_window.generation,
						 .data = data,
						 .truncated = tmi_window.truncated });
	return true;
}

#endif
