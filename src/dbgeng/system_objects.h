/* SPDX-License-Identifier: Apache-2.0 */
/* system_objects.h - what the files of IDebugSystemObjects share: threads of a system, selecting.
 */
#ifndef TMI_DBGENG_SYSTEM_OBJECTS_H
#define TMI_DBGENG_SYSTEM_OBJECTS_H

#include "dbgeng/client.h"

/* True for a process that AttachProcess has begun and WaitForEvent not delivered; @id: tmem's. */
bool tmi_dbgeng_is_pending(const struct tmi_dbgeng_system *system, ULONG id);

/* How many processes of a system were delivered; those that were not are its last ones. */
HRESULT tmi_dbgeng_count_processes(const struct tmi_dbgeng_system *system, ULONG *number);

/* A thread of a system: ids as tmem has them. */
struct tmi_dbgeng_thread {
	ULONG process;
	ULONG id;
	ULONG system_id;
};

/* Every thread of a system, by process in the order of GetProcessIdsByIndex. */
struct tmi_dbgeng_threads {
	struct tmi_dbgeng_thread *rows; /* malloc'ed */
	size_t count;
	ULONG processes; /* of the system, those without threads included */
};

/*
 * tmi_dbgeng_list_threads() - takes the list of a system's threads.
 * @threads: filled; its rows are to be freed, also after a failure. A kernel has no threads here.
 *
 * Looks through a handle of its own, so nothing is selected. A process that ends meanwhile has
 * none. Returns S_OK; E_OUTOFMEMORY; what listing the processes returned.
 */
HRESULT tmi_dbgeng_list_threads(const struct tmi_dbgeng_system *system,
				struct tmi_dbgeng_threads *threads);

/*
 * tmi_dbgeng_select() - makes a system, and in it a process or a thread, the current one.
 * @system: a ready one.
 * @process: tmem's id, or DEBUG_ANY_ID: the one that is current there stays.
 * @thread: tmem's id of a thread of that process, or DEBUG_ANY_ID: the one that was current when
 *	another process was selected, else the first one.
 *
 * Queues one ChangeEngineState(CURRENT_THREAD) if anything changed: tmem's own reports of the steps
 * are taken out of the queue. On failure everything is as it was.
 * Returns S_OK or what tmem's methods of selecting return.
 */
HRESULT tmi_dbgeng_select(struct tmi_dbgeng_session *session, struct tmi_dbgeng_system *system,
			  ULONG process, ULONG thread);

/*
 * tmi_dbgeng_answer_id(), tmi_dbgeng_answer_offset(), tmi_dbgeng_answer_find() - methods that have
 * one result and need a target.
 * @object: the This of the method.
 * @out: what the caller gave for the result; NULL is E_INVALIDARG. Receives @none, or 0, on
 * failure.
 * @get, @find: does the work, with the lock held; *result is @none, or 0, when it is called.
 * @key: what to look for.
 */
typedef HRESULT tmi_dbgeng_get_id(struct tmi_dbgeng_call *call, ULONG *result);
typedef HRESULT tmi_dbgeng_get_offset(struct tmi_dbgeng_call *call, ULONG64 *result);
typedef HRESULT tmi_dbgeng_find_id(struct tmi_dbgeng_call *call, ULONG64 key, ULONG *result);

HRESULT tmi_dbgeng_answer_id(void *object, PULONG out, ULONG none, tmi_dbgeng_get_id *get);
HRESULT tmi_dbgeng_answer_offset(void *object, PULONG64 out, tmi_dbgeng_get_offset *get);
HRESULT tmi_dbgeng_answer_find(void *object, ULONG64 key, PULONG out, tmi_dbgeng_find_id *find);

/*
 * Handles: tokens that are not 0, and unlike engine ids; the low half is the engine id. Linux has
 * no handles of processes or threads that another process could use.
 */
static inline ULONG64 tmi_dbgeng_handle(enum tmi_dbgeng_id_kind kind, ULONG id)
{
	return ((ULONG64)kind + 1) << 32 | id;
}

/* The way back; false: it is no handle of that kind. */
static inline bool tmi_dbgeng_handle_id(enum tmi_dbgeng_id_kind kind, ULONG64 handle, ULONG *id)
{
	*id = (ULONG)handle;
	return handle == tmi_dbgeng_handle(kind, (ULONG)handle);
}

#endif
