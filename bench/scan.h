/* SPDX-License-Identifier: Apache-2.0 */
/* scan.h - the limit of a search: a filter of two bytes in vectors, then a compare. */
#ifndef BENCH_SCAN_H
#define BENCH_SCAN_H

#include "fixture.h"

/* Bytes that are fetched at a time, so that the scan finds them in the L2 cache. */
#define BENCH_SCAN_CHUNK ((size_t)256 << 10)

/* Where the needle of the big memory first is; SIZE_MAX = nowhere. */
size_t bench_scan(const uint8_t *data, size_t size);

/*
 * Fetches [from, from + size) chunk by chunk with @fetch, scans each and says where the needle is;
 * UINT64_MAX = nowhere, or @fetch failed.
 */
uint64_t bench_scan_fetched(bool (*fetch)(void *source, uint64_t from, void *buffer, size_t size),
			    void *source, uint64_t from, uint64_t size);

#endif
