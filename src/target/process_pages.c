/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_pages.c - which pages of a live process are in memory.
 *
 * Two facts are wanted before a bulk transfer. A page that is absent in a mapping that userfaultfd
 * serves would block the reader for ever; process_traits.c finds out which mappings these are. A
 * page of private anonymous memory that was never touched reads as zeros, and reading it would cost
 * the process page tables. Present pages are neither, and the kernel lists the others cheaply.
 */
#include <unistd.h>

#include "target/process.h"
#include "target/process_kernel.h"

/* Entries of pagemap that are read at once. */
#define ENTRIES 512

/* --- pages --- */

static void add_absent(struct live_pages *pages, uint64_t start, uint64_t end, uint64_t categories)
{
	if (pages->count && pages->absent[pages->count - 1].end == start &&
	    pages->absent[pages->count - 1].categories == categories) {
		pages->absent[pages->count - 1].end = end;
		return;
	}
	pages->absent[pages->count].start = start;
	pages->absent[pages->count].end = end;
	pages->absent[pages->count].categories = categories;
	pages->count++;
}

/*
 * CATEGORY_FILE says nothing that is wanted. But to find it out the kernel looks at what it knows
 * of the page behind each entry, one after the other without waiting; so the transfer that follows,
 * which would wait for each, finds it all in the processor's cache.
 */
#define LOOK_AHEAD CATEGORY_FILE

/* By PAGEMAP_SCAN, asked for what is not present. */
static bool scan_pages(const struct live *process, uint64_t first, uint64_t end,
		       struct live_pages *pages)
{
	struct kernel_page_region regions[LIVE_ABSENT];
	bool tells = process->target->features.tells_guard;
	struct kernel_page_scan scan = {
		.size = sizeof(scan),
		.start = first,
		.end = end,
		.vector = (uint64_t)(uintptr_t)regions,
		.vector_length = LIVE_ABSENT,
		.inverted = CATEGORY_PRESENT,
		.all_of = CATEGORY_PRESENT,
		.returned = CATEGORY_SWAPPED | LOOK_AHEAD | (tells ? CATEGORY_GUARD : 0),
	};
	int count = ioctl(process->pagemap, KERNEL_PAGE_SCAN, &scan);

	if (count < 0)
		return false;
	for (int i = 0; i < count; i++)
		add_absent(pages, regions[i].start, regions[i].end, regions[i].categories);
	pages->end = scan.walk_end < end ? scan.walk_end : end;
	return pages->end > first;
}

static uint64_t entry_categories(uint64_t entry)
{
	return (entry & ENTRY_SWAPPED ? CATEGORY_SWAPPED : 0) |
	       (entry & ENTRY_FILE ? CATEGORY_FILE : 0) |
	       (entry & ENTRY_GUARD ? CATEGORY_GUARD : 0);
}

/* One piece of pagemap; false at its end or when the list of absent pages is full. */
static bool add_entries(struct live *process, uint64_t end, struct live_pages *pages)
{
	uint64_t page = process->target->page;
	uint64_t entries[ENTRIES];
	uint64_t count = (end - pages->end) / page;
	ssize_t got;

	if (count > ENTRIES)
		count = ENTRIES;
	got = pread(process->pagemap, entries, count * sizeof(*entries),
		    (off_t)(pages->end / page * sizeof(*entries)));
	if (got < (ssize_t)sizeof(*entries))
		return false;
	count = (uint64_t)got / sizeof(*entries);
	for (uint64_t i = 0; i < count; i++) {
		if (!(entries[i] & ENTRY_PRESENT)) {
			if (pages->count == LIVE_ABSENT)
				return false;
			add_absent(pages, pages->end, pages->end + page,
				   entry_categories(entries[i]));
		}
		pages->end += page;
	}
	return true;
}

static bool read_entries(struct live *process, uint64_t first, uint64_t end,
			 struct live_pages *pages)
{
	pages->end = first;
	while (pages->end < end && pages->count < LIVE_ABSENT)
		if (!add_entries(process, end, pages))
			break;
	return pages->end > first;
}

bool tmi_process_look_at_pages(struct live *process, uint64_t first, uint64_t last,
			       struct live_pages *pages)
{
	uint64_t page = process->target->page;
	uint64_t start = first & ~(page - 1);
	uint64_t end = (last | (page - 1)) + 1;

	pages->first = start;
	pages->end = start;
	pages->count = 0;
	if (!atomic_load_explicit(&process->has_pagemap, memory_order_relaxed) || end <= start)
		return false;
	if (process->target->features.scan)
		return scan_pages(process, start, end, pages);
	return read_entries(process, start, end, pages);
}

enum live_page tmi_process_page(const struct live_pages *pages, uint64_t address, uint64_t *stop)
{
	size_t low = 0;
	size_t count = pages->count;

	while (count > 0) {
		size_t half = count / 2;

		if (pages->absent[low + half].end <= address) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	*stop = pages->end;
	if (low == pages->count)
		return PAGE_PRESENT;
	*stop = pages->absent[low].start;
	if (address < *stop)
		return PAGE_PRESENT;
	*stop = pages->absent[low].end;
	if (pages->absent[low].categories & CATEGORY_GUARD)
		return PAGE_GUARD;
	return pages->absent[low].categories ? PAGE_SWAPPED : PAGE_UNTOUCHED;
}

/* One region of one page is asked for: the first that is anything. */
static uint64_t scan_untouched(const struct live *process, uint64_t first, uint64_t end)
{
	bool tells = process->target->features.tells_guard;
	uint64_t anything =
		CATEGORY_PRESENT | CATEGORY_SWAPPED | CATEGORY_HUGE | (tells ? CATEGORY_GUARD : 0);
	struct kernel_page_region region;
	struct kernel_page_scan scan = {
		.size = sizeof(scan),
		.start = first,
		.end = end,
		.vector = (uint64_t)(uintptr_t)&region,
		.vector_length = 1,
		.max_pages = 1,
		.any_of = anything,
		.returned = anything,
	};
	int count = ioctl(process->pagemap, KERNEL_PAGE_SCAN, &scan);

	if (count < 0)
		return first;
	return count ? region.start : scan.walk_end;
}

static uint64_t read_untouched(const struct live *process, uint64_t first, uint64_t end)
{
	uint64_t page = process->target->page;
	uint64_t entries[ENTRIES];

	while (first < end) {
		uint64_t count = (end - first) / page < ENTRIES ? (end - first) / page : ENTRIES;
		ssize_t got = pread(process->pagemap, entries, count * sizeof(*entries),
				    (off_t)(first / page * sizeof(*entries)));

		if (got < (ssize_t)sizeof(*entries))
			break;
		count = (uint64_t)got / sizeof(*entries);
		for (uint64_t i = 0; i < count; i++, first += page)
			if (entries[i] & ENTRY_PRESENT || entry_categories(entries[i]))
				return first;
	}
	return first;
}

uint64_t tmi_process_skip_untouched(struct live *process, uint64_t first, uint64_t last)
{
	uint64_t page = process->target->page;
	uint64_t start = first & ~(page - 1);
	uint64_t end = (last | (page - 1)) + 1;
	uint64_t at;

	if (!atomic_load_explicit(&process->has_pagemap, memory_order_relaxed) || end <= start)
		return first;
	at = process->target->features.scan ? scan_untouched(process, start, end)
					    : read_untouched(process, start, end);
	if (at < first)
		return first;
	return at <= last ? at : last + 1;
}

/*
 * A page is safe to write to by number when it is present and not watched. Asked for pages that
 * are not: there usually is none, and nothing to be noted down for each page.
 */
static bool scan_writable(struct live *process, uint64_t first, uint64_t end)
{
	struct kernel_page_region region;
	struct kernel_page_scan scan = {
		.size = sizeof(scan),
		.start = first,
		.end = end,
		.vector = (uint64_t)(uintptr_t)&region,
		.vector_length = 1,
		.inverted = CATEGORY_PRESENT | CATEGORY_WRITTEN,
		.any_of = CATEGORY_PRESENT | CATEGORY_WRITTEN,
		.returned = CATEGORY_PRESENT | LOOK_AHEAD,
	};

	return !ioctl(process->pagemap, KERNEL_PAGE_SCAN, &scan) && scan.walk_end == end;
}

static bool entries_writable(struct live *process, uint64_t first, uint64_t end)
{
	uint64_t page = process->target->page;
	uint64_t entries[ENTRIES];

	while (first < end) {
		uint64_t count = (end - first) / page < ENTRIES ? (end - first) / page : ENTRIES;
		ssize_t got = pread(process->pagemap, entries, count * sizeof(*entries),
				    (off_t)(first / page * sizeof(*entries)));

		if (got != (ssize_t)(count * sizeof(*entries)))
			return false;
		for (uint64_t i = 0; i < count; i++)
			if (!(entries[i] & ENTRY_PRESENT) || entries[i] & ENTRY_WATCHED)
				return false;
		first += count * page;
	}
	return true;
}

bool tmi_process_may_block_writes(struct live *process, uint64_t first, uint64_t last)
{
	uint64_t page = process->target->page;
	uint64_t start = first & ~(page - 1);
	uint64_t end = (last | (page - 1)) + 1;

	if (!atomic_load(&process->has_pagemap) || end <= start)
		return true;
	if (process->target->features.scan)
		return !scan_writable(process, start, end);
	return !entries_writable(process, start, end);
}
