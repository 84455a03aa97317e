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
#define NX     (1ull << 63)

#define RWXU (TMI_PAGING_WRITE | TMI_PAGING_EXECUTE | TMI_PAGING_USER)

/* 0x7f55'aaaa'b000 and its mirror in the upper half: indexes 254, 342, 341, 171. */
#define USER   0x00007f55aaaab000ull
#define KERNEL 0xffffff55aaaab000ull

static void put(unsigned page, unsigned index, uint64_t entry)
{
	toy_put(page, index, 8, entry);
}

/* Pages 0 to 3 are the tables on the way to USER; all of them allow everything. */
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
	toy_expect_page(USER + 0x123, 0x123456123, KIB4, RWXU);
	toy_expect_page(KERNEL + 0xfff, 0x123456fff, KIB4, RWXU);
	toy_expect_none(USER + 0x1000, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 1, KIB4);
	toy_expect_none(USER + MIB2, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 2, MIB2);
	toy_expect_none(USER + GIB1, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 3, GIB1);
	toy_expect_none(USER - GIB512, TMI_PAGING_ABSENT, TMEM_REASON_NOT_MAPPED, 4, GIB512);
}

static void large_pages(void **state)
{
	(void)state;
	/* Bit 12 of a large page is part of its memory type. */
	put(2, 341, 0x40000000 | 0x1000 | 0x80 | 3);
	toy_expect_page(USER + 1, 0x400ab001, MIB2, TMI_PAGING_WRITE | TMI_PAGING_EXECUTE);
	put(1, 342, 0xc0000000 | 0x1000 | 0x80 | 5 | NX);
	toy_expect_page(USER + 1, 0xeaaab001, GIB1, TMI_PAGING_USER);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(small_pages), TEST(large_pages) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
