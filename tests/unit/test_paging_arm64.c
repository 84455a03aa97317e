/* SPDX-License-Identifier: Apache-2.0 */
/* test_paging_arm64.c - AArch64 tables with a granule of 4 KiB, written bit by bit. */
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

#define BIT(n) (1ull << (n))

#define VALID 1u
#define TABLE 3u
#define PAGE  3u
#define AF    BIT(10)
#define NG    BIT(11)

#define RWXU (TMI_PAGING_WRITE | TMI_PAGING_EXECUTE | TMI_PAGING_USER)

/* Indexes 254, 342, 341, 171 of the tables from L0 down; the mirror has 510 in L0. */
#define LOW  0x00007f55aaaab000ull
#define HIGH 0xffffff55aaaab000ull
/* What is left of them with 39 bits. */
#define LOW_39  0x00000055aaaab000ull
#define HIGH_39 0xffffffd5aaaab000ull

static void put(unsigned page, unsigned index, uint64_t entry)
{
	toy_put(page, index, 8, entry);
}

/* A page that user mode may write and execute, with nothing to remember. */
static int set_up(void **state)
{
	(void)state;
	toy_reset(TMI_SCHEME_ARM64);
	toy_tables.levels = 0;
	toy_tables.virtual_bits = 48;
	put(0, 254, TOY(1) | TABLE);
	put(0, 510, TOY(1) | TABLE);
	put(1, 342, TOY(2) | TABLE);
	put(2, 341, TOY(3) | TABLE);
	put(3, 171, 0x123456000 | PAGE | BIT(6) | NG);
	return 0;
}

static void pages(void **state)
{
	(void)state;
	toy_expect_page(LOW + 0x123, 0x123456123, KIB4, RWXU);
	assert_true(toy_lower_lookups);
	toy_expect_page(HIGH + 0x123, 0x123456123, KIB4, RWXU);
	toy_expect_none(LOW + KIB4, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 1, KIB4);
	toy_expect_none(LOW + MIB2, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 2, MIB2);
	toy_expect_none(LOW + GIB1, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 3, GIB1);
	toy_expect_none(LOW + GIB512, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 4, GIB512);
	/* Every lower address is one with 48 bits: index 511 of the lower half. */
	toy_expect_none(0x0000ffffffffffff, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 4, GIB512);
}

/* Bit 16 (nT) says nothing of the address. */
static void blocks(void **state)
{
	(void)state;
	put(2, 341, 0x40000000 | BIT(16) | VALID | BIT(6) | NG);
	toy_expect_page(LOW + 1, 0x400ab001, MIB2, RWXU);
	assert_true(toy_lower_lookups);
	toy_lower_lookups = 0;
	put(1, 342, 0x0000ffffc0000000 | BIT(16) | VALID | BIT(6) | NG);
	toy_expect_page(LOW + 1, 0x0000ffffeaaab001, GIB1, RWXU);
	assert_true(toy_lower_lookups);
}

static void thirty_nine_bits(void **state)
{
	(void)state;
	toy_tables.virtual_bits = 39;
	toy_tables.root = UINT64_MAX;
	toy_tables.kernel_first = 0xffffff8000000000;
	toy_tables.kernel_root = TOY(1);
	put(1, 342 + 0, TOY(2) | TABLE);
	toy_expect_page(HIGH_39 + 7, 0x123456007, KIB4, RWXU);
	assert_int_equal(toy_walk(HIGH_39).step_count, 3);
	assert_int_equal(toy_walk(HIGH_39).steps[0].level, 3);
	toy_expect_none(LOW_39, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 0, BIT(39));
	toy_tables.root = TOY(1);
	toy_expect_page(LOW_39 + 7, 0x123456007, KIB4, RWXU);
	put(1, 342, 0xc0000000 | VALID | BIT(6) | NG);
	toy_expect_page(LOW_39, 0xeaaab000, GIB1, RWXU);
}

/* Identifiers of address spaces and CnP are no part of the address. */
static void roots(void **state)
{
	(void)state;
	toy_tables.root = 0x4807000000000001 | TOY(0);
	toy_tables.kernel_first = 0xffff000000000000;
	toy_tables.kernel_root = 0x0046000000000001 | TOY(4);
	put(4, 510, TOY(5) | TABLE);
	put(5, 342, 0x80000000 | VALID | BIT(6) | NG);
	toy_expect_page(LOW, 0x123456000, KIB4, RWXU);
	toy_expect_page(HIGH, 0xaaaab000, GIB1, RWXU);
	assert_int_equal(toy_walk(LOW).base, TOY(0));
	assert_int_equal(toy_walk(HIGH).base, TOY(4));
}

/* Bit 55 decides; tags and signatures above the address vanish. */
static void tags_and_signatures(void **state)
{
	static const struct {
		uint32_t bits;
		uint64_t address, canonical;
	} rows[] = {
		{ 48, LOW, LOW },
		{ 48, HIGH, HIGH },
		{ 48, LOW | 0xab00000000000000, LOW },
		{ 48, LOW | 0xff7f000000000000, LOW },
		{ 48, (HIGH & 0x0000ffffffffffff) | 0x0080000000000000, HIGH },
		{ 48, (HIGH & 0x0000ffffffffffff) | 0x5ad3000000000000, HIGH },
		{ 39, 0x1234567890abcdef, 0x0000000090abcdefull | 0x7800000000 },
		{ 39, 0x12c4567890abcdef, 0xfffffff890abcdef },
		{ 39, UINT64_MAX, UINT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t address = rows[i].address;

		toy_tables.virtual_bits = rows[i].bits;
		assert_true(toy_scheme->canonical(&toy_tables, &address));
		assert_int_equal(address, rows[i].canonical);
	}
	/* The walk itself takes an address without them only. */
	toy_tables.virtual_bits = 48;
	assert_int_equal(toy_translate(LOW | BIT(56)).reason, TMEM_REASON_NON_CANONICAL);
	assert_int_equal(toy_translate(LOW | BIT(56)).first, BIT(48));
	assert_int_equal(toy_translate(LOW | BIT(56)).last, ~BIT(48));
}

/* The rights of a page as the manual's tables give them; none of the tables above restricts. */
static void rights_of_a_page(void **state)
{
	static const struct {
		unsigned user, read_only, no_user_exec, no_kernel_exec;
		uint32_t protect;
	} rows[] = {
		{ 0, 0, 0, 0, TMI_PAGING_WRITE | TMI_PAGING_EXECUTE },
		{ 0, 0, 0, 1, TMI_PAGING_WRITE | TMI_PAGING_EXECUTE | TMI_PAGING_USER },
		{ 0, 0, 1, 0, TMI_PAGING_WRITE | TMI_PAGING_EXECUTE },
		{ 0, 0, 1, 1, TMI_PAGING_WRITE },
		{ 0, 1, 0, 0, TMI_PAGING_EXECUTE },
		{ 0, 1, 0, 1, TMI_PAGING_EXECUTE | TMI_PAGING_USER }, /* execution only */
		{ 0, 1, 1, 0, TMI_PAGING_EXECUTE },
		{ 0, 1, 1, 1, 0 },
		{ 1, 0, 0, 0, RWXU },
		{ 1, 0, 0, 1, RWXU },
		{ 1, 0, 1, 0, TMI_PAGING_WRITE | TMI_PAGING_USER },
		{ 1, 0, 1, 1, TMI_PAGING_WRITE | TMI_PAGING_USER },
		{ 1, 1, 0, 0, TMI_PAGING_EXECUTE | TMI_PAGING_USER },
		{ 1, 1, 0, 1, TMI_PAGING_EXECUTE | TMI_PAGING_USER },
		{ 1, 1, 1, 0, TMI_PAGING_USER },
		{ 1, 1, 1, 1, TMI_PAGING_USER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t entry = 0x5000 | PAGE | NG | (uint64_t)rows[i].user << 6 |
				 (uint64_t)rows[i].read_only << 7 |
				 (uint64_t)rows[i].no_user_exec << 54 |
				 (uint64_t)rows[i].no_kernel_exec << 53;

		put(3, 171, entry);
		toy_expect_page(LOW, 0x5000, KIB4, rows[i].protect);
		/* May become dirty: read-only then only means clean. */
		put(3, 171, entry | BIT(51));
		toy_expect_page(LOW, 0x5000, KIB4,
				rows[i].protect | TMI_PAGING_WRITE |
					(rows[i].read_only ? 0 : TMI_PAGING_DIRTY));
	}
}

/* What a table takes away, at every level, is gone; what it leaves the page decides. */
static void rights_of_tables(void **state)
{
	const struct {
		uint64_t bits, entry;
		uint32_t protect;
	} rows[] = {
		{ BIT(62), BIT(6), TMI_PAGING_EXECUTE | TMI_PAGING_USER },
		{ BIT(62), BIT(6) | BIT(51),
		  TMI_PAGING_EXECUTE | TMI_PAGING_USER | TMI_PAGING_DIRTY },
		{ BIT(61), BIT(6) | BIT(54), TMI_PAGING_WRITE | TMI_PAGING_EXECUTE },
		{ BIT(60), BIT(6), TMI_PAGING_WRITE | TMI_PAGING_USER },
		{ BIT(60), BIT(7), TMI_PAGING_EXECUTE },
		{ BIT(59), BIT(6), RWXU },
		{ BIT(59), BIT(54), TMI_PAGING_WRITE },
		{ BIT(59) | BIT(60), 0, TMI_PAGING_WRITE },
		{ BIT(59) | BIT(60) | BIT(61) | BIT(62), BIT(6), 0 },
		{ BIT(63) | 0x0dfc, BIT(6), RWXU }, /* ignored bits */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (unsigned level = 0; level < 3; level++) {
			set_up(state);
			put(level, level ? (level == 1 ? 342 : 341) : 254,
			    TOY(level + 1) | TABLE | rows[i].bits);
			put(3, 171, 0x5000 | PAGE | NG | rows[i].entry);
			toy_expect_page(LOW, 0x5000, KIB4, rows[i].protect);
		}
}

static void remembered_bits(void **state)
{
	const uint64_t none = 0x5000 | PAGE | BIT(7) | BIT(53) | BIT(54);

	(void)state;
	put(3, 171, none);
	toy_expect_page(LOW, 0x5000, KIB4, TMI_PAGING_GLOBAL);
	put(3, 171, none | NG | AF);
	toy_expect_page(LOW, 0x5000, KIB4, TMI_PAGING_ACCESSED);
	put(3, 171, none | NG | BIT(55));
	toy_expect_page(LOW, 0x5000, KIB4, TMI_PAGING_DIRTY);
	put(3, 171, none | NG | BIT(50) | BIT(52) | BIT(56) | BIT(57) | BIT(63) | 0x33c);
	toy_expect_page(LOW, 0x5000, KIB4, 0);
}

/* Each of sixteen has an address of its own, whatever they belong to. */
static void contiguous_pages(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 16; i++)
		put(3, 160 + i, (0x40000 + i * KIB4) | PAGE | BIT(6) | NG | BIT(52));
	for (unsigned i = 0; i < 16; i++) {
		uint64_t address = LOW - 11 * KIB4 + i * KIB4;

		toy_expect_page(address, 0x40000 + i * KIB4, KIB4, RWXU);
		assert_true(toy_walk(address).steps[3].flags & TMEM_ENTRY_CONTIGUOUS);
	}
}

static void malformed_entries(void **state)
{
	static const struct {
		unsigned page, index, level;
		uint64_t entry, size;
	} rows[] = {
		{ 0, 254, 4, 0x40000000 | VALID, GIB512 },
		{ 0, 254, 4, TOY(1) | TABLE | BIT(48), GIB512 },
		{ 1, 342, 3, 0x60000000 | VALID, GIB1 },
		{ 1, 342, 3, 0x40001000 | VALID, GIB1 },
		{ 1, 342, 3, 0x40000000 | VALID | BIT(49), GIB1 },
		{ 2, 341, 2, 0x40100000 | VALID, MIB2 },
		{ 2, 341, 2, 0x40020000 | VALID, MIB2 },
		{ 2, 341, 2, TOY(3) | TABLE | BIT(49), MIB2 },
		{ 3, 171, 1, 0x5000 | VALID, KIB4 },
		{ 3, 171, 1, 0x5000 | PAGE | BIT(48), KIB4 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set_up(state);
		put(rows[i].page, rows[i].index, rows[i].entry);
		toy_expect_none(LOW, TMI_PAGING_FAULT, TMEM_REASON_BAD_ENTRY, rows[i].level,
				rows[i].size);
		assert_int_equal(toy_walk(LOW).steps[4 - rows[i].level].entry, rows[i].entry);
	}
}

static void pages_without_access(void **state)
{
	const uint32_t none = TMI_PAGING_NO_ACCESS | TMI_PAGING_USER;
	/* As Linux makes them: everything but validity, read-only, never executed. */
	const uint64_t rest = BIT(7) | AF | NG | 0x300 | BIT(53) | BIT(54);

	(void)state;
	put(3, 171, 0x5000 | (PAGE & ~VALID) | rest | BIT(58));
	toy_expect_page(LOW + 5, 0x5005, KIB4, none | TMI_PAGING_ACCESSED);
	toy_expect_page(HIGH, 0x5000, KIB4, TMI_PAGING_NO_ACCESS | TMI_PAGING_ACCESSED);
	put(2, 341, 0x40000000 | rest | BIT(58) | BIT(55));
	toy_expect_page(LOW, 0x400ab000, MIB2, none | TMI_PAGING_ACCESSED | TMI_PAGING_DIRTY);
	put(2, 341, 0x40001000 | rest | BIT(58));
	toy_expect_none(LOW, TMI_PAGING_FAULT, TMEM_REASON_BAD_ENTRY, 2, MIB2);

	/* Since 6.10. */
	set_up(state);
	put(3, 171, 0x5000 | (PAGE & ~VALID) | rest);
	toy_expect_page(LOW + 5, 0x5005, KIB4, none | TMI_PAGING_ACCESSED);
	put(1, 342, 0x40000000 | rest);
	toy_expect_page(LOW, 0x6aaab000, GIB1, none | TMI_PAGING_ACCESSED);
	/* A kernel known to be older does not mark them like that, nor a newer one by bit 58. */
	toy_tables.swap_type_bit = 3;
	toy_expect_none(LOW, TMI_PAGING_ABSENT, TMEM_REASON_IN_TRANSITION, 3, GIB1);
	toy_tables.swap_type_bit = 6;
	put(1, 342, BIT(58));
	toy_expect_none(LOW, TMI_PAGING_ABSENT, TMEM_REASON_IN_TRANSITION, 3, GIB1);
}

static void swapped_pages(void **state)
{
	static const struct {
		uint32_t type_bit;
		uint64_t entry;
		unsigned reason;
	} rows[] = {
		{ 0, 0x12345600, TMEM_REASON_PAGED_OUT },
		{ 0, 31 << 3, TMEM_REASON_PAGED_OUT },
		{ 3, 0x12345600 | 2 << 3, TMEM_REASON_PAGED_OUT },
		{ 3, 0x12345600 | 22 << 3, TMEM_REASON_PAGED_OUT },
		{ 3, 0x12345600 | 25 << 3, TMEM_REASON_IN_TRANSITION },
		{ 3, 0x12345600 | 31 << 3, TMEM_REASON_IN_TRANSITION },
		{ 3, 0x00000100 | 31 << 3, TMEM_REASON_NOT_MAPPED },
		{ 2, 0x12345600 | 1 << 2, TMEM_REASON_PAGED_OUT },
		{ 2, 0x12345600 | 30 << 2, TMEM_REASON_IN_TRANSITION },
		{ 6, 0x12345000 | 4 << 6, TMEM_REASON_PAGED_OUT },
		{ 6, 0x12345000 | 28 << 6, TMEM_REASON_IN_TRANSITION },
		{ 6, 0x00001000 | 31 << 6, TMEM_REASON_NOT_MAPPED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned reason = rows[i].reason;

		set_up(state);
		toy_tables.swap_type_bit = rows[i].type_bit;
		put(3, 171, rows[i].entry);
		toy_expect_none(LOW, TMI_PAGING_ABSENT, reason, 1, KIB4);
		assert_int_equal(toy_walk(LOW).steps[3].flags,
				 reason == TMEM_REASON_PAGED_OUT ? TMEM_ENTRY_PAGED_OUT : 0);
		toy_expect_none(HIGH, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 1, KIB4);
	}
	put(2, 341, 0x1000);
	toy_expect_none(LOW, TMI_PAGING_ABSENT, TMEM_REASON_IN_TRANSITION, 2, MIB2);
	put(0, 254, 0x1000);
	toy_expect_none(LOW, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 4, GIB512);
}

static void steps_of_a_walk(void **state)
{
	const uint32_t all =
		TMEM_ENTRY_PRESENT | TMEM_ENTRY_WRITE | TMEM_ENTRY_USER | TMEM_ENTRY_EXECUTE;
	struct tmi_paging_walk walk;

	(void)state;
	put(0, 254, TOY(1) | TABLE | BIT(62));
	put(1, 342, TOY(2) | TABLE | BIT(61) | BIT(60));
	put(2, 341, TOY(3) | TABLE | BIT(60) | BIT(59));
	put(3, 171, 0x5000 | PAGE | AF | BIT(55) | 3 << 2);
	toy_tables.memory_types = 0x00bb44ff04ff00ffull;
	walk = toy_walk(LOW);
	assert_int_equal(walk.step_count, 4);
	assert_int_equal(walk.steps[0].address, TOY(0) + 254 * 8);
	assert_int_equal(walk.steps[0].flags, all & ~(uint32_t)TMEM_ENTRY_WRITE);
	assert_int_equal(walk.steps[1].flags, all & ~(uint32_t)TMEM_ENTRY_USER);
	assert_int_equal(walk.steps[2].flags, all & ~(uint32_t)TMEM_ENTRY_EXECUTE);
	assert_int_equal(walk.steps[3].flags, TMEM_ENTRY_PRESENT | TMEM_ENTRY_WRITE |
						      TMEM_ENTRY_EXECUTE | TMEM_ENTRY_ACCESSED |
						      TMEM_ENTRY_DIRTY | TMEM_ENTRY_GLOBAL |
						      TMEM_ENTRY_NO_CACHE);
	put(3, 171, 0x5000 | PAGE | NG | 5 << 2);
	assert_true(toy_walk(LOW).steps[3].flags & TMEM_ENTRY_NO_CACHE);
	put(3, 171, 0x5000 | PAGE | NG | 6 << 2);
	assert_true(toy_walk(LOW).steps[3].flags & TMEM_ENTRY_WRITE_THROUGH);
	put(3, 171, 0x5000 | PAGE | NG | 4 << 2);
	assert_false(toy_walk(LOW).steps[3].flags &
		     (TMEM_ENTRY_NO_CACHE | TMEM_ENTRY_WRITE_THROUGH));
	toy_tables.memory_types = 0;
	put(2, 341, 0x40000000 | VALID | BIT(7) | NG | BIT(53) | BIT(54));
	walk = toy_walk(LOW);
	assert_int_equal(walk.step_count, 3);
	assert_int_equal(walk.steps[2].flags, TMEM_ENTRY_PRESENT | TMEM_ENTRY_LARGE);
	put(2, 341, 0x40000000 | AF | BIT(58));
	assert_int_equal(toy_walk(LOW).steps[2].flags,
			 TMEM_ENTRY_NO_ACCESS | TMEM_ENTRY_ACCESSED | TMEM_ENTRY_LARGE);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pages),
		TEST(blocks),
		TEST(thirty_nine_bits),
		TEST(roots),
		TEST(tags_and_signatures),
		TEST(rights_of_a_page),
		TEST(rights_of_tables),
		TEST(remembered_bits),
		TEST(contiguous_pages),
		TEST(malformed_entries),
		TEST(pages_without_access),
		TEST(swapped_pages),
		TEST(steps_of_a_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
