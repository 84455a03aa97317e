/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.c - errors of the command line.
 *
 * When the place is known a caret stands under it, counted from the left edge of the screen:
 *
 *	0:000> db 0 L20000000
 *	           ^ Range error in 'db 0 L20000000'
 *
 * Names that mean nothing and failing reads inside an expression quote what was not parsed yet.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"

static const char *const texts[] = {
#define ROW(name, text) text,
	TMI_ERROR_LIST(ROW)
#undef ROW
};

static bool send(struct tmi_session *session, struct tmi_text *text)
{
	tmi_out_kind(session, TMI_OUTPUT_ERROR, "%s\n",
		     text->data && !text->failed ? text->data : "out of memory");
	tmi_text_fini(text);
	return false;
}

/* Formats with a va_list through the growable text's own printf. */
static void put(struct tmi_text *text, const char *format, va_list arguments)
{
	char *formatted = NULL;

	if (vasprintf(&formatted, format, arguments) < 0) {
		text->failed = true;
		return;
	}
	tmi_text_puts(text, formatted);
	free(formatted);
}

bool tmi_error(struct tmi_session *session, const char *format, ...)
{
	struct tmi_text text = { 0 };
	va_list arguments;

	va_start(arguments, format);
	put(&text, format, arguments);
	va_end(arguments);
	return send(session, &text);
}

/* Columns that the first @size bytes of UTF-8 text take, a control character being one. */
static size_t columns(const char *text, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

/* Puts text with control characters as blanks, so that nothing moves the caret. */
static void put_line(struct tmi_text *text, const char *line)
{
	for (; *line; line++)
		tmi_text_char(text, (unsigned char)*line < 0x20 || *line == 0x7f ? ' ' : *line, 1);
}

static void put_caret(struct tmi_text *text, struct tmi_args *args, enum tmi_error_kind kind,
		      const char *where)
{
	size_t offset = args->column + (size_t)(where - args->text);

	if (args->session->echo_line) {
		put_line(text, args->line);
		tmi_text_char(text, '\n', 1);
	}
	if (offset > strlen(args->line))
		offset = strlen(args->line);
	tmi_text_char(text, ' ', args->session->prompt_width + columns(args->line, offset));
	tmi_text_format(text, "^ %s in '", texts[kind]);
	put_line(text, args->text);
	tmi_text_char(text, '\'', 1);
}

static void put_error(struct tmi_text *text, struct tmi_args *args, enum tmi_error_kind kind,
		      const char *where)
{
	if (*where == 0 && kind == TMI_ERROR_MISSING)
		tmi_text_format(text, "%s from '<EOL>'", texts[kind]);
	else if (*where == 0 && kind == TMI_ERROR_SYNTAX)
		tmi_text_format(text, "%s at '<EOL>'", texts[kind]);
	else if (kind == TMI_ERROR_RESOLVE || kind == TMI_ERROR_MEMORY)
		tmi_text_format(text, "%s at '%s'", texts[kind], where);
	else
		put_caret(text, args, kind, where);
}

bool tmi_error_at(struct tmi_args *args, enum tmi_error_kind kind, const char *where)
{
	struct tmi_text text = { 0 };

	put_error(&text, args, kind, where);
	return send(args->session, &text);
}

bool tmi_error_explain(struct tmi_args *args, enum tmi_error_kind kind, const char *where,
		       const char *format, ...)
{
	struct tmi_text text = { 0 };
	va_list arguments;

	put_error(&text, args, kind, where);
	tmi_text_puts(&text, "\n  ");
	va_start(arguments, format);
	put(&text, format, arguments);
	va_end(arguments);
	return send(args->session, &text);
}

bool tmi_error_target(struct tmi_session *session, const char *format, ...)
{
	const char *reason = tmem_last_error(session->target);
	struct tmi_text text = { 0 };
	va_list arguments;

	va_start(arguments, format);
	put(&text, format, arguments);
	va_end(arguments);
	tmi_text_format(&text, ": %s", *reason ? reason : "no reason given");
	return send(session, &text);
}

bool tmi_error_memory(struct tmi_args *args, uint64_t address)
{
	const char *reason = tmem_last_error(args->session->target);
	struct tmi_text text = { 0 };

	put_caret(&text, args, TMI_ERROR_MEMORY, args->text + strlen(args->text));
	tmi_text_format(&text, "\n  at %s", tmi_address(args->session, address).text);
	if (*reason)
		tmi_text_format(&text, ": %s", reason);
	return send(args->session, &text);
}

bool tmi_error_interrupted(struct tmi_session *session, const char *format, ...)
{
	struct tmi_text text = { 0 };
	va_list arguments;

	session->interrupted = true;
	tmi_text_puts(&text, "Interrupted: ");
	va_start(arguments, format);
	put(&text, format, arguments);
	va_end(arguments);
	return send(session, &text);
}
