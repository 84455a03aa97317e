/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image_memory.h - physical memory for tests of providers: a file or an array, with the real
 * paging schemes below it.
 */
#ifndef TMEM_TESTS_IMAGE_MEMORY_H
#define TMEM_TESTS_IMAGE_MEMORY_H

#include "os/os.h"

#define IMAGE_OPTIONS_MAX 24

struct image_memory {
	struct tmi_os_memory memory; /* what a provider is given */
	uint8_t *data;
	uint64_t first; /* physical address of data[0] */
	uint64_t size;
	bool mapped;         /* data is a file's */
	bool no_views;       /* everything must be read */
	bool no_zeros;       /* no stretch of zeros is known */
	uint64_t hole_first; /* unreadable: [hole_first, hole_last], none when 0 */
	uint64_t hole_last;
	const char *vmcoreinfo; /* of a note that came along, or NULL */
	size_t vmcoreinfo_size;
	uint64_t cr3; /* the hint, 0 = none */
	struct {
		const char *key;
		char value[64];
	} options[IMAGE_OPTIONS_MAX];
	size_t option_count;
	unsigned interrupt_after; /* questions, 0 = never */
	uint64_t bytes_read;
};

/* Memory that is an array. */
void image_memory_init(struct image_memory *image, uint8_t *data, uint64_t first, uint64_t size);

/* Memory that is a file, mapped privately: writes stay in the test. False: no such file. */
bool image_memory_open(struct image_memory *image, const char *path, uint64_t first);
void image_memory_close(struct image_memory *image);

/* Adds an option; @format makes its value. */
void image_memory_option(struct image_memory *image, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
