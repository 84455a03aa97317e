/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_wine_assertions.c - what holds on Windows and is known to be relied on, over a real process:
 * results of the calls around attaching, of the modules of a process, and of reads. Where an image
 * begins with "MZ" there, it begins with "\x7f" "ELF" here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <dbgeng.h>

#include "support/child.h"

static const char *const programs[] = { "target64", "target32" };

/* A process that is looked into, with the interfaces of one client. */
struct fixture {
	struct child child;
	IDebugClient *client;
	IDebugControl *control;
	IDebugDataSpaces *data;
	IDebugSymbols2 *symbols;
	ULONG modules;
	ULONG64 base; /* of the first module */
};

static void create(struct fixture *fixture)
{
	IDebugClient *client;

	assert_int_equal(DebugCreate(&IID_IDebugClient, (void **)&client), S_OK);
	fixture->client = client;
	assert_int_equal(
		IDebugClient_QueryInterface(client, &IID_IDebugControl, (void **)&fixture->control),
		S_OK);
	assert_int_equal(
		IDebugClient_QueryInterface(client, &IID_IDebugDataSpaces, (void **)&fixture->data),
		S_OK);
	assert_int_equal(IDebugClient_QueryInterface(client, &IID_IDebugSymbols2,
						     (void **)&fixture->symbols),
			 S_OK);
}

static void start(struct fixture *fixture, const char *program)
{
	static const char *const arguments[] = { "--no-uffd", NULL };

	child_start(&fixture->child, program, arguments);
	create(fixture);
	assert_int_equal(IDebugControl_IsPointer64Bit(fixture->control), E_UNEXPECTED);
	assert_int_equal(IDebugClient_AttachProcess(fixture->client, 0, (ULONG)fixture->child.pid,
						    DEBUG_ATTACH_NONINVASIVE),
			 S_OK);
	assert_int_equal(IDebugControl_IsPointer64Bit(fixture->control), E_UNEXPECTED);
	assert_int_equal(IDebugControl_WaitForEvent(fixture->control, 0, INFINITE), S_OK);
	assert_int_equal(
		IDebugSymbols2_GetNumberModules(fixture->symbols, &fixture->modules, &(ULONG){ 0 }),
		S_OK);
	assert_true(fixture->modules > 0);
	assert_int_equal(IDebugSymbols2_GetModuleByIndex(fixture->symbols, 0, &fixture->base),
			 S_OK);
}

static void end(struct fixture *fixture)
{
	assert_int_equal(IDebugClient_DetachProcesses(fixture->client), S_OK);
	assert_int_equal(IDebugClient_EndSession(fixture->client, DEBUG_END_ACTIVE_DETACH), S_OK);
	IDebugSymbols2_Release(fixture->symbols);
	IDebugDataSpaces_Release(fixture->data);
	IDebugControl_Release(fixture->control);
	assert_int_equal(IDebugClient_Release(fixture->client), 0);
	child_end(&fixture->child);
}

/* Runs a test over a 64-bit and a 32-bit process. */
static void over_programs(void (*test)(struct fixture *))
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		struct fixture fixture = { 0 };

		start(&fixture, programs[i]);
		test(&fixture);
		end(&fixture);
	}
}

static void check_pointer_size(struct fixture *fixture)
{
	HRESULT wide = child_address(&fixture->child, "bits") == 0x64 ? S_OK : S_FALSE;

	assert_int_equal(IDebugControl_IsPointer64Bit(fixture->control), wide);
}

static void test_pointer_size(void **state)
{
	over_programs(check_pointer_size);
}

static void check_module_by_index(struct fixture *fixture)
{
	ULONG64 base = 7;

	assert_int_not_equal(fixture->base, 0);
	assert_true(
		FAILED(IDebugSymbols2_GetModuleByIndex(fixture->symbols, fixture->modules, &base)));
	for (ULONG i = 0; i < fixture->modules; i++) {
		base = 0;
		assert_int_equal(IDebugSymbols2_GetModuleByIndex(fixture->symbols, i, &base), S_OK);
		assert_int_not_equal(base, 0);
	}
}

static void test_module_by_index(void **state)
{
	over_programs(check_module_by_index);
}

static void check_module_by_offset(struct fixture *fixture)
{
	IDebugSymbols2 *symbols = fixture->symbols;
	ULONG64 base = 0;
	ULONG index = 7;

	assert_true(FAILED(IDebugSymbols2_GetModuleByOffset(symbols, 0, 0, &index, &base)));
	for (ULONG offset = 0; offset < 2; offset++) {
		index = 7;
		base = 0;
		assert_int_equal(IDebugSymbols2_GetModuleByOffset(symbols, fixture->base + offset,
								  0, &index, &base),
				 S_OK);
		assert_int_equal(index, 0);
		assert_int_equal(base, fixture->base);
	}
	assert_int_equal(IDebugSymbols2_GetModuleByOffset(symbols, fixture->base, 0, NULL, &base),
			 S_OK);
	assert_int_equal(IDebugSymbols2_GetModuleByOffset(symbols, fixture->base, 0, &index, NULL),
			 S_OK);
	assert_int_equal(IDebugSymbols2_GetModuleByOffset(symbols, fixture->base, 0, NULL, NULL),
			 S_OK);
	assert_true(FAILED(IDebugSymbols2_GetModuleByOffset(symbols, fixture->base,
							    fixture->modules, NULL, NULL)));
}

static void test_module_by_offset(void **state)
{
	over_programs(check_module_by_offset);
}

static void check_module_parameters(struct fixture *fixture)
{
	IDebugSymbols2 *symbols = fixture->symbols;
	DEBUG_MODULE_PARAMETERS found[2];
	ULONG64 bases[] = { fixture->base, fixture->base + 1 };

	memset(found, 0xcc, sizeof(found));
	assert_int_equal(IDebugSymbols2_GetModuleParameters(symbols, 1, NULL, 0, found), S_OK);
	assert_int_equal(found[0].Base, fixture->base);
	assert_int_not_equal(found[0].Size, 0);
	/* Bases are looked up, whatever the start is. */
	for (ULONG first = 0; first <= fixture->modules; first += fixture->modules) {
		memset(found, 0xcc, sizeof(found));
		assert_int_equal(
			IDebugSymbols2_GetModuleParameters(symbols, 2, bases, first, found), S_OK);
		assert_int_equal(found[0].Base, fixture->base);
		assert_int_equal(found[1].Base, DEBUG_INVALID_OFFSET);
		assert_int_equal(found[1].Size, 0);
	}
	assert_true(FAILED(
		IDebugSymbols2_GetModuleParameters(symbols, 1, NULL, fixture->modules, found)));
}

static void test_module_parameters(void **state)
{
	over_programs(check_module_parameters);
}

/* The same for every kind of name that a module has, by index and by base. */
static void check_name(IDebugSymbols2 *symbols, ULONG which, ULONG index, ULONG64 base)
{
	char whole[512], part[512];
	ULONG size = 0, again = 0;

	assert_int_equal(IDebugSymbols2_GetModuleNameString(symbols, which, index, base, whole,
							    sizeof(whole), &size),
			 S_OK);
	assert_int_equal(size, strlen(whole) + 1);
	assert_true(size > 1);
	memset(part, 0xcc, sizeof(part));
	assert_int_equal(IDebugSymbols2_GetModuleNameString(symbols, which, index, base, part,
							    size - 1, &again),
			 S_FALSE);
	assert_int_equal(again, size);
	assert_int_equal(strlen(part), size - 2);
	assert_memory_equal(part, whole, size - 2);
	assert_int_equal(
		IDebugSymbols2_GetModuleNameString(symbols, which, index, base, NULL, size, NULL),
		S_OK);
	assert_int_equal(IDebugSymbols2_GetModuleNameString(symbols, which, index, base, NULL,
							    size - 1, NULL),
			 S_FALSE);
	assert_int_equal(
		IDebugSymbols2_GetModuleNameString(symbols, which, index, base, NULL, 0, &again),
		S_FALSE);
	assert_int_equal(again, size);
}

static void check_module_names(struct fixture *fixture)
{
	static const ULONG kinds[] = { DEBUG_MODNAME_IMAGE, DEBUG_MODNAME_MODULE,
				       DEBUG_MODNAME_LOADED_IMAGE };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		check_name(fixture->symbols, kinds[i], 0, 0);
		check_name(fixture->symbols, kinds[i], DEBUG_ANY_ID, fixture->base);
	}
}

static void test_module_names(void **state)
{
	over_programs(check_module_names);
}

static void check_read(struct fixture *fixture)
{
	UCHAR bytes[260], again[260];
	ULONG done = 0;

	assert_int_equal(IDebugDataSpaces_ReadVirtual(fixture->data, fixture->base, bytes,
						      sizeof(bytes), &done),
			 S_OK);
	assert_int_equal(done, sizeof(bytes));
	assert_memory_equal(bytes,
			    "\x7f"
			    "ELF",
			    4);
	assert_int_equal(IDebugDataSpaces_ReadVirtual(fixture->data, fixture->base, again,
						      sizeof(again), NULL),
			 S_OK);
	assert_memory_equal(again, bytes, sizeof(bytes));
}

static void test_read(void **state)
{
	over_programs(check_read);
}

/* Detaching and ending are independent of each other: both succeed, in either order, again. */
static void check_ends(struct fixture *fixture)
{
	assert_int_equal(IDebugClient_EndSession(fixture->client, DEBUG_END_ACTIVE_DETACH), S_OK);
	assert_int_equal(IDebugControl_IsPointer64Bit(fixture->control), E_UNEXPECTED);
}

static void test_ends(void **state)
{
	over_programs(check_ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pointer_size),
		cmocka_unit_test(test_module_by_index),
		cmocka_unit_test(test_module_by_offset),
		cmocka_unit_test(test_module_parameters),
		cmocka_unit_test(test_module_names),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
