/* SPDX-License-Identifier: Apache-2.0 */
/* elf_core.c - notes of ELF cores; see elf_core.h. */
#include "format/elf_core.h"

#include <string.h>

#include "base/bytes.h"

/* Entries of an auxiliary vector that are looked at; kernels write some twenty. */
#define AUX_ENTRIES_MAX 4096u

/* Numbers of registers in the general registers. */
static const struct {
	uint16_t machine;
	uint8_t word;
	uint8_t stack_pointer;
	uint8_t program_counter;
} numbers[] = {
	{ TMI_ELF_X86_64, 8, 19, 16 },  { TMI_ELF_386, 4, 15, 12 },
	{ TMI_ELF_AARCH64, 8, 31, 32 }, { TMI_ELF_ARM, 4, 13, 15 },
	{ TMI_ELF_RISCV, 8, 2, 0 },     { TMI_ELF_RISCV, 4, 2, 0 },
	{ TMI_ELF_PPC64, 8, 1, 32 },    { TMI_ELF_LOONGARCH, 8, 3, 33 },
};

/*
 * The head of PRSTATUS depends on the word size only, and after the registers comes fpvalid,
 * padded to the alignment of the registers; so the size of the note tells the number of registers.
 */
bool tmi_elf_prstatus_layout(const struct tmi_elf *elf, uint32_t size,
			     struct tmi_elf_prstatus *layout)
{
	/* An i386 note in a 64-bit file, and x32: 64-bit registers behind a 32-bit head. */
	bool narrow = elf->word == 4 || (elf->machine == TMI_ELF_386 && size < 200);
	bool x32 = elf->word == 4 && elf->machine == TMI_ELF_X86_64;
	uint32_t tail = narrow && !x32 ? 4 : 8;

	layout->word = narrow && !x32 ? 4 : 8;
	layout->thread_id = narrow ? 24 : 32;
	layout->registers = narrow ? 72 : 112;
	if (size < layout->registers + tail)
		return false;
	layout->registers_size = (size - layout->registers - tail) / layout->word * layout->word;
	return true;
}

/* Offset of one of the two; false for an unknown machine. */
static bool register_offset(const struct tmi_elf *elf, const struct tmi_elf_prstatus *layout,
			    bool program_counter, uint32_t *offset)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		if (numbers[i].machine != elf->machine || numbers[i].word != layout->word)
			continue;
		*offset = program_counter ? numbers[i].program_counter : numbers[i].stack_pointer;
		*offset *= layout->word;
		return *offset + layout->word <= layout->registers_size;
	}
	return false;
}

bool tmi_elf_stack_pointer_offset(const struct tmi_elf *elf, const struct tmi_elf_prstatus *layout,
				  uint32_t *offset)
{
	return register_offset(elf, layout, false, offset);
}

bool tmi_elf_program_counter_offset(const struct tmi_elf *elf,
				    const struct tmi_elf_prstatus *layout, uint32_t *offset)
{
	return register_offset(elf, layout, true, offset);
}

bool tmi_elf_prpsinfo_read(const struct tmi_elf *elf, const struct tmi_elf_note *note,
			   struct tmi_elf_prpsinfo *info)
{
	/* 16-bit user ids make the head shorter: of the 32-bit machines only some have them. */
	bool wide = elf->word == 8 && note->size >= 136;
	bool wide_ids = !wide && note->size >= 128;
	uint32_t process_id = wide ? 24 : wide_ids ? 16 : 12;
	uint32_t name = process_id + 16;
	uint8_t bytes[136];
	uint32_t size = note->size < sizeof(bytes) ? note->size : (uint32_t)sizeof(bytes);

	memset(info, 0, sizeof(*info));
	if (size < name + 16 + 80 || elf->read(elf->context, note->offset, bytes, size) != size)
		return false;
	info->process_id = tmi_load32(bytes + process_id, elf->big_endian);
	memcpy(info->name, bytes + name, 16);
	memcpy(info->arguments, bytes + name + 16, 80);
	return true;
}

bool tmi_elf_aux_find(const struct tmi_elf *elf, const struct tmi_elf_note *note, uint64_t type,
		      uint64_t *value)
{
	uint32_t step = 2u * elf->word;
	uint32_t count = note->size / step;
	uint8_t bytes[16];

	*value = 0;
	for (uint32_t i = 0; i < count && i < AUX_ENTRIES_MAX; i++) {
		uint64_t found;

		if (elf->read(elf->context, note->offset + (uint64_t)i * step, bytes, step) != step)
			return false;
		found = tmi_load(bytes, elf->word, elf->big_endian);
		if (found == 0)
			return false;
		if (found == type) {
			*value = tmi_load(bytes + elf->word, elf->word, elf->big_endian);
			return true;
		}
	}
	return false;
}

bool tmi_elf_file_rows_init(struct tmi_elf_file_rows *rows, const struct tmi_elf *elf,
			    const uint8_t *bytes, uint64_t size)
{
	struct tmi_bytes all = { bytes, size, elf->big_endian };
	uint64_t head = 2u * elf->word;
	uint64_t row_size = 3u * elf->word;

	memset(rows, 0, sizeof(*rows));
	rows->bytes = bytes;
	rows->size = size;
	rows->word = elf->word;
	rows->big_endian = elf->big_endian;
	if (!tmi_bytes_integer(&all, 0, elf->word, &rows->count) ||
	    !tmi_bytes_integer(&all, elf->word, elf->word, &rows->page_size))
		return false;
	if (rows->count > (size - head) / (row_size + 1))
		return false;
	rows->name_at = head + rows->count * row_size;
	return true;
}

/* Takes the next row's numbers and name; false when the name has no end. */
static bool take_row(struct tmi_elf_file_rows *rows, uint64_t *start, uint64_t *end,
		     uint64_t *pages, const char **path)
{
	struct tmi_bytes all = { rows->bytes, rows->size, rows->big_endian };
	const uint8_t *at = rows->bytes + (2 + 3 * rows->index) * rows->word;

	*path = tmi_bytes_string(&all, rows->name_at);
	if (!*path)
		return false;
	rows->name_at += strlen(*path) + 1;
	rows->index++;
	*start = tmi_load(at, rows->word, rows->big_endian);
	*end = tmi_load(at + rows->word, rows->word, rows->big_endian);
	*pages = tmi_load(at + 2u * rows->word, rows->word, rows->big_endian);
	return true;
}

bool tmi_elf_file_rows_next(struct tmi_elf_file_rows *rows, struct tmi_elf_file_row *row)
{
	uint64_t end;
	uint64_t pages;

	while (rows->index < rows->count) {
		if (!take_row(rows, &row->first, &end, &pages, &row->path))
			return false;
		if (end <= row->first ||
		    __builtin_mul_overflow(pages, rows->page_size, &row->file_offset))
			continue;
		row->last = end - 1;
		return true;
	}
	return false;
}
