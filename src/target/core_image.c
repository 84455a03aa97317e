/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core_image.c - local files that supply what a core leaves out; see core.h.
 *
 * A file is used only when its build-id is the one of the image in the core's own memory. The
 * core is no more to be trusted than any file: the paths that it names are opened only when they
 * are regular files.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "target/core.h"

#define DELETED " (deleted)"

/* A search for the local file of one image. */
struct search {
	struct core *core;
	struct core_image *image;
	const struct tmi_elf *elf; /* the header in the core's memory */
	const struct tmi_elf_build_id *expected;
	char *refusal; /* of the most telling candidate so far */
	bool telling;
	bool found;
};

static size_t read_file(void *context, uint64_t offset, void *buffer, size_t size)
{
	return tmi_file_read(context, offset, buffer, size);
}

__attribute__((format(printf, 3, 4))) static void refuse(struct search *search, bool telling,
							 const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	if (!text || (search->refusal && (search->telling || !telling))) {
		free(text);
		return;
	}
	free(search->refusal);
	search->refusal = text;
	search->telling = telling;
}

/* Compares an opened candidate with the image in memory. */
static bool agrees(struct search *search, const char *path)
{
	struct tmi_elf_build_id id;
	char expected[2 * 64 + 1];
	char found[2 * 64 + 1];
	struct tmi_elf elf;
	const char *why;

	if (!tmi_elf_init(&elf, read_file, &search->image->file, 0, &why)) {
		refuse(search, true, "%s is %s", path, why);
		return false;
	}
	if (elf.word != search->elf->word || elf.machine != search->elf->machine ||
	    elf.big_endian != search->elf->big_endian) {
		refuse(search, true, "%s is for another machine than the core", path);
		return false;
	}
	tmi_elf_file_build_id(&elf, &id);
	if (tmi_elf_build_id_equal(&id, search->expected))
		return true;
	refuse(search, true, "%s is another build: expected build-id %s, found %s", path,
	       tmi_elf_build_id_text(search->expected, expected),
	       tmi_elf_build_id_text(&id, found));
	return false;
}

static void try_path(struct search *search, const char *path)
{
	struct tmi_file *file = &search->image->file;
	struct stat info;

	if (search->found)
		return;
	if (stat(path, &info) < 0 || !S_ISREG(info.st_mode)) {
		refuse(search, false, "there is no file %s", path);
		return;
	}
	if (tmi_file_open(file, path, search->core->file.may_map) != TMEM_S_OK) {
		refuse(search, true, "%s", tmi_error_text());
		return;
	}
	search->found = agrees(search, path);
	if (!search->found)
		tmi_file_close(file);
}

/* @folder (@length bytes of it) and @name with one '/' between. */
static void try_joined(struct search *search, const char *folder, size_t length, const char *name)
{
	char *path;

	if (asprintf(&path, "%.*s/%s", (int)length, folder, name) < 0)
		return;
	try_path(search, path);
	free(path);
}

/* Looks for the file under one of its names. */
static void try_name(struct search *search, const char *name)
{
	const struct core *core = search->core;
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;
	const char *folder = core->image_path;

	while (folder && *folder && *base) {
		size_t length = strcspn(folder, ":");

		if (length)
			try_joined(search, folder, length, base);
		folder += length + (folder[length] == ':');
	}
	if (core->sysroot)
		try_joined(search, core->sysroot, strlen(core->sysroot), name);
	else if (name[0] == '/')
		try_path(search, name);
	else
		refuse(search, false, "%s is no absolute path", name);
}

/* A file that was removed while it was mapped carries a mark; or that is its real name. */
static void try_names(struct search *search)
{
	const char *path = search->image->path;
	size_t length = strlen(path);
	size_t mark = strlen(DELETED);
	char *name;

	try_name(search, path);
	if (search->found || length <= mark || strcmp(path + length - mark, DELETED) != 0)
		return;
	name = strndup(path, length - mark);
	if (name)
		try_name(search, name);
	free(name);
}

static void look_for_file(struct search *search)
{
	struct core_image *image = search->image;
	struct tmi_elf_image mapped;
	const char *why;

	if (!image->has_base || !image->header_read) {
		refuse(search, true, "the core does not hold the ELF header of %s", image->path);
		return;
	}
	if (!tmi_elf_image_init(&mapped, tmi_core_stored, search->core, image->base,
				search->core->page_size, &why)) {
		refuse(search, true, "%s in the core's memory is %s", image->path, why);
		return;
	}
	if (!mapped.build_id.size) {
		refuse(search, true, "%s has no build-id in the core's memory", image->path);
		return;
	}
	image->relro = mapped.relro;
	image->relro_size = mapped.relro_size;
	search->elf = &mapped.elf;
	search->expected = &mapped.build_id;
	try_names(search);
}

/* Called once for an image, under the lock. */
static int resolve(struct core *core, struct core_image *image)
{
	struct search search = { .core = core, .image = image };

	if (core->use_images)
		look_for_file(&search);
	else
		refuse(&search, true, "local files are not used (images=off)");
	if (search.found) {
		free(search.refusal);
		return CORE_IMAGE_SUPPLIES;
	}
	image->refusal = search.refusal;
	return CORE_IMAGE_REFUSED;
}

bool tmi_core_image_supplies(struct core *core, struct core_image *image)
{
	int state = atomic_load_explicit(&image->state, memory_order_acquire);

	if (state == CORE_IMAGE_UNKNOWN) {
		pthread_mutex_lock(&core->lock);
		state = atomic_load_explicit(&image->state, memory_order_relaxed);
		if (state == CORE_IMAGE_UNKNOWN) {
			state = resolve(core, image);
			atomic_store_explicit(&image->state, state, memory_order_release);
		}
		pthread_mutex_unlock(&core->lock);
	}
	return state == CORE_IMAGE_SUPPLIES;
}
