/* SPDX-License-Identifier: Apache-2.0 */
/* checks_batch.c - many transfers in one call. */
#include "contract/contract.h"

#define ITEMS 200

static void set_item(struct tmem_transfer *item, uint64_t offset, void *buffer, size_t size)
{
	*item = (struct tmem_transfer){
		.offset = offset, .buffer = buffer, .size = size, .done = 12345, .status = 12345
	};
}

/* Elements of any size, order and overlap: each as the single call. */
static void read_mixture(struct fixture *fixture)
{
	const struct model *model = &fixture->model;
	struct tmem_transfer items[ITEMS];
	static uint8_t buffers[ITEMS][300];
	uint8_t expected[300];
	uint64_t state = 99;

	memset(buffers, 0xee, sizeof(buffers));
	for (size_t i = 0; i < ITEMS; i++) {
		const struct model_run *run = &model->runs[model_random(&state) % model->count];
		uint64_t at = run->first + model_random(&state) % model_run_size(run);

		if (i % 10 == 9)
			at = to_model(fixture, hole(fixture)) + i;
		set_item(&items[i], model_api(model, at), buffers[i], model_random(&state) % 300);
		items[i].flags = i % 3 ? 0 : TMEM_TRANSFER_UNCACHED;
	}
	assert_status(tmem_read_virtual_batch(fixture->target, items, ITEMS), TMEM_S_FALSE);
	for (size_t i = 0; i < ITEMS; i++) {
		uint64_t at = to_model(fixture, items[i].offset);
		size_t done = model_read(model, at, expected, items[i].size);

		assert_int_equal(items[i].done, done);
		assert_memory_equal(buffers[i], expected, done);
		assert_int_equal(buffers[i][done], 0xee);
		assert_status(items[i].status,
			      done || !items[i].size ? TMEM_S_OK : TMEM_E_READ_FAULT);
	}
}

static void read_all_complete(struct fixture *fixture)
{
	struct tmem_transfer items[3];
	uint8_t buffers[3][64];

	set_item(&items[0], at_run(fixture, "haystack", 5), buffers[0], 64);
	set_item(&items[1], at_run(fixture, "plain", 4 * MODEL_PAGE - 32), buffers[1], 64);
	set_item(&items[2], hole(fixture), buffers[2], 0);
	assert_status(tmem_read_virtual_batch(fixture->target, items, 3), TMEM_S_OK);
	assert_memory_equal(buffers[0], run_bytes(fixture, "haystack") + 5, 64);
	assert_memory_equal(buffers[1], run_bytes(fixture, "plain") + 4 * MODEL_PAGE - 32, 32);
	assert_memory_equal(buffers[1] + 32, run_bytes(fixture, "after"), 32);
	assert_status(items[2].status, TMEM_S_OK);
	assert_int_equal(items[2].done, 0);
	assert_status(tmem_read_virtual_batch(fixture->target, items, 0), TMEM_S_OK);
}

/* Nothing is tried when an element is wrong. */
static void wrong_elements(struct fixture *fixture)
{
	struct tmem_transfer items[2];
	uint8_t buffer[8] = { 0 };
	uint8_t zeros[8] = { 0 };

	set_item(&items[0], at_run(fixture, "plain", 0), buffer, 8);
	set_item(&items[1], at_run(fixture, "plain", 0), NULL, 8);
	assert_status(tmem_read_virtual_batch(fixture->target, items, 2), TMEM_E_INVALIDARG);
	assert_int_equal(items[0].done, 0);
	assert_int_equal(items[1].done, 0);
	assert_memory_equal(buffer, zeros, 8);
	assert_status(tmem_write_virtual_batch(fixture->target, items, 2), TMEM_E_INVALIDARG);
	expect_model(fixture->target, &fixture->model);
	set_item(&items[1], at_run(fixture, "plain", 0), buffer, 8);
	items[1].flags = 2;
	assert_status(tmem_read_virtual_batch(fixture->target, items, 2), TMEM_E_INVALIDARG);
	assert_status(tmem_write_virtual_batch(fixture->target, items, 2), TMEM_E_INVALIDARG);
	expect_model(fixture->target, &fixture->model);
}

/* In the order given, and one event for all of them. */
static void write_in_order(struct fixture *fixture)
{
	uint64_t at = at_run(fixture, "lonely", MODEL_PAGE - 8);
	struct tmem_transfer items[4];
	struct events events;
	char first[] = "AAAAAAAA", second[] = "BBBB", third[] = "CCCCCCCCCCCC";

	listen_to(fixture->target, &events);
	set_item(&items[0], at, first, 8);
	set_item(&items[1], at + 2, second, 4);
	set_item(&items[2], at + 4, third, 12);
	set_item(&items[3], hole(fixture), third, 12);
	assert_status(tmem_write_virtual_batch(fixture->target, items, 4), TMEM_S_FALSE);
	expect_event(&events, TMEM_DATA_SPACE_VIRTUAL);
	assert_int_equal(items[0].done, 8);
	assert_int_equal(items[1].done, 4);
	assert_int_equal(items[2].done, 4);
	assert_status(items[2].status, TMEM_S_OK);
	assert_int_equal(items[3].done, 0);
	assert_status(items[3].status, TMEM_E_WRITE_FAULT);
	expect_bytes(fixture->target, at, "AABBCCCC", 8);
	assert_status(tmem_write_virtual_batch(fixture->target, items, 2), TMEM_S_OK);
	expect_event(&events, TMEM_DATA_SPACE_VIRTUAL);
	set_item(&items[0], hole(fixture), first, 8);
	assert_status(tmem_write_virtual_batch(fixture->target, items, 1), TMEM_S_FALSE);
	assert_int_equal(events.count, 0);
}

static void at_the_top(struct fixture *fixture)
{
	const struct model_run *top = model_run(&fixture->model, "top");
	struct tmem_transfer items[2];
	uint8_t buffers[2][16];

	if (!top)
		return;
	set_item(&items[0], model_api(&fixture->model, top->last - 3), buffers[0], 16);
	set_item(&items[1], top->last - 7, buffers[1], 8);
	assert_status(tmem_read_virtual_batch(fixture->target, items, 2), TMEM_S_FALSE);
	assert_int_equal(items[0].done, 4);
	assert_memory_equal(buffers[0], top->bytes + model_run_size(top) - 4, 4);
	assert_int_equal(items[1].done, 8);
	assert_memory_equal(buffers[1], top->bytes + model_run_size(top) - 8, 8);
}

const struct check checks_batch[] = {
	{ "batch_read_mixture", read_mixture },
	{ "batch_read_all_complete", read_all_complete },
	{ "batch_wrong_elements", wrong_elements },
	{ "batch_write_in_order", write_in_order },
	{ "batch_at_the_top", at_the_top },
	{ 0 },
};
