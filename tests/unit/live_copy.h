/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_copy.h - a live process that is a copy of the test: what the library reads of it stands at
 * the same address in the test itself, but for holes.
 */
#ifndef TESTS_UNIT_LIVE_COPY_H
#define TESTS_UNIT_LIVE_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <tmem.h>

struct live_copy {
	size_t page;  /* bytes of one */
	size_t pages; /* of memory */
	uint8_t *memory;
	uint8_t busy[64]; /* the copy writes here all the time */
	pid_t child;
	tmem_target *target;
	uint64_t random;
};

/* Maps memory of so many pages, with nothing mapped behind it; to be filled, then copied. */
void live_copy_map(struct live_copy *copy, size_t pages);

/*
 * Starts the copy and opens it. It unmaps the pages that are holes, and goes on writing one of two
 * values to the first @busy bytes of busy, all of one before all of the other.
 */
void live_copy_start(struct live_copy *copy, bool (*is_hole)(size_t page), size_t busy,
		     const uint8_t values[2]);

/* Closes and ends it, and unmaps the memory. */
void live_copy_end(struct live_copy *copy);

/* The next of a sequence that is always the same. */
uint64_t live_copy_random(struct live_copy *copy);

#endif
