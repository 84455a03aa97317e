/* SPDX-License-Identifier: Apache-2.0 */
/* console.c - where text goes: results to standard output, errors to standard error. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

static bool wants_colour(void)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	return isatty(STDERR_FILENO) && !(no_colour && *no_colour) && terminal &&
	       strcmp(terminal, "dumb") != 0;
}

void console_init(struct console *console)
{
	console->error_colour = wants_colour();
	progress_init(&console->progress);
}

static void write_error(const struct console *console, const char *text, size_t size)
{
	size_t body = size;

	/* So that both keep their order on one terminal. */
	fflush(stdout);
	if (!console->error_colour) {
		fwrite(text, 1, size, stderr);
		return;
	}
	while (body > 0 && text[body - 1] == '\n')
		body--;
	fputs("\033[31m", stderr);
	fwrite(text, 1, body, stderr);
	fputs("\033[0m", stderr);
	fwrite(text + body, 1, size - body, stderr);
}

void console_write(struct console *console, enum tmi_output_kind kind, const char *text,
		   size_t size)
{
	progress_erase(&console->progress);
	if (kind == TMI_OUTPUT_ERROR || kind == TMI_OUTPUT_WARNING)
		write_error(console, text, size);
	else
		fwrite(text, 1, size, stdout);
}

unsigned console_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}
