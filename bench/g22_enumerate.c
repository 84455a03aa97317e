/* SPDX-License-Identifier: Apache-2.0 */
/*
 * g22_enumerate.c - row G22: what is mapped in a whole virtual space. Neighbours with equal
 * protection are one run, so what counts is the memory in the runs.
 */
#include "fixture.h"
#include "image_walk.h"

struct state {
	const struct bench_image *image;
	tmem_target *target;
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;

	state->image = bench_memory_image();
	state->target = state->image ? bench_open_image(state->image, 1) : NULL;
	return state->target ? BENCH_READY : BENCH_FAILED;
}

static void finish(void *argument)
{
	tmem_close(((struct state *)argument)->target);
}

static uint64_t entry_at(const struct bench_image *image, uint64_t table, size_t index)
{
	uint64_t entry;

	memcpy(&entry, image->map + table + index * sizeof(entry), sizeof(entry));
	return entry;
}

/* Bytes in the pages of a last table. */
static uint64_t count_pages(const struct bench_image *image, uint64_t table)
{
	uint64_t size = 0;

	for (size_t i = 0; i < 512; i++)
		size += (entry_at(image, table, i) & BENCH_IMAGE_PRESENT) * BENCH_PAGE;
	return size;
}

/* Bytes below a table of the third level; absent ones are skipped whole. */
static uint64_t count_directory(const struct bench_image *image, uint64_t table)
{
	uint64_t size = 0;

	for (size_t i = 0; i < 512; i++) {
		uint64_t entry = entry_at(image, table, i);

		if (entry & BENCH_IMAGE_LARGE)
			size += BENCH_IMAGE_LARGE_PAGE;
		else if (entry & BENCH_IMAGE_PRESENT)
			size += count_pages(image, entry & BENCH_IMAGE_FRAME);
	}
	return size;
}

static uint64_t count_all(const struct bench_image *image)
{
	uint64_t size = 0;

	for (size_t i = 0; i < 512; i++) {
		uint64_t above = entry_at(image, image->root, i);

		for (size_t j = 0; above & BENCH_IMAGE_PRESENT && j < 512; j++) {
			uint64_t entry = entry_at(image, above & BENCH_IMAGE_FRAME, j);

			if (entry & BENCH_IMAGE_PRESENT)
				size += count_directory(image, entry & BENCH_IMAGE_FRAME);
		}
	}
	return size;
}

/* Both ranges together. */
static uint64_t expected(const struct state *state)
{
	return bench_size() + state->image->size;
}

static bool limit(void *argument, uint64_t work)
{
	const struct state *state = argument;
	uint64_t size = count_all(state->image);

	bench_use(size);
	return size == expected(state) ||
	       bench_fail("the limit counts %llu bytes", (unsigned long long)size);
}

/* Every run of the space; none may be in a place where nothing is. */
static bool library(void *argument, uint64_t work)
{
	const struct state *state = argument;
	struct tmem_run run = { .size = sizeof(run) };
	tmem_run_cursor *cursor;
	uint64_t size = 0;
	tmem_status status;

	if (!bench_good(tmem_run_cursor_new(state->target, TMEM_DATA_SPACE_VIRTUAL, 0, &cursor),
			state->target, "cursor"))
		return false;
	for (;;) {
		uint64_t pages = run.base - state->image->pages;
		uint64_t large = run.base - state->image->large;

		if (run.length && (pages >= bench_size() || run.length > bench_size() - pages) &&
		    (large >= state->image->size || run.length > state->image->size - large))
			size = UINT64_MAX / 2;
		size += run.length;
		status = tmem_run_cursor_next(cursor, &run);
		if (status != TMEM_S_OK)
			break;
	}
	tmem_run_cursor_free(cursor);
	return (status == TMEM_E_NO_MORE_ENTRIES && size == expected(state)) ||
	       bench_fail("the runs hold %llu bytes", (unsigned long long)size);
}

static enum bench_result verify(void *state)
{
	return limit(state, 0) && library(state, 0) ? BENCH_READY : BENCH_FAILED;
}

static const struct bench_line lines[] = {
	{
		.metric = "enumerate an image's 4 KiB pages, a page",
		.goal = "<= 2 ns",
		.most_ns = 2,
		.unit = BENCH_TIME,
		.work = BENCH_WHOLE_PAGES,
		.verify = verify,
		.limits = { { "all entries of all tables", limit } },
		.library = { "tmem_run_cursor_next", library },
	},
};

const struct bench_row bench_g22_enumerate = {
	.id = "G22",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
