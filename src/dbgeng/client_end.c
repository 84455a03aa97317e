/* SPDX-License-Identifier: Apache-2.0 */
/* client_end.c - detaching and ending: processes, the session; waiting for callbacks. */
#include <errno.h>
#include <time.h>

#include "dbgeng/attached.h"
#include "dbgeng/client.h"

#define STILL_ACTIVE 259u

/* --- all targets --- */

static void terminate_system(const struct tmi_dbgeng_system *system)
{
	for (const struct tmi_dbgeng_attached *one = system->session->attached; one;
	     one = one->next) {
		if (one->system == system)
			tmi_dbgeng_attached_terminate(one);
	}
}

/* How targets go. */
struct farewell {
	bool terminate; /* processes are ended */
	bool kernels;   /* targets in kernel mode go too, and those that were only begun */
	ULONG end;      /* DEBUG_SESSION_ */
};

static bool goes(const struct tmi_dbgeng_system *system, const struct farewell *farewell)
{
	return farewell->kernels || (system->target && !system->kernel);
}

static void end_systems(struct tmi_dbgeng_session *session, const struct farewell *farewell)
{
	struct tmi_dbgeng_system *system = session->systems, *next;

	for (; system; system = next) {
		next = system->next;
		if (!goes(system, farewell))
			continue;
		if (farewell->terminate)
			terminate_system(system);
		tmi_dbgeng_system_remove(session, system, farewell->end);
	}
}

static HRESULT leave_all(IDebugClient7 *This, const struct farewell *farewell)
{
	struct tmi_dbgeng_call call;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_CHANGES, &call);

	if (FAILED(result))
		return result;
	end_systems(call.session, farewell);
	return tmi_dbgeng_leave(&call, S_OK);
}

static HRESULT terminate_processes(IDebugClient7 *This)
{
	return leave_all(This, &(struct farewell){
				       .terminate = true,
				       .end = DEBUG_SESSION_END_SESSION_ACTIVE_TERMINATE,
			       });
}

static HRESULT detach_processes(IDebugClient7 *This)
{
	return leave_all(This, &(struct farewell){
				       .end = DEBUG_SESSION_END_SESSION_ACTIVE_DETACH,
			       });
}

/* There is nothing on Linux that a passive end could leave behind: it detaches too. */
static HRESULT end_session(IDebugClient7 *This, ULONG Flags)
{
	struct farewell farewell = { .kernels = true };

	switch (Flags) {
	case DEBUG_END_PASSIVE:
	case DEBUG_END_REENTRANT: farewell.end = DEBUG_SESSION_END_SESSION_PASSIVE; break;
	case DEBUG_END_ACTIVE_TERMINATE:
		farewell.end = DEBUG_SESSION_END_SESSION_ACTIVE_TERMINATE;
		farewell.terminate = true;
		break;
	case DEBUG_END_ACTIVE_DETACH: farewell.end = DEBUG_SESSION_END_SESSION_ACTIVE_DETACH; break;
	case DEBUG_END_DISCONNECT: /* no client of a session is remote */
		return This ? S_OK : E_INVALIDARG;
	default: return E_INVALIDARG;
	}
	return leave_all(This, &farewell);
}

/* --- the current process --- */

/* The current process leaves; a target that is no live process goes as a whole. */
static HRESULT leave_current(IDebugClient7 *This, bool terminate, ULONG end)
{
	struct tmi_dbgeng_attached *attached;
	struct tmi_dbgeng_call call;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_CHANGES | TMI_DBGENG_TARGET, &call);

	if (FAILED(result))
		return result;
	if (call.system->kernel)
		return tmi_dbgeng_leave(&call, E_NOTIMPL);
	attached = tmi_dbgeng_attached_current(call.session);
	if (attached && terminate)
		tmi_dbgeng_attached_terminate(attached);
	if (attached)
		tmi_dbgeng_attached_leave(attached, end);
	else
		tmi_dbgeng_system_remove(call.session, call.system, end);
	return tmi_dbgeng_leave(&call, S_OK);
}

static HRESULT terminate_current_process(IDebugClient7 *This)
{
	return leave_current(This, true, DEBUG_SESSION_END_SESSION_ACTIVE_TERMINATE);
}

static HRESULT detach_current_process(IDebugClient7 *This)
{
	return leave_current(This, false, DEBUG_SESSION_END_SESSION_ACTIVE_DETACH);
}

/* Linux tells the exit code of a process to its parent only. */
static HRESULT get_exit_code(IDebugClient7 *This, PULONG Code)
{
	struct tmi_dbgeng_attached *attached;
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!Code)
		return E_INVALIDARG;
	*Code = 0;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET | TMI_DBGENG_USER, &call);
	if (FAILED(result))
		return result;
	attached = tmi_dbgeng_attached_current(call.session);
	if (!attached || tmi_dbgeng_attached_gone(attached))
		return tmi_dbgeng_leave(&call, E_UNEXPECTED);
	*Code = STILL_ACTIVE;
	return tmi_dbgeng_leave(&call, S_OK);
}

/* --- waiting for callbacks --- */

/*
 * Callbacks run on the thread that causes them, so there is nothing to dispatch: a thread that
 * waits here does nothing until another one calls ExitDispatch or releases the client.
 */
static HRESULT wait_for_exit(struct tmi_dbgeng_client *client, ULONG timeout)
{
	struct tmi_dbgeng_session *session = client->session;
	struct timespec until;
	int error = 0;
	bool ended;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout / 1000;
	until.tv_nsec += (long)(timeout % 1000) * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&session->wake_lock);
	while (!client->exit_dispatch && !tmi_dbgeng_client_is_released(client) &&
	       error != ETIMEDOUT)
		error = timeout == INFINITE ? pthread_cond_wait(&session->wake, &session->wake_lock)
					    : pthread_cond_timedwait(&session->wake,
								     &session->wake_lock, &until);
	ended = client->exit_dispatch;
	client->exit_dispatch = false;
	pthread_mutex_unlock(&session->wake_lock);
	if (!ended && tmi_dbgeng_client_is_released(client))
		return E_UNEXPECTED;
	return ended ? S_OK : S_FALSE;
}

static HRESULT dispatch_callbacks(IDebugClient7 *This, ULONG Timeout)
{
	struct tmi_dbgeng_client *client;
	HRESULT result;

	if (!This)
		return E_INVALIDARG;
	if (tmi_dbgeng_in_callback())
		return E_UNEXPECTED;
	client = tmi_dbgeng_client_of(This);
	tmi_dbgeng_client_pin(client);
	result = wait_for_exit(client, Timeout);
	tmi_dbgeng_client_unpin(client);
	return result;
}

/* @Client is the one whose DispatchCallbacks returns, now or when it is called next. */
static HRESULT exit_dispatch(IDebugClient7 *This, PDEBUG_CLIENT Client)
{
	struct tmi_dbgeng_session *session;
	struct tmi_dbgeng_client *client;

	if (!This || !tmi_dbgeng_is_client(Client))
		return E_INVALIDARG;
	session = tmi_dbgeng_client_of(This)->session;
	client = tmi_dbgeng_client_of(Client);
	if (client->session != session)
		return E_INVALIDARG;
	pthread_mutex_lock(&session->wake_lock);
	client->exit_dispatch = true;
	pthread_cond_broadcast(&session->wake);
	pthread_mutex_unlock(&session->wake_lock);
	return S_OK;
}

const IDebugClient7Vtbl tmi_dbgeng_part_client_end = {
	.TerminateProcesses = terminate_processes,
	.DetachProcesses = detach_processes,
	.EndSession = end_session,
	.TerminateCurrentProcess = terminate_current_process,
	.DetachCurrentProcess = detach_current_process,
	.GetExitCode = get_exit_code,
	.DispatchCallbacks = dispatch_callbacks,
	.ExitDispatch = exit_dispatch,
};
