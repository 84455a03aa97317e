/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attached.h - the processes that AttachProcess took: which of them WaitForEvent has still to tell
 * of, what becomes of them at the end, whether they live.
 *
 * Processes of one manner (stopped or not) are in one system; a system has one target. All
 * functions want the session's lock.
 */
#ifndef TMI_DBGENG_ATTACHED_H
#define TMI_DBGENG_ATTACHED_H

#include "dbgeng/session.h"

struct tmi_dbgeng_attached {
	struct tmi_dbgeng_attached *next;
	struct tmi_dbgeng_system *system;
	ULONG process;   /* tmem's id in it */
	ULONG system_id; /* pid */
	int pidfd;       /* bound to this process; -1 = the kernel has none */
	ULONG options;   /* DEBUG_PROCESS_ */
	bool pending;    /* it joined a system, and WaitForEvent has not told of it */
	ULONG order;     /* it came before the systems with this id and higher ones */
};

/*
 * tmi_dbgeng_attached_add() - notes a process of a system.
 * @process: tmem's id. @system_id: its pid.
 * Returns it, or NULL when out of memory.
 */
struct tmi_dbgeng_attached *tmi_dbgeng_attached_add(struct tmi_dbgeng_system *system, ULONG process,
						    ULONG system_id);

/* The process with tmem's id in a system, or NULL. */
struct tmi_dbgeng_attached *tmi_dbgeng_attached_find(const struct tmi_dbgeng_system *system,
						     ULONG process);

/* The process that the calls of a session see now, or NULL: none, or not from AttachProcess. */
struct tmi_dbgeng_attached *tmi_dbgeng_attached_current(const struct tmi_dbgeng_session *session);

/* True when the process has ended; its parent need not have noticed. */
bool tmi_dbgeng_attached_gone(const struct tmi_dbgeng_attached *attached);

/* Ends the process; nothing is done to one that is only looked at, or that has ended. */
void tmi_dbgeng_attached_terminate(const struct tmi_dbgeng_attached *attached);

/*
 * tmi_dbgeng_attached_leave() - takes a process out of its system: it is resumed and forgotten.
 * @end: the DEBUG_SESSION_ value to tell when the session ends with it.
 *
 * With its last process a system is removed; in another one the first process that is left becomes
 * the current one when this one was. @attached is freed.
 */
void tmi_dbgeng_attached_leave(struct tmi_dbgeng_attached *attached, ULONG end);

/* Forgets every process of a system that is about to be removed. */
void tmi_dbgeng_attached_forget(struct tmi_dbgeng_system *system);

/* The session's end: processes without DEBUG_PROCESS_DETACH_ON_EXIT are ended. */
void tmi_dbgeng_attached_end(struct tmi_dbgeng_session *session);

#endif
