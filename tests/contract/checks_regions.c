/* SPDX-License-Identifier: Apache-2.0 */
/* checks_regions.c - which addresses are valid, where that changes, and the runs. */
#include "contract/contract.h"

static void offset_information(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	uint32_t source = 99;
	size_t size = 12345;

	assert_status(tmem_get_offset_information(target, TMEM_DATA_SPACE_VIRTUAL,
						  TMEM_OFFSINFO_VIRTUAL_SOURCE,
						  at_run(fixture, "plain", 7), &source, 4, &size),
		      TMEM_S_OK);
	assert_int_equal(source, TMEM_VSOURCE_DEBUGGEE);
	assert_int_equal(size, 4);
	/* An invalid address is a result. */
	assert_status(tmem_get_offset_information(target, 0, 1, hole(fixture), &source, 4, NULL),
		      TMEM_S_OK);
	assert_int_equal(source, TMEM_VSOURCE_INVALID);
	source = 99;
	assert_status(tmem_get_offset_information(target, 0, 1, after_run(fixture, "lonely"),
						  &source, 100, NULL),
		      TMEM_S_OK);
	assert_int_equal(source, TMEM_VSOURCE_INVALID);
	assert_status(tmem_get_offset_information(target, 0, 1, hole(fixture), NULL, 0, &size),
		      TMEM_S_OK);
	size = 12345;
	assert_status(tmem_get_offset_information(target, 0, 1, hole(fixture), &source, 3, &size),
		      TMEM_E_INVALIDARG);
	assert_int_equal(size, 4);
	assert_status(tmem_get_offset_information(target, 1, 1, hole(fixture), &source, 4, NULL),
		      TMEM_E_INVALIDARG);
	assert_status(tmem_get_offset_information(target, 0, 2, hole(fixture), &source, 4, NULL),
		      TMEM_E_INVALIDARG);
}

/* First readable stretch of [base, base + size) by the model. */
static bool expected_region(const struct model *model, uint64_t base, uint64_t size,
			    uint64_t *first, uint64_t *length)
{
	uint64_t last = size - 1 > model_last(model) - base ? model_last(model) : base + size - 1;
	bool found = false;

	for (size_t i = 0; i < model->count && size; i++) {
		const struct model_run *run = &model->runs[i];
		uint64_t from = run->first > base ? run->first : base;
		uint64_t to = run->last < last ? run->last : last;

		if (from > to || (found && from != *first + *length))
			continue;
		if (!found) {
			*first = from;
			*length = 0;
		}
		found = true;
		*length += to - from + 1;
	}
	return found;
}

static void check_region(struct fixture *fixture, uint64_t base, uint64_t size)
{
	const struct model *model = &fixture->model;
	uint64_t expected_first = 0, expected_size = 0;
	uint64_t first = 12345, length = 12345;
	bool found = expected_region(model, base, size, &expected_first, &expected_size);

	assert_status(tmem_get_valid_region_virtual(fixture->target, model_api(model, base), size,
						    &first, &length),
		      found ? TMEM_S_OK : TMEM_E_NOINTERFACE);
	assert_int_equal(first, found ? model_api(model, expected_first) : 0);
	assert_int_equal(length, found ? expected_size : 0);
}

/* Clipped to the request, merged over adjacent runs, nothing valid: not found. */
static void valid_region(struct fixture *fixture)
{
	const struct model *model = &fixture->model;
	uint64_t base = model->base;

	check_region(fixture, base, 6 * MODEL_PAGE);
	check_region(fixture, base, 1);
	check_region(fixture, base + 5, 5 * MODEL_PAGE);
	check_region(fixture, base - 100, 200);
	check_region(fixture, base - 100, 100);
	check_region(fixture, base - 0x8000, 0x100000);
	check_region(fixture, base + 0x6000, 0x2001);
	check_region(fixture, base + 0x6000, 0x2000);
	check_region(fixture, base + 0x7fff, 0x2000);
	check_region(fixture, base + 0x8000, 0);
	check_region(fixture, base + 0xa0000, 0x10);
	check_region(fixture, base + 0xa0000, 0x11);
	check_region(fixture, base + 0xa0000, 0x3000);
	check_region(fixture, base + 0xa1243, 0x3000);
	if (!model_run(model, "top"))
		return;
	check_region(fixture, model_last(model) - 99, 1000);
	check_region(fixture, model_last(model) - 0x10000, UINT64_MAX);
	check_region(fixture, base + 0xb0000, UINT64_MAX);
	check_region(fixture, model_last(model), 1);
}

static uint64_t next_boundary(const struct model *model, uint64_t address)
{
	bool valid = model_at(model, address);

	for (size_t i = 0; i < model->count; i++) {
		const struct model_run *run = &model->runs[i];

		if (run->first > address && !valid)
			return run->first;
		if (run->last >= address && valid && run->last < model_last(model) &&
		    !model_at(model, run->last + 1))
			return run->last + 1;
	}
	return 0;
}

/* Live: the next page. Files: the next real boundary. Always above the address. */
static void next_differently_valid(struct fixture *fixture)
{
	static const uint64_t offsets[] = { 0,       1,       0xfff,   0x1000,  0x3fff,  0x4000,
					    0x5fff,  0x6000,  0x6001,  0x7fff,  0x8000,  0x8fff,
					    0x9000,  0x30000, 0x4fff0, 0x9ffff, 0xa0000, 0xa0010,
					    0xa0011, 0xa1243, 0xa1244 };
	const struct model *model = &fixture->model;
	uint64_t next;

	for (size_t i = 0; i < COUNT(offsets); i++) {
		uint64_t address = model->base + offsets[i];
		uint64_t expected = (address | (MODEL_PAGE - 1)) + 1;

		if (fixture->type->boundaries)
			expected = next_boundary(model, address);
		/* Beyond the last run of the model there may be others that it does not know. */
		if (!expected)
			continue;
		next = 12345;
		assert_status(tmem_get_next_differently_valid_offset_virtual(
				      fixture->target, model_api(model, address), &next),
			      TMEM_S_OK);
		assert_int_equal(next, model_api(model, expected));
	}
	if (!model_run(model, "top"))
		return;
	next = 12345;
	assert_status(
		tmem_get_next_differently_valid_offset_virtual(fixture->target, UINT64_MAX, &next),
		TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(next, 0);
}

/* What is called valid can be read, and nothing else. */
static void agree_with_reads(struct fixture *fixture)
{
	const struct model *model = &fixture->model;

	for (uint64_t at = model->base - 0x4000; at < model->base + 0xb0000; at += 0x800) {
		uint64_t offset = model_api(model, at);
		uint64_t first, size;
		uint32_t source;
		uint8_t byte;
		bool readable =
			tmem_read_virtual(fixture->target, offset, &byte, 1, NULL) == TMEM_S_OK;

		assert_int_equal(readable, model_at(model, at) != NULL);
		assert_int_equal(tmem_get_valid_region_virtual(fixture->target, offset, 1, &first,
							       &size) == TMEM_S_OK,
				 readable);
		assert_status(tmem_get_offset_information(fixture->target, 0, 1, offset, &source, 4,
							  NULL),
			      TMEM_S_OK);
		assert_int_equal(source != TMEM_VSOURCE_INVALID, readable);
	}
}

/* Kernel mode: pages with equal protection, whether their frames are in memory or not. */
static void check_kernel_run(struct fixture *fixture, const struct tmem_run *run, uint64_t from)
{
	struct layout_run expected;

	assert_true(layout_next_run(&fixture->layout, from, &expected));
	assert_int_equal(run->base, model_api(&fixture->model, expected.first));
	assert_int_equal(run->length, expected.last - expected.first + 1);
	assert_int_equal(run->state, TMEM_MEM_COMMIT);
	assert_int_equal(run->protect, expected.protect);
	assert_int_equal(run->source, TMEM_VSOURCE_DEBUGGEE);
	assert_int_equal(run->file_id, 0);
	assert_string_equal(run->name, "");
}

static void kernel_runs(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	struct tmem_run run = { .size = sizeof(run) };
	tmem_run_cursor *cursor = NULL;
	struct layout_run expected;
	uint64_t from = 0;
	unsigned count = 0;

	assert_status(tmem_run_cursor_new(target, TMEM_DATA_SPACE_VIRTUAL, 0, &cursor), TMEM_S_OK);
	for (; layout_next_run(&fixture->layout, from, &expected); from = expected.last + 1) {
		assert_status(tmem_run_cursor_next(cursor, &run), TMEM_S_OK);
		check_kernel_run(fixture, &run, from);
		assert_status(tmem_get_next_run(target, TMEM_DATA_SPACE_VIRTUAL,
						model_api(&fixture->model, from), &run),
			      TMEM_S_OK);
		check_kernel_run(fixture, &run, from);
		count++;
		if (expected.last == model_last(&fixture->model))
			break;
	}
	assert_true(count > 10);
	assert_status(tmem_run_cursor_next(cursor, &run), TMEM_E_NO_MORE_ENTRIES);
	tmem_run_cursor_free(cursor);
}

static void check_run(struct fixture *fixture, const struct tmem_run *run,
		      const struct model_run *expected)
{
	assert_int_equal(run->base, model_api(&fixture->model, expected->first));
	assert_int_equal(run->length, model_run_size(expected));
	assert_int_equal(run->state, TMEM_MEM_COMMIT);
	assert_int_equal(run->protect,
			 expected->writable ? TMEM_PAGE_READWRITE : TMEM_PAGE_READONLY);
	assert_int_equal(run->source, TMEM_VSOURCE_DEBUGGEE);
	assert_int_equal(run->file_id, 0);
	assert_non_null(run->name);
}

static void next_run(struct fixture *fixture)
{
	const struct model *model = &fixture->model;
	uint64_t from = model->base - 0x8000;
	struct tmem_run run;

	if (is_kernel(fixture)) {
		kernel_runs(fixture);
		return;
	}
	for (size_t i = 0; i < model->count; i++) {
		run = (struct tmem_run){ .size = sizeof(run) };
		assert_status(tmem_get_next_run(fixture->target, TMEM_DATA_SPACE_VIRTUAL,
						model_api(model, from), &run),
			      TMEM_S_OK);
		check_run(fixture, &run, &model->runs[i]);
		/* From inside it is the same run. */
		assert_status(tmem_get_next_run(fixture->target, TMEM_DATA_SPACE_VIRTUAL,
						run.base + run.length - 1, &run),
			      TMEM_S_OK);
		check_run(fixture, &run, &model->runs[i]);
		from = model->runs[i].last + 1;
	}
	if (!model_run(model, "top"))
		return;
	assert_status(tmem_get_next_run(fixture->target, TMEM_DATA_SPACE_VIRTUAL, 0x8000, &run),
		      TMEM_S_OK);
	check_run(fixture, &run, &model->runs[0]);
}

static void run_cursor(struct fixture *fixture)
{
	const struct model *model = &fixture->model;
	struct tmem_run run = { .size = sizeof(run) };
	tmem_run_cursor *cursor = NULL;

	assert_status(tmem_run_cursor_new(fixture->target, TMEM_DATA_SPACE_VIRTUAL,
					  model_api(model, model->base - 0x8000), &cursor),
		      TMEM_S_OK);
	for (size_t i = 0; i < model->count && !is_kernel(fixture); i++) {
		assert_status(tmem_run_cursor_next(cursor, &run), TMEM_S_OK);
		check_run(fixture, &run, &model->runs[i]);
	}
	if (model_run(model, "top") && !is_kernel(fixture)) {
		assert_status(tmem_run_cursor_next(cursor, &run), TMEM_E_NO_MORE_ENTRIES);
		assert_status(tmem_run_cursor_next(cursor, &run), TMEM_E_NO_MORE_ENTRIES);
	}
	tmem_run_cursor_free(cursor);
	tmem_run_cursor_free(NULL);
	run.size = 8;
	assert_status(tmem_get_next_run(fixture->target, TMEM_DATA_SPACE_VIRTUAL, 0, &run),
		      TMEM_E_INVALIDARG);
	assert_status(tmem_run_cursor_new(fixture->target, 9, 0, &cursor), TMEM_E_INVALIDARG);
	assert_null(cursor);
}

const struct check checks_regions[] = {
	{ "regions_offset_information", offset_information },
	{ "regions_valid_region", valid_region },
	{ "regions_next_differently_valid", next_differently_valid },
	{ "regions_agree_with_reads", agree_with_reads },
	{ "regions_next_run", next_run },
	{ "regions_run_cursor", run_cursor },
	{ 0 },
};
