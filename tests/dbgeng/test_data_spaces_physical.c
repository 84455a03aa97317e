/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_data_spaces_physical.c - physical memory and translations. The page tables are written here
 * entry by entry, as the processor's manual has them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dbgeng/data_spaces.h"

/*
 * 1 MiB, a hole, 1 MiB. ffffffff82000000 is a page of 4 KiB at 6000, ffff888000000000 one of 2 MiB
 * at 0, ffff888040000000 one of 1 GiB at 0.
 */
static const char machine[] = "target mode=kernel\n"
			      "machine amd64\n"
			      "physical\n"
			      "run 0 1M ?\n"
			      "run 2M 1M ?\n"
			      "table x64 0x1000\n"
			      "u64 0x1ff8 0x2027\n"
			      "u64 0x2ff0 0x3027\n"
			      "u64 0x3080 0x4027\n"
			      "u64 0x4000 0x8000000000006163 0\n"
			      "u64 0x1888 0x5027\n"
			      "u64 0x5000 0x7027 0x1e3\n"
			      "u64 0x7000 0x1e3\n"
			      "text 0x6100 \"here\"\n"
			      "text 0x200000 \"upper\"\n";

/* 32-bit tables: c0001000 is a page of 4 KiB at 3000, c0400000 one of 4 MiB at 0. */
static const char narrow[] = "target mode=kernel\n"
			     "machine i386\n"
			     "physical\n"
			     "run 0 1M ?\n"
			     "table x86 0x1000\n"
			     "u32 0x1c00 0x2027 0x1e3\n"
			     "u32 0x2004 0x3063\n"
			     "text 0x3100 \"here\"\n";

static const char user[] = "process 1\n"
			   "run 0x1000 0x1000 rw-p\n";

#define PAGE  0xffffffff82000000
#define LARGE 0xffff888000000000
#define HUGE  0xffff888040000000

static void test_read(void **state)
{
	IDebugDataSpaces4 *data;
	struct spaces spaces;
	char buffer[16];
	ULONG done = 99;

	spaces_open(&spaces, machine);
	data = spaces.data;
	memset(buffer, '.', sizeof(buffer));
	assert_int_equal(IDebugDataSpaces4_ReadPhysical(data, 0x6100, buffer, 4, &done), S_OK);
	assert_int_equal(done, 4);
	assert_memory_equal(buffer, "here.", 5);
	assert_int_equal(IDebugDataSpaces4_ReadPhysical2(data, 0x200000, DEBUG_PHYSICAL_DEFAULT,
							 buffer, 5, &done),
			 S_OK);
	assert_memory_equal(buffer, "upper.", 6);
	/* Up to the hole. */
	assert_int_equal(IDebugDataSpaces4_ReadPhysical(data, 0xffffc, buffer, 16, &done), S_OK);
	assert_int_equal(done, 4);
	assert_int_equal(IDebugDataSpaces4_ReadPhysical(data, 0x100000, buffer, 16, &done),
			 READ_FAULT);
	assert_int_equal(done, 0);
	assert_int_equal(IDebugDataSpaces4_ReadPhysical(data, 0x100000, buffer, 16, NULL),
			 READ_FAULT);
	assert_int_equal(IDebugDataSpaces4_ReadPhysical(data, 0x100000, buffer, 0, &done), S_OK);

	done = 99;
	assert_int_equal(IDebugDataSpaces4_ReadPhysical(data, 0x6100, NULL, 4, &done),
			 E_INVALIDARG);
	assert_int_equal(done, 0);
	for (ULONG flags = 1; flags <= 3; flags++)
		assert_int_equal(
			IDebugDataSpaces4_ReadPhysical2(data, 0x6100, flags, buffer, 4, &done),
			E_NOTIMPL);
	assert_int_equal(IDebugDataSpaces4_ReadPhysical2(data, 0x6100, 4, buffer, 4, &done),
			 E_INVALIDARG);
	spaces_close(&spaces);
}

static void assert_both(IDebugDataSpaces4 *data, ULONG64 virtual, ULONG64 physical,
			const char *bytes, ULONG size)
{
	char buffer[16];
	ULONG done = 0;

	assert_true(size <= sizeof(buffer));
	assert_int_equal(IDebugDataSpaces4_ReadPhysical(data, physical, buffer, size, &done), S_OK);
	assert_int_equal(done, size);
	assert_memory_equal(buffer, bytes, size);
	assert_int_equal(IDebugDataSpaces4_ReadVirtual(data, virtual, buffer, size, &done), S_OK);
	assert_int_equal(done, size);
	assert_memory_equal(buffer, bytes, size);
}

/* A write is told as what it was, and seen through both. */
static void test_write(void **state)
{
	IDebugDataSpaces4 *data;
	struct change_log *log;
	struct spaces spaces;
	char bytes[] = "changed";
	ULONG done = 99;

	spaces_open(&spaces, machine);
	data = spaces.data;
	log = change_log_start(&spaces);
	assert_both(data, PAGE + 0x100, 0x6100, "here", 4);
	assert_int_equal(IDebugDataSpaces4_WritePhysical(data, 0x6100, bytes, 7, &done), S_OK);
	assert_int_equal(done, 7);
	assert_one_change(log, DEBUG_DATA_SPACE_PHYSICAL);
	assert_both(data, PAGE + 0x100, 0x6100, "changed", 7);
	assert_int_equal(IDebugDataSpaces4_WriteVirtual(data, PAGE + 0x102, bytes, 2, &done), S_OK);
	assert_one_change(log, DEBUG_DATA_SPACE_VIRTUAL);
	assert_both(data, LARGE + 0x6100, 0x6100, "chchged", 7);
	assert_int_equal(IDebugDataSpaces4_WritePhysical2(data, 0x6100, 0, bytes + 4, 3, NULL),
			 S_OK);
	assert_one_change(log, DEBUG_DATA_SPACE_PHYSICAL);
	assert_both(data, HUGE + 0x6100, 0x6100, "gedhged", 7);
	/* Past the end of one page the next one is missing. */
	assert_int_equal(IDebugDataSpaces4_WriteVirtual(data, PAGE + 0xffe, bytes, 7, &done), S_OK);
	assert_int_equal(done, 2);
	assert_one_change(log, DEBUG_DATA_SPACE_VIRTUAL);

	done = 99;
	assert_int_equal(IDebugDataSpaces4_WritePhysical(data, 0x100000, bytes, 7, &done),
			 WRITE_FAULT);
	assert_int_equal(done, 0);
	assert_int_equal(IDebugDataSpaces4_WritePhysical2(data, 0x6100, 2, bytes, 7, &done),
			 E_NOTIMPL);
	assert_int_equal(
		IDebugDataSpaces4_WritePhysical2(data, 0x6100, 0x80000000, bytes, 7, &done),
		E_INVALIDARG);
	assert_int_equal(IDebugDataSpaces4_WritePhysical(data, 0x6100, NULL, 7, &done),
			 E_INVALIDARG);
	assert_no_change(log);
	spaces_close(&spaces);
}

static void test_fill(void **state)
{
	struct change_log *log;
	struct spaces spaces;
	char pattern[] = "xy";
	ULONG filled = 99;

	spaces_open(&spaces, machine);
	log = change_log_start(&spaces);
	assert_int_equal(
		IDebugDataSpaces4_FillPhysical(spaces.data, 0x6100, 5, pattern, 2, &filled), S_OK);
	assert_int_equal(filled, 5);
	assert_one_change(log, DEBUG_DATA_SPACE_PHYSICAL);
	assert_both(spaces.data, PAGE + 0x100, 0x6100, "xyxyx\0", 6);
	assert_int_equal(
		IDebugDataSpaces4_FillPhysical(spaces.data, 0xffffd, 64, pattern, 2, &filled),
		S_OK);
	assert_int_equal(filled, 3);
	assert_one_change(log, DEBUG_DATA_SPACE_PHYSICAL);
	assert_int_equal(
		IDebugDataSpaces4_FillPhysical(spaces.data, 0x100000, 64, pattern, 2, &filled),
		WRITE_FAULT);
	assert_int_equal(filled, 0);
	assert_int_equal(
		IDebugDataSpaces4_FillPhysical(spaces.data, 0x6100, 64, pattern, 0, &filled),
		E_INVALIDARG);
	assert_no_change(log);
	spaces_close(&spaces);
}

#define MOST 8

/* One translation: @expected ends with the address itself unless the result is S_FALSE. */
static void check_walk(IDebugDataSpaces4 *data, ULONG64 virtual, HRESULT result,
		       const ULONG64 *expected, ULONG count)
{
	ULONG64 offsets[MOST];
	ULONG64 physical = 99;
	ULONG levels = 99;

	memset(offsets, 0xee, sizeof(offsets));
	assert_int_equal(IDebugDataSpaces4_GetVirtualTranslationPhysicalOffsets(
				 data, virtual, offsets, MOST, &levels),
			 result);
	assert_int_equal(levels, count);
	assert_memory_equal(offsets, expected, count * sizeof(*offsets));
	assert_true(offsets[count] == 0); /* as all that is not used */
	assert_int_equal(IDebugDataSpaces4_VirtualToPhysical(data, virtual, &physical),
			 result == S_OK ? S_OK : NO_PAGEFILE);
	assert_true(physical == (result == S_OK ? expected[count - 1] : 0));
}

static void test_translation(void **state)
{
	static const ULONG64 page[] = { 0x1000, 0x1ff8, 0x2ff0, 0x3080, 0x4000, 0x6123 };
	static const ULONG64 large[] = { 0x1000, 0x1888, 0x5000, 0x7000, 0x12345 };
	static const ULONG64 huge[] = { 0x1000, 0x1888, 0x5008, 0x212345 };
	static const ULONG64 absent[] = { 0x1000, 0x1ff8, 0x2ff0, 0x3080, 0x4008 };
	static const ULONG64 empty[] = { 0x1000, 0x1000 };
	struct spaces spaces;

	spaces_open(&spaces, machine);
	check_walk(spaces.data, PAGE + 0x123, S_OK, page, 6);
	check_walk(spaces.data, LARGE + 0x12345, S_OK, large, 5);
	check_walk(spaces.data, HUGE + 0x212345, S_OK, huge, 4);
	check_walk(spaces.data, PAGE + 0x1000, S_FALSE, absent, 5);
	check_walk(spaces.data, 0x5000, S_FALSE, empty, 2);
	spaces_close(&spaces);
}

static void test_translation_narrow(void **state)
{
	static const ULONG64 page[] = { 0x1000, 0x1c00, 0x2004, 0x3123 };
	static const ULONG64 large[] = { 0x1000, 0x1c04, 0x12345 };
	static const ULONG64 absent[] = { 0x1000, 0x1c00, 0x2008 };
	struct spaces spaces;
	char buffer[4];

	spaces_open(&spaces, narrow);
	check_walk(spaces.data, 0xc0001123, S_OK, page, 4);
	check_walk(spaces.data, 0xffffffffc0001123, S_OK, page, 4);
	check_walk(spaces.data, 0xc0412345, S_OK, large, 3);
	check_walk(spaces.data, 0xc0002000, S_FALSE, absent, 3);
	assert_int_equal(
		IDebugDataSpaces4_ReadVirtual(spaces.data, 0xffffffffc0001100, buffer, 4, NULL),
		S_OK);
	assert_memory_equal(buffer, "here", 4);
	spaces_close(&spaces);
}

static void test_translation_arguments(void **state)
{
	ULONG64 offsets[3] = { 1, 2, 3 };
	struct spaces spaces;
	ULONG levels = 99;

	spaces_open(&spaces, machine);
	/* Less room than levels: what fits, and how many there are. */
	assert_int_equal(IDebugDataSpaces4_GetVirtualTranslationPhysicalOffsets(
				 spaces.data, PAGE, offsets, 2, &levels),
			 S_OK);
	assert_int_equal(levels, 6);
	assert_true(offsets[0] == 0x1000 && offsets[1] == 0x1ff8 && offsets[2] == 3);
	levels = 99;
	assert_int_equal(IDebugDataSpaces4_GetVirtualTranslationPhysicalOffsets(spaces.data, LARGE,
										NULL, 0, &levels),
			 S_OK);
	assert_int_equal(levels, 5);
	assert_int_equal(IDebugDataSpaces4_GetVirtualTranslationPhysicalOffsets(spaces.data, LARGE,
										offsets, 3, NULL),
			 S_OK);
	assert_int_equal(IDebugDataSpaces4_VirtualToPhysical(spaces.data, PAGE, NULL),
			 E_INVALIDARG);
	spaces_close(&spaces);
}

/* No tables at all: not even the base is known. */
static void test_no_tables(void **state)
{
	ULONG64 offsets[MOST];
	ULONG64 physical = 99;
	struct spaces spaces;
	ULONG levels = 99;

	spaces_open(&spaces, "target mode=kernel\nmachine amd64\nphysical\nrun 0 1M ?\n");
	assert_int_equal(IDebugDataSpaces4_GetVirtualTranslationPhysicalOffsets(
				 spaces.data, PAGE, offsets, MOST, &levels),
			 NO_PAGEFILE);
	assert_int_equal(levels, 0);
	assert_int_equal(IDebugDataSpaces4_VirtualToPhysical(spaces.data, PAGE, &physical),
			 NO_PAGEFILE);
	assert_true(physical == 0);
	spaces_close(&spaces);
}

static void test_user_mode(void **state)
{
	ULONG64 number = 99;
	struct spaces spaces;
	char buffer[4] = "abc";
	ULONG done = 99;

	spaces_open(&spaces, user);
	assert_int_equal(IDebugDataSpaces4_ReadPhysical(spaces.data, 0x1000, buffer, 4, &done),
			 E_UNEXPECTED);
	assert_int_equal(done, 0);
	done = 99;
	assert_int_equal(IDebugDataSpaces4_WritePhysical(spaces.data, 0x1000, buffer, 4, &done),
			 E_UNEXPECTED);
	assert_int_equal(done, 0);
	done = 99;
	assert_int_equal(IDebugDataSpaces4_FillPhysical(spaces.data, 0x1000, 4, buffer, 4, &done),
			 E_UNEXPECTED);
	assert_int_equal(done, 0);
	done = 99;
	assert_int_equal(IDebugDataSpaces4_GetVirtualTranslationPhysicalOffsets(spaces.data, 0x1000,
										&number, 1, &done),
			 E_UNEXPECTED);
	assert_int_equal(done, 0);
	assert_int_equal(IDebugDataSpaces4_VirtualToPhysical(spaces.data, 0x1000, &number),
			 E_UNEXPECTED);
	assert_true(number == 0);
	assert_int_equal(IDebugDataSpaces4_ReadPhysical2(spaces.data, 0x1000, 4, buffer, 4, &done),
			 E_INVALIDARG);
	spaces_close(&spaces);
}

/* Two processes with the same address; the kernel's own tables have nothing there. */
static const char processes[] = "target mode=kernel\n"
				"machine amd64\n"
				"physical\n"
				"run 0 1M ?\n"
				"tables 0x20000 64K\n"
				"table x64 0x1000\n"
				"map 0xffff888000000000 0 1M rw-k\n"
				"table x64 0x2000 upper=0x1000\n"
				"map 0x400000 0x10000 4K rw-u\n"
				"table x64 0x3000 upper=0x1000\n"
				"map 0x400000 0x11000 4K rw-u\n"
				"task \"swapper/0\" 0 0xffff888000050000 0x1000 "
				"kernel-thread=yes\n"
				"task \"one\" 1 0xffff888000051000 0x2000\n"
				"task \"two\" 2 0xffff888000052000 0x3000\n"
				"text 0x10000 \"first\\0\"\n"
				"text 0x11000 \"second\\0\"\n";

/* What is at 400000 in the implicit process; @physical 0: nothing. */
static void check_process(IDebugDataSpaces4 *data, ULONG64 physical, const char *text)
{
	ULONG64 found = 99;
	char buffer[16];

	assert_int_equal(IDebugDataSpaces4_VirtualToPhysical(data, 0x400000, &found),
			 physical ? S_OK : NO_PAGEFILE);
	assert_true(found == physical);
	assert_int_equal(
		IDebugDataSpaces4_ReadMultiByteStringVirtual(data, 0x400000, 16, buffer, 16, NULL),
		physical ? S_OK : READ_FAULT);
	assert_string_equal(buffer, text);
}

/* The implicit process decides at once, for reading, translating and writing. */
static void test_implicit_process(void **state)
{
	IDebugSystemObjects2 *objects;
	struct spaces spaces;
	char bytes[] = "W";

	spaces_open(&spaces, processes);
	assert_int_equal(IDebugClient4_QueryInterface(spaces.client, &IID_IDebugSystemObjects2,
						      (void **)&objects),
			 S_OK);
	check_process(spaces.data, 0, "");
	assert_int_equal(
		IDebugSystemObjects2_SetImplicitProcessDataOffset(objects, 0xffff888000051000),
		S_OK);
	check_process(spaces.data, 0x10000, "first");
	assert_int_equal(
		IDebugSystemObjects2_SetImplicitProcessDataOffset(objects, 0xffff888000052000),
		S_OK);
	check_process(spaces.data, 0x11000, "second");
	assert_int_equal(IDebugDataSpaces4_WriteVirtual(spaces.data, 0x400000, bytes, 1, NULL),
			 S_OK);
	check_process(spaces.data, 0x11000, "Wecond");
	assert_both(spaces.data, 0xffff888000010000, 0x10000, "first", 6);
	assert_int_equal(IDebugSystemObjects2_SetImplicitProcessDataOffset(objects, 0), S_OK);
	check_process(spaces.data, 0, "");
	IDebugSystemObjects2_Release(objects);
	spaces_close(&spaces);
}

/* What kernel mode does not have, and what of user mode works behind page tables. */
static void test_kernel_mode(void **state)
{
	MEMORY_BASIC_INFORMATION64 info;
	struct spaces spaces;
	ULONG64 address = 99;
	ULONG number = 99;

	spaces_open(&spaces, machine);
	assert_int_equal(IDebugDataSpaces4_QueryVirtual(spaces.data, PAGE, &info), E_UNEXPECTED);
	assert_int_equal(IDebugDataSpaces4_GetOffsetInformation(spaces.data, 0, 1, PAGE + 0xfff,
								&number, 4, NULL),
			 S_OK);
	assert_int_equal(number, DEBUG_VSOURCE_DEBUGGEE);
	assert_int_equal(IDebugDataSpaces4_GetOffsetInformation(spaces.data, 0, 1, PAGE + 0x1000,
								&number, 4, NULL),
			 S_OK);
	assert_int_equal(number, DEBUG_VSOURCE_INVALID);
	/* Behind a page of 2 MiB there is only the memory that there is. */
	assert_int_equal(IDebugDataSpaces4_GetValidRegionVirtual(spaces.data, LARGE + 0x1000,
								 0x300000, &address, &number),
			 S_OK);
	assert_true(address == LARGE + 0x1000);
	assert_int_equal(number, 0xff000);
	assert_int_equal(IDebugDataSpaces4_GetNextDifferentlyValidOffsetVirtual(
				 spaces.data, LARGE + 0x1234, &address),
			 S_OK);
	assert_true(address == LARGE + 0x2000);
	spaces_close(&spaces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_translation),
		cmocka_unit_test(test_translation_narrow),
		cmocka_unit_test(test_translation_arguments),
		cmocka_unit_test(test_no_tables),
		cmocka_unit_test(test_user_mode),
		cmocka_unit_test(test_implicit_process),
		cmocka_unit_test(test_kernel_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
