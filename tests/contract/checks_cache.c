/* SPDX-License-Identifier: Apache-2.0 */
/* checks_cache.c - the cache never shows: but in its statistics and its staleness. */
#include "contract/contract.h"

static struct tmem_cache_statistics statistics(tmem_target *target)
{
	struct tmem_cache_statistics statistics = { .size = sizeof(statistics) };

	assert_status(tmem_get_cache_statistics(target, &statistics), TMEM_S_OK);
	return statistics;
}

/* An uncached read leaves cached bytes, statistics and remembered errors as they were. */
static void uncached_leaves_no_trace(struct fixture *fixture)
{
	tmem_target *target = open_again(fixture, "cache=on");
	struct tmem_cache_statistics before, after;
	uint8_t buffer[2 * MODEL_PAGE];

	expect_model(target, &fixture->model);
	assert_status(tmem_read_virtual(target, hole(fixture), buffer, 8, NULL), TMEM_E_READ_FAULT);
	before = statistics(target);
	for (size_t i = 0; i < fixture->model.count; i++)
		assert_status(tmem_read_virtual_uncached(
				      target,
				      model_api(&fixture->model, fixture->model.runs[i].first),
				      buffer, sizeof(buffer), NULL),
			      TMEM_S_OK);
	assert_status(tmem_read_virtual_uncached(target, hole(fixture), buffer, 8, NULL),
		      TMEM_E_READ_FAULT);
	assert_status(tmem_read_virtual_uncached(target, hole(fixture) + 0x2000, buffer, 8, NULL),
		      TMEM_E_READ_FAULT);
	after = statistics(target);
	assert_memory_equal(&before, &after, sizeof(before));
	expect_model(target, &fixture->model);
	tmem_close(target);
}

/* The cache is used where it says so: a second read comes from it. */
static void counts(struct fixture *fixture)
{
	tmem_target *target = open_again(fixture, "cache=on");
	struct tmem_cache_statistics first, second;

	expect_bytes(target, at_run(fixture, "plain", 0), run_bytes(fixture, "plain"), 100);
	first = statistics(target);
	expect_bytes(target, at_run(fixture, "plain", 8), run_bytes(fixture, "plain") + 8, 100);
	second = statistics(target);
	assert_int_equal(second.misses, first.misses);
	if (first.pages) {
		assert_int_equal(first.enabled, 1);
		assert_true(second.hits > first.hits);
	}
	assert_true(second.used <= second.budget);
	assert_status(tmem_flush_cache(target), TMEM_S_OK);
	assert_int_equal(statistics(target).pages, 0);
	assert_int_equal(statistics(target).errors, 0);
	expect_model(target, &fixture->model);
	assert_status(tmem_flush_cache_page(target, at_run(fixture, "plain", 5)), TMEM_S_OK);
	expect_model(target, &fixture->model);
	tmem_close(target);
}

static void budget(struct fixture *fixture)
{
	static const uint64_t budgets[] = { 0, MODEL_PAGE, 64 * MODEL_PAGE, 1 << 20 };
	tmem_target *target = open_again(fixture, "cache=on,cache-size=64K");

	for (size_t i = 0; i < COUNT(budgets); i++) {
		expect_model(target, &fixture->model);
		assert_true(statistics(target).used <= statistics(target).budget);
		assert_status(tmem_set_cache_budget(target, budgets[i]), TMEM_S_OK);
		assert_true(statistics(target).budget <= budgets[i]);
		assert_int_equal(statistics(target).pages, 0);
	}
	assert_status(tmem_set_cache_budget(target, 0), TMEM_S_OK);
	expect_model(target, &fixture->model);
	assert_int_equal(statistics(target).enabled, 0);
	assert_int_equal(statistics(target).pages, 0);
	tmem_close(target);
}

/* Writes of either kind and fills are seen by every later cached read. */
static void coherent(struct fixture *fixture)
{
	static const char *const options[] = { "cache=on", "cache=off", "cache-size=0" };
	uint64_t at = at_run(fixture, "plain", MODEL_PAGE - 3);

	for (size_t i = 0; i < COUNT(options); i++) {
		tmem_target *target = open_again(fixture, options[i]);

		expect_model(target, &fixture->model);
		assert_status(tmem_write_virtual(target, at, "cached", 6, NULL), TMEM_S_OK);
		expect_bytes(target, at, "cached", 6);
		assert_status(tmem_write_virtual_uncached(target, at, "around", 6, NULL),
			      TMEM_S_OK);
		expect_bytes(target, at, "around", 6);
		assert_status(tmem_fill_virtual(target, at, 6, "ab", 2, NULL), TMEM_S_OK);
		expect_bytes(target, at, "ababab", 6);
		assert_status(tmem_write_virtual(target, at,
						 model_at(&fixture->model, to_model(fixture, at)),
						 6, NULL),
			      TMEM_S_OK);
		expect_model(target, &fixture->model);
		tmem_close(target);
	}
}

/* Memory that somebody else changes: cached reads stay as they were, uncached ones see it. */
static void stale_by_choice(struct fixture *fixture)
{
	tmem_target *target = open_again(fixture, "cache=on");
	uint64_t at = at_run(fixture, "lonely", 16);
	const uint8_t *old = run_bytes(fixture, "lonely") + 16;
	uint8_t buffer[4];

	if (!fixture->type->peek) {
		tmem_close(target);
		return;
	}
	expect_bytes(target, at, old, 4);
	assert_status(tmem_write_virtual(fixture->target, at, "else", 4, NULL), TMEM_S_OK);
	expect_bytes(target, at, old, 4);
	assert_status(tmem_read_virtual_uncached(target, at, buffer, 4, NULL), TMEM_S_OK);
	assert_memory_equal(buffer, "else", 4);
	expect_bytes(target, at, old, 4);
	assert_status(tmem_flush_cache_page(target, at), TMEM_S_OK);
	expect_bytes(target, at, "else", 4);
	/* A running process is not cached unless asked. */
	expect_bytes(fixture->target, at, "else", 4);
	assert_status(tmem_write_virtual(target, at, "next", 4, NULL), TMEM_S_OK);
	if (strstr(fixture->options, "cache=on"))
		assert_status(tmem_flush_cache_page(fixture->target, at), TMEM_S_OK);
	expect_bytes(fixture->target, at, "next", 4);
	tmem_close(target);
}

const struct check checks_cache[] = {
	{ "cache_uncached_leaves_no_trace", uncached_leaves_no_trace },
	{ "cache_counts", counts },
	{ "cache_budget", budget },
	{ "cache_coherent", coherent },
	{ "cache_stale_by_choice", stale_by_choice },
	{ 0 },
};
