/* SPDX-License-Identifier: Apache-2.0 */
/* g03_live_read.c - row G3: 8 bytes of a running process, not cached, one call each. */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fixture.h"

#define ADDRESSES 65536 /* a power of two */
#define WORK      20000

struct state {
	const struct bench_process *process;
	tmem_target *target;
	const uint64_t *addresses; /* one of the two below */
	uint64_t same[ADDRESSES];
	uint64_t random[ADDRESSES];
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;

	state->process = bench_memory_process();
	if (!state->process)
		return BENCH_FAILED;
	state->target = bench_open_process(state->process, NULL);
	if (!state->target)
		return BENCH_FAILED;
	bench_choose(state->same, ADDRESSES, state->process->address, 1);
	bench_choose(state->random, ADDRESSES, state->process->address, bench_size() / BENCH_PAGE);
	return BENCH_READY;
}

static void finish(void *argument)
{
	struct state *state = argument;

	tmem_close(state->target);
}

/* Verifies the addresses, and chooses them for what follows. */
static enum bench_result choose(struct state *state, const uint64_t *addresses)
{
	state->addresses = addresses;
	return bench_verify_words(state->target, addresses, 1000, state->process->address)
		       ? BENCH_READY
		       : BENCH_FAILED;
}

static enum bench_result choose_same(void *argument)
{
	struct state *state = argument;

	return choose(state, state->same);
}

static enum bench_result choose_random(void *argument)
{
	struct state *state = argument;

	return choose(state, state->random);
}

/* Past the C library, whose wrapper is a cancellation point and so a little slower. */
static bool by_pread(void *argument, uint64_t work)
{
	const struct state *state = argument;
	uint64_t value = 0;

	for (uint64_t i = 0; i < work; i++) {
		if (syscall(SYS_pread64, state->process->memory, &value, sizeof(value),
			    state->addresses[i % ADDRESSES]) != sizeof(value))
			return bench_fail("pread of a process's memory: %s", strerror(errno));
		bench_use(value);
	}
	return true;
}

static bool by_readv(void *argument, uint64_t work)
{
	const struct state *state = argument;
	uint64_t value = 0;

	for (uint64_t i = 0; i < work; i++) {
		struct iovec here = { &value, sizeof(value) };
		struct iovec there = { (void *)(uintptr_t)state->addresses[i % ADDRESSES],
				       sizeof(value) };

		if (process_vm_readv(state->process->pid, &here, 1, &there, 1, 0) != sizeof(value))
			return bench_fail("process_vm_readv: %s", strerror(errno));
		bench_use(value);
	}
	return true;
}

static bool by_library(void *argument, uint64_t work)
{
	const struct state *state = argument;
	uint64_t value = 0;
	size_t done;

	for (uint64_t i = 0; i < work; i++) {
		if (tmem_read_virtual_uncached(state->target, state->addresses[i % ADDRESSES],
					       &value, sizeof(value), &done) != TMEM_S_OK)
			return bench_fail("read: %s", tmem_last_error(state->target));
		bench_use(value);
	}
	return true;
}

static const struct bench_line lines[] = {
	{
		.metric = "8 B read, running process, same page",
		.goal = ">= 0.95",
		.least = 0.95,
		.unit = BENCH_TIME,
		.work = WORK,
		.verify = choose_same,
		.limits = { { "pread of /proc/PID/mem", by_pread },
			    { "process_vm_readv", by_readv } },
		.library = { "tmem_read_virtual_uncached", by_library },
	},
	{
		.metric = "8 B read, running process, random page",
		.goal = ">= 0.95",
		.least = 0.95,
		.unit = BENCH_TIME,
		.work = WORK,
		.verify = choose_random,
		.limits = { { "pread of /proc/PID/mem", by_pread },
			    { "process_vm_readv", by_readv } },
		.library = { "tmem_read_virtual_uncached", by_library },
	},
};

const struct bench_row bench_g03_live_read = {
	.id = "G3",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
