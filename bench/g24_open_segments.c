/* SPDX-License-Identifier: Apache-2.0 */
/* g24_open_segments.c - row G24: a core with 65,000 segments, opened and looked into. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"

#define ADDRESSES 65536 /* a power of two */

struct state {
	const struct bench_core *core;
	tmem_target *target;
	uint8_t *headers; /* room for them */
	uint8_t *map;     /* the file, for the limit */
	uint64_t *first;  /* address of each segment, ascending */
	uint64_t *addresses;
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;
	int fd;

	state->map = MAP_FAILED;
	state->core = bench_segments_core();
	state->target = state->core ? bench_open_core(state->core, NULL) : NULL;
	if (!state->target)
		return BENCH_FAILED;
	state->headers = malloc(state->core->offset);
	state->first = calloc(BENCH_SEGMENTS, sizeof(*state->first));
	state->addresses = calloc(ADDRESSES, sizeof(*state->addresses));
	fd = open(state->core->path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		state->map = mmap(NULL, state->core->size, PROT_READ, MAP_SHARED, fd, 0);
		close(fd);
	}
	if (!state->headers || !state->first || !state->addresses || state->map == MAP_FAILED)
		return BENCH_FAILED;
	for (uint64_t i = 0; i < BENCH_SEGMENTS; i++)
		state->first[i] = state->core->address + i * BENCH_SEGMENT_STRIDE;
	for (uint64_t i = 0; i < ADDRESSES; i++)
		state->addresses[i] = state->first[bench_mix(i) % BENCH_SEGMENTS] + i % 8 * 64;
	return BENCH_READY;
}

static void finish(void *argument)
{
	struct state *state = argument;

	tmem_close(state->target);
	free(state->headers);
	free(state->first);
	free(state->addresses);
	if (state->map && state->map != MAP_FAILED)
		munmap(state->map, state->core->size);
}

static uint64_t expected(const struct state *state, uint64_t address)
{
	uint64_t index = (address - state->core->address) / BENCH_SEGMENT_STRIDE;
	uint64_t within = address - state->first[index];

	return bench_word(index % BENCH_SEGMENT_PAGES * BENCH_PAGE + within);
}

static enum bench_result verify(void *argument)
{
	const struct state *state = argument;
	uint64_t value;

	for (uint64_t i = 0; i < ADDRESSES; i++) {
		uint64_t address = state->addresses[i];

		if (!bench_good(tmem_read_virtual(state->target, address, &value, 8, NULL),
				state->target, "read"))
			return BENCH_FAILED;
		if (value != expected(state, address)) {
			bench_fail("wrong bytes at %#llx", (unsigned long long)address);
			return BENCH_FAILED;
		}
	}
	if (tmem_read_virtual(state->target, state->first[1] - 8, &value, 8, NULL) !=
	    TMEM_E_READ_FAULT) {
		bench_fail("the gap between two segments was read");
		return BENCH_FAILED;
	}
	return BENCH_READY;
}

/* The headers must be read; nothing else has to be done. */
static bool limit_open(void *argument, uint64_t work)
{
	struct state *state = argument;

	for (uint64_t i = 0; i < work; i++) {
		int fd = open(state->core->path, O_RDONLY | O_CLOEXEC);
		ssize_t got = fd < 0 ? -1 : pread(fd, state->headers, state->core->offset, 0);

		if (fd >= 0)
			close(fd);
		if (got != (ssize_t)state->core->offset)
			return bench_fail("%s could not be read", state->core->path);
	}
	return true;
}

static bool library_open(void *argument, uint64_t work)
{
	const struct state *state = argument;

	for (uint64_t i = 0; i < work; i++) {
		tmem_target *target = bench_open_core(state->core, NULL);

		if (!target)
			return false;
		tmem_close(target);
	}
	return true;
}

/* Halves a sorted table without a branch that could be guessed wrong, then reads. */
__attribute__((noinline)) static bool limit_read(const struct state *state, uint64_t address,
						 uint64_t *value)
{
	const uint64_t *base = state->first;
	size_t index;

	for (size_t count = BENCH_SEGMENTS; count > 1;) {
		size_t half = count / 2;

		base = base[half] <= address ? base + half : base;
		count -= half;
	}
	if (address - *base >= BENCH_PAGE)
		return false;
	index = (size_t)(base - state->first) % BENCH_SEGMENT_PAGES;
	memcpy(value, state->map + state->core->offset + index * BENCH_PAGE + (address - *base), 8);
	return true;
}

static bool limit_lookup(void *argument, uint64_t work)
{
	const struct state *state = argument;
	uint64_t value = 0;

	for (uint64_t i = 0; i < work; i++) {
		if (!limit_read(state, state->addresses[i % ADDRESSES], &value))
			return bench_fail("the limit found no segment");
		bench_use(value);
	}
	return true;
}

static bool library_lookup(void *argument, uint64_t work)
{
	const struct state *state = argument;
	uint64_t value = 0;

	for (uint64_t i = 0; i < work; i++) {
		if (tmem_read_virtual(state->target, state->addresses[i % ADDRESSES], &value, 8,
				      NULL) != TMEM_S_OK)
			return bench_fail("read: %s", tmem_last_error(state->target));
		bench_use(value);
	}
	return true;
}

static const struct bench_line lines[] = {
	{
		.metric = "open + close, 65,000 segments",
		.goal = "<= 1 ms",
		.most_ns = 1e6,
		.unit = BENCH_TIME,
		.work = 50,
		.verify = verify,
		.limits = { { "read of the program headers", limit_open } },
		.library = { "tmem_open, tmem_close", library_open },
	},
	{
		.metric = "8 B read, random one of 65,000 segments",
		.goal = "<= 60 ns",
		.most_ns = 60,
		.unit = BENCH_TIME,
		.work = 500000,
		.verify = verify,
		.limits = { { "binary search and memcpy", limit_lookup } },
		.library = { "tmem_read_virtual", library_lookup },
	},
};

const struct bench_row bench_g24_open_segments = {
	.id = "G24",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
