/* SPDX-License-Identifier: Apache-2.0 */
/* cache.c - the public side of the page cache; see tmem/cache.h. */
#include "engine/translated.h"

tmem_status tmem_get_cache_statistics(tmem_target *target, struct tmem_cache_statistics *statistics)
{
	if (!target || !statistics || statistics->size < sizeof(*statistics))
		return tmi_call_end(
			target, tmi_bad_argument("statistics", "a struct with its size field set"));
	tmi_cache_statistics(target->shared->cache, statistics);
	statistics->size = sizeof(*statistics);
	statistics->enabled = atomic_load(&target->shared->caching) && statistics->budget;
	return TMEM_S_OK;
}

tmem_status tmem_set_cache_budget(tmem_target *target, uint64_t budget)
{
	if (!target)
		return tmi_call_end(NULL, tmi_bad_argument("target", "an open handle, not NULL"));
	return tmi_call_end(target, tmi_cache_set_budget(target->shared->cache, budget));
}

tmem_status tmem_flush_cache(tmem_target *target)
{
	if (!target)
		return tmi_call_end(NULL, tmi_bad_argument("target", "an open handle, not NULL"));
	tmi_cache_flush(target->shared->cache);
	return TMEM_S_OK;
}

tmem_status tmem_flush_cache_page(tmem_target *target, uint64_t offset)
{
	const struct tmi_translation *translation;
	struct tmi_paging_page page;
	struct tmi_space *space;
	tmem_status status = tmi_call_virtual(target, &space);

	if (status == TMEM_S_OK)
		status = tmi_space_enter(space, &offset);
	if (status != TMEM_S_OK)
		return tmi_call_end(target, status);
	translation = tmi_space_translation(space);
	/* Behind page tables it is the frame that is cached; without a page there is nothing. */
	if (translation && tmi_translated_page(translation, offset, &page))
		tmi_cache_drop(target->shared->cache, TMI_SPACE_PHYSICAL, page.physical,
			       page.physical);
	else if (!translation)
		tmi_cache_drop(target->shared->cache, space->number, offset, offset);
	return tmi_call_end(target, status);
}
