/* SPDX-License-Identifier: Apache-2.0 */
/* modules.c - modules through IDebugSymbols. */
#include "handles.h"

tmem_status redirect_get_number_modules(tmem_target *target, uint32_t *number)
{
	struct redirect_object object = redirect_object(target);
	ULONG unloaded = REDIRECT_UNSET;
	HRESULT result = CALL(object, symbols, GetNumberModules, number, &unloaded);

	if (SUCCEEDED(result))
		assert_int_equal(unloaded, 0);
	return redirect_result(REDIRECT_get_number_modules, result);
}

/*
 * A base as the structure of the C API. What no method tells (build-id) comes from the C API; what
 * both tell must be the same.
 */
static tmem_status describe(struct redirect_object *object, tmem_target *target,
			    enum redirect_function function, HRESULT result, ULONG64 base,
			    struct tmem_module *module)
{
	DEBUG_MODULE_PARAMETERS parameters;
	char name[sizeof(module->name)];
	ULONG size = REDIRECT_UNSET;

	if (FAILED(result))
		return redirect_result(function, result);
	module->size = sizeof(*module);
	if (TMEM_FAILED(tmem_get_module_by_offset(target, base, module)))
		fail_msg("a module that the C API does not know");
	memset(&parameters, 0xee, sizeof(parameters));
	assert_int_equal(CALL(*object, symbols, GetModuleParameters, 1, &base, 0, &parameters),
			 S_OK);
	assert_int_equal(parameters.Base, base);
	assert_int_equal(parameters.Size, module->module_size);
	assert_int_equal(CALL(*object, symbols, GetModuleNameString, DEBUG_MODNAME_MODULE,
			      DEBUG_ANY_ID, base, name, sizeof(name), &size),
			 S_OK);
	assert_string_equal(name, module->name);
	assert_int_equal(size, strlen(name) + 1);
	module->base = base;
	return redirect_result(function, S_OK);
}

/* No such module, in the words of either side. */
static HRESULT not_found(HRESULT result)
{
	return result == E_INVALIDARG || result == E_FAIL ? E_NOINTERFACE : result;
}

static bool is_usable(const struct tmem_module *module)
{
	return module && module->size >= sizeof(*module);
}

tmem_status redirect_get_module_by_index(tmem_target *target, uint32_t index,
					 struct tmem_module *module)
{
	struct redirect_object object = redirect_object(target);
	ULONG64 base = REDIRECT_UNSET;
	HRESULT result;

	if (!is_usable(module))
		return DIRECT(get_module_by_index, target, index, module);
	result = not_found(CALL(object, symbols, GetModuleByIndex, index, &base));
	return describe(&object, target, REDIRECT_get_module_by_index, result, base, module);
}

tmem_status redirect_get_module_by_offset(tmem_target *target, uint64_t offset,
					  struct tmem_module *module)
{
	struct redirect_object object = redirect_object(target);
	ULONG64 base = REDIRECT_UNSET;
	HRESULT result;

	if (!is_usable(module))
		return DIRECT(get_module_by_offset, target, offset, module);
	result = not_found(CALL(object, symbols, GetModuleByOffset, offset, 0, NULL, &base));
	return describe(&object, target, REDIRECT_get_module_by_offset, result, base, module);
}

tmem_status redirect_get_module_by_module_name(tmem_target *target, const char *name,
					       struct tmem_module *module)
{
	struct redirect_object object = redirect_object(target);
	ULONG64 base = REDIRECT_UNSET;
	HRESULT result;

	if (!is_usable(module))
		return DIRECT(get_module_by_module_name, target, name, module);
	result = not_found(CALL(object, symbols, GetModuleByModuleName, name, 0, NULL, &base));
	return describe(&object, target, REDIRECT_get_module_by_module_name, result, base, module);
}
