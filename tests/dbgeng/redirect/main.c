/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - runs the checks through the interfaces: which ones not, and what was called. */
#include <stdio.h>
#include <stdlib.h>

#include "handles.h"

/* Checks that make no sense through the interfaces, by the end of their names. */
static const struct {
	const char *name;
	const char *reason;
} left_out[] = {
	{ "/events_explanation_survives",
	  "methods explain nothing, and their callbacks run after the C API has returned" },
};

/* ThreadSanitizer makes a run of everything take minutes: there one fixture of each nature. */
#ifdef __SANITIZE_THREAD__
static const char *const fixtures[] = {
	"synth/",      "synth-live/",     "core/", "process/", "synth-kernel-x64/",
	"vmcore-x64/", "image-lime-x64/",
};

/*
 * Two handles on one target are two sessions here, and each one's events lock the other: in either
 * order, although never at the same time. Sessions of programs open targets of their own.
 */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "deadlock:on_debuggee_state\ndeadlock:on_engine_state\n";
}
#else
static const char *const fixtures[] = { "" };
#endif

static bool everything; /* no tests were chosen */

static bool has_fixture(const char *name)
{
	for (size_t i = 0; i < sizeof(fixtures) / sizeof(*fixtures); i++)
		if (!strncmp(name, fixtures[i], strlen(fixtures[i])))
			return true;
	return !everything;
}

static bool ends_with(const char *name, const char *tail)
{
	size_t length = strlen(name), tail_length = strlen(tail);

	return length >= tail_length && !strcmp(name + length - tail_length, tail);
}

static bool is_left_out(const char *name)
{
	for (size_t i = 0; i < sizeof(left_out) / sizeof(*left_out); i++)
		if (ends_with(name, left_out[i].name))
			return true;
	return false;
}

/* Says which checks do not run, and why. */
static void print_left_out(size_t other_fixtures)
{
	for (size_t i = 0; i < sizeof(left_out) / sizeof(*left_out); i++)
		printf("left out: %s of every fixture: %s\n", left_out[i].name + 1,
		       left_out[i].reason);
	if (!other_fixtures)
		return;
	printf("left out: %zu checks of fixtures that ThreadSanitizer makes slow; these remain:",
	       other_fixtures);
	for (size_t i = 0; i < sizeof(fixtures) / sizeof(*fixtures); i++)
		printf(" %s", fixtures[i]);
	putchar('\n');
}

int redirect_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t count,
			     CMFixtureFunction set_up, CMFixtureFunction tear_down)
{
	struct CMUnitTest *kept = calloc(count, sizeof(*kept));
	size_t kept_count = 0, other_fixtures = 0;
	int failed;

	if (!kept)
		abort();
	for (size_t i = 0; i < count; i++) {
		if (!has_fixture(tests[i].name))
			other_fixtures++;
		else if (!is_left_out(tests[i].name))
			kept[kept_count++] = tests[i];
	}
	failed = _cmocka_run_group_tests(name, kept, kept_count, set_up, tear_down);
	print_left_out(other_fixtures);
	free(kept);
	return failed;
}

int main(int argc, char **argv)
{
	int failed;

	everything = argc < 2;
	failed = redirect_contract_main(argc, argv);
	/* Chosen tests need not call every function. */
	return redirect_report(everything) ? failed : 1;
}
