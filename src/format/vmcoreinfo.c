/* SPDX-License-Identifier: Apache-2.0 */
/* vmcoreinfo.c - "KEY=value" lines of a Linux kernel about itself. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "format/vmcoreinfo.h"

static const char owner[] = "VMCOREINFO";
static const char first_key[] = "OSRELEASE=";

/* Longest key that is asked for: "NUMBER(...)" with the longest names kernels use. */
#define KEY_MAX 160

bool tmi_vmcoreinfo_probe(const struct tmi_bytes *bytes, uint64_t *size)
{
	uint64_t name_size, type;

	*size = 0;
	if (bytes->size >= sizeof(first_key) - 1 &&
	    !memcmp(bytes->data, first_key, sizeof(first_key) - 1))
		return true;
	if (!tmi_bytes_integer(bytes, 0, 4, &name_size) || name_size != sizeof(owner))
		return false;
	if (!tmi_bytes_integer(bytes, 4, 4, size) || !tmi_bytes_integer(bytes, 8, 4, &type))
		return false;
	return type == 0 && *size > 0 && *size <= TMI_VMCOREINFO_MAX &&
	       bytes->size >= TMI_VMCOREINFO_HEAD &&
	       !memcmp(bytes->data + 12, owner, sizeof(owner));
}

bool tmi_vmcoreinfo_init(struct tmi_vmcoreinfo *info, const char *text, size_t size)
{
	const char *value;
	size_t length;

	info->text = text;
	info->size = strnlen(text, size < TMI_VMCOREINFO_MAX ? size : TMI_VMCOREINFO_MAX);
	if (tmi_vmcoreinfo_text(info, "OSRELEASE", &value, &length) && length > 0 &&
	    tmi_vmcoreinfo_text(info, "PAGESIZE", &value, &length))
		return true;
	info->size = 0;
	return false;
}

bool tmi_vmcoreinfo_text(const struct tmi_vmcoreinfo *info, const char *key, const char **value,
			 size_t *length)
{
	const char *line = info->text, *end = info->text + info->size;
	size_t key_length = strlen(key);

	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *stop = newline ? newline : end;

		if ((size_t)(stop - line) > key_length && line[key_length] == '=' &&
		    !memcmp(line, key, key_length)) {
			*value = line + key_length + 1;
			*length = (size_t)(stop - *value);
			return true;
		}
		line = stop + 1;
	}
	*value = NULL;
	*length = 0;
	return false;
}

bool tmi_vmcoreinfo_copy(const struct tmi_vmcoreinfo *info, const char *key, char *buffer,
			 size_t size)
{
	const char *value;
	size_t length;
	bool found = tmi_vmcoreinfo_text(info, key, &value, &length);

	if (length >= size)
		length = size - 1;
	if (found)
		memcpy(buffer, value, length);
	buffer[length] = 0;
	return found;
}

/* Digits of @base up to the end of the value; false when there are none, others, or too many. */
static bool parse_digits(const char *text, size_t length, unsigned base, uint64_t *value)
{
	uint64_t result = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];
		unsigned digit = isdigit(c)   ? (unsigned)c - '0'
				 : isalpha(c) ? (unsigned)tolower(c) - 'a' + 10u
					      : 99;

		if (digit >= base || __builtin_mul_overflow(result, base, &result) ||
		    __builtin_add_overflow(result, digit, &result))
			return false;
	}
	*value = result;
	return length > 0;
}

/* Decimal with a sign, or hexadecimal with 0x or when @base is 16. */
static bool parse_number(const char *text, size_t length, unsigned base, uint64_t *value)
{
	bool negative = length > 0 && text[0] == '-';

	while (length > 0 && isspace((unsigned char)text[length - 1]))
		length--;
	if (negative && length > 0) {
		text++;
		length--;
	}
	if (length > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		text += 2;
		length -= 2;
		base = 16;
	}
	if (!parse_digits(text, length, base, value))
		return false;
	if (negative)
		*value = 0 - *value;
	return true;
}

static bool find_number(const struct tmi_vmcoreinfo *info, const char *key, unsigned base,
			uint64_t *value)
{
	const char *text;
	size_t length;

	*value = 0;
	if (!tmi_vmcoreinfo_text(info, key, &text, &length))
		return false;
	return parse_number(text, length, base, value);
}

/* KIND(name)=value. */
static bool find_named(const struct tmi_vmcoreinfo *info, const char *kind, const char *name,
		       unsigned base, uint64_t *value)
{
	char key[KEY_MAX];
	int length = snprintf(key, sizeof(key), "%s(%s)", kind, name);

	*value = 0;
	return length > 0 && (size_t)length < sizeof(key) && find_number(info, key, base, value);
}

bool tmi_vmcoreinfo_symbol(const struct tmi_vmcoreinfo *info, const char *name, uint64_t *value)
{
	return find_named(info, "SYMBOL", name, 16, value);
}

uint64_t tmi_vmcoreinfo_highest(const struct tmi_vmcoreinfo *info, uint64_t first, uint64_t last)
{
	const char *line = info->text, *end = info->text + info->size;
	uint64_t highest = 0, value;

	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *stop = newline ? newline : end;
		const char *equals = memchr(line, '=', (size_t)(stop - line));

		if (equals && equals - line > 7 && !memcmp(line, "SYMBOL(", 7) &&
		    parse_number(equals + 1, (size_t)(stop - equals - 1), 16, &value) &&
		    value >= first && value <= last && value > highest)
			highest = value;
		line = stop + 1;
	}
	return highest;
}

bool tmi_vmcoreinfo_number(const struct tmi_vmcoreinfo *info, const char *name, uint64_t *value)
{
	return find_named(info, "NUMBER", name, 10, value);
}

bool tmi_vmcoreinfo_offset(const struct tmi_vmcoreinfo *info, const char *name, uint64_t *value)
{
	return find_named(info, "OFFSET", name, 10, value);
}

bool tmi_vmcoreinfo_hexadecimal(const struct tmi_vmcoreinfo *info, const char *key, uint64_t *value)
{
	return find_number(info, key, 16, value);
}
