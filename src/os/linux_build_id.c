/* SPDX-License-Identifier: Apache-2.0 */
/* linux_build_id.c - the identifiers that linkers leave in a note. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "os/linux_symbols.h"

/* The header of a GNU note: length of the name, of what follows, type 3, "GNU". */
#define NOTE_HEAD 16u
#define NOTE_TYPE 3u
/* All notes of a kernel. */
#define NOTES_MAX 65536u

/* A build-id note at @at; false = none there. */
static bool note_at(const struct tmi_bytes *bytes, uint64_t at, uint8_t *id, uint32_t *size)
{
	uint64_t name_size, length, type;

	if (!tmi_bytes_integer(bytes, at, 4, &name_size) || name_size != 4 ||
	    !tmi_bytes_integer(bytes, at + 4, 4, &length) || !length || length > 64 ||
	    !tmi_bytes_integer(bytes, at + 8, 4, &type) || type != NOTE_TYPE ||
	    !tmi_in_range(bytes->size, at, NOTE_HEAD + length) ||
	    memcmp(bytes->data + at + 12, "GNU", 4))
		return false;
	memcpy(id, bytes->data + at + NOTE_HEAD, length);
	*size = (uint32_t)length;
	return true;
}

bool tmi_linux_note_build_id(const struct tmi_bytes *bytes, uint8_t *id, uint32_t *size)
{
	for (uint64_t at = 0; at + NOTE_HEAD < bytes->size; at += 4)
		if (note_at(bytes, at, id, size))
			return true;
	return false;
}

/* ---- the kernel's ---- */

static void keep_fact(struct tmi_linux *state, const uint8_t *id, uint32_t size,
		      const char *evidence)
{
	char text[129];

	for (uint32_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", id[i]);
	tmi_linux_fact_text(state, "build-id", text, "%s", evidence);
}

/* Between the symbols of the notes. */
static bool by_symbols(struct tmi_linux *state, const struct tmi_os_memory *memory, uint8_t *id,
		       uint32_t *size)
{
	uint64_t first, last;
	struct tmi_bytes bytes = { 0 };
	uint8_t *notes;
	bool found;

	if (!tmi_linux_find_symbol(state, memory, "__start_notes", &first) ||
	    !tmi_linux_find_symbol(state, memory, "__stop_notes", &last) || last <= first ||
	    last - first > NOTES_MAX)
		return false;
	notes = tmi_linux_read_image(state, memory, first, last - first, &bytes.size);
	bytes.data = notes;
	found = notes && tmi_linux_note_build_id(&bytes, id, size);
	free(notes);
	return found;
}

struct confirm {
	uint8_t id[64];
	uint32_t size;
	bool found;
};

static bool look_for_note(void *context, uint64_t address, const uint8_t *data, size_t fresh,
			  size_t size)
{
	struct confirm *confirm = context;
	struct tmi_bytes bytes = { .data = data, .size = size };
	const uint8_t *at = data;

	while (at < data + fresh &&
	       (at = memmem(at, (size_t)(data + size - at), confirm->id, confirm->size))) {
		uint8_t id[64];
		uint32_t length;

		confirm->found = at - data >= NOTE_HEAD &&
				 note_at(&bytes, (uint64_t)(at - data) - NOTE_HEAD, id, &length) &&
				 length == confirm->size;
		if (confirm->found)
			return false;
		at++;
	}
	return true;
}

static bool parse_id(const char *text, struct confirm *confirm)
{
	size_t length = strlen(text);

	if (length < 16 || length > 128 || length % 2)
		return false;
	for (size_t i = 0; i < length; i += 2) {
		char pair[3] = { text[i], text[i + 1], 0 };

		if (!isxdigit((unsigned char)pair[0]) || !isxdigit((unsigned char)pair[1]))
			return false;
		confirm->id[i / 2] = (uint8_t)strtoul(pair, NULL, 16);
	}
	confirm->size = (uint32_t)length / 2;
	return true;
}

/* VMCOREINFO's, which is wrong in some releases: only with its note in the image. */
static tmem_status by_info(struct tmi_linux *state, const struct tmi_os_memory *memory,
			   struct confirm *confirm)
{
	uint64_t shift = state->root.image_shift;
	tmem_status status;
	char text[160];

	if (!state->info.size ||
	    !tmi_vmcoreinfo_copy(&state->info, "BUILD-ID", text, sizeof(text)) ||
	    !parse_id(text, confirm))
		return TMEM_S_OK;
	status = tmi_linux_scan(memory, state->image_first - shift, state->image_last - shift,
				look_for_note, confirm);
	if (status == TMEM_S_OK && !confirm->found)
		tmi_linux_refused(state, "build-id",
				  "VMCOREINFO has %s, but no note in the image does", text);
	return status;
}

tmem_status tmi_linux_kernel_build_id(struct tmi_linux *state, const struct tmi_os_memory *memory,
				      uint8_t *id, uint32_t *size)
{
	struct confirm confirm = { .size = 0 };
	tmem_status status;

	*size = 0;
	if (by_symbols(state, memory, id, size)) {
		keep_fact(state, id, *size, "the note between __start_notes and __stop_notes");
		return TMEM_S_OK;
	}
	status = by_info(state, memory, &confirm);
	if (status != TMEM_S_OK || !confirm.found)
		return status;
	memcpy(id, confirm.id, confirm.size);
	*size = confirm.size;
	keep_fact(state, id, *size, "VMCOREINFO, and a note in the image");
	return TMEM_S_OK;
}
