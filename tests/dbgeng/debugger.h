/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debugger.h - a client with its control interface and a callback object that writes down every
 * event; what /proc says of processes.
 */
#ifndef TESTS_DBGENG_DEBUGGER_H
#define TESTS_DBGENG_DEBUGGER_H

#include <dbgeng.h>
#include <stdbool.h>
#include <sys/types.h>

struct debugger {
	IDebugEventCallbacks callbacks; /* first: what the engine has a pointer to */
	ULONG references;               /* of the callbacks */
	char told[1024];                /* "session S", "debuggee F A", "engine F A"; hexadecimal */
	void (*inside)(struct debugger *debugger); /* called by each event; NULL = nothing */
	IDebugClient7 *client;
	IDebugControl7 *control;
};

/* Makes the client and registers the callbacks, for every event there is. */
void debugger_start(struct debugger *debugger);

/* Releases both; the test fails when a reference to client or callbacks is left. */
void debugger_end(struct debugger *debugger);

/* Fails unless these events were told since the last time, "one; two". */
#define assert_told(debugger, events)                                                              \
	do {                                                                                       \
		assert_string_equal((debugger)->told, events);                                     \
		(debugger)->told[0] = 0;                                                           \
	} while (0)

#define wait_event(debugger, timeout)                                                              \
	((debugger)->control->lpVtbl->WaitForEvent((debugger)->control, 0, timeout))

ULONG debugger_status(struct debugger *debugger);

/* Begins to attach, and waits for it. */
void debugger_attach(struct debugger *debugger, pid_t pid, ULONG flags);

/* What /proc says: the process's tracer, 0 = none, -1 = no such process. */
int tracer_of(pid_t pid);

/* Writes a file of its own below $TMPDIR or /tmp; the name is static. */
const char *write_file(const char *name, const void *bytes, size_t size);

#endif
