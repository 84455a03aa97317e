/* SPDX-License-Identifier: Apache-2.0 */
/* kallsyms.c - names and addresses of a kernel's symbols, out of its own compressed tables. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "format/kallsyms.h"

#define POSITION_STEP 64u
#define MARKER_STEP   256u
#define TOKEN_COUNT   256u
#define SCORE_SAMPLES 4096u

/* ---- tokens ---- */

bool tmi_kallsyms_tokens_init(struct tmi_kallsyms_tokens *tokens, const struct tmi_bytes *bytes)
{
	size_t limit = bytes->size < TMI_KALLSYMS_TOKENS_MAX ? (size_t)bytes->size
							     : TMI_KALLSYMS_TOKENS_MAX;
	size_t at = 0;

	*tokens = (struct tmi_kallsyms_tokens){ 0 };
	for (unsigned i = 0; i < TOKEN_COUNT; i++) {
		const uint8_t *end = at < limit ? memchr(bytes->data + at, 0, limit - at) : NULL;

		if (!end)
			return false;
		tokens->index[i] = (uint16_t)at;
		at = (size_t)(end - bytes->data) + 1;
	}
	tokens->text = malloc(at);
	if (!tokens->text)
		return false;
	memcpy(tokens->text, bytes->data, at);
	tokens->size = at;
	return true;
}

void tmi_kallsyms_tokens_fini(struct tmi_kallsyms_tokens *tokens)
{
	free(tokens->text);
	*tokens = (struct tmi_kallsyms_tokens){ 0 };
}

/* Start of the string whose last byte stands before @end: printable and not empty, or @end. */
static uint64_t string_before(const struct tmi_bytes *bytes, uint64_t end)
{
	uint64_t at = end;

	if (!at || bytes->data[at - 1])
		return end;
	at--;
	while (at > 0 && isgraph(bytes->data[at - 1]))
		at--;
	return at == end - 1 ? end : at;
}

bool tmi_kallsyms_is_tokens(const struct tmi_bytes *bytes, uint64_t digits, uint64_t *first)
{
	uint64_t at = digits, next;

	if (digits >= bytes->size)
		return false;

	/* The strings of the characters before "0": forty-eight of them. */
	for (unsigned i = 0; i < '0'; i++) {
		next = string_before(bytes, at);
		if (next == at)
			return false;
		at = next;
	}
	*first = at;
	for (unsigned i = 0; i < TOKEN_COUNT; i++) {
		uint64_t length = 0;

		while (at + length < bytes->size && isgraph(bytes->data[at + length]))
			length++;
		if (!length || at + length >= bytes->size || bytes->data[at + length])
			return false;
		at += length + 1;
	}
	return at - *first > 2 * TOKEN_COUNT;
}

/* ---- names ---- */

/* Length of the name at *at, which moves behind the length; false = outside. */
static bool name_length(const uint8_t *names, size_t size, bool long_lengths, size_t *at,
			size_t *length)
{
	if (*at >= size)
		return false;
	*length = names[(*at)++];
	if (long_lengths && *length >= 0x80) {
		if (*at >= size)
			return false;
		*length = (*length & 0x7f) | (size_t)names[(*at)++] << 7;
	}
	return *length <= size - *at;
}

/* Fills positions by a rule; the end of the names, 0 = they do not fit. */
static size_t walk(struct tmi_kallsyms *symbols, const struct tmi_bytes *names, bool long_lengths)
{
	size_t at = 0, length;

	for (uint32_t i = 0; i < symbols->count; i++) {
		if (i % POSITION_STEP == 0)
			symbols->positions[i / POSITION_STEP] = (uint32_t)at;
		if (!name_length(names->data, (size_t)names->size, long_lengths, &at, &length) ||
		    !length)
			return 0;
		at += length;
	}
	return at;
}

/* True when the markers stand at @at with entries of @unit bytes. */
static bool markers_agree(const struct tmi_kallsyms *symbols, const struct tmi_bytes *names,
			  size_t at, unsigned unit)
{
	uint64_t value;

	for (uint32_t i = 0; i < symbols->count; i += MARKER_STEP) {
		if (!tmi_bytes_integer(names, at, unit, &value) ||
		    value != symbols->positions[i / POSITION_STEP])
			return false;
		at += unit;
	}
	return true;
}

static bool has_markers(const struct tmi_kallsyms *symbols, const struct tmi_bytes *names,
			size_t end)
{
	for (size_t at = end; at < end + 16; at++)
		if (markers_agree(symbols, names, at, 4) ||
		    (symbols->pointer_size == 8 && markers_agree(symbols, names, at, 8)))
			return true;
	return false;
}

/* Decides the rule of lengths. */
static bool choose_rule(struct tmi_kallsyms *symbols, const struct tmi_bytes *names,
			const char **why)
{
	bool walked = false;

	for (unsigned rule = 0; rule < 2; rule++) {
		size_t end = walk(symbols, names, rule == 0);

		walked |= end > 0;
		if (!end || !has_markers(symbols, names, end))
			continue;
		symbols->long_lengths = rule == 0;
		symbols->names_size = end;
		return true;
	}
	*why = walked ? "the positions of the names differ from kallsyms_markers"
		      : "the names run out of their table";
	return false;
}

/* Expands the tokens at @at; the first character is the type. What could steer a terminal is "?".
 */
static char expand(const struct tmi_kallsyms *symbols, size_t at, size_t length, char *name,
		   size_t size)
{
	size_t used = 0;
	char type = 0;

	for (size_t i = 0; i < length && used + 1 < size; i++) {
		const char *token = (const char *)symbols->tokens.text +
				    symbols->tokens.index[symbols->names[at + i]];

		if (!type && *token)
			type = *token++;
		for (; *token && used + 1 < size; token++)
			name[used++] = *token > ' ' && *token < 0x7f ? *token : '?';
	}
	name[used] = 0;
	return type;
}

static uint32_t hash_name(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return hash;
}

/*
 * Chains of names by hash, each from the first symbol to the last: of a name that all symbols have
 * the first is found at once. An insertion costs the same whatever the names are.
 */
static bool make_hash(struct tmi_kallsyms *symbols)
{
	char name[TMI_KALLSYMS_NAME_SIZE];
	uint32_t room = 1;
	size_t at = 0, length;

	while (room < symbols->count)
		room *= 2;
	symbols->heads = calloc(room, sizeof(*symbols->heads));
	symbols->next = calloc(symbols->count, sizeof(*symbols->next));
	if (!symbols->heads || !symbols->next)
		return false;
	symbols->hash_mask = room - 1;
	for (uint32_t i = 0; i < symbols->count; i++, at += length) {
		if (!name_length(symbols->names, symbols->names_size, symbols->long_lengths, &at,
				 &length))
			break;
		expand(symbols, at, length, name, sizeof(name));
		symbols->next[i] = hash_name(name) & symbols->hash_mask;
	}
	for (uint32_t i = symbols->count; i-- > 0;) {
		uint32_t *head = &symbols->heads[symbols->next[i]];

		symbols->next[i] = *head;
		*head = i + 1;
	}
	return true;
}

bool tmi_kallsyms_init(struct tmi_kallsyms *symbols, uint32_t count, unsigned pointer_size,
		       const struct tmi_bytes *names, struct tmi_kallsyms_tokens *tokens,
		       const char **why)
{
	*symbols = (struct tmi_kallsyms){
		.count = count,
		.pointer_size = pointer_size,
		.tokens = *tokens,
	};
	*tokens = (struct tmi_kallsyms_tokens){ 0 };
	*why = "a count of symbols that cannot be";
	if (!count || count > TMI_KALLSYMS_MAX || names->size > TMI_KALLSYMS_NAMES_MAX ||
	    count > names->size)
		return false;
	*why = "no memory";
	symbols->positions = calloc(count / POSITION_STEP + 1, sizeof(*symbols->positions));
	if (!symbols->positions || !choose_rule(symbols, names, why))
		return false;
	symbols->names = malloc(symbols->names_size);
	if (!symbols->names)
		return false;
	memcpy(symbols->names, names->data, symbols->names_size);
	return make_hash(symbols);
}

void tmi_kallsyms_fini(struct tmi_kallsyms *symbols)
{
	tmi_kallsyms_tokens_fini(&symbols->tokens);
	free(symbols->names);
	free(symbols->positions);
	free(symbols->addresses);
	free(symbols->order);
	free(symbols->heads);
	free(symbols->next);
	*symbols = (struct tmi_kallsyms){ 0 };
}

char tmi_kallsyms_name(const struct tmi_kallsyms *symbols, uint32_t index, char *name, size_t size)
{
	size_t at, length = 0;

	name[0] = 0;
	if (index >= symbols->count)
		return 0;
	at = symbols->positions[index / POSITION_STEP];
	for (uint32_t i = index % POSITION_STEP + 1; i > 0; i--) {
		at += length;
		if (!name_length(symbols->names, symbols->names_size, symbols->long_lengths, &at,
				 &length))
			return 0;
	}
	return expand(symbols, at, length, name, size);
}

/* ---- addresses ---- */

uint64_t tmi_kallsyms_decode(const struct tmi_kallsyms *symbols,
			     const struct tmi_kallsyms_addresses *addresses, uint32_t index)
{
	unsigned unit = addresses->form == TMI_KALLSYMS_ABSOLUTE ? symbols->pointer_size : 4;
	uint64_t mask = symbols->pointer_size == 4 ? UINT32_MAX : UINT64_MAX;
	struct tmi_bytes bytes = { .data = addresses->raw, .size = addresses->size };
	uint64_t value, wide;

	if (!tmi_bytes_integer(&bytes, (uint64_t)index * unit, unit, &value))
		return 0;
	wide = (uint64_t)(int64_t)(int32_t)value;
	switch (addresses->form) {
	case TMI_KALLSYMS_ABSOLUTE: return value;
	case TMI_KALLSYMS_BASE_RELATIVE: return (addresses->base + value) & mask;
	case TMI_KALLSYMS_PERCPU:
		return (int32_t)value >= 0 ? value : (addresses->base - 1 - wide) & mask;
	default: return (addresses->place + (uint64_t)index * 4 + wide) & mask;
	}
}

unsigned tmi_kallsyms_score(const struct tmi_kallsyms *symbols,
			    const struct tmi_kallsyms_addresses *addresses, uint64_t first,
			    uint64_t last)
{
	uint32_t step = symbols->count / SCORE_SAMPLES + 1, texts = 0, good = 0;
	uint64_t before = 0;
	char name[2];

	for (uint32_t i = 0; i < symbols->count; i += step) {
		char type = tmi_kallsyms_name(symbols, i, name, sizeof(name));
		uint64_t address;

		if (type != 'T' && type != 't')
			continue;
		address = tmi_kallsyms_decode(symbols, addresses, i);
		texts++;
		if (address < first || address > last || address < before)
			continue;
		before = address;
		good++;
	}
	return texts ? (unsigned)((uint64_t)good * 1000 / texts) : 0;
}

static int compare_order(const void *a, const void *b, void *context)
{
	const struct tmi_kallsyms *symbols = context;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	uint64_t x = symbols->addresses[i], y = symbols->addresses[j];

	if (x != y)
		return x < y ? -1 : 1;
	return i < j ? -1 : i > j;
}

/* An order by address, where the symbols are not in that order. */
static bool make_order(struct tmi_kallsyms *symbols)
{
	bool sorted = true;

	for (uint32_t i = 1; i < symbols->count && sorted; i++)
		sorted = symbols->addresses[i - 1] <= symbols->addresses[i];
	if (sorted)
		return true;
	symbols->order = malloc(symbols->count * sizeof(*symbols->order));
	if (!symbols->order)
		return false;
	for (uint32_t i = 0; i < symbols->count; i++)
		symbols->order[i] = i;
	qsort_r(symbols->order, symbols->count, sizeof(*symbols->order), compare_order, symbols);
	return true;
}

bool tmi_kallsyms_settle(struct tmi_kallsyms *symbols,
			 const struct tmi_kallsyms_addresses *addresses)
{
	/* Of a form that fitted when there was no memory for the order. */
	free(symbols->addresses);
	symbols->addresses = malloc(symbols->count * sizeof(*symbols->addresses));
	if (!symbols->addresses)
		return false;
	for (uint32_t i = 0; i < symbols->count; i++)
		symbols->addresses[i] = tmi_kallsyms_decode(symbols, addresses, i);
	return make_order(symbols);
}

/* ---- questions ---- */

bool tmi_kallsyms_find(const struct tmi_kallsyms *symbols, const char *name, uint32_t *index)
{
	char found[TMI_KALLSYMS_NAME_SIZE];
	uint32_t link;

	*index = 0;
	link = symbols->heads[hash_name(name) & symbols->hash_mask];
	for (; link; link = symbols->next[link - 1]) {
		tmi_kallsyms_name(symbols, link - 1, found, sizeof(found));
		if (strcmp(found, name))
			continue;
		*index = link - 1;
		return true;
	}
	return false;
}

static uint32_t in_order(const struct tmi_kallsyms *symbols, uint32_t place)
{
	return symbols->order ? symbols->order[place] : place;
}

/* How many symbols lie below an address, or at it too. */
static uint32_t count_below(const struct tmi_kallsyms *symbols, uint64_t address, bool at)
{
	uint32_t low = 0, high = symbols->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		uint64_t here = symbols->addresses[in_order(symbols, middle)];

		if (here < address || (at && here == address))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool tmi_kallsyms_nearest(const struct tmi_kallsyms *symbols, uint64_t address, uint32_t *index)
{
	uint32_t count = count_below(symbols, address, true);
	uint64_t start;

	if (!count)
		return false;
	/* A search too: all symbols may be at one place. */
	start = symbols->addresses[in_order(symbols, count - 1)];
	*index = in_order(symbols, count_below(symbols, start, false));
	return true;
}
