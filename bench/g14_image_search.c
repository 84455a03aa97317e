/* SPDX-License-Identifier: Apache-2.0 */
/*
 * g14_image_search.c - row G14: searching an image by virtual address. The limit is that of row
 * G10, reading all of it: a search has to bring every byte to the processor, and scans it there.
 * Where every page is seen at BENCH_ALIASES addresses, once is still enough.
 */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "image_copy.h"

#define PIECE ((size_t)1 << 20)

struct state {
	const struct bench_image *image;
	tmem_target *target;
	tmem_target *aliases; /* the same memory BENCH_ALIASES times */
	uint8_t *buffer;
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;

	state->image = bench_row_image();
	state->target = state->image ? bench_open_image(state->image, 1) : NULL;
	if (state->target && state->image->alias_size)
		state->aliases = bench_open_aliases(state->image, 1);
	state->buffer = aligned_alloc(BENCH_PAGE, PIECE);
	return state->target && state->buffer ? BENCH_READY : BENCH_FAILED;
}

static void finish(void *argument)
{
	struct state *state = argument;

	tmem_close(state->target);
	tmem_close(state->aliases);
	free(state->buffer);
}

static bool limit(void *argument, uint64_t work)
{
	const struct state *state = argument;

	for (uint64_t at = 0; at < work; at += PIECE)
		if (!bench_image_copy(state->image, state->image->pages + at, state->buffer, PIECE))
			return false;
	return true;
}

static bool library(void *argument, uint64_t work)
{
	const struct state *state = argument;
	uint64_t found = 0;

	if (!bench_good(tmem_search_virtual(state->target, state->image->pages, work, bench_needle,
					    BENCH_NEEDLE_SIZE, 1, &found),
			state->target, "search"))
		return false;
	return found == state->image->pages + bench_size() - BENCH_NEEDLE_SIZE ||
	       bench_fail("the needle was found at %#llx", (unsigned long long)found);
}

/* What is nowhere, the needle but for its last byte, at all addresses that the memory has. */
static bool aliases(void *argument, uint64_t work)
{
	const struct state *state = argument;
	uint8_t absent[BENCH_NEEDLE_SIZE];
	uint64_t found = 0;
	tmem_status status;

	(void)work; /* all of it */
	memcpy(absent, bench_needle, sizeof(absent));
	absent[sizeof(absent) - 1] ^= 0xff;
	status = tmem_search_virtual(state->aliases, 0, BENCH_ALIASES * state->image->alias_size,
				     absent, sizeof(absent), 1, &found);
	return status == TMEM_E_NO_MORE_ENTRIES ||
	       bench_fail("a search for what is not there returned %#x", (unsigned)status);
}

/* The needle is found at each address: what is skipped wrongly would be missed here. */
static enum bench_result verify_aliases(void *argument)
{
	const struct state *state = argument;
	const uint64_t size = state->image->alias_size;
	uint64_t found = 0;

	for (uint64_t alias = 0; alias < BENCH_ALIASES; alias++) {
		if (!bench_good(tmem_search_virtual(state->aliases, alias * size,
						    (BENCH_ALIASES - alias) * size, bench_needle,
						    BENCH_NEEDLE_SIZE, 1, &found),
				state->aliases, "search"))
			return BENCH_FAILED;
		if (found != alias * size + bench_size() - BENCH_NEEDLE_SIZE) {
			bench_fail("the needle was found at %#llx", (unsigned long long)found);
			return BENCH_FAILED;
		}
	}
	return aliases(argument, bench_size()) ? BENCH_READY : BENCH_FAILED;
}

/* The search itself is the check; it also maps the pages. */
static enum bench_result verify(void *state)
{
	return limit(state, bench_size()) && library(state, bench_size()) ? BENCH_READY
									  : BENCH_FAILED;
}

static const struct bench_line lines[] = {
	{
		.metric = "search 16 B, image, shuffled 4 KiB pages",
		.guest = "search 16 B, guest, a process",
		.goal = ">= 0.75",
		.least = 0.75,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.verify = verify,
		.limits = { { "walk and memcpy of each page", limit } },
		.library = { "tmem_search_virtual", library },
	},
	{
		.metric = "search 16 B, image, at 8 addresses each",
		.goal = ">= 0.3",
		.least = 0.3,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.verify = verify_aliases,
		.limits = { { "walk and memcpy of each page, once", limit } },
		.library = { "tmem_search_virtual", aliases },
	},
};

const struct bench_row bench_g14_image_search = {
	.id = "G14",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
