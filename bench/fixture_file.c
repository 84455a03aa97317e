/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixture_file.c - files that go when the program does.
 *
 * They lie in one new folder below TMPDIR. The library opens files by name, so they cannot be
 * unlinked early; an exit and the signals that end a program remove them.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

#define MOST_FILES 16

static char folder[3072];
static char *names[MOST_FILES];
static volatile sig_atomic_t name_count;

/* Only what a signal handler may call. */
static void remove_all(void)
{
	for (int i = 0; i < name_count; i++)
		unlink(names[i]);
	if (folder[0])
		rmdir(folder);
}

static void end(int number)
{
	remove_all();
	signal(number, SIG_DFL);
	raise(number);
}

static bool make_folder(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	const char *place = getenv("TMPDIR");
	char template[sizeof(folder)];
	struct sigaction action = { .sa_handler = end };
	int length = snprintf(template, sizeof(template), "%s/tmem-bench-XXXXXX",
			      place && *place ? place : "/var/tmp");

	if (length < 0 || (size_t)length >= sizeof(template))
		return bench_fail("TMPDIR is too long a name");
	if (!mkdtemp(template))
		return bench_fail("%s: %s", template, strerror(errno));
	memcpy(folder, template, (size_t)length + 1);
	atexit(remove_all);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
	return true;
}

int bench_file_new(char *path, size_t path_size, const char *name)
{
	int length;
	int fd;

	if (name_count == MOST_FILES) {
		bench_fail("there are %d files already", MOST_FILES);
		return -1;
	}
	if (!folder[0] && !make_folder())
		return -1;
	length = snprintf(path, path_size, "%s/%s", folder, name);
	names[name_count] = length > 0 && (size_t)length < path_size ? strdup(path) : NULL;
	if (!names[name_count]) {
		bench_fail("no room for the name of %s", name);
		return -1;
	}
	name_count++;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		bench_fail("%s: %s", path, strerror(errno));
	return fd;
}

bool bench_file_put(int fd, const void *bytes, size_t size, uint64_t offset)
{
	const uint8_t *next = bytes;

	while (size) {
		ssize_t done = pwrite(fd, next, size, (off_t)offset);

		if (done <= 0)
			return bench_fail("writing a file: %s", strerror(done ? errno : ENOSPC));
		next += done;
		size -= (size_t)done;
		offset += (uint64_t)done;
	}
	return true;
}

bool bench_file_end(int fd, const char *path)
{
	bool good = fdatasync(fd) == 0 || bench_fail("%s: %s", path, strerror(errno));

	close(fd);
	return good;
}
