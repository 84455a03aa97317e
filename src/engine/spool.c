/* SPDX-License-Identifier: Apache-2.0 */
/* spool.c - the file without a name that takes unpacked bytes; see spool.h. */
#include "engine/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/options.h"

/* So much of the free space is left to others: a sixteenth, at most 1 GiB. */
#define RESERVE_SHARE 16u
#define MOST_RESERVED (UINT64_C(1) << 30)
#define SIZE_TEXT     32u

/* Bytes that may be stored in a file system. */
static uint64_t room_of(const struct statvfs *system)
{
	uint64_t available, reserve;

	if (__builtin_mul_overflow((uint64_t)system->f_bavail, (uint64_t)system->f_frsize,
				   &available))
		return UINT64_MAX;
	reserve = available / RESERVE_SHARE;
	return available - (reserve < MOST_RESERVED ? reserve : MOST_RESERVED);
}

static uint64_t room_in(const char *folder)
{
	struct statvfs system;

	return statvfs(folder, &system) == 0 ? room_of(&system) : 0;
}

static const char *choose_folder(uint64_t expected)
{
	const char *given = secure_getenv("TMPDIR");
	uint64_t room;

	if (given && *given)
		return given;
	room = room_in("/tmp");
	return room < expected && room_in("/var/tmp") > room ? "/var/tmp" : "/tmp";
}

/* For file systems that cannot make a file without a name: it has one for a moment. */
static int make_and_unlink(const char *folder)
{
	char *path;
	int fd;

	if (asprintf(&path, "%s/tmem-XXXXXX", folder) < 0)
		return -1;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	free(path);
	return fd;
}

static int make_file(const char *folder)
{
	int fd = -1;

	if (!tmi_disabled("tmpfile"))
		fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
	return fd >= 0 ? fd : make_and_unlink(folder);
}

tmem_status tmi_spool_open(struct tmi_spool *spool, uint64_t limit, uint64_t expected)
{
	struct rlimit most;
	struct statvfs system;

	*spool = (struct tmi_spool){ .fd = -1, .limit = limit, .system = UINT64_MAX };
	spool->folder = choose_folder(expected);
	spool->fd = make_file(spool->folder);
	if (spool->fd < 0 || fstatvfs(spool->fd, &system) < 0) {
		int error = errno;

		tmi_spool_close(spool);
		return tmi_fail_text(error == ENOSPC || error == EDQUOT ? TMEM_E_OUTOFMEMORY
				     : error == EACCES || error == EPERM || error == EROFS
					     ? TMEM_E_ACCESS_DENIED
					     : TMEM_E_FAIL,
				     "no file to unpack into can be made in %s: %s (TMPDIR names "
				     "another folder)",
				     spool->folder, strerrordesc_np(error));
	}
	spool->room = room_of(&system);
	/* Writing past it would raise SIGXFSZ, which ends a program. */
	if (getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur != RLIM_INFINITY)
		spool->system = most.rlim_cur;
	return TMEM_S_OK;
}

void tmi_spool_close(struct tmi_spool *spool)
{
	if (spool->fd >= 0)
		close(spool->fd);
	spool->fd = -1;
}

/* A size for people, rounded down: "4.0 GiB". @text has SIZE_TEXT bytes. */
static const char *put_size(char *text, uint64_t size)
{
	static const char units[] = "KMGTPE";
	uint64_t tenths = size;
	int unit = -1;

	if (size < 1024) {
		snprintf(text, SIZE_TEXT, "%u bytes", (unsigned)size);
		return text;
	}
	for (; size >= 1024; size /= 1024) {
		tenths = size % 1024 * 10 / 1024 + size / 1024 * 10;
		unit++;
	}
	snprintf(text, SIZE_TEXT, "%u.%u %ciB", (unsigned)(tenths / 10), (unsigned)(tenths % 10),
		 units[unit]);
	return text;
}

static tmem_status disk_full(const struct tmi_spool *spool)
{
	char room[SIZE_TEXT];

	return tmi_fail_text(TMEM_E_OUTOFMEMORY,
			     "unpacking it needs more than the %s that can be used in %s (TMPDIR "
			     "names another folder)",
			     put_size(room, spool->room), spool->folder);
}

tmem_status tmi_spool_check(const struct tmi_spool *spool, uint64_t size)
{
	char most[SIZE_TEXT];

	if (size > spool->limit)
		return tmi_fail_text(TMEM_E_OUTOFMEMORY,
				     "it unpacks to more than %s; if it is sound and not made to "
				     "fill the disk, the option unpack-limit=SIZE allows more",
				     put_size(most, spool->limit));
	if (size > spool->system)
		return tmi_fail_text(TMEM_E_OUTOFMEMORY,
				     "it unpacks to more than %s, the largest file that this "
				     "process may write (ulimit -f)",
				     put_size(most, spool->system));
	return TMEM_S_OK;
}

static tmem_status write_failure(const struct tmi_spool *spool, int error)
{
	if (error == ENOSPC || error == EDQUOT || error == EFBIG)
		return disk_full(spool);
	return tmi_fail_text(TMEM_E_FAIL, "writing the unpacked file in %s: %s", spool->folder,
			     strerrordesc_np(error));
}

/* Writes one stretch without pages of zeros. */
static tmem_status store(struct tmi_spool *spool, uint64_t offset, const uint8_t *data, size_t size)
{
	if (size > spool->room - spool->stored)
		return disk_full(spool);
	spool->stored += size;
	while (size > 0) {
		ssize_t done = pwrite(spool->fd, data, size, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return write_failure(spool, done < 0 ? errno : ENOSPC);
		data += done;
		offset += (uint64_t)done;
		size -= (size_t)done;
	}
	return TMEM_S_OK;
}

/* Equal to itself one byte further on, and the first byte 0: all are 0. */
static bool is_zero(const uint8_t *data, size_t size)
{
	return !data[0] && !memcmp(data, data + 1, size - 1);
}

/* Bytes from @data on whose pages are all zeros, or all not. */
static size_t stretch(const uint8_t *data, size_t size, bool zero)
{
	size_t at = 0;

	while (at < size) {
		size_t page = size - at < TMI_SPOOL_PAGE ? size - at : TMI_SPOOL_PAGE;

		if (is_zero(data + at, page) != zero)
			break;
		at += page;
	}
	return at;
}

tmem_status tmi_spool_put(struct tmi_spool *spool, const void *data, size_t size)
{
	const uint8_t *bytes = data;
	tmem_status status = tmi_spool_check(spool, tmi_add_saturating(spool->size, size));
	size_t at = 0;

	while (status == TMEM_S_OK && at < size) {
		size_t filled;

		at += stretch(bytes + at, size - at, true);
		filled = stretch(bytes + at, size - at, false);
		status = store(spool, spool->size + at, bytes + at, filled);
		at += filled;
	}
	spool->size += size;
	return status;
}

tmem_status tmi_spool_end(struct tmi_spool *spool)
{
	if (ftruncate(spool->fd, (off_t)spool->size) == 0)
		return TMEM_S_OK;
	return write_failure(spool, errno);
}
