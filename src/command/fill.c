/* SPDX-License-Identifier: Apache-2.0 */
/* fill.c - f: fill memory with a pattern. */
#include <inttypes.h>

#include "command/values.h"

/* Fills the range; *filled tells how far it came, also on failure. */
static tmem_status fill(struct tmi_session *session, const struct tmi_range *range,
			const struct tmi_text *pattern, uint64_t *filled)
{
	struct tmi_text turned = { 0 };
	uint64_t part = 0;
	tmem_status status = tmem_fill_virtual(session->target, range->start, range->size,
					       pattern->data, pattern->size, &part);
	*filled = part;
	/* A short fill is a success; the byte behind it tells why it stopped. */
	while (status == TMEM_S_OK && part && *filled < range->size) {
		size_t phase = *filled % pattern->size;

		tmi_text_clear(&turned);
		tmi_text_put(&turned, pattern->data + phase, pattern->size - phase);
		tmi_text_put(&turned, pattern->data, phase);
		part = 0;
		status = turned.failed ? TMEM_E_OUTOFMEMORY
				       : tmem_fill_virtual(session->target, range->start + *filled,
							   range->size - *filled, turned.data,
							   turned.size, &part);
		*filled += part;
	}
	tmi_text_fini(&turned);
	return status;
}

static void record_filled(struct tmi_session *session, const struct tmi_range *range)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, "filled");
	tmi_record_address(&record, "address", range->start);
	tmi_record_size(&record, "size", range->size);
	tmi_record_send(&record);
}

static bool report(struct tmi_args *args, const struct tmi_range *range, tmem_status status,
		   uint64_t filled)
{
	struct tmi_session *session = args->session;

	session->last_address = range->start;
	if (status == TMEM_E_CONTROL_C_EXIT)
		return tmi_error_interrupted(session, "filled 0x%" PRIx64 " of 0x%" PRIx64 " bytes",
					     filled, range->size);
	if (filled != range->size)
		return tmi_error_partial(args, tmi_clean_address(session, range->start + filled),
					 filled, range->size, "filled");
	if (session->json)
		record_filled(session, range);
	else
		tmi_out(session, "Filled 0x%" PRIx64 " bytes\n", filled);
	return true;
}

static bool execute(struct tmi_args *args)
{
	static const struct tmi_range_rule rule = { .element = 1 };
	static const struct tmi_value_form form = { .element = 1 };
	struct tmi_text pattern = { 0 };
	struct tmi_range range;
	uint64_t filled;
	tmem_status status;
	bool ok;

	ok = tmi_args_range(args, &rule, &range) && tmi_values_take(args, &form, &pattern);
	if (ok) {
		status = fill(args->session, &range, &pattern, &filled);
		ok = report(args, &range, status, filled);
	}
	tmi_text_fini(&pattern);
	return ok;
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
