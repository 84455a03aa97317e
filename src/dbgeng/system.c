/* SPDX-License-Identifier: Apache-2.0 */
/* system.c - the targets of a session: coming, being current, going. */
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "dbgeng/attached.h"
#include "dbgeng/client.h"

static bool copy_text(char **copy, const char *text)
{
	*copy = text ? strdup(text) : NULL;
	return *copy || !text;
}

static void system_free(struct tmi_dbgeng_system *system)
{
	tmi_session_free(system->commands);
	tmem_close(system->target);
	free(system->spec);
	free(system->options);
	free(system->file);
	free(system->last_threads);
	free(system);
}

struct tmi_dbgeng_system *tmi_dbgeng_system_add(struct tmi_dbgeng_session *session,
						const char *spec, const char *options,
						const char *file, tmem_target *target)
{
	struct tmi_dbgeng_system *system = calloc(1, sizeof(*system));
	struct tmi_dbgeng_system **end = &session->systems;

	if (!system) {
		tmem_close(target);
		return NULL;
	}
	system->session = session;
	system->target = target;
	if (!copy_text(&system->spec, spec) || !copy_text(&system->options, options) ||
	    !copy_text(&system->file, file)) {
		system_free(system);
		return NULL;
	}
	system->id = session->next_system++;
	while (*end)
		end = &(*end)->next;
	*end = system;
	return system;
}

struct tmi_dbgeng_system *tmi_dbgeng_system_find(struct tmi_dbgeng_session *session, ULONG id)
{
	struct tmi_dbgeng_system *system = session->systems;

	while (system && !(system->ready && system->id == id))
		system = system->next;
	return system;
}

/* The pointer is also read by SetInterrupt, which does not wait for the session's lock. */
void tmi_dbgeng_system_select(struct tmi_dbgeng_session *session, struct tmi_dbgeng_system *system)
{
	pthread_mutex_lock(&session->wake_lock);
	session->current = system;
	pthread_mutex_unlock(&session->wake_lock);
}

void tmi_dbgeng_set_event_objects(struct tmi_dbgeng_session *session,
				  struct tmi_dbgeng_system *system)
{
	uint32_t id;

	session->event_system = system->id;
	session->event_process = DEBUG_ANY_ID;
	session->event_thread = DEBUG_ANY_ID;
	if (!TMEM_FAILED(tmem_get_current_process_id(system->target, &id)))
		session->event_process =
			tmi_dbgeng_engine_id(session, TMI_DBGENG_PROCESS, system, id);
	if (!TMEM_FAILED(tmem_get_current_thread_id(system->target, &id)))
		session->event_thread =
			tmi_dbgeng_engine_id(session, TMI_DBGENG_THREAD, system, id);
}

HRESULT tmi_dbgeng_system_deliver(struct tmi_dbgeng_session *session,
				  struct tmi_dbgeng_system *system)
{
	struct tmem_description description = { .size = sizeof(description) };
	tmem_status status = tmem_describe(system->target, &description);

	if (TMEM_FAILED(status))
		return tmi_dbgeng_result(status);
	system->kernel = description.mode == TMEM_MODE_KERNEL;
	system->live = (description.flags & TMEM_TARGET_LIVE) != 0;
	system->ready = true;
	tmi_dbgeng_listen(system);
	tmi_dbgeng_system_select(session, system);
	if (!session->active)
		tmi_dbgeng_queue_event(session, DEBUG_EVENT_SESSION_STATUS, DEBUG_SESSION_ACTIVE,
				       0);
	session->active = true;
	tmi_dbgeng_queue_event(session, DEBUG_EVENT_CHANGE_DEBUGGEE_STATE, DEBUG_CDS_ALL, 0);
	tmi_dbgeng_queue_event(session, DEBUG_EVENT_CHANGE_ENGINE_STATE, DEBUG_CES_SYSTEMS,
			       system->id);
	tmi_dbgeng_set_status(session, DEBUG_STATUS_BREAK);
	tmi_dbgeng_set_event_objects(session, system);
	return S_OK;
}

static struct tmi_dbgeng_system *first_ready(struct tmi_dbgeng_session *session)
{
	struct tmi_dbgeng_system *system = session->systems;

	while (system && !system->ready)
		system = system->next;
	return system;
}

/* No target is left that was delivered: the session is over. */
static void end_session(struct tmi_dbgeng_session *session, ULONG end)
{
	tmi_dbgeng_set_status(session, DEBUG_STATUS_NO_DEBUGGEE);
	session->event_system = DEBUG_ANY_ID;
	session->event_process = DEBUG_ANY_ID;
	session->event_thread = DEBUG_ANY_ID;
	session->last_event = 0;
	if (session->active)
		tmi_dbgeng_queue_event(session, DEBUG_EVENT_SESSION_STATUS, end, 0);
	session->active = false;
}

void tmi_dbgeng_system_remove(struct tmi_dbgeng_session *session, struct tmi_dbgeng_system *system,
			      ULONG end)
{
	struct tmi_dbgeng_system **link = &session->systems;

	while (*link != system)
		link = &(*link)->next;
	*link = system->next;
	if (session->current == system)
		tmi_dbgeng_system_select(session, first_ready(session));
	if (system->ready) {
		tmi_dbgeng_queue_event(session, DEBUG_EVENT_CHANGE_ENGINE_STATE, DEBUG_CES_SYSTEMS,
				       DEBUG_ANY_ID);
		if (!first_ready(session))
			end_session(session, end);
	}
	tmi_dbgeng_attached_forget(system);
	system_free(system);
	/* Nothing is left that an id could belong to: the next session counts from 0 again. */
	if (!session->systems) {
		session->next_system = 0;
		tmi_dbgeng_forget_ids(session);
	}
	pthread_cond_broadcast(&session->wake); /* a wait may have nothing to wait for */
}
