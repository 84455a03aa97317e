/* SPDX-License-Identifier: Apache-2.0 */
/* test_data_spaces_string.c - the four string readers: sizes, ends, conversions, cuts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dbgeng/data_spaces.h"

#define TEXT_8  u8"a\u00e9\u20ac\U0001f600"
#define TEXT_16 u"a\u00e9\u20ac\U0001f600"

/* The same text twice: 1 + 2 + 3 + 4 bytes, and 1 + 1 + 1 + 2 units; then what goes wrong. */
static const char machine[] = "process 1\n"
			      "run 0x1000 0x1000 rw-p\n"
			      "run 0x3000 0x1000 rw-p\n"
			      "text 0x1000 \"Hello\\0\"\n"
			      "text 0x1100 \"a\\u00e9\\u20ac\\xf0\\x9f\\x98\\x80\\0\"\n"
			      "text16 0x1200 \"a\\u00e9\\u20ac\\ud83d\\ude00\\0\"\n"
			      "text16 0x1300 \"x\\ud83dy\\0\"\n"
			      "text 0x1400 \"\\x80\\xe4\\0\"\n"
			      "text 0x1ffc \"tail\"\n"
			      "text 0x3ffc \"fin\\0\"\n";

static void check(IDebugDataSpaces4 *data, ULONG64 offset, ULONG max, ULONG size, HRESULT result,
		  const char *text, ULONG bytes)
{
	ULONG string_bytes = 99;
	char buffer[32] = "untouched";

	assert_int_equal(IDebugDataSpaces4_ReadMultiByteStringVirtual(
				 data, offset, max, size ? buffer : NULL, size, &string_bytes),
			 result);
	assert_string_equal(buffer, size ? text : "untouched");
	assert_int_equal(string_bytes, bytes);
}

static void test_multi_byte(void **state)
{
	struct spaces spaces;

	spaces_open(&spaces, machine);
	check(spaces.data, 0x1000, 100, 32, S_OK, "Hello", 6);
	/* The size that is returned is enough for a second call. */
	check(spaces.data, 0x1000, 6, 6, S_OK, "Hello", 6);
	check(spaces.data, 0x1000, 100, 0, S_FALSE, "", 6);
	check(spaces.data, 0x1000, 100, 5, S_FALSE, "Hell", 6);
	check(spaces.data, 0x1000, 100, 1, S_FALSE, "", 6);
	check(spaces.data, 0x1005, 1, 1, S_OK, "", 1);
	/* No terminator in what may be looked at, and what cannot be looked at. */
	check(spaces.data, 0x1000, 5, 32, E_INVALIDARG, "", 0);
	check(spaces.data, 0x1000, 0, 32, E_INVALIDARG, "", 0);
	check(spaces.data, 0x1ffc, 4, 32, E_INVALIDARG, "", 0);
	check(spaces.data, 0x1ffc, 5, 32, READ_FAULT, "", 0);
	check(spaces.data, 0x2000, 5, 32, READ_FAULT, "", 0);
	check(spaces.data, 0x3ffc, 1000, 32, S_OK, "fin", 4);
	/* Not inside a character: 1 + 2 bytes of four fit into five with the terminator. */
	check(spaces.data, 0x1100, 100, 5, S_FALSE, u8"a\u00e9", 11);
	spaces_close(&spaces);
}

/* Buffer NULL with room enough asks nothing more than whether it were enough. */
static void test_lengths(void **state)
{
	struct spaces spaces;
	ULONG bytes = 0;

	spaces_open(&spaces, machine);
	assert_int_equal(IDebugDataSpaces4_ReadMultiByteStringVirtual(spaces.data, 0x1000, 100,
								      NULL, 6, &bytes),
			 S_OK);
	assert_int_equal(bytes, 6);
	assert_int_equal(IDebugDataSpaces4_ReadMultiByteStringVirtual(spaces.data, 0x1000, 100,
								      NULL, 5, NULL),
			 S_FALSE);
	assert_int_equal(IDebugDataSpaces4_ReadUnicodeStringVirtualWide(spaces.data, 0x1200, 100,
									NULL, 6, &bytes),
			 S_OK);
	assert_int_equal(bytes, 12);
	assert_int_equal(IDebugDataSpaces4_ReadUnicodeStringVirtualWide(spaces.data, 0x1200, 100,
									NULL, 5, &bytes),
			 S_FALSE);
	/* A converted text is measured converted: 10 bytes and a terminator. */
	assert_int_equal(IDebugDataSpaces4_ReadUnicodeStringVirtual(spaces.data, 0x1200, 100,
								    CP_UTF8, NULL, 11, &bytes),
			 S_OK);
	assert_int_equal(bytes, 12);
	assert_int_equal(IDebugDataSpaces4_ReadUnicodeStringVirtual(spaces.data, 0x1200, 100,
								    CP_UTF8, NULL, 10, &bytes),
			 S_FALSE);
	spaces_close(&spaces);
}

static void assert_wide(PCWSTR text, PCWSTR expected)
{
	size_t length = 0;

	while (expected[length])
		length++;
	assert_memory_equal(text, expected, (length + 1) * sizeof(*text));
}

static void test_multi_byte_wide(void **state)
{
	struct spaces spaces;
	WCHAR buffer[32];
	ULONG bytes = 99;

	spaces_open(&spaces, machine);
	assert_int_equal(IDebugDataSpaces4_ReadMultiByteStringVirtualWide(
				 spaces.data, 0x1100, 100, CP_UTF8, buffer, 6, &bytes),
			 S_OK);
	assert_wide(buffer, TEXT_16);
	assert_int_equal(bytes, 11);
	/* One unit too few: the pair goes as a whole. */
	assert_int_equal(IDebugDataSpaces4_ReadMultiByteStringVirtualWide(
				 spaces.data, 0x1100, 100, CP_UTF8, buffer, 5, &bytes),
			 S_FALSE);
	assert_wide(buffer, u"a\u00e9\u20ac");
	assert_int_equal(bytes, 11);
	/* Windows-1252 and its neighbour 1251 have their own ideas of the same bytes. */
	assert_int_equal(IDebugDataSpaces4_ReadMultiByteStringVirtualWide(spaces.data, 0x1400, 100,
									  1252, buffer, 32, &bytes),
			 S_OK);
	assert_wide(buffer, u"\u20ac\u00e4");
	assert_int_equal(IDebugDataSpaces4_ReadMultiByteStringVirtualWide(spaces.data, 0x1400, 100,
									  1251, buffer, 32, &bytes),
			 S_OK);
	assert_wide(buffer, u"\u0402\u0434");
	assert_int_equal(IDebugDataSpaces4_ReadMultiByteStringVirtualWide(
				 spaces.data, 0x1400, 100, CP_ACP, buffer, 32, &bytes),
			 S_OK);
	assert_wide(buffer, u"\ufffd\ufffd");
	buffer[0] = u'x';
	assert_int_equal(IDebugDataSpaces4_ReadMultiByteStringVirtualWide(
				 spaces.data, 0x1400, 100, 99999, buffer, 32, &bytes),
			 E_INVALIDARG);
	assert_wide(buffer, u"");
	assert_int_equal(bytes, 0);
	spaces_close(&spaces);
}

static void test_unicode(void **state)
{
	struct spaces spaces;
	char buffer[32];
	ULONG bytes = 99;

	spaces_open(&spaces, machine);
	assert_int_equal(IDebugDataSpaces4_ReadUnicodeStringVirtual(spaces.data, 0x1200, 12,
								    CP_UTF8, buffer, 11, &bytes),
			 S_OK);
	assert_string_equal(buffer, TEXT_8);
	assert_int_equal(bytes, 12);
	assert_int_equal(IDebugDataSpaces4_ReadUnicodeStringVirtual(spaces.data, 0x1200, 100,
								    CP_UTF8, buffer, 10, &bytes),
			 S_FALSE);
	assert_string_equal(buffer, u8"a\u00e9\u20ac");
	assert_int_equal(bytes, 12);
	assert_int_equal(IDebugDataSpaces4_ReadUnicodeStringVirtual(spaces.data, 0x1200, 100, 1252,
								    buffer, 32, &bytes),
			 S_OK);
	assert_string_equal(buffer, "a\xe9\x80?");
	/* Whole units: an odd byte is not looked at. */
	assert_int_equal(IDebugDataSpaces4_ReadUnicodeStringVirtual(spaces.data, 0x1200, 11,
								    CP_UTF8, buffer, 32, &bytes),
			 E_INVALIDARG);
	assert_string_equal(buffer, "");
	assert_int_equal(bytes, 0);
	spaces_close(&spaces);
}

static void test_unicode_wide(void **state)
{
	struct spaces spaces;
	WCHAR buffer[32];
	ULONG bytes = 99;

	spaces_open(&spaces, machine);
	assert_int_equal(IDebugDataSpaces4_ReadUnicodeStringVirtualWide(spaces.data, 0x1200, 12,
									buffer, 6, &bytes),
			 S_OK);
	assert_wide(buffer, TEXT_16);
	assert_int_equal(bytes, 12);
	assert_int_equal(IDebugDataSpaces4_ReadUnicodeStringVirtualWide(spaces.data, 0x1200, 100,
									buffer, 5, &bytes),
			 S_FALSE);
	assert_wide(buffer, u"a\u00e9\u20ac");
	/* Half a pair is handed over as it is. */
	assert_int_equal(IDebugDataSpaces4_ReadUnicodeStringVirtualWide(spaces.data, 0x1300, 100,
									buffer, 32, &bytes),
			 S_OK);
	assert_int_equal(buffer[1], 0xd83d);
	assert_int_equal(bytes, 8);
	assert_int_equal(IDebugDataSpaces4_ReadUnicodeStringVirtualWide(spaces.data, 0x2000, 100,
									buffer, 32, &bytes),
			 READ_FAULT);
	assert_wide(buffer, u"");
	assert_int_equal(bytes, 0);
	spaces_close(&spaces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_multi_byte),      cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_multi_byte_wide), cmocka_unit_test(test_unicode),
		cmocka_unit_test(test_unicode_wide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
