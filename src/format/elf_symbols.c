/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elf_symbols.c - the table of an image's names; see elf_symbols.h. Filling it from memory:
 * elf_dynamic.c.
 *
 * Sorting compares numbers only, never the names, so that names made to be alike cost nothing.
 */
#include "format/elf_symbols.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

enum {
	TYPE_NONE = 0,
	TYPE_OBJECT = 1,
	TYPE_FUNCTION = 2,
	TYPE_COMMON = 5,
	TYPE_INDIRECT_FUNCTION = 10,
	BINDING_LOCAL = 0,
	BINDING_WEAK = 2,
	SECTION_UNDEFINED = 0,
	SECTION_ABSOLUTE = 0xfff1,
};

void tmi_elf_symbols_init(struct tmi_elf_symbols *symbols, const struct tmi_elf_image *image)
{
	memset(symbols, 0, sizeof(*symbols));
	symbols->size = image->size;
	symbols->bias = image->bias - image->base;
	symbols->value_mask = image->elf.word == 8 ? UINT64_MAX : UINT32_MAX;
	symbols->thumb = image->elf.machine == TMI_ELF_ARM;
}

void tmi_elf_symbols_fini(struct tmi_elf_symbols *symbols)
{
	free(symbols->list);
	free(symbols->by_name);
	free(symbols->names);
	memset(symbols, 0, sizeof(*symbols));
}

/* A name as people type it: without its version, and with nothing in it that is not text. */
static size_t name_length(const struct tmi_elf_raw_symbol *symbol, bool *versioned, bool *hidden)
{
	size_t length = 0;

	*versioned = symbol->versioned;
	*hidden = symbol->hidden;
	while (length < symbol->name_length && symbol->name[length] &&
	       (symbol->name[length] != '@' || !length)) {
		unsigned char c = (unsigned char)symbol->name[length];

		if (c < 0x20 || c == 0x7f || length == TMI_ELF_NAME_LENGTH_MAX)
			return 0;
		length++;
	}
	/* name@VERSION is an older one, name@@VERSION the one that is linked against. */
	if (symbol->name_length - length > 1 && symbol->name[length] == '@') {
		*versioned = true;
		*hidden |= symbol->name[length + 1] != '@';
	}
	return length;
}

/* Marks that assemblers leave: mapping symbols of ARM and RISC-V, compiler's labels. */
static bool is_mark(const char *name, size_t length)
{
	return name[0] == '$' || (length > 1 && name[0] == '.' && name[1] == 'L');
}

/* How soon a name is shown: kind, visibility, leading "_", binding; 255 = never. */
static uint8_t rank_of(const struct tmi_elf_raw_symbol *symbol, size_t length, bool hidden)
{
	unsigned type = symbol->info & 15;
	unsigned binding = symbol->info >> 4;
	unsigned kind, underscores = 0;

	switch (type) {
	case TYPE_FUNCTION:
	case TYPE_INDIRECT_FUNCTION: kind = 0; break;
	case TYPE_OBJECT:
	case TYPE_COMMON: kind = 1; break;
	case TYPE_NONE: kind = 2; break;
	default: return 255;
	}
	if (type == TYPE_NONE && binding == BINDING_LOCAL)
		return 255;
	while (underscores < 2 && underscores < length && symbol->name[underscores] == '_')
		underscores++;
	return (uint8_t)((kind << 5) | (hidden << 4) | ((binding == BINDING_LOCAL) << 3) |
			 (underscores << 1) | (binding == BINDING_WEAK));
}

static uint32_t hash_of(const char *name, size_t length)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	return hash;
}

/* Makes room for one more symbol whose name takes @size bytes. */
static bool make_room(struct tmi_elf_symbols *symbols, size_t size)
{
	if (symbols->count == TMI_ELF_SYMBOLS_MAX ||
	    size > TMI_ELF_NAMES_MAX - symbols->names_size) {
		symbols->cut = true;
		return false;
	}
	if (symbols->count == symbols->room) {
		size_t room = symbols->room ? 2 * symbols->room : 256;
		void *list = reallocarray(symbols->list, room, sizeof(*symbols->list));

		symbols->no_memory |= !list;
		if (!list)
			return false;
		symbols->list = list;
		symbols->room = room;
	}
	if (size > symbols->names_room - symbols->names_size) {
		size_t room = 2 * symbols->names_room + size + 4096;
		char *names = realloc(symbols->names, room);

		symbols->no_memory |= !names;
		if (!names)
			return false;
		symbols->names = names;
		symbols->names_room = room;
	}
	return true;
}

bool tmi_elf_symbols_add(struct tmi_elf_symbols *symbols, const struct tmi_elf_raw_symbol *raw)
{
	uint64_t value = raw->value;
	struct tmi_elf_symbol *symbol;
	uint64_t offset;
	size_t length;
	bool versioned, hidden;
	uint8_t rank;

	if (raw->section == SECTION_UNDEFINED || raw->section == SECTION_ABSOLUTE)
		return true;
	if (symbols->thumb && (raw->info & 15) == TYPE_FUNCTION)
		value &= ~UINT64_C(1);
	offset = (value + symbols->bias) & symbols->value_mask;
	length = name_length(raw, &versioned, &hidden);
	/* The end of the image has names too: _end. */
	if (!length || offset > symbols->size || is_mark(raw->name, length))
		return true;
	rank = rank_of(raw, length, hidden);
	if (rank == 255)
		return true;
	if (!make_room(symbols, length + 1))
		return false;
	symbol = &symbols->list[symbols->count++];
	*symbol = (struct tmi_elf_symbol){
		.offset = offset,
		.name = (uint32_t)symbols->names_size,
		.hash = hash_of(raw->name, length),
		.length = (uint16_t)length,
		.rank = rank,
		.local = hidden || raw->info >> 4 == BINDING_LOCAL,
		.unsure = !versioned && raw->info >> 4 != BINDING_LOCAL,
	};
	memcpy(symbols->names + symbols->names_size, raw->name, length);
	symbols->names[symbols->names_size + length] = 0;
	symbols->names_size += length + 1;
	return true;
}

static int order(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* Brings twins together: what two tables have of one name at one place, the surest first. */
static int compare_twins(const void *left, const void *right)
{
	const struct tmi_elf_symbol *a = left;
	const struct tmi_elf_symbol *b = right;
	int result = order(a->offset, b->offset);

	if (!result)
		result = order(a->hash, b->hash);
	if (!result)
		result = order(a->length, b->length);
	if (!result)
		result = order(a->unsure, b->unsure);
	if (!result)
		result = order(a->rank, b->rank);
	return result ? result : order(a->name, b->name);
}

static int compare_places(const void *left, const void *right)
{
	const struct tmi_elf_symbol *a = left;
	const struct tmi_elf_symbol *b = right;
	int result = order(a->offset, b->offset);

	if (!result)
		result = order(a->rank, b->rank);
	if (!result)
		result = order(a->length, b->length);
	if (!result)
		result = order(a->hash, b->hash);
	return result ? result : order(a->name, b->name);
}

static int compare_names(const void *left, const void *right, void *context)
{
	const struct tmi_elf_symbol *list = context;
	const struct tmi_elf_symbol *a = &list[*(const uint32_t *)left];
	const struct tmi_elf_symbol *b = &list[*(const uint32_t *)right];
	int result = order(a->hash, b->hash);

	/* A name that others can see comes before one that only its own file can. */
	if (!result)
		result = order(a->local, b->local);
	if (!result)
		result = order(a->rank, b->rank);
	return result ? result : order(a->offset, b->offset);
}

static bool has_name(const struct tmi_elf_symbols *symbols, const struct tmi_elf_symbol *symbol,
		     const char *name, size_t length)
{
	return symbol->length == length &&
	       !memcmp(tmi_elf_symbol_name(symbols, symbol), name, length);
}

/*
 * A table that does not tell versions (.dynsym as elfutils shows it) must not make an older version
 * of a name look like the one that is linked against: of twins, the first one knows best.
 */
static void drop_twins(struct tmi_elf_symbols *symbols)
{
	size_t kept = 0;

	qsort(symbols->list, symbols->count, sizeof(*symbols->list), compare_twins);
	for (size_t i = 0; i < symbols->count; i++) {
		const struct tmi_elf_symbol *last = kept ? &symbols->list[kept - 1] : NULL;
		const struct tmi_elf_symbol *now = &symbols->list[i];

		if (last && last->offset == now->offset && last->hash == now->hash &&
		    has_name(symbols, now, tmi_elf_symbol_name(symbols, last), last->length))
			continue;
		symbols->list[kept++] = *now;
	}
	symbols->count = kept;
}

/* Sorts what is sorted by place already: only within each place. */
static void sort_places(struct tmi_elf_symbols *symbols)
{
	struct tmi_elf_symbol *list = symbols->list;

	for (size_t first = 0, end; first < symbols->count; first = end) {
		for (end = first + 1; end < symbols->count; end++)
			if (list[end].offset != list[first].offset)
				break;
		if (end - first > 1)
			qsort(&list[first], end - first, sizeof(*list), compare_places);
	}
}

/* Gives back what growing took in advance. */
static void trim(struct tmi_elf_symbols *symbols)
{
	void *list = reallocarray(symbols->list, symbols->count, sizeof(*symbols->list));
	void *names = realloc(symbols->names, symbols->names_size);

	if (list)
		symbols->list = list;
	if (names)
		symbols->names = names;
	symbols->room = symbols->count;
	symbols->names_room = symbols->names_size;
}

bool tmi_elf_symbols_settle(struct tmi_elf_symbols *symbols)
{
	if (symbols->no_memory)
		return false;
	if (!symbols->count)
		return true;
	drop_twins(symbols);
	sort_places(symbols);
	trim(symbols);
	symbols->by_name = calloc(symbols->count, sizeof(*symbols->by_name));
	if (!symbols->by_name) {
		symbols->no_memory = true;
		return false;
	}
	for (size_t i = 0; i < symbols->count; i++)
		symbols->by_name[i] = (uint32_t)i;
	qsort_r(symbols->by_name, symbols->count, sizeof(*symbols->by_name), compare_names,
		symbols->list);
	return true;
}

/* Index of the first symbol at or above @offset. */
static size_t lower_bound(const struct tmi_elf_symbols *symbols, uint64_t offset)
{
	size_t low = 0, high = symbols->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->list[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct tmi_elf_symbol *tmi_elf_symbols_at(const struct tmi_elf_symbols *symbols,
						uint64_t offset)
{
	size_t index = lower_bound(symbols, offset);

	if (index < symbols->count && symbols->list[index].offset == offset)
		return &symbols->list[index];
	if (!index)
		return NULL;
	return &symbols->list[lower_bound(symbols, symbols->list[index - 1].offset)];
}

const struct tmi_elf_symbol *tmi_elf_symbols_step(const struct tmi_elf_symbols *symbols,
						  const struct tmi_elf_symbol *symbol,
						  int64_t delta)
{
	for (; symbol && delta < 0; delta++)
		symbol = symbol->offset ? tmi_elf_symbols_at(symbols, symbol->offset - 1) : NULL;
	for (; symbol && delta > 0; delta--) {
		size_t index = lower_bound(symbols, symbol->offset + 1);

		symbol = index < symbols->count ? &symbols->list[index] : NULL;
	}
	return symbol;
}

const struct tmi_elf_symbol *tmi_elf_symbols_find(const struct tmi_elf_symbols *symbols,
						  const char *name, size_t length, bool *several)
{
	uint32_t hash = hash_of(name, length);
	const struct tmi_elf_symbol *found = NULL;
	size_t low = 0, high = symbols->count;

	*several = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->list[symbols->by_name[middle]].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < symbols->count; low++) {
		const struct tmi_elf_symbol *symbol = &symbols->list[symbols->by_name[low]];

		if (symbol->hash != hash)
			break;
		if (!has_name(symbols, symbol, name, length))
			continue;
		*several |= found && symbol->offset != found->offset;
		if (!found)
			found = symbol;
	}
	return found;
}
