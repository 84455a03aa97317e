/* SPDX-License-Identifier: Apache-2.0 */
/* output_log.h - a client with its control, and callbacks that keep what the engine prints. */
#ifndef TESTS_DBGENG_OUTPUT_LOG_H
#define TESTS_DBGENG_OUTPUT_LOG_H

#include <dbgeng.h>
#include <stdbool.h>

struct engine {
	IDebugClient7 *client;
	IDebugControl7 *control;
};

/* A client without a target. */
void engine_start(struct engine *engine);

/* The machine that @text describes in the language of docs/synth.md, without its first line. */
void engine_open(struct engine *engine, const char *text);

/* Another client of the session. */
void engine_join(struct engine *engine, struct engine *other);

/* Gives the interfaces back; fails unless they were the last ones. */
void engine_close(struct engine *engine);

/* One of the objects is registered. What they get is kept as UTF-8, one call after the other. */
struct output_log {
	IDebugOutputCallbacks narrow;
	IDebugOutputCallbacksWide wide;
	IDebugOutputCallbacks2 newer;
	char text[65536];
	unsigned calls;
	ULONG mask; /* of the last call */
	ULONG references;
	ULONG interest; /* of the newer one */
	ULONG which;    /* of the last call of Output2 */
	ULONG flags;
	HRESULT answer;
	void (*inside)(void *context); /* called by Output when it is set */
	void *context;
};

void output_log_init(struct output_log *log);
/* Forgets what was kept. */
void output_log_clear(struct output_log *log);
/* Fails unless the text kept is @expected, and forgets it. */
void assert_output(struct output_log *log, const char *expected);

#endif
