/* SPDX-License-Identifier: Apache-2.0 */
/* direct.h - small reads of the current process by one system call, past the layers. */
#ifndef TMI_ENGINE_DIRECT_H
#define TMI_ENGINE_DIRECT_H

#include "engine/engine.h"
#include "target/direct.h"

/*
 * Reads where nothing stands between the caller and the kind: no overlay, no tables, and no cache
 * (the caller knows). The ranges that a thread remembers are in no other form than the caller's,
 * so the address rule is kept. False: nothing was decided, go through the layers.
 */
static inline bool tmi_direct_read_current(tmem_target *target, uint64_t offset, void *buffer,
					   size_t size)
{
	const struct tmi_space *space = tmi_context_get(target)->space;

	return space && space->direct && !target->shared->overlay &&
	       tmi_direct_read(space->direct, offset, buffer, size);
}

#endif
