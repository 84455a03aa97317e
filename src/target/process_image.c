/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_image.c - the local file of a mapped program or library of a live process.
 *
 * The kernel's own link to the mapped file is the best way, for it leads to the very file even if
 * that was removed since; it wants a privilege. The program has a link of its own. What is left is
 * the name, as the process's own root folder has it. Whoever reads the file compares build-ids.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "target/process.h"

/* Opens for reading what @place, a descriptor without access, stands for, if it is a plain file. */
static int open_place(int place)
{
	struct stat info;
	char link[64];
	int fd = -1;

	if (place < 0)
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
	if (!fstat(place, &info) && S_ISREG(info.st_mode))
		fd = open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	close(place);
	return fd;
}

static int open_mapped_file(const struct live *process, const struct tmi_run *run)
{
	char name[80];

	snprintf(name, sizeof(name), "map_files/%" PRIx64 "-%" PRIx64, run->first, run->last + 1);
	return open_place(openat(process->dir, name, O_PATH | O_CLOEXEC));
}

static int open_program(const struct live *process, const char *name)
{
	char program[4096];
	ssize_t size = readlinkat(process->dir, "exe", program, sizeof(program));

	if (size <= 0 || (size_t)size != strlen(name) || memcmp(program, name, (size_t)size) != 0)
		return -1;
	return open_place(openat(process->dir, "exe", O_PATH | O_CLOEXEC));
}

/* By name inside the process's root: no link leads out of it. */
static int open_named(const struct live *process, const char *name)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int root, place;

	if (name[0] != '/')
		return -1;
	root = openat(process->dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -1;
	place = (int)syscall(SYS_openat2, root, name, &how, sizeof(how));
	close(root);
	return open_place(place);
}

int tmi_process_image_file(void *state, uint32_t space, uint64_t address)
{
	struct live *process;
	struct tmi_run run;
	int fd;

	if (tmi_process_find(state, space, &process) != TMEM_S_OK ||
	    tmi_process_run(state, space, address, &run) != TMEM_S_OK || run.first > address)
		return -1;
	fd = open_mapped_file(process, &run);
	if (fd < 0)
		fd = open_program(process, run.name);
	if (fd < 0)
		fd = open_named(process, run.name);
	return fd;
}
