/* SPDX-License-Identifier: Apache-2.0 */
/* checks_physical.c - physical memory and translation do not exist in user mode. */
#include "contract/contract.h"

static void transfers(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	uint8_t buffer[8] = "12345678";
	uint64_t filled = 12345;
	size_t done = 12345;

	assert_status(tmem_read_physical(target, 0, buffer, 8, &done), TMEM_E_UNEXPECTED);
	assert_int_equal(done, 0);
	assert_memory_equal(buffer, "12345678", 8);
	for (uint32_t flags = 0; flags < 6; flags++) {
		tmem_status expected = flags > 3 ? TMEM_E_INVALIDARG : TMEM_E_UNEXPECTED;

		done = 12345;
		assert_status(tmem_read_physical2(target, 0, flags, buffer, 8, &done), expected);
		assert_int_equal(done, 0);
		done = 12345;
		assert_status(tmem_write_physical2(target, 0, flags, buffer, 8, &done), expected);
		assert_int_equal(done, 0);
	}
	done = 12345;
	assert_status(tmem_write_physical(target, 0, buffer, 8, &done), TMEM_E_UNEXPECTED);
	assert_int_equal(done, 0);
	assert_status(tmem_fill_physical(target, 0, 100, buffer, 8, &filled), TMEM_E_UNEXPECTED);
	assert_int_equal(filled, 0);
	filled = 12345;
	assert_status(tmem_fill_physical(target, 0, 100, buffer, 0, &filled), TMEM_E_INVALIDARG);
	assert_int_equal(filled, 0);
}

static void batches(struct fixture *fixture)
{
	uint8_t buffer[8];
	struct tmem_transfer item = { .buffer = buffer, .size = 8, .done = 12345 };

	assert_status(tmem_read_physical_batch(fixture->target, &item, 1), TMEM_E_UNEXPECTED);
	assert_int_equal(item.done, 0);
	assert_status(item.status, TMEM_E_UNEXPECTED);
	item.done = 12345;
	assert_status(tmem_write_physical_batch(fixture->target, &item, 1), TMEM_E_UNEXPECTED);
	assert_int_equal(item.done, 0);
	item.flags = 8;
	assert_status(tmem_read_physical_batch(fixture->target, &item, 1), TMEM_E_INVALIDARG);
}

static void translation(struct fixture *fixture)
{
	uint64_t at = at_run(fixture, "plain", 0);
	uint64_t physical = 12345;
	size_t levels = 12345;

	assert_status(tmem_virtual_to_physical(fixture->target, at, &physical), TMEM_E_UNEXPECTED);
	assert_int_equal(physical, 0);
	assert_status(tmem_get_virtual_translation_physical_offsets(fixture->target, at, &physical,
								    1, &levels),
		      TMEM_E_UNEXPECTED);
	assert_int_equal(levels, 0);
	assert_status(
		tmem_get_virtual_translation_physical_offsets(fixture->target, at, NULL, 0, NULL),
		TMEM_E_UNEXPECTED);
}

static void runs(struct fixture *fixture)
{
	struct tmem_run run = { .size = sizeof(run) };
	tmem_run_cursor *cursor;

	assert_status(tmem_get_next_run(fixture->target, TMEM_DATA_SPACE_PHYSICAL, 0, &run),
		      TMEM_E_UNEXPECTED);
	assert_status(tmem_run_cursor_new(fixture->target, TMEM_DATA_SPACE_PHYSICAL, 0, &cursor),
		      TMEM_E_UNEXPECTED);
	assert_null(cursor);
}

const struct check checks_physical[] = {
	{ "physical_transfers", transfers },
	{ "physical_batches", batches },
	{ "physical_translation", translation },
	{ "physical_runs", runs },
	{ 0 },
};
