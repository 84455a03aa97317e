/* SPDX-License-Identifier: Apache-2.0 */
/* search_crew.c - see search_crew.h. */
#include "access/search_crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

/* What a thread takes at once, piece after piece. */
#define STRIP ((uint64_t)4 * TMI_SEARCH_PIECE)

/* More strips than there are in any block. */
#define ALL_STRIPS ((uint64_t)1 << 63)

/* The kernel copies fastest to where cache lines begin. */
#define ALIGNMENT 4096

/* One thread's own things. */
struct member {
	struct tmi_search_crew *crew;
	pthread_t thread; /* not of the first member: it is whoever asks */
	uint8_t *buffer;
	uint8_t *piece; /* in it */
};

struct tmi_search_crew {
	struct tmi_space *space;
	const struct tmi_matcher *matcher;
	size_t room; /* bytes of a piece with what matches reach behind it */

	pthread_mutex_t lock;
	pthread_cond_t begin, done;
	unsigned round; /* blocks begun so far */
	unsigned busy;  /* threads that still look at the present one */
	bool leave;

	struct tmi_search_block block;
	tmi_search_proceed *proceed;
	void *context;          /* of proceed */
	_Atomic uint64_t taken; /* strips */
	_Atomic uint64_t clear; /* no match begins below, in strips that were looked at */
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

uint8_t *tmi_search_room(size_t before, size_t size, uint8_t **piece)
{
	uint8_t *buffer;
	size_t lead, whole;

	if (__builtin_add_overflow(before, ALIGNMENT - 1, &lead))
		return NULL;
	lead &= ~(size_t)(ALIGNMENT - 1);
	if (__builtin_add_overflow(lead, size, &whole) || whole > SIZE_MAX - ALIGNMENT)
		return NULL;
	buffer = aligned_alloc(ALIGNMENT, (whole + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1));
	*piece = buffer + lead;
	return buffer;
}

/* --- looking --- */

/* Looks for matches in bytes that begin at @address; the lowest counts. */
static void scan(struct tmi_search_crew *crew, uint64_t address, const uint8_t *data, size_t size,
		 const atomic_bool *truncated)
{
	const struct tmi_matcher *matcher = crew->matcher;
	size_t at =
		tmi_matcher_find(matcher, data, size,
				 (size_t)((address - crew->block.phase) % matcher->granularity));

	if (truncated && atomic_load_explicit(truncated, memory_order_acquire))
		at = 0;
	if (at != TMI_MATCHER_NONE)
		lower(&crew->clear, address + at);
}

/* Bytes that the space lends, with what matches reach behind them; false when it does not. */
static bool scan_lent(struct tmi_search_crew *crew, uint64_t first, size_t size)
{
	struct tmi_borrow borrow;

	size += crew->matcher->size - 1;
	if (!tmi_space_view(crew->space, first, &borrow) || borrow.last - first < size - 1)
		return false;
	scan(crew, first, borrow.data + (first - borrow.first), size, borrow.truncated);
	return true;
}

/* All of the bytes, or none. What was never touched is left to who can skip it. */
static bool fetch(struct member *member, uint64_t address, size_t size)
{
	struct tmi_space *space = member->crew->space;
	uint64_t end;
	size_t done;

	if (!member->buffer)
		member->buffer = tmi_search_room(member->crew->matcher->size - 1,
						 member->crew->room, &member->piece);
	if (!member->buffer)
		return false;
	if (tmi_space_read_resident(space, address, member->piece, size) == size)
		return true;
	if (tmi_space_tells_resident(space) &&
	    tmi_space_untouched(space, member->crew->block.run, address, address + (size - 1),
				&end) &&
	    end - address >= size - 1)
		return false;
	tmi_space_read(space, address, member->piece, size, TMI_SPACE_NO_TOUCH, &done);
	return done == size;
}

/* Scans a piece behind what was carried over from the one before, which no match was seen in. */
static bool scan_fetched(struct member *member, uint64_t first, size_t size, size_t *carried)
{
	size_t reach = member->crew->matcher->size - 1;
	size_t whole = *carried + size;

	if (!fetch(member, first, size))
		return false;
	scan(member->crew, first - *carried, member->piece - *carried, whole, NULL);
	*carried = MIN(reach, whole);
	memmove(member->piece - *carried, member->piece + size - *carried, *carried);
	return true;
}

/* Looks for matches that begin in [first, last], piece by piece. */
static void look_at_strip(struct member *member, uint64_t first, uint64_t last)
{
	struct tmi_search_crew *crew = member->crew;
	size_t carried = 0;

	while (first - carried < atomic_load(&crew->clear)) {
		size_t size = (size_t)(MIN(last, first | (TMI_SEARCH_PIECE - 1)) - first) + 1;
		bool ends = last - first < size;
		size_t reach = ends ? crew->matcher->size - 1 : 0;

		if ((carried || !scan_lent(crew, first, size)) &&
		    !scan_fetched(member, first, size + reach, &carried)) {
			lower(&crew->clear, first - carried);
			return;
		}
		atomic_fetch_add_explicit(&crew->bytes, size, memory_order_relaxed);
		if (ends)
			return;
		first += size;
	}
}

/* Where a strip of the block begins. */
static uint64_t strip_first(const struct tmi_search_block *block, uint64_t strip)
{
	return MAX(block->first, (block->first & ~(uint64_t)(STRIP - 1)) + strip * STRIP);
}

static uint64_t strip_count(const struct tmi_search_block *block)
{
	return block->last / STRIP - block->first / STRIP + 1;
}

/* No strip is taken any more; those that were are finished. */
static void stop(struct tmi_search_crew *crew)
{
	uint64_t strips = atomic_exchange(&crew->taken, ALL_STRIPS);

	if (strips < strip_count(&crew->block))
		lower(&crew->clear, strip_first(&crew->block, strips));
}

/* Strips are taken from the front, so that all below the lowest match are looked at. */
static void look(struct member *member)
{
	struct tmi_search_crew *crew = member->crew;
	const struct tmi_search_block *block = &crew->block;

	for (;;) {
		uint64_t strip = atomic_fetch_add(&crew->taken, 1);
		uint64_t first;

		if (strip >= strip_count(block))
			return;
		first = strip_first(block, strip);
		if (first >= atomic_load(&crew->clear))
			return;
		look_at_strip(member, first, MIN(first | (STRIP - 1), block->last));
		if (member == crew->members &&
		    !crew->proceed(crew->context, first, atomic_load(&crew->bytes)))
			stop(crew);
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
			      tmi_search_proceed *proceed, void *context, uint64_t *bytes)
{
	pthread_mutex_lock(&crew->lock);
	crew->block = *block;
	crew->proceed = proceed;
	crew->context = context;
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
	*bytes = atomic_load(&crew->bytes);
	return atomic_load(&crew->clear);
}
