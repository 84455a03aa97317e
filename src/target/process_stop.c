/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_stop.c - stopping live processes, and what only works while they are stopped.
 *
 * Tracing belongs to a thread: only the thread that began it may go on with it, and when that
 * thread ends, for whatever reason, the kernel lets everything it traced run again. So one thread
 * per target does all of it, at the request of others. It begins with the first stop and ends with
 * the resume. No option is set that would kill a process together with its tracer.
 */
#include <elf.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "target/process_trace.h"

/* How often an idle tracer looks whether something it holds has died. */
#define IDLE_NS 50000000u

/* --- the thread --- */

/* Waits for a request; now and then sees to tracees that died, which only their tracer can bury. */
static void idle(struct live_tracer *tracer)
{
	struct timespec until;

	if (!tracer->count) {
		pthread_cond_wait(&tracer->wake, &tracer->lock);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += IDLE_NS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&tracer->wake, &tracer->lock, &until);
	tmi_process_look_after(tracer);
}

static void *trace(void *argument)
{
	struct live_tracer *tracer = argument;

	tracer->tid = (pid_t)syscall(SYS_gettid);
	pthread_mutex_lock(&tracer->lock);
	while (!tracer->end) {
		struct trace_request *request = tracer->request;

		if (!request || request->answered) {
			idle(tracer);
			continue;
		}
		pthread_mutex_unlock(&tracer->lock);
		tmi_process_serve(tracer, request);
		pthread_mutex_lock(&tracer->lock);
		request->answered = true;
		tracer->request = NULL;
		pthread_cond_broadcast(&tracer->answered);
	}
	pthread_mutex_unlock(&tracer->lock);
	/* What has not stopped yet is let go by the kernel when this thread is no more. */
	tmi_process_let_all_go(tracer);
	return NULL;
}

/* The thread takes no signals that are meant for the program, but faults must not be blocked. */
static int start_thread(struct live_tracer *tracer)
{
	static const int kept[] = { SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGABRT, SIGTRAP };
	sigset_t blocked, before;
	int error;

	sigfillset(&blocked);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		sigdelset(&blocked, kept[i]);
	pthread_sigmask(SIG_SETMASK, &blocked, &before);
	error = pthread_create(&tracer->thread, NULL, trace, tracer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

static void free_tracer(struct live_tracer *tracer)
{
	pthread_cond_destroy(&tracer->answered);
	pthread_cond_destroy(&tracer->wake);
	pthread_mutex_destroy(&tracer->lock);
	free(tracer->list);
	free(tracer);
}

static struct live_tracer *new_tracer(void)
{
	struct live_tracer *tracer = calloc(1, sizeof(*tracer));
	pthread_condattr_t monotonic;

	if (!tracer)
		return NULL;
	tracer->owner = getpid();
	pthread_mutex_init(&tracer->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&tracer->wake, &monotonic);
	pthread_cond_init(&tracer->answered, NULL);
	pthread_condattr_destroy(&monotonic);
	if (start_thread(tracer)) {
		free_tracer(tracer);
		return NULL;
	}
	return tracer;
}

/* Hands a request to the thread and waits for the answer. */
static tmem_status ask(struct live_tracer *tracer, struct trace_request *request)
{
	if (tracer->owner != getpid())
		return tmi_fail_text(TMEM_E_UNEXPECTED,
				     "process %d stopped it, and this one is its child after "
				     "fork(): only the parent can go on with it",
				     tracer->owner);
	pthread_mutex_lock(&tracer->lock);
	while (tracer->request)
		pthread_cond_wait(&tracer->answered, &tracer->lock);
	tracer->request = request;
	pthread_cond_signal(&tracer->wake);
	while (!request->answered)
		pthread_cond_wait(&tracer->answered, &tracer->lock);
	pthread_mutex_unlock(&tracer->lock);
	if (request->status == TMEM_S_OK)
		return TMEM_S_OK;
	if (request->text)
		tmi_fail_text(request->status, "%s", request->text);
	else
		tmi_fail(request->status, request->reason, 0);
	free(request->text);
	return request->status;
}

void tmi_process_end_tracer(struct live_target *target)
{
	struct live_tracer *tracer = target->tracer;

	if (!tracer)
		return;
	target->tracer = NULL;
	/* After fork() nobody knows what the thread was just doing: it is left as it is. */
	if (tracer->owner != getpid())
		return;
	pthread_mutex_lock(&tracer->lock);
	tracer->end = true;
	pthread_cond_signal(&tracer->wake);
	pthread_mutex_unlock(&tracer->lock);
	pthread_join(tracer->thread, NULL);
	free_tracer(tracer);
}

/* --- what others see --- */

tmem_status tmi_process_stop(struct live_target *target, struct live *process)
{
	struct trace_request request = { .wish = WISH_STOP, .process = process };
	tmem_status status;

	if (process->pid == (uint32_t)getpid())
		return tmi_fail_text(TMEM_E_ACCESS_DENIED,
				     "process %u is the one that tmem runs in: it can be read, but "
				     "not stopped",
				     process->pid);
	if (!target->tracer)
		target->tracer = new_tracer();
	if (!target->tracer)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	status = ask(target->tracer, &request);
	if (status != TMEM_S_OK)
		return status;
	/* From now on the mappings stay as they are; what was known may be older. */
	tmi_process_outdate_layout(process);
	tmi_process_forget_traits(process);
	atomic_store(&process->suspended, true);
	return TMEM_S_OK;
}

void tmi_process_continue(struct live_target *target, struct live *process)
{
	struct trace_request request = { .wish = WISH_RELEASE, .process = process };

	atomic_store(&process->suspended, false);
	if (target->tracer)
		ask(target->tracer, &request);
}

static uint64_t move_words(struct live *process, enum trace_wish wish, uint64_t address,
			   void *buffer, uint64_t size)
{
	struct live_target *target = process->target;
	struct trace_request request = {
		.wish = wish, .process = process, .address = address, .buffer = buffer, .size = size
	};

	pthread_mutex_lock(&target->control);
	if (target->tracer)
		ask(target->tracer, &request);
	pthread_mutex_unlock(&target->control);
	return request.done;
}

void tmi_process_peek(struct live *process, uint64_t address, void *buffer, uint64_t size,
		      uint64_t *done)
{
	*done = move_words(process, WISH_PEEK, address, buffer, size);
}

void tmi_process_poke(struct live *process, uint64_t address, const void *buffer, uint64_t size,
		      uint64_t *done)
{
	*done = move_words(process, WISH_POKE, address, (void *)(uintptr_t)buffer, size);
}

tmem_status tmi_process_context(void *state, uint32_t space, uint32_t system_id, uint32_t kind,
				void **block, size_t *size)
{
	struct live_target *target = state;
	struct live *process;
	struct trace_request request = { .wish = WISH_REGISTERS, .tid = (pid_t)system_id };
	tmem_status status = tmi_process_find(state, space, &process);

	*block = NULL;
	*size = 0;
	if (status != TMEM_S_OK)
		return status;
	if (kind != TMEM_CONTEXT_GENERAL && kind != TMEM_CONTEXT_FLOATING_POINT)
		return tmi_bad_argument("kind",
					"TMEM_CONTEXT_GENERAL or TMEM_CONTEXT_FLOATING_POINT");
	request.note = kind == TMEM_CONTEXT_GENERAL ? NT_PRSTATUS : NT_FPREGSET;
	request.process = process;
	pthread_mutex_lock(&target->control);
	if (target->tracer && atomic_load(&process->suspended))
		status = ask(target->tracer, &request);
	else
		status = tmi_fail_text(TMEM_E_UNEXPECTED,
				       "thread %u runs: registers can be read of a suspended "
				       "process only",
				       system_id);
	pthread_mutex_unlock(&target->control);
	*block = request.block;
	*size = request.size;
	return status;
}
