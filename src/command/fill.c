/* SPDX-License-Identifier: Apache-2.0 */
/* fill.c - f: fill memory with a pattern. */
#include <inttypes.h>

#include "command/fill.h"
#include "command/values.h"

/* Bytes of copies that a write carries at least. */
#define WRITE_SIZE 4096u

/* Fills with writes of many copies of the pattern, for the cache type. */
static tmem_status fill_by_writing(struct tmi_session *session, const struct tmi_memory *memory,
				   uint64_t start, uint64_t size, const struct tmi_text *pattern,
				   uint64_t *filled)
{
	struct tmi_text copies = { 0 };
	tmem_status status = TMEM_S_OK;

	*filled = 0;
	do
		tmi_text_put(&copies, pattern->data, pattern->size);
	while (copies.size < WRITE_SIZE && !copies.failed);
	if (copies.failed)
		status = TMEM_E_OUTOFMEMORY;
	while (status == TMEM_S_OK && *filled < size) {
		size_t left = size - *filled < copies.size ? (size_t)(size - *filled) : copies.size;
		size_t part = 0;

		if (tmi_session_interrupted(session)) {
			status = TMEM_E_CONTROL_C_EXIT;
			break;
		}
		status = tmi_memory_write(session, memory, start + *filled, copies.data, left,
					  &part);
		*filled += part;
		/* A short write is told by its count; the rest has to begin anew there. */
		if (part < left)
			break;
	}
	tmi_text_fini(&copies);
	return status;
}

/* One call: a pattern over a range. With a cache type only writing will do. */
static tmem_status fill_once(struct tmi_session *session, const struct tmi_memory *memory,
			     uint64_t start, uint64_t size, const struct tmi_text *pattern,
			     uint64_t *filled)
{
	if (memory->caching)
		return fill_by_writing(session, memory, start, size, pattern, filled);
	return memory->physical ? tmem_fill_physical(session->target, start, size, pattern->data,
						     pattern->size, filled)
				: tmem_fill_virtual(session->target, start, size, pattern->data,
						    pattern->size, filled);
}

/* Fills the range; *filled tells how far it came, also on failure. */
static tmem_status fill(struct tmi_session *session, const struct tmi_memory *memory,
			const struct tmi_range *range, const struct tmi_text *pattern,
			uint64_t *filled)
{
	struct tmi_text turned = { 0 };
	uint64_t part = 0;
	tmem_status status = fill_once(session, memory, range->start, range->size, pattern, &part);

	*filled = part;
	/* A short fill is a success; the byte behind it tells why it stopped. */
	while (status == TMEM_S_OK && part && *filled < range->size) {
		size_t phase = *filled % pattern->size;

		tmi_text_clear(&turned);
		tmi_text_put(&turned, pattern->data + phase, pattern->size - phase);
		tmi_text_put(&turned, pattern->data, phase);
		part = 0;
		status = turned.failed ? TMEM_E_OUTOFMEMORY
				       : fill_once(session, memory, range->start + *filled,
						   range->size - *filled, &turned, &part);
		*filled += part;
	}
	tmi_text_fini(&turned);
	return status;
}

static void record_filled(struct tmi_session *session, const struct tmi_memory *memory,
			  const struct tmi_range *range)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, "filled");
	tmi_memory_record(&record, memory);
	tmi_record_address(&record, "address", range->start);
	tmi_record_size(&record, "size", range->size);
	tmi_record_send(&record);
}

static bool report(struct tmi_args *args, const struct tmi_memory *memory,
		   const struct tmi_range *range, tmem_status status, uint64_t filled)
{
	struct tmi_session *session = args->session;

	if (!memory->physical)
		session->last_address = range->start;
	if (status == TMEM_E_CONTROL_C_EXIT)
		return tmi_error_interrupted(session, "filled 0x%" PRIx64 " of 0x%" PRIx64 " bytes",
					     filled, range->size);
	if (filled != range->size)
		return tmi_error_partial(args,
					 tmi_memory_clean(session, memory, range->start + filled),
					 filled, range->size, "filled");
	if (session->json)
		record_filled(session, memory, range);
	else
		tmi_out(session, "Filled 0x%" PRIx64 " bytes\n", filled);
	return true;
}

bool tmi_fill(struct tmi_args *args, const struct tmi_memory *memory)
{
	const struct tmi_range_rule rule = { .element = 1, .physical = memory->physical };
	static const struct tmi_value_form form = { .element = 1 };
	struct tmi_text pattern = { 0 };
	struct tmi_range range;
	uint64_t filled;
	tmem_status status;
	bool ok;

	ok = tmi_args_range(args, &rule, &range) && tmi_values_take(args, &form, &pattern);
	if (ok) {
		status = fill(args->session, memory, &range, &pattern, &filled);
		ok = report(args, memory, &range, status, filled);
	}
	tmi_text_fini(&pattern);
	return ok;
}

static bool execute(struct tmi_args *args)
{
	static const struct tmi_memory virtual_memory;

	return tmi_fill(args, &virtual_memory);
}

static const struct tmi_command_name names[] = { { "f", NULL }, { 0 } };

const struct tmi_command tmi_command_fill = {
	.names = names,
	.arguments = "RANGE PATTERN",
	.brief = "fill memory with a pattern",
	.help = "Writes the bytes of PATTERN over and over into RANGE; bytes of a pattern that is\n"
		"longer than the range are not used. PATTERN is a list of byte values and\n"
		"characters such as 'A'. Stops at the first byte that cannot be written and says\n"
		"how much was filled.",
	.examples = "f 1000 L20 0\nf 1000 101f 'a' 'b' 0",
	.topic = TMI_TOPIC_WRITE,
	.flags = TMI_COMMAND_WRITES | TMI_COMMAND_NO_REPEAT,
	.execute = execute,
};
