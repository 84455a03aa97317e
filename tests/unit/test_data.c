/* SPDX-License-Identifier: Apache-2.0 */
/* test_data.c - single reads and writes: faults inside a run, explanations, cached failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "unit/synth_handle.h"

static const char machine[] = "process 10\n"
			      "run 0x1000 0x3000 rw-p\n"
			      "pattern 0x1000 0x3000 counting\n"
			      "fault 0x2010 0x10 read reason=would-block\n"
			      "run 0x8000 0x1000 rw-s\n"
			      "fault 0x8800 0x8 write reason=denied\n";

static void test_fault_in_a_run(void **state)
{
	tmem_target *target = synth_open(machine, NULL);
	struct tmem_error_detail detail = { .size = sizeof(detail) };
	uint8_t buffer[64];
	size_t done = 99;

	memset(buffer, '!', sizeof(buffer));
	assert_int_equal(tmem_read_virtual(target, 0x2000, buffer, 64, &done), TMEM_S_OK);
	assert_int_equal(done, 16);
	assert_int_equal(buffer[15], 0x0f);
	assert_int_equal(buffer[16], '!');
	assert_int_equal(tmem_read_virtual(target, 0x201f, buffer, 64, &done), TMEM_E_READ_FAULT);
	assert_int_equal(done, 0);
	assert_int_equal(tmem_last_error_detail(target, &detail), TMEM_S_OK);
	assert_int_equal(detail.reason, TMEM_REASON_WOULD_BLOCK);
	assert_int_equal(detail.address, 0x201f);
	assert_int_equal(tmem_read_virtual_uncached(target, 0x2020, buffer, 64, &done), TMEM_S_OK);
	assert_int_equal(done, 64);
	assert_int_equal(buffer[0], 0x20);
	tmem_close(target);
}

/* The text says what was tried, where, and why it failed. */
static void test_explanation(void **state)
{
	tmem_target *target = synth_open(machine, NULL);
	uint8_t buffer[64] = { 0 };

	assert_int_equal(tmem_read_virtual(target, 0x6000, buffer, 64, NULL), TMEM_E_READ_FAULT);
	assert_string_equal(tmem_last_error(target),
			    "reading 64 bytes at 0000000000006000: nothing is mapped there");
	assert_int_equal(tmem_write_virtual(target, 0x6000, buffer, 8, NULL), TMEM_E_WRITE_FAULT);
	assert_string_equal(tmem_last_error(target),
			    "writing 8 bytes at 0000000000006000: nothing is mapped there");
	assert_int_equal(tmem_read_virtual(target, 0x6000, NULL, 64, NULL), TMEM_E_INVALIDARG);
	assert_non_null(strstr(tmem_last_error(target), "buffer"));
	tmem_close(target);
}

/* Without an overlay the target's own write faults count. */
static void test_write_fault(void **state)
{
	static const char live[] = "process 10\nrun 0x1000 0x1000 rw-p\n"
				   "fault 0x1100 0x8 write reason=denied\n"
				   "run 0x2000 0x1000 r--s\n";
	char text[512] = "target live=yes\n";
	tmem_target *target;
	struct event_log log;
	size_t done = 99;

	strcat(text, live);
	target = synth_open(text, NULL);
	event_log_start(&log, target);
	assert_int_equal(tmem_write_virtual(target, 0x10fc, "12345678", 8, &done), TMEM_S_OK);
	assert_int_equal(done, 4);
	assert_int_equal(log.count, 1);
	assert_int_equal(tmem_write_virtual(target, 0x1100, "12345678", 8, &done),
			 TMEM_E_WRITE_FAULT);
	assert_int_equal(done, 0);
	assert_int_equal(tmem_write_virtual(target, 0x2000, "12345678", 8, &done),
			 TMEM_E_WRITE_FAULT);
	assert_int_equal(tmem_write_virtual_uncached(target, 0x2000, "12345678", 8, &done),
			 TMEM_E_WRITE_FAULT);
	assert_int_equal(log.count, 1);
	tmem_close(target);
}

static void test_no_process(void **state)
{
	tmem_target *target =
		synth_open("target live=yes\nprocess 10\nrun 0x1000 0x1000 rw-p\n", NULL);
	uint8_t byte = 0;
	size_t done = 99;

	assert_int_equal(tmem_detach_process(target, 0), TMEM_S_OK);
	assert_int_equal(tmem_read_virtual(target, 0x1000, &byte, 1, &done), TMEM_E_UNEXPECTED);
	assert_int_equal(done, 0);
	done = 99;
	assert_int_equal(tmem_read_virtual(target, 0x1000, &byte, 0, &done), TMEM_E_UNEXPECTED);
	assert_int_equal(done, 0);
	done = 99;
	assert_int_equal(tmem_write_virtual(target, 0x1000, &byte, 1, &done), TMEM_E_UNEXPECTED);
	assert_int_equal(done, 0);
	assert_int_equal(tmem_write_virtual_uncached(target, 0x1000, &byte, 1, &done),
			 TMEM_E_UNEXPECTED);
	tmem_close(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fault_in_a_run),
		cmocka_unit_test(test_explanation),
		cmocka_unit_test(test_write_fault),
		cmocka_unit_test(test_no_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
