/* SPDX-License-Identifier: Apache-2.0 */
/*
 * string_batch.c - many strings in one call.
 *
 * Strings in mapped files are looked at in place: those in pages that are far apart have all been
 * found, and are on their way to the processor, before the first one is scanned. Others are read
 * piece by piece, the next pieces of all strings that have not ended by one batch of reads.
 */
#include <stdlib.h>

#include "access/access.h"
#include "access/strings.h"
#include "base/text.h"

/* Strings whose places are looked up together. */
#define DEPTH 32

/* Strings whose first pieces are read by one batch. */
#define MOST_STRINGS 1024

/* Strings that have not ended, with room for one piece of each of some. */
struct round {
	struct tmi_space *space;
	struct tmem_string_transfer *strings;
	uint32_t *pending; /* indices */
	size_t pending_count;
	struct tmem_transfer *transfers;
	uint8_t *bytes;
	size_t room;   /* bytes of @bytes */
	size_t piece;  /* bytes to fetch of a string, at most */
	uint64_t step; /* no piece crosses a multiple of this */
	uint64_t last; /* address of the space */
};

static struct tmi_string string_of(const struct tmem_string_transfer *item)
{
	return (struct tmi_string){ item->offset, item->max_bytes, item->buffer, item->buffer_size,
				    item->string_bytes };
}

static void end_with_failure(struct tmem_string_transfer *item, tmem_status status)
{
	struct tmi_string string = string_of(item);

	tmi_string_fail(&string);
	item->string_bytes = 0;
	item->status = status;
}

/* --- piece by piece --- */

/* The next piece of a string: up to the end of its page. False: it has ended, with its status. */
static bool want_piece(const struct round *round, struct tmem_string_transfer *item,
		       struct tmem_transfer *transfer)
{
	uint64_t left = item->max_bytes - item->string_bytes;
	uint64_t address = item->offset;
	tmem_status status = TMEM_E_INVALIDARG;
	uint64_t size;

	if (left)
		status = tmi_space_enter(round->space, &address);
	if (status == TMEM_S_OK && item->string_bytes > round->last - address)
		status = TMEM_E_READ_FAULT;
	if (status != TMEM_S_OK) {
		end_with_failure(item, status);
		return false;
	}
	address += item->string_bytes;
	size = round->step - (address & (round->step - 1));
	size = size < left ? size : left;
	*transfer = (struct tmem_transfer){ .offset = address,
					    .size = size < round->piece ? size : round->piece };
	return true;
}

/* The usual string ends in its first piece and has room for all of it. */
static bool take_whole(struct tmem_string_transfer *item, const uint8_t *bytes, size_t length)
{
	if (item->string_bytes || !item->buffer || length >= item->buffer_size)
		return false;
	memcpy(item->buffer, bytes, length + 1);
	item->string_bytes = length + 1;
	item->status = TMEM_S_OK;
	return true;
}

/* Adds the bytes of a piece to its string. True when the string goes on. */
static bool take_piece(struct tmem_string_transfer *item, const struct tmem_transfer *transfer)
{
	const uint8_t *bytes = transfer->buffer;
	const uint8_t *end = memchr(bytes, 0, transfer->done);
	size_t size = end ? (size_t)(end - bytes) : transfer->done;
	size_t used = item->string_bytes;
	struct tmi_string string;

	if (end && take_whole(item, bytes, size))
		return false;
	if (!transfer->done) {
		end_with_failure(item, transfer->status);
		return false;
	}
	if (item->buffer && used < item->buffer_size)
		memcpy(item->buffer + used, bytes,
		       size < item->buffer_size - used ? size : item->buffer_size - used);
	item->string_bytes += size + (end != NULL);
	if (!end)
		return true;
	string = string_of(item);
	item->status = tmi_string_finish(&string);
	return false;
}

/* Asks for a piece of as many strings from *next on as there is room for. */
static size_t want_pieces(struct round *round, size_t *next, uint32_t *asked)
{
	size_t count = 0;
	size_t used = 0;

	while (*next < round->pending_count && used + round->piece <= round->room) {
		uint32_t index = round->pending[(*next)++];
		struct tmem_transfer *transfer = &round->transfers[count];

		if (!want_piece(round, &round->strings[index], transfer))
			continue;
		transfer->buffer = round->bytes + used;
		used += transfer->size;
		asked[count++] = index;
	}
	return count;
}

/* One piece of every pending string; those that go on stay pending. */
static void run_round(struct round *round)
{
	uint32_t asked[MOST_STRINGS];
	size_t next = 0;
	size_t kept = 0;

	while (next < round->pending_count) {
		size_t count = want_pieces(round, &next, asked);
		tmem_status whole = tmi_space_read_batch(round->space, round->transfers, count);

		for (size_t i = 0; i < count; i++) {
			if (TMEM_FAILED(whole) && !round->transfers[i].done)
				round->transfers[i].status = whole;
			/* Never before what is still to be asked for. */
			if (take_piece(&round->strings[asked[i]], &round->transfers[i]))
				round->pending[kept++] = asked[i];
		}
	}
	round->pending_count = kept;
	round->piece = TMI_STRING_PIECE;
}

/* At most MOST_STRINGS. False: no memory, nothing was done. */
static bool read_pieces(struct tmi_space *space, struct tmem_string_transfer *strings, size_t count)
{
	uint32_t pending[MOST_STRINGS];
	uint32_t page = tmi_space_facts(space)->page_size;
	size_t room = count * TMI_STRING_FIRST;
	struct round round = { .space = space,
			       .strings = strings,
			       .pending = pending,
			       .pending_count = count,
			       .piece = TMI_STRING_FIRST,
			       .step = page && page < TMI_STRING_PIECE ? page : TMI_STRING_PIECE,
			       .last = tmi_space_last(space) };

	round.room = room > TMI_STRING_PIECE ? room : TMI_STRING_PIECE;
	round.transfers = malloc(count * sizeof(*round.transfers) + round.room);
	if (!round.transfers)
		return false;
	round.bytes = (uint8_t *)(round.transfers + count);
	for (size_t i = 0; i < count; i++) {
		pending[i] = (uint32_t)i;
		strings[i].string_bytes = 0;
	}
	while (round.pending_count)
		run_round(&round);
	free(round.transfers);
	return true;
}

/* --- in place --- */

static void read_one(tmem_target *target, struct tmi_space *space,
		     struct tmem_string_transfer *item)
{
	struct tmi_string string = string_of(item);

	item->status = tmi_string_read(target, space, &string);
	item->string_bytes = string.string_bytes;
}

/* Where the strings stand; data NULL: that is not at hand. */
static void find_lent(const struct tmi_translation *translation,
		      const struct tmem_string_transfer *strings, size_t count,
		      struct tmi_lent *lent)
{
	const struct tmi_paging_memory *memory = tmi_translated_memory(translation->physical);
	const struct tmi_window *window = tmi_translated_window();
	uint64_t addresses[DEPTH], physical[DEPTH];

	for (size_t i = 0; i < count; i++)
		addresses[i] = strings[i].offset;
	translation->scheme->lookup_many(&translation->tables, &window->memory, addresses, physical,
					 count);
	for (size_t i = 0; i < count; i++) {
		uint64_t size = TMI_HOT_PAGE - addresses[i] % TMI_HOT_PAGE;

		lent[i] = (struct tmi_lent){ .size = size, .truncated = window->truncated };
		if (physical[i] != UINT64_MAX)
			lent[i].data = tmi_translated_lent(memory, physical[i], size);
		if (lent[i].data)
			__builtin_prefetch(lent[i].data);
	}
}

/* The bytes are at hand, or each string takes the long way. */
static void read_in_place(tmem_target *target, struct tmi_space *space,
			  struct tmem_string_transfer *strings, size_t count)
{
	const struct tmi_translation *translation = tmi_space_translation(space);

	for (size_t begin = 0; begin < count; begin += DEPTH) {
		size_t part = count - begin < DEPTH ? count - begin : DEPTH;
		struct tmi_lent lent[DEPTH] = { 0 };

		if (translation)
			find_lent(translation, strings + begin, part, lent);
		for (size_t i = 0; i < part; i++) {
			struct tmem_string_transfer *item = &strings[begin + i];
			struct tmi_string string = string_of(item);
			bool found = lent[i].data ||
				     (!translation && tmi_context_get(target)->space == space &&
				      (tmi_lent_find_hot(target, item->offset, &lent[i]) ||
				       tmi_lent_find_stretch(target, item->offset, &lent[i])));

			if (found && tmi_string_take(&string, &lent[i], &item->status))
				item->string_bytes = string.string_bytes;
			else
				read_one(target, space, item);
		}
	}
}

/* --- the call --- */

/* No single string can be the cause of these: the target is out of reach. */
static bool is_lost(tmem_status status)
{
	return status == TMEM_E_UNEXPECTED || status == TMEM_E_CONNECTION_LOST ||
	       status == TMEM_E_TIMED_OUT || status == TMEM_E_OUTOFMEMORY;
}

static tmem_status summary(const struct tmem_string_transfer *strings, size_t count)
{
	tmem_status lost = TMEM_S_OK;
	bool complete = true;
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		complete = complete && strings[i].status == TMEM_S_OK;
		found = found || !TMEM_FAILED(strings[i].status);
		if (!lost && is_lost(strings[i].status))
			lost = strings[i].status;
	}
	if (lost && !found)
		return lost;
	return complete ? TMEM_S_OK : TMEM_S_FALSE;
}

static void read_all(tmem_target *target, struct tmi_space *space,
		     struct tmem_string_transfer *strings, size_t count)
{
	if (tmi_space_translation(space) || tmi_space_facts(space)->lends) {
		read_in_place(target, space, strings, count);
		return;
	}
	for (size_t begin = 0; begin < count; begin += MOST_STRINGS) {
		size_t part = count - begin < MOST_STRINGS ? count - begin : MOST_STRINGS;

		if (!read_pieces(space, strings + begin, part))
			for (size_t i = 0; i < part; i++)
				read_one(target, space, &strings[begin + i]);
	}
}

tmem_status tmem_read_multi_byte_string_virtual_batch(tmem_target *target,
						      struct tmem_string_transfer *strings,
						      size_t count)
{
	struct tmi_space *space;
	tmem_status status = tmi_access_need(strings, "strings");

	if (status == TMEM_S_OK)
		status = tmi_call_virtual(target, &space);
	for (size_t i = 0; strings && status != TMEM_S_OK && i < count; i++)
		end_with_failure(&strings[i], status);
	if (status == TMEM_S_OK) {
		read_all(target, space, strings, count);
		status = summary(strings, count);
	}
	return tmi_call_end(target, status);
}
