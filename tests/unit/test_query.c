/* SPDX-License-Identifier: Apache-2.0 */
/* test_query.c - QueryVirtual: allocations of files, merging, free space, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "unit/synth_handle.h"

/* A library of five mappings with its zeros behind, another file right after, and odds and ends. */
static const char machine[] = "process 1\n"
			      "run 0x10000 0x2000 r--p type=image name=\"/lib/a\" file=1\n"
			      "run 0x12000 0x3000 r-xp type=image name=\"/lib/a\" file=1\n"
			      "run 0x15000 0x1000 r--p type=image name=\"/lib/a\" file=1\n"
			      "run 0x16000 0x2000 r--p type=image name=\"/lib/a\" file=1\n"
			      "run 0x18000 0x1000 rw-p type=image name=\"/lib/a\" file=1\n"
			      "run 0x19000 0x1000 rw-p\n"
			      "run 0x1a000 0x1000 r--p type=mapped file=2\n"
			      "run 0x1c000 0x1000 r--p type=mapped file=2\n"
			      "run 0x20000 0x1000 ---p state=reserve\n"
			      "run 0x21000 0x1000 ---p\n"
			      "run 0x22000 0x1000 rw-p guard=yes\n"
			      "run 0x30010 0x1810 rwxp\n"
			      "run 0xfffffffffffff000 0x1000 rw-p\n";

static void check(tmem_target *target, uint64_t offset, uint64_t base, uint64_t size,
		  uint64_t allocation, uint32_t allocation_protect, uint32_t state,
		  uint32_t protect, uint32_t type)
{
	struct tmem_memory_basic_information info;

	memset(&info, 0xee, sizeof(info));
	assert_int_equal(tmem_query_virtual(target, offset, &info), TMEM_S_OK);
	assert_int_equal(info.base_address, base);
	assert_int_equal(info.region_size, size);
	assert_int_equal(info.allocation_base, allocation);
	assert_int_equal(info.allocation_protect, allocation_protect);
	assert_int_equal(info.state, state);
	assert_int_equal(info.protect, protect);
	assert_int_equal(info.type, type);
	assert_int_equal(info.alignment1, 0);
	assert_int_equal(info.alignment2, 0);
}

static void test_files(void **state)
{
	tmem_target *target = synth_open(machine, NULL);
	const uint32_t commit = TMEM_MEM_COMMIT, image = TMEM_MEM_IMAGE;

	check(target, 0x10000, 0x10000, 0x2000, 0x10000, TMEM_PAGE_READONLY, commit,
	      TMEM_PAGE_READONLY, image);
	check(target, 0x13fff, 0x13000, 0x2000, 0x10000, TMEM_PAGE_READONLY, commit,
	      TMEM_PAGE_EXECUTE_READ, image);
	/* Equal neighbours of one file are one region. */
	check(target, 0x15000, 0x15000, 0x3000, 0x10000, TMEM_PAGE_READONLY, commit,
	      TMEM_PAGE_READONLY, image);
	check(target, 0x17800, 0x17000, 0x1000, 0x10000, TMEM_PAGE_READONLY, commit,
	      TMEM_PAGE_READONLY, image);
	check(target, 0x18000, 0x18000, 0x1000, 0x10000, TMEM_PAGE_READONLY, commit,
	      TMEM_PAGE_WRITECOPY, image);
	/* What is not of the file is not of the allocation. */
	check(target, 0x19000, 0x19000, 0x1000, 0x19000, TMEM_PAGE_READWRITE, commit,
	      TMEM_PAGE_READWRITE, TMEM_MEM_PRIVATE);
	check(target, 0x1a000, 0x1a000, 0x1000, 0x1a000, TMEM_PAGE_READONLY, commit,
	      TMEM_PAGE_READONLY, TMEM_MEM_MAPPED);
	check(target, 0x1c000, 0x1c000, 0x1000, 0x1c000, TMEM_PAGE_READONLY, commit,
	      TMEM_PAGE_READONLY, TMEM_MEM_MAPPED);
	tmem_close(target);
}

static void test_others(void **state)
{
	tmem_target *target = synth_open(machine, NULL);
	const uint32_t private = TMEM_MEM_PRIVATE;

	check(target, 0x20000, 0x20000, 0x1000, 0x20000, TMEM_PAGE_NOACCESS, TMEM_MEM_RESERVE, 0,
	      private);
	check(target, 0x21000, 0x21000, 0x1000, 0x21000, TMEM_PAGE_NOACCESS, TMEM_MEM_COMMIT,
	      TMEM_PAGE_NOACCESS, private);
	check(target, 0x22000, 0x22000, 0x1000, 0x22000, TMEM_PAGE_READWRITE | TMEM_PAGE_GUARD,
	      TMEM_MEM_COMMIT, TMEM_PAGE_READWRITE | TMEM_PAGE_GUARD, private);
	/* The base is always a page, the size always leads on. */
	check(target, 0x30020, 0x30000, 0x1820, 0x30010, TMEM_PAGE_EXECUTE_READWRITE,
	      TMEM_MEM_COMMIT, TMEM_PAGE_EXECUTE_READWRITE, private);
	check(target, 0x31000, 0x31000, 0x820, 0x30010, TMEM_PAGE_EXECUTE_READWRITE,
	      TMEM_MEM_COMMIT, TMEM_PAGE_EXECUTE_READWRITE, private);
	tmem_close(target);
}

static void test_free_space(void **state)
{
	tmem_target *target = synth_open(machine, NULL);
	struct tmem_memory_basic_information info;

	check(target, 0, 0, 0x10000, 0, 0, TMEM_MEM_FREE, TMEM_PAGE_NOACCESS, 0);
	check(target, 0x1b800, 0x1b000, 0x1000, 0, 0, TMEM_MEM_FREE, TMEM_PAGE_NOACCESS, 0);
	check(target, 0x30000, 0x30000, 0x10, 0, 0, TMEM_MEM_FREE, TMEM_PAGE_NOACCESS, 0);
	/* The last one ends with the user range. */
	check(target, 0x32000, 0x32000, 0x7fffffffefff - 0x32000 + 1, 0, 0, TMEM_MEM_FREE,
	      TMEM_PAGE_NOACCESS, 0);
	assert_int_equal(tmem_query_virtual(target, 0x7fffffffeffe, &info), TMEM_S_OK);
	assert_int_equal(tmem_query_virtual(target, 0x7ffffffff000, &info), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_query_virtual(target, UINT64_MAX, &info), TMEM_E_INVALIDARG);
	assert_int_equal(info.region_size, 0);
	tmem_close(target);
}

static void test_32_bit(void **state)
{
	tmem_target *target =
		synth_open("machine i386\nprocess 1\nrun 0xffff0000 0x10000 rw-p\n", NULL);
	struct tmem_memory_basic_information info;

	check(target, 0xffff8000, 0xffffffffffff8000, 0x8000, 0xffffffffffff0000,
	      TMEM_PAGE_READWRITE, TMEM_MEM_COMMIT, TMEM_PAGE_READWRITE, TMEM_MEM_PRIVATE);
	check(target, 0x80000000, 0xffffffff80000000, 0x7fff0000, 0, 0, TMEM_MEM_FREE,
	      TMEM_PAGE_NOACCESS, 0);
	assert_int_equal(tmem_query_virtual(target, 0x100000000, &info), TMEM_E_INVALIDARG);
	tmem_close(target);
}

static void test_no_protections(void **state)
{
	tmem_target *target = synth_open("machine amd64 protection=no\nprocess 1\n"
					 "run 0x1000 0x1000 ?\n",
					 NULL);
	struct tmem_memory_basic_information info;

	assert_int_equal(tmem_query_virtual(target, 0x1000, &info), TMEM_E_UNEXPECTED);
	assert_true(strlen(tmem_last_error(target)) > 0);
	tmem_close(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),          cmocka_unit_test(test_others),
		cmocka_unit_test(test_free_space),     cmocka_unit_test(test_32_bit),
		cmocka_unit_test(test_no_protections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
