/* SPDX-License-Identifier: Apache-2.0 */
/* hot.h - rows G1 and G2: 8-byte reads of 64 pages that were just read. */
#ifndef BENCH_HOT_H
#define BENCH_HOT_H

#include "fixture.h"
#include "tlb.h"

#define BENCH_HOT_PAGES     64
#define BENCH_HOT_ADDRESSES 256 /* a power of two */

struct bench_hot {
	tmem_target *target;
	uint64_t base;
	uint64_t addresses[BENCH_HOT_ADDRESSES];
	uint8_t *pages; /* what the limit reads */
	struct bench_tlb tlb;
};

/* Chooses the addresses in the big memory at @base and prepares the limit; false: no memory. */
bool bench_hot_init(struct bench_hot *hot, tmem_target *target, uint64_t base);
void bench_hot_fini(void *hot);

enum bench_result bench_hot_verify(void *hot);
bool bench_hot_limit(void *hot, uint64_t work);
bool bench_hot_library(void *hot, uint64_t work);

#endif
