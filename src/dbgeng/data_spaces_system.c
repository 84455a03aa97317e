/* SPDX-License-Identifier: Apache-2.0 */
/*
 * data_spaces_system.c - spaces and data of a processor and its buses, and of Windows's objects.
 *
 * No target here has them: arguments are checked as if it had, in the wrong mode the answer is
 * E_UNEXPECTED, in the right one E_NOTIMPL.
 */
#include "dbgeng/client.h"

/* The answer for data of kernel targets or, with TMI_DBGENG_USER, of user targets. */
static HRESULT not_here(IDebugDataSpaces4 *This, unsigned needs)
{
	struct tmi_dbgeng_call call;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET | needs, &call);

	return FAILED(result) ? result : tmi_dbgeng_leave(&call, E_NOTIMPL);
}

/* The same for a transfer; @valid: the arguments are. */
static HRESULT transfer(IDebugDataSpaces4 *This, unsigned needs, bool valid, const void *buffer,
			PULONG done)
{
	if (done)
		*done = 0;
	return valid && buffer ? not_here(This, TMI_DBGENG_KERNEL | needs) : E_INVALIDARG;
}

static HRESULT read_control(IDebugDataSpaces4 *This, ULONG Processor, ULONG64 Offset, PVOID Buffer,
			    ULONG BufferSize, PULONG BytesRead)
{
	return transfer(This, 0, true, Buffer, BytesRead);
}

static HRESULT write_control(IDebugDataSpaces4 *This, ULONG Processor, ULONG64 Offset, PVOID Buffer,
			     ULONG BufferSize, PULONG BytesWritten)
{
	return transfer(This, TMI_DBGENG_CHANGES, true, Buffer, BytesWritten);
}

/* Ports are one byte, word or doubleword of address space 1. */
static bool is_port(ULONG AddressSpace, ULONG BufferSize)
{
	return AddressSpace == 1 && (BufferSize == 1 || BufferSize == 2 || BufferSize == 4);
}

static HRESULT read_io(IDebugDataSpaces4 *This, ULONG InterfaceType, ULONG BusNumber,
		       ULONG AddressSpace, ULONG64 Offset, PVOID Buffer, ULONG BufferSize,
		       PULONG BytesRead)
{
	return transfer(This, 0, is_port(AddressSpace, BufferSize), Buffer, BytesRead);
}

static HRESULT write_io(IDebugDataSpaces4 *This, ULONG InterfaceType, ULONG BusNumber,
			ULONG AddressSpace, ULONG64 Offset, PVOID Buffer, ULONG BufferSize,
			PULONG BytesWritten)
{
	return transfer(This, TMI_DBGENG_CHANGES, is_port(AddressSpace, BufferSize), Buffer,
			BytesWritten);
}

static HRESULT read_msr(IDebugDataSpaces4 *This, ULONG Msr, PULONG64 Value)
{
	if (!Value)
		return E_INVALIDARG;
	*Value = 0;
	return not_here(This, TMI_DBGENG_KERNEL);
}

static HRESULT write_msr(IDebugDataSpaces4 *This, ULONG Msr, ULONG64 Value)
{
	return not_here(This, TMI_DBGENG_KERNEL | TMI_DBGENG_CHANGES);
}

static HRESULT read_bus_data(IDebugDataSpaces4 *This, ULONG BusDataType, ULONG BusNumber,
			     ULONG SlotNumber, ULONG Offset, PVOID Buffer, ULONG BufferSize,
			     PULONG BytesRead)
{
	return transfer(This, 0, true, Buffer, BytesRead);
}

static HRESULT write_bus_data(IDebugDataSpaces4 *This, ULONG BusDataType, ULONG BusNumber,
			      ULONG SlotNumber, ULONG Offset, PVOID Buffer, ULONG BufferSize,
			      PULONG BytesWritten)
{
	return transfer(This, TMI_DBGENG_CHANGES, true, Buffer, BytesWritten);
}

static HRESULT check_low_memory(IDebugDataSpaces4 *This)
{
	return not_here(This, TMI_DBGENG_KERNEL);
}

/* 6 to 15 are in headers without a word about them. */
#define LAST_HANDLE_DATA_TYPE 15

static HRESULT read_handle_data(IDebugDataSpaces4 *This, ULONG64 Handle, ULONG DataType,
				PVOID Buffer, ULONG BufferSize, PULONG DataSize)
{
	if (DataSize)
		*DataSize = 0;
	return DataType <= LAST_HANDLE_DATA_TYPE ? not_here(This, TMI_DBGENG_USER) : E_INVALIDARG;
}

const IDebugDataSpaces4Vtbl tmi_dbgeng_part_data_spaces_system = {
	.ReadControl = read_control,
	.WriteControl = write_control,
	.ReadIo = read_io,
	.WriteIo = write_io,
	.ReadMsr = read_msr,
	.WriteMsr = write_msr,
	.ReadBusData = read_bus_data,
	.WriteBusData = write_bus_data,
	.CheckLowMemory = check_low_memory,
	.ReadHandleData = read_handle_data,
};
