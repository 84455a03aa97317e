/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.c - .events: show the changes that the target tells of, and count them.
 *
 * Counting begins with the first .events; the handle's callbacks are then this command's, which
 * hands every event on to those that were registered before.
 */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "command/command.h"

/* Every event that is counted apart. */
#define EVENT_LIST(X)                                                                              \
	X(ALL, "ChangeDebuggeeState ALL")                                                          \
	X(REGISTERS, "ChangeDebuggeeState REGISTERS")                                              \
	X(VIRTUAL, "ChangeDebuggeeState DATA VIRTUAL")                                             \
	X(PHYSICAL, "ChangeDebuggeeState DATA PHYSICAL")                                           \
	X(DATA, "ChangeDebuggeeState DATA")                                                        \
	X(THREAD, "ChangeEngineState CURRENT_THREAD")                                              \
	X(GO, "ChangeEngineState EXECUTION_STATUS GO")                                             \
	X(BREAK, "ChangeEngineState EXECUTION_STATUS BREAK")                                       \
	X(OTHER, "ChangeEngineState")

enum event {
#define EVENT_ROW(name, text) EVENT_##name,
	EVENT_LIST(EVENT_ROW)
#undef EVENT_ROW
		EVENT_COUNT
};

static const char *const texts[] = {
#define EVENT_ROW(name, text) text,
	EVENT_LIST(EVENT_ROW)
#undef EVENT_ROW
};

struct events {
	struct tmi_session *session;        /* NULL until callbacks are registered */
	struct tmem_event_callbacks before; /* who was registered */
	atomic_bool shown;
	_Atomic uint64_t counts[EVENT_COUNT];
};

static const char events_key;

static void record(struct tmi_session *session, enum event event)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, "event");
	tmi_record_text(&record, "event", texts[event]);
	tmi_record_send(&record);
}

/* May run on any thread that changes the target through another handle. */
static void report(struct events *events, enum event event)
{
	atomic_fetch_add(&events->counts[event], 1);
	if (!atomic_load(&events->shown))
		return;
	if (events->session->json)
		record(events->session, event);
	else
		tmi_out_kind(events->session, TMI_OUTPUT_EVENT, "event: %s\n", texts[event]);
}

static void on_debuggee_state(void *context, uint32_t flags, uint64_t argument)
{
	const struct tmem_event_callbacks *before = &((struct events *)context)->before;

	if (before->change_debuggee_state &&
	    (before->interest_mask & TMEM_EVENT_CHANGE_DEBUGGEE_STATE))
		before->change_debuggee_state(before->context, flags, argument);
	if (flags == TMEM_CDS_ALL)
		report(context, EVENT_ALL);
	else if (flags == TMEM_CDS_REGISTERS)
		report(context, EVENT_REGISTERS);
	else if (argument == TMEM_DATA_SPACE_VIRTUAL)
		report(context, EVENT_VIRTUAL);
	else if (argument == TMEM_DATA_SPACE_PHYSICAL)
		report(context, EVENT_PHYSICAL);
	else
		report(context, EVENT_DATA);
}

static void on_engine_state(void *context, uint32_t flags, uint64_t argument)
{
	const struct tmem_event_callbacks *before = &((struct events *)context)->before;

	if (before->change_engine_state && (before->interest_mask & TMEM_EVENT_CHANGE_ENGINE_STATE))
		before->change_engine_state(before->context, flags, argument);
	if (flags == TMEM_CES_CURRENT_THREAD)
		report(context, EVENT_THREAD);
	else if (flags == TMEM_CES_EXECUTION_STATUS)
		report(context, argument == 6 ? EVENT_BREAK : EVENT_GO);
	else
		report(context, EVENT_OTHER);
}

static void fini(void *data)
{
	struct events *events = data;

	if (events->session)
		tmem_set_event_callbacks(events->session->target,
					 events->before.interest_mask ? &events->before : NULL);
}

/* The session's events, their callbacks registered; NULL after reporting an error. */
static struct events *get_events(struct tmi_session *session)
{
	struct events *events = tmi_session_slot(session, &events_key, sizeof(*events), fini);
	struct tmem_event_callbacks callbacks = {
		.size = sizeof(callbacks),
		.interest_mask = TMEM_EVENT_CHANGE_DEBUGGEE_STATE | TMEM_EVENT_CHANGE_ENGINE_STATE,
		.context = events,
		.change_debuggee_state = on_debuggee_state,
		.change_engine_state = on_engine_state,
	};

	if (!events) {
		tmi_error(session, "out of memory");
		return NULL;
	}
	if (events->session)
		return events;
	events->session = session;
	events->before.size = sizeof(events->before);
	tmem_get_event_callbacks(session->target, &events->before);
	if (!TMEM_FAILED(tmem_set_event_callbacks(session->target, &callbacks)))
		return events;
	events->session = NULL;
	tmi_error_target(session, "registering for events");
	return NULL;
}

/* The counts as they were at one time. */
struct counted {
	bool shown;
	uint64_t total;
	uint64_t counts[EVENT_COUNT];
};

static void record_counts(struct tmi_session *session, const struct counted *counted)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, "event_counts");
	tmi_record_bool(&record, "shown", counted->shown);
	tmi_record_number(&record, "total", counted->total);
	tmi_record_object(&record, "counts");
	for (unsigned i = 0; i < EVENT_COUNT; i++)
		if (counted->counts[i])
			tmi_record_number(&record, texts[i], counted->counts[i]);
	tmi_record_end(&record);
	tmi_record_send(&record);
}

static void print_counts(struct tmi_session *session, const struct counted *counted)
{
	tmi_out(session, "Events are %s; %" PRIu64 " since counting began\n",
		counted->shown ? "shown" : "not shown", counted->total);
	for (unsigned i = 0; i < EVENT_COUNT; i++)
		if (counted->counts[i])
			tmi_out(session, "%8" PRIu64 "  %s\n", counted->counts[i], texts[i]);
}

static void list(struct events *events)
{
	struct counted counted = { .shown = atomic_load(&events->shown) };

	for (unsigned i = 0; i < EVENT_COUNT; i++) {
		counted.counts[i] = atomic_load(&events->counts[i]);
		counted.total += counted.counts[i];
	}
	if (events->session->json)
		record_counts(events->session, &counted);
	else
		print_counts(events->session, &counted);
}

static bool execute(struct tmi_args *args)
{
	struct events *events;
	const char *word = "list";
	size_t length = 4;
	bool on;
	bool off;

	tmi_args_word(args, &word, &length);
	on = length == 2 && !memcmp(word, "on", 2);
	off = length == 3 && !memcmp(word, "off", 3);
	if (!on && !off && (length != 4 || memcmp(word, "list", 4) != 0))
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, word, "expected on, off or list");
	if (!tmi_args_finish(args))
		return false;
	events = get_events(args->session);
	if (!events)
		return false;
	if (on || off)
		atomic_store(&events->shown, on);
	else
		list(events);
	return true;
}

static const struct tmi_command_name names[] = { { ".events", NULL }, { 0 } };

const struct tmi_command tmi_command_events = {
	.names = names,
	.arguments = "[on | off | list]",
	.brief = "show and count the changes of the target",
	.help = "on shows each event when it comes: ChangeDebuggeeState when memory was written\n"
		"(DATA, with the space) or the target ran or got a process (ALL), and\n"
		"ChangeEngineState when another process or thread became current or the target "
		"was\n"
		"stopped or resumed. One command makes one event, however many bytes it writes.\n"
		"\n"
		"off goes on counting silently; list, or nothing, shows the counts. Counting\n"
		"begins with the first .events of a session.",
	.examples = ".events on\neb 1000 1\n.events",
	.topic = TMI_TOPIC_GENERAL,
	.execute = execute,
};
