/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - the options of the program, for parsing, --help, the manual page and completion. */
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define COLUMN 20 /* where the texts of --help begin */

const struct cli_option cli_options[] = {
	{ "options", 'o', "KEY=VALUE[,...]",
	  "how to open TARGET: suspend=on stops a process meanwhile,\n"
	  "cache=on, overlay=on, threads=N ...",
	  "suspend=on cache=on cache=off cache-size= overlay=on overlay=off threads= map=never "
	  "unpack=off unpack=partial unpack-limit=" },
	{ "json", OPTION_JSON, NULL, "prints records for programs, one JSON object a line", NULL },
	{ "color", OPTION_COLOR, "WHEN", "auto (on a terminal without NO_COLOR), always or never",
	  "auto always never" },
	{ "no-sandbox", OPTION_NO_SANDBOX, NULL,
	  "keeps all rights while a file is open (.help .sandbox)", NULL },
	{ "kinds", OPTION_KINDS, NULL, "lists the kinds of targets", NULL },
	{ "help", 'h', NULL, "shows this", NULL },
	{ "version", 'V', NULL, "shows the version", NULL },
	{ "man", OPTION_MAN, NULL, NULL, NULL },
	{ "completion", OPTION_COMPLETION, "SHELL", NULL, "bash zsh" },
	{ NULL },
};

struct option *options_for_getopt(void)
{
	size_t count = sizeof(cli_options) / sizeof(cli_options[0]);
	struct option *options = calloc(count, sizeof(*options));

	for (size_t i = 0; options && cli_options[i].name; i++)
		options[i] = (struct option){
			.name = cli_options[i].name,
			.has_arg = cli_options[i].argument ? required_argument : no_argument,
			.val = cli_options[i].value,
		};
	return options;
}

/* One option and its text, which begins at COLUMN. */
static void put_option(struct tmi_text *text, const struct cli_option *option)
{
	size_t start = text->size;
	const char *line = option->text;

	tmi_text_puts(text, "  ");
	if (option->value < OPTION_LONG_ONLY)
		tmi_text_format(text, "-%c, ", option->value);
	else
		tmi_text_puts(text, "    ");
	tmi_text_format(text, "--%s%s%s", option->name, option->argument ? " " : "",
			option->argument ? option->argument : "");
	if (text->size - start >= COLUMN) {
		tmi_text_char(text, '\n', 1);
		start = text->size;
	}
	for (;;) {
		size_t length = strcspn(line, "\n");

		tmi_text_char(text, ' ', COLUMN - (text->size - start));
		tmi_text_put(text, line, length);
		tmi_text_char(text, '\n', 1);
		if (!line[length])
			return;
		line += length + 1;
		start = text->size;
	}
}

void options_put_help(struct tmi_text *text)
{
	for (const struct cli_option *option = cli_options; option->name; option++)
		if (option->text)
			put_option(text, option);
}
