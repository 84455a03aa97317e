/* SPDX-License-Identifier: Apache-2.0 */
/* real.c - floating-point numbers as text. */
#include "command/real.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SINGLE_DIGITS 9 /* enough for every float */
#define DOUBLE_DIGITS 17

void tmi_real_put(struct tmi_text *text, double value, unsigned digits)
{
	/* A user's locale must not turn 1.5 into 1,5. */
	locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	locale_t before = plain ? uselocale(plain) : (locale_t)0;

	/* The sign of what is no number says nothing. */
	tmi_text_format(text, "%.*g", (int)digits, isnan(value) ? (double)NAN : value);
	if (plain) {
		uselocale(before);
		freelocale(plain);
	}
}

/* True when the text reads back as the number. */
static bool reads_back(const char *text, double value, bool single)
{
	locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	bool same;

	if (!plain)
		return false;
	if (single)
		same = strtof_l(text, NULL, plain) == (float)value;
	else
		same = strtod_l(text, NULL, plain) == value;
	freelocale(plain);
	return same;
}

void tmi_real_put_exact(struct tmi_text *text, double value, bool single)
{
	unsigned most = single ? SINGLE_DIGITS : DOUBLE_DIGITS;
	unsigned digits = isfinite(value) ? 6 : most;
	size_t place = text->size;

	for (; !text->failed; digits++) {
		text->size = place;
		tmi_real_put(text, value, digits);
		if (text->failed || digits >= most || reads_back(text->data + place, value, single))
			return;
	}
}

float tmi_real_single(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

double tmi_real_double(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}
