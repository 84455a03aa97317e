/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_batch.c - reading many ranges of a live process at once.
 *
 * What a batch costs is the pages that the kernel has to pin, not the elements. So the elements
 * are sorted by page; those that share pages or stand on neighbouring ones are joined into one
 * span, which is read into a bounce buffer; and up to 1024 spans go into one system call.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "target/process.h"

#define MAX_VECTORS 1024

/* Elements from here on are read alone; joined spans are no longer. One bit a page must do. */
#define LARGE_ELEMENT (64u << 10)

/* Bytes of all joined spans of one system call. */
#define BOUNCE (256u << 10)

/* Pages that are looked at together, when spans stand close. */
#define WINDOW_PAGES 512

/* About what reading smaps costs when that is not known, in ns. */
#define TRAITS_COST 1600000

/* So many spans are a reason to read smaps at once, when that was worth it the last time. */
#define MANY_SPANS 64

#define RADIX_BITS 11
#define RADIX      (1u << RADIX_BITS)

struct key {
	uint64_t page; /* number */
	uint32_t index;
};

/* One element, or several that were joined. */
struct span {
	uint64_t first;
	uint64_t end;      /* exclusive */
	uint8_t *buffer;   /* of the element itself, or bounce */
	size_t key;        /* its first element */
	size_t count;      /* elements */
	uint64_t done;     /* alone: bytes read */
	uint64_t readable; /* joined: bit per page, from the page of first */
};

struct batch {
	struct live *process;
	struct tmem_transfer *items;
	uint32_t flags;
	unsigned shift;   /* of a page: dividing by its size would cost more than the rest */
	struct key *keys; /* sorted by page */
	size_t key_count;
	struct live_scratch *scratch;
	size_t span_count;          /* of the present round */
	size_t bounced;             /* bytes in use */
	struct live_traits *traits; /* NULL = not known */
	uint64_t saved;             /* spans that traits answered for */
	struct live_pages pages;    /* of the present window */
};

/* Room for one round: kept for the next batch, since new memory would cost more than the reads. */
struct live_scratch {
	struct span spans[MAX_VECTORS];
	struct iovec local[MAX_VECTORS];
	struct iovec remote[MAX_VECTORS];
	struct key keys[2 * MAX_VECTORS];
	uint8_t bounce[BOUNCE];
};

/* --- order --- */

/* Stable, from the lowest digit up; only as many rounds as the pages' distance needs. */
static struct key *sort_keys(struct key *keys, struct key *other, size_t count, uint64_t base,
			     uint64_t distance)
{
	for (unsigned shift = 0; shift < 64 && distance >> shift; shift += RADIX_BITS) {
		uint32_t starts[RADIX] = { 0 };
		uint32_t sum = 0;
		struct key *swap = keys;

		for (size_t i = 0; i < count; i++)
			starts[(keys[i].page - base) >> shift & (RADIX - 1)]++;
		for (unsigned i = 0; i < RADIX; i++) {
			uint32_t n = starts[i];

			starts[i] = sum;
			sum += n;
		}
		for (size_t i = 0; i < count; i++)
			other[starts[(keys[i].page - base) >> shift & (RADIX - 1)]++] = keys[i];
		keys = other;
		other = swap;
	}
	return keys;
}

static uint64_t clip(uint64_t address, uint64_t size)
{
	if (address >= LIVE_TOP)
		return 0;
	return size < LIVE_TOP - address ? size : LIVE_TOP - address;
}

/* Keys of the elements that have bytes to read; sorts them when they are not. */
static void make_keys(struct batch *batch, struct key *room, size_t count)
{
	uint64_t page = batch->process->target->page;
	uint64_t lowest = UINT64_MAX, highest = 0;
	bool sorted = true;

	batch->shift = (unsigned)__builtin_ctzll(page);
	for (size_t i = 0; i < count; i++) {
		uint64_t address = tmi_process_untag(batch->items[i].offset);
		struct key *key = &room[batch->key_count];

		batch->items[i].done = 0;
		if (!clip(address, batch->items[i].size))
			continue;
		*key = (struct key){ address >> batch->shift, (uint32_t)i };
		if (batch->key_count && key->page < key[-1].page)
			sorted = false;
		lowest = key->page < lowest ? key->page : lowest;
		highest = key->page > highest ? key->page : highest;
		batch->key_count++;
	}
	batch->keys =
		sorted ? room
		       : sort_keys(room, room + count, batch->key_count, lowest, highest - lowest);
}

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

/* True when the transfer call cannot block on any page of the span. */
static bool is_safe(struct batch *batch, size_t index)
{
	const struct span *span = &batch->scratch->spans[index];
	uint64_t last, stop;
	uint32_t traits;

	if (batch->traits && !(batch->flags & TMI_READ_NO_TOUCH) &&
	    tmi_process_find_traits(batch->traits, span->first, &last, &traits) &&
	    last >= span->end - 1) {
		batch->saved++;
		return !(traits & (TRAIT_BLOCKS | TRAIT_DEVICE));
	}
	if (span->first < batch->pages.first || span->end > batch->pages.end)
		if (!look_ahead(batch, index) || span->end > batch->pages.end)
			return false;
	return tmi_process_page(&batch->pages, span->first, &stop) == PAGE_PRESENT &&
	       stop >= span->end;
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

/* A span that is read in full. */
static void mark_all(const struct batch *batch, struct span *span)
{
	span->done = span->end - span->first;
	if (span->count > 1)
		span->readable = page_mask(batch, span, span->first, span->end);
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
		if (span->count == 1)
			break;
		/* Whole pages only, but for the last. */
		if (at + got < span->end)
			got = at + got - (at + got) % page > at ? got - (at + got) % page : 0;
		if (got)
			span->readable |= page_mask(batch, span, at, at + got);
		at = ((at + got) | (page - 1)) + 1;
	}
	span->done = got;
	return status;
}

/* Takes the bytes moved off the vectors: full spans are marked; returns the first that is not. */
static size_t mark_moved(struct batch *batch, const size_t *indices, size_t from, size_t count,
			 uint64_t moved)
{
	while (from < count) {
		struct span *span = &batch->scratch->spans[indices[from]];

		if (moved < span->end - span->first)
			break;
		moved -= span->end - span->first;
		mark_all(batch, span);
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

		from = mark_moved(batch, indices, from, count, got > 0 ? (uint64_t)got : 0);
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

		if (span->end - span->first >= LARGE_ELEMENT * 4 ||
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

static struct span span_of(const struct batch *batch, size_t key)
{
	const struct tmem_transfer *item = &batch->items[batch->keys[key].index];
	uint64_t address = tmi_process_untag(item->offset);

	return (struct span){ .first = address,
			      .end = address + clip(address, item->size),
			      .buffer = item->buffer,
			      .key = key,
			      .count = 1 };
}

/* Adds the next element to the span when both stand close and nothing gets too large. */
static bool join(const struct batch *batch, struct span *span, const struct span *next)
{
	uint64_t first = next->first < span->first ? next->first : span->first;
	uint64_t end = next->end > span->end ? next->end : span->end;
	uint64_t last_page = (span->end - 1) >> batch->shift;
	uint64_t next_page = next->first >> batch->shift;

	if (end - first > LARGE_ELEMENT || next_page > last_page + 1)
		return false;
	/* Two that only touch are as well read alone. */
	if (span->count == 1 && next_page > last_page)
		return false;
	span->first = first;
	span->end = end;
	span->count++;
	return true;
}

/* As many spans as one call takes, from element *key on. */
static void make_spans(struct batch *batch, size_t *key)
{
	batch->span_count = 0;
	batch->bounced = 0;
	while (*key < batch->key_count && batch->span_count < MAX_VECTORS) {
		struct span span = span_of(batch, (*key)++);
		bool large = span.end - span.first >= LARGE_ELEMENT;

		while (!large && *key < batch->key_count) {
			struct span next = span_of(batch, *key);

			if (!join(batch, &span, &next))
				break;
			(*key)++;
		}
		if (span.count > 1) {
			if (batch->bounced + (span.end - span.first) > BOUNCE) {
				*key = span.key;
				return;
			}
			span.buffer = batch->scratch->bounce + batch->bounced;
			batch->bounced += span.end - span.first;
		}
		batch->scratch->spans[batch->span_count++] = span;
	}
}

/* --- handing out --- */

/* Readable bytes of a joined span from @first up to @end. */
static uint64_t readable_bytes(const struct batch *batch, const struct span *span, uint64_t first,
			       uint64_t end)
{
	uint64_t page = batch->process->target->page;
	uint64_t at = first;

	while (at < end &&
	       span->readable >> ((at >> batch->shift) - (span->first >> batch->shift)) & 1)
		at = (at | (page - 1)) + 1;
	return (at < end ? at : end) - first;
}

static void hand_out(struct batch *batch, const struct span *span)
{
	if (span->count == 1) {
		batch->items[batch->keys[span->key].index].done = span->done;
		return;
	}
	for (size_t i = span->key; i < span->key + span->count; i++) {
		struct span part = span_of(batch, i);
		uint64_t size = readable_bytes(batch, span, part.first, part.end);

		memcpy(part.buffer, span->buffer + (part.first - span->first), size);
		batch->items[batch->keys[i].index].done = size;
	}
}

static tmem_status read_all(struct batch *batch)
{
	struct live *process = batch->process;
	tmem_status status = TMEM_S_OK;
	size_t key = 0;

	batch->traits = tmi_process_hold_traits(process, false);
	if (!batch->traits && batch->key_count >= MANY_SPANS && atomic_load(&process->traits_paid))
		batch->traits = tmi_process_hold_traits(process, true);
	while (key < batch->key_count && status == TMEM_S_OK) {
		make_spans(batch, &key);
		status = read_spans(batch);
		for (size_t i = 0; i < batch->span_count && status == TMEM_S_OK; i++)
			hand_out(batch, &batch->scratch->spans[i]);
	}
	tmi_process_release_traits(batch->traits);
	atomic_fetch_add(&process->traits_saved, batch->saved);
	return status;
}

/* --- the call --- */

static struct live_scratch *take_scratch(struct live_target *target)
{
	struct live_scratch *scratch = atomic_exchange(&target->scratch, NULL);

	return scratch ? scratch : malloc(sizeof(*scratch));
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
					       clip(address, items[i].size), flags, &done);
		items[i].done = done;
	}
	return status;
}

tmem_status tmi_process_batch_read(struct live *process, struct tmem_transfer *items, size_t count,
				   uint32_t flags)
{
	struct batch batch = { .process = process, .items = items, .flags = flags };
	struct key *keys = NULL;
	tmem_status status;

	batch.scratch = take_scratch(process->target);
	if (batch.scratch && count > MAX_VECTORS && count <= UINT32_MAX)
		keys = reallocarray(NULL, 2 * count, sizeof(*keys));
	else if (batch.scratch && count <= MAX_VECTORS)
		keys = batch.scratch->keys;
	if (!keys) {
		free(batch.scratch);
		return read_one_by_one(process, items, count, flags);
	}
	make_keys(&batch, keys, count);
	status = read_all(&batch);
	if (keys != batch.scratch->keys)
		free(keys);
	return_scratch(process->target, batch.scratch);
	return status;
}
