/* SPDX-License-Identifier: Apache-2.0 */
/* hot.c - the pages that a thread remembers; see hot.h. */
#include "engine/hot.h"

#include <stdlib.h>

#include "engine/translated.h"

_Thread_local struct tmi_hot tmi_hot;
_Thread_local struct tmi_slot *tmi_slots;

_Static_assert(sizeof(struct tmi_slot) == 64 || sizeof(void *) != 8, "a line of the cache");

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool have_key;

static void free_slots(void *slots)
{
	tmi_slots = NULL;
	free(slots);
}

static void make_key(void)
{
	have_key = !pthread_key_create(&key, free_slots);
}

bool tmi_hot_make_slots(void)
{
	pthread_once(&key_once, make_key);
	if (!have_key)
		return false;
	tmi_slots = aligned_alloc(sizeof(*tmi_slots), TMI_SLOT_COUNT * sizeof(*tmi_slots));
	if (tmi_slots)
		memset(tmi_slots, 0, TMI_SLOT_COUNT * sizeof(*tmi_slots));
	if (tmi_slots && pthread_setspecific(key, tmi_slots)) {
		free(tmi_slots);
		tmi_slots = NULL;
	}
	return tmi_slots;
}

/*
 * What is behind page tables has slots of its own, and the overlay's bytes are in no cached page.
 * Such a read has gone through the layers, so the address is a good one.
 */
void tmi_hot_learn_cached(tmem_target *target, uint64_t offset)
{
	const struct tmi_context *context = tmi_context_get(target);
	struct tmi_shared *shared = target->shared;
	uint64_t address = offset;
	struct tmi_slot slot = {
		.serial = context->serial,
		.page = (offset & ~(uint64_t)(TMI_CACHE_PAGE - 1)) | TMI_SLOT_CACHED,
		.generation = atomic_load_explicit(&shared->generation, memory_order_acquire),
	};

	/* Caching ends before the generation changes: asked in between, as a resume may. */
	if (!atomic_load(&shared->caching) || shared->overlay ||
	    tmi_space_translation(context->space) ||
	    atomic_load_explicit(&context->space->dropped, memory_order_acquire) ||
	    tmi_space_enter(context->space, &address) != TMEM_S_OK)
		return;
	if (tmi_cache_find(shared->cache, context->space->number,
			   address & ~(uint64_t)(TMI_CACHE_PAGE - 1), &slot.place))
		tmi_hot_keep(&slot);
}
