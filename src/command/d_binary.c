/* SPDX-License-Identifier: Apache-2.0 */
/* d_binary.c - dyb dyd: memory as binary digits, with their hexadecimal form. */
#include "command/display.h"

struct rows {
	struct tmi_session *session;
	struct tmi_display_values layout;
	struct tmi_display_options options;
};

static void put_heading(const struct rows *rows)
{
	static const char *const numbers[] = { "76543210", "10987654", "32109876", "54321098" };
	size_t left = tmi_pointer_size(rows->session) == 4 ? 10 : 19;
	unsigned bytes = rows->layout.element * rows->layout.columns;
	struct tmi_text out = { 0 };

	if (rows->layout.element == 4) {
		/* The tens above bits 30, 20, 10 and 0. */
		tmi_text_char(&out, ' ', left - 1);
		for (unsigned i = 0; i < rows->layout.columns; i++)
			tmi_text_puts(&out, "  3          2          1          0");
		tmi_text_char(&out, '\n', 1);
	}
	for (unsigned line = 0; line < 2; line++) {
		tmi_text_char(&out, ' ', left - 1);
		for (unsigned i = 0; i < bytes; i++) {
			unsigned number = rows->layout.element == 1 || i % 4 == 3 ? 0 : i % 4 + 1;

			tmi_text_format(&out, " %s", line == 0 ? numbers[number] : "--------");
		}
		tmi_text_char(&out, '\n', 1);
	}
	tmi_out_text(rows->session, &out);
	tmi_text_fini(&out);
}

/* The bits of a value, a group for each byte from the highest one on. */
static void put_bits(const struct rows *rows, struct tmi_text *out, const uint8_t *data,
		     const uint8_t *valid)
{
	unsigned size = rows->layout.element;
	bool known = tmi_display_is_valid(valid, size);
	uint64_t value = tmi_display_load(rows->session, data, size);

	for (unsigned bit = 8 * size; bit > 0; bit--) {
		if (bit % 8 == 0)
			tmi_text_char(out, ' ', 1);
		tmi_text_char(out, !known ? '?' : (char)('0' + (value >> (bit - 1) & 1)), 1);
	}
}

static void put_row(const struct rows *rows, struct tmi_text *out, uint64_t address,
		    const uint8_t *data, const uint8_t *valid, unsigned count)
{
	unsigned size = rows->layout.element;

	tmi_text_format(out, "%s ", tmi_address(rows->session, address).text);
	for (unsigned i = 0; i < count; i++)
		put_bits(rows, out, data + i * size, valid + i * size);
	/* The values stay below each other in a short row. */
	tmi_text_char(out, ' ', (size_t)(rows->layout.columns - count) * size * 9 + 1);
	for (unsigned i = 0; i < count; i++) {
		tmi_text_char(out, ' ', 1);
		tmi_display_value(rows->session, out, data + i * size, valid + i * size, size);
	}
	tmi_text_char(out, '\n', 1);
}

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
			left < rows->layout.columns ? (unsigned)left : rows->layout.columns;

		if (rows->session->json)
			tmi_display_record(rows->session, "memory", &rows->options.memory,
					   &rows->layout, address + at, data + at, valid + at,
					   count);
		else
			put_row(rows, &out, address + at, data + at, valid + at, count);
	}
	tmi_out_text(rows->session, &out);
	tmi_text_fini(&out);
	return true;
}

static bool execute(struct tmi_args *args)
{
	bool bytes = args->name[2] == 'b';
	struct rows rows = { args->session, { bytes ? 1 : 4, bytes ? 4 : 1, false } };
	struct tmi_range_rule rule = { rows.layout.element, bytes ? 32 : 8, true };
	struct tmi_range range;

	if (!tmi_display_parse(args, true, &rule, &rows.options, &range))
		return false;
	if (rows.options.columns)
		rows.layout.columns = rows.options.columns;
	if (!args->session->json)
		put_heading(&rows);
	return tmi_display_walk(args->session, &rows.options.memory, range.start,
				tmi_display_bytes(&range, rule.element),
				(size_t)rule.element * rows.layout.columns, show, &rows);
}

static const struct tmi_command_name names[] = {
	{ "dyb", "bytes in binary" },
	{ "dyd", "4-byte values in binary" },
	{ NULL },
};

const struct tmi_command tmi_command_d_binary = {
	.names = names,
	.arguments = "[/cCOLUMNS] [/p] [RANGE]",
	.brief = "binary digits",
	.help = "Shows 32 bytes, unless RANGE says how much, in binary and then in hexadecimal,\n"
		"below the numbers of the bits. Question marks stand for what cannot be read.\n"
		"Without RANGE it goes on where the last d command ended. /p shows physical "
		"memory\n"
		"(kernel mode); see db.\n",
	.examples = "dyb @rsp L8\ndyd [heap] L4\n",
	.topic = TMI_TOPIC_DISPLAY,
	.flags = TMI_COMMAND_REPEATS,
	.execute = execute,
};
