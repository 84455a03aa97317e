/* SPDX-License-Identifier: Apache-2.0 */
/* hot.c - what a thread remembers of its last reads; see hot.h. */
#include "engine/hot.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "engine/quick.h"

/* Bytes that are no file's cannot be cut. */
static const atomic_bool never_truncated;

_Thread_local struct tmi_hot tmi_hot = {
	.truncated = &never_truncated,
};
_Thread_local struct tmi_hot_offer tmi_hot_offer;

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool have_key;

static void free_all(void *unused)
{
	struct tmi_hot *hot = tmi_hot_get();

	hot->serial = 0;
	hot->walks_serial = 0;
	free(hot->tables);
	hot->tables = NULL;
	free(hot->walks);
	hot->walks = NULL;
}

static void make_key(void)
{
	have_key = !pthread_key_create(&key, free_all);
}

/* Zeros that are freed when the thread ends; NULL: no memory, and reads are only slower. */
static void *allocate(size_t size)
{
	pthread_once(&key_once, make_key);
	if (!have_key || pthread_setspecific(key, &key))
		return NULL;
	return calloc(1, size);
}

/* Makes the key of the present epoch, in which nothing of other epochs is found. */
static void begin_epoch(struct tmi_hot *hot)
{
	struct tmi_hot_page *pages;
	uint64_t index = 2 * hot->epoch;

	hot->key = index * TMI_HOT_PAGE;
	if (!hot->tables)
		return;
	pages = hot->tables->pages;
	pages[index].tag = tmi_hot_no_tag(index, TMI_HOT_PAGE);
	pages[index + 1].tag = tmi_hot_no_tag(index + 1, TMI_HOT_PAGE);
}

static bool need_tables(struct tmi_hot *hot)
{
	if (hot->tables)
		return true;
	hot->tables = allocate(sizeof(*hot->tables));
	begin_epoch(hot);
	return hot->tables;
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
	if (++hot->epoch == TMI_HOT_PAGES / 2) {
		hot->epoch = 1;
		if (hot->tables)
			memset(hot->tables->pages, 0, sizeof(hot->tables->pages));
	}
	begin_epoch(hot);
	hot->serial = context->serial;
	hot->generation = generation;
	hot->truncated = truncated;
	hot->size = 0;
	hot->words = 0;
	return hot;
}

void tmi_hot_keep_stretch(const struct tmi_context *context, uint64_t generation,
			  const struct tmi_borrow *borrow)
{
	struct tmi_hot *hot = take(context, generation, borrow->truncated);

	hot->first = borrow->first;
	hot->size = tmi_add_saturating(borrow->last - borrow->first, 1);
	hot->words = hot->size < sizeof(uint64_t) ? 0 : hot->size - (sizeof(uint64_t) - 1);
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
		(struct tmi_hot_page){ tmi_hot_page_tag(hot, offset) ^ TMI_HOT_PAGE, NULL };
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

/* Nothing of other epochs is found in the one that begins. */
static void begin_walks(struct tmi_hot_walks *walks)
{
	uint64_t index;

	if (++walks->epoch == TMI_HOT_LOWERS / 2) {
		memset(walks, 0, sizeof(*walks));
		walks->epoch = 1;
	}
	index = 2 * walks->epoch;
	walks->key = index * TMI_LOWER_LARGE;
	walks->lowers[index].tag = tmi_hot_no_tag(index, TMI_LOWER_LARGE);
	walks->lowers[index + 1].tag = tmi_hot_no_tag(index + 1, TMI_LOWER_LARGE);
}

/*
 * Whether tmi_quick_find() can tell by one difference that an entry has the form of a page and that
 * its frame is in the window: what else is looked at is below a frame's bits, or above all of the
 * window.
 */
static bool is_plain(const struct tmi_paging_memory *memory, const struct tmi_paging_forms *forms)
{
	uint64_t above = forms->page.mask & ~(TMI_HOT_PAGE - 1);
	uint64_t end = above & -above;

	if (memory->first % TMI_HOT_PAGE || forms->frame_bits % TMI_HOT_PAGE)
		return false;
	return !above || (forms->frame_bits < end && memory->first < end &&
			  memory->size <= end - memory->first);
}

/* Makes the ways that are remembered those of a context. The window stays where it is. */
static struct tmi_hot_walks *take_walks(const struct tmi_context *context,
					const struct tmi_translation *translation,
					const struct tmi_window *window)
{
	struct tmi_hot *hot = tmi_hot_get();
	struct tmi_hot_walks *walks = hot->walks;
	const atomic_bool *truncated = window->truncated ? window->truncated : &never_truncated;

	if (!walks)
		walks = hot->walks = allocate(sizeof(*walks));
	if (!walks ||
	    (hot->walks_serial == context->serial && hot->walks_generation == window->generation &&
	     walks->truncated == truncated && walks->memory.data == window->memory.data &&
	     walks->memory.first == window->memory.first &&
	     walks->memory.size == window->memory.size))
		return walks;
	begin_walks(walks);
	walks->truncated = truncated;
	walks->forms = *translation->scheme->forms;
	walks->forms.frame_bits &= ~translation->tables.encryption_mask;
	walks->memory = window->memory;
	walks->memory.read = NULL;
	walks->whole_pages =
		walks->memory.size < TMI_HOT_PAGE ? 0 : walks->memory.size - (TMI_HOT_PAGE - 1);
	walks->kept = walks->forms.page.mask | walks->forms.frame_bits;
	walks->less = walks->memory.first + walks->forms.page.value;
	walks->origin = (uintptr_t)walks->memory.data - walks->less;
	hot->walks_serial = context->serial;
	hot->walks_generation = window->generation;
	return walks;
}

/* A page by itself, where nothing shorter leads to it. */
static void learn_page(const struct tmi_context *context, const struct tmi_window *window,
		       uint64_t offset, const uint8_t *data)
{
	struct tmi_hot *hot = take(context, window->generation, window->truncated);

	if (need_tables(hot))
		hot->tables->pages[tmi_hot_page_index(offset)] =
			(struct tmi_hot_page){ tmi_hot_page_tag(hot, offset), data };
}

void tmi_hot_learn_tables(tmem_target *target, const struct tmi_context *context,
			  const struct tmi_translation *translation, uint64_t offset,
			  const uint8_t *page)
{
	const struct tmi_window *window = tmi_translated_window();
	const struct tmi_paging_scheme *scheme = translation->scheme;
	struct tmi_paging_upper upper;
	struct tmi_hot_walks *walks;

	if (!atomic_load_explicit(&target->shared->steady, memory_order_relaxed))
		return;
	if (scheme->forms && is_plain(&window->memory, scheme->forms) &&
	    scheme->upper(&translation->tables, &window->memory, offset, &upper)) {
		walks = take_walks(context, translation, window);
		if (walks)
			tmi_quick_keep_upper(walks, offset, &upper);
	} else if (page) {
		learn_page(context, window, offset, page);
	}
}
