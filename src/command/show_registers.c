/* SPDX-License-Identifier: Apache-2.0 */
/* show_registers.c - r: registers, and setting the pseudo-registers $t0 to $t19. */
#include <string.h>

#include "command/names.h"
#include "command/number.h"

#define ROW 78 /* columns a row of registers may have */

/* A register's name as it was typed, without its "@". */
struct word {
	const char *text;
	size_t length;
};

static void record(struct tmi_session *session, const struct word *name, uint64_t value,
		   unsigned bits)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, "register");
	tmi_record_text_sized(&record, "name", name->text, name->length);
	tmi_record_value(&record, "value", value, bits / 8);
	tmi_record_send(&record);
}

static void put(struct tmi_session *session, struct tmi_text *row, const struct word *name,
		uint64_t value, unsigned bits)
{
	size_t width = name->length + 1 + bits / 4;

	if (session->json) {
		record(session, name, value, bits);
		return;
	}
	if (row->size > 0 && row->size + 1 + width > ROW) {
		tmi_text_char(row, '\n', 1);
		tmi_out_text(session, row);
	}
	tmi_text_char(row, ' ', row->size > 0);
	tmi_text_put(row, name->text, name->length);
	tmi_text_char(row, '=', 1);
	tmi_text_hex(row, value, bits / 4);
}

static void finish(struct tmi_session *session, struct tmi_text *row)
{
	if (row->size > 0)
		tmi_text_char(row, '\n', 1);
	tmi_out_text(session, row);
	tmi_text_fini(row);
}

static bool report_unknown(struct tmi_session *session)
{
	if (session->description.mode == TMEM_MODE_KERNEL)
		return tmi_error(session, "the registers are not known: physical memory has none");
	return tmi_error(
		session, "the registers are not known now%s",
		session->description.flags & TMEM_TARGET_LIVE ? ": they are, after .suspend" : "");
}

static bool show_all(struct tmi_session *session)
{
	struct tmi_text row = { 0 };
	struct word name;
	unsigned bits;
	uint64_t value;
	bool known = false;

	for (size_t i = 0; (name.text = tmi_session_register_name(session, i, &bits)); i++) {
		name.length = strlen(name.text);
		if (tmi_session_register(session, name.text, name.length, &value) !=
		    TMI_LOOKUP_FOUND)
			continue;
		known = true;
		put(session, &row, &name, value, bits);
	}
	finish(session, &row);
	return known || report_unknown(session);
}

static bool take_name(struct tmi_args *args, struct word *name)
{
	size_t length;

	tmi_args_take(args, '@');
	length = *args->next == '$';
	while (tmi_is_word(args->next[length]))
		length++;
	*name = (struct word){ args->next, length };
	args->next += length;
	return length > (*name->text == '$') ||
	       tmi_error_explain(args, TMI_ERROR_SYNTAX, name->text,
				 "the name of a register is needed here: rax, $t0");
}

/* How wide a register is; 64 bits when nothing says so. */
static unsigned width(const struct tmi_session *session, const struct word *name)
{
	unsigned bits = tmi_session_register_bits(session, name->text, name->length);

	return bits ? bits : 64;
}

static bool show_one(struct tmi_args *args, struct tmi_text *row, const struct word *name)
{
	uint64_t value;

	switch (tmi_session_register(args->session, name->text, name->length, &value)) {
	case TMI_LOOKUP_FOUND:
		put(args->session, row, name, value, width(args->session, name));
		return true;
	case TMI_LOOKUP_UNAVAILABLE: return report_unknown(args->session);
	default:
		return tmi_error_explain(args, TMI_ERROR_RESOLVE, name->text,
					 "'%.*s' is no register here", (int)name->length,
					 name->text);
	}
}

static bool set(struct tmi_args *args, const struct word *name)
{
	uint64_t *scratch = tmi_session_scratch(args->session, name->text, name->length);
	uint64_t value;

	if (!scratch)
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, name->text,
					 "only $t0 to $t19 can be set");
	if (!tmi_args_expression(args, &value) || !tmi_args_finish(args))
		return false;
	*scratch = value;
	return true;
}

static bool execute(struct tmi_args *args)
{
	struct tmi_text row = { 0 };
	struct word name;
	bool ok = true;

	if (tmi_args_at_end(args))
		return show_all(args->session);
	for (bool first = true; ok && !tmi_args_at_end(args); first = false) {
		ok = take_name(args, &name);
		if (ok && first && tmi_args_take(args, '='))
			return set(args, &name);
		ok = ok && show_one(args, &row, &name);
		tmi_args_take(args, ',');
	}
	finish(args->session, &row);
	return ok;
}

static const struct tmi_command_name names[] = { { "r", NULL }, { NULL } };

const struct tmi_command tmi_command_show_registers = {
	.names = names,
	.arguments = "[REGISTER ... | $tN = EXPRESSION]",
	.brief = "show registers; set $t0 to $t19",
	.help = "Shows the registers of the current thread, or those that are named. A live "
		"target\n"
		"must be stopped for that (.suspend). $t0 to $t19 belong to the session: they are "
		"0\n"
		"at first, can be set, and stand in expressions as $t0 or @$t0. Nothing else can "
		"be\n"
		"set.\n",
	.examples = "r\nr rsp, rip\nr $t0 = poi(@rsp)\n",
	.topic = TMI_TOPIC_INFORMATION,
	.execute = execute,
};
