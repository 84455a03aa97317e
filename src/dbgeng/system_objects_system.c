/* SPDX-License-Identifier: Apache-2.0 */
/*
 * system_objects_system.c - systems, objects of the last event, totals.
 *
 * A system is one target of the session. All are local: there are no servers but 0.
 */
#include <stdlib.h>

#include "dbgeng/system_objects.h"
#include "dbgeng/text.h"

/* Objects of the last event; there may be none. */
static HRESULT known(ULONG id, ULONG *result)
{
	*result = id;
	return id == DEBUG_ANY_ID ? E_UNEXPECTED : S_OK;
}

static HRESULT event_thread(struct tmi_dbgeng_call *call, ULONG *id)
{
	return known(call->session->event_thread, id);
}

static HRESULT event_process(struct tmi_dbgeng_call *call, ULONG *id)
{
	return known(call->session->event_process, id);
}

static HRESULT event_system(struct tmi_dbgeng_call *call, ULONG *id)
{
	return known(call->session->event_system, id);
}

static HRESULT get_event_thread(IDebugSystemObjects4 *This, PULONG Id)
{
	return tmi_dbgeng_answer_id(This, Id, DEBUG_ANY_ID, event_thread);
}

static HRESULT get_event_process(IDebugSystemObjects4 *This, PULONG Id)
{
	return tmi_dbgeng_answer_id(This, Id, DEBUG_ANY_ID, event_process);
}

static HRESULT get_event_system(IDebugSystemObjects4 *This, PULONG Id)
{
	return tmi_dbgeng_answer_id(This, Id, DEBUG_ANY_ID, event_system);
}

static HRESULT current_system(struct tmi_dbgeng_call *call, ULONG *id)
{
	*id = call->system->id;
	return S_OK;
}

static HRESULT get_current_system_id(IDebugSystemObjects4 *This, PULONG Id)
{
	return tmi_dbgeng_answer_id(This, Id, DEBUG_ANY_ID, current_system);
}

static HRESULT set_current_system_id(IDebugSystemObjects4 *This, ULONG Id)
{
	struct tmi_dbgeng_system *system;
	struct tmi_dbgeng_call call;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET | TMI_DBGENG_CHANGES, &call);

	if (FAILED(result))
		return result;
	system = tmi_dbgeng_system_find(call.session, Id);
	result = system ? tmi_dbgeng_select(call.session, system, DEBUG_ANY_ID, DEBUG_ANY_ID)
			: E_NOINTERFACE;
	return tmi_dbgeng_leave(&call, result);
}

/* The first delivered system from @system on, or NULL. */
static struct tmi_dbgeng_system *ready(struct tmi_dbgeng_system *system)
{
	while (system && !system->ready)
		system = system->next;
	return system;
}

static ULONG count_systems(const struct tmi_dbgeng_session *session)
{
	ULONG count = 0;

	for (struct tmi_dbgeng_system *system = ready(session->systems); system;
	     system = ready(system->next))
		count++;
	return count;
}

/* Also answers when there is no target: 0. */
static HRESULT get_number_systems(IDebugSystemObjects4 *This, PULONG Number)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!Number)
		return E_INVALIDARG;
	*Number = 0;
	result = tmi_dbgeng_enter(This, 0, &call);
	if (FAILED(result))
		return result;
	*Number = count_systems(call.session);
	return tmi_dbgeng_leave(&call, S_OK);
}

static HRESULT get_system_ids_by_index(IDebugSystemObjects4 *This, ULONG Start, ULONG Count,
				       PULONG Ids)
{
	struct tmi_dbgeng_system *system;
	struct tmi_dbgeng_call call;
	ULONG index = 0, number;
	HRESULT result;

	if (!Ids)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, 0, &call);
	if (FAILED(result))
		return result;
	number = count_systems(call.session);
	if (Start > number || Count > number - Start)
		return tmi_dbgeng_leave(&call, E_INVALIDARG);
	for (system = ready(call.session->systems); system; system = ready(system->next)) {
		if (index >= Start && index - Start < Count)
			Ids[index - Start] = system->id;
		index++;
	}
	return tmi_dbgeng_leave(&call, S_OK);
}

/* Sums over systems, and the largest of each. */
struct totals {
	ULONG threads;
	ULONG processes;
	ULONG largest_process; /* threads of a process */
	ULONG largest_system;  /* threads of a system */
	ULONG most_processes;  /* of a system */
};

static ULONG largest(ULONG a, ULONG b)
{
	return a > b ? a : b;
}

static HRESULT add_system(const struct tmi_dbgeng_system *system, struct totals *totals)
{
	struct tmi_dbgeng_threads threads;
	HRESULT result = tmi_dbgeng_list_threads(system, &threads);
	ULONG same = 0; /* threads of one process: they follow each other */

	for (size_t i = 0; SUCCEEDED(result) && i < threads.count; i++) {
		same = i && threads.rows[i].process == threads.rows[i - 1].process ? same + 1 : 1;
		totals->largest_process = largest(totals->largest_process, same);
	}
	if (SUCCEEDED(result)) {
		totals->threads += (ULONG)threads.count;
		totals->processes += threads.processes;
		totals->largest_system = largest(totals->largest_system, (ULONG)threads.count);
		totals->most_processes = largest(totals->most_processes, threads.processes);
	}
	free(threads.rows);
	return result;
}

static HRESULT get_total_number_threads(IDebugSystemObjects4 *This, PULONG Total,
					PULONG LargestProcess)
{
	struct totals totals = { 0 };
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!Total || !LargestProcess)
		return E_INVALIDARG;
	*Total = 0;
	*LargestProcess = 0;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = add_system(call.system, &totals);
	if (SUCCEEDED(result)) {
		*Total = totals.threads;
		*LargestProcess = totals.largest_process;
	}
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT get_total_number_threads_and_processes(IDebugSystemObjects4 *This,
						      PULONG TotalThreads, PULONG TotalProcesses,
						      PULONG LargestProcessThreads,
						      PULONG LargestSystemThreads,
						      PULONG LargestSystemProcesses)
{
	struct totals totals = { 0 };
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!TotalThreads || !TotalProcesses || !LargestProcessThreads || !LargestSystemThreads ||
	    !LargestSystemProcesses)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, 0, &call);
	if (SUCCEEDED(result)) {
		for (struct tmi_dbgeng_system *system = ready(call.session->systems);
		     system && SUCCEEDED(result); system = ready(system->next))
			result = add_system(system, &totals);
		result = tmi_dbgeng_leave(&call, result);
	}
	if (FAILED(result))
		totals = (struct totals){ 0 };
	*TotalThreads = totals.threads;
	*TotalProcesses = totals.processes;
	*LargestProcessThreads = totals.largest_process;
	*LargestSystemThreads = totals.largest_system;
	*LargestSystemProcesses = totals.most_processes;
	return result;
}

static HRESULT local_server(struct tmi_dbgeng_call *call, ULONG64 *server)
{
	(void)call;
	*server = 0;
	return S_OK;
}

static HRESULT get_current_system_server(IDebugSystemObjects4 *This, PULONG64 Server)
{
	return tmi_dbgeng_answer_offset(This, Server, local_server);
}

static HRESULT find_by_server(struct tmi_dbgeng_call *call, ULONG64 server, ULONG *id)
{
	const struct tmi_dbgeng_system *system = ready(call->session->systems);

	if (server || !system)
		return E_NOINTERFACE;
	*id = system->id;
	return S_OK;
}

static HRESULT get_system_by_server(IDebugSystemObjects4 *This, ULONG64 Server, PULONG Id)
{
	return tmi_dbgeng_answer_find(This, Server, Id, find_by_server);
}

/* The local machine's has no characters. */
static HRESULT get_current_system_server_name(IDebugSystemObjects4 *This, PSTR Buffer,
					      ULONG BufferSize, PULONG NameSize)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (NameSize)
		*NameSize = 0;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = tmi_dbgeng_return_text("", Buffer, BufferSize, NameSize);
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT get_current_system_server_name_wide(IDebugSystemObjects4 *This, PWSTR Buffer,
						   ULONG BufferSize, PULONG NameSize)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (NameSize)
		*NameSize = 0;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = tmi_dbgeng_return_text_wide("", Buffer, BufferSize, NameSize);
	return tmi_dbgeng_leave(&call, result);
}

const IDebugSystemObjects4Vtbl tmi_dbgeng_part_system_objects_system = {
	.GetEventThread = get_event_thread,
	.GetEventProcess = get_event_process,
	.GetEventSystem = get_event_system,
	.GetCurrentSystemId = get_current_system_id,
	.SetCurrentSystemId = set_current_system_id,
	.GetNumberSystems = get_number_systems,
	.GetSystemIdsByIndex = get_system_ids_by_index,
	.GetTotalNumberThreads = get_total_number_threads,
	.GetTotalNumberThreadsAndProcesses = get_total_number_threads_and_processes,
	.GetCurrentSystemServer = get_current_system_server,
	.GetSystemByServer = get_system_by_server,
	.GetCurrentSystemServerName = get_current_system_server_name,
	.GetCurrentSystemServerNameWide = get_current_system_server_name_wide,
};
