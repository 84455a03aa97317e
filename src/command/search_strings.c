/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search_strings.c - s -sa and s -su: every printable text of a range.
 *
 * Runs of the target are read in blocks; a text may go over from one block or run into the next
 * when their addresses meet. Texts are kept as address and length and shown by the display.
 */
#include <stdlib.h>

#include "command/search_hits.h"

#define BLOCK (1u << 18)

struct scan {
	struct tmi_search *search;
	uint8_t *block;
	unsigned unit;   /* bytes of a character */
	uint64_t next;   /* address behind the last byte seen */
	uint64_t text;   /* where the present text began */
	uint64_t count;  /* its characters */
	uint8_t pending; /* first byte of a character */
	bool has_pending;
	uint64_t bytes; /* read so far */
};

/* A text is over: shows it when it is long enough. */
static bool end_text(struct scan *scan)
{
	struct tmi_search *search = scan->search;
	uint64_t count = scan->count;

	scan->count = 0;
	if (count < search->minimum)
		return true;
	if (!tmi_search_hit(search, scan->text))
		return false;
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

/* Reads [at, last]. */
static bool scan_part(struct scan *scan, uint64_t at, uint64_t last)
{
	struct tmi_search *search = scan->search;
	struct tmi_session *session = search->session;
	size_t done;

	for (;;) {
		uint64_t left = last - at;
		size_t want = left >= BLOCK ? BLOCK : (size_t)left + 1;
		tmem_status status =
			tmem_read_virtual(session->target, at, scan->block, want, &done);

		if (tmi_session_interrupted(session))
			return tmi_search_interrupted(search, at - search->range.start,
						      scan->bytes);
		if (status == TMEM_E_UNEXPECTED || status == TMEM_E_CONNECTION_LOST)
			return tmi_error_target(session, "search stopped");
		if (!TMEM_FAILED(status) && done) {
			if (!feed(scan, at, done))
				return false;
			if (done > left)
				return true;
			at += done;
		} else {
			/* The target can change between two calls: always move on. */
			uint64_t from = (at | (session->description.page_size - 1)) + 1;

			if (!from || !find_valid(scan, from, last, &at))
				return true;
		}
		tmi_session_progress(session, "search", at - search->range.start,
				     search->range.size, scan->bytes);
	}
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
