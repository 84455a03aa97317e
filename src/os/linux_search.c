/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux_search.c - a kernel without VMCOREINFO: the first task and the tables that map it.
 *
 * init_task has the name "swapper" and, before it, pointers to itself and to a member of itself: so
 * its bytes tell their own virtual address, and with it the distance between the virtual and the
 * physical addresses of the image. What remains is a first table that maps the task to where it
 * is. The image holds it; of several there the fullest without a user half is the kernel's own.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "os/linux.h"

#define TASK_REACH 16384u
#define HITS_MAX   256
#define TABLE_SIZE 4096u
#define PROCESSORS 64 /* whose registers are asked for */
#define BANNER     "Linux version "
/* What an empty user half, and a place in the image, are worth in entries of the kernel's half. */
#define EMPTY_USER 10000u
#define IN_IMAGE   100000u

struct search {
	struct tmi_linux *state;
	const struct tmi_os_memory *memory;
	unsigned hits;
	uint64_t task; /* virtual address of init_task */
	uint64_t comm; /* offset of its name, and of its parent */
	uint64_t parent;
	struct tmi_linux_root guess; /* tables without a root */
	struct tmi_linux_root best;
	unsigned score; /* of the best, 0 = none */
};

/* ---- first tables ---- */

/* How much a first table looks like the kernel's own: 0 = not at all. */
static unsigned score_table(const struct tmi_linux_root *root, const uint8_t *table)
{
	const struct tmi_linux_architecture *architecture = root->architecture;
	uint64_t first = architecture->user_entries, user = 0, kernel = 0;

	if (architecture->entry_shift)
		first = root->tables.kernel_first >> architecture->entry_shift;
	for (unsigned i = 0; i < architecture->entry_count; i++)
		if (tmi_load(table + i * architecture->entry_size, architecture->entry_size, false))
			*(i < first ? &user : &kernel) += 1;
	return (unsigned)kernel + (user ? 0 : EMPTY_USER);
}

/*
 * What its place says: the kernel's own is in the image. On 32 bits the tables map all of memory as
 * they map the image, and the nearest to the task is meant.
 */
static unsigned score_place(const struct search *search, const struct tmi_linux_root *root,
			    uint64_t address)
{
	uint64_t task = search->task - root->image_shift;
	uint64_t distance = address > task ? address - task : task - address;

	if (!tmi_linux_root_maps(search->memory, root, address + root->image_shift))
		return 0;
	if (root->architecture->pointer_size == 8)
		return IN_IMAGE;
	distance /= TABLE_SIZE;
	return distance < IN_IMAGE ? IN_IMAGE - (unsigned)distance : 0;
}

/* A first table at a physical address: takes it when it maps the task, and better than others. */
static void try_table(struct search *search, uint64_t address)
{
	const struct tmi_os_memory *memory = search->memory;
	struct tmi_linux_root root = search->guess;
	const struct tmi_linux_architecture *architecture = root.architecture;
	size_t size = architecture->entry_size * architecture->entry_count;
	uint8_t table[TABLE_SIZE];
	unsigned score;

	tmi_linux_root_set(&root, address);
	if (!tmi_linux_root_maps(memory, &root, search->task) ||
	    memory->read_physical(memory->context, address, table, size) != TMEM_S_OK)
		return;
	score = score_table(&root, table);
	score += score_place(search, &root, address);
	if (score > search->score) {
		search->score = score;
		search->best = root;
	}
}

static bool look_for_tables(void *context, uint64_t address, const uint8_t *data, size_t fresh,
			    size_t size)
{
	struct search *search = context;
	uint32_t unit = search->guess.architecture->root_alignment;
	static const uint8_t zeros[32];

	for (size_t at = (unit - address % unit) % unit; at < fresh; at += unit)
		if (unit > sizeof(zeros) || size - at < unit ||
		    memcmp(data + at, zeros, sizeof(zeros)))
			try_table(search, address + at);
	return true;
}

/* What the processors' registers hold may belong to any process, but maps the kernel too. */
static void try_registers(struct search *search)
{
	const struct tmi_os_memory *memory = search->memory;

	for (unsigned i = 0; i < PROCESSORS && !search->score; i++) {
		uint64_t value;
		char key[16];

		snprintf(key, sizeof(key), "cr3:%u", i);
		if (!memory->hint(memory->context, key, &value))
			return;
		try_table(search,
			  value & 0x000fffffffffffe0 &
				  -(uint64_t)(uint32_t)search->guess.architecture->root_alignment);
	}
}

static tmem_status find_table(struct search *search)
{
	const struct tmi_linux_root *guess = &search->guess;
	uint64_t place = search->task - guess->image_shift,
		 reach = guess->architecture->image_reach;
	tmem_status status;

	search->score = 0;
	if (search->state->choices.has_root) {
		try_table(search, search->state->choices.root);
		return TMEM_S_OK;
	}
	status = tmi_linux_scan(search->memory, place > reach ? place - reach : 0, place + reach,
				look_for_tables, search);
	if (status == TMEM_S_OK && !search->score)
		try_registers(search);
	return status;
}

/* ---- the first task ---- */

/*
 * At @at of @bytes, which stand at the physical address @first: real_parent and parent to the task
 * itself, children, siblings that are empty and so point to themselves, and group_leader.
 */
static bool match_pointers(struct search *search, const uint8_t *bytes, size_t at, uint64_t first,
			   uint64_t comm, unsigned word)
{
	uint64_t task = tmi_load(bytes + at, word, false);
	uint64_t sibling = tmi_load(bytes + at + 4 * word, word, false);
	uint64_t here = sibling - 4 * word, shift = here - (first + at);

	if (!task || tmi_load(bytes + at + word, word, false) != task ||
	    tmi_load(bytes + at + 5 * word, word, false) != sibling ||
	    tmi_load(bytes + at + 6 * word, word, false) != task || task % word || here <= task ||
	    here - task > TASK_REACH || comm + shift - task > TASK_REACH)
		return false;
	search->task = task;
	search->comm = comm + shift - task;
	search->parent = here - task;
	search->guess.image_shift = shift;
	return true;
}

/* Tries the tables of one architecture for the task that was found. */
static tmem_status try_architecture(struct search *search,
				    const struct tmi_linux_architecture *architecture)
{
	uint64_t shift = search->guess.image_shift;
	tmem_status status = TMEM_S_OK;

	if (search->task < architecture->image_first || search->task > architecture->image_last)
		return TMEM_S_OK;
	for (unsigned v = 0; v < architecture->variant_count && status == TMEM_S_OK; v++) {
		tmi_linux_root_begin(search->state, architecture, v, &search->guess);
		search->guess.image_shift = shift;
		/* On 32 bits the image is where the direct map has it. */
		if (!tmi_linux_root_allowed(search->state, architecture, &search->guess.tables) ||
		    !tmi_linux_root_allows_shift(search->state, &search->guess) ||
		    (architecture->pointer_size == 4 && search->guess.tables.kernel_first != shift))
			continue;
		status = find_table(search);
		if (search->score)
			break;
	}
	return status;
}

static tmem_status try_task(struct search *search, unsigned word)
{
	tmem_status status = TMEM_S_OK;

	for (size_t i = 0; i < tmi_linux_architecture_count && status == TMEM_S_OK; i++) {
		const struct tmi_linux_architecture *architecture = &tmi_linux_architectures[i];

		if (architecture->pointer_size != word)
			continue;
		status = try_architecture(search, architecture);
		if (search->score)
			return status;
	}
	if (status == TMEM_S_OK)
		tmi_linux_refused(search->state, "init_task",
				  "0x%" PRIx64 ", at physical 0x%" PRIx64
				  ": no first table maps it to this place",
				  search->task, search->task - search->guess.image_shift);
	return status;
}

/* Looks at what comes before a name at a physical address. */
static tmem_status try_name(struct search *search, uint64_t comm)
{
	const struct tmi_os_memory *memory = search->memory;
	uint64_t first = comm > TASK_REACH ? (comm - TASK_REACH) & ~UINT64_C(7) : 0;
	size_t size = (size_t)(comm - first);
	uint8_t *bytes = malloc(size + 1);
	tmem_status status = TMEM_S_OK;

	if (!bytes)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	if (memory->read_physical(memory->context, first, bytes, size) != TMEM_S_OK)
		size = 0;
	for (unsigned word = 8; word >= 4 && !search->score && status == TMEM_S_OK; word -= 4)
		for (size_t at = 0; at + 7 * word <= size && !search->score; at += word)
			if (match_pointers(search, bytes, at, first, comm, word)) {
				status = try_task(search, word);
				break;
			}
	free(bytes);
	return status;
}

struct names {
	uint64_t list[HITS_MAX];
	size_t count;
};

static bool look_for_names(void *context, uint64_t address, const uint8_t *data, size_t fresh,
			   size_t size)
{
	struct names *names = context;
	const uint8_t *at = data, *end = data + fresh;

	while (at < end && (at = memmem(at, (size_t)(data + size - at), "swapper", 7)) &&
	       at < end) {
		if (tmi_linux_is_init_name(at, (size_t)(data + size - at)))
			names->list[names->count++] = address + (uint64_t)(at - data);
		if (names->count == HITS_MAX)
			return false;
		at++;
	}
	return true;
}

/* ---- the release ---- */

static bool look_for_banner(void *context, uint64_t address, const uint8_t *data, size_t fresh,
			    size_t size)
{
	struct tmi_linux *state = context;
	const uint8_t *at = data, *end = data + fresh;

	while (at < end && (at = memmem(at, (size_t)(data + size - at), BANNER, strlen(BANNER))) &&
	       at < end) {
		size_t left = (size_t)(data + size - at) - strlen(BANNER), length = 0;

		at += strlen(BANNER);
		while (length < left && length + 1 < sizeof(state->release) && isgraph(at[length]))
			length++;
		/* The banner goes on with who built it, in parentheses. */
		if (!length || !isdigit(at[0]) || left < length + 2 || memcmp(at + length, " (", 2))
			continue;
		memcpy(state->release, at, length);
		tmi_linux_fact_text(state, "release", state->release,
				    "the banner in the image, at physical 0x%" PRIx64,
				    address + (uint64_t)(at - data) - strlen(BANNER));
		return false;
	}
	return true;
}

static tmem_status find_release(struct search *search)
{
	uint64_t place = search->task - search->best.image_shift;
	uint64_t reach = search->best.architecture->image_reach;

	return tmi_linux_scan(search->memory, place > reach ? place - reach : 0, place + reach,
			      look_for_banner, search->state);
}

/* ---- all of it ---- */

static tmem_status accept(struct search *search)
{
	struct tmi_linux *state = search->state;
	tmem_status status = find_release(search);

	if (status != TMEM_S_OK)
		return status;
	state->found_init_task = search->task;
	tmi_linux_fact_address(state, "init_task", search->task,
			       "the name swapper behind pointers to itself, at physical 0x%" PRIx64,
			       search->task - search->best.image_shift);
	tmi_linux_root_accept(state, search->memory, &search->best, search->task,
			      search->state->choices.has_root
				      ? "option root; it maps init_task to its place"
				      : "it maps init_task to its place; of such tables it is "
					"the fullest in the image");
	state->kernel.data_offset = search->task;
	tmi_linux_set_offset(state, TMI_LINUX_TASK_COMM, (uint32_t)search->comm,
			     "the name swapper in init_task");
	tmi_linux_set_offset(state, TMI_LINUX_TASK_REAL_PARENT, (uint32_t)search->parent,
			     "init_task's pointers to itself");
	return TMEM_S_OK;
}

tmem_status tmi_linux_search(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	struct search search = { .state = state, .memory = memory };
	struct names names = { .count = 0 };
	tmem_status status = tmi_linux_scan(memory, 0, UINT64_MAX, look_for_names, &names);

	for (size_t i = 0; i < names.count && status == TMEM_S_OK && !search.score; i++)
		status = try_name(&search, names.list[i]);
	if (status != TMEM_S_OK)
		return status;
	if (search.score)
		return accept(&search);
	tmi_linux_refused(state, "init_task",
			  "of %zu places of the name swapper none is in a task that tables map",
			  names.count);
	if (state->choices.has_root)
		return tmi_fail_text(TMEM_E_INVALIDARG,
				     "option root=0x%" PRIx64 ": no first table that maps the "
				     "kernel is there",
				     state->choices.root);
	return TMEM_S_FALSE;
}
