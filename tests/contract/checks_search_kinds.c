/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checks_search_kinds.c - cursors that look for several patterns, or for integers in a range:
 * against a naive look at the model.
 */
#include "contract/contract.h"

#define UNTOUCHED 0x5555555555555555u
#define SPAN      0x100000u

/* The bytes of the model and where there are any, side by side. */
#define FLAT_BEFORE 0x8000u
#define FLAT_SIZE   (SPAN + 2 * FLAT_BEFORE)

static struct {
	uint64_t first;
	uint8_t bytes[FLAT_SIZE];
	bool valid[FLAT_SIZE];
} flat;

static void flatten(const struct model *model)
{
	flat.first = model->base - FLAT_BEFORE;
	memset(flat.valid, 0, FLAT_SIZE);
	for (size_t i = 0; i < model->count; i++) {
		const struct model_run *run = &model->runs[i];
		uint64_t at = run->first < flat.first ? flat.first : run->first;

		for (; at <= run->last && at - flat.first < FLAT_SIZE; at++) {
			flat.valid[at - flat.first] = true;
			flat.bytes[at - flat.first] = run->bytes[at - run->first];
			if (at == UINT64_MAX)
				break;
		}
	}
}

/* The bytes at an address when all of them are readable; else NULL. */
static const uint8_t *flat_at(uint64_t at, size_t size)
{
	for (size_t i = size; i > 0; i--)
		if (!flat.valid[at - flat.first + i - 1])
			return NULL;
	return flat.bytes + (at - flat.first);
}

static tmem_search_cursor *begin(struct fixture *fixture, struct tmem_search_request *request,
				 uint64_t first, uint64_t length)
{
	tmem_search_cursor *cursor;

	request->size = sizeof(*request);
	request->offset = model_api(&fixture->model, first);
	request->length = length;
	assert_status(tmem_search_cursor_new(fixture->target, request, &cursor), TMEM_S_OK);
	return cursor;
}

static void expect(struct fixture *fixture, tmem_search_cursor *cursor, uint64_t at,
		   uint64_t pattern, uint64_t value)
{
	struct tmem_search_match match = { .size = sizeof(match) };

	assert_status(tmem_search_cursor_next2(cursor, &match), TMEM_S_OK);
	assert_int_equal(match.offset, model_api(&fixture->model, at));
	assert_int_equal(match.pattern, pattern);
	assert_int_equal(match.value, value);
}

static void expect_end(tmem_search_cursor *cursor)
{
	struct tmem_search_match match = { .size = sizeof(match), .offset = UNTOUCHED };

	assert_status(tmem_search_cursor_next2(cursor, &match), TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(match.offset, UNTOUCHED);
	tmem_search_cursor_free(cursor);
}

/* Whether a pattern stands there, wholly on bytes that are readable and not behind @end. */
static bool stands(const struct tmem_search_pattern *pattern, uint64_t at, uint64_t end)
{
	const uint8_t *data = pattern->size <= end - at ? flat_at(at, pattern->size) : NULL;
	const uint8_t *bytes = pattern->bytes, *mask = pattern->mask;

	if (!data)
		return false;
	for (size_t i = 0; i < pattern->size; i++)
		if ((data[i] ^ bytes[i]) & (mask ? mask[i] : 0xff))
			return false;
	return true;
}

/* Every match in a range; returns how many there were. */
static unsigned compare_patterns(struct fixture *fixture,
				 const struct tmem_search_pattern *patterns, size_t count,
				 uint64_t first, uint64_t length, size_t granularity)
{
	struct tmem_search_request request = { .kind = TMEM_SEARCH_PATTERNS,
					       .patterns = patterns,
					       .pattern_count = count,
					       .pattern_granularity = granularity };
	tmem_search_cursor *cursor = begin(fixture, &request, first, length);
	unsigned hits = 0;

	for (uint64_t at = first; at - first < length; at += granularity) {
		for (size_t j = 0; flat_at(at, 1) && j < count; j++) {
			if (!stands(&patterns[j], at, first + length))
				continue;
			expect(fixture, cursor, at, j, 0);
			hits++;
		}
	}
	expect_end(cursor);
	return hits;
}

static const uint8_t first_letters[] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0xff };

/* Sixteen of different sizes, among them parts of each other and one that is nowhere. */
static const struct tmem_search_pattern sixteen[] = {
	{ NEEDLE, NULL, NEEDLE_SIZE },
	{ NEEDLE, NULL, 4 },
	{ "needle", NULL, 6 },
	{ "eedl", NULL, 4 },
	{ "contract", NULL, 8 },
	{ "cont...t", first_letters, 8 },
	{ "over the edge of a page", NULL, 23 },
	{ "edge", NULL, 4 },
	{ "zzzz", NULL, 4 },
	{ "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", NULL, 32 },
	{ "page\0", NULL, 5 },
	{ "gr\xc3\xbc\xc3\x9f", NULL, 6 },
	{ "not in this memory", NULL, 18 },
	{ "tmem-Contract", (const uint8_t *)"\xff\xff\xff\xff\xff\xdf\xff\xff\xff\xff\xff\xff\xff",
	  13 },
	{ "le", NULL, 2 },
	{ "\xe2\x82\xac", NULL, 3 },
};

static void patterns(struct fixture *fixture)
{
	uint64_t base = fixture->model.base;
	const struct model_run *text = model_run(&fixture->model, "text");
	size_t count = COUNT(sixteen);

	flatten(&fixture->model);
	assert_true(compare_patterns(fixture, sixteen, count, base, SPAN, 1) > 60);
	compare_patterns(fixture, sixteen, count, base - 0x7ffd, SPAN, 2);
	compare_patterns(fixture, sixteen, count, base + 3, SPAN, 5);
	/* The range ends inside of matches. */
	for (uint64_t cut = 0; cut < 40; cut++)
		compare_patterns(fixture, sixteen, count, text->first + TEXT_OPEN - 0x40,
				 0x60 - cut, 1);
}

/* What stands right before a hole, where the longer patterns have no room. */
static void before_a_hole(struct fixture *fixture)
{
	const struct model_run *plain = model_run(&fixture->model, "plain");
	const struct model_run *text = model_run(&fixture->model, "text");
	const struct tmem_search_pattern patterns[] = {
		{ "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", NULL, 33 },
		{ "zzz", NULL, 3 },
		{ "z", NULL, 1 },
		{ plain->bytes + model_run_size(plain) - 5, NULL, 5 },
	};

	flatten(&fixture->model);
	/* 30 times the second one and 32 times the third one; the first one is too long. */
	assert_true(compare_patterns(fixture, patterns, 4, text->first, model_run_size(text), 1) >=
		    62);
	compare_patterns(fixture, patterns, 4, fixture->model.base, SPAN, 1);
}

static void writable_only(struct fixture *fixture)
{
	uint64_t from = model_run(&fixture->model, "haystack")->last - 5;
	struct tmem_search_request request = { .kind = TMEM_SEARCH_PATTERNS,
					       .patterns = sixteen,
					       .pattern_count = 1,
					       .pattern_granularity = 1 };
	tmem_search_cursor *cursor = begin(fixture, &request, from, 0x40000);

	expect(fixture, cursor, to_model(fixture, at_run(fixture, "haystack2", 0x10)), 0, 0);
	tmem_search_cursor_free(cursor);
	request.flags = TMEM_VSEARCH_WRITABLE_ONLY;
	expect_end(begin(fixture, &request, from, 0x40000));
}

/* The integer as the target's processor would load it, with a sign or without. */
static uint64_t value_at(const struct model *model, uint64_t at, unsigned size, bool has_sign)
{
	const uint8_t *data = flat_at(at, size);
	uint64_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value = value << 8 | data[model->big_endian ? i : size - 1 - i];
	value <<= 64 - 8 * size;
	return has_sign ? (uint64_t)((int64_t)value >> (64 - 8 * size)) : value >> (64 - 8 * size);
}

static unsigned compare_integers(struct fixture *fixture, uint32_t kind, unsigned size,
				 uint64_t minimum, uint64_t maximum, uint64_t first,
				 size_t granularity)
{
	struct tmem_search_request request = { .kind = kind,
					       .integer_size = size,
					       .minimum = minimum,
					       .maximum = maximum,
					       .pattern_granularity = granularity };
	const struct model *model = &fixture->model;
	tmem_search_cursor *cursor = begin(fixture, &request, first, SPAN);
	bool has_sign = kind == TMEM_SEARCH_SIGNED_INTEGERS;
	unsigned hits = 0;

	for (uint64_t at = first; at - first + size <= SPAN && hits < 2000; at += granularity) {
		uint64_t value;

		if (!flat_at(at, size))
			continue;
		value = value_at(model, at, size, has_sign);
		if (has_sign
			    ? (int64_t)value < (int64_t)minimum || (int64_t)value > (int64_t)maximum
			    : value < minimum || value > maximum)
			continue;
		expect(fixture, cursor, at, 0, value);
		hits++;
	}
	if (hits < 2000)
		expect_end(cursor);
	else
		tmem_search_cursor_free(cursor);
	return hits;
}

/* Around values that are there, aligned and not. */
static void integers(struct fixture *fixture)
{
	const struct model *model = &fixture->model;
	uint64_t plain = model_run(model, "plain")->first;
	unsigned hits = 0;

	flatten(model);
	for (unsigned size = 1; size <= 8; size *= 2) {
		for (unsigned i = 0; i < 2; i++) {
			uint64_t at = plain + MODEL_PAGE - 16 + i * 24;
			uint64_t value = value_at(model, at, size, true);
			uint64_t bare = value_at(model, at, size, false);

			hits += compare_integers(fixture, TMEM_SEARCH_SIGNED_INTEGERS, size,
						 value - 1, value + 1, model->base, size);
			hits += compare_integers(fixture, TMEM_SEARCH_UNSIGNED_INTEGERS, size, bare,
						 bare, model->base + 1, 1);
		}
	}
	assert_true(hits >= 16);
	compare_integers(fixture, TMEM_SEARCH_SIGNED_INTEGERS, 2, (uint64_t)-0x2000, 0x2000,
			 model->base - 0x7fff, 3);
	compare_integers(fixture, TMEM_SEARCH_UNSIGNED_INTEGERS, model->pointer_size, model->base,
			 model->base + SPAN, model->base, model->pointer_size);
}

/* What was written is what is searched, also between two matches. */
static void written_bytes(struct fixture *fixture)
{
	uint64_t at = at_run(fixture, "plain", 2 * MODEL_PAGE - 4);
	uint64_t place = to_model(fixture, at);
	struct tmem_search_request request = { .kind = TMEM_SEARCH_UNSIGNED_INTEGERS,
					       .integer_size = 8,
					       .minimum = 0xfedcba9876543210,
					       .maximum = 0xfedcba9876543217,
					       .pattern_granularity = 4 };
	uint8_t bytes[24] = { 0 };
	tmem_search_cursor *cursor;

	model_put_integer(&fixture->model, bytes, 8, 0xfedcba9876543211);
	model_put_integer(&fixture->model, bytes + 8, 8, 0xfedcba9876543217);
	model_put_integer(&fixture->model, bytes + 16, 8, 0xfedcba9876543218);
	assert_status(tmem_write_virtual(fixture->target, at, bytes, 24, NULL), TMEM_S_OK);
	cursor = begin(fixture, &request, fixture->model.base, SPAN);
	expect(fixture, cursor, place, 0, 0xfedcba9876543211);
	assert_status(tmem_write_virtual(fixture->target, at + 16, bytes, 8, NULL), TMEM_S_OK);
	expect(fixture, cursor, place + 8, 0, 0xfedcba9876543217);
	expect(fixture, cursor, place + 16, 0, 0xfedcba9876543211);
	expect_end(cursor);
}

static void bad_requests(struct fixture *fixture)
{
	struct tmem_search_request request = { .size = sizeof(request),
					       .length = SPAN,
					       .kind = TMEM_SEARCH_PATTERNS,
					       .patterns = sixteen,
					       .pattern_granularity = 1 };
	tmem_search_cursor *cursor;

	assert_status(tmem_search_cursor_new(fixture->target, &request, &cursor),
		      TMEM_E_INVALIDARG);
	assert_null(cursor);
	request.kind = TMEM_SEARCH_UNSIGNED_INTEGERS;
	assert_status(tmem_search_cursor_new(fixture->target, &request, &cursor),
		      TMEM_E_INVALIDARG);
	request.integer_size = 4;
	request.minimum = 1;
	assert_status(tmem_search_cursor_new(fixture->target, &request, &cursor),
		      TMEM_E_INVALIDARG);
	request.kind = 99;
	assert_status(tmem_search_cursor_new(fixture->target, &request, &cursor),
		      TMEM_E_INVALIDARG);
	assert_null(cursor);
}

/* The same bytes in physical memory, where a frame's neighbours are others. */
static void physical(struct fixture *fixture)
{
	struct tmem_search_request request = { .size = sizeof(request),
					       .space = TMEM_DATA_SPACE_PHYSICAL,
					       .length = UINT64_MAX,
					       .kind = TMEM_SEARCH_PATTERNS,
					       .patterns = sixteen,
					       .pattern_count = 2,
					       .pattern_granularity = 1 };
	uint64_t place = physical_of(fixture, at_run(fixture, "haystack", 0x123));
	struct tmem_search_match match = { .size = sizeof(match) };
	tmem_search_cursor *cursor;
	bool found = false;

	assert_status(tmem_search_cursor_new(fixture->target, &request, &cursor), TMEM_S_OK);
	while (!found && tmem_search_cursor_next2(cursor, &match) == TMEM_S_OK)
		found = match.offset == place;
	assert_true(found);
	assert_int_equal(match.pattern, 0);
	assert_status(tmem_search_cursor_next2(cursor, &match), TMEM_S_OK);
	assert_int_equal(match.offset, place);
	assert_int_equal(match.pattern, 1);
	tmem_search_cursor_free(cursor);
}

const struct check checks_search_kinds[] = {
	{ "search_kinds_patterns", patterns },
	{ "search_kinds_before_a_hole", before_a_hole },
	{ "search_kinds_writable_only", writable_only },
	{ "search_kinds_integers", integers },
	{ "search_kinds_written_bytes", written_bytes },
	{ "search_kinds_bad_requests", bad_requests },
	{ "search_kinds_physical", physical, TMEM_MODE_KERNEL },
	{ 0 },
};
