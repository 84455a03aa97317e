/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_hand_out.c - what a batch has read goes to its elements.
 *
 * Nearly always one round of reading was enough for all of them. Then they are served in the order
 * in which they stand in memory, which costs less than going through the groups.
 */
#include "target/process_batch.h"

#include <string.h>

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

/* The usual word is moved by one load and one store, without a call. */
static inline void copy(void *to, const uint8_t *from, size_t size)
{
	if (size == sizeof(uint64_t))
		memcpy(to, from, sizeof(uint64_t));
	else
		memcpy(to, from, size);
}

/* Gives an element its bytes; how many these are. */
static size_t take_bytes(const struct batch *batch, const struct span *span,
			 const struct tmem_transfer *item)
{
	uint64_t address = tmi_process_untag(item->offset);
	uint64_t size = tmi_process_clip(address, item->size);

	/* An element alone was read to where it is wanted. */
	if (!span->joined)
		return span->done;
	if (span->done < span->end - span->first)
		size = readable_bytes(batch, span, address, address + size);
	copy(item->buffer, span->buffer + (address - span->first), size);
	return size;
}

static void hand_out_list(struct batch *batch, const struct span *span,
			  const struct live_group *group)
{
	size_t index = SIZE_MAX;

	for (size_t next = group->last; next != index; next = batch->groups.links[index].before) {
		index = next;
		batch->items[index].done = take_bytes(batch, span, &batch->items[index]);
	}
}

void tmi_process_hand_out_round(struct batch *batch)
{
	for (size_t i = 0; i < batch->span_count; i++) {
		const struct span *span = &batch->scratch->spans[i];
		const struct live_group_key *keys = batch->groups.sorted + span->key;

		for (size_t k = 0; k < span->key_count; k++)
			hand_out_list(batch, span, &batch->groups.all[keys[k].group]);
	}
}

/* Where the bytes of the groups are. */
static void mark_groups(struct batch *batch)
{
	const struct live_group_key *keys = batch->groups.sorted;
	struct live_group *all = batch->groups.all;

	for (uint32_t i = 0; i < batch->span_count; i++) {
		const struct span *span = &batch->scratch->spans[i];
		bool whole = span->joined && span->done == span->end - span->first;
		uint64_t source = (uint64_t)(uintptr_t)span->buffer - span->first;

		for (uint32_t k = 0; k < span->key_count; k++) {
			struct live_group *group = &all[keys[span->key + k].group];

			group->span = i;
			group->source = whole ? source : 0;
		}
	}
}

/* An element of a group that was not read in full, of one that is alone in its, or of none. */
static bool settle(const struct batch *batch, const struct live_group *group,
		   struct tmem_transfer *item)
{
	if (group != batch->groups.all)
		item->done = take_bytes(batch, &batch->scratch->spans[group->span], item);
	item->status = TMEM_S_OK;
	return item->done == item->size;
}

void tmi_process_hand_out_all(struct batch *batch)
{
	/* Copies: the compiler cannot know that no element's bytes are one of these. */
	const union live_link *links = batch->groups.links;
	struct tmem_transfer *items = batch->items;
	size_t count = batch->count;
	bool complete = batch->complete;

	mark_groups(batch);
	for (size_t i = 0; i < count; i++) {
		struct tmem_transfer *item = &items[i];
		/* All was read, so nothing of it is at addresses that nobody has. */
		uint64_t source = links[i].group->source;
		size_t size = item->size;

		if (!source) {
			complete &= settle(batch, links[i].group, item);
			continue;
		}
		source += tmi_process_untag(item->offset);
		copy(item->buffer, (const uint8_t *)(uintptr_t)source, size);
		item->done = size;
		item->status = TMEM_S_OK;
	}
	batch->complete = complete;
}
