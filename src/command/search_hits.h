/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search_hits.h - what the two halves of the s command share: its flags and its hits.
 *
 * search.c parses and looks for patterns, search_strings.c looks for text of any content.
 */
#ifndef TMI_COMMAND_SEARCH_HITS_H
#define TMI_COMMAND_SEARCH_HITS_H

#include "command/display.h"

/* Hits that a search with the flag s keeps for one with the flag r. */
struct tmi_search_saved {
	uint64_t *hits;
	size_t count;
};

struct tmi_search {
	struct tmi_args *args;
	struct tmi_session *session;
	struct tmi_range range;
	char type;        /* b w d q a u; '8' = sa, '6' = su */
	bool save;        /* s */
	bool saved;       /* r */
	bool writable;    /* w */
	bool addresses;   /* 1 */
	uint64_t limit;   /* n: hits that may be saved */
	uint64_t minimum; /* l: shortest text of sa and su */
	struct tmi_search_saved *memory;
	struct tmi_search_saved found; /* hits to be saved */
	uint64_t hits;
	uint64_t reached; /* address up to which it was searched when it was interrupted; or 0 */
};

/* Reports one hit: saves it and, with the flag 1, prints its address. False: no more room. */
bool tmi_search_hit(struct tmi_search *search, uint64_t address);

/* Says that Ctrl-C ended the search: @done bytes of the range, of which @bytes were read. */
bool tmi_search_interrupted(struct tmi_search *search, uint64_t done, uint64_t bytes);

/* sa and su. */
bool tmi_search_strings(struct tmi_search *search);

#endif
