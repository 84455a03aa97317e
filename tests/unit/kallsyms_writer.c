/* SPDX-License-Identifier: Apache-2.0 */
/* kallsyms_writer.c - compressed tables of symbols as a kernel's build makes them. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "kallsyms_writer.h"

void kallsyms_begin(struct kallsyms_writer *writer)
{
	memset(writer, 0, sizeof(*writer));
	writer->long_lengths = true;
	writer->marker_size = 4;
	for (unsigned i = 0; i < 256; i++) {
		char *token = (char *)writer->tokens + writer->tokens_size;

		if (i == 1)
			strcpy(token, "sys_");
		else if (isgraph((int)i) && i < 0x80)
			sprintf(token, "%c", (char)i);
		else
			sprintf(token, "~%02x", i);
		tmi_store(writer->token_index + 2 * i, 2, false, writer->tokens_size);
		writer->tokens_size += strlen(token) + 1;
	}
}

/* The type and the name in tokens. */
static size_t encode(char type, const char *name, uint8_t *bytes)
{
	size_t length = 0;

	bytes[length++] = (uint8_t)type;
	while (*name)
		if (!strncmp(name, "sys_", 4)) {
			bytes[length++] = 1;
			name += 4;
		} else {
			bytes[length++] = (uint8_t)*name++;
		}
	return length;
}

void kallsyms_add(struct kallsyms_writer *writer, char type, const char *name, uint64_t address)
{
	uint8_t bytes[4096];
	size_t length = encode(type, name, bytes), at = writer->names_size;

	writer->positions[writer->count] = (uint32_t)at;
	writer->addresses[writer->count++] = address;
	if (length >= 0x80 && writer->long_lengths) {
		writer->names[at++] = (uint8_t)(length & 0x7f) | 0x80;
		writer->names[at++] = (uint8_t)(length >> 7);
	} else {
		writer->names[at++] = (uint8_t)length;
	}
	memcpy(writer->names + at, bytes, length);
	writer->names_size = at + length;
}

void kallsyms_end(struct kallsyms_writer *writer)
{
	for (uint32_t i = 0; i < writer->count; i += 256) {
		tmi_store(writer->markers + writer->markers_size, writer->marker_size, false,
			  writer->positions[i]);
		writer->markers_size += writer->marker_size;
	}
}
