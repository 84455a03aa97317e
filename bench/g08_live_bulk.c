/* SPDX-License-Identifier: Apache-2.0 */
/* g08_live_bulk.c - row G8: all the memory of a running process, 1 MiB a call. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "fixture.h"
#include "measure.h"

#define PIECE ((size_t)1 << 20)

/* What one thread reads. */
struct reader {
	const struct bench_process *process;
	tmem_target *target;
	uint64_t address;
	uint8_t *buffer;
};

struct state {
	struct reader readers[2];
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;
	const struct bench_process *process = bench_memory_process();
	tmem_target *target = process ? bench_open_process(process, NULL) : NULL;

	state->readers[0].target = target;
	if (!target ||
	    !bench_good(tmem_target_dup(target, &state->readers[1].target), target, "dup"))
		return BENCH_FAILED;
	for (size_t i = 0; i < 2; i++) {
		struct reader *reader = &state->readers[i];

		reader->process = process;
		reader->address = process->address + i * (bench_size() / 2 & ~(PIECE - 1));
		reader->buffer = aligned_alloc(BENCH_PAGE, PIECE);
		if (!reader->buffer)
			return BENCH_FAILED;
	}
	return BENCH_READY;
}

static void finish(void *argument)
{
	struct state *state = argument;

	for (size_t i = 0; i < 2; i++) {
		tmem_close(state->readers[i].target);
		free(state->readers[i].buffer);
	}
}

static enum bench_result verify(void *argument)
{
	struct reader *reader = &((struct state *)argument)->readers[0];

	for (uint64_t at = 0; at + PIECE <= bench_size(); at += 64 * PIECE) {
		size_t done = 0;

		if (!bench_good(tmem_read_virtual(reader->target, reader->address + at,
						  reader->buffer, PIECE, &done),
				reader->target, "read") ||
		    done != PIECE || !bench_is_memory(reader->buffer, at, PIECE, "bulk read"))
			return BENCH_FAILED;
	}
	return BENCH_READY;
}

static bool by_readv(void *argument, uint64_t work)
{
	const struct reader *reader = argument;

	for (uint64_t at = 0; at < work; at += PIECE) {
		struct iovec here = { reader->buffer, PIECE };
		struct iovec there = { (void *)(uintptr_t)(reader->address + at), PIECE };

		if (process_vm_readv(reader->process->pid, &here, 1, &there, 1, 0) !=
		    (ssize_t)PIECE)
			return bench_fail("process_vm_readv: %s", strerror(errno));
	}
	return true;
}

static bool by_library(void *argument, uint64_t work)
{
	const struct reader *reader = argument;
	size_t done;

	for (uint64_t at = 0; at < work; at += PIECE)
		if (tmem_read_virtual(reader->target, reader->address + at, reader->buffer, PIECE,
				      &done) != TMEM_S_OK ||
		    done != PIECE)
			return bench_fail("read: %s", tmem_last_error(reader->target));
	return true;
}

static bool limit_one(void *argument, uint64_t work)
{
	return by_readv(&((struct state *)argument)->readers[0], work);
}

static bool library_one(void *argument, uint64_t work)
{
	return by_library(&((struct state *)argument)->readers[0], work);
}

static bool limit_two(void *argument, uint64_t work)
{
	struct reader *readers = ((struct state *)argument)->readers;

	return bench_pair(by_readv, &readers[0], &readers[1], work / 2);
}

static bool library_two(void *argument, uint64_t work)
{
	struct reader *readers = ((struct state *)argument)->readers;

	return bench_pair(by_library, &readers[0], &readers[1], work / 2);
}

static const struct bench_line lines[] = {
	{
		.metric = "bulk 1 MiB, running process",
		.goal = ">= 0.95",
		.least = 0.95,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.verify = verify,
		.limits = { { "process_vm_readv", limit_one } },
		.library = { "tmem_read_virtual", library_one },
	},
	{
		.metric = "bulk 1 MiB, running process, 2 threads",
		.goal = ">= 0.9",
		.least = 0.9,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.two_threads = true,
		.verify = verify,
		.limits = { { "process_vm_readv", limit_two } },
		.library = { "tmem_read_virtual", library_two },
	},
};

const struct bench_row bench_g08_live_bulk = {
	.id = "G8",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
