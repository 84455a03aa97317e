/* SPDX-License-Identifier: Apache-2.0 */
/* attach.c - .attach and .detach: processes join and leave a live target. */
#include <inttypes.h>
#include <string.h>

#include "command/command.h"

/* Tells what became of process number @id. */
static void record(struct tmi_session *session, const char *type, uint32_t id, uint64_t pid)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, type);
	tmi_record_number(&record, "number", id);
	if (pid)
		tmi_record_number(&record, "system_id", pid);
	tmi_record_send(&record);
}

static bool attach(struct tmi_args *args)
{
	struct tmi_session *session = args->session;
	const char *where;
	uint64_t pid;
	uint32_t id;

	tmi_args_at_end(args);
	where = args->next;
	if (!tmi_args_expression(args, &pid) || !tmi_args_finish(args))
		return false;
	if (!pid || pid > INT32_MAX)
		return tmi_error_explain(args, TMI_ERROR_RANGE, where,
					 "expected a process id; 0n1234 is decimal");
	if (TMEM_FAILED(tmem_attach_process(session->target, (uint32_t)pid, &id)))
		return tmi_error_target(session, "attaching to process 0n%" PRIu64, pid);
	if (session->json)
		record(session, "attached", id, pid);
	else
		tmi_out(session,
			"Process 0n%" PRIu64 " is number %" PRIu32 "; |%" PRIu32
			"s makes it current\n",
			pid, id, id);
	return true;
}

static bool detach(struct tmi_args *args)
{
	struct tmi_session *session = args->session;
	uint32_t id;
	uint64_t number;

	if (tmi_args_at_end(args)) {
		if (TMEM_FAILED(tmem_get_current_process_id(session->target, &id)))
			return tmi_error_target(session, "looking for the current process");
	} else {
		const char *where = args->next;

		if (!tmi_args_expression(args, &number) || !tmi_args_finish(args))
			return false;
		if (number >= TMEM_ANY_ID)
			return tmi_error_explain(args, TMI_ERROR_RANGE, where,
						 "expected the number of a process; | lists them");
		id = (uint32_t)number;
	}
	if (TMEM_FAILED(tmem_detach_process(session->target, id)))
		return tmi_error_target(session, "detaching from process number %" PRIu32, id);
	if (session->json)
		record(session, "detached", id, 0);
	else
		tmi_out(session, "Detached from process number %" PRIu32 "\n", id);
	return true;
}

static bool execute(struct tmi_args *args)
{
	return strcmp(args->name, ".attach") ? detach(args) : attach(args);
}

static const struct tmi_command_name names[] = {
	{ ".attach", "add a live process to the target" },
	{ ".detach", "drop a process from the target" },
	{ 0 },
};

const struct tmi_command tmi_command_attach = {
	.names = names,
	.arguments = "PID | [NUMBER]",
	.brief = "add a live process, or drop one",
	.help = ".attach PID adds one more process to a target that was opened with pid:. PID is\n"
		"an expression: write 0n1234 for a decimal number. It gets the next number and\n"
		"keeps its own memory; |NUMBERs makes it current.\n"
		"\n"
		".detach NUMBER drops a process, the current one when nothing is given, and lets\n"
		"it run if it was suspended. Then another must be made current.",
	.examples = ".attach 0n1234\n.detach 1",
	.topic = TMI_TOPIC_INFORMATION,
	.flags = TMI_COMMAND_USER_ONLY | TMI_COMMAND_NO_REPEAT,
	.execute = execute,
};
