/* SPDX-License-Identifier: Apache-2.0 */
/* runs.c - the runs of a space: one by one, or as a walk over all of them. */
#include <stdlib.h>
#include <string.h>
#include <tmem/region.h>

#include "access/access.h"
#include "base/bytes.h"

/* A name that must outlive the next step of a walk without a snapshot. */
struct kept_name {
	struct kept_name *next;
	char text[];
};

struct tmem_run_cursor {
	tmem_target *target;
	struct tmi_run_walk walk;
	struct kept_name *names; /* newest first */
};

static tmem_status check(const struct tmem_run *run)
{
	tmem_status status = tmi_access_need(run, "run");

	if (status == TMEM_S_OK && run->size < sizeof(*run))
		status = tmi_bad_argument("run", "its size field to be set to its size");
	return status;
}

static void clear(struct tmem_run *run)
{
	*run = (struct tmem_run){ .size = run->size, .name = "" };
}

static void set_run(const struct tmi_space *space, const struct tmi_run *from, struct tmem_run *run)
{
	run->state = from->state;
	run->base = tmi_space_leave(space, from->first);
	run->length = tmi_add_saturating(from->last - from->first, 1);
	run->protect = from->protect;
	run->type = from->type;
	run->source = from->source;
	run->shared = from->shared;
	run->file_offset = from->file_offset;
	run->file_id = from->file_id;
	run->name = from->name;
}

/* Beyond the space nothing follows: that is the end of the runs, not a bad address. */
static tmem_status enter(const struct tmi_space *space, uint64_t *from)
{
	uint64_t offset = *from;

	if (TMEM_FAILED(tmi_space_enter(space, from)))
		return tmi_fail(TMEM_E_NO_MORE_ENTRIES, TMEM_REASON_OUT_OF_RANGE, offset);
	return TMEM_S_OK;
}

/* The end of a walk is no failure below, so nothing was explained there. */
static tmem_status explain_end(tmem_status status, uint64_t from)
{
	if (status == TMEM_E_NO_MORE_ENTRIES)
		return tmi_fail(TMEM_E_NO_MORE_ENTRIES, TMEM_REASON_NONE, from);
	return status;
}

tmem_status tmem_get_next_run(tmem_target *target, uint32_t data_space, uint64_t from,
			      struct tmem_run *run)
{
	struct tmi_space *space;
	struct tmi_run found;
	tmem_status status = check(run);

	if (status == TMEM_S_OK) {
		clear(run);
		status = tmi_call_space(target, data_space, &space);
	}
	if (status == TMEM_S_OK)
		status = enter(space, &from);
	if (status == TMEM_S_OK)
		status = explain_end(tmi_space_run(space, from, &found), from);
	if (status == TMEM_S_OK)
		set_run(space, &found, run);
	return tmi_call_end(target, status);
}

static tmem_status begin(tmem_run_cursor *cursor, struct tmi_space *space, uint64_t from)
{
	tmem_status status = enter(space, &from);

	if (status == TMEM_S_OK)
		return tmi_run_walk_begin(&cursor->walk, space, from);
	/* A walk from beyond the end has no runs. */
	cursor->walk = (struct tmi_run_walk){ .space = space, .ended = true };
	return TMEM_S_OK;
}

tmem_status tmem_run_cursor_new(tmem_target *target, uint32_t data_space, uint64_t from,
				tmem_run_cursor **cursor)
{
	tmem_run_cursor *made = NULL;
	struct tmi_space *space;
	tmem_status status = tmi_access_need(cursor, "cursor");

	if (cursor)
		*cursor = NULL;
	if (status == TMEM_S_OK)
		status = tmi_call_space(target, data_space, &space);
	if (status == TMEM_S_OK) {
		made = calloc(1, sizeof(*made));
		status = made ? begin(made, space, from)
			      : tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	}
	if (status == TMEM_S_OK) {
		made->target = target;
		*cursor = made;
	} else {
		free(made);
	}
	return tmi_call_end(target, status);
}

/* A snapshot's names live as long as the walk; others are copied unless the last one serves. */
static tmem_status keep_name(tmem_run_cursor *cursor, struct tmi_run *run)
{
	struct kept_name *name;
	size_t size = strlen(run->name) + 1;

	if (cursor->walk.snapshot || size == 1)
		return TMEM_S_OK;
	if (!cursor->names || strcmp(cursor->names->text, run->name)) {
		name = malloc(sizeof(*name) + size);
		if (!name)
			return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, run->first);
		memcpy(name->text, run->name, size);
		name->next = cursor->names;
		cursor->names = name;
	}
	run->name = cursor->names->text;
	return TMEM_S_OK;
}

static tmem_status next(tmem_run_cursor *cursor, struct tmem_run *run)
{
	struct tmi_run found;
	tmem_status status = TMEM_E_NO_MORE_ENTRIES;

	if (!cursor->walk.ended)
		status = tmi_run_walk_next(&cursor->walk, &found);
	status = explain_end(status, cursor->walk.from);
	if (status == TMEM_S_OK)
		status = keep_name(cursor, &found);
	if (status == TMEM_S_OK)
		set_run(cursor->walk.space, &found, run);
	return status;
}

tmem_status tmem_run_cursor_next(tmem_run_cursor *cursor, struct tmem_run *run)
{
	tmem_status status = tmi_access_need(cursor, "cursor");

	if (status == TMEM_S_OK)
		status = check(run);
	if (status == TMEM_S_OK) {
		clear(run);
		status = next(cursor, run);
	}
	return tmi_call_end(cursor ? cursor->target : NULL, status);
}

void tmem_run_cursor_free(tmem_run_cursor *cursor)
{
	if (!cursor)
		return;
	tmi_run_walk_end(&cursor->walk);
	while (cursor->names) {
		struct kept_name *name = cursor->names;

		cursor->names = name->next;
		free(name);
	}
	free(cursor);
}
