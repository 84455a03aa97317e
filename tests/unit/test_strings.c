/* SPDX-License-Identifier: Apache-2.0 */
/* test_strings.c - the string readers: terminators, truncation, page edges, byte order. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <uchar.h>

#include <cmocka.h>

#include "unit/synth_handle.h"

static const char machine[] = "machine amd64\n"
			      "process 10\n"
			      "run 0x1000 0x2000 rw-p\n"
			      "text 0x1100 \"hello\"\n"
			      "bytes 0x1200 67 72 c3 bc c3 9f 00\n"
			      "bytes 0x1300 63 61 66 e9 00\n"
			      "text16 0x1400 \"wide\"\n"
			      "bytes 0x1500 61 00 3d d8 00 de 62 00 00 00\n"
			      "bytes 0x1ffb 73 74 72 61 64 64 6c 65 00\n"
			      "bytes 0x17ff 61 00 62 00 00 00\n"
			      "repeat 0x2ff0 0x10 7a\n"
			      "run 0x4000 0x1000 rw-p\n"
			      "repeat 0x4000 0x1000 78 01\n"
			      "hole 0x5000 0x1000\n"
			      "run 0xffffffffffffff00 0x100 rw-p\n"
			      "repeat 0xffffffffffffff00 0x100 79 02\n";

static void test_plain(void **state)
{
	tmem_target *target = synth_open(machine, NULL);
	char buffer[16];
	size_t size = 99;

	memset(buffer, '!', sizeof(buffer));
	assert_int_equal(
		tmem_read_multi_byte_string_virtual(target, 0x1100, 100, buffer, 16, &size),
		TMEM_S_OK);
	assert_string_equal(buffer, "hello");
	assert_int_equal(size, 6);
	/* The reported size is enough as the next limit. */
	assert_int_equal(tmem_read_multi_byte_string_virtual(target, 0x1100, 6, buffer, 6, NULL),
			 TMEM_S_OK);
	assert_int_equal(tmem_read_multi_byte_string_virtual(target, 0x1100, 5, buffer, 6, &size),
			 TMEM_E_INVALIDARG);
	assert_int_equal(size, 0);
	assert_int_equal(buffer[0], 0);
	assert_int_equal(
		tmem_read_multi_byte_string_virtual(target, 0x1ffb, 100, buffer, 16, &size),
		TMEM_S_OK);
	assert_string_equal(buffer, "straddle");
	tmem_close(target);
}

static void test_truncated(void **state)
{
	tmem_target *target = synth_open(machine, NULL);
	char buffer[16];
	size_t size;

	for (size_t room = 0; room < 6; room++) {
		memset(buffer, '!', sizeof(buffer));
		assert_int_equal(tmem_read_multi_byte_string_virtual(target, 0x1100, 100, buffer,
								     room, &size),
				 TMEM_S_FALSE);
		assert_int_equal(size, 6);
		if (room) {
			assert_int_equal(strlen(buffer), room - 1);
			assert_memory_equal(buffer, "hello", room - 1);
		}
		assert_int_equal(buffer[room], '!');
	}
	/* UTF-8 is cut between characters; other bytes anywhere. */
	assert_int_equal(tmem_read_multi_byte_string_virtual(target, 0x1200, 100, buffer, 4, NULL),
			 TMEM_S_FALSE);
	assert_string_equal(buffer, "gr");
	assert_int_equal(tmem_read_multi_byte_string_virtual(target, 0x1200, 100, buffer, 5, NULL),
			 TMEM_S_FALSE);
	assert_string_equal(buffer, "gr\xc3\xbc");
	assert_int_equal(tmem_read_multi_byte_string_virtual(target, 0x1300, 100, buffer, 4, NULL),
			 TMEM_S_FALSE);
	assert_string_equal(buffer, "caf");
	tmem_close(target);
}

static void test_length_query(void **state)
{
	tmem_target *target = synth_open(machine, NULL);
	size_t size = 0;

	assert_int_equal(tmem_read_multi_byte_string_virtual(target, 0x1100, 100, NULL, 0, &size),
			 TMEM_S_FALSE);
	assert_int_equal(size, 6);
	assert_int_equal(tmem_read_multi_byte_string_virtual(target, 0x1100, 100, NULL, 6, &size),
			 TMEM_S_OK);
	assert_int_equal(tmem_read_unicode_string_virtual_wide(target, 0x1400, 100, NULL, 4, &size),
			 TMEM_S_FALSE);
	assert_int_equal(size, 10);
	assert_int_equal(tmem_read_unicode_string_virtual_wide(target, 0x1400, 100, NULL, 5, &size),
			 TMEM_S_OK);
	assert_int_equal(
		tmem_read_unicode_string_virtual(target, 0x1500, 100, 65001, NULL, 6, &size),
		TMEM_S_FALSE);
	assert_int_equal(size, 10);
	assert_int_equal(
		tmem_read_unicode_string_virtual(target, 0x1500, 100, 65001, NULL, 7, &size),
		TMEM_S_OK);
	assert_int_equal(
		tmem_read_multi_byte_string_virtual_wide(target, 0x1200, 100, 0, NULL, 4, &size),
		TMEM_S_FALSE);
	assert_int_equal(
		tmem_read_multi_byte_string_virtual_wide(target, 0x1200, 100, 0, NULL, 5, &size),
		TMEM_S_OK);
	assert_int_equal(size, 7);
	tmem_close(target);
}

static void test_unreadable(void **state)
{
	tmem_target *target = synth_open(machine, NULL);
	char buffer[64];
	char16_t wide[64];
	size_t size = 99;

	/* Memory ends before the terminator; the limit ends before it. */
	assert_int_equal(
		tmem_read_multi_byte_string_virtual(target, 0x2ff0, 100, buffer, 64, &size),
		TMEM_E_READ_FAULT);
	assert_int_equal(size, 0);
	assert_int_equal(buffer[0], 0);
	assert_int_equal(
		tmem_read_multi_byte_string_virtual(target, 0x2ff0, 0x10, buffer, 64, &size),
		TMEM_E_INVALIDARG);
	assert_int_equal(
		tmem_read_multi_byte_string_virtual(target, 0x2ff0, 0x11, buffer, 64, &size),
		TMEM_E_READ_FAULT);
	assert_int_equal(
		tmem_read_multi_byte_string_virtual(target, 0x3000, 100, buffer, 64, &size),
		TMEM_E_READ_FAULT);
	assert_int_equal(tmem_read_multi_byte_string_virtual(target, 0x3000, 0, buffer, 64, &size),
			 TMEM_E_INVALIDARG);
	/* Cut by the buffer and unterminated: the failure counts. */
	assert_int_equal(tmem_read_multi_byte_string_virtual(target, 0x2ff0, 100, buffer, 4, &size),
			 TMEM_E_READ_FAULT);
	assert_int_equal(buffer[0], 0);
	assert_int_equal(
		tmem_read_unicode_string_virtual_wide(target, 0x2ff1, 100, wide, 64, &size),
		TMEM_E_READ_FAULT);
	assert_int_equal(wide[0], 0);
	/* The top of the address space. */
	assert_int_equal(tmem_read_multi_byte_string_virtual(target, 0xffffffffffffff00, 0x100,
							     buffer, 64, &size),
			 TMEM_E_INVALIDARG);
	assert_int_equal(tmem_read_multi_byte_string_virtual(target, 0xffffffffffffff00, 0x101,
							     buffer, 64, &size),
			 TMEM_E_READ_FAULT);
	tmem_close(target);
}

static void test_wide(void **state)
{
	tmem_target *target = synth_open(machine, NULL);
	char16_t wide[16];
	size_t size;

	assert_int_equal(
		tmem_read_unicode_string_virtual_wide(target, 0x1400, 100, wide, 16, &size),
		TMEM_S_OK);
	assert_memory_equal(wide, u"wide", 10);
	assert_int_equal(size, 10);
	/* An odd last byte of the limit is ignored. */
	assert_int_equal(tmem_read_unicode_string_virtual_wide(target, 0x1400, 9, wide, 16, &size),
			 TMEM_E_INVALIDARG);
	assert_int_equal(tmem_read_unicode_string_virtual_wide(target, 0x1400, 11, wide, 16, &size),
			 TMEM_S_OK);
	assert_int_equal(tmem_read_unicode_string_virtual_wide(target, 0x1400, 1, wide, 16, &size),
			 TMEM_E_INVALIDARG);
	/* Odd addresses, and a unit across a page. */
	assert_int_equal(
		tmem_read_unicode_string_virtual_wide(target, 0x17ff, 100, wide, 16, &size),
		TMEM_S_OK);
	assert_memory_equal(wide, u"ab", 6);
	/* No half of a pair is left. */
	assert_int_equal(tmem_read_unicode_string_virtual_wide(target, 0x1500, 100, wide, 3, &size),
			 TMEM_S_FALSE);
	assert_memory_equal(wide, u"a", 4);
	assert_int_equal(tmem_read_unicode_string_virtual_wide(target, 0x1500, 100, wide, 4, &size),
			 TMEM_S_FALSE);
	assert_memory_equal(wide, u"a\U0001F600", 8);
	tmem_close(target);
}

static void test_converted(void **state)
{
	tmem_target *target = synth_open(machine, NULL);
	char16_t wide[16];
	char buffer[16];
	size_t size;

	assert_int_equal(tmem_read_multi_byte_string_virtual_wide(target, 0x1300, 100, 1252, wide,
								  16, &size),
			 TMEM_S_OK);
	assert_memory_equal(wide, u"caf\u00e9", 10);
	assert_int_equal(size, 5);
	assert_int_equal(tmem_read_multi_byte_string_virtual_wide(target, 0x1300, 100, 65001, wide,
								  16, &size),
			 TMEM_S_OK);
	assert_memory_equal(wide, u"caf\ufffd", 10);
	assert_int_equal(
		tmem_read_unicode_string_virtual(target, 0x1500, 100, 0, buffer, 16, &size),
		TMEM_S_OK);
	assert_string_equal(buffer, "a\xf0\x9f\x98\x80"
				    "b");
	assert_int_equal(size, 10);
	assert_int_equal(
		tmem_read_unicode_string_virtual(target, 0x1500, 100, 1252, buffer, 16, &size),
		TMEM_S_OK);
	assert_string_equal(buffer, "a?b");
	assert_int_equal(tmem_read_unicode_string_virtual(target, 0x1500, 100, 0, buffer, 5, &size),
			 TMEM_S_FALSE);
	assert_string_equal(buffer, "a");
	assert_int_equal(
		tmem_read_unicode_string_virtual(target, 0x1500, 100, 1200, buffer, 5, &size),
		TMEM_E_INVALIDARG);
	assert_int_equal(size, 0);
	assert_string_equal(buffer, "");
	assert_int_equal(
		tmem_read_multi_byte_string_virtual_wide(target, 0x1300, 100, 77, wide, 16, &size),
		TMEM_E_INVALIDARG);
	tmem_close(target);
}

static void test_big_endian(void **state)
{
	tmem_target *target = synth_open("machine mips\nprocess 1\nrun 0x80000000 0x1000 rw-p\n"
					 "bytes 0x80000000 00 77 20 ac 00 00\n",
					 NULL);
	char16_t wide[8];
	char buffer[8];
	size_t size;

	assert_int_equal(
		tmem_read_unicode_string_virtual_wide(target, 0x80000000, 64, wide, 8, &size),
		TMEM_S_OK);
	assert_memory_equal(wide, u"w\u20ac", 6);
	assert_int_equal(tmem_read_unicode_string_virtual(target, 0xffffffff80000000, 64, 1252,
							  buffer, 8, &size),
			 TMEM_S_OK);
	assert_string_equal(buffer, "w\x80");
	assert_int_equal(size, 6);
	tmem_close(target);
}

/* A string of many pages whose units are cut by every page edge. */
static void test_long(void **state)
{
	tmem_target *target = synth_open("process 1\nrun 0x10000 0x10000 rw-p\n"
					 "repeat 0x10001 0xbff0 41 00\n",
					 NULL);
	static char16_t wide[0x8000];
	static char buffer[0x8000];
	size_t size;

	assert_int_equal(tmem_read_unicode_string_virtual_wide(target, 0x10001, 1 << 20, wide,
							       0x8000, &size),
			 TMEM_S_OK);
	assert_int_equal(size, 0xbff2);
	for (size_t i = 0; i < 0x5ff8; i++)
		assert_int_equal(wide[i], 'A');
	assert_int_equal(tmem_read_unicode_string_virtual(target, 0x10001, 1 << 20, 0, buffer,
							  0x8000, &size),
			 TMEM_S_OK);
	assert_int_equal(strlen(buffer), 0x5ff8);
	assert_int_equal(strspn(buffer, "A"), 0x5ff8);
	tmem_close(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),        cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_length_query), cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_wide),         cmocka_unit_test(test_converted),
		cmocka_unit_test(test_big_endian),   cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
