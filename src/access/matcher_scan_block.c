/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matcher_scan_block.c - comparing bytes of one pattern at many positions; see matcher_scan.h.
 *
 * One body, written with the compiler's vectors: for each kind of processor it becomes as many
 * instructions as a block needs there.
 */
#include "access/matcher_scan.h"

#include <string.h>

/* The bytes at one distance in the positions of a block, WIDTH of them in a vector. */
#define COMPARE(WIDTH)                                                                             \
	typedef uint8_t vector __attribute__((vector_size(WIDTH)));                                \
	const uint8_t *value = bytes->value, *mask = bytes->mask;                                  \
	vector sums[TMI_BLOCK / (WIDTH)];                                                          \
                                                                                                   \
	memcpy(sums, different, TMI_BLOCK);                                                        \
	for (size_t k = 0; k < count; k++) {                                                       \
		const vector expected = (vector){ 0 } + value[k];                                  \
		const vector counts = (vector){ 0 } + (uint8_t)(mask ? mask[k] : 0xff);            \
                                                                                                   \
		_Pragma("GCC unroll 4") for (size_t i = 0; i < TMI_BLOCK / (WIDTH); i++)           \
		{                                                                                  \
			vector there;                                                              \
                                                                                                   \
			memcpy(&there, data + k + i * (WIDTH), WIDTH);                             \
			sums[i] |= (there ^ expected) & counts;                                    \
		}                                                                                  \
	}                                                                                          \
	memcpy(different, sums, TMI_BLOCK);                                                        \
	return has_zero_byte(different)

/* As an answer to whether there is one this is exact. */
static inline bool has_zero_byte(const uint8_t *bytes)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t found = 0;

	for (unsigned i = 0; i < TMI_BLOCK; i += 8) {
		uint64_t word;

		memcpy(&word, bytes + i, 8);
		found |= (word - ones) & ~word & ones << 7;
	}
	return found;
}

static bool compare_plain(const uint8_t *data, const struct tmi_block_bytes *bytes, size_t count,
			  uint8_t *different)
{
	COMPARE(16);
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) static bool compare_avx2(const uint8_t *data,
							 const struct tmi_block_bytes *bytes,
							 size_t count, uint8_t *different)
{
	COMPARE(32);
}

__attribute__((target("avx512bw"))) static bool compare_avx512(const uint8_t *data,
							       const struct tmi_block_bytes *bytes,
							       size_t count, uint8_t *different)
{
	COMPARE(64);
}

tmi_block_compare *tmi_block_compare_choose(void)
{
	switch (tmi_vectors()) {
	case TMI_VECTORS_AVX512: return compare_avx512;
	case TMI_VECTORS_AVX2: return compare_avx2;
	default: return compare_plain;
	}
}

#else

tmi_block_compare *tmi_block_compare_choose(void)
{
	return compare_plain;
}

#endif
