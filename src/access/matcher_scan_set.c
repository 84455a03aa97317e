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

struct tables_ssse3 {
	__m128i low[TMI_FILTER_BYTES], high[TMI_FILTER_BYTES];
};

/* Bit i: nothing begins at data + i. */
__attribute__((target("ssse3"))) static inline uint32_t
look_ssse3(const uint8_t *data, const size_t *at, const struct tables_ssse3 *tables)
{
	const __m128i half = _mm_set1_epi8(15);
	__m128i buckets = _mm_set1_epi8(-1);

	for (size_t i = 0; i < TMI_FILTER_BYTES; i++) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(data + at[i]));
		__m128i low = _mm_and_si128(bytes, half);
		__m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), half);

		low = _mm_shuffle_epi8(tables->low[i], low);
		high = _mm_shuffle_epi8(tables->high[i], high);
		buckets = _mm_and_si128(buckets, _mm_and_si128(low, high));
	}
	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(buckets, _mm_setzero_si128()));
}

__attribute__((target("ssse3"))) static size_t scan_ssse3(const uint8_t *data, size_t from,
							  size_t end,
							  const struct tmi_bucket_filter *filter,
							  uint8_t *buckets)
{
	const size_t at[] = { filter->at[0], filter->at[1], filter->at[2] };
	struct tables_ssse3 tables;

	for (size_t i = 0; i < TMI_FILTER_BYTES; i++) {
		tables.low[i] = _mm_loadu_si128((const __m128i *)filter->low[i]);
		tables.high[i] = _mm_loadu_si128((const __m128i *)filter->high[i]);
	}
	for (; end - from >= 32; from += 32) {
		uint32_t none = look_ssse3(data + from, at, &tables) |
				look_ssse3(data + from + 16, at, &tables) << 16;

		if (none != UINT32_MAX)
			return passed_at(data, from, (uint32_t)~none, filter, buckets);
	}
	return scan_plain(data, from, end, filter, buckets);
}

struct tables_avx2 {
	__m256i low[TMI_FILTER_BYTES], high[TMI_FILTER_BYTES];
};

/* The buckets of 32 positions. */
__attribute__((target("avx2"))) static inline __m256i
look_avx2(const uint8_t *data, const size_t *at, const struct tables_avx2 *tables)
{
	const __m256i half = _mm256_set1_epi8(15);
	__m256i buckets = _mm256_set1_epi8(-1);

	for (size_t i = 0; i < TMI_FILTER_BYTES; i++) {
		__m256i bytes = _mm256_loadu_si256((const __m256i *)(data + at[i]));
		__m256i low = _mm256_and_si256(bytes, half);
		__m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half);

		low = _mm256_shuffle_epi8(tables->low[i], low);
		high = _mm256_shuffle_epi8(tables->high[i], high);
		buckets = _mm256_and_si256(buckets, _mm256_and_si256(low, high));
	}
	return buckets;
}

/* Bit i: not 0. */
__attribute__((target("avx2"))) static inline uint32_t some_avx2(__m256i bytes)
{
	return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_setzero_si256()));
}

__attribute__((target("avx2"))) static size_t scan_avx2(const uint8_t *data, size_t from,
							size_t end,
							const struct tmi_bucket_filter *filter,
							uint8_t *buckets)
{
	const size_t at[] = { filter->at[0], filter->at[1], filter->at[2] };
	struct tables_avx2 tables;

	for (size_t i = 0; i < TMI_FILTER_BYTES; i++) {
		tables.low[i] = _mm256_broadcastsi128_si256(
			_mm_loadu_si128((const __m128i *)filter->low[i]));
		tables.high[i] = _mm256_broadcastsi128_si256(
			_mm_loadu_si128((const __m128i *)filter->high[i]));
	}
	for (; end - from >= 64; from += 64) {
		__m256i low = look_avx2(data + from, at, &tables);
		__m256i high = look_avx2(data + from + 32, at, &tables);
		__m256i both = _mm256_or_si256(low, high);

		if (!_mm256_testz_si256(both, both))
			return passed_at(data, from,
					 some_avx2(low) | (uint64_t)some_avx2(high) << 32, filter,
					 buckets);
	}
	return scan_ssse3(data, from, end, filter, buckets);
}

struct tables_avx512 {
	__m512i low[TMI_FILTER_BYTES], high[TMI_FILTER_BYTES];
};

/* Bit i: a pattern may begin at data + i. */
__attribute__((target("avx512bw"))) static inline uint64_t
look_avx512(const uint8_t *data, const size_t *at, const struct tables_avx512 *tables)
{
	const __m512i half = _mm512_set1_epi8(15);
	__m512i buckets = _mm512_set1_epi8(-1);

	for (size_t i = 0; i < TMI_FILTER_BYTES; i++) {
		__m512i bytes = _mm512_loadu_si512(data + at[i]);
		__m512i low = _mm512_and_si512(bytes, half);
		__m512i high = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), half);

		low = _mm512_shuffle_epi8(tables->low[i], low);
		high = _mm512_shuffle_epi8(tables->high[i], high);
		buckets = _mm512_and_si512(buckets, _mm512_and_si512(low, high));
	}
	return _mm512_test_epi8_mask(buckets, buckets);
}

__attribute__((target("avx512bw"))) static size_t
scan_avx512(const uint8_t *data, size_t from, size_t end, const struct tmi_bucket_filter *filter,
	    uint8_t *buckets)
{
	const size_t at[] = { filter->at[0], filter->at[1], filter->at[2] };
	struct tables_avx512 tables;

	for (size_t i = 0; i < TMI_FILTER_BYTES; i++) {
		tables.low[i] =
			_mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)filter->low[i]));
		tables.high[i] =
			_mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)filter->high[i]));
	}
	for (; end - from >= 64; from += 64) {
		uint64_t found = look_avx512(data + from, at, &tables);

		if (found)
			return passed_at(data, from, found, filter, buckets);
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

struct tables_neon {
	uint8x16_t low[TMI_FILTER_BYTES], high[TMI_FILTER_BYTES];
};

/* Four bits for each position: not 0 where a pattern may begin. */
static inline uint64_t look_neon(const uint8_t *data, const size_t *at,
				 const struct tables_neon *tables)
{
	uint8x16_t buckets = vdupq_n_u8(0xff);

	for (size_t i = 0; i < TMI_FILTER_BYTES; i++) {
		uint8x16_t bytes = vld1q_u8(data + at[i]);
		uint8x16_t low = vqtbl1q_u8(tables->low[i], vandq_u8(bytes, vdupq_n_u8(15)));
		uint8x16_t high = vqtbl1q_u8(tables->high[i], vshrq_n_u8(bytes, 4));

		buckets = vandq_u8(buckets, vandq_u8(low, high));
	}
	buckets = vtstq_u8(buckets, buckets);
	return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(buckets), 4)), 0);
}

static size_t scan_neon(const uint8_t *data, size_t from, size_t end,
			const struct tmi_bucket_filter *filter, uint8_t *buckets)
{
	const size_t at[] = { filter->at[0], filter->at[1], filter->at[2] };
	struct tables_neon tables;

	for (size_t i = 0; i < TMI_FILTER_BYTES; i++) {
		tables.low[i] = vld1q_u8(filter->low[i]);
		tables.high[i] = vld1q_u8(filter->high[i]);
	}
	for (; end - from >= 16; from += 16) {
		uint64_t found = look_neon(data + from, at, &tables);

		if (found)
			return passed_at(data, from + (size_t)__builtin_ctzll(found) / 4, 1, filter,
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
