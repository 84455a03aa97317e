/* SPDX-License-Identifier: Apache-2.0 */
/* enter_physical.c - !eb !ed: write bytes or dwords into physical memory. */
#include "command/values.h"

static bool take(struct tmi_args *args, struct tmi_memory *memory, uint64_t *address,
		 struct tmi_text *bytes)
{
	const struct tmi_value_form form = { .element = args->name[2] == 'b' ? 1 : 4 };

	if (!tmi_memory_take_caching(args, memory) || !tmi_args_list_value(args, address))
		return false;
	*address = tmi_physical_address(*address);
	tmi_args_take(args, ',');
	return tmi_values_take(args, &form, bytes);
}

static bool execute(struct tmi_args *args)
{
	struct tmi_memory memory = { .physical = true };
	unsigned radix = args->session->radix;
	struct tmi_text bytes = { 0 };
	uint64_t address;
	bool ok;

	/* Their numbers are hexadecimal whatever n says. */
	args->session->radix = 16;
	ok = take(args, &memory, &address, &bytes);
	args->session->radix = radix;
	ok = ok && tmi_values_write(args, &memory, address, &bytes);
	tmi_text_fini(&bytes);
	return ok;
}

static const struct tmi_command_name names[] = {
	{ "!eb", "write bytes into physical memory" },
	{ "!ed", "write dwords (4 bytes) into physical memory" },
	{ NULL },
};

const struct tmi_command tmi_command_enter_physical = {
	.names = names,
	.arguments = "[[c]|[uc]|[wc]] ADDRESS VALUE ...",
	.brief = "write values into physical memory",
	.help = "Writes values from a physical ADDRESS on (kernel mode), in the byte order of the\n"
		"target. Blanks or commas stand between them; numbers are hexadecimal whatever n\n"
		"says. [c], [uc] and [wc], brackets and all, write cached, uncached or write\n"
		"combined, where the target can tell these apart. e /p takes all other values.",
	.examples = "!eb 1000 48 65 6c\n!ed [uc] fe000000 12345678",
	.topic = TMI_TOPIC_WRITE,
	.flags = TMI_COMMAND_WRITES | TMI_COMMAND_NO_REPEAT | TMI_COMMAND_KERNEL_ONLY,
	.execute = execute,
};
