/* SPDX-License-Identifier: Apache-2.0 */
/* test_view.c - views of given bytes: extent, staleness, refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "unit/synth_handle.h"

static const char machine[] = "target lends=yes\n"
			      "process 1\n"
			      "run 0x1000 0x2000 rw-p\n"
			      "text 0x1100 \"lent bytes\"\n"
			      "process 2\n"
			      "run 0x1000 0x2000 rw-p\n"
			      "text 0x1100 \"others\"\n";

static void test_lent(void **state)
{
	tmem_target *target = synth_open(machine, NULL);
	struct tmem_view view;

	assert_int_equal(tmem_view_virtual(target, 0x1100, 100, &view), TMEM_S_OK);
	assert_int_equal(view.size, 10);
	assert_memory_equal(view.data, "lent bytes", 10);
	assert_int_equal(tmem_view_is_current(target, &view), TMEM_S_OK);
	assert_int_equal(tmem_view_virtual(target, 0x1105, 3, &view), TMEM_S_OK);
	assert_int_equal(view.size, 3);
	assert_memory_equal(view.data, "byt", 3);
	tmem_close(target);
}

/* A write, a discard, through any handle; the other process's view belongs to the target too. */
static void test_stale(void **state)
{
	tmem_target *target = synth_open(machine, NULL);
	struct tmem_view view;

	assert_int_equal(tmem_view_virtual(target, 0x1100, 10, &view), TMEM_S_OK);
	assert_int_equal(tmem_write_virtual(target, 0x1104, "-", 1, NULL), TMEM_S_OK);
	assert_int_equal(tmem_view_is_current(target, &view), TMEM_S_FALSE);
	assert_int_equal(tmem_overlay_discard(target), TMEM_S_OK);
	assert_int_equal(tmem_view_is_current(target, &view), TMEM_S_FALSE);
	assert_int_equal(tmem_view_virtual(target, 0x1100, 10, &view), TMEM_S_OK);
	assert_memory_equal(view.data, "lent bytes", 10);
	assert_int_equal(tmem_set_current_process_id(target, 1), TMEM_S_OK);
	assert_int_equal(tmem_view_is_current(target, &view), TMEM_S_OK);
	assert_int_equal(tmem_view_virtual(target, 0x1100, 6, &view), TMEM_S_OK);
	assert_memory_equal(view.data, "others", 6);
	tmem_close(target);
}

static void test_refused(void **state)
{
	tmem_target *target = synth_open("process 1\nrun 0x1000 0x1000 rw-p\n", NULL);
	struct tmem_view view;

	memset(&view, 0xee, sizeof(view));
	assert_int_equal(tmem_view_virtual(target, 0x1100, 10, &view), TMEM_E_NOTIMPL);
	assert_null(view.data);
	assert_int_equal(view.size, 0);
	assert_int_equal(tmem_view_virtual(target, 0x2100, 10, &view), TMEM_E_READ_FAULT);
	assert_int_equal(tmem_view_virtual(target, 0x2100, 0, &view), TMEM_S_OK);
	assert_null(view.data);
	assert_int_equal(tmem_view_is_current(target, &view), TMEM_E_INVALIDARG);
	tmem_close(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lent),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
