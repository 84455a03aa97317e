/* SPDX-License-Identifier: Apache-2.0 */
/*
 * g21_translate.c - row G21: virtual to physical addresses, one by one and many in a call.
 *
 * The addresses are random ones of 512 MiB, so that their last tables, 1 MiB of them, are in the
 * processor's second cache after a while.
 */
#include <stdlib.h>

#include "fixture.h"
#include "image_walk.h"

#define ADDRESSES 65536
#define REACH     ((uint64_t)512 << 20)
#define BATCH     1024

struct state {
	const struct bench_image *image;
	tmem_target *target;
	uint64_t addresses[ADDRESSES];
	uint64_t physical[BATCH];
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;
	uint64_t reach = bench_size() < REACH ? bench_size() : REACH;

	state->image = bench_row_image();
	state->target = state->image ? bench_open_image(state->image, 1) : NULL;
	if (!state->target)
		return BENCH_FAILED;
	for (uint64_t i = 0; i < ADDRESSES; i++)
		state->addresses[i] = state->image->pages + bench_mix(i) % reach;
	return BENCH_READY;
}

static void finish(void *argument)
{
	tmem_close(((struct state *)argument)->target);
}

/* A call as the library's is one. */
__attribute__((noinline)) static bool limit_one(const struct bench_image *image, uint64_t address,
						uint64_t *physical)
{
	return bench_image_walk(image, address, physical);
}

static bool one_limit(void *argument, uint64_t work)
{
	const struct state *state = argument;
	uint64_t physical = 0;

	for (uint64_t i = 0; i < work; i++) {
		if (!limit_one(state->image, state->addresses[i % ADDRESSES], &physical))
			return bench_fail("the limit found no page");
		bench_use(physical);
	}
	return true;
}

static bool one_library(void *argument, uint64_t work)
{
	const struct state *state = argument;
	uint64_t physical = 0;

	for (uint64_t i = 0; i < work; i++) {
		if (tmem_virtual_to_physical(state->target, state->addresses[i % ADDRESSES],
					     &physical) != TMEM_S_OK)
			return bench_fail("translate: %s", tmem_last_error(state->target));
		bench_use(physical);
	}
	return true;
}

static bool limit_many(struct state *state, const uint64_t *addresses)
{
	for (size_t i = 0; i < BATCH; i++)
		if (!bench_image_walk(state->image, addresses[i], &state->physical[i]))
			return bench_fail("the limit found no page");
	return true;
}

static bool library_many(struct state *state, const uint64_t *addresses)
{
	size_t translated = 0;

	return bench_good(tmem_virtual_to_physical_batch(state->target, addresses, state->physical,
							 BATCH, &translated),
			  state->target, "translate") &&
	       (translated == BATCH || bench_fail("a page is missing"));
}

static bool repeat(struct state *state,
		   bool (*translate)(struct state *state, const uint64_t *addresses), uint64_t work)
{
	for (uint64_t i = 0; i < work; i += BATCH) {
		if (!translate(state, state->addresses + i % ADDRESSES))
			return false;
		bench_use(state->physical[i % BATCH]);
	}
	return true;
}

static bool many_limit(void *state, uint64_t work)
{
	return repeat(state, limit_many, work);
}

static bool many_library(void *state, uint64_t work)
{
	return repeat(state, library_many, work);
}

/* That an address is right is told by the word that lies there. */
static bool is_right(const struct state *state, uint64_t address, uint64_t physical)
{
	uint64_t offset = address - state->image->pages;

	return (physical >= state->image->data && physical < state->image->size &&
		physical % BENCH_PAGE == address % BENCH_PAGE &&
		bench_image_word(state->image, physical & ~UINT64_C(7)) ==
			bench_word(offset & ~UINT64_C(7))) ||
	       bench_fail("wrong translation of %#llx", (unsigned long long)address);
}

static enum bench_result verify_one(void *argument)
{
	const struct state *state = argument;

	for (size_t i = 0; i < ADDRESSES; i++) {
		uint64_t address = state->addresses[i], walked = 0, physical = 0;

		if (!limit_one(state->image, address, &walked) ||
		    !is_right(state, address, walked) ||
		    !bench_good(tmem_virtual_to_physical(state->target, address, &physical),
				state->target, "translate") ||
		    !is_right(state, address, physical))
			return BENCH_FAILED;
	}
	return BENCH_READY;
}

static bool verify_batch(struct state *state, const uint64_t *addresses,
			 bool (*translate)(struct state *state, const uint64_t *addresses))
{
	memset(state->physical, 0, sizeof(state->physical));
	if (!translate(state, addresses))
		return false;
	for (size_t i = 0; i < BATCH; i++)
		if (!is_right(state, addresses[i], state->physical[i]))
			return false;
	return true;
}

static enum bench_result verify_many(void *argument)
{
	struct state *state = argument;

	for (size_t i = 0; i < ADDRESSES; i += BATCH)
		if (!verify_batch(state, state->addresses + i, limit_many) ||
		    !verify_batch(state, state->addresses + i, library_many))
			return BENCH_FAILED;
	return BENCH_READY;
}

static const struct bench_line lines[] = {
	{
		.metric = "translation, random, one a call",
		.guest = "translation, guest, random, one a call",
		.goal = "<= 7 ns",
		.most_ns = 7,
		.unit = BENCH_TIME,
		.work = 128 * ADDRESSES,
		.verify = verify_one,
		.limits = { { "walk", one_limit } },
		.library = { "tmem_virtual_to_physical", one_library },
	},
	{
		.metric = "translation, random, 1024 a call",
		.guest = "translation, guest, random, 1024 a call",
		.goal = "<= 4.5 ns",
		.most_ns = 4.5,
		.unit = BENCH_TIME,
		.work = 128 * ADDRESSES,
		.verify = verify_many,
		.limits = { { "walk", many_limit } },
		.library = { "tmem_virtual_to_physical_batch", many_library },
	},
};

const struct bench_row bench_g21_translate = {
	.id = "G21",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
