/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_process_resident.c - reading what is in memory and nothing else: over every page of every
 * mapping it agrees with what the kernel's own list of pages says, and with a usual read; nothing
 * becomes resident by it, and nothing blocks. With every fall-back.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "live_zoo.h"

#define KIND (&tmi_target_process)

/* Pages looked at from both ends of a mapping that has more. */
#define MANY 300

struct fixture {
	struct zoo zoo;
	void *state;
	int pagemap;
};

static int set_up(void **data)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char path[64];

	alarm(100); /* a read that blocks must not hang the tests */
	zoo_start(&f->zoo);
	f->state = zoo_open_pid(f->zoo.pid, NULL);
	snprintf(path, sizeof(path), "/proc/%d/pagemap", f->zoo.pid);
	f->pagemap = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(f->pagemap >= 0);
	*data = f;
	return 0;
}

static int tear_down(void **data)
{
	struct fixture *f = *data;

	close(f->pagemap);
	KIND->close(f->state);
	zoo_end(&f->zoo);
	free(f);
	alarm(0);
	return 0;
}

/* False where the op has nothing to tell by. */
static bool is_offered(void)
{
	return !strstr(getenv("TMEM_DISABLE"), "process_vm") &&
	       (!strstr(getenv("TMEM_DISABLE"), "pagemap") ||
		!strcmp(getenv("TMEM_DISABLE"), "pagemap_scan"));
}

static bool is_present(const struct fixture *f, uint64_t address)
{
	uint64_t entry = 0;

	pread(f->pagemap, &entry, sizeof(entry), (off_t)(address / f->zoo.at->page * 8));
	return entry >> 63;
}

static size_t read_resident(const struct fixture *f, uint64_t address, void *buffer, size_t size)
{
	return KIND->read_resident(f->state, 0, address, buffer, size);
}

static void check_page(const struct fixture *f, const struct zoo_mapping *mapping, uint64_t address)
{
	size_t size = f->zoo.at->page;
	uint8_t bytes[2][65536];
	size_t done = read_resident(f, address, bytes[0], size);

	if (done && !is_present(f, address))
		fail_msg("%lx in %s %s is not resident", address, mapping->flags, mapping->name);
	/* The program waits: nothing changes in between. */
	if (done && zoo_read(f->state, 0, address, bytes[1], size, NULL) == size) {
		assert_int_equal(done, size);
		assert_memory_equal(bytes[0], bytes[1], size);
	} else if (done) {
		fail_msg("%lx in %s %s cannot be read", address, mapping->flags, mapping->name);
	}
}

/* Many of them cannot be read at all, or not this way; that is none of this test. */
static void every_page_of_every_mapping(void **data)
{
	struct fixture *f = *data;
	struct zoo_mapping *mappings;
	size_t count = zoo_mappings(f->zoo.pid, &mappings);
	uint64_t page = f->zoo.at->page;

	assert_true(count > 20);
	for (size_t i = 0; i < count; i++) {
		uint64_t pages = (mappings[i].last - mappings[i].first) / page + 1;

		for (uint64_t k = 0; k < pages; k++) {
			if (pages > 2 * MANY && k == MANY)
				k = pages - MANY;
			check_page(f, &mappings[i], mappings[i].first + k * page);
		}
	}
	free(mappings);
}

/* As many pages as the list of pages says, from any byte on, and not one more. */
static void prefixes(void **data)
{
	struct fixture *f = *data;
	const struct zoo_places *at = f->zoo.at;
	uint64_t page = at->page;
	const uint64_t places[] = { at->plain,     at->readonly,   at->code,    at->guard,
				    at->cut,       at->cut_shared, at->copied,  at->shared,
				    at->shared_ro, at->blocking,   at->reserve, at->none_new };
	uint8_t *bytes = malloc(ZOO_PAGES * page);

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		for (uint64_t skip = 0; places[i] >= 16 * page && skip < ZOO_PAGES * page;
		     skip += page / 2 + 1) {
			size_t size = ZOO_PAGES * page - skip;
			size_t expected = 0, done;

			while (expected < size && is_present(f, places[i] + skip + expected))
				expected += page - (skip + expected) % page;
			done = read_resident(f, places[i] + skip, bytes, size);
			if (done != (is_offered() ? expected : 0))
				fail_msg("piece %zu from %lx: %zu, not %zu", i, skip, done,
					 expected);
		}
	}
	free(bytes);
}

static void nothing_is_touched(void **data)
{
	struct fixture *f = *data;
	const struct zoo_places *at = f->zoo.at;
	const uint64_t places[] = { at->reserve, at->cut_shared, at->none_new, at->plain };
	size_t size = 1 << 20;
	uint8_t *bytes = malloc(size);

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		unsigned long before = zoo_resident(f->zoo.pid, places[i]);

		for (uint64_t k = 0; k < 8; k++)
			read_resident(f, places[i] + k * at->page, bytes, size);
		assert_int_equal(zoo_resident(f->zoo.pid, places[i]), before);
	}
	free(bytes);
}

static void odd_requests(void **data)
{
	struct fixture *f = *data;
	uint64_t plain = f->zoo.at->plain;
	uint8_t bytes[64];

	assert_int_equal(read_resident(f, plain, bytes, 0), 0);
	assert_int_equal(read_resident(f, 0, bytes, sizeof(bytes)), 0);
	assert_int_equal(read_resident(f, UINT64_MAX, bytes, 1), 0);
	assert_int_equal(read_resident(f, UINT64_MAX - 8, bytes, sizeof(bytes)), 0);
	assert_int_equal(read_resident(f, plain, bytes, SIZE_MAX), 0);
	assert_int_equal(KIND->read_resident(f->state, 7, plain, bytes, sizeof(bytes)), 0);
	if (is_offered())
		assert_int_equal(read_resident(f, plain, bytes, sizeof(bytes)), sizeof(bytes));
	/* Another program is another address space; a dead one is none. */
	zoo_do(&f->zoo, ZOO_EXIT);
	assert_true(zoo_wait_state(f->zoo.pid, "ZX"));
	assert_int_equal(read_resident(f, plain, bytes, sizeof(bytes)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		ROW(every_page_of_every_mapping),
		ROW(prefixes),
		ROW(nothing_is_touched),
		ROW(odd_requests),
#undef ROW
	};

	return zoo_run_group(tests, sizeof(tests) / sizeof(tests[0]));
}
