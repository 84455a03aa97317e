/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control_wait.c - WaitForEvent: delivers targets that were begun, lets stopped ones run and stops
 * them again.
 *
 * A wait is cut into slices. In a slice the session's lock is held and things are looked at;
 * between them nothing is held, so that other threads may call what they like while the target
 * runs. What they do to the session is seen in the next slice.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "dbgeng/attached.h"
#include "dbgeng/client.h"
#include "dbgeng/output.h"

/* How often a running target is looked at, ms. */
#define SLICE 50u

/* --- what runs --- */

/* True for a system whose running is the session's business. */
static bool can_run(const struct tmi_dbgeng_system *system)
{
	return system->ready && system->live && (system->kernel || system->suspends);
}

static bool any_can_run(const struct tmi_dbgeng_session *session, bool kernel)
{
	for (const struct tmi_dbgeng_system *one = session->systems; one; one = one->next) {
		if (can_run(one) && (one->kernel || !kernel))
			return true;
	}
	return false;
}

static bool is_suspended(const struct tmi_dbgeng_system *system)
{
	struct tmem_description description = { .size = sizeof(description) };

	return !TMEM_FAILED(tmem_describe(system->target, &description)) &&
	       description.flags & TMEM_TARGET_SUSPENDED;
}

static bool is_running(const struct tmi_dbgeng_session *session)
{
	ULONG status = atomic_load(&session->status);

	return status >= DEBUG_STATUS_GO && status <= DEBUG_STATUS_GO_NOT_HANDLED;
}

/*
 * Stopping and resuming tell events of their own, for each system; they are muted. Those of the
 * whole session are told instead, once.
 */
static tmem_status stop(struct tmi_dbgeng_system *system)
{
	tmem_status status;

	system->session->muted = true;
	status = tmem_suspend(system->target);
	system->session->muted = false;
	return status;
}

static void resume(struct tmi_dbgeng_system *system)
{
	system->session->muted = true;
	tmem_resume(system->target);
	system->session->muted = false;
}

static void resume_all(struct tmi_dbgeng_session *session)
{
	for (struct tmi_dbgeng_system *one = session->systems; one; one = one->next) {
		if (can_run(one) && one->suspends && is_suspended(one))
			resume(one);
	}
}

/* Those that one stop_all() stopped run again. */
static void resume_stopped(struct tmi_dbgeng_session *session)
{
	for (struct tmi_dbgeng_system *one = session->systems; one; one = one->next) {
		if (one->just_stopped)
			resume(one);
	}
}

/* @initial: those that AttachProcess wanted to go on at first as well. */
static HRESULT stop_all(struct tmi_dbgeng_session *session, bool initial)
{
	tmem_status status = TMEM_S_OK;

	for (struct tmi_dbgeng_system *one = session->systems; one; one = one->next) {
		bool later = one->attach_flags & DEBUG_ATTACH_INVASIVE_NO_INITIAL_BREAK;

		one->just_stopped = false;
		if (TMEM_FAILED(status) || !can_run(one) || !one->suspends || (later && !initial) ||
		    is_suspended(one))
			continue;
		status = stop(one);
		one->just_stopped = status == TMEM_S_OK;
		/* One that has just ended is found by the next look. */
		if (status == TMEM_E_UNEXPECTED)
			status = TMEM_S_OK;
		if (TMEM_FAILED(status)) {
			tmi_dbgeng_explain(session, one->target);
			continue;
		}
		one->attach_flags &= ~(ULONG)DEBUG_ATTACH_INVASIVE_NO_INITIAL_BREAK;
	}
	if (TMEM_FAILED(status))
		resume_stopped(session);
	return tmi_dbgeng_result(status);
}

/* Processes that have ended leave; a session without any other target ends with them. */
static void bury_dead(struct tmi_dbgeng_session *session)
{
	struct tmi_dbgeng_attached *one = session->attached;

	while (one) {
		if (tmi_dbgeng_attached_gone(one)) {
			tmi_dbgeng_attached_leave(one, DEBUG_SESSION_END);
			one = session->attached;
		} else {
			one = one->next;
		}
	}
}

/* --- delivering --- */

static HRESULT open_kernel(struct tmi_dbgeng_system *system)
{
	struct tmem_open_parameters parameters = {
		.size = sizeof(parameters),
		.spec = system->spec,
		.options = system->options,
		.interrupt = &system->session->stop_opening,
	};
	struct tmem_description description = { .size = sizeof(description) };
	tmem_status status;

	if (system->target)
		return S_OK;
	__atomic_store_n(&system->session->stop_opening, 0, __ATOMIC_RELAXED);
	status = tmem_open2(&parameters, &system->target);
	if (!TMEM_FAILED(status))
		status = tmem_describe(system->target, &description);
	if (TMEM_FAILED(status)) {
		tmi_dbgeng_explain(system->session, NULL);
		return status == TMEM_E_BAD_FORMAT ? E_INVALIDARG : tmi_dbgeng_result(status);
	}
	system->live = (description.flags & TMEM_TARGET_LIVE) != 0;
	return description.mode == TMEM_MODE_KERNEL ? S_OK : E_INVALIDARG;
}

static HRESULT deliver_system(struct tmi_dbgeng_system *system, ULONG timeout)
{
	struct tmi_dbgeng_session *session = system->session;
	HRESULT result = open_kernel(system);
	HRESULT stopped;

	if (SUCCEEDED(result) && system->live && timeout != INFINITE)
		return E_NOTIMPL;
	/* Others that do not stop are no reason to give this one up. */
	stopped = SUCCEEDED(result) ? stop_all(session, false) : S_OK;
	if (FAILED(stopped))
		return stopped;
	if (SUCCEEDED(result))
		result = tmi_dbgeng_system_deliver(session, system);
	if (FAILED(result)) {
		tmi_dbgeng_system_remove(session, system, DEBUG_SESSION_FAILURE);
		return result;
	}
	session->last_event = system->file || system->kernel ? 0 : DEBUG_EVENT_CREATE_PROCESS;
	tmi_dbgeng_warn_of_gaps(system);
	return S_OK;
}

static HRESULT deliver_process(struct tmi_dbgeng_attached *attached)
{
	struct tmi_dbgeng_system *system = attached->system;
	struct tmi_dbgeng_session *session = system->session;
	HRESULT result = stop_all(session, false);

	if (FAILED(result))
		return result;
	attached->pending = false;
	tmi_dbgeng_system_select(session, system);
	tmi_dbgeng_queue_event(session, DEBUG_EVENT_CHANGE_DEBUGGEE_STATE, DEBUG_CDS_ALL, 0);
	tmem_set_current_process_id(system->target, attached->process);
	tmi_dbgeng_set_event_objects(session, system);
	tmi_dbgeng_set_status(session, DEBUG_STATUS_BREAK);
	session->last_event = DEBUG_EVENT_CREATE_PROCESS;
	return S_OK;
}

/* Delivers what was begun first and not delivered yet; S_FALSE: there is nothing. */
static HRESULT deliver_next(struct tmi_dbgeng_session *session, ULONG timeout)
{
	struct tmi_dbgeng_system *system = session->systems;
	struct tmi_dbgeng_attached *attached = session->attached;

	while (system && system->ready)
		system = system->next;
	while (attached && !attached->pending)
		attached = attached->next;
	if (attached && (!system || attached->order <= system->id))
		return deliver_process(attached);
	return system ? deliver_system(system, timeout) : S_FALSE;
}

/* --- running --- */

/* What a processor does that is made to stop: it runs into a break instruction, so to speak. */
static void note_break(struct tmi_dbgeng_session *session)
{
	uint64_t offset = 0;

	tmi_dbgeng_set_event_objects(session, session->current);
	tmem_get_register(session->current->target, TMEM_REGISTER_INSTRUCTION_POINTER, &offset);
	session->event_offset = offset;
	session->last_event = DEBUG_EVENT_EXCEPTION;
}

/*
 * A running kernel is not stopped, but what was known of its memory is old, and so is the choice of
 * a process.
 */
static void forget_old_memory(struct tmi_dbgeng_session *session)
{
	bool ran = is_running(session);

	session->muted = true;
	for (struct tmi_dbgeng_system *one = session->systems; one; one = one->next) {
		if (!can_run(one) || !one->kernel)
			continue;
		tmem_flush_cache(one->target);
		if (ran)
			tmem_set_implicit_process_data_offset(one->target, 0);
	}
	session->muted = false;
}

/* The interrupt has done what it was for: no search is stopped by it any more. */
static void use_up_interrupt(struct tmi_dbgeng_session *session)
{
	pthread_mutex_lock(&session->wake_lock);
	session->interrupted = false;
	if (session->current)
		tmem_get_interrupt(session->current->target);
	pthread_mutex_unlock(&session->wake_lock);
}

static HRESULT break_in(struct tmi_dbgeng_session *session)
{
	HRESULT result = stop_all(session, true);

	if (FAILED(result))
		return result;
	use_up_interrupt(session);
	forget_old_memory(session);
	tmi_dbgeng_queue_event(session, DEBUG_EVENT_CHANGE_DEBUGGEE_STATE, DEBUG_CDS_ALL, 0);
	note_break(session);
	tmi_dbgeng_set_status(session, DEBUG_STATUS_BREAK);
	return S_OK;
}

/* Takes a flag that SetInterrupt sets. */
static bool take(struct tmi_dbgeng_session *session, bool *flag)
{
	bool was;

	pthread_mutex_lock(&session->wake_lock);
	was = *flag;
	*flag = false;
	pthread_mutex_unlock(&session->wake_lock);
	return was;
}

static bool passed(const struct timespec *deadline)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > deadline->tv_sec ||
	       (now.tv_sec == deadline->tv_sec && now.tv_nsec >= deadline->tv_nsec);
}

/* --- the wait --- */

struct wait {
	ULONG timeout;            /* ms */
	struct timespec deadline; /* of the monotonic clock; without meaning when INFINITE */
	bool again;               /* another slice is wanted */
};

static void add_ms(struct timespec *time, ULONG ms)
{
	time->tv_sec += ms / 1000;
	time->tv_nsec += (long)(ms % 1000) * 1000000;
	if (time->tv_nsec >= 1000000000) {
		time->tv_sec++;
		time->tv_nsec -= 1000000000;
	}
}

/* Nothing is begun and something can run: lets it run, or stops it. */
static HRESULT run_slice(struct tmi_dbgeng_session *session, struct wait *wait)
{
	if (wait->timeout != INFINITE && any_can_run(session, true))
		return E_NOTIMPL;
	if (take(session, &session->exit_interrupt))
		return E_PENDING;
	if (take(session, &session->break_in))
		return break_in(session);
	resume_all(session);
	tmi_dbgeng_set_status(session, DEBUG_STATUS_GO);
	if (wait->timeout != INFINITE && passed(&wait->deadline))
		return S_FALSE;
	wait->again = true;
	return S_OK;
}

static HRESULT slice(struct tmi_dbgeng_session *session, struct wait *wait)
{
	HRESULT result;

	wait->again = false;
	bury_dead(session);
	result = deliver_next(session, wait->timeout);
	if (result != S_FALSE)
		return result;
	if (any_can_run(session, false))
		return run_slice(session, wait);
	/* What ran has ended; what is left can be read on. */
	if (is_running(session))
		tmi_dbgeng_set_status(session, DEBUG_STATUS_BREAK);
	return E_UNEXPECTED;
}

/* Sleeps until something may have happened. */
static void sleep_on(struct tmi_dbgeng_session *session, const struct tmi_dbgeng_client *client,
		     const struct wait *wait)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	add_ms(&until, SLICE);
	if (wait->timeout != INFINITE &&
	    (until.tv_sec > wait->deadline.tv_sec ||
	     (until.tv_sec == wait->deadline.tv_sec && until.tv_nsec > wait->deadline.tv_nsec)))
		until = wait->deadline;
	pthread_mutex_lock(&session->wake_lock);
	if (!session->break_in && !session->exit_interrupt &&
	    !tmi_dbgeng_client_is_released(client))
		pthread_cond_timedwait(&session->wake, &session->wake_lock, &until);
	pthread_mutex_unlock(&session->wake_lock);
}

/*
 * An interrupt that came before the wait, and that no search has used up, makes it break in at
 * once: whoever sends one cannot know whether the other thread waits already. While the target
 * runs it is meant for the target.
 */
static HRESULT begin(struct tmi_dbgeng_session *session)
{
	HRESULT result = E_FAIL;

	pthread_mutex_lock(&session->wake_lock);
	if (!session->waiting) {
		bool unused = session->current &&
			      tmem_get_interrupt(session->current->target) == TMEM_S_OK;

		/* Whether it has been used up can only be asked by taking it. */
		if (unused)
			tmem_set_interrupt(session->current->target);
		session->waiting = true;
		session->break_in = session->break_in && (unused || is_running(session));
		result = S_OK;
	}
	pthread_mutex_unlock(&session->wake_lock);
	return result;
}

static void finish(struct tmi_dbgeng_session *session)
{
	pthread_mutex_lock(&session->wake_lock);
	session->waiting = false;
	pthread_mutex_unlock(&session->wake_lock);
}

static HRESULT wait_for_event(IDebugControl7 *This, ULONG Flags, ULONG Timeout)
{
	struct wait wait = { .timeout = Timeout, .again = true };
	struct tmi_dbgeng_call call, whole;
	HRESULT result;

	if (Flags != DEBUG_WAIT_DEFAULT)
		return E_INVALIDARG;
	clock_gettime(CLOCK_MONOTONIC, &wait.deadline);
	add_ms(&wait.deadline, Timeout);
	result = tmi_dbgeng_enter(This, TMI_DBGENG_CHANGES, &whole);
	if (FAILED(result))
		return result;
	/* Kept until the end, whoever lets go of it between two slices; nobody waits then. */
	tmi_dbgeng_client_pin(whole.client);
	result = tmi_dbgeng_leave(&whole, begin(whole.session));
	if (SUCCEEDED(result)) {
		while (wait.again) {
			tmi_dbgeng_enter(This, TMI_DBGENG_CHANGES, &call);
			result = tmi_dbgeng_leave(&call, slice(call.session, &wait));
			if (wait.again)
				sleep_on(whole.session, whole.client, &wait);
			if (wait.again && tmi_dbgeng_client_is_released(whole.client)) {
				result = E_UNEXPECTED;
				break;
			}
		}
		finish(whole.session);
	}
	tmi_dbgeng_client_unpin(whole.client);
	return result;
}

const IDebugControl7Vtbl tmi_dbgeng_part_control_wait = {
	.WaitForEvent = wait_for_event,
};
