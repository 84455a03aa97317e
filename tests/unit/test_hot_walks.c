/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_hot_walks.c - what a thread remembers of walks, over random tables: small reads and single
 * translations are compared with full walks and with physical memory, which remember nothing. Two
 * targets take turns, more often than there are epochs, at addresses whose places in the tables of
 * a thread are those of the present epoch.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <tmem.h>

#include "hot_tables.h"

#define ROUNDS 2300u /* more than twice as many as there are epochs */

static void fill_short(void)
{
	uint32_t *entries = (uint32_t *)tables_words;

	for (size_t i = 0; i < TABLES_WORDS; i++)
		tables_words[i] = tables_any();
	memset(tables_words, 0, TABLES_PAGE);
	for (uint64_t i = 0; i < TABLES_LAST; i++)
		entries[i] = (uint32_t)((1 + i) * TABLES_PAGE) | 7;
	for (uint64_t i = 1024; i < (TABLES_LAST + 1) * 1024; i++)
		entries[i] =
			tables_any() % 4
				? (uint32_t)(tables_any() % (TABLES_FRAMES + 3) * TABLES_PAGE) | 7
				: 0;
}

/* Where a full walk leads; false: nowhere. */
static bool walk(tmem_target *target, uint64_t address, uint64_t *physical)
{
	struct tmem_translation translation = { .size = sizeof(translation) };
	tmem_status status =
		tmem_translate(target, TMEM_CURRENT_DIRECTORY_BASE, address, &translation);

	*physical = translation.physical;
	return status == TMEM_S_OK;
}

/* As many bytes as there are, one by one through full walks and physical memory. */
static size_t read_plainly(tmem_target *target, uint64_t address, uint8_t *bytes, size_t size)
{
	uint64_t physical;
	size_t done, one;

	for (done = 0; done < size; done++)
		if (!walk(target, address + done, &physical) ||
		    tmem_read_physical(target, physical, bytes + done, 1, &one) != TMEM_S_OK)
			break;
	return done;
}

static void same_answers(tmem_target *target, const struct tables_kind *kind, uint64_t address,
			 size_t size)
{
	struct tables_answer answer;

	answer.size = read_plainly(target, address, answer.bytes, size);
	answer.there = walk(target, address, &answer.physical);
	tables_expect(target, tables_with(address, kind->tags), size, &answer);
}

static void take_turns(const struct tables_kind *kind)
{
	tmem_target *targets[2];

	tables_seed = kind->base + 1;
	for (int i = 0; i < 2; i++) {
		if (kind == &tables_x86)
			fill_short();
		else
			tables_fill(kind, false);
		targets[i] = tables_open(kind, NULL);
	}
	tables_reads_found = 0;
	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned i = 0; i < TABLES_READS; i++)
			same_answers(targets[round % 2], kind, tables_choose_in(kind, round),
				     tables_choose_size());
	for (int i = 0; i < 2; i++)
		tmem_close(targets[i]);
	assert_in_range(tables_reads_found, ROUNDS * TABLES_READS / 10,
			ROUNDS * TABLES_READS * 9 / 10);
}

static void x64_tables(void **state)
{
	take_turns(&tables_x64);
}

static void x64_tables_of_five_levels(void **state)
{
	take_turns(&tables_x64_five);
}

static void pae_tables(void **state)
{
	take_turns(&tables_pae);
}

static void arm64_tables(void **state)
{
	take_turns(&tables_arm64);
}

static void arm64_tables_at_the_top(void **state)
{
	take_turns(&tables_arm64_at_the_top);
}

static void short_tables(void **state)
{
	take_turns(&tables_x86);
}

/* --- pages in the cache --- */

static tmem_target *open_stopped(unsigned number)
{
	char spec[] = "synth:/tmp/tmem-hot-walks-XXXXXX";
	int fd = mkstemp(spec + 6);
	tmem_target *target = NULL;

	dprintf(fd, "tmem synth 1\ntarget live=yes\nmachine amd64 granular=page\n"
		    "process 1 \"/bin/a\"\n");
	/* Every other 64 KiB. */
	for (unsigned i = number; i < TABLES_PAGES * TABLES_PAGE >> 16; i += 2)
		dprintf(fd, "run %#x 0x10000 rw-p\n", i << 16);
	close(fd);
	assert_int_equal(tmem_open(spec, NULL, &target), TMEM_S_OK);
	unlink(spec + 6);
	for (uint64_t i = number; i < TABLES_PAGES * TABLES_PAGE >> 16; i += 2)
		assert_int_equal(
			tmem_write_virtual(target, i << 16, tables_words + i * 7, 0x10000, NULL),
			TMEM_S_OK);
	assert_int_equal(tmem_suspend(target), TMEM_S_OK);
	return target;
}

static void same_word(tmem_target *target, unsigned number, uint64_t address)
{
	bool there = (address >> 16) % 2 == number;
	uint64_t expected, word;
	size_t done;

	address &= ~UINT64_C(7);
	expected = tables_words[(address >> 16) * 7 + (address & 0xffff) / 8];
	for (int again = 0; again < 3; again++) {
		word = 0;
		assert_int_equal(tmem_read_virtual(target, address, &word, 8, &done),
				 there ? TMEM_S_OK : TMEM_E_READ_FAULT);
		assert_int_equal(word, there ? expected : 0);
	}
}

static void cached_pages(void **state)
{
	tmem_target *targets[2];

	tables_seed = 6;
	for (size_t i = 0; i < TABLES_WORDS; i++)
		tables_words[i] = tables_any();
	for (unsigned i = 0; i < 2; i++)
		targets[i] = open_stopped(i);
	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned i = 0; i < TABLES_READS; i++)
			same_word(targets[round % 2], round % 2,
				  tables_choose(round, TABLES_PAGE, TABLES_PAGES));
	for (int i = 0; i < 2; i++)
		tmem_close(targets[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x64_tables),
		cmocka_unit_test(x64_tables_of_five_levels),
		cmocka_unit_test(pae_tables),
		cmocka_unit_test(arm64_tables),
		cmocka_unit_test(arm64_tables_at_the_top),
		cmocka_unit_test(short_tables),
		cmocka_unit_test(cached_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
