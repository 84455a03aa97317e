/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux_ranges.c - named parts of the kernel's half: from the tables, from VMCOREINFO, and where
 * Linux has always had them.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "os/linux.h"

#define PAGE    4096u
#define GIB     ((uint64_t)1 << 30)
#define PRESENT 1u
#define FRAME   0x000ffffffffff000u

/* ---- the list ---- */

static void insert(struct tmi_linux *state, uint64_t first, uint64_t last, const char *name)
{
	size_t at = state->range_count;

	if (at == TMI_LINUX_RANGES_MAX || first > last)
		return;
	for (; at > 0 && state->ranges[at - 1].first > first; at--)
		state->ranges[at] = state->ranges[at - 1];
	state->ranges[at] = (struct tmi_os_range){ first, last, name };
	state->range_count++;
}

/* Adds a range; what has a name already keeps it, and may divide the new one. */
static void add(struct tmi_linux *state, uint64_t first, uint64_t last, const char *name)
{
	/* Memory is mapped by pages: the map of a frame list may end inside of one. */
	first &= ~(uint64_t)(PAGE - 1);
	last |= PAGE - 1;
	for (size_t i = 0; i < state->range_count && first <= last; i++) {
		const struct tmi_os_range other = state->ranges[i];

		if (other.last < first)
			continue;
		if (other.first > last)
			break;
		if (other.first > first) {
			insert(state, first, other.first - 1, name);
			i++;
		}
		if (other.last >= last)
			return;
		first = other.last + 1;
	}
	insert(state, first, last, name);
}

/* ---- the direct map ---- */

/* Takes @base for the address of physical @origin, if the image is mapped there too. */
static bool take_direct_map(struct tmi_linux *state, const struct tmi_os_memory *memory,
			    uint64_t base, uint64_t origin, const char *evidence)
{
	uint64_t image = state->kernel.tables.kernel_root, end = tmi_linux_memory_end(memory);
	uint64_t physical, first, last;

	if (!memory->translate(memory->context, &state->root.tables, base + (image - origin),
			       &physical) ||
	    physical != image)
		return false;
	tmi_linux_fact_address(state, "direct map", base,
			       "%s; through it the first table is at its place too", evidence);
	if (!memory->valid_physical(memory->context, 0, &first, &last))
		return true;
	/* Memory may begin below what the map begins with. */
	first = base + (first - origin);
	add(state, first < base ? base : first, base + (end - origin) - 1, "[direct map]");
	return true;
}

/* The index of the first present entry from @index on of a table of 512; 512 = none. */
static unsigned next_entry(const struct tmi_linux *state, const struct tmi_os_memory *memory,
			   uint64_t table, unsigned index, uint64_t *entry)
{
	uint8_t bytes[PAGE];

	if (memory->read_physical(memory->context, table, bytes, sizeof(bytes)) != TMEM_S_OK)
		return 512;
	for (; index < 512; index++) {
		*entry = tmi_load64(bytes + 8 * index, false);
		if (*entry & PRESENT)
			break;
	}
	*entry &= FRAME & ~state->root.tables.encryption_mask;
	return index;
}

/*
 * The first GiB at or above @from that the tables of x86-64 map anything in; 0 = none in the
 * kernel's half. One entry of every level decides: tables below are not looked through.
 */
static uint64_t next_mapped(const struct tmi_linux *state, const struct tmi_os_memory *memory,
			    uint64_t from)
{
	const struct tmi_tables *tables = &state->root.tables;
	unsigned shift = tables->levels == 5 ? 48 : 39;
	uint64_t table = tables->kernel_root, entry, address = tables->kernel_first;

	/* Each turn either goes one level down, or on by an entry of the level it is at. */
	for (unsigned turns = 0; turns < 4096; turns++) {
		unsigned start = from >> shift & 511, index;

		index = next_entry(state, memory, table, start, &entry);
		if (index == 512) {
			if (table == tables->kernel_root)
				return 0;
			/* Nothing in this table: behind it, from the top. */
			from = ((from >> (shift + 9)) + 1) << (shift + 9);
			if (!from)
				return 0;
			shift = tables->levels == 5 ? 48 : 39;
			table = tables->kernel_root;
			continue;
		}
		if (index != start)
			from = (from & ~(((uint64_t)512 << shift) - 1)) | (uint64_t)index << shift;
		address = from & ~(((uint64_t)1 << shift) - 1);
		if (shift == 30)
			return address;
		table = entry;
		shift -= 9;
	}
	return 0;
}

/* ---- x86-64 ---- */

/* What the first section of memory says about the array of struct page; 0 = nothing. */
static uint64_t first_section(const struct tmi_linux *state, const struct tmi_os_memory *memory,
			      uint64_t roots, uint64_t offset)
{
	uint64_t sections, map;

	if (!tmi_linux_is_object(state, roots) ||
	    !tmi_linux_pointer(state, memory, roots, &sections) ||
	    !tmi_linux_is_object(state, sections) ||
	    !tmi_linux_pointer(state, memory, sections + offset, &map) || !(map & 2))
		return 0;
	map &= ~UINT64_C(0x3f);
	return tmi_linux_is_object(state, map) && map % GIB == 0 ? map : 0;
}

/* The array of struct page, which every section places as if it began with page 0. */
static uint64_t find_vmemmap(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	uint64_t symbol, offset, roots, first, size = 64;
	char text[16];

	if (!state->info.size || !tmi_vmcoreinfo_symbol(&state->info, "mem_section", &symbol) ||
	    !tmi_vmcoreinfo_offset(&state->info, "mem_section.section_mem_map", &offset))
		return 0;
	/* The symbol is the array of roots, or a pointer to it. */
	first = first_section(state, memory, symbol, offset);
	if (!first && tmi_linux_pointer(state, memory, symbol, &roots))
		first = first_section(state, memory, roots, offset);
	if (!first)
		return 0;
	if (tmi_vmcoreinfo_copy(&state->info, "SIZE(page)", text, sizeof(text)))
		size = strtoull(text, NULL, 10);
	tmi_linux_fact_address(state, "vmemmap", first, "the first section of mem_section");
	add(state, first, first + tmi_linux_memory_end(memory) / PAGE * size - 1, "[vmemmap]");
	return first;
}

static void find_x64(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	uint64_t base = next_mapped(state, memory, state->root.tables.kernel_first), size, vmemmap;
	uint64_t limit = state->root.tables.levels == 5 ? 0xffd4000000000000u : 0xffffea0000000000u;
	uint64_t vmalloc;

	add(state, 0xfffffe0000000000u, 0xfffffe7fffffffffu, "[cpu_entry_area]");
	add(state, 0xffffff0000000000u, 0xffffff7fffffffffu, "[espfix]");
	add(state, 0xffffffef00000000u, 0xfffffffeffffffffu, "[EFI]");
	if (!state->info.size || !tmi_vmcoreinfo_number(&state->info, "KERNEL_IMAGE_SIZE", &size) ||
	    size > GIB)
		size = GIB;
	add(state, 0xffffffff80000000u + size, 0xfffffffffeffffffu, "[modules]");
	add(state, 0xffffffffff000000u, 0xffffffffff5fffffu, "[fixmap]");
	add(state, 0xffffffffff600000u, 0xffffffffff600fffu, "[vsyscall]");
	vmemmap = find_vmemmap(state, memory);
	if (!base || !take_direct_map(state, memory, base, 0,
				      "the first GiB of the kernel's half that tables map"))
		return;
	/* What is mapped next is vmalloc's, which begins with its first area. */
	vmalloc = next_mapped(state, memory, base + tmi_linux_memory_end(memory) + GIB - 1);
	if (vmemmap)
		limit = vmemmap;
	if (vmalloc && vmalloc < limit)
		add(state, vmalloc, limit - 1, "[vmalloc]");
}

/* ---- arm64 ---- */

static void add_numbers(struct tmi_linux *state, const char *first_name, const char *end_name,
			const char *name)
{
	uint64_t first, end;

	if (tmi_vmcoreinfo_number(&state->info, first_name, &first) &&
	    tmi_vmcoreinfo_number(&state->info, end_name, &end) &&
	    first >= state->root.tables.kernel_first && end > first)
		add(state, first, end - 1, name);
}

static void find_arm64(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	uint64_t origin, bits = state->root.tables.virtual_bits;

	if (!state->info.size)
		return;
	add_numbers(state, "MODULES_VADDR", "MODULES_END", "[modules]");
	add_numbers(state, "VMALLOC_START", "VMALLOC_END", "[vmalloc]");
	add_numbers(state, "VMEMMAP_START", "VMEMMAP_END", "[vmemmap]");
	/* Since 5.4 the direct map begins the half, before it was the upper half of that. */
	if (tmi_vmcoreinfo_number(&state->info, "PHYS_OFFSET", &origin) &&
	    !take_direct_map(state, memory, UINT64_MAX << bits, origin,
			     "the beginning of the kernel's half, for PHYS_OFFSET"))
		take_direct_map(state, memory, UINT64_MAX << (bits - 1), origin,
				"the middle of the kernel's half, for PHYS_OFFSET");
}

/* ---- i386 ---- */

static void find_x86(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	uint64_t first = state->root.tables.kernel_first, step = 4u << 20, end = first;

	while (end < UINT32_MAX - step && tmi_linux_root_maps(memory, &state->root, end))
		end += step;
	if (end == first)
		return;
	tmi_linux_fact_address(state, "direct map", first,
			       "the tables map it in the order of memory, up to 0x%" PRIx64,
			       end - 1);
	add(state, first, end - 1, "[direct map]");
	/* Behind a gap of 8 MiB; the last 16 MiB have several small areas. */
	if (end + 2 * step < 0xff000000)
		add(state, end + 2 * step, 0xfeffffff, "[vmalloc]");
}

/* ---- all ---- */

/* Of the image: on 32 bits no further than a symbol that is known. */
static void find_image(struct tmi_linux *state)
{
	uint64_t first = state->image_first, last = state->image_last;

	if (state->kernel.pointer_size == 4) {
		if (!state->stext)
			return;
		first = state->stext & ~(uint64_t)(PAGE - 1);
		last = tmi_vmcoreinfo_highest(&state->info, first, last) | (PAGE - 1);
	}
	add(state, first, last, "[kernel]");
}

void tmi_linux_find_ranges(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	find_image(state);
	switch (state->root.tables.scheme) {
	case TMI_SCHEME_X64: find_x64(state, memory); break;
	case TMI_SCHEME_ARM64: find_arm64(state, memory); break;
	default: find_x86(state, memory); break;
	}
}
