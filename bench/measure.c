/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure.c - timing the sides of a line in turn.
 *
 * A shared machine is faster in one second than in the next. So the sides alternate, A B A B, and
 * the ratio is the median of the ratios within each round: what slows a whole round down drops out.
 * Lines of one thread count the processor time of this process, all its threads and the kernel's
 * work for it included, so that waiting for a busy processor does not count; nothing here waits for
 * a disk. Lines of two threads count the time on the wall.
 */
#include "measure.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fixture.h"

#define SCALING_STEPS 20000000u

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int compare_numbers(const void *left, const void *right)
{
	double a = *(const double *)left;
	double b = *(const double *)right;

	return (a > b) - (a < b);
}

static double median(const double *values, unsigned count)
{
	double sorted[BENCH_MOST_REPEATS];

	memcpy(sorted, values, count * sizeof(*values));
	qsort(sorted, count, sizeof(*sorted), compare_numbers);
	return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

static uint64_t measured_bytes;

void bench_set_bytes(uint64_t bytes)
{
	measured_bytes = bytes;
}

/* Writes the time to *ns; the bytes where bytes are measured. */
static bool time_side(const struct bench_line *line, const struct bench_side *side, void *state,
		      uint64_t work, double *ns)
{
	clockid_t clock = line->two_threads ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID;
	uint64_t start = read_clock(clock);
	bool good = side->run(state, work);

	*ns = (double)(line->unit == BENCH_BYTES ? measured_bytes : read_clock(clock) - start);
	if (*ns < 1)
		*ns = 1;
	return good;
}

/* One run of every side; round 0 only warms up, round n is stored as sample n - 1. */
static bool time_round(const struct bench_line *line, void *state, unsigned round,
		       struct bench_outcome *outcome)
{
	size_t at = round ? round - 1 : 0;

	for (size_t i = 0; i < outcome->limit_count; i++)
		if (!time_side(line, &line->limits[i], state, outcome->work,
			       &outcome->limits[i].ns[at]))
			return false;
	return time_side(line, &line->library, state, outcome->work, &outcome->library.ns[at]);
}

static void settle(const struct bench_line *line, unsigned repeats, struct bench_outcome *outcome)
{
	double ratios[BENCH_MOST_REPEATS];
	const struct bench_samples *limit;
	double per_operation;

	for (size_t i = 0; i < outcome->limit_count; i++) {
		outcome->limits[i].median = median(outcome->limits[i].ns, repeats);
		if (outcome->limits[i].median < outcome->limits[outcome->best].median)
			outcome->best = i;
	}
	outcome->library.median = median(outcome->library.ns, repeats);
	limit = &outcome->limits[outcome->best];
	for (unsigned i = 0; i < repeats; i++)
		ratios[i] = limit->ns[i] / outcome->library.ns[i];
	outcome->ratio = median(ratios, repeats);
	per_operation = outcome->library.median / (double)outcome->work;
	outcome->met = (line->most_ns <= 0 || per_operation <= line->most_ns) &&
		       outcome->ratio >= line->least;
}

bool bench_measure(const struct bench_line *line, void *state, unsigned repeats,
		   struct bench_outcome *outcome)
{
	memset(outcome, 0, sizeof(*outcome));
	outcome->work = line->work;
	if (line->work == BENCH_WHOLE)
		outcome->work = bench_size();
	else if (line->work == BENCH_WHOLE_PAGES)
		outcome->work = bench_size() / BENCH_PAGE;
	while (outcome->limit_count < BENCH_LIMITS && line->limits[outcome->limit_count].run) {
		outcome->limits[outcome->limit_count].name =
			line->limits[outcome->limit_count].name;
		outcome->limit_count++;
	}
	outcome->library.name = line->library.name;
	for (unsigned round = 0; round <= repeats; round++)
		if (!time_round(line, state, round, outcome))
			return false;
	settle(line, repeats, outcome);
	return true;
}

/* Half of a pair of threads. */
struct half {
	bool (*run)(void *state, uint64_t work);
	void *state;
	uint64_t work;
	bool good;
};

static void *run_half(void *argument)
{
	struct half *half = argument;

	half->good = half->run(half->state, half->work);
	return NULL;
}

bool bench_pair(bool (*run)(void *state, uint64_t work), void *first, void *second, uint64_t work)
{
	struct half other = { run, second, work, false };
	pthread_t thread;
	bool good;

	if (pthread_create(&thread, NULL, run_half, &other))
		return bench_fail("a second thread could not be started");
	good = run(first, work);
	pthread_join(thread, NULL);
	return good && other.good;
}

static bool compute(void *state, uint64_t steps)
{
	uint64_t value = 1;

	for (uint64_t i = 0; i < steps; i++) {
		value = value * UINT64_C(6364136223846793005) + i;
		bench_use(value);
	}
	return true;
}

double bench_scaling(void)
{
	double ratios[3];

	for (unsigned i = 0; i < 3; i++) {
		uint64_t start = read_clock(CLOCK_MONOTONIC);
		uint64_t middle;

		compute(NULL, SCALING_STEPS);
		middle = read_clock(CLOCK_MONOTONIC);
		if (!bench_pair(compute, NULL, NULL, SCALING_STEPS))
			return 2;
		ratios[i] =
			(double)(read_clock(CLOCK_MONOTONIC) - middle) / (double)(middle - start);
	}
	return median(ratios, 3);
}
