/* SPDX-License-Identifier: Apache-2.0 */
/* system_objects.c - the threads of a system, and making something current. */
#include "dbgeng/system_objects.h"

#include <stdlib.h>

#include "dbgeng/attached.h"

/* How often a list is taken anew that changed while it was taken. */
#define TRIES 16

bool tmi_dbgeng_is_pending(const struct tmi_dbgeng_system *system, ULONG id)
{
	const struct tmi_dbgeng_attached *attached = tmi_dbgeng_attached_find(system, id);

	return attached && attached->pending;
}

HRESULT tmi_dbgeng_count_processes(const struct tmi_dbgeng_system *system, ULONG *number)
{
	tmem_status status = tmem_get_number_processes(system->target, number);
	uint32_t id;

	while (!TMEM_FAILED(status) && *number) {
		status = tmem_get_process_ids_by_index(system->target, *number - 1, 1, &id, NULL);
		if (TMEM_FAILED(status) || !tmi_dbgeng_is_pending(system, id))
			break;
		--*number;
	}
	return tmi_dbgeng_result(status);
}

static tmem_status append_ids(tmem_target *handle, ULONG count, struct tmi_dbgeng_threads *threads,
			      ULONG process, uint32_t *ids)
{
	tmem_status status = tmem_get_thread_ids_by_index(handle, 0, count, ids, ids + count);
	struct tmi_dbgeng_thread *rows;

	if (TMEM_FAILED(status))
		return status;
	rows = reallocarray(threads->rows, threads->count + count, sizeof(*rows));
	if (!rows)
		return TMEM_E_OUTOFMEMORY;
	threads->rows = rows;
	for (ULONG i = 0; i < count; i++)
		rows[threads->count++] =
			(struct tmi_dbgeng_thread){ process, ids[i], ids[count + i] };
	return TMEM_S_OK;
}

/* Adds the threads of the handle's current process. */
static tmem_status append(tmem_target *handle, struct tmi_dbgeng_threads *threads, ULONG process)
{
	tmem_status status = TMEM_E_INVALIDARG;

	/* A running process may end a thread between the two questions. */
	for (unsigned i = 0; i < TRIES && status == TMEM_E_INVALIDARG; i++) {
		uint32_t count = 0;
		uint32_t *ids;

		status = tmem_get_number_threads(handle, &count);
		if (TMEM_FAILED(status) || !count)
			return status;
		ids = reallocarray(NULL, count, 2 * sizeof(*ids));
		status =
			ids ? append_ids(handle, count, threads, process, ids) : TMEM_E_OUTOFMEMORY;
		free(ids);
	}
	return status;
}

static HRESULT append_all(tmem_target *handle, struct tmi_dbgeng_threads *threads)
{
	uint32_t process;

	for (ULONG i = 0; i < threads->processes; i++) {
		if (TMEM_FAILED(tmem_get_process_ids_by_index(handle, i, 1, &process, NULL)) ||
		    TMEM_FAILED(tmem_set_current_process_id(handle, process)))
			continue;
		if (append(handle, threads, process) == TMEM_E_OUTOFMEMORY)
			return E_OUTOFMEMORY;
	}
	return S_OK;
}

HRESULT tmi_dbgeng_list_threads(const struct tmi_dbgeng_system *system,
				struct tmi_dbgeng_threads *threads)
{
	tmem_target *handle;
	HRESULT result;

	*threads = (struct tmi_dbgeng_threads){ 0 };
	result = tmi_dbgeng_count_processes(system, &threads->processes);
	if (FAILED(result) || system->kernel)
		return result;
	result = tmi_dbgeng_result(tmem_target_dup(system->target, &handle));
	if (FAILED(result))
		return result;
	result = append_all(handle, threads);
	tmem_close(handle);
	return result;
}

/* What is current; ids are tmem's. */
struct place {
	struct tmi_dbgeng_system *system;
	uint32_t process;
	uint32_t thread;
};

static void look(struct tmi_dbgeng_system *system, struct place *place)
{
	*place = (struct place){ system, TMEM_ANY_ID, TMEM_ANY_ID };
	if (!system)
		return;
	tmem_get_current_process_id(system->target, &place->process);
	if (!system->kernel)
		tmem_get_current_thread_id(system->target, &place->thread);
}

static tmem_status move(tmem_target *target, ULONG process, ULONG thread)
{
	tmem_status status = TMEM_S_OK;

	if (process != TMEM_ANY_ID)
		status = tmem_set_current_process_id(target, process);
	if (!TMEM_FAILED(status) && thread != TMEM_ANY_ID)
		status = tmem_set_current_thread_id(target, thread);
	return status;
}

/* Takes back what tmem told of the current thread since the queue had @first events. */
static void forget_steps(struct tmi_dbgeng_session *session, size_t first)
{
	size_t kept = first;

	for (size_t i = first; i < session->event_count; i++)
		if (session->events[i].kind != DEBUG_EVENT_CHANGE_ENGINE_STATE ||
		    session->events[i].flags != DEBUG_CES_CURRENT_THREAD)
			session->events[kept++] = session->events[i];
	session->event_count = kept;
}

static struct tmi_dbgeng_last_thread *find_last_thread(const struct tmi_dbgeng_system *system,
						       ULONG process)
{
	for (size_t i = 0; i < system->last_thread_count; i++)
		if (system->last_threads[i].process == process)
			return &system->last_threads[i];
	return NULL;
}

/* Notes which thread was current in a process that is left; not at all when out of memory. */
static void note_last_thread(struct tmi_dbgeng_system *system, const struct place *left)
{
	struct tmi_dbgeng_last_thread *last = find_last_thread(system, left->process);

	if (left->process == TMEM_ANY_ID || left->thread == TMEM_ANY_ID)
		return;
	if (!last) {
		last = reallocarray(system->last_threads, system->last_thread_count + 1,
				    sizeof(*last));
		if (!last)
			return;
		system->last_threads = last;
		last += system->last_thread_count++;
		last->process = left->process;
	}
	last->thread = left->thread;
}

/* A process that is selected again has the thread that it had, unless that one has ended. */
static void change_process(struct tmi_dbgeng_system *system, const struct place *left,
			   ULONG process, ULONG thread)
{
	const struct tmi_dbgeng_last_thread *last;

	if (process == TMEM_ANY_ID || process == left->process)
		return;
	note_last_thread(system, left);
	last = thread == TMEM_ANY_ID ? find_last_thread(system, process) : NULL;
	if (last)
		tmem_set_current_thread_id(system->target, last->thread);
}

HRESULT tmi_dbgeng_select(struct tmi_dbgeng_session *session, struct tmi_dbgeng_system *system,
			  ULONG process, ULONG thread)
{
	struct tmi_dbgeng_system *old = session->current;
	size_t first = session->event_count;
	struct place before, inside, after;
	tmem_status status;

	look(old, &before);
	look(system, &inside);
	status = move(system->target, process, thread);
	if (TMEM_FAILED(status))
		move(system->target, inside.process, inside.thread);
	else
		change_process(system, &inside, process, thread);
	forget_steps(session, first);
	if (TMEM_FAILED(status))
		return tmi_dbgeng_result(status);
	if (system != old)
		tmi_dbgeng_system_select(session, system);
	look(system, &after);
	if (after.system != before.system || after.process != before.process ||
	    after.thread != before.thread)
		tmi_dbgeng_queue_event(
			session, DEBUG_EVENT_CHANGE_ENGINE_STATE, DEBUG_CES_CURRENT_THREAD,
			tmi_dbgeng_engine_id(session, TMI_DBGENG_THREAD, system, after.thread));
	return S_OK;
}

HRESULT tmi_dbgeng_answer_id(void *object, PULONG out, ULONG none, tmi_dbgeng_get_id *get)
{
	struct tmi_dbgeng_call call;
	ULONG value = none;
	HRESULT result;

	if (!out)
		return E_INVALIDARG;
	*out = none;
	result = tmi_dbgeng_enter(object, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = get(&call, &value);
	if (SUCCEEDED(result))
		*out = value;
	return tmi_dbgeng_leave(&call, result);
}

HRESULT tmi_dbgeng_answer_offset(void *object, PULONG64 out, tmi_dbgeng_get_offset *get)
{
	struct tmi_dbgeng_call call;
	ULONG64 value = 0;
	HRESULT result;

	if (!out)
		return E_INVALIDARG;
	*out = 0;
	result = tmi_dbgeng_enter(object, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = get(&call, &value);
	if (SUCCEEDED(result))
		*out = value;
	return tmi_dbgeng_leave(&call, result);
}

HRESULT tmi_dbgeng_answer_find(void *object, ULONG64 key, PULONG out, tmi_dbgeng_find_id *find)
{
	struct tmi_dbgeng_call call;
	ULONG value = DEBUG_ANY_ID;
	HRESULT result;

	if (!out)
		return E_INVALIDARG;
	*out = DEBUG_ANY_ID;
	result = tmi_dbgeng_enter(object, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = find(&call, key, &value);
	if (SUCCEEDED(result))
		*out = value;
	return tmi_dbgeng_leave(&call, result);
}
