/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_vmcore.c - any bytes as a dump of physical memory, asked for everything.
 *
 * An input that begins with "raw:OPTIONS" and a newline is an image of what follows, opened by the
 * kind "image" (LiME too); any other is opened by the kind "vmcore". What is checked besides memory
 * safety: the runs are in order, agree with the list of all runs, with reads and with views; mapped
 * and unmapped reading give the same.
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

#define PHYS TMI_SPACE_PHYSICAL
/* Runs looked at per input. */
#define RUNS_MAX 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void *open_input(const struct tmi_target_kind *kind, const char *path, const char *text,
			bool may_map)
{
	struct tmi_options options;
	struct tmi_open request = { path, &options, may_map, NULL };
	void *state = NULL;

	if (tmi_options_init(&options, text) != TMEM_S_OK)
		return NULL;
	if (kind->open(&request, &state) != TMEM_S_OK)
		require(state == NULL && tmi_error_text()[0]);
	tmi_options_fini(&options);
	return state;
}

static size_t read_some(const struct tmi_target_kind *kind, void *state, uint64_t address,
			uint8_t *buffer, size_t size)
{
	struct tmem_transfer item = { .offset = address, .buffer = buffer, .size = size };

	require(kind->read(state, PHYS, &item, 1, 0) == TMEM_S_OK);
	require((item.status == TMEM_S_OK) == (item.done > 0) && item.done <= size);
	return item.done;
}

/* The same input, opened twice. */
struct pair {
	const struct tmi_target_kind *kind;
	void *mapped;
	void *unmapped;
};

/* One address, by every way to its byte. */
static void compare_ways(const struct pair *pair, uint64_t address, bool readable)
{
	uint8_t a[64], b[64];
	struct tmi_borrow borrow;
	size_t got = read_some(pair->kind, pair->mapped, address, a, sizeof(a));

	require((got > 0) == readable);
	require(read_some(pair->kind, pair->unmapped, address, b, sizeof(b)) == got &&
		!memcmp(a, b, got));
	require(!pair->kind->view(pair->unmapped, PHYS, address, &borrow));
	require(pair->kind->view(pair->mapped, PHYS, address, &borrow) == readable);
	if (readable) {
		require(borrow.first <= address && address <= borrow.last);
		require(borrow.data[address - borrow.first] == a[0]);
		require(borrow.data[0] | 1);
		require(borrow.data[borrow.last - borrow.first] | 1);
	}
}

static void walk_runs(const struct pair *pair)
{
	struct tmi_snapshot *snapshot;
	struct tmi_run run;
	uint64_t from = 0, end;

	require(pair->kind->snapshot(pair->mapped, PHYS, &snapshot) == TMEM_S_OK);
	for (size_t i = 0; i < RUNS_MAX; i++) {
		bool readable;

		if (pair->kind->run(pair->mapped, PHYS, from, &run) != TMEM_S_OK) {
			require(i == snapshot->count);
			break;
		}
		require(i < snapshot->count && run.first >= from && run.last >= run.first);
		require(snapshot->runs[i].first == run.first && snapshot->runs[i].last == run.last);
		require(snapshot->runs[i].source == run.source && run.name);
		readable = run.source != TMEM_VSOURCE_INVALID;
		compare_ways(pair, run.first, readable);
		compare_ways(pair, run.last, readable);
		compare_ways(pair, run.first + (run.last - run.first) / 2, readable);
		pair->kind->untouched(pair->mapped, PHYS, &run, run.first, run.last, &end);
		require(end >= run.first && end <= run.last);
		if (run.last == UINT64_MAX)
			break;
		from = run.last + 1;
	}
	tmi_snapshot_release(snapshot);
}

static void ask_notes(const struct pair *pair)
{
	static const char *const keys[] = { "machine", "processors", "rip:0",  "rsp:1",
					    "cr0:2",   "cr3:0",      "cr4:99", "cr3:4294967296" };
	uint64_t value;
	size_t size;
	const char *text;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		pair->kind->hint(pair->mapped, PHYS, keys[i], &value);
	if (!pair->kind->vmcoreinfo)
		return;
	text = pair->kind->vmcoreinfo(pair->mapped, &size);
	require(!text == !size);
	for (size_t i = 0; i < size; i++)
		require(text[i] | 1);
}

static void ask_everything(const struct pair *pair)
{
	struct tmi_facts facts;
	char *text = pair->kind->describe(pair->unmapped);

	require(text != NULL);
	free(text);
	require(pair->kind->facts(pair->mapped, PHYS, &facts));
	require(facts.pointer_size == 4 || facts.pointer_size == 8);
	require(facts.mode == TMEM_MODE_KERNEL && facts.page_size == 4096);
	require(!pair->kind->facts(pair->mapped, 0, &facts));
	ask_notes(pair);
	walk_runs(pair);
}

static void probe(const struct tmi_target_kind *kind, const uint8_t *data, size_t size)
{
	struct tmi_probe probe = {
		.path = "", .head = data, .head_size = size < 4096 ? size : 4096, .file_size = size
	};
	const char *why = NULL;

	require(kind->probe(&probe, &why) > 0 || why);
}

static void take_file(const struct tmi_target_kind *kind, const char *options, const uint8_t *data,
		      size_t size)
{
	int fd = memfd_create("vmcore", MFD_CLOEXEC);
	struct pair pair = { .kind = kind };
	char path[64];

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	probe(kind, data, size);
	pair.mapped = open_input(kind, path, options, true);
	pair.unmapped = open_input(kind, path, options, false);
	require(!pair.mapped == !pair.unmapped);
	if (pair.mapped) {
		ask_everything(&pair);
		kind->close(pair.mapped);
		kind->close(pair.unmapped);
	}
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char prefix[] = "raw:";
	size_t length = sizeof(prefix) - 1;
	const uint8_t *end;
	char options[256] = { 0 };

	if (size < length || memcmp(data, prefix, length)) {
		take_file(&tmi_target_vmcore, NULL, data, size);
		return 0;
	}
	end = memchr(data, '\n', size);
	if (!end || (size_t)(end - data) - length >= sizeof(options))
		return 0;
	memcpy(options, data + length, (size_t)(end - data) - length);
	/* Live files are not as they were at any time: nothing would be equal. */
	if (!strstr(options, "live"))
		take_file(&tmi_target_image, options, end + 1, size - (size_t)(end + 1 - data));
	return 0;
}
