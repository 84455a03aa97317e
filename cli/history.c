/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.c - the file with the lines of earlier sessions.
 *
 * Each line is added by one write at the end, so that sessions side by side keep theirs. The file
 * is cut to its newest lines when it is opened. It is only used when it belongs to the user.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

#define MOST_BYTES (256 * 1024) /* a file that grew past it loses its older half */

struct history_file {
	int fd;
	char *text; /* what was there at opening, NUL-terminated lines */
	size_t size;
};

/* The file's path, NULL when there shall be none; must be freed. */
static char *make_path(void)
{
	const char *given = getenv("TMEM_HISTORY");
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	char *path = NULL;

	if (given)
		return *given ? strdup(given) : NULL;
	/* As the rule for these folders says, one that is not absolute does not count. */
	if (state && *state == '/')
		return asprintf(&path, "%s/tmem/history", state) < 0 ? NULL : path;
	/* A home that does not exist, as services have, is not made. */
	if (home && *home == '/' && access(home, W_OK) == 0)
		return asprintf(&path, "%s/.local/state/tmem/history", home) < 0 ? NULL : path;
	return NULL;
}

/* Makes the folders that lead to @path. */
static void make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(path, 0700);
		*slash = '/';
	}
}

static bool is_own(int fd)
{
	struct stat info;

	return fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid() &&
	       ((info.st_mode & 077) == 0 || fchmod(fd, 0600) == 0);
}

static bool write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t done = write(fd, text, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		text += done;
		size -= (size_t)done;
	}
	return true;
}

/* Reads at most the newest MOST_BYTES, from the start of a line on. */
static bool read_text(struct history_file *file)
{
	off_t end = lseek(file->fd, 0, SEEK_END);
	off_t from = end > MOST_BYTES ? end - MOST_BYTES : 0;
	ssize_t got;
	char *line;

	file->text = malloc(MOST_BYTES + 1);
	if (!file->text || end < 0)
		return false;
	while (file->size < MOST_BYTES) {
		got = pread(file->fd, file->text + file->size, MOST_BYTES - file->size,
			    from + (off_t)file->size);
		if (got <= 0)
			break;
		file->size += (size_t)got;
	}
	if (from > 0) {
		line = memchr(file->text, '\n', file->size);
		line = line ? line + 1 : file->text + file->size;
		file->size -= (size_t)(line - file->text);
		memmove(file->text, line, file->size);
	}
	file->text[file->size] = 0;
	return true;
}

/* The newer half of a file that has become too large stays. */
static void shorten(struct history_file *file)
{
	struct stat info;
	const char *half, *line;

	if (fstat(file->fd, &info) != 0 || info.st_size <= MOST_BYTES || !file->size)
		return;
	half = file->text + file->size / 2;
	line = memchr(half, '\n', file->size - (size_t)(half - file->text));
	if (line && ftruncate(file->fd, 0) == 0)
		write_all(file->fd, line + 1, file->size - (size_t)(line + 1 - file->text));
}

struct history_file *history_open(void)
{
	struct history_file *file = calloc(1, sizeof(*file));
	char *path = make_path();
	bool usable;

	if (!file || !path) {
		free(path);
		free(file);
		return NULL;
	}
	make_folders(path);
	file->fd =
		open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	free(path);
	usable = file->fd >= 0 && is_own(file->fd) && flock(file->fd, LOCK_EX) == 0;
	if (!usable || !read_text(file)) {
		history_close(file);
		return NULL;
	}
	shorten(file);
	flock(file->fd, LOCK_UN);
	return file;
}

void history_close(struct history_file *file)
{
	if (!file)
		return;
	if (file->fd >= 0)
		close(file->fd);
	free(file->text);
	free(file);
}

void history_load(struct history_file *file, void (*take)(void *context, const char *line),
		  void *context)
{
	char *line = file ? file->text : NULL;

	while (line && *line) {
		char *end = strchr(line, '\n');

		if (end)
			*end = 0;
		if (*line)
			take(context, line);
		line = end ? end + 1 : NULL;
	}
}

void history_add(struct history_file *file, const char *line)
{
	char *text;
	int size;

	if (!file)
		return;
	size = asprintf(&text, "%s\n", line);
	if (size < 0)
		return;
	/* A full disk costs the line, no more. */
	write_all(file->fd, text, (size_t)size);
	free(text);
}
