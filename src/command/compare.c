/* SPDX-License-Identifier: Apache-2.0 */
/* compare.c - c: where two stretches of memory differ. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"

#define BLOCK (1u << 18)
#define STEP  64 /* bytes compared at once where nothing differs */

struct comparison {
	struct tmi_args *args;
	struct tmi_session *session;
	uint64_t first; /* addresses of the next bytes */
	uint64_t second;
	uint64_t size;
	uint64_t done;
	uint64_t differences;
	uint8_t *block; /* two of them */
	struct tmi_text out;
};

static void record_difference(struct comparison *comparison, size_t at)
{
	struct tmi_session *session = comparison->session;
	struct tmi_record record;

	tmi_record_begin(&record, session, "difference");
	tmi_record_address(&record, "address", comparison->first + at);
	tmi_record_value(&record, "value", comparison->block[at], 1);
	tmi_record_address(&record, "other_address", comparison->second + at);
	tmi_record_value(&record, "other_value", comparison->block[BLOCK + at], 1);
	tmi_record_send(&record);
}

static void print_difference(struct comparison *comparison, size_t at)
{
	struct tmi_session *session = comparison->session;

	tmi_text_format(&comparison->out, "%s  %02x - %s  %02x\n",
			tmi_address(session, comparison->first + at).text, comparison->block[at],
			tmi_address(session, comparison->second + at).text,
			comparison->block[BLOCK + at]);
	if (comparison->out.size >= BLOCK / 4)
		tmi_out_text(session, &comparison->out);
}

/* Shows the differences of the first @size bytes of the blocks. */
static void show(struct comparison *comparison, size_t size)
{
	const uint8_t *first = comparison->block, *second = first + BLOCK;
	size_t at = 0;

	while (at < size) {
		size_t step = size - at < STEP ? size - at : STEP;

		if (memcmp(first + at, second + at, step) == 0) {
			at += step;
			continue;
		}
		for (size_t end = at + step; at < end; at++) {
			if (first[at] == second[at])
				continue;
			comparison->differences++;
			if (comparison->session->json)
				record_difference(comparison, at);
			else
				print_difference(comparison, at);
		}
	}
	tmi_out_text(comparison->session, &comparison->out);
}

/* Reads the next bytes of one side; fewer than @size when memory ends. */
static size_t fetch(struct comparison *comparison, uint64_t address, uint8_t *block, size_t size)
{
	size_t done = 0, part;

	while (done < size) {
		if (TMEM_FAILED(tmem_read_virtual(comparison->session->target, address + done,
						  block + done, size - done, &part)) ||
		    part == 0)
			break;
		done += part;
	}
	return done;
}

static bool compare_block(struct comparison *comparison)
{
	uint64_t left = comparison->size - comparison->done;
	size_t size = left < BLOCK ? (size_t)left : BLOCK;
	size_t second = fetch(comparison, comparison->second, comparison->block + BLOCK, size);
	/* Fetched last: when both are cut at the same place its address is the one reported. */
	size_t first = fetch(comparison, comparison->first, comparison->block,
			     second < size ? second + 1 : size);
	size_t both = first < second ? first : second;
	uint8_t byte;

	show(comparison, both);
	comparison->first += both;
	comparison->second += both;
	comparison->done += both;
	if (both == size)
		return true;
	if (first > second) /* asked again: the explanation is that of the last call */
		tmem_read_virtual(comparison->session->target, comparison->second, &byte, 1, NULL);
	return tmi_error_partial(comparison->args,
				 first > second ? comparison->second : comparison->first,
				 comparison->done, comparison->size, "compared");
}

static bool compare(struct comparison *comparison)
{
	struct tmi_session *session = comparison->session;

	while (comparison->done < comparison->size) {
		if (tmi_session_interrupted(session))
			return tmi_error_interrupted(session,
						     "0x%" PRIx64 " of 0x%" PRIx64
						     " bytes were compared, 0x%" PRIx64 " differ",
						     comparison->done, comparison->size,
						     comparison->differences);
		if (!compare_block(comparison))
			return false;
		tmi_session_progress(session, "compare", comparison->done, comparison->size,
				     comparison->done);
	}
	return true;
}

static bool execute(struct tmi_args *args)
{
	static const struct tmi_range_rule rule = { .element = 1 };
	struct comparison comparison = { .args = args, .session = args->session };
	struct tmi_range range;
	const char *where;
	bool ok;

	if (!tmi_args_range(args, &rule, &range))
		return false;
	tmi_args_at_end(args);
	where = args->next;
	if (!tmi_args_address(args, &comparison.second) || !tmi_args_finish(args))
		return false;
	if (range.size - 1 > tmi_last_address(args->session) - comparison.second)
		return tmi_error_explain(args, TMI_ERROR_RANGE, where,
					 "so many bytes would go past the last address");
	comparison.first = range.start;
	comparison.size = range.size;
	comparison.block = malloc(2 * BLOCK);
	if (!comparison.block)
		return tmi_error(args->session, "out of memory");
	ok = compare(&comparison);
	tmi_text_fini(&comparison.out);
	free(comparison.block);
	return ok;
}

static const struct tmi_command_name names[] = { { "c", NULL }, { NULL } };

const struct tmi_command tmi_command_compare = {
	.names = names,
	.arguments = "RANGE ADDRESS",
	.brief = "compare two stretches of memory",
	.help = "Compares the bytes of RANGE with those from ADDRESS on and shows each pair that\n"
		"differs; nothing when all are equal. Stops at the first byte that cannot be read\n"
		"and says how much was compared.\n",
	.examples = "c 1000 L100 2000\nc [heap] L?20000 @$t0\n",
	.topic = TMI_TOPIC_SEARCH,
	.execute = execute,
};
