/* SPDX-License-Identifier: Apache-2.0 */
/* fixture_memory.c - what the big memory holds. */
#include <string.h>

#include "fixture.h"

const uint8_t bench_needle[BENCH_NEEDLE_SIZE] = "\x13"
						"a needle, once"
						"\xf1";

/* Texts lie in blocks, at most one in a page, each somewhere else; the last block is the needle's.
 */
#define TEXT_BLOCKS (BENCH_PAGE / BENCH_TEXT_ROOM - 1)
#define TEXT_LEAST  8

uint64_t bench_text_offset(uint64_t page)
{
	return page * BENCH_PAGE + bench_mix(~page) % TEXT_BLOCKS * BENCH_TEXT_ROOM;
}

size_t bench_text_length(uint64_t page)
{
	return TEXT_LEAST + (bench_mix(~page) >> 32) % (BENCH_TEXT_ROOM - TEXT_LEAST);
}

/* Letters from a to p, then zeros to the end of the block. */
static uint64_t text_word(uint64_t page, size_t at)
{
	uint64_t letters = (bench_mix(page * BENCH_TEXT_ROOM + at) & UINT64_C(0x0f0f0f0f0f0f0f0f)) +
			   UINT64_C(0x6161616161616161);
	size_t length = bench_text_length(page);
	uint8_t bytes[sizeof(letters)];

	memcpy(bytes, &letters, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		if (at + i >= length)
			bytes[i] = 0;
	memcpy(&letters, bytes, sizeof(bytes));
	return letters;
}

uint64_t bench_word(uint64_t offset)
{
	uint64_t page = offset / BENCH_PAGE;
	uint64_t in_text = offset - bench_text_offset(page); /* huge in front of it */
	uint64_t from_end = bench_size() - offset;
	uint64_t word = bench_mix(offset / 8);

	if (in_text < BENCH_TEXT_ROOM)
		word = text_word(page, in_text);
	if (from_end <= BENCH_NEEDLE_SIZE)
		memcpy(&word, bench_needle + BENCH_NEEDLE_SIZE - from_end, sizeof(word));
	return word;
}

static void fill_text(uint64_t *words, uint64_t page, uint64_t offset, size_t size)
{
	uint64_t text = bench_text_offset(page);

	for (uint64_t at = text; at < text + BENCH_TEXT_ROOM; at += 8)
		if (at >= offset && at - offset < size)
			words[(at - offset) / 8] = text_word(page, at - text);
}

void bench_fill(void *buffer, uint64_t offset, size_t size)
{
	uint64_t *words = buffer;

	for (size_t i = 0; i < size / 8; i++)
		words[i] = bench_mix(offset / 8 + i);
	for (uint64_t page = offset / BENCH_PAGE; page * BENCH_PAGE < offset + size; page++)
		fill_text(words, page, offset, size);
	for (size_t i = size / 8; i-- > 0 && bench_size() - (offset + i * 8) <= BENCH_NEEDLE_SIZE;)
		words[i] = bench_word(offset + i * 8);
}

bool bench_is_memory(const void *bytes, uint64_t offset, size_t size, const char *what)
{
	const uint64_t *words = bytes;

	for (size_t i = 0; i < size / 8; i++)
		if (words[i] != bench_word(offset + i * 8))
			return bench_fail("%s: wrong bytes at offset %#llx", what,
					  (unsigned long long)(offset + i * 8));
	return true;
}

bool bench_is_text(const char *text, uint64_t page, const char *what)
{
	uint64_t words[BENCH_TEXT_ROOM / 8 + 1] = { 0 };

	for (size_t i = 0; i < BENCH_TEXT_ROOM / 8; i++)
		words[i] = text_word(page, i * 8);
	return !strcmp(text, (const char *)words) ||
	       bench_fail("%s: the text of page %#llx is wrong", what, (unsigned long long)page);
}
