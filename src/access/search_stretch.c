/* SPDX-License-Identifier: Apache-2.0 */
/* search_stretch.c - where a search finds readable memory: stretches of runs; see search.h. */
#include <sys/param.h>

#include "access/search.h"

/* Each question that led to nothing to read is followed by one about so much more. */
#define LOOK_GROWTH 4

static bool is_writable(const struct tmi_run *run)
{
	const uint32_t writable = TMEM_PAGE_READWRITE | TMEM_PAGE_WRITECOPY |
				  TMEM_PAGE_EXECUTE_READWRITE | TMEM_PAGE_EXECUTE_WRITECOPY;

	return !run->protect || ((run->protect & writable) && !(run->protect & TMEM_PAGE_GUARD));
}

void tmi_search_end_walk(struct tmi_search *search)
{
	if (search->walking)
		tmi_run_walk_end(&search->walk);
	search->walking = false;
	search->in_run = false;
	search->in_stretch = false;
}

tmem_status tmi_search_check_at(struct tmi_search *search, uint64_t at, uint64_t bytes)
{
	if (tmi_call_interrupted(search->target))
		return tmi_fail(TMEM_E_CONTROL_C_EXIT, TMEM_REASON_NONE, at);
	if (tmi_space_incarnation(search->space) != search->incarnation)
		return tmi_fail(TMEM_E_UNEXPECTED, TMEM_REASON_ADDRESS_SPACE_GONE, at);
	tmi_meter_report(&search->meter, at - search->start, bytes);
	return TMEM_S_OK;
}

tmem_status tmi_search_check(struct tmi_search *search)
{
	return tmi_search_check_at(search, search->at, search->bytes);
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
		status = tmi_search_check(search);
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

static void enter_stretch(struct tmi_search *search, uint64_t first, uint64_t end)
{
	if (search->carry_end != first)
		search->carried = 0;
	search->at = first;
	search->stretch_last = end;
	search->in_stretch = true;
	search->touched_last = 0;
	search->presumed = false;
	search->doubtful = false;
}

/* Takes the rest of the run for resident: reading will tell. */
static bool presume(struct tmi_search *search, uint64_t last)
{
	if (!search->tells_resident || search->doubtful || search->run_next > last)
		return false;
	enter_stretch(search, search->run_next, last);
	search->touched_last = last;
	search->presumed = true;
	return true;
}

/* How far to ask from run_next on, at most to @last. */
static uint64_t look_to(struct tmi_search *search, uint64_t last)
{
	uint64_t look = search->look;

	if (!search->tells_resident || last - search->run_next < look)
		return last;
	if (look <= UINT64_MAX / LOOK_GROWTH)
		search->look *= LOOK_GROWTH;
	return search->run_next + (look - 1);
}

/* Zeros from @from on, so many that skipping them is worth it. */
static bool find_zeros(struct tmi_search *search, uint64_t from, uint64_t last, uint64_t *end)
{
	return tmi_space_untouched(search->space, &search->run, from, last, end) &&
	       (*end >= last || *end - from >= TMI_SEARCH_SMALL - 1);
}

/* As tmi_space_valid_in_run() from run_next on. */
static tmem_status look_in_run(struct tmi_search *search, uint64_t last, uint64_t *first,
			       uint64_t *end)
{
	uint64_t to;
	tmem_status status;

	if (search->run_next > last)
		return TMEM_E_NO_MORE_ENTRIES;
	/* Never touched: that is asked first, as it costs the same for any size. */
	*first = search->run_next;
	if (search->tells_resident && find_zeros(search, *first, last, end))
		return TMEM_S_OK;
	to = look_to(search, last);
	status = tmi_space_valid_in_run(search->space, &search->run, search->run_next, to, first,
					end);
	if (status != TMEM_E_NO_MORE_ENTRIES || to == last)
		return status;
	*first = to + 1;
	return TMEM_S_FALSE;
}

/* Finds the next readable stretch: [at, stretch_last]. */
tmem_status tmi_search_next_stretch(struct tmi_search *search)
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
		if (presume(search, last))
			return TMEM_S_OK;
		status = look_in_run(search, last, &first, &end);
		if (status == TMEM_S_OK)
			break;
		if (status == TMEM_S_FALSE) {
			search->run_next = first;
			status = tmi_search_check(search);
			if (status == TMEM_S_OK)
				continue;
		}
		if (status != TMEM_E_NO_MORE_ENTRIES)
			return status;
		search->in_run = false;
	}
	enter_stretch(search, first, end);
	return TMEM_S_OK;
}
