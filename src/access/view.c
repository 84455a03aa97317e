/* SPDX-License-Identifier: Apache-2.0 */
/* view.c - windows into target memory without a copy. */
#include <string.h>
#include <tmem/memory.h>

#include "access/access.h"
#include "base/file.h"
#include "engine/hot.h"
#include "engine/translated.h"

/* What a view remembers in its private fields besides the generation. */
enum {
	VIEW_TRUNCATED, /* flag of the mapped file, NULL = cannot shrink */
	VIEW_SPACE,
};

static bool is_truncated(const atomic_bool *truncated)
{
	return truncated && tmi_file_was_cut(truncated);
}

static void set_view(struct tmem_view *view, struct tmi_space *space, uint64_t address,
		     uint64_t size, const struct tmi_borrow *borrow)
{
	uint64_t room = borrow->last - address;

	view->data = borrow->data + (address - borrow->first);
	view->size = size - 1 < room ? size : room + 1;
	view->private_[VIEW_TRUNCATED] = (uintptr_t)borrow->truncated;
	view->private_[VIEW_SPACE] = (uintptr_t)space;
}

/* Says why there is no view: an unreadable byte, or bytes that can only be copied. */
static tmem_status explain(struct tmi_space *space, uint64_t offset)
{
	uint8_t byte;
	size_t done;
	tmem_status status =
		tmi_access_read(space, offset, &byte, sizeof(byte), TMI_SPACE_UNCACHED, &done);

	if (status == TMEM_S_OK)
		status = tmi_fail(TMEM_E_NOTIMPL, TMEM_REASON_NONE, offset);
	return status;
}

static tmem_status make_view(tmem_target *target, struct tmi_space *space, uint64_t offset,
			     uint64_t size, struct tmem_view *view)
{
	const struct tmi_context *context = tmi_context_get(target);
	uint64_t address = offset;
	struct tmi_borrow borrow;
	tmem_status status;

	if (!size)
		return TMEM_S_OK;
	status = tmi_access_range(space, &address, &size);
	if (status != TMEM_S_OK)
		return tmi_wrap(status, TMI_ACTION_READ, offset, size);
	/* Before the bytes are looked up: a write in between makes the view stale, not wrong. */
	view->generation = tmi_space_generation(space);
	if (!tmi_space_view(space, address, &borrow) || is_truncated(borrow.truncated))
		return explain(space, offset);
	set_view(view, space, address, size, &borrow);
	/* The handle may have been given another process meanwhile. */
	if (context->space == space && !tmi_space_translation(space))
		tmi_hot_keep_stretch(context, view->generation, &borrow);
	return TMEM_S_OK;
}

/* In the stretch that this thread read or viewed last. */
static bool view_hot(tmem_target *target, uint64_t offset, size_t size, struct tmem_view *view)
{
	const struct tmi_context *context = tmi_context_get(target);
	const struct tmi_hot *hot = tmi_hot_current_of(target, context->serial);
	uint64_t at = offset - tmi_hot_get()->first;

	if (!hot || at >= hot->size || !size || !tmi_hot_is_whole(hot))
		return false;
	*view = (struct tmem_view){
		.data = hot->data + at,
		.size = size < hot->size - at ? size : hot->size - at,
		.generation = hot->generation,
	};
	view->private_[VIEW_TRUNCATED] = (uintptr_t)hot->truncated;
	view->private_[VIEW_SPACE] = (uintptr_t)context->space;
	return true;
}

tmem_status tmem_view_virtual(tmem_target *target, uint64_t offset, size_t size,
			      struct tmem_view *view)
{
	struct tmi_space *space;
	tmem_status status;

	if (target && view && view_hot(target, offset, size, view))
		return TMEM_S_OK;
	status = tmi_access_need(view, "view");
	if (view)
		memset(view, 0, sizeof(*view));
	if (status == TMEM_S_OK)
		status = tmi_call_virtual(target, &space);
	if (status == TMEM_S_OK)
		status = make_view(target, space, offset, size, view);
	return tmi_call_end(target, status);
}

tmem_status tmem_view_is_current(tmem_target *target, const struct tmem_view *view)
{
	tmem_status status = tmi_access_need(target, "target");
	const struct tmi_space *space;
	uintptr_t truncated;

	if (status == TMEM_S_OK)
		status = tmi_access_need(view, "view");
	if (status == TMEM_S_OK)
		status = tmi_access_need((void *)(uintptr_t)view->private_[VIEW_SPACE],
					 "view made by tmem_view_virtual()");
	if (status != TMEM_S_OK)
		return tmi_call_end(target, status);
	space = (const struct tmi_space *)(uintptr_t)view->private_[VIEW_SPACE];
	truncated = (uintptr_t)view->private_[VIEW_TRUNCATED];
	/* The caller's reads of the bytes come before what follows. */
	atomic_thread_fence(memory_order_acquire);
	if (is_truncated((const atomic_bool *)truncated))
		status = tmi_fail(TMEM_E_READ_FAULT, TMEM_REASON_TRUNCATED, 0);
	else if (tmi_space_generation(space) != view->generation)
		status = TMEM_S_FALSE;
	return tmi_call_end(target, status);
}
