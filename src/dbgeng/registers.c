/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registers.c - registers by index and name.
 *
 * Registers are those of the current thread, of a process that is stopped or a core. They cannot be
 * set, there are no pseudo-registers, and no source but the target.
 */
#include "dbgeng/context.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "dbgeng/output.h"
#include "dbgeng/text.h"

/* Begins a call that needs a processor that is known; on failure nothing is held. */
static HRESULT enter(void *object, struct tmi_dbgeng_call *call,
		     const struct tmi_dbgeng_processor **processor)
{
	HRESULT result = tmi_dbgeng_enter(object, TMI_DBGENG_TARGET, call);

	if (FAILED(result))
		return result;
	*processor = tmi_dbgeng_processor_of(call->target);
	return *processor ? S_OK : tmi_dbgeng_leave(call, E_NOTIMPL);
}

static HRESULT check_source(ULONG source)
{
	if (source == DEBUG_REGSRC_DEBUGGEE)
		return S_OK;
	return source <= DEBUG_REGSRC_FRAME ? E_NOTIMPL : E_INVALIDARG;
}

static HRESULT get_number_registers(IDebugRegisters2 *This, PULONG Number)
{
	const struct tmi_dbgeng_processor *processor;
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!Number)
		return E_INVALIDARG;
	*Number = 0;
	result = enter(This, &call, &processor);
	if (FAILED(result))
		return result;
	*Number = tmi_dbgeng_register_total(processor);
	return tmi_dbgeng_leave(&call, S_OK);
}

/* What both widths of GetDescription share. @name: NULL on failure. */
static HRESULT describe(void *object, ULONG index, const char **name,
			DEBUG_REGISTER_DESCRIPTION *description)
{
	const struct tmi_dbgeng_processor *processor;
	struct tmi_dbgeng_call call;
	HRESULT result;

	*name = NULL;
	if (description)
		memset(description, 0, sizeof(*description));
	result = enter(object, &call, &processor);
	if (FAILED(result))
		return result;
	if (index >= tmi_dbgeng_register_total(processor))
		return tmi_dbgeng_leave(&call, E_INVALIDARG);
	*name = tmi_dbgeng_register_name(processor, index);
	if (description)
		tmi_dbgeng_register_describe(processor, index, description);
	return tmi_dbgeng_leave(&call, S_OK);
}

static HRESULT get_description(IDebugRegisters2 *This, ULONG Register, PSTR NameBuffer,
			       ULONG NameBufferSize, PULONG NameSize,
			       PDEBUG_REGISTER_DESCRIPTION Desc)
{
	const char *name;
	HRESULT result = describe(This, Register, &name, Desc);

	if (NameSize)
		*NameSize = 0;
	return FAILED(result) ? result
			      : tmi_dbgeng_return_text(name, NameBuffer, NameBufferSize, NameSize);
}

static HRESULT get_description_wide(IDebugRegisters2 *This, ULONG Register, PWSTR NameBuffer,
				    ULONG NameBufferSize, PULONG NameSize,
				    PDEBUG_REGISTER_DESCRIPTION Desc)
{
	const char *name;
	HRESULT result = describe(This, Register, &name, Desc);

	if (NameSize)
		*NameSize = 0;
	return FAILED(result)
		       ? result
		       : tmi_dbgeng_return_text_wide(name, NameBuffer, NameBufferSize, NameSize);
}

static HRESULT get_index_by_name(IDebugRegisters2 *This, PCSTR Name, PULONG Index)
{
	const struct tmi_dbgeng_processor *processor;
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!Index)
		return E_INVALIDARG;
	*Index = DEBUG_ANY_ID;
	if (!Name)
		return E_INVALIDARG;
	result = enter(This, &call, &processor);
	if (FAILED(result))
		return result;
	*Index = tmi_dbgeng_register_index(processor, Name);
	return tmi_dbgeng_leave(&call, *Index == DEBUG_ANY_ID ? E_NOINTERFACE : S_OK);
}

static HRESULT get_index_by_name_wide(IDebugRegisters2 *This, PCWSTR Name, PULONG Index)
{
	char *narrow;
	HRESULT result;

	if (Index)
		*Index = DEBUG_ANY_ID;
	if (!Name || !Index)
		return E_INVALIDARG;
	narrow = tmi_dbgeng_narrow(Name);
	result = narrow ? get_index_by_name(This, narrow, Index) : E_OUTOFMEMORY;
	free(narrow);
	return result;
}

/* One value of a list; what cannot be read has no type. */
static HRESULT one_value(const struct tmi_dbgeng_processor *processor,
			 const struct tmi_dbgeng_blocks *blocks, ULONG index, DEBUG_VALUE *value)
{
	if (index < tmi_dbgeng_register_total(processor))
		return tmi_dbgeng_register_value(processor, blocks, index, value);
	memset(value, 0, sizeof(*value));
	return E_INVALIDARG;
}

/* The whole list is gone through; the first failure is the result. */
static HRESULT get_values(IDebugRegisters2 *This, ULONG Count, PULONG Indices, ULONG Start,
			  PDEBUG_VALUE Values)
{
	const struct tmi_dbgeng_processor *processor;
	struct tmi_dbgeng_blocks blocks;
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!Values && Count)
		return E_INVALIDARG;
	result = enter(This, &call, &processor);
	if (FAILED(result))
		return result;
	result = tmi_dbgeng_read_blocks(call.target, &blocks);
	if (FAILED(result))
		return tmi_dbgeng_leave(&call, result);
	for (ULONG i = 0; i < Count; i++) {
		/* Start + i may wrap around; it is no register's index then or before. */
		ULONG64 index = Indices ? Indices[i] : (ULONG64)Start + i;
		HRESULT one =
			one_value(processor, &blocks,
				  index < DEBUG_ANY_ID ? (ULONG)index : DEBUG_ANY_ID, &Values[i]);

		if (SUCCEEDED(result))
			result = one;
	}
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT get_values2(IDebugRegisters2 *This, ULONG Source, ULONG Count, PULONG Indices,
			   ULONG Start, PDEBUG_VALUE Values)
{
	HRESULT result = check_source(Source);

	return FAILED(result) ? result : get_values(This, Count, Indices, Start, Values);
}

static HRESULT get_value(IDebugRegisters2 *This, ULONG Register, PDEBUG_VALUE Value)
{
	return get_values(This, 1, &Register, 0, Value);
}

/* An offset that a call of tmem answers, or the value of a register. */
typedef HRESULT get_offset_function(struct tmi_dbgeng_call *call, ULONG64 *offset);

static HRESULT get_offset(void *object, PULONG64 offset, get_offset_function *get)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!offset)
		return E_INVALIDARG;
	*offset = 0;
	result = tmi_dbgeng_enter(object, TMI_DBGENG_TARGET, &call);
	return FAILED(result) ? result : tmi_dbgeng_leave(&call, get(&call, offset));
}

static HRESULT instruction_pointer(struct tmi_dbgeng_call *call, ULONG64 *offset)
{
	return tmi_dbgeng_result(
		tmem_get_register(call->target, TMEM_REGISTER_INSTRUCTION_POINTER, offset));
}

static HRESULT stack_pointer(struct tmi_dbgeng_call *call, ULONG64 *offset)
{
	return tmi_dbgeng_result(
		tmem_get_register(call->target, TMEM_REGISTER_STACK_POINTER, offset));
}

/* What the frame register holds, whether or not the function keeps its frame there. */
static HRESULT frame_pointer(struct tmi_dbgeng_call *call, ULONG64 *offset)
{
	const struct tmi_dbgeng_processor *processor = tmi_dbgeng_processor_of(call->target);
	struct tmi_dbgeng_blocks blocks;
	DEBUG_VALUE value;
	HRESULT result;

	if (!processor)
		return E_NOTIMPL;
	result = tmi_dbgeng_read_blocks(call->target, &blocks);
	if (SUCCEEDED(result))
		result = tmi_dbgeng_register_value(
			processor, &blocks, tmi_dbgeng_register_index(processor, processor->frame),
			&value);
	if (SUCCEEDED(result))
		*offset = value.Type == DEBUG_VALUE_INT32 ? DEBUG_EXTEND64(value.I32) : value.I64;
	return result;
}

static HRESULT get_instruction_offset(IDebugRegisters2 *This, PULONG64 Offset)
{
	return get_offset(This, Offset, instruction_pointer);
}

static HRESULT get_stack_offset(IDebugRegisters2 *This, PULONG64 Offset)
{
	return get_offset(This, Offset, stack_pointer);
}

static HRESULT get_frame_offset(IDebugRegisters2 *This, PULONG64 Offset)
{
	return get_offset(This, Offset, frame_pointer);
}

static HRESULT get_offset2(void *object, ULONG source, PULONG64 offset, get_offset_function *get)
{
	HRESULT result = check_source(source);

	if (offset)
		*offset = 0;
	return FAILED(result) ? result : get_offset(object, offset, get);
}

static HRESULT get_instruction_offset2(IDebugRegisters2 *This, ULONG Source, PULONG64 Offset)
{
	return get_offset2(This, Source, Offset, instruction_pointer);
}

static HRESULT get_stack_offset2(IDebugRegisters2 *This, ULONG Source, PULONG64 Offset)
{
	return get_offset2(This, Source, Offset, stack_pointer);
}

static HRESULT get_frame_offset2(IDebugRegisters2 *This, ULONG Source, PULONG64 Offset)
{
	return get_offset2(This, Source, Offset, frame_pointer);
}

/* The text of OutputRegisters: some to a line, as wide as the client's lines are. */
struct sheet {
	FILE *text;
	unsigned column;
	unsigned width;
};

static void put(struct sheet *sheet, const char *name, const UCHAR *bytes, unsigned size)
{
	unsigned length = (unsigned)strlen(name) + 1 + 2 * size;

	if (sheet->column && sheet->column + 1 + length > sheet->width) {
		fputc('\n', sheet->text);
		sheet->column = 0;
	}
	fprintf(sheet->text, "%s%s=", sheet->column ? " " : "", name);
	sheet->column += (sheet->column ? 1 : 0) + length;
	while (size-- > 0)
		fprintf(sheet->text, "%02x", bytes[size]);
}

/* @flags: DEBUG_REGISTERS_. Of 64 bits the lower half when only INT32 is asked for. */
static void write_sheet(const struct tmi_dbgeng_processor *processor,
			const struct tmi_dbgeng_blocks *blocks, ULONG flags, struct sheet *sheet)
{
	bool halves =
		(flags & (DEBUG_REGISTERS_INT32 | DEBUG_REGISTERS_INT64)) == DEBUG_REGISTERS_INT32;

	for (ULONG i = 0; i < processor->register_count; i++) {
		const struct tmi_dbgeng_register *row = &processor->registers[i];
		unsigned size = tmi_dbgeng_value_size(row->type);
		const UCHAR *bytes = blocks->of[row->block].bytes + row->from;
		DEBUG_VALUE value;

		if (!(flags & (row->block == TMI_DBGENG_FLOATING
				       ? DEBUG_REGISTERS_FLOAT
				       : DEBUG_REGISTERS_INT32 | DEBUG_REGISTERS_INT64)) ||
		    FAILED(tmi_dbgeng_register_value(processor, blocks, i, &value)))
			continue;
		put(sheet, row->name, bytes, halves && size == 8 ? 4 : size);
	}
	if (sheet->column)
		fputc('\n', sheet->text);
}

static HRESULT send_sheet(struct tmi_dbgeng_call *call, ULONG control, ULONG flags,
			  const struct tmi_dbgeng_processor *processor)
{
	struct sheet sheet = { .width = call->client->output_width };
	struct tmi_dbgeng_blocks blocks;
	char *text = NULL;
	size_t size = 0;
	HRESULT result = tmi_dbgeng_read_blocks(call->target, &blocks);

	if (FAILED(result))
		return result;
	sheet.text = open_memstream(&text, &size);
	if (!sheet.text)
		return E_OUTOFMEMORY;
	write_sheet(processor, &blocks, flags, &sheet);
	if (fclose(sheet.text) == 0)
		tmi_dbgeng_send(call->client, control, DEBUG_OUTPUT_NORMAL, text, size);
	else
		result = E_OUTOFMEMORY;
	free(text);
	return result;
}

static HRESULT output_registers(IDebugRegisters2 *This, ULONG OutputControl, ULONG Flags)
{
	const struct tmi_dbgeng_processor *processor;
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (Flags & ~(ULONG)DEBUG_REGISTERS_ALL || !tmi_dbgeng_is_output_control(OutputControl))
		return E_INVALIDARG;
	result = enter(This, &call, &processor);
	if (FAILED(result))
		return result;
	result = send_sheet(&call, OutputControl,
			    Flags == DEBUG_REGISTERS_DEFAULT ? DEBUG_REGISTERS_INT64 : Flags,
			    processor);
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT output_registers2(IDebugRegisters2 *This, ULONG OutputControl, ULONG Source,
				 ULONG Flags)
{
	HRESULT result = check_source(Source);

	return FAILED(result) ? result : output_registers(This, OutputControl, Flags);
}

static HRESULT get_number_pseudo_registers(IDebugRegisters2 *This, PULONG Number)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!Number)
		return E_INVALIDARG;
	*Number = 0;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	return FAILED(result) ? result : tmi_dbgeng_leave(&call, S_OK);
}

const IDebugRegisters2Vtbl tmi_dbgeng_part_registers = {
	.GetNumberRegisters = get_number_registers,
	.GetDescription = get_description,
	.GetDescriptionWide = get_description_wide,
	.GetIndexByName = get_index_by_name,
	.GetIndexByNameWide = get_index_by_name_wide,
	.GetValue = get_value,
	.GetValues = get_values,
	.GetValues2 = get_values2,
	.OutputRegisters = output_registers,
	.OutputRegisters2 = output_registers2,
	.GetInstructionOffset = get_instruction_offset,
	.GetInstructionOffset2 = get_instruction_offset2,
	.GetStackOffset = get_stack_offset,
	.GetStackOffset2 = get_stack_offset2,
	.GetFrameOffset = get_frame_offset,
	.GetFrameOffset2 = get_frame_offset2,
	.GetNumberPseudoRegisters = get_number_pseudo_registers,
};
