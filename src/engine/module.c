/* SPDX-License-Identifier: Apache-2.0 */
/*
 * module.c - modules of the current process, found in its runs and its memory.
 *
 * A module is a mapping of the start of an ELF file whose header checks out. The list is taken
 * when tmem_get_number_modules() is called, and again when a lookup misses on a target that can
 * have changed since; the other calls answer from it, so that a walk by index sees one state.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/kernel.h"
#include "format/elf.h"

struct module {
	uint64_t base;
	uint64_t size;
	char *file; /* owned */
	struct tmi_elf_build_id build_id;
};

struct tmi_module_list {
	const struct tmi_space *space;
	uint64_t generation; /* of the content it was taken from */
	struct module *modules;
	size_t count;
};

void tmi_module_list_free(struct tmi_module_list *list)
{
	for (size_t i = 0; list && i < list->count; i++)
		free(list->modules[i].file);
	if (list)
		free(list->modules);
	free(list);
}

/* tmi_elf_reader over a space. */
static size_t read_space(void *context, uint64_t offset, void *buffer, size_t size)
{
	size_t done = 0;

	tmi_space_read(context, offset, buffer, size, 0, &done);
	return done;
}

static bool may_be_module(const struct tmi_run *run)
{
	return run->file_offset == 0 && run->source != TMEM_VSOURCE_INVALID &&
	       (run->type == TMEM_MEM_IMAGE || !strcmp(run->name, "[vdso]"));
}

static bool add_module(struct tmi_module_list *list, const struct tmi_elf_image *image,
		       const char *file)
{
	struct module *modules = reallocarray(list->modules, list->count + 1, sizeof(*modules));
	char *copy = strdup(file);

	if (modules)
		list->modules = modules;
	if (!modules || !copy) {
		free(copy);
		return false;
	}
	modules[list->count++] = (struct module){
		.base = image->base,
		.size = image->size,
		.file = copy,
		.build_id = image->build_id,
	};
	return true;
}

/* The same file may be mapped at its start twice, and one image holds several such runs. */
static bool inside_last(const struct tmi_module_list *list, uint64_t address)
{
	const struct module *last = list->count ? &list->modules[list->count - 1] : NULL;

	return last && address - last->base < last->size;
}

static int compare_modules(const void *a, const void *b)
{
	uint64_t x = ((const struct module *)a)->base, y = ((const struct module *)b)->base;

	return (x > y) - (x < y);
}

static tmem_status collect(struct tmi_space *space, struct tmi_module_list *list)
{
	struct tmi_elf_image image;
	struct tmi_run_walk walk;
	struct tmi_run run;
	bool enough_memory = true;
	tmem_status status = tmi_run_walk_begin(&walk, space, 0);

	if (status != TMEM_S_OK)
		return status;
	while (enough_memory && tmi_run_walk_next(&walk, &run) == TMEM_S_OK)
		if (may_be_module(&run) && !inside_last(list, run.first) &&
		    tmi_elf_image_init(&image, read_space, space, run.first,
				       tmi_space_facts(space)->page_size, NULL))
			enough_memory = add_module(list, &image, run.name);
	tmi_run_walk_end(&walk);
	return enough_memory ? TMEM_S_OK : tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
}

/* The kernel's own list: its modules are no files that are mapped. */
static tmem_status collect_kernel(tmem_target *target, struct tmi_module_list *list)
{
	struct tmi_os_module *modules;
	size_t count;
	bool enough_memory = true;
	tmem_status status = tmi_kernel_modules(target->shared->kernel, target, &modules, &count);

	for (size_t i = 0; status == TMEM_S_OK && enough_memory && i < count; i++) {
		struct tmi_elf_image image = { .base = modules[i].base, .size = modules[i].size };

		modules[i].name[sizeof(modules[i].name) - 1] = '\0';
		image.build_id.size = modules[i].build_id_size;
		memcpy(image.build_id.bytes, modules[i].build_id, sizeof(modules[i].build_id));
		enough_memory = add_module(list, &image, modules[i].name);
	}
	free(modules);
	if (status == TMEM_S_OK && !enough_memory)
		status = tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	if (list->count)
		qsort(list->modules, list->count, sizeof(*list->modules), compare_modules);
	return status;
}

/* Takes the list anew; module_lock is held. */
static tmem_status take_list(tmem_target *target, struct tmi_space *space)
{
	struct tmi_module_list *list = calloc(1, sizeof(*list));
	tmem_status status;

	if (!list)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	list->space = space;
	list->generation = tmi_space_content_generation(space);
	status = target->shared->kernel ? collect_kernel(target, list) : collect(space, list);
	if (status != TMEM_S_OK) {
		tmi_module_list_free(list);
		return status;
	}
	tmi_module_list_free(target->modules);
	target->modules = list;
	return TMEM_S_OK;
}

static bool is_current(const tmem_target *target, const struct tmi_space *space)
{
	return target->modules && target->modules->space == space &&
	       target->modules->generation == tmi_space_content_generation(space);
}

/* Modules can come and go only while the target runs. */
static bool can_change(tmem_target *target, const struct tmi_space *space)
{
	return tmi_space_facts(space)->live && !atomic_load(&target->shared->caching);
}

/*
 * Takes the lock. A progress callback may ask while this thread is taking the list, or does other
 * work of the kernel; whoever has the lock then may be waiting for the kernel.
 */
static tmem_status lock_modules(tmem_target *target)
{
	struct tmi_kernel *kernel = target->shared->kernel;
	tmem_status status = TMEM_S_OK;

	if (kernel && tmi_event_inside()) {
		status = tmi_kernel_lock(kernel);
		if (status != TMEM_S_OK)
			return status;
		pthread_mutex_unlock(&kernel->lock);
	}
	if (pthread_mutex_lock(&target->module_lock))
		status = tmi_fail(TMEM_E_UNEXPECTED, TMEM_REASON_IN_CALLBACK, 0);
	return status;
}

tmem_status tmem_get_number_modules(tmem_target *target, uint32_t *number)
{
	struct tmi_space *space;
	tmem_status status;

	if (!target || !number)
		return tmi_call_end(target, tmi_bad_argument("number", "a pointer, not NULL"));
	*number = 0;
	status = tmi_call_virtual(target, &space);
	if (status == TMEM_S_OK)
		status = lock_modules(target);
	if (status == TMEM_S_OK) {
		if (!is_current(target, space) || can_change(target, space))
			status = take_list(target, space);
		if (status == TMEM_S_OK)
			*number = (uint32_t)target->modules->count;
		pthread_mutex_unlock(&target->module_lock);
	}
	return tmi_call_end(target, status);
}

/* What a lookup looks for: one of them is set. */
struct wanted {
	const uint32_t *index;
	const uint64_t *address;
	const char *name;
};

/* File name without folder. */
static const char *base_name(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

/* "libc" of "libc.so.6", "vdso" of "[vdso]". Returns its length; *name is its start. */
static size_t short_name(const char *file, const char **name)
{
	const char *tail;

	*name = base_name(file);
	if (**name == '[') {
		++*name;
		return strcspn(*name, "]");
	}
	tail = strstr(*name, ".so");
	while (tail && tail[3] && tail[3] != '.')
		tail = strstr(tail + 1, ".so");
	return tail && tail != *name ? (size_t)(tail - *name) : strlen(*name);
}

static bool has_name(const struct module *module, const char *name)
{
	const char *own;
	size_t length = short_name(module->file, &own);

	return (strlen(name) == length && !strncmp(own, name, length)) ||
	       !strcmp(base_name(module->file), name);
}

static const struct module *find(const struct tmi_module_list *list, const struct wanted *wanted)
{
	if (wanted->index)
		return *wanted->index < list->count ? &list->modules[*wanted->index] : NULL;
	for (size_t i = 0; i < list->count; i++) {
		const struct module *module = &list->modules[i];

		if (wanted->address ? *wanted->address - module->base < module->size
				    : has_name(module, wanted->name))
			return module;
	}
	return NULL;
}

static void describe(const struct tmi_space *space, const struct module *from,
		     struct tmem_module *module)
{
	const char *name;
	size_t length = short_name(from->file, &name);

	*module = (struct tmem_module){
		.size = sizeof(*module),
		.base = tmi_space_leave(space, from->base),
		.module_size = from->size,
		.build_id_size = from->build_id.size,
	};
	if (length >= sizeof(module->name))
		length = sizeof(module->name) - 1;
	memcpy(module->name, name, length);
	memcpy(module->build_id, from->build_id.bytes, from->build_id.size);
	strncpy(module->file, from->file, sizeof(module->file) - 1);
}

/* Looks in the list, and once more in a fresh one when the target may have changed. */
static tmem_status look_up(tmem_target *target, struct tmi_space *space,
			   const struct wanted *wanted, struct tmem_module *module)
{
	const struct module *found = NULL;
	bool fresh = !is_current(target, space);
	tmem_status status = fresh ? take_list(target, space) : TMEM_S_OK;

	if (status == TMEM_S_OK)
		found = find(target->modules, wanted);
	if (status == TMEM_S_OK && !found && !fresh && !wanted->index &&
	    can_change(target, space)) {
		status = take_list(target, space);
		if (status == TMEM_S_OK)
			found = find(target->modules, wanted);
	}
	if (status == TMEM_S_OK && !found)
		status = tmi_fail_text(TMEM_E_NOINTERFACE, "no such module");
	if (status == TMEM_S_OK)
		describe(space, found, module);
	return status;
}

static tmem_status get_module(tmem_target *target, const struct wanted *wanted,
			      struct tmem_module *module)
{
	struct tmi_space *space;
	tmem_status status;

	if (!target || !module || module->size < sizeof(*module))
		return tmi_call_end(target,
				    tmi_bad_argument("module", "a struct with its size field set"));
	status = tmi_call_virtual(target, &space);
	if (status == TMEM_S_OK)
		status = lock_modules(target);
	if (status == TMEM_S_OK) {
		status = look_up(target, space, wanted, module);
		pthread_mutex_unlock(&target->module_lock);
	}
	return tmi_call_end(target, status);
}

tmem_status tmem_get_module_by_index(tmem_target *target, uint32_t index,
				     struct tmem_module *module)
{
	return get_module(target, &(struct wanted){ .index = &index }, module);
}

tmem_status tmem_get_module_by_offset(tmem_target *target, uint64_t offset,
				      struct tmem_module *module)
{
	struct tmi_space *space;

	/* An address that has neither form is in no module. */
	if (tmi_call_virtual(target, &space) == TMEM_S_OK)
		tmi_space_enter(space, &offset);
	return get_module(target, &(struct wanted){ .address = &offset }, module);
}

tmem_status tmem_get_module_by_module_name(tmem_target *target, const char *name,
					   struct tmem_module *module)
{
	if (!name)
		return tmi_call_end(target, tmi_bad_argument("name", "a module name, not NULL"));
	return get_module(target, &(struct wanted){ .name = name }, module);
}
