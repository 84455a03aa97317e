/* SPDX-License-Identifier: Apache-2.0 */
/*
 * g15_masked_search.c - row G15: 16 bytes of which some bits do not count, in a running process and
 * in a core that is mapped already.
 *
 * The pattern is wrong in every bit that the mask leaves out. The limit looks for the same place by
 * the first and the last byte, which both count in full, so a mask costs it nothing.
 */

#include "search.h"

static const uint8_t mask[BENCH_NEEDLE_SIZE] = { 0xff, 0xff, 0xf0, 0xff, 0x00, 0x00, 0xff, 0x0f,
						 0xff, 0x00, 0xff, 0xdf, 0xff, 0x7f, 0xff, 0xff };

struct state {
	struct bench_search in; /* first: the limits take the state for it */
	uint8_t pattern[BENCH_NEEDLE_SIZE];
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;

	for (size_t i = 0; i < BENCH_NEEDLE_SIZE; i++)
		state->pattern[i] = bench_needle[i] ^ (uint8_t)~mask[i];
	return bench_search_init(&state->in) ? BENCH_READY : BENCH_FAILED;
}

static void finish(void *argument)
{
	bench_search_fini(&((struct state *)argument)->in);
}

static bool search(const struct state *state, tmem_target *target, uint64_t base, uint64_t work)
{
	struct tmem_search_request request = { .size = sizeof(request),
					       .space = TMEM_DATA_SPACE_VIRTUAL,
					       .offset = base,
					       .length = work,
					       .pattern = state->pattern,
					       .mask = mask,
					       .pattern_size = BENCH_NEEDLE_SIZE,
					       .pattern_granularity = 1 };
	tmem_search_cursor *cursor;
	uint64_t found = 0;
	bool good;

	if (!bench_good(tmem_search_cursor_new(target, &request, &cursor), target, "search"))
		return false;
	good = bench_good(tmem_search_cursor_next(cursor, &found), target, "search");
	tmem_search_cursor_free(cursor);
	return good && bench_search_is_at_end(found - base);
}

static bool live_library(void *argument, uint64_t work)
{
	const struct state *state = argument;

	return search(state, state->in.live, state->in.process->address, work);
}

static bool stored_library(void *argument, uint64_t work)
{
	const struct state *state = argument;

	return search(state, state->in.stored, state->in.core->address, work);
}

/* Every side must find the needle and nothing before it; the pattern itself is nowhere. */
static enum bench_result verify(void *argument)
{
	const struct state *state = argument;
	uint64_t found;

	if (tmem_search_virtual(state->in.stored, state->in.core->address, bench_size(),
				state->pattern, BENCH_NEEDLE_SIZE, 1,
				&found) != TMEM_E_NO_MORE_ENTRIES) {
		bench_fail("what the mask leaves out was found too");
		return BENCH_FAILED;
	}
	return bench_search_live_limit(argument, bench_size()) &&
			       live_library(argument, bench_size()) &&
			       bench_search_stored_limit(argument, bench_size()) &&
			       stored_library(argument, bench_size())
		       ? BENCH_READY
		       : BENCH_FAILED;
}

static const struct bench_line lines[] = {
	{
		.metric = "search 16 B with a mask, process",
		.goal = ">= 0.8",
		.least = 0.8,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.verify = verify,
		.limits = { { "process_vm_readv of 256 KiB, scan", bench_search_live_limit } },
		.library = { "tmem_search_cursor", live_library },
	},
	{
		.metric = "search 16 B with a mask, core, again",
		.goal = ">= 0.8",
		.least = 0.8,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.limits = { { "scan of the mapped file", bench_search_stored_limit } },
		.library = { "tmem_search_cursor", stored_library },
	},
};

const struct bench_row bench_g15_masked_search = {
	.id = "G15",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
