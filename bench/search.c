/* SPDX-License-Identifier: Apache-2.0 */
/* search.c - what rows of searches have in common; see search.h. */
#include "search.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "scan.h"

static bool map_core(struct bench_search *search)
{
	int file = open(search->core->path, O_RDONLY | O_CLOEXEC);
	void *map = MAP_FAILED;

	if (file >= 0) {
		map = mmap(NULL, search->core->size, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
		close(file);
	}
	search->map = map == MAP_FAILED ? NULL : map;
	return search->map || bench_fail("%s could not be mapped", search->core->path);
}

bool bench_search_init(struct bench_search *search)
{
	search->process = bench_memory_process();
	search->core = search->process ? bench_memory_core() : NULL;
	if (!search->core)
		return false;
	search->live = bench_open_process(search->process, "threads=1");
	search->stored = bench_open_core(search->core, "threads=1");
	return search->live && search->stored && map_core(search);
}

void bench_search_fini(struct bench_search *search)
{
	tmem_close(search->live);
	tmem_close(search->stored);
	if (search->map)
		munmap((void *)(uintptr_t)search->map, search->core->size);
}

bool bench_search_is_at_end(uint64_t found)
{
	return found == bench_size() - BENCH_NEEDLE_SIZE ||
	       bench_fail("the needle was found at offset %#llx", (unsigned long long)found);
}

static bool fetch(void *source, uint64_t from, void *buffer, size_t size)
{
	const struct bench_search *search = source;
	struct iovec here = { buffer, size };
	struct iovec there = { (void *)(uintptr_t)from, size };

	return process_vm_readv(search->process->pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

bool bench_search_live_limit(void *state, uint64_t work)
{
	struct bench_search *search = state;
	uint64_t base = search->process->address;

	return bench_search_is_at_end(bench_scan_fetched(fetch, search, base, work) - base);
}

bool bench_search_stored_limit(void *state, uint64_t work)
{
	const struct bench_search *search = state;

	return bench_search_is_at_end(bench_scan(search->map + search->core->offset, work));
}
