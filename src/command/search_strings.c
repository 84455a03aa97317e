/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search_strings.c - s -sa and s -su: every printable text of a range.
 *
 * Runs of the target are read in blocks; a text may go over from one block or run into the next
 * when their addresses meet. Texts are kept as address and length and shown by the display.
 *
 * Reading would touch memory that was never touched, which a search must not do: large runs are
 * entered, and long stretches of zeros are left, by asking the library's search for the next byte
 * that can be text.
 */
#include <stdlib.h>

#include "command/search_hits.h"

#define BLOCK     (1u << 18)
#define LARGE_RUN (1u << 20) /* is not entered before there is something in it */
#define MANY_ZERO (1u << 16) /* zeros in a row after which the search looks ahead */

struct scan {
	struct tmi_search *search;
	uint8_t *block;
	unsigned unit;   /* bytes of a character */
	uint64_t next;   /* address behind the last byte seen */
	uint64_t text;   /* where the present text began */
	uint64_t count;  /* its characters */
	uint8_t pending; /* first byte of a character */
	bool has_pending;
	bool failed;    /* an error was reported */
	uint64_t bytes; /* read so far */
	uint64_t zeros; /* since the last byte that is not zero */
};

/* Ctrl-C at @at; a text that is not over yet belongs to what is left. */
static bool interrupted(struct scan *scan, uint64_t at)
{
	struct tmi_search *search = scan->search;

	tmi_search_interrupted(search, at - search->range.start, scan->bytes);
	if (scan->count)
		search->reached = scan->text;
	return false;
}

/* A text is over: shows it when it is long enough. */
static bool end_text(struct scan *scan)
{
	struct tmi_search *search = scan->search;
	uint64_t count = scan->count;

	scan->count = 0;
	if (count < search->minimum)
		return true;
	if (tmi_session_interrupted(search->session))
		return interrupted(scan, scan->text);
	if (!tmi_search_hit(search, scan->text))
		return false;
	search->reached = scan->text + count * scan->unit;
	return search->addresses ||
	       tmi_display_string(search->session, scan->unit, scan->text, count);
}

static bool feed_character(struct scan *scan, uint64_t address, unsigned c)
{
	if (c < 0x20 || c > 0x7e)
		return !scan->count || end_text(scan);
	if (!scan->count++)
		scan->text = address;
	return true;
}

/* One half of a UTF-16 unit; units are counted from the start of the range. */
static bool feed_half(struct scan *scan, uint64_t address, uint8_t byte)
{
	unsigned c = scan->pending | (unsigned)byte << 8;

	if ((address - scan->search->range.start) % 2 == 0) {
		scan->pending = byte;
		scan->has_pending = true;
		return true;
	}
	if (!scan->has_pending)
		return true;
	scan->has_pending = false;
	if (tmi_big_endian(scan->search->session))
		c = (unsigned)scan->pending << 8 | byte;
	return feed_character(scan, address - 1, c);
}

/* Bytes that were read at @address. */
static bool feed(struct scan *scan, uint64_t address, size_t size)
{
	bool ok = true;
	size_t tail = size;

	while (tail && !scan->block[tail - 1])
		tail--;
	scan->zeros = size - tail + (tail ? 0 : scan->zeros);
	if (address != scan->next) {
		scan->has_pending = false;
		ok = end_text(scan);
	}
	for (size_t i = 0; i < size && ok; i++)
		ok = scan->unit == 1 ? feed_character(scan, address + i, scan->block[i])
				     : feed_half(scan, address + i, scan->block[i]);
	scan->next = address + size;
	scan->bytes += size;
	return ok;
}

/* Where reading can go on at or after @at; false when nothing up to @last is readable. */
static bool find_valid(struct scan *scan, uint64_t at, uint64_t last, uint64_t *from)
{
	uint64_t valid_size;

	if (at > last)
		return false;
	return tmem_get_valid_region_virtual(scan->search->session->target, at, last - at + 1, from,
					     &valid_size) == TMEM_S_OK;
}

/* The first byte b in [at, last] with (b & mask) == value; *at is set behind @last when none is. */
static tmem_status find_byte(struct scan *scan, uint8_t mask, uint8_t value, uint64_t last,
			     uint64_t *at)
{
	struct tmem_search_request request = {
		.size = sizeof(request),
		.space = TMEM_DATA_SPACE_VIRTUAL,
		.offset = *at,
		.length = last - *at + 1,
		.pattern = &value,
		.mask = &mask,
		.pattern_size = 1,
		.pattern_granularity = 1,
	};
	tmem_search_cursor *cursor;
	tmem_status status =
		tmem_search_cursor_new(scan->search->session->target, &request, &cursor);

	if (TMEM_FAILED(status))
		return status;
	status = tmem_search_cursor_next(cursor, at);
	tmem_search_cursor_free(cursor);
	return status;
}

/*
 * Moves *at to the next byte up to @last that can be text. False when there is none, or the search
 * failed or was interrupted: scan->failed says so.
 */
static bool look_ahead(struct scan *scan, uint64_t *at, uint64_t last)
{
	struct tmi_search *search = scan->search;
	uint64_t letter = *at;
	uint64_t sign = *at;
	uint64_t start = search->range.start;
	/* 0x40 to 0x7f, then 0x20 to 0x3f before the first of those. */
	tmem_status status = find_byte(scan, 0x40, 0x40, last, &letter);
	bool found = status == TMEM_S_OK;

	scan->zeros = 0;
	if (found || status == TMEM_E_NO_MORE_ENTRIES)
		status = find_byte(scan, 0x60, 0x20, found ? letter : last, &sign);
	if (status != TMEM_S_OK && status != TMEM_E_NO_MORE_ENTRIES) {
		scan->failed = true;
		if (status == TMEM_E_CONTROL_C_EXIT)
			return interrupted(scan, *at);
		return tmi_error_target(search->session, "search stopped");
	}
	if (status == TMEM_S_OK)
		letter = sign;
	else if (!found)
		return false;
	/* The character that the byte belongs to begins at an even distance. */
	if (letter > *at && (letter - start) % scan->unit)
		letter--;
	*at = letter;
	return true;
}

/* Reads on from *at, which moves. False when the part is done or scan->failed. */
static bool scan_block(struct scan *scan, uint64_t *at, uint64_t last)
{
	struct tmi_session *session = scan->search->session;
	uint64_t left = last - *at;
	size_t want = left >= BLOCK ? BLOCK : (size_t)left + 1;
	size_t done;
	tmem_status status = tmem_read_virtual(session->target, *at, scan->block, want, &done);

	if (status == TMEM_E_UNEXPECTED || status == TMEM_E_CONNECTION_LOST) {
		scan->failed = true;
		return tmi_error_target(session, "search stopped");
	}
	if (!TMEM_FAILED(status) && done) {
		scan->failed = !feed(scan, *at, done);
		*at += done;
		return !scan->failed && done <= left;
	}
	/* The target can change between two calls: always move on. */
	*at = (*at | (session->description.page_size - 1)) + 1;
	return *at && find_valid(scan, *at, last, at);
}

/* Reads [at, last]. */
static bool scan_part(struct scan *scan, uint64_t at, uint64_t last)
{
	struct tmi_search *search = scan->search;
	struct tmi_session *session = search->session;
	uint64_t start = search->range.start;

	if (last - at >= LARGE_RUN && at != scan->next && !look_ahead(scan, &at, last))
		return !scan->failed;
	while (scan_block(scan, &at, last)) {
		if (tmi_session_interrupted(session))
			return interrupted(scan, at);
		tmi_session_progress(session, "search", at - start, search->range.size,
				     scan->bytes);
		if (scan->zeros >= MANY_ZERO && !look_ahead(scan, &at, last))
			break;
	}
	return !scan->failed;
}

static bool is_writable(const struct tmem_run *run)
{
	return !run->protect ||
	       (run->protect & (TMEM_PAGE_READWRITE | TMEM_PAGE_WRITECOPY |
				TMEM_PAGE_EXECUTE_READWRITE | TMEM_PAGE_EXECUTE_WRITECOPY) &&
		!(run->protect & TMEM_PAGE_GUARD));
}

static bool scan_runs(struct scan *scan, tmem_run_cursor *cursor)
{
	struct tmi_search *search = scan->search;
	uint64_t start = search->range.start;
	uint64_t last = start + search->range.size - 1;
	struct tmem_run run = { .size = sizeof(run) };
	tmem_status status;

	while ((status = tmem_run_cursor_next(cursor, &run)) == TMEM_S_OK) {
		uint64_t base = tmi_clean_address(search->session, run.base);
		uint64_t end = base + run.length - 1;

		if (base > last)
			return end_text(scan);
		if (end < start || (search->writable && !is_writable(&run)))
			continue;
		if (!scan_part(scan, base < start ? start : base, end > last ? last : end))
			return false;
	}
	if (status != TMEM_E_NO_MORE_ENTRIES)
		return tmi_error_target(search->session, "search stopped");
	return end_text(scan);
}

bool tmi_search_strings(struct tmi_search *search)
{
	struct scan scan = { .search = search, .unit = search->type == '6' ? 2 : 1 };
	tmem_run_cursor *cursor;
	bool ok;

	scan.block = malloc(BLOCK);
	if (!scan.block)
		return tmi_error(search->session, "out of memory");
	if (TMEM_FAILED(tmem_run_cursor_new(search->session->target, TMEM_DATA_SPACE_VIRTUAL,
					    search->range.start, &cursor))) {
		free(scan.block);
		return tmi_error_target(search->session, "searching");
	}
	ok = scan_runs(&scan, cursor);
	tmem_run_cursor_free(cursor);
	free(scan.block);
	return ok;
}
