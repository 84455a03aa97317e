/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elf_dump.h - ELF cores that are dumps of physical memory: telling them from cores of processes,
 * and what their notes say of each processor.
 */
#ifndef TMI_FORMAT_ELF_DUMP_H
#define TMI_FORMAT_ELF_DUMP_H

#include "format/elf.h"

/* What the memory in an ELF core is. */
enum tmi_elf_content {
	TMI_ELF_CONTENT_UNKNOWN,    /* nothing tells */
	TMI_ELF_CONTENT_PROCESS,    /* of a process: segments stand at virtual addresses */
	TMI_ELF_CONTENT_PHYSICAL,   /* physical memory: p_paddr counts */
	TMI_ELF_CONTENT_XEN_DOMAIN, /* of a Xen domain: in sections, not in segments */
};

/*
 * Looks at the first notes, then at the p_paddr of the first segments, of an ELF file of the type
 * core. The cost does not grow with the file.
 */
enum tmi_elf_content tmi_elf_core_content(const struct tmi_elf *elf);

/* Whose note it is. */
enum tmi_elf_dump_note {
	TMI_ELF_DUMP_OTHER,
	TMI_ELF_DUMP_PRSTATUS,   /* one a processor */
	TMI_ELF_DUMP_QEMU,       /* one a processor */
	TMI_ELF_DUMP_VCPU,       /* VirtualBox, one a processor */
	TMI_ELF_DUMP_VIRTUALBOX, /* its header */
	TMI_ELF_DUMP_XEN,        /* CRASH_REGS, one a processor */
	TMI_ELF_DUMP_XEN_INFO,   /* CRASH_INFO and others of the hypervisor */
	TMI_ELF_DUMP_VMCOREINFO,
	TMI_ELF_DUMP_ERASEINFO, /* makedumpfile: what it erased */
};

enum tmi_elf_dump_note tmi_elf_dump_note_of(const struct tmi_elf_note *note);

/* Registers of a processor that some note tells. */
enum tmi_elf_register {
	TMI_ELF_REGISTER_PC,
	TMI_ELF_REGISTER_SP,
	TMI_ELF_REGISTER_CR0,
	TMI_ELF_REGISTER_CR3,
	TMI_ELF_REGISTER_CR4,
	TMI_ELF_REGISTER_COUNT,
};

struct tmi_elf_processor {
	uint64_t value[TMI_ELF_REGISTER_COUNT];
	uint8_t known; /* bit n: value[n] */
};

/*
 * Adds what the note of the given owner (PRSTATUS, QEMU, VCPU, XEN) says to *processor; false when
 * its size or version is not one that is known, or its bytes are missing.
 */
bool tmi_elf_dump_registers(const struct tmi_elf *elf, enum tmi_elf_dump_note owner,
			    const struct tmi_elf_note *note, struct tmi_elf_processor *processor);

#endif
