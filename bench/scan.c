/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c - the limit of a search; see scan.h. */
#include "scan.h"

#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* The two bytes that are looked for, and the distance between them. */
#define FIRST_AT  0
#define SECOND_AT (BENCH_NEEDLE_SIZE - 1)

static size_t scan_plain(const uint8_t *data, size_t size)
{
	const uint8_t *found = memmem(data, size, bench_needle, BENCH_NEEDLE_SIZE);

	return found ? (size_t)(found - data) : SIZE_MAX;
}

#if defined(__x86_64__)

static bool is_needle(const uint8_t *data)
{
	return !memcmp(data, bench_needle, BENCH_NEEDLE_SIZE);
}

__attribute__((target("avx2"))) static uint32_t candidates(const uint8_t *data, __m256i first,
							   __m256i second)
{
	__m256i a = _mm256_loadu_si256((const void *)(data + FIRST_AT));
	__m256i b = _mm256_loadu_si256((const void *)(data + SECOND_AT));

	return (uint32_t)_mm256_movemask_epi8(
		_mm256_and_si256(_mm256_cmpeq_epi8(a, first), _mm256_cmpeq_epi8(b, second)));
}

__attribute__((target("avx2"))) static size_t scan_avx2(const uint8_t *data, size_t size)
{
	__m256i first = _mm256_set1_epi8((char)bench_needle[FIRST_AT]);
	__m256i second = _mm256_set1_epi8((char)bench_needle[SECOND_AT]);
	size_t at = 0;
	size_t rest;

	for (; at + 64 + SECOND_AT <= size; at += 64) {
		uint64_t mask = candidates(data + at, first, second) |
				(uint64_t)candidates(data + at + 32, first, second) << 32;

		for (; mask; mask &= mask - 1)
			if (is_needle(data + at + __builtin_ctzll(mask)))
				return at + (size_t)__builtin_ctzll(mask);
	}
	rest = scan_plain(data + at, size - at);
	return rest == SIZE_MAX ? SIZE_MAX : at + rest;
}

size_t bench_scan(const uint8_t *data, size_t size)
{
	return __builtin_cpu_supports("avx2") ? scan_avx2(data, size) : scan_plain(data, size);
}

#else

size_t bench_scan(const uint8_t *data, size_t size)
{
	return scan_plain(data, size);
}

#endif

uint64_t bench_scan_fetched(bool (*fetch)(void *source, uint64_t from, void *buffer, size_t size),
			    void *source, uint64_t from, uint64_t size)
{
	/* In front of a chunk stands the end of the one before: the needle may straddle both. */
	uint8_t *buffer = aligned_alloc(BENCH_PAGE, BENCH_PAGE + BENCH_SCAN_CHUNK);
	uint8_t *chunk = buffer + BENCH_PAGE;
	uint64_t found = UINT64_MAX;
	size_t kept = 0;
	uint64_t done = 0;

	while (buffer && done < size && found == UINT64_MAX) {
		size_t part =
			size - done < BENCH_SCAN_CHUNK ? (size_t)(size - done) : BENCH_SCAN_CHUNK;
		size_t at;

		if (!fetch(source, from + done, chunk, part))
			break;
		at = bench_scan(chunk - kept, kept + part);
		if (at != SIZE_MAX)
			found = from + done + at - kept;
		kept = BENCH_NEEDLE_SIZE - 1;
		memcpy(chunk - kept, chunk + part - kept, kept);
		done += part;
	}
	free(buffer);
	return found;
}
