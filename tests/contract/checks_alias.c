/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checks_alias.c - one frame, many addresses: what is written through one is there in all others
 * at once, and a table that is written translates anew at once.
 */
#include "contract/contract.h"

/* Small reads go by a short way when the page was read before. */
static void warm_up(tmem_target *target, uint64_t offset)
{
	uint64_t value;

	for (unsigned i = 0; i < 4; i++)
		assert_status(tmem_read_virtual(target, offset + 8 * i, &value, 8, NULL),
			      TMEM_S_OK);
}

static void virtual_to_virtual(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	uint64_t one, other;
	struct events events;

	one = at_run(fixture, "haystack", MODEL_PAGE + 8);
	other = at_run(fixture, "alias", 8);
	assert_int_equal(physical_of(fixture, one), physical_of(fixture, other));
	warm_up(target, one);
	warm_up(target, other);
	listen_to(target, &events);
	assert_status(tmem_write_virtual(target, one, "by the one", 10, NULL), TMEM_S_OK);
	expect_event(&events, TMEM_DATA_SPACE_VIRTUAL);
	expect_bytes(target, other, "by the one", 10);
	expect_physical(target, physical_of(fixture, one), "by the one", 10);
	warm_up(target, one);
	assert_status(tmem_write_virtual_uncached(target, other, "the OTHER", 9, NULL), TMEM_S_OK);
	expect_bytes(target, one, "the OTHERe", 10);
	assert_status(tmem_fill_virtual(target, other, 4, "xy", 2, NULL), TMEM_S_OK);
	expect_bytes(target, one, "xyxyOTHERe", 10);
	model_write(&fixture->model, to_model(fixture, one), "xyxyOTHERe", 10);
	expect_model(target, &fixture->model);
}

static void physical_to_virtual(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	uint64_t one, other, physical, match = 0;

	one = at_run(fixture, "haystack", MODEL_PAGE + 16);
	other = at_run(fixture, "alias", 16);
	physical = physical_of(fixture, one);
	for (unsigned i = 0; i < 3; i++) {
		char text[] = "frame 0";

		text[6] = (char)('0' + i);
		warm_up(target, one);
		warm_up(target, other);
		if (i == 0)
			assert_status(tmem_write_physical(target, physical, text, 7, NULL),
				      TMEM_S_OK);
		else
			assert_status(tmem_fill_physical(target, physical, 7, text, 7, NULL),
				      TMEM_S_OK);
		expect_bytes(target, one, text, 7);
		expect_bytes(target, other, text, 7);
		assert_status(tmem_search_virtual(target, other - 16, 100, text, 7, 1, &match),
			      TMEM_S_OK);
		assert_int_equal(match, other);
	}
}

/* The upper half belongs to every set of tables. */
static void other_handle(struct fixture *fixture)
{
	tmem_target *other;
	uint64_t at;

	at = at_run(fixture, "top", 0x40);
	assert_status(tmem_target_dup(fixture->target, &other), TMEM_S_OK);
	select_second(fixture, other);
	warm_up(other, at);
	warm_up(fixture->target, at);
	assert_status(tmem_write_virtual(fixture->target, at, "to all", 6, NULL), TMEM_S_OK);
	expect_bytes(other, at, "to all", 6);
	assert_status(tmem_write_virtual(other, at, "to ALL", 6, NULL), TMEM_S_OK);
	expect_bytes(fixture->target, at, "to ALL", 6);
	model_write(&fixture->model, to_model(fixture, at), "to ALL", 6);
	expect_model(fixture->target, &fixture->model);
	expect_model(other, &fixture->second);
	tmem_close(other);
}

/* Where the last entry of a translation stands, and what it is. */
static uint64_t entry_of(struct fixture *fixture, uint64_t offset, uint8_t *entry)
{
	uint64_t offsets[RAM_MOST_STEPS + 2];
	size_t levels = 0;

	assert_status(tmem_get_virtual_translation_physical_offsets(
			      fixture->target, offset, offsets, COUNT(offsets), &levels),
		      TMEM_S_OK);
	assert_status(tmem_read_physical(fixture->target, offsets[levels - 2], entry,
					 fixture->layout.ram.shape->width, NULL),
		      TMEM_S_OK);
	return offsets[levels - 2];
}

/* The same entry for another frame. */
static void set_frame(const struct fixture *fixture, uint8_t *entry, uint64_t frame)
{
	const struct ram_shape *shape = fixture->layout.ram.shape;
	uint64_t value = 0;

	for (unsigned i = shape->width; i-- > 0;)
		value = value << 8 | entry[i];
	value = (value & ~shape->frame_mask) | frame | fixture->type->kernel->encryption;
	for (unsigned i = 0; i < shape->width; i++)
		entry[i] = (uint8_t)(value >> 8 * i);
}

/* Every method sees the page that the table says now. */
static void expect_page(struct fixture *fixture, tmem_target *target, uint64_t offset,
			const char *text)
{
	size_t size = strlen(text);
	uint8_t buffer[64];
	struct tmem_transfer item = { .offset = offset, .buffer = buffer, .size = size };
	uint64_t match = 0;

	expect_bytes(target, offset, text, size);
	assert_status(tmem_read_virtual_uncached(target, offset, buffer, size, NULL), TMEM_S_OK);
	assert_memory_equal(buffer, text, size);
	assert_status(tmem_read_virtual_batch(target, &item, 1), TMEM_S_OK);
	assert_memory_equal(buffer, text, size);
	assert_status(tmem_search_virtual(target, offset, 0x100, text, size, 1, &match), TMEM_S_OK);
	assert_int_equal(match, offset);
}

/* A table is memory: whoever writes it changes what addresses mean, now. */
static void table_entry(struct fixture *fixture)
{
	unsigned width = fixture->layout.ram.shape->width;
	uint64_t at = at_run(fixture, "plain", 0);
	uint64_t physical = 0, place;
	uint8_t before[8], entry[8];
	tmem_target *twin;

	assert_status(tmem_target_dup(fixture->target, &twin), TMEM_S_OK);
	assert_status(tmem_write_physical(fixture->target, fixture->layout.spare,
					  "another frame for this page", 27, NULL),
		      TMEM_S_OK);
	place = entry_of(fixture, at, before);
	for (unsigned i = 0; i < 2; i++) {
		/* The last one that was warm is the first to read. */
		warm_up(twin, at);
		warm_up(fixture->target, at);
		memcpy(entry, before, sizeof(entry));
		set_frame(fixture, entry, fixture->layout.spare);
		assert_status(tmem_write_physical(twin, place, entry, width, NULL), TMEM_S_OK);
		expect_page(fixture, fixture->target, at, "another frame for this page");
		expect_page(fixture, twin, at, "another frame for this page");
		assert_status(tmem_virtual_to_physical(twin, at, &physical), TMEM_S_OK);
		assert_int_equal(physical, fixture->layout.spare);
		/* What is written goes there, too. */
		assert_status(tmem_write_virtual(fixture->target, at, "ANOTHER", 7, NULL),
			      TMEM_S_OK);
		expect_physical(twin, fixture->layout.spare, "ANOTHER", 7);
		assert_status(tmem_write_virtual(fixture->target, at, "another", 7, NULL),
			      TMEM_S_OK);
		assert_status(tmem_write_physical(twin, place, before, width, NULL), TMEM_S_OK);
		expect_model(fixture->target, &fixture->model);
		expect_model(twin, &fixture->model);
	}
	tmem_close(twin);
}

static void table_entry_gone(struct fixture *fixture)
{
	uint64_t at = at_run(fixture, "plain", 0);
	const uint8_t zeros[8] = { 0 };
	uint64_t place, first = 0, size = 0;
	uint8_t before[8], byte;
	unsigned width;

	width = fixture->layout.ram.shape->width;
	place = entry_of(fixture, at, before);
	warm_up(fixture->target, at);
	assert_status(tmem_write_physical(fixture->target, place, zeros, width, NULL), TMEM_S_OK);
	assert_status(tmem_read_virtual(fixture->target, at, &byte, 1, NULL), TMEM_E_READ_FAULT);
	assert_status(tmem_write_virtual(fixture->target, at, "x", 1, NULL), TMEM_E_WRITE_FAULT);
	assert_status(tmem_virtual_to_physical(fixture->target, at, &first), TMEM_E_NO_PAGEFILE);
	assert_status(
		tmem_get_valid_region_virtual(fixture->target, at, 2 * MODEL_PAGE, &first, &size),
		TMEM_S_OK);
	assert_int_equal(first, at + MODEL_PAGE);
	expect_bytes(fixture->target, at + MODEL_PAGE, run_bytes(fixture, "plain") + MODEL_PAGE, 8);
	assert_status(tmem_write_physical(fixture->target, place, before, width, NULL), TMEM_S_OK);
	expect_model(fixture->target, &fixture->model);
}

/* A table that leads elsewhere for a while, to a frame that nobody wrote. */
static void discard_restores_tables(struct fixture *fixture)
{
	uint64_t at = at_run(fixture, "plain", 0);
	uint64_t other = at_run(fixture, "numbers", 0);
	struct tmem_view view;
	uint8_t entry[8];
	uint64_t place;
	bool viewed;

	if (!fixture->type->overlay)
		return;
	place = entry_of(fixture, at, entry);
	set_frame(fixture, entry, physical_of(fixture, other));
	warm_up(fixture->target, at);
	assert_status(tmem_write_physical(fixture->target, place, entry,
					  fixture->layout.ram.shape->width, NULL),
		      TMEM_S_OK);
	expect_bytes(fixture->target, at, run_bytes(fixture, "numbers"), 8);
	viewed = tmem_view_virtual(fixture->target, at, 16, &view) == TMEM_S_OK;
	warm_up(fixture->target, at);
	assert_status(tmem_overlay_discard(fixture->target), TMEM_S_OK);
	expect_bytes(fixture->target, at, run_bytes(fixture, "plain"), 8);
	if (viewed)
		assert_status(tmem_view_is_current(fixture->target, &view), TMEM_S_FALSE);
	expect_model(fixture->target, &fixture->model);
}

/* The file never changed: without the overlay everything is as it was, translations too. */
static void discard_restores(struct fixture *fixture)
{
	uint64_t at = at_run(fixture, "plain", 0);
	uint64_t place;
	uint8_t entry[8];

	if (!fixture->type->overlay)
		return;
	place = entry_of(fixture, at, entry);
	set_frame(fixture, entry, fixture->layout.spare);
	assert_status(
		tmem_write_physical(fixture->target, fixture->layout.spare, "elsewhere", 9, NULL),
		TMEM_S_OK);
	assert_status(
		tmem_write_virtual(fixture->target, at_run(fixture, "alias", 0), "alias", 5, NULL),
		TMEM_S_OK);
	assert_status(tmem_write_physical(fixture->target, place, entry,
					  fixture->layout.ram.shape->width, NULL),
		      TMEM_S_OK);
	warm_up(fixture->target, at);
	expect_bytes(fixture->target, at, "elsewhere", 9);
	assert_status(tmem_overlay_discard(fixture->target), TMEM_S_OK);
	expect_model(fixture->target, &fixture->model);
	expect_physical(fixture->target, fixture->layout.spare, "\0\0\0\0\0\0\0\0\0", 9);
}

/* A view shows the old page, and says that it is old. */
static void views_end(struct fixture *fixture)
{
	uint64_t at = at_run(fixture, "plain", 0);
	struct tmem_view view;
	uint8_t entry[8];
	uint64_t place;

	if (tmem_view_virtual(fixture->target, at, 16, &view) != TMEM_S_OK)
		return;
	assert_status(tmem_view_is_current(fixture->target, &view), TMEM_S_OK);
	place = entry_of(fixture, at, entry);
	set_frame(fixture, entry, fixture->layout.spare);
	assert_status(tmem_write_physical(fixture->target, place, entry,
					  fixture->layout.ram.shape->width, NULL),
		      TMEM_S_OK);
	assert_status(tmem_view_is_current(fixture->target, &view), TMEM_S_FALSE);
	if (tmem_view_virtual(fixture->target, at, 16, &view) == TMEM_S_OK)
		assert_int_equal(*(const uint8_t *)view.data, 0);
}

const struct check checks_alias[] = {
	{ "alias_virtual_to_virtual", virtual_to_virtual, TMEM_MODE_KERNEL },
	{ "alias_physical_to_virtual", physical_to_virtual, TMEM_MODE_KERNEL },
	{ "alias_other_handle", other_handle, TMEM_MODE_KERNEL },
	{ "alias_table_entry", table_entry, TMEM_MODE_KERNEL },
	{ "alias_table_entry_gone", table_entry_gone, TMEM_MODE_KERNEL },
	{ "alias_discard_restores", discard_restores, TMEM_MODE_KERNEL },
	{ "alias_discard_restores_tables", discard_restores_tables, TMEM_MODE_KERNEL },
	{ "alias_views_end", views_end, TMEM_MODE_KERNEL },
	{ 0 },
};
