/* SPDX-License-Identifier: Apache-2.0 */
/* suspend.c - stopping and resuming a live target, counted; see tmem/target.h. */
#include "engine/engine.h"

/* DEBUG_STATUS_GO and DEBUG_STATUS_BREAK: arguments of ChangeEngineState(EXECUTION_STATUS). */
#define STATUS_GO    1
#define STATUS_BREAK 6

/* TMEM_S_OK when the target is live and its kind can stop it. */
static tmem_status check_live(tmem_target *target, bool offered)
{
	const struct tmi_space *space = tmi_context_get(target)->space;

	if (offered && tmi_space_facts(space)->live)
		return TMEM_S_OK;
	return tmi_fail_text(TMEM_E_NOTIMPL, "only a live target can be suspended and resumed");
}

/* Stops the target with the first call; run_lock is held. */
static tmem_status suspend_first(struct tmi_shared *shared)
{
	tmem_status status = shared->kind->suspend(shared->state);

	if (status != TMEM_S_OK)
		return status;
	/* What was cached while it ran (cache=on) may be older than the stop. */
	tmi_cache_flush(shared->cache);
	shared->suspends = 1;
	tmi_shared_decide_caching(shared);
	return TMEM_S_OK;
}

tmem_status tmem_suspend(tmem_target *target)
{
	tmem_status status = tmi_call_change(target);
	struct tmi_shared *shared;
	bool first = false;

	if (status == TMEM_S_OK)
		status = check_live(target, target->shared->kind->suspend);
	if (status != TMEM_S_OK)
		return tmi_call_end(target, status);
	shared = target->shared;
	pthread_mutex_lock(&shared->run_lock);
	first = shared->suspends == 0;
	if (first)
		status = suspend_first(shared);
	else
		shared->suspends++;
	pthread_mutex_unlock(&shared->run_lock);
	if (first && status == TMEM_S_OK)
		tmi_event_engine(shared, NULL, TMEM_CES_EXECUTION_STATUS, STATUS_BREAK);
	return tmi_call_end(target, status);
}

/* Lets it run with the last call; run_lock is held. */
static tmem_status resume_last(struct tmi_shared *shared)
{
	tmem_status status;

	/*
	 * First no more caching, and nothing that threads remember, then the run: nothing read
	 * meanwhile is taken for stopped memory.
	 */
	shared->suspends = 0;
	tmi_shared_decide_caching(shared);
	atomic_fetch_add(&shared->generation, 1);
	status = shared->kind->resume(shared->state);
	tmi_shared_ran(shared);
	return status;
}

tmem_status tmem_resume(tmem_target *target)
{
	tmem_status status = tmi_call_change(target);
	struct tmi_shared *shared;
	bool ran = false;

	if (status == TMEM_S_OK)
		status = check_live(target, target->shared->kind->resume);
	if (status != TMEM_S_OK)
		return tmi_call_end(target, status);
	shared = target->shared;
	pthread_mutex_lock(&shared->run_lock);
	if (!shared->suspends) {
		status = tmi_fail_text(TMEM_E_UNEXPECTED, "the target is not suspended");
	} else if (shared->suspends > 1) {
		shared->suspends--;
	} else {
		ran = true;
		status = resume_last(shared);
	}
	pthread_mutex_unlock(&shared->run_lock);
	if (ran) {
		tmi_event_engine(shared, NULL, TMEM_CES_EXECUTION_STATUS, STATUS_GO);
		tmi_event_debuggee(shared, TMEM_CDS_ALL, 0);
	}
	return tmi_call_end(target, status);
}
