/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elf_core.h - the notes of ELF cores of processes: threads, process, auxiliary vector, files.
 */
#ifndef TMI_FORMAT_ELF_CORE_H
#define TMI_FORMAT_ELF_CORE_H

#include "format/elf.h"

/* Note types of the owner CORE. */
enum tmi_elf_core_note {
	TMI_ELF_PRSTATUS = 1,
	TMI_ELF_FPREGSET = 2,
	TMI_ELF_PRPSINFO = 3,
	TMI_ELF_AUXV = 6,
	TMI_ELF_FILE = 0x46494c45,
};

/* Entries of the auxiliary vector. */
enum tmi_elf_aux {
	TMI_ELF_AUX_PHDR = 3,
	TMI_ELF_AUX_PHNUM = 5,
	TMI_ELF_AUX_PAGE_SIZE = 6,
	TMI_ELF_AUX_BASE = 7,
	TMI_ELF_AUX_ENTRY = 9,
	TMI_ELF_AUX_EXECFN = 31,
	TMI_ELF_AUX_VDSO = 33,
};

/* Where things are in a PRSTATUS descriptor. */
struct tmi_elf_prstatus {
	uint8_t word;            /* 4 or 8: of the registers */
	uint16_t thread_id;      /* offset of the thread id, 4 bytes */
	uint16_t registers;      /* offset of the general registers */
	uint32_t registers_size; /* their bytes */
};

/* Layout of a PRSTATUS of @size bytes; false when the machine has none of that size. */
bool tmi_elf_prstatus_layout(const struct tmi_elf *elf, uint32_t size,
			     struct tmi_elf_prstatus *layout);

/* Offset of the stack pointer in the general registers; false for an unknown machine. */
bool tmi_elf_stack_pointer_offset(const struct tmi_elf *elf, const struct tmi_elf_prstatus *layout,
				  uint32_t *offset);

/* The same for the program counter. */
bool tmi_elf_program_counter_offset(const struct tmi_elf *elf,
				    const struct tmi_elf_prstatus *layout, uint32_t *offset);

/* What PRPSINFO says. */
struct tmi_elf_prpsinfo {
	uint32_t process_id;
	char name[17];      /* cut by its producer to 15 characters */
	char arguments[81]; /* cut to 79 */
};

/* Reads a PRPSINFO descriptor; false when it is too small or missing. */
bool tmi_elf_prpsinfo_read(const struct tmi_elf *elf, const struct tmi_elf_note *note,
			   struct tmi_elf_prpsinfo *info);

/* Value of an entry of the vector in an AUXV descriptor; false when it has none. */
bool tmi_elf_aux_find(const struct tmi_elf *elf, const struct tmi_elf_note *note, uint64_t type,
		      uint64_t *value);

/* A row of NT_FILE. */
struct tmi_elf_file_row {
	uint64_t first;
	uint64_t last; /* inclusive */
	uint64_t file_offset;
	const char *path; /* inside the descriptor's bytes */
};

/* NT_FILE, over the bytes of its descriptor. */
struct tmi_elf_file_rows {
	const uint8_t *bytes;
	uint64_t size;
	uint64_t count; /* rows; checked to fit with at least one byte of name each */
	uint64_t page_size;
	uint64_t index;   /* of the next row */
	uint64_t name_at; /* of the next row's name */
	uint8_t word;
	bool big_endian;
};

/* False when the bytes cannot be NT_FILE. */
bool tmi_elf_file_rows_init(struct tmi_elf_file_rows *rows, const struct tmi_elf *elf,
			    const uint8_t *bytes, uint64_t size);

/* The next sound row; rows that are empty or wrap are passed over. False at the end. */
bool tmi_elf_file_rows_next(struct tmi_elf_file_rows *rows, struct tmi_elf_file_row *row);

#endif
