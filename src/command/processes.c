/* SPDX-License-Identifier: Apache-2.0 */
/* processes.c - the processes that a kernel runs: walking them, finding one. */
#include "command/processes.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "command/number.h"

#define KERNEL_NAME 15 /* characters of a name that Linux keeps */

bool tmi_processes_walk(struct tmi_session *session, tmi_process_callback *callback, void *context,
			bool *failed)
{
	struct tmem_kernel_process process = { .size = sizeof(process) };
	struct tmi_text warning = { 0 };
	uint32_t count = 0;
	tmem_status status = tmem_get_number_kernel_processes(session->target, &count);
	bool ok = true;

	*failed = TMEM_FAILED(status);
	if (*failed)
		return tmi_error_target(session, "listing processes");
	if (status == TMEM_S_FALSE)
		tmi_text_puts(&warning, tmem_last_error(session->target));
	for (uint32_t i = 0; ok && i < count; i++) {
		status = tmem_get_kernel_process_by_index(session->target, i, &process);
		/* A running kernel can have fewer processes than a moment ago. */
		if (status == TMEM_E_INVALIDARG)
			break;
		*failed = TMEM_FAILED(status);
		if (*failed)
			ok = tmi_error_target(session, "listing processes");
		else if (i % 256 == 255 && tmi_session_interrupted(session))
			ok = !(*failed = true) ||
			     tmi_error_interrupted(session,
						   "0x%" PRIx32 " of 0x%" PRIx32
						   " processes were looked at",
						   i, count);
		else
			ok = callback(context, &process);
	}
	if (ok && warning.size)
		tmi_out_kind(session, TMI_OUTPUT_WARNING, "Part of the list is missing: %s\n",
			     warning.data);
	tmi_text_fini(&warning);
	return ok;
}

struct search {
	const struct tmi_session *session;
	uint64_t data_offset;
	struct tmem_kernel_process *process;
};

static bool compare(void *context, const struct tmem_kernel_process *process)
{
	struct search *search = context;

	if (tmi_clean_address(search->session, process->data_offset) != search->data_offset)
		return true;
	*search->process = *process;
	return false;
}

/* Looks without reporting what goes wrong: the caller says what it wanted. */
bool tmi_process_at(struct tmi_session *session, uint64_t data_offset,
		    struct tmem_kernel_process *process)
{
	struct search search = { session, tmi_clean_address(session, data_offset), process };
	uint32_t count = 0;

	if (TMEM_FAILED(tmem_get_number_kernel_processes(session->target, &count)))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		struct tmem_kernel_process one = { .size = sizeof(one) };

		if (TMEM_FAILED(tmem_get_kernel_process_by_index(session->target, i, &one)))
			return false;
		if (!compare(&search, &one))
			return true;
	}
	return false;
}

bool tmi_process_implicit(struct tmi_session *session, struct tmem_kernel_process *process)
{
	uint64_t offset = 0;

	return tmem_get_implicit_process_data_offset(session->target, &offset) == TMEM_S_OK &&
	       offset != 0 && tmi_process_at(session, offset, process);
}

static bool no_process(struct tmi_args *args, const char *where)
{
	uint32_t count = 0;

	if (TMEM_FAILED(tmem_get_number_kernel_processes(args->session->target, &count)))
		return tmi_error_target(args->session, "listing processes");
	return tmi_error_explain(args, TMI_ERROR_OPERAND, where,
				 "no process is there and none has that pid; !process 0 0 lists "
				 "them");
}

/* "pid:N", N decimal unless it has a prefix. */
static bool take_pid(struct tmi_args *args, struct tmem_kernel_process *process)
{
	const char *where = args->next;
	const char *word = where + 4;
	size_t length = strcspn(word, " \t");
	uint64_t pid;
	bool accent;

	if (tmi_number_parse(word, length, 10, &pid, &accent) != TMI_NUMBER_OK || length == 0 ||
	    pid > UINT32_MAX)
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, where,
					 "expected a decimal pid: pid:1234");
	args->next = word + length;
	*process = (struct tmem_kernel_process){ .size = sizeof(*process) };
	if (tmem_get_kernel_process_by_system_id(args->session->target, (uint32_t)pid, process) ==
	    TMEM_S_OK)
		return true;
	return no_process(args, where);
}

bool tmi_args_process(struct tmi_args *args, struct tmem_kernel_process *process)
{
	struct tmi_session *session = args->session;
	const char *where;
	uint64_t value;

	tmi_args_at_end(args);
	where = args->next;
	if (strncmp(where, "pid:", 4) == 0)
		return take_pid(args, process);
	if (!tmi_args_list_value(args, &value))
		return false;
	if (tmi_process_at(session, tmi_clean_address(session, value), process))
		return true;
	*process = (struct tmem_kernel_process){ .size = sizeof(*process) };
	if (value <= INT32_MAX && tmem_get_kernel_process_by_system_id(
					  session->target, (uint32_t)value, process) == TMEM_S_OK)
		return true;
	return no_process(args, where);
}

bool tmi_process_is_named(const struct tmem_kernel_process *process, const char *name,
			  size_t length)
{
	size_t own = strlen(process->name);

	return strncasecmp(process->name, name, own) == 0 &&
	       (own == length || (own == KERNEL_NAME && length > own));
}

void tmi_record_process(struct tmi_record *record, const struct tmem_kernel_process *process)
{
	tmi_record_address(record, "data_offset",
			   tmi_clean_address(record->session, process->data_offset));
	tmi_record_number(record, "system_id", process->system_id);
	tmi_record_number(record, "parent_system_id", process->parent_system_id);
	tmi_record_bool(record, "kernel_thread", process->flags & TMEM_PROCESS_KERNEL_THREAD);
	if (process->directory_base)
		tmi_record_address(record, "directory_base", process->directory_base);
	tmi_record_text(record, "name", process->name);
}
