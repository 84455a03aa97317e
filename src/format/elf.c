/* SPDX-License-Identifier: Apache-2.0 */
/* elf.c - ELF headers, segments and notes; see elf.h. Images in memory: elf_image.c. */
#include "format/elf.h"

#include <string.h>

#include "base/bytes.h"

#define NOTE_HEADER_SIZE 12
#define NOTE_BUILD_ID    3
/* Headers at hand at a time when they are lent: their bounds are looked at once for all of them. */
#define LENT_HEADERS 4096

/* Where the fields of a header are, by class. */
struct header_layout {
	uint8_t size;
	uint8_t entry;
	uint8_t segments_at;
	uint8_t sections_at;
	uint8_t flags;
	uint8_t segment_size;
	uint8_t segment_count;
	uint8_t smallest_segment;
	uint8_t section_size; /* then their count and the index of their names */
	uint8_t smallest_section;
	uint8_t section_offset; /* in a section header; then its size */
	uint8_t section_info;   /* in a section header */
};

static const struct header_layout layout32 = { 52, 24, 28, 32, 36, 42, 44, 32, 46, 40, 16, 28 };
static const struct header_layout layout64 = { 64, 24, 32, 40, 48, 54, 56, 56, 58, 64, 24, 44 };

static const struct header_layout *layout_of(const struct tmi_elf *elf)
{
	return elf->word == 8 ? &layout64 : &layout32;
}

static bool fetch(const struct tmi_elf *elf, uint64_t offset, void *buffer, size_t size)
{
	return elf->read(elf->context, offset, buffer, size) == size;
}

/* Class and byte order from the first bytes; NULL, or what is wrong. */
static const char *check_ident(struct tmi_elf *elf, const uint8_t *bytes)
{
	if (memcmp(bytes, "\177ELF", 4))
		return "not an ELF file";
	if (bytes[4] != 1 && bytes[4] != 2)
		return "an ELF file of unknown class (expected 1 or 2 in byte 4)";
	if (bytes[5] != 1 && bytes[5] != 2)
		return "an ELF file of unknown byte order (expected 1 or 2 in byte 5)";
	elf->word = bytes[4] == 2 ? 8 : 4;
	elf->big_endian = bytes[5] == 2;
	return NULL;
}

/* More than 65,534 segments: their number is in the first section header. */
static const char *count_segments(struct tmi_elf *elf)
{
	uint8_t bytes[4];
	uint64_t offset;

	if (elf->segment_count != TMI_ELF_COUNT_ELSEWHERE || elf->sections_at == 0)
		return NULL;
	if (__builtin_add_overflow(elf->sections_at, elf->base + layout_of(elf)->section_info,
				   &offset) ||
	    !fetch(elf, offset, bytes, sizeof(bytes)))
		return "an ELF file whose first section header, which counts the segments, "
		       "is missing";
	elf->segment_count = tmi_load32(bytes, elf->big_endian);
	return NULL;
}

static const char *read_header(struct tmi_elf *elf)
{
	uint8_t bytes[64];
	const struct header_layout *layout;
	const char *why;

	if (!fetch(elf, elf->base, bytes, 16))
		return "not an ELF file (shorter than its header)";
	why = check_ident(elf, bytes);
	if (why)
		return why;
	layout = layout_of(elf);
	if (!fetch(elf, elf->base, bytes, layout->size))
		return "an ELF file that ends inside its header";
	elf->type = tmi_load16(bytes + 16, elf->big_endian);
	elf->machine = tmi_load16(bytes + 18, elf->big_endian);
	elf->entry = tmi_load(bytes + layout->entry, elf->word, elf->big_endian);
	elf->segments_at = tmi_load(bytes + layout->segments_at, elf->word, elf->big_endian);
	elf->flags = tmi_load32(bytes + layout->flags, elf->big_endian);
	elf->segment_size = tmi_load16(bytes + layout->segment_size, elf->big_endian);
	elf->segment_count = tmi_load16(bytes + layout->segment_count, elf->big_endian);
	elf->sections_at = tmi_load(bytes + layout->sections_at, elf->word, elf->big_endian);
	elf->section_size = tmi_load16(bytes + layout->section_size, elf->big_endian);
	elf->section_count = tmi_load16(bytes + layout->section_size + 2, elf->big_endian);
	elf->section_names = tmi_load16(bytes + layout->section_size + 4, elf->big_endian);
	why = count_segments(elf);
	if (!why && elf->segment_count && elf->segment_size < layout->smallest_segment)
		return "an ELF file whose program headers are too small (e_phentsize)";
	return why;
}

bool tmi_elf_init(struct tmi_elf *elf, tmi_elf_reader *read, void *context, uint64_t base,
		  const char **why)
{
	const char *wrong;

	memset(elf, 0, sizeof(*elf));
	elf->read = read;
	elf->context = context;
	elf->base = base;
	wrong = read_header(elf);
	if (why)
		*why = wrong;
	return !wrong;
}

static void decode(const struct tmi_elf *elf, const uint8_t *bytes, struct tmi_elf_segment *segment)
{
	tmi_elf_load_segment(bytes, elf->word, elf->big_endian, segment);
}

/* Offset in the reader of header @index of a list; false when that overflows. */
static bool header_offset(const struct tmi_elf *elf, uint64_t list, uint32_t size, uint64_t index,
			  uint64_t *offset)
{
	uint64_t inside;

	return !__builtin_mul_overflow(index, (uint64_t)size, &inside) &&
	       !__builtin_add_overflow(inside, list, &inside) &&
	       !__builtin_add_overflow(inside, elf->base, offset);
}

/* Offset of program header @index in the reader; false when that overflows. */
static bool segment_offset(const struct tmi_elf *elf, uint64_t index, uint64_t *offset)
{
	return header_offset(elf, elf->segments_at, elf->segment_size, index, offset);
}

bool tmi_elf_section(const struct tmi_elf *elf, uint64_t index, struct tmi_elf_section *section)
{
	const struct header_layout *layout = layout_of(elf);
	uint8_t bytes[64];
	uint64_t offset;

	memset(section, 0, sizeof(*section));
	if (index >= elf->section_count || elf->section_size < layout->smallest_section ||
	    !header_offset(elf, elf->sections_at, elf->section_size, index, &offset) ||
	    !fetch(elf, offset, bytes, layout->smallest_section))
		return false;
	section->name = tmi_load32(bytes, elf->big_endian);
	section->type = tmi_load32(bytes + 4, elf->big_endian);
	section->offset = tmi_load(bytes + layout->section_offset, elf->word, elf->big_endian);
	section->size =
		tmi_load(bytes + layout->section_offset + elf->word, elf->word, elf->big_endian);
	return true;
}

bool tmi_elf_segment(const struct tmi_elf *elf, uint64_t index, struct tmi_elf_segment *segment)
{
	uint8_t bytes[56];
	uint64_t offset;

	memset(segment, 0, sizeof(*segment));
	if (index >= elf->segment_count || !segment_offset(elf, index, &offset) ||
	    !fetch(elf, offset, bytes, layout_of(elf)->smallest_segment))
		return false;
	decode(elf, bytes, segment);
	return true;
}

void tmi_elf_segments_init(struct tmi_elf_segments *walk, const struct tmi_elf *elf, void *buffer,
			   size_t size)
{
	memset(walk, 0, sizeof(*walk));
	walk->elf = elf;
	walk->buffer = buffer;
	walk->room = elf->segment_size ? size / elf->segment_size : 0;
}

void tmi_elf_segments_lend(struct tmi_elf_segments *walk, const struct tmi_elf *elf,
			   const uint8_t *headers, uint64_t size)
{
	memset(walk, 0, sizeof(*walk));
	walk->elf = elf;
	walk->headers = headers;
	walk->room = LENT_HEADERS;
	walk->lent = elf->segment_size ? size / elf->segment_size : 0;
}

/* Fetches @wanted headers, or as many as there are. */
static size_t fetch_headers(struct tmi_elf_segments *walk, uint64_t wanted)
{
	const struct tmi_elf *elf = walk->elf;
	uint64_t offset;

	walk->headers = walk->buffer;
	if (!segment_offset(elf, walk->next, &offset))
		return 0;
	return elf->read(elf->context, offset, walk->buffer, wanted * elf->segment_size) /
	       elf->segment_size;
}

bool tmi_elf_segments_fill(struct tmi_elf_segments *walk)
{
	uint64_t wanted = walk->elf->segment_count - walk->next;

	if (wanted > walk->room)
		wanted = walk->room;
	if (walk->cut || !wanted)
		return false;
	if (walk->buffer) {
		walk->have = fetch_headers(walk, wanted);
	} else {
		walk->headers += walk->have * walk->elf->segment_size;
		walk->have = wanted < walk->lent ? (size_t)wanted : (size_t)walk->lent;
		walk->lent -= walk->have;
	}
	walk->used = 0;
	walk->next += walk->have;
	walk->cut = walk->have < wanted;
	return walk->have > 0;
}

bool tmi_elf_segments_next(struct tmi_elf_segments *walk, struct tmi_elf_segment *segment)
{
	if (walk->used == walk->have && !tmi_elf_segments_fill(walk))
		return false;
	decode(walk->elf, walk->headers + walk->used++ * walk->elf->segment_size, segment);
	return true;
}

void tmi_elf_notes_init(struct tmi_elf_notes *notes, const struct tmi_elf *elf, uint64_t offset,
			uint64_t size, uint64_t align)
{
	notes->elf = elf;
	notes->next = offset;
	notes->end = tmi_add_saturating(offset, size);
	notes->align = align == 8 ? 8 : 4;
	notes->cut = false;
}

static uint64_t round_up(uint64_t value, uint32_t align)
{
	return (value + align - 1) & ~(uint64_t)(align - 1);
}

bool tmi_elf_notes_next(struct tmi_elf_notes *notes, struct tmi_elf_note *note)
{
	uint8_t bytes[NOTE_HEADER_SIZE + sizeof(note->name)];
	uint64_t left = notes->end - notes->next;
	bool big = notes->elf->big_endian;
	uint64_t start;
	size_t named;

	if (left < NOTE_HEADER_SIZE)
		return false;
	memset(bytes, 0, sizeof(bytes));
	if (notes->elf->read(notes->elf->context, notes->next, bytes,
			     left < sizeof(bytes) ? (size_t)left : sizeof(bytes)) <
	    NOTE_HEADER_SIZE) {
		notes->cut = true;
		return false;
	}
	note->name_size = tmi_load32(bytes, big);
	note->size = tmi_load32(bytes + 4, big);
	note->type = tmi_load32(bytes + 8, big);
	if (!note->name_size && !note->size && !note->type)
		return false; /* padding: a hole of gigabytes must not be walked */
	start = round_up(NOTE_HEADER_SIZE + (uint64_t)note->name_size, notes->align);
	if (!tmi_in_range(left, start, note->size)) {
		notes->cut = true;
		return false;
	}
	named = note->name_size < sizeof(note->name) ? note->name_size : sizeof(note->name) - 1;
	memset(note->name, 0, sizeof(note->name));
	memcpy(note->name, bytes + NOTE_HEADER_SIZE, named);
	note->offset = notes->next + start;
	start = round_up(start + note->size, notes->align);
	notes->next = start < left ? notes->next + start : notes->end;
	return true;
}

bool tmi_elf_note_is(const struct tmi_elf_note *note, const char *owner, uint32_t type)
{
	size_t length = strlen(owner);

	/* Some producers count the NUL, some do not. */
	return note->type == type && !strcmp(note->name, owner) &&
	       (note->name_size == length || note->name_size == length + 1);
}

bool tmi_elf_build_id_equal(const struct tmi_elf_build_id *a, const struct tmi_elf_build_id *b)
{
	return a->size && a->size == b->size && !memcmp(a->bytes, b->bytes, a->size);
}

char *tmi_elf_build_id_text(const struct tmi_elf_build_id *id, char text[2 * 64 + 1])
{
	static const char digits[] = "0123456789abcdef";

	strcpy(text, "none");
	for (unsigned i = 0; i < id->size; i++) {
		text[2 * i] = digits[id->bytes[i] >> 4];
		text[2 * i + 1] = digits[id->bytes[i] & 15];
		text[2 * i + 2] = 0;
	}
	return text;
}

bool tmi_elf_notes_build_id(struct tmi_elf_notes *notes, struct tmi_elf_build_id *id)
{
	struct tmi_elf_note note;

	id->size = 0;
	while (tmi_elf_notes_next(notes, &note)) {
		if (!tmi_elf_note_is(&note, "GNU", NOTE_BUILD_ID) || note.size < 1 ||
		    note.size > sizeof(id->bytes))
			continue;
		if (!fetch(notes->elf, note.offset, id->bytes, note.size))
			return false;
		id->size = (uint8_t)note.size;
		return true;
	}
	return false;
}

void tmi_elf_file_build_id(const struct tmi_elf *elf, struct tmi_elf_build_id *id)
{
	struct tmi_elf_segments walk;
	struct tmi_elf_segment segment;
	struct tmi_elf_notes notes;
	uint8_t buffer[1024];

	id->size = 0;
	if (elf->segment_size > sizeof(buffer))
		return;
	tmi_elf_segments_init(&walk, elf, buffer, sizeof(buffer));
	while (!id->size && tmi_elf_segments_next(&walk, &segment)) {
		if (segment.type != TMI_ELF_NOTE)
			continue;
		tmi_elf_notes_init(&notes, elf, tmi_add_saturating(elf->base, segment.offset),
				   segment.file_size, segment.align);
		tmi_elf_notes_build_id(&notes, id);
	}
}
