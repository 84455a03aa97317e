/* SPDX-License-Identifier: Apache-2.0 */
/* runs.c - runs and readable stretches of one space; see space.h. */
#include "engine/translated.h"

/* Single questions asked before a snapshot of all runs becomes the cheaper way. */
#define SINGLE_RUNS 4

tmem_status tmi_space_run(struct tmi_space *space, uint64_t from, struct tmi_run *run)
{
	const struct tmi_translation *translation = tmi_space_translation(space);

	if (translation)
		return tmi_translated_run(space, translation, from, run);
	return space->shared->kind->run(space->shared->state, space->number, from, run);
}

tmem_status tmi_run_walk_begin(struct tmi_run_walk *walk, struct tmi_space *space, uint64_t from)
{
	const struct tmi_target_kind *kind = space->shared->kind;
	tmem_status status = TMEM_S_OK;

	*walk = (struct tmi_run_walk){ .space = space, .from = from };
	if (kind->snapshot && !tmi_space_translation(space))
		status = kind->snapshot(space->shared->state, space->number, &walk->snapshot);
	if (status == TMEM_S_OK && walk->snapshot)
		walk->index = tmi_snapshot_find(walk->snapshot, from);
	return status;
}

tmem_status tmi_run_walk_next(struct tmi_run_walk *walk, struct tmi_run *run)
{
	tmem_status status = TMEM_E_NO_MORE_ENTRIES;

	if (walk->snapshot) {
		if (walk->index >= walk->snapshot->count)
			return TMEM_E_NO_MORE_ENTRIES;
		tmi_snapshot_get(walk->snapshot, walk->index++, run);
		return TMEM_S_OK;
	}
	if (!walk->ended)
		status = tmi_space_run(walk->space, walk->from, run);
	if (status != TMEM_S_OK || run->last >= tmi_space_last(walk->space))
		walk->ended = true;
	else
		walk->from = run->last + 1;
	return status;
}

void tmi_run_walk_end(struct tmi_run_walk *walk)
{
	tmi_snapshot_release(walk->snapshot);
	walk->snapshot = NULL;
	walk->ended = true;
}

tmem_status tmi_space_valid_in_run(struct tmi_space *space, const struct tmi_run *run,
				   uint64_t from, uint64_t last, uint64_t *first, uint64_t *end)
{
	const struct tmi_translation *translation = tmi_space_translation(space);
	const struct tmi_target_kind *kind = space->shared->kind;

	if (from < run->first)
		from = run->first;
	if (last > run->last)
		last = run->last;
	if (from > last || run->source == TMEM_VSOURCE_INVALID)
		return TMEM_E_NO_MORE_ENTRIES;
	if (translation)
		return tmi_translated_valid(translation, from, last, first, end);
	if (run->uncertain && kind->valid)
		return kind->valid(space->shared->state, space->number, run, from, last, first,
				   end);
	*first = from;
	*end = last;
	return TMEM_S_OK;
}

/* A search for the first readable stretch that grows over adjacent runs. */
struct stretch {
	struct tmi_space *space;
	uint64_t from; /* where to look next */
	uint64_t last;
	bool found;
	uint64_t first;
	uint64_t end;
};

/* Takes one run in; true when the search is over. */
static bool take_run(struct stretch *s, const struct tmi_run *run, tmem_status *status)
{
	uint64_t first, end;

	if (run->first > s->last || (s->found && run->first > s->from))
		return true;
	*status = tmi_space_valid_in_run(s->space, run, s->from, s->last, &first, &end);
	if (*status == TMEM_S_OK && s->found && first > s->from)
		return true;
	if (*status == TMEM_S_OK) {
		s->first = s->found ? s->first : first;
		s->end = end;
		s->found = true;
	} else if (*status != TMEM_E_NO_MORE_ENTRIES || s->found) {
		return true;
	}
	if (run->last >= s->last || (s->found && s->end < run->last))
		return true;
	s->from = run->last + 1;
	return false;
}

/* A few single questions first: most stretches are one run. */
static bool ask_singly(struct stretch *s, tmem_status *status)
{
	struct tmi_run run;

	for (int i = 0; i < SINGLE_RUNS; i++) {
		*status = tmi_space_run(s->space, s->from, &run);
		if (*status != TMEM_S_OK || take_run(s, &run, status))
			return true;
	}
	return false;
}

static void ask_snapshot(struct stretch *s, tmem_status *status)
{
	struct tmi_run_walk walk;
	struct tmi_run run;

	*status = tmi_run_walk_begin(&walk, s->space, s->from);
	while (*status == TMEM_S_OK || *status == TMEM_E_NO_MORE_ENTRIES) {
		tmem_status next = tmi_run_walk_next(&walk, &run);

		if (next != TMEM_S_OK) {
			*status = next;
			break;
		}
		if (take_run(s, &run, status))
			break;
	}
	tmi_run_walk_end(&walk);
}

tmem_status tmi_space_valid(struct tmi_space *space, uint64_t from, uint64_t last, uint64_t *first,
			    uint64_t *end)
{
	const struct tmi_translation *translation = tmi_space_translation(space);
	struct stretch s = { .space = space, .from = from, .last = last };
	tmem_status status;

	/* Runs behind page tables are made by walking: only what is asked for is walked over. */
	if (translation)
		return tmi_translated_valid(translation, from, last, first, end);
	if (!ask_singly(&s, &status))
		ask_snapshot(&s, &status);
	if (!s.found)
		return TMEM_FAILED(status) ? status : TMEM_E_NO_MORE_ENTRIES;
	*first = s.first;
	*end = s.end;
	return TMEM_S_OK;
}

tmem_status tmi_space_source(struct tmi_space *space, uint64_t address, uint32_t *source)
{
	const struct tmi_translation *translation = tmi_space_translation(space);
	struct tmi_paging_page page;
	struct tmi_run run;
	uint64_t first, end;
	tmem_status status;

	*source = TMEM_VSOURCE_INVALID;
	if (translation)
		return tmi_translated_page(translation, address, &page)
			       ? tmi_space_source(translation->physical, page.physical, source)
			       : TMEM_S_OK;
	status = tmi_space_run(space, address, &run);
	if (status == TMEM_S_OK && run.first <= address)
		status = tmi_space_valid_in_run(space, &run, address, address, &first, &end);
	else if (status == TMEM_S_OK)
		status = TMEM_E_NO_MORE_ENTRIES;
	if (status == TMEM_S_OK)
		*source = run.source;
	return status == TMEM_E_NO_MORE_ENTRIES ? TMEM_S_OK : status;
}

bool tmi_space_untouched(struct tmi_space *space, const struct tmi_run *run, uint64_t from,
			 uint64_t last, uint64_t *end)
{
	struct tmi_shared *shared = space->shared;
	uint64_t first = from;

	if (last > run->last)
		last = run->last;
	*end = last;
	if (!shared->kind->untouched || tmi_space_translation(space))
		return false;
	/* Overlaid pages are not what the kind thinks: keep the answer to one side of them. */
	if (shared->overlay &&
	    !tmi_overlay_clip(shared->overlay, space->number, from, &first, &last)) {
		*end = from | (TMI_CACHE_PAGE - 1);
		if (*end > last)
			*end = last;
		return false;
	}
	return shared->kind->untouched(shared->state, space->number, run, from, last, end);
}
