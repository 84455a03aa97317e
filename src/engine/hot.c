/* SPDX-License-Identifier: Apache-2.0 */
/* hot.c - what a thread remembers of its last reads; see hot.h. */
#include "engine/hot.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "engine/translated.h"

/* Nothing is found here, whatever the epoch is, and nothing written. */
static const struct tmi_hot_tables no_tables;

/* Bytes that are no file's cannot be cut. */
static const atomic_bool never_truncated;

_Thread_local struct tmi_hot tmi_hot = {
	.truncated = &never_truncated,
	.tables = (struct tmi_hot_tables *)&no_tables,
};
_Thread_local struct tmi_hot_offer tmi_hot_offer;

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool have_key;

static void free_tables(void *tables)
{
	tmi_hot.serial = 0;
	tmi_hot.tables = (struct tmi_hot_tables *)&no_tables;
	free(tables);
}

static void make_key(void)
{
	have_key = !pthread_key_create(&key, free_tables);
}

/* The thread's tables; false: no memory, and reads are only slower. */
static bool need_tables(struct tmi_hot *hot)
{
	struct tmi_hot_tables *tables;

	if (hot->tables != &no_tables)
		return true;
	pthread_once(&key_once, make_key);
	if (!have_key)
		return false;
	tables = calloc(1, sizeof(*tables));
	if (!tables || pthread_setspecific(key, tables)) {
		free(tables);
		return false;
	}
	hot->tables = tables;
	return true;
}

/* Makes what is remembered that of a context; what was of another one is forgotten. */
static struct tmi_hot *take(const struct tmi_context *context, uint64_t generation,
			    const atomic_bool *truncated)
{
	struct tmi_hot *hot = tmi_hot_get();

	if (!truncated)
		truncated = &never_truncated;
	if (hot->serial == context->serial && hot->generation == generation &&
	    hot->truncated == truncated)
		return hot;
	if (++hot->epoch == TMI_HOT_EPOCHS) {
		hot->epoch = 1;
		if (hot->tables != &no_tables)
			memset(hot->tables, 0, sizeof(*hot->tables));
	}
	hot->serial = context->serial;
	hot->generation = generation;
	hot->truncated = truncated;
	hot->size = 0;
	return hot;
}

void tmi_hot_keep_stretch(const struct tmi_context *context, uint64_t generation,
			  const struct tmi_borrow *borrow)
{
	struct tmi_hot *hot = take(context, generation, borrow->truncated);

	hot->first = borrow->first;
	hot->size = tmi_add_saturating(borrow->last - borrow->first, 1);
	hot->data = borrow->data;
}

/*
 * What is behind page tables has pages of its own, and the overlay's bytes are in no cached page.
 * Such a read has gone through the layers, so the address is a good one.
 */
static void learn_cached(tmem_target *target, const struct tmi_context *context, uint64_t offset)
{
	struct tmi_shared *shared = target->shared;
	uint64_t generation = atomic_load_explicit(&shared->generation, memory_order_acquire);
	struct tmi_cache_place place;
	struct tmi_hot *hot;
	uint64_t address = offset;

	/*
	 * Caching ends before the generation changes: asked in between, as a resume may. What runs
	 * may execute another program, which only the layers ask for.
	 */
	if (!atomic_load(&shared->caching) || !atomic_load(&shared->steady) || shared->overlay ||
	    tmi_space_translation(context->space) ||
	    atomic_load_explicit(&context->space->dropped, memory_order_acquire) ||
	    tmi_space_enter(context->space, &address) != TMEM_S_OK ||
	    !tmi_cache_find(shared->cache, context->space->number,
			    address & ~(uint64_t)(TMI_CACHE_PAGE - 1), &place))
		return;
	hot = take(context, generation, NULL);
	if (!need_tables(hot))
		return;
	hot->tables->places[tmi_hot_page_index(offset)] = place;
	hot->tables->pages[tmi_hot_page_index(offset)] =
		(struct tmi_hot_page){ tmi_hot_page_tag(hot, offset) | TMI_HOT_CACHED, NULL };
}

void tmi_hot_learn(tmem_target *target, uint64_t offset)
{
	const struct tmi_context *context = tmi_context_get(target);
	struct tmi_hot_offer *offer = &tmi_hot_offer;

	if (offer->space == context->space->serial)
		tmi_hot_keep_stretch(context, offer->generation, &offer->borrow);
	else if (atomic_load_explicit(&target->shared->caching, memory_order_relaxed))
		learn_cached(target, context, offset);
	offer->space = 0;
}

/* The window that was walked in stays where it is, whatever becomes of the thread's. */
static void keep_window(struct tmi_hot *hot, const struct tmi_paging_memory *memory,
			const struct tmi_translation *translation)
{
	hot->forms = *translation->scheme->forms;
	hot->forms.frame_bits &= ~translation->tables.encryption_mask;
	hot->memory = *memory;
	hot->memory.read = NULL;
	hot->whole_pages = memory->size < TMI_HOT_PAGE ? 0 : memory->size - (TMI_HOT_PAGE - 1);
}

void tmi_hot_learn_tables(tmem_target *target, const struct tmi_context *context,
			  const struct tmi_translation *translation, uint64_t offset,
			  const uint8_t *page)
{
	const struct tmi_window *window = tmi_translated_window();
	const struct tmi_paging_scheme *scheme = translation->scheme;
	struct tmi_hot_upper upper;
	struct tmi_hot *hot;

	if (!atomic_load_explicit(&target->shared->steady, memory_order_relaxed))
		return;
	hot = take(context, window->generation, window->truncated);
	if (!need_tables(hot))
		return;
	if (page)
		tmi_hot_keep_page(hot, offset, page);
	if (!scheme->forms ||
	    !scheme->upper(&translation->tables, &window->memory, offset, &upper.upper))
		return;
	keep_window(hot, &window->memory, translation);
	upper.tag = tmi_hot_upper_tag(hot, offset);
	*tmi_hot_upper(hot, offset) = upper;
}
