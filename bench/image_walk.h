/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image_walk.h - the limit of a translation: four loads out of the mapped image, each with the two
 * tests that an entry needs.
 */
#ifndef BENCH_IMAGE_WALK_H
#define BENCH_IMAGE_WALK_H

#include <string.h>

#include "fixture.h"

#define BENCH_IMAGE_PRESENT    0x1u
#define BENCH_IMAGE_LARGE      0x80u
#define BENCH_IMAGE_FRAME      UINT64_C(0x000ffffffffff000)
#define BENCH_IMAGE_LARGE_PAGE (2u << 20)

/* Which entry of its table of @level an address has; the last level is 1. */
static inline uint64_t bench_image_index(uint64_t address, unsigned level)
{
	return address >> (12 + 9 * (level - 1)) & 511;
}

static inline uint64_t bench_image_entry(const struct bench_image *image, uint64_t table,
					 uint64_t address, unsigned level)
{
	uint64_t entry;

	memcpy(&entry, image->map + table + 8 * bench_image_index(address, level), sizeof(entry));
	return entry;
}

/* One walk; false: no page. Pages of 1 GiB there are none. */
static inline __attribute__((always_inline)) bool
bench_image_walk(const struct bench_image *image, uint64_t address, uint64_t *physical)
{
	uint64_t entry = bench_image_entry(image, image->root, address, 4);

	if (!(entry & BENCH_IMAGE_PRESENT))
		return false;
	entry = bench_image_entry(image, entry & BENCH_IMAGE_FRAME, address, 3);
	if (!(entry & BENCH_IMAGE_PRESENT))
		return false;
	entry = bench_image_entry(image, entry & BENCH_IMAGE_FRAME, address, 2);
	if (!(entry & BENCH_IMAGE_PRESENT))
		return false;
	if (entry & BENCH_IMAGE_LARGE) {
		*physical = (entry & BENCH_IMAGE_FRAME) + address % BENCH_IMAGE_LARGE_PAGE;
		return true;
	}
	entry = bench_image_entry(image, entry & BENCH_IMAGE_FRAME, address, 1);
	*physical = (entry & BENCH_IMAGE_FRAME) + address % BENCH_PAGE;
	return entry & BENCH_IMAGE_PRESENT;
}

#endif
