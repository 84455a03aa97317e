/* SPDX-License-Identifier: Apache-2.0 */
/* measure.h - timing the sides of a line in turn. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "bench.h"

#define BENCH_MOST_REPEATS 101

/* What one side took, in nanoseconds a run; in bytes where the line's unit is BENCH_BYTES. */
struct bench_samples {
	const char *name;
	double ns[BENCH_MOST_REPEATS];
	double median;
};

struct bench_outcome {
	struct bench_samples limits[BENCH_LIMITS];
	size_t limit_count;
	size_t best; /* index of the fastest limit */
	struct bench_samples library;
	uint64_t work;
	double ratio; /* speed relative to the best limit: the median over the repeats */
	bool met;
};

/*
 * Runs limits and library in turn, @repeats times after one untimed round each. False when a side
 * failed.
 */
bool bench_measure(const struct bench_line *line, void *state, unsigned repeats,
		   struct bench_outcome *outcome);

/* Time of two threads that compute over that of one; about 1 where both cores are there. */
double bench_scaling(void);

/* Above this the second core was not there. */
#define BENCH_SCALING_MOST 1.2

/* Runs @run with both arguments on two threads at a time; false when one of them failed. */
bool bench_pair(bool (*run)(void *state, uint64_t work), void *first, void *second, uint64_t work);

#endif
