/* SPDX-License-Identifier: Apache-2.0 */
/* methods.c - .methods: from a DbgEng method to its C function and its command. */
#include <string.h>
#include <strings.h>

#include "command/command.h"

struct method {
	const char *name;
	const char *function;
	const char *command;
};

static const struct method methods[] = {
#define X(name, function, source, test, command) { #name, #function, command },
#include "access/methods.def"
#undef X
};

/* True when @word stands anywhere in @text, in any case. */
static bool contains(const char *text, const char *word, size_t length)
{
	for (; *text; text++)
		if (!strncasecmp(text, word, length))
			return true;
	return length == 0;
}

static void record(struct tmi_session *session, const struct method *method)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, "method");
	tmi_record_text(&record, "method", method->name);
	tmi_record_text(&record, "function", method->function);
	if (*method->command)
		tmi_record_text(&record, "used_by", method->command);
	tmi_record_send(&record);
}

static bool execute(struct tmi_args *args)
{
	struct tmi_text out = { 0 };
	const char *word = "";
	size_t length = 0;
	bool found = false;

	tmi_args_word(args, &word, &length);
	if (!tmi_args_finish(args))
		return false;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		const struct method *method = &methods[i];

		if (!contains(method->name, word, length) &&
		    !contains(method->function, word, length))
			continue;
		found = true;
		if (args->session->json) {
			record(args->session, method);
			continue;
		}
		tmi_text_format(&out, "%s\n    %s()\n    %s\n", method->name, method->function,
				*method->command ? method->command : "no command of its own");
	}
	tmi_out_text(args->session, &out);
	tmi_text_fini(&out);
	return found || tmi_error(args->session,
				  "No method's name contains %.*s; .methods alone lists them all",
				  (int)length, word);
}

static const struct tmi_command_name names[] = { { ".methods", NULL }, { 0 } };

const struct tmi_command tmi_command_methods = {
	.names = names,
	.arguments = "[NAME]",
	.brief = "find the function and command of a DbgEng method",
	.help = "Shows each DbgEng method whose name, or whose C function's name, contains NAME "
		"in\n"
		"any case: the method, the C function of <tmem.h>, and the command that uses it.",
	.examples = ".methods search\n.methods ReadVirtual",
	.topic = TMI_TOPIC_GENERAL,
	.execute = execute,
};
