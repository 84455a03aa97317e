/* SPDX-License-Identifier: Apache-2.0 */
/* script_part.c - $$< $$><: a script whose name ends at ";". */
#include "command/script.h"

static const struct tmi_command_name names[] = {
	{ "$$<", "the same; more commands may follow behind ;" },
	{ "$$><", "the same" },
	{ NULL },
};

const struct tmi_command tmi_command_script_part = {
	.names = names,
	.arguments = "FILE",
	.brief = "run the commands of a file; ; ends its name",
	.help = "Like $<, but the name of FILE ends at the next \";\", and the line goes on "
		"there.\n"
		"Quotes hold a name with \";\" together.\n",
	.examples = "$$<look.txt; db @$t0\n",
	.topic = TMI_TOPIC_GENERAL,
	.flags = TMI_COMMAND_NO_REPEAT,
	.execute = tmi_script_execute,
};
