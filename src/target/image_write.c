/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image_write.c - write=through: the file is the memory of a running guest; see image.h.
 *
 * A store into a shared mapping is what a processor does: aligned words arrive whole, so that a
 * guest never sees half an entry of its page tables. With map=never pwrite() is used.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/sigbus.h"
#include "target/image.h"

static tmem_status open_failure(const char *path, int error)
{
	tmem_status status = error == EACCES || error == EPERM || error == EROFS
				     ? TMEM_E_ACCESS_DENIED
				     : TMEM_E_FAIL;

	return tmi_fail_text(status, "%s: cannot be written through: %s", path, strerror(error));
}

/* Size of the pages that a mapping of the file is made of. */
static size_t page_granule(int fd, const struct stat *info)
{
	struct statfs system;

	if (fstatfs(fd, &system) == 0 && system.f_type == HUGETLBFS_MAGIC)
		return (size_t)info->st_blksize;
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* What cannot be mapped is written by pwrite() instead: no failure. */
static void map_writer(struct image_writer *writer, const struct stat *info, uint64_t size)
{
	size_t granule = page_granule(writer->fd, info);
	void *map;

	if (size > SIZE_MAX - granule)
		return;
	map = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
		   writer->fd, 0);
	if (map == MAP_FAILED)
		return;
	writer->guard = tmi_sigbus_guard(map, ((size_t)size + granule - 1) & ~(granule - 1),
					 granule, &writer->lost);
	if (writer->guard < 0) {
		munmap(map, (size_t)size);
		return;
	}
	writer->map = map;
	writer->map_size = (size_t)size;
}

tmem_status tmi_image_writer_open(struct image *image, const char *path)
{
	struct image_writer *writer = &image->writer;
	struct stat reads, writes;

	writer->fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (writer->fd < 0)
		return open_failure(path, errno);
	if (fstat(image->stored.file.fd, &reads) < 0 || fstat(writer->fd, &writes) < 0)
		return open_failure(path, errno);
	if (reads.st_dev != writes.st_dev || reads.st_ino != writes.st_ino)
		return tmi_fail_text(TMEM_E_FAIL, "%s: became another file while it was opened",
				     path);
	if (image->may_map)
		map_writer(writer, &writes, image->stored.file.size);
	return TMEM_S_OK;
}

void tmi_image_writer_close(struct image_writer *writer)
{
	tmi_sigbus_forget(writer->guard);
	if (writer->map)
		munmap(writer->map, writer->map_size);
	if (writer->fd >= 0)
		close(writer->fd);
}

/* One store for a word that lies as processors want it, else bytes in any order. */
static void store(uint8_t *to, const uint8_t *from, size_t size)
{
	if (size == 8 && !((uintptr_t)to & 7)) {
		uint64_t value;

		memcpy(&value, from, 8);
		__atomic_store_n((uint64_t *)(void *)to, value, __ATOMIC_RELAXED);
	} else if (size == 4 && !((uintptr_t)to & 3)) {
		uint32_t value;

		memcpy(&value, from, 4);
		__atomic_store_n((uint32_t *)(void *)to, value, __ATOMIC_RELAXED);
	} else {
		memcpy(to, from, size);
	}
}

static size_t write_pieces(int fd, uint64_t offset, const uint8_t *from, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = pwrite(fd, from + done, size - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

/* Changes [offset, offset + size) of the file, which has it; returns how much of it. */
static size_t write_file(struct image_writer *writer, uint64_t offset, const uint8_t *from,
			 size_t size)
{
	if (!writer->map || !tmi_in_range(writer->map_size, offset, size))
		return write_pieces(writer->fd, offset, from, size);
	store(writer->map + offset, from, size);
	/* Zeros that nobody sees stand where a page could not be had. */
	return atomic_load(&writer->lost) ? 0 : size;
}

static tmem_status write_item(struct image *image, struct tmem_transfer *item)
{
	struct tmi_stored *stored = &image->stored;
	uint64_t address = item->offset;
	struct tmi_stored_piece piece;

	while (item->done < item->size &&
	       tmi_stored_table_find(&stored->table, atomic_load(&stored->size), address, &piece) &&
	       piece.stored) {
		uint64_t there = piece.last - address;
		size_t left = item->size - item->done;
		size_t part = there < left ? (size_t)there + 1 : left;
		size_t got = write_file(&image->writer, piece.offset + (address - piece.first),
					(const uint8_t *)item->buffer + item->done, part);

		item->done += got;
		address += got;
		if (got < part) {
			piece.reason = TMEM_REASON_TRUNCATED;
			break;
		}
		if (address == 0)
			break;
	}
	if (item->done || !item->size)
		return TMEM_S_OK;
	return tmi_fail(TMEM_E_WRITE_FAULT, piece.reason, item->offset);
}

tmem_status tmi_image_write(void *state, uint32_t space, struct tmem_transfer *items, size_t count)
{
	struct image *image = state;

	/* Neither way of writing may make the file longer. */
	tmi_stored_measure(&image->stored);
	for (size_t i = 0; i < count; i++) {
		items[i].done = 0;
		if (space != TMI_SPACE_PHYSICAL)
			items[i].status = tmi_fail(TMEM_E_WRITE_FAULT, TMEM_REASON_NOT_MAPPED,
						   items[i].offset);
		else if (!image->through)
			items[i].status = tmi_fail(TMEM_E_WRITE_FAULT, TMEM_REASON_NOT_STORED,
						   items[i].offset);
		else
			items[i].status = write_item(image, &items[i]);
	}
	return TMEM_S_OK;
}
