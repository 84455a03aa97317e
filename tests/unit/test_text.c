/* SPDX-License-Identifier: Apache-2.0 */
/* test_text.c - code pages and piecewise conversion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <uchar.h>

#include <cmocka.h>

#include "base/text.h"

/* Converts in pieces of @step bytes; returns the units, the number of them in *count. */
static size_t widen(uint32_t code_page, const char *input, size_t step, char16_t *out, size_t units,
		    bool *full)
{
	struct tmi_converter text;
	size_t size = strlen(input);

	assert_int_equal(tmi_converter_init_wide(&text, code_page, out, 2 * units), TMEM_S_OK);
	for (size_t i = 0; i < size; i += step)
		tmi_converter_feed(&text, input + i, size - i < step ? size - i : step);
	tmi_converter_finish(&text);
	*full = text.full;
	tmi_converter_fini(&text);
	return text.used / 2;
}

static void check_wide(uint32_t code_page, const char *input, const char16_t *expected)
{
	char16_t out[64];
	size_t length = 0;
	bool full;

	while (expected[length])
		length++;
	for (size_t step = 1; step <= 9; step++) {
		memset(out, 0xaa, sizeof(out));
		assert_int_equal(widen(code_page, input, step, out, 64, &full), length);
		assert_memory_equal(out, expected, 2 * length);
		assert_int_equal(out[length], 0xaaaa);
		assert_false(full);
	}
}

static size_t narrow(uint32_t code_page, const char16_t *input, size_t step, char *out, size_t size,
		     bool *full)
{
	struct tmi_converter text;
	size_t length = 0;

	while (input[length])
		length++;
	assert_int_equal(tmi_converter_init_narrow(&text, code_page, false, out, size), TMEM_S_OK);
	for (size_t i = 0; i < 2 * length; i += step)
		tmi_converter_feed(&text, (const char *)input + i,
				   2 * length - i < step ? 2 * length - i : step);
	tmi_converter_finish(&text);
	*full = text.full;
	tmi_converter_fini(&text);
	return text.used;
}

static void check_narrow(uint32_t code_page, const char16_t *input, const char *expected)
{
	char out[64];
	bool full;

	for (size_t step = 1; step <= 7; step++) {
		memset(out, 0xaa, sizeof(out));
		assert_int_equal(narrow(code_page, input, step, out, 64, &full), strlen(expected));
		assert_memory_equal(out, expected, strlen(expected));
		assert_false(full);
	}
}

static void test_to_wide(void **state)
{
	check_wide(0, "plain", u"plain");
	check_wide(65001, "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80!",
		   u"gr\u00fc\u00df \u20ac \U0001F600!");
	check_wide(1252, "caf\xe9 \x80", u"caf\u00e9 \u20ac");
	check_wide(28591, "caf\xe9", u"caf\u00e9");
	check_wide(437, "\x81\xe1", u"\u00fc\u00df");
	check_wide(1, "\x81", u"\u00fc");
	check_wide(866, "\x8f\xe0\xa8", u"\u041f\u0440\u0438");
	check_wide(1251, "\xcf\xf0\xe8", u"\u041f\u0440\u0438");
	check_wide(20866, "\xf0\xd2\xc9", u"\u041f\u0440\u0438");
	check_wide(932,
		   "\x93\xfa\x96\x7b"
		   "a",
		   u"\u65e5\u672c"
		   u"a");
	check_wide(936, "\xc4\xe3\xba\xc3", u"\u4f60\u597d");
	check_wide(949, "\xc7\xd1", u"\ud55c");
	check_wide(950, "\xa7\x41", u"\u4f60");
	check_wide(54936, "\xc4\xe3\x94\x39\xda\x33", u"\u4f60\U0001F4A9");
	check_wide(65000, "A+AOk-B", u"A\u00e9B");
	check_wide(1258,
		   "a\xec"
		   "b",
		   u"\u00e1"
		   u"b");
}

static void test_undecodable(void **state)
{
	check_wide(65001,
		   "a\xff"
		   "b",
		   u"a\ufffd"
		   u"b");
	check_wide(65001, "a\xc3", u"a\ufffd");
	check_wide(65001, "\xc3(", u"\ufffd(");
	check_wide(20127, "a\xe9", u"a\ufffd");
	check_narrow(65001, (const char16_t[]){ 'a', 0xd800, 'b', 0 },
		     "a\xef\xbf\xbd"
		     "b");
	check_narrow(65001, (const char16_t[]){ 'a', 0xdc00, 0 }, "a\xef\xbf\xbd");
	check_narrow(65001, (const char16_t[]){ 'a', 0xd83d, 0 }, "a\xef\xbf\xbd");
	check_narrow(1252, (const char16_t[]){ 'a', 0xd800, 'b', 0 }, "a?b");
}

static void test_to_narrow(void **state)
{
	check_narrow(0, u"gr\u00fc\u00df \U0001F600", "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80");
	check_narrow(1252, u"caf\u00e9 \u20ac \u65e5 \U0001F600.", "caf\xe9 \x80 ? ?.");
	check_narrow(932,
		     u"\u65e5\u672c"
		     u"a",
		     "\x93\xfa\x96\x7b"
		     "a");
	check_narrow(20127, u"caf\u00e9", "caf?");
	check_narrow(65000, u"A\u00e9B", "A+AOk-B");
}

/* A cut never splits a character, and everything that fits whole is there. */
static void test_cut(void **state)
{
	static const char text[] = "a\xc3\xbc\xf0\x9f\x98\x80z";
	static const size_t bytes_that_fit[] = { 0, 1, 1, 3, 3, 3, 3, 7, 8 };
	static const size_t units_that_fit[] = { 0, 1, 2, 2, 4, 5 };
	char16_t wide[8];
	char out[16];
	bool full;

	for (size_t room = 0; room <= 5; room++) {
		assert_int_equal(widen(65001, text, 3, wide, room, &full), units_that_fit[room]);
		assert_int_equal(full, room < 5);
	}
	for (size_t room = 0; room <= 8; room++) {
		assert_int_equal(narrow(65001, u"a\u00fc\U0001F600z", 2, out, room, &full),
				 bytes_that_fit[room]);
		assert_int_equal(full, room < 8);
		assert_memory_equal(out, text, bytes_that_fit[room]);
	}
	assert_int_equal(narrow(932, u"\u65e5\u672c", 4, out, 3, &full), 2);
	assert_true(full);
}

static void test_long(void **state)
{
	size_t size = 100000;
	char *input = malloc(size + 1);
	char16_t *out = malloc(2 * size);
	bool full;

	for (size_t i = 0; i < size; i++)
		input[i] = i % 3 == 0 ? 'a' : i % 3 == 1 ? '\xc3' : '\xa9';
	input[size] = 0;
	input[size - 1] = 'z';
	for (size_t step = 4093; step <= 4099; step++) {
		size_t count = widen(0, input, step, out, size, &full);

		assert_int_equal(count, size / 3 * 2 + 1);
		for (size_t i = 0; i + 1 < count; i++)
			assert_int_equal(out[i], i % 2 ? 0xe9 : 'a');
		assert_int_equal(out[count - 1], 'z');
	}
	free(input);
	free(out);
}

static void test_unknown(void **state)
{
	static const uint32_t unknown[] = { 2, 42, 1200, 1201, 12000, 65002, UINT32_MAX };
	struct tmi_converter text;

	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
		assert_null(tmi_code_page_name(unknown[i]));
		assert_int_equal(tmi_code_page_check(unknown[i]), TMEM_E_INVALIDARG);
		assert_int_equal(tmi_converter_init_wide(&text, unknown[i], NULL, 0),
				 TMEM_E_INVALIDARG);
		assert_int_equal(tmi_converter_init_narrow(&text, unknown[i], false, NULL, 0),
				 TMEM_E_INVALIDARG);
	}
}

/* Every number of the table is one that this system can convert, both ways. */
static void test_all_pages(void **state)
{
	struct tmi_converter text;
	unsigned known = 0;

	for (uint32_t number = 0; number < 70000; number++) {
		if (!tmi_code_page_name(number))
			continue;
		known++;
		assert_int_equal(tmi_converter_init_wide(&text, number, NULL, 100), TMEM_S_OK);
		tmi_converter_feed(&text, "Az09", 4);
		tmi_converter_finish(&text);
		assert_int_equal(text.used, 8);
		tmi_converter_fini(&text);
		assert_int_equal(tmi_converter_init_narrow(&text, number, true, NULL, 100),
				 TMEM_S_OK);
		tmi_converter_feed(&text, "\0A\0z", 4);
		tmi_converter_finish(&text);
		assert_int_equal(text.used, 2);
		tmi_converter_fini(&text);
	}
	assert_true(known > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_to_wide),   cmocka_unit_test(test_undecodable),
		cmocka_unit_test(test_to_narrow), cmocka_unit_test(test_cut),
		cmocka_unit_test(test_long),      cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_all_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
