/* SPDX-License-Identifier: Apache-2.0 */
/* test_events.c - .events: changes made through another handle, and the end of a session. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/session_log.h"
#include "unit/synth_handle.h"

static struct session_log log;

static int open_log(void **state)
{
	session_log_open(&log, "target live=yes\nprocess 1\nrun 0x1000 0x1000 rw-p\n");
	return 0;
}

static int close_log(void **state)
{
	session_log_close(&log);
	return 0;
}

static uint32_t mask_now(tmem_target *target)
{
	struct tmem_event_callbacks callbacks = { .size = sizeof(callbacks) };

	assert_int_equal(tmem_get_event_callbacks(target, &callbacks), TMEM_S_OK);
	return callbacks.interest_mask;
}

static void test_other_handle(void **state)
{
	tmem_target *other;

	session_log_expect(&log, ".events on", "");
	assert_int_equal(tmem_target_dup(log.session->target, &other), TMEM_S_OK);
	tmi_text_clear(&log.out);
	assert_int_equal(tmem_write_virtual(other, 0x1000, "x", 1, NULL), TMEM_S_OK);
	assert_string_equal(log.out.data, "event: ChangeDebuggeeState DATA VIRTUAL\n");
	assert_int_equal(tmem_close(other), TMEM_S_OK);
	session_log_expect(&log, ".events list",
			   "Events are shown; 1 since counting began\n"
			   "       1  ChangeDebuggeeState DATA VIRTUAL\n");
}

/* Who was registered before keeps being told, and is what is registered when the session ends. */
static void test_handed_on(void **state)
{
	struct tmi_session_callbacks callbacks = log.session->callbacks;
	tmem_target *target = log.session->target;
	struct event_log before = { 0 };

	event_log_start(&before, target);
	session_log_expect(&log, ".events on", "");
	tmi_text_clear(&log.out);
	assert_int_equal(tmem_write_virtual(target, 0x1000, "x", 1, NULL), TMEM_S_OK);
	assert_string_equal(log.out.data, "event: ChangeDebuggeeState DATA VIRTUAL\n");
	assert_int_equal(before.count, 1);
	tmi_session_free(log.session);
	assert_int_equal(tmem_write_virtual(target, 0x1000, "y", 1, NULL), TMEM_S_OK);
	assert_int_equal(before.count, 2);
	assert_int_equal(tmem_set_event_callbacks(target, NULL), TMEM_S_OK);
	log.session = tmi_session_new(target, &callbacks);
	assert_non_null(log.session);
}

/* A session leaves no callback behind that would run on freed memory. */
static void test_session_end(void **state)
{
	struct tmi_session_callbacks callbacks = log.session->callbacks;
	tmem_target *target = log.session->target;

	assert_int_equal(mask_now(target), 0);
	session_log_expect(&log, ".events", "Events are not shown; 0 since counting began\n");
	assert_int_not_equal(mask_now(target), 0);
	tmi_session_free(log.session);
	assert_int_equal(mask_now(target), 0);
	assert_int_equal(tmem_write_virtual(target, 0x1000, "x", 1, NULL), TMEM_S_OK);
	log.session = tmi_session_new(target, &callbacks);
	assert_non_null(log.session);
}

/* A command that fails after registering must not lose what is counted. */
static void test_bad_word(void **state)
{
	session_log_expect(&log, ".events on", "");
	assert_false(session_log_run(&log, ".events of"));
	assert_false(session_log_run(&log, ".events on off"));
	session_log_expect(&log, "eb 1000 1; .events off; eb 1000 2",
			   "event: ChangeDebuggeeState DATA VIRTUAL\n");
	session_log_expect(&log, ".events",
			   "Events are not shown; 2 since counting began\n"
			   "       2  ChangeDebuggeeState DATA VIRTUAL\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_other_handle, open_log, close_log),
		cmocka_unit_test_setup_teardown(test_handed_on, open_log, close_log),
		cmocka_unit_test_setup_teardown(test_session_end, open_log, close_log),
		cmocka_unit_test_setup_teardown(test_bad_word, open_log, close_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
