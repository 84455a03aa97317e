/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - reading, writing and filling virtual memory; batches and views.
 *
 * The prefix rule: a transfer moves the longest run of accessible bytes that starts at its first
 * address; it never skips a hole and never pads. At least one byte moved is TMEM_S_OK, so compare
 * counts. Length 0 is TMEM_S_OK with count 0. Follows IDebugDataSpaces.
 *
 * Statuses that every function here may return besides its own:
 *   TMEM_E_READ_FAULT	first byte unreadable
 *   TMEM_E_WRITE_FAULT	first byte unwritable
 *   TMEM_E_UNEXPECTED	no process: it has exited or was dropped; or a write inside a callback
 *   TMEM_E_CONNECTION_LOST, TMEM_E_TIMED_OUT	the link to a remote target failed
 *   TMEM_E_INVALIDARG	a required pointer is NULL
 *   TMEM_E_OUTOFMEMORY
 */
#ifndef TMEM_MEMORY_H
#define TMEM_MEMORY_H

#include <stddef.h>
#include <tmem/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * tmem_read_virtual() - reads virtual memory; may be answered from the cache.
 * @offset: address.
 * @buffer: receives the bytes; untouched past the count.
 * @buffer_size: bytes wanted.
 * @bytes_read: optional; receives the bytes moved.
 *
 * Follows ReadVirtual. Prefix rule and statuses: top of this file.
 */
TMEM_API tmem_status tmem_read_virtual(tmem_target *target, uint64_t offset, void *buffer,
				       size_t buffer_size, size_t *bytes_read);

/*
 * tmem_read_virtual_uncached() - the same from the target itself; the cache, its statistics and
 * its remembered errors stay as they are. The overlay still applies. Follows ReadVirtualUncached.
 */
TMEM_API tmem_status tmem_read_virtual_uncached(tmem_target *target, uint64_t offset, void *buffer,
						size_t buffer_size, size_t *bytes_read);

/*
 * tmem_write_virtual() - writes virtual memory, through any cache.
 * @offset: address.
 * @buffer: the bytes.
 * @buffer_size: how many.
 * @bytes_written: optional; receives the bytes moved.
 *
 * Page protection does not stop it where the operating system lets a debugger pass. Stored targets
 * take it into the overlay. When a byte was written every handle's callback gets
 * ChangeDebuggeeState(DATA, VIRTUAL) once. Follows WriteVirtual. Statuses: top of this file.
 */
TMEM_API tmem_status tmem_write_virtual(tmem_target *target, uint64_t offset, const void *buffer,
					size_t buffer_size, size_t *bytes_written);

/*
 * tmem_write_virtual_uncached() - the same; the written range leaves the cache.
 * Follows WriteVirtualUncached.
 */
TMEM_API tmem_status tmem_write_virtual_uncached(tmem_target *target, uint64_t offset,
						 const void *buffer, size_t buffer_size,
						 size_t *bytes_written);

/*
 * tmem_read_pointers_virtual() - reads pointers of the target's word size and byte order.
 * @count: pointers wanted, in elements; 0 is TMEM_S_OK.
 * @offset: address of the first.
 * @ptrs: receives @count values; 32-bit ones are sign-extended.
 *
 * All or failure: on TMEM_E_READ_FAULT the elements before the failing one are stored.
 * Follows ReadPointersVirtual.
 */
TMEM_API tmem_status tmem_read_pointers_virtual(tmem_target *target, size_t count, uint64_t offset,
						uint64_t *ptrs);

/*
 * tmem_write_pointers_virtual() - writes pointers; a 32-bit target takes the low half of each.
 * @count, @offset: as above.
 * @ptrs: @count values.
 *
 * All or failure; stops at the first pointer that cannot be written whole. One event when a byte
 * was written, also on failure. Follows WritePointersVirtual.
 */
TMEM_API tmem_status tmem_write_pointers_virtual(tmem_target *target, size_t count, uint64_t offset,
						 const uint64_t *ptrs);

/*
 * tmem_fill_virtual() - writes a pattern over and over.
 * @start: first address.
 * @size: bytes to fill; the last copy of the pattern may be cut.
 * @pattern: the bytes; byte i of the range becomes pattern[i % pattern_size].
 * @pattern_size: bytes, not 0.
 * @filled: optional; receives the bytes written; stops at the first unwritable byte.
 *
 * Long operation: interruptible, reports progress. One event a call. Follows FillVirtual.
 * Returns as tmem_write_virtual(); TMEM_E_INVALIDARG also for @pattern_size 0;
 * TMEM_E_CONTROL_C_EXIT interrupted (@filled tells how far).
 */
TMEM_API tmem_status tmem_fill_virtual(tmem_target *target, uint64_t start, uint64_t size,
				       const void *pattern, size_t pattern_size, uint64_t *filled);

/* One element of a batch. */
struct tmem_transfer {
	uint64_t offset;    /* in: address */
	void *buffer;       /* in: receives (read) or holds (write) the bytes */
	size_t size;        /* in: bytes wanted */
	size_t done;        /* out: bytes moved */
	tmem_status status; /* out: what the single call would have returned */
	uint32_t flags;     /* in: enum tmem_transfer_flags */
};

enum tmem_transfer_flags {
	TMEM_TRANSFER_UNCACHED = 1, /* as the Uncached methods */
};

/*
 * tmem_read_virtual_batch() - many reads in one call: sorted, joined and fetched together.
 * @transfers: the elements, of any size, order and overlap; each follows the prefix rule.
 * @count: elements.
 *
 * Returns TMEM_S_OK every element moved all its bytes; TMEM_S_FALSE some did not (look at their
 * status and done); TMEM_E_UNEXPECTED, TMEM_E_CONNECTION_LOST, TMEM_E_TIMED_OUT no element could
 * be tried; TMEM_E_INVALIDARG @transfers or a buffer is NULL, or an unknown flag (nothing is
 * tried).
 */
TMEM_API tmem_status tmem_read_virtual_batch(tmem_target *target, struct tmem_transfer *transfers,
					     size_t count);

/*
 * tmem_write_virtual_batch() - many writes in one call, done in the order given.
 * One event a call when a byte was written. Returns as tmem_read_virtual_batch().
 */
TMEM_API tmem_status tmem_write_virtual_batch(tmem_target *target, struct tmem_transfer *transfers,
					      size_t count);

/* A window into target memory without a copy. */
struct tmem_view {
	const void *data;     /* the bytes; read-only */
	size_t size;          /* how many are there */
	uint64_t generation;  /* private */
	uint64_t private_[2]; /* private */
};

/*
 * tmem_view_virtual() - borrows memory instead of copying it.
 * @offset: address.
 * @size: bytes wanted; the view may be shorter: it ends where the bytes stop lying together.
 * @view: filled; data NULL and size 0 on failure.
 *
 * Only mapped files offer views. Valid until the handle is closed; but its bytes are the target's
 * only until the next write, discard or resume: ask tmem_view_is_current() after use.
 * Returns TMEM_S_OK; TMEM_E_NOTIMPL the target cannot lend these bytes (live, cached, overlaid):
 * read them; TMEM_E_READ_FAULT the first byte is unreadable; TMEM_E_UNEXPECTED no process.
 */
TMEM_API tmem_status tmem_view_virtual(tmem_target *target, uint64_t offset, size_t size,
				       struct tmem_view *view);

/*
 * tmem_view_is_current() - tells whether the bytes of a view are still the target's.
 * Returns TMEM_S_OK they are; TMEM_S_FALSE something was written or discarded, or the target
 * resumed; TMEM_E_READ_FAULT the file was cut while mapped, and zeros stand where it ended.
 */
TMEM_API tmem_status tmem_view_is_current(tmem_target *target, const struct tmem_view *view);

#ifdef __cplusplus
}
#endif

#endif
