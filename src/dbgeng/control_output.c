/* SPDX-License-Identifier: Apache-2.0 */
/* control_output.c - what programs print through the engine: Output and its kin, prompts. */
#include <stdlib.h>
#include <string.h>

#include "dbgeng/commands.h"
#include "dbgeng/output.h"
#include "dbgeng/text.h"

/* What a method of output was given. Of the two formats one is set, or for a prompt none. */
struct request {
	ULONG control;
	ULONG mask;
	PCSTR format;
	PCWSTR wide;
	bool prompt; /* the prompt comes first */
};

static unsigned pointer_size(tmem_target *target)
{
	struct tmem_description description = { .size = sizeof(description) };

	if (!target || TMEM_FAILED(tmem_describe(target, &description)))
		return 8;
	return description.pointer_size;
}

static void put_formatted(struct tmi_dbgeng_call *call, const struct request *request,
			  struct tmi_text *text, va_list args)
{
	unsigned size = pointer_size(call->target);
	char *formatted = request->format
				  ? tmi_dbgeng_format(call->target, size, request->format, args)
				  : tmi_dbgeng_format_wide(call->target, size, request->wide, args);

	text->failed |= !formatted;
	if (formatted)
		tmi_text_puts(text, formatted);
	free(formatted);
}

static HRESULT put_output(void *This, const struct request *request, va_list args)
{
	struct tmi_dbgeng_call call;
	struct tmi_text text = { 0 };
	bool formatted = request->format || request->wide;
	HRESULT result;

	if ((!formatted && !request->prompt) || !tmi_dbgeng_is_output_control(request->control))
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, 0, &call);
	if (FAILED(result))
		return result;
	if (request->prompt)
		tmi_dbgeng_prompt(&call, &text);
	if (formatted)
		put_formatted(&call, request, &text, args);
	else
		tmi_text_puts(&text, "> ");
	if (text.failed)
		result = E_OUTOFMEMORY;
	else if (text.size)
		tmi_dbgeng_send(call.client, request->control, request->mask, text.data, text.size);
	tmi_text_fini(&text);
	return tmi_dbgeng_leave(&call, result);
}

/* The body of a variadic method, whose last named parameter is Format. */
#define PUT_VARIADIC(...)                                                                          \
	const struct request request = { __VA_ARGS__ };                                            \
	va_list args;                                                                              \
	HRESULT result;                                                                            \
                                                                                                   \
	va_start(args, Format);                                                                    \
	result = put_output(This, &request, args);                                                 \
	va_end(args);                                                                              \
	return result

#define PUT_LIST(...)                                                                              \
	const struct request request = { __VA_ARGS__ };                                            \
                                                                                                   \
	return put_output(This, &request, Args)

#define AMBIENT DEBUG_OUTCTL_AMBIENT_TEXT
#define PROMPT  DEBUG_OUTPUT_PROMPT

static HRESULT output(IDebugControl7 *This, ULONG Mask, PCSTR Format, ...)
{
	PUT_VARIADIC(AMBIENT, Mask, .format = Format);
}

static HRESULT output_va_list(IDebugControl7 *This, ULONG Mask, PCSTR Format, va_list Args)
{
	PUT_LIST(AMBIENT, Mask, .format = Format);
}

static HRESULT output_wide(IDebugControl7 *This, ULONG Mask, PCWSTR Format, ...)
{
	PUT_VARIADIC(AMBIENT, Mask, .wide = Format);
}

static HRESULT output_va_list_wide(IDebugControl7 *This, ULONG Mask, PCWSTR Format, va_list Args)
{
	PUT_LIST(AMBIENT, Mask, .wide = Format);
}

static HRESULT controlled_output(IDebugControl7 *This, ULONG OutputControl, ULONG Mask,
				 PCSTR Format, ...)
{
	PUT_VARIADIC(OutputControl, Mask, .format = Format);
}

static HRESULT controlled_output_va_list(IDebugControl7 *This, ULONG OutputControl, ULONG Mask,
					 PCSTR Format, va_list Args)
{
	PUT_LIST(OutputControl, Mask, .format = Format);
}

static HRESULT controlled_output_wide(IDebugControl7 *This, ULONG OutputControl, ULONG Mask,
				      PCWSTR Format, ...)
{
	PUT_VARIADIC(OutputControl, Mask, .wide = Format);
}

static HRESULT controlled_output_va_list_wide(IDebugControl7 *This, ULONG OutputControl, ULONG Mask,
					      PCWSTR Format, va_list Args)
{
	PUT_LIST(OutputControl, Mask, .wide = Format);
}

static HRESULT output_prompt(IDebugControl7 *This, ULONG OutputControl, PCSTR Format, ...)
{
	PUT_VARIADIC(OutputControl, PROMPT, .format = Format, .prompt = true);
}

static HRESULT output_prompt_va_list(IDebugControl7 *This, ULONG OutputControl, PCSTR Format,
				     va_list Args)
{
	PUT_LIST(OutputControl, PROMPT, .format = Format, .prompt = true);
}

static HRESULT output_prompt_wide(IDebugControl7 *This, ULONG OutputControl, PCWSTR Format, ...)
{
	PUT_VARIADIC(OutputControl, PROMPT, .wide = Format, .prompt = true);
}

static HRESULT output_prompt_va_list_wide(IDebugControl7 *This, ULONG OutputControl, PCWSTR Format,
					  va_list Args)
{
	PUT_LIST(OutputControl, PROMPT, .wide = Format, .prompt = true);
}

/* The prompt's text for one of the two buffers. */
static HRESULT give_prompt(void *This, PSTR narrow, PWSTR wide, bool is_wide, ULONG size,
			   PULONG needed)
{
	struct tmi_dbgeng_call call;
	struct tmi_text text = { 0 };
	HRESULT result = tmi_dbgeng_enter(This, 0, &call);

	if (FAILED(result))
		return result;
	tmi_dbgeng_prompt(&call, &text);
	if (text.failed)
		result = E_OUTOFMEMORY;
	else if (is_wide)
		result = tmi_dbgeng_return_text_wide(text.data, wide, size, needed);
	else
		result = tmi_dbgeng_return_text(text.data, narrow, size, needed);
	tmi_text_fini(&text);
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT get_prompt_text(IDebugControl7 *This, PSTR Buffer, ULONG BufferSize, PULONG TextSize)
{
	return give_prompt(This, Buffer, NULL, false, BufferSize, TextSize);
}

static HRESULT get_prompt_text_wide(IDebugControl7 *This, PWSTR Buffer, ULONG BufferSize,
				    PULONG TextSize)
{
	return give_prompt(This, NULL, Buffer, true, BufferSize, TextSize);
}

/* The engine, and the target if there is one. */
static HRESULT output_version_information(IDebugControl7 *This, ULONG OutputControl)
{
	struct tmem_description description = { .size = sizeof(description) };
	struct tmi_dbgeng_call call;
	struct tmi_text text = { 0 };
	HRESULT result;

	if (!tmi_dbgeng_is_output_control(OutputControl))
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, 0, &call);
	if (FAILED(result))
		return result;
	tmi_text_format(&text, "tmem %s, interfaces of dbgeng.h\n", TMEM_VERSION);
	if (call.target && !TMEM_FAILED(tmem_describe(call.target, &description)))
		tmi_text_format(&text, "%s: %s\n", description.kind, description.text);
	if (text.failed)
		result = E_OUTOFMEMORY;
	else
		tmi_dbgeng_send(call.client, OutputControl, DEBUG_OUTPUT_NORMAL, text.data,
				text.size);
	tmi_text_fini(&text);
	return tmi_dbgeng_leave(&call, result);
}

/*
 * What the commands show: registers, the symbol at the instruction. There is no more to show, and
 * nothing of a target whose registers are not known.
 */
static HRESULT output_current_state(IDebugControl7 *This, ULONG OutputControl, ULONG Flags)
{
	struct tmi_dbgeng_call call;
	uint64_t offset;
	HRESULT result;

	if ((Flags & ~(ULONG)DEBUG_CURRENT_DEFAULT) || !tmi_dbgeng_is_output_control(OutputControl))
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET | TMI_DBGENG_CHANGES, &call);
	if (FAILED(result))
		return result;
	if (Flags)
		result = tmi_dbgeng_result(
			tmem_get_register(call.target, TMEM_REGISTER_INSTRUCTION_POINTER, &offset));
	if (SUCCEEDED(result) && (Flags & DEBUG_CURRENT_REGISTERS))
		result = tmi_dbgeng_run_command(&call, OutputControl, "r");
	if (result == S_OK && (Flags & DEBUG_CURRENT_SYMBOL))
		result = tmi_dbgeng_run_command(&call, OutputControl, "ln @$ip");
	return tmi_dbgeng_leave(&call, result);
}

const IDebugControl7Vtbl tmi_dbgeng_part_control_output = {
	.Output = output,
	.OutputVaList = output_va_list,
	.OutputWide = output_wide,
	.OutputVaListWide = output_va_list_wide,
	.ControlledOutput = controlled_output,
	.ControlledOutputVaList = controlled_output_va_list,
	.ControlledOutputWide = controlled_output_wide,
	.ControlledOutputVaListWide = controlled_output_va_list_wide,
	.OutputPrompt = output_prompt,
	.OutputPromptVaList = output_prompt_va_list,
	.OutputPromptWide = output_prompt_wide,
	.OutputPromptVaListWide = output_prompt_va_list_wide,
	.GetPromptText = get_prompt_text,
	.GetPromptTextWide = get_prompt_text_wide,
	.OutputCurrentState = output_current_state,
	.OutputVersionInformation = output_version_information,
};
