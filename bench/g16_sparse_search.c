/* SPDX-License-Identifier: Apache-2.0 */
/*
 * g16_sparse_search.c - row G16: 16 bytes in 64 GiB of a running process that were reserved, of
 * which only the end was ever touched.
 *
 * Whoever reads the untouched part gets zeros, slowly, and makes the process grow by page tables;
 * that the process is as large afterwards as before is verified.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

#include "fixture.h"
#include "scan.h"

/* What skipping the untouched part may cost: 5 ms beside 1.1 times the rest. */
#define LEAST        (1 / 1.1)
#define ALLOWANCE_NS (5e6 * LEAST)

/* How much the tables and pages of the process may differ, for reasons of its own. */
#define GROWTH_KB 64

struct state {
	const struct bench_process *process;
	tmem_target *target;
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;

	state->process = bench_reserved_process();
	if (!state->process)
		return BENCH_ABSENT;
	state->target = bench_open_process(state->process, "threads=1");
	return state->target ? BENCH_READY : BENCH_FAILED;
}

static void finish(void *argument)
{
	tmem_close(((struct state *)argument)->target);
}

static uint64_t touched(const struct state *state)
{
	return state->process->address + BENCH_RESERVED_SIZE - bench_size();
}

static bool is_at_end(const struct state *state, uint64_t found)
{
	return found == state->process->address + BENCH_RESERVED_SIZE - BENCH_NEEDLE_SIZE ||
	       bench_fail("the needle was found at %#" PRIx64, found);
}

static bool fetch(void *source, uint64_t from, void *buffer, size_t size)
{
	const struct state *state = source;
	struct iovec here = { buffer, size };
	struct iovec there = { (void *)(uintptr_t)from, size };

	return process_vm_readv(state->process->pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

/* Uses up processor time, which is what is counted. */
static void spend(double ns)
{
	struct timespec now;
	double end;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	end = (double)now.tv_sec * 1e9 + (double)now.tv_nsec + ns;
	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	while ((double)now.tv_sec * 1e9 + (double)now.tv_nsec < end);
}

static bool limit(void *argument, uint64_t work)
{
	struct state *state = argument;

	for (uint64_t i = 0; i < work; i++) {
		if (!is_at_end(state,
			       bench_scan_fetched(fetch, state, touched(state), bench_size())))
			return false;
		spend(ALLOWANCE_NS);
	}
	return true;
}

static bool library(void *argument, uint64_t work)
{
	const struct state *state = argument;

	for (uint64_t i = 0; i < work; i++) {
		uint64_t found = 0;

		if (!bench_good(tmem_search_virtual(state->target, state->process->address,
						    BENCH_RESERVED_SIZE, bench_needle,
						    BENCH_NEEDLE_SIZE, 1, &found),
				state->target, "search") ||
		    !is_at_end(state, found))
			return false;
	}
	return true;
}

/* KiB of pages and of page tables that the process has; 0 when the kernel does not tell. */
static uint64_t process_size(const struct state *state)
{
	char name[64], line[256];
	uint64_t sum = 0;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/status", state->process->pid);
	file = fopen(name, "r");
	while (file && fgets(line, sizeof(line), file)) {
		uint64_t value;

		if (sscanf(line, "VmRSS: %" SCNu64, &value) == 1 ||
		    sscanf(line, "VmPTE: %" SCNu64, &value) == 1)
			sum += value;
	}
	if (file)
		fclose(file);
	return sum;
}

static enum bench_result verify(void *argument)
{
	struct state *state = argument;
	uint64_t before = process_size(state);
	uint64_t after;

	if (!limit(state, 1) || !library(state, 1))
		return BENCH_FAILED;
	after = process_size(state);
	if (before && after <= before + GROWTH_KB)
		return BENCH_READY;
	bench_fail("the search made the process grow from %" PRIu64 " to %" PRIu64 " KiB", before,
		   after);
	return BENCH_FAILED;
}

static const struct bench_line lines[] = {
	{
		.metric = "search 16 B, 64 GiB, little of it touched",
		.goal = ">= 0.91 (1.1x)",
		.least = LEAST,
		.unit = BENCH_TIME,
		.work = 1,
		.verify = verify,
		.limits = { { "process_vm_readv of what is touched, scan, and 5 ms", limit } },
		.library = { "tmem_search_virtual", library },
	},
};

const struct bench_row bench_g16_sparse_search = {
	.id = "G16",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
