/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_attach.c - processes and kernels: AttachProcess, AttachKernel, and their options.
 *
 * A target is begun here and delivered by WaitForEvent. A process is opened at once, so that what
 * is wrong with it is said here; a kernel is opened by WaitForEvent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dbgeng/attached.h"
#include "dbgeng/client.h"
#include "dbgeng/output.h"
#include "dbgeng/text.h"

/* --- AttachProcess --- */

#define INVASIVE_FLAGS                                                                             \
	(DEBUG_ATTACH_INVASIVE_NO_INITIAL_BREAK | DEBUG_ATTACH_INVASIVE_RESUME_PROCESS)
#define NONINVASIVE_FLAGS                                                                          \
	(DEBUG_ATTACH_NONINVASIVE_NO_SUSPEND | DEBUG_ATTACH_NONINVASIVE_ALLOW_PARTIAL)

/* What must be equal for processes to be in one system. */
#define MANNER (DEBUG_ATTACH_NONINVASIVE | DEBUG_ATTACH_INVASIVE_NO_INITIAL_BREAK)

static HRESULT check_attach_flags(ULONG flags)
{
	const ULONG known = DEBUG_ATTACH_NONINVASIVE | DEBUG_ATTACH_EXISTING | INVASIVE_FLAGS |
			    NONINVASIVE_FLAGS;

	if (flags & ~known)
		return E_INVALIDARG;
	/* Linux lets a process run when its debugger ends: there is none to come back to. */
	if (flags & DEBUG_ATTACH_EXISTING)
		return flags == DEBUG_ATTACH_EXISTING ? E_NOTIMPL : E_INVALIDARG;
	if (flags & DEBUG_ATTACH_NONINVASIVE)
		return flags & INVASIVE_FLAGS ? E_INVALIDARG : S_OK;
	return flags & NONINVASIVE_FLAGS ? E_INVALIDARG : S_OK;
}

/* A process that is gone is a bad process id. */
static HRESULT attach_result(struct tmi_dbgeng_session *session, tmem_target *target,
			     tmem_status status)
{
	tmi_dbgeng_explain(session, target);
	return status == TMEM_E_UNEXPECTED ? E_INVALIDARG : tmi_dbgeng_result(status);
}

/* True when a debugger has the process already. */
static bool is_traced(ULONG system_id)
{
	char path[32], *line = NULL;
	unsigned tracer = 0;
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/status", system_id);
	file = fopen(path, "re");
	while (file && !tracer && getline(&line, &room, file) > 0)
		sscanf(line, "TracerPid: %u", &tracer);
	free(line);
	if (file)
		fclose(file);
	return tracer != 0;
}

/* The system that takes a process of this manner, or NULL. */
static struct tmi_dbgeng_system *system_of_manner(struct tmi_dbgeng_session *session, ULONG flags)
{
	for (const struct tmi_dbgeng_attached *one = session->attached; one; one = one->next) {
		if ((one->system->attach_flags & MANNER) == (flags & MANNER))
			return one->system;
	}
	return NULL;
}

static HRESULT join_system(struct tmi_dbgeng_system *system, ULONG system_id)
{
	struct tmi_dbgeng_attached *attached;
	uint32_t process;
	tmem_status status;

	for (attached = system->session->attached; attached; attached = attached->next) {
		if (attached->system == system && attached->system_id == system_id &&
		    !tmi_dbgeng_attached_gone(attached))
			return HRESULT_FROM_NT(STATUS_PORT_ALREADY_SET);
	}
	/* WaitForEvent is who tells of it. */
	system->session->muted = true;
	status = tmem_attach_process(system->target, system_id, &process);
	system->session->muted = false;
	if (TMEM_FAILED(status))
		return attach_result(system->session, system->target, status);
	attached = tmi_dbgeng_attached_add(system, process, system_id);
	if (!attached) {
		tmem_detach_process(system->target, process);
		return E_OUTOFMEMORY;
	}
	attached->pending = true;
	return S_OK;
}

static HRESULT new_system(struct tmi_dbgeng_session *session, ULONG system_id, ULONG flags)
{
	bool suspends = !(flags & DEBUG_ATTACH_NONINVASIVE);
	bool stopped = suspends && !(flags & DEBUG_ATTACH_INVASIVE_NO_INITIAL_BREAK);
	struct tmi_dbgeng_system *system;
	tmem_target *target;
	tmem_status status;
	char spec[32];

	/* One that is to be stopped later fails now if that cannot be. */
	if (suspends && !stopped && is_traced(system_id))
		return HRESULT_FROM_NT(STATUS_PORT_ALREADY_SET);
	snprintf(spec, sizeof(spec), "pid:%u", system_id);
	status = tmem_open(spec, stopped ? "suspend=on" : NULL, &target);
	if (TMEM_FAILED(status))
		return attach_result(session, NULL, status);
	system = tmi_dbgeng_system_add(session, spec, NULL, NULL, target);
	if (!system)
		return E_OUTOFMEMORY;
	system->suspends = suspends;
	system->attach_flags = flags;
	if (tmi_dbgeng_attached_add(system, 0, system_id))
		return S_OK;
	tmi_dbgeng_system_remove(session, system, DEBUG_SESSION_FAILURE);
	return E_OUTOFMEMORY;
}

/* No process server can be connected with, so that no handle of one is good. */
static HRESULT attach_process(IDebugClient7 *This, ULONG64 Server, ULONG ProcessId,
			      ULONG AttachFlags)
{
	struct tmi_dbgeng_system *system;
	struct tmi_dbgeng_call call;
	HRESULT result = check_attach_flags(AttachFlags);

	if (SUCCEEDED(result) && (Server || !ProcessId || ProcessId > INT32_MAX))
		result = E_INVALIDARG;
	if (SUCCEEDED(result))
		result = tmi_dbgeng_enter(This, TMI_DBGENG_CHANGES, &call);
	if (FAILED(result))
		return result;
	system = system_of_manner(call.session, AttachFlags);
	result = system ? join_system(system, ProcessId)
			: new_system(call.session, ProcessId, AttachFlags);
	return tmi_dbgeng_leave(&call, result);
}

/* --- AttachKernel --- */

/*
 * Splits "SPEC,option=value" at the first comma that is not written "\,"; in SPEC such a comma
 * becomes a plain one. Returns the options, or NULL when there are none; @text is changed.
 */
static char *split_options(char *text)
{
	char *to = text;

	for (; *text && *text != ','; text++) {
		if (text[0] == '\\' && text[1] == ',')
			text++;
		*to++ = *text;
	}
	if (!*text) {
		*to = 0;
		return NULL;
	}
	*to = 0;
	return text + 1;
}

static HRESULT begin_kernel(struct tmi_dbgeng_session *session, const char *connection)
{
	char *spec = strdup(connection);
	char *options;
	HRESULT result = S_OK;

	if (!spec)
		return E_OUTOFMEMORY;
	options = split_options(spec);
	if (!*spec)
		result = E_INVALIDARG;
	else if (!tmi_dbgeng_system_add(session, spec, options, NULL, NULL))
		result = E_OUTOFMEMORY;
	free(spec);
	return result;
}

/* A copy of the options that were set, or NULL. */
static char *kernel_options(struct tmi_dbgeng_session *session)
{
	char *copy;

	pthread_mutex_lock(&session->wake_lock);
	copy = session->kernel_options ? strdup(session->kernel_options) : NULL;
	pthread_mutex_unlock(&session->wake_lock);
	return copy;
}

/* DEBUG_ATTACH_ of kernels are no bits. */
static HRESULT check_kernel_flags(ULONG flags)
{
	switch (flags) {
	case DEBUG_ATTACH_KERNEL_CONNECTION: return S_OK;
	case DEBUG_ATTACH_LOCAL_KERNEL:
	case DEBUG_ATTACH_EXDI_DRIVER:
	case DEBUG_ATTACH_INSTALL_DRIVER: return E_NOTIMPL;
	default: return E_INVALIDARG;
	}
}

static HRESULT attach_kernel(IDebugClient7 *This, ULONG Flags, PCSTR ConnectOptions)
{
	struct tmi_dbgeng_call call;
	char *set = NULL;
	HRESULT result = check_kernel_flags(Flags);

	if (SUCCEEDED(result))
		result = tmi_dbgeng_enter(This, TMI_DBGENG_CHANGES, &call);
	if (FAILED(result))
		return result;
	if (!ConnectOptions)
		ConnectOptions = set = kernel_options(call.session);
	result = ConnectOptions ? begin_kernel(call.session, ConnectOptions) : E_INVALIDARG;
	free(set);
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT attach_kernel_wide(IDebugClient7 *This, ULONG Flags, PCWSTR ConnectOptions)
{
	char *options = ConnectOptions ? tmi_dbgeng_narrow(ConnectOptions) : NULL;
	HRESULT result = E_OUTOFMEMORY;

	if (options || !ConnectOptions)
		result = attach_kernel(This, Flags, options);
	free(options);
	return result;
}

/* The options may be asked for and set while another thread is in a call. */
static HRESULT get_kernel_connection_options(IDebugClient7 *This, PSTR Buffer, ULONG BufferSize,
					     PULONG OptionsSize)
{
	char *options;
	HRESULT result;

	if (!This)
		return E_INVALIDARG;
	options = kernel_options(tmi_dbgeng_client_of(This)->session);
	result = tmi_dbgeng_return_text(options ? options : "", Buffer, BufferSize, OptionsSize);
	free(options);
	return result;
}

static HRESULT get_kernel_connection_options_wide(IDebugClient7 *This, PWSTR Buffer,
						  ULONG BufferSize, PULONG OptionsSize)
{
	char *options;
	HRESULT result;

	if (!This)
		return E_INVALIDARG;
	options = kernel_options(tmi_dbgeng_client_of(This)->session);
	result = tmi_dbgeng_return_text_wide(options ? options : "", Buffer, BufferSize,
					     OptionsSize);
	free(options);
	return result;
}

/* @options becomes the session's. */
static HRESULT take_kernel_options(IDebugClient7 *This, char *options)
{
	struct tmi_dbgeng_session *session = tmi_dbgeng_client_of(This)->session;
	char *before;

	if (!options)
		return E_OUTOFMEMORY;
	pthread_mutex_lock(&session->wake_lock);
	before = session->kernel_options;
	session->kernel_options = options;
	pthread_mutex_unlock(&session->wake_lock);
	free(before);
	return S_OK;
}

static HRESULT set_kernel_connection_options(IDebugClient7 *This, PCSTR Options)
{
	return This && Options ? take_kernel_options(This, strdup(Options)) : E_INVALIDARG;
}

static HRESULT set_kernel_connection_options_wide(IDebugClient7 *This, PCWSTR Options)
{
	return This && Options ? take_kernel_options(This, tmi_dbgeng_narrow(Options))
			       : E_INVALIDARG;
}

/* --- options of the current process --- */

#define PROCESS_OPTIONS (DEBUG_PROCESS_DETACH_ON_EXIT | DEBUG_PROCESS_ONLY_THIS_PROCESS)

/* Only an attached process has options. */
static HRESULT enter_process(IDebugClient7 *This, unsigned needs, struct tmi_dbgeng_call *call,
			     struct tmi_dbgeng_attached **attached)
{
	HRESULT result = tmi_dbgeng_enter(This, needs | TMI_DBGENG_TARGET | TMI_DBGENG_USER, call);

	if (FAILED(result))
		return result;
	*attached = tmi_dbgeng_attached_current(call->session);
	return *attached ? S_OK : tmi_dbgeng_leave(call, E_UNEXPECTED);
}

static HRESULT get_process_options(IDebugClient7 *This, PULONG Options)
{
	struct tmi_dbgeng_attached *attached;
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!Options)
		return E_INVALIDARG;
	*Options = 0;
	result = enter_process(This, 0, &call, &attached);
	if (FAILED(result))
		return result;
	*Options = attached->options;
	return tmi_dbgeng_leave(&call, S_OK);
}

/* The options become (old & @keep) | @set. */
static HRESULT change_process_options(IDebugClient7 *This, ULONG keep, ULONG set)
{
	struct tmi_dbgeng_attached *attached;
	struct tmi_dbgeng_call call;
	ULONG options;
	HRESULT result;

	if (set & ~(ULONG)PROCESS_OPTIONS)
		return E_INVALIDARG;
	result = enter_process(This, TMI_DBGENG_CHANGES, &call, &attached);
	if (FAILED(result))
		return result;
	options = (attached->options & keep) | set;
	if (options != attached->options)
		tmi_dbgeng_queue_event(call.session, DEBUG_EVENT_CHANGE_ENGINE_STATE,
				       DEBUG_CES_PROCESS_OPTIONS, options);
	attached->options = options;
	return tmi_dbgeng_leave(&call, S_OK);
}

static HRESULT add_process_options(IDebugClient7 *This, ULONG Options)
{
	return change_process_options(This, ~(ULONG)0, Options);
}

static HRESULT remove_process_options(IDebugClient7 *This, ULONG Options)
{
	return change_process_options(This, ~Options, 0);
}

static HRESULT set_process_options(IDebugClient7 *This, ULONG Options)
{
	return change_process_options(This, 0, Options);
}

const IDebugClient7Vtbl tmi_dbgeng_part_client_attach = {
	.AttachProcess = attach_process,
	.AttachKernel = attach_kernel,
	.AttachKernelWide = attach_kernel_wide,
	.GetKernelConnectionOptions = get_kernel_connection_options,
	.GetKernelConnectionOptionsWide = get_kernel_connection_options_wide,
	.SetKernelConnectionOptions = set_kernel_connection_options,
	.SetKernelConnectionOptionsWide = set_kernel_connection_options_wide,
	.GetProcessOptions = get_process_options,
	.AddProcessOptions = add_process_options,
	.RemoveProcessOptions = remove_process_options,
	.SetProcessOptions = set_process_options,
};
