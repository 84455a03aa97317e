/* SPDX-License-Identifier: Apache-2.0 */
/* fixture_memory.c - what the big memory holds. */
#include <string.h>

#include "fixture.h"

const uint8_t bench_needle[BENCH_NEEDLE_SIZE] = "\x13"
						"a needle, once"
						"\xf1";

uint64_t bench_word(uint64_t offset)
{
	uint64_t from_end = bench_size() - offset;
	uint64_t word = bench_mix(offset / 8);

	if (from_end <= BENCH_NEEDLE_SIZE)
		memcpy(&word, bench_needle + BENCH_NEEDLE_SIZE - from_end, sizeof(word));
	return word;
}

void bench_fill(void *buffer, uint64_t offset, size_t size)
{
	uint64_t *words = buffer;

	for (size_t i = 0; i < size / 8; i++)
		words[i] = bench_mix(offset / 8 + i);
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

void bench_choose(uint64_t *addresses, size_t count, uint64_t base, size_t pages)
{
	uint64_t all = bench_size() / BENCH_PAGE;
	uint64_t stride = all / pages;

	for (size_t i = 0; i < count; i++) {
		uint64_t random = bench_mix(i ^ 0x5bd1e995u);
		size_t place = random % pages;
		/* A page of its own for each place, whose number modulo @pages is its own too. */
		uint64_t page = place * stride + (place + pages - place * stride % pages) % pages;

		if (pages == all)
			page = place;
		addresses[i] = base + page * BENCH_PAGE + (random >> 40) % (BENCH_PAGE / 64) * 64;
	}
}

bool bench_verify_words(tmem_target *target, const uint64_t *addresses, size_t count, uint64_t base)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value = 0;
		size_t done = 0;

		if (!bench_good(
			    tmem_read_virtual(target, addresses[i], &value, sizeof(value), &done),
			    target, "read"))
			return false;
		if (done != sizeof(value) || value != bench_word(addresses[i] - base))
			return bench_fail("wrong bytes at %#llx", (unsigned long long)addresses[i]);
	}
	return true;
}
