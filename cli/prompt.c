/* SPDX-License-Identifier: Apache-2.0 */
/* prompt.c - line editing and history, by libedit. */
#include <errno.h>
#include <histedit.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define HISTORY_LINES 1000

struct prompt {
	EditLine *editor;
	History *history;
	const char *text; /* what stands before the line now */
};

static char *get_text(EditLine *editor)
{
	struct prompt *prompt = NULL;

	el_get(editor, EL_CLIENTDATA, &prompt);
	return (char *)(uintptr_t)prompt->text;
}

struct prompt *prompt_new(void)
{
	struct prompt *prompt = calloc(1, sizeof(*prompt));
	HistEvent event;

	if (!prompt)
		return NULL;
	prompt->text = "";
	prompt->editor = el_init("tmem", stdin, stdout, stderr);
	prompt->history = history_init();
	if (!prompt->editor || !prompt->history) {
		prompt_free(prompt);
		return NULL;
	}
	history(prompt->history, &event, H_SETSIZE, HISTORY_LINES);
	history(prompt->history, &event, H_SETUNIQUE, 1);
	el_set(prompt->editor, EL_CLIENTDATA, prompt);
	el_set(prompt->editor, EL_PROMPT, get_text);
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
	int count = 0;

	*line = NULL;
	prompt->text = text;
	errno = 0;
	read = el_gets(prompt->editor, &count);
	if (read && count > 0 && !interrupt_seen())
		return take_line(prompt, read, remember, line);
	putchar('\n');
	if (!interrupt_seen())
		return PROMPT_END;
	el_reset(prompt->editor);
	return PROMPT_INTERRUPTED;
}
