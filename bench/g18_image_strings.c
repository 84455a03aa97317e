/* SPDX-License-Identifier: Apache-2.0 */
/*
 * g18_image_strings.c - row G18: 1000 strings at random places of an image, one call each; cold,
 * when no string was read shortly before, and hot, when the same ones are read over and over.
 */
#include <string.h>

#include "fixture.h"
#include "image_walk.h"

#define STRINGS 1000
#define MOST    256u

struct state {
	const struct bench_image *image;
	tmem_target *target;
	char text[MOST];
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;

	state->image = bench_memory_image();
	state->target = state->image ? bench_open_image(state->image, 1) : NULL;
	return state->target ? BENCH_READY : BENCH_FAILED;
}

static void finish(void *argument)
{
	tmem_close(((struct state *)argument)->target);
}

static uint64_t random_page(uint64_t index)
{
	return bench_mix(index) % (bench_size() / BENCH_PAGE);
}

/* Walks, and copies up to and with the first zero; what crosses a page is not needed here. */
__attribute__((noinline)) static bool limit_read(struct state *state, uint64_t address)
{
	uint64_t room = BENCH_PAGE - address % BENCH_PAGE;
	uint64_t physical;

	if (!bench_image_walk(state->image, address, &physical))
		return false;
	return memccpy(state->text, state->image->map + physical, 0,
		       room < sizeof(state->text) ? room : sizeof(state->text)) ||
	       room >= sizeof(state->text);
}

static bool library_read(struct state *state, uint64_t address)
{
	return tmem_read_multi_byte_string_virtual(state->target, address, MOST, state->text, MOST,
						   NULL) == TMEM_S_OK;
}

static inline __attribute__((always_inline)) bool
repeat(struct state *state, uint64_t strings, bool (*read)(struct state *state, uint64_t address),
       uint64_t work)
{
	for (uint64_t i = 0; i < work; i++) {
		uint64_t page = random_page(i % strings);

		if (!read(state, state->image->pages + bench_text_offset(page)))
			return bench_fail("a string: %s", tmem_last_error(state->target));
		bench_use((uint64_t)state->text[0]);
	}
	return true;
}

static bool cold_limit(void *state, uint64_t work)
{
	return repeat(state, UINT64_MAX, limit_read, work);
}

static bool cold_library(void *state, uint64_t work)
{
	return repeat(state, UINT64_MAX, library_read, work);
}

static bool hot_limit(void *state, uint64_t work)
{
	return repeat(state, STRINGS, limit_read, work);
}

static bool hot_library(void *state, uint64_t work)
{
	return repeat(state, STRINGS, library_read, work);
}

static bool verify_side(struct state *state, bool (*read)(struct state *state, uint64_t address),
			const char *what)
{
	for (uint64_t i = 0; i < 10 * STRINGS; i++) {
		uint64_t page = random_page(i);

		memset(state->text, 1, sizeof(state->text));
		if (!read(state, state->image->pages + bench_text_offset(page)))
			return bench_fail("%s: no string", what);
		if (!bench_is_text(state->text, page, what))
			return false;
	}
	return true;
}

static enum bench_result verify(void *state)
{
	return verify_side(state, limit_read, "limit") &&
			       verify_side(state, library_read, "library")
		       ? BENCH_READY
		       : BENCH_FAILED;
}

static const struct bench_line lines[] = {
	{
		.metric = "1000 strings, image, cold, each",
		.goal = "<= 100 ns",
		.most_ns = 100,
		.unit = BENCH_TIME,
		.work = 500 * STRINGS,
		.verify = verify,
		.limits = { { "walk and memccpy", cold_limit } },
		.library = { "tmem_read_multi_byte_string_virtual", cold_library },
	},
	{
		.metric = "1000 strings, image, hot, each",
		.goal = "<= 25 ns",
		.most_ns = 25,
		.unit = BENCH_TIME,
		.work = 1000 * STRINGS,
		.verify = verify,
		.limits = { { "walk and memccpy", hot_limit } },
		.library = { "tmem_read_multi_byte_string_virtual", hot_library },
	},
};

const struct bench_row bench_g18_image_strings = {
	.id = "G18",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
