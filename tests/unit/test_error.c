/* SPDX-License-Identifier: Apache-2.0 */
/* test_error.c - statuses, and the explanation of the last failure. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void values_are_hresults(void **state)
{
	(void)state;
	assert_int_equal((uint32_t)TMEM_E_READ_FAULT, 0x8007001E);
	assert_int_equal((uint32_t)TMEM_E_WRITE_FAULT, 0x8007001D);
	assert_int_equal((uint32_t)TMEM_E_NO_MORE_ENTRIES, 0x9000001A);
	assert_int_equal((uint32_t)TMEM_E_NO_PAGEFILE, 0xD0000147);
	assert_int_equal((uint32_t)TMEM_E_CONTROL_C_EXIT, 0xD000013A);
	assert_int_equal((uint32_t)TMEM_E_UNEXPECTED, 0x8000FFFF);
	assert_int_equal((uint32_t)TMEM_E_INVALIDARG, 0x80070057);
	assert_true(TMEM_FAILED(TMEM_E_NO_MORE_ENTRIES));
	assert_false(TMEM_FAILED(TMEM_S_FALSE));
}

static void every_status_has_name_and_text(void **state)
{
	(void)state;
	assert_string_equal(tmem_status_name(TMEM_E_READ_FAULT), "E_READ_FAULT");
	assert_string_equal(tmem_status_name(TMEM_S_FALSE), "S_FALSE");
	assert_string_equal(tmem_status_text(TMEM_E_READ_FAULT), "memory could not be read");
	assert_string_equal(tmem_status_name(0x1234), "unknown status");
	assert_string_equal(tmem_reason_text(TMEM_REASON_COUNT), "unknown reason");
	for (uint32_t i = 0; i < TMEM_REASON_COUNT; i++)
		assert_true(strlen(tmem_reason_text(i)) > 5);
}

static void text_names_the_outermost_layer_first(void **state)
{
	(void)state;
	tmi_fail(TMEM_E_READ_FAULT, TMEM_REASON_NOT_MAPPED, 0x1000);
	tmi_wrap(TMEM_E_READ_FAULT, TMI_ACTION_READ, 0x1000, 8);
	tmi_error_owner(TMEM_E_READ_FAULT, NULL);
	assert_string_equal(tmem_last_error(NULL),
			    "reading 8 bytes at 0000000000001000: nothing is mapped there");
	tmi_fail(TMEM_E_READ_FAULT, TMEM_REASON_GUARD, 0x2000);
	tmi_wrap(TMEM_E_READ_FAULT, TMI_ACTION_POINTERS, 0x1ff8, 0);
	assert_string_equal(tmem_last_error(NULL), "reading pointers at 0000000000001ff8: at "
						   "0000000000002000: it is a guard page");
}

static void free_text_and_errno(void **state)
{
	(void)state;
	tmi_fail_text(TMEM_E_BAD_FORMAT, "%s: bad", "file");
	tmi_wrap_text(TMEM_E_BAD_FORMAT, "opening %d", 3);
	assert_string_equal(tmem_last_error(NULL), "opening 3: file: bad");
	tmi_fail_system(TMEM_E_READ_FAULT, TMEM_REASON_DENIED, 0x10, 13);
	assert_string_equal(tmem_last_error(NULL),
			    "at 0000000000000010: permission was refused (Permission denied)");
	tmi_bad_argument("size", "not 0");
	assert_string_equal(tmem_last_error(NULL), "bad size: expected not 0");
}

static void belongs_to_one_handle(void **state)
{
	tmem_target *one = (tmem_target *)state, *other = NULL;
	struct tmem_error_detail detail = { .size = sizeof(detail) };

	tmi_error_owner(tmi_fail(TMEM_E_READ_FAULT, TMEM_REASON_GUARD, 5), one);
	assert_string_equal(tmem_last_error(other), "");
	assert_int_equal(tmem_last_error_detail(other, &detail), TMEM_E_NOINTERFACE);
	assert_int_equal(tmem_last_error_detail(one, &detail), TMEM_S_OK);
	assert_int_equal(detail.reason, TMEM_REASON_GUARD);
	assert_int_equal(detail.address, 5);
	detail.size = 4;
	assert_int_equal(tmem_last_error_detail(one, &detail), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_last_error_detail(one, NULL), TMEM_E_INVALIDARG);
}

static void *other_thread(void *unused)
{
	(void)unused;
	if (strcmp(tmem_last_error(NULL), ""))
		return (void *)"not empty";
	tmi_fail_text(TMEM_E_FAIL, "other");
	return strcmp(tmem_last_error(NULL), "other") ? (void *)"wrong" : NULL;
}

static void each_thread_has_its_own(void **state)
{
	pthread_t thread;
	void *result;

	(void)state;
	tmi_fail_text(TMEM_E_FAIL, "mine");
	pthread_create(&thread, NULL, other_thread, NULL);
	pthread_join(thread, &result);
	assert_null(result);
	assert_string_equal(tmem_last_error(NULL), "mine");
}

static void is_kept_over_a_callback(void **state)
{
	struct tmi_explanation saved;

	(void)state;
	tmi_wrap_text(tmi_fail_text(TMEM_E_FAIL, "outer"), "call");
	tmi_error_save(&saved);
	tmi_fail_text(TMEM_E_READ_FAULT, "inner");
	assert_string_equal(tmem_last_error(NULL), "inner");
	tmi_error_restore(&saved);
	assert_string_equal(tmem_last_error(NULL), "call: outer");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_hresults),
		cmocka_unit_test(every_status_has_name_and_text),
		cmocka_unit_test(text_names_the_outermost_layer_first),
		cmocka_unit_test(free_text_and_errno),
		cmocka_unit_test(belongs_to_one_handle),
		cmocka_unit_test(each_thread_has_its_own),
		cmocka_unit_test(is_kept_over_a_callback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
