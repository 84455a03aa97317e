/* SPDX-License-Identifier: Apache-2.0 */
/* test_range.c - address ranges: every form, the limit, the ends of the address space. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/command.h"
#include "unit/session_log.h"

static const struct tmi_range_rule bytes = { 1, 128, true };
static const struct tmi_range_rule dwords = { 4, 32, true };
static const struct tmi_range_rule required = { 1, 0, false };

static struct session_log log64, log32;

static int open_logs(void **state)
{
	session_log_open(&log64,
			 "process 1 \"a\"\n"
			 "run 0x400000 0x1000 r-xp type=image name=\"/lib/libx.so\" file=1\n"
			 "elf 0x400000 size=0x1000\n");
	session_log_open(&log32, "machine i386\nprocess 1 \"a\"\nrun 0x1000 0x1000 rw-p\n");
	return 0;
}

static int close_logs(void **state)
{
	session_log_close(&log64);
	session_log_close(&log32);
	return 0;
}

static bool parse(struct session_log *log, const struct tmi_range_rule *rule, const char *text,
		  struct tmi_range *range, const char **rest)
{
	struct tmi_args args = {
		.session = log->session,
		.name = "x",
		.text = text,
		.next = text,
		.line = text,
	};
	bool done;

	tmi_text_clear(&log->errors);
	done = tmi_args_range(&args, rule, range);
	*rest = args.next;
	return done;
}

static void check_in(struct session_log *log, const struct tmi_range_rule *rule, const char *text,
		     uint64_t start, uint64_t size)
{
	struct tmi_range range;
	const char *rest;

	if (!parse(log, rule, text, &range, &rest))
		fail_msg("'%s': %s", text, log->errors.data);
	if (range.start != start || range.size != size ||
	    range.count != size / rule->element + (size % rule->element != 0))
		fail_msg("'%s': start %llx size %llx count %llx", text,
			 (unsigned long long)range.start, (unsigned long long)range.size,
			 (unsigned long long)range.count);
}

static void check(const struct tmi_range_rule *rule, const char *text, uint64_t start,
		  uint64_t size)
{
	check_in(&log64, rule, text, start, size);
}

static void check_error(struct session_log *log, const struct tmi_range_rule *rule,
			const char *text, const char *error)
{
	struct tmi_range range;
	const char *rest;

	if (parse(log, rule, text, &range, &rest))
		fail_msg("'%s': no error", text);
	if (!strstr(log->errors.data, error))
		fail_msg("'%s': %s", text, log->errors.data);
}

static void test_forms(void **state)
{
	check(&bytes, "1000 1007", 0x1000, 8);
	check(&bytes, "1000 1000", 0x1000, 1);
	check(&dwords, "1000 100f", 0x1000, 0x10);
	check(&dwords, "1000 1010", 0x1000, 0x11);
	check(&bytes, "1000 L20", 0x1000, 0x20);
	check(&bytes, "1000 l 20", 0x1000, 0x20);
	check(&bytes, "1000 L 0n100", 0x1000, 100);
	check(&dwords, "1000 L4", 0x1000, 0x10);
	check(&dwords, "1000 L(1+1)", 0x1000, 8);
	check(&bytes, "1000 L?20", 0x1000, 0x20);
	check(&bytes, "1000 L? 20", 0x1000, 0x20);
	check(&bytes, "80000000 L-20", 0x7fffffe0, 0x20);
	check(&dwords, "1000 L-4", 0xff0, 0x10);
	check(&bytes, "1000", 0x1000, 128);
	check(&dwords, "1000", 0x1000, 128);
	check(&bytes, "400800+8 L2", 0x400808, 2);
}

static void test_missing(void **state)
{
	struct tmi_range range;
	const char *rest;

	assert_true(parse(&log64, &bytes, "", &range, &rest));
	assert_false(range.given);
	check_error(&log64, &required, "", "Numeric expression missing");
	check_error(&log64, &required, "1000", "Numeric expression missing");
}

/* "L" begins an extent, or a name. */
static void test_names(void **state)
{
	check(&bytes, "3ffff0 libx", 0x3ffff0, 0x11);
	check(&bytes, "libx libx+f", 0x400000, 0x10);
	check(&bytes, "libx Lf", 0x400000, 0xf);
	check_error(&log64, &bytes, "1000 liby", "Couldn't resolve error at 'liby'");
}

/* A pattern follows the range: a sign behind a blank begins it. */
static void test_rest(void **state)
{
	struct tmi_range range;
	const char *rest;

	assert_true(parse(&log64, &required, "1000 L10 -1 2", &range, &rest));
	assert_int_equal(range.size, 0x10);
	assert_string_equal(rest, " -1 2");
	assert_true(parse(&log64, &required, "1000 100f 2", &range, &rest));
	assert_int_equal(range.size, 0x10);
	assert_string_equal(rest, " 2");
}

static void test_limit(void **state)
{
	check(&bytes, "0 L10000000", 0, 0x10000000);
	check(&bytes, "0 fffffff", 0, 0x10000000);
	check(&dwords, "0 L4000000", 0, 0x10000000);
	check(&bytes, "0 L?10000001", 0, 0x10000001);
	check_error(&log64, &bytes, "0 L10000001", "Range error");
	check_error(&log64, &dwords, "0 L4000001", "Range error");
	check_error(&log64, &bytes, "0 10000000", "Range error");
	check_error(&log64, &bytes, "f0000000 L-10000001", "Range error");
	check_error(&log64, &bytes, "1000 L0", "Range error");
	check_error(&log64, &bytes, "1000 fff", "Range error");
	check_error(&log64, &bytes, "0 L-1", "Range error");
	check_error(&log64, &dwords, "1000 Lffffffffffffffff", "Range error");
}

/* Ranges end where the address space does. */
static void test_ends(void **state)
{
	check(&bytes, "ffffffffffffff80", 0xffffffffffffff80, 0x80);
	check(&bytes, "fffffffffffffff8", 0xfffffffffffffff8, 8);
	check(&bytes, "fffffffffffffff8 L100", 0xfffffffffffffff8, 8);
	check(&bytes, "ffffffffffffffff ffffffffffffffff", UINT64_MAX, 1);
	check(&dwords, "0 L?ffffffffffffffff", 0, UINT64_MAX);
	check(&dwords, "1000 L?ffffffffffffffff", 0x1000, 0xfffffffffffff000);
	check(&bytes, "10 L-100", 0, 0x10);
	check_in(&log32, &bytes, "fffffff8 L100", 0xfffffff8, 8);
	check_in(&log32, &bytes, "0 L?fffffffff", 0, 0x100000000);
	check_in(&log32, &bytes, "-8 (-1)", 0xfffffff8, 8);
	check_in(&log32, &bytes, "ffffffff`fffffff8 L4", 0xfffffff8, 4);
	check_error(&log32, &bytes, "100000000", "Range error");
	check_error(&log32, &bytes, "1000 1`00000000", "Range error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms), cmocka_unit_test(test_missing),
		cmocka_unit_test(test_names), cmocka_unit_test(test_rest),
		cmocka_unit_test(test_limit), cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, open_logs, close_logs);
}
