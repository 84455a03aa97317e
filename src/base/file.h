/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h - a stored file: mapped whole, or read by pread().
 *
 * A file can shrink while it is mapped. The first mapping installs one process-wide, chained
 * SIGBUS handler, which acts inside registered mappings only: it puts zeros over the lost tail and
 * sets the file's truncated flag. Whoever copies from a mapping tests the flag afterwards
 * (tmi_file_was_cut) and reports nothing from beyond. With map=never nothing is installed.
 */
#ifndef TMI_BASE_FILE_H
#define TMI_BASE_FILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <tmem/status.h>

/* Bytes that are looked at before anybody knows what a file is. */
#define TMI_FILE_HEAD 4096u

/*
 * A file that is open and not yet mapped, with its first bytes: nobody need ask for them twice.
 * Once a tmi_file has taken it over it holds other bytes, whatever was read last.
 */
struct tmi_file_head {
	int fd;    /* -1: it could not be opened, or was taken over */
	int error; /* errno of opening, looking or reading; 0 = none */
	struct stat info;
	size_t size; /* of bytes; 0 also when the file is neither a regular one nor a block device
		      */
	uint64_t offset; /* of bytes in the file */
	uint8_t bytes[TMI_FILE_HEAD];
};

/* Opens a file. A failure is told by head->error only. Finish with tmi_file_head_close(). */
void tmi_file_head_open(struct tmi_file_head *head, const char *path);
void tmi_file_head_close(struct tmi_file_head *head);

/* An open file; it must not be moved in memory until tmi_file_close(). */
struct tmi_file {
	int fd;
	bool may_map;
	bool sparse; /* fewer blocks than its size needs: it has holes */
	char *path;
	struct tmi_file_head *head; /* while it is being opened: small reads go through its bytes */
	uint64_t size;              /* bytes when it was opened */
	const uint8_t *map;         /* whole file, or NULL when not mapped */
	uint64_t map_size;          /* bytes mapped */
	atomic_bool truncated;      /* the file was found shorter than it was at opening */
	int slot;                   /* private: row of the SIGBUS table, -1 = none */
	atomic_uint copy_cost; /* private: of bulk copies from the mapping, in ns per MiB, 0 = ? */
	atomic_uint read_cost; /* private: the same by pread() */
	atomic_uint bulk_turn; /* private: bulk copies so far */
};

/*
 * Opens a regular file (or block device) read-only and maps it when @may_map. Fails with
 * TMEM_E_FILE_NOT_FOUND, TMEM_E_ACCESS_DENIED, TMEM_E_MAPPED_FILE_SIZE_ZERO (empty),
 * TMEM_E_INVALIDARG (a folder or a device without size); the text names the path.
 */
tmem_status tmi_file_open(struct tmi_file *file, const char *path, bool may_map);
/*
 * The same; messages and file->path say @name instead, unless it is NULL. With @head, a file that
 * is open, its descriptor is taken over instead of opening @path, and its bytes serve what is read
 * until tmi_file_settle(), which is due before anybody else reads and before @head goes.
 */
tmem_status tmi_file_open_named(struct tmi_file *file, struct tmi_file_head *head, const char *path,
				const char *name, bool may_map);
void tmi_file_settle(struct tmi_file *file);
void tmi_file_close(struct tmi_file *file);

/*
 * Copies bytes; returns how many, short at the end of the file (also when it was cut meanwhile)
 * and on an I/O error. Never touches bytes beyond the end.
 */
size_t tmi_file_read(struct tmi_file *file, uint64_t offset, void *buffer, size_t size);

/*
 * Pointer to [offset, offset + size) in the mapping; NULL when not mapped, not wholly inside, or
 * the file is known to have been cut. After using the bytes ask tmi_file_truncated().
 */
const uint8_t *tmi_file_view(const struct tmi_file *file, uint64_t offset, uint64_t size);

/*
 * True when @offset lies in a hole of the file, whose bytes are zeros without being stored;
 * *length is then how many follow, up to @size. False: *length bytes are data or may be.
 */
bool tmi_file_hole(struct tmi_file *file, uint64_t offset, uint64_t size, uint64_t *length);

/*
 * True when a file was found shorter than it was at opening; asked after bytes of its mapping were
 * used. @truncated: its flag, not NULL.
 *
 * Another thread that meets the cut sets the flag and then puts the zeros there. A processor that
 * loads in any order (arm64) might look at the flag before that and at the bytes after it: acquire
 * of the flag alone holds back what follows the load, not the bytes before it. The fence does, and
 * on x86-64, where loads keep their order, it is no instruction.
 */
static inline bool tmi_file_was_cut(const atomic_bool *truncated)
{
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(truncated, memory_order_relaxed);
}

/* The same of a file. */
static inline bool tmi_file_truncated(const struct tmi_file *file)
{
	return tmi_file_was_cut(&file->truncated);
}

#endif
