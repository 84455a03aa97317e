/* SPDX-License-Identifier: Apache-2.0 */
/* overlay.c - .overlay: what was written to a stored target, which its file never sees. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"

#define SHOWN 8 /* bytes of a run that the list shows */

struct list {
	struct tmi_session *session;
	struct tmem_overlay_run run; /* adjacent pieces joined; length 0 = none yet */
	uint8_t bytes[SHOWN];
	uint64_t runs;
	uint64_t total;
};

static void record_run(struct list *list, size_t shown)
{
	bool physical = list->run.space == TMEM_DATA_SPACE_PHYSICAL;
	struct tmi_record record;

	tmi_record_begin(&record, list->session, "overlay_run");
	tmi_record_text(&record, "space", physical ? "physical" : "virtual");
	if (!physical)
		tmi_record_number(&record, "process", list->run.process_id);
	tmi_record_address(&record, "address", list->run.offset);
	tmi_record_size(&record, "size", list->run.length);
	tmi_record_bytes(&record, "first_bytes", list->bytes, NULL, shown);
	tmi_record_send(&record);
}

static void print_run(struct list *list, size_t shown)
{
	struct tmi_text out = { 0 };

	if (list->run.space == TMEM_DATA_SPACE_PHYSICAL)
		tmi_text_puts(&out, "physical    ");
	else
		tmi_text_format(&out, "process %3" PRIu32 " ", list->run.process_id);
	tmi_text_format(&out, " %s  L%-8" PRIx64 "",
			tmi_address(list->session, list->run.offset).text, list->run.length);
	for (size_t i = 0; i < shown; i++)
		tmi_text_format(&out, " %02x", list->bytes[i]);
	tmi_text_puts(&out, list->run.length > shown ? " ...\n" : "\n");
	tmi_out_text(list->session, &out);
	tmi_text_fini(&out);
}

static void show_run(struct list *list)
{
	size_t shown = list->run.length < SHOWN ? (size_t)list->run.length : SHOWN;

	if (!list->run.length)
		return;
	list->runs++;
	list->total += list->run.length;
	if (list->session->json)
		record_run(list, shown);
	else
		print_run(list, shown);
}

static tmem_status add_run(void *context, const struct tmem_overlay_run *run)
{
	struct list *list = context;
	struct tmem_overlay_run *last = &list->run;
	bool joins = last->length && last->space == run->space &&
		     last->process_id == run->process_id &&
		     last->offset + last->length == run->offset;

	if (!joins) {
		show_run(list);
		*last = *run;
		last->length = 0;
	}
	for (uint64_t i = 0; i < run->length && last->length + i < SHOWN; i++)
		list->bytes[last->length + i] = ((const uint8_t *)run->data)[i];
	last->length += run->length;
	return tmi_session_interrupted(list->session) ? TMEM_E_CONTROL_C_EXIT : TMEM_S_OK;
}

static void record_list(struct list *list)
{
	struct tmi_record record;

	tmi_record_begin(&record, list->session, "overlay");
	tmi_record_bool(&record, "exists", list->session->description.flags & TMEM_TARGET_OVERLAY);
	tmi_record_number(&record, "runs", list->runs);
	tmi_record_size(&record, "size", list->total);
	tmi_record_send(&record);
}

static void print_list(struct list *list)
{
	if (list->runs)
		tmi_out(list->session, "0x%" PRIx64 " bytes in 0x%" PRIx64 " run%s\n", list->total,
			list->runs, list->runs == 1 ? "" : "s");
	else if (list->session->description.flags & TMEM_TARGET_OVERLAY)
		tmi_out(list->session, "The overlay is empty\n");
	else
		tmi_out(list->session,
			"This target has no overlay: writes go to the target itself\n");
}

static bool show(struct tmi_session *session)
{
	struct list list = { .session = session };
	tmem_status status = tmem_overlay_list(session->target, add_run, &list);

	if (status == TMEM_E_CONTROL_C_EXIT)
		return tmi_error_interrupted(session, "0x%" PRIx64 " runs were listed", list.runs);
	if (TMEM_FAILED(status))
		return tmi_error_target(session, "listing the overlay");
	show_run(&list);
	if (session->json)
		record_list(&list);
	else
		print_list(&list);
	return true;
}

static bool discard(struct tmi_session *session)
{
	if (TMEM_FAILED(tmem_overlay_discard(session->target)))
		return tmi_error_target(session, "discarding the overlay");
	tmi_out_message(session, "Everything written was discarded");
	return true;
}

static bool export_failed(struct tmi_session *session)
{
	struct tmem_error_detail detail = { .size = sizeof(detail) };
	char *more;

	tmem_last_error_detail(session->target, &detail);
	more = tmi_sandbox_explain(session, detail.status == TMEM_E_ACCESS_DENIED ? EACCES : 0);
	tmi_error_target(session, "exporting the overlay%s", more ? more : "");
	free(more);
	return false;
}

static bool export(struct tmi_args *args)
{
	char *path;
	bool ok;

	if (!tmi_args_string(args, &path))
		return false;
	ok = tmi_args_finish(args);
	if (ok && TMEM_FAILED(tmem_overlay_export(args->session->target, path)))
		ok = export_failed(args->session);
	free(path);
	return ok;
}

static bool execute(struct tmi_args *args)
{
	const char *word = "list";
	size_t length = 4;

	tmi_args_word(args, &word, &length);
	if (length == 6 && !memcmp(word, "export", 6))
		return export(args);
	if (length == 7 && !memcmp(word, "discard", 7))
		return tmi_args_finish(args) && discard(args->session);
	if (length == 4 && !memcmp(word, "list", 4))
		return tmi_args_finish(args) && show(args->session);
	return tmi_error_explain(args, TMI_ERROR_SYNTAX, word,
				 "expected list, discard or export FILE");
}

static const struct tmi_command_name names[] = { { ".overlay", NULL }, { 0 } };

const struct tmi_command tmi_command_overlay = {
	.names = names,
	.arguments = "[list | discard | export FILE]",
	.brief = "list, discard or export what was written to a file",
	.help = "Cores and other stored targets take writes into an overlay: every read and "
		"search\n"
		"sees them, the file does not change. list, or nothing, shows each written run:\n"
		"process, address, length and first bytes. discard makes memory as it is in the\n"
		"file again. export writes the overlay to a new text FILE.",
	.examples = ".overlay\n.overlay export changes.txt\n.overlay discard",
	.topic = TMI_TOPIC_WRITE,
	.execute = execute,
};
