/* SPDX-License-Identifier: Apache-2.0 */
/* process_batch.h - a batch while it is read: what process_batch.c and process_hand_out.c share. */
#ifndef TMI_TARGET_PROCESS_BATCH_H
#define TMI_TARGET_PROCESS_BATCH_H

#include <sys/uio.h>

#include "target/process_group.h"

#define MAX_VECTORS 1024

/* Bytes of all joined spans of one system call. */
#define BOUNCE (256u << 10)

/* Bytes that the processor moves together; pages are multiples of it. */
#define LINE 64

/* One element, or several that were joined. */
struct span {
	uint64_t first;
	uint64_t end;       /* exclusive */
	uint8_t *buffer;    /* of the element itself, or bounce */
	uint32_t key;       /* of its first group */
	uint32_t key_count; /* groups */
	bool joined;        /* it is of several elements */
	uint64_t done;      /* bytes read; joined: all or 0 */
	uint64_t readable;  /* joined and not read in full: bit per page, from the page of first */
};

struct batch {
	struct live *process;
	struct tmem_transfer *items;
	uint32_t flags;
	unsigned shift; /* of a page: dividing by its size would cost more than the rest */
	struct live_groups groups;
	struct live_scratch *scratch;
	size_t count;               /* elements */
	bool lists;                 /* groups have them: there are many rounds */
	bool complete;              /* all elements so far came in full */
	size_t span_count;          /* of the present round */
	size_t bounced;             /* bytes in use */
	struct live_traits *traits; /* NULL = not known */
	uint64_t traits_first;      /* what they said last is of all from here */
	uint64_t traits_end;        /* up to here, exclusive */
	bool traits_safe;           /* and is this */
	uint64_t saved;             /* spans that traits answered for */
	struct live_pages pages;    /* of the present window */
};

/* Room for one round: kept for the next batch, since new memory would cost more than the reads. */
struct live_scratch {
	struct span spans[MAX_VECTORS];
	struct iovec local[MAX_VECTORS];
	struct iovec remote[MAX_VECTORS];
	struct live_group groups[MAX_VECTORS + 1];
	struct live_group_key keys[2 * MAX_VECTORS];
	union live_link links[MAX_VECTORS];
	struct live_group *table[2 * MAX_VECTORS];
	_Alignas(LINE) uint8_t bounce[BOUNCE];
};

/* --- process_hand_out.c --- */

/* At the end of one of many rounds: the elements of its spans get their bytes. */
void tmi_process_hand_out_round(struct batch *batch);

/* At the end of the only round: all elements get their bytes, and a good status. */
void tmi_process_hand_out_all(struct batch *batch);

#endif
