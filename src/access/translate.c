/* SPDX-License-Identifier: Apache-2.0 */
/* translate.c - VirtualToPhysical and GetVirtualTranslationPhysicalOffsets. */
#include <tmem/translate.h>

#include "access/access.h"

/* Only a target with physical memory has something to translate to. */
static tmem_status need_tables(tmem_target *target, uint64_t address)
{
	struct tmi_space *physical;
	tmem_status status = tmi_call_physical(target, &physical);

	if (status == TMEM_S_OK)
		status = tmi_fail(TMEM_E_NO_PAGEFILE, TMEM_REASON_NOT_MAPPED, address);
	return status;
}

tmem_status tmem_virtual_to_physical(tmem_target *target, uint64_t virtual_, uint64_t *physical)
{
	tmem_status status = tmi_access_need(physical, "physical");

	if (physical)
		*physical = 0;
	if (status == TMEM_S_OK)
		status = need_tables(target, virtual_);
	return tmi_call_end(target, status);
}

tmem_status tmem_get_virtual_translation_physical_offsets(tmem_target *target, uint64_t virtual_,
							  uint64_t *offsets, size_t offsets_size,
							  size_t *levels)
{
	if (levels)
		*levels = 0;
	for (size_t i = 0; offsets && i < offsets_size; i++)
		offsets[i] = 0;
	return tmi_call_end(target, need_tables(target, virtual_));
}
