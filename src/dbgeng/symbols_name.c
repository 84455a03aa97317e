/* SPDX-License-Identifier: Apache-2.0 */
/* symbols_name.c - names of addresses and addresses of names. */
#include <stdlib.h>
#include <string.h>

#include "dbgeng/client.h"
#include "dbgeng/text.h"

/* Where a name is asked for: at Offset, or Delta places of names away from it. */
struct place {
	ULONG64 offset;
	LONG delta;
	bool near;
};

static tmem_status look_up(tmem_target *target, const struct place *place, char *name, size_t room,
			   size_t *needed, uint64_t *displacement)
{
	if (place->near)
		return tmem_get_near_name_by_offset(target, place->offset, place->delta, name, room,
						    needed, displacement);
	return tmem_get_name_by_offset(target, place->offset, name, room, needed, displacement);
}

/* The whole name, malloc'ed. A process that runs may have another one at the second look. */
static tmem_status whole_name(tmem_target *target, const struct place *place, char **name,
			      uint64_t *displacement)
{
	size_t room = 128;

	for (;;) {
		size_t needed = 0;
		tmem_status status;
		char *more = realloc(*name, room);

		if (!more)
			return TMEM_E_OUTOFMEMORY;
		*name = more;
		status = look_up(target, place, *name, room, &needed, displacement);
		if (status != TMEM_S_FALSE || needed <= room)
			return status;
		room = needed;
	}
}

/* No symbol is E_FAIL in this family. */
static HRESULT symbol_result(tmem_status status)
{
	return status == TMEM_E_NOINTERFACE ? E_FAIL : tmi_dbgeng_result(status);
}

/* The name of a place, malloc'ed, NULL on failure; Displacement is optional. */
static HRESULT find_name(void *This, const struct place *place, char **name, PULONG64 Displacement)
{
	struct tmi_dbgeng_call call;
	uint64_t displacement = 0;
	HRESULT result;

	*name = NULL;
	if (Displacement)
		*Displacement = 0;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = symbol_result(whole_name(call.target, place, name, &displacement));
	if (FAILED(result)) {
		free(*name);
		*name = NULL;
	} else if (Displacement) {
		*Displacement = displacement;
	}
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT narrow_name(void *This, const struct place *place, PSTR NameBuffer,
			   ULONG NameBufferSize, PULONG NameSize, PULONG64 Displacement)
{
	char *name;
	HRESULT result;

	if (NameSize)
		*NameSize = 0;
	result = find_name(This, place, &name, Displacement);
	if (!FAILED(result))
		result = tmi_dbgeng_return_text(name, NameBuffer, NameBufferSize, NameSize);
	free(name);
	return result;
}

static HRESULT wide_name(void *This, const struct place *place, PWSTR NameBuffer,
			 ULONG NameBufferSize, PULONG NameSize, PULONG64 Displacement)
{
	char *name;
	HRESULT result;

	if (NameSize)
		*NameSize = 0;
	result = find_name(This, place, &name, Displacement);
	if (!FAILED(result))
		result = tmi_dbgeng_return_text_wide(name, NameBuffer, NameBufferSize, NameSize);
	free(name);
	return result;
}

static HRESULT get_name_by_offset(IDebugSymbols5 *This, ULONG64 Offset, PSTR NameBuffer,
				  ULONG NameBufferSize, PULONG NameSize, PULONG64 Displacement)
{
	struct place place = { .offset = Offset };

	return narrow_name(This, &place, NameBuffer, NameBufferSize, NameSize, Displacement);
}

static HRESULT get_name_by_offset_wide(IDebugSymbols5 *This, ULONG64 Offset, PWSTR NameBuffer,
				       ULONG NameBufferSize, PULONG NameSize, PULONG64 Displacement)
{
	struct place place = { .offset = Offset };

	return wide_name(This, &place, NameBuffer, NameBufferSize, NameSize, Displacement);
}

static HRESULT get_near_name_by_offset(IDebugSymbols5 *This, ULONG64 Offset, LONG Delta,
				       PSTR NameBuffer, ULONG NameBufferSize, PULONG NameSize,
				       PULONG64 Displacement)
{
	struct place place = { .offset = Offset, .delta = Delta, .near = true };

	return narrow_name(This, &place, NameBuffer, NameBufferSize, NameSize, Displacement);
}

static HRESULT get_near_name_by_offset_wide(IDebugSymbols5 *This, ULONG64 Offset, LONG Delta,
					    PWSTR NameBuffer, ULONG NameBufferSize, PULONG NameSize,
					    PULONG64 Displacement)
{
	struct place place = { .offset = Offset, .delta = Delta, .near = true };

	return wide_name(This, &place, NameBuffer, NameBufferSize, NameSize, Displacement);
}

static HRESULT get_offset_by_name(IDebugSymbols5 *This, PCSTR Symbol, PULONG64 Offset)
{
	struct tmi_dbgeng_call call;
	uint64_t offset = 0;
	HRESULT result;

	if (!Offset)
		return E_INVALIDARG;
	*Offset = 0;
	if (!Symbol)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = symbol_result(tmem_get_offset_by_name(call.target, Symbol, &offset));
	if (!FAILED(result))
		*Offset = offset;
	return tmi_dbgeng_leave(&call, result);
}

/* "module!" alone names a module; else it is the one of the symbol. */
static tmem_status module_of_symbol(tmem_target *target, char *symbol, struct tmem_module *module)
{
	size_t length = strlen(symbol);
	uint64_t offset;
	tmem_status status;

	if (length > 1 && symbol[length - 1] == '!') {
		symbol[length - 1] = '\0';
		return tmem_get_module_by_module_name(target, symbol, module);
	}
	status = tmem_get_offset_by_name(target, symbol, &offset);
	if (TMEM_FAILED(status))
		return status;
	return tmem_get_module_by_offset(target, offset, module);
}

/* @symbol is taken apart. */
static HRESULT find_symbol_module(void *This, char *symbol, PULONG64 Base)
{
	struct tmem_module module = { .size = sizeof(module) };
	struct tmi_dbgeng_call call;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);

	if (FAILED(result))
		return result;
	result = symbol_result(module_of_symbol(call.target, symbol, &module));
	if (!FAILED(result))
		*Base = module.base;
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT get_symbol_module(IDebugSymbols5 *This, PCSTR Symbol, PULONG64 Base)
{
	char *symbol;
	HRESULT result;

	if (!Base)
		return E_INVALIDARG;
	*Base = 0;
	if (!Symbol)
		return E_INVALIDARG;
	symbol = strdup(Symbol);
	result = symbol ? find_symbol_module(This, symbol, Base) : E_OUTOFMEMORY;
	free(symbol);
	return result;
}

/* The methods that take a name and return an address. */
typedef HRESULT by_name(IDebugSymbols5 *This, PCSTR Symbol, PULONG64 Offset);

static HRESULT with_narrow(by_name *method, IDebugSymbols5 *This, PCWSTR Symbol, PULONG64 Offset)
{
	char *symbol;
	HRESULT result;

	if (!Offset)
		return E_INVALIDARG;
	*Offset = 0;
	if (!Symbol)
		return E_INVALIDARG;
	symbol = tmi_dbgeng_narrow(Symbol);
	result = symbol ? method(This, symbol, Offset) : E_OUTOFMEMORY;
	free(symbol);
	return result;
}

static HRESULT get_offset_by_name_wide(IDebugSymbols5 *This, PCWSTR Symbol, PULONG64 Offset)
{
	return with_narrow(get_offset_by_name, This, Symbol, Offset);
}

static HRESULT get_symbol_module_wide(IDebugSymbols5 *This, PCWSTR Symbol, PULONG64 Base)
{
	return with_narrow(get_symbol_module, This, Symbol, Base);
}

const IDebugSymbols5Vtbl tmi_dbgeng_part_symbols_name = {
	.GetNameByOffset = get_name_by_offset,
	.GetNameByOffsetWide = get_name_by_offset_wide,
	.GetNearNameByOffset = get_near_name_by_offset,
	.GetNearNameByOffsetWide = get_near_name_by_offset_wide,
	.GetOffsetByName = get_offset_by_name,
	.GetOffsetByNameWide = get_offset_by_name_wide,
	.GetSymbolModule = get_symbol_module,
	.GetSymbolModuleWide = get_symbol_module_wide,
};
