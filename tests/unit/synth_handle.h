/* SPDX-License-Identifier: Apache-2.0 */
/* synth_handle.h - a target made of a text, for unit tests: see docs/synth.md for the language. */
#ifndef TESTS_UNIT_SYNTH_HANDLE_H
#define TESTS_UNIT_SYNTH_HANDLE_H

#include <tmem.h>

/* Opens the machine that @text describes (without its first line); fails the test otherwise. */
tmem_target *synth_open(const char *text, const char *options);

/* Counts the ChangeDebuggeeState calls that a handle gets. */
struct event_log {
	unsigned count;
	uint32_t flags;    /* of the last one */
	uint64_t argument; /* of the last one */
};

void event_log_start(struct event_log *log, tmem_target *target);

#endif
