/* SPDX-License-Identifier: Apache-2.0 */
/* test_record.c - records: the form of every field, text of any bytes, long texts, limits. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/session_log.h"

static struct session_log the_log;

static int open_log(void **state)
{
	session_log_open(&the_log, "process 1\nrun 0x1000 0x20000 rw-p\n"
				   "repeat 0x1000 0x2003 7a\nrepeat 0x8000 0x12000 7900\n");
	the_log.session->json = true;
	return 0;
}

static int close_log(void **state)
{
	session_log_close(&the_log);
	return 0;
}

/* Sends the record and compares what stands behind its type. */
static void expect(struct tmi_record *record, const char *fields)
{
	struct tmi_text expected = { 0 };

	tmi_text_format(&expected, "{\"type\": \"t\"%s}\n", fields);
	tmi_record_send(record);
	assert_int_equal(the_log.errors.size, 0);
	assert_string_equal(the_log.out.data, expected.data);
	tmi_text_clear(&the_log.out);
	tmi_text_fini(&expected);
}

static struct tmi_record begin(void)
{
	struct tmi_record record;

	tmi_text_clear(&the_log.out);
	tmi_record_begin(&record, the_log.session, "t");
	return record;
}

static void test_numbers(void **state)
{
	struct tmi_record record = begin();

	tmi_record_address(&record, "a", 0x7fff12345678);
	tmi_record_address(&record, "b", UINT64_MAX);
	tmi_record_size(&record, "c", 0);
	tmi_record_size(&record, "d", UINT64_MAX);
	tmi_record_value(&record, "e", 0x1ff, 1);
	tmi_record_value(&record, "f", 0x41, 8);
	expect(&record, ", \"a\": \"0x00007fff12345678\", \"b\": \"0xffffffffffffffff\", "
			"\"c\": \"0x0\", \"d\": \"0xffffffffffffffff\", \"e\": \"0xff\", "
			"\"f\": \"0x0000000000000041\"");
	record = begin();
	tmi_record_number(&record, "a", 9007199254740991);
	tmi_record_number(&record, "b", UINT64_MAX);
	tmi_record_real(&record, "c", 0.5);
	tmi_record_real(&record, "d", NAN);
	tmi_record_real(&record, "e", -INFINITY);
	tmi_record_bool(&record, "f", true);
	tmi_record_null(&record, "g");
	expect(&record, ", \"a\": 9007199254740991, \"b\": 9007199254740991, \"c\": 0.5, "
			"\"d\": null, \"e\": null, \"f\": true, \"g\": null");
}

static void test_bytes(void **state)
{
	static const uint8_t data[] = { 0, 0xff, 0x10 };
	static const uint8_t valid[] = { 1, 1, 0 };
	struct tmi_record record = begin();

	tmi_record_bytes(&record, "a", data, NULL, 3);
	tmi_record_bytes(&record, "b", data, valid, 3);
	tmi_record_bytes(&record, "c", data, valid, 0);
	expect(&record, ", \"a\": \"00ff10\", \"b\": \"00ff??\", \"c\": \"\"");
}

static void test_inner(void **state)
{
	struct tmi_record record = begin();

	tmi_record_list(&record, "l");
	tmi_record_number(&record, NULL, 1);
	tmi_record_object(&record, NULL);
	tmi_record_bool(&record, "x", false);
	tmi_record_end(&record);
	tmi_record_text(&record, NULL, "\xff");
	tmi_record_end(&record);
	tmi_record_number(&record, "n", 2);
	expect(&record, ", \"l\": [1, {\"x\": false}, \"\\uFFFD\"], \"n\": 2");
}

static void test_too_deep(void **state)
{
	struct tmi_record record = begin();

	for (unsigned i = 0; i < TMI_RECORD_DEPTH; i++)
		tmi_record_object(&record, "o");
	tmi_record_send(&record);
	assert_non_null(strstr(the_log.out.data, "\"type\": \"error\""));
	assert_non_null(strstr(the_log.out.data, "E_OUTOFMEMORY"));
}

static void expect_text(const char *text, size_t size, const char *json, const char *bytes)
{
	struct tmi_record record = begin();
	struct tmi_text expected = { 0 };

	tmi_record_text_sized(&record, "n", text, size);
	tmi_text_format(&expected, ", \"n\": \"%s\"", json);
	if (bytes)
		tmi_text_format(&expected, ", \"n_bytes\": \"%s\"", bytes);
	expect(&record, expected.data);
	tmi_text_fini(&expected);
}

/* What is well-formed follows table 3-7 of the Unicode standard. */
static void test_utf8(void **state)
{
	expect_text("a\"\\\n\x7f", 5, "a\\\"\\\\\\n\x7f", NULL);
	expect_text("\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf", 10, "\\u0080\\u07FF\\u0800\\uD7FF",
		    NULL);
	expect_text("\xf4\x8f\xbf\xbf\xef\xbf\xbf", 7, "\\uDBFF\\uDFFF\\uFFFF", NULL);
	expect_text("\xc0\x80", 2, "\\uFFFD\\uFFFD", "c080");
	expect_text("\xc1\xbf", 2, "\\uFFFD\\uFFFD", "c1bf");
	expect_text("\xe0\x9f\xbf", 3, "\\uFFFD\\uFFFD\\uFFFD", "e09fbf");
	expect_text("\xed\xa0\x80", 3, "\\uFFFD\\uFFFD\\uFFFD", "eda080");
	expect_text("\xf0\x8f\x80\x80", 4, "\\uFFFD\\uFFFD\\uFFFD\\uFFFD", "f08f8080");
	expect_text("\xf4\x90\x80\x80", 4, "\\uFFFD\\uFFFD\\uFFFD\\uFFFD", "f4908080");
	expect_text("\xf5", 1, "\\uFFFD", "f5");
	expect_text("a\xe2\x82", 3, "a\\uFFFD\\uFFFD", "61e282");
	expect_text("\x80"
		    "b",
		    2,
		    "\\uFFFD"
		    "b",
		    "8062");
	expect_text("a\0b", 3, "a\\u0000b", NULL);
	expect_text("", 0, "", NULL);
}

static void test_utf16(void **state)
{
	/* A pair, a first half before unreadable bytes, one at the end. */
	static const uint8_t data[] = {
		0x3d, 0xd8, 0, 0xde, 0x3d, 0xd8, 0, 0xdc, 0x41, 0, 0, 0xd8
	};
	static const uint8_t valid[] = { 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1 };
	struct tmi_record record = begin();

	tmi_record_characters(&record, "a", 2, data, valid, 6);
	tmi_record_characters(&record, "b", 2, data, NULL, 2);
	expect(&record, ", \"a\": \"\\uD83D\\uDE00\\uFFFD\\uFFFDA\\uFFFD\", "
			"\"b\": \"\\uD83D\\uDE00\"");
}

static size_t count(const char *text, const char *word)
{
	size_t found = 0;

	while ((text = strstr(text, word))) {
		found++;
		text += strlen(word);
	}
	return found;
}

/* A text of 0x2003 characters is a hit of 4096 and two records more; of 16-bit ones as well. */
static void test_long_hit(void **state)
{
	assert_true(session_log_run(&the_log, "s -sa 1000 L3000"));
	assert_int_equal(count(the_log.out.data, "{\"type\": \"hit\", \"address\": "
						 "\"0x0000000000001000\""),
			 1);
	assert_int_equal(count(the_log.out.data, "{\"type\": \"text\""), 2);
	assert_int_equal(count(the_log.out.data, "\"text\": \"zzz\"}"), 1);
	assert_true(session_log_run(&the_log, "s -su 8000 L9000"));
	assert_int_equal(count(the_log.out.data, "{\"type\": \"hit\""), 1);
	assert_int_equal(count(the_log.out.data, "\n"), 9);
}

/* Without the session's json nothing changes; with it no text is left. */
static void test_both_forms(void **state)
{
	tmi_text_clear(&the_log.out);
	tmi_out(the_log.session, "text\n");
	assert_int_equal(the_log.out.size, 0);
	tmi_out_message(the_log.session, "said %d", 1);
	assert_string_equal(the_log.out.data, "{\"type\": \"message\", \"text\": \"said 1\"}\n");
	the_log.session->json = false;
	tmi_text_clear(&the_log.out);
	tmi_out_message(the_log.session, "said %d", 1);
	assert_string_equal(the_log.out.data, "said 1\n");
	the_log.session->json = true;
}

static void test_error(void **state)
{
	assert_false(session_log_run(&the_log, "db 1000 L1; n 7"));
	assert_int_equal(the_log.errors.size, 0);
	assert_non_null(strstr(the_log.out.data,
			       "{\"type\": \"error\", \"error\": \"Syntax error: n takes 8, 10 or "
			       "16\", \"status\": \"E_INVALIDARG\", \"command\": \"n 7\", "
			       "\"column\": 2}\n"));
	/* What runs no command any more has none. */
	tmi_text_clear(&the_log.out);
	tmi_error(the_log.session, "  late\n  again");
	assert_string_equal(the_log.out.data, "{\"type\": \"error\", \"error\": \"late again\", "
					      "\"status\": \"E_FAIL\"}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_numbers, open_log, close_log),
		cmocka_unit_test_setup_teardown(test_bytes, open_log, close_log),
		cmocka_unit_test_setup_teardown(test_inner, open_log, close_log),
		cmocka_unit_test_setup_teardown(test_too_deep, open_log, close_log),
		cmocka_unit_test_setup_teardown(test_utf8, open_log, close_log),
		cmocka_unit_test_setup_teardown(test_utf16, open_log, close_log),
		cmocka_unit_test_setup_teardown(test_long_hit, open_log, close_log),
		cmocka_unit_test_setup_teardown(test_both_forms, open_log, close_log),
		cmocka_unit_test_setup_teardown(test_error, open_log, close_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
