/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_live_search.c - searches in real processes: whole address spaces, memory that was never
 * touched, and processes that change, execute another program or die on the way.
 */
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <tmem.h>

#include "base/options.h"
#include "support/child.h"

/* What put_needle() of the program writes with its default seed. */
#define NEEDLE      "tmem-needle-00000001"
#define NEEDLE_SIZE 20
#define WHOLE_SPACE (1ull << 47)

static tmem_target *open_child(struct child *child, const char *program,
			       const char *const *arguments)
{
	tmem_target *target = NULL;

	child_start(child, program, arguments);
	if (tmem_open(child->spec, NULL, &target) != TMEM_S_OK)
		fail_msg("%s: %s", child->spec, tmem_last_error(NULL));
	return target;
}

static tmem_search_cursor *begin(tmem_target *target, uint64_t offset, uint64_t length,
				 const void *pattern, size_t size)
{
	struct tmem_search_request request = { .size = sizeof(request),
					       .offset = offset,
					       .length = length,
					       .pattern = pattern,
					       .pattern_size = size,
					       .pattern_granularity = 1 };
	tmem_search_cursor *cursor;

	assert_int_equal(tmem_search_cursor_new(target, &request, &cursor), TMEM_S_OK);
	return cursor;
}

static void assert_next(tmem_target *target, tmem_search_cursor *cursor, uint64_t expected)
{
	uint64_t match = 0;

	if (tmem_search_cursor_next(cursor, &match) != TMEM_S_OK)
		fail_msg("%s", tmem_last_error(target));
	assert_int_equal(match, expected);
}

static void assert_end(tmem_target *target, tmem_search_cursor *cursor)
{
	uint64_t match = 0;
	tmem_status status = tmem_search_cursor_next(cursor, &match);

	if (status != TMEM_E_NO_MORE_ENTRIES)
		fail_msg("%s, match %" PRIx64 ": %s", tmem_status_name(status), match,
			 tmem_last_error(target));
}

/* All three needles and nothing else, past every hole, guard page and blocking page. */
static void whole_space(const char *program, uint64_t length)
{
	struct child child;
	tmem_target *target = open_child(&child, program, NULL);
	tmem_search_cursor *cursor = begin(target, 0, length, NEEDLE, NEEDLE_SIZE);
	uint64_t match;

	assert_next(target, cursor, child_address(&child, "needle-first"));
	assert_next(target, cursor, child_address(&child, "needle-straddle"));
	assert_next(target, cursor, child_address(&child, "needle-last"));
	assert_end(target, cursor);
	tmem_search_cursor_free(cursor);
	assert_int_equal(tmem_search_virtual2(target, 0, length, TMEM_VSEARCH_WRITABLE_ONLY, NEEDLE,
					      NEEDLE_SIZE, 1, &match),
			 TMEM_S_OK);
	assert_int_equal(match, child_address(&child, "needle-first"));
	/* The child still answers: nothing was left stopped. */
	assert_true(child_peek(&child, match, &match, 8));
	tmem_close(target);
	child_end(&child);
}

static void test_whole_space(void **unused)
{
	(void)unused;
	whole_space("target64", WHOLE_SPACE);
}

static void test_whole_space_32(void **unused)
{
	(void)unused;
	whole_space("target32", UINT64_MAX);
}

static void read_vm(struct child *child, unsigned long *tables, unsigned long *resident)
{
	char answer[100];

	child_ask(child, answer, sizeof(answer), "vm");
	assert_int_equal(sscanf(answer, "%lu %lu", tables, resident), 2);
}

/* 64 MiB that nobody touched have no page tables, and get none from a search. */
static void test_untouched(void **unused)
{
	struct child child;
	tmem_target *target = open_child(&child, "target64", NULL);
	uint64_t reserve = child_address(&child, "reserve");
	uint64_t size = child_size(&child, "reserve");
	unsigned long tables[2], resident[2];
	static const uint8_t zeros[4096];
	uint64_t match;

	(void)unused;
	if (tmi_disabled("pagemap"))
		puts("not possible here: telling untouched memory without pagemap");
	assert_int_equal(size, 64 << 20);
	/* Twice: the first answer touches the pages that answering needs. */
	read_vm(&child, &tables[0], &resident[0]);
	read_vm(&child, &tables[0], &resident[0]);
	assert_int_equal(tmem_search_virtual(target, reserve, size, NEEDLE, NEEDLE_SIZE, 1, &match),
			 TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(tmem_search_virtual(target, reserve + 5, size - 5, zeros, sizeof(zeros),
					     16, &match),
			 TMEM_S_OK);
	assert_int_equal(match, reserve + 5);
	read_vm(&child, &tables[1], &resident[1]);
	if (!tmi_disabled("pagemap"))
		assert_int_equal(tables[1], tables[0]);
	/* The kernel counts resident pages in portions. */
	assert_true(resident[1] < resident[0] + 512);
	tmem_close(target);
	child_end(&child);
}

/* Bytes in the midst of untouched memory are found there. */
static void test_island(void **unused)
{
	struct child child;
	tmem_target *target = open_child(&child, "target64", NULL);
	uint64_t reserve = child_address(&child, "reserve");
	uint64_t size = child_size(&child, "reserve");
	uint64_t island = reserve + size / 2 + 0xffd;
	tmem_search_cursor *cursor;
	char answer[64];

	(void)unused;
	child_ask(&child, answer, sizeof(answer), "poke %" PRIx64 " 69736c616e64", island);
	assert_string_equal(answer, "ok");
	cursor = begin(target, reserve, size, "island\0\0", 8);
	assert_next(target, cursor, island);
	assert_end(target, cursor);
	tmem_search_cursor_free(cursor);
	cursor = begin(target, reserve, size, "\0\0isl", 5);
	assert_next(target, cursor, island - 2);
	assert_end(target, cursor);
	tmem_search_cursor_free(cursor);
	tmem_close(target);
	child_end(&child);
}

/* The middle goes away between two matches: what is beyond is found. */
static void test_unmapped_on_the_way(void **unused)
{
	struct child child;
	tmem_target *target = open_child(&child, "target64", NULL);
	uint64_t big = child_address(&child, "big"), size = child_size(&child, "big");
	tmem_search_cursor *cursor = begin(target, 0, WHOLE_SPACE, NEEDLE, NEEDLE_SIZE);
	char answer[64];

	(void)unused;
	assert_next(target, cursor, child_address(&child, "needle-first"));
	child_ask(&child, answer, sizeof(answer), "unmap %" PRIx64 " %" PRIx64, big + size / 4,
		  size / 2);
	assert_string_equal(answer, "ok");
	assert_next(target, cursor, child_address(&child, "needle-last"));
	child_ask(&child, answer, sizeof(answer), "unmap %" PRIx64 " %" PRIx64,
		  big + 3 * (size / 4), size / 4);
	assert_end(target, cursor);
	tmem_search_cursor_free(cursor);
	tmem_close(target);
	child_end(&child);
}

static void test_exec_on_the_way(void **unused)
{
	struct child child;
	tmem_target *target = open_child(&child, "target64", NULL);
	tmem_search_cursor *cursor = begin(target, 0, WHOLE_SPACE, NEEDLE, NEEDLE_SIZE);
	struct tmem_error_detail detail = { .size = sizeof(detail) };
	uint64_t match = 1;
	char line[256];

	(void)unused;
	assert_next(target, cursor, child_address(&child, "needle-first"));
	fputs("exec\n", child.in);
	fflush(child.in);
	do
		assert_non_null(fgets(line, sizeof(line), child.out));
	while (strcmp(line, "ready\n"));
	/* The new program has the same needles at the same addresses. They are others. */
	assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_E_UNEXPECTED);
	assert_int_equal(match, 1);
	assert_int_equal(tmem_last_error_detail(target, &detail), TMEM_S_OK);
	assert_int_equal(detail.reason, TMEM_REASON_ADDRESS_SPACE_GONE);
	tmem_search_cursor_free(cursor);
	/* A new search is one in the new program. */
	cursor = begin(target, 0, WHOLE_SPACE, NEEDLE, NEEDLE_SIZE);
	assert_next(target, cursor, child_address(&child, "needle-first"));
	tmem_search_cursor_free(cursor);
	tmem_close(target);
	child_end(&child);
}

static void test_killed_on_the_way(void **unused)
{
	struct child child;
	tmem_target *target = open_child(&child, "target64", NULL);
	tmem_search_cursor *cursor = begin(target, 0, WHOLE_SPACE, NEEDLE, NEEDLE_SIZE);
	struct tmem_error_detail detail = { .size = sizeof(detail) };
	uint64_t match = 1;

	(void)unused;
	assert_next(target, cursor, child_address(&child, "needle-first"));
	assert_int_equal(kill(child.pid, SIGKILL), 0);
	assert_int_equal(waitpid(child.pid, NULL, 0), child.pid);
	assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_E_UNEXPECTED);
	assert_int_equal(match, 1);
	assert_int_equal(tmem_last_error_detail(target, &detail), TMEM_S_OK);
	assert_int_equal(detail.reason, TMEM_REASON_PROCESS_GONE);
	tmem_search_cursor_free(cursor);
	assert_int_equal(
		tmem_search_virtual(target, 0, WHOLE_SPACE, NEEDLE, NEEDLE_SIZE, 1, &match),
		TMEM_E_UNEXPECTED);
	tmem_close(target);
	fclose(child.in);
	fclose(child.out);
}

/* --- at any moment, not only between two matches --- */

struct disturber {
	struct child *child;
	unsigned delay_us;
	unsigned rounds;
};

static void *kill_later(void *argument)
{
	struct disturber *disturber = argument;

	usleep(disturber->delay_us);
	kill(disturber->child->pid, SIGKILL);
	return NULL;
}

static void test_killed_at_any_moment(void **unused)
{
	static const char *const arguments[] = { "--big=64", NULL };
	struct child child;

	(void)unused;
	for (unsigned round = 0; round < 8; round++) {
		tmem_target *target = open_child(&child, "target64", arguments);
		struct disturber disturber = { &child, 300 * round * round, 0 };
		tmem_status status = TMEM_S_OK;
		uint64_t match = 1;
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, kill_later, &disturber), 0);
		for (unsigned i = 0; i < 1000 && status != TMEM_E_UNEXPECTED; i++) {
			status = tmem_search_virtual(target, 0, WHOLE_SPACE, "no such bytes, never",
						     20, 1, &match);
			if (status != TMEM_E_UNEXPECTED && status != TMEM_E_NO_MORE_ENTRIES)
				fail_msg("%s: %s", tmem_status_name(status),
					 tmem_last_error(target));
		}
		assert_int_equal(status, TMEM_E_UNEXPECTED);
		assert_int_equal(match, 1);
		pthread_join(thread, NULL);
		tmem_close(target);
		child_end(&child);
	}
}

static void *remap_again_and_again(void *argument)
{
	struct disturber *disturber = argument;
	uint64_t big = child_address(disturber->child, "big");
	uint64_t size = child_size(disturber->child, "big");
	char answer[64];

	for (unsigned i = 0; i < disturber->rounds; i++) {
		child_ask(disturber->child, answer, sizeof(answer), "%s %" PRIx64 " %" PRIx64,
			  i % 2 ? "map" : "unmap", big + size / 4, size / 8);
		if (strcmp(answer, "ok"))
			return disturber;
	}
	return NULL;
}

/* Memory that comes and goes hides no needle elsewhere and makes none. */
static void test_remapped_at_any_moment(void **unused)
{
	struct child child;
	tmem_target *target = open_child(&child, "target64", NULL);
	struct disturber disturber = { .child = &child, .rounds = 400 };
	pthread_t thread;
	void *failed;

	(void)unused;
	assert_int_equal(pthread_create(&thread, NULL, remap_again_and_again, &disturber), 0);
	for (unsigned i = 0; i < 40; i++) {
		tmem_search_cursor *cursor = begin(target, 0, WHOLE_SPACE, NEEDLE, NEEDLE_SIZE);

		assert_next(target, cursor, child_address(&child, "needle-first"));
		assert_next(target, cursor, child_address(&child, "needle-straddle"));
		assert_next(target, cursor, child_address(&child, "needle-last"));
		assert_end(target, cursor);
		tmem_search_cursor_free(cursor);
	}
	pthread_join(thread, &failed);
	assert_null(failed);
	tmem_close(target);
	child_end(&child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_space),
		cmocka_unit_test(test_whole_space_32),
		cmocka_unit_test(test_untouched),
		cmocka_unit_test(test_island),
		cmocka_unit_test(test_unmapped_on_the_way),
		cmocka_unit_test(test_exec_on_the_way),
		cmocka_unit_test(test_killed_on_the_way),
		cmocka_unit_test(test_killed_at_any_moment),
		cmocka_unit_test(test_remapped_at_any_moment),
	};

	return cmocka_run_group_tests_name("live search", tests, NULL, NULL);
}
