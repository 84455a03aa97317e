/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_search_frames.c - what a search remembers of frames: never one that it was not told of, and
 * as many as it has room for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access/search_frames.h"

#define FRAME ((uint64_t)TMI_SPACE_FRAME)

/* Of one thread's share; frames that follow each other. */
#define ROOM ((size_t)(1 << 14) * 42)

static uint64_t seed = 1;

static uint64_t next_random(void)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return seed >> 24;
}

/* All that there is room for is remembered, at any place of physical memory. */
static void test_room(void **state)
{
	static const uint64_t bases[] = { 0, 1 << 20, (uint64_t)1 << 39,
					  ((uint64_t)1 << 40) - ROOM };

	for (unsigned threads = 0; threads < 9; threads++) {
		/* The largest power of two that is not more than the threads. */
		size_t times = threads >= 8 ? 8 : threads >= 4 ? 4 : threads >= 2 ? 2 : 1;
		struct tmi_search_frames *frames = tmi_search_frames_new(threads);

		assert_non_null(frames);
		for (size_t base = 0; base < sizeof(bases) / sizeof(bases[0]); base++) {
			uint64_t first = bases[base] - (base == 3 ? ROOM * (times - 1) : 0);

			for (uint64_t i = 0; i < ROOM * times; i++)
				tmi_search_frames_add(frames, (first + i) * FRAME);
			for (uint64_t i = 0; i < ROOM * times; i++)
				if (!tmi_search_frames_has(frames, (first + i) * FRAME) &&
				    i >= 42 && i < ROOM * times - 42)
					fail_msg("%u threads: frame %llu of %llu is not known",
						 threads, (unsigned long long)i,
						 (unsigned long long)first);
		}
		tmi_search_frames_free(frames);
	}
}

/* Frames all over memory push each other out; what was never added is not there. */
static void test_only_what_was_added(void **state)
{
	struct tmi_search_frames *frames = tmi_search_frames_new(1);
	uint8_t *added = calloc(1 << 21, 1);
	size_t known = 0;

	assert_non_null(frames);
	assert_non_null(added);
	for (int i = 0; i < 3000000; i++) {
		/* Two regions of 2^20 frames that lie far apart share all words. */
		uint64_t index = next_random() % (1 << 21);
		uint64_t frame = index < 1 << 20 ? index : index + ((uint64_t)1 << 38);
		bool has = tmi_search_frames_has(frames, frame * FRAME + next_random() % FRAME);

		if (has && !added[index])
			fail_msg("frame %#llx was never added", (unsigned long long)frame);
		known += has;
		if (next_random() % 3 == 0) {
			tmi_search_frames_add(frames, frame * FRAME);
			added[index] = 1;
			assert_true(tmi_search_frames_has(frames, frame * FRAME));
		}
	}
	assert_true(known > 1000);
	free(added);
	tmi_search_frames_free(frames);
}

/* Addresses that no processor has are not remembered, rather than taken for others. */
static void test_beyond(void **state)
{
	struct tmi_search_frames *frames = tmi_search_frames_new(1);

	for (unsigned bit = 52; bit < 64; bit++) {
		uint64_t physical = (uint64_t)1 << bit;

		tmi_search_frames_add(frames, physical + 5 * FRAME);
		assert_false(tmi_search_frames_has(frames, physical + 5 * FRAME));
		assert_false(tmi_search_frames_has(frames, 5 * FRAME));
	}
	tmi_search_frames_add(frames, 7 * FRAME);
	for (unsigned bit = 12; bit < 64; bit++)
		assert_false(tmi_search_frames_has(frames, 7 * FRAME ^ (uint64_t)1 << bit));
	tmi_search_frames_add(frames, UINT64_MAX);
	assert_false(tmi_search_frames_has(frames, UINT64_MAX));
	tmi_search_frames_free(frames);
}

static void test_generations(void **state)
{
	struct tmi_search_frames *frames = tmi_search_frames_new(2);

	tmi_search_frames_begin(frames, 8);
	assert_true(tmi_search_frames_hold(frames, 8));
	tmi_search_frames_add(frames, 3 * FRAME);
	tmi_search_frames_begin(frames, 8);
	assert_true(tmi_search_frames_has(frames, 3 * FRAME));
	assert_false(tmi_search_frames_hold(frames, 9));
	tmi_search_frames_begin(frames, 9);
	assert_true(tmi_search_frames_hold(frames, 9));
	assert_false(tmi_search_frames_has(frames, 3 * FRAME));
	tmi_search_frames_free(frames);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_only_what_was_added),
		cmocka_unit_test(test_beyond),
		cmocka_unit_test(test_generations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
