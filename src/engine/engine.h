/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.h - the objects behind a handle; private to src/engine and the hot path of src/access.
 *
 *	tmem_target   one handle: context, callbacks, interrupt, progress
 *	  -> tmi_context   current process and thread; immutable, swapped by one pointer
 *	  -> tmi_shared    one opened target: kind, cache, overlay, spaces, locks
 *	       -> tmi_space     one address space of it
 *
 * Lifetimes: handles hold the shared object by reference. Spaces live as long as the shared object
 * and contexts as long as their handle, so that a reader never meets a freed one.
 */
#ifndef TMI_ENGINE_ENGINE_H
#define TMI_ENGINE_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <tmem.h>

#include "engine/call.h"
#include "engine/unpack.h"
#include "frame/cache.h"
#include "frame/overlay.h"

struct tmi_kernel;
struct tmi_shared;
struct tmi_symbol_cache;
struct tmi_translation;

struct tmi_space {
	struct tmi_shared *shared;
	uint64_t serial; /* never the same twice in one process, unlike the address */
	uint32_t number;
	atomic_bool dropped;                 /* the process was detached */
	const _Atomic uint64_t *incarnation; /* the kind's generation, NULL = never changes */
	const struct tmi_direct *direct;     /* of the kind; NULL = small reads go to read() */
	/* Replaced when the kind's generation changes (exec may change the word size). */
	_Atomic(struct tmi_facts_of *) facts;
	pthread_mutex_t facts_lock;
	/* Set once, when the tables are known; NULL: the kind's own space. See translated.h. */
	_Atomic(const struct tmi_translation *) translation;
};

/* Facts with the generation they were taken at; older ones stay until close. */
struct tmi_facts_of {
	struct tmi_facts facts;
	uint64_t generation;
	struct tmi_facts_of *older;
};

enum tmi_cache_mode { TMI_CACHE_AUTO, TMI_CACHE_ON, TMI_CACHE_OFF };

struct tmi_shared {
	const struct tmi_target_kind *kind;
	void *state;
	struct tmi_unpacked *unpacked; /* what the kind opened for a compressed file, or NULL */
	struct tmi_kernel *kernel;     /* kernel mode: what runs in it; NULL in user mode */
	struct tmi_overlay *overlay;   /* NULL: writes go to the target */
	struct tmi_cache *cache;
	_Atomic(struct tmi_symbol_cache *) symbols; /* NULL: nobody asked yet */
	enum tmi_cache_mode cache_mode;
	atomic_bool caching;         /* reads of cacheable pages use the cache now */
	atomic_bool steady;          /* the target cannot run now: translations may be kept */
	_Atomic uint64_t generation; /* of views: any change of content */
	_Atomic uint64_t resumes;    /* of contents: the target ran */
	atomic_uint writing;         /* changes that may have begun and are not in generation yet */
	unsigned threads;            /* a long operation may use */

	pthread_mutex_t write_lock; /* one change at a time */
	pthread_mutex_t run_lock;   /* suspend and resume */
	unsigned suspends;          /* under run_lock */

	pthread_mutex_t lock;      /* of what follows */
	struct tmi_space **spaces; /* by number */
	size_t space_count;
	struct thread_row {
		uint32_t space;
		uint32_t system_id;
	} * threads_seen; /* engine thread id is the index */
	size_t thread_count;
	struct tmem_target *handles; /* every open handle */
	pthread_cond_t callback_done;
};

struct tmi_context {
	uint64_t serial; /* never the same twice in one process: key of the hot path */
	struct tmi_space *space;
	uint32_t thread; /* engine id, TMEM_ANY_ID = the space's first */
	struct tmi_context *older;
};

struct tmem_target {
	_Atomic(struct tmi_context *) context;
	struct tmi_shared *shared;
	/* Of the context, for who needs no more of it; of none while it is replaced. */
	_Atomic uint64_t context_serial;
	pthread_mutex_t context_lock;
	struct tmi_context *contexts; /* every one this handle ever used */
	atomic_bool interrupt;
	tmem_progress_callback *progress;
	void *progress_context;
	pthread_mutex_t module_lock;
	struct tmi_module_list *modules; /* of the process they were last asked for */
	/* Under shared->lock. */
	struct tmem_event_callbacks callbacks;
	unsigned callbacks_running;
	struct tmem_target *next;
};

/* A kind that has opened something. */
struct tmi_opened {
	const struct tmi_target_kind *kind;
	void *state;
	struct tmi_unpacked *unpacked; /* NULL: opened as it is */
};

/* --- shared.c: the opened target --- */

/* Takes over what was opened. NULL when out of memory (the kind is closed then). */
struct tmi_shared *tmi_shared_new(const struct tmi_opened *opened);
void tmi_shared_free(struct tmi_shared *shared);
/* The space with a number, made at first use; NULL when the kind has none, or out of memory. */
struct tmi_space *tmi_shared_space(struct tmi_shared *shared, uint32_t number);
/* A space that the kind does not have, made of page tables; number 0. NULL: out of memory. */
struct tmi_space *tmi_shared_add_space(struct tmi_shared *shared, const struct tmi_facts *facts);
/* Gives a space other facts; the older ones stay until close. */
tmem_status tmi_shared_set_facts(struct tmi_space *space, const struct tmi_facts *facts);
/* Whether the cache may be used is decided anew: after suspend, resume, budget changes. */
void tmi_shared_decide_caching(struct tmi_shared *shared);
/* Everything cached is out of date: the target ran. */
void tmi_shared_ran(struct tmi_shared *shared);

/* tmi_space_facts() without a call while nothing was executed: every read asks several times. */
static inline const struct tmi_facts *tmi_space_facts_now(const struct tmi_space *space)
{
	const struct tmi_facts_of *facts =
		atomic_load_explicit(&space->facts, memory_order_acquire);

	if (!space->incarnation ||
	    facts->generation == atomic_load_explicit(space->incarnation, memory_order_acquire))
		return &facts->facts;
	return tmi_space_facts(space);
}

/* --- context.c --- */

tmem_status tmi_context_set(tmem_target *target, struct tmi_space *space, uint32_t thread);
static inline struct tmi_context *tmi_context_get(tmem_target *target)
{
	return atomic_load_explicit(&target->context, memory_order_acquire);
}
static inline uint64_t tmi_context_serial(tmem_target *target)
{
	return atomic_load_explicit(&target->context_serial, memory_order_acquire);
}
/* First process that was not dropped, or the kernel's space; NULL when none. */
struct tmi_space *tmi_context_first_space(struct tmi_shared *shared);

/* --- registry.c: finding the kind --- */

/* Unpacks the file of a spec when it is compressed, finds the kind and has it open. */
tmem_status tmi_registry_open(const struct tmem_open_parameters *parameters,
			      const struct tmi_options *options, bool may_map,
			      struct tmi_opened *opened);

/* --- event.c --- */

/* Tells every handle's callback; no lock may be held. */
void tmi_event_debuggee(struct tmi_shared *shared, uint32_t flags, uint64_t argument);
void tmi_event_engine(struct tmi_shared *shared, tmem_target *only, uint32_t flags,
		      uint64_t argument);
/* True while this thread runs a callback, of an event or of progress. */
bool tmi_event_inside(void);
/* Around a callback: what it must not do is refused meanwhile. */
void tmi_event_enter(struct tmi_explanation *saved);
void tmi_event_leave(struct tmi_explanation *saved);
/*
 * Waits until no callback of the handle runs, then removes the handle from the list. True when it
 * was the target's last.
 */
bool tmi_event_forget(tmem_target *target);

/* --- storage.c: one space of the kind with cache and overlay; addresses are the kind's --- */

tmem_status tmi_storage_read(struct tmi_space *space, uint64_t address, void *buffer, size_t size,
			     uint32_t flags, size_t *done);
tmem_status tmi_storage_read_batch(struct tmi_space *space, struct tmem_transfer *items,
				   size_t count);
tmem_status tmi_storage_write(struct tmi_space *space, uint64_t address, const void *buffer,
			      size_t size, size_t *done);
bool tmi_storage_view(struct tmi_space *space, uint64_t address, struct tmi_borrow *borrow);

/* --- module.c --- */

void tmi_module_list_free(struct tmi_module_list *list);

/* --- thread.c --- */

/* Engine id of a thread, given at first sight; TMEM_ANY_ID when out of memory. */
uint32_t tmi_thread_id(struct tmi_shared *shared, uint32_t space, uint32_t system_id);

#endif
