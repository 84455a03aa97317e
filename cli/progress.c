/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.c - the progress line: what runs, how far it is, its rate and the time left.
 *
 * It appears on standard error when that is a terminal and the operation has taken half a second,
 * and is erased before anything else is printed.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define APPEAR_AFTER 0.5 /* seconds */
#define UPDATE_EVERY 0.1

void progress_init(struct progress *progress)
{
	const char *terminal = getenv("TERM");

	*progress = (struct progress){ 0 };
	progress->possible = isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
	progress->output_scrolls = isatty(STDOUT_FILENO);
}

void progress_begin(struct progress *progress)
{
	progress_erase(progress);
	progress->operation = NULL;
}

void progress_erase(struct progress *progress)
{
	if (!progress->shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	progress->shown = false;
}

static double seconds_between(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

/* "1.9 GiB" */
static void put_size(struct tmi_text *text, double bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	size_t unit = 0;

	while (bytes >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		bytes /= 1024;
		unit++;
	}
	tmi_text_format(text, bytes < 10 && unit > 0 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

/* "3:05", or "2 h 10 min" */
static void put_time(struct tmi_text *text, double seconds)
{
	uint64_t whole = seconds > 3e9 ? UINT64_C(3000000000) : (uint64_t)(seconds + 0.5);

	if (whole < 3600)
		tmi_text_format(text, "%" PRIu64 ":%02" PRIu64, whole / 60, whole % 60);
	else
		tmi_text_format(text, "%" PRIu64 " h %" PRIu64 " min", whole / 3600,
				whole / 60 % 60);
}

static void write_line(struct progress *progress, const struct tmem_progress *now, double elapsed)
{
	struct tmi_text text = { 0 };
	double share = now->total ? (double)now->done / (double)now->total : 0;

	tmi_text_format(&text, "%s: %.0f%% of ", now->operation, share * 100);
	put_size(&text, (double)now->total);
	tmi_text_puts(&text, ", ");
	put_size(&text, (double)now->bytes / elapsed);
	tmi_text_puts(&text, "/s");
	if (share > 0) {
		tmi_text_puts(&text, ", ");
		put_time(&text, elapsed / share - elapsed);
		tmi_text_puts(&text, " left");
	}
	tmi_text_puts(&text, " (Ctrl-C stops)");
	fflush(stdout);
	/* Cut to the screen: a line that wraps could not be erased. */
	if (!text.failed)
		fprintf(stderr, "\r%.*s\033[K", (int)console_width() - 1, text.data);
	fflush(stderr);
	tmi_text_fini(&text);
	progress->shown = true;
}

static bool is_new(const struct progress *progress, const struct tmem_progress *now)
{
	return !progress->operation || strcmp(progress->operation, now->operation) != 0 ||
	       now->done < progress->last_done;
}

void progress_update(struct progress *progress, const struct tmem_progress *now)
{
	struct timespec time;
	double elapsed;

	if (!progress->possible)
		return;
	if (progress->output_scrolls && strcmp(now->operation, "display") == 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &time);
	if (is_new(progress, now)) {
		progress->operation = now->operation;
		progress->start = progress->update = time;
	}
	progress->last_done = now->done;
	elapsed = seconds_between(&progress->start, &time);
	if (elapsed < APPEAR_AFTER || seconds_between(&progress->update, &time) < UPDATE_EVERY)
		return;
	progress->update = time;
	write_line(progress, now, elapsed);
}
