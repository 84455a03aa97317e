/* SPDX-License-Identifier: Apache-2.0 */
/*
 * synth_link.c - the link to a described machine: slow, giving little at a time, or lost; and
 * memory that changes while it is looked at.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "target/synth_directive.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* One second: a longer wait tests nothing more. */
#define LONGEST_LATENCY 1000000

static tmem_status want_live(struct tmi_synth_line *line, const char *what)
{
	if (line->synth->live)
		return TMEM_S_OK;
	return tmi_synth_expected_at(line, line->start, "target live=yes before %s", what);
}

tmem_status tmi_synth_take_latency(struct tmi_synth_line *line, struct tmi_synth_process *process)
{
	static const struct tmi_synth_choice pers[] = { { "call", 0 }, { "item", 1 }, { NULL, 0 } };
	static const struct tmi_synth_key keys[] = { { "per", TMI_SYNTH_CHOICE, pers } };
	struct tmi_synth_link *link = &line->synth->link;
	struct tmi_synth_given given[COUNT(keys)];
	tmem_status status;
	uint64_t latency;
	const char *at;

	(void)process;
	tmi_synth_at_end(line);
	at = line->at;
	status = tmi_synth_take_number(line, "a latency in microseconds", &latency);
	if (status == TMEM_S_OK && latency > LONGEST_LATENCY)
		status =
			tmi_synth_expected_at(line, at, "at most %d microseconds", LONGEST_LATENCY);
	if (status == TMEM_S_OK)
		status = tmi_synth_take_keys(line, keys, COUNT(keys), given);
	if (status != TMEM_S_OK)
		return status;
	link->latency = (uint32_t)latency;
	link->each_item = given[0].number;
	return TMEM_S_OK;
}

static tmem_status take_end_of_link(struct tmi_synth_line *line, const char *what,
				    tmem_status failure, enum tmem_reason reason)
{
	static const struct tmi_synth_key keys[] = { { "after", TMI_SYNTH_NUMBER, NULL } };
	struct tmi_synth_link *link = &line->synth->link;
	struct tmi_synth_given given[COUNT(keys)];
	tmem_status status = want_live(line, what);

	if (status == TMEM_S_OK && link->failure != TMEM_S_OK)
		status = tmi_synth_expected_at(line, line->start, "one line lost or timeout");
	if (status == TMEM_S_OK)
		status = tmi_synth_take_keys(line, keys, COUNT(keys), given);
	if (status == TMEM_S_OK && !given[0].given)
		status = tmi_synth_expected(line, "after=NUMBER of reads");
	if (status != TMEM_S_OK)
		return status;
	link->failure = failure;
	link->reason = (uint8_t)reason;
	link->after = given[0].number;
	return TMEM_S_OK;
}

tmem_status tmi_synth_take_lost(struct tmi_synth_line *line, struct tmi_synth_process *process)
{
	(void)process;
	return take_end_of_link(line, "lost", TMEM_E_CONNECTION_LOST, TMEM_REASON_LOST);
}

tmem_status tmi_synth_take_timeout(struct tmi_synth_line *line, struct tmi_synth_process *process)
{
	(void)process;
	return take_end_of_link(line, "timeout", TMEM_E_TIMED_OUT, TMEM_REASON_NONE);
}

tmem_status tmi_synth_take_short(struct tmi_synth_line *line, struct tmi_synth_process *process)
{
	struct tmi_synth_piece piece = { .last = process->highest };
	tmem_status status;
	const char *at;

	tmi_synth_at_end(line);
	at = line->at;
	status = tmi_synth_take_number(line, "how many bytes a read gives", &piece.seed);
	if (status == TMEM_S_OK && piece.seed == 0)
		status = tmi_synth_expected_at(line, at, "at least one byte (or a fault line)");
	if (status == TMEM_S_OK && !tmi_synth_at_end(line))
		status = tmi_synth_take_range(line, process->highest, &piece.first, &piece.last);
	if (status == TMEM_S_OK)
		status = tmi_synth_take_end(line);
	if (status == TMEM_S_OK)
		status = tmi_synth_add_piece(&process->shorts, &piece);
	return status;
}

/* after=N, which stands before the bytes. */
static tmem_status take_after(struct tmi_synth_line *line, uint64_t *after)
{
	if (!tmi_synth_skip_word(line, "after") || line->at == line->end || *line->at != '=')
		return tmi_synth_expected(line, "after=NUMBER of reads");
	line->at++;
	return tmi_synth_take_number(line, "a number of reads", after);
}

tmem_status tmi_synth_take_change(struct tmi_synth_line *line, struct tmi_synth_process *process)
{
	struct tmi_synth_piece piece = { .byte_at = line->synth->byte_count };
	tmem_status status = want_live(line, "change");
	const char *at;

	tmi_synth_at_end(line);
	at = line->at;
	if (status == TMEM_S_OK)
		status = tmi_synth_take_number(line, "an address", &piece.first);
	if (status == TMEM_S_OK && piece.first > process->highest)
		status = tmi_synth_expected_at(line, at, "an address up to 0x%llx",
					       (unsigned long long)process->highest);
	if (status == TMEM_S_OK)
		status = take_after(line, &piece.seed);
	if (status == TMEM_S_OK)
		status = tmi_synth_take_bytes(line);
	if (status != TMEM_S_OK)
		return status;
	piece.byte_count = line->synth->byte_count - piece.byte_at;
	if (piece.byte_count - 1 > process->highest - piece.first)
		return tmi_synth_expected_at(line, at, "an address that leaves room for %zu bytes",
					     piece.byte_count);
	piece.last = piece.first + (piece.byte_count - 1);
	return tmi_synth_add_piece(&process->changes, &piece);
}

static int compare_changes(const void *a, const void *b)
{
	const struct tmi_synth_piece *left = a, *right = b;

	if (left->seed != right->seed)
		return left->seed < right->seed ? -1 : 1;
	return left->order < right->order ? -1 : left->order > right->order;
}

void tmi_synth_sort_changes(struct tmi_synth_process *process)
{
	if (process->changes.count)
		qsort(process->changes.list, process->changes.count, sizeof(*process->changes.list),
		      compare_changes);
}

static void wait_microseconds(uint32_t microseconds)
{
	struct timespec rest = { .tv_sec = microseconds / 1000000,
				 .tv_nsec = (long)(microseconds % 1000000) * 1000 };

	while (nanosleep(&rest, &rest) && errno == EINTR)
		;
}

void tmi_synth_wait(const struct tmi_synth *synth, bool item)
{
	if (synth->link.latency && synth->link.each_item == item)
		wait_microseconds(synth->link.latency);
}

tmem_status tmi_synth_link_status(struct tmi_synth *synth, uint64_t address)
{
	const struct tmi_synth_link *link = &synth->link;

	if (link->failure == TMEM_S_OK || atomic_load(&synth->reads) < link->after)
		return TMEM_S_OK;
	return tmi_fail(link->failure, link->reason, address);
}

tmem_status tmi_synth_fail_rest(struct tmem_transfer *items, size_t count, tmem_status status)
{
	for (size_t i = 0; i < count; i++) {
		items[i].done = 0;
		items[i].status = status;
	}
	return status;
}

size_t tmi_synth_shortened(const struct tmi_synth_process *process, uint64_t address, size_t size)
{
	const struct tmi_synth_piece *piece = tmi_synth_piece_at(&process->shorts, address);

	return piece && piece->first <= address && piece->seed < size ? (size_t)piece->seed : size;
}
