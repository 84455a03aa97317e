/* SPDX-License-Identifier: Apache-2.0 */
/*
 * data_spaces_debugger.c - ReadDebuggerData and ReadProcessorSystemData: what Windows keeps for its
 * debuggers. A Linux kernel keeps no such block; what can be said about it otherwise is answered.
 */
#include "dbgeng/client.h"
#include "dbgeng/text.h"

/* One answer. */
struct datum {
	union {
		ULONG64 number;
		BOOLEAN truth;
	} value;
	size_t size; /* bytes of value */
};

/* Indices that have a meaning, whether or not there is an answer: first, last, step. */
static const struct range {
	ULONG first, last, step;
} known[] = {
	{ DEBUG_DATA_KernBase, DEBUG_DATA_SavedContextAddr, 8 },
	{ DEBUG_DATA_KiCallUserModeAddr, DEBUG_DATA_MmVirtualTranslationBase, 8 },
	{ DEBUG_DATA_OffsetKThreadNextProcessor, DEBUG_DATA_SizeEThread, 2 },
	{ DEBUG_DATA_KdPrintCircularBufferPtrAddr, DEBUG_DATA_KdPrintBufferSizeAddr, 8 },
	{ DEBUG_DATA_PteBase, DEBUG_DATA_PteBase, 8 },
	{ DEBUG_DATA_PaeEnabled, DEBUG_DATA_DumpWriterStatus, 8 },
};

static bool is_known(ULONG index)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct range *range = &known[i];

		if (index >= range->first && index <= range->last &&
		    (index - range->first) % range->step == 0)
			return true;
	}
	return false;
}

static HRESULT page_size(tmem_target *target, struct datum *datum)
{
	struct tmem_description description = { .size = sizeof(description) };
	tmem_status status = tmem_describe(target, &description);

	datum->value.number = description.page_size;
	datum->size = sizeof(datum->value.number);
	return tmi_dbgeng_result(status);
}

/* The kernel is a module among its modules, with this name. */
static HRESULT kernel_base(tmem_target *target, struct datum *datum)
{
	struct tmem_module module = { .size = sizeof(module) };
	tmem_status status = tmem_get_module_by_module_name(target, "kernel", &module);

	datum->value.number = module.base;
	datum->size = sizeof(datum->value.number);
	return tmi_dbgeng_result(status);
}

/* Whether the processor uses tables with 64-bit entries, which x86-64 always does. */
static HRESULT pae_enabled(tmem_target *target, struct datum *datum)
{
	struct tmem_translation translation = { .size = sizeof(translation) };
	tmem_status status = tmem_translate(target, TMEM_CURRENT_DIRECTORY_BASE, 0, &translation);
	bool pae = !strcmp(translation.scheme, "pae") || !strcmp(translation.scheme, "x64");

	if (TMEM_FAILED(status) || (!pae && strcmp(translation.scheme, "x86") != 0))
		return E_NOINTERFACE;
	datum->value.truth = pae;
	datum->size = sizeof(datum->value.truth);
	return S_OK;
}

static HRESULT find_datum(const struct tmi_dbgeng_call *call, ULONG index, struct datum *datum)
{
	HRESULT result;

	if (index == DEBUG_DATA_MmPageSize)
		return page_size(call->target, datum);
	if (!call->system->kernel)
		return E_NOINTERFACE;
	if (index == DEBUG_DATA_PaeEnabled)
		return pae_enabled(call->target, datum);
	if (index != DEBUG_DATA_KernBase)
		return E_NOINTERFACE;
	result = kernel_base(call->target, datum);
	/* No kernel was found: all the same to the caller. */
	return result == E_UNEXPECTED ? E_NOINTERFACE : result;
}

static HRESULT read_debugger_data(IDebugDataSpaces4 *This, ULONG Index, PVOID Buffer,
				  ULONG BufferSize, PULONG DataSize)
{
	struct tmi_dbgeng_call call;
	struct datum datum = { 0 };
	HRESULT result;

	if (DataSize)
		*DataSize = 0;
	if (!Buffer || !is_known(Index))
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = find_datum(&call, Index, &datum);
	if (SUCCEEDED(result))
		result = tmi_dbgeng_return_bytes(&datum.value, datum.size, Buffer, BufferSize,
						 DataSize);
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT read_processor_system_data(IDebugDataSpaces4 *This, ULONG Processor, ULONG Index,
					  PVOID Buffer, ULONG BufferSize, PULONG DataSize)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (DataSize)
		*DataSize = 0;
	if (!Buffer || Index > DEBUG_DATA_PROCESSOR_SPEED)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET | TMI_DBGENG_KERNEL, &call);
	return FAILED(result) ? result : tmi_dbgeng_leave(&call, E_NOINTERFACE);
}

const IDebugDataSpaces4Vtbl tmi_dbgeng_part_data_spaces_debugger = {
	.ReadDebuggerData = read_debugger_data,
	.ReadProcessorSystemData = read_processor_system_data,
};
