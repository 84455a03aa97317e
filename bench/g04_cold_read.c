/* SPDX-License-Identifier: Apache-2.0 */
/*
 * g04_cold_read.c - row G4: one public call for 8 bytes at a random place of an image, through its
 * page tables. Nothing was read there before: the processor misses its caches each time.
 *
 * Reads of places that are known beforehand overlap, as many as the processor has in sight. When
 * the word that was read tells the next place, as in a list, they cannot.
 */
#include "fixture.h"
#include "image_walk.h"

struct state {
	const struct bench_image *image;
	tmem_target *target;
};

/* What of a word counts for the next place. */
#define NOTHING 0
#define ALL     UINT64_MAX

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

/* A random aligned word of the big memory, as an offset: made anew, so that no list is read. */
static inline uint64_t place(uint64_t index)
{
	return bench_mix(index) % (bench_size() / 8) * 8;
}

/* A call as the library's is one. */
__attribute__((noinline)) static bool limit_read(const struct bench_image *image, uint64_t address,
						 uint64_t *value)
{
	uint64_t physical;

	if (!bench_image_walk(image, address, &physical))
		return false;
	memcpy(value, image->map + physical, sizeof(*value));
	return true;
}

static inline __attribute__((always_inline)) bool by_walk(const struct state *state, uint64_t base,
							  uint64_t follow, uint64_t work)
{
	uint64_t value = 0;

	for (uint64_t i = 0; i < work; i++) {
		if (!limit_read(state->image, base + place(i ^ (value & follow)), &value))
			return bench_fail("the limit found no page");
		bench_use(value);
	}
	return true;
}

static inline __attribute__((always_inline)) bool
by_library(const struct state *state, uint64_t base, uint64_t follow, uint64_t work)
{
	uint64_t value = 0;
	size_t done;

	for (uint64_t i = 0; i < work; i++) {
		if (tmem_read_virtual(state->target, base + place(i ^ (value & follow)), &value,
				      sizeof(value), &done) != TMEM_S_OK)
			return bench_fail("read: %s", tmem_last_error(state->target));
		bench_use(value);
	}
	return true;
}

static bool pages_limit(void *state, uint64_t work)
{
	return by_walk(state, ((struct state *)state)->image->pages, NOTHING, work);
}

static bool pages_library(void *state, uint64_t work)
{
	return by_library(state, ((struct state *)state)->image->pages, NOTHING, work);
}

static bool chain_limit(void *state, uint64_t work)
{
	return by_walk(state, ((struct state *)state)->image->pages, ALL, work);
}

static bool chain_library(void *state, uint64_t work)
{
	return by_library(state, ((struct state *)state)->image->pages, ALL, work);
}

/* Where the big memory begins when it is seen in large pages. */
static uint64_t large_base(const struct state *state)
{
	return state->image->large + state->image->data;
}

static bool large_limit(void *state, uint64_t work)
{
	return by_walk(state, large_base(state), NOTHING, work);
}

static bool large_library(void *state, uint64_t work)
{
	return by_library(state, large_base(state), NOTHING, work);
}

static bool verify_one(const struct state *state, uint64_t address, uint64_t expected)
{
	uint64_t value = 0;

	if (!limit_read(state->image, address, &value) || value != expected)
		return bench_fail("the limit reads wrong bytes at %#llx",
				  (unsigned long long)address);
	value = 0;
	if (!bench_good(tmem_read_virtual(state->target, address, &value, sizeof(value), NULL),
			state->target, "read"))
		return false;
	return value == expected || bench_fail("wrong bytes at %#llx", (unsigned long long)address);
}

/* One word of every page, in both ranges; that also maps them all. */
static enum bench_result verify(void *argument)
{
	const struct state *state = argument;

	for (uint64_t i = 0; i < bench_size() / BENCH_PAGE; i++) {
		uint64_t offset = i * BENCH_PAGE + i % (BENCH_PAGE / 8) * 8;

		if (!verify_one(state, state->image->pages + offset, bench_word(offset)) ||
		    !verify_one(state, large_base(state) + offset,
				bench_image_word(state->image, state->image->data + offset)))
			return BENCH_FAILED;
	}
	return BENCH_READY;
}

static const struct bench_line lines[] = {
	{
		.metric = "8 B read, image, random, 4 KiB pages",
		.guest = "8 B read, guest, random, a process",
		.goal = ">= 0.75",
		.least = 0.75,
		.unit = BENCH_TIME,
		.work = 4000000,
		.verify = verify,
		.limits = { { "walk and memcpy", pages_limit } },
		.library = { "tmem_read_virtual", pages_library },
	},
	{
		.metric = "8 B read, image, random, 2 MiB pages",
		.guest = "8 B read, guest, random, kernel's memory",
		.goal = ">= 0.75",
		.least = 0.75,
		.unit = BENCH_TIME,
		.work = 4000000,
		.limits = { { "walk and memcpy", large_limit } },
		.library = { "tmem_read_virtual", large_library },
	},
	{
		.metric = "8 B read, image, random, in a chain",
		.goal = ">= 0.75",
		.least = 0.75,
		.unit = BENCH_TIME,
		.work = 1000000,
		.limits = { { "walk and memcpy", chain_limit } },
		.library = { "tmem_read_virtual", chain_library },
	},
};

const struct bench_row bench_g04_cold_read = {
	.id = "G4",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
