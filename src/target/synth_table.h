/* SPDX-License-Identifier: Apache-2.0 */
/* synth_table.h - formats of page tables: how a described machine's entries are made of bits. */
#ifndef TMI_TARGET_SYNTH_TABLE_H
#define TMI_TARGET_SYNTH_TABLE_H

#include "target/synth_text.h"

#define TMI_SYNTH_MOST_LEVELS 5

/* What an entry of the last level, or of a large page, is. */
enum tmi_synth_entry {
	TMI_SYNTH_ENTRY_PAGE,
	TMI_SYNTH_ENTRY_NONE, /* in memory, but nobody may use it (PROT_NONE) */
	TMI_SYNTH_ENTRY_SWAP, /* written to the page of a swap file that @frame counts */
};

/* What a map line wants of a page. */
struct tmi_synth_access {
	bool read, write, execute, user;
	bool global, contiguous, plain; /* plain: without the bits of memory encryption */
	uint8_t entry;                  /* enum tmi_synth_entry */
};

struct tmi_synth_format {
	uint32_t scheme; /* enum tmi_scheme */
	unsigned levels;
	unsigned width;                        /* bytes of an entry */
	unsigned shift[TMI_SYNTH_MOST_LEVELS]; /* lowest address bit that indexes the level */
	unsigned bits[TMI_SYNTH_MOST_LEVELS];  /* how many */
	bool large[TMI_SYNTH_MOST_LEVELS];     /* an entry of the level can map a page */
	unsigned virtual_bits; /* the bits above are copies of the highest of these */
	bool low_half;         /* the bits above are all 0 or all 1, whatever it is */
	bool inverts;          /* Linux inverts the frame of an entry that nobody may use */
	bool has_contiguous;   /* an entry can say that it is one of sixteen */
	uint64_t no_execute;   /* bit of an entry that leads to a table, 0 = none */
	uint64_t last_physical;
	uint64_t root_align;
	uint64_t kernel_first; /* of a kernel table, unless its line says another */
	uint64_t (*table)(unsigned level, uint64_t address);
	uint64_t (*page)(const struct tmi_synth_access *access, uint64_t frame, bool large);
};

/* The format with a name (x64, x86, pae, arm64), and of x64 and arm64 the variant. */
tmem_status tmi_synth_take_format(struct tmi_synth_line *line,
				  const struct tmi_synth_format **format);
/* The same format with that many levels, or virtual bits; NULL when there is none. */
const struct tmi_synth_format *tmi_synth_format_variant(const struct tmi_synth_format *format,
							uint64_t levels, uint64_t bits);

/* True when the bits above the translated ones are what the machine wants. */
bool tmi_synth_canonical(const struct tmi_synth_format *format, uint64_t address);

#endif
