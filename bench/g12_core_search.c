/* SPDX-License-Identifier: Apache-2.0 */
/* g12_core_search.c - row G12: 16 bytes at the end of a core that was just opened. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"
#include "measure.h"
#include "scan.h"

struct state {
	const struct bench_core *core;
};

/* What one thread of the limit scans; offsets are those of the file. */
struct half {
	int file;
	const uint8_t *map;
	uint64_t from;
	uint64_t found;
};

static enum bench_result setup(void *argument)
{
	struct state *state = argument;

	state->core = bench_memory_core();
	return state->core ? BENCH_READY : BENCH_FAILED;
}

static bool is_at_end(uint64_t found, uint64_t base)
{
	return found == base + bench_size() - BENCH_NEEDLE_SIZE ||
	       bench_fail("the needle was found at %#llx", (unsigned long long)found);
}

static bool fetch(void *source, uint64_t from, void *buffer, size_t size)
{
	return pread(((struct half *)source)->file, buffer, size, (off_t)from) == (ssize_t)size;
}

static bool scan_file(void *argument, uint64_t work)
{
	struct half *half = argument;

	half->found = bench_scan_fetched(fetch, half, half->from, work);
	return true;
}

static bool scan_map(void *argument, uint64_t work)
{
	struct half *half = argument;
	size_t at = bench_scan(half->map + half->from, work);

	half->found = at == SIZE_MAX ? UINT64_MAX : half->from + at;
	return true;
}

/* Opens, scans with one or two threads, closes. */
static bool limit(const struct state *state, bool mapped, bool two, uint64_t work)
{
	bool (*scan)(void *argument, uint64_t work) = mapped ? scan_map : scan_file;
	int file = open(state->core->path, O_RDONLY | O_CLOEXEC);
	uint8_t *map = mapped && file >= 0
			       ? mmap(NULL, state->core->size, PROT_READ, MAP_SHARED, file, 0)
			       : NULL;
	struct half low = { file, map, state->core->offset, 0 };
	struct half high = { file, map, state->core->offset + work / 2, 0 };
	bool good = file >= 0 && map != MAP_FAILED;

	if (good)
		good = two ? bench_pair(scan, &low, &high, work / 2) : scan(&low, work);
	if (map && map != MAP_FAILED)
		munmap(map, state->core->size);
	if (file >= 0)
		close(file);
	return good ? is_at_end(two ? high.found : low.found, state->core->offset)
		    : bench_fail("%s could not be opened", state->core->path);
}

static bool file_one(void *state, uint64_t work)
{
	return limit(state, false, false, work);
}

static bool map_one(void *state, uint64_t work)
{
	return limit(state, true, false, work);
}

static bool file_two(void *state, uint64_t work)
{
	return limit(state, false, true, work);
}

static bool map_two(void *state, uint64_t work)
{
	return limit(state, true, true, work);
}

static bool search(const struct state *state, const char *options, uint64_t work)
{
	tmem_target *target = bench_open_core(state->core, options);
	uint64_t found = 0;
	bool good = target &&
		    bench_good(tmem_search_virtual(target, state->core->address, work, bench_needle,
						   BENCH_NEEDLE_SIZE, 1, &found),
			       target, "search");

	tmem_close(target);
	return good && is_at_end(found, state->core->address);
}

static bool library_one(void *state, uint64_t work)
{
	return search(state, "threads=1", work);
}

static bool library_two(void *state, uint64_t work)
{
	return search(state, "threads=2", work);
}

static enum bench_result verify(void *state)
{
	return file_one(state, bench_size()) && library_one(state, bench_size()) &&
			       library_two(state, bench_size())
		       ? BENCH_READY
		       : BENCH_FAILED;
}

static const struct bench_line lines[] = {
	{
		.metric = "search 16 B, core, first time",
		.goal = ">= 0.85",
		.least = 0.85,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.verify = verify,
		.limits = { { "pread of 256 KiB, scan", file_one }, { "mmap, scan", map_one } },
		.library = { "tmem_open, tmem_search_virtual", library_one },
	},
	{
		.metric = "search 16 B, core, first time, 2 threads",
		.goal = ">= 0.8",
		.least = 0.8,
		.unit = BENCH_RATE,
		.work = BENCH_WHOLE,
		.two_threads = true,
		.limits = { { "pread of 256 KiB, scan", file_two }, { "mmap, scan", map_two } },
		.library = { "tmem_open, tmem_search_virtual, threads=2", library_two },
	},
};

const struct bench_row bench_g12_core_search = {
	.id = "G12",
	.state_size = sizeof(struct state),
	.setup = setup,
	BENCH_LINES(lines),
};
