/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.h - what batch.c needs of storage.c: whether the cache serves a space and a page. */
#ifndef TMI_ENGINE_FETCH_H
#define TMI_ENGINE_FETCH_H

#include "engine/engine.h"

/* True when reads with these enum tmi_space_flags use the cache now. */
bool tmi_storage_uses_cache(const struct tmi_space *space, uint32_t flags);

/* True when the page may be kept. */
bool tmi_storage_cacheable(struct tmi_space *space, uint64_t page);

#endif
