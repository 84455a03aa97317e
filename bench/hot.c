/* SPDX-License-Identifier: Apache-2.0 */
/* hot.c - reads of pages that were just read; see hot.h. */
#include "hot.h"

#include <stdlib.h>

bool bench_hot_init(struct bench_hot *hot, tmem_target *target, uint64_t base)
{
	hot->target = target;
	hot->base = base;
	bench_choose(hot->addresses, BENCH_HOT_ADDRESSES, base, BENCH_HOT_PAGES);
	hot->pages = aligned_alloc(BENCH_PAGE, (size_t)BENCH_HOT_PAGES * BENCH_PAGE);
	if (!hot->pages)
		return bench_fail("no memory");
	for (size_t i = 0; i < BENCH_HOT_ADDRESSES; i++) {
		uint64_t page = hot->addresses[i] & ~(uint64_t)(BENCH_PAGE - 1);
		uint8_t *data = hot->pages + page / BENCH_PAGE % BENCH_HOT_PAGES * BENCH_PAGE;

		bench_fill(data, page - base, BENCH_PAGE);
		bench_tlb_add(&hot->tlb, page, data);
	}
	return true;
}

void bench_hot_fini(void *state)
{
	struct bench_hot *hot = state;

	tmem_close(hot->target);
	free(hot->pages);
}

/* A call as the library's is one. */
__attribute__((noinline)) static bool limit_read(const struct bench_tlb *tlb, uint64_t address,
						 uint64_t *value)
{
	return bench_tlb_read(tlb, address, value);
}

enum bench_result bench_hot_verify(void *state)
{
	struct bench_hot *hot = state;

	for (size_t i = 0; i < BENCH_HOT_ADDRESSES; i++) {
		uint64_t value;

		if (!limit_read(&hot->tlb, hot->addresses[i], &value) ||
		    value != bench_word(hot->addresses[i] - hot->base)) {
			bench_fail("the limit reads wrong bytes");
			return BENCH_FAILED;
		}
	}
	return bench_verify_words(hot->target, hot->addresses, BENCH_HOT_ADDRESSES, hot->base)
		       ? BENCH_READY
		       : BENCH_FAILED;
}

bool bench_hot_limit(void *state, uint64_t work)
{
	const struct bench_hot *hot = state;
	uint64_t value = 0;

	for (uint64_t i = 0; i < work; i++) {
		if (!limit_read(&hot->tlb, hot->addresses[i % BENCH_HOT_ADDRESSES], &value))
			return bench_fail("a page of the limit is gone");
		bench_use(value);
	}
	return true;
}

bool bench_hot_library(void *state, uint64_t work)
{
	const struct bench_hot *hot = state;
	uint64_t value = 0;
	size_t done;

	for (uint64_t i = 0; i < work; i++) {
		uint64_t address = hot->addresses[i % BENCH_HOT_ADDRESSES];

		if (tmem_read_virtual(hot->target, address, &value, sizeof(value), &done) !=
		    TMEM_S_OK)
			return bench_fail("read: %s", tmem_last_error(hot->target));
		bench_use(value);
	}
	return true;
}
