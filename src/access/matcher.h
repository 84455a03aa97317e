/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matcher.h - finding what a search looks for in one contiguous buffer; knows nothing of targets.
 *
 * What is looked for is one pattern (matcher_pattern.h), several (matcher_set.h), or integers
 * within a range (matcher_range.h).
 */
#ifndef TMI_ACCESS_MATCHER_H
#define TMI_ACCESS_MATCHER_H

#include <tmem/search.h>

#include "access/matcher_pattern.h"
#include "access/matcher_range.h"
#include "access/matcher_set.h"

struct tmi_matcher {
	size_t size;     /* bytes of a match; with several patterns, of the longest one */
	size_t shortest; /* bytes of the shortest one */
	size_t granularity;
	bool matches_zeros; /* memory of zeros matches everywhere */
	size_t effort;      /* what one call may take; see tmi_effort_take() */

	struct tmi_pattern *patterns; /* NULL: integers */
	size_t count;
	struct tmi_pattern_set set; /* when there are several */
	struct tmi_range range;
};

/*
 * Sizes, @count and @granularity are not 0; the last is below 2^63. What the patterns point to is
 * copied. @waiter: asked now and then where there are many, or NULL. TMEM_S_OK, TMEM_E_OUTOFMEMORY,
 * TMEM_E_CONTROL_C_EXIT nobody waits any more; @matcher is ready for tmi_matcher_fini() then too.
 */
tmem_status tmi_matcher_init_patterns(struct tmi_matcher *matcher,
				      const struct tmem_search_pattern *patterns, size_t count,
				      size_t granularity, struct tmi_waiter *waiter);
void tmi_matcher_init_integers(struct tmi_matcher *matcher, const struct tmi_integers *integers,
			       size_t granularity);
void tmi_matcher_fini(struct tmi_matcher *matcher);

/* True when each byte takes several nanoseconds or more: a caller should take less at once. */
static inline bool tmi_matcher_is_slow(const struct tmi_matcher *matcher)
{
	return matcher->count > 1 && !matcher->set.filters;
}

/*
 * The lowest i with a match wholly inside @data, i + matcher->size <= @size, and
 * (i + phase) % granularity == 0; or TMI_MATCHER_NONE.
 *
 * No call takes long: where patterns and data are such that looking for the match would, it returns
 * an i above 0, of the same kind, below which nothing matches, and where nothing need match.
 * tmi_matcher_look() tells, and the caller may look whether it should go on.
 */
size_t tmi_matcher_find(const struct tmi_matcher *matcher, const uint8_t *data, size_t size,
			size_t phase);

/* The same, also where only shorter patterns than the longest have room: nothing follows @data. */
size_t tmi_matcher_find_last(const struct tmi_matcher *matcher, const uint8_t *data, size_t size,
			     size_t phase);

/* What stands where a match was found. */
struct tmi_found {
	size_t pattern; /* its index; 0 for integers */
	uint64_t value; /* of an integer, extended to 64 bits; 0 for patterns */
};

/*
 * What stands at the beginning of @data, NULL: zeros: of the patterns that have room the lowest of
 * at least @from. False: nothing, or nothing any more where memory changes by itself.
 */
bool tmi_matcher_look(const struct tmi_matcher *matcher, const uint8_t *data, size_t size,
		      size_t from, struct tmi_found *found);

#endif
