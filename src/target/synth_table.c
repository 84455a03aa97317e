/* SPDX-License-Identifier: Apache-2.0 */
/*
 * synth_table.c - page tables of a described machine: from map lines to the bytes of entries.
 *
 * Every entry becomes content at the place of its line, so that a later line can spoil it. A table
 * is the stated root or a page out of the stated area; which is which is kept beside, never read
 * back out of the bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "target/synth_directive.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define TABLE_SIZE   4096u
#define MOST_LEVELS  4
#define MOST_ENTRIES (1u << 20) /* of all map lines: 4 GiB in small pages, 8 MiB of bytes */
#define MOST_TABLES  (1u << 14)
#define NO_CHILD     UINT32_MAX

/* What a map line wants of a page. */
struct access {
	bool read, write, execute, user;
};

struct tmi_synth_format {
	unsigned levels;
	unsigned width;              /* bytes of an entry */
	unsigned shift[MOST_LEVELS]; /* lowest address bit that indexes the level */
	unsigned bits[MOST_LEVELS];  /* how many */
	bool large[MOST_LEVELS];     /* an entry of the level can map a page */
	unsigned virtual_bits;       /* the bits above are copies of the highest of these */
	bool low_half;               /* the bits above are all 0 or all 1, whatever it is */
	uint64_t last_physical;
	uint64_t root_align;
	uint64_t (*table)(unsigned level, uint64_t address);
	uint64_t (*page)(const struct access *access, uint64_t address, bool large);
};

/* A table: its entries that lead to tables. */
struct tmi_synth_table {
	uint64_t address;
	uint32_t *children; /* by index; in tmi_synth.tables */
};

/* Present, writable, user, accessed: what leads on allows all, the page itself decides. */
static uint64_t x64_table(unsigned level, uint64_t address)
{
	(void)level;
	return address | 0x27;
}

/* The four entries at the top of PAE have no access bits; they are reserved there. */
static uint64_t pae_table(unsigned level, uint64_t address)
{
	return address | (level == 0 ? 0x01 : 0x27);
}

/* P 0x1, R/W 0x2, U/S 0x4, A 0x20, D 0x40, PS 0x80. */
static uint64_t x86_page(const struct access *access, uint64_t address, bool large)
{
	uint64_t entry = address | (access->read ? 0x21 : 0);

	entry |= access->write ? 0x42 : 0;
	entry |= access->user ? 0x04 : 0;
	return entry | (large ? 0x80 : 0);
}

/* The same with XD, bit 63. */
static uint64_t x64_page(const struct access *access, uint64_t address, bool large)
{
	return x86_page(access, address, large) | (access->execute ? 0 : 1ull << 63);
}

static uint64_t arm64_table(unsigned level, uint64_t address)
{
	(void)level;
	return address | 3;
}

/*
 * Valid 0x1, not a block 0x2, AP[1] (EL0) 0x40, AP[2] (read-only) 0x80, inner shareable 0x300,
 * AF 0x400, PXN bit 53, UXN bit 54. What EL0 may execute EL1 may not, and the other way round.
 */
static uint64_t arm64_page(const struct access *access, uint64_t address, bool large)
{
	uint64_t entry = address | 0x700 | (access->read ? 1 : 0) | (large ? 0 : 2);

	entry |= access->user ? 0x40 : 0;
	entry |= access->write ? 0 : 0x80;
	entry |= access->execute && !access->user ? 0 : 1ull << 53;
	return entry | (access->execute && access->user ? 0 : 1ull << 54);
}

#define TOP_52 ((1ull << 52) - 1)
#define TOP_48 ((1ull << 48) - 1)

static const struct tmi_synth_format formats[] = {
	{ 4,
	  8,
	  { 39, 30, 21, 12 },
	  { 9, 9, 9, 9 },
	  { false, true, true, true },
	  48,
	  false,
	  TOP_52,
	  4096,
	  x64_table,
	  x64_page },
	{ 2,
	  4,
	  { 22, 12 },
	  { 10, 10 },
	  { true, true },
	  32,
	  false,
	  UINT32_MAX,
	  4096,
	  x64_table,
	  x86_page },
	{ 3,
	  8,
	  { 30, 21, 12 },
	  { 2, 9, 9 },
	  { false, true, true },
	  32,
	  false,
	  TOP_52,
	  32,
	  pae_table,
	  x64_page },
	{ 4,
	  8,
	  { 39, 30, 21, 12 },
	  { 9, 9, 9, 9 },
	  { false, true, true, true },
	  48,
	  true,
	  TOP_48,
	  4096,
	  arm64_table,
	  arm64_page },
};

static const struct tmi_synth_choice format_names[] = {
	{ "x64", 0 }, { "x86", 1 }, { "pae", 2 }, { "arm64", 3 }, { NULL, 0 }
};

static tmem_status want_physical(struct tmi_synth_line *line,
				 const struct tmi_synth_process *process, const char *what)
{
	if (process == line->synth->physical)
		return TMEM_S_OK;
	return tmi_synth_expected_at(line, line->start, "%s inside the physical section", what);
}

/* A new table; *index is its number. */
static tmem_status add_table(struct tmi_synth_line *line, uint64_t address, uint32_t *index)
{
	struct tmi_synth_tables *tables = &line->synth->tables;
	size_t size = ((size_t)1 << 10) * sizeof(uint32_t);
	tmem_status status =
		tmi_synth_grow(&tables->list, &tables->room, tables->count, sizeof(*tables->list));
	uint32_t *children;

	if (tables->count == MOST_TABLES)
		return tmi_synth_expected_at(line, line->start, "at most %u tables", MOST_TABLES);
	if (status != TMEM_S_OK)
		return status;
	children = malloc(size);
	if (!children)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	memset(children, 0xff, size);
	*index = (uint32_t)tables->count;
	tables->list[tables->count++] = (struct tmi_synth_table){ address, children };
	return TMEM_S_OK;
}

void tmi_synth_free_tables(struct tmi_synth_tables *tables)
{
	for (size_t i = 0; i < tables->count; i++)
		free(tables->list[i].children);
	free(tables->list);
}

tmem_status tmi_synth_take_tables(struct tmi_synth_line *line, struct tmi_synth_process *process)
{
	struct tmi_synth_tables *tables = &line->synth->tables;
	tmem_status status = want_physical(line, process, "tables");
	uint64_t first = 0, last = 0;
	const char *at;

	tmi_synth_at_end(line);
	at = line->at;
	if (status == TMEM_S_OK)
		status = tmi_synth_take_range(line, process->highest, &first, &last);
	if (status == TMEM_S_OK && (first % TABLE_SIZE || (last + 1) % TABLE_SIZE))
		status = tmi_synth_expected_at(line, at, "whole pages of 0x%x bytes", TABLE_SIZE);
	if (status == TMEM_S_OK)
		status = tmi_synth_take_end(line);
	if (status != TMEM_S_OK)
		return status;
	tables->next = first;
	tables->end = last + 1;
	return TMEM_S_OK;
}

tmem_status tmi_synth_take_table(struct tmi_synth_line *line, struct tmi_synth_process *process)
{
	struct tmi_synth_tables *tables = &line->synth->tables;
	tmem_status status = want_physical(line, process, "table");
	uint64_t format = 0, root = 0;
	const char *at = line->at;

	if (status == TMEM_S_OK)
		status = tmi_synth_take_choice(line, "a format of tables", format_names, &format);
	if (status == TMEM_S_OK) {
		tmi_synth_at_end(line);
		at = line->at;
		status = tmi_synth_take_number(line, "the address of the first table", &root);
	}
	if (status == TMEM_S_OK &&
	    (root > formats[format].last_physical || root % formats[format].root_align))
		status = tmi_synth_expected_at(line, at, "a multiple of %llu up to 0x%llx",
					       (unsigned long long)formats[format].root_align,
					       (unsigned long long)formats[format].last_physical);
	if (status == TMEM_S_OK)
		status = tmi_synth_take_end(line);
	if (status == TMEM_S_OK)
		status = add_table(line, root, &tables->root);
	if (status != TMEM_S_OK)
		return status;
	tables->format = &formats[format];
	if (!tables->has_root)
		tables->first_root = root;
	tables->has_root = true;
	return TMEM_S_OK;
}

/* Entries as content; all of one table, one after the other. */
static tmem_status put_entries(struct tmi_synth_line *line, struct tmi_synth_process *process,
			       uint64_t address, size_t byte_at)
{
	size_t size = line->synth->byte_count - byte_at;
	struct tmi_synth_piece piece = { .first = address,
					 .last = address + size - 1,
					 .origin = address,
					 .byte_at = byte_at,
					 .byte_count = size,
					 .form = TMI_SYNTH_BYTES };

	return tmi_synth_add_piece(&process->contents, &piece);
}

static tmem_status append_entry(struct tmi_synth *synth, uint64_t entry)
{
	uint8_t bytes[8];

	tmi_store(bytes, synth->tables.format->width, false, entry);
	return tmi_synth_append(synth, bytes, synth->tables.format->width);
}

static unsigned index_at(const struct tmi_synth_format *format, unsigned level, uint64_t address)
{
	return (unsigned)(address >> format->shift[level]) & ((1u << format->bits[level]) - 1);
}

/* The table below entry @index of *table, made when there is none. */
static tmem_status step(struct tmi_synth_line *line, struct tmi_synth_process *process,
			unsigned level, unsigned index, uint32_t *table)
{
	struct tmi_synth_tables *tables = &line->synth->tables;
	const struct tmi_synth_format *format = tables->format;
	uint32_t *child = &tables->list[*table].children[index];
	uint64_t place = tables->list[*table].address + (uint64_t)index * format->width;
	size_t byte_at = line->synth->byte_count;
	uint64_t address = tables->next;
	tmem_status status;

	if (*child != NO_CHILD) {
		*table = *child;
		return TMEM_S_OK;
	}
	if (tables->end - address < TABLE_SIZE || address > format->last_physical)
		return tmi_synth_expected_at(line, line->start,
					     "a tables line with room for another table");
	status = append_entry(line->synth, format->table(level, address));
	if (status == TMEM_S_OK)
		status = put_entries(line, process, place, byte_at);
	/* The list may move: the child is set before it grows. */
	*child = (uint32_t)tables->count;
	if (status == TMEM_S_OK)
		status = add_table(line, address, table);
	tables->next += TABLE_SIZE;
	return status;
}

struct mapping {
	uint64_t virtual;
	uint64_t physical;
	uint64_t pages; /* left */
	unsigned level; /* whose entries map */
	struct access access;
};

/* As many pages as lie in one table. */
static tmem_status map_in_table(struct tmi_synth_line *line, struct tmi_synth_process *process,
				struct mapping *map)
{
	struct tmi_synth_tables *tables = &line->synth->tables;
	const struct tmi_synth_format *format = tables->format;
	unsigned index = index_at(format, map->level, map->virtual);
	bool large = map->level + 1 < format->levels;
	size_t byte_at = line->synth->byte_count;
	uint32_t table = tables->root;
	tmem_status status = TMEM_S_OK;
	uint64_t place;

	for (unsigned i = 0; i < map->level && status == TMEM_S_OK; i++)
		status = step(line, process, i, index_at(format, i, map->virtual), &table);
	if (status != TMEM_S_OK)
		return status;
	byte_at = line->synth->byte_count;
	place = tables->list[table].address + (uint64_t)index * format->width;
	for (; map->pages && index < 1u << format->bits[map->level] && status == TMEM_S_OK;
	     index++) {
		tables->list[table].children[index] = NO_CHILD;
		status =
			append_entry(line->synth, format->page(&map->access, map->physical, large));
		map->virtual += 1ull << format->shift[map->level];
		map->physical += 1ull << format->shift[map->level];
		map->pages--;
	}
	return status == TMEM_S_OK ? put_entries(line, process, place, byte_at) : status;
}

/* Four letters: rwx, each or '-', then u (user) or k (kernel). */
static tmem_status take_access(struct tmi_synth_line *line, struct access *access)
{
	const char *at;
	bool fits;

	fits = !tmi_synth_at_end(line) && tmi_synth_word_length(line) == 4;
	at = line->at;
	for (unsigned i = 0; i < 3 && fits; i++)
		fits = at[i] == "rwx"[i] || at[i] == '-';
	if (!fits || (at[3] != 'u' && at[3] != 'k'))
		return tmi_synth_expected(line, "flags such as rw-u or r-xk");
	*access = (struct access){ at[0] == 'r', at[1] == 'w', at[2] == 'x', at[3] == 'u' };
	line->at += 4;
	return TMEM_S_OK;
}

static tmem_status take_level(struct tmi_synth_line *line, const struct tmi_synth_format *format,
			      unsigned *level)
{
	static const struct tmi_synth_key keys[] = { { "page", TMI_SYNTH_NUMBER, NULL } };
	struct tmi_synth_given given[COUNT(keys)];
	tmem_status status = tmi_synth_take_keys(line, keys, COUNT(keys), given);

	*level = format->levels - 1;
	if (status != TMEM_S_OK || !given[0].given)
		return status;
	for (unsigned i = 0; i < format->levels; i++)
		if (format->large[i] && given[0].number == 1ull << format->shift[i]) {
			*level = i;
			return TMEM_S_OK;
		}
	return tmi_synth_expected_at(
		line, given[0].at,
		"a page size that these tables have (4K, 2M, 1G or, with x86, 4M)");
}

/* True when the bits above the translated ones are what the machine wants. */
static bool canonical(const struct tmi_synth_format *format, uint64_t address)
{
	uint64_t above = address >> (format->virtual_bits - !format->low_half);
	uint64_t ones = UINT64_MAX >> (format->virtual_bits - !format->low_half);

	if (format->virtual_bits == 32)
		return address <= UINT32_MAX;
	return above == 0 || above == ones;
}

static tmem_status take_places(struct tmi_synth_line *line, const struct tmi_synth_format *format,
			       struct mapping *map, uint64_t *size)
{
	uint64_t last = 0;
	tmem_status status;
	const char *at;

	tmi_synth_at_end(line);
	at = line->at;
	status = tmi_synth_take_number(line, "a virtual address", &map->virtual);
	if (status == TMEM_S_OK)
		status = tmi_synth_take_range(line, format->last_physical, &map->physical, &last);
	*size = last - map->physical + 1;
	if (status == TMEM_S_OK &&
	    (*size - 1 > UINT64_MAX - map->virtual || !canonical(format, map->virtual) ||
	     !canonical(format, map->virtual + (*size - 1)) ||
	     map->virtual >> 63 != (map->virtual + (*size - 1)) >> 63))
		status = tmi_synth_expected_at(line, at, "a canonical range of virtual addresses");
	return status;
}

tmem_status tmi_synth_take_map(struct tmi_synth_line *line, struct tmi_synth_process *process)
{
	struct tmi_synth_tables *tables = &line->synth->tables;
	tmem_status status = want_physical(line, process, "map");
	struct mapping map = { 0 };
	uint64_t size = 0, mask;

	if (status == TMEM_S_OK && !tables->has_root)
		status = tmi_synth_expected_at(line, line->start, "a table line before map");
	if (status == TMEM_S_OK)
		status = take_places(line, tables->format, &map, &size);
	if (status == TMEM_S_OK)
		status = take_access(line, &map.access);
	if (status == TMEM_S_OK)
		status = take_level(line, tables->format, &map.level);
	if (status != TMEM_S_OK)
		return status;
	mask = (1ull << tables->format->shift[map.level]) - 1;
	if ((map.virtual | map.physical | size) & mask)
		return tmi_synth_expected_at(line, line->start, "whole pages of 0x%llx bytes",
					     (unsigned long long)mask + 1);
	map.pages = size >> tables->format->shift[map.level];
	if (map.pages > MOST_ENTRIES - tables->entries)
		return tmi_synth_expected_at(line, line->start, "at most %u mapped pages in all",
					     MOST_ENTRIES);
	tables->entries += map.pages;
	while (status == TMEM_S_OK && map.pages)
		status = map_in_table(line, process, &map);
	return status;
}
