/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_trace.h - between the tracer thread (process_stop.c) and what it does (process_trace.c).
 */
#ifndef TMI_TARGET_PROCESS_TRACE_H
#define TMI_TARGET_PROCESS_TRACE_H

#include <pthread.h>
#include <sys/types.h>

#include "target/process.h"

/* A thread of a process, held by ptrace. */
struct tracee {
	struct live *process; /* NULL: to be let go as soon as it stops */
	pid_t pid;
	pid_t tid;
	bool child; /* our own program's child: its end is not ours to take */
	bool stopped;
	int signal; /* that it was stopped with, to be handed on */
};

enum trace_wish { WISH_STOP, WISH_RELEASE, WISH_REGISTERS, WISH_PEEK, WISH_POKE };

struct trace_request {
	enum trace_wish wish;
	struct live *process;
	pid_t tid;        /* registers */
	unsigned note;    /* registers: NT_PRSTATUS ... */
	void *block;      /* registers: out, malloc()ed */
	uint64_t address; /* peek, poke */
	uint8_t *buffer;
	uint64_t size;
	uint64_t done;
	bool answered;
	tmem_status status;
	enum tmem_reason reason;
	char *text; /* of a failure; NULL = by reason */
};

struct live_tracer {
	pid_t owner; /* the program that it is a thread of: a fork()ed child has no such thread */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_cond_t answered;
	struct trace_request *request; /* being served */
	bool end;
	pid_t tid; /* the rest: of the thread alone */
	struct tracee *list;
	size_t count;
	size_t room;
};

/* All of these run in the tracer thread. */

/* Does what is asked; the answer is in the request. */
void tmi_process_serve(struct live_tracer *tracer, struct trace_request *request);

/* Takes note of what happened to the tracees by themselves. */
void tmi_process_look_after(struct live_tracer *tracer);

/* Lets go of everything that has stopped. */
void tmi_process_let_all_go(struct live_tracer *tracer);

#endif
