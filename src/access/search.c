/* SPDX-License-Identifier: Apache-2.0 */
/* search.c - SearchVirtual, SearchVirtual2, their physical form, and the search itself. */
#include "access/search.h"

#include <stdlib.h>
#include <sys/param.h>
#include <tmem/physical.h>

#include "access/access.h"

static tmem_status check_request(const struct tmem_search_request *request)
{
	if (!request->pattern)
		return tmi_bad_argument("pattern", "the bytes to look for, not NULL");
	if (!request->pattern_size)
		return tmi_bad_argument("pattern_size", "at least one byte");
	if (!request->pattern_granularity || request->pattern_size % request->pattern_granularity)
		return tmi_bad_argument("pattern_granularity", "a divisor of pattern_size");
	if (request->flags & ~(uint32_t)TMEM_VSEARCH_WRITABLE_ONLY)
		return tmi_bad_argument("flags", "a value of enum tmem_search_flags");
	return TMEM_S_OK;
}

/* A range outside of the space, or too short, has no match: that is no bad argument. */
static bool set_range(struct tmi_search *search, const struct tmem_search_request *request)
{
	search->start = request->offset;
	if (!request->length || tmi_space_enter(search->space, &search->start) != TMEM_S_OK)
		return false;
	search->last = tmi_space_clip(search->space, search->start, request->length);
	return search->last - search->start >= request->pattern_size - 1;
}

tmem_status tmi_search_init(struct tmi_search *search, tmem_target *target, struct tmi_space *space,
			    const struct tmem_search_request *request)
{
	tmem_status status = check_request(request);

	*search = (struct tmi_search){
		.target = target,
		.space = space,
		.flags = request->flags,
		.offset = request->offset,
		.length = request->length,
	};
	if (status != TMEM_S_OK)
		return status;
	search->finished = !set_range(search, request);
	if (search->finished)
		return TMEM_S_OK;
	search->next = search->start;
	search->incarnation = tmi_space_incarnation(space);
	search->generation = tmi_space_generation(space);
	tmi_meter_init(&search->meter, target, "search", search->last - search->start + 1);
	tmi_search_restart(search);
	return tmi_matcher_init(&search->matcher, request->pattern, request->mask,
				request->pattern_size, request->pattern_granularity);
}

void tmi_search_fini(struct tmi_search *search)
{
	if (search->walking)
		tmi_run_walk_end(&search->walk);
	tmi_search_crew_free(search->crew);
	tmi_matcher_fini(&search->matcher);
	free(search->buffer);
	*search = (struct tmi_search){ .finished = true };
}

/* The first place in a window of zeros that the phase allows. */
static bool scan_zeros(const struct tmi_search *search, uint64_t from, uint64_t last_start,
		       uint64_t *match)
{
	uint64_t granularity = search->matcher.granularity;
	uint64_t rest = (from - search->start) % granularity;

	if (!search->matcher.matches_zeros)
		return false;
	if (rest && granularity - rest > last_start - from)
		return false;
	*match = from + (rest ? granularity - rest : 0);
	return true;
}

/* The lowest match of the present window that was not reported. */
static bool scan_window(const struct tmi_search *search, uint64_t *match)
{
	const struct tmi_search_window *window = &search->window;
	uint64_t from = MAX(search->next, window->address);
	uint64_t last_start;
	size_t at, skip, phase;

	if (window->size < search->matcher.size)
		return false;
	last_start = window->address + (window->size - search->matcher.size);
	if (from > last_start)
		return false;
	if (!window->data)
		return scan_zeros(search, from, last_start, match);
	skip = (size_t)(from - window->address);
	phase = (size_t)((from - search->start) % search->matcher.granularity);
	at = tmi_matcher_find(&search->matcher, window->data + skip, (size_t)window->size - skip,
			      phase);
	*match = from + at;
	return at != TMI_MATCHER_NONE;
}

/* No match begins in the window any more. */
static void finish_window(struct tmi_search *search)
{
	const struct tmi_search_window *window = &search->window;
	uint64_t next;

	if (window->size < search->matcher.size ||
	    __builtin_add_overflow(window->address, window->size - search->matcher.size + 1, &next))
		return;
	search->next = MAX(search->next, next);
}

static void report(struct tmi_search *search, uint64_t match)
{
	if (__builtin_add_overflow(match, search->matcher.granularity, &search->next))
		search->finished = true;
}

static tmem_status find_next(struct tmi_search *search, uint64_t *match)
{
	tmem_status status;

	if (search->finished)
		return TMEM_E_NO_MORE_ENTRIES;
	if (tmi_call_interrupted(search->target))
		return tmi_fail(TMEM_E_CONTROL_C_EXIT, TMEM_REASON_NONE, 0);
	/* Something was written since the last match: what the windows show may be old. */
	if (tmi_space_generation(search->space) != search->generation) {
		search->generation = tmi_space_generation(search->space);
		tmi_search_restart(search);
	}
	for (;;) {
		bool found = search->window.size && scan_window(search, match);

		if (!tmi_search_lost_view(search)) {
			if (found) {
				report(search, *match);
				return TMEM_S_OK;
			}
			finish_window(search);
		}
		status = tmi_search_advance(search);
		if (status != TMEM_S_OK)
			break;
	}
	search->finished = status == TMEM_E_NO_MORE_ENTRIES;
	return status;
}

tmem_status tmi_search_next(struct tmi_search *search, uint64_t *match)
{
	uint64_t found = 0;
	tmem_status status = find_next(search, &found);

	if (status == TMEM_S_OK) {
		*match = tmi_space_leave(search->space, found);
		return TMEM_S_OK;
	}
	/* What failed on the way were holes; they do not explain why there is no match. */
	if (status == TMEM_E_NO_MORE_ENTRIES)
		tmi_fail(status, TMEM_REASON_NONE, search->offset);
	return tmi_wrap(status, TMI_ACTION_SEARCH, search->offset, search->length);
}

/* One search from beginning to end. */
static tmem_status search_once(tmem_target *target, const struct tmem_search_request *request,
			       uint64_t *match_offset)
{
	struct tmi_search search;
	struct tmi_space *space;
	tmem_status status = tmi_access_need(match_offset, "match_offset");

	if (status == TMEM_S_OK)
		status = tmi_call_space(target, request->space, &space);
	if (status != TMEM_S_OK)
		return tmi_call_end(target, status);
	status = tmi_search_init(&search, target, space, request);
	if (status == TMEM_S_OK)
		status = tmi_search_next(&search, match_offset);
	tmi_search_fini(&search);
	return tmi_call_end(target, status);
}

tmem_status tmem_search_virtual2(tmem_target *target, uint64_t offset, uint64_t length,
				 uint32_t flags, const void *pattern, size_t pattern_size,
				 size_t pattern_granularity, uint64_t *match_offset)
{
	const struct tmem_search_request request = {
		.space = TMEM_DATA_SPACE_VIRTUAL,
		.flags = flags,
		.offset = offset,
		.length = length,
		.pattern = pattern,
		.pattern_size = pattern_size,
		.pattern_granularity = pattern_granularity,
	};

	return search_once(target, &request, match_offset);
}

tmem_status tmem_search_virtual(tmem_target *target, uint64_t offset, uint64_t length,
				const void *pattern, size_t pattern_size,
				size_t pattern_granularity, uint64_t *match_offset)
{
	return tmem_search_virtual2(target, offset, length, TMEM_VSEARCH_DEFAULT, pattern,
				    pattern_size, pattern_granularity, match_offset);
}

tmem_status tmem_search_physical(tmem_target *target, uint64_t offset, uint64_t length,
				 const void *pattern, size_t pattern_size,
				 size_t pattern_granularity, uint64_t *match_offset)
{
	const struct tmem_search_request request = {
		.space = TMEM_DATA_SPACE_PHYSICAL,
		.offset = offset,
		.length = length,
		.pattern = pattern,
		.pattern_size = pattern_size,
		.pattern_granularity = pattern_granularity,
	};

	return search_once(target, &request, match_offset);
}
