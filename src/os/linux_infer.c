/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux_infer.c - offsets of members by what all tasks have in common, for kernels that carry no
 * types. From init_task on, whose name and parent are known:
 *
 * tasks    the list_head whose ring leads through structures that have names where names are;
 * pid      two equal numbers side by side, different in every task, 0 in init_task;
 * mm       two equal pointers side by side (mm, active_mm) in some tasks, and 0 in the others;
 * pgd      the word of mm that leads to tables which map the kernel, or the process's own memory.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "os/linux.h"

#define SAMPLE_MAX 256u
#define MM_REACH   1024u
/* Bytes of a task that are looked at; names come late in it. */
#define TASK_REACH 16384u
/* Of a ring that is tried out. */
#define RING_MAX 4096u

/* Tasks whose bytes are compared. */
struct sample {
	struct tmi_linux *state;
	const struct tmi_os_memory *memory;
	uint32_t word;
	size_t reach; /* bytes of each task */
	size_t count;
	bool interrupted;
	uint8_t *bytes;
	uint64_t tasks[SAMPLE_MAX];
};

static uint64_t word_at(const struct sample *sample, size_t task, size_t offset)
{
	return tmi_linux_word(sample->state, sample->bytes + task * sample->reach + offset);
}

/* Asked before what can take a while where memory is made for it. */
static bool is_interrupted(struct sample *sample)
{
	sample->interrupted =
		sample->interrupted || sample->memory->interrupted(sample->memory->context);
	return sample->interrupted;
}

static uint32_t number_at(const struct sample *sample, size_t task, size_t offset)
{
	return tmi_load32(sample->bytes + task * sample->reach + offset, false);
}

/* ---- tasks ---- */

/* A task by its name, its parent and the word of its parent's name. */
static bool is_task(const struct sample *sample, uint64_t task)
{
	const struct tmi_linux_layout *layout = &sample->state->layout;
	uint8_t name[TMI_LINUX_COMM_SIZE];
	uint64_t parent;

	return tmi_linux_read(sample->state, sample->memory,
			      task + layout->offset[TMI_LINUX_TASK_COMM], name, sizeof(name)) &&
	       tmi_linux_is_comm(name) &&
	       tmi_linux_pointer(sample->state, sample->memory,
				 task + layout->offset[TMI_LINUX_TASK_REAL_PARENT], &parent) &&
	       tmi_linux_is_object(sample->state, parent) &&
	       tmi_linux_read(sample->state, sample->memory,
			      parent + layout->offset[TMI_LINUX_TASK_COMM], name, sizeof(name)) &&
	       tmi_linux_is_comm(name);
}

/* How many tasks a ring at @offset of init_task leads through; those that are none end it. */
static uint64_t count_ring(const struct sample *sample, size_t offset)
{
	uint64_t init = sample->state->init_task, count = 0;
	struct tmi_linux_ring ring;

	tmi_linux_ring_begin(&ring, init + offset, RING_MAX);
	while (tmi_linux_ring_next(sample->state, sample->memory, &ring)) {
		if (!is_task(sample, ring.here - offset))
			return 0;
		count++;
	}
	return count;
}

static void find_tasks(struct sample *sample)
{
	uint64_t best = 0, init = sample->state->init_task;
	size_t offset = 0;

	for (size_t at = 0; at + 2 * sample->word <= sample->reach; at += sample->word) {
		uint64_t next = word_at(sample, 0, at), count;

		if (!tmi_linux_is_object(sample->state, next) || next == init + at)
			continue;
		if (is_interrupted(sample))
			return;
		count = count_ring(sample, at);
		if (count > best) {
			best = count;
			offset = at;
		}
	}
	if (best)
		tmi_linux_set_offset(sample->state, TMI_LINUX_TASK_TASKS, (uint32_t)offset,
				     "the longest ring from init_task through structures with "
				     "names and parents");
	else
		tmi_linux_refused(sample->state, "offset of task_struct.tasks",
				  "no ring leads from init_task through structures with names and "
				  "parents");
}

/* ---- pid ---- */

/* Two equal numbers at @offset in every task, which no other task has; init_task has 0. */
static bool is_pid(const struct sample *sample, size_t offset)
{
	if (number_at(sample, 0, offset) || number_at(sample, 0, offset + 4))
		return false;
	for (size_t i = 1; i < sample->count; i++) {
		uint32_t pid = number_at(sample, i, offset);

		if (!pid || pid > 4u << 20 || pid != number_at(sample, i, offset + 4))
			return false;
	}
	for (size_t i = 1; i < sample->count; i++)
		for (size_t j = 1; j < i; j++)
			if (number_at(sample, i, offset) == number_at(sample, j, offset))
				return false;
	return sample->count > 2;
}

/* They stand shortly before real_parent; elsewhere only if there is nothing. */
static void find_pid(struct sample *sample)
{
	size_t parent = sample->state->layout.offset[TMI_LINUX_TASK_REAL_PARENT];

	for (size_t back = 8; back <= parent; back += 4) {
		size_t at = parent - back;

		if (!is_pid(sample, at))
			continue;
		tmi_linux_set_offset(sample->state, TMI_LINUX_TASK_PID, (uint32_t)at,
				     "equal numbers side by side, different in every task and 0 in "
				     "init_task");
		tmi_linux_set_offset(sample->state, TMI_LINUX_TASK_TGID, (uint32_t)at + 4,
				     "beside pid, and equal to it in every leader");
		return;
	}
	tmi_linux_refused(sample->state, "offset of task_struct.pid",
			  "no number is different in every task and 0 in init_task");
}

/* ---- mm and its first table ---- */

/*
 * Two words at @offset that are equal pointers in some tasks; the first is 0 in the others. Returns
 * the number of those that have one.
 */
static size_t count_mm(const struct sample *sample, size_t offset)
{
	size_t users = 0;

	for (size_t i = 0; i < sample->count; i++) {
		uint64_t mm = word_at(sample, i, offset);

		if (!mm)
			continue;
		if (!i || !tmi_linux_is_object(sample->state, mm) ||
		    mm != word_at(sample, i, offset + sample->word))
			return 0;
		users++;
	}
	/* Kernel threads are among them, always: kthreadd. */
	return users + 1 < sample->count ? users : 0;
}

/* True when some user address that @mm itself mentions has a page in these tables. */
static bool maps_own_memory(const struct sample *sample, const struct tmi_tables *tables,
			    const uint8_t *mm)
{
	const struct tmi_os_memory *memory = sample->memory;

	for (size_t at = 0; at < MM_REACH; at += sample->word) {
		uint64_t value = tmi_linux_word(sample->state, mm + at), physical;

		if (value >= 0x10000 && value <= sample->state->root.last_user &&
		    memory->translate(memory->context, tables, value, &physical))
			return true;
	}
	return false;
}

/* True when the first table at @pgd is a process's. */
static bool is_first_table(const struct sample *sample, uint64_t pgd, const uint8_t *mm)
{
	const struct tmi_os_memory *memory = sample->memory;
	const struct tmi_linux *state = sample->state;
	struct tmi_linux_root root = state->root;
	uint64_t physical;

	if (!pgd || !tmi_linux_is_object(state, pgd) || pgd % root.architecture->root_alignment ||
	    !memory->translate(memory->context, &state->root.tables, pgd, &physical))
		return false;
	root.tables.root = physical;
	if (root.tables.scheme == TMI_SCHEME_ARM64)
		return maps_own_memory(sample, &root.tables, mm);
	root.tables.kernel_root = physical;
	return tmi_linux_root_maps(memory, &root, state->init_task);
}

/* The offset of pgd that fits every process whose mm stands at @offset of a task; 0 is possible. */
static bool find_pgd(struct sample *sample, size_t offset, size_t *pgd)
{
	uint8_t(*mms)[MM_REACH] = calloc(sample->count, MM_REACH);
	size_t count = 0;
	bool found = false;

	for (size_t i = 0; mms && i < sample->count; i++) {
		uint64_t mm = word_at(sample, i, offset);

		if (mm && tmi_linux_read(sample->state, sample->memory, mm, mms[count], MM_REACH))
			count++;
	}
	for (size_t at = 0; count && at < MM_REACH && !found; at += sample->word) {
		size_t good = 0;

		for (size_t i = 0; i < count && good == i && !is_interrupted(sample); i++)
			good += is_first_table(sample, tmi_linux_word(sample->state, mms[i] + at),
					       mms[i]);
		found = good == count;
		*pgd = at;
		if (sample->interrupted)
			break;
	}
	free(mms);
	return found;
}

static void find_mm(struct sample *sample)
{
	struct tmi_linux *state = sample->state;
	size_t pgd;

	for (size_t at = 0; at + 2 * sample->word <= sample->reach; at += sample->word) {
		if (state->layout.known[TMI_LINUX_TASK_MM] &&
		    at != state->layout.offset[TMI_LINUX_TASK_MM])
			continue;
		if (!count_mm(sample, at))
			continue;
		if (!find_pgd(sample, at, &pgd)) {
			if (sample->interrupted)
				return;
			continue;
		}
		tmi_linux_set_offset(state, TMI_LINUX_TASK_MM, (uint32_t)at,
				     "equal pointers side by side (mm, active_mm) in some tasks, 0 "
				     "in the others");
		tmi_linux_set_offset(state, TMI_LINUX_MM_PGD, (uint32_t)pgd,
				     "the word of every mm_struct that leads to a first table");
		return;
	}
	tmi_linux_refused(state, "offset of task_struct.mm",
			  "no pointer of the tasks leads to a structure with a first table");
}

/* ---- all of it ---- */

static void add_task(struct sample *sample, uint64_t task)
{
	if (sample->count < SAMPLE_MAX &&
	    tmi_linux_read(sample->state, sample->memory, task,
			   sample->bytes + sample->count * sample->reach, sample->reach))
		sample->tasks[sample->count++] = task;
}

/* Tasks after init_task, by the ring. */
static void fill(struct sample *sample)
{
	const struct tmi_linux *state = sample->state;
	uint32_t tasks = state->layout.offset[TMI_LINUX_TASK_TASKS];
	struct tmi_linux_ring ring;

	tmi_linux_ring_begin(&ring, state->init_task + tasks, SAMPLE_MAX);
	while (tmi_linux_ring_next(state, sample->memory, &ring))
		add_task(sample, ring.here - tasks);
}

static void infer(struct sample *sample)
{
	const bool *known = sample->state->layout.known;

	add_task(sample, sample->state->init_task);
	if (!sample->count)
		return;
	if (!known[TMI_LINUX_TASK_TASKS])
		find_tasks(sample);
	if (!known[TMI_LINUX_TASK_TASKS])
		return;
	fill(sample);
	if (!known[TMI_LINUX_TASK_PID] || !known[TMI_LINUX_TASK_TGID])
		find_pid(sample);
	if (!known[TMI_LINUX_TASK_MM] || !known[TMI_LINUX_MM_PGD])
		find_mm(sample);
}

tmem_status tmi_linux_infer_tasks(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	struct sample sample = {
		.state = state,
		.memory = memory,
		.word = state->root.architecture->pointer_size,
		.reach = state->layout.offset[TMI_LINUX_TASK_COMM] + TMI_LINUX_COMM_SIZE,
	};

	if (!state->layout.known[TMI_LINUX_TASK_COMM] ||
	    !state->layout.known[TMI_LINUX_TASK_REAL_PARENT] || sample.reach > TASK_REACH)
		return TMEM_S_OK;
	if (sample.reach < state->layout.offset[TMI_LINUX_TASK_REAL_PARENT])
		sample.reach = state->layout.offset[TMI_LINUX_TASK_REAL_PARENT];
	sample.bytes = malloc(SAMPLE_MAX * sample.reach);
	if (!sample.bytes)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	infer(&sample);
	free(sample.bytes);
	if (sample.interrupted)
		return tmi_fail_text(TMEM_E_CONTROL_C_EXIT,
				     "interrupted while looking for offsets of task_struct");
	return TMEM_S_OK;
}
