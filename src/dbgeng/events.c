/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.c - telling clients of changes: from tmem into the queue, and from there to callbacks.
 *
 * An event belongs to every client of the session whose interest mask has it. It is told on the
 * thread whose call made the change, after the change, with no lock held.
 */
#include <stdlib.h>

#include "dbgeng/client.h"
#include "dbgeng/output.h"

/* A registered callback object, with a reference of the delivery's own. */
struct tmi_dbgeng_receiver {
	struct tmi_dbgeng_client *client; /* referenced too */
	IDebugEventCallbacks *events;     /* this, or */
	IDebugEventCallbacksWide *wide;
	ULONG interest;
};

void tmi_dbgeng_queue_event(struct tmi_dbgeng_session *session, ULONG kind, ULONG flags,
			    ULONG64 argument)
{
	if (session->event_count == session->event_room) {
		size_t room = session->event_room ? 2 * session->event_room : 8;
		struct tmi_dbgeng_event *events = realloc(session->events, room * sizeof(*events));

		if (!events)
			return;
		session->events = events;
		session->event_room = room;
	}
	session->events[session->event_count++] =
		(struct tmi_dbgeng_event){ kind, flags, argument };
}

void tmi_dbgeng_set_status(struct tmi_dbgeng_session *session, ULONG status)
{
	if (atomic_exchange(&session->status, status) != status)
		tmi_dbgeng_queue_event(session, DEBUG_EVENT_CHANGE_ENGINE_STATE,
				       DEBUG_CES_EXECUTION_STATUS, status);
}

static void add_receiver(struct tmi_dbgeng_delivery *delivery, struct tmi_dbgeng_client *client)
{
	struct tmi_dbgeng_receiver *receiver = &delivery->receivers[delivery->receiver_count];

	if (client->disabled || (!client->events && !client->events_wide) ||
	    !tmi_dbgeng_client_keep(client))
		return;
	*receiver = (struct tmi_dbgeng_receiver){ client, client->events, client->events_wide,
						  client->interest };
	if (receiver->events)
		receiver->events->lpVtbl->AddRef(receiver->events);
	else
		receiver->wide->lpVtbl->AddRef(receiver->wide);
	delivery->receiver_count++;
}

void tmi_dbgeng_events_take(struct tmi_dbgeng_session *session,
			    struct tmi_dbgeng_delivery *delivery)
{
	size_t clients = 0;

	delivery->events = session->events;
	delivery->event_count = session->event_count;
	session->events = NULL;
	session->event_count = 0;
	session->event_room = 0;
	for (struct tmi_dbgeng_client *client = session->clients; client; client = client->next)
		clients++;
	delivery->receivers = calloc(clients, sizeof(*delivery->receivers));
	if (!delivery->receivers)
		return;
	for (struct tmi_dbgeng_client *client = session->clients; client; client = client->next)
		add_receiver(delivery, client);
}

#define CALL(receiver, method, ...)                                                                \
	((receiver)->events ? (receiver)->events->lpVtbl->method((receiver)->events, __VA_ARGS__)  \
			    : (receiver)->wide->lpVtbl->method((receiver)->wide, __VA_ARGS__))

static HRESULT call_receiver(const struct tmi_dbgeng_receiver *receiver,
			     const struct tmi_dbgeng_event *event)
{
	switch (event->kind) {
	case DEBUG_EVENT_SESSION_STATUS: return CALL(receiver, SessionStatus, event->flags);
	case DEBUG_EVENT_CHANGE_DEBUGGEE_STATE:
		return CALL(receiver, ChangeDebuggeeState, event->flags, event->argument);
	case DEBUG_EVENT_CHANGE_ENGINE_STATE:
		return CALL(receiver, ChangeEngineState, event->flags, event->argument);
	default: return CALL(receiver, ChangeSymbolState, event->flags, event->argument);
	}
}

static void disable(struct tmi_dbgeng_client *client)
{
	pthread_mutex_lock(&client->session->lock);
	client->disabled = true;
	pthread_mutex_unlock(&client->session->lock);
}

static void tell(struct tmi_dbgeng_receiver *receiver, const struct tmi_dbgeng_event *event)
{
	HRESULT result;

	if (!(receiver->interest & event->kind))
		return;
	tmi_dbgeng_callback_begin();
	result = call_receiver(receiver, event);
	tmi_dbgeng_callback_end();
	if (tmi_dbgeng_is_rpc_error(result)) {
		disable(receiver->client);
		receiver->interest = 0;
	}
}

void tmi_dbgeng_events_tell(struct tmi_dbgeng_delivery *delivery)
{
	for (size_t i = 0; i < delivery->event_count; i++) {
		for (size_t k = 0; k < delivery->receiver_count; k++)
			tell(&delivery->receivers[k], &delivery->events[i]);
	}
	for (size_t k = 0; k < delivery->receiver_count; k++) {
		struct tmi_dbgeng_receiver *receiver = &delivery->receivers[k];

		if (receiver->events)
			receiver->events->lpVtbl->Release(receiver->events);
		else
			receiver->wide->lpVtbl->Release(receiver->wide);
		tmi_dbgeng_client_release(receiver->client);
	}
	free(delivery->receivers);
	free(delivery->events);
}

static void on_debuggee_state(void *context, uint32_t flags, uint64_t argument)
{
	struct tmi_dbgeng_session *session = ((struct tmi_dbgeng_system *)context)->session;

	pthread_mutex_lock(&session->lock);
	tmi_dbgeng_queue_event(session, DEBUG_EVENT_CHANGE_DEBUGGEE_STATE, flags, argument);
	pthread_mutex_unlock(&session->lock);
}

static void on_engine_state(void *context, uint32_t flags, uint64_t argument)
{
	struct tmi_dbgeng_system *system = context;
	struct tmi_dbgeng_session *session = system->session;

	pthread_mutex_lock(&session->lock);
	if (flags == TMEM_CES_EXECUTION_STATUS)
		tmi_dbgeng_set_status(session, (ULONG)argument);
	else
		tmi_dbgeng_queue_event(
			session, DEBUG_EVENT_CHANGE_ENGINE_STATE, flags,
			tmi_dbgeng_engine_id(session, TMI_DBGENG_THREAD, system, (ULONG)argument));
	pthread_mutex_unlock(&session->lock);
}

void tmi_dbgeng_listen(struct tmi_dbgeng_system *system)
{
	struct tmem_event_callbacks callbacks = {
		.size = sizeof(callbacks),
		.interest_mask = TMEM_EVENT_CHANGE_DEBUGGEE_STATE | TMEM_EVENT_CHANGE_ENGINE_STATE,
		.context = system,
		.change_debuggee_state = on_debuggee_state,
		.change_engine_state = on_engine_state,
	};

	tmem_set_event_callbacks(system->target, &callbacks);
}
