/* SPDX-License-Identifier: Apache-2.0 */
/*
 * symbol_cache.c - one table of symbols for each module that was asked about; see symbol.h.
 *
 * A module is known by place, size and build-id; one without a build-id also by its file's name.
 * An exec makes all tables of its process void. The tables that were not used for longest go when
 * there are too many.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/symbol.h"

#define BYTES_MAX (256u << 20)
#define COUNT_MAX 8192u

struct entry {
	uint32_t space;
	uint64_t incarnation;
	uint64_t base;
	uint64_t size;
	struct tmi_elf_build_id build_id;
	char *file;
	struct tmi_elf_symbols symbols;
	uint64_t bytes;
	uint64_t used; /* value of the clock at the last use */
};

struct tmi_symbol_cache {
	pthread_mutex_t lock;
	struct entry **entries;
	size_t count;
	uint64_t bytes;
	uint64_t clock;
};

static void free_entry(struct entry *entry)
{
	tmi_elf_symbols_fini(&entry->symbols);
	free(entry->file);
	free(entry);
}

void tmi_symbol_cache_free(struct tmi_symbol_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < cache->count; i++)
		free_entry(cache->entries[i]);
	free(cache->entries);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

/* The cache of a target, made at the first call; NULL without memory. */
static struct tmi_symbol_cache *get_cache(struct tmi_shared *shared)
{
	struct tmi_symbol_cache *cache = atomic_load(&shared->symbols);
	struct tmi_symbol_cache *fresh;

	if (cache)
		return cache;
	fresh = calloc(1, sizeof(*fresh));
	if (!fresh)
		return NULL;
	pthread_mutex_init(&fresh->lock, NULL);
	if (atomic_compare_exchange_strong(&shared->symbols, &cache, fresh))
		return fresh;
	tmi_symbol_cache_free(fresh);
	return cache;
}

/* tmi_elf_reader over a space. */
static size_t read_space(void *context, uint64_t offset, void *buffer, size_t size)
{
	size_t done = 0;

	tmi_space_read(context, offset, buffer, size, 0, &done);
	return done;
}

static void drop(struct tmi_symbol_cache *cache, size_t index)
{
	cache->bytes -= cache->entries[index]->bytes;
	free_entry(cache->entries[index]);
	cache->entries[index] = cache->entries[--cache->count];
}

/* Drops what an exec made void, and then what was not used for longest, but never @keep. */
static void make_room(struct tmi_symbol_cache *cache, const struct entry *keep)
{
	for (size_t i = cache->count; i-- > 0;)
		if (cache->entries[i]->space == keep->space &&
		    cache->entries[i]->incarnation != keep->incarnation)
			drop(cache, i);
	while (cache->bytes > BYTES_MAX || cache->count > COUNT_MAX) {
		size_t oldest = cache->count;

		for (size_t i = 0; i < cache->count; i++)
			if (cache->entries[i] != keep &&
			    (oldest == cache->count ||
			     cache->entries[i]->used < cache->entries[oldest]->used))
				oldest = i;
		if (oldest == cache->count)
			break;
		drop(cache, oldest);
	}
}

static bool is_for(const struct entry *entry, const struct entry *key)
{
	return entry->base == key->base && entry->space == key->space &&
	       entry->incarnation == key->incarnation && entry->size == key->size &&
	       entry->build_id.size == key->build_id.size &&
	       !memcmp(entry->build_id.bytes, key->build_id.bytes, key->build_id.size) &&
	       (key->build_id.size || !strcmp(entry->file, key->file));
}

static struct entry *look_up(const struct tmi_symbol_cache *cache, const struct entry *key)
{
	for (size_t i = 0; i < cache->count; i++)
		if (is_for(cache->entries[i], key))
			return cache->entries[i];
	return NULL;
}

/* Reads the symbols of a module; false: no memory. */
static bool fill(struct entry *entry, struct tmi_space *space)
{
	struct tmi_elf_image image;

	if (!tmi_elf_image_init(&image, read_space, space, entry->base,
				tmi_space_facts(space)->page_size, NULL))
		return true;
	tmi_elf_symbols_init(&entry->symbols, &image);
	tmi_elf_symbols_add_dynamic(&entry->symbols, &image);
	tmi_symbol_file_add(space, &image, &entry->symbols);
	return tmi_elf_symbols_settle(&entry->symbols);
}

/* A new table in the cache; NULL without memory. */
static struct entry *add(struct tmi_symbol_cache *cache, struct tmi_space *space,
			 const struct entry *key)
{
	struct entry **entries =
		reallocarray(cache->entries, cache->count + 1, sizeof(struct entry *));
	struct entry *entry = calloc(1, sizeof(*entry));

	if (entries)
		cache->entries = entries;
	if (entry) {
		*entry = *key;
		entry->file = strdup(key->file);
	}
	if (!entries || !entry || !entry->file || !fill(entry, space)) {
		if (entry)
			free_entry(entry);
		return NULL;
	}
	entry->bytes = entry->symbols.names_size +
		       entry->symbols.count * (sizeof(struct tmi_elf_symbol) + sizeof(uint32_t));
	cache->bytes += entry->bytes;
	cache->entries[cache->count++] = entry;
	make_room(cache, entry);
	return entry;
}

tmem_status tmi_symbol_table(struct tmi_space *space, const struct tmem_module *module,
			     const struct tmi_elf_symbols **symbols)
{
	struct tmi_symbol_cache *cache = get_cache(space->shared);
	struct entry key = {
		.space = space->number,
		.incarnation = tmi_space_incarnation(space),
		.base = module->base,
		.size = module->module_size,
		.build_id = { .size = (uint8_t)module->build_id_size },
		.file = (char *)module->file,
	};
	struct entry *entry;

	tmi_space_enter(space, &key.base);
	memcpy(key.build_id.bytes, module->build_id, sizeof(key.build_id.bytes));
	if (!cache)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	pthread_mutex_lock(&cache->lock);
	entry = look_up(cache, &key);
	if (!entry)
		entry = add(cache, space, &key);
	if (!entry) {
		pthread_mutex_unlock(&cache->lock);
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	}
	entry->used = ++cache->clock;
	*symbols = &entry->symbols;
	return TMEM_S_OK;
}

void tmi_symbol_table_release(struct tmi_space *space)
{
	pthread_mutex_unlock(&atomic_load(&space->shared->symbols)->lock);
}
