/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - the beginning and end of every public method; see call.h. */
#include "engine/call.h"

#include <sched.h>
#include <time.h>

#include "engine/kernel.h"

#define REPORT_INTERVAL 100000000u /* ns */
#define MAX_THREADS     64

static tmem_status check_handle(tmem_target *target)
{
	return target ? TMEM_S_OK : tmi_bad_argument("target", "an open handle, not NULL");
}

tmem_status tmi_call_virtual(tmem_target *target, struct tmi_space **space)
{
	tmem_status status = check_handle(target);

	*space = NULL;
	if (status != TMEM_S_OK)
		return status;
	*space = tmi_context_get(target)->space;
	if (!*space || atomic_load_explicit(&(*space)->dropped, memory_order_acquire))
		return tmi_fail_text(TMEM_E_UNEXPECTED,
				     "there is no current process: it was dropped from the target");
	return target->shared->kernel ? tmi_kernel_need(target->shared->kernel, target) : TMEM_S_OK;
}

tmem_status tmi_call_physical(tmem_target *target, struct tmi_space **space)
{
	tmem_status status = check_handle(target);

	*space = NULL;
	if (status != TMEM_S_OK)
		return status;
	/* In kernel mode it is at hand, without a lock. */
	*space = target->shared->kernel ? target->shared->kernel->physical
					: tmi_shared_space(target->shared, TMI_SPACE_PHYSICAL);
	return *space ? TMEM_S_OK : tmi_fail(TMEM_E_UNEXPECTED, TMEM_REASON_USER_MODE, 0);
}

tmem_status tmi_call_space(tmem_target *target, uint32_t data_space, struct tmi_space **space)
{
	*space = NULL;
	switch (data_space) {
	case TMEM_DATA_SPACE_VIRTUAL: return tmi_call_virtual(target, space);
	case TMEM_DATA_SPACE_PHYSICAL: return tmi_call_physical(target, space);
	default: return tmi_bad_argument("space", "TMEM_DATA_SPACE_VIRTUAL or _PHYSICAL");
	}
}

tmem_status tmi_call_change(tmem_target *target)
{
	tmem_status status = check_handle(target);

	if (status == TMEM_S_OK && tmi_event_inside())
		status = tmi_fail(TMEM_E_UNEXPECTED, TMEM_REASON_IN_CALLBACK, 0);
	return status;
}

static tmem_status lock_for_write(tmem_target *target, tmem_status status)
{
	if (status == TMEM_S_OK)
		status = tmi_call_change(target);
	if (status == TMEM_S_OK)
		pthread_mutex_lock(&target->shared->write_lock);
	return status;
}

tmem_status tmi_call_write(tmem_target *target, struct tmi_space **space)
{
	return lock_for_write(target, tmi_call_virtual(target, space));
}

tmem_status tmi_call_write_physical(tmem_target *target, struct tmi_space **space)
{
	return lock_for_write(target, tmi_call_physical(target, space));
}

void tmi_call_wrote(tmem_target *target, uint32_t data_space, bool changed)
{
	pthread_mutex_unlock(&target->shared->write_lock);
	if (changed)
		tmi_event_debuggee(target->shared, TMEM_CDS_DATA, data_space);
}

tmem_status tmi_call_end(tmem_target *target, tmem_status status)
{
	return TMEM_FAILED(status) ? tmi_error_owner(status, target) : status;
}

bool tmi_call_interrupted(tmem_target *target)
{
	return atomic_load_explicit(&target->interrupt, memory_order_relaxed) &&
	       atomic_exchange(&target->interrupt, false);
}

tmem_status tmem_set_interrupt(tmem_target *target)
{
	if (!target)
		return TMEM_E_INVALIDARG;
	/* Nothing else: a signal handler may be calling. */
	atomic_store(&target->interrupt, true);
	return TMEM_S_OK;
}

tmem_status tmem_get_interrupt(tmem_target *target)
{
	if (!target)
		return tmi_call_end(target, check_handle(target));
	return atomic_exchange(&target->interrupt, false) ? TMEM_S_OK : TMEM_S_FALSE;
}

tmem_status tmem_set_progress_callback(tmem_target *target, tmem_progress_callback *callback,
				       void *context)
{
	tmem_status status = tmi_call_change(target);

	if (status == TMEM_S_OK) {
		target->progress = callback;
		target->progress_context = context;
	}
	return tmi_call_end(target, status);
}

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void tmi_meter_init(struct tmi_meter *meter, tmem_target *target, const char *operation,
		    uint64_t total)
{
	meter->target = target;
	meter->operation = operation;
	meter->total = total;
	meter->next_report = target->progress ? monotonic_ns() + REPORT_INTERVAL : 0;
}

void tmi_meter_report(struct tmi_meter *meter, uint64_t done, uint64_t bytes)
{
	struct tmem_progress progress = {
		.size = sizeof(progress),
		.operation = meter->operation,
		.done = done,
		.total = meter->total,
		.bytes = bytes,
	};
	struct tmi_explanation saved;
	uint64_t now;

	/* A callback that starts another long operation is not called for that one too. */
	if (!meter->target->progress || tmi_event_inside())
		return;
	now = monotonic_ns();
	if (now < meter->next_report)
		return;
	meter->next_report = now + REPORT_INTERVAL;
	/* A fill holds the write lock: a write from inside would wait for itself. */
	tmi_event_enter(&saved);
	meter->target->progress(meter->target->progress_context, &progress);
	tmi_event_leave(&saved);
}

unsigned tmi_call_threads(tmem_target *target)
{
	cpu_set_t set;
	int processors;

	if (target->shared->threads)
		return target->shared->threads;
	/* Asked when it matters, not at every open. */
	processors = sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);
	return processors < MAX_THREADS ? (unsigned)processors : MAX_THREADS;
}
