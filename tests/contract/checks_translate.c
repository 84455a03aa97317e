/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checks_translate.c - from virtual to physical addresses, against the layout and against a plain
 * walk that reads the tables as physical memory.
 */
#include "contract/contract.h"

#define MOST_OFFSETS (RAM_MOST_STEPS + 2)

/* The root that serves an address. */
static uint64_t root_of(const struct fixture *fixture, uint64_t address)
{
	const struct layout *layout = &fixture->layout;

	return layout->kernel_root && address >= layout->kernel_half ? layout->kernel_root
								     : layout->root;
}

static bool read_entry(struct fixture *fixture, uint64_t address, uint64_t *entry)
{
	uint8_t bytes[8] = { 0 };
	unsigned width = fixture->layout.ram.shape->width;
	size_t done = 0;

	*entry = 0;
	tmem_read_physical(fixture->target, address, bytes, width, &done);
	for (unsigned i = width; i-- > 0;)
		*entry = *entry << 8 | bytes[i];
	return done == width;
}

/* A page instead of a table: bit 7 of x86, no bit 1 on AArch64. */
static bool is_page(const struct ram_shape *shape, unsigned level, uint64_t entry)
{
	if (level + 1 == shape->levels)
		return true;
	if (shape->pair)
		return !(entry & 2);
	return entry & 0x80;
}

/* Base, entries and, when there is a page, its address; returns how many. */
static size_t plain_walk(struct fixture *fixture, uint64_t address, uint64_t *offsets)
{
	const struct ram_shape *shape = fixture->layout.ram.shape;
	uint64_t table = root_of(fixture, address);
	size_t count = 0;

	offsets[count++] = table;
	for (unsigned level = 0; level < shape->levels; level++) {
		uint64_t index = address >> shape->shift[level] & ((1u << shape->bits[level]) - 1);
		uint64_t mask = (1ull << shape->shift[level]) - 1;
		uint64_t entry;

		offsets[count++] = table + index * shape->width;
		if (!read_entry(fixture, table + index * shape->width, &entry) || !(entry & 1))
			return count;
		table = entry & shape->frame_mask & ~fixture->type->kernel->encryption;
		if (is_page(shape, level, entry)) {
			offsets[count++] = (table & ~mask) | (address & mask);
			return count;
		}
	}
	return count;
}

static size_t levels_of(const struct fixture *fixture, const struct ram_page *page)
{
	return fixture->layout.ram.shape->levels + (page->size > RAM_PAGE ? 1 : 2);
}

/* First, last and some address of each page. */
static void every_page(struct fixture *fixture)
{
	const struct layout *layout = &fixture->layout;

	for (size_t i = 0; i < layout->count; i++) {
		const struct ram_page *page = &layout->pages[i];
		const uint64_t at[] = { 0, page->size - 1, page->size / 2 + 0x123 };

		for (size_t k = 0; k < COUNT(at); k++) {
			uint64_t physical = 12345;

			assert_status(tmem_virtual_to_physical(
					      fixture->target,
					      model_api(&fixture->model, page->virtual_ + at[k]),
					      &physical),
				      TMEM_S_OK);
			assert_int_equal(physical, page->physical + at[k]);
		}
	}
}

/* Addresses without a page, each for a reason of its own; returns how many. */
static size_t no_pages(const struct fixture *fixture, uint64_t *places)
{
	uint64_t base = fixture->model.base;
	size_t count = 0;

	places[count++] = hole(fixture);
	places[count++] = model_api(&fixture->model, base + LAYOUT_SWAPPED + 0x123);
	places[count++] = model_api(&fixture->model, base + LAYOUT_NO_TABLE + 0x123);
	places[count++] = 0;
	return count;
}

/* One that cannot be an address; false for AArch64, which ignores the bits above. */
static bool impossible(const struct fixture *fixture, uint64_t *address)
{
	const struct ram_shape *shape = fixture->layout.ram.shape;

	*address = shape->pointer_size == 4 ? 0x123400001000u
					    : 2ull << (shape->shift[0] + shape->bits[0]);
	return !shape->pair;
}

static void no_page(struct fixture *fixture)
{
	uint64_t places[8];
	size_t count = no_pages(fixture, places);
	bool more = impossible(fixture, &places[count]);
	struct tmem_error_detail detail = { .size = sizeof(detail) };
	uint64_t physical;

	for (size_t i = 0; i < count + more; i++) {
		physical = 12345;
		assert_status(tmem_virtual_to_physical(fixture->target, places[i], &physical),
			      TMEM_E_NO_PAGEFILE);
		assert_int_equal(physical, 0);
		assert_status(tmem_last_error_detail(fixture->target, &detail), TMEM_S_OK);
		assert_status(detail.status, TMEM_E_NO_PAGEFILE);
		assert_int_not_equal(detail.reason, TMEM_REASON_NONE);
		assert_true(strlen(tmem_last_error(fixture->target)) > 0);
	}
}

/* Base, entries, address: as many as there are, stored as far as there is room. */
static void offsets(struct fixture *fixture)
{
	const struct layout *layout = &fixture->layout;
	uint64_t expected[MOST_OFFSETS], got[MOST_OFFSETS + 1];

	for (size_t i = 0; i < layout->count; i++) {
		const struct ram_page *page = &layout->pages[i];
		uint64_t address = page->virtual_ + 0x123;
		uint64_t api = model_api(&fixture->model, address);
		size_t count = plain_walk(fixture, address, expected);
		size_t levels = 12345;

		if (page->kind != RAM_KIND_PAGE) {
			/* The plain walk does not know what Linux does with such an entry. */
			expected[count++] = page->physical + 0x123;
		}
		assert_int_equal(count, levels_of(fixture, page));
		assert_int_equal(expected[count - 1], page->physical + 0x123);
		memset(got, 0xee, sizeof(got));
		assert_status(tmem_get_virtual_translation_physical_offsets(
				      fixture->target, api, got, COUNT(got), &levels),
			      TMEM_S_OK);
		assert_int_equal(levels, count);
		assert_memory_equal(got, expected, count * sizeof(*got));
		memset(got, 0xee, sizeof(got));
		levels = 12345;
		assert_status(tmem_get_virtual_translation_physical_offsets(
				      fixture->target, api, got, count - 1, &levels),
			      TMEM_S_OK);
		assert_int_equal(levels, count);
		assert_memory_equal(got, expected, (count - 1) * sizeof(*got));
		assert_int_equal(got[count - 1], 0xeeeeeeeeeeeeeeeeu);
	}
}

static void offsets_optional(struct fixture *fixture)
{
	uint64_t at = at_run(fixture, "plain", 5);
	uint64_t got[MOST_OFFSETS];
	size_t levels = 12345;

	assert_status(tmem_get_virtual_translation_physical_offsets(fixture->target, at, NULL, 0,
								    &levels),
		      TMEM_S_OK);
	assert_int_equal(levels, fixture->layout.ram.shape->levels + 2);
	assert_status(
		tmem_get_virtual_translation_physical_offsets(fixture->target, at, NULL, 0, NULL),
		TMEM_S_OK);
	assert_status(tmem_get_virtual_translation_physical_offsets(fixture->target, at, got,
								    MOST_OFFSETS, NULL),
		      TMEM_S_OK);
	assert_int_equal(got[levels - 1], physical_of(fixture, at));
}

/* Up to and including the entry that is not present, or is outside of memory. */
static void offsets_partial(struct fixture *fixture)
{
	uint64_t places[8], expected[MOST_OFFSETS], got[MOST_OFFSETS];
	size_t count = no_pages(fixture, places);
	bool more = impossible(fixture, &places[count]);

	for (size_t i = 0; i < count + more; i++) {
		bool possible = i < count;
		size_t wanted = plain_walk(fixture, to_model(fixture, places[i]), expected);
		size_t levels = 12345;

		assert_status(tmem_get_virtual_translation_physical_offsets(
				      fixture->target, places[i], got, MOST_OFFSETS, &levels),
			      possible ? TMEM_S_FALSE : TMEM_E_NO_PAGEFILE);
		assert_int_equal(levels, possible ? wanted : 0);
		if (possible)
			assert_memory_equal(got, expected, wanted * sizeof(*got));
	}
}

static void translate(struct fixture *fixture, uint64_t api, tmem_status expected,
		      struct tmem_translation *translation)
{
	memset(translation, 0xee, sizeof(*translation));
	translation->size = sizeof(*translation);
	assert_status(
		tmem_translate(fixture->target, TMEM_CURRENT_DIRECTORY_BASE, api, translation),
		expected);
}

/* The entries as they stand in memory, each leading to the next. */
static void check_levels(struct fixture *fixture, uint64_t address,
			 const struct tmem_translation *translation)
{
	uint64_t expected[MOST_OFFSETS];
	size_t count = plain_walk(fixture, address, expected);

	assert_int_equal(translation->directory_base, expected[0]);
	assert_true(translation->level_count + 1 == count || translation->level_count + 2 == count);
	for (uint32_t i = 0; i < translation->level_count; i++) {
		const struct tmem_translation_level *level = &translation->levels[i];
		uint64_t entry;

		assert_int_equal(level->address, expected[i + 1]);
		assert_true(level->name[0] && memchr(level->name, 0, sizeof(level->name)));
		if (read_entry(fixture, level->address, &entry)) {
			assert_int_equal(level->entry, entry);
			assert_int_equal(level->entry_size, fixture->layout.ram.shape->width);
			assert_int_equal(!!(level->flags & TMEM_ENTRY_PRESENT), entry & 1);
		} else {
			assert_int_equal(level->entry, 0);
			assert_int_equal(level->entry_size, 0);
		}
		if (i + 1 < translation->level_count)
			assert_int_equal(level->frame, translation->levels[i + 1].address &
							       ~(uint64_t)(RAM_PAGE - 1));
	}
}

static uint32_t expected_protect(const struct fixture *fixture, const struct ram_page *page)
{
	if (page->kind == RAM_KIND_NONE)
		return TMEM_TRANSLATION_NO_ACCESS;
	return (page->writable ? TMEM_TRANSLATION_WRITE : 0) |
	       (page->user ? TMEM_TRANSLATION_USER : 0) |
	       (fixture->layout.ram.shape->no_execute ? 0 : TMEM_TRANSLATION_EXECUTE);
}

static void in_full(struct fixture *fixture)
{
	const struct layout *layout = &fixture->layout;
	struct tmem_translation translation;

	for (size_t i = 0; i < layout->count; i++) {
		const struct ram_page *page = &layout->pages[i];
		const struct tmem_translation_level *last;
		uint32_t compared = TMEM_TRANSLATION_NO_ACCESS;

		translate(fixture, model_api(&fixture->model, page->virtual_ + 0x123), TMEM_S_OK,
			  &translation);
		assert_int_equal(translation.physical, page->physical + 0x123);
		assert_int_equal(translation.page_first,
				 model_api(&fixture->model, page->virtual_));
		assert_int_equal(translation.page_last,
				 model_api(&fixture->model, page->virtual_ + page->size - 1));
		assert_int_equal(translation.reason, TMEM_REASON_NONE);
		assert_string_equal(translation.scheme, layout->ram.shape->synth);
		check_levels(fixture, page->virtual_ + 0x123, &translation);
		last = &translation.levels[translation.level_count - 1];
		assert_int_equal(last->frame, page->physical);
		assert_int_equal(!!(last->flags & TMEM_ENTRY_LARGE), page->size > RAM_PAGE);
		assert_int_equal(!!(last->flags & TMEM_ENTRY_NO_ACCESS),
				 page->kind == RAM_KIND_NONE);
		if (page->kind == RAM_KIND_PAGE)
			compared |= TMEM_TRANSLATION_WRITE | TMEM_TRANSLATION_USER |
				    TMEM_TRANSLATION_EXECUTE;
		assert_int_equal(translation.protect & compared, expected_protect(fixture, page));
	}
}

/* A gap around the address, in which there is no page; and the reason. */
static void in_full_without_page(struct fixture *fixture)
{
	const struct layout *layout = &fixture->layout;
	struct tmem_translation translation;
	uint64_t places[8];
	size_t count = no_pages(fixture, places);

	for (size_t i = 0; i < count; i++) {
		uint64_t address = to_model(fixture, places[i]);
		uint64_t first, last;

		translate(fixture, places[i], TMEM_S_FALSE, &translation);
		assert_int_equal(translation.physical, 0);
		assert_int_equal(translation.protect, 0);
		assert_int_not_equal(translation.reason, TMEM_REASON_NONE);
		assert_true(translation.level_count > 0);
		check_levels(fixture, address, &translation);
		first = to_model(fixture, translation.page_first);
		last = to_model(fixture, translation.page_last);
		assert_true(first <= address && address <= last);
		for (size_t k = 0; k < layout->count; k++)
			assert_true(layout->pages[k].virtual_ > last ||
				    layout->pages[k].virtual_ + layout->pages[k].size - 1 < first);
	}
	translate(fixture, places[1], TMEM_S_FALSE, &translation);
	assert_int_equal(translation.reason, TMEM_REASON_PAGED_OUT);
	assert_true(translation.levels[translation.level_count - 1].flags & TMEM_ENTRY_PAGED_OUT);
	translation.size = sizeof(translation);
	if (impossible(fixture, &places[count]))
		assert_status(tmem_translate(fixture->target, TMEM_CURRENT_DIRECTORY_BASE,
					     places[count], &translation),
			      TMEM_E_NO_PAGEFILE);
	translation.size = 16;
	assert_status(tmem_translate(fixture->target, TMEM_CURRENT_DIRECTORY_BASE, places[0],
				     &translation),
		      TMEM_E_INVALIDARG);
	assert_status(tmem_translate(fixture->target, 0, places[0], NULL), TMEM_E_INVALIDARG);
}

/* Another set of tables, without becoming anybody's. */
static void other_tables(struct fixture *fixture)
{
	const struct layout *layout = &fixture->layout;
	struct tmem_translation translation = { .size = sizeof(translation) };

	for (size_t i = 0; i < layout->second_count; i++) {
		const struct ram_page *page = &layout->second[i];

		assert_status(tmem_translate(fixture->target, layout->second_root,
					     model_api(&fixture->model, page->virtual_ + 8),
					     &translation),
			      TMEM_S_OK);
		assert_int_equal(translation.physical, page->physical + 8);
		assert_int_equal(translation.directory_base, layout->second_root);
	}
	expect_model(fixture->target, &fixture->model);
}

static void many_at_once(struct fixture *fixture)
{
	const struct layout *layout = &fixture->layout;
	uint64_t addresses[LAYOUT_PAGES + 8] = { 0 }, physical[LAYOUT_PAGES + 8];
	size_t bad = no_pages(fixture, addresses);
	size_t count = bad, translated = 12345;

	/* From the last to the first: the order is the caller's. */
	for (size_t i = layout->count; i-- > 0;)
		addresses[count++] =
			model_api(&fixture->model, layout->pages[i].virtual_ + 0x10 + i);
	assert_status(tmem_virtual_to_physical_batch(fixture->target, addresses, physical, count,
						     &translated),
		      TMEM_S_OK);
	assert_int_equal(translated, layout->count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(physical[i],
				 i < bad ? UINT64_MAX : physical_of(fixture, addresses[i]));
	assert_status(
		tmem_virtual_to_physical_batch(fixture->target, addresses, physical, count, NULL),
		TMEM_S_OK);
	assert_status(tmem_virtual_to_physical_batch(fixture->target, addresses, physical, bad,
						     &translated),
		      TMEM_E_NO_PAGEFILE);
	assert_int_equal(translated, 0);
	assert_int_equal(physical[0], UINT64_MAX);
	assert_status(tmem_virtual_to_physical_batch(fixture->target, addresses, physical, 0,
						     &translated),
		      TMEM_S_OK);
	assert_status(tmem_virtual_to_physical_batch(fixture->target, NULL, physical, 1, NULL),
		      TMEM_E_INVALIDARG);
	assert_status(tmem_virtual_to_physical_batch(fixture->target, addresses, NULL, 1, NULL),
		      TMEM_E_INVALIDARG);
}

const struct check checks_translate[] = {
	{ "translate_every_page", every_page, TMEM_MODE_KERNEL },
	{ "translate_no_page", no_page, TMEM_MODE_KERNEL },
	{ "translate_offsets", offsets, TMEM_MODE_KERNEL },
	{ "translate_offsets_optional", offsets_optional, TMEM_MODE_KERNEL },
	{ "translate_offsets_partial", offsets_partial, TMEM_MODE_KERNEL },
	{ "translate_in_full", in_full, TMEM_MODE_KERNEL },
	{ "translate_in_full_without_page", in_full_without_page, TMEM_MODE_KERNEL },
	{ "translate_other_tables", other_tables, TMEM_MODE_KERNEL },
	{ "translate_many_at_once", many_at_once, TMEM_MODE_KERNEL },
	{ 0 },
};
