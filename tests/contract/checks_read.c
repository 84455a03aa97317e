/* SPDX-License-Identifier: Apache-2.0 */
/* checks_read.c - ReadVirtual and ReadVirtualUncached: the common rules. */
#include "contract/contract.h"

typedef tmem_status read_fn(tmem_target *, uint64_t, void *, size_t, size_t *);

static read_fn *const readers[] = { tmem_read_virtual, tmem_read_virtual_uncached };

static void whole_runs(struct fixture *fixture)
{
	const struct model *model = &fixture->model;

	expect_model(fixture->target, model);
	for (size_t i = 0; i < model->count; i++) {
		const struct model_run *run = &model->runs[i];
		size_t size = model_run_size(run);
		uint8_t *buffer = malloc(size);
		size_t done = 0;

		assert_status(tmem_read_virtual_uncached(fixture->target,
							 model_api(model, run->first), buffer, size,
							 &done),
			      TMEM_S_OK);
		assert_int_equal(done, size);
		assert_memory_equal(buffer, run->bytes, size);
		free(buffer);
	}
}

/* The longest run of readable bytes from the start, nothing behind it touched. */
static void prefix_rule(struct fixture *fixture)
{
	static const size_t before[] = { 1, 2, 7, 8, 100, 4095, 4096 };
	size_t size = run_size(fixture, "lonely");
	uint8_t buffer[3 * MODEL_PAGE];
	size_t done;

	for (size_t i = 0; i < 2 * COUNT(before); i++) {
		size_t length = before[i / 2];
		uint64_t from = at_run(fixture, "lonely", size - length);

		memset(buffer, 0xee, sizeof(buffer));
		done = 12345;
		assert_status(readers[i % 2](fixture->target, from, buffer, sizeof(buffer), &done),
			      TMEM_S_OK);
		assert_int_equal(done, length);
		assert_memory_equal(buffer, run_bytes(fixture, "lonely") + size - length, length);
		for (size_t k = length; k < sizeof(buffer); k++)
			assert_int_equal(buffer[k], 0xee);
	}
}

static void across_adjacent_runs(struct fixture *fixture)
{
	size_t plain = run_size(fixture, "plain");
	size_t after = run_size(fixture, "after");
	uint8_t *expected = malloc(plain + after);

	memcpy(expected, run_bytes(fixture, "plain"), plain);
	memcpy(expected + plain, run_bytes(fixture, "after"), after);
	expect_bytes(fixture->target, at_run(fixture, "plain", 0), expected, plain + after);
	expect_bytes(fixture->target, at_run(fixture, "plain", plain - 3), expected + plain - 3, 7);
	free(expected);
}

static void first_byte_unreadable(struct fixture *fixture)
{
	const uint64_t places[] = { hole(fixture), after_run(fixture, "lonely"),
				    at_run(fixture, "lonely", 0) - 1 };
	struct tmem_error_detail detail = { .size = sizeof(detail) };
	uint8_t buffer[64];
	size_t done;

	for (size_t i = 0; i < 2 * COUNT(places); i++) {
		memset(buffer, 0xee, sizeof(buffer));
		done = 12345;
		assert_status(readers[i % 2](fixture->target, places[i / 2], buffer, sizeof(buffer),
					     &done),
			      TMEM_E_READ_FAULT);
		assert_int_equal(done, 0);
		for (size_t k = 0; k < sizeof(buffer); k++)
			assert_int_equal(buffer[k], 0xee);
		assert_true(strlen(tmem_last_error(fixture->target)) > 0);
		assert_status(tmem_last_error_detail(fixture->target, &detail), TMEM_S_OK);
		assert_status(detail.status, TMEM_E_READ_FAULT);
		assert_int_not_equal(detail.reason, TMEM_REASON_NONE);
	}
}

static void count_is_optional(struct fixture *fixture)
{
	uint8_t buffer[16];

	for (size_t i = 0; i < 2; i++) {
		memset(buffer, 0, sizeof(buffer));
		assert_status(
			readers[i](fixture->target, at_run(fixture, "plain", 5), buffer, 16, NULL),
			TMEM_S_OK);
		assert_memory_equal(buffer, run_bytes(fixture, "plain") + 5, 16);
		assert_status(readers[i](fixture->target, hole(fixture), buffer, 16, NULL),
			      TMEM_E_READ_FAULT);
	}
}

static void zero_length(struct fixture *fixture)
{
	uint8_t byte = 0xee;
	size_t done;

	for (size_t i = 0; i < 4; i++) {
		done = 12345;
		assert_status(readers[i % 2](fixture->target,
					     i < 2 ? at_run(fixture, "plain", 0) : hole(fixture),
					     &byte, 0, &done),
			      TMEM_S_OK);
		assert_int_equal(done, 0);
		assert_int_equal(byte, 0xee);
	}
}

/* Offset + size is mathematical: the end of the space clips it. */
static void clipped_at_the_top(struct fixture *fixture)
{
	static const size_t sizes[] = { 16, 17, 4096, 100000 };
	const struct model_run *top = model_run(&fixture->model, "top");
	uint8_t *buffer;
	size_t done;

	if (!top)
		return;
	buffer = malloc(100000);
	for (size_t i = 0; i < 2 * COUNT(sizes); i++) {
		done = 12345;
		memset(buffer, 0xee, 100);
		assert_status(readers[i % 2](fixture->target,
					     model_api(&fixture->model, top->last - 15), buffer,
					     sizes[i / 2], &done),
			      TMEM_S_OK);
		assert_int_equal(done, 16);
		assert_memory_equal(buffer, top->bytes + model_run_size(top) - 16, 16);
		assert_int_equal(buffer[16], 0xee);
	}
	free(buffer);
	expect_bytes(fixture->target, UINT64_MAX, top->bytes + model_run_size(top) - 1, 1);
}

/* A 32-bit address is accepted plain and sign-extended; no other form is an address. */
static void address_forms(struct fixture *fixture)
{
	uint64_t plain = to_model(fixture, at_run(fixture, "plain", 0));
	uint8_t buffer[8];
	size_t done;

	if (fixture->model.pointer_size != 4)
		return;
	assert_true(plain & 0x80000000u);
	expect_bytes(fixture->target, plain, run_bytes(fixture, "plain"), 100);
	expect_bytes(fixture->target, plain | 0xffffffff00000000u, run_bytes(fixture, "plain"),
		     100);
	for (size_t i = 0; i < 2; i++) {
		done = 12345;
		assert_status(readers[i](fixture->target, plain | 0x100000000u, buffer, 8, &done),
			      TMEM_E_READ_FAULT);
		assert_int_equal(done, 0);
		assert_status(readers[i](fixture->target, 0xffffffff00001000u, buffer, 8, &done),
			      TMEM_E_READ_FAULT);
	}
}

/* A run that begins and ends inside a page. */
static void byte_boundaries(struct fixture *fixture)
{
	const struct model_run *odd = model_run(&fixture->model, "odd");
	uint8_t buffer[0x2000];
	size_t done;

	if (!odd)
		return;
	for (size_t i = 0; i < 2; i++) {
		assert_status(readers[i](fixture->target, model_api(&fixture->model, odd->first),
					 buffer, sizeof(buffer), &done),
			      TMEM_S_OK);
		assert_int_equal(done, model_run_size(odd));
		assert_memory_equal(buffer, odd->bytes, done);
		assert_status(readers[i](fixture->target,
					 model_api(&fixture->model, odd->first - 1), buffer, 2,
					 &done),
			      TMEM_E_READ_FAULT);
		assert_status(readers[i](fixture->target, model_api(&fixture->model, odd->last + 1),
					 buffer, 1, &done),
			      TMEM_E_READ_FAULT);
	}
}

static void small_sizes_everywhere(struct fixture *fixture)
{
	const struct model *model = &fixture->model;
	uint64_t base = to_model(fixture, at_run(fixture, "plain", 2 * MODEL_PAGE - 20));

	for (uint64_t at = 0; at < 40; at++)
		for (size_t size = 1; size <= 17; size++)
			expect_bytes(fixture->target, model_api(model, base + at),
				     model_at(model, base + at), size);
}

const struct check checks_read[] = {
	{ "read_whole_runs", whole_runs },
	{ "read_prefix_rule", prefix_rule },
	{ "read_across_adjacent_runs", across_adjacent_runs },
	{ "read_first_byte_unreadable", first_byte_unreadable },
	{ "read_count_is_optional", count_is_optional },
	{ "read_zero_length", zero_length },
	{ "read_clipped_at_the_top", clipped_at_the_top },
	{ "read_address_forms", address_forms },
	{ "read_byte_boundaries", byte_boundaries },
	{ "read_small_sizes_everywhere", small_sizes_everywhere },
	{ 0 },
};
