/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ids.c - engine ids of processes and threads, over all systems of a session.
 *
 * tmem numbers the processes and the threads of each target from 0; a session wants numbers that
 * differ between its targets. Ids are given in blocks: block n of a session stands for one block of
 * ids of one system. A system gets a block when an id of it is asked for, so the first one's small
 * ids stay what they are, and nothing grows with the ids themselves.
 */
#include <stdlib.h>

#include "dbgeng/session.h"

#define BLOCK 4096u

static bool find_block(const struct tmi_dbgeng_ids *ids, ULONG system, ULONG first, size_t *index)
{
	for (*index = 0; *index < ids->count; ++*index) {
		if (ids->blocks[*index].system == system && ids->blocks[*index].first == first)
			return true;
	}
	return false;
}

static bool add_block(struct tmi_dbgeng_ids *ids, ULONG system, ULONG first)
{
	struct tmi_dbgeng_id_block *blocks;

	if (ids->count >= DEBUG_ANY_ID / BLOCK)
		return false;
	blocks = realloc(ids->blocks, (ids->count + 1) * sizeof(*blocks));
	if (!blocks)
		return false;
	ids->blocks = blocks;
	ids->blocks[ids->count++] = (struct tmi_dbgeng_id_block){ system, first };
	return true;
}

ULONG tmi_dbgeng_engine_id(struct tmi_dbgeng_session *session, enum tmi_dbgeng_id_kind kind,
			   const struct tmi_dbgeng_system *system, ULONG id)
{
	struct tmi_dbgeng_ids *ids = &session->ids[kind];
	ULONG first = id - id % BLOCK;
	size_t index;

	if (id == DEBUG_ANY_ID)
		return DEBUG_ANY_ID;
	if (!find_block(ids, system->id, first, &index) && !add_block(ids, system->id, first))
		return DEBUG_ANY_ID;
	return (ULONG)index * BLOCK + id % BLOCK;
}

bool tmi_dbgeng_tmem_id(struct tmi_dbgeng_session *session, enum tmi_dbgeng_id_kind kind,
			ULONG engine_id, struct tmi_dbgeng_system **system, ULONG *id)
{
	const struct tmi_dbgeng_ids *ids = &session->ids[kind];
	size_t index = engine_id / BLOCK;

	if (index >= ids->count)
		return false;
	*system = tmi_dbgeng_system_find(session, ids->blocks[index].system);
	*id = ids->blocks[index].first + engine_id % BLOCK;
	return *system != NULL;
}

void tmi_dbgeng_forget_ids(struct tmi_dbgeng_session *session)
{
	for (unsigned kind = 0; kind < TMI_DBGENG_ID_KINDS; kind++) {
		free(session->ids[kind].blocks);
		session->ids[kind] = (struct tmi_dbgeng_ids){ 0 };
	}
}
