/* SPDX-License-Identifier: Apache-2.0 */
/* operand.h - the operands of expressions: numbers, names, registers. Used by expression.c only. */
#ifndef TMI_COMMAND_OPERAND_H
#define TMI_COMMAND_OPERAND_H

#include "command/expression.h"

/*
 * Evaluates the operand at *next and moves behind it. On failure @error is filled with a position
 * in @text, where the whole expression starts.
 */
bool tmi_operand_evaluate(const struct tmi_names *names, const char *text, const char **next,
			  uint64_t *value, struct tmi_error_place *error);

#endif
