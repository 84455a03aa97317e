/* SPDX-License-Identifier: Apache-2.0 */
/* test_cache.c - the page cache: hits, errors, drops, tickets, budget, and readers beside a writer.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "frame/cache.h"

#define PAGE TMI_CACHE_PAGE

static struct tmi_cache *cache;

static int set_up(void **state)
{
	(void)state;
	cache = tmi_cache_new(1 << 20);
	return cache ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	tmi_cache_free(cache);
	return 0;
}

static void put(uint32_t space, uint64_t page, uint8_t value)
{
	uint8_t data[PAGE];

	memset(data, value, sizeof(data));
	tmi_cache_insert(cache, space, page, tmi_cache_ticket(cache), data);
}

/* First byte of a cached page, or -1. */
static int get(uint32_t space, uint64_t page)
{
	struct tmi_cache_error error;
	uint8_t byte;

	if (tmi_cache_read(cache, space, page, 0, &byte, 1, &error) != TMI_CACHE_HIT)
		return -1;
	return byte;
}

static struct tmem_cache_statistics statistics(void)
{
	struct tmem_cache_statistics s = { .size = sizeof(s) };

	tmi_cache_statistics(cache, &s);
	return s;
}

static void copies_any_part(void **state)
{
	uint8_t data[PAGE], out[PAGE];
	struct tmi_cache_error error;

	(void)state;
	for (size_t i = 0; i < PAGE; i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	tmi_cache_insert(cache, 3, 5 * PAGE, tmi_cache_ticket(cache), data);
	for (size_t offset = 0; offset < 20; offset++)
		for (size_t size = 1; size < 40; size++) {
			memset(out, 0xee, sizeof(out));
			assert_int_equal(
				tmi_cache_read(cache, 3, 5 * PAGE, offset, out, size, &error),
				TMI_CACHE_HIT);
			assert_memory_equal(out, data + offset, size);
			assert_int_equal(out[size], 0xee);
		}
	assert_int_equal(tmi_cache_read(cache, 3, 5 * PAGE, 0, out, PAGE, &error), TMI_CACHE_HIT);
	assert_memory_equal(out, data, PAGE);
}

static void spaces_are_apart(void **state)
{
	(void)state;
	put(0, 0x1000, 1);
	put(1, 0x1000, 2);
	assert_int_equal(get(0, 0x1000), 1);
	assert_int_equal(get(1, 0x1000), 2);
	assert_int_equal(get(2, 0x1000), -1);
	/* Page 0 of space 0 is what an empty slot's numbers look like. */
	assert_int_equal(get(0, 0), -1);
}

static void remembers_errors(void **state)
{
	struct tmi_cache_error in = { TMEM_E_READ_FAULT, TMEM_REASON_GUARD };
	struct tmi_cache_error out = { 0 };
	uint8_t byte = 7;

	(void)state;
	tmi_cache_insert_error(cache, 0, 0x2000, tmi_cache_ticket(cache), &in);
	assert_int_equal(tmi_cache_read(cache, 0, 0x2000, 0, &byte, 1, &out), TMI_CACHE_ERROR);
	assert_int_equal(out.status, TMEM_E_READ_FAULT);
	assert_int_equal(out.reason, TMEM_REASON_GUARD);
	assert_int_equal(byte, 7);
	assert_int_equal(statistics().errors, 1);
	assert_int_equal(statistics().pages, 0);
}

static void a_drop_forgets_what_overlaps(void **state)
{
	(void)state;
	for (uint64_t page = 0; page < 8; page++)
		put(0, page * PAGE, 1);
	put(1, 2 * PAGE, 9);
	tmi_cache_drop(cache, 0, 2 * PAGE + 5, 4 * PAGE);
	for (uint64_t page = 0; page < 8; page++)
		assert_int_equal(get(0, page * PAGE), page >= 2 && page <= 4 ? -1 : 1);
	assert_int_equal(get(1, 2 * PAGE), 9);
	assert_int_equal(statistics().pages, 6);
}

static void a_drop_to_the_top_sweeps(void **state)
{
	(void)state;
	put(0, 0x1000, 1);
	put(0, UINT64_MAX - PAGE + 1, 2);
	put(1, 0x1000, 3);
	tmi_cache_drop(cache, 0, 0x1800, UINT64_MAX);
	assert_int_equal(get(0, 0x1000), -1);
	assert_int_equal(get(0, UINT64_MAX - PAGE + 1), -1);
	assert_int_equal(get(1, 0x1000), 3);
}

static void a_stale_ticket_inserts_nothing(void **state)
{
	uint8_t data[PAGE] = { 1 };
	uint64_t ticket = tmi_cache_ticket(cache);

	(void)state;
	tmi_cache_drop(cache, 7, 0x9000, 0x9000);
	tmi_cache_insert(cache, 0, 0x1000, ticket, data);
	assert_int_equal(get(0, 0x1000), -1);
}

static void keeps_its_budget(void **state)
{
	(void)state;
	for (uint64_t page = 0; page < 4096; page++)
		put(0, page * PAGE, (uint8_t)page);
	assert_true(statistics().used <= 1 << 20);
	assert_true(statistics().pages > 100);
	assert_int_equal(statistics().pages + statistics().dropped, 4096);
	for (uint64_t page = 0; page < 4096; page++)
		assert_true(get(0, page * PAGE) == -1 || get(0, page * PAGE) == (uint8_t)page);
}

static void budget_zero_keeps_nothing(void **state)
{
	(void)state;
	put(0, 0x1000, 1);
	assert_int_equal(tmi_cache_set_budget(cache, 0), TMEM_S_OK);
	put(0, 0x1000, 1);
	assert_int_equal(get(0, 0x1000), -1);
	assert_int_equal(statistics().budget, 0);
	tmi_cache_flush(cache);
	assert_int_equal(tmi_cache_set_budget(cache, 1 << 20), TMEM_S_OK);
	put(0, 0x1000, 4);
	assert_int_equal(get(0, 0x1000), 4);
}

/* Sizes whose tables wrap around in 64 bits, or that nobody can have. */
static void a_budget_beyond_memory_is_refused(void **state)
{
	const uint64_t budgets[] = { UINT64_MAX, UINT64_C(0xfe03f80fe0400000),
				     UINT64_C(0xfe03f80fe0400000) + (1 << 20), UINT64_MAX / 2 };
	uint64_t before = statistics().budget;

	(void)state;
	put(1, 0x1000, 1);
	for (size_t i = 0; i < sizeof(budgets) / sizeof(budgets[0]); i++) {
		assert_int_equal(tmi_cache_set_budget(cache, budgets[i]), TMEM_E_OUTOFMEMORY);
		assert_int_equal(statistics().budget, before);
		assert_int_equal(get(1, 0x1000), 1);
	}
}

static void asking_counts_nothing(void **state)
{
	struct tmi_cache_error error;

	(void)state;
	put(0, 0x1000, 1);
	assert_int_equal(tmi_cache_read(cache, 0, 0x1000, 0, NULL, 0, &error), TMI_CACHE_HIT);
	assert_int_equal(tmi_cache_read(cache, 0, 0x5000, 0, NULL, 0, &error), TMI_CACHE_MISS);
	assert_int_equal(statistics().hits + statistics().misses, 0);
	get(0, 0x1000);
	get(0, 0x5000);
	assert_int_equal(statistics().hits, 1);
	assert_int_equal(statistics().misses, 1);
}

/* A place is good until its page goes or changes, and is never another page's. */
static void a_place_ends_with_its_page(void **state)
{
	struct tmi_cache_error failure = { TMEM_E_READ_FAULT, TMEM_REASON_NOT_MAPPED };
	struct tmi_cache_place place;
	uint8_t data[PAGE];
	uint8_t got[100];

	(void)state;
	for (size_t i = 0; i < PAGE; i++)
		data[i] = (uint8_t)(i * 7);
	assert_false(tmi_cache_find(cache, 3, 0x1000, &place));
	tmi_cache_insert(cache, 3, 0x1000, tmi_cache_ticket(cache), data);
	tmi_cache_insert_error(cache, 3, 0x2000, tmi_cache_ticket(cache), &failure);
	assert_false(tmi_cache_find(cache, 4, 0x1000, &place));
	assert_false(tmi_cache_find(cache, 3, 0x2000, &place));
	assert_true(tmi_cache_find(cache, 3, 0x1000, &place));
	for (size_t size = 1; size <= sizeof(got); size++) {
		for (size_t offset = 0; offset < 20; offset++) {
			assert_true(tmi_cache_place_read(&place, offset, got, size));
			assert_memory_equal(got, data + offset, size);
		}
	}
	assert_true(tmi_cache_place_read(&place, PAGE - 8, got, 8));
	assert_memory_equal(got, data + PAGE - 8, 8);
	assert_int_equal(statistics().hits, sizeof(got) * 20 + 1);
	put(3, 0x1000, 1); /* new bytes for the same page */
	assert_false(tmi_cache_place_read(&place, 0, got, 8));
	assert_true(tmi_cache_find(cache, 3, 0x1000, &place));
	tmi_cache_drop(cache, 3, 0x1fff, 0x1fff);
	assert_false(tmi_cache_place_read(&place, 0, got, 8));
	put(3, 0x1000, 1);
	assert_true(tmi_cache_find(cache, 3, 0x1000, &place));
	assert_int_equal(tmi_cache_set_budget(cache, 2 << 20), TMEM_S_OK);
	assert_false(tmi_cache_place_read(&place, 0, got, 8));
}

static atomic_bool stop;

/* One page by the way of a place. */
static bool read_place(uint64_t page, uint8_t *data)
{
	struct tmi_cache_place place;

	return tmi_cache_find(cache, 0, page, &place) &&
	       tmi_cache_place_read(&place, 0, data, PAGE);
}

/* Pages hold one value all over: a torn copy would show two. */
static void *read_on(void *argument)
{
	uint64_t *hits = argument;
	struct tmi_cache_error error;
	uint8_t data[PAGE];

	for (uint64_t i = 0; !atomic_load(&stop) || i < 1000; i++) {
		uint64_t page = i % 300 * PAGE;

		if (i % 2 ? !read_place(page, data)
			  : tmi_cache_read(cache, 0, page, 0, data, PAGE, &error) != TMI_CACHE_HIT)
			continue;
		++*hits;
		if (memcmp(data, data + 1, PAGE - 1))
			return (void *)"torn";
	}
	return NULL;
}

static void readers_never_see_a_torn_page(void **state)
{
	pthread_t threads[2];
	uint64_t hits[2] = { 0 };
	void *result;

	(void)state;
	atomic_store(&stop, false);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, read_on, &hits[i]);
	for (unsigned i = 0; i < 20000; i++) {
		put(0, i % 300 * PAGE, (uint8_t)i);
		if (i % 64 == 0)
			tmi_cache_drop(cache, 0, i % 300 * PAGE, i % 300 * PAGE);
		if (i % 5000 == 0)
			tmi_cache_set_budget(cache, (1 + i / 5000) << 20);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], &result);
		assert_null(result);
	}
	assert_true(hits[0] + hits[1] > 0);
}

/* Puts a page back as often as it goes. */
static void *insert_on(void *argument)
{
	while (!atomic_load(&stop))
		for (uint64_t page = 0x1000; page < 0x9000; page += PAGE)
			put(1, page, 0x55);
	return argument;
}

/* A page that is answered is the page, whatever happens to the table; counts end as they began. */
static void readers_meet_new_budgets(void **state)
{
	pthread_t thread;
	uint64_t page = 0x1000;

	(void)state;
	atomic_store(&stop, false);
	assert_int_equal(pthread_create(&thread, NULL, insert_on, NULL), 0);
	for (int i = 0; i < 2000; i++) {
		int byte = get(1, page);

		assert_true(byte == -1 || byte == 0x55);
		page = page == 0x8000 ? 0x1000 : page + PAGE;
		if (i % 10 == 0)
			assert_int_equal(tmi_cache_set_budget(cache, i % 20 ? 1 << 20 : 0),
					 TMEM_S_OK);
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(tmi_cache_set_budget(cache, 1 << 20), TMEM_S_OK);
	assert_int_equal(statistics().pages, 0);
	assert_int_equal(statistics().errors, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(copies_any_part),
		TEST(spaces_are_apart),
		TEST(remembers_errors),
		TEST(a_drop_forgets_what_overlaps),
		TEST(a_drop_to_the_top_sweeps),
		TEST(a_stale_ticket_inserts_nothing),
		TEST(keeps_its_budget),
		TEST(budget_zero_keeps_nothing),
		TEST(asking_counts_nothing),
		TEST(a_place_ends_with_its_page),
		TEST(readers_never_see_a_torn_page),
		TEST(a_budget_beyond_memory_is_refused),
		TEST(readers_meet_new_budgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
