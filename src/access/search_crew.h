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

/* Where matches may begin; what they may reach behind it is readable too. */
struct tmi_search_block {
	uint64_t first;
	uint64_t last;  /* inclusive, not the last address there is */
	uint64_t phase; /* matches begin at multiples of the granularity from here */
};

/*
 * A crew of @threads threads, the caller's among them, for one search. @space and @matcher must
 * outlive it. NULL: fewer than two threads, or no memory.
 */
struct tmi_search_crew *tmi_search_crew_new(struct tmi_space *space,
					    const struct tmi_matcher *matcher, unsigned threads);
void tmi_search_crew_free(struct tmi_search_crew *crew);

/*
 * Looks through a block. Below the address that is returned no match begins; it is block->last + 1,
 * or where a match begins, or near where a byte could not be read. @bytes is raised by what was
 * looked at.
 */
uint64_t tmi_search_crew_look(struct tmi_search_crew *crew, const struct tmi_search_block *block,
			      uint64_t *bytes);

#endif
