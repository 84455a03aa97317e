/* SPDX-License-Identifier: Apache-2.0 */
/* search_model.h - random machines for searches, and plain bytes that say what is in them. */
#ifndef TESTS_UNIT_SEARCH_MODEL_H
#define TESTS_UNIT_SEARCH_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEARCH_BASE 0x100000u
#define SEARCH_SPAN 0xc0000u /* three pieces */

struct search_model {
	uint8_t bytes[SEARCH_SPAN];
	bool valid[SEARCH_SPAN];
	char *text; /* the machine, for synth_open(); free() it */
	size_t text_size;
};

/* Runs, holes, faults and untouched memory; bytes are below @alphabet. @lends: some are lent. */
void search_model_new(struct search_model *model, unsigned alphabet, bool lends);

/* Whether the bytes @at from SEARCH_BASE on are there, and as the pattern says. */
bool search_model_matches(const struct search_model *model, size_t at, const uint8_t *pattern,
			  const uint8_t *mask, size_t size);

/* Half of the patterns are taken from the memory, and those half of the time around a border. */
void search_model_pattern(const struct search_model *model, uint8_t *pattern, size_t size,
			  unsigned alphabet);

#endif
