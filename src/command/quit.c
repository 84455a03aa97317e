/* SPDX-License-Identifier: Apache-2.0 */
/* quit.c - q: leaves; the target goes on as it was. */
#include "command/command.h"

static bool execute(struct tmi_args *args)
{
	if (!tmi_args_finish(args))
		return false;
	args->session->quit = true;
	return true;
}

static const struct tmi_command_name names[] = { { "q", NULL }, { NULL } };

const struct tmi_command tmi_command_quit = {
	.names = names,
	.arguments = "",
	.brief = "quits",
	.help = "Leaves tmem. Processes that it stopped run on; changes to a stored target are\n"
		"gone, changes to a live one stay. End of input does the same.\n",
	.topic = TMI_TOPIC_GENERAL,
	.flags = TMI_COMMAND_NO_REPEAT,
	.execute = execute,
};
