/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c - many transfers in one call, of virtual and physical memory. */
#include <tmem/memory.h>
#include <tmem/physical.h>
#include <tmem/region.h>

#include "access/access.h"

/* Gives every element the outcome of a call that tried none of them. */
static void set_all(struct tmem_transfer *items, size_t count, tmem_status status)
{
	for (size_t i = 0; items && i < count; i++) {
		items[i].done = 0;
		items[i].status = status;
	}
}

/* Says what is wrong with an element. */
static tmem_status refuse(const struct tmem_transfer *item)
{
	tmem_status status = tmi_access_need(item->buffer, "buffer of a transfer");

	return status == TMEM_S_OK
		       ? tmi_bad_argument("flags of a transfer", "TMEM_TRANSFER_UNCACHED or 0")
		       : status;
}

static tmem_status check(const struct tmem_transfer *items, size_t count)
{
	if (!items)
		return tmi_access_need(items, "transfers");
	for (size_t i = 0; i < count; i++)
		if (!items[i].buffer || items[i].flags & ~(uint32_t)TMEM_TRANSFER_UNCACHED)
			return refuse(&items[i]);
	return TMEM_S_OK;
}

/* No single element can be the cause of these: the target is out of reach. */
static bool is_lost(tmem_status status)
{
	return status == TMEM_E_UNEXPECTED || status == TMEM_E_CONNECTION_LOST ||
	       status == TMEM_E_TIMED_OUT || status == TMEM_E_OUTOFMEMORY;
}

/* The call's status from those of its elements; @whole is what the transfer itself returned. */
static tmem_status summary(const struct tmem_transfer *items, size_t count, tmem_status whole)
{
	size_t missing = 0;
	size_t moved = 0;

	for (size_t i = 0; i < count; i++) {
		missing |= items[i].size ^ items[i].done;
		moved |= items[i].done;
		if (!items[i].status)
			continue;
		missing = 1;
		if (!TMEM_FAILED(whole) && is_lost(items[i].status))
			whole = items[i].status;
	}
	if (TMEM_FAILED(whole) && !moved)
		return whole;
	return missing ? TMEM_S_FALSE : TMEM_S_OK;
}

/* The space converts and clips the addresses of the elements itself. */
static tmem_status read_batch(struct tmi_space *space, struct tmem_transfer *items, size_t count)
{
	return summary(items, count, tmi_space_read_batch(space, items, count));
}

static tmem_status write_batch(struct tmi_space *space, struct tmem_transfer *items, size_t count,
			       bool *changed)
{
	*changed = false;
	for (size_t i = 0; i < count; i++) {
		struct tmem_transfer *item = &items[i];

		item->status = tmi_access_write(space, item->offset, item->buffer, item->size,
						&item->done);
		*changed = *changed || item->done > 0;
	}
	return summary(items, count, TMEM_S_OK);
}

tmem_status tmem_read_virtual_batch(tmem_target *target, struct tmem_transfer *transfers,
				    size_t count)
{
	struct tmi_space *space;
	tmem_status status = check(transfers, count);

	if (status == TMEM_S_OK)
		status = tmi_call_virtual(target, &space);
	if (status == TMEM_S_OK)
		status = read_batch(space, transfers, count);
	else
		set_all(transfers, count, status);
	return tmi_call_end(target, status);
}

tmem_status tmem_read_physical_batch(tmem_target *target, struct tmem_transfer *transfers,
				     size_t count)
{
	struct tmi_space *space;
	tmem_status status = check(transfers, count);

	if (status == TMEM_S_OK)
		status = tmi_call_physical(target, &space);
	if (status == TMEM_S_OK)
		status = read_batch(space, transfers, count);
	else
		set_all(transfers, count, status);
	return tmi_call_end(target, status);
}

tmem_status tmem_write_virtual_batch(tmem_target *target, struct tmem_transfer *transfers,
				     size_t count)
{
	struct tmi_space *space;
	bool changed;
	tmem_status status = check(transfers, count);

	if (status == TMEM_S_OK)
		status = tmi_call_write(target, &space);
	set_all(transfers, count, status);
	if (status == TMEM_S_OK) {
		status = write_batch(space, transfers, count, &changed);
		tmi_call_wrote(target, TMEM_DATA_SPACE_VIRTUAL, changed);
	}
	return tmi_call_end(target, status);
}

tmem_status tmem_write_physical_batch(tmem_target *target, struct tmem_transfer *transfers,
				      size_t count)
{
	struct tmi_space *space;
	bool changed;
	tmem_status status = check(transfers, count);

	if (status == TMEM_S_OK)
		status = tmi_call_write_physical(target, &space);
	set_all(transfers, count, status);
	if (status == TMEM_S_OK) {
		status = write_batch(space, transfers, count, &changed);
		tmi_call_wrote(target, TMEM_DATA_SPACE_PHYSICAL, changed);
	}
	return tmi_call_end(target, status);
}
