/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - runs of memory with equal attributes, and sorted lists of them.
 *
 * Ends are inclusive (last), so that a run may reach the top of the address space.
 */
#ifndef TMI_BASE_RUN_H
#define TMI_BASE_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tmem/region.h>

struct tmi_run {
	uint64_t first;
	uint64_t last;        /* inclusive */
	uint64_t file_offset; /* of first in the mapped file */
	uint64_t file_id;     /* equal for runs of one file, 0 = no file */
	const char *name;     /* file or "[heap]"; never NULL */
	uint32_t protect;     /* enum tmem_page_protection, 0 = unknown */
	uint32_t type;        /* enum tmem_memory_type, 0 = unknown */
	uint16_t state;       /* TMEM_MEM_COMMIT or TMEM_MEM_RESERVE */
	uint8_t source;       /* enum tmem_virtual_source; INVALID = no byte is readable */
	uint8_t reason;       /* enum tmem_reason: why INVALID is */
	bool shared;          /* others may write it */
	bool uncertain;       /* readable page by page only: ask the kind's valid op */
};

/* A sorted list of runs that do not overlap, shared by reference. */
struct tmi_snapshot {
	atomic_uint references;
	const struct tmi_run *runs; /* NULL: they are kept in another form, and made by get() */
	size_t count;
	void (*get)(const struct tmi_snapshot *snapshot, size_t index, struct tmi_run *run);
	void (*free)(struct tmi_snapshot *snapshot); /* called with the last reference */
};

static inline struct tmi_snapshot *tmi_snapshot_hold(struct tmi_snapshot *snapshot)
{
	atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
	return snapshot;
}

static inline void tmi_snapshot_release(struct tmi_snapshot *snapshot)
{
	if (snapshot &&
	    atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) == 1)
		snapshot->free(snapshot);
}

/* Index of the first run whose last is not below @address; @count when none. O(log n). */
static inline size_t tmi_runs_find(const struct tmi_run *runs, size_t count, uint64_t address)
{
	size_t low = 0;

	while (count > 0) {
		size_t half = count / 2;

		if (runs[low + half].last < address) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return low;
}

/* Run @index of the list, which it has. Its name lives as long as the list. */
static inline void tmi_snapshot_get(const struct tmi_snapshot *snapshot, size_t index,
				    struct tmi_run *run)
{
	if (snapshot->runs)
		*run = snapshot->runs[index];
	else
		snapshot->get(snapshot, index, run);
}

/* As tmi_runs_find(). */
static inline size_t tmi_snapshot_find(const struct tmi_snapshot *snapshot, uint64_t address)
{
	size_t low = 0;

	if (snapshot->runs)
		return tmi_runs_find(snapshot->runs, snapshot->count, address);
	for (size_t count = snapshot->count; count > 0;) {
		size_t half = count / 2;
		struct tmi_run run;

		snapshot->get(snapshot, low + half, &run);
		if (run.last < address) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return low;
}

#endif
