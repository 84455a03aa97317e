/* SPDX-License-Identifier: Apache-2.0 */
/*
 * g17_live_strings.c - row G17: 1000 strings at random places of a running process.
 *
 * Nobody knows their lengths, so up to 256 bytes are fetched of each, within its page. The fastest
 * way is one system call for all. A batch of reads is the library's form of that; the method for
 * strings takes one at a time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

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
	struct tmem_transfer items[STRINGS];
	struct iovec here[STRINGS];
	struct iovec there[STRINGS];
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
		state->items[i] = (struct tmem_transfer){ .offset = other->address,
							  .buffer = other->text,
							  .size = other->room };
	}
}

static enum bench_result setup(void *argument)
{
	struct state *state = argument;

	state->process = bench_memory_process();
	state->target = state->process ? bench_open_process(state->process, NULL) : NULL;
	if (!state->target)
		return BENCH_FAILED;
	choose(state);
	return BENCH_READY;
}

static void finish(void *argument)
{
	tmem_close(((struct state *)argument)->target);
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

static bool by_batch(void *argument, uint64_t work)
{
	struct state *state = argument;

	for (uint64_t done = 0; done < work; done += STRINGS) {
		if (!bench_good(tmem_read_virtual_batch(state->target, state->items, STRINGS),
				state->target, "batch"))
			return false;
		measure_lengths(state);
	}
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
	return verify(state, by_call, "string");
}

static const struct bench_line lines[] = {
	{
		.metric = "1000 strings, process, one batch, each",
		.goal = ">= 0.8",
		.least = 0.8,
		.unit = BENCH_TIME,
		.work = 40 * STRINGS,
		.verify = verify_batch,
		.limits = { { "one process_vm_readv", limit } },
		.library = { "tmem_read_virtual_batch", by_batch },
	},
	{
		.metric = "1000 strings, process, a call each",
		.goal = ">= 0.8",
		.least = 0.8,
		.unit = BENCH_TIME,
		.work = 20 * STRINGS,
		.verify = verify_call,
		.limits = { { "one process_vm_readv", limit } },
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
