/* SPDX-License-Identifier: Apache-2.0 */
/* test_physical.c - physical methods in user mode: which failure comes first, and its text. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "unit/synth_handle.h"

static const char machine[] = "process 1\nrun 0x1000 0x1000 rw-p\n";

static void test_order_of_checks(void **state)
{
	tmem_target *target = synth_open(machine, NULL);
	uint8_t buffer[4] = { 0 };
	size_t done = 99;

	/* A bad cache type and a missing buffer are the caller's fault in every mode. */
	assert_int_equal(tmem_read_physical2(target, 0, 4, buffer, 4, &done), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_read_physical2(target, 0, 3, NULL, 4, &done), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_read_physical2(target, 0, 3, buffer, 4, &done), TMEM_E_UNEXPECTED);
	assert_int_equal(tmem_write_physical2(target, 0, 4, buffer, 4, &done), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_write_physical2(target, 0, 3, NULL, 4, &done), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_write_physical2(target, 0, 3, buffer, 4, &done), TMEM_E_UNEXPECTED);
	assert_int_equal(done, 0);
	tmem_close(target);
}

static void test_explanation(void **state)
{
	tmem_target *target = synth_open(machine, NULL);
	struct tmem_error_detail detail = { .size = sizeof(detail) };
	uint8_t buffer[4] = { 0 };

	assert_int_equal(tmem_read_physical(target, 0, buffer, 4, NULL), TMEM_E_UNEXPECTED);
	assert_int_equal(tmem_last_error_detail(target, &detail), TMEM_S_OK);
	assert_int_equal(detail.reason, TMEM_REASON_USER_MODE);
	assert_int_equal(tmem_write_physical(target, 0, buffer, 4, NULL), TMEM_E_UNEXPECTED);
	assert_int_equal(tmem_last_error_detail(target, &detail), TMEM_S_OK);
	assert_int_equal(detail.reason, TMEM_REASON_USER_MODE);
	tmem_close(target);
}

static void test_nothing_happens(void **state)
{
	tmem_target *target = synth_open(machine, NULL);
	uint8_t buffer[4] = { 0 };
	struct tmem_transfer item = { .buffer = buffer, .size = 4, .done = 99 };
	struct event_log log;
	uint64_t filled = 99;

	event_log_start(&log, target);
	assert_int_equal(tmem_write_physical(target, 0x1000, "xyz", 3, NULL), TMEM_E_UNEXPECTED);
	assert_int_equal(tmem_fill_physical(target, 0x1000, 8, "xyz", 3, &filled),
			 TMEM_E_UNEXPECTED);
	assert_int_equal(filled, 0);
	assert_int_equal(tmem_read_physical_batch(target, &item, 1), TMEM_E_UNEXPECTED);
	assert_int_equal(item.done, 0);
	item.done = 99;
	assert_int_equal(tmem_write_physical_batch(target, &item, 1), TMEM_E_UNEXPECTED);
	assert_int_equal(item.done, 0);
	assert_int_equal(log.count, 0);
	assert_int_equal(tmem_read_virtual(target, 0x1000, buffer, 4, NULL), TMEM_S_OK);
	assert_memory_equal(buffer, "\0\0\0\0", 4);
	tmem_close(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_of_checks),
		cmocka_unit_test(test_explanation),
		cmocka_unit_test(test_nothing_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
