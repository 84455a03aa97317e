/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_paging.c - any bytes as physical memory with page tables in it.
 *
 * The first byte chooses the scheme, 32 bytes say where to look, the rest is memory from address 0
 * on. What is checked besides memory safety: a walk and a translation agree, with and without a
 * window, the answer holds for all the range it names, and next() finds the pages that a walk for
 * each address does.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "paging/lower.h"
#include "paging/paging.h"

#define HEAD 33u
/* Entries of a range that are compared. */
#define MOST 600u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tmi_bytes input;

static void require(int condition)
{
	if (!condition)
		abort();
}

static tmem_status read_input(struct tmi_paging_memory *memory, uint64_t address, void *buffer,
			      size_t size)
{
	struct tmi_bytes part;

	(void)memory;
	require(size > 0 && size <= 4096 && address % 4096 + size <= 4096);
	if (!tmi_bytes_part(&input, address, size, &part))
		return TMEM_E_READ_FAULT;
	memcpy(buffer, part.data, size);
	return TMEM_S_OK;
}

static struct tmi_paging_memory make_memory(bool window)
{
	if (window)
		return (struct tmi_paging_memory){ 0, input.size, input.data, NULL };
	return (struct tmi_paging_memory){ .read = read_input };
}

static struct tmi_tables make_tables(const uint8_t *head)
{
	static const struct tmi_tables kinds[] = {
		{ .scheme = TMI_SCHEME_X86 },
		{ .scheme = TMI_SCHEME_X86_PAE },
		{ .scheme = TMI_SCHEME_X64, .levels = 4 },
		{ .scheme = TMI_SCHEME_X64, .levels = 5 },
		{ .scheme = TMI_SCHEME_ARM64, .virtual_bits = 39 },
		{ .scheme = TMI_SCHEME_ARM64, .virtual_bits = 48 },
	};
	struct tmi_tables tables = kinds[head[0] % 6];

	tables.flags = head[1];
	tables.swap_type_bit = head[2] % 8;
	tables.encryption_mask = head[3] ? 1ull << head[3] % 64 : 0;
	tables.root = head[4] == 255 ? UINT64_MAX : head[4] * 16ull;
	tables.kernel_root = head[5] * 4096ull;
	tables.kernel_first = tmi_load64(head + 8, false) & ~0xfffull;
	tables.memory_types = head[6];
	return tables;
}

static void same_answer(const struct tmi_paging_page *a, const struct tmi_paging_page *b)
{
	require(a->first == b->first && a->last == b->last && a->physical == b->physical);
	require(a->outcome == b->outcome && a->reason == b->reason);
	require(a->protect == b->protect && a->level == b->level);
}

/* What serves the GiB of an address leads where lookup() does, or nowhere. */
static void check_lower(const struct tmi_paging_scheme *scheme, const struct tmi_tables *tables,
			const struct tmi_paging_memory *memory, uint64_t address)
{
	uint64_t pages = memory->size < 4096 ? 0 : memory->size - 4095, physical;
	struct tmi_paging_forms forms;
	struct tmi_paging_upper upper;

	if (!scheme->forms || !scheme->upper(tables, memory, address, &upper))
		return;
	forms = *scheme->forms;
	forms.frame_bits &= ~tables->encryption_mask;
	if (tmi_lower_lookup(&forms, memory, pages, &upper, address, &physical))
		require(physical + address % 4096 == scheme->lookup(tables, memory, address));
}

/* What is looked up is what translate() says, or nothing; one by one or many at once. */
static void check_lookup(const struct tmi_paging_scheme *scheme, const struct tmi_tables *tables,
			 const struct tmi_paging_memory *memory, uint64_t address,
			 const struct tmi_paging_page *page)
{
	uint64_t addresses[4] = { address ^ 4096, address, address ^ 1ull << 30, address };
	uint64_t many[4], tagless = address;

	scheme->lookup_many(tables, memory, addresses, many, 4);
	check_lower(scheme, tables, memory, address);
	for (int i = 0; i < 4; i++)
		require(many[i] == scheme->lookup(tables, memory, addresses[i]));
	if (scheme->canonical(tables, &tagless) && tagless == address && many[1] != UINT64_MAX)
		require(page->outcome == TMI_PAGING_PAGE && many[1] == page->physical);
}

static struct tmi_paging_page translate(const struct tmi_paging_scheme *scheme,
					const struct tmi_tables *tables, uint64_t address)
{
	struct tmi_paging_page page = { 0 }, other = { 0 };

	for (int window = 0; window < 2; window++) {
		struct tmi_paging_memory memory = make_memory(window);
		struct tmi_paging_walk walk;

		scheme->translate(tables, &memory, address, &page);
		scheme->walk(tables, &memory, address, &walk);
		same_answer(&page, &walk.page);
		check_lookup(scheme, tables, &memory, address, &page);
		require(walk.step_count <= TMI_PAGING_MAX_STEPS);
		require((page.level == 0) == (walk.step_count == 0));
		require(!walk.step_count || walk.steps[walk.step_count - 1].level == page.level);
		if (window)
			same_answer(&page, &other);
		other = page;
	}
	require(page.first <= address && address <= page.last);
	require((page.outcome == TMI_PAGING_PAGE) == (page.reason == TMEM_REASON_NONE));
	return page;
}

/* The next page from *from on, by translations; false when there is none up to @last. */
static bool find_page(const struct tmi_paging_scheme *scheme, const struct tmi_tables *tables,
		      uint64_t *from, uint64_t last, struct tmi_paging_page *page, unsigned *looks)
{
	for (; *looks < MOST; (*looks)++) {
		*page = translate(scheme, tables, *from);
		if (page->outcome == TMI_PAGING_PAGE)
			return true;
		if (page->last >= last)
			return false;
		*from = page->last + 1;
	}
	return false;
}

static void check_range(const struct tmi_paging_scheme *scheme, const struct tmi_tables *tables,
			uint64_t from, uint64_t last, uint32_t join, bool window)
{
	struct tmi_paging_memory memory = make_memory(window);
	unsigned looks = 0;

	while (looks < MOST) {
		struct tmi_paging_extent extent;
		struct tmi_paging_page page;
		tmem_status status = scheme->next(tables, &memory, from, last, join, MOST, &extent);
		bool found = find_page(scheme, tables, &from, last, &page, &looks);

		if (looks >= MOST)
			return;
		require(found == (status == TMEM_S_OK));
		if (!found)
			return;
		require(extent.first == from && extent.physical == page.physical);
		require(extent.last >= extent.first && extent.last <= last);
		require((extent.protect & ~page.protect) == 0);
		/* The end of it is a page that goes with the beginning. */
		page = translate(scheme, tables, extent.last);
		require(page.outcome == TMI_PAGING_PAGE);
		require(!(join & TMI_PAGING_JOIN_PHYSICAL) ||
			page.physical - extent.physical == extent.last - extent.first);
		if (join & TMI_PAGING_BOUNDS)
			require(page.physical >= extent.lowest && page.physical <= extent.highest);
		if (extent.last == last)
			return;
		from = extent.last + 1;
		looks++;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct tmi_paging_scheme *scheme;
	struct tmi_paging_page page, inside;
	struct tmi_tables tables;
	uint64_t address, last;

	if (size < HEAD)
		return 0;
	tables = make_tables(data);
	address = tmi_load64(data + 16, false);
	last = tmi_load64(data + 24, false);
	input = (struct tmi_bytes){ data + HEAD, size - HEAD, false };
	scheme = tmi_paging_find(tables.scheme);
	translate(scheme, &tables, address);
	if (!scheme->canonical(&tables, &address))
		address &= 0x7fffffff;
	page = translate(scheme, &tables, address);
	require(page.level || page.reason == TMEM_REASON_NOT_MAPPED);
	inside = translate(scheme, &tables, page.last);
	require(inside.first == page.first && inside.outcome == page.outcome);
	/* A range that is turned around is nobody's question. */
	if (address <= last)
		check_range(scheme, &tables, address, last,
			    (data[32] & 3) | (data[32] & 8 ? TMI_PAGING_BOUNDS : 0), data[32] & 4);
	return 0;
}
