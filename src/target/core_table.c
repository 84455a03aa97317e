/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core_table.c - the segments of a core as a sorted table; see core.h.
 *
 * 33 bytes a segment. What a search needs of it stands together: the first addresses of groups in
 * one array that stays in the processor's cache, and each group in one piece.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bytes.h"
#include "target/core.h"

/* No file is longer; an offset from there up is out of the file whatever it is. */
#define OFFSET_MAX (UINT64_MAX >> 3)
/* Program headers fetched at a time. */
#define BATCH_SIZE 65536u
/* Segments to make room for at first; the number in the header may be a lie. */
#define FIRST_ROOM 1048576u
#define HUGE_PAGE  2097152u
/* Stretches of addresses: a table of where to begin that stays in the processor's first cache. */
#define STRETCHES 4096u
/* Groups at either end that may lie far away: program, stack, what the kernel maps. */
#define FAR_GROUPS 2u
/* Where so many groups may share a stretch, stretches do not help. */
#define CROWD 1024u

/* A segment with its place in the file, which keeps equal starts in order. */
struct loose_segment {
	size_t order;
	struct core_segment segment;
};

/* A table in the making. */
struct loading {
	struct core_table *table;
	const struct tmi_elf *elf;
	struct core_notes *notes;
	uint64_t mask;
	bool sorted; /* each begins behind the one before */
};

static uint64_t place_of(uint64_t offset, uint32_t flags)
{
	return (offset < OFFSET_MAX ? offset : OFFSET_MAX) << 3 | (flags & 7);
}

/* The first power of two from @number on. */
static size_t power_of_two(size_t number)
{
	size_t power = 1;

	while (power < number)
		power *= 2;
	return power;
}

/* So few groups are searched as one stretch. */
static bool few(size_t groups)
{
	return groups < 16 * FAR_GROUPS;
}

/* Samples of @groups groups, and what a search may look at behind them. */
static size_t sample_room(size_t groups)
{
	size_t power = power_of_two(groups);

	return few(groups) || power > groups + CROWD ? power : groups + CROWD;
}

/* Bytes of a block for @room segments, which are whole groups. */
static size_t block_size(size_t room)
{
	size_t groups = room / CORE_GROUP;

	return room * sizeof(struct core_segment) + sample_room(groups) * sizeof(uint64_t) +
	       (few(groups) ? 1 : STRETCHES) * sizeof(uint32_t);
}

/* Whole huge pages of a large block, then small ones: nothing is zeroed that is not needed. */
static size_t mapped_size(size_t room)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (block_size(room) + page - 1) & ~(page - 1);
}

/* Large tables live in huge pages: most of the time of opening would go into small ones. */
static void *new_block(size_t room)
{
	size_t size = mapped_size(room);
	uint8_t *start, *aligned;

	if (size < HUGE_PAGE)
		return malloc(block_size(room));
	start = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	if (start == MAP_FAILED)
		return NULL;
	aligned = (uint8_t *)(((uintptr_t)start + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
	if (aligned > start)
		munmap(start, (size_t)(aligned - start));
	munmap(aligned + size, (size_t)(start + HUGE_PAGE - aligned));
	madvise(aligned, size & ~(size_t)(HUGE_PAGE - 1), MADV_HUGEPAGE);
	return aligned;
}

static void free_block(void *block, size_t room)
{
	if (block && mapped_size(room) >= HUGE_PAGE)
		munmap(block, mapped_size(room));
	else
		free(block);
}

/* Takes the samples of the groups that begin at or behind segment @from. */
static void sample_groups(struct core_table *table, size_t from)
{
	for (size_t i = (from + CORE_GROUP - 1) / CORE_GROUP; i * CORE_GROUP < table->count; i++)
		table->sample[i] = table->segments[i * CORE_GROUP].first;
}

static bool grow(struct core_table *table, size_t room)
{
	struct core_segment *segments;

	if (room > SIZE_MAX / 128 || !(segments = new_block(room)))
		return false;
	if (table->count)
		memcpy(segments, table->segments, table->count * sizeof(*segments));
	free_block(table->segments, table->room);
	table->segments = segments;
	table->sample = (uint64_t *)(segments + room);
	table->start = (uint32_t *)(table->sample + sample_room(room / CORE_GROUP));
	table->room = room;
	sample_groups(table, 0);
	return true;
}

/* Room for @more segments and what fills up the last group. */
static bool make_room(struct core_table *table, uint64_t more)
{
	size_t room = table->room * 2;

	if (table->room - table->count >= more)
		return true;
	if (room < table->count + more)
		room = table->count + (size_t)more;
	return grow(table, (room + CORE_GROUP - 1) / CORE_GROUP * CORE_GROUP);
}

static int compare_loose(const void *left, const void *right)
{
	const struct loose_segment *a = left;
	const struct loose_segment *b = right;

	if (a->segment.first != b->segment.first)
		return a->segment.first < b->segment.first ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* Cuts @skip bytes off the front. */
static void cut_front(struct core_segment *segment, uint64_t skip)
{
	uint64_t offset = segment->place >> 3;

	segment->first += skip;
	segment->stored -= skip < segment->stored ? skip : segment->stored;
	segment->place = place_of(tmi_add_saturating(offset, skip), segment->place & 7);
}

/* Where segments overlap the lowest start wins, then the first in the file. */
static void settle(struct core_table *table, const struct loose_segment *loose, size_t count)
{
	table->count = 0;
	for (size_t i = 0; i < count; i++) {
		struct core_segment segment = loose[i].segment;
		const struct core_segment *before =
			table->count ? &table->segments[table->count - 1] : NULL;

		if (before && segment.last <= before->last)
			continue;
		if (before && segment.first <= before->last)
			cut_front(&segment, before->last + 1 - segment.first);
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
		loose[i] = (struct loose_segment){ i, table->segments[i] };
	qsort(loose, count, sizeof(*loose), compare_loose);
	settle(table, loose, count);
	sample_groups(table, 0);
	free(loose);
	return TMEM_S_OK;
}

/* A PT_LOAD that has an address of the space, and bytes. */
static inline struct core_segment make_segment(const struct tmi_elf_segment *from, uint64_t mask)
{
	uint64_t size = from->memory_size ? from->memory_size : from->file_size;
	struct core_segment segment = { .first = from->address, .stored = from->file_size };

	segment.last = size - 1 > mask - segment.first ? mask : segment.first + size - 1;
	if (segment.stored && segment.stored - 1 > segment.last - segment.first)
		segment.stored = segment.last - segment.first + 1;
	segment.place = place_of(from->offset, from->flags);
	return segment;
}

/* Rare, and apart: the other headers need never be put together in memory. */
static __attribute__((noinline)) void take_note(struct loading *loading, const uint8_t *header)
{
	struct tmi_elf_segment segment;

	tmi_elf_load_segment(header, loading->elf->word, loading->elf->big_endian, &segment);
	tmi_core_notes_take(loading->notes, loading->elf, &segment);
}

/*
 * Takes apart the headers at hand, for which there is room. Class and byte order are constants
 * where it is called, so that a header is a few loads.
 */
static inline __attribute__((always_inline)) void
take_headers(struct loading *loading, const struct tmi_elf_segments *walk, unsigned word, bool big)
{
	const size_t step = loading->elf->segment_size;
	const uint64_t mask = loading->mask;
	struct core_table *table = loading->table;
	struct core_segment *next = table->segments + table->count;
	uint64_t above = table->count ? next[-1].last : 0;
	uint64_t file_end = table->file_end;
	bool sorted = loading->sorted;
	bool any = table->count;
	const uint8_t *header = walk->headers;

	for (size_t left = walk->have; left; left--, header += step) {
		struct tmi_elf_segment segment;
		uint64_t end;

		tmi_elf_load_segment(header, word, big, &segment);
		if (segment.type == TMI_ELF_NOTE)
			take_note(loading, header);
		if (segment.type != TMI_ELF_LOAD || segment.address > mask ||
		    (!segment.memory_size && !segment.file_size))
			continue;
		*next = make_segment(&segment, mask);
		end = tmi_add_saturating(segment.offset, next->stored);
		if (next->stored && end > file_end)
			file_end = end;
		if (any && next->first <= above)
			sorted = false;
		any = true;
		above = next->last;
		next++;
	}
	table->count = (size_t)(next - table->segments);
	table->file_end = file_end;
	loading->sorted = sorted;
}

static void take_all(struct loading *loading, const struct tmi_elf_segments *walk)
{
	const struct tmi_elf *elf = loading->elf;
	size_t before = loading->table->count;

	if (elf->word == 8 && !elf->big_endian)
		take_headers(loading, walk, 8, false);
	else if (elf->word == 8)
		take_headers(loading, walk, 8, true);
	else
		take_headers(loading, walk, 4, elf->big_endian);
	/* Now, while the segments are in the processor's cache. */
	sample_groups(loading->table, before);
}

/* Takes all PT_LOADs in as they come. */
static tmem_status load(struct loading *loading, struct tmi_elf_segments *walk)
{
	/* Room for all at first, as far as their number can be believed. */
	uint64_t expected = loading->elf->segment_count;
	struct core_table *table = loading->table;

	expected = expected < 1 ? 1 : expected < FIRST_ROOM ? expected : FIRST_ROOM;
	if (!make_room(table, expected))
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	while (tmi_elf_segments_fill(walk)) {
		if (!make_room(table, walk->have))
			return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
		take_all(loading, walk);
	}
	table->cut = walk->cut;
	return TMEM_S_OK;
}

/* One stretch, which is everything. */
static void search_all(struct core_table *table)
{
	table->low = 0;
	table->shift = 0;
	table->stretches = 1;
	table->start[0] = 0;
	table->half = power_of_two(table->groups) / 2;
}

/* Fills in where a search begins; returns how many groups are ahead of it at most. */
static size_t fill_stretches(struct core_table *table)
{
	size_t group = 0;
	size_t most = 0;

	for (size_t i = 0; i < table->stretches; i++) {
		uint64_t next = table->low + ((i + 1) << table->shift);
		size_t begin;

		/* The first stretch is that of all addresses below it too. */
		table->start[i] = (uint32_t)group;
		begin = group;
		if (i + 1 == table->stretches)
			group = table->groups - 1;
		while (group + 1 < table->groups && table->sample[group + 1] <= next)
			group++;
		most = group - begin > most ? group - begin : most;
	}
	return most;
}

/*
 * Divides the addresses between the first and last groups into stretches. Where the segments lie
 * close together in one place, or are spread evenly, a search begins where it will end; otherwise
 * it takes as many steps as halving all of them.
 */
static void divide(struct core_table *table)
{
	uint64_t span;
	size_t most;

	search_all(table);
	if (few(table->groups) || table->groups > UINT32_MAX)
		return;
	table->low = table->sample[FAR_GROUPS];
	span = table->sample[table->groups - FAR_GROUPS] - table->low;
	while (span >> table->shift >= STRETCHES)
		table->shift++;
	table->stretches = (size_t)(span >> table->shift) + 1;
	most = fill_stretches(table);
	table->half = power_of_two(most + 1) / 2;
	if (2 * table->half > CROWD)
		search_all(table);
}

/* Goes into service: in whole groups, one at least. */
static void finish(struct core_table *table)
{
	size_t samples;

	table->groups = table->count ? (table->count + CORE_GROUP - 1) / CORE_GROUP : 1;
	for (size_t i = table->count; i < table->groups * CORE_GROUP; i++)
		table->segments[i] = (struct core_segment){ .first = UINT64_MAX };
	if (!table->count)
		table->sample[0] = UINT64_MAX;
	divide(table);
	samples = (table->stretches > 1 ? table->groups : 0) + 2 * table->half;
	for (size_t i = table->groups; i < samples; i++)
		table->sample[i] = UINT64_MAX;
}

static tmem_status load_sorted(struct core_table *table, const struct core_headers *headers,
			       struct tmi_elf_segments *walk, struct core_notes *notes)
{
	struct loading loading = { table, headers->elf, notes, headers->mask, true };
	tmem_status status = load(&loading, walk);

	if (status == TMEM_S_OK && !loading.sorted)
		status = sort(table);
	if (status == TMEM_S_OK)
		finish(table);
	else
		tmi_core_table_fini(table);
	return status;
}

tmem_status tmi_core_table_init(struct core_table *table, const struct core_headers *headers,
				struct core_notes *notes)
{
	const struct tmi_elf *elf = headers->elf;
	size_t needed = elf->segment_count < BATCH_SIZE / 56 ? elf->segment_count : BATCH_SIZE / 56;
	size_t buffer_size = (needed ? needed : 1) * elf->segment_size;
	struct tmi_elf_segments walk;
	tmem_status status;
	void *buffer;

	memset(table, 0, sizeof(*table));
	if (headers->lent) {
		tmi_elf_segments_lend(&walk, elf, headers->lent, headers->lent_size);
		return load_sorted(table, headers, &walk, notes);
	}
	buffer = malloc(buffer_size ? buffer_size : 1);
	if (!buffer)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	tmi_elf_segments_init(&walk, elf, buffer, buffer_size);
	status = load_sorted(table, headers, &walk, notes);
	free(buffer);
	return status;
}

void tmi_core_table_fini(struct core_table *table)
{
	free_block(table->segments, table->room);
	memset(table, 0, sizeof(*table));
}

/* Divides a segment: what the file holds, what it should hold, what was never put into it. */
static void describe_piece(const struct core_segment *segment, uint64_t size, uint64_t address,
			   struct core_piece *piece)
{
	uint64_t offset = segment->place >> 3;
	uint64_t there = offset < size ? size - offset : 0;
	uint64_t held = segment->stored < there ? segment->stored : there;
	uint64_t first = segment->first;

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

static bool holds(const struct core_segment *segment, uint64_t address)
{
	return segment->first <= address && address <= segment->last;
}

bool tmi_core_table_find(const struct core_table *table, uint64_t size, uint64_t address,
			 struct core_piece *piece)
{
	const struct core_segment *segment = tmi_core_table_search(table, address);
	const struct core_segment *next = segment + (table->count && segment->first <= address);

	if (holds(segment, address)) {
		describe_piece(segment, size, address, piece);
		return true;
	}
	memset(piece, 0, sizeof(*piece));
	piece->first = next > table->segments ? next[-1].last + 1 : 0;
	piece->last = next < table->segments + table->count ? next->first - 1 : UINT64_MAX;
	piece->reason = TMEM_REASON_NOT_MAPPED;
	return false;
}

bool tmi_core_table_span(const struct core_table *table, uint64_t address, uint64_t *first,
			 uint64_t *last)
{
	const struct core_segment *segment = tmi_core_table_search(table, address);

	if (!holds(segment, address))
		return false;
	*first = segment->first;
	*last = segment->last;
	return true;
}
