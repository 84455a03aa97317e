/* SPDX-License-Identifier: Apache-2.0 */
/* console.c - where text goes: results to standard output, errors to standard error. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

#define RED   "\033[31m"
#define DIM   "\033[2m"
#define PLAIN "\033[0m"

static bool wants_colour(enum colour colour, int stream)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	if (colour != COLOUR_AUTO)
		return colour == COLOUR_ALWAYS;
	return isatty(stream) && !(no_colour && *no_colour) && terminal &&
	       strcmp(terminal, "dumb") != 0;
}

void console_init(struct console *console, const struct appearance *appearance)
{
	*console = (struct console){ 0 };
	console->error_colour = wants_colour(appearance->colour, STDERR_FILENO);
	console->output_colour =
		!appearance->json && wants_colour(appearance->colour, STDOUT_FILENO);
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
	fputs(RED, stderr);
	fwrite(text, 1, body, stderr);
	fputs(PLAIN, stderr);
	fwrite(text + body, 1, size - body, stderr);
}

static size_t hex_digits(const char *text, size_t size)
{
	size_t count = 0;

	while (count < size && strchr("0123456789abcdef", text[count]) && text[count])
		count++;
	return count;
}

/* Characters of the address that a row of memory begins with; 0 when it does not. */
static size_t address_size(const char *text, size_t size)
{
	size_t length = hex_digits(text, size);

	if (length == 8 && length < size && text[length] == '`')
		length += 1 + hex_digits(text + 9, size - 9);
	if (length != 8 && length != 17)
		return 0;
	return length + 2 <= size && text[length] == ' ' && text[length + 1] == ' ' ? length : 0;
}

/* Results, with the address of each row dim. */
static void write_rows(struct console *console, const char *text, size_t size)
{
	while (size > 0) {
		const char *end = memchr(text, '\n', size);
		size_t line = end ? (size_t)(end - text) + 1 : size;
		size_t dim = console->in_line ? 0 : address_size(text, line);

		if (dim > 0)
			fprintf(stdout, DIM "%.*s" PLAIN, (int)dim, text);
		fwrite(text + dim, 1, line - dim, stdout);
		console->in_line = !end;
		text += line;
		size -= line;
	}
}

void console_write(struct console *console, enum tmi_output_kind kind, const char *text,
		   size_t size)
{
	progress_erase(&console->progress);
	if (kind == TMI_OUTPUT_ERROR || kind == TMI_OUTPUT_WARNING)
		write_error(console, text, size);
	else if (console->output_colour)
		write_rows(console, text, size);
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
