/* SPDX-License-Identifier: Apache-2.0 */
/*
 * g15_search_kinds.c - row G15: 16 patterns at once, and aligned integers within a range, in a
 * running process and in a core that is mapped already.
 *
 * The needle is one of the patterns, of 6 to 21 bytes, and its second half the one integer; nothing
 * else is there. The limit is that of a search for the needle alone.
 */
#include <string.h>

#include "search.h"

#define PATTERNS     16
#define THE_NEEDLE   11 /* its index */
#define LONGEST      24
#define HALF_A_RANGE (UINT64_C(1) << 31)

struct state {
	struct bench_search in; /* first: the limits take the state for it */
	uint8_t bytes[PATTERNS][LONGEST];
	struct tmem_search_pattern patterns[PATTERNS];
	uint64_t integer;
};

/* Patterns of which the memory has none but the needle; verify() knows. */
static void make_patterns(struct state *state)
{
	for (size_t i = 0; i < PATTERNS; i++) {
		for (size_t k = 0; k < LONGEST; k += 8) {
			uint64_t word = bench_mix(UINT64_MAX / 2 + i * LONGEST + k);

			memcpy(state->bytes[i] + k, &word, 8);
		}
		state->patterns[i] =
			(struct tmem_search_pattern){ .bytes = state->bytes[i], .size = 6 + i };
	}
	state->patterns[THE_NEEDLE].bytes = bench_needle;
	state->patterns[THE_NEEDLE].size = BENCH_NEEDLE_SIZE;
	memcpy(&state->integer, bench_needle + BENCH_NEEDLE_SIZE - 8, 8);
}

static enum bench_result setup(void *argument)
{
	struct state *state = argument;

	make_patterns(state);
	return bench_search_init(&state->in) ? BENCH_READY : BENCH_FAILED;
}

static void finish(void *argument)
{
	bench_search_fini(&((struct state *)argument)->in);
}

/* Where the first match is, as an offset from @base; it must be the only one. */
static bool search(tmem_target *target, struct tmem_search_request *request, uint64_t base,
		   uint64_t work, struct tmem_search_match *match)
{
	tmem_search_cursor *cursor;
	uint64_t next;
	bool good;

	request->size = sizeof(*request);
	request->space = TMEM_DATA_SPACE_VIRTUAL;
	request->offset = base;
	request->length = work;
	match->size = sizeof(*match);
	if (!bench_good(tmem_search_cursor_new(target, request, &cursor), target, "search"))
		return false;
	good = bench_good(tmem_search_cursor_next2(cursor, match), target, "search");
	if (good && tmem_search_cursor_next(cursor, &next) != TMEM_E_NO_MORE_ENTRIES)
		good = bench_fail("more than one match");
	tmem_search_cursor_free(cursor);
	match->offset -= base;
	return good;
}

static bool search_patterns(const struct state *state, tmem_target *target, uint64_t base,
			    uint64_t work)
{
	struct tmem_search_request request = { .kind = TMEM_SEARCH_PATTERNS,
					       .patterns = state->patterns,
					       .pattern_count = PATTERNS,
					       .pattern_granularity = 1 };
	struct tmem_search_match match;

	return search(target, &request, base, work, &match) &&
	       bench_search_is_at_end(match.offset) &&
	       (match.pattern == THE_NEEDLE || bench_fail("another pattern was found"));
}

static bool search_integers(const struct state *state, tmem_target *target, uint64_t base,
			    uint64_t work)
{
	struct tmem_search_request request = { .kind = TMEM_SEARCH_UNSIGNED_INTEGERS,
					       .integer_size = 8,
					       .minimum = state->integer - HALF_A_RANGE,
					       .maximum = state->integer + HALF_A_RANGE,
					       .pattern_granularity = 8 };
	struct tmem_search_match match;

	return search(target, &request, base, work, &match) &&
	       bench_search_is_at_end(match.offset - (BENCH_NEEDLE_SIZE - 8)) &&
	       (match.value == state->integer || bench_fail("another integer was found"));
}

static bool live_patterns(void *argument, uint64_t work)
{
	const struct state *state = argument;

	return search_patterns(state, state->in.live, state->in.process->address, work);
}

static bool stored_patterns(void *argument, uint64_t work)
{
	const struct state *state = argument;

	return search_patterns(state, state->in.stored, state->in.core->address, work);
}

static bool live_integers(void *argument, uint64_t work)
{
	const struct state *state = argument;

	return search_integers(state, state->in.live, state->in.process->address, work);
}

static bool stored_integers(void *argument, uint64_t work)
{
	const struct state *state = argument;

	return search_integers(state, state->in.stored, state->in.core->address, work);
}

static enum bench_result verify(void *argument)
{
	uint64_t size = bench_size();

	return bench_search_live_limit(argument, size) &&
			       bench_search_stored_limit(argument, size) &&
			       live_patterns(argument, size) && stored_patterns(argument, size) &&
			       live_integers(argument, size) && stored_integers(argument, size)
		       ? BENCH_READY
		       : BENCH_FAILED;
}

static const struct bench_line lines[] = {
	{
		.metric = "16 patterns at once, process",
		.goal = ">= 0.4",
		.least = 0.4,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.verify = verify,
		.limits = { { "process_vm_readv of 256 KiB, scan for one",
			      bench_search_live_limit } },
		.library = { "tmem_search_cursor", live_patterns },
	},
	{
		.metric = "16 patterns at once, core, again",
		.goal = ">= 0.4",
		.least = 0.4,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.limits = { { "scan of the mapped file for one", bench_search_stored_limit } },
		.library = { "tmem_search_cursor", stored_patterns },
	},
	{
		.metric = "u64 in a range, process",
		.goal = ">= 0.8",
		.least = 0.8,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.limits = { { "process_vm_readv of 256 KiB, scan for one",
			      bench_search_live_limit } },
		.library = { "tmem_search_cursor", live_integers },
	},
	{
		.metric = "u64 in a range, core, again",
		.goal = ">= 0.8",
		.least = 0.8,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.limits = { { "scan of the mapped file for one", bench_search_stored_limit } },
		.library = { "tmem_search_cursor", stored_integers },
	},
};

const struct bench_row bench_g15_search_kinds = {
	.id = "G15",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
