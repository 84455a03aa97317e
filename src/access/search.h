/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search.h - one search over a space: from stretches of readable memory to matches.
 *
 * The range falls into runs, runs into readable stretches, stretches into pieces. A piece is lent
 * by the space, or read into the search's buffer, or known to be zeros without looking. Where a
 * target tells which pages are in memory, a stretch is presumed to be all there, and is looked at
 * closely where that proves wrong. Each piece is seen through one or two windows of contiguous
 * bytes; windows overlap by the longest pattern's size - 1, so that a match which straddles pieces
 * lies wholly inside one of them. In the last bytes before a hole only shorter patterns have room:
 * they are kept until it is known what follows. Long stretches are first looked through by a crew
 * of threads, which only says how far there is nothing.
 */
#ifndef TMI_ACCESS_SEARCH_H
#define TMI_ACCESS_SEARCH_H

#include <tmem/search.h>

#include "access/matcher.h"
#include "access/search_crew.h"
#include "engine/call.h"

/* Less than this is read rather than lent, or read rather than taken for zeros. */
#define TMI_SEARCH_SMALL (16u << 10)

/* What is asked about where not everything is resident, to begin with. */
#define TMI_SEARCH_LOOK (1u << 20)

/* Contiguous memory in which matches may be found. */
struct tmi_search_window {
	uint64_t address;
	uint64_t size;       /* 0: no window */
	const uint8_t *data; /* NULL: zeros */
};

/* The end of the last window, in which only shorter patterns than the longest have room. */
struct tmi_search_tail {
	uint64_t address;
	size_t size; /* 0: there is none */
	bool last;   /* a hole follows: what is in it is to be reported */
	uint8_t *bytes;
};

struct tmi_search {
	tmem_target *target;
	struct tmi_space *space;
	struct tmi_matcher matcher;
	struct tmi_meter meter;
	uint32_t flags;  /* enum tmem_search_flags */
	uint64_t offset; /* as the caller gave it */
	uint64_t length;
	uint64_t start;   /* internal: the phase counts from here */
	uint64_t last;    /* inclusive */
	uint64_t next;    /* no match begins below that was not reported */
	uint64_t told_at; /* here all patterns below told were reported */
	size_t told;
	uint64_t bytes;          /* looked at so far */
	bool interrupted;        /* while a window was looked through, at */
	uint64_t interrupted_at; /* nothing begins below in it */
	bool ended;              /* nothing is left to fetch */
	bool finished;           /* and nothing to report */

	uint64_t incarnation; /* another one: give up */
	uint64_t generation;  /* another one: the windows are out of date */

	bool walking;
	struct tmi_run_walk walk;
	struct tmi_run run; /* that the stretch lies in */
	bool in_run;
	uint64_t run_next;     /* where its next stretch may begin */
	uint64_t stretch_last; /* inclusive */
	bool in_stretch;
	uint64_t touched_last; /* of the stretch, up to here nothing is untouched; 0: not known */
	bool tells_resident;   /* tmi_space_read_resident() may be used */
	bool presumed;         /* the stretch was not asked about: it may have holes */
	bool doubtful;         /* the byte at at is not resident: ask */
	uint64_t look;         /* bytes that the next question is about */
	uint64_t at;           /* next address to fetch; in a stretch: a readable one */

	struct tmi_search_window window;
	struct tmi_search_window following; /* of the same piece */
	const atomic_bool *truncated;       /* of the lent piece */
	bool no_views;

	struct tmi_search_crew *crew; /* made at the first long stretch; NULL = none */
	bool alone;                   /* there will be none */
	uint64_t crew_from;           /* below it the search goes on alone */
	uint64_t crew_least;          /* bytes of a stretch that it is asked about */

	uint8_t *buffer;
	uint8_t *piece; /* in buffer, aligned; what is carried over ends here */
	size_t room;    /* bytes of a piece */
	size_t carried; /* bytes before piece; they end at carry_end */
	uint64_t carry_end;
	const uint8_t *tail; /* contiguous bytes up to at; their end is carried over next */
	uint64_t tail_size;  /* 0: nothing to carry */

	struct tmi_search_tail short_tail; /* only where patterns have different sizes */
};

/*
 * Checks the arguments and prepares a search. @search is ready for tmi_search_fini() also after a
 * failure. @request: its size field does not matter, all fields are there.
 */
tmem_status tmi_search_init(struct tmi_search *search, tmem_target *target, struct tmi_space *space,
			    const struct tmem_search_request *request);
void tmi_search_fini(struct tmi_search *search);

/*
 * The next match, as callers see addresses; the size field of *match is left alone. Explained on
 * failure, *match untouched; may be called again then.
 */
tmem_status tmi_search_next(struct tmi_search *search, struct tmem_search_match *match);

/* --- search_stretch.c --- */

/*
 * Interrupted (TMEM_E_CONTROL_C_EXIT), or the memory is another one now (TMEM_E_UNEXPECTED).
 * Reports progress: everything below @at is finished, @bytes were looked at.
 */
tmem_status tmi_search_check_at(struct tmi_search *search, uint64_t at, uint64_t bytes);
/* The same for where the search is. */
tmem_status tmi_search_check(struct tmi_search *search);

/* Enters the next readable stretch, [at, stretch_last]. TMEM_E_NO_MORE_ENTRIES at the end. */
tmem_status tmi_search_next_stretch(struct tmi_search *search);

/* Leaves run and stretch: the next one is found by walking anew. */
void tmi_search_end_walk(struct tmi_search *search);

/* --- search_walk.c --- */

/* Makes the next window present; TMEM_E_NO_MORE_ENTRIES at the end of the range. */
tmem_status tmi_search_advance(struct tmi_search *search);

/* True when a lent file was cut: the search goes on at search->next and reads from now on. */
bool tmi_search_lost_view(struct tmi_search *search);

/* Forgets windows and goes on fetching at search->next. */
void tmi_search_restart(struct tmi_search *search);

#endif
