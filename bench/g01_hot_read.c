/* SPDX-License-Identifier: Apache-2.0 */
/*
 * g01_hot_read.c - row G1: one public call for 8 bytes of a core, or of an image through its page
 * tables, that were just read.
 */
#include "hot.h"

struct state {
	struct bench_hot core; /* first: the lines of the core take the state for it */
	struct bench_hot image;
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;
	const struct bench_core *core = bench_memory_core();
	const struct bench_image *image = core ? bench_row_image() : NULL;
	tmem_target *target = image ? bench_open_core(core, NULL) : NULL;

	if (!target || !bench_hot_init(&state->core, target, core->address))
		return BENCH_FAILED;
	target = bench_open_image(image, 1);
	return target && bench_hot_init(&state->image, target, image->pages) ? BENCH_READY
									     : BENCH_FAILED;
}

static void finish(void *argument)
{
	struct state *state = argument;

	bench_hot_fini(&state->core);
	bench_hot_fini(&state->image);
}

static enum bench_result image_verify(void *state)
{
	return bench_hot_verify(&((struct state *)state)->image);
}

static bool image_limit(void *state, uint64_t work)
{
	return bench_hot_limit(&((struct state *)state)->image, work);
}

static bool image_library(void *state, uint64_t work)
{
	return bench_hot_library(&((struct state *)state)->image, work);
}

static const struct bench_line lines[] = {
	{
		.metric = "8 B read, core, 64 hot pages",
		.goal = "<= 5 ns, >= 0.3",
		.most_ns = 5,
		.least = 0.3,
		.unit = BENCH_TIME,
		.work = 8000000,
		.verify = bench_hot_verify,
		.limits = { { "table of pages and memcpy", bench_hot_limit } },
		.library = { "tmem_read_virtual", bench_hot_library },
	},
	{
		.metric = "8 B read, image, 64 hot pages",
		.guest = "8 B read, guest, 64 hot pages",
		.goal = "<= 5 ns, >= 0.3",
		.most_ns = 5,
		.least = 0.3,
		.unit = BENCH_TIME,
		.work = 8000000,
		.verify = image_verify,
		.limits = { { "table of pages and memcpy", image_limit } },
		.library = { "tmem_read_virtual", image_library },
	},
};

const struct bench_row bench_g01_hot_read = {
	.id = "G1",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
