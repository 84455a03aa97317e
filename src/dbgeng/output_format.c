/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output_format.c - printf as IDebugControl::Output has it.
 *
 * A format is cut into pieces, and each conversion that the C library knows is done by it, alone.
 * Sizes are those of Windows: "l" means 32 bits, as ULONG has. What reads the target or shows its
 * addresses is done here. The arguments are the caller's business, as with every printf; but no
 * format writes anywhere, and none makes more text than LIMIT.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "dbgeng/output.h"
#include "dbgeng/text.h"

#define LIMIT        (16u << 20) /* bytes of text that one call makes */
#define WIDTH_LIMIT  16384       /* columns of one conversion, and digits behind a point */
#define STRING_LIMIT 16384       /* bytes of a string in the target */

enum length {
	LENGTH_NONE,
	LENGTH_CHAR,
	LENGTH_SHORT,
	LENGTH_LONG, /* 32 bits */
	LENGTH_WIDE, /* "w": of text */
	LENGTH_64,
	LENGTH_HOST, /* as a pointer of this machine */
	LENGTH_LONG_DOUBLE,
};

/* A formatting under way. */
struct format {
	struct tmi_text out;
	tmem_target *target;
	unsigned pointer_size;
	bool wide; /* a format of OutputWide: %s and %c take UTF-16, %S and %C do not */
	va_list args;
	const char *next;
	/* The conversion that is being done. */
	char flags[8];
	int width;     /* 0 = none */
	int precision; /* -1 = none */
	enum length length;
};

/* Calls the C library's printf for one conversion. */
#define PRINT(format, letters, value)                                                              \
	do {                                                                                       \
		char spec[24] = "%";                                                               \
                                                                                                   \
		strcat(strcat(strcat(spec, (format)->flags), "*.*"), (letters));                   \
		tmi_text_format(&(format)->out, spec, (format)->width, (format)->precision,        \
				(value));                                                          \
	} while (0)

static void put_string(struct format *format, const char *text)
{
	PRINT(format, "s", text);
}

/* The first @length units, which no NUL needs to follow, as UTF-8; NULL: no memory. */
static char *narrow_units(const WCHAR *units, size_t length)
{
	WCHAR *copy = calloc(length + 1, sizeof(*copy));
	char *text;

	if (!copy)
		return NULL;
	memcpy(copy, units, length * sizeof(*copy));
	text = tmi_dbgeng_narrow(copy);
	free(copy);
	return text;
}

/* Text whose characters were counted before: a precision is not to cut it again. */
static void put_owned(struct format *format, char *text)
{
	format->precision = -1;
	format->out.failed |= !text;
	if (text)
		put_string(format, text);
	free(text);
}

static void put_wide_string(struct format *format, PCWSTR text)
{
	size_t limit = format->precision < 0 ? SIZE_MAX : (size_t)format->precision;
	size_t length = 0;

	if (!text) {
		put_string(format, "(null)");
		return;
	}
	while (length < limit && text[length])
		length++;
	put_owned(format, narrow_units(text, length));
}

/* True when %s (or with @letter 'S' its opposite) means UTF-16 here. */
static bool takes_wide(const struct format *format, char letter)
{
	if (format->length == LENGTH_SHORT || format->length == LENGTH_CHAR)
		return false;
	if (format->length == LENGTH_LONG || format->length == LENGTH_WIDE)
		return true;
	return format->wide != (letter == 'S' || letter == 'C');
}

static void convert_string(struct format *format, char letter)
{
	const char *text;

	if (takes_wide(format, letter)) {
		put_wide_string(format, va_arg(format->args, PCWSTR));
		return;
	}
	text = va_arg(format->args, const char *);
	put_string(format, text ? text : "(null)");
}

static void convert_character(struct format *format, char letter)
{
	int value = va_arg(format->args, int);
	WCHAR unit = (WCHAR)value;

	format->precision = -1;
	if (takes_wide(format, letter))
		put_owned(format, narrow_units(&unit, 1));
	else
		PRINT(format, "c", value);
}

static uint64_t fetch_integer(struct format *format)
{
	if (format->length == LENGTH_64)
		return va_arg(format->args, uint64_t);
	if (format->length == LENGTH_HOST)
		return va_arg(format->args, size_t);
	return va_arg(format->args, uint32_t);
}

static void convert_integer(struct format *format, char letter)
{
	const char letters[] = { 'l', 'l', letter, 0 };
	uint64_t value = fetch_integer(format);
	unsigned bits = format->length == LENGTH_CHAR    ? 8
			: format->length == LENGTH_SHORT ? 16
			: format->length == LENGTH_64    ? 64
			: format->length == LENGTH_HOST  ? 8 * sizeof(size_t)
							 : 32;

	value = value << (64 - bits) >> (64 - bits);
	if (letter == 'd' || letter == 'i')
		value = (uint64_t)((int64_t)(value << (64 - bits)) >> (64 - bits));
	PRINT(format, letters, (unsigned long long)value);
}

static void convert_real(struct format *format, char letter)
{
	const char letters[] = { 'L', letter, 0 };

	if (format->length == LENGTH_LONG_DOUBLE)
		PRINT(format, letters, va_arg(format->args, long double));
	else
		PRINT(format, letters + 1, va_arg(format->args, double));
}

/* @value in @digits hexadecimal digits; of the modifiers only the width counts. */
static void put_address(struct format *format, uint64_t value, int digits)
{
	char text[24];

	snprintf(text, sizeof(text), "%0*" PRIx64, digits, value);
	format->precision = -1;
	put_string(format, text);
}

static void convert_pointer(struct format *format)
{
	uint64_t value = va_arg(format->args, uint64_t);

	if (format->pointer_size == 4)
		put_address(format, (uint32_t)value, 8);
	else
		put_address(format, value, 16);
}

static void convert_either(struct format *format)
{
	uint64_t value = va_arg(format->args, uint64_t);

	put_address(format, value, value > UINT32_MAX ? 16 : 8);
}

/* "module!name+0x12", or the address where nothing has a name. */
static void convert_symbol(struct format *format)
{
	uint64_t address = va_arg(format->args, uint64_t);
	struct tmi_text text = { 0 };
	uint64_t displacement;
	char name[1024];

	format->precision = -1;
	if (!format->target ||
	    TMEM_FAILED(tmem_get_name_by_offset(format->target, address, name, sizeof(name), NULL,
						&displacement))) {
		put_address(format, address, format->pointer_size == 4 ? 8 : 16);
		return;
	}
	tmi_text_puts(&text, name);
	if (displacement)
		tmi_text_format(&text, "+0x%" PRIx64, displacement);
	format->out.failed |= text.failed;
	put_string(format, text.data ? text.data : "");
	tmi_text_fini(&text);
}

/* UTF-16 of the target in units of this machine. */
static void swap_units(struct format *format, WCHAR *units, size_t count)
{
	struct tmem_description description = { .size = sizeof(description) };
	bool host_is_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

	if (TMEM_FAILED(tmem_describe(format->target, &description)) ||
	    ((description.flags & TMEM_TARGET_BIG_ENDIAN) != 0) == host_is_big)
		return;
	for (size_t i = 0; i < count; i++)
		units[i] = __builtin_bswap16(units[i]);
}

/* Prints up to @limit bytes of text at @address: to its NUL, or as far as memory can be read. */
static void put_target_text(struct format *format, uint64_t address, size_t limit, bool wide)
{
	WCHAR buffer[STRING_LIMIT / sizeof(WCHAR) + 1];
	size_t done = 0, units = 0;

	if (limit > STRING_LIMIT)
		limit = STRING_LIMIT;
	if (limit && (!format->target || TMEM_FAILED(tmem_read_virtual(format->target, address,
								       buffer, limit, &done)))) {
		put_string(format, "???");
		return;
	}
	if (!wide) {
		((char *)buffer)[done] = 0;
		put_string(format, (const char *)buffer);
		return;
	}
	swap_units(format, buffer, done / sizeof(WCHAR));
	buffer[done / sizeof(WCHAR)] = 0;
	while (buffer[units] && (format->precision < 0 || units < (size_t)format->precision))
		units++;
	put_owned(format, narrow_units(buffer, units));
}

/* The text of an ANSI_STRING or UNICODE_STRING: u16 bytes used, u16 room, the pointer aligned. */
static void put_counted_text(struct format *format, uint64_t address, bool wide)
{
	uint16_t used[2] = { 0 };
	uint64_t text = 0;
	size_t done;

	if (!format->target ||
	    TMEM_FAILED(tmem_read_virtual(format->target, address, used, sizeof(used), &done)) ||
	    done < sizeof(used) ||
	    TMEM_FAILED(tmem_read_pointers_virtual(format->target, 1,
						   address + format->pointer_size, &text))) {
		put_string(format, "???");
		return;
	}
	swap_units(format, used, 1);
	put_target_text(format, text, used[0], wide);
}

/* %ma %mu %msa %msu: true when it is one of them, and then next moved behind it. */
static bool convert_memory(struct format *format)
{
	bool counted = format->next[0] == 's';
	char kind = format->next[counted];

	if (kind != 'a' && kind != 'u')
		return false;
	format->next += counted + 1;
	if (counted)
		put_counted_text(format, va_arg(format->args, uint64_t), kind == 'u');
	else
		put_target_text(format, va_arg(format->args, uint64_t), STRING_LIMIT, kind == 'u');
	return true;
}

/* Reads "*" or digits; what is larger than any use of it becomes WIDTH_LIMIT. */
static int parse_number(struct format *format)
{
	long value = 0;

	if (*format->next == '*') {
		format->next++;
		value = va_arg(format->args, int);
		return value > WIDTH_LIMIT    ? WIDTH_LIMIT
		       : value < -WIDTH_LIMIT ? -WIDTH_LIMIT
					      : (int)value;
	}
	for (; *format->next >= '0' && *format->next <= '9'; format->next++) {
		if (value < WIDTH_LIMIT)
			value = 10 * value + (*format->next - '0');
	}
	return value > WIDTH_LIMIT ? WIDTH_LIMIT : (int)value;
}

static void parse_modifiers(struct format *format)
{
	size_t flags = 0;

	memset(format->flags, 0, sizeof(format->flags));
	for (; *format->next && strchr("-+ #0", *format->next); format->next++) {
		if (!strchr(format->flags, *format->next))
			format->flags[flags++] = *format->next;
	}
	format->width = parse_number(format);
	format->precision = -1;
	if (*format->next == '.') {
		format->next++;
		format->precision = parse_number(format);
	}
}

/* The sizes, longest first: "I" stands alone only before a letter that it can belong to. */
static void parse_length(struct format *format)
{
	static const struct {
		const char *text;
		enum length length;
	} lengths[] = {
		{ "I64", LENGTH_64 },  { "I32", LENGTH_LONG },      { "ll", LENGTH_64 },
		{ "hh", LENGTH_CHAR }, { "h", LENGTH_SHORT },       { "l", LENGTH_LONG },
		{ "w", LENGTH_WIDE },  { "j", LENGTH_64 },          { "z", LENGTH_HOST },
		{ "t", LENGTH_HOST },  { "L", LENGTH_LONG_DOUBLE },
	};

	format->length = LENGTH_NONE;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		if (strncmp(format->next, lengths[i].text, strlen(lengths[i].text)) == 0) {
			format->length = lengths[i].length;
			format->next += strlen(lengths[i].text);
			return;
		}
	}
	if (*format->next == 'I' && format->next[1] && strchr("diouxX", format->next[1])) {
		format->length = LENGTH_64;
		format->next++;
	}
}

/* The letter at next - 1; false when it is no conversion. */
static bool convert_letter(struct format *format, char letter)
{
	switch (letter) {
	case '%': tmi_text_char(&format->out, '%', 1); return true;
	case 'd':
	case 'i':
	case 'o':
	case 'u':
	case 'x':
	case 'X': convert_integer(format, letter); return true;
	case 'a':
	case 'A':
	case 'e':
	case 'E':
	case 'f':
	case 'F':
	case 'g':
	case 'G': convert_real(format, letter); return true;
	case 'c':
	case 'C': convert_character(format, letter); return true;
	case 's':
	case 'S': convert_string(format, letter); return true;
	case 'p': convert_pointer(format); return true;
	case 'I': convert_either(format); return true;
	case 'N':
		put_address(format, (uintptr_t)va_arg(format->args, void *), 2 * sizeof(void *));
		return true;
	case 'y': convert_symbol(format); return true;
	case 'm': return convert_memory(format);
	case 'n': (void)va_arg(format->args, void *); return true; /* nothing is written */
	default: return false;
	}
}

/* What begins with the "%" at next; what is no conversion is text. */
static void convert(struct format *format)
{
	const char *start = format->next++;

	parse_modifiers(format);
	parse_length(format);
	if (*format->next) {
		format->next++;
		if (convert_letter(format, format->next[-1]))
			return;
	}
	tmi_text_put(&format->out, start, (size_t)(format->next - start));
}

static char *run(struct format *format)
{
	while (*format->next && format->out.size < LIMIT && !format->out.failed) {
		size_t plain = strcspn(format->next, "%");

		tmi_text_put(&format->out, format->next, plain);
		format->next += plain;
		if (*format->next)
			convert(format);
	}
	if (format->out.failed)
		tmi_text_fini(&format->out);
	else if (!format->out.data)
		return strdup("");
	return format->out.data;
}

char *tmi_dbgeng_format(tmem_target *target, unsigned pointer_size, PCSTR text, va_list args)
{
	struct format format = {
		.target = target,
		.pointer_size = pointer_size,
		.next = text,
	};
	char *result;

	va_copy(format.args, args);
	result = run(&format);
	va_end(format.args);
	return result;
}

char *tmi_dbgeng_format_wide(tmem_target *target, unsigned pointer_size, PCWSTR text, va_list args)
{
	char *narrow = tmi_dbgeng_narrow(text);
	struct format format = {
		.target = target,
		.pointer_size = pointer_size,
		.wide = true,
		.next = narrow,
	};
	char *result;

	if (!narrow)
		return NULL;
	va_copy(format.args, args);
	result = run(&format);
	va_end(format.args);
	free(narrow);
	return result;
}
