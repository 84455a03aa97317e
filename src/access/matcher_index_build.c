/* SPDX-License-Identifier: Apache-2.0 */
/* matcher_index_build.c - choosing probes and windows, and filling cells; see matcher_index.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "access/matcher_index.h"
#include "base/error.h"

/* A pattern comes into 2^this many cells of a probe at most; where there are MANY into less. */
#define FREE_BITS      8
#define MANY           (1u << 16)
#define FREE_BITS_MANY 4

/* A probe must have this many bits of each of its patterns. */
#define LEAST_BITS 4

/* Of the bits of a probe. */
#define LEAST_CELL_BITS 12
#define MOST_CELL_BITS  22

/* Patterns that stand for all when probes are chosen, one in so many or at least, and at most. */
#define SAMPLE_SHARE  16
#define LEAST_SAMPLES 32
#define MOST_SAMPLES  256

/* Bytes of each at which windows begin, and how many show what a probe might look at. */
#define SAMPLE_REACH 24
#define PROPOSALS    8

/* How many windows of all patterns together are thought of; 8 of each in any case. */
#define WINDOWS (1u << 19)

/* Bytes are compared first that begin this far from the window at most. */
#define CHECK_REACH 8

/* What is weighed: looks at patterns of cells; a probe costs as much as one for a byte of data. */
#define COST_SCALE 20

/* A proposal must be better by one part in this many than bits that stand together. */
#define BETTER_BY 4

/* Looking for a pattern by itself: a small part of it. */
#define REST_COST (1u << (COST_SCALE - 5))

/* Ten steps for each of eight bits; see matcher_frequency.c. */
#define EQUALLY_COMMON 80

/* What a window costs that is thought of, and a pattern that comes into cells. */
#define WINDOW_COSTS  50
#define PATTERN_COSTS 500

/* Spreads bits that do not stand together. */
#define GOLDEN_RATIO UINT64_C(0x9e3779b97f4a7c15)

struct sample {
	uint64_t masks[MOST_SAMPLES][SAMPLE_REACH];
	size_t places[MOST_SAMPLES]; /* how many */
	uint64_t costs[MOST_SAMPLES];
	size_t count;
};

static unsigned bits_in(uint64_t bits)
{
	return (unsigned)__builtin_popcountll(bits);
}

/* The eight bytes at @at. */
static struct tmi_index_window window_of(const struct tmi_pattern *pattern, size_t at)
{
	struct tmi_index_window window = { .at = (uint32_t)at };
	size_t size = MIN(sizeof(window.value), pattern->size - at);

	memcpy(&window.value, pattern->bytes + at, size);
	if (pattern->mask)
		memcpy(&window.mask, pattern->mask + at, size);
	else
		memset(&window.mask, 0xff, size);
	return window;
}

/* --- which bits probes take --- */

static uint64_t lowest_bits(uint64_t bits, unsigned most)
{
	uint64_t lowest = 0;

	for (; bits && most; most--) {
		lowest |= bits & -bits;
		bits &= bits - 1;
	}
	return lowest;
}

static unsigned cell_bits(size_t count)
{
	unsigned bits = 64 - (unsigned)__builtin_clzll(count);

	return MIN(MAX(bits + 2, LEAST_CELL_BITS), MOST_CELL_BITS);
}

static unsigned free_bits(size_t count)
{
	return count > MANY ? FREE_BITS_MANY : FREE_BITS;
}

/* True when a pattern can be in the cells of a probe with a window of this mask. */
static bool suits(uint64_t bits, uint64_t mask, unsigned most_free)
{
	return bits_in(bits & mask) >= LEAST_BITS && bits_in(bits & ~mask) <= most_free;
}

static void take_sample(struct sample *sample, const struct tmi_pattern *patterns, size_t count)
{
	sample->count = MIN(MAX(LEAST_SAMPLES, count / SAMPLE_SHARE), MOST_SAMPLES);
	for (size_t i = 0; i < sample->count; i++) {
		const struct tmi_pattern *pattern = &patterns[count / sample->count * i];

		sample->places[i] = MIN(SAMPLE_REACH, pattern->size);
		sample->costs[i] = REST_COST;
		for (size_t at = 0; at < sample->places[i]; at++)
			sample->masks[i][at] = window_of(pattern, at).mask;
	}
}

/* What a pattern of the sample costs with one more probe. */
static uint64_t weigh_one(const struct sample *sample, size_t i, uint64_t bits, unsigned most_free)
{
	uint64_t least = sample->costs[i];

	for (size_t at = 0; at < sample->places[i]; at++) {
		uint64_t mask = sample->masks[i][at];

		if (suits(bits, mask, most_free))
			least = MIN(least, (UINT64_C(1) << COST_SCALE) >> bits_in(bits & mask));
	}
	return least;
}

static uint64_t weigh(const struct sample *sample, uint64_t bits, unsigned most_free)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < sample->count; i++)
		sum += weigh_one(sample, i, bits, most_free);
	return sum;
}

/* The bits of the window of which most count. */
static uint64_t propose(const struct sample *sample, size_t i, unsigned most)
{
	uint64_t best = 0;

	for (size_t at = 0; at < sample->places[i]; at++)
		if (bits_in(sample->masks[i][at]) > bits_in(best))
			best = sample->masks[i][at];
	return lowest_bits(best, most);
}

/* The bits that make all patterns cost least beside the probes that there are. */
static uint64_t choose_bits(const struct sample *sample, unsigned most, unsigned most_free,
			    uint64_t *cost)
{
	uint64_t best = lowest_bits(UINT64_MAX, most);

	*cost = weigh(sample, best, most_free);
	for (size_t i = 0; i < sample->count; i += sample->count / PROPOSALS) {
		uint64_t bits = propose(sample, i, most);
		uint64_t sum = weigh(sample, bits, most_free);

		if (sum + sum / BETTER_BY < *cost) {
			*cost = sum;
			best = bits;
		}
	}
	return best;
}

/* Probes are added as long as they save more than they cost. */
static void choose_probes(struct tmi_pattern_index *index, struct sample *sample, size_t count)
{
	const unsigned most = cell_bits(count), most_free = free_bits(count);
	uint64_t before = (uint64_t)REST_COST * sample->count;

	while (index->probe_count < TMI_INDEX_PROBES) {
		uint64_t cost, bits = choose_bits(sample, most, most_free, &cost);

		if ((before - cost) * count / sample->count < UINT64_C(1) << COST_SCALE)
			return;
		index->probes[index->probe_count++].bits = bits;
		for (size_t i = 0; i < sample->count; i++)
			sample->costs[i] = weigh_one(sample, i, bits, most_free);
		before = cost;
	}
}

/* --- which window each pattern has --- */

/*
 * How often the bits are expected in memory, less is rarer: half by how common the bytes are, half
 * as if all were equally common, which also is how many cells the pattern takes.
 */
static int commonness(const struct tmi_index_window *window, uint64_t bits)
{
	int sum = 0;

	for (unsigned shift = 0; shift < 64; shift += 8) {
		uint8_t mask = (uint8_t)((bits & window->mask) >> shift);
		uint8_t value = (uint8_t)(window->value >> shift) & mask;

		sum += (int)bits_in(mask) *
		       ((int)tmi_matcher_frequency[value] - TMI_FREQUENCY_ANY - EQUALLY_COMMON);
	}
	return sum;
}

/* The probe and window that let least through; TMI_INDEX_PROBES: there is none. */
static unsigned choose_window(struct tmi_pattern_index *index, size_t number, size_t reach,
			      unsigned most_free)
{
	const struct tmi_pattern *pattern = &index->patterns[number];
	unsigned chosen = TMI_INDEX_PROBES;
	int least = 0;

	for (size_t at = 0; at < MIN(reach, pattern->size); at++) {
		struct tmi_index_window window = window_of(pattern, at);

		for (unsigned i = 0; i < index->probe_count; i++) {
			uint64_t bits = index->probes[i].bits;
			int score;

			if (!suits(bits, window.mask, most_free))
				continue;
			score = commonness(&window, bits);
			if (chosen < TMI_INDEX_PROBES && score >= least)
				continue;
			least = score;
			chosen = i;
			index->windows[number] = window;
		}
	}
	return chosen;
}

static void choose_windows(struct tmi_pattern_index *index, uint8_t *chosen, size_t count,
			   struct tmi_waiter *waiter)
{
	const size_t reach = MIN(MAX(8, WINDOWS / count), TMI_INDEX_REACH);
	const size_t costs = reach * index->probe_count * WINDOW_COSTS;

	for (size_t j = 0; j < count && tmi_waiter_stays(waiter, costs); j++)
		chosen[j] = (uint8_t)choose_window(index, j, reach, free_bits(count));
}

/* --- what is compared before all of a pattern --- */

/* Of the bytes at @at: those that the probe's bits were, taken at a window. */
static uint64_t bits_taken(uint64_t bits, size_t window, size_t at)
{
	size_t shift = window > at ? window - at : at - window;

	if (shift >= 8)
		return 0;
	return window > at ? bits << 8 * shift : bits >> 8 * shift;
}

/* Bytes near the window that tell most beside what the probe saw. */
static struct tmi_index_window choose_check(const struct tmi_pattern *pattern, size_t window,
					    uint64_t bits)
{
	size_t at = window > CHECK_REACH ? window - CHECK_REACH : 0;
	size_t end = MIN(window + CHECK_REACH, MAX(8, pattern->size) - 8) + 1;
	struct tmi_index_window best = window_of(pattern, MIN(at, end - 1));
	int least = 0;

	for (; at < end; at++) {
		struct tmi_index_window here = window_of(pattern, at);
		int score = commonness(&here, ~bits_taken(bits, window, at));

		if (score < least) {
			least = score;
			best = here;
		}
	}
	best.check = (int32_t)best.at - (int32_t)window;
	best.at = (uint32_t)window;
	return best;
}

/* --- cells --- */

static void set_cells(struct tmi_index_probe *probe)
{
	unsigned lowest = (unsigned)__builtin_ctzll(probe->bits), count = bits_in(probe->bits);
	bool together = probe->bits >> lowest == UINT64_MAX >> (64 - count);

	/* Twice as many cells where some will have two meanings. */
	probe->shift = 64 - count - !together;
	probe->factor = together ? UINT64_C(1) << (64 - count - lowest) : GOLDEN_RATIO;
}

static size_t count_cells(const struct tmi_index_probe *probe)
{
	return (size_t)1 << (64 - probe->shift);
}

/* One cell after the other in which a pattern is; *bits begins with 0. False: that was the last. */
static bool next_cell(const struct tmi_index_probe *probe, const struct tmi_index_window *window,
		      uint64_t *bits, size_t *cell)
{
	uint64_t unknown = probe->bits & ~window->mask;

	*cell = tmi_index_cell(probe, window->value | *bits);
	*bits = (*bits - unknown) & unknown;
	return *bits;
}

static void count_in_cells(struct tmi_index_probe *probe, const struct tmi_index_window *window)
{
	uint64_t bits = 0;
	bool more;

	do {
		size_t cell;

		more = next_cell(probe, window, &bits, &cell);
		probe->first[cell]++;
	} while (more);
	probe->places |= UINT64_C(1) << window->at;
}

static void put_into_cells(struct tmi_index_probe *probe, const struct tmi_index_window *window,
			   uint32_t number)
{
	uint64_t bits = 0;
	bool more;

	do {
		size_t cell;

		more = next_cell(probe, window, &bits, &cell);
		probe->patterns[probe->first[cell]++] = number;
	} while (more);
}

/* From how many there are in each cell to where each begins; all of them. */
static uint32_t begin_cells(struct tmi_index_probe *probe)
{
	uint32_t sum = 0;

	for (size_t cell = 0; cell <= count_cells(probe); cell++) {
		uint32_t count = probe->first[cell];

		probe->first[cell] = sum;
		sum += count;
	}
	return sum;
}

static tmem_status fill_probe(struct tmi_pattern_index *index, unsigned which,
			      const uint8_t *chosen, size_t count, struct tmi_waiter *waiter)
{
	struct tmi_index_probe *probe = &index->probes[which];
	uint32_t entries;

	set_cells(probe);
	probe->first = calloc(count_cells(probe) + 1, sizeof(*probe->first));
	if (!probe->first)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	for (size_t j = 0; j < count && tmi_waiter_stays(waiter, PATTERN_COSTS); j++)
		if (chosen[j] == which)
			count_in_cells(probe, &index->windows[j]);
	entries = begin_cells(probe);
	probe->patterns = calloc((size_t)entries + TMI_INDEX_STRIDE - 1, sizeof(*probe->patterns));
	if (!probe->patterns)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	for (size_t j = 0; j < count && tmi_waiter_stays(waiter, PATTERN_COSTS); j++)
		if (chosen[j] == which) {
			struct tmi_index_window *window = &index->windows[j];

			put_into_cells(probe, window, (uint32_t)j);
			*window = choose_check(&index->patterns[j], window->at, probe->bits);
		}
	/* Each cell's beginning moved to its end. */
	memmove(probe->first + 1, probe->first, count_cells(probe) * sizeof(*probe->first));
	probe->first[0] = 0;
	return tmi_waiter_status(waiter);
}

static void list_rest(struct tmi_pattern_index *index, const uint8_t *chosen, size_t count)
{
	for (size_t j = 0; j < count; j++)
		if (chosen[j] == TMI_INDEX_PROBES)
			index->rest[index->rest_count++] = (uint32_t)j;
}

/* A probe that no pattern chose is none. */
static void drop_empty_probes(struct tmi_pattern_index *index)
{
	const unsigned count = index->probe_count;

	index->probe_count = 0;
	for (unsigned i = 0; i < count; i++) {
		const struct tmi_index_probe probe = index->probes[i];

		index->probes[i] = (struct tmi_index_probe){ 0 };
		if (probe.places) {
			index->probes[index->probe_count++] = probe;
			continue;
		}
		free(probe.first);
		free(probe.patterns);
	}
}

static tmem_status build(struct tmi_pattern_index *index, struct sample *sample, uint8_t *chosen,
			 size_t count, struct tmi_waiter *waiter)
{
	tmem_status status;

	take_sample(sample, index->patterns, count);
	choose_probes(index, sample, count);
	choose_windows(index, chosen, count, waiter);
	status = tmi_waiter_status(waiter);
	for (unsigned i = 0; i < index->probe_count && status == TMEM_S_OK; i++)
		status = fill_probe(index, i, chosen, count, waiter);
	if (status != TMEM_S_OK)
		return status;
	list_rest(index, chosen, count);
	drop_empty_probes(index);
	return TMEM_S_OK;
}

tmem_status tmi_pattern_index_init(struct tmi_pattern_index *index,
				   const struct tmi_pattern *patterns, size_t count,
				   struct tmi_waiter *waiter)
{
	struct sample *sample = malloc(sizeof(*sample));
	uint8_t *chosen = malloc(count);
	tmem_status status;

	*index = (struct tmi_pattern_index){
		.patterns = patterns,
		.windows = calloc(count, sizeof(*index->windows)),
		.rest = malloc(count * sizeof(*index->rest)),
	};
	if (sample && chosen && index->windows && index->rest)
		status = build(index, sample, chosen, count, waiter);
	else
		status = tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	free(sample);
	free(chosen);
	return status;
}

void tmi_pattern_index_fini(struct tmi_pattern_index *index)
{
	for (unsigned i = 0; i < TMI_INDEX_PROBES; i++) {
		free(index->probes[i].first);
		free(index->probes[i].patterns);
	}
	free(index->windows);
	free(index->rest);
	*index = (struct tmi_pattern_index){ 0 };
}
