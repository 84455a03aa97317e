/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weigh.c - how much memory an operation takes; see weigh.h.
 *
 * The process is this program started again. It tells the bytes on its output, as a number of eight
 * bytes, or nothing when something was wrong.
 */
#include "weigh.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

#define SERVE_WEIGH "--weigh"
#define ARGUMENTS   6 /* after the program's name */
#define ROLLUP_ROOM 4096

/* ---- in the started process ---- */

/*
 * Bytes of private dirty pages now; 0 after bench_fail(). Takes no memory itself that it did not
 * have the time before.
 */
static uint64_t private_dirty(void)
{
	static const char key[] = "\nPrivate_Dirty:";
	char text[ROLLUP_ROOM];
	int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *at;

	if (fd >= 0)
		close(fd);
	text[got > 0 ? got : 0] = 0;
	at = strstr(text, key);
	if (!at) {
		bench_fail("/proc/self/smaps_rollup: %s", strerror(errno));
		return 0;
	}
	return strtoull(at + strlen(key), NULL, 10) << 10;
}

/* Looks at the process's memory while another thread works. */
struct watcher {
	atomic_bool done;
	atomic_bool ready;
	uint64_t highest;
};

static void *watch(void *argument)
{
	struct watcher *watcher = argument;

	do {
		uint64_t now = private_dirty();

		if (now > watcher->highest)
			watcher->highest = now;
		atomic_store(&watcher->ready, true);
	} while (!atomic_load(&watcher->done));
	return NULL;
}

static bool search(tmem_target *target, const struct bench_burden *burden)
{
	uint64_t found = 0;

	if (!bench_good(tmem_search_virtual(target, burden->address, bench_size(), bench_needle,
					    BENCH_NEEDLE_SIZE, 1, &found),
			target, "search"))
		return false;
	return found == burden->address + bench_size() - BENCH_NEEDLE_SIZE ||
	       bench_fail("the needle was found at %#" PRIx64, found);
}

/* The watcher's own memory is there before the first look. */
static bool weigh_search(tmem_target *target, const struct bench_burden *burden, uint64_t *bytes)
{
	struct watcher watcher = { .highest = 0 };
	pthread_t thread;
	uint64_t before;
	bool good;

	if (pthread_create(&thread, NULL, watch, &watcher))
		return bench_fail("a thread could not be started");
	while (!atomic_load(&watcher.ready))
		usleep(1000);
	before = private_dirty();
	good = search(target, burden);
	atomic_store(&watcher.done, true);
	pthread_join(thread, NULL);
	*bytes = watcher.highest > before ? watcher.highest - before : 0;
	return good && before;
}

static bool read_pages(tmem_target *target, const struct bench_burden *burden)
{
	for (uint64_t at = 0; at < bench_size(); at += BENCH_PAGE) {
		uint64_t value;

		if (!bench_good(tmem_read_virtual(target, burden->address + at, &value,
						  sizeof(value), NULL),
				target, "read"))
			return false;
		if (value != bench_word(at))
			return bench_fail("wrong bytes at offset %#" PRIx64, at);
	}
	return true;
}

/* What the list takes counts: it is weighed before it is freed. */
static bool weigh_runs(tmem_target *target, const struct bench_burden *burden, uint64_t *now)
{
	struct tmem_run run = { .size = sizeof(run) };
	tmem_run_cursor *cursor;
	uint64_t count = 0;

	if (!bench_good(tmem_run_cursor_new(target, TMEM_DATA_SPACE_VIRTUAL, 0, &cursor), target,
			"listing runs"))
		return false;
	while (tmem_run_cursor_next(cursor, &run) == TMEM_S_OK)
		count++;
	*now = private_dirty();
	tmem_run_cursor_free(cursor);
	return count >= burden->count || bench_fail("only %" PRIu64 " runs were listed", count);
}

static bool weigh(const struct bench_burden *burden, uint64_t *bytes)
{
	uint64_t before = private_dirty();
	uint64_t now = 0;
	tmem_target *target;
	bool good = true;

	if (!before ||
	    !bench_good(tmem_open(burden->spec, burden->options, &target), NULL, burden->spec))
		return false;
	if (burden->what == BENCH_WEIGH_SEARCH) {
		good = weigh_search(target, burden, bytes);
	} else {
		if (burden->what == BENCH_WEIGH_READ)
			good = read_pages(target, burden);
		if (burden->what == BENCH_WEIGH_RUNS)
			good = weigh_runs(target, burden, &now);
		else
			now = private_dirty();
		*bytes = now > before ? now - before : 0;
	}
	tmem_close(target);
	return good;
}

bool bench_weigh_serve(int count, char **values)
{
	struct bench_burden burden;
	uint64_t bytes = 0;

	if (count != ARGUMENTS || strcmp(values[0], SERVE_WEIGH))
		return false;
	burden.what = (enum bench_weigh)strtoul(values[1], NULL, 10);
	burden.spec = values[2];
	burden.options = values[3];
	burden.address = strtoull(values[4], NULL, 10);
	burden.count = strtoull(values[5], NULL, 10);
	if (weigh(&burden, &bytes) && write(STDOUT_FILENO, &bytes, sizeof(bytes)) != sizeof(bytes))
		bench_fail("the weight could not be told");
	return true;
}

/* ---- in the measuring process ---- */

static bool start(const struct bench_burden *burden, pid_t *pid, int output)
{
	extern char **environ;
	char name[] = "bench", serve[] = SERVE_WEIGH, what[24], address[24], count[24];
	char *arguments[ARGUMENTS + 2] = { name,
					   serve,
					   what,
					   (char *)(uintptr_t)burden->spec,
					   (char *)(uintptr_t)burden->options,
					   address,
					   count,
					   NULL };
	posix_spawn_file_actions_t actions;
	int error;

	snprintf(what, sizeof(what), "%d", burden->what);
	snprintf(address, sizeof(address), "%" PRIu64, burden->address);
	snprintf(count, sizeof(count), "%" PRIu64, burden->count);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	error = posix_spawn(pid, "/proc/self/exe", &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	return !error || bench_fail("a process to weigh: %s", strerror(error));
}

bool bench_weigh(const struct bench_burden *burden, uint64_t *bytes)
{
	int ends[2];
	ssize_t got;
	pid_t pid;
	bool good;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return bench_fail("pipe: %s", strerror(errno));
	good = start(burden, &pid, ends[1]);
	close(ends[1]);
	got = good ? read(ends[0], bytes, sizeof(*bytes)) : -1;
	close(ends[0]);
	if (good)
		waitpid(pid, NULL, 0);
	return good && (got == sizeof(*bytes) || bench_fail("%s was not weighed", burden->spec));
}
