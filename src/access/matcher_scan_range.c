/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matcher_scan_range.c - the filter for integers in a range; see matcher_scan.h.
 *
 * v - minimum > span, modulo 2^n, is one subtraction and one comparison whether the integers are
 * signed or not. Where the processor only compares signed ones, 2^(n-1) is added on both sides.
 */
#include "access/matcher_scan.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/* One body for all sizes: the branches on the size are gone in what is compiled for each. */
#define INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__)

static uint64_t bias(unsigned size)
{
	return UINT64_C(1) << (8 * size - 1);
}

/* Where the bytes of each integer of a vector go when their order is turned round. */
static void fill_order(uint8_t order[16], unsigned size)
{
	for (unsigned i = 0; i < 16; i++)
		order[i] = (uint8_t)(i ^ (size - 1));
}

#define SSE2 __attribute__((target("sse2")))

SSE2 INLINE __m128i fill_sse2(uint64_t value, unsigned size)
{
	switch (size) {
	case 1: return _mm_set1_epi8((char)value);
	case 2: return _mm_set1_epi16((short)value);
	default: return _mm_set1_epi32((int)value);
	}
}

/* All ones in each integer that does not count. */
SSE2 INLINE __m128i outside_sse2(const uint8_t *data, __m128i base, __m128i limit, unsigned size)
{
	__m128i v = _mm_loadu_si128((const __m128i *)data);

	switch (size) {
	case 1: return _mm_cmpgt_epi8(_mm_sub_epi8(v, base), limit);
	case 2: return _mm_cmpgt_epi16(_mm_sub_epi16(v, base), limit);
	default: return _mm_cmpgt_epi32(_mm_sub_epi32(v, base), limit);
	}
}

SSE2 INLINE size_t pass_sse2(const uint8_t *data, size_t from, size_t end,
			     const struct tmi_range_filter *filter, unsigned size)
{
	const __m128i base = fill_sse2(filter->minimum + bias(size), size);
	const __m128i limit = fill_sse2(filter->span ^ bias(size), size);
	const size_t step = filter->step;

	for (; end - from >= TMI_RANGE_BLOCK; from += TMI_RANGE_BLOCK) {
		__m128i outside = _mm_set1_epi8(-1);

		for (size_t shift = 0; shift < size; shift += step)
			for (size_t i = shift; i < TMI_RANGE_BLOCK; i += 16)
				outside = _mm_and_si128(
					outside, outside_sse2(data + from + i, base, limit, size));
		if (_mm_movemask_epi8(outside) != 0xffff)
			return from;
	}
	return from;
}

/* Not for 8 bytes, nor for bytes in the other order. */
SSE2 static size_t scan_sse2(const uint8_t *data, size_t from, size_t end,
			     const struct tmi_range_filter *filter)
{
	switch (filter->size) {
	case 1: return pass_sse2(data, from, end, filter, 1);
	case 2: return pass_sse2(data, from, end, filter, 2);
	default: return pass_sse2(data, from, end, filter, 4);
	}
}

#define AVX2 __attribute__((target("avx2")))

AVX2 INLINE __m256i fill_avx2(uint64_t value, unsigned size)
{
	switch (size) {
	case 1: return _mm256_set1_epi8((char)value);
	case 2: return _mm256_set1_epi16((short)value);
	case 4: return _mm256_set1_epi32((int)value);
	default: return _mm256_set1_epi64x((long long)value);
	}
}

AVX2 INLINE __m256i outside_avx2(__m256i v, __m256i base, __m256i limit, unsigned size)
{
	switch (size) {
	case 1: return _mm256_cmpgt_epi8(_mm256_sub_epi8(v, base), limit);
	case 2: return _mm256_cmpgt_epi16(_mm256_sub_epi16(v, base), limit);
	case 4: return _mm256_cmpgt_epi32(_mm256_sub_epi32(v, base), limit);
	default: return _mm256_cmpgt_epi64(_mm256_sub_epi64(v, base), limit);
	}
}

AVX2 INLINE size_t pass_avx2(const uint8_t *data, size_t from, size_t end,
			     const struct tmi_range_filter *filter, unsigned size)
{
	const __m256i base = fill_avx2(filter->minimum + bias(size), size);
	const __m256i limit = fill_avx2(filter->span ^ bias(size), size);
	const __m256i ones = _mm256_set1_epi8(-1);
	const size_t step = filter->step;
	const bool swap = filter->swap;
	uint8_t bytes[16];
	__m256i order;

	fill_order(bytes, size);
	order = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)bytes));
	for (; end - from >= TMI_RANGE_BLOCK; from += TMI_RANGE_BLOCK) {
		__m256i outside = ones;

		for (size_t shift = 0; shift < size; shift += step) {
			const uint8_t *at = data + from + shift;
			__m256i low = _mm256_loadu_si256((const __m256i *)at);
			__m256i high = _mm256_loadu_si256((const __m256i *)(at + 32));

			if (size > 1 && swap) {
				low = _mm256_shuffle_epi8(low, order);
				high = _mm256_shuffle_epi8(high, order);
			}
			low = outside_avx2(low, base, limit, size);
			high = outside_avx2(high, base, limit, size);
			outside = _mm256_and_si256(outside, _mm256_and_si256(low, high));
		}
		if (!_mm256_testc_si256(outside, ones))
			return from;
	}
	return from;
}

AVX2 static size_t scan_avx2(const uint8_t *data, size_t from, size_t end,
			     const struct tmi_range_filter *filter)
{
	switch (filter->size) {
	case 1: return pass_avx2(data, from, end, filter, 1);
	case 2: return pass_avx2(data, from, end, filter, 2);
	case 4: return pass_avx2(data, from, end, filter, 4);
	default: return pass_avx2(data, from, end, filter, 8);
	}
}

#define AVX512 __attribute__((target("avx512bw")))

AVX512 INLINE __m512i fill_avx512(uint64_t value, unsigned size)
{
	switch (size) {
	case 1: return _mm512_set1_epi8((char)value);
	case 2: return _mm512_set1_epi16((short)value);
	case 4: return _mm512_set1_epi32((int)value);
	default: return _mm512_set1_epi64((long long)value);
	}
}

/* A bit for each integer that counts. */
AVX512 INLINE uint64_t inside_avx512(__m512i v, __m512i minimum, __m512i span, unsigned size)
{
	switch (size) {
	case 1: return _mm512_cmple_epu8_mask(_mm512_sub_epi8(v, minimum), span);
	case 2: return _mm512_cmple_epu16_mask(_mm512_sub_epi16(v, minimum), span);
	case 4: return _mm512_cmple_epu32_mask(_mm512_sub_epi32(v, minimum), span);
	default: return _mm512_cmple_epu64_mask(_mm512_sub_epi64(v, minimum), span);
	}
}

AVX512 INLINE size_t pass_avx512(const uint8_t *data, size_t from, size_t end,
				 const struct tmi_range_filter *filter, unsigned size)
{
	const __m512i minimum = fill_avx512(filter->minimum, size);
	const __m512i span = fill_avx512(filter->span, size);
	const size_t step = filter->step;
	const bool swap = filter->swap;
	uint8_t bytes[16];
	__m512i order;

	fill_order(bytes, size);
	order = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)bytes));
	for (; end - from >= TMI_RANGE_BLOCK; from += TMI_RANGE_BLOCK) {
		uint64_t inside = 0;

		for (size_t shift = 0; shift < size; shift += step) {
			__m512i v = _mm512_loadu_si512(data + from + shift);

			if (size > 1 && swap)
				v = _mm512_shuffle_epi8(v, order);
			inside |= inside_avx512(v, minimum, span, size);
		}
		if (inside)
			return from;
	}
	return from;
}

AVX512 static size_t scan_avx512(const uint8_t *data, size_t from, size_t end,
				 const struct tmi_range_filter *filter)
{
	switch (filter->size) {
	case 1: return pass_avx512(data, from, end, filter, 1);
	case 2: return pass_avx512(data, from, end, filter, 2);
	case 4: return pass_avx512(data, from, end, filter, 4);
	default: return pass_avx512(data, from, end, filter, 8);
	}
}

tmi_range_scan *tmi_range_scan_choose(const struct tmi_range_filter *filter)
{
	switch (tmi_vectors()) {
	case TMI_VECTORS_AVX512: return scan_avx512;
	case TMI_VECTORS_AVX2: return scan_avx2;
	case TMI_VECTORS_SSSE3:
	case TMI_VECTORS_SSE2: return filter->size < 8 && !filter->swap ? scan_sse2 : NULL;
	default: return NULL;
	}
}

#elif defined(__aarch64__)

INLINE uint8x16_t fill_neon(uint64_t value, unsigned size)
{
	switch (size) {
	case 1: return vdupq_n_u8((uint8_t)value);
	case 2: return vreinterpretq_u8_u16(vdupq_n_u16((uint16_t)value));
	case 4: return vreinterpretq_u8_u32(vdupq_n_u32((uint32_t)value));
	default: return vreinterpretq_u8_u64(vdupq_n_u64(value));
	}
}

INLINE uint8x16_t turn_neon(uint8x16_t v, unsigned size)
{
	switch (size) {
	case 1: return v;
	case 2: return vrev16q_u8(v);
	case 4: return vrev32q_u8(v);
	default: return vrev64q_u8(v);
	}
}

/* All ones in each integer that counts. */
INLINE uint8x16_t inside_neon(uint8x16_t v, uint8x16_t minimum, uint8x16_t span, unsigned size)
{
	switch (size) {
	case 1: return vcleq_u8(vsubq_u8(v, minimum), span);
	case 2:
		return vreinterpretq_u8_u16(
			vcleq_u16(vsubq_u16(vreinterpretq_u16_u8(v), vreinterpretq_u16_u8(minimum)),
				  vreinterpretq_u16_u8(span)));
	case 4:
		return vreinterpretq_u8_u32(
			vcleq_u32(vsubq_u32(vreinterpretq_u32_u8(v), vreinterpretq_u32_u8(minimum)),
				  vreinterpretq_u32_u8(span)));
	default:
		return vreinterpretq_u8_u64(
			vcleq_u64(vsubq_u64(vreinterpretq_u64_u8(v), vreinterpretq_u64_u8(minimum)),
				  vreinterpretq_u64_u8(span)));
	}
}

INLINE size_t pass_neon(const uint8_t *data, size_t from, size_t end,
			const struct tmi_range_filter *filter, unsigned size)
{
	const uint8x16_t minimum = fill_neon(filter->minimum, size);
	const uint8x16_t span = fill_neon(filter->span, size);
	const size_t step = filter->step;
	const bool swap = filter->swap;

	for (; end - from >= TMI_RANGE_BLOCK; from += TMI_RANGE_BLOCK) {
		uint8x16_t inside = vdupq_n_u8(0);

		for (size_t shift = 0; shift < size; shift += step)
			for (size_t i = shift; i < TMI_RANGE_BLOCK; i += 16) {
				uint8x16_t v = vld1q_u8(data + from + i);

				if (swap)
					v = turn_neon(v, size);
				inside = vorrq_u8(inside, inside_neon(v, minimum, span, size));
			}
		if (vmaxvq_u8(inside))
			return from;
	}
	return from;
}

static size_t scan_neon(const uint8_t *data, size_t from, size_t end,
			const struct tmi_range_filter *filter)
{
	switch (filter->size) {
	case 1: return pass_neon(data, from, end, filter, 1);
	case 2: return pass_neon(data, from, end, filter, 2);
	case 4: return pass_neon(data, from, end, filter, 4);
	default: return pass_neon(data, from, end, filter, 8);
	}
}

tmi_range_scan *tmi_range_scan_choose(const struct tmi_range_filter *filter)
{
	(void)filter;
	return tmi_vectors() == TMI_VECTORS_NEON ? scan_neon : NULL;
}

#else

tmi_range_scan *tmi_range_scan_choose(const struct tmi_range_filter *filter)
{
	(void)filter;
	return NULL;
}

#endif
