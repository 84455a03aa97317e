/* SPDX-License-Identifier: Apache-2.0 */
/* kallsyms_writer.h - compressed tables of symbols as a kernel's build makes them. */
#ifndef TMEM_TESTS_KALLSYMS_WRITER_H
#define TMEM_TESTS_KALLSYMS_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KALLSYMS_ROOM 65536u

struct kallsyms_writer {
	bool long_lengths;
	unsigned marker_size; /* 4 or 8 */
	uint32_t count;
	uint8_t names[KALLSYMS_ROOM];
	size_t names_size;
	uint32_t positions[KALLSYMS_ROOM / 16];
	uint64_t addresses[KALLSYMS_ROOM / 16];
	uint8_t markers[KALLSYMS_ROOM / 16];
	size_t markers_size;
	uint8_t tokens[8192];
	size_t tokens_size;
	uint8_t token_index[512];
};

/* Tokens: printable characters stand for themselves, byte 1 for "sys_", others for "~.." names. */
void kallsyms_begin(struct kallsyms_writer *writer);
void kallsyms_add(struct kallsyms_writer *writer, char type, const char *name, uint64_t address);
/* Makes the markers, one for every 256 names. */
void kallsyms_end(struct kallsyms_writer *writer);

#endif
