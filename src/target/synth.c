/* SPDX-License-Identifier: Apache-2.0 */
/*
 * synth.c - the target kind "synth": a machine described by a text, so that tests are readable.
 *
 * docs/synth.md describes the text. Everything is laid out at opening; only written pages and
 * counters change afterwards.
 */
#include "target/synth.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"

#define FIRST_LINE   "tmem synth 1"
#define MOST_TEXT    (64u << 20)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int synth_probe(const struct tmi_probe *probe, const char **why)
{
	size_t length = strlen(FIRST_LINE);

	if (probe->head_size >= length && !memcmp(probe->head, FIRST_LINE, length))
		return 90;
	*why = "its first line is not \"" FIRST_LINE "\"";
	return 0;
}

static tmem_status read_text(struct tmi_file *file, char **text)
{
	*text = NULL;
	if (file->size > MOST_TEXT)
		return tmi_fail_text(TMEM_E_BAD_FORMAT, "%s: expected at most 64 MiB of text",
				     file->path);
	*text = malloc((size_t)file->size + 1);
	if (!*text)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	if (tmi_file_read(file, 0, *text, (size_t)file->size) != file->size) {
		free(*text);
		*text = NULL;
		return tmi_fail_text(TMEM_E_BAD_FORMAT, "%s: the file shrank while it was read",
				     file->path);
	}
	return TMEM_S_OK;
}

static tmem_status synth_open(const struct tmi_open *open, void **state)
{
	struct tmi_synth *synth = NULL;
	struct tmi_file file;
	char *text;
	tmem_status status =
		tmi_file_open_named(&file, open->head, open->address, open->name, false);

	*state = NULL;
	if (status != TMEM_S_OK)
		return status;
	status = read_text(&file, &text);
	if (status == TMEM_S_OK)
		status = tmi_synth_parse(file.path, text, (size_t)file.size, &synth);
	free(text);
	tmi_file_close(&file);
	*state = synth;
	return status;
}

static void free_process(struct tmi_synth_process *process)
{
	tmi_synth_free_pages(process);
	for (size_t i = 0; i < process->thread_count; i++)
		free(process->threads[i].block);
	free(process->threads);
	free(process->written_runs);
	free(process->contents.list);
	free(process->holes.list);
	free(process->read_faults.list);
	free(process->write_faults.list);
	free(process->shorts.list);
	free(process->changes.list);
	free(process->runs);
	free(process->untouched);
	free(process->snapshot);
	pthread_rwlock_destroy(&process->lock);
	free(process);
}

void tmi_synth_free(struct tmi_synth *synth)
{
	if (!synth)
		return;
	for (size_t i = 0; i < synth->process_count; i++)
		free_process(synth->processes[i]);
	for (size_t i = 0; i < synth->string_count; i++)
		free(synth->strings[i]);
	if (synth->physical)
		free_process(synth->physical);
	tmi_synth_free_tables(&synth->tables);
	free(synth->processes);
	free(synth->tasks);
	free(synth->strings);
	free(synth->bytes);
	free(synth);
}

static void synth_close(void *state)
{
	tmi_synth_free(state);
}

/* The process of a space, or NULL when there is none (any more). */
static struct tmi_synth_process *process_of(struct tmi_synth *synth, uint32_t space)
{
	if (space == TMI_SPACE_PHYSICAL)
		return synth->physical;
	if (space >= synth->process_count || atomic_load(&synth->processes[space]->dropped))
		return NULL;
	return synth->processes[space];
}

static tmem_status fail_gone(void)
{
	return tmi_fail(TMEM_E_UNEXPECTED, TMEM_REASON_PROCESS_GONE, 0);
}

static bool synth_facts(void *state, uint32_t space, struct tmi_facts *facts)
{
	struct tmi_synth_process *process = process_of(state, space);

	if (process)
		*facts = process->facts;
	/* Beside processes it is as wide as the entries of tables can say. */
	if (process && space == TMI_SPACE_PHYSICAL && facts->mode == TMEM_MODE_USER)
		facts->pointer_size = 8;
	return process;
}

static char *synth_describe(void *state)
{
	struct tmi_synth *synth = state;

	return strdup(synth->text ? synth->text : "a machine described by a text");
}

static uint32_t synth_process_count(void *state)
{
	struct tmi_synth *synth = state;

	return (uint32_t)synth->process_count;
}

static bool synth_process(void *state, uint32_t space, struct tmi_process *process)
{
	struct tmi_synth *synth = state;

	if (space >= synth->process_count)
		return false;
	process->system_id = synth->processes[space]->system_id;
	process->name = synth->processes[space]->name;
	process->present = !atomic_load(&synth->processes[space]->dropped);
	return true;
}

static tmem_status synth_detach(void *state, uint32_t space)
{
	struct tmi_synth *synth = state;

	if (synth->kernel)
		return tmi_fail_text(TMEM_E_NOTIMPL, "a kernel's processes cannot be dropped");
	if (!synth->live)
		return tmi_fail_text(TMEM_E_NOTIMPL, "the description does not say live=yes");
	if (space >= synth->process_count || !process_of(synth, space))
		return tmi_fail_text(TMEM_E_NOINTERFACE, "there is no process %u", space);
	atomic_store(&synth->processes[space]->dropped, true);
	return TMEM_S_OK;
}

static tmem_status synth_threads(void *state, uint32_t space, struct tmi_thread **threads,
				 size_t *count)
{
	struct tmi_synth_process *process = process_of(state, space);

	*threads = NULL;
	*count = 0;
	if (!process)
		return fail_gone();
	*threads = calloc(process->thread_count + 1, sizeof(**threads));
	if (!*threads)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	for (size_t i = 0; i < process->thread_count; i++)
		(*threads)[i].system_id = process->threads[i].system_id;
	*count = process->thread_count;
	return TMEM_S_OK;
}

static const struct tmi_synth_thread *find_thread(const struct tmi_synth_process *process,
						  uint32_t system_id)
{
	for (size_t i = 0; i < process->thread_count; i++)
		if (process->threads[i].system_id == system_id)
			return &process->threads[i];
	return NULL;
}

static tmem_status synth_context(void *state, uint32_t space, uint32_t system_id, uint32_t kind,
				 void **block, size_t *size)
{
	struct tmi_synth_process *process = process_of(state, space);
	const struct tmi_synth_thread *thread;

	*block = NULL;
	*size = 0;
	if (!process)
		return fail_gone();
	thread = find_thread(process, system_id);
	if (!thread)
		return tmi_fail_text(TMEM_E_UNEXPECTED, "there is no thread %u", system_id);
	if (kind != TMEM_CONTEXT_GENERAL || !thread->block)
		return tmi_fail_text(TMEM_E_NOINTERFACE,
				     "the description has no such registers for this machine");
	*block = malloc(thread->block_size);
	if (!*block)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	memcpy(*block, thread->block, thread->block_size);
	*size = thread->block_size;
	return TMEM_S_OK;
}

static tmem_status set_suspended(struct tmi_synth *synth, bool suspended)
{
	if (!synth->live)
		return tmi_fail_text(TMEM_E_NOTIMPL, "the description does not say live=yes");
	atomic_store(&synth->suspended, suspended);
	if (suspended)
		atomic_fetch_add(&synth->suspends, 1);
	return TMEM_S_OK;
}

static tmem_status synth_suspend(void *state)
{
	return set_suspended(state, true);
}

static tmem_status synth_resume(void *state)
{
	return set_suspended(state, false);
}

/* No process: the call fails and nothing was moved. */
static tmem_status fail_items(struct tmem_transfer *items, size_t count)
{
	return tmi_synth_fail_rest(items, count, fail_gone());
}

static tmem_status synth_read(void *state, uint32_t space, struct tmem_transfer *items,
			      size_t count, uint32_t flags)
{
	struct tmi_synth_process *process = process_of(state, space);

	(void)flags;
	if (!process)
		return fail_items(items, count);
	tmi_synth_wait(state, false);
	for (size_t i = 0; i < count; i++) {
		tmem_status status = tmi_synth_link_status(state, items[i].offset);

		if (status != TMEM_S_OK)
			return tmi_synth_fail_rest(items + i, count - i, status);
		tmi_synth_wait(state, true);
		tmi_synth_read(state, process, &items[i]);
	}
	return TMEM_S_OK;
}

static tmem_status synth_write(void *state, uint32_t space, struct tmem_transfer *items,
			       size_t count)
{
	struct tmi_synth_process *process = process_of(state, space);
	struct tmi_synth *synth = state;

	if (!process)
		return fail_items(items, count);
	for (size_t i = 0; i < count; i++) {
		tmem_status status = tmi_synth_link_status(synth, items[i].offset);

		if (status != TMEM_S_OK)
			return tmi_synth_fail_rest(items + i, count - i, status);
		if (synth->live) {
			tmi_synth_write(synth, process, &items[i]);
			continue;
		}
		items[i].done = 0;
		items[i].status = items[i].size ? tmi_fail(TMEM_E_WRITE_FAULT,
							   TMEM_REASON_NOT_STORED, items[i].offset)
						: TMEM_S_OK;
	}
	return TMEM_S_OK;
}

static tmem_status synth_run(void *state, uint32_t space, uint64_t from, struct tmi_run *run)
{
	struct tmi_synth_process *process = process_of(state, space);
	size_t index;

	if (!process)
		return fail_gone();
	index = tmi_runs_find(process->runs, process->run_count, from);
	if (index == process->run_count)
		return TMEM_E_NO_MORE_ENTRIES;
	*run = process->runs[index];
	return TMEM_S_OK;
}

static tmem_status synth_snapshot(void *state, uint32_t space, struct tmi_snapshot **snapshot)
{
	struct tmi_synth_process *process = process_of(state, space);

	*snapshot = NULL;
	if (!process)
		return fail_gone();
	*snapshot = tmi_snapshot_hold(process->snapshot);
	return TMEM_S_OK;
}

static tmem_status synth_valid(void *state, uint32_t space, const struct tmi_run *run,
			       uint64_t from, uint64_t last, uint64_t *first, uint64_t *end)
{
	struct tmi_synth_process *process = process_of(state, space);

	return process ? tmi_synth_valid(process, run, from, last, first, end) : fail_gone();
}

static bool synth_untouched(void *state, uint32_t space, const struct tmi_run *run, uint64_t from,
			    uint64_t last, uint64_t *end)
{
	struct tmi_synth_process *process = process_of(state, space);

	(void)run;
	*end = from;
	return process && tmi_synth_untouched(process, from, last, end);
}

static bool synth_view(void *state, uint32_t space, uint64_t address, struct tmi_borrow *borrow)
{
	struct tmi_synth_process *process = process_of(state, space);

	return process && tmi_synth_lend(state, process, address, borrow);
}

/* As in a real process: others can write shared memory while this one stands still. */
static bool synth_cacheable(void *state, uint32_t space, uint64_t page)
{
	struct tmi_synth_process *process = process_of(state, space);
	const struct tmi_run *run = process ? tmi_synth_run_at(process, page) : NULL;
	struct tmi_synth *synth = state;

	return !synth->live || (run && !run->shared);
}

static tmem_status synth_hint(void *state, uint32_t space, const char *key, uint64_t *value)
{
	struct tmi_synth *synth = state;
	const struct {
		const char *key;
		uint64_t value;
	} hints[] = {
		{ "reads", atomic_load(&synth->reads) },
		{ "read-bytes", atomic_load(&synth->read_bytes) },
		{ "writes", atomic_load(&synth->writes) },
		{ "suspends", atomic_load(&synth->suspends) },
		{ "suspended", atomic_load(&synth->suspended) },
	};

	(void)space;
	for (size_t i = 0; i < COUNT(hints); i++)
		if (!strcmp(hints[i].key, key)) {
			*value = hints[i].value;
			return TMEM_S_OK;
		}
	return tmi_synth_table_hint(&synth->tables, key, value);
}

static tmem_status synth_kernel_processes(void *state, struct tmi_kernel_process **list,
					  size_t *count)
{
	return tmi_synth_kernel_processes(state, list, count);
}

const struct tmi_target_kind tmi_target_synth = {
	.name = "synth",
	.text = "a machine described by a text",
	.probe = synth_probe,
	.open = synth_open,
	.close = synth_close,
	.facts = synth_facts,
	.describe = synth_describe,
	.process_count = synth_process_count,
	.process = synth_process,
	.detach = synth_detach,
	.threads = synth_threads,
	.context = synth_context,
	.suspend = synth_suspend,
	.resume = synth_resume,
	.read = synth_read,
	.write = synth_write,
	.run = synth_run,
	.snapshot = synth_snapshot,
	.valid = synth_valid,
	.untouched = synth_untouched,
	.view = synth_view,
	.cacheable = synth_cacheable,
	.hint = synth_hint,
	.kernel_processes = synth_kernel_processes,
};
