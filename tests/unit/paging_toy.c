/* SPDX-License-Identifier: Apache-2.0 */
/* paging_toy.c - physical memory for tests of page tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "paging/lower.h"
#include "paging_toy.h"

uint8_t toy_bytes[TOY_SIZE];
struct tmi_tables toy_tables;
const struct tmi_paging_scheme *toy_scheme;
uint64_t toy_size;
size_t toy_reads;
size_t toy_lower_lookups;

void toy_reset(uint32_t scheme)
{
	memset(toy_bytes, 0, sizeof(toy_bytes));
	toy_tables = (struct tmi_tables){ .scheme = scheme, .levels = 4, .root = TOY(0) };
	toy_scheme = tmi_paging_find(scheme);
	toy_size = TOY_SIZE;
	toy_reads = 0;
	toy_lower_lookups = 0;
	assert_non_null(toy_scheme);
}

static tmem_status read_toy(struct tmi_paging_memory *memory, uint64_t address, void *buffer,
			    size_t size)
{
	(void)memory;
	assert_true(size > 0 && size <= TOY_PAGE);
	assert_true(address / TOY_PAGE == (address + size - 1) / TOY_PAGE);
	toy_reads++;
	if (address < TOY_FIRST || !tmi_in_range(toy_size, address - TOY_FIRST, size))
		return TMEM_E_READ_FAULT;
	memcpy(buffer, toy_bytes + (address - TOY_FIRST), size);
	return TMEM_S_OK;
}

static tmem_status read_and_move(struct tmi_paging_memory *memory, uint64_t address, void *buffer,
				 size_t size)
{
	tmem_status status = read_toy(memory, address, buffer, size);
	uint64_t page = (address - TOY_FIRST) / TOY_PAGE * TOY_PAGE;

	if (status == TMEM_S_OK) {
		memory->first = TOY_FIRST + page;
		memory->size = toy_size - page < TOY_PAGE ? toy_size - page : TOY_PAGE;
		memory->data = toy_bytes + page;
	}
	return status;
}

struct tmi_paging_memory toy_memory(enum toy_way way)
{
	if (way == TOY_CALLS)
		return (struct tmi_paging_memory){ .read = read_toy };
	if (way == TOY_MOVING)
		return (struct tmi_paging_memory){ .read = read_and_move };
	return (struct tmi_paging_memory){ TOY_FIRST, toy_size, toy_bytes, NULL };
}

void toy_put(unsigned page, unsigned index, unsigned width, uint64_t entry)
{
	assert_true(page < TOY_PAGES && (index + 1) * width <= TOY_PAGE);
	tmi_store(toy_bytes + (size_t)page * TOY_PAGE + (size_t)index * width, width, false, entry);
}

static void same_page(const struct tmi_paging_page *a, const struct tmi_paging_page *b)
{
	assert_int_equal(a->first, b->first);
	assert_int_equal(a->last, b->last);
	assert_int_equal(a->outcome, b->outcome);
	assert_int_equal(a->reason, b->reason);
	assert_int_equal(a->level, b->level);
	assert_int_equal(a->physical, b->physical);
	assert_int_equal(a->protect, b->protect);
}

/* What upper() found serves the address and the next page as lookup() does. */
static void same_lower(const struct tmi_paging_memory *memory, const uint64_t *addresses,
		       const uint64_t *expected)
{
	uint64_t pages = memory->size < TOY_PAGE ? 0 : memory->size - (TOY_PAGE - 1);
	struct tmi_paging_forms forms;
	struct tmi_paging_upper upper;

	if (!toy_scheme->forms || !toy_scheme->upper(&toy_tables, memory, addresses[0], &upper))
		return;
	forms = *toy_scheme->forms;
	forms.frame_bits &= ~toy_tables.encryption_mask;
	for (int i = 0; i < 2; i++) {
		uint64_t found = UINT64_MAX;

		if (tmi_lower_lookup(&forms, memory, pages, &upper, addresses[i], &found))
			found += addresses[i] % TMI_LOWER_PAGE;
		else
			found = UINT64_MAX;
		toy_lower_lookups += found != UINT64_MAX;
		/* A table that is cut by the window's end is left to others. */
		if (found != UINT64_MAX || memory->size == TOY_SIZE)
			assert_int_equal(found, expected[i]);
	}
}

/* lookup() knows what translate() does, or nothing; pages in the window it knows. */
static void same_lookup(const struct tmi_paging_memory *memory, uint64_t address,
			const struct tmi_paging_page *page)
{
	uint64_t physical = toy_scheme->lookup(&toy_tables, memory, address);
	bool whole = memory->size == TOY_SIZE && !memory->read;
	/* Its neighbours lead through the same tables and through others. */
	uint64_t addresses[4] = { address, address ^ TOY_PAGE, address ^ 1ull << 31, address };
	uint64_t many[4], canonical = address;

	toy_scheme->lookup_many(&toy_tables, memory, addresses, many, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(many[i], toy_scheme->lookup(&toy_tables, memory, addresses[i]));
	same_lower(memory, addresses, many);
	/* translate() takes no tags. */
	if (toy_scheme->canonical(&toy_tables, &canonical) && canonical != address)
		return;
	if (page->outcome != TMI_PAGING_PAGE)
		assert_int_equal(physical, UINT64_MAX);
	else if (whole && page->level == 1 && !(page->protect & TMI_PAGING_NO_ACCESS))
		assert_int_equal(physical, page->physical);
	else if (physical != UINT64_MAX)
		assert_int_equal(physical, page->physical);
}

struct tmi_paging_walk toy_walk(uint64_t address)
{
	struct tmi_paging_walk first, walk;
	struct tmi_paging_page page;

	for (int way = 0; way < TOY_WAYS; way++) {
		struct tmi_paging_memory memory = toy_memory((enum toy_way)way);

		memset(&walk, 0xee, sizeof(walk));
		memset(&page, 0xee, sizeof(page));
		toy_reads = 0;
		toy_scheme->walk(&toy_tables, &memory, address, &walk);
		/* Each entry is read once: another look might see another one. */
		if (way == TOY_CALLS)
			assert_int_equal(toy_reads, walk.step_count);
		memory = toy_memory((enum toy_way)way);
		toy_scheme->translate(&toy_tables, &memory, address, &page);
		same_lookup(&memory, address, &page);
		if (page.outcome != TMI_PAGING_PAGE) {
			assert_int_equal(page.physical, 0);
			assert_int_equal(page.protect, 0);
		}
		same_page(&page, &walk.page);
		if (!way)
			first = walk;
		same_page(&page, &first.page);
		assert_int_equal(walk.base, first.base);
		assert_int_equal(walk.unread, first.unread);
		assert_int_equal(walk.step_count, first.step_count);
		assert_memory_equal(walk.steps, first.steps,
				    walk.step_count * sizeof(walk.steps[0]));
	}
	return first;
}

struct tmi_paging_page toy_translate(uint64_t address)
{
	return toy_walk(address).page;
}

void toy_expect_page(uint64_t address, uint64_t physical, uint64_t size, uint32_t protect)
{
	struct tmi_paging_page page = toy_translate(address);

	assert_int_equal(page.outcome, TMI_PAGING_PAGE);
	assert_int_equal(page.physical, physical);
	assert_int_equal(page.first, address & ~(size - 1));
	assert_int_equal(page.last, address | (size - 1));
	assert_int_equal(page.reason, TMEM_REASON_NONE);
	assert_int_equal(page.protect, protect);
}

void toy_expect_none(uint64_t address, uint32_t outcome, uint32_t reason, unsigned level,
		     uint64_t size)
{
	struct tmi_paging_page page = toy_translate(address);

	assert_int_equal(page.outcome, outcome);
	assert_int_equal(page.reason, reason);
	assert_int_equal(page.level, level);
	assert_int_equal(page.first, address & ~(size - 1));
	assert_int_equal(page.last, address | (size - 1));
}
