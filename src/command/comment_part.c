/* SPDX-License-Identifier: Apache-2.0 */
/* comment_part.c - $$: a comment up to the next ";". */
#include "command/command.h"

static bool execute(struct tmi_args *args)
{
	return true;
}

static const struct tmi_command_name names[] = { { "$$", NULL }, { NULL } };

const struct tmi_command tmi_command_comment_part = {
	.names = names,
	.arguments = "[TEXT]",
	.brief = "a comment up to the next ;",
	.help = "Like *, but the line goes on behind the next \";\" that is not in quotes.\n",
	.examples = "$$ the stack; dps @rsp L8\n",
	.topic = TMI_TOPIC_GENERAL,
	.flags = TMI_COMMAND_NO_REPEAT,
	.execute = execute,
};
