/* SPDX-License-Identifier: Apache-2.0 */
/* test_paging_x86.c - two-level and PAE tables of 32-bit machines, written bit by bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <tmem/translate.h>

#include "paging_toy.h"

#define KIB4 0x1000ull
#define MIB2 0x200000ull
#define MIB4 0x400000ull
#define GIB1 0x40000000ull

#define PRESENT  1u
#define WRITE    2u
#define USER     4u
#define ACCESSED 0x20u
#define DIRTY    0x40u
#define LARGE    0x80u
#define NONE     0x100u
#define NX       (1ull << 63)

#define RWXU (TMI_PAGING_WRITE | TMI_PAGING_EXECUTE | TMI_PAGING_USER)

/* Two levels: indexes 771 and 325. PAE: 3, 6 and 325. */
#define AT 0xc0d45000ull

/* Page 0 and 1 are the tables on the way to AT. */
static int set_up_x86(void **state)
{
	(void)state;
	toy_reset(TMI_SCHEME_X86);
	toy_put(0, 771, 4, TOY(1) | 7);
	toy_put(1, 325, 4, 0x87654000 | 7);
	return 0;
}

static void x86_pages(void **state)
{
	(void)state;
	toy_expect_page(AT + 0xabc, 0x87654abc, KIB4, RWXU);
	toy_expect_none(AT + KIB4, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 1, KIB4);
	toy_expect_none(AT + MIB4, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 2, MIB4);
	toy_expect_none(0xffffffff, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 2, MIB4);
	/* The flags of a CR3 are no part of the root. */
	toy_tables.root |= 0x18;
	toy_expect_page(AT, 0x87654000, KIB4, RWXU);
	toy_tables.root = UINT64_MAX;
	toy_expect_none(AT, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 0, 1ull << 32);
}

/* 4 MiB pages: bits 13 to 20 are 32 to 39 of the address, 12 a memory type, 21 reserved. */
static void x86_large_pages(void **state)
{
	(void)state;
	toy_put(0, 771, 4, 0xc0000000 | LARGE | PRESENT);
	toy_expect_page(AT + 1, 0xc0145001, MIB4, TMI_PAGING_EXECUTE);
	toy_put(0, 771, 4, 0xc0000000 | 0x1000 | LARGE | PRESENT | USER);
	toy_expect_page(AT + 1, 0xc0145001, MIB4, TMI_PAGING_EXECUTE | TMI_PAGING_USER);
	toy_put(0, 771, 4, 0xffc00000 | 0x2000 | LARGE | PRESENT);
	toy_expect_page(AT, 0x1ffd45000, MIB4, TMI_PAGING_EXECUTE);
	toy_put(0, 771, 4, 0x00400000 | 0x1fe000 | LARGE | PRESENT);
	toy_expect_page(AT, 0xff00545000, MIB4, TMI_PAGING_EXECUTE);
	toy_put(0, 771, 4, 0x00600000 | LARGE | PRESENT);
	toy_expect_none(AT, TMI_PAGING_FAULT, TMEM_REASON_BAD_ENTRY, 2, MIB4);
}

static void protections(unsigned width, unsigned top_page, unsigned top, unsigned low_page,
			unsigned low)
{
	for (unsigned rights = 0; rights < 1u << 6; rights++) {
		bool write = rights & 1 && rights & 8, user = rights & 2 && rights & 16;
		bool execute = width == 4 || !(rights & 0x24);
		uint64_t nx = width == 4 ? 0 : NX;

		toy_put(top_page, top, width,
			TOY(low_page) | PRESENT | (rights & 1 ? WRITE : 0) |
				(rights & 2 ? USER : 0) | (rights & 4 ? nx : 0));
		toy_put(low_page, low, width,
			0x5000 | PRESENT | (rights & 8 ? WRITE : 0) | (rights & 16 ? USER : 0) |
				(rights & 32 ? nx : 0));
		toy_expect_page(AT, 0x5000, KIB4,
				(write ? TMI_PAGING_WRITE : 0) | (user ? TMI_PAGING_USER : 0) |
					(execute ? TMI_PAGING_EXECUTE : 0));
	}
}

static void x86_protections(void **state)
{
	(void)state;
	protections(4, 0, 771, 1, 325);
	toy_put(1, 325, 4, 0x5000 | PRESENT | ACCESSED | DIRTY | 0x100);
	toy_expect_page(AT, 0x5000, KIB4,
			TMI_PAGING_EXECUTE | TMI_PAGING_ACCESSED | TMI_PAGING_DIRTY |
				TMI_PAGING_GLOBAL);
}

/* No frame is ever inverted here; types are in bits 1 to 5. */
static void x86_not_present(void **state)
{
	(void)state;
	toy_tables.flags = TMI_TABLES_INVERTED_NONE;
	toy_put(1, 325, 4, 0x5000 | NONE | DIRTY);
	toy_expect_page(AT + 1, 0x5001, KIB4,
			TMI_PAGING_NO_ACCESS | TMI_PAGING_USER | TMI_PAGING_DIRTY);
	toy_put(1, 325, 4, 0x12345600);
	toy_expect_none(AT, TMI_PAGING_ABSENT, TMEM_REASON_PAGED_OUT, 1, KIB4);
	toy_put(1, 325, 4, 0x12345600 | 22 << 1);
	toy_expect_none(AT, TMI_PAGING_ABSENT, TMEM_REASON_PAGED_OUT, 1, KIB4);
	toy_put(1, 325, 4, 0x12345600 | 29 << 1);
	toy_expect_none(AT, TMI_PAGING_ABSENT, TMEM_REASON_IN_TRANSITION, 1, KIB4);
	toy_put(1, 325, 4, 0x00001e00 | 31 << 1);
	toy_expect_none(AT, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 1, KIB4);
	toy_put(0, 771, 4, 0x00400000 | 0x2000 | NONE | LARGE);
	toy_expect_page(AT, 0x100545000, MIB4, TMI_PAGING_NO_ACCESS | TMI_PAGING_USER);
	toy_put(0, 771, 4, 0x00600000 | NONE | LARGE);
	toy_expect_none(AT, TMI_PAGING_FAULT, TMEM_REASON_BAD_ENTRY, 2, MIB4);
	/* Where the kernel's half is known, nothing of it is swapped. */
	toy_tables.kernel_first = 0xc0000000;
	toy_tables.kernel_root = toy_tables.root;
	toy_put(0, 771, 4, TOY(1) | 7);
	toy_put(1, 325, 4, 0x12345600);
	toy_expect_none(AT, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 1, KIB4);
	toy_put(1, 325, 4, 0x5000 | NONE);
	toy_expect_page(AT, 0x5000, KIB4, TMI_PAGING_NO_ACCESS);
}

static void addresses(const char *name)
{
	uint64_t address = 0xffffffff;
	struct tmi_paging_page page;

	assert_string_equal(toy_scheme->name, name);
	assert_true(toy_scheme->canonical(&toy_tables, &address));
	address++;
	assert_false(toy_scheme->canonical(&toy_tables, &address));
	page = toy_translate(0xffffffffc0d45000);
	assert_int_equal(page.outcome, TMI_PAGING_FAULT);
	assert_int_equal(page.reason, TMEM_REASON_NON_CANONICAL);
	assert_int_equal(page.first, 1ull << 32);
	assert_int_equal(page.last, UINT64_MAX);
}

static void x86_addresses(void **state)
{
	(void)state;
	addresses("x86");
}

static void x86_steps(void **state)
{
	struct tmi_paging_walk walk = toy_walk(AT);

	(void)state;
	assert_int_equal(walk.step_count, 2);
	assert_int_equal(walk.steps[0].address, TOY(0) + 771 * 4);
	assert_int_equal(walk.steps[0].entry, TOY(1) | 7);
	assert_int_equal(walk.steps[1].address, TOY(1) + 325 * 4);
	assert_int_equal(walk.steps[1].entry, 0x87654007);
	assert_int_equal(walk.steps[1].flags, TMEM_ENTRY_PRESENT | TMEM_ENTRY_WRITE |
						      TMEM_ENTRY_USER | TMEM_ENTRY_EXECUTE);
}

/* The root is four entries somewhere in a page. */
static int set_up_pae(void **state)
{
	(void)state;
	toy_reset(TMI_SCHEME_X86_PAE);
	toy_tables.root = TOY(0) + 0x360;
	toy_put(0, 0x360 / 8 + 3, 8, TOY(1) | PRESENT);
	toy_put(1, 6, 8, TOY(2) | 7);
	toy_put(2, 325, 8, 0x000fffff87654000 | 7);
	return 0;
}

static void pae_pages(void **state)
{
	(void)state;
	toy_expect_page(AT + 0xabc, 0x000fffff87654abc, KIB4, RWXU);
	toy_expect_none(AT + KIB4, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 1, KIB4);
	toy_expect_none(AT + MIB2, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 2, MIB2);
	toy_expect_none(AT - GIB1, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 3, GIB1);
	toy_put(1, 6, 8, 0x140000000 | 0x1000 | LARGE | PRESENT | NX);
	toy_expect_page(AT + 1, 0x140145001, MIB2, 0);
	toy_tables.root |= 0x1f;
	toy_expect_page(AT + 1, 0x140145001, MIB2, 0);
	assert_int_equal(toy_walk(AT).base, TOY(0) + 0x360);
}

static void pae_protections(void **state)
{
	(void)state;
	protections(8, 1, 6, 2, 325);
}

static void pae_reserved_bits(void **state)
{
	static const unsigned root_bits[] = { 1, 2, 6, 7, 8, 52, 62, 63 };
	static const unsigned bits[] = { 52, 53, 61, 62 };

	(void)state;
	for (size_t i = 0; i < sizeof(root_bits) / sizeof(root_bits[0]); i++) {
		toy_put(0, 0x360 / 8 + 3, 8, TOY(1) | PRESENT | 1ull << root_bits[i]);
		toy_expect_none(AT, TMI_PAGING_FAULT, TMEM_REASON_BAD_ENTRY, 3, GIB1);
	}
	/* Cache bits, what is left to the system, and the bit that emulators set. */
	toy_put(0, 0x360 / 8 + 3, 8, TOY(1) | PRESENT | 0xe38);
	toy_expect_page(AT, 0x000fffff87654000, KIB4, RWXU);
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		toy_put(1, 6, 8, TOY(2) | 7);
		toy_put(2, 325, 8, 0x5000 | 7 | 1ull << bits[i]);
		toy_expect_none(AT, TMI_PAGING_FAULT, TMEM_REASON_BAD_ENTRY, 1, KIB4);
		toy_put(1, 6, 8, TOY(2) | 7 | 1ull << bits[i]);
		toy_expect_none(AT, TMI_PAGING_FAULT, TMEM_REASON_BAD_ENTRY, 2, MIB2);
		toy_put(1, 6, 8, 0x40000000 | LARGE | 7 | 1ull << bits[i]);
		toy_expect_none(AT, TMI_PAGING_FAULT, TMEM_REASON_BAD_ENTRY, 2, MIB2);
	}
	toy_put(1, 6, 8, 0x40002000 | LARGE | 7);
	toy_expect_none(AT, TMI_PAGING_FAULT, TMEM_REASON_BAD_ENTRY, 2, MIB2);
}

static void pae_not_present(void **state)
{
	const uint64_t frames = 0x000ffffffffff000;

	(void)state;
	toy_put(2, 325, 8, 0x5000 | NONE);
	toy_expect_page(AT, 0x5000, KIB4, TMI_PAGING_NO_ACCESS | TMI_PAGING_USER);
	/* Type in 32..36, offset above, nothing below. */
	toy_put(2, 325, 8, 0x0000123300000000);
	toy_expect_none(AT, TMI_PAGING_ABSENT, TMEM_REASON_PAGED_OUT, 1, KIB4);
	toy_put(2, 325, 8, 0x0000123e00000000);
	toy_expect_none(AT, TMI_PAGING_ABSENT, TMEM_REASON_IN_TRANSITION, 1, KIB4);

	toy_tables.flags = TMI_TABLES_INVERTED_NONE;
	toy_put(2, 325, 8, (~0x5000ull & frames) | NONE | NX);
	toy_expect_page(AT, 0x5000, KIB4, TMI_PAGING_NO_ACCESS | TMI_PAGING_USER);
	toy_put(1, 6, 8, (~0x40000000ull & frames & ~(MIB2 - 1)) | NONE | LARGE);
	toy_expect_page(AT, 0x40145000, MIB2, TMI_PAGING_NO_ACCESS | TMI_PAGING_USER);
	toy_put(1, 6, 8, 25ull << 59 | 0x07fffff000000000);
	toy_expect_none(AT, TMI_PAGING_ABSENT, TMEM_REASON_IN_TRANSITION, 2, MIB2);
	toy_put(1, 6, 8, 1ull << 59 | 0x07fffff000000000);
	toy_expect_none(AT, TMI_PAGING_ABSENT, TMEM_REASON_PAGED_OUT, 2, MIB2);
	toy_put(0, 0x360 / 8 + 3, 8, NONE);
	toy_expect_none(AT, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 3, GIB1);
}

static void pae_addresses(void **state)
{
	(void)state;
	addresses("pae");
}

static void pae_steps(void **state)
{
	struct tmi_paging_walk walk = toy_walk(AT);

	(void)state;
	assert_int_equal(walk.step_count, 3);
	assert_int_equal(walk.steps[0].address, TOY(0) + 0x378);
	/* It forbids nothing, without a bit for it. */
	assert_int_equal(walk.steps[0].flags, TMEM_ENTRY_PRESENT | TMEM_ENTRY_WRITE |
						      TMEM_ENTRY_USER | TMEM_ENTRY_EXECUTE);
	assert_int_equal(walk.steps[1].address, TOY(1) + 6 * 8);
	assert_int_equal(walk.steps[2].address, TOY(2) + 325 * 8);
	assert_int_equal(walk.steps[2].level, 1);
}

#define X86(name) cmocka_unit_test_setup(name, set_up_x86)
#define PAE(name) cmocka_unit_test_setup(name, set_up_pae)

int main(void)
{
	const struct CMUnitTest tests[] = {
		X86(x86_pages),       X86(x86_large_pages), X86(x86_protections),
		X86(x86_not_present), X86(x86_addresses),   X86(x86_steps),
		PAE(pae_pages),       PAE(pae_protections), PAE(pae_reserved_bits),
		PAE(pae_not_present), PAE(pae_addresses),   PAE(pae_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
