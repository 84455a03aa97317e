/* SPDX-License-Identifier: Apache-2.0 */
/* real.h - floating-point numbers as text, always with a decimal point whatever the locale is. */
#ifndef TMI_COMMAND_REAL_H
#define TMI_COMMAND_REAL_H

#include "command/command.h"

/* Puts a number with at most @digits significant digits. */
void tmi_real_put(struct tmi_text *text, double value, unsigned digits);

/* Puts the fewest digits (at least 6, without trailing zeros) that read back as the same number;
 * @single: as the same float. */
void tmi_real_put_exact(struct tmi_text *text, double value, bool single);

/* The number that the bits of a float or double are. */
float tmi_real_single(uint32_t bits);
double tmi_real_double(uint64_t bits);

#endif
