/* SPDX-License-Identifier: Apache-2.0 */
/* shared.c - one opened target: its kind, spaces, cache and overlay; see engine.h. */
#include <stdlib.h>

#include "engine/engine.h"
#include "engine/kernel.h"
#include "engine/symbol.h"

#define DEFAULT_BUDGET (UINT64_C(32) << 20)

struct tmi_shared *tmi_shared_new(const struct tmi_opened *opened)
{
	struct tmi_shared *shared = calloc(1, sizeof(*shared));
	struct tmi_cache *cache = tmi_cache_new(DEFAULT_BUDGET);

	if (!shared || !cache) {
		tmi_cache_free(cache);
		free(shared);
		opened->kind->close(opened->state);
		tmi_unpacked_close(opened->unpacked);
		return NULL;
	}
	shared->kind = opened->kind;
	shared->state = opened->state;
	shared->unpacked = opened->unpacked;
	shared->cache = cache;
	pthread_mutex_init(&shared->write_lock, NULL);
	pthread_mutex_init(&shared->run_lock, NULL);
	pthread_mutex_init(&shared->lock, NULL);
	pthread_cond_init(&shared->callback_done, NULL);
	return shared;
}

static void free_space(struct tmi_space *space)
{
	struct tmi_facts_of *facts = space ? atomic_load(&space->facts) : NULL;

	while (facts) {
		struct tmi_facts_of *older = facts->older;

		free(facts);
		facts = older;
	}
	if (space)
		pthread_mutex_destroy(&space->facts_lock);
	if (space)
		free((void *)atomic_load(&space->translation));
	free(space);
}

void tmi_shared_free(struct tmi_shared *shared)
{
	shared->kind->close(shared->state);
	tmi_unpacked_close(shared->unpacked);
	for (size_t i = 0; i < shared->space_count; i++)
		free_space(shared->spaces[i]);
	free(shared->spaces);
	free(shared->threads_seen);
	tmi_kernel_free(shared->kernel);
	tmi_overlay_free(shared->overlay);
	tmi_cache_free(shared->cache);
	tmi_symbol_cache_free(atomic_load(&shared->symbols));
	pthread_mutex_destroy(&shared->write_lock);
	pthread_mutex_destroy(&shared->run_lock);
	pthread_mutex_destroy(&shared->lock);
	pthread_cond_destroy(&shared->callback_done);
	free(shared);
}

tmem_status tmi_shared_set_facts(struct tmi_space *space, const struct tmi_facts *new)
{
	struct tmi_facts_of *facts = calloc(1, sizeof(*facts));

	if (!facts)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	facts->facts = *new;
	facts->older = atomic_load(&space->facts);
	atomic_store_explicit(&space->facts, facts, memory_order_release);
	return TMEM_S_OK;
}

/* Asks the kind and puts the answer on top of the older ones; false when there is none. */
static bool take_facts(struct tmi_space *space)
{
	struct tmi_facts_of *facts = calloc(1, sizeof(*facts));

	if (!facts)
		return false;
	facts->generation = tmi_space_incarnation(space);
	if (!space->shared->kind->facts(space->shared->state, space->number, &facts->facts)) {
		free(facts);
		return false;
	}
	facts->older = atomic_load(&space->facts);
	atomic_store_explicit(&space->facts, facts, memory_order_release);
	return true;
}

/* A space without facts. */
static struct tmi_space *space_bare(struct tmi_shared *shared, uint32_t number)
{
	static _Atomic uint64_t last_serial;
	struct tmi_space *space = calloc(1, sizeof(*space));

	if (!space)
		return NULL;
	space->shared = shared;
	space->serial = atomic_fetch_add(&last_serial, 1) + 1;
	space->number = number;
	pthread_mutex_init(&space->facts_lock, NULL);
	return space;
}

static struct tmi_space *space_new(struct tmi_shared *shared, uint32_t number)
{
	struct tmi_space *space = space_bare(shared, number);

	if (!space)
		return NULL;
	if (shared->kind->generation)
		space->incarnation = shared->kind->generation(shared->state, number);
	if (shared->kind->direct)
		space->direct = shared->kind->direct(shared->state, number);
	if (!take_facts(space)) {
		free_space(space);
		return NULL;
	}
	return space;
}

/* Keeps a space until close; frees it when there is no room. shared->lock is held. */
static struct tmi_space *keep(struct tmi_shared *shared, struct tmi_space *space)
{
	struct tmi_space **spaces;

	if (!space)
		return NULL;
	spaces = reallocarray(shared->spaces, shared->space_count + 1, sizeof(*spaces));
	if (!spaces) {
		free_space(space);
		return NULL;
	}
	shared->spaces = spaces;
	spaces[shared->space_count++] = space;
	return space;
}

/* Looks up or makes a space; shared->lock is held. */
static struct tmi_space *find_or_make(struct tmi_shared *shared, uint32_t number)
{
	for (size_t i = 0; i < shared->space_count; i++)
		if (shared->spaces[i]->number == number)
			return shared->spaces[i];
	return keep(shared, space_new(shared, number));
}

struct tmi_space *tmi_shared_add_space(struct tmi_shared *shared, const struct tmi_facts *facts)
{
	struct tmi_space *space = space_bare(shared, 0);

	if (space && tmi_shared_set_facts(space, facts) != TMEM_S_OK) {
		free_space(space);
		return NULL;
	}
	pthread_mutex_lock(&shared->lock);
	space = keep(shared, space);
	pthread_mutex_unlock(&shared->lock);
	return space;
}

struct tmi_space *tmi_shared_space(struct tmi_shared *shared, uint32_t number)
{
	struct tmi_space *space;

	pthread_mutex_lock(&shared->lock);
	space = find_or_make(shared, number);
	pthread_mutex_unlock(&shared->lock);
	return space;
}

/* After an exec the facts are taken anew, once; who comes late finds them done. */
static void renew_facts(struct tmi_space *space, uint64_t generation)
{
	pthread_mutex_lock(&space->facts_lock);
	if (atomic_load(&space->facts)->generation != generation && take_facts(space)) {
		atomic_fetch_add(&space->shared->generation, 1);
		tmi_cache_flush(space->shared->cache);
	}
	pthread_mutex_unlock(&space->facts_lock);
}

const struct tmi_facts *tmi_space_facts(const struct tmi_space *space)
{
	uint64_t generation = tmi_space_incarnation(space);
	struct tmi_facts_of *facts = atomic_load_explicit(&space->facts, memory_order_acquire);

	if (facts->generation == generation)
		return &facts->facts;
	renew_facts((struct tmi_space *)space, generation);
	return &atomic_load_explicit(&space->facts, memory_order_acquire)->facts;
}

void tmi_shared_decide_caching(struct tmi_shared *shared)
{
	struct tmi_space *first = tmi_context_first_space(shared);
	const struct tmi_facts *facts = first ? tmi_space_facts(first) : NULL;
	/* Without a process now: the next one to be attached is a live one. */
	bool can_change = (!facts || facts->live) && !shared->suspends;
	/* Bytes that are lent from a mapped file are nearer than a cache could bring them. */
	bool useless = facts && facts->lends;
	bool caching = shared->cache_mode == TMI_CACHE_ON ||
		       (shared->cache_mode == TMI_CACHE_AUTO && !can_change && !useless);

	atomic_store(&shared->caching, caching);
	atomic_store(&shared->steady, !can_change);
}

void tmi_shared_ran(struct tmi_shared *shared)
{
	atomic_fetch_add(&shared->resumes, 1);
	atomic_fetch_add(&shared->generation, 1);
	tmi_cache_flush(shared->cache);
}
