/* SPDX-License-Identifier: Apache-2.0 */
/*
 * g23_open_sparse.c - row G23: opening and closing a sparse core of 100 GiB with one segment, a
 * sparse image of 64 GiB, and a guest's dump.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"

struct state {
	const struct bench_core *core;
	const struct bench_image *image;
	const struct bench_image *memory; /* with the big memory in it */
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;

	state->core = bench_sparse_core();
	state->image = state->core ? bench_empty_image() : NULL;
	state->memory = state->image ? bench_row_image() : NULL;
	return state->memory ? BENCH_READY : BENCH_FAILED;
}

/* What lies at both ends, and between them nothing. */
static enum bench_result verify(void *argument)
{
	const struct state *state = argument;
	uint64_t last = state->core->address + BENCH_SPARSE_SIZE - BENCH_PAGE;
	tmem_target *target = bench_open_core(state->core, NULL);
	uint64_t words[3] = { 1, 1, 1 };
	bool good = target != NULL;

	good = good &&
	       bench_good(tmem_read_virtual(target, state->core->address, &words[0], 8, NULL),
			  target, "read");
	good = good && bench_good(tmem_read_virtual(target, last - BENCH_PAGE, &words[1], 8, NULL),
				  target, "read");
	good = good &&
	       bench_good(tmem_read_virtual(target, last, &words[2], 8, NULL), target, "read");
	tmem_close(target);
	if (good && (words[0] != bench_word(0) || words[1] || words[2] != bench_word(BENCH_PAGE)))
		good = bench_fail("wrong bytes in the sparse core");
	return good ? BENCH_READY : BENCH_FAILED;
}

static enum bench_result verify_image(void *argument)
{
	const struct state *state = argument;
	tmem_target *target = bench_open_image(state->image, 1);
	uint64_t word = 1;
	bool good = target != NULL;

	good = good && bench_good(tmem_read_physical(target, BENCH_EMPTY_IMAGE_SIZE - 8, &word,
						     sizeof(word), NULL),
				  target, "read");
	tmem_close(target);
	if (good && word)
		good = bench_fail("wrong bytes in the empty image");
	return good ? BENCH_READY : BENCH_FAILED;
}

static enum bench_result verify_memory(void *argument)
{
	const struct state *state = argument;
	tmem_target *target = bench_open_image(state->memory, 1);
	bool good = target &&
		    bench_verify_words(target, &state->memory->pages, 1, state->memory->pages);

	tmem_close(target);
	return good ? BENCH_READY : BENCH_FAILED;
}

static bool open_and_map(const char *path, uint64_t work)
{
	for (uint64_t i = 0; i < work; i++) {
		struct stat info;
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		void *map = MAP_FAILED;

		if (fd >= 0 && fstat(fd, &info) == 0)
			map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED)
			return bench_fail("%s could not be mapped", path);
		munmap(map, (size_t)info.st_size);
		close(fd);
	}
	return true;
}

static bool limit(void *state, uint64_t work)
{
	return open_and_map(((struct state *)state)->core->path, work);
}

static bool limit_image(void *state, uint64_t work)
{
	return open_and_map(((struct state *)state)->image->path, work);
}

static bool limit_memory(void *state, uint64_t work)
{
	return open_and_map(((struct state *)state)->memory->path, work);
}

static bool library(void *argument, uint64_t work)
{
	const struct state *state = argument;

	for (uint64_t i = 0; i < work; i++) {
		tmem_target *target = bench_open_core(state->core, NULL);

		if (!target)
			return false;
		tmem_close(target);
	}
	return true;
}

static bool open_images(const struct bench_image *image, uint64_t work)
{
	for (uint64_t i = 0; i < work; i++) {
		tmem_target *target = bench_open_image(image, 1);

		if (!target)
			return false;
		tmem_close(target);
	}
	return true;
}

static bool library_image(void *state, uint64_t work)
{
	return open_images(((struct state *)state)->image, work);
}

static bool library_memory(void *state, uint64_t work)
{
	return open_images(((struct state *)state)->memory, work);
}

static const struct bench_line lines[] = {
	{
		.metric = "open + close, 100 GiB core, 1 segment",
		.goal = "<= 22 us",
		.most_ns = 22000,
		.unit = BENCH_TIME,
		.work = 1000,
		.verify = verify,
		.limits = { { "open, fstat, mmap, munmap, close", limit } },
		.library = { "tmem_open, tmem_close", library },
	},
	{
		.metric = "open + close, 64 GiB image, all holes",
		.goal = "<= 22 us",
		.most_ns = 22000,
		.unit = BENCH_TIME,
		.work = 1000,
		.verify = verify_image,
		.limits = { { "open, fstat, mmap, munmap, close", limit_image } },
		.library = { "tmem_open, tmem_close", library_image },
	},
	{
		.metric = "open + close, image with page tables",
		.guest = "open + close, guest",
		.goal = "<= 22 us",
		.most_ns = 22000,
		.unit = BENCH_TIME,
		.work = 1000,
		.verify = verify_memory,
		.limits = { { "open, fstat, mmap, munmap, close", limit_memory } },
		.library = { "tmem_open, tmem_close", library_memory },
	},
};

const struct bench_row bench_g23_open_sparse = {
	.id = "G23",
	.state_size = sizeof(struct state),
	.setup = setup,
	BENCH_LINES(lines),
};
