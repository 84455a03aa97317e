/* SPDX-License-Identifier: Apache-2.0 */
/*
 * space.h - an address space as the methods see it: bytes that may have holes.
 *
 * The methods in src/access are written over these functions and never ask what kind of target is
 * behind. A space applies, from the outside in: the address rule, translation (kernel mode), the
 * overlay, the cache, the target kind.
 *
 * Addresses are internal ones here: 32-bit spaces zero-extended. tmi_space_enter() converts what a
 * caller gave, tmi_space_leave() what goes back.
 */
#ifndef TMI_ENGINE_SPACE_H
#define TMI_ENGINE_SPACE_H

#include "base/error.h"
#include "base/run.h"
#include "target/target.h"

struct tmi_space;

/* Facts of the space; constant while the target is open. */
const struct tmi_facts *tmi_space_facts(const struct tmi_space *space);

/* Highest address: 2^64 - 1, or 2^32 - 1 for a 32-bit space. */
uint64_t tmi_space_last(const struct tmi_space *space);

/* Caller's address to internal. Fails (TMEM_E_READ_FAULT, OUT_OF_RANGE) when it has neither form.
 */
tmem_status tmi_space_enter(const struct tmi_space *space, uint64_t *address);

/* Internal address to what a caller gets: 32-bit ones sign-extended. */
uint64_t tmi_space_leave(const struct tmi_space *space, uint64_t address);

/* Last address of [address, address + size), clipped at the end of the space; size is not 0. */
uint64_t tmi_space_clip(const struct tmi_space *space, uint64_t address, uint64_t size);

enum tmi_space_flags {
	TMI_SPACE_UNCACHED =
		1, /* go past the cache and leave it as it is; never past the overlay */
	TMI_SPACE_NO_TOUCH = 2, /* for searches: see TMI_READ_NO_TOUCH */
	TMI_SPACE_UNLENT = 4,   /* read by the kind, even where the bytes are lent */
};

/*
 * Reads by the prefix rule. @flags: enum tmi_space_flags. *done is always set. Returns TMEM_S_OK
 * when a byte was moved or size is 0; else the failure, explained.
 */
tmem_status tmi_space_read(struct tmi_space *space, uint64_t address, void *buffer, size_t size,
			   uint32_t flags, size_t *done);

/* Many reads: sorted and joined below. Each item's own flags decide about the cache. */
tmem_status tmi_space_read_batch(struct tmi_space *space, struct tmem_transfer *items,
				 size_t count);

/* Writes by the prefix rule. Sends no event. The caller holds the write lock (tmi_call_write). */
tmem_status tmi_space_write(struct tmi_space *space, uint64_t address, const void *buffer,
			    size_t size, size_t *done);

/* The run that holds @from or the next above; TMEM_E_NO_MORE_ENTRIES. Name: thread's next call. */
tmem_status tmi_space_run(struct tmi_space *space, uint64_t from, struct tmi_run *run);

/*
 * First readable stretch at or above @from up to @last (inclusive): [*first, *end], merged over
 * adjacent runs, and clipped to @last. TMEM_E_NO_MORE_ENTRIES when there is none. Behind page
 * tables a long stretch may come in pieces, and TMEM_S_FALSE says that there is none below *first,
 * which took long to find out: whoever can be interrupted goes on from there.
 */
tmem_status tmi_space_valid(struct tmi_space *space, uint64_t from, uint64_t last, uint64_t *first,
			    uint64_t *end);

/* Where the byte comes from; *source is TMEM_VSOURCE_INVALID for an unreadable one. */
tmem_status tmi_space_source(struct tmi_space *space, uint64_t address, uint32_t *source);

/* Walk over the runs as they were when it began. */
struct tmi_run_walk {
	struct tmi_space *space;
	struct tmi_snapshot *snapshot; /* NULL: asked run by run */
	size_t index;
	uint64_t from;
	bool ended;
};

tmem_status tmi_run_walk_begin(struct tmi_run_walk *walk, struct tmi_space *space, uint64_t from);
/* TMEM_E_NO_MORE_ENTRIES at the end. Names stay valid until tmi_run_walk_end() with a snapshot. */
tmem_status tmi_run_walk_next(struct tmi_run_walk *walk, struct tmi_run *run);
void tmi_run_walk_end(struct tmi_run_walk *walk);

/*
 * Readable part of one run of a walk: as the kind's valid op, and for certain runs all of it.
 * TMEM_S_FALSE as for tmi_space_valid().
 */
tmem_status tmi_space_valid_in_run(struct tmi_space *space, const struct tmi_run *run,
				   uint64_t from, uint64_t last, uint64_t *first, uint64_t *end);

/* As the kind's untouched op; false when the overlay has bytes in the range. */
bool tmi_space_untouched(struct tmi_space *space, const struct tmi_run *run, uint64_t from,
			 uint64_t last, uint64_t *end);

/* True when tmi_space_read_resident() may move bytes. */
bool tmi_space_tells_resident(const struct tmi_space *space);

/*
 * As the kind's read_resident op: how many bytes of resident pages were moved, 0 when there are
 * none at @address or nobody tells. Stops before overlaid pages, goes past the cache.
 */
size_t tmi_space_read_resident(struct tmi_space *space, uint64_t address, void *buffer,
			       size_t size);

/* True when the kind mostly lends the bytes of this space, which can also be read. */
bool tmi_space_lends(const struct tmi_space *space);

/* Lends bytes; false when it cannot (live, cached, overlaid there). */
bool tmi_space_view(struct tmi_space *space, uint64_t address, struct tmi_borrow *borrow);

/* Page tables lead to frames of this many bytes, or to whole numbers of them. */
#define TMI_SPACE_FRAME 4096u

/*
 * True when addresses of the space lead to frames of physical memory, several perhaps to the same
 * one, which is lent and does not change without another tmi_space_generation().
 */
bool tmi_space_has_frames(const struct tmi_space *space);

/*
 * The physical addresses of the @count frames from @address on, which is a multiple of
 * TMI_SPACE_FRAME; UINT64_MAX where there is none. Only for a space that has frames, and for
 * addresses that it has.
 */
void tmi_space_frames(struct tmi_space *space, uint64_t address, uint64_t *physical, size_t count);

/* Reads inside of one of its frames, by physical address: all of the bytes, or false. */
bool tmi_space_read_frame(struct tmi_space *space, uint64_t physical, void *buffer, size_t size);

/* The first and the last @size bytes of one of its frames are read soon; a hint. */
void tmi_space_expect_frame(struct tmi_space *space, uint64_t physical, size_t size);

/*
 * Copies lent bytes, and offers the stretch that they stand in to whoever knows the context
 * (hot.h). False when they are not all lent, or their file was cut. Not behind page tables.
 */
bool tmi_space_read_lent(struct tmi_space *space, uint64_t address, void *buffer, size_t size);

/* Changes when views and copies of this space may be out of date: write, discard, resume, exec. */
uint64_t tmi_space_generation(const struct tmi_space *space);

/*
 * The same for who compares it before and after several reads: equal values say that nothing was
 * changed between them. False: something is being changed now.
 */
bool tmi_space_settled(const struct tmi_space *space, uint64_t *generation);

/* Changes when the target may have changed anything (exec, resume): lists are taken anew. */
uint64_t tmi_space_content_generation(const struct tmi_space *space);

/* Changes when another address space took its place (exec): a running search gives up. */
uint64_t tmi_space_incarnation(const struct tmi_space *space);

#endif
