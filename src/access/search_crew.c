/* SPDX-License-Identifier: Apache-2.0 */
/* search_crew.c - see search_crew.h. */
#include "access/search_crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/param.h>

/* One thread's own things. */
struct member {
	struct tmi_search_crew *crew;
	pthread_t thread; /* not of the first member: it is whoever asks */
	uint8_t *buffer;
};

struct tmi_search_crew {
	struct tmi_space *space;
	const struct tmi_matcher *matcher;
	size_t room; /* bytes of a buffer */

	pthread_mutex_t lock;
	pthread_cond_t begin, done;
	unsigned round; /* blocks begun so far */
	unsigned busy;  /* threads that still look at the present one */
	bool leave;

	struct tmi_search_block block;
	_Atomic uint64_t taken; /* pieces */
	_Atomic uint64_t clear; /* no match begins below, in pieces that were looked at */
	_Atomic uint64_t bytes;

	unsigned count;
	struct member members[];
};

static void lower(_Atomic uint64_t *limit, uint64_t value)
{
	uint64_t now = atomic_load(limit);

	while (value < now && !atomic_compare_exchange_weak(limit, &now, value)) {
	}
}

/* The bytes of a piece: lent, or read; NULL when not all of them can be had. */
static const uint8_t *get_bytes(struct member *member, uint64_t address, size_t size,
				const atomic_bool **truncated)
{
	struct tmi_space *space = member->crew->space;
	struct tmi_borrow borrow;
	size_t done;

	*truncated = NULL;
	if (tmi_space_view(space, address, &borrow) && borrow.last - address >= size - 1) {
		*truncated = borrow.truncated;
		return borrow.data + (address - borrow.first);
	}
	if (!member->buffer)
		member->buffer = malloc(member->crew->room);
	if (!member->buffer)
		return NULL;
	tmi_space_read(space, address, member->buffer, size, TMI_SPACE_NO_TOUCH, &done);
	return done == size ? member->buffer : NULL;
}

/* Looks for matches that begin in [first, last]. */
static void look_at_piece(struct member *member, uint64_t first, uint64_t last)
{
	struct tmi_search_crew *crew = member->crew;
	const struct tmi_matcher *matcher = crew->matcher;
	size_t reach = matcher->size - 1;
	size_t size = (size_t)(last - first + 1) + reach;
	const atomic_bool *truncated;
	const uint8_t *data = get_bytes(member, first, size, &truncated);
	size_t at;

	if (!data) {
		lower(&crew->clear, first);
		return;
	}
	at = tmi_matcher_find(matcher, data, size,
			      (size_t)((first - crew->block.phase) % matcher->granularity));
	if (truncated && atomic_load_explicit(truncated, memory_order_acquire))
		at = 0;
	if (at != TMI_MATCHER_NONE)
		lower(&crew->clear, first + at);
	atomic_fetch_add_explicit(&crew->bytes, size - reach, memory_order_relaxed);
}

/* Pieces are taken from the front, so that all below the lowest match are looked at. */
static void look(struct member *member)
{
	struct tmi_search_crew *crew = member->crew;
	const struct tmi_search_block *block = &crew->block;

	for (;;) {
		uint64_t skip = atomic_fetch_add(&crew->taken, 1) * TMI_SEARCH_PIECE;
		uint64_t first = block->first + skip;

		if (skip > block->last - block->first || first >= atomic_load(&crew->clear))
			return;
		look_at_piece(member, first,
			      first + MIN(TMI_SEARCH_PIECE - 1, block->last - first));
	}
}

static void *work(void *argument)
{
	struct member *member = argument;
	struct tmi_search_crew *crew = member->crew;
	unsigned seen = 0;

	pthread_mutex_lock(&crew->lock);
	for (;;) {
		while (crew->round == seen && !crew->leave)
			pthread_cond_wait(&crew->begin, &crew->lock);
		if (crew->leave)
			break;
		seen = crew->round;
		pthread_mutex_unlock(&crew->lock);
		look(member);
		pthread_mutex_lock(&crew->lock);
		if (--crew->busy == 0)
			pthread_cond_signal(&crew->done);
	}
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}

/* Signals of the program are not for these threads, but faults of their own must reach them. */
static void start_threads(struct tmi_search_crew *crew, unsigned threads)
{
	sigset_t all, before;

	sigfillset(&all);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (crew->count < threads) {
		struct member *member = &crew->members[crew->count];

		member->crew = crew;
		if (crew->count && pthread_create(&member->thread, NULL, work, member))
			break;
		crew->count++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct tmi_search_crew *tmi_search_crew_new(struct tmi_space *space,
					    const struct tmi_matcher *matcher, unsigned threads)
{
	struct tmi_search_crew *crew;

	if (threads < 2)
		return NULL;
	crew = calloc(1, sizeof(*crew) + threads * sizeof(crew->members[0]));
	if (!crew)
		return NULL;
	crew->space = space;
	crew->matcher = matcher;
	pthread_mutex_init(&crew->lock, NULL);
	pthread_cond_init(&crew->begin, NULL);
	pthread_cond_init(&crew->done, NULL);
	if (!__builtin_add_overflow(matcher->size, TMI_SEARCH_PIECE, &crew->room))
		start_threads(crew, threads);
	if (crew->count > 1)
		return crew;
	tmi_search_crew_free(crew);
	return NULL;
}

void tmi_search_crew_free(struct tmi_search_crew *crew)
{
	if (!crew)
		return;
	pthread_mutex_lock(&crew->lock);
	crew->leave = true;
	pthread_cond_broadcast(&crew->begin);
	pthread_mutex_unlock(&crew->lock);
	for (unsigned i = 0; i < crew->count; i++) {
		if (i)
			pthread_join(crew->members[i].thread, NULL);
		free(crew->members[i].buffer);
	}
	pthread_cond_destroy(&crew->begin);
	pthread_cond_destroy(&crew->done);
	pthread_mutex_destroy(&crew->lock);
	free(crew);
}

uint64_t tmi_search_crew_look(struct tmi_search_crew *crew, const struct tmi_search_block *block,
			      uint64_t *bytes)
{
	pthread_mutex_lock(&crew->lock);
	crew->block = *block;
	atomic_store(&crew->taken, 0);
	atomic_store(&crew->clear, block->last + 1);
	atomic_store(&crew->bytes, 0);
	crew->busy = crew->count - 1;
	crew->round++;
	pthread_cond_broadcast(&crew->begin);
	pthread_mutex_unlock(&crew->lock);
	look(&crew->members[0]);
	pthread_mutex_lock(&crew->lock);
	while (crew->busy)
		pthread_cond_wait(&crew->done, &crew->lock);
	pthread_mutex_unlock(&crew->lock);
	*bytes += atomic_load(&crew->bytes);
	return atomic_load(&crew->clear);
}
