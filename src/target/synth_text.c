/* SPDX-License-Identifier: Apache-2.0 */
/* synth_text.c - words, numbers and strings of a machine description; see synth_text.h. */
#include "target/synth_text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"

#define SHOWN 32 /* characters of the offending text in a message */

/* What stands at the line's position, fit for a message. */
static void quote_found(const struct tmi_synth_line *line, char out[SHOWN + 3])
{
	size_t length = 0;

	while (line->at + length < line->end && length < SHOWN && line->at[length] != ' ' &&
	       line->at[length] != '\t')
		length++;
	if (length == 0) {
		strcpy(out, "the end");
		return;
	}
	out[0] = '"';
	for (size_t i = 0; i < length; i++)
		out[1 + i] = isprint((unsigned char)line->at[i]) ? line->at[i] : '?';
	strcpy(out + 1 + length, "\"");
}

static tmem_status fail_here(const struct tmi_synth_line *line, const char *format, va_list list)
{
	char found[SHOWN + 3];
	tmem_status status;
	char *what;

	if (vasprintf(&what, format, list) < 0)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	quote_found(line, found);
	status = tmi_fail_text(TMEM_E_BAD_FORMAT, "%s:%u:%u: expected %s, found %s", line->file,
			       line->number, (unsigned)(line->at - line->start) + 1, what, found);
	free(what);
	return status;
}

tmem_status tmi_synth_expected(const struct tmi_synth_line *line, const char *format, ...)
{
	tmem_status status;
	va_list list;

	va_start(list, format);
	status = fail_here(line, format, list);
	va_end(list);
	return status;
}

tmem_status tmi_synth_expected_at(struct tmi_synth_line *line, const char *at, const char *format,
				  ...)
{
	tmem_status status;
	va_list list;

	line->at = at;
	va_start(list, format);
	status = fail_here(line, format, list);
	va_end(list);
	return status;
}

bool tmi_synth_at_end(struct tmi_synth_line *line)
{
	while (line->at < line->end && (*line->at == ' ' || *line->at == '\t' || *line->at == '\r'))
		line->at++;
	if (line->at < line->end && *line->at == '#')
		line->at = line->end;
	return line->at == line->end;
}

tmem_status tmi_synth_take_end(struct tmi_synth_line *line)
{
	return tmi_synth_at_end(line) ? TMEM_S_OK : tmi_synth_expected(line, "the end of the line");
}

static bool ends_word(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '=' || c == '"' || c == '#';
}

size_t tmi_synth_word_length(const struct tmi_synth_line *line)
{
	size_t length = 0;

	while (line->at + length < line->end && !ends_word(line->at[length]))
		length++;
	return length;
}

static bool word_is(const struct tmi_synth_line *line, const char *word)
{
	size_t length = tmi_synth_word_length(line);

	return strlen(word) == length && !memcmp(line->at, word, length);
}

bool tmi_synth_skip_word(struct tmi_synth_line *line, const char *word)
{
	if (tmi_synth_at_end(line) || !word_is(line, word))
		return false;
	line->at += strlen(word);
	return true;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* Digits of [text, end) in @base; returns where they stop, NULL on overflow. */
static const char *parse_digits(const char *text, const char *end, int base, uint64_t *value)
{
	*value = 0;
	for (; text < end && digit_value(*text) < base; text++)
		if (__builtin_mul_overflow(*value, (uint64_t)base, value) ||
		    __builtin_add_overflow(*value, (uint64_t)digit_value(*text), value))
			return NULL;
	return text;
}

static bool apply_suffix(char letter, uint64_t *value)
{
	static const char letters[] = "KMGTP";
	const char *found = strchr(letters, toupper((unsigned char)letter));
	int shift = found ? 10 * (int)(found - letters + 1) : 0;

	if (!found || !letter || *value > UINT64_MAX >> shift)
		return false;
	*value <<= shift;
	return true;
}

tmem_status tmi_synth_take_number(struct tmi_synth_line *line, const char *what, uint64_t *value)
{
	const char *text, *end, *stop;
	bool hex;

	if (tmi_synth_at_end(line))
		return tmi_synth_expected(line, "%s", what);
	text = line->at;
	end = text + tmi_synth_word_length(line);
	hex = end - text > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	text += hex ? 2 : 0;
	stop = parse_digits(text, end, hex ? 16 : 10, value);
	if (stop && stop > text && stop == end - 1 && apply_suffix(*stop, value))
		stop = end;
	if (!stop || stop == text || stop != end)
		return tmi_synth_expected(line, "%s (a number of 64 bits: 4096, 0x1000 or 4K)",
					  what);
	line->at = end;
	return TMEM_S_OK;
}

/* "one of a, b, c" for a message. */
static char *list_choices(const struct tmi_synth_choice *choices)
{
	char *list = NULL;
	size_t size;
	FILE *out = open_memstream(&list, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; choices[i].name; i++)
		fprintf(out, "%s%s", i ? ", " : "", choices[i].name);
	if (fclose(out)) {
		free(list);
		return NULL;
	}
	return list;
}

tmem_status tmi_synth_take_choice(struct tmi_synth_line *line, const char *what,
				  const struct tmi_synth_choice *choices, uint64_t *value)
{
	tmem_status status;
	char *list;

	if (!tmi_synth_at_end(line))
		for (const struct tmi_synth_choice *choice = choices; choice->name; choice++)
			if (tmi_synth_skip_word(line, choice->name)) {
				*value = choice->value;
				return TMEM_S_OK;
			}
	list = list_choices(choices);
	if (!list)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	status = tmi_synth_expected(line, "%s (one of %s)", what, list);
	free(list);
	return status;
}

tmem_status tmi_synth_take_range(struct tmi_synth_line *line, uint64_t highest, uint64_t *first,
				 uint64_t *last)
{
	tmem_status status;
	const char *at;
	uint64_t size;

	tmi_synth_at_end(line);
	at = line->at;
	status = tmi_synth_take_number(line, "an address", first);
	if (status != TMEM_S_OK)
		return status;
	if (*first > highest)
		return tmi_synth_expected_at(line, at, "an address up to 0x%llx",
					     (unsigned long long)highest);
	tmi_synth_at_end(line);
	at = line->at;
	status = tmi_synth_take_number(line, "a size in bytes", &size);
	if (status != TMEM_S_OK)
		return status;
	if (size == 0 || size - 1 > highest - *first)
		return tmi_synth_expected_at(line, at, "a size above 0 that ends by 0x%llx",
					     (unsigned long long)highest);
	*last = *first + (size - 1);
	return TMEM_S_OK;
}

tmem_status tmi_synth_append(struct tmi_synth *synth, const void *bytes, size_t size)
{
	size_t room = synth->byte_room;

	while (room - synth->byte_count < size)
		room = room ? 2 * room : 256;
	if (room != synth->byte_room) {
		uint8_t *moved = realloc(synth->bytes, room);

		if (!moved)
			return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
		synth->bytes = moved;
		synth->byte_room = room;
	}
	memcpy(synth->bytes + synth->byte_count, bytes, size);
	synth->byte_count += size;
	return TMEM_S_OK;
}

/* One character of a quoted string. */
struct character {
	uint32_t value;
	bool escaped; /* value is meant as it is: a byte, or a UTF-16 unit */
	bool wide;    /* it was \uHHHH */
};

static tmem_status take_escape(struct tmi_synth_line *line, struct character *c)
{
	static const char letters[] = "ntr0\\\"";
	static const char meanings[] = "\n\t\r\0\\\"";
	size_t digits;
	const char *found;
	uint64_t value;

	line->at++;
	found = line->at < line->end && *line->at ? strchr(letters, *line->at) : NULL;
	if (found) {
		c->value = (uint8_t)meanings[found - letters];
		line->at++;
		return TMEM_S_OK;
	}
	digits = line->at < line->end && *line->at == 'x' ? 2 : 0;
	digits = line->at < line->end && *line->at == 'u' ? 4 : digits;
	if (!digits || (size_t)(line->end - line->at) <= digits ||
	    parse_digits(line->at + 1, line->at + 1 + digits, 16, &value) != line->at + 1 + digits)
		return tmi_synth_expected(line, "one of n t r 0 \\ \" xHH uHHHH after \\");
	line->at += 1 + digits;
	c->value = (uint32_t)value;
	c->wide = digits == 4;
	return TMEM_S_OK;
}

/* Next character, one byte or escape; *closed when it was the closing quote. */
static tmem_status take_character(struct tmi_synth_line *line, struct character *c, bool *closed)
{
	*c = (struct character){ 0 };
	*closed = false;
	if (line->at == line->end)
		return tmi_synth_expected(line, "a closing \"");
	if (*line->at == '"') {
		*closed = true;
		line->at++;
		return TMEM_S_OK;
	}
	if (*line->at == '\\') {
		c->escaped = true;
		return take_escape(line, c);
	}
	c->value = (uint8_t)*line->at++;
	return TMEM_S_OK;
}

/* Completes a code point whose first UTF-8 byte was taken. */
static tmem_status take_utf8(struct tmi_synth_line *line, uint32_t *value)
{
	static const uint32_t smallest[] = { 0, 0x80, 0x800, 0x10000 };
	const char *start = line->at - 1;
	uint32_t lead = *value;
	unsigned more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;

	*value = more ? lead & (0x3fu >> more) : lead;
	for (unsigned i = 0; i < more; i++) {
		uint8_t byte = line->at < line->end ? (uint8_t)*line->at : 0;

		if ((byte & 0xc0) != 0x80)
			return tmi_synth_expected_at(line, start, "valid UTF-8");
		*value = *value << 6 | (byte & 0x3f);
		line->at++;
	}
	if ((more && lead < 0xc2) || lead > 0xf4 || *value < smallest[more] || *value > 0x10ffff ||
	    (*value >= 0xd800 && *value < 0xe000))
		return tmi_synth_expected_at(line, start, "valid UTF-8");
	return TMEM_S_OK;
}

static tmem_status append_utf16(struct tmi_synth *synth, uint32_t value, bool big_endian)
{
	uint8_t units[4];

	if (value < 0x10000) {
		tmi_store(units, 2, big_endian, value);
		return tmi_synth_append(synth, units, 2);
	}
	tmi_store(units, 2, big_endian, 0xd800 + ((value - 0x10000) >> 10));
	tmi_store(units + 2, 2, big_endian, 0xdc00 + ((value - 0x10000) & 0x3ff));
	return tmi_synth_append(synth, units, 4);
}

/* \uHHHH in 8-bit text is UTF-8; half a surrogate pair becomes the three bytes of its number. */
static tmem_status append_utf8(struct tmi_synth *synth, uint32_t value)
{
	uint8_t bytes[3] = { (uint8_t)value };

	if (value < 0x80)
		return tmi_synth_append(synth, bytes, 1);
	if (value < 0x800) {
		bytes[0] = (uint8_t)(0xc0 | value >> 6);
		bytes[1] = (uint8_t)(0x80 | (value & 0x3f));
		return tmi_synth_append(synth, bytes, 2);
	}
	bytes[0] = (uint8_t)(0xe0 | value >> 12);
	bytes[1] = (uint8_t)(0x80 | (value >> 6 & 0x3f));
	bytes[2] = (uint8_t)(0x80 | (value & 0x3f));
	return tmi_synth_append(synth, bytes, 3);
}

static tmem_status append_character(struct tmi_synth_line *line, struct character *c, bool wide,
				    bool big_endian)
{
	tmem_status status = TMEM_S_OK;
	uint8_t byte = (uint8_t)c->value;

	if (wide && !c->escaped)
		status = take_utf8(line, &c->value);
	if (status != TMEM_S_OK)
		return status;
	if (wide)
		return append_utf16(line->synth, c->value, big_endian);
	return c->wide ? append_utf8(line->synth, c->value)
		       : tmi_synth_append(line->synth, &byte, 1);
}

tmem_status tmi_synth_take_text(struct tmi_synth_line *line, bool wide, bool big_endian)
{
	tmem_status status = TMEM_S_OK;
	struct character c;
	bool closed = false;

	if (tmi_synth_at_end(line) || *line->at != '"')
		return tmi_synth_expected(line, "a text in \"\"");
	line->at++;
	while (status == TMEM_S_OK && !closed) {
		status = take_character(line, &c, &closed);
		if (status == TMEM_S_OK && !closed)
			status = append_character(line, &c, wide, big_endian);
	}
	return status;
}

static tmem_status keep_string(struct tmi_synth *synth, size_t from, const char **string)
{
	size_t size = synth->byte_count - from;
	char **list = reallocarray(synth->strings, synth->string_count + 1, sizeof(*list));
	char *copy;

	if (!list)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	synth->strings = list;
	copy = malloc(size + 1);
	if (!copy)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	if (size)
		memcpy(copy, synth->bytes + from, size);
	copy[size] = '\0';
	list[synth->string_count++] = copy;
	*string = copy;
	return TMEM_S_OK;
}

tmem_status tmi_synth_take_string(struct tmi_synth_line *line, const char *what,
				  const char **string)
{
	size_t from = line->synth->byte_count;
	tmem_status status;
	const char *at;

	if (tmi_synth_at_end(line) || *line->at != '"')
		return tmi_synth_expected(line, "%s in \"\"", what);
	at = line->at;
	status = tmi_synth_take_text(line, false, false);
	if (status == TMEM_S_OK && line->synth->byte_count > from &&
	    memchr(line->synth->bytes + from, 0, line->synth->byte_count - from))
		status = tmi_synth_expected_at(line, at, "%s without \\0", what);
	if (status == TMEM_S_OK)
		status = keep_string(line->synth, from, string);
	line->synth->byte_count = from;
	return status;
}

/* One word of hex digits. */
static tmem_status take_hex_word(struct tmi_synth_line *line)
{
	size_t length = tmi_synth_word_length(line);
	tmem_status status = TMEM_S_OK;

	for (size_t i = 0; i < length; i++)
		if (digit_value(line->at[i]) > 15)
			length = 0;
	if (length == 0 || length % 2)
		return tmi_synth_expected(line, "hex bytes, two digits each");
	for (size_t i = 0; i < length && status == TMEM_S_OK; i += 2) {
		uint8_t byte =
			(uint8_t)(digit_value(line->at[i]) << 4 | digit_value(line->at[i + 1]));

		status = tmi_synth_append(line->synth, &byte, 1);
	}
	line->at += length;
	return status;
}

tmem_status tmi_synth_take_bytes(struct tmi_synth_line *line)
{
	tmem_status status;

	tmi_synth_at_end(line);
	do
		status = take_hex_word(line);
	while (status == TMEM_S_OK && !tmi_synth_at_end(line));
	return status;
}

static tmem_status take_value(struct tmi_synth_line *line, const struct tmi_synth_key *key,
			      struct tmi_synth_given *given)
{
	tmem_status status;

	given->at = line->at;
	switch (key->kind) {
	case TMI_SYNTH_CHOICE:
		return tmi_synth_take_choice(line, key->name, key->choices, &given->number);
	case TMI_SYNTH_STRING: return tmi_synth_take_string(line, key->name, &given->string);
	case TMI_SYNTH_HEX:
		given->byte_at = line->synth->byte_count;
		status = take_hex_word(line);
		given->number = line->synth->byte_count - given->byte_at;
		return status;
	default: return tmi_synth_take_number(line, key->name, &given->number);
	}
}

/* The key at the present position, and past its '='; NULL when there is none of that name. */
static const struct tmi_synth_key *take_key(struct tmi_synth_line *line,
					    const struct tmi_synth_key *keys, size_t count)
{
	size_t length = tmi_synth_word_length(line);

	if (line->at + length == line->end || line->at[length] != '=')
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (word_is(line, keys[i].name)) {
			line->at += length + 1;
			return &keys[i];
		}
	return NULL;
}

static tmem_status expected_key(struct tmi_synth_line *line, const struct tmi_synth_key *keys,
				size_t count)
{
	struct tmi_synth_choice *names = calloc(count + 1, sizeof(*names));
	char *list = NULL;
	tmem_status status;

	if (names) {
		for (size_t i = 0; i < count; i++)
			names[i].name = keys[i].name;
		list = list_choices(names);
	}
	free(names);
	if (!list)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	status = tmi_synth_expected(line, "key=value with a key out of %s", list);
	free(list);
	return status;
}

tmem_status tmi_synth_take_keys(struct tmi_synth_line *line, const struct tmi_synth_key *keys,
				size_t count, struct tmi_synth_given *given)
{
	tmem_status status = TMEM_S_OK;

	for (size_t i = 0; i < count; i++)
		given[i] = (struct tmi_synth_given){ 0 };
	while (status == TMEM_S_OK && !tmi_synth_at_end(line)) {
		const char *at = line->at;
		const struct tmi_synth_key *key = take_key(line, keys, count);

		if (!key)
			return expected_key(line, keys, count);
		if (given[key - keys].given)
			return tmi_synth_expected_at(line, at, "%s= only once", key->name);
		given[key - keys].given = true;
		status = take_value(line, key, &given[key - keys]);
	}
	return status;
}
