/* SPDX-License-Identifier: Apache-2.0 */
/* thread.c - threads of the current process, and registers of the current thread. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "engine/engine.h"

uint32_t tmi_thread_id(struct tmi_shared *shared, uint32_t space, uint32_t system_id)
{
	uint32_t id = TMEM_ANY_ID;
	struct thread_row *rows;

	pthread_mutex_lock(&shared->lock);
	for (size_t i = 0; i < shared->thread_count && id == TMEM_ANY_ID; i++)
		if (shared->threads_seen[i].space == space &&
		    shared->threads_seen[i].system_id == system_id)
			id = (uint32_t)i;
	if (id == TMEM_ANY_ID) {
		rows = reallocarray(shared->threads_seen, shared->thread_count + 1, sizeof(*rows));
		if (rows) {
			shared->threads_seen = rows;
			rows[shared->thread_count] = (struct thread_row){ space, system_id };
			id = (uint32_t)shared->thread_count++;
		}
	}
	pthread_mutex_unlock(&shared->lock);
	return id;
}

/* Threads of the current process; *list is to be freed. */
static tmem_status list_threads(tmem_target *target, struct tmi_space **space,
				struct tmi_thread **list, size_t *count)
{
	tmem_status status = tmi_call_virtual(target, space);

	*list = NULL;
	*count = 0;
	/* The spaces of kernel mode are not the kind's: it knows no threads of theirs. */
	if (status == TMEM_S_OK && target->shared->kind->threads && !target->shared->kernel)
		status = target->shared->kind->threads(target->shared->state, (*space)->number,
						       list, count);
	return status;
}

tmem_status tmem_get_number_threads(tmem_target *target, uint32_t *number)
{
	struct tmi_thread *list;
	struct tmi_space *space;
	size_t count;
	tmem_status status;

	if (!target || !number)
		return tmi_call_end(target, tmi_bad_argument("number", "a pointer, not NULL"));
	status = list_threads(target, &space, &list, &count);
	*number = (uint32_t)count;
	free(list);
	return tmi_call_end(target, status);
}

tmem_status tmem_get_thread_ids_by_index(tmem_target *target, uint32_t start, uint32_t count,
					 uint32_t *ids, uint32_t *system_ids)
{
	struct tmi_thread *list;
	struct tmi_space *space;
	size_t number;
	tmem_status status = list_threads(target, &space, &list, &number);

	if (status == TMEM_S_OK && (start > number || count > number - start))
		status = tmi_bad_argument("start", "a range of existing threads");
	for (uint32_t i = 0; status == TMEM_S_OK && i < count; i++) {
		uint32_t system_id = list[start + i].system_id;

		if (ids)
			ids[i] = tmi_thread_id(target->shared, space->number, system_id);
		if (system_ids)
			system_ids[i] = system_id;
	}
	free(list);
	return tmi_call_end(target, status);
}

/* System id of the current thread: the selected one, or the process's first. */
static tmem_status current_thread(tmem_target *target, struct tmi_space **space,
				  uint32_t *system_id)
{
	struct tmi_context *context = tmi_context_get(target);
	struct tmi_thread *list;
	size_t count;
	tmem_status status = tmi_call_virtual(target, space);

	if (status != TMEM_S_OK)
		return status;
	if (context->thread != TMEM_ANY_ID) {
		pthread_mutex_lock(&target->shared->lock);
		*system_id = target->shared->threads_seen[context->thread].system_id;
		pthread_mutex_unlock(&target->shared->lock);
		return TMEM_S_OK;
	}
	status = list_threads(target, space, &list, &count);
	if (status == TMEM_S_OK && !count)
		status = tmi_fail_text(TMEM_E_UNEXPECTED, "the target knows of no thread");
	if (status == TMEM_S_OK)
		*system_id = list[0].system_id;
	free(list);
	return status;
}

tmem_status tmem_get_current_thread_id(tmem_target *target, uint32_t *id)
{
	struct tmi_space *space;
	uint32_t system_id = 0;
	tmem_status status;

	if (!target || !id)
		return tmi_call_end(target, tmi_bad_argument("id", "a pointer, not NULL"));
	*id = TMEM_ANY_ID;
	status = current_thread(target, &space, &system_id);
	if (status == TMEM_S_OK)
		*id = tmi_thread_id(target->shared, space->number, system_id);
	return tmi_call_end(target, status);
}

tmem_status tmem_set_current_thread_id(tmem_target *target, uint32_t id)
{
	struct tmi_space *space = NULL;
	struct tmi_thread *list = NULL;
	size_t count = 0;
	bool found = false;
	tmem_status status = tmi_call_change(target);

	if (status == TMEM_S_OK)
		status = list_threads(target, &space, &list, &count);
	for (size_t i = 0; i < count && !found; i++)
		found = tmi_thread_id(target->shared, space->number, list[i].system_id) == id;
	free(list);
	if (status == TMEM_S_OK && !found)
		status = tmi_fail_text(TMEM_E_NOINTERFACE,
				       "the current process has no thread with id %u", id);
	if (status == TMEM_S_OK)
		status = tmi_context_set(target, space, id);
	if (status == TMEM_S_OK)
		tmi_event_engine(target->shared, target, TMEM_CES_CURRENT_THREAD, id);
	return tmi_call_end(target, status);
}

/* A register block of the current thread; *block is to be freed. */
static tmem_status get_block(tmem_target *target, uint32_t kind, struct tmi_space **space,
			     void **block, size_t *size)
{
	uint32_t system_id = 0;
	tmem_status status;

	*block = NULL;
	*size = 0;
	if (!target)
		return tmi_bad_argument("target", "an open handle, not NULL");
	if (kind != TMEM_CONTEXT_GENERAL && kind != TMEM_CONTEXT_FLOATING_POINT)
		return tmi_bad_argument("kind", "TMEM_CONTEXT_GENERAL or _FLOATING_POINT");
	status = current_thread(target, space, &system_id);
	if (status == TMEM_S_OK && !target->shared->kind->context)
		status = tmi_fail_text(TMEM_E_NOINTERFACE, "the target has no registers");
	if (status == TMEM_S_OK)
		status = target->shared->kind->context(target->shared->state, (*space)->number,
						       system_id, kind, block, size);
	return status;
}

tmem_status tmem_get_thread_context(tmem_target *target, uint32_t kind, void *buffer,
				    size_t buffer_size, size_t *context_size)
{
	struct tmi_space *space;
	void *block;
	size_t size;
	tmem_status status = get_block(target, kind, &space, &block, &size);

	if (context_size)
		*context_size = size;
	if (status == TMEM_S_OK && size > buffer_size)
		status = TMEM_S_FALSE;
	if (!TMEM_FAILED(status) && buffer && size)
		memcpy(buffer, block, size < buffer_size ? size : buffer_size);
	free(block);
	return tmi_call_end(target, status);
}

/* Where the two registers stand in a machine's general block, in words of its pointer size. */
static const struct {
	uint32_t machine; /* ELF e_machine */
	uint32_t words;   /* the block has at least as many */
	uint32_t word_size;
	uint32_t instruction_pointer;
	uint32_t stack_pointer;
} register_places[] = {
	{ 62, 27, 8, 16, 19 },  /* x86-64: rip, rsp */
	{ 3, 17, 4, 12, 15 },   /* i386: eip, esp */
	{ 183, 34, 8, 32, 31 }, /* AArch64: pc, sp */
	{ 40, 18, 4, 15, 13 },  /* ARM: r15, r13 */
	{ 243, 32, 8, 0, 2 },   /* RISC-V 64: pc, x2 */
};

static tmem_status pick_register(const struct tmi_facts *facts, uint32_t which,
				 const uint8_t *block, size_t size, uint64_t *value)
{
	for (size_t i = 0; i < sizeof(register_places) / sizeof(register_places[0]); i++) {
		uint32_t word = register_places[i].word_size;
		uint32_t place = which == TMEM_REGISTER_STACK_POINTER
					 ? register_places[i].stack_pointer
					 : register_places[i].instruction_pointer;

		if (register_places[i].machine != facts->machine ||
		    size < (size_t)word * register_places[i].words)
			continue;
		*value = tmi_load(block + (size_t)place * word, word, facts->big_endian);
		return TMEM_S_OK;
	}
	return tmi_fail_text(
		TMEM_E_NOINTERFACE,
		"the registers of this machine (ELF machine %u, %zu bytes) are not known",
		facts->machine, size);
}

tmem_status tmem_get_register(tmem_target *target, uint32_t which, uint64_t *value)
{
	struct tmi_space *space;
	void *block = NULL;
	size_t size;
	tmem_status status;

	if (value)
		*value = 0;
	if (!value ||
	    (which != TMEM_REGISTER_INSTRUCTION_POINTER && which != TMEM_REGISTER_STACK_POINTER))
		return tmi_call_end(target, tmi_bad_argument("which", "an enum tmem_register"));
	status = get_block(target, TMEM_CONTEXT_GENERAL, &space, &block, &size);
	if (status == TMEM_S_OK)
		status = pick_register(tmi_space_facts(space), which, block, size, value);
	if (status == TMEM_S_OK)
		*value = tmi_space_leave(space, *value);
	free(block);
	return tmi_call_end(target, status);
}
