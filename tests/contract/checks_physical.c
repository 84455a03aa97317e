/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checks_physical.c - physical memory: it does not exist in user mode; in kernel mode it is read,
 * written and filled, and has runs and holes of its own.
 */
#include "contract/contract.h"

static void user_transfers(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	uint8_t buffer[8] = "12345678";
	uint64_t filled = 12345;
	size_t done = 12345;

	assert_status(tmem_read_physical(target, 0, buffer, 8, &done), TMEM_E_UNEXPECTED);
	assert_int_equal(done, 0);
	assert_memory_equal(buffer, "12345678", 8);
	for (uint32_t flags = 0; flags < 6; flags++) {
		tmem_status expected = flags > 3 ? TMEM_E_INVALIDARG : TMEM_E_UNEXPECTED;

		done = 12345;
		assert_status(tmem_read_physical2(target, 0, flags, buffer, 8, &done), expected);
		assert_int_equal(done, 0);
		done = 12345;
		assert_status(tmem_write_physical2(target, 0, flags, buffer, 8, &done), expected);
		assert_int_equal(done, 0);
	}
	done = 12345;
	assert_status(tmem_write_physical(target, 0, buffer, 8, &done), TMEM_E_UNEXPECTED);
	assert_int_equal(done, 0);
	assert_status(tmem_fill_physical(target, 0, 100, buffer, 8, &filled), TMEM_E_UNEXPECTED);
	assert_int_equal(filled, 0);
	filled = 12345;
	assert_status(tmem_fill_physical(target, 0, 100, buffer, 0, &filled), TMEM_E_INVALIDARG);
	assert_int_equal(filled, 0);
}

static void user_batches(struct fixture *fixture)
{
	uint8_t buffer[8];
	struct tmem_transfer item = { .buffer = buffer, .size = 8, .done = 12345 };

	assert_status(tmem_read_physical_batch(fixture->target, &item, 1), TMEM_E_UNEXPECTED);
	assert_int_equal(item.done, 0);
	assert_status(item.status, TMEM_E_UNEXPECTED);
	item.done = 12345;
	assert_status(tmem_write_physical_batch(fixture->target, &item, 1), TMEM_E_UNEXPECTED);
	assert_int_equal(item.done, 0);
	item.flags = 8;
	assert_status(tmem_read_physical_batch(fixture->target, &item, 1), TMEM_E_INVALIDARG);
}

static void user_translation(struct fixture *fixture)
{
	uint64_t at = at_run(fixture, "plain", 0);
	uint64_t physical = 12345;
	struct tmem_translation all = { .size = sizeof(all) };
	size_t levels = 12345;

	assert_status(tmem_translate(fixture->target, TMEM_CURRENT_DIRECTORY_BASE, at, &all),
		      TMEM_E_UNEXPECTED);
	assert_status(tmem_virtual_to_physical_batch(fixture->target, &at, &physical, 1, &levels),
		      TMEM_E_UNEXPECTED);
	assert_int_equal(levels, 0);
	physical = levels = 12345;
	assert_status(tmem_virtual_to_physical(fixture->target, at, &physical), TMEM_E_UNEXPECTED);
	assert_int_equal(physical, 0);
	assert_status(tmem_get_virtual_translation_physical_offsets(fixture->target, at, &physical,
								    1, &levels),
		      TMEM_E_UNEXPECTED);
	assert_int_equal(levels, 0);
	assert_status(
		tmem_get_virtual_translation_physical_offsets(fixture->target, at, NULL, 0, NULL),
		TMEM_E_UNEXPECTED);
}

static void user_runs(struct fixture *fixture)
{
	struct tmem_run run = { .size = sizeof(run) };
	tmem_run_cursor *cursor;

	assert_status(tmem_get_next_run(fixture->target, TMEM_DATA_SPACE_PHYSICAL, 0, &run),
		      TMEM_E_UNEXPECTED);
	assert_status(tmem_run_cursor_new(fixture->target, TMEM_DATA_SPACE_PHYSICAL, 0, &cursor),
		      TMEM_E_UNEXPECTED);
	assert_null(cursor);
}

/* True when the fixture knows the bytes of a stretch: tables of descriptions are not its own. */
static bool is_known(const struct fixture *fixture, size_t stretch)
{
	return stretch > 0 || fixture->layout.has_tables;
}

/* Each stretch, and the prefix of it that a read over its end gets. */
static void reads(struct fixture *fixture)
{
	const struct ram *ram = &fixture->layout.ram;
	uint8_t buffer[64];

	for (size_t i = 0; i < ram->count; i++) {
		const struct ram_stretch *stretch = &ram->stretches[i];
		uint64_t from = stretch->first + stretch->size - 10;
		size_t expected = ram_prefix(ram, from, sizeof(buffer));
		size_t done = 12345;

		if (is_known(fixture, i))
			expect_physical(fixture->target, stretch->first, stretch->bytes,
					stretch->size);
		memset(buffer, 0xee, sizeof(buffer));
		assert_status(tmem_read_physical2(fixture->target, from, TMEM_PHYSICAL_DEFAULT,
						  buffer, sizeof(buffer), &done),
			      TMEM_S_OK);
		assert_int_equal(done, expected);
		for (size_t k = 0; k < done && is_known(fixture, i); k++)
			assert_int_equal(buffer[k], *ram_at(ram, from + k));
		for (size_t k = done; k < sizeof(buffer); k++)
			assert_int_equal(buffer[k], 0xee);
	}
}

static void outside_of_memory(struct fixture *fixture)
{
	const uint64_t places[] = { fixture->layout.hole, fixture->layout.hole + 0x2345, 1ull << 52,
				    UINT64_MAX - 3 };
	tmem_target *target = fixture->target;
	struct tmem_error_detail detail = { .size = sizeof(detail) };
	uint8_t buffer[8];
	uint64_t filled;
	size_t done;

	for (size_t i = 0; i < COUNT(places); i++) {
		memset(buffer, 0xee, sizeof(buffer));
		done = 12345;
		assert_status(tmem_read_physical(target, places[i], buffer, 8, &done),
			      TMEM_E_READ_FAULT);
		assert_int_equal(done, 0);
		assert_int_equal(buffer[0], 0xee);
		assert_status(tmem_last_error_detail(target, &detail), TMEM_S_OK);
		assert_int_not_equal(detail.reason, TMEM_REASON_NONE);
		assert_true(strlen(tmem_last_error(target)) > 0);
		done = 12345;
		assert_status(tmem_write_physical(target, places[i], buffer, 8, &done),
			      TMEM_E_WRITE_FAULT);
		assert_int_equal(done, 0);
		filled = 12345;
		assert_status(tmem_fill_physical(target, places[i], 8, "x", 1, &filled),
			      TMEM_E_WRITE_FAULT);
		assert_int_equal(filled, 0);
		done = 12345;
		assert_status(tmem_read_physical(target, places[i], buffer, 0, &done), TMEM_S_OK);
		assert_int_equal(done, 0);
		assert_status(tmem_read_physical(target, places[i], buffer, 8, NULL),
			      TMEM_E_READ_FAULT);
	}
}

/* A value, not a set of bits; no target here has access by cache type. */
static void cache_types(struct fixture *fixture)
{
	uint64_t spare = fixture->layout.spare;
	uint8_t buffer[8] = "12345678";
	size_t done;

	for (uint32_t flags = 1; flags < 6; flags++) {
		tmem_status expected = flags > 3 ? TMEM_E_INVALIDARG : TMEM_E_NOTIMPL;

		done = 12345;
		assert_status(tmem_read_physical2(fixture->target, spare, flags, buffer, 8, &done),
			      expected);
		assert_int_equal(done, 0);
		done = 12345;
		assert_status(tmem_write_physical2(fixture->target, spare, flags, buffer, 8, &done),
			      expected);
		assert_int_equal(done, 0);
	}
	expect_physical(fixture->target, spare, "\0\0\0\0\0\0\0\0", 8);
}

/* One event of its own kind for each call that changed a byte. */
static void writes(struct fixture *fixture)
{
	const struct ram *ram = &fixture->layout.ram;
	const struct ram_stretch *last = &ram->stretches[ram->count - 1];
	uint64_t spare = fixture->layout.spare;
	uint64_t filled = 0;
	struct events events, other;
	tmem_target *twin;
	size_t done = 0;

	assert_status(tmem_target_dup(fixture->target, &twin), TMEM_S_OK);
	listen_to(fixture->target, &events);
	listen_to(twin, &other);
	assert_status(tmem_write_physical(twin, spare + 0xffd, "across", 6, &done), TMEM_S_OK);
	assert_int_equal(done, 6);
	expect_event(&events, TMEM_DATA_SPACE_PHYSICAL);
	expect_event(&other, TMEM_DATA_SPACE_PHYSICAL);
	expect_physical(fixture->target, spare + 0xffc, "\0across", 8);
	/* Cut at the end of memory. */
	assert_status(tmem_write_physical2(fixture->target, last->first + last->size - 3, 0,
					   "123456", 6, &done),
		      TMEM_S_OK);
	assert_int_equal(done, 3);
	expect_event(&events, TMEM_DATA_SPACE_PHYSICAL);
	expect_physical(twin, last->first + last->size - 3, "123", 3);
	assert_status(tmem_fill_physical(fixture->target, spare + 2, 5, "abc", 3, &filled),
		      TMEM_S_OK);
	assert_int_equal(filled, 5);
	expect_event(&events, TMEM_DATA_SPACE_PHYSICAL);
	expect_physical(twin, spare, "\0\0abcab\0", 8);
	assert_status(
		tmem_fill_physical(twin, last->first + last->size - 5, 1u << 20, "xy", 2, &filled),
		TMEM_S_OK);
	assert_int_equal(filled, 5);
	expect_event(&events, TMEM_DATA_SPACE_PHYSICAL);
	expect_physical(twin, last->first + last->size - 5, "xyxyx", 5);
	assert_status(tmem_fill_physical(twin, spare, 5, "xy", 0, &filled), TMEM_E_INVALIDARG);
	assert_status(tmem_write_physical(twin, fixture->layout.hole, "xy", 2, NULL),
		      TMEM_E_WRITE_FAULT);
	assert_status(tmem_write_physical(twin, spare, "xy", 0, NULL), TMEM_S_OK);
	assert_int_equal(events.count, 0);
	tmem_close(twin);
}

static void interrupted_fill(struct fixture *fixture)
{
	uint64_t filled = 12345;

	assert_status(tmem_set_interrupt(fixture->target), TMEM_S_OK);
	assert_status(
		tmem_fill_physical(fixture->target, fixture->layout.spare, 100, "x", 1, &filled),
		TMEM_E_CONTROL_C_EXIT);
	assert_int_equal(filled, 0);
	expect_physical(fixture->target, fixture->layout.spare, "\0\0\0\0", 4);
}

#define ITEMS 150

/* Any size, order and overlap; each as the single call. */
static void read_batch(struct fixture *fixture)
{
	const struct ram *ram = &fixture->layout.ram;
	struct tmem_transfer items[ITEMS] = { 0 };
	static uint8_t buffers[ITEMS][300];
	uint64_t state = 17;

	memset(buffers, 0xee, sizeof(buffers));
	for (size_t i = 0; i < ITEMS; i++) {
		const struct ram_stretch *stretch =
			&ram->stretches[1 + model_random(&state) % (ram->count - 1)];

		items[i].offset = stretch->first + model_random(&state) % stretch->size;
		if (i % 10 == 9)
			items[i].offset = fixture->layout.hole + i;
		items[i].buffer = buffers[i];
		items[i].size = model_random(&state) % 300;
		items[i].flags = i % 3 ? 0 : TMEM_TRANSFER_UNCACHED;
	}
	assert_status(tmem_read_physical_batch(fixture->target, items, ITEMS), TMEM_S_FALSE);
	for (size_t i = 0; i < ITEMS; i++) {
		size_t expected = ram_prefix(ram, items[i].offset, items[i].size);

		assert_int_equal(items[i].done, expected);
		assert_status(items[i].status,
			      expected || !items[i].size ? TMEM_S_OK : TMEM_E_READ_FAULT);
		for (size_t k = 0; k < expected; k++)
			assert_int_equal(buffers[i][k], *ram_at(ram, items[i].offset + k));
		assert_int_equal(buffers[i][expected], 0xee);
	}
	items[0].flags = 8;
	assert_status(tmem_read_physical_batch(fixture->target, items, 1), TMEM_E_INVALIDARG);
	assert_status(tmem_read_physical_batch(fixture->target, NULL, 1), TMEM_E_INVALIDARG);
	assert_status(tmem_read_physical_batch(fixture->target, items, 0), TMEM_S_OK);
}

static void write_batch(struct fixture *fixture)
{
	uint64_t spare = fixture->layout.spare;
	char first[] = "AAAAAAAA", second[] = "BBBB";
	struct tmem_transfer items[3] = {
		{ .offset = spare, .buffer = first, .size = 8 },
		{ .offset = spare + 2, .buffer = second, .size = 4 },
		{ .offset = fixture->layout.hole, .buffer = second, .size = 4 },
	};
	struct events events;

	listen_to(fixture->target, &events);
	assert_status(tmem_write_physical_batch(fixture->target, items, 3), TMEM_S_FALSE);
	expect_event(&events, TMEM_DATA_SPACE_PHYSICAL);
	assert_int_equal(items[0].done, 8);
	assert_int_equal(items[2].done, 0);
	assert_status(items[2].status, TMEM_E_WRITE_FAULT);
	expect_physical(fixture->target, spare, "AABBBBAA", 8);
	assert_status(tmem_write_physical_batch(fixture->target, items, 2), TMEM_S_OK);
	assert_status(tmem_write_physical_batch(fixture->target, items + 2, 1), TMEM_S_FALSE);
}

/* What a cursor shows is where memory is: no more and no less. */
static void runs(struct fixture *fixture)
{
	const struct ram *ram = &fixture->layout.ram;
	struct tmem_run run = { .size = sizeof(run) };
	tmem_run_cursor *cursor = NULL;
	uint64_t bytes = 0, end = 0;

	assert_status(tmem_run_cursor_new(fixture->target, TMEM_DATA_SPACE_PHYSICAL, 0, &cursor),
		      TMEM_S_OK);
	while (tmem_run_cursor_next(cursor, &run) == TMEM_S_OK) {
		assert_true(run.base >= end);
		end = run.base + run.length;
		bytes += run.length;
		assert_int_equal(run.state, TMEM_MEM_COMMIT);
		assert_int_equal(ram_prefix(ram, run.base, run.length), run.length);
		assert_status(tmem_get_next_run(fixture->target, TMEM_DATA_SPACE_PHYSICAL,
						run.base + run.length - 1, &run),
			      TMEM_S_OK);
		assert_int_equal(run.base + run.length, end);
	}
	tmem_run_cursor_free(cursor);
	for (size_t i = 0; i < ram->count; i++)
		bytes -= ram->stretches[i].size;
	assert_int_equal(bytes, 0);
	assert_status(tmem_get_next_run(fixture->target, TMEM_DATA_SPACE_PHYSICAL, end, &run),
		      TMEM_E_NO_MORE_ENTRIES);
}

const struct check checks_physical[] = {
	{ "physical_user_transfers", user_transfers, TMEM_MODE_USER },
	{ "physical_user_batches", user_batches, TMEM_MODE_USER },
	{ "physical_user_translation", user_translation, TMEM_MODE_USER },
	{ "physical_user_runs", user_runs, TMEM_MODE_USER },
	{ "physical_reads", reads, TMEM_MODE_KERNEL },
	{ "physical_outside_of_memory", outside_of_memory, TMEM_MODE_KERNEL },
	{ "physical_cache_types", cache_types, TMEM_MODE_KERNEL },
	{ "physical_writes", writes, TMEM_MODE_KERNEL },
	{ "physical_interrupted_fill", interrupted_fill, TMEM_MODE_KERNEL },
	{ "physical_read_batch", read_batch, TMEM_MODE_KERNEL },
	{ "physical_write_batch", write_batch, TMEM_MODE_KERNEL },
	{ "physical_runs", runs, TMEM_MODE_KERNEL },
	{ 0 },
};
