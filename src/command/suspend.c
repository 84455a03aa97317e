/* SPDX-License-Identifier: Apache-2.0 */
/* suspend.c - .suspend and .resume: stop a live target and let it run. */
#include <string.h>

#include "command/command.h"

static bool is_suspended(struct tmi_session *session)
{
	struct tmem_description description = { .size = sizeof(description) };

	return tmem_describe(session->target, &description) == TMEM_S_OK &&
	       description.flags & TMEM_TARGET_SUSPENDED;
}

/* Tells what the target does now, after .resume or .suspend. */
static void show(struct tmi_session *session, bool resume)
{
	bool suspended = is_suspended(session);
	struct tmi_record record;

	if (session->json) {
		tmi_record_begin(&record, session, "state");
		tmi_record_bool(&record, "suspended", suspended);
		tmi_record_send(&record);
	} else if (!resume) {
		tmi_out(session, "The target is suspended\n");
	} else if (suspended) {
		tmi_out(session,
			"The target is still suspended: it was suspended more than once\n");
	} else {
		tmi_out(session, "The target runs\n");
	}
}

static bool execute(struct tmi_args *args)
{
	struct tmi_session *session = args->session;
	bool resume = !strcmp(args->name, ".resume");

	if (!tmi_args_finish(args))
		return false;
	if (TMEM_FAILED(resume ? tmem_resume(session->target) : tmem_suspend(session->target)))
		return tmi_error_target(session, resume ? "resuming" : "suspending");
	show(session, resume);
	return true;
}

static const struct tmi_command_name names[] = {
	{ ".suspend", "stop every thread of a live target" },
	{ ".resume", "let a suspended target run" },
	{ 0 },
};

const struct tmi_command tmi_command_suspend = {
	.names = names,
	.arguments = "",
	.brief = "stop a live target, let it run",
	.help = ".suspend stops every thread of every process of a live target; its memory is\n"
		"cached while it stands still, and its registers can be read. .resume lets it run\n"
		"again. Each .suspend wants one .resume. Leaving tmem resumes the target too.",
	.examples = ".suspend\n.resume",
	.topic = TMI_TOPIC_GENERAL,
	.flags = TMI_COMMAND_NO_REPEAT,
	.execute = execute,
};
