/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_traits.c - what only smaps tells of mappings.
 *
 * Reading smaps is slow, so what it said is used again for a time that is long against its cost.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "target/process.h"

/* What is known of traits holds for so many times their cost, and at least for the second. */
#define TRAITS_HOLD       30
#define TRAITS_HOLD_LEAST 100000000u

/* What one look at a page costs at the least, in ns. */
#define LOOK_COST 400

/* Below a stack, where a transfer of nothing is worth a warning to the kernel. */
#define WARNED_PAGES 16

#define SMAPS_BUFFER (64u << 10)

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

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

/*
 * How far below the end of a stack a transfer does harm: in older kernels the stack grows up to its
 * limit; in those that have the scan it does not, but a warning is logged close below it.
 */
static uint64_t reach_of(const struct live *process, const struct live_trait_run *stack)
{
	uint64_t size = stack->last - stack->first + 1;

	return process->target->features.scan ? size + WARNED_PAGES * process->target->page
					      : tmi_process_stack_limit();
}

/* Marks what is within a stack's reach, some of it too much; there are few stacks. */
static void mark_exposed(const struct live *process, struct live_traits *traits)
{
	for (size_t i = 0; i < traits->count; i++) {
		const struct live_trait_run *stack = &traits->runs[i];

		if (!(stack->traits & TRAIT_GROWS))
			continue;
		for (size_t k = i; k > 0; k--) {
			if (stack->last - traits->runs[k - 1].last >= reach_of(process, stack))
				break;
			traits->runs[k - 1].traits |= TRAIT_EXPOSED;
		}
	}
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
	mark_exposed(process, traits);
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
