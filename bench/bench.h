/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.h - what a row of the measurements is.
 *
 * One row of rows.def, X(g01_hot_read), is one file bench/g01_hot_read.c that defines
 * bench_g01_hot_read: how its work is set up, and lines that each compare the limit of the machine
 * with the library on the same work. measure.c runs both in turn and report.c says what came out.
 * A row sees the library only as its users do, through <tmem.h>.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tmem.h>

enum bench_result {
	BENCH_READY,  /* set up, or verified */
	BENCH_FAILED, /* bench_fail() has said why: the run ends with a failure */
	BENCH_ABSENT, /* bench_absent() has said why: this machine or kernel cannot do it */
};

enum bench_unit {
	BENCH_TIME,  /* time an operation; work counts operations */
	BENCH_RATE,  /* bytes a second; work counts bytes */
	BENCH_BYTES, /* bytes of memory; each side tells them with bench_set_bytes(), work is 1 */
};

/* One side of a comparison: does @work operations or bytes; false after bench_fail(). */
struct bench_side {
	const char *name;
	bool (*run)(void *state, uint64_t work);
};

#define BENCH_LIMITS 3

struct bench_line {
	const char *metric;
	const char *guest; /* its name when measured on a real guest's dump; NULL: it is not */
	const char *goal;  /* for people; what counts are the two numbers below */
	double most_ns;    /* an operation may take, 0 = no such goal */
	double least;      /* speed of the library relative to the limit, 0 = no such goal; of bytes
			      the limit's relative to the library's */
	enum bench_unit unit;
	uint64_t work;    /* of one run; BENCH_WHOLE: the size of the memory, or its 4 KiB pages */
	bool two_threads; /* left out where the second core was not there */
	/* Optional: compares bytes before anything is timed. */
	enum bench_result (*verify)(void *state);
	struct bench_side limits[BENCH_LIMITS]; /* the fastest one counts; unused ones are zeros */
	struct bench_side library;
};

#define BENCH_WHOLE       0
#define BENCH_WHOLE_PAGES UINT64_MAX

struct bench_row {
	const char *id; /* "G1" */
	size_t state_size;
	enum bench_result (*setup)(void *state); /* @state is zeroed */
	void (*finish)(void *state);             /* also after a setup that did not end well */
	const struct bench_line *lines;
	size_t line_count;
};

#define BENCH_LINES(array) .lines = (array), .line_count = sizeof(array) / sizeof((array)[0])

/* Says on the error output what went wrong; returns false. */
__attribute__((format(printf, 1, 2))) bool bench_fail(const char *format, ...);

/* Notes why something is not measured here; the text is shown under the table. */
__attribute__((format(printf, 1, 2))) void bench_absent(const char *format, ...);

/* True when the call succeeded with TMEM_S_OK; else tells what @what met. */
bool bench_good(tmem_status status, tmem_target *target, const char *what);

/* What a side of a line in BENCH_BYTES measured. */
void bench_set_bytes(uint64_t bytes);

/* Bytes of the big memory: 1 GiB, or BENCH_SIZE. */
uint64_t bench_size(void);

/* Keeps a result alive that nothing else wants. */
static inline void bench_use(uint64_t value)
{
	__asm__ volatile("" : : "r"(value) : "memory");
}

/* A reproducible number for every index: contents of memory, and random choices. */
static inline uint64_t bench_mix(uint64_t index)
{
	uint64_t value = index * UINT64_C(0x9e3779b97f4a7c15) + UINT64_C(0x2545f4914f6cdd1d);

	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

#endif
