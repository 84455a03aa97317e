/* SPDX-License-Identifier: Apache-2.0 */
/* d_values.c - db dw dW dd dc dq dp: memory as rows of values. */
#include "command/display.h"

struct rows {
	struct tmi_session *session;
	struct tmi_display_values layout;
	struct tmi_display_options options;
};

static bool show(void *context, uint64_t address, const uint8_t *data, const uint8_t *valid,
		 size_t size)
{
	const struct rows *rows = context;
	unsigned element = rows->layout.element;
	size_t row = (size_t)element * rows->layout.columns;
	struct tmi_text out = { 0 };

	for (size_t at = 0; at < size; at += row) {
		size_t left = (size - at) / element;
		unsigned count =
			(unsigned)(left < rows->layout.columns ? left : rows->layout.columns);

		if (rows->session->json)
			tmi_display_record(rows->session, "memory", &rows->options.memory,
					   &rows->layout, address + at, data + at, valid + at,
					   count);
		else
			tmi_display_row(rows->session, &out, &rows->layout, address + at, data + at,
					valid + at, count);
	}
	tmi_out_text(rows->session, &out);
	tmi_text_fini(&out);
	return true;
}

static bool execute(struct tmi_args *args)
{
	struct rows rows = { args->session, *tmi_display_layout(args->name[1]) };
	struct tmi_range_rule rule = { .may_be_missing = true };
	struct tmi_range range;

	if (rows.layout.element == 0)
		rows.layout.element = tmi_pointer_size(args->session);
	rule.element = rows.layout.element;
	rule.default_count = 128 / rule.element;
	if (!tmi_display_parse(args, true, &rule, &rows.options, &range))
		return false;
	if (rows.options.columns)
		rows.layout.columns = rows.options.columns;
	else if (rows.layout.columns == 0)
		rows.layout.columns = 16 / rows.layout.element;
	return tmi_display_walk(args->session, &rows.options.memory, range.start,
				tmi_display_bytes(&range, rule.element),
				(size_t)rule.element * rows.layout.columns, show, &rows);
}

static const struct tmi_command_name names[] = {
	{ "db", "bytes, and their characters" },
	{ "dw", "2-byte values" },
	{ "dW", "2-byte values, and their characters" },
	{ "dd", "4-byte values" },
	{ "dc", "4-byte values, and their characters" },
	{ "dq", "8-byte values" },
	{ "dp", "pointers" },
	{ NULL },
};

const struct tmi_command tmi_command_d_values = {
	.names = names,
	.arguments = "[/cCOLUMNS] [/p] [RANGE]",
	.brief = "memory as rows of values",
	.help = "Shows memory, 128 bytes unless RANGE says how much. Values are hexadecimal, in\n"
		"the byte order of the target. A byte that cannot be read shows as ??, and the\n"
		"display goes on behind the hole. Without RANGE it goes on where the last d\n"
		"command ended; so does ENTER.\n"
		"\n"
		"  RANGE       START END (inclusive); START L COUNT, in values; START L? COUNT,\n"
		"              for more than 256 MB; START L-COUNT, what lies before START\n"
		"  /cCOLUMNS   values in a row\n"
		"  /p          physical memory (kernel mode), with a place of its own to go on;\n"
		"              /p[c], /p[uc] and /p[wc] read it cached, uncached, write combined\n",
	.examples = "db [stack]\ndq @rsp L8\ndd /c8 libc+1000 L20\n",
	.topic = TMI_TOPIC_DISPLAY,
	.flags = TMI_COMMAND_REPEATS,
	.execute = execute,
};
