/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regions.c - GetOffsetInformation, GetValidRegionVirtual, GetNextDifferentlyValidOffsetVirtual.
 *
 * An address that the space does not have is invalid memory here, never a bad argument.
 */
#include <string.h>
#include <tmem/region.h>

#include "access/access.h"

static tmem_status check_information(uint32_t space, uint32_t which, const void *buffer,
				     size_t buffer_size)
{
	if (space != TMEM_DATA_SPACE_VIRTUAL)
		return tmi_bad_argument("space", "TMEM_DATA_SPACE_VIRTUAL");
	if (which != TMEM_OFFSINFO_VIRTUAL_SOURCE)
		return tmi_bad_argument("which", "TMEM_OFFSINFO_VIRTUAL_SOURCE");
	if (buffer && buffer_size < sizeof(uint32_t))
		return tmi_bad_argument("buffer_size", "at least 4");
	return TMEM_S_OK;
}

tmem_status tmem_get_offset_information(tmem_target *target, uint32_t space_id, uint32_t which,
					uint64_t offset, void *buffer, size_t buffer_size,
					size_t *info_size)
{
	uint32_t source = TMEM_VSOURCE_INVALID;
	struct tmi_space *space;
	tmem_status status;

	if (info_size)
		*info_size = sizeof(source);
	if (buffer && buffer_size >= sizeof(source))
		memcpy(buffer, &source, sizeof(source));
	status = check_information(space_id, which, buffer, buffer_size);
	if (status == TMEM_S_OK)
		status = tmi_call_virtual(target, &space);
	if (status == TMEM_S_OK && tmi_space_enter(space, &offset) == TMEM_S_OK)
		status = tmi_space_source(space, offset, &source);
	if (buffer && status == TMEM_S_OK)
		memcpy(buffer, &source, sizeof(source));
	return tmi_call_end(target, status);
}

/* First readable stretch, however long it takes to find one, unless interrupted. */
static tmem_status search_valid(tmem_target *target, struct tmi_space *space, uint64_t from,
				uint64_t last, uint64_t *first, uint64_t *end)
{
	tmem_status status = TMEM_S_FALSE;

	*first = from;
	while (status == TMEM_S_FALSE) {
		status = tmi_space_valid(space, *first, last, first, end);
		if (status == TMEM_S_FALSE && tmi_call_interrupted(target))
			status = tmi_fail(TMEM_E_CONTROL_C_EXIT, TMEM_REASON_NONE, *first);
	}
	return status;
}

static tmem_status find_valid(tmem_target *target, struct tmi_space *space, uint64_t base,
			      uint64_t size, uint64_t *valid_base, uint64_t *valid_size)
{
	uint64_t address = base;
	uint64_t length = size;
	uint64_t first;
	uint64_t end;
	tmem_status status = TMEM_E_NO_MORE_ENTRIES;

	if (size && tmi_access_range(space, &address, &length) == TMEM_S_OK)
		status = search_valid(target, space, address, address + length - 1, &first, &end);
	if (status == TMEM_E_NO_MORE_ENTRIES)
		status = tmi_fail(TMEM_E_NOINTERFACE, TMEM_REASON_NOT_MAPPED, base);
	if (TMEM_FAILED(status))
		return tmi_wrap(status, TMI_ACTION_REGION, base, size);
	*valid_base = tmi_space_leave(space, first);
	*valid_size = end - first + 1;
	return TMEM_S_OK;
}

tmem_status tmem_get_valid_region_virtual(tmem_target *target, uint64_t base, uint64_t size,
					  uint64_t *valid_base, uint64_t *valid_size)
{
	struct tmi_space *space;
	tmem_status status = tmi_access_need(valid_base, "valid_base");

	if (valid_base)
		*valid_base = 0;
	if (valid_size)
		*valid_size = 0;
	if (status == TMEM_S_OK)
		status = tmi_access_need(valid_size, "valid_size");
	if (status == TMEM_S_OK)
		status = tmi_call_virtual(target, &space);
	if (status == TMEM_S_OK)
		status = find_valid(target, space, base, size, valid_base, valid_size);
	return tmi_call_end(target, status);
}

/* Files of processes: where validity really changes, to the byte. */
static tmem_status next_boundary(struct tmi_space *space, uint64_t address, uint64_t *next)
{
	uint64_t last = tmi_space_last(space);
	uint64_t first;
	uint64_t end;
	tmem_status status = tmi_space_valid(space, address, last, &first, &end);

	if (status == TMEM_E_NO_MORE_ENTRIES ||
	    (status == TMEM_S_OK && first == address && end == last))
		return tmi_fail(TMEM_E_NO_MORE_ENTRIES, TMEM_REASON_NONE, address);
	if (status == TMEM_S_OK)
		*next = first == address ? end + 1 : first;
	return status;
}

static tmem_status next_page(struct tmi_space *space, uint64_t address, uint64_t *next)
{
	uint64_t page_last = address | (tmi_space_facts(space)->page_size - 1);

	if (page_last >= tmi_space_last(space))
		return tmi_fail(TMEM_E_NO_MORE_ENTRIES, TMEM_REASON_NONE, address);
	*next = page_last + 1;
	return TMEM_S_OK;
}

static tmem_status next_differently_valid(struct tmi_space *space, uint64_t offset, uint64_t *next)
{
	uint64_t address = offset;
	uint64_t following;
	tmem_status status = tmi_space_enter(space, &address);

	/* Beyond the space nothing follows. */
	if (TMEM_FAILED(status))
		status = tmi_fail(TMEM_E_NO_MORE_ENTRIES, TMEM_REASON_OUT_OF_RANGE, offset);
	else if (tmi_space_facts(space)->byte_granular)
		status = next_boundary(space, address, next);
	else
		status = next_page(space, address, next);
	if (TMEM_FAILED(status))
		return tmi_wrap(status, TMI_ACTION_REGION, offset, 0);
	following = tmi_space_leave(space, *next);
	/* Above a tagged address is one with the same tag. */
	*next = following > offset ? following : offset + (*next - address);
	return TMEM_S_OK;
}

tmem_status tmem_get_next_differently_valid_offset_virtual(tmem_target *target, uint64_t offset,
							   uint64_t *next_offset)
{
	struct tmi_space *space;
	tmem_status status = tmi_access_need(next_offset, "next_offset");

	if (next_offset)
		*next_offset = 0;
	if (status == TMEM_S_OK)
		status = tmi_call_virtual(target, &space);
	if (status == TMEM_S_OK)
		status = next_differently_valid(space, offset, next_offset);
	return tmi_call_end(target, status);
}
