/* SPDX-License-Identifier: Apache-2.0 */
/* test_paging_range.c - next() against a walk for each page, over tables of every kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "paging_toy.h"

#define MOST 4096u /* entries of a range that is compared */

static const struct {
	uint32_t scheme, levels, virtual_bits;
	unsigned width;
	uint64_t lower_last; /* of the lower half, or of all */
} schemes[] = {
	{ TMI_SCHEME_X86, 0, 0, 4, UINT32_MAX },
	{ TMI_SCHEME_X86_PAE, 0, 0, 8, UINT32_MAX },
	{ TMI_SCHEME_X64, 4, 0, 8, 0x00007fffffffffff },
	{ TMI_SCHEME_X64, 5, 0, 8, 0x00ffffffffffffff },
	{ TMI_SCHEME_ARM64, 0, 39, 8, 0x0000007fffffffff },
	{ TMI_SCHEME_ARM64, 0, 48, 8, 0x0000ffffffffffff },
};

#define SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

static uint64_t random64(void)
{
	static uint64_t x = 88172645463325252ull;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

static unsigned below(unsigned limit)
{
	return (unsigned)(random64() % limit);
}

static void reset(size_t i)
{
	toy_reset(schemes[i].scheme);
	toy_tables.levels = schemes[i].levels;
	toy_tables.virtual_bits = schemes[i].virtual_bits;
}

/* An entry that is likely to mean something. */
static uint64_t make_entry(size_t i)
{
	bool arm = schemes[i].scheme == TMI_SCHEME_ARM64;
	uint64_t usual = arm ? 0x443 : 0x27;

	switch (below(8)) {
	case 0: return random64();
	case 1: return random64() & 0xfff;
	case 2: return (random64() & 0xffe00000) | (arm ? 0x441 : 0xa7);
	case 3: return (random64() & 0x40000000) | (arm ? 0x441 : 0xa7) | (random64() & 0x106);
	case 4: return TOY(below(TOY_PAGES + 2)) | (usual & ~1ull) | (arm ? 1ull << 58 : 0x100);
	case 5: return TOY(below(TOY_PAGES)) | usual | (below(4) ? 0 : 1ull << (53 + below(10)));
	default:
		return TOY(below(TOY_PAGES)) |
		       (schemes[i].scheme == TMI_SCHEME_X86_PAE && below(2) ? 1 : usual);
	}
}

/* Runs of entries that are empty, equal, or of pages one after the other. */
static void fill(size_t i)
{
	unsigned count = TOY_PAGE / schemes[i].width;

	for (unsigned page = 0; page < TOY_PAGES; page++)
		for (unsigned index = 0; index < count;) {
			unsigned run = below(4) ? below(40) + 1 : 1;
			unsigned what = below(4);
			uint64_t entry = make_entry(i);

			for (; run && index < count; run--, index++) {
				toy_put(page, index, schemes[i].width, what ? entry : 0);
				entry += what > 1 ? TOY_PAGE : 0;
				entry ^= below(12) ? 0 : 0x60;
				entry ^= below(30) ? 0 : 0x82;
			}
		}
}

/* What a walk for each page says of a range. */
static struct tmi_paging_page pages[MOST];
static size_t page_count;
/* How many before pages[i] are entries that can be read; the rest is holes and lost tables. */
static size_t plain_before[MOST + 1];

/* Fills pages[]; returns the last address that they are for. */
static uint64_t walk_range(uint64_t from, uint64_t last)
{
	struct tmi_paging_memory memory = toy_memory(TOY_WINDOW);
	uint64_t address = from;

	for (page_count = 0; page_count < MOST; page_count++) {
		struct tmi_paging_page *page = &pages[page_count], inside;

		toy_scheme->translate(&toy_tables, &memory, address, page);
		assert_true(page->first <= address && page->last >= address);
		/* The answer holds for all of it. */
		toy_scheme->translate(&toy_tables, &memory,
				      address + random64() % ((page->last - address) | 1), &inside);
		inside.physical -= inside.outcome ? 0 : inside.physical - page->physical;
		assert_memory_equal(&inside, page, sizeof(inside));
		page->first = address;
		plain_before[page_count + 1] =
			plain_before[page_count] +
			(page->level && page->reason != TMEM_REASON_TABLE_UNREADABLE);
		if (page->last >= last) {
			page->last = last;
			page_count++;
			return last;
		}
		address = page->last + 1;
	}
	return address - 1;
}

static bool joins(const struct tmi_paging_extent *extent, const struct tmi_paging_page *page,
		  uint32_t join)
{
	const uint32_t same =
		TMI_PAGING_WRITE | TMI_PAGING_EXECUTE | TMI_PAGING_USER | TMI_PAGING_NO_ACCESS;

	if (extent->last == UINT64_MAX || page->first != extent->last + 1)
		return false;
	if (join & TMI_PAGING_JOIN_PROTECT && (extent->protect & same) != (page->protect & same))
		return false;
	return !(join & TMI_PAGING_JOIN_PHYSICAL) ||
	       page->physical == extent->physical + (page->first - extent->first);
}

/* The number in pages[] of the one that has an address. */
static size_t page_of(uint64_t address)
{
	size_t first = 0, end = page_count;

	while (first < end) {
		size_t middle = (first + end) / 2;

		if (pages[middle].last < address)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

/* The first extent at or after @from according to pages[]; false = none. */
static bool expected(uint64_t from, uint32_t join, struct tmi_paging_extent *extent)
{
	bool found = false;

	for (size_t i = page_of(from); i < page_count; i++) {
		struct tmi_paging_page page = pages[i];

		if (page.outcome != TMI_PAGING_PAGE) {
			if (found)
				break;
			continue;
		}
		if (page.first < from) {
			page.physical += from - page.first;
			page.first = from;
		}
		if (found && !joins(extent, &page, join))
			break;
		if (!found)
			*extent = (struct tmi_paging_extent){
				.first = page.first,
				.physical = page.physical,
				.protect = page.protect,
				.lowest = page.physical,
			};
		if (page.physical < extent->lowest)
			extent->lowest = page.physical;
		if (page.physical + (page.last - page.first) > extent->highest)
			extent->highest = page.physical + (page.last - page.first);
		extent->last = page.last;
		extent->protect &= page.protect;
		found = true;
	}
	return found;
}

/* Compares the whole range, extent by extent. */
static void compare(uint64_t from, uint64_t last, uint32_t join, enum toy_way way)
{
	struct tmi_paging_memory memory = toy_memory(way);
	struct tmi_paging_extent extent, wanted = { 0 };
	tmem_status status;

	for (;;) {
		bool found = expected(from, join, &wanted);

		status = toy_scheme->next(&toy_tables, &memory, from, last, join, 0, &extent);
		assert_int_equal(status, found ? TMEM_S_OK : TMEM_E_NO_MORE_ENTRIES);
		if (!found)
			return;
		assert_int_equal(extent.first, wanted.first);
		assert_int_equal(extent.last, wanted.last);
		assert_int_equal(extent.physical, wanted.physical);
		assert_int_equal(extent.protect, wanted.protect);
		if (join & TMI_PAGING_BOUNDS) {
			/* Of a page that the range cuts all may count. */
			assert_int_equal(extent.lowest, wanted.lowest);
			assert_in_range(extent.highest, wanted.highest, wanted.highest | 0xfff);
		}
		if (extent.last == last)
			return;
		from = extent.last + 1;
	}
}

/* The readable entries of [from, last], and whether it has nothing else. */
static size_t entries_between(uint64_t from, uint64_t last, bool *all)
{
	size_t first = page_of(from), end = page_of(last) + 1;
	size_t entries = plain_before[end] - plain_before[first];

	*all = entries == end - first;
	return entries;
}

/*
 * The same with a budget: parts, each of no more entries than allowed. Only where the budget ended
 * one does the next go on with it.
 */
static void compare_with_budget(uint64_t from, uint64_t last, uint32_t join, size_t budget)
{
	struct tmi_paging_memory memory = toy_memory(TOY_WINDOW);
	struct tmi_paging_extent extent, wanted = { 0 };
	bool found = expected(from, join, &wanted);

	for (;;) {
		tmem_status status =
			toy_scheme->next(&toy_tables, &memory, from, last, join, budget, &extent);
		size_t entries;
		bool all;

		if (status == TMEM_E_NO_MORE_ENTRIES) {
			assert_false(found);
			return;
		}
		assert_true(extent.first >= from && extent.first <= last);
		entries = entries_between(
			from, status == TMEM_S_OK ? extent.last : extent.first - 1, &all);
		assert_true(entries <= budget);
		if (status == TMEM_S_FALSE) {
			assert_true(extent.first > from);
			assert_true(!found || wanted.first >= extent.first);
			assert_true(!all || entries == budget);
			from = extent.first;
			continue;
		}
		assert_int_equal(status, TMEM_S_OK);
		assert_true(found && extent.first == wanted.first && extent.last <= wanted.last);
		assert_int_equal(extent.physical, wanted.physical);
		assert_int_equal(extent.protect & wanted.protect, wanted.protect);
		assert_true(extent.last == wanted.last || !all || entries == budget);
		if (extent.last == last)
			return;
		from = extent.last + 1;
		if (from > wanted.last) {
			found = expected(from, join, &wanted);
		} else {
			wanted.first = from;
			wanted.physical = pages[page_of(from)].physical;
		}
	}
}

static void settle_tables(size_t i)
{
	uint64_t root = toy_tables.root;

	if (below(3) == 0)
		toy_tables.flags = below(4);
	if (below(4) == 0)
		toy_tables.encryption_mask = 1ull << (40 + below(12));
	if (below(3) == 0) {
		toy_tables.kernel_first = random64() & schemes[i].lower_last & ~0xfffull;
		if (below(2) && schemes[i].lower_last > UINT32_MAX)
			toy_tables.kernel_first = ~schemes[i].lower_last;
		toy_tables.kernel_root = below(2) ? root : TOY(1);
		if (below(4) == 0)
			toy_tables.root = UINT64_MAX;
	}
	if (below(4) == 0)
		toy_size = below(TOY_SIZE - TOY_PAGE) + TOY_PAGE;
}

static void agrees_with_walks(void **state)
{
	static const size_t budgets[] = { 1, 2, 7, 100, 513 };

	(void)state;
	for (unsigned round = 0; round < 240; round++) {
		size_t i = round % SCHEMES;
		uint64_t from, last, until;

		reset(i);
		fill(i);
		settle_tables(i);
		from = random64() & schemes[i].lower_last;
		if (below(3) == 0)
			from = below(2) ? 0 : schemes[i].lower_last - below(1u << 24);
		if (below(2) && schemes[i].lower_last > UINT32_MAX)
			from |= ~schemes[i].lower_last;
		if (below(2))
			from &= ~0xfffull;
		last = below(3) ? UINT64_MAX : from + (random64() >> (16 + below(40)));
		if (last < from)
			last = UINT64_MAX;
		until = walk_range(from, last);
		for (uint32_t join = 0; join < 8; join++) {
			compare(from, until, join, (enum toy_way)(below(TOY_WAYS)));
			compare_with_budget(from, until, join, budgets[below(5)]);
		}
	}
}

/* What a range costs when nothing is mapped in it. */
static void absent_tables_are_skipped_whole(void **state)
{
	struct tmi_paging_memory memory;
	struct tmi_paging_extent extent;

	(void)state;
	reset(2);
	memory = toy_memory(TOY_CALLS);
	assert_int_equal(toy_scheme->next(&toy_tables, &memory, 0, UINT64_MAX, 0, 512, &extent),
			 TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(toy_reads, 512);
	/* One page in the middle of nothing. */
	toy_put(0, 300, 8, TOY(1) | 7);
	toy_put(1, 7, 8, TOY(2) | 7);
	toy_put(2, 8, 8, TOY(3) | 7);
	toy_put(3, 9, 8, 0x5000 | 7);
	toy_reads = 0;
	assert_int_equal(toy_scheme->next(&toy_tables, &memory, 0, UINT64_MAX, 0, 0, &extent),
			 TMEM_S_OK);
	assert_int_equal(extent.first, 0xffff9601c1009000);
	assert_int_equal(extent.last - extent.first, 0xfff);
	assert_true(toy_reads < 340);
}

/* A table that cannot be read costs two reads, whatever its level. */
static void unreadable_tables_are_skipped_whole(void **state)
{
	struct tmi_paging_memory memory;
	struct tmi_paging_extent extent;

	(void)state;
	for (unsigned level = 3; level >= 1; level--) {
		reset(2);
		for (unsigned i = 4; i > level; i--)
			toy_put(4 - i, 0, 8, (i == level + 1 ? 0x40000000 : TOY(5 - i)) | 7);
		toy_put(0, 1, 8, TOY(10) | 7);
		toy_put(10, 0, 8, 0x80 | 7);
		memory = toy_memory(TOY_CALLS);
		toy_reads = 0;
		assert_int_equal(
			toy_scheme->next(&toy_tables, &memory, 0, UINT64_MAX, 0, 0, &extent),
			TMEM_S_OK);
		assert_int_equal(extent.first, 1ull << 39);
		/* The rest of the tables above it is empty. */
		assert_true(toy_reads <= (4 - level) * 512 + 512 + 2);
	}
}

/* 512^4 pages, from one table: no more is done at once than the budget allows. */
static void a_loop_is_as_long_as_the_budget(void **state)
{
	struct tmi_paging_memory memory = toy_memory(TOY_WINDOW);
	struct tmi_paging_extent extent;

	(void)state;
	reset(2);
	for (unsigned i = 0; i < 512; i++)
		toy_put(0, i, 8, TOY(0) | 7);
	assert_int_equal(
		toy_scheme->next(&toy_tables, &memory, 0x123000, UINT64_MAX, 0, 1000000, &extent),
		TMEM_S_OK);
	assert_int_equal(extent.first, 0x123000);
	assert_int_equal(extent.last, 0x123000 + 1000000 * 0x1000ull - 1);
	assert_int_equal(toy_scheme->next(&toy_tables, &memory, 0x123456, UINT64_MAX,
					  TMI_PAGING_JOIN_PHYSICAL, 0, &extent),
			 TMEM_S_OK);
	assert_int_equal(extent.first, 0x123456);
	assert_int_equal(extent.last, 0x123fff);
	assert_int_equal(extent.physical, TOY(0) + 0x456);
}

static void ranges_with_odd_ends(void **state)
{
	struct tmi_paging_memory memory = toy_memory(TOY_WINDOW);
	struct tmi_paging_extent extent;

	(void)state;
	reset(2);
	for (unsigned i = 0; i < 512; i++)
		toy_put(0, i, 8, TOY(0) | 7);
	assert_int_equal(toy_scheme->next(&toy_tables, &memory, 5, 4, 0, 0, &extent),
			 TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(toy_scheme->next(&toy_tables, &memory, 5, 5, 0, 0, &extent), TMEM_S_OK);
	assert_true(extent.first == 5 && extent.last == 5 && extent.physical == TOY(0) + 5);
	assert_int_equal(
		toy_scheme->next(&toy_tables, &memory, UINT64_MAX, UINT64_MAX, 0, 0, &extent),
		TMEM_S_OK);
	assert_true(extent.first == UINT64_MAX && extent.last == UINT64_MAX);
	/* Nothing is in the hole between the halves. */
	assert_int_equal(toy_scheme->next(&toy_tables, &memory, 0x0000800000000000,
					  0xffff7fffffffffff, 0, 1, &extent),
			 TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(toy_scheme->next(&toy_tables, &memory, 0x00007ffffffff800, UINT64_MAX, 0,
					  100, &extent),
			 TMEM_S_OK);
	assert_true(extent.first == 0x00007ffffffff800 && extent.last == 0x00007fffffffffff);
	assert_int_equal(toy_scheme->next(&toy_tables, &memory, 0x0000800000000000, UINT64_MAX, 0,
					  2, &extent),
			 TMEM_S_OK);
	assert_int_equal(extent.first, 0xffff800000000000);
	assert_int_equal(extent.last, 0xffff800000001fff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_walks),
		cmocka_unit_test(absent_tables_are_skipped_whole),
		cmocka_unit_test(unreadable_tables_are_skipped_whole),
		cmocka_unit_test(a_loop_is_as_long_as_the_budget),
		cmocka_unit_test(ranges_with_odd_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
