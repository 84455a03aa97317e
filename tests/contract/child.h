/* SPDX-License-Identifier: Apache-2.0 */
/* child.h - a process that has a model in its memory, at the model's addresses. */
#ifndef TESTS_CONTRACT_CHILD_H
#define TESTS_CONTRACT_CHILD_H

#include <stdio.h>
#include <sys/types.h>

#include "contract/model.h"

/* Nothing of a process, 64-bit or 32-bit, lies around here. */
#define CHILD_BASE64 0x10000000000u
#define CHILD_BASE32 0xa0000000u

struct child {
	pid_t pid;
	FILE *to;
	FILE *from;
};

/* Starts the test program of the model's word size and gives it the model's memory. */
bool child_start(struct child *child, const struct model *model);

/* Lets the program itself look at its memory. */
bool child_peek(struct child *child, uint64_t address, uint8_t *buffer, size_t size);

void child_stop(struct child *child);

#endif
