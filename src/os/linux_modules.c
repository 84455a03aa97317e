/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux_modules.c - the kernel itself, and the ring of its modules.
 *
 * Where a module's code is was kept in three ways: module_core and core_size until 4.4, core_layout
 * until 6.3, and since then mem[], of which the first is the code. A module is told by the place of
 * its code; what belongs to it elsewhere is not.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "os/linux_symbols.h"

#define PAGE            4096u
#define MODULE_SIZE_MAX (256u << 20)
/* Bytes of a module that are searched for its build-id. */
#define NOTES_REACH (2u << 20)
/* A module that is being set up: nothing in it is valid. */
#define STATE_UNFORMED 3u

struct list {
	struct tmi_os_module *entries;
	size_t count;
	size_t room;
};

static struct tmi_os_module *add(struct list *list)
{
	size_t room = list->room ? list->room * 2 : 32;
	struct tmi_os_module *entries;

	if (list->count == list->room) {
		entries = realloc(list->entries, room * sizeof(*entries));
		if (!entries)
			return NULL;
		list->entries = entries;
		list->room = room;
	}
	list->entries[list->count] = (struct tmi_os_module){ 0 };
	return &list->entries[list->count++];
}

bool tmi_linux_is_module_name(const uint8_t *bytes, size_t size)
{
	size_t length = 0;

	while (length < size &&
	       (isalnum(bytes[length]) || bytes[length] == '_' || bytes[length] == '-'))
		length++;
	return length > 0 && length < size && !bytes[length];
}

/* ---- the kernel ---- */

/* The end of the image: a symbol; the last one known; or where the tables stop mapping it. */
static uint64_t image_end(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	uint64_t end = 0;
	uint32_t index;

	if (tmi_linux_find_symbol(state, memory, "_end", &end))
		return end;
	/* On 32 bits the tables map all of the memory in the same order. */
	if (state->kernel.pointer_size == 4 && state->symbols_stage == TMI_LINUX_FOUND &&
	    tmi_kallsyms_nearest(&state->symbols, state->image_last, &index))
		return (state->symbols.addresses[index] + PAGE) & ~(uint64_t)(PAGE - 1);
	return state->image_last + 1;
}

static tmem_status describe_kernel(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	struct tmi_os_module *module = &state->kernel_module;
	tmem_status status;
	uint64_t base, end;

	if (module->base)
		return TMEM_S_OK;
	/* What follows is kept: a search that was stopped must not pass for one without result. */
	status = tmi_linux_need_symbols(state, memory);
	if (status != TMEM_S_OK && status != TMEM_E_NOINTERFACE)
		return status;
	status = tmi_linux_kernel_build_id(state, memory, module->build_id, &module->build_id_size);
	if (status != TMEM_S_OK)
		return status;
	if (!tmi_linux_find_symbol(state, memory, "_text", &base) &&
	    !tmi_linux_find_symbol(state, memory, "_stext", &base))
		base = state->image_first;
	end = image_end(state, memory);
	memcpy(module->name, "kernel", sizeof("kernel"));
	module->size = end > base ? end - base : PAGE;
	module->base = base;
	return TMEM_S_OK;
}

/* ---- a module ---- */

static bool known(const struct tmi_linux *state, enum tmi_linux_member first,
		  enum tmi_linux_member second)
{
	return state->layout.known[first] && state->layout.known[second];
}

/* Where a module keeps base and size of its code; false = that is not known. */
static bool code_fields(const struct tmi_linux *state, uint64_t *base, uint64_t *size)
{
	const uint32_t *offset = state->layout.offset;

	if (state->layout.known[TMI_LINUX_MODULE_MEM] &&
	    known(state, TMI_LINUX_MEMORY_BASE, TMI_LINUX_MEMORY_SIZE)) {
		*base = offset[TMI_LINUX_MODULE_MEM] + offset[TMI_LINUX_MEMORY_BASE];
		*size = offset[TMI_LINUX_MODULE_MEM] + offset[TMI_LINUX_MEMORY_SIZE];
		return true;
	}
	if (state->layout.known[TMI_LINUX_MODULE_CORE_LAYOUT] &&
	    known(state, TMI_LINUX_LAYOUT_BASE, TMI_LINUX_LAYOUT_SIZE)) {
		*base = offset[TMI_LINUX_MODULE_CORE_LAYOUT] + offset[TMI_LINUX_LAYOUT_BASE];
		*size = offset[TMI_LINUX_MODULE_CORE_LAYOUT] + offset[TMI_LINUX_LAYOUT_SIZE];
		return true;
	}
	*base = offset[TMI_LINUX_MODULE_MODULE_CORE];
	*size = offset[TMI_LINUX_MODULE_CORE_SIZE];
	return known(state, TMI_LINUX_MODULE_MODULE_CORE, TMI_LINUX_MODULE_CORE_SIZE);
}

static void read_build_id(const struct tmi_linux *state, const struct tmi_os_memory *memory,
			  struct tmi_os_module *module)
{
	struct tmi_bytes bytes = { 0 };
	uint64_t limit = module->size < NOTES_REACH ? module->size : NOTES_REACH;
	uint8_t *data = tmi_linux_read_image(state, memory, module->base, limit, &bytes.size);

	bytes.data = data;
	if (data)
		tmi_linux_note_build_id(&bytes, module->build_id, &module->build_id_size);
	free(data);
}

/* False, and *why, when what stands at @address is no module. */
static bool describe(const struct tmi_linux *state, const struct tmi_os_memory *memory,
		     uint64_t address, struct tmi_os_module *module, const char **why)
{
	uint32_t name_size = 64 - state->kernel.pointer_size;
	uint64_t base, size;

	*why = "its module is not readable";
	if (!code_fields(state, &base, &size) ||
	    !tmi_linux_read(state, memory, address + state->layout.offset[TMI_LINUX_MODULE_NAME],
			    module->name, name_size) ||
	    !tmi_linux_pointer(state, memory, address + base, &module->base) ||
	    !tmi_linux_integer(state, memory, address + size, 4, &module->size))
		return false;
	*why = "its module has no name, or its code is nowhere";
	if (!tmi_linux_is_module_name((const uint8_t *)module->name, name_size) ||
	    !tmi_linux_is_object(state, module->base) || module->base % PAGE || !module->size ||
	    module->size > MODULE_SIZE_MAX)
		return false;
	read_build_id(state, memory, module);
	return true;
}

/* ---- the list ---- */

static tmem_status need_modules(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	uint64_t head, base, size;
	tmem_status status = tmi_linux_need_layout(state, memory);

	if (status != TMEM_S_OK || state->modules_stage != TMI_LINUX_NOT_TRIED)
		return status;
	if (tmi_linux_find_symbol(state, memory, "modules", &head)) {
		state->modules_head = head;
		tmi_linux_fact_address(state, "modules", head, "kallsyms");
	}
	if (!state->modules_head || !known(state, TMI_LINUX_MODULE_LIST, TMI_LINUX_MODULE_NAME) ||
	    !code_fields(state, &base, &size))
		status = tmi_linux_infer_modules(state, memory);
	if (status != TMEM_S_OK)
		return status;
	state->modules_stage =
		state->modules_head && known(state, TMI_LINUX_MODULE_LIST, TMI_LINUX_MODULE_NAME) &&
				code_fields(state, &base, &size)
			? TMI_LINUX_FOUND
			: TMI_LINUX_NOT_FOUND;
	return TMEM_S_OK;
}

static tmem_status walk(struct tmi_linux *state, const struct tmi_os_memory *memory,
			struct list *list, struct tmi_linux_ring *ring)
{
	uint32_t offset = state->layout.offset[TMI_LINUX_MODULE_LIST];

	tmi_linux_ring_begin(ring, state->modules_head, TMI_LINUX_MODULES_MAX);
	while (tmi_linux_ring_next(state, memory, ring)) {
		struct tmi_os_module *module = add(list);
		const char *why;
		uint64_t stage;

		if (!module)
			return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
		if (memory->interrupted(memory->context))
			return tmi_fail_text(TMEM_E_CONTROL_C_EXIT,
					     "interrupted while listing modules");
		if (describe(state, memory, ring->here - offset, module, &why))
			continue;
		list->count--;
		if (tmi_linux_integer(state, memory, ring->here - offset, 4, &stage) &&
		    stage == STATE_UNFORMED)
			continue;
		ring->where = ring->here;
		ring->why = why;
		break;
	}
	return TMEM_S_OK;
}

static tmem_status explain(const struct tmi_linux *state, const struct list *list,
			   const struct tmi_linux_ring *ring)
{
	if (state->modules_stage != TMI_LINUX_FOUND)
		return tmi_fail_text(TMEM_S_FALSE,
				     "only the kernel itself is listed: where its list of modules "
				     "is, or the offsets of struct module, are not known");
	if (ring->why)
		return tmi_fail_text(TMEM_S_FALSE,
				     "the list of modules is cut after %zu: the list_head at "
				     "0x%" PRIx64 ": %s",
				     list->count - 1, ring->where, ring->why);
	return TMEM_S_OK;
}

tmem_status tmi_linux_modules(struct tmi_linux *state, const struct tmi_os_memory *memory,
			      struct tmi_os_module **modules, size_t *count)
{
	struct tmi_linux_ring ring = { 0 };
	struct list list = { 0 };
	struct tmi_os_module *first;
	tmem_status status = TMEM_S_OK;

	if (!state->found)
		return tmi_fail_text(TMEM_E_NOINTERFACE, "no Linux kernel was found");
	status = describe_kernel(state, memory);
	if (status == TMEM_S_OK)
		status = need_modules(state, memory);
	first = status == TMEM_S_OK ? add(&list) : NULL;
	if (first)
		*first = state->kernel_module;
	else if (status == TMEM_S_OK)
		status = tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	if (status == TMEM_S_OK && state->modules_stage == TMI_LINUX_FOUND)
		status = walk(state, memory, &list, &ring);
	if (status != TMEM_S_OK) {
		free(list.entries);
		return status;
	}
	*modules = list.entries;
	*count = list.count;
	return explain(state, &list, &ring);
}
