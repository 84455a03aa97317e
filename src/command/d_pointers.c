/* SPDX-License-Identifier: Apache-2.0 */
/*
 * d_pointers.c - dda ddu ddp dqa dqu dqp dpa dpu dpp: pointers, and what they point to.
 *
 * What the pointers of a block point to is fetched by one batch.
 */
#include <stdlib.h>

#include "command/display.h"
#include "command/modules.h"

#define STRING_CHARACTERS 48 /* a row's text is cut there */

struct rows {
	struct tmi_session *session;
	unsigned element; /* bytes of a pointer */
	char what;        /* 'a', 'u' or 'p' */
	struct tmi_display_options options;
};

/* Bytes fetched from where a pointer points to. */
static size_t target_size(const struct rows *rows)
{
	if (rows->what == 'p')
		return rows->element;
	return STRING_CHARACTERS * (rows->what == 'u' ? 2 : 1);
}

static unsigned unit_of(const struct rows *rows)
{
	return rows->what == 'u' ? 2 : 1;
}

/* Characters of text up to its NUL. */
static size_t string_length(const struct rows *rows, const uint8_t *data, size_t bytes)
{
	unsigned unit = unit_of(rows);
	size_t count = 0;

	while (count < bytes / unit &&
	       tmi_display_load(rows->session, data + count * unit, unit) != 0)
		count++;
	return count;
}

/* Nothing when the text is empty or unreadable. */
static void put_string(const struct rows *rows, struct tmi_text *out, const uint8_t *data,
		       size_t bytes)
{
	unsigned unit = unit_of(rows);
	size_t count = string_length(rows, data, bytes);

	if (count == 0)
		return;
	tmi_text_puts(out, " \"");
	tmi_display_characters(rows->session, out, unit, data, NULL, count);
	tmi_text_char(out, '"', 1);
}

static void put_value(const struct rows *rows, struct tmi_text *out, const uint8_t *data,
		      size_t bytes)
{
	struct tmi_text symbol = { 0 };
	uint64_t value;

	if (bytes < rows->element)
		return;
	value = tmi_display_load(rows->session, data, rows->element);
	tmi_text_format(out, " %s", tmi_value(value, rows->element).text);
	if (tmi_symbol_put(rows->session, &symbol, value))
		tmi_text_format(out, " %s", symbol.data);
	tmi_text_fini(&symbol);
}

/* Fetches what every readable pointer of a block points to. */
static bool fetch(const struct rows *rows, struct tmem_transfer *transfers, uint8_t *buffer,
		  const uint8_t *data, const uint8_t *valid, size_t count)
{
	size_t size = target_size(rows);
	tmem_status status;

	for (size_t i = 0; i < count; i++) {
		bool known = tmi_display_is_valid(valid + i * rows->element, rows->element);

		transfers[i] = (struct tmem_transfer){
			.offset = tmi_display_load(rows->session, data + i * rows->element,
						   rows->element),
			.buffer = buffer + i * size,
			.size = known ? size : 0,
		};
	}
	status = tmem_read_virtual_batch(rows->session->target, transfers, count);
	return !TMEM_FAILED(status) || tmi_error_target(rows->session, "following the pointers");
}

static void record_target(const struct rows *rows, struct tmi_record *record, const uint8_t *data,
			  size_t bytes)
{
	struct tmi_text symbol = { 0 };
	size_t count = string_length(rows, data, bytes);
	uint64_t value;

	if (rows->what != 'p' && count > 0) {
		tmi_record_bytes(record, "target_bytes", data, NULL, count * unit_of(rows));
		tmi_record_characters(record, "text", unit_of(rows), data, NULL, count);
	} else if (rows->what == 'p' && bytes >= rows->element) {
		value = tmi_display_load(rows->session, data, rows->element);
		tmi_record_value(record, "target_value", value, rows->element);
		if (tmi_symbol_put(rows->session, &symbol, value))
			tmi_record_text(record, "target_symbol", symbol.data);
	}
	tmi_text_fini(&symbol);
}

static void record_rows(const struct rows *rows, uint64_t address, const uint8_t *data,
			const uint8_t *valid, const struct tmem_transfer *transfers, size_t count)
{
	struct tmi_record record;

	for (size_t i = 0; i < count; i++) {
		size_t at = i * rows->element;
		size_t there = TMEM_FAILED(transfers[i].status) ? 0 : transfers[i].done;

		tmi_record_begin(&record, rows->session, "pointer");
		tmi_memory_record(&record, &rows->options.memory);
		tmi_record_address(
			&record, "address",
			tmi_memory_clean(rows->session, &rows->options.memory, address + at));
		tmi_display_record_value(&record, "value", data + at, valid + at, rows->element);
		record_target(rows, &record, transfers[i].buffer, there);
		tmi_record_send(&record);
	}
}

static void show_rows(const struct rows *rows, uint64_t address, const uint8_t *data,
		      const uint8_t *valid, const struct tmem_transfer *transfers, size_t count)
{
	struct tmi_text out = { 0 };

	for (size_t i = 0; i < count; i++) {
		size_t at = i * rows->element;
		size_t there = TMEM_FAILED(transfers[i].status) ? 0 : transfers[i].done;

		tmi_text_format(&out, "%s  ", tmi_address(rows->session, address + at).text);
		tmi_display_value(rows->session, &out, data + at, valid + at, rows->element);
		if (rows->what == 'p')
			put_value(rows, &out, transfers[i].buffer, there);
		else
			put_string(rows, &out, transfers[i].buffer, there);
		tmi_text_char(&out, '\n', 1);
	}
	tmi_out_text(rows->session, &out);
	tmi_text_fini(&out);
}

static bool show(void *context, uint64_t address, const uint8_t *data, const uint8_t *valid,
		 size_t size)
{
	const struct rows *rows = context;
	size_t count = size / rows->element;
	struct tmem_transfer *transfers = calloc(count, sizeof(*transfers));
	uint8_t *buffer = calloc(count, target_size(rows));
	bool done;

	if (!transfers || !buffer)
		done = tmi_error(rows->session, "out of memory");
	else
		done = fetch(rows, transfers, buffer, data, valid, count);
	if (done && rows->session->json)
		record_rows(rows, address, data, valid, transfers, count);
	else if (done)
		show_rows(rows, address, data, valid, transfers, count);
	free(transfers);
	free(buffer);
	return done;
}

static bool execute(struct tmi_args *args)
{
	struct rows rows = { args->session, tmi_display_element(args->session, args->name[1]),
			     args->name[2] };
	struct tmi_range_rule rule = { rows.element, 128 / rows.element, true };
	struct tmi_range range;

	if (!tmi_display_parse(args, false, &rule, &rows.options, &range))
		return false;
	return tmi_display_walk(args->session, &rows.options.memory, range.start,
				tmi_display_bytes(&range, rows.element), rows.element, show, &rows);
}

static const struct tmi_command_name names[] = {
	{ "dpa", "pointers to text" },
	{ "dpu", "pointers to UTF-16 text" },
	{ "dpp", "pointers to pointers, with symbols" },
	{ "dda", "4-byte pointers to text" },
	{ "ddu", "4-byte pointers to UTF-16 text" },
	{ "ddp", "4-byte pointers to pointers" },
	{ "dqa", "8-byte pointers to text" },
	{ "dqu", "8-byte pointers to UTF-16 text" },
	{ "dqp", "8-byte pointers to pointers" },
	{ NULL },
};

const struct tmi_command tmi_command_d_pointers = {
	.names = names,
	.arguments = "[/p] [RANGE]",
	.brief = "pointers and what they point to",
	.help = "Shows one pointer a row and what it points to: text (cut at 48 characters), or a\n"
		"value with its module. Only the pointer is shown when nothing can be read there\n"
		"or the text is empty. 128 bytes unless RANGE says how much. With /p the pointers\n"
		"stand in physical memory (kernel mode; see db), and point to virtual addresses "
		"as\n"
		"ever.\n",
	.examples = "dpa @rsp\ndpp [stack] L10\n",
	.topic = TMI_TOPIC_DISPLAY,
	.flags = TMI_COMMAND_REPEATS,
	.execute = execute,
};
