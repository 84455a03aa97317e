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
#include "target/synth_table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define TABLE_SIZE   4096u
#define MOST_ENTRIES (1u << 20) /* of all map lines: 4 GiB in small pages, 8 MiB of bytes */
#define MOST_TABLES  (1u << 14)
#define NO_CHILD     UINT32_MAX

/* A table: its entries that lead to tables. */
struct tmi_synth_table {
	uint64_t address;
	uint32_t *children;                    /* by index; in tmi_synth.tables */
	const struct tmi_synth_format *format; /* of a first table, else NULL */
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
	tables->list[tables->count++] = (struct tmi_synth_table){ address, children, NULL };
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

enum table_key { LEVELS, BITS, FIRST, ISOLATED, INVERTED, ENCRYPTION, UPPER, TABLE_KEYS };

static const struct tmi_synth_key table_keys[TABLE_KEYS] = {
	[LEVELS] = { "levels", TMI_SYNTH_NUMBER, NULL },
	[BITS] = { "bits", TMI_SYNTH_NUMBER, NULL },
	[FIRST] = { "first", TMI_SYNTH_NUMBER, NULL },
	[ISOLATED] = { "isolated", TMI_SYNTH_CHOICE, tmi_synth_yes_no },
	[INVERTED] = { "inverted", TMI_SYNTH_CHOICE, tmi_synth_yes_no },
	[ENCRYPTION] = { "encryption", TMI_SYNTH_NUMBER, NULL },
	[UPPER] = { "upper", TMI_SYNTH_NUMBER, NULL },
};

/* Which variant of the format it is. */
static tmem_status choose_variant(struct tmi_synth_line *line, const struct tmi_synth_given *given,
				  const struct tmi_synth_format **format)
{
	const struct tmi_synth_format *variant =
		tmi_synth_format_variant(*format, given[LEVELS].number, given[BITS].number);

	if (variant && (!given[LEVELS].given || given[LEVELS].number) &&
	    (!given[BITS].given || given[BITS].number)) {
		*format = variant;
		return TMEM_S_OK;
	}
	return tmi_synth_expected_at(line, given[LEVELS].given ? given[LEVELS].at : given[BITS].at,
				     "a size that these tables have (x64 levels=4 or 5, arm64 "
				     "bits=39 or 48)");
}

/* Keys that say what the processor or the kernel does to entries. */
static tmem_status apply_table_keys(struct tmi_synth_line *line,
				    const struct tmi_synth_given *given, bool kernel)
{
	struct tmi_synth_tables *tables = &line->synth->tables;
	const struct tmi_synth_format *format = tables->format;
	uint64_t first = given[FIRST].given ? given[FIRST].number : format->kernel_first;

	if (given[FIRST].given &&
	    (!kernel || !first || first % TABLE_SIZE || !tmi_synth_canonical(format, first)))
		return tmi_synth_expected_at(line, given[FIRST].at,
					     "the first page of kernel addresses, of a table that "
					     "is marked kernel");
	if (given[ISOLATED].number && !format->no_execute)
		return tmi_synth_expected_at(line, given[ISOLATED].at, "isolated= of x64 only");
	if (given[INVERTED].number && !format->inverts)
		return tmi_synth_expected_at(line, given[INVERTED].at,
					     "inverted= of x64 and pae only");
	if (given[ENCRYPTION].given && (!format->inverts || given[ENCRYPTION].number % TABLE_SIZE ||
					given[ENCRYPTION].number > format->last_physical))
		return tmi_synth_expected_at(line, given[ENCRYPTION].at,
					     "bits 12 to 51 of an entry of x64 or pae");
	tables->kernel_first = kernel ? first : 0;
	tables->isolated = given[ISOLATED].number;
	tables->inverted = given[INVERTED].number;
	tables->encryption = given[ENCRYPTION].number;
	return TMEM_S_OK;
}

/* The first table of each half is what the target's hints tell. */
static void keep_hints(struct tmi_synth_tables *tables, uint64_t root)
{
	struct tmi_tables *hints = &tables->hints;

	if (!tables->has_root && !tables->has_kernel_root) {
		hints->scheme = tables->format->scheme;
		hints->levels = hints->scheme == TMI_SCHEME_X64 ? tables->format->levels : 0;
		hints->virtual_bits =
			hints->scheme == TMI_SCHEME_ARM64 ? tables->format->virtual_bits : 0;
		hints->root = UINT64_MAX;
		hints->encryption_mask = tables->encryption;
	}
	hints->flags |= tables->inverted ? TMI_TABLES_INVERTED_NONE : 0;
	if (tables->kernel_first && !tables->has_kernel_root) {
		hints->kernel_root = root;
		hints->kernel_first = tables->kernel_first;
		tables->has_kernel_root = true;
	}
	if (!tables->kernel_first && !tables->has_root) {
		hints->root = root;
		hints->flags |= tables->isolated ? TMI_TABLES_ISOLATED : 0;
		tables->has_root = true;
	}
}

/* What the table at a root has for kernel addresses, as it is now, the new table has too. */
static tmem_status share_upper(struct tmi_synth_line *line, struct tmi_synth_process *process,
			       const struct tmi_synth_given *given)
{
	struct tmi_synth_tables *tables = &line->synth->tables;
	const struct tmi_synth_format *format = tables->format;
	const struct tmi_synth_table *to = &tables->list[tables->root];
	const struct tmi_synth_table *from = NULL;
	unsigned count = 1u << format->bits[0];
	tmem_status status = TMEM_S_OK;

	for (size_t i = 0; i < tables->root && !from; i++)
		if (tables->list[i].format == format && tables->list[i].address == given->number)
			from = &tables->list[i];
	if (!from)
		return tmi_synth_expected_at(line, given->at,
					     "the place of an earlier table of this format");
	for (unsigned i = index_at(format, 0, format->kernel_first);
	     i < count && status == TMEM_S_OK; i++) {
		size_t byte_at = line->synth->byte_count;
		uint32_t child = from->children[i];

		to->children[i] = child;
		if (child == NO_CHILD)
			continue;
		status = append_entry(line->synth, format->table(0, tables->list[child].address) |
							   tables->encryption);
		if (status == TMEM_S_OK)
			status = put_entries(line, process,
					     to->address + (uint64_t)i * format->width, byte_at);
	}
	return status;
}

/* FORMAT ROOT [kernel] [keys]; *given is one row for each key. */
static tmem_status take_table_words(struct tmi_synth_line *line,
				    const struct tmi_synth_format **format, uint64_t *root,
				    bool *kernel, struct tmi_synth_given *given)
{
	tmem_status status = tmi_synth_take_format(line, format);
	const char *at;

	if (status != TMEM_S_OK)
		return status;
	tmi_synth_at_end(line);
	at = line->at;
	status = tmi_synth_take_number(line, "the address of the first table", root);
	if (status == TMEM_S_OK &&
	    (*root > (*format)->last_physical || *root % (*format)->root_align))
		status = tmi_synth_expected_at(line, at, "a multiple of %llu up to 0x%llx",
					       (unsigned long long)(*format)->root_align,
					       (unsigned long long)(*format)->last_physical);
	if (status == TMEM_S_OK)
		*kernel = tmi_synth_skip_word(line, "kernel");
	if (status == TMEM_S_OK)
		status = tmi_synth_take_keys(line, table_keys, TABLE_KEYS, given);
	return status;
}

tmem_status tmi_synth_take_table(struct tmi_synth_line *line, struct tmi_synth_process *process)
{
	struct tmi_synth_tables *tables = &line->synth->tables;
	tmem_status status = want_physical(line, process, "table");
	struct tmi_synth_given given[TABLE_KEYS];
	const struct tmi_synth_format *format;
	uint64_t root = 0;
	bool kernel = false;

	if (status == TMEM_S_OK)
		status = take_table_words(line, &format, &root, &kernel, given);
	if (status == TMEM_S_OK)
		status = choose_variant(line, given, &format);
	if (status != TMEM_S_OK)
		return status;
	tables->format = format;
	status = apply_table_keys(line, given, kernel);
	if (status == TMEM_S_OK)
		status = add_table(line, root, &tables->root);
	if (status != TMEM_S_OK)
		return status;
	tables->list[tables->root].format = format;
	keep_hints(tables, root);
	return given[UPPER].given ? share_upper(line, process, &given[UPPER]) : TMEM_S_OK;
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
	uint64_t above = 0;
	tmem_status status;

	if (*child != NO_CHILD) {
		*table = *child;
		return TMEM_S_OK;
	}
	if (tables->end - address < TABLE_SIZE || address > format->last_physical)
		return tmi_synth_expected_at(line, line->start,
					     "a tables line with room for another table");
	/* The kernel's copy of a pair lets nobody execute what user mode has. */
	if (tables->isolated && level == 0 && index < 1u << (format->bits[0] - 1))
		above = format->no_execute;
	status = append_entry(line->synth,
			      format->table(level, address) | above | tables->encryption);
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
	struct tmi_synth_access access;
};

/* The entry of one page: its frame as the kernel keeps it, and its bits. */
static uint64_t page_entry(const struct tmi_synth_tables *tables, const struct mapping *map)
{
	const struct tmi_synth_format *format = tables->format;
	uint64_t encryption = map->access.plain ? 0 : tables->encryption;
	uint64_t frame = map->physical;

	if (map->access.entry == TMI_SYNTH_ENTRY_SWAP)
		return format->page(&map->access, frame, false);
	if (map->access.entry == TMI_SYNTH_ENTRY_NONE && tables->inverted)
		frame = (~frame >> format->shift[map->level] << format->shift[map->level]) &
			format->last_physical & ~tables->encryption;
	return format->page(&map->access, frame, map->level + 1 < format->levels) | encryption;
}

/* As many pages as lie in one table. */
static tmem_status map_in_table(struct tmi_synth_line *line, struct tmi_synth_process *process,
				struct mapping *map)
{
	struct tmi_synth_tables *tables = &line->synth->tables;
	const struct tmi_synth_format *format = tables->format;
	unsigned index = index_at(format, map->level, map->virtual);
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
		status = append_entry(line->synth, page_entry(tables, map));
		map->virtual += 1ull << format->shift[map->level];
		map->physical += 1ull << format->shift[map->level];
		map->pages--;
	}
	return status == TMEM_S_OK ? put_entries(line, process, place, byte_at) : status;
}

/* Four letters: rwx, each or '-', then u (user) or k (kernel). */
static tmem_status take_access(struct tmi_synth_line *line, struct tmi_synth_access *access)
{
	const char *at;
	bool fits;

	fits = !tmi_synth_at_end(line) && tmi_synth_word_length(line) == 4;
	at = line->at;
	for (unsigned i = 0; i < 3 && fits; i++)
		fits = at[i] == "rwx"[i] || at[i] == '-';
	if (!fits || (at[3] != 'u' && at[3] != 'k'))
		return tmi_synth_expected(line, "flags such as rw-u or r-xk");
	*access =
		(struct tmi_synth_access){ at[0] == 'r', at[1] == 'w', at[2] == 'x', at[3] == 'u' };
	line->at += 4;
	return TMEM_S_OK;
}

enum map_key { PAGE, ENTRY, GLOBAL, CONTIGUOUS, ENCRYPTED, MAP_KEYS };

static const struct tmi_synth_choice map_entries[] = {
	{ "page", TMI_SYNTH_ENTRY_PAGE },
	{ "none", TMI_SYNTH_ENTRY_NONE },
	{ "swap", TMI_SYNTH_ENTRY_SWAP },
	{ NULL, 0 },
};

static const struct tmi_synth_key map_keys[MAP_KEYS] = {
	[PAGE] = { "page", TMI_SYNTH_NUMBER, NULL },
	[ENTRY] = { "entry", TMI_SYNTH_CHOICE, map_entries },
	[GLOBAL] = { "global", TMI_SYNTH_CHOICE, tmi_synth_yes_no },
	[CONTIGUOUS] = { "contiguous", TMI_SYNTH_CHOICE, tmi_synth_yes_no },
	[ENCRYPTED] = { "encrypted", TMI_SYNTH_CHOICE, tmi_synth_yes_no },
};

static tmem_status choose_level(struct tmi_synth_line *line, const struct tmi_synth_format *format,
				const struct tmi_synth_given *page, unsigned *level)
{
	*level = format->levels - 1;
	if (!page->given)
		return TMEM_S_OK;
	for (unsigned i = 0; i < format->levels; i++)
		if (format->large[i] && page->number == 1ull << format->shift[i]) {
			*level = i;
			return TMEM_S_OK;
		}
	return tmi_synth_expected_at(
		line, page->at, "a page size that these tables have (4K, 2M, 1G or, with x86, 4M)");
}

static tmem_status take_map_keys(struct tmi_synth_line *line, const struct tmi_synth_format *format,
				 struct mapping *map)
{
	struct tmi_synth_access *access = &map->access;
	struct tmi_synth_given given[MAP_KEYS];
	tmem_status status = tmi_synth_take_keys(line, map_keys, MAP_KEYS, given);

	if (status == TMEM_S_OK)
		status = choose_level(line, format, &given[PAGE], &map->level);
	if (status != TMEM_S_OK)
		return status;
	if (given[CONTIGUOUS].number && !format->has_contiguous)
		return tmi_synth_expected_at(line, given[CONTIGUOUS].at,
					     "contiguous= of arm64 only");
	if (given[GLOBAL].number && format->has_contiguous)
		return tmi_synth_expected_at(line, given[GLOBAL].at,
					     "global= of x64, pae and x86 only");
	access->entry = (uint8_t)given[ENTRY].number;
	access->global = given[GLOBAL].number;
	access->contiguous = given[CONTIGUOUS].number;
	access->plain = given[ENCRYPTED].given && !given[ENCRYPTED].number;
	if (access->entry == TMI_SYNTH_ENTRY_SWAP && map->level + 1 < format->levels)
		return tmi_synth_expected_at(line, given[ENTRY].at, "swap of small pages only");
	return TMEM_S_OK;
}

static tmem_status take_places(struct tmi_synth_line *line, const struct tmi_synth_tables *tables,
			       struct mapping *map, uint64_t *size)
{
	const struct tmi_synth_format *format = tables->format;
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
	    (*size - 1 > UINT64_MAX - map->virtual || !tmi_synth_canonical(format, map->virtual) ||
	     !tmi_synth_canonical(format, map->virtual + (*size - 1)) ||
	     map->virtual >> 63 != (map->virtual + (*size - 1)) >> 63))
		status = tmi_synth_expected_at(line, at, "a canonical range of virtual addresses");
	if (status == TMEM_S_OK && map->virtual < tables->kernel_first)
		status = tmi_synth_expected_at(line, at,
					       "an address from 0x%llx up in a kernel table",
					       (unsigned long long)tables->kernel_first);
	return status;
}

tmem_status tmi_synth_take_map(struct tmi_synth_line *line, struct tmi_synth_process *process)
{
	struct tmi_synth_tables *tables = &line->synth->tables;
	tmem_status status = want_physical(line, process, "map");
	struct mapping map = { 0 };
	uint64_t size = 0, mask;

	if (status == TMEM_S_OK && !tables->format)
		status = tmi_synth_expected_at(line, line->start, "a table line before map");
	if (status == TMEM_S_OK)
		status = take_places(line, tables, &map, &size);
	if (status == TMEM_S_OK)
		status = take_access(line, &map.access);
	if (status == TMEM_S_OK)
		status = take_map_keys(line, tables->format, &map);
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
