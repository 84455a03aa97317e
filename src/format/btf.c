/* SPDX-License-Identifier: Apache-2.0 */
/* btf.c - members of structures, from the types a kernel carries. */
#include <stdlib.h>
#include <string.h>

#include "format/btf.h"

#define MAGIC       0xeb9f
#define PLACE_STEP  64u
#define TYPE_SIZE   12u
#define DEPTH_MAX   8u
#define STRIP_MAX   32u
#define MEMBER_SIZE 12u
/* Members looked at for all queries: structures that contain each other by the thousand end here.
 */
#define BUDGET       100000u
#define BUDGET_LEVEL 64u /* what a structure without a name costs */

enum kind {
	KIND_INT = 1,
	KIND_PTR = 2,
	KIND_ARRAY = 3,
	KIND_STRUCT = 4,
	KIND_UNION = 5,
	KIND_ENUM = 6,
	KIND_TYPEDEF = 8,
	KIND_VOLATILE = 9,
	KIND_CONST = 10,
	KIND_RESTRICT = 11,
	KIND_FLOAT = 16,
	KIND_TYPE_TAG = 18,
	KIND_ENUM64 = 19,
	KIND_COUNT = 20,
};

/* What follows a type: @fixed bytes, and @each for each of its elements. */
static const struct {
	uint8_t fixed;
	uint8_t each;
} extra[KIND_COUNT] = {
	[1] = { 4, 0 },  [3] = { 12, 0 }, [4] = { 0, 12 },  [5] = { 0, 12 }, [6] = { 0, 8 },
	[13] = { 0, 8 }, [14] = { 4, 0 }, [15] = { 0, 12 }, [17] = { 4, 0 }, [19] = { 0, 12 },
};

struct type {
	uint32_t name;
	uint32_t kind;
	uint32_t length; /* elements */
	bool flag;
	uint32_t value;   /* size, or another type's number */
	uint64_t members; /* offset in types of what follows */
	uint64_t end;     /* of the next type */
};

/* ---- the header ---- */

/* A part lies behind the header and ends before the size that is believed. */
static bool part_fits(uint64_t header_size, uint64_t offset, uint64_t size, uint64_t *place)
{
	*place = header_size + offset;
	return offset + size <= TMI_BTF_MAX;
}

static bool read_fields(const struct tmi_bytes *bytes, uint64_t *fields, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (!tmi_bytes_integer(bytes, 4 + 4 * (uint64_t)i, 4, &fields[i]))
			return false;
	return true;
}

bool tmi_btf_header(struct tmi_btf_header *header, const struct tmi_bytes *bytes, const char **why)
{
	/* Header length; offset and length of types, of strings, and of the layout. */
	uint64_t fields[7] = { 0 }, magic, version;

	*header = (struct tmi_btf_header){ 0 };
	*why = "no header with the magic number of BTF";
	if (!tmi_bytes_integer(bytes, 0, 2, &magic) || magic != MAGIC ||
	    !tmi_bytes_integer(bytes, 2, 1, &version) || version != 1 ||
	    !read_fields(bytes, fields, 5))
		return false;
	*why = "the parts of the header contradict each other";
	if (fields[0] < TMI_BTF_HEADER_SIZE || fields[0] > 4096 ||
	    !part_fits(fields[0], fields[1], fields[2], &header->types) ||
	    !part_fits(fields[0], fields[3], fields[4], &header->strings))
		return false;
	if (fields[0] >= 32 && (!read_fields(bytes, fields, 7) ||
				!part_fits(fields[0], fields[5], fields[6], &header->layout)))
		return false;
	/* The strings come last, and the types do not reach into them. */
	if (fields[1] + fields[2] > fields[3] || !fields[2] || !fields[4])
		return false;
	header->types_size = fields[2];
	header->strings_size = fields[4];
	header->layout_size = fields[6];
	header->size = header->strings + header->strings_size;
	if (header->layout_size && header->layout + header->layout_size > header->size)
		header->size = header->layout + header->layout_size;
	return true;
}

/* ---- types ---- */

/* Bytes that follow a type, by the table, or by the layout for kinds that are newer. */
static bool extra_size(const struct tmi_btf *btf, uint32_t kind, uint32_t length, uint64_t *size)
{
	uint64_t fixed, each;

	if (kind > 0 && kind < KIND_COUNT) {
		*size = extra[kind].fixed + (uint64_t)extra[kind].each * length;
		return true;
	}
	if (!tmi_bytes_integer(&btf->layout, 4 * (uint64_t)kind, 1, &fixed) ||
	    !tmi_bytes_integer(&btf->layout, 4 * (uint64_t)kind + 1, 1, &each))
		return false;
	*size = fixed + each * length;
	return true;
}

/* The type at an offset; false = outside, or of a kind whose size is not known. */
static bool read_type(const struct tmi_btf *btf, uint64_t at, struct type *type)
{
	uint64_t name, info, value, size;

	if (!tmi_bytes_integer(&btf->types, at, 4, &name) ||
	    !tmi_bytes_integer(&btf->types, at + 4, 4, &info) ||
	    !tmi_bytes_integer(&btf->types, at + 8, 4, &value))
		return false;
	type->name = (uint32_t)name;
	/* Older data has zeros in the wider fields of newer one. */
	type->kind = (uint32_t)(info >> 24) & 0x7f;
	type->length = (uint32_t)info & 0xffffff;
	type->flag = info >> 31;
	type->value = (uint32_t)value;
	type->members = at + TYPE_SIZE;
	if (!extra_size(btf, type->kind, type->length, &size) ||
	    !tmi_in_range(btf->types.size, type->members, size))
		return false;
	type->end = type->members + size;
	return true;
}

/* The type with a number; 0 (void) and numbers beyond the last have none. */
static bool find_type(const struct tmi_btf *btf, uint32_t number, struct type *type)
{
	uint64_t at;

	if (!number || number > btf->count)
		return false;
	at = btf->places[(number - 1) / PLACE_STEP];
	for (uint32_t i = (number - 1) % PLACE_STEP;; i--) {
		if (!read_type(btf, at, type))
			return false;
		if (!i)
			return true;
		at = type->end;
	}
}

static const char *string_at(const struct tmi_btf *btf, uint32_t offset)
{
	/* The last byte of the strings is a NUL: init() has seen to it. */
	return offset < btf->strings.size ? (const char *)btf->strings.data + offset : "";
}

static bool record_places(struct tmi_btf *btf)
{
	uint64_t at = 0, room = btf->types.size / TYPE_SIZE / PLACE_STEP + 1;
	struct type type;

	btf->places = malloc(room * sizeof(*btf->places));
	if (!btf->places)
		return false;
	while (at < btf->types.size) {
		if (!read_type(btf, at, &type))
			return false;
		if (btf->count % PLACE_STEP == 0)
			btf->places[btf->count / PLACE_STEP] = (uint32_t)at;
		btf->count++;
		at = type.end;
	}
	return true;
}

bool tmi_btf_init(struct tmi_btf *btf, const struct tmi_bytes *bytes, const char **why)
{
	struct tmi_btf_header header;

	*btf = (struct tmi_btf){ 0 };
	if (!tmi_btf_header(&header, bytes, why))
		return false;
	*why = "it ends before its types or strings do";
	if (!tmi_bytes_part(bytes, header.types, header.types_size, &btf->types) ||
	    !tmi_bytes_part(bytes, header.strings, header.strings_size, &btf->strings) ||
	    !tmi_bytes_part(bytes, header.layout, header.layout_size, &btf->layout))
		return false;
	*why = "its strings do not begin and end with a NUL";
	if (btf->strings.data[0] || btf->strings.data[btf->strings.size - 1])
		return false;
	*why = "a type is not known, or reaches beyond the end";
	return record_places(btf);
}

void tmi_btf_fini(struct tmi_btf *btf)
{
	free(btf->places);
	*btf = (struct tmi_btf){ 0 };
}

/* ---- members ---- */

static bool is_modifier(uint32_t kind)
{
	return kind == KIND_TYPEDEF || kind == KIND_VOLATILE || kind == KIND_CONST ||
	       kind == KIND_RESTRICT || kind == KIND_TYPE_TAG;
}

static bool is_structure(uint32_t kind)
{
	return kind == KIND_STRUCT || kind == KIND_UNION;
}

/* A type without its modifiers. */
static bool find_stripped(const struct tmi_btf *btf, uint32_t number, struct type *type)
{
	for (unsigned i = 0; i < STRIP_MAX; i++) {
		if (!find_type(btf, number, type))
			return false;
		if (!is_modifier(type->kind))
			return true;
		number = type->value;
	}
	return false;
}

/* Size and elements of a member's type. */
static void measure(const struct tmi_btf *btf, unsigned pointer_size, uint32_t number,
		    struct tmi_btf_query *query)
{
	uint64_t element = number, index, count, total = 1;
	struct type type;

	query->count = 1;
	query->size = 0;
	for (unsigned i = 0; i < DEPTH_MAX; i++) {
		if (!find_stripped(btf, (uint32_t)element, &type))
			return;
		if (type.kind != KIND_ARRAY)
			break;
		if (!tmi_bytes_integer(&btf->types, type.members, 4, &element) ||
		    !tmi_bytes_integer(&btf->types, type.members + 4, 4, &index) ||
		    !tmi_bytes_integer(&btf->types, type.members + 8, 4, &count) ||
		    total * count > UINT32_MAX)
			return;
		total *= count;
	}
	query->count = (uint32_t)total;
	if (type.kind == KIND_PTR)
		total *= pointer_size;
	else if (is_structure(type.kind) || type.kind == KIND_INT || type.kind == KIND_ENUM ||
		 type.kind == KIND_ENUM64 || type.kind == KIND_FLOAT)
		total *= type.value;
	else
		return;
	query->size = total <= UINT32_MAX ? (uint32_t)total : 0;
}

/* One call of tmi_btf_find(). */
struct search {
	const struct tmi_btf *btf;
	unsigned pointer_size;
	uint32_t budget;
	struct tmi_btf_query *queries;
	size_t count;
};

/* A structure that is being looked through, inside of another. */
struct level {
	struct type type;
	uint32_t next; /* member */
	uint64_t bits; /* offset of the structure */
};

struct member {
	const char *name;
	uint32_t type;
	uint64_t bits; /* from the beginning of its structure */
};

static void read_member(const struct tmi_btf *btf, const struct type *type, uint32_t index,
			struct member *member)
{
	uint64_t at = type->members + (uint64_t)index * MEMBER_SIZE, name, number, offset;

	tmi_bytes_integer(&btf->types, at, 4, &name);
	tmi_bytes_integer(&btf->types, at + 4, 4, &number);
	tmi_bytes_integer(&btf->types, at + 8, 4, &offset);
	member->name = string_at(btf, (uint32_t)name);
	member->type = (uint32_t)number;
	/* With the flag the upper bits are the width of a bit field. */
	member->bits = type->flag ? offset & 0xffffff : offset;
}

/* Takes @cost from the budget; false = it is used up. */
static bool spend(struct search *search, uint32_t cost)
{
	bool enough = search->budget >= cost;

	search->budget = enough ? search->budget - cost : 0;
	return enough;
}

/* Looks for a member in a structure and those without a name inside it. */
static bool find_member(struct search *search, const struct type *type, struct tmi_btf_query *query)
{
	struct level levels[DEPTH_MAX] = { { .type = *type } };
	unsigned depth = 1;

	while (depth > 0 && spend(search, 1)) {
		struct level *level = &levels[depth - 1];
		struct member member;

		if (level->next >= level->type.length) {
			depth--;
			continue;
		}
		read_member(search->btf, &level->type, level->next++, &member);
		if (!strcmp(member.name, query->member)) {
			query->found = true;
			query->offset = (uint32_t)((level->bits + member.bits) / 8);
			/* Its type may be many types deep; what is found stays found. */
			spend(search, BUDGET_LEVEL);
			measure(search->btf, search->pointer_size, member.type, query);
			return true;
		}
		if (member.name[0] || depth == DEPTH_MAX || !spend(search, BUDGET_LEVEL))
			continue;
		levels[depth] = (struct level){ .bits = level->bits + member.bits };
		if (find_stripped(search->btf, member.type, &levels[depth].type) &&
		    is_structure(levels[depth].type.kind))
			depth++;
	}
	return false;
}

/* Answers the queries about one structure, if that answers more of them than before. */
static void ask_structure(struct search *search, const struct type *type, const char *name)
{
	struct tmi_btf_query *queries = search->queries;
	size_t had = 0, has = 0;

	for (size_t i = 0; i < search->count; i++) {
		struct tmi_btf_query trial = queries[i];

		if (strcmp(queries[i].structure, name))
			continue;
		had += queries[i].found;
		has += find_member(search, type, &trial);
	}
	if (has <= had)
		return;
	for (size_t i = 0; i < search->count; i++) {
		if (strcmp(queries[i].structure, name))
			continue;
		queries[i].found = false;
		find_member(search, type, &queries[i]);
	}
}

static bool is_wanted(const struct search *search, const char *name)
{
	for (size_t i = 0; i < search->count; i++)
		if (!strcmp(search->queries[i].structure, name))
			return true;
	return false;
}

size_t tmi_btf_find(const struct tmi_btf *btf, unsigned pointer_size, struct tmi_btf_query *queries,
		    size_t count)
{
	struct search search = { btf, pointer_size, BUDGET, queries, count };
	struct type type;
	uint64_t at = 0;
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		queries[i].found = false;
	while (search.budget > 0 && read_type(btf, at, &type)) {
		const char *name = string_at(btf, type.name);

		at = type.end;
		if (is_structure(type.kind) && is_wanted(&search, name))
			ask_structure(&search, &type, name);
	}
	for (size_t i = 0; i < count; i++)
		found += queries[i].found;
	return found;
}
