/* SPDX-License-Identifier: Apache-2.0 */
/* session_log.h - a command session over a described machine, with its output kept, for tests. */
#ifndef TESTS_UNIT_SESSION_LOG_H
#define TESTS_UNIT_SESSION_LOG_H

#include "command/command.h"

struct session_log {
	struct tmi_session *session;
	struct tmi_text out;    /* normal output of the last line */
	struct tmi_text errors; /* errors and warnings of the last line */
	const char *input;      /* lines that commands may ask for; NULL: nobody answers */
	unsigned outputs;       /* calls of the output callback so far */
	unsigned interrupt_at;  /* the call that interrupts the target, 0 = none */
};

/* Opens the machine that @text describes (synth_open()). */
void session_log_open(struct session_log *log, const char *text);
void session_log_close(struct session_log *log);

/* Runs a line with an empty log; returns what tmi_session_run() does. */
bool session_log_run(struct session_log *log, const char *line);

/* Runs a line that must succeed with exactly this output. */
void session_log_expect(struct session_log *log, const char *line, const char *out);

/* Runs a line that must fail with exactly these errors. */
void session_log_expect_error(struct session_log *log, const char *line, const char *errors);

#endif
