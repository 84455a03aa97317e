/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux_init_task.c - the first task, which stands in the kernel's image: where a symbol has it,
 * else where its name, "swapper", stands among pointers to itself.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "os/linux.h"

/* The name lies no further than this inside a task_struct, and so do the pointers before it. */
#define TASK_REACH 16384u
/* Hits of the name that are looked at. */
#define HITS_MAX 256

bool tmi_linux_is_init_task(const struct tmi_linux *state, const struct tmi_os_memory *memory,
			    uint64_t address, const char **why)
{
	const struct tmi_linux_layout *layout = &state->layout;
	uint8_t name[TMI_LINUX_COMM_SIZE];
	struct tmi_linux_ring ring;
	uint64_t value;

	*why = "its name (comm) is not swapper";
	if (layout->known[TMI_LINUX_TASK_COMM] &&
	    (!tmi_linux_read(state, memory, address + layout->offset[TMI_LINUX_TASK_COMM], name,
			     sizeof(name)) ||
	     memcmp(name, "swapper", 7)))
		return false;
	*why = "its pid is not 0";
	if (layout->known[TMI_LINUX_TASK_PID] &&
	    (!tmi_linux_integer(state, memory, address + layout->offset[TMI_LINUX_TASK_PID], 4,
				&value) ||
	     value))
		return false;
	*why = "it is not its own parent (real_parent)";
	if (layout->known[TMI_LINUX_TASK_REAL_PARENT] &&
	    (!tmi_linux_pointer(state, memory, address + layout->offset[TMI_LINUX_TASK_REAL_PARENT],
				&value) ||
	     value != address))
		return false;
	*why = "it is in no ring of tasks";
	if (!layout->known[TMI_LINUX_TASK_TASKS])
		return true;
	tmi_linux_ring_begin(&ring, address + layout->offset[TMI_LINUX_TASK_TASKS], 1);
	return tmi_linux_ring_next(state, memory, &ring);
}

/* ---- by its name ---- */

struct hunt {
	struct tmi_linux *state;
	const struct tmi_os_memory *memory;
	unsigned hits;
	uint64_t address;
};

/*
 * Looks before the name at @comm, a virtual address, for the pointers that only init_task has:
 * real_parent and parent to itself, an empty list of siblings, and group_leader to itself.
 */
static bool match_pointers(struct hunt *hunt, const uint8_t *bytes, size_t size, uint64_t first,
			   uint64_t comm)
{
	struct tmi_linux *state = hunt->state;
	uint32_t word = state->root.architecture->pointer_size;

	for (size_t at = 0; at + 7 * word <= size; at += word) {
		uint64_t here = first + at, task = tmi_linux_word(state, bytes + at);

		if (task > here || comm - task > TASK_REACH || task % word ||
		    tmi_linux_word(state, bytes + at + word) != task ||
		    tmi_linux_word(state, bytes + at + 4 * word) != here + 4 * word ||
		    tmi_linux_word(state, bytes + at + 5 * word) != here + 4 * word ||
		    tmi_linux_word(state, bytes + at + 6 * word) != task)
			continue;
		hunt->address = task;
		tmi_linux_set_offset(state, TMI_LINUX_TASK_COMM, (uint32_t)(comm - task),
				     "the name swapper in init_task");
		tmi_linux_set_offset(state, TMI_LINUX_TASK_REAL_PARENT, (uint32_t)(here - task),
				     "init_task's pointers to itself: real_parent, parent and, "
				     "after empty siblings, group_leader");
		return true;
	}
	return false;
}

/* A name at a virtual address: is it init_task's? */
static bool try_name(struct hunt *hunt, uint64_t comm)
{
	struct tmi_linux *state = hunt->state;
	uint64_t first = (comm - TASK_REACH) & ~UINT64_C(7), page = 4096;
	const char *why;
	uint8_t *bytes;
	bool matches = false;

	if (state->layout.known[TMI_LINUX_TASK_COMM]) {
		hunt->address = comm - state->layout.offset[TMI_LINUX_TASK_COMM];
		if (tmi_linux_is_init_task(state, hunt->memory, hunt->address, &why))
			return true;
		state->init_task_why = why;
		return false;
	}
	bytes = malloc(TASK_REACH + 16);
	if (!bytes)
		return false;
	/* What comes before may be a hole of the image: begin behind it. */
	for (; !matches && first < comm; first = (first + page) & ~(page - 1)) {
		size_t size = (size_t)(comm - first);

		if (!tmi_linux_read(state, hunt->memory, first, bytes, size))
			continue;
		matches = match_pointers(hunt, bytes, size, first, comm);
		break;
	}
	free(bytes);
	return matches;
}

bool tmi_linux_is_init_name(const uint8_t *bytes, size_t size)
{
	static const uint8_t zeros[TMI_LINUX_COMM_SIZE];
	size_t length = 7;

	if (size < TMI_LINUX_COMM_SIZE || memcmp(bytes, "swapper", 7))
		return false;
	if (bytes[7] == '/' && bytes[8] == '0')
		length = 9;
	return !memcmp(bytes + length, zeros, TMI_LINUX_COMM_SIZE - length);
}

static bool look_for_name(void *context, uint64_t address, const uint8_t *data, size_t fresh,
			  size_t size)
{
	struct hunt *hunt = context;
	const uint8_t *at = data, *end = data + fresh;

	while (at < end && (at = memmem(at, (size_t)(data + size - at), "swapper", 7)) &&
	       at < end) {
		uint64_t comm = address + (uint64_t)(at - data) + hunt->state->root.image_shift;

		if (tmi_linux_is_init_name(at, (size_t)(data + size - at)) &&
		    (hunt->hits++ >= HITS_MAX || try_name(hunt, comm)))
			return false;
		hunt->address = 0;
		at++;
	}
	return true;
}

static tmem_status find_by_name(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	struct hunt hunt = { .state = state, .memory = memory };
	uint64_t shift = state->root.image_shift;
	tmem_status status = tmi_linux_scan(memory, state->image_first - shift,
					    state->image_last - shift, look_for_name, &hunt);

	if (status != TMEM_S_OK)
		return status;
	if (!hunt.address) {
		tmi_linux_refused(state, "init_task",
				  "the name swapper stands nowhere in the image inside of a task");
		return TMEM_S_FALSE;
	}
	state->init_task = hunt.address;
	tmi_linux_fact_address(state, "init_task", hunt.address,
			       "the name swapper in the image; it is its own parent");
	return TMEM_S_OK;
}

/* ---- where it is told ---- */

/* The offset of the name in a task at a known place, when it is not known. */
static void find_comm(struct tmi_linux *state, const struct tmi_os_memory *memory, uint64_t task)
{
	struct hunt hunt = { .state = state, .memory = memory };
	uint8_t bytes[TASK_REACH];

	if (state->layout.known[TMI_LINUX_TASK_COMM] ||
	    !tmi_linux_read(state, memory, task, bytes, sizeof(bytes)))
		return;
	for (size_t at = 0; at + TMI_LINUX_COMM_SIZE <= sizeof(bytes); at += 4)
		if (tmi_linux_is_init_name(bytes + at, TMI_LINUX_COMM_SIZE) &&
		    match_pointers(&hunt, bytes, at, task, task + at) && hunt.address == task)
			return;
}

static bool take(struct tmi_linux *state, const struct tmi_os_memory *memory, uint64_t address,
		 const char *from, const char **why)
{
	find_comm(state, memory, address);
	if (!tmi_linux_is_init_task(state, memory, address, why)) {
		tmi_linux_refused(state, "init_task", "0x%" PRIx64 " from %s: %s", address, from,
				  *why);
		state->init_task_why = *why;
		return false;
	}
	state->init_task = address;
	tmi_linux_fact_address(state, "init_task", address,
			       "%s; it is named swapper and its own parent", from);
	return true;
}

tmem_status tmi_linux_find_init_task(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	uint64_t address;
	const char *why;

	state->init_task = 0;
	state->init_task_why = "its name stands nowhere in the image";
	if (state->choices.has_init_task) {
		address = state->choices.init_task;
		if (take(state, memory, address, "option init-task", &why))
			return TMEM_S_OK;
		return tmi_fail_text(TMEM_E_INVALIDARG, "option init-task=0x%" PRIx64 ": %s",
				     address, why);
	}
	if (tmi_linux_find_symbol(state, memory, "init_task", &address) &&
	    take(state, memory, address, "kallsyms", &why))
		return TMEM_S_OK;
	if (state->found_init_task &&
	    take(state, memory, state->found_init_task, "the search for tables", &why))
		return TMEM_S_OK;
	return find_by_name(state, memory);
}
