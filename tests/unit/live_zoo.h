/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_zoo.h - the program zoo, which has a piece of memory of every kind, for the tests of the
 * kind "process". Where each piece lies stands in a page that test and program share.
 */
#ifndef TESTS_UNIT_LIVE_ZOO_H
#define TESTS_UNIT_LIVE_ZOO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "programs/zoo.h"
#include "target/target.h"

struct zoo {
	pid_t pid;
	int to;
	int from;
	struct zoo_places *at;
};

/* When it returns, the program sleeps and nothing in its memory changes before a command. */
void zoo_start(struct zoo *zoo);
void zoo_end(struct zoo *zoo);

/* Sends a command; waits for its answer unless the command ends the child. */
void zoo_do(struct zoo *zoo, enum zoo_command command);

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

/*
 * KiB of a mapping's pages that are in memory, counted page by page: the sums in statm and status
 * are, in many kernels, brought up to date in portions only.
 */
unsigned long zoo_resident(pid_t pid, uint64_t address);

/* Waits up to some seconds until a task is in a state ("t", "S", "Z", "D" ...). */
bool zoo_wait_state(pid_t pid, const char *states);

/* What TMEM_DISABLE is set to so that every fall-back is tested; ends with NULL. */
extern const char *const zoo_disabled[];

/* Runs tests once with each of these; returns how many failed. */
struct CMUnitTest;
int zoo_run_group(const struct CMUnitTest *tests, size_t count);

#endif
