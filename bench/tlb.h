/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tlb.h - the limit of a small read of memory that is at hand: a table of pages and a copy.
 *
 * One call, one compare of the page's number, eight bytes moved: less cannot answer a read of an
 * address that the caller chose.
 */
#ifndef BENCH_TLB_H
#define BENCH_TLB_H

#include <string.h>

#include "fixture.h"

#define BENCH_TLB_SLOTS 64

struct bench_tlb {
	uint64_t page[BENCH_TLB_SLOTS];
	const uint8_t *data[BENCH_TLB_SLOTS];
};

/* Remembers that the page of @address is at @data. */
static inline void bench_tlb_add(struct bench_tlb *tlb, uint64_t address, const uint8_t *data)
{
	size_t slot = address / BENCH_PAGE % BENCH_TLB_SLOTS;

	tlb->page[slot] = address / BENCH_PAGE;
	tlb->data[slot] = data;
}

static inline bool bench_tlb_read(const struct bench_tlb *tlb, uint64_t address, uint64_t *value)
{
	uint64_t page = address / BENCH_PAGE;
	size_t slot = page % BENCH_TLB_SLOTS;

	if (tlb->page[slot] != page)
		return false;
	memcpy(value, tlb->data[slot] + address % BENCH_PAGE, sizeof(*value));
	return true;
}

#endif
