/* SPDX-License-Identifier: Apache-2.0 */
/*
 * g18_image_strings.c - row G18: 1000 strings at random places of an image, one call each or one
 * for all; cold, when no string was read shortly before, and hot, when the same ones are read over
 * and over.
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
	struct tmem_string_transfer items[STRINGS];
	const uint8_t *found[STRINGS]; /* by the limit */
	char texts[STRINGS][MOST];
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;

	state->image = bench_row_image();
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

/* --- one call for all --- */

static void choose(struct state *state, uint64_t from)
{
	for (uint64_t i = 0; i < STRINGS; i++)
		state->items[i] = (struct tmem_string_transfer){
			.offset = state->image->pages + bench_text_offset(random_page(from + i)),
			.max_bytes = MOST,
			.buffer = state->texts[i],
			.buffer_size = MOST,
		};
}

/* All misses are on their way before the first copy. */
static bool limit_batch(struct state *state)
{
	for (size_t i = 0; i < STRINGS; i++) {
		uint64_t physical;

		if (!bench_image_walk(state->image, state->items[i].offset, &physical))
			return bench_fail("the limit found no page");
		state->found[i] = state->image->map + physical;
		__builtin_prefetch(state->found[i]);
	}
	for (size_t i = 0; i < STRINGS; i++) {
		uint64_t room = BENCH_PAGE - state->items[i].offset % BENCH_PAGE;

		if (!memccpy(state->texts[i], state->found[i], 0, room < MOST ? room : MOST) &&
		    room < MOST)
			return bench_fail("the limit found no end");
	}
	return true;
}

static bool library_batch(struct state *state)
{
	return bench_good(
		tmem_read_multi_byte_string_virtual_batch(state->target, state->items, STRINGS),
		state->target, "batch");
}

static bool repeat_batch(struct state *state, bool cold, bool (*read)(struct state *state),
			 uint64_t work)
{
	for (uint64_t done = 0; done < work; done += STRINGS) {
		if (cold || !done)
			choose(state, done);
		if (!read(state))
			return false;
		bench_use((uint64_t)state->texts[done / STRINGS % STRINGS][0]);
	}
	return true;
}

static bool cold_limit_batch(void *state, uint64_t work)
{
	return repeat_batch(state, true, limit_batch, work);
}

static bool cold_library_batch(void *state, uint64_t work)
{
	return repeat_batch(state, true, library_batch, work);
}

static bool hot_limit_batch(void *state, uint64_t work)
{
	return repeat_batch(state, false, limit_batch, work);
}

static bool hot_library_batch(void *state, uint64_t work)
{
	return repeat_batch(state, false, library_batch, work);
}

static bool verify_batch_side(struct state *state, bool (*read)(struct state *state),
			      const char *what)
{
	for (uint64_t from = 0; from < 10 * STRINGS; from += STRINGS) {
		choose(state, from);
		memset(state->texts, 1, sizeof(state->texts));
		if (!read(state))
			return false;
		for (uint64_t i = 0; i < STRINGS; i++)
			if (!bench_is_text(state->texts[i], random_page(from + i), what))
				return false;
	}
	return true;
}

static enum bench_result verify_batch(void *state)
{
	return verify_batch_side(state, limit_batch, "limit") &&
			       verify_batch_side(state, library_batch, "library")
		       ? BENCH_READY
		       : BENCH_FAILED;
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
		.guest = "1000 strings, guest, cold, each",
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
	{
		.metric = "1000 strings, image, cold, one call, each",
		.guest = "1000 strings, guest, cold, one call, each",
		.goal = "<= 100 ns",
		.most_ns = 100,
		.unit = BENCH_TIME,
		.work = 500 * STRINGS,
		.verify = verify_batch,
		.limits = { { "walk, prefetch, memccpy", cold_limit_batch } },
		.library = { "tmem_read_multi_byte_string_virtual_batch", cold_library_batch },
	},
	{
		.metric = "1000 strings, image, hot, one call, each",
		.goal = "<= 25 ns",
		.most_ns = 25,
		.unit = BENCH_TIME,
		.work = 1000 * STRINGS,
		.verify = verify_batch,
		.limits = { { "walk, prefetch, memccpy", hot_limit_batch } },
		.library = { "tmem_read_multi_byte_string_virtual_batch", hot_library_batch },
	},
};

const struct bench_row bench_g18_image_strings = {
	.id = "G18",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
