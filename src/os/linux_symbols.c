/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux_symbols.c - kallsyms of the kernel, read out of its image: where VMCOREINFO says, else
 * where a search finds the table of tokens (linux_symbols_search.c).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "os/linux_symbols.h"

/* Addresses of text symbols that must go up inside the image, per thousand. */
#define SCORE_MIN 990

uint8_t *tmi_linux_read_image(const struct tmi_linux *state, const struct tmi_os_memory *memory,
			      uint64_t address, uint64_t limit, uint64_t *size)
{
	uint8_t *bytes = limit && limit <= SIZE_MAX ? malloc(limit) : NULL;
	uint64_t got = 0;

	*size = 0;
	if (!bytes)
		return NULL;
	while (got < limit) {
		uint64_t unit = 0x10000 - (address + got) % 0x10000;

		if (unit > limit - got)
			unit = limit - got;
		if (!tmi_linux_read(state, memory, address + got, bytes + got, unit))
			break;
		got += unit;
	}
	*size = got;
	if (got)
		return bytes;
	free(bytes);
	return NULL;
}

/* Every kernel has this symbol: names without it are no names of a kernel. */
#define KNOWN_SYMBOL "_stext"

/* Does a form of addresses fit? Checks against _stext, when its address is known. */
static bool form_fits(const struct tmi_linux *state, const struct tmi_kallsyms *symbols,
		      const struct tmi_kallsyms_addresses *addresses)
{
	uint32_t index;
	uint64_t stext;

	if (!tmi_kallsyms_find(symbols, KNOWN_SYMBOL, &index))
		return false;
	stext = tmi_kallsyms_decode(symbols, addresses, index);
	if (stext < state->image_first || stext > state->image_last ||
	    (state->stext && stext != state->stext))
		return false;
	return tmi_kallsyms_score(symbols, addresses, state->image_first, state->image_last) >=
	       SCORE_MIN;
}

/* Tries the forms at @place; settles the table with the one that fits. */
static bool try_addresses(struct tmi_linux *state, const struct tmi_os_memory *memory,
			  struct tmi_kallsyms *symbols, struct tmi_linux_address_guess *guess)
{
	unsigned unit = guess->form == TMI_KALLSYMS_ABSOLUTE ? symbols->pointer_size : 4;
	uint64_t wanted = (uint64_t)symbols->count * unit, size;
	uint8_t *raw = tmi_linux_read_image(state, memory, guess->place, wanted, &size);
	struct tmi_kallsyms_addresses addresses = {
		.raw = raw,
		.size = size,
		.form = guess->form,
		.base = guess->base,
		.place = guess->place,
	};
	bool fits = raw && size == wanted && form_fits(state, symbols, &addresses) &&
		    tmi_kallsyms_settle(symbols, &addresses);

	free(raw);
	return fits;
}

bool tmi_linux_symbols_settle(struct tmi_linux *state, const struct tmi_os_memory *memory,
			      struct tmi_kallsyms *symbols,
			      const struct tmi_linux_address_places *places)
{
	static const char *const forms[] = { "absolute", "relative to a base",
					     "relative to a base, absolute for each processor",
					     "relative to their place" };

	for (unsigned form = 0; form < TMI_KALLSYMS_FORMS; form++) {
		struct tmi_linux_address_guess guess = {
			.form = form,
			.place = form == TMI_KALLSYMS_ABSOLUTE ? places->absolute : places->offsets,
		};

		if (!guess.place)
			continue;
		if ((form == TMI_KALLSYMS_BASE_RELATIVE || form == TMI_KALLSYMS_PERCPU) &&
		    (!places->relative_base ||
		     !tmi_linux_pointer(state, memory, places->relative_base, &guess.base)))
			continue;
		if (!try_addresses(state, memory, symbols, &guess))
			continue;
		tmi_linux_fact_text(state, "addresses of symbols", forms[form],
				    "the symbols of text go up inside the image%s",
				    state->stext ? ", and _stext is where VMCOREINFO has it" : "");
		return true;
	}
	return false;
}

bool tmi_linux_symbols_read(struct tmi_linux *state, const struct tmi_os_memory *memory,
			    const struct tmi_linux_names_place *place, struct tmi_kallsyms *symbols,
			    const char **why)
{
	struct tmi_kallsyms_tokens tokens;
	struct tmi_bytes bytes = { 0 };
	uint8_t *copy;
	bool good;

	*why = "kallsyms_token_table is not readable, or has no 256 strings";
	copy = tmi_linux_read_image(state, memory, place->tokens, TMI_KALLSYMS_TOKENS_MAX,
				    &bytes.size);
	bytes.data = copy;
	good = copy && tmi_kallsyms_tokens_init(&tokens, &bytes);
	free(copy);
	if (!good)
		return false;
	*why = "kallsyms_names is not readable";
	copy = tmi_linux_read_image(state, memory, place->names, place->names_size, &bytes.size);
	bytes.data = copy;
	if (!copy) {
		tmi_kallsyms_tokens_fini(&tokens);
		return false;
	}
	good = tmi_kallsyms_init(symbols, place->count, state->kernel.pointer_size, &bytes, &tokens,
				 why);
	free(copy);
	return good;
}

/* ---- where VMCOREINFO has them ---- */

static bool places_from_info(struct tmi_linux *state, const struct tmi_os_memory *memory,
			     struct tmi_linux_names_place *names,
			     struct tmi_linux_address_places *addresses)
{
	const struct tmi_vmcoreinfo *info = &state->info;
	uint64_t count_place, count, limit = TMI_KALLSYMS_NAMES_MAX;

	if (!info->size || !tmi_vmcoreinfo_symbol(info, "kallsyms_names", &names->names) ||
	    !tmi_vmcoreinfo_symbol(info, "kallsyms_token_table", &names->tokens) ||
	    !tmi_vmcoreinfo_symbol(info, "kallsyms_num_syms", &count_place) ||
	    !tmi_linux_integer(state, memory, count_place, 4, &count))
		return false;
	tmi_vmcoreinfo_symbol(info, "kallsyms_offsets", &addresses->offsets);
	tmi_vmcoreinfo_symbol(info, "kallsyms_relative_base", &addresses->relative_base);
	tmi_vmcoreinfo_symbol(info, "kallsyms_addresses", &addresses->absolute);
	names->count = (uint32_t)count;
	/* The tokens come after the names in every order. */
	if (names->tokens > names->names && names->tokens - names->names < limit)
		limit = names->tokens - names->names;
	names->names_size = limit;
	return true;
}

static bool from_info(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	struct tmi_linux_names_place names = { 0 };
	struct tmi_linux_address_places addresses = { 0 };
	const char *why;

	if (!places_from_info(state, memory, &names, &addresses))
		return false;
	if (!tmi_linux_symbols_read(state, memory, &names, &state->symbols, &why)) {
		tmi_linux_refused(state, "kallsyms", "where VMCOREINFO has it: %s", why);
	} else if (!tmi_linux_symbols_settle(state, memory, &state->symbols, &addresses)) {
		tmi_linux_refused(state, "kallsyms",
				  "where VMCOREINFO has it: in no form of addresses do the symbols "
				  "of text lie in the image in order");
	} else {
		tmi_linux_fact_address(state, "kallsyms", names.names,
				       "VMCOREINFO; %" PRIu32 " symbols, whose names agree with "
				       "kallsyms_markers",
				       state->symbols.count);
		return true;
	}
	tmi_kallsyms_fini(&state->symbols);
	return false;
}

tmem_status tmi_linux_need_symbols(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	tmem_status status = TMEM_S_OK;
	bool found = false;

	if (!state->found)
		return tmi_fail_text(TMEM_E_NOINTERFACE, "no Linux kernel was found");
	if (state->symbols_stage == TMI_LINUX_NOT_TRIED) {
		if (!state->choices.has_kallsyms)
			found = from_info(state, memory);
		if (!found)
			status = tmi_linux_symbols_search(state, memory, &found);
		if (status != TMEM_S_OK)
			return status;
		state->symbols_stage = found ? TMI_LINUX_FOUND : TMI_LINUX_NOT_FOUND;
		if (!found)
			tmi_linux_fact_text(state, "kallsyms", "not found",
					    "no table of tokens with names and addresses that fit "
					    "stands in the image");
	}
	if (state->symbols_stage == TMI_LINUX_FOUND)
		return TMEM_S_OK;
	return tmi_fail_text(TMEM_E_NOINTERFACE,
			     "the kernel's symbols (kallsyms) were not found in memory");
}

/* ---- questions ---- */

bool tmi_linux_find_symbol(struct tmi_linux *state, const struct tmi_os_memory *memory,
			   const char *name, uint64_t *address)
{
	uint32_t index;

	*address = 0;
	if (state->info.size && tmi_vmcoreinfo_symbol(&state->info, name, address))
		return true;
	if (tmi_linux_need_symbols(state, memory) != TMEM_S_OK ||
	    !tmi_kallsyms_find(&state->symbols, name, &index))
		return false;
	*address = state->symbols.addresses[index];
	return true;
}

/* Names that end a part of the image: what lies behind them is none of theirs. */
static bool is_end(const char *name)
{
	static const char *const ends[] = { "_end", "_etext", "_einittext", "__bss_stop" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (!strcmp(name, ends[i]))
			return true;
	return false;
}

bool tmi_linux_nearest(struct tmi_linux *state, const struct tmi_os_memory *memory,
		       uint64_t address, char *name, size_t name_size, uint64_t *start)
{
	char full[TMI_KALLSYMS_NAME_SIZE];
	size_t length;
	uint32_t index;

	if (!state->found || !name_size || address < state->image_first ||
	    address > state->image_last || tmi_linux_need_symbols(state, memory) != TMEM_S_OK ||
	    !tmi_kallsyms_nearest(&state->symbols, address, &index))
		return false;
	*start = state->symbols.addresses[index];
	if (*start < state->image_first ||
	    !tmi_kallsyms_name(&state->symbols, index, full, sizeof(full)) ||
	    (is_end(full) && address != *start))
		return false;
	length = strlen(full);
	if (length >= name_size)
		length = name_size - 1;
	memcpy(name, full, length);
	name[length] = 0;
	return true;
}
