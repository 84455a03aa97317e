/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_data_spaces_system.c - processor and bus spaces, debugger data, handles, tagged data; and
 * every method before there is a target.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "dbgeng/data_spaces.h"
#include "unit/fake_linux.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char user[] = "process 1\n"
			   "run 0x1000 0x1000 rw-p\n";

/* A kernel target whose first table is of a kind. */
#define KERNEL(machine, scheme)                                                                    \
	"target mode=kernel\nmachine " machine "\nphysical\nrun 0 1M ?\ntable " scheme " 0x1000\n"

static const char kernel[] = KERNEL("amd64", "x64");

/* Every transfer of processor and bus spaces, with arguments that are good. */
static void check_transfers(IDebugDataSpaces4 *data, HRESULT expected)
{
	ULONG64 value = 99;
	ULONG buffer = 7;
	ULONG done[6];

	memset(done, 0xee, sizeof(done));
	assert_int_equal(IDebugDataSpaces4_ReadControl(data, 0, 0, &buffer, 4, &done[0]), expected);
	assert_int_equal(IDebugDataSpaces4_WriteControl(data, 0, 0, &buffer, 4, &done[1]),
			 expected);
	assert_int_equal(IDebugDataSpaces4_ReadIo(data, 1, 0, 1, 0x60, &buffer, 1, &done[2]),
			 expected);
	assert_int_equal(IDebugDataSpaces4_WriteIo(data, 1, 0, 1, 0x60, &buffer, 4, &done[3]),
			 expected);
	assert_int_equal(IDebugDataSpaces4_ReadBusData(data, 4, 0, 0, 0, &buffer, 4, &done[4]),
			 expected);
	assert_int_equal(IDebugDataSpaces4_WriteBusData(data, 4, 0, 0, 0, &buffer, 4, &done[5]),
			 expected);
	for (size_t i = 0; i < COUNT(done); i++)
		assert_int_equal(done[i], 0);
	assert_int_equal(IDebugDataSpaces4_ReadMsr(data, 0x10, &value), expected);
	assert_true(value == 0);
	assert_int_equal(IDebugDataSpaces4_WriteMsr(data, 0x10, 1), expected);
	assert_int_equal(IDebugDataSpaces4_CheckLowMemory(data), expected);
	assert_int_equal(buffer, 7);
}

/* Wrong ones, whatever the target is. */
static void check_transfer_arguments(IDebugDataSpaces4 *data)
{
	static const ULONG sizes[] = { 0, 3, 5, 8 };
	ULONG64 buffer = 0;
	ULONG done = 99;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		assert_int_equal(
			IDebugDataSpaces4_ReadIo(data, 1, 0, 1, 0x60, &buffer, sizes[i], &done),
			E_INVALIDARG);
		assert_int_equal(
			IDebugDataSpaces4_WriteIo(data, 1, 0, 1, 0x60, &buffer, sizes[i], &done),
			E_INVALIDARG);
	}
	assert_int_equal(done, 0);
	assert_int_equal(IDebugDataSpaces4_ReadIo(data, 1, 0, 0, 0x60, &buffer, 1, &done),
			 E_INVALIDARG);
	assert_int_equal(IDebugDataSpaces4_WriteIo(data, 1, 0, 2, 0x60, &buffer, 1, &done),
			 E_INVALIDARG);
	assert_int_equal(IDebugDataSpaces4_ReadIo(data, 1, 0, 1, 0x60, NULL, 1, &done),
			 E_INVALIDARG);
	assert_int_equal(IDebugDataSpaces4_ReadControl(data, 0, 0, NULL, 4, &done), E_INVALIDARG);
	assert_int_equal(IDebugDataSpaces4_WriteBusData(data, 4, 0, 0, 0, NULL, 4, &done),
			 E_INVALIDARG);
	assert_int_equal(IDebugDataSpaces4_ReadMsr(data, 0x10, NULL), E_INVALIDARG);
}

static void test_transfers(void **state)
{
	struct change_log *log;
	struct spaces spaces;

	spaces_open(&spaces, user);
	check_transfers(spaces.data, E_UNEXPECTED);
	check_transfer_arguments(spaces.data);
	spaces_close(&spaces);
	spaces_open(&spaces, kernel);
	log = change_log_start(&spaces);
	check_transfers(spaces.data, E_NOTIMPL);
	check_transfer_arguments(spaces.data);
	assert_no_change(log);
	spaces_close(&spaces);
}

static void test_page_size(void **state)
{
	static const char *const machines[] = { user, kernel };
	struct spaces spaces;

	for (size_t i = 0; i < COUNT(machines); i++) {
		UCHAR bytes[16];
		ULONG64 value = 0;
		ULONG size = 0;

		spaces_open(&spaces, machines[i]);
		assert_int_equal(IDebugDataSpaces4_ReadDebuggerData(
					 spaces.data, DEBUG_DATA_MmPageSize, &value, 8, &size),
				 S_OK);
		assert_true(value == 4096);
		assert_int_equal(size, 8);
		memset(bytes, 0xee, sizeof(bytes));
		assert_int_equal(IDebugDataSpaces4_ReadDebuggerData(
					 spaces.data, DEBUG_DATA_MmPageSize, bytes, 16, NULL),
				 S_OK);
		assert_int_equal(bytes[8], 0xee);
		/* Cut, and the full size. */
		memset(bytes, 0xee, sizeof(bytes));
		size = 0;
		assert_int_equal(IDebugDataSpaces4_ReadDebuggerData(
					 spaces.data, DEBUG_DATA_MmPageSize, bytes, 4, &size),
				 S_FALSE);
		assert_int_equal(size, 8);
		assert_memory_equal(bytes, "\x00\x10\x00\x00\xee", 5);
		spaces_close(&spaces);
	}
}

static void test_pae(void **state)
{
	static const struct {
		const char *machine;
		HRESULT result;
		BOOLEAN enabled;
	} rows[] = {
		{ KERNEL("amd64", "x64"), S_OK, 1 },
		{ KERNEL("i386", "pae"), S_OK, 1 },
		{ KERNEL("i386", "x86"), S_OK, 0 },
		{ KERNEL("arm64", "arm64"), E_NOINTERFACE, 7 },
		{ "target mode=kernel\nmachine amd64\nphysical\nrun 0 1M ?\n", E_NOINTERFACE, 7 },
		{ user, E_NOINTERFACE, 7 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct spaces spaces;
		BOOLEAN enabled = 7;
		ULONG size = 99;

		spaces_open(&spaces, rows[i].machine);
		assert_int_equal(IDebugDataSpaces4_ReadDebuggerData(
					 spaces.data, DEBUG_DATA_PaeEnabled, &enabled, 1, &size),
				 rows[i].result);
		assert_int_equal(enabled, rows[i].enabled);
		assert_int_equal(size, rows[i].result == S_OK ? 1 : 0);
		spaces_close(&spaces);
	}
}

/* An image of the memory of a small Linux, in which the kernel must be found. */
static void test_kernel_base(void **state)
{
	char path[] = "/tmp/dbgeng-linux-XXXXXX";
	int fd = mkstemp(path);
	struct fake_linux fake;
	struct spaces spaces;
	ULONG64 base = 0;
	ULONG size = 0;

	fake_linux_init(&fake, FAKE_WITH_ALL);
	assert_true(fd >= 0);
	assert_true(write(fd, fake.data, FAKE_MEMORY) == FAKE_MEMORY);
	close(fd);
	spaces_open_file(&spaces, path);
	unlink(path);
	fake_linux_fini(&fake);
	assert_int_equal(IDebugDataSpaces4_ReadDebuggerData(spaces.data, DEBUG_DATA_KernBase, &base,
							    8, &size),
			 S_OK);
	assert_true(base == FAKE_IMAGE);
	assert_int_equal(size, 8);
	spaces_close(&spaces);
	/* No kernel, and no kernel mode. */
	spaces_open(&spaces, kernel);
	assert_int_equal(IDebugDataSpaces4_ReadDebuggerData(spaces.data, DEBUG_DATA_KernBase, &base,
							    8, &size),
			 E_NOINTERFACE);
	assert_int_equal(size, 0);
	spaces_close(&spaces);
	spaces_open(&spaces, user);
	assert_int_equal(IDebugDataSpaces4_ReadDebuggerData(spaces.data, DEBUG_DATA_KernBase, &base,
							    8, &size),
			 E_NOINTERFACE);
	spaces_close(&spaces);
}

static void test_debugger_indices(void **state)
{
	static const ULONG unavailable[] = {
		DEBUG_DATA_BreakpointWithStatusAddr, DEBUG_DATA_SavedContextAddr,
		DEBUG_DATA_KiCallUserModeAddr,       DEBUG_DATA_PsLoadedModuleListAddr,
		DEBUG_DATA_MmVirtualTranslationBase, DEBUG_DATA_OffsetKThreadNextProcessor,
		DEBUG_DATA_OffsetEprocessPeb,        DEBUG_DATA_SizeEThread,
		DEBUG_DATA_KdPrintBufferSizeAddr,    DEBUG_DATA_PteBase,
		DEBUG_DATA_SharedUserData,           DEBUG_DATA_DumpWriterStatus,
	};
	static const ULONG unknown[] = { 0,   16,  25,  48,    660,    663,    706,
					 728, 856, 872, 99992, 100001, 100040, 0xffffffff };
	struct spaces spaces;
	ULONG64 value = 99;
	ULONG size;

	spaces_open(&spaces, kernel);
	for (size_t i = 0; i < COUNT(unavailable); i++) {
		size = 99;
		assert_int_equal(IDebugDataSpaces4_ReadDebuggerData(spaces.data, unavailable[i],
								    &value, 8, &size),
				 E_NOINTERFACE);
		assert_int_equal(size, 0);
	}
	for (size_t i = 0; i < COUNT(unknown); i++) {
		size = 99;
		assert_int_equal(IDebugDataSpaces4_ReadDebuggerData(spaces.data, unknown[i], &value,
								    8, &size),
				 E_INVALIDARG);
		assert_int_equal(size, 0);
	}
	assert_true(value == 99);
	assert_int_equal(IDebugDataSpaces4_ReadDebuggerData(spaces.data, DEBUG_DATA_MmPageSize,
							    NULL, 8, &size),
			 E_INVALIDARG);
	spaces_close(&spaces);
}

static void test_processor_data(void **state)
{
	struct spaces spaces;
	ULONG64 value = 99;
	ULONG size;

	spaces_open(&spaces, kernel);
	for (ULONG index = 0; index <= DEBUG_DATA_PROCESSOR_SPEED + 1; index++) {
		size = 99;
		assert_int_equal(IDebugDataSpaces4_ReadProcessorSystemData(spaces.data, 0, index,
									   &value, 8, &size),
				 index <= DEBUG_DATA_PROCESSOR_SPEED ? E_NOINTERFACE
								     : E_INVALIDARG);
		assert_int_equal(size, 0);
	}
	assert_int_equal(
		IDebugDataSpaces4_ReadProcessorSystemData(spaces.data, 0, 0, NULL, 8, &size),
		E_INVALIDARG);
	spaces_close(&spaces);
	spaces_open(&spaces, user);
	assert_int_equal(
		IDebugDataSpaces4_ReadProcessorSystemData(spaces.data, 0, 0, &value, 8, &size),
		E_UNEXPECTED);
	spaces_close(&spaces);
}

static void test_handle_data(void **state)
{
	DEBUG_HANDLE_DATA_BASIC basic;
	struct spaces spaces;
	ULONG size = 99;

	spaces_open(&spaces, user);
	assert_int_equal(IDebugDataSpaces4_ReadHandleData(spaces.data, 4,
							  DEBUG_HANDLE_DATA_TYPE_BASIC, &basic,
							  sizeof(basic), &size),
			 E_NOTIMPL);
	assert_int_equal(size, 0);
	assert_int_equal(
		IDebugDataSpaces4_ReadHandleData(spaces.data, 4, 16, &basic, sizeof(basic), &size),
		E_INVALIDARG);
	spaces_close(&spaces);
	spaces_open(&spaces, kernel);
	assert_int_equal(IDebugDataSpaces4_ReadHandleData(
				 spaces.data, 4, DEBUG_HANDLE_DATA_TYPE_BASIC, NULL, 0, &size),
			 E_UNEXPECTED);
	spaces_close(&spaces);
}

static void test_tagged(void **state)
{
	static const GUID zeros;
	GUID tag = { 1, 2, 3, { 4 } };
	struct spaces spaces;
	ULONG64 first = 0;
	ULONG64 second = 0;
	ULONG size = 99;

	spaces_open(&spaces, user);
	assert_int_equal(IDebugDataSpaces4_ReadTagged(spaces.data, &tag, 0, NULL, 0, &size),
			 E_NOINTERFACE);
	assert_int_equal(size, 0);
	assert_int_equal(IDebugDataSpaces4_ReadTagged(spaces.data, NULL, 0, NULL, 0, &size),
			 E_INVALIDARG);
	assert_int_equal(IDebugDataSpaces4_StartEnumTagged(spaces.data, NULL), E_INVALIDARG);
	assert_int_equal(IDebugDataSpaces4_StartEnumTagged(spaces.data, &first), S_OK);
	assert_int_equal(IDebugDataSpaces4_StartEnumTagged(spaces.data, &second), S_OK);
	assert_true(first && second && first != second);
	size = 99;
	assert_int_equal(IDebugDataSpaces4_GetNextTagged(spaces.data, first, &tag, &size), S_FALSE);
	assert_int_equal(size, 0);
	assert_memory_equal(&tag, &zeros, sizeof(tag));
	assert_int_equal(IDebugDataSpaces4_GetNextTagged(spaces.data, first, NULL, &size),
			 E_INVALIDARG);
	/* One dies, the other one lives. */
	assert_int_equal(IDebugDataSpaces4_EndEnumTagged(spaces.data, first), S_OK);
	assert_int_equal(IDebugDataSpaces4_EndEnumTagged(spaces.data, first), E_INVALIDARG);
	assert_int_equal(IDebugDataSpaces4_GetNextTagged(spaces.data, first, &tag, &size),
			 E_INVALIDARG);
	assert_int_equal(IDebugDataSpaces4_GetNextTagged(spaces.data, second, &tag, &size),
			 S_FALSE);
	assert_int_equal(IDebugDataSpaces4_EndEnumTagged(spaces.data, 0), E_INVALIDARG);
	/* A dead handle is not given again; the second one is left to the client's end. */
	assert_int_equal(IDebugDataSpaces4_StartEnumTagged(spaces.data, &first), S_OK);
	assert_true(first > second);
	assert_int_equal(IDebugDataSpaces4_EndEnumTagged(spaces.data, first), S_OK);
	spaces_close(&spaces);
}

/* A session without a target: E_UNEXPECTED everywhere, and nothing but zeros. */
static void check_virtual_without_target(IDebugDataSpaces4 *data)
{
	ULONG64 number[4] = { 0 };
	UCHAR buffer[8] = "abc";
	ULONG done[6];

	memset(done, 0xee, sizeof(done));
	assert_int_equal(IDebugDataSpaces4_ReadVirtual(data, 0, buffer, 8, &done[0]), E_UNEXPECTED);
	assert_int_equal(IDebugDataSpaces4_ReadVirtualUncached(data, 0, buffer, 8, &done[1]),
			 E_UNEXPECTED);
	assert_int_equal(IDebugDataSpaces4_WriteVirtual(data, 0, buffer, 8, &done[2]),
			 E_UNEXPECTED);
	assert_int_equal(IDebugDataSpaces4_WriteVirtualUncached(data, 0, buffer, 8, &done[3]),
			 E_UNEXPECTED);
	assert_int_equal(IDebugDataSpaces4_FillVirtual(data, 0, 8, buffer, 8, &done[4]),
			 E_UNEXPECTED);
	assert_int_equal(IDebugDataSpaces4_FillPhysical(data, 0, 8, buffer, 8, &done[5]),
			 E_UNEXPECTED);
	for (size_t i = 0; i < COUNT(done); i++)
		assert_int_equal(done[i], 0);
	assert_int_equal(IDebugDataSpaces4_ReadPointersVirtual(data, 1, 0, number), E_UNEXPECTED);
	assert_int_equal(IDebugDataSpaces4_WritePointersVirtual(data, 1, 0, number), E_UNEXPECTED);
	number[0] = 99;
	assert_int_equal(IDebugDataSpaces4_SearchVirtual(data, 0, 8, buffer, 1, 1, number),
			 E_UNEXPECTED);
	assert_int_equal(IDebugDataSpaces4_SearchVirtual2(data, 0, 8, 0, buffer, 1, 1, number),
			 E_UNEXPECTED);
	assert_true(number[0] == 99);
	assert_memory_equal(buffer, "abc", 4);
}

static void check_strings_without_target(IDebugDataSpaces4 *data)
{
	WCHAR wide[2][2] = { u"a", u"b" };
	char text[2][2] = { "a", "b" };
	ULONG bytes[4];

	memset(bytes, 0xee, sizeof(bytes));
	assert_int_equal(
		IDebugDataSpaces4_ReadMultiByteStringVirtual(data, 0, 9, text[0], 2, &bytes[0]),
		E_UNEXPECTED);
	assert_int_equal(IDebugDataSpaces4_ReadMultiByteStringVirtualWide(data, 0, 9, 0, wide[0], 2,
									  &bytes[1]),
			 E_UNEXPECTED);
	assert_int_equal(
		IDebugDataSpaces4_ReadUnicodeStringVirtual(data, 0, 9, 0, text[1], 2, &bytes[2]),
		E_UNEXPECTED);
	assert_int_equal(
		IDebugDataSpaces4_ReadUnicodeStringVirtualWide(data, 0, 9, wide[1], 2, &bytes[3]),
		E_UNEXPECTED);
	assert_int_equal(text[0][0] | text[1][0] | wide[0][0] | wide[1][0], 0);
	for (size_t i = 0; i < COUNT(bytes); i++)
		assert_int_equal(bytes[i], 0);
}

static void check_regions_without_target(IDebugDataSpaces4 *data)
{
	static const MEMORY_BASIC_INFORMATION64 no_info;
	static const IMAGE_NT_HEADERS64 no_headers;
	MEMORY_BASIC_INFORMATION64 info;
	IMAGE_NT_HEADERS64 headers;
	ULONG64 number[4] = { 1, 2, 3, 4 };
	ULONG size[3] = { 1, 2, 3 };

	memset(&info, 0xee, sizeof(info));
	memset(&headers, 0xee, sizeof(headers));
	assert_int_equal(IDebugDataSpaces4_GetOffsetInformation(data, 0, 1, 0, NULL, 0, &size[0]),
			 E_UNEXPECTED);
	assert_int_equal(
		IDebugDataSpaces4_GetNextDifferentlyValidOffsetVirtual(data, 0, &number[0]),
		E_UNEXPECTED);
	assert_int_equal(IDebugDataSpaces4_GetValidRegionVirtual(data, 0, 1, &number[1], &size[1]),
			 E_UNEXPECTED);
	assert_int_equal(IDebugDataSpaces4_QueryVirtual(data, 0, &info), E_UNEXPECTED);
	assert_memory_equal(&info, &no_info, sizeof(info));
	assert_int_equal(IDebugDataSpaces4_ReadImageNtHeaders(data, 0, &headers), E_UNEXPECTED);
	assert_memory_equal(&headers, &no_headers, sizeof(headers));
	assert_int_equal(IDebugDataSpaces4_VirtualToPhysical(data, 0, &number[2]), E_UNEXPECTED);
	assert_int_equal(IDebugDataSpaces4_GetVirtualTranslationPhysicalOffsets(data, 0, &number[3],
										1, &size[2]),
			 E_UNEXPECTED);
	for (size_t i = 0; i < COUNT(number); i++)
		assert_true(number[i] == 0);
	for (size_t i = 0; i < COUNT(size); i++)
		assert_int_equal(size[i], 0);
}

static void check_others_without_target(IDebugDataSpaces4 *data)
{
	ULONG64 number[2] = { 1, 2 };
	UCHAR buffer[8];
	GUID tag = { 1 };
	ULONG size[7];

	memset(size, 0xee, sizeof(size));
	assert_int_equal(IDebugDataSpaces4_ReadPhysical(data, 0, buffer, 8, &size[0]),
			 E_UNEXPECTED);
	assert_int_equal(IDebugDataSpaces4_ReadPhysical2(data, 0, 0, buffer, 8, &size[1]),
			 E_UNEXPECTED);
	assert_int_equal(IDebugDataSpaces4_WritePhysical(data, 0, buffer, 8, &size[2]),
			 E_UNEXPECTED);
	assert_int_equal(IDebugDataSpaces4_WritePhysical2(data, 0, 0, buffer, 8, &size[3]),
			 E_UNEXPECTED);
	assert_int_equal(IDebugDataSpaces4_ReadDebuggerData(data, DEBUG_DATA_MmPageSize, buffer, 8,
							    &size[4]),
			 E_UNEXPECTED);
	assert_int_equal(IDebugDataSpaces4_ReadHandleData(data, 4, 0, buffer, 8, &size[5]),
			 E_UNEXPECTED);
	assert_int_equal(IDebugDataSpaces4_ReadTagged(data, &tag, 0, buffer, 8, &size[6]),
			 E_UNEXPECTED);
	for (size_t i = 0; i < COUNT(size); i++)
		assert_int_equal(size[i], 0);
	assert_int_equal(IDebugDataSpaces4_StartEnumTagged(data, number), E_UNEXPECTED);
	assert_true(number[0] == 0);
	assert_int_equal(IDebugDataSpaces4_GetNextTagged(data, 1, &tag, size), E_UNEXPECTED);
	assert_int_equal(tag.Data1, 0);
	assert_int_equal(IDebugDataSpaces4_EndEnumTagged(data, 1), E_INVALIDARG);
	assert_int_equal(IDebugDataSpaces4_ReadProcessorSystemData(data, 0, 0, buffer, 8, size),
			 E_UNEXPECTED);
}

static void test_without_target(void **state)
{
	struct spaces spaces;
	ULONG64 number = 0;

	spaces_start(&spaces);
	check_virtual_without_target(spaces.data);
	check_strings_without_target(spaces.data);
	check_regions_without_target(spaces.data);
	check_others_without_target(spaces.data);
	check_transfers(spaces.data, E_UNEXPECTED);
	/* What is wrong with the call itself comes first. */
	check_transfer_arguments(spaces.data);
	assert_int_equal(IDebugDataSpaces4_ReadVirtual(spaces.data, 0, NULL, 8, NULL),
			 E_INVALIDARG);
	assert_int_equal(IDebugDataSpaces4_ReadPhysical2(spaces.data, 0, 4, &number, 8, NULL),
			 E_INVALIDARG);
	assert_int_equal(IDebugDataSpaces4_WritePhysical2(spaces.data, 0, 4, &number, 8, NULL),
			 E_INVALIDARG);
	assert_int_equal(
		IDebugDataSpaces4_SearchVirtual2(spaces.data, 0, 8, 2, &number, 1, 1, &number),
		E_INVALIDARG);
	spaces_close(&spaces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transfers),
		cmocka_unit_test(test_page_size),
		cmocka_unit_test(test_pae),
		cmocka_unit_test(test_kernel_base),
		cmocka_unit_test(test_debugger_indices),
		cmocka_unit_test(test_processor_data),
		cmocka_unit_test(test_handle_data),
		cmocka_unit_test(test_tagged),
		cmocka_unit_test(test_without_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
