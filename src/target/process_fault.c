/* SPDX-License-Identifier: Apache-2.0 */
/* process_fault.c - why a byte of a live process could not be read or written. */
#include <stdlib.h>
#include <string.h>

#include "target/process.h"

/* Of the page at an address; present when the kernel does not tell. */
static enum live_page page_state(struct live *process, uint64_t address)
{
	struct live_pages pages;
	uint64_t stop;

	if (!tmi_process_look_at_pages(process, address, address, &pages))
		return PAGE_PRESENT;
	return tmi_process_page(&pages, address, &stop);
}

static bool past_end(struct live *process, const struct live_vma *vma, uint64_t address,
		     bool *known)
{
	uint64_t page = process->target->page;
	uint64_t size;

	*known =
		tmi_process_vma_kind(vma) == VMA_FILE && tmi_process_file_size(process, vma, &size);
	return *known && vma->offset + (address & ~(page - 1)) - vma->first >= size;
}

/* Reasons that hold for reading and for writing. */
static enum tmem_reason common_reason(struct live *process, const struct live_vma *vma,
				      uint64_t address)
{
	enum live_vma_kind kind = tmi_process_vma_kind(vma);
	enum live_page state;
	uint32_t traits = 0;
	uint64_t last;
	bool known;

	if (kind == VMA_UNREADABLE || kind == VMA_DEVICE)
		return TMEM_REASON_NO_ACCESS;
	state = page_state(process, address);
	if (state == PAGE_GUARD)
		return TMEM_REASON_GUARD;
	if (past_end(process, vma, address, &known))
		return TMEM_REASON_PAST_END_OF_FILE;
	if (tmi_process_traits(process, address, &last, &traits) == TMEM_S_OK &&
	    traits & (TRAIT_BLOCKS | TRAIT_WATCHED))
		return TMEM_REASON_WOULD_BLOCK;
	if (traits & TRAIT_GUARDS)
		return TMEM_REASON_GUARD;
	if (kind == VMA_FILE && !known && state == PAGE_UNTOUCHED)
		return TMEM_REASON_PAST_END_OF_FILE;
	return TMEM_REASON_NO_ACCESS;
}

static enum tmem_reason read_reason(struct live *process, uint64_t address)
{
	struct live_vma vma;
	tmem_status status;

	/* The gate page: executable only, and its address is no file position. */
	if (address >= LIVE_TOP)
		return address >> 12 == 0xffffffffff600 ? TMEM_REASON_NO_ACCESS
							: TMEM_REASON_NOT_MAPPED;
	status = tmi_process_vma(process, address, false, true, &vma);
	if (status != TMEM_S_OK)
		return TMEM_REASON_NOT_MAPPED;
	if (!process->target->features.force && !(vma.flags & VMA_READ))
		return TMEM_REASON_PROTECTED;
	return common_reason(process, &vma, address);
}

tmem_status tmi_process_read_fault(struct live *process, uint64_t address)
{
	return tmi_fail(TMEM_E_READ_FAULT, read_reason(process, tmi_process_untag(address)),
			address);
}

static enum tmem_reason write_reason(struct live *process, uint64_t address)
{
	struct live_vma vma;

	if (address >= LIVE_TOP)
		return read_reason(process, address);
	if (tmi_process_vma(process, address, false, true, &vma) != TMEM_S_OK)
		return TMEM_REASON_NOT_MAPPED;
	if (!atomic_load(&process->can_write))
		return TMEM_REASON_DENIED;
	if (vma.flags & VMA_SHARED && !(vma.flags & VMA_WRITE))
		return TMEM_REASON_READ_ONLY;
	if (!process->target->features.force && !(vma.flags & VMA_WRITE))
		return TMEM_REASON_PROTECTED;
	return common_reason(process, &vma, address);
}

tmem_status tmi_process_write_fault(struct live *process, uint64_t address)
{
	return tmi_fail(TMEM_E_WRITE_FAULT, write_reason(process, tmi_process_untag(address)),
			address);
}
