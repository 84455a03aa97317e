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

/* Pins every client that has not been released yet. */
static void take_clients(struct tmi_dbgeng_session *session, struct tmi_dbgeng_delivery *delivery)
{
	size_t count = 0;

	pthread_mutex_lock(&session->wake_lock);
	for (struct tmi_dbgeng_client *client = session->clients; client; client = client->next)
		count++;
	delivery->clients = calloc(count ? count : 1, sizeof(struct tmi_dbgeng_client *));
	for (struct tmi_dbgeng_client *client = session->clients; client && delivery->clients;
	     client = client->next) {
		if (tmi_dbgeng_client_keep(client))
			delivery->clients[delivery->client_count++] = client;
	}
	pthread_mutex_unlock(&session->wake_lock);
}

void tmi_dbgeng_events_take(struct tmi_dbgeng_session *session,
			    struct tmi_dbgeng_delivery *delivery)
{
	delivery->events = session->events;
	delivery->event_count = session->event_count;
	session->events = NULL;
	session->event_count = 0;
	session->event_room = 0;
	take_clients(session, delivery);
}

/* A registered callback object, which stays registered and alive until end_telling(). */
struct receiver {
	IDebugEventCallbacks *events; /* this, or */
	IDebugEventCallbacksWide *wide;
};

/* False when the client is not registered, or not for this kind of event, or gone. */
static bool begin_telling(struct tmi_dbgeng_client *client, ULONG kind, struct receiver *receiver)
{
	bool wanted;

	pthread_mutex_lock(&client->session->wake_lock);
	*receiver = (struct receiver){ client->events, client->events_wide };
	wanted = (receiver->events || receiver->wide) && (client->interest & kind) &&
		 !client->disabled && !tmi_dbgeng_client_is_released(client);
	client->told += wanted;
	pthread_mutex_unlock(&client->session->wake_lock);
	return wanted;
}

/* @result: what the callback answered; nobody asks one again whose process is gone. */
static void end_telling(struct tmi_dbgeng_client *client, const struct receiver *receiver,
			HRESULT result)
{
	pthread_mutex_lock(&client->session->wake_lock);
	if (tmi_dbgeng_is_rpc_error(result) && client->events == receiver->events &&
	    client->events_wide == receiver->wide)
		client->disabled = true;
	client->told--;
	pthread_cond_broadcast(&client->session->wake);
	pthread_mutex_unlock(&client->session->wake_lock);
}

#define CALL(receiver, method, ...)                                                                \
	((receiver)->events ? (receiver)->events->lpVtbl->method((receiver)->events, __VA_ARGS__)  \
			    : (receiver)->wide->lpVtbl->method((receiver)->wide, __VA_ARGS__))

static HRESULT call_receiver(const struct receiver *receiver, const struct tmi_dbgeng_event *event)
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

static void tell(struct tmi_dbgeng_client *client, const struct tmi_dbgeng_event *event)
{
	struct receiver receiver;
	HRESULT result;

	if (!begin_telling(client, event->kind, &receiver))
		return;
	tmi_dbgeng_callback_begin();
	result = call_receiver(&receiver, event);
	tmi_dbgeng_callback_end();
	end_telling(client, &receiver, result);
}

void tmi_dbgeng_events_tell(struct tmi_dbgeng_delivery *delivery)
{
	for (size_t i = 0; i < delivery->event_count; i++) {
		for (size_t k = 0; k < delivery->client_count; k++)
			tell(delivery->clients[k], &delivery->events[i]);
	}
	for (size_t k = 0; k < delivery->client_count; k++)
		tmi_dbgeng_client_unpin(delivery->clients[k]);
	free(delivery->clients);
	free(delivery->events);
}

void tmi_dbgeng_events_tell_now(struct tmi_dbgeng_session *session,
				const struct tmi_dbgeng_event *event)
{
	struct tmi_dbgeng_delivery delivery = { 0 };

	delivery.events = malloc(sizeof(*event));
	if (!delivery.events)
		return;
	*delivery.events = *event;
	delivery.event_count = 1;
	take_clients(session, &delivery);
	tmi_dbgeng_events_tell(&delivery);
}

static void on_debuggee_state(void *context, uint32_t flags, uint64_t argument)
{
	struct tmi_dbgeng_session *session = ((struct tmi_dbgeng_system *)context)->session;

	pthread_mutex_lock(&session->lock);
	if (!session->muted)
		tmi_dbgeng_queue_event(session, DEBUG_EVENT_CHANGE_DEBUGGEE_STATE, flags, argument);
	pthread_mutex_unlock(&session->lock);
}

static void on_engine_state(void *context, uint32_t flags, uint64_t argument)
{
	struct tmi_dbgeng_system *system = context;
	struct tmi_dbgeng_session *session = system->session;

	pthread_mutex_lock(&session->lock);
	if (session->muted)
		; /* whoever muted it tells of the change */
	else if (flags == TMEM_CES_EXECUTION_STATUS)
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
