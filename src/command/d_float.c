/* SPDX-License-Identifier: Apache-2.0 */
/*
 * d_float.c - df dD: memory as floating-point numbers.
 *
 * A number has the fewest digits that e would turn into the same bytes again.
 */
#include "command/display.h"
#include "command/real.h"

struct rows {
	struct tmi_session *session;
	unsigned element; /* 4 or 8 */
	unsigned columns;
	struct tmi_display_options options;
};

static double number_at(const struct rows *rows, const uint8_t *data)
{
	uint64_t bits = tmi_display_load(rows->session, data, rows->element);

	return rows->element == 4 ? (double)tmi_real_single((uint32_t)bits) : tmi_real_double(bits);
}

static void record_row(const struct rows *rows, uint64_t address, const uint8_t *data,
		       const uint8_t *valid, unsigned count)
{
	unsigned size = rows->element;
	struct tmi_record record;

	tmi_record_begin(&record, rows->session, "memory");
	tmi_memory_record(&record, &rows->options.memory);
	tmi_record_address(&record, "address",
			   tmi_memory_clean(rows->session, &rows->options.memory, address));
	tmi_record_bytes(&record, "bytes", data, valid, (size_t)count * size);
	tmi_record_list(&record, "values");
	for (unsigned i = 0; i < count; i++)
		tmi_display_record_value(&record, NULL, data + i * size, valid + i * size, size);
	tmi_record_end(&record);
	tmi_record_list(&record, "numbers");
	for (unsigned i = 0; i < count; i++)
		if (tmi_display_is_valid(valid + i * size, size))
			tmi_record_real(&record, NULL, number_at(rows, data + i * size));
		else
			tmi_record_null(&record, NULL);
	tmi_record_end(&record);
	tmi_record_send(&record);
}

/* Numbers stand in columns; a longer one than a column holds moves what follows it. */
static void put_row(const struct rows *rows, struct tmi_text *out, uint64_t address,
		    const uint8_t *data, const uint8_t *valid, unsigned count)
{
	unsigned size = rows->element, width = size == 4 ? 15 : 20;
	size_t left = tmi_pointer_size(rows->session) == 4 ? 10 : 19;

	tmi_text_format(out, "%s ", tmi_address(rows->session, address).text);
	for (unsigned i = 0; i < count; i++) {
		tmi_text_char(out, ' ', 1);
		tmi_text_pad(out, left + (size_t)i * width);
		if (tmi_display_is_valid(valid + i * size, size))
			tmi_real_put_exact(out, number_at(rows, data + i * size), size == 4);
		else
			tmi_text_char(out, '?', (size_t)size * 2);
	}
	tmi_text_char(out, '\n', 1);
}

static bool show(void *context, uint64_t address, const uint8_t *data, const uint8_t *valid,
		 size_t size)
{
	const struct rows *rows = context;
	size_t row = (size_t)rows->element * rows->columns;
	struct tmi_text out = { 0 };

	for (size_t at = 0; at < size; at += row) {
		size_t left = (size - at) / rows->element;
		unsigned count = left < rows->columns ? (unsigned)left : rows->columns;

		if (rows->session->json)
			record_row(rows, address + at, data + at, valid + at, count);
		else
			put_row(rows, &out, address + at, data + at, valid + at, count);
	}
	tmi_out_text(rows->session, &out);
	tmi_text_fini(&out);
	return true;
}

static bool execute(struct tmi_args *args)
{
	bool single = args->name[1] == 'f';
	struct rows rows = { args->session, single ? 4 : 8, single ? 4 : 3 };
	struct tmi_range_rule rule = { rows.element, single ? 16 : 15, true };
	struct tmi_range range;

	if (!tmi_display_parse(args, true, &rule, &rows.options, &range))
		return false;
	if (rows.options.columns)
		rows.columns = rows.options.columns;
	return tmi_display_walk(args->session, &rows.options.memory, range.start,
				tmi_display_bytes(&range, rows.element),
				(size_t)rows.element * rows.columns, show, &rows);
}

static const struct tmi_command_name names[] = {
	{ "df", "4-byte floating-point numbers" },
	{ "dD", "8-byte floating-point numbers" },
	{ NULL },
};

const struct tmi_command tmi_command_d_float = {
	.names = names,
	.arguments = "[/cCOLUMNS] [/p] [RANGE]",
	.brief = "floating-point numbers",
	.help = "Shows memory as numbers: 16 of 4 bytes, or 15 of 8 bytes, unless RANGE says how\n"
		"many. Each has the digits that ef or eD needs to write it again. Question marks\n"
		"stand for what cannot be read. Without RANGE it goes on where the last d command\n"
		"ended. /p shows physical memory (kernel mode); see db.\n",
	.examples = "df [heap]\ndD @rsp L4\n",
	.topic = TMI_TOPIC_DISPLAY,
	.flags = TMI_COMMAND_REPEATS,
	.execute = execute,
};
