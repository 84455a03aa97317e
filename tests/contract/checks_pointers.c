/* SPDX-License-Identifier: Apache-2.0 */
/* checks_pointers.c - ReadPointersVirtual and WritePointersVirtual. */
#include "contract/contract.h"

#define GARBAGE 0xeeeeeeeeeeeeeeeeu

static void fill_garbage(uint64_t *ptrs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ptrs[i] = GARBAGE;
}

static void read_values(struct fixture *fixture)
{
	const struct model *model = &fixture->model;
	unsigned width = model->pointer_size;
	size_t count = run_size(fixture, "haystack") / width;
	uint64_t *ptrs = malloc((count + 1) * sizeof(*ptrs));

	fill_garbage(ptrs, count + 1);
	assert_status(tmem_read_pointers_virtual(fixture->target, count,
						 at_run(fixture, "haystack", 0), ptrs),
		      TMEM_S_OK);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(ptrs[i], model_pointer(model, model_run(model, "haystack")->first +
								       i * width));
	assert_int_equal(ptrs[count], GARBAGE);
	free(ptrs);
}

/* 32-bit values are sign-extended, unaligned ones and those across pages are whole. */
static void read_any_address(struct fixture *fixture)
{
	const struct model *model = &fixture->model;
	uint64_t base = model_run(model, "numbers")->first;
	uint64_t ptrs[3];

	for (uint64_t at = MODEL_PAGE - 30; at < MODEL_PAGE + 4; at++) {
		assert_status(tmem_read_pointers_virtual(fixture->target, 3,
							 model_api(model, base + at), ptrs),
			      TMEM_S_OK);
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(ptrs[i],
					 model_pointer(model, base + at + i * model->pointer_size));
	}
}

static void read_none(struct fixture *fixture)
{
	uint64_t pointer = GARBAGE;

	assert_status(tmem_read_pointers_virtual(fixture->target, 0, hole(fixture), &pointer),
		      TMEM_S_OK);
	assert_int_equal(pointer, GARBAGE);
}

/* All or failure; what comes before the failing one is stored, what comes after is not. */
static void read_into_a_hole(struct fixture *fixture)
{
	const struct model *model = &fixture->model;
	unsigned width = model->pointer_size;
	uint64_t end = model_run(model, "numbers")->last + 1;
	uint64_t ptrs[8];

	for (unsigned cut = 0; cut < width; cut++) {
		uint64_t from = end - 3 * width - cut;

		fill_garbage(ptrs, 8);
		assert_status(tmem_read_pointers_virtual(fixture->target, 8, model_api(model, from),
							 ptrs),
			      TMEM_E_READ_FAULT);
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(ptrs[i], model_pointer(model, from + i * width));
		assert_int_equal(ptrs[4], GARBAGE);
	}
	assert_status(tmem_read_pointers_virtual(fixture->target, 1, hole(fixture), ptrs),
		      TMEM_E_READ_FAULT);
	assert_status(tmem_write_pointers_virtual(fixture->target, 1, hole(fixture), ptrs),
		      TMEM_E_WRITE_FAULT);
}

static void at_the_top(struct fixture *fixture)
{
	const struct model *model = &fixture->model;
	const struct model_run *top = model_run(model, "top");
	unsigned width = model->pointer_size;
	uint64_t ptrs[4];

	if (!top)
		return;
	assert_status(tmem_read_pointers_virtual(fixture->target, 2,
						 model_api(model, top->last - 2 * width + 1), ptrs),
		      TMEM_S_OK);
	assert_int_equal(ptrs[1], model_pointer(model, top->last - width + 1));
	fill_garbage(ptrs, 4);
	assert_status(tmem_read_pointers_virtual(fixture->target, 4,
						 model_api(model, top->last - 2 * width + 1), ptrs),
		      TMEM_E_READ_FAULT);
	assert_int_equal(ptrs[1], model_pointer(model, top->last - width + 1));
	assert_status(tmem_write_pointers_virtual(fixture->target, 4,
						  model_api(model, top->last - 2 * width + 1),
						  ptrs),
		      TMEM_E_WRITE_FAULT);
}

static void write_values(struct fixture *fixture)
{
	const struct model *model = &fixture->model;
	unsigned width = model->pointer_size;
	uint64_t base = model_run(model, "haystack")->first + 3;
	size_t count = (run_size(fixture, "haystack") - 8) / width;
	uint64_t *ptrs = malloc(count * sizeof(*ptrs));
	uint64_t state = 5;
	struct events events;

	listen_to(fixture->target, &events);
	/* The high half is dropped for a 32-bit target, whatever it is. */
	for (size_t i = 0; i < count; i++) {
		ptrs[i] = model_random(&state);
		model_put_integer(model, model_at(model, base + i * width), width, ptrs[i]);
	}
	assert_status(
		tmem_write_pointers_virtual(fixture->target, count, model_api(model, base), ptrs),
		TMEM_S_OK);
	expect_event(&events, TMEM_DATA_SPACE_VIRTUAL);
	expect_model(fixture->target, model);
	assert_status(tmem_write_pointers_virtual(fixture->target, 0, hole(fixture), ptrs),
		      TMEM_S_OK);
	assert_int_equal(events.count, 0);
	free(ptrs);
}

/* One event although the call fails: something was written. */
static void write_into_a_hole(struct fixture *fixture)
{
	const struct model *model = &fixture->model;
	unsigned width = model->pointer_size;
	uint64_t from = model_run(model, "numbers")->last + 1 - 2 * width;
	const uint64_t ptrs[] = { 0x1122334455667788u, 0x99aabbccddeeff00u, 1, 2 };
	struct events events;

	listen_to(fixture->target, &events);
	assert_status(tmem_write_pointers_virtual(fixture->target, 4, model_api(model, from), ptrs),
		      TMEM_E_WRITE_FAULT);
	expect_event(&events, TMEM_DATA_SPACE_VIRTUAL);
	for (size_t i = 0; i < 2; i++)
		model_put_integer(model, model_at(model, from + i * width), width, ptrs[i]);
	expect_model(fixture->target, model);
	assert_status(tmem_write_pointers_virtual(fixture->target, 4, hole(fixture), ptrs),
		      TMEM_E_WRITE_FAULT);
	assert_int_equal(events.count, 0);
	assert_true(strlen(tmem_last_error(fixture->target)) > 0);
}

const struct check checks_pointers[] = {
	{ "pointers_read_values", read_values },
	{ "pointers_read_any_address", read_any_address },
	{ "pointers_read_none", read_none },
	{ "pointers_read_into_a_hole", read_into_a_hole },
	{ "pointers_at_the_top", at_the_top },
	{ "pointers_write_values", write_values },
	{ "pointers_write_into_a_hole", write_into_a_hole },
	{ 0 },
};
