/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_stack.c - which mappings of a live process grow downwards.
 *
 * A read through the memory file in a hole makes the mapping above it grow down to there, when it
 * is one of those that grow and does not get larger than a stack may be, which is the limit of
 * whoever reads. A mapping that was seen in such a place may have gone since, so there no read
 * trusts what was seen. The kernel tells which mappings grow in smaps only, which is slow to make;
 * but it tells all their bytes quickly, and nearly always these are the first thread's stack alone.
 * Where there are others, only smaps will do: one may have gone, another of its size come
 * elsewhere, and ordinary memory may lie where the first was.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "target/process.h"

/* --- which they are --- */

/* Bytes of all of them together; UINT64_MAX: not told. */
static uint64_t stack_bytes(struct live *process)
{
	static const char key[] = "\nVmStk:";
	char path[64];
	const char *line;
	char *text;
	uint64_t bytes;
	size_t size;

	tmi_process_path(process->pid, atomic_load(&process->tid), "status", path, sizeof(path));
	text = tmi_process_slurp(process->dir, path, &size);
	line = text ? strstr(text, key) : NULL;
	bytes = line ? strtoull(line + sizeof(key) - 1, NULL, 10) << 10 : UINT64_MAX;
	free(text);
	return bytes;
}

uint64_t tmi_process_stack_limit(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_STACK, &limit) ? UINT64_MAX : limit.rlim_cur;
}

static bool add_stack(struct live_stacks *stacks, uint64_t first, uint64_t last)
{
	struct live_stack *all = reallocarray(stacks->all, stacks->count + 1, sizeof(*all));

	if (!all)
		return false;
	all[stacks->count++] = (struct live_stack){ first, last };
	stacks->all = all;
	return true;
}

/* From smaps, as it is now. */
static bool list_stacks(struct live *process, struct live_stacks *stacks)
{
	struct live_traits *traits;
	bool good;

	tmi_process_forget_traits(process);
	traits = tmi_process_hold_traits(process, true);
	good = traits;
	for (size_t i = 0; good && i < traits->count; i++)
		if (traits->runs[i].traits & TRAIT_GROWS)
			good = add_stack(stacks, traits->runs[i].first, traits->runs[i].last);
	tmi_process_release_traits(traits);
	return good;
}

/*
 * The bytes are counted after the look at [stack]: what it has grown by in between only makes them
 * more. If they were counted before, that could hide another one.
 */
void tmi_process_find_stacks(struct live *process, const struct live_stack *main,
			     struct live_stacks *stacks)
{
	uint64_t size = main ? main->last - main->first + 1 : 0;

	*stacks = (struct live_stacks){ .limit = tmi_process_stack_limit() };
	stacks->others = stack_bytes(process) != size;
	if (stacks->others)
		stacks->known = list_stacks(process, stacks);
	else
		stacks->known = !main || add_stack(stacks, main->first, main->last);
}

/* [stack] as it is now; false: there is none. */
static bool find_main_stack(struct live *process, struct live_stack *main)
{
	struct live_vma vma;
	uint64_t address;

	pthread_rwlock_rdlock(&process->lock);
	address = process->identity.stack;
	pthread_rwlock_unlock(&process->lock);
	if (!address || tmi_process_vma(process, address, false, false, &vma) != TMEM_S_OK)
		return false;
	*main = (struct live_stack){ vma.first, vma.last };
	return true;
}

void tmi_process_ask_stacks(struct live *process, struct live_stacks *stacks)
{
	struct live_stack main;
	bool has_main = find_main_stack(process, &main);

	tmi_process_find_stacks(process, has_main ? &main : NULL, stacks);
}

/* The caller holds the lock. */
static bool are_known(const struct live *process, const struct live_stacks *stacks)
{
	const struct live_stacks *known = &process->stacks;

	/* One that has only grown leaves less within its reach. */
	if (!known->known || !stacks->known || known->limit != stacks->limit ||
	    known->count != stacks->count)
		return false;
	for (size_t i = 0; i < stacks->count; i++)
		if (known->all[i].last != stacks->all[i].last)
			return false;
	return true;
}

bool tmi_process_take_stacks(struct live *process, struct live_stacks *stacks)
{
	bool news = !are_known(process, stacks);

	free(process->stacks.all);
	process->stacks = *stacks;
	return news;
}

/* --- what is near --- */

bool tmi_process_far_part(const struct live_stacks *stacks, uint64_t address, uint64_t *first,
			  uint64_t *last)
{
	for (size_t i = 0; i < stacks->count; i++) {
		const struct live_stack *stack = &stacks->all[i];
		uint64_t lowest =
			stack->last >= stacks->limit ? stack->last - stacks->limit + 1 : 0;

		if (address >= stack->first) {
			if (*first < stack->first)
				*first = stack->first;
		} else if (address >= lowest) {
			return false;
		} else if (*last >= lowest) {
			*last = lowest - 1;
		}
	}
	return stacks->known;
}
