/* SPDX-License-Identifier: Apache-2.0 */
/* session_log.c - a command session over a described machine, with its output kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/session_log.h"
#include "unit/synth_handle.h"

static void keep_output(void *context, enum tmi_output_kind kind, const char *text, size_t size)
{
	struct session_log *log = context;
	bool error = kind == TMI_OUTPUT_ERROR || kind == TMI_OUTPUT_WARNING;

	tmi_text_put(error ? &log->errors : &log->out, text, size);
	if (++log->outputs == log->interrupt_at)
		tmem_set_interrupt(log->session->target);
}

static bool give_input(void *context, const char *prompt, char **line)
{
	struct session_log *log = context;
	size_t length;

	tmi_text_puts(&log->out, prompt);
	if (!log->input || !*log->input)
		return false;
	length = strcspn(log->input, "\n");
	*line = strndup(log->input, length);
	log->input += length + (log->input[length] == '\n');
	return true;
}

void session_log_open(struct session_log *log, const char *text)
{
	struct tmi_session_callbacks callbacks = { log, keep_output, give_input, NULL };

	*log = (struct session_log){ 0 };
	log->session = tmi_session_new(synth_open(text, NULL), &callbacks);
	assert_non_null(log->session);
}

void session_log_close(struct session_log *log)
{
	tmem_target *target = log->session->target;

	tmi_session_free(log->session);
	tmi_text_fini(&log->out);
	tmi_text_fini(&log->errors);
	assert_int_equal(tmem_close(target), TMEM_S_OK);
}

static const char *text_of(const struct tmi_text *text)
{
	return text->size ? text->data : "";
}

bool session_log_run(struct session_log *log, const char *line)
{
	tmi_text_clear(&log->out);
	tmi_text_clear(&log->errors);
	return tmi_session_run(log->session, line);
}

void session_log_expect(struct session_log *log, const char *line, const char *out)
{
	if (!session_log_run(log, line))
		fail_msg("'%s' failed: %s", line, text_of(&log->errors));
	assert_string_equal(text_of(&log->errors), "");
	assert_string_equal(text_of(&log->out), out);
}

void session_log_expect_error(struct session_log *log, const char *line, const char *errors)
{
	if (session_log_run(log, line))
		fail_msg("'%s' did not fail: %s", line, text_of(&log->out));
	assert_string_equal(text_of(&log->errors), errors);
}
