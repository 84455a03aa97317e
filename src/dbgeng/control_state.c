/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control_state.c - the state of the session: interrupts, execution status, engine options, kind of
 * target, last event.
 *
 * Interrupts, status and options are answered at once, whatever another thread's call is doing.
 */
#include <stdio.h>
#include <string.h>

#include "dbgeng/attached.h"
#include "dbgeng/client.h"
#include "dbgeng/text.h"

#define STATUS_BREAKPOINT 0x80000003u

static struct tmi_dbgeng_session *session_of(IDebugControl7 *This)
{
	return tmi_dbgeng_client_of(This)->session;
}

/* --- interrupts --- */

/* Takes the interrupt, unless a search has been stopped by it; the wake_lock is held. */
static bool take_interrupt(struct tmi_dbgeng_session *session)
{
	tmem_target *target = session->current ? session->current->target : NULL;
	bool pending = session->interrupted;

	session->interrupted = false;
	if (pending && target && target == session->interrupted_target)
		pending = tmem_get_interrupt(target) == TMEM_S_OK;
	return pending;
}

static HRESULT get_interrupt(IDebugControl7 *This)
{
	struct tmi_dbgeng_session *session;
	HRESULT result;

	if (!This)
		return E_INVALIDARG;
	session = session_of(This);
	pthread_mutex_lock(&session->wake_lock);
	result = take_interrupt(session) ? S_OK : S_FALSE;
	pthread_mutex_unlock(&session->wake_lock);
	return result;
}

/* A search or fill stops, an opening too; a wait breaks in (ACTIVE) or ends (EXIT). */
static HRESULT set_interrupt(IDebugControl7 *This, ULONG Flags)
{
	struct tmi_dbgeng_session *session;

	if (!This || Flags > DEBUG_INTERRUPT_EXIT)
		return E_INVALIDARG;
	session = session_of(This);
	pthread_mutex_lock(&session->wake_lock);
	if (Flags == DEBUG_INTERRUPT_EXIT) {
		session->exit_interrupt = true;
	} else {
		session->interrupted = true;
		session->break_in |= Flags == DEBUG_INTERRUPT_ACTIVE;
		__atomic_store_n(&session->stop_opening, 1, __ATOMIC_RELAXED);
		session->interrupted_target = session->current ? session->current->target : NULL;
		if (session->current)
			tmem_set_interrupt(session->current->target);
	}
	pthread_cond_broadcast(&session->wake);
	pthread_mutex_unlock(&session->wake_lock);
	return S_OK;
}

static HRESULT get_interrupt_timeout(IDebugControl7 *This, PULONG Seconds)
{
	if (!This || !Seconds)
		return E_INVALIDARG;
	*Seconds = atomic_load(&session_of(This)->interrupt_timeout);
	return S_OK;
}

static HRESULT set_interrupt_timeout(IDebugControl7 *This, ULONG Seconds)
{
	if (!This)
		return E_INVALIDARG;
	atomic_store(&session_of(This)->interrupt_timeout, Seconds);
	return S_OK;
}

/* --- execution status --- */

static HRESULT get_execution_status(IDebugControl7 *This, PULONG Status)
{
	if (!This || !Status)
		return E_INVALIDARG;
	*Status = atomic_load(&session_of(This)->status);
	return S_OK;
}

static HRESULT check_wish(ULONG status)
{
	switch (status) {
	case DEBUG_STATUS_GO:
	case DEBUG_STATUS_GO_HANDLED:
	case DEBUG_STATUS_GO_NOT_HANDLED: return S_OK;
	case DEBUG_STATUS_STEP_OVER:
	case DEBUG_STATUS_STEP_INTO:
	case DEBUG_STATUS_STEP_BRANCH: return E_NOTIMPL;
	default: return E_INVALIDARG;
	}
}

static bool can_run(const struct tmi_dbgeng_session *session)
{
	for (const struct tmi_dbgeng_system *one = session->systems; one; one = one->next) {
		if (one->ready && one->live && (one->kernel || one->suspends))
			return true;
	}
	return false;
}

/* The wish is noted; WaitForEvent lets the target run. */
static HRESULT set_execution_status(IDebugControl7 *This, ULONG Status)
{
	struct tmi_dbgeng_call call;
	HRESULT result = check_wish(Status);

	if (SUCCEEDED(result))
		result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET | TMI_DBGENG_CHANGES, &call);
	if (FAILED(result))
		return result;
	if (!can_run(call.session))
		result = E_UNEXPECTED;
	else if (atomic_load(&call.session->status) != DEBUG_STATUS_BREAK)
		result = E_ACCESSDENIED;
	else
		tmi_dbgeng_set_status(call.session, Status);
	return tmi_dbgeng_leave(&call, result);
}

/* --- engine options --- */

static HRESULT check_options(ULONG before, ULONG after)
{
	if ((after & DEBUG_ENGOPT_NETWORK_PATHS) == DEBUG_ENGOPT_NETWORK_PATHS)
		return E_INVALIDARG;
	return before & ~after & DEBUG_ENGOPT_DISALLOW_SHELL_COMMANDS ? E_ACCESSDENIED : S_OK;
}

/*
 * Tells of new options: at once when another thread's call holds the session. The lock is
 * recursive: having it lets a call begin without waiting, and inside of one its end tells.
 */
static void tell_options(IDebugControl7 *This, ULONG options)
{
	const struct tmi_dbgeng_event event = { DEBUG_EVENT_CHANGE_ENGINE_STATE,
						DEBUG_CES_ENGINE_OPTIONS, options };
	struct tmi_dbgeng_session *session = session_of(This);
	struct tmi_dbgeng_call call;

	if (pthread_mutex_trylock(&session->lock)) {
		tmi_dbgeng_events_tell_now(session, &event);
		return;
	}
	tmi_dbgeng_enter(This, 0, &call);
	pthread_mutex_unlock(&session->lock);
	tmi_dbgeng_queue_event(session, event.kind, event.flags, event.argument);
	tmi_dbgeng_leave(&call, S_OK);
}

/* The options become (old & @keep) | @set. */
static HRESULT change_options(IDebugControl7 *This, ULONG keep, ULONG set)
{
	_Atomic ULONG *options;
	ULONG before, after;
	HRESULT result;

	if (!This || set & ~(ULONG)DEBUG_ENGOPT_ALL)
		return E_INVALIDARG;
	options = &session_of(This)->options;
	before = atomic_load(options);
	do {
		after = (before & keep) | set;
		result = check_options(before, after);
		if (FAILED(result))
			return result;
	} while (!atomic_compare_exchange_weak(options, &before, after));
	if (after != before)
		tell_options(This, after);
	return S_OK;
}

static HRESULT get_engine_options(IDebugControl7 *This, PULONG Options)
{
	if (!This || !Options)
		return E_INVALIDARG;
	*Options = atomic_load(&session_of(This)->options);
	return S_OK;
}

static HRESULT add_engine_options(IDebugControl7 *This, ULONG Options)
{
	return change_options(This, ~(ULONG)0, Options);
}

static HRESULT remove_engine_options(IDebugControl7 *This, ULONG Options)
{
	return change_options(This, ~Options, 0);
}

static HRESULT set_engine_options(IDebugControl7 *This, ULONG Options)
{
	return change_options(This, 0, Options);
}

/* --- kind of target --- */

/* A dump file may leave pages out; an image of memory is all of it. */
static ULONG qualifier_of(const struct tmi_dbgeng_system *system)
{
	struct tmem_description description = { .size = sizeof(description) };

	if (system->live)
		return system->kernel ? DEBUG_KERNEL_CONNECTION : DEBUG_USER_WINDOWS_PROCESS;
	if (!system->kernel)
		return DEBUG_USER_WINDOWS_DUMP;
	tmem_describe(system->target, &description);
	return strcmp(description.kind, "image") ? DEBUG_KERNEL_DUMP : DEBUG_KERNEL_FULL_DUMP;
}

static HRESULT get_debuggee_type(IDebugControl7 *This, PULONG Class, PULONG Qualifier)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (Class)
		*Class = DEBUG_CLASS_UNINITIALIZED;
	if (Qualifier)
		*Qualifier = 0;
	if (!Class || !Qualifier)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, 0, &call);
	if (FAILED(result))
		return result;
	if (call.system) {
		*Class = call.system->kernel ? DEBUG_CLASS_KERNEL : DEBUG_CLASS_USER_WINDOWS;
		*Qualifier = qualifier_of(call.system);
	}
	return tmi_dbgeng_leave(&call, S_OK);
}

/* Flags 1 says that the engine shall not wait; it never does. */
static HRESULT get_debuggee_type2(IDebugControl7 *This, ULONG Flags, PULONG Class, PULONG Qualifier)
{
	return Flags <= 1 ? get_debuggee_type(This, Class, Qualifier) : E_INVALIDARG;
}

/* --- the last event --- */

struct last_event {
	struct tmi_dbgeng_call call;
	DEBUG_LAST_EVENT_INFO_EXCEPTION exception;
	size_t extra_size; /* of exception, 0 = none */
	char description[96];
};

static ULONG event_system_id(const struct tmi_dbgeng_session *session)
{
	struct tmi_dbgeng_system *system;
	struct tmi_dbgeng_attached *attached = NULL;
	ULONG process;

	if (tmi_dbgeng_tmem_id((struct tmi_dbgeng_session *)session, TMI_DBGENG_PROCESS,
			       session->event_process, &system, &process))
		attached = tmi_dbgeng_attached_find(system, process);
	return attached ? attached->system_id : 0;
}

static void describe_event(struct last_event *event)
{
	const struct tmi_dbgeng_session *session = event->call.session;

	if (session->last_event == DEBUG_EVENT_EXCEPTION) {
		event->exception.ExceptionRecord.ExceptionCode = STATUS_BREAKPOINT;
		event->exception.ExceptionRecord.ExceptionAddress = session->event_offset;
		event->exception.FirstChance = 1;
		event->extra_size = sizeof(event->exception);
		snprintf(event->description, sizeof(event->description),
			 "Break instruction exception - code %x (first chance)", STATUS_BREAKPOINT);
	} else if (session->last_event == DEBUG_EVENT_CREATE_PROCESS) {
		snprintf(event->description, sizeof(event->description), "Create process %x:%x",
			 session->event_process, event_system_id(session));
	}
}

/* What the last event was; the call goes on when this succeeds. */
static HRESULT enter_event(IDebugControl7 *This, PULONG type, PULONG process, PULONG thread,
			   struct last_event *event)
{
	HRESULT result;

	memset(event, 0, sizeof(*event));
	if (!type || !process || !thread)
		return E_INVALIDARG;
	*type = 0;
	*process = *thread = DEBUG_ANY_ID;
	result = tmi_dbgeng_enter(This, 0, &event->call);
	if (FAILED(result))
		return result;
	*type = event->call.session->last_event;
	*process = event->call.session->event_process;
	*thread = event->call.session->event_thread;
	describe_event(event);
	return S_OK;
}

static HRESULT get_last_event_information(IDebugControl7 *This, PULONG Type, PULONG ProcessId,
					  PULONG ThreadId, PVOID ExtraInformation,
					  ULONG ExtraInformationSize, PULONG ExtraInformationUsed,
					  PSTR Description, ULONG DescriptionSize,
					  PULONG DescriptionUsed)
{
	struct last_event event;
	HRESULT result, extra, text;

	tmi_dbgeng_zero(ExtraInformationUsed);
	tmi_dbgeng_zero(DescriptionUsed);
	result = enter_event(This, Type, ProcessId, ThreadId, &event);
	if (FAILED(result))
		return result;
	extra = tmi_dbgeng_return_bytes(&event.exception, event.extra_size, ExtraInformation,
					ExtraInformationSize, ExtraInformationUsed);
	text = tmi_dbgeng_return_text(event.description, Description, DescriptionSize,
				      DescriptionUsed);
	return tmi_dbgeng_leave(&event.call, tmi_dbgeng_worse(extra, text));
}

static HRESULT get_last_event_information_wide(IDebugControl7 *This, PULONG Type, PULONG ProcessId,
					       PULONG ThreadId, PVOID ExtraInformation,
					       ULONG ExtraInformationSize,
					       PULONG ExtraInformationUsed, PWSTR Description,
					       ULONG DescriptionSize, PULONG DescriptionUsed)
{
	struct last_event event;
	HRESULT result, extra, text;

	tmi_dbgeng_zero(ExtraInformationUsed);
	tmi_dbgeng_zero(DescriptionUsed);
	result = enter_event(This, Type, ProcessId, ThreadId, &event);
	if (FAILED(result))
		return result;
	extra = tmi_dbgeng_return_bytes(&event.exception, event.extra_size, ExtraInformation,
					ExtraInformationSize, ExtraInformationUsed);
	text = tmi_dbgeng_return_text_wide(event.description, Description, DescriptionSize,
					   DescriptionUsed);
	return tmi_dbgeng_leave(&event.call, tmi_dbgeng_worse(extra, text));
}

/* No target keeps an event: a core has the signals of its threads, which are registers' business.
 */
static HRESULT get_stored_event_information(IDebugControl7 *This, PULONG Type, PULONG ProcessId,
					    PULONG ThreadId, PVOID Context, ULONG ContextSize,
					    PULONG ContextUsed, PVOID ExtraInformation,
					    ULONG ExtraInformationSize, PULONG ExtraInformationUsed)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	tmi_dbgeng_zero(ContextUsed);
	tmi_dbgeng_zero(ExtraInformationUsed);
	if (!Type || !ProcessId || !ThreadId)
		return E_INVALIDARG;
	*Type = 0;
	*ProcessId = *ThreadId = DEBUG_ANY_ID;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	return FAILED(result) ? result : tmi_dbgeng_leave(&call, E_NOINTERFACE);
}

const IDebugControl7Vtbl tmi_dbgeng_part_control_state = {
	.GetInterrupt = get_interrupt,
	.SetInterrupt = set_interrupt,
	.GetInterruptTimeout = get_interrupt_timeout,
	.SetInterruptTimeout = set_interrupt_timeout,
	.GetExecutionStatus = get_execution_status,
	.GetExecutionStatusEx = get_execution_status,
	.SetExecutionStatus = set_execution_status,
	.GetEngineOptions = get_engine_options,
	.AddEngineOptions = add_engine_options,
	.RemoveEngineOptions = remove_engine_options,
	.SetEngineOptions = set_engine_options,
	.GetDebuggeeType = get_debuggee_type,
	.GetDebuggeeType2 = get_debuggee_type2,
	.GetLastEventInformation = get_last_event_information,
	.GetLastEventInformationWide = get_last_event_information_wide,
	.GetStoredEventInformation = get_stored_event_information,
};
