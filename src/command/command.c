/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.c - from a line to commands: cutting at ";", finding the descriptor, running it.
 */
#include "command/command.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "command/modules.h"

#define DEPTH_LIMIT 32 /* commands inside commands */

#define X(name) extern const struct tmi_command tmi_command_##name;
#include "command/commands.def"
#undef X

const struct tmi_command *const tmi_commands[] = {
#define X(name) &tmi_command_##name,
#include "command/commands.def"
#undef X
	NULL,
};

const struct tmi_command *tmi_command_find(const char *name, size_t length,
					   const struct tmi_command_name **which)
{
	for (size_t i = 0; tmi_commands[i]; i++)
		for (const struct tmi_command_name *n = tmi_commands[i]->names; n->name; n++) {
			if (strlen(n->name) != length || memcmp(n->name, name, length) != 0)
				continue;
			if (which)
				*which = n;
			return tmi_commands[i];
		}
	return NULL;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name_character(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

/*
 * Characters of the name at the start of a command: letters ("db", so that "db1000" works), "." or
 * "!" and a word, or the longest name of punctuation that a command has.
 */
static size_t name_length(const char *text)
{
	size_t length = 0, longest = 0;

	if (is_letter(*text)) {
		while (is_letter(text[length]))
			length++;
		return length;
	}
	if ((*text == '.' || *text == '!') && is_name_character(text[1])) {
		for (length = 1; is_name_character(text[length]);)
			length++;
		return length;
	}
	for (length = 1; length <= strcspn(text, " \t"); length++)
		if (tmi_command_find(text, length, NULL))
			longest = length;
	return longest;
}

/* The end of a quoted part that begins at @at: its closing quote, or @at when it is no quote. */
static const char *skip_quoted(const char *at)
{
	const char *end;

	if (*at != '"' && *at != '\'')
		return at;
	end = strchr(at + 1, *at);
	if (end)
		return end;
	/* Text may lack its closing double quote; an apostrophe alone is no quote. */
	return *at == '"' ? at + strlen(at) - 1 : at;
}

/* The ";" that ends the command at @at, or the end of the line. */
static const char *command_end(const char *at)
{
	const struct tmi_command *command = tmi_command_find(at, name_length(at), NULL);

	if (command && (command->flags & TMI_COMMAND_WHOLE_LINE))
		return at + strlen(at);
	while (*at && *at != ';')
		at = skip_quoted(at) + 1;
	return at;
}

static bool unknown_command(struct tmi_args *args)
{
	const char *close = tmi_command_suggest(args->text, strcspn(args->text, " \t"));

	if (close)
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, args->text,
					 "there is no such command; did you mean %s? .help lists "
					 "them",
					 close);
	return tmi_error_explain(args, TMI_ERROR_SYNTAX, args->text,
				 "there is no such command; .help lists them");
}

static bool check_mode(struct tmi_args *args)
{
	uint32_t flags = args->command->flags;
	bool kernel = args->session->description.mode == TMEM_MODE_KERNEL;

	if ((flags & TMI_COMMAND_KERNEL_ONLY) && !kernel)
		return tmi_error(args->session, "%s is only available in kernel mode", args->name);
	if ((flags & TMI_COMMAND_USER_ONLY) && kernel)
		return tmi_error(args->session, "%s is only available in user mode", args->name);
	return true;
}

/* "db ?" asks for help: only few commands take a question mark alone as an argument. */
static bool asks_for_help(const struct tmi_args *args)
{
	static const char *const others[] = { "?", ".help", "*", "$$" };
	const char *at = args->next + strspn(args->next, " \t");

	if (*at != '?' || at[1 + strspn(at + 1, " \t")])
		return false;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(args->name, others[i]) == 0)
			return false;
	return true;
}

static bool explain(const struct tmi_args *args)
{
	struct tmi_text line = { 0 };
	bool done;

	tmi_text_format(&line, ".help %s", args->name);
	done = line.failed ? tmi_error(args->session, "out of memory")
			   : tmi_session_run_nested(args->session, line.data);
	tmi_text_fini(&line);
	return done;
}

/* Runs args->text: one command. */
static bool execute(struct tmi_args *args)
{
	const struct tmi_command_name *which;
	size_t length = name_length(args->text);

	args->command = tmi_command_find(args->text, length, &which);
	if (!args->command)
		return unknown_command(args);
	args->name = which->name;
	args->next = args->text + length;
	if (asks_for_help(args))
		return explain(args);
	if (!check_mode(args))
		return false;
	return args->command->execute(args);
}

/* Runs the command [@text, @end) of @line. */
static bool run_one(struct tmi_session *session, const char *line, const char *text,
		    const char *end)
{
	struct tmi_args args = { .session = session, .line = line };
	const char *outer = session->command;
	char *copy;
	bool done;

	while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (end == text)
		return true;
	copy = strndup(text, (size_t)(end - text));
	if (!copy)
		return tmi_error(session, "out of memory");
	args.text = copy;
	session->command = copy;
	args.column = (size_t)(text - line);
	if (session->script && session->script->depth == session->depth)
		session->script->offset = args.column;
	tmi_session_refresh(session);
	tmi_session_drop_modules(session);
	done = execute(&args);
	tmi_session_drop_modules(session);
	session->command = outer;
	free(copy);
	return done;
}

static bool run_line(struct tmi_session *session, const char *line)
{
	const char *at = line;
	bool done = true;

	while (done && *at && !session->quit && !session->interrupted) {
		const char *end;

		if (*at == ' ' || *at == '\t' || *at == ';') {
			at++;
			continue;
		}
		end = command_end(at);
		done = run_one(session, line, at, end);
		at = end;
	}
	/* A command inside a failing one makes that one fail too: counted once. */
	session->failures += !done && session->depth == 0;
	return done;
}

/* Characters of a name and of the /p behind it, if one follows: it goes on in that memory. */
static size_t name_and_memory(const char *start, size_t length)
{
	const char *option = start + length + strspn(start + length, " \t");

	if (strncmp(option, "/p", 2) != 0)
		return length;
	return (size_t)(option - start) + strcspn(option, " \t;");
}

/* What ENTER does after @line: the line again, or only its name when the command then goes on. */
static char *repetition(const char *line)
{
	const char *start = line + strspn(line, " \t;");
	size_t length = name_length(start);
	const struct tmi_command *command = tmi_command_find(start, length, NULL);
	const char *end = command_end(start);

	if (command && (command->flags & TMI_COMMAND_NO_REPEAT))
		return NULL;
	if (command && (command->flags & TMI_COMMAND_REPEATS) && end[strspn(end, " \t;")] == 0)
		return strndup(start, name_and_memory(start, length));
	return strdup(line);
}

static bool check_length(struct tmi_session *session, const char *line)
{
	return strlen(line) <= TMI_LINE_LIMIT ||
	       tmi_error(session, "the line has %zu characters; at most %u are allowed",
			 strlen(line), TMI_LINE_LIMIT);
}

bool tmi_session_run(struct tmi_session *session, const char *line)
{
	char *copy;
	bool done;

	session->interrupted = false;
	session->misread = false;
	if (!check_length(session, line)) {
		session->failures++;
		return false;
	}
	if (line[strspn(line, " \t\r\n")] == 0) {
		if (!session->repeat)
			return true;
		line = session->repeat;
	}
	copy = strdup(line);
	if (!copy)
		return tmi_error(session, "out of memory");
	copy[strcspn(copy, "\r\n")] = 0;
	free(session->repeat);
	session->repeat = repetition(copy);
	done = run_line(session, copy);
	free(copy);
	return done;
}

bool tmi_session_run_nested(struct tmi_session *session, const char *line)
{
	bool done;

	if (session->depth >= DEPTH_LIMIT)
		return tmi_error(session, "commands inside commands: at most %u levels",
				 DEPTH_LIMIT);
	if (!check_length(session, line))
		return false;
	session->depth++;
	done = run_line(session, line);
	session->depth--;
	return done;
}
