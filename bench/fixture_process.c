/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixture_process.c - processes to look into.
 *
 * They are this program started again, so that nothing of the measuring side is in their memory.
 * Each tells its address on its output and then waits for the end of its input, which comes when
 * the measuring side closes it or dies.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

#define SERVE_MEMORY   "--serve-memory"
#define SERVE_MAPPINGS "--serve-mappings"
#define SERVE_RESERVED "--serve-reserved"
#define SERVE_SCRATCH  "--serve-scratch"

/* ---- in the started process ---- */

/* Memory in pages of 4 KiB, whatever the machine's policy for huge ones is; NULL: no room. */
static uint8_t *map_pages(uint64_t size, int flags)
{
	uint8_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	madvise(memory, size, MADV_NOHUGEPAGE);
	return memory;
}

static void *make_memory(void)
{
	uint8_t *memory = map_pages(bench_size(), 0);

	if (memory)
		bench_fill(memory, 0, bench_size());
	return memory;
}

static void *make_reserved(void)
{
	uint8_t *memory = map_pages(BENCH_RESERVED_SIZE, MAP_NORESERVE);

	if (memory)
		bench_fill(memory + BENCH_RESERVED_SIZE - bench_size(), 0, bench_size());
	return memory;
}

static void *make_scratch(void)
{
	uint64_t size = bench_scratch_size();
	uint8_t *memory = map_pages(2 * size, 0);

	if (!memory)
		return NULL;
	bench_fill(memory, 0, size);
	bench_fill(memory + size, 0, size);
	return mprotect(memory + size, size, PROT_READ) < 0 ? NULL : memory;
}

/* Pages that differ from their neighbours in protection, so that each is a mapping. */
static void *make_mappings(uint64_t count)
{
	uint8_t *memory = mmap(NULL, (count + 2) * BENCH_PAGE, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	memory += BENCH_PAGE;
	for (uint64_t i = 0; i < count; i++)
		if (mprotect(memory + i * BENCH_PAGE, BENCH_PAGE,
			     i % 2 ? PROT_READ : PROT_READ | PROT_WRITE) < 0)
			return NULL;
	return memory;
}

bool bench_serve(int count, char **values)
{
	uint64_t address = 0;
	char byte;

	if (!strcmp(values[0], SERVE_MEMORY))
		address = (uintptr_t)make_memory();
	else if (!strcmp(values[0], SERVE_RESERVED))
		address = (uintptr_t)make_reserved();
	else if (!strcmp(values[0], SERVE_SCRATCH))
		address = (uintptr_t)make_scratch();
	else if (!strcmp(values[0], SERVE_MAPPINGS) && count > 1)
		address = (uintptr_t)make_mappings(strtoull(values[1], NULL, 10));
	else
		return false;
	if (write(STDOUT_FILENO, &address, sizeof(address)) != sizeof(address))
		return true;
	while (read(STDIN_FILENO, &byte, 1) > 0 || errno == EINTR)
		errno = 0;
	return true;
}

/* ---- in the measuring process ---- */

/* Starts it with a pipe to its input and one from its output. */
static bool spawn(struct bench_process *process, const char *what, int *output)
{
	extern char **environ;
	char number[24];
	char name[] = "bench";
	char *arguments[] = { name, (char *)(uintptr_t)what, number, NULL };
	posix_spawn_file_actions_t actions;
	int to[2], from[2];
	int error;

	snprintf(number, sizeof(number), "%" PRIu64, process->size);
	if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
		return bench_fail("pipe: %s", strerror(errno));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
	error = posix_spawn(&process->pid, "/proc/self/exe", &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(to[0]);
	close(from[1]);
	process->control = to[1];
	*output = from[0];
	return !error || bench_fail("a process to look into: %s", strerror(error));
}

static bool start(struct bench_process *process, const char *what, uint64_t size)
{
	char name[64];
	ssize_t got;
	int output = -1;

	process->size = size;
	if (!spawn(process, what, &output))
		return false;
	got = read(output, &process->address, sizeof(process->address));
	close(output);
	if (got != sizeof(process->address))
		return bench_fail("a process to look into ended early");
	snprintf(name, sizeof(name), "/proc/%d/mem", process->pid);
	process->memory = open(name, O_RDONLY | O_CLOEXEC);
	return process->memory >= 0 || bench_fail("%s: %s", name, strerror(errno));
}

static void stop(struct bench_process *process)
{
	if (process->pid <= 0)
		return;
	close(process->control);
	close(process->memory);
	waitpid(process->pid, NULL, 0);
	process->pid = 0;
}

static struct bench_process memory_process;
static struct bench_process twin_process;
static struct bench_process mappings_process;
static struct bench_process reserved_process;
static struct bench_process scratch_process;

static void stop_all(void)
{
	stop(&memory_process);
	stop(&twin_process);
	stop(&mappings_process);
	stop(&reserved_process);
	stop(&scratch_process);
}

static const struct bench_process *get(struct bench_process *process, const char *what,
				       uint64_t size)
{
	static bool registered;

	if (process->pid)
		return process;
	if (!registered)
		atexit(stop_all);
	registered = true;
	return start(process, what, size) ? process : NULL;
}

static const struct bench_process *get_or_fail(struct bench_process *process, const char *what,
					       uint64_t size)
{
	const struct bench_process *started = get(process, what, size);

	if (started && !started->address) {
		bench_fail("there is no room for a process of %" PRIu64 " bytes", size);
		return NULL;
	}
	return started;
}

const struct bench_process *bench_memory_process(void)
{
	return get_or_fail(&memory_process, SERVE_MEMORY, bench_size());
}

const struct bench_process *bench_twin_process(void)
{
	return get_or_fail(&twin_process, SERVE_MEMORY, bench_size());
}

uint64_t bench_scratch_size(void)
{
	return bench_size() / 4 & ~(((uint64_t)1 << 20) - 1);
}

const struct bench_process *bench_scratch_process(void)
{
	return get_or_fail(&scratch_process, SERVE_SCRATCH, bench_scratch_size());
}

const struct bench_process *bench_reserved_process(void)
{
	const struct bench_process *process =
		get(&reserved_process, SERVE_RESERVED, BENCH_RESERVED_SIZE);

	if (process && !process->address) {
		bench_absent("64 GiB reserved in a process: the kernel does not overcommit");
		return NULL;
	}
	return process;
}

const struct bench_process *bench_mappings_process(void)
{
	const struct bench_process *process =
		get(&mappings_process, SERVE_MAPPINGS, BENCH_MAPPINGS);

	if (process && !process->address) {
		bench_absent("%d mappings in a process: the kernel's vm.max_map_count is too low",
			     BENCH_MAPPINGS);
		return NULL;
	}
	return process;
}

tmem_target *bench_open_process(const struct bench_process *process, const char *options)
{
	tmem_target *target;
	char spec[32];

	snprintf(spec, sizeof(spec), "pid:%d", process->pid);
	return bench_good(tmem_open(spec, options, &target), NULL, spec) ? target : NULL;
}
