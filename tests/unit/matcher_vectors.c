/* SPDX-License-Identifier: Apache-2.0 */
/* matcher_vectors.c - see matcher_vectors.h. */
#include "unit/matcher_vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cmocka.h>

#define PAGE 4096u

static const struct {
	enum tmi_vectors vectors;
	const char *name;
	const char *disabled; /* so that this kind is the best */
} kinds[] = {
	{ TMI_VECTORS_AVX512, "AVX-512", "" },      { TMI_VECTORS_AVX2, "AVX2", "avx512" },
	{ TMI_VECTORS_SSSE3, "SSSE3", "avx2" },     { TMI_VECTORS_SSE2, "SSE2", "ssse3" },
	{ TMI_VECTORS_PLAIN, "none", "sse2,neon" }, { TMI_VECTORS_NEON, "NEON", "" },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

void each_vectors(void (*check)(void))
{
	static bool told[KINDS];

	for (size_t i = 0; i < KINDS; i++) {
		setenv("TMEM_DISABLE", kinds[i].disabled, 1);
		if (tmi_vectors() == kinds[i].vectors)
			check();
		else if (!told[i])
			print_message("not possible here: the matcher with %s vectors: this "
				      "processor has none\n",
				      kinds[i].name);
		told[i] |= tmi_vectors() != kinds[i].vectors;
	}
	unsetenv("TMEM_DISABLE");
}

uint8_t *guarded_new(void)
{
	uint8_t *mapping =
		mmap(NULL, GUARDED_ROOM + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(mapping != MAP_FAILED);
	assert_int_equal(mprotect(mapping + PAGE, GUARDED_ROOM, PROT_READ | PROT_WRITE), 0);
	return mapping + PAGE;
}

void guarded_free(uint8_t *memory)
{
	munmap(memory - PAGE, GUARDED_ROOM + 2 * PAGE);
}

void fill_random(uint8_t *bytes, size_t size, unsigned alphabet)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)((unsigned)random() % alphabet);
}

size_t below(size_t limit)
{
	return (size_t)random() % limit;
}

void fill_mask(uint8_t *mask, size_t size, enum mask_kind kind)
{
	for (size_t i = 0; i < size; i++) {
		uint8_t bits = (uint8_t)below(256), more = (uint8_t)below(256);

		switch (kind) {
		case MASK_BYTES: mask[i] = bits & 1 ? 0xff : 0; break;
		case MASK_NIBBLES: mask[i] = (bits & 1 ? 0xf0 : 0) | (bits & 2 ? 0x0f : 0); break;
		case MASK_BITS: mask[i] = bits; break;
		case MASK_MOST_BITS: mask[i] = bits & more & (uint8_t)below(256); break;
		default: mask[i] = 0xff; break;
		}
	}
}
