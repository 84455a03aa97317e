/* SPDX-License-Identifier: Apache-2.0 */
/* data_spaces_virtual.c - reading and writing virtual memory: bytes and pointers. */
#include "dbgeng/client.h"

typedef tmem_status reader(tmem_target *target, uint64_t offset, void *buffer, size_t buffer_size,
			   size_t *bytes_read);
typedef tmem_status writer(tmem_target *target, uint64_t offset, const void *buffer,
			   size_t buffer_size, size_t *bytes_written);

static HRESULT read_with(reader *read, IDebugDataSpaces4 *This, ULONG64 Offset, PVOID Buffer,
			 ULONG BufferSize, PULONG BytesRead)
{
	struct tmi_dbgeng_call call;
	size_t done = 0;
	HRESULT result;

	if (BytesRead)
		*BytesRead = 0;
	if (!Buffer)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = tmi_dbgeng_result(read(call.target, Offset, Buffer, BufferSize, &done));
	if (BytesRead)
		*BytesRead = (ULONG)done;
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT read_virtual(IDebugDataSpaces4 *This, ULONG64 Offset, PVOID Buffer, ULONG BufferSize,
			    PULONG BytesRead)
{
	return read_with(tmem_read_virtual, This, Offset, Buffer, BufferSize, BytesRead);
}

static HRESULT read_virtual_uncached(IDebugDataSpaces4 *This, ULONG64 Offset, PVOID Buffer,
				     ULONG BufferSize, PULONG BytesRead)
{
	return read_with(tmem_read_virtual_uncached, This, Offset, Buffer, BufferSize, BytesRead);
}

static HRESULT write_with(writer *write, IDebugDataSpaces4 *This, ULONG64 Offset, PVOID Buffer,
			  ULONG BufferSize, PULONG BytesWritten)
{
	struct tmi_dbgeng_call call;
	size_t done = 0;
	HRESULT result;

	if (BytesWritten)
		*BytesWritten = 0;
	if (!Buffer)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET | TMI_DBGENG_CHANGES, &call);
	if (FAILED(result))
		return result;
	result = tmi_dbgeng_result(write(call.target, Offset, Buffer, BufferSize, &done));
	if (BytesWritten)
		*BytesWritten = (ULONG)done;
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT write_virtual(IDebugDataSpaces4 *This, ULONG64 Offset, PVOID Buffer,
			     ULONG BufferSize, PULONG BytesWritten)
{
	return write_with(tmem_write_virtual, This, Offset, Buffer, BufferSize, BytesWritten);
}

static HRESULT write_virtual_uncached(IDebugDataSpaces4 *This, ULONG64 Offset, PVOID Buffer,
				      ULONG BufferSize, PULONG BytesWritten)
{
	return write_with(tmem_write_virtual_uncached, This, Offset, Buffer, BufferSize,
			  BytesWritten);
}

static HRESULT read_pointers_virtual(IDebugDataSpaces4 *This, ULONG Count, ULONG64 Offset,
				     PULONG64 Ptrs)
{
	struct tmi_dbgeng_call call;
	tmem_status status;
	HRESULT result;

	if (!Ptrs)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	status = tmem_read_pointers_virtual(call.target, Count, Offset, Ptrs);
	return tmi_dbgeng_leave(&call, tmi_dbgeng_result(status));
}

static HRESULT write_pointers_virtual(IDebugDataSpaces4 *This, ULONG Count, ULONG64 Offset,
				      PULONG64 Ptrs)
{
	struct tmi_dbgeng_call call;
	tmem_status status;
	HRESULT result;

	if (!Ptrs)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET | TMI_DBGENG_CHANGES, &call);
	if (FAILED(result))
		return result;
	status = tmem_write_pointers_virtual(call.target, Count, Offset, Ptrs);
	return tmi_dbgeng_leave(&call, tmi_dbgeng_result(status));
}

const IDebugDataSpaces4Vtbl tmi_dbgeng_part_data_spaces_virtual = {
	.ReadVirtual = read_virtual,
	.ReadVirtualUncached = read_virtual_uncached,
	.WriteVirtual = write_virtual,
	.WriteVirtualUncached = write_virtual_uncached,
	.ReadPointersVirtual = read_pointers_virtual,
	.WritePointersVirtual = write_pointers_virtual,
};
