/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elf_image.c - programs and shared libraries as they stand in memory; see elf.h.
 *
 * Only the header page is sure to be there: a core may hold no other page of the file.
 */
#include <string.h>

#include "base/bytes.h"
#include "format/elf.h"

/* Notes of an image take some hundred bytes; what claims more is not walked to its end. */
#define NOTES_SIZE_MAX 1048576u
/* Entries of a PT_DYNAMIC that are looked at. */
#define DYNAMIC_ENTRIES_MAX 65536u

/* What the program headers of an image add up to; all in p_vaddr numbering. */
struct outline {
	bool found;
	bool header_known; /* a PT_LOAD begins with the file */
	uint64_t header;   /* where the ELF header wants to be */
	uint64_t lowest;
	uint64_t last; /* inclusive */
	struct tmi_elf_segment dynamic;
	struct tmi_elf_segment relro;
};

static uint64_t address_mask(const struct tmi_elf *elf)
{
	return elf->word == 8 ? UINT64_MAX : UINT32_MAX;
}

static const char *add_load(struct outline *outline, const struct tmi_elf_segment *segment,
			    uint64_t page_mask)
{
	uint64_t last;

	if (!segment->memory_size)
		return NULL;
	if (__builtin_add_overflow(segment->address, segment->memory_size - 1, &last))
		return "an ELF image with a segment beyond the address space";
	if (!outline->found || segment->address < outline->lowest)
		outline->lowest = segment->address;
	if (!outline->found || last > outline->last)
		outline->last = last;
	if (!outline->header_known) {
		if (!outline->found || !(segment->offset & page_mask))
			outline->header =
				(segment->address & page_mask) - (segment->offset & page_mask);
		outline->header_known = !(segment->offset & page_mask);
	}
	outline->found = true;
	return NULL;
}

static const char *walk_segments(const struct tmi_elf *elf, uint64_t page_mask,
				 struct outline *outline)
{
	struct tmi_elf_segments walk;
	struct tmi_elf_segment segment;
	uint8_t buffer[1024];
	const char *why = NULL;

	if (elf->segment_size > sizeof(buffer))
		return "an ELF image with oversized program headers";
	tmi_elf_segments_init(&walk, elf, buffer, sizeof(buffer));
	while (!why && tmi_elf_segments_next(&walk, &segment)) {
		if (segment.type == TMI_ELF_LOAD)
			why = add_load(outline, &segment, page_mask);
		else if (segment.type == TMI_ELF_SEGMENT_DYNAMIC)
			outline->dynamic = segment;
		else if (segment.type == TMI_ELF_RELRO)
			outline->relro = segment;
	}
	if (!why && walk.cut)
		why = "an ELF image whose program headers cannot be read";
	if (!why && !outline->found)
		why = "an ELF image without PT_LOAD";
	return why;
}

/* The first note of the build-id's kind, wherever in memory its segment was put. */
static void find_build_id(struct tmi_elf_image *image)
{
	const struct tmi_elf *elf = &image->elf;
	struct tmi_elf_segments walk;
	struct tmi_elf_segment segment;
	struct tmi_elf_notes notes;
	uint8_t buffer[1024];

	tmi_elf_segments_init(&walk, elf, buffer, sizeof(buffer));
	while (!image->build_id.size && tmi_elf_segments_next(&walk, &segment)) {
		uint64_t size = segment.file_size;

		if (segment.type != TMI_ELF_NOTE)
			continue;
		if (size > NOTES_SIZE_MAX)
			size = NOTES_SIZE_MAX;
		tmi_elf_notes_init(&notes, elf, (image->bias + segment.address) & address_mask(elf),
				   size, segment.align);
		tmi_elf_notes_build_id(&notes, &image->build_id);
	}
}

static const char *place(struct tmi_elf_image *image, const struct outline *outline,
			 uint64_t page_mask)
{
	uint64_t mask = address_mask(&image->elf);
	uint64_t last = outline->last | ~page_mask;
	uint64_t span = last - (outline->lowest & page_mask);

	image->bias = (image->base - outline->header) & mask;
	if (image->elf.type == TMI_ELF_EXECUTABLE && image->bias)
		return "an ELF executable that is not at its address";
	image->lowest = outline->lowest;
	image->first = ((outline->lowest & page_mask) + image->bias) & mask;
	if (span > mask - image->first || last < outline->lowest)
		return "an ELF image that runs beyond the address space";
	if (image->first + span < image->base)
		return "an ELF image that ends before its header";
	image->size = tmi_add_saturating(image->first + span - image->base, 1);
	if (outline->dynamic.memory_size) {
		image->dynamic = (outline->dynamic.address + image->bias) & mask;
		image->dynamic_size = outline->dynamic.memory_size;
	}
	image->relro = (outline->relro.address + image->bias) & mask;
	image->relro_size = outline->relro.memory_size;
	return NULL;
}

static const char *look(struct tmi_elf_image *image, uint64_t page_size)
{
	uint64_t page_mask = ~(page_size - 1);
	struct outline outline;
	const char *why;

	memset(&outline, 0, sizeof(outline));
	image->page_mask = page_mask;
	if (image->elf.type != TMI_ELF_EXECUTABLE && image->elf.type != TMI_ELF_DYNAMIC)
		return "an ELF file, but neither program nor library";
	why = walk_segments(&image->elf, page_mask, &outline);
	if (!why)
		why = place(image, &outline, page_mask);
	if (!why)
		find_build_id(image);
	return why;
}

bool tmi_elf_image_init(struct tmi_elf_image *image, tmi_elf_reader *read, void *context,
			uint64_t base, uint64_t page_size, const char **why)
{
	const char *wrong;

	memset(image, 0, sizeof(*image));
	image->base = base;
	if (tmi_elf_init(&image->elf, read, context, base, &wrong))
		wrong = look(image, page_size);
	if (why)
		*why = wrong;
	return !wrong;
}

bool tmi_elf_image_flags(const struct tmi_elf_image *image, uint64_t address, uint32_t *flags)
{
	uint64_t wanted = (address - image->bias) & address_mask(&image->elf);
	struct tmi_elf_segments walk;
	struct tmi_elf_segment segment;
	uint8_t buffer[1024];
	bool found = false;

	*flags = 0;
	tmi_elf_segments_init(&walk, &image->elf, buffer, sizeof(buffer));
	while (!found && tmi_elf_segments_next(&walk, &segment)) {
		uint64_t first = segment.address & image->page_mask;

		if (segment.type != TMI_ELF_LOAD || !segment.memory_size || wanted < first ||
		    wanted > ((segment.address + segment.memory_size - 1) | ~image->page_mask))
			continue;
		*flags = segment.flags;
		found = true;
	}
	if (address - (image->relro & image->page_mask) < image->relro_size)
		*flags &= ~(uint32_t)TMI_ELF_W;
	return found;
}

bool tmi_elf_word(const struct tmi_elf *elf, uint64_t address, uint64_t *value)
{
	uint8_t bytes[8];

	*value = 0;
	if (elf->read(elf->context, address & address_mask(elf), bytes, elf->word) != elf->word)
		return false;
	*value = tmi_load(bytes, elf->word, elf->big_endian);
	return true;
}

bool tmi_elf_image_dynamic(const struct tmi_elf_image *image, uint64_t tag, uint64_t *value)
{
	const struct tmi_elf *elf = &image->elf;
	uint64_t count = image->dynamic_size / (2u * elf->word);
	uint64_t address = image->dynamic;
	uint64_t found;

	*value = 0;
	if (count > DYNAMIC_ENTRIES_MAX)
		count = DYNAMIC_ENTRIES_MAX;
	for (uint64_t i = 0; i < count; i++, address += 2u * elf->word) {
		if (!tmi_elf_word(elf, address, &found) || !found)
			return false;
		if (found == tag)
			return tmi_elf_word(elf, address + elf->word, value);
	}
	return false;
}
