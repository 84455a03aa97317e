/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache.c - an eight-way set-associative page cache with lock-free lookups; see cache.h.
 *
 * Slots are sequence-locked: odd while they change. Every field and every data word is an atomic,
 * read with acquire and written with release order, which on x86-64 are plain moves: the ordering
 * "sequence, then data, then sequence again" needs no fences and is exact under ThreadSanitizer.
 */
#include "frame/cache.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"

#define WAYS  8
#define LOCKS 64
#define WORDS (TMI_CACHE_PAGE / sizeof(uint64_t))

enum slot_state { SLOT_EMPTY, SLOT_PAGE, SLOT_ERROR };

struct slot {
	atomic_uint sequence;
	atomic_uint state;
	atomic_uint space;
	atomic_uint used; /* second-chance bit */
	_Atomic uint64_t page;
	atomic_int status;
	atomic_uint reason;
};

struct data {
	_Atomic uint64_t words[WORDS];
};

/* One size of the cache. Replaced ones are emptied and kept until the cache is freed. */
struct table {
	struct table *older;
	size_t sets; /* 0: keeps nothing */
	size_t bytes;
	struct slot *slots;
	struct data *data;
};

struct tmi_cache {
	_Atomic(struct table *) table;
	_Atomic uint64_t budget; /* bytes; the table for it is made by the first insert */
	_Atomic uint64_t epoch;
	pthread_mutex_t slot_locks[LOCKS];
	pthread_mutex_t fetch_locks[LOCKS];
	pthread_mutex_t size_lock;
	_Atomic uint64_t pages, errors, hits, misses, dropped, flushes;
};

static uint64_t hash(uint32_t space, uint64_t page)
{
	return (page / TMI_CACHE_PAGE + ((uint64_t)space << 40)) * 0x9e3779b97f4a7c15u;
}

/* Spreads the hash over any number of sets by a multiplication; a division would cost more. */
static size_t set_index(const struct table *table, uint64_t h)
{
	return (size_t)((unsigned __int128)h * table->sets >> 64);
}

static struct slot *slot_set(const struct table *table, uint64_t h)
{
	return table->slots + set_index(table, h) * WAYS;
}

/* Slot and set share a lock, so that one set is never changed by two threads. */
static pthread_mutex_t *slot_lock(struct tmi_cache *cache, const struct table *table, uint64_t h)
{
	return &cache->slot_locks[set_index(table, h) % LOCKS];
}

/* Counters are statistics: no ordering is implied. */
static void count(_Atomic uint64_t *counter, int64_t change)
{
	atomic_fetch_add_explicit(counter, (uint64_t)change, memory_order_relaxed);
}

/* Lookups are many: two threads that count at once may lose one, and nobody waits. */
static void count_lookup(_Atomic uint64_t *counter)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

static struct table *table_new(uint64_t budget)
{
	struct table *table = calloc(1, sizeof(*table));
	size_t sets = budget / TMI_CACHE_PAGE / WAYS;
	char *memory = MAP_FAILED;

	if (!table || !sets)
		return table;
	/* Reserved only: a page of the cache costs memory when it is first used. */
	if (!__builtin_mul_overflow(sets, WAYS * (sizeof(struct slot) + sizeof(struct data)),
				    &table->bytes))
		memory = mmap(NULL, table->bytes, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED) {
		free(table);
		return NULL;
	}
	table->sets = sets;
	table->data = (struct data *)memory;
	table->slots = (struct slot *)(memory + sets * WAYS * sizeof(struct data));
	return table;
}

static void table_free(struct table *table)
{
	if (table->sets)
		munmap(table->data, table->bytes);
	free(table);
}

/* An assignment each: a call for every lock would be a fifth of what opening a target takes. */
static void init_locks(struct tmi_cache *cache)
{
	static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

	for (int i = 0; i < LOCKS; i++)
		cache->slot_locks[i] = cache->fetch_locks[i] = fresh;
	cache->size_lock = fresh;
}

struct tmi_cache *tmi_cache_new(uint64_t budget)
{
	struct tmi_cache *cache = calloc(1, sizeof(*cache));
	struct table *table = table_new(0);

	if (!cache || !table) {
		free(cache);
		if (table)
			table_free(table);
		return NULL;
	}
	init_locks(cache);
	atomic_store(&cache->table, table);
	atomic_store(&cache->budget, budget);
	return cache;
}

void tmi_cache_free(struct tmi_cache *cache)
{
	struct table *table = cache ? atomic_load(&cache->table) : NULL;

	while (table) {
		struct table *older = table->older;

		table_free(table);
		table = older;
	}
	for (int i = 0; cache && i < LOCKS; i++) {
		pthread_mutex_destroy(&cache->slot_locks[i]);
		pthread_mutex_destroy(&cache->fetch_locks[i]);
	}
	if (cache)
		pthread_mutex_destroy(&cache->size_lock);
	free(cache);
}

void tmi_cache_copy_out(const _Atomic uint64_t *words, size_t offset, void *buffer, size_t size)
{
	uint8_t *to = buffer;

	while (size > 0) {
		uint64_t word = atomic_load_explicit(&words[offset / 8], memory_order_acquire);
		size_t skip = offset % 8;
		size_t part = 8 - skip < size ? 8 - skip : size;

		memcpy(to, (const uint8_t *)&word + skip, part);
		to += part;
		offset += part;
		size -= part;
	}
}

static bool slot_is(const struct slot *slot, uint32_t space, uint64_t page)
{
	return atomic_load_explicit(&slot->page, memory_order_acquire) == page &&
	       atomic_load_explicit(&slot->space, memory_order_acquire) == space &&
	       atomic_load_explicit(&slot->state, memory_order_acquire) != SLOT_EMPTY;
}

/* Copies one slot; TMI_CACHE_MISS when it changed meanwhile. */
static enum tmi_cache_answer read_slot(const struct table *table, struct slot *slot, uint32_t space,
				       uint64_t page, size_t offset, void *buffer, size_t size,
				       struct tmi_cache_error *error)
{
	unsigned sequence = atomic_load_explicit(&slot->sequence, memory_order_acquire);
	enum tmi_cache_answer answer = TMI_CACHE_HIT;

	if (sequence % 2 || !slot_is(slot, space, page))
		return TMI_CACHE_MISS;
	if (atomic_load_explicit(&slot->state, memory_order_acquire) == SLOT_ERROR) {
		error->status = atomic_load_explicit(&slot->status, memory_order_acquire);
		error->reason = atomic_load_explicit(&slot->reason, memory_order_acquire);
		answer = TMI_CACHE_ERROR;
	} else if (buffer) {
		tmi_cache_copy_out(table->data[slot - table->slots].words, offset, buffer, size);
	}
	if (atomic_load_explicit(&slot->sequence, memory_order_acquire) != sequence)
		return TMI_CACHE_MISS;
	if (!atomic_load_explicit(&slot->used, memory_order_relaxed))
		atomic_store_explicit(&slot->used, 1, memory_order_relaxed);
	return answer;
}

enum tmi_cache_answer tmi_cache_read(struct tmi_cache *cache, uint32_t space, uint64_t page,
				     size_t offset, void *buffer, size_t size,
				     struct tmi_cache_error *error)
{
	const struct table *table = atomic_load_explicit(&cache->table, memory_order_acquire);
	enum tmi_cache_answer answer = TMI_CACHE_MISS;
	struct slot *set;

	if (!table->sets) {
		/* Not made yet; with a budget of 0 it never will be, and nothing is looked up. */
		if (buffer && atomic_load_explicit(&cache->budget, memory_order_relaxed))
			count_lookup(&cache->misses);
		return TMI_CACHE_MISS;
	}
	set = slot_set(table, hash(space, page));
	for (int way = 0; way < WAYS && answer == TMI_CACHE_MISS; way++)
		answer = read_slot(table, &set[way], space, page, offset, buffer, size, error);
	if (buffer)
		count_lookup(answer == TMI_CACHE_MISS ? &cache->misses : &cache->hits);
	return answer;
}

/* A place in one slot; false when it is another page's, or changes now. */
static bool place_in(struct tmi_cache *cache, const struct table *table, struct slot *slot,
		     uint32_t space, uint64_t page, struct tmi_cache_place *place)
{
	unsigned sequence = atomic_load_explicit(&slot->sequence, memory_order_acquire);

	if (sequence % 2 || !slot_is(slot, space, page) ||
	    atomic_load_explicit(&slot->state, memory_order_acquire) != SLOT_PAGE ||
	    atomic_load_explicit(&slot->sequence, memory_order_acquire) != sequence)
		return false;
	*place = (struct tmi_cache_place){ table->data[slot - table->slots].words, &slot->sequence,
					   &slot->used, &cache->hits, sequence };
	return true;
}

bool tmi_cache_find(struct tmi_cache *cache, uint32_t space, uint64_t page,
		    struct tmi_cache_place *place)
{
	const struct table *table = atomic_load_explicit(&cache->table, memory_order_acquire);
	struct slot *set;

	if (!table->sets)
		return false;
	set = slot_set(table, hash(space, page));
	for (int way = 0; way < WAYS; way++) {
		if (place_in(cache, table, &set[way], space, page, place))
			return true;
	}
	return false;
}

uint64_t tmi_cache_ticket(const struct tmi_cache *cache)
{
	return atomic_load_explicit(&cache->epoch, memory_order_acquire);
}

/* Slot of the page itself, an empty one, or the first without a second chance. */
static struct slot *choose_slot(struct slot *set, uint32_t space, uint64_t page)
{
	struct slot *choice = NULL;

	for (int way = 0; way < WAYS; way++) {
		if (slot_is(&set[way], space, page))
			return &set[way];
		if (!choice && !atomic_load(&set[way].state))
			choice = &set[way];
	}
	for (int way = 0; way < WAYS && !choice; way++)
		if (!atomic_exchange(&set[way].used, 0))
			choice = &set[way];
	return choice ? choice : &set[page / TMI_CACHE_PAGE % WAYS];
}

/* Takes a slot's present content out of the counts. */
static void uncount(struct tmi_cache *cache, const struct slot *slot)
{
	unsigned state = atomic_load(&slot->state);

	if (state == SLOT_PAGE)
		count(&cache->pages, -1);
	else if (state == SLOT_ERROR)
		count(&cache->errors, -1);
}

/* Everything that changes a slot happens between these two, under the set's lock. */
static void begin_change(struct slot *slot)
{
	unsigned sequence = atomic_load_explicit(&slot->sequence, memory_order_relaxed);

	atomic_store_explicit(&slot->sequence, sequence + 1, memory_order_relaxed);
}

static void end_change(struct slot *slot)
{
	unsigned sequence = atomic_load_explicit(&slot->sequence, memory_order_relaxed);

	atomic_store_explicit(&slot->sequence, sequence + 1, memory_order_release);
}

static void fill_slot(const struct table *table, struct slot *slot, uint32_t space, uint64_t page,
		      const uint8_t *data, const struct tmi_cache_error *error)
{
	struct data *target = &table->data[slot - table->slots];

	begin_change(slot);
	atomic_store_explicit(&slot->state, data ? SLOT_PAGE : SLOT_ERROR, memory_order_release);
	atomic_store_explicit(&slot->space, space, memory_order_release);
	atomic_store_explicit(&slot->page, page, memory_order_release);
	if (error) {
		atomic_store_explicit(&slot->status, error->status, memory_order_release);
		atomic_store_explicit(&slot->reason, error->reason, memory_order_release);
	}
	for (size_t i = 0; data && i < WORDS; i++) {
		uint64_t word;

		memcpy(&word, data + i * sizeof(word), sizeof(word));
		atomic_store_explicit(&target->words[i], word, memory_order_release);
	}
	end_change(slot);
}

static void empty_slot(struct tmi_cache *cache, struct slot *slot)
{
	if (!atomic_load(&slot->state))
		return;
	uncount(cache, slot);
	begin_change(slot);
	atomic_store_explicit(&slot->state, SLOT_EMPTY, memory_order_release);
	end_change(slot);
}

/* Empties every slot of one space (or all) that overlaps [first, last]. */
static void sweep(struct tmi_cache *cache, const struct table *table, bool all, uint32_t space,
		  uint64_t first, uint64_t last)
{
	for (size_t set = 0; set < table->sets; set++) {
		pthread_mutex_t *lock = &cache->slot_locks[set % LOCKS];

		pthread_mutex_lock(lock);
		for (int way = 0; way < WAYS; way++) {
			struct slot *slot = &table->slots[set * WAYS + way];
			uint64_t page = atomic_load(&slot->page);

			if (all || (atomic_load(&slot->space) == space && page <= last &&
				    page + (TMI_CACHE_PAGE - 1) >= first))
				empty_slot(cache, slot);
		}
		pthread_mutex_unlock(lock);
	}
}

/*
 * Puts a new table in front of the present one; size_lock is held. The old one is emptied after the
 * exchange, when nothing is inserted into it any more. A reader may still hold it and finds empty
 * slots, first by their state, then as zeros.
 */
static void replace_table(struct tmi_cache *cache, struct table *table)
{
	struct table *old = atomic_load(&cache->table);

	table->older = old;
	atomic_store(&cache->table, table);
	atomic_fetch_add(&cache->epoch, 1);
	sweep(cache, old, true, 0, 0, 0);
	if (old->sets)
		madvise(old->data, old->bytes, MADV_DONTNEED);
}

/* The table, made when the first page comes. */
static const struct table *table_for_insert(struct tmi_cache *cache)
{
	const struct table *table = atomic_load(&cache->table);
	struct table *made;

	if (table->sets || atomic_load(&cache->budget) < WAYS * TMI_CACHE_PAGE)
		return table;
	pthread_mutex_lock(&cache->size_lock);
	table = atomic_load(&cache->table);
	made = table->sets ? NULL : table_new(atomic_load(&cache->budget));
	if (made) {
		made->older = atomic_load(&cache->table);
		atomic_store(&cache->table, made);
		table = made;
	}
	pthread_mutex_unlock(&cache->size_lock);
	return table;
}

static void insert(struct tmi_cache *cache, uint32_t space, uint64_t page, uint64_t ticket,
		   const void *data, const struct tmi_cache_error *error)
{
	const struct table *table = table_for_insert(cache);
	uint64_t h = hash(space, page);
	pthread_mutex_t *lock;
	struct slot *slot;

	if (!table->sets)
		return;
	lock = slot_lock(cache, table, h);
	pthread_mutex_lock(lock);
	/* Tested under the lock: who drops raises the epoch first and then takes the lock. */
	if (ticket == tmi_cache_ticket(cache) && table == atomic_load(&cache->table)) {
		slot = choose_slot(slot_set(table, h), space, page);
		uncount(cache, slot);
		if (atomic_load(&slot->state) && !slot_is(slot, space, page))
			count(&cache->dropped, 1);
		fill_slot(table, slot, space, page, data, error);
		count(data ? &cache->pages : &cache->errors, 1);
	}
	pthread_mutex_unlock(lock);
}

void tmi_cache_insert(struct tmi_cache *cache, uint32_t space, uint64_t page, uint64_t ticket,
		      const void *data)
{
	insert(cache, space, page, ticket, data, NULL);
}

void tmi_cache_insert_error(struct tmi_cache *cache, uint32_t space, uint64_t page, uint64_t ticket,
			    const struct tmi_cache_error *error)
{
	insert(cache, space, page, ticket, NULL, error);
}

static void drop_page(struct tmi_cache *cache, const struct table *table, uint32_t space,
		      uint64_t page)
{
	uint64_t h = hash(space, page);
	struct slot *set = slot_set(table, h);
	pthread_mutex_t *lock = slot_lock(cache, table, h);

	pthread_mutex_lock(lock);
	for (int way = 0; way < WAYS; way++)
		if (slot_is(&set[way], space, page))
			empty_slot(cache, &set[way]);
	pthread_mutex_unlock(lock);
}

/* What is being fetched now may not be inserted; then the table, which may just have been replaced.
 */
static const struct table *begin_drop(struct tmi_cache *cache)
{
	atomic_fetch_add(&cache->epoch, 1);
	return atomic_load(&cache->table);
}

void tmi_cache_drop(struct tmi_cache *cache, uint32_t space, uint64_t first, uint64_t last)
{
	uint64_t page = first & ~(uint64_t)(TMI_CACHE_PAGE - 1);
	uint64_t pages = (last - page) / TMI_CACHE_PAGE + 1;
	const struct table *table = begin_drop(cache);

	if (!table->sets)
		return;
	if (pages > table->sets * WAYS) {
		sweep(cache, table, false, space, first, last);
		return;
	}
	for (uint64_t i = 0; i < pages; i++)
		drop_page(cache, table, space, page + i * TMI_CACHE_PAGE);
}

void tmi_cache_flush(struct tmi_cache *cache)
{
	sweep(cache, begin_drop(cache), true, 0, 0, 0);
	count(&cache->flushes, 1);
}

tmem_status tmi_cache_set_budget(struct tmi_cache *cache, uint64_t budget)
{
	struct table *table = table_new(budget);

	if (!table)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	pthread_mutex_lock(&cache->size_lock);
	atomic_store(&cache->budget, budget);
	replace_table(cache, table);
	pthread_mutex_unlock(&cache->size_lock);
	count(&cache->flushes, 1);
	return TMEM_S_OK;
}

void tmi_cache_lock_fetch(struct tmi_cache *cache, uint32_t space, uint64_t page)
{
	pthread_mutex_lock(&cache->fetch_locks[(hash(space, page) >> 32) % LOCKS]);
}

void tmi_cache_unlock_fetch(struct tmi_cache *cache, uint32_t space, uint64_t page)
{
	pthread_mutex_unlock(&cache->fetch_locks[(hash(space, page) >> 32) % LOCKS]);
}

void tmi_cache_statistics(struct tmi_cache *cache, struct tmem_cache_statistics *statistics)
{
	uint64_t budget = atomic_load(&cache->budget);

	statistics->budget = budget / TMI_CACHE_PAGE / WAYS * WAYS * TMI_CACHE_PAGE;
	statistics->pages = atomic_load(&cache->pages);
	statistics->used = statistics->pages * TMI_CACHE_PAGE;
	statistics->errors = atomic_load(&cache->errors);
	statistics->hits = atomic_load(&cache->hits);
	statistics->misses = atomic_load(&cache->misses);
	statistics->dropped = atomic_load(&cache->dropped);
	statistics->flushes = atomic_load(&cache->flushes);
}
