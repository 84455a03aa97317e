/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - the options of the program. */
#ifndef TMEM_CLI_OPTIONS_H
#define TMEM_CLI_OPTIONS_H

#include <getopt.h>

#include "command/command.h"

/* What getopt_long() returns: the letter, or one of these. */
enum option_value {
	OPTION_LONG_ONLY = 256, /* from here on there is no letter */
	OPTION_JSON,
	OPTION_COLOR,
	OPTION_NO_SANDBOX,
	OPTION_KINDS,
	OPTION_MAN,
	OPTION_COMPLETION,
};

struct cli_option {
	const char *name;
	int value;
	const char *argument; /* NULL = it takes none */
	const char *text;     /* lines; NULL = it is for packagers and not shown */
	const char *values;   /* what can stand for the argument, by blanks; may be NULL */
};

/* Ends with a NULL name. */
extern const struct cli_option cli_options[];

/* For getopt_long(); must be freed. NULL when out of memory. */
struct option *options_for_getopt(void);

/* The list of --help. */
void options_put_help(struct tmi_text *text);

#endif
