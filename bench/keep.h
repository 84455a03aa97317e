/* SPDX-License-Identifier: Apache-2.0 */
/* keep.h - the fixtures for other programs: made, told, and kept until the input ends. */
#ifndef BENCH_KEEP_H
#define BENCH_KEEP_H

/*
 * Makes processes, cores and images and prints one line of JSON that says where they are, an object
 * for each; then waits for the end of the input. Returns the program's exit status.
 */
int bench_keep(void);

#endif
