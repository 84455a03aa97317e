/* SPDX-License-Identifier: Apache-2.0 */
/* test_outputs.c - sizes that failing calls return: 0, whatever was in them and whatever failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dbgeng.h>

#define OLD 0x5a5a5a5a

/* A client whose session has no target: what needs one fails. */
static IDebugControl7 *control;
static ULONG first, second;

static int start(void **state)
{
	return DebugCreate(&IID_IDebugControl7, (void **)&control) != S_OK;
}

static int end(void **state)
{
	return IDebugControl7_Release(control) != 0;
}

#define assert_zeros(expected, call)                                                               \
	do {                                                                                       \
		first = second = OLD;                                                              \
		assert_int_equal(call, expected);                                                  \
		assert_int_equal(first, 0);                                                        \
		assert_int_equal(second, 0);                                                       \
	} while (0)

static void test_system_version(void **state)
{
	ULONG platform, major, minor, pack;

	assert_zeros(E_UNEXPECTED,
		     IDebugControl7_GetSystemVersion(control, &platform, &major, &minor, NULL, 0,
						     &first, &pack, NULL, 0, &second));
	assert_zeros(E_INVALIDARG,
		     IDebugControl7_GetSystemVersion(control, NULL, &major, &minor, NULL, 0, &first,
						     &pack, NULL, 0, &second));
	assert_zeros(E_UNEXPECTED, IDebugControl7_GetSystemVersionValues(control, &platform, &major,
									 &minor, &first, &second));
	assert_zeros(E_INVALIDARG, IDebugControl7_GetSystemVersionValues(control, &platform, NULL,
									 &minor, &first, &second));
}

static void test_system_version_string(void **state)
{
	for (ULONG which = 0; which < 3; which++) {
		HRESULT expected = which < 2 ? E_UNEXPECTED : E_INVALIDARG;

		first = OLD;
		assert_int_equal(
			IDebugControl7_GetSystemVersionString(control, which, NULL, 0, &first),
			expected);
		assert_int_equal(first, 0);
		first = OLD;
		assert_int_equal(
			IDebugControl7_GetSystemVersionStringWide(control, which, NULL, 0, &first),
			expected);
		assert_int_equal(first, 0);
	}
}

static void test_names(void **state)
{
	assert_zeros(E_INVALIDARG, IDebugControl7_GetProcessorTypeNames(control, 1, NULL, 0, &first,
									NULL, 0, &second));
	assert_zeros(E_INVALIDARG, IDebugControl7_GetProcessorTypeNamesWide(
					   control, 1, NULL, 0, &first, NULL, 0, &second));
	assert_zeros(E_INVALIDARG, IDebugControl7_GetExpressionSyntaxNames(
					   control, 9, NULL, 0, &first, NULL, 0, &second));
	assert_zeros(E_INVALIDARG, IDebugControl7_GetExpressionSyntaxNamesWide(
					   control, 9, NULL, 0, &first, NULL, 0, &second));
}

static void test_last_event(void **state)
{
	ULONG type, process, thread;

	assert_zeros(E_INVALIDARG,
		     IDebugControl7_GetLastEventInformation(control, NULL, &process, &thread, NULL,
							    0, &first, NULL, 0, &second));
	assert_zeros(E_INVALIDARG,
		     IDebugControl7_GetLastEventInformationWide(control, &type, NULL, &thread, NULL,
								0, &first, NULL, 0, &second));
	assert_zeros(E_UNEXPECTED,
		     IDebugControl7_GetStoredEventInformation(control, &type, &process, &thread,
							      NULL, 0, &first, NULL, 0, &second));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_system_version, start, end),
		cmocka_unit_test_setup_teardown(test_system_version_string, start, end),
		cmocka_unit_test_setup_teardown(test_names, start, end),
		cmocka_unit_test_setup_teardown(test_last_event, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
