/* SPDX-License-Identifier: Apache-2.0 */
/*
 * symbols_module.c - modules by index, name and offset.
 *
 * Indices go upward with the base addresses. What is mapped now is loaded, and nothing is kept of
 * what was unmapped: there are no unloaded modules.
 */
#include <stdlib.h>
#include <string.h>

#include "dbgeng/client.h"
#include "dbgeng/text.h"

#define GETMOD_FLAGS (DEBUG_GETMOD_NO_LOADED_MODULES | DEBUG_GETMOD_NO_UNLOADED_MODULES)

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static HRESULT module_by_index(tmem_target *target, ULONG index, struct tmem_module *module)
{
	module->size = sizeof(*module);
	return tmi_dbgeng_result(tmem_get_module_by_index(target, index, module));
}

/* The module that begins at an address. */
static HRESULT module_by_base(tmem_target *target, ULONG64 base, struct tmem_module *module)
{
	HRESULT result;

	module->size = sizeof(*module);
	result = tmi_dbgeng_result(tmem_get_module_by_offset(target, base, module));
	if (FAILED(result))
		return result;
	return module->base == base || module->base == DEBUG_EXTEND64(base) ? S_OK : E_NOINTERFACE;
}

/* A module as Index and Base of many methods say it. */
static HRESULT module_of(tmem_target *target, ULONG index, ULONG64 base, struct tmem_module *module)
{
	if (index == DEBUG_ANY_ID)
		return module_by_base(target, base, module);
	return module_by_index(target, index, module);
}

/* The index of a module that begins at @base. */
static HRESULT index_of(tmem_target *target, ULONG64 base, ULONG *index)
{
	struct tmem_module module;
	uint32_t low = 0, high = 0;
	HRESULT result = tmi_dbgeng_result(tmem_get_number_modules(target, &high));

	while (!FAILED(result) && low < high) {
		uint32_t middle = low + (high - low) / 2;

		result = module_by_index(target, middle, &module);
		if (!FAILED(result) && module.base < base)
			low = middle + 1;
		else
			high = middle;
	}
	*index = low;
	return result;
}

static HRESULT get_number_modules(IDebugSymbols5 *This, PULONG Loaded, PULONG Unloaded)
{
	struct tmi_dbgeng_call call;
	uint32_t number = 0;
	HRESULT result;

	if (!Loaded || !Unloaded)
		return E_INVALIDARG;
	*Loaded = 0;
	*Unloaded = 0;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = tmi_dbgeng_result(tmem_get_number_modules(call.target, &number));
	*Loaded = FAILED(result) ? 0 : number;
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT get_module_by_index(IDebugSymbols5 *This, ULONG Index, PULONG64 Base)
{
	struct tmi_dbgeng_call call;
	struct tmem_module module;
	HRESULT result;

	if (!Base)
		return E_INVALIDARG;
	*Base = 0;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = module_by_index(call.target, Index, &module);
	if (!FAILED(result))
		*Base = module.base;
	return tmi_dbgeng_leave(&call, result == E_NOINTERFACE ? E_INVALIDARG : result);
}

/* What the methods that look for a module return: its index and base, each of them optional. */
struct found {
	PULONG index;
	PULONG64 base;
};

static void found_none(const struct found *found)
{
	if (found->index)
		*found->index = 0;
	if (found->base)
		*found->base = 0;
}

static void found_one(const struct found *found, ULONG index, ULONG64 base)
{
	if (found->index)
		*found->index = index;
	if (found->base)
		*found->base = base;
}

/* What is no letter of ASCII must be equal; a name is that of the module or of its file. */
static HRESULT find_name(tmem_target *target, const char *name, ULONG start,
			 const struct found *found)
{
	struct tmem_module module;

	for (ULONG index = start;; index++) {
		HRESULT result = module_by_index(target, index, &module);

		if (FAILED(result))
			return result;
		if (strcasecmp(module.name, name) && strcasecmp(file_name(module.file), name))
			continue;
		found_one(found, index, module.base);
		return S_OK;
	}
}

static HRESULT find_offset(tmem_target *target, ULONG64 offset, ULONG start,
			   const struct found *found)
{
	struct tmem_module module = { .size = sizeof(module) };
	ULONG index = 0;
	HRESULT result = tmi_dbgeng_result(tmem_get_module_by_offset(target, offset, &module));

	if (!FAILED(result))
		result = index_of(target, module.base, &index);
	if (FAILED(result))
		return result;
	if (index < start)
		return E_NOINTERFACE;
	found_one(found, index, module.base);
	return S_OK;
}

static HRESULT get_module_by_module_name2(IDebugSymbols5 *This, PCSTR Name, ULONG StartIndex,
					  ULONG Flags, PULONG Index, PULONG64 Base)
{
	struct found found = { Index, Base };
	struct tmi_dbgeng_call call;
	HRESULT result;

	found_none(&found);
	if (!Name || (Flags & ~GETMOD_FLAGS))
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = E_NOINTERFACE;
	if (!(Flags & DEBUG_GETMOD_NO_LOADED_MODULES))
		result = find_name(call.target, Name, StartIndex, &found);
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT get_module_by_module_name2_wide(IDebugSymbols5 *This, PCWSTR Name, ULONG StartIndex,
					       ULONG Flags, PULONG Index, PULONG64 Base)
{
	char *name;
	HRESULT result;

	found_none(&(struct found){ Index, Base });
	if (!Name)
		return E_INVALIDARG;
	name = tmi_dbgeng_narrow(Name);
	if (!name)
		return E_OUTOFMEMORY;
	result = get_module_by_module_name2(This, name, StartIndex, Flags, Index, Base);
	free(name);
	return result;
}

static HRESULT get_module_by_module_name(IDebugSymbols5 *This, PCSTR Name, ULONG StartIndex,
					 PULONG Index, PULONG64 Base)
{
	return get_module_by_module_name2(This, Name, StartIndex, DEBUG_GETMOD_DEFAULT, Index,
					  Base);
}

static HRESULT get_module_by_module_name_wide(IDebugSymbols5 *This, PCWSTR Name, ULONG StartIndex,
					      PULONG Index, PULONG64 Base)
{
	return get_module_by_module_name2_wide(This, Name, StartIndex, DEBUG_GETMOD_DEFAULT, Index,
					       Base);
}

static HRESULT get_module_by_offset2(IDebugSymbols5 *This, ULONG64 Offset, ULONG StartIndex,
				     ULONG Flags, PULONG Index, PULONG64 Base)
{
	struct found found = { Index, Base };
	struct tmi_dbgeng_call call;
	HRESULT result;

	found_none(&found);
	if (Flags & ~GETMOD_FLAGS)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = E_NOINTERFACE;
	if (!(Flags & DEBUG_GETMOD_NO_LOADED_MODULES))
		result = find_offset(call.target, Offset, StartIndex, &found);
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT get_module_by_offset(IDebugSymbols5 *This, ULONG64 Offset, ULONG StartIndex,
				    PULONG Index, PULONG64 Base)
{
	return get_module_by_offset2(This, Offset, StartIndex, DEBUG_GETMOD_DEFAULT, Index, Base);
}

/* The name of a module that DEBUG_MODNAME_ stands for. No file is mapped for reading its bytes. */
static const char *name_of(const struct tmem_module *module, ULONG which)
{
	switch (which) {
	case DEBUG_MODNAME_MODULE: return module->name;
	case DEBUG_MODNAME_MAPPED_IMAGE: return "";
	default: return module->file;
	}
}

static ULONG name_size(const struct tmem_module *module, ULONG which)
{
	return (ULONG)strlen(name_of(module, which)) + 1;
}

/* Whether it is the program of the current process, as far as the target knows that. */
static bool is_program(tmem_target *target, const struct tmem_module *module)
{
	char path[sizeof(module->file)];
	uint32_t id;

	return tmem_get_current_process_id(target, &id) == TMEM_S_OK &&
	       tmem_get_process_executable_name(target, id, path, sizeof(path), NULL) ==
		       TMEM_S_OK &&
	       strcmp(path, module->file) == 0;
}

/*
 * Symbols are looked for when a name is asked for: DEFERRED. Files of Linux have neither a time
 * nor a checksum in their headers: 0.
 */
static void fill_parameters(struct tmi_dbgeng_call *call, const struct tmem_module *module,
			    PDEBUG_MODULE_PARAMETERS Params)
{
	*Params = (DEBUG_MODULE_PARAMETERS){
		.Base = module->base,
		.Size = module->module_size > UINT32_MAX ? UINT32_MAX : (ULONG)module->module_size,
		.Flags = DEBUG_MODULE_LOADED,
		.SymbolType = DEBUG_SYMTYPE_DEFERRED,
		.ImageNameSize = name_size(module, DEBUG_MODNAME_IMAGE),
		.ModuleNameSize = name_size(module, DEBUG_MODNAME_MODULE),
		.LoadedImageNameSize = name_size(module, DEBUG_MODNAME_LOADED_IMAGE),
		.SymbolFileNameSize = name_size(module, DEBUG_MODNAME_SYMBOL_FILE),
		.MappedImageNameSize = name_size(module, DEBUG_MODNAME_MAPPED_IMAGE),
	};
	if (call->system->kernel)
		return;
	Params->Flags |= DEBUG_MODULE_USER_MODE;
	if (is_program(call->target, module))
		Params->Flags |= DEBUG_MODULE_EXE_MODULE;
}

/* By index: what there is of the range is filled, also when that is not all of it. */
static HRESULT parameters_by_index(struct tmi_dbgeng_call *call, ULONG count, ULONG start,
				   PDEBUG_MODULE_PARAMETERS Params)
{
	struct tmem_module module;
	uint32_t number = 0;
	HRESULT result = tmi_dbgeng_result(tmem_get_number_modules(call->target, &number));

	if (FAILED(result))
		return result;
	if (start > number)
		return E_INVALIDARG;
	for (ULONG i = 0; i < count && SUCCEEDED(result); i++) {
		result = i < number - start ? module_by_index(call->target, start + i, &module)
					    : E_NOINTERFACE;
		if (SUCCEEDED(result))
			fill_parameters(call, &module, &Params[i]);
	}
	return result == E_NOINTERFACE ? E_INVALIDARG : result;
}

/* By base: a missing one is told by its entry. */
static HRESULT parameters_by_base(struct tmi_dbgeng_call *call, ULONG count, const ULONG64 *bases,
				  PDEBUG_MODULE_PARAMETERS Params)
{
	struct tmem_module module;

	for (ULONG i = 0; i < count; i++) {
		HRESULT result = module_by_base(call->target, bases[i], &module);

		if (FAILED(result) && result != E_NOINTERFACE)
			return result;
		if (FAILED(result))
			Params[i] = (DEBUG_MODULE_PARAMETERS){ .Base = DEBUG_INVALID_OFFSET };
		else
			fill_parameters(call, &module, &Params[i]);
	}
	return S_OK;
}

static HRESULT get_module_parameters(IDebugSymbols5 *This, ULONG Count, PULONG64 Bases, ULONG Start,
				     PDEBUG_MODULE_PARAMETERS Params)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!Params)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	if (Bases)
		result = parameters_by_base(&call, Count, Bases, Params);
	else
		result = parameters_by_index(&call, Count, Start, Params);
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT get_module_names(IDebugSymbols5 *This, ULONG Index, ULONG64 Base,
				PSTR ImageNameBuffer, ULONG ImageNameBufferSize,
				PULONG ImageNameSize, PSTR ModuleNameBuffer,
				ULONG ModuleNameBufferSize, PULONG ModuleNameSize,
				PSTR LoadedImageNameBuffer, ULONG LoadedImageNameBufferSize,
				PULONG LoadedImageNameSize)
{
	struct tmi_dbgeng_call call;
	struct tmem_module module;
	HRESULT result;

	tmi_dbgeng_zero(ImageNameSize);
	tmi_dbgeng_zero(ModuleNameSize);
	tmi_dbgeng_zero(LoadedImageNameSize);
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = module_of(call.target, Index, Base, &module);
	if (FAILED(result))
		return tmi_dbgeng_leave(&call, result);
	result = tmi_dbgeng_return_text(name_of(&module, DEBUG_MODNAME_IMAGE), ImageNameBuffer,
					ImageNameBufferSize, ImageNameSize);
	result = tmi_dbgeng_worse(result,
				  tmi_dbgeng_return_text(name_of(&module, DEBUG_MODNAME_MODULE),
							 ModuleNameBuffer, ModuleNameBufferSize,
							 ModuleNameSize));
	result = tmi_dbgeng_worse(
		result, tmi_dbgeng_return_text(name_of(&module, DEBUG_MODNAME_LOADED_IMAGE),
					       LoadedImageNameBuffer, LoadedImageNameBufferSize,
					       LoadedImageNameSize));
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT get_module_name_string(IDebugSymbols5 *This, ULONG Which, ULONG Index, ULONG64 Base,
				      PSTR Buffer, ULONG BufferSize, PULONG NameSize)
{
	struct tmi_dbgeng_call call;
	struct tmem_module module;
	HRESULT result;

	tmi_dbgeng_zero(NameSize);
	if (Which > DEBUG_MODNAME_MAPPED_IMAGE)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = module_of(call.target, Index, Base, &module);
	if (!FAILED(result))
		result = tmi_dbgeng_return_text(name_of(&module, Which), Buffer, BufferSize,
						NameSize);
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT get_module_name_string_wide(IDebugSymbols5 *This, ULONG Which, ULONG Index,
					   ULONG64 Base, PWSTR Buffer, ULONG BufferSize,
					   PULONG NameSize)
{
	char name[sizeof(((struct tmem_module *)NULL)->file)];
	HRESULT result;

	tmi_dbgeng_zero(NameSize);
	result = get_module_name_string(This, Which, Index, Base, name, sizeof(name), NULL);
	if (FAILED(result))
		return result;
	return tmi_dbgeng_return_text_wide(name, Buffer, BufferSize, NameSize);
}

/* S_FALSE: it is not; nothing here knows of managed code. */
static HRESULT is_managed_module(IDebugSymbols5 *This, ULONG Index, ULONG64 Base)
{
	struct tmi_dbgeng_call call;
	struct tmem_module module;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);

	if (FAILED(result))
		return result;
	result = module_of(call.target, Index, Base, &module);
	return tmi_dbgeng_leave(&call, FAILED(result) ? result : S_FALSE);
}

/*
 * Modules are looked up anew when they can have changed, and symbols when they are asked for: what
 * is left is to tell the clients. The arguments of .reload in Module change nothing.
 */
static HRESULT reload(IDebugSymbols5 *This, PCSTR Module)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!Module)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET | TMI_DBGENG_CHANGES, &call);
	if (FAILED(result))
		return result;
	tmi_dbgeng_queue_event(call.session, DEBUG_EVENT_CHANGE_SYMBOL_STATE, DEBUG_CSS_LOADS, 0);
	return tmi_dbgeng_leave(&call, S_OK);
}

static HRESULT reload_wide(IDebugSymbols5 *This, PCWSTR Module)
{
	return reload(This, Module ? "" : NULL);
}

const IDebugSymbols5Vtbl tmi_dbgeng_part_symbols_module = {
	.GetNumberModules = get_number_modules,
	.GetModuleByIndex = get_module_by_index,
	.GetModuleByModuleName = get_module_by_module_name,
	.GetModuleByModuleNameWide = get_module_by_module_name_wide,
	.GetModuleByModuleName2 = get_module_by_module_name2,
	.GetModuleByModuleName2Wide = get_module_by_module_name2_wide,
	.GetModuleByOffset = get_module_by_offset,
	.GetModuleByOffset2 = get_module_by_offset2,
	.GetModuleNames = get_module_names,
	.GetModuleNameString = get_module_name_string,
	.GetModuleNameStringWide = get_module_name_string_wide,
	.GetModuleParameters = get_module_parameters,
	.IsManagedModule = is_managed_module,
	.Reload = reload,
	.ReloadWide = reload_wide,
};
