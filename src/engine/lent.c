/* SPDX-License-Identifier: Apache-2.0 */
/* lent.c - finding a stretch of a mapped file that is not the last one; see lent.h. */
#include "engine/lent.h"

bool tmi_lent_find_stretch(tmem_target *target, uint64_t offset, struct tmi_lent *lent)
{
	const struct tmi_context *context = tmi_context_get(target);
	struct tmi_space *space = context->space;
	const struct tmi_facts *facts;
	struct tmi_borrow borrow;
	uint64_t generation, at;

	if (!space || atomic_load_explicit(&space->dropped, memory_order_acquire) ||
	    tmi_space_translation(space))
		return false;
	facts = tmi_space_facts_now(space);
	/* Taken before the view: a write in between makes the stretch out of date, not wrong. */
	generation = tmi_space_generation(space);
	if (!facts->lends || facts->pointer_size == 4 || !tmi_space_view(space, offset, &borrow))
		return false;
	at = offset - borrow.first;
	*lent = (struct tmi_lent){ borrow.data + at, borrow.last - offset, borrow.truncated };
	/* The size of all addresses is no number. */
	if (lent->size != UINT64_MAX)
		lent->size++;
	tmi_hot_keep_stretch(context, generation, &borrow);
	return true;
}
