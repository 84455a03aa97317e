/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_resident.c - reading what a live process has in memory, and nothing else.
 *
 * A search looks at each page of gigabytes. Where all of them are in memory, which is usual, one
 * look just before the transfer answers everything at once: the bytes can be read, nothing is
 * touched, nothing blocks. Whatever else there is, is told from each other by others.
 */
#include <sys/uio.h>
#include <unistd.h>

#include "target/process.h"

/* Bytes that lie on resident pages, from @address on. */
static size_t resident(struct live *process, uint64_t address, size_t size)
{
	struct live_pages pages;
	uint64_t stop;

	if (!tmi_process_look_at_pages(process, address, address + (size - 1), &pages) ||
	    tmi_process_page(&pages, address, &stop) != PAGE_PRESENT)
		return 0;
	return stop - address < size ? (size_t)(stop - address) : size;
}

size_t tmi_process_read_resident(void *state, uint32_t space, uint64_t address, void *buffer,
				 size_t size)
{
	struct live *process = tmi_process_at(state, space);
	struct iovec here = { buffer, 0 }, there;
	uint64_t generation;
	ssize_t got;

	address = tmi_process_untag(address);
	if (!process || !process->target->features.transfer || !size || address >= LIVE_TOP ||
	    size > LIVE_TOP - address || tmi_process_find(state, space, &process) != TMEM_S_OK)
		return 0;
	generation = atomic_load(&process->generation);
	if (atomic_load(&process->shares) && tmi_process_check(process) != TMEM_S_OK)
		return 0;
	here.iov_len = resident(process, address, size);
	if (!here.iov_len)
		return 0;
	there = (struct iovec){ (void *)(uintptr_t)address, here.iov_len };
	got = process_vm_readv((pid_t)atomic_load(&process->tid), &here, 1, &there, 1, 0);
	if (got <= 0 || tmi_process_verify(process, generation) != TMEM_S_OK)
		return 0;
	return (size_t)got;
}
