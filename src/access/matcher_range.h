/* SPDX-License-Identifier: Apache-2.0 */
/* matcher_range.h - finding integers within a range in one contiguous buffer. */
#ifndef TMI_ACCESS_MATCHER_RANGE_H
#define TMI_ACCESS_MATCHER_RANGE_H

#include "access/matcher_pattern.h"

/* Integers of size bytes that are at least minimum and at most maximum. */
struct tmi_integers {
	unsigned size;   /* 1, 2, 4 or 8 */
	bool is_signed;  /* minimum and maximum are sign-extended then, else zero-extended */
	bool big_endian; /* how they stand in memory */
	uint64_t minimum;
	uint64_t maximum;
};

struct tmi_range {
	struct tmi_range_filter filter;
	tmi_range_scan *scan; /* NULL: every position is looked at */
	bool is_signed;
	bool is_empty; /* no integer of this size lies within the bounds */
};

void tmi_range_init(struct tmi_range *range, const struct tmi_integers *integers,
		    size_t granularity);

/* The lowest i of the grid at which an integer that counts lies wholly inside @data, or
 * TMI_MATCHER_NONE. */
size_t tmi_range_find(const struct tmi_range *range, const uint8_t *data, size_t size,
		      struct tmi_grid grid);

/* Whether an integer with this value, extended to 64 bits or not, counts. */
bool tmi_range_has(const struct tmi_range *range, uint64_t value);

/* The integer at @data, extended to 64 bits by its sign or by zeros. */
uint64_t tmi_range_value(const struct tmi_range *range, const uint8_t *data);

#endif
