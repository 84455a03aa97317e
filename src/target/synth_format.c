/* SPDX-License-Identifier: Apache-2.0 */
/* synth_format.c - the bits of page table entries, by processor; after their manuals and Linux. */
#include "target/synth_table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Present, writable, user, accessed: what leads on allows all, the page itself decides. */
static uint64_t x64_table(unsigned level, uint64_t address)
{
	(void)level;
	return address | 0x27;
}

/* The four entries at the top of PAE have no access bits; they are reserved there. */
static uint64_t pae_table(unsigned level, uint64_t address)
{
	return address | (level == 0 ? 0x01 : 0x27);
}

/* P 0x1, R/W 0x2, U/S 0x4, A 0x20, D 0x40, PS 0x80, G 0x100; without P the last is PROT_NONE. */
static uint64_t x86_present(const struct tmi_synth_access *access, uint64_t frame, bool large)
{
	uint64_t entry = frame | (large ? 0x80 : 0);

	if (access->entry == TMI_SYNTH_ENTRY_NONE)
		return entry | 0x120;
	entry |= access->read ? 0x21 : 0;
	entry |= access->write ? 0x42 : 0;
	entry |= access->user ? 0x04 : 0;
	return entry | (access->global ? 0x100 : 0);
}

/* Swap of two-level tables: the type, here 1, in bits 1 to 5, the place from bit 8 up. */
static uint64_t x86_page(const struct tmi_synth_access *access, uint64_t frame, bool large)
{
	if (access->entry == TMI_SYNTH_ENTRY_SWAP)
		return 1 << 1 | (frame >> 12) << 8;
	return x86_present(access, frame, large);
}

/* The same with XD, bit 63. Swap: the type in bits 59 to 63, the place inverted in 9 to 58. */
static uint64_t x64_page(const struct tmi_synth_access *access, uint64_t frame, bool large)
{
	if (access->entry == TMI_SYNTH_ENTRY_SWAP)
		return 1ull << 59 | ~(frame >> 12) << 14 >> 5;
	if (access->entry == TMI_SYNTH_ENTRY_NONE)
		return x86_present(access, frame, large);
	return x86_present(access, frame, large) | (access->execute ? 0 : 1ull << 63);
}

static uint64_t arm64_table(unsigned level, uint64_t address)
{
	(void)level;
	return address | 3;
}

/*
 * Valid 0x1, not a block 0x2, AP[1] (EL0) 0x40, AP[2] (read-only) 0x80, inner shareable 0x300,
 * AF 0x400, nG 0x800, contiguous bit 52, PXN bit 53, UXN bit 54. What EL0 may execute EL1 may not,
 * and the other way round. PROT_NONE is bit 58 of an entry that is not valid. Swap: the type from
 * bit 3, the place from bit 8.
 */
static uint64_t arm64_page(const struct tmi_synth_access *access, uint64_t frame, bool large)
{
	uint64_t entry = frame | 0x700 | (large ? 0 : 2);

	if (access->entry == TMI_SYNTH_ENTRY_SWAP)
		return 1 << 3 | (frame >> 12) << 8;
	if (access->entry == TMI_SYNTH_ENTRY_NONE)
		return entry | 1ull << 58 | 3ull << 53 | 0x880;
	entry |= access->read ? 1 : 0;
	entry |= access->user ? 0x40 : 0;
	entry |= access->write ? 0 : 0x80;
	entry |= access->contiguous ? 1ull << 52 : 0;
	entry |= access->execute && !access->user ? 0 : 1ull << 53;
	return entry | (access->execute && access->user ? 0 : 1ull << 54);
}

#define TOP_52 ((1ull << 52) - 1)
#define TOP_48 ((1ull << 48) - 1)
#define XD     (1ull << 63)

/* The plain variant of each name first. */
static const struct tmi_synth_format formats[] = {
	{ .scheme = TMI_SCHEME_X64,
	  .levels = 4,
	  .width = 8,
	  .shift = { 39, 30, 21, 12 },
	  .bits = { 9, 9, 9, 9 },
	  .large = { false, true, true, true },
	  .virtual_bits = 48,
	  .inverts = true,
	  .no_execute = XD,
	  .last_physical = TOP_52,
	  .root_align = 4096,
	  .kernel_first = 0xffff800000000000,
	  .table = x64_table,
	  .page = x64_page },
	{ .scheme = TMI_SCHEME_X64,
	  .levels = 5,
	  .width = 8,
	  .shift = { 48, 39, 30, 21, 12 },
	  .bits = { 9, 9, 9, 9, 9 },
	  .large = { false, false, true, true, true },
	  .virtual_bits = 57,
	  .inverts = true,
	  .no_execute = XD,
	  .last_physical = TOP_52,
	  .root_align = 4096,
	  .kernel_first = 0xff00000000000000,
	  .table = x64_table,
	  .page = x64_page },
	{ .scheme = TMI_SCHEME_X86,
	  .levels = 2,
	  .width = 4,
	  .shift = { 22, 12 },
	  .bits = { 10, 10 },
	  .large = { true, true },
	  .virtual_bits = 32,
	  .last_physical = UINT32_MAX,
	  .root_align = 4096,
	  .kernel_first = 0xc0000000,
	  .table = x64_table,
	  .page = x86_page },
	{ .scheme = TMI_SCHEME_X86_PAE,
	  .levels = 3,
	  .width = 8,
	  .shift = { 30, 21, 12 },
	  .bits = { 2, 9, 9 },
	  .large = { false, true, true },
	  .virtual_bits = 32,
	  .inverts = true,
	  .last_physical = TOP_52,
	  .root_align = 32,
	  .kernel_first = 0xc0000000,
	  .table = pae_table,
	  .page = x64_page },
	{ .scheme = TMI_SCHEME_ARM64,
	  .levels = 4,
	  .width = 8,
	  .shift = { 39, 30, 21, 12 },
	  .bits = { 9, 9, 9, 9 },
	  .large = { false, true, true, true },
	  .virtual_bits = 48,
	  .low_half = true,
	  .has_contiguous = true,
	  .last_physical = TOP_48,
	  .root_align = 4096,
	  .kernel_first = 0xffff000000000000,
	  .table = arm64_table,
	  .page = arm64_page },
	{ .scheme = TMI_SCHEME_ARM64,
	  .levels = 3,
	  .width = 8,
	  .shift = { 30, 21, 12 },
	  .bits = { 9, 9, 9 },
	  .large = { true, true, true },
	  .virtual_bits = 39,
	  .low_half = true,
	  .has_contiguous = true,
	  .last_physical = TOP_48,
	  .root_align = 4096,
	  .kernel_first = 0xffffff8000000000,
	  .table = arm64_table,
	  .page = arm64_page },
};

tmem_status tmi_synth_take_format(struct tmi_synth_line *line,
				  const struct tmi_synth_format **format)
{
	static const struct tmi_synth_choice names[] = {
		{ "x64", 0 }, { "x86", 2 }, { "pae", 3 }, { "arm64", 4 }, { NULL, 0 }
	};
	uint64_t index = 0;
	tmem_status status = tmi_synth_take_choice(line, "a format of tables", names, &index);

	*format = &formats[index];
	return status;
}

const struct tmi_synth_format *tmi_synth_format_variant(const struct tmi_synth_format *format,
							uint64_t levels, uint64_t bits)
{
	for (size_t i = 0; i < COUNT(formats); i++)
		if (formats[i].scheme == format->scheme &&
		    (!levels || formats[i].levels == levels) &&
		    (!bits || formats[i].virtual_bits == bits))
			return &formats[i];
	return NULL;
}

bool tmi_synth_canonical(const struct tmi_synth_format *format, uint64_t address)
{
	uint64_t above = address >> (format->virtual_bits - !format->low_half);
	uint64_t ones = UINT64_MAX >> (format->virtual_bits - !format->low_half);

	if (format->virtual_bits == 32)
		return address <= UINT32_MAX;
	return above == 0 || above == ones;
}
