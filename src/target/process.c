/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.c - target kind "process": live processes, "pid:1234" or "pid:12,34".
 *
 * This file has the table of the kind and its list of processes. One process: process_open.c; its
 * mappings: process_maps.c, process_layout.c, process_stack.c; its pages: process_pages.c,
 * process_traits.c, process_valid.c; its bytes: process_io.c, process_batch.c, process_group.c,
 * process_hand_out.c, process_write.c; stopping it: process_stop.c, process_trace.c; why not:
 * process_error.c, process_fault.c.
 */
#include "target/process.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const option_names[] = { "suspend", NULL };

static tmem_status no_memory(void)
{
	return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
}

/* --- the list of processes --- */

/* Gives the process the next number; the caller holds the control lock. */
static tmem_status add_process(struct live_target *target, struct live *process, uint32_t *space)
{
	uint32_t number = atomic_load(&target->count);
	unsigned block;

	if (number >= TMI_SPACE_PHYSICAL - 1)
		return no_memory();
	block = tmi_process_block(number);
	if (!target->blocks[block])
		target->blocks[block] = calloc((size_t)1 << block, sizeof(*target->blocks[block]));
	if (!target->blocks[block])
		return no_memory();
	atomic_store(&target->blocks[block][number + 1 - (1u << block)], process);
	atomic_store_explicit(&target->count, number + 1, memory_order_release);
	*space = number;
	return TMEM_S_OK;
}

tmem_status tmi_process_fail_gone(void)
{
	return tmi_fail(TMEM_E_UNEXPECTED, TMEM_REASON_PROCESS_GONE, 0);
}

tmem_status tmi_process_find(void *state, uint32_t space, struct live **process)
{
	*process = tmi_process_at(state, space);
	if (!*process)
		return tmi_fail(TMEM_E_UNEXPECTED, TMEM_REASON_USER_MODE, 0);
	if (!atomic_load_explicit(&(*process)->present, memory_order_relaxed))
		return tmi_fail_text(TMEM_E_UNEXPECTED, "process %u was dropped from the target",
				     (*process)->pid);
	if (atomic_load_explicit(&(*process)->gone, memory_order_relaxed))
		return tmi_process_fail_gone();
	return TMEM_S_OK;
}

/* --- attach and detach --- */

static bool find_pid(struct live_target *target, uint32_t pid, uint32_t *space)
{
	for (uint32_t i = 0; i < atomic_load(&target->count); i++) {
		struct live *process = tmi_process_at(target, i);

		if (process->pid == pid && atomic_load(&process->present) &&
		    tmi_process_alive(process)) {
			*space = i;
			return true;
		}
	}
	return false;
}

static tmem_status attach_locked(struct live_target *target, uint32_t pid, uint32_t *space)
{
	struct live *process;
	tmem_status status;

	if (find_pid(target, pid, space))
		return TMEM_S_OK;
	status = tmi_process_open(target, pid, &process);
	if (status != TMEM_S_OK)
		return status;
	if (atomic_load(&target->suspended))
		status = tmi_process_stop(target, process);
	if (status == TMEM_S_OK)
		status = add_process(target, process, space);
	if (status != TMEM_S_OK) {
		tmi_process_continue(target, process);
		tmi_process_close(process);
	}
	return status;
}

static tmem_status attach(void *state, uint32_t system_id, uint32_t *space)
{
	struct live_target *target = state;
	tmem_status status;

	pthread_mutex_lock(&target->control);
	status = attach_locked(target, system_id, space);
	pthread_mutex_unlock(&target->control);
	return status;
}

static tmem_status detach(void *state, uint32_t space)
{
	struct live_target *target = state;
	struct live *process = tmi_process_at(target, space);

	if (!process || !atomic_load(&process->present))
		return tmi_fail_text(TMEM_E_NOINTERFACE, "no process has engine id %u", space);
	pthread_mutex_lock(&target->control);
	tmi_process_continue(target, process);
	tmi_process_drop(process);
	pthread_mutex_unlock(&target->control);
	return TMEM_S_OK;
}

/* --- suspend and resume --- */

static void resume_locked(struct live_target *target)
{
	for (uint32_t i = 0; i < atomic_load(&target->count); i++)
		tmi_process_continue(target, tmi_process_at(target, i));
	tmi_process_end_tracer(target);
	atomic_store(&target->suspended, false);
}

/* A process that is gone already is no obstacle, as long as another one is there. */
static tmem_status suspend_locked(struct live_target *target)
{
	tmem_status gone = TMEM_S_OK;
	unsigned stopped = 0;

	for (uint32_t i = 0; i < atomic_load(&target->count); i++) {
		struct live *process = tmi_process_at(target, i);
		tmem_status status;

		if (!atomic_load(&process->present))
			continue;
		status = tmi_process_stop(target, process);
		if (status == TMEM_E_UNEXPECTED && tmi_error_reason() == TMEM_REASON_PROCESS_GONE) {
			gone = status;
			continue;
		}
		if (status != TMEM_S_OK) {
			resume_locked(target);
			return status;
		}
		stopped++;
	}
	if (gone != TMEM_S_OK && !stopped) {
		resume_locked(target);
		return tmi_process_fail_gone();
	}
	atomic_store(&target->suspended, true);
	return TMEM_S_OK;
}

static tmem_status suspend(void *state)
{
	struct live_target *target = state;
	tmem_status status = TMEM_S_OK;

	pthread_mutex_lock(&target->control);
	if (!atomic_load(&target->suspended))
		status = suspend_locked(target);
	pthread_mutex_unlock(&target->control);
	return status;
}

static tmem_status resume(void *state)
{
	struct live_target *target = state;

	pthread_mutex_lock(&target->control);
	resume_locked(target);
	pthread_mutex_unlock(&target->control);
	return TMEM_S_OK;
}

/* --- open and close --- */

static void close_target(void *state)
{
	struct live_target *target = state;

	resume_locked(target);
	for (uint32_t i = 0; i < atomic_load(&target->count); i++)
		tmi_process_close(tmi_process_at(target, i));
	for (unsigned i = 0; i < LIVE_BLOCKS; i++)
		free(target->blocks[i]);
	free(atomic_load(&target->scratch));
	if (target->nothing >= 0)
		close(target->nothing);
	pthread_mutex_destroy(&target->control);
	free(target);
}

/* Attaches every process of "12,34". */
static tmem_status attach_listed(struct live_target *target, const char *list)
{
	tmem_status status = TMEM_S_OK;
	const char *cursor = list;
	uint32_t space;
	char *end;

	do {
		unsigned long pid;

		errno = 0;
		pid = strtoul(cursor, &end, 10);
		if (!isdigit((unsigned char)*cursor) || errno || !pid || pid > INT32_MAX ||
		    (*end && *end != ','))
			return tmi_fail_text(TMEM_E_INVALIDARG,
					     "\"pid:%s\": process ids were expected, such as "
					     "pid:1234 or pid:12,34",
					     list);
		status = attach(target, (uint32_t)pid, &space);
		cursor = end + 1;
	} while (status == TMEM_S_OK && *end);
	return status;
}

static struct live_target *new_target(void)
{
	struct live_target *target = calloc(1, sizeof(*target));

	if (!target)
		return NULL;
	pthread_mutex_init(&target->control, NULL);
	target->page = (uint64_t)sysconf(_SC_PAGESIZE);
	target->nothing = open("/", O_PATH | O_CLOEXEC);
	tmi_process_features(&target->features);
	return target;
}

static tmem_status open_target(const struct tmi_open *open, void **state)
{
	struct live_target *target;
	bool stopped = false;
	tmem_status status = TMEM_S_OK;

	*state = NULL;
	if (open->options)
		status = tmi_options_flag(open->options, "suspend", &stopped);
	if (status != TMEM_S_OK)
		return status;
	target = new_target();
	if (!target)
		return no_memory();
	status = attach_listed(target, open->address);
	if (status == TMEM_S_OK && stopped)
		status = suspend(target);
	if (status != TMEM_S_OK) {
		close_target(target);
		return status;
	}
	*state = target;
	return TMEM_S_OK;
}

/* --- facts --- */

static bool facts(void *state, uint32_t space, struct tmi_facts *facts)
{
	struct live *process = tmi_process_at(state, space);

	if (!process || !atomic_load(&process->present))
		return false;
	pthread_rwlock_rdlock(&process->lock);
	*facts = process->facts;
	pthread_rwlock_unlock(&process->lock);
	return true;
}

static uint32_t process_count(void *state)
{
	struct live_target *target = state;

	return atomic_load(&target->count);
}

static bool process(void *state, uint32_t space, struct tmi_process *info)
{
	struct live *process = tmi_process_at(state, space);

	if (!process)
		return false;
	info->system_id = process->pid;
	info->present = atomic_load(&process->present);
	pthread_rwlock_rdlock(&process->lock);
	info->name = process->names->text;
	pthread_rwlock_unlock(&process->lock);
	return true;
}

static char *describe(void *state)
{
	uint32_t count = process_count(state);
	struct tmi_process first;
	struct tmi_facts first_facts;
	char *text = NULL;
	char others[32] = "";

	if (!process(state, 0, &first) || !facts(state, 0, &first_facts))
		return NULL;
	if (count > 1)
		snprintf(others, sizeof(others), " and %u more", count - 1);
	if (asprintf(&text, "live process %u (%s, %u-bit)%s", first.system_id,
		     first.name[0] ? first.name : "?", first_facts.pointer_size * 8, others) < 0)
		return NULL;
	return text;
}

static const _Atomic uint64_t *generation(void *state, uint32_t space)
{
	struct live *process = tmi_process_at(state, space);

	return process ? &process->generation : NULL;
}

static const struct tmi_direct *direct(void *state, uint32_t space)
{
	struct live *process = tmi_process_at(state, space);

	return process ? &process->direct : NULL;
}

/* The first thread leads, unless it has ended before the others. */
static tmem_status threads(void *state, uint32_t space, struct tmi_thread **threads, size_t *count)
{
	struct live *process;
	tmem_status status = tmi_process_find(state, space, &process);
	uint32_t *tids;
	size_t tid_count, at = 0;

	*threads = NULL;
	*count = 0;
	if (status != TMEM_S_OK)
		return status;
	if (!tmi_process_tasks(process->dir, &tids, &tid_count)) {
		free(tids);
		return tmi_process_fail_gone();
	}
	*threads = reallocarray(NULL, tid_count + 1, sizeof(**threads));
	if (!*threads) {
		free(tids);
		return no_memory();
	}
	if (atomic_load(&process->tid) == process->pid)
		(*threads)[at++].system_id = process->pid;
	for (size_t i = 0; i < tid_count; i++)
		if (tids[i] != process->pid)
			(*threads)[at++].system_id = tids[i];
	*count = at;
	free(tids);
	return TMEM_S_OK;
}

const struct tmi_target_kind tmi_target_process = {
	.name = "process",
	.prefix = "pid",
	.text = "live processes: pid:1234 or pid:12,34",
	.options = option_names,
	.open = open_target,
	.close = close_target,
	.facts = facts,
	.describe = describe,
	.process_count = process_count,
	.process = process,
	.attach = attach,
	.detach = detach,
	.threads = threads,
	.context = tmi_process_context,
	.suspend = suspend,
	.resume = resume,
	.generation = generation,
	.direct = direct,
	.read = tmi_process_read,
	.read_resident = tmi_process_read_resident,
	.write = tmi_process_write,
	.run = tmi_process_run,
	.snapshot = tmi_process_snapshot,
	.valid = tmi_process_valid,
	.untouched = tmi_process_untouched,
	.cacheable = tmi_process_cacheable,
	.image_file = tmi_process_image_file,
};
