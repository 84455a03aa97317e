/* SPDX-License-Identifier: Apache-2.0 */
/* test_data_spaces_region.c - validity, where bytes come from, attributes of regions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dbgeng/data_spaces.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char machine[] = "machine amd64 last-user=0x7fffffffefff\n"
			      "process 1\n"
			      "run 0x1000 0x1000 r-xp source=image type=image file=1\n"
			      "run 0x2000 0x1000 rw-p type=image file=1 offset=0x1000\n"
			      "run 0x3000 0x1000 rw-p reason=excluded\n"
			      "run 0x5010 0x100 rw-p source=dump\n"
			      "run 0x6000 0x2000 ---p\n"
			      "run 0x8000 0x1000 rw-p guard=yes\n"
			      "run 0x9000 0x1000 rw-s file=2 offset=0x7000\n"
			      "run 0xa000 0x1000 rw-p state=reserve\n";

/* Pages everywhere, as in a live process. */
static const char paged[] = "target live=yes\n"
			    "machine i386 granular=page\n"
			    "process 1\n"
			    "run 0x80001000 0x2000 rw-p\n"
			    "run 0xfffff000 0x1000 rw-p\n";

static void test_source(void **state)
{
	static const struct {
		ULONG64 offset;
		ULONG source;
	} rows[] = {
		{ 0, DEBUG_VSOURCE_INVALID },
		{ 0xfff, DEBUG_VSOURCE_INVALID },
		{ 0x1000, DEBUG_VSOURCE_MAPPED_IMAGE },
		{ 0x2fff, DEBUG_VSOURCE_DEBUGGEE },
		{ 0x3000, DEBUG_VSOURCE_INVALID },
		{ 0x510f, DEBUG_VSOURCE_DUMP_WITHOUT_MEMINFO },
		{ 0x5110, DEBUG_VSOURCE_INVALID },
		{ UINT64_MAX, DEBUG_VSOURCE_INVALID },
	};
	struct spaces spaces;

	spaces_open(&spaces, machine);
	for (size_t i = 0; i < COUNT(rows); i++) {
		ULONG source = 99;
		ULONG size = 99;

		assert_int_equal(IDebugDataSpaces4_GetOffsetInformation(
					 spaces.data, DEBUG_DATA_SPACE_VIRTUAL,
					 DEBUG_OFFSINFO_VIRTUAL_SOURCE, rows[i].offset, &source,
					 sizeof(source), &size),
				 S_OK);
		assert_int_equal(source, rows[i].source);
		assert_int_equal(size, 4);
	}
	spaces_close(&spaces);
}

static void test_source_arguments(void **state)
{
	struct spaces spaces;
	ULONG source[2] = { 99, 99 };
	ULONG size;

	spaces_open(&spaces, machine);
	assert_int_equal(
		IDebugDataSpaces4_GetOffsetInformation(spaces.data, 0, 1, 0x1000, NULL, 0, &size),
		S_OK);
	assert_int_equal(size, 4);
	assert_int_equal(
		IDebugDataSpaces4_GetOffsetInformation(spaces.data, 0, 1, 0x1000, source, 8, NULL),
		S_OK);
	assert_int_equal(source[0], DEBUG_VSOURCE_MAPPED_IMAGE);
	assert_int_equal(source[1], 99);
	size = 99;
	assert_int_equal(
		IDebugDataSpaces4_GetOffsetInformation(spaces.data, 0, 1, 0x1000, source, 3, &size),
		E_INVALIDARG);
	assert_int_equal(size, 4);
	assert_int_equal(
		IDebugDataSpaces4_GetOffsetInformation(spaces.data, 1, 1, 0x1000, source, 4, &size),
		E_INVALIDARG);
	assert_int_equal(
		IDebugDataSpaces4_GetOffsetInformation(spaces.data, 0, 2, 0x1000, source, 4, &size),
		E_INVALIDARG);
	assert_int_equal(size, 0);
	spaces_close(&spaces);
}

static void check_valid(IDebugDataSpaces4 *data, ULONG64 base, ULONG size, ULONG64 first,
			ULONG length)
{
	ULONG64 valid_base = 99;
	ULONG valid_size = 99;

	assert_int_equal(
		IDebugDataSpaces4_GetValidRegionVirtual(data, base, size, &valid_base, &valid_size),
		length ? S_OK : E_NOINTERFACE);
	assert_true(valid_base == first);
	assert_int_equal(valid_size, length);
}

static void test_valid_region(void **state)
{
	struct spaces spaces;
	ULONG64 base = 99;
	ULONG size = 99;

	spaces_open(&spaces, machine);
	check_valid(spaces.data, 0x1800, 0x1000, 0x1800, 0x1000);
	check_valid(spaces.data, 0, 0x1801, 0x1000, 0x801);
	check_valid(spaces.data, 0x1000, 0xffffffff, 0x1000, 0x2000);
	check_valid(spaces.data, 0x2fff, 0x1000, 0x2fff, 1);
	check_valid(spaces.data, 0x4000, 0x2000, 0x5010, 0x100);
	check_valid(spaces.data, 0x5010, 0x10, 0x5010, 0x10);
	check_valid(spaces.data, 0x3000, 0x2010, 0, 0);
	check_valid(spaces.data, 0x1000, 0, 0, 0);
	check_valid(spaces.data, UINT64_MAX, 0xffffffff, 0, 0);
	assert_int_equal(
		IDebugDataSpaces4_GetValidRegionVirtual(spaces.data, 0x1000, 1, NULL, &size),
		E_INVALIDARG);
	assert_int_equal(size, 0);
	assert_int_equal(
		IDebugDataSpaces4_GetValidRegionVirtual(spaces.data, 0x1000, 1, &base, NULL),
		E_INVALIDARG);
	assert_true(base == 0);
	spaces_close(&spaces);
	spaces_open(&spaces, paged);
	check_valid(spaces.data, 0x80000000, 0x10000, 0xffffffff80001000, 0x2000);
	check_valid(spaces.data, 0xffffffff80001800, 0x10000, 0xffffffff80001800, 0x1800);
	check_valid(spaces.data, 0xfffff000, 0x10000, 0xfffffffffffff000, 0x1000);
	spaces_close(&spaces);
}

/* @expected 0: there is none. */
static void check_next(IDebugDataSpaces4 *data, ULONG64 offset, ULONG64 expected)
{
	ULONG64 next = 99;

	assert_int_equal(
		IDebugDataSpaces4_GetNextDifferentlyValidOffsetVirtual(data, offset, &next),
		expected ? S_OK : NO_MORE_ENTRIES);
	assert_true(next == expected);
}

static void test_next_differently_valid(void **state)
{
	struct spaces spaces;

	spaces_open(&spaces, machine);
	check_next(spaces.data, 0, 0x1000);
	check_next(spaces.data, 0x1234, 0x3000);
	check_next(spaces.data, 0x3000, 0x5010);
	check_next(spaces.data, 0x5010, 0x5110);
	check_next(spaces.data, 0x100000, 0);
	assert_int_equal(
		IDebugDataSpaces4_GetNextDifferentlyValidOffsetVirtual(spaces.data, 0, NULL),
		E_INVALIDARG);
	spaces_close(&spaces);
	spaces_open(&spaces, paged);
	check_next(spaces.data, 0x80001000, 0xffffffff80002000);
	check_next(spaces.data, 0x1234, 0x2000);
	check_next(spaces.data, 0xffffffff, 0);
	spaces_close(&spaces);
}

static void test_query(void **state)
{
	static const struct {
		ULONG64 offset;
		MEMORY_BASIC_INFORMATION64 info;
	} rows[] = {
		{ 0x1234,
		  { 0x1000, 0x1000, PAGE_EXECUTE_READ, 0, 0x1000, MEM_COMMIT, PAGE_EXECUTE_READ,
		    MEM_IMAGE, 0 } },
		{ 0x2fff,
		  { 0x2000, 0x1000, PAGE_EXECUTE_READ, 0, 0x1000, MEM_COMMIT, PAGE_WRITECOPY,
		    MEM_IMAGE, 0 } },
		{ 0x4321, { 0x4000, 0, 0, 0, 0x1010, MEM_FREE, PAGE_NOACCESS, 0, 0 } },
		{ 0x7000,
		  { 0x7000, 0x6000, PAGE_NOACCESS, 0, 0x1000, MEM_COMMIT, PAGE_NOACCESS,
		    MEM_PRIVATE, 0 } },
		{ 0x8000,
		  { 0x8000, 0x8000, PAGE_READWRITE | PAGE_GUARD, 0, 0x1000, MEM_COMMIT,
		    PAGE_READWRITE | PAGE_GUARD, MEM_PRIVATE, 0 } },
		{ 0x9001,
		  { 0x9000, 0x9000, PAGE_READWRITE, 0, 0x1000, MEM_COMMIT, PAGE_READWRITE,
		    MEM_MAPPED, 0 } },
		{ 0xa000,
		  { 0xa000, 0xa000, PAGE_READWRITE, 0, 0x1000, MEM_RESERVE, 0, MEM_PRIVATE, 0 } },
		{ 0x10000,
		  { 0x10000, 0, 0, 0, 0x7fffffffefff - 0x10000 + 1, MEM_FREE, PAGE_NOACCESS, 0,
		    0 } },
	};
	struct spaces spaces;

	spaces_open(&spaces, machine);
	for (size_t i = 0; i < COUNT(rows); i++) {
		MEMORY_BASIC_INFORMATION64 info;

		memset(&info, 0xee, sizeof(info));
		assert_int_equal(IDebugDataSpaces4_QueryVirtual(spaces.data, rows[i].offset, &info),
				 S_OK);
		assert_memory_equal(&info, &rows[i].info, sizeof(info));
	}
	spaces_close(&spaces);
}

static void test_query_failures(void **state)
{
	static const MEMORY_BASIC_INFORMATION64 zeros;
	MEMORY_BASIC_INFORMATION64 info;
	struct spaces spaces;

	spaces_open(&spaces, machine);
	memset(&info, 0xee, sizeof(info));
	assert_int_equal(IDebugDataSpaces4_QueryVirtual(spaces.data, 0x7ffffffff000, &info),
			 E_INVALIDARG);
	assert_memory_equal(&info, &zeros, sizeof(info));
	assert_int_equal(IDebugDataSpaces4_QueryVirtual(spaces.data, 0x1000, NULL), E_INVALIDARG);
	spaces_close(&spaces);
	spaces_open(&spaces, "machine amd64 protection=no\nprocess 1\nrun 0x1000 0x1000 ?\n");
	assert_int_equal(IDebugDataSpaces4_QueryVirtual(spaces.data, 0x1000, &info), E_UNEXPECTED);
	spaces_close(&spaces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_source),       cmocka_unit_test(test_source_arguments),
		cmocka_unit_test(test_valid_region), cmocka_unit_test(test_next_differently_valid),
		cmocka_unit_test(test_query),        cmocka_unit_test(test_query_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
