/* SPDX-License-Identifier: Apache-2.0 */
/* g05_live_scatter.c - row G5: 1024 words of a running process, random pages, in one call. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "fixture.h"

#define ELEMENTS 1024 /* as many pieces as the system call takes */

/* An element on its way to the system call. */
struct wanted {
	uint64_t address;
	size_t index;
};

struct state {
	const struct bench_process *process;
	tmem_target *target;
	struct tmem_transfer items[ELEMENTS];
	struct wanted wanted[ELEMENTS];
	struct iovec here[ELEMENTS];
	struct iovec there[ELEMENTS];
	uint64_t values[ELEMENTS];
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;

	state->process = bench_memory_process();
	state->target = state->process ? bench_open_process(state->process, NULL) : NULL;
	for (size_t i = 0; i < ELEMENTS; i++) {
		state->items[i].buffer = &state->values[i];
		state->items[i].size = sizeof(state->values[i]);
	}
	return state->target ? BENCH_READY : BENCH_FAILED;
}

static void finish(void *argument)
{
	tmem_close(((struct state *)argument)->target);
}

static uint64_t place(uint64_t index)
{
	return bench_mix(index) % (bench_size() / 8) * 8;
}

static void choose(struct state *state, uint64_t from)
{
	for (size_t i = 0; i < ELEMENTS; i++)
		state->items[i].offset = state->process->address + place(from + i);
}

static int compare(const void *left, const void *right)
{
	uint64_t a = ((const struct wanted *)left)->address;
	uint64_t b = ((const struct wanted *)right)->address;

	return (a > b) - (a < b);
}

static bool read_wanted(struct state *state, bool sorted)
{
	for (size_t i = 0; i < ELEMENTS; i++)
		state->wanted[i] = (struct wanted){ state->items[i].offset, i };
	if (sorted)
		qsort(state->wanted, ELEMENTS, sizeof(state->wanted[0]), compare);
	for (size_t i = 0; i < ELEMENTS; i++) {
		const struct wanted *wanted = &state->wanted[i];

		state->here[i] = (struct iovec){ &state->values[wanted->index], 8 };
		state->there[i] = (struct iovec){ (void *)(uintptr_t)wanted->address, 8 };
	}
	return process_vm_readv(state->process->pid, state->here, ELEMENTS, state->there, ELEMENTS,
				0) == (ssize_t)sizeof(state->values) ||
	       bench_fail("process_vm_readv: %s", strerror(errno));
}

static bool read_in_order(struct state *state)
{
	return read_wanted(state, false);
}

static bool read_sorted(struct state *state)
{
	return read_wanted(state, true);
}

static bool read_by_library(struct state *state)
{
	return bench_good(tmem_read_virtual_batch(state->target, state->items, ELEMENTS),
			  state->target, "batch");
}

static bool repeat(struct state *state, bool (*read)(struct state *state), uint64_t work)
{
	for (uint64_t done = 0; done < work; done += ELEMENTS) {
		choose(state, done);
		if (!read(state))
			return false;
		bench_use(state->values[done / ELEMENTS % ELEMENTS]);
	}
	return true;
}

static bool limit_in_order(void *state, uint64_t work)
{
	return repeat(state, read_in_order, work);
}

static bool limit_sorted(void *state, uint64_t work)
{
	return repeat(state, read_sorted, work);
}

static bool library(void *state, uint64_t work)
{
	return repeat(state, read_by_library, work);
}

static bool verify_side(struct state *state, bool (*read)(struct state *state), uint64_t from)
{
	choose(state, from);
	memset(state->values, 0, sizeof(state->values));
	if (!read(state))
		return false;
	for (size_t i = 0; i < ELEMENTS; i++)
		if (state->values[i] != bench_word(place(from + i)))
			return bench_fail("element %zu: wrong bytes", i);
	return true;
}

static enum bench_result verify(void *state)
{
	for (uint64_t from = 0; from < 8 * ELEMENTS; from += ELEMENTS)
		if (!verify_side(state, read_in_order, from) ||
		    !verify_side(state, read_sorted, from) ||
		    !verify_side(state, read_by_library, from))
			return BENCH_FAILED;
	return BENCH_READY;
}

static const struct bench_line lines[] = {
	{
		.metric = "scatter, process, 1024 pages, an element",
		.goal = ">= 0.9",
		.least = 0.9,
		.unit = BENCH_TIME,
		.work = 32 * ELEMENTS,
		.verify = verify,
		.limits = { { "one process_vm_readv, sorted before", limit_sorted },
			    { "one process_vm_readv, in the order given", limit_in_order } },
		.library = { "tmem_read_virtual_batch", library },
	},
};

const struct bench_row bench_g05_live_scatter = {
	.id = "G5",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
