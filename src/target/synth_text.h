/* SPDX-License-Identifier: Apache-2.0 */
/*
 * synth_text.h - words, numbers and strings of one line of a machine description.
 *
 * Every take function moves past what it took, or fails with "file:line:column: expected ...,
 * found ..." at the first character that does not fit.
 */
#ifndef TMI_TARGET_SYNTH_TEXT_H
#define TMI_TARGET_SYNTH_TEXT_H

#include "target/synth.h"

struct tmi_synth_line {
	struct tmi_synth *synth;
	const char *file;
	unsigned number;
	const char *start;
	const char *end; /* the newline, or the end of the text */
	const char *at;
};

/* A word with a value: rows of the tables that tmi_synth_take_choice() looks in. */
struct tmi_synth_choice {
	const char *name; /* NULL ends the table */
	uint64_t value;
};

enum tmi_synth_value {
	TMI_SYNTH_NUMBER,
	TMI_SYNTH_CHOICE,
	TMI_SYNTH_STRING,
	TMI_SYNTH_HEX, /* hex digits, two each byte; number = how many bytes */
};

/* One key=value that a directive understands. */
struct tmi_synth_key {
	const char *name;
	enum tmi_synth_value kind;
	const struct tmi_synth_choice *choices;
};

/* What was given for it. */
struct tmi_synth_given {
	bool given;
	uint64_t number;
	const char *string;
	size_t byte_at; /* in tmi_synth.bytes, for TMI_SYNTH_HEX */
	const char *at; /* where it stands, for messages */
};

/* Fails at the line's present position. */
tmem_status tmi_synth_expected(const struct tmi_synth_line *line, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Fails at another position of the same line. */
tmem_status tmi_synth_expected_at(struct tmi_synth_line *line, const char *at, const char *format,
				  ...) __attribute__((format(printf, 3, 4)));

/* Skips blanks; true when nothing but a comment is left. */
bool tmi_synth_at_end(struct tmi_synth_line *line);

/* Fails when something is left. */
tmem_status tmi_synth_take_end(struct tmi_synth_line *line);

/* True, and past it, when the next word is @word. */
bool tmi_synth_skip_word(struct tmi_synth_line *line, const char *word);

/* Length of the word at the present position; it ends at a blank, '=', '"' or the line's end. */
size_t tmi_synth_word_length(const struct tmi_synth_line *line);

/* Number: decimal or 0x..., suffix K M G T P. @what names it in messages. */
tmem_status tmi_synth_take_number(struct tmi_synth_line *line, const char *what, uint64_t *value);

/* Word out of a table. */
tmem_status tmi_synth_take_choice(struct tmi_synth_line *line, const char *what,
				  const struct tmi_synth_choice *choices, uint64_t *value);

/* ADDR SIZE as an inclusive range, inside @highest. */
tmem_status tmi_synth_take_range(struct tmi_synth_line *line, uint64_t highest, uint64_t *first,
				 uint64_t *last);

/* Quoted string without zero bytes, kept until the target closes. */
tmem_status tmi_synth_take_string(struct tmi_synth_line *line, const char *what,
				  const char **string);

/* Quoted string appended to tmi_synth.bytes: as 8-bit text, or as UTF-16 in target order. */
tmem_status tmi_synth_take_text(struct tmi_synth_line *line, bool wide, bool big_endian);

/* One or more words of hex bytes, up to the next key or the end, appended to tmi_synth.bytes. */
tmem_status tmi_synth_take_bytes(struct tmi_synth_line *line);

/* All key=value words that follow, up to the end of the line. @given is one row for each key. */
tmem_status tmi_synth_take_keys(struct tmi_synth_line *line, const struct tmi_synth_key *keys,
				size_t count, struct tmi_synth_given *given);

/* Appends to tmi_synth.bytes. */
tmem_status tmi_synth_append(struct tmi_synth *synth, const void *bytes, size_t size);

#endif
