/* SPDX-License-Identifier: Apache-2.0 */
/* checks_physical_search.c - searching physical memory, against a naive search of it. */
#include "contract/contract.h"

#define UNTOUCHED 0x5555555555555555u

/* The lowest match; stretches whose bytes are not known are left out by @first. */
static uint64_t naive(const struct ram *ram, uint64_t first, uint64_t last, const uint8_t *pattern,
		      size_t size, size_t granularity)
{
	for (size_t i = 0; i < ram->count; i++) {
		const struct ram_stretch *stretch = &ram->stretches[i];
		uint64_t from = stretch->first > first ? stretch->first : first;
		uint64_t end = stretch->first + stretch->size - 1;

		end = end < last ? end : last;
		for (uint64_t at = from; at <= end && end - at >= size - 1; at++)
			if ((at - first) % granularity == 0 &&
			    !memcmp(stretch->bytes + (at - stretch->first), pattern, size))
				return at;
	}
	return UINT64_MAX;
}

static uint64_t search_both(struct fixture *fixture, uint64_t first, uint64_t length,
			    const void *pattern, size_t size, size_t granularity)
{
	uint64_t last = length - 1 > UINT64_MAX - first ? UINT64_MAX : first + length - 1;
	uint64_t expected = naive(&fixture->layout.ram, first, last, pattern, size, granularity);
	uint64_t match = UNTOUCHED;

	assert_status(tmem_search_physical(fixture->target, first, length, pattern, size,
					   granularity, &match),
		      expected == UINT64_MAX ? TMEM_E_NO_MORE_ENTRIES : TMEM_S_OK);
	assert_int_equal(match, expected == UINT64_MAX ? UNTOUCHED : expected);
	return expected;
}

static void finds(struct fixture *fixture)
{
	const struct ram *ram = &fixture->layout.ram;
	const struct ram_stretch *last = &ram->stretches[ram->count - 1];
	uint64_t first = ram->stretches[1].first;
	uint64_t at;

	at = search_both(fixture, first, 1u << 30, NEEDLE, NEEDLE_SIZE, 1);
	assert_true(at != UINT64_MAX);
	search_both(fixture, at, NEEDLE_SIZE, NEEDLE, NEEDLE_SIZE, 1);
	search_both(fixture, at, NEEDLE_SIZE - 1, NEEDLE, NEEDLE_SIZE, 1);
	search_both(fixture, at + 1, UINT64_MAX, NEEDLE, NEEDLE_SIZE, 1);
	search_both(fixture, first, at - first + NEEDLE_SIZE - 1, NEEDLE, NEEDLE_SIZE, 1);
	/* The very last bytes of memory, and the last ones before a hole. */
	search_both(fixture, first, UINT64_MAX, last->bytes + last->size - 16, 16, 1);
	search_both(fixture, first, UINT64_MAX,
		    ram->stretches[1].bytes + ram->stretches[1].size - 16, 16, 1);
	search_both(fixture, fixture->layout.hole, RAM_PAGE, "\0", 1, 1);
	for (size_t step = 1; step <= NEEDLE_SIZE; step++)
		for (uint64_t shift = 0; shift < 4 && NEEDLE_SIZE % step == 0; shift++)
			search_both(fixture, first + shift, UINT64_MAX, NEEDLE, NEEDLE_SIZE, step);
}

/* The end of one stretch and the begin of the next are no neighbours. */
static void never_across_a_hole(struct fixture *fixture)
{
	const struct ram *ram = &fixture->layout.ram;
	uint64_t match = UNTOUCHED;

	for (size_t i = 1; i + 1 < ram->count; i++) {
		const struct ram_stretch *low = &ram->stretches[i], *high = low + 1;

		if (low->first + low->size == high->first)
			continue;
		assert_status(tmem_write_physical(fixture->target, low->first + low->size - 5,
						  "split", 5, NULL),
			      TMEM_S_OK);
		assert_status(tmem_write_physical(fixture->target, high->first, "match", 5, NULL),
			      TMEM_S_OK);
	}
	assert_status(
		tmem_search_physical(fixture->target, 0, UINT64_MAX, "splitmatch", 10, 1, &match),
		TMEM_E_NO_MORE_ENTRIES);
	/* Frames that follow each other are. */
	assert_status(tmem_write_physical(fixture->target, fixture->layout.spare + RAM_PAGE - 5,
					  "splitmatch", 10, NULL),
		      TMEM_S_OK);
	assert_status(
		tmem_search_physical(fixture->target, 0, UINT64_MAX, "splitmatch", 10, 1, &match),
		TMEM_S_OK);
	assert_int_equal(match, fixture->layout.spare + RAM_PAGE - 5);
}

static void arguments(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	uint64_t spare = fixture->layout.spare;
	uint64_t match = UNTOUCHED;

	assert_status(tmem_search_physical(target, spare, 100, "abc", 0, 1, &match),
		      TMEM_E_INVALIDARG);
	assert_status(tmem_search_physical(target, spare, 100, "abc", 3, 2, &match),
		      TMEM_E_INVALIDARG);
	assert_status(tmem_search_physical(target, spare, 100, "abc", 3, 0, &match),
		      TMEM_E_INVALIDARG);
	assert_status(tmem_search_physical(target, spare, 100, NULL, 3, 1, &match),
		      TMEM_E_INVALIDARG);
	assert_status(tmem_set_interrupt(target), TMEM_S_OK);
	assert_status(tmem_search_physical(target, 0, UINT64_MAX, "no such bytes", 13, 1, &match),
		      TMEM_E_CONTROL_C_EXIT);
	assert_int_equal(match, UNTOUCHED);
}

/* Every hit, also where nobody knows what is writable. */
static void cursor(struct fixture *fixture)
{
	const struct ram *ram = &fixture->layout.ram;
	struct tmem_search_request request = {
		.size = sizeof(request),
		.space = TMEM_DATA_SPACE_PHYSICAL,
		.flags = TMEM_VSEARCH_WRITABLE_ONLY,
		.offset = ram->stretches[1].first,
		.length = UINT64_MAX - ram->stretches[1].first,
		.pattern = NEEDLE,
		.pattern_size = NEEDLE_SIZE,
		.pattern_granularity = 1,
	};
	uint64_t expected = request.offset;
	uint64_t match = UNTOUCHED;
	tmem_search_cursor *cursor;
	unsigned count = 0;

	assert_status(tmem_search_cursor_new(fixture->target, &request, &cursor), TMEM_S_OK);
	for (;; expected++, count++) {
		expected =
			naive(ram, expected, UINT64_MAX, (const uint8_t *)NEEDLE, NEEDLE_SIZE, 1);
		if (expected == UINT64_MAX)
			break;
		assert_status(tmem_search_cursor_next(cursor, &match), TMEM_S_OK);
		assert_int_equal(match, expected);
	}
	assert_status(tmem_search_cursor_next(cursor, &match), TMEM_E_NO_MORE_ENTRIES);
	assert_true(count >= 4);
	tmem_search_cursor_free(cursor);
}

const struct check checks_physical_search[] = {
	{ "physical_search_finds", finds, TMEM_MODE_KERNEL },
	{ "physical_search_never_across_a_hole", never_across_a_hole, TMEM_MODE_KERNEL },
	{ "physical_search_arguments", arguments, TMEM_MODE_KERNEL },
	{ "physical_search_cursor", cursor, TMEM_MODE_KERNEL },
	{ 0 },
};
