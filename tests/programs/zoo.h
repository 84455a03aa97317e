/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zoo.h - between the program zoo and the test that started it: one page of addresses that both
 * map, and commands of one byte.
 */
#ifndef TESTS_PROGRAMS_ZOO_H
#define TESTS_PROGRAMS_ZOO_H

#include <stdint.h>
#include <sys/types.h>

/* Descriptors that the program finds open. */
#define ZOO_PLACES_FD  3
#define ZOO_COMMAND_FD 4
#define ZOO_ANSWER_FD  5

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
	uint64_t ring;       /* buffer of a kernel event, of 2 pages */
	uint64_t growing;    /* rw-p that grows downwards, with nothing below it */
	uint64_t late;       /* the same, since ZOO_PLACE */
	uint64_t
		below[3]; /* a page below growing, late and [stack], from ZOO_PLACE to ZOO_REMOVE */
	uint64_t fresh;   /* rw-p far above late, since ZOO_MOVE or ZOO_REPLACE */
	uint64_t code_at; /* some code of the program itself */
	uint64_t stack;   /* where [stack] begins */
	volatile uint64_t counter;
	volatile uint64_t signals; /* handled since ZOO_LISTEN */
	volatile pid_t grandchild;
};

enum zoo_command {
	ZOO_EXEC = 'e', /* executes /bin/sleep */
	ZOO_EXIT = 'q',
	ZOO_LEAVE = 'l', /* the first thread ends, another one goes on serving */
	ZOO_COUNT = 'c', /* starts a thread that counts */
	ZOO_BREED = 'b', /* threads make threads all the time */
	ZOO_VFORK = 'v', /* vfork()s a grandchild, which waits, and executes after ZOO_VFORK_GO */
	ZOO_VFORK_GO = 'g',
	ZOO_LISTEN = 's',  /* counts SIGRTMIN from now on */
	ZOO_HIDE = 'h',    /* not dumpable */
	ZOO_UNMAP = 'u',   /* unmaps plain */
	ZOO_PLACE = 'p',   /* maps what is below growing memory, and one such more */
	ZOO_REMOVE = 'r',  /* unmaps that which is below */
	ZOO_AHEAD = 'a',   /* maps below[1], with nothing above it yet */
	ZOO_MOVE = 'm',    /* after that: unmaps growing, maps late above below[1], and fresh */
	ZOO_REPLACE = 'x', /* the same, and ordinary memory is mapped in place of growing */
	ZOO_DEEPEN = 'd',  /* [stack] grows by more than the bytes of growing or late */
};

/* The byte that stands at an address of a written piece. */
static inline uint8_t zoo_byte(uint64_t address)
{
	return (uint8_t)(address * 31 + (address >> 12) * 7 + 5);
}

#endif
