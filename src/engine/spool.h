/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool.h - a file without a name that takes unpacked bytes: pages of zeros become holes.
 *
 * It lies in $TMPDIR; without that in /tmp, or in /var/tmp when /tmp has too little room for what
 * is expected. Nobody else can open it, and it is gone when its last descriptor is closed, also
 * when the program is killed.
 */
#ifndef TMI_ENGINE_SPOOL_H
#define TMI_ENGINE_SPOOL_H

#include <stddef.h>
#include <stdint.h>
#include <tmem/status.h>

/* Pieces begin at multiples of this. */
#define TMI_SPOOL_PAGE 4096u

struct tmi_spool {
	int fd;
	const char *folder;
	uint64_t size;   /* bytes put, zeros included */
	uint64_t stored; /* of them written */
	uint64_t limit;  /* of size */
	uint64_t room;   /* of stored: what was free in the folder, less a reserve */
	uint64_t system; /* of size: RLIMIT_FSIZE */
};

/* Makes the file. @expected: bytes that will be stored, as far as one can guess. */
tmem_status tmi_spool_open(struct tmi_spool *spool, uint64_t limit, uint64_t expected);

/*
 * Puts the next bytes; every piece but the last is a multiple of TMI_SPOOL_PAGE. A limit that is
 * passed or a disk that is full is TMEM_E_OUTOFMEMORY; the text says which and what to do.
 */
tmem_status tmi_spool_put(struct tmi_spool *spool, const void *data, size_t size);

/* The failure of @size unpacked bytes, when they are known beforehand to be more than allowed. */
tmem_status tmi_spool_check(const struct tmi_spool *spool, uint64_t size);

/* Gives the file its size: the last pages may be a hole. */
tmem_status tmi_spool_end(struct tmi_spool *spool);

void tmi_spool_close(struct tmi_spool *spool);

#endif
