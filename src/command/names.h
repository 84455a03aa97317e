/* SPDX-License-Identifier: Apache-2.0 */
/* names.h - what names, registers and memory mean to expressions of a session. */
#ifndef TMI_COMMAND_NAMES_H
#define TMI_COMMAND_NAMES_H

#include "command/command.h"

/* Fills @names with look-ups over the session's target; valid as long as the session. */
void tmi_session_names(struct tmi_session *session, struct tmi_names *names);

/* Registers and pseudo-registers: the reg function of struct tmi_names. */
enum tmi_lookup tmi_session_register(struct tmi_session *session, const char *name, size_t length,
				     uint64_t *value);

/* Where $t0 .. $t19 are kept; NULL for another name. */
uint64_t *tmi_session_scratch(struct tmi_session *session, const char *name, size_t length);

/* The registers that the target's machine has, each under its main name; NULL behind the last. */
const char *tmi_session_register_name(const struct tmi_session *session, size_t index,
				      unsigned *bits);

/* Bits of a register of the machine under any of its names; 0 = it has none of that name. */
unsigned tmi_session_register_bits(const struct tmi_session *session, const char *name,
				   size_t length);

#endif
