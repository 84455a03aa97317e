/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ram.h - the physical memory of a made-up machine: stretches of bytes with page tables in them,
 * and the files that such memory is stored in.
 *
 * The entries are made here a second time, apart from src/paging and src/target/synth_format.c,
 * so that tests compare two readings of the processors' manuals.
 */
#ifndef TESTS_SUPPORT_RAM_H
#define TESTS_SUPPORT_RAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define RAM_PAGE       0x1000u
#define RAM_STRETCHES  16
#define RAM_MOST_STEPS 5

enum ram_format {
	RAM_X64,
	RAM_X64_5, /* five levels */
	RAM_X86,
	RAM_PAE,
	RAM_ARM64,
	RAM_ARM64_39, /* 39 bits of address */
};

/* What a format is called, and how its tables are cut. */
struct ram_shape {
	const char *options;    /* of tmem_open(), beside the roots: "scheme=x64,levels=5" */
	const char *synth;      /* of a table line: "x64" */
	const char *synth_keys; /* of the same: "levels=5" */
	const char *machine;    /* of a machine line: "amd64" */
	unsigned elf_machine;
	unsigned pointer_size; /* of virtual addresses */
	unsigned elf_class;    /* of a dump: 32 or 64 */
	unsigned levels;
	unsigned width; /* bytes of an entry */
	unsigned shift[RAM_MOST_STEPS];
	unsigned bits[RAM_MOST_STEPS];
	uint64_t frame_mask; /* bits of an entry that are an address */
	uint64_t large;      /* bytes of the smallest large page */
	bool pair;           /* kernel addresses have a root of their own */
	bool high;           /* frames above 4 GiB can be mapped */
	bool no_execute;     /* entries can forbid execution */
};

const struct ram_shape *ram_shape(enum ram_format format);

struct ram_stretch {
	uint64_t first;
	uint64_t size;
	uint8_t *bytes;
};

struct ram {
	const struct ram_shape *shape;
	struct ram_stretch stretches[RAM_STRETCHES]; /* ascending, not overlapping */
	size_t count;
	uint64_t next_table; /* page for the next table that is needed */
};

void ram_init(struct ram *ram, enum ram_format format);
void ram_fini(struct ram *ram);

/* Adds zeros above all that there is; may touch what is below. */
void ram_add(struct ram *ram, uint64_t first, uint64_t size);

/* The byte at an address, or NULL outside of memory. */
uint8_t *ram_at(const struct ram *ram, uint64_t address);
/* How many of @size bytes from @address on are memory. */
size_t ram_prefix(const struct ram *ram, uint64_t address, size_t size);

enum ram_kind {
	RAM_KIND_PAGE,
	RAM_KIND_NONE, /* PROT_NONE of Linux, the frame inverted where Linux does so */
	RAM_KIND_SWAP,
};

struct ram_page {
	uint64_t virtual_;
	uint64_t physical;
	uint64_t size; /* RAM_PAGE, or the shape's large */
	bool writable;
	bool user;
	enum ram_kind kind;
};

/* Maps one page, making tables at next_table; entries outside of memory are lost, as they would
 * be. */
void ram_map(struct ram *ram, uint64_t root, const struct ram_page *page);

/* The file as it is from address 0 on, holes as zeros. */
bool ram_write_raw(const struct ram *ram, FILE *file);
/* An ELF core whose p_paddr is right and whose p_vaddr is not. */
bool ram_write_elf(const struct ram *ram, FILE *file);
/* LiME: ranges with headers. */
bool ram_write_lime(const struct ram *ram, FILE *file);

#endif
