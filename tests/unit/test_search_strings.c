/* SPDX-License-Identifier: Apache-2.0 */
/* test_search_strings.c - s -sa and s -su over blocks, runs, holes; s under Ctrl-C. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/session_log.h"

static struct session_log log;

static int open_log(void **state)
{
	session_log_open(&log, "process 1\n"
			       /* two runs that meet, a text across */
			       "run 0x1000 0x1000 rw-p\n"
			       "run 0x2000 0x1000 r--p\n"
			       "text 0x1ff8 \"acrosstheborder\\0\"\n"
			       /* a text that ends at a hole, and one behind it */
			       "run 0x4000 0x1000 rw-p\n"
			       "text 0x4ffc \"tail\"\n"
			       "run 0x6000 0x1000 rw-p\n"
			       "text 0x6000 \"head\\0\"\n"
			       /* larger than what is read at once */
			       "run 0x100000 0x100000 rw-p\n"
			       "text 0x13fffc \"overtheblock\\0\"\n"
			       "text16 0x1bffff \"wide text\\0\"\n"
			       /* zeros that a search looks over */
			       "run 0x10000000 0x100000000 rw-p untouched=yes\n"
			       "text 0x50000000 \"lonely text\\0\"\n"
			       "text16 0x60000000 \"lonely wide\\0\"\n"
			       "text 0x10fffffff \"\\xff\"\n"
			       "run 0x200000000 0x1000 rw-p\n"
			       "fault 0x200000800 0x800 read\n"
			       "text 0x2000007fe \"end\"\n"
			       "text 0x200000100 \"QQQQQQQQ\"\n");
	return 0;
}

static int close_log(void **state)
{
	session_log_close(&log);
	return 0;
}

static void test_runs_that_meet(void **state)
{
	session_log_expect(&log, "s -sa 1000 L2000", "00000000`00001ff8  \"acrosstheborder\"\n");
	/* the second run is not writable */
	session_log_expect(&log, "s -[w]sa 1000 L2000", "00000000`00001ff8  \"acrossth\"\n");
	session_log_expect(&log, "s -sa 1000 L1004", "00000000`00001ff8  \"acrossthebor\"\n");
}

static void test_range_cuts_texts(void **state)
{
	session_log_expect(&log, "s -sa 1ffa L4", "00000000`00001ffa  \"ross\"\n");
}

static void test_holes(void **state)
{
	session_log_expect(&log, "s -sa 4000 L3000",
			   "00000000`00004ffc  \"tail\"\n"
			   "00000000`00006000  \"head\"\n");
	/* two characters before the fault are too few */
	session_log_expect(&log, "s -sa 200000700 L400", "");
	session_log_expect(&log, "s -[l2]sa 200000700 L400", "00000002`000007fe  \"en\"\n");
}

static void test_blocks(void **state)
{
	session_log_expect(&log, "s -sa 100000 L100000", "00000000`0013fffc  \"overtheblock\"\n");
	/* an odd start finds UTF-16 text at odd addresses only */
	session_log_expect(&log, "s -su 100001 Lfff00/2", "00000000`001bffff  \"wide text\"\n");
	session_log_expect(&log, "s -su 100000 Lfff00/2", "");
}

static void test_far_apart(void **state)
{
	session_log_expect(&log, "s -[1]sa 10000000 L?100000000", "0x0000000050000000\n");
	session_log_expect(&log, "s -su 10000000 L?80000000",
			   "00000000`60000000  \"lonely wide\"\n");
}

static void test_interrupt(void **state)
{
	/* the interrupt comes with the second hit */
	log.outputs = 0;
	log.interrupt_at = 2;
	assert_false(session_log_run(&log, "s 200000000 L800 'Q'"));
	assert_non_null(strstr(log.out.data, "00000002`00000100"));
	assert_null(strstr(log.out.data, "00000002`00000107"));
	assert_ptr_equal(strstr(log.errors.data, "Interrupted: searched 0x"), log.errors.data);
	assert_non_null(strstr(log.errors.data, " of 0x800 bytes"));
	assert_non_null(strstr(log.errors.data, "0x2 hits so far"));
	log.interrupt_at = 0;
	/* and is over then */
	session_log_expect(&log, "s -[1]b 200000000 L800 'Q' 'Q' 'Q' 'Q' 'Q' 'Q' 'Q' 'Q'",
			   "0x0000000200000100\n");
}

static void test_interrupt_of_texts(void **state)
{
	log.outputs = 0;
	log.interrupt_at = 1;
	assert_false(session_log_run(&log, "s -sa 1000 L?200000000"));
	assert_ptr_equal(strstr(log.errors.data, "Interrupted: searched 0x"), log.errors.data);
	assert_non_null(strstr(log.errors.data, "0x1 hit so far"));
	log.interrupt_at = 0;
}

static void test_save_keeps_limit(void **state)
{
	session_log_expect(&log, "s -[s1n 8]b 200000000 L800 'Q'",
			   "0x0000000200000100\n0x0000000200000101\n0x0000000200000102\n"
			   "0x0000000200000103\n0x0000000200000104\n0x0000000200000105\n"
			   "0x0000000200000106\n0x0000000200000107\n");
	session_log_expect(&log, "eb 200000104 51 41", "");
	session_log_expect(&log, "s -[r1]b 0 L1 'A'", "0x0000000200000105\n");
	session_log_expect(&log, "s -[s1]b 200000000 L100 'A'", "");
	session_log_expect_error(&log, "s -[r1]b 0 L1 'A'",
				 "No hits are saved: a search with the flag s, such as "
				 "\"s -[s]b RANGE PATTERN\", saves its hits\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_runs_that_meet, open_log, close_log),
		cmocka_unit_test_setup_teardown(test_range_cuts_texts, open_log, close_log),
		cmocka_unit_test_setup_teardown(test_holes, open_log, close_log),
		cmocka_unit_test_setup_teardown(test_blocks, open_log, close_log),
		cmocka_unit_test_setup_teardown(test_far_apart, open_log, close_log),
		cmocka_unit_test_setup_teardown(test_interrupt, open_log, close_log),
		cmocka_unit_test_setup_teardown(test_interrupt_of_texts, open_log, close_log),
		cmocka_unit_test_setup_teardown(test_save_keeps_limit, open_log, close_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
