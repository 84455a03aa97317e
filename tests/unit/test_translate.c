/* SPDX-License-Identifier: Apache-2.0 */
/* test_translate.c - translation in user mode. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "unit/synth_handle.h"

static void test_user_mode(void **state)
{
	tmem_target *target = synth_open("process 1\nrun 0x1000 0x1000 rw-p\n", NULL);
	uint64_t physical = 99, offsets[3] = { 99, 99, 99 };
	size_t levels = 99;

	assert_int_equal(tmem_virtual_to_physical(target, 0x1000, &physical), TMEM_E_UNEXPECTED);
	assert_int_equal(physical, 0);
	assert_int_equal(tmem_virtual_to_physical(target, 0x1000, NULL), TMEM_E_INVALIDARG);
	assert_int_equal(
		tmem_get_virtual_translation_physical_offsets(target, 0x1000, offsets, 2, &levels),
		TMEM_E_UNEXPECTED);
	assert_int_equal(levels, 0);
	assert_int_equal(offsets[2], 99);
	assert_int_equal(
		tmem_get_virtual_translation_physical_offsets(target, 0x1000, NULL, 0, NULL),
		TMEM_E_UNEXPECTED);
	assert_true(strlen(tmem_last_error(target)) > 0);
	tmem_close(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_user_mode) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
