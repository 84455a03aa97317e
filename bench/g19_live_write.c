/* SPDX-License-Identifier: Apache-2.0 */
/*
 * g19_live_write.c - row G19: writing into a running process, 1 MiB a call; filling it; and writing
 * into pages that it can only read, for which the kernel has one way, the memory file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fixture.h"

#define PIECE        ((size_t)1 << 20)
#define FILL_PIECE   ((size_t)64 << 10)
#define PATTERN_SIZE 16u

struct state {
	const struct bench_process *process;
	tmem_target *target;
	int memory;       /* its /proc/PID/mem, for writing */
	uint8_t *buffer;  /* what is written */
	uint8_t *written; /* what is there afterwards */
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;
	char name[64];

	state->memory = -1;
	state->process = bench_scratch_process();
	state->target = state->process ? bench_open_process(state->process, NULL) : NULL;
	state->buffer = aligned_alloc(BENCH_PAGE, PIECE);
	state->written = aligned_alloc(BENCH_PAGE, PIECE);
	if (!state->target || !state->buffer || !state->written)
		return BENCH_FAILED;
	snprintf(name, sizeof(name), "/proc/%d/mem", state->process->pid);
	state->memory = open(name, O_RDWR | O_CLOEXEC);
	if (state->memory < 0)
		bench_fail("%s: %s", name, strerror(errno));
	return state->memory < 0 ? BENCH_FAILED : BENCH_READY;
}

static void finish(void *argument)
{
	struct state *state = argument;

	tmem_close(state->target);
	free(state->buffer);
	free(state->written);
	if (state->memory >= 0)
		close(state->memory);
}

/* Where a piece of a run goes, over and over through the half that is written into. */
static uint64_t place(uint64_t base, uint64_t at)
{
	return base + at % (bench_scratch_size() & ~(uint64_t)(PIECE - 1));
}

static uint64_t read_only(const struct state *state)
{
	return state->process->address + bench_scratch_size();
}

static bool by_writev(const struct state *state, uint64_t address, size_t size)
{
	struct iovec here = { state->buffer, size };
	struct iovec there = { (void *)(uintptr_t)address, size };

	return process_vm_writev(state->process->pid, &here, 1, &there, 1, 0) == (ssize_t)size ||
	       bench_fail("process_vm_writev: %s", strerror(errno));
}

static bool by_memory_file(const struct state *state, uint64_t address, size_t size)
{
	return pwrite(state->memory, state->buffer, size, (off_t)address) == (ssize_t)size ||
	       bench_fail("pwrite of a process's memory: %s", strerror(errno));
}

static bool by_library(const struct state *state, uint64_t address, size_t size)
{
	size_t done = 0;

	if (!bench_good(tmem_write_virtual(state->target, address, state->buffer, size, &done),
			state->target, "write"))
		return false;
	return done == size || bench_fail("only %zu of %zu bytes were written", done, size);
}

static bool repeat(const struct state *state,
		   bool (*write)(const struct state *state, uint64_t address, size_t size),
		   uint64_t base, size_t size, uint64_t work)
{
	for (uint64_t at = 0; at < work; at += size)
		if (!write(state, place(base, at), size))
			return false;
	return true;
}

static bool write_limit(void *argument, uint64_t work)
{
	const struct state *state = argument;

	return repeat(state, by_writev, state->process->address, PIECE, work);
}

static bool write_library(void *argument, uint64_t work)
{
	const struct state *state = argument;

	return repeat(state, by_library, state->process->address, PIECE, work);
}

static bool read_only_limit(void *argument, uint64_t work)
{
	return repeat(argument, by_memory_file, read_only(argument), PIECE, work);
}

static bool read_only_library(void *argument, uint64_t work)
{
	return repeat(argument, by_library, read_only(argument), PIECE, work);
}

/* The pattern is laid out once in what the processor keeps near. */
static bool fill_limit(void *argument, uint64_t work)
{
	const struct state *state = argument;

	for (size_t at = PATTERN_SIZE; at < FILL_PIECE; at += PATTERN_SIZE)
		memcpy(state->buffer + at, state->buffer, PATTERN_SIZE);
	return repeat(state, by_writev, state->process->address, FILL_PIECE, work);
}

static bool fill_library(void *argument, uint64_t work)
{
	const struct state *state = argument;
	uint64_t filled = 0;

	for (uint64_t at = 0; at < work; at += bench_scratch_size()) {
		uint64_t size = work - at;

		if (size > bench_scratch_size())
			size = bench_scratch_size();
		if (!bench_good(tmem_fill_virtual(state->target, state->process->address, size,
						  state->buffer, PATTERN_SIZE, &filled),
				state->target, "fill") ||
		    filled != size)
			return bench_fail("%llu of %llu bytes were filled",
					  (unsigned long long)filled, (unsigned long long)size);
	}
	return true;
}

/* Looks at what is really there, every so often; the bytes repeat after @period. */
static bool is_written(const struct state *state, uint64_t base, size_t period)
{
	for (uint64_t at = 0; at + PIECE <= bench_scratch_size(); at += 16 * PIECE) {
		if (pread(state->memory, state->written, PIECE, (off_t)(base + at)) !=
		    (ssize_t)PIECE)
			return bench_fail("pread of a process's memory: %s", strerror(errno));
		for (size_t i = 0; i < PIECE; i += period)
			if (memcmp(state->written + i, state->buffer, period))
				return bench_fail("%#llx was not written",
						  (unsigned long long)(base + at + i));
	}
	return true;
}

/* Each side writes bytes that were not there before. */
static bool verify_side(struct state *state, bool (*run)(void *state, uint64_t work), uint64_t base,
			size_t period)
{
	static uint64_t next;

	for (size_t i = 0; i < PIECE / 8; i++) {
		uint64_t word = bench_mix(~(next + i));

		memcpy(state->buffer + i * 8, &word, sizeof(word));
	}
	next += PIECE;
	return run(state, bench_scratch_size()) && is_written(state, base, period);
}

static enum bench_result verify_write(void *argument)
{
	struct state *state = argument;
	uint64_t base = state->process->address;

	return verify_side(state, write_limit, base, PIECE) &&
			       verify_side(state, write_library, base, PIECE)
		       ? BENCH_READY
		       : BENCH_FAILED;
}

static enum bench_result verify_fill(void *argument)
{
	struct state *state = argument;
	uint64_t base = state->process->address;

	return verify_side(state, fill_limit, base, PATTERN_SIZE) &&
			       verify_side(state, fill_library, base, PATTERN_SIZE)
		       ? BENCH_READY
		       : BENCH_FAILED;
}

static enum bench_result verify_read_only(void *argument)
{
	struct state *state = argument;

	if (pwrite(state->memory, state->buffer, 1, (off_t)read_only(state)) != 1) {
		bench_absent("G19 write, read-only pages: this kernel does not let anyone: %s",
			     strerror(errno));
		return BENCH_ABSENT;
	}
	return verify_side(state, read_only_limit, read_only(state), PIECE) &&
			       verify_side(state, read_only_library, read_only(state), PIECE)
		       ? BENCH_READY
		       : BENCH_FAILED;
}

static const struct bench_line lines[] = {
	{
		.metric = "write 1 MiB, running process",
		.goal = ">= 0.95",
		.least = 0.95,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.verify = verify_write,
		.limits = { { "process_vm_writev", write_limit } },
		.library = { "tmem_write_virtual", write_library },
	},
	{
		.metric = "fill with 16 B, running process",
		.goal = ">= 0.95",
		.least = 0.95,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.verify = verify_fill,
		.limits = { { "process_vm_writev of one 64 KiB", fill_limit } },
		.library = { "tmem_fill_virtual", fill_library },
	},
	{
		.metric = "write 1 MiB, process, read-only pages",
		.goal = ">= 0.95",
		.least = 0.95,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.verify = verify_read_only,
		.limits = { { "pwrite of /proc/PID/mem", read_only_limit } },
		.library = { "tmem_write_virtual", read_only_library },
	},
};

const struct bench_row bench_g19_live_write = {
	.id = "G19",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
