/* SPDX-License-Identifier: Apache-2.0 */
/* list_nearest.c - ln: the symbols around an address. */
#include <inttypes.h>

#include "command/modules.h"

/* A symbol near an address. */
struct near {
	struct tmi_text name; /* empty = there is none */
	uint64_t address;
	uint64_t displacement;
};

static void find(struct tmi_session *session, uint64_t address, int32_t delta, struct near *near)
{
	*near = (struct near){ .address = tmi_clean_address(session, address) };
	if (!tmi_symbol_name(session, address, delta, &near->name, &near->displacement))
		return;
	near->address += delta > 0 ? near->displacement : -near->displacement;
}

static void record(struct tmi_session *session, uint64_t address, const struct near *below,
		   const struct near *above)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, "symbol");
	tmi_record_address(&record, "address", tmi_clean_address(session, address));
	tmi_record_text(&record, "symbol", below->name.data);
	tmi_record_address(&record, "symbol_address", below->address);
	tmi_record_size(&record, "displacement", below->displacement);
	if (above->name.size) {
		tmi_record_text(&record, "next_symbol", above->name.data);
		tmi_record_address(&record, "next_symbol_address", above->address);
	}
	tmi_record_send(&record);
}

static void print(struct tmi_session *session, const struct near *below, const struct near *above)
{
	struct tmi_text out = { 0 };

	tmi_text_format(&out, "(%s)   %s", tmi_address(session, below->address).text,
			below->name.data);
	if (below->displacement)
		tmi_text_format(&out, "+0x%" PRIx64, below->displacement);
	if (above->name.size)
		tmi_text_format(&out, "   |  (%s)   %s", tmi_address(session, above->address).text,
				above->name.data);
	tmi_text_char(&out, '\n', 1);
	if (!below->displacement)
		tmi_text_format(&out, "Exact matches:\n    %s\n", below->name.data);
	tmi_out_text(session, &out);
	tmi_text_fini(&out);
}

static bool execute(struct tmi_args *args)
{
	struct tmi_session *session = args->session;
	struct near below, above;
	uint64_t address;
	bool found;

	if (!tmi_args_address(args, &address) || !tmi_args_finish(args))
		return false;
	find(session, address, 0, &below);
	find(session, address, 1, &above);
	found = below.name.size > 0;
	if (found && session->json)
		record(session, address, &below, &above);
	else if (found)
		print(session, &below, &above);
	tmi_text_fini(&below.name);
	tmi_text_fini(&above.name);
	return found ||
	       tmi_error(session, "No symbol is known at %s", tmi_address(session, address).text);
}

static const struct tmi_command_name names[] = {
	{ "ln", "the symbols at, below and above an address" },
	{ 0 },
};

const struct tmi_command tmi_command_list_nearest = {
	.names = names,
	.arguments = "ADDRESS",
	.brief = "list the nearest symbols",
	.help = "Shows the function or object at an address, or the nearest one below it, and the\n"
		"next one above, in the module that holds the address. The names are those that\n"
		"the dynamic linker uses, and with elfutils installed those of the module's local\n"
		"file, if it is the same build. C++ names are mangled.\n",
	.examples = "ln @rip\nln libc!puts+10\n",
	.topic = TMI_TOPIC_INFORMATION,
	.execute = execute,
};
