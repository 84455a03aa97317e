/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elf.h - ELF headers, segments and notes, in a file or in memory, over a read callback.
 *
 * Both classes and byte orders. Nothing is allocated and nothing is trusted: what the callback
 * does not deliver, or what runs over its own borders, is "not there".
 */
#ifndef TMI_FORMAT_ELF_H
#define TMI_FORMAT_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* Delivers bytes at a file offset or an address; returns how many, short where they end. */
typedef size_t tmi_elf_reader(void *context, uint64_t offset, void *buffer, size_t size);

enum tmi_elf_type {
	TMI_ELF_EXECUTABLE = 2,
	TMI_ELF_DYNAMIC = 3,
	TMI_ELF_CORE = 4,
};

enum tmi_elf_machine {
	TMI_ELF_386 = 3,
	TMI_ELF_MIPS = 8,
	TMI_ELF_PPC = 20,
	TMI_ELF_PPC64 = 21,
	TMI_ELF_S390 = 22,
	TMI_ELF_ARM = 40,
	TMI_ELF_X86_64 = 62,
	TMI_ELF_AARCH64 = 183,
	TMI_ELF_RISCV = 243,
	TMI_ELF_LOONGARCH = 258,
};

enum tmi_elf_segment_type {
	TMI_ELF_LOAD = 1,
	TMI_ELF_SEGMENT_DYNAMIC = 2,
	TMI_ELF_NOTE = 4,
	TMI_ELF_PHDR = 6,
	TMI_ELF_RELRO = 0x6474e552,
};

enum tmi_elf_segment_flags {
	TMI_ELF_X = 1,
	TMI_ELF_W = 2,
	TMI_ELF_R = 4,
};

/* e_phnum that stands for a number kept in the first section header (PN_XNUM). */
#define TMI_ELF_COUNT_ELSEWHERE 0xffff

/* An ELF header that was checked. Valid while its reader is. */
struct tmi_elf {
	tmi_elf_reader *read;
	void *context;
	uint64_t base; /* where the header is, in the reader's numbering */
	uint64_t entry;
	uint64_t segments_at;   /* e_phoff */
	uint64_t segment_count; /* e_phnum, or what PN_XNUM stands for */
	uint32_t segment_size;  /* e_phentsize */
	uint64_t sections_at;   /* e_shoff */
	uint32_t flags;         /* e_flags */
	uint16_t section_size;  /* e_shentsize */
	uint16_t section_count; /* e_shnum; of files with more than 65,279, 0 */
	uint16_t section_names; /* e_shstrndx */
	uint16_t type;          /* enum tmi_elf_type */
	uint16_t machine;       /* enum tmi_elf_machine */
	uint8_t word;           /* 4 or 8 bytes, by class */
	bool big_endian;
};

/* A program header. */
struct tmi_elf_segment {
	uint32_t type;
	uint32_t flags;
	uint64_t offset;
	uint64_t address; /* p_vaddr */
	uint64_t physical;
	uint64_t file_size;
	uint64_t memory_size;
	uint64_t align;
};

/*
 * Checks the header at @base. False: *why says what is wrong, a constant string. No failure is
 * recorded: who cares makes one.
 */
bool tmi_elf_init(struct tmi_elf *elf, tmi_elf_reader *read, void *context, uint64_t base,
		  const char **why);

/* Program header @index; false when there is none or its bytes are missing. */
bool tmi_elf_segment(const struct tmi_elf *elf, uint64_t index, struct tmi_elf_segment *segment);

/* A section header, as far as it is used. */
struct tmi_elf_section {
	uint32_t name; /* offset in the section of names */
	uint32_t type;
	uint64_t offset; /* in the reader's numbering */
	uint64_t size;
};

/* Section header @index; false when there is none or its bytes are missing. */
bool tmi_elf_section(const struct tmi_elf *elf, uint64_t index, struct tmi_elf_section *section);

/* A walk over all program headers that fetches many at a time. */
struct tmi_elf_segments {
	const struct tmi_elf *elf;
	uint8_t *buffer;        /* the caller's; NULL: the headers are lent */
	const uint8_t *headers; /* those at hand, elf->segment_size bytes each */
	size_t room;            /* headers that are at hand at most */
	size_t have;            /* headers at hand */
	size_t used;            /* of these, handed out */
	uint64_t next;          /* index of the header after those at hand */
	uint64_t lent;          /* headers that are lent */
	bool cut;               /* headers that the file should have are missing */
};

/* @buffer must hold one header at least (elf->segment_size bytes) and stay until the end. */
void tmi_elf_segments_init(struct tmi_elf_segments *walk, const struct tmi_elf *elf, void *buffer,
			   size_t size);

/* The same over headers that stand in memory: @size bytes at @headers, none is fetched. */
void tmi_elf_segments_lend(struct tmi_elf_segments *walk, const struct tmi_elf *elf,
			   const uint8_t *headers, uint64_t size);

/*
 * Has the next headers at hand: walk->have of them at walk->headers, for who takes them apart
 * himself by tmi_elf_load_segment(). False at the end, also when it comes early.
 */
bool tmi_elf_segments_fill(struct tmi_elf_segments *walk);

/* A program header of a class and byte order; there must be 56 (or 32) bytes of it. */
static inline void tmi_elf_load_segment(const uint8_t *bytes, unsigned word, bool big,
					struct tmi_elf_segment *segment)
{
	bool wide = word == 8;

	segment->type = tmi_load32(bytes, big);
	segment->flags = tmi_load32(bytes + (wide ? 4 : 24), big);
	segment->offset = tmi_load(bytes + (wide ? 8 : 4), word, big);
	segment->address = tmi_load(bytes + (wide ? 16 : 8), word, big);
	segment->physical = tmi_load(bytes + (wide ? 24 : 12), word, big);
	segment->file_size = tmi_load(bytes + (wide ? 32 : 16), word, big);
	segment->memory_size = tmi_load(bytes + (wide ? 40 : 20), word, big);
	segment->align = tmi_load(bytes + (wide ? 48 : 28), word, big);
}

/* The next program header; false at the end, also when it comes early. */
bool tmi_elf_segments_next(struct tmi_elf_segments *walk, struct tmi_elf_segment *segment);

/* A note; its descriptor is fetched by the caller. */
struct tmi_elf_note {
	uint32_t type;
	uint32_t name_size; /* with its NUL */
	char name[16];      /* the first bytes, always terminated */
	uint64_t offset;    /* of the descriptor, in the reader's numbering */
	uint32_t size;      /* of the descriptor */
};

/* A walk over the notes of one stretch. */
struct tmi_elf_notes {
	const struct tmi_elf *elf;
	uint64_t next;
	uint64_t end;
	uint32_t align;
	bool cut; /* ended inside a note */
};

/* Notes in [offset, offset + size) of the reader; @align is the p_align of their segment. */
void tmi_elf_notes_init(struct tmi_elf_notes *notes, const struct tmi_elf *elf, uint64_t offset,
			uint64_t size, uint64_t align);

/* The next note; false at the end, also when it comes early. */
bool tmi_elf_notes_next(struct tmi_elf_notes *notes, struct tmi_elf_note *note);

/* True when the note is the one of this owner and type. */
bool tmi_elf_note_is(const struct tmi_elf_note *note, const char *owner, uint32_t type);

/* A build-id; size 0 = none. */
struct tmi_elf_build_id {
	uint8_t size;
	uint8_t bytes[64];
};

bool tmi_elf_build_id_equal(const struct tmi_elf_build_id *a, const struct tmi_elf_build_id *b);

/* Hexadecimal digits and a NUL; "none" when there is none. Returns @text. */
char *tmi_elf_build_id_text(const struct tmi_elf_build_id *id, char text[2 * 64 + 1]);

/* The first build-id of a walk; false (and size 0) when there is none. */
bool tmi_elf_notes_build_id(struct tmi_elf_notes *notes, struct tmi_elf_build_id *id);

/* The first build-id of a walk; false (and size 0) when there is none. */
bool tmi_elf_notes_build_id(struct tmi_elf_notes *notes, struct tmi_elf_build_id *id);

/* Build-id of an ELF file: the reader's numbering is the file's. */
void tmi_elf_file_build_id(const struct tmi_elf *elf, struct tmi_elf_build_id *id);

/* An ELF image as it was mapped into memory: program, shared library or vdso. */
struct tmi_elf_image {
	struct tmi_elf elf;
	uint64_t page_mask;    /* of the pages that it was mapped by */
	uint64_t base;         /* address of the ELF header */
	uint64_t bias;         /* address minus p_vaddr; modulo 2^64 */
	uint64_t first;        /* address of the lowest PT_LOAD, rounded down to a page */
	uint64_t size;         /* bytes from base to the end of the highest PT_LOAD's last page */
	uint64_t lowest;       /* lowest p_vaddr, as it is in the header */
	uint64_t dynamic;      /* address of PT_DYNAMIC, 0 = none */
	uint64_t dynamic_size; /* its bytes */
	uint64_t relro;        /* address of PT_GNU_RELRO, written before it became read-only */
	uint64_t relro_size;   /* its bytes, 0 = none */
	struct tmi_elf_build_id build_id;
};

/*
 * Looks at the image whose ELF header is at @base of a space that @read delivers. False: there is
 * none that could have been mapped (*why, optional, says why). No failure is recorded.
 */
bool tmi_elf_image_init(struct tmi_elf_image *image, tmi_elf_reader *read, void *context,
			uint64_t base, uint64_t page_size, const char **why);

/*
 * Protection (enum tmi_elf_segment_flags) that the PT_LOAD around @address asks for, and what
 * PT_GNU_RELRO made of it; false when no PT_LOAD is there.
 */
bool tmi_elf_image_flags(const struct tmi_elf_image *image, uint64_t address, uint32_t *flags);

/* Tags of PT_DYNAMIC that are used. */
enum tmi_elf_dynamic_tag {
	TMI_ELF_DYNAMIC_STRTAB = 5,
	TMI_ELF_DYNAMIC_SONAME = 14,
	TMI_ELF_DYNAMIC_DEBUG = 21,
};

/* Value of the first entry with @tag; false when there is none. */
bool tmi_elf_image_dynamic(const struct tmi_elf_image *image, uint64_t tag, uint64_t *value);

/* One word of the image's class and byte order at @address; false when it is not there. */
bool tmi_elf_word(const struct tmi_elf *elf, uint64_t address, uint64_t *value);

#endif
