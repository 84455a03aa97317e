/* SPDX-License-Identifier: Apache-2.0 */
/*
 * g27_memory.c - row G27: the memory that targets and searches take, each time in a fresh process
 * (weigh.h). The limit is no measurement but what the goal allows: 512 KiB for an opened target, 32
 * bytes a segment, 48 bytes a mapping, 512 KiB for each thread of a search.
 */
#include <inttypes.h>
#include <stdio.h>

#include "fixture.h"
#include "weigh.h"

#define BASE      ((uint64_t)512 << 10)
#define A_SEGMENT 32u
#define A_MAPPING 48u
#define A_THREAD  ((uint64_t)512 << 10)
#define THREADS   2u

struct state {
	const struct bench_core *segments;
	const struct bench_image *image;
	const struct bench_process *memory;
	const struct bench_process *mappings;
	char image_spec[4200];
	char image_options[96];
	char memory_spec[32];
	char mappings_spec[32];
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;

	state->segments = bench_segments_core();
	state->image = bench_memory_image();
	state->memory = bench_memory_process();
	if (!state->segments || !state->image || !state->memory)
		return BENCH_FAILED;
	snprintf(state->image_spec, sizeof(state->image_spec), "raw:%s", state->image->path);
	snprintf(state->image_options, sizeof(state->image_options),
		 "root=0x%" PRIx64 ",scheme=x64,levels=4,threads=%u", state->image->root, THREADS);
	snprintf(state->memory_spec, sizeof(state->memory_spec), "pid:%d", state->memory->pid);
	return BENCH_READY;
}

static enum bench_result start_mappings(void *argument)
{
	struct state *state = argument;

	state->mappings = bench_mappings_process();
	if (!state->mappings)
		return BENCH_ABSENT;
	snprintf(state->mappings_spec, sizeof(state->mappings_spec), "pid:%d",
		 state->mappings->pid);
	return BENCH_READY;
}

static bool weigh(const struct bench_burden *burden)
{
	uint64_t bytes;

	if (!bench_weigh(burden, &bytes))
		return false;
	bench_set_bytes(bytes);
	return true;
}

static bool allow(uint64_t bytes)
{
	bench_set_bytes(bytes);
	return true;
}

static bool segments_limit(void *state, uint64_t work)
{
	return allow(BASE + BENCH_SEGMENTS * A_SEGMENT);
}

static bool segments_library(void *argument, uint64_t work)
{
	const struct state *state = argument;

	return weigh(&(struct bench_burden){ BENCH_WEIGH_OPEN, state->segments->path, "", 0, 0 });
}

static bool image_limit(void *state, uint64_t work)
{
	return allow(BASE);
}

static bool image_library(void *argument, uint64_t work)
{
	const struct state *state = argument;

	return weigh(&(struct bench_burden){ BENCH_WEIGH_OPEN, state->image_spec,
					     state->image_options, 0, 0 });
}

static bool image_read_library(void *argument, uint64_t work)
{
	const struct state *state = argument;

	return weigh(&(struct bench_burden){ BENCH_WEIGH_READ, state->image_spec,
					     state->image_options, state->image->pages, 0 });
}

static bool mappings_limit(void *state, uint64_t work)
{
	return allow(BASE + BENCH_MAPPINGS * A_MAPPING);
}

static bool mappings_library(void *argument, uint64_t work)
{
	const struct state *state = argument;

	return weigh(&(struct bench_burden){ BENCH_WEIGH_RUNS, state->mappings_spec, "", 0,
					     BENCH_MAPPINGS });
}

static bool search_limit(void *state, uint64_t work)
{
	return allow(THREADS * A_THREAD);
}

static bool process_search_library(void *argument, uint64_t work)
{
	const struct state *state = argument;

	return weigh(&(struct bench_burden){ BENCH_WEIGH_SEARCH, state->memory_spec, "threads=2",
					     state->memory->address, 0 });
}

static bool image_search_library(void *argument, uint64_t work)
{
	const struct state *state = argument;

	return weigh(&(struct bench_burden){ BENCH_WEIGH_SEARCH, state->image_spec,
					     state->image_options, state->image->pages, 0 });
}

#define LIMIT_NAME "what the goal allows"

/* The library shall take at most what is allowed. */
#define BYTES .least = 1, .unit = BENCH_BYTES, .work = 1

static const struct bench_line lines[] = {
	{
		.metric = "memory, core of 65,000 segments, open",
		.goal = "512 KiB + 32 B each",
		BYTES,
		.limits = { { LIMIT_NAME, segments_limit } },
		.library = { "tmem_open", segments_library },
	},
	{
		.metric = "memory, image, open",
		.goal = "512 KiB",
		BYTES,
		.limits = { { LIMIT_NAME, image_limit } },
		.library = { "tmem_open", image_library },
	},
	{
		.metric = "memory, image, every page read",
		.goal = "512 KiB",
		BYTES,
		.limits = { { LIMIT_NAME, image_limit } },
		.library = { "tmem_read_virtual", image_read_library },
	},
	{
		.metric = "memory, process, 65,000 mappings listed",
		.goal = "512 KiB + 48 B each",
		BYTES,
		.verify = start_mappings,
		.limits = { { LIMIT_NAME, mappings_limit } },
		.library = { "tmem_run_cursor", mappings_library },
	},
	{
		.metric = "memory, search of a process, 2 threads",
		.goal = "512 KiB a thread",
		BYTES,
		.limits = { { LIMIT_NAME, search_limit } },
		.library = { "tmem_search_virtual", process_search_library },
	},
	{
		.metric = "memory, search of an image, 2 threads",
		.goal = "512 KiB a thread",
		BYTES,
		.limits = { { LIMIT_NAME, search_limit } },
		.library = { "tmem_search_virtual", image_search_library },
	},
};

const struct bench_row bench_g27_memory = {
	.id = "G27",
	.state_size = sizeof(struct state),
	.setup = setup,
	BENCH_LINES(lines),
};
