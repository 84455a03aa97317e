/* SPDX-License-Identifier: Apache-2.0 */
/* g10_image_bulk.c - row G10: all the memory of an image through its page tables. */
#include <stdlib.h>

#include "fixture.h"
#include "image_copy.h"

#define PIECE ((size_t)1 << 20)

struct state {
	const struct bench_image *image;
	tmem_target *target;
	uint8_t *buffer;
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;

	state->image = bench_row_image();
	state->target = state->image ? bench_open_image(state->image, 1) : NULL;
	state->buffer = aligned_alloc(BENCH_PAGE, PIECE);
	return state->target && state->buffer ? BENCH_READY : BENCH_FAILED;
}

static void finish(void *argument)
{
	struct state *state = argument;

	tmem_close(state->target);
	free(state->buffer);
}

static bool copy(const struct state *state, uint64_t at, size_t size)
{
	return bench_image_copy(state->image, state->image->pages + at, state->buffer, size);
}

/* The library's side of every line. */
static bool read(const struct state *state, uint64_t address, size_t size)
{
	size_t done = 0;

	return (tmem_read_virtual(state->target, address, state->buffer, size, &done) ==
			TMEM_S_OK &&
		done == size) ||
	       bench_fail("read: %s", tmem_last_error(state->target));
}

static bool copy_all(void *state, uint64_t work, size_t piece)
{
	for (uint64_t at = 0; at < work; at += piece)
		if (!copy(state, at, piece))
			return false;
	return true;
}

static bool read_all(const struct state *state, uint64_t address, uint64_t work, size_t piece)
{
	for (uint64_t at = 0; at < work; at += piece)
		if (!read(state, address + at, piece))
			return false;
	return true;
}

static bool page_limit(void *state, uint64_t work)
{
	return copy_all(state, work, BENCH_PAGE);
}

static bool page_library(void *state, uint64_t work)
{
	return read_all(state, ((struct state *)state)->image->pages, work, BENCH_PAGE);
}

static bool piece_limit(void *state, uint64_t work)
{
	return copy_all(state, work, PIECE);
}

static bool piece_library(void *state, uint64_t work)
{
	return read_all(state, ((struct state *)state)->image->pages, work, PIECE);
}

/* What is contiguous in virtual memory is so in the file: a plain copy of the mapping. */
static bool large_limit(void *argument, uint64_t work)
{
	const struct state *state = argument;

	for (uint64_t at = 0; at < work; at += PIECE) {
		memcpy(state->buffer, state->image->map + state->image->data + at, PIECE);
		bench_use(state->buffer[at % PIECE]);
	}
	return true;
}

static bool large_library(void *argument, uint64_t work)
{
	const struct state *state = argument;

	return read_all(state, state->image->large + state->image->data, work, PIECE);
}

static bool verify_pieces(const struct state *state, size_t piece, uint64_t step)
{
	for (uint64_t at = 0; at + piece <= bench_size(); at += step)
		if (!copy(state, at, piece) ||
		    !bench_is_memory(state->buffer, at, piece, "the limit") ||
		    !read(state, state->image->pages + at, piece) ||
		    !bench_is_memory(state->buffer, at, piece, "bulk read"))
			return false;
	return true;
}

static enum bench_result verify(void *argument)
{
	const struct state *state = argument;

	return verify_pieces(state, BENCH_PAGE, 997 * BENCH_PAGE) &&
			       verify_pieces(state, PIECE, PIECE)
		       ? BENCH_READY
		       : BENCH_FAILED;
}

static enum bench_result verify_large(void *argument)
{
	const struct state *state = argument;
	uint64_t base = state->image->large + state->image->data;

	for (uint64_t at = 0; at + PIECE <= bench_size(); at += PIECE) {
		if (!read(state, base + at, PIECE))
			return BENCH_FAILED;
		for (size_t i = 0; i < PIECE; i += 8) {
			uint64_t value;

			memcpy(&value, state->buffer + i, sizeof(value));
			if (value == bench_image_word(state->image, state->image->data + at + i))
				continue;
			bench_fail("wrong bytes at offset %#llx", (unsigned long long)(at + i));
			return BENCH_FAILED;
		}
	}
	return BENCH_READY;
}

static const struct bench_line lines[] = {
	{
		.metric = "bulk 4 KiB, image, shuffled 4 KiB pages",
		.guest = "bulk 4 KiB, guest, a process",
		.goal = ">= 0.9",
		.least = 0.9,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.verify = verify,
		.limits = { { "walk and memcpy of each page", page_limit } },
		.library = { "tmem_read_virtual", page_library },
	},
	{
		.metric = "bulk 1 MiB, image, shuffled 4 KiB pages",
		.guest = "bulk 1 MiB, guest, a process",
		.goal = ">= 0.9",
		.least = 0.9,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.verify = verify,
		.limits = { { "walk and memcpy of each page", piece_limit } },
		.library = { "tmem_read_virtual", piece_library },
	},
	{
		.metric = "bulk 1 MiB, image, 2 MiB pages",
		.guest = "bulk 1 MiB, guest, kernel's memory",
		.goal = ">= 0.8",
		.least = 0.8,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.verify = verify_large,
		.limits = { { "memcpy of the mapped file", large_limit } },
		.library = { "tmem_read_virtual", large_library },
	},
};

const struct bench_row bench_g10_image_bulk = {
	.id = "G10",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
