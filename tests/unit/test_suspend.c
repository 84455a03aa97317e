/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_suspend.c - real processes that are stopped while they are read: two that share their
 * memory, one that dies, one whose number is attached again.
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

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <tmem.h>

#include "live_zoo.h"

/* Private memory of this program, at the same address in its children. */
static char *memory;

static uint64_t address(void)
{
	return (uintptr_t)memory;
}

static void sleep_on(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static pid_t start(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		sleep_on();
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static tmem_target *open_pids(pid_t one, pid_t two, const char *options)
{
	tmem_target *target;
	char spec[64];

	if (two)
		snprintf(spec, sizeof(spec), "pid:%d,%d", one, two);
	else
		snprintf(spec, sizeof(spec), "pid:%d", one);
	if (tmem_open(spec, options, &target) != TMEM_S_OK)
		fail_msg("%s", tmem_last_error(NULL));
	return target;
}

/*
 * Two processes with one address space: what is written through one is read through the other.
 * Cached while they run: a process whose child lives in its memory cannot be stopped.
 */
static void a_write_reaches_who_shares_the_memory(void **state)
{
	struct zoo zoo;
	tmem_target *first, *second;
	char before[4], after[4];

	(void)state;
	zoo_start(&zoo);
	zoo_do(&zoo, ZOO_VFORK);
	while (!zoo.at->grandchild)
		usleep(1000);
	first = open_pids(zoo.pid, zoo.at->grandchild, "cache=on");
	assert_int_equal(tmem_target_dup(first, &second), TMEM_S_OK);
	assert_int_equal(tmem_set_current_process_id(second, 1), TMEM_S_OK);
	assert_int_equal(tmem_read_virtual(second, zoo.at->plain, before, 4, NULL), TMEM_S_OK);
	assert_memory_not_equal(before, "new!", 4);
	assert_int_equal(tmem_write_virtual(first, zoo.at->plain, "new!", 4, NULL), TMEM_S_OK);
	assert_int_equal(tmem_read_virtual(second, zoo.at->plain, after, 4, NULL), TMEM_S_OK);
	assert_memory_equal(after, "new!", 4);
	tmem_close(second);
	tmem_close(first);
	kill(zoo.at->grandchild, SIGKILL);
	zoo_end(&zoo);
}

/* With and without the cache a batch says that nothing could be tried. */
static void a_batch_from_a_dead_process_fails(void **state)
{
	const char *const options[] = { NULL, "suspend=on" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		pid_t pid = start();
		tmem_target *target = open_pids(pid, 0, options[i]);
		char bytes[2];
		struct tmem_transfer items[] = {
			{ .offset = address(), .buffer = bytes, .size = 1 },
			{ .offset = address() + 1, .buffer = bytes + 1, .size = 1 },
		};

		end(pid);
		assert_int_equal(tmem_read_virtual_batch(target, items, 2), TMEM_E_UNEXPECTED);
		for (size_t k = 0; k < 2; k++) {
			assert_int_equal(items[k].status, TMEM_E_UNEXPECTED);
			assert_int_equal(items[k].done, 0);
		}
		tmem_close(target);
	}
}

static void count(void *context, uint32_t flags, uint64_t argument)
{
	++*(unsigned *)context;
	(void)flags;
	(void)argument;
}

/* A process that the target has is found again without an event; one that died is not. */
static void attach_tells_the_living_from_the_dead(void **state)
{
	unsigned events = 0;
	struct tmem_event_callbacks callbacks = {
		.size = sizeof(callbacks),
		.interest_mask = TMEM_EVENT_CHANGE_DEBUGGEE_STATE,
		.context = &events,
		.change_debuggee_state = count,
	};
	pid_t one = start(), two = start();
	tmem_target *target = open_pids(one, 0, NULL);
	uint32_t id = 99;

	(void)state;
	assert_int_equal(tmem_set_event_callbacks(target, &callbacks), TMEM_S_OK);
	assert_int_equal(tmem_attach_process(target, (uint32_t)one, &id), TMEM_S_OK);
	assert_int_equal(id, 0);
	assert_int_equal(events, 0);
	assert_int_equal(tmem_attach_process(target, (uint32_t)two, &id), TMEM_S_OK);
	assert_int_equal(id, 1);
	assert_int_equal(events, 1);
	end(one);
	assert_int_equal(tmem_attach_process(target, (uint32_t)one, &id), TMEM_E_UNEXPECTED);
	assert_int_equal(id, TMEM_ANY_ID);
	assert_int_equal(events, 1);
	tmem_close(target);
	end(two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_write_reaches_who_shares_the_memory),
		cmocka_unit_test(a_batch_from_a_dead_process_fails),
		cmocka_unit_test(attach_tells_the_living_from_the_dead),
	};

	memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	strcpy(memory, "old");
	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
