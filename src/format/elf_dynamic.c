/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elf_dynamic.c - the symbols that the dynamic linker uses, read from an image in memory; see
 * elf_symbols.h.
 *
 * No table says how many symbols there are. The hash tables do: DT_HASH by its number of chains,
 * DT_GNU_HASH by the end of the chain that begins last.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "format/elf_symbols.h"

#define TAG_HASH        4u
#define TAG_STRING_SIZE 10u
#define TAG_SYMBOLS     6u
#define TAG_GNU_HASH    0x6ffffef5u
#define TAG_VERSIONS    0x6ffffff0u

#define STRINGS_MAX    (128u << 20)
#define BUCKETS_MAX    (4u << 20)
#define PIECE          1024u /* symbols, or words of a table, fetched at a time */
#define VERSION_HIDDEN 0x8000u

/* Where the tables are, as addresses; 0 = not there. */
struct tables {
	uint64_t symbols;
	uint64_t strings;
	uint64_t versions;
	uint64_t count; /* of symbols */
};

/* What is known of one pass over the symbols. */
struct pass {
	struct tmi_elf_symbols *out;
	const struct tmi_elf_image *image;
	const struct tables *tables;
	char *strings;
	size_t strings_size;
};

static size_t fetch(const struct tmi_elf_image *image, uint64_t address, void *buffer, size_t size)
{
	uint64_t room = address - image->base;

	/* Tables lie inside their image. */
	if (room >= image->size)
		return 0;
	room = image->size - room;
	if (size > room)
		size = (size_t)room;
	return image->elf.read(image->elf.context, address, buffer, size);
}

static bool fetch_word(const struct tmi_elf_image *image, uint64_t address, uint32_t *value)
{
	uint8_t bytes[4];

	*value = 0;
	if (fetch(image, address, bytes, 4) < 4)
		return false;
	*value = tmi_load32(bytes, image->elf.big_endian);
	return true;
}

/* Address of a table. The dynamic linker may have put it there already, or left the p_vaddr. */
static uint64_t find_table(const struct tmi_elf_image *image, uint64_t tag)
{
	uint64_t mask = image->elf.word == 8 ? UINT64_MAX : UINT32_MAX;
	uint64_t value;

	if (!tmi_elf_image_dynamic(image, tag, &value) || !value)
		return 0;
	if (value - image->base < image->size)
		return value;
	value = (value + image->bias) & mask;
	return value - image->base < image->size ? value : 0;
}

/* Symbols by DT_HASH, 0 = there is none. */
static uint64_t count_by_hash(const struct tmi_elf_image *image)
{
	uint64_t table = find_table(image, TAG_HASH);
	bool wide = image->elf.machine == TMI_ELF_S390 && image->elf.word == 8;
	uint32_t count;

	if (!table)
		return 0;
	/* S/390 has 8-byte words there; the low half is enough. */
	fetch_word(image, table + (wide ? 8 + 4 * image->elf.big_endian : 4), &count);
	return count;
}

/* The highest symbol that a bucket begins with. */
static uint32_t last_bucket(const struct tmi_elf_image *image, uint64_t table, uint32_t count)
{
	uint8_t bytes[4 * PIECE];
	uint32_t last = 0;

	if (count > BUCKETS_MAX)
		count = BUCKETS_MAX;
	while (count > 0) {
		uint32_t wanted = count < PIECE ? count : PIECE;
		uint32_t got = (uint32_t)(fetch(image, table, bytes, 4u * wanted) / 4);

		for (uint32_t i = 0; i < got; i++) {
			uint32_t first = tmi_load32(bytes + 4u * i, image->elf.big_endian);

			last = first > last ? first : last;
		}
		if (got < wanted)
			break;
		table += 4u * wanted;
		count -= wanted;
	}
	return last;
}

/* Index behind the symbol whose word in the chains ends its chain. */
static uint64_t end_of_chain(const struct tmi_elf_image *image, uint64_t chains, uint64_t index)
{
	uint8_t bytes[4 * PIECE];

	while (index < TMI_ELF_SYMBOLS_MAX) {
		size_t got = fetch(image, chains + 4 * index, bytes, sizeof(bytes)) / 4;

		for (size_t i = 0; i < got; i++, index++)
			if (tmi_load32(bytes + 4 * i, image->elf.big_endian) & 1)
				return index + 1;
		if (got < PIECE)
			break;
	}
	return index;
}

/* Symbols by DT_GNU_HASH, 0 = there is none. */
static uint64_t count_by_gnu_hash(const struct tmi_elf_image *image)
{
	uint64_t table = find_table(image, TAG_GNU_HASH);
	uint32_t buckets, first, filters, last;
	uint64_t buckets_at;

	if (!table || !fetch_word(image, table, &buckets) ||
	    !fetch_word(image, table + 4, &first) || !fetch_word(image, table + 8, &filters))
		return 0;
	buckets_at = table + 16 + (uint64_t)filters * image->elf.word;
	last = last_bucket(image, buckets_at, buckets);
	if (last < first)
		return first;
	/* The chains have no words for the symbols before the first hashed one. */
	return end_of_chain(image, buckets_at + 4 * (uint64_t)buckets - 4 * (uint64_t)first, last);
}

static bool find_tables(const struct tmi_elf_image *image, struct tables *tables)
{
	if (!image->dynamic)
		return false;
	tables->symbols = find_table(image, TAG_SYMBOLS);
	tables->strings = find_table(image, TMI_ELF_DYNAMIC_STRTAB);
	tables->versions = find_table(image, TAG_VERSIONS);
	tables->count = count_by_gnu_hash(image);
	if (!tables->count)
		tables->count = count_by_hash(image);
	return tables->symbols && tables->strings && tables->count;
}

/* Fetches the names, as many as there are. False: no memory. */
static bool fetch_strings(struct pass *pass)
{
	uint64_t size, got;

	if (!tmi_elf_image_dynamic(pass->image, TAG_STRING_SIZE, &size))
		size = STRINGS_MAX;
	if (size > STRINGS_MAX)
		size = STRINGS_MAX;
	if (size > pass->image->size - (pass->tables->strings - pass->image->base))
		size = pass->image->size - (pass->tables->strings - pass->image->base);
	pass->strings = malloc(size + 1);
	if (!pass->strings)
		return false;
	got = fetch(pass->image, pass->tables->strings, pass->strings, (size_t)size);
	pass->out->cut |= got < size;
	pass->strings_size = (size_t)got;
	return true;
}

/* Fields of one symbol of either class. */
static uint32_t decode(const struct pass *pass, const uint8_t *bytes,
		       struct tmi_elf_raw_symbol *symbol)
{
	bool big = pass->image->elf.big_endian;

	if (pass->image->elf.word == 8) {
		symbol->info = bytes[4];
		symbol->section = tmi_load16(bytes + 6, big);
		symbol->value = tmi_load64(bytes + 8, big);
	} else {
		symbol->value = tmi_load32(bytes + 4, big);
		symbol->info = bytes[12];
		symbol->section = tmi_load16(bytes + 14, big);
	}
	return tmi_load32(bytes, big);
}

static bool add_one(struct pass *pass, const uint8_t *bytes, const uint8_t *version)
{
	struct tmi_elf_raw_symbol symbol = { 0 };
	uint32_t name = decode(pass, bytes, &symbol);

	if (name >= pass->strings_size)
		return true;
	symbol.name = pass->strings + name;
	symbol.name_length = pass->strings_size - name;
	symbol.versioned = version != NULL;
	symbol.hidden =
		version && (tmi_load16(version, pass->image->elf.big_endian) & VERSION_HIDDEN) != 0;
	/* A name that runs out of its table may have been cut. */
	if (!memchr(symbol.name, 0,
		    symbol.name_length <= TMI_ELF_NAME_LENGTH_MAX ? symbol.name_length
								  : TMI_ELF_NAME_LENGTH_MAX + 1))
		return true;
	return tmi_elf_symbols_add(pass->out, &symbol);
}

static void add_all(struct pass *pass)
{
	size_t entry = pass->image->elf.word == 8 ? 24 : 16;
	uint64_t count = pass->tables->count;
	uint8_t symbols[24 * PIECE];
	uint8_t versions[2 * PIECE];

	if (count > TMI_ELF_SYMBOLS_MAX) {
		count = TMI_ELF_SYMBOLS_MAX;
		pass->out->cut = true;
	}
	for (uint64_t at = 0; at < count; at += PIECE) {
		size_t wanted = count - at < PIECE ? (size_t)(count - at) : PIECE;
		size_t have = 0;
		size_t got = fetch(pass->image, pass->tables->symbols + at * entry, symbols,
				   wanted * entry) /
			     entry;

		if (pass->tables->versions)
			have = fetch(pass->image, pass->tables->versions + 2 * at, versions,
				     2 * wanted) /
			       2;
		for (size_t i = 0; i < got; i++)
			if (!add_one(pass, symbols + i * entry, i < have ? versions + 2 * i : NULL))
				return;
		if (got < wanted) {
			pass->out->cut = true;
			return;
		}
	}
}

void tmi_elf_symbols_add_dynamic(struct tmi_elf_symbols *symbols, const struct tmi_elf_image *image)
{
	struct tables tables = { 0 };
	struct pass pass = { .out = symbols, .image = image, .tables = &tables };

	if (!find_tables(image, &tables))
		return;
	if (fetch_strings(&pass))
		add_all(&pass);
	else
		symbols->no_memory = true;
	free(pass.strings);
}
