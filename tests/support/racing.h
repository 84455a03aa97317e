/* SPDX-License-Identifier: Apache-2.0 */
/*
 * racing.h - readers of every kind beside a writer, over any target, each answer checked.
 *
 * A target has a quiet part, which nobody writes and of which the test has a copy of its own, and
 * a busy part of words of eight bytes. A word tells its place and the number of the write that it
 * is from, so that a reader sees one that is torn, another place's, older than a write which had
 * returned before it asked, or newer than any that had begun when it was answered. When the writer
 * has ended, everything must read as it was written last, in every way there is.
 */
#ifndef TESTS_SUPPORT_RACING_H
#define TESTS_SUPPORT_RACING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tmem.h>

#define RACING_PAGE 4096u

struct racing {
	/* What to set. */
	const char *name; /* for messages */
	tmem_target *target;
	uint64_t quiet; /* address of the quiet part */
	size_t quiet_size;
	const uint8_t *copy; /* what stands there; quiet_size bytes */
	uint64_t busy;       /* address of the busy part, of whole pages */
	size_t busy_size;
	size_t most;            /* bytes of the largest write, at least 8 */
	const uint64_t *frames; /* image: physical address of each busy page; NULL: there is none */
	/*
	 * One page more, after the busy part, that the writer moves to and fro between two frames,
	 * whose words are those of busy_size and of busy_size + RACING_PAGE, version 0.
	 */
	uint64_t entry; /* physical address of its entry, 0: no such page */
	uint64_t entries[2];
	bool toggles; /* suspended and resumed all the time */
	/*
	 * The kernel copies from and to a process byte by byte if it likes: a word may be of two
	 * writes, if one of them was under way.
	 */
	bool tears;
	/* Words that the target itself writes, as busy ones; NULL: none. */
	uint64_t own;
	size_t own_count;
	struct racing_log *own_log; /* each word's */
	unsigned seed;              /* 0 = by the clock */

	/* Private. */
	struct racing_log *log; /* of each busy word, and one of the moving page */
	atomic_uint writes;
	atomic_bool stop;  /* of the writer */
	atomic_bool final; /* the writer has ended */
	atomic_bool failed;
	atomic_uint done; /* readers that have done their part */
};

/* Of one word: the last write that has begun, and the last that has returned. */
struct racing_log {
	atomic_uint begun;
	atomic_uint returned;
};

/* The word of a place (bytes from the beginning of the busy part), by its write. */
uint64_t racing_word(uint64_t place, uint32_t version);

/* Runs it all; the test fails at the first wrong answer. */
void racing_run(struct racing *race);

#endif
