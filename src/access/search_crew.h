/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search_crew.h - several threads that look through a block of readable memory at once.
 *
 * A crew answers one question: up to where does no match begin? It takes the block in pieces, and
 * each thread scans the piece that it fetched while it is in its own L2 cache. What it found, or
 * could not read, is left to the search itself, which goes on there by its own means; so a crew
 * makes a search faster and nothing else.
 */
#ifndef TMI_ACCESS_SEARCH_CREW_H
#define TMI_ACCESS_SEARCH_CREW_H

#include "access/matcher.h"
#include "engine/call.h"

/* A piece that is read should still be in the L2 cache when it is scanned. */
#define TMI_SEARCH_PIECE (256u << 10)

struct tmi_search_crew;

/*
 * A buffer for a piece of @size bytes that begins at *piece, with room for @before bytes ahead of
 * it. The caller frees what is returned; NULL when out of memory.
 */
uint8_t *tmi_search_room(size_t before, size_t size, uint8_t **piece);

/* Where matches may begin, in memory that is probably readable, and what they reach behind it. */
struct tmi_search_block {
	uint64_t first;
	uint64_t last;             /* inclusive, not the last address there is */
	uint64_t phase;            /* matches begin at multiples of the granularity from here */
	const struct tmi_run *run; /* that it lies in */
};

/*
 * A crew of @threads threads, the caller's among them, for one search. @space and @matcher must
 * outlive it. NULL: fewer than two threads, or no memory.
 */
struct tmi_search_crew *tmi_search_crew_new(struct tmi_space *space,
					    const struct tmi_matcher *matcher, unsigned threads);
void tmi_search_crew_free(struct tmi_search_crew *crew);

/* Called by the asking thread every MiB or so, which stands at @at now; false: no further. */
typedef bool tmi_search_proceed(void *context, uint64_t at, uint64_t bytes);

/*
 * Looks through a block. Below the address that is returned no match begins; it is block->last + 1,
 * or where a match begins, or near where a byte could not be read or was never touched, or where
 * @proceed ended it. *bytes receives how many were looked at.
 */
uint64_t tmi_search_crew_look(struct tmi_search_crew *crew, const struct tmi_search_block *block,
			      tmi_search_proceed *proceed, void *context, uint64_t *bytes);

#endif
