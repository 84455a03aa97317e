/* SPDX-License-Identifier: Apache-2.0 */
/* checks_strings.c - the string readers over every kind; details are in the unit test. */
#include <uchar.h>

#include "contract/contract.h"

static const char16_t wide_text[] = u"gr\u00fc\u00df \u20ac\U0001F600";
static const char utf8_text[] = "gr\xc3\xbc\xc3\x9f \xe2\x82\xac";

static void as_they_are(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	char buffer[64];
	char16_t wide[64];
	size_t size = 12345;

	assert_status(tmem_read_multi_byte_string_virtual(
			      target, at_run(fixture, "text", TEXT_PLAIN), 100, buffer, 64, &size),
		      TMEM_S_OK);
	assert_string_equal(buffer, "contract");
	assert_int_equal(size, 9);
	assert_status(tmem_read_multi_byte_string_virtual(
			      target, at_run(fixture, "text", TEXT_EMPTY), 100, buffer, 64, &size),
		      TMEM_S_OK);
	assert_string_equal(buffer, "");
	assert_int_equal(size, 1);
	assert_status(tmem_read_multi_byte_string_virtual(target,
							  at_run(fixture, "text", TEXT_STRADDLE),
							  100, buffer, 64, &size),
		      TMEM_S_OK);
	assert_string_equal(buffer, "over the edge of a page");
	assert_status(tmem_read_unicode_string_virtual_wide(
			      target, at_run(fixture, "text", TEXT_WIDE), 100, wide, 64, &size),
		      TMEM_S_OK);
	assert_memory_equal(wide, wide_text, sizeof(wide_text));
	assert_int_equal(size, sizeof(wide_text));
	assert_status(tmem_read_unicode_string_virtual_wide(
			      target, at_run(fixture, "text", TEXT_WIDE_ODD), 100, wide, 64, &size),
		      TMEM_S_OK);
	assert_memory_equal(wide, u"an odd wide one over the edge", 2 * 30);
	assert_int_equal(size, 60);
}

static void converted(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	char buffer[64];
	char16_t wide[64];
	size_t size = 12345;

	assert_status(tmem_read_multi_byte_string_virtual_wide(target,
							       at_run(fixture, "text", TEXT_UTF8),
							       100, TMEM_CP_UTF8, wide, 64, &size),
		      TMEM_S_OK);
	assert_memory_equal(wide, u"gr\u00fc\u00df \u20ac", 14);
	assert_int_equal(size, sizeof(utf8_text));
	assert_status(tmem_read_unicode_string_virtual(target, at_run(fixture, "text", TEXT_WIDE),
						       100, TMEM_CP_ACP, buffer, 64, &size),
		      TMEM_S_OK);
	assert_string_equal(buffer, "gr\xc3\xbc\xc3\x9f \xe2\x82\xac\xf0\x9f\x98\x80");
	assert_int_equal(size, sizeof(wide_text));
	assert_status(tmem_read_unicode_string_virtual(target, at_run(fixture, "text", TEXT_WIDE),
						       100, 1252, buffer, 64, &size),
		      TMEM_S_OK);
	assert_string_equal(buffer, "gr\xfc\xdf \x80?");
	assert_status(tmem_read_unicode_string_virtual(target, at_run(fixture, "text", TEXT_WIDE),
						       100, 99999, buffer, 64, &size),
		      TMEM_E_INVALIDARG);
	assert_int_equal(size, 0);
	assert_string_equal(buffer, "");
}

/* A first call asks for the size, the second one gets all of it. */
static void two_calls(struct fixture *fixture)
{
	uint64_t at = at_run(fixture, "text", TEXT_STRADDLE);
	char buffer[64];
	size_t size = 12345;

	assert_status(tmem_read_multi_byte_string_virtual(fixture->target, at, 100, NULL, 0, &size),
		      TMEM_S_FALSE);
	assert_int_equal(size, 24);
	assert_status(
		tmem_read_multi_byte_string_virtual(fixture->target, at, size, buffer, size, &size),
		TMEM_S_OK);
	assert_string_equal(buffer, "over the edge of a page");
	assert_status(
		tmem_read_multi_byte_string_virtual(fixture->target, at, 100, buffer, 6, &size),
		TMEM_S_FALSE);
	assert_string_equal(buffer, "over ");
	assert_int_equal(size, 24);
}

/* The end of the limit and the end of the memory are different failures. */
static void no_terminator(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	uint64_t open = at_run(fixture, "text", TEXT_OPEN);
	char buffer[64];
	char16_t wide[64];
	size_t size;

	for (size_t limit = 0; limit <= 0x22; limit++) {
		tmem_status expected = limit <= 0x20 ? TMEM_E_INVALIDARG : TMEM_E_READ_FAULT;
		tmem_status expected2 = limit < 0x22 ? TMEM_E_INVALIDARG : TMEM_E_READ_FAULT;

		size = 12345;
		buffer[0] = 'x';
		assert_status(
			tmem_read_multi_byte_string_virtual(target, open, limit, buffer, 64, &size),
			expected);
		assert_int_equal(size, 0);
		assert_int_equal(buffer[0], 0);
		size = 12345;
		wide[0] = 'x';
		assert_status(tmem_read_multi_byte_string_virtual_wide(target, open, limit, 0, wide,
								       64, &size),
			      expected);
		assert_int_equal(size, 0);
		assert_int_equal(wide[0], 0);
		size = 12345;
		wide[0] = 'x';
		assert_status(
			tmem_read_unicode_string_virtual_wide(target, open, limit, wide, 64, &size),
			expected2);
		assert_int_equal(size, 0);
		assert_int_equal(wide[0], 0);
		size = 12345;
		buffer[0] = 'x';
		assert_status(
			tmem_read_unicode_string_virtual(target, open, limit, 0, buffer, 64, &size),
			expected2);
		assert_int_equal(size, 0);
		assert_int_equal(buffer[0], 0);
	}
	assert_status(
		tmem_read_multi_byte_string_virtual(target, hole(fixture), 100, buffer, 64, NULL),
		TMEM_E_READ_FAULT);
	assert_true(strlen(tmem_last_error(target)) > 0);
}

static void written_text(struct fixture *fixture)
{
	char buffer[64];

	assert_status(tmem_write_virtual(fixture->target, at_run(fixture, "text", TEXT_PLAIN + 3),
					 "inue", 5, NULL),
		      TMEM_S_OK);
	assert_status(tmem_read_multi_byte_string_virtual(fixture->target,
							  at_run(fixture, "text", TEXT_PLAIN), 100,
							  buffer, 64, NULL),
		      TMEM_S_OK);
	assert_string_equal(buffer, "coninue");
}

/* --- against a reader of single bytes --- */

#define STRINGS 150
#define ROOM    700

/* What the methods shall answer: from single bytes, read around all that is remembered. */
static tmem_status read_plainly(tmem_target *target, const struct tmem_string_transfer *item,
				char *text, size_t *string_bytes)
{
	*string_bytes = 0;
	for (size_t i = 0; i < item->max_bytes; i++) {
		size_t done;

		/* No address follows the last one. */
		if (item->offset + i < item->offset ||
		    tmem_read_virtual_uncached(target, item->offset + i, text + i, 1, &done) !=
			    TMEM_S_OK)
			return TMEM_E_READ_FAULT;
		if (text[i])
			continue;
		*string_bytes = i + 1;
		return i < item->buffer_size ? TMEM_S_OK : TMEM_S_FALSE;
	}
	return TMEM_E_INVALIDARG;
}

static void choose_string(struct fixture *fixture, struct tmem_string_transfer *item, char *buffer,
			  uint64_t *random)
{
	const struct model *model = &fixture->model;
	const struct model_run *run = &model->runs[model_random(random) % model->count];
	uint64_t at = run->first + model_random(random) % model_run_size(run);
	uint64_t choice = model_random(random);

	/* Near ends too, where the next page may be none. */
	if (choice % 4 == 0)
		at = run->last - choice / 4 % 20;
	*item = (struct tmem_string_transfer){
		.offset =
			choice % 30 == 29 ? hole(fixture) + choice / 30 % 9 : model_api(model, at),
		.max_bytes = choice % 3 ? choice / 64 % 40 : choice / 64 % (ROOM - 1),
		.buffer = choice % 16 ? buffer : NULL,
		.buffer_size = choice % 5 ? choice / 128 % ROOM : choice / 128 % 4,
		.string_bytes = 12345,
		.status = 12345,
	};
	memset(buffer, '!', ROOM);
}

/* @buffer: what the method left there, of room for ROOM characters. */
static void check_string(tmem_target *target, const struct tmem_string_transfer *item,
			 const char *buffer, const char *what)
{
	char text[ROOM];
	size_t string_bytes;
	tmem_status status = read_plainly(target, item, text, &string_bytes);
	size_t length = 0;

	if (item->status != status || item->string_bytes != string_bytes)
		fail_msg("%s at 0x%llx: status %x and %zu bytes, not %x and %zu", what,
			 (unsigned long long)item->offset, (unsigned)item->status,
			 item->string_bytes, (unsigned)status, string_bytes);
	if (!item->buffer || !item->buffer_size) {
		assert_int_equal(buffer[0], '!');
		return;
	}
	length = strnlen(buffer, item->buffer_size);
	assert_int_equal(buffer[length], 0);
	assert_int_equal(buffer[item->buffer_size], '!');
	if (TMEM_FAILED(status))
		assert_int_equal(length, 0);
	else
		assert_memory_equal(buffer, text, length);
	if (status == TMEM_S_OK)
		assert_int_equal(length, string_bytes - 1);
	/* No more than a character is lost where it is cut. */
	if (status == TMEM_S_FALSE)
		assert_in_range(length, item->buffer_size > 4 ? item->buffer_size - 4 : 0,
				item->buffer_size - 1);
}

static void one_by_one(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	uint64_t random = 4711;
	char buffer[ROOM + 1] = { 0 };

	for (size_t i = 0; i < STRINGS; i++) {
		struct tmem_string_transfer item;

		choose_string(fixture, &item, buffer, &random);
		buffer[ROOM] = '!';
		/* Twice: what the first call remembers must not change the second. */
		for (int again = 0; again < 2; again++) {
			item.status = tmem_read_multi_byte_string_virtual(
				target, item.offset, item.max_bytes, item.buffer, item.buffer_size,
				&item.string_bytes);
			check_string(target, &item, buffer, "a string");
		}
	}
}

static void in_one_batch(struct fixture *fixture)
{
	static char buffers[STRINGS][ROOM + 1];
	struct tmem_string_transfer items[STRINGS];
	uint64_t random = 815;
	bool complete = true;
	tmem_status status;

	for (size_t i = 0; i < STRINGS; i++) {
		choose_string(fixture, &items[i], buffers[i], &random);
		buffers[i][ROOM] = '!';
	}
	items[1].offset = items[0].offset;
	status = tmem_read_multi_byte_string_virtual_batch(fixture->target, items, STRINGS);
	for (size_t i = 0; i < STRINGS; i++) {
		check_string(fixture->target, &items[i], buffers[i], "a string of a batch");
		complete = complete && items[i].status == TMEM_S_OK;
	}
	assert_false(complete);
	assert_status(status, TMEM_S_FALSE);
}

static void whole_batch(struct fixture *fixture)
{
	const uint64_t places[] = { TEXT_PLAIN, TEXT_EMPTY, TEXT_STRADDLE, TEXT_UTF8 };
	struct tmem_string_transfer items[4];
	char buffers[4][64];

	for (size_t i = 0; i < 4; i++)
		items[i] = (struct tmem_string_transfer){
			.offset = at_run(fixture, "text", places[i]),
			.max_bytes = 100,
			.buffer = buffers[i],
			.buffer_size = 64,
		};
	assert_status(tmem_read_multi_byte_string_virtual_batch(fixture->target, items, 4),
		      TMEM_S_OK);
	assert_string_equal(buffers[0], "contract");
	assert_string_equal(buffers[1], "");
	assert_string_equal(buffers[2], "over the edge of a page");
	assert_string_equal(buffers[3], utf8_text);
	assert_int_equal(items[2].string_bytes, 24);
	assert_status(tmem_read_multi_byte_string_virtual_batch(fixture->target, items, 0),
		      TMEM_S_OK);
	assert_status(tmem_read_multi_byte_string_virtual_batch(fixture->target, NULL, 0),
		      TMEM_E_INVALIDARG);
	assert_status(tmem_read_multi_byte_string_virtual_batch(NULL, items, 4), TMEM_E_INVALIDARG);
	assert_status(items[3].status, TMEM_E_INVALIDARG);
	assert_int_equal(items[3].string_bytes, 0);
	assert_string_equal(buffers[3], "");
}

const struct check checks_strings[] = {
	{ "strings_as_they_are", as_they_are },
	{ "strings_converted", converted },
	{ "strings_two_calls", two_calls },
	{ "strings_no_terminator", no_terminator },
	{ "strings_written_text", written_text },
	{ "strings_one_by_one", one_by_one },
	{ "strings_in_one_batch", in_one_batch },
	{ "strings_whole_batch", whole_batch },
	{ 0 },
};
