/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_io.c - reading one range of a live process.
 *
 * Two ways lead in. The memory file is bound to one address space, passes page protection and
 * never blocks, but reading just below a stack through it makes the stack grow; so it is used in
 * mappings only. The transfer call is twice as fast for much data, goes by process number and
 * blocks for ever on absent pages that userfaultfd serves; so it is used on present pages only,
 * and checked afterwards.
 */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "target/process.h"

/* Bytes whose pages are looked at together. */
#define PIECE ((uint64_t)1 << 20)

/* --- the memory file --- */

/* Reads up to the first unreadable byte. 0 bytes and LIVE_STALE when the space is gone. */
static tmem_status read_memory(struct live *process, uint64_t address, uint8_t *buffer,
			       uint64_t size, uint64_t *done)
{
	*done = 0;
	while (*done < size) {
		ssize_t got =
			pread(process->mem, buffer + *done, size - *done, (off_t)(address + *done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0 || (got < 0 && errno == EBADF))
			return LIVE_STALE;
		if (got < 0)
			break;
		*done += (uint64_t)got;
		/* A short read ends where the next page cannot be read, or at the call's limit. */
		if (*done < size && (uint64_t)got < 0x7ffff000)
			break;
	}
	return TMEM_S_OK;
}

/* A stopped process can be read word by word where the memory file does not pass protection. */
static uint64_t peek(struct live *process, uint64_t address, uint8_t *buffer, uint64_t size)
{
	tmem_status status;
	uint64_t inside, done;

	if (process->target->features.force || !atomic_load(&process->suspended))
		return 0;
	inside = tmi_process_extent(process, address, size, 0, &status);
	if (!inside)
		return 0;
	tmi_process_peek(process, address, buffer, inside, &done);
	return done;
}

/* What mappings must allow for the memory file; asked only where protection stops it. */
static uint32_t needed(const struct live *process)
{
	return process->target->features.force ? 0 : VMA_READ;
}

tmem_status tmi_process_careful_read(struct live *process, uint64_t address, void *buffer,
				     uint64_t size, uint64_t *done)
{
	uint8_t *to = buffer;

	*done = 0;
	while (*done < size) {
		uint64_t at = address + *done;
		tmem_status status;
		uint64_t got = 0;
		uint64_t inside =
			tmi_process_extent(process, at, size - *done, needed(process), &status);

		if (status == TMEM_S_OK && inside)
			status = read_memory(process, at, to + *done, inside, &got);
		else if (status == TMEM_S_OK)
			got = inside = peek(process, at, to + *done, size - *done);
		if (status != TMEM_S_OK)
			return LIVE_STALE;
		*done += got;
		if (!got || got < inside)
			break;
	}
	return TMEM_S_OK;
}

/* --- the transfer call --- */

/* Bytes moved; 0 when nothing could be. */
static uint64_t transfer(struct live *process, uint64_t address, void *buffer, uint64_t size)
{
	struct iovec local = { buffer, size };
	struct iovec remote = { (void *)(uintptr_t)address, size };
	ssize_t got = process_vm_readv((pid_t)atomic_load(&process->tid), &local, 1, &remote, 1, 0);

	return got < 0 ? 0 : (uint64_t)got;
}

/* Absent pages: zeros where that is certain and wanted, else read with care. */
static tmem_status read_absent(struct live *process, uint64_t address, uint8_t *buffer,
			       uint64_t size, uint32_t flags, uint64_t *done)
{
	*done = flags & TMI_READ_NO_TOUCH ? tmi_process_zeros(process, address, size) : 0;
	if (!*done)
		return tmi_process_careful_read(process, address, buffer, size, done);
	memset(buffer, 0, *done);
	return TMEM_S_OK;
}

/*
 * Present pages; the rest with care, where the transfer call does not pass protection. A scan does
 * not tell holes from them, and below a stack the transfer would leave a warning in the kernel's
 * log.
 */
static tmem_status read_present(struct live *process, uint64_t address, uint8_t *buffer,
				uint64_t size, uint64_t *done)
{
	tmem_status status;
	uint64_t inside = tmi_process_extent(process, address, size, 0, &status);
	uint64_t rest;

	*done = inside ? transfer(process, address, buffer, inside) : 0;
	if (*done == size || status != TMEM_S_OK)
		return status;
	status = tmi_process_careful_read(process, address + *done, buffer + *done, size - *done,
					  &rest);
	*done += rest;
	return status;
}

/* One piece, by the state of its pages. */
static tmem_status read_piece(struct live *process, uint64_t address, uint8_t *buffer,
			      uint64_t size, uint32_t flags, uint64_t *done)
{
	struct live_pages pages;
	tmem_status status = TMEM_S_OK;

	*done = 0;
	if (!tmi_process_look_at_pages(process, address, address + size - 1, &pages))
		return tmi_process_careful_read(process, address, buffer, size, done);
	if (pages.end - address < size)
		size = pages.end - address;
	while (*done < size && status == TMEM_S_OK) {
		uint64_t at = address + *done;
		uint64_t part, stop;
		enum live_page state = tmi_process_page(&pages, at, &stop);
		uint64_t want = stop - at < size - *done ? stop - at : size - *done;

		if (state == PAGE_PRESENT)
			status = read_present(process, at, buffer + *done, want, &part);
		else
			status = read_absent(process, at, buffer + *done, want,
					     state == PAGE_UNTOUCHED ? flags : 0, &part);
		*done += part;
		if (part == 0)
			break;
	}
	return status;
}

tmem_status tmi_process_bulk_read(struct live *process, uint64_t address, void *buffer,
				  uint64_t size, uint32_t flags, uint64_t *done)
{
	uint8_t *to = buffer;
	tmem_status status = TMEM_S_OK;
	uint64_t part = 1;

	*done = 0;
	if (!process->target->features.transfer)
		return tmi_process_careful_read(process, address, buffer, size, done);
	while (*done < size && part && status == TMEM_S_OK) {
		uint64_t piece = size - *done < PIECE ? size - *done : PIECE;

		status = read_piece(process, address + *done, to + *done, piece, flags, &part);
		*done += part;
	}
	return status;
}

/* --- elements --- */

/* Bytes of an element that addresses can have. */
static uint64_t clip(uint64_t address, uint64_t size)
{
	if (address >= LIVE_TOP)
		return 0;
	return size < LIVE_TOP - address ? size : LIVE_TOP - address;
}

static tmem_status read_one(struct live *process, struct tmem_transfer *item, uint32_t flags)
{
	uint64_t generation = atomic_load_explicit(&process->generation, memory_order_acquire);
	uint64_t address = tmi_process_untag(item->offset);
	uint64_t size = clip(address, item->size);
	tmem_status status = TMEM_S_OK;
	uint64_t done = 0;

	item->done = 0;
	if (atomic_load_explicit(&process->shares, memory_order_relaxed))
		status = tmi_process_check(process);
	if (!size || status != TMEM_S_OK)
		return status;
	if (size <= TMI_DIRECT_MOST && !(flags & TMI_READ_NO_TOUCH)) {
		status = tmi_process_careful_read(process, address, item->buffer, size, &done);
		if (atomic_load_explicit(&process->generation, memory_order_acquire) != generation)
			status = LIVE_STALE;
	} else {
		status = tmi_process_bulk_read(process, address, item->buffer, size, flags, &done);
		if (status == TMEM_S_OK)
			status = tmi_process_verify(process, generation);
	}
	if (status == TMEM_S_OK)
		item->done = done;
	return status;
}

static tmem_status read_many(struct live *process, struct tmem_transfer *items, size_t count,
			     uint32_t flags, bool *complete)
{
	uint64_t generation = atomic_load(&process->generation);
	tmem_status status = TMEM_S_OK;

	if (atomic_load(&process->shares))
		status = tmi_process_check(process);
	if (status == TMEM_S_OK)
		status = tmi_process_batch_read(process, items, count, flags, complete);
	if (status == TMEM_S_OK)
		status = tmi_process_verify(process, generation);
	return status;
}

/* Statuses by what was moved; the reasons of failures are looked for now only. */
static void settle(struct live *process, struct tmem_transfer *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		items[i].status = items[i].done || !items[i].size
					  ? TMEM_S_OK
					  : tmi_process_read_fault(process, items[i].offset);
}

static tmem_status fail_all(struct tmem_transfer *items, size_t count, tmem_status status)
{
	for (size_t i = 0; i < count; i++) {
		items[i].done = 0;
		items[i].status = items[i].size ? status : TMEM_S_OK;
	}
	return status;
}

/*
 * The usual small read: one element in a mapping that the thread read from before, and one system
 * call. False: nothing was decided, go the long way.
 */
static bool read_known(void *state, uint32_t space, struct tmem_transfer *item)
{
	struct live *process = tmi_process_at(state, space);

	if (!process || !tmi_direct_read(&process->direct, tmi_process_untag(item->offset),
					 item->buffer, item->size))
		return false;
	item->done = item->size;
	item->status = TMEM_S_OK;
	return true;
}

tmem_status tmi_process_read(void *state, uint32_t space, struct tmem_transfer *items, size_t count,
			     uint32_t flags)
{
	struct live *process;
	uint64_t generation;
	tmem_status status;
	bool complete = false;
	int round = 0;

	if (!count)
		return TMEM_S_OK;
	if (count == 1 && !flags && read_known(state, space, items))
		return TMEM_S_OK;
	do {
		status = tmi_process_find(state, space, &process);
		if (status != TMEM_S_OK)
			break;
		generation = atomic_load(&process->generation);
		status = count == 1 ? read_one(process, items, flags)
				    : read_many(process, items, count, flags, &complete);
	} while (tmi_process_again(process, generation, &round, &status));
	if (status != TMEM_S_OK)
		return fail_all(items, count, status);
	if (!complete)
		settle(process, items, count);
	return TMEM_S_OK;
}
