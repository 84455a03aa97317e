/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elf_symbols.h - names of functions and objects of one ELF image, looked up by place and by name.
 *
 * A table is filled from the image's dynamic symbols as they stand in memory, and by whoever knows
 * more (format/elfutils.h); then it is settled, and from then on only read. Whatever the image
 * says about counts and sizes, a table stays within TMI_ELF_SYMBOLS_MAX names and
 * TMI_ELF_NAMES_MAX bytes of them, and every step takes time in proportion to that.
 */
#ifndef TMI_FORMAT_ELF_SYMBOLS_H
#define TMI_FORMAT_ELF_SYMBOLS_H

#include "format/elf.h"

#define TMI_ELF_SYMBOLS_MAX     (4u << 20)
#define TMI_ELF_NAMES_MAX       (192u << 20)
#define TMI_ELF_NAME_LENGTH_MAX 4095u

/* One name. The lower the rank, the sooner it is shown when several stand for one place. */
struct tmi_elf_symbol {
	uint64_t offset; /* from the image's base */
	uint32_t name;   /* in names */
	uint32_t hash;
	uint16_t length;
	uint8_t rank;
	bool local;  /* not visible outside its image, or an older version of a name */
	bool unsure; /* could be an older version: its table does not tell */
};

struct tmi_elf_symbols {
	uint64_t size; /* of the image: what lies outside is not taken */
	uint64_t bias; /* what is added to a symbol's value to get its offset; modulo 2^64 */
	uint64_t value_mask;
	bool thumb; /* the lowest bit of a function's value is no part of its address */
	struct tmi_elf_symbol *list; /* once settled: by offset, then by rank */
	size_t count;
	uint32_t *by_name; /* once settled: indexes in list, by hash, then by rank */
	char *names;       /* NUL-terminated each */
	size_t names_size;
	bool cut;          /* there were more, or some could not be read */
	bool no_memory;    /* the table is of no use */
	size_t room;       /* private */
	size_t names_room; /* private */
};

/* A symbol as its table has it. */
struct tmi_elf_raw_symbol {
	uint64_t value;
	uint16_t section;
	uint8_t info;     /* st_info: binding and type */
	bool versioned;   /* the table tells versions; names that have an "@" tell it anyway */
	bool hidden;      /* an older version of the name */
	const char *name; /* need not end with a NUL; ends at its first "@" */
	size_t name_length;
};

void tmi_elf_symbols_init(struct tmi_elf_symbols *symbols, const struct tmi_elf_image *image);
void tmi_elf_symbols_fini(struct tmi_elf_symbols *symbols);

/* Takes a symbol when it names a place of the image; false: there is no room for more. */
bool tmi_elf_symbols_add(struct tmi_elf_symbols *symbols, const struct tmi_elf_raw_symbol *symbol);

/* Takes the symbols that the dynamic linker uses, from PT_DYNAMIC in memory. */
void tmi_elf_symbols_add_dynamic(struct tmi_elf_symbols *symbols,
				 const struct tmi_elf_image *image);

/* Sorts the table; nothing is added any more. False: no memory. */
bool tmi_elf_symbols_settle(struct tmi_elf_symbols *symbols);

/* The best name of the nearest place at or below @offset, NULL when none. */
const struct tmi_elf_symbol *tmi_elf_symbols_at(const struct tmi_elf_symbols *symbols,
						uint64_t offset);

/* The place @delta places away from @symbol's, its best name; NULL when there is none. */
const struct tmi_elf_symbol *tmi_elf_symbols_step(const struct tmi_elf_symbols *symbols,
						  const struct tmi_elf_symbol *symbol,
						  int64_t delta);

/* The best symbol of a name; *several, when there is another one elsewhere in the image. */
const struct tmi_elf_symbol *tmi_elf_symbols_find(const struct tmi_elf_symbols *symbols,
						  const char *name, size_t length, bool *several);

static inline const char *tmi_elf_symbol_name(const struct tmi_elf_symbols *symbols,
					      const struct tmi_elf_symbol *symbol)
{
	return symbols->names + symbol->name;
}

#endif
