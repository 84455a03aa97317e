/* SPDX-License-Identifier: Apache-2.0 */
/* core_notes.c - threads and process of a core, from its notes; see core.h. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "target/core.h"

#define NOTE_OWNER "CORE"

static struct core_thread *new_thread(struct core_notes *notes)
{
	if (notes->thread_count == notes->room) {
		size_t room = notes->room ? 2 * notes->room : 8;
		void *threads = realloc(notes->threads, room * sizeof(*notes->threads));

		if (!threads) {
			notes->no_memory = true;
			return NULL;
		}
		notes->threads = threads;
		notes->room = room;
	}
	memset(&notes->threads[notes->thread_count], 0, sizeof(*notes->threads));
	return &notes->threads[notes->thread_count++];
}

static void take_stack_pointer(struct core_thread *thread, const struct tmi_elf *elf,
			       const struct tmi_elf_prstatus *layout)
{
	uint32_t offset;
	uint8_t bytes[8];

	if (!tmi_elf_stack_pointer_offset(elf, layout, &offset) ||
	    elf->read(elf->context, thread->registers + offset, bytes, layout->word) !=
		    layout->word)
		return;
	thread->stack_pointer = tmi_load(bytes, layout->word, elf->big_endian);
	thread->has_stack_pointer = true;
}

/* Every PRSTATUS begins a thread; what follows belongs to it. */
static void take_status(struct core_notes *notes, const struct tmi_elf *elf,
			const struct tmi_elf_note *note)
{
	struct tmi_elf_prstatus layout;
	struct core_thread *thread;
	uint8_t id[4];

	if (!tmi_elf_prstatus_layout(elf, note->size, &layout) ||
	    elf->read(elf->context, note->offset + layout.thread_id, id, 4) != 4) {
		notes->cut = true;
		return;
	}
	thread = new_thread(notes);
	if (!thread)
		return;
	thread->system_id = tmi_load32(id, elf->big_endian);
	thread->registers = note->offset + layout.registers;
	thread->registers_size = layout.registers_size;
	take_stack_pointer(thread, elf, &layout);
}

static void take_note(struct core_notes *notes, const struct tmi_elf *elf,
		      const struct tmi_elf_note *note)
{
	if (tmi_elf_note_is(note, NOTE_OWNER, TMI_ELF_PRSTATUS)) {
		take_status(notes, elf, note);
	} else if (tmi_elf_note_is(note, NOTE_OWNER, TMI_ELF_FPREGSET) && notes->thread_count) {
		struct core_thread *thread = &notes->threads[notes->thread_count - 1];

		thread->floating_point = note->offset;
		thread->floating_point_size = note->size;
	} else if (tmi_elf_note_is(note, NOTE_OWNER, TMI_ELF_PRPSINFO)) {
		if (tmi_elf_prpsinfo_read(elf, note, &notes->info))
			notes->process_id = notes->info.process_id;
	} else if (tmi_elf_note_is(note, NOTE_OWNER, TMI_ELF_AUXV) && !notes->aux.size) {
		notes->aux = *note;
	} else if (tmi_elf_note_is(note, NOTE_OWNER, TMI_ELF_FILE) && !notes->files.size) {
		notes->files = *note;
	}
}

void tmi_core_notes_take(struct core_notes *notes, const struct tmi_elf *elf,
			 const struct tmi_elf_segment *segment)
{
	struct tmi_elf_notes walk;
	struct tmi_elf_note note;

	if (segment->file_size > notes->budget) {
		notes->cut = true;
		return;
	}
	notes->budget -= segment->file_size;
	tmi_elf_notes_init(&walk, elf, segment->offset, segment->file_size, segment->align);
	while (!notes->no_memory && tmi_elf_notes_next(&walk, &note))
		take_note(notes, elf, &note);
	notes->cut |= walk.cut;
}

static int compare_threads(const void *left, const void *right)
{
	const struct core_thread *a = left;
	const struct core_thread *b = right;

	if (a->system_id != b->system_id)
		return a->system_id < b->system_id ? -1 : 1;
	return a->registers < b->registers ? -1 : a->registers > b->registers;
}

/* Main thread first, then ascending; the one that failed may have come first in the file. */
tmem_status tmi_core_notes_end(struct core_notes *notes)
{
	if (notes->no_memory)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	if (!notes->thread_count)
		return TMEM_S_OK;
	if (!notes->process_id)
		notes->process_id = notes->threads[0].system_id;
	qsort(notes->threads, notes->thread_count, sizeof(*notes->threads), compare_threads);
	for (size_t i = 1; i < notes->thread_count; i++) {
		struct core_thread main_thread = notes->threads[i];

		if (main_thread.system_id != notes->process_id ||
		    notes->threads[0].system_id == notes->process_id)
			continue;
		memmove(notes->threads + 1, notes->threads, i * sizeof(*notes->threads));
		notes->threads[0] = main_thread;
		break;
	}
	return TMEM_S_OK;
}

void tmi_core_notes_fini(struct core_notes *notes)
{
	free(notes->threads);
	memset(notes, 0, sizeof(*notes));
}
