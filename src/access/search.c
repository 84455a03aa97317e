/* SPDX-License-Identifier: Apache-2.0 */
/* search.c - SearchVirtual, SearchVirtual2, their physical form, and the search itself. */
#include "access/search.h"

#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <tmem/physical.h>

#include "access/access.h"

static tmem_status check_pattern(const struct tmem_search_request *request)
{
	if (!request->pattern)
		return tmi_bad_argument("pattern", "the bytes to look for, not NULL");
	if (!request->pattern_size)
		return tmi_bad_argument("pattern_size", "at least one byte");
	if (request->pattern_size % request->pattern_granularity)
		return tmi_bad_argument("pattern_granularity", "a divisor of pattern_size");
	return TMEM_S_OK;
}

static tmem_status check_patterns(const struct tmem_search_request *request)
{
	if (!request->patterns || !request->pattern_count)
		return tmi_bad_argument("patterns", "at least one pattern");
	for (size_t i = 0; i < request->pattern_count; i++)
		if (!request->patterns[i].bytes || !request->patterns[i].size)
			return tmi_bad_argument("patterns", "at least one byte in each");
	return TMEM_S_OK;
}

static tmem_status check_integers(const struct tmem_search_request *request)
{
	unsigned size = request->integer_size;
	bool turned = request->minimum > request->maximum;

	if (size != 1 && size != 2 && size != 4 && size != 8)
		return tmi_bad_argument("integer_size", "1, 2, 4 or 8");
	if (request->kind == TMEM_SEARCH_SIGNED_INTEGERS)
		turned = (int64_t)request->minimum > (int64_t)request->maximum;
	return turned ? tmi_bad_argument("minimum", "not above maximum") : TMEM_S_OK;
}

static tmem_status check_request(const struct tmem_search_request *request)
{
	if (request->reserved)
		return tmi_bad_argument("reserved", "0");
	if (request->flags & ~(uint32_t)TMEM_VSEARCH_WRITABLE_ONLY)
		return tmi_bad_argument("flags", "a value of enum tmem_search_flags");
	if (!request->pattern_granularity || request->pattern_granularity > SIZE_MAX / 2)
		return tmi_bad_argument("pattern_granularity", "at least 1 and below 2^63");
	switch (request->kind) {
	case TMEM_SEARCH_PATTERN: return check_pattern(request);
	case TMEM_SEARCH_PATTERNS: return check_patterns(request);
	case TMEM_SEARCH_UNSIGNED_INTEGERS:
	case TMEM_SEARCH_SIGNED_INTEGERS: return check_integers(request);
	default: return tmi_bad_argument("kind", "a value of enum tmem_search_kind");
	}
}

static bool is_interrupted(void *target)
{
	return tmi_call_interrupted(target);
}

static tmem_status make_matcher(struct tmi_search *search,
				const struct tmem_search_request *request)
{
	const struct tmem_search_pattern one = { request->pattern, request->mask,
						 request->pattern_size };
	const struct tmi_integers integers = {
		.size = request->integer_size,
		.is_signed = request->kind == TMEM_SEARCH_SIGNED_INTEGERS,
		.big_endian = tmi_space_facts(search->space)->big_endian,
		.minimum = request->minimum,
		.maximum = request->maximum,
	};
	struct tmi_waiter waiter = { is_interrupted, search->target, TMI_WAITER_EFFORT, false };
	size_t granularity = request->pattern_granularity;

	if (request->kind == TMEM_SEARCH_PATTERN)
		return tmi_matcher_init_patterns(&search->matcher, &one, 1, granularity, &waiter);
	if (request->kind == TMEM_SEARCH_PATTERNS)
		return tmi_matcher_init_patterns(&search->matcher, request->patterns,
						 request->pattern_count, granularity, &waiter);
	tmi_matcher_init_integers(&search->matcher, &integers, granularity);
	return TMEM_S_OK;
}

/* What is kept of windows until it is known whether anything follows. */
static tmem_status make_tail(struct tmi_search *search)
{
	if (search->matcher.shortest == search->matcher.size)
		return TMEM_S_OK;
	search->short_tail.bytes = malloc(search->matcher.size - 1);
	return search->short_tail.bytes ? TMEM_S_OK
					: tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
}

/* A range outside of the space, or too short, has no match: that is no bad argument. */
static bool set_range(struct tmi_search *search, const struct tmem_search_request *request)
{
	search->start = request->offset;
	if (!request->length || tmi_space_enter(search->space, &search->start) != TMEM_S_OK)
		return false;
	search->last = tmi_space_clip(search->space, search->start, request->length);
	return search->last - search->start >= search->matcher.shortest - 1;
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
	if (status == TMEM_S_OK)
		status = make_matcher(search, request);
	if (status == TMEM_S_OK)
		status = make_tail(search);
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
	return TMEM_S_OK;
}

void tmi_search_fini(struct tmi_search *search)
{
	if (search->walking)
		tmi_run_walk_end(&search->walk);
	tmi_search_crew_free(search->crew);
	tmi_matcher_fini(&search->matcher);
	free(search->short_tail.bytes);
	free(search->buffer);
	*search = (struct tmi_search){ .finished = true };
}

/* The lowest place from *from on that the phase allows, in a window of zeros. */
static bool scan_zeros(const struct tmi_search *search, uint64_t last_start, uint64_t *from)
{
	uint64_t granularity = search->matcher.granularity;
	uint64_t rest = (*from - search->start) % granularity;

	if (!search->matcher.matches_zeros)
		return false;
	if (rest && granularity - rest > last_start - *from)
		return false;
	*from += rest ? granularity - rest : 0;
	return true;
}

static const uint8_t *window_bytes(const struct tmi_search_window *window, uint64_t address)
{
	return window->data ? window->data + (address - window->address) : NULL;
}

/*
 * A match was found in a window at @address. False: every pattern there was reported, or what was
 * found is not there any more.
 */
static bool describe(const struct tmi_search *search, const struct tmi_search_window *window,
		     uint64_t address, size_t from, struct tmem_search_match *match)
{
	uint64_t room = window->size - (address - window->address);
	struct tmi_found found;

	if (!tmi_matcher_look(&search->matcher, window_bytes(window, address),
			      (size_t)MIN(room, SIZE_MAX), from, &found))
		return false;
	match->offset = address;
	match->pattern = found.pattern;
	match->value = found.value;
	return true;
}

/* Moves on to the next place where a match may begin; false: there is none in the window. */
static bool step(const struct tmi_search *search, uint64_t last_start, uint64_t *from)
{
	if (search->matcher.granularity > last_start - *from)
		return false;
	*from += search->matcher.granularity;
	return true;
}

/* The lowest place from *from on in a window with bytes where something was found. */
static bool find_bytes(const struct tmi_search *search, const struct tmi_search_window *window,
		       bool last, uint64_t *from)
{
	const struct tmi_matcher *matcher = &search->matcher;
	size_t size = (size_t)(window->size - (*from - window->address));
	size_t phase = (size_t)((*from - search->start) % matcher->granularity);
	const uint8_t *data = window_bytes(window, *from);
	size_t at = last ? tmi_matcher_find_last(matcher, data, size, phase)
			 : tmi_matcher_find(matcher, data, size, phase);

	*from += at;
	return at != TMI_MATCHER_NONE;
}

/*
 * The lowest match of a window that was not reported. @last: a hole follows, and shorter patterns
 * than the longest may begin further back.
 */
static bool scan_window(struct tmi_search *search, const struct tmi_search_window *window,
			bool last, struct tmem_search_match *match)
{
	const size_t least = last ? search->matcher.shortest : search->matcher.size;
	uint64_t from = MAX(search->next, window->address);
	uint64_t last_start;

	if (window->size < least)
		return false;
	last_start = window->address + (window->size - least);
	if (from > last_start)
		return false;
	if (search->told && from == search->told_at) {
		if (describe(search, window, from, search->told, match))
			return true;
		if (!step(search, last_start, &from))
			return false;
	}
	do {
		if (window->data ? !find_bytes(search, window, last, &from)
				 : !scan_zeros(search, last_start, &from))
			return false;
		if (describe(search, window, from, 0, match))
			return true;
		/* The matcher stops where nothing stands when it was at work for long. */
		tmi_meter_report(&search->meter, from - search->start, search->bytes);
		search->interrupted = tmi_call_interrupted(search->target);
	} while (!search->interrupted && step(search, last_start, &from));
	if (search->interrupted)
		search->interrupted_at = from;
	return false;
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

static void report(struct tmi_search *search, const struct tmem_search_match *match)
{
	search->told = match->pattern + 1 < search->matcher.count ? match->pattern + 1 : 0;
	search->told_at = match->offset;
	search->next = match->offset;
	if (!search->told &&
	    __builtin_add_overflow(match->offset, search->matcher.granularity, &search->next))
		search->finished = true;
}

/* --- what is left before a hole --- */

/* Keeps the end of the window that was looked through, unless it lies in what is kept. */
static void keep_tail(struct tmi_search *search)
{
	const struct tmi_search_window *window = &search->window;
	struct tmi_search_tail *tail = &search->short_tail;
	size_t size;

	if (!tail->bytes || !window->size)
		return;
	if (tail->size && window->address >= tail->address &&
	    window->address + (window->size - 1) <= tail->address + (tail->size - 1))
		return;
	size = (size_t)MIN(window->size, search->matcher.size - 1);
	if (window->data)
		memcpy(tail->bytes, window->data + (window->size - size), size);
	else
		memset(tail->bytes, 0, size);
	tail->address = window->address + (window->size - size);
	tail->size = size;
}

/* Whether the memory does not go on where the last window ended. */
static bool is_hole_behind_tail(const struct tmi_search *search, tmem_status status)
{
	const struct tmi_search_tail *tail = &search->short_tail;
	uint64_t last = tail->address + (tail->size - 1);

	if (!tail->size)
		return false;
	if (status == TMEM_E_NO_MORE_ENTRIES)
		return true;
	return status == TMEM_S_OK && search->window.address > last &&
	       search->window.address - last > 1;
}

static void forget_tail(struct tmi_search *search)
{
	search->short_tail.size = 0;
	search->short_tail.last = false;
}

static bool scan_tail(struct tmi_search *search, struct tmem_search_match *match)
{
	struct tmi_search_tail *tail = &search->short_tail;
	const struct tmi_search_window window = { tail->address, tail->size, tail->bytes };

	if (tail->last && scan_window(search, &window, true, match))
		return true;
	if (tail->last && !search->interrupted)
		forget_tail(search);
	return false;
}

/* --- */

/* The next call goes on where this one was interrupted, unless what it saw is not to be trusted. */
static tmem_status end_interrupted(struct tmi_search *search)
{
	search->interrupted = false;
	if (tmi_search_lost_view(search))
		forget_tail(search);
	else
		search->next = MAX(search->next, search->interrupted_at);
	return tmi_fail(TMEM_E_CONTROL_C_EXIT, TMEM_REASON_NONE, search->interrupted_at);
}

/* The lowest match in what is seen now: the end before a hole, then the window behind it. */
static bool find_here(struct tmi_search *search, struct tmem_search_match *match)
{
	bool found =
		scan_tail(search, match) || (!search->interrupted && search->window.size &&
					     scan_window(search, &search->window, false, match));

	if (!found && !search->interrupted)
		keep_tail(search);
	return found;
}

static tmem_status find_next(struct tmi_search *search, struct tmem_search_match *match)
{
	tmem_status status;

	if (search->finished)
		return TMEM_E_NO_MORE_ENTRIES;
	if (tmi_call_interrupted(search->target))
		return tmi_fail(TMEM_E_CONTROL_C_EXIT, TMEM_REASON_NONE, 0);
	if (tmi_space_incarnation(search->space) != search->incarnation)
		return tmi_fail(TMEM_E_UNEXPECTED, TMEM_REASON_ADDRESS_SPACE_GONE, search->next);
	/* Something was written since the last match: what the windows show may be old. */
	if (tmi_space_generation(search->space) != search->generation) {
		search->generation = tmi_space_generation(search->space);
		tmi_search_restart(search);
		forget_tail(search);
	}
	for (;;) {
		bool found = find_here(search, match);

		if (search->interrupted)
			return end_interrupted(search);
		if (tmi_search_lost_view(search)) {
			forget_tail(search);
		} else if (found) {
			report(search, match);
			return TMEM_S_OK;
		} else {
			finish_window(search);
		}
		status = tmi_search_advance(search);
		search->short_tail.last = is_hole_behind_tail(search, status);
		if (status != TMEM_S_OK && !search->short_tail.last)
			break;
	}
	search->finished = status == TMEM_E_NO_MORE_ENTRIES;
	forget_tail(search);
	return status;
}

tmem_status tmi_search_next(struct tmi_search *search, struct tmem_search_match *match)
{
	struct tmem_search_match found = { 0 };
	tmem_status status = find_next(search, &found);

	if (status == TMEM_S_OK) {
		match->offset = tmi_space_leave(search->space, found.offset);
		match->pattern = found.pattern;
		match->value = found.value;
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
	struct tmem_search_match match;
	struct tmi_search search;
	struct tmi_space *space;
	tmem_status status = tmi_access_need(match_offset, "match_offset");

	if (status == TMEM_S_OK)
		status = tmi_call_space(target, request->space, &space);
	if (status != TMEM_S_OK)
		return tmi_call_end(target, status);
	status = tmi_search_init(&search, target, space, request);
	if (status == TMEM_S_OK)
		status = tmi_search_next(&search, &match);
	if (status == TMEM_S_OK)
		*match_offset = match.offset;
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
