/* SPDX-License-Identifier: Apache-2.0 */
/* translate.c - VirtualToPhysical, GetVirtualTranslationPhysicalOffsets, and what goes beyond. */
#include <string.h>
#include <tmem/translate.h>

#include "access/access.h"
#include "engine/kernel.h"
#include "engine/quick.h"

/* The tables of the implicit process; TMEM_E_NO_PAGEFILE when none are known. */
static tmem_status need_tables(tmem_target *target, uint64_t address, struct tmi_space **space,
			       const struct tmi_translation **translation)
{
	tmem_status status = tmi_call_physical(target, space);

	if (status != TMEM_S_OK)
		return status;
	status = tmi_call_virtual(target, space);
	*translation = status == TMEM_S_OK ? tmi_space_translation(*space) : NULL;
	if (status == TMEM_S_OK && !*translation)
		return tmi_fail(TMEM_E_NO_PAGEFILE, TMEM_REASON_NOT_MAPPED, address);
	/* Why no table is known stands in the explanation already. */
	return status == TMEM_E_UNEXPECTED ? TMEM_E_NO_PAGEFILE : status;
}

/* The caller's address as the tables take it. */
static tmem_status enter(const struct tmi_space *space, uint64_t *address)
{
	tmem_status status = tmi_space_enter(space, address);

	return status == TMEM_E_READ_FAULT ? TMEM_E_NO_PAGEFILE : status;
}

static __attribute__((noinline)) tmem_status translate_one(tmem_target *target, uint64_t virtual_,
							   uint64_t *physical)
{
	const struct tmi_translation *translation;
	struct tmi_paging_page page;
	struct tmi_space *space;
	uint64_t address = virtual_;
	tmem_status status = tmi_access_need(physical, "physical");

	if (physical)
		*physical = 0;
	if (status == TMEM_S_OK)
		status = need_tables(target, virtual_, &space, &translation);
	if (status == TMEM_S_OK)
		status = enter(space, &address);
	if (status == TMEM_S_OK && tmi_translated_page(translation, address, &page))
		*physical = page.physical;
	else if (status == TMEM_S_OK)
		status = tmi_translated_fail(translation, TMEM_E_NO_PAGEFILE, address);
	if (TMEM_FAILED(status))
		tmi_wrap(status, TMI_ACTION_TRANSLATE, virtual_, 0);
	return tmi_call_end(target, status);
}

/* Mostly it is a walk through tables that are at hand; the rest stays out of its way. */
tmem_status tmem_virtual_to_physical(tmem_target *target, uint64_t virtual_, uint64_t *physical)
{
	if (target && physical && tmi_quick_translate(target, virtual_, physical))
		return TMEM_S_OK;
	return translate_one(target, virtual_, physical);
}

/* Element @index of what GetVirtualTranslationPhysicalOffsets returns. */
static uint64_t offset_at(const struct tmi_paging_walk *walk, size_t index)
{
	if (index == 0)
		return walk->base;
	if (index <= walk->step_count)
		return walk->steps[index - 1].address;
	return walk->page.physical;
}

tmem_status tmem_get_virtual_translation_physical_offsets(tmem_target *target, uint64_t virtual_,
							  uint64_t *offsets, size_t offsets_size,
							  size_t *levels)
{
	const struct tmi_translation *translation;
	struct tmi_paging_walk walk;
	struct tmi_space *space;
	uint64_t address = virtual_;
	size_t count;
	tmem_status status;

	if (levels)
		*levels = 0;
	for (size_t i = 0; offsets && i < offsets_size; i++)
		offsets[i] = 0;
	status = need_tables(target, virtual_, &space, &translation);
	if (status == TMEM_S_OK)
		status = enter(space, &address);
	if (status == TMEM_S_OK) {
		tmi_translated_walk(translation, address, &walk);
		/* An address that cannot be one begins no walk. */
		if (!walk.step_count)
			status = tmi_fail(TMEM_E_NO_PAGEFILE, (enum tmem_reason)walk.page.reason,
					  virtual_);
	}
	if (status != TMEM_S_OK)
		return tmi_call_end(target, tmi_wrap(status, TMI_ACTION_TRANSLATE, virtual_, 0));
	count = 1 + walk.step_count + (walk.page.outcome == TMI_PAGING_PAGE);
	for (size_t i = 0; offsets && i < offsets_size && i < count; i++)
		offsets[i] = offset_at(&walk, i);
	if (levels)
		*levels = count;
	return walk.page.outcome == TMI_PAGING_PAGE ? TMEM_S_OK : TMEM_S_FALSE;
}

static void copy_name(char *to, size_t size, const char *from)
{
	memset(to, 0, size);
	memcpy(to, from, strnlen(from, size - 1));
}

/* The frame that an entry leads to: the next table's, or the page's. */
static uint64_t frame_of(const struct tmi_paging_walk *walk, uint32_t step)
{
	if (step + 1 < walk->step_count)
		return walk->steps[step + 1].address & ~UINT64_C(4095);
	if (walk->page.outcome == TMI_PAGING_PAGE)
		return walk->page.physical & ~(walk->page.last - walk->page.first);
	return 0;
}

static void set_level(const struct tmi_paging_scheme *scheme, const struct tmi_paging_walk *walk,
		      uint32_t step, struct tmem_translation_level *level)
{
	const struct tmi_paging_step *from = &walk->steps[step];
	/* The last of a fault may be outside of memory; one of zeros would be absent. */
	bool unread = walk->page.outcome == TMI_PAGING_FAULT && step + 1 == walk->step_count &&
		      !from->entry;

	level->address = from->address;
	level->entry = from->entry;
	level->flags = from->flags;
	level->frame = frame_of(walk, step);
	level->entry_size = unread ? 0 : scheme->scheme == TMI_SCHEME_X86 ? 4 : 8;
	copy_name(level->name, sizeof(level->name), scheme->level_names[from->level]);
}

static void set_translation(const struct tmi_space *space,
			    const struct tmi_translation *translation,
			    const struct tmi_paging_walk *walk, struct tmem_translation *to)
{
	bool page = walk->page.outcome == TMI_PAGING_PAGE;

	*to = (struct tmem_translation){
		.size = sizeof(*to),
		.level_count = walk->step_count,
		.directory_base = walk->base,
		.physical = page ? walk->page.physical : 0,
		.page_first = tmi_space_leave(space, walk->page.first),
		.page_last = tmi_space_leave(space, walk->page.last),
		.protect = page ? walk->page.protect : 0,
		.reason = page ? TMEM_REASON_NONE : walk->page.reason,
	};
	copy_name(to->scheme, sizeof(to->scheme), translation->scheme->name);
	for (uint32_t i = 0; i < walk->step_count; i++)
		set_level(translation->scheme, walk, i, &to->levels[i]);
}

/* Any set of tables serves as one, with nothing but a root. */
static void use_root(struct tmi_translation *translation, uint64_t root)
{
	translation->tables.root = root;
	translation->tables.kernel_root = root;
	translation->tables.kernel_first = 0;
}

tmem_status tmem_translate(tmem_target *target, uint64_t directory_base, uint64_t virtual_,
			   struct tmem_translation *translation)
{
	const struct tmi_translation *current;
	struct tmi_translation used;
	struct tmi_paging_walk walk;
	struct tmi_space *space;
	uint64_t address = virtual_;
	tmem_status status = tmi_access_need(translation, "translation");

	if (status == TMEM_S_OK && translation->size < sizeof(*translation))
		status = tmi_bad_argument("translation", "its size field to be set to its size");
	if (status == TMEM_S_OK)
		status = need_tables(target, virtual_, &space, &current);
	if (status == TMEM_S_OK)
		status = enter(space, &address);
	if (status != TMEM_S_OK)
		return tmi_call_end(target, status);
	used = *current;
	if (directory_base != TMEM_CURRENT_DIRECTORY_BASE)
		use_root(&used, directory_base);
	tmi_translated_walk(&used, address, &walk);
	set_translation(space, &used, &walk, translation);
	if (walk.page.outcome == TMI_PAGING_PAGE)
		return TMEM_S_OK;
	if (walk.step_count)
		return TMEM_S_FALSE;
	status = tmi_fail(TMEM_E_NO_PAGEFILE, (enum tmem_reason)walk.page.reason, virtual_);
	return tmi_call_end(target, tmi_wrap(status, TMI_ACTION_TRANSLATE, virtual_, 0));
}

tmem_status tmem_virtual_to_physical_batch(tmem_target *target, const uint64_t *virtual_,
					   uint64_t *physical, size_t count, size_t *translated)
{
	const struct tmi_translation *translation;
	struct tmi_space *space;
	size_t pages = 0;
	tmem_status status = tmi_access_need(virtual_, "virtual_");

	if (translated)
		*translated = 0;
	if (status == TMEM_S_OK)
		status = tmi_access_need(physical, "physical");
	if (status != TMEM_S_OK)
		return tmi_call_end(target, status);
	status = need_tables(target, count ? virtual_[0] : 0, &space, &translation);
	for (size_t i = 0; status != TMEM_S_OK && i < count; i++)
		physical[i] = UINT64_MAX;
	if (status != TMEM_S_OK)
		return tmi_call_end(target, status);
	pages = tmi_translated_pages(space, translation, virtual_, physical, count);
	if (translated)
		*translated = pages;
	if (count && !pages) {
		uint64_t address = virtual_[0];

		status = enter(space, &address);
		if (status == TMEM_S_OK)
			status = tmi_translated_fail(translation, TMEM_E_NO_PAGEFILE, address);
		tmi_wrap(status, TMI_ACTION_TRANSLATE, virtual_[0], 0);
	}
	return tmi_call_end(target, status);
}
