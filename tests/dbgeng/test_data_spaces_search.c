/* SPDX-License-Identifier: Apache-2.0 */
/* test_data_spaces_search.c - SearchVirtual and SearchVirtual2: holes, phase, ends, flags. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "dbgeng/data_spaces.h"

static const char machine[] = "process 1\n"
			      "run 0x1000 0x1000 rw-p\n"
			      "run 0x3000 0x1000 r--p\n"
			      "run 0x4000 0x1000 rw-p\n"
			      "text 0x1101 \"needle\"\n"
			      "text 0x1ffd \"abc\"\n"
			      "text 0x3000 \"def\"\n"
			      "text 0x3204 \"needle\"\n"
			      "text 0x4800 \"needle\"\n"
			      "text 0x4ffc \"edge\"\n";

static const char narrow[] = "machine i386\n"
			     "process 1\n"
			     "run 0x90000000 0x1000 rw-p\n"
			     "text 0x90000120 \"needle\"\n";

/* One search; @expected is the match, or 0 when there is none. */
static void check(IDebugDataSpaces4 *data, ULONG64 offset, ULONG64 length, ULONG flags,
		  const char *text, ULONG granularity, ULONG64 expected)
{
	HRESULT wanted = expected ? S_OK : NO_MORE_ENTRIES;
	ULONG size = (ULONG)strlen(text);
	ULONG64 match = 99;
	char pattern[16];

	memcpy(pattern, text, size);
	assert_int_equal(IDebugDataSpaces4_SearchVirtual2(data, offset, length, flags, pattern,
							  size, granularity, &match),
			 wanted);
	assert_true(match == (expected ? expected : 99));
	if (flags != DEBUG_VSEARCH_DEFAULT)
		return;
	match = 99;
	assert_int_equal(IDebugDataSpaces4_SearchVirtual(data, offset, length, pattern, size,
							 granularity, &match),
			 wanted);
	assert_true(match == (expected ? expected : 99));
}

static void test_matches(void **state)
{
	struct spaces spaces;
	IDebugDataSpaces4 *data;

	spaces_open(&spaces, machine);
	data = spaces.data;
	/* Everywhere; from 0 on, over holes. */
	check(data, 0, UINT64_MAX, 0, "needle", 1, 0x1101);
	check(data, 0x1102, UINT64_MAX, 0, "needle", 1, 0x3204);
	check(data, 0x3205, 0x10000, 0, "needle", 1, 0x4800);
	check(data, 0x4801, UINT64_MAX, 0, "needle", 1, 0);
	/* The phase counts from the beginning of the range, holes included. */
	check(data, 0, UINT64_MAX, 0, "needle", 2, 0x3204);
	check(data, 1, UINT64_MAX, 0, "needle", 2, 0x1101);
	check(data, 0x1104, UINT64_MAX, 0, "needle", 3, 0x3204); /* 3 * 2816 above */
	check(data, 0x1105, UINT64_MAX, 0, "needle", 3, 0);
	/* Not across a hole, not beyond the range. */
	check(data, 0x1000, 0x10000, 0, "abcdef", 1, 0);
	check(data, 0x4000, 0x805, 0, "needle", 1, 0);
	check(data, 0x4000, 0x806, 0, "needle", 1, 0x4800);
	check(data, 0x4ffc, 4, 0, "edge", 1, 0x4ffc);
	check(data, 0x4ffc, 3, 0, "edge", 1, 0);
	check(data, 0x2000, 0x1000, 0, "needle", 1, 0);
	check(data, 0x1101, 0, 0, "needle", 1, 0);
	spaces_close(&spaces);
}

static void test_writable_only(void **state)
{
	struct spaces spaces;

	spaces_open(&spaces, machine);
	check(spaces.data, 0x1102, 0x10000, DEBUG_VSEARCH_WRITABLE_ONLY, "needle", 1, 0x4800);
	check(spaces.data, 0x3000, 0x1000, DEBUG_VSEARCH_WRITABLE_ONLY, "needle", 1, 0);
	spaces_close(&spaces);
}

/* The address of a match has its sign; the range may be given in both forms. */
static void test_narrow(void **state)
{
	struct spaces spaces;

	spaces_open(&spaces, narrow);
	check(spaces.data, 0, 0x100000000, 0, "needle", 1, 0xffffffff90000120);
	check(spaces.data, 0x90000000, 0x1000, 0, "needle", 6, 0xffffffff90000120);
	check(spaces.data, 0xffffffff90000000, 0x1000, 0, "needle", 1, 0xffffffff90000120);
	spaces_close(&spaces);
}

static void test_arguments(void **state)
{
	static const struct {
		ULONG flags, size, granularity;
	} rows[] = {
		{ 2, 4, 1 }, { 0x80000000, 4, 1 }, { 3, 4, 1 }, { 0, 0, 1 },
		{ 0, 4, 0 }, { 0, 4, 3 },          { 0, 4, 8 },
	};
	char pattern[] = "need";
	struct spaces spaces;
	ULONG64 match = 99;

	spaces_open(&spaces, machine);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(IDebugDataSpaces4_SearchVirtual2(
					 spaces.data, 0, 0x10000, rows[i].flags, pattern,
					 rows[i].size, rows[i].granularity, &match),
				 E_INVALIDARG);
	assert_int_equal(
		IDebugDataSpaces4_SearchVirtual(spaces.data, 0, 0x10000, NULL, 4, 1, &match),
		E_INVALIDARG);
	assert_int_equal(
		IDebugDataSpaces4_SearchVirtual(spaces.data, 0, 0x10000, pattern, 4, 1, NULL),
		E_INVALIDARG);
	assert_true(match == 99);
	spaces_close(&spaces);
}

/* What was written is found, in a file as in a live target. */
static void test_after_write(void **state)
{
	struct spaces spaces;
	char bytes[] = "fresh";

	spaces_open(&spaces, machine);
	check(spaces.data, 0, UINT64_MAX, 0, "fresh", 1, 0);
	assert_int_equal(IDebugDataSpaces4_WriteVirtual(spaces.data, 0x3100, bytes, 5, NULL), S_OK);
	check(spaces.data, 0, UINT64_MAX, 0, "fresh", 1, 0x3100);
	spaces_close(&spaces);
}

/* More memory than anybody has patience for. */
static const char endless[] = "process 1\n"
			      "run 0x100000 0x100000000000 rw-p\n"
			      "pattern 0x100000 0x100000000000 seed=1\n";

static void *interrupt_soon(void *control)
{
	usleep(50000);
	assert_int_equal(
		IDebugControl_SetInterrupt((IDebugControl *)control, DEBUG_INTERRUPT_PASSIVE),
		S_OK);
	return NULL;
}

static void test_interrupt(void **state)
{
	char pattern[] = "what a machine of numbers does not say";
	IDebugControl *control;
	struct spaces spaces;
	ULONG64 match = 99;
	pthread_t thread;

	spaces_open(&spaces, endless);
	assert_int_equal(
		IDebugClient4_QueryInterface(spaces.client, &IID_IDebugControl, (void **)&control),
		S_OK);
	assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, control), 0);
	assert_int_equal(IDebugDataSpaces4_SearchVirtual(spaces.data, 0, UINT64_MAX, pattern,
							 sizeof(pattern), 1, &match),
			 HRESULT_FROM_NT(STATUS_CONTROL_C_EXIT));
	assert_true(match == 99);
	pthread_join(thread, NULL);
	IDebugControl_Release(control);
	spaces_close(&spaces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),     cmocka_unit_test(test_writable_only),
		cmocka_unit_test(test_narrow),      cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_after_write), cmocka_unit_test(test_interrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
