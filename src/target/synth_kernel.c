/* SPDX-License-Identifier: Apache-2.0 */
/* synth_kernel.c - a described kernel: what runs, and where its page tables are. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "target/synth_directive.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Every new id is compared with all before it. */
#define MOST_TASKS 4096

/* "NAME", as long as the field that it goes into. */
static tmem_status take_name(struct tmi_synth_line *line, struct tmi_kernel_process *task)
{
	const char *name = "";
	tmem_status status;
	const char *at;

	tmi_synth_at_end(line);
	at = line->at;
	status = tmi_synth_take_string(line, "the task's name", &name);
	if (status == TMEM_S_OK && strlen(name) >= sizeof(task->name))
		status = tmi_synth_expected_at(line, at, "a name of at most %zu bytes",
					       sizeof(task->name) - 1);
	if (status == TMEM_S_OK)
		strcpy(task->name, name);
	return status;
}

static tmem_status take_id(struct tmi_synth_line *line, struct tmi_kernel_process *task)
{
	const struct tmi_synth *synth = line->synth;
	tmem_status status;
	const char *at;
	uint64_t id;

	tmi_synth_at_end(line);
	at = line->at;
	status = tmi_synth_take_number(line, "a process id", &id);
	if (status != TMEM_S_OK)
		return status;
	if (id > INT32_MAX)
		return tmi_synth_expected_at(line, at, "a process id below 2147483648");
	for (size_t i = 0; i < synth->task_count; i++)
		if (synth->tasks[i].system_id == id)
			return tmi_synth_expected_at(line, at, "a process id not used before");
	task->system_id = (uint32_t)id;
	return TMEM_S_OK;
}

static tmem_status take_task_keys(struct tmi_synth_line *line, struct tmi_kernel_process *task)
{
	enum { PARENT, KERNEL_THREAD };
	static const struct tmi_synth_key keys[] = {
		[PARENT] = { "parent", TMI_SYNTH_NUMBER, NULL },
		[KERNEL_THREAD] = { "kernel-thread", TMI_SYNTH_CHOICE, tmi_synth_yes_no },
	};
	struct tmi_synth_given given[COUNT(keys)];
	tmem_status status = tmi_synth_take_keys(line, keys, COUNT(keys), given);

	if (status != TMEM_S_OK)
		return status;
	if (given[PARENT].number > INT32_MAX)
		return tmi_synth_expected_at(line, given[PARENT].at,
					     "a process id below 2147483648");
	task->parent_system_id = (uint32_t)given[PARENT].number;
	task->flags = given[KERNEL_THREAD].number ? TMEM_PROCESS_KERNEL_THREAD : 0;
	return TMEM_S_OK;
}

/* "NAME" PID DATA_OFFSET ROOT [keys]. */
tmem_status tmi_synth_take_task(struct tmi_synth_line *line, struct tmi_synth_process *process)
{
	struct tmi_synth *synth = line->synth;
	struct tmi_kernel_process task = { 0 };
	tmem_status status;

	(void)process;
	if (!synth->kernel)
		return tmi_synth_expected_at(line, line->start, "target mode=kernel before task");
	if (synth->task_count == MOST_TASKS)
		return tmi_synth_expected(line, "at most %d tasks", MOST_TASKS);
	status = take_name(line, &task);
	if (status == TMEM_S_OK)
		status = take_id(line, &task);
	if (status == TMEM_S_OK)
		status = tmi_synth_take_number(line, "the address of its kernel object",
					       &task.data_offset);
	if (status == TMEM_S_OK)
		status = tmi_synth_take_number(line, "the address of its first table, or 0",
					       &task.root);
	if (status == TMEM_S_OK)
		status = take_task_keys(line, &task);
	if (status == TMEM_S_OK)
		status = tmi_synth_grow(&synth->tasks, &synth->task_room, synth->task_count,
					sizeof(task));
	if (status == TMEM_S_OK)
		synth->tasks[synth->task_count++] = task;
	return status;
}

tmem_status tmi_synth_kernel_processes(const struct tmi_synth *synth,
				       struct tmi_kernel_process **list, size_t *count)
{
	*list = NULL;
	*count = 0;
	if (!synth->task_count)
		return tmi_fail_text(TMEM_E_NOINTERFACE, "the description has no task lines");
	*list = calloc(synth->task_count, sizeof(**list));
	if (!*list)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	memcpy(*list, synth->tasks, synth->task_count * sizeof(**list));
	*count = synth->task_count;
	return TMEM_S_OK;
}

tmem_status tmi_synth_table_hint(const struct tmi_synth_tables *tables, const char *key,
				 uint64_t *value)
{
	const struct tmi_tables *hints = &tables->hints;
	const struct {
		const char *key;
		bool known;
		uint64_t value;
	} known[] = {
		{ "root", true, hints->root },
		{ "kernel-root", tables->has_kernel_root, hints->kernel_root },
		{ "kernel-first", tables->has_kernel_root, hints->kernel_first },
		{ "scheme", true, hints->scheme },
		{ "levels", hints->levels, hints->levels },
		{ "virtual-bits", hints->virtual_bits, hints->virtual_bits },
		{ "tables-flags", true, hints->flags },
		{ "encryption-mask", true, hints->encryption_mask },
	};

	if (!tables->has_root && !tables->has_kernel_root)
		return TMEM_E_NOINTERFACE;
	for (size_t i = 0; i < COUNT(known); i++)
		if (known[i].known && !strcmp(known[i].key, key)) {
			*value = known[i].value;
			return TMEM_S_OK;
		}
	return TMEM_E_NOINTERFACE;
}
