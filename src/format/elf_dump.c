/* SPDX-License-Identifier: Apache-2.0 */
/* elf_dump.c - ELF dumps of physical memory; see elf_dump.h. */
#include "format/elf_dump.h"

#include <string.h>

#include "base/bytes.h"
#include "format/elf_core.h"

/* Segments, and notes of all of them, that are looked at to tell what a file is. */
#define SEGMENTS_MAX 1024u
#define NOTES_MAX    8192u
#define SECTIONS_MAX 64u

#define NOTE_SIGINFO 0x53494749u

static const struct {
	const char *owner;
	uint32_t type;
	bool any_type;
	enum tmi_elf_dump_note note;
} owners[] = {
	{ "CORE", TMI_ELF_PRSTATUS, false, TMI_ELF_DUMP_PRSTATUS },
	{ "QEMU", 0, false, TMI_ELF_DUMP_QEMU },
	{ "VBCPU", 0xb01, false, TMI_ELF_DUMP_VCPU },
	{ "VBCORE", 0xb00, false, TMI_ELF_DUMP_VIRTUALBOX },
	{ "Xen", 0x1000002, false, TMI_ELF_DUMP_XEN },
	{ "Xen", 0, true, TMI_ELF_DUMP_XEN_INFO },
	{ "VMCOREINFO_XEN", 0, true, TMI_ELF_DUMP_XEN_INFO },
	{ "VMCOREINFO", 0, true, TMI_ELF_DUMP_VMCOREINFO },
	{ "ERASEINFO", 0, true, TMI_ELF_DUMP_ERASEINFO },
};

enum tmi_elf_dump_note tmi_elf_dump_note_of(const struct tmi_elf_note *note)
{
	for (size_t i = 0; i < sizeof(owners) / sizeof(*owners); i++)
		if (!strcmp(note->name, owners[i].owner) &&
		    (owners[i].any_type || note->type == owners[i].type))
			return owners[i].note;
	return TMI_ELF_DUMP_OTHER;
}

/* What one note alone says. */
static enum tmi_elf_content content_of_note(const struct tmi_elf_note *note)
{
	static const char *const dumps[] = { "QEMU",           "VMCOREINFO", "VBCORE",   "VBCPU",
					     "VMCOREINFO_XEN", "Xen",        "ERASEINFO" };

	for (size_t i = 0; i < sizeof(dumps) / sizeof(*dumps); i++)
		if (!strcmp(note->name, dumps[i]))
			return TMI_ELF_CONTENT_PHYSICAL;
	if (!strcmp(note->name, "CORE") &&
	    (note->type == TMI_ELF_PRPSINFO || note->type == TMI_ELF_AUXV ||
	     note->type == TMI_ELF_FILE || note->type == NOTE_SIGINFO))
		return TMI_ELF_CONTENT_PROCESS;
	return TMI_ELF_CONTENT_UNKNOWN;
}

static enum tmi_elf_content content_of_notes(const struct tmi_elf *elf,
					     const struct tmi_elf_segment *segment, unsigned *left)
{
	struct tmi_elf_notes notes;
	struct tmi_elf_note note;

	tmi_elf_notes_init(&notes, elf, segment->offset, segment->file_size, segment->align);
	for (; *left && tmi_elf_notes_next(&notes, &note); --*left) {
		enum tmi_elf_content content = content_of_note(&note);

		if (content != TMI_ELF_CONTENT_UNKNOWN)
			return content;
	}
	return TMI_ELF_CONTENT_UNKNOWN;
}

/* True when a section of the name is one of the first; the names are in the last such section. */
static bool has_xen_pages(const struct tmi_elf *elf)
{
	static const char wanted[] = ".xen_pages";
	struct tmi_elf_section section;
	struct tmi_elf_section names;
	char name[sizeof(wanted)];

	if (!tmi_elf_section(elf, elf->section_names, &names))
		return false;
	for (unsigned i = 0; i < elf->section_count && i < SECTIONS_MAX; i++)
		if (tmi_elf_section(elf, i, &section) &&
		    elf->read(elf->context, tmi_add_saturating(names.offset, section.name), name,
			      sizeof(name)) == sizeof(name) &&
		    !memcmp(name, wanted, sizeof(name)))
			return true;
	return false;
}

/* Kernels and debuggers write zero as the physical address of a process's memory. */
static enum tmi_elf_content content_of_addresses(unsigned loads, unsigned physical)
{
	if (physical)
		return TMI_ELF_CONTENT_PHYSICAL;
	return loads > 1 ? TMI_ELF_CONTENT_PROCESS : TMI_ELF_CONTENT_UNKNOWN;
}

enum tmi_elf_content tmi_elf_core_content(const struct tmi_elf *elf)
{
	uint8_t buffer[4096];
	struct tmi_elf_segments walk;
	struct tmi_elf_segment segment;
	unsigned loads = 0, physical = 0, notes = NOTES_MAX;

	if (!elf->segment_count && has_xen_pages(elf))
		return TMI_ELF_CONTENT_XEN_DOMAIN;
	tmi_elf_segments_init(&walk, elf, buffer, sizeof(buffer));
	for (unsigned i = 0; i < SEGMENTS_MAX && tmi_elf_segments_next(&walk, &segment); i++) {
		enum tmi_elf_content content = TMI_ELF_CONTENT_UNKNOWN;

		if (segment.type == TMI_ELF_NOTE)
			content = content_of_notes(elf, &segment, &notes);
		if (content != TMI_ELF_CONTENT_UNKNOWN)
			return content;
		if (segment.type != TMI_ELF_LOAD)
			continue;
		loads++;
		physical += segment.physical != 0;
	}
	return content_of_addresses(loads, physical);
}

static void set(struct tmi_elf_processor *processor, enum tmi_elf_register number, uint64_t value)
{
	processor->value[number] = value;
	processor->known |= (uint8_t)(1u << number);
}

/* Where the registers are in a note of fixed layout; all are 8 bytes. */
struct note_layout {
	uint32_t size; /* at least */
	uint16_t at[TMI_ELF_REGISTER_COUNT];
};

static const struct note_layout qemu_layout = { 432, { 136, 56, 392, 416, 424 } };
static const struct note_layout virtualbox_layout = { 496, { 112, 120, 288, 304, 312 } };

static bool take_layout(const struct tmi_elf *elf, const struct tmi_elf_note *note,
			const struct note_layout *layout, struct tmi_elf_processor *processor)
{
	uint8_t bytes[496];

	if (note->size < layout->size || note->size > 4096 ||
	    elf->read(elf->context, note->offset, bytes, layout->size) != layout->size)
		return false;
	/* QEMU's begins with version and size. */
	if (layout == &qemu_layout && tmi_load32(bytes, elf->big_endian) != 1)
		return false;
	for (unsigned i = 0; i < TMI_ELF_REGISTER_COUNT; i++)
		set(processor, i, tmi_load64(bytes + layout->at[i], elf->big_endian));
	return true;
}

/* cr0 cr2 cr3 cr4, as wide as the hypervisor's words. */
static bool take_xen(const struct tmi_elf *elf, const struct tmi_elf_note *note,
		     struct tmi_elf_processor *processor)
{
	unsigned word = note->size / 4;
	uint8_t bytes[32];

	if ((note->size != 16 && note->size != 32) ||
	    elf->read(elf->context, note->offset, bytes, note->size) != note->size)
		return false;
	set(processor, TMI_ELF_REGISTER_CR0, tmi_load(bytes, word, elf->big_endian));
	set(processor, TMI_ELF_REGISTER_CR3, tmi_load(bytes + 2 * word, word, elf->big_endian));
	set(processor, TMI_ELF_REGISTER_CR4, tmi_load(bytes + 3 * word, word, elf->big_endian));
	return true;
}

static bool take_word(const struct tmi_elf *elf, uint64_t offset,
		      const struct tmi_elf_prstatus *layout, enum tmi_elf_register number,
		      struct tmi_elf_processor *processor)
{
	uint8_t bytes[8];

	if (elf->read(elf->context, offset, bytes, layout->word) != layout->word)
		return false;
	set(processor, number, tmi_load(bytes, layout->word, elf->big_endian));
	return true;
}

static bool take_prstatus(const struct tmi_elf *elf, const struct tmi_elf_note *note,
			  struct tmi_elf_processor *processor)
{
	struct tmi_elf_prstatus layout;
	uint32_t stack, code;
	uint64_t registers;

	if (!tmi_elf_prstatus_layout(elf, note->size, &layout) ||
	    !tmi_elf_stack_pointer_offset(elf, &layout, &stack) ||
	    !tmi_elf_program_counter_offset(elf, &layout, &code))
		return false;
	registers = note->offset + layout.registers;
	return take_word(elf, registers + stack, &layout, TMI_ELF_REGISTER_SP, processor) &&
	       take_word(elf, registers + code, &layout, TMI_ELF_REGISTER_PC, processor);
}

bool tmi_elf_dump_registers(const struct tmi_elf *elf, enum tmi_elf_dump_note owner,
			    const struct tmi_elf_note *note, struct tmi_elf_processor *processor)
{
	switch (owner) {
	case TMI_ELF_DUMP_PRSTATUS: return take_prstatus(elf, note, processor);
	case TMI_ELF_DUMP_QEMU: return take_layout(elf, note, &qemu_layout, processor);
	case TMI_ELF_DUMP_VCPU: return take_layout(elf, note, &virtualbox_layout, processor);
	case TMI_ELF_DUMP_XEN: return take_xen(elf, note, processor);
	default: return false;
	}
}
