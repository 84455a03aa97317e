/* SPDX-License-Identifier: Apache-2.0 */
/*
 * range.h - address ranges: "start end", "start L n", "start L? n", "start L-n", "start", nothing.
 *
 * The end of "start end" is inclusive. n counts objects of the command's element size, is an
 * expression, and may stand right behind the L. Ranges over 256 MB are a Range error unless L?.
 * A range that would run past the end of the address space is cut there.
 */
#ifndef TMI_COMMAND_RANGE_H
#define TMI_COMMAND_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct tmi_args;

#define TMI_RANGE_LIMIT 0x10000000u /* bytes that a range without "?" may have, inclusive */

/* How a command takes its range. */
struct tmi_range_rule {
	unsigned element;       /* bytes of one object */
	uint64_t default_count; /* objects when only a start is given; 0: an extent is required */
	bool may_be_missing;    /* no range at all is allowed; the caller sees given == false */
	bool physical;          /* of physical memory: as wide as 64 bits, whatever a pointer is */
};

struct tmi_range {
	uint64_t start;
	uint64_t size;     /* bytes, at least 1 when given; a start/end pair may be no multiple of
			    * the element: round up for whole objects */
	uint64_t count;    /* objects: size / element, rounded up */
	bool given;        /* false: there was no range */
	bool extent_given; /* false: default_count was used */
	const char *start_at; /* where its parts stand in the text, for errors */
	const char *extent_at;
};

/* Parses a range at args->next. Reports an error and returns false, or fills @range. */
bool tmi_args_range(struct tmi_args *args, const struct tmi_range_rule *rule,
		    struct tmi_range *range);

#endif
