/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.c - errors of the command line.
 *
 * When the place is known a caret stands under it, counted from the left edge of the screen:
 *
 *	0:000> db 0 L20000000
 *	           ^ Range error in 'db 0 L20000000'
 *
 * In a script the place stands before the error instead: FILE:LINE:COLUMN.
 *
 * Names that mean nothing and failing reads inside an expression quote what was not parsed yet.
 *
 * For programs an error is a record: one line of text without the caret, the status, and what else
 * is known in numbers.
 */
#include <ctype.h>
#include <inttypes.h>
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

/* An error on its way out. */
struct failure {
	struct tmi_session *session;
	struct tmi_text text;   /* for people: all lines */
	struct tmi_text record; /* for programs */
	struct tmi_error_facts facts;
	bool has_column;
	size_t column; /* in the command */
};

static void fini(struct failure *failure)
{
	tmi_text_fini(&failure->text);
	tmi_text_fini(&failure->record);
}

/* Text without line breaks and the blanks around them. */
static void flatten(struct tmi_text *out, const char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	for (; *text; text++) {
		if (*text != '\n') {
			tmi_text_char(out, *text, 1);
			continue;
		}
		while (isspace((unsigned char)text[1]))
			text++;
		tmi_text_char(out, ' ', text[1] != 0);
	}
}

/* Columns that the first @size bytes of UTF-8 text take, a control character being one. */
static size_t columns(const char *text, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

/* Column of the error in the line of the running script, from 1. */
static size_t script_column(const struct failure *failure)
{
	const struct tmi_script_place *place = failure->session->script;
	size_t offset = place->offset;

	/* A command inside the line's command has a text of its own. */
	if (failure->has_column && failure->session->depth == place->depth)
		offset += failure->column;
	return columns(place->text, strnlen(place->text, offset)) + 1;
}

static void record_script(struct tmi_record *record, const struct failure *failure)
{
	tmi_record_text(record, "script", failure->session->script->file);
	tmi_record_number(record, "script_line", failure->session->script->line);
	tmi_record_number(record, "script_column", script_column(failure));
}

static void send_record(struct failure *failure)
{
	const struct tmi_error_facts *facts = &failure->facts;
	struct tmi_text line = { 0 };
	struct tmi_record record;

	flatten(&line, failure->record.data ? failure->record.data : "");
	tmi_record_begin(&record, failure->session, "error");
	tmi_record_text_sized(&record, "error", line.data ? line.data : "", line.size);
	tmi_record_text(&record, "status", tmem_status_name(facts->status));
	if (facts->reason)
		tmi_record_text(&record, "reason", tmem_reason_text(facts->reason));
	if (facts->has_address)
		tmi_record_address(&record, "address", facts->address);
	if (facts->size) {
		tmi_record_size(&record, "done", facts->done);
		tmi_record_size(&record, "size", facts->size);
	}
	if (failure->session->command)
		tmi_record_text(&record, "command", failure->session->command);
	if (failure->has_column)
		tmi_record_number(&record, "column", failure->column);
	if (failure->session->script)
		record_script(&record, failure);
	tmi_record_send(&record);
	tmi_text_fini(&line);
}

static bool send(struct failure *failure)
{
	bool failed = failure->text.failed || failure->record.failed;

	if (failed)
		tmi_out_kind(failure->session, TMI_OUTPUT_ERROR, "out of memory\n");
	else if (failure->session->json)
		send_record(failure);
	else if (failure->session->script)
		tmi_out_kind(failure->session, TMI_OUTPUT_ERROR, "%s:%" PRIu64 ":%zu: %s\n",
			     failure->session->script->file, failure->session->script->line,
			     script_column(failure), failure->text.data);
	else
		tmi_out_kind(failure->session, TMI_OUTPUT_ERROR, "%s\n", failure->text.data);
	fini(failure);
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

/* The same for both forms; @lead and @record_lead stand before it. */
static void put_both(struct failure *failure, const char *lead, const char *record_lead,
		     const char *format, va_list arguments)
{
	struct tmi_text text = { 0 };

	put(&text, format, arguments);
	failure->text.failed |= text.failed;
	tmi_text_format(&failure->text, "%s%s", lead, text.data ? text.data : "");
	tmi_text_format(&failure->record, "%s%s", record_lead, text.data ? text.data : "");
	tmi_text_fini(&text);
}

/* What the target said about its last failure. */
static void take_detail(struct failure *failure, tmem_status otherwise)
{
	struct tmem_error_detail detail = { .size = sizeof(detail) };

	failure->facts.status = otherwise;
	if (tmem_last_error_detail(failure->session->target, &detail) != TMEM_S_OK)
		return;
	if (TMEM_FAILED(detail.status))
		failure->facts.status = detail.status;
	failure->facts.reason = detail.reason;
}

bool tmi_error(struct tmi_session *session, const char *format, ...)
{
	struct failure failure = { .session = session, .facts = { .status = TMEM_E_FAIL } };
	va_list arguments;

	va_start(arguments, format);
	put_both(&failure, "", "", format, arguments);
	va_end(arguments);
	return send(&failure);
}

bool tmi_error_with(struct tmi_session *session, const struct tmi_error_facts *facts,
		    const char *format, ...)
{
	struct failure failure = { .session = session, .facts = *facts };
	va_list arguments;

	va_start(arguments, format);
	put_both(&failure, "", "", format, arguments);
	va_end(arguments);
	return send(&failure);
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

	if (args->session->echo_line && !args->session->script) {
		put_line(text, args->line);
		tmi_text_char(text, '\n', 1);
	}
	if (offset > strlen(args->line))
		offset = strlen(args->line);
	if (!args->session->script) {
		tmi_text_char(text, ' ', args->session->prompt_width + columns(args->line, offset));
		tmi_text_puts(text, "^ ");
	}
	tmi_text_format(text, "%s in '", texts[kind]);
	put_line(text, args->text);
	tmi_text_char(text, '\'', 1);
}

static void put_error(struct failure *failure, struct tmi_args *args, enum tmi_error_kind kind,
		      const char *where)
{
	struct tmi_text *text = &failure->text;
	size_t place = failure->text.size;
	bool caret = false;

	if (*where == 0 && kind == TMI_ERROR_MISSING)
		tmi_text_format(text, "%s from '<EOL>'", texts[kind]);
	else if (*where == 0 && kind == TMI_ERROR_SYNTAX)
		tmi_text_format(text, "%s at '<EOL>'", texts[kind]);
	else if (kind == TMI_ERROR_RESOLVE || kind == TMI_ERROR_MEMORY)
		tmi_text_format(text, "%s at '%s'", texts[kind], where);
	else
		caret = true;
	if (caret) {
		put_caret(text, args, kind, where);
		tmi_text_puts(&failure->record, texts[kind]);
	} else if (text->data) {
		tmi_text_puts(&failure->record, text->data + place);
	}
	failure->has_column = true;
	failure->column = (size_t)(where - args->text);
	args->session->misread |= kind != TMI_ERROR_MEMORY;
	if (kind == TMI_ERROR_MEMORY)
		take_detail(failure, TMEM_E_READ_FAULT);
	else
		failure->facts.status = TMEM_E_INVALIDARG;
}

bool tmi_error_at(struct tmi_args *args, enum tmi_error_kind kind, const char *where)
{
	struct failure failure = { .session = args->session };

	put_error(&failure, args, kind, where);
	return send(&failure);
}

bool tmi_error_explain(struct tmi_args *args, enum tmi_error_kind kind, const char *where,
		       const char *format, ...)
{
	struct failure failure = { .session = args->session };
	va_list arguments;

	put_error(&failure, args, kind, where);
	va_start(arguments, format);
	put_both(&failure, "\n  ", ": ", format, arguments);
	va_end(arguments);
	return send(&failure);
}

bool tmi_error_target(struct tmi_session *session, const char *format, ...)
{
	/* Asked first: the text is the library's until the next call. */
	const char *reason = tmem_last_error(session->target);
	struct failure failure = { .session = session };
	va_list arguments;

	if (!*reason)
		reason = "no reason given";
	va_start(arguments, format);
	put_both(&failure, "", "", format, arguments);
	va_end(arguments);
	tmi_text_format(&failure.text, ": %s", reason);
	tmi_text_format(&failure.record, ": %s", reason);
	take_detail(&failure, TMEM_E_FAIL);
	return send(&failure);
}

/* A Memory access error at the command's end, that names the address. */
static void put_memory(struct failure *failure, struct tmi_args *args, uint64_t address)
{
	const char *reason = tmem_last_error(args->session->target);

	put_caret(&failure->text, args, TMI_ERROR_MEMORY, args->text + strlen(args->text));
	failure->has_column = args->session->script != NULL;
	failure->column = strlen(args->text);
	tmi_text_format(&failure->text, "\n  at %s", tmi_address(args->session, address).text);
	tmi_text_format(&failure->record, "%s at %s", texts[TMI_ERROR_MEMORY],
			tmi_address(args->session, address).text);
	if (*reason) {
		tmi_text_format(&failure->text, ": %s", reason);
		tmi_text_format(&failure->record, ": %s", reason);
	}
	failure->facts.has_address = true;
	failure->facts.address = address;
}

bool tmi_error_memory(struct tmi_args *args, uint64_t address)
{
	struct failure failure = { .session = args->session };

	put_memory(&failure, args, address);
	take_detail(&failure, TMEM_E_READ_FAULT);
	return send(&failure);
}

bool tmi_error_partial(struct tmi_args *args, uint64_t address, uint64_t done, uint64_t size,
		       const char *what)
{
	struct failure failure = { .session = args->session };

	put_memory(&failure, args, address);
	take_detail(&failure, TMEM_E_WRITE_FAULT);
	failure.facts.done = done;
	failure.facts.size = size;
	tmi_text_format(&failure.text, "\n  0x%" PRIx64 " of 0x%" PRIx64 " bytes were %s", done,
			size, what);
	return send(&failure);
}

bool tmi_error_interrupted(struct tmi_session *session, const char *format, ...)
{
	struct failure failure = { .session = session,
				   .facts = { .status = TMEM_E_CONTROL_C_EXIT } };
	va_list arguments;

	session->interrupted = true;
	va_start(arguments, format);
	put_both(&failure, "Interrupted: ", "Interrupted: ", format, arguments);
	va_end(arguments);
	return send(&failure);
}
