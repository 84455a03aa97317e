/* SPDX-License-Identifier: Apache-2.0 */
/* functions.h - functions of expressions beyond $vvalid. Used by expression.c only. */
#ifndef TMI_COMMAND_FUNCTIONS_H
#define TMI_COMMAND_FUNCTIONS_H

#include "command/expression.h"

enum tmi_function_result {
	TMI_FUNCTION_DONE,
	TMI_FUNCTION_NONE, /* something else stands there */
	TMI_FUNCTION_FAILED,
};

/*
 * $scmp("A", "B"), $sicmp("A", "B"): -1, 0 or 1 as A comes before B, is B, or comes after; the
 * second without regard to case. $spat("TEXT", "PATTERN"): 1 when the whole text fits, in any
 * case; * any characters, ? one, [a-z] one of these, # any number of what stands before it, + one
 * or more of it, \ takes the next character as it is.
 *
 * Moves *next behind it and fills *value, or fills @error (position in @text).
 */
enum tmi_function_result tmi_function_evaluate(const char *text, const char **next, uint64_t *value,
					       struct tmi_error_place *error);

/* $iment(BASE): where the program or library at @base begins to run; 0 when it has no such place.
 */
bool tmi_function_entry(const struct tmi_names *names, uint64_t base, uint64_t *value,
			struct tmi_error_place *error);

#endif
