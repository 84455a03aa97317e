/* SPDX-License-Identifier: Apache-2.0 */
/*
 * symbol_file.c - the local file of a module, and the one with its debugging information, as
 * sources of symbols; see symbol.h.
 *
 * A file is believed only when its build-id is the one in the target's memory. elfutils gets a
 * private copy, because a file that is cut while it is mapped would end the program.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/symbol.h"
#include "format/elfutils.h"

#define COPY_MAX   (256u << 20) /* a larger file is not looked at */
#define COPY_PIECE (1u << 20)
#define DEBUG_ROOT "/usr/lib/debug"

/* What is looked for. */
struct search {
	const struct tmi_elf_build_id *id;
	char *folder; /* of the module's file; NULL = not known */
};

static size_t read_descriptor(void *context, uint64_t offset, void *buffer, size_t size)
{
	ssize_t got = offset <= INT64_MAX ? pread(*(int *)context, buffer, size, (off_t)offset) : 0;

	return got > 0 ? (size_t)got : 0;
}

static bool has_build_id(int fd, const struct tmi_elf_build_id *wanted)
{
	struct tmi_elf_build_id id;
	struct tmi_elf elf;
	const char *why;

	if (!tmi_elf_init(&elf, read_descriptor, &fd, 0, &why))
		return false;
	tmi_elf_file_build_id(&elf, &id);
	return tmi_elf_build_id_equal(&id, wanted);
}

static bool write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t done = write(fd, data, size);

		if (done <= 0)
			return false;
		data += done;
		size -= (size_t)done;
	}
	return true;
}

/* Copies a file into memory of its own; -1 when it is too large or cannot be read. */
static int copy_file(int fd)
{
	char *piece = malloc(COPY_PIECE);
	int copy = memfd_create("tmem-symbols", MFD_CLOEXEC);
	bool good = piece && copy >= 0;
	uint64_t at = 0;
	ssize_t got;

	while (good && (got = pread(fd, piece, COPY_PIECE, (off_t)at)) != 0) {
		good = got > 0 && at + (uint64_t)got <= COPY_MAX &&
		       write_all(copy, piece, (size_t)got);
		at += (uint64_t)got;
	}
	free(piece);
	if (good)
		return copy;
	if (copy >= 0)
		close(copy);
	return -1;
}

/* A private copy of the file behind @fd when it is the wanted build; else -1. Closes @fd. */
static int copy_of_build(int fd, const struct tmi_elf_build_id *id)
{
	struct stat info;
	int copy = -1;

	if (fd < 0)
		return -1;
	if (!fstat(fd, &info) && S_ISREG(info.st_mode) && info.st_size <= (off_t)COPY_MAX &&
	    has_build_id(fd, id))
		copy = copy_file(fd);
	close(fd);
	/* It could have changed while it was copied. */
	if (copy >= 0 && !has_build_id(copy, id)) {
		close(copy);
		return -1;
	}
	return copy;
}

/* A copy of the file of this name, made by @format, if it is the wanted build. */
__attribute__((format(printf, 2, 3))) static int try_file(const struct search *search,
							  const char *format, ...)
{
	va_list arguments;
	struct stat info;
	char *path;
	int fd = -1;

	va_start(arguments, format);
	if (vasprintf(&path, format, arguments) < 0)
		path = NULL;
	va_end(arguments);
	if (path && !stat(path, &info) && S_ISREG(info.st_mode))
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	free(path);
	return copy_of_build(fd, search->id);
}

static int find_by_build_id(const struct search *search)
{
	char digits[2 * 64 + 1];

	if (search->id->size < 2)
		return -1;
	tmi_elf_build_id_text(search->id, digits);
	return try_file(search, DEBUG_ROOT "/.build-id/%.2s/%s.debug", digits, digits + 2);
}

/* tmi_elfutils_debug_file. A link that is no plain name could lead anywhere. */
static int find_debug_file(void *context, const char *link)
{
	const struct search *search = context;
	int fd = find_by_build_id(search);

	if (fd >= 0 || !link || !*link || strchr(link, '/') || !search->folder)
		return fd;
	fd = try_file(search, "%s/.debug/%s", search->folder, link);
	if (fd < 0)
		fd = try_file(search, DEBUG_ROOT "%s/%s", search->folder, link);
	if (fd < 0)
		fd = try_file(search, "%s/%s", search->folder, link);
	return fd;
}

/* Folder of an open file; NULL when it has no name. */
static char *folder_of(int fd)
{
	char link[64];
	char *path;
	char *slash;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	path = realpath(link, NULL);
	slash = path ? strrchr(path, '/') : NULL;
	if (slash)
		*slash = 0;
	return path;
}

void tmi_symbol_file_add(struct tmi_space *space, const struct tmi_elf_image *image,
			 struct tmi_elf_symbols *symbols)
{
	const struct tmi_target_kind *kind = space->shared->kind;
	struct search search = { .id = &image->build_id };
	int fd;

	/* What nothing would read needs no copy. */
	if (!image->build_id.size || !kind->image_file || !tmi_elfutils_available())
		return;
	fd = kind->image_file(space->shared->state, space->number, image->base);
	if (fd < 0)
		return;
	search.folder = folder_of(fd);
	fd = copy_of_build(fd, &image->build_id);
	if (fd >= 0) {
		tmi_elfutils_add_symbols(symbols, fd, find_debug_file, &search);
		close(fd);
	}
	free(search.folder);
}
