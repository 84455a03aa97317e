/* SPDX-License-Identifier: Apache-2.0 */
/* g11_live_search.c - row G11: 16 bytes at the end of a running process's memory. */
#include <sys/uio.h>

#include "fixture.h"
#include "measure.h"
#include "scan.h"

/* What one thread of the limit scans. */
struct half {
	const struct bench_process *process;
	uint64_t address;
	uint64_t found;
};

struct state {
	const struct bench_process *process;
	tmem_target *one; /* opened for one worker thread */
	tmem_target *two;
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;

	state->process = bench_memory_process();
	if (!state->process)
		return BENCH_FAILED;
	state->one = bench_open_process(state->process, "threads=1");
	state->two = bench_open_process(state->process, "threads=2");
	return state->one && state->two ? BENCH_READY : BENCH_FAILED;
}

static void finish(void *argument)
{
	struct state *state = argument;

	tmem_close(state->one);
	tmem_close(state->two);
}

static bool is_at_end(const struct state *state, uint64_t found)
{
	return found == state->process->address + bench_size() - BENCH_NEEDLE_SIZE ||
	       bench_fail("the needle was found at %#llx", (unsigned long long)found);
}

static bool fetch(void *source, uint64_t from, void *buffer, size_t size)
{
	const struct half *half = source;
	struct iovec here = { buffer, size };
	struct iovec there = { (void *)(uintptr_t)from, size };

	return process_vm_readv(half->process->pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

static bool scan(void *argument, uint64_t work)
{
	struct half *half = argument;

	half->found = bench_scan_fetched(fetch, half, half->address, work);
	return true;
}

static bool limit_one(void *argument, uint64_t work)
{
	const struct state *state = argument;
	struct half all = { state->process, state->process->address, 0 };

	return scan(&all, work) && is_at_end(state, all.found);
}

static bool limit_two(void *argument, uint64_t work)
{
	const struct state *state = argument;
	struct half low = { state->process, state->process->address, 0 };
	struct half high = { state->process, state->process->address + work / 2, 0 };

	return bench_pair(scan, &low, &high, work / 2) && is_at_end(state, high.found);
}

static bool search(const struct state *state, tmem_target *target, uint64_t work)
{
	uint64_t found = 0;

	return bench_good(tmem_search_virtual(target, state->process->address, work, bench_needle,
					      BENCH_NEEDLE_SIZE, 1, &found),
			  target, "search") &&
	       is_at_end(state, found);
}

static bool library_one(void *argument, uint64_t work)
{
	const struct state *state = argument;

	return search(state, state->one, work);
}

static bool library_two(void *argument, uint64_t work)
{
	const struct state *state = argument;

	return search(state, state->two, work);
}

static enum bench_result verify(void *state)
{
	return limit_one(state, bench_size()) && library_one(state, bench_size()) &&
			       library_two(state, bench_size())
		       ? BENCH_READY
		       : BENCH_FAILED;
}

static const struct bench_line lines[] = {
	{
		.metric = "search 16 B, running process",
		.goal = ">= 0.9",
		.least = 0.9,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.verify = verify,
		.limits = { { "process_vm_readv of 256 KiB, scan", limit_one } },
		.library = { "tmem_search_virtual", library_one },
	},
	{
		.metric = "search 16 B, running process, 2 threads",
		.goal = ">= 0.85",
		.least = 0.85,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.two_threads = true,
		.limits = { { "process_vm_readv of 256 KiB, scan", limit_two } },
		.library = { "tmem_search_virtual, threads=2", library_two },
	},
};

const struct bench_row bench_g11_live_search = {
	.id = "G11",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
