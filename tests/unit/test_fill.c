/* SPDX-License-Identifier: Apache-2.0 */
/* test_fill.c - fills: phase after short writes, long patterns, interrupt from a report. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/synth_handle.h"

static void check_phase(tmem_target *target, uint64_t start, const uint8_t *pattern,
			size_t pattern_size, size_t count)
{
	uint8_t *bytes = malloc(count);

	assert_int_equal(tmem_read_virtual(target, start, bytes, count, NULL), TMEM_S_OK);
	for (size_t i = 0; i < count; i++)
		if (bytes[i] != pattern[i % pattern_size])
			fail_msg("byte %zu of a pattern of %zu is wrong", i, pattern_size);
	free(bytes);
}

/* Adjacent runs cut the writes of a live target; the pattern goes on where it was. */
static void test_phase(void **state)
{
	static const size_t sizes[] = { 1, 3, 5, 4095, 4097, 65535, 65536, 65537, 100003, 2000003 };
	tmem_target *target = synth_open("target live=yes\nprocess 1\n"
					 "run 0x1000 0x1000 rw-p\nrun 0x2000 0x300000 rw-s\n"
					 "run 0x302000 0x1000 rw-p\n",
					 NULL);
	size_t largest = 2000003;
	uint8_t *pattern = malloc(largest);
	uint64_t filled = 0;

	for (size_t i = 0; i < largest; i++)
		pattern[i] = (uint8_t)(i * 7 + (i >> 8) * 13 + (i >> 16));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		assert_int_equal(
			tmem_fill_virtual(target, 0x1ff1 + i, 0x302000, pattern, sizes[i], &filled),
			TMEM_S_OK);
		assert_int_equal(filled, 0x303000 - 0x1ff1 - i);
		check_phase(target, 0x1ff1 + i, pattern, sizes[i], filled);
	}
	free(pattern);
	tmem_close(target);
}

/* Only reports while the fill runs can set it, so that it stops in the middle. */
static void stop(void *context, const struct tmem_progress *progress)
{
	assert_string_equal(progress->operation, "fill");
	tmem_set_interrupt(context);
}

/*
 * Interrupted in the middle if the machine is slow enough that a report comes: what was written
 * until then is counted, and told by one event.
 */
static void test_interrupt(void **state)
{
	tmem_target *target = synth_open("process 1\nrun 0x100000 0x10000000 rw-p\n", NULL);
	struct event_log log;
	uint64_t filled = 0;
	tmem_status status;
	uint8_t byte = 0;

	event_log_start(&log, target);
	assert_int_equal(tmem_set_progress_callback(target, stop, target), TMEM_S_OK);
	status = tmem_fill_virtual(target, 0x100000, 0x4000000, "a", 1, &filled);
	assert_int_equal(log.count, 1);
	if (status == TMEM_S_OK) {
		assert_int_equal(filled, 0x4000000);
	} else {
		assert_int_equal(status, TMEM_E_CONTROL_C_EXIT);
		assert_true(filled > 0 && filled < 0x4000000);
		assert_int_equal(tmem_read_virtual(target, 0x100000 + filled, &byte, 1, NULL),
				 TMEM_S_OK);
		assert_int_equal(byte, 0);
		assert_non_null(strstr(tmem_last_error(target), "interrupted"));
	}
	assert_int_equal(tmem_read_virtual(target, 0x100000 + filled - 1, &byte, 1, NULL),
			 TMEM_S_OK);
	assert_int_equal(byte, 'a');
	tmem_close(target);
}

struct meddler {
	tmem_target *target;
	unsigned calls;
};

/* Does what a callback must not; a read is allowed. */
static void meddle(void *context, const struct tmem_progress *progress)
{
	struct meddler *meddler = context;
	uint64_t filled;
	uint8_t byte = 0;

	meddler->calls++;
	assert_int_equal(tmem_write_virtual(meddler->target, 0x100000, "x", 1, NULL),
			 TMEM_E_UNEXPECTED);
	assert_int_equal(tmem_fill_virtual(meddler->target, 0x100000, 1, "x", 1, &filled),
			 TMEM_E_UNEXPECTED);
	assert_int_equal(tmem_set_progress_callback(meddler->target, NULL, NULL),
			 TMEM_E_UNEXPECTED);
	assert_int_equal(tmem_close(meddler->target), TMEM_E_UNEXPECTED);
	assert_int_equal(tmem_read_virtual(meddler->target, 0x100000, &byte, 1, NULL), TMEM_S_OK);
	assert_int_equal(byte, 'a');
	(void)progress;
}

/* A progress callback that writes is refused; it does not wait for the fill that it runs in. */
static void test_meddling_progress(void **state)
{
	struct meddler meddler = { 0 };
	uint64_t filled;

	meddler.target = synth_open("process 1\nrun 0x100000 0x4000000 rw-p\n", NULL);
	assert_int_equal(tmem_set_progress_callback(meddler.target, meddle, &meddler), TMEM_S_OK);
	for (int i = 0; i < 50 && !meddler.calls; i++)
		assert_int_equal(
			tmem_fill_virtual(meddler.target, 0x100000, 0x4000000, "a", 1, &filled),
			TMEM_S_OK);
	assert_true(meddler.calls > 0);
	assert_int_equal(tmem_write_virtual(meddler.target, 0x100000, "x", 1, NULL), TMEM_S_OK);
	tmem_close(meddler.target);
}

static void test_fault(void **state)
{
	tmem_target *target = synth_open("target live=yes\nprocess 1\nrun 0x1000 0x1000 rw-p\n"
					 "fault 0x1800 1 write reason=denied\n",
					 NULL);
	struct tmem_error_detail detail = { .size = sizeof(detail) };
	uint64_t filled = 99;

	assert_int_equal(tmem_fill_virtual(target, 0x1700, 0x200, "abc", 3, &filled), TMEM_S_OK);
	assert_int_equal(filled, 0x100);
	check_phase(target, 0x1700, (const uint8_t *)"abc", 3, 0x100);
	assert_int_equal(tmem_fill_virtual(target, 0x1800, 0x200, "abc", 3, &filled),
			 TMEM_E_WRITE_FAULT);
	assert_int_equal(filled, 0);
	assert_int_equal(tmem_last_error_detail(target, &detail), TMEM_S_OK);
	assert_int_equal(detail.reason, TMEM_REASON_DENIED);
	assert_non_null(strstr(tmem_last_error(target), "filling 512 bytes at 0000000000001800"));
	tmem_close(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_phase),
		cmocka_unit_test(test_interrupt),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_meddling_progress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
