/* SPDX-License-Identifier: Apache-2.0 */
/* display.c - rows of memory: values, text column, quoted strings. */
#include "command/display.h"

#include <stdlib.h>
#include <string.h>

#define STRING_ROW  32   /* characters a row of quoted text */
#define STRING_PART 4096 /* characters of a text in one record */

/* What searches look at. */
static const struct tmi_memory virtual_memory;

static const struct {
	char letter;
	struct tmi_display_values layout;
} layouts[] = {
	{ 'b', { 1, 16, true } }, { 'w', { 2, 8, false } }, { 'W', { 2, 8, true } },
	{ 'd', { 4, 4, false } }, { 'c', { 4, 4, true } },  { 'q', { 8, 2, false } },
	{ 'p', { 0, 0, false } },
};

const struct tmi_display_values *tmi_display_layout(char letter)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (layouts[i].letter == letter)
			return &layouts[i].layout;
	return NULL;
}

uint64_t tmi_display_load(const struct tmi_session *session, const uint8_t *data, unsigned size)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value = value << 8 | data[tmi_big_endian(session) ? i : size - 1 - i];
	return value;
}

bool tmi_display_is_valid(const uint8_t *valid, size_t size)
{
	return !memchr(valid, 0, size);
}

void tmi_display_value(const struct tmi_session *session, struct tmi_text *out, const uint8_t *data,
		       const uint8_t *valid, unsigned size)
{
	uint64_t value;

	if (!tmi_display_is_valid(valid, size)) {
		tmi_text_puts(out, size == 8 ? "????????`????????" : "????????" + (8 - 2 * size));
		return;
	}
	value = tmi_display_load(session, data, size);
	if (size == 8) {
		tmi_text_hex(out, value >> 32, 8);
		tmi_text_char(out, '`', 1);
	}
	tmi_text_hex(out, value, size == 8 ? 8 : 2 * size);
}

static void put_address(const struct tmi_session *session, struct tmi_text *out, uint64_t address)
{
	/* Physical addresses may be longer than pointers. */
	if (tmi_pointer_size(session) == 8 || address > UINT32_MAX) {
		tmi_text_hex(out, address >> 32, 8);
		tmi_text_char(out, '`', 1);
	}
	tmi_text_hex(out, address, 8);
	tmi_text_char(out, ' ', 2);
}

void tmi_display_row(struct tmi_session *session, struct tmi_text *out,
		     const struct tmi_display_values *layout, uint64_t address, const uint8_t *data,
		     const uint8_t *valid, unsigned count)
{
	unsigned size = layout->element ? layout->element : tmi_pointer_size(session);
	unsigned width = size == 8 ? 17 : 2 * size;
	unsigned columns = layout->columns ? layout->columns : 16 / size;

	put_address(session, out, address);
	for (unsigned i = 0; i < count; i++) {
		if (i > 0)
			tmi_text_char(out, size == 1 && i == 8 ? '-' : ' ', 1);
		tmi_display_value(session, out, data + i * size, valid + i * size, size);
	}
	if (layout->text) {
		tmi_text_char(out, ' ', (columns - count) * (width + 1) + 2);
		for (unsigned i = 0; i < count * size; i++)
			tmi_text_char(out, valid[i] ? tmi_printable(data[i]) : '?', 1);
	}
	tmi_text_char(out, '\n', 1);
}

void tmi_display_record_value(struct tmi_record *record, const char *name, const uint8_t *data,
			      const uint8_t *valid, unsigned size)
{
	if (tmi_display_is_valid(valid, size))
		tmi_record_value(record, name, tmi_display_load(record->session, data, size), size);
	else
		tmi_record_null(record, name);
}

/* The text column: what rows of memory show on their right. */
static void record_column(struct tmi_record *record, const uint8_t *data, const uint8_t *valid,
			  size_t size)
{
	struct tmi_text text = { 0 };

	for (size_t i = 0; i < size; i++)
		tmi_text_char(&text, valid[i] ? tmi_printable(data[i]) : '?', 1);
	record->failed |= text.failed;
	tmi_record_text_sized(record, "text", text.data ? text.data : "", text.size);
	tmi_text_fini(&text);
}

void tmi_display_record(struct tmi_session *session, const char *type,
			const struct tmi_memory *memory, const struct tmi_display_values *layout,
			uint64_t address, const uint8_t *data, const uint8_t *valid, unsigned count)
{
	unsigned size = layout->element ? layout->element : tmi_pointer_size(session);
	struct tmi_record record;

	tmi_record_begin(&record, session, type);
	tmi_memory_record(&record, memory);
	tmi_record_address(&record, "address", tmi_memory_clean(session, memory, address));
	tmi_record_bytes(&record, "bytes", data, valid, (size_t)count * size);
	if (size > 1) {
		tmi_record_list(&record, "values");
		for (unsigned i = 0; i < count; i++)
			tmi_display_record_value(&record, NULL, data + (size_t)i * size,
						 valid + (size_t)i * size, size);
		tmi_record_end(&record);
	}
	if (layout->text)
		record_column(&record, data, valid, (size_t)count * size);
	tmi_record_send(&record);
}

void tmi_display_record_text(struct tmi_session *session, const char *type,
			     const struct tmi_memory *memory, unsigned unit, uint64_t address,
			     const uint8_t *data, const uint8_t *valid, size_t count)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, type);
	tmi_memory_record(&record, memory);
	tmi_record_address(&record, "address", tmi_memory_clean(session, memory, address));
	tmi_record_bytes(&record, "bytes", data, valid, count * unit);
	tmi_record_characters(&record, "text", unit, data, valid, count);
	tmi_record_send(&record);
}

void tmi_display_row_at(struct tmi_session *session, const struct tmi_display_values *layout,
			uint64_t address)
{
	unsigned size = layout->element ? layout->element : tmi_pointer_size(session);
	unsigned columns = layout->columns ? layout->columns : 16 / size;
	size_t bytes = (size_t)size * columns;
	uint8_t *data = calloc(2, bytes);
	struct tmi_text row = { 0 };

	if (!data) {
		tmi_error(session, "out of memory");
		return;
	}
	if (!tmi_read_with_holes(session, &virtual_memory, address, data, data + bytes, bytes)) {
		free(data);
		return;
	}
	if (session->json) {
		tmi_display_record(session, "hit", &virtual_memory, layout, address, data,
				   data + bytes, columns);
	} else {
		tmi_display_row(session, &row, layout, address, data, data + bytes, columns);
		tmi_out_text(session, &row);
	}
	tmi_text_fini(&row);
	free(data);
}

void tmi_display_characters(const struct tmi_session *session, struct tmi_text *out, unsigned unit,
			    const uint8_t *data, const uint8_t *valid, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t character = tmi_display_load(session, data + i * unit, unit);
		bool known = !valid || tmi_display_is_valid(valid + i * unit, unit);

		if (!known)
			tmi_text_char(out, '?', 1);
		else
			tmi_text_char(
				out, character > 0xff ? '.' : tmi_printable((uint8_t)character), 1);
	}
}

struct string_rows {
	struct tmi_session *session;
	unsigned unit;
	bool begun; /* a record was sent */
};

static bool record_string(void *context, uint64_t address, const uint8_t *data,
			  const uint8_t *valid, size_t size)
{
	struct string_rows *rows = context;
	size_t part = (size_t)STRING_PART * rows->unit;

	for (size_t at = 0; at < size; at += part) {
		tmi_display_record_text(rows->session, rows->begun ? "text" : "hit",
					&virtual_memory, rows->unit, address + at, data + at,
					valid + at,
					(size - at < part ? size - at : part) / rows->unit);
		rows->begun = true;
	}
	return true;
}

static bool show_string_rows(void *context, uint64_t address, const uint8_t *data,
			     const uint8_t *valid, size_t size)
{
	const struct string_rows *rows = context;
	struct tmi_text out = { 0 };

	for (size_t at = 0; at < size; at += STRING_ROW * rows->unit) {
		size_t count = (size - at) / rows->unit;

		put_address(rows->session, &out, address + at);
		tmi_text_char(&out, '"', 1);
		tmi_display_characters(rows->session, &out, rows->unit, data + at, valid + at,
				       count < STRING_ROW ? count : STRING_ROW);
		tmi_text_puts(&out, "\"\n");
	}
	tmi_out_text(rows->session, &out);
	tmi_text_fini(&out);
	return true;
}

bool tmi_display_string(struct tmi_session *session, unsigned unit, uint64_t address,
			uint64_t count)
{
	struct string_rows rows = { session, unit, false };
	size_t row = (size_t)(session->json ? STRING_PART : STRING_ROW) * unit;
	uint64_t next = session->display_next;
	bool known = session->display_next_known;
	bool done = tmi_display_walk(session, &virtual_memory, address, count * unit, row,
				     session->json ? record_string : show_string_rows, &rows);

	/* Hits of a search do not move the place where d goes on. */
	session->display_next = next;
	session->display_next_known = known;
	return done;
}
