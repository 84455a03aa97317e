/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modules.h - the current process's modules, fetched once a command, and names for addresses.
 */
#ifndef TMI_COMMAND_MODULES_H
#define TMI_COMMAND_MODULES_H

#include "command/command.h"

struct tmi_module {
	uint64_t base;
	uint64_t size;
	char *name; /* "libc" */
	char *file; /* "/usr/lib/x86_64-linux-gnu/libc.so.6" */
};

struct tmi_modules {
	struct tmi_module *list; /* by base address */
	size_t count;
	bool failed; /* the target could not list them; count is 0 */
};

/* The list; never NULL but in want of memory. Valid until the command ends. */
const struct tmi_modules *tmi_session_modules(struct tmi_session *session);

/* Forgets it; the interpreter does so around each command. */
void tmi_session_drop_modules(struct tmi_session *session);

/* The module that holds @address, or NULL. */
const struct tmi_module *tmi_module_at(struct tmi_session *session, uint64_t address);

/*
 * Puts "module!name+0x1c" by the symbol at or below @address; "module+0x1f20" (or "module" at its
 * base) where none is known; puts nothing and returns false when it is in no module.
 */
bool tmi_symbol_put(struct tmi_session *session, struct tmi_text *text, uint64_t address);

/*
 * Puts "module!name" of the symbol @delta places from the one at or below @address into an empty
 * text; false when there is none. *displacement: bytes between.
 */
bool tmi_symbol_name(struct tmi_session *session, uint64_t address, int32_t delta,
		     struct tmi_text *text, uint64_t *displacement);

#endif
