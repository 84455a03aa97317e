/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contexts.c - | and ~: the processes of the target and the threads of the current one.
 *
 * Both take a selection (none or "*": all; "." or "#": the current one; N; "~[ID]" or "[ID]": by
 * system id) and then nothing (list), "s" (make current) or a command to run in each.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/regions.h"

struct side {
	const char *what; /* "process" */
	tmem_status (*count)(tmem_target *target, uint32_t *number);
	tmem_status (*ids)(tmem_target *target, uint32_t start, uint32_t count, uint32_t *ids,
			   uint32_t *system_ids);
	tmem_status (*get)(tmem_target *target, uint32_t *id);
	tmem_status (*set)(tmem_target *target, uint32_t id);
	void (*put)(struct tmi_session *session, struct tmi_text *out, uint32_t id,
		    uint32_t system_id);
	/* The fields of a record that only this side has. */
	void (*record)(struct tmi_session *session, struct tmi_record *record, uint32_t id);
};

struct entries {
	const struct side *side;
	struct tmi_session *session;
	uint32_t *ids;
	uint32_t *system_ids;
	uint32_t count;
	uint32_t current; /* engine id, TMEM_ANY_ID = none */
	uint32_t first;   /* selection */
	uint32_t end;
};

/* The executable's name, which must be freed; NULL when it is not known. */
static char *process_name(struct tmi_session *session, uint32_t id)
{
	size_t size = 0;
	char *name;

	if (TMEM_FAILED(tmem_get_process_executable_name(session->target, id, NULL, 0, &size)))
		size = 0;
	name = size ? malloc(size) : NULL;
	if (name &&
	    !TMEM_FAILED(tmem_get_process_executable_name(session->target, id, name, size, NULL)))
		return name;
	free(name);
	return NULL;
}

/* " 2 id: 22c name: x.exe" */
static void put_process(struct tmi_session *session, struct tmi_text *out, uint32_t id,
			uint32_t system_id)
{
	char *name = process_name(session, id);

	tmi_text_format(out, "%2" PRIu32 " id: %" PRIx32 " name: ", id, system_id);
	if (name)
		tmi_name_put(out, name);
	else
		tmi_text_puts(out, "?NoImage?");
	free(name);
}

static void record_process(struct tmi_session *session, struct tmi_record *record, uint32_t id)
{
	char *name = process_name(session, id);

	if (name)
		tmi_record_text(record, "name", name);
	free(name);
}

/* The system id of the process that threads are listed of; 0 when it is not known. */
static uint32_t owner(struct tmi_session *session)
{
	uint32_t process = 0;

	if (TMEM_FAILED(tmem_get_current_process_system_id(session->target, &process)))
		process = 0;
	return process;
}

static void record_thread(struct tmi_session *session, struct tmi_record *record, uint32_t id)
{
	tmi_record_number(record, "process_system_id", owner(session));
}

/* "  0  Id: 22c.22d" */
static void put_thread(struct tmi_session *session, struct tmi_text *out, uint32_t id,
		       uint32_t system_id)
{
	uint32_t process = owner(session);

	tmi_text_format(out, "%3" PRIu32 "  Id: %" PRIx32 ".%" PRIx32, id, process, system_id);
}

static const struct side processes = {
	.what = "process",
	.count = tmem_get_number_processes,
	.ids = tmem_get_process_ids_by_index,
	.get = tmem_get_current_process_id,
	.set = tmem_set_current_process_id,
	.put = put_process,
	.record = record_process,
};

static const struct side threads = {
	.what = "thread",
	.count = tmem_get_number_threads,
	.ids = tmem_get_thread_ids_by_index,
	.get = tmem_get_current_thread_id,
	.set = tmem_set_current_thread_id,
	.put = put_thread,
	.record = record_thread,
};

static void entries_fini(struct entries *entries)
{
	free(entries->ids);
	free(entries->system_ids);
}

static bool entries_init(struct entries *entries, struct tmi_session *session,
			 const struct side *side)
{
	tmem_target *target = session->target;

	*entries = (struct entries){ .side = side, .session = session };
	if (TMEM_FAILED(side->count(target, &entries->count)))
		return tmi_error_target(session, "listing");
	entries->ids = calloc(entries->count + 1ul, sizeof(*entries->ids));
	entries->system_ids = calloc(entries->count + 1ul, sizeof(*entries->system_ids));
	if (!entries->ids || !entries->system_ids)
		return tmi_error(session, "out of memory");
	if (entries->count &&
	    TMEM_FAILED(side->ids(target, 0, entries->count, entries->ids, entries->system_ids)))
		return tmi_error_target(session, "listing");
	if (TMEM_FAILED(side->get(target, &entries->current)))
		entries->current = TMEM_ANY_ID;
	entries->end = entries->count;
	return true;
}

/* Selects the one entry with @id in @list. */
static bool select_one(struct tmi_args *args, struct entries *entries, const uint32_t *list,
		       uint64_t id, const char *where)
{
	for (uint32_t i = 0; i < entries->count; i++)
		if (list[i] == id) {
			entries->first = i;
			entries->end = i + 1;
			return true;
		}
	return tmi_error_explain(args, TMI_ERROR_SYNTAX, where,
				 "there is no such %s; %s lists them", entries->side->what,
				 args->name);
}

static bool take_system_id(struct tmi_args *args, struct entries *entries)
{
	const char *where = args->next;
	uint64_t id;

	tmi_args_take(args, '~');
	if (!tmi_args_take(args, '['))
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, args->next,
					 "expected [ and a system id");
	if (!tmi_args_expression(args, &id))
		return false;
	if (!tmi_args_take(args, ']'))
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, args->next, "expected ]");
	return select_one(args, entries, entries->system_ids, id, where);
}

static bool take_selection(struct tmi_args *args, struct entries *entries)
{
	const char *where;
	uint64_t number;
	char *end;

	if (tmi_args_at_end(args) || tmi_args_take(args, '*'))
		return true;
	where = args->next;
	if (*where == '~' || *where == '[')
		return take_system_id(args, entries);
	if (*where >= '0' && *where <= '9') {
		number = strtoull(where, &end, 10);
		args->next = end;
		return select_one(args, entries, entries->ids, number, where);
	}
	/* Here there is no event process: the current one stands for it. */
	if (*where == '.' || *where == '#')
		args->next++;
	return select_one(args, entries, entries->ids, entries->current, where);
}

static void record_entry(struct entries *entries, uint32_t index)
{
	uint32_t id = entries->ids[index];
	struct tmi_record record;

	tmi_record_begin(&record, entries->session, entries->side->what);
	tmi_record_number(&record, "number", id);
	tmi_record_number(&record, "system_id", entries->system_ids[index]);
	tmi_record_bool(&record, "current", id == entries->current);
	entries->side->record(entries->session, &record, id);
	tmi_record_send(&record);
}

static void show(struct entries *entries)
{
	struct tmi_text out = { 0 };

	for (uint32_t i = entries->first; i < entries->end; i++) {
		if (entries->session->json) {
			record_entry(entries, i);
			continue;
		}
		tmi_text_puts(&out, entries->ids[i] == entries->current ? "." : " ");
		entries->side->put(entries->session, &out, entries->ids[i], entries->system_ids[i]);
		tmi_text_char(&out, '\n', 1);
		tmi_out_text(entries->session, &out);
	}
	tmi_text_fini(&out);
}

static bool make_current(struct tmi_args *args, struct entries *entries)
{
	if (!tmi_args_finish(args))
		return false;
	if (entries->end != entries->first + 1)
		return tmi_error(entries->session, "Which %s? %sNs makes number N current",
				 entries->side->what, args->name);
	if (TMEM_FAILED(entries->side->set(entries->session->target, entries->ids[entries->first])))
		return tmi_error_target(entries->session, "making %s %" PRIu32 " current",
					entries->side->what, entries->ids[entries->first]);
	entries->current = entries->ids[entries->first];
	show(entries);
	return true;
}

/* Runs the rest of the command in each selected one, then goes back. */
static bool run_in_each(struct tmi_args *args, struct entries *entries)
{
	tmem_target *target = entries->session->target;
	bool ok = true;

	for (uint32_t i = entries->first; i < entries->end && ok; i++)
		ok = (!TMEM_FAILED(entries->side->set(target, entries->ids[i])) ||
		      tmi_error_target(entries->session, "making %s %" PRIu32 " current",
				       entries->side->what, entries->ids[i])) &&
		     tmi_session_run_nested(entries->session, args->next);
	if (entries->current != TMEM_ANY_ID &&
	    TMEM_FAILED(entries->side->set(target, entries->current)))
		ok = tmi_error_target(entries->session, "going back to %s %" PRIu32,
				      entries->side->what, entries->current);
	return ok;
}

/* The letter s alone makes current; "s -a ..." is a search. */
static bool is_switch(struct tmi_args *args)
{
	const char *next = args->next;

	if (*next++ != 's')
		return false;
	next += strspn(next, " \t");
	return *next == 0;
}

static bool execute(struct tmi_args *args)
{
	struct entries entries;
	bool ok;

	ok = entries_init(&entries, args->session, *args->name == '|' ? &processes : &threads) &&
	     take_selection(args, &entries);
	if (ok && tmi_args_at_end(args)) {
		show(&entries);
	} else if (ok && is_switch(args)) {
		args->next++;
		ok = make_current(args, &entries);
	} else if (ok) {
		ok = run_in_each(args, &entries);
	}
	entries_fini(&entries);
	return ok;
}

static const struct tmi_command_name names[] = {
	{ "|", "list processes, make one current, run a command in some" },
	{ "~", "the same for the threads of the current process" },
	{ 0 },
};

const struct tmi_command tmi_command_contexts = {
	.names = names,
	.arguments = "[* | . | NUMBER | [SYSTEM_ID]] [s | COMMAND]",
	.brief = "processes and threads: list, make current",
	.help = "Lists the processes of the target, or the threads of the current process: a dot\n"
		"at the current one, its number, its system id (hexadecimal) and name. |NUMBERs\n"
		"makes a process current: addresses mean its memory from then on. ~NUMBERs makes "
		"a\n"
		"thread current: registers mean its own.\n"
		"\n"
		"With a command behind it, |NUMBER runs that command in the process and comes\n"
		"back; |* runs it in every one. [SYSTEM_ID] selects by system id, an expression.",
	.examples = "|\n|1s\n|* db [stack] L10\n|[0n1234]s\n~",
	.topic = TMI_TOPIC_INFORMATION,
	.flags = TMI_COMMAND_USER_ONLY,
	.execute = execute,
};
