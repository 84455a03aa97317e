/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.h - what commands print, and growable text.
 *
 * Nothing here touches stdio: every piece of text goes to the session's output callback with its
 * kind. A command builds a row in a struct tmi_text and sends it with one tmi_out_text(), or prints
 * directly with tmi_out(). Rows end with a newline; pieces may be cut anywhere.
 *
 * When session->json is set, programs read: text of commands is dropped and records are printed
 * instead, one JSON object a line (docs/json.md). A command gathers its data once and then shows it
 * in one of the two forms:
 *
 *	if (session->json)
 *		record_row(session, &row);
 *	else
 *		print_row(session, &row);
 *
 *	static void record_row(struct tmi_session *session, const struct row *row)
 *	{
 *		struct tmi_record record;
 *
 *		tmi_record_begin(&record, session, "row");
 *		tmi_record_address(&record, "address", row->address);
 *		tmi_record_bytes(&record, "bytes", row->data, row->valid, row->size);
 *		tmi_record_send(&record);
 *	}
 *
 * Every type of record has its definition in docs/json-schema.json and its row in docs/json.md;
 * the golden tests run every transcript in both forms and check the records against the schema.
 */
#ifndef TMI_COMMAND_OUTPUT_H
#define TMI_COMMAND_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tmi_session;

/* Kinds of output; the values are DbgEng's DEBUG_OUTPUT_* where it has one. */
enum tmi_output_kind {
	TMI_OUTPUT_NORMAL = 0x1,  /* results */
	TMI_OUTPUT_ERROR = 0x2,   /* why a command failed */
	TMI_OUTPUT_WARNING = 0x4, /* the command goes on */
	TMI_OUTPUT_PROMPT = 0x10, /* questions such as "Input>" */
	TMI_OUTPUT_EVENT = 0x100, /* an event that .events shows */
};

/* Receives text: @size bytes, not NUL-terminated. */
typedef void tmi_output_callback(void *context, enum tmi_output_kind kind, const char *text,
				 size_t size);

/*
 * Growable text, NUL-terminated as soon as something was put. Start with {0}; tmi_text_fini().
 * When memory runs out the rest is dropped and failed becomes true.
 */
struct tmi_text {
	char *data;
	size_t size; /* characters, the NUL not counted */
	size_t room;
	bool failed;
};

void tmi_text_fini(struct tmi_text *text);
static inline void tmi_text_clear(struct tmi_text *text)
{
	text->size = 0;
}
void tmi_text_put(struct tmi_text *text, const char *data, size_t size);
void tmi_text_puts(struct tmi_text *text, const char *string);
void tmi_text_char(struct tmi_text *text, char c, size_t times);
void tmi_text_format(struct tmi_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Blanks up to @column, counted from the start of the text (or after its last newline). */
void tmi_text_pad(struct tmi_text *text, size_t column);
/* The low @digits hex digits of @value, lower case. */
void tmi_text_hex(struct tmi_text *text, uint64_t value, unsigned digits);
/* A byte in a text column: itself when 0x20..0x7e, else a dot. */
static inline char tmi_printable(uint8_t byte)
{
	return byte >= 0x20 && byte <= 0x7e ? (char)byte : '.';
}

/* Normal output. */
void tmi_out(struct tmi_session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Sends a text as normal output and clears it. */
void tmi_out_text(struct tmi_session *session, struct tmi_text *text);
/* Output of any kind. */
void tmi_out_kind(struct tmi_session *session, enum tmi_output_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Something for people that is no data ("The overlay is empty"): the text and a newline, or a
 * record of type "message".
 */
void tmi_out_message(struct tmi_session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define TMI_RECORD_DEPTH 4 /* lists and objects inside each other */

/* A record under construction. Want of memory shows in tmi_record_send(). */
struct tmi_record {
	struct tmi_session *session;
	struct json_t *open[TMI_RECORD_DEPTH]; /* the record itself, then lists and objects in it */
	unsigned depth;
	bool failed;
};

/* Begins a record with its "type"; each one begun must be sent. */
void tmi_record_begin(struct tmi_record *record, struct tmi_session *session, const char *type);
/* Prints and ends the record. */
void tmi_record_send(struct tmi_record *record);

/* Fields. @name is NULL inside a list: the value is added at its end. */

/* "0x00007fff12345678": always 16 digits. */
void tmi_record_address(struct tmi_record *record, const char *name, uint64_t address);
/* Bytes of memory as a number, "0x1000": no leading zeros. Also for other numbers of 64 bits. */
void tmi_record_size(struct tmi_record *record, const char *name, uint64_t size);
/* A value of @size bytes that memory holds, "0x0041": two digits a byte. */
void tmi_record_value(struct tmi_record *record, const char *name, uint64_t value, unsigned size);
/* A count or an id, as a JSON integer; exact up to 2^53. */
void tmi_record_number(struct tmi_record *record, const char *name, uint64_t number);
/* A JSON number; null when it is no finite one. */
void tmi_record_real(struct tmi_record *record, const char *name, double number);
void tmi_record_bool(struct tmi_record *record, const char *name, bool value);
void tmi_record_null(struct tmi_record *record, const char *name);
/* "0080bcff"; "??" for a byte whose @valid is 0. @valid may be NULL. */
void tmi_record_bytes(struct tmi_record *record, const char *name, const void *data,
		      const uint8_t *valid, size_t size);
/*
 * Text of any bytes. What is not UTF-8 becomes U+FFFD, and then the bytes stand in the field
 * "NAME_bytes" beside it (not inside a list).
 */
void tmi_record_text(struct tmi_record *record, const char *name, const char *text);
void tmi_record_text_sized(struct tmi_record *record, const char *name, const char *text,
			   size_t size);
/*
 * Characters from memory: UTF-8 (@unit 1) or UTF-16 (@unit 2) in the target's byte order. What is
 * malformed or unreadable becomes U+FFFD; the record should have the bytes in a field of its own.
 */
void tmi_record_characters(struct tmi_record *record, const char *name, unsigned unit,
			   const uint8_t *data, const uint8_t *valid, size_t count);

/* What follows goes into a list, or an object, until tmi_record_end(). */
void tmi_record_list(struct tmi_record *record, const char *name);
void tmi_record_object(struct tmi_record *record, const char *name);
void tmi_record_end(struct tmi_record *record);

/* A short formatted number; returned by value: tmi_address(session, a).text. */
struct tmi_number_text {
	char text[24];
};

/* An address as memory rows start with it: 17 characters (00007ff9`6bb40770) or 8 (32-bit). */
struct tmi_number_text tmi_address(const struct tmi_session *session, uint64_t address);

/* A pointer-sized or smaller value: 17, 8, 4 or 2 characters for @size 8, 4, 2, 1. */
struct tmi_number_text tmi_value(uint64_t value, unsigned size);

/*
 * A number as WinDbg shows it elsewhere: 8 digits when the high half is all zeros, or all ones
 * with bit 31 set; else 16 digits split by a grave accent.
 */
struct tmi_number_text tmi_number(uint64_t value);

#endif
