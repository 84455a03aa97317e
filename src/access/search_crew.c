/* SPDX-License-Identifier: Apache-2.0 */
/* search_crew.c - see search_crew.h. */
#include "access/search_crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/param.h>

/* Pieces that a thread takes at once, where they do not take long. */
#define STRIP_PIECES 4

/* More strips than there are in any block. */
#define ALL_STRIPS ((uint64_t)1 << 63)

/* Less is not worth waking threads. */
#define WAKE_LEAST ((uint64_t)4 << 20)

struct member {
	struct tmi_search_crew *crew;
	pthread_t thread; /* not of the first member: it is whoever asks */
	struct tmi_search_desk desk;
};

struct tmi_search_crew {
	struct tmi_search_common common;
	tmi_search_proceed *proceed;
	void *context;          /* of proceed */
	uint64_t strip;         /* bytes that a thread takes at once, a power of two */
	_Atomic uint64_t taken; /* strips */

	pthread_mutex_t lock;
	pthread_cond_t begin, done;
	unsigned round; /* blocks begun so far in which all took part */
	unsigned busy;  /* threads that still look at the present one */
	bool leave;

	bool started;
	unsigned threads; /* that there may be */
	unsigned count;   /* that there are */
	struct member members[];
};

uint64_t tmi_search_crew_least(const struct tmi_space *space, const struct tmi_matcher *matcher,
			       unsigned threads)
{
	if (tmi_search_frames_help(space, matcher))
		return TMI_SPACE_FRAME;
	return threads > 1 || tmi_space_lends(space) ? WAKE_LEAST : UINT64_MAX;
}

/* Where a strip of the block begins. */
static uint64_t strip_first(const struct tmi_search_crew *crew, uint64_t strip)
{
	uint64_t first = crew->common.block.first;

	return MAX(first, (first & ~(crew->strip - 1)) + strip * crew->strip);
}

static uint64_t strip_count(const struct tmi_search_crew *crew)
{
	const struct tmi_search_block *block = &crew->common.block;

	return block->last / crew->strip - block->first / crew->strip + 1;
}

/* No strip is taken any more; those that were are finished. */
static void stop(struct tmi_search_crew *crew)
{
	uint64_t strips = atomic_exchange(&crew->taken, ALL_STRIPS);

	if (strips < strip_count(crew))
		tmi_search_lower(&crew->common, strip_first(crew, strips));
}

/* Strips are taken from the front, so that all below the lowest match are looked at. */
static void look(struct member *member)
{
	struct tmi_search_crew *crew = member->crew;
	const struct tmi_search_block *block = &crew->common.block;

	for (;;) {
		uint64_t strip = atomic_fetch_add(&crew->taken, 1);
		uint64_t first;

		if (strip >= strip_count(crew))
			return;
		first = strip_first(crew, strip);
		if (first >= atomic_load(&crew->common.clear))
			return;
		tmi_search_strip(&crew->common, &member->desk, first,
				 MIN(first | (crew->strip - 1), block->last));
		if (member == crew->members &&
		    !crew->proceed(crew->context, first, atomic_load(&crew->common.bytes)))
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
static void start_threads(struct tmi_search_crew *crew)
{
	sigset_t all, before;

	crew->started = true;
	sigfillset(&all);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (crew->count < crew->threads) {
		struct member *member = &crew->members[crew->count];

		if (pthread_create(&member->thread, NULL, work, member))
			break;
		crew->count++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct tmi_search_crew *tmi_search_crew_new(struct tmi_space *space,
					    const struct tmi_matcher *matcher, unsigned threads,
					    uint8_t *buffer, uint8_t *piece)
{
	bool has_frames = tmi_search_frames_help(space, matcher);
	struct tmi_search_crew *crew;

	if (threads < 2 && !has_frames && !tmi_space_lends(space))
		return NULL;
	threads = MAX(threads, 1);
	crew = calloc(1, sizeof(*crew) + threads * sizeof(crew->members[0]));
	if (!crew)
		return NULL;
	crew->common.space = space;
	crew->common.matcher = matcher;
	/* Without memory for it every frame is looked through each time. */
	crew->common.frames = has_frames ? tmi_search_frames_new(threads) : NULL;
	crew->strip =
		tmi_matcher_is_slow(matcher) ? TMI_SEARCH_PIECE : STRIP_PIECES * TMI_SEARCH_PIECE;
	/* Where looking takes long it does not matter how the bytes come. */
	crew->common.tries = tmi_space_lends(space) && !tmi_matcher_is_slow(matcher);
	crew->threads = threads;
	crew->count = 1;
	for (unsigned i = 0; i < threads; i++)
		crew->members[i].crew = crew;
	crew->members[0].desk.buffer = buffer;
	crew->members[0].desk.piece = piece;
	pthread_mutex_init(&crew->lock, NULL);
	pthread_cond_init(&crew->begin, NULL);
	pthread_cond_init(&crew->done, NULL);
	return crew;
}

void tmi_search_crew_free(struct tmi_search_crew *crew)
{
	if (!crew)
		return;
	pthread_mutex_lock(&crew->lock);
	crew->leave = true;
	pthread_cond_broadcast(&crew->begin);
	pthread_mutex_unlock(&crew->lock);
	for (unsigned i = 1; i < crew->count; i++) {
		pthread_join(crew->members[i].thread, NULL);
		free(crew->members[i].desk.buffer);
	}
	pthread_cond_destroy(&crew->begin);
	pthread_cond_destroy(&crew->done);
	pthread_mutex_destroy(&crew->lock);
	tmi_search_frames_free(crew->common.frames);
	free(crew);
}

static void wake(struct tmi_search_crew *crew)
{
	pthread_mutex_lock(&crew->lock);
	crew->busy = crew->count - 1;
	crew->round++;
	pthread_cond_broadcast(&crew->begin);
	pthread_mutex_unlock(&crew->lock);
}

static void await(struct tmi_search_crew *crew)
{
	pthread_mutex_lock(&crew->lock);
	while (crew->busy)
		pthread_cond_wait(&crew->done, &crew->lock);
	pthread_mutex_unlock(&crew->lock);
}

uint64_t tmi_search_crew_look(struct tmi_search_crew *crew, const struct tmi_search_block *block,
			      tmi_search_proceed *proceed, void *context, uint64_t *bytes)
{
	struct tmi_search_common *common = &crew->common;
	bool all = block->last - block->first >= WAKE_LEAST;

	if (all && !crew->started)
		start_threads(crew);
	all = all && crew->count > 1;
	if (common->frames)
		tmi_search_frames_begin(common->frames, tmi_space_generation(common->space));
	common->block = *block;
	crew->proceed = proceed;
	crew->context = context;
	atomic_store(&crew->taken, 0);
	atomic_store(&common->clear, block->last + 1);
	atomic_store(&common->bytes, 0);
	if (all)
		wake(crew);
	look(&crew->members[0]);
	if (all)
		await(crew);
	*bytes = atomic_load(&common->bytes);
	return atomic_load(&common->clear);
}
