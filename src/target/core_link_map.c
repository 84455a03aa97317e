/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core_link_map.c - mapped files of a core without NT_FILE; see core.h.
 *
 * The program's dynamic section points to the linker's r_debug, and that to a list of what is
 * loaded. Which pages a file was mapped to follows from its program headers in memory.
 */
#include <string.h>

#include "target/core.h"

/* Nobody loads more; a list of garbage ends here. */
#define MODULES_MAX 65536u

/* An ELF image in the core's memory that belongs to @path: adds its PT_LOADs. */
static void add_image(struct core *core, struct core_draft *draft, uint64_t base, const char *path)
{
	uint64_t page_mask = ~(core->page_size - 1);
	struct tmi_elf_image image;
	struct tmi_elf_segments walk;
	struct tmi_elf_segment segment;
	uint8_t buffer[1024];

	if (!tmi_elf_image_init(&image, tmi_core_stored, core, base, core->page_size, NULL))
		return;
	tmi_elf_segments_init(&walk, &image.elf, buffer, sizeof(buffer));
	while (!draft->no_memory && tmi_elf_segments_next(&walk, &segment)) {
		struct core_draft_row row = { .file_offset = segment.offset & page_mask };

		if (segment.type != TMI_ELF_LOAD || !segment.file_size)
			continue;
		row.first = ((segment.address & page_mask) + image.bias) & core->highest;
		row.last = ((segment.address + segment.file_size - 1) | ~page_mask) + image.bias;
		row.last &= core->highest;
		if (row.last > row.first)
			tmi_core_draft_add(draft, &row, path);
	}
}

/* The program's own image: its ELF header is on the page of its program headers. */
static bool program_image(struct core *core, struct tmi_elf_image *image)
{
	uint64_t headers;

	if (!tmi_core_aux(core, TMI_ELF_AUX_PHDR, &headers))
		return false;
	return tmi_elf_image_init(image, tmi_core_stored, core, headers & ~(core->page_size - 1),
				  core->page_size, NULL);
}

static void program_path(struct core *core, char *path, size_t size)
{
	uint64_t address;
	size_t got = 0;

	if (tmi_core_aux(core, TMI_ELF_AUX_EXECFN, &address))
		got = tmi_core_stored(core, address, path, size);
	if (!memchr(path, 0, got))
		strcpy(path, core->notes.info.name);
}

/* One entry of the list: adds it and moves on to the next. */
static void add_module(struct core *core, struct core_draft *draft, const struct tmi_elf *elf,
		       uint64_t *entry)
{
	uint64_t word = elf->word;
	uint64_t bias, name, next;
	char path[4096];
	size_t got;

	if (!tmi_elf_word(elf, *entry, &bias) || !tmi_elf_word(elf, *entry + word, &name) ||
	    !tmi_elf_word(elf, *entry + 3 * word, &next)) {
		*entry = 0;
		return;
	}
	*entry = next;
	got = tmi_core_stored(core, name, path, sizeof(path));
	/* The program has no name there; its image was added already. */
	if (memchr(path, 0, got) && path[0])
		add_image(core, draft, bias, path);
}

void tmi_core_link_map_rows(struct core *core, struct core_draft *draft)
{
	struct tmi_elf_image program;
	uint64_t debug, entry, mark = 0;
	char path[4096];

	if (!program_image(core, &program))
		return;
	program_path(core, path, sizeof(path));
	if (path[0])
		add_image(core, draft, program.base, path);
	if (!tmi_elf_image_dynamic(&program, TMI_ELF_DYNAMIC_DEBUG, &debug) || !debug ||
	    !tmi_elf_word(&program.elf, debug + program.elf.word, &entry))
		return;
	for (unsigned i = 1; i < MODULES_MAX && entry && !draft->no_memory; i++) {
		add_module(core, draft, &program.elf, &entry);
		if (entry == mark)
			break; /* a circle */
		if ((i & (i - 1)) == 0)
			mark = entry;
	}
}
