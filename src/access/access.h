/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access.h - what the methods share: arguments, address ranges, and transfers with the contract's
 * failure codes.
 *
 * Addresses are the caller's here; they are converted on the way in.
 */
#ifndef TMI_ACCESS_ACCESS_H
#define TMI_ACCESS_ACCESS_H

#include "engine/call.h"

/* TMEM_E_INVALIDARG, explained, when a required pointer is NULL; else TMEM_S_OK. */
tmem_status tmi_access_need(const void *pointer, const char *name);

/*
 * Caller's range to an internal one: *address converted, *size (not 0) clipped at the end of the
 * space. Fails as tmi_space_enter().
 */
tmem_status tmi_access_range(const struct tmi_space *space, uint64_t *address, uint64_t *size);

/* One read or write by the prefix rule, explained. *done is always set; size 0 is TMEM_S_OK. */
tmem_status tmi_access_read(struct tmi_space *space, uint64_t offset, void *buffer, size_t size,
			    uint32_t flags, size_t *done);
tmem_status tmi_access_write(struct tmi_space *space, uint64_t offset, const void *buffer,
			     size_t size, size_t *done);

/*
 * All or failure, over internal addresses: goes on after a short transfer until everything is
 * moved or a byte fails. The failure is not wrapped. *done tells how far it came.
 */
tmem_status tmi_access_read_all(struct tmi_space *space, uint64_t address, void *buffer,
				size_t size, size_t *done);
tmem_status tmi_access_write_all(struct tmi_space *space, uint64_t address, const void *buffer,
				 size_t size, size_t *done);

/*
 * A failed conversion or read in the course of a write is a write fault; the status of a lost
 * target stays as it is.
 */
tmem_status tmi_access_write_status(tmem_status status);

#endif
