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

static inline tmem_status have_read_word(size_t *bytes_read)
{
	if (bytes_read)
		*bytes_read = sizeof(uint64_t);
	return TMEM_S_OK;
}

/* Eight bytes that are not in the last stretch. */
static __attribute__((noinline)) tmem_status read_word_paged(tmem_target *target, uint64_t offset,
							     void *buffer,
							     const struct tmi_hot *hot,
							     size_t *bytes_read)
{
	if (!hot->tables)
		return read_far(target, offset, buffer, sizeof(uint64_t), bytes_read);
	if (!tmi_hot_read_cached_word(hot, offset, buffer))
		return read_any(target, offset, buffer, sizeof(uint64_t), bytes_read);
	return have_read_word(bytes_read);
}

/* Eight bytes by page tables that were walked before. */
static inline tmem_status read_word_walked(tmem_target *target, uint64_t offset, void *buffer,
					   size_t *bytes_read)
{
	const struct tmi_hot_walks *walks = tmi_hot.walks;
	const uint8_t *data;

	if (!tmi_hot_is_now(target, &tmi_hot.walks_generation) ||
	    !tmi_quick_find(walks, offset, sizeof(uint64_t), &data) || !buffer)
		return read_any(target, offset, buffer, sizeof(uint64_t), bytes_read);
	memcpy(buffer, data, sizeof(uint64_t));
	if (!tmi_quick_is_whole(walks))
		return read_any(target, offset, buffer, sizeof(uint64_t), bytes_read);
	return have_read_word(bytes_read);
}

/*
 * Eight bytes near earlier reads, or behind page tables near them, are what walking data asks for
 * most. What is called is called last, so that no register need be saved.
 */
tmem_status tmem_read_virtual(tmem_target *target, uint64_t offset, void *buffer,
			      size_t buffer_size, size_t *bytes_read)
{
	const struct tmi_hot *hot;
	uint64_t serial, at;

	if (__builtin_expect(buffer_size != sizeof(uint64_t) || !target, 0))
		return read_any(target, offset, buffer, buffer_size, bytes_read);
	serial = tmi_context_serial(target);
	if (__builtin_expect(serial == tmi_hot.walks_serial, 1))
		return read_word_walked(target, offset, buffer, bytes_read);
	hot = tmi_hot_current_of(target, serial);
	if (__builtin_expect(!hot, 0) || __builtin_expect(!buffer, 0))
		return read_any(target, offset, buffer, sizeof(uint64_t), bytes_read);
	at = offset - hot->first;
	if (__builtin_expect(at >= hot->words, 0))
		return read_word_paged(target, offset, buffer, hot, bytes_read);
	memcpy(buffer, hot->data + at, sizeof(uint64_t));
	if (__builtin_expect(!tmi_hot_is_whole(hot), 0))
		return read_any(target, offset, buffer, sizeof(uint64_t), bytes_read);
	return have_read_word(bytes_read);
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
