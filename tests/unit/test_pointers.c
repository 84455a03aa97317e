/* SPDX-License-Identifier: Apache-2.0 */
/* test_pointers.c - pointers of every width and byte order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/synth_handle.h"

static const uint8_t plain[] = { 0x80, 1, 2, 3, 4, 5, 6, 0x87, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1 };

/* The same 16 bytes as pointers of four machines. */
static void test_read(void **state)
{
	static const struct {
		const char *machine;
		size_t count;
		uint64_t values[4];
	} rows[] = {
		{ "amd64", 2, { 0x8706050403020180, 0x01000000ffffffff } },
		{ "powerpc64", 2, { 0x8001020304050687, 0xffffffff00000001 } },
		{ "i386", 4, { 0x03020180, 0xffffffff87060504, 0xffffffffffffffff, 0x01000000 } },
		{ "mips", 4, { 0xffffffff80010203, 0x04050687, 0xffffffffffffffff, 1 } },
	};

	for (size_t i = 0; i < 4; i++) {
		char text[256] = "machine ";
		uint64_t ptrs[5];
		tmem_target *target;

		strcat(text, rows[i].machine);
		strcat(text, "\nprocess 1\nrun 0x1000 0x1000 rw-p\n"
			     "bytes 0x1003 80010203 04050687 ffffffff 00000001\n");
		target = synth_open(text, NULL);
		memset(ptrs, 0xee, sizeof(ptrs));
		assert_int_equal(tmem_read_pointers_virtual(target, rows[i].count, 0x1003, ptrs),
				 TMEM_S_OK);
		for (size_t k = 0; k < rows[i].count; k++)
			assert_int_equal(ptrs[k], rows[i].values[k]);
		assert_int_equal(ptrs[rows[i].count], 0xeeeeeeeeeeeeeeee);
		/* And back again. */
		assert_int_equal(
			tmem_write_pointers_virtual(target, rows[i].count, 0x1800, rows[i].values),
			TMEM_S_OK);
		memset(ptrs, 0, sizeof(ptrs));
		assert_int_equal(tmem_read_virtual(target, 0x1800, ptrs, 16, NULL), TMEM_S_OK);
		assert_memory_equal(ptrs, plain, 16);
		tmem_close(target);
	}
}

/* More than is converted at a time, up to a hole. */
static void test_many(void **state)
{
	tmem_target *target = synth_open("machine mips\nprocess 1\nrun 0x10000 0x40000 rw-p\n"
					 "repeat 0x10000 0x40000 00000001 80000002\n",
					 NULL);
	size_t count = 0x10000;
	uint64_t *ptrs = calloc(count + 4, sizeof(*ptrs));

	assert_int_equal(tmem_read_pointers_virtual(target, count, 0x10000, ptrs), TMEM_S_OK);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(ptrs[i], i % 2 ? 0xffffffff80000002 : 1);
	memset(ptrs, 0, count * sizeof(*ptrs));
	assert_int_equal(tmem_read_pointers_virtual(target, count + 4, 0x10000, ptrs),
			 TMEM_E_READ_FAULT);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(ptrs[i], i % 2 ? 0xffffffff80000002 : 1);
	assert_int_equal(tmem_write_pointers_virtual(target, count + 4, 0x10000, ptrs),
			 TMEM_E_WRITE_FAULT);
	free(ptrs);
	tmem_close(target);
}

/* The space has an end; what stands at its beginning does not follow. */
static void test_no_wrap(void **state)
{
	static const char *const machines[] = { "amd64", "i386", "mips" };
	uint64_t ptrs[4] = { 1, 2, 3, 4 };
	uint64_t first = 0;

	for (size_t i = 0; i < 3; i++) {
		char text[256];
		tmem_target *target;

		snprintf(text, sizeof(text),
			 "machine %s\nprocess 1\nrun 0 0x1000 rw-p\nrun 0x%s 0x1000 rw-p\n",
			 machines[i], i ? "fffff000" : "fffffffffffff000");
		target = synth_open(text, NULL);
		assert_int_equal(tmem_read_pointers_virtual(target, 4, UINT64_MAX - 7, ptrs),
				 TMEM_E_READ_FAULT);
		assert_int_equal(tmem_write_pointers_virtual(target, 4, UINT64_MAX - 7, ptrs),
				 TMEM_E_WRITE_FAULT);
		assert_int_equal(tmem_read_pointers_virtual(target, 1, 0, &first), TMEM_S_OK);
		assert_int_equal(first, 0);
		tmem_close(target);
	}
}

/* The same when a conversion's piece ends exactly at the end. */
static void test_no_wrap_between_pieces(void **state)
{
	tmem_target *target = synth_open("machine powerpc64\nprocess 1\nrun 0 0x1000 rw-p\n"
					 "run 0xffffffffffffc000 0x4000 rw-p\n",
					 NULL);
	uint64_t *ptrs = calloc(2050, sizeof(*ptrs));
	uint64_t first = 0;

	assert_int_equal(tmem_read_pointers_virtual(target, 2048, 0xffffffffffffc000, ptrs),
			 TMEM_S_OK);
	assert_int_equal(tmem_read_pointers_virtual(target, 2050, 0xffffffffffffc000, ptrs),
			 TMEM_E_READ_FAULT);
	ptrs[2048] = 99;
	assert_int_equal(tmem_write_pointers_virtual(target, 2050, 0xffffffffffffc000, ptrs),
			 TMEM_E_WRITE_FAULT);
	assert_int_equal(tmem_read_pointers_virtual(target, 1, 0, &first), TMEM_S_OK);
	assert_int_equal(first, 0);
	free(ptrs);
	tmem_close(target);
}

static void test_impossible_count(void **state)
{
	tmem_target *target = synth_open("process 1\nrun 0x1000 0x1000 rw-p\n", NULL);
	uint64_t pointer = 0;

	assert_int_equal(tmem_read_pointers_virtual(target, SIZE_MAX, 0x1000, &pointer),
			 TMEM_E_INVALIDARG);
	assert_int_equal(tmem_write_pointers_virtual(target, SIZE_MAX / 8 + 1, 0x1000, &pointer),
			 TMEM_E_INVALIDARG);
	tmem_close(target);
}

static void test_explanation(void **state)
{
	tmem_target *target = synth_open("process 1\nrun 0x1000 0x1000 rw-p\n", NULL);
	struct tmem_error_detail detail = { .size = sizeof(detail) };
	uint64_t ptrs[4];

	assert_int_equal(tmem_read_pointers_virtual(target, 4, 0x1ff0, ptrs), TMEM_E_READ_FAULT);
	assert_int_equal(tmem_last_error_detail(target, &detail), TMEM_S_OK);
	assert_int_equal(detail.address, 0x2000);
	assert_non_null(strstr(tmem_last_error(target), "pointers at 0000000000001ff0"));
	assert_int_equal(tmem_write_pointers_virtual(target, 4, 0x1ff0, ptrs), TMEM_E_WRITE_FAULT);
	assert_int_equal(tmem_last_error_detail(target, &detail), TMEM_S_OK);
	assert_int_equal(detail.address, 0x2000);
	assert_int_equal(detail.reason, TMEM_REASON_NOT_MAPPED);
	tmem_close(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_no_wrap),
		cmocka_unit_test(test_no_wrap_between_pieces),
		cmocka_unit_test(test_impossible_count),
		cmocka_unit_test(test_explanation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
