/* SPDX-License-Identifier: Apache-2.0 */
/* number.c - number literals of the command line. */
#include "command/number.h"

bool tmi_is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || c == '`';
}

/* The digit's value; 99 for what is no digit in any radix. */
static unsigned digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 99;
}

/* Cuts a prefix or the suffix off; returns the radix of the rest. */
static unsigned take_radix(const char **word, size_t *length, unsigned radix)
{
	static const struct {
		char letter;
		unsigned radix;
	} prefixes[] = { { 'x', 16 }, { 'n', 10 }, { 't', 8 }, { 'y', 2 } };

	for (size_t i = 0; *length >= 2 && (*word)[0] == '0' && i < 4; i++) {
		if (((*word)[1] | 0x20) != prefixes[i].letter)
			continue;
		*word += 2;
		*length -= 2;
		return prefixes[i].radix;
	}
	if (*length >= 2 && ((*word)[*length - 1] | 0x20) == 'h') {
		(*length)--;
		return 16;
	}
	return radix;
}

enum tmi_number_result tmi_number_parse(const char *word, size_t length, unsigned radix,
					uint64_t *value, bool *accent)
{
	bool overflow = false;

	*value = 0;
	*accent = false;
	if (length == 0 || digit(word[0]) > 15)
		return TMI_NUMBER_NOT;
	radix = take_radix(&word, &length, radix);
	for (size_t i = 0; i < length; i++) {
		if (word[i] == '`') {
			if (*accent || i == 0 || radix != 16 || length - i != 9)
				return TMI_NUMBER_ACCENT;
			*accent = true;
			continue;
		}
		if (digit(word[i]) >= radix)
			return TMI_NUMBER_NOT;
		overflow |= __builtin_mul_overflow(*value, (uint64_t)radix, value);
		overflow |= __builtin_add_overflow(*value, (uint64_t)digit(word[i]), value);
	}
	if (!overflow)
		return TMI_NUMBER_OK;
	*value = 0;
	return TMI_NUMBER_OVERFLOW;
}
