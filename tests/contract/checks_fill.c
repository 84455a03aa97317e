/* SPDX-License-Identifier: Apache-2.0 */
/* checks_fill.c - FillVirtual. */
#include "contract/contract.h"

/* Fills the target and the model; expects what the model could take. */
static void fill_both(struct fixture *fixture, uint64_t start, uint64_t size,
		      const uint8_t *pattern, size_t pattern_size)
{
	uint64_t from = to_model(fixture, start);
	uint64_t filled = 12345;
	uint64_t done = 0;

	assert_status(
		tmem_fill_virtual(fixture->target, start, size, pattern, pattern_size, &filled),
		TMEM_S_OK);
	for (; done < size && from + done >= from && model_at(&fixture->model, from + done); done++)
		*model_at(&fixture->model, from + done) = pattern[done % pattern_size];
	assert_int_equal(filled, done);
}

/* Byte i is pattern[i % pattern_size], whatever the pieces it is written in. */
static void patterns(struct fixture *fixture)
{
	static const size_t sizes[] = { 1, 2, 3, 7, 8, 13, 4096, 4097, 10000 };
	uint8_t pattern[10000];
	uint64_t state = 3;

	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)(model_random(&state) >> 7);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		fill_both(fixture, at_run(fixture, "haystack", 11 * i), 50000 + i, pattern,
			  sizes[i]);
		fill_both(fixture, at_run(fixture, "plain", MODEL_PAGE - i), sizes[i] - (i > 0),
			  pattern, sizes[i]);
	}
	/* Over the seam of two runs and into read-only memory. */
	fill_both(fixture, at_run(fixture, "plain", 3), 5 * MODEL_PAGE, pattern, 13);
	expect_model(fixture->target, &fixture->model);
}

static void longer_than_the_range(struct fixture *fixture)
{
	fill_both(fixture, at_run(fixture, "plain", 9), 3, (const uint8_t *)"abcdefgh", 8);
	fill_both(fixture, at_run(fixture, "plain", 19), 10, (const uint8_t *)"abcdefgh", 8);
	expect_model(fixture->target, &fixture->model);
}

static void stops_at_a_hole(struct fixture *fixture)
{
	uint64_t filled = 12345;

	fill_both(fixture, at_run(fixture, "lonely", 100), 1 << 20, (const uint8_t *)"xyz", 3);
	fill_both(fixture, at_run(fixture, "numbers", 2 * MODEL_PAGE - 1), UINT64_MAX,
		  (const uint8_t *)"xyz", 3);
	expect_model(fixture->target, &fixture->model);
	assert_status(tmem_fill_virtual(fixture->target, hole(fixture), 100, "x", 1, &filled),
		      TMEM_E_WRITE_FAULT);
	assert_int_equal(filled, 0);
	assert_true(strlen(tmem_last_error(fixture->target)) > 0);
	assert_status(tmem_fill_virtual(fixture->target, hole(fixture), 100, "x", 1, NULL),
		      TMEM_E_WRITE_FAULT);
}

static void clipped_at_the_top(struct fixture *fixture)
{
	const struct model_run *top = model_run(&fixture->model, "top");
	uint64_t filled = 0;

	if (!top)
		return;
	assert_status(tmem_fill_virtual(fixture->target, model_api(&fixture->model, top->last - 9),
					1000, "top", 3, &filled),
		      TMEM_S_OK);
	assert_int_equal(filled, 10);
	model_write(&fixture->model, top->last - 9, "toptoptopt", 10);
	expect_model(fixture->target, &fixture->model);
}

static void nothing(struct fixture *fixture)
{
	struct events events;
	uint64_t filled = 12345;

	listen_to(fixture->target, &events);
	assert_status(
		tmem_fill_virtual(fixture->target, at_run(fixture, "plain", 0), 0, "x", 1, &filled),
		TMEM_S_OK);
	assert_int_equal(filled, 0);
	filled = 12345;
	assert_status(
		tmem_fill_virtual(fixture->target, at_run(fixture, "plain", 0), 8, "x", 0, &filled),
		TMEM_E_INVALIDARG);
	assert_int_equal(filled, 0);
	assert_int_equal(events.count, 0);
	expect_model(fixture->target, &fixture->model);
}

static void one_event(struct fixture *fixture)
{
	struct events events;

	listen_to(fixture->target, &events);
	fill_both(fixture, at_run(fixture, "haystack", 0), run_size(fixture, "haystack"),
		  (const uint8_t *)"event", 5);
	expect_event(&events, TMEM_DATA_SPACE_VIRTUAL);
	fill_both(fixture, at_run(fixture, "lonely", 0), 2 * MODEL_PAGE, (const uint8_t *)"e", 1);
	expect_event(&events, TMEM_DATA_SPACE_VIRTUAL);
	assert_status(tmem_fill_virtual(fixture->target, hole(fixture), 100, "x", 1, NULL),
		      TMEM_E_WRITE_FAULT);
	assert_int_equal(events.count, 0);
}

const struct check checks_fill[] = {
	{ "fill_patterns", patterns },
	{ "fill_longer_than_the_range", longer_than_the_range },
	{ "fill_stops_at_a_hole", stops_at_a_hole },
	{ "fill_clipped_at_the_top", clipped_at_the_top },
	{ "fill_nothing", nothing },
	{ "fill_one_event", one_event },
	{ 0 },
};
