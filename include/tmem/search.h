/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search.h - finding bytes.
 *
 * A match m lies wholly inside the range, on bytes that a read would return, and
 * (m - offset) % granularity is 0. Unreadable parts are skipped, never matched across; the
 * granularity keeps counting from the start of the range. Untouched memory of a live process is
 * not touched by a search. Long operations: interruptible, with progress.
 * Follows IDebugDataSpaces::SearchVirtual and IDebugDataSpaces4::SearchVirtual2.
 */
#ifndef TMEM_SEARCH_H
#define TMEM_SEARCH_H

#include <stddef.h>
#include <tmem/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Flags of tmem_search_virtual2() and cursors: DbgEng's DEBUG_VSEARCH_*. */
enum tmem_search_flags {
	TMEM_VSEARCH_DEFAULT = 0,
	TMEM_VSEARCH_WRITABLE_ONLY = 1, /* memory whose protection says writable; unknown counts */
};

/*
 * tmem_search_virtual() - the lowest match in a range.
 * @offset: first address.
 * @length: bytes of the range; clipped at the end of the address space.
 * @pattern: the bytes.
 * @pattern_size: bytes, a multiple of @pattern_granularity, not 0.
 * @pattern_granularity: bytes between possible matches, not 0.
 * @match_offset: receives the address of the match; untouched on failure.
 *
 * Follows SearchVirtual. Returns TMEM_S_OK; TMEM_E_NO_MORE_ENTRIES no match;
 * TMEM_E_CONTROL_C_EXIT interrupted; TMEM_E_INVALIDARG sizes as above violated or NULL;
 * TMEM_E_UNEXPECTED no process; TMEM_E_CONNECTION_LOST; TMEM_E_OUTOFMEMORY.
 */
TMEM_API tmem_status tmem_search_virtual(tmem_target *target, uint64_t offset, uint64_t length,
					 const void *pattern, size_t pattern_size,
					 size_t pattern_granularity, uint64_t *match_offset);

/*
 * tmem_search_virtual2() - the same with flags.
 * @flags: enum tmem_search_flags; an unknown bit is TMEM_E_INVALIDARG.
 *
 * Follows SearchVirtual2.
 */
TMEM_API tmem_status tmem_search_virtual2(tmem_target *target, uint64_t offset, uint64_t length,
					  uint32_t flags, const void *pattern, size_t pattern_size,
					  size_t pattern_granularity, uint64_t *match_offset);

/* What a search cursor looks for: what its request's kind may be. */
enum tmem_search_kind {
	TMEM_SEARCH_PATTERN = 0,           /* the bytes at pattern */
	TMEM_SEARCH_PATTERNS = 1,          /* any of several patterns, looked for in one pass */
	TMEM_SEARCH_UNSIGNED_INTEGERS = 2, /* integers from minimum to maximum */
	TMEM_SEARCH_SIGNED_INTEGERS = 3,   /* the same, with a sign */
};

/* One of several patterns. */
struct tmem_search_pattern {
	const void *bytes;
	const void *mask; /* optional; bits of the bytes that count, same size */
	size_t size;      /* bytes, not 0; the patterns of a request may have different sizes */
};

/*
 * A search request. Set what is not needed to 0; fields behind the size that a caller gives count
 * as 0, so that the struct can grow. Its first 64 bytes, up to pattern_granularity, must be there.
 *
 * Integers stand in memory in the target's byte order. Naturally aligned ones are found with
 * pattern_granularity = integer_size and an offset that is a multiple of it. An integer matches
 * when its value, extended to 64 bits by zeros or by its sign, is at least minimum and at most
 * maximum; a bound may be one that no integer of that size reaches.
 */
struct tmem_search_request {
	uint32_t size;       /* size of this struct in bytes, set by the caller */
	uint32_t space;      /* TMEM_DATA_SPACE_VIRTUAL or TMEM_DATA_SPACE_PHYSICAL of region.h */
	uint32_t flags;      /* enum tmem_search_flags */
	uint32_t reserved;   /* 0 */
	uint64_t offset;     /* first address of the range */
	uint64_t length;     /* bytes of the range */
	const void *pattern; /* TMEM_SEARCH_PATTERN: the bytes */
	const void *mask;    /* optional; bits of the pattern that count, same size */
	size_t pattern_size; /* bytes, a multiple of pattern_granularity, not 0 */
	/* Bytes between possible matches, of every kind: not 0, below 2^63. */
	size_t pattern_granularity;

	uint32_t kind;         /* enum tmem_search_kind */
	uint32_t integer_size; /* integers: 1, 2, 4 or 8 bytes */
	uint64_t minimum;      /* the least that matches; signed ones as int64_t */
	uint64_t maximum;      /* the greatest, not below minimum */
	const struct tmem_search_pattern *patterns; /* TMEM_SEARCH_PATTERNS */
	size_t pattern_count;                       /* how many, not 0 */
};

/* One match of a cursor. */
struct tmem_search_match {
	uint32_t size; /* size of this struct in bytes, set by the caller */
	uint32_t reserved;
	uint64_t offset;  /* its address */
	uint64_t pattern; /* TMEM_SEARCH_PATTERNS: index of the pattern; else 0 */
	uint64_t value;   /* integers: the one that stood there, extended to 64 bits; else 0 */
};

/* A search that goes on after each match. Belongs to one thread at a time. */
typedef struct tmem_search_cursor tmem_search_cursor;

/*
 * tmem_search_cursor_new() - prepares a search for every match.
 * @request: copied, with every pattern and mask that it points to.
 * @cursor: receives the cursor; NULL on failure. Free it before closing @target.
 *
 * The cursor keeps to the process that was current now. Returns TMEM_S_OK; TMEM_E_INVALIDARG a
 * bad request; TMEM_E_UNEXPECTED no process, or physical memory in user mode; TMEM_E_OUTOFMEMORY;
 * TMEM_E_CONTROL_C_EXIT interrupted, where patterns are very many or very long.
 */
TMEM_API tmem_status tmem_search_cursor_new(tmem_target *target,
					    const struct tmem_search_request *request,
					    tmem_search_cursor **cursor);

/*
 * tmem_search_cursor_next() - the next match; matches may overlap (one step is the granularity).
 * @match_offset: receives its address; untouched on failure.
 *
 * Matches come in the order of their addresses. With several patterns an address comes once for
 * each that stands there. What was written since the last match is seen. Returns as
 * tmem_search_virtual(). After a failure the next call goes on, after TMEM_E_CONTROL_C_EXIT too.
 */
TMEM_API tmem_status tmem_search_cursor_next(tmem_search_cursor *cursor, uint64_t *match_offset);

/*
 * tmem_search_cursor_next2() - the next match, with what it is.
 * @match: its size field is set by the caller; receives offset, pattern and value; untouched on
 *	failure.
 *
 * As tmem_search_cursor_next(), and either may follow the other. At one address patterns come in
 * the order of their indices, each of them once. Also returns TMEM_E_INVALIDARG when the size field
 * is too small.
 */
TMEM_API tmem_status tmem_search_cursor_next2(tmem_search_cursor *cursor,
					      struct tmem_search_match *match);

/*
 * tmem_search_cursor_progress() - how far the cursor is.
 * @done: optional; receives the bytes of the range that are finished, holes included.
 * @bytes: optional; receives the bytes really looked at.
 *
 * Returns TMEM_S_OK.
 */
TMEM_API tmem_status tmem_search_cursor_progress(tmem_search_cursor *cursor, uint64_t *done,
						 uint64_t *bytes);

/* tmem_search_cursor_free() - frees a cursor; NULL is allowed. */
TMEM_API void tmem_search_cursor_free(tmem_search_cursor *cursor);

#ifdef __cplusplus
}
#endif

#endif
