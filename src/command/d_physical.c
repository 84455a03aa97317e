/* SPDX-License-Identifier: Apache-2.0 */
/*
 * d_physical.c - !db !dc !dd !dp !dq !du !dw: physical memory in rows that begin with "#".
 *
 * They end at the first byte that cannot be read, and say so; db /p shows question marks instead.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/display.h"

#define BLOCK          0x10000u
#define TEXT_ROW       32 /* characters a row of !du */
#define TEXT_DEFAULT   16
#define VALUES_DEFAULT 128 /* bytes */

struct rows {
	struct tmi_args *args;
	struct tmi_memory memory;
	struct tmi_display_values layout;
	bool text;   /* !du */
	bool single; /* -m: one unit a read */
	bool ended;  /* the NUL of !du was met */
	uint64_t address;
};

/* "-m" and the caching in brackets, in any order. */
static bool take_options(struct rows *rows)
{
	struct tmi_args *args = rows->args;

	while (!tmi_args_at_end(args)) {
		if (*args->next == '[') {
			if (!tmi_memory_take_caching(args, &rows->memory))
				return false;
		} else if (args->next[0] == '-' && args->next[1] == 'm' &&
			   strchr(" \t", args->next[2])) {
			rows->single = true;
			args->next += 2;
		} else {
			break;
		}
	}
	return true;
}

/* Reads what can be read of @size bytes; *done tells how much. */
static tmem_status read_block(const struct rows *rows, uint8_t *data, size_t size, size_t *done)
{
	size_t unit = rows->single ? rows->layout.element : size;
	tmem_status status = TMEM_S_OK;
	size_t part = 0;

	for (*done = 0; *done < size; *done += part) {
		size_t left = size - *done;

		part = 0;
		status = tmi_memory_read(rows->args->session, &rows->memory, rows->address + *done,
					 data + *done, left < unit ? left : unit, &part);
		if (TMEM_FAILED(status) || part == 0)
			break;
	}
	return status;
}

static void put_row(const struct rows *rows, struct tmi_text *out, uint64_t address,
		    const uint8_t *data, const uint8_t *valid, unsigned count)
{
	const struct tmi_display_values *layout = &rows->layout;
	unsigned size = layout->element;
	size_t width = size == 8 ? 17 : 2 * size;

	tmi_text_format(out, "#%8" PRIx64 " ", address);
	for (unsigned i = 0; i < count; i++) {
		if (i > 0)
			tmi_text_char(out, size == 1 && i == 8 ? '-' : ' ', 1);
		tmi_display_value(rows->args->session, out, data + i * size, valid + i * size,
				  size);
	}
	if (layout->text) {
		tmi_text_char(out, ' ', (layout->columns - count) * (width + 1) + 1);
		for (unsigned i = 0; i < count * size; i++)
			tmi_text_char(out, tmi_printable(data[i]), 1);
	}
	tmi_text_char(out, '\n', 1);
}

static void show_values(struct rows *rows, const uint8_t *data, const uint8_t *valid, size_t size)
{
	struct tmi_session *session = rows->args->session;
	size_t row = (size_t)rows->layout.element * rows->layout.columns;
	struct tmi_text out = { 0 };

	for (size_t at = 0; at < size; at += row) {
		size_t left = size - at < row ? size - at : row;
		unsigned count = (unsigned)(left / rows->layout.element);

		if (count > 0 && session->json)
			tmi_display_record(session, "memory", &rows->memory, &rows->layout,
					   rows->address + at, data + at, valid + at, count);
		else if (count > 0)
			put_row(rows, &out, rows->address + at, data + at, valid + at, count);
	}
	tmi_out_text(session, &out);
	tmi_text_fini(&out);
}

/* Text up to its NUL. */
static void show_text(struct rows *rows, const uint8_t *data, const uint8_t *valid, size_t size)
{
	struct tmi_session *session = rows->args->session;
	struct tmi_text out = { 0 };
	size_t count = 0;

	while (count < size / 2 && tmi_display_load(session, data + 2 * count, 2) != 0)
		count++;
	rows->ended = count < size / 2;
	tmi_display_set_next(session, &rows->memory,
			     rows->address + 2 * (count + (rows->ended ? 1 : 0)));
	for (size_t at = 0; at == 0 || at < count; at += TEXT_ROW) {
		size_t left = count - at < TEXT_ROW ? count - at : TEXT_ROW;

		if (session->json) {
			tmi_display_record_text(session, "text", &rows->memory, 2,
						rows->address + 2 * at, data + 2 * at,
						valid + 2 * at, left);
			continue;
		}
		tmi_text_format(&out, "#%8" PRIx64 " \"", rows->address + 2 * at);
		tmi_display_characters(session, &out, 2, data + 2 * at, NULL, left);
		tmi_text_puts(&out, "\"\n");
	}
	tmi_out_text(session, &out);
	tmi_text_fini(&out);
}

/* Says where reading failed, and why. */
static bool report(const struct rows *rows, uint64_t address, tmem_status status)
{
	struct tmi_session *session = rows->args->session;
	const char *reason = tmem_last_error(session->target);
	struct tmi_error_facts facts = { .status = status,
					 .has_address = true,
					 .address = address };
	struct tmem_error_detail detail = { .size = sizeof(detail) };
	bool hint = !rows->memory.caching && (session->description.flags & TMEM_TARGET_LIVE);

	if (tmem_last_error_detail(session->target, &detail) == TMEM_S_OK)
		facts.reason = detail.reason;
	return tmi_error_with(session, &facts, "Physical memory read at %" PRIx64 " failed%s%s%s",
			      address, *reason ? "\n  " : "", reason,
			      hint ? "\n  If you know how the memory is cached: [c], [uc] or [wc] "
				     "behind the name\n  says so. A wrong one can corrupt or hang "
				     "the target."
				   : "");
}

/* One block; false ends the display, after reporting what failed. */
static bool show_block(struct rows *rows, uint8_t *data, size_t size)
{
	size_t done, shown;
	tmem_status status = read_block(rows, data, size, &done);

	/* A call that stopped short was a success; the next byte tells why. */
	if (!TMEM_FAILED(status) && done < size)
		status = tmi_memory_read(rows->args->session, &rows->memory, rows->address + done,
					 data + done, 1, &shown);
	shown = done - done % rows->layout.element;
	tmi_display_set_next(rows->args->session, &rows->memory, rows->address + shown);
	if (shown > 0 && rows->text)
		show_text(rows, data, data + size, shown);
	else if (shown > 0)
		show_values(rows, data, data + size, shown);
	if (done < size && !rows->ended)
		return report(rows, rows->address + done, status);
	rows->address += size;
	return true;
}

static bool show(struct rows *rows, uint64_t size)
{
	struct tmi_session *session = rows->args->session;
	size_t block = size < BLOCK ? (size_t)size : BLOCK;
	uint8_t *data = malloc(2 * block);
	bool ok = data || tmi_error(session, "out of memory");
	uint64_t start = rows->address;

	if (data)
		memset(data + block, 1, block);
	while (ok && size > 0 && !rows->ended) {
		size_t now = size < block ? (size_t)size : block;

		if (tmi_session_interrupted(session)) {
			ok = tmi_error_interrupted(session, "%" PRIu64 " bytes were shown",
						   rows->address - start);
			break;
		}
		/* The flags of a short last block stand right behind it. */
		memset(data + now, 1, now);
		ok = show_block(rows, data, now);
		size -= now;
	}
	free(data);
	return ok;
}

static bool execute(struct tmi_args *args)
{
	char letter = args->name[2];
	struct rows rows = { .args = args, .memory = { .physical = true }, .text = letter == 'u' };
	struct tmi_range_rule rule = { .may_be_missing = true, .physical = true };
	struct tmi_range range;

	if (rows.text)
		rows.layout = (struct tmi_display_values){ .element = 2, .columns = TEXT_ROW };
	else
		rows.layout = *tmi_display_layout(letter);
	if (rows.layout.element == 0)
		rows.layout.element = tmi_pointer_size(args->session);
	if (rows.layout.columns == 0)
		rows.layout.columns = 16 / rows.layout.element;
	rule.element = rows.layout.element;
	rule.default_count = rows.text ? TEXT_DEFAULT : VALUES_DEFAULT / rule.element;
	if (!take_options(&rows) || !tmi_args_range(args, &rule, &range) || !tmi_args_finish(args))
		return false;
	rows.address = range.given ? range.start : args->session->physical_next;
	return show(&rows, range.given ? tmi_display_bytes(&range, rule.element)
				       : rule.default_count * rule.element);
}

static const struct tmi_command_name names[] = {
	{ "!db", "physical memory: bytes, and their characters" },
	{ "!dc", "physical memory: 4-byte values, and their characters" },
	{ "!dd", "physical memory: 4-byte values" },
	{ "!dp", "physical memory: pointers" },
	{ "!dq", "physical memory: 8-byte values" },
	{ "!du", "physical memory: UTF-16 text" },
	{ "!dw", "physical memory: 2-byte values" },
	{ NULL },
};

const struct tmi_command tmi_command_d_physical = {
	.names = names,
	.arguments = "[[c]|[uc]|[wc]] [-m] [RANGE]",
	.brief = "physical memory as rows of values",
	.help = "Shows physical memory (kernel mode), 128 bytes unless RANGE says how much, !du "
		"16\n"
		"characters or up to the NUL. Rows begin with # and the physical address. The\n"
		"display ends where memory cannot be read, and says why; db /p shows question\n"
		"marks there and goes on. Without RANGE it goes on where the last display of\n"
		"physical memory ended, at first at 0.\n"
		"\n"
		"  [c] [uc] [wc]   brackets and all: read it cached, uncached, write combined,\n"
		"                  where the target can tell these apart\n"
		"  -m              read one value at a time, as device memory may need\n",
	.examples = "!db 1000\n!dq 11b963280 L2\n!dc [uc] -m fe000000 L4\n",
	.topic = TMI_TOPIC_DISPLAY,
	.flags = TMI_COMMAND_REPEATS | TMI_COMMAND_KERNEL_ONLY,
	.execute = execute,
};
