/* SPDX-License-Identifier: Apache-2.0 */
/* g07_image_scatter.c - row G7: 1024 random words of an image in one call. */
#include "fixture.h"
#include "image_walk.h"

#define ELEMENTS 1024

struct state {
	const struct bench_image *image;
	tmem_target *target;
	struct tmem_transfer items[ELEMENTS];
	const uint8_t *found[ELEMENTS]; /* by the limit */
	uint64_t values[ELEMENTS];
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;

	state->image = bench_row_image();
	state->target = state->image ? bench_open_image(state->image, 1) : NULL;
	for (size_t i = 0; i < ELEMENTS; i++) {
		state->items[i].buffer = &state->values[i];
		state->items[i].size = sizeof(state->values[i]);
	}
	return state->target ? BENCH_READY : BENCH_FAILED;
}

static void finish(void *argument)
{
	tmem_close(((struct state *)argument)->target);
}

static uint64_t place(uint64_t index)
{
	return bench_mix(index) % (bench_size() / 8) * 8;
}

static void choose(struct state *state, uint64_t from)
{
	for (size_t i = 0; i < ELEMENTS; i++)
		state->items[i].offset = state->image->pages + place(from + i);
}

/* All misses are on their way before the first copy. */
static bool read_by_walk(struct state *state)
{
	for (size_t i = 0; i < ELEMENTS; i++) {
		uint64_t physical;

		if (!bench_image_walk(state->image, state->items[i].offset, &physical))
			return bench_fail("the limit found no page");
		state->found[i] = state->image->map + physical;
		__builtin_prefetch(state->found[i]);
	}
	for (size_t i = 0; i < ELEMENTS; i++)
		memcpy(&state->values[i], state->found[i], sizeof(state->values[i]));
	return true;
}

static bool read_by_library(struct state *state)
{
	return bench_good(tmem_read_virtual_batch(state->target, state->items, ELEMENTS),
			  state->target, "batch");
}

static bool repeat(struct state *state, bool (*read)(struct state *state), uint64_t work)
{
	for (uint64_t done = 0; done < work; done += ELEMENTS) {
		choose(state, done);
		if (!read(state))
			return false;
		bench_use(state->values[done / ELEMENTS % ELEMENTS]);
	}
	return true;
}

static bool limit(void *state, uint64_t work)
{
	return repeat(state, read_by_walk, work);
}

static bool library(void *state, uint64_t work)
{
	return repeat(state, read_by_library, work);
}

static bool verify_side(struct state *state, bool (*read)(struct state *state), uint64_t from)
{
	choose(state, from);
	memset(state->values, 0, sizeof(state->values));
	if (!read(state))
		return false;
	for (size_t i = 0; i < ELEMENTS; i++)
		if (state->values[i] != bench_word(place(from + i)))
			return bench_fail("element %zu: wrong bytes", i);
	return true;
}

static enum bench_result verify(void *argument)
{
	for (uint64_t from = 0; from < 1024 * ELEMENTS; from += ELEMENTS)
		if (!verify_side(argument, read_by_walk, from) ||
		    !verify_side(argument, read_by_library, from))
			return BENCH_FAILED;
	return BENCH_READY;
}

static const struct bench_line lines[] = {
	{
		.metric = "scatter, image, 1024 random, an element",
		.guest = "scatter, guest, 1024 random, an element",
		.goal = "<= 15 ns, >= 0.6",
		.most_ns = 15,
		.least = 0.6,
		.unit = BENCH_TIME,
		.work = 4096 * ELEMENTS,
		.verify = verify,
		.limits = { { "walk, prefetch, copy", limit } },
		.library = { "tmem_read_virtual_batch", library },
	},
};

const struct bench_row bench_g07_image_scatter = {
	.id = "G7",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
