/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kallsyms.h - the table of a Linux kernel's symbols as it stands in the kernel's own memory.
 *
 * Names are compressed: each is a length and that many tokens, of 256. Addresses come in four
 * encodings and lengths in two; which, is decided by the data, not by a release. Whatever the
 * tables hold, every step ends: counts are capped and every name lies inside its bytes.
 */
#ifndef TMI_FORMAT_KALLSYMS_H
#define TMI_FORMAT_KALLSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define TMI_KALLSYMS_MAX        (4u << 20)   /* symbols */
#define TMI_KALLSYMS_NAMES_MAX  (128u << 20) /* bytes of names */
#define TMI_KALLSYMS_NAME_SIZE  1024u        /* longest expanded name, its NUL included */
#define TMI_KALLSYMS_TOKENS_MAX 65536u       /* bytes of the token table */

/* How the address of a symbol is kept. */
enum tmi_kallsyms_form {
	TMI_KALLSYMS_ABSOLUTE = 0,       /* a word each */
	TMI_KALLSYMS_BASE_RELATIVE = 1,  /* base + u32 */
	TMI_KALLSYMS_PERCPU = 2,         /* s32: o >= 0 is o itself, else base - 1 - o */
	TMI_KALLSYMS_PLACE_RELATIVE = 3, /* address of the s32 + the s32 */
	TMI_KALLSYMS_FORMS = 4,
};

/* Where addresses come from: a copy of the kernel's array. */
struct tmi_kallsyms_addresses {
	const uint8_t *raw; /* count words (ABSOLUTE) or count u32 */
	size_t size;
	unsigned form; /* enum tmi_kallsyms_form */
	uint64_t base;
	uint64_t place; /* virtual address of the array */
};

/* A token table: 256 strings, each of which a byte of a name stands for. */
struct tmi_kallsyms_tokens {
	uint8_t *text; /* owned */
	size_t size;   /* up to the NUL of the last one */
	uint16_t index[256];
};

/* The symbols. Filled by the functions below; constant after tmi_kallsyms_settle(). */
struct tmi_kallsyms {
	uint32_t count;
	unsigned pointer_size;
	bool long_lengths; /* a length byte >= 0x80 is continued in the next one */
	struct tmi_kallsyms_tokens tokens;
	uint8_t *names;      /* owned, as all that follow */
	size_t names_size;   /* bytes of the names themselves */
	uint32_t *positions; /* in names, of every 64th symbol */
	uint64_t *addresses;
	uint32_t *order; /* indexes by address; NULL: they are in order as they stand */
	uint32_t *heads; /* by the name's hash: index + 1, 0 = none */
	uint32_t *next;  /* of each symbol, the same */
	uint32_t hash_mask;
};

/*
 * Takes the strings of a token table from the beginning of @bytes, by a copy. False when there are
 * no 256 strings or no memory. tmi_kallsyms_tokens_fini() when it is not handed to _init.
 */
bool tmi_kallsyms_tokens_init(struct tmi_kallsyms_tokens *tokens, const struct tmi_bytes *bytes);
void tmi_kallsyms_tokens_fini(struct tmi_kallsyms_tokens *tokens);

/*
 * Takes the names: @count of them from the beginning of @names, with what follows them, which is
 * kept by a copy. @tokens belong to @symbols from now on, also on failure. Which rule the lengths
 * have is told by the markers, the positions of every 256th name, which follow the names after at
 * most 15 bytes. False, and *why (constant), when no rule fits. tmi_kallsyms_fini() in any case.
 */
bool tmi_kallsyms_init(struct tmi_kallsyms *symbols, uint32_t count, unsigned pointer_size,
		       const struct tmi_bytes *names, struct tmi_kallsyms_tokens *tokens,
		       const char **why);

void tmi_kallsyms_fini(struct tmi_kallsyms *symbols);

/* The address of one symbol, 0 when it lies outside of the array. */
uint64_t tmi_kallsyms_decode(const struct tmi_kallsyms *symbols,
			     const struct tmi_kallsyms_addresses *addresses, uint32_t index);

/*
 * How well addresses fit: of the symbols of text among those looked at (at most 4096, evenly
 * spread), per thousand, those in [first, last] that do not go down. 0 when there are none.
 */
unsigned tmi_kallsyms_score(const struct tmi_kallsyms *symbols,
			    const struct tmi_kallsyms_addresses *addresses, uint64_t first,
			    uint64_t last);

/* Decodes all addresses and makes the table ready for questions. False: no memory. */
bool tmi_kallsyms_settle(struct tmi_kallsyms *symbols,
			 const struct tmi_kallsyms_addresses *addresses);

/*
 * The name of a symbol into @name, cut to fit, "?" for what is not printable; returns its type
 * letter, 0 = damaged or no such index. Needs no addresses.
 */
char tmi_kallsyms_name(const struct tmi_kallsyms *symbols, uint32_t index, char *name, size_t size);

/* The first symbol of a name. Needs no addresses. */
bool tmi_kallsyms_find(const struct tmi_kallsyms *symbols, const char *name, uint32_t *index);

/* The symbol at or below an address, the first of several at one place; false = none. */
bool tmi_kallsyms_nearest(const struct tmi_kallsyms *symbols, uint64_t address, uint32_t *index);

/*
 * Looks for a token table: one whose tokens "0".."9" stand in @bytes at @digits. True: *first is
 * where it begins. It has 256 printable strings and is longer than 512 bytes.
 */
bool tmi_kallsyms_is_tokens(const struct tmi_bytes *bytes, uint64_t digits, uint64_t *first);

/* What the digits look like in a token table. */
#define TMI_KALLSYMS_DIGITS      "0\0001\0002\0003\0004\0005\0006\0007\0008\0009"
#define TMI_KALLSYMS_DIGITS_SIZE 20u /* the NUL of the last one included */

#endif
