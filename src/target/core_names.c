/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core_names.c - what is mapped where in a core; see core.h.
 *
 * NT_FILE lists the mapped files. Cores without it (of emulators, of old tools, of processes with
 * too many mappings) leave the dynamic linker's list in memory.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "target/core.h"

/* The kernel stops at 4 MiB; from far above that up it is no NT_FILE. */
#define FILES_NOTE_MAX (256u << 20)
#define AUX_RANDOM     25
#define VSYSCALL       0xffffffffff600000u

static size_t keep_string(struct core_draft *draft, const char *text)
{
	size_t size = strlen(text) + 1;
	size_t at = draft->strings_size;

	if (size > draft->strings_room - draft->strings_size) {
		size_t room = 2 * draft->strings_room + size + 4096;
		char *strings = realloc(draft->strings, room);

		if (!strings) {
			draft->no_memory = true;
			return 0;
		}
		draft->strings = strings;
		draft->strings_room = room;
	}
	memcpy(draft->strings + at, text, size);
	draft->strings_size += size;
	return at;
}

void tmi_core_draft_add(struct core_draft *draft, const struct core_draft_row *row,
			const char *path)
{
	const struct core_draft_row *before;
	struct core_draft_row *new;

	if (draft->count == draft->room) {
		size_t room = draft->room ? 2 * draft->room : 64;
		void *rows = realloc(draft->rows, room * sizeof(*draft->rows));

		if (!rows) {
			draft->no_memory = true;
			return;
		}
		draft->rows = rows;
		draft->room = room;
	}
	new = &draft->rows[draft->count];
	before = draft->count ? new - 1 : NULL;
	*new = *row;
	if (before && before->anonymous == row->anonymous &&
	    !strcmp(draft->strings + before->path, path))
		new->path = before->path;
	else
		new->path = keep_string(draft, path);
	draft->count += !draft->no_memory;
}

/* Bytes of the NT_FILE descriptor: in the mapping, or else copied to *copy. */
static bool open_files_note(struct core *core, struct tmi_elf_file_rows *rows, uint8_t **copy)
{
	const struct tmi_elf_note *note = &core->notes.files;
	const uint8_t *bytes;

	*copy = NULL;
	if (!note->size || note->size > FILES_NOTE_MAX)
		return false;
	bytes = tmi_file_view(&core->file, note->offset, note->size);
	if (!bytes) {
		bytes = *copy = malloc(note->size);
		if (!bytes ||
		    tmi_file_read(&core->file, note->offset, *copy, note->size) < note->size) {
			free(*copy);
			*copy = NULL;
			return false;
		}
	}
	return tmi_elf_file_rows_init(rows, &core->elf, bytes, note->size);
}

static void add_mapped_files(struct core *core, struct core_draft *draft)
{
	struct tmi_elf_file_rows rows;
	struct tmi_elf_file_row row;
	uint8_t *copy;

	if (open_files_note(core, &rows, &copy)) {
		while (!draft->no_memory && tmi_elf_file_rows_next(&rows, &row)) {
			struct core_draft_row new = { .first = row.first,
						      .last = row.last,
						      .file_offset = row.file_offset };

			tmi_core_draft_add(draft, &new, row.path);
		}
	}
	free(copy);
}

/* Names the segment that holds @address, if it is no file's. */
static void add_special(struct core *core, struct core_draft *draft, uint64_t address,
			const char *name)
{
	struct core_draft_row row = { .anonymous = true };

	if (!tmi_core_table_span(&core->table, address, &row.first, &row.last))
		return;
	for (size_t i = 0; i < draft->count; i++)
		if (draft->rows[i].first <= row.last && row.first <= draft->rows[i].last)
			return;
	tmi_core_draft_add(draft, &row, name);
}

static void add_specials(struct core *core, struct core_draft *draft)
{
	const struct core_thread *main_thread = core->notes.threads;
	uint64_t address;

	/* The kernel puts the program's random bytes into the stack. */
	if (tmi_core_aux(core, AUX_RANDOM, &address))
		add_special(core, draft, address, "[stack]");
	else if (core->notes.thread_count && main_thread->has_stack_pointer)
		add_special(core, draft, main_thread->stack_pointer, "[stack]");
	if (tmi_core_aux(core, TMI_ELF_AUX_VDSO, &address))
		add_special(core, draft, address, "[vdso]");
	if (core->elf.machine == TMI_ELF_X86_64 && core->elf.word == 8)
		add_special(core, draft, VSYSCALL, "[vsyscall]");
}

static int compare_rows(const void *left, const void *right)
{
	const struct core_draft_row *a = left;
	const struct core_draft_row *b = right;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->path < b->path ? -1 : a->path > b->path;
}

/* Sorts the rows and cuts overlaps as the segments' are cut: the lowest start wins. */
static void settle_rows(struct core_draft *draft)
{
	size_t kept = 0;

	if (draft->count)
		qsort(draft->rows, draft->count, sizeof(*draft->rows), compare_rows);
	for (size_t i = 0; i < draft->count; i++) {
		struct core_draft_row row = draft->rows[i];
		uint64_t covered = kept ? draft->rows[kept - 1].last : 0;

		if (kept && row.last <= covered)
			continue;
		if (kept && row.first <= covered) {
			row.file_offset += covered + 1 - row.first;
			row.first = covered + 1;
		}
		draft->rows[kept++] = row;
	}
	draft->count = kept;
}

static int compare_paths(const void *left, const void *right, void *context)
{
	const struct core_draft *draft = context;
	const struct core_draft_row *a = &draft->rows[*(const size_t *)left];
	const struct core_draft_row *b = &draft->rows[*(const size_t *)right];
	int order = a->anonymous - b->anonymous;

	if (!order && a->path != b->path)
		order = strcmp(draft->strings + a->path, draft->strings + b->path);
	if (order)
		return order;
	return a->first < b->first ? -1 : a->first > b->first;
}

/* Numbers the files by path; rows of one file get one number. Returns how many there are. */
static uint32_t number_images(struct core_draft *draft)
{
	size_t *order = calloc(draft->count + 1, sizeof(*order));
	uint32_t count = 0;

	if (!order) {
		draft->no_memory = true;
		return 0;
	}
	for (size_t i = 0; i < draft->count; i++)
		order[i] = i;
	qsort_r(order, draft->count, sizeof(*order), compare_paths, draft);
	for (size_t i = 0; i < draft->count; i++) {
		struct core_draft_row *row = &draft->rows[order[i]];
		const struct core_draft_row *before = i ? &draft->rows[order[i - 1]] : NULL;

		if (row->anonymous) {
			row->image = CORE_NO_IMAGE;
		} else if (before &&
			   !strcmp(draft->strings + before->path, draft->strings + row->path)) {
			row->image = before->image;
			row->path = before->path;
		} else {
			row->image = count++;
		}
	}
	free(order);
	return count;
}

/* Learns from one row of a file where its header stands and whether it is ELF. */
static void learn_from_row(struct core *core, struct core_image *image, const struct core_row *row)
{
	struct core_piece piece;
	uint8_t magic[4];

	image->path = row->name;
	if (tmi_core_table_find(&core->table, core->size, row->first, &piece))
		image->executable |= (piece.flags & TMI_ELF_X) != 0;
	if (row->file_offset != 0 || image->header_read)
		return;
	image->header_read = tmi_core_stored(core, row->first, magic, 4) == 4;
	if (image->header_read || !image->has_base)
		image->base = row->first;
	image->has_base = true;
	image->is_elf = image->header_read && !memcmp(magic, "\177ELF", 4);
}

/*
 * Some tools leave a mapping that they do not dump out of the segments too. How it was protected
 * then follows from the program headers of its file, whose first page they keep.
 */
static void find_flags(struct core *core, struct core_names *names)
{
	struct tmi_elf_image mapped;
	uint32_t known = CORE_NO_IMAGE;
	uint64_t start, end;
	uint32_t flags;

	for (size_t i = 0; i < names->row_count; i++) {
		struct core_row *row = &names->rows[i];
		const struct core_image *image;

		row->flags = CORE_FLAGS_UNKNOWN;
		if (row->image == CORE_NO_IMAGE ||
		    tmi_core_table_span(&core->table, row->first, &start, &end))
			continue;
		image = &names->images[row->image];
		if (known != row->image && image->is_elf && image->header_read &&
		    tmi_elf_image_init(&mapped, tmi_core_stored, core, image->base, core->page_size,
				       NULL))
			known = row->image;
		if (known == row->image && tmi_elf_image_flags(&mapped, row->first, &flags))
			row->flags = flags & (TMI_ELF_R | TMI_ELF_W | TMI_ELF_X);
	}
}

/* Makes the lasting form of the draft; takes its strings over. */
static struct core_names *finish(struct core *core, struct core_draft *draft, uint32_t image_count)
{
	struct core_names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	names->rows = calloc(draft->count + 1, sizeof(*names->rows));
	names->images = calloc((size_t)image_count + 1, sizeof(*names->images));
	if (!names->rows || !names->images) {
		tmi_core_names_free(names);
		return NULL;
	}
	names->strings = draft->strings;
	draft->strings = NULL;
	names->row_count = draft->count;
	names->image_count = image_count;
	for (uint32_t i = 0; i < image_count; i++)
		names->images[i].file.fd = names->images[i].file.slot = -1;
	for (size_t i = 0; i < draft->count; i++) {
		const struct core_draft_row *from = &draft->rows[i];
		struct core_row *row = &names->rows[i];

		row->first = from->first;
		row->last = from->last;
		row->file_offset = from->file_offset;
		row->image = from->image;
		row->name = names->strings + from->path;
		if (row->image != CORE_NO_IMAGE)
			learn_from_row(core, &names->images[row->image], row);
	}
	/* Where the header page is missing, executable files are taken for ELF. */
	for (uint32_t i = 0; i < image_count; i++)
		if (!names->images[i].header_read)
			names->images[i].is_elf = names->images[i].executable;
	find_flags(core, names);
	return names;
}

static struct core_names *make_names(struct core *core)
{
	struct core_draft draft = { 0 };
	struct core_names *names = NULL;
	uint32_t image_count = 0;

	add_mapped_files(core, &draft);
	if (!draft.count)
		tmi_core_link_map_rows(core, &draft);
	if (!draft.no_memory)
		add_specials(core, &draft);
	if (!draft.no_memory) {
		settle_rows(&draft);
		image_count = number_images(&draft);
	}
	if (!draft.no_memory)
		names = finish(core, &draft, image_count);
	free(draft.rows);
	free(draft.strings);
	return names;
}

struct core_names *tmi_core_names(struct core *core)
{
	struct core_names *names = atomic_load_explicit(&core->names, memory_order_acquire);

	if (names)
		return names;
	pthread_mutex_lock(&core->lock);
	names = atomic_load_explicit(&core->names, memory_order_relaxed);
	if (!names) {
		names = make_names(core);
		atomic_store_explicit(&core->names, names, memory_order_release);
	}
	pthread_mutex_unlock(&core->lock);
	return names;
}

void tmi_core_names_free(struct core_names *names)
{
	if (!names)
		return;
	for (size_t i = 0; i < names->image_count; i++) {
		tmi_file_close(&names->images[i].file);
		free(names->images[i].refusal);
	}
	free(names->rows);
	free(names->images);
	free(names->strings);
	free(names);
}

const struct core_row *tmi_core_names_find(const struct core_names *names, uint64_t address)
{
	size_t low = 0;
	size_t count = names->row_count;

	while (count > 0) {
		size_t half = count / 2;

		if (names->rows[low + half].last < address) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return low < names->row_count ? &names->rows[low] : NULL;
}

/* Path of the file whose mapping holds the program's entry or headers; NULL = none. */
static char *program_by_files(struct core *core)
{
	struct tmi_elf_file_rows rows;
	struct tmi_elf_file_row row;
	uint64_t address;
	uint8_t *copy;
	char *path = NULL;

	if (!tmi_core_aux(core, TMI_ELF_AUX_PHDR, &address) &&
	    !tmi_core_aux(core, TMI_ELF_AUX_ENTRY, &address))
		return NULL;
	if (open_files_note(core, &rows, &copy))
		while (!path && tmi_elf_file_rows_next(&rows, &row))
			if (address >= row.first && address <= row.last)
				path = strdup(row.path);
	free(copy);
	return path;
}

/* Copies a string out of the core's memory; NULL when it has no end. */
static char *string_at(struct core *core, uint64_t address)
{
	char text[4096];
	size_t got = tmi_core_stored(core, address, text, sizeof(text));

	return memchr(text, 0, got) ? strdup(text) : NULL;
}

static char *find_program(struct core *core)
{
	const struct tmi_elf_prpsinfo *info = &core->notes.info;
	char *path = program_by_files(core);
	uint64_t address;
	size_t length = strcspn(info->arguments, " ");

	if (!path && tmi_core_aux(core, TMI_ELF_AUX_EXECFN, &address))
		path = string_at(core, address);
	/* The arguments are cut: only a word with something behind it is whole. */
	if (!path && length && info->arguments[length])
		path = strndup(info->arguments, length);
	if (!path)
		path = strdup(info->name);
	return path;
}

const char *tmi_core_program(struct core *core)
{
	char *program = atomic_load_explicit(&core->program, memory_order_acquire);

	if (program)
		return program;
	pthread_mutex_lock(&core->lock);
	program = atomic_load_explicit(&core->program, memory_order_relaxed);
	if (!program) {
		program = find_program(core);
		atomic_store_explicit(&core->program, program, memory_order_release);
	}
	pthread_mutex_unlock(&core->lock);
	return program ? program : "";
}
