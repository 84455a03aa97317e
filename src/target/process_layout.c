/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_layout.c - which addresses are known to lie in mappings.
 *
 * A read through the memory file just below a stack makes that stack grow, so nothing outside of
 * mappings may be passed to it. Asking before each read would double its cost; so the mappings are
 * remembered, and an address that is in none of them is asked for.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "target/process.h"

/* The next look is at all mappings when so many single ones were needed since the last. */
#define ENOUGH_MISSES 32

/* How often all mappings are looked at before something else is tried. */
#define LOOKS 8

/* In place of a number of bytes: the mappings were forgotten since the look at them. */
#define FORGOTTEN UINT64_MAX

/* --- sets --- */

static size_t slot_of(const struct live_set *set, uint64_t number)
{
	size_t slot = (size_t)(number * 0x9e3779b97f4a7c15u >> 20) & (set->room - 1);

	while (set->slots[slot] && set->slots[slot] != number)
		slot = (slot + 1) & (set->room - 1);
	return slot;
}

static bool grow_set(struct live_set *set)
{
	struct live_set more = { .room = set->room ? 2 * set->room : 64, .count = set->count };

	more.slots = calloc(more.room, sizeof(*more.slots));
	if (!more.slots)
		return false;
	for (size_t i = 0; i < set->room; i++)
		if (set->slots[i])
			more.slots[slot_of(&more, set->slots[i])] = set->slots[i];
	free(set->slots);
	*set = more;
	return true;
}

bool tmi_process_set_add(struct live_set *set, uint64_t number)
{
	size_t slot;

	if (2 * set->count >= set->room && !grow_set(set))
		return false;
	slot = slot_of(set, number);
	set->count += !set->slots[slot];
	set->slots[slot] = number;
	return true;
}

bool tmi_process_set_has(const struct live_set *set, uint64_t number)
{
	return set->room && set->slots[slot_of(set, number)] == number;
}

void tmi_process_set_fini(struct live_set *set)
{
	free(set->slots);
	*set = (struct live_set){ 0 };
}

/* --- layouts --- */

void tmi_process_layout_free(struct live_layout *layout)
{
	if (!layout)
		return;
	tmi_process_set_fini(&layout->files);
	tmi_process_set_fini(&layout->images);
	free(layout->extents);
	free(layout);
}

/* Neighbours that are alike in all that reading wants to know become one. */
static void add_extent(struct live_layout *layout, const struct live_vma *vma)
{
	struct live_extent extent = { vma->first, vma->last, (uint8_t)vma->flags,
				      (uint8_t)tmi_process_vma_kind(vma) };
	struct live_extent *before = layout->count ? &layout->extents[layout->count - 1] : NULL;

	if (before && extent.last <= before->last)
		return;
	if (before && extent.first <= before->last)
		extent.first = before->last + 1;
	if (before && before->last + 1 == extent.first && before->flags == extent.flags &&
	    before->kind == extent.kind)
		before->last = extent.last;
	else
		layout->extents[layout->count++] = extent;
}

static bool add_file(struct live_layout *layout, const struct live_vma *vma, uint64_t *previous)
{
	uint64_t id = tmi_process_file_id(vma);
	bool image = vma->flags & VMA_EXECUTE && !(vma->flags & VMA_SHARED);

	if (!id)
		return true;
	if (image && !tmi_process_set_add(&layout->images, id))
		return false;
	if (id == *previous)
		return true;
	*previous = id;
	return tmi_process_set_add(&layout->files, id);
}

struct live_layout *tmi_process_layout_new(char *text, size_t size)
{
	struct live_layout *layout = calloc(1, sizeof(*layout));
	uint64_t previous = 0;
	char *cursor = text;
	struct live_vma vma;

	if (!layout)
		return NULL;
	layout->extents = calloc(tmi_process_count_lines(text, size) + 1, sizeof(*layout->extents));
	if (!layout->extents)
		goto failed;
	while (tmi_process_parse_vma(&cursor, text + size, &vma)) {
		if (!strcmp(vma.name, "[stack]"))
			layout->stack = (struct live_stack){ vma.first, vma.last };
		add_extent(layout, &vma);
		if (!add_file(layout, &vma, &previous))
			goto failed;
	}
	return layout;
failed:
	tmi_process_layout_free(layout);
	return NULL;
}

/*
 * The caller holds the lock. Returns the mappings known before. @stacks: those of the new ones,
 * which are taken over.
 */
static struct live_layout *exchange_layout(struct live *process, struct live_layout *layout,
					   struct live_stacks *stacks)
{
	struct live_layout *old = process->layout;

	process->layout = layout;
	tmi_process_take_stacks(process, stacks);
	process->forgets += !layout;
	process->extra_count = 0;
	process->misses = 0;
	atomic_store(&process->direct.epoch, process->moving ? 0 : tmi_direct_new_epoch());
	return old;
}

void tmi_process_outdate_layout(struct live *process)
{
	struct live_stacks none = { 0 };
	struct live_layout *old;

	pthread_rwlock_wrlock(&process->lock);
	old = exchange_layout(process, NULL, &none);
	pthread_rwlock_unlock(&process->lock);
	tmi_process_layout_free(old);
}

void tmi_process_forget_layout(struct live *process, bool moving)
{
	struct live_stacks none = { 0 };
	struct live_layout *old;

	pthread_rwlock_wrlock(&process->lock);
	process->moving = moving;
	old = exchange_layout(process, NULL, &none);
	pthread_rwlock_unlock(&process->lock);
	tmi_process_layout_free(old);
}

static uint64_t times_forgotten(struct live *process)
{
	uint64_t forgets;

	pthread_rwlock_rdlock(&process->lock);
	forgets = process->forgets;
	pthread_rwlock_unlock(&process->lock);
	return forgets;
}

/* Takes over what was seen after @forgets; older ones than a stop or an exec are of no use. */
static void install_layout(struct live *process, struct live_layout *layout,
			   struct live_stacks *stacks, uint64_t forgets)
{
	bool good;

	pthread_rwlock_wrlock(&process->lock);
	good = process->forgets == forgets;
	if (good)
		layout = exchange_layout(process, layout, stacks);
	pthread_rwlock_unlock(&process->lock);
	if (!good)
		free(stacks->all);
	tmi_process_layout_free(layout);
}

tmem_status tmi_process_learn_all(struct live *process)
{
	uint64_t forgets = times_forgotten(process);
	struct live_layout *layout;
	struct live_stacks stacks;
	char *text;
	size_t size;
	tmem_status status = tmi_process_read_maps(process, &text, &size);

	if (status != TMEM_S_OK)
		return status;
	layout = tmi_process_layout_new(text, size);
	free(text);
	if (!layout)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	tmi_process_find_stacks(process, layout->stack.last ? &layout->stack : NULL, &stacks);
	install_layout(process, layout, &stacks, forgets);
	return TMEM_S_OK;
}

/* --- lookups --- */

static bool holds(const struct live_extent *extent, uint64_t address)
{
	return extent->first <= address && address <= extent->last;
}

static const struct live_extent *search_layout(const struct live_layout *layout, uint64_t address)
{
	size_t low = 0;
	size_t count = layout ? layout->count : 0;

	while (count > 0) {
		size_t half = count / 2;

		if (layout->extents[low + half].last < address) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	if (!layout || low == layout->count || layout->extents[low].first > address)
		return NULL;
	return &layout->extents[low];
}

/* The known mapping at an address; the caller holds the lock. */
static const struct live_extent *find_extent(const struct live *process, uint64_t address)
{
	const struct live_extent *extent = search_layout(process->layout, address);

	for (unsigned i = 0; !extent && i < process->extra_count; i++)
		if (holds(&process->extra[i], address))
			extent = &process->extra[i];
	return extent;
}

bool tmi_process_known_flags(struct live *process, uint64_t address, uint32_t *flags)
{
	const struct live_extent *extent;

	pthread_rwlock_rdlock(&process->lock);
	extent = find_extent(process, address);
	if (extent)
		*flags = extent->flags;
	pthread_rwlock_unlock(&process->lock);
	return extent;
}

static bool allows(const struct live *process, const struct live_extent *extent, uint32_t flags)
{
	return process->target->features.force || (extent->flags & flags) == flags;
}

/*
 * Remembers a mapping for this thread's next reads, where neither a stack nor protection has to be
 * thought of, where an exec is noticed without a question, and where an address has one form.
 */
static void learn_range(struct live *process, uint64_t first, uint64_t last)
{
	uint64_t highest = process->facts.pointer_size == 4 ? UINT32_MAX : LIVE_TOP - 1;

	if (process->target->features.force && last <= highest && !atomic_load(&process->shares))
		tmi_direct_learn(atomic_load(&process->direct.epoch), first, last - first + 1);
}

/*
 * How many of @size bytes at @address are known to lie in mappings that allow @flags. @fresh: the
 * look is so recent that it holds near a stack as well, or FORGOTTEN.
 */
static uint64_t known_bytes(struct live *process, uint64_t address, uint64_t size, uint32_t flags,
			    bool fresh)
{
	uint64_t known = 0;

	pthread_rwlock_rdlock(&process->lock);
	if (fresh && !process->layout) {
		pthread_rwlock_unlock(&process->lock);
		return FORGOTTEN;
	}
	while (known < size) {
		const struct live_extent *extent = find_extent(process, address + known);
		uint64_t first, last;

		if (!extent || !allows(process, extent, flags))
			break;
		first = extent->first;
		last = extent->last;
		if (!fresh &&
		    !tmi_process_far_part(&process->stacks, address + known, &first, &last))
			break;
		if (!known && !fresh)
			learn_range(process, first, last);
		if (last - (address + known) >= size - known)
			known = size;
		else
			known = last - address + 1;
	}
	pthread_rwlock_unlock(&process->lock);
	return known;
}

/* True when nothing is gained by remembering a mapping: reads there must ask each time. */
static bool is_near(struct live *process, const struct live_extent *extent, uint64_t address)
{
	uint64_t first = extent->first, last = extent->last;
	bool near;

	pthread_rwlock_rdlock(&process->lock);
	/* The last byte of a stack that has grown is that of a known one. */
	near = process->stacks.known &&
	       !tmi_process_far_part(&process->stacks, address, &first, &last) &&
	       !tmi_process_far_part(&process->stacks, extent->last, &first, &last);
	pthread_rwlock_unlock(&process->lock);
	return near;
}

/* True when it costs as much to find out what grows as to look at all mappings. */
static bool stacks_are_costly(struct live *process)
{
	bool costly;

	pthread_rwlock_rdlock(&process->lock);
	costly = process->stacks.known && process->stacks.others;
	pthread_rwlock_unlock(&process->lock);
	return costly;
}

/* Before a mapping is trusted, whatever may grow down to its place must be known. */
static void remember(struct live *process, const struct live_extent *extent, uint64_t forgets)
{
	struct live_stacks stacks;
	bool good;

	if (stacks_are_costly(process)) {
		/* Then once is to do for every mapping. If it fails, this one is not trusted. */
		tmi_process_learn_all(process);
		return;
	}
	tmi_process_ask_stacks(process, &stacks);
	pthread_rwlock_wrlock(&process->lock);
	good = process->forgets == forgets;
	if (good) {
		if (tmi_process_take_stacks(process, &stacks) && !process->moving)
			atomic_store(&process->direct.epoch, tmi_direct_new_epoch());
		process->extra[process->misses++ % LIVE_EXTRA] = *extent;
		if (process->extra_count < LIVE_EXTRA)
			process->extra_count++;
	}
	pthread_rwlock_unlock(&process->lock);
	if (!good)
		free(stacks.all);
}

/* Asks for the mapping at an address. */
static tmem_status ask_extent(struct live *process, uint64_t address, struct live_extent *extent)
{
	struct live_vma vma;
	tmem_status status = tmi_process_vma(process, address, false, false, &vma);

	if (status == TMEM_S_OK)
		*extent =
			(struct live_extent){ vma.first, vma.last, (uint8_t)vma.flags, VMA_OTHER };
	return status;
}

/*
 * On older kernels: near a stack what was seen still holds where a page is in use, as its entry in
 * pagemap tells. (A scan does not: it passes over holes.)
 */
static uint64_t confirmed_bytes(struct live *process, uint64_t address, uint64_t size,
				uint32_t flags)
{
	uint64_t known = known_bytes(process, address, size, flags, true);
	struct live_pages pages;
	enum live_page state;
	uint64_t stop;

	if (known == FORGOTTEN || !known || process->target->features.scan ||
	    !tmi_process_look_at_pages(process, address, address + known - 1, &pages))
		return 0;
	state = tmi_process_page(&pages, address, &stop);
	if (pages.end <= address || (state != PAGE_PRESENT && state != PAGE_SWAPPED))
		return 0;
	return stop - address < known ? stop - address : known;
}

/* True when single questions would cost more than a look at all mappings. */
static bool should_look(struct live *process)
{
	bool enough;

	if (!process->target->features.query)
		return true;
	pthread_rwlock_rdlock(&process->lock);
	enough = process->misses >= ENOUGH_MISSES;
	pthread_rwlock_unlock(&process->lock);
	return enough;
}

/* By a look at all mappings; again when a stop or an exec made that void before it was used. */
static uint64_t looked_up_bytes(struct live *process, uint64_t address, uint64_t size,
				uint32_t flags, tmem_status *status)
{
	uint64_t known = FORGOTTEN;

	*status = TMEM_S_OK;
	for (int i = 0; i < LOOKS && known == FORGOTTEN && *status == TMEM_S_OK; i++) {
		*status = tmi_process_learn_all(process);
		if (*status == TMEM_S_OK)
			known = known_bytes(process, address, size, flags, true);
	}
	if (known != FORGOTTEN)
		return known;
	if (*status == TMEM_S_OK)
		*status = LIVE_STALE;
	return 0;
}

uint64_t tmi_process_extent(struct live *process, uint64_t address, uint64_t size, uint32_t flags,
			    tmem_status *status)
{
	struct live_extent extent;
	uint64_t known, forgets;

	*status = TMEM_S_OK;
	if (tmi_direct_knows(atomic_load_explicit(&process->direct.epoch, memory_order_acquire),
			     address, size))
		return size;
	known = known_bytes(process, address, size, flags, false);
	if (known)
		return known;
	if (!process->target->features.query)
		known = confirmed_bytes(process, address, size, flags);
	if (known)
		return known;
	if (should_look(process))
		return looked_up_bytes(process, address, size, flags, status);
	forgets = times_forgotten(process);
	*status = ask_extent(process, address, &extent);
	if (*status == TMEM_E_NO_MORE_ENTRIES)
		*status = TMEM_S_OK;
	else if (*status == TMEM_S_OK && allows(process, &extent, flags)) {
		if (!is_near(process, &extent, address))
			remember(process, &extent, forgets);
		return extent.last - address >= size ? size : extent.last - address + 1;
	}
	return 0;
}

/* --- sharing --- */

enum sharing { NOT_KNOWN, HOLE, PRIVATE, SHARED };

/* Suspended: the layout was made since, and what it does not have is not there. */
static enum sharing known_sharing(struct live *process, uint64_t page)
{
	enum sharing sharing = NOT_KNOWN;
	const struct live_extent *extent;

	pthread_rwlock_rdlock(&process->lock);
	extent = search_layout(process->layout, page);
	if (extent)
		sharing = extent->flags & VMA_SHARED ? SHARED : PRIVATE;
	else if (process->layout && atomic_load(&process->suspended))
		sharing = HOLE;
	pthread_rwlock_unlock(&process->lock);
	return sharing;
}

bool tmi_process_cacheable(void *state, uint32_t space, uint64_t page)
{
	enum sharing sharing;
	struct live *process;
	bool suspended;

	if (tmi_process_find(state, space, &process) != TMEM_S_OK)
		return false;
	suspended = atomic_load(&process->suspended);
	sharing = known_sharing(process, page);
	if (sharing == NOT_KNOWN && tmi_process_learn_all(process) == TMEM_S_OK)
		sharing = known_sharing(process, page);
	return sharing == PRIVATE || (sharing == HOLE && suspended);
}
