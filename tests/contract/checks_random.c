/* SPDX-License-Identifier: Apache-2.0 */
/* checks_random.c - many calls with random arguments, against the model. The seed is printed. */
#include <inttypes.h>

#include "contract/contract.h"

#define SEED    20240607u
#define ROUNDS  1500
#define LONGEST 9000

static uint64_t begin(const char *what)
{
	const char *given = getenv("TMEM_TEST_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : SEED;

	print_message("%s: seed %" PRIu64 " (set TMEM_TEST_SEED for another)\n", what, seed);
	return seed;
}

/* An address near the edges of runs more often than elsewhere. */
static uint64_t some_address(const struct model *model, uint64_t *state)
{
	const struct model_run *run = &model->runs[model_random(state) % model->count];

	switch (model_random(state) % 4) {
	case 0: return run->first + model_random(state) % model_run_size(run);
	case 1: return run->first - (model_random(state) % 40);
	case 2: return run->last - (model_random(state) % 40);
	default: return model->base - 0x8000 + model_random(state) % 0x100000;
	}
}

static size_t some_size(uint64_t *state)
{
	return model_random(state) % (model_random(state) % 3 ? 64 : LONGEST);
}

static void reads_and_writes(struct fixture *fixture)
{
	struct model *model = &fixture->model;
	uint64_t state = begin("reads and writes");
	static uint8_t buffer[LONGEST], expected[LONGEST];

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t at = some_address(model, &state);
		uint64_t offset = model_api(model, at);
		size_t size = some_size(&state);
		bool write = model_random(&state) % 4 == 0;
		size_t wanted, done = 12345;
		tmem_status status;

		if (write) {
			for (size_t k = 0; k < size; k++)
				buffer[k] = (uint8_t)model_random(&state);
			wanted = model_write(model, at, buffer, size);
			status = tmem_write_virtual(fixture->target, offset, buffer, size, &done);
		} else {
			wanted = model_read(model, at, expected, size);
			status = i % 2 ? tmem_read_virtual(fixture->target, offset, buffer, size,
							   &done)
				       : tmem_read_virtual_uncached(fixture->target, offset, buffer,
								    size, &done);
		}
		if (status != (wanted || !size ? TMEM_S_OK
			       : write         ? TMEM_E_WRITE_FAULT
					       : TMEM_E_READ_FAULT) ||
		    done != wanted)
			fail_msg("round %u: %zu bytes at %" PRIx64 ": %08x, %zu instead of %zu", i,
				 size, at, (unsigned)status, done, wanted);
		if (!write)
			assert_memory_equal(buffer, expected, wanted);
	}
	expect_model(fixture->target, model);
}

static void pointers(struct fixture *fixture)
{
	const struct model *model = &fixture->model;
	unsigned width = model->pointer_size;
	uint64_t state = begin("pointers");
	uint64_t ptrs[100];

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t at = some_address(model, &state);
		size_t count = model_random(&state) % 100;
		size_t whole = model_prefix(model, at, count * width) / width;
		tmem_status status;

		/* Beyond the top nothing follows. */
		if (count && model_last(model) - at < count * width - 1 &&
		    whole * width > model_last(model) - at)
			continue;
		status = tmem_read_pointers_virtual(fixture->target, count, model_api(model, at),
						    ptrs);
		if (status != (whole == count ? TMEM_S_OK : TMEM_E_READ_FAULT))
			fail_msg("round %u: %zu pointers at %" PRIx64 ": %08x", i, count, at,
				 (unsigned)status);
		for (size_t k = 0; k < whole; k++)
			assert_int_equal(ptrs[k], model_pointer(model, at + k * width));
	}
}

static void valid_regions(struct fixture *fixture)
{
	const struct model *model = &fixture->model;
	uint64_t state = begin("valid regions");

	for (unsigned i = 0; i < ROUNDS / 2; i++) {
		uint64_t at = some_address(model, &state);
		size_t size = some_size(&state);
		uint64_t first = 12345, length = 12345;
		size_t skipped = 0;
		size_t expected;
		tmem_status status = tmem_get_valid_region_virtual(
			fixture->target, model_api(model, at), size, &first, &length);

		if (size && size - 1 > model_last(model) - at)
			size = model_last(model) - at + 1;
		while (skipped < size && !model_at(model, at + skipped))
			skipped++;
		expected = model_prefix(model, at + skipped, size - skipped);
		if (status != (expected ? TMEM_S_OK : TMEM_E_NOINTERFACE) || length != expected ||
		    first != (expected ? model_api(model, at + skipped) : 0))
			fail_msg("round %u: %zu bytes at %" PRIx64 ": %08x, %" PRIx64
				 " at %" PRIx64,
				 i, size, at, (unsigned)status, length, first);
	}
}

static void searches(struct fixture *fixture)
{
	const struct model *model = &fixture->model;
	uint64_t state = begin("searches");

	for (unsigned i = 0; i < ROUNDS / 10; i++) {
		uint64_t from = model->base - 0x8000 + model_random(&state) % 0x70000;
		uint64_t length = 1 + model_random(&state) % 0x90000;
		const struct model_run *run = &model->runs[model_random(&state) % 7];
		size_t step = 1 + model_random(&state) % 4;
		size_t size = step * (1 + model_random(&state) % 4);
		const uint8_t *pattern =
			run->bytes + model_random(&state) % (model_run_size(run) - size);
		bool writable = model_random(&state) % 4 == 0;
		uint64_t match = 12345;
		uint64_t expected =
			model_search(model, from, from + length - 1, pattern, size, step, writable);
		tmem_status status =
			tmem_search_virtual2(fixture->target, model_api(model, from), length,
					     writable, pattern, size, step, &match);

		if (status != (expected == UINT64_MAX ? TMEM_E_NO_MORE_ENTRIES : TMEM_S_OK) ||
		    match != (expected == UINT64_MAX ? 12345 : model_api(model, expected)))
			fail_msg("round %u: %zu bytes step %zu in %" PRIx64 " at %" PRIx64
				 ": %08x, %" PRIx64 " instead of %" PRIx64,
				 i, size, step, length, from, (unsigned)status, match, expected);
	}
}

const struct check checks_random[] = {
	{ "random_reads_and_writes", reads_and_writes },
	{ "random_pointers", pointers },
	{ "random_valid_regions", valid_regions },
	{ "random_searches", searches },
	{ 0 },
};
