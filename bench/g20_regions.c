/* SPDX-License-Identifier: Apache-2.0 */
/* g20_regions.c - row G20: the mappings of a process that has 65,000 of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fixture.h"

#define ROOM    ((size_t)16 << 20) /* bytes that the list may have */
#define LOOKUPS 10000

/* The kernel's question for the mapping of one address, as its interface lays it out. */
struct mapping_query {
	uint64_t size;
	uint64_t flags;
	uint64_t address;
	uint64_t start;
	uint64_t end;
	uint64_t protection;
	uint64_t page_size;
	uint64_t offset;
	uint64_t inode;
	uint32_t major;
	uint32_t minor;
	uint32_t name_size;
	uint32_t build_id_size;
	uint64_t name;
	uint64_t build_id;
};

#define MAPPING_QUERY _IOWR('f', 17, struct mapping_query)
#define QUERY_OR_NEXT 0x10

struct mapping {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	uint64_t inode;
	uint32_t flags;
	const char *name; /* up to the end of its line */
};

struct state {
	const struct bench_process *process;
	tmem_target *target;
	int maps; /* for single questions */
	char *text;
	struct mapping *mappings;
	size_t count;
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;
	char name[64];

	state->maps = -1;
	state->process = bench_mappings_process();
	if (!state->process)
		return BENCH_ABSENT;
	state->target = bench_open_process(state->process, NULL);
	state->text = malloc(ROOM);
	state->mappings = calloc(BENCH_MAPPINGS + 1000, sizeof(*state->mappings));
	snprintf(name, sizeof(name), "/proc/%d/maps", state->process->pid);
	state->maps = open(name, O_RDONLY | O_CLOEXEC);
	return state->target && state->text && state->mappings && state->maps >= 0 ? BENCH_READY
										   : BENCH_FAILED;
}

static void finish(void *argument)
{
	struct state *state = argument;

	tmem_close(state->target);
	free(state->text);
	free(state->mappings);
	if (state->maps >= 0)
		close(state->maps);
}

/* ---- all of them ---- */

static uint64_t parse_hex(const char **at)
{
	uint64_t value = 0;

	for (;; (*at)++) {
		unsigned char c = (unsigned char)**at;

		if (c >= '0' && c <= '9')
			value = value << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (c - 'a' + 10);
		else
			return value;
	}
}

/* Takes one well-formed line apart; returns where the next begins. */
static const char *parse_line(const char *at, const char *end, struct mapping *mapping)
{
	mapping->start = parse_hex(&at);
	at++;
	mapping->end = parse_hex(&at);
	mapping->flags =
		(at[1] == 'r') | (at[2] == 'w') << 1 | (at[3] == 'x') << 2 | (at[4] == 's') << 3;
	at += 6;
	mapping->offset = parse_hex(&at);
	at++;
	parse_hex(&at);
	at++;
	parse_hex(&at);
	mapping->inode = strtoull(at, (char **)(uintptr_t)&at, 10);
	while (*at == ' ')
		at++;
	mapping->name = at;
	at = memchr(at, '\n', (size_t)(end - at));
	return at ? at + 1 : end;
}

/* The whole list, read and taken apart. */
static bool list_mappings(struct state *state)
{
	size_t size = 0;
	const char *at = state->text;
	const char *end;
	char name[64];
	ssize_t got;
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/maps", state->process->pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return bench_fail("%s: %s", name, strerror(errno));
	while ((got = read(fd, state->text + size, ROOM - 1 - size)) > 0)
		size += (size_t)got;
	close(fd);
	end = state->text + size;
	state->text[size] = 0;
	for (state->count = 0; at < end && state->count < BENCH_MAPPINGS + 1000; state->count++)
		at = parse_line(at, end, &state->mappings[state->count]);
	return state->count >= BENCH_MAPPINGS;
}

static bool limit_all(void *state, uint64_t work)
{
	bool good = true;

	for (uint64_t i = 0; i < work && good; i++)
		good = list_mappings(state);
	return good;
}

static bool library_all(void *argument, uint64_t work)
{
	struct state *state = argument;
	struct tmem_run run = { .size = sizeof(run) };

	for (uint64_t i = 0; i < work; i++) {
		tmem_run_cursor *cursor;
		size_t count = 0;

		if (!bench_good(
			    tmem_run_cursor_new(state->target, TMEM_DATA_SPACE_VIRTUAL, 0, &cursor),
			    state->target, "listing runs"))
			return false;
		while (tmem_run_cursor_next(cursor, &run) == TMEM_S_OK)
			count++;
		tmem_run_cursor_free(cursor);
		if (count < BENCH_MAPPINGS)
			return bench_fail("only %zu runs were listed", count);
	}
	return true;
}

/* Every run must be one line of the list, in order. */
static enum bench_result verify_all(void *argument)
{
	struct state *state = argument;
	struct tmem_run run = { .size = sizeof(run) };
	tmem_run_cursor *cursor;
	bool good = list_mappings(state);
	size_t i;

	if (!good ||
	    !bench_good(tmem_run_cursor_new(state->target, TMEM_DATA_SPACE_VIRTUAL, 0, &cursor),
			state->target, "listing runs"))
		return BENCH_FAILED;
	for (i = 0; tmem_run_cursor_next(cursor, &run) == TMEM_S_OK && good; i++)
		if (i >= state->count || run.base != state->mappings[i].start ||
		    run.length != state->mappings[i].end - state->mappings[i].start)
			good = bench_fail("run %zu at %#llx is no line of the list", i,
					  (unsigned long long)run.base);
	tmem_run_cursor_free(cursor);
	if (good && i != state->count)
		good = bench_fail("%zu runs of %zu were listed", i, state->count);
	return good ? BENCH_READY : BENCH_FAILED;
}

/* ---- one of them ---- */

static uint64_t mapping_address(const struct state *state, uint64_t index)
{
	return state->process->address + bench_mix(index) % BENCH_MAPPINGS * BENCH_PAGE;
}

static bool ask_kernel(const struct state *state, uint64_t address, struct mapping_query *query)
{
	memset(query, 0, sizeof(*query));
	query->size = sizeof(*query);
	query->flags = QUERY_OR_NEXT;
	query->address = address;
	return ioctl(state->maps, MAPPING_QUERY, query) == 0;
}

static bool limit_one(void *state, uint64_t work)
{
	struct mapping_query query;

	for (uint64_t i = 0; i < work; i++) {
		if (!ask_kernel(state, mapping_address(state, i), &query))
			return bench_fail("PROCMAP_QUERY: %s", strerror(errno));
		bench_use(query.start);
	}
	return true;
}

static bool library_one(void *argument, uint64_t work)
{
	struct state *state = argument;
	struct tmem_run run = { .size = sizeof(run) };

	for (uint64_t i = 0; i < work; i++) {
		if (tmem_get_next_run(state->target, TMEM_DATA_SPACE_VIRTUAL,
				      mapping_address(state, i), &run) != TMEM_S_OK)
			return bench_fail("next run: %s", tmem_last_error(state->target));
		bench_use(run.base);
	}
	return true;
}

static enum bench_result verify_one(void *argument)
{
	struct state *state = argument;
	struct tmem_run run = { .size = sizeof(run) };
	struct mapping_query query;

	if (!ask_kernel(state, state->process->address, &query)) {
		bench_absent("G20, one address: this kernel has no PROCMAP_QUERY");
		return BENCH_ABSENT;
	}
	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t address = mapping_address(state, i);
		bool writable = (address - state->process->address) / BENCH_PAGE % 2 == 0;
		uint32_t protect = writable ? TMEM_PAGE_READWRITE : TMEM_PAGE_READONLY;

		if (!bench_good(tmem_get_next_run(state->target, TMEM_DATA_SPACE_VIRTUAL, address,
						  &run),
				state->target, "next run"))
			return BENCH_FAILED;
		if (run.base != address || run.length != BENCH_PAGE || run.protect != protect) {
			bench_fail("the run at %#llx is wrong", (unsigned long long)address);
			return BENCH_FAILED;
		}
	}
	return BENCH_READY;
}

static const struct bench_line lines[] = {
	{
		.metric = "runs of a process, all 65,000",
		.goal = ">= 0.9",
		.least = 0.9,
		.unit = BENCH_TIME,
		.work = 1,
		.verify = verify_all,
		.limits = { { "read of /proc/PID/maps, minimal parse", limit_all } },
		.library = { "tmem_run_cursor", library_all },
	},
	{
		.metric = "run of one address, of 65,000",
		.goal = ">= 0.77 (1.3x)",
		.least = 1 / 1.3,
		.unit = BENCH_TIME,
		.work = LOOKUPS,
		.verify = verify_one,
		.limits = { { "PROCMAP_QUERY", limit_one } },
		.library = { "tmem_get_next_run", library_one },
	},
};

const struct bench_row bench_g20_regions = {
	.id = "G20",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
