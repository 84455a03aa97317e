/* SPDX-License-Identifier: Apache-2.0 */
/*
 * system_objects_process.c - processes and the implicit process.
 *
 * In kernel mode there is one process, the kernel; which memory virtual addresses mean is a matter
 * of the implicit process. A process of Linux has no PEB: its data offset is not offered.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dbgeng/system_objects.h"
#include "dbgeng/text.h"

/* The current process of the current target, as tmem numbers it. */
static HRESULT current_process(const struct tmi_dbgeng_call *call, ULONG *id)
{
	return tmi_dbgeng_result(tmem_get_current_process_id(call->target, id));
}

static HRESULT current_engine_id(struct tmi_dbgeng_call *call, ULONG *id)
{
	ULONG number;
	HRESULT result = current_process(call, &number);

	if (SUCCEEDED(result))
		*id = tmi_dbgeng_engine_id(call->session, TMI_DBGENG_PROCESS, call->system, number);
	return result;
}

static HRESULT get_current_process_id(IDebugSystemObjects4 *This, PULONG Id)
{
	return tmi_dbgeng_answer_id(This, Id, DEBUG_ANY_ID, current_engine_id);
}

static HRESULT set_current_process_id(IDebugSystemObjects4 *This, ULONG Id)
{
	struct tmi_dbgeng_system *system;
	struct tmi_dbgeng_call call;
	ULONG id;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET | TMI_DBGENG_CHANGES, &call);

	if (FAILED(result))
		return result;
	if (tmi_dbgeng_tmem_id(call.session, TMI_DBGENG_PROCESS, Id, &system, &id) &&
	    !tmi_dbgeng_is_pending(system, id))
		result = tmi_dbgeng_select(call.session, system, id, DEBUG_ANY_ID);
	else
		result = E_NOINTERFACE;
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT count_processes(struct tmi_dbgeng_call *call, ULONG *number)
{
	return tmi_dbgeng_count_processes(call->system, number);
}

static HRESULT get_number_processes(IDebugSystemObjects4 *This, PULONG Number)
{
	return tmi_dbgeng_answer_id(This, Number, 0, count_processes);
}

static HRESULT get_process_ids_by_index(IDebugSystemObjects4 *This, ULONG Start, ULONG Count,
					PULONG Ids, PULONG SysIds)
{
	struct tmi_dbgeng_call call;
	ULONG number = 0;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);

	if (FAILED(result))
		return result;
	result = tmi_dbgeng_count_processes(call.system, &number);
	if (SUCCEEDED(result) && (Start > number || Count > number - Start))
		result = E_INVALIDARG;
	if (SUCCEEDED(result))
		result = tmi_dbgeng_result(
			tmem_get_process_ids_by_index(call.target, Start, Count, Ids, SysIds));
	for (ULONG i = 0; SUCCEEDED(result) && Ids && i < Count; i++)
		Ids[i] =
			tmi_dbgeng_engine_id(call.session, TMI_DBGENG_PROCESS, call.system, Ids[i]);
	return tmi_dbgeng_leave(&call, result);
}

/* The object that the kernel's own process is: the first task of Linux, whose pid is 0. */
static HRESULT data_offset(struct tmi_dbgeng_call *call, ULONG64 *offset)
{
	struct tmem_kernel_process process = { .size = sizeof(process) };
	tmem_status status;

	if (!call->system->kernel)
		return E_NOTIMPL;
	status = tmem_get_kernel_process_by_system_id(call->target, 0, &process);
	if (TMEM_FAILED(status))
		return tmi_dbgeng_result(status == TMEM_E_INVALIDARG ? TMEM_E_NOINTERFACE : status);
	*offset = process.data_offset;
	return S_OK;
}

static HRESULT get_current_process_data_offset(IDebugSystemObjects4 *This, PULONG64 Offset)
{
	return tmi_dbgeng_answer_offset(This, Offset, data_offset);
}

static HRESULT no_peb(struct tmi_dbgeng_call *call, ULONG64 *offset)
{
	(void)call;
	*offset = 0;
	return E_NOTIMPL;
}

static HRESULT get_current_process_peb(IDebugSystemObjects4 *This, PULONG64 Offset)
{
	return tmi_dbgeng_answer_offset(This, Offset, no_peb);
}

/* By data offset and by PEB: no process has either. */
static HRESULT find_by_offset(struct tmi_dbgeng_call *call, ULONG64 offset, ULONG *id)
{
	(void)offset;
	*id = DEBUG_ANY_ID;
	return call->system->kernel ? E_NOTIMPL : E_NOINTERFACE;
}

static HRESULT get_process_id_by_offset(IDebugSystemObjects4 *This, ULONG64 Offset, PULONG Id)
{
	return tmi_dbgeng_answer_find(This, Offset, Id, find_by_offset);
}

static HRESULT current_system_id(struct tmi_dbgeng_call *call, ULONG *system_id)
{
	return tmi_dbgeng_result(tmem_get_current_process_system_id(call->target, system_id));
}

static HRESULT get_current_process_system_id(IDebugSystemObjects4 *This, PULONG SysId)
{
	return tmi_dbgeng_answer_id(This, SysId, DEBUG_ANY_ID, current_system_id);
}

static HRESULT find_by_system_id(struct tmi_dbgeng_call *call, ULONG64 system_id, ULONG *id)
{
	ULONG number;
	tmem_status status =
		tmem_get_process_id_by_system_id(call->target, (ULONG)system_id, &number);

	if (!TMEM_FAILED(status) && tmi_dbgeng_is_pending(call->system, number))
		return E_NOINTERFACE;
	if (!TMEM_FAILED(status))
		*id = tmi_dbgeng_engine_id(call->session, TMI_DBGENG_PROCESS, call->system, number);
	return tmi_dbgeng_result(status);
}

static HRESULT get_process_id_by_system_id(IDebugSystemObjects4 *This, ULONG SysId, PULONG Id)
{
	return tmi_dbgeng_answer_find(This, SysId, Id, find_by_system_id);
}

static HRESULT current_handle(struct tmi_dbgeng_call *call, ULONG64 *handle)
{
	ULONG id;
	HRESULT result = current_engine_id(call, &id);

	if (SUCCEEDED(result))
		*handle = tmi_dbgeng_handle(TMI_DBGENG_PROCESS, id);
	return result;
}

static HRESULT get_current_process_handle(IDebugSystemObjects4 *This, PULONG64 Handle)
{
	return tmi_dbgeng_answer_offset(This, Handle, current_handle);
}

static bool process_exists(const struct tmi_dbgeng_system *system, ULONG id)
{
	return !TMEM_FAILED(tmem_get_process_executable_name(system->target, id, NULL, 0, NULL));
}

static HRESULT find_by_handle(struct tmi_dbgeng_call *call, ULONG64 handle, ULONG *id)
{
	struct tmi_dbgeng_system *system;
	ULONG engine_id, number;

	if (!tmi_dbgeng_handle_id(TMI_DBGENG_PROCESS, handle, &engine_id) ||
	    !tmi_dbgeng_tmem_id(call->session, TMI_DBGENG_PROCESS, engine_id, &system, &number) ||
	    !process_exists(system, number))
		return E_NOINTERFACE;
	*id = engine_id;
	return S_OK;
}

static HRESULT get_process_id_by_handle(IDebugSystemObjects4 *This, ULONG64 Handle, PULONG Id)
{
	return tmi_dbgeng_answer_find(This, Handle, Id, find_by_handle);
}

/* The name of the current process's program, to be freed. */
static HRESULT executable_name(const struct tmi_dbgeng_call *call, char **name)
{
	size_t size = 0;
	tmem_status status;
	ULONG id;
	HRESULT result = call->system->kernel ? E_NOTIMPL : current_process(call, &id);

	*name = NULL;
	if (FAILED(result))
		return result;
	status = tmem_get_process_executable_name(call->target, id, NULL, 0, &size);
	if (TMEM_FAILED(status))
		return tmi_dbgeng_result(status);
	*name = malloc(size);
	if (!*name)
		return E_OUTOFMEMORY;
	tmem_get_process_executable_name(call->target, id, *name, size, NULL);
	return S_OK;
}

static HRESULT get_current_process_executable_name(IDebugSystemObjects4 *This, PSTR Buffer,
						   ULONG BufferSize, PULONG ExeSize)
{
	struct tmi_dbgeng_call call;
	char *name;
	HRESULT result;

	if (ExeSize)
		*ExeSize = 0;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = executable_name(&call, &name);
	if (SUCCEEDED(result))
		result = tmi_dbgeng_return_text(name, Buffer, BufferSize, ExeSize);
	free(name);
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT get_current_process_executable_name_wide(IDebugSystemObjects4 *This, PWSTR Buffer,
							ULONG BufferSize, PULONG ExeSize)
{
	struct tmi_dbgeng_call call;
	char *name;
	HRESULT result;

	if (ExeSize)
		*ExeSize = 0;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = executable_name(&call, &name);
	if (SUCCEEDED(result))
		result = tmi_dbgeng_return_text_wide(name, Buffer, BufferSize, ExeSize);
	free(name);
	return tmi_dbgeng_leave(&call, result);
}

/* The first line of a file of /proc; false when it cannot be read. */
static bool read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool done = file && fgets(line, (int)size, file);

	if (file)
		fclose(file);
	return done;
}

/* When a process started, in ticks since the machine did: field 22 of its stat. */
static bool start_ticks(ULONG system_id, unsigned long long *ticks)
{
	char path[64], line[1024];
	const char *at;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/stat", system_id);
	if (!read_line(path, line, sizeof(line)))
		return false;
	/* The name in the second field may have blanks and brackets of its own. */
	at = strrchr(line, ')');
	for (unsigned field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at && sscanf(at, " %llu", ticks) == 1;
}

static HRESULT up_time(ULONG system_id, ULONG *seconds)
{
	unsigned long long ticks, machine;
	long rate = sysconf(_SC_CLK_TCK);
	char line[128];

	if (rate <= 0 || !start_ticks(system_id, &ticks) ||
	    !read_line("/proc/uptime", line, sizeof(line)) || sscanf(line, "%llu", &machine) != 1)
		return E_FAIL;
	ticks /= (unsigned long long)rate;
	*seconds = machine > ticks ? (ULONG)(machine - ticks) : 0;
	return S_OK;
}

static HRESULT current_up_time(struct tmi_dbgeng_call *call, ULONG *seconds)
{
	struct tmem_description description = { .size = sizeof(description) };
	ULONG system_id;
	HRESULT result = tmi_dbgeng_result(tmem_describe(call->target, &description));

	/* Only a process of this machine has a clock that runs. */
	if (SUCCEEDED(result) && strcmp(description.kind, "process") != 0)
		result = E_NOTIMPL;
	if (SUCCEEDED(result))
		result = current_system_id(call, &system_id);
	return SUCCEEDED(result) ? up_time(system_id, seconds) : result;
}

static HRESULT get_current_process_up_time(IDebugSystemObjects4 *This, PULONG UpTime)
{
	return tmi_dbgeng_answer_id(This, UpTime, 0, current_up_time);
}

static HRESULT implicit_data_offset(struct tmi_dbgeng_call *call, ULONG64 *offset)
{
	return tmi_dbgeng_result(tmem_get_implicit_process_data_offset(call->target, offset));
}

static HRESULT get_implicit_process_data_offset(IDebugSystemObjects4 *This, PULONG64 Offset)
{
	return tmi_dbgeng_answer_offset(This, Offset, implicit_data_offset);
}

static HRESULT set_implicit_process_data_offset(IDebugSystemObjects4 *This, ULONG64 Offset)
{
	struct tmi_dbgeng_call call;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET | TMI_DBGENG_CHANGES, &call);

	if (FAILED(result))
		return result;
	if (call.system->kernel)
		result = tmi_dbgeng_result(
			tmem_set_implicit_process_data_offset(call.target, Offset));
	else if (Offset)
		result = E_INVALIDARG; /* no process has a PEB */
	return tmi_dbgeng_leave(&call, result);
}

const IDebugSystemObjects4Vtbl tmi_dbgeng_part_system_objects_process = {
	.GetCurrentProcessId = get_current_process_id,
	.SetCurrentProcessId = set_current_process_id,
	.GetNumberProcesses = get_number_processes,
	.GetProcessIdsByIndex = get_process_ids_by_index,
	.GetCurrentProcessDataOffset = get_current_process_data_offset,
	.GetProcessIdByDataOffset = get_process_id_by_offset,
	.GetCurrentProcessPeb = get_current_process_peb,
	.GetProcessIdByPeb = get_process_id_by_offset,
	.GetCurrentProcessSystemId = get_current_process_system_id,
	.GetProcessIdBySystemId = get_process_id_by_system_id,
	.GetCurrentProcessHandle = get_current_process_handle,
	.GetProcessIdByHandle = get_process_id_by_handle,
	.GetCurrentProcessExecutableName = get_current_process_executable_name,
	.GetCurrentProcessExecutableNameWide = get_current_process_executable_name_wide,
	.GetCurrentProcessUpTime = get_current_process_up_time,
	.GetImplicitProcessDataOffset = get_implicit_process_data_offset,
	.SetImplicitProcessDataOffset = set_implicit_process_data_offset,
};
