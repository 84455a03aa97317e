/* SPDX-License-Identifier: Apache-2.0 */
/* search_cursor.c - a search that goes on after each match. */
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "access/access.h"
#include "access/search.h"

/* What a request had before it could ask for more than one pattern. */
#define LEAST_SIZE offsetof(struct tmem_search_request, kind)

struct tmem_search_cursor {
	struct tmi_search search;
};

/* Copies a request; what the caller's struct has not got is 0. */
static tmem_status take_request(const struct tmem_search_request *given,
				struct tmem_search_request *request)
{
	if (given->size < LEAST_SIZE)
		return tmi_bad_argument("request", "its size field set to the struct's size");
	*request = (struct tmem_search_request){ 0 };
	memcpy(request, given, MIN(given->size, sizeof(*request)));
	return TMEM_S_OK;
}

static tmem_status make_cursor(tmem_target *target, struct tmi_space *space,
			       const struct tmem_search_request *request,
			       struct tmem_search_cursor **cursor)
{
	struct tmem_search_cursor *made = calloc(1, sizeof(*made));
	tmem_status status;

	if (!made)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	status = tmi_search_init(&made->search, target, space, request);
	if (status != TMEM_S_OK) {
		tmem_search_cursor_free(made);
		return status;
	}
	*cursor = made;
	return TMEM_S_OK;
}

tmem_status tmem_search_cursor_new(tmem_target *target, const struct tmem_search_request *request,
				   tmem_search_cursor **cursor)
{
	struct tmem_search_request whole;
	struct tmi_space *space;
	tmem_status status = tmi_access_need(cursor, "cursor");

	if (status == TMEM_S_OK) {
		*cursor = NULL;
		status = tmi_access_need(request, "request");
	}
	if (status == TMEM_S_OK)
		status = take_request(request, &whole);
	if (status == TMEM_S_OK)
		status = tmi_call_space(target, whole.space, &space);
	if (status == TMEM_S_OK)
		status = make_cursor(target, space, &whole, cursor);
	return tmi_call_end(target, status);
}

tmem_status tmem_search_cursor_next(tmem_search_cursor *cursor, uint64_t *match_offset)
{
	struct tmem_search_match match;
	tmem_status status = tmi_access_need(cursor, "cursor");

	if (status == TMEM_S_OK)
		status = tmi_access_need(match_offset, "match_offset");
	if (status == TMEM_S_OK)
		status = tmi_search_next(&cursor->search, &match);
	if (status == TMEM_S_OK)
		*match_offset = match.offset;
	return tmi_call_end(cursor ? cursor->search.target : NULL, status);
}

tmem_status tmem_search_cursor_next2(tmem_search_cursor *cursor, struct tmem_search_match *match)
{
	tmem_status status = tmi_access_need(cursor, "cursor");

	if (status == TMEM_S_OK)
		status = tmi_access_need(match, "match");
	if (status == TMEM_S_OK && match->size < sizeof(*match))
		status = tmi_bad_argument("match", "its size field set to the struct's size");
	if (status == TMEM_S_OK)
		status = tmi_search_next(&cursor->search, match);
	return tmi_call_end(cursor ? cursor->search.target : NULL, status);
}

tmem_status tmem_search_cursor_progress(tmem_search_cursor *cursor, uint64_t *done, uint64_t *bytes)
{
	const struct tmi_search *search;

	if (!cursor)
		return tmi_call_end(NULL, tmi_access_need(cursor, "cursor"));
	search = &cursor->search;
	if (done && search->finished)
		*done = search->length;
	else if (done)
		*done = MIN(search->length,
			    MAX(search->next, search->window.size ? search->window.address : 0) -
				    search->start);
	if (bytes)
		*bytes = search->bytes;
	return TMEM_S_OK;
}

void tmem_search_cursor_free(tmem_search_cursor *cursor)
{
	if (!cursor)
		return;
	tmi_search_fini(&cursor->search);
	free(cursor);
}
