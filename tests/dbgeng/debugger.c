/* SPDX-License-Identifier: Apache-2.0 */
/* debugger.c - a client that writes down its events; see debugger.h. */
#include "debugger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static HRESULT query_interface(IDebugEventCallbacks *This, REFIID InterfaceId, PVOID *Interface)
{
	*Interface = NULL;
	return E_NOINTERFACE;
}

static ULONG add_ref(IDebugEventCallbacks *This)
{
	return ++((struct debugger *)This)->references;
}

static ULONG release(IDebugEventCallbacks *This)
{
	return --((struct debugger *)This)->references;
}

static HRESULT get_interest_mask(IDebugEventCallbacks *This, PULONG Mask)
{
	*Mask = ~(ULONG)0;
	return S_OK;
}

/* What a client answers that offers none of the callbacks. */
static HRESULT note(IDebugEventCallbacks *This, const char *format, ...)
{
	struct debugger *debugger = (struct debugger *)This;
	size_t used = strlen(debugger->told);
	va_list args;

	if (used)
		used += (size_t)snprintf(debugger->told + used, sizeof(debugger->told) - used,
					 "; ");
	assert_true(used < sizeof(debugger->told));
	va_start(args, format);
	vsnprintf(debugger->told + used, sizeof(debugger->told) - used, format, args);
	va_end(args);
	if (debugger->inside)
		debugger->inside(debugger);
	return E_NOTIMPL;
}

static HRESULT session_status(IDebugEventCallbacks *This, ULONG Status)
{
	return note(This, "session %x", Status);
}

static HRESULT change_debuggee_state(IDebugEventCallbacks *This, ULONG Flags, ULONG64 Argument)
{
	return note(This, "debuggee %x %llx", Flags, (unsigned long long)Argument);
}

static HRESULT change_engine_state(IDebugEventCallbacks *This, ULONG Flags, ULONG64 Argument)
{
	return note(This, "engine %x %llx", Flags, (unsigned long long)Argument);
}

static HRESULT change_symbol_state(IDebugEventCallbacks *This, ULONG Flags, ULONG64 Argument)
{
	return note(This, "symbols %x %llx", Flags, (unsigned long long)Argument);
}

/* The others are never called. */
static const IDebugEventCallbacksVtbl table = {
	.QueryInterface = query_interface,
	.AddRef = add_ref,
	.Release = release,
	.GetInterestMask = get_interest_mask,
	.SessionStatus = session_status,
	.ChangeDebuggeeState = change_debuggee_state,
	.ChangeEngineState = change_engine_state,
	.ChangeSymbolState = change_symbol_state,
};

void debugger_start(struct debugger *debugger)
{
	memset(debugger, 0, sizeof(*debugger));
	debugger->callbacks.lpVtbl = (void *)(uintptr_t)&table;
	assert_int_equal(DebugCreate(&IID_IDebugClient7, (void **)&debugger->client), S_OK);
	assert_int_equal(debugger->client->lpVtbl->QueryInterface(debugger->client,
								  &IID_IDebugControl7,
								  (void **)&debugger->control),
			 S_OK);
	assert_int_equal(
		debugger->client->lpVtbl->SetEventCallbacks(debugger->client, &debugger->callbacks),
		S_OK);
}

void debugger_end(struct debugger *debugger)
{
	assert_int_equal(debugger->control->lpVtbl->Release(debugger->control), 1);
	assert_int_equal(debugger->client->lpVtbl->Release(debugger->client), 0);
	assert_int_equal(debugger->references, 0);
}

ULONG debugger_status(struct debugger *debugger)
{
	ULONG status = 99;

	assert_int_equal(debugger->control->lpVtbl->GetExecutionStatus(debugger->control, &status),
			 S_OK);
	return status;
}

void debugger_attach(struct debugger *debugger, pid_t pid, ULONG flags)
{
	assert_int_equal(
		debugger->client->lpVtbl->AttachProcess(debugger->client, 0, (ULONG)pid, flags),
		S_OK);
	assert_int_equal(wait_event(debugger, INFINITE), S_OK);
	debugger->told[0] = 0;
}

int tracer_of(pid_t pid)
{
	char path[64], line[256];
	int tracer = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "TracerPid: %d", &tracer) == 1)
			break;
	}
	if (file)
		fclose(file);
	return tracer;
}

const char *write_file(const char *name, const void *bytes, size_t size)
{
	static char path[4096];
	const char *folder = getenv("TMPDIR");
	FILE *file;

	snprintf(path, sizeof(path), "%s/tmem-%d-%s", folder ? folder : "/tmp", getpid(), name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	return path;
}
