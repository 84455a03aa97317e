/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_direct.c - small reads of a live process by one system call: what a thread remembers, that
 * it is one call indeed, and everything that must not be passed by: overlay, cache, mappings that
 * went, exec, detach.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <tmem.h>

#include "live_zoo.h"
#include "target/direct.h"

#define READS 1000

/* --- what a thread remembers --- */

static void ranges_are_kept_and_given_up(void **unused)
{
	uint64_t epoch = tmi_direct_new_epoch(), other = tmi_direct_new_epoch();

	(void)unused;
	assert_true(epoch && other && epoch != other);
	assert_false(tmi_direct_knows(epoch, 0, 1));
	assert_false(tmi_direct_knows(0, 0, 1));
	tmi_direct_learn(0, 0x1000, 0x1000);
	assert_false(tmi_direct_knows(0, 0x1000, 1));
	for (uint64_t i = 0; i < TMI_DIRECT_RANGES + 1; i++)
		tmi_direct_learn(epoch, i << 20, 0x1000);
	assert_false(tmi_direct_knows(epoch, 0, 1));
	for (uint64_t i = 1; i < TMI_DIRECT_RANGES + 1; i++) {
		assert_true(tmi_direct_knows(epoch, i << 20, 0x1000));
		assert_true(tmi_direct_knows(epoch, (i << 20) + 0xfff, 1));
		assert_false(tmi_direct_knows(epoch, (i << 20) + 0xfff, 2));
		assert_false(tmi_direct_knows(epoch, (i << 20) + 0x1000, 1));
		assert_false(tmi_direct_knows(epoch, (i << 20) - 1, 1));
		assert_false(tmi_direct_knows(epoch, (i << 20) + 8, UINT64_MAX));
		assert_false(tmi_direct_knows(other, i << 20, 1));
	}
	/* Known already: nothing else is given up for it. */
	for (int i = 0; i < 2 * TMI_DIRECT_RANGES; i++)
		tmi_direct_learn(epoch, (uint64_t)2 << 20, 0x1000);
	assert_true(tmi_direct_knows(epoch, (uint64_t)1 << 20, 1));
}

/* --- a live process --- */

struct fixture {
	struct zoo zoo;
	tmem_target *target;
};

static void start(struct fixture *f, const char *options)
{
	char spec[32];

	alarm(60);
	zoo_start(&f->zoo);
	snprintf(spec, sizeof(spec), "pid:%d", f->zoo.pid);
	if (tmem_open(spec, options, &f->target) != TMEM_S_OK)
		fail_msg("%s", tmem_last_error(NULL));
}

static void end(struct fixture *f)
{
	tmem_close(f->target);
	zoo_end(&f->zoo);
	alarm(0);
}

typedef tmem_status read_function(tmem_target *target, uint64_t offset, void *buffer, size_t size,
				  size_t *done);

static read_function *const ways[] = { tmem_read_virtual, tmem_read_virtual_uncached };
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static void expect(struct fixture *f, read_function *way, uint64_t address, size_t size)
{
	uint8_t bytes[TMI_DIRECT_MOST];
	size_t done = 0;

	if (way(f->target, address, bytes, size, &done) != TMEM_S_OK || done != size)
		fail_msg("%zu of %zu bytes: %s", done, size, tmem_last_error(f->target));
	for (size_t i = 0; i < size; i++)
		assert_int_equal(bytes[i], zoo_byte(address + i));
}

/* Reads that this process has made so far, by any call; the question is one itself. */
static uint64_t calls(void)
{
	unsigned long long count = 0;
	FILE *file = fopen("/proc/self/io", "re");
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "syscr: %llu", &count) == 1)
			break;
	if (file)
		fclose(file);
	return count;
}

/* Back and forth between as many mappings as are remembered. */
static void round_of_reads(struct fixture *f, read_function *way)
{
	const struct zoo_places *at = f->zoo.at;
	const uint64_t places[TMI_DIRECT_RANGES] = { at->plain, at->readonly, at->code,
						     at->shared };

	for (unsigned i = 0; i < READS; i++)
		expect(f, way, places[i % TMI_DIRECT_RANGES] + i, 1 + i % 64);
}

static void one_call_each(void **data)
{
	uint64_t question;
	struct fixture f;

	setenv("TMEM_DISABLE", *data, 1);
	start(&f, NULL);
	question = calls();
	question = calls() - question;
	for (size_t way = 0; way < WAYS; way++) {
		uint64_t before;

		round_of_reads(&f, ways[way]);
		before = calls();
		round_of_reads(&f, ways[way]);
		if (!question)
			print_message("not possible here: this kernel does not count reads\n");
		else
			assert_int_equal(calls() - before, READS + question);
	}
	end(&f);
	unsetenv("TMEM_DISABLE");
}

static void any_size_and_place(void **data)
{
	const size_t sizes[] = { 1, 7, 8, 9, 100, 4095, 4096, 4097, 8192, TMI_DIRECT_MOST };
	struct fixture f;

	setenv("TMEM_DISABLE", *data, 1);
	start(&f, NULL);
	for (unsigned round = 0; round < 4; round++)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			for (size_t way = 0; way < WAYS; way++) {
				uint64_t last = f.zoo.at->plain + ZOO_PAGES * f.zoo.at->page;

				expect(&f, ways[way], last - sizes[i], sizes[i]);
				expect(&f, ways[way], f.zoo.at->plain, sizes[i]);
			}
	end(&f);
	unsetenv("TMEM_DISABLE");
}

/* The mapping was remembered and has gone. */
static void what_went_is_not_read(void **unused)
{
	struct fixture f;
	struct tmem_error_detail detail = { .size = sizeof(detail) };
	uint8_t byte;

	(void)unused;
	start(&f, NULL);
	for (int i = 0; i < 4; i++)
		expect(&f, ways[i % WAYS], f.zoo.at->plain, 8);
	zoo_do(&f.zoo, ZOO_UNMAP);
	for (size_t way = 0; way < WAYS; way++) {
		size_t done = 1;

		assert_int_equal(ways[way](f.target, f.zoo.at->plain, &byte, 1, &done),
				 TMEM_E_READ_FAULT);
		assert_int_equal(done, 0);
		assert_int_equal(tmem_last_error_detail(f.target, &detail), TMEM_S_OK);
		assert_int_equal(detail.reason, TMEM_REASON_NOT_MAPPED);
	}
	end(&f);
}

/* Bytes taken back by the overlay are read over those of the process. */
static void the_overlay_is_not_passed_by(void **unused)
{
	struct fixture f;
	uint64_t value, mine = UINT64_C(0x1122334455667788);

	(void)unused;
	start(&f, "overlay=on");
	for (int i = 0; i < 4; i++)
		expect(&f, ways[i % WAYS], f.zoo.at->plain, 8);
	assert_int_equal(tmem_write_virtual(f.target, f.zoo.at->plain, &mine, 8, NULL), TMEM_S_OK);
	for (size_t way = 0; way < WAYS; way++) {
		assert_int_equal(ways[way](f.target, f.zoo.at->plain, &value, 8, NULL), TMEM_S_OK);
		assert_int_equal(value, mine);
	}
	tmem_overlay_discard(f.target);
	for (size_t way = 0; way < WAYS; way++)
		expect(&f, ways[way], f.zoo.at->plain, 8);
	end(&f);
}

/* Eight bytes into the process, without the library. */
static void write_behind(struct fixture *f, const uint64_t *value)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/mem", f->zoo.pid);
	file = fopen(path, "r+e");
	assert_non_null(file);
	assert_int_equal(fseek(file, (long)f->zoo.at->plain, SEEK_SET), 0);
	assert_int_equal(fwrite(value, sizeof(*value), 1, file), 1);
	assert_int_equal(fclose(file), 0);
}

/* A page in the cache stays as it was; only the uncached way sees what the process did since. */
static void the_cache_is_not_passed_by(void **unused)
{
	struct fixture f;
	uint64_t cached, fresh, now;

	(void)unused;
	start(&f, "cache=on");
	for (int i = 0; i < 4; i++)
		expect(&f, ways[i % WAYS], f.zoo.at->plain, 8);
	assert_int_equal(tmem_read_virtual(f.target, f.zoo.at->plain, &cached, 8, NULL), TMEM_S_OK);
	fresh = ~cached;
	write_behind(&f, &fresh);
	assert_int_equal(tmem_read_virtual(f.target, f.zoo.at->plain, &now, 8, NULL), TMEM_S_OK);
	assert_int_equal(now, cached);
	assert_int_equal(tmem_read_virtual_uncached(f.target, f.zoo.at->plain, &now, 8, NULL),
			 TMEM_S_OK);
	assert_int_equal(now, fresh);
	tmem_flush_cache(f.target);
	assert_int_equal(tmem_read_virtual(f.target, f.zoo.at->plain, &now, 8, NULL), TMEM_S_OK);
	assert_int_equal(now, fresh);
	end(&f);
}

/* The old program's mappings are nobody's any more. */
static void an_exec_ends_what_was_known(void **unused)
{
	struct fixture f;
	uint64_t old;
	uint8_t byte;

	(void)unused;
	start(&f, NULL);
	old = f.zoo.at->plain;
	for (int i = 0; i < 4; i++)
		expect(&f, ways[i % WAYS], old, 8);
	zoo_do(&f.zoo, ZOO_EXEC);
	/* Until the kernel has taken the old memory away it is still there. */
	for (int i = 0; i < 5000; i++) {
		if (tmem_read_virtual(f.target, old, &byte, 1, NULL) != TMEM_S_OK)
			break;
		usleep(1000);
	}
	for (size_t way = 0; way < WAYS; way++)
		assert_int_equal(ways[way](f.target, old, &byte, 1, NULL), TMEM_E_READ_FAULT);
	end(&f);
}

/* What a cursor has read already is no match of the new program. */
static void a_cursor_ends_with_an_exec(void **unused)
{
	const struct tmem_search_request every_byte = {
		.size = sizeof(every_byte),
		.kind = TMEM_SEARCH_UNSIGNED_INTEGERS,
		.integer_size = 1,
		.pattern_granularity = 1,
		.maximum = 255,
		.length = 8,
	};
	struct tmem_search_request request = every_byte;
	tmem_search_cursor *cursor;
	struct fixture f;
	uint64_t match;
	uint8_t byte;

	(void)unused;
	start(&f, NULL);
	request.offset = f.zoo.at->plain;
	assert_int_equal(tmem_search_cursor_new(f.target, &request, &cursor), TMEM_S_OK);
	for (uint64_t i = 0; i < 3; i++) {
		assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_S_OK);
		assert_int_equal(match, request.offset + i);
	}
	zoo_do(&f.zoo, ZOO_EXEC);
	for (int i = 0; i < 5000; i++) {
		if (tmem_read_virtual(f.target, request.offset, &byte, 1, NULL) != TMEM_S_OK)
			break;
		usleep(1000);
	}
	assert_int_equal(tmem_search_cursor_next(cursor, &match), TMEM_E_UNEXPECTED);
	assert_int_equal(match, request.offset + 2);
	tmem_search_cursor_free(cursor);
	end(&f);
}

static void a_dropped_process_is_not_read(void **unused)
{
	struct fixture f;
	uint32_t id;
	uint8_t byte;

	(void)unused;
	start(&f, NULL);
	for (int i = 0; i < 4; i++)
		expect(&f, ways[i % WAYS], f.zoo.at->plain, 8);
	assert_int_equal(tmem_get_current_process_id(f.target, &id), TMEM_S_OK);
	assert_int_equal(tmem_detach_process(f.target, id), TMEM_S_OK);
	for (size_t way = 0; way < WAYS; way++)
		assert_int_equal(ways[way](f.target, f.zoo.at->plain, &byte, 1, NULL),
				 TMEM_E_UNEXPECTED);
	end(&f);
}

int main(void)
{
	struct CMUnitTest tests[32] = {
		cmocka_unit_test(ranges_are_kept_and_given_up),
		cmocka_unit_test(what_went_is_not_read),
		cmocka_unit_test(the_overlay_is_not_passed_by),
		cmocka_unit_test(the_cache_is_not_passed_by),
		cmocka_unit_test(an_exec_ends_what_was_known),
		cmocka_unit_test(a_cursor_ends_with_an_exec),
		cmocka_unit_test(a_dropped_process_is_not_read),
	};
	size_t count = 6;

	for (size_t i = 0; zoo_disabled[i]; i++) {
		tests[count++] = (struct CMUnitTest)cmocka_unit_test_prestate(
			one_call_each, (void *)zoo_disabled[i]);
		tests[count++] = (struct CMUnitTest)cmocka_unit_test_prestate(
			any_size_and_place, (void *)zoo_disabled[i]);
	}
	return _cmocka_run_group_tests("direct", tests, count, NULL, NULL);
}
