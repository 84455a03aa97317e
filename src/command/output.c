/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.c - growable text, formatted numbers, and sending both to the session's callback.
 * Records are in record.c.
 */
#include "command/output.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"

void tmi_text_fini(struct tmi_text *text)
{
	free(text->data);
	*text = (struct tmi_text){ 0 };
}

/* Makes room for @more characters and a NUL; false when there is no memory. */
static bool reserve(struct tmi_text *text, size_t more)
{
	size_t wanted, room = text->room ? text->room : 128;
	char *data;

	if (text->failed || __builtin_add_overflow(text->size, more, &wanted) ||
	    wanted >= SIZE_MAX / 2)
		return !(text->failed = true);
	if (wanted < text->room)
		return true;
	while (room <= wanted)
		room *= 2;
	data = realloc(text->data, room);
	if (!data)
		return !(text->failed = true);
	text->data = data;
	text->room = room;
	return true;
}

void tmi_text_put(struct tmi_text *text, const char *data, size_t size)
{
	if (!reserve(text, size))
		return;
	memcpy(text->data + text->size, data, size);
	text->size += size;
	text->data[text->size] = 0;
}

void tmi_text_puts(struct tmi_text *text, const char *string)
{
	tmi_text_put(text, string, strlen(string));
}

void tmi_text_char(struct tmi_text *text, char c, size_t times)
{
	if (!reserve(text, times))
		return;
	memset(text->data + text->size, c, times);
	text->size += times;
	text->data[text->size] = 0;
}

static void put_arguments(struct tmi_text *text, const char *format, va_list arguments)
{
	va_list again;
	int size;

	va_copy(again, arguments);
	size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (size < 0 || !reserve(text, (size_t)size))
		return;
	vsnprintf(text->data + text->size, (size_t)size + 1, format, arguments);
	text->size += (size_t)size;
}

void tmi_text_format(struct tmi_text *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put_arguments(text, format, arguments);
	va_end(arguments);
}

void tmi_text_pad(struct tmi_text *text, size_t column)
{
	size_t start = text->size;

	while (start > 0 && text->data[start - 1] != '\n')
		start--;
	if (text->size - start < column)
		tmi_text_char(text, ' ', column - (text->size - start));
}

void tmi_text_hex(struct tmi_text *text, uint64_t value, unsigned digits)
{
	if (!reserve(text, digits))
		return;
	for (unsigned i = 0; i < digits; i++)
		text->data[text->size++] = "0123456789abcdef"[value >> 4 * (digits - 1 - i) & 15];
	text->data[text->size] = 0;
}

void tmi_out_text(struct tmi_session *session, struct tmi_text *text)
{
	if (text->failed)
		tmi_out_kind(session, TMI_OUTPUT_ERROR, "out of memory: output is missing here\n");
	else if (text->size > 0 && !session->json)
		session->callbacks.output(session->callbacks.context, TMI_OUTPUT_NORMAL, text->data,
					  text->size);
	text->failed = false;
	tmi_text_clear(text);
}

/* The form that programs get of text that is no record. */
static void record_text(struct tmi_session *session, enum tmi_output_kind kind,
			const struct tmi_text *text)
{
	struct tmi_record record;
	size_t size = text->size;

	if (kind == TMI_OUTPUT_NORMAL || kind == TMI_OUTPUT_PROMPT)
		return;
	while (size > 0 && text->data[size - 1] == '\n')
		size--;
	tmi_record_begin(&record, session, kind == TMI_OUTPUT_ERROR ? "error" : "message");
	tmi_record_text_sized(&record, kind == TMI_OUTPUT_ERROR ? "error" : "text", text->data,
			      size);
	if (kind == TMI_OUTPUT_ERROR)
		tmi_record_text(&record, "status", tmem_status_name(TMEM_E_FAIL));
	if (session->command)
		tmi_record_text(&record, "command", session->command);
	tmi_record_send(&record);
}

static void out(struct tmi_session *session, enum tmi_output_kind kind, const char *format,
		va_list arguments)
{
	static const char *const no_memory = "out of memory\n";
	struct tmi_text text = { 0 };

	put_arguments(&text, format, arguments);
	if (text.failed)
		session->callbacks.output(session->callbacks.context, TMI_OUTPUT_ERROR, no_memory,
					  strlen(no_memory));
	else if (text.size > 0 && session->json)
		record_text(session, kind, &text);
	else if (text.size > 0)
		session->callbacks.output(session->callbacks.context, kind, text.data, text.size);
	tmi_text_fini(&text);
}

void tmi_out(struct tmi_session *session, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	out(session, TMI_OUTPUT_NORMAL, format, arguments);
	va_end(arguments);
}

void tmi_out_kind(struct tmi_session *session, enum tmi_output_kind kind, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	out(session, kind, format, arguments);
	va_end(arguments);
}

void tmi_out_message(struct tmi_session *session, const char *format, ...)
{
	struct tmi_text text = { 0 };
	va_list arguments;

	va_start(arguments, format);
	put_arguments(&text, format, arguments);
	va_end(arguments);
	if (session->json && !text.failed && text.size > 0) {
		record_text(session, TMI_OUTPUT_WARNING, &text);
	} else {
		tmi_text_char(&text, '\n', 1);
		tmi_out_text(session, &text);
	}
	tmi_text_fini(&text);
}

struct tmi_number_text tmi_value(uint64_t value, unsigned size)
{
	struct tmi_number_text text;

	if (size == 8)
		snprintf(text.text, sizeof(text.text), "%08x`%08x", (uint32_t)(value >> 32),
			 (uint32_t)value);
	else
		snprintf(text.text, sizeof(text.text), "%0*x", (int)size * 2,
			 (uint32_t)(value & (size == 4 ? UINT32_MAX : (1u << 8 * size) - 1)));
	return text;
}

struct tmi_number_text tmi_address(const struct tmi_session *session, uint64_t address)
{
	/* Physical addresses may be longer than pointers. */
	return tmi_value(address, address > UINT32_MAX ? 8 : tmi_pointer_size(session));
}

struct tmi_number_text tmi_number(uint64_t value)
{
	bool narrow = value >> 32 == 0 || (value >> 31) == 0x1ffffffff;

	return tmi_value(value, narrow ? 4 : 8);
}
