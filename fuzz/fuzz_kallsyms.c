/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_kallsyms.c - any bytes as the tables of a kernel's symbols.
 *
 * The input: count (4 bytes), form and pointer size (1 byte), size of the tokens (2 bytes), size of
 * the addresses (2 bytes), the tokens, the addresses, and the names with what follows them. What is
 * checked besides memory safety: every name ends, is found again, and so is every place.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/kallsyms.h"

#define HEAD 9u
#define BASE 0xffffffff81000000u
/* Symbols looked at one by one. */
#define LOOK_MAX 64
/* Places tried for a table of tokens. */
#define PLACES_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void look(const struct tmi_kallsyms *symbols, uint32_t index)
{
	char name[TMI_KALLSYMS_NAME_SIZE], other[TMI_KALLSYMS_NAME_SIZE], cut[4];
	uint32_t found;

	tmi_kallsyms_name(symbols, index, name, sizeof(name));
	require(strlen(name) < sizeof(name));
	tmi_kallsyms_name(symbols, index, cut, sizeof(cut));
	require(!strncmp(name, cut, strlen(cut)) && strlen(cut) < sizeof(cut));
	require(tmi_kallsyms_find(symbols, name, &found) && found <= index);
	tmi_kallsyms_name(symbols, found, other, sizeof(other));
	require(!strcmp(name, other));
	require(tmi_kallsyms_nearest(symbols, symbols->addresses[index], &found));
	require(symbols->addresses[found] == symbols->addresses[index]);
}

static void ask(struct tmi_kallsyms *symbols, const struct tmi_kallsyms_addresses *addresses)
{
	require(tmi_kallsyms_score(symbols, addresses, 0, UINT64_MAX) <= 1000);
	if (!tmi_kallsyms_settle(symbols, addresses))
		return;
	for (uint32_t i = 0; i < symbols->count && i < LOOK_MAX; i++)
		look(symbols, i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tmi_bytes bytes = { .data = data, .size = size }, token_bytes, raw, names;
	struct tmi_kallsyms_addresses addresses = { .base = BASE, .place = BASE };
	struct tmi_kallsyms_tokens tokens;
	struct tmi_kallsyms symbols;
	uint64_t count, kind, tokens_size, raw_size, first;
	const char *why;

	for (uint64_t at = 0; at < size && at < PLACES_MAX; at++)
		if (tmi_kallsyms_is_tokens(&bytes, at, &first))
			require(first <= at);
	if (!tmi_bytes_integer(&bytes, 0, 4, &count) || !tmi_bytes_integer(&bytes, 4, 1, &kind) ||
	    !tmi_bytes_integer(&bytes, 5, 2, &tokens_size) ||
	    !tmi_bytes_integer(&bytes, 7, 2, &raw_size) ||
	    !tmi_bytes_part(&bytes, HEAD, tokens_size, &token_bytes) ||
	    !tmi_bytes_part(&bytes, HEAD + tokens_size, raw_size, &raw) ||
	    !tmi_bytes_part(&bytes, HEAD + tokens_size + raw_size,
			    size - HEAD - tokens_size - raw_size, &names))
		return 0;
	if (!tmi_kallsyms_tokens_init(&tokens, &token_bytes))
		return 0;
	addresses.raw = raw.data;
	addresses.size = raw.size;
	addresses.form = kind % TMI_KALLSYMS_FORMS;
	if (tmi_kallsyms_init(&symbols, (uint32_t)count, kind & 4 ? 4 : 8, &names, &tokens, &why))
		ask(&symbols, &addresses);
	tmi_kallsyms_fini(&symbols);
	return 0;
}
