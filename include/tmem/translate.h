/* SPDX-License-Identifier: Apache-2.0 */
/*
 * translate.h - from virtual to physical addresses (kernel mode).
 *
 * In user mode every function returns TMEM_E_UNEXPECTED. Follows IDebugDataSpaces2.
 */
#ifndef TMEM_TRANSLATE_H
#define TMEM_TRANSLATE_H

#include <stddef.h>
#include <tmem/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * tmem_virtual_to_physical() - the physical address behind a virtual one.
 * @physical: receives it, the offset in the page included; 0 on failure.
 *
 * Uses the implicit process's tables. Follows VirtualToPhysical. Returns TMEM_S_OK;
 * TMEM_E_NO_PAGEFILE no page; TMEM_E_UNEXPECTED user mode; TMEM_E_INVALIDARG NULL.
 */
TMEM_API tmem_status tmem_virtual_to_physical(tmem_target *target, uint64_t virtual_,
					      uint64_t *physical);

/*
 * tmem_get_virtual_translation_physical_offsets() - every step of a translation.
 * @offsets: optional; receives the table base, the physical address of each paging entry used,
 *	and last the physical address itself.
 * @offsets_size: elements @offsets can hold.
 * @levels: optional; receives the elements that there are.
 *
 * Follows GetVirtualTranslationPhysicalOffsets. Returns TMEM_S_OK (also when @offsets_size is
 * smaller than *levels); TMEM_S_FALSE the walk ended at an entry that is not present: the elements
 * up to it are stored; TMEM_E_NO_PAGEFILE not even the base is known; TMEM_E_UNEXPECTED user mode.
 */
TMEM_API tmem_status tmem_get_virtual_translation_physical_offsets(tmem_target *target,
								   uint64_t virtual_,
								   uint64_t *offsets,
								   size_t offsets_size,
								   size_t *levels);

#ifdef __cplusplus
}
#endif

#endif
