/* SPDX-License-Identifier: Apache-2.0 */
/* data_spaces_region.c - which virtual memory exists, how it is protected, where it comes from. */
#include "dbgeng/client.h"

static HRESULT get_offset_information(IDebugDataSpaces4 *This, ULONG Space, ULONG Which,
				      ULONG64 Offset, PVOID Buffer, ULONG BufferSize,
				      PULONG InfoSize)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (InfoSize)
		*InfoSize = 0;
	if (Space != DEBUG_DATA_SPACE_VIRTUAL || Which != DEBUG_OFFSINFO_VIRTUAL_SOURCE)
		return E_INVALIDARG;
	/* A buffer that is too small is told how large it must be. */
	if (InfoSize)
		*InfoSize = sizeof(ULONG);
	if (Buffer && BufferSize < sizeof(ULONG))
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (SUCCEEDED(result))
		result = tmi_dbgeng_leave(&call, tmi_dbgeng_result(tmem_get_offset_information(
							 call.target, Space, Which, Offset, Buffer,
							 BufferSize, NULL)));
	if (FAILED(result) && InfoSize)
		*InfoSize = 0;
	return result;
}

static HRESULT get_next_differently_valid_offset_virtual(IDebugDataSpaces4 *This, ULONG64 Offset,
							 PULONG64 NextOffset)
{
	struct tmi_dbgeng_call call;
	tmem_status status;
	HRESULT result;

	if (!NextOffset)
		return E_INVALIDARG;
	*NextOffset = 0;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	status = tmem_get_next_differently_valid_offset_virtual(call.target, Offset, NextOffset);
	return tmi_dbgeng_leave(&call, tmi_dbgeng_result(status));
}

static HRESULT get_valid_region_virtual(IDebugDataSpaces4 *This, ULONG64 Base, ULONG Size,
					PULONG64 ValidBase, PULONG ValidSize)
{
	struct tmi_dbgeng_call call;
	uint64_t valid_size = 0;
	HRESULT result;

	if (ValidBase)
		*ValidBase = 0;
	if (ValidSize)
		*ValidSize = 0;
	if (!ValidBase || !ValidSize)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = tmi_dbgeng_result(
		tmem_get_valid_region_virtual(call.target, Base, Size, ValidBase, &valid_size));
	*ValidSize = (ULONG)valid_size; /* never more than Size */
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT query_virtual(IDebugDataSpaces4 *This, ULONG64 Offset,
			     PMEMORY_BASIC_INFORMATION64 Info)
{
	struct tmem_memory_basic_information information = { 0 };
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!Info)
		return E_INVALIDARG;
	memset(Info, 0, sizeof(*Info));
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = tmi_dbgeng_result(tmem_query_virtual(call.target, Offset, &information));
	Info->BaseAddress = information.base_address;
	Info->AllocationBase = information.allocation_base;
	Info->AllocationProtect = information.allocation_protect;
	Info->RegionSize = information.region_size;
	Info->State = information.state;
	Info->Protect = information.protect;
	Info->Type = information.type;
	return tmi_dbgeng_leave(&call, result);
}

const IDebugDataSpaces4Vtbl tmi_dbgeng_part_data_spaces_region = {
	.GetOffsetInformation = get_offset_information,
	.GetNextDifferentlyValidOffsetVirtual = get_next_differently_valid_offset_virtual,
	.GetValidRegionVirtual = get_valid_region_virtual,
	.QueryVirtual = query_virtual,
};
