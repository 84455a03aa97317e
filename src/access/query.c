/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.c - QueryVirtual: the region that holds an address, as VirtualQuery describes it.
 *
 * An allocation is one mapping, or the mappings of one file that touch each other.
 */
#include <string.h>
#include <tmem/region.h>

#include "access/access.h"
#include "base/bytes.h"

/* The run asked for, what follows it in the same allocation, and how the allocation begins. */
struct region {
	struct tmi_run run;
	uint64_t last; /* last address with the same attributes */
	uint64_t allocation_first;
	uint32_t allocation_protect;
};

static bool is_same_file(const struct tmi_run *before, const struct tmi_run *after)
{
	return before->file_id && before->file_id == after->file_id &&
	       before->last + 1 == after->first && after->first;
}

static bool has_same_attributes(const struct tmi_run *a, const struct tmi_run *b)
{
	return a->protect == b->protect && a->type == b->type && a->state == b->state;
}

static void set_allocation(struct region *region, const struct tmi_run *first)
{
	region->allocation_first = first->first;
	region->allocation_protect = first->protect;
}

static bool is_there(const struct tmi_run *run, uint64_t address)
{
	return run->first <= address && address <= run->last;
}

/* With all runs at hand: back to the first of the allocation, on to the last of the region. */
static void look_around(const struct tmi_snapshot *snapshot, struct region *region,
			uint64_t address)
{
	size_t at = tmi_snapshot_find(snapshot, address);
	struct tmi_run run, other;

	if (at < snapshot->count)
		tmi_snapshot_get(snapshot, at, &run);
	/* A live process may have unmapped it since: what was found before stands. */
	if (at == snapshot->count || !is_there(&run, address))
		return;
	region->run = run;
	for (size_t i = at; i > 0; i--) {
		tmi_snapshot_get(snapshot, i - 1, &other);
		if (!is_same_file(&other, &run))
			break;
		run = other;
	}
	set_allocation(region, &run);
	run = region->run;
	while (++at < snapshot->count) {
		tmi_snapshot_get(snapshot, at, &other);
		if (!is_same_file(&run, &other) || !has_same_attributes(&run, &other))
			break;
		run = other;
	}
	region->last = run.last;
}

/* The same by asking run by run, from the beginning of the space. */
static tmem_status walk_around(struct tmi_run_walk *walk, struct region *region, uint64_t address)
{
	struct tmi_run previous = { 0 };
	struct tmi_run run;
	bool inside = false;
	tmem_status status;

	while ((status = tmi_run_walk_next(walk, &run)) == TMEM_S_OK) {
		bool joined = is_same_file(&previous, &run);

		if (inside ? !joined || !has_same_attributes(&previous, &run) : run.first > address)
			return TMEM_S_OK;
		if (!inside && !joined)
			set_allocation(region, &run);
		inside = inside || is_there(&run, address);
		if (inside)
			region->last = run.last;
		previous = run;
	}
	return status == TMEM_E_NO_MORE_ENTRIES ? TMEM_S_OK : status;
}

static tmem_status complete_file_region(struct tmi_space *space, struct region *region,
					uint64_t address)
{
	struct tmi_run_walk walk;
	tmem_status status = tmi_run_walk_begin(&walk, space, 0);

	if (status != TMEM_S_OK)
		return status;
	if (walk.snapshot)
		look_around(walk.snapshot, region, address);
	else
		status = walk_around(&walk, region, address);
	tmi_run_walk_end(&walk);
	return status;
}

static void set_free(const struct tmi_space *space, uint64_t address, uint64_t end,
		     struct tmem_memory_basic_information *info)
{
	uint64_t page = address & ~((uint64_t)tmi_space_facts(space)->page_size - 1);

	info->base_address = tmi_space_leave(space, page);
	info->region_size = tmi_add_saturating(end - page, 1);
	info->state = TMEM_MEM_FREE;
	info->protect = TMEM_PAGE_NOACCESS;
}

static void set_region(const struct tmi_space *space, uint64_t address, const struct region *region,
		       struct tmem_memory_basic_information *info)
{
	uint64_t page = address & ~((uint64_t)tmi_space_facts(space)->page_size - 1);

	info->base_address = tmi_space_leave(space, page);
	info->allocation_base = tmi_space_leave(space, region->allocation_first);
	info->allocation_protect = region->allocation_protect;
	info->region_size = tmi_add_saturating(region->last - page, 1);
	info->state = region->run.state;
	info->protect = region->run.state == TMEM_MEM_RESERVE ? 0 : region->run.protect;
	info->type = region->run.type;
}

static tmem_status query(struct tmi_space *space, uint64_t address,
			 struct tmem_memory_basic_information *info)
{
	uint64_t last_user = tmi_space_facts(space)->last_user;
	struct region region;
	tmem_status status = tmi_space_run(space, address, &region.run);

	if (status == TMEM_E_NO_MORE_ENTRIES ||
	    (status == TMEM_S_OK && region.run.first > address)) {
		uint64_t end = status == TMEM_S_OK ? region.run.first - 1 : last_user;

		set_free(space, address, end < last_user ? end : last_user, info);
		return TMEM_S_OK;
	}
	if (status != TMEM_S_OK)
		return status;
	region.last = region.run.last;
	set_allocation(&region, &region.run);
	if (region.run.file_id)
		status = complete_file_region(space, &region, address);
	if (status == TMEM_S_OK)
		set_region(space, address, &region, info);
	return status;
}

static tmem_status query_checked(struct tmi_space *space, uint64_t offset,
				 struct tmem_memory_basic_information *info)
{
	const struct tmi_facts *facts = tmi_space_facts(space);
	uint64_t address = offset;
	tmem_status status;

	if (facts->mode == TMEM_MODE_KERNEL)
		status = tmi_fail(TMEM_E_UNEXPECTED, TMEM_REASON_KERNEL_MODE, offset);
	else if (!facts->has_protection)
		status = tmi_fail_text(TMEM_E_UNEXPECTED, "this target does not tell how its "
							  "memory is protected");
	else if (TMEM_FAILED(tmi_space_enter(space, &address)) || address > facts->last_user)
		status = tmi_fail(TMEM_E_INVALIDARG, TMEM_REASON_OUT_OF_RANGE, offset);
	else
		status = query(space, address, info);
	return TMEM_FAILED(status) ? tmi_wrap(status, TMI_ACTION_REGION, offset, 0) : status;
}

tmem_status tmem_query_virtual(tmem_target *target, uint64_t offset,
			       struct tmem_memory_basic_information *info)
{
	struct tmi_space *space;
	tmem_status status = tmi_access_need(info, "info");

	if (info)
		memset(info, 0, sizeof(*info));
	if (status == TMEM_S_OK)
		status = tmi_call_virtual(target, &space);
	if (status == TMEM_S_OK)
		status = query_checked(space, offset, info);
	return tmi_call_end(target, status);
}
