/* SPDX-License-Identifier: Apache-2.0 */
/* radix.c - n: the radix of numbers that have no prefix. */
#include <string.h>

#include "command/command.h"

static void show(struct tmi_session *session)
{
	struct tmi_record record;

	if (!session->json) {
		tmi_out(session, "base is %u\n", session->radix);
		return;
	}
	tmi_record_begin(&record, session, "radix");
	tmi_record_number(&record, "radix", session->radix);
	tmi_record_send(&record);
}

static bool execute(struct tmi_args *args)
{
	static const struct {
		const char *text;
		unsigned radix;
	} rows[] = { { "8", 8 }, { "10", 10 }, { "16", 16 } };
	struct tmi_session *session = args->session;
	const char *word;
	size_t length;

	if (tmi_args_word(args, &word, &length)) {
		unsigned radix = 0;

		/* Always decimal: in radix 8 "n 10" must not be a way to radix 8. */
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			if (strlen(rows[i].text) == length && !memcmp(rows[i].text, word, length))
				radix = rows[i].radix;
		if (radix == 0)
			return tmi_error_explain(args, TMI_ERROR_SYNTAX, word,
						 "n takes 8, 10 or 16");
		if (!tmi_args_finish(args))
			return false;
		session->radix = radix;
	}
	show(session);
	return true;
}

static const struct tmi_command_name names[] = { { "n", NULL }, { NULL } };

const struct tmi_command tmi_command_radix = {
	.names = names,
	.arguments = "[8|10|16]",
	.brief = "shows or sets the radix of numbers without a prefix",
	.help = "The radix is 16 at first. It holds for what is typed: addresses, counts, values.\n"
		"Memory always shows in hexadecimal.\n",
	.examples = "n 10\n",
	.topic = TMI_TOPIC_GENERAL,
	.execute = execute,
};
