/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.h - a real process that a test looks into: one of tests/programs, driven over pipes.
 *
 * The program prints what it has (`NAME ADDRESS SIZE PROTECTION`), then `ready`, and answers one
 * line to each command. Failures of the machinery fail the test at once.
 */
#ifndef TESTS_SUPPORT_CHILD_H
#define TESTS_SUPPORT_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define CHILD_FACTS 64

/* One printed line: a name and up to two hexadecimal numbers. */
struct child_fact {
	char name[32];
	uint64_t value;
	uint64_t size;
};

struct child {
	pid_t pid;
	FILE *in;  /* commands to it */
	FILE *out; /* its answers */
	struct child_fact facts[CHILD_FACTS];
	size_t fact_count;
	char spec[32]; /* "pid:N" */
};

/* Starts TMEM_BUILD/tests/programs/NAME with a NULL-terminated list of arguments. */
void child_start(struct child *child, const char *name, const char *const *arguments);

/* Ends it, in whatever state it is, and reaps it. */
void child_end(struct child *child);

/* Address (or number) that was printed under a name; the test fails when there is none. */
uint64_t child_address(const struct child *child, const char *name);
uint64_t child_size(const struct child *child, const char *name);

/* Sends a command; the answer without its newline, at most @size bytes. */
void child_ask(struct child *child, char *answer, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* What the child itself sees at an address ("peek"); false when it would fault. */
bool child_peek(struct child *child, uint64_t address, void *buffer, size_t size);

/* What stood there from the beginning ("expect"), found without looking at the memory. */
bool child_expect(struct child *child, uint64_t address, void *buffer, size_t size);

#endif
