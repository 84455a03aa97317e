/* SPDX-License-Identifier: Apache-2.0 */
/*
 * move.c - m: copy memory to another place of the same process.
 *
 * The two places may overlap: several blocks are copied from the end on where going forward would
 * overwrite bytes that are still to be read. Up to a block is one write, and so one event.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "command/command.h"

#define BLOCK ((size_t)1 << 26)

struct move {
	struct tmi_args *args;
	struct tmi_session *session;
	uint64_t from;
	uint64_t to;
	uint64_t size;     /* bytes asked for */
	uint64_t readable; /* how many of them can be read, as far as known */
	uint64_t done;
	bool backwards;
	uint8_t *block;
};

static size_t read_block(struct move *move, uint64_t address, size_t size)
{
	size_t done = 0, part;

	while (done < size) {
		if (TMEM_FAILED(tmem_read_virtual(move->session->target, address + done,
						  move->block + done, size - done, &part)) ||
		    part == 0)
			break;
		done += part;
	}
	return done;
}

static size_t write_block(struct move *move, uint64_t address, size_t size)
{
	size_t done = 0, part;

	while (done < size) {
		if (TMEM_FAILED(tmem_write_virtual(move->session->target, address + done,
						   move->block + done, size - done, &part)) ||
		    part == 0)
			break;
		done += part;
	}
	return done;
}

static bool report_stop(struct move *move, uint64_t address)
{
	return tmi_error_partial(move->args, tmi_clean_address(move->session, address), move->done,
				 move->size,
				 move->backwards ? "moved, the last ones first" : "moved");
}

/* The byte at @address cannot be read: asked for alone, so that the explanation is its own. */
static bool report_unreadable(struct move *move, uint64_t address)
{
	uint8_t byte;

	tmem_read_virtual(move->session->target, address, &byte, 1, NULL);
	return report_stop(move, address);
}

/* Moves @size bytes at @offset of the range. */
static bool move_block(struct move *move, uint64_t offset, size_t size)
{
	size_t there = read_block(move, move->from + offset, size);
	size_t moved;

	/* Going backwards a block that is not whole would leave a gap. */
	if (there < size && move->backwards)
		return report_unreadable(move, move->from + offset + there);
	moved = write_block(move, move->to + offset, there);
	move->done += moved;
	if (moved < there)
		return report_stop(move, move->to + offset + moved);
	return there == size || report_unreadable(move, move->from + offset + there);
}

static bool move_range(struct move *move)
{
	while (move->done < move->readable) {
		uint64_t left = move->readable - move->done;
		size_t now = left < BLOCK ? (size_t)left : BLOCK;

		if (tmi_session_interrupted(move->session))
			return tmi_error_interrupted(
				move->session, "0x%" PRIx64 " of 0x%" PRIx64 " bytes were moved%s",
				move->done, move->size,
				move->backwards ? ", the last ones first" : "");
		if (!move_block(move, move->backwards ? left - now : move->done, now))
			return false;
		tmi_session_progress(move->session, "move", move->done, move->size, move->done);
	}
	return move->done == move->size || report_unreadable(move, move->from + move->readable);
}

/* How much can be read from the range's start on: nothing behind a hole is moved. */
static uint64_t readable_size(const struct move *move)
{
	uint64_t base, size;

	if (tmem_get_valid_region_virtual(move->session->target, move->from, move->size, &base,
					  &size) != TMEM_S_OK ||
	    tmi_clean_address(move->session, base) != move->from)
		return 0;
	return size < move->size ? size : move->size;
}

static bool run(struct move *move)
{
	struct tmi_record record;
	bool ok;

	move->readable = readable_size(move);
	move->backwards = move->readable > BLOCK && move->to > move->from &&
			  move->to - move->from < move->readable;
	if (move->readable == 0)
		return report_unreadable(move, move->from);
	move->block = malloc(move->readable < BLOCK ? (size_t)move->readable : BLOCK);
	if (!move->block)
		return tmi_error(move->session, "out of memory");
	ok = move_range(move);
	free(move->block);
	move->session->last_address = move->to;
	if (ok && move->session->json) {
		tmi_record_begin(&record, move->session, "moved");
		tmi_record_address(&record, "from", move->from);
		tmi_record_address(&record, "address", move->to);
		tmi_record_size(&record, "size", move->size);
		tmi_record_send(&record);
	}
	return ok;
}

static bool execute(struct tmi_args *args)
{
	static const struct tmi_range_rule rule = { .element = 1 };
	struct move move = { .args = args, .session = args->session };
	struct tmi_range range;
	const char *where;

	if (!tmi_args_range(args, &rule, &range))
		return false;
	tmi_args_at_end(args);
	where = args->next;
	if (!tmi_args_address(args, &move.to) || !tmi_args_finish(args))
		return false;
	if (range.size - 1 > tmi_last_address(args->session) - move.to)
		return tmi_error_explain(args, TMI_ERROR_RANGE, where,
					 "so many bytes would go past the last address");
	move.from = range.start;
	move.size = range.size;
	return run(&move);
}

static const struct tmi_command_name names[] = { { "m", NULL }, { NULL } };

const struct tmi_command tmi_command_move = {
	.names = names,
	.arguments = "RANGE ADDRESS",
	.brief = "copy memory to another address",
	.help = "Copies the bytes of RANGE to ADDRESS. The two may overlap. Stops at the first\n"
		"byte that cannot be read or written and says how much was moved; prints nothing\n"
		"when all was.\n",
	.examples = "m 1000 L100 2000\nm 1000 10ff 1010\n",
	.topic = TMI_TOPIC_WRITE,
	.flags = TMI_COMMAND_WRITES | TMI_COMMAND_NO_REPEAT,
	.execute = execute,
};
