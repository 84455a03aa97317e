/* SPDX-License-Identifier: Apache-2.0 */
/* matcher_scan.c - what a processor has, and the filter for one pattern; see matcher_scan.h. */
#include "access/matcher_scan.h"

#include "base/options.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#if defined(__x86_64__)

enum tmi_vectors tmi_vectors(void)
{
	if (tmi_disabled("sse2"))
		return TMI_VECTORS_PLAIN;
	if (!__builtin_cpu_supports("ssse3") || tmi_disabled("ssse3"))
		return TMI_VECTORS_SSE2;
	if (!__builtin_cpu_supports("avx2") || tmi_disabled("avx2"))
		return TMI_VECTORS_SSSE3;
	if (!__builtin_cpu_supports("avx512bw") || tmi_disabled("avx512"))
		return TMI_VECTORS_AVX2;
	return TMI_VECTORS_AVX512;
}

#elif defined(__aarch64__)

enum tmi_vectors tmi_vectors(void)
{
	return tmi_disabled("neon") ? TMI_VECTORS_PLAIN : TMI_VECTORS_NEON;
}

#else

enum tmi_vectors tmi_vectors(void)
{
	return TMI_VECTORS_PLAIN;
}

#endif

static bool stands(const uint8_t *data, const struct tmi_anchor *anchor)
{
	return (data[anchor->at] & anchor->mask) == anchor->value;
}

static size_t scan_plain(const uint8_t *data, size_t from, size_t end,
			 const struct tmi_anchor *first, const struct tmi_anchor *second)
{
	while (from < end && !(stands(data + from, first) && stands(data + from, second)))
		from++;
	return from;
}

#if defined(__x86_64__)

/* Bit i: both anchors stand at data + i. */
__attribute__((target("avx2"))) static inline uint32_t
look_avx2(const uint8_t *data, const struct tmi_anchor *first, const struct tmi_anchor *second)
{
	__m256i a = _mm256_loadu_si256((const __m256i *)(data + first->at));
	__m256i b = _mm256_loadu_si256((const __m256i *)(data + second->at));

	a = _mm256_and_si256(a, _mm256_set1_epi8((char)first->mask));
	b = _mm256_and_si256(b, _mm256_set1_epi8((char)second->mask));
	a = _mm256_cmpeq_epi8(a, _mm256_set1_epi8((char)first->value));
	b = _mm256_cmpeq_epi8(b, _mm256_set1_epi8((char)second->value));
	return (uint32_t)_mm256_movemask_epi8(_mm256_and_si256(a, b));
}

__attribute__((target("avx2"))) static size_t scan_avx2(const uint8_t *data, size_t from,
							size_t end, const struct tmi_anchor *first,
							const struct tmi_anchor *second)
{
	const struct tmi_anchor one = *first, two = *second;

	for (; end - from >= 64; from += 64) {
		uint64_t low = look_avx2(data + from, &one, &two);
		uint64_t high = look_avx2(data + from + 32, &one, &two);
		uint64_t found = low | high << 32;

		if (found)
			return from + (size_t)__builtin_ctzll(found);
	}
	for (; end - from >= 32; from += 32) {
		uint32_t found = look_avx2(data + from, &one, &two);

		if (found)
			return from + (size_t)__builtin_ctz(found);
	}
	return scan_plain(data, from, end, &one, &two);
}

/* Bit i: both anchors stand at data + i. No bit that counts differs from the value. */
__attribute__((target("avx512bw"))) static inline uint64_t
look_avx512(const uint8_t *data, const struct tmi_anchor *first, const struct tmi_anchor *second)
{
	__m512i a = _mm512_loadu_si512(data + first->at);
	__m512i b = _mm512_loadu_si512(data + second->at);
	__mmask64 found;

	a = _mm512_xor_si512(a, _mm512_set1_epi8((char)first->value));
	b = _mm512_xor_si512(b, _mm512_set1_epi8((char)second->value));
	found = _mm512_testn_epi8_mask(a, _mm512_set1_epi8((char)first->mask));
	return _mm512_mask_testn_epi8_mask(found, b, _mm512_set1_epi8((char)second->mask));
}

__attribute__((target("avx512bw"))) static size_t scan_avx512(const uint8_t *data, size_t from,
							      size_t end,
							      const struct tmi_anchor *first,
							      const struct tmi_anchor *second)
{
	const struct tmi_anchor one = *first, two = *second;

	for (; end - from >= 128; from += 128) {
		uint64_t low = look_avx512(data + from, &one, &two);
		uint64_t high = look_avx512(data + from + 64, &one, &two);

		if (low)
			return from + (size_t)__builtin_ctzll(low);
		if (high)
			return from + 64 + (size_t)__builtin_ctzll(high);
	}
	for (; end - from >= 64; from += 64) {
		uint64_t found = look_avx512(data + from, &one, &two);

		if (found)
			return from + (size_t)__builtin_ctzll(found);
	}
	return scan_avx2(data, from, end, &one, &two);
}

static inline uint32_t look_sse2(const uint8_t *data, const struct tmi_anchor *first,
				 const struct tmi_anchor *second)
{
	__m128i a = _mm_loadu_si128((const __m128i *)(data + first->at));
	__m128i b = _mm_loadu_si128((const __m128i *)(data + second->at));

	a = _mm_and_si128(a, _mm_set1_epi8((char)first->mask));
	b = _mm_and_si128(b, _mm_set1_epi8((char)second->mask));
	a = _mm_cmpeq_epi8(a, _mm_set1_epi8((char)first->value));
	b = _mm_cmpeq_epi8(b, _mm_set1_epi8((char)second->value));
	return (uint32_t)_mm_movemask_epi8(_mm_and_si128(a, b));
}

static size_t scan_sse2(const uint8_t *data, size_t from, size_t end,
			const struct tmi_anchor *first, const struct tmi_anchor *second)
{
	const struct tmi_anchor one = *first, two = *second;

	for (; end - from >= 32; from += 32) {
		uint32_t found = look_sse2(data + from, &one, &two) |
				 look_sse2(data + from + 16, &one, &two) << 16;

		if (found)
			return from + (size_t)__builtin_ctz(found);
	}
	return scan_plain(data, from, end, &one, &two);
}

tmi_pair_scan *tmi_pair_scan_choose(void)
{
	switch (tmi_vectors()) {
	case TMI_VECTORS_AVX512: return scan_avx512;
	case TMI_VECTORS_AVX2: return scan_avx2;
	case TMI_VECTORS_SSSE3:
	case TMI_VECTORS_SSE2: return scan_sse2;
	default: return scan_plain;
	}
}

#elif defined(__aarch64__)

/* Four bits for each position: NEON has no movemask. */
static inline uint64_t look_neon(const uint8_t *data, const struct tmi_anchor *first,
				 const struct tmi_anchor *second)
{
	uint8x16_t a = vandq_u8(vld1q_u8(data + first->at), vdupq_n_u8(first->mask));
	uint8x16_t b = vandq_u8(vld1q_u8(data + second->at), vdupq_n_u8(second->mask));

	a = vceqq_u8(a, vdupq_n_u8(first->value));
	b = vceqq_u8(b, vdupq_n_u8(second->value));
	return vget_lane_u64(
		vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(vandq_u8(a, b)), 4)), 0);
}

static size_t scan_neon(const uint8_t *data, size_t from, size_t end,
			const struct tmi_anchor *first, const struct tmi_anchor *second)
{
	const struct tmi_anchor one = *first, two = *second;

	for (; end - from >= 16; from += 16) {
		uint64_t found = look_neon(data + from, &one, &two);

		if (found)
			return from + (size_t)__builtin_ctzll(found) / 4;
	}
	return scan_plain(data, from, end, &one, &two);
}

tmi_pair_scan *tmi_pair_scan_choose(void)
{
	return tmi_vectors() == TMI_VECTORS_NEON ? scan_neon : scan_plain;
}

#else

tmi_pair_scan *tmi_pair_scan_choose(void)
{
	return scan_plain;
}

#endif
