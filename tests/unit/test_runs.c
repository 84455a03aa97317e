/* SPDX-License-Identifier: Apache-2.0 */
/* test_runs.c - runs one by one and by cursor. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "unit/synth_handle.h"

static const char machine[] = "process 1\n"
			      "run 0x1000 0x1000 r-xp type=image name=\"/lib/a\" file=7\n"
			      "run 0x2000 0x1000 rw-s name=\"/dev/shm/x\" file=8 offset=0x5000\n"
			      "run 0x8000 0x1000 ? type=unknown\n"
			      "run 0x9000 0x1000 ---p reason=guard\n"
			      "run 0xfffffffffffff000 0x1000 rw-p name=\"[top]\"\n";

static void check_second(const struct tmem_run *run)
{
	assert_int_equal(run->size, sizeof(*run));
	assert_int_equal(run->base, 0x2000);
	assert_int_equal(run->length, 0x1000);
	assert_int_equal(run->state, TMEM_MEM_COMMIT);
	assert_int_equal(run->protect, TMEM_PAGE_READWRITE);
	assert_int_equal(run->type, TMEM_MEM_MAPPED);
	assert_int_equal(run->source, TMEM_VSOURCE_DEBUGGEE);
	assert_int_equal(run->shared, 1);
	assert_int_equal(run->file_offset, 0x5000);
	assert_int_equal(run->file_id, 8);
	assert_string_equal(run->name, "/dev/shm/x");
}

static void test_next(void **state)
{
	tmem_target *target = synth_open(machine, NULL);
	struct tmem_run run = { .size = sizeof(run) };

	assert_int_equal(tmem_get_next_run(target, 0, 0, &run), TMEM_S_OK);
	assert_string_equal(run.name, "/lib/a");
	assert_int_equal(tmem_get_next_run(target, 0, 0x2fff, &run), TMEM_S_OK);
	check_second(&run);
	assert_int_equal(tmem_get_next_run(target, 0, 0x3000, &run), TMEM_S_OK);
	assert_int_equal(run.base, 0x8000);
	assert_int_equal(run.protect, 0);
	assert_int_equal(run.type, 0);
	assert_string_equal(run.name, "");
	assert_int_equal(tmem_get_next_run(target, 0, 0x9000, &run), TMEM_S_OK);
	assert_int_equal(run.source, TMEM_VSOURCE_INVALID);
	assert_int_equal(tmem_get_next_run(target, 0, UINT64_MAX, &run), TMEM_S_OK);
	assert_string_equal(run.name, "[top]");
	tmem_close(target);
}

static void test_end(void **state)
{
	tmem_target *target = synth_open("machine i386\nprocess 1\nrun 0x1000 0x1000 rw-p\n", NULL);
	struct tmem_run run = { .size = sizeof(run) };
	tmem_run_cursor *cursor;

	assert_int_equal(tmem_get_next_run(target, 0, 0x2000, &run), TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(run.length, 0);
	assert_string_equal(run.name, "");
	assert_true(strlen(tmem_last_error(target)) > 0);
	/* Beyond the space there is nothing either. */
	assert_int_equal(tmem_get_next_run(target, 0, 0x100000000, &run), TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(tmem_run_cursor_new(target, 0, 0x100000000, &cursor), TMEM_S_OK);
	assert_int_equal(tmem_run_cursor_next(cursor, &run), TMEM_E_NO_MORE_ENTRIES);
	tmem_run_cursor_free(cursor);
	tmem_close(target);
}

/* All names of a walk stay valid until the cursor goes. */
static void test_cursor(void **state)
{
	static const char *const expected[] = { "/lib/a", "/dev/shm/x", "", "", "[top]" };
	tmem_target *target = synth_open(machine, NULL);
	struct tmem_run runs[6];
	tmem_run_cursor *cursor = NULL;

	assert_int_equal(tmem_run_cursor_new(target, 0, 0, &cursor), TMEM_S_OK);
	for (size_t i = 0; i < 5; i++) {
		runs[i].size = sizeof(runs[i]);
		assert_int_equal(tmem_run_cursor_next(cursor, &runs[i]), TMEM_S_OK);
	}
	runs[5].size = sizeof(runs[5]);
	assert_int_equal(tmem_run_cursor_next(cursor, &runs[5]), TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(tmem_run_cursor_next(cursor, &runs[5]), TMEM_E_NO_MORE_ENTRIES);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(runs[i].name, expected[i]);
	check_second(&runs[1]);
	runs[0].size = sizeof(runs[0]) - 1;
	assert_int_equal(tmem_run_cursor_next(cursor, &runs[0]), TMEM_E_INVALIDARG);
	tmem_run_cursor_free(cursor);
	assert_int_equal(tmem_run_cursor_new(target, 0, 0x2800, &cursor), TMEM_S_OK);
	assert_int_equal(tmem_run_cursor_next(cursor, &runs[5]), TMEM_S_OK);
	check_second(&runs[5]);
	tmem_run_cursor_free(cursor);
	tmem_close(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_cursor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
