/* SPDX-License-Identifier: Apache-2.0 */
/* test_regions.c - validity: sources, merged stretches, real boundaries and pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "unit/synth_handle.h"

static const char machine[] = "process 1\n"
			      "run 0x1000 0x1000 r-xp source=image file=1\n"
			      "run 0x2000 0x1000 rw-p source=target\n"
			      "run 0x3000 0x1000 rw-p reason=excluded\n"
			      "run 0x4010 0x123 rw-p source=dump\n"
			      "run 0x4133 0x10 rw-p\n"
			      "fault 0x4100 0x8 read reason=truncated\n"
			      "run 0xfffffffffffff000 0x1000 rw-p\n";

static void test_sources(void **state)
{
	static const struct {
		uint64_t offset;
		uint32_t source;
	} rows[] = {
		{ 0xfff, 0 },
		{ 0x1000, TMEM_VSOURCE_MAPPED_IMAGE },
		{ 0x2fff, TMEM_VSOURCE_DEBUGGEE },
		{ 0x3000, TMEM_VSOURCE_INVALID },
		{ 0x400f, 0 },
		{ 0x4010, TMEM_VSOURCE_DUMP_WITHOUT_MEMINFO },
		{ 0x4103, TMEM_VSOURCE_INVALID },
		{ 0x4142, TMEM_VSOURCE_DEBUGGEE },
		{ 0x4143, 0 },
		{ UINT64_MAX, TMEM_VSOURCE_DEBUGGEE },
	};
	tmem_target *target = synth_open(machine, NULL);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint32_t source = 99;

		assert_int_equal(tmem_get_offset_information(target, 0, 1, rows[i].offset, &source,
							     sizeof(source), NULL),
				 TMEM_S_OK);
		assert_int_equal(source, rows[i].source);
	}
	tmem_close(target);
}

static void check_valid(tmem_target *target, uint64_t base, uint64_t size, uint64_t first,
			uint64_t length)
{
	uint64_t valid_base = 99, valid_size = 99;

	assert_int_equal(
		tmem_get_valid_region_virtual(target, base, size, &valid_base, &valid_size),
		length ? TMEM_S_OK : TMEM_E_NOINTERFACE);
	assert_int_equal(valid_base, first);
	assert_int_equal(valid_size, length);
}

static void test_valid(void **state)
{
	tmem_target *target = synth_open(machine, NULL);

	check_valid(target, 0, 0x1000, 0, 0);
	check_valid(target, 0, 0x1001, 0x1000, 1);
	check_valid(target, 0, UINT64_MAX, 0x1000, 0x2000);
	check_valid(target, 0x2800, 0x1000, 0x2800, 0x800);
	check_valid(target, 0x3000, 0x1000, 0, 0);
	check_valid(target, 0x3000, 0x2000, 0x4010, 0xf0);
	check_valid(target, 0x4102, 0x2000, 0x4108, 0x3b);
	check_valid(target, 0x4143, UINT64_MAX, 0xfffffffffffff000, 0x1000);
	check_valid(target, UINT64_MAX, 1, UINT64_MAX, 1);
	check_valid(target, UINT64_MAX, UINT64_MAX, UINT64_MAX, 1);
	tmem_close(target);
}

static void check_next(tmem_target *target, uint64_t offset, uint64_t expected)
{
	uint64_t next = 99;

	assert_int_equal(tmem_get_next_differently_valid_offset_virtual(target, offset, &next),
			 expected ? TMEM_S_OK : TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(next, expected);
}

static void test_next_boundary(void **state)
{
	tmem_target *target = synth_open(machine, NULL);

	check_next(target, 0, 0x1000);
	check_next(target, 0x1000, 0x3000);
	check_next(target, 0x2fff, 0x3000);
	check_next(target, 0x3000, 0x4010);
	check_next(target, 0x4010, 0x4100);
	check_next(target, 0x4100, 0x4108);
	check_next(target, 0x4108, 0x4143);
	check_next(target, 0x4143, 0xfffffffffffff000);
	check_next(target, 0xfffffffffffff000, 0);
	check_next(target, UINT64_MAX, 0);
	tmem_close(target);
	target = synth_open("process 1\nrun 0x1000 0x1000 rw-p\n", NULL);
	check_next(target, 0x2000, 0);
	tmem_close(target);
}

/* Live targets, and 32-bit addresses: sign-extended, and nothing above the space. */
static void test_next_page(void **state)
{
	tmem_target *target = synth_open("target live=yes\nmachine i386 granular=page\nprocess 1\n"
					 "run 0x80000000 0x10000 rw-p\n",
					 NULL);

	check_next(target, 0x80000000, 0xffffffff80001000);
	check_next(target, 0x80000fff, 0xffffffff80001000);
	check_next(target, 0x7fffffff, 0xffffffff80000000);
	check_next(target, 0, 0x1000);
	check_next(target, 0xffffefff, 0xfffffffffffff000);
	check_next(target, 0xfffff000, 0);
	check_next(target, UINT64_MAX, 0);
	check_next(target, 0x100000000, 0);
	check_valid(target, 0x7fff0000, 0x20000, 0xffffffff80000000, 0x10000);
	check_valid(target, 0x100000000, 0x20000, 0, 0);
	tmem_close(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_next_boundary),
		cmocka_unit_test(test_next_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
