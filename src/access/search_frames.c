/* SPDX-License-Identifier: Apache-2.0 */
/* search_frames.c - see search_frames.h. */
#include "access/search_frames.h"

#include <stdatomic.h>
#include <stdlib.h>

/* Frames of a word, one bit each; the rest of its bits tell which group of them it is. */
#define GROUP      42
#define FRAME_BITS (((uint64_t)1 << GROUP) - 1)

/* Words for one thread, twice as many for two, and so on: 128 KiB, which know of 2.6 GiB. */
#define WORDS ((size_t)1 << 14)

/* The longest match for which it pays: borders of 512 bytes took as long as looking at it all. */
#define LONGEST 256

struct tmi_search_frames {
	uint64_t generation;
	size_t count; /* a power of two */
	_Atomic uint64_t words[];
};

bool tmi_search_frames_help(const struct tmi_space *space, const struct tmi_matcher *matcher)
{
	return tmi_space_has_frames(space) && matcher->size <= LONGEST &&
	       TMI_SPACE_FRAME % matcher->granularity == 0;
}

struct tmi_search_frames *tmi_search_frames_new(unsigned threads)
{
	struct tmi_search_frames *frames;
	size_t count = WORDS;

	while (count / WORDS <= threads / 2)
		count *= 2;
	/* Pages of it that are never used are never there. */
	frames = calloc(1, sizeof(*frames) + count * sizeof(frames->words[0]));
	if (frames)
		frames->count = count;
	return frames;
}

void tmi_search_frames_free(struct tmi_search_frames *frames)
{
	free(frames);
}

void tmi_search_frames_begin(struct tmi_search_frames *frames, uint64_t generation)
{
	if (frames->generation == generation)
		return;
	for (size_t i = 0; i < frames->count; i++)
		if (atomic_load_explicit(&frames->words[i], memory_order_relaxed))
			atomic_store_explicit(&frames->words[i], 0, memory_order_relaxed);
	frames->generation = generation;
}

bool tmi_search_frames_hold(const struct tmi_search_frames *frames, uint64_t generation)
{
	return frames->generation == generation;
}

/* Where a frame's bit is, and the word as it is with no other bit of the group. */
static size_t place(const struct tmi_search_frames *frames, uint64_t physical, uint64_t *word)
{
	uint64_t frame = physical / TMI_SPACE_FRAME;
	uint64_t group = frame / GROUP;

	*word = (group / frames->count) << GROUP | (uint64_t)1 << (frame % GROUP);
	return group & (frames->count - 1);
}

/* Physical addresses have 52 bits; of larger ones a tag would lose bits. */
static bool is_beyond(uint64_t physical)
{
	return physical >> 52;
}

bool tmi_search_frames_has(const struct tmi_search_frames *frames, uint64_t physical)
{
	uint64_t word;
	size_t at = place(frames, physical, &word);
	uint64_t now = atomic_load_explicit(&frames->words[at], memory_order_relaxed);

	/* The same group, and this bit. */
	return !is_beyond(physical) && !((now ^ word) & ~FRAME_BITS) && (now & word & FRAME_BITS);
}

void tmi_search_frames_add(struct tmi_search_frames *frames, uint64_t physical)
{
	uint64_t word, more;
	size_t at = place(frames, physical, &word);
	uint64_t now = atomic_load_explicit(&frames->words[at], memory_order_relaxed);

	if (is_beyond(physical))
		return;
	do {
		more = (now ^ word) & ~FRAME_BITS ? word : now | word;
	} while (more != now && !atomic_compare_exchange_weak_explicit(&frames->words[at], &now,
								       more, memory_order_relaxed,
								       memory_order_relaxed));
}
