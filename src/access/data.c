/* SPDX-License-Identifier: Apache-2.0 */
/* data.c - ReadVirtual, WriteVirtual and their Uncached forms. */
#include <tmem/memory.h>
#include <tmem/region.h>

#include "access/access.h"
#include "engine/direct.h"
#include "engine/lent.h"
#include "engine/quick.h"

static tmem_status read_virtual(tmem_target *target, uint64_t offset, void *buffer,
				size_t buffer_size, uint32_t flags, size_t *bytes_read)
{
	struct tmi_space *space;
	size_t done = 0;
	tmem_status status;

	if (bytes_read)
		*bytes_read = 0;
	status = tmi_access_need(buffer, "buffer");
	if (status == TMEM_S_OK)
		status = tmi_call_virtual(target, &space);
	if (status == TMEM_S_OK)
		status = tmi_access_read(space, offset, buffer, buffer_size, flags, &done);
	if (bytes_read)
		*bytes_read = done;
	return tmi_call_end(target, status);
}

/* Through all layers. */
static __attribute__((noinline)) tmem_status read_layers(tmem_target *target, uint64_t offset,
							 void *buffer, size_t buffer_size,
							 size_t *bytes_read)
{
	tmem_status status;

	if (target && buffer &&
	    !atomic_load_explicit(&target->shared->caching, memory_order_relaxed) &&
	    tmi_direct_read_current(target, offset, buffer, buffer_size)) {
		if (bytes_read)
			*bytes_read = buffer_size;
		return TMEM_S_OK;
	}
	status = read_virtual(target, offset, buffer, buffer_size, 0, bytes_read);
	if (status == TMEM_S_OK)
		tmi_hot_learn(target, offset);
	return status;
}

/* Not near the last read: by the page tables if they are at hand, or from the mapped file. */
static inline bool read_borrowed(tmem_target *target, uint64_t offset, void *buffer, size_t size)
{
	const struct tmi_space *space = tmi_context_get(target)->space;
	struct tmi_lent lent;

	if (space && tmi_space_translation(space))
		return tmi_quick_read(target, offset, buffer, size);
	if (!size || !tmi_lent_find_stretch(target, offset, &lent) || size > lent.size)
		return false;
	tmi_hot_copy(buffer, lent.data, size);
	return tmi_lent_is_whole(&lent);
}

static __attribute__((noinline)) tmem_status
read_far(tmem_target *target, uint64_t offset, void *buffer, size_t buffer_size, size_t *bytes_read)
{
	if (!target || !buffer || !read_borrowed(target, offset, buffer, buffer_size))
		return read_layers(target, offset, buffer, buffer_size, bytes_read);
	if (bytes_read)
		*bytes_read = buffer_size;
	return TMEM_S_OK;
}

/* Any size. Never inlined: its calls would cost the other registers. */
static __attribute__((noinline)) tmem_status
read_any(tmem_target *target, uint64_t offset, void *buffer, size_t buffer_size, size_t *bytes_read)
{
	if (!target || !buffer || !tmi_hot_read(target, offset, buffer, buffer_size))
		return read_far(target, offset, buffer, buffer_size, bytes_read);
	if (bytes_read)
		*bytes_read = buffer_size;
	return TMEM_S_OK;
}

/* Eight bytes of a cached page. */
static __attribute__((noinline)) tmem_status read_word_cached(tmem_target *target, uint64_t offset,
							      void *buffer,
							      const struct tmi_hot *hot,
							      size_t *bytes_read)
{
	if (offset % sizeof(uint64_t) ||
	    !tmi_hot_read_cached(hot, offset, buffer, sizeof(uint64_t)))
		return read_any(target, offset, buffer, sizeof(uint64_t), bytes_read);
	if (bytes_read)
		*bytes_read = sizeof(uint64_t);
	return TMEM_S_OK;
}

/* Eight bytes in a page that was not read before: perhaps behind tables that were. */
static __attribute__((noinline)) tmem_status read_word_below(tmem_target *target, uint64_t offset,
							     void *buffer, struct tmi_hot *hot,
							     size_t *bytes_read)
{
	if (!tmi_quick_read_below(hot, offset, buffer, sizeof(uint64_t)))
		return read_far(target, offset, buffer, sizeof(uint64_t), bytes_read);
	if (bytes_read)
		*bytes_read = sizeof(uint64_t);
	return TMEM_S_OK;
}

/*
 * Eight bytes near earlier reads are what walking data asks for most. What is called is called
 * last, so that no register need be saved.
 */
tmem_status tmem_read_virtual(tmem_target *target, uint64_t offset, void *buffer,
			      size_t buffer_size, size_t *bytes_read)
{
	enum tmi_hot_answer answer;
	const uint8_t *data;
	struct tmi_hot *hot;
	uint64_t room;

	if (buffer_size != sizeof(uint64_t) || !target || !buffer)
		return read_any(target, offset, buffer, buffer_size, bytes_read);
	hot = tmi_hot_current(target);
	if (!hot)
		return read_far(target, offset, buffer, sizeof(uint64_t), bytes_read);
	answer = tmi_hot_find(hot, offset, &data, &room);
	if (answer == TMI_HOT_NONE)
		return read_word_below(target, offset, buffer, hot, bytes_read);
	if (answer == TMI_HOT_IN_CACHE)
		return read_word_cached(target, offset, buffer, hot, bytes_read);
	if (room < sizeof(uint64_t))
		return read_far(target, offset, buffer, sizeof(uint64_t), bytes_read);
	memcpy(buffer, data, sizeof(uint64_t));
	if (!tmi_hot_is_whole(hot))
		return read_far(target, offset, buffer, sizeof(uint64_t), bytes_read);
	if (bytes_read)
		*bytes_read = sizeof(uint64_t);
	return TMEM_S_OK;
}

tmem_status tmem_read_virtual_uncached(tmem_target *target, uint64_t offset, void *buffer,
				       size_t buffer_size, size_t *bytes_read)
{
	if (!target || !buffer || !tmi_direct_read_current(target, offset, buffer, buffer_size))
		return read_virtual(target, offset, buffer, buffer_size, TMI_SPACE_UNCACHED,
				    bytes_read);
	if (bytes_read)
		*bytes_read = buffer_size;
	return TMEM_S_OK;
}

tmem_status tmem_write_virtual(tmem_target *target, uint64_t offset, const void *buffer,
			       size_t buffer_size, size_t *bytes_written)
{
	struct tmi_space *space;
	size_t done = 0;
	tmem_status status;

	if (bytes_written)
		*bytes_written = 0;
	status = tmi_access_need(buffer, "buffer");
	if (status == TMEM_S_OK)
		status = tmi_call_write(target, &space);
	if (status == TMEM_S_OK) {
		status = tmi_access_write(space, offset, buffer, buffer_size, &done);
		tmi_call_wrote(target, TMEM_DATA_SPACE_VIRTUAL, done > 0);
	}
	if (bytes_written)
		*bytes_written = done;
	return tmi_call_end(target, status);
}

/* A space's write goes through to the target and drops what was cached: nothing is left to do. */
tmem_status tmem_write_virtual_uncached(tmem_target *target, uint64_t offset, const void *buffer,
					size_t buffer_size, size_t *bytes_written)
{
	return tmem_write_virtual(target, offset, buffer, buffer_size, bytes_written);
}
