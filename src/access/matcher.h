/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matcher.h - finding a pattern in one contiguous buffer; knows nothing of targets.
 *
 * A filter looks for two rare bytes of the pattern at their distance, many positions at a time;
 * only where both stand the whole pattern is compared. When comparing gets expensive (periodic
 * patterns in periodic memory) the rest is searched in linear time.
 */
#ifndef TMI_ACCESS_MATCHER_H
#define TMI_ACCESS_MATCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tmem/status.h>

#define TMI_MATCHER_NONE SIZE_MAX

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
typedef size_t tmi_matcher_scan(const uint8_t *data, size_t from, size_t end,
				const struct tmi_anchor *first, const struct tmi_anchor *second);

struct tmi_matcher {
	uint8_t *pattern; /* masked bits only */
	uint8_t *mask;    /* NULL: every bit counts */
	size_t size;
	size_t granularity;
	struct tmi_anchor anchors[2];
	tmi_matcher_scan *scan;
	bool matches_zeros; /* memory of zeros matches everywhere */
	size_t *borders;    /* long patterns without mask: see build_borders(); else NULL */
};

/* Copies pattern and mask (NULL = every bit counts); size and granularity are not 0. */
tmem_status tmi_matcher_init(struct tmi_matcher *matcher, const void *pattern, const void *mask,
			     size_t size, size_t granularity);
void tmi_matcher_fini(struct tmi_matcher *matcher);

/*
 * The lowest i with the pattern wholly inside @data and (i + phase) % granularity == 0, or
 * TMI_MATCHER_NONE.
 */
size_t tmi_matcher_find(const struct tmi_matcher *matcher, const uint8_t *data, size_t size,
			size_t phase);

/* The same, the plain way: what tests compare with. */
size_t tmi_matcher_find_plain(const struct tmi_matcher *matcher, const uint8_t *data, size_t size,
			      size_t phase);

/* The best scan of this processor; TMEM_DISABLE=avx2, sse2, neon switch it off. matcher_scan.c */
tmi_matcher_scan *tmi_matcher_choose_scan(void);

/* How common each byte value is in memory. matcher_frequency.c */
extern const uint8_t tmi_matcher_frequency[256];

#endif
