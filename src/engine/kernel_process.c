/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel_process.c - processes and facts of a kernel, and the implicit process of a handle; see
 * tmem/kernel.h and tmem/process.h.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/kernel.h"

/* The kernel of a target in kernel mode, without looking for it. */
static tmem_status kernel_of(tmem_target *target, struct tmi_kernel **kernel)
{
	*kernel = target ? target->shared->kernel : NULL;
	if (!target)
		return tmi_bad_argument("target", "an open handle, not NULL");
	return *kernel ? TMEM_S_OK : tmi_fail(TMEM_E_UNEXPECTED, TMEM_REASON_USER_MODE, 0);
}

/* The processes as the target kind lists them. */
static tmem_status list_of_kind(const struct tmi_shared *shared, struct tmi_kernel_list *list)
{
	struct tmi_kernel_process *found = NULL;
	size_t count = 0;
	tmem_status status = shared->kind->kernel_processes(shared->state, &found, &count);

	if (TMEM_FAILED(status))
		return status;
	list->processes = calloc(count ? count : 1, sizeof(*list->processes));
	for (size_t i = 0; list->processes && i < count; i++) {
		struct tmi_os_process *process = &list->processes[i];

		process->system_id = found[i].system_id;
		process->parent_system_id = found[i].parent_system_id;
		process->flags = found[i].flags;
		process->data_offset = found[i].data_offset;
		process->root = found[i].root;
		memcpy(process->name, found[i].name, sizeof(process->name));
		process->name[sizeof(process->name) - 1] = '\0';
	}
	free(found);
	if (!list->processes)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	list->count = count;
	return status;
}

static tmem_status take_list(struct tmi_kernel *kernel, tmem_target *target,
			     struct tmi_kernel_list *list)
{
	const struct tmi_shared *shared = kernel->shared;
	struct tmi_kernel_view view;

	if (shared->kind->kernel_processes)
		return list_of_kind(shared, list);
	if (!kernel->state || !kernel->provider->kernel(kernel->state))
		return tmi_fail_text(TMEM_E_NOINTERFACE,
				     "no kernel is known whose processes could be listed: the page "
				     "tables were given by hand");
	tmi_kernel_view_init(&view, kernel, target);
	return kernel->provider->processes(kernel->state, &view.memory, &list->processes,
					   &list->count);
}

tmem_status tmi_kernel_list(struct tmi_kernel *kernel, tmem_target *target,
			    const struct tmi_kernel_list **list)
{
	bool steady = atomic_load(&kernel->shared->steady);
	struct tmi_kernel_list fresh = { .generation = tmi_space_generation(kernel->physical),
					 .steady = steady };

	*list = &kernel->list;
	/* One of a target that ran says nothing of it once it is stopped. */
	if (kernel->list.processes && kernel->list.generation == fresh.generation && steady &&
	    kernel->list.steady) {
		if (kernel->list.status == TMEM_S_FALSE)
			tmi_fail_text(TMEM_S_FALSE, "%s", kernel->list.why ? kernel->list.why : "");
		return kernel->list.status;
	}
	fresh.status = take_list(kernel, target, &fresh);
	if (TMEM_FAILED(fresh.status))
		return fresh.status;
	if (fresh.status == TMEM_S_FALSE)
		fresh.why = strdup(tmi_error_text());
	free(kernel->list.processes);
	free(kernel->list.why);
	kernel->list = fresh;
	return fresh.status;
}

/* The list, with the lock held afterwards unless it fails. */
static tmem_status lock_list(tmem_target *target, struct tmi_kernel **kernel,
			     const struct tmi_kernel_list **list)
{
	tmem_status status = kernel_of(target, kernel);

	if (status == TMEM_S_OK)
		status = tmi_kernel_need(*kernel, target);
	if (status == TMEM_E_UNEXPECTED && *kernel && tmi_kernel_is_absent(*kernel))
		status = TMEM_E_NOINTERFACE;
	if (status == TMEM_S_OK)
		status = tmi_kernel_lock(*kernel);
	if (status != TMEM_S_OK)
		return status;
	status = tmi_kernel_list(*kernel, target, list);
	if (TMEM_FAILED(status))
		pthread_mutex_unlock(&(*kernel)->lock);
	return status;
}

tmem_status tmem_get_number_kernel_processes(tmem_target *target, uint32_t *number)
{
	const struct tmi_kernel_list *list;
	struct tmi_kernel *kernel;
	tmem_status status;

	if (number)
		*number = 0;
	if (!target || !number)
		return tmi_call_end(target, tmi_bad_argument("number", "a pointer, not NULL"));
	status = lock_list(target, &kernel, &list);
	if (!TMEM_FAILED(status)) {
		*number = (uint32_t)list->count;
		pthread_mutex_unlock(&kernel->lock);
	}
	/* What is missing is explained although it is no failure. */
	return status == TMEM_S_FALSE ? tmi_error_owner(status, target)
				      : tmi_call_end(target, status);
}

static void describe(const struct tmi_space *space, const struct tmi_os_process *from,
		     struct tmem_kernel_process *process)
{
	*process = (struct tmem_kernel_process){
		.size = sizeof(*process),
		.system_id = from->system_id,
		.parent_system_id = from->parent_system_id,
		.flags = from->flags,
		.data_offset = tmi_space_leave(space, from->data_offset),
		.directory_base = from->root,
	};
	memcpy(process->name, from->name, sizeof(process->name));
}

/* Finds by index or by system id, whichever is given. */
static tmem_status get_process(tmem_target *target, const uint32_t *index,
			       const uint32_t *system_id, struct tmem_kernel_process *process)
{
	const struct tmi_kernel_list *list;
	struct tmi_kernel *kernel;
	size_t at = 0;
	tmem_status status;

	if (!target || !process || process->size < sizeof(*process))
		return tmi_call_end(
			target, tmi_bad_argument("process", "a struct with its size field set"));
	status = lock_list(target, &kernel, &list);
	if (TMEM_FAILED(status))
		return tmi_call_end(target, status);
	if (index)
		at = *index;
	else
		while (at < list->count && list->processes[at].system_id != *system_id)
			at++;
	status = TMEM_S_OK;
	if (at < list->count)
		describe(kernel->home, &list->processes[at], process);
	else if (index)
		status = tmi_bad_argument("index", "less than the number of kernel processes");
	else
		status = tmi_fail_text(TMEM_E_INVALIDARG, "the kernel has no process %u",
				       *system_id);
	pthread_mutex_unlock(&kernel->lock);
	return tmi_call_end(target, status);
}

tmem_status tmem_get_kernel_process_by_index(tmem_target *target, uint32_t index,
					     struct tmem_kernel_process *process)
{
	return get_process(target, &index, NULL, process);
}

tmem_status tmem_get_kernel_process_by_system_id(tmem_target *target, uint32_t system_id,
						 struct tmem_kernel_process *process)
{
	return get_process(target, NULL, &system_id, process);
}

tmem_status tmem_get_kernel_fact(tmem_target *target, uint32_t index, struct tmem_kernel_fact *fact)
{
	struct tmi_os_fact found = { 0 };
	struct tmi_kernel *kernel;
	tmem_status status;

	if (!target || !fact || fact->size < sizeof(*fact))
		return tmi_call_end(target,
				    tmi_bad_argument("fact", "a struct with its size field set"));
	status = kernel_of(target, &kernel);
	if (status == TMEM_S_OK)
		status = tmi_kernel_need(kernel, target);
	if (TMEM_FAILED(status) && kernel && tmi_kernel_is_absent(kernel))
		status = TMEM_S_OK; /* what was tried is a fact too */
	if (status == TMEM_S_OK)
		status = tmi_kernel_lock(kernel);
	if (status == TMEM_S_OK) {
		if (!kernel->state || !kernel->provider->fact(kernel->state, index, &found))
			status = tmi_fail(TMEM_E_NO_MORE_ENTRIES, TMEM_REASON_NONE, index);
		pthread_mutex_unlock(&kernel->lock);
	}
	if (status == TMEM_S_OK)
		*fact = (struct tmem_kernel_fact){ .size = sizeof(*fact),
						   .name = found.name,
						   .value = found.value,
						   .evidence = found.evidence };
	return tmi_call_end(target, status);
}

static const struct tmi_translation *translation_of(tmem_target *target)
{
	return tmi_space_translation(tmi_context_get(target)->space);
}

/* Where the first table is that a root leads to: the scheme knows what of it is an address. */
static uint64_t base_of(const struct tmi_translation *translation, uint64_t root)
{
	struct tmi_translation trial = *translation;
	struct tmi_paging_walk walk;

	trial.tables.root = root;
	tmi_translated_walk(&trial, 0, &walk);
	return walk.base;
}

tmem_status tmem_get_directory_base(tmem_target *target, uint64_t *directory_base,
				    uint64_t *kernel_directory_base)
{
	const struct tmi_translation *translation;
	const struct tmi_tables *tables;
	struct tmi_kernel *kernel;
	tmem_status status;

	if (directory_base)
		*directory_base = 0;
	if (kernel_directory_base)
		*kernel_directory_base = 0;
	if (!target || !directory_base)
		return tmi_call_end(target,
				    tmi_bad_argument("directory_base", "a pointer, not NULL"));
	status = kernel_of(target, &kernel);
	if (status == TMEM_S_OK)
		status = tmi_kernel_need(kernel, target);
	if (status == TMEM_E_UNEXPECTED && kernel && tmi_kernel_is_absent(kernel))
		status = TMEM_E_NO_PAGEFILE;
	if (status != TMEM_S_OK)
		return tmi_call_end(target, status);
	translation = translation_of(target);
	tables = &translation->tables;
	*directory_base = base_of(translation,
				  tables->root == UINT64_MAX ? tables->kernel_root : tables->root);
	if (kernel_directory_base)
		*kernel_directory_base = base_of(
			translation, tables->kernel_first ? tables->kernel_root : tables->root);
	return TMEM_S_OK;
}

/* Another space for the handle; whoever listens is told when it is another one. */
static tmem_status switch_space(tmem_target *target, struct tmi_space *space)
{
	bool other = tmi_context_get(target)->space != space;
	tmem_status status = tmi_context_set(target, space, TMEM_ANY_ID);

	if (status == TMEM_S_OK && other)
		tmi_event_debuggee(target->shared, TMEM_CDS_DATA, TMEM_DATA_SPACE_VIRTUAL);
	return status;
}

static tmem_status set_directory_base(tmem_target *target, struct tmi_kernel *kernel,
				      uint64_t directory_base)
{
	struct tmi_space *space = kernel->home;
	tmem_status status = TMEM_S_OK;
	uint64_t base;
	uint8_t entry[4];
	size_t done;

	if (directory_base) {
		base = base_of(tmi_space_translation(space), directory_base);
		tmi_space_read(kernel->physical, base, entry, sizeof(entry), 0, &done);
		if (done < sizeof(entry))
			return tmi_fail_text(TMEM_E_INVALIDARG,
					     "no page table can be at physical %llx: the target "
					     "has no memory there",
					     (unsigned long long)base);
		/* Spaces are kept until close: none is made for nothing. */
		status = tmi_kernel_space(kernel, 0, directory_base, &space);
	}
	return status == TMEM_S_OK ? switch_space(target, space) : status;
}

tmem_status tmem_set_directory_base(tmem_target *target, uint64_t directory_base)
{
	struct tmi_kernel *kernel = NULL;
	tmem_status status = tmi_call_change(target);

	if (status == TMEM_S_OK)
		status = kernel_of(target, &kernel);
	if (status == TMEM_S_OK)
		status = tmi_kernel_need(kernel, target);
	if (status == TMEM_S_OK)
		status = set_directory_base(target, kernel, directory_base);
	return tmi_call_end(target, status);
}

/* Of the process that a space belongs to: the kernel's own for its space, none for a bare root. */
static tmem_status data_offset_of(tmem_target *target, const struct tmi_space *space,
				  uint64_t *offset)
{
	const struct tmi_kernel_list *list;
	struct tmi_kernel *kernel = target->shared->kernel;
	tmem_status status;

	*offset = tmi_space_translation(space)->data_offset;
	if (*offset)
		return TMEM_S_OK;
	if (space != kernel->home)
		return tmi_fail_text(TMEM_E_NOINTERFACE,
				     "no process is implicit: the page tables were given by "
				     "their root");
	status = lock_list(target, &kernel, &list);
	if (TMEM_FAILED(status))
		return status;
	for (size_t i = 0; i < list->count && !*offset; i++)
		if (!list->processes[i].system_id)
			*offset = list->processes[i].data_offset;
	pthread_mutex_unlock(&kernel->lock);
	return *offset ? TMEM_S_OK
		       : tmi_fail_text(TMEM_E_NOINTERFACE, "the kernel lists no process 0");
}

tmem_status tmem_get_implicit_process_data_offset(tmem_target *target, uint64_t *offset)
{
	struct tmi_space *space;
	tmem_status status;

	if (offset)
		*offset = 0;
	if (!target || !offset)
		return tmi_call_end(target, tmi_bad_argument("offset", "a pointer, not NULL"));
	if (!target->shared->kernel)
		return tmi_call_end(target, tmi_fail(TMEM_E_NOTIMPL, TMEM_REASON_USER_MODE, 0));
	status = tmi_call_virtual(target, &space);
	if (status == TMEM_S_OK)
		status = data_offset_of(target, space, offset);
	if (status == TMEM_S_OK)
		*offset = tmi_space_leave(space, *offset);
	return tmi_call_end(target, status);
}

/* The space of the process at @offset, as a caller gave it. */
static tmem_status process_space(tmem_target *target, uint64_t offset, struct tmi_space **space)
{
	const struct tmi_kernel_list *list;
	struct tmi_kernel *kernel;
	uint64_t root = 0, address = offset;
	bool own = false; /* the kernel's own process */
	size_t at = 0;
	tmem_status status = lock_list(target, &kernel, &list);

	if (status == TMEM_E_NOINTERFACE)
		return TMEM_E_INVALIDARG;
	if (TMEM_FAILED(status))
		return status;
	tmi_space_enter(kernel->home, &address);
	while (at < list->count && list->processes[at].data_offset != address)
		at++;
	if (at < list->count) {
		root = list->processes[at].root;
		own = !list->processes[at].system_id;
	}
	status = at < list->count ? TMEM_S_OK : TMEM_E_INVALIDARG;
	pthread_mutex_unlock(&kernel->lock);
	if (status != TMEM_S_OK)
		return tmi_fail_text(status, "the kernel has no process at %016llx",
				     (unsigned long long)offset);
	*space = kernel->home;
	if (own)
		return TMEM_S_OK;
	/* A kernel thread borrows somebody's user half; it has none of its own. */
	if (!root)
		root = kernel->tables.root;
	return tmi_kernel_space(kernel, address, root, space);
}

tmem_status tmem_set_implicit_process_data_offset(tmem_target *target, uint64_t offset)
{
	tmem_status status = tmi_call_change(target);
	struct tmi_space *space;

	if (status == TMEM_S_OK && !target->shared->kernel)
		status = tmi_fail(TMEM_E_NOTIMPL, TMEM_REASON_USER_MODE, offset);
	if (status == TMEM_S_OK)
		status = tmi_kernel_need(target->shared->kernel, target);
	if (status != TMEM_S_OK)
		return tmi_call_end(target, status);
	space = target->shared->kernel->home;
	if (offset)
		status = process_space(target, offset, &space);
	if (status == TMEM_S_OK)
		status = switch_space(target, space);
	return tmi_call_end(target, status);
}
