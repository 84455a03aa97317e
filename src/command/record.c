/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.c - records for programs: one JSON object a line, made by libjansson.
 *
 * Only ASCII is printed, the rest as \u escapes: no byte of a target can steer a terminal or break
 * a line.
 */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD in UTF-8 */
#define EXACT       ((UINT64_C(1) << 53) - 1)

/* Takes @value (NULL: there was no memory) into what is open now. */
static void put(struct tmi_record *record, const char *name, json_t *value)
{
	json_t *into = record->open[record->depth];
	int failed = name ? json_object_set_new_nocheck(into, name, value)
			  : json_array_append_new(into, value);

	record->failed |= failed != 0;
}

void tmi_record_begin(struct tmi_record *record, struct tmi_session *session, const char *type)
{
	*record = (struct tmi_record){ .session = session };
	record->open[0] = json_object();
	tmi_record_text(record, "type", type);
}

void tmi_record_send(struct tmi_record *record)
{
	static const char no_memory[] =
		"{\"type\": \"error\", \"error\": \"out of memory: a record is missing here\", "
		"\"status\": \"E_OUTOFMEMORY\"}\n";
	struct tmi_session *session = record->session;
	struct tmi_text line = { 0 };
	char *text = record->failed ? NULL : json_dumps(record->open[0], JSON_ENSURE_ASCII);

	if (text) {
		tmi_text_puts(&line, text);
		tmi_text_char(&line, '\n', 1);
	}
	if (text && !line.failed)
		session->callbacks.output(session->callbacks.context, TMI_OUTPUT_NORMAL, line.data,
					  line.size);
	else
		session->callbacks.output(session->callbacks.context, TMI_OUTPUT_NORMAL, no_memory,
					  sizeof(no_memory) - 1);
	free(text);
	tmi_text_fini(&line);
	json_decref(record->open[0]);
	*record = (struct tmi_record){ 0 };
}

static void put_hex(struct tmi_record *record, const char *name, uint64_t value, int digits)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%0*" PRIx64, digits, value);
	put(record, name, json_string_nocheck(text));
}

void tmi_record_address(struct tmi_record *record, const char *name, uint64_t address)
{
	put_hex(record, name, address, 16);
}

void tmi_record_size(struct tmi_record *record, const char *name, uint64_t size)
{
	put_hex(record, name, size, 1);
}

void tmi_record_value(struct tmi_record *record, const char *name, uint64_t value, unsigned size)
{
	if (size < 8)
		value &= (UINT64_C(1) << 8 * size) - 1;
	put_hex(record, name, value, (int)size * 2);
}

void tmi_record_number(struct tmi_record *record, const char *name, uint64_t number)
{
	put(record, name, json_integer((json_int_t)(number < EXACT ? number : EXACT)));
}

void tmi_record_real(struct tmi_record *record, const char *name, double number)
{
	put(record, name, isfinite(number) ? json_real(number) : json_null());
}

void tmi_record_bool(struct tmi_record *record, const char *name, bool value)
{
	put(record, name, json_boolean(value));
}

void tmi_record_null(struct tmi_record *record, const char *name)
{
	put(record, name, json_null());
}

/* Adds @text, which is UTF-8, and frees it. */
static void put_text(struct tmi_record *record, const char *name, struct tmi_text *text)
{
	if (text->failed)
		record->failed = true;
	else
		put(record, name, json_stringn_nocheck(text->data ? text->data : "", text->size));
	tmi_text_fini(text);
}

void tmi_record_bytes(struct tmi_record *record, const char *name, const void *data,
		      const uint8_t *valid, size_t size)
{
	const uint8_t *bytes = data;
	struct tmi_text text = { 0 };

	for (size_t i = 0; i < size; i++)
		if (!valid || valid[i])
			tmi_text_hex(&text, bytes[i], 2);
		else
			tmi_text_put(&text, "??", 2);
	put_text(record, name, &text);
}

/* Bytes of the UTF-8 character at the start of @size bytes; 0 when it is malformed or cut. */
static size_t character_size(const uint8_t *at, size_t size)
{
	uint8_t first = at[0];
	/* What the second byte may be: no long forms, no surrogates, nothing above U+10FFFF. */
	uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || length > size)
		return 0;
	if (length > 1 && (at[1] < low || at[1] > high))
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

/* Appends bytes with U+FFFD for each that is no part of UTF-8, or not @valid; true: all were. */
static bool put_utf8(struct tmi_text *out, const uint8_t *data, const uint8_t *valid, size_t size)
{
	bool clean = true;

	for (size_t at = 0; at < size;) {
		size_t length = character_size(data + at, size - at);

		if (length == 0 || (valid && memchr(valid + at, 0, length))) {
			tmi_text_puts(out, REPLACEMENT);
			clean = false;
			length = 1;
		} else {
			tmi_text_put(out, (const char *)data + at, length);
		}
		at += length;
	}
	return clean;
}

/* Appends a character that is no surrogate. */
static void put_code_point(struct tmi_text *out, uint32_t c)
{
	if (c < 0x80) {
		tmi_text_char(out, (char)c, 1);
		return;
	}
	if (c < 0x800) {
		tmi_text_char(out, (char)(0xc0 | c >> 6), 1);
	} else if (c < 0x10000) {
		tmi_text_char(out, (char)(0xe0 | c >> 12), 1);
		tmi_text_char(out, (char)(0x80 | (c >> 6 & 0x3f)), 1);
	} else {
		tmi_text_char(out, (char)(0xf0 | c >> 18), 1);
		tmi_text_char(out, (char)(0x80 | (c >> 12 & 0x3f)), 1);
		tmi_text_char(out, (char)(0x80 | (c >> 6 & 0x3f)), 1);
	}
	tmi_text_char(out, (char)(0x80 | (c & 0x3f)), 1);
}

/* The UTF-16 unit with this index; 0xdc00, which is malformed alone, when it cannot be read. */
static uint32_t load_unit(const uint8_t *data, const uint8_t *valid, size_t index, bool big_endian)
{
	const uint8_t *at = data + 2 * index;

	if (valid && (!valid[2 * index] || !valid[2 * index + 1]))
		return 0xdc00;
	return big_endian ? (uint32_t)at[0] << 8 | at[1] : (uint32_t)at[1] << 8 | at[0];
}

static void put_utf16(struct tmi_text *out, const uint8_t *data, const uint8_t *valid, size_t count,
		      bool big_endian)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t c = load_unit(data, valid, i, big_endian);
		uint32_t next = i + 1 < count ? load_unit(data, valid, i + 1, big_endian) : 0;
		/* An unreadable second half reads as 0xdc00 too. */
		bool known = !valid || i + 1 >= count || (valid[2 * i + 2] && valid[2 * i + 3]);

		if (c >= 0xd800 && c < 0xdc00 && known && next >= 0xdc00 && next < 0xe000) {
			put_code_point(out, 0x10000 + ((c - 0xd800) << 10) + (next - 0xdc00));
			i++;
		} else if (c >= 0xd800 && c < 0xe000) {
			tmi_text_puts(out, REPLACEMENT);
		} else {
			put_code_point(out, c);
		}
	}
}

void tmi_record_text_sized(struct tmi_record *record, const char *name, const char *text,
			   size_t size)
{
	struct tmi_text utf8 = { 0 };
	struct tmi_text beside = { 0 };
	bool clean = put_utf8(&utf8, (const uint8_t *)text, NULL, size);

	put_text(record, name, &utf8);
	if (!clean && name) {
		tmi_text_format(&beside, "%s_bytes", name);
		if (beside.failed)
			record->failed = true;
		else
			tmi_record_bytes(record, beside.data, text, NULL, size);
	}
	tmi_text_fini(&beside);
}

void tmi_record_text(struct tmi_record *record, const char *name, const char *text)
{
	tmi_record_text_sized(record, name, text, strlen(text));
}

void tmi_record_characters(struct tmi_record *record, const char *name, unsigned unit,
			   const uint8_t *data, const uint8_t *valid, size_t count)
{
	struct tmi_text utf8 = { 0 };

	if (unit == 2)
		put_utf16(&utf8, data, valid, count, tmi_big_endian(record->session));
	else
		put_utf8(&utf8, data, valid, count);
	put_text(record, name, &utf8);
}

/* Opens a list or an object. */
static void open_inner(struct tmi_record *record, const char *name, json_t *inner)
{
	put(record, name, inner);
	if (record->depth + 1 == TMI_RECORD_DEPTH) {
		record->failed = true;
		return;
	}
	/* Borrowed: the outer one owns it. NULL when there was no memory; additions then fail. */
	record->open[++record->depth] = record->failed ? NULL : inner;
}

void tmi_record_list(struct tmi_record *record, const char *name)
{
	open_inner(record, name, json_array());
}

void tmi_record_object(struct tmi_record *record, const char *name)
{
	open_inner(record, name, json_object());
}

void tmi_record_end(struct tmi_record *record)
{
	if (record->depth > 0)
		record->depth--;
}
