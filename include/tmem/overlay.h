/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay.h - writes that a target's file never sees.
 *
 * Stored targets (cores, dumps, images) take writes into a copy-on-write overlay: every later
 * read, search and translation through any handle of the target sees them, the file does not
 * change. A live target does so only with overlay=on. The Uncached methods do not bypass it.
 */
#ifndef TMEM_OVERLAY_H
#define TMEM_OVERLAY_H

#include <tmem/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One run of written bytes. */
struct tmem_overlay_run {
	uint32_t size;       /* size of this struct in bytes */
	uint32_t space;      /* TMEM_DATA_SPACE_VIRTUAL or TMEM_DATA_SPACE_PHYSICAL */
	uint32_t process_id; /* engine id of the process, TMEM_ANY_ID for physical memory */
	uint32_t reserved;
	uint64_t offset;  /* first address */
	uint64_t length;  /* bytes */
	const void *data; /* the written bytes; valid inside the callback only */
};

/* Called for each run in ascending order; a failing status ends the listing and is returned. */
typedef tmem_status tmem_overlay_callback(void *context, const struct tmem_overlay_run *run);

/*
 * tmem_overlay_list() - lists what was written.
 * A run may be reported in pieces of a page. Returns TMEM_S_OK; what @callback returned;
 * TMEM_E_INVALIDARG @callback is NULL.
 */
TMEM_API tmem_status tmem_overlay_list(tmem_target *target, tmem_overlay_callback *callback,
				       void *context);

/*
 * tmem_overlay_discard() - forgets everything written; memory is as in the file again.
 * Sends ChangeDebuggeeState(DATA, space) to every handle if anything was written.
 * Returns TMEM_S_OK; TMEM_E_UNEXPECTED from inside a callback.
 */
TMEM_API tmem_status tmem_overlay_discard(tmem_target *target);

/*
 * tmem_overlay_export() - writes the overlay to a text file: one line per run, made of space,
 * process, hexadecimal address and bytes (docs/overlay.md).
 * @path: the file; must not exist.
 *
 * Returns TMEM_S_OK; TMEM_E_ACCESS_DENIED or TMEM_E_FAIL the file could not be written (the text
 * names the cause; no partial file stays); TMEM_E_INVALIDARG @path is NULL.
 */
TMEM_API tmem_status tmem_overlay_export(tmem_target *target, const char *path);

#ifdef __cplusplus
}
#endif

#endif
