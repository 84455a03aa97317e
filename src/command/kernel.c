/* SPDX-License-Identifier: Apache-2.0 */
/* kernel.c - .kernel: what is known about the kernel, and why it is believed. */
#include <string.h>

#include "command/regions.h"

#define INDENT 4

/* One line of at most @width columns at @text; returns what follows it. */
static const char *put_line(struct tmi_text *out, const char *text, size_t width)
{
	size_t length = 0, fits = 0;

	/* Up to the last blank that fits; a longer word is cut. */
	while (text[length] && length <= width) {
		if (text[length] == ' ')
			fits = length;
		length++;
	}
	if (!text[length] && length <= width)
		fits = length;
	else if (!fits)
		fits = width;
	for (size_t i = 0; i < fits; i++) {
		char one[] = { text[i], 0 };

		tmi_name_put(out, one);
	}
	tmi_text_char(out, '\n', 1);
	return text + fits + strspn(text + fits, " ");
}

/* Text below its heading, as wide as the screen. */
static void put_wrapped(struct tmi_text *out, const char *text, size_t width)
{
	while (*text) {
		tmi_text_char(out, ' ', INDENT);
		text = put_line(out, text, width - INDENT);
	}
}

static void print(struct tmi_session *session, const struct tmem_kernel_fact *fact)
{
	size_t width = session->width > 40 ? session->width : 40;
	size_t head = strlen(fact->name) + 2;
	struct tmi_text out = { 0 };

	tmi_name_put(&out, fact->name);
	/* A long value has lines of its own. */
	if (head + strlen(fact->value) <= width) {
		tmi_text_puts(&out, ": ");
		tmi_name_put(&out, fact->value);
		tmi_text_char(&out, '\n', 1);
	} else {
		tmi_text_puts(&out, ":\n");
		put_wrapped(&out, fact->value, width);
	}
	put_wrapped(&out, fact->evidence, width);
	tmi_out_text(session, &out);
	tmi_text_fini(&out);
}

static void record(struct tmi_session *session, const struct tmem_kernel_fact *fact)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, "kernel_fact");
	tmi_record_text(&record, "name", fact->name);
	tmi_record_text(&record, "value", fact->value);
	tmi_record_text(&record, "evidence", fact->evidence);
	tmi_record_send(&record);
}

static bool execute(struct tmi_args *args)
{
	struct tmem_kernel_fact fact = { .size = sizeof(fact) };
	struct tmi_session *session = args->session;
	tmem_status status;
	uint32_t index = 0;

	if (!tmi_args_finish(args))
		return false;
	while ((status = tmem_get_kernel_fact(session->target, index, &fact)) == TMEM_S_OK) {
		if (session->json)
			record(session, &fact);
		else
			print(session, &fact);
		index++;
	}
	if (status != TMEM_E_NO_MORE_ENTRIES)
		return tmi_error_target(session, "asking about the kernel");
	if (index == 0)
		tmi_out_message(session, "Nothing is known about a kernel");
	return true;
}

static const struct tmi_command_name names[] = { { ".kernel", NULL }, { NULL } };

const struct tmi_command tmi_command_kernel = {
	.names = names,
	.arguments = "",
	.brief = "what is known about the kernel, and from where",
	.help = "Shows what was found out about the kernel of the target (kernel mode), one fact\n"
		"after the other, and below each where it comes from and what confirmed it. When\n"
		"no kernel was found it shows what was tried. Options of the target override what\n"
		"is found: docs/targets.md.",
	.topic = TMI_TOPIC_INFORMATION,
	.flags = TMI_COMMAND_KERNEL_ONLY,
	.execute = execute,
};
