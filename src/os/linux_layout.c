/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux_layout.c - where members of the kernel's structures are: by options, else by BTF, which is
 * where its symbols have it or somewhere in the image.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "format/btf.h"
#include "os/linux.h"

/* No member that is asked for lies further inside its structure. */
#define OFFSET_MAX 65536u
/* Shorter data is not the kernel's: modules have types of their own. */
#define BTF_MIN 4096u
/* Bytes of types that are read in a search; those of all modules fit many times over. */
#define BTF_BUDGET (1u << 30)
/* Magic number, version and flags, as one number. */
#define BTF_START 0x0001eb9fu

static const struct {
	const char *structure;
	const char *member;
	const char *option;
} members[TMI_LINUX_MEMBER_COUNT] = {
#define ROW(name, structure, member) { structure, member, "offset." structure "." member },
	TMI_LINUX_MEMBER_LIST(ROW)
#undef ROW
};

const char *tmi_linux_member_name(enum tmi_linux_member member)
{
	return members[member].option + strlen("offset.");
}

void tmi_linux_set_offset(struct tmi_linux *state, enum tmi_linux_member member, uint32_t offset,
			  const char *evidence)
{
	char name[64], value[16];

	if (state->layout.known[member])
		return;
	state->layout.known[member] = true;
	state->layout.offset[member] = offset;
	snprintf(name, sizeof(name), "offset of %s", tmi_linux_member_name(member));
	snprintf(value, sizeof(value), "%" PRIu32, offset);
	tmi_linux_fact_text(state, name, value, "%s", evidence);
}

bool tmi_linux_knows(const struct tmi_linux *state, const enum tmi_linux_member *wanted)
{
	for (size_t i = 0; wanted[i] < TMI_LINUX_MEMBER_COUNT; i++)
		if (!state->layout.known[wanted[i]])
			return false;
	return true;
}

static tmem_status take_options(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	tmem_status status = TMEM_S_OK;

	for (unsigned i = 0; status == TMEM_S_OK && i < TMI_LINUX_MEMBER_COUNT; i++) {
		uint64_t value;
		bool given;

		status = tmi_linux_option(memory, members[i].option, &given, &value);
		if (status != TMEM_S_OK || !given)
			continue;
		if (value >= OFFSET_MAX)
			return tmi_fail_text(TMEM_E_INVALIDARG,
					     "option %s=%" PRIu64 ": no offset is that large",
					     members[i].option, value);
		tmi_linux_set_offset(state, i, (uint32_t)value, "option");
	}
	return status;
}

/* ---- BTF ---- */

struct btf_search {
	struct tmi_linux *state;
	const struct tmi_os_memory *memory;
	uint64_t address; /* of what was found */
	uint64_t budget;  /* bytes that may still be read */
	bool found;
	bool interrupted;
};

static bool is_sane(const struct tmi_btf_query *query)
{
	return query->found && query->offset < OFFSET_MAX;
}

/* Takes what the types say when they are the kernel's: when they know tasks. */
static bool take_types(struct tmi_linux *state, const struct tmi_btf *btf)
{
	struct tmi_btf_query queries[TMI_LINUX_MEMBER_COUNT];

	for (unsigned i = 0; i < TMI_LINUX_MEMBER_COUNT; i++)
		queries[i] = (struct tmi_btf_query){ .structure = members[i].structure,
						     .member = members[i].member };
	tmi_btf_find(btf, state->kernel.pointer_size, queries, TMI_LINUX_MEMBER_COUNT);
	if (!is_sane(&queries[TMI_LINUX_TASK_TASKS]) || !is_sane(&queries[TMI_LINUX_TASK_COMM]) ||
	    queries[TMI_LINUX_TASK_COMM].size != TMI_LINUX_COMM_SIZE ||
	    !is_sane(&queries[TMI_LINUX_TASK_PID]) || !is_sane(&queries[TMI_LINUX_MM_PGD]))
		return false;
	for (unsigned i = 0; i < TMI_LINUX_MEMBER_COUNT; i++)
		if (is_sane(&queries[i]))
			tmi_linux_set_offset(state, i, queries[i].offset, "BTF");
	if (queries[TMI_LINUX_MODULE_MEM].count) {
		state->layout.module_memory_count = queries[TMI_LINUX_MODULE_MEM].count;
		state->layout.module_memory_size =
			queries[TMI_LINUX_MODULE_MEM].size / queries[TMI_LINUX_MODULE_MEM].count;
	}
	return true;
}

/* Takes the types of @bytes, which are all of them. */
static bool take_btf(struct tmi_linux *state, const struct tmi_bytes *bytes, const char **why)
{
	struct tmi_btf btf;
	bool good = tmi_btf_init(&btf, bytes, why);

	if (good) {
		*why = "it has no task_struct with tasks, pid and comm";
		good = take_types(state, &btf);
	}
	tmi_btf_fini(&btf);
	return good;
}

static bool read_whole(const struct btf_search *search, uint64_t address, bool is_virtual,
		       void *buffer, size_t size)
{
	const struct tmi_os_memory *memory = search->memory;

	if (is_virtual)
		return tmi_linux_read(search->state, memory, address, buffer, size);
	return memory->read_physical(memory->context, address, buffer, size) == TMEM_S_OK;
}

/* Reads and takes what stands at an address. */
static bool try_btf(struct btf_search *search, uint64_t address, bool is_virtual, const char **why)
{
	uint8_t head[TMI_BTF_HEADER_SIZE + 8], *data;
	struct tmi_bytes bytes = { .data = head, .size = sizeof(head) };
	struct tmi_btf_header header;
	bool good;

	*why = "it is not readable";
	if (!read_whole(search, address, is_virtual, head, sizeof(head)) ||
	    !tmi_btf_header(&header, &bytes, why))
		return false;
	*why = "more was read already than all types of a kernel can be";
	if (header.size > search->budget)
		return false;
	search->budget -= header.size;
	*why = "it is too short for a kernel's";
	data = header.size >= BTF_MIN ? malloc(header.size) : NULL;
	if (!data)
		return false;
	*why = "it is not readable to its end";
	good = read_whole(search, address, is_virtual, data, header.size);
	bytes = (struct tmi_bytes){ .data = data, .size = header.size };
	good = good && take_btf(search->state, &bytes, why);
	free(data);
	search->address = address;
	search->found = good;
	return good;
}

static bool look_for_btf(void *context, uint64_t address, const uint8_t *data, size_t fresh,
			 size_t size)
{
	struct btf_search *search = context;
	size_t at = (4 - address % 4) % 4;
	const char *why;

	for (; at < fresh && size - at >= 8 && !search->found; at += 4) {
		uint32_t length;

		if (tmi_load32(data + at, false) != BTF_START)
			continue;
		length = tmi_load32(data + at + 4, false);
		if (length < TMI_BTF_HEADER_SIZE || length > 64)
			continue;
		search->interrupted = search->memory->interrupted(search->memory->context);
		if (search->interrupted)
			break;
		try_btf(search, address + at, false, &why);
	}
	return !search->found && !search->interrupted;
}

/* Where symbols have it, then all through the image. */
static tmem_status find_btf(struct btf_search *search)
{
	struct tmi_linux *state = search->state;
	uint64_t shift = state->root.image_shift, start;
	tmem_status status;
	const char *why;

	if (tmi_linux_find_symbol(state, search->memory, "__start_BTF", &start)) {
		if (try_btf(search, start, true, &why)) {
			tmi_linux_fact_address(state, "BTF", start,
					       "symbol __start_BTF; it has task_struct");
			return TMEM_S_OK;
		}
		tmi_linux_refused(state, "BTF", "at __start_BTF 0x%" PRIx64 ": %s", start, why);
	}
	status = tmi_linux_scan(search->memory, state->image_first - shift,
				state->image_last - shift, look_for_btf, search);
	if (status == TMEM_S_OK && search->interrupted)
		status = tmi_fail_text(TMEM_E_CONTROL_C_EXIT,
				       "interrupted while looking for the kernel's types");
	return status;
}

static tmem_status take_option_btf(struct btf_search *search)
{
	uint64_t address = search->state->choices.btf;
	const char *why;

	if (!try_btf(search, address, true, &why))
		return tmi_fail_text(TMEM_E_INVALIDARG, "option btf=0x%" PRIx64 ": %s", address,
				     why);
	tmi_linux_fact_address(search->state, "BTF", address, "option btf; it has task_struct");
	return TMEM_S_OK;
}

tmem_status tmi_linux_need_layout(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	struct btf_search search = { .state = state, .memory = memory, .budget = BTF_BUDGET };
	tmem_status status;

	if (state->layout_stage != TMI_LINUX_NOT_TRIED)
		return TMEM_S_OK;
	status = tmi_linux_need_symbols(state, memory);
	if (status == TMEM_S_OK || status == TMEM_E_NOINTERFACE)
		status = take_options(state, memory);
	if (status != TMEM_S_OK)
		return status;
	if (state->choices.has_btf)
		status = take_option_btf(&search);
	else
		status = find_btf(&search);
	if (status != TMEM_S_OK)
		return status;
	state->layout_stage = search.found ? TMI_LINUX_FOUND : TMI_LINUX_NOT_FOUND;
	if (!search.found)
		tmi_linux_fact_text(state, "BTF", "not found",
				    "no types with task_struct stand in the image");
	else if (search.address < state->root.tables.kernel_first)
		tmi_linux_fact_address(state, "BTF", search.address + state->root.image_shift,
				       "found in the image; it has task_struct");
	return TMEM_S_OK;
}
