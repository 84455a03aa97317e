/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - where commands come from: arguments, a script on standard input, the prompt. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

struct run {
	struct tmi_session *session;
	struct console console;
	struct prompt *prompt; /* NULL when standard input is no terminal */
};

static void write_output(void *context, enum tmi_output_kind kind, const char *text, size_t size)
{
	struct run *run = context;
	sigset_t before;

	/* A write that Ctrl-C cuts short would lose text and count as a failed output. */
	interrupt_hold(&before);
	console_write(&run->console, kind, text, size);
	interrupt_release(&before);
}

static void show_progress(void *context, const struct tmem_progress *progress)
{
	struct run *run = context;

	progress_update(&run->console.progress, progress);
}

/* A line of standard input that is no terminal; false at its end. */
static bool read_script_line(char **line)
{
	size_t room = 0;
	ssize_t size;

	*line = NULL;
	size = getline(line, &room, stdin);
	if (size < 0) {
		free(*line);
		*line = NULL;
		return false;
	}
	/* A NUL would hide the rest of the line: it is made visible as an error. */
	for (ssize_t i = 0; i < size; i++)
		if ((*line)[i] == 0)
			(*line)[i] = 1;
	(*line)[strcspn(*line, "\r\n")] = 0;
	return true;
}

/* A question of a command, such as "Input>". */
static bool ask(void *context, const char *text, char **line)
{
	struct run *run = context;

	progress_erase(&run->console.progress);
	if (run->prompt)
		return prompt_read(run->prompt, text, false, line) == PROMPT_LINE;
	if (!read_script_line(line))
		return false;
	/* What a screen would show. */
	if (!run->session->json)
		printf("%s%s\n", text, *line);
	return true;
}

static void run_line(struct run *run, const char *line)
{
	sigset_t before;

	run->session->width = console_width();
	progress_begin(&run->console.progress);
	tmi_session_run(run->session, line);
	progress_erase(&run->console.progress);
	interrupt_hold(&before);
	fflush(stdout);
	interrupt_release(&before);
}

static void run_script(struct run *run)
{
	char *line;

	run->session->echo_line = true;
	while (!run->session->quit && !interrupt_seen() && read_script_line(&line)) {
		/* An empty line of a script repeats nothing. */
		if (line[strspn(line, " \t")])
			run_line(run, line);
		free(line);
	}
	if (interrupt_seen() && !run->session->quit)
		tmi_out_kind(run->session, TMI_OUTPUT_ERROR, "tmem: the script was stopped\n");
}

static void run_prompt(struct run *run)
{
	struct tmi_text text = { 0 };
	enum prompt_result result = PROMPT_LINE;
	char *line;

	run->session->echo_line = false;
	/* What kernel this is, and whose memory addresses mean, is no matter of course. */
	if (run->session->description.mode == TMEM_MODE_KERNEL && !run->session->json)
		tmi_session_run_nested(run->session, ".target");
	while (!run->session->quit && result != PROMPT_END) {
		interrupt_clear();
		tmi_session_refresh(run->session);
		tmi_text_clear(&text);
		tmi_session_prompt(run->session, &text);
		if (text.failed)
			break;
		result = prompt_read(run->prompt, text.data, true, &line);
		if (result != PROMPT_LINE)
			continue;
		run->session->prompt_width = (unsigned)text.size;
		run_line(run, line);
		free(line);
	}
	tmi_text_fini(&text);
	/* The user has seen what failed; leaving is no failure. */
	run->session->failures = 0;
	interrupt_clear();
}

static void run_arguments(struct run *run, char **commands, int count)
{
	run->session->echo_line = true;
	for (int i = 0; i < count && !run->session->quit && !interrupt_seen(); i++) {
		if (strcmp(commands[i], "-") != 0)
			run_line(run, commands[i]);
		else if (run->prompt)
			run_prompt(run);
		else
			run_script(run);
	}
}

static int exit_code(struct run *run)
{
	bool failed = run->session->failures > 0 || interrupt_seen();

	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "tmem: standard output cannot be written: %m\n");
		failed = true;
	}
	return failed ? EXIT_COMMAND_FAILED : EXIT_DONE;
}

bool run_wants_prompt(const struct run_parameters *parameters)
{
	bool wanted = parameters->count == 0;

	for (int i = 0; i < parameters->count; i++)
		wanted |= strcmp(parameters->commands[i], "-") == 0;
	return wanted && isatty(STDIN_FILENO);
}

int run_commands(const struct run_parameters *parameters)
{
	struct run run = { 0 };
	struct tmi_session_callbacks callbacks = { &run, write_output, ask, show_progress };
	static char from_input[] = "-";
	static char *input[] = { from_input };
	int count = parameters->count;
	int code;

	console_init(&run.console, parameters->appearance);
	run.session = tmi_session_new(parameters->target, &callbacks);
	if (!run.session) {
		fprintf(stderr, "tmem: out of memory\n");
		return EXIT_COMMAND_FAILED;
	}
	run.session->json = parameters->appearance->json;
	run.session->sandbox = parameters->sandbox;
	/* Nothing may come between records. */
	if (isatty(STDIN_FILENO))
		run.prompt = prompt_new(run.session->json ? stderr : stdout, run.session,
					parameters->history);
	interrupt_init(parameters->target);
	run_arguments(&run, count > 0 ? parameters->commands : input, count > 0 ? count : 1);
	interrupt_fini();
	code = exit_code(&run);
	prompt_free(run.prompt);
	tmi_session_free(run.session);
	return code;
}
