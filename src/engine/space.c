/* SPDX-License-Identifier: Apache-2.0 */
/* space.c - the address rule, reading, writing and views of one space; see space.h. */
#include "engine/space.h"

#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/hot.h"
#include "engine/translated.h"

/* Addresses of 32 bits, sign-extended outside. Physical ones are wider on the same machine. */
static inline bool is_narrow(const struct tmi_space *space)
{
	return tmi_space_facts_now(space)->pointer_size == 4 && space->number != TMI_SPACE_PHYSICAL;
}

uint64_t tmi_space_last(const struct tmi_space *space)
{
	return is_narrow(space) ? UINT32_MAX : UINT64_MAX;
}

tmem_status tmi_space_enter(const struct tmi_space *space, uint64_t *address)
{
	const struct tmi_translation *translation = tmi_space_translation(space);
	uint64_t given = *address;

	if (!is_narrow(space)) {
		/* Tags go; an address that cannot be one is a hole, which the walk finds. */
		if (translation)
			translation->scheme->canonical(&translation->tables, address);
		return TMEM_S_OK;
	}
	if (given <= UINT32_MAX)
		return TMEM_S_OK;
	if (given >> 31 != UINT64_C(0x1ffffffff))
		return tmi_fail(TMEM_E_READ_FAULT, TMEM_REASON_OUT_OF_RANGE, given);
	*address = (uint32_t)given;
	return TMEM_S_OK;
}

uint64_t tmi_space_leave(const struct tmi_space *space, uint64_t address)
{
	if (!is_narrow(space))
		return address;
	return (uint64_t)(int64_t)(int32_t)(uint32_t)address;
}

uint64_t tmi_space_clip(const struct tmi_space *space, uint64_t address, uint64_t size)
{
	uint64_t last = tmi_space_last(space);

	return size - 1 > last - address ? last : address + size - 1;
}

/* What the kind lends, less what the overlay has. */
static inline bool lend(struct tmi_space *space, uint64_t address, struct tmi_borrow *borrow)
{
	struct tmi_shared *shared = space->shared;
	uint64_t first;

	if (!shared->kind->view ||
	    !shared->kind->view(shared->state, space->number, address, borrow))
		return false;
	first = borrow->first;
	if (shared->overlay && !tmi_overlay_clip(shared->overlay, space->number, address,
						 &borrow->first, &borrow->last))
		return false;
	borrow->data += borrow->first - first;
	return true;
}

/* Of the storage, but here: a small read of lent bytes is one piece of code that way. */
bool tmi_storage_view(struct tmi_space *space, uint64_t address, struct tmi_borrow *borrow)
{
	return lend(space, address, borrow);
}

bool tmi_space_read_lent(struct tmi_space *space, uint64_t address, void *buffer, size_t size)
{
	/* Taken before the view: a write in between makes the stretch out of date, not wrong. */
	uint64_t generation = tmi_space_generation(space);
	struct tmi_borrow borrow;

	if (!lend(space, address, &borrow) || borrow.last - address < size - 1)
		return false;
	tmi_hot_copy(buffer, borrow.data + (address - borrow.first), size);
	if (borrow.truncated && tmi_file_was_cut(borrow.truncated))
		return false;
	tmi_hot_offer = (struct tmi_hot_offer){ space->serial, generation, borrow };
	return true;
}

tmem_status tmi_space_read(struct tmi_space *space, uint64_t address, void *buffer, size_t size,
			   uint32_t flags, size_t *done)
{
	const struct tmi_translation *translation = tmi_space_translation(space);

	*done = 0;
	if (!size)
		return TMEM_S_OK;
	size = tmi_space_clip(space, address, size) - address + 1;
	if (translation)
		return tmi_translated_read(translation, address, buffer, size, flags, done);
	if (flags & TMI_SPACE_UNLENT || !tmi_space_facts_now(space)->lends ||
	    !tmi_space_read_lent(space, address, buffer, size))
		return tmi_storage_read(space, address, buffer, size, flags, done);
	*done = size;
	return TMEM_S_OK;
}

/* Elements with internal addresses, clipped to the space; those that fail are answered here. */
static size_t prepare(struct tmi_space *space, struct tmem_transfer *items, size_t count,
		      struct tmem_transfer *prepared, size_t *index)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		struct tmem_transfer item = items[i];

		items[i].done = 0;
		items[i].status = item.size ? tmi_space_enter(space, &item.offset) : TMEM_S_OK;
		if (!item.size || items[i].status != TMEM_S_OK)
			continue;
		item.size = tmi_space_clip(space, item.offset, item.size) - item.offset + 1;
		item.done = 0;
		item.status = TMEM_E_READ_FAULT;
		index[used] = i;
		prepared[used++] = item;
	}
	return used;
}

/* Elements that the address rule changes, or the end of the space cuts: as copies. */
static tmem_status read_prepared(struct tmi_space *space, struct tmem_transfer *items, size_t count)
{
	struct tmem_transfer *prepared = calloc(count ? count : 1, sizeof(*prepared));
	size_t *index = calloc(count ? count : 1, sizeof(*index));
	tmem_status status;
	size_t used;

	if (!prepared || !index) {
		free(prepared);
		free(index);
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	}
	used = prepare(space, items, count, prepared, index);
	status = used ? tmi_storage_read_batch(space, prepared, used) : TMEM_S_OK;
	for (size_t i = 0; i < used; i++) {
		items[index[i]].done = prepared[i].done;
		items[index[i]].status = prepared[i].done ? TMEM_S_OK : prepared[i].status;
	}
	free(prepared);
	free(index);
	return status;
}

/* A space of the kind: one request for all elements. */
static tmem_status read_stored_batch(struct tmi_space *space, struct tmem_transfer *items,
				     size_t count)
{
	bool as_they_are = !is_narrow(space);

	for (size_t i = 0; i < count; i++) {
		as_they_are = as_they_are &&
			      (!items[i].size || items[i].size - 1 <= UINT64_MAX - items[i].offset);
		items[i].done = 0;
		items[i].status = TMEM_E_READ_FAULT;
	}
	if (!as_they_are)
		return read_prepared(space, items, count);
	return count ? tmi_storage_read_batch(space, items, count) : TMEM_S_OK;
}

tmem_status tmi_space_read_batch(struct tmi_space *space, struct tmem_transfer *items, size_t count)
{
	const struct tmi_translation *translation = tmi_space_translation(space);

	if (translation)
		return tmi_translated_read_batch(space, translation, items, count);
	return read_stored_batch(space, items, count);
}

tmem_status tmi_space_write(struct tmi_space *space, uint64_t address, const void *buffer,
			    size_t size, size_t *done)
{
	const struct tmi_translation *translation = tmi_space_translation(space);

	*done = 0;
	if (!size)
		return TMEM_S_OK;
	size = tmi_space_clip(space, address, size) - address + 1;
	if (translation)
		return tmi_translated_write(translation, address, buffer, size, done);
	return tmi_storage_write(space, address, buffer, size, done);
}

bool tmi_space_tells_resident(const struct tmi_space *space)
{
	return space->shared->kind->read_resident && !tmi_space_translation(space);
}

size_t tmi_space_read_resident(struct tmi_space *space, uint64_t address, void *buffer, size_t size)
{
	struct tmi_shared *shared = space->shared;
	uint64_t first = address;
	uint64_t last;

	if (!size || !tmi_space_tells_resident(space))
		return 0;
	last = tmi_space_clip(space, address, size);
	if (shared->overlay &&
	    !tmi_overlay_clip(shared->overlay, space->number, address, &first, &last))
		return 0;
	return shared->kind->read_resident(shared->state, space->number, address, buffer,
					   (size_t)(last - address) + 1);
}

bool tmi_space_lends(const struct tmi_space *space)
{
	return !tmi_space_translation(space) && tmi_space_facts(space)->lends;
}

bool tmi_space_view(struct tmi_space *space, uint64_t address, struct tmi_borrow *borrow)
{
	const struct tmi_translation *translation = tmi_space_translation(space);

	return translation ? tmi_translated_view(translation, address, borrow)
			   : tmi_storage_view(space, address, borrow);
}

uint64_t tmi_space_generation(const struct tmi_space *space)
{
	return atomic_load_explicit(&space->shared->generation, memory_order_acquire);
}

bool tmi_space_settled(const struct tmi_space *space, uint64_t *generation)
{
	/* By a change of the counter, so that what was read before is not read after it. */
	bool writing = atomic_fetch_add(&space->shared->writing, 0);

	*generation = tmi_space_generation(space);
	return !writing;
}

uint64_t tmi_space_incarnation(const struct tmi_space *space)
{
	return space->incarnation ? atomic_load_explicit(space->incarnation, memory_order_acquire)
				  : 0;
}

uint64_t tmi_space_content_generation(const struct tmi_space *space)
{
	return tmi_space_incarnation(space) +
	       (atomic_load_explicit(&space->shared->resumes, memory_order_acquire) << 32);
}
