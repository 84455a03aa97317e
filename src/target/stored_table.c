/* SPDX-License-Identifier: Apache-2.0 */
/* stored_table.c - ranges of physical memory in a file, as a sorted table; see stored.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bytes.h"
#include "base/error.h"
#include "target/stored.h"

#define SAMPLE 64u
/* Ranges to make room for at first; the number that a file tells may be a lie. */
#define FIRST_ROOM 1048576u
#define HUGE_PAGE  2097152u

/* Large tables live in huge pages: most of the time of opening would go into small ones. */
static void *new_block(size_t size)
{
	void *block;

	if (size < HUGE_PAGE / 2)
		return malloc(size ? size : 1);
	size = (size + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1);
	block = aligned_alloc(HUGE_PAGE, size);
	if (block)
		madvise(block, size, MADV_HUGEPAGE);
	return block;
}

static bool grow(struct tmi_stored_table *table, size_t room)
{
	uint64_t *first;
	struct tmi_stored_range *ranges;

	if (room > SIZE_MAX / 64 || !(first = new_block(room * (8 + sizeof(*ranges)))))
		return false;
	ranges = (struct tmi_stored_range *)(first + room);
	if (table->count) {
		memcpy(first, table->first, table->count * sizeof(*first));
		memcpy(ranges, table->ranges, table->count * sizeof(*ranges));
	}
	free(table->first);
	table->first = first;
	table->ranges = ranges;
	table->room = room;
	return true;
}

tmem_status tmi_stored_table_init(struct tmi_stored_table *table, uint64_t count)
{
	memset(table, 0, sizeof(*table));
	if (!grow(table, count < 1 ? 1 : count < FIRST_ROOM ? (size_t)count : FIRST_ROOM))
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	return TMEM_S_OK;
}

void tmi_stored_table_fini(struct tmi_stored_table *table)
{
	free(table->first);
	free(table->sample);
	memset(table, 0, sizeof(*table));
}

/*
 * True when the range goes on where the last one ends, in memory and in the file (or both leave
 * their bytes out); the last one is longer then.
 */
static bool join(struct tmi_stored_table *table, uint64_t first,
		 const struct tmi_stored_range *next)
{
	struct tmi_stored_range *before = &table->ranges[table->count - 1];
	uint64_t start = table->first[table->count - 1];
	uint64_t size = before->last - start + 1;
	uint64_t end;

	/* A range over the whole address space would have no size. */
	if (first == 0 || before->last != first - 1 || next->last - start == UINT64_MAX)
		return false;
	if (next->stored) {
		if (before->stored != size || __builtin_add_overflow(before->offset, size, &end) ||
		    end != next->offset)
			return false;
		before->stored += next->stored;
	}
	before->last = next->last;
	return true;
}

tmem_status tmi_stored_table_add(struct tmi_stored_table *table, uint64_t first, uint64_t size,
				 uint64_t offset, uint64_t stored)
{
	struct tmi_stored_range next = { .offset = offset };

	if (!size)
		return TMEM_S_OK;
	next.last = size - 1 > UINT64_MAX - first ? UINT64_MAX : first + (size - 1);
	next.stored = stored;
	if (stored && stored - 1 > next.last - first)
		next.stored = next.last - first + 1;
	if (next.stored && tmi_add_saturating(offset, next.stored) > table->file_end)
		table->file_end = tmi_add_saturating(offset, next.stored);
	if (table->count && join(table, first, &next))
		return TMEM_S_OK;
	if (table->count && first <= table->ranges[table->count - 1].last)
		table->unsorted = true;
	if (table->count == table->room && !grow(table, table->room * 2))
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	table->first[table->count] = first;
	table->ranges[table->count++] = next;
	return TMEM_S_OK;
}

/* ---- Overlaps ---- */

/* How much a byte is worth. */
enum worth {
	HELD,     /* the file has it */
	MISSING,  /* the file should have it */
	LEFT_OUT, /* it was never put into the file */
	WORTHS,
};

struct piece {
	uint64_t first;
	uint64_t last;
	uint64_t offset;
	size_t order; /* as it was added */
	bool stored;
};

struct pieces {
	struct piece *list;
	size_t count;
};

/* The part of range @index that is of one worth; false when there is none. */
static bool part_of(const struct tmi_stored_table *table, size_t index, enum worth worth,
		    uint64_t file_size, struct piece *part)
{
	const struct tmi_stored_range *range = &table->ranges[index];
	uint64_t there = range->offset < file_size ? file_size - range->offset : 0;
	uint64_t held = range->stored < there ? range->stored : there;
	uint64_t whole = range->last - table->first[index] + 1;
	uint64_t from = worth == HELD ? 0 : worth == MISSING ? held : range->stored;
	uint64_t end = worth == HELD ? held : worth == MISSING ? range->stored : whole;

	part->first = table->first[index] + from;
	part->last = table->first[index] + (end - 1);
	part->offset = tmi_add_saturating(range->offset, from);
	part->order = index;
	part->stored = worth != LEFT_OUT;
	return end > from;
}

static int compare(const void *left, const void *right)
{
	const struct piece *a = left;
	const struct piece *b = right;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last > b->last ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

tmem_status tmi_stored_table_overlap(const struct tmi_stored_table *table, bool *found,
				     uint64_t *address)
{
	struct piece *list;
	uint64_t last = 0;

	*found = false;
	if (!table->unsorted)
		return TMEM_S_OK;
	list = calloc(table->count, sizeof(*list));
	if (!list)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	for (size_t i = 0; i < table->count; i++)
		list[i] = (struct piece){ .first = table->first[i],
					  .last = table->ranges[i].last,
					  .order = i };
	qsort(list, table->count, sizeof(*list), compare);
	for (size_t i = 0; i < table->count && !*found; i++) {
		*found = i && list[i].first <= last;
		*address = list[i].first;
		last = list[i].last;
	}
	free(list);
	return TMEM_S_OK;
}

/* Cuts off what lies before @first, which is in the piece. */
static void cut_front(struct piece *piece, uint64_t first)
{
	piece->offset = tmi_add_saturating(piece->offset, first - piece->first);
	piece->first = first;
}

/* All parts of one worth, sorted, each cut to where the ones before it end. */
static bool collect(const struct tmi_stored_table *table, enum worth worth, uint64_t file_size,
		    struct pieces *out)
{
	size_t count = 0;

	out->count = 0;
	out->list = malloc((table->count ? table->count : 1) * sizeof(*out->list));
	if (!out->list)
		return false;
	for (size_t i = 0; i < table->count; i++)
		count += part_of(table, i, worth, file_size, &out->list[count]);
	qsort(out->list, count, sizeof(*out->list), compare);
	for (size_t i = 0; i < count; i++) {
		struct piece piece = out->list[i];
		const struct piece *before = out->count ? &out->list[out->count - 1] : NULL;

		if (before && piece.last <= before->last)
			continue;
		if (before && piece.first <= before->last)
			cut_front(&piece, before->last + 1);
		out->list[out->count++] = piece;
	}
	return true;
}

static void emit(struct pieces *out, const struct piece *piece, uint64_t first, uint64_t last)
{
	struct piece part = *piece;

	cut_front(&part, first);
	part.last = last;
	out->list[out->count++] = part;
}

/* What of @piece lies in no piece of @better from *next on; these are passed on as they come. */
static void fill_gaps(struct pieces *out, const struct piece *piece, const struct pieces *better,
		      size_t *next)
{
	uint64_t from = piece->first;

	for (; *next < better->count; ++*next) {
		const struct piece *in_front = &better->list[*next];

		if (in_front->first > piece->last)
			break;
		if (in_front->last >= from && in_front->first > from)
			emit(out, piece, from, in_front->first - 1);
		if (in_front->last >= piece->last)
			return; /* it may hide the beginning of the next piece too */
		if (in_front->last >= from)
			from = in_front->last + 1;
		out->list[out->count++] = *in_front;
	}
	emit(out, piece, from, piece->last);
}

/* Puts @worse below @all. */
static bool put_below(struct pieces *all, const struct pieces *worse)
{
	struct pieces out = { 0 };
	size_t next = 0;

	/* A piece is divided once at most for each one in front of it. */
	out.list = calloc(2 * all->count + worse->count + 1, sizeof(*out.list));
	if (!out.list)
		return false;
	for (size_t i = 0; i < worse->count; i++)
		fill_gaps(&out, &worse->list[i], all, &next);
	while (next < all->count)
		out.list[out.count++] = all->list[next++];
	free(all->list);
	*all = out;
	return true;
}

/* The table again, of the pieces. */
static tmem_status rebuild(struct tmi_stored_table *table, const struct pieces *pieces)
{
	uint64_t file_end = table->file_end;
	tmem_status status = TMEM_S_OK;

	table->count = 0;
	table->unsorted = false;
	for (size_t i = 0; status == TMEM_S_OK && i < pieces->count; i++) {
		const struct piece *piece = &pieces->list[i];
		uint64_t size = piece->last - piece->first + 1;

		status = tmi_stored_table_add(table, piece->first, size, piece->offset,
					      piece->stored ? size : 0);
	}
	table->file_end = file_end;
	return status;
}

static tmem_status resolve(struct tmi_stored_table *table, uint64_t file_size)
{
	struct pieces all = { 0 };
	tmem_status status = TMEM_S_OK;

	for (int worth = HELD; worth < WORTHS && status == TMEM_S_OK; worth++) {
		struct pieces one;

		if (!collect(table, (enum worth)worth, file_size, &one) || !put_below(&all, &one))
			status = tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
		free(one.list);
	}
	if (status == TMEM_S_OK)
		status = rebuild(table, &all);
	free(all.list);
	return status;
}

tmem_status tmi_stored_table_settle(struct tmi_stored_table *table, uint64_t file_size)
{
	tmem_status status = table->unsorted ? resolve(table, file_size) : TMEM_S_OK;

	if (status != TMEM_S_OK)
		return status;
	table->sample = new_block((table->count / SAMPLE + 1) * sizeof(*table->sample));
	if (!table->sample)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	for (size_t i = 0; i < table->count; i += SAMPLE)
		table->sample[i / SAMPLE] = table->first[i];
	return TMEM_S_OK;
}

bool tmi_stored_table_aligned(const struct tmi_stored_table *table, uint64_t file_size)
{
	uint64_t edges = 0;

	for (size_t i = 0; i < table->count; i++) {
		const struct tmi_stored_range *range = &table->ranges[i];

		edges |= table->first[i] | (range->last + 1) | range->stored;
		if (tmi_add_saturating(range->offset, range->stored) > file_size)
			edges |= file_size - range->offset;
	}
	return (edges & 4095) == 0;
}

/* ---- Looking up ---- */

/* The last of @count ascending numbers that is not above @value; the first is not. */
static const uint64_t *last_up_to(const uint64_t *base, size_t count, uint64_t value)
{
	/* No branch depends on the numbers. */
	while (count > 1) {
		size_t half = count / 2;

		base = base[half] <= value ? base + half : base;
		count -= half;
	}
	return base;
}

/* Number of ranges that begin at or below @address. */
static size_t count_up_to(const struct tmi_stored_table *table, uint64_t address)
{
	size_t samples = (table->count + SAMPLE - 1) / SAMPLE;
	size_t start, left;

	if (!table->count || *table->first > address)
		return 0;
	start = (size_t)(last_up_to(table->sample, samples, address) - table->sample) * SAMPLE;
	left = table->count - start < SAMPLE ? table->count - start : SAMPLE;
	return (size_t)(last_up_to(table->first + start, left, address) - table->first) + 1;
}

/* Divides a range: what the file holds, what it should hold, what was never put into it. */
static void describe_piece(uint64_t first, const struct tmi_stored_range *range, uint64_t file_size,
			   uint64_t address, struct tmi_stored_piece *piece)
{
	uint64_t there = range->offset < file_size ? file_size - range->offset : 0;
	uint64_t held = range->stored < there ? range->stored : there;

	piece->offset = range->offset;
	piece->stored = address - first < held;
	piece->first = first;
	piece->reason = TMEM_REASON_NONE;
	if (piece->stored) {
		piece->last = first + held - 1;
	} else if (address - first < range->stored) {
		piece->first = first + held;
		piece->last = first + range->stored - 1;
		piece->reason = TMEM_REASON_TRUNCATED;
	} else {
		piece->first = first + range->stored;
		piece->last = range->last;
		piece->reason = TMEM_REASON_EXCLUDED;
	}
}

bool tmi_stored_table_find(const struct tmi_stored_table *table, uint64_t file_size,
			   uint64_t address, struct tmi_stored_piece *piece)
{
	size_t index = count_up_to(table, address);

	if (index && address <= table->ranges[index - 1].last) {
		describe_piece(table->first[index - 1], &table->ranges[index - 1], file_size,
			       address, piece);
		return true;
	}
	memset(piece, 0, sizeof(*piece));
	piece->first = index ? table->ranges[index - 1].last + 1 : 0;
	piece->last = index < table->count ? table->first[index] - 1 : UINT64_MAX;
	piece->reason = TMEM_REASON_NOT_MAPPED;
	return false;
}
