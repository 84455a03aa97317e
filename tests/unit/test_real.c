/* SPDX-License-Identifier: Apache-2.0 */
/* test_real.c - floating-point numbers as text: read back, short, whatever the locale is. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/real.h"

#define ROUNDS 20000

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	return *state ^= *state << 17;
}

static void expect(double value, bool single, const char *expected)
{
	struct tmi_text text = { 0 };

	tmi_real_put_exact(&text, value, single);
	assert_false(text.failed);
	assert_string_equal(text.data, expected);
	tmi_text_fini(&text);
}

static void known_numbers(void **state)
{
	expect(0.1, false, "0.1");
	expect((double)0.1f, true, "0.1");
	expect(1.0 / 3, false, "0.3333333333333333");
	expect((double)(1.0f / 3), true, "0.33333334");
	expect(-0.0, false, "-0");
	expect(1e300, false, "1e+300");
	expect(INFINITY, true, "inf");
	expect(-INFINITY, false, "-inf");
	expect(-(double)NAN, false, "nan");
}

/* What comes before a number in the text stays. */
static void behind_other_text(void **state)
{
	struct tmi_text text = { 0 };

	tmi_text_puts(&text, "x = ");
	tmi_real_put_exact(&text, 2.0 / 3, false);
	tmi_text_puts(&text, "; ");
	tmi_real_put(&text, 2.0 / 3, 3);
	assert_string_equal(text.data, "x = 0.6666666666666666; 0.667");
	tmi_text_fini(&text);
}

static void every_number_reads_back(void **state)
{
	uint64_t random = 0x9e3779b97f4a7c15;
	struct tmi_text text = { 0 };

	for (int i = 0; i < ROUNDS; i++) {
		double value = tmi_real_double(next_random(&random));
		float single = tmi_real_single((uint32_t)next_random(&random));

		tmi_text_clear(&text);
		tmi_real_put_exact(&text, value, false);
		if (isfinite(value))
			assert_true(strtod(text.data, NULL) == value);
		tmi_text_clear(&text);
		tmi_real_put_exact(&text, (double)single, true);
		if (isfinite(single))
			assert_true(strtof(text.data, NULL) == single);
	}
	tmi_text_fini(&text);
}

static void another_locale(void **state)
{
	static const char *const names[] = { "de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "fr_FR" };
	size_t i = 0;

	while (i < 4 && !setlocale(LC_NUMERIC, names[i]))
		i++;
	if (i == 4) {
		printf("not possible here: no locale with a decimal comma is installed\n");
		return;
	}
	expect(1.5, false, "1.5");
	setlocale(LC_NUMERIC, "C");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_numbers),
		cmocka_unit_test(behind_other_text),
		cmocka_unit_test(every_number_reads_back),
		cmocka_unit_test(another_locale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
