/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_search_kinds.c - cursors that look for several patterns, or for integers in a range, over
 * described machines, against a plain model of their bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <tmem.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/search_model.h"
#include "unit/synth_handle.h"

/* What a request was before it had a kind. */
#define FIRST_SIZE 64

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct tmem_search_request ask_patterns(const struct tmem_search_pattern *patterns,
					       size_t count)
{
	return (struct tmem_search_request){ .size = sizeof(struct tmem_search_request),
					     .length = UINT64_MAX,
					     .pattern_granularity = 1,
					     .kind = TMEM_SEARCH_PATTERNS,
					     .patterns = patterns,
					     .pattern_count = count };
}

static struct tmem_search_request ask_integers(uint32_t kind, uint32_t size, uint64_t minimum,
					       uint64_t maximum)
{
	return (struct tmem_search_request){ .size = sizeof(struct tmem_search_request),
					     .length = UINT64_MAX,
					     .pattern_granularity = size,
					     .kind = kind,
					     .integer_size = size,
					     .minimum = minimum,
					     .maximum = maximum };
}

static tmem_search_cursor *begin(tmem_target *target, const struct tmem_search_request *request)
{
	tmem_search_cursor *cursor;

	if (tmem_search_cursor_new(target, request, &cursor) != TMEM_S_OK)
		fail_msg("%s", tmem_last_error(target));
	return cursor;
}

static void expect(tmem_search_cursor *cursor, uint64_t offset, uint64_t pattern, uint64_t value)
{
	struct tmem_search_match match = { .size = sizeof(match) };

	assert_int_equal(tmem_search_cursor_next2(cursor, &match), TMEM_S_OK);
	assert_int_equal(match.offset, offset);
	assert_int_equal(match.pattern, pattern);
	assert_int_equal(match.value, value);
}

static void expect_end(tmem_search_cursor *cursor)
{
	struct tmem_search_match match = { sizeof(match), 1, 2, 3, 4 };

	assert_int_equal(tmem_search_cursor_next2(cursor, &match), TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(tmem_search_cursor_next2(cursor, &match), TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(match.offset, 2);
	assert_int_equal(match.pattern, 3);
	assert_int_equal(match.value, 4);
	tmem_search_cursor_free(cursor);
}

static const struct tmem_search_pattern few[] = {
	{ "abcdef", NULL, 6 },        { "ab", NULL, 2 }, { "cde", "\xff\xff\xff", 3 },
	{ "ABc", "\xdf\xdf\xff", 3 }, { "ab", NULL, 2 },
};

/* By address, then by index; each pair once; either way of asking goes on from the other. */
static void test_order(void **unused)
{
	tmem_target *target = synth_open("process 1\nrun 0x1000 0x1000 rw-p\n"
					 "text 0x1100 \"abcdef\"\ntext 0x1200 \"aBcde\"\n",
					 NULL);
	struct tmem_search_request request = ask_patterns(few, COUNT(few));
	tmem_search_cursor *cursor = begin(target, &request);
	uint64_t offset;

	(void)unused;
	expect(cursor, 0x1100, 0, 0);
	expect(cursor, 0x1100, 1, 0);
	assert_int_equal(tmem_search_cursor_next(cursor, &offset), TMEM_S_OK);
	assert_int_equal(offset, 0x1100);
	expect(cursor, 0x1100, 4, 0);
	expect(cursor, 0x1102, 2, 0);
	expect(cursor, 0x1200, 3, 0);
	expect(cursor, 0x1202, 2, 0);
	expect_end(cursor);
	/* The step counts from the start of the range for all of them, whatever their sizes. */
	request.offset = 0x1002;
	request.pattern_granularity = 0x80;
	cursor = begin(target, &request);
	expect(cursor, 0x1102, 2, 0);
	expect(cursor, 0x1202, 2, 0);
	expect_end(cursor);
	/* One alone is like the first kind of request. */
	request = ask_patterns(few + 2, 1);
	cursor = begin(target, &request);
	expect(cursor, 0x1102, 0, 0);
	expect(cursor, 0x1202, 0, 0);
	expect_end(cursor);
	tmem_close(target);
}

/* Before a hole, before the end of the range, at the top of all: what has room there is found. */
static void test_ends(void **unused)
{
	tmem_target *target = synth_open("process 1\nrun 0x1000 0x1000 rw-p\n"
					 "run 0x2000 0x1000 r--p\nrun 0x4000 0x1000 rw-p\n"
					 "run 0xfffffffffffff000 0x1000 rw-p\n"
					 "text 0x1ffd \"abcdef\"\ntext 0x2ffc \"abcd\"\n"
					 "text 0x4000 \"ef\"\ntext 0x4fff \"a\"\n"
					 "text 0xfffffffffffffffe \"ab\"\n",
					 NULL);
	static const struct tmem_search_pattern patterns[] = {
		{ "abcdefghijklmnop", NULL, 16 },
		{ "ab", NULL, 2 },
		{ "b", NULL, 1 },
		{ "abcdef", NULL, 6 },
		{ "bcd", NULL, 3 },
	};
	struct tmem_search_request request = ask_patterns(patterns, COUNT(patterns));
	tmem_search_cursor *cursor = begin(target, &request);

	(void)unused;
	expect(cursor, 0x1ffd, 1, 0);
	expect(cursor, 0x1ffd, 3, 0);
	expect(cursor, 0x1ffe, 2, 0);
	expect(cursor, 0x1ffe, 4, 0);
	expect(cursor, 0x2ffc, 1, 0);
	expect(cursor, 0x2ffd, 2, 0);
	expect(cursor, 0x2ffd, 4, 0);
	request.offset = 1;
	tmem_search_cursor_free(cursor);
	cursor = begin(target, &request);
	for (unsigned i = 0; i < 7; i++) {
		struct tmem_search_match match = { .size = sizeof(match) };

		assert_int_equal(tmem_search_cursor_next2(cursor, &match), TMEM_S_OK);
	}
	expect(cursor, 0xfffffffffffffffe, 1, 0);
	expect(cursor, 0xffffffffffffffff, 2, 0);
	expect_end(cursor);
	/* The range ends inside the longer ones. */
	request.offset = 0x1000;
	request.length = 0x1000;
	cursor = begin(target, &request);
	expect(cursor, 0x1ffd, 1, 0);
	expect(cursor, 0x1ffe, 2, 0);
	expect_end(cursor);
	request.length = 0xffe;
	expect_end(begin(target, &request));
	request.offset = 0x1ffe;
	request.length = 1;
	cursor = begin(target, &request);
	expect(cursor, 0x1ffe, 2, 0);
	expect_end(cursor);
	/* What is not writable is a hole. */
	request.offset = 0x1000;
	request.length = UINT64_MAX;
	request.flags = TMEM_VSEARCH_WRITABLE_ONLY;
	cursor = begin(target, &request);
	expect(cursor, 0x1ffd, 1, 0);
	expect(cursor, 0x1ffe, 2, 0);
	expect(cursor, 0xfffffffffffffffe, 1, 0);
	expect(cursor, 0xffffffffffffffff, 2, 0);
	expect_end(cursor);
	tmem_close(target);
}

/* Memory that is not looked at: zeros, terabytes of them. */
static void test_zeros(void **unused)
{
	tmem_target *target = synth_open("process 1\n"
					 "run 0x10000000000 0x200000000000 rw-p untouched=yes\n"
					 "text 0x20ffffffffff \"n\"\n",
					 NULL);
	static const uint8_t zeros[3];
	const struct tmem_search_pattern patterns[] = { { "\0n", NULL, 2 },
							{ "n", NULL, 1 },
							{ zeros, NULL, 3 } };
	struct tmem_search_request request = ask_patterns(patterns, 2);
	tmem_search_cursor *cursor = begin(target, &request);

	(void)unused;
	expect(cursor, 0x20fffffffffe, 0, 0);
	expect(cursor, 0x20ffffffffff, 1, 0);
	expect_end(cursor);
	request.pattern_count = 3;
	request.offset = 0x20fffffffff9;
	cursor = begin(target, &request);
	for (uint64_t at = 0x20fffffffff9; at <= 0x20fffffffffc; at++)
		expect(cursor, at, 2, 0);
	expect(cursor, 0x20fffffffffe, 0, 0);
	expect(cursor, 0x20ffffffffff, 1, 0);
	expect_end(cursor);
	request = ask_integers(TMEM_SEARCH_UNSIGNED_INTEGERS, 8, 1, UINT64_MAX);
	cursor = begin(target, &request);
	expect(cursor, 0x20fffffffff8, 0, (uint64_t)'n' << 56);
	expect_end(cursor);
	request.minimum = 0;
	request.maximum = 0;
	request.offset = 0x10000000004;
	request.length = 24;
	cursor = begin(target, &request);
	for (unsigned i = 0; i < 3; i++)
		expect(cursor, 0x10000000004 + 8 * i, 0, 0);
	expect_end(cursor);
	tmem_close(target);
}

static void test_integers(void **unused)
{
	static const char memory[] = "process 1\nrun 0x1000 0x1000 rw-p\n"
				     "bytes 0x1100 fffffffe 00000005 80000000 7fffffff\n"
				     "bytes 0x1ffe 0a0b\n";
	char text[200];
	struct tmem_search_request request;
	tmem_search_cursor *cursor;
	tmem_target *target;

	(void)unused;
	snprintf(text, sizeof(text), "machine powerpc\n%s", memory);
	target = synth_open(text, NULL);
	request = ask_integers(TMEM_SEARCH_SIGNED_INTEGERS, 4, (uint64_t)-2, 5);
	request.offset = 0x1100;
	request.length = 0x10;
	cursor = begin(target, &request);
	expect(cursor, 0x1100, 0, (uint64_t)-2);
	expect(cursor, 0x1104, 0, 5);
	expect_end(cursor);
	request.kind = TMEM_SEARCH_UNSIGNED_INTEGERS;
	request.minimum = 0x7fffffff;
	request.maximum = 0x80000000;
	cursor = begin(target, &request);
	expect(cursor, 0x1108, 0, 0x80000000);
	expect(cursor, 0x110c, 0, 0x7fffffff);
	expect_end(cursor);
	/* Anywhere, and in the last bytes; not where a part is missing. */
	request = ask_integers(TMEM_SEARCH_UNSIGNED_INTEGERS, 2, 0x0a0b, 0x0b00);
	request.pattern_granularity = 1;
	cursor = begin(target, &request);
	expect(cursor, 0x1ffe, 0, 0x0a0b);
	expect_end(cursor);
	request.length = 0x1fff;
	expect_end(begin(target, &request));
	tmem_close(target);

	target = synth_open(memory, NULL);
	request = ask_integers(TMEM_SEARCH_SIGNED_INTEGERS, 1, (uint64_t)-1000, (uint64_t)-127);
	cursor = begin(target, &request);
	expect(cursor, 0x1108, 0, (uint64_t)-128);
	expect_end(cursor);
	request = ask_integers(TMEM_SEARCH_UNSIGNED_INTEGERS, 4, UINT64_C(1) << 32, UINT64_MAX);
	expect_end(begin(target, &request));
	request = ask_integers(TMEM_SEARCH_UNSIGNED_INTEGERS, 2, 0x0b0a, 0x0b0a);
	cursor = begin(target, &request);
	expect(cursor, 0x1ffe, 0, 0x0b0a);
	expect_end(cursor);
	tmem_close(target);
}

static void test_32_bit(void **unused)
{
	tmem_target *target = synth_open("machine i386\nprocess 1\nrun 0xfffff000 0x1000 rw-p\n"
					 "text 0xfffffffd \"abc\"\n",
					 NULL);
	struct tmem_search_request request = ask_patterns(few, COUNT(few));
	tmem_search_cursor *cursor = begin(target, &request);

	(void)unused;
	expect(cursor, 0xfffffffffffffffd, 1, 0);
	expect(cursor, 0xfffffffffffffffd, 3, 0);
	expect(cursor, 0xfffffffffffffffd, 4, 0);
	expect_end(cursor);
	tmem_close(target);
}

/* Between two patterns at one address: an interrupt, a write, a write that takes the rest away. */
static void test_changes(void **unused)
{
	tmem_target *target = synth_open("target live=yes\nprocess 1\nrun 0x1000 0x1000 rw-p\n"
					 "text 0x1100 \"abc\"\ntext 0x1ffd \"abc\"\n",
					 NULL);
	struct tmem_search_request request = ask_patterns(few, COUNT(few));
	tmem_search_cursor *cursor = begin(target, &request);
	struct tmem_search_match match = { sizeof(match), 0, 7, 7, 7 };

	(void)unused;
	expect(cursor, 0x1100, 1, 0);
	assert_int_equal(tmem_set_interrupt(target), TMEM_S_OK);
	assert_int_equal(tmem_search_cursor_next2(cursor, &match), TMEM_E_CONTROL_C_EXIT);
	assert_int_equal(match.offset, 7);
	assert_int_equal(tmem_write_virtual(target, 0x1200, "abc", 3, NULL), TMEM_S_OK);
	expect(cursor, 0x1100, 3, 0);
	assert_int_equal(tmem_write_virtual(target, 0x1101, "x", 1, NULL), TMEM_S_OK);
	expect(cursor, 0x1200, 1, 0);
	expect(cursor, 0x1200, 3, 0);
	expect(cursor, 0x1200, 4, 0);
	/* The same in the last bytes, where the longest one has no room. */
	expect(cursor, 0x1ffd, 1, 0);
	assert_int_equal(tmem_set_interrupt(target), TMEM_S_OK);
	assert_int_equal(tmem_search_cursor_next2(cursor, &match), TMEM_E_CONTROL_C_EXIT);
	assert_int_equal(tmem_write_virtual(target, 0x1ffe, "bab", 2, NULL), TMEM_S_OK);
	expect(cursor, 0x1ffd, 4, 0);
	expect_end(cursor);
	tmem_close(target);
}

static void refuse(tmem_target *target, const struct tmem_search_request *request)
{
	tmem_search_cursor *cursor = (tmem_search_cursor *)&cursor;

	assert_int_equal(tmem_search_cursor_new(target, request, &cursor), TMEM_E_INVALIDARG);
	assert_null(cursor);
}

static void test_arguments(void **unused)
{
	tmem_target *target = synth_open("process 1\nrun 0 0x1000 rw-p\n", NULL);
	struct tmem_search_pattern bad[] = { few[0], few[1] };
	struct tmem_search_request patterns = ask_patterns(bad, 2);
	struct tmem_search_request integers =
		ask_integers(TMEM_SEARCH_SIGNED_INTEGERS, 4, 5, (uint64_t)-5);
	struct tmem_search_match match = { .size = sizeof(match) - 1 };
	tmem_search_cursor *cursor;

	(void)unused;
	bad[1].size = 0;
	refuse(target, &patterns);
	bad[1] = (struct tmem_search_pattern){ NULL, NULL, 2 };
	refuse(target, &patterns);
	patterns.pattern_count = 0;
	refuse(target, &patterns);
	patterns.pattern_count = 1;
	patterns.patterns = NULL;
	refuse(target, &patterns);
	patterns.patterns = few;
	patterns.pattern_granularity = 0;
	refuse(target, &patterns);
	patterns.pattern_granularity = SIZE_MAX;
	refuse(target, &patterns);
	patterns.pattern_granularity = SIZE_MAX / 2;
	tmem_search_cursor_free(begin(target, &patterns));
	patterns.pattern_granularity = 1;
	patterns.reserved = 1;
	refuse(target, &patterns);
	patterns.reserved = 0;
	patterns.kind = 4;
	refuse(target, &patterns);

	refuse(target, &integers);
	integers.kind = TMEM_SEARCH_UNSIGNED_INTEGERS;
	tmem_search_cursor_free(begin(target, &integers));
	integers.minimum = UINT64_MAX;
	refuse(target, &integers);
	integers.minimum = 5;
	for (integers.integer_size = 0; integers.integer_size < 20; integers.integer_size++)
		if (integers.integer_size == 1 || integers.integer_size == 2 ||
		    integers.integer_size == 4 || integers.integer_size == 8)
			tmem_search_cursor_free(begin(target, &integers));
		else
			refuse(target, &integers);

	patterns = ask_patterns(few, 2);
	cursor = begin(target, &patterns);
	assert_int_equal(tmem_search_cursor_next2(cursor, NULL), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_search_cursor_next2(cursor, &match), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_search_cursor_next2(NULL, &match), TMEM_E_INVALIDARG);
	tmem_search_cursor_free(cursor);
	tmem_close(target);
}

/* Requests of programs that were built before there were kinds: nothing behind them is looked at.
 */
static void test_old_request(void **unused)
{
	tmem_target *target = synth_open("process 1\nrun 0x1000 0x1000 rw-p\n"
					 "text 0x1100 \"abcdef\"\n",
					 NULL);
	struct tmem_search_request request = { .size = FIRST_SIZE,
					       .length = UINT64_MAX,
					       .pattern = "cde",
					       .pattern_size = 3,
					       .pattern_granularity = 1 };
	struct tmem_search_request *old = malloc(FIRST_SIZE);
	tmem_search_cursor *cursor;

	(void)unused;
	assert_non_null(old);
	memcpy(old, &request, FIRST_SIZE);
	cursor = begin(target, old);
	expect(cursor, 0x1102, 0, 0);
	expect_end(cursor);
	free(old);
	request.kind = 77;
	cursor = begin(target, &request);
	expect(cursor, 0x1102, 0, 0);
	expect_end(cursor);
	request.size = FIRST_SIZE - 1;
	refuse(target, &request);
	request.size = sizeof(request);
	refuse(target, &request);
	request.size = FIRST_SIZE + 4;
	refuse(target, &request);
	tmem_close(target);
}

/* --- random machines against the model --- */

#define MOST_BYTES 3000

struct many {
	struct tmem_search_pattern patterns[20];
	uint8_t bytes[20][MOST_BYTES], masks[20][MOST_BYTES];
	size_t count;
};

static void make_many(const struct search_model *model, struct many *many, unsigned alphabet)
{
	many->count = 2 + (size_t)random() % 18;
	for (size_t j = 0; j < many->count; j++) {
		size_t size = 1 + (size_t)random() % (random() % 6 ? 24 : MOST_BYTES);

		many->patterns[j] = (struct tmem_search_pattern){ many->bytes[j], NULL, size };
		memset(many->masks[j], 0xff, size);
		search_model_pattern(model, many->bytes[j], size, alphabet);
		if (random() % 3)
			continue;
		many->patterns[j].mask = many->masks[j];
		for (size_t i = 0; i < size; i++)
			many->masks[j][i] = random() % 3 ? 0xff : (uint8_t)random();
	}
}

static void compare_patterns(const struct search_model *model, tmem_target *target,
			     unsigned alphabet)
{
	static struct many many;
	struct tmem_search_request request;
	tmem_search_cursor *cursor;
	unsigned hits = 0;

	make_many(model, &many, alphabet);
	request = ask_patterns(many.patterns, many.count);
	request.offset = SEARCH_BASE - 0x80 + (uint64_t)random() % 0x20000;
	request.length = 1 + (uint64_t)random() % SEARCH_SPAN;
	request.pattern_granularity = random() % 2 ? 1 : 1 + (size_t)random() % 40;
	cursor = begin(target, &request);
	for (uint64_t at = request.offset; at < request.offset + request.length && hits < 600;
	     at += request.pattern_granularity) {
		for (size_t j = 0; j < many.count && at >= SEARCH_BASE; j++) {
			size_t size = many.patterns[j].size;

			if (at + size > SEARCH_BASE + SEARCH_SPAN ||
			    at + size > request.offset + request.length ||
			    !search_model_matches(model, at - SEARCH_BASE, many.bytes[j],
						  many.masks[j], size))
				continue;
			expect(cursor, at, j, 0);
			hits++;
		}
	}
	if (hits < 600)
		expect_end(cursor);
	else
		tmem_search_cursor_free(cursor);
}

static int64_t value_at(const struct search_model *model, size_t at, unsigned size, bool big)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value = value << 8 | model->bytes[at + (big ? i : size - 1 - i)];
	return (int64_t)(value << (64 - 8 * size)) >> (64 - 8 * size);
}

static bool all_valid(const struct search_model *model, size_t at, size_t size)
{
	while (size && model->valid[at + size - 1])
		size--;
	return !size;
}

static void compare_integers(const struct search_model *model, tmem_target *target, bool big)
{
	unsigned size = 1u << random() % 4;
	int64_t middle = value_at(model, (size_t)random() % (SEARCH_SPAN - 8), size, big);
	int64_t least = middle - random() % 3, most = middle + random() % 3;
	struct tmem_search_request request =
		ask_integers(TMEM_SEARCH_SIGNED_INTEGERS, size, (uint64_t)least, (uint64_t)most);
	tmem_search_cursor *cursor;
	unsigned hits = 0;

	request.offset = SEARCH_BASE + (uint64_t)random() % 0x20000;
	if (random() % 2)
		request.pattern_granularity = 1 + (size_t)random() % 40;
	cursor = begin(target, &request);
	for (uint64_t at = request.offset; at + size <= SEARCH_BASE + SEARCH_SPAN && hits < 600;
	     at += request.pattern_granularity) {
		int64_t value = value_at(model, at - SEARCH_BASE, size, big);

		if (value < least || value > most || !all_valid(model, at - SEARCH_BASE, size))
			continue;
		expect(cursor, at, 0, (uint64_t)value);
		hits++;
	}
	if (hits < 600)
		expect_end(cursor);
	else
		tmem_search_cursor_free(cursor);
}

static tmem_target *open_model(const struct search_model *model, bool big)
{
	char *text;
	tmem_target *target;

	assert_true(asprintf(&text, "%s%s", big ? "machine powerpc64\n" : "", model->text) > 0);
	target = synth_open(text, NULL);
	free(text);
	return target;
}

static void random_machines(bool lends)
{
	static const unsigned alphabets[] = { 2, 3, 256 };
	static struct search_model model;

	srandom(lends ? 7 : 6);
	for (unsigned round = 0; round < 12; round++) {
		unsigned alphabet = alphabets[round % 3];
		bool big = round % 2;
		tmem_target *target;

		search_model_new(&model, alphabet, lends);
		target = open_model(&model, big);
		for (unsigned i = 0; i < 10; i++) {
			compare_patterns(&model, target, alphabet);
			compare_integers(&model, target, big);
		}
		tmem_close(target);
		free(model.text);
	}
}

static void test_random(void **unused)
{
	(void)unused;
	random_machines(false);
}

static void test_random_lent(void **unused)
{
	(void)unused;
	random_machines(true);
}

/* --- several threads --- */

#define MIB   (1u << 20)
#define WHOLE (40 * MIB)

static const struct tmem_search_pattern far[] = {
	{ "sixteen  letters", NULL, 16 },
	{ "abc", NULL, 3 },
	{ "ab??", "\xff\xff\0\0", 4 },
};

/* The lowest match of at least (@at, @pattern); false: there is none. */
static bool find_far(const uint8_t *memory, size_t *at, size_t *pattern)
{
	for (; *at < WHOLE; (*at)++, *pattern = 0) {
		if (memory[*at] != 'a' && memory[*at] != 's')
			continue;
		for (; *pattern < COUNT(far); (*pattern)++) {
			size_t need = *pattern == 2 ? 2 : far[*pattern].size;

			if (far[*pattern].size <= WHOLE - *at &&
			    !memcmp(memory + *at, far[*pattern].bytes, need))
				return true;
		}
	}
	return false;
}

static void put_far(uint8_t *memory, size_t at)
{
	const struct tmem_search_pattern *pattern = &far[(size_t)random() % 2];

	if (at <= WHOLE - pattern->size)
		memcpy(memory + at, pattern->bytes, pattern->size);
}

/* Long stretches, which are looked through by a crew: around pieces and blocks, and at the end. */
static void test_threads(void **unused)
{
	uint8_t *memory = mmap(NULL, WHOLE + 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct tmem_search_request request = ask_patterns(far, COUNT(far));
	tmem_search_cursor *cursor;
	tmem_target *target;
	size_t at, pattern;
	char spec[32];

	(void)unused;
	assert_true(memory != MAP_FAILED);
	assert_int_equal(mprotect(memory, WHOLE, PROT_READ | PROT_WRITE), 0);
	snprintf(spec, sizeof(spec), "pid:%d", (int)getpid());
	assert_int_equal(tmem_open(spec, "threads=4", &target), TMEM_S_OK);
	request.offset = (uintptr_t)memory;
	request.length = WHOLE + 4096;
	for (unsigned round = 0; round < 8; round++) {
		memset(memory, 1, WHOLE);
		for (unsigned i = 0; i < 20; i++)
			put_far(memory, (size_t)random() % 160 * (MIB / 4) -
						(size_t)random() % 20 * (i && round));
		put_far(memory, WHOLE - 1 - (size_t)random() % 20);
		cursor = begin(target, &request);
		at = pattern = 0;
		for (; find_far(memory, &at, &pattern); pattern++)
			expect(cursor, request.offset + at, pattern, 0);
		expect_end(cursor);
	}
	/* Integers: one of them. */
	memset(memory, 1, WHOLE);
	memory[33 * MIB + 4] = 3;
	request = ask_integers(TMEM_SEARCH_UNSIGNED_INTEGERS, 8, UINT64_C(2) << 32,
			       UINT64_C(4) << 32);
	request.offset = (uintptr_t)memory;
	request.length = WHOLE;
	memset(memory + 33 * MIB + 5, 0, 3);
	cursor = begin(target, &request);
	expect(cursor, request.offset + 33 * MIB, 0, UINT64_C(0x0000000301010101));
	expect_end(cursor);
	tmem_close(target);
	munmap(memory, WHOLE + 4096);
}

/* Several threads look through what is behind a hole, and nothing before it is forgotten. */
static void test_hole_and_threads(void **unused)
{
	static const struct tmem_search_pattern patterns[] = { { "ABCDEFGH", NULL, 8 },
							       { "XY", NULL, 2 } };
	static const char *const options[] = { "threads=1", "threads=2", "threads=4" };
	struct tmem_search_request request = ask_patterns(patterns, COUNT(patterns));

	(void)unused;
	for (size_t i = 0; i < COUNT(options); i++) {
		tmem_target *target = synth_open("process 1\nrun 0x10000 0x1000 rw-p\n"
						 "run 0x1000000 0x2000000 rw-p\n"
						 "text 0x10ffe \"XY\"\n"
						 "text 0x2fffff8 \"ABCDEFGH\"\n",
						 options[i]);
		tmem_search_cursor *cursor = begin(target, &request);

		expect(cursor, 0x10ffe, 1, 0);
		expect(cursor, 0x2fffff8, 0, 0);
		expect_end(cursor);
		tmem_close(target);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),     cmocka_unit_test(test_ends),
		cmocka_unit_test(test_zeros),     cmocka_unit_test(test_integers),
		cmocka_unit_test(test_32_bit),    cmocka_unit_test(test_changes),
		cmocka_unit_test(test_arguments), cmocka_unit_test(test_old_request),
		cmocka_unit_test(test_random),    cmocka_unit_test(test_random_lent),
		cmocka_unit_test(test_threads),   cmocka_unit_test(test_hole_and_threads),
	};

	return cmocka_run_group_tests_name("search_kinds", tests, NULL, NULL);
}
