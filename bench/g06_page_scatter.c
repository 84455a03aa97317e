/* SPDX-License-Identifier: Apache-2.0 */
/* g06_page_scatter.c - row G6: 1024 words of a running process that lie in 64 pages, in one call.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "fixture.h"

#define ELEMENTS 1024
#define PAGES    64

struct state {
	const struct bench_process *process;
	tmem_target *target;
	uint64_t addresses[ELEMENTS];
	struct tmem_transfer items[ELEMENTS];
	struct iovec here[PAGES];
	struct iovec there[PAGES];
	uint8_t *pages; /* what the limit reads into */
	uint64_t values[ELEMENTS];
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;

	state->process = bench_memory_process();
	state->target = state->process ? bench_open_process(state->process, NULL) : NULL;
	state->pages = aligned_alloc(BENCH_PAGE, (size_t)PAGES * BENCH_PAGE);
	if (!state->target || !state->pages)
		return BENCH_FAILED;
	bench_choose(state->addresses, ELEMENTS, state->process->address, PAGES);
	for (size_t i = 0; i < ELEMENTS; i++) {
		state->items[i].offset = state->addresses[i];
		state->items[i].buffer = &state->values[i];
		state->items[i].size = sizeof(state->values[i]);
	}
	return BENCH_READY;
}

static void finish(void *argument)
{
	struct state *state = argument;

	tmem_close(state->target);
	free(state->pages);
}

/* Pages differ in the lowest bits of their numbers: finding a page's place is one look. */
static bool read_pages(struct state *state)
{
	uint8_t place[PAGES]; /* of the page with these lowest bits, plus 1 */
	size_t count = 0;

	memset(place, 0, sizeof(place));
	for (size_t i = 0; i < ELEMENTS; i++) {
		uint64_t page = state->addresses[i] / BENCH_PAGE;

		if (place[page % PAGES])
			continue;
		state->here[count].iov_base = state->pages + count * BENCH_PAGE;
		state->there[count].iov_base = (void *)(uintptr_t)(page * BENCH_PAGE);
		state->here[count].iov_len = state->there[count].iov_len = BENCH_PAGE;
		place[page % PAGES] = (uint8_t)++count;
	}
	if (process_vm_readv(state->process->pid, state->here, count, state->there, count, 0) !=
	    (ssize_t)(count * BENCH_PAGE))
		return bench_fail("process_vm_readv: %s", strerror(errno));
	for (size_t i = 0; i < ELEMENTS; i++) {
		uint64_t address = state->addresses[i];
		size_t at = (size_t)(place[address / BENCH_PAGE % PAGES] - 1) * BENCH_PAGE +
			    address % BENCH_PAGE;

		memcpy(&state->values[i], state->pages + at, sizeof(state->values[i]));
	}
	return true;
}

static bool limit(void *argument, uint64_t work)
{
	struct state *state = argument;

	for (uint64_t done = 0; done < work; done += ELEMENTS) {
		if (!read_pages(state))
			return false;
		bench_use(state->values[done / ELEMENTS % ELEMENTS]);
	}
	return true;
}

static bool library(void *argument, uint64_t work)
{
	struct state *state = argument;

	for (uint64_t done = 0; done < work; done += ELEMENTS) {
		if (!bench_good(tmem_read_virtual_batch(state->target, state->items, ELEMENTS),
				state->target, "batch"))
			return false;
		bench_use(state->values[done / ELEMENTS % ELEMENTS]);
	}
	return true;
}

static bool verify_side(struct state *state, bool (*run)(void *state, uint64_t work))
{
	memset(state->values, 0, sizeof(state->values));
	if (!run(state, ELEMENTS))
		return false;
	for (size_t i = 0; i < ELEMENTS; i++)
		if (state->values[i] != bench_word(state->addresses[i] - state->process->address))
			return bench_fail("element %zu: wrong bytes", i);
	return true;
}

static enum bench_result verify(void *state)
{
	return verify_side(state, limit) && verify_side(state, library) ? BENCH_READY
									: BENCH_FAILED;
}

static const struct bench_line lines[] = {
	{
		.metric = "scatter, process, 64 pages, an element",
		.goal = "<= 85 ns, >= 0.85",
		.most_ns = 85,
		.least = 0.85,
		.unit = BENCH_TIME,
		.work = 256 * ELEMENTS,
		.verify = verify,
		.limits = { { "process_vm_readv of the pages, copies", limit } },
		.library = { "tmem_read_virtual_batch", library },
	},
};

const struct bench_row bench_g06_page_scatter = {
	.id = "G6",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
