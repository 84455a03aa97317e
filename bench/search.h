/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search.h - the two places that rows of searches look at, a running process and a core that is
 * mapped already, and the limit for each: a scan for the needle.
 */
#ifndef BENCH_SEARCH_H
#define BENCH_SEARCH_H

#include "fixture.h"

struct bench_search {
	const struct bench_process *process;
	const struct bench_core *core;
	tmem_target *live; /* one thread searches, as in the limits */
	tmem_target *stored;
	const uint8_t *map; /* of the core */
};

/* False: told why, or the fixtures did; bench_search_fini() is right in any case. */
bool bench_search_init(struct bench_search *search);
void bench_search_fini(struct bench_search *search);

/* The limits; the state of the row begins with a struct bench_search. */
bool bench_search_live_limit(void *state, uint64_t work);
bool bench_search_stored_limit(void *state, uint64_t work);

/* True when something was found, as an offset, where the needle is. */
bool bench_search_is_at_end(uint64_t found);

#endif
