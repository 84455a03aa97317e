/* SPDX-License-Identifier: Apache-2.0 */
/*
 * physical.h - reading, writing, filling and searching physical memory (kernel mode).
 *
 * In user mode every function returns TMEM_E_UNEXPECTED with its counts 0. The prefix rule and the
 * common statuses are those of memory.h. Follows IDebugDataSpaces to IDebugDataSpaces4.
 */
#ifndef TMEM_PHYSICAL_H
#define TMEM_PHYSICAL_H

#include <stddef.h>
#include <tmem/memory.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Cache types: DbgEng's DEBUG_PHYSICAL_*; a value, not a bit set. */
enum tmem_physical_flags {
	TMEM_PHYSICAL_DEFAULT = 0,
	TMEM_PHYSICAL_CACHED = 1,
	TMEM_PHYSICAL_UNCACHED = 2,
	TMEM_PHYSICAL_WRITE_COMBINED = 3,
};

/*
 * tmem_read_physical() - reads physical memory.
 * @offset: physical address. Others as tmem_read_virtual(). Follows ReadPhysical.
 */
TMEM_API tmem_status tmem_read_physical(tmem_target *target, uint64_t offset, void *buffer,
					size_t buffer_size, size_t *bytes_read);

/*
 * tmem_read_physical2() - the same with a cache type.
 * @flags: enum tmem_physical_flags; TMEM_E_INVALIDARG above 3; TMEM_E_NOTIMPL for 1 to 3 on a
 *	target that has no such access. Follows ReadPhysical2.
 */
TMEM_API tmem_status tmem_read_physical2(tmem_target *target, uint64_t offset, uint32_t flags,
					 void *buffer, size_t buffer_size, size_t *bytes_read);

/*
 * tmem_write_physical() - writes physical memory. Every handle's callback gets
 * ChangeDebuggeeState(DATA, PHYSICAL) once when a byte was written. Follows WritePhysical.
 */
TMEM_API tmem_status tmem_write_physical(tmem_target *target, uint64_t offset, const void *buffer,
					 size_t buffer_size, size_t *bytes_written);

/* tmem_write_physical2() - the same with a cache type, as tmem_read_physical2(). Follows
 * WritePhysical2. */
TMEM_API tmem_status tmem_write_physical2(tmem_target *target, uint64_t offset, uint32_t flags,
					  const void *buffer, size_t buffer_size,
					  size_t *bytes_written);

/* tmem_fill_physical() - as tmem_fill_virtual(), on physical memory. Follows FillPhysical. */
TMEM_API tmem_status tmem_fill_physical(tmem_target *target, uint64_t start, uint64_t size,
					const void *pattern, size_t pattern_size, uint64_t *filled);

/* tmem_search_physical() - as tmem_search_virtual(), on physical memory. */
TMEM_API tmem_status tmem_search_physical(tmem_target *target, uint64_t offset, uint64_t length,
					  const void *pattern, size_t pattern_size,
					  size_t pattern_granularity, uint64_t *match_offset);

/* tmem_read_physical_batch() - as tmem_read_virtual_batch(), on physical memory. */
TMEM_API tmem_status tmem_read_physical_batch(tmem_target *target, struct tmem_transfer *transfers,
					      size_t count);

/* tmem_write_physical_batch() - as tmem_write_virtual_batch(), on physical memory. */
TMEM_API tmem_status tmem_write_physical_batch(tmem_target *target, struct tmem_transfer *transfers,
					       size_t count);

#ifdef __cplusplus
}
#endif

#endif
