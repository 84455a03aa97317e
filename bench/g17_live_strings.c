/* SPDX-License-Identifier: Apache-2.0 */
/*
 * g17_live_strings.c - row G17: 1000 strings at random places of a running process.
 *
 * Nobody knows their lengths, so up to 256 bytes are fetched of each, within its page. The fastest
 * way is one system call for all; where each has a call of its own, one system call for each.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fixture.h"

#define STRINGS 1000 /* the system call takes no more than 1024 pieces */
#define MOST    256u

struct string {
	uint64_t page;
	uint64_t address;
	size_t room; /* bytes to fetch */
	char text[MOST + 1];
};

struct state {
	const struct bench_process *process;
	tmem_target *target;
	struct string strings[STRINGS]; /* in ascending order */
	struct tmem_string_transfer items[STRINGS];
	struct iovec here[STRINGS];
	struct iovec there[STRINGS];
	int memory; /* of the process, as a file */
};

static int compare(const void *left, const void *right)
{
	uint64_t a = ((const struct string *)left)->address;
	uint64_t b = ((const struct string *)right)->address;

	return (a > b) - (a < b);
}

/* What the limit needs is made beforehand and in order; the library gets them as they came. */
static void choose(struct state *state)
{
	for (size_t i = 0; i < STRINGS; i++) {
		struct string *string = &state->strings[i];

		string->page = bench_mix(i) % (bench_size() / BENCH_PAGE);
		string->address = state->process->address + bench_text_offset(string->page);
		string->room = BENCH_PAGE - string->address % BENCH_PAGE;
		if (string->room > MOST)
			string->room = MOST;
	}
	qsort(state->strings, STRINGS, sizeof(state->strings[0]), compare);
	for (size_t i = 0; i < STRINGS; i++) {
		struct string *string = &state->strings[i];
		struct string *other = &state->strings[i * 7 % STRINGS];

		state->here[i] = (struct iovec){ string->text, string->room };
		state->there[i] =
			(struct iovec){ (void *)(uintptr_t)string->address, string->room };
		state->items[i] = (struct tmem_string_transfer){ .offset = other->address,
								 .max_bytes = MOST,
								 .buffer = other->text,
								 .buffer_size = MOST };
	}
}

static enum bench_result setup(void *argument)
{
	struct state *state = argument;
	char path[64];

	state->memory = -1;
	state->process = bench_memory_process();
	state->target = state->process ? bench_open_process(state->process, NULL) : NULL;
	if (!state->target)
		return BENCH_FAILED;
	choose(state);
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)state->process->pid);
	state->memory = open(path, O_RDONLY | O_CLOEXEC);
	return state->memory >= 0 || bench_fail("%s: %s", path, strerror(errno)) ? BENCH_READY
										 : BENCH_FAILED;
}

static void finish(void *argument)
{
	struct state *state = argument;

	tmem_close(state->target);
	if (state->memory >= 0)
		close(state->memory);
}

/* A string is what comes before the first zero. */
static void measure_lengths(const struct state *state)
{
	size_t sum = 0;

	for (size_t i = 0; i < STRINGS; i++)
		sum += strnlen(state->strings[i].text, state->strings[i].room);
	bench_use(sum);
}

static bool limit(void *argument, uint64_t work)
{
	struct state *state = argument;

	for (uint64_t done = 0; done < work; done += STRINGS) {
		if (process_vm_readv(state->process->pid, state->here, STRINGS, state->there,
				     STRINGS, 0) <= 0)
			return bench_fail("process_vm_readv: %s", strerror(errno));
		measure_lengths(state);
	}
	return true;
}

/* One system call a string: @read moves the bytes of one. */
static inline __attribute__((always_inline)) bool
limit_each(struct state *state, ssize_t (*read)(struct state *state, struct string *string),
	   uint64_t work)
{
	for (uint64_t i = 0; i < work; i++) {
		struct string *string = &state->strings[i * 7 % STRINGS];

		if (read(state, string) <= 0)
			return bench_fail("a string: %s", strerror(errno));
		bench_use(strnlen(string->text, string->room));
	}
	return true;
}

static ssize_t read_file(struct state *state, struct string *string)
{
	return pread(state->memory, string->text, string->room, (off_t)string->address);
}

static ssize_t read_process(struct state *state, struct string *string)
{
	struct iovec here = { string->text, string->room };
	struct iovec there = { (void *)(uintptr_t)string->address, string->room };

	return process_vm_readv(state->process->pid, &here, 1, &there, 1, 0);
}

static bool limit_files(void *state, uint64_t work)
{
	return limit_each(state, read_file, work);
}

static bool limit_calls(void *state, uint64_t work)
{
	return limit_each(state, read_process, work);
}

static bool by_batch(void *argument, uint64_t work)
{
	struct state *state = argument;

	for (uint64_t done = 0; done < work; done += STRINGS)
		if (!bench_good(tmem_read_multi_byte_string_virtual_batch(state->target,
									  state->items, STRINGS),
				state->target, "batch"))
			return false;
	return true;
}

static bool by_call(void *argument, uint64_t work)
{
	struct state *state = argument;

	for (uint64_t i = 0; i < work; i++) {
		struct string *string = &state->strings[i * 7 % STRINGS];

		if (!bench_good(tmem_read_multi_byte_string_virtual(state->target, string->address,
								    MOST, string->text, MOST, NULL),
				state->target, "string"))
			return false;
	}
	return true;
}

static enum bench_result verify(struct state *state, bool (*run)(void *state, uint64_t work),
				const char *what)
{
	for (size_t i = 0; i < STRINGS; i++)
		memset(state->strings[i].text, 0, sizeof(state->strings[i].text));
	if (!run(state, STRINGS))
		return BENCH_FAILED;
	for (size_t i = 0; i < STRINGS; i++)
		if (!bench_is_text(state->strings[i].text, state->strings[i].page, what))
			return BENCH_FAILED;
	return BENCH_READY;
}

static enum bench_result verify_batch(void *state)
{
	return verify(state, limit, "limit") == BENCH_READY ? verify(state, by_batch, "batch")
							    : BENCH_FAILED;
}

static enum bench_result verify_call(void *state)
{
	return verify(state, limit_files, "limit") == BENCH_READY &&
			       verify(state, limit_calls, "limit") == BENCH_READY
		       ? verify(state, by_call, "string")
		       : BENCH_FAILED;
}

static const struct bench_line lines[] = {
	{
		.metric = "1000 strings, process, one call, each",
		.goal = ">= 0.8",
		.least = 0.8,
		.unit = BENCH_TIME,
		.work = 40 * STRINGS,
		.verify = verify_batch,
		.limits = { { "one process_vm_readv", limit } },
		.library = { "tmem_read_multi_byte_string_virtual_batch", by_batch },
	},
	{
		.metric = "1000 strings, process, a call each",
		.goal = ">= 0.8",
		.least = 0.8,
		.unit = BENCH_TIME,
		.work = 20 * STRINGS,
		.verify = verify_call,
		.limits = { { "a pread of /proc/PID/mem each", limit_files },
			    { "a process_vm_readv each", limit_calls } },
		.library = { "tmem_read_multi_byte_string_virtual", by_call },
	},
};

const struct bench_row bench_g17_live_strings = {
	.id = "G17",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
