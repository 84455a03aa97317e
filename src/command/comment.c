/* SPDX-License-Identifier: Apache-2.0 */
/* comment.c - *: the rest of the line is for people. */
#include "command/command.h"

static bool execute(struct tmi_args *args)
{
	return true;
}

static const struct tmi_command_name names[] = { { "*", NULL }, { NULL } };

const struct tmi_command tmi_command_comment = {
	.names = names,
	.arguments = "[TEXT]",
	.brief = "a comment: the rest of the line is ignored",
	.help = "For scripts. The whole rest of the line is ignored, \";\" included.\n",
	.examples = "* the three values that matter\n",
	.topic = TMI_TOPIC_GENERAL,
	.flags = TMI_COMMAND_WHOLE_LINE | TMI_COMMAND_NO_REPEAT,
	.execute = execute,
};
