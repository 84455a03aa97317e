/* SPDX-License-Identifier: Apache-2.0 */
/* checks_write.c - WriteVirtual and WriteVirtualUncached: the common rules. */
#include "contract/contract.h"

typedef tmem_status write_fn(tmem_target *, uint64_t, const void *, size_t, size_t *);

static write_fn *const writers[] = { tmem_write_virtual, tmem_write_virtual_uncached };

static const uint8_t news[] = "these bytes are new: 0123456789abcdefghijklmnopqrstuvwxyz";

/* Writes through the library and into the model. */
static void write_both(struct fixture *fixture, write_fn *write, uint64_t offset, const void *bytes,
		       size_t size)
{
	size_t done = 12345;

	assert_status(write(fixture->target, offset, bytes, size, &done), TMEM_S_OK);
	assert_int_equal(done,
			 model_write(&fixture->model, to_model(fixture, offset), bytes, size));
}

/* Every later read sees it, through every method and handle; nothing else changed. */
static void seen_by_every_read(struct fixture *fixture)
{
	uint64_t at = at_run(fixture, "plain", MODEL_PAGE - 10);
	uint8_t buffer[sizeof(news)];
	struct tmem_transfer item = { .offset = at, .buffer = buffer, .size = sizeof(news) };
	tmem_target *other;
	size_t done;

	assert_status(tmem_target_dup(fixture->target, &other), TMEM_S_OK);
	for (size_t i = 0; i < 2; i++) {
		expect_model(fixture->target, &fixture->model);
		write_both(fixture, writers[i], at + i, news, sizeof(news) - 1);
		expect_model(fixture->target, &fixture->model);
		expect_model(other, &fixture->model);
		assert_status(
			tmem_read_virtual_uncached(other, at + i, buffer, sizeof(news) - 1, &done),
			TMEM_S_OK);
		assert_memory_equal(buffer, news, sizeof(news) - 1);
		memset(buffer, 0, sizeof(buffer));
		item.offset = at + i;
		item.size = sizeof(news) - 1;
		assert_status(tmem_read_virtual_batch(other, &item, 1), TMEM_S_OK);
		assert_memory_equal(buffer, news, sizeof(news) - 1);
	}
	tmem_close(other);
}

/* Page protection is no obstacle to a debugger. */
static void read_only_memory(struct fixture *fixture)
{
	write_both(fixture, tmem_write_virtual, at_run(fixture, "after", 100), news, 20);
	write_both(fixture, tmem_write_virtual_uncached, at_run(fixture, "haystack2", 4090), news,
		   20);
	write_both(fixture, tmem_write_virtual, at_run(fixture, "plain", 4 * MODEL_PAGE - 5), news,
		   10);
	expect_model(fixture->target, &fixture->model);
}

static void prefix_rule(struct fixture *fixture)
{
	size_t size = run_size(fixture, "lonely");

	write_both(fixture, tmem_write_virtual, at_run(fixture, "lonely", size - 10), news, 30);
	write_both(fixture, tmem_write_virtual_uncached, at_run(fixture, "lonely", size - 1), news,
		   30);
	expect_model(fixture->target, &fixture->model);
}

static void first_byte_unwritable(struct fixture *fixture)
{
	const uint64_t places[] = { hole(fixture), after_run(fixture, "lonely"),
				    at_run(fixture, "lonely", 0) - 1 };
	size_t done;

	for (size_t i = 0; i < 2 * COUNT(places); i++) {
		done = 12345;
		assert_status(writers[i % 2](fixture->target, places[i / 2], news, 16, &done),
			      TMEM_E_WRITE_FAULT);
		assert_int_equal(done, 0);
		assert_true(strlen(tmem_last_error(fixture->target)) > 0);
		assert_status(writers[i % 2](fixture->target, places[i / 2], news, 16, NULL),
			      TMEM_E_WRITE_FAULT);
	}
	expect_model(fixture->target, &fixture->model);
}

static void zero_length(struct fixture *fixture)
{
	size_t done;

	for (size_t i = 0; i < 4; i++) {
		done = 12345;
		assert_status(writers[i % 2](fixture->target,
					     i < 2 ? at_run(fixture, "plain", 0) : hole(fixture),
					     news, 0, &done),
			      TMEM_S_OK);
		assert_int_equal(done, 0);
	}
	expect_model(fixture->target, &fixture->model);
}

static void clipped_at_the_top(struct fixture *fixture)
{
	const struct model_run *top = model_run(&fixture->model, "top");
	size_t done = 12345;

	if (!top)
		return;
	for (size_t i = 0; i < 2; i++) {
		assert_status(writers[i](fixture->target,
					 model_api(&fixture->model, top->last - 4 - i), news, 30,
					 &done),
			      TMEM_S_OK);
		assert_int_equal(done, 5 + i);
		model_write(&fixture->model, top->last - 4 - i, news, 5 + i);
		expect_model(fixture->target, &fixture->model);
	}
}

static void address_forms(struct fixture *fixture)
{
	uint64_t plain = to_model(fixture, at_run(fixture, "plain", 0));
	size_t done = 12345;

	if (fixture->model.pointer_size != 4)
		return;
	write_both(fixture, tmem_write_virtual, plain, news, 9);
	write_both(fixture, tmem_write_virtual, plain | 0xffffffff00000000u, news + 3, 9);
	expect_model(fixture->target, &fixture->model);
	assert_status(tmem_write_virtual(fixture->target, plain | 0x100000000u, news, 9, &done),
		      TMEM_E_WRITE_FAULT);
	assert_int_equal(done, 0);
	expect_model(fixture->target, &fixture->model);
}

/* Live memory is really changed, as its owner sees; a file never. */
static void where_it_goes(struct fixture *fixture)
{
	uint64_t at = at_run(fixture, "plain", 50);
	uint8_t before[64];
	uint8_t after[64];
	FILE *file;
	long size;
	char *bytes[2];

	if (fixture->type->peek) {
		write_both(fixture, tmem_write_virtual, at, news, sizeof(news));
		assert_true(fixture->type->peek(fixture, to_model(fixture, at), after, 64));
		model_read(&fixture->model, to_model(fixture, at), before, 64);
		assert_memory_equal(after, before, 64);
	}
	if (!fixture->path)
		return;
	for (size_t i = 0; i < 2; i++) {
		file = fopen(fixture->path, "r");
		assert_non_null(file);
		fseek(file, 0, SEEK_END);
		size = ftell(file);
		rewind(file);
		bytes[i] = malloc((size_t)size);
		assert_int_equal(fread(bytes[i], 1, (size_t)size, file), size);
		fclose(file);
		if (!i)
			write_both(fixture, tmem_write_virtual, at, news, sizeof(news));
	}
	assert_memory_equal(bytes[0], bytes[1], (size_t)size);
	free(bytes[0]);
	free(bytes[1]);
}

/* Many pages at once, and over the seam of two runs. */
static void large(struct fixture *fixture)
{
	size_t size = run_size(fixture, "haystack");
	uint8_t *bytes = malloc(size + MODEL_PAGE);
	uint64_t state = 7;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)model_random(&state);
	write_both(fixture, tmem_write_virtual, at_run(fixture, "haystack", 1), bytes, size);
	write_both(fixture, tmem_write_virtual, at_run(fixture, "plain", 1), bytes,
		   4 * MODEL_PAGE + 500);
	expect_model(fixture->target, &fixture->model);
	free(bytes);
}

static void other_process_unchanged(struct fixture *fixture)
{
	if (!fixture->type->second)
		return;
	write_both(fixture, tmem_write_virtual, at_run(fixture, "plain", 0), news, 40);
	select_second(fixture, fixture->target);
	expect_model(fixture->target, &fixture->second);
}

const struct check checks_write[] = {
	{ "write_seen_by_every_read", seen_by_every_read },
	{ "write_read_only_memory", read_only_memory },
	{ "write_prefix_rule", prefix_rule },
	{ "write_first_byte_unwritable", first_byte_unwritable },
	{ "write_zero_length", zero_length },
	{ "write_clipped_at_the_top", clipped_at_the_top },
	{ "write_address_forms", address_forms },
	{ "write_where_it_goes", where_it_goes },
	{ "write_large", large },
	{ "write_other_process_unchanged", other_process_unchanged },
	{ 0 },
};
