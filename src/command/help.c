/* SPDX-License-Identifier: Apache-2.0 */
/* help.c - .help: the list of commands, and one command in full. */
#include <stdlib.h>
#include <string.h>

#include "command/command.h"

static const char *const topics[] = {
#define TMI_TOPIC_ROW(name, text) text,
	TMI_TOPIC_LIST(TMI_TOPIC_ROW)
#undef TMI_TOPIC_ROW
};

/* The commands of one topic, one name a line. */
static void put_topic(struct tmi_text *out, unsigned topic)
{
	tmi_text_format(out, "%s\n", topics[topic]);
	for (size_t i = 0; tmi_commands[i]; i++) {
		if ((unsigned)tmi_commands[i]->topic != topic)
			continue;
		for (const struct tmi_command_name *n = tmi_commands[i]->names; n->name; n++)
			tmi_text_format(out, "  %-10s %s\n", n->name,
					n->brief ? n->brief : tmi_commands[i]->brief);
	}
	tmi_text_char(out, '\n', 1);
}

/* @whole: with its help. */
static void record_command(struct tmi_session *session, const struct tmi_command *command,
			   bool whole)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, "command");
	tmi_record_list(&record, "names");
	for (const struct tmi_command_name *n = command->names; n->name; n++) {
		tmi_record_object(&record, NULL);
		tmi_record_text(&record, "name", n->name);
		tmi_record_text(&record, "brief", n->brief ? n->brief : command->brief);
		tmi_record_end(&record);
	}
	tmi_record_end(&record);
	tmi_record_text(&record, "arguments", command->arguments);
	tmi_record_text(&record, "brief", command->brief);
	tmi_record_text(&record, "topic", topics[command->topic]);
	if (whole) {
		tmi_record_text(&record, "help", command->help);
		tmi_record_text(&record, "examples", command->examples ? command->examples : "");
	}
	tmi_record_send(&record);
}

static bool list(struct tmi_session *session)
{
	struct tmi_text out = { 0 };

	for (size_t i = 0; tmi_commands[i] && session->json; i++)
		record_command(session, tmi_commands[i], false);
	for (unsigned topic = 0; topic < TMI_TOPIC_COUNT; topic++)
		put_topic(&out, topic);
	tmi_text_puts(
		&out,
		"RANGE is START END (inclusive), START L COUNT, START L- COUNT (before START),\n"
		"or START; L? lifts the limit of 256 MB. ADDRESS and all numbers are\n"
		"expressions, hexadecimal unless they begin with 0n (decimal), 0t or 0y:\n"
		"libc+1f20, [heap]+10, poi(@rsp+8). A semicolon separates commands, ENTER\n"
		"alone repeats the last one, d and s go on. db ? or .help db tells more.\n");
	tmi_out_text(session, &out);
	tmi_text_fini(&out);
	return true;
}

/* Every line of @lines, set in. */
static void put_lines(struct tmi_text *out, const char *lines)
{
	while (*lines) {
		size_t length = strcspn(lines, "\n");

		tmi_text_format(out, "  %.*s\n", (int)length, lines);
		lines += length + (lines[length] == '\n');
	}
}

/* Puts the line at @text as it is; returns what follows it. */
static const char *put_verbatim(struct tmi_text *out, const char *text)
{
	size_t length = strcspn(text, "\n");

	tmi_text_format(out, "%.*s\n", (int)length, text);
	return text + length + (text[length] == '\n');
}

/* Paragraphs as wide as the screen; lines that begin with a blank stay as they are. */
static void put_paragraphs(struct tmi_text *out, const char *text, size_t width)
{
	size_t column = 0;

	while (*text) {
		size_t length = strcspn(text, " \n");

		if (!column && (*text == ' ' || *text == '\n')) {
			text = put_verbatim(out, text);
			continue;
		}
		if (column && column + 1 + length > width) {
			tmi_text_char(out, '\n', 1);
			column = 0;
		}
		tmi_text_format(out, "%s%.*s", column ? " " : "", (int)length, text);
		column += length + (column != 0);
		text += length;
		if (*text == '\n' && (text[1] == '\n' || text[1] == ' ' || !text[1])) {
			tmi_text_char(out, '\n', 1);
			column = 0;
		}
		text += *text != 0;
	}
	if (column)
		tmi_text_char(out, '\n', 1);
}

static void put_command(struct tmi_text *out, const struct tmi_command *command, size_t width)
{
	size_t count = 0;

	for (const struct tmi_command_name *n = command->names; n->name; n++)
		tmi_text_format(out, "%s%s", count++ ? " " : "", n->name);
	tmi_text_format(out, "%s%s\n", *command->arguments ? " " : "", command->arguments);
	if (count == 1)
		tmi_text_format(out, "  %s\n", command->brief);
	for (const struct tmi_command_name *n = command->names; n->name && count > 1; n++)
		tmi_text_format(out, "  %-10s %s\n", n->name, n->brief ? n->brief : command->brief);
	tmi_text_char(out, '\n', 1);
	put_paragraphs(out, command->help, width);
	if (command->examples) {
		tmi_text_puts(out, "\nExamples\n");
		put_lines(out, command->examples);
	}
}

/* Something close to what was asked for: a command whose name begins so, or is spelt nearly so. */
static const char *close_name(const char *word, size_t length)
{
	for (size_t i = 0; tmi_commands[i]; i++)
		for (const struct tmi_command_name *n = tmi_commands[i]->names; n->name; n++)
			if (!strncasecmp(n->name, word, length) ||
			    !strncasecmp(n->name + strspn(n->name, ".!"), word, length))
				return n->name;
	return tmi_command_suggest(word, length);
}

static bool unknown(struct tmi_session *session, const char *word, size_t length)
{
	const char *close = close_name(word, length);

	if (close)
		return tmi_error(session,
				 "There is no command %.*s; did you mean %s? .help lists all",
				 (int)length, word, close);
	return tmi_error(session, "There is no command %.*s; .help lists all", (int)length, word);
}

static bool execute(struct tmi_args *args)
{
	const struct tmi_command *command;
	struct tmi_text out = { 0 };
	const char *word;
	size_t length;

	if (!tmi_args_word(args, &word, &length))
		return list(args->session);
	if (!tmi_args_finish(args))
		return false;
	command = tmi_command_find(word, length, NULL);
	if (!command)
		return unknown(args->session, word, length);
	if (args->session->json) {
		record_command(args->session, command, true);
		return true;
	}
	put_command(&out, command, args->session->width < 40 ? 40 : args->session->width);
	tmi_out_text(args->session, &out);
	tmi_text_fini(&out);
	return true;
}

static const struct tmi_command_name names[] = { { ".help", NULL }, { 0 } };

const struct tmi_command tmi_command_help = {
	.names = names,
	.arguments = "[COMMAND]",
	.brief = "list the commands, or explain one",
	.help = "Without an argument every command with one line each; with one, its arguments,\n"
		"what it does, and examples.",
	.examples = ".help\n.help db",
	.topic = TMI_TOPIC_GENERAL,
	.execute = execute,
};
