/* SPDX-License-Identifier: Apache-2.0 */
/*
 * advanced.c - thread contexts and requests.
 *
 * A context is Windows' CONTEXT of the target's processor, made of the registers that Linux keeps.
 */
#include <stdlib.h>

#include "dbgeng/context.h"
#include "dbgeng/system_objects.h"
#include "dbgeng/text.h"

/* Makes a CONTEXT of the handle's current thread, to be freed. */
static HRESULT make_context(tmem_target *target, UCHAR **context, ULONG *size)
{
	const struct tmi_dbgeng_processor *processor = tmi_dbgeng_processor_of(target);
	struct tmi_dbgeng_blocks blocks;
	HRESULT result;

	*context = NULL;
	if (!processor)
		return E_NOTIMPL;
	result = tmi_dbgeng_read_blocks(target, &blocks);
	if (FAILED(result))
		return result;
	*size = processor->context_size;
	*context = malloc(*size);
	if (!*context)
		return E_OUTOFMEMORY;
	tmi_dbgeng_fill_context(processor, &blocks, *context);
	return S_OK;
}

static HRESULT get_thread_context(IDebugAdvanced4 *This, PVOID Context, ULONG ContextSize)
{
	struct tmi_dbgeng_call call;
	UCHAR *context;
	ULONG size;
	HRESULT result;

	if (!Context)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = make_context(call.target, &context, &size);
	if (SUCCEEDED(result) && ContextSize < size)
		result = E_INVALIDARG;
	if (SUCCEEDED(result))
		memcpy(Context, context, size);
	free(context);
	return tmi_dbgeng_leave(&call, result);
}

/* What Request was given. */
struct request {
	struct tmi_dbgeng_call *call;
	PVOID out;
	ULONG out_size;
	PULONG needed;
};

/*
 * The thread that a stored event belongs to: the first one of a core, which the kernel writes
 * before the others because it took the signal.
 */
static HRESULT event_thread(const struct tmi_dbgeng_call *call, struct tmi_dbgeng_thread *thread)
{
	struct tmi_dbgeng_threads threads;
	HRESULT result;

	if (call->system->kernel || call->system->live)
		return E_NOINTERFACE;
	result = tmi_dbgeng_list_threads(call->system, &threads);
	if (SUCCEEDED(result) && !threads.count)
		result = E_NOINTERFACE;
	if (SUCCEEDED(result))
		*thread = threads.rows[0];
	free(threads.rows);
	return result;
}

static HRESULT exception_thread(const struct request *request)
{
	struct tmi_dbgeng_thread thread;
	HRESULT result = event_thread(request->call, &thread);

	if (FAILED(result))
		return result;
	return tmi_dbgeng_return_bytes(&thread.system_id, sizeof(thread.system_id), request->out,
				       request->out_size, request->needed);
}

/* Reads through a handle of its own: what is current stays so. */
static HRESULT exception_context(const struct request *request)
{
	struct tmi_dbgeng_thread thread;
	tmem_target *handle = NULL;
	UCHAR *context = NULL;
	ULONG size = 0;
	HRESULT result = event_thread(request->call, &thread);

	if (SUCCEEDED(result))
		result = tmi_dbgeng_result(tmem_target_dup(request->call->target, &handle));
	if (SUCCEEDED(result))
		result = tmi_dbgeng_result(tmem_set_current_process_id(handle, thread.process));
	if (SUCCEEDED(result))
		result = tmi_dbgeng_result(tmem_set_current_thread_id(handle, thread.id));
	if (SUCCEEDED(result))
		result = make_context(handle, &context, &size);
	if (SUCCEEDED(result))
		result = tmi_dbgeng_return_bytes(context, size, request->out, request->out_size,
						 request->needed);
	free(context);
	tmem_close(handle);
	return result;
}

static HRESULT can_detach(const struct request *request)
{
	const struct tmi_dbgeng_system *system = request->call->system;

	return system->live && !system->kernel ? S_OK : S_FALSE;
}

static HRESULT non_invasive(const struct request *request)
{
	const struct tmi_dbgeng_system *system = request->call->system;

	if (!system->live || system->kernel)
		return E_FAIL;
	return system->attach_flags & DEBUG_ATTACH_NONINVASIVE ? S_OK : S_FALSE;
}

static const struct {
	ULONG code;
	HRESULT (*answer)(const struct request *request);
} answers[] = {
	{ DEBUG_REQUEST_TARGET_EXCEPTION_CONTEXT, exception_context },
	{ DEBUG_REQUEST_TARGET_EXCEPTION_THREAD, exception_thread },
	{ DEBUG_REQUEST_TARGET_CAN_DETACH, can_detach },
	{ DEBUG_LIVE_USER_NON_INVASIVE, non_invasive },
};

/* None of the requests takes an input, so nothing is read from InBuffer. */
static HRESULT answer_request(IDebugAdvanced4 *This, ULONG Request, PVOID InBuffer,
			      ULONG InBufferSize, PVOID OutBuffer, ULONG OutBufferSize,
			      PULONG OutSize)
{
	struct tmi_dbgeng_call call;
	struct request given = { &call, OutBuffer, OutBufferSize, OutSize };
	HRESULT result;

	(void)InBuffer;
	(void)InBufferSize;
	if (OutSize)
		*OutSize = 0;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (answers[i].code != Request)
			continue;
		result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
		return FAILED(result) ? result : tmi_dbgeng_leave(&call, answers[i].answer(&given));
	}
	return E_NOTIMPL;
}

const IDebugAdvanced4Vtbl tmi_dbgeng_part_advanced = {
	.GetThreadContext = get_thread_context,
	.Request = answer_request,
};
