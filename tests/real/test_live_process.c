/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_live_process.c - real programs, 64-bit and 32-bit, through the public methods: over every
 * page of every mapping they agree on what is readable; words and registers follow the program,
 * also when it executes one of another word size; nothing is left stopped.
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
#include <tmem.h>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "support/child.h"
#include "unit/live_zoo.h"

#define PAGE 4096u

/* Pages looked at from both ends of a mapping that has more. */
#define MANY 300

static tmem_target *open_pid(pid_t pid, const char *options)
{
	tmem_target *target = NULL;
	char spec[32];

	snprintf(spec, sizeof(spec), "pid:%d", pid);
	if (tmem_open(spec, options, &target) != TMEM_S_OK)
		print_error("%s: %s\n", spec, tmem_last_error(NULL));
	assert_non_null(target);
	return target;
}

/* --- agreement --- */

static bool reads(tmem_target *target, uint64_t address)
{
	uint8_t byte;
	size_t done = 0;

	return tmem_read_virtual(target, address, &byte, 1, &done) == TMEM_S_OK && done == 1;
}

/* Validity first: a read may touch what it looks at. */
static void page_agrees(tmem_target *target, uint64_t address, const char *name)
{
	uint64_t base = 0, size = 0;
	uint32_t source = 99;
	tmem_status status = tmem_get_valid_region_virtual(target, address, PAGE, &base, &size);
	/* Addresses of 32-bit programs come back sign-extended. */
	uint64_t returned = tmem_is_pointer64_bit(target) == TMEM_S_OK
				    ? address
				    : (uint64_t)(int64_t)(int32_t)address;
	bool valid = status == TMEM_S_OK && base == returned && size == PAGE;
	struct tmem_memory_basic_information info;

	assert_true(valid || status == TMEM_E_NOINTERFACE);
	assert_int_equal(tmem_get_offset_information(target, TMEM_DATA_SPACE_VIRTUAL,
						     TMEM_OFFSINFO_VIRTUAL_SOURCE, address, &source,
						     sizeof(source), NULL),
			 TMEM_S_OK);
	if (valid != (source != TMEM_VSOURCE_INVALID) || valid != reads(target, address))
		fail_msg("%lx in %s: valid %d, source %u, read %d (%s)", address, name, valid,
			 source, reads(target, address), tmem_last_error(target));
	if (address >> 47)
		return; /* the gate page is beyond what programs can map */
	assert_int_equal(tmem_query_virtual(target, address, &info), TMEM_S_OK);
	assert_int_equal(info.state, TMEM_MEM_COMMIT);
}

static void every_page_agrees(const char *program, const char *options)
{
	struct zoo_mapping *mappings;
	struct child child;
	tmem_target *target;
	size_t count;

	child_start(&child, program, NULL);
	target = open_pid(child.pid, options);
	count = zoo_mappings(child.pid, &mappings);
	assert_true(count > 20);
	for (size_t i = 0; i < count; i++) {
		uint64_t pages = (mappings[i].last - mappings[i].first) / PAGE + 1;

		for (uint64_t k = 0; k < pages; k++) {
			if (pages > 2 * MANY && k == MANY)
				k = pages - MANY;
			page_agrees(target, mappings[i].first + k * PAGE, mappings[i].name);
		}
	}
	free(mappings);
	tmem_close(target);
	child_end(&child);
}

static void methods_agree64(void **data)
{
	every_page_agrees("target64", NULL);
	(void)data;
}

static void methods_agree64_stopped(void **data)
{
	every_page_agrees("target64", "suspend=on");
	(void)data;
}

static void methods_agree32(void **data)
{
	every_page_agrees("target32", NULL);
	(void)data;
}

/* --- word size --- */

static void expect_words(tmem_target *target, uint32_t size)
{
	struct tmem_description description = { .size = sizeof(description) };
	struct tmem_memory_basic_information info;
	uint64_t beyond = size == 8 ? 0x7ffffffff000 : 0xffffe000;

	assert_int_equal(tmem_describe(target, &description), TMEM_S_OK);
	assert_int_equal(description.pointer_size, size);
	assert_int_equal(description.processor_type,
			 size == 8 ? TMEM_PROCESSOR_AMD64 : TMEM_PROCESSOR_I386);
	assert_int_equal(tmem_is_pointer64_bit(target), size == 8 ? TMEM_S_OK : TMEM_S_FALSE);
	assert_int_equal(tmem_query_virtual(target, beyond - 1, &info), TMEM_S_OK);
	assert_int_equal(tmem_query_virtual(target, beyond, &info), TMEM_E_INVALIDARG);
}

static void words_and_registers(void **data)
{
	static const struct {
		const char *program;
		uint32_t word;
		size_t general;
	} rows[] = { { "target64", 8, 216 }, { "target32", 4, 68 } };

	for (size_t i = 0; i < 2; i++) {
		struct child child;
		tmem_target *target;
		size_t size = 0;

		child_start(&child, rows[i].program, NULL);
		target = open_pid(child.pid, NULL);
		expect_words(target, rows[i].word);
		assert_int_equal(
			tmem_get_thread_context(target, TMEM_CONTEXT_GENERAL, NULL, 0, &size),
			TMEM_E_UNEXPECTED);
		assert_int_equal(tmem_suspend(target), TMEM_S_OK);
		tmem_get_thread_context(target, TMEM_CONTEXT_GENERAL, NULL, 0, &size);
		assert_int_equal(size, rows[i].general);
		assert_int_equal(tmem_resume(target), TMEM_S_OK);
		tmem_close(target);
		child_end(&child);
	}
	(void)data;
}

/* A forked child that waits for a byte, then executes a program; its first words are read. */
static pid_t start_waiting(int *go)
{
	int pipe_fds[2];
	pid_t pid;

	assert_int_equal(pipe(pipe_fds), 0);
	pid = fork();
	if (!pid) {
		char path[4096], byte;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		snprintf(path, sizeof(path), "%s/tests/programs/target32", getenv("TMEM_BUILD"));
		close(pipe_fds[1]);
		if (read(pipe_fds[0], &byte, 1) != 1 || !freopen("/dev/null", "w", stdout))
			_exit(1);
		/* The pipe, which stays open, is its input: it waits there. */
		dup2(pipe_fds[0], 0);
		execl(path, "target32", (char *)NULL);
		_exit(1);
	}
	close(pipe_fds[0]);
	*go = pipe_fds[1];
	return pid;
}

static void executes_another_word_size(void **data)
{
	static const uint64_t slot = 0x5555555555555555;
	uint64_t got = 0;
	size_t done = 0;
	int go;
	pid_t pid = start_waiting(&go);
	tmem_target *target = open_pid(pid, NULL);
	struct zoo_mapping *mappings;
	bool changed = false;

	expect_words(target, 8);
	assert_int_equal(tmem_read_virtual(target, (uint64_t)(uintptr_t)&slot, &got, 8, &done),
			 TMEM_S_OK);
	assert_int_equal(got, slot);
	assert_int_equal(write(go, "g", 1), 1);
	for (int i = 0; i < 3000 && !changed; i++) {
		size_t count = zoo_mappings(pid, &mappings);

		changed = count && mappings[0].first < 0x10000000 &&
			  strstr(mappings[0].name, "target32");
		free(mappings);
		usleep(1000);
	}
	assert_true(changed);
	assert_true(zoo_wait_state(pid, "S"));
	zoo_mappings(pid, &mappings);
	assert_int_equal(tmem_read_virtual(target, mappings[0].first, &got, 5, &done), TMEM_S_OK);
	assert_memory_equal(&got, "\177ELF\1", 5);
	expect_words(target, 4);
	free(mappings);
	tmem_close(target);
	close(go);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	(void)data;
}

/* --- standing still --- */

static uint64_t count_of(tmem_target *target, uint64_t address)
{
	uint64_t value = 0;
	size_t done;

	assert_int_equal(tmem_read_virtual_uncached(target, address, &value, 8, &done), TMEM_S_OK);
	return value;
}

static void stands_still(const char *program)
{
	struct child child;
	tmem_target *target;
	char answer[64];
	uint64_t address, before;

	child_start(&child, program, NULL);
	address = child_address(&child, "counter");
	child_ask(&child, answer, sizeof(answer), "counter");
	child_ask(&child, answer, sizeof(answer), "spawn-threads 40");
	assert_string_equal(answer, "ok");
	target = open_pid(child.pid, NULL);
	for (int i = 0; i < 3; i++) {
		uint32_t threads = 0;

		assert_int_equal(tmem_suspend(target), TMEM_S_OK);
		assert_int_equal(tmem_get_number_threads(target, &threads), TMEM_S_OK);
		assert_int_equal(threads, 42);
		before = count_of(target, address);
		usleep(20000);
		assert_int_equal(count_of(target, address), before);
		assert_int_equal(tmem_resume(target), TMEM_S_OK);
		for (int k = 0; k < 3000 && count_of(target, address) == before; k++)
			usleep(1000);
		assert_true(count_of(target, address) > before);
	}
	tmem_close(target);
	child_end(&child);
}

static void threads_stand_still(void **data)
{
	stands_still("target64");
	stands_still("target32");
	(void)data;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(methods_agree64),
		cmocka_unit_test(methods_agree64_stopped),
		cmocka_unit_test(methods_agree32),
		cmocka_unit_test(words_and_registers),
		cmocka_unit_test(executes_another_word_size),
		cmocka_unit_test(threads_stand_still),
	};
	static const char *const disabled[] = { "", "procmap_query,pagemap_scan,process_vm,pidfd",
						"pagemap", NULL };
	int failed = 0;

	alarm(170);
	for (size_t i = 0; disabled[i]; i++) {
		setenv("TMEM_DISABLE", disabled[i], 1);
		print_message("TMEM_DISABLE=%s\n", disabled[i]);
		failed += cmocka_run_group_tests(tests, NULL, NULL);
	}
	return failed;
}
