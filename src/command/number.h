/* SPDX-License-Identifier: Apache-2.0 */
/* number.h - number literals of the command line: radix, prefixes, suffix, grave accent. */
#ifndef TMI_COMMAND_NUMBER_H
#define TMI_COMMAND_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tmi_number_result {
	TMI_NUMBER_OK,
	TMI_NUMBER_NOT,      /* it is something else: a name, or digits that the radix lacks */
	TMI_NUMBER_OVERFLOW, /* more than 64 bits */
	TMI_NUMBER_ACCENT,   /* a grave accent that is not before the last eight digits */
};

/*
 * Reads the whole word as a number. 0x 0n 0t 0y choose hex, decimal, octal, binary whatever @radix
 * is, and so does the suffix h (hex); a bare prefix is 0. *accent tells whether a grave accent
 * split it, which stops sign extension.
 */
enum tmi_number_result tmi_number_parse(const char *word, size_t length, unsigned radix,
					uint64_t *value, bool *accent);

/* True for what a number word is made of: letters, digits, "_" and the grave accent. */
bool tmi_is_word(char c);

#endif
