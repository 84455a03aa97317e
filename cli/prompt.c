/* SPDX-License-Identifier: Apache-2.0 */
/* prompt.c - line editing and history, by libedit. */
#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "cli.h"

#define HISTORY_LINES 1000

struct prompt {
	EditLine *editor;
	History *history;
	const char *text;  /* what stands before the line now */
	sigset_t open;     /* signals as they are when no line is read */
	mbstate_t decoder; /* of the bytes of a character */
};

static char *get_text(EditLine *editor)
{
	struct prompt *prompt = NULL;

	el_get(editor, EL_CLIENTDATA, &prompt);
	return (char *)(uintptr_t)prompt->text;
}

/* Waits for input or Ctrl-C, which is let in only here: it cannot come unseen before the wait. */
static bool wait_for_input(const struct prompt *prompt)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	while (!interrupt_seen()) {
		if (ppoll(&input, 1, NULL, &prompt->open) > 0)
			return true;
		if (errno != EINTR)
			return false;
	}
	errno = EINTR;
	return false;
}

/* What libedit calls for each character: 1, 0 at the end of input, -1. */
static int read_character(EditLine *editor, wchar_t *character)
{
	struct prompt *prompt = NULL;
	ssize_t got;
	char byte;

	el_get(editor, EL_CLIENTDATA, &prompt);
	for (;;) {
		if (!wait_for_input(prompt))
			return -1;
		got = read(STDIN_FILENO, &byte, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		switch (mbrtowc(character, &byte, 1, &prompt->decoder)) {
		case (size_t)-2: continue;
		case (size_t)-1:
			/* No character of this locale: left out. */
			memset(&prompt->decoder, 0, sizeof(prompt->decoder));
			continue;
		default: return 1;
		}
	}
}

struct prompt *prompt_new(FILE *output)
{
	struct prompt *prompt = calloc(1, sizeof(*prompt));
	HistEvent event;

	if (!prompt)
		return NULL;
	prompt->text = "";
	prompt->editor = el_init("tmem", stdin, output, stderr);
	prompt->history = history_init();
	if (!prompt->editor || !prompt->history) {
		prompt_free(prompt);
		return NULL;
	}
	history(prompt->history, &event, H_SETSIZE, HISTORY_LINES);
	history(prompt->history, &event, H_SETUNIQUE, 1);
	el_set(prompt->editor, EL_CLIENTDATA, prompt);
	el_set(prompt->editor, EL_PROMPT, get_text);
	el_set(prompt->editor, EL_GETCFN, read_character);
	el_set(prompt->editor, EL_EDITOR, "emacs");
	el_set(prompt->editor, EL_HIST, history, prompt->history);
	el_set(prompt->editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
	el_source(prompt->editor, NULL);
	return prompt;
}

void prompt_free(struct prompt *prompt)
{
	if (!prompt)
		return;
	if (prompt->editor)
		el_end(prompt->editor);
	if (prompt->history)
		history_end(prompt->history);
	free(prompt);
}

/* The copy of what was read that the caller gets. */
static enum prompt_result take_line(struct prompt *prompt, const char *read, bool remember,
				    char **line)
{
	HistEvent event;

	*line = strdup(read);
	if (!*line)
		return PROMPT_END;
	(*line)[strcspn(*line, "\r\n")] = 0;
	if (remember && (*line)[strspn(*line, " \t")])
		history(prompt->history, &event, H_ENTER, *line);
	return PROMPT_LINE;
}

enum prompt_result prompt_read(struct prompt *prompt, const char *text, bool remember, char **line)
{
	const char *read;
	sigset_t interrupt;
	int count = 0;

	*line = NULL;
	prompt->text = text;
	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	pthread_sigmask(SIG_BLOCK, &interrupt, &prompt->open);
	read = el_gets(prompt->editor, &count);
	pthread_sigmask(SIG_SETMASK, &prompt->open, NULL);
	if (read && count > 0 && !interrupt_seen())
		return take_line(prompt, read, remember, line);
	putchar('\n');
	if (!interrupt_seen())
		return PROMPT_END;
	el_reset(prompt->editor);
	return PROMPT_INTERRUPTED;
}
