/* SPDX-License-Identifier: Apache-2.0 */
/* data_spaces.h - the data spaces of a machine that a text describes, and what its writes tell. */
#ifndef TESTS_DBGENG_DATA_SPACES_H
#define TESTS_DBGENG_DATA_SPACES_H

#include <dbgeng.h>

/* Result codes that no header of Windows names alone. */
#define READ_FAULT      HRESULT_FROM_WIN32(ERROR_READ_FAULT)
#define WRITE_FAULT     HRESULT_FROM_WIN32(ERROR_WRITE_FAULT)
#define NO_MORE_ENTRIES HRESULT_FROM_NT(STATUS_NO_MORE_ENTRIES)
#define NO_PAGEFILE     HRESULT_FROM_NT(STATUS_NO_PAGEFILE)

/* A client whose session has one target. */
struct spaces {
	IDebugClient4 *client;
	IDebugDataSpaces4 *data;
};

/* A client without a target. */
void spaces_start(struct spaces *spaces);

/* Opens a file as a dump; fails the test otherwise. */
void spaces_open_file(struct spaces *spaces, const char *path);

/* The machine that @text describes in the language of docs/synth.md, without its first line. */
void spaces_open(struct spaces *spaces, const char *text);

/* Attaches to a process without stopping it any longer than the client lives. */
void spaces_attach(struct spaces *spaces, ULONG process_id);

/* Gives interfaces and client back. */
void spaces_close(struct spaces *spaces);

/*
 * Counts ChangeDebuggeeState, and when @inside is set calls it with @spaces from there. There is
 * one log at a time; spaces_close() ends it.
 */
struct change_log {
	unsigned count;
	ULONG flags;      /* of the last one */
	ULONG64 argument; /* of the last one */
	void (*inside)(struct spaces *spaces);
	struct spaces *spaces;
};

struct change_log *change_log_start(struct spaces *spaces);

/* Fails unless exactly one change of a data space was told since the last call. */
void assert_one_change(struct change_log *log, ULONG space);
void assert_no_change(struct change_log *log);

#endif
