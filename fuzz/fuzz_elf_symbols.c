/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_elf_symbols.c - any bytes as an ELF image in memory, asked for its symbols.
 *
 * What is checked besides memory safety: the table is in order and inside the image, every name
 * ends, and each name and each place finds a symbol of the table again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/elf_symbols.h"

#define BASE 0x40000000u
/* Symbols looked at one by one. */
#define LOOK_MAX 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t size;
};

static void require(int condition)
{
	if (!condition)
		abort();
}

static size_t read_input(void *context, uint64_t offset, void *buffer, size_t size)
{
	const struct input *input = context;

	if (offset < BASE || offset - BASE >= input->size)
		return 0;
	if (size > input->size - (offset - BASE))
		size = (size_t)(input->size - (offset - BASE));
	memcpy(buffer, input->data + (offset - BASE), size);
	return size;
}

static void look(const struct tmi_elf_symbols *symbols, size_t index)
{
	const struct tmi_elf_symbol *symbol = &symbols->list[index];
	const char *name = tmi_elf_symbol_name(symbols, symbol);
	const struct tmi_elf_symbol *found;
	bool several;

	require(symbol->offset <= symbols->size && symbol->length > 0);
	require(symbol->name + symbol->length < symbols->names_size);
	require(strlen(name) == symbol->length);
	require(!index || symbol[-1].offset <= symbol->offset);
	found = tmi_elf_symbols_at(symbols, symbol->offset);
	require(found && found->offset == symbol->offset && found->rank <= symbol->rank);
	found = tmi_elf_symbols_find(symbols, name, symbol->length, &several);
	require(found && !strcmp(tmi_elf_symbol_name(symbols, found), name));
	require(several || found->offset == symbol->offset);
	found = tmi_elf_symbols_step(symbols, symbol, 1);
	require(!found || found->offset > symbol->offset);
	found = tmi_elf_symbols_step(symbols, symbol, -1);
	require(!found || found->offset < symbol->offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct tmi_elf_symbols symbols;
	struct tmi_elf_image image;

	if (!tmi_elf_image_init(&image, read_input, &input, BASE, 0x1000, NULL))
		return 0;
	tmi_elf_symbols_init(&symbols, &image);
	tmi_elf_symbols_add_dynamic(&symbols, &image);
	if (tmi_elf_symbols_settle(&symbols))
		for (size_t i = 0; i < symbols.count && i < LOOK_MAX; i++)
			look(&symbols, i);
	tmi_elf_symbols_fini(&symbols);
	return 0;
}
