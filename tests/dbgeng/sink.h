/* SPDX-License-Identifier: Apache-2.0 */
/* sink.h - an event callback object for tests: one function gets what it is interested in. */
#ifndef TESTS_DBGENG_SINK_H
#define TESTS_DBGENG_SINK_H

#include <dbgeng.h>

struct sink {
	IDebugEventCallbacks object; /* first: what the engine has a pointer to */
	ULONG interest;              /* CHANGE_DEBUGGEE_, CHANGE_ENGINE_, CHANGE_SYMBOL_STATE */
	void (*told)(ULONG flags, ULONG64 argument);
};

/* Registers it with a client; it counts no references and must live as long as it is there. */
void sink_start(struct sink *sink, void *client, ULONG interest,
		void (*told)(ULONG flags, ULONG64 argument));

#endif
