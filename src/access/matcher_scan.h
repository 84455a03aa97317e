/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matcher_scan.h - the filters of the matcher, for each kind of processor.
 *
 * A filter goes quickly over positions at which nothing can match. It exists in a plain form and in
 * vectors of several widths; which one is used is decided when a matcher is made. No filter reads a
 * byte outside of what it is told is readable.
 */
#ifndef TMI_ACCESS_MATCHER_SCAN_H
#define TMI_ACCESS_MATCHER_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a processor has; on x86-64 each has all that stand before it. */
enum tmi_vectors {
	TMI_VECTORS_PLAIN, /* none, or none that are used */
	TMI_VECTORS_SSE2,
	TMI_VECTORS_SSSE3,
	TMI_VECTORS_AVX2,
	TMI_VECTORS_AVX512, /* with AVX-512BW */
	TMI_VECTORS_NEON,
};

/*
 * The best that this processor has. Each of "avx512", "avx2", "ssse3", "sse2", "neon" in
 * TMEM_DISABLE makes it one that has not got it, nor what builds upon it.
 */
enum tmi_vectors tmi_vectors(void);

/* --- one pattern: two of its bytes; matcher_scan.c --- */

/* One byte of the pattern that the filter compares. */
struct tmi_anchor {
	size_t at;
	uint8_t value; /* already masked */
	uint8_t mask;
};

/*
 * The first position of [from, end) where both anchors stand in @data, or @end. All positions up
 * to end - 1 plus the anchors' distances are readable.
 */
typedef size_t tmi_pair_scan(const uint8_t *data, size_t from, size_t end,
			     const struct tmi_anchor *first, const struct tmi_anchor *second);

tmi_pair_scan *tmi_pair_scan_choose(void);

/* --- one pattern where its filter does not help: any of its bytes; matcher_scan_block.c --- */

/* Positions that are looked at together. */
#define TMI_BLOCK 64

/* Bytes of a pattern, already masked, and which of their bits count; mask NULL: all. */
struct tmi_block_bytes {
	const uint8_t *value;
	const uint8_t *mask;
};

/*
 * Compares @count bytes that follow each other with what stands at each of the positions at @data,
 * @data + 1, ...; bits that differ and count are set in the position's byte of @different. True: a
 * byte of @different is 0. TMI_BLOCK + count - 1 bytes are readable.
 */
typedef bool tmi_block_compare(const uint8_t *data, const struct tmi_block_bytes *bytes,
			       size_t count, uint8_t *different);

tmi_block_compare *tmi_block_compare_choose(void);

/* --- several patterns: three bytes, looked up by their halves; matcher_scan_set.c --- */

#define TMI_BUCKETS      8
#define TMI_FILTER_BYTES 3

/*
 * The patterns are shared out among buckets. A byte may belong to a pattern of bucket b when bit b
 * is set for its lower half in low and for its upper half in high. Where the patterns are too short
 * the same byte is looked at again.
 */
struct tmi_bucket_filter {
	size_t at[TMI_FILTER_BYTES];
	uint8_t low[TMI_FILTER_BYTES][16];
	uint8_t high[TMI_FILTER_BYTES][16];
	uint8_t both[TMI_FILTER_BYTES][256]; /* what a whole byte says */
};

/*
 * The first position of [from, end) where a pattern may begin, or @end; *buckets receives whose.
 * All positions up to end - 1 plus the filter's distances are readable.
 */
typedef size_t tmi_bucket_scan(const uint8_t *data, size_t from, size_t end,
			       const struct tmi_bucket_filter *filter, uint8_t *buckets);

tmi_bucket_scan *tmi_bucket_scan_choose(void);

/* The buckets whose patterns may begin at @data. */
static inline uint8_t tmi_bucket_look(const struct tmi_bucket_filter *filter, const uint8_t *data)
{
	return filter->both[0][data[filter->at[0]]] & filter->both[1][data[filter->at[1]]] &
	       filter->both[2][data[filter->at[2]]];
}

/* --- integers in a range; matcher_scan_range.c --- */

/* What a filter leaves to a closer look at once. */
#define TMI_RANGE_BLOCK 64

/* An integer v, of size bytes, counts when v - minimum <= span, both modulo 2^(8 * size). */
struct tmi_range_filter {
	unsigned size; /* 1, 2, 4 or 8 */
	bool swap;     /* the bytes stand in the other order than this processor's */
	uint64_t minimum;
	uint64_t span;
	size_t step; /* bytes between positions that may count: 1 to size, a power of two */
};

/*
 * Goes on from @from in whole blocks, and no further than @end, until one holds an integer that
 * counts at a multiple of step from @from; returns where that block begins, or where less than a
 * block is left. All bytes up to end - 1 + size - 1 are readable.
 */
typedef size_t tmi_range_scan(const uint8_t *data, size_t from, size_t end,
			      const struct tmi_range_filter *filter);

/* NULL: there is none, look at every position. */
tmi_range_scan *tmi_range_scan_choose(const struct tmi_range_filter *filter);

#endif
