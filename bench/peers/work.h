/* SPDX-License-Identifier: Apache-2.0 */
/*
 * work.h - the same work for every reader of memory that is written in C: this library and its
 * peers.
 *
 * work.c is the program, a reader is one file with one struct peer_reader, and bench/peers/work.py
 * is the same for those that are used through Python. The environment says what to open; then each
 * line on the input names an operation, and a line on the output tells the nanoseconds that it
 * took and the work that was done, "absent", or what went wrong. tools/bench-peers asks and
 * compares.
 */
#ifndef BENCH_PEERS_WORK_H
#define BENCH_PEERS_WORK_H

#include "fixture.h"

/* What to open, out of the environment. */
struct peer_target {
	const char *peer;    /* as tools/bench-peers calls it */
	const char *kind;    /* a fixture of bench --keep */
	const char *spec;    /* path or pid */
	const char *options; /* for this library */
	uint64_t address;    /* of the big memory */
	uint64_t offset;     /* in the file, of physical address 0 */
	uint64_t root;       /* physical address of the first table for it */
	/* A guest's kernel has all physical memory, @memory bytes, from @direct on; in it: */
	uint64_t direct;
	uint64_t memory;
	uint64_t needle; /* physical address */
};

#define PEER_NOWHERE UINT64_MAX

/* What a reader can do; NULL: it cannot. Each returns false after bench_fail(). */
struct peer_reader {
	bool (*open)(const struct peer_target *target);
	void (*close)(void);
	bool (*read)(uint64_t address, void *buffer, size_t size);
	bool (*write)(uint64_t address, const void *buffer, size_t size);
	bool (*scatter)(const uint64_t *addresses, uint64_t *values, size_t count);
	/* Up to @size - 1 bytes and a terminator. */
	bool (*text)(uint64_t address, char *buffer, size_t size);
	/* Strings at @addresses into @texts, each @room bytes. */
	bool (*texts)(const uint64_t *addresses, char *texts, size_t room, size_t count);
	/* The lowest place of BENCH_NEEDLE_SIZE bytes, or PEER_NOWHERE. */
	bool (*search)(uint64_t address, uint64_t size, const uint8_t *pattern, uint64_t *found);
	bool (*regions)(uint64_t *count);
	bool (*translate)(uint64_t address, uint64_t *physical);
	const char *unreadable; /* a fixture that it opens but cannot read from; or NULL */
};

extern const struct peer_reader peer_reader;

#endif
