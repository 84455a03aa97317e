/* SPDX-License-Identifier: Apache-2.0 */
/* functions.c - functions of expressions: comparing text, entry points of images. */
#include "command/functions.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "command/number.h"

#define PAGE             4096u /* segments are mapped from such a boundary on */
#define TYPE_EXECUTABLE  2     /* ELF: at fixed addresses */
#define TYPE_SHARED      3     /* ELF: wherever it was mapped */
#define SEGMENT_LOADABLE 1

/* Text between two double quotes. */
struct string {
	const char *data;
	size_t size;
};

/* One part of a pattern: what a character must be, and how often. */
struct part {
	const char *set;  /* characters it may be; behind "[" */
	size_t set_size;  /* 0 = any */
	const char *next; /* the part behind it */
	bool negated;     /* a "!" or "^" stood before the set */
	bool plain;       /* the set is one character, that stands for itself */
	bool may_miss;    /* any number of times, none too */
	bool may_repeat;
};

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static bool is_in(const struct part *part, char c)
{
	const char *set = part->set, *end;
	int lower = tolower((unsigned char)c);

	if (part->set_size == 0)
		return true;
	end = set + part->set_size;
	if (part->plain)
		return same(*set, c);
	for (; set < end; set++) {
		if (end - set > 2 && set[1] == '-') {
			if (lower >= tolower((unsigned char)set[0]) &&
			    lower <= tolower((unsigned char)set[2]))
				return !part->negated;
			set += 2;
		} else if (same(*set, c)) {
			return !part->negated;
		}
	}
	return part->negated;
}

/* The part at @at, which is not the pattern's end. */
static struct part take_part(const char *at, const char *end)
{
	struct part part = { .set = at, .set_size = 1, .next = at + 1, .plain = true };
	const char *close = *at == '[' ? memchr(at, ']', (size_t)(end - at)) : NULL;

	if (*at == '*')
		return (struct part){ .next = at + 1, .may_miss = true, .may_repeat = true };
	if (*at == '?') {
		part.set_size = 0;
	} else if (close && close > at + 1) {
		part.plain = false;
		part.negated = at[1] == '!' || at[1] == '^';
		part.set = at + 1 + part.negated;
		part.set_size = (size_t)(close - part.set);
		part.next = close + 1;
		/* "[!]": the one character "!" */
		if (part.set_size == 0)
			part = (struct part){
				.set = at + 1, .set_size = 1, .next = close + 1, .plain = true
			};
	} else if (*at == '\\' && at + 1 < end) {
		part.set = at + 1;
		part.next = at + 2;
	}
	if (part.next < end && (*part.next == '#' || *part.next == '+')) {
		part.may_miss = *part.next == '#';
		part.may_repeat = true;
		part.next++;
	}
	return part;
}

/* Adds the places of the pattern that are reached without a further character. */
static void pass_optional(const struct string *pattern, bool *places)
{
	for (size_t i = 0; i < pattern->size; i++) {
		struct part part;

		if (!places[i])
			continue;
		part = take_part(pattern->data + i, pattern->data + pattern->size);
		if (part.may_miss)
			places[part.next - pattern->data] = true;
	}
}

/*
 * All places where the pattern can be are followed at once, so that no text makes it slow. *fits
 * receives the answer; false when out of memory.
 */
static bool match(const struct string *text, const struct string *pattern, bool *fits)
{
	size_t count = pattern->size + 1;
	bool *places = calloc(2, count);
	bool *after = places + count;

	if (!places)
		return false;
	places[0] = true;
	pass_optional(pattern, places);
	for (size_t at = 0; at < text->size; at++) {
		memset(after, 0, count);
		for (size_t i = 0; i < pattern->size; i++) {
			struct part part;

			if (!places[i])
				continue;
			part = take_part(pattern->data + i, pattern->data + pattern->size);
			if (!is_in(&part, text->data[at]))
				continue;
			after[i] |= part.may_repeat;
			after[part.next - pattern->data] = true;
		}
		memcpy(places, after, count);
		pass_optional(pattern, places);
	}
	*fits = places[pattern->size];
	free(places);
	return true;
}

static uint64_t compare(const struct string *a, const struct string *b, bool any_case)
{
	size_t size = a->size < b->size ? a->size : b->size;
	int order = any_case ? strncasecmp(a->data, b->data, size) : memcmp(a->data, b->data, size);

	if (order == 0)
		order = (a->size > b->size) - (a->size < b->size);
	return order < 0 ? UINT64_MAX : order > 0;
}

static const char *skip_blanks(const char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

/* Takes blanks and @c; false when something else comes. */
static bool take(const char **next, char c)
{
	*next = skip_blanks(*next);
	if (*next[0] != c)
		return false;
	(*next)++;
	return true;
}

static bool take_string(const char **next, struct string *string)
{
	const char *end;

	if (!take(next, '"'))
		return false;
	end = strchr(*next, '"');
	if (!end) {
		*next += strlen(*next);
		return false;
	}
	*string = (struct string){ *next, (size_t)(end - *next) };
	*next = end + 1;
	return true;
}

enum tmi_function_result tmi_function_evaluate(const char *text, const char **next, uint64_t *value,
					       struct tmi_error_place *error)
{
	static const char *const names[] = { "$scmp", "$sicmp", "$spat" };
	const char *at = *next;
	struct string a, b;
	size_t which = 0;
	bool fits;

	while (which < 3 && (strncasecmp(at, names[which], strlen(names[which])) != 0 ||
			     tmi_is_word(at[strlen(names[which])])))
		which++;
	if (which == 3)
		return TMI_FUNCTION_NONE;
	at += strlen(names[which]);
	if (!take(&at, '(') || !take_string(&at, &a) || !take(&at, ',') || !take_string(&at, &b) ||
	    !take(&at, ')')) {
		error->kind = TMI_ERROR_SYNTAX;
		error->position = (size_t)(at - text);
		error->why = "two texts between double quotes are needed here: "
			     "$spat(\"text\", \"pattern\")";
		return TMI_FUNCTION_FAILED;
	}
	*value = compare(&a, &b, which == 1);
	if (which == 2) {
		if (!match(&a, &b, &fits)) {
			error->kind = TMI_ERROR_OPERAND;
			error->position = (size_t)(*next - text);
			error->why = "out of memory";
			return TMI_FUNCTION_FAILED;
		}
		*value = fits;
	}
	*next = at;
	return TMI_FUNCTION_DONE;
}

/* An ELF image in memory. */
struct image {
	const struct tmi_names *names;
	struct tmi_error_place *error;
	uint64_t base;
	bool wide; /* 64-bit */
};

/* An unsigned integer at @offset of the image. */
static bool load(const struct image *image, uint64_t offset, unsigned size, uint64_t *value)
{
	uint64_t address = image->base + offset;
	uint8_t bytes[8];

	if (image->names->pointer_size == 4)
		address = (uint32_t)address;
	*value = 0;
	if (!image->names->read(image->names->context, address, bytes, size)) {
		image->error->kind = TMI_ERROR_MEMORY;
		return false;
	}
	for (unsigned i = 0; i < size; i++)
		*value = *value << 8 | bytes[image->names->big_endian ? i : size - 1 - i];
	return true;
}

static bool no_image(const struct image *image)
{
	image->error->kind = TMI_ERROR_OPERAND;
	image->error->why = "no program or library begins at that address";
	return false;
}

/* The address that the file gives to the page where the image begins. */
static bool find_first_segment(const struct image *image, uint64_t *address)
{
	bool wide = image->wide;
	uint64_t table, size, count, type;

	if (!load(image, wide ? 32 : 28, wide ? 8 : 4, &table) ||
	    !load(image, wide ? 54 : 42, 2, &size) || !load(image, wide ? 56 : 44, 2, &count))
		return false;
	if (size < (wide ? 56 : 32))
		return no_image(image);
	for (uint64_t i = 0; i < count; i++) {
		if (!load(image, table + i * size, 4, &type))
			return false;
		if (type != SEGMENT_LOADABLE)
			continue;
		if (!load(image, table + i * size + (wide ? 16 : 8), wide ? 8 : 4, address))
			return false;
		*address -= *address % PAGE;
		return true;
	}
	return no_image(image);
}

bool tmi_function_entry(const struct tmi_names *names, uint64_t base, uint64_t *value,
			struct tmi_error_place *error)
{
	static const uint8_t magic[] = { 0x7f, 'E', 'L', 'F' };
	struct image image = { .names = names, .error = error, .base = base };
	uint64_t byte, type, entry, first = 0;

	for (size_t i = 0; i < sizeof(magic); i++) {
		if (!load(&image, i, 1, &byte))
			return false;
		if (byte != magic[i])
			return no_image(&image);
	}
	if (!load(&image, sizeof(magic), 1, &byte) || !load(&image, 16, 2, &type))
		return false;
	image.wide = byte == 2;
	if ((byte != 1 && byte != 2) || (type != TYPE_EXECUTABLE && type != TYPE_SHARED))
		return no_image(&image);
	if (!load(&image, 24, image.wide ? 8 : 4, &entry))
		return false;
	if (type == TYPE_SHARED && entry != 0) {
		if (!find_first_segment(&image, &first))
			return false;
		entry += base - first;
	}
	*value = names->pointer_size == 4 ? (uint32_t)entry : entry;
	return true;
}
