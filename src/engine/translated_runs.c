/* SPDX-License-Identifier: Apache-2.0 */
/*
 * translated_runs.c - what is mapped behind page tables; see translated.h.
 *
 * A run is a stretch of pages with equal protection, cut where a named part of the kernel begins or
 * ends. Whether the frames are in memory is a second question, asked of the physical space.
 *
 * Tables that lead back into themselves describe more pages than anyone can walk through. What is
 * counted here is bounded; a stretch that is longer comes in pieces.
 */
#include "engine/kernel.h"
#include "engine/translated.h"

#define PAGE_SIZE UINT64_C(4096)

/* Entries looked at by one call of a scheme. */
#define STEP_BUDGET (1u << 16)

/* And where it is not known whether their frames are in memory: more after each that are, so that
 * little was looked at in vain where many are missing. */
#define FIRST_BUDGET  64u
#define BUDGET_GROWTH 4

/* Steps in which no page was found before a question is given up: about a second. */
#define GAP_STEPS (1u << 14)

/* Steps in which a run grows. */
#define GROW_STEPS (1u << 10)

/*
 * What a question about readable stretches may cost, in entries looked at: some tenths of a second.
 * What it costs to ask for one more extent weighs as much as some entries.
 */
#define VALID_COST (UINT64_C(1) << 26)
#define ASK_COST   32

/* One step of the scheme, by bytes that a file really has. */
static tmem_status next_extent(const struct tmi_translation *translation, uint64_t from,
			       uint64_t last, uint32_t join, size_t budget,
			       struct tmi_paging_extent *extent)
{
	struct tmi_paging_memory *memory;
	tmem_status status;

	do {
		memory = tmi_translated_memory(translation->physical);
		status = translation->scheme->next(&translation->tables, memory, from, last, join,
						   budget, extent);
	} while (tmi_translated_truncated(memory));
	return status;
}

/*
 * The first pages at or above @from; a gap is walked over step by step, the first of @budget
 * entries. Adds to *cost.
 */
static tmem_status first_extent(const struct tmi_translation *translation, uint64_t from,
				uint64_t last, uint32_t join, size_t budget,
				struct tmi_paging_extent *extent, uint64_t *cost)
{
	tmem_status status = TMEM_S_FALSE;
	uint64_t pages = 0;

	extent->first = from;
	for (unsigned i = 0; i < GAP_STEPS && status == TMEM_S_FALSE; i++) {
		from = extent->first;
		status = next_extent(translation, from, last, join, budget, extent);
		pages = status == TMEM_S_OK ? (extent->last - from) / PAGE_SIZE : budget;
		*cost += ASK_COST + (pages < budget ? pages : budget);
		budget = STEP_BUDGET;
	}
	if (status == TMEM_S_FALSE)
		return tmi_fail_text(TMEM_E_FAIL,
				     "the page tables around %016llx hold more empty tables than "
				     "memory could: they lead back into themselves",
				     (unsigned long long)extent->first);
	return status;
}

static uint32_t protection(uint32_t protect)
{
	if (protect & TMI_PAGING_NO_ACCESS)
		return TMEM_PAGE_NOACCESS;
	if (protect & TMI_PAGING_EXECUTE)
		return protect & TMI_PAGING_WRITE ? TMEM_PAGE_EXECUTE_READWRITE
						  : TMEM_PAGE_EXECUTE_READ;
	return protect & TMI_PAGING_WRITE ? TMEM_PAGE_READWRITE : TMEM_PAGE_READONLY;
}

static bool same_protection(uint32_t a, uint32_t b)
{
	const uint32_t counts =
		TMI_PAGING_WRITE | TMI_PAGING_EXECUTE | TMI_PAGING_USER | TMI_PAGING_NO_ACCESS;

	return !((a ^ b) & counts);
}

/* Joins what follows @extent with the same protection; @last is as far as it may grow. */
static void grow(const struct tmi_translation *translation, uint64_t last,
		 struct tmi_paging_extent *extent)
{
	for (unsigned i = 0; i < GROW_STEPS && extent->last < last; i++) {
		struct tmi_paging_extent more;

		if (next_extent(translation, extent->last + 1, last, TMI_PAGING_JOIN_PROTECT,
				STEP_BUDGET, &more) != TMEM_S_OK ||
		    more.first != extent->last + 1 ||
		    !same_protection(more.protect, extent->protect))
			return;
		extent->last = more.last;
	}
}

tmem_status tmi_translated_run(struct tmi_space *space, const struct tmi_translation *translation,
			       uint64_t from, struct tmi_run *run)
{
	struct tmi_paging_extent extent;
	uint64_t last = tmi_space_last(space);
	uint64_t cost = 0;
	uint64_t end;
	tmem_status status;

	from &= ~(PAGE_SIZE - 1);
	status = first_extent(translation, from, last, TMI_PAGING_JOIN_PROTECT, STEP_BUDGET,
			      &extent, &cost);
	if (status != TMEM_S_OK)
		return status;
	*run = (struct tmi_run){
		.first = extent.first,
		.name = tmi_kernel_range(space->shared->kernel, extent.first, &end),
		.protect = protection(extent.protect),
		.state = TMEM_MEM_COMMIT,
		.source = TMEM_VSOURCE_DEBUGGEE,
		.uncertain = true,
	};
	/* A part of the kernel may end inside a page; a run that did would be the next one too. */
	end |= PAGE_SIZE - 1;
	end = end < last ? end : last;
	if (extent.last < end)
		grow(translation, end, &extent);
	run->last = extent.last < end ? extent.last : end;
	return TMEM_S_OK;
}

/* The readable stretch of physical memory that was seen last: it mostly holds what comes next. */
struct frames {
	struct tmi_space *physical;
	uint64_t first;
	uint64_t last;
};

/* True when [begin, stop] lies in a stretch that one question tells. */
static bool find_frames(struct frames *frames, uint64_t begin, uint64_t stop)
{
	struct tmi_run run;

	if (begin >= frames->first && stop <= frames->last)
		return true;
	if (tmi_space_run(frames->physical, begin, &run) != TMEM_S_OK || run.first > begin ||
	    run.last < stop || run.uncertain || run.source == TMEM_VSOURCE_INVALID)
		return false;
	frames->first = run.first;
	frames->last = run.last;
	return true;
}

/* First readable part of an extent of frames that follow each other: [*first, *end], virtual. */
static tmem_status first_readable(struct frames *frames, const struct tmi_paging_extent *extent,
				  uint64_t *first, uint64_t *end)
{
	uint64_t begin = extent->physical;
	uint64_t stop = begin + (extent->last - extent->first);
	tmem_status status = TMEM_S_OK;

	if (!find_frames(frames, begin, stop))
		status = tmi_space_valid(frames->physical, begin, stop, &frames->first,
					 &frames->last);
	if (status != TMEM_S_OK) {
		frames->first = 1;
		frames->last = 0;
		return status;
	}
	*first = extent->first + (frames->first > begin ? frames->first - begin : 0);
	*end = extent->last - (frames->last < stop ? stop - frames->last : 0);
	return TMEM_S_OK;
}

/* A walk over readable pages. */
struct valid_walk {
	const struct tmi_translation *translation;
	struct frames frames;
	uint64_t from;
	uint64_t last;
	uint64_t cost;
	size_t budget;  /* of the next question */
	bool piecewise; /* up to piece_last, pages come by frames that follow each other */
	uint64_t piece_last;
};

/* The next pages: all that follow each other at once, as frames are mostly readable. */
static tmem_status next_pages(struct valid_walk *walk, struct tmi_paging_extent *extent)
{
	walk->piecewise = walk->piecewise && walk->from <= walk->piece_last;
	return first_extent(walk->translation, walk->from, walk->last,
			    walk->piecewise ? TMI_PAGING_JOIN_PHYSICAL : TMI_PAGING_BOUNDS,
			    walk->budget, extent, &walk->cost);
}

/* First readable part of them. TMEM_S_FALSE: they have to be looked at piece by piece. */
static tmem_status readable_pages(struct valid_walk *walk, const struct tmi_paging_extent *extent,
				  uint64_t *first, uint64_t *end)
{
	if (walk->piecewise)
		return first_readable(&walk->frames, extent, first, end);
	if (!find_frames(&walk->frames, extent->lowest, extent->highest)) {
		walk->piecewise = true;
		walk->piece_last = extent->last;
		walk->budget = FIRST_BUDGET;
		return TMEM_S_FALSE;
	}
	*first = extent->first;
	*end = extent->last;
	return TMEM_S_OK;
}

/* All of an extent was readable: probably more of the next is. */
static void look_further(struct valid_walk *walk)
{
	if (walk->budget < STEP_BUDGET)
		walk->budget *= BUDGET_GROWTH;
}

tmem_status tmi_translated_valid(const struct tmi_translation *translation, uint64_t from,
				 uint64_t last, uint64_t *first, uint64_t *end)
{
	struct valid_walk walk = {
		.translation = translation,
		.frames = { .physical = translation->physical, .first = 1, .last = 0 },
		.from = from,
		.last = last,
		.budget = FIRST_BUDGET,
	};
	struct tmi_paging_extent extent;
	bool found = false;
	uint64_t begin, stop;

	while (walk.cost < VALID_COST) {
		tmem_status status = next_pages(&walk, &extent);

		if (status != TMEM_S_OK)
			return found ? TMEM_S_OK : status;
		if (found && extent.first != *end + 1)
			break;
		status = readable_pages(&walk, &extent, &begin, &stop);
		if (status == TMEM_S_FALSE)
			continue;
		if (status == TMEM_S_OK && found && begin != *end + 1)
			break;
		if (status == TMEM_S_OK) {
			*first = found ? *first : begin;
			*end = stop;
			found = true;
		}
		if (extent.last >= last)
			return found ? TMEM_S_OK : TMEM_E_NO_MORE_ENTRIES;
		if (found && *end < extent.last)
			break;
		if (found)
			look_further(&walk);
		walk.from = extent.last + 1;
	}
	if (found)
		return TMEM_S_OK;
	*first = walk.from;
	return TMEM_S_FALSE;
}
