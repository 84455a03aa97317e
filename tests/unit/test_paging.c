/* SPDX-License-Identifier: Apache-2.0 */
/* test_paging.c - what holds for the tables of every scheme, however they look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "paging_toy.h"

static const struct {
	uint32_t scheme, levels, virtual_bits;
	unsigned width, index_bits, steps;
	uint64_t table; /* bits of an entry that leads to a table, or to a page of the last one */
	bool halves;
	const char *names[5]; /* from the last level up */
} schemes[] = {
	{ TMI_SCHEME_X86, 0, 0, 4, 10, 2, 7, false, { "PTE", "PDE" } },
	{ TMI_SCHEME_X86_PAE, 0, 0, 8, 9, 3, 1, false, { "PTE", "PDE", "PDPE" } },
	{ TMI_SCHEME_X64, 4, 0, 8, 9, 4, 7, true, { "PTE", "PDE", "PDPE", "PML4E" } },
	{ TMI_SCHEME_X64, 5, 0, 8, 9, 5, 7, true, { "PTE", "PDE", "PDPE", "PML4E", "PML5E" } },
	{ TMI_SCHEME_ARM64, 0, 39, 8, 9, 3, 3, true, { "L3", "L2", "L1" } },
	{ TMI_SCHEME_ARM64, 0, 48, 8, 9, 4, 3, true, { "L3", "L2", "L1", "L0" } },
};

#define SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

static void reset(size_t i)
{
	toy_reset(schemes[i].scheme);
	toy_tables.levels = schemes[i].levels;
	toy_tables.virtual_bits = schemes[i].virtual_bits;
}

static unsigned index_at(size_t i, unsigned level, uint64_t address)
{
	unsigned shift = 12 + (level - 1) * schemes[i].index_bits;

	return (unsigned)(address >> shift) & ((1u << schemes[i].index_bits) - 1);
}

static void are_found(void **state)
{
	(void)state;
	assert_null(tmi_paging_find(TMI_SCHEME_NONE));
	assert_null(tmi_paging_find(99));
	for (size_t i = 0; i < SCHEMES; i++) {
		const struct tmi_paging_scheme *scheme = tmi_paging_find(schemes[i].scheme);

		assert_int_equal(scheme->scheme, schemes[i].scheme);
		assert_int_equal(scheme->pointer_size, schemes[i].halves ? 8 : 4);
		assert_int_equal(scheme->page_size, 4096);
		assert_string_equal(scheme->level_names[0], "");
		for (unsigned level = 1; level <= schemes[i].steps; level++)
			assert_string_equal(scheme->level_names[level],
					    schemes[i].names[level - 1]);
	}
}

/* A table that is every table and, in the end, the page. */
static void tables_that_point_at_themselves(void **state)
{
	static const uint64_t addresses[] = { 0, 0x3fffffff, 0x12345678, 0x7fffffff };

	(void)state;
	for (size_t i = 0; i < SCHEMES; i++) {
		reset(i);
		for (unsigned index = 0; index < TOY_PAGE / schemes[i].width; index++)
			toy_put(0, index, schemes[i].width, TOY(0) | schemes[i].table);
		for (size_t a = 0; a < sizeof(addresses) / sizeof(addresses[0]); a++) {
			uint64_t offset = addresses[a] % TOY_PAGE;
			struct tmi_paging_walk walk = toy_walk(addresses[a]);

			assert_int_equal(walk.step_count, schemes[i].steps);
			assert_int_equal(walk.page.outcome, TMI_PAGING_PAGE);
			assert_int_equal(walk.page.physical, TOY(0) + offset);
			assert_int_equal(walk.page.last - walk.page.first, TOY_PAGE - 1);
		}
		if (schemes[i].halves)
			assert_int_equal(toy_walk(UINT64_MAX).step_count, schemes[i].steps);
	}
}

/* At each level once: a table that is not in memory, and one whose memory ends too early. */
static void tables_out_of_memory(void **state)
{
	const uint64_t address = 0x12345678;

	(void)state;
	for (size_t i = 0; i < SCHEMES; i++)
		for (unsigned lost = schemes[i].steps; lost >= 1; lost--) {
			unsigned steps = schemes[i].steps - lost + 1;
			unsigned width = schemes[i].width;
			uint64_t place, span = 1ull << (12 + (lost - 1) * schemes[i].index_bits);
			struct tmi_paging_walk walk;

			reset(i);
			for (unsigned level = schemes[i].steps; level > lost; level--)
				toy_put(schemes[i].steps - level, index_at(i, level, address),
					width,
					TOY(schemes[i].steps - level + 1) | schemes[i].table);
			place = TOY(schemes[i].steps - lost) + index_at(i, lost, address) * width;
			assert_int_equal(toy_walk(address).unread, 0);
			/* All but its last byte. */
			toy_size = place + width - 1 - TOY_FIRST;
			toy_expect_none(address, TMI_PAGING_FAULT, TMEM_REASON_TABLE_UNREADABLE,
					lost, span);
			walk = toy_walk(address);
			assert_int_equal(walk.step_count, steps);
			assert_int_equal(walk.unread, 1);
			assert_int_equal(walk.steps[steps - 1].address, place);
			assert_int_equal(walk.steps[steps - 1].entry, 0);
			assert_int_equal(walk.steps[steps - 1].flags, 0);
			/* With it, the entry can be read. */
			toy_size++;
			assert_int_equal(toy_walk(address).unread, 0);
		}
}

/* Tables at the highest addresses that an entry or a root can name. */
static void tables_beyond_everything(void **state)
{
	(void)state;
	for (size_t i = 0; i < SCHEMES; i++) {
		reset(i);
		toy_tables.root = UINT64_MAX - 1;
		toy_expect_none(0, TMI_PAGING_FAULT, TMEM_REASON_TABLE_UNREADABLE, schemes[i].steps,
				1ull << (12 + (schemes[i].steps - 1) * schemes[i].index_bits));
		reset(i);
		toy_put(0, 0, schemes[i].width,
			(schemes[i].width == 4 ? 0xfffff000 : 0x0000fffffffff000) |
				schemes[i].table);
		assert_int_equal(toy_walk(0).unread, 1);
		assert_int_equal(toy_walk(0).step_count, 2);
	}
}

/* A window that ends inside of an entry has only a part of it. */
static void windows_that_end_early(void **state)
{
	(void)state;
	for (size_t i = 0; i < SCHEMES; i++) {
		unsigned width = schemes[i].width;

		reset(i);
		for (unsigned level = 0; level < schemes[i].steps; level++)
			toy_put(level, 0, width, TOY(level + 1) | schemes[i].table);
		for (unsigned size = 0; size <= width; size++) {
			struct tmi_paging_memory memory = toy_memory(TOY_WINDOW);
			struct tmi_paging_page page;

			memory.size = TOY_PAGE * (schemes[i].steps - 1) + size;
			toy_scheme->translate(&toy_tables, &memory, 5, &page);
			assert_int_equal(page.outcome,
					 size < width ? TMI_PAGING_FAULT : TMI_PAGING_PAGE);
			/* What it lacks, the callback has. */
			memory.read = toy_memory(TOY_CALLS).read;
			toy_reads = 0;
			toy_scheme->translate(&toy_tables, &memory, 5, &page);
			assert_int_equal(page.outcome, TMI_PAGING_PAGE);
			assert_int_equal(page.physical, TOY(schemes[i].steps) + 5);
			assert_int_equal(toy_reads, size < width);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(are_found),
		cmocka_unit_test(tables_that_point_at_themselves),
		cmocka_unit_test(tables_out_of_memory),
		cmocka_unit_test(tables_beyond_everything),
		cmocka_unit_test(windows_that_end_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
