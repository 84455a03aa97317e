/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event.c - telling every handle of a target about a change.
 *
 * A handle whose callback runs is pinned by its counter, not by a lock: the callback may read, and
 * may take as long as it likes. Closing or re-registering waits for the counter.
 */
#include "engine/engine.h"

static _Thread_local unsigned inside;

bool tmi_event_inside(void)
{
	return inside > 0;
}

void tmi_event_enter(struct tmi_explanation *saved)
{
	inside++;
	tmi_error_save(saved);
}

void tmi_event_leave(struct tmi_explanation *saved)
{
	inside--;
	tmi_error_restore(saved);
}

struct event {
	uint32_t kind; /* enum tmem_event_mask */
	uint32_t flags;
	uint64_t argument;
};

static void deliver(const struct tmem_event_callbacks *callbacks, const struct event *event)
{
	void (*callback)(void *, uint32_t, uint64_t) =
		event->kind == TMEM_EVENT_CHANGE_DEBUGGEE_STATE ? callbacks->change_debuggee_state
								: callbacks->change_engine_state;

	if (callback && callbacks->interest_mask & event->kind)
		callback(callbacks->context, event->flags, event->argument);
}

/* Sends to @only, or to every handle when NULL. */
static void send(struct tmi_shared *shared, tmem_target *only, const struct event *event)
{
	pthread_mutex_lock(&shared->lock);
	for (tmem_target *handle = shared->handles; handle; handle = handle->next) {
		struct tmem_event_callbacks callbacks = handle->callbacks;
		struct tmi_explanation saved;

		if (!(callbacks.interest_mask & event->kind) || (only && only != handle))
			continue;
		handle->callbacks_running++;
		pthread_mutex_unlock(&shared->lock);
		tmi_event_enter(&saved);
		deliver(&callbacks, event);
		tmi_event_leave(&saved);
		pthread_mutex_lock(&shared->lock);
		handle->callbacks_running--;
		pthread_cond_broadcast(&shared->callback_done);
	}
	pthread_mutex_unlock(&shared->lock);
}

void tmi_event_debuggee(struct tmi_shared *shared, uint32_t flags, uint64_t argument)
{
	send(shared, NULL, &(struct event){ TMEM_EVENT_CHANGE_DEBUGGEE_STATE, flags, argument });
}

void tmi_event_engine(struct tmi_shared *shared, tmem_target *only, uint32_t flags,
		      uint64_t argument)
{
	send(shared, only, &(struct event){ TMEM_EVENT_CHANGE_ENGINE_STATE, flags, argument });
}

/* shared->lock is held, and given up while waiting. */
static void wait_for_callbacks(tmem_target *target)
{
	while (target->callbacks_running > 0)
		pthread_cond_wait(&target->shared->callback_done, &target->shared->lock);
}

bool tmi_event_forget(tmem_target *target)
{
	struct tmi_shared *shared = target->shared;
	tmem_target **link = &shared->handles;
	bool last;

	pthread_mutex_lock(&shared->lock);
	wait_for_callbacks(target);
	while (*link != target)
		link = &(*link)->next;
	*link = target->next;
	last = !shared->handles;
	pthread_mutex_unlock(&shared->lock);
	return last;
}

tmem_status tmem_set_event_callbacks(tmem_target *target,
				     const struct tmem_event_callbacks *callbacks)
{
	struct tmem_event_callbacks none = { .size = sizeof(none) };
	tmem_status status = tmi_call_change(target);

	if (status == TMEM_S_OK && callbacks && callbacks->size < sizeof(*callbacks))
		status = tmi_bad_argument("callbacks", "its size field to be set");
	if (status == TMEM_S_OK) {
		pthread_mutex_lock(&target->shared->lock);
		wait_for_callbacks(target);
		target->callbacks = callbacks ? *callbacks : none;
		pthread_mutex_unlock(&target->shared->lock);
	}
	return tmi_call_end(target, status);
}

tmem_status tmem_get_event_callbacks(tmem_target *target, struct tmem_event_callbacks *callbacks)
{
	if (!target || !callbacks || callbacks->size < sizeof(*callbacks))
		return tmi_call_end(
			target, tmi_bad_argument("callbacks", "a struct with its size field set"));
	pthread_mutex_lock(&target->shared->lock);
	*callbacks = target->callbacks;
	pthread_mutex_unlock(&target->shared->lock);
	callbacks->size = sizeof(*callbacks);
	return TMEM_S_OK;
}
