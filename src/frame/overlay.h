/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay.h - bytes written over memory that must not change.
 *
 * Knows numbers only: (space, address) and the bytes written there. Whether a byte may be written
 * is decided above. Readers share a lock; where nothing was ever written they take none.
 */
#ifndef TMI_FRAME_OVERLAY_H
#define TMI_FRAME_OVERLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tmem/status.h>

struct tmi_overlay;

/* An empty overlay; NULL when out of memory. */
struct tmi_overlay *tmi_overlay_new(void);
void tmi_overlay_free(struct tmi_overlay *overlay);

/* Stores bytes; *done tells how many when memory runs out (TMEM_E_OUTOFMEMORY). */
tmem_status tmi_overlay_write(struct tmi_overlay *overlay, uint32_t space, uint64_t address,
			      const void *data, size_t size, size_t *done);

/* Puts the written bytes of [address, address + size) over those in @buffer. */
void tmi_overlay_apply(struct tmi_overlay *overlay, uint32_t space, uint64_t address, void *buffer,
		       size_t size);

/*
 * The largest part of [*first, *last] around @address without an overlaid page; false when the
 * page of @address has overlaid bytes.
 */
bool tmi_overlay_clip(struct tmi_overlay *overlay, uint32_t space, uint64_t address,
		      uint64_t *first, uint64_t *last);

/* One run of written bytes; a failing status ends the listing. */
typedef tmem_status tmi_overlay_visit(void *context, uint32_t space, uint64_t address,
				      const uint8_t *data, size_t size);

/* Visits the runs in order of space and address, under the shared lock. */
tmem_status tmi_overlay_list(struct tmi_overlay *overlay, tmi_overlay_visit *visit, void *context);

/* Forgets everything; true when there was something. */
bool tmi_overlay_discard(struct tmi_overlay *overlay);

#endif
