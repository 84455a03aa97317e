/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.c - the table for people and the JSON file for programs.
 *
 * The two words of the last column stand nowhere else in the output, so that programs can count
 * them.
 */
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MET    "pass"
#define MISSED "short"

struct note {
	struct note *next;
	char text[];
};

static FILE *file;
static const char *file_name;
static bool file_has_rows;
static struct note *notes; /* newest first */

bool bench_fail(const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	fputs("bench: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return false;
}

bool bench_good(tmem_status status, tmem_target *target, const char *what)
{
	if (status == TMEM_S_OK)
		return true;
	return bench_fail("%s: %s: %s", what, tmem_status_name(status), tmem_last_error(target));
}

void bench_absent(const char *format, ...)
{
	va_list arguments, again;
	struct note *note;
	int size;

	va_start(arguments, format);
	va_copy(again, arguments);
	size = vsnprintf(NULL, 0, format, arguments);
	note = malloc(sizeof(*note) + (size_t)size + 1);
	if (note) {
		vsnprintf(note->text, (size_t)size + 1, format, again);
		note->next = notes;
		notes = note;
	}
	va_end(again);
	va_end(arguments);
}

/* A time, a rate or a size with three digits and its unit. */
static void print_value(char *text, size_t size, const struct bench_line *line,
			const struct bench_samples *samples, uint64_t work)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	double value = samples->median / (double)work;
	size_t unit = 0;

	if (line->unit == BENCH_RATE) {
		snprintf(text, size, "%.3g GB/s", (double)work / samples->median);
		return;
	}
	if (line->unit == BENCH_BYTES) {
		snprintf(text, size, "%.0f KiB", value / 1024);
		return;
	}
	while (value >= 999.5 && unit < 3) {
		value /= 1000;
		unit++;
	}
	snprintf(text, size, "%.3g %s", value, units[unit]);
}

/* A JSON string; every byte below the space and the two special ones are written as \u. */
static void put_string(const char *text)
{
	fputc('"', file);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\' || (unsigned char)*text < ' ')
			fprintf(file, "\\u%04x", (unsigned char)*text);
		else
			fputc(*text, file);
	}
	fputc('"', file);
}

static const char *unit_name(const struct bench_line *line)
{
	static const char *const names[] = {
		[BENCH_TIME] = "ns", [BENCH_RATE] = "bytes/s", [BENCH_BYTES] = "bytes"
	};

	return names[line->unit];
}

/* One side: its name, the median and the samples, in the line's unit. */
static void put_samples(const struct bench_line *line, const struct bench_samples *samples,
			uint64_t work, unsigned repeats)
{
	fputs("{\"name\": ", file);
	put_string(samples->name);
	for (unsigned i = 0; i <= repeats; i++) {
		double ns = i ? samples->ns[i - 1] : samples->median;
		double value =
			line->unit == BENCH_RATE ? (double)work / ns * 1e9 : ns / (double)work;

		fprintf(file, "%s%.6g",
			i == 0   ? ", \"median\": "
			: i == 1 ? ", \"samples\": ["
				 : ", ",
			value);
	}
	fputs("]}", file);
}

static void put_line(const char *id, const struct bench_line *line,
		     const struct bench_outcome *outcome, unsigned repeats)
{
	fprintf(file, "%s\n    {\"id\": \"%s\", \"metric\": ", file_has_rows ? "," : "", id);
	file_has_rows = true;
	put_string(line->metric);
	fprintf(file, ", \"unit\": \"%s\", \"work\": %llu,\n     \"limits\": [", unit_name(line),
		(unsigned long long)outcome->work);
	for (size_t i = 0; i < outcome->limit_count; i++) {
		fputs(i ? ", " : "", file);
		put_samples(line, &outcome->limits[i], outcome->work, repeats);
	}
	fputs("],\n     \"limit\": ", file);
	put_string(outcome->limits[outcome->best].name);
	fputs(", \"tmem\": ", file);
	put_samples(line, &outcome->library, outcome->work, repeats);
	fprintf(file, ",\n     \"ratio\": %.4g, \"goal\": ", outcome->ratio);
	put_string(line->goal);
	fprintf(file, ", \"verdict\": \"%s\"}", outcome->met ? MET : MISSED);
}

bool bench_report_begin(const struct bench_run *run, const char *json)
{
	bool second_core = run->scaling <= BENCH_SCALING_MOST;

	printf("%u repeats in turn, medians; memory of %llu MiB; two computing threads took %.2f "
	       "times one%s\n",
	       run->repeats, (unsigned long long)(run->size >> 20), run->scaling,
	       second_core ? "" : ": the second core was busy");
	printf("%-4s %-41s %10s %10s %6s  %-19s %s\n", "row", "metric", "limit", "tmem", "ratio",
	       "goal", "verdict");
	fflush(stdout);
	if (!json)
		return true;
	file = fopen(json, "w");
	file_name = json;
	if (!file)
		return bench_fail("%s: %s", json, strerror(errno));
	fprintf(file,
		"{\n  \"repeats\": %u,\n  \"size\": %llu,\n  \"scaling\": %.3f,\n"
		"  \"second_core\": %s,\n  \"rows\": [",
		run->repeats, (unsigned long long)run->size, run->scaling,
		second_core ? "true" : "false");
	return true;
}

void bench_report_line(const char *id, const struct bench_line *line,
		       const struct bench_outcome *outcome, unsigned repeats)
{
	char limit[32];
	char library[32];

	print_value(limit, sizeof(limit), line, &outcome->limits[outcome->best], outcome->work);
	print_value(library, sizeof(library), line, &outcome->library, outcome->work);
	printf("%-4s %-41s %10s %10s %6.3f  %-19s %s\n", id, line->metric, limit, library,
	       outcome->ratio, line->goal, outcome->met ? MET : MISSED);
	fflush(stdout);
	if (file)
		put_line(id, line, outcome, repeats);
}

static struct note *in_order(struct note *newest)
{
	struct note *first = NULL;

	while (newest) {
		struct note *next = newest->next;

		newest->next = first;
		first = newest;
		newest = next;
	}
	return first;
}

bool bench_report_end(void)
{
	struct note *note = in_order(notes);
	bool first = true;
	bool good;

	if (file)
		fputs("\n  ],\n  \"not_measured\": [", file);
	while (note) {
		struct note *next = note->next;

		printf("not possible here: %s\n", note->text);
		if (file) {
			fputs(first ? "" : ", ", file);
			put_string(note->text);
		}
		first = false;
		free(note);
		note = next;
	}
	notes = NULL;
	if (!file)
		return true;
	fputs("]\n}\n", file);
	good = !ferror(file);
	good = !fclose(file) && good;
	file = NULL;
	return good || bench_fail("%s could not be written", file_name);
}
