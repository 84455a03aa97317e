/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fast_paths.c - every quick way to the bytes of stored and described targets, on random
 * places and sizes beside a writer, with each feature of the processor switched off; racing.h says
 * what is checked. Live processes: tests/real/test_live_fast_paths.c.
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

#include "core_writer.h"
#include "support/racing.h"

#define PAGE        RACING_PAGE
#define TABLES      4u
#define QUIET_PAGES 64u
#define BUSY_PAGES  200u
#define PAGES       (QUIET_PAGES + BUSY_PAGES + 2) /* and the two frames of the moving page */
#define QUIET_SIZE  (QUIET_PAGES * PAGE)
#define BUSY_SIZE   (BUSY_PAGES * PAGE)
#define BASE        UINT64_C(0x7f0000000000)
#define PRESENT     UINT64_C(7)

/* The memory as it begins: quiet bytes, busy words, and the frames of the moving page. */
static uint8_t memory[PAGES * PAGE];
static uint8_t image[(TABLES + PAGES) * PAGE];
static uint64_t frames[PAGES];
static uint64_t budget; /* of the cache, 0 = as it is */

/* Neither sorted nor in a pattern that a search could mistake; an end of a string now and then. */
static void fill_quiet(uint8_t *bytes, size_t size)
{
	uint64_t mixed = 1;

	for (size_t i = 0; i < size; i++) {
		mixed = mixed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		bytes[i] = mixed >> 32 & 63 ? (uint8_t)(mixed >> 40) | 1 : 0;
	}
}

static void make_memory(void)
{
	fill_quiet(memory, QUIET_SIZE);
	for (uint64_t place = 0; place < BUSY_SIZE + 2 * PAGE; place += 8) {
		uint64_t word = racing_word(place, 0);

		memcpy(memory + QUIET_SIZE + place, &word, 8);
	}
}

static struct racing new_race(const char *name, uint64_t quiet, uint64_t busy)
{
	return (struct racing){ .name = name,
				.quiet = quiet,
				.quiet_size = QUIET_SIZE,
				.copy = memory,
				.busy = busy,
				.busy_size = BUSY_SIZE,
				.most = 5 * PAGE };
}

static tmem_target *open_spec(const char *spec, const char *options)
{
	tmem_target *target = NULL;

	if (tmem_open(spec, options, &target) != TMEM_S_OK)
		fail_msg("%s: %s", spec, tmem_last_error(NULL));
	return target;
}

/* --- a core --- */

static void race_core(const char *name, const char *options)
{
	struct racing race = new_race(name, BASE, BASE + QUIET_SIZE);
	struct core_writer writer;
	char path[64];

	core_writer_init(&writer, 8, false, 62);
	core_writer_load(&writer, BASE, QUIET_SIZE + BUSY_SIZE, memory, QUIET_SIZE + BUSY_SIZE, 6);
	core_writer_save(&writer, path);
	core_writer_fini(&writer);
	race.target = open_spec(path, options);
	racing_run(&race);
	tmem_close(race.target);
	unlink(path);
}

/* --- an image of physical memory with page tables --- */

static void put_entry(uint64_t at, uint64_t value)
{
	memcpy(image + at, &value, sizeof(value));
}

/* No neighbours are neighbours there. */
static void make_image(void)
{
	put_entry((BASE >> 39 & 511) * 8, PAGE | PRESENT);
	put_entry(PAGE, 2 * PAGE | PRESENT);
	put_entry(2 * PAGE, 3 * PAGE | PRESENT);
	for (uint64_t i = 0; i < PAGES; i++) {
		frames[i] = (TABLES + i * 5 % PAGES) * PAGE;
		memcpy(image + frames[i], memory + i * PAGE, PAGE);
		if (i < PAGES - 1)
			put_entry(3 * PAGE + i * 8, frames[i] | PRESENT);
	}
}

static void race_image(const char *name, const char *options)
{
	struct racing race = new_race(name, BASE, BASE + QUIET_SIZE);
	char spec[] = "raw:/tmp/tmem-fast-paths-XXXXXX", all[128];
	int fd = mkstemp(spec + 4);

	make_image();
	assert_int_equal(write(fd, image, sizeof(image)), sizeof(image));
	close(fd);
	snprintf(all, sizeof(all), "root=0,scheme=x64,levels=4%s%s", options ? "," : "",
		 options ? options : "");
	race.target = open_spec(spec, all);
	race.frames = frames + QUIET_PAGES;
	race.entry = 3 * PAGE + (PAGES - 2) * 8;
	race.entries[0] = frames[PAGES - 2] | PRESENT;
	race.entries[1] = frames[PAGES - 1] | PRESENT;
	racing_run(&race);
	tmem_close(race.target);
	unlink(spec + 4);
}

/* --- a described machine --- */

static void race_synth(const char *name, const char *head, const char *options, bool stops,
		       bool toggles)
{
	static uint8_t counting[QUIET_SIZE];
	struct racing race = new_race(name, 0x100000, 0x200000);
	char spec[] = "synth:/tmp/tmem-fast-paths-XXXXXX";
	int fd = mkstemp(spec + 6);

	dprintf(fd,
		"tmem synth 1\n%s\nprocess 1 \"/bin/a\"\nrun 0x100000 %#x rw-p\n"
		"pattern 0x100000 %#x counting\nrun 0x200000 %#x rw-p\n",
		head, QUIET_SIZE, QUIET_SIZE, BUSY_SIZE);
	close(fd);
	for (size_t i = 0; i < QUIET_SIZE; i++)
		counting[i] = (uint8_t)i;
	race.copy = counting;
	race.target = open_spec(spec, options);
	assert_int_equal(
		tmem_write_virtual(race.target, race.busy, memory + QUIET_SIZE, BUSY_SIZE, NULL),
		TMEM_S_OK);
	if (stops)
		assert_int_equal(tmem_suspend(race.target), TMEM_S_OK);
	if (budget)
		assert_int_equal(tmem_set_cache_budget(race.target, budget), TMEM_S_OK);
	race.toggles = toggles;
	racing_run(&race);
	tmem_close(race.target);
	unlink(spec + 6);
}

/* --- the tests; each gets what TMEM_DISABLE is set to --- */

static void begin(void **disabled)
{
	setenv("TMEM_DISABLE", *disabled ? *disabled : "", 1);
	make_memory();
	budget = 0;
}

static void mapped_core(void **disabled)
{
	begin(disabled);
	race_core("core", NULL);
}

static void read_core(void **disabled)
{
	begin(disabled);
	race_core("core, map=never", "map=never");
}

static void mapped_image(void **disabled)
{
	begin(disabled);
	race_image("image", NULL);
}

static void read_image(void **disabled)
{
	begin(disabled);
	race_image("image, map=never", "map=never");
}

static void synth_that_lends(void **disabled)
{
	begin(disabled);
	race_synth("synth, lends", "target lends=yes\nmachine amd64", NULL, false, false);
}

static void synth_that_is_cached(void **disabled)
{
	begin(disabled);
	race_synth("synth, stopped", "target live=yes\nmachine amd64 granular=page", NULL, true,
		   false);
}

/* Pages take each other's places in the cache all the time. */
static void synth_with_little_cache(void **disabled)
{
	begin(disabled);
	budget = 64 * PAGE;
	race_synth("synth, little cache", "target live=yes\nmachine amd64 granular=page", NULL,
		   true, false);
}

static void synth_that_comes_and_goes(void **disabled)
{
	begin(disabled);
	race_synth("synth, to and fro", "target live=yes\nmachine amd64 granular=page", NULL, false,
		   true);
}

int main(void)
{
	static const char *const features[] = { "avx512", "avx2", "ssse3", "sse2", "neon" };
	struct CMUnitTest tests[32] = {
		cmocka_unit_test(mapped_core),
		cmocka_unit_test(read_core),
		cmocka_unit_test(mapped_image),
		cmocka_unit_test(read_image),
		cmocka_unit_test(synth_that_lends),
		cmocka_unit_test(synth_that_is_cached),
		cmocka_unit_test(synth_with_little_cache),
		cmocka_unit_test(synth_that_comes_and_goes),
	};
	size_t count = 8;

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		tests[count++] = (struct CMUnitTest)cmocka_unit_test_prestate(mapped_core,
									      (void *)features[i]);
		tests[count++] = (struct CMUnitTest)cmocka_unit_test_prestate(mapped_image,
									      (void *)features[i]);
	}
	return _cmocka_run_group_tests("fast_paths", tests, count, NULL, NULL);
}
