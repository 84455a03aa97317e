/* SPDX-License-Identifier: Apache-2.0 */
/* objects.h - a session with targets, every interface of its client, and what its engine tells. */
#ifndef TESTS_DBGENG_OBJECTS_H
#define TESTS_DBGENG_OBJECTS_H

#include <dbgeng.h>

struct objects {
	IDebugClient4 *client;
	IDebugControl *control;
	IDebugSystemObjects4 *system;
	IDebugRegisters2 *registers;
	IDebugAdvanced2 *advanced;
	IDebugDataSpaces4 *data;
};

/* A client without a target. */
void objects_start(struct objects *objects);

/* One more target: a file, a text of docs/synth.md without its first line, a process. */
void objects_add_file(struct objects *objects, const char *path);
void objects_add_text(struct objects *objects, const char *text);
void objects_attach(struct objects *objects, ULONG pid, ULONG flags);

/* Gives everything back. */
void objects_close(struct objects *objects);

/* ChangeEngineState calls with CURRENT_THREAD. One log at a time; objects_close() ends it. */
struct thread_log {
	unsigned count;
	ULONG64 argument; /* of the last one */
	HRESULT inside;   /* what SetCurrentProcessId(0) answered from there */
	struct objects *objects;
};

struct thread_log *thread_log_start(struct objects *objects);

#endif
