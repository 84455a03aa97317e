/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core_table.c - the segments of a core as a sorted table; see core.h.
 *
 * 32 bytes a segment: the first addresses stand apart, so that a search stays in few cache lines.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bytes.h"
#include "target/core.h"

/* No file is longer; an offset from there up is out of the file whatever it is. */
#define OFFSET_MAX (UINT64_MAX >> 3)
/* Program headers fetched at a time. */
#define BATCH_SIZE 65536u
/* Segments to make room for at first; the number in the header may be a lie. */
#define FIRST_ROOM 1048576u
#define HUGE_PAGE  2097152u

/* A segment that stands out of line, with its place in the file to keep equal starts in order. */
struct loose_segment {
	uint64_t first;
	size_t order;
	struct core_segment segment;
};

static uint64_t place_of(uint64_t offset, uint32_t flags)
{
	return (offset < OFFSET_MAX ? offset : OFFSET_MAX) << 3 | (flags & 7);
}

/* Bytes of a block for @room segments. */
static size_t block_size(size_t room)
{
	return room * (sizeof(uint64_t) + sizeof(struct core_segment)) +
	       (room / CORE_SAMPLE + 1) * sizeof(uint64_t);
}

/* Large tables live in huge pages: most of the time of opening would go into small ones. */
static void *new_block(size_t room)
{
	size_t size = (block_size(room) + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1);
	uint8_t *start, *aligned;

	if (block_size(room) < HUGE_PAGE / 2)
		return malloc(block_size(room));
	start = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	if (start == MAP_FAILED)
		return NULL;
	aligned = (uint8_t *)(((uintptr_t)start + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
	if (aligned > start)
		munmap(start, (size_t)(aligned - start));
	munmap(aligned + size, (size_t)(start + HUGE_PAGE - aligned));
	madvise(aligned, size, MADV_HUGEPAGE);
	return aligned;
}

static void free_block(void *block, size_t room)
{
	if (block && block_size(room) >= HUGE_PAGE / 2)
		munmap(block, (block_size(room) + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1));
	else
		free(block);
}

static bool grow(struct core_table *table, size_t room)
{
	uint64_t *first;
	struct core_segment *segments;

	if (room > SIZE_MAX / 64 || !(first = new_block(room)))
		return false;
	segments = (struct core_segment *)(first + room);
	if (table->count) {
		memcpy(first, table->first, table->count * sizeof(*first));
		memcpy(segments, table->segments, table->count * sizeof(*segments));
	}
	free_block(table->first, table->room);
	table->first = first;
	table->segments = segments;
	table->sample = (uint64_t *)(segments + room);
	table->room = room;
	return true;
}

/* Appends a PT_LOAD; *sorted stays true as long as each begins behind the one before. */
static void append(struct core_table *table, const struct tmi_elf_segment *segment, uint64_t mask,
		   bool *sorted)
{
	uint64_t size = segment->memory_size ? segment->memory_size : segment->file_size;
	uint64_t first = segment->address;
	struct core_segment *new = &table->segments[table->count];

	new->last = size - 1 > mask - first ? mask : first + size - 1;
	new->stored = segment->file_size;
	if (new->stored &&new->stored - 1 > new->last - first)
		new->stored = new->last - first + 1;
	new->place = place_of(segment->offset, segment->flags);
	if (new->stored && tmi_add_saturating(segment->offset, new->stored) > table->file_end)
		table->file_end = tmi_add_saturating(segment->offset, new->stored);
	if (table->count && first <= table->segments[table->count - 1].last)
		*sorted = false;
	table->first[table->count++] = first;
}

static int compare_loose(const void *left, const void *right)
{
	const struct loose_segment *a = left;
	const struct loose_segment *b = right;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* Cuts @skip bytes off the front. */
static void cut_front(struct core_segment *segment, uint64_t skip)
{
	uint64_t offset = segment->place >> 3;

	segment->stored -= skip < segment->stored ? skip : segment->stored;
	segment->place = place_of(tmi_add_saturating(offset, skip), segment->place & 7);
}

/* Where segments overlap the lowest start wins, then the first in the file. */
static void settle(struct core_table *table, const struct loose_segment *loose, size_t count)
{
	table->count = 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t first = loose[i].first;
		struct core_segment segment = loose[i].segment;
		const struct core_segment *before =
			table->count ? &table->segments[table->count - 1] : NULL;

		if (before && segment.last <= before->last)
			continue;
		if (before && first <= before->last) {
			cut_front(&segment, before->last + 1 - first);
			first = before->last + 1;
		}
		table->first[table->count] = first;
		table->segments[table->count++] = segment;
	}
}

static tmem_status sort(struct core_table *table)
{
	size_t count = table->count;
	struct loose_segment *loose = calloc(count, sizeof(*loose));

	if (!loose)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	for (size_t i = 0; i < count; i++)
		loose[i] = (struct loose_segment){ table->first[i], i, table->segments[i] };
	qsort(loose, count, sizeof(*loose), compare_loose);
	settle(table, loose, count);
	free(loose);
	return TMEM_S_OK;
}

/* Takes all PT_LOADs in as they come. */
static tmem_status load(struct core_table *table, struct tmi_elf_segments *walk, uint64_t mask,
			struct core_notes *notes, bool *sorted)
{
	uint64_t expected = walk->elf->segment_count;
	struct tmi_elf_segment segment;

	while (tmi_elf_segments_next(walk, &segment)) {
		if (segment.type == TMI_ELF_NOTE)
			tmi_core_notes_take(notes, walk->elf, &segment);
		if (segment.type != TMI_ELF_LOAD || segment.address > mask ||
		    (!segment.memory_size && !segment.file_size))
			continue;
		if (table->count == table->room &&
		    !grow(table, table->room             ? 2 * table->room
				 : expected < FIRST_ROOM ? (size_t)expected
							 : FIRST_ROOM))
			return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
		append(table, &segment, mask, sorted);
	}
	table->cut = walk->cut;
	return TMEM_S_OK;
}

tmem_status tmi_core_table_init(struct core_table *table, const struct tmi_elf *elf, uint64_t mask,
				struct core_notes *notes)
{
	size_t needed = elf->segment_count < BATCH_SIZE / 56 ? elf->segment_count : BATCH_SIZE / 56;
	struct tmi_elf_segments walk;
	size_t buffer_size = (needed ? needed : 1) * elf->segment_size;
	void *buffer = malloc(buffer_size ? buffer_size : 1);
	tmem_status status;
	bool sorted = true;

	memset(table, 0, sizeof(*table));
	if (!buffer)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	tmi_elf_segments_init(&walk, elf, buffer, buffer_size);
	status = load(table, &walk, mask, notes, &sorted);
	free(buffer);
	if (status == TMEM_S_OK && !sorted)
		status = sort(table);
	for (size_t i = 0; i < table->count; i += CORE_SAMPLE)
		table->sample[i / CORE_SAMPLE] = table->first[i];
	if (status != TMEM_S_OK)
		tmi_core_table_fini(table);
	return status;
}

void tmi_core_table_fini(struct core_table *table)
{
	free_block(table->first, table->room);
	memset(table, 0, sizeof(*table));
}

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

/* Number of segments that begin at or below @address. */
static size_t count_up_to(const struct core_table *table, uint64_t address)
{
	size_t samples = (table->count + CORE_SAMPLE - 1) / CORE_SAMPLE;
	size_t start, left;

	if (!table->count || *table->first > address)
		return 0;
	start = (size_t)(last_up_to(table->sample, samples, address) - table->sample);
	start *= CORE_SAMPLE;
	left = table->count - start < CORE_SAMPLE ? table->count - start : CORE_SAMPLE;
	return (size_t)(last_up_to(table->first + start, left, address) - table->first) + 1;
}

/* Divides a segment: what the file holds, what it should hold, what was never put into it. */
static void describe_piece(uint64_t first, const struct core_segment *segment, uint64_t size,
			   uint64_t address, struct core_piece *piece)
{
	uint64_t offset = segment->place >> 3;
	uint64_t there = offset < size ? size - offset : 0;
	uint64_t held = segment->stored < there ? segment->stored : there;

	piece->flags = segment->place & 7;
	piece->file_offset = offset;
	piece->stored = false;
	if (address - first < held) {
		piece->first = first;
		piece->last = first + held - 1;
		piece->stored = true;
		piece->reason = TMEM_REASON_NONE;
	} else if (address - first < segment->stored) {
		piece->first = first + held;
		piece->last = first + segment->stored - 1;
		piece->reason = TMEM_REASON_TRUNCATED;
	} else {
		piece->first = first + segment->stored;
		piece->last = segment->last;
		piece->reason = TMEM_REASON_EXCLUDED;
	}
}

bool tmi_core_table_find(const struct core_table *table, uint64_t size, uint64_t address,
			 struct core_piece *piece)
{
	size_t index = count_up_to(table, address);

	if (index && address <= table->segments[index - 1].last) {
		describe_piece(table->first[index - 1], &table->segments[index - 1], size, address,
			       piece);
		return true;
	}
	memset(piece, 0, sizeof(*piece));
	piece->first = index ? table->segments[index - 1].last + 1 : 0;
	piece->last = index < table->count ? table->first[index] - 1 : UINT64_MAX;
	piece->reason = TMEM_REASON_NOT_MAPPED;
	return false;
}

bool tmi_core_table_span(const struct core_table *table, uint64_t address, uint64_t *first,
			 uint64_t *last)
{
	size_t index = count_up_to(table, address);

	if (!index || address > table->segments[index - 1].last)
		return false;
	*first = table->first[index - 1];
	*last = table->segments[index - 1].last;
	return true;
}
