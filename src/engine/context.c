/* SPDX-License-Identifier: Apache-2.0 */
/* context.c - the current process and thread of a handle: one pointer, swapped atomically. */
#include <stdlib.h>

#include "engine/kernel.h"

#define NO_SERIAL UINT64_MAX

static _Atomic uint64_t last_serial;

/* A context the handle used before, or NULL; context_lock is held. */
static struct tmi_context *find(tmem_target *target, struct tmi_space *space, uint32_t thread)
{
	struct tmi_context *context = target->contexts;

	while (context && (context->space != space || context->thread != thread))
		context = context->older;
	return context;
}

static struct tmi_context *make(tmem_target *target, struct tmi_space *space, uint32_t thread)
{
	struct tmi_context *context = calloc(1, sizeof(*context));

	if (!context)
		return NULL;
	context->serial = atomic_fetch_add(&last_serial, 1) + 1;
	context->space = space;
	context->thread = thread;
	context->older = target->contexts;
	target->contexts = context;
	return context;
}

tmem_status tmi_context_set(tmem_target *target, struct tmi_space *space, uint32_t thread)
{
	struct tmi_context *context;

	pthread_mutex_lock(&target->context_lock);
	context = find(target, space, thread);
	if (!context)
		context = make(target, space, thread);
	/* Whoever saw the new context finds no old serial, and the other way round. */
	if (context) {
		atomic_store_explicit(&target->context_serial, NO_SERIAL, memory_order_relaxed);
		atomic_store_explicit(&target->context, context, memory_order_release);
		atomic_store_explicit(&target->context_serial, context->serial,
				      memory_order_release);
	}
	pthread_mutex_unlock(&target->context_lock);
	if (!context)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	return TMEM_S_OK;
}

struct tmi_space *tmi_context_first_space(struct tmi_shared *shared)
{
	uint32_t count = shared->kind->process_count(shared->state);
	struct tmi_process process;

	if (shared->kernel)
		return shared->kernel->home;
	for (uint32_t i = 0; i < count; i++)
		if (shared->kind->process(shared->state, i, &process) && process.present)
			return tmi_shared_space(shared, i);
	return NULL;
}
