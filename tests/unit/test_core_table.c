/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_core_table.c - the table of a core's segments against plain ones: sorted or not,
 * overlapping, empty, beyond the end, at the top of the address space, fetched and lent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core_writer.h"
#include "target/core.h"

#define SPAN   2048u /* addresses that a small table is about */
#define MOST   400u  /* segments of one */
#define ROUNDS 300
#define MANY   70000u

/* The bytes of a file that holds the headers; the table asks it for them. */
struct memory_file {
	const uint8_t *bytes;
	size_t size;
};

static size_t read_memory(void *context, uint64_t offset, void *buffer, size_t size)
{
	const struct memory_file *file = context;

	if (offset >= file->size)
		return 0;
	if (size > file->size - offset)
		size = file->size - (size_t)offset;
	memcpy(buffer, file->bytes + offset, size);
	return size;
}

static uint64_t state = 1;

static uint64_t number(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % below;
}

/* A segment as it was written, and its place in the file. */
struct plain {
	uint64_t first, last, stored, offset;
	uint32_t flags;
	size_t order;
};

static int compare(const void *left, const void *right)
{
	const struct plain *a = left;
	const struct plain *b = right;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

/* The segments that count, by start, then by their place in the file. */
static size_t plain_table(const struct core_writer *w, uint64_t mask, struct plain *table)
{
	size_t count = 0;

	for (size_t i = 0; i < w->count; i++) {
		const struct written_segment *from = &w->segments[i];
		uint64_t size = from->memory_size ? from->memory_size : from->file_size;
		struct plain *to = &table[count];

		if (from->type != 1 || !size || from->address > mask)
			continue;
		*to = (struct plain){ .first = from->address, .last = mask };
		if (size - 1 < mask - from->address)
			to->last = from->address + (size - 1);
		to->stored = from->file_size;
		if (to->stored && to->stored - 1 > to->last - to->first)
			to->stored = to->last - to->first + 1;
		to->offset = from->offset;
		to->flags = from->flags & 7;
		to->order = i;
		count++;
	}
	qsort(table, count, sizeof(*table), compare);
	return count;
}

static const struct plain *plain_find(const struct plain *table, size_t count, uint64_t address)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].first <= address && address <= table[i].last)
			return &table[i];
	return NULL;
}

/* Every address of a piece is told of alike, so one address is enough at a time. */
static void expect_address(const struct core_table *table, const struct plain *plain, size_t count,
			   uint64_t file_size, uint64_t address)
{
	const struct plain *expected = plain_find(plain, count, address);
	struct core_piece piece;
	uint64_t within, first, last;

	assert_int_equal(tmi_core_table_find(table, file_size, address, &piece), expected != NULL);
	assert_true(piece.first <= address && address <= piece.last);
	assert_int_equal(tmi_core_table_span(table, address, &first, &last), expected != NULL);
	if (!expected) {
		assert_int_equal(piece.reason, TMEM_REASON_NOT_MAPPED);
		assert_true(!piece.first || plain_find(plain, count, piece.first - 1));
		assert_true(piece.last == UINT64_MAX || plain_find(plain, count, piece.last + 1));
		return;
	}
	assert_true(first <= piece.first && piece.last <= last);
	within = address - expected->first;
	assert_int_equal(piece.flags, expected->flags);
	assert_int_equal(piece.stored,
			 within < expected->stored && expected->offset + within < file_size);
	if (piece.stored)
		assert_int_equal(piece.file_offset + (address - piece.first),
				 expected->offset + within);
	else
		assert_int_equal(piece.reason, within < expected->stored ? TMEM_REASON_TRUNCATED
									 : TMEM_REASON_EXCLUDED);
}

static void make_table(const struct tmi_elf *elf, const struct memory_file *file, uint64_t mask,
		       bool lent, struct core_table *table)
{
	struct core_headers headers = { .elf = elf, .mask = mask };
	struct core_notes notes = { 0 };

	if (lent) {
		headers.lent = file->bytes + elf->segments_at;
		headers.lent_size = file->size - elf->segments_at;
	}
	assert_int_equal(tmi_core_table_init(table, &headers, &notes), TMEM_S_OK);
	tmi_core_notes_fini(&notes);
}

/* Segments near @base: what is wrong with them depends on the round. */
static void add_segments(struct core_writer *w, uint64_t base, uint64_t mask, int round)
{
	size_t count = (size_t)number(round % 5 ? 40 : MOST);
	uint64_t next = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t size = number(round % 3 ? 9 : 60);
		uint64_t stored = number(4) ? size : number(80);
		uint64_t at = round % 2 ? number(SPAN) : next + number(3);

		next = at + (size > stored ? size : stored);
		if (at > mask - base)
			break;
		core_writer_load_at(w, base + at, size, number(10) ? number(5000) : UINT64_MAX >> 4,
				    stored, (uint32_t)number(8));
		if (!number(9))
			w->segments[w->count - 1].type = 6;
	}
}

static void compare_round(int round)
{
	struct core_writer w;
	struct plain *plain = calloc(MOST, sizeof(*plain));
	unsigned word = round % 4 == 3 ? 4 : 8;
	uint64_t mask = word == 8 ? UINT64_MAX : UINT32_MAX;
	uint64_t bases[] = { 0, 0x7f000000, mask - SPAN / 2 };
	uint64_t base = bases[round % 3];
	struct memory_file file;
	struct tmi_elf elf;
	size_t count;

	assert_non_null(plain);
	core_writer_init(&w, word, round & 8, 62);
	add_segments(&w, base, mask, round);
	file.bytes = core_writer_build(&w, &file.size);
	assert_true(tmi_elf_init(&elf, read_memory, &file, 0, NULL));
	if (word == 4)
		for (size_t i = 0; i < w.count; i++)
			w.segments[i].offset = (uint32_t)w.segments[i].offset;
	count = plain_table(&w, mask, plain);
	for (int lent = 0; lent < 2; lent++) {
		struct core_table table;

		make_table(&elf, &file, mask, lent, &table);
		assert_false(table.cut);
		for (uint64_t i = 0; i < 2 * SPAN && base + i >= base; i++)
			expect_address(&table, plain, count, 3000, base + i);
		expect_address(&table, plain, count, 3000, 0);
		expect_address(&table, plain, count, 3000, mask);
		expect_address(&table, plain, count, 3000, UINT64_MAX);
		tmi_core_table_fini(&table);
	}
	free((void *)(uintptr_t)file.bytes);
	core_writer_fini(&w);
	free(plain);
}

static void like_plain_ones(void **unused)
{
	for (int round = 0; round < ROUNDS; round++)
		compare_round(round);
}

/* More than one portion of headers, more than one huge page, forwards and backwards. */
static void many_segments(void **unused)
{
	for (int shape = 0; shape < 4; shape++) {
		struct core_writer w;
		struct core_table table;
		struct core_piece piece;
		struct memory_file file;
		struct tmi_elf elf;

		core_writer_init(&w, 8, false, 62);
		for (uint64_t i = 0; i < MANY; i++)
			core_writer_load_at(&w, (shape & 1 ? MANY - i : i + 1) << 13, 4096, i << 12,
					    4096, 4);
		file.bytes = core_writer_build(&w, &file.size);
		assert_true(tmi_elf_init(&elf, read_memory, &file, 0, NULL));
		make_table(&elf, &file, UINT64_MAX, shape & 2, &table);
		assert_int_equal(table.count, MANY);
		for (uint64_t i = 0; i < MANY; i++) {
			uint64_t address = (i + 1) << 13;
			uint64_t index = shape & 1 ? MANY - 1 - i : i;

			assert_true(
				tmi_core_table_find(&table, UINT64_MAX, address + 4095, &piece));
			assert_int_equal(piece.first, address);
			assert_int_equal(piece.file_offset, index << 12);
			assert_false(tmi_core_table_find(&table, UINT64_MAX, address - 1, &piece));
			assert_int_equal(piece.first, i ? address - 4096 : 0);
			assert_int_equal(piece.last, address - 1);
		}
		tmi_core_table_fini(&table);
		free((void *)(uintptr_t)file.bytes);
		core_writer_fini(&w);
	}
}

/* How far behind the one before segment @i of @count begins, at least two pages. */
static uint64_t gap(unsigned shape, uint64_t i, uint64_t count)
{
	switch (shape) {
	case 0: return 8192;
	case 1: return i == count / 2 ? UINT64_C(1) << 44 : 8192;
	case 2: return 8192 + (i < 16 || i + 15 > count ? UINT64_C(1) << 40 : 0);
	case 3: return UINT64_C(8192) << number(20);
	case 4: return 8192 + (i % 700 ? 0 : UINT64_C(1) << 41);
	case 5: return i < 40 ? UINT64_C(8192) << i : 8192;
	default: return 8192 + number(3) * 4096;
	}
}

/* Crowds of segments in one place or several, near and far: wherever a search begins, it ends
 * right. */
static void expect_spread(const uint64_t *first, size_t count)
{
	struct core_writer w;
	struct core_table table;
	struct core_piece piece;
	struct memory_file file;
	struct tmi_elf elf;

	core_writer_init(&w, 8, false, 62);
	for (size_t i = 0; i < count; i++)
		core_writer_load_at(&w, first[i], 4096, i << 12, 4096, 4);
	file.bytes = core_writer_build(&w, &file.size);
	assert_true(tmi_elf_init(&elf, read_memory, &file, 0, NULL));
	make_table(&elf, &file, UINT64_MAX, true, &table);
	for (size_t i = 0; i < count; i++) {
		for (uint64_t at = 0; at < 4096; at += 4095) {
			assert_true(tmi_core_table_find(&table, UINT64_MAX, first[i] + at, &piece));
			assert_int_equal(piece.first, first[i]);
		}
		assert_false(tmi_core_table_find(&table, UINT64_MAX, first[i] - 1, &piece));
		assert_int_equal(piece.first, i ? first[i - 1] + 4096 : 0);
		assert_int_equal(piece.last, first[i] - 1);
	}
	assert_int_equal(tmi_core_table_find(&table, UINT64_MAX, UINT64_MAX, &piece),
			 first[count - 1] + 4095 == UINT64_MAX);
	tmi_core_table_fini(&table);
	free((void *)(uintptr_t)file.bytes);
	core_writer_fini(&w);
}

static void spread_anyhow(void **unused)
{
	static const size_t counts[] = { 1, 7, 8, 9, 249, 257, 264, 3000, 9000 };
	uint64_t *first = calloc(9000, sizeof(*first));

	assert_non_null(first);
	for (unsigned shape = 0; shape < 14; shape++) {
		for (size_t k = 0; k < sizeof(counts) / sizeof(*counts); k++) {
			uint64_t next = 0;

			for (size_t i = 0; i < counts[k]; i++)
				first[i] = next += gap(shape % 7, i, counts[k]);
			/* The same at the very top. */
			for (size_t i = 0; shape >= 7 && i < counts[k]; i++)
				first[i] += UINT64_MAX - 4095 - next;
			expect_spread(first, counts[k]);
		}
	}
	free(first);
}

/* The file ends inside the headers: what came before counts, fetched or lent. */
static void headers_cut_short(void **unused)
{
	struct core_writer w;
	struct memory_file file;
	struct tmi_elf elf;
	uint8_t *bytes;
	size_t size;

	core_writer_init(&w, 8, false, 62);
	for (uint64_t i = 0; i < 5000; i++)
		core_writer_load_at(&w, i << 12, 4096, i << 12, 4096, 4);
	bytes = core_writer_build(&w, &size);
	for (size_t held = 1; held < 5000; held += held < 20 ? 1 : 617) {
		file = (struct memory_file){ bytes, 64 + held * 56 + held % 56 };
		assert_true(tmi_elf_init(&elf, read_memory, &file, 0, NULL));
		for (int lent = 0; lent < 2; lent++) {
			struct core_table table;

			make_table(&elf, &file, UINT64_MAX, lent, &table);
			assert_true(table.cut);
			assert_int_equal(table.count, held);
			tmi_core_table_fini(&table);
		}
	}
	free(bytes);
	core_writer_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(like_plain_ones),
		cmocka_unit_test(many_segments),
		cmocka_unit_test(spread_anyhow),
		cmocka_unit_test(headers_cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
