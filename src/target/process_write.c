/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_write.c - writing to a live process.
 *
 * The memory file writes to one address space and no other, past page protection. The transfer
 * call is faster for much data, but goes by number and blocks where userfaultfd watches: it is
 * used on pages that are present and not watched.
 */
#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "target/process.h"

/* From here on the transfer call pays. */
#define LARGE_WRITE (64u << 10)

#define PIECE ((uint64_t)1 << 20)

/* Writes up to the first byte that refuses. */
static tmem_status write_memory(struct live *process, uint64_t address, const uint8_t *buffer,
				uint64_t size, uint64_t *done)
{
	*done = 0;
	while (*done < size) {
		ssize_t put = pwrite(process->mem, buffer + *done, size - *done,
				     (off_t)(address + *done));

		if (put < 0 && errno == EINTR)
			continue;
		if (put == 0)
			return LIVE_STALE;
		if (put < 0)
			return errno == EBADF && atomic_load(&process->can_write) ? LIVE_STALE
										  : TMEM_S_OK;
		*done += (uint64_t)put;
		if (*done < size && (uint64_t)put < 0x7ffff000)
			break;
	}
	return TMEM_S_OK;
}

/* A stopped process, where the memory file does not pass protection: word by word. */
static uint64_t poke(struct live *process, uint64_t address, const uint8_t *buffer, uint64_t size)
{
	tmem_status status;
	uint64_t inside, done;

	if (!atomic_load(&process->suspended))
		return 0;
	inside = tmi_process_extent(process, address, size, 0, &status);
	if (!inside)
		return 0;
	tmi_process_poke(process, address, buffer, inside, &done);
	return done;
}

static tmem_status write_carefully(struct live *process, uint64_t address, const uint8_t *buffer,
				   uint64_t size, uint64_t *done)
{
	uint32_t needed = process->target->features.force ? 0 : VMA_WRITE;

	*done = 0;
	while (*done < size) {
		uint64_t at = address + *done;
		tmem_status status;
		uint64_t put = 0;
		uint64_t inside = tmi_process_extent(process, at, size - *done, needed, &status);

		if (status == TMEM_S_OK && inside)
			status = write_memory(process, at, buffer + *done, inside, &put);
		if (status != TMEM_S_OK)
			return LIVE_STALE;
		if (!put)
			put = inside = poke(process, at, buffer + *done, size - *done);
		*done += put;
		if (!put || put < inside)
			break;
	}
	return TMEM_S_OK;
}

/*
 * True where the mapping does not let the process write, as was found out before and still holds:
 * the transfer call would refuse, after all that goes before it.
 */
static bool is_protected(struct live *process, uint64_t address)
{
	struct live_vma vma;
	uint32_t flags;

	return process->target->features.query &&
	       tmi_process_known_flags(process, address, &flags) && !(flags & VMA_WRITE) &&
	       tmi_process_vma(process, address, false, false, &vma) == TMEM_S_OK &&
	       !(vma.flags & VMA_WRITE);
}

/* Bytes moved by the transfer call; 0 when it must not be used or refuses. */
static uint64_t transfer(struct live *process, uint64_t address, const uint8_t *buffer,
			 uint64_t size)
{
	struct iovec local = { (void *)(uintptr_t)buffer, size };
	struct iovec remote = { (void *)(uintptr_t)address, size };
	ssize_t put;

	/* Where code is fetched through its own cache only the memory file keeps both alike. */
#ifdef __aarch64__
	return 0;
#endif
	if (!process->target->features.transfer || is_protected(process, address) ||
	    tmi_process_may_block_writes(process, address, address + size - 1) ||
	    !tmi_process_alive(process))
		return 0;
	put = process_vm_writev((pid_t)atomic_load(&process->tid), &local, 1, &remote, 1, 0);
	return put < 0 ? 0 : (uint64_t)put;
}

/* *by_number: part of it went by the transfer call, so where to is to be verified. */
static tmem_status write_bytes(struct live *process, uint64_t address, const uint8_t *buffer,
			       uint64_t size, uint64_t *done, bool *by_number)
{
	tmem_status status = TMEM_S_OK;
	uint64_t put = 1;

	*by_number = false;
	if (size < LARGE_WRITE)
		return write_carefully(process, address, buffer, size, done);
	for (*done = 0; *done < size && put && status == TMEM_S_OK; *done += put) {
		uint64_t piece = size - *done < PIECE ? size - *done : PIECE;

		put = transfer(process, address + *done, buffer + *done, piece);
		*by_number |= put > 0;
		if (!put)
			status = write_carefully(process, address + *done, buffer + *done, piece,
						 &put);
	}
	return status;
}

static tmem_status write_one(struct live *process, struct tmem_transfer *item)
{
	uint64_t generation = atomic_load(&process->generation);
	uint64_t address = tmi_process_untag(item->offset);
	uint64_t size = address < LIVE_TOP ? item->size : 0;
	tmem_status status = TMEM_S_OK;
	bool by_number = false;
	uint64_t done = 0;

	if (size > LIVE_TOP - address)
		size = LIVE_TOP - address;
	if (atomic_load(&process->shares))
		status = tmi_process_check(process);
	if (status == TMEM_S_OK && size)
		status = write_bytes(process, address, item->buffer, size, &done, &by_number);
	if (status == TMEM_S_OK && by_number)
		status = tmi_process_verify(process, generation);
	item->done = status == TMEM_S_OK ? done : 0;
	return status;
}

/* One element, in a new address space when the process executes another program meanwhile. */
static tmem_status write_item(void *state, uint32_t space, struct tmem_transfer *item)
{
	struct live *process;
	uint64_t generation;
	tmem_status status;
	int round = 0;

	item->done = 0;
	if (!item->size)
		return item->status = TMEM_S_OK;
	do {
		status = tmi_process_find(state, space, &process);
		if (status != TMEM_S_OK)
			break;
		generation = atomic_load(&process->generation);
		status = write_one(process, item);
	} while (tmi_process_again(process, generation, &round, &status));
	item->status = status;
	if (status == TMEM_S_OK && !item->done)
		item->status = tmi_process_write_fault(process, item->offset);
	return status;
}

tmem_status tmi_process_write(void *state, uint32_t space, struct tmem_transfer *items,
			      size_t count)
{
	tmem_status status = TMEM_S_OK;

	for (size_t i = 0; i < count; i++) {
		if (status == TMEM_S_OK) {
			status = write_item(state, space, &items[i]);
			continue;
		}
		items[i].done = 0;
		items[i].status = items[i].size ? status : TMEM_S_OK;
	}
	return status;
}
