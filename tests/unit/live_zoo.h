/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_zoo.h - a forked child with one piece of memory of every kind, for the tests of the kind
 * "process". Where each piece lies stands in a page that test and child share.
 */
#ifndef TESTS_UNIT_LIVE_ZOO_H
#define TESTS_UNIT_LIVE_ZOO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "target/target.h"

#define ZOO_PAGES   4
#define ZOO_RESERVE ((uint64_t)64 << 20)

/* Addresses; 0 where this kernel does not offer such memory. Each has ZOO_PAGES pages. */
struct zoo_places {
	uint64_t page;       /* bytes of one */
	uint64_t plain;      /* rw-p, written */
	uint64_t readonly;   /* r--p, written before */
	uint64_t none;       /* ---p, written before */
	uint64_t none_new;   /* ---p, never touched */
	uint64_t writeonly;  /* -w-p */
	uint64_t code;       /* r-xp */
	uint64_t execonly;   /* --xp */
	uint64_t guard;      /* rw-p, the third page is a guard page */
	uint64_t cut;        /* r--p of a file that ends 100 bytes into the second page */
	uint64_t cut_shared; /* the same, rw-s of a memory file, never touched */
	uint64_t copied;     /* rw-p of a file */
	uint64_t shared;     /* rw-s of a memory file */
	uint64_t shared_ro;  /* r--s of the same */
	uint64_t blocking;   /* under userfaultfd, the first page written */
	uint64_t secret;     /* memfd_secret, written */
	uint64_t reserve;    /* rw-p, ZOO_RESERVE bytes, never touched */
	uint64_t holes;      /* rw-p, ---, hole, rw-p: a page each, the last and first written */
	uint64_t stack;      /* where [stack] begins */
	volatile uint64_t counter;
	volatile pid_t grandchild;
};

struct zoo {
	pid_t pid;
	int to;
	int from;
	struct zoo_places *at;
};

enum zoo_command {
	ZOO_EXEC = 'e', /* executes /bin/sleep */
	ZOO_EXIT = 'q',
	ZOO_LEAVE = 'l', /* the first thread ends, another one goes on serving */
	ZOO_COUNT = 'c', /* starts a thread that counts */
	ZOO_BREED = 'b', /* threads make threads all the time */
	ZOO_VFORK = 'v', /* vfork()s a grandchild, which waits, and executes after ZOO_VFORK_GO */
	ZOO_VFORK_GO = 'g',
	ZOO_HIDE = 'h',  /* not dumpable */
	ZOO_UNMAP = 'u', /* unmaps plain */
};

void zoo_start(struct zoo *zoo);
void zoo_end(struct zoo *zoo);

/* Sends a command; waits for its answer unless the command ends the child. */
void zoo_do(struct zoo *zoo, enum zoo_command command);

/* The byte that stands at an offset of a written piece. */
uint8_t zoo_byte(uint64_t address);

/* Lines of the child's own list of mappings, without looking through the library. */
struct zoo_mapping {
	uint64_t first, last;
	char flags[5];
	uint64_t offset, inode;
	char name[256];
};
size_t zoo_mappings(pid_t pid, struct zoo_mapping **mappings);

/* Opens "pid:..." through the kind's ops; NULL on failure. */
void *zoo_open(const char *spec, const char *options);
void *zoo_open_pid(pid_t pid, const char *options);

/* One read or write through the ops: bytes done, and the item's status. */
size_t zoo_read(void *state, uint32_t space, uint64_t address, void *buffer, size_t size,
		tmem_status *status);
size_t zoo_write(void *state, uint32_t space, uint64_t address, const void *buffer, size_t size,
		 tmem_status *status);

/* Waits up to some seconds until a task is in a state ("t", "S", "Z", "D" ...). */
bool zoo_wait_state(pid_t pid, const char *states);

/* Whether TMEM_DISABLE lists; every list that the fall-backs are tested with, ends with NULL. */
extern const char *const zoo_disabled[];

#endif
