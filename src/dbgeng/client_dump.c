/* SPDX-License-Identifier: Apache-2.0 */
/* client_dump.c - dump files: OpenDumpFile, which files a target is made of. */
#include <stdlib.h>
#include <string.h>

#include "dbgeng/client.h"
#include "dbgeng/output.h"
#include "dbgeng/text.h"

/* Opening says what is wrong with a file in more words than a debugger's client knows. */
static HRESULT open_result(tmem_status status)
{
	return status == TMEM_E_BAD_FORMAT ? E_INVALIDARG : tmi_dbgeng_result(status);
}

/* A name as a spec that can only be a file: "pid:1" is looked for in the folder. */
static char *file_spec(const char *name)
{
	size_t size = strlen(name) + sizeof("./");
	char *spec = malloc(size);

	if (!spec)
		return NULL;
	strcpy(spec, *name == '/' ? "" : "./");
	strcat(spec, name);
	return spec;
}

static HRESULT open_file(struct tmi_dbgeng_session *session, const char *name, const char *spec)
{
	struct tmem_open_parameters parameters = {
		.size = sizeof(parameters),
		.spec = spec,
		.interrupt = &session->stop_opening,
	};
	struct tmem_description description = { .size = sizeof(description) };
	struct tmi_dbgeng_system *system;
	tmem_target *target;
	tmem_status status;

	__atomic_store_n(&session->stop_opening, 0, __ATOMIC_RELAXED);
	status = tmem_open2(&parameters, &target);
	if (TMEM_FAILED(status)) {
		tmi_dbgeng_explain(session, NULL);
		return open_result(status);
	}
	tmem_describe(target, &description);
	system = tmi_dbgeng_system_add(session, spec, NULL, name, target);
	if (!system)
		return E_OUTOFMEMORY;
	system->kernel = description.mode == TMEM_MODE_KERNEL;
	return S_OK;
}

static HRESULT open_dump_file(IDebugClient7 *This, PCSTR DumpFile)
{
	struct tmi_dbgeng_call call;
	char *spec;
	HRESULT result;

	if (!DumpFile || !*DumpFile)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_CHANGES, &call);
	if (FAILED(result))
		return result;
	spec = file_spec(DumpFile);
	result = spec ? open_file(call.session, DumpFile, spec) : E_OUTOFMEMORY;
	free(spec);
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT open_dump_file_wide(IDebugClient7 *This, PCWSTR FileName, ULONG64 FileHandle)
{
	char *name;
	HRESULT result;

	if (FileHandle)
		return E_NOTIMPL;
	if (!FileName)
		return E_INVALIDARG;
	name = tmi_dbgeng_narrow(FileName);
	result = name ? open_dump_file(This, name) : E_OUTOFMEMORY;
	free(name);
	return result;
}

static HRESULT get_number_dump_files(IDebugClient7 *This, PULONG Number)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!Number)
		return E_INVALIDARG;
	*Number = 0;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	*Number = call.system->file ? 1 : 0;
	return tmi_dbgeng_leave(&call, S_OK);
}

/* Begins a call for a dump file of the current target; only one file makes a target. */
static HRESULT enter_file(IDebugClient7 *This, ULONG index, PULONG64 handle, PULONG type,
			  struct tmi_dbgeng_call *call)
{
	HRESULT result;

	if (handle)
		*handle = 0;
	if (!type)
		return E_INVALIDARG;
	*type = 0;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, call);
	if (FAILED(result))
		return result;
	if (!call->system->file || index)
		return tmi_dbgeng_leave(call, E_NOINTERFACE);
	*type = DEBUG_DUMP_FILE_BASE;
	return S_OK;
}

static HRESULT get_dump_file(IDebugClient7 *This, ULONG Index, PSTR Buffer, ULONG BufferSize,
			     PULONG NameSize, PULONG64 Handle, PULONG Type)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (NameSize)
		*NameSize = 0;
	result = enter_file(This, Index, Handle, Type, &call);
	if (FAILED(result))
		return result;
	return tmi_dbgeng_leave(
		&call, tmi_dbgeng_return_text(call.system->file, Buffer, BufferSize, NameSize));
}

static HRESULT get_dump_file_wide(IDebugClient7 *This, ULONG Index, PWSTR Buffer, ULONG BufferSize,
				  PULONG NameSize, PULONG64 Handle, PULONG Type)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (NameSize)
		*NameSize = 0;
	result = enter_file(This, Index, Handle, Type, &call);
	if (FAILED(result))
		return result;
	return tmi_dbgeng_leave(&call, tmi_dbgeng_return_text_wide(call.system->file, Buffer,
								   BufferSize, NameSize));
}

const IDebugClient7Vtbl tmi_dbgeng_part_client_dump = {
	.OpenDumpFile = open_dump_file,
	.OpenDumpFileWide = open_dump_file_wide,
	.GetNumberDumpFiles = get_number_dump_files,
	.GetDumpFile = get_dump_file,
	.GetDumpFileWide = get_dump_file_wide,
};
