/* SPDX-License-Identifier: Apache-2.0 */
/* image_copy.h - the limit of bulk work through page tables, for rows G10 and G14. */
#ifndef BENCH_IMAGE_COPY_H
#define BENCH_IMAGE_COPY_H

#include "image_walk.h"

/* Copies out of the mapped image, page by page of 4 KiB; @address and @size are whole ones. */
static inline bool bench_image_copy(const struct bench_image *image, uint64_t address,
				    uint8_t *buffer, size_t size)
{
	for (size_t at = 0; at < size; at += BENCH_PAGE) {
		uint64_t physical;

		if (!bench_image_walk(image, address + at, &physical))
			return bench_fail("the limit found no page");
		memcpy(buffer + at, image->map + physical, BENCH_PAGE);
	}
	return true;
}

#endif
