/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weigh.h - how much memory an operation takes, measured in a fresh process.
 *
 * What counts are private dirty pages: what only this process has, and what it costs the machine.
 * Pages of mapped files are the kernel's, there with or without a reader.
 */
#ifndef BENCH_WEIGH_H
#define BENCH_WEIGH_H

#include "bench.h"

enum bench_weigh {
	BENCH_WEIGH_OPEN,   /* a target, opened */
	BENCH_WEIGH_RUNS,   /* opened, and all its runs listed */
	BENCH_WEIGH_READ,   /* opened, and a word of every page of a range read */
	BENCH_WEIGH_SEARCH, /* what a search needs beside the opened target, at its highest */
};

struct bench_burden {
	enum bench_weigh what;
	const char *spec;    /* of the target */
	const char *options; /* not NULL */
	uint64_t address;    /* of the big memory, for reads and searches */
	uint64_t count;      /* runs that there must be at least */
};

/*
 * Starts a process for it and writes to *bytes by how much its memory grew. That the operation did
 * what it should is checked there. False after bench_fail().
 */
bool bench_weigh(const struct bench_burden *burden, uint64_t *bytes);

/* What the program does when it was started for that; false: it was not. */
bool bench_weigh_serve(int count, char **values);

#endif
