/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matcher_vectors.h - each kind of vectors that the matcher knows, and memory in which a byte read
 * too far ends the test.
 */
#ifndef TESTS_UNIT_MATCHER_VECTORS_H
#define TESTS_UNIT_MATCHER_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/matcher_scan.h"

/* Calls @check once for each kind that this processor has; tells which ones it has not got. */
void each_vectors(void (*check)(void));

#define GUARDED_ROOM 8192u

/* GUARDED_ROOM bytes with inaccessible pages before and behind; end with guarded_free(). */
uint8_t *guarded_new(void);
void guarded_free(uint8_t *memory);

/* Random bytes that are below @alphabet; and a random number below @limit. */
void fill_random(uint8_t *bytes, size_t size, unsigned alphabet);
size_t below(size_t limit);

/* What a mask leaves out. */
enum mask_kind { MASK_NOTHING, MASK_BYTES, MASK_NIBBLES, MASK_BITS, MASK_MOST_BITS, MASK_KINDS };

/* A random mask of one kind. */
void fill_mask(uint8_t *mask, size_t size, enum mask_kind kind);

#endif
