/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unpack.h - a compressed file as the kinds see it: unpacked once, into a file without a name.
 *
 * The codecs are in format/unpack.h; this joins them with the file, the limits, the progress and
 * the place for the result.
 */
#ifndef TMI_ENGINE_UNPACK_H
#define TMI_ENGINE_UNPACK_H

#include <stdbool.h>
#include <stdint.h>
#include <tmem/target.h>

/* Default of the option unpack-limit. */
#define TMI_UNPACK_LIMIT (UINT64_C(64) << 30)

struct tmi_file_head;

struct tmi_unpack_request {
	const char *path;
	const struct tmi_file_head *head; /* the file's, open or not */
	uint64_t limit;                   /* bytes of the unpacked file */
	bool partial;                     /* of a damaged file take what comes before the damage */
	tmem_progress_callback *progress; /* NULL = none */
	void *progress_context;
	const volatile int *interrupt; /* NULL = none */
};

/* The unpacked file. */
struct tmi_unpacked {
	int fd;
	const char *codec;
	char *path;      /* opens it as long as @fd is open */
	char *name;      /* the original's, for messages: "core.zst (zstd)" */
	uint64_t packed; /* bytes of the original */
	uint64_t size;
	uint64_t stored; /* bytes of it that are no holes */
	bool partial;    /* it ends where the original is damaged */
};

/*
 * Unpacks the file when it is compressed; else, or when it cannot be opened, *unpacked is NULL.
 * Fails with TMEM_E_BAD_FORMAT damaged, cut, followed by something else, or compressed twice;
 * TMEM_E_OUTOFMEMORY beyond a limit or no room on the disk; TMEM_E_CONTROL_C_EXIT; what making a
 * file brings. A failure leaves nothing behind.
 */
tmem_status tmi_unpacked_open(const struct tmi_unpack_request *request,
			      struct tmi_unpacked **unpacked);
void tmi_unpacked_close(struct tmi_unpacked *unpacked);

#endif
