/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matcher_set.h - finding several patterns in one contiguous buffer, in one pass.
 *
 * The filter looks at up to three bytes that stand at the same distances in every pattern, the ones
 * that tell most. A table of 16 for each half of a byte says which patterns, shared out among eight
 * buckets, may have it there: masks cost nothing, and vectors look up as many positions at once as
 * they have bytes. Where all bytes agree on a bucket, those of its patterns are compared that have
 * these very bytes.
 *
 * Many patterns, or masks, leave little to filter by. Then every position is looked up in an index
 * (matcher_index.h), and patterns for which that is no use either are looked for one by one.
 */
#ifndef TMI_ACCESS_MATCHER_SET_H
#define TMI_ACCESS_MATCHER_SET_H

#include "access/matcher_index.h"
#include "access/matcher_pattern.h"

/* A pattern, and what it has where the filter looks. */
struct tmi_keyed {
	uint32_t key;
	bool loose; /* not all of these bits count */
	size_t index;
};

struct tmi_pattern_set {
	const struct tmi_pattern *patterns; /* not owned */
	size_t count;
	size_t shortest, longest; /* sizes */
	struct tmi_bucket_filter filter;
	tmi_bucket_scan *scan;
	/* Bucket b has those from first[b] to first[b + 1] - 1; the others than loose ones begin at
	 * exact[b] and ascend. */
	struct tmi_keyed *keyed;
	size_t first[TMI_BUCKETS + 1];
	size_t exact[TMI_BUCKETS];
	bool indexed; /* there is an index */
	bool filters; /* the filter is expected to be faster than the index */
	struct tmi_pattern_index index;
};

/*
 * Makes the set of @count initialised patterns, not 0, which must outlive it. Returns as
 * tmi_matcher_init_patterns(); @set is ready for tmi_pattern_set_fini() then too.
 */
tmem_status tmi_pattern_set_init(struct tmi_pattern_set *set, const struct tmi_pattern *patterns,
				 size_t count, struct tmi_waiter *waiter);
void tmi_pattern_set_fini(struct tmi_pattern_set *set);

/*
 * The lowest i of the grid below @end where a pattern stands wholly inside @data, or
 * TMI_MATCHER_NONE. @end is at most size - shortest + 1. As tmi_pattern_find() it may stop at any
 * position above 0 when *effort is used up.
 */
size_t tmi_pattern_set_find(const struct tmi_pattern_set *set, const uint8_t *data, size_t size,
			    size_t end, struct tmi_grid grid, size_t *effort);

/* The lowest pattern of at least @from that stands at @data; TMI_MATCHER_NONE. @size >= shortest */
size_t tmi_pattern_set_which(const struct tmi_pattern_set *set, const uint8_t *data, size_t size,
			     size_t from);

#endif
