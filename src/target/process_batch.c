/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_batch.c - reading many ranges of a live process at once.
 *
 * What a batch costs is the pages that the kernel has to pin, not the elements. So the elements
 * are grouped by the page that they begin in, and the groups sorted when some may stand close;
 * those that share pages or stand on neighbouring ones are joined into one span, which is read into
 * a bounce buffer; and up to 1024 spans go into one system call.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "target/process_batch.h"

/* Pages that are looked at together, when spans stand close. */
#define WINDOW_PAGES 512

/* About what reading smaps costs when that is not known, in ns. */
#define TRAITS_COST 1600000

/* So many spans are a reason to read smaps at once, when that was worth it the last time. */
#define MANY_SPANS 64

/* Elements that are grouped together; more are taken one such part after another. */
#define MOST_ELEMENTS (1u << 18)

/* --- which pages are safe --- */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Traits are worth their cost when scans took as long that they would have saved. */
static void count_scan(struct batch *batch, uint64_t time)
{
	struct live *process = batch->process;
	uint64_t cost = atomic_load(&process->traits_cost);
	uint64_t all = atomic_fetch_add(&process->scan_time, time) + time;

	if (!batch->traits && all >= (cost ? cost : TRAITS_COST))
		batch->traits = tmi_process_hold_traits(process, true);
}

/* Looks at the pages of the span and of those that follow closely. */
static bool look_ahead(struct batch *batch, size_t index)
{
	const struct span *span = &batch->scratch->spans[index];
	uint64_t window = WINDOW_PAGES * batch->process->target->page;
	uint64_t end = span->end;
	uint64_t begin;
	bool known;

	for (size_t i = index + 1; i < batch->span_count; i++) {
		if (batch->scratch->spans[i].end - span->first > window)
			break;
		if (batch->scratch->spans[i].end > end)
			end = batch->scratch->spans[i].end;
	}
	begin = now_ns();
	known = tmi_process_look_at_pages(batch->process, span->first, end - 1, &batch->pages);
	count_scan(batch, now_ns() - begin);
	return known;
}

/* A scan does not tell holes from pages that are present. */
static bool is_mapped(struct live *process, const struct span *span)
{
	uint64_t size = span->end - span->first;
	tmem_status status;

	return tmi_process_extent(process, span->first, size, 0, &status) == size;
}

/*
 * True when the transfer call cannot block on any page of the span, nor make a stack grow, as it
 * does in kernels before 6.5.
 */
static bool is_safe(struct batch *batch, size_t index)
{
	const struct span *span = &batch->scratch->spans[index];
	uint64_t last, stop;
	uint32_t traits;

	if (span->first >= batch->traits_first && span->end <= batch->traits_end) {
		batch->saved++;
		return batch->traits_safe;
	}
	if (batch->traits && !(batch->flags & TMI_READ_NO_TOUCH) &&
	    tmi_process_find_traits(batch->traits, span->first, &last, &traits) &&
	    !(traits & TRAIT_EXPOSED) && last >= span->end - 1) {
		batch->saved++;
		batch->traits_first = span->first;
		batch->traits_end = last + 1;
		batch->traits_safe = !(traits & (TRAIT_BLOCKS | TRAIT_DEVICE));
		return batch->traits_safe;
	}
	if (span->first < batch->pages.first || span->end > batch->pages.end)
		if (!look_ahead(batch, index) || span->end > batch->pages.end)
			return false;
	return tmi_process_page(&batch->pages, span->first, &stop) == PAGE_PRESENT &&
	       stop >= span->end && is_mapped(batch->process, span);
}

/* --- reading spans --- */

static uint64_t page_mask(const struct batch *batch, const struct span *span, uint64_t first,
			  uint64_t end)
{
	uint64_t base = span->first >> batch->shift;
	uint64_t low = (first >> batch->shift) - base;
	uint64_t high = ((end - 1) >> batch->shift) - base;

	return (UINT64_MAX >> (63 - (high - low))) << low;
}

/* An element alone ends at the first unreadable byte; for others what follows is read as well. */
static tmem_status read_with_care(struct batch *batch, struct span *span)
{
	uint64_t page = batch->process->target->page;
	uint64_t at = span->first;
	tmem_status status = TMEM_S_OK;
	uint64_t got = 0;

	while (at < span->end && status == TMEM_S_OK) {
		status =
			tmi_process_bulk_read(batch->process, at, span->buffer + (at - span->first),
					      span->end - at, batch->flags, &got);
		if (!span->joined) {
			span->done = got;
			break;
		}
		/* Whole pages only, but for the last. */
		if (at + got < span->end)
			got = at + got - (at + got) % page > at ? got - (at + got) % page : 0;
		if (got)
			span->readable |= page_mask(batch, span, at, at + got);
		at = ((at + got) | (page - 1)) + 1;
	}
	return status;
}

/* Takes the bytes moved off the vectors; returns the first span that is not full. */
static size_t count_moved(struct batch *batch, const size_t *indices, size_t from, size_t count,
			  uint64_t moved)
{
	while (from < count) {
		struct span *span = &batch->scratch->spans[indices[from]];

		if (moved < span->end - span->first)
			break;
		moved -= span->end - span->first;
		span->done = span->end - span->first;
		from++;
	}
	return from;
}

/* Moves all spans listed; one that stops the call is read with care, and the rest go on. */
static tmem_status transfer_spans(struct batch *batch, const size_t *indices, size_t count)
{
	tmem_status status = TMEM_S_OK;
	size_t from = 0;

	while (from < count && status == TMEM_S_OK) {
		ssize_t got = process_vm_readv((pid_t)atomic_load(&batch->process->tid),
					       batch->scratch->local + from, count - from,
					       batch->scratch->remote + from, count - from, 0);

		from = count_moved(batch, indices, from, count, got > 0 ? (uint64_t)got : 0);
		if (from < count)
			status = read_with_care(batch, &batch->scratch->spans[indices[from++]]);
	}
	return status;
}

static tmem_status read_spans(struct batch *batch)
{
	size_t indices[MAX_VECTORS];
	size_t count = 0;
	tmem_status status = TMEM_S_OK;

	for (size_t i = 0; i < batch->span_count && status == TMEM_S_OK; i++) {
		struct span *span = &batch->scratch->spans[i];

		if (span->end - span->first >= LIVE_LARGE * 4 ||
		    !batch->process->target->features.transfer || !is_safe(batch, i)) {
			status = read_with_care(batch, span);
			continue;
		}
		batch->scratch->local[count] =
			(struct iovec){ span->buffer, span->end - span->first };
		batch->scratch->remote[count] =
			(struct iovec){ (void *)(uintptr_t)span->first, span->end - span->first };
		indices[count++] = i;
	}
	if (status == TMEM_S_OK)
		status = transfer_spans(batch, indices, count);
	return status;
}

/* --- making spans --- */

static const struct live_group *group_of(const struct batch *batch, size_t key)
{
	return &batch->groups.all[batch->groups.sorted[key].group];
}

/* Adds the next group to the span when both stand close and nothing gets too large. */
static bool join(const struct batch *batch, struct span *span, size_t key)
{
	uint64_t last_page = (span->end - 1) >> batch->shift;
	uint64_t next_page = batch->groups.sorted[key].page;
	const struct live_group *next;
	uint64_t first, end;

	/* Two that only touch are as well read alone; groups that were not sorted may stand below.
	 */
	if (next_page > last_page + span->joined || next_page < span->first >> batch->shift)
		return false;
	next = group_of(batch, key);
	first = next->first < span->first ? next->first : span->first;
	end = next->end > span->end ? next->end : span->end;
	if (end - first > LIVE_LARGE)
		return false;
	span->first = first;
	span->end = end;
	span->key_count++;
	span->joined = true;
	return true;
}

/* Makes a span of group *key and those that can be joined to it; moves *key behind them. */
static void make_span(const struct batch *batch, struct span *span, size_t *key)
{
	const struct live_group *group = group_of(batch, *key);

	*span = (struct span){ .first = group->first,
			       .end = group->end,
			       .key = (uint32_t)(*key)++,
			       .key_count = 1,
			       .joined = group->several };
	if (span->end - span->first < LIVE_LARGE)
		while (*key < batch->groups.count && join(batch, span, *key))
			++*key;
	/* An element alone goes to its own buffer. */
	if (!span->joined)
		span->buffer = batch->items[group->last].buffer;
}

/* Makes room for a joined span, in whole lines: these move fastest. False: there is none left. */
static bool place(struct batch *batch, struct span *span)
{
	uint64_t first = span->first & ~(uint64_t)(LINE - 1);
	uint64_t end = (span->end + LINE - 1) & ~(uint64_t)(LINE - 1);

	if (end - first > BOUNCE - batch->bounced)
		return false;
	span->first = first;
	span->end = end;
	span->buffer = batch->scratch->bounce + batch->bounced;
	batch->bounced += end - first;
	return true;
}

/* As many spans as one call takes, from group *key on. */
static void make_spans(struct batch *batch, size_t *key)
{
	batch->span_count = 0;
	batch->bounced = 0;
	while (*key < batch->groups.count && batch->span_count < MAX_VECTORS) {
		struct span *span = &batch->scratch->spans[batch->span_count];

		make_span(batch, span, key);
		if (span->joined && !place(batch, span)) {
			*key = span->key;
			return;
		}
		batch->span_count++;
	}
}

/* --- all of them --- */

static tmem_status read_groups(struct batch *batch)
{
	struct live *process = batch->process;
	tmem_status status = TMEM_S_OK;
	size_t key = 0;

	batch->traits = tmi_process_hold_traits(process, false);
	if (!batch->traits && batch->groups.count >= MANY_SPANS &&
	    atomic_load(&process->traits_paid))
		batch->traits = tmi_process_hold_traits(process, true);
	/* Without traits, pages that stand close are looked at together. */
	tmi_process_sort_groups(&batch->groups, batch->shift,
				batch->traits && !(batch->flags & TMI_READ_NO_TOUCH));
	while (key < batch->groups.count && status == TMEM_S_OK) {
		make_spans(batch, &key);
		if (key < batch->groups.count && !batch->lists) {
			tmi_process_list_groups(&batch->groups, batch->count);
			batch->lists = true;
		}
		status = read_spans(batch);
		if (status == TMEM_S_OK && batch->lists)
			tmi_process_hand_out_round(batch);
	}
	if (status == TMEM_S_OK && !batch->lists)
		tmi_process_hand_out_all(batch);
	batch->complete = batch->complete && !batch->lists;
	tmi_process_release_traits(batch->traits);
	atomic_fetch_add(&process->traits_saved, batch->saved);
	return status;
}

/* --- the call --- */

static struct live_scratch *take_scratch(struct live_target *target)
{
	struct live_scratch *scratch = atomic_exchange(&target->scratch, NULL);

	return scratch ? scratch : aligned_alloc(_Alignof(struct live_scratch), sizeof(*scratch));
}

static void return_scratch(struct live_target *target, struct live_scratch *scratch)
{
	free(atomic_exchange(&target->scratch, scratch));
}

/* Without memory to join them. */
static tmem_status read_one_by_one(struct live *process, struct tmem_transfer *items, size_t count,
				   uint32_t flags)
{
	tmem_status status = TMEM_S_OK;

	for (size_t i = 0; i < count && status == TMEM_S_OK; i++) {
		uint64_t address = tmi_process_untag(items[i].offset);
		uint64_t done;

		status = tmi_process_bulk_read(process, address, items[i].buffer,
					       tmi_process_clip(address, items[i].size), flags,
					       &done);
		items[i].done = done;
	}
	return status;
}

/* Room for the groups of @count elements: the scratch's own, or new memory, which is *memory. */
static bool make_room(struct batch *batch, size_t count, void **memory)
{
	struct live_scratch *scratch = batch->scratch;
	struct live_groups *groups = &batch->groups;
	size_t each = sizeof(*groups->all) + 2 * sizeof(*groups->keys) + sizeof(*groups->links);
	size_t slots = tmi_process_group_slots(count);
	uint8_t *room;

	*memory = NULL;
	if (count <= MAX_VECTORS) {
		groups->all = scratch->groups;
		groups->keys = scratch->keys;
		groups->links = scratch->links;
		groups->table = scratch->table;
		return true;
	}
	*memory = room =
		malloc(sizeof(*groups->all) + count * each + slots * sizeof(*groups->table));
	if (!room)
		return false;
	groups->all = (struct live_group *)room;
	groups->keys = (struct live_group_key *)(groups->all + count + 1);
	groups->links = (union live_link *)(groups->keys + 2 * count);
	groups->table = (struct live_group **)(groups->links + count);
	return true;
}

tmem_status tmi_process_batch_read(struct live *process, struct tmem_transfer *items, size_t count,
				   uint32_t flags, bool *complete)
{
	struct batch batch = { .process = process, .flags = flags, .complete = true };
	size_t most = count < MOST_ELEMENTS ? count : MOST_ELEMENTS;
	tmem_status status = TMEM_S_OK;
	void *memory;

	*complete = false;
	batch.shift = (unsigned)__builtin_ctzll(process->target->page);
	batch.scratch = take_scratch(process->target);
	if (!batch.scratch || !make_room(&batch, most, &memory)) {
		free(batch.scratch);
		return read_one_by_one(process, items, count, flags);
	}
	for (size_t begin = 0; begin < count && status == TMEM_S_OK; begin += most) {
		batch.items = items + begin;
		batch.count = count - begin < most ? count - begin : most;
		batch.lists = false;
		batch.traits_end = 0;
		batch.saved = 0;
		tmi_process_make_groups(&batch.groups, batch.items, batch.count,
					process->target->page);
		status = read_groups(&batch);
	}
	free(memory);
	return_scratch(process->target, batch.scratch);
	*complete = status == TMEM_S_OK && batch.complete;
	return status;
}
