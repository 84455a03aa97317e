/* SPDX-License-Identifier: Apache-2.0 */
/* tmem.c - this library as a reader; see work.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "work.h"

#define MOST_ELEMENTS 1024

static tmem_target *opened;

static bool open_target(const struct peer_target *target)
{
	static const struct {
		const char *kind;
		const char *prefix;
	} prefixes[] = { { "process", "pid" }, { "scratch", "pid" },  { "mappings", "pid" },
			 { "twin", "pid" },    { "image", "vmcore" }, { "guest", "vmcore" },
			 { "", "core" } };
	char spec[4200];
	size_t i = 0;

	while (*prefixes[i].kind && strcmp(prefixes[i].kind, target->kind))
		i++;
	snprintf(spec, sizeof(spec), "%s:%s", prefixes[i].prefix, target->spec);
	if (!bench_good(tmem_open(spec, target->options, &opened), NULL, spec))
		return false;
	/* The kernel's tables are found; user addresses go through those of a process. */
	return strcmp(target->kind, "guest") ||
	       bench_good(tmem_set_directory_base(opened, target->root), opened, "tables");
}

static void close_target(void)
{
	tmem_close(opened);
	opened = NULL;
}

static bool read_bytes(uint64_t address, void *buffer, size_t size)
{
	size_t done;
	tmem_status status = tmem_read_virtual(opened, address, buffer, size, &done);

	if (status == TMEM_S_OK && done == size)
		return true;
	return bench_good(status, opened, "read") && bench_fail("only %zu bytes were read", done);
}

static bool write_bytes(uint64_t address, const void *buffer, size_t size)
{
	size_t done;

	return bench_good(tmem_write_virtual(opened, address, buffer, size, &done), opened,
			  "write") &&
	       (done == size || bench_fail("only %zu bytes were written", done));
}

static bool scatter(const uint64_t *addresses, uint64_t *values, size_t count)
{
	static struct tmem_transfer items[MOST_ELEMENTS];

	for (size_t i = 0; i < count; i++)
		items[i] = (struct tmem_transfer){ .offset = addresses[i],
						   .buffer = &values[i],
						   .size = sizeof(values[i]) };
	return bench_good(tmem_read_virtual_batch(opened, items, count), opened, "batch");
}

static bool read_text(uint64_t address, char *buffer, size_t size)
{
	return bench_good(
		tmem_read_multi_byte_string_virtual(opened, address, size - 1, buffer, size, NULL),
		opened, "string");
}

static bool read_texts(const uint64_t *addresses, char *texts, size_t room, size_t count)
{
	static struct tmem_string_transfer items[MOST_ELEMENTS];

	for (size_t i = 0; i < count; i++)
		items[i] = (struct tmem_string_transfer){ .offset = addresses[i],
							  .max_bytes = room,
							  .buffer = texts + i * room,
							  .buffer_size = room };
	return bench_good(tmem_read_multi_byte_string_virtual_batch(opened, items, count), opened,
			  "batch");
}

static bool search(uint64_t address, uint64_t size, const uint8_t *pattern, uint64_t *found)
{
	tmem_status status =
		tmem_search_virtual(opened, address, size, pattern, BENCH_NEEDLE_SIZE, 1, found);

	if (status == TMEM_E_NO_MORE_ENTRIES) {
		*found = PEER_NOWHERE;
		return true;
	}
	return bench_good(status, opened, "search");
}

static bool list_regions(uint64_t *count)
{
	struct tmem_run run = { .size = sizeof(run) };
	tmem_run_cursor *cursor;

	if (!bench_good(tmem_run_cursor_new(opened, TMEM_DATA_SPACE_VIRTUAL, 0, &cursor), opened,
			"listing runs"))
		return false;
	*count = 0;
	while (tmem_run_cursor_next(cursor, &run) == TMEM_S_OK)
		++*count;
	tmem_run_cursor_free(cursor);
	return true;
}

static bool translate(uint64_t address, uint64_t *physical)
{
	return bench_good(tmem_virtual_to_physical(opened, address, physical), opened,
			  "translation");
}

const struct peer_reader peer_reader = {
	.open = open_target,
	.close = close_target,
	.read = read_bytes,
	.write = write_bytes,
	.scatter = scatter,
	.text = read_text,
	.texts = read_texts,
	.search = search,
	.regions = list_regions,
	.translate = translate,
};
