/* SPDX-License-Identifier: Apache-2.0 */
/* prompt.c - line editing, history and completion by the tab key, by libedit. */
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
#define MANY_WORDS    200 /* of more only their number is shown */
#define GAP           2   /* blanks between the columns of a list */

struct prompt {
	EditLine *editor;
	History *history;
	const char *text;  /* what stands before the line now */
	sigset_t open;     /* signals as they are when no line is read */
	mbstate_t decoder; /* of the bytes of a character */
	FILE *output;
	struct tmi_session *session;
	struct history_file *file;
	bool question; /* a command asks: its answer is no command line */
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

/* Characters that all the words begin with. */
static size_t common_length(const struct tmi_completion *words)
{
	size_t length = strlen(words->list[0]);

	for (size_t i = 1; i < words->count; i++)
		for (size_t at = 0; at < length; at++)
			if (words->list[i][at] != words->list[0][at])
				length = at;
	return length;
}

/* The words in columns, below the line; libedit writes the line again behind them. */
static void show_words(struct prompt *prompt, const struct tmi_completion *words)
{
	size_t width = 0, columns, rows;

	fputc('\n', prompt->output);
	if (words->count > MANY_WORDS) {
		fprintf(prompt->output, "%zu names; type more of it\n", words->count);
		return;
	}
	for (size_t i = 0; i < words->count; i++)
		if (strlen(words->list[i]) > width)
			width = strlen(words->list[i]);
	columns = (console_width() - 1 + GAP) / (width + GAP);
	columns = columns ? columns : 1;
	rows = (words->count + columns - 1) / columns;
	for (size_t row = 0; row < rows; row++)
		for (size_t i = row; i < words->count; i += rows)
			fprintf(prompt->output, "%-*s%s",
				i + rows < words->count ? (int)(width + GAP) : 0, words->list[i],
				i + rows < words->count ? "" : "\n");
}

/* Puts the first @length characters of a word in the place of what was typed of it. */
static bool replace_word(struct prompt *prompt, size_t typed, const char *word, size_t length,
			 const char *after)
{
	struct tmi_text text = { 0 };
	bool done;

	tmi_text_put(&text, word, length);
	tmi_text_puts(&text, after);
	done = !text.failed;
	if (done) {
		el_deletestr(prompt->editor, (int)typed);
		done = el_insertstr(prompt->editor, text.data) == 0;
	}
	tmi_text_fini(&text);
	return done;
}

static unsigned char complete_word(struct prompt *prompt, const char *line, size_t cursor,
				   const struct tmi_completion *words)
{
	size_t typed = cursor - words->start;
	size_t length = common_length(words);
	bool whole = words->count == 1;
	const char *after = whole && !words->more && words->list[0][0] != '[' ? " " : "";
	bool grows = length > typed || memcmp(words->list[0], line + words->start, length) != 0;

	/* What is all there is only set apart. */
	if (whole || grows)
		return replace_word(prompt, typed, words->list[0], length, after) ? CC_REFRESH
										  : CC_ERROR;
	show_words(prompt, words);
	return CC_REDISPLAY;
}

/* The tab key. */
static unsigned char complete(EditLine *editor, int key)
{
	const LineInfo *info = el_line(editor);
	size_t cursor = (size_t)(info->cursor - info->buffer);
	struct tmi_completion words;
	struct prompt *prompt = NULL;
	unsigned char result = CC_ERROR;
	char *line;

	el_get(editor, EL_CLIENTDATA, &prompt);
	line = strndup(info->buffer, cursor);
	if (line && !prompt->question && tmi_complete(prompt->session, line, cursor, &words)) {
		if (words.count)
			result = complete_word(prompt, line, cursor, &words);
		tmi_completion_fini(&words);
	}
	free(line);
	return result;
}

static void take_history(void *context, const char *line)
{
	struct prompt *prompt = context;
	HistEvent event;

	history(prompt->history, &event, H_ENTER, line);
}

static void set_up_editor(struct prompt *prompt)
{
	el_set(prompt->editor, EL_CLIENTDATA, prompt);
	el_set(prompt->editor, EL_PROMPT, get_text);
	el_set(prompt->editor, EL_GETCFN, read_character);
	el_set(prompt->editor, EL_EDITOR, "emacs");
	el_set(prompt->editor, EL_HIST, history, prompt->history);
	el_set(prompt->editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
	el_set(prompt->editor, EL_ADDFN, "tmem-complete", "Completes a word", complete);
	el_set(prompt->editor, EL_BIND, "^I", "tmem-complete", NULL);
	el_source(prompt->editor, NULL);
}

struct prompt *prompt_new(FILE *output, struct tmi_session *session, struct history_file *file)
{
	struct prompt *prompt = calloc(1, sizeof(*prompt));
	HistEvent event;

	if (!prompt)
		return NULL;
	prompt->text = "";
	prompt->output = output;
	prompt->session = session;
	prompt->file = file;
	prompt->editor = el_init("tmem", stdin, output, stderr);
	prompt->history = history_init();
	if (!prompt->editor || !prompt->history) {
		prompt_free(prompt);
		return NULL;
	}
	history(prompt->history, &event, H_SETSIZE, HISTORY_LINES);
	history(prompt->history, &event, H_SETUNIQUE, 1);
	history_load(file, take_history, prompt);
	set_up_editor(prompt);
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
	if (remember && (*line)[strspn(*line, " \t")]) {
		history(prompt->history, &event, H_ENTER, *line);
		history_add(prompt->file, *line);
	}
	return PROMPT_LINE;
}

enum prompt_result prompt_read(struct prompt *prompt, const char *text, bool remember, char **line)
{
	const char *read;
	sigset_t interrupt;
	int count = 0;

	*line = NULL;
	prompt->text = text;
	prompt->question = !remember;
	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	pthread_sigmask(SIG_BLOCK, &interrupt, &prompt->open);
	/* Before the prompt is shown, not after: a key that answers it at once is not lost. */
	el_set(prompt->editor, EL_PREP_TERM, 1);
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
