/* SPDX-License-Identifier: Apache-2.0 */
/* test_matcher_range.c - finding integers within a range: the fast ways against the plain one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access/matcher.h"
#include "unit/matcher_vectors.h"

/* The value as a person would work it out: byte by byte, into an integer that holds them all. */
static __int128 value_of(const struct tmi_integers *integers, const uint8_t *data)
{
	__int128 value = 0;

	for (unsigned i = 0; i < integers->size; i++)
		value = value * 256 + data[integers->big_endian ? i : integers->size - 1 - i];
	if (integers->is_signed && value >> (8 * integers->size - 1))
		value -= (__int128)1 << 8 * integers->size;
	return value;
}

static __int128 bound(const struct tmi_integers *integers, uint64_t value)
{
	return integers->is_signed ? (__int128)(int64_t)value : (__int128)value;
}

static bool counts(const struct tmi_integers *integers, const uint8_t *data)
{
	__int128 value = value_of(integers, data);

	return value >= bound(integers, integers->minimum) &&
	       value <= bound(integers, integers->maximum);
}

static size_t find_plain(const struct tmi_integers *integers, size_t granularity,
			 const uint8_t *data, size_t size, size_t phase)
{
	for (size_t i = 0; i + integers->size <= size; i++)
		if ((i + phase) % granularity == 0 && counts(integers, data + i))
			return i;
	return TMI_MATCHER_NONE;
}

static void compare_all(const struct tmi_integers *integers, size_t granularity,
			const uint8_t *data, size_t size, size_t phase)
{
	struct tmi_matcher matcher;
	struct tmi_found found;
	size_t at = 0;

	tmi_matcher_init_integers(&matcher, integers, granularity);
	while (at <= size) {
		size_t here = (phase + at) % granularity;
		size_t fast = tmi_matcher_find(&matcher, data + at, size - at, here);

		assert_int_equal(fast,
				 find_plain(integers, granularity, data + at, size - at, here));
		if (fast == TMI_MATCHER_NONE)
			break;
		assert_true(
			tmi_matcher_look(&matcher, data + at + fast, size - at - fast, 0, &found));
		assert_true(bound(integers, found.value) == value_of(integers, data + at + fast));
		assert_int_equal(found.pattern, 0);
		at += fast + 1;
	}
	tmi_matcher_fini(&matcher);
}

static uint64_t random_value(void)
{
	static const uint64_t corners[] = { 0,          1,          0x7f,       0x80,
					    0xff,       0x7fff,     0x8000,     0xffff,
					    0x7fffffff, 0x80000000, 0xffffffff, INT64_MAX };
	uint64_t value = (uint64_t)random() << 33 ^ (uint64_t)random() << 11 ^ (uint64_t)random();

	switch (random() % 4) {
	case 0: return value;
	case 1: return value >> random() % 64;
	case 2: return ~(value >> random() % 64);
	default: value = corners[(size_t)random() % 12];
	}
	return random() % 2 ? value : ~value;
}

static void make_bounds(struct tmi_integers *integers)
{
	uint64_t one = random_value(), two = random() % 4 ? random_value() : one;
	bool turned = integers->is_signed ? (int64_t)one > (int64_t)two : one > two;

	integers->minimum = turned ? two : one;
	integers->maximum = turned ? one : two;
}

/* Bytes of which some integers are near the bounds. */
static void make_data(const struct tmi_integers *integers, uint8_t *data, size_t size)
{
	fill_random(data, size, random() % 2 ? 256 : 2);
	for (size_t i = 0; i < size / 40; i++) {
		uint64_t value = random() % 2 ? integers->minimum : integers->maximum;
		size_t at = below(size - 8);

		value += (uint64_t)(random() % 5) - 2;
		for (unsigned k = 0; k < integers->size; k++)
			data[at + k] =
				(uint8_t)(value >>
					  8 * (integers->big_endian ? integers->size - 1 - k : k));
	}
}

static void random_rounds(void)
{
	static const size_t granularities[] = { 1,  2,  3,  4,  5,  6,   8,   12,
						16, 24, 32, 64, 65, 100, 4096 };
	uint8_t *memory = guarded_new();

	srandom(5);
	for (unsigned round = 0; round < 6000; round++) {
		struct tmi_integers integers = { .size = 1u << round % 4,
						 .is_signed = round & 4,
						 .big_endian = round & 8 };
		size_t granularity = granularities[below(15)];
		size_t size = below(700);
		uint8_t *data = random() % 2 ? memory : memory + GUARDED_ROOM - size;

		if (random() % 2)
			granularity = integers.size;
		make_bounds(&integers);
		make_data(&integers, data, size);
		compare_all(&integers, granularity, data, size, below(granularity));
	}
	guarded_free(memory);
}

static void test_random(void **unused)
{
	(void)unused;
	each_vectors(random_rounds);
}

/* One that counts at every place, among neighbours that just do not. */
static void every_place(void)
{
	uint8_t *memory = guarded_new();

	for (unsigned kind = 0; kind < 16; kind++) {
		struct tmi_integers integers = { .size = 1u << kind % 4,
						 .is_signed = kind & 4,
						 .big_endian = kind & 8,
						 .minimum = 5,
						 .maximum = 5 };
		unsigned n = integers.size;

		for (size_t size = n; size <= 200; size++) {
			uint8_t *data = memory + (size % 2 ? 0 : GUARDED_ROOM - size);
			size_t at = below(size - n + 1);

			for (size_t i = 0; i < size; i++)
				data[i] = i % n == (integers.big_endian ? n - 1 : 0) ? 4 : 0;
			memset(data + at, 0, n);
			data[at + (integers.big_endian ? n - 1 : 0)] = 5;
			compare_all(&integers, 1, data, size, 0);
			compare_all(&integers, n, data, size, at % n ? n - at % n : 0);
		}
	}
	guarded_free(memory);
}

static void test_every_place(void **unused)
{
	(void)unused;
	each_vectors(every_place);
}

/* Bounds that no integer of the size reaches. */
static void test_bounds(void **unused)
{
	static const struct {
		struct tmi_integers integers;
		bool zeros, byte_80; /* which of 00 and 80 count */
	} cases[] = {
		{ { 1, false, false, 0, 1000 }, true, true },
		{ { 1, false, false, 128, UINT64_MAX }, false, true },
		{ { 1, false, false, 256, 1000 }, false, false },
		{ { 1, true, false, (uint64_t)-1000, 1000 }, true, true },
		{ { 1, true, false, (uint64_t)-1000, (uint64_t)-128 }, false, true },
		{ { 1, true, false, (uint64_t)-1000, (uint64_t)-129 }, false, false },
		{ { 1, true, false, 128, 1000 }, false, false },
		{ { 1, true, false, 0, INT64_MAX }, true, false },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tmi_matcher matcher;
		struct tmi_found found;

		tmi_matcher_init_integers(&matcher, &cases[i].integers, 1);
		assert_int_equal(matcher.matches_zeros, cases[i].zeros);
		assert_int_equal(tmi_matcher_look(&matcher, NULL, 1, 0, &found), cases[i].zeros);
		assert_int_equal(tmi_matcher_find(&matcher, (const uint8_t *)"\0", 1, 0),
				 cases[i].zeros ? 0 : TMI_MATCHER_NONE);
		assert_int_equal(tmi_matcher_find(&matcher, (const uint8_t *)"\x80", 1, 0),
				 cases[i].byte_80 ? 0 : TMI_MATCHER_NONE);
		tmi_matcher_fini(&matcher);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_every_place),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests_name("matcher_range", tests, NULL, NULL);
}
