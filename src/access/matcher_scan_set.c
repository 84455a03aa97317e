/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matcher_scan_set.c - the filter for several patterns; see matcher_scan.h.
 *
 * A vector shuffle is a table of 16 that answers for every byte of the vector at once: one for each
 * half of a byte. What both halves of all the bytes have in common are the buckets.
 */
#include "access/matcher_scan.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define INLINE static inline __attribute__((always_inline))

static size_t scan_plain(const uint8_t *data, size_t from, size_t end,
			 const struct tmi_bucket_filter *filter, uint8_t *buckets)
{
	for (; from < end; from++) {
		*buckets = tmi_bucket_look(filter, data + from);
		if (*buckets)
			return from;
	}
	return end;
}

#if defined(__x86_64__) || defined(__aarch64__)

/* The lowest bit of @found is where the filter was passed, counted from @from. */
static size_t passed_at(const uint8_t *data, size_t from, uint64_t found,
			const struct tmi_bucket_filter *filter, uint8_t *buckets)
{
	from += (size_t)__builtin_ctzll(found);
	*buckets = tmi_bucket_look(filter, data + from);
	return from;
}

#endif

#if defined(__x86_64__)

#define SSSE3  __attribute__((target("ssse3")))
#define AVX2   __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512bw")))

/* The buckets of 16 bytes. */
SSSE3 INLINE __m128i buckets_ssse3(const uint8_t *data, __m128i low, __m128i high)
{
	const __m128i half = _mm_set1_epi8(15);
	__m128i bytes = _mm_loadu_si128((const __m128i *)data);

	low = _mm_shuffle_epi8(low, _mm_and_si128(bytes, half));
	high = _mm_shuffle_epi8(high, _mm_and_si128(_mm_srli_epi16(bytes, 4), half));
	return _mm_and_si128(low, high);
}

SSSE3 INLINE __m128i table_ssse3(const uint8_t *table)
{
	return _mm_loadu_si128((const __m128i *)table);
}

SSSE3 static size_t scan_ssse3(const uint8_t *data, size_t from, size_t end,
			       const struct tmi_bucket_filter *filter, uint8_t *buckets)
{
	const size_t at0 = filter->at[0], at1 = filter->at[1], at2 = filter->at[2];
	const __m128i low0 = table_ssse3(filter->low[0]), high0 = table_ssse3(filter->high[0]);
	const __m128i low1 = table_ssse3(filter->low[1]), high1 = table_ssse3(filter->high[1]);
	const __m128i low2 = table_ssse3(filter->low[2]), high2 = table_ssse3(filter->high[2]);

	for (; end - from >= 16; from += 16) {
		__m128i all = buckets_ssse3(data + from + at0, low0, high0);
		uint32_t none;

		all = _mm_and_si128(all, buckets_ssse3(data + from + at1, low1, high1));
		all = _mm_and_si128(all, buckets_ssse3(data + from + at2, low2, high2));
		none = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(all, _mm_setzero_si128()));
		if (none != 0xffff)
			return passed_at(data, from, none ^ 0xffff, filter, buckets);
	}
	return scan_plain(data, from, end, filter, buckets);
}

AVX2 INLINE __m256i buckets_avx2(const uint8_t *data, __m256i low, __m256i high)
{
	const __m256i half = _mm256_set1_epi8(15);
	__m256i bytes = _mm256_loadu_si256((const __m256i *)data);

	low = _mm256_shuffle_epi8(low, _mm256_and_si256(bytes, half));
	high = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half));
	return _mm256_and_si256(low, high);
}

AVX2 INLINE __m256i table_avx2(const uint8_t *table)
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table));
}

AVX2 static size_t scan_avx2(const uint8_t *data, size_t from, size_t end,
			     const struct tmi_bucket_filter *filter, uint8_t *buckets)
{
	const size_t at0 = filter->at[0], at1 = filter->at[1], at2 = filter->at[2];
	const __m256i low0 = table_avx2(filter->low[0]), high0 = table_avx2(filter->high[0]);
	const __m256i low1 = table_avx2(filter->low[1]), high1 = table_avx2(filter->high[1]);
	const __m256i low2 = table_avx2(filter->low[2]), high2 = table_avx2(filter->high[2]);

	for (; end - from >= 32; from += 32) {
		__m256i all = buckets_avx2(data + from + at0, low0, high0);
		uint32_t none;

		all = _mm256_and_si256(all, buckets_avx2(data + from + at1, low1, high1));
		all = _mm256_and_si256(all, buckets_avx2(data + from + at2, low2, high2));
		if (_mm256_testz_si256(all, all))
			continue;
		none = (uint32_t)_mm256_movemask_epi8(
			_mm256_cmpeq_epi8(all, _mm256_setzero_si256()));
		return passed_at(data, from, ~none, filter, buckets);
	}
	return scan_ssse3(data, from, end, filter, buckets);
}

AVX512 INLINE __m512i buckets_avx512(const uint8_t *data, __m512i low, __m512i high)
{
	const __m512i half = _mm512_set1_epi8(15);
	__m512i bytes = _mm512_loadu_si512(data);

	low = _mm512_shuffle_epi8(low, _mm512_and_si512(bytes, half));
	high = _mm512_shuffle_epi8(high, _mm512_and_si512(_mm512_srli_epi16(bytes, 4), half));
	return _mm512_and_si512(low, high);
}

AVX512 INLINE __m512i table_avx512(const uint8_t *table)
{
	return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)table));
}

AVX512 static size_t scan_avx512(const uint8_t *data, size_t from, size_t end,
				 const struct tmi_bucket_filter *filter, uint8_t *buckets)
{
	const size_t at0 = filter->at[0], at1 = filter->at[1], at2 = filter->at[2];
	const __m512i low0 = table_avx512(filter->low[0]), high0 = table_avx512(filter->high[0]);
	const __m512i low1 = table_avx512(filter->low[1]), high1 = table_avx512(filter->high[1]);
	const __m512i low2 = table_avx512(filter->low[2]), high2 = table_avx512(filter->high[2]);

	for (; end - from >= 64; from += 64) {
		__m512i all = buckets_avx512(data + from + at0, low0, high0);
		uint64_t some;

		all = _mm512_and_si512(all, buckets_avx512(data + from + at1, low1, high1));
		all = _mm512_and_si512(all, buckets_avx512(data + from + at2, low2, high2));
		some = _mm512_test_epi8_mask(all, all);
		if (some)
			return passed_at(data, from, some, filter, buckets);
	}
	return scan_ssse3(data, from, end, filter, buckets);
}

tmi_bucket_scan *tmi_bucket_scan_choose(void)
{
	switch (tmi_vectors()) {
	case TMI_VECTORS_AVX512: return scan_avx512;
	case TMI_VECTORS_AVX2: return scan_avx2;
	case TMI_VECTORS_SSSE3: return scan_ssse3;
	default: return scan_plain;
	}
}

#elif defined(__aarch64__)

/* The buckets of 16 bytes. */
INLINE uint8x16_t buckets_neon(const uint8_t *data, uint8x16_t low, uint8x16_t high)
{
	uint8x16_t bytes = vld1q_u8(data);

	low = vqtbl1q_u8(low, vandq_u8(bytes, vdupq_n_u8(15)));
	high = vqtbl1q_u8(high, vshrq_n_u8(bytes, 4));
	return vandq_u8(low, high);
}

static size_t scan_neon(const uint8_t *data, size_t from, size_t end,
			const struct tmi_bucket_filter *filter, uint8_t *buckets)
{
	const size_t at0 = filter->at[0], at1 = filter->at[1], at2 = filter->at[2];
	const uint8x16_t low0 = vld1q_u8(filter->low[0]), high0 = vld1q_u8(filter->high[0]);
	const uint8x16_t low1 = vld1q_u8(filter->low[1]), high1 = vld1q_u8(filter->high[1]);
	const uint8x16_t low2 = vld1q_u8(filter->low[2]), high2 = vld1q_u8(filter->high[2]);

	for (; end - from >= 16; from += 16) {
		uint8x16_t all = buckets_neon(data + from + at0, low0, high0);
		uint64_t some;

		all = vandq_u8(all, buckets_neon(data + from + at1, low1, high1));
		all = vandq_u8(all, buckets_neon(data + from + at2, low2, high2));
		all = vtstq_u8(all, all);
		/* Four bits for each position. */
		some = vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(all), 4)),
				     0);
		if (some)
			return passed_at(data, from + (size_t)__builtin_ctzll(some) / 4, 1, filter,
					 buckets);
	}
	return scan_plain(data, from, end, filter, buckets);
}

tmi_bucket_scan *tmi_bucket_scan_choose(void)
{
	return tmi_vectors() == TMI_VECTORS_NEON ? scan_neon : scan_plain;
}

#else

tmi_bucket_scan *tmi_bucket_scan_choose(void)
{
	return scan_plain;
}

#endif
