/* SPDX-License-Identifier: Apache-2.0 */
/* formats.c - .formats: the value of an expression in every form. */
#include <inttypes.h>
#include <locale.h>
#include <time.h>

#include "command/real.h"

#define TICKS      10000000u             /* of a FILETIME in a second */
#define UNIX_EPOCH UINT64_C(11644473600) /* seconds from 1601 to 1970 */
#define DIGITS     6                     /* of the floating-point numbers */

static void put_octal(struct tmi_text *out, uint64_t value, unsigned size)
{
	/* A leading zero or two: 11 digits for 32 bits, 22 for 64. */
	tmi_text_format(out, "%0*" PRIo64, size == 4 ? 11 : 22, value);
}

static void put_binary(struct tmi_text *out, uint64_t value, unsigned size)
{
	for (unsigned bit = 8 * size; bit > 0; bit--) {
		tmi_text_char(out, (char)('0' + (value >> (bit - 1) & 1)), 1);
		tmi_text_char(out, ' ', bit % 8 == 1 && bit > 1);
	}
}

static void put_characters(struct tmi_text *out, uint64_t value, unsigned size)
{
	while (size-- > 0)
		tmi_text_char(out, tmi_printable((uint8_t)(value >> 8 * size)), 1);
}

/*
 * Puts 32 bits as seconds since 1970, more as a FILETIME with its milliseconds; in local time.
 * Nothing when it is in no range.
 */
static void put_time(struct tmi_text *out, uint64_t value)
{
	bool wide = value >> 32 != 0;
	time_t seconds = (time_t)(wide ? value / TICKS - UNIX_EPOCH : value);
	locale_t plain;
	struct tm parts;
	char text[64];

	if (value > INT64_MAX || !localtime_r(&seconds, &parts))
		return;
	plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (!plain)
		return;
	strftime_l(text, sizeof(text), "%a %b %d %H:%M:%S", &parts, plain);
	tmi_text_puts(out, text);
	if (wide)
		tmi_text_format(out, ".%03u", (unsigned)(value % TICKS / (TICKS / 1000)));
	tmi_text_format(out, " %lld", parts.tm_year + 1900LL);
	freelocale(plain);
}

/* Every form as text. */
struct forms {
	struct tmi_text octal, binary, characters, time;
};

static void print(struct tmi_session *session, uint64_t value, unsigned size,
		  const struct forms *forms)
{
	struct tmi_text out = { 0 };

	tmi_text_format(&out, "Evaluate expression:\n  Hex:     %s\n", tmi_value(value, size).text);
	tmi_text_format(&out, "  Decimal: %" PRId64 "\n", (int64_t)value);
	tmi_text_format(&out, "  Octal:   %s\n", forms->octal.data);
	tmi_text_format(&out, "  Binary:  %s\n", forms->binary.data);
	tmi_text_format(&out, "  Chars:   %s\n", forms->characters.data);
	if (forms->time.size > 0)
		tmi_text_format(&out, "  Time:    %s\n", forms->time.data);
	tmi_text_puts(&out, "  Float:   low ");
	tmi_real_put(&out, (double)tmi_real_single((uint32_t)value), DIGITS);
	tmi_text_puts(&out, " high ");
	tmi_real_put(&out, (double)tmi_real_single((uint32_t)(value >> 32)), DIGITS);
	tmi_text_puts(&out, "\n  Double:  ");
	tmi_real_put(&out, tmi_real_double(value), DIGITS);
	tmi_text_char(&out, '\n', 1);
	tmi_out_text(session, &out);
	tmi_text_fini(&out);
}

static void record(struct tmi_session *session, uint64_t value, unsigned size,
		   const struct forms *forms)
{
	struct tmi_text decimal = { 0 };
	struct tmi_record record;

	tmi_text_format(&decimal, "%" PRId64, (int64_t)value);
	tmi_record_begin(&record, session, "formats");
	tmi_record_value(&record, "value", value, size);
	tmi_record_text(&record, "decimal", decimal.failed ? "" : decimal.data);
	tmi_record_text(&record, "octal", forms->octal.data);
	tmi_record_text(&record, "binary", forms->binary.data);
	tmi_record_text(&record, "characters", forms->characters.data);
	if (forms->time.size > 0)
		tmi_record_text(&record, "time", forms->time.data);
	tmi_record_real(&record, "float_low", (double)tmi_real_single((uint32_t)value));
	tmi_record_real(&record, "float_high", (double)tmi_real_single((uint32_t)(value >> 32)));
	tmi_record_real(&record, "double", tmi_real_double(value));
	record.failed |= decimal.failed;
	tmi_record_send(&record);
	tmi_text_fini(&decimal);
}

static bool show(struct tmi_session *session, uint64_t value, unsigned size)
{
	struct forms forms = { 0 };
	bool ok;

	put_octal(&forms.octal, value, size);
	put_binary(&forms.binary, value, size);
	put_characters(&forms.characters, value, size);
	put_time(&forms.time, value);
	ok = !forms.octal.failed && !forms.binary.failed && !forms.characters.failed &&
	     !forms.time.failed;
	if (!ok)
		tmi_error(session, "out of memory");
	else if (session->json)
		record(session, value, size, &forms);
	else
		print(session, value, size, &forms);
	tmi_text_fini(&forms.octal);
	tmi_text_fini(&forms.binary);
	tmi_text_fini(&forms.characters);
	tmi_text_fini(&forms.time);
	return ok;
}

static bool execute(struct tmi_args *args)
{
	struct tmi_session *session = args->session;
	uint64_t value;

	if (!tmi_args_expression(args, &value) || !tmi_args_finish(args))
		return false;
	session->last_value = value;
	return show(session, value, value >> 32 != 0 ? 8 : tmi_pointer_size(session));
}

static const struct tmi_command_name names[] = { { ".formats", NULL }, { NULL } };

const struct tmi_command tmi_command_formats = {
	.names = names,
	.arguments = "EXPRESSION",
	.brief = "the value of an expression in several forms",
	.help = "Shows a value in hexadecimal, decimal, octal and binary, as characters from the\n"
		"highest byte on, as a point in local time, and as the floating-point numbers "
		"that\n"
		"its bits are. Up to 32 bits are taken as seconds since 1970, more as a FILETIME:\n"
		"100 nanoseconds since 1601.\n",
	.examples = ".formats 1c407e62\n.formats poi(@rsp)\n",
	.topic = TMI_TOPIC_GENERAL,
	.execute = execute,
};
