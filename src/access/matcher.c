/* SPDX-License-Identifier: Apache-2.0 */
/* matcher.c - finding what a search looks for in one contiguous buffer; see matcher.h. */
#include "access/matcher.h"

#include <stdlib.h>
#include <sys/param.h>

#include "base/error.h"

/* What one call may take: some tens of milliseconds. */
#define EFFORT ((size_t)1 << 25)

/* What making a pattern costs, and each byte of it. */
#define PATTERN_COSTS 64
#define BYTE_COSTS    4

static tmem_status init_patterns(struct tmi_matcher *matcher,
				 const struct tmem_search_pattern *patterns, size_t count,
				 struct tmi_waiter *waiter)
{
	matcher->patterns = calloc(count, sizeof(*matcher->patterns));
	if (!matcher->patterns)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	for (size_t i = 0; i < count; i++) {
		struct tmi_pattern *pattern = &matcher->patterns[i];
		tmem_status status = tmi_pattern_init(pattern, patterns[i].bytes, patterns[i].mask,
						      patterns[i].size);

		matcher->count++;
		if (status != TMEM_S_OK)
			return status;
		if (!tmi_waiter_stays(waiter, PATTERN_COSTS + pattern->size * BYTE_COSTS))
			return tmi_waiter_status(waiter);
		matcher->size = MAX(matcher->size, pattern->size);
		matcher->shortest = MIN(matcher->shortest, pattern->size);
		matcher->matches_zeros |= pattern->is_zero;
	}
	return count > 1 ? tmi_pattern_set_init(&matcher->set, matcher->patterns, count, waiter)
			 : TMEM_S_OK;
}

tmem_status tmi_matcher_init_patterns(struct tmi_matcher *matcher,
				      const struct tmem_search_pattern *patterns, size_t count,
				      size_t granularity, struct tmi_waiter *waiter)
{
	tmem_status status;

	*matcher = (struct tmi_matcher){ .shortest = SIZE_MAX,
					 .granularity = granularity,
					 .effort = EFFORT };
	status = init_patterns(matcher, patterns, count, waiter);
	if (status != TMEM_S_OK)
		tmi_matcher_fini(matcher);
	return status;
}

void tmi_matcher_init_integers(struct tmi_matcher *matcher, const struct tmi_integers *integers,
			       size_t granularity)
{
	*matcher = (struct tmi_matcher){ .size = integers->size,
					 .shortest = integers->size,
					 .granularity = granularity };
	tmi_range_init(&matcher->range, integers, granularity);
	matcher->matches_zeros = tmi_range_has(&matcher->range, 0);
}

void tmi_matcher_fini(struct tmi_matcher *matcher)
{
	for (size_t i = 0; i < matcher->count; i++)
		tmi_pattern_fini(&matcher->patterns[i]);
	free(matcher->patterns);
	tmi_pattern_set_fini(&matcher->set);
	*matcher = (struct tmi_matcher){ 0 };
}

/* @least: how many bytes a match must have room for. */
static size_t find_patterns(const struct tmi_matcher *matcher, const uint8_t *data, size_t size,
			    struct tmi_grid grid, size_t least)
{
	size_t effort = matcher->effort, found, rest;

	if (matcher->count == 1)
		found = tmi_pattern_find(matcher->patterns, data, size, grid, &effort);
	else
		found = tmi_pattern_set_find(&matcher->set, data, size, size - least + 1, grid,
					     &effort);
	if (found == TMI_MATCHER_NONE)
		return found;
	/* Where it stopped because of the effort may be anywhere. */
	rest = tmi_grid_rest(grid, found);
	found += rest ? grid.granularity - rest : 0;
	return found <= size - least ? found : TMI_MATCHER_NONE;
}

static size_t find(const struct tmi_matcher *matcher, const uint8_t *data, size_t size,
		   size_t phase, size_t least)
{
	struct tmi_grid grid = { matcher->granularity, phase };

	if (size < least)
		return TMI_MATCHER_NONE;
	if (!matcher->patterns)
		return tmi_range_find(&matcher->range, data, size, grid);
	return find_patterns(matcher, data, size, grid, least);
}

size_t tmi_matcher_find(const struct tmi_matcher *matcher, const uint8_t *data, size_t size,
			size_t phase)
{
	return find(matcher, data, size, phase, matcher->size);
}

size_t tmi_matcher_find_last(const struct tmi_matcher *matcher, const uint8_t *data, size_t size,
			     size_t phase)
{
	return find(matcher, data, size, phase, matcher->shortest);
}

static size_t which_of_zeros(const struct tmi_matcher *matcher, size_t size, size_t from)
{
	for (size_t i = from; i < matcher->count; i++)
		if (matcher->patterns[i].is_zero && matcher->patterns[i].size <= size)
			return i;
	return TMI_MATCHER_NONE;
}

/* @data NULL: zeros. */
static bool stands(const struct tmi_pattern *pattern, const uint8_t *data)
{
	size_t costs = 0;

	return data ? tmi_pattern_stands(pattern, data, &costs) : pattern->is_zero;
}

bool tmi_matcher_look(const struct tmi_matcher *matcher, const uint8_t *data, size_t size,
		      size_t from, struct tmi_found *found)
{
	*found = (struct tmi_found){ 0 };
	if (!matcher->patterns) {
		found->value = data ? tmi_range_value(&matcher->range, data) : 0;
		return from == 0 && tmi_range_has(&matcher->range, found->value);
	}
	if (matcher->count == 1)
		return from == 0 && size >= matcher->size && stands(matcher->patterns, data);
	found->pattern = data ? tmi_pattern_set_which(&matcher->set, data, size, from)
			      : which_of_zeros(matcher, size, from);
	return found->pattern != TMI_MATCHER_NONE;
}
