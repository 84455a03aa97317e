/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_hot_walks_changes.c - what a thread remembers of walks, where tables are written between the
 * reads, or the file is cut. The walk that is compared with is this test's own, over its copy of
 * the memory.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <tmem.h>

#include "hot_tables.h"

#define CHANGES 1000u
#define CUTS    60u

/*
 * Where tidy tables lead, in @left bytes of the memory; false: nowhere. *entry: the place in it of
 * the last entry that was looked at; *level: 1 for the last table.
 */
static bool model_walk(const struct tables_kind *kind, uint64_t left, uint64_t address,
		       uint64_t *physical, uint64_t *entry, unsigned *level)
{
	uint64_t table = kind->base;

	*physical = 0;
	for (*level = 3 + kind->roots; *level; --*level) {
		uint64_t span = TABLES_PAGE << 9 * (*level - 1);
		uint64_t frame, value;

		*entry = table - kind->base + address / span % 512 * 8;
		value = *entry < left ? tables_words[*entry / 8] : 0;
		if (!value)
			return false;
		frame = value & 0xfffffffff000;
		if (*level == 1 || value % TABLES_PAGE != kind->table) {
			*physical = (frame & ~(span - 1)) + address % span;
			return true;
		}
		table = frame;
	}
	return false;
}

static struct tables_answer model_answer(const struct tables_kind *kind, uint64_t left,
					 uint64_t address, size_t size)
{
	const uint8_t *bytes = (const uint8_t *)tables_words;
	struct tables_answer answer = { 0 };
	uint64_t physical, entry;
	unsigned level;

	answer.there = model_walk(kind, left, address, &answer.physical, &entry, &level);
	while (answer.size < size &&
	       model_walk(kind, left, address + answer.size, &physical, &entry, &level) &&
	       physical - kind->base < left)
		answer.bytes[answer.size++] = bytes[physical - kind->base];
	return answer;
}

/* Expects what the model has at an address, with tags, or nothing at a strange one. */
static void same_as_model(tmem_target *target, const struct tables_kind *kind, uint64_t left,
			  uint64_t address, size_t size)
{
	uint64_t asked = tables_with(tables_with(address, kind->tags), kind->strange);
	struct tables_answer answer = { 0 };

	if (!(asked & kind->strange))
		answer = model_answer(kind, left, address, size);
	tables_expect(target, asked, size, &answer);
}

static unsigned entries_changed, words_changed;

/* What the model had before it was changed. */
static struct {
	uint64_t at;
	uint64_t word;
} undo[4];
static unsigned undo_count;

static void set_word(uint64_t at, uint64_t word)
{
	undo[undo_count].at = at;
	undo[undo_count++].word = tables_words[at / 8];
	tables_words[at / 8] = word;
}

/* What was written clips what is lent, so that little would be remembered if it stayed. */
static void discard(tmem_target *target)
{
	while (undo_count) {
		undo_count--;
		tables_words[undo[undo_count].at / 8] = undo[undo_count].word;
	}
	assert_int_equal(tmem_overlay_discard(target), TMEM_S_OK);
}

/* Changes what leads to an address, or what is there; by physical and by virtual address. */
static void change(tmem_target *target, const struct tables_kind *kind, uint64_t address)
{
	uint64_t physical, entry, place, word = tables_any();
	unsigned level;
	bool there = model_walk(kind, sizeof(tables_words), address, &physical, &entry, &level);

	place = (physical - kind->base) & ~UINT64_C(7);
	if (level <= 2 && tables_any() % 2) {
		word = level == 1 ? tables_lower_entry(kind) : tables_upper_entry(kind);
		set_word(entry, word);
		assert_int_equal(tmem_write_physical(target, kind->base + entry, &word, 8, NULL),
				 TMEM_S_OK);
		entries_changed++;
	} else if (there && place >= tables_data_at(kind) && place < sizeof(tables_words)) {
		set_word(place, word);
		assert_int_equal(tmem_write_virtual(target,
						    tables_with(address & ~UINT64_C(7), kind->tags),
						    &word, 8, NULL),
				 TMEM_S_OK);
		words_changed++;
	}
}

static void write_between_reads(const struct tables_kind *kind)
{
	tmem_target *target;

	tables_seed = kind->base + 2;
	tables_fill(kind, true);
	target = tables_open(kind, NULL);
	tables_reads_found = entries_changed = words_changed = 0;
	for (unsigned round = 0; round < CHANGES; round++) {
		uint64_t address = tables_choose_in(kind, round);

		for (unsigned i = 0; i < TABLES_READS; i++)
			same_as_model(target, kind, sizeof(tables_words),
				      i % 2 ? address : tables_choose_in(kind, round),
				      tables_choose_size());
		if (undo_count == sizeof(undo) / sizeof(*undo) || !(tables_any() % 3))
			discard(target);
		else
			change(target, kind, address);
		same_as_model(target, kind, sizeof(tables_words), address, tables_choose_size());
	}
	discard(target);
	tmem_close(target);
	assert_in_range(tables_reads_found, CHANGES * TABLES_READS / 10,
			CHANGES * TABLES_READS * 9 / 10);
	assert_true(entries_changed > CHANGES / 10 && words_changed > CHANGES / 10);
}

static void x64_tables_written(void **state)
{
	write_between_reads(&tables_x64);
}

static void x64_tables_of_five_levels_written(void **state)
{
	write_between_reads(&tables_x64_five);
}

static void arm64_tables_written(void **state)
{
	write_between_reads(&tables_arm64);
}

/* Somebody else who reads the words of a file while it is cut. */
struct reader {
	pthread_t thread;
	tmem_target *target;
	uint64_t addresses[TABLES_READS];
	struct tables_answer answers[TABLES_READS]; /* of the whole file */
	atomic_uint rounds;
	atomic_bool stop;
	uint64_t wrong; /* an address at which there was something else, or UINT64_MAX */
};

static void *read_on(void *context)
{
	struct reader *reader = context;

	while (!atomic_load(&reader->stop)) {
		for (unsigned i = 0; i < TABLES_READS; i++) {
			uint8_t bytes[8];
			size_t done = 0;

			tmem_read_virtual(reader->target, reader->addresses[i], bytes, 8, &done);
			if (done > reader->answers[i].size ||
			    memcmp(bytes, reader->answers[i].bytes, done))
				reader->wrong = reader->addresses[i];
		}
		atomic_fetch_add(&reader->rounds, 1);
	}
	return NULL;
}

static void start_reader(struct reader *reader, const struct tables_kind *kind)
{
	reader->wrong = UINT64_MAX;
	for (unsigned i = 0; i < TABLES_READS; i++)
		reader->answers[i] =
			model_answer(kind, sizeof(tables_words), reader->addresses[i], 8);
	assert_int_equal(pthread_create(&reader->thread, NULL, read_on, reader), 0);
	while (!atomic_load(&reader->rounds))
		sched_yield();
}

static void end_reader(struct reader *reader)
{
	atomic_store(&reader->stop, true);
	pthread_join(reader->thread, NULL);
	if (reader->wrong != UINT64_MAX)
		fail_msg("other bytes at %#llx", (unsigned long long)reader->wrong);
}

/* How many of the reads find anything when @left bytes of the file are left. */
static unsigned read_all(struct reader *reader, const struct tables_kind *kind, uint64_t left)
{
	tables_reads_found = 0;
	for (unsigned i = 0; i < TABLES_READS; i++)
		same_as_model(reader->target, kind, left, reader->addresses[i], 8);
	return tables_reads_found;
}

/* Reads, then the file ends earlier, between pages: the same reads, which may be remembered. */
static void cut_between_reads(const struct tables_kind *kind)
{
	unsigned before = 0, after = 0;

	signal(SIGBUS, SIG_DFL); /* the framework's handler is on top of ours else */
	tables_seed = kind->base + 3;
	tables_fill(kind, true);
	for (unsigned round = 0; round < CUTS; round++) {
		uint64_t left = (1 + tables_any() % (TABLES_FRAMES - 1)) * TABLES_PAGE;
		struct reader reader = { 0 };
		int file;

		reader.target = tables_open(kind, &file);
		for (unsigned i = 0; i < TABLES_READS; i++)
			reader.addresses[i] = tables_choose_in(kind, round);
		before += read_all(&reader, kind, sizeof(tables_words));
		if (round % 2)
			start_reader(&reader, kind);
		assert_int_equal(ftruncate(file, (off_t)left), 0);
		after += read_all(&reader, kind, left);
		if (round % 2)
			end_reader(&reader);
		tmem_close(reader.target);
		close(file);
	}
	assert_true(after > CUTS && before > after + CUTS);
}

static void x64_file_cut(void **state)
{
	cut_between_reads(&tables_x64);
}

static void x64_file_of_five_levels_cut(void **state)
{
	cut_between_reads(&tables_x64_five);
}

static void arm64_file_cut(void **state)
{
	cut_between_reads(&tables_arm64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x64_tables_written),
		cmocka_unit_test(x64_tables_of_five_levels_written),
		cmocka_unit_test(arm64_tables_written),
		cmocka_unit_test(x64_file_cut),
		cmocka_unit_test(x64_file_of_five_levels_cut),
		cmocka_unit_test(arm64_file_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
