/* SPDX-License-Identifier: Apache-2.0 */
/* checks_arguments.c - no handle, no buffer: an answer, counts 0, nothing touched, no crash. */
#include "contract/contract.h"

static void no_handle(struct fixture *fixture)
{
	struct tmem_memory_basic_information info;
	struct tmem_run run = { .size = sizeof(run) };
	struct tmem_transfer item;
	struct tmem_view view;
	tmem_run_cursor *runs;
	uint64_t number = 12345, other = 12345;
	uint8_t buffer[8] = { 0 };
	char16_t wide[4];
	char text[4];
	size_t done = 12345;

	item = (struct tmem_transfer){ .buffer = buffer, .size = 8 };
	assert_status(tmem_read_virtual(NULL, 0, buffer, 8, &done), TMEM_E_INVALIDARG);
	assert_int_equal(done, 0);
	done = 12345;
	assert_status(tmem_read_virtual_uncached(NULL, 0, buffer, 8, &done), TMEM_E_INVALIDARG);
	assert_int_equal(done, 0);
	done = 12345;
	assert_status(tmem_write_virtual(NULL, 0, buffer, 8, &done), TMEM_E_INVALIDARG);
	assert_int_equal(done, 0);
	done = 12345;
	assert_status(tmem_write_virtual_uncached(NULL, 0, buffer, 8, &done), TMEM_E_INVALIDARG);
	assert_int_equal(done, 0);
	assert_status(tmem_read_pointers_virtual(NULL, 1, 0, &number), TMEM_E_INVALIDARG);
	assert_status(tmem_write_pointers_virtual(NULL, 1, 0, &number), TMEM_E_INVALIDARG);
	assert_status(tmem_fill_virtual(NULL, 0, 8, buffer, 8, &number), TMEM_E_INVALIDARG);
	assert_int_equal(number, 0);
	assert_status(tmem_read_virtual_batch(NULL, &item, 1), TMEM_E_INVALIDARG);
	assert_status(tmem_write_virtual_batch(NULL, &item, 1), TMEM_E_INVALIDARG);
	assert_status(tmem_view_virtual(NULL, 0, 8, &view), TMEM_E_INVALIDARG);
	assert_status(tmem_view_is_current(NULL, &view), TMEM_E_INVALIDARG);
	assert_status(tmem_search_virtual(NULL, 0, 8, buffer, 1, 1, &number), TMEM_E_INVALIDARG);
	done = 12345;
	assert_status(tmem_read_multi_byte_string_virtual(NULL, 0, 8, text, 4, &done),
		      TMEM_E_INVALIDARG);
	assert_int_equal(done, 0);
	assert_int_equal(text[0], 0);
	assert_status(tmem_read_multi_byte_string_virtual_wide(NULL, 0, 8, 0, wide, 4, &done),
		      TMEM_E_INVALIDARG);
	assert_status(tmem_read_unicode_string_virtual(NULL, 0, 8, 0, text, 4, &done),
		      TMEM_E_INVALIDARG);
	assert_status(tmem_read_unicode_string_virtual_wide(NULL, 0, 8, wide, 4, &done),
		      TMEM_E_INVALIDARG);
	assert_status(tmem_get_offset_information(NULL, 0, 1, 0, NULL, 0, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_get_valid_region_virtual(NULL, 0, 8, &number, &other),
		      TMEM_E_INVALIDARG);
	assert_int_equal(number, 0);
	assert_int_equal(other, 0);
	assert_status(tmem_get_next_differently_valid_offset_virtual(NULL, 0, &number),
		      TMEM_E_INVALIDARG);
	assert_status(tmem_query_virtual(NULL, 0, &info), TMEM_E_INVALIDARG);
	assert_status(tmem_get_next_run(NULL, 0, 0, &run), TMEM_E_INVALIDARG);
	assert_status(tmem_run_cursor_new(NULL, 0, 0, &runs), TMEM_E_INVALIDARG);
	assert_null(runs);
	assert_status(tmem_run_cursor_next(NULL, &run), TMEM_E_INVALIDARG);
	assert_status(tmem_read_physical(NULL, 0, buffer, 8, &done), TMEM_E_INVALIDARG);
	assert_status(tmem_write_physical(NULL, 0, buffer, 8, &done), TMEM_E_INVALIDARG);
	assert_status(tmem_fill_physical(NULL, 0, 8, buffer, 8, &number), TMEM_E_INVALIDARG);
	assert_status(tmem_virtual_to_physical(NULL, 0, &number), TMEM_E_INVALIDARG);
	assert_status(tmem_get_virtual_translation_physical_offsets(NULL, 0, NULL, 0, &done),
		      TMEM_E_INVALIDARG);
}

static void no_buffer(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	uint64_t at = at_run(fixture, "plain", 0);
	uint64_t number = 12345;
	size_t done = 12345;

	assert_status(tmem_read_virtual(target, at, NULL, 8, &done), TMEM_E_INVALIDARG);
	assert_int_equal(done, 0);
	assert_true(strlen(tmem_last_error(target)) > 0);
	done = 12345;
	assert_status(tmem_read_virtual_uncached(target, at, NULL, 8, &done), TMEM_E_INVALIDARG);
	assert_int_equal(done, 0);
	done = 12345;
	assert_status(tmem_write_virtual(target, at, NULL, 8, &done), TMEM_E_INVALIDARG);
	assert_int_equal(done, 0);
	assert_status(tmem_write_virtual_uncached(target, at, NULL, 8, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_read_pointers_virtual(target, 1, at, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_write_pointers_virtual(target, 1, at, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_fill_virtual(target, at, 8, NULL, 8, &number), TMEM_E_INVALIDARG);
	assert_int_equal(number, 0);
	assert_status(tmem_read_virtual_batch(target, NULL, 1), TMEM_E_INVALIDARG);
	assert_status(tmem_write_virtual_batch(target, NULL, 1), TMEM_E_INVALIDARG);
	assert_status(tmem_view_virtual(target, at, 8, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_view_is_current(target, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_search_virtual(target, at, 8, NULL, 1, 1, &number), TMEM_E_INVALIDARG);
	assert_status(tmem_search_virtual(target, at, 8, "x", 1, 1, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_get_valid_region_virtual(target, at, 8, NULL, &number),
		      TMEM_E_INVALIDARG);
	number = 12345;
	assert_status(tmem_get_valid_region_virtual(target, at, 8, &number, NULL),
		      TMEM_E_INVALIDARG);
	assert_int_equal(number, 0);
	assert_status(tmem_get_next_differently_valid_offset_virtual(target, at, NULL),
		      TMEM_E_INVALIDARG);
	assert_status(tmem_query_virtual(target, at, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_get_next_run(target, 0, at, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_run_cursor_new(target, 0, at, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_read_physical(target, 0, NULL, 8, &done), TMEM_E_INVALIDARG);
	assert_status(tmem_write_physical(target, 0, NULL, 8, &done), TMEM_E_INVALIDARG);
	assert_status(tmem_virtual_to_physical(target, at, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_get_event_callbacks(target, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_describe(target, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_get_number_processes(target, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_get_current_process_id(target, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_overlay_list(target, NULL, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_overlay_export(target, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_get_cache_statistics(target, NULL), TMEM_E_INVALIDARG);
	expect_model(target, &fixture->model);
}

const struct check checks_arguments[] = {
	{ "arguments_no_handle", no_handle },
	{ "arguments_no_buffer", no_buffer },
	{ 0 },
};
