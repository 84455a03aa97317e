/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stored.h - physical memory that lies in one file as it is: which part of the file holds which
 * address, and the ops of a target kind over that.
 *
 *	stored_table.c  ranges, sorted, without overlaps, joined where they continue each other
 *	stored.c        reading, lending, listing
 *
 * A kind opens the file, adds its ranges in any order, settles the table, and hands its ops on.
 * Nothing is kept a page: the cost of opening follows from the number of ranges alone.
 */
#ifndef TMI_TARGET_STORED_H
#define TMI_TARGET_STORED_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/file.h"
#include "target/target.h"

/* ---- stored_table.c ---- */

/* A range without its first address; with that, 32 bytes. */
struct tmi_stored_range {
	uint64_t last;   /* inclusive */
	uint64_t offset; /* in the file, of the first byte */
	uint64_t stored; /* bytes that the file should hold; those that follow were left out */
};

struct tmi_stored_table {
	uint64_t *first; /* ascending once the table is settled */
	struct tmi_stored_range *ranges;
	uint64_t *sample; /* every so many'th first: a search begins in few cache lines */
	size_t count;
	size_t room;       /* for first and ranges */
	uint64_t file_end; /* bytes that the file should have at least */
	bool unsorted;     /* a range was added that does not lie behind the one before */
};

/* Makes room for @count ranges; a hint, larger than a sane file needs it is ignored. */
tmem_status tmi_stored_table_init(struct tmi_stored_table *table, uint64_t count);
void tmi_stored_table_fini(struct tmi_stored_table *table);

/*
 * Adds the memory [first, first + size), cut at the top of the address space, whose first @stored
 * bytes are in the file from @offset on. Size 0 adds nothing. TMEM_E_OUTOFMEMORY.
 */
tmem_status tmi_stored_table_add(struct tmi_stored_table *table, uint64_t first, uint64_t size,
				 uint64_t offset, uint64_t stored);

/*
 * Whether two of the ranges added so far share an address; the lowest goes to *address.
 * TMEM_E_OUTOFMEMORY.
 */
tmem_status tmi_stored_table_overlap(const struct tmi_stored_table *table, bool *found,
				     uint64_t *address);

/*
 * Ends adding. Where ranges overlap, bytes that a file of @file_size bytes has come before bytes
 * that it should have, and those before bytes that were left out; then the lowest start, then the
 * longest, then the first that was added wins. TMEM_E_OUTOFMEMORY.
 */
tmem_status tmi_stored_table_settle(struct tmi_stored_table *table, uint64_t file_size);

/* Memory from one address on, as far as it is alike. */
struct tmi_stored_piece {
	uint64_t first;
	uint64_t last;           /* inclusive */
	uint64_t offset;         /* in the file, of first; when stored */
	bool stored;             /* the file has it */
	enum tmem_reason reason; /* when not */
};

/*
 * The piece that holds @address, of a file of @file_size bytes by now. False: no range does, and
 * first and last of *piece are the gap between ranges that does.
 */
bool tmi_stored_table_find(const struct tmi_stored_table *table, uint64_t file_size,
			   uint64_t address, struct tmi_stored_piece *piece);

/* True when every edge between what is held and what is not is that of a page of 4096 bytes. */
bool tmi_stored_table_aligned(const struct tmi_stored_table *table, uint64_t file_size);

/* ---- stored.c ---- */

struct tmi_stored {
	struct tmi_file file;
	struct tmi_stored_table table;
	bool live;                 /* the file may change: holes are no promise */
	atomic_uint_fast64_t size; /* of the file: less than at opening when it was cut */
	pthread_mutex_t lock;      /* for the snapshot */
	struct tmi_snapshot *snapshot;
	uint64_t snapshot_size; /* size of the file it was made for */
};

/*
 * Opens the file; the table is empty then. Must not be moved in memory until tmi_stored_close(),
 * which follows a failure too. Fails like tmi_file_open_named().
 */
tmem_status tmi_stored_open(struct tmi_stored *stored, const struct tmi_open *open);
void tmi_stored_close(struct tmi_stored *stored);

/* Settles the table and goes into service. TMEM_E_OUTOFMEMORY. */
tmem_status tmi_stored_settle(struct tmi_stored *stored);

/* Bytes of memory in all ranges, and how many stretches of addresses they make. */
void tmi_stored_count(const struct tmi_stored *stored, uint64_t *size, size_t *stretches);

/* True when the file is or was found shorter than it should be. */
bool tmi_stored_truncated(const struct tmi_stored *stored);

/*
 * Facts that follow from where the bytes are: incomplete, byte_granular, lends, page_size. The
 * others of *facts are zeroed, and the mode is the kernel's.
 */
void tmi_stored_facts(const struct tmi_stored *stored, struct tmi_facts *facts);

/* The file was found shorter: what is asked from now on follows from its new size. */
void tmi_stored_measure(struct tmi_stored *stored);

/*
 * Ops of a kind whose state begins with its struct tmi_stored: they stand in its table as they are.
 * @space must be TMI_SPACE_PHYSICAL, others have no memory. There are no processes: the engine
 * makes the virtual spaces.
 */
uint32_t tmi_stored_process_count(void *state);
bool tmi_stored_process(void *state, uint32_t space, struct tmi_process *process);
tmem_status tmi_stored_read(void *state, uint32_t space, struct tmem_transfer *items, size_t count,
			    uint32_t flags);
tmem_status tmi_stored_run(void *state, uint32_t space, uint64_t from, struct tmi_run *run);
tmem_status tmi_stored_snapshot(void *state, uint32_t space, struct tmi_snapshot **snapshot);
bool tmi_stored_untouched(void *state, uint32_t space, const struct tmi_run *run, uint64_t from,
			  uint64_t last, uint64_t *end);
bool tmi_stored_view(void *state, uint32_t space, uint64_t address, struct tmi_borrow *borrow);

/* "256 MiB", "16 GiB", "1.5 KiB" or "12 bytes" in @text, which is returned. */
char *tmi_stored_size_text(uint64_t size, char text[32]);

#endif
