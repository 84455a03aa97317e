/* SPDX-License-Identifier: Apache-2.0 */
/* process.c - processes of a target and the current one of a handle; see tmem/process.h. */
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"

/* Kernel mode has one process, which is the kernel. */
static bool get_process(struct tmi_shared *shared, uint32_t id, struct tmi_process *process)
{
	*process = (struct tmi_process){ .system_id = TMEM_ANY_ID, .present = !id, .name = "" };
	if (shared->kernel)
		return !id;
	return shared->kind->process(shared->state, id, process) && process->present;
}

static bool is_kernel(const tmem_target *target)
{
	return target->shared->kernel;
}

/* Engine ids given so far. */
static uint32_t process_count(const struct tmi_shared *shared)
{
	return shared->kernel ? 1 : shared->kind->process_count(shared->state);
}

static tmem_status only_user_mode(void)
{
	return tmi_fail(TMEM_E_NOTIMPL, TMEM_REASON_KERNEL_MODE, 0);
}

static tmem_status no_such_process(uint32_t id)
{
	return tmi_fail_text(TMEM_E_NOINTERFACE, "the target has no process with id %u", id);
}

tmem_status tmem_get_number_processes(tmem_target *target, uint32_t *number)
{
	struct tmi_process process;
	uint32_t count;

	if (!target || !number)
		return tmi_call_end(target, tmi_bad_argument("number", "a pointer, not NULL"));
	count = process_count(target->shared);
	*number = 0;
	for (uint32_t id = 0; id < count; id++)
		*number += get_process(target->shared, id, &process);
	return TMEM_S_OK;
}

/* Engine id of the process at @index among those that are present; false when there is none. */
static bool id_at(struct tmi_shared *shared, uint32_t index, uint32_t *id,
		  struct tmi_process *process)
{
	uint32_t count = process_count(shared);

	for (*id = 0; *id < count; (*id)++)
		if (get_process(shared, *id, process) && index-- == 0)
			return true;
	return false;
}

tmem_status tmem_get_process_ids_by_index(tmem_target *target, uint32_t start, uint32_t count,
					  uint32_t *ids, uint32_t *system_ids)
{
	struct tmi_process process;
	uint32_t id, number;
	tmem_status status = tmem_get_number_processes(target, &number);

	if (status != TMEM_S_OK)
		return status;
	if (start > number || count > number - start)
		return tmi_call_end(target,
				    tmi_bad_argument("start", "a range of existing processes"));
	for (uint32_t i = 0; i < count; i++) {
		/* Dropped meanwhile by another handle. */
		if (!id_at(target->shared, start + i, &id, &process))
			return tmi_call_end(target,
					    tmi_bad_argument("count", "existing processes"));
		if (ids)
			ids[i] = id;
		if (system_ids)
			system_ids[i] = is_kernel(target) ? TMEM_ANY_ID : process.system_id;
	}
	return TMEM_S_OK;
}

tmem_status tmem_get_current_process_id(tmem_target *target, uint32_t *id)
{
	struct tmi_space *space;
	tmem_status status = TMEM_S_OK;
	/* Kernel mode has this one process, also when no kernel is found. */
	bool kernel = target && is_kernel(target);

	if (!kernel)
		status = tmi_call_virtual(target, &space);
	if (status == TMEM_S_OK && !id)
		status = tmi_bad_argument("id", "a pointer, not NULL");
	if (id && status == TMEM_S_OK)
		*id = kernel ? 0 : space->number;
	else if (id)
		*id = TMEM_ANY_ID;
	return tmi_call_end(target, status);
}

tmem_status tmem_set_current_process_id(tmem_target *target, uint32_t id)
{
	struct tmi_process process;
	struct tmi_space *space = NULL;
	struct tmi_context *before;
	tmem_status status = tmi_call_change(target);

	if (status != TMEM_S_OK)
		return tmi_call_end(target, status);
	before = tmi_context_get(target);
	/* The one process of kernel mode is the current one, whoever is implicit. */
	if (is_kernel(target) && !id)
		return TMEM_S_OK;
	if (get_process(target->shared, id, &process))
		space = tmi_shared_space(target->shared, id);
	if (!space)
		return tmi_call_end(target, no_such_process(id));
	if (space == before->space)
		return TMEM_S_OK;
	status = tmi_context_set(target, space, TMEM_ANY_ID);
	if (status == TMEM_S_OK) {
		uint32_t thread = TMEM_ANY_ID;

		tmem_get_current_thread_id(target, &thread);
		tmi_event_engine(target->shared, target, TMEM_CES_CURRENT_THREAD, thread);
	}
	return tmi_call_end(target, status);
}

tmem_status tmem_get_current_process_system_id(tmem_target *target, uint32_t *system_id)
{
	struct tmi_process process;
	struct tmi_space *space;
	tmem_status status;

	if (system_id)
		*system_id = TMEM_ANY_ID;
	if (target && is_kernel(target))
		return tmi_call_end(target, only_user_mode());
	status = tmi_call_virtual(target, &space);
	if (status == TMEM_S_OK && !system_id)
		status = tmi_bad_argument("system_id", "a pointer, not NULL");
	if (status == TMEM_S_OK && !get_process(target->shared, space->number, &process))
		status = no_such_process(space->number);
	if (status == TMEM_S_OK)
		*system_id = process.system_id;
	return tmi_call_end(target, status);
}

tmem_status tmem_get_process_id_by_system_id(tmem_target *target, uint32_t system_id, uint32_t *id)
{
	struct tmi_process process;
	uint32_t count;

	if (!target || !id)
		return tmi_call_end(target, tmi_bad_argument("id", "a pointer, not NULL"));
	if (is_kernel(target))
		return tmi_call_end(target, only_user_mode());
	count = target->shared->kind->process_count(target->shared->state);
	for (*id = 0; *id < count; (*id)++)
		if (get_process(target->shared, *id, &process) && process.system_id == system_id)
			return TMEM_S_OK;
	*id = TMEM_ANY_ID;
	return tmi_call_end(target, tmi_fail_text(TMEM_E_NOINTERFACE,
						  "the target has no process with system id %u",
						  system_id));
}

tmem_status tmem_get_process_executable_name(tmem_target *target, uint32_t id, char *buffer,
					     size_t buffer_size, size_t *name_size)
{
	struct tmi_process process;
	const char *name;
	size_t size;

	if (name_size)
		*name_size = 0;
	if (buffer && buffer_size)
		*buffer = '\0';
	if (!target)
		return tmi_call_end(NULL, tmi_bad_argument("target", "an open handle, not NULL"));
	if (!get_process(target->shared, id, &process))
		return tmi_call_end(target, no_such_process(id));
	name = *process.name ? process.name : "?NoImage?";
	size = strlen(name) + 1;
	if (name_size)
		*name_size = size;
	if (buffer && buffer_size) {
		size_t part = size <= buffer_size ? size : buffer_size;

		memcpy(buffer, name, part - 1);
		buffer[part - 1] = '\0';
	}
	return size <= buffer_size ? TMEM_S_OK : TMEM_S_FALSE;
}

tmem_status tmem_attach_process(tmem_target *target, uint32_t system_id, uint32_t *id)
{
	tmem_status status = tmi_call_change(target);
	struct tmi_shared *shared;
	uint32_t number = TMEM_ANY_ID;
	uint32_t before;

	if (id)
		*id = TMEM_ANY_ID;
	if (status != TMEM_S_OK)
		return tmi_call_end(target, status);
	shared = target->shared;
	if (!shared->kind->attach)
		return tmi_call_end(target,
				    tmi_fail_text(TMEM_E_NOTIMPL,
						  "a %s target cannot take in live processes",
						  shared->kind->name));
	/* The kind knows whether it has the process already, or one that had its number before. */
	pthread_mutex_lock(&shared->run_lock);
	before = shared->kind->process_count(shared->state);
	status = shared->kind->attach(shared->state, system_id, &number);
	pthread_mutex_unlock(&shared->run_lock);
	if (status == TMEM_S_OK) {
		if (id)
			*id = number;
		if (number >= before)
			tmi_event_debuggee(shared, TMEM_CDS_ALL, 0);
	}
	return tmi_call_end(target, status);
}

tmem_status tmem_detach_process(tmem_target *target, uint32_t id)
{
	tmem_status status = tmi_call_change(target);
	struct tmi_process process;
	struct tmi_space *space;
	struct tmi_shared *shared;

	if (status != TMEM_S_OK)
		return tmi_call_end(target, status);
	shared = target->shared;
	if (!shared->kind->detach)
		return tmi_call_end(target, tmi_fail_text(TMEM_E_NOTIMPL,
							  "a %s target has no live processes",
							  shared->kind->name));
	if (!get_process(shared, id, &process))
		return tmi_call_end(target, no_such_process(id));
	space = tmi_shared_space(shared, id);
	pthread_mutex_lock(&shared->run_lock);
	status = shared->kind->detach(shared->state, id);
	if (status == TMEM_S_OK && space)
		atomic_store_explicit(&space->dropped, true, memory_order_release);
	pthread_mutex_unlock(&shared->run_lock);
	if (status != TMEM_S_OK)
		return tmi_call_end(target, status);
	tmi_cache_drop(shared->cache, id, 0, UINT64_MAX);
	atomic_fetch_add(&shared->generation, 1);
	tmi_event_debuggee(shared, TMEM_CDS_ALL, 0);
	return TMEM_S_OK;
}
