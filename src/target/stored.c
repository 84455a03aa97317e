/* SPDX-License-Identifier: Apache-2.0 */
/* stored.c - reading, lending and listing physical memory that lies in a file; see stored.h. */
#include "target/stored.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/error.h"

tmem_status tmi_stored_open(struct tmi_stored *stored, const struct tmi_open *open)
{
	tmem_status status;

	memset(stored, 0, sizeof(*stored));
	pthread_mutex_init(&stored->lock, NULL);
	status = tmi_file_open_named(&stored->file, open->head, open->address, open->name,
				     open->may_map);
	atomic_init(&stored->size, stored->file.size);
	return status;
}

void tmi_stored_close(struct tmi_stored *stored)
{
	tmi_snapshot_release(stored->snapshot);
	tmi_stored_table_fini(&stored->table);
	tmi_file_close(&stored->file);
	pthread_mutex_destroy(&stored->lock);
}

tmem_status tmi_stored_settle(struct tmi_stored *stored)
{
	tmi_file_settle(&stored->file);
	return tmi_stored_table_settle(&stored->table, stored->file.size);
}

/* Bytes that the file has by now. Only ever goes down. */
static uint64_t file_size(const struct tmi_stored *stored)
{
	return atomic_load_explicit(&stored->size, memory_order_relaxed);
}

static bool find(const struct tmi_stored *stored, uint64_t address, struct tmi_stored_piece *piece)
{
	return tmi_stored_table_find(&stored->table, file_size(stored), address, piece);
}

void tmi_stored_measure(struct tmi_stored *stored)
{
	uint_fast64_t old = file_size(stored);
	struct stat info;

	if (fstat(stored->file.fd, &info) < 0 || !S_ISREG(info.st_mode))
		return;
	while ((uint64_t)info.st_size < old &&
	       !atomic_compare_exchange_weak(&stored->size, &old, (uint64_t)info.st_size))
		continue;
}

bool tmi_stored_truncated(const struct tmi_stored *stored)
{
	return stored->table.file_end > file_size(stored) || tmi_file_truncated(&stored->file);
}

void tmi_stored_facts(const struct tmi_stored *stored, struct tmi_facts *facts)
{
	memset(facts, 0, sizeof(*facts));
	facts->mode = TMEM_MODE_KERNEL;
	facts->page_size = 4096;
	facts->last_user = UINT64_MAX;
	facts->live = stored->live;
	facts->incomplete = tmi_stored_truncated(stored);
	/* A page may begin with bytes that are not there and end with bytes that are. */
	facts->byte_granular = !tmi_stored_table_aligned(&stored->table, file_size(stored));
	facts->lends = stored->file.map != NULL;
}

void tmi_stored_count(const struct tmi_stored *stored, uint64_t *size, size_t *stretches)
{
	const struct tmi_stored_table *table = &stored->table;

	*size = 0;
	*stretches = 0;
	for (size_t i = 0; i < table->count; i++) {
		*size = tmi_add_saturating(*size, table->ranges[i].last - table->first[i]);
		*size = tmi_add_saturating(*size, 1);
		*stretches += !i || table->ranges[i - 1].last != table->first[i] - 1;
	}
}

static tmem_status read_item(struct tmi_stored *stored, struct tmem_transfer *item)
{
	uint64_t address = item->offset;
	struct tmi_stored_piece piece;

	item->done = 0;
	if (item->size == 0)
		return TMEM_S_OK;
	while (find(stored, address, &piece) && piece.stored) {
		uint64_t there = piece.last - address;
		size_t left = item->size - item->done;
		size_t part = there < left ? (size_t)there + 1 : left;
		size_t got = tmi_file_read(&stored->file, piece.offset + (address - piece.first),
					   (uint8_t *)item->buffer + item->done, part);

		item->done += got;
		address += got;
		if (got < part) {
			tmi_stored_measure(stored);
			piece.reason = TMEM_REASON_TRUNCATED;
			break;
		}
		if (item->done == item->size || address == 0)
			break; /* all of it, or the top of the address space */
	}
	return item->done ? TMEM_S_OK : tmi_fail(TMEM_E_READ_FAULT, piece.reason, item->offset);
}

uint32_t tmi_stored_process_count(void *state)
{
	return 0;
}

bool tmi_stored_process(void *state, uint32_t space, struct tmi_process *process)
{
	return false;
}

tmem_status tmi_stored_read(void *state, uint32_t space, struct tmem_transfer *items, size_t count,
			    uint32_t flags)
{
	struct tmi_stored *stored = state;
	for (size_t i = 0; i < count; i++) {
		items[i].done = 0;
		items[i].status = space == TMI_SPACE_PHYSICAL
					  ? read_item(stored, &items[i])
					  : tmi_fail(TMEM_E_READ_FAULT, TMEM_REASON_NOT_MAPPED,
						     items[i].offset);
	}
	return TMEM_S_OK;
}

bool tmi_stored_view(void *state, uint32_t space, uint64_t address, struct tmi_borrow *borrow)
{
	struct tmi_stored *stored = state;
	struct tmi_stored_piece piece;

	if (space != TMI_SPACE_PHYSICAL || !find(stored, address, &piece) || !piece.stored)
		return false;
	borrow->data = tmi_file_view(&stored->file, piece.offset, piece.last - piece.first + 1);
	borrow->first = piece.first;
	borrow->last = piece.last;
	borrow->truncated = &stored->file.truncated;
	return borrow->data != NULL;
}

/* The run that holds @from or the next one; false when there is none. */
static bool make_run(const struct tmi_stored *stored, uint64_t from, struct tmi_run *run)
{
	struct tmi_stored_piece piece;

	if (!find(stored, from, &piece) &&
	    (piece.last == UINT64_MAX || !find(stored, piece.last + 1, &piece)))
		return false;
	memset(run, 0, sizeof(*run));
	run->first = piece.first;
	run->last = piece.last;
	run->name = "";
	run->state = TMEM_MEM_COMMIT;
	run->source = piece.stored ? TMEM_VSOURCE_DEBUGGEE : TMEM_VSOURCE_INVALID;
	run->reason = (uint8_t)piece.reason;
	return true;
}

tmem_status tmi_stored_run(void *state, uint32_t space, uint64_t from, struct tmi_run *run)
{
	struct tmi_stored *stored = state;
	if (space != TMI_SPACE_PHYSICAL || !make_run(stored, from, run))
		return TMEM_E_NO_MORE_ENTRIES;
	return TMEM_S_OK;
}

static void free_snapshot(struct tmi_snapshot *snapshot)
{
	free((void *)(uintptr_t)snapshot->runs);
	free(snapshot);
}

/* Every run from the lowest address on; NULL without memory. */
static struct tmi_run *list_runs(const struct tmi_stored *stored, size_t *count)
{
	/* A range has three parts at most. */
	struct tmi_run *runs = calloc(3 * stored->table.count + 1, sizeof(*runs));
	uint64_t from = 0;

	*count = 0;
	while (runs && *count < 3 * stored->table.count && make_run(stored, from, &runs[*count])) {
		uint64_t last = runs[(*count)++].last;

		if (last == UINT64_MAX)
			break;
		from = last + 1;
	}
	return runs;
}

static struct tmi_snapshot *make_snapshot(const struct tmi_stored *stored)
{
	struct tmi_snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (!snapshot)
		return NULL;
	snapshot->runs = list_runs(stored, &snapshot->count);
	if (!snapshot->runs) {
		free(snapshot);
		return NULL;
	}
	atomic_init(&snapshot->references, 1);
	snapshot->free = free_snapshot;
	return snapshot;
}

/* The list is made once, and again only when the file was cut. */
tmem_status tmi_stored_snapshot(void *state, uint32_t space, struct tmi_snapshot **snapshot)
{
	struct tmi_stored *stored = state;
	uint64_t size;

	*snapshot = NULL;
	if (space != TMI_SPACE_PHYSICAL)
		return tmi_fail(TMEM_E_UNEXPECTED, TMEM_REASON_KERNEL_MODE, 0);
	pthread_mutex_lock(&stored->lock);
	size = file_size(stored);
	if (!stored->snapshot || stored->snapshot_size != size) {
		tmi_snapshot_release(stored->snapshot);
		stored->snapshot = make_snapshot(stored);
		stored->snapshot_size = size;
	}
	if (stored->snapshot)
		*snapshot = tmi_snapshot_hold(stored->snapshot);
	pthread_mutex_unlock(&stored->lock);
	return *snapshot ? TMEM_S_OK : tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
}

/* Images and dumps are written sparse: what is a hole of the file was all zeros. */
bool tmi_stored_untouched(void *state, uint32_t space, const struct tmi_run *run, uint64_t from,
			  uint64_t last, uint64_t *end)
{
	struct tmi_stored *stored = state;
	struct tmi_stored_piece piece;
	uint64_t length;
	bool hole;

	*end = last;
	if (space != TMI_SPACE_PHYSICAL || stored->live || !stored->file.sparse ||
	    !find(stored, from, &piece) || !piece.stored)
		return false;
	if (last > piece.last)
		last = piece.last;
	hole = tmi_file_hole(&stored->file, piece.offset + (from - piece.first),
			     tmi_add_saturating(last - from, 1), &length);
	*end = length ? from + (length - 1) : last;
	return hole && length;
}

char *tmi_stored_size_text(uint64_t size, char text[32])
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	unsigned unit = 0;
	uint64_t tenths = 0;

	while (unit < 6 && size >= 1024) {
		tenths = (size & 1023) * 10 / 1024;
		size >>= 10;
		unit++;
	}
	if (tenths)
		snprintf(text, 32, "%" PRIu64 ".%" PRIu64 " %s", size, tenths, units[unit]);
	else
		snprintf(text, 32, "%" PRIu64 " %s", size, units[unit]);
	return text;
}
