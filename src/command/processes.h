/* SPDX-License-Identifier: Apache-2.0 */
/* processes.h - the processes that a kernel runs, as arguments of commands. */
#ifndef TMI_COMMAND_PROCESSES_H
#define TMI_COMMAND_PROCESSES_H

#include "command/command.h"

/* Called for each process in the kernel's order; false ends the walk. */
typedef bool tmi_process_callback(void *context, const struct tmem_kernel_process *process);

/*
 * tmi_processes_walk() - every process that the kernel lists; a damaged list ends with a warning.
 * Returns false when the callback ended it, or after reporting an error with *failed true. Polls
 * interrupts.
 */
bool tmi_processes_walk(struct tmi_session *session, tmi_process_callback *callback, void *context,
			bool *failed);

/*
 * tmi_args_process() - one process: "pid:N" (decimal, or 0x...), the address of its kernel object,
 * or its pid as a number. Reports with a hint when there is none.
 */
bool tmi_args_process(struct tmi_args *args, struct tmem_kernel_process *process);

/* The process at @data_offset; false (no report) when the list does not have it. */
bool tmi_process_at(struct tmi_session *session, uint64_t data_offset,
		    struct tmem_kernel_process *process);

/* The implicit process; false (no report) when there is none. */
bool tmi_process_implicit(struct tmi_session *session, struct tmem_kernel_process *process);

/* True when @process has this name, in any case; a long one may be cut as the kernel cuts it. */
bool tmi_process_is_named(const struct tmem_kernel_process *process, const char *name,
			  size_t length);

/* The fields of a process in a record. */
void tmi_record_process(struct tmi_record *record, const struct tmem_kernel_process *process);

#endif
