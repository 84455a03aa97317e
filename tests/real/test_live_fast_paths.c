/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_live_fast_paths.c - every quick way to the bytes of a process that runs, that is stopped,
 * and that is stopped and resumed all the time, while it writes to its memory itself; with each
 * feature of the kernel switched off in turn. racing.h says what is checked.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/racing.h"

#define QUIET_SIZE (64u * RACING_PAGE)
#define BUSY_SIZE  (200u * RACING_PAGE)
#define OWN_WORDS  1024u

/* What the process has in private memory, at the same addresses as the test. */
struct content {
	uint8_t quiet[QUIET_SIZE];
	uint64_t busy[BUSY_SIZE / 8];
	volatile uint64_t own[OWN_WORDS];
};

static struct content *content;
static struct racing_log *own_log; /* shared with the process */
static pid_t child;                /* 0 = none */

static void fill_content(void)
{
	uint64_t mixed = 1;

	for (size_t i = 0; i < QUIET_SIZE; i++) {
		mixed = mixed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		content->quiet[i] = mixed >> 32 & 63 ? (uint8_t)(mixed >> 40) | 1 : 0;
	}
	for (uint64_t i = 0; i < BUSY_SIZE / 8; i++)
		content->busy[i] = racing_word(i * 8, 0);
	for (uint64_t i = 0; i < OWN_WORDS; i++) {
		content->own[i] = racing_word(i * 8, 0);
		atomic_store(&own_log[i].begun, 0);
		atomic_store(&own_log[i].returned, 0);
	}
}

/* The process: writes, and notes down what it has written where the test sees it at once. */
static void live(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (uint32_t version = 1;; version++)
		for (uint64_t i = 0; i < OWN_WORDS; i++) {
			atomic_store(&own_log[i].begun, version);
			content->own[i] = racing_word(i * 8, version);
			atomic_store(&own_log[i].returned, version);
			if (i % 64 == 0)
				usleep(20);
		}
}

static void race_process(const char *name, const char *options, bool toggles, uint64_t budget)
{
	struct racing race = { .name = name,
			       .quiet = (uintptr_t)content->quiet,
			       .quiet_size = QUIET_SIZE,
			       .copy = content->quiet,
			       .busy = (uintptr_t)content->busy,
			       .busy_size = BUSY_SIZE,
			       .most = 40 * RACING_PAGE,
			       .toggles = toggles,
			       .tears = true,
			       .own = (uintptr_t)content->own,
			       .own_count = OWN_WORDS,
			       .own_log = own_log };
	char spec[32];

	fill_content();
	child = fork();
	assert_true(child >= 0);
	if (!child)
		live();
	alarm(120);
	snprintf(spec, sizeof(spec), "pid:%d", child);
	if (tmem_open(spec, options, &race.target) != TMEM_S_OK)
		fail_msg("%s: %s", spec, tmem_last_error(NULL));
	if (budget)
		assert_int_equal(tmem_set_cache_budget(race.target, budget), TMEM_S_OK);
	racing_run(&race);
	tmem_close(race.target);
}

/* Also after a failure: another one would write to what both share. */
static int end_process(void **disabled)
{
	(void)disabled;
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	child = 0;
	alarm(0);
	return 0;
}

static void running(void **disabled)
{
	setenv("TMEM_DISABLE", *disabled, 1);
	race_process("running", NULL, false, 0);
}

static void stopped(void **disabled)
{
	setenv("TMEM_DISABLE", *disabled, 1);
	race_process("stopped", "suspend=on", false, 0);
}

static void to_and_fro(void **disabled)
{
	setenv("TMEM_DISABLE", *disabled, 1);
	race_process("to and fro", NULL, true, 0);
}

/* Pages take each other's places in the cache all the time. */
static void with_little_cache(void **disabled)
{
	setenv("TMEM_DISABLE", *disabled, 1);
	race_process("stopped, little cache", "suspend=on", false, 64 * RACING_PAGE);
}

static void *map_anonymous(size_t size, int flags)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

int main(void)
{
	static const char *const features[] = {
		"",
		"procmap_query",
		"pagemap_scan",
		"pagemap",
		"process_vm",
		"pidfd",
		"mem_force",
		"procmap_query,pagemap_scan,pagemap,process_vm,pidfd",
	};
	struct CMUnitTest tests[32];
	size_t count = 0;

	content = map_anonymous(sizeof(*content), MAP_PRIVATE);
	own_log = map_anonymous(OWN_WORDS * sizeof(*own_log), MAP_SHARED);
	if (!content || !own_log)
		return 1;
	tests[count++] = (struct CMUnitTest)cmocka_unit_test_prestate_setup_teardown(
		with_little_cache, NULL, end_process, (void *)features[0]);
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		void *feature = (void *)features[i];

		tests[count++] = (struct CMUnitTest)cmocka_unit_test_prestate_setup_teardown(
			running, NULL, end_process, feature);
		tests[count++] = (struct CMUnitTest)cmocka_unit_test_prestate_setup_teardown(
			stopped, NULL, end_process, feature);
		tests[count++] = (struct CMUnitTest)cmocka_unit_test_prestate_setup_teardown(
			to_and_fro, NULL, end_process, feature);
	}
	return _cmocka_run_group_tests("live_fast_paths", tests, count, NULL, NULL);
}
