/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_core.c - any bytes as a core file: opened by the kind "core", then asked for everything.
 *
 * What is checked besides memory safety: the runs are in order, agree with the list of all runs,
 * with reads and with views; mapped and unmapped reading give the same.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "target/target.h"

#define KIND (&tmi_target_core)
/* Runs looked at per input. */
#define RUNS_MAX 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void *open_input(const char *path, bool may_map)
{
	struct tmi_options options;
	struct tmi_open request = { path, &options, may_map };
	void *state = NULL;

	/* Paths that an input makes up must not be looked for on the machine. */
	if (tmi_options_init(&options, "sysroot=/nowhere") != TMEM_S_OK)
		return NULL;
	if (KIND->open(&request, &state) != TMEM_S_OK)
		require(state == NULL && tmi_error_text()[0]);
	tmi_options_fini(&options);
	return state;
}

static size_t read_some(void *state, uint64_t address, uint8_t *buffer, size_t size)
{
	struct tmem_transfer item = { .offset = address, .buffer = buffer, .size = size };

	require(KIND->read(state, 0, &item, 1, 0) == TMEM_S_OK);
	require((item.status == TMEM_S_OK) == (item.done > 0) && item.done <= size);
	return item.done;
}

/* One address, by every way to its byte. */
static void compare_ways(void *mapped, void *unmapped, uint64_t address, bool readable)
{
	uint8_t a[64], b[64];
	struct tmi_borrow borrow;
	size_t got = read_some(mapped, address, a, sizeof(a));

	require((got > 0) == readable);
	require(read_some(unmapped, address, b, sizeof(b)) == got && !memcmp(a, b, got));
	require(!KIND->view(unmapped, 0, address, &borrow));
	if (KIND->view(mapped, 0, address, &borrow)) {
		require(readable && borrow.first <= address && address <= borrow.last);
		require(borrow.data[address - borrow.first] == a[0]);
		require(borrow.data[0] | 1);
		require(borrow.data[borrow.last - borrow.first] | 1);
	}
}

static void walk_runs(void *mapped, void *unmapped)
{
	struct tmi_snapshot *snapshot;
	struct tmi_run run;
	uint64_t from = 0, end;

	require(KIND->snapshot(mapped, 0, &snapshot) == TMEM_S_OK);
	for (size_t i = 0; i < RUNS_MAX; i++) {
		bool readable;

		if (KIND->run(mapped, 0, from, &run) != TMEM_S_OK) {
			require(i == snapshot->count);
			break;
		}
		require(i < snapshot->count && run.first >= from && run.last >= run.first);
		require(snapshot->runs[i].first == run.first && snapshot->runs[i].last == run.last);
		require(snapshot->runs[i].source == run.source && run.name);
		readable = run.source != TMEM_VSOURCE_INVALID;
		compare_ways(mapped, unmapped, run.first, readable);
		compare_ways(mapped, unmapped, run.last, readable);
		compare_ways(mapped, unmapped, run.first + (run.last - run.first) / 2, readable);
		KIND->untouched(mapped, 0, &run, run.first, run.last, &end);
		require(end >= run.first && end <= run.last);
		if (run.last == UINT64_MAX)
			break;
		from = run.last + 1;
	}
	tmi_snapshot_release(snapshot);
}

static void ask_threads(void *state)
{
	struct tmi_thread *threads;
	size_t count, size;
	void *block;

	require(KIND->threads(state, 0, &threads, &count) == TMEM_S_OK);
	for (size_t i = 0; i < count && i < 64; i++) {
		for (uint32_t kind = TMEM_CONTEXT_GENERAL; kind <= TMEM_CONTEXT_FLOATING_POINT;
		     kind++) {
			KIND->context(state, 0, threads[i].system_id, kind, &block, &size);
			require(!block == !size);
			free(block);
		}
	}
	free(threads);
}

static void ask_everything(void *mapped, void *unmapped)
{
	struct tmi_facts facts;
	struct tmi_process process;
	uint64_t value;

	require(KIND->facts(mapped, 0, &facts));
	require(facts.pointer_size == 4 || facts.pointer_size == 8);
	require(KIND->process(mapped, 0, &process) && process.name);
	free(KIND->describe(unmapped));
	KIND->hint(mapped, 0, "entry", &value);
	KIND->hint(mapped, 0, "no such", &value);
	ask_threads(mapped);
	walk_runs(mapped, unmapped);
}

static void probe(const uint8_t *data, size_t size)
{
	struct tmi_probe probe = { "", data, size < 4096 ? size : 4096, size };
	const char *why = NULL;

	require(KIND->probe(&probe, &why) > 0 || why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("core", MFD_CLOEXEC);
	void *mapped, *unmapped;
	char path[64];

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	probe(data, size);
	mapped = open_input(path, true);
	unmapped = open_input(path, false);
	require(!mapped == !unmapped);
	if (mapped) {
		ask_everything(mapped, unmapped);
		KIND->close(mapped);
		KIND->close(unmapped);
	}
	close(fd);
	return 0;
}
