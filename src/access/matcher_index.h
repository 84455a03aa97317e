/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matcher_index.h - finding which of many patterns may stand somewhere, whatever their masks are.
 *
 * Each pattern is found by a window, those eight bytes of it that suit best. A probe takes certain
 * bits of a window, the same ones for all of its patterns, and makes the number of a cell of them;
 * a pattern is in each cell that its window may lead to, in several if its mask leaves out some of
 * these bits. One look into a cell for each byte of data and each probe, of which there are a few,
 * tells all patterns that may be there; of these eight other bytes are compared, then all.
 *
 * Patterns whose masks leave next to nothing anywhere are in no cell. They are the rest, which the
 * caller looks for one by one.
 */
#ifndef TMI_ACCESS_MATCHER_INDEX_H
#define TMI_ACCESS_MATCHER_INDEX_H

#include "access/matcher_pattern.h"

#define TMI_INDEX_PROBES 4

/* Fewer patterns are not worth an index, more cannot be numbered in it. */
#define TMI_INDEX_LEAST 32
#define TMI_INDEX_MOST  (1u << 27)

/* Windows begin this many bytes into a pattern at most. */
#define TMI_INDEX_REACH 64

/* Patterns of a cell are taken this many at once. */
#define TMI_INDEX_STRIDE 4

/*
 * Of one pattern: where its window is, and eight more bytes that are compared before all of it, the
 * first one lowest; of a shorter pattern fewer.
 */
struct tmi_index_window {
	uint64_t value; /* already masked */
	uint64_t mask;
	uint32_t at;   /* of the window in the pattern */
	int32_t check; /* where these bytes are, counted from the window */
};

struct tmi_index_probe {
	uint64_t bits; /* of a window */
	uint64_t factor;
	unsigned shift;     /* (window & bits) * factor >> shift is a cell */
	uint64_t places;    /* bit i: windows of its patterns begin at i */
	uint32_t *first;    /* cell c has patterns[first[c]] to [first[c + 1] - 1] */
	uint32_t *patterns; /* ascending in each cell; TMI_INDEX_STRIDE - 1 more follow all */
};

struct tmi_pattern_index {
	const struct tmi_pattern *patterns; /* not owned */
	struct tmi_index_window *windows;   /* of each pattern */
	struct tmi_index_probe probes[TMI_INDEX_PROBES];
	unsigned probe_count;
	uint32_t *rest; /* ascending */
	size_t rest_count;
};

static inline size_t tmi_index_cell(const struct tmi_index_probe *probe, uint64_t window)
{
	return (size_t)((window & probe->bits) * probe->factor >> probe->shift);
}

/*
 * Makes the index of @count initialised patterns, TMI_INDEX_LEAST to TMI_INDEX_MOST, which must
 * outlive it. Returns as tmi_matcher_init_patterns(); ready for tmi_pattern_index_fini() then too.
 */
tmem_status tmi_pattern_index_init(struct tmi_pattern_index *index,
				   const struct tmi_pattern *patterns, size_t count,
				   struct tmi_waiter *waiter);
void tmi_pattern_index_fini(struct tmi_pattern_index *index);

/*
 * The lowest i of the grid in [from, end) where a pattern that is not of the rest stands wholly
 * inside @data, or @end. *costs is raised by about what it took; when that gets above @most the
 * answer may be any i of [from, end) below which none of them stands.
 */
size_t tmi_pattern_index_find(const struct tmi_pattern_index *index, const uint8_t *data,
			      size_t size, size_t from, size_t end, struct tmi_grid grid,
			      size_t most, size_t *costs);

/* The lowest pattern of at least @from, of the rest too, that stands at @data, or
 * TMI_MATCHER_NONE. */
size_t tmi_pattern_index_which(const struct tmi_pattern_index *index, const uint8_t *data,
			       size_t size, size_t from);

#endif
