/* SPDX-License-Identifier: Apache-2.0 */
/* test_paging_x64.c - tables of x86-64, written bit by bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <tmem/translate.h>

#include "paging_toy.h"

#define KIB4   0x1000ull
#define MIB2   0x200000ull
#define GIB1   0x40000000ull
#define GIB512 (512 * GIB1)

#define PRESENT  1u
#define WRITE    2u
#define USER     4u
#define ACCESSED 0x20u
#define DIRTY    0x40u
#define LARGE    0x80u
#define NONE     0x100u /* not present, but in memory */
#define NX       (1ull << 63)

#define RWXU (TMI_PAGING_WRITE | TMI_PAGING_EXECUTE | TMI_PAGING_USER)

/* Indexes 254, 342, 341 and 171; its mirror in the upper half has index 510. */
#define LOW  0x00007f55aaaab000ull
#define HIGH 0xffffff55aaaab000ull

static void put(unsigned page, unsigned index, uint64_t entry)
{
	toy_put(page, index, 8, entry);
}

/* Pages 0 to 3 are the tables on the way to LOW and HIGH; all of them allow everything. */
static int set_up(void **state)
{
	(void)state;
	toy_reset(TMI_SCHEME_X64);
	put(0, 254, TOY(1) | 7);
	put(0, 510, TOY(1) | 7);
	put(1, 342, TOY(2) | 7);
	put(2, 341, TOY(3) | 7);
	put(3, 171, 0x123456000 | 7);
	return 0;
}

static void small_pages(void **state)
{
	(void)state;
	toy_expect_page(LOW + 0x123, 0x123456123, KIB4, RWXU);
	assert_true(toy_lower_lookups);
	toy_expect_page(HIGH + 0xfff, 0x123456fff, KIB4, RWXU);
	toy_expect_none(LOW + KIB4, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 1, KIB4);
	toy_expect_none(LOW + MIB2, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 2, MIB2);
	toy_expect_none(LOW + GIB1, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 3, GIB1);
	toy_expect_none(LOW - GIB512, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 4, GIB512);
	toy_expect_none(UINT64_MAX, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 4, GIB512);
}

/* Bit 12 of a large page is part of its memory type. */
static void large_pages(void **state)
{
	(void)state;
	put(2, 341, 0x40000000 | 0x1000 | LARGE | PRESENT | WRITE);
	toy_expect_page(LOW + 1, 0x400ab001, MIB2, TMI_PAGING_WRITE | TMI_PAGING_EXECUTE);
	assert_true(toy_lower_lookups);
	toy_lower_lookups = 0;
	put(1, 342, 0xc0000000 | 0x1000 | LARGE | PRESENT | USER | NX);
	toy_expect_page(LOW + 1, 0xeaaab001, GIB1, TMI_PAGING_USER);
	assert_true(toy_lower_lookups);
	/* The highest page there can be; the bits above are the system's and protection keys. */
	put(1, 342, 0x000fffffc0000000 | 0x7ff0000000000000 | LARGE | PRESENT);
	toy_expect_page(LOW, 0x000fffffeaaab000, GIB1, TMI_PAGING_EXECUTE);
}

static void five_levels(void **state)
{
	(void)state;
	toy_tables.levels = 5;
	toy_tables.root = TOY(4);
	put(4, 0x0a5, TOY(0) | 7);
	toy_expect_page(0x00a57f55aaaab007, 0x123456007, KIB4, RWXU);
	toy_expect_none(LOW, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 5, 512 * GIB512);
	put(4, 0x1a5, TOY(0) | 7);
	toy_expect_page(0xffa57f55aaaab007, 0x123456007, KIB4, RWXU);
	assert_int_equal(toy_walk(0xffa57f55aaaab007).step_count, 5);
	put(4, 0x1a5, TOY(0) | LARGE | 7);
	toy_expect_none(0xffa57f55aaaab007, TMI_PAGING_FAULT, TMEM_REASON_BAD_ENTRY, 5,
			512 * GIB512);
}

static void impossible_addresses(void **state)
{
	static const struct {
		unsigned levels;
		uint64_t address;
		bool possible;
	} rows[] = {
		{ 4, 0, true },
		{ 4, 0x00007fffffffffff, true },
		{ 4, 0x0000800000000000, false },
		{ 4, 0xffff7fffffffffff, false },
		{ 4, 0xffff800000000000, true },
		{ 4, UINT64_MAX, true },
		{ 5, 0x00ffffffffffffff, true },
		{ 5, 0x0100000000000000, false },
		{ 5, 0xfeffffffffffffff, false },
		{ 5, 0xff00000000000000, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t address = rows[i].address;
		struct tmi_paging_page page;

		toy_tables.levels = rows[i].levels;
		assert_int_equal(toy_scheme->canonical(&toy_tables, &address), rows[i].possible);
		assert_int_equal(address, rows[i].address);
		page = toy_translate(address);
		assert_int_equal(page.reason == TMEM_REASON_NON_CANONICAL, !rows[i].possible);
		if (rows[i].possible)
			continue;
		assert_int_equal(page.outcome, TMI_PAGING_FAULT);
		assert_int_equal(page.level, 0);
		assert_int_equal(page.first, 1ull << (rows[i].levels == 5 ? 56 : 47));
		assert_int_equal(page.last, ~page.first);
	}
}

/* PCID, "no flush" and the flags of a CR3 are no part of the address. */
static void roots(void **state)
{
	(void)state;
	toy_tables.root = TOY(0) | 0x8000000000000abc;
	toy_expect_page(LOW, 0x123456000, KIB4, RWXU);
	assert_int_equal(toy_walk(LOW).base, TOY(0));
	toy_tables.root = UINT64_MAX;
	toy_tables.kernel_first = 0xffff800000000000;
	toy_tables.kernel_root = TOY(0) | 1;
	toy_expect_none(LOW, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 0, 1ull << 47);
	toy_expect_page(HIGH, 0x123456000, KIB4, RWXU);
	/* A border inside of what an entry is for. */
	toy_tables.kernel_first = HIGH;
	toy_tables.root = TOY(0);
	put(1, 342, 0xc0000000 | LARGE | PRESENT);
	assert_int_equal(toy_translate(HIGH).first, HIGH);
	assert_int_equal(toy_translate(HIGH).physical, 0xeaaab000);
	assert_int_equal(toy_translate(HIGH - 1).last, HIGH - 1);
	put(1, 342, 0);
	assert_int_equal(toy_translate(HIGH).first, HIGH);
	assert_int_equal(toy_translate(HIGH - 1).last, HIGH - 1);
}

/* Every set of the three rights at every level, against what the manual says of them. */
static void protections(void **state)
{
	(void)state;
	for (unsigned rights = 0; rights < 1u << 12; rights++) {
		bool write = true, user = true, execute = true, execute_below = true;
		uint64_t entries[4];

		for (unsigned i = 0; i < 4; i++) {
			unsigned here = rights >> (3 * i) & 7;

			entries[i] = (i < 3 ? TOY(i + 1) : 0x5000) | PRESENT |
				     (here & 1 ? WRITE : 0) | (here & 2 ? USER : 0) |
				     (here & 4 ? NX : 0);
			write = write && here & 1;
			user = user && here & 2;
			execute = execute && !(here & 4);
			execute_below = execute_below && (!i || !(here & 4));
		}
		put(0, 254, entries[0]);
		put(0, 510, entries[0]);
		put(1, 342, entries[1]);
		put(2, 341, entries[2]);
		put(3, 171, entries[3]);
		toy_tables.flags = 0;
		toy_expect_page(LOW, 0x5000, KIB4,
				(write ? TMI_PAGING_WRITE : 0) | (user ? TMI_PAGING_USER : 0) |
					(execute ? TMI_PAGING_EXECUTE : 0));
		/* Isolated, the first table of the user half forbids execution in vain. */
		toy_tables.flags = TMI_TABLES_ISOLATED;
		toy_expect_page(LOW, 0x5000, KIB4,
				(write ? TMI_PAGING_WRITE : 0) | (user ? TMI_PAGING_USER : 0) |
					(execute_below ? TMI_PAGING_EXECUTE : 0));
		toy_expect_page(HIGH, 0x5000, KIB4,
				(write ? TMI_PAGING_WRITE : 0) | (user ? TMI_PAGING_USER : 0) |
					(execute ? TMI_PAGING_EXECUTE : 0));
	}
}

static void remembered_bits(void **state)
{
	(void)state;
	put(3, 171, 0x5000 | PRESENT | ACCESSED | NX);
	toy_expect_page(LOW, 0x5000, KIB4, TMI_PAGING_ACCESSED);
	put(3, 171, 0x5000 | PRESENT | DIRTY | NX);
	toy_expect_page(LOW, 0x5000, KIB4, TMI_PAGING_DIRTY);
	put(3, 171, 0x5000 | PRESENT | 0x100 | NX);
	toy_expect_page(LOW, 0x5000, KIB4, TMI_PAGING_GLOBAL);
	/* Bits 3, 4, 7, 9 to 11 and 52 to 62 are neither. */
	put(3, 171, 0x5000 | PRESENT | 0xe98 | NX | 0x7ff0000000000000);
	toy_expect_page(LOW, 0x5000, KIB4, 0);
}

static void memory_encryption(void **state)
{
	const uint64_t mask = 1ull << 47;

	(void)state;
	toy_tables.encryption_mask = mask;
	toy_tables.root |= mask;
	put(0, 254, TOY(1) | 7 | mask);
	put(1, 342, TOY(2) | 7 | mask);
	put(3, 171, 0x5000 | 7 | mask);
	toy_expect_page(LOW, 0x5000, KIB4, RWXU);
	assert_int_equal(toy_walk(LOW).steps[3].entry, 0x5000 | 7 | mask);
	put(2, 341, 0x40000000 | LARGE | 7 | mask);
	toy_expect_page(LOW, 0x400ab000, MIB2, RWXU);
}

static void reserved_bits(void **state)
{
	static const struct {
		unsigned page, index, level;
		uint64_t entry, size;
	} rows[] = {
		{ 0, 254, 4, TOY(1) | LARGE | 7, GIB512 },
		{ 1, 342, 3, 0x40002000 | LARGE | 7, GIB1 },
		{ 1, 342, 3, 0x60000000 | LARGE | 7, GIB1 },
		{ 2, 341, 2, 0x40002000 | LARGE | 7, MIB2 },
		{ 2, 341, 2, 0x40100000 | LARGE | 7, MIB2 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tmi_paging_walk walk;

		set_up(state);
		put(rows[i].page, rows[i].index, rows[i].entry);
		toy_expect_none(LOW, TMI_PAGING_FAULT, TMEM_REASON_BAD_ENTRY, rows[i].level,
				rows[i].size);
		walk = toy_walk(LOW);
		assert_int_equal(walk.step_count, 5 - rows[i].level);
		assert_int_equal(walk.unread, 0);
		assert_int_equal(walk.steps[4 - rows[i].level].entry, rows[i].entry);
		assert_int_equal(walk.steps[4 - rows[i].level].level, rows[i].level);
	}
}

/* Pages without access keep their frame, inverted or not. */
static void pages_without_access(void **state)
{
	const uint64_t frames = 0x000ffffffffff000;
	const uint32_t none = TMI_PAGING_NO_ACCESS | TMI_PAGING_USER;

	(void)state;
	put(3, 171, 0x5000 | NONE | ACCESSED | DIRTY | NX);
	toy_expect_page(LOW + 5, 0x5005, KIB4, none | TMI_PAGING_ACCESSED | TMI_PAGING_DIRTY);
	put(2, 341, 0x40000000 | NONE | LARGE);
	toy_expect_page(LOW, 0x400ab000, MIB2, none);
	put(1, 342, 0xc0000000 | NONE | LARGE);
	toy_expect_page(LOW, 0xeaaab000, GIB1, none);

	set_up(state);
	toy_tables.flags = TMI_TABLES_INVERTED_NONE;
	put(3, 171, (~0x5000ull & frames) | NONE | NX);
	toy_expect_page(LOW + 5, 0x5005, KIB4, none);
	toy_tables.encryption_mask = 1ull << 47;
	toy_expect_page(LOW + 5, 0x5005, KIB4, none);
	put(2, 341, (~0x40000000ull & frames & ~(MIB2 - 1)) | NONE | LARGE);
	toy_expect_page(LOW, 0x400ab000, MIB2, none);
	put(2, 341, (~0x40000000ull & frames & ~(MIB2 - 1)) | NONE | LARGE | 0x2000);
	toy_expect_none(LOW, TMI_PAGING_FAULT, TMEM_REASON_BAD_ENTRY, 2, MIB2);
	/* What is no page of this level cannot be one without access. */
	put(2, 341, TOY(3) | NONE);
	toy_expect_none(LOW, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 2, MIB2);
	put(0, 254, TOY(1) | NONE | LARGE);
	toy_expect_none(LOW, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 4, GIB512);
}

/* Entries as Linux makes them, and what they mean in the user half. */
static void swapped_pages(void **state)
{
	static const struct {
		uint32_t flags;
		uint64_t entry;
		unsigned reason;
	} rows[] = {
		/* Since 4.18: type in 59..63, inverted offset in 9..58. */
		{ TMI_TABLES_INVERTED_NONE, 0x07fffffffffc0000, TMEM_REASON_PAGED_OUT },
		{ TMI_TABLES_INVERTED_NONE, 0x0ffffffffffc0000 | 2, TMEM_REASON_PAGED_OUT },
		{ TMI_TABLES_INVERTED_NONE, 22ull << 59 | 0x07ffffff00000000,
		  TMEM_REASON_PAGED_OUT },
		{ TMI_TABLES_INVERTED_NONE, 24ull << 59 | 0x07ffffff00000000,
		  TMEM_REASON_IN_TRANSITION },
		{ TMI_TABLES_INVERTED_NONE, 30ull << 59 | 0x07ffffff00000000,
		  TMEM_REASON_IN_TRANSITION },
		{ TMI_TABLES_INVERTED_NONE, 31ull << 59 | 0x07ffffff00000000,
		  TMEM_REASON_IN_TRANSITION },
		{ TMI_TABLES_INVERTED_NONE, 31ull << 59 | 0x07fffffffffffc00,
		  TMEM_REASON_NOT_MAPPED }, /* offset 1: a marker */
		/* Before: type in 9..13, offset from 14. */
		{ 0, 0x4000, TMEM_REASON_PAGED_OUT },
		{ 0, 0x4000 | 22 << 9, TMEM_REASON_PAGED_OUT },
		{ 0, 0x123456784000 | 3 << 9, TMEM_REASON_PAGED_OUT },
		{ 0, 0x123456784000 | 30 << 9, TMEM_REASON_IN_TRANSITION },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned reason = rows[i].reason;

		set_up(state);
		toy_tables.flags = rows[i].flags;
		put(3, 171, rows[i].entry);
		toy_expect_none(LOW, TMI_PAGING_ABSENT, reason, 1, KIB4);
		assert_int_equal(toy_walk(LOW).steps[3].flags,
				 reason == TMEM_REASON_PAGED_OUT ? TMEM_ENTRY_PAGED_OUT : 0);
		/* The kernel does not swap its own pages. */
		toy_expect_none(HIGH, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 1, KIB4);
		put(2, 341, rows[i].entry);
		toy_expect_none(LOW, TMI_PAGING_ABSENT, reason, 2, MIB2);
	}
	put(2, 341, 0x40000000 | LARGE | WRITE);
	toy_expect_none(LOW, TMI_PAGING_ABSENT, TMEM_REASON_IN_TRANSITION, 2, MIB2);
	put(0, 254, 0x4000);
	toy_expect_none(LOW, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 4, GIB512);
}

static void steps_of_a_walk(void **state)
{
	struct tmi_paging_walk walk;
	const uint32_t all =
		TMEM_ENTRY_PRESENT | TMEM_ENTRY_WRITE | TMEM_ENTRY_USER | TMEM_ENTRY_EXECUTE;

	(void)state;
	put(0, 254, TOY(1) | 7 | 0x168);
	put(1, 342, TOY(2) | PRESENT | NX);
	put(2, 341, TOY(3) | 7 | 0x210);
	put(3, 171, 0x5000 | 7 | 0x3f8 | NX);
	walk = toy_walk(LOW + 9);
	assert_int_equal(walk.base, TOY(0));
	assert_int_equal(walk.step_count, 4);
	assert_int_equal(walk.steps[0].address, TOY(0) + 254 * 8);
	assert_int_equal(walk.steps[0].entry, TOY(1) | 7 | 0x168);
	assert_int_equal(walk.steps[0].level, 4);
	assert_int_equal(walk.steps[0].flags, all | TMEM_ENTRY_ACCESSED | TMEM_ENTRY_WRITE_THROUGH);
	assert_int_equal(walk.steps[1].address, TOY(1) + 342 * 8);
	assert_int_equal(walk.steps[1].flags, TMEM_ENTRY_PRESENT);
	assert_int_equal(walk.steps[2].flags, all | TMEM_ENTRY_NO_CACHE | TMEM_ENTRY_SOFTWARE);
	assert_int_equal(walk.steps[3].address, TOY(3) + 171 * 8);
	assert_int_equal(walk.steps[3].flags,
			 (all & ~(uint32_t)TMEM_ENTRY_EXECUTE) | TMEM_ENTRY_ACCESSED |
				 TMEM_ENTRY_DIRTY | TMEM_ENTRY_GLOBAL | TMEM_ENTRY_NO_CACHE |
				 TMEM_ENTRY_WRITE_THROUGH | TMEM_ENTRY_SOFTWARE);
	put(2, 341, 0x40000000 | LARGE | DIRTY | PRESENT);
	walk = toy_walk(LOW);
	assert_int_equal(walk.step_count, 3);
	assert_int_equal(walk.steps[2].flags, TMEM_ENTRY_PRESENT | TMEM_ENTRY_EXECUTE |
						      TMEM_ENTRY_LARGE | TMEM_ENTRY_DIRTY);
	put(2, 341, 0x40000000 | LARGE | NONE | DIRTY | ACCESSED);
	assert_int_equal(toy_walk(LOW).steps[2].flags, TMEM_ENTRY_NO_ACCESS | TMEM_ENTRY_LARGE |
							       TMEM_ENTRY_DIRTY |
							       TMEM_ENTRY_ACCESSED);
	put(2, 341, 0);
	assert_int_equal(toy_walk(LOW).steps[2].flags, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(small_pages),     TEST(large_pages),
		TEST(five_levels),     TEST(impossible_addresses),
		TEST(roots),           TEST(protections),
		TEST(remembered_bits), TEST(memory_encryption),
		TEST(reserved_bits),   TEST(pages_without_access),
		TEST(swapped_pages),   TEST(steps_of_a_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
