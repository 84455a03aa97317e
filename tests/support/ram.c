/* SPDX-License-Identifier: Apache-2.0 */
/* ram.c - made-up physical memory; see ram.h. */
#include "support/ram.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define FRAMES_52 0x000ffffffffff000u
#define FRAMES_48 0x0000fffffffff000u

static const struct ram_shape shapes[] = {
	[RAM_X64] = { .options = "scheme=x64,levels=4",
		      .synth = "x64",
		      .synth_keys = "",
		      .machine = "amd64",
		      .elf_machine = EM_X86_64,
		      .pointer_size = 8,
		      .elf_class = 64,
		      .levels = 4,
		      .width = 8,
		      .shift = { 39, 30, 21, 12 },
		      .bits = { 9, 9, 9, 9 },
		      .frame_mask = FRAMES_52,
		      .large = 0x200000,
		      .high = true,
		      .no_execute = true },
	[RAM_X64_5] = { .options = "scheme=x64,levels=5",
			.synth = "x64",
			.synth_keys = "levels=5",
			.machine = "amd64",
			.elf_machine = EM_X86_64,
			.pointer_size = 8,
			.elf_class = 64,
			.levels = 5,
			.width = 8,
			.shift = { 48, 39, 30, 21, 12 },
			.bits = { 9, 9, 9, 9, 9 },
			.frame_mask = FRAMES_52,
			.large = 0x200000,
			.high = true,
			.no_execute = true },
	[RAM_X86] = { .options = "scheme=x86",
		      .synth = "x86",
		      .synth_keys = "",
		      .machine = "i386",
		      .elf_machine = EM_386,
		      .pointer_size = 4,
		      .elf_class = 32,
		      .levels = 2,
		      .width = 4,
		      .shift = { 22, 12 },
		      .bits = { 10, 10 },
		      .frame_mask = 0xfffff000,
		      .large = 0x400000 },
	[RAM_PAE] = { .options = "scheme=pae",
		      .synth = "pae",
		      .synth_keys = "",
		      .machine = "i386",
		      .elf_machine = EM_386,
		      .pointer_size = 4,
		      .elf_class = 64,
		      .levels = 3,
		      .width = 8,
		      .shift = { 30, 21, 12 },
		      .bits = { 2, 9, 9 },
		      .frame_mask = FRAMES_52,
		      .large = 0x200000,
		      .high = true,
		      .no_execute = true },
	[RAM_ARM64] = { .options = "scheme=arm64",
			.synth = "arm64",
			.synth_keys = "",
			.machine = "arm64",
			.elf_machine = EM_AARCH64,
			.pointer_size = 8,
			.elf_class = 64,
			.levels = 4,
			.width = 8,
			.shift = { 39, 30, 21, 12 },
			.bits = { 9, 9, 9, 9 },
			.frame_mask = FRAMES_48,
			.large = 0x200000,
			.pair = true,
			.high = true,
			.no_execute = true },
	[RAM_ARM64_39] = { .options = "scheme=arm64,virtual-bits=39",
			   .synth = "arm64",
			   .synth_keys = "bits=39",
			   .machine = "arm64",
			   .elf_machine = EM_AARCH64,
			   .pointer_size = 8,
			   .elf_class = 64,
			   .levels = 3,
			   .width = 8,
			   .shift = { 30, 21, 12 },
			   .bits = { 9, 9, 9 },
			   .frame_mask = FRAMES_48,
			   .large = 0x200000,
			   .pair = true,
			   .high = true,
			   .no_execute = true },
};

const struct ram_shape *ram_shape(enum ram_format format)
{
	return &shapes[format];
}

void ram_init(struct ram *ram, enum ram_format format)
{
	*ram = (struct ram){ .shape = &shapes[format] };
}

void ram_fini(struct ram *ram)
{
	for (size_t i = 0; i < ram->count; i++)
		free(ram->stretches[i].bytes);
	ram->count = 0;
}

void ram_add(struct ram *ram, uint64_t first, uint64_t size)
{
	struct ram_stretch *stretch = &ram->stretches[ram->count];

	if (ram->count == RAM_STRETCHES ||
	    (ram->count && first < stretch[-1].first + stretch[-1].size))
		abort();
	*stretch = (struct ram_stretch){ first, size, calloc(1, size) };
	if (!stretch->bytes)
		abort();
	ram->count++;
}

uint8_t *ram_at(const struct ram *ram, uint64_t address)
{
	for (size_t i = 0; i < ram->count; i++)
		if (address - ram->stretches[i].first < ram->stretches[i].size)
			return ram->stretches[i].bytes + (address - ram->stretches[i].first);
	return NULL;
}

size_t ram_prefix(const struct ram *ram, uint64_t address, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < ram->count && count < size; i++) {
		const struct ram_stretch *stretch = &ram->stretches[i];

		if (address + count - stretch->first < stretch->size)
			count += stretch->first + stretch->size - (address + count);
	}
	return count < size ? count : size;
}

static void put_entry(struct ram *ram, uint64_t address, uint64_t entry)
{
	for (unsigned i = 0; i < ram->shape->width; i++)
		if (ram_at(ram, address + i))
			*ram_at(ram, address + i) = (uint8_t)(entry >> 8 * i);
}

static uint64_t get_entry(const struct ram *ram, uint64_t address)
{
	uint64_t entry = 0;

	for (unsigned i = ram->shape->width; i-- > 0;)
		entry = entry << 8 | (ram_at(ram, address + i) ? *ram_at(ram, address + i) : 0);
	return entry;
}

/* x86 in all its forms: P 1, R/W 2, U/S 4, A 0x20, D 0x40, PS 0x80, XD bit 63. */
static uint64_t x86_entry(const struct ram_shape *shape, const struct ram_page *page)
{
	uint64_t entry = page->physical | 0x21 | (page->writable ? 0x42 : 0);

	if (page->kind == RAM_KIND_SWAP && shape->width == 4)
		return 3 << 1 | 0x1234 << 8;
	if (page->kind == RAM_KIND_SWAP)
		return 3ull << 59 | (~0x1234ull << 14 >> 5);
	if (page->kind == RAM_KIND_NONE && shape->width == 4)
		return page->physical | 0x120;
	if (page->kind == RAM_KIND_NONE)
		return (~page->physical & FRAMES_52) | 0x120;
	entry |= page->user ? 4 : 0;
	entry |= page->size > RAM_PAGE ? 0x80 : 0;
	return entry | (shape->no_execute ? 1ull << 63 : 0);
}

/* Valid 1, page 2, EL0 0x40, read-only 0x80, inner shareable 0x300, AF 0x400, nG 0x800, PXN, UXN.
 */
static uint64_t arm64_entry(const struct ram_page *page)
{
	uint64_t entry = page->physical | 0x701 | 3ull << 53;

	if (page->kind == RAM_KIND_SWAP)
		return 3 << 3 | 0x1234 << 8;
	entry |= page->size > RAM_PAGE ? 0 : 2;
	entry |= page->writable ? 0 : 0x80;
	entry |= page->user ? 0x840 : 0;
	/* PROT_NONE: not valid, bit 58. */
	return page->kind == RAM_KIND_NONE ? (entry & ~(uint64_t)1) | 1ull << 58 : entry;
}

static uint64_t table_entry(const struct ram_shape *shape, unsigned level, uint64_t table)
{
	if (shape->elf_machine == EM_AARCH64)
		return table | 3;
	return table | (shape->bits[level] == 2 ? 1 : 0x67);
}

void ram_map(struct ram *ram, uint64_t root, const struct ram_page *page)
{
	const struct ram_shape *shape = ram->shape;
	unsigned last = shape->levels - (page->size > RAM_PAGE ? 2 : 1);
	uint64_t table = root;

	for (unsigned level = 0;; level++) {
		uint64_t index =
			page->virtual_ >> shape->shift[level] & ((1u << shape->bits[level]) - 1);
		uint64_t place = table + index * shape->width;

		if (level == last) {
			put_entry(ram, place,
				  shape->elf_machine == EM_AARCH64 ? arm64_entry(page)
								   : x86_entry(shape, page));
			return;
		}
		if (!get_entry(ram, place)) {
			put_entry(ram, place, table_entry(shape, level, ram->next_table));
			ram->next_table += RAM_PAGE;
		}
		table = get_entry(ram, place) & shape->frame_mask;
	}
}

bool ram_write_raw(const struct ram *ram, FILE *file)
{
	for (size_t i = 0; i < ram->count; i++) {
		const struct ram_stretch *stretch = &ram->stretches[i];

		if (fseeko(file, (off_t)stretch->first, SEEK_SET) ||
		    fwrite(stretch->bytes, 1, stretch->size, file) != stretch->size)
			return false;
	}
	return !fflush(file);
}

static void put(FILE *file, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		putc((int)(uint8_t)(value >> 8 * i), file);
}

static void put_elf_header(const struct ram *ram, FILE *file)
{
	bool wide = ram->shape->elf_class == 64;
	unsigned word = wide ? 8 : 4;
	const uint8_t ident[EI_NIDENT] = { ELFMAG0,      ELFMAG1,     ELFMAG2,   ELFMAG3,
					   wide ? 2 : 1, ELFDATA2LSB, EV_CURRENT };

	fwrite(ident, sizeof(ident), 1, file);
	put(file, ET_CORE, 2);
	put(file, ram->shape->elf_machine, 2);
	put(file, EV_CURRENT, 4);
	put(file, 0, word);              /* e_entry */
	put(file, wide ? 64 : 52, word); /* e_phoff */
	put(file, 0, word);              /* e_shoff */
	put(file, 0, 4);                 /* e_flags */
	put(file, wide ? 64 : 52, 2);    /* e_ehsize */
	put(file, wide ? 56 : 32, 2);    /* e_phentsize */
	put(file, ram->count, 2);        /* e_phnum */
	put(file, 0, 6);
}

bool ram_write_elf(const struct ram *ram, FILE *file)
{
	bool wide = ram->shape->elf_class == 64;
	unsigned word = wide ? 8 : 4;
	uint64_t offset = wide ? 64 + 56 * ram->count : 52 + 32 * ram->count;

	put_elf_header(ram, file);
	/* The last stretch comes first: the order in the file says nothing. */
	for (size_t i = ram->count; i-- > 0;) {
		const struct ram_stretch *stretch = &ram->stretches[i];

		put(file, PT_LOAD, 4);
		if (wide)
			put(file, PF_R | PF_W | PF_X, 4);
		put(file, offset, word);
		put(file, 0xc0de0000 + (i << 12), word); /* p_vaddr: a lie */
		put(file, stretch->first, word);
		put(file, stretch->size, word);
		put(file, stretch->size, word);
		if (!wide)
			put(file, PF_R | PF_W | PF_X, 4);
		put(file, 0, word);
		offset += stretch->size;
	}
	for (size_t i = ram->count; i-- > 0;)
		fwrite(ram->stretches[i].bytes, 1, ram->stretches[i].size, file);
	return !fflush(file) && !ferror(file);
}

bool ram_write_lime(const struct ram *ram, FILE *file)
{
	for (size_t i = 0; i < ram->count; i++) {
		const struct ram_stretch *stretch = &ram->stretches[i];

		put(file, 0x4c694d45, 4);
		put(file, 1, 4);
		put(file, stretch->first, 8);
		put(file, stretch->first + stretch->size - 1, 8);
		put(file, 0, 8);
		fwrite(stretch->bytes, 1, stretch->size, file);
	}
	return !fflush(file) && !ferror(file);
}
