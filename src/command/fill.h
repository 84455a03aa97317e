/* SPDX-License-Identifier: Apache-2.0 */
/* fill.h - f and fp: RANGE PATTERN at args->next, in either memory. */
#ifndef TMI_COMMAND_FILL_H
#define TMI_COMMAND_FILL_H

#include "command/memory.h"

/* Parses range and pattern, fills, and says how much; reports errors. */
bool tmi_fill(struct tmi_args *args, const struct tmi_memory *memory);

#endif
