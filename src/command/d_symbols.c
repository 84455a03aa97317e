/* SPDX-License-Identifier: Apache-2.0 */
/* d_symbols.c - dds dqs dps: one value a row, with the symbol or module that it points into. */
#include "command/display.h"
#include "command/modules.h"

struct rows {
	struct tmi_session *session;
	unsigned element;
	struct tmi_display_options options;
};

/* A value and the module that it points into. */
struct row {
	uint64_t address;
	const uint8_t *data;
	const uint8_t *valid;
	unsigned size;
	const char *symbol; /* NULL = in no module */
};

static void record_row(const struct rows *rows, const struct row *row)
{
	struct tmi_record record;

	tmi_record_begin(&record, rows->session, "pointer");
	tmi_memory_record(&record, &rows->options.memory);
	tmi_record_address(&record, "address",
			   tmi_memory_clean(rows->session, &rows->options.memory, row->address));
	tmi_display_record_value(&record, "value", row->data, row->valid, row->size);
	if (row->symbol)
		tmi_record_text(&record, "symbol", row->symbol);
	tmi_record_send(&record);
}

static void print_row(struct tmi_session *session, struct tmi_text *out, const struct row *row)
{
	tmi_text_format(out, "%s  ", tmi_address(session, row->address).text);
	tmi_display_value(session, out, row->data, row->valid, row->size);
	if (row->symbol)
		tmi_text_format(out, " %s", row->symbol);
	tmi_text_char(out, '\n', 1);
}

static bool show(void *context, uint64_t address, const uint8_t *data, const uint8_t *valid,
		 size_t size)
{
	const struct rows *rows = context;
	struct tmi_session *session = rows->session;
	struct tmi_text out = { 0 };
	struct tmi_text symbol = { 0 };

	for (size_t at = 0; at < size; at += rows->element) {
		struct row row = { address + at, data + at, valid + at, rows->element, NULL };

		tmi_text_clear(&symbol);
		if (tmi_display_is_valid(row.valid, row.size) &&
		    tmi_symbol_put(session, &symbol, tmi_display_load(session, row.data, row.size)))
			row.symbol = symbol.data;
		if (session->json)
			record_row(rows, &row);
		else
			print_row(session, &out, &row);
	}
	tmi_out_text(session, &out);
	tmi_text_fini(&out);
	tmi_text_fini(&symbol);
	return true;
}

static bool execute(struct tmi_args *args)
{
	struct rows rows = { args->session, tmi_display_element(args->session, args->name[1]) };
	struct tmi_range_rule rule = { rows.element, 128 / rows.element, true };
	struct tmi_range range;

	if (!tmi_display_parse(args, false, &rule, &rows.options, &range))
		return false;
	return tmi_display_walk(args->session, &rows.options.memory, range.start,
				tmi_display_bytes(&range, rows.element), rows.element, show, &rows);
}

static const struct tmi_command_name names[] = {
	{ "dds", "4-byte values with symbols" },
	{ "dqs", "8-byte values with symbols" },
	{ "dps", "pointers with symbols" },
	{ NULL },
};

const struct tmi_command tmi_command_d_symbols = {
	.names = names,
	.arguments = "[/p] [RANGE]",
	.brief = "values with the symbols they point to",
	.help = "Shows one value a row, and behind it what the value points to: the function or\n"
		"object at or below it as module!name+offset, or else module+offset. Good for\n"
		"looking at a stack. 128 bytes unless RANGE says how much. /p: physical memory\n"
		"(kernel mode); see db.\n",
	.examples = "dps @rsp\ndps [stack] L40\n",
	.topic = TMI_TOPIC_DISPLAY,
	.flags = TMI_COMMAND_REPEATS,
	.execute = execute,
};
