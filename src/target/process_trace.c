/* SPDX-License-Identifier: Apache-2.0 */
/* process_trace.c - what the tracer thread does: takes hold of threads, stops them, lets them go.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "target/process_trace.h"

/* A stop takes so long at most after the last thread that stopped. */
#define PATIENCE_NS 3000000000u

/* After so long an event that did not come may have been taken by another thread of this program.
 */
#define STOLEN_NS 20000000u

#define STOP_EVENT 128 /* PTRACE_EVENT_STOP */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void sleep_ns(uint64_t time)
{
	struct timespec wait = { 0, (long)time };

	nanosleep(&wait, NULL);
}

/* --- tracees --- */

static struct tracee *find_tracee(struct live_tracer *tracer, pid_t tid)
{
	for (size_t i = 0; i < tracer->count; i++)
		if (tracer->list[i].tid == tid)
			return &tracer->list[i];
	return NULL;
}

static bool is_child(struct live *process, pid_t tid)
{
	bool child;

	pthread_rwlock_rdlock(&process->lock);
	child = (pid_t)process->identity.parent == getpid() && tid == (pid_t)process->pid;
	pthread_rwlock_unlock(&process->lock);
	return child;
}

static bool add_tracee(struct live_tracer *tracer, struct live *process, pid_t tid)
{
	if (tracer->count == tracer->room) {
		size_t room = tracer->room ? 2 * tracer->room : 32;
		struct tracee *list = reallocarray(tracer->list, room, sizeof(*list));

		if (!list)
			return false;
		tracer->list = list;
		tracer->room = room;
	}
	tracer->list[tracer->count++] = (struct tracee){ .process = process,
							 .pid = (pid_t)process->pid,
							 .tid = tid,
							 .child = is_child(process, tid) };
	return true;
}

static void remove_tracee(struct live_tracer *tracer, struct tracee *tracee)
{
	*tracee = tracer->list[--tracer->count];
}

/*
 * True when the thread is no more. A dead thread stays until its tracer has taken note; but the
 * end of our own program's child is left to be waited for.
 */
static bool has_ended(const struct tracee *tracee)
{
	int flags = WEXITED | WNOHANG | __WALL | __WNOTHREAD | (tracee->child ? WNOWAIT : 0);
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)tracee->tid, &info, flags) ? errno == ECHILD : info.si_pid != 0;
}

/* Lets a stopped thread go, with the signal that it was about to get. */
static void let_go(struct live_tracer *tracer, struct tracee *tracee)
{
	if (ptrace(PTRACE_DETACH, tracee->tid, NULL, (void *)(uintptr_t)tracee->signal))
		has_ended(tracee); /* killed meanwhile */
	remove_tracee(tracer, tracee);
}

static void set_stopped(struct live_tracer *tracer, struct tracee *tracee, int signal)
{
	tracee->stopped = true;
	tracee->signal = signal;
	if (!tracee->process)
		let_go(tracer, tracee);
}

/* Takes the stops of tracees; true when there were any. */
static bool collect(struct live_tracer *tracer)
{
	const int flags = WSTOPPED | WNOHANG | __WALL | __WNOTHREAD;
	bool any = false;

	for (;;) {
		siginfo_t info = { 0 };
		struct tracee *tracee;

		if (waitid(P_ALL, 0, &info, flags) || !info.si_pid)
			return any;
		any = true;
		tracee = find_tracee(tracer, info.si_pid);
		if (tracee)
			set_stopped(tracer, tracee, info.si_status >> 8 ? 0 : info.si_status);
	}
}

/* Takes note of dead tracees. */
static void bury(struct live_tracer *tracer)
{
	for (size_t i = tracer->count; i-- > 0;)
		if (has_ended(&tracer->list[i]))
			remove_tracee(tracer, &tracer->list[i]);
}

/* Another thread of this program may have waited for our tracee; its state tells all the same. */
static void look_for_stolen(struct live_tracer *tracer)
{
	for (size_t i = tracer->count; i-- > 0;) {
		struct tracee *tracee = &tracer->list[i];
		siginfo_t info;

		if (tracee->stopped)
			continue;
		if (!ptrace(PTRACE_GETSIGINFO, tracee->tid, NULL, &info))
			set_stopped(tracer, tracee,
				    info.si_code >> 8 == STOP_EVENT ? 0 : info.si_signo);
	}
}

/* --- stopping --- */

static void fail(struct trace_request *request, tmem_status status, enum tmem_reason reason)
{
	request->status = status;
	request->reason = reason;
}

/* Value of a line of a thread's status file; "" when there is none. */
static void task_field(struct live *process, pid_t tid, const char *key, char *value, size_t room)
{
	char path[64];
	size_t size;
	char *text, *line;

	snprintf(path, sizeof(path), "task/%d/status", tid);
	text = tmi_process_slurp(process->dir, path, &size);
	line = text ? strstr(text, key) : NULL;
	*value = '\0';
	if (line) {
		line += strlen(key);
		line += strspn(line, " \t");
		snprintf(value, room, "%.*s", (int)strcspn(line, "\n"), line);
	}
	free(text);
}

static void fail_traced(struct trace_request *request, const char *other)
{
	char path[64];
	size_t size;
	char *name;

	snprintf(path, sizeof(path), "/proc/%s/comm", other);
	name = tmi_process_slurp(AT_FDCWD, path, &size);
	if (name)
		name[strcspn(name, "\n")] = '\0';
	fail(request, TMEM_E_PORT_ALREADY_SET, TMEM_REASON_DENIED);
	if (asprintf(&request->text,
		     "process %u is already traced by process %s (%s): reading goes on, but only "
		     "that one can stop it",
		     request->process->pid, other, name ? name : "?") < 0)
		request->text = NULL;
	free(name);
}

/* Tracing was refused. True when the thread may be left out: it has ended, or is ours already. */
static bool refused(struct live_tracer *tracer, struct trace_request *request, pid_t tid,
		    bool *ours)
{
	struct live *process = request->process;
	char state[32], other[32];
	bool dead;

	task_field(process, tid, "\nState:", state, sizeof(state));
	task_field(process, tid, "\nTracerPid:", other, sizeof(other));
	/* A dead child of our own program may stay ours until it is waited for. */
	dead = !*state || *state == 'Z' || *state == 'X';
	*ours = !dead && atoi(other) == tracer->tid;
	if (*ours || dead)
		return true;
	if (atoi(other)) {
		fail_traced(request, other);
		return false;
	}
	fail(request, TMEM_E_ACCESS_DENIED, TMEM_REASON_DENIED);
	request->text = tmi_process_explain_text(process->pid, process->dir, "stopping it", EPERM);
	return false;
}

/* Takes hold of one thread. False: the request has failed. */
static bool seize(struct live_tracer *tracer, struct trace_request *request, pid_t tid,
		  size_t *fresh)
{
	bool ours = false;

	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL)) {
		if (errno == ESRCH)
			return true;
		if (!refused(tracer, request, tid, &ours))
			return false;
		if (!ours)
			return true;
	}
	if (!add_tracee(tracer, request->process, tid)) {
		fail(request, TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE);
		return false;
	}
	ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
	(*fresh)++;
	return true;
}

/* Every thread that is not ours yet. False: the request has failed. */
static bool seize_new(struct live_tracer *tracer, struct trace_request *request, size_t *fresh)
{
	uint32_t *tids;
	size_t count;
	bool good = tmi_process_tasks(request->process->dir, &tids, &count);

	*fresh = 0;
	if (!good)
		fail(request, TMEM_E_UNEXPECTED, TMEM_REASON_PROCESS_GONE);
	for (size_t i = 0; good && i < count; i++)
		if (!find_tracee(tracer, (pid_t)tids[i]))
			good = seize(tracer, request, (pid_t)tids[i], fresh);
	free(tids);
	return good;
}

/* One thread of the process that has not stopped; 0 when all have. */
static pid_t running_thread(const struct live_tracer *tracer, const struct live *process)
{
	for (size_t i = 0; i < tracer->count; i++)
		if (tracer->list[i].process == process && !tracer->list[i].stopped)
			return tracer->list[i].tid;
	return 0;
}

static bool fail_timed_out(struct trace_request *request, pid_t tid)
{
	fail(request, TMEM_E_TIMED_OUT, TMEM_REASON_NONE);
	if (asprintf(&request->text,
		     "process %u: thread %d did not stop within %u seconds: it waits inside the "
		     "kernel (for a child after vfork(), or for a device); everything runs again",
		     request->process->pid, tid, (unsigned)(PATIENCE_NS / 1000000000u)) < 0)
		request->text = NULL;
	return false;
}

static bool wait_for_all(struct live_tracer *tracer, struct trace_request *request)
{
	uint64_t progress = now_ns(), looked = progress;
	uint64_t pause = 20000;
	pid_t tid;

	while ((tid = running_thread(tracer, request->process))) {
		uint64_t now = now_ns();

		if (collect(tracer)) {
			progress = now;
			pause = 20000;
			continue;
		}
		if (now - progress > PATIENCE_NS)
			return fail_timed_out(request, tid);
		if (now - looked > STOLEN_NS) {
			bury(tracer);
			look_for_stolen(tracer);
			looked = now;
		}
		sleep_ns(pause);
		pause = pause < 2000000 ? 2 * pause : pause;
	}
	return true;
}

static bool holds_any(const struct live_tracer *tracer, const struct live *process)
{
	for (size_t i = 0; i < tracer->count; i++)
		if (tracer->list[i].process == process)
			return true;
	return false;
}

/* Threads go on being made until all of them stand; so until a look finds no new one. */
static void serve_stop(struct live_tracer *tracer, struct trace_request *request)
{
	size_t fresh;

	bury(tracer);
	do {
		if (!seize_new(tracer, request, &fresh) || !wait_for_all(tracer, request))
			return;
	} while (fresh);
	if (!holds_any(tracer, request->process))
		fail(request, TMEM_E_UNEXPECTED, TMEM_REASON_PROCESS_GONE);
}

/* A thread that has not stopped yet cannot be let go now: it is when it stops. */
static void serve_release(struct live_tracer *tracer, struct trace_request *request)
{
	collect(tracer);
	for (size_t i = tracer->count; i-- > 0;) {
		struct tracee *tracee = &tracer->list[i];

		if (tracee->process != request->process)
			continue;
		tracee->process = NULL;
		if (tracee->stopped)
			let_go(tracer, tracee);
	}
}

/* --- with a stopped process --- */

static void serve_registers(struct live_tracer *tracer, struct trace_request *request)
{
	struct tracee *tracee = find_tracee(tracer, request->tid);
	size_t room = 1024;

	if (!tracee || !tracee->stopped || tracee->process != request->process) {
		fail(request, TMEM_E_UNEXPECTED, TMEM_REASON_PROCESS_GONE);
		if (asprintf(&request->text, "thread %d has ended", request->tid) < 0)
			request->text = NULL;
		return;
	}
	for (;;) {
		struct iovec vector = { malloc(room), room };

		if (!vector.iov_base) {
			fail(request, TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE);
			return;
		}
		if (ptrace(PTRACE_GETREGSET, request->tid, (void *)(uintptr_t)request->note,
			   &vector)) {
			fail(request, errno == ESRCH ? TMEM_E_UNEXPECTED : TMEM_E_NOINTERFACE,
			     errno == ESRCH ? TMEM_REASON_PROCESS_GONE : TMEM_REASON_NONE);
			free(vector.iov_base);
			return;
		}
		if (vector.iov_len < room) {
			request->block = vector.iov_base;
			request->size = vector.iov_len;
			return;
		}
		free(vector.iov_base);
		room *= 2;
	}
}

/* Any stopped thread of the process serves for its memory. */
static pid_t stopped_thread(const struct live_tracer *tracer, const struct live *process)
{
	for (size_t i = 0; i < tracer->count; i++)
		if (tracer->list[i].process == process && tracer->list[i].stopped)
			return tracer->list[i].tid;
	return 0;
}

/* Word by word; words are aligned, so that none crosses the end of a page. */
static void serve_words(struct live_tracer *tracer, struct trace_request *request)
{
	pid_t tid = stopped_thread(tracer, request->process);

	while (tid && request->done < request->size) {
		uint64_t at = request->address + request->done;
		size_t skip = at % sizeof(long);
		size_t part = sizeof(long) - skip;
		void *place = (void *)(uintptr_t)(at - skip);
		long word;

		if (part > request->size - request->done)
			part = request->size - request->done;
		errno = 0;
		word = ptrace(PTRACE_PEEKDATA, tid, place, NULL);
		if (errno)
			return;
		if (request->wish == WISH_PEEK) {
			memcpy(request->buffer + request->done, (char *)&word + skip, part);
		} else {
			memcpy((char *)&word + skip, request->buffer + request->done, part);
			if (ptrace(PTRACE_POKEDATA, tid, place, (void *)word))
				return;
		}
		request->done += part;
	}
}

/* --- requests --- */

void tmi_process_serve(struct live_tracer *tracer, struct trace_request *request)
{
	switch (request->wish) {
	case WISH_STOP: serve_stop(tracer, request); break;
	case WISH_RELEASE: serve_release(tracer, request); break;
	case WISH_REGISTERS: serve_registers(tracer, request); break;
	default: serve_words(tracer, request); break;
	}
}

void tmi_process_look_after(struct live_tracer *tracer)
{
	collect(tracer);
	bury(tracer);
	look_for_stolen(tracer);
}

void tmi_process_let_all_go(struct live_tracer *tracer)
{
	for (size_t i = tracer->count; i-- > 0;)
		if (tracer->list[i].stopped)
			let_go(tracer, &tracer->list[i]);
}
