/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control_evaluate.c - Evaluate, radix, syntax of expressions.
 *
 * There is one syntax, MASM's, and one evaluator, that of the commands: every value of it has 64
 * bits.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dbgeng/commands.h"
#include "dbgeng/text.h"
#include "dbgeng/value.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What the evaluator says; @remainder: where the expression or what is right of it ends. */
static HRESULT evaluate_text(struct tmi_session *commands, const char *text, bool whole,
			     ULONG64 *value, size_t *remainder)
{
	struct tmi_error_place error = { 0 };
	const char *next = text;

	if (!tmi_session_evaluate(commands, text, value, &next, &error)) {
		*remainder = error.position;
		return E_FAIL;
	}
	*remainder = (size_t)(next - text);
	while (is_blank(*next))
		next++;
	return whole && *next ? E_FAIL : S_OK;
}

/* Evaluates UTF-8; *remainder is a count of bytes. */
static HRESULT evaluate_call(void *This, const char *text, ULONG type, bool whole,
			     PDEBUG_VALUE Value, size_t *remainder)
{
	struct tmi_dbgeng_call call;
	struct tmi_session *commands;
	DEBUG_VALUE value = { .Type = DEBUG_VALUE_INT64 };
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);

	if (FAILED(result))
		return result;
	commands = tmi_dbgeng_commands(&call);
	if (!commands)
		return tmi_dbgeng_leave(&call, E_OUTOFMEMORY);
	result = evaluate_text(commands, text, whole, &value.I64, remainder);
	if (SUCCEEDED(result))
		result = tmi_dbgeng_coerce(&value, type ? type : DEBUG_VALUE_INT64, Value);
	return tmi_dbgeng_leave(&call, result);
}

/* The checks and first outputs of both widths. */
static HRESULT begin(const void *expression, ULONG type, PDEBUG_VALUE Value, PULONG index)
{
	if (index)
		*index = 0;
	if (!Value || !expression || type >= DEBUG_VALUE_TYPES)
		return E_INVALIDARG;
	memset(Value, 0, sizeof(*Value));
	return S_OK;
}

static HRESULT evaluate(IDebugControl7 *This, PCSTR Expression, ULONG DesiredType,
			PDEBUG_VALUE Value, PULONG RemainderIndex)
{
	size_t remainder = 0;
	HRESULT result = begin(Expression, DesiredType, Value, RemainderIndex);

	if (FAILED(result))
		return result;
	result = evaluate_call(This, Expression, DesiredType, !RemainderIndex, Value, &remainder);
	if (RemainderIndex)
		*RemainderIndex = (ULONG)remainder;
	return result;
}

/* The UTF-16 units of the first @size bytes of @text; it is cut there. */
static ULONG units(char *text, size_t size)
{
	ULONG needed = 1;

	text[size] = 0;
	tmi_dbgeng_return_text_wide(text, NULL, 0, &needed);
	return needed - 1;
}

static HRESULT evaluate_wide(IDebugControl7 *This, PCWSTR Expression, ULONG DesiredType,
			     PDEBUG_VALUE Value, PULONG RemainderIndex)
{
	size_t remainder = 0;
	HRESULT result = begin(Expression, DesiredType, Value, RemainderIndex);
	char *text;

	if (FAILED(result))
		return result;
	text = tmi_dbgeng_narrow(Expression);
	if (!text)
		return E_OUTOFMEMORY;
	result = evaluate_call(This, text, DesiredType, !RemainderIndex, Value, &remainder);
	if (RemainderIndex)
		*RemainderIndex = units(text, remainder);
	free(text);
	return result;
}

static HRESULT coerce_value(IDebugControl7 *This, PDEBUG_VALUE In, ULONG OutType, PDEBUG_VALUE Out)
{
	return This && In && Out ? tmi_dbgeng_coerce(In, OutType, Out) : E_INVALIDARG;
}

/* Values that cannot be converted become INVALID; the first failure is returned. */
static HRESULT coerce_values(IDebugControl7 *This, ULONG Count, PDEBUG_VALUE In, PULONG OutTypes,
			     PDEBUG_VALUE Out)
{
	HRESULT result = S_OK;

	if (!This || (Count && (!In || !OutTypes || !Out)))
		return E_INVALIDARG;
	for (ULONG i = 0; i < Count; i++) {
		HRESULT one = tmi_dbgeng_coerce(&In[i], OutTypes[i], &Out[i]);

		if (FAILED(one))
			Out[i].Type = DEBUG_VALUE_INVALID;
		if (SUCCEEDED(result))
			result = one;
	}
	return result;
}

static HRESULT get_radix(IDebugControl7 *This, PULONG Radix)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!Radix)
		return E_INVALIDARG;
	*Radix = 0;
	result = tmi_dbgeng_enter(This, 0, &call);
	if (FAILED(result))
		return result;
	*Radix = call.session->radix ? call.session->radix : 16;
	return tmi_dbgeng_leave(&call, S_OK);
}

static HRESULT set_radix(IDebugControl7 *This, ULONG Radix)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (Radix != 8 && Radix != 10 && Radix != 16)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_CHANGES, &call);
	if (FAILED(result))
		return result;
	if (Radix != (call.session->radix ? call.session->radix : 16))
		tmi_dbgeng_queue_event(call.session, DEBUG_EVENT_CHANGE_ENGINE_STATE,
				       DEBUG_CES_RADIX, Radix);
	call.session->radix = Radix;
	return tmi_dbgeng_leave(&call, S_OK);
}

static HRESULT get_expression_syntax(IDebugControl7 *This, PULONG Flags)
{
	if (!Flags)
		return E_INVALIDARG;
	*Flags = DEBUG_EXPR_MASM;
	return S_OK;
}

static HRESULT set_expression_syntax(IDebugControl7 *This, ULONG Flags)
{
	if (Flags == DEBUG_EXPR_CPLUSPLUS)
		return E_NOTIMPL;
	return Flags == DEBUG_EXPR_MASM ? S_OK : E_INVALIDARG;
}

static HRESULT set_expression_syntax_by_name(IDebugControl7 *This, PCSTR AbbrevName)
{
	if (!AbbrevName)
		return E_INVALIDARG;
	if (strcasecmp(AbbrevName, "C++") == 0)
		return E_NOTIMPL;
	return strcasecmp(AbbrevName, "MASM") == 0 ? S_OK : E_INVALIDARG;
}

static HRESULT set_expression_syntax_by_name_wide(IDebugControl7 *This, PCWSTR AbbrevName)
{
	char *name;
	HRESULT result;

	if (!AbbrevName)
		return E_INVALIDARG;
	name = tmi_dbgeng_narrow(AbbrevName);
	result = name ? set_expression_syntax_by_name(This, name) : E_OUTOFMEMORY;
	free(name);
	return result;
}

static HRESULT get_number_expression_syntaxes(IDebugControl7 *This, PULONG Number)
{
	if (!Number)
		return E_INVALIDARG;
	*Number = 1;
	return S_OK;
}

#define FULL_NAME    "Microsoft Assembler expressions"
#define SHORT_NAME   "MASM"
#define SYNTAX_COUNT 1

static HRESULT get_expression_syntax_names(IDebugControl7 *This, ULONG Index, PSTR FullNameBuffer,
					   ULONG FullNameBufferSize, PULONG FullNameSize,
					   PSTR AbbrevNameBuffer, ULONG AbbrevNameBufferSize,
					   PULONG AbbrevNameSize)
{
	tmi_dbgeng_zero(FullNameSize);
	tmi_dbgeng_zero(AbbrevNameSize);
	if (Index >= SYNTAX_COUNT)
		return E_INVALIDARG;
	return tmi_dbgeng_worse(
		tmi_dbgeng_return_text(FULL_NAME, FullNameBuffer, FullNameBufferSize, FullNameSize),
		tmi_dbgeng_return_text(SHORT_NAME, AbbrevNameBuffer, AbbrevNameBufferSize,
				       AbbrevNameSize));
}

static HRESULT get_expression_syntax_names_wide(IDebugControl7 *This, ULONG Index,
						PWSTR FullNameBuffer, ULONG FullNameBufferSize,
						PULONG FullNameSize, PWSTR AbbrevNameBuffer,
						ULONG AbbrevNameBufferSize, PULONG AbbrevNameSize)
{
	tmi_dbgeng_zero(FullNameSize);
	tmi_dbgeng_zero(AbbrevNameSize);
	if (Index >= SYNTAX_COUNT)
		return E_INVALIDARG;
	return tmi_dbgeng_worse(tmi_dbgeng_return_text_wide(FULL_NAME, FullNameBuffer,
							    FullNameBufferSize, FullNameSize),
				tmi_dbgeng_return_text_wide(SHORT_NAME, AbbrevNameBuffer,
							    AbbrevNameBufferSize, AbbrevNameSize));
}

const IDebugControl7Vtbl tmi_dbgeng_part_control_evaluate = {
	.GetRadix = get_radix,
	.SetRadix = set_radix,
	.Evaluate = evaluate,
	.EvaluateWide = evaluate_wide,
	.CoerceValue = coerce_value,
	.CoerceValues = coerce_values,
	.GetExpressionSyntax = get_expression_syntax,
	.SetExpressionSyntax = set_expression_syntax,
	.SetExpressionSyntaxByName = set_expression_syntax_by_name,
	.SetExpressionSyntaxByNameWide = set_expression_syntax_by_name_wide,
	.GetNumberExpressionSyntaxes = get_number_expression_syntaxes,
	.GetExpressionSyntaxNames = get_expression_syntax_names,
	.GetExpressionSyntaxNamesWide = get_expression_syntax_names_wide,
};
