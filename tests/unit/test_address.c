/* SPDX-License-Identifier: Apache-2.0 */
/* test_address.c - !address against QueryVirtual, region by region; hostile names; Ctrl-C. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/regions.h"
#include "unit/session_log.h"

static struct session_log log;

static int open_log(void **state)
{
	struct tmi_text text = { 0 };

	tmi_text_puts(&text, "process 1\n"
			     "run 0x1000 0x2000 rw-p\n"
			     "run 0x3000 0x1000 r--p\n"
			     "run 0x8000 0x1000 r-xp name=\"a\\n\\x1b[31mb\" file=1\n"
			     "run 0x9000 0x1000 r--p name=\"a\\n\\x1b[31mb\" file=1\n"
			     "run 0xb000 0x1000 rw-p state=reserve\n");
	for (unsigned i = 0; i < 1000; i++)
		tmi_text_format(&text, "run 0x%x 0x1000 rw-p\n", 0x100000 + 0x2000 * i);
	session_log_open(&log, text.data);
	tmi_text_fini(&text);
	return 0;
}

static int close_log(void **state)
{
	session_log_close(&log);
	return 0;
}

struct walk {
	uint64_t next; /* where the next region must begin */
	unsigned count;
	unsigned free;
};

/* Regions follow each other without gaps and are what QueryVirtual says. */
static bool check_region(void *context, const struct tmi_region *region)
{
	struct walk *walk = context;
	struct tmem_memory_basic_information info;

	assert_int_equal(region->base, walk->next);
	assert_true(region->last >= region->base);
	walk->next = region->last + 1;
	walk->count++;
	walk->free += region->state == TMEM_MEM_FREE;
	assert_int_equal(tmem_query_virtual(log.session->target, region->base, &info), TMEM_S_OK);
	assert_int_equal(info.state, region->state);
	assert_int_equal(info.type, region->type);
	assert_int_equal(info.protect, region->protect);
	/* QueryVirtual joins neighbours with equal attributes; a region never has more. */
	assert_true(info.base_address + info.region_size - 1 >= region->last);
	if (region->state == TMEM_MEM_FREE)
		assert_int_equal(info.region_size, region->last - region->base + 1);
	else
		assert_int_equal(info.allocation_base == region->base, region->begins);
	return true;
}

static void test_agrees_with_query(void **state)
{
	struct tmem_memory_basic_information info;
	struct walk walk = { 0 };
	bool failed;

	assert_true(tmi_regions_walk(log.session, check_region, &walk, &failed));
	assert_false(failed);
	assert_int_equal(walk.count - walk.free, 1005);
	/* the walk ends where the user range does */
	assert_int_equal(tmem_query_virtual(log.session->target, walk.next, &info),
			 TMEM_E_INVALIDARG);
	assert_int_equal(tmem_query_virtual(log.session->target, walk.next - 1, &info), TMEM_S_OK);
}

static void test_names_cannot_steer_a_terminal(void **state)
{
	static const char *const lines[] = {
		"!address -f:FileMap",
		"!address -o:csv -f:FileMap",
		"!address 8000",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_true(session_log_run(&log, lines[i]));
		assert_non_null(strstr(log.out.data, "a??[31mb"));
		assert_null(strchr(log.out.data, 0x1b));
	}
}

static void test_interrupt(void **state)
{
	log.outputs = 0;
	log.interrupt_at = 100;
	assert_false(session_log_run(&log, "!address"));
	log.interrupt_at = 0;
	assert_ptr_equal(strstr(log.errors.data, "Interrupted: 0x100 regions were listed, up to "),
			 log.errors.data);
}

static void test_short_addresses(void **state)
{
	assert_string_equal(tmi_short_address(log.session, 0).text, "0`00000000");
	assert_string_equal(tmi_short_address(log.session, 0x7ffe12345678).text, "7ffe`12345678");
	assert_string_equal(tmi_short_address(log.session, UINT64_MAX).text, "ffffffff`ffffffff");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agrees_with_query),
		cmocka_unit_test(test_names_cannot_steer_a_terminal),
		cmocka_unit_test(test_interrupt),
		cmocka_unit_test(test_short_addresses),
	};

	return cmocka_run_group_tests(tests, open_log, close_log);
}
