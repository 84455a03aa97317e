/* SPDX-License-Identifier: Apache-2.0 */
/*
 * script.c - $< $><: the commands of a file.
 *
 * The file is read whole before its first command runs, so that a command may write it. While a
 * line runs the session knows its place, and errors begin with it.
 */
#include "command/script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE_LIMIT ((size_t)16 << 20) /* bytes of a script */

static bool is_blank(const char *line)
{
	return line[strspn(line, " \t")] == 0;
}

static bool run_line(struct tmi_session *session, char *line, size_t size)
{
	struct tmi_script_place *place = session->script;

	bool has_nul = memchr(line, 0, size) != NULL;

	if (size > 0 && line[size - 1] == '\r')
		line[size - 1] = 0;
	place->text = line;
	place->offset = 0;
	place->line++;
	if (tmi_session_interrupted(session))
		return tmi_error_interrupted(session, "the script was stopped before this line");
	if (has_nul)
		return tmi_error(session, "the line has a NUL character: this is no text");
	return is_blank(line) || tmi_session_run_nested(session, line);
}

/* Runs the lines of @text, which is followed by a NUL. */
static bool run_lines(struct tmi_session *session, const char *path, char *text, size_t size)
{
	struct tmi_script_place *outer = session->script;
	struct tmi_script_place place = { .file = path, .text = "", .depth = session->depth + 1 };
	char *end = text + size;
	bool ok = true;

	session->script = &place;
	while (ok && text < end && !session->quit && !session->interrupted) {
		char *newline = memchr(text, '\n', (size_t)(end - text));
		char *next = newline ? newline + 1 : end;

		if (newline)
			*newline = 0;
		ok = run_line(session, text, (size_t)((newline ? newline : end) - text));
		text = next;
	}
	session->script = outer;
	return ok && !session->interrupted;
}

/* Reads at most @room bytes; the file may have become longer or shorter. */
static bool read_all(int file, char *text, size_t room, size_t *size)
{
	*size = 0;
	while (*size < room) {
		ssize_t part = read(file, text + *size, room - *size);

		if (part == 0)
			break;
		if (part > 0)
			*size += (size_t)part;
		else if (errno != EINTR)
			return false;
	}
	return true;
}

/* Loads a regular file; anything else could wait for ever. *text must be freed in any case. */
static bool load(struct tmi_session *session, const char *path, int file, char **text, size_t *size)
{
	struct stat status;
	size_t room;

	if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
		return tmi_error(session, "%s is no regular file", path);
	if ((uint64_t)status.st_size > SIZE_LIMIT)
		return tmi_error(session, "%s is too large: a script has at most %zu MB", path,
				 SIZE_LIMIT >> 20);
	room = (size_t)status.st_size;
	*text = malloc(room + 1);
	if (!*text)
		return tmi_error(session, "out of memory");
	if (!read_all(file, *text, room, size))
		return tmi_error(session, "Unable to read %s: %s", path, strerror(errno));
	(*text)[*size] = 0;
	return true;
}

static bool run_file(struct tmi_session *session, const char *path)
{
	static const char mark[] = "\xef\xbb\xbf"; /* what editors put before UTF-8 */
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t size = 0, skip;
	char *text = NULL;
	bool ok;

	if (file < 0)
		return tmi_error(session, "Unable to open %s: %s", path, strerror(errno));
	ok = load(session, path, file, &text, &size);
	close(file);
	if (ok) {
		skip = size >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
		ok = run_lines(session, path, text + skip, size - skip);
	}
	free(text);
	return ok;
}

bool tmi_script_execute(struct tmi_args *args)
{
	size_t length;
	char *path;
	bool ok;

	if (tmi_args_at_end(args))
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, args->next,
					 "the name of a file is needed here");
	if (*args->next == '"') {
		if (!tmi_args_string(args, &path))
			return false;
		ok = tmi_args_finish(args) && run_file(args->session, path);
		free(path);
		return ok;
	}
	length = strlen(args->next);
	path = strndup(args->next, length);
	args->next += length;
	ok = path ? run_file(args->session, path) : tmi_error(args->session, "out of memory");
	free(path);
	return ok;
}

static const struct tmi_command_name names[] = {
	{ "$<", "run the commands of a file" },
	{ "$><", "the same" },
	{ NULL },
};

const struct tmi_command tmi_command_script = {
	.names = names,
	.arguments = "FILE",
	.brief = "run the commands of a file",
	.help = "Runs each line of FILE as it would be typed; empty lines do nothing. FILE "
		"reaches\n"
		"to the end of the line, blanks and \";\" included. The first command that fails\n"
		"ends the script, and its error begins with FILE:LINE:COLUMN. A script may run\n"
		"others, up to 32 deep. * and $$ begin comments; r sets $t0 to $t19, which serve\n"
		"as variables. Ctrl-C and q end it.\n",
	.examples = "$<look.txt\n",
	.topic = TMI_TOPIC_GENERAL,
	.flags = TMI_COMMAND_WHOLE_LINE | TMI_COMMAND_NO_REPEAT,
	.execute = tmi_script_execute,
};
