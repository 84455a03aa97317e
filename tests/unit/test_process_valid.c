/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_process_valid.c - which pages can be read: over every page of every mapping the run, the
 * valid op and a read agree, with every fall-back; and nothing is touched by asking.
 */
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
};

static int set_up(void **data)
{
	struct fixture *f = calloc(1, sizeof(*f));

	alarm(100);
	zoo_start(&f->zoo);
	f->state = zoo_open_pid(f->zoo.pid, NULL);
	*data = f;
	return 0;
}

static int tear_down(void **data)
{
	struct fixture *f = *data;

	KIND->close(f->state);
	zoo_end(&f->zoo);
	free(f);
	alarm(0);
	return 0;
}

/* Whether the run and the valid op call one page readable. */
static bool called_valid(struct fixture *f, uint64_t address)
{
	uint64_t page = f->zoo.at->page, first, end;
	struct tmi_run run;
	tmem_status status;

	assert_int_equal(KIND->run(f->state, 0, address, &run), TMEM_S_OK);
	assert_true(run.first <= address && address <= run.last);
	if (run.source == TMEM_VSOURCE_INVALID)
		return false;
	if (!run.uncertain)
		return true;
	status = KIND->valid(f->state, 0, &run, address, address + page - 1, &first, &end);
	if (status == TMEM_E_NO_MORE_ENTRIES)
		return false;
	assert_int_equal(status, TMEM_S_OK);
	assert_int_equal(first, address);
	assert_int_equal(end, address + page - 1);
	return true;
}

static void check_page(struct fixture *f, const struct zoo_mapping *mapping, uint64_t address)
{
	bool valid = called_valid(f, address);
	uint8_t byte;
	bool read = zoo_read(f->state, 0, address, &byte, 1, NULL) == 1;

	if (valid != read)
		fail_msg("%lx in %s %s: called %s, but the read %s: %s", address, mapping->flags,
			 mapping->name, valid ? "valid" : "invalid", read ? "works" : "fails",
			 tmi_error_text());
}

static void check_mapping(struct fixture *f, const struct zoo_mapping *mapping)
{
	uint64_t page = f->zoo.at->page;
	uint64_t pages = (mapping->last - mapping->first) / page + 1;

	for (uint64_t i = 0; i < pages; i++) {
		if (pages > 2 * MANY && i == MANY)
			i = pages - MANY;
		check_page(f, mapping, mapping->first + i * page);
	}
}

static void every_page_of_every_mapping(void **data)
{
	struct fixture *f = *data;
	struct zoo_mapping *mappings;
	size_t count = zoo_mappings(f->zoo.pid, &mappings);

	assert_true(count > 20);
	for (size_t i = 0; i < count; i++)
		check_mapping(f, &mappings[i]);
	free(mappings);
}

/* The first stretch found in [from, from + pages), as page numbers; count 0 = none. */
static void expect_stretch(struct fixture *f, uint64_t from, uint64_t pages, uint64_t first_page,
			   uint64_t count, const char *what)
{
	uint64_t page = f->zoo.at->page, first = 0, end = 0;
	struct tmi_run run;
	tmem_status status;

	assert_int_equal(KIND->run(f->state, 0, from, &run), TMEM_S_OK);
	status = KIND->valid(f->state, 0, &run, from, from + pages * page - 1, &first, &end);
	if (!count) {
		assert_int_equal(status, TMEM_E_NO_MORE_ENTRIES);
		return;
	}
	assert_int_equal(status, TMEM_S_OK);
	if (first != from + first_page * page || end != first + count * page - 1)
		fail_msg("%s: from page %lu %lu pages", what, (first - from) / page,
			 (end + 1 - first) / page);
}

static void stretches(void **data)
{
	struct fixture *f = *data;
	const struct zoo_places *at = f->zoo.at;

	expect_stretch(f, at->plain, 4, 0, 4, "plain");
	expect_stretch(f, at->plain + at->page, 2, 0, 2, "plain, part");
	expect_stretch(f, at->none, 4, 0, 4, "none");
	expect_stretch(f, at->cut, 4, 0, 2, "cut");
	expect_stretch(f, at->cut + 2 * at->page, 2, 0, 0, "past the end");
	expect_stretch(f, at->cut_shared, 4, 0, 2, "cut shared");
	if (at->guard) {
		expect_stretch(f, at->guard, 4, 0, 2, "before the guard");
		expect_stretch(f, at->guard + 2 * at->page, 2, 1, 1, "after the guard");
	}
	if (at->blocking) {
		expect_stretch(f, at->blocking, 4, 0, 1, "blocking");
		expect_stretch(f, at->blocking + at->page, 3, 0, 0, "blocking, absent");
	}
	expect_stretch(f, at->reserve, ZOO_RESERVE / at->page, 0, ZOO_RESERVE / at->page,
		       "reserve");
}

static void partial_addresses_are_kept(void **data)
{
	struct fixture *f = *data;
	const struct zoo_places *at = f->zoo.at;
	uint64_t first, end;
	struct tmi_run run;

	assert_int_equal(KIND->run(f->state, 0, at->cut, &run), TMEM_S_OK);
	assert_int_equal(KIND->valid(f->state, 0, &run, at->cut + 5, at->cut + 4 * at->page - 1,
				     &first, &end),
			 TMEM_S_OK);
	assert_int_equal(first, at->cut + 5);
	assert_int_equal(end, at->cut + 2 * at->page - 1);
	assert_int_equal(KIND->valid(f->state, 0, &run, at->cut + 7, at->cut + 9, &first, &end),
			 TMEM_S_OK);
	assert_int_equal(first, at->cut + 7);
	assert_int_equal(end, at->cut + 9);
}

static unsigned long table_kilobytes(pid_t pid)
{
	char path[64], line[256];
	unsigned long tables = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		sscanf(line, "VmPTE: %lu", &tables);
	fclose(file);
	return tables;
}

static void asking_touches_nothing(void **data)
{
	struct fixture *f = *data;
	const struct zoo_places *at = f->zoo.at;
	unsigned long tables, resident;
	uint64_t end;
	struct tmi_run run;
	uint8_t byte = 1;

	/* Without pagemap only reading tells about absent pages, but not of plain memory. */
	tables = table_kilobytes(f->zoo.pid);
	resident = zoo_resident(f->zoo.pid, at->reserve);
	expect_stretch(f, at->reserve, ZOO_RESERVE / at->page, 0, ZOO_RESERVE / at->page, "all");
	assert_int_equal(KIND->run(f->state, 0, at->reserve, &run), TMEM_S_OK);
	if (KIND->untouched(f->state, 0, &run, at->reserve, at->reserve + ZOO_RESERVE - 1, &end))
		assert_int_equal(end, at->reserve + ZOO_RESERVE - 1);
	else
		assert_non_null(strstr(getenv("TMEM_DISABLE"), "pagemap"));
	assert_int_equal(table_kilobytes(f->zoo.pid), tables);
	assert_int_equal(zoo_resident(f->zoo.pid, at->reserve), resident);
	/* And after a touch it is told apart. */
	assert_int_equal(zoo_write(f->state, 0, at->reserve + 5 * at->page, &byte, 1, NULL), 1);
	if (KIND->untouched(f->state, 0, &run, at->reserve, at->reserve + ZOO_RESERVE - 1, &end))
		assert_int_equal(end, at->reserve + 5 * at->page - 1);
	assert_false(KIND->untouched(f->state, 0, &run, at->reserve + 5 * at->page,
				     at->reserve + ZOO_RESERVE - 1, &end));
	assert_true(end >= at->reserve + 6 * at->page - 1);
}

static void never_untouched(void **data)
{
	struct fixture *f = *data;
	const struct zoo_places *at = f->zoo.at;
	const uint64_t others[] = { at->plain,
				    at->cut,
				    at->cut_shared,
				    at->shared,
				    at->guard + 2 * at->page,
				    at->blocking + at->page,
				    at->secret,
				    at->copied };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct tmi_run run;
		uint64_t end;

		if (others[i] < 16 * at->page)
			continue; /* not offered here */
		assert_int_equal(KIND->run(f->state, 0, others[i], &run), TMEM_S_OK);
		if (KIND->untouched(f->state, 0, &run, others[i], others[i] + at->page - 1, &end))
			fail_msg("piece %zu is called untouched", i);
		assert_int_equal(end, others[i] + at->page - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		ROW(every_page_of_every_mapping),
		ROW(stretches),
		ROW(partial_addresses_are_kept),
		ROW(asking_touches_nothing),
		ROW(never_untouched),
#undef ROW
	};

	return zoo_run_group(tests, sizeof(tests) / sizeof(tests[0]));
}
