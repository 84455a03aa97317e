/* SPDX-License-Identifier: Apache-2.0 */
/* fill_physical.c - fp: fill physical memory with a pattern. */
#include "command/fill.h"

static bool execute(struct tmi_args *args)
{
	struct tmi_memory memory = { .physical = true };

	return tmi_memory_take_caching(args, &memory) && tmi_fill(args, &memory);
}

static const struct tmi_command_name names[] = { { "fp", NULL }, { 0 } };

const struct tmi_command tmi_command_fill_physical = {
	.names = names,
	.arguments = "[[c]|[uc]|[wc]] RANGE PATTERN",
	.brief = "fill physical memory with a pattern",
	.help = "As f, but RANGE is physical memory. [c], [uc] and [wc], brackets and all, write\n"
		"it cached, uncached or write combined, where the target can tell these apart.\n"
		"Only in kernel mode.",
	.examples = "fp 1000 L20 0\nfp [uc] fe000000 L10 'a' 'b'",
	.topic = TMI_TOPIC_WRITE,
	.flags = TMI_COMMAND_WRITES | TMI_COMMAND_NO_REPEAT | TMI_COMMAND_KERNEL_ONLY,
	.execute = execute,
};
