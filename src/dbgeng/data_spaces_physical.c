/* SPDX-License-Identifier: Apache-2.0 */
/* data_spaces_physical.c - physical memory, and the way there from virtual addresses. */
#include "dbgeng/client.h"

static HRESULT read_physical2(IDebugDataSpaces4 *This, ULONG64 Offset, ULONG Flags, PVOID Buffer,
			      ULONG BufferSize, PULONG BytesRead)
{
	struct tmi_dbgeng_call call;
	size_t done = 0;
	HRESULT result;

	if (BytesRead)
		*BytesRead = 0;
	if (!Buffer || Flags > DEBUG_PHYSICAL_WRITE_COMBINED)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = tmi_dbgeng_result(
		tmem_read_physical2(call.target, Offset, Flags, Buffer, BufferSize, &done));
	if (BytesRead)
		*BytesRead = (ULONG)done;
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT read_physical(IDebugDataSpaces4 *This, ULONG64 Offset, PVOID Buffer,
			     ULONG BufferSize, PULONG BytesRead)
{
	return read_physical2(This, Offset, DEBUG_PHYSICAL_DEFAULT, Buffer, BufferSize, BytesRead);
}

static HRESULT write_physical2(IDebugDataSpaces4 *This, ULONG64 Offset, ULONG Flags, PVOID Buffer,
			       ULONG BufferSize, PULONG BytesWritten)
{
	struct tmi_dbgeng_call call;
	size_t done = 0;
	HRESULT result;

	if (BytesWritten)
		*BytesWritten = 0;
	if (!Buffer || Flags > DEBUG_PHYSICAL_WRITE_COMBINED)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET | TMI_DBGENG_CHANGES, &call);
	if (FAILED(result))
		return result;
	result = tmi_dbgeng_result(
		tmem_write_physical2(call.target, Offset, Flags, Buffer, BufferSize, &done));
	if (BytesWritten)
		*BytesWritten = (ULONG)done;
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT write_physical(IDebugDataSpaces4 *This, ULONG64 Offset, PVOID Buffer,
			      ULONG BufferSize, PULONG BytesWritten)
{
	return write_physical2(This, Offset, DEBUG_PHYSICAL_DEFAULT, Buffer, BufferSize,
			       BytesWritten);
}

static HRESULT virtual_to_physical(IDebugDataSpaces4 *This, ULONG64 Virtual, PULONG64 Physical)
{
	struct tmi_dbgeng_call call;
	tmem_status status;
	HRESULT result;

	if (!Physical)
		return E_INVALIDARG;
	*Physical = 0;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	status = tmem_virtual_to_physical(call.target, Virtual, Physical);
	return tmi_dbgeng_leave(&call, tmi_dbgeng_result(status));
}

static HRESULT get_virtual_translation_physical_offsets(IDebugDataSpaces4 *This, ULONG64 Virtual,
							PULONG64 Offsets, ULONG OffsetsSize,
							PULONG Levels)
{
	struct tmi_dbgeng_call call;
	size_t levels = 0;
	HRESULT result;

	if (Levels)
		*Levels = 0;
	if (Offsets)
		memset(Offsets, 0, (size_t)OffsetsSize * sizeof(*Offsets));
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = tmi_dbgeng_result(tmem_get_virtual_translation_physical_offsets(
		call.target, Virtual, Offsets, OffsetsSize, &levels));
	if (Levels)
		*Levels = (ULONG)levels;
	return tmi_dbgeng_leave(&call, result);
}

const IDebugDataSpaces4Vtbl tmi_dbgeng_part_data_spaces_physical = {
	.ReadPhysical = read_physical,
	.ReadPhysical2 = read_physical2,
	.WritePhysical = write_physical,
	.WritePhysical2 = write_physical2,
	.VirtualToPhysical = virtual_to_physical,
	.GetVirtualTranslationPhysicalOffsets = get_virtual_translation_physical_offsets,
};
