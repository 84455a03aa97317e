/* SPDX-License-Identifier: Apache-2.0 */
/* enter.c - the e commands: write values or text into memory. */
#include <stdlib.h>
#include <string.h>

#include "command/values.h"

/* What stands behind a name. */
struct form {
	const char *name;
	struct tmi_value_form value;
	unsigned unit;   /* bytes of a character; 0 = values, not text */
	bool terminated; /* text gets its NUL */
};

static const struct form forms[] = {
	{ .name = "eb", .value = { .element = 1 } },
	{ .name = "ew", .value = { .element = 2 } },
	{ .name = "ed", .value = { .element = 4 } },
	{ .name = "eq", .value = { .element = 8 } },
	{ .name = "ep", .value = { .element = 0 } },
	{ .name = "ef", .value = { .element = 4, .floating = true } },
	{ .name = "eD", .value = { .element = 8, .floating = true } },
	{ .name = "ea", .unit = 1 },
	{ .name = "eu", .unit = 2 },
	{ .name = "eza", .unit = 1, .terminated = true },
	{ .name = "ezu", .unit = 2, .terminated = true },
};

/* What the session remembers: the form that a bare e repeats. */
struct memory {
	const struct form *last;
};

static const char memory_key;

static const struct form *find_form(struct tmi_args *args)
{
	struct memory *memory = tmi_session_slot(args->session, &memory_key, sizeof(*memory), NULL);
	const struct form *form = memory && memory->last ? memory->last : &forms[0];

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (!strcmp(args->name, forms[i].name))
			form = &forms[i];
	if (memory)
		memory->last = form;
	return form;
}

/* What stands where a new value is asked for. */
struct current {
	uint64_t address;
	unsigned size;
	bool known; /* it could be read */
	bool floating;
	uint64_t value;
};

static struct current read_current(struct tmi_session *session, const struct form *form,
				   const struct tmi_memory *memory, uint64_t address)
{
	struct current current = {
		.address = address,
		.size = tmi_value_size(session, &form->value),
		.floating = form->value.floating,
	};
	uint8_t data[8];
	size_t done = 0;

	tmi_memory_read(session, memory, address, data, current.size, &done);
	current.known = done == current.size;
	for (unsigned i = 0; i < current.size && current.known; i++)
		current.value |= (uint64_t)data[tmi_big_endian(session) ? current.size - 1 - i : i]
				 << 8 * i;
	return current;
}

/* The bits of a float or double as a number. */
static double floating(const struct current *current)
{
	uint32_t low = (uint32_t)current->value;
	double number;
	float single;

	memcpy(&number, &current->value, sizeof(number));
	memcpy(&single, &low, sizeof(single));
	return current->size == 4 ? single : number;
}

static void record_current(struct tmi_session *session, const struct tmi_memory *memory,
			   const struct current *current)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, "current");
	tmi_memory_record(&record, memory);
	tmi_record_address(&record, "address", current->address);
	if (current->known)
		tmi_record_value(&record, "value", current->value, current->size);
	else
		tmi_record_null(&record, "value");
	if (current->known && current->floating)
		tmi_record_real(&record, "number", floating(current));
	tmi_record_send(&record);
}

static void print_current(struct tmi_session *session, const struct current *current)
{
	struct tmi_text out = { 0 };

	tmi_text_format(&out, "%s  ", tmi_address(session, current->address).text);
	if (!current->known)
		tmi_text_char(&out, '?', 2 * current->size);
	else if (current->floating)
		tmi_text_format(&out, "%.*g", current->size == 4 ? 9 : 17, floating(current));
	else
		tmi_text_puts(&out, tmi_value(current->value, current->size).text);
	tmi_text_char(&out, '\n', 1);
	tmi_out_text(session, &out);
	tmi_text_fini(&out);
}

static void show_current(struct tmi_session *session, const struct form *form,
			 const struct tmi_memory *memory, uint64_t address)
{
	struct current current = read_current(session, form, memory, address);

	if (session->json)
		record_current(session, memory, &current);
	else
		print_current(session, &current);
}

/* One answer: values to write at *address, which moves behind them. */
static bool take_answer(struct tmi_args *args, const struct form *form,
			const struct tmi_memory *memory, const char *line, uint64_t *address)
{
	struct tmi_args answer = *args;
	struct tmi_text bytes = { 0 };
	bool ok;

	answer.text = answer.next = answer.line = line;
	answer.column = 0;
	ok = tmi_values_take(&answer, &form->value, &bytes) &&
	     tmi_values_write(&answer, memory, *address, &bytes);
	*address = tmi_memory_clean(args->session, memory, *address + bytes.size);
	tmi_text_fini(&bytes);
	return ok;
}

/* No values were given: asks for them one by one. An empty line ends, a blank one skips. */
static bool ask(struct tmi_args *args, const struct form *form, const struct tmi_memory *memory,
		uint64_t address)
{
	struct tmi_session *session = args->session;
	bool ok = true;
	bool more = true;
	char *line;

	for (bool first = true; ok && more; first = false) {
		show_current(session, form, memory, address);
		if (!tmi_session_ask(session, "Input>", &line)) {
			if (!first)
				return true;
			return tmi_error_explain(args, TMI_ERROR_MISSING, args->next,
						 "expected values; there is nobody to ask");
		}
		more = line[0] != 0;
		if (line[strspn(line, " \t")])
			ok = take_answer(args, form, memory, line, &address);
		else
			address = tmi_memory_clean(session, memory,
						   address + tmi_value_size(session, &form->value));
		free(line);
	}
	return ok;
}

/* "/p" and the address. */
static bool take_place(struct tmi_args *args, struct tmi_memory *memory, uint64_t *address)
{
	const char *where;

	while (!tmi_args_at_end(args) && args->next[0] == '/' && args->next[1] == 'p')
		if (!tmi_memory_take_option(args, memory))
			return false;
	where = args->next;
	/* As in a list: the -1 of "eb 1000 -1" is a value. */
	if (!tmi_args_list_value(args, address))
		return false;
	if (!memory->physical)
		return tmi_check_address(args, where, address);
	*address = tmi_physical_address(*address);
	return true;
}

static bool execute(struct tmi_args *args)
{
	const struct form *form = find_form(args);
	struct tmi_memory memory = { 0 };
	struct tmi_text bytes = { 0 };
	uint64_t address;
	bool ok;

	if (!take_place(args, &memory, &address))
		return false;
	if (!form->unit && tmi_args_at_end(args))
		return ask(args, form, &memory, address);
	if (form->unit)
		ok = tmi_values_take_string(args, form->unit, &bytes) && tmi_args_finish(args);
	else
		ok = tmi_values_take(args, &form->value, &bytes);
	if (form->terminated)
		tmi_text_char(&bytes, 0, form->unit);
	ok = ok && tmi_values_write(args, &memory, address, &bytes);
	tmi_text_fini(&bytes);
	return ok;
}

static const struct tmi_command_name names[] = {
	{ "eb", "write bytes" },
	{ "ew", "write words (2 bytes)" },
	{ "ed", "write dwords (4 bytes)" },
	{ "eq", "write qwords (8 bytes)" },
	{ "ep", "write pointers" },
	{ "ef", "write floats" },
	{ "eD", "write doubles" },
	{ "ea", "write text" },
	{ "eza", "write text and its NUL" },
	{ "eu", "write UTF-16 text" },
	{ "ezu", "write UTF-16 text and its NUL" },
	{ "e", "write in the form of the last e command" },
	{ 0 },
};

const struct tmi_command tmi_command_enter = {
	.names = names,
	.arguments = "[/p] ADDRESS [VALUE ... | \"TEXT\"]",
	.brief = "write values or text",
	.help = "Writes values, or text between double quotes, from ADDRESS on, in the byte order\n"
		"of the target. Values are expressions; eb also takes characters such as 'A', and\n"
		"'VUTS' is the dword made of the bytes S T U V. There are no escapes in text.\n"
		"\n"
		"Without values each address and its value are shown, and Input> asks for the new\n"
		"one: a blank line leaves the value as it is, an empty line ends.\n"
		"\n"
		"e alone writes in the form of the last e command, bytes at first. When a byte\n"
		"cannot be written the command stops there and says how much was written.\n"
		"\n"
		"/p writes physical memory (kernel mode); /p[c], /p[uc] and /p[wc] write it\n"
		"cached, uncached, write combined, where the target can tell these apart.",
	.examples = "eb 1000 48 65 'l' 'l' 6f\ned [stack]+10 12345678\neza 1000 \"hello\"",
	.topic = TMI_TOPIC_WRITE,
	.flags = TMI_COMMAND_WRITES | TMI_COMMAND_NO_REPEAT,
	.execute = execute,
};
