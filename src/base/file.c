/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - stored files, mapped or read; see file.h. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/sigbus.h"

/* From here up a copy is bulk: worth choosing between the mapping and pread(). */
#define BULK_SIZE 262144u
/* Every so many bulk copies the way that seemed slower is tried again. */
#define BULK_RETRY 32u

static tmem_status open_failure(const char *path, int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
	case ELOOP: return tmi_fail_text(TMEM_E_FILE_NOT_FOUND, "%s: %s", path, strerror(error));
	case EACCES:
	case EPERM: return tmi_fail_text(TMEM_E_ACCESS_DENIED, "%s: %s", path, strerror(error));
	case ENOMEM: return tmi_fail_text(TMEM_E_OUTOFMEMORY, "%s: %s", path, strerror(error));
	default: return tmi_fail_text(TMEM_E_FAIL, "%s: %s", path, strerror(error));
	}
}

void tmi_file_head_open(struct tmi_file_head *head, const char *path)
{
	ssize_t got = 0;

	head->size = 0;
	head->offset = 0;
	head->error = 0;
	/* Without O_NONBLOCK the open of a pipe would wait for a writer. */
	head->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (head->fd < 0 || fstat(head->fd, &head->info) < 0) {
		head->error = errno;
		tmi_file_head_close(head);
		return;
	}
	if (S_ISREG(head->info.st_mode) || S_ISBLK(head->info.st_mode))
		got = pread(head->fd, head->bytes, sizeof(head->bytes), 0);
	if (got < 0)
		head->error = errno;
	else
		head->size = (size_t)got;
}

void tmi_file_head_close(struct tmi_file_head *head)
{
	if (head->fd >= 0)
		close(head->fd);
	head->fd = -1;
}

/* Size of what was opened. A device does not tell it by fstat(). */
static tmem_status measure(struct tmi_file *file, const char *path, const struct stat *info)
{
	off_t size;

	if (S_ISDIR(info->st_mode))
		return tmi_fail_text(TMEM_E_INVALIDARG, "%s: a folder; expected a file", path);
	if (!S_ISREG(info->st_mode) && !S_ISBLK(info->st_mode))
		return tmi_fail_text(TMEM_E_INVALIDARG, "%s: neither a file nor a block device",
				     path);
	size = S_ISREG(info->st_mode) ? info->st_size : lseek(file->fd, 0, SEEK_END);
	if (size < 0)
		return tmi_fail_text(TMEM_E_INVALIDARG, "%s: a device without size", path);
	if (size == 0)
		return tmi_fail_text(TMEM_E_MAPPED_FILE_SIZE_ZERO, "%s: the file is empty", path);
	file->size = (uint64_t)size;
	file->sparse = S_ISREG(info->st_mode) && (uint64_t)info->st_blocks < file->size / 512;
	return TMEM_S_OK;
}

/* Size of the pages that a mapping of the file is made of. */
static size_t page_granule(int fd, const struct stat *info)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct statfs system;

	if ((size_t)info->st_blksize <= page || fstatfs(fd, &system) < 0 ||
	    system.f_type != HUGETLBFS_MAGIC)
		return page;
	return (size_t)info->st_blksize;
}

/* Maps the whole file. What cannot be mapped is read instead: no failure. */
static void map_whole(struct tmi_file *file, const struct stat *info)
{
	size_t granule = page_granule(file->fd, info);
	size_t size;
	void *map;

	if (file->size > SIZE_MAX - granule)
		return;
	size = (size_t)file->size;
	map = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_NORESERVE, file->fd, 0);
	if (map == MAP_FAILED)
		return;
	file->slot = tmi_sigbus_guard(map, (size + granule - 1) & ~(granule - 1), granule,
				      &file->truncated);
	if (file->slot < 0) {
		munmap(map, size);
		return;
	}
	file->map = map;
	file->map_size = file->size;
}

/* Takes the descriptor of @head over, or opens the file. */
static tmem_status take_or_open(struct tmi_file *file, struct tmi_file_head *head, const char *path,
				const char *name, struct stat *info)
{
	if (head && head->fd >= 0) {
		file->fd = head->fd;
		file->head = head;
		*info = head->info;
		head->fd = -1;
		return TMEM_S_OK;
	}
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (file->fd < 0 || fstat(file->fd, info) < 0)
		return open_failure(name, errno);
	return TMEM_S_OK;
}

tmem_status tmi_file_open_named(struct tmi_file *file, struct tmi_file_head *head, const char *path,
				const char *name, bool may_map)
{
	struct stat info;
	tmem_status status;

	if (!name)
		name = path;
	memset(file, 0, sizeof(*file));
	file->slot = -1;
	file->may_map = may_map;
	status = take_or_open(file, head, path, name, &info);
	if (status == TMEM_S_OK)
		status = measure(file, name, &info);
	if (status != TMEM_S_OK) {
		tmi_file_close(file);
		return status;
	}
	file->path = strdup(name);
	if (!file->path) {
		tmi_file_close(file);
		return tmi_fail_text(TMEM_E_OUTOFMEMORY, "%s: out of memory", name);
	}
	if (may_map)
		map_whole(file, &info);
	return TMEM_S_OK;
}

tmem_status tmi_file_open(struct tmi_file *file, const char *path, bool may_map)
{
	return tmi_file_open_named(file, NULL, path, path, may_map);
}

void tmi_file_settle(struct tmi_file *file)
{
	file->head = NULL;
}

void tmi_file_close(struct tmi_file *file)
{
	tmi_sigbus_forget(file->slot);
	file->slot = -1;
	if (file->map)
		munmap((void *)(uintptr_t)file->map, (size_t)file->map_size);
	file->map = NULL;
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	free(file->path);
	file->path = NULL;
	file->head = NULL;
}

static void set_truncated(struct tmi_file *file)
{
	atomic_store_explicit(&file->truncated, true, memory_order_release);
}

/* pread() until all is there, the file ends or it fails. */
static size_t read_pieces(struct tmi_file *file, uint64_t offset, void *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = pread(file->fd, (uint8_t *)buffer + done, size - done,
				    (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			set_truncated(file);
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

/* Copies from the mapping; false when the file turned out to be cut, *buffer is then worthless. */
static bool copy_mapped(struct tmi_file *file, uint64_t offset, void *buffer, size_t size)
{
	struct stat info;

	memcpy(buffer, file->map + offset, size);
	/*
	 * The rest of the page in which a file was cut reads as zeros without any signal, so ask
	 * where a system call is not felt.
	 */
	if (size >= BULK_SIZE && fstat(file->fd, &info) == 0 && S_ISREG(info.st_mode) &&
	    (uint64_t)info.st_size < file->size)
		set_truncated(file);
	return !tmi_file_truncated(file);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Keeps a running mean of what a MiB costs; 0 stays "not tried yet". */
static void note_cost(atomic_uint *cost, uint64_t ns, size_t size)
{
	uint64_t new = ns * 1048576u / size;
	unsigned old = atomic_load_explicit(cost, memory_order_relaxed);

	if (old)
		new = (3 * (uint64_t)old + new) / 4;
	new = new > UINT32_MAX ? UINT32_MAX : new < 1 ? 1 : new;
	atomic_store_explicit(cost, (unsigned)new, memory_order_relaxed);
}

/*
 * One pass over a file is faster by pread() or by the mapping depending on how it lies in the page
 * cache and whether its pages are mapped already: tried, not guessed.
 */
static bool bulk_by_mapping(struct tmi_file *file)
{
	unsigned copy = atomic_load_explicit(&file->copy_cost, memory_order_relaxed);
	unsigned read = atomic_load_explicit(&file->read_cost, memory_order_relaxed);
	unsigned turn = atomic_fetch_add_explicit(&file->bulk_turn, 1, memory_order_relaxed);
	bool mapping = !copy || (read && copy <= read);

	return turn % BULK_RETRY == BULK_RETRY - 1 ? !mapping : mapping;
}

static size_t read_bulk(struct tmi_file *file, uint64_t offset, void *buffer, size_t size)
{
	uint64_t start = now_ns();
	size_t done;

	if (bulk_by_mapping(file)) {
		if (!copy_mapped(file, offset, buffer, size))
			return read_pieces(file, offset, buffer, size);
		note_cost(&file->copy_cost, now_ns() - start, size);
		return size;
	}
	done = read_pieces(file, offset, buffer, size);
	if (done == size)
		note_cost(&file->read_cost, now_ns() - start, size);
	return done;
}

static bool is_in_head(const struct tmi_file_head *head, uint64_t offset, size_t size)
{
	return offset >= head->offset && tmi_in_range(head->size, offset - head->offset, size);
}

/*
 * What is read to open the file: headers and notes, one behind the other. Touching the mapping for
 * them would cost tables of pages, to be made and freed again.
 */
static size_t read_at_opening(struct tmi_file *file, uint64_t offset, void *buffer, size_t size)
{
	struct tmi_file_head *head = file->head;

	if (size < sizeof(head->bytes) && !is_in_head(head, offset, size)) {
		uint64_t rest = file->size - offset;

		head->offset = offset;
		head->size = read_pieces(file, offset, head->bytes,
					 rest < sizeof(head->bytes) ? rest : sizeof(head->bytes));
	}
	if (!is_in_head(head, offset, size))
		return read_pieces(file, offset, buffer, size);
	memcpy(buffer, head->bytes + (offset - head->offset), size);
	return size;
}

size_t tmi_file_read(struct tmi_file *file, uint64_t offset, void *buffer, size_t size)
{
	if (offset >= file->size)
		return 0;
	if (size > file->size - offset)
		size = (size_t)(file->size - offset);
	if (file->head)
		return read_at_opening(file, offset, buffer, size);
	if (!file->map || tmi_file_truncated(file))
		return read_pieces(file, offset, buffer, size);
	if (size >= BULK_SIZE)
		return read_bulk(file, offset, buffer, size);
	if (copy_mapped(file, offset, buffer, size))
		return size;
	return read_pieces(file, offset, buffer, size);
}

const uint8_t *tmi_file_view(const struct tmi_file *file, uint64_t offset, uint64_t size)
{
	if (!file->map || !tmi_in_range(file->map_size, offset, size) || tmi_file_truncated(file))
		return NULL;
	return file->map + offset;
}

bool tmi_file_hole(struct tmi_file *file, uint64_t offset, uint64_t size, uint64_t *length)
{
	off_t data;

	*length = size;
	if (!file->sparse || offset >= file->size || tmi_file_truncated(file))
		return false;
	if (size > file->size - offset)
		*length = size = file->size - offset;
	/* Every read gives its own offset, so that moving the file's does no harm. */
	data = lseek(file->fd, (off_t)offset, SEEK_DATA);
	if (data < 0 && errno != ENXIO)
		return false;
	if (data < 0 || (uint64_t)data > offset) {
		if (data >= 0 && (uint64_t)data - offset < size)
			*length = (uint64_t)data - offset;
		return true;
	}
	data = lseek(file->fd, (off_t)offset, SEEK_HOLE);
	if (data >= 0 && (uint64_t)data > offset && (uint64_t)data - offset < size)
		*length = (uint64_t)data - offset;
	return false;
}
