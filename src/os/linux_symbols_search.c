/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux_symbols_search.c - kallsyms without VMCOREINFO.
 *
 * The tokens "0".."9" stand side by side in the table of tokens; what makes it one is that 256
 * strings fit around them. The names end shortly before it: their count stands in front of them,
 * and only with the right one do the names end where their markers begin. The addresses stand in
 * front of the count, or behind the tokens (since 6.4).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "os/linux_symbols.h"

/* Names, markers and sequences of the largest kernels, in bytes before the tokens. */
#define NAMES_REACH (32u << 20)
#define PAGE        4096u
/* The shortest and the longest a name is on average, what comes after the names included. */
#define NAME_SHORT 3u
#define NAME_LONG  96u
/* A kernel of fewer symbols is not believed. */
#define COUNT_MIN 256u
/* Bytes around the digits that a table of tokens takes at most. */
#define TABLE_BEFORE 4096u
#define TABLE_AFTER  16384u
/* Tables of tokens that are looked at, and counts that are tried for each. */
#define TABLES_MAX 16
#define STARTS_MAX 4
#define COUNTS_MAX 256

struct search {
	struct tmi_linux *state;
	const struct tmi_os_memory *memory;
	uint64_t tokens; /* virtual address of a table of tokens */
	unsigned tables;
	bool found;
	bool interrupted;
};

static uint64_t align_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) & ~(unit - 1);
}

/* ---- addresses ---- */

/* The places relative to the names, of all orders; alignment is 8, or 4 on 32 bits and since 7.0.
 */
static bool settle(struct search *search, struct tmi_kallsyms *symbols, uint64_t count_place,
		   uint64_t tokens_end)
{
	struct tmi_linux *state = search->state;
	uint64_t word = symbols->pointer_size, offsets = (uint64_t)symbols->count * 4;

	for (uint64_t unit = word; unit >= 4; unit -= 4) {
		uint64_t after = align_up(align_up(tokens_end, unit) + 512, unit);
		uint64_t base = (count_place & ~(unit - 1)) - word;
		struct tmi_linux_address_places orders[] = {
			{ .offsets = (base - offsets) & ~(unit - 1), .relative_base = base },
			{ .offsets = after, .relative_base = align_up(after + offsets, unit) },
			{ .absolute = count_place - align_up(symbols->count * word, unit) },
			{ .absolute = after },
		};

		for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
			if (tmi_linux_symbols_settle(state, search->memory, symbols, &orders[i]))
				return true;
	}
	return false;
}

/* ---- names ---- */

/* A count that the space between it and the tokens can hold. */
static bool is_count(uint64_t count, uint64_t space)
{
	return count >= COUNT_MIN && count <= TMI_KALLSYMS_MAX && count <= space / NAME_SHORT &&
	       count >= space / NAME_LONG;
}

/* The names right behind the count at @at of @bytes, which begin at the address @first. */
static bool try_count(struct search *search, const struct tmi_bytes *bytes, uint64_t first,
		      uint64_t at, uint32_t count, const struct tmi_bytes *token_bytes)
{
	struct tmi_linux *state = search->state;
	struct tmi_kallsyms_tokens tokens;
	struct tmi_bytes names;
	uint64_t tokens_end, gap = state->kernel.pointer_size;
	const char *why;

	if (!tmi_kallsyms_tokens_init(&tokens, token_bytes))
		return false;
	tokens_end = search->tokens + tokens.size;
	/* The count is 4 bytes; what follows is aligned. */
	if (gap == 8 && tmi_load32(bytes->data + at + 4, false))
		gap = 4;
	tmi_bytes_part(bytes, at + gap, bytes->size - at - gap, &names);
	if (tmi_kallsyms_init(&state->symbols, count, state->kernel.pointer_size, &names, &tokens,
			      &why) &&
	    settle(search, &state->symbols, first + at, tokens_end)) {
		tmi_linux_fact_address(state, "kallsyms", first + at + gap,
				       "found in the image before a table of 256 tokens; %" PRIu32
				       " symbols, whose names agree with kallsyms_markers",
				       count);
		return true;
	}
	tmi_kallsyms_fini(&state->symbols);
	return false;
}

/* Tries every number before the tokens that can be the count, the nearest first. */
static bool try_counts(struct search *search, const struct tmi_bytes *bytes, uint64_t first,
		       const struct tmi_bytes *token_bytes)
{
	unsigned tries = 0;

	for (uint64_t at = bytes->size & ~UINT64_C(3); at >= 4 && tries < COUNTS_MAX;) {
		uint32_t count;

		at -= 4;
		if (bytes->size - at < 16)
			continue;
		count = tmi_load32(bytes->data + at, false);
		if (!is_count(count, bytes->size - at))
			continue;
		if (try_count(search, bytes, first, at, count, token_bytes))
			return true;
		tries += bytes->size - at > COUNT_MIN * 64;
		/* Each try goes through as many names as it believes in. */
		search->interrupted = search->memory->interrupted(search->memory->context);
		if (search->interrupted)
			break;
	}
	return false;
}

/* How many bytes before @address the tables map without a hole, up to about @limit. */
static uint64_t mapped_before(const struct search *search, uint64_t address, uint64_t limit)
{
	const struct tmi_linux *state = search->state;
	uint64_t first = address & ~(uint64_t)(PAGE - 1);

	while (first > state->image_first && address - first < limit &&
	       tmi_linux_root_maps(search->memory, &state->root, first - PAGE))
		first -= PAGE;
	return address - first;
}

/* Reads what comes before the tokens at search->tokens. */
static bool try_tokens(struct search *search)
{
	struct tmi_linux *state = search->state;
	uint64_t reach = mapped_before(search, search->tokens, NAMES_REACH), first;
	struct tmi_bytes bytes = { 0 }, token_bytes = { 0 };
	uint8_t *names, *tokens;
	bool found;

	first = search->tokens - reach;
	names = tmi_linux_read_image(state, search->memory, first, reach, &bytes.size);
	tokens = tmi_linux_read_image(state, search->memory, search->tokens,
				      TMI_KALLSYMS_TOKENS_MAX, &token_bytes.size);
	bytes.data = names;
	token_bytes.data = tokens;
	found = names && tokens && bytes.size == reach &&
		try_counts(search, &bytes, first, &token_bytes);
	free(names);
	free(tokens);
	return found;
}

/* ---- tokens ---- */

/* Is there a table of tokens around the digits at a virtual address? */
static bool find_table(struct search *search, uint64_t digits)
{
	const struct tmi_linux *state = search->state;
	uint64_t before = mapped_before(search, digits, TABLE_BEFORE);
	struct tmi_bytes bytes = { 0 };
	uint64_t first;
	uint8_t *around;
	bool is_table;

	around = tmi_linux_read_image(state, search->memory, digits - before, before + TABLE_AFTER,
				      &bytes.size);
	bytes.data = around;
	is_table = around && tmi_kallsyms_is_tokens(&bytes, before, &first);
	if (is_table)
		search->tokens = digits - before + first;
	free(around);
	return is_table;
}

/*
 * Tries the table that was found. What stands before it may look like the beginning of its first
 * string, but it begins at a multiple of four.
 */
static void try_starts(struct search *search)
{
	uint64_t first = align_up(search->tokens, 4);

	for (unsigned i = 0; i < STARTS_MAX && !search->found && !search->interrupted; i++) {
		search->tokens = first + 4 * i;
		search->found = try_tokens(search);
	}
}

static bool look_for_tokens(void *context, uint64_t address, const uint8_t *data, size_t fresh,
			    size_t size)
{
	struct search *search = context;
	uint64_t shift = search->state->root.image_shift;
	const uint8_t *at = data, *end = data + fresh;

	while (!search->found && !search->interrupted && search->tables < TABLES_MAX && at < end &&
	       (at = memmem(at, (size_t)(data + size - at), TMI_KALLSYMS_DIGITS,
			    TMI_KALLSYMS_DIGITS_SIZE))) {
		if (find_table(search, address + (uint64_t)(at - data) + shift)) {
			search->tables++;
			try_starts(search);
		}
		at++;
	}
	return !search->found && !search->interrupted && search->tables < TABLES_MAX;
}

static tmem_status interrupted(void)
{
	return tmi_fail_text(TMEM_E_CONTROL_C_EXIT, "interrupted while looking for symbols");
}

tmem_status tmi_linux_symbols_search(struct tmi_linux *state, const struct tmi_os_memory *memory,
				     bool *found)
{
	struct search search = { .state = state, .memory = memory };
	uint64_t shift = state->root.image_shift;
	tmem_status status = TMEM_S_OK;

	if (state->choices.has_kallsyms) {
		search.tokens = state->choices.kallsyms;
		*found = search.tokens > state->image_first && search.tokens < state->image_last &&
			 try_tokens(&search);
		if (search.interrupted)
			return interrupted();
		if (!*found)
			return tmi_fail_text(TMEM_E_INVALIDARG,
					     "option kallsyms=0x%" PRIx64
					     ": no kallsyms_token_table with names before it is "
					     "there",
					     search.tokens);
		return TMEM_S_OK;
	}
	status = tmi_linux_scan(memory, state->image_first - shift, state->image_last - shift,
				look_for_tokens, &search);
	*found = search.found;
	return status == TMEM_S_OK && search.interrupted ? interrupted() : status;
}
