/* SPDX-License-Identifier: Apache-2.0 */
/* search_walk.c - what a search looks at next: runs, stretches, pieces, windows; see search.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "access/search.h"

/* A lent piece costs nothing to fetch; its size is how soon an interrupt is seen. */
#define VIEW_PIECE (4u << 20)

/* Less than this is read rather than lent, or read rather than taken for zeros. */
#define SMALL_PIECE (16u << 10)

/* What a crew looks through at once: an interrupt is seen between two blocks. */
#define CREW_MOST (16u << 20)

/* Less is not worth waking threads; also what is searched alone after a match, as another one is
 * likely to be near. */
#define CREW_LEAST (4u << 20)

static bool is_writable(const struct tmi_run *run)
{
	const uint32_t writable = TMEM_PAGE_READWRITE | TMEM_PAGE_WRITECOPY |
				  TMEM_PAGE_EXECUTE_READWRITE | TMEM_PAGE_EXECUTE_WRITECOPY;

	return !run->protect || ((run->protect & writable) && !(run->protect & TMEM_PAGE_GUARD));
}

static void end_walk(struct tmi_search *search)
{
	if (search->walking)
		tmi_run_walk_end(&search->walk);
	search->walking = false;
	search->in_run = false;
	search->in_stretch = false;
}

void tmi_search_restart(struct tmi_search *search)
{
	end_walk(search);
	search->window.size = 0;
	search->following.size = 0;
	search->tail_size = 0;
	search->carried = 0;
	search->truncated = NULL;
	search->at = search->next;
	search->ended = search->next > search->last;
}

/* Interrupted, or the memory is another one now. */
static tmem_status check_on(struct tmi_search *search)
{
	if (tmi_call_interrupted(search->target))
		return tmi_fail(TMEM_E_CONTROL_C_EXIT, TMEM_REASON_NONE, search->at);
	if (tmi_space_incarnation(search->space) != search->incarnation)
		return tmi_fail(TMEM_E_UNEXPECTED, TMEM_REASON_ADDRESS_SPACE_GONE, search->at);
	tmi_meter_report(&search->meter, search->at - search->start, search->bytes);
	return TMEM_S_OK;
}

/* Enters the next run that counts, at @search->at or above. */
static tmem_status next_run(struct tmi_search *search)
{
	tmem_status status;

	if (!search->walking) {
		status = tmi_run_walk_begin(&search->walk, search->space, search->at);
		if (status != TMEM_S_OK)
			return status;
		search->walking = true;
	}
	do {
		status = check_on(search);
		if (status == TMEM_S_OK)
			status = tmi_run_walk_next(&search->walk, &search->run);
	} while (status == TMEM_S_OK &&
		 (search->run.source == TMEM_VSOURCE_INVALID ||
		  ((search->flags & TMEM_VSEARCH_WRITABLE_ONLY) && !is_writable(&search->run))));
	if (status == TMEM_S_OK && search->run.first > search->last)
		status = TMEM_E_NO_MORE_ENTRIES;
	if (status != TMEM_S_OK)
		return status;
	search->in_run = true;
	search->run_next = MAX(search->run.first, search->at);
	return TMEM_S_OK;
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

/* Finds the next readable stretch: [at, stretch_last]. */
static tmem_status next_stretch(struct tmi_search *search)
{
	uint64_t first, end, last;
	tmem_status status;

	for (;;) {
		if (!search->in_run) {
			status = next_run(search);
			if (status != TMEM_S_OK)
				return status;
		}
		last = MIN(search->run.last, search->last);
		status = TMEM_E_NO_MORE_ENTRIES;
		if (search->run_next <= last)
			status = tmi_space_valid_in_run(search->space, &search->run,
							search->run_next, last, &first, &end);
		if (status == TMEM_S_OK)
			break;
		if (status == TMEM_S_FALSE) {
			search->run_next = first;
			status = check_on(search);
			if (status == TMEM_S_OK)
				continue;
		}
		if (status != TMEM_E_NO_MORE_ENTRIES)
			return status;
		search->in_run = false;
	}
	if (search->carry_end != first)
		search->carried = 0;
	search->at = first;
	search->stretch_last = end;
	search->in_stretch = true;
	search->touched_last = 0;
	return TMEM_S_OK;
}

/*
 * Keeps the last bytes of the piece that was finished, at the front of the buffer. tail may point
 * into the buffer, or be NULL for zeros.
 */
static void carry_over(struct tmi_search *search)
{
	size_t size = (size_t)MIN(search->tail_size, search->matcher.size - 1);

	if (size && !search->tail)
		memset(search->buffer, 0, size);
	else if (size)
		memmove(search->buffer, search->tail + (search->tail_size - size), size);
	search->carried = size;
	search->carry_end = search->at;
	search->tail_size = 0;
}

/* Room for what is carried over and a piece; once. */
static tmem_status make_room(struct tmi_search *search)
{
	size_t overlap = search->matcher.size - 1;
	size_t piece = MAX(TMI_SEARCH_PIECE, search->matcher.size);

	if (search->buffer)
		return TMEM_S_OK;
	if (__builtin_add_overflow(overlap, piece, &search->room))
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	search->buffer = malloc(search->room);
	if (!search->buffer)
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
	struct tmi_search_window joint = { search->at - carried, carried + joined, search->buffer };

	if (joined && data)
		memcpy(search->buffer + carried, data, joined);
	else if (joined)
		memset(search->buffer + carried, 0, joined);
	search->tail = data;
	search->tail_size = size;
	if (joined == size) {
		search->tail = search->buffer;
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
	if (end - search->at < SMALL_PIECE - 1 && end != search->stretch_last)
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
	if (size < SMALL_PIECE - 1 && search->at + size != search->stretch_last)
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
		end_walk(search);
	return TMEM_S_OK;
}

/* Reads behind what was carried; nothing at all is a hole. *got: a window was made. */
static tmem_status take_bytes(struct tmi_search *search, bool *got)
{
	size_t carried = search->carried;
	size_t size =
		(size_t)MIN(search->stretch_last - search->at, search->room - carried - 1) + 1;
	size_t done;
	tmem_status status = tmi_space_read(search->space, search->at, search->buffer + carried,
					    size, TMI_SPACE_NO_TOUCH, &done);

	*got = done > 0;
	if (done == 0)
		return is_hole(status) ? skip_page(search) : status;
	search->window =
		(struct tmi_search_window){ search->at - carried, carried + done, search->buffer };
	search->following.size = 0;
	search->tail = search->buffer;
	search->tail_size = carried + done;
	go_beyond(search, search->at + (done - 1));
	search->bytes += done;
	return TMEM_S_OK;
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
	search->at = clear;
}

/*
 * Lets several threads find out how far there is no match; true when something was skipped.
 * Matches may begin in what was carried over.
 */
static bool skip_by_crew(struct tmi_search *search)
{
	struct tmi_search_block block = {
		.first = MAX(search->next, search->at - search->carried),
		.phase = search->start,
	};
	uint64_t end = MIN(search->stretch_last, search->touched_last);
	uint64_t before = search->at;
	uint64_t clear;

	if (search->alone || search->at < search->crew_from || end < search->at ||
	    end - search->at < CREW_LEAST || end - search->at < search->matcher.size)
		return false;
	/* A match may end in the stretch that follows: those that begin near the end are left. */
	block.last = MIN(end - search->matcher.size, search->at + (CREW_MOST - 1));
	if (!search->crew)
		search->crew = tmi_search_crew_new(search->space, &search->matcher,
						   tmi_call_threads(search->target));
	search->alone = !search->crew;
	if (search->alone)
		return false;
	clear = tmi_search_crew_look(search->crew, &block, &search->bytes);
	if (clear <= block.last)
		search->crew_from = MAX(clear, before) + CREW_LEAST;
	go_on_at(search, clear);
	return true;
}

/* A piece of the present stretch, by the cheapest way. */
static tmem_status take_piece(struct tmi_search *search, bool *got)
{
	tmem_status status = make_room(search);

	*got = true;
	if (status != TMEM_S_OK || take_zeros(search))
		return status;
	*got = !skip_by_crew(search);
	if (!*got || take_view(search))
		return status;
	return take_bytes(search, got);
}

static tmem_status next_piece(struct tmi_search *search)
{
	tmem_status status;
	bool got = false;

	while (!got) {
		status = check_on(search);
		if (status == TMEM_S_OK && !search->in_stretch)
			status = next_stretch(search);
		if (status == TMEM_S_OK)
			status = take_piece(search, &got);
		if (status != TMEM_S_OK)
			return status;
	}
	/* What was read during an exec belongs to nobody. */
	return check_on(search);
}

bool tmi_search_lost_view(struct tmi_search *search)
{
	if (!search->truncated || !atomic_load_explicit(search->truncated, memory_order_acquire))
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
