/* SPDX-License-Identifier: Apache-2.0 */
/* matcher_index.c - looking into the cells of an index; see matcher_index.h. */
#include "access/matcher_index.h"

#include <string.h>
#include <sys/param.h>

/* What a byte of data costs, and each pattern in its cell. */
#define BYTE_COSTS 4
#define LOOK_COSTS 8

/*
 * Places that are looked up at once. What is looked up one after the other would have to wait, for
 * memory and because no processor can guess which cells are empty; so all cells of a batch are
 * fetched first, then all patterns in them, then what they are compared by, and no step branches on
 * what it finds.
 */
#define BATCH       256
#define FIRST_BATCH 16

/* Patterns in the cells of a batch that are compared at once. */
#define CANDIDATES 512

/* One look for the lowest place. */
struct look {
	const struct tmi_pattern_index *index;
	const uint8_t *data;
	size_t size;
	size_t from;
	struct tmi_grid grid;
	size_t check_end; /* from places below it eight bytes are readable */
	size_t most;
	size_t costs;
	size_t best;
};

/* The cells of places from first on that are not empty, and what may stand there. */
struct batch {
	size_t first;
	size_t cells;
	size_t count;
	struct {
		uint32_t first, stop;
		uint32_t place;
	} cell[BATCH];
	/* Candidates, and their places counted from first. */
	uint32_t numbers[CANDIDATES];
	uint32_t places[CANDIDATES];
};

/* What is beyond the data reads as zeros: no pattern has a bit there that counts. */
static inline uint64_t load_window(const uint8_t *data, size_t size, size_t at)
{
	uint64_t window = 0;

	if (size - at >= sizeof(window))
		memcpy(&window, data + at, sizeof(window));
	else
		memcpy(&window, data + at, size - at);
	return window;
}

static void fetch_cells(struct batch *batch, const struct look *look,
			const struct tmi_index_probe *probe, size_t count)
{
	const struct tmi_index_probe here = *probe;
	size_t cells = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t window = load_window(look->data, look->size, batch->first + i);
		size_t cell = tmi_index_cell(&here, window);
		uint32_t first = here.first[cell], stop = here.first[cell + 1];

		batch->cell[cells].first = first;
		batch->cell[cells].stop = stop;
		batch->cell[cells].place = (uint32_t)i;
		cells += first != stop;
		__builtin_prefetch(&here.patterns[first]);
	}
	batch->cells = cells;
}

/* A pattern whose window stands at @place. */
static void look_at(struct look *look, uint32_t number, size_t place)
{
	const struct tmi_pattern *pattern = &look->index->patterns[number];
	size_t at = look->index->windows[number].at;
	size_t start = place - at;

	if (place >= at && start >= look->from && start < look->best &&
	    tmi_grid_has(look->grid, start) && pattern->size <= look->size - start &&
	    tmi_pattern_stands(pattern, look->data + start, &look->costs))
		look->best = start;
}

static void compare_candidates(struct batch *batch, struct look *look)
{
	const struct tmi_index_window *windows = look->index->windows;
	const uint8_t *data = look->data;
	const size_t first = batch->first, check_end = look->check_end;
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++) {
		uint32_t number = batch->numbers[i], place = batch->places[i];
		const struct tmi_index_window *mine = &windows[number];
		/* Before the data is far behind it. */
		size_t from = first + place + (size_t)(ptrdiff_t)mine->check;
		uint64_t there;

		batch->numbers[count] = number;
		batch->places[count] = place;
		if (from < check_end) {
			memcpy(&there, data + from, sizeof(there));
			count += (there & mine->mask) == mine->value;
		} else {
			count++;
		}
	}
	look->costs += batch->count * LOOK_COSTS;
	batch->count = 0;
	for (size_t i = 0; i < count; i++)
		look_at(look, batch->numbers[i], first + batch->places[i]);
}

/* False: that took too much. *place is where it got. */
static bool look_into_cells(struct batch *batch, struct look *look,
			    const struct tmi_index_probe *probe, size_t *place)
{
	for (size_t i = 0; i < batch->cells; i++) {
		const uint32_t stop = batch->cell[i].stop, here = batch->cell[i].place;

		*place = batch->first + here;
		for (uint32_t k = batch->cell[i].first; k < stop; k += TMI_INDEX_STRIDE) {
			if (batch->count > CANDIDATES - TMI_INDEX_STRIDE)
				compare_candidates(batch, look);
			if (look->costs > look->most)
				return false;
			memcpy(&batch->numbers[batch->count], &probe->patterns[k],
			       TMI_INDEX_STRIDE * sizeof(here));
			for (size_t n = 0; n < TMI_INDEX_STRIDE; n++)
				batch->places[batch->count + n] = here;
			batch->count += MIN(TMI_INDEX_STRIDE, stop - k);
		}
	}
	compare_candidates(batch, look);
	return true;
}

/* Lowers @look->best to where one of a probe's patterns stands, or is not known to; false then. */
static bool find_by_probe(struct look *look, const struct tmi_index_probe *probe)
{
	const size_t reach = 63 - (size_t)__builtin_clzll(probe->places);
	size_t size = FIRST_BATCH;
	struct batch batch;

	batch.first = look->from;
	batch.count = 0;
	/* Patterns that begin below the best place have their windows up to reach further. */
	while (batch.first < MIN(look->size, look->best + reach)) {
		size_t count = MIN(size, MIN(look->size, look->best + reach) - batch.first);
		size_t place;

		look->costs += count * BYTE_COSTS;
		fetch_cells(&batch, look, probe, count);
		if (!look_into_cells(&batch, look, probe, &place)) {
			place = MAX(place, look->from + reach) - reach;
			look->best = MIN(look->best, place);
			return false;
		}
		batch.first += count;
		size = MIN(2 * size, BATCH);
	}
	return true;
}

size_t tmi_pattern_index_find(const struct tmi_pattern_index *index, const uint8_t *data,
			      size_t size, size_t from, size_t end, struct tmi_grid grid,
			      size_t most, size_t *costs)
{
	struct look look = { .index = index,
			     .data = data,
			     .size = size,
			     .from = from,
			     .grid = grid,
			     .check_end = MAX(size, 7) - 7,
			     .most = most,
			     .best = end };

	for (unsigned i = 0; i < index->probe_count; i++)
		if (!find_by_probe(&look, &index->probes[i]))
			break;
	*costs += look.costs;
	return look.best;
}

/* The place in [low, high) of the first number that is at least @from; numbers ascend. */
static size_t lower_bound(const uint32_t *numbers, size_t low, size_t high, size_t from)
{
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (numbers[middle] < from)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool stands(const struct tmi_pattern_index *index, size_t number, const uint8_t *data,
		   size_t size)
{
	size_t costs = 0;

	return index->patterns[number].size <= size &&
	       tmi_pattern_stands(&index->patterns[number], data, &costs);
}

/* The lowest pattern of [from, best) whose window is @at bytes in and that stands; else @best. */
static size_t which_by_window(const struct tmi_pattern_index *index,
			      const struct tmi_index_probe *probe, size_t at, const uint8_t *data,
			      size_t size, size_t from, size_t best)
{
	uint64_t window = load_window(data, size, at);
	size_t cell = tmi_index_cell(probe, window);

	size_t end = probe->first[cell + 1];

	for (size_t i = lower_bound(probe->patterns, probe->first[cell], end, from); i < end; i++) {
		uint32_t number = probe->patterns[i];

		if (number >= best)
			break;
		if (index->windows[number].at == at && stands(index, number, data, size))
			return number;
	}
	return best;
}

size_t tmi_pattern_index_which(const struct tmi_pattern_index *index, const uint8_t *data,
			       size_t size, size_t from)
{
	size_t best = TMI_MATCHER_NONE;

	for (unsigned i = 0; i < index->probe_count; i++) {
		const struct tmi_index_probe *probe = &index->probes[i];

		for (uint64_t places = probe->places; places; places &= places - 1) {
			size_t at = (size_t)__builtin_ctzll(places);

			if (at < size)
				best = which_by_window(index, probe, at, data, size, from, best);
		}
	}
	for (size_t i = lower_bound(index->rest, 0, index->rest_count, from);
	     i < index->rest_count && index->rest[i] < best; i++)
		if (stands(index, index->rest[i], data, size))
			return index->rest[i];
	return best;
}
