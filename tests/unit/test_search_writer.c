/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_search_writer.c - searching memory while its process writes to it without a pause: what
 * stays is found every time, what comes and goes is found nowhere else than where it stands now and
 * then; by one thread and several, with every way of reading.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <tmem.h>

#include "access/search_crew.h"

#define MIB   ((size_t)1 << 20)
#define WHOLE (28 * MIB)

/* Pages from here on are given back and touched again all the time. */
#define RESTLESS      (12 * MIB)
#define RESTLESS_SIZE (6 * MIB)

/* And these become unreadable and readable again. */
#define GUARDED      (20 * MIB)
#define GUARDED_SIZE (64u << 10)

#define SIZE   16u
#define ROUNDS 6

/* Places that keep the pattern: edges of pieces, of strips and of what is restless. */
static const size_t fixed[] = {
	5,
	TMI_SEARCH_PIECE - 7,
	MIB - SIZE,
	4 * MIB - 1,
	9 * MIB + 4095,
	RESTLESS - SIZE,
	RESTLESS + RESTLESS_SIZE,
	GUARDED - SIZE,
	GUARDED + GUARDED_SIZE,
	WHOLE - SIZE,
};
#define FIXED (sizeof(fixed) / sizeof(fixed[0]))

/* Places that have it half of the time. */
static const size_t decoys[] = {
	3 * MIB + 17, 5 * MIB - 3, 8 * MIB, 11 * MIB + TMI_SEARCH_PIECE - 9, 19 * MIB, 27 * MIB + 1,
};
#define DECOYS (sizeof(decoys) / sizeof(decoys[0]))

static const uint8_t pattern[SIZE] = "it stays or goes";

static uint8_t *memory;
static pid_t writer;

static void put(size_t at, bool there)
{
	for (size_t i = 0; i < SIZE; i++)
		((volatile uint8_t *)memory)[at + i] = there ? pattern[i] : 'i';
}

/* In the child: until it is killed. */
static void write_on(void)
{
	for (unsigned round = 0;; round++) {
		bool there = round % 2;

		for (size_t i = 0; i < DECOYS; i++)
			put(decoys[i], there);
		if (there)
			madvise(memory + RESTLESS, RESTLESS_SIZE, MADV_DONTNEED);
		for (size_t at = RESTLESS; !there && at < RESTLESS + RESTLESS_SIZE; at += 4096)
			memory[at + round % 4096] = 'i';
		mprotect(memory + GUARDED, GUARDED_SIZE,
			 there ? PROT_NONE : PROT_READ | PROT_WRITE);
	}
}

static int start_writer(void **state)
{
	int ready[2];
	char byte;

	if (pipe(ready))
		return -1;
	memory = mmap(NULL, WHOLE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -1;
	writer = fork();
	if (!writer) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (size_t i = 0; i < WHOLE; i++)
			memory[i] = (uint8_t)(i % 7 ? 'i' : 't');
		for (size_t i = 0; i < FIXED; i++)
			put(fixed[i], true);
		if (write(ready[1], "", 1) == 1)
			write_on();
		_exit(1);
	}
	return writer > 0 && read(ready[0], &byte, 1) == 1 ? 0 : -1;
}

static int end_writer(void **state)
{
	kill(writer, SIGKILL);
	return waitpid(writer, NULL, 0) == writer ? 0 : -1;
}

static bool is_decoy(size_t at)
{
	for (size_t i = 0; i < DECOYS; i++)
		if (decoys[i] == at)
			return true;
	return false;
}

/* One search; how many decoys it met is no concern. */
static void search(tmem_target *target)
{
	struct tmem_search_request request = {
		.size = sizeof(request),
		.space = TMEM_DATA_SPACE_VIRTUAL,
		.offset = (uintptr_t)memory,
		.length = WHOLE,
		.pattern = pattern,
		.pattern_size = SIZE,
		.pattern_granularity = 1,
	};
	tmem_search_cursor *cursor;
	size_t next = 0;
	uint64_t match, before = 0;
	tmem_status status;

	assert_int_equal(tmem_search_cursor_new(target, &request, &cursor), TMEM_S_OK);
	while ((status = tmem_search_cursor_next(cursor, &match)) == TMEM_S_OK) {
		size_t at = (size_t)(match - (uintptr_t)memory);

		assert_true(match > before);
		before = match;
		if (next < FIXED && at == fixed[next])
			next++;
		else if (!is_decoy(at))
			fail_msg("a match at %zx; %zx was to be next", at,
				 next < FIXED ? fixed[next] : 0);
	}
	tmem_search_cursor_free(cursor);
	if (status != TMEM_E_NO_MORE_ENTRIES)
		fail_msg("%s: %s", tmem_status_name(status), tmem_last_error(target));
	if (next < FIXED)
		fail_msg("what stands at %zx was not found", fixed[next]);
}

static void check(const char *disabled, const char *options)
{
	tmem_target *target;
	char spec[32];

	setenv("TMEM_DISABLE", disabled, 1);
	snprintf(spec, sizeof(spec), "pid:%d", (int)writer);
	if (tmem_open(spec, options, &target) != TMEM_S_OK)
		fail_msg("%s", tmem_last_error(NULL));
	for (unsigned round = 0; round < ROUNDS; round++)
		search(target);
	tmem_close(target);
	unsetenv("TMEM_DISABLE");
}

static void test_plain(void **state)
{
	check("pagemap,process_vm", "threads=1");
}

static void test_one_thread(void **state)
{
	check("", "threads=1");
	check("pagemap_scan", "threads=1");
	check("pagemap", "threads=1");
	check("process_vm", "threads=1");
}

static void test_several_threads(void **state)
{
	check("", "threads=4");
	check("pagemap_scan", "threads=4");
	check("pagemap", "threads=4");
	check("process_vm", "threads=4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_one_thread),
		cmocka_unit_test(test_several_threads),
	};

	return cmocka_run_group_tests(tests, start_writer, end_writer);
}
