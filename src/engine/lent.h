/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lent.h - where the bytes at an address stand, for those who look at them in place: hot.h and
 * quick.h without the copy.
 */
#ifndef TMI_ENGINE_LENT_H
#define TMI_ENGINE_LENT_H

#include "engine/quick.h"

/* Bytes of a mapped file; what was found in them counts when tmi_lent_is_whole() says so after. */
struct tmi_lent {
	const uint8_t *data;
	uint64_t size;
	const atomic_bool *truncated;
};

/* False: the file was cut meanwhile, and zeros stand where it ended. */
static inline bool tmi_lent_is_whole(const struct tmi_lent *lent)
{
	return !lent->truncated || !tmi_file_was_cut(lent->truncated);
}

/* In the stretch, or one of the borrowed pages, that this thread remembers. */
static inline bool tmi_lent_find_hot(tmem_target *target, uint64_t offset, struct tmi_lent *lent)
{
	const struct tmi_hot *hot = tmi_hot_current(target);

	if (!hot || tmi_hot_find(hot, offset, &lent->data, &lent->size) != TMI_HOT_BORROWED)
		return false;
	lent->truncated = hot->truncated;
	return true;
}

/* To the end of its page, by page tables that were walked before. */
static inline bool tmi_lent_find_walked(tmem_target *target, uint64_t offset, struct tmi_lent *lent)
{
	const struct tmi_hot_walks *walks = tmi_hot_walks_current(target);

	if (!walks || !tmi_quick_find(walks, offset, 1, &lent->data))
		return false;
	lent->size = TMI_HOT_PAGE - offset % TMI_HOT_PAGE;
	lent->truncated = walks->truncated;
	return true;
}

/* The same, by any page tables. */
static inline bool tmi_lent_find_page(tmem_target *target, uint64_t offset, struct tmi_lent *lent)
{
	const uint8_t *page = tmi_quick_page(target, offset, &lent->truncated);
	uint64_t at = offset % TMI_HOT_PAGE;

	if (!page)
		return false;
	lent->data = page + at;
	lent->size = TMI_HOT_PAGE - at;
	return true;
}

/*
 * In a mapped file, of which the stretch is remembered then. Addresses of 32 bits have rules of
 * their own, which the layers know.
 */
bool tmi_lent_find_stretch(tmem_target *target, uint64_t offset, struct tmi_lent *lent);

#endif
