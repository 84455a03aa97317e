/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_engine.c - what joins the layers: cache against uncached, suspend and resume, contexts of
 * duplicates, events, overlay, views and the hot path. Over synth machines, which count how often
 * they are asked.
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

#include "engine/engine.h"
#include "engine/hot.h"

static const char live_text[] = "tmem synth 1\n"
				"target live=yes\n"
				"machine amd64 granular=page\n"
				"process 100 \"/bin/one\"\n"
				"thread 100 rip=0x401000 rsp=0x7000\n"
				"thread 101 rip=0x401001 rsp=0x8000\n"
				"run 0x10000 0x8000 rw-p name=\"[heap]\"\n"
				"pattern 0x10000 0x8000 seed=1\n"
				"run 0x20000 0x1000 rw-s name=\"/dev/shm/x\" file=9\n"
				"run 0x30000 0x2000 rw-p\n"
				"fault 0x31000 0x1000 read reason=guard\n"
				"process 200 \"/bin/two\"\n"
				"run 0x10000 0x8000 rw-p name=\"[heap]\"\n"
				"pattern 0x10000 0x8000 seed=2\n";

static const char stored_text[] = "tmem synth 1\n"
				  "target lends=yes\n"
				  "process 1 \"/bin/stored\"\n"
				  "run 0x10000 0x4000 rw-p\n"
				  "bytes 0x10000 0123456789abcdef0123456789abcdef\n";

/* Opens a machine given as a text. */
static tmem_target *open_text(const char *text, const char *options)
{
	char spec[] = "synth:/tmp/tmem-engine-XXXXXX";
	tmem_target *target = NULL;
	int fd = mkstemp(spec + 6);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	if (tmem_open(spec, options, &target) != TMEM_S_OK)
		print_error("%s\n", tmem_last_error(NULL));
	unlink(spec + 6);
	assert_non_null(target);
	return target;
}

/* How many elements reached the machine so far. */
static uint64_t reads(tmem_target *target)
{
	uint64_t value = 0;

	assert_int_equal(target->shared->kind->hint(target->shared->state, 0, "reads", &value),
			 TMEM_S_OK);
	return value;
}

static uint64_t read8(tmem_target *target, uint64_t offset)
{
	uint64_t value = 0;
	size_t count = 99;

	assert_int_equal(tmem_read_virtual(target, offset, &value, 8, &count), TMEM_S_OK);
	assert_int_equal(count, 8);
	return value;
}

static struct tmem_cache_statistics statistics(tmem_target *target)
{
	struct tmem_cache_statistics s = { .size = sizeof(s) };

	assert_int_equal(tmem_get_cache_statistics(target, &s), TMEM_S_OK);
	return s;
}

static void a_running_target_is_not_cached(void **state)
{
	tmem_target *target = open_text(live_text, NULL);
	uint64_t before = reads(target);

	(void)state;
	read8(target, 0x10000);
	read8(target, 0x10000);
	assert_int_equal(reads(target) - before, 2);
	assert_int_equal(statistics(target).enabled, 0);
	tmem_close(target);
}

static void a_suspended_target_is_read_once(void **state)
{
	tmem_target *target = open_text(live_text, "suspend=on");
	uint64_t before = reads(target), first = read8(target, 0x10000);

	(void)state;
	for (uint64_t offset = 0x10000; offset < 0x10ff8; offset++)
		read8(target, offset);
	assert_int_equal(reads(target) - before, 1);
	assert_int_equal(statistics(target).pages, 1);
	assert_int_equal(tmem_resume(target), TMEM_S_OK);
	assert_int_equal(statistics(target).pages, 0);
	assert_int_equal(read8(target, 0x10000), first);
	assert_int_equal(reads(target) - before, 2);
	tmem_close(target);
}

static void an_uncached_read_leaves_the_cache_alone(void **state)
{
	tmem_target *target = open_text(live_text, "suspend=on");
	struct tmem_cache_statistics before, after;
	uint64_t cached = read8(target, 0x10000), value = 0;
	uint8_t byte;

	(void)state;
	/* A remembered error too. */
	assert_int_equal(tmem_read_virtual(target, 0x31000, &byte, 1, NULL), TMEM_E_READ_FAULT);
	before = statistics(target);
	assert_int_equal(before.errors, 1);
	assert_int_equal(tmem_read_virtual_uncached(target, 0x10000, &value, 8, NULL), TMEM_S_OK);
	assert_int_equal(value, cached);
	assert_int_equal(tmem_read_virtual_uncached(target, 0x12000, &value, 8, NULL), TMEM_S_OK);
	assert_int_equal(tmem_read_virtual_uncached(target, 0x31000, &byte, 1, NULL),
			 TMEM_E_READ_FAULT);
	after = statistics(target);
	assert_memory_equal(&before, &after, sizeof(before));
	tmem_close(target);
}

static void a_remembered_error_is_not_asked_again(void **state)
{
	tmem_target *target = open_text(live_text, "suspend=on");
	struct tmem_error_detail detail = { .size = sizeof(detail) };
	uint64_t before;
	uint8_t byte;

	(void)state;
	tmem_read_virtual(target, 0x31000, &byte, 1, NULL);
	before = reads(target);
	assert_int_equal(tmem_read_virtual(target, 0x31008, &byte, 1, NULL), TMEM_E_READ_FAULT);
	assert_int_equal(reads(target), before);
	assert_int_equal(tmem_last_error_detail(target, &detail), TMEM_S_OK);
	assert_int_equal(detail.reason, TMEM_REASON_GUARD);
	assert_int_equal(detail.address, 0x31008);
	assert_int_equal(tmem_flush_cache(target), TMEM_S_OK);
	tmem_read_virtual(target, 0x31008, &byte, 1, NULL);
	assert_true(reads(target) > before);
	tmem_close(target);
}

static void a_write_reaches_cached_readers(void **state)
{
	tmem_target *target = open_text(live_text, "suspend=on"), *other;
	uint64_t value = 0x1122334455667788;
	size_t count;

	(void)state;
	assert_int_equal(tmem_target_dup(target, &other), TMEM_S_OK);
	read8(target, 0x10010);
	read8(other, 0x10010);
	assert_int_equal(tmem_write_virtual(target, 0x10010, &value, 8, &count), TMEM_S_OK);
	assert_int_equal(count, 8);
	assert_int_equal(read8(other, 0x10010), value);
	value++;
	assert_int_equal(tmem_write_virtual_uncached(other, 0x10010, &value, 8, NULL), TMEM_S_OK);
	assert_int_equal(read8(target, 0x10010), value);
	tmem_close(target);
	assert_int_equal(read8(other, 0x10010), value);
	tmem_close(other);
}

static void a_long_read_keeps_its_pages(void **state)
{
	tmem_target *target = open_text(live_text, "suspend=on");
	uint8_t *direct = malloc(0x8000), *cached = malloc(0x8000);
	uint64_t before;
	size_t count;

	(void)state;
	assert_int_equal(tmem_read_virtual_uncached(target, 0x10000, direct, 0x8000, &count),
			 TMEM_S_OK);
	read8(target, 0x12000);
	before = reads(target);
	/* Two gaps around the page that is there, not aligned at either end. */
	assert_int_equal(tmem_read_virtual(target, 0x10003, cached, 0x7ff0, &count), TMEM_S_OK);
	assert_int_equal(count, 0x7ff0);
	assert_memory_equal(cached, direct + 3, 0x7ff0);
	assert_true(reads(target) - before <= 4);
	assert_int_equal(statistics(target).pages, 8);
	free(direct);
	free(cached);
	tmem_close(target);
}

static void a_batch_fetches_each_page_once(void **state)
{
	tmem_target *target = open_text(live_text, "suspend=on");
	struct tmem_transfer items[64];
	uint64_t values[64], before;

	(void)state;
	for (size_t i = 0; i < 64; i++)
		items[i] = (struct tmem_transfer){ .offset = 0x10000 + (i * 1237) % 0x7ff8,
						   .buffer = &values[i],
						   .size = 8 };
	before = reads(target);
	assert_int_equal(tmem_read_virtual_batch(target, items, 64), TMEM_S_OK);
	assert_int_equal(reads(target) - before, 8);
	for (size_t i = 0; i < 64; i++) {
		assert_int_equal(items[i].done, 8);
		assert_int_equal(values[i], read8(target, items[i].offset));
	}
	tmem_close(target);
}

static void each_handle_has_its_own_process(void **state)
{
	tmem_target *one = open_text(live_text, NULL), *two;
	uint64_t in_first = read8(one, 0x10000);
	uint32_t id;

	(void)state;
	assert_int_equal(tmem_target_dup(one, &two), TMEM_S_OK);
	assert_int_equal(tmem_set_current_process_id(two, 1), TMEM_S_OK);
	assert_int_not_equal(read8(two, 0x10000), in_first);
	assert_int_equal(read8(one, 0x10000), in_first);
	assert_int_equal(tmem_set_current_process_id(two, 7), TMEM_E_NOINTERFACE);
	assert_int_equal(tmem_get_current_process_id(two, &id), TMEM_S_OK);
	assert_int_equal(id, 1);
	assert_int_equal(tmem_get_current_process_system_id(two, &id), TMEM_S_OK);
	assert_int_equal(id, 200);
	assert_int_equal(tmem_get_process_id_by_system_id(one, 200, &id), TMEM_S_OK);
	assert_int_equal(id, 1);
	tmem_close(two);
	tmem_close(one);
}

static void a_dropped_process_is_gone(void **state)
{
	tmem_target *target = open_text(live_text, NULL);
	uint32_t number, id;
	uint8_t byte;
	size_t count = 9;

	(void)state;
	assert_int_equal(tmem_detach_process(target, 0), TMEM_S_OK);
	assert_int_equal(tmem_read_virtual(target, 0x10000, &byte, 1, &count), TMEM_E_UNEXPECTED);
	assert_int_equal(count, 0);
	assert_int_equal(tmem_get_number_processes(target, &number), TMEM_S_OK);
	assert_int_equal(number, 1);
	assert_int_equal(tmem_get_process_ids_by_index(target, 0, 1, &id, NULL), TMEM_S_OK);
	assert_int_equal(id, 1);
	assert_int_equal(tmem_get_process_ids_by_index(target, 0, 2, &id, NULL), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_set_current_process_id(target, 0), TMEM_E_NOINTERFACE);
	assert_int_equal(tmem_set_current_process_id(target, 1), TMEM_S_OK);
	assert_int_equal(tmem_read_virtual(target, 0x10000, &byte, 1, &count), TMEM_S_OK);
	assert_int_equal(tmem_detach_process(target, 0), TMEM_E_NOINTERFACE);
	tmem_close(target);
}

/* A stretch lent by a target that is closed is never taken for one of a target that came after. */
static void a_lent_stretch_dies_with_its_target(void **state)
{
	tmem_target *targets[40];
	const uint64_t first = 0x10000;
	uint32_t half = 0;

	(void)state;
	/* Many, so that the memory of the old ones is handed out again. */
	for (size_t i = 0; i < 40; i++)
		targets[i] = open_text(stored_text, NULL);
	assert_int_equal(read8(targets[20], first), 0xefcdab8967452301);
	for (size_t i = 0; i < 40; i++)
		tmem_close(targets[i]);
	for (size_t i = 0; i < 40; i++) {
		targets[i] = open_text("tmem synth 1\nprocess 1\nrun 0x10000 0x4000 rw-p\n", NULL);
		assert_null(tmi_hot_current(targets[i]));
		assert_int_equal(tmem_read_virtual(targets[i], first, &half, 4, NULL), TMEM_S_OK);
		assert_int_equal(read8(targets[i], first), 0);
	}
	for (size_t i = 0; i < 40; i++)
		tmem_close(targets[i]);
}

/* What the kind refuses changes nothing and is no event. */
static void a_refused_detach_changes_nothing(void **state)
{
	tmem_target *target = open_text(stored_text, NULL);

	(void)state;
	assert_int_equal(tmem_detach_process(target, 0), TMEM_E_NOTIMPL);
	assert_int_equal(read8(target, 0x10000), 0xefcdab8967452301);
	tmem_close(target);
}

/* A process that is attached then must not be taken for a stopped one. */
static void no_process_and_resumed_is_not_cached(void **state)
{
	tmem_target *target = open_text(live_text, "suspend=on");

	(void)state;
	assert_int_equal(statistics(target).enabled, 1);
	assert_int_equal(tmem_detach_process(target, 0), TMEM_S_OK);
	assert_int_equal(tmem_detach_process(target, 1), TMEM_S_OK);
	assert_int_equal(tmem_resume(target), TMEM_S_OK);
	assert_int_equal(statistics(target).enabled, 0);
	tmem_close(target);
}

static void threads_have_ids_and_registers(void **state)
{
	tmem_target *target = open_text(live_text, NULL);
	uint32_t ids[2], system_ids[2], current;
	uint64_t value;

	(void)state;
	assert_int_equal(tmem_suspend(target), TMEM_S_OK);
	assert_int_equal(tmem_get_number_threads(target, &current), TMEM_S_OK);
	assert_int_equal(current, 2);
	assert_int_equal(tmem_get_thread_ids_by_index(target, 0, 2, ids, system_ids), TMEM_S_OK);
	assert_int_equal(system_ids[0], 100);
	assert_int_equal(system_ids[1], 101);
	assert_int_equal(tmem_get_current_thread_id(target, &current), TMEM_S_OK);
	assert_int_equal(current, ids[0]);
	assert_int_equal(tmem_get_register(target, TMEM_REGISTER_INSTRUCTION_POINTER, &value),
			 TMEM_S_OK);
	assert_int_equal(value, 0x401000);
	assert_int_equal(tmem_set_current_thread_id(target, ids[1]), TMEM_S_OK);
	assert_int_equal(tmem_get_register(target, TMEM_REGISTER_STACK_POINTER, &value), TMEM_S_OK);
	assert_int_equal(value, 0x8000);
	assert_int_equal(tmem_set_current_thread_id(target, 77), TMEM_E_NOINTERFACE);
	assert_int_equal(tmem_get_thread_ids_by_index(target, 1, 2, ids, NULL), TMEM_E_INVALIDARG);
	tmem_close(target);
}

/* What a callback saw, and what it was refused. */
struct seen {
	tmem_target *target;
	unsigned count;
	uint32_t flags;
	uint64_t argument;
	uint8_t byte;
	tmem_status write, change, reregister, close, dup_read;
};

static void note(void *context, uint32_t flags, uint64_t argument)
{
	struct seen *seen = context;

	seen->count++;
	seen->flags = flags;
	seen->argument = argument;
	seen->dup_read = tmem_read_virtual(seen->target, 0x10000, &seen->byte, 1, NULL);
	seen->write = tmem_write_virtual(seen->target, 0x10000, "x", 1, NULL);
	seen->change = tmem_set_current_process_id(seen->target, 0);
	seen->reregister = tmem_set_event_callbacks(seen->target, NULL);
	seen->close = tmem_close(seen->target);
}

static void watch(tmem_target *target, struct seen *seen, uint32_t mask)
{
	struct tmem_event_callbacks callbacks = {
		.size = sizeof(callbacks),
		.interest_mask = mask,
		.context = seen,
		.change_debuggee_state = note,
	};

	*seen = (struct seen){ .target = target };
	assert_int_equal(tmem_set_event_callbacks(target, &callbacks), TMEM_S_OK);
}

static void every_interested_handle_is_told_once(void **state)
{
	tmem_target *one = open_text(live_text, NULL), *two;
	struct seen first, second;

	(void)state;
	assert_int_equal(tmem_target_dup(one, &two), TMEM_S_OK);
	watch(one, &first, 0xffffffff);
	watch(two, &second, TMEM_EVENT_CHANGE_DEBUGGEE_STATE);
	assert_int_equal(tmem_write_virtual(one, 0x10000, "Q", 1, NULL), TMEM_S_OK);
	assert_int_equal(first.count, 1);
	assert_int_equal(second.count, 1);
	assert_int_equal(second.flags, TMEM_CDS_DATA);
	assert_int_equal(second.argument, TMEM_DATA_SPACE_VIRTUAL);
	assert_int_equal(second.dup_read, TMEM_S_OK);
	assert_int_equal(second.byte, 'Q');
	assert_int_equal(second.write, TMEM_E_UNEXPECTED);
	assert_int_equal(second.change, TMEM_E_UNEXPECTED);
	assert_int_equal(second.reregister, TMEM_E_UNEXPECTED);
	assert_int_equal(second.close, TMEM_E_UNEXPECTED);
	/* A failed write tells nobody; nor does a read. */
	assert_int_equal(tmem_write_virtual(one, 0x90000, "Q", 1, NULL), TMEM_E_WRITE_FAULT);
	assert_int_equal(first.count, 1);
	watch(two, &second, TMEM_EVENT_CHANGE_ENGINE_STATE);
	assert_int_equal(tmem_write_virtual(one, 0x10000, "R", 1, NULL), TMEM_S_OK);
	assert_int_equal(second.count, 0);
	assert_int_equal(tmem_suspend(one), TMEM_S_OK);
	assert_int_equal(tmem_resume(one), TMEM_S_OK);
	assert_int_equal(first.count, 3);
	assert_int_equal(first.flags, TMEM_CDS_ALL);
	tmem_close(one);
	tmem_close(two);
}

static void suspends_are_counted(void **state)
{
	tmem_target *target = open_text(live_text, NULL), *other;
	struct tmem_description description = { .size = sizeof(description) };

	(void)state;
	tmem_target_dup(target, &other);
	assert_int_equal(tmem_resume(target), TMEM_E_UNEXPECTED);
	assert_int_equal(tmem_suspend(target), TMEM_S_OK);
	assert_int_equal(tmem_suspend(other), TMEM_S_OK);
	assert_int_equal(tmem_resume(target), TMEM_S_OK);
	assert_int_equal(tmem_describe(target, &description), TMEM_S_OK);
	assert_true(description.flags & TMEM_TARGET_SUSPENDED);
	assert_int_equal(tmem_resume(target), TMEM_S_OK);
	assert_int_equal(tmem_describe(target, &description), TMEM_S_OK);
	assert_false(description.flags & TMEM_TARGET_SUSPENDED);
	assert_int_equal(tmem_resume(target), TMEM_E_UNEXPECTED);
	tmem_close(other);
	tmem_close(target);
}

static void a_stored_target_takes_writes_in_the_overlay(void **state)
{
	tmem_target *target = open_text(stored_text, NULL), *other;
	struct tmem_view view;
	uint64_t before = read8(target, 0x10000);
	size_t count;

	(void)state;
	tmem_target_dup(target, &other);
	assert_int_equal(tmem_view_virtual(other, 0x10000, 8, &view), TMEM_S_OK);
	assert_memory_equal(view.data, &before, 8);
	/* Twice, so that the second is answered by what the thread remembers. */
	read8(other, 0x10000);
	read8(other, 0x10000);
	assert_int_equal(tmem_write_virtual(target, 0x10004, "ABCD", 4, &count), TMEM_S_OK);
	assert_int_equal(count, 4);
	assert_int_equal(tmem_view_is_current(other, &view), TMEM_S_FALSE);
	assert_int_equal(read8(other, 0x10000) >> 32, 0x44434241);
	assert_int_equal(tmem_view_virtual(other, 0x10000, 8, &view), TMEM_E_NOTIMPL);
	/* At the end of the run: the prefix rule of what can be read. */
	assert_int_equal(tmem_write_virtual(target, 0x13ffe, "ABCD", 4, &count), TMEM_S_OK);
	assert_int_equal(count, 2);
	assert_int_equal(tmem_write_virtual(target, 0x14000, "ABCD", 4, &count),
			 TMEM_E_WRITE_FAULT);
	assert_int_equal(count, 0);
	assert_int_equal(tmem_overlay_discard(other), TMEM_S_OK);
	assert_int_equal(read8(target, 0x10000), before);
	assert_int_equal(read8(other, 0x10000), before);
	tmem_close(other);
	tmem_close(target);
}

static tmem_status note_run(void *context, const struct tmem_overlay_run *run)
{
	char *text = context;

	sprintf(text + strlen(text), "%u/%u %llx+%llu ", run->space, run->process_id,
		(unsigned long long)run->offset, (unsigned long long)run->length);
	return TMEM_S_OK;
}

static void the_overlay_is_listed_and_exported(void **state)
{
	tmem_target *target = open_text(stored_text, NULL);
	char path[] = "/tmp/tmem-overlay-XXXXXX", text[200] = "", line[100];
	FILE *file;

	(void)state;
	tmem_write_virtual(target, 0x10002, "ab", 2, NULL);
	tmem_write_virtual(target, 0x10ffe, "wxyz", 4, NULL);
	assert_int_equal(tmem_overlay_list(target, note_run, text), TMEM_S_OK);
	assert_string_equal(text, "0/0 10002+2 0/0 10ffe+2 0/0 11000+2 ");
	close(mkstemp(path));
	/* It must not exist: nothing is overwritten. */
	assert_int_equal(tmem_overlay_export(target, path), TMEM_E_FAIL);
	unlink(path);
	assert_int_equal(tmem_overlay_export(target, path), TMEM_S_OK);
	file = fopen(path, "r");
	assert_non_null(fgets(line, sizeof(line), file));
	assert_string_equal(line, "tmem overlay 1\n");
	assert_non_null(fgets(line, sizeof(line), file));
	assert_string_equal(line, "virtual 0 0000000000010002 6162\n");
	fclose(file);
	unlink(path);
	tmem_close(target);
}

static void budgets_and_pages_are_flushed(void **state)
{
	tmem_target *target = open_text(live_text, "suspend=on,cache-size=64K");
	uint64_t before;

	(void)state;
	assert_int_equal(statistics(target).budget, 64 << 10);
	read8(target, 0x10000);
	before = reads(target);
	assert_int_equal(tmem_flush_cache_page(target, 0x10ff0), TMEM_S_OK);
	read8(target, 0x10000);
	assert_int_equal(reads(target) - before, 1);
	assert_int_equal(tmem_set_cache_budget(target, 0), TMEM_S_OK);
	assert_int_equal(statistics(target).enabled, 0);
	read8(target, 0x10000);
	read8(target, 0x10000);
	assert_int_equal(reads(target) - before, 3);
	tmem_close(target);
}

static void bad_opens_explain_themselves(void **state)
{
	char path[] = "/tmp/tmem-unknown-XXXXXX";
	tmem_target *target = (tmem_target *)1;
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(tmem_open(path, NULL, &target), TMEM_E_MAPPED_FILE_SIZE_ZERO);
	assert_null(target);
	assert_int_equal(write(fd, "hello", 5), 5);
	close(fd);
	assert_int_equal(tmem_open(path, NULL, &target), TMEM_E_BAD_FORMAT);
	assert_non_null(strstr(tmem_last_error(NULL), "core:"));
	assert_non_null(strstr(tmem_last_error(NULL), "synth:"));
	unlink(path);
	assert_int_equal(tmem_open(path, NULL, &target), TMEM_E_FILE_NOT_FOUND);
	assert_int_equal(tmem_open("/tmp", NULL, &target), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_open("", NULL, &target), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_open(NULL, NULL, &target), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_open(path, NULL, NULL), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_open("pid:1", "colour=blue", &target), TMEM_E_INVALIDARG);
	assert_non_null(strstr(tmem_last_error(NULL), "colour"));
	assert_int_equal(tmem_open("pid:1", "threads=0", &target), TMEM_E_INVALIDARG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_running_target_is_not_cached),
		cmocka_unit_test(a_suspended_target_is_read_once),
		cmocka_unit_test(an_uncached_read_leaves_the_cache_alone),
		cmocka_unit_test(a_remembered_error_is_not_asked_again),
		cmocka_unit_test(a_write_reaches_cached_readers),
		cmocka_unit_test(a_long_read_keeps_its_pages),
		cmocka_unit_test(a_batch_fetches_each_page_once),
		cmocka_unit_test(each_handle_has_its_own_process),
		cmocka_unit_test(a_dropped_process_is_gone),
		cmocka_unit_test(a_lent_stretch_dies_with_its_target),
		cmocka_unit_test(a_refused_detach_changes_nothing),
		cmocka_unit_test(no_process_and_resumed_is_not_cached),
		cmocka_unit_test(threads_have_ids_and_registers),
		cmocka_unit_test(every_interested_handle_is_told_once),
		cmocka_unit_test(suspends_are_counted),
		cmocka_unit_test(a_stored_target_takes_writes_in_the_overlay),
		cmocka_unit_test(the_overlay_is_listed_and_exported),
		cmocka_unit_test(budgets_and_pages_are_flushed),
		cmocka_unit_test(bad_opens_explain_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
