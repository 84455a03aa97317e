/* SPDX-License-Identifier: Apache-2.0 */
/* lime.c - LiME memory images; see lime.h. */
#include "format/lime.h"

#include <string.h>

#include "base/bytes.h"

#define MAGIC_LIME  0x4c694d45u
#define MAGIC_AVML  0x4c4d5641u
#define HEADER_SIZE 32u

enum tmi_lime_format tmi_lime_format_of(const void *bytes, size_t size)
{
	const uint8_t *head = bytes;
	uint32_t magic, version;

	if (size < 8)
		return TMI_LIME_NONE;
	magic = tmi_load32(head, false);
	version = tmi_load32(head + 4, false);
	if (magic == MAGIC_LIME)
		return version == 1 ? TMI_LIME_PLAIN : TMI_LIME_UNKNOWN;
	if (magic == MAGIC_AVML)
		return version == 2 ? TMI_LIME_COMPRESSED : TMI_LIME_UNKNOWN;
	return TMI_LIME_NONE;
}

void tmi_lime_init(struct tmi_lime *walk, tmi_lime_reader *read, void *context)
{
	memset(walk, 0, sizeof(*walk));
	walk->read = read;
	walk->context = context;
}

bool tmi_lime_next(struct tmi_lime *walk, struct tmi_lime_range *range)
{
	uint8_t header[HEADER_SIZE];
	size_t got;
	uint64_t end;

	if (walk->bad || walk->cut)
		return false;
	got = walk->read(walk->context, walk->next, header, sizeof(header));
	if (got < sizeof(header)) {
		walk->cut = got > 0;
		return false;
	}
	range->first = tmi_load64(header + 8, false);
	range->last = tmi_load64(header + 16, false);
	range->offset = walk->next + HEADER_SIZE;
	if (tmi_lime_format_of(header, sizeof(header)) != TMI_LIME_PLAIN)
		walk->bad = "there is no header of LiME version 1 where a range should begin";
	else if (range->last < range->first)
		walk->bad = "a range ends before it begins";
	else if (__builtin_add_overflow(range->last - range->first, 1, &end) ||
		 __builtin_add_overflow(end, range->offset, &end))
		walk->bad = "a range is longer than any file";
	else
		walk->next = end;
	return !walk->bad;
}
