/* SPDX-License-Identifier: Apache-2.0 */
/* g13_mapped_search.c - row G13: searching a core again that is mapped already. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"
#include "scan.h"

struct state {
	const struct bench_core *core;
	tmem_target *target;
	const uint8_t *map;
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;
	int file;

	state->map = MAP_FAILED;
	state->core = bench_memory_core();
	state->target = state->core ? bench_open_core(state->core, "threads=1") : NULL;
	if (!state->target)
		return BENCH_FAILED;
	file = open(state->core->path, O_RDONLY | O_CLOEXEC);
	if (file >= 0) {
		state->map = mmap(NULL, state->core->size, PROT_READ, MAP_SHARED | MAP_POPULATE,
				  file, 0);
		close(file);
	}
	return state->map != MAP_FAILED ? BENCH_READY : BENCH_FAILED;
}

static void finish(void *argument)
{
	struct state *state = argument;

	tmem_close(state->target);
	if (state->map != MAP_FAILED)
		munmap((void *)(uintptr_t)state->map, state->core->size);
}

static bool limit(void *argument, uint64_t work)
{
	const struct state *state = argument;
	size_t at = bench_scan(state->map + state->core->offset, work);

	return at == bench_size() - BENCH_NEEDLE_SIZE ||
	       bench_fail("the needle was found at %#zx", at);
}

/* As plain programs do it: the first byte, and then all of them. */
static bool limit_plain(void *argument, uint64_t work)
{
	const struct state *state = argument;
	const uint8_t *begin = state->map + state->core->offset, *at = begin;
	const uint8_t *end = begin + work - BENCH_NEEDLE_SIZE + 1;

	while ((at = memchr(at, bench_needle[0], (size_t)(end - at))) != NULL) {
		if (!memcmp(at, bench_needle, BENCH_NEEDLE_SIZE))
			break;
		at++;
	}
	return (at && (size_t)(at - begin) == bench_size() - BENCH_NEEDLE_SIZE) ||
	       bench_fail("memchr did not find the needle");
}

static bool library(void *argument, uint64_t work)
{
	const struct state *state = argument;
	uint64_t found = 0;

	if (!bench_good(tmem_search_virtual(state->target, state->core->address, work, bench_needle,
					    BENCH_NEEDLE_SIZE, 1, &found),
			state->target, "search"))
		return false;
	return found == state->core->address + bench_size() - BENCH_NEEDLE_SIZE ||
	       bench_fail("the needle was found at %#llx", (unsigned long long)found);
}

/* Both searches are the check; they also map the pages. */
static enum bench_result verify(void *state)
{
	return limit(state, bench_size()) && limit_plain(state, bench_size()) &&
			       library(state, bench_size())
		       ? BENCH_READY
		       : BENCH_FAILED;
}

static const struct bench_line lines[] = {
	{
		.metric = "search 16 B, core, again",
		.goal = ">= 0.8",
		.least = 0.8,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.verify = verify,
		.limits = { { "scan of the mapped file", limit },
			    { "memchr, memcmp", limit_plain } },
		.library = { "tmem_search_virtual", library },
	},
};

const struct bench_row bench_g13_mapped_search = {
	.id = "G13",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
