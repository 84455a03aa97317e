/* SPDX-License-Identifier: Apache-2.0 */
/* live_zoo.c - starts and drives the program zoo; see live_zoo.h. */
#include "live_zoo.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"

const char *const zoo_disabled[] = {
	"",
	"procmap_query",
	"pagemap_scan",
	"process_vm",
	"pidfd",
	"pagemap",
	"procmap_query,pagemap_scan,process_vm,pidfd,pagemap",
	NULL,
};

int zoo_run_group(const struct CMUnitTest *tests, size_t count)
{
	int failed = 0;

	for (size_t i = 0; zoo_disabled[i]; i++) {
		setenv("TMEM_DISABLE", zoo_disabled[i], 1);
		print_message("TMEM_DISABLE=%s\n", zoo_disabled[i]);
		failed += _cmocka_run_group_tests("tests", tests, count, NULL, NULL);
	}
	return failed;
}

/* In the forked child: the descriptors where the program expects them, then the program. */
static void execute_zoo(const char *path, int places, int to, int from)
{
	const int wanted[] = { places, to, from };
	int high[3];

	/* ThreadSanitizer may have turned it off: programs would follow each other at one place. */
	personality(personality(0xffffffff) & ~ADDR_NO_RANDOMIZE);
	for (int i = 0; i < 3; i++)
		high[i] = fcntl(wanted[i], F_DUPFD, 10);
	for (int i = 0; i < 3; i++)
		if (dup2(high[i], ZOO_PLACES_FD + i) < 0)
			_exit(3);
	for (int i = 0; i < 3; i++)
		close(high[i]);
	execl(path, "zoo", (char *)NULL);
	_exit(3);
}

void zoo_start(struct zoo *zoo)
{
	const char *build = getenv("TMEM_BUILD");
	int places = memfd_create("zoo-places", MFD_CLOEXEC);
	int to[2], from[2];
	char path[4096], byte;

	memset(zoo, 0, sizeof(*zoo));
	assert_non_null(build);
	snprintf(path, sizeof(path), "%s/tests/programs/zoo", build);
	assert_true(places >= 0 && !ftruncate(places, sizeof(*zoo->at)));
	zoo->at = mmap(NULL, sizeof(*zoo->at), PROT_READ | PROT_WRITE, MAP_SHARED, places, 0);
	assert_true(zoo->at != MAP_FAILED);
	assert_int_equal(pipe2(to, O_CLOEXEC) | pipe2(from, O_CLOEXEC), 0);
	zoo->pid = fork();
	assert_true(zoo->pid >= 0);
	if (!zoo->pid)
		execute_zoo(path, places, to[0], from[1]);
	close(places);
	close(to[0]);
	close(from[1]);
	zoo->to = to[1];
	zoo->from = from[0];
	assert_int_equal(read(zoo->from, &byte, 1), 1);
	/*
	 * It may still be on its way from the answer to the next command, and as it goes on the
	 * kernel tells it the number of its processor, in memory beside the pieces (rseq).
	 */
	assert_true(zoo_wait_state(zoo->pid, "S"));
}

void zoo_end(struct zoo *zoo)
{
	if (zoo->pid > 0) {
		kill(zoo->pid, SIGKILL);
		waitpid(zoo->pid, NULL, 0);
	}
	close(zoo->to);
	close(zoo->from);
	munmap(zoo->at, sizeof(*zoo->at));
}

void zoo_do(struct zoo *zoo, enum zoo_command command)
{
	char byte = (char)command;

	assert_int_equal(write(zoo->to, &byte, 1), 1);
	if (command == ZOO_EXIT || command == ZOO_EXEC || command == ZOO_LEAVE)
		return;
	assert_int_equal(read(zoo->from, &byte, 1), 1);
}

size_t zoo_mappings(pid_t pid, struct zoo_mapping **mappings)
{
	char path[64], line[4096 + 256];
	size_t count = 0, room = 0;
	FILE *file;

	*mappings = NULL;
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		struct zoo_mapping *m;
		int name = 0;

		if (count == room) {
			room = room ? 2 * room : 64;
			*mappings = realloc(*mappings, room * sizeof(**mappings));
		}
		m = &(*mappings)[count++];
		memset(m, 0, sizeof(*m));
		sscanf(line, "%lx-%lx %4s %lx %*x:%*x %lu %n", &m->first, &m->last, m->flags,
		       &m->offset, &m->inode, &name);
		m->last--;
		line[strcspn(line, "\n")] = '\0';
		snprintf(m->name, sizeof(m->name), "%s", name ? line + name : "");
	}
	if (file)
		fclose(file);
	return count;
}

unsigned long zoo_resident(pid_t pid, uint64_t address)
{
	char path[64], line[4096 + 256];
	unsigned long first, last, size = 0;
	bool inside = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &first, &last) == 2)
			inside = first <= address && address < last;
		else if (inside)
			sscanf(line, "Rss: %lu", &size);
	}
	fclose(file);
	return size;
}

void *zoo_open(const char *spec, const char *options_text)
{
	struct tmi_options options;
	struct tmi_open open = { .address = spec, .options = &options, .may_map = true };
	void *state = NULL;

	assert_int_equal(tmi_options_init(&options, options_text), TMEM_S_OK);
	if (tmi_target_process.open(&open, &state) != TMEM_S_OK)
		state = NULL;
	tmi_options_fini(&options);
	return state;
}

void *zoo_open_pid(pid_t pid, const char *options)
{
	char spec[32];
	void *state;

	snprintf(spec, sizeof(spec), "%d", pid);
	state = zoo_open(spec, options);
	if (!state)
		print_error("pid:%s: %s\n", spec, tmi_error_text());
	assert_non_null(state);
	return state;
}

size_t zoo_read(void *state, uint32_t space, uint64_t address, void *buffer, size_t size,
		tmem_status *status)
{
	struct tmem_transfer item = { .offset = address, .buffer = buffer, .size = size };
	tmem_status call = tmi_target_process.read(state, space, &item, 1, 0);

	if (status)
		*status = TMEM_FAILED(call) ? call : item.status;
	return item.done;
}

size_t zoo_write(void *state, uint32_t space, uint64_t address, const void *buffer, size_t size,
		 tmem_status *status)
{
	struct tmem_transfer item = { .offset = address, .buffer = (void *)buffer, .size = size };
	tmem_status call = tmi_target_process.write(state, space, &item, 1);

	if (status)
		*status = TMEM_FAILED(call) ? call : item.status;
	return item.done;
}

bool zoo_wait_state(pid_t pid, const char *states)
{
	char path[64], line[512];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (int i = 0; i < 5000; i++) {
		FILE *file = fopen(path, "re");
		char *end = file && fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;

		if (file)
			fclose(file);
		if (end && strchr(states, end[2]))
			return true;
		usleep(1000);
	}
	return false;
}
