/* SPDX-License-Identifier: Apache-2.0 */
/* d_text.c - da du: memory as quoted text, up to its NUL. */
#include "command/display.h"

#define ROW     32  /* characters a row */
#define DEFAULT 384 /* characters without an extent; ENTER goes on */

struct string {
	struct tmi_session *session;
	struct tmi_display_options options;
	unsigned unit;
	bool stop_at_hole; /* nobody said how long it is: nothing is guessed behind a hole */
	bool any;          /* a row was shown */
	bool ended;        /* the NUL, or the hole, was met */
	uint64_t next;     /* address behind what was shown, the NUL included */
};

/* Characters before the NUL, at most @count. */
static size_t length_to_nul(const struct string *string, const uint8_t *data, const uint8_t *valid,
			    size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (tmi_display_is_valid(valid + i * string->unit, string->unit) &&
		    tmi_display_load(string->session, data + i * string->unit, string->unit) == 0)
			return i;
	return count;
}

static void show_row(struct string *string, struct tmi_text *out, uint64_t address,
		     const uint8_t *data, const uint8_t *valid, size_t count)
{
	size_t length = length_to_nul(string, data, valid, count);

	string->ended = length < count;
	string->next = address + (length + string->ended) * string->unit;
	/* A string that ends with a full row has no empty row below it. */
	if (string->session->json && (length > 0 || !string->any)) {
		tmi_display_record_text(string->session, "text", &string->options.memory,
					string->unit, address, data, valid, length);
	} else if (length > 0 || !string->any) {
		tmi_text_format(out, "%s  \"", tmi_address(string->session, address).text);
		tmi_display_characters(string->session, out, string->unit, data, valid, length);
		tmi_text_puts(out, "\"\n");
	}
	string->any = true;
	if (string->stop_at_hole && !tmi_display_is_valid(valid, length * string->unit))
		string->ended = true;
}

static bool show(void *context, uint64_t address, const uint8_t *data, const uint8_t *valid,
		 size_t size)
{
	struct string *string = context;
	size_t row = (size_t)ROW * string->unit;
	struct tmi_text out = { 0 };

	for (size_t at = 0; at < size && !string->ended; at += row)
		show_row(string, &out, address + at, data + at, valid + at,
			 (size - at < row ? size - at : row) / string->unit);
	tmi_out_text(string->session, &out);
	tmi_text_fini(&out);
	return !string->ended;
}

static bool execute(struct tmi_args *args)
{
	struct tmi_session *session = args->session;
	struct string string = { .session = session, .unit = args->name[1] == 'u' ? 2 : 1 };
	struct tmi_range_rule rule = { string.unit, DEFAULT, true };
	struct tmi_range range;
	bool done;

	if (!tmi_display_parse(args, false, &rule, &string.options, &range))
		return false;
	string.stop_at_hole = !range.extent_given;
	string.next = range.start;
	done = tmi_display_walk(session, &string.options.memory, range.start,
				range.count * string.unit, (size_t)ROW * string.unit, show,
				&string);
	tmi_display_set_next(session, &string.options.memory, string.next);
	return done || string.ended;
}

static const struct tmi_command_name names[] = {
	{ "da", "text of 8-bit characters" },
	{ "du", "text of UTF-16 characters" },
	{ NULL },
};

const struct tmi_command tmi_command_d_text = {
	.names = names,
	.arguments = "[/p] [RANGE]",
	.brief = "memory as text",
	.help = "Shows text up to its NUL or the end of RANGE, 32 characters a row. Without an\n"
		"extent at most 384 characters are shown, and nothing behind a hole; ENTER goes\n"
		"on. What cannot be printed shows as a dot, what cannot be read as a question\n"
		"mark. /p shows physical memory (kernel mode); see db.\n",
	.examples = "da poi(@rsp)\ndu 7fff12345678 L20\n",
	.topic = TMI_TOPIC_DISPLAY,
	.flags = TMI_COMMAND_REPEATS,
	.execute = execute,
};
