/* SPDX-License-Identifier: Apache-2.0 */
/* data_spaces_fill.c - filling virtual and physical memory with a pattern. */
#include "dbgeng/client.h"

typedef tmem_status filler(tmem_target *target, uint64_t start, uint64_t size, const void *pattern,
			   size_t pattern_size, uint64_t *filled);

static HRESULT fill_with(filler *fill, IDebugDataSpaces4 *This, ULONG64 Start, ULONG Size,
			 PVOID Pattern, ULONG PatternSize, PULONG Filled)
{
	struct tmi_dbgeng_call call;
	uint64_t done = 0;
	HRESULT result;

	if (Filled)
		*Filled = 0;
	if (!Pattern || !PatternSize)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET | TMI_DBGENG_CHANGES, &call);
	if (FAILED(result))
		return result;
	result = tmi_dbgeng_result(fill(call.target, Start, Size, Pattern, PatternSize, &done));
	if (Filled)
		*Filled = (ULONG)done;
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT fill_virtual(IDebugDataSpaces4 *This, ULONG64 Start, ULONG Size, PVOID Pattern,
			    ULONG PatternSize, PULONG Filled)
{
	return fill_with(tmem_fill_virtual, This, Start, Size, Pattern, PatternSize, Filled);
}

static HRESULT fill_physical(IDebugDataSpaces4 *This, ULONG64 Start, ULONG Size, PVOID Pattern,
			     ULONG PatternSize, PULONG Filled)
{
	return fill_with(tmem_fill_physical, This, Start, Size, Pattern, PatternSize, Filled);
}

const IDebugDataSpaces4Vtbl tmi_dbgeng_part_data_spaces_fill = {
	.FillVirtual = fill_virtual,
	.FillPhysical = fill_physical,
};
