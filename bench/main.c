/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - the measurements: chooses rows, measures their lines, reports them.
 *
 * The status is 0 also when a goal is missed: a slow hour of the machine is no failure. It is 1
 * when bytes or calls were wrong, 2 for a bad argument.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench.h"
#include "fixture.h"
#include "keep.h"
#include "measure.h"
#include "report.h"
#include "weigh.h"

#define DEFAULT_REPEATS 7
#define DEFAULT_SIZE    ((uint64_t)1 << 30)
#define LEAST_SIZE      ((uint64_t)16 << 20)
#define SCALING_TRIES   3

#define X(name) extern const struct bench_row bench_##name;
#include "rows.def"
#undef X

struct entry {
	const char *name;
	const struct bench_row *row;
};

static const struct entry entries[] = {
#define X(name) { #name, &bench_##name },
#include "rows.def"
#undef X
};

#define ENTRY_COUNT (sizeof(entries) / sizeof(entries[0]))

struct arguments {
	unsigned repeats;
	const char *json;
	char **rows; /* names; none = all */
	int row_count;
};

/* A number of bytes with K, M or G behind it; 0 when it is none. */
static uint64_t parse_size(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);
	const char *suffixes = "KMG";
	const char *suffix = *end ? strchr(suffixes, *end) : NULL;
	unsigned shift = suffix ? 10 * (unsigned)(suffix - suffixes + 1) : 0;

	if (end == text || (*end && (!suffix || end[1])) || value > UINT64_MAX >> shift)
		return 0;
	return value << shift;
}

static uint64_t size_of_memory;

uint64_t bench_size(void)
{
	return size_of_memory;
}

/* Whole MiB, and enough for pages to be far from each other. */
static bool choose_size(void)
{
	const char *text = getenv("BENCH_SIZE");

	size_of_memory = text && *text ? parse_size(text) & ~(uint64_t)0xfffff : DEFAULT_SIZE;
	return size_of_memory >= LEAST_SIZE ||
	       bench_fail("BENCH_SIZE=%s: expected 16M or more, such as 256M or 1G", text);
}

/* "g1", "G01" and "g01_hot_read" all mean the row g01_hot_read. */
static bool is_row(const struct entry *entry, const char *name)
{
	const char *digits = name + 1;

	if (!strcasecmp(entry->name, name) || !strcasecmp(entry->row->id, name))
		return true;
	while (*digits == '0')
		digits++;
	return strchr("gG", *name) && *digits && !strcmp(entry->row->id + 1, digits);
}

static bool is_wanted(const struct arguments *arguments, const struct entry *entry)
{
	bool wanted = !arguments->row_count;

	for (int i = 0; i < arguments->row_count && !wanted; i++)
		wanted = is_row(entry, arguments->rows[i]);
	return wanted;
}

static bool check_rows(const struct arguments *arguments)
{
	for (int i = 0; i < arguments->row_count; i++) {
		bool known = false;

		for (size_t j = 0; j < ENTRY_COUNT; j++)
			known |= is_row(&entries[j], arguments->rows[i]);
		if (!known)
			return bench_fail("there is no row '%s'; --list shows them",
					  arguments->rows[i]);
	}
	return true;
}

/* Two threads are measured only while both cores are there; other work may come and go. */
static bool has_second_core(void)
{
	for (unsigned i = 0; i < SCALING_TRIES; i++)
		if (bench_scaling() <= BENCH_SCALING_MOST)
			return true;
	return false;
}

static bool measure_line(const struct bench_row *row, const struct bench_line *line, void *state,
			 unsigned repeats)
{
	struct bench_outcome outcome;
	enum bench_result ready = line->verify ? line->verify(state) : BENCH_READY;

	if (ready != BENCH_READY)
		return ready == BENCH_ABSENT ||
		       bench_fail("%s %s: the bytes were not verified", row->id, line->metric);
	if (line->two_threads && !has_second_core()) {
		bench_absent("%s %s: the second core was busy", row->id, line->metric);
		return true;
	}
	if (!bench_measure(line, state, repeats, &outcome))
		return bench_fail("%s %s: a run failed", row->id, line->metric);
	bench_report_line(row->id, line, &outcome, repeats);
	return true;
}

/* The lines of a row on what was made here, or those that are also for a guest on its dump. */
static bool measure_lines(const struct bench_row *row, bool guest, unsigned repeats)
{
	void *state = calloc(1, row->state_size ? row->state_size : 1);
	enum bench_result ready;
	bool good;

	bench_choose_guest(guest);
	ready = state ? row->setup(state) : BENCH_FAILED;
	good = ready != BENCH_FAILED || bench_fail("%s: could not be set up", row->id);
	for (size_t i = 0; ready == BENCH_READY && i < row->line_count; i++) {
		struct bench_line line = row->lines[i];

		if (guest && !line.guest)
			continue;
		if (guest)
			line.metric = line.guest;
		good &= measure_line(row, &line, state, repeats);
	}
	if (state && row->finish)
		row->finish(state);
	free(state);
	return good;
}

static bool is_for_guest(const struct bench_row *row)
{
	bool found = false;

	for (size_t i = 0; i < row->line_count; i++)
		found |= row->lines[i].guest != NULL;
	return found;
}

static bool measure_row(const struct bench_row *row, unsigned repeats)
{
	const struct bench_image *image;
	bool good = measure_lines(row, false, repeats);

	if (!is_for_guest(row))
		return good;
	switch (bench_guest_image(&image)) {
	case BENCH_READY: return measure_lines(row, true, repeats) && good;
	case BENCH_ABSENT: return good;
	default: return false;
	}
}

static int measure_all(const struct arguments *arguments)
{
	struct bench_run run = { .repeats = arguments->repeats,
				 .scaling = bench_scaling(),
				 .size = bench_size() };
	bool good = bench_report_begin(&run, arguments->json);

	for (size_t i = 0; i < ENTRY_COUNT; i++)
		if (is_wanted(arguments, &entries[i]))
			good &= measure_row(entries[i].row, run.repeats);
	good &= bench_report_end();
	return good ? 0 : 1;
}

static void list_line(const struct entry *entry, const char *metric, const char *goal)
{
	printf("%-4s %-18s %-41s %s\n", entry->row->id, entry->name, metric, goal);
}

static void list_rows(void)
{
	for (size_t i = 0; i < ENTRY_COUNT; i++)
		for (size_t j = 0; j < entries[i].row->line_count; j++) {
			const struct bench_line *line = &entries[i].row->lines[j];

			list_line(&entries[i], line->metric, line->goal);
			if (line->guest)
				list_line(&entries[i], line->guest, line->goal);
		}
}

static void print_usage(FILE *out)
{
	fputs("usage: bench [--list] [--repeat N] [--json FILE] [ROW ...]\n"
	      "       bench --keep | --needs-guest [ROW ...]\n"
	      "  ROW       G1, g01_hot_read ...; without, all rows are measured\n"
	      "  --keep    only makes what is measured on, tells where it is, and keeps it until\n"
	      "            the input ends\n"
	      "  --needs-guest  only tells whether a guest's dump is measured: status 0, else 1\n"
	      "  --repeat  rounds of each line, 7 without, at most 101\n"
	      "  BENCH_SIZE=256M in the environment makes the big memory smaller than 1 GiB;\n"
	      "  BENCH_GUEST names the folder of a guest's dump (tools/bench-guest makes one);\n"
	      "  TMPDIR says where the files go\n",
	      out);
}

/* Says why the arguments are not understood, and which are. */
static bool refuse(const char *argument, const char *why)
{
	bench_fail("%s: %s", argument, why);
	print_usage(stderr);
	return false;
}

/* True when *argument is @name and has a value, which becomes *argument. */
static bool take_value(const char *name, char ***argument)
{
	if (strcmp(**argument, name) || !(*argument)[1])
		return false;
	(*argument)++;
	return true;
}

/* What is to be done. */
enum task { MEASURE, LIST, KEEP, NEEDS_GUEST, HELP };

/* False after a refusal. */
static bool parse(char **next, char **end, struct arguments *arguments, enum task *task)
{
	for (; *next && **next == '-'; next++) {
		if (!strcmp(*next, "--needs-guest"))
			*task = NEEDS_GUEST;
		else if (!strcmp(*next, "--list"))
			*task = *task == MEASURE ? LIST : *task;
		else if (!strcmp(*next, "--keep"))
			*task = *task == MEASURE ? KEEP : *task;
		else if (!strcmp(*next, "--help"))
			*task = HELP;
		else if (take_value("--repeat", &next))
			arguments->repeats = (unsigned)strtoul(*next, NULL, 10);
		else if (take_value("--json", &next))
			arguments->json = *next;
		else
			return refuse(*next, "no such option, or its value is missing");
	}
	arguments->rows = next;
	arguments->row_count = (int)(end - next);
	return (arguments->repeats && arguments->repeats <= BENCH_MOST_REPEATS) ||
	       refuse("--repeat", "expected a number from 1 to 101");
}

static bool needs_guest(const struct arguments *arguments)
{
	bool needed = false;

	for (size_t i = 0; i < ENTRY_COUNT; i++)
		needed |= is_wanted(arguments, &entries[i]) && is_for_guest(entries[i].row);
	return needed;
}

static int run(const struct arguments *arguments, enum task task)
{
	switch (task) {
	case LIST: list_rows(); return 0;
	case KEEP: return bench_keep();
	case HELP: print_usage(stdout); return 0;
	case NEEDS_GUEST: return needs_guest(arguments) ? 0 : 1;
	default: return measure_all(arguments);
	}
}

int main(int count, char **values)
{
	struct arguments arguments = { .repeats = DEFAULT_REPEATS };
	enum task task = MEASURE;

	if (!choose_size())
		return 2;
	if (count > 1 &&
	    (bench_serve(count - 1, values + 1) || bench_weigh_serve(count - 1, values + 1)))
		return 0;
	if (!parse(values + 1, values + count, &arguments, &task) || !check_rows(&arguments))
		return 2;
	return run(&arguments, task);
}
