/* SPDX-License-Identifier: Apache-2.0 */
/* g09_core_bulk.c - row G9: all the memory of a core, 1 MiB a call; and a view without a copy. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"

#define PIECE     ((size_t)1 << 20)
#define ADDRESSES 1024 /* a power of two */

struct state {
	const struct bench_core *core;
	tmem_target *target;
	int file;
	const uint8_t *map;
	uint8_t *buffer;
	uint64_t addresses[ADDRESSES]; /* of random pieces */
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;

	state->map = MAP_FAILED;
	state->file = -1;
	state->core = bench_memory_core();
	state->target = state->core ? bench_open_core(state->core, NULL) : NULL;
	if (!state->target)
		return BENCH_FAILED;
	state->file = open(state->core->path, O_RDONLY | O_CLOEXEC);
	if (state->file >= 0)
		state->map = mmap(NULL, state->core->size, PROT_READ, MAP_SHARED, state->file, 0);
	state->buffer = aligned_alloc(BENCH_PAGE, PIECE);
	for (uint64_t i = 0; i < ADDRESSES; i++)
		state->addresses[i] =
			state->core->address + bench_mix(i) % (bench_size() / PIECE) * PIECE;
	return state->map != MAP_FAILED && state->buffer ? BENCH_READY : BENCH_FAILED;
}

static void finish(void *argument)
{
	struct state *state = argument;

	tmem_close(state->target);
	free(state->buffer);
	if (state->map != MAP_FAILED)
		munmap((void *)(uintptr_t)state->map, state->core->size);
	if (state->file >= 0)
		close(state->file);
}

static enum bench_result verify_read(void *argument)
{
	const struct state *state = argument;

	for (uint64_t at = 0; at + PIECE <= bench_size(); at += 64 * PIECE) {
		size_t done = 0;

		if (!bench_good(tmem_read_virtual(state->target, state->core->address + at,
						  state->buffer, PIECE, &done),
				state->target, "read") ||
		    done != PIECE || !bench_is_memory(state->buffer, at, PIECE, "bulk read"))
			return BENCH_FAILED;
	}
	return BENCH_READY;
}

static bool by_pread(void *argument, uint64_t work)
{
	const struct state *state = argument;

	for (uint64_t at = 0; at < work; at += PIECE)
		if (pread(state->file, state->buffer, PIECE, (off_t)(state->core->offset + at)) !=
		    (ssize_t)PIECE)
			return bench_fail("pread: %s", strerror(errno));
	return true;
}

static bool by_map(void *argument, uint64_t work)
{
	const struct state *state = argument;

	for (uint64_t at = 0; at < work; at += PIECE) {
		memcpy(state->buffer, state->map + state->core->offset + at, PIECE);
		bench_use(state->buffer[at % PIECE]);
	}
	return true;
}

static bool by_library(void *argument, uint64_t work)
{
	const struct state *state = argument;
	size_t done;

	for (uint64_t at = 0; at < work; at += PIECE)
		if (tmem_read_virtual(state->target, state->core->address + at, state->buffer,
				      PIECE, &done) != TMEM_S_OK ||
		    done != PIECE)
			return bench_fail("read: %s", tmem_last_error(state->target));
	return true;
}

/* ---- views ---- */

static uint64_t view_address(const struct state *state, uint64_t index)
{
	return state->addresses[index % ADDRESSES];
}

static enum bench_result verify_view(void *argument)
{
	const struct state *state = argument;
	struct tmem_view view;

	for (uint64_t i = 0; i < 16; i++) {
		uint64_t offset = view_address(state, i) - state->core->address;

		if (!bench_good(tmem_view_virtual(state->target, state->core->address + offset,
						  PIECE, &view),
				state->target, "view"))
			return BENCH_FAILED;
		if (view.size != PIECE || !bench_is_memory(view.data, offset, PIECE, "view") ||
		    !bench_good(tmem_view_is_current(state->target, &view), state->target, "view"))
			return BENCH_FAILED;
	}
	return BENCH_READY;
}

/* The bounds, then a pointer. */
__attribute__((noinline)) static const uint8_t *limit_view(const struct state *state,
							   uint64_t address, size_t size)
{
	uint64_t at = address - state->core->address;

	if (at > bench_size() || size > bench_size() - at)
		return NULL;
	return state->map + state->core->offset + at;
}

static bool view_limit(void *argument, uint64_t work)
{
	const struct state *state = argument;

	for (uint64_t i = 0; i < work; i++) {
		const uint8_t *data = limit_view(state, view_address(state, i), PIECE);

		if (!data)
			return bench_fail("the limit is out of its bounds");
		bench_use((uintptr_t)data);
	}
	return true;
}

static bool view_library(void *argument, uint64_t work)
{
	const struct state *state = argument;
	struct tmem_view view;

	for (uint64_t i = 0; i < work; i++) {
		if (tmem_view_virtual(state->target, view_address(state, i), PIECE, &view) !=
		    TMEM_S_OK)
			return bench_fail("view: %s", tmem_last_error(state->target));
		bench_use((uintptr_t)view.data);
	}
	return true;
}

static const struct bench_line lines[] = {
	{
		.metric = "bulk 1 MiB, core",
		.goal = ">= 0.9",
		.least = 0.9,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.verify = verify_read,
		.limits = { { "pread", by_pread }, { "memcpy of the mapped file", by_map } },
		.library = { "tmem_read_virtual", by_library },
	},
	{
		.metric = "view of 1 MiB, core",
		.goal = "<= 20 ns",
		.most_ns = 20,
		.unit = BENCH_TIME,
		.work = 1000000,
		.verify = verify_view,
		.limits = { { "bounds and a pointer", view_limit } },
		.library = { "tmem_view_virtual", view_library },
	},
};

const struct bench_row bench_g09_core_bulk = {
	.id = "G9",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
