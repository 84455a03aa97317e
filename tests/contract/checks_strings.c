/* SPDX-License-Identifier: Apache-2.0 */
/* checks_strings.c - the four string readers over every kind; details are in the unit test. */
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

const struct check checks_strings[] = {
	{ "strings_as_they_are", as_they_are },   { "strings_converted", converted },
	{ "strings_two_calls", two_calls },       { "strings_no_terminator", no_terminator },
	{ "strings_written_text", written_text }, { 0 },
};
