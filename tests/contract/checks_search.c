/* SPDX-License-Identifier: Apache-2.0 */
/* checks_search.c - SearchVirtual, SearchVirtual2, cursors: against a naive search of the model. */
#include "contract/contract.h"

#define UNTOUCHED 0x5555555555555555u

/* Searches the target and the model; both must agree. Returns true when found. */
static bool search_both(struct fixture *fixture, uint64_t first, uint64_t length,
			const void *pattern, size_t pattern_size, size_t granularity)
{
	const struct model *model = &fixture->model;
	uint64_t last =
		length - 1 > model_last(model) - first ? model_last(model) : first + length - 1;
	uint64_t match = UNTOUCHED;
	uint64_t expected = UINT64_MAX;

	if (length)
		expected =
			model_search(model, first, last, pattern, pattern_size, granularity, false);
	assert_status(tmem_search_virtual(fixture->target, model_api(model, first), length, pattern,
					  pattern_size, granularity, &match),
		      expected == UINT64_MAX ? TMEM_E_NO_MORE_ENTRIES : TMEM_S_OK);
	assert_int_equal(match, expected == UINT64_MAX ? UNTOUCHED : model_api(model, expected));
	return expected != UINT64_MAX;
}

/* Beyond holes, across pages, at the very end; nothing that leaves the range. */
static void finds(struct fixture *fixture)
{
	uint64_t base = fixture->model.base;
	uint64_t end = model_run(&fixture->model, "haystack")->last + 1;

	assert_true(search_both(fixture, base, 0x100000, NEEDLE, NEEDLE_SIZE, 1));
	assert_true(search_both(fixture, base - 0x8000, 0x100000, NEEDLE, NEEDLE_SIZE, 1));
	assert_true(search_both(fixture, base + 0x40124, 0x100000, NEEDLE, NEEDLE_SIZE, 1));
	assert_true(search_both(fixture, base + 0x48000 - 6, 0x100000, NEEDLE, NEEDLE_SIZE, 1));
	assert_true(search_both(fixture, end - NEEDLE_SIZE + 1, 0x100000, NEEDLE, NEEDLE_SIZE, 1));
	assert_true(search_both(fixture, base + 0x40123, NEEDLE_SIZE, NEEDLE, NEEDLE_SIZE, 1));
	assert_false(search_both(fixture, base + 0x40123, NEEDLE_SIZE - 1, NEEDLE, NEEDLE_SIZE, 1));
	assert_false(
		search_both(fixture, base + 0x40000, 0x122 + NEEDLE_SIZE, NEEDLE, NEEDLE_SIZE, 1));
	assert_true(
		search_both(fixture, base + 0x40000, 0x123 + NEEDLE_SIZE, NEEDLE, NEEDLE_SIZE, 1));
	assert_false(search_both(fixture, base, 0, NEEDLE, NEEDLE_SIZE, 1));
	assert_false(search_both(fixture, base + 0x30000, 0x1000, "x", 1, 1));
	assert_false(search_both(fixture, base, 0x40000, NEEDLE, NEEDLE_SIZE, 1));
}

/* From address 0 over everything, as people do. */
static void whole_space(struct fixture *fixture)
{
	const struct model_run *top = model_run(&fixture->model, "top");
	uint64_t match = 0;

	if (!top)
		return;
	assert_true(search_both(fixture, 0, UINT64_MAX, NEEDLE, NEEDLE_SIZE, 1));
	/* The last byte of all belongs to a range that begins at 1. */
	assert_status(tmem_search_virtual(fixture->target, 1, UINT64_MAX,
					  top->bytes + model_run_size(top) - 16, 16, 1, &match),
		      TMEM_S_OK);
	assert_int_equal(match, UINT64_MAX - 15);
}

/* The step counts from the start of the range, also behind a hole. */
static void granularity(struct fixture *fixture)
{
	uint64_t base = fixture->model.base;

	for (size_t step = 1; step <= 20; step++) {
		if (NEEDLE_SIZE % step)
			continue;
		for (uint64_t shift = 0; shift < step; shift++) {
			search_both(fixture, base + 0x3f000 + shift, 0x30000, NEEDLE, NEEDLE_SIZE,
				    step);
			search_both(fixture, base + shift, 0x100000, NEEDLE, NEEDLE_SIZE, step);
		}
	}
}

static void bad_arguments(struct fixture *fixture)
{
	uint64_t at = at_run(fixture, "haystack", 0);
	uint64_t match = UNTOUCHED;
	tmem_target *target = fixture->target;

	assert_status(tmem_search_virtual(target, at, 100, "abc", 0, 1, &match), TMEM_E_INVALIDARG);
	assert_status(tmem_search_virtual(target, at, 100, "abc", 3, 0, &match), TMEM_E_INVALIDARG);
	assert_status(tmem_search_virtual(target, at, 100, "abc", 3, 2, &match), TMEM_E_INVALIDARG);
	assert_status(tmem_search_virtual(target, at, 100, "abc", 3, 6, &match), TMEM_E_INVALIDARG);
	assert_status(tmem_search_virtual2(target, at, 100, 2, "abc", 3, 1, &match),
		      TMEM_E_INVALIDARG);
	assert_int_equal(match, UNTOUCHED);
}

static void writable_only(struct fixture *fixture)
{
	const struct model *model = &fixture->model;
	uint64_t from = model_run(model, "haystack")->last - 5;
	uint64_t match = UNTOUCHED;

	assert_status(tmem_search_virtual2(fixture->target, model_api(model, from), 0x40000,
					   TMEM_VSEARCH_DEFAULT, NEEDLE, NEEDLE_SIZE, 1, &match),
		      TMEM_S_OK);
	assert_int_equal(match, at_run(fixture, "haystack2", 0x10));
	match = UNTOUCHED;
	assert_status(tmem_search_virtual2(fixture->target, model_api(model, from), 0x40000,
					   TMEM_VSEARCH_WRITABLE_ONLY, NEEDLE, NEEDLE_SIZE, 1,
					   &match),
		      TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(match, UNTOUCHED);
	assert_status(tmem_search_virtual2(fixture->target, at_run(fixture, "plain", 0), 0x100000,
					   TMEM_VSEARCH_WRITABLE_ONLY, NEEDLE, NEEDLE_SIZE, 1,
					   &match),
		      TMEM_S_OK);
	assert_int_equal(match, at_run(fixture, "haystack", 0x123));
}

/* What was written is what is searched. */
static void written_bytes(struct fixture *fixture)
{
	uint64_t at = at_run(fixture, "plain", 2 * MODEL_PAGE - 4);

	assert_status(tmem_write_virtual(fixture->target, at, "fresh bytes", 11, NULL), TMEM_S_OK);
	model_write(&fixture->model, to_model(fixture, at), "fresh bytes", 11);
	assert_true(search_both(fixture, fixture->model.base, 0x100000, "fresh bytes", 11, 1));
	assert_status(tmem_write_virtual(fixture->target, at_run(fixture, "haystack", 0x125), "X",
					 1, NULL),
		      TMEM_S_OK);
	model_write(&fixture->model, fixture->model.base + 0x40125, "X", 1);
	assert_true(search_both(fixture, fixture->model.base, 0x100000, NEEDLE, NEEDLE_SIZE, 1));
}

/* A match lies on adjacent runs, but never on both sides of a hole. */
static void across_runs(struct fixture *fixture)
{
	const struct model *model = &fixture->model;
	const struct model_run *plain = model_run(model, "plain");
	const struct model_run *lonely = model_run(model, "lonely");
	uint8_t pattern[16];

	model_read(model, plain->last - 7, pattern, 16);
	assert_true(search_both(fixture, model->base, 0x10000, pattern, 16, 1));
	memcpy(pattern, model_run(model, "after")->bytes + 2 * MODEL_PAGE - 8, 8);
	memcpy(pattern + 8, lonely->bytes, 8);
	assert_false(search_both(fixture, model->base, 0x10000, pattern, 16, 1));
}

static void every_hit(struct fixture *fixture)
{
	const struct model *model = &fixture->model;
	struct tmem_search_request request = {
		.size = sizeof(request),
		.offset = model_api(model, model->base),
		.length = 0x100000,
		.pattern = "\x41",
		.pattern_size = 1,
		.pattern_granularity = 1,
	};
	uint64_t last = model->base + 0xfffff;
	uint64_t expected = model->base;
	uint64_t done = 0, bytes = 0, match;
	tmem_search_cursor *cursor;
	unsigned count = 0;

	assert_status(tmem_search_cursor_new(fixture->target, &request, &cursor), TMEM_S_OK);
	for (;;) {
		expected = model_search(model, expected, last, "\x41", 1, 1, false);
		match = UNTOUCHED;
		if (expected == UINT64_MAX)
			break;
		assert_status(tmem_search_cursor_next(cursor, &match), TMEM_S_OK);
		assert_int_equal(match, model_api(model, expected));
		expected++;
		count++;
	}
	assert_true(count > 100);
	assert_status(tmem_search_cursor_next(cursor, &match), TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(match, UNTOUCHED);
	assert_status(tmem_search_cursor_progress(cursor, &done, &bytes), TMEM_S_OK);
	assert_int_equal(done, request.length);
	tmem_search_cursor_free(cursor);
	tmem_search_cursor_free(NULL);
}

/* Hits may overlap, a mask leaves bits out, and the cursor keeps to its process. */
static void cursor_requests(struct fixture *fixture)
{
	static const uint8_t mask[] = { 0xdf, 0xff };
	struct tmem_search_request request = {
		.size = sizeof(request),
		.offset = at_run(fixture, "text", TEXT_OPEN),
		.length = 0x1000,
		.pattern = "Zz",
		.mask = mask,
		.pattern_size = 2,
		.pattern_granularity = 1,
	};
	tmem_search_cursor *cursor;
	uint64_t match;

	assert_status(tmem_search_cursor_new(fixture->target, &request, &cursor), TMEM_S_OK);
	if (fixture->type->second)
		select_second(fixture, fixture->target);
	for (uint64_t i = 0; i < 0x1f; i++) {
		assert_status(tmem_search_cursor_next(cursor, &match), TMEM_S_OK);
		assert_int_equal(match, at_run(fixture, "text", TEXT_OPEN + i));
	}
	assert_status(tmem_search_cursor_next(cursor, &match), TMEM_E_NO_MORE_ENTRIES);
	tmem_search_cursor_free(cursor);
	request.flags = 4;
	assert_status(tmem_search_cursor_new(fixture->target, &request, &cursor),
		      TMEM_E_INVALIDARG);
	assert_null(cursor);
	request.flags = 0;
	if (is_kernel(fixture))
		return;
	request.space = TMEM_DATA_SPACE_PHYSICAL;
	assert_status(tmem_search_cursor_new(fixture->target, &request, &cursor),
		      TMEM_E_UNEXPECTED);
	assert_null(cursor);
}

static void physical(struct fixture *fixture)
{
	uint64_t match = UNTOUCHED;

	assert_status(tmem_search_physical(fixture->target, 0, 0x1000, "x", 1, 1, &match),
		      TMEM_E_UNEXPECTED);
	assert_int_equal(match, UNTOUCHED);
}

const struct check checks_search[] = {
	{ "search_finds", finds },
	{ "search_whole_space", whole_space },
	{ "search_granularity", granularity },
	{ "search_bad_arguments", bad_arguments },
	{ "search_writable_only", writable_only },
	{ "search_written_bytes", written_bytes },
	{ "search_across_runs", across_runs },
	{ "search_every_hit", every_hit },
	{ "search_cursor_requests", cursor_requests },
	{ "search_physical", physical, TMEM_MODE_USER },
	{ 0 },
};
