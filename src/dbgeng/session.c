/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - one call at a time, and what it needs. */
#include "dbgeng/session.h"

#include <stdlib.h>

#include "dbgeng/attached.h"
#include "dbgeng/client.h"

static _Thread_local unsigned callbacks; /* of clients that run on this thread */

bool tmi_dbgeng_in_callback(void)
{
	return callbacks > 0;
}

void tmi_dbgeng_callback_begin(void)
{
	callbacks++;
}

void tmi_dbgeng_callback_end(void)
{
	callbacks--;
}

static HRESULT check_needs(const struct tmi_dbgeng_call *call, unsigned needs)
{
	if (!(needs & TMI_DBGENG_TARGET))
		return S_OK;
	if (!call->system)
		return E_UNEXPECTED;
	if (((needs & TMI_DBGENG_USER) && call->system->kernel) ||
	    ((needs & TMI_DBGENG_KERNEL) && !call->system->kernel))
		return E_UNEXPECTED;
	return S_OK;
}

HRESULT tmi_dbgeng_enter(void *object, unsigned needs, struct tmi_dbgeng_call *call)
{
	HRESULT result;

	*call = (struct tmi_dbgeng_call){ 0 };
	if (!object)
		return E_INVALIDARG;
	if ((needs & TMI_DBGENG_CHANGES) && tmi_dbgeng_in_callback())
		return E_UNEXPECTED;
	call->client = tmi_dbgeng_client_of(object);
	call->session = call->client->session;
	/* A callback may release the client during the call. */
	tmi_dbgeng_client_pin(call->client);
	pthread_mutex_lock(&call->session->lock);
	call->session->depth++;
	call->system = call->session->current;
	call->target = call->system ? call->system->target : NULL;
	result = check_needs(call, needs);
	return FAILED(result) ? tmi_dbgeng_leave(call, result) : S_OK;
}

HRESULT tmi_dbgeng_leave(struct tmi_dbgeng_call *call, HRESULT result)
{
	struct tmi_dbgeng_delivery delivery = { 0 };
	struct tmi_dbgeng_session *session = call->session;

	if (session->depth == 1 && session->event_count > 0)
		tmi_dbgeng_events_take(session, &delivery);
	session->depth--;
	pthread_mutex_unlock(&session->lock);
	tmi_dbgeng_events_tell(&delivery);
	tmi_dbgeng_client_unpin(call->client);
	return result;
}

struct tmi_dbgeng_session *tmi_dbgeng_session_new(void)
{
	struct tmi_dbgeng_session *session = calloc(1, sizeof(*session));
	pthread_mutexattr_t recursive;
	pthread_condattr_t monotonic;

	if (!session)
		return NULL;
	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&session->lock, &recursive);
	pthread_mutexattr_destroy(&recursive);
	pthread_mutex_init(&session->wake_lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&session->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	atomic_init(&session->status, DEBUG_STATUS_NO_DEBUGGEE);
	session->log_mask = TMI_DBGENG_OUTPUT_DEFAULT;
	session->symbol_options = SYMOPT_CASE_INSENSITIVE | SYMOPT_UNDNAME | SYMOPT_DEFERRED_LOADS |
				  SYMOPT_OMAP_FIND_NEAREST | SYMOPT_FAIL_CRITICAL_ERRORS |
				  SYMOPT_AUTO_PUBLICS | SYMOPT_NO_IMAGE_SEARCH;
	session->event_system = DEBUG_ANY_ID;
	session->event_process = DEBUG_ANY_ID;
	session->event_thread = DEBUG_ANY_ID;
	return session;
}

void tmi_dbgeng_session_free(struct tmi_dbgeng_session *session)
{
	pthread_mutex_lock(&session->lock);
	tmi_dbgeng_attached_end(session);
	while (session->systems)
		tmi_dbgeng_system_remove(session, session->systems, DEBUG_SESSION_END);
	pthread_mutex_unlock(&session->lock);
	for (unsigned kind = 0; kind < TMI_DBGENG_ID_KINDS; kind++)
		free(session->ids[kind].blocks);
	for (unsigned kind = 0; kind < TMI_DBGENG_PATHS; kind++)
		free(session->paths[kind]);
	tmi_dbgeng_log_close(session);
	free(session->events);
	free(session->kernel_options);
	pthread_cond_destroy(&session->wake);
	pthread_mutex_destroy(&session->wake_lock);
	pthread_mutex_destroy(&session->lock);
	free(session);
}
