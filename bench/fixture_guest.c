/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixture_guest.c - the dump of a real guest, which tools/bench-guest makes: one of its processes
 * has the big memory, in frames that its kernel chose.
 *
 * The environment's BENCH_GUEST names the folder. Where things are in the dump was written down by
 * the guest itself and by QEMU; the limits need no more than that.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "image_walk.h"

#define PIECE ((size_t)1 << 20)

/* In the kernel's map of all physical memory, behind what is mapped in 4 KiB for old devices. */
#define FIRST_LARGE ((uint64_t)BENCH_IMAGE_LARGE_PAGE)

struct facts {
	uint64_t address; /* of the big memory in the process */
	uint64_t size;
	uint64_t root;
	uint64_t offset; /* in the file, of physical memory */
	uint64_t direct; /* virtual address of physical memory in the kernel */
	uint64_t memory; /* bytes of it */
};

static void set_fact(struct facts *facts, const char *name, uint64_t value)
{
	const struct {
		const char *name;
		uint64_t *value;
	} all[] = { { "address", &facts->address }, { "size", &facts->size },
		    { "root", &facts->root },       { "offset", &facts->offset },
		    { "direct", &facts->direct },   { "memory", &facts->memory } };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(all[i].name, name))
			*all[i].value = value;
}

static bool read_facts(const char *folder, struct facts *facts)
{
	char path[4096], name[32];
	uint64_t value;
	FILE *file;

	snprintf(path, sizeof(path), "%s/facts", folder);
	file = fopen(path, "re");
	if (!file)
		return bench_fail("%s: %s", path, strerror(errno));
	while (fscanf(file, "%31s 0x%" SCNx64, name, &value) == 2)
		set_fact(facts, name, value);
	fclose(file);
	if (facts->size != bench_size())
		return bench_fail("%s: a guest with %" PRIu64 " MiB, and %" PRIu64 " are measured",
				  path, facts->size >> 20, bench_size() >> 20);
	return facts->address && facts->root && facts->offset && facts->direct &&
			       facts->memory >= FIRST_LARGE + facts->size
		       ? true
		       : bench_fail("%s: a line is missing", path);
}

/* Into the page cache, where a dump that was just written is too. */
static bool read_whole(int fd, const char *path)
{
	void *piece = malloc(PIECE);
	ssize_t done = piece ? 1 : -1;

	for (off_t at = 0; done > 0; at += done)
		done = pread(fd, piece, PIECE, at);
	free(piece);
	return done == 0 || bench_fail("%s: %s", path, strerror(errno));
}

/* The mapping stays until the program ends. */
static bool map_dump(struct bench_image *image, const struct facts *facts)
{
	int fd = open(image->path, O_RDONLY | O_CLOEXEC);
	void *map = MAP_FAILED;
	struct stat info;

	if (fd < 0 || fstat(fd, &info) < 0)
		bench_fail("%s: %s", image->path, strerror(errno));
	else if ((uint64_t)info.st_size < facts->offset + facts->memory)
		bench_fail("%s: the file ends too early", image->path);
	else if (read_whole(fd, image->path))
		map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (map != MAP_FAILED)
		image->map = (const uint8_t *)map + facts->offset;
	return image->map || bench_fail("%s: the dump is not measured", image->path);
}

enum bench_result bench_guest_image(const struct bench_image **found)
{
	static struct bench_image image = { .kind = "vmcore" };
	static enum bench_result result = BENCH_FAILED;
	const char *folder = getenv("BENCH_GUEST");
	struct facts facts = { 0 };

	*found = &image;
	if (image.path[0])
		return result;
	snprintf(image.path, sizeof(image.path), "%s/dump.elf", folder ? folder : "");
	if (!folder || !folder[0]) {
		bench_absent("the dump of a real guest: BENCH_GUEST names no folder of one");
		return result = BENCH_ABSENT;
	}
	if (!read_facts(folder, &facts) || !map_dump(&image, &facts))
		return result;
	image.size = facts.memory;
	image.root = facts.root;
	image.data = FIRST_LARGE;
	image.pages = facts.address;
	image.large = facts.direct;
	return result = BENCH_READY;
}
