/* SPDX-License-Identifier: Apache-2.0 */
/* test_text.c - conversions against the compiler's literals; results in buffers of every size. */
#include "dbgeng/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* The same text in both encodings by the compiler: one to four bytes, a pair of surrogates. */
#define TEXT_8  u8"a\u00e9\u20ac\U0001f600z"
#define TEXT_16 u"a\u00e9\u20ac\U0001f600z"

static size_t wide_size(PCWSTR text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return (length + 1) * sizeof(WCHAR);
}

static void check_wide(const char *text, PCWSTR expected)
{
	WCHAR *wide = tmi_dbgeng_widen(text);

	assert_non_null(wide);
	assert_int_equal(wide_size(wide), wide_size(expected));
	assert_memory_equal(wide, expected, wide_size(expected));
	free(wide);
}

static void check_narrow(PCWSTR text, const char *expected)
{
	char *narrow = tmi_dbgeng_narrow(text);

	assert_non_null(narrow);
	assert_string_equal(narrow, expected);
	free(narrow);
}

static void test_convert(void **state)
{
	(void)state;
	check_wide((const char *)TEXT_8, TEXT_16);
	check_narrow(TEXT_16, (const char *)TEXT_8);
	check_wide("", u"");
	check_narrow(u"", "");
	/* A byte order mark is a character like others. */
	check_wide("\xef\xbb\xbfx", u"\ufeffx");
	check_narrow(u"\ufeffx", "\xef\xbb\xbfx");
}

static void test_malformed(void **state)
{
	static const WCHAR lone_high[] = { 'a', 0xd83d, 'b', 0 };
	static const WCHAR lone_low[] = { 0xde00, 'b', 0 };
	static const WCHAR swapped[] = { 0xde00, 0xd83d, 0 };
	static const WCHAR high_at_end[] = { 'x', 0xd83d, 0 };

	(void)state;
	check_narrow(lone_high, "a\xef\xbf\xbd"
				"b");
	check_narrow(lone_low, "\xef\xbf\xbd"
			       "b");
	check_narrow(swapped, "\xef\xbf\xbd\xef\xbf\xbd");
	check_narrow(high_at_end, "x\xef\xbf\xbd");
	check_wide("a\xff"
		   "b",
		   u"a\ufffdb");
	check_wide("\x80\x80", u"\ufffd\ufffd");
	check_wide("ab\xe2\x82", u"ab\ufffd\ufffd");                 /* cut in the middle */
	check_wide("\xed\xa0\xbd", u"\ufffd\ufffd\ufffd");           /* a surrogate */
	check_wide("\xc0\xaf.", u"\ufffd\ufffd.");                   /* overlong */
	check_wide("\xf4\x90\x80\x80", u"\ufffd\ufffd\ufffd\ufffd"); /* above U+10FFFF */
	check_wide("\xfd\xbf\xbf\xbf\xbf\xbf", u"\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd");
}

/* Each buffer size: what fits whole, terminated, and nothing behind it touched. */
static void test_return_text(void **state)
{
	static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z"; /* 11 bytes */
	static const size_t kept[] = { 0, 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10 };
	char buffer[16];
	ULONG size;

	(void)state;
	for (ULONG i = 1; i < 12; i++) {
		memset(buffer, '#', sizeof(buffer));
		size = 0;
		assert_int_equal(tmi_dbgeng_return_text(text, buffer, i, &size), S_FALSE);
		assert_int_equal(size, 12);
		assert_int_equal(strlen(buffer), kept[i]);
		assert_memory_equal(buffer, text, kept[i]);
		assert_int_equal(buffer[i], '#');
	}
	assert_int_equal(tmi_dbgeng_return_text(text, buffer, 12, NULL), S_OK);
	assert_string_equal(buffer, text);
	assert_int_equal(tmi_dbgeng_return_text(text, NULL, 12, &size), S_OK);
	assert_int_equal(tmi_dbgeng_return_text(text, NULL, 11, &size), S_FALSE);
	buffer[0] = '#';
	assert_int_equal(tmi_dbgeng_return_text(text, buffer, 0, &size), S_FALSE);
	assert_int_equal(buffer[0], '#');
	/* What is not UTF-8 is cut where the buffer ends. */
	assert_int_equal(tmi_dbgeng_return_text("\x80\x80\x80\x80\x80\x80", buffer, 5, &size),
			 S_FALSE);
	assert_int_equal(strlen(buffer), 4);
}

static void test_return_text_wide(void **state)
{
	static const size_t kept[] = { 0, 0, 1, 2, 3, 3, 5 }; /* a pair is kept whole or not */
	const char *text = (const char *)TEXT_8;
	WCHAR buffer[16];
	ULONG size;

	(void)state;
	for (ULONG i = 1; i < 7; i++) {
		for (size_t k = 0; k < 16; k++)
			buffer[k] = '#';
		assert_int_equal(tmi_dbgeng_return_text_wide(text, buffer, i, &size), S_FALSE);
		assert_int_equal(size, 7);
		assert_memory_equal(buffer, TEXT_16, kept[i] * sizeof(WCHAR));
		assert_int_equal(buffer[kept[i]], 0);
		assert_int_equal(buffer[i], '#');
	}
	assert_int_equal(tmi_dbgeng_return_text_wide(text, buffer, 7, NULL), S_OK);
	assert_memory_equal(buffer, TEXT_16, sizeof(TEXT_16));
	assert_int_equal(tmi_dbgeng_return_text_wide(text, NULL, 7, &size), S_OK);
	assert_int_equal(tmi_dbgeng_return_text_wide(text, NULL, 0, &size), S_FALSE);
}

static void test_return_bytes(void **state)
{
	char buffer[8] = "#######";
	ULONG size;

	(void)state;
	assert_int_equal(tmi_dbgeng_return_bytes("abcd", 4, buffer, 2, &size), S_FALSE);
	assert_int_equal(size, 4);
	assert_memory_equal(buffer, "ab#", 3);
	assert_int_equal(tmi_dbgeng_return_bytes("abcd", 4, buffer, 4, NULL), S_OK);
	assert_memory_equal(buffer, "abcd#", 5);
	assert_int_equal(tmi_dbgeng_return_bytes("abcd", 4, NULL, 4, &size), S_OK);
	assert_int_equal(tmi_dbgeng_return_bytes("abcd", 4, NULL, 0, &size), S_FALSE);
	assert_int_equal(tmi_dbgeng_return_bytes(NULL, 0, buffer, 0, &size), S_OK);
	assert_int_equal(size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_convert),      cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_return_text),  cmocka_unit_test(test_return_text_wide),
		cmocka_unit_test(test_return_bytes),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
