/* SPDX-License-Identifier: Apache-2.0 */
/*
 * display_walk.c - reading memory for display: options and ranges, holes, blocks, continuation.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/display.h"
#include "command/number.h"

#define BLOCK        0x10000u /* bytes read at a time */
#define COLUMN_LIMIT 1024     /* bytes that /cN may put into a row */

/* How far the unreadable stretch at @address goes, at most @size bytes; at least 1. */
static size_t hole_size(struct tmi_session *session, const struct tmi_memory *memory,
			uint64_t address, size_t size)
{
	uint64_t base, page = session->description.page_size;

	if (!tmi_memory_next_valid(session, memory, address, size, &base))
		return size;
	if (base > address)
		return base - address < size ? (size_t)(base - address) : size;
	/* Said to be readable, though it was not a moment ago: not asked again before the next
	 * page. */
	if (page == 0 || (page & (page - 1)) != 0)
		page = 4096;
	page -= address & (page - 1);
	return page < size ? (size_t)page : size;
}

/* True for the failures that concern single bytes, not the target as a whole. */
static bool is_fault(tmem_status status)
{
	return status == TMEM_E_READ_FAULT || status == TMEM_E_NO_PAGEFILE ||
	       status == TMEM_E_INVALIDARG || !TMEM_FAILED(status);
}

bool tmi_read_with_holes(struct tmi_session *session, const struct tmi_memory *memory,
			 uint64_t address, uint8_t *data, uint8_t *valid, size_t size)
{
	uint64_t left = tmi_memory_last(session, memory) - address;
	size_t done = 0, got;

	memset(data, 0, size);
	memset(valid, 0, size);
	if (size > 0 && size - 1 > left)
		size = (size_t)left + 1;
	while (done < size) {
		tmem_status status = tmi_memory_read(session, memory, address + done, data + done,
						     size - done, &got);

		if (!is_fault(status))
			return tmi_error_target(session, "reading at %s",
						tmi_address(session, address + done).text);
		if (TMEM_FAILED(status))
			got = 0;
		memset(valid + done, 1, got);
		done += got;
		if (done < size)
			done += hole_size(session, memory, address + done, size - done);
	}
	return true;
}

void tmi_display_set_next(struct tmi_session *session, const struct tmi_memory *memory,
			  uint64_t address)
{
	if (memory->physical) {
		session->physical_next = address;
		return;
	}
	session->display_next = tmi_clean_address(session, address);
	session->display_next_known = true;
}

/* Blocks of a walk, with their buffers ready. */
static bool walk(struct tmi_session *session, const struct tmi_memory *memory, uint64_t address,
		 uint64_t size, size_t block, uint8_t *buffer, tmi_display_block *show,
		 void *context)
{
	uint64_t done = 0;

	while (done < size) {
		size_t now = size - done < block ? (size_t)(size - done) : block;

		if (tmi_session_interrupted(session))
			return tmi_error_interrupted(
				session, "%" PRIu64 " of %" PRIu64 " bytes were shown", done, size);
		if (!tmi_read_with_holes(session, memory, address + done, buffer, buffer + block,
					 now))
			return false;
		tmi_display_set_next(session, memory, address + done + now);
		if (!show(context, address + done, buffer, buffer + block, now))
			return false;
		done += now;
		if (size > block)
			tmi_session_progress(session, "display", done, size, done);
	}
	return true;
}

bool tmi_display_walk(struct tmi_session *session, const struct tmi_memory *memory,
		      uint64_t address, uint64_t size, size_t row, tmi_display_block *show,
		      void *context)
{
	size_t block = row < BLOCK ? BLOCK / row * row : row;
	uint8_t *buffer;
	bool done;

	if (size < block)
		block = size > 0 ? (size_t)size : 1;
	buffer = malloc(2 * block);
	if (!buffer)
		return tmi_error(session, "out of memory");
	done = walk(session, memory, address, size, block, buffer, show, context);
	free(buffer);
	return done;
}

/* /cN: columns. */
static bool parse_columns(struct tmi_args *args, unsigned element, unsigned *columns)
{
	const char *where = args->next;
	uint64_t value;
	size_t length = 0;
	bool accent;

	tmi_args_at_end(args);
	where = args->next;
	while (tmi_is_word(where[length]))
		length++;
	if (length == 0 ||
	    tmi_number_parse(where, length, args->session->radix, &value, &accent) != TMI_NUMBER_OK)
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, where,
					 "/c wants a number of columns: /c8");
	if (value == 0 || value > COLUMN_LIMIT / element)
		return tmi_error_explain(args, TMI_ERROR_RANGE, where,
					 "/c takes 1 to 0x%x columns here", COLUMN_LIMIT / element);
	args->next += length;
	*columns = (unsigned)value;
	return true;
}

static bool parse_options(struct tmi_args *args, bool columns_allowed, unsigned element,
			  struct tmi_display_options *options)
{
	*options = (struct tmi_display_options){ 0 };
	while (!tmi_args_at_end(args) && *args->next == '/') {
		char letter = args->next[1];

		if (letter == 'p') {
			if (!tmi_memory_take_option(args, &options->memory))
				return false;
			continue;
		}
		if (letter != 'c' || !columns_allowed)
			return tmi_error_explain(args, TMI_ERROR_SYNTAX, args->next, "%s takes: %s",
						 args->name, args->command->arguments);
		args->next += 2;
		if (!parse_columns(args, element, &options->columns))
			return false;
	}
	return true;
}

/* Where a display without a range starts. */
static bool find_start(struct tmi_args *args, const struct tmi_memory *memory, uint64_t *start)
{
	struct tmi_session *session = args->session;

	*start = memory->physical ? session->physical_next : session->display_next;
	if (memory->physical || session->display_next_known)
		return true;
	if (tmem_get_register(session->target, TMEM_REGISTER_INSTRUCTION_POINTER, start) ==
	    TMEM_S_OK) {
		*start = tmi_clean_address(session, *start);
		return true;
	}
	return tmi_error(
		session,
		"%s has no address to start from: nothing was shown yet, and the "
		"instruction\npointer is not known. Give one: %s [stack], %s 7fff12345678, "
		"%s libc+10 L20",
		args->name, args->name, args->name, args->name);
}

bool tmi_display_parse(struct tmi_args *args, bool columns_allowed,
		       const struct tmi_range_rule *rule, struct tmi_display_options *options,
		       struct tmi_range *range)
{
	struct tmi_range_rule own = *rule;

	if (!parse_options(args, columns_allowed, rule->element, options))
		return false;
	own.physical = options->memory.physical;
	if (!tmi_args_range(args, &own, range) || !tmi_args_finish(args))
		return false;
	if (!range->given) {
		if (!find_start(args, &options->memory, &range->start))
			return false;
		range->count = rule->default_count;
		range->size = range->count * rule->element;
	}
	args->session->display_name = args->name;
	return true;
}
