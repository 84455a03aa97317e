/* SPDX-License-Identifier: Apache-2.0 */
/* d_again.c - d: memory in the format of the last d command. */
#include <string.h>

#include "command/command.h"

static bool execute(struct tmi_args *args)
{
	const char *name = args->session->display_name ? args->session->display_name : "db";
	const struct tmi_command_name *which;
	struct tmi_args again = *args;

	again.command = tmi_command_find(name, strlen(name), &which);
	if (!again.command || again.command == args->command)
		return tmi_error(args->session, "there is no command %s", name);
	again.name = which->name;
	return again.command->execute(&again);
}

static const struct tmi_command_name names[] = { { "d", NULL }, { NULL } };

const struct tmi_command tmi_command_d_again = {
	.names = names,
	.arguments = "[RANGE]",
	.brief = "memory in the format of the last d command",
	.help = "Does what the last d command did, at RANGE or where that one ended. The first d\n"
		"is a db.\n",
	.examples = "d\nd [heap]\n",
	.topic = TMI_TOPIC_DISPLAY,
	.flags = TMI_COMMAND_REPEATS,
	.execute = execute,
};
