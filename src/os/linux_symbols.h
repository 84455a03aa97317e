/* SPDX-License-Identifier: Apache-2.0 */
/* linux_symbols.h - what the two files that find kallsyms share. */
#ifndef TMI_OS_LINUX_SYMBOLS_H
#define TMI_OS_LINUX_SYMBOLS_H

#include "os/linux.h"

/* Where names stand; virtual addresses. */
struct tmi_linux_names_place {
	uint64_t names;
	uint64_t names_size; /* at most; what follows the names included */
	uint64_t tokens;
	uint32_t count;
};

/* Where addresses may stand; 0 = not there. */
struct tmi_linux_address_places {
	uint64_t absolute;
	uint64_t offsets;
	uint64_t relative_base;
};

struct tmi_linux_address_guess {
	unsigned form; /* enum tmi_kallsyms_form */
	uint64_t place;
	uint64_t base;
};

/* Up to @limit bytes from @address on, as many as can be read; freed by the caller; NULL = none. */
uint8_t *tmi_linux_read_image(const struct tmi_linux *state, const struct tmi_os_memory *memory,
			      uint64_t address, uint64_t limit, uint64_t *size);

/* Reads tokens and names. False: *why (constant); @symbols is then to be freed all the same. */
bool tmi_linux_symbols_read(struct tmi_linux *state, const struct tmi_os_memory *memory,
			    const struct tmi_linux_names_place *place, struct tmi_kallsyms *symbols,
			    const char **why);

/* Finds the form of the addresses by trying them, and makes the table ready. */
bool tmi_linux_symbols_settle(struct tmi_linux *state, const struct tmi_os_memory *memory,
			      struct tmi_kallsyms *symbols,
			      const struct tmi_linux_address_places *places);

/* Searches the image, or looks where option kallsyms= says. */
tmem_status tmi_linux_symbols_search(struct tmi_linux *state, const struct tmi_os_memory *memory,
				     bool *found);

#endif
