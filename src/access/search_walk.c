/* SPDX-License-Identifier: Apache-2.0 */
/* search_walk.c - what a search looks at next: pieces of stretches, windows; see search.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "access/search.h"
#include "base/bytes.h"
#include "base/file.h"

/* A lent piece costs nothing to fetch; its size is how soon an interrupt is seen. */
#define VIEW_PIECE (4u << 20)

/* What is searched alone after a match, as another one is likely to be near; and in a range that is
 * not longer there is nothing worth a crew. */
#define ALONE_LEAST (4u << 20)

/* Called where the range is known. In a short one no crew is worth making. */
static uint64_t crew_least(const struct tmi_search *search)
{
	if (search->last - search->start < ALONE_LEAST)
		return UINT64_MAX;
	return tmi_search_crew_least(search->space, &search->matcher,
				     tmi_call_threads(search->target));
}

void tmi_search_restart(struct tmi_search *search)
{
	tmi_search_end_walk(search);
	search->window.size = 0;
	search->following.size = 0;
	search->tail_size = 0;
	search->carried = 0;
	search->truncated = NULL;
	search->at = search->next;
	search->ended = search->next > search->last;
	search->tells_resident = tmi_space_tells_resident(search->space);
	search->doubtful = false;
	search->look = TMI_SEARCH_LOOK;
	search->crew_least = crew_least(search);
}

/* Everything up to @end was dealt with; the address above it may not exist. */
static void go_beyond(struct tmi_search *search, uint64_t end)
{
	search->at = end + 1;
	search->ended = end >= search->last;
	if (search->in_stretch && end >= search->stretch_last)
		search->in_stretch = false;
	if (search->in_run && end >= search->run.last)
		search->in_run = false;
	search->run_next = end + 1;
}

/*
 * Keeps the last bytes of the piece that was finished, before the next one's place. tail may point
 * into the buffer, or be NULL for zeros.
 */
static void carry_over(struct tmi_search *search)
{
	size_t size = (size_t)MIN(search->tail_size, search->matcher.size - 1);

	if (size && !search->tail)
		memset(search->piece - size, 0, size);
	else if (size)
		memmove(search->piece - size, search->tail + (search->tail_size - size), size);
	search->carried = size;
	search->carry_end = search->at;
	search->tail_size = 0;
}

/* Room for what is carried over and a piece; once. */
static tmem_status make_room(struct tmi_search *search)
{
	if (search->buffer)
		return TMEM_S_OK;
	search->room = MAX(TMI_SEARCH_PIECE, search->matcher.size);
	if (!tmi_search_room(&search->matcher, &search->buffer, &search->piece))
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	return TMEM_S_OK;
}

/*
 * A piece that does not stand in the buffer: first a window over what was carried and the piece's
 * beginning, then one over the piece itself. @data NULL: zeros.
 */
static void show_piece(struct tmi_search *search, const uint8_t *data, uint64_t size)
{
	size_t carried = search->carried;
	size_t joined = carried ? (size_t)MIN(size, search->matcher.size - 1) : 0;
	struct tmi_search_window piece = { search->at, size, data };
	struct tmi_search_window joint = { search->at - carried, carried + joined,
					   search->piece - carried };

	if (joined && data)
		memcpy(search->piece, data, joined);
	else if (joined)
		memset(search->piece, 0, joined);
	search->tail = data;
	search->tail_size = size;
	if (joined == size) {
		search->tail = search->piece - carried;
		search->tail_size = joint.size;
	}
	search->window = joined ? joint : piece;
	search->following = joined ? piece : (struct tmi_search_window){ 0 };
	go_beyond(search, search->at + (size - 1));
}

/* A stretch that was never touched: zeros that need no reading. */
static bool take_zeros(struct tmi_search *search)
{
	uint64_t end;

	if (search->at <= search->touched_last)
		return false;
	if (!tmi_space_untouched(search->space, &search->run, search->at, search->stretch_last,
				 &end)) {
		search->touched_last = end;
		return false;
	}
	end = MIN(end, search->stretch_last);
	if (end - search->at < TMI_SEARCH_SMALL - 1 && end != search->stretch_last)
		return false;
	show_piece(search, NULL, end - search->at + 1);
	return true;
}

static bool take_view(struct tmi_search *search)
{
	uint64_t most = MAX(VIEW_PIECE, search->matcher.size);
	struct tmi_borrow borrow;
	uint64_t size;

	if (search->no_views || !tmi_space_view(search->space, search->at, &borrow))
		return false;
	size = MIN(borrow.last, search->stretch_last) - search->at;
	if (size < TMI_SEARCH_SMALL - 1 && search->at + size != search->stretch_last)
		return false;
	size = MIN(size, most - 1) + 1;
	search->truncated = borrow.truncated;
	show_piece(search, borrow.data + (search->at - borrow.first), size);
	search->bytes += size;
	return true;
}

/* A failure that only says that there is no byte. */
static bool is_hole(tmem_status status)
{
	return status == TMEM_E_READ_FAULT || status == TMEM_E_NO_PAGEFILE;
}

/*
 * No byte at @at although the run promised one: a mapping that went away, or a page that cannot be
 * read. Goes on at the next page; when the run is not what it was, with the runs of now.
 */
static tmem_status skip_page(struct tmi_search *search)
{
	uint64_t end = search->at | (tmi_space_facts(search->space)->page_size - 1);
	struct tmi_run now;
	tmem_status status;

	go_beyond(search, end);
	search->in_stretch = false;
	if (search->ended)
		return TMEM_E_NO_MORE_ENTRIES;
	status = tmi_space_run(search->space, search->at, &now);
	if (status != TMEM_S_OK && status != TMEM_E_NO_MORE_ENTRIES)
		return status;
	if (status != TMEM_S_OK || now.first != search->run.first || now.last != search->run.last)
		tmi_search_end_walk(search);
	return TMEM_S_OK;
}

/* Bytes to read at once: up to where a page ends, so that no page is read from twice. */
static size_t piece_size(const struct tmi_search *search)
{
	size_t inside = search->at & (tmi_space_facts(search->space)->page_size - 1);
	size_t most = search->room > inside ? search->room - inside : search->room;

	return (size_t)MIN(search->stretch_last - search->at, most - 1) + 1;
}

/* @done bytes were read behind what was carried. */
static void show_bytes(struct tmi_search *search, size_t done)
{
	size_t carried = search->carried;

	search->window = (struct tmi_search_window){ search->at - carried, carried + done,
						     search->piece - carried };
	search->following.size = 0;
	search->tail = search->window.data;
	search->tail_size = search->window.size;
	go_beyond(search, search->at + (done - 1));
	search->bytes += done;
	search->look = TMI_SEARCH_LOOK;
}

/* Reads behind what was carried; nothing at all is a hole. *got: a window was made. */
static tmem_status take_bytes(struct tmi_search *search, bool *got)
{
	size_t done;
	tmem_status status = tmi_space_read(search->space, search->at, search->piece,
					    piece_size(search), TMI_SPACE_NO_TOUCH, &done);

	*got = done > 0;
	if (done == 0)
		return is_hole(status) ? skip_page(search) : status;
	show_bytes(search, done);
	return TMEM_S_OK;
}

/* The same in a stretch that was presumed; where the byte is not resident the next one is asked
 * for. */
static bool take_resident(struct tmi_search *search)
{
	size_t done = tmi_space_read_resident(search->space, search->at, search->piece,
					      piece_size(search));

	if (done) {
		show_bytes(search, done);
		return true;
	}
	search->in_stretch = false;
	search->doubtful = true;
	search->run_next = search->at;
	return false;
}

/* Goes on at @clear: nothing begins below. */
static void go_on_at(struct tmi_search *search, uint64_t clear)
{
	search->next = MAX(search->next, clear);
	search->carried = 0;
	if (clear < search->at) {
		tmi_search_restart(search);
		return;
	}
	if (clear > search->stretch_last)
		go_beyond(search, search->stretch_last);
	else
		search->at = clear;
}

/* What the crew asks now and then. */
struct crew_watch {
	struct tmi_search *search;
	tmem_status status;
};

static bool may_proceed(void *context, uint64_t at, uint64_t bytes)
{
	struct crew_watch *watch = context;

	watch->status = tmi_search_check_at(watch->search, at, watch->search->bytes + bytes);
	return watch->status == TMEM_S_OK;
}

/*
 * True when a hole is between @from and what find_next() keeps of short patterns before it: only
 * the next window tells that it is one, and then they are looked for.
 */
static bool is_behind_a_hole(const struct tmi_search *search, uint64_t from)
{
	const struct tmi_search_tail *tail = &search->short_tail;

	return tail->size && search->next < from && from > tail->address &&
	       from - tail->address > tail->size;
}

/* Makes the crew, if there can be one. */
static bool has_crew(struct tmi_search *search)
{
	if (!search->crew && !search->alone)
		search->crew = tmi_search_crew_new(search->space, &search->matcher,
						   tmi_call_threads(search->target), search->buffer,
						   search->piece);
	search->alone = !search->crew;
	return search->crew != NULL;
}

/* True when the present stretch is worth it. Where matches may begin is then in @block. */
static bool crew_helps(struct tmi_search *search, struct tmi_search_block *block)
{
	uint64_t end = MIN(search->stretch_last, search->touched_last);
	size_t reach = search->matcher.size - 1;

	if (search->at < search->crew_from || end < search->at ||
	    end - search->at < search->crew_least - 1 || end - search->at < reach ||
	    is_behind_a_hole(search, search->at - search->carried) || !has_crew(search))
		return false;
	/* Matches may begin in what was carried over. One may end in the stretch that follows:
	 * those that begin near the end are left. */
	*block = (struct tmi_search_block){
		.first = MAX(search->next, search->at - search->carried),
		.last = MIN(end - reach, UINT64_MAX - 1),
		.phase = search->start,
		.run = &search->run,
	};
	/* Where matches are far apart the next one may lie beyond all of it. */
	return block->first <= block->last;
}

/* Lets several threads find out how far there is no match; *skipped: something was skipped. */
static tmem_status skip_by_crew(struct tmi_search *search, bool *skipped)
{
	struct crew_watch watch = { search, TMEM_S_OK };
	struct tmi_search_block block;
	uint64_t before = search->at;
	uint64_t clear, bytes;

	*skipped = crew_helps(search, &block);
	if (!*skipped)
		return TMEM_S_OK;
	clear = tmi_search_crew_look(search->crew, &block, may_proceed, &watch, &bytes);
	search->bytes += bytes;
	if (clear <= block.last)
		search->crew_from = tmi_add_saturating(MAX(clear, before), ALONE_LEAST);
	go_on_at(search, clear);
	return watch.status;
}

/* A piece of the present stretch, by the cheapest way. */
static tmem_status take_piece(struct tmi_search *search, bool *got)
{
	tmem_status status = make_room(search);
	bool skipped;

	*got = true;
	if (status != TMEM_S_OK || take_zeros(search))
		return status;
	status = skip_by_crew(search, &skipped);
	*got = !skipped;
	if (status != TMEM_S_OK || skipped || take_view(search))
		return status;
	if (!search->presumed)
		return take_bytes(search, got);
	*got = take_resident(search);
	return TMEM_S_OK;
}

static tmem_status next_piece(struct tmi_search *search)
{
	tmem_status status;
	bool got = false;

	while (!got) {
		status = tmi_search_check(search);
		if (status == TMEM_S_OK && !search->in_stretch)
			status = tmi_search_next_stretch(search);
		if (status == TMEM_S_OK)
			status = take_piece(search, &got);
		if (status != TMEM_S_OK)
			return status;
	}
	/* What was read during an exec belongs to nobody. */
	return tmi_search_check(search);
}

bool tmi_search_lost_view(struct tmi_search *search)
{
	if (!search->truncated || !tmi_file_was_cut(search->truncated))
		return false;
	search->no_views = true;
	tmi_search_restart(search);
	return true;
}

tmem_status tmi_search_advance(struct tmi_search *search)
{
	tmem_status status;

	if (search->following.size) {
		search->window = search->following;
		search->following.size = 0;
		return TMEM_S_OK;
	}
	if (search->tail_size)
		carry_over(search);
	if (!tmi_search_lost_view(search))
		search->window.size = 0;
	search->truncated = NULL;
	if (search->ended)
		return TMEM_E_NO_MORE_ENTRIES;
	status = next_piece(search);
	if (status != TMEM_S_OK && status != TMEM_E_NO_MORE_ENTRIES)
		tmi_search_restart(search);
	return status;
}
