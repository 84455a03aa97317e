/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_valid.c - which pages of a mapping can be read, found without touching what nobody has
 * touched.
 *
 * Present and swapped pages can be read. Guard pages cannot. Absent pages can where they are
 * private anonymous memory and userfaultfd does not serve them; in files up to the file's end.
 * Only where nothing else tells, a byte is read to see.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "target/process.h"

/* --- files --- */

static bool stat_matches(const struct live_vma *vma, const struct stat *info)
{
	return S_ISREG(info->st_mode) && info->st_ino == vma->inode;
}

/*
 * The link in map_files leads to the very file but needs privileges; else the path is tried as the
 * process sees it, and must lead to the same inode.
 */
bool tmi_process_file_size(struct live *process, const struct live_vma *vma, uint64_t *size)
{
	struct stat info;
	char link[64];
	char *path;
	bool good;

	snprintf(link, sizeof(link), "map_files/%" PRIx64 "-%" PRIx64, vma->first, vma->last + 1);
	good = !fstatat(process->dir, link, &info, 0) && stat_matches(vma, &info);
	if (!good && vma->name[0] == '/' && asprintf(&path, "root%s", vma->name) >= 0) {
		good = !fstatat(process->dir, path, &info, 0) && stat_matches(vma, &info) &&
		       major(info.st_dev) == vma->major && minor(info.st_dev) == vma->minor;
		free(path);
	}
	*size = good ? (uint64_t)info.st_size : 0;
	return good;
}

/* --- one page after the other --- */

/* What is asked about: a stretch of one mapping. */
struct stretch {
	struct live *process;
	struct live_vma vma; /* as it is now */
	enum live_vma_kind kind;
	uint32_t traits;
	bool traits_known;
	bool size_tried;
	bool size_known;
	uint64_t file_size;
};

static bool probe(const struct stretch *stretch, uint64_t address)
{
	uint64_t done;
	char byte;

	return tmi_process_careful_read(stretch->process, address, &byte, 1, &done) == TMEM_S_OK &&
	       done == 1;
}

static uint32_t traits_of(struct stretch *stretch)
{
	uint64_t last;

	if (!stretch->traits_known && tmi_process_traits(stretch->process, stretch->vma.first,
							 &last, &stretch->traits) != TMEM_S_OK)
		stretch->traits = TRAIT_BLOCKS;
	stretch->traits_known = true;
	return stretch->traits;
}

/* Reads a byte of each page until the answer changes. */
static bool probe_pages(struct stretch *stretch, uint64_t at, uint64_t *stop)
{
	uint64_t page = stretch->process->target->page;
	uint64_t next = (at | (page - 1)) + 1;
	bool readable = probe(stretch, at);

	while (next < *stop && probe(stretch, next) == readable)
		next += page;
	if (next < *stop)
		*stop = next;
	return readable;
}

/* Pages past the end of a file are its last ones: halves the range until the border is found. */
static bool probe_end(struct stretch *stretch, uint64_t at, uint64_t *stop)
{
	uint64_t page = stretch->process->target->page;
	uint64_t good = at & ~(page - 1);
	uint64_t bad = (*stop - 1) & ~(page - 1);

	if (probe(stretch, bad))
		return true;
	if (bad == good || !probe(stretch, good))
		return false;
	while (bad - good > page) {
		uint64_t middle = good + ((bad - good) / 2 & ~(page - 1));

		if (probe(stretch, middle))
			good = middle;
		else
			bad = middle;
	}
	*stop = bad;
	return true;
}

/* Absent pages of a file or of shared memory. */
static bool file_page_valid(struct stretch *stretch, uint64_t at, uint64_t *stop)
{
	uint64_t page = stretch->process->target->page;
	uint64_t end; /* bytes of the mapping that the file has */

	if (!stretch->size_tried) {
		stretch->size_known =
			tmi_process_file_size(stretch->process, &stretch->vma, &stretch->file_size);
		stretch->size_tried = true;
	}
	if (!stretch->size_known)
		return probe_end(stretch, at, stop);
	end = (stretch->file_size + page - 1) & ~(page - 1);
	end = end > stretch->vma.offset ? end - stretch->vma.offset : 0;
	if (at - stretch->vma.first >= end)
		return false;
	if (*stop - stretch->vma.first > end)
		*stop = stretch->vma.first + end;
	return true;
}

static bool absent_valid(struct stretch *stretch, uint64_t at, uint64_t *stop)
{
	if (stretch->kind == VMA_DEVICE)
		return probe_pages(stretch, at, stop);
	if (traits_of(stretch) & TRAIT_BLOCKS)
		return false;
	if (stretch->kind == VMA_FILE && stretch->vma.inode)
		return file_page_valid(stretch, at, stop);
	return true;
}

/* Swapped pages can be read, unless the kernel calls guard and poisoned pages so, too. */
static bool swapped_valid(struct stretch *stretch, uint64_t at, uint64_t *stop)
{
	const struct live_features *features = &stretch->process->target->features;
	uint32_t suspect = TRAIT_BLOCKS | TRAIT_WATCHED;

	if (features->guards && !features->tells_guard)
		suspect |= TRAIT_GUARDS;
	return !(traits_of(stretch) & suspect) || probe_pages(stretch, at, stop);
}

/* Without pagemap: by the mapping alone where that is enough. */
static bool unseen_valid(struct stretch *stretch, uint64_t at, uint64_t *stop)
{
	if (stretch->kind == VMA_PLAIN && !(traits_of(stretch) & (TRAIT_BLOCKS | TRAIT_GUARDS)))
		return true;
	return probe_pages(stretch, at, stop);
}

/* True when the page at @at is readable; *stop comes down to where that may change. */
static bool page_valid(struct stretch *stretch, const struct live_pages *pages, uint64_t at,
		       uint64_t *stop)
{
	uint64_t border;
	enum live_page state;

	if (!pages)
		return unseen_valid(stretch, at, stop);
	state = tmi_process_page(pages, at, &border);
	if (border < *stop)
		*stop = border;
	switch (state) {
	case PAGE_PRESENT: return stretch->kind != VMA_DEVICE || probe_pages(stretch, at, stop);
	case PAGE_GUARD: return false;
	case PAGE_SWAPPED: return swapped_valid(stretch, at, stop);
	default: return absent_valid(stretch, at, stop);
	}
}

static bool begin(struct live *process, uint64_t from, struct stretch *stretch)
{
	*stretch = (struct stretch){ .process = process };
	if (tmi_process_vma(process, from, false, true, &stretch->vma) != TMEM_S_OK)
		return false;
	stretch->kind = tmi_process_vma_kind(&stretch->vma);
	if (stretch->kind == VMA_UNREADABLE)
		return false;
	return process->target->features.force || stretch->vma.flags & VMA_READ ||
	       atomic_load(&process->suspended);
}

/* First readable stretch inside one mapping. */
static bool valid_in_vma(struct stretch *stretch, uint64_t from, uint64_t last, uint64_t *first,
			 uint64_t *end)
{
	uint64_t at = from;
	bool found = false;

	*first = *end = from;
	while (at <= last) {
		struct live_pages pages;
		bool seen = tmi_process_look_at_pages(stretch->process, at, last, &pages);
		uint64_t window = seen && pages.end - 1 < last ? pages.end : last + 1;

		while (at < window) {
			uint64_t stop = window;
			bool readable = page_valid(stretch, seen ? &pages : NULL, at, &stop);

			if (readable && !found)
				*first = at;
			if (found && !readable)
				return true;
			if (readable)
				*end = stop - 1;
			found |= readable;
			at = stop;
		}
	}
	return found;
}

/* The range may hold other mappings by now: each is asked as it is. */
static tmem_status valid_once(struct live *process, uint64_t from, uint64_t last, uint64_t *first,
			      uint64_t *end)
{
	bool found = false;

	while (from <= last) {
		struct stretch stretch;
		uint64_t part_first = 0, part_end = 0, part_last;
		struct live_vma next;
		tmem_status status = tmi_process_vma(process, from, true, false, &next);

		if (status == LIVE_STALE)
			return status;
		if (status != TMEM_S_OK || next.first > last || (found && next.first > from))
			break;
		if (from < next.first)
			from = next.first;
		part_last = next.last < last ? next.last : last;
		if (begin(process, from, &stretch) &&
		    valid_in_vma(&stretch, from, part_last, &part_first, &part_end)) {
			if (found && part_first != from)
				break;
			if (!found)
				*first = part_first;
			found = true;
			*end = part_end;
			if (part_end < part_last)
				break;
		} else if (found) {
			break;
		}
		from = part_last + 1;
	}
	return found ? TMEM_S_OK : TMEM_E_NO_MORE_ENTRIES;
}

tmem_status tmi_process_valid(void *state, uint32_t space, const struct tmi_run *run, uint64_t from,
			      uint64_t last, uint64_t *first, uint64_t *end)
{
	struct live *process;
	uint64_t generation;
	tmem_status status;
	int round = 0;

	if (from < run->first)
		from = run->first;
	if (last > run->last)
		last = run->last;
	if (last >= LIVE_TOP)
		last = LIVE_TOP - 1;
	do {
		status = tmi_process_find(state, space, &process);
		if (status != TMEM_S_OK)
			return status;
		generation = atomic_load(&process->generation);
		status = valid_once(process, from, last, first, end);
		if (status != LIVE_STALE && atomic_load(&process->generation) != generation)
			status = LIVE_STALE;
	} while (tmi_process_again(process, generation, &round, &status));
	if (status == TMEM_E_NO_MORE_ENTRIES)
		return tmi_fail(status, TMEM_REASON_NOT_MAPPED, from);
	return status;
}

/* --- untouched memory --- */

bool tmi_process_untouched(void *state, uint32_t space, const struct tmi_run *run, uint64_t from,
			   uint64_t last, uint64_t *end)
{
	struct live_pages pages;
	struct live *process;
	uint64_t stop, zeros;

	*end = last;
	if (tmi_process_find(state, space, &process) != TMEM_S_OK || last < from ||
	    last >= LIVE_TOP || run->shared || run->file_id || run->type != TMEM_MEM_PRIVATE)
		return false;
	stop = tmi_process_skip_untouched(process, from, last);
	zeros = stop > from ? tmi_process_zeros(process, from, stop - from) : 0;
	if (zeros) {
		*end = from + zeros - 1;
		return true;
	}
	if (stop == from && tmi_process_look_at_pages(process, from, last, &pages))
		tmi_process_page(&pages, from, &stop);
	if (stop > from && stop - 1 < last)
		*end = stop - 1;
	return false;
}
