/* SPDX-License-Identifier: Apache-2.0 */
/* report.h - the table for people and the JSON file for programs. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "measure.h"

/* What is known about the run as a whole. */
struct bench_run {
	unsigned repeats;
	double scaling; /* of the computing check at the start */
	uint64_t size;
};

/* Begins the table, and the file when @json is not NULL; false after bench_fail(). */
bool bench_report_begin(const struct bench_run *run, const char *json);

/* One measured line of row @id. */
void bench_report_line(const char *id, const struct bench_line *line,
		       const struct bench_outcome *outcome, unsigned repeats);

/* Ends both; tells what was not measured. False when the file could not be written. */
bool bench_report_end(void);

#endif
