/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hot.h - the path of a small read that was near the last one: no lock, no allocation, no call.
 *
 * Each thread remembers the last stretch of borrowed bytes (a mapped file) that it read from, with
 * the context it belongs to and the generation of the target. A context's serial is unique in the
 * process and names handle, process and thread together, so one comparison tells that the stretch
 * is ours; the generation tells that nothing was written, discarded or resumed since.
 */
#ifndef TMI_ENGINE_HOT_H
#define TMI_ENGINE_HOT_H

#include <string.h>

#include "engine/engine.h"

struct tmi_hot {
	uint64_t serial; /* 0: only offered, not remembered yet */
	uint64_t space;  /* serial of the space that offered it; 0: none */
	uint64_t generation;
	uint64_t first;
	uint64_t size;
	const uint8_t *data;
	const atomic_bool *truncated;
};

extern _Thread_local struct tmi_hot tmi_hot;

/* One page behind page tables, or in the cache; as long as a line of the processor's cache. */
struct tmi_slot {
	uint64_t serial; /* of the context, 0 = empty */
	uint64_t page;   /* its first byte, as the caller gives it; TMI_SLOT_CACHED may be added */
	uint64_t generation;
	union {
		struct {
			const uint8_t *data;
			const atomic_bool *truncated;
		};
		struct tmi_cache_place place;
	};
};

#define TMI_SLOT_CACHED 1u /* the page stands in the cache, at place */

#define TMI_SLOT_COUNT 256

/*
 * The pages that a thread remembers, NULL until it makes them. They are too many for a thread's
 * static storage, and freed when it ends.
 */
extern _Thread_local struct tmi_slot *tmi_slots;

/* Makes the thread's slots; false: no memory, and reads are only slower. */
bool tmi_hot_make_slots(void);

static inline struct tmi_slot *tmi_hot_slot(uint64_t address)
{
	return &tmi_slots[(address >> 12) % TMI_SLOT_COUNT];
}

/* Remembers a page for the next read near it. */
static inline void tmi_hot_keep(const struct tmi_slot *page)
{
	if (tmi_slots || tmi_hot_make_slots())
		*tmi_hot_slot(page->page) = *page;
}

/* Remembers the cached page that holds an address, if there is one. */
void tmi_hot_learn_cached(tmem_target *target, uint64_t offset);

/* After a read: remembers the stretch that it was served from, or the cached page. */
static inline void tmi_hot_learn(tmem_target *target, uint64_t offset)
{
	const struct tmi_context *context = tmi_context_get(target);

	if (tmi_hot.space == context->space->serial)
		tmi_hot.serial = context->serial;
	else if (atomic_load_explicit(&target->shared->caching, memory_order_relaxed))
		tmi_hot_learn_cached(target, offset);
}

/* Remembers a stretch that is known to be the context's; @generation: from before it was found. */
static inline void tmi_hot_keep_stretch(const struct tmi_context *context, uint64_t generation,
					const struct tmi_borrow *borrow)
{
	tmi_hot = (struct tmi_hot){
		.serial = context->serial,
		.space = context->space->serial,
		.generation = generation,
		.first = borrow->first,
		.size = borrow->last - borrow->first + 1,
		.data = borrow->data,
		.truncated = borrow->truncated,
	};
}

/*
 * The remembered stretch, when an address lies in it and its bytes are what the target has; NULL
 * otherwise. *at: how far inside.
 */
static inline const struct tmi_hot *tmi_hot_stretch(tmem_target *target, uint64_t offset,
						    uint64_t *at)
{
	const struct tmi_hot *hot = &tmi_hot;

	*at = offset - hot->first;
	if (tmi_context_get(target)->serial != hot->serial || *at >= hot->size)
		return NULL;
	if (atomic_load_explicit(&target->shared->generation, memory_order_acquire) !=
	    hot->generation)
		return NULL;
	return hot;
}

/* Eight bytes are moved by one load and one store, without a call. */
static inline void tmi_hot_copy(void *buffer, const uint8_t *data, size_t size)
{
	if (size == sizeof(uint64_t))
		memcpy(buffer, data, sizeof(uint64_t));
	else
		memcpy(buffer, data, size);
}

/* Reads [offset, offset + size) when all of it lies in the remembered stretch. */
static inline bool tmi_hot_read(tmem_target *target, uint64_t offset, void *buffer, size_t size)
{
	uint64_t at;
	const struct tmi_hot *hot = tmi_hot_stretch(target, offset, &at);

	if (!hot || size > hot->size - at)
		return false;
	tmi_hot_copy(buffer, hot->data + at, size);
	/* A file cut meanwhile reads as zeros: the slow path says so. */
	return !hot->truncated || !atomic_load_explicit(hot->truncated, memory_order_acquire);
}

/*
 * The same for a page behind page tables, or in the cache. Compilers think it too long to be
 * inlined; the call would take a quarter of the time.
 */
static inline __attribute__((always_inline)) bool
tmi_hot_read_page(tmem_target *target, uint64_t offset, void *buffer, size_t size)
{
	const struct tmi_context *context = tmi_context_get(target);
	const struct tmi_slot *slot;
	uint64_t at = offset & 4095;
	uint64_t page = offset - at;

	if (!tmi_slots)
		return false;
	slot = tmi_hot_slot(offset);
	if (slot->serial != context->serial ||
	    (slot->page | TMI_SLOT_CACHED) != (page | TMI_SLOT_CACHED) || size > 4096 - at)
		return false;
	if (atomic_load_explicit(&target->shared->generation, memory_order_acquire) !=
	    slot->generation)
		return false;
	if (slot->page != page)
		return tmi_cache_place_read(&slot->place, at, buffer, size);
	tmi_hot_copy(buffer, slot->data + at, size);
	return !slot->truncated || !atomic_load_explicit(slot->truncated, memory_order_acquire);
}

#endif
