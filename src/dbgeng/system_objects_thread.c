/* SPDX-License-Identifier: Apache-2.0 */
/*
 * system_objects_thread.c - threads.
 *
 * A thread of Linux has no TEB, and memory of a kernel says nothing of threads on processors: a
 * kernel target has none.
 */
#include <stdlib.h>

#include "dbgeng/system_objects.h"

/* The current thread of the current target, as tmem numbers it. */
static HRESULT current_thread(const struct tmi_dbgeng_call *call, ULONG *id)
{
	if (call->system->kernel)
		return E_UNEXPECTED;
	return tmi_dbgeng_result(tmem_get_current_thread_id(call->target, id));
}

static HRESULT current_engine_id(struct tmi_dbgeng_call *call, ULONG *id)
{
	ULONG number;
	HRESULT result = current_thread(call, &number);

	if (SUCCEEDED(result))
		*id = tmi_dbgeng_engine_id(call->session, TMI_DBGENG_THREAD, call->system, number);
	return result;
}

static HRESULT get_current_thread_id(IDebugSystemObjects4 *This, PULONG Id)
{
	return tmi_dbgeng_answer_id(This, Id, DEBUG_ANY_ID, current_engine_id);
}

/* A thread of a system by one of its two ids; E_NOINTERFACE: it has none such. */
static HRESULT find_thread(const struct tmi_dbgeng_system *system, bool by_system_id, ULONG key,
			   struct tmi_dbgeng_thread *thread)
{
	struct tmi_dbgeng_threads threads;
	HRESULT result = tmi_dbgeng_list_threads(system, &threads);
	bool found = false;

	for (size_t i = 0; SUCCEEDED(result) && i < threads.count && !found; i++) {
		*thread = threads.rows[i];
		found = (by_system_id ? thread->system_id : thread->id) == key;
	}
	free(threads.rows);
	if (SUCCEEDED(result) && !found)
		result = E_NOINTERFACE;
	return result;
}

static HRESULT set_current_thread_id(IDebugSystemObjects4 *This, ULONG Id)
{
	struct tmi_dbgeng_thread thread;
	struct tmi_dbgeng_system *system;
	struct tmi_dbgeng_call call;
	ULONG id;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET | TMI_DBGENG_CHANGES, &call);

	if (FAILED(result))
		return result;
	result = E_NOINTERFACE;
	if (tmi_dbgeng_tmem_id(call.session, TMI_DBGENG_THREAD, Id, &system, &id))
		result = find_thread(system, false, id, &thread);
	if (SUCCEEDED(result))
		result = tmi_dbgeng_select(call.session, system, thread.process, id);
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT count_threads(struct tmi_dbgeng_call *call, ULONG *number)
{
	if (call->system->kernel)
		return S_OK;
	return tmi_dbgeng_result(tmem_get_number_threads(call->target, number));
}

static HRESULT get_number_threads(IDebugSystemObjects4 *This, PULONG Number)
{
	return tmi_dbgeng_answer_id(This, Number, 0, count_threads);
}

static HRESULT get_thread_ids_by_index(IDebugSystemObjects4 *This, ULONG Start, ULONG Count,
				       PULONG Ids, PULONG SysIds)
{
	struct tmi_dbgeng_call call;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);

	if (FAILED(result))
		return result;
	if (call.system->kernel)
		result = Start || Count ? E_INVALIDARG : S_OK;
	else
		result = tmi_dbgeng_result(
			tmem_get_thread_ids_by_index(call.target, Start, Count, Ids, SysIds));
	for (ULONG i = 0; SUCCEEDED(result) && Ids && i < Count; i++)
		Ids[i] = tmi_dbgeng_engine_id(call.session, TMI_DBGENG_THREAD, call.system, Ids[i]);
	return tmi_dbgeng_leave(&call, result);
}

/* In kernel mode only, where no thread is known. */
static HRESULT find_by_processor(struct tmi_dbgeng_call *call, ULONG64 processor, ULONG *id)
{
	(void)processor;
	*id = DEBUG_ANY_ID;
	return call->system->kernel ? E_NOINTERFACE : E_NOTIMPL;
}

static HRESULT get_thread_id_by_processor(IDebugSystemObjects4 *This, ULONG Processor, PULONG Id)
{
	return tmi_dbgeng_answer_find(This, Processor, Id, find_by_processor);
}

/* Data offsets and TEBs. */
static HRESULT no_offset(struct tmi_dbgeng_call *call, ULONG64 *offset)
{
	(void)call;
	*offset = 0;
	return E_NOTIMPL;
}

static HRESULT get_offset(IDebugSystemObjects4 *This, PULONG64 Offset)
{
	return tmi_dbgeng_answer_offset(This, Offset, no_offset);
}

static HRESULT find_by_offset(struct tmi_dbgeng_call *call, ULONG64 offset, ULONG *id)
{
	(void)offset;
	*id = DEBUG_ANY_ID;
	return call->system->kernel ? E_NOTIMPL : E_NOINTERFACE;
}

static HRESULT get_thread_id_by_offset(IDebugSystemObjects4 *This, ULONG64 Offset, PULONG Id)
{
	return tmi_dbgeng_answer_find(This, Offset, Id, find_by_offset);
}

static HRESULT current_system_id(struct tmi_dbgeng_call *call, ULONG *system_id)
{
	struct tmi_dbgeng_thread thread;
	ULONG id;
	HRESULT result = call->system->kernel ? E_NOTIMPL : current_thread(call, &id);

	if (SUCCEEDED(result))
		result = find_thread(call->system, false, id, &thread);
	if (SUCCEEDED(result))
		*system_id = thread.system_id;
	/* It has ended. */
	return result == E_NOINTERFACE ? E_UNEXPECTED : result;
}

static HRESULT get_current_thread_system_id(IDebugSystemObjects4 *This, PULONG SysId)
{
	return tmi_dbgeng_answer_id(This, SysId, DEBUG_ANY_ID, current_system_id);
}

static HRESULT find_by_system_id(struct tmi_dbgeng_call *call, ULONG64 system_id, ULONG *id)
{
	struct tmi_dbgeng_thread thread;
	HRESULT result = find_thread(call->system, true, (ULONG)system_id, &thread);

	if (SUCCEEDED(result))
		*id = tmi_dbgeng_engine_id(call->session, TMI_DBGENG_THREAD, call->system,
					   thread.id);
	return result;
}

static HRESULT get_thread_id_by_system_id(IDebugSystemObjects4 *This, ULONG SysId, PULONG Id)
{
	return tmi_dbgeng_answer_find(This, SysId, Id, find_by_system_id);
}

static HRESULT current_handle(struct tmi_dbgeng_call *call, ULONG64 *handle)
{
	ULONG id;
	HRESULT result = current_engine_id(call, &id);

	if (SUCCEEDED(result))
		*handle = tmi_dbgeng_handle(TMI_DBGENG_THREAD, id);
	return result;
}

static HRESULT get_current_thread_handle(IDebugSystemObjects4 *This, PULONG64 Handle)
{
	return tmi_dbgeng_answer_offset(This, Handle, current_handle);
}

static HRESULT find_by_handle(struct tmi_dbgeng_call *call, ULONG64 handle, ULONG *id)
{
	struct tmi_dbgeng_thread thread;
	struct tmi_dbgeng_system *system;
	ULONG engine_id, number;
	HRESULT result = E_NOINTERFACE;

	if (tmi_dbgeng_handle_id(TMI_DBGENG_THREAD, handle, &engine_id) &&
	    tmi_dbgeng_tmem_id(call->session, TMI_DBGENG_THREAD, engine_id, &system, &number))
		result = find_thread(system, false, number, &thread);
	if (SUCCEEDED(result))
		*id = engine_id;
	return result;
}

static HRESULT get_thread_id_by_handle(IDebugSystemObjects4 *This, ULONG64 Handle, PULONG Id)
{
	return tmi_dbgeng_answer_find(This, Handle, Id, find_by_handle);
}

/* Selects whose registers are shown: nothing but the default is known. */
static HRESULT set_implicit_thread_data_offset(IDebugSystemObjects4 *This, ULONG64 Offset)
{
	struct tmi_dbgeng_call call;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET | TMI_DBGENG_CHANGES, &call);

	if (FAILED(result))
		return result;
	if (Offset)
		result = call.system->kernel ? E_NOTIMPL : E_INVALIDARG;
	return tmi_dbgeng_leave(&call, result);
}

const IDebugSystemObjects4Vtbl tmi_dbgeng_part_system_objects_thread = {
	.GetCurrentThreadId = get_current_thread_id,
	.SetCurrentThreadId = set_current_thread_id,
	.GetNumberThreads = get_number_threads,
	.GetThreadIdsByIndex = get_thread_ids_by_index,
	.GetThreadIdByProcessor = get_thread_id_by_processor,
	.GetCurrentThreadDataOffset = get_offset,
	.GetThreadIdByDataOffset = get_thread_id_by_offset,
	.GetCurrentThreadTeb = get_offset,
	.GetThreadIdByTeb = get_thread_id_by_offset,
	.GetCurrentThreadSystemId = get_current_thread_system_id,
	.GetThreadIdBySystemId = get_thread_id_by_system_id,
	.GetCurrentThreadHandle = get_current_thread_handle,
	.GetThreadIdByHandle = get_thread_id_by_handle,
	.GetImplicitThreadDataOffset = get_offset,
	.SetImplicitThreadDataOffset = set_implicit_thread_data_offset,
};
