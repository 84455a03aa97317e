/* SPDX-License-Identifier: Apache-2.0 */
/* test_data_spaces_virtual.c - reading, writing, filling; pointers of both word sizes; events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dbgeng/data_spaces.h"

/* Four pages, the third of which is missing; the last page of the space. */
static const char machine[] = "process 1\n"
			      "run 0x1000 0x2000 rw-p\n"
			      "run 0x4000 0x1000 r--p\n"
			      "run 0xfffffffffffff000 0x1000 rw-p\n"
			      "fault 0x4800 0x100 both\n"
			      "pattern 0x1000 0x4000 counting\n"
			      "ptr 0x1100 0x1122334455667788 0xffffffff80000000 0xffffffff\n"
			      "u64 0x2ff0 0x0123456789abcdef 42\n"
			      "text 0xfffffffffffffff8 \"the end!\"\n";

static const char narrow[] = "machine i386\n"
			     "process 1\n"
			     "run 0x1000 0x1000 rw-p\n"
			     "run 0x80001000 0x1000 rw-p\n"
			     "run 0xfffff000 0x1000 rw-p\n"
			     "ptr 0x1100 0x12345678 0x80001000 0xffffffff\n"
			     "text 0x80001000 \"high\"\n"
			     "text 0xfffffffc \"last\"\n";

typedef HRESULT reader(IDebugDataSpaces4 *This, ULONG64 Offset, PVOID Buffer, ULONG BufferSize,
		       PULONG BytesRead);

static void check_read(reader *read, IDebugDataSpaces4 *data)
{
	UCHAR buffer[64];
	ULONG done = 99;

	memset(buffer, 0xee, sizeof(buffer));
	assert_int_equal(read(data, 0x1fff, buffer, 4, &done), S_OK);
	assert_int_equal(done, 4);
	assert_memory_equal(buffer, "\xff\x00\x01\x02\xee", 5);

	/* Up to the hole, and nothing behind it; what was not read stays. */
	assert_int_equal(read(data, 0x2ffc, buffer, sizeof(buffer), &done), S_OK);
	assert_int_equal(done, 4);
	assert_memory_equal(buffer, "\x00\x00\x00\x00\xee", 5);
	assert_int_equal(read(data, 0x2ffc, buffer, sizeof(buffer), NULL), S_OK);

	done = 99;
	assert_int_equal(read(data, 0x3000, buffer, sizeof(buffer), &done), READ_FAULT);
	assert_int_equal(done, 0);
	assert_int_equal(read(data, 0x3000, buffer, sizeof(buffer), NULL), READ_FAULT);
	done = 99;
	assert_int_equal(read(data, 0x3000, buffer, 0, &done), S_OK);
	assert_int_equal(done, 0);

	/* The space does not go on at 0. */
	assert_int_equal(read(data, 0xfffffffffffffff8, buffer, sizeof(buffer), &done), S_OK);
	assert_int_equal(done, 8);
	assert_memory_equal(buffer, "the end!", 8);

	done = 99;
	assert_int_equal(read(data, 0x1000, NULL, 4, &done), E_INVALIDARG);
	assert_int_equal(done, 0);
}

static void test_read(void **state)
{
	struct spaces spaces;

	spaces_open(&spaces, machine);
	check_read(spaces.data->lpVtbl->ReadVirtual, spaces.data);
	check_read(spaces.data->lpVtbl->ReadVirtualUncached, spaces.data);
	spaces_close(&spaces);
}

static void assert_memory(IDebugDataSpaces4 *data, ULONG64 offset, const char *bytes, ULONG size)
{
	UCHAR buffer[64];
	ULONG done = 0;

	assert_true(size <= sizeof(buffer));
	assert_int_equal(IDebugDataSpaces4_ReadVirtual(data, offset, buffer, size, &done), S_OK);
	assert_int_equal(done, size);
	assert_memory_equal(buffer, bytes, size);
}

typedef HRESULT writer(IDebugDataSpaces4 *This, ULONG64 Offset, PVOID Buffer, ULONG BufferSize,
		       PULONG BytesWritten);

static void check_write(writer *write, struct spaces *spaces)
{
	struct change_log *log = change_log_start(spaces);
	char bytes[] = "abcdefgh";
	ULONG done = 99;

	assert_memory(spaces->data, 0x1200, "\x00\x01\x02\x03", 4);
	assert_int_equal(write(spaces->data, 0x1201, bytes, 2, &done), S_OK);
	assert_int_equal(done, 2);
	assert_one_change(log, DEBUG_DATA_SPACE_VIRTUAL);
	assert_memory(spaces->data, 0x1200,
		      "\x00"
		      "ab\x03",
		      4);

	/* A debugger passes protection; a write ends where memory does. */
	assert_int_equal(write(spaces->data, 0x4ffc, bytes, 8, &done), S_OK);
	assert_int_equal(done, 4);
	assert_one_change(log, DEBUG_DATA_SPACE_VIRTUAL);
	assert_memory(spaces->data, 0x4ffc, "abcd", 4);
	assert_int_equal(write(spaces->data, 0x2000, bytes, 1, NULL), S_OK);
	assert_one_change(log, DEBUG_DATA_SPACE_VIRTUAL);

	done = 99;
	assert_int_equal(write(spaces->data, 0x3000, bytes, 8, &done), WRITE_FAULT);
	assert_int_equal(done, 0);
	done = 99;
	assert_int_equal(write(spaces->data, 0x1000, NULL, 8, &done), E_INVALIDARG);
	assert_int_equal(done, 0);
	done = 99;
	assert_int_equal(write(spaces->data, 0x3000, bytes, 0, &done), S_OK);
	assert_int_equal(done, 0);
	assert_no_change(log);
}

static void test_write(void **state)
{
	struct spaces spaces;

	spaces_open(&spaces, machine);
	check_write(spaces.data->lpVtbl->WriteVirtual, &spaces);
	spaces_close(&spaces);
	spaces_open(&spaces, machine);
	check_write(spaces.data->lpVtbl->WriteVirtualUncached, &spaces);
	spaces_close(&spaces);
}

/* What one client writes another one of the session reads. */
static void test_shared(void **state)
{
	IDebugClient *other_client;
	IDebugDataSpaces4 *other;
	struct spaces spaces;
	char bytes[] = "new";

	spaces_open(&spaces, machine);
	assert_int_equal(IDebugClient4_CreateClient(spaces.client, &other_client), S_OK);
	assert_int_equal(
		IDebugClient_QueryInterface(other_client, &IID_IDebugDataSpaces4, (void **)&other),
		S_OK);
	assert_int_equal(IDebugDataSpaces4_WriteVirtual(spaces.data, 0x1300, bytes, 3, NULL), S_OK);
	assert_memory(other, 0x1300, "new", 3);
	IDebugDataSpaces4_Release(other);
	IDebugClient_Release(other_client);
	spaces_close(&spaces);
}

/* The same address in two processes. */
static void test_current_process(void **state)
{
	IDebugSystemObjects *objects;
	struct spaces spaces;
	char bytes[] = "X";

	spaces_open(&spaces,
		    "target live=yes\n"
		    "process 100\nthread 100\nrun 0x1000 0x1000 rw-p\ntext 0x1000 \"one\"\n"
		    "process 200\nthread 200\nrun 0x1000 0x1000 rw-p\ntext 0x1000 \"two\"\n");
	assert_int_equal(IDebugClient4_QueryInterface(spaces.client, &IID_IDebugSystemObjects,
						      (void **)&objects),
			 S_OK);
	assert_memory(spaces.data, 0x1000, "one", 4);
	assert_int_equal(IDebugSystemObjects_SetCurrentProcessId(objects, 1), S_OK);
	assert_memory(spaces.data, 0x1000, "two", 4);
	assert_int_equal(IDebugDataSpaces4_WriteVirtual(spaces.data, 0x1000, bytes, 1, NULL), S_OK);
	assert_memory(spaces.data, 0x1000, "Xwo", 4);
	assert_int_equal(IDebugSystemObjects_SetCurrentProcessId(objects, 0), S_OK);
	assert_memory(spaces.data, 0x1000, "one", 4);
	IDebugSystemObjects_Release(objects);
	spaces_close(&spaces);
}

/* Inside a callback memory can be read and not be changed. */
static void look_and_touch(struct spaces *spaces)
{
	UCHAR byte = 7;
	ULONG done = 99;
	ULONG64 pointer = 7;

	assert_int_equal(IDebugDataSpaces4_ReadVirtual(spaces->data, 0x1200, &byte, 1, &done),
			 S_OK);
	assert_int_equal(byte, 'x');
	assert_int_equal(IDebugDataSpaces4_WriteVirtual(spaces->data, 0x1200, &byte, 1, &done),
			 E_UNEXPECTED);
	assert_int_equal(done, 0);
	assert_int_equal(
		IDebugDataSpaces4_WriteVirtualUncached(spaces->data, 0x1200, &byte, 1, NULL),
		E_UNEXPECTED);
	assert_int_equal(IDebugDataSpaces4_WritePointersVirtual(spaces->data, 1, 0x1200, &pointer),
			 E_UNEXPECTED);
	assert_int_equal(IDebugDataSpaces4_FillVirtual(spaces->data, 0x1200, 1, &byte, 1, NULL),
			 E_UNEXPECTED);
}

static void test_inside_callback(void **state)
{
	struct change_log *log;
	struct spaces spaces;
	char bytes[] = "x";

	spaces_open(&spaces, machine);
	log = change_log_start(&spaces);
	log->inside = look_and_touch;
	assert_int_equal(IDebugDataSpaces4_WriteVirtual(spaces.data, 0x1200, bytes, 1, NULL), S_OK);
	assert_one_change(log, DEBUG_DATA_SPACE_VIRTUAL);
	spaces_close(&spaces);
}

static void test_pointers(void **state)
{
	ULONG64 values[3] = { 1, 2, 3 };
	ULONG64 changed[] = { 0x8877665544332211, 0xfffffffffffffffe };
	struct change_log *log;
	struct spaces spaces;

	spaces_open(&spaces, machine);
	log = change_log_start(&spaces);
	assert_int_equal(IDebugDataSpaces4_ReadPointersVirtual(spaces.data, 3, 0x1100, values),
			 S_OK);
	assert_true(values[0] == 0x1122334455667788);
	assert_true(values[1] == 0xffffffff80000000);
	assert_true(values[2] == 0xffffffff);

	/* All or failure, with what came before. */
	assert_int_equal(IDebugDataSpaces4_ReadPointersVirtual(spaces.data, 3, 0x2ff0, values),
			 READ_FAULT);
	assert_true(values[0] == 0x0123456789abcdef);
	assert_true(values[1] == 42);
	assert_int_equal(IDebugDataSpaces4_ReadPointersVirtual(spaces.data, 0, 0x3000, values),
			 S_OK);
	assert_int_equal(IDebugDataSpaces4_ReadPointersVirtual(spaces.data, 1, 0x1100, NULL),
			 E_INVALIDARG);
	assert_int_equal(IDebugDataSpaces4_WritePointersVirtual(spaces.data, 1, 0x1100, NULL),
			 E_INVALIDARG);
	assert_no_change(log);

	assert_int_equal(IDebugDataSpaces4_WritePointersVirtual(spaces.data, 2, 0x1200, changed),
			 S_OK);
	assert_one_change(log, DEBUG_DATA_SPACE_VIRTUAL);
	assert_memory(spaces.data, 0x1200,
		      "\x11\x22\x33\x44\x55\x66\x77\x88\xfe\xff\xff\xff\xff\xff\xff\xff\x10", 17);
	assert_int_equal(IDebugDataSpaces4_WritePointersVirtual(spaces.data, 2, 0x2ff8, changed),
			 WRITE_FAULT);
	assert_one_change(log, DEBUG_DATA_SPACE_VIRTUAL);
	spaces_close(&spaces);
}

/* Pointers have four bytes there; addresses come with their sign and are taken in both forms. */
static void test_narrow(void **state)
{
	ULONG64 values[3];
	ULONG64 changed[] = { 0xabcdef0180002000, 0xffffffffffffffff };
	struct spaces spaces;
	char buffer[16] = "";
	ULONG done = 0;

	spaces_open(&spaces, narrow);
	assert_int_equal(IDebugDataSpaces4_ReadPointersVirtual(spaces.data, 3, 0x1100, values),
			 S_OK);
	assert_true(values[0] == 0x12345678);
	assert_true(values[1] == 0xffffffff80001000);
	assert_true(values[2] == 0xffffffffffffffff);
	assert_memory(spaces.data, 0x80001000, "high", 4);
	assert_memory(spaces.data, values[1], "high", 4);

	assert_int_equal(IDebugDataSpaces4_WritePointersVirtual(spaces.data, 2, 0x1200, changed),
			 S_OK);
	assert_memory(spaces.data, 0x1200, "\x00\x20\x00\x80\xff\xff\xff\xff\x00", 9);

	/* The space ends at 4 GiB, in both forms. */
	assert_int_equal(IDebugDataSpaces4_ReadVirtual(spaces.data, 0xfffffffc, buffer, 16, &done),
			 S_OK);
	assert_int_equal(done, 4);
	assert_int_equal(
		IDebugDataSpaces4_ReadVirtual(spaces.data, 0xfffffffffffffffc, buffer, 16, &done),
		S_OK);
	assert_int_equal(done, 4);
	assert_memory_equal(buffer, "last", 4);
	assert_int_equal(IDebugDataSpaces4_ReadVirtual(spaces.data, 0x1fffff000, buffer, 1, &done),
			 READ_FAULT);
	spaces_close(&spaces);
}

static void test_fill(void **state)
{
	struct change_log *log;
	struct spaces spaces;
	char pattern[] = "abc";
	ULONG filled = 99;

	spaces_open(&spaces, machine);
	log = change_log_start(&spaces);
	assert_int_equal(IDebugDataSpaces4_FillVirtual(spaces.data, 0x1201, 7, pattern, 3, &filled),
			 S_OK);
	assert_int_equal(filled, 7);
	assert_one_change(log, DEBUG_DATA_SPACE_VIRTUAL);
	assert_memory(spaces.data, 0x1200,
		      "\0"
		      "abcabca\x08",
		      9);
	assert_int_equal(IDebugDataSpaces4_FillVirtual(spaces.data, 0x1300, 2, pattern, 3, NULL),
			 S_OK);
	assert_one_change(log, DEBUG_DATA_SPACE_VIRTUAL);
	assert_memory(spaces.data, 0x1300, "ab\x02", 3);

	/* Up to the hole; many pieces are one change. */
	assert_int_equal(
		IDebugDataSpaces4_FillVirtual(spaces.data, 0x1000, 0x80000000, pattern, 3, &filled),
		S_OK);
	assert_int_equal(filled, 0x2000);
	assert_one_change(log, DEBUG_DATA_SPACE_VIRTUAL);
	assert_memory(spaces.data, 0x2ffd, "cab", 3); /* 0x1ffd % 3 is 2 */

	filled = 99;
	assert_int_equal(
		IDebugDataSpaces4_FillVirtual(spaces.data, 0x3000, 16, pattern, 3, &filled),
		WRITE_FAULT);
	assert_int_equal(filled, 0);
	filled = 99;
	assert_int_equal(
		IDebugDataSpaces4_FillVirtual(spaces.data, 0x1000, 16, pattern, 0, &filled),
		E_INVALIDARG);
	assert_int_equal(filled, 0);
	assert_int_equal(IDebugDataSpaces4_FillVirtual(spaces.data, 0x1000, 16, NULL, 3, NULL),
			 E_INVALIDARG);
	assert_int_equal(IDebugDataSpaces4_FillVirtual(spaces.data, 0x1000, 0, pattern, 3, &filled),
			 S_OK);
	assert_int_equal(filled, 0);
	assert_no_change(log);
	spaces_close(&spaces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_current_process),
		cmocka_unit_test(test_inside_callback),
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_fill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
