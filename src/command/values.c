/* SPDX-License-Identifier: Apache-2.0 */
/* values.c - lists of values and quoted text, as the bytes a target holds. */
#include "command/values.h"

#include <inttypes.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

unsigned tmi_value_size(const struct tmi_session *session, const struct tmi_value_form *form)
{
	return form->element ? form->element : tmi_pointer_size(session);
}

static void put_value(struct tmi_session *session, struct tmi_text *bytes, uint64_t value,
		      unsigned size)
{
	char data[8];

	for (unsigned i = 0; i < size; i++)
		data[tmi_big_endian(session) ? size - 1 - i : i] = (char)(value >> 8 * i);
	tmi_text_put(bytes, data, size);
}

/* True when @value can be stored in @size bytes, as an unsigned or as a negative number. */
static bool fits(uint64_t value, unsigned size)
{
	unsigned bits = 8 * size;
	uint64_t high;

	if (size >= 8)
		return true;
	high = value >> (bits - 1);
	return high <= 1 || high == UINT64_MAX >> (bits - 1);
}

/* 'c' or 'abcd': the first character is the most significant one of a value. */
static bool take_characters(struct tmi_args *args, unsigned size, struct tmi_text *bytes)
{
	const char *start = args->next;
	const char *end = strchr(start + 1, '\'');
	uint64_t value = 0;
	size_t length;

	if (!end || end == start + 1)
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, start,
					 "expected a character between two quotes: 'A'");
	length = (size_t)(end - start) - 1;
	if (size > 1 && length > size)
		return tmi_error_explain(args, TMI_ERROR_OVERFLOW, start,
					 "%zu characters do not fit into %u bytes", length, size);
	args->next = end + 1;
	if (size == 1) {
		tmi_text_put(bytes, start + 1, length);
		return true;
	}
	for (size_t i = 0; i < length; i++)
		value = value << 8 | (uint8_t)start[1 + i];
	put_value(args->session, bytes, value, size);
	return true;
}

static bool take_floating(struct tmi_args *args, unsigned size, struct tmi_text *bytes)
{
	/* A user's locale must not turn 1.5 into 1. */
	locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	char *end = (char *)args->next;
	double value = plain ? strtod_l(args->next, &end, plain) : 0;
	float single = (float)value;
	uint32_t low;
	uint64_t bits;

	if (plain)
		freelocale(plain);
	if (end == args->next || (*end && *end != ' ' && *end != '\t' && *end != ','))
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, args->next,
					 "expected a floating-point number such as 1.5 or -2e3");
	args->next = end;
	memcpy(&low, &single, sizeof(low));
	memcpy(&bits, &value, sizeof(bits));
	put_value(args->session, bytes, size == 4 ? low : bits, size);
	return true;
}

static bool take_integer(struct tmi_args *args, unsigned size, struct tmi_text *bytes)
{
	const char *start = args->next;
	uint64_t value;

	if (!tmi_args_list_value(args, &value))
		return false;
	if (!fits(value, size))
		return tmi_error_explain(args, TMI_ERROR_OVERFLOW, start,
					 "%" PRIx64 " does not fit into %u byte%s", value, size,
					 size == 1 ? "" : "s");
	put_value(args->session, bytes, value, size);
	return true;
}

bool tmi_values_take(struct tmi_args *args, const struct tmi_value_form *form,
		     struct tmi_text *bytes)
{
	unsigned size = tmi_value_size(args->session, form);
	bool ok;

	if (tmi_args_at_end(args))
		return tmi_error_explain(args, TMI_ERROR_MISSING, args->next,
					 "expected one or more values");
	while (!tmi_args_at_end(args)) {
		if (*args->next == '\'' && !form->floating)
			ok = take_characters(args, size, bytes);
		else if (form->floating)
			ok = take_floating(args, size, bytes);
		else
			ok = take_integer(args, size, bytes);
		if (!ok)
			return false;
		tmi_args_take(args, ',');
	}
	return !bytes->failed || tmi_error(args->session, "out of memory");
}

/* Decodes one UTF-8 character of [*at, end); 0xffffffff when it is malformed. */
static uint32_t decode(const uint8_t **at, const uint8_t *end)
{
	static const uint32_t lowest[] = { 0, 0x80, 0x800, 0x10000 };
	const uint8_t *next = *at;
	uint32_t c = *next++;
	unsigned more = c < 0x80 ? 0 : c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;

	if ((c >= 0x80 && c < 0xc2) || c > 0xf4)
		return UINT32_MAX;
	if (more)
		c &= 0x3fu >> more;
	for (unsigned i = 0; i < more; i++) {
		if (next == end || (*next & 0xc0) != 0x80)
			return UINT32_MAX;
		c = c << 6 | (*next++ & 0x3f);
	}
	*at = next;
	return c < lowest[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? UINT32_MAX : c;
}

static bool put_utf16(struct tmi_args *args, const char *where, const char *text,
		      struct tmi_text *bytes)
{
	const uint8_t *at = (const uint8_t *)text;
	const uint8_t *end = at + strlen(text);

	while (at < end) {
		uint32_t c = decode(&at, end);

		if (c == UINT32_MAX)
			return tmi_error_explain(args, TMI_ERROR_SYNTAX, where,
						 "the text is not valid UTF-8");
		if (c >= 0x10000) {
			put_value(args->session, bytes, 0xd800 + ((c - 0x10000) >> 10), 2);
			c = 0xdc00 + ((c - 0x10000) & 0x3ff);
		}
		put_value(args->session, bytes, c, 2);
	}
	return true;
}

bool tmi_values_take_string(struct tmi_args *args, unsigned unit, struct tmi_text *bytes)
{
	const char *where;
	char *text;
	bool ok = true;

	if (tmi_args_at_end(args))
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, args->next,
					 "expected text between double quotes");
	where = args->next;
	if (!tmi_args_string(args, &text))
		return false;
	if (unit == 2)
		ok = put_utf16(args, where, text, bytes);
	else
		tmi_text_puts(bytes, text);
	free(text);
	if (!ok)
		return false;
	return !bytes->failed || tmi_error(args->session, "out of memory");
}

uint32_t tmi_values_reason(struct tmi_session *session)
{
	struct tmem_error_detail detail = { .size = sizeof(detail) };

	return tmem_last_error_detail(session->target, &detail) == TMEM_S_OK ? detail.reason : 0;
}

const char *tmi_values_cause(struct tmi_session *session, tmem_status status)
{
	uint32_t reason = tmi_values_reason(session);

	return reason ? tmem_reason_text(reason) : tmem_status_text(status);
}

bool tmi_values_write(struct tmi_args *args, const struct tmi_memory *memory, uint64_t address,
		      const struct tmi_text *bytes)
{
	struct tmi_session *session = args->session;
	size_t done = 0;
	size_t part;

	/* One call may write less than all; only the next one tells why. */
	while (done < bytes->size) {
		if (TMEM_FAILED(tmi_memory_write(session, memory, address + done,
						 bytes->data + done, bytes->size - done, &part)) ||
		    !part)
			break;
		done += part;
	}
	if (!memory->physical)
		session->last_address = address;
	if (done == bytes->size)
		return true;
	return tmi_error_partial(args, tmi_memory_clean(session, memory, address + done), done,
				 bytes->size, "written");
}
