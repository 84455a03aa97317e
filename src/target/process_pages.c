/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_pages.c - which pages of a live process are in memory, and what smaps tells of mappings.
 *
 * Two facts are wanted before a bulk transfer. A page that is absent in a mapping that userfaultfd
 * serves would block the reader for ever, and only smaps tells which mappings these are. A page of
 * private anonymous memory that was never touched reads as zeros, and reading it would cost the
 * process page tables. Present pages are neither, and the kernel lists the others cheaply.
 *
 * Reading smaps is slow, so what it said is used again for a time that is long against its cost.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "target/process.h"
#include "target/process_kernel.h"

/* What is known of traits holds for so many times their cost, and at least for the second. */
#define TRAITS_HOLD       30
#define TRAITS_HOLD_LEAST 100000000u

/* What one look at a page costs at the least, in ns. */
#define LOOK_COST 400

/* Entries of pagemap that are read at once. */
#define ENTRIES 512

#define SMAPS_BUFFER (64u << 10)

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

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

/* --- traits --- */

struct smaps_reader {
	struct live_traits *traits;
	size_t room;
	struct live_vma vma; /* whose lines are being read; its name is not kept */
	uint32_t plain;      /* TRAIT_PLAIN or 0 */
	bool open;
};

/* Adds the mapping that has been read; neighbours with equal traits become one, but not stacks. */
static bool add_traits(struct smaps_reader *reader, uint32_t flags)
{
	struct live_traits *traits = reader->traits;
	uint32_t all = flags | reader->plain;
	struct live_trait_run *before = traits->count ? &traits->runs[traits->count - 1] : NULL;

	reader->open = false;
	if (before && reader->vma.first <= before->last)
		return true;
	if (before && before->traits == all && !(all & TRAIT_GROWS) &&
	    before->last + 1 == reader->vma.first) {
		before->last = reader->vma.last;
		return true;
	}
	if (traits->count == reader->room) {
		size_t room = reader->room ? 2 * reader->room : 64;
		struct live_trait_run *runs =
			reallocarray(traits->runs, room, sizeof(*traits->runs));

		if (!runs)
			return false;
		traits->runs = runs;
		reader->room = room;
	}
	traits->runs[traits->count++] =
		(struct live_trait_run){ reader->vma.first, reader->vma.last, all };
	return true;
}

static uint32_t parse_flags(const char *line)
{
	static const struct {
		char code[3];
		uint32_t trait;
	} codes[] = {
		{ "um", TRAIT_BLOCKS }, { "ui", TRAIT_BLOCKS }, { "uw", TRAIT_WATCHED },
		{ "gu", TRAIT_GUARDS }, { "pf", TRAIT_DEVICE }, { "io", TRAIT_DEVICE },
		{ "ht", TRAIT_HUGE },   { "gd", TRAIT_GROWS },
	};
	uint32_t traits = 0;

	for (line += strspn(line, " "); line[0] && line[1]; line += strspn(line, " ")) {
		for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
			if (!strncmp(line, codes[i].code, 2))
				traits |= codes[i].trait;
		line += strcspn(line, " ");
	}
	return traits;
}

/* One line of smaps; its newline stands. False when out of memory. */
static bool take_line(struct smaps_reader *reader, char *line, char *end)
{
	if (!isupper((unsigned char)*line)) {
		bool good = !reader->open || add_traits(reader, TRAIT_BLOCKS);

		reader->open = tmi_process_parse_vma(&line, end, &reader->vma);
		reader->plain = reader->open && tmi_process_vma_kind(&reader->vma) == VMA_PLAIN
					? TRAIT_PLAIN
					: 0;
		return good;
	}
	if (!reader->open || strncmp(line, "VmFlags:", 8))
		return true;
	end[-1] = '\0';
	return add_traits(reader, parse_flags(line + 8));
}

/* Whole lines of the buffer; moves the rest to its start and returns how much that is. */
static size_t take_lines(struct smaps_reader *reader, char *buffer, size_t size, bool *good)
{
	char *line = buffer;
	char *newline;

	while (*good && (newline = memchr(line, '\n', size - (size_t)(line - buffer)))) {
		*good = take_line(reader, line, newline + 1);
		line = newline + 1;
	}
	size -= (size_t)(line - buffer);
	memmove(buffer, line, size);
	return size;
}

static bool read_smaps(int fd, struct live_traits *traits)
{
	struct smaps_reader reader = { .traits = traits };
	char *buffer = malloc(SMAPS_BUFFER);
	size_t kept = 0;
	bool good = buffer;

	while (good && kept < SMAPS_BUFFER) {
		ssize_t got = read(fd, buffer + kept, SMAPS_BUFFER - kept);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		kept = take_lines(&reader, buffer, kept + (size_t)got, &good);
	}
	free(buffer);
	return good && traits->count;
}

void tmi_process_release_traits(struct live_traits *traits)
{
	if (traits &&
	    atomic_fetch_sub_explicit(&traits->references, 1, memory_order_acq_rel) == 1) {
		free(traits->runs);
		free(traits);
	}
}

static struct live_traits *load_traits(struct live *process)
{
	struct live_traits *traits = calloc(1, sizeof(*traits));
	char path[64];
	int fd;
	bool good;

	if (!traits)
		return NULL;
	atomic_init(&traits->references, 1);
	traits->cost = now_ns();
	tmi_process_path(process->pid, atomic_load(&process->tid), "smaps", path, sizeof(path));
	fd = openat(process->dir, path, O_RDONLY | O_CLOEXEC);
	good = fd >= 0 && read_smaps(fd, traits);
	if (fd >= 0)
		close(fd);
	traits->loaded = now_ns();
	traits->cost = traits->loaded - traits->cost;
	if (!good) {
		tmi_process_release_traits(traits);
		return NULL;
	}
	return traits;
}

static bool traits_hold(const struct live_traits *traits)
{
	uint64_t hold = traits->cost * TRAITS_HOLD;

	if (hold < TRAITS_HOLD_LEAST)
		hold = TRAITS_HOLD_LEAST;
	return now_ns() - traits->loaded < hold;
}

struct live_traits *tmi_process_hold_traits(struct live *process, bool load)
{
	struct live_traits *traits;

	pthread_mutex_lock(&process->traits_lock);
	if (process->traits && !traits_hold(process->traits)) {
		atomic_store(&process->traits_paid,
			     atomic_load(&process->traits_saved) * LOOK_COST >=
				     process->traits->cost);
		tmi_process_release_traits(process->traits);
		process->traits = NULL;
	}
	if (!process->traits && load) {
		process->traits = load_traits(process);
		if (process->traits)
			atomic_store(&process->traits_cost, process->traits->cost);
		atomic_store(&process->scan_time, 0);
		atomic_store(&process->traits_saved, 0);
	}
	traits = process->traits;
	if (traits)
		atomic_fetch_add_explicit(&traits->references, 1, memory_order_relaxed);
	pthread_mutex_unlock(&process->traits_lock);
	return traits;
}

void tmi_process_forget_traits(struct live *process)
{
	pthread_mutex_lock(&process->traits_lock);
	tmi_process_release_traits(process->traits);
	process->traits = NULL;
	pthread_mutex_unlock(&process->traits_lock);
}

bool tmi_process_find_traits(const struct live_traits *traits, uint64_t address, uint64_t *last,
			     uint32_t *found)
{
	size_t low = 0;
	size_t count = traits->count;

	while (count > 0) {
		size_t half = count / 2;

		if (traits->runs[low + half].last < address) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	if (low == traits->count || traits->runs[low].first > address)
		return false;
	*last = traits->runs[low].last;
	*found = traits->runs[low].traits;
	return true;
}

tmem_status tmi_process_traits(struct live *process, uint64_t address, uint64_t *last,
			       uint32_t *found)
{
	struct live_traits *traits = tmi_process_hold_traits(process, true);
	bool known = traits && tmi_process_find_traits(traits, address, last, found);

	tmi_process_release_traits(traits);
	if (known)
		return TMEM_S_OK;
	if (!traits)
		return TMEM_E_NO_MORE_ENTRIES;
	/* A mapping that is younger than what is known. */
	tmi_process_forget_traits(process);
	traits = tmi_process_hold_traits(process, true);
	known = traits && tmi_process_find_traits(traits, address, last, found);
	tmi_process_release_traits(traits);
	return known ? TMEM_S_OK : TMEM_E_NO_MORE_ENTRIES;
}

/* --- zeros --- */

uint64_t tmi_process_zeros(struct live *process, uint64_t address, uint64_t size)
{
	struct live_vma vma;
	uint64_t last;
	uint32_t traits;

	if (tmi_process_traits(process, address, &last, &traits) != TMEM_S_OK ||
	    !(traits & TRAIT_PLAIN) || traits & (TRAIT_BLOCKS | TRAIT_WATCHED | TRAIT_DEVICE))
		return 0;
	/* What smaps said may be of another mapping that stood there. */
	if (tmi_process_vma(process, address, false, true, &vma) != TMEM_S_OK ||
	    tmi_process_vma_kind(&vma) != VMA_PLAIN)
		return 0;
	if (last > vma.last)
		last = vma.last;
	return last - address < size ? last - address + 1 : size;
}
