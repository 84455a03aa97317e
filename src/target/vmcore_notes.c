/* SPDX-License-Identifier: Apache-2.0 */
/* vmcore_notes.c - what the notes of a dump of physical memory tell; see vmcore.h. */
#include <stdlib.h>
#include <string.h>

#include "target/vmcore.h"

/* Kernels write a page or two; more is taken for damage. */
#define VMCOREINFO_MAX 1048576u

/* The processor of the given number, made when it is new; NULL without memory. */
static struct tmi_elf_processor *processor(struct vmcore_notes *notes, size_t number)
{
	if (number >= notes->room) {
		size_t room = 2 * number + 16;
		struct tmi_elf_processor *more =
			reallocarray(notes->processors, room, sizeof(*more));

		if (!more)
			return NULL;
		memset(more + notes->room, 0, (room - notes->room) * sizeof(*more));
		notes->processors = more;
		notes->room = room;
	}
	if (number >= notes->count)
		notes->count = number + 1;
	return &notes->processors[number];
}

/* The first text wins: what a later note says may be of the hypervisor's guest. */
static tmem_status take_vmcoreinfo(struct vmcore_notes *notes, const struct tmi_elf *elf,
				   const struct tmi_elf_note *note)
{
	if (notes->vmcoreinfo || !note->size || note->size > VMCOREINFO_MAX)
		return TMEM_S_OK;
	notes->vmcoreinfo = malloc(note->size);
	if (!notes->vmcoreinfo)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	notes->vmcoreinfo_size = note->size;
	if (elf->read(elf->context, note->offset, notes->vmcoreinfo, note->size) == note->size)
		return TMEM_S_OK;
	/* A number that is cut in two is another number. */
	free(notes->vmcoreinfo);
	notes->vmcoreinfo = NULL;
	notes->vmcoreinfo_size = 0;
	notes->cut = true;
	return TMEM_S_OK;
}

/* The n'th note of each owner is processor n's. */
static tmem_status take_note(struct vmcore_notes *notes, const struct tmi_elf *elf,
			     const struct tmi_elf_note *note)
{
	enum tmi_elf_dump_note owner = tmi_elf_dump_note_of(note);
	size_t number = notes->seen[owner]++;
	struct tmi_elf_processor *one;

	if (owner == TMI_ELF_DUMP_VMCOREINFO)
		return take_vmcoreinfo(notes, elf, note);
	if (owner != TMI_ELF_DUMP_PRSTATUS && owner != TMI_ELF_DUMP_QEMU &&
	    owner != TMI_ELF_DUMP_VCPU && owner != TMI_ELF_DUMP_XEN)
		return TMEM_S_OK;
	one = processor(notes, number);
	if (!one)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	tmi_elf_dump_registers(elf, owner, note, one);
	return TMEM_S_OK;
}

tmem_status tmi_vmcore_notes_take(struct vmcore_notes *notes, const struct tmi_elf *elf,
				  const struct tmi_elf_segment *segment)
{
	uint64_t size = segment->file_size < notes->budget ? segment->file_size : notes->budget;
	tmem_status status = TMEM_S_OK;
	struct tmi_elf_notes walk;
	struct tmi_elf_note note;

	notes->cut |= size < segment->file_size;
	tmi_elf_notes_init(&walk, elf, segment->offset, size, segment->align);
	while (status == TMEM_S_OK && tmi_elf_notes_next(&walk, &note))
		status = take_note(notes, elf, &note);
	notes->cut |= walk.cut;
	notes->budget -= walk.next - segment->offset < notes->budget ? walk.next - segment->offset
								     : notes->budget;
	return status;
}

void tmi_vmcore_notes_fini(struct vmcore_notes *notes)
{
	free(notes->processors);
	free(notes->vmcoreinfo);
	memset(notes, 0, sizeof(*notes));
}

/* The decimal number that @text is; false when it is none. */
static bool parse_number(const char *text, size_t *number)
{
	*number = 0;
	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || *number > SIZE_MAX / 16)
			return false;
		*number = 10 * *number + (size_t)(*text - '0');
	}
	return true;
}

bool tmi_vmcore_notes_hint(const struct vmcore_notes *notes, const char *key, uint64_t *value)
{
	static const char *const names[TMI_ELF_REGISTER_COUNT] = { "rip:", "rsp:", "cr0:", "cr3:",
								   "cr4:" };
	size_t number;

	if (!strcmp(key, "processors")) {
		*value = notes->count;
		return true;
	}
	for (unsigned i = 0; i < TMI_ELF_REGISTER_COUNT; i++) {
		if (strncmp(key, names[i], 4) || !parse_number(key + 4, &number) ||
		    number >= notes->count || !(notes->processors[number].known >> i & 1))
			continue;
		*value = notes->processors[number].value[i];
		return true;
	}
	return false;
}
