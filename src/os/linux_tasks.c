/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux_tasks.c - the processes: the ring of thread group leaders that begins at init_task.
 *
 * Which tables a process has stands in its mm_struct as an address of the kernel's half; through
 * the kernel's own tables it becomes a physical one.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "os/linux.h"

/* Tasks between two looks at whether the caller wants it stopped. */
#define INTERRUPT_STEP 1024u

struct list {
	struct tmi_os_process *entries;
	size_t count;
	size_t room;
	size_t users;    /* that have memory of their own */
	size_t rootless; /* of these, whose tables could not be told */
};

static uint64_t member(const struct tmi_linux *state, uint64_t task, enum tmi_linux_member index)
{
	return task + state->layout.offset[index];
}

bool tmi_linux_mm_root(const struct tmi_linux *state, const struct tmi_os_memory *memory,
		       uint64_t mm, uint64_t *root)
{
	uint64_t pgd;

	*root = 0;
	return tmi_linux_is_object(state, mm) &&
	       tmi_linux_pointer(state, memory, member(state, mm, TMI_LINUX_MM_PGD), &pgd) &&
	       pgd % state->root.architecture->root_alignment == 0 &&
	       tmi_linux_is_object(state, pgd) &&
	       memory->translate(memory->context, &state->root.tables, pgd, root);
}

static struct tmi_os_process *add(struct list *list)
{
	size_t room = list->room ? list->room * 2 : 64;
	struct tmi_os_process *entries;

	if (list->count == list->room) {
		entries = realloc(list->entries, room * sizeof(*entries));
		if (!entries)
			return NULL;
		list->entries = entries;
		list->room = room;
	}
	list->entries[list->count] = (struct tmi_os_process){ 0 };
	return &list->entries[list->count++];
}

static uint32_t parent_of(const struct tmi_linux *state, const struct tmi_os_memory *memory,
			  uint64_t task)
{
	uint64_t parent, pid;

	if (!state->layout.known[TMI_LINUX_TASK_REAL_PARENT] ||
	    !tmi_linux_pointer(state, memory, member(state, task, TMI_LINUX_TASK_REAL_PARENT),
			       &parent) ||
	    !tmi_linux_is_object(state, parent) ||
	    !tmi_linux_integer(state, memory, member(state, parent, TMI_LINUX_TASK_TGID), 4, &pid))
		return 0;
	return (uint32_t)pid;
}

/* True, and the task is described, when it can be read. *mm receives its memory's structure. */
static bool describe(const struct tmi_linux *state, const struct tmi_os_memory *memory,
		     uint64_t task, struct tmi_os_process *process, uint64_t *mm)
{
	uint64_t pid;

	*mm = 0;
	process->data_offset = task;
	if (!tmi_linux_integer(state, memory, member(state, task, TMI_LINUX_TASK_PID), 4, &pid) ||
	    !tmi_linux_read(state, memory, member(state, task, TMI_LINUX_TASK_COMM), process->name,
			    TMI_LINUX_COMM_SIZE))
		return false;
	process->name[TMI_LINUX_COMM_SIZE - 1] = 0;
	process->system_id = (uint32_t)pid;
	process->parent_system_id = parent_of(state, memory, task);
	if (state->layout.known[TMI_LINUX_TASK_MM])
		tmi_linux_pointer(state, memory, member(state, task, TMI_LINUX_TASK_MM), mm);
	if (!*mm && state->layout.known[TMI_LINUX_TASK_MM])
		process->flags |= TMEM_PROCESS_KERNEL_THREAD;
	if (*mm && state->layout.known[TMI_LINUX_MM_PGD])
		tmi_linux_mm_root(state, memory, *mm, &process->root);
	return true;
}

/* ---- what must be known first ---- */

static const enum tmi_linux_member needed[] = { TMI_LINUX_TASK_TASKS, TMI_LINUX_TASK_PID,
						TMI_LINUX_TASK_TGID, TMI_LINUX_TASK_COMM,
						TMI_LINUX_MEMBER_COUNT };

static const enum tmi_linux_member all[] = { TMI_LINUX_TASK_TASKS,       TMI_LINUX_TASK_PID,
					     TMI_LINUX_TASK_TGID,        TMI_LINUX_TASK_COMM,
					     TMI_LINUX_TASK_REAL_PARENT, TMI_LINUX_TASK_MM,
					     TMI_LINUX_MM_PGD,           TMI_LINUX_MEMBER_COUNT };

static tmem_status find_tasks(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	tmem_status status = tmi_linux_need_layout(state, memory);

	if (status == TMEM_S_OK)
		status = tmi_linux_find_init_task(state, memory);
	if (status == TMEM_S_OK && !tmi_linux_knows(state, all))
		status = tmi_linux_infer_tasks(state, memory);
	if (status == TMEM_S_OK && !tmi_linux_knows(state, needed))
		status = TMEM_S_FALSE;
	return status;
}

static tmem_status need_tasks(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	tmem_status status;

	if (!state->found)
		return tmi_fail_text(TMEM_E_NOINTERFACE, "no Linux kernel was found");
	if (state->tasks_stage == TMI_LINUX_NOT_TRIED) {
		status = find_tasks(state, memory);
		if (status != TMEM_S_OK && status != TMEM_S_FALSE)
			return status;
		state->tasks_stage = status == TMEM_S_OK ? TMI_LINUX_FOUND : TMI_LINUX_NOT_FOUND;
	}
	if (state->tasks_stage == TMI_LINUX_FOUND)
		return TMEM_S_OK;
	if (!state->init_task)
		return tmi_fail_text(TMEM_E_NOINTERFACE,
				     "the first task (init_task) was not found: %s (the options "
				     "init-task= and offset.task_struct.* can tell)",
				     state->init_task_why);
	return tmi_fail_text(TMEM_E_NOINTERFACE,
			     "the offsets of tasks, pid, tgid and comm in task_struct are not "
			     "known, and could not be inferred (the options offset.task_struct.* "
			     "can tell)");
}

/* ---- the list ---- */

static tmem_status walk(struct tmi_linux *state, const struct tmi_os_memory *memory,
			struct list *list, struct tmi_linux_ring *ring)
{
	uint32_t tasks = state->layout.offset[TMI_LINUX_TASK_TASKS];
	uint64_t task = state->init_task;

	tmi_linux_ring_begin(ring, task + tasks, TMI_LINUX_TASKS_MAX);
	do {
		struct tmi_os_process *process = add(list);
		uint64_t mm;

		if (!process)
			return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
		if (list->count % INTERRUPT_STEP == 0 && memory->interrupted(memory->context))
			return tmi_fail_text(TMEM_E_CONTROL_C_EXIT,
					     "interrupted while listing processes");
		if (!describe(state, memory, ring->here - tasks, process, &mm)) {
			list->count--;
			ring->where = ring->here;
			ring->why = "its task_struct is not readable";
			break;
		}
		list->users += mm != 0;
		list->rootless += mm && !process->root;
	} while (tmi_linux_ring_next(state, memory, ring));
	return TMEM_S_OK;
}

tmem_status tmi_linux_processes(struct tmi_linux *state, const struct tmi_os_memory *memory,
				struct tmi_os_process **processes, size_t *count)
{
	struct tmi_linux_ring ring;
	struct list list = { 0 };
	tmem_status status = need_tasks(state, memory);

	if (status != TMEM_S_OK)
		return status;
	status = walk(state, memory, &list, &ring);
	if (status != TMEM_S_OK) {
		free(list.entries);
		return status;
	}
	*processes = list.entries;
	*count = list.count;
	if (ring.why)
		return tmi_fail_text(TMEM_S_FALSE,
				     "the list of processes is cut after %zu: the list_head at "
				     "0x%" PRIx64 ": %s",
				     list.count, ring.where, ring.why);
	if (list.users && list.users == list.rootless && state->layout.known[TMI_LINUX_MM_PGD])
		return tmi_fail_text(TMEM_S_FALSE,
				     "the tables of no process were found: at offset %" PRIu32
				     " of mm_struct there is no pgd",
				     state->layout.offset[TMI_LINUX_MM_PGD]);
	if (!state->layout.known[TMI_LINUX_TASK_MM] || !state->layout.known[TMI_LINUX_MM_PGD])
		return tmi_fail_text(TMEM_S_FALSE,
				     "which tables the processes have is not known: the options "
				     "offset.task_struct.mm and offset.mm_struct.pgd can tell");
	return TMEM_S_OK;
}
