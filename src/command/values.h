/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values.h - lists of values and quoted text on a command line, as the bytes a target holds.
 *
 * What e, f and s take after their address or range. Bytes are gathered in a struct tmi_text.
 */
#ifndef TMI_COMMAND_VALUES_H
#define TMI_COMMAND_VALUES_H

#include "command/memory.h"

/* What one value of a list is. */
struct tmi_value_form {
	unsigned element; /* bytes: 1, 2, 4, 8; 0 = pointer of the target */
	bool floating;    /* 4: float, 8: double */
};

/* Bytes of one value of the form in this target. */
unsigned tmi_value_size(const struct tmi_session *session, const struct tmi_value_form *form);

/*
 * Takes values up to the end of the arguments and appends their bytes in the target's order. A
 * value is an expression, a floating-point number, or 'c'; 'VUTS' is the bytes S T U V of a
 * dword, and one byte each where values are bytes. One value at least. Reports errors.
 */
bool tmi_values_take(struct tmi_args *args, const struct tmi_value_form *form,
		     struct tmi_text *bytes);

/*
 * Takes "text" (or one bare word) and appends its characters: @unit 1 as they were typed, @unit 2
 * as UTF-16 in the target's byte order. No escapes. Reports errors.
 */
bool tmi_values_take_string(struct tmi_args *args, unsigned unit, struct tmi_text *bytes);

/*
 * Writes all of @bytes at @address. When a byte cannot be written: a Memory access error that
 * tells the address, the cause and how much was written.
 */
bool tmi_values_write(struct tmi_args *args, const struct tmi_memory *memory, uint64_t address,
		      const struct tmi_text *bytes);

/* Why the last call on the target failed, in few words. */
const char *tmi_values_cause(struct tmi_session *session, tmem_status status);
/* The same as an enum tmem_reason; 0 = the target told none. */
uint32_t tmi_values_reason(struct tmi_session *session);

#endif
