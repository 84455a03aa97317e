/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_search_interrupt.c - patterns that take long to look for: an interrupt ends the search
 * within a window, and it goes on without losing a match; several threads take less at once, and
 * find the same. Very many patterns: an interrupt ends what is made of them first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "access/search.h"
#include "unit/matcher_vectors.h"
#include "unit/synth_handle.h"

#define FIRST    0x10000u
#define SIZE     0x8000u
#define HOLE     0x3000u /* from FIRST on */
#define PATTERNS 1500
#define LONGEST  24
#define MATCHES  20000

static tmem_target *interrupted_target;
static tmi_block_compare *real_compare;
static unsigned compared;

/* Interrupts while a window is looked through, again and again. */
static bool interrupt_and_compare(const uint8_t *data, const struct tmi_block_bytes *bytes,
				  size_t count, uint8_t *different)
{
	if (++compared % 5000 == 0)
		tmem_set_interrupt(interrupted_target);
	return real_compare(data, bytes, count, different);
}

struct memory {
	uint8_t bytes[SIZE];
	uint8_t masks[PATTERNS][LONGEST];
	uint8_t values[PATTERNS][LONGEST];
	struct tmem_search_pattern patterns[PATTERNS];
};

/* Another bit of each byte counts: nothing to filter by. */
static void fill(struct memory *memory)
{
	srandom(13);
	fill_random(memory->bytes, SIZE, 256);
	for (size_t j = 0; j < PATTERNS; j++) {
		size_t size = LONGEST - j % 6;

		for (size_t i = 0; i < size; i++)
			memory->masks[j][i] = (uint8_t)(1u << below(8));
		fill_random(memory->values[j], size, 256);
		if (j % 20 == 0)
			memcpy(memory->values[j], memory->bytes + below(SIZE - size), size);
		memory->patterns[j] =
			(struct tmem_search_pattern){ memory->values[j], memory->masks[j], size };
	}
	/* Right before the hole, where only shorter ones have room. */
	memcpy(memory->values[5], memory->bytes + HOLE - 19, 19);
}

static tmem_target *open_memory(const struct memory *memory, bool lends)
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	tmem_target *target;

	assert_non_null(out);
	fprintf(out, "target lends=%s\nmachine amd64\nprocess 1\nrun 0x%x 0x%x rw-p\nbytes 0x%x ",
		lends ? "yes" : "no", FIRST, SIZE, FIRST);
	for (size_t i = 0; i < SIZE; i++)
		fprintf(out, "%02x", memory->bytes[i]);
	fprintf(out, "\nhole 0x%x 16\n", FIRST + HOLE);
	assert_int_equal(fclose(out), 0);
	target = synth_open(text, NULL);
	free(text);
	return target;
}

static void disturb(struct tmi_matcher *matcher)
{
	for (size_t j = 0; j < matcher->count; j++) {
		real_compare = matcher->patterns[j].compare;
		matcher->patterns[j].compare = interrupt_and_compare;
	}
}

/* All matches; how often it was interrupted. */
static unsigned search_all(const struct memory *memory, bool disturbed,
			   struct tmem_search_match *matches, size_t *count)
{
	const struct tmem_search_request request = {
		.size = sizeof(request),
		.kind = TMEM_SEARCH_PATTERNS,
		.length = UINT64_MAX,
		.pattern_granularity = 1,
		.patterns = memory->patterns,
		.pattern_count = PATTERNS,
	};
	struct tmi_search search;
	struct tmi_space *space;
	unsigned interrupts = 0;
	tmem_status status;

	assert_int_equal(tmi_call_space(interrupted_target, TMEM_DATA_SPACE_VIRTUAL, &space),
			 TMEM_S_OK);
	assert_int_equal(tmi_search_init(&search, interrupted_target, space, &request), TMEM_S_OK);
	search.matcher.effort = 1 << 16;
	if (disturbed)
		disturb(&search.matcher);
	*count = 0;
	for (;;) {
		status = tmi_search_next(&search, &matches[*count]);
		interrupts += status == TMEM_E_CONTROL_C_EXIT;
		if (status == TMEM_S_OK)
			assert_in_range(++*count, 1, MATCHES - 1);
		else if (status != TMEM_E_CONTROL_C_EXIT)
			break;
	}
	assert_int_equal(status, TMEM_E_NO_MORE_ENTRIES);
	tmi_search_fini(&search);
	return interrupts;
}

static void compare(bool lends)
{
	struct tmem_search_match *calm = calloc(MATCHES, sizeof(*calm));
	struct tmem_search_match *disturbed = calloc(MATCHES, sizeof(*disturbed));
	struct memory *memory = malloc(sizeof(*memory));
	size_t calm_count, disturbed_count;
	unsigned interrupts;

	assert_true(calm && disturbed && memory);
	fill(memory);
	interrupted_target = open_memory(memory, lends);
	assert_int_equal(search_all(memory, false, calm, &calm_count), 0);
	assert_in_range(calm_count, PATTERNS / 20, MATCHES - 1);
	interrupts = search_all(memory, true, disturbed, &disturbed_count);
	/* More than there are windows. */
	assert_in_range(interrupts, 20, UINT32_MAX);
	assert_int_equal(disturbed_count, calm_count);
	for (size_t i = 0; i < calm_count; i++) {
		assert_int_equal(disturbed[i].offset, calm[i].offset);
		assert_int_equal(disturbed[i].pattern, calm[i].pattern);
	}
	tmem_close(interrupted_target);
	free(memory);
	free(calm);
	free(disturbed);
}

static void test_lent(void **unused)
{
	(void)unused;
	compare(true);
}

static void test_read(void **unused)
{
	(void)unused;
	compare(false);
}

/* --- several threads --- */

#define MAPPED  (10u << 20)
#define SLOW    300
#define PLANTED 40

struct slow {
	uint8_t *memory;
	uint8_t masks[SLOW][LONGEST];
	uint8_t values[SLOW][LONGEST];
	struct tmem_search_pattern patterns[SLOW];
};

/* Random masks, and patterns here and there, also across ends of what a thread takes. */
static void fill_slow(struct slow *slow)
{
	slow->memory =
		mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(slow->memory != MAP_FAILED);
	srandom(14);
	fill_random(slow->memory, MAPPED, 256);
	for (size_t j = 0; j < SLOW; j++) {
		fill_mask(slow->masks[j], LONGEST, MASK_BITS);
		fill_random(slow->values[j], LONGEST, 256);
		slow->patterns[j] =
			(struct tmem_search_pattern){ slow->values[j], slow->masks[j], LONGEST };
	}
	for (size_t i = 0; i < PLANTED; i++) {
		size_t at = i % 2 ? below(MAPPED - LONGEST)
				  : (1 + i / 2) * (size_t)TMI_SEARCH_PIECE - i;

		memcpy(slow->memory + at, slow->values[below(SLOW)], LONGEST);
	}
}

static size_t search_mapped(const struct slow *slow, const char *options,
			    struct tmem_search_match *matches)
{
	struct tmem_search_request request = {
		.size = sizeof(request),
		.kind = TMEM_SEARCH_PATTERNS,
		.offset = (uintptr_t)slow->memory,
		.length = MAPPED,
		.pattern_granularity = 1,
		.patterns = slow->patterns,
		.pattern_count = SLOW,
	};
	tmem_search_cursor *cursor;
	tmem_target *target;
	size_t count = 0;
	char spec[32];

	snprintf(spec, sizeof(spec), "pid:%d", (int)getpid());
	assert_int_equal(tmem_open(spec, options, &target), TMEM_S_OK);
	assert_int_equal(tmem_search_cursor_new(target, &request, &cursor), TMEM_S_OK);
	for (matches[0].size = sizeof(matches[0]);
	     tmem_search_cursor_next2(cursor, &matches[count]) == TMEM_S_OK;
	     matches[count].size = sizeof(matches[0]))
		assert_in_range(++count, 1, MATCHES - 1);
	tmem_search_cursor_free(cursor);
	tmem_close(target);
	return count;
}

static void test_threads(void **unused)
{
	struct tmem_search_match *alone = calloc(MATCHES, sizeof(*alone));
	struct tmem_search_match *together = calloc(MATCHES, sizeof(*together));
	struct slow *slow = malloc(sizeof(*slow));
	size_t count;

	(void)unused;
	assert_true(alone && together && slow);
	fill_slow(slow);
	count = search_mapped(slow, "threads=1", alone);
	assert_in_range(count, PLANTED - 5, MATCHES);
	assert_int_equal(search_mapped(slow, "threads=3", together), count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(together[i].offset, alone[i].offset);
		assert_int_equal(together[i].pattern, alone[i].pattern);
	}
	munmap(slow->memory, MAPPED);
	free(slow);
	free(alone);
	free(together);
}

/* --- before anything is looked for --- */

#define CROWD     4000
#define LONG_ONES 12
#define LONG_SIZE (1u << 20)

struct crowd {
	uint8_t masks[CROWD][LONGEST];
	uint8_t values[CROWD][LONGEST];
	struct tmem_search_pattern patterns[CROWD];
};

static struct crowd *crowd_new(void)
{
	struct crowd *crowd = malloc(sizeof(*crowd));

	assert_non_null(crowd);
	srandom(15);
	for (size_t j = 0; j < CROWD; j++) {
		fill_mask(crowd->masks[j], LONGEST, MASK_BITS);
		fill_random(crowd->values[j], LONGEST, 256);
		crowd->patterns[j] =
			(struct tmem_search_pattern){ crowd->values[j], crowd->masks[j], LONGEST };
	}
	return crowd;
}

struct leaver {
	unsigned asked;
	unsigned leaves_at; /* 0: stays */
};

static bool leave(void *context)
{
	struct leaver *leaver = context;

	return ++leaver->asked == leaver->leaves_at;
}

/* Makes a matcher for one who leaves; how often that one was asked. */
static unsigned make_and_leave(const struct tmem_search_pattern *patterns, size_t count,
			       unsigned leaves_at)
{
	struct leaver leaver = { 0, leaves_at };
	struct tmi_waiter waiter = { leave, &leaver, TMI_WAITER_EFFORT, false };
	struct tmi_matcher matcher;
	tmem_status status;

	status = tmi_matcher_init_patterns(&matcher, patterns, count, 1, &waiter);
	assert_int_equal(status, leaves_at ? TMEM_E_CONTROL_C_EXIT : TMEM_S_OK);
	assert_int_equal(matcher.count, leaves_at ? 0 : count);
	tmi_matcher_fini(&matcher);
	return leaver.asked;
}

/* Whoever leaves is not asked again: what comes after that is no work. */
static void leave_everywhere(const struct tmem_search_pattern *patterns, size_t count,
			     unsigned least)
{
	unsigned all = make_and_leave(patterns, count, 0);

	assert_in_range(all, least, 1000);
	for (unsigned i = 1; i <= all; i += 1 + all / 16)
		assert_int_equal(make_and_leave(patterns, count, i), i);
	assert_int_equal(make_and_leave(patterns, count, all), all);
}

static void test_asked_while_made(void **unused)
{
	struct crowd *crowd = crowd_new();

	(void)unused;
	leave_everywhere(crowd->patterns, CROWD, 16);
	free(crowd);
}

/* Few, which are long. */
static void test_asked_while_copied(void **unused)
{
	struct tmem_search_pattern patterns[LONG_ONES];
	uint8_t *bytes = malloc(LONG_SIZE + LONG_ONES);

	(void)unused;
	assert_non_null(bytes);
	srandom(16);
	fill_random(bytes, LONG_SIZE + LONG_ONES, 256);
	for (size_t j = 0; j < LONG_ONES; j++)
		patterns[j] = (struct tmem_search_pattern){ bytes + j, NULL, LONG_SIZE };
	leave_everywhere(patterns, LONG_ONES, LONG_ONES);
	free(bytes);
}

static void test_interrupted_while_made(void **unused)
{
	struct crowd *crowd = crowd_new();
	struct tmem_search_request request = {
		.size = sizeof(request),
		.kind = TMEM_SEARCH_PATTERNS,
		.length = UINT64_MAX,
		.pattern_granularity = 1,
		.patterns = crowd->patterns,
		.pattern_count = CROWD,
	};
	tmem_target *target =
		synth_open("machine amd64\nprocess 1\nrun 0x10000 0x1000 rw-p\n", NULL);
	tmem_search_cursor *cursor;
	uint64_t offset;

	(void)unused;
	assert_int_equal(tmem_set_interrupt(target), TMEM_S_OK);
	assert_int_equal(tmem_search_cursor_new(target, &request, &cursor), TMEM_E_CONTROL_C_EXIT);
	assert_null(cursor);
	assert_int_equal(tmem_get_interrupt(target), TMEM_S_FALSE);
	assert_int_equal(tmem_search_cursor_new(target, &request, &cursor), TMEM_S_OK);
	assert_int_equal(tmem_search_cursor_next(cursor, &offset), TMEM_E_NO_MORE_ENTRIES);
	tmem_search_cursor_free(cursor);
	/* A few take no time, and the search finds out. */
	request.pattern_count = 3;
	assert_int_equal(tmem_set_interrupt(target), TMEM_S_OK);
	assert_int_equal(tmem_search_cursor_new(target, &request, &cursor), TMEM_S_OK);
	assert_int_equal(tmem_search_cursor_next(cursor, &offset), TMEM_E_CONTROL_C_EXIT);
	tmem_search_cursor_free(cursor);
	tmem_close(target);
	free(crowd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lent),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_asked_while_made),
		cmocka_unit_test(test_asked_while_copied),
		cmocka_unit_test(test_interrupted_while_made),
	};

	return cmocka_run_group_tests_name("search_interrupt", tests, NULL, NULL);
}
