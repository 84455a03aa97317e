/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lime.h - LiME memory images: ranges of physical memory, each behind a header, over a read
 * callback. AVML writes the same format when it does not compress.
 */
#ifndef TMI_FORMAT_LIME_H
#define TMI_FORMAT_LIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Delivers bytes at a file offset; returns how many, short where they end. */
typedef size_t tmi_lime_reader(void *context, uint64_t offset, void *buffer, size_t size);

/* What the first bytes of a file say. */
enum tmi_lime_format {
	TMI_LIME_NONE,       /* something else */
	TMI_LIME_PLAIN,      /* LiME version 1 */
	TMI_LIME_COMPRESSED, /* AVML version 2 */
	TMI_LIME_UNKNOWN,    /* LiME's or AVML's magic number with another version */
};

/* Looks at the first 8 bytes; fewer are something else. */
enum tmi_lime_format tmi_lime_format_of(const void *bytes, size_t size);

struct tmi_lime_range {
	uint64_t first;  /* physical address */
	uint64_t last;   /* inclusive */
	uint64_t offset; /* of the bytes in the file */
};

/* A walk over the ranges. */
struct tmi_lime {
	tmi_lime_reader *read;
	void *context;
	uint64_t next; /* file offset of the next header */
	bool cut;      /* the file ends inside a header */
	const char
		*bad; /* what is wrong with the header at @next, a constant string; NULL = none */
};

void tmi_lime_init(struct tmi_lime *walk, tmi_lime_reader *read, void *context);

/* The next range; false at the end, also when it comes early (cut, bad). */
bool tmi_lime_next(struct tmi_lime *walk, struct tmi_lime_range *range);

#endif
