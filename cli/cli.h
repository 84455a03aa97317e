/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - the parts of the command line program.
 *
 *	main.c		options, opening, exit code
 *	run.c		where commands come from: arguments, a script, the prompt
 *	console.c	where text goes: streams, colour
 *	progress.c	the progress line
 *	prompt.c	line editing, history, completion by the tab key
 *	history.c	the file of the history
 *	options.c	the options, in one table
 *	sandbox.c	what is given up before an untrusted file is read
 *	manual.c	the manual page; completion for shells
 *	interrupt.c	Ctrl-C
 */
#ifndef TMEM_CLI_CLI_H
#define TMEM_CLI_CLI_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "command/command.h"

enum exit_code {
	EXIT_DONE = 0,
	EXIT_COMMAND_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_CANNOT_OPEN = 3,
};

/* The progress line at the bottom of the terminal. */
struct progress {
	bool possible;         /* standard error is a terminal that can erase a line */
	bool shown;            /* a line is on the screen now */
	bool output_scrolls;   /* results go to the same terminal */
	const char *operation; /* NULL: nothing runs */
	uint64_t last_done;
	struct timespec start;  /* of the operation */
	struct timespec update; /* when the line was last written */
};

void progress_init(struct progress *progress);
/* A command begins: what comes next is a new operation. */
void progress_begin(struct progress *progress);
void progress_update(struct progress *progress, const struct tmem_progress *now);
/* Takes the line off the screen. */
void progress_erase(struct progress *progress);

/* --color */
enum colour {
	COLOUR_AUTO, /* on a terminal, unless NO_COLOR is set */
	COLOUR_ALWAYS,
	COLOUR_NEVER,
};

/* How output looks. */
struct appearance {
	enum colour colour;
	bool json; /* records, one a line */
};

/* Where text goes. */
struct console {
	bool error_colour;  /* errors in red */
	bool output_colour; /* the addresses of rows dim */
	bool in_line;       /* standard output stands inside a line */
	struct progress progress;
};

void console_init(struct console *console, const struct appearance *appearance);
void console_write(struct console *console, enum tmi_output_kind kind, const char *text,
		   size_t size);
/* Columns of the terminal; 80 when there is none. */
unsigned console_width(void);

/*
 * Lines typed in earlier sessions, in a file: the one TMEM_HISTORY names (none when that is empty),
 * else tmem/history in the user's folder for state.
 */
struct history_file;
/* Opens the file and bounds its size. NULL: there is none, or it is not the user's own. */
struct history_file *history_open(void);
void history_close(struct history_file *file);
/* Calls @take for each line, the oldest first. */
void history_load(struct history_file *file, void (*take)(void *context, const char *line),
		  void *context);
/* Adds a line; @file may be NULL. */
void history_add(struct history_file *file, const char *line);

/* Line editing with history and completion, on a terminal. */
struct prompt;
/*
 * @output: where the prompt is written, standard output or error. @session completes; @file may be
 * NULL. Both must outlive the prompt.
 */
struct prompt *prompt_new(FILE *output, struct tmi_session *session, struct history_file *file);
void prompt_free(struct prompt *prompt);

enum prompt_result {
	PROMPT_LINE,
	PROMPT_INTERRUPTED, /* Ctrl-C: the line is given up */
	PROMPT_END,
};

/* Reads a line, without its newline; *line must be freed. @remember: it goes into the history. */
enum prompt_result prompt_read(struct prompt *prompt, const char *text, bool remember, char **line);

/* Ctrl-C comes after what lies between these two, not in the middle of it. */
void interrupt_hold(sigset_t *before);
void interrupt_release(const sigset_t *before);

/*
 * Ctrl-C asks @target's running operation to stop and is remembered; the third one that is not
 * answered ends the program. NULL: there is no target yet.
 */
void interrupt_init(tmem_target *target);
void interrupt_fini(void);
bool interrupt_seen(void);
/* Non-zero when interrupt_seen(). */
const volatile int *interrupt_flag(void);
/* Forgets the past ones. */
void interrupt_clear(void);

struct run_parameters {
	tmem_target *target;
	char **commands; /* arguments; none: standard input has them */
	int count;
	const struct appearance *appearance;
	const struct tmi_sandbox *sandbox;
	struct history_file *history; /* NULL = none */
};

/* True when commands will be asked for at a prompt: some are expected from a terminal. */
bool run_wants_prompt(const struct run_parameters *parameters);

/*
 * Runs the commands given as arguments; without any, those of standard input: at a prompt when it
 * is a terminal. Returns the exit code.
 */
int run_commands(const struct run_parameters *parameters);

#endif
