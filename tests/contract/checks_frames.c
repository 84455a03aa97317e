/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checks_frames.c - what is one piece in virtual memory lies in frames that are not: reads, views,
 * texts, pointers and searches over their edges, and pages that lead nowhere.
 */
#include <uchar.h>

#include "contract/contract.h"

/* How many bytes from @offset on lie in frames that follow each other and are in memory. */
static size_t together(const struct fixture *fixture, uint64_t offset, size_t size)
{
	uint64_t physical = physical_of(fixture, offset);
	size_t count = 0;

	while (count < size && physical_of(fixture, offset + count) == physical + count)
		count++;
	return ram_prefix(&fixture->layout.ram, physical, count);
}

/* The premise of the other checks: the edge is one in physical memory too. */
static void expect_edge(const struct fixture *fixture, uint64_t offset)
{
	assert_int_not_equal(physical_of(fixture, offset), physical_of(fixture, offset - 1) + 1);
}

static void batch_over_edges(struct fixture *fixture)
{
	enum { ITEMS = 64, SIZE = 3 * MODEL_PAGE };
	static uint8_t buffers[ITEMS][SIZE], expected[SIZE];
	struct tmem_transfer items[ITEMS] = { 0 };
	uint64_t state = 23;

	for (size_t i = 0; i < ITEMS; i++) {
		const struct model_run *run =
			&fixture->model.runs[model_random(&state) % fixture->model.count];

		items[i].offset = model_api(
			&fixture->model, run->first + model_random(&state) % model_run_size(run));
		items[i].buffer = buffers[i];
		items[i].size = 1 + model_random(&state) % SIZE;
		items[i].flags = i % 2 ? TMEM_TRANSFER_UNCACHED : 0;
	}
	tmem_read_virtual_batch(fixture->target, items, ITEMS);
	for (size_t i = 0; i < ITEMS; i++) {
		size_t done = model_read(&fixture->model, to_model(fixture, items[i].offset),
					 expected, items[i].size);

		assert_int_equal(items[i].done, done);
		assert_status(items[i].status, TMEM_S_OK);
		assert_memory_equal(buffers[i], expected, done);
	}
}

/* A view ends where the frames stop following each other; files and lenders offer all of that. */
static void views(struct fixture *fixture)
{
	bool stored =
		!strcmp(fixture->type->kind, "vmcore") || !strcmp(fixture->type->kind, "image");
	bool lends = strstr(fixture->type->name, "lends");

	for (size_t i = 0; i < fixture->model.count; i++) {
		const struct model_run *run = &fixture->model.runs[i];
		uint64_t offset = model_api(&fixture->model, run->first) + 100;
		size_t wanted = model_run_size(run) - 100;
		struct tmem_view view;
		tmem_status status = tmem_view_virtual(fixture->target, offset, wanted, &view);

		assert_status(status, status == TMEM_E_NOTIMPL && !stored && !lends ? TMEM_E_NOTIMPL
										    : TMEM_S_OK);
		if (status != TMEM_S_OK)
			continue;
		assert_true(view.size > 0 && view.size <= together(fixture, offset, wanted));
		assert_memory_equal(view.data, run->bytes + 100, view.size);
		if (stored)
			assert_int_equal(view.size, together(fixture, offset, wanted));
	}
}

static void texts(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	uint64_t plain = at_run(fixture, "text", TEXT_STRADDLE);
	uint64_t wide = at_run(fixture, "text", TEXT_WIDE_ODD);
	char16_t units[64];
	char buffer[64];
	size_t size;

	expect_edge(fixture, at_run(fixture, "text", MODEL_PAGE));
	expect_edge(fixture, at_run(fixture, "text", 2 * MODEL_PAGE));
	assert_status(tmem_read_multi_byte_string_virtual(target, plain, 100, buffer, 64, &size),
		      TMEM_S_OK);
	assert_string_equal(buffer, "over the edge of a page");
	assert_status(tmem_read_multi_byte_string_virtual_wide(target, plain, 100, TMEM_CP_UTF8,
							       units, 64, &size),
		      TMEM_S_OK);
	assert_memory_equal(units, u"over the edge of a page", 2 * 24);
	assert_status(tmem_read_unicode_string_virtual_wide(target, wide, 100, units, 64, &size),
		      TMEM_S_OK);
	assert_memory_equal(units, u"an odd wide one over the edge", 2 * 30);
	assert_status(tmem_read_unicode_string_virtual(target, wide, 100, TMEM_CP_UTF8, buffer, 64,
						       &size),
		      TMEM_S_OK);
	assert_string_equal(buffer, "an odd wide one over the edge");
	/* A text that runs into a page whose frame is outside of memory. */
	assert_status(
		tmem_write_virtual(target, after_run(fixture, "haystack2") - 3, "abc", 3, NULL),
		TMEM_S_OK);
	assert_status(tmem_read_multi_byte_string_virtual(
			      target, after_run(fixture, "haystack2") - 3, 100, buffer, 64, &size),
		      TMEM_E_READ_FAULT);
}

static void pointers(struct fixture *fixture)
{
	const struct model *model = &fixture->model;
	unsigned width = model->pointer_size;
	uint64_t at = at_run(fixture, "numbers", MODEL_PAGE);
	const uint64_t value = 0x1122334455667788u;
	uint64_t pointer = 0;

	expect_edge(fixture, at);
	for (unsigned before = 1; before < width; before++) {
		uint64_t from = to_model(fixture, at) - before;

		assert_status(tmem_write_pointers_virtual(fixture->target, 1, at - before, &value),
			      TMEM_S_OK);
		model_put_integer(model, model_at(model, from), width, value);
		assert_status(tmem_read_pointers_virtual(fixture->target, 1, at - before, &pointer),
			      TMEM_S_OK);
		assert_int_equal(pointer, model_pointer(model, from));
	}
	expect_model(fixture->target, model);
}

/* Over the edge of two frames, but not because frames are neighbours. */
static void matches(struct fixture *fixture)
{
	uint64_t edge = at_run(fixture, "haystack", 8 * MODEL_PAGE);
	uint64_t neighbour, physical, match = 0;

	expect_edge(fixture, edge);
	assert_status(tmem_search_virtual(fixture->target, edge - 100, 200, NEEDLE, NEEDLE_SIZE, 1,
					  &match),
		      TMEM_S_OK);
	assert_int_equal(match, edge - 7);
	/* A page of the model whose frame is followed by that of another page. */
	for (uint64_t at = fixture->model.base + MODEL_PAGE;; at += MODEL_PAGE) {
		physical = layout_physical(&fixture->layout, at);
		neighbour = physical == UINT64_MAX
				    ? UINT64_MAX
				    : layout_virtual(&fixture->layout, physical + MODEL_PAGE);
		if (neighbour != UINT64_MAX && neighbour != at + MODEL_PAGE &&
		    ram_prefix(&fixture->layout.ram, physical, 2 * MODEL_PAGE) == 2 * MODEL_PAGE)
			break;
	}
	assert_status(tmem_write_physical(fixture->target, physical + MODEL_PAGE - 5, "frame-edge",
					  10, NULL),
		      TMEM_S_OK);
	match = 12345;
	assert_status(tmem_search_physical(fixture->target, physical, 2 * MODEL_PAGE, "frame-edge",
					   10, 1, &match),
		      TMEM_S_OK);
	assert_status(
		tmem_search_virtual(fixture->target, 0, UINT64_MAX, "frame-edge", 10, 1, &match),
		TMEM_E_NO_MORE_ENTRIES);
}

/* Half before and half behind pages that are mapped but not there. */
static void no_match_over_a_hole(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	uint64_t match = 12345;

	assert_status(tmem_write_virtual(target, after_run(fixture, "large") - 5, "split", 5, NULL),
		      TMEM_S_OK);
	assert_status(tmem_write_virtual(target, at_run(fixture, "beside", 0), "match", 5, NULL),
		      TMEM_S_OK);
	if (model_run(&fixture->model, "large2")) {
		assert_status(
			tmem_write_virtual(target, at_run(fixture, "large2", 0), "match", 5, NULL),
			TMEM_S_OK);
		assert_status(tmem_write_virtual(target, after_run(fixture, "large2") - 5, "other",
						 5, NULL),
			      TMEM_S_OK);
		/* These two do follow each other. */
		assert_status(tmem_search_virtual(target, at_run(fixture, "large", 0), 1u << 30,
						  "othermatch", 10, 1, &match),
			      TMEM_S_OK);
		assert_int_equal(match, after_run(fixture, "large2") - 5);
	}
	match = 12345;
	assert_status(tmem_search_virtual(target, at_run(fixture, "large", 0), 1u << 30,
					  "splitmatch", 10, 1, &match),
		      TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(match, 12345);
}

/* A large page of which memory has only a part. */
static void large_page(struct fixture *fixture)
{
	uint8_t buffer[64];
	uint64_t end, first = 0, size = 0, filled = 0;
	size_t done = 0;

	end = after_run(fixture, "large");
	expect_bytes(fixture->target, at_run(fixture, "large", MODEL_PAGE - 8),
		     run_bytes(fixture, "large") + MODEL_PAGE - 8, 16);
	assert_status(tmem_read_virtual(fixture->target, end - 8, buffer, 64, &done), TMEM_S_OK);
	assert_int_equal(done, 8);
	assert_status(tmem_read_virtual(fixture->target, end, buffer, 64, &done),
		      TMEM_E_READ_FAULT);
	assert_status(
		tmem_get_valid_region_virtual(fixture->target, end, 64 * MODEL_PAGE, &first, &size),
		TMEM_E_NOINTERFACE);
	assert_status(tmem_fill_virtual(fixture->target, end - 8, 100, "fill", 4, &filled),
		      TMEM_S_OK);
	assert_int_equal(filled, 8);
	model_write(&fixture->model, to_model(fixture, end) - 8, "fillfill", 8);
	expect_model(fixture->target, &fixture->model);
}

/* The three ways to nowhere: each a fault, with a reason of its own. */
static void nowhere(struct fixture *fixture)
{
	static const uint64_t places[] = { LAYOUT_OUTSIDE, LAYOUT_SWAPPED, LAYOUT_NO_TABLE };
	struct tmem_error_detail detail = { .size = sizeof(detail) };
	tmem_target *target = fixture->target;
	uint32_t source;
	uint8_t byte;

	for (size_t i = 0; i < COUNT(places); i++) {
		uint64_t at = model_api(&fixture->model, fixture->model.base + places[i] + 8);

		for (unsigned k = 0; k < 3; k++) {
			assert_status(k ? tmem_read_virtual_uncached(target, at, &byte, 1, NULL)
					: tmem_read_virtual(target, at, &byte, 1, NULL),
				      TMEM_E_READ_FAULT);
			assert_status(tmem_last_error_detail(target, &detail), TMEM_S_OK);
			assert_int_not_equal(detail.reason, TMEM_REASON_NONE);
			assert_int_equal(detail.reason == TMEM_REASON_PAGED_OUT,
					 places[i] == LAYOUT_SWAPPED);
		}
		assert_status(tmem_write_virtual(target, at, "x", 1, NULL), TMEM_E_WRITE_FAULT);
		assert_status(tmem_get_offset_information(target, 0, 1, at, &source, 4, NULL),
			      TMEM_S_OK);
		assert_int_equal(source, TMEM_VSOURCE_INVALID);
	}
}

/* In memory, although nobody may use it. */
static void no_access(struct fixture *fixture)
{
	uint64_t at;

	at = at_run(fixture, "none", 0x20);
	expect_bytes(fixture->target, at, run_bytes(fixture, "none") + 0x20, 100);
	assert_status(tmem_write_virtual(fixture->target, at, "used", 4, NULL), TMEM_S_OK);
	expect_bytes(fixture->target, at, "used", 4);
	expect_physical(fixture->target, physical_of(fixture, at), "used", 4);
}

/* The whole space has more holes than anyone can wait for; it is given up when asked. */
static void interrupted_search(struct fixture *fixture)
{
	uint64_t match = 12345;

	assert_status(tmem_set_interrupt(fixture->target), TMEM_S_OK);
	assert_status(
		tmem_search_virtual(fixture->target, 0, UINT64_MAX, "no such bytes", 13, 1, &match),
		TMEM_E_CONTROL_C_EXIT);
	assert_status(
		tmem_search_virtual(fixture->target, 0, UINT64_MAX, "no such bytes", 13, 1, &match),
		TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(match, 12345);
}

const struct check checks_frames[] = {
	{ "frames_batch_over_edges", batch_over_edges, TMEM_MODE_KERNEL },
	{ "frames_views", views, TMEM_MODE_KERNEL },
	{ "frames_texts", texts, TMEM_MODE_KERNEL },
	{ "frames_pointers", pointers, TMEM_MODE_KERNEL },
	{ "frames_matches", matches, TMEM_MODE_KERNEL },
	{ "frames_no_match_over_a_hole", no_match_over_a_hole, TMEM_MODE_KERNEL },
	{ "frames_large_page", large_page, TMEM_MODE_KERNEL },
	{ "frames_nowhere", nowhere, TMEM_MODE_KERNEL },
	{ "frames_no_access", no_access, TMEM_MODE_KERNEL },
	{ "frames_interrupted_search", interrupted_search, TMEM_MODE_KERNEL },
	{ 0 },
};
