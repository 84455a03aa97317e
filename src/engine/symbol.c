/* SPDX-License-Identifier: Apache-2.0 */
/* symbol.c - from addresses to names and back; the tables are symbol_cache.c's. */
#include <stdio.h>
#include <string.h>

#include "engine/kernel.h"
#include "engine/symbol.h"

/* Where a name goes. */
struct name_output {
	char *buffer;
	size_t size;
	size_t *needed;
	uint64_t *displacement;
};

static tmem_status no_symbol(uint64_t offset)
{
	return tmi_fail_text(TMEM_E_NOINTERFACE, "no symbol is known at %016llx",
			     (unsigned long long)offset);
}

static tmem_status put_name(const struct name_output *out, const char *module, const char *name)
{
	size_t needed = strlen(module) + 1 + strlen(name) + 1;

	if (out->needed)
		*out->needed = needed;
	if (!out->buffer)
		return TMEM_S_OK;
	if (out->size)
		snprintf(out->buffer, out->size, "%s!%s", module, name);
	return needed <= out->size ? TMEM_S_OK : TMEM_S_FALSE;
}

/* Names an address in a module; both as a caller gives them. */
static tmem_status name_in_module(struct tmi_space *space, const struct tmem_module *module,
				  uint64_t offset, int32_t delta, const struct name_output *out)
{
	const struct tmi_elf_symbols *symbols;
	const struct tmi_elf_symbol *symbol;
	uint64_t base = module->base;
	uint64_t inside;
	tmem_status status;

	tmi_space_enter(space, &base);
	inside = offset;
	status = tmi_space_enter(space, &inside);
	inside -= base;
	if (status == TMEM_S_OK)
		status = tmi_symbol_table(space, module, &symbols);
	if (status != TMEM_S_OK)
		return status;
	symbol = tmi_elf_symbols_step(symbols, tmi_elf_symbols_at(symbols, inside), delta);
	if (symbol) {
		if (out->displacement)
			*out->displacement = inside >= symbol->offset ? inside - symbol->offset
								      : symbol->offset - inside;
		status = put_name(out, module->name, tmi_elf_symbol_name(symbols, symbol));
	}
	tmi_symbol_table_release(space);
	return symbol ? status : no_symbol(offset);
}

/* Kernel mode: the kernel's own names. What is beside the nearest one is not asked for. */
static tmem_status name_in_kernel(struct tmi_space *space, uint64_t offset, int32_t delta,
				  const struct name_output *out)
{
	uint64_t inside = offset, start;
	char name[512];
	tmem_status status = TMEM_S_FALSE;

	if (!delta && tmi_space_enter(space, &inside) == TMEM_S_OK)
		status = tmi_kernel_name(space->shared->kernel, inside, name, sizeof(name), &start);
	if (status != TMEM_S_OK)
		return TMEM_FAILED(status) ? status : no_symbol(offset);
	if (out->displacement)
		*out->displacement = inside - start;
	return put_name(out, "kernel", name);
}

tmem_status tmem_get_near_name_by_offset(tmem_target *target, uint64_t offset, int32_t delta,
					 char *name_buffer, size_t name_buffer_size,
					 size_t *name_size, uint64_t *displacement)
{
	struct name_output out = { name_buffer, name_buffer_size, name_size, displacement };
	struct tmem_module module = { .size = sizeof(module) };
	struct tmi_space *space;
	tmem_status status = tmi_call_virtual(target, &space);

	if (name_buffer && name_buffer_size)
		*name_buffer = 0;
	if (name_size)
		*name_size = 0;
	if (displacement)
		*displacement = 0;
	if (status == TMEM_S_OK && target->shared->kernel)
		return tmi_call_end(target, name_in_kernel(space, offset, delta, &out));
	if (status == TMEM_S_OK)
		status = tmem_get_module_by_offset(target, offset, &module);
	if (status == TMEM_S_OK)
		status = name_in_module(space, &module, offset, delta, &out);
	return tmi_call_end(target, status);
}

tmem_status tmem_get_name_by_offset(tmem_target *target, uint64_t offset, char *name_buffer,
				    size_t name_buffer_size, size_t *name_size,
				    uint64_t *displacement)
{
	return tmem_get_near_name_by_offset(target, offset, 0, name_buffer, name_buffer_size,
					    name_size, displacement);
}

/* A search for a name in the modules, one after the other. */
struct find {
	const char *module; /* @module_length characters; NULL = every module */
	size_t module_length;
	const char *name;
	bool found;
	bool local;
	bool several;
	uint64_t offset; /* as the space has it */
};

static bool same(const char *name, const char *wanted, size_t length)
{
	return strlen(name) == length && !memcmp(name, wanted, length);
}

static bool is_wanted(const struct find *find, const struct tmem_module *module)
{
	const char *slash = strrchr(module->file, '/');

	return !find->module || same(module->name, find->module, find->module_length) ||
	       same(slash ? slash + 1 : module->file, find->module, find->module_length);
}

static tmem_status find_in_module(struct tmi_space *space, const struct tmem_module *module,
				  struct find *find)
{
	const struct tmi_elf_symbols *symbols;
	const struct tmi_elf_symbol *symbol;
	uint64_t base = module->base;
	tmem_status status = tmi_symbol_table(space, module, &symbols);
	bool several;

	if (status != TMEM_S_OK)
		return status;
	tmi_space_enter(space, &base);
	symbol = tmi_elf_symbols_find(symbols, find->name, strlen(find->name), &several);
	if (symbol) {
		find->several |= several || find->found;
		if (!find->found || (find->local && !symbol->local)) {
			find->offset = base + symbol->offset;
			find->local = symbol->local;
		}
		find->found = true;
	}
	tmi_symbol_table_release(space);
	return TMEM_S_OK;
}

static tmem_status find_in_modules(tmem_target *target, struct tmi_space *space, struct find *find)
{
	struct tmem_module module = { .size = sizeof(module) };
	uint32_t count;
	tmem_status status = tmem_get_number_modules(target, &count);

	for (uint32_t i = 0; status == TMEM_S_OK && i < count; i++) {
		/* The list may have become shorter meanwhile. */
		if (tmem_get_module_by_index(target, i, &module) != TMEM_S_OK)
			break;
		if (is_wanted(find, &module))
			status = find_in_module(space, &module, find);
	}
	if (status == TMEM_S_OK && !find->found)
		status = tmi_fail_text(TMEM_E_NOINTERFACE, "no symbol is named %s", find->name);
	return status;
}

static tmem_status find_in_kernel(struct tmi_space *space, struct find *find)
{
	static const char own[] = "kernel";
	tmem_status status;

	if (find->module && !same(own, find->module, find->module_length))
		return tmi_fail_text(TMEM_E_NOINTERFACE, "symbols are known of %s only", own);
	status = tmi_kernel_symbol(space->shared->kernel, find->name, &find->offset);
	if (status == TMEM_S_FALSE)
		status = tmi_fail_text(TMEM_E_NOINTERFACE, "no symbol is named %s", find->name);
	return status;
}

tmem_status tmem_get_offset_by_name(tmem_target *target, const char *symbol, uint64_t *offset)
{
	struct find find = { .name = symbol };
	struct tmi_space *space;
	const char *mark;
	tmem_status status;

	if (offset)
		*offset = 0;
	if (!symbol || !offset)
		return tmi_call_end(target, tmi_bad_argument(symbol ? "offset" : "symbol",
							     "a pointer, not NULL"));
	mark = strchr(symbol, '!');
	if (mark) {
		find.module = symbol;
		find.module_length = (size_t)(mark - symbol);
		find.name = mark + 1;
	}
	status = tmi_call_virtual(target, &space);
	if (status == TMEM_S_OK)
		status = target->shared->kernel ? find_in_kernel(space, &find)
						: find_in_modules(target, space, &find);
	if (status != TMEM_S_OK)
		return tmi_call_end(target, status);
	*offset = tmi_space_leave(space, find.offset);
	return find.several ? TMEM_S_FALSE : TMEM_S_OK;
}
