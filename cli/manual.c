/* SPDX-License-Identifier: Apache-2.0 */
/* manual.c - the manual page, from the tables of options, kinds and commands. */
#include "manual.h"

#include <stdio.h>
#include <string.h>

#include <tmem.h>

#include "options.h"

#define DATE "2026-11-22" /* of the last change to the texts of this file */

/* Text in which nothing is a request or an escape of roff. @size characters. */
static void put(const char *text, size_t size)
{
	static const struct {
		char c;
		const char *roff;
	} special[] = {
		{ '\\', "\\e" },  { '-', "\\-" },    { '`', "\\(ga" }, { '^', "\\(ha" },
		{ '~', "\\(ti" }, { '\'', "\\(aq" }, { '"', "\\(dq" },
	};

	for (size_t i = 0; i < size; i++) {
		size_t row = 0;

		while (row < sizeof(special) / sizeof(special[0]) && special[row].c != text[i])
			row++;
		/* A dot is a request only where a line begins. */
		if (text[i] == '.' && (i == 0 || text[i - 1] == '\n'))
			fputs("\\&.", stdout);
		else if (row < sizeof(special) / sizeof(special[0]))
			fputs(special[row].roff, stdout);
		else
			putchar(text[i]);
	}
}

static void put_all(const char *text)
{
	put(text, strlen(text));
}

/* Lines as they are, from the first that begins with a blank up to a paragraph. */
static const char *put_table(const char *text)
{
	fputs(".PP\n.EX\n", stdout);
	while (*text == ' ' || (*text == '\n' && text[1] == ' ')) {
		size_t length = strcspn(text, "\n");

		if (length)
			put(text, length);
		putchar('\n');
		text += length + (text[length] == '\n');
	}
	fputs(".EE\n", stdout);
	return text;
}

/* Help as .help lays it out: paragraphs, and lines that stay as they are. */
static void put_paragraphs(const char *text)
{
	bool begins = true;

	while (*text) {
		size_t length = strcspn(text, "\n");

		if (*text == ' ') {
			text = put_table(text);
			begins = true;
			continue;
		}
		if (!length) {
			begins = true;
		} else {
			if (begins)
				puts(".PP");
			put(text, length);
			putchar('\n');
			begins = false;
		}
		text += length + (text[length] == '\n');
	}
}

static void put_examples(const char *text)
{
	fputs(".PP\nExamples:\n.PP\n.EX\n", stdout);
	while (*text) {
		size_t length = strcspn(text, "\n");

		fputs("    ", stdout);
		put(text, length);
		putchar('\n');
		text += length + (text[length] == '\n');
	}
	fputs(".EE\n", stdout);
}

static void put_command(const struct tmi_command *command)
{
	const struct tmi_command_name *name = command->names;

	fputs(".SS \"", stdout);
	for (; name->name; name++) {
		fputs(name == command->names ? "" : " ", stdout);
		put_all(name->name);
	}
	fputs("\"\n", stdout);
	for (name = command->names; name->name; name++) {
		fputs(name == command->names ? "\\fB" : " \\fB", stdout);
		/* Not at the start of a line: no request. */
		put_all(name->name);
		fputs("\\fR", stdout);
	}
	if (*command->arguments) {
		putchar(' ');
		put_all(command->arguments);
	}
	putchar('\n');
	if (!command->names[1].name) {
		fputs(".br\n", stdout);
		put_all(command->brief);
		putchar('\n');
	}
	for (name = command->names; name->name && command->names[1].name; name++) {
		fputs(".TP 12\n.B \"", stdout);
		put_all(name->name);
		fputs("\"\n", stdout);
		put_all(name->brief ? name->brief : command->brief);
		putchar('\n');
	}
	put_paragraphs(command->help);
	if (command->examples)
		put_examples(command->examples);
}

static void put_commands(void)
{
	static const char *const topics[] = {
#define TMI_TOPIC_ROW(name, text) text,
		TMI_TOPIC_LIST(TMI_TOPIC_ROW)
#undef TMI_TOPIC_ROW
	};

	for (unsigned topic = 0; topic < TMI_TOPIC_COUNT; topic++) {
		fputs(".SH \"COMMANDS: ", stdout);
		put_all(topics[topic]);
		fputs("\"\n", stdout);
		for (size_t i = 0; tmi_commands[i]; i++)
			if ((unsigned)tmi_commands[i]->topic == topic)
				put_command(tmi_commands[i]);
	}
}

static void put_options(void)
{
	puts(".SH OPTIONS");
	for (const struct cli_option *option = cli_options; option->name; option++) {
		if (!option->text)
			continue;
		fputs(".TP\n", stdout);
		if (option->value < OPTION_LONG_ONLY)
			printf("\\fB\\-%c\\fR, ", option->value);
		fputs("\\fB\\-\\-", stdout);
		put_all(option->name);
		fputs("\\fR", stdout);
		if (option->argument)
			printf(" \\fI%s\\fR", option->argument);
		putchar('\n');
		put_all(option->text);
		putchar('\n');
	}
}

static void put_kind(void *context, const char *name, const char *text)
{
	fputs(".TP\n.B ", stdout);
	put_all(name);
	putchar('\n');
	put_all(text);
	putchar('\n');
}

void manual_print(const char *version)
{
	printf(".TH TMEM 1 " DATE " \"tmem %s\" \"User Commands\"\n", version);
	fputs(".SH NAME\n"
	      "tmem \\- read, write, search and translate the memory of debug targets\n"
	      ".SH SYNOPSIS\n"
	      ".B tmem\n"
	      "[\\fIoptions\\fR] \\fITARGET\\fR [\\fIcommand\\fR ...]\n"
	      ".SH DESCRIPTION\n"
	      "Reads, writes and searches the memory of a debug target with WinDbg\\(aqs "
	      "commands.\n"
	      "Each argument after\n"
	      ".I TARGET\n"
	      "is one whole command.\n"
	      "Without commands tmem asks for them at a prompt, or reads them from standard\n"
	      "input, line by line.\n"
	      "The command \\- stands for that place among others.\n"
	      ".PP\n"
	      ".I TARGET\n"
	      "is a file, recognised by its content; \\fBpid:\\fR and the number of a live\n"
	      "process, or several with commas between; or the name of a kind, a colon and a\n"
	      "file.\n"
	      "The kinds are:\n",
	      stdout);
	tmem_list_kinds(put_kind, NULL);
	put_options();
	fputs(".SH \"AT THE PROMPT\"\n"
	      "A semicolon separates commands.\n"
	      "ENTER alone repeats the last line; a display or a search goes on instead.\n"
	      "A question mark behind the name of a command explains it.\n"
	      ".PP\n"
	      "TAB completes names of commands, modules, regions in brackets, and files.\n"
	      "Ctrl\\-R looks for an earlier line, Ctrl\\-C stops what runs, Ctrl\\-D leaves.\n",
	      stdout);
	put_commands();
	fputs(".SH \"EXIT STATUS\"\n"
	      "0 done, 1 a command failed, 2 wrong usage, 3 the target could not be opened.\n"
	      ".SH ENVIRONMENT\n"
	      ".TP\n.B NO_COLOR\nNo colours, when it is not empty.\n"
	      ".TP\n.B TMEM_HISTORY\n"
	      "The file of lines typed before; empty: none is kept.\n"
	      ".TP\n.B TMPDIR\n"
	      "The folder into which compressed files are unpacked.\n"
	      ".SH FILES\n"
	      ".TP\n.I $XDG_STATE_HOME/tmem/history\n"
	      "Lines typed before; ~/.local/state/tmem/history when XDG_STATE_HOME is not set.\n"
	      ".TP\n.I ~/.editrc\n"
	      "Keys of the prompt.\n"
	      ".SH EXAMPLES\n"
	      ".EX\n"
	      "tmem pid:1234 \\(aqdb [heap] L40\\(aq\n"
	      "tmem \\-o suspend=on pid:1234\n"
	      "tmem ./core \\(aqdps @rsp\\(aq \\(aq!address\\(aq > report.txt\n"
	      ".EE\n"
	      ".SH \"SEE ALSO\"\n"
	      ".BR gdb (1),\n"
	      ".BR core (5),\n"
	      ".BR editrc (5)\n",
	      stdout);
}
