/* SPDX-License-Identifier: Apache-2.0 */
/* linux_architecture.c - what a processor's kind decides about Linux's tables and addresses. */
#include <stdlib.h>

#include "os/linux.h"

#define X64_IMAGE  0xffffffff80000000u
#define X64_STEP   0x200000u
#define TRIALS_MAX (1u << 20) /* 2 TiB of physical memory in steps of 2 MiB */

/* ---- x86-64 ---- */

static void variant_x64(unsigned index, struct tmi_tables *tables, uint64_t *last_user)
{
	/* Five first: a table of the second level can pass for a first of four. */
	tables->levels = index == 0 ? 5 : 4;
	tables->kernel_first = index == 0 ? 0xff00000000000000u : 0xffff800000000000u;
	*last_user = index == 0 ? 0x00ffffffffffffffu : 0x00007fffffffffffu;
}

static bool applies_x64(const struct tmi_vmcoreinfo *info)
{
	uint64_t root;

	return tmi_vmcoreinfo_symbol(info, "swapper_pg_dir", &root) && root >= X64_IMAGE;
}

static bool shift_x64(const struct tmi_vmcoreinfo *info, const struct tmi_tables *tables,
		      uint64_t stext, unsigned index, uint64_t *shift)
{
	uint64_t base;

	if (tmi_vmcoreinfo_number(info, "phys_base", &base)) {
		*shift = X64_IMAGE - base;
		return index == 0;
	}
	/* Before 4.10 it is not told: the image begins at a multiple of 2 MiB. */
	base = (uint64_t)index * X64_STEP - ((stext - X64_IMAGE) & ~(uint64_t)(X64_STEP - 1));
	*shift = X64_IMAGE - base;
	return index < TRIALS_MAX;
}

static bool excluded_x64(const struct tmi_vmcoreinfo *info, const struct tmi_tables *tables)
{
	uint64_t five;

	if (!tmi_vmcoreinfo_number(info, "pgtable_l5_enabled", &five))
		return false;
	return five != (tables->levels == 5);
}

/* ---- i386 ---- */

static const uint64_t i386_splits[] = { 0xc0000000, 0xb0000000, 0x80000000, 0x78000000,
					0x40000000 };

static void variant_x86(unsigned index, struct tmi_tables *tables, uint64_t *last_user)
{
	tables->kernel_first = i386_splits[index];
	*last_user = i386_splits[index] - 1;
}

static bool applies_32(const struct tmi_vmcoreinfo *info)
{
	uint64_t root;

	return tmi_vmcoreinfo_symbol(info, "swapper_pg_dir", &root) && root <= UINT32_MAX;
}

/* Both kinds of tables are tried where the text does not say which. */
static bool applies_x86(const struct tmi_vmcoreinfo *info)
{
	const char *value;
	size_t length;

	return applies_32(info) && !tmi_vmcoreinfo_text(info, "CONFIG_X86_PAE", &value, &length);
}

static bool shift_x86(const struct tmi_vmcoreinfo *info, const struct tmi_tables *tables,
		      uint64_t stext, unsigned index, uint64_t *shift)
{
	*shift = tables->kernel_first;
	return index == 0;
}

static bool excluded_x86(const struct tmi_vmcoreinfo *info, const struct tmi_tables *tables)
{
	return false;
}

/* ---- arm64 ---- */

static const uint32_t arm64_bits[] = { 48, 39 };

static void variant_arm64(unsigned index, struct tmi_tables *tables, uint64_t *last_user)
{
	tables->virtual_bits = arm64_bits[index];
	tables->kernel_first = UINT64_MAX << arm64_bits[index];
	*last_user = ~tables->kernel_first;
}

static bool applies_arm64(const struct tmi_vmcoreinfo *info)
{
	uint64_t value;

	return tmi_vmcoreinfo_number(info, "kimage_voffset", &value) &&
	       tmi_vmcoreinfo_number(info, "VA_BITS", &value);
}

static bool shift_arm64(const struct tmi_vmcoreinfo *info, const struct tmi_tables *tables,
			uint64_t stext, unsigned index, uint64_t *shift)
{
	return index == 0 && tmi_vmcoreinfo_number(info, "kimage_voffset", shift);
}

static uint64_t page_size(const struct tmi_vmcoreinfo *info)
{
	char text[16];

	return tmi_vmcoreinfo_copy(info, "PAGESIZE", text, sizeof(text)) ? strtoull(text, NULL, 10)
									 : 0;
}

static bool excluded_arm64(const struct tmi_vmcoreinfo *info, const struct tmi_tables *tables)
{
	uint64_t bits;

	if (tmi_vmcoreinfo_number(info, "TCR_EL1_T1SZ", &bits))
		bits = 64 - bits;
	else if (!tmi_vmcoreinfo_number(info, "VA_BITS", &bits))
		return false;
	return bits != tables->virtual_bits || page_size(info) != 4096;
}

#define COUNT(list) (sizeof(list) / sizeof(list[0]))

const struct tmi_linux_architecture tmi_linux_architectures[] = {
	{ .name = "x64",
	  .scheme = TMI_SCHEME_X64,
	  .machine = 62,
	  .processor_type = TMEM_PROCESSOR_AMD64,
	  .pointer_size = 8,
	  .root_alignment = 4096,
	  .entry_size = 8,
	  .entry_count = 512,
	  .user_entries = 256,
	  .image_first = X64_IMAGE,
	  .image_last = UINT64_MAX - 4096,
	  .image_step = X64_STEP,
	  .image_reach = 256u << 20,
	  .variant_count = 2,
	  .variant = variant_x64,
	  .applies = applies_x64,
	  .shift = shift_x64,
	  .excluded = excluded_x64 },
	{ .name = "arm64",
	  .scheme = TMI_SCHEME_ARM64,
	  .machine = 183,
	  .processor_type = TMEM_PROCESSOR_ARM64,
	  .pointer_size = 8,
	  .root_alignment = 4096,
	  .entry_size = 8,
	  .entry_count = 512,
	  .image_first = 0xffff000000000000u,
	  .image_last = UINT64_MAX - 4096,
	  .image_step = 4096,
	  .image_reach = 256u << 20,
	  .variant_count = COUNT(arm64_bits),
	  .variant = variant_arm64,
	  .applies = applies_arm64,
	  .shift = shift_arm64,
	  .excluded = excluded_arm64 },
	{ .name = "pae",
	  .scheme = TMI_SCHEME_X86_PAE,
	  .machine = 3,
	  .processor_type = TMEM_PROCESSOR_I386,
	  .pointer_size = 4,
	  .root_alignment = 32,
	  .entry_size = 8,
	  .entry_count = 4,
	  .entry_shift = 30,
	  .image_first = 0x40000000,
	  .image_last = UINT32_MAX - 4096,
	  .image_step = 4096,
	  .image_reach = 64u << 20,
	  .variant_count = COUNT(i386_splits),
	  .variant = variant_x86,
	  .applies = applies_32,
	  .shift = shift_x86,
	  .excluded = excluded_x86 },
	{ .name = "x86",
	  .scheme = TMI_SCHEME_X86,
	  .machine = 3,
	  .processor_type = TMEM_PROCESSOR_I386,
	  .pointer_size = 4,
	  .root_alignment = 4096,
	  .entry_size = 4,
	  .entry_count = 1024,
	  .entry_shift = 22,
	  .image_first = 0x40000000,
	  .image_last = UINT32_MAX - 4096,
	  .image_step = 4096,
	  .image_reach = 64u << 20,
	  .variant_count = COUNT(i386_splits),
	  .variant = variant_x86,
	  .applies = applies_x86,
	  .shift = shift_x86,
	  .excluded = excluded_x86 },
};

const size_t tmi_linux_architecture_count = COUNT(tmi_linux_architectures);
