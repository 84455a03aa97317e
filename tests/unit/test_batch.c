/* SPDX-License-Identifier: Apache-2.0 */
/* test_batch.c - batches: one status per element and one for all. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "unit/synth_handle.h"

static struct tmem_transfer item(uint64_t offset, void *buffer, size_t size)
{
	return (struct tmem_transfer){
		.offset = offset, .buffer = buffer, .size = size, .done = 99, .status = 99
	};
}

static void test_read(void **state)
{
	tmem_target *target = synth_open("process 1\nrun 0x1000 0x1000 rw-p\n"
					 "pattern 0x1000 0x1000 counting\n",
					 NULL);
	uint8_t a[4], b[4], c[4];
	struct tmem_transfer items[] = { item(0x1ffe, a, 4), item(0x3000, b, 4),
					 item(0x1010, c, 4) };

	assert_int_equal(tmem_read_virtual_batch(target, items, 3), TMEM_S_FALSE);
	assert_int_equal(items[0].status, TMEM_S_OK);
	assert_int_equal(items[0].done, 2);
	assert_memory_equal(a, "\xfe\xff", 2);
	assert_int_equal(items[1].status, TMEM_E_READ_FAULT);
	assert_int_equal(items[1].done, 0);
	assert_int_equal(items[2].done, 4);
	assert_memory_equal(c, "\x10\x11\x12\x13", 4);
	/* A short element alone is no complete batch; the others are. */
	assert_int_equal(tmem_read_virtual_batch(target, items, 1), TMEM_S_FALSE);
	assert_int_equal(tmem_read_virtual_batch(target, items + 2, 1), TMEM_S_OK);
	tmem_close(target);
}

/* Addresses that are none, in either form of a 32-bit target. */
static void test_addresses(void **state)
{
	tmem_target *target = synth_open("machine i386\nprocess 1\nrun 0xfffff000 0x1000 rw-p\n"
					 "pattern 0xfffff000 0x1000 counting\n",
					 NULL);
	uint8_t a[4], b[4], c[4], d[4];
	struct tmem_transfer items[] = { item(0xfffffffc, a, 4), item(0xfffffffffffffffe, b, 4),
					 item(0x1fffff000, c, 4), item(0xfffffffff0000000, d, 0) };

	assert_int_equal(tmem_read_virtual_batch(target, items, 4), TMEM_S_FALSE);
	assert_int_equal(items[0].done, 4);
	assert_memory_equal(a, "\xfc\xfd\xfe\xff", 4);
	assert_int_equal(items[1].done, 2);
	assert_memory_equal(b, "\xfe\xff", 2);
	assert_int_equal(items[2].done, 0);
	assert_int_equal(items[2].status, TMEM_E_READ_FAULT);
	assert_int_equal(items[3].status, TMEM_S_OK);
	/* The caller's addresses stay as they are. */
	assert_int_equal(items[1].offset, 0xfffffffffffffffe);
	tmem_close(target);
}

static void test_write(void **state)
{
	tmem_target *target = synth_open("process 1\nrun 0x1000 0x1000 rw-p\n", NULL);
	char text[] = "abcdef";
	struct tmem_transfer items[] = { item(0x1000, text, 6), item(0x1002, text, 6),
					 item(0x5000, text, 6) };
	struct event_log log;
	char buffer[9] = { 0 };

	event_log_start(&log, target);
	assert_int_equal(tmem_write_virtual_batch(target, items, 2), TMEM_S_OK);
	assert_int_equal(log.count, 1);
	assert_int_equal(log.flags, TMEM_CDS_DATA);
	assert_int_equal(log.argument, TMEM_DATA_SPACE_VIRTUAL);
	assert_int_equal(tmem_read_virtual(target, 0x1000, buffer, 8, NULL), TMEM_S_OK);
	assert_string_equal(buffer, "ababcdef");
	assert_int_equal(tmem_write_virtual_batch(target, items, 3), TMEM_S_FALSE);
	assert_int_equal(items[2].status, TMEM_E_WRITE_FAULT);
	assert_int_equal(log.count, 2);
	assert_int_equal(tmem_write_virtual_batch(target, items + 2, 1), TMEM_S_FALSE);
	assert_int_equal(tmem_write_virtual_batch(target, items, 0), TMEM_S_OK);
	assert_int_equal(log.count, 2);
	tmem_close(target);
}

/* When no element could be tried, each says why, and so does the call. */
static void test_no_process(void **state)
{
	tmem_target *target =
		synth_open("target live=yes\nprocess 10\nrun 0x1000 0x1000 rw-p\n", NULL);
	uint8_t buffer[4];
	struct tmem_transfer items[] = { item(0x1000, buffer, 4), item(0x1000, buffer, 0) };

	assert_int_equal(tmem_detach_process(target, 0), TMEM_S_OK);
	assert_int_equal(tmem_read_virtual_batch(target, items, 2), TMEM_E_UNEXPECTED);
	assert_int_equal(items[0].status, TMEM_E_UNEXPECTED);
	assert_int_equal(items[0].done, 0);
	assert_int_equal(items[1].status, TMEM_E_UNEXPECTED);
	items[0].done = 99;
	assert_int_equal(tmem_write_virtual_batch(target, items, 2), TMEM_E_UNEXPECTED);
	assert_int_equal(items[0].done, 0);
	tmem_close(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_no_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
