/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search_strip.h - one thread looks through a strip of memory: does a match begin in it?
 *
 * What a kind lends is scanned where it stands, or read like anything else: which of them is faster
 * depends on the file system, the page cache and what is mapped already, so both are tried on the
 * first strips. A strip is looked through in pieces. A piece is scanned where it is lent, or read
 * and scanned while it is in the L2 cache, or it is a frame that is known to have no match inside,
 * and then only its borders are read. Pieces that were not lent are joined: the end of each is
 * carried over, before the next one's place.
 */
#ifndef TMI_ACCESS_SEARCH_STRIP_H
#define TMI_ACCESS_SEARCH_STRIP_H

#include <stdatomic.h>

#include "access/search_frames.h"

/* A piece that is read should still be in the L2 cache when it is scanned. */
#define TMI_SEARCH_PIECE (256u << 10)

/* Frames of a piece: as many as a word has bits. */
#define TMI_SEARCH_FRAMES (TMI_SEARCH_PIECE / TMI_SPACE_FRAME)

/* Where matches may begin, in memory that is probably readable, and what they reach behind it. */
struct tmi_search_block {
	uint64_t first;
	uint64_t last;             /* inclusive, not the last address there is */
	uint64_t phase;            /* matches begin at multiples of the granularity from here */
	const struct tmi_run *run; /* that it lies in */
};

/* What threads have in common that look through a block, each through other strips of it. */
struct tmi_search_common {
	struct tmi_space *space;
	const struct tmi_matcher *matcher;
	struct tmi_search_frames *frames; /* NULL: none are remembered */
	struct tmi_search_block block;
	bool tries;                /* bytes are lent, or read: by what is cheaper */
	atomic_uint tried;         /* strips so far, each way in turn at first */
	_Atomic uint64_t costs[2]; /* least ns of a MiB: lent, read; 0 = not known yet */
	_Atomic uint64_t clear;    /* no match begins below, in strips that were looked at */
	_Atomic uint64_t bytes;    /* that were looked at */
};

/* What each thread has for itself. */
struct tmi_search_desk {
	uint8_t *buffer; /* of tmi_search_room(), NULL: made when it is needed */
	uint8_t *piece;  /* in it */
	bool reads;      /* this strip, although it may be lent */

	bool frames_asked;     /* what follows is true */
	uint64_t frames_first; /* where the piece begins that it is of */
	uint64_t known;        /* bit i: frame i of it is known to have no match inside */
	uint64_t physical[TMI_SEARCH_FRAMES];
};

/*
 * Makes *buffer, for pieces of a search for @matcher with room for what matches reach before and
 * behind them, which begin at *piece. False: out of memory. The caller frees *buffer.
 */
bool tmi_search_room(const struct tmi_matcher *matcher, uint8_t **buffer, uint8_t **piece);

/* Lowers common->clear to @address, if it is above. */
void tmi_search_lower(struct tmi_search_common *common, uint64_t address);

/*
 * Looks for matches that begin in [first, last], which are in the block. What is found, or near
 * where a byte could not be read or was never touched, becomes common->clear unless that is lower.
 */
void tmi_search_strip(struct tmi_search_common *common, struct tmi_search_desk *desk,
		      uint64_t first, uint64_t last);

#endif
