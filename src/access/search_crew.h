/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search_crew.h - several threads that look through a block of readable memory at once.
 *
 * A crew answers one question: up to where does no match begin? It takes the block in strips
 * (search_strip.h), and each thread scans what it fetched while it is in its own L2 cache. Where
 * addresses lead to frames, the crew remembers those without a match (search_frames.h), and where
 * bytes are lent it finds out how they come fastest, so that a crew of one thread is of use too.
 * What it found, or could not read, is left to the search itself, which goes on there by its own
 * means; so a crew makes a search faster and nothing else.
 */
#ifndef TMI_ACCESS_SEARCH_CREW_H
#define TMI_ACCESS_SEARCH_CREW_H

#include "access/search_strip.h"
#include "engine/call.h"

struct tmi_search_crew;

/* The least block that a crew is worth asking about; UINT64_MAX: there is no crew for these. */
uint64_t tmi_search_crew_least(const struct tmi_space *space, const struct tmi_matcher *matcher,
			       unsigned threads);

/*
 * A crew of @threads threads, the caller's among them, for one search. @space and @matcher must
 * outlive it, and so must @buffer with its @piece (tmi_search_room()), in which the caller's thread
 * works during tmi_search_crew_look(). NULL: out of memory, or one thread that nothing would help.
 */
struct tmi_search_crew *tmi_search_crew_new(struct tmi_space *space,
					    const struct tmi_matcher *matcher, unsigned threads,
					    uint8_t *buffer, uint8_t *piece);
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
