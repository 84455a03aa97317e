/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux_find.c - VMCOREINFO: the one the caller points at, the one that came with the target, or
 * those that stand in memory. The kernel keeps it twice, each at the start of a page: the note and
 * its bare text; an earlier kernel's may be there too, so each is tried until one fits.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "os/linux.h"

#define PAGE 4096u
/* Decoys that are tried before the search gives up. */
#define TRIES_MAX 64

struct finder {
	struct tmi_linux *state;
	const struct tmi_os_memory *memory;
	struct tmi_linux_root root;
	char *text; /* of the one that fits */
	struct tmi_vmcoreinfo info;
	uint64_t address; /* where it stands; UINT64_MAX: it came with the target */
	unsigned tries;
	bool found;
	bool interrupted;
};

/* Tries a text; takes it when it fits. */
static bool try_text(struct finder *finder, const char *text, size_t size)
{
	struct tmi_vmcoreinfo info;
	char *copy;

	if (!tmi_vmcoreinfo_init(&info, text, size))
		return false;
	finder->tries++;
	if (!tmi_linux_root_from_info(finder->state, finder->memory, &info, &finder->root,
				      &finder->interrupted))
		return false;
	copy = malloc(info.size);
	if (!copy)
		return false;
	memcpy(copy, info.text, info.size);
	finder->text = copy;
	finder->info = (struct tmi_vmcoreinfo){ .text = copy, .size = info.size };
	finder->found = true;
	return true;
}

/* Reads as much as there is, by pages. */
static size_t read_some(const struct tmi_os_memory *memory, uint64_t address, char *buffer,
			size_t size)
{
	size_t got = 0;

	while (got < size) {
		size_t unit = PAGE - (address + got) % PAGE;

		if (unit > size - got)
			unit = size - got;
		if (memory->read_physical(memory->context, address + got, buffer + got, unit) !=
		    TMEM_S_OK)
			break;
		got += unit;
	}
	return got;
}

/* Tries what stands at a physical address: a note, or the text itself. */
static bool try_address(struct finder *finder, uint64_t address)
{
	const struct tmi_os_memory *memory = finder->memory;
	uint8_t head[TMI_VMCOREINFO_HEAD];
	struct tmi_bytes bytes = { .data = head, .size = sizeof(head) };
	uint64_t size;
	char *text;
	bool fits;

	if (memory->read_physical(memory->context, address, head, sizeof(head)) != TMEM_S_OK ||
	    !tmi_vmcoreinfo_probe(&bytes, &size))
		return false;
	finder->address = address;
	if (size)
		address += sizeof(head);
	else
		size = TMI_VMCOREINFO_MAX;
	text = malloc(size);
	if (!text)
		return false;
	fits = try_text(finder, text, read_some(memory, address, text, size));
	free(text);
	return fits;
}

/* Looks at the beginning of every page. */
static bool look_at_pages(void *context, uint64_t address, const uint8_t *data, size_t fresh,
			  size_t size)
{
	struct finder *finder = context;
	size_t at = (PAGE - address % PAGE) % PAGE;

	for (; at < fresh; at += PAGE) {
		struct tmi_bytes bytes = { .data = data + at, .size = size - at };
		uint64_t length;

		if (!tmi_vmcoreinfo_probe(&bytes, &length))
			continue;
		if (try_address(finder, address + at) || finder->interrupted ||
		    finder->tries >= TRIES_MAX)
			return false;
	}
	return true;
}

/* People will read it: what could steer a terminal becomes "?". */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text >= 0x7f)
			*text = '?';
}

static void accept(struct finder *finder)
{
	struct tmi_linux *state = finder->state;

	state->info_text = finder->text;
	state->info = finder->info;
	tmi_vmcoreinfo_symbol(&state->info, "_stext", &state->stext);
	tmi_vmcoreinfo_copy(&state->info, "OSRELEASE", state->release, sizeof(state->release));
	make_printable(state->release);
	if (finder->address == UINT64_MAX)
		tmi_linux_fact_text(state, "VMCOREINFO", "note", "it came with the target");
	else
		tmi_linux_fact_address(state, "VMCOREINFO", finder->address,
				       "it stands at this physical address");
	tmi_linux_fact_text(state, "release", state->release,
			    "VMCOREINFO, and init_uts_ns read through the tables");
	tmi_linux_fact_address(state, "_stext", state->stext, "VMCOREINFO");
	tmi_linux_root_accept(state, finder->memory, &finder->root, state->stext,
			      state->choices.has_root
				      ? "option root; it maps _stext to its place in the image"
				      : "VMCOREINFO's swapper_pg_dir; it maps _stext to its place "
					"in the image");
}

tmem_status tmi_linux_find_info(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	struct finder finder = { .state = state, .memory = memory, .address = UINT64_MAX };
	tmem_status status = TMEM_S_OK;
	const char *text;
	size_t size;

	if (state->choices.has_vmcoreinfo) {
		if (!try_address(&finder, state->choices.vmcoreinfo) && !finder.interrupted)
			return tmi_fail_text(TMEM_E_INVALIDARG,
					     "option vmcoreinfo=0x%" PRIx64
					     ": no VMCOREINFO that fits this memory is there",
					     state->choices.vmcoreinfo);
	} else {
		text = memory->vmcoreinfo(memory->context, &size);
		if ((!text || !try_text(&finder, text, size)) && !finder.interrupted)
			status = tmi_linux_scan(memory, 0, UINT64_MAX, look_at_pages, &finder);
	}
	if (status == TMEM_S_OK && finder.interrupted)
		status = tmi_fail_text(TMEM_E_CONTROL_C_EXIT,
				       "interrupted while looking for a kernel");
	if (status != TMEM_S_OK)
		return status;
	if (!finder.found)
		return TMEM_S_FALSE;
	accept(&finder);
	return TMEM_S_OK;
}
