/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vmcore.h - what the files of the target kind "vmcore" share. Private to src/target/vmcore*.c.
 *
 *	vmcore.c        the kind: probing, opening, facts; bytes come from stored.h
 *	vmcore_notes.c  who wrote it, processors, VMCOREINFO
 */
#ifndef TMI_TARGET_VMCORE_H
#define TMI_TARGET_VMCORE_H

#include "base/error.h"
#include "format/elf.h"
#include "format/elf_dump.h"
#include "target/stored.h"

struct vmcore_notes {
	struct tmi_elf_processor *processors;
	size_t count;                            /* of processors that some note tells of */
	size_t room;                             /* private */
	size_t seen[TMI_ELF_DUMP_ERASEINFO + 1]; /* notes by enum tmi_elf_dump_note */
	char *vmcoreinfo;                        /* NULL = none */
	size_t vmcoreinfo_size;
	uint64_t budget; /* bytes of notes that may yet be walked: never more than the file has */
	bool cut;        /* ended inside a note, or its bytes are missing */
};

/* Takes a PT_NOTE in; begin with zeros and a budget. TMEM_E_OUTOFMEMORY. */
tmem_status tmi_vmcore_notes_take(struct vmcore_notes *notes, const struct tmi_elf *elf,
				  const struct tmi_elf_segment *segment);
void tmi_vmcore_notes_fini(struct vmcore_notes *notes);

/* "cr3:0" and the like; false when no note tells. */
bool tmi_vmcore_notes_hint(const struct vmcore_notes *notes, const char *key, uint64_t *value);

#endif
