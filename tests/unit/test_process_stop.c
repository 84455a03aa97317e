/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_process_stop.c - stopping live processes: every thread stands, nothing is left stopped, no
 * signal is lost, and what only works meanwhile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "base/error.h"
#include "live_zoo.h"

#define KIND (&tmi_target_process)

/* One test starts a thread after a fork, which this sanitizer would refuse. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "die_after_fork=0";
}

/* Threads of a process, and how many of them are in a state. */
static size_t threads_in_state(pid_t pid, char state, size_t *all)
{
	char path[64];
	size_t count = 0;
	struct dirent *entry;
	DIR *list;

	*all = 0;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	list = opendir(path);
	while (list && (entry = readdir(list))) {
		char file[128], line[512], *end;
		FILE *stat;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%.20s/stat", path, entry->d_name);
		stat = fopen(file, "re");
		end = stat && fgets(line, sizeof(line), stat) ? strrchr(line, ')') : NULL;
		*all += end ? 1 : 0;
		count += end && end[2] == state;
		if (stat)
			fclose(stat);
	}
	if (list)
		closedir(list);
	return count;
}

static bool stands_still(const struct zoo *zoo)
{
	uint64_t before = zoo->at->counter;

	usleep(30000);
	return zoo->at->counter == before;
}

/* On a busy machine the thread that counts may wait long for its turn, but not for ever. */
static bool goes_on(const struct zoo *zoo)
{
	uint64_t before = zoo->at->counter;

	for (int i = 0; i < 10000 && zoo->at->counter == before; i++)
		usleep(1000);
	return zoo->at->counter != before;
}

static void counter_stands_and_goes_on(void **data)
{
	struct zoo zoo;
	void *state;
	size_t all, stopped;

	zoo_start(&zoo);
	zoo_do(&zoo, ZOO_COUNT);
	state = zoo_open_pid(zoo.pid, NULL);
	assert_true(goes_on(&zoo));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(KIND->suspend(state), TMEM_S_OK);
		assert_true(stands_still(&zoo));
		stopped = threads_in_state(zoo.pid, 't', &all);
		assert_int_equal(stopped, 2);
		assert_int_equal(all, 2);
		assert_int_equal(KIND->resume(state), TMEM_S_OK);
		assert_true(goes_on(&zoo));
	}
	KIND->close(state);
	zoo_end(&zoo);
	(void)data;
}

static void option_and_close(void **data)
{
	struct zoo zoo;
	void *state;

	zoo_start(&zoo);
	zoo_do(&zoo, ZOO_COUNT);
	state = zoo_open_pid(zoo.pid, "suspend=on");
	assert_true(stands_still(&zoo));
	KIND->close(state);
	assert_true(goes_on(&zoo));
	zoo_end(&zoo);
	(void)data;
}

static void threads_that_make_threads(void **data)
{
	struct zoo zoo;
	void *state;
	size_t all, later, stopped;

	zoo_start(&zoo);
	zoo_do(&zoo, ZOO_BREED);
	state = zoo_open_pid(zoo.pid, NULL);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(KIND->suspend(state), TMEM_S_OK);
		stopped = threads_in_state(zoo.pid, 't', &all);
		assert_int_equal(stopped, all);
		assert_true(all >= 2);
		usleep(5000);
		stopped = threads_in_state(zoo.pid, 't', &later);
		assert_int_equal(stopped, all);
		assert_int_equal(later, all);
		assert_int_equal(KIND->resume(state), TMEM_S_OK);
		usleep(2000);
	}
	KIND->close(state);
	zoo_end(&zoo);
	(void)data;
}

static void attached_and_detached_while_stopped(void **data)
{
	struct zoo a, b;
	void *state;
	uint32_t space;

	zoo_start(&a);
	zoo_start(&b);
	zoo_do(&a, ZOO_COUNT);
	zoo_do(&b, ZOO_COUNT);
	state = zoo_open_pid(a.pid, "suspend=on");
	assert_true(goes_on(&b));
	assert_int_equal(KIND->attach(state, (uint32_t)b.pid, &space), TMEM_S_OK);
	assert_true(stands_still(&a) && stands_still(&b));
	assert_int_equal(KIND->detach(state, 0), TMEM_S_OK);
	assert_true(goes_on(&a));
	assert_true(stands_still(&b));
	assert_int_equal(KIND->resume(state), TMEM_S_OK);
	assert_true(goes_on(&b));
	KIND->close(state);
	zoo_end(&a);
	zoo_end(&b);
	(void)data;
}

static void traced_by_another(void **data)
{
	struct zoo zoo;
	void *first, *second;
	uint64_t value;
	char number[16];

	zoo_start(&zoo);
	zoo_do(&zoo, ZOO_COUNT);
	first = zoo_open_pid(zoo.pid, "suspend=on");
	second = zoo_open_pid(zoo.pid, NULL);
	assert_int_equal(KIND->suspend(second), TMEM_E_PORT_ALREADY_SET);
	snprintf(number, sizeof(number), "%d", zoo.pid);
	assert_non_null(strstr(tmi_error_text(), number));
	assert_non_null(strstr(tmi_error_text(), "(test_process_st)"));
	assert_true(stands_still(&zoo));
	/* Reading goes on. */
	assert_int_equal(zoo_read(second, 0, zoo.at->plain, &value, 8, NULL), 8);
	KIND->close(second);
	assert_true(stands_still(&zoo));
	KIND->close(first);
	assert_true(goes_on(&zoo));
	zoo_end(&zoo);
	(void)data;
}

/* The parent of a vfork() cannot stop; everything runs again, the other process too. */
static void vfork_parent_times_out(void **data)
{
	struct zoo zoo, other;
	char spec[64];
	void *state;

	zoo_start(&zoo);
	zoo_start(&other);
	zoo_do(&other, ZOO_COUNT);
	zoo_do(&zoo, ZOO_COUNT);
	zoo_do(&zoo, ZOO_VFORK);
	while (!zoo.at->grandchild)
		usleep(1000);
	snprintf(spec, sizeof(spec), "%d,%d", other.pid, zoo.pid);
	state = zoo_open(spec, NULL);
	assert_non_null(state);
	assert_int_equal(KIND->suspend(state), TMEM_E_TIMED_OUT);
	assert_non_null(strstr(tmi_error_text(), "did not stop"));
	assert_true(goes_on(&other));
	assert_true(goes_on(&zoo));
	zoo_do(&zoo, ZOO_VFORK_GO);
	usleep(50000);
	/* No late stop catches the parent when it comes back. */
	assert_true(goes_on(&zoo));
	assert_int_equal(KIND->suspend(state), TMEM_S_OK);
	assert_true(stands_still(&zoo));
	KIND->close(state);
	kill(zoo.at->grandchild, SIGKILL);
	zoo_end(&zoo);
	zoo_end(&other);
	(void)data;
}

/* The same when it is attached to a stopped target: the target stays stopped. */
static void vfork_parent_attached(void **data)
{
	struct zoo zoo, other;
	uint32_t space;
	void *state;

	zoo_start(&zoo);
	zoo_start(&other);
	zoo_do(&other, ZOO_COUNT);
	zoo_do(&zoo, ZOO_COUNT);
	zoo_do(&zoo, ZOO_VFORK);
	while (!zoo.at->grandchild)
		usleep(1000);
	state = zoo_open_pid(other.pid, "suspend=on");
	assert_int_equal(KIND->attach(state, (uint32_t)zoo.pid, &space), TMEM_E_TIMED_OUT);
	assert_int_equal(KIND->process_count(state), 1);
	assert_true(stands_still(&other));
	assert_true(goes_on(&zoo));
	zoo_do(&zoo, ZOO_VFORK_GO);
	usleep(150000);
	assert_true(goes_on(&zoo));
	KIND->close(state);
	kill(zoo.at->grandchild, SIGKILL);
	zoo_end(&zoo);
	zoo_end(&other);
	(void)data;
}

/* A process that somebody had stopped is stopped afterwards, and goes on by SIGCONT. */
static void stopped_before(void **data)
{
	struct zoo zoo;
	void *state;

	zoo_start(&zoo);
	zoo_do(&zoo, ZOO_COUNT);
	kill(zoo.pid, SIGSTOP);
	assert_true(zoo_wait_state(zoo.pid, "T"));
	state = zoo_open_pid(zoo.pid, "suspend=on");
	assert_true(stands_still(&zoo));
	KIND->close(state);
	assert_true(zoo_wait_state(zoo.pid, "T"));
	assert_true(stands_still(&zoo));
	kill(zoo.pid, SIGCONT);
	assert_true(zoo_wait_state(zoo.pid, "SR"));
	assert_true(goes_on(&zoo));
	zoo_end(&zoo);
	(void)data;
}

#define SIGNALS 3000

/* Queued signals: each one sent is to be handled once. */
static void *send_signals(void *zoo)
{
	for (int i = 0; i < SIGNALS; i++) {
		while (sigqueue(((struct zoo *)zoo)->pid, SIGRTMIN, (union sigval){ i }))
			usleep(1000);
		usleep(20);
	}
	return NULL;
}

/* Signals that come while the process is being stopped, or stands, are all delivered. */
static void no_signal_is_lost(void **data)
{
	struct zoo zoo;
	pthread_t sender;
	void *state;

	zoo_start(&zoo);
	zoo_do(&zoo, ZOO_LISTEN);
	state = zoo_open_pid(zoo.pid, NULL);
	assert_int_equal(pthread_create(&sender, NULL, send_signals, &zoo), 0);
	for (int i = 0; i < 300; i++) {
		assert_int_equal(KIND->suspend(state), TMEM_S_OK);
		assert_int_equal(KIND->resume(state), TMEM_S_OK);
	}
	pthread_join(sender, NULL);
	for (int i = 0; i < 5000 && zoo.at->signals < SIGNALS; i++)
		usleep(1000);
	assert_int_equal(zoo.at->signals, SIGNALS);
	/* One that comes while it stands waits for the resume. */
	assert_int_equal(KIND->suspend(state), TMEM_S_OK);
	kill(zoo.pid, SIGRTMIN);
	usleep(2000);
	assert_int_equal(zoo.at->signals, SIGNALS);
	assert_int_equal(KIND->resume(state), TMEM_S_OK);
	for (int i = 0; i < 5000 && zoo.at->signals == SIGNALS; i++)
		usleep(1000);
	assert_int_equal(zoo.at->signals, SIGNALS + 1);
	KIND->close(state);
	zoo_end(&zoo);
	(void)data;
}

static void killed_while_stopped(void **data)
{
	struct zoo zoo;
	uint64_t value;
	tmem_status status;
	void *state;

	zoo_start(&zoo);
	zoo_do(&zoo, ZOO_COUNT);
	state = zoo_open_pid(zoo.pid, "suspend=on");
	kill(zoo.pid, SIGKILL);
	/* The parent (this test) can bury it although the tracer still holds it. */
	assert_int_equal(waitpid(zoo.pid, NULL, 0), zoo.pid);
	zoo.pid = 0;
	assert_int_equal(zoo_read(state, 0, zoo.at->plain, &value, 8, &status), 0);
	assert_int_equal(status, TMEM_E_UNEXPECTED);
	assert_int_equal(KIND->resume(state), TMEM_S_OK);
	assert_int_equal(KIND->suspend(state), TMEM_E_UNEXPECTED);
	KIND->close(state);
	zoo_end(&zoo);
	(void)data;
}

/* A tool that is killed leaves nothing stopped and nothing dead. */
static void killed_tool(void **data)
{
	struct zoo zoo;
	int ready[2];
	char byte;
	pid_t tool;

	zoo_start(&zoo);
	zoo_do(&zoo, ZOO_COUNT);
	assert_int_equal(pipe(ready), 0);
	tool = fork();
	if (!tool) {
		if (zoo_open_pid(zoo.pid, "suspend=on") && write(ready[1], "r", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_true(stands_still(&zoo));
	kill(tool, SIGKILL);
	assert_int_equal(waitpid(tool, NULL, 0), tool);
	assert_true(goes_on(&zoo));
	close(ready[0]);
	close(ready[1]);
	zoo_end(&zoo);
	(void)data;
}

static void registers(void **data)
{
	struct zoo zoo;
	void *state, *block;
	size_t size;

	zoo_start(&zoo);
	state = zoo_open_pid(zoo.pid, NULL);
	assert_int_equal(
		KIND->context(state, 0, (uint32_t)zoo.pid, TMEM_CONTEXT_GENERAL, &block, &size),
		TMEM_E_UNEXPECTED);
	assert_null(block);
	assert_int_equal(KIND->suspend(state), TMEM_S_OK);
	assert_int_equal(
		KIND->context(state, 0, (uint32_t)zoo.pid, TMEM_CONTEXT_GENERAL, &block, &size),
		TMEM_S_OK);
#ifdef __x86_64__
	assert_int_equal(size, sizeof(struct user_regs_struct));
	assert_true(((struct user_regs_struct *)block)->rsp >= zoo.at->stack);
#endif
	free(block);
	assert_int_equal(KIND->context(state, 0, (uint32_t)zoo.pid, TMEM_CONTEXT_FLOATING_POINT,
				       &block, &size),
			 TMEM_S_OK);
#ifdef __x86_64__
	assert_int_equal(size, sizeof(struct user_fpregs_struct));
#endif
	free(block);
	assert_int_equal(KIND->context(state, 0, 1, TMEM_CONTEXT_GENERAL, &block, &size),
			 TMEM_E_UNEXPECTED);
	assert_int_equal(KIND->context(state, 0, (uint32_t)zoo.pid, 77, &block, &size),
			 TMEM_E_INVALIDARG);
	KIND->close(state);
	zoo_end(&zoo);
	(void)data;
}

/* A kernel that lets nobody pass protection through the memory file (played by TMEM_DISABLE). */
static void protected_memory(void **data)
{
	struct zoo zoo;
	uint8_t bytes[64], back[64];
	tmem_status status;
	struct tmi_run run;
	void *state;

	setenv("TMEM_DISABLE", "mem_force", 1);
	zoo_start(&zoo);
	state = zoo_open_pid(zoo.pid, NULL);
	setenv("TMEM_DISABLE", "", 1);
	assert_int_equal(zoo_read(state, 0, zoo.at->none, bytes, 64, &status), 0);
	assert_int_equal(tmi_error_reason(), TMEM_REASON_PROTECTED);
	assert_int_equal(KIND->run(state, 0, zoo.at->none, &run), TMEM_S_OK);
	assert_int_equal(run.source, TMEM_VSOURCE_INVALID);
	assert_int_equal(zoo_write(state, 0, zoo.at->readonly, "x", 1, &status), 0);
	assert_int_equal(tmi_error_reason(), TMEM_REASON_PROTECTED);
	assert_int_equal(zoo_read(state, 0, zoo.at->plain, bytes, 64, NULL), 64);
	/* Word by word, while it stands. */
	assert_int_equal(KIND->suspend(state), TMEM_S_OK);
	assert_int_equal(zoo_read(state, 0, zoo.at->none + 3, bytes, 61, NULL), 61);
	for (size_t i = 0; i < 61; i++)
		assert_int_equal(bytes[i], zoo_byte(zoo.at->none + 3 + i));
	memset(bytes, 0xa7, sizeof(bytes));
	assert_int_equal(zoo_write(state, 0, zoo.at->readonly + 5, bytes, 50, NULL), 50);
	assert_int_equal(zoo_read(state, 0, zoo.at->readonly, back, 64, NULL), 64);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(back[i], i >= 5 && i < 55 ? 0xa7 : zoo_byte(zoo.at->readonly + i));
	assert_int_equal(KIND->run(state, 0, zoo.at->none, &run), TMEM_S_OK);
	assert_int_equal(run.source, TMEM_VSOURCE_DEBUGGEE);
	KIND->close(state);
	zoo_end(&zoo);
	(void)data;
}

static void cacheable_while_stopped(void **data)
{
	struct zoo zoo;
	void *state;

	zoo_start(&zoo);
	state = zoo_open_pid(zoo.pid, "suspend=on");
	assert_true(KIND->cacheable(state, 0, zoo.at->plain));
	assert_true(KIND->cacheable(state, 0, zoo.at->none));
	assert_false(KIND->cacheable(state, 0, zoo.at->shared));
	KIND->close(state);
	zoo_end(&zoo);
	(void)data;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counter_stands_and_goes_on),
		cmocka_unit_test(option_and_close),
		cmocka_unit_test(threads_that_make_threads),
		cmocka_unit_test(attached_and_detached_while_stopped),
		cmocka_unit_test(traced_by_another),
		cmocka_unit_test(vfork_parent_times_out),
		cmocka_unit_test(vfork_parent_attached),
		cmocka_unit_test(stopped_before),
		cmocka_unit_test(no_signal_is_lost),
		cmocka_unit_test(killed_while_stopped),
		cmocka_unit_test(killed_tool),
		cmocka_unit_test(registers),
		cmocka_unit_test(protected_memory),
		cmocka_unit_test(cacheable_while_stopped),
	};

	alarm(110);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
