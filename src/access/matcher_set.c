/* SPDX-License-Identifier: Apache-2.0 */
/* matcher_set.c - finding several patterns in one contiguous buffer; see matcher_set.h. */
#include "access/matcher_set.h"

#include <stdlib.h>
#include <sys/param.h>

#include "base/error.h"

/* Bytes further in are not thought of as filter bytes: there is enough to choose from. */
#define FILTER_REACH 4096

/* How many bytes of all patterns together; 16 of each in any case. */
#define FILTER_BYTES (1u << 20)

/* A byte of the same value as another one tells less: bytes come in rows. */
#define SAME_VALUE 64

/* What leaving the filter and entering it again costs, and each pattern that is compared then. */
#define PASS_COSTS 32
#define LOOK_COSTS 4

/* The index costs about this much for each byte of data. */
#define INDEX_COSTS 4

/* The filter may cost this much at all before the index is tried. */
#define FREE_COSTS 4096

/*
 * Bytes of data in which the index or one pattern after the other is used, to begin with and at
 * most: what one of them did behind where another one finds something was in vain.
 */
#define FIRST_STRETCH 64
#define MOST_STRETCH  (16u << 10)

/* What a pattern costs: weighing one byte, sharing it out, and putting it into the filter. */
#define WEIGH_COSTS 8
#define SHARE_COSTS 40
#define FILL_COSTS  100

/* That of so many patterns costs 1 for each byte. */
#define PATTERNS_AT_ONCE 8

/* How often the byte is expected in memory, beside the @count bytes that were chosen before. */
static unsigned commonness(const struct tmi_pattern *pattern, const size_t *chosen, size_t count,
			   size_t at)
{
	unsigned free_bits = 8 - (unsigned)__builtin_popcount(tmi_pattern_mask(pattern, at));
	unsigned score = tmi_matcher_frequency[pattern->bytes[at]] + 10 * free_bits;

	for (size_t i = 0; i < count; i++)
		if (pattern->bytes[chosen[i]] == pattern->bytes[at])
			score += SAME_VALUE;
	return MIN(score, TMI_FREQUENCY_ANY);
}

static bool is_chosen(const size_t *chosen, size_t count, size_t at)
{
	for (size_t i = 0; i < count; i++)
		if (chosen[i] == at)
			return true;
	return false;
}

/* How many positions would pass with this byte too; scores[j] is what pattern j had before. */
static double weigh(const struct tmi_pattern_set *set, const unsigned *scores, size_t count,
		    size_t at)
{
	double sum = 0;

	for (size_t j = 0; j < set->count; j++) {
		unsigned score =
			scores[j] + commonness(&set->patterns[j], set->filter.at, count, at);

		/* Ten steps double. */
		sum += (double)(UINT64_C(1) << score / 10) * (10 + score % 10);
	}
	return sum;
}

/* The byte that tells most beside those that were chosen. */
static size_t choose_byte(const struct tmi_pattern_set *set, const unsigned *scores, size_t count,
			  struct tmi_waiter *waiter)
{
	size_t reach = MIN(FILTER_REACH, MAX(16, FILTER_BYTES / set->count));
	double least = 0;
	size_t best = SIZE_MAX;

	for (size_t at = 0; at < MIN(set->shortest, reach); at++) {
		double sum;

		if (is_chosen(set->filter.at, count, at))
			continue;
		if (!tmi_waiter_stays(waiter, set->count * WEIGH_COSTS))
			break;
		sum = weigh(set, scores, count, at);
		if (best == SIZE_MAX || sum < least) {
			least = sum;
			best = at;
		}
	}
	return best == SIZE_MAX ? set->filter.at[0] : best;
}

/* The bytes that tell most together, one after the other. */
static void choose_bytes(struct tmi_pattern_set *set, unsigned *scores, struct tmi_waiter *waiter)
{
	for (size_t i = 0; i < TMI_FILTER_BYTES; i++) {
		size_t at = choose_byte(set, scores, i, waiter);

		for (size_t j = 0; j < set->count; j++)
			scores[j] += commonness(&set->patterns[j], set->filter.at, i, at);
		set->filter.at[i] = at;
	}
}

static uint32_t key_of(const struct tmi_bucket_filter *filter, const uint8_t *bytes)
{
	return (uint32_t)bytes[filter->at[0]] << 16 | (uint32_t)bytes[filter->at[1]] << 8 |
	       bytes[filter->at[2]];
}

/* By one byte of the keys; where that is equal they stay as they are. */
static void sort_by_byte(const struct tmi_keyed *from, struct tmi_keyed *to, size_t count,
			 unsigned shift)
{
	size_t place[256] = { 0 };
	size_t sum = 0;

	for (size_t j = 0; j < count; j++)
		place[from[j].key >> shift & 255]++;
	for (size_t byte = 0; byte < 256; byte++) {
		size_t here = place[byte];

		place[byte] = sum;
		sum += here;
	}
	for (size_t j = 0; j < count; j++)
		to[place[from[j].key >> shift & 255]++] = from[j];
}

static void make_keys(struct tmi_pattern_set *set)
{
	for (size_t j = 0; j < set->count; j++) {
		const struct tmi_pattern *pattern = &set->patterns[j];
		struct tmi_keyed *keyed = &set->keyed[j];

		*keyed = (struct tmi_keyed){ .key = key_of(&set->filter, pattern->bytes),
					     .index = j };
		keyed->loose =
			pattern->mask && key_of(&set->filter, pattern->mask) != UINT32_C(0xffffff);
	}
}

/* Loose ones come first, and all stay in order. */
static void fill_bucket(struct tmi_pattern_set *set, unsigned bucket,
			const struct tmi_keyed *sorted)
{
	const size_t first = set->first[bucket], end = set->first[bucket + 1];
	size_t at = first;

	for (size_t i = first; i < end; i++)
		if (sorted[i].loose)
			set->keyed[at++] = sorted[i];
	set->exact[bucket] = at;
	for (size_t i = first; i < end; i++)
		if (!sorted[i].loose)
			set->keyed[at++] = sorted[i];
}

/* Patterns that look alike come into the same bucket: their tables let less through. */
static tmem_status share_out(struct tmi_pattern_set *set, struct tmi_waiter *waiter)
{
	struct tmi_keyed *sorted = calloc(set->count, sizeof(*sorted));
	struct tmi_keyed *from = set->keyed, *to = sorted;

	if (!sorted)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	make_keys(set);
	_Static_assert(TMI_FILTER_BYTES % 2, "so that all are where the name says at last");
	for (unsigned i = 0; i < TMI_FILTER_BYTES; i++) {
		struct tmi_keyed *now = from;

		if (!tmi_waiter_stays(waiter, set->count * SHARE_COSTS))
			break;
		sort_by_byte(from, to, set->count, 8 * i);
		from = to;
		to = now;
	}
	for (unsigned bucket = 0; bucket <= TMI_BUCKETS; bucket++)
		set->first[bucket] = (set->count * bucket + TMI_BUCKETS - 1) / TMI_BUCKETS;
	for (unsigned bucket = 0; bucket < TMI_BUCKETS; bucket++)
		fill_bucket(set, bucket, sorted);
	free(sorted);
	tmi_waiter_stays(waiter, set->count * SHARE_COSTS);
	return tmi_waiter_status(waiter);
}

static void fill_tables(struct tmi_pattern_set *set, const struct tmi_pattern *pattern,
			uint8_t bucket_bit)
{
	for (size_t i = 0; i < TMI_FILTER_BYTES; i++) {
		uint8_t value = pattern->bytes[set->filter.at[i]];
		uint8_t mask = tmi_pattern_mask(pattern, set->filter.at[i]);

		for (uint8_t half = 0; half < 16; half++) {
			if ((half & mask) == (value & 15))
				set->filter.low[i][half] |= bucket_bit;
			if ((half & mask >> 4) == value >> 4)
				set->filter.high[i][half] |= bucket_bit;
		}
	}
}

static void fill_bytes(struct tmi_bucket_filter *filter)
{
	for (size_t i = 0; i < TMI_FILTER_BYTES; i++)
		for (size_t byte = 0; byte < 256; byte++)
			filter->both[i][byte] =
				filter->low[i][byte & 15] & filter->high[i][byte >> 4];
}

static tmem_status fill_filter(struct tmi_pattern_set *set, struct tmi_waiter *waiter)
{
	for (unsigned bucket = 0; bucket < TMI_BUCKETS; bucket++)
		for (size_t i = set->first[bucket];
		     i < set->first[bucket + 1] && tmi_waiter_stays(waiter, FILL_COSTS); i++)
			fill_tables(set, &set->patterns[set->keyed[i].index],
				    (uint8_t)(1u << bucket));
	fill_bytes(&set->filter);
	return tmi_waiter_status(waiter);
}

/* How many of a million positions are expected to pass with one bucket. */
static double passing(const struct tmi_bucket_filter *filter, unsigned bucket)
{
	double all = 1;

	for (size_t i = 0; i < TMI_FILTER_BYTES; i++) {
		double some = 0, any = 0;

		/* Where patterns are short the same byte stands here again. */
		if (is_chosen(filter->at, i, filter->at[i]))
			continue;
		for (size_t byte = 0; byte < 256; byte++) {
			unsigned score = tmi_matcher_frequency[byte];
			double often = (double)(1u << score / 10) * (10 + score % 10);

			any += often;
			some += filter->both[i][byte] >> bucket & 1 ? often : 0;
		}
		all *= some / any;
	}
	return all;
}

/* Whether the filter is expected to cost less than the index. */
static bool filters(const struct tmi_pattern_set *set)
{
	double costs = 0;

	for (unsigned bucket = 0; bucket < TMI_BUCKETS; bucket++) {
		size_t loose = set->exact[bucket] - set->first[bucket];

		costs += passing(&set->filter, bucket) * (double)(PASS_COSTS + loose * LOOK_COSTS);
	}
	return costs < INDEX_COSTS;
}

static tmem_status make_index(struct tmi_pattern_set *set, struct tmi_waiter *waiter)
{
	set->filters = true;
	if (set->count < TMI_INDEX_LEAST || set->count > TMI_INDEX_MOST)
		return TMEM_S_OK;
	set->indexed = true;
	set->filters = filters(set);
	return tmi_pattern_index_init(&set->index, set->patterns, set->count, waiter);
}

tmem_status tmi_pattern_set_init(struct tmi_pattern_set *set, const struct tmi_pattern *patterns,
				 size_t count, struct tmi_waiter *waiter)
{
	unsigned *scores = calloc(count, sizeof(*scores));
	tmem_status status;

	*set = (struct tmi_pattern_set){ .patterns = patterns,
					 .count = count,
					 .shortest = SIZE_MAX,
					 .keyed = calloc(count, sizeof(*set->keyed)),
					 .scan = tmi_bucket_scan_choose() };
	if (!scores || !set->keyed) {
		free(scores);
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	}
	for (size_t j = 0; j < count; j++) {
		set->shortest = MIN(set->shortest, patterns[j].size);
		set->longest = MAX(set->longest, patterns[j].size);
	}
	choose_bytes(set, scores, waiter);
	free(scores);
	status = tmi_waiter_status(waiter);
	if (status == TMEM_S_OK)
		status = share_out(set, waiter);
	if (status == TMEM_S_OK)
		status = fill_filter(set, waiter);
	return status == TMEM_S_OK ? make_index(set, waiter) : status;
}

void tmi_pattern_set_fini(struct tmi_pattern_set *set)
{
	tmi_pattern_index_fini(&set->index);
	free(set->keyed);
	*set = (struct tmi_pattern_set){ 0 };
}

/* The first pattern of a bucket, of those whose filter bytes all count, with at least this key. */
static size_t lower_bound(const struct tmi_pattern_set *set, unsigned bucket, uint32_t key)
{
	size_t low = set->exact[bucket], high = set->first[bucket + 1];

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->keyed[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool stands(const struct tmi_pattern_set *set, const struct tmi_keyed *keyed,
		   const uint8_t *data, size_t size, size_t *costs)
{
	const struct tmi_pattern *pattern = &set->patterns[keyed->index];

	return pattern->size <= size && tmi_pattern_stands(pattern, data, costs);
}

/* The lowest pattern of at least @from in one bucket that stands there and is below @best. */
static size_t look_in_bucket(const struct tmi_pattern_set *set, unsigned bucket,
			     const uint8_t *data, size_t size, size_t from, size_t best,
			     size_t *costs)
{
	uint32_t key = key_of(&set->filter, data);
	size_t i = set->first[bucket];

	*costs += PASS_COSTS;
	for (; i < set->exact[bucket]; i++)
		if (set->keyed[i].index >= from && set->keyed[i].index < best &&
		    stands(set, &set->keyed[i], data, size, costs))
			best = set->keyed[i].index;
	i = lower_bound(set, bucket, key);
	for (; i < set->first[bucket + 1] && set->keyed[i].key == key; i++)
		if (set->keyed[i].index >= from && set->keyed[i].index < best &&
		    stands(set, &set->keyed[i], data, size, costs))
			return set->keyed[i].index;
	return best;
}

/* The lowest pattern of at least @from in the buckets that stands there. */
static size_t look(const struct tmi_pattern_set *set, const uint8_t *data, size_t size,
		   unsigned buckets, size_t from, size_t *costs)
{
	size_t best = TMI_MATCHER_NONE;

	for (; buckets; buckets &= buckets - 1)
		best = look_in_bucket(set, (unsigned)__builtin_ctz(buckets), data, size, from, best,
				      costs);
	return best;
}

/* A part of the data where matches are looked for that begin in [from, end). */
struct part {
	const uint8_t *data;
	size_t size;
	size_t from;
	size_t end;
	struct tmi_grid grid;
};

/* The lowest place where pattern @number stands, or may stand when *effort is used up; or end. */
static size_t find_one(const struct tmi_pattern_set *set, size_t number, const struct part *part,
		       size_t *effort)
{
	const struct tmi_pattern *pattern = &set->patterns[number];
	struct tmi_grid grid = { part->grid.granularity,
				 part->grid.phase + part->from % part->grid.granularity };
	size_t room = MIN(part->size - part->from, part->end - 1 - part->from + pattern->size);
	size_t found = tmi_pattern_find(pattern, part->data + part->from, room, grid, effort);

	return found == TMI_MATCHER_NONE ? part->end : part->from + found;
}

/*
 * The same of one pattern after the other, and none further than where another one was found.
 * @numbers NULL: all patterns. Each may take the same effort.
 */
static size_t find_each(const struct tmi_pattern_set *set, const uint32_t *numbers, size_t count,
			struct part part, size_t *effort)
{
	size_t share = *effort / MAX(1, count);

	for (size_t j = 0; j < count && part.end > part.from; j++) {
		size_t left = share;

		part.end = find_one(set, numbers ? numbers[j] : j, &part, &left);
		tmi_effort_take(effort, share - left);
	}
	return part.end;
}

/* The same by the index, as long as that helps. */
static size_t find_indexed(const struct tmi_pattern_set *set, struct part part, size_t *effort)
{
	const struct tmi_pattern_index *index = &set->index;
	const size_t end = part.end;
	size_t one_by_one = MAX(INDEX_COSTS, set->count / PATTERNS_AT_ONCE);
	size_t most = MIN(*effort, (part.end - part.from) * one_by_one), costs = 0;

	part.end = tmi_pattern_index_find(index, part.data, part.size, part.from, part.end,
					  part.grid, most, &costs);
	tmi_effort_take(effort, costs);
	if (index->rest_count)
		part.end = find_each(set, index->rest, index->rest_count, part, effort);
	if (part.end == end || costs <= most)
		return part.end;
	part.from = part.end;
	part.end = end;
	return find_each(set, NULL, set->count, part, effort);
}

/* From @from on, where the filter does not help. */
static size_t find_thoroughly(const struct tmi_pattern_set *set, struct part part, size_t end,
			      size_t *effort)
{
	/* Each pattern is looked for up to where its last bytes are. */
	const size_t most = MAX(MOST_STRETCH, set->longest);
	size_t stretch = FIRST_STRETCH;

	while (part.from < end) {
		size_t found;

		part.end = MIN(end - part.from, stretch) + part.from;
		found = set->indexed ? find_indexed(set, part, effort)
				     : find_each(set, NULL, set->count, part, effort);
		if (found < part.end)
			return found;
		part.from = part.end;
		if (!*effort && part.from < end)
			return part.from;
		stretch = MIN(2 * stretch, most);
	}
	return TMI_MATCHER_NONE;
}

/* After positions up to @i were looked at: whether another way is worth its while. */
static bool costs_much(const struct tmi_pattern_set *set, size_t costs, size_t i)
{
	size_t other = set->indexed ? INDEX_COSTS : 1 + set->count / PATTERNS_AT_ONCE;

	return costs > FREE_COSTS + other * i;
}

size_t tmi_pattern_set_find(const struct tmi_pattern_set *set, const uint8_t *data, size_t size,
			    size_t end, struct tmi_grid grid, size_t *effort)
{
	struct part part = { data, size, 0, end, grid };
	size_t costs = 0;
	uint8_t buckets;

	for (size_t i = 0; i < end && set->filters; i++) {
		i = set->scan(data, i, end, &set->filter, &buckets);
		if (i == end)
			return TMI_MATCHER_NONE;
		if (!tmi_grid_has(grid, i))
			continue;
		if (look(set, data + i, size - i, buckets, 0, &costs) != TMI_MATCHER_NONE)
			return i;
		if (costs_much(set, costs, i)) {
			part.from = i + 1;
			break;
		}
	}
	return part.from || !set->filters ? find_thoroughly(set, part, end, effort)
					  : TMI_MATCHER_NONE;
}

size_t tmi_pattern_set_which(const struct tmi_pattern_set *set, const uint8_t *data, size_t size,
			     size_t from)
{
	size_t costs = 0;

	/* Behind the first pattern of an address the index leads on; buckets begin anew. */
	if (!set->filters || (set->indexed && from))
		return tmi_pattern_index_which(&set->index, data, size, from);
	return look(set, data, size, tmi_bucket_look(&set->filter, data), from, &costs);
}
