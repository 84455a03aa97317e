/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache.h - the cache of target memory: budget, flush, statistics.
 *
 * One cache per target, shared by its handles. It keeps pages of what cannot change behind tmem:
 * stopped processes, remotes, compressed dumps; a running process only with cache=on. Mapped files
 * need none. Unreadable pages are remembered too. Pages of shared mappings, which others can
 * write, are never kept. Resume, exec and a flush empty it. Follows the .cache command.
 */
#ifndef TMEM_CACHE_H
#define TMEM_CACHE_H

#include <tmem/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tmem_cache_statistics {
	uint32_t size;    /* size of this struct in bytes, set by the caller */
	uint32_t enabled; /* 1 when reads of the current process use the cache now */
	uint64_t budget;  /* bytes the cache may hold */
	uint64_t used;    /* bytes of pages in it */
	uint64_t pages;   /* readable pages in it */
	uint64_t errors;  /* unreadable pages remembered */
	uint64_t hits;    /* page lookups answered from it; threads that race may lose some */
	uint64_t misses;  /* page lookups that went to the target */
	uint64_t dropped; /* pages given up for lack of room */
	uint64_t flushes; /* times it was emptied */
};

/*
 * tmem_get_cache_statistics() - what the cache holds and has done since tmem_open().
 * Returns TMEM_S_OK; TMEM_E_INVALIDARG @statistics is NULL or its size too small.
 */
TMEM_API tmem_status tmem_get_cache_statistics(tmem_target *target,
					       struct tmem_cache_statistics *statistics);

/*
 * tmem_set_cache_budget() - how many bytes of memory the cache may hold; 0 turns it off.
 * Rounded down to a multiple of 32 KiB; empties the cache.
 * Returns TMEM_S_OK; TMEM_E_OUTOFMEMORY (the old budget stays).
 */
TMEM_API tmem_status tmem_set_cache_budget(tmem_target *target, uint64_t budget);

/*
 * tmem_flush_cache() - forgets every cached page and remembered error.
 * Returns TMEM_S_OK.
 */
TMEM_API tmem_status tmem_flush_cache(tmem_target *target);

/*
 * tmem_flush_cache_page() - forgets the page of the current process that holds @offset.
 * Returns TMEM_S_OK.
 */
TMEM_API tmem_status tmem_flush_cache_page(tmem_target *target, uint64_t offset);

#ifdef __cplusplus
}
#endif

#endif
