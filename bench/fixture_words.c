/* SPDX-License-Identifier: Apache-2.0 */
/* fixture_words.c - which words of the big memory are looked at, and whether they are right. */
#include "fixture.h"

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
