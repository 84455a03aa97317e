/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_process.c - live processes come and go: opening, several in one target, exec, exit, a
 * parent whose memory a child borrows, a first thread that ends before the others.
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

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/error.h"
#include "live_zoo.h"

#define KIND (&tmi_target_process)

static void expect_refusal(const char *spec, tmem_status expected, const char *part)
{
	struct tmi_options options = { 0 };
	struct tmi_open open = { .address = spec, .options = &options };
	void *state = (void *)1;
	tmem_status status = KIND->open(&open, &state);

	if (status != expected || !strstr(tmi_error_text(), part))
		fail_msg("pid:%s: %x, %s", spec, status, tmi_error_text());
	assert_null(state);
}

static void bad_specs(void **data)
{
	expect_refusal("", TMEM_E_INVALIDARG, "process ids were expected");
	expect_refusal("x", TMEM_E_INVALIDARG, "process ids were expected");
	expect_refusal("12x", TMEM_E_INVALIDARG, "process ids were expected");
	expect_refusal("0", TMEM_E_INVALIDARG, "process ids were expected");
	expect_refusal("-1", TMEM_E_INVALIDARG, "process ids were expected");
	expect_refusal("99999999999999999999", TMEM_E_INVALIDARG, "process ids were expected");
	expect_refusal("4194305", TMEM_E_UNEXPECTED, "there is none");
	(void)data;
}

static void bad_specs_after_good_ones(void **data)
{
	char spec[64];

	snprintf(spec, sizeof(spec), "%d,", getpid());
	expect_refusal(spec, TMEM_E_INVALIDARG, "process ids were expected");
	snprintf(spec, sizeof(spec), "%d,4194305", getpid());
	expect_refusal(spec, TMEM_E_UNEXPECTED, "process 4194305");
	(void)data;
}

static void kernel_threads_and_remains(void **data)
{
	char spec[32];
	siginfo_t info;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	/* Every thread of it has ended, but it is not buried. */
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	snprintf(spec, sizeof(spec), "%d", pid);
	expect_refusal(spec, TMEM_E_UNEXPECTED, "zombie");
	waitpid(pid, NULL, 0);
	expect_refusal(spec, TMEM_E_UNEXPECTED, "there is none");
	if (!access("/proc/2/stat", F_OK))
		expect_refusal("2", TMEM_E_UNEXPECTED, "kernel thread");
	else
		print_message("not possible here: kernel threads are not to be seen\n");
	(void)data;
}

static void *park(void *tid)
{
	*(_Atomic pid_t *)tid = (pid_t)syscall(SYS_gettid);
	for (;;)
		pause();
	return NULL;
}

static void thread_ids_are_no_process_ids(void **data)
{
	_Atomic pid_t tid = 0;
	pthread_t thread;
	char spec[32];

	assert_int_equal(pthread_create(&thread, NULL, park, &tid), 0);
	while (!tid)
		usleep(100);
	snprintf(spec, sizeof(spec), "%d", tid);
	expect_refusal(spec, TMEM_E_INVALIDARG, "is a thread of process");
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	(void)data;
}

static void our_own_process(void **data)
{
	void *state = zoo_open_pid(getpid(), NULL);
	uint64_t value = 0x1122334455667788, got = 0;
	struct tmi_process info;
	struct tmi_facts facts;
	char *text = KIND->describe(state);

	assert_int_equal(zoo_read(state, 0, (uint64_t)(uintptr_t)&value, &got, 8, NULL), 8);
	assert_int_equal(got, value);
	got = 99;
	assert_int_equal(zoo_write(state, 0, (uint64_t)(uintptr_t)&value, &got, 8, NULL), 8);
	assert_int_equal(*(volatile uint64_t *)&value, 99);
	assert_true(KIND->facts(state, 0, &facts));
	assert_int_equal(facts.pointer_size, sizeof(void *));
	assert_int_equal(facts.page_size, sysconf(_SC_PAGESIZE));
	assert_true(facts.live && facts.has_protection && !facts.byte_granular);
	assert_int_equal(facts.mode, TMEM_MODE_USER);
#ifdef __x86_64__
	assert_int_equal(facts.last_user, 0x7fffffffefff);
	assert_int_equal(facts.processor_type, TMEM_PROCESSOR_AMD64);
#endif
	assert_false(KIND->facts(state, 1, &facts));
	assert_true(KIND->process(state, 0, &info));
	assert_int_equal(info.system_id, getpid());
	assert_non_null(strstr(info.name, "test_process"));
	assert_non_null(strstr(text, "live process"));
	free(text);
	assert_int_equal(KIND->suspend(state), TMEM_E_ACCESS_DENIED);
	KIND->close(state);
	(void)data;
}

static void several_processes(void **data)
{
	struct zoo a, b, c;
	char spec[64], byte;
	void *state;
	uint32_t space;
	struct tmi_process info;
	tmem_status status;

	zoo_start(&a);
	zoo_start(&b);
	zoo_start(&c);
	snprintf(spec, sizeof(spec), "%d,%d", a.pid, b.pid);
	state = zoo_open(spec, NULL);
	assert_non_null(state);
	assert_int_equal(KIND->process_count(state), 2);
	assert_int_equal(KIND->attach(state, (uint32_t)c.pid, &space), TMEM_S_OK);
	assert_int_equal(space, 2);
	assert_int_equal(KIND->attach(state, (uint32_t)b.pid, &space), TMEM_S_OK);
	assert_int_equal(space, 1);
	assert_int_equal(zoo_write(state, 0, a.at->plain, "a", 1, NULL), 1);
	assert_int_equal(zoo_write(state, 1, b.at->plain, "b", 1, NULL), 1);
	assert_int_equal(zoo_write(state, 2, c.at->plain, "c", 1, NULL), 1);
	assert_int_equal(zoo_read(state, 1, b.at->plain, &byte, 1, NULL), 1);
	assert_int_equal(byte, 'b');
	assert_int_equal(KIND->detach(state, 1), TMEM_S_OK);
	assert_int_equal(KIND->detach(state, 1), TMEM_E_NOINTERFACE);
	assert_true(KIND->process(state, 1, &info));
	assert_false(info.present);
	assert_int_equal(zoo_read(state, 1, b.at->plain, &byte, 1, &status), 0);
	assert_int_equal(status, TMEM_E_UNEXPECTED);
	/* Attached again it is a new one; the others are as before. */
	assert_int_equal(KIND->attach(state, (uint32_t)b.pid, &space), TMEM_S_OK);
	assert_int_equal(space, 3);
	assert_int_equal(zoo_read(state, 2, c.at->plain, &byte, 1, NULL), 1);
	assert_int_equal(byte, 'c');
	KIND->close(state);
	zoo_end(&a);
	zoo_end(&b);
	zoo_end(&c);
	(void)data;
}

static void expect_gone(void *state, struct zoo *zoo)
{
	struct tmem_transfer items[2] = { 0 };
	struct tmi_snapshot *snapshot;
	struct tmi_thread *threads;
	struct tmi_run run;
	uint8_t bytes[2];
	size_t count;
	tmem_status status;

	for (size_t i = 0; i < 2; i++)
		items[i] = (struct tmem_transfer){
			.offset = zoo->at->plain + i, .buffer = &bytes[i], .size = 1, .done = 7
		};
	assert_int_equal(zoo_read(state, 0, zoo->at->plain, bytes, 1, &status), 0);
	assert_int_equal(status, TMEM_E_UNEXPECTED);
	assert_int_equal(tmi_error_reason(), TMEM_REASON_PROCESS_GONE);
	assert_int_equal(KIND->read(state, 0, items, 2, 0), TMEM_E_UNEXPECTED);
	assert_int_equal(items[0].done | items[1].done, 0);
	assert_int_equal(zoo_write(state, 0, zoo->at->plain, bytes, 1, &status), 0);
	assert_int_equal(status, TMEM_E_UNEXPECTED);
	assert_int_equal(KIND->run(state, 0, 0, &run), TMEM_E_UNEXPECTED);
	assert_int_equal(KIND->snapshot(state, 0, &snapshot), TMEM_E_UNEXPECTED);
	assert_null(snapshot);
	assert_int_equal(KIND->threads(state, 0, &threads, &count), TMEM_E_UNEXPECTED);
	free(threads);
}

static void exits(void **data)
{
	struct zoo zoo;
	void *state;
	char byte;

	zoo_start(&zoo);
	state = zoo_open_pid(zoo.pid, NULL);
	assert_int_equal(zoo_read(state, 0, zoo.at->plain, &byte, 1, NULL), 1);
	zoo_do(&zoo, ZOO_EXIT);
	assert_true(zoo_wait_state(zoo.pid, "Z"));
	expect_gone(state, &zoo);
	waitpid(zoo.pid, NULL, 0);
	zoo.pid = 0;
	expect_gone(state, &zoo);
	KIND->close(state);
	zoo_end(&zoo);
	(void)data;
}

/* Waits until the process runs the program that it executes. */
static void wait_for_program(pid_t pid, const char *name)
{
	char path[64], line[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	for (int i = 0; i < 5000; i++) {
		FILE *file = fopen(path, "re");
		bool there = file && fgets(line, sizeof(line), file) && strstr(line, name);

		if (file)
			fclose(file);
		if (there && zoo_wait_state(pid, "S"))
			return;
		usleep(1000);
	}
	fail_msg("%d does not become %s", pid, name);
}

static void check_new_program(void *state, pid_t pid, uint64_t generation)
{
	struct zoo_mapping *mappings;
	size_t count = zoo_mappings(pid, &mappings);
	struct tmi_snapshot *snapshot;
	struct tmi_process info;
	struct tmi_run run;
	char magic[4];

	assert_int_equal(zoo_read(state, 0, mappings[0].first, magic, 4, NULL), 4);
	assert_memory_equal(magic, "\177ELF", 4);
	assert_true(*KIND->generation(state, 0) > generation);
	assert_int_equal(KIND->snapshot(state, 0, &snapshot), TMEM_S_OK);
	assert_int_equal(snapshot->count, count);
	tmi_snapshot_get(snapshot, 0, &run);
	assert_int_equal(run.first, mappings[0].first);
	tmi_snapshot_release(snapshot);
	assert_true(KIND->process(state, 0, &info));
	assert_null(strstr(info.name, "zoo"));
	free(mappings);
}

static void executes(void **data)
{
	struct zoo zoo;
	void *state;
	char byte;
	uint64_t generation;
	tmem_status status;

	zoo_start(&zoo);
	state = zoo_open_pid(zoo.pid, NULL);
	assert_int_equal(zoo_read(state, 0, zoo.at->plain, &byte, 1, NULL), 1);
	generation = *KIND->generation(state, 0);
	zoo_do(&zoo, ZOO_EXEC);
	wait_for_program(zoo.pid, "sleep");
	assert_int_equal(zoo_read(state, 0, zoo.at->plain, &byte, 1, &status), 0);
	assert_int_equal(status, TMEM_E_READ_FAULT);
	check_new_program(state, zoo.pid, generation);
	KIND->close(state);
	zoo_end(&zoo);
	(void)data;
}

/* The first thing asked after the exec is the list, or one run, or many bytes. */
static void executes_and_others_ask_first(void **data)
{
	for (int first = 0; first < 4; first++) {
		struct tmi_snapshot *snapshot;
		struct tmi_run run;
		struct zoo zoo;
		void *state;
		uint64_t generation;
		tmem_status status;
		char *bytes = malloc(1 << 20);

		zoo_start(&zoo);
		state = zoo_open_pid(zoo.pid, NULL);
		assert_int_equal(zoo_read(state, 0, zoo.at->plain, bytes, 1, NULL), 1);
		generation = *KIND->generation(state, 0);
		zoo_do(&zoo, ZOO_EXEC);
		wait_for_program(zoo.pid, "sleep");
		if (first == 0) {
			assert_int_equal(KIND->snapshot(state, 0, &snapshot), TMEM_S_OK);
			tmi_snapshot_release(snapshot);
		} else if (first == 1) {
			assert_int_equal(KIND->run(state, 0, 0, &run), TMEM_S_OK);
		} else if (first == 2) {
			assert_int_equal(
				zoo_read(state, 0, zoo.at->reserve, bytes, 1 << 20, &status), 0);
		} else {
			assert_int_equal(zoo_write(state, 0, zoo.at->plain, "x", 1, &status), 0);
			assert_int_equal(status, TMEM_E_WRITE_FAULT);
		}
		check_new_program(state, zoo.pid, generation);
		KIND->close(state);
		zoo_end(&zoo);
		free(bytes);
	}
	(void)data;
}

/* A child after vfork() has its parent's memory until it executes; both stay what they are. */
static void borrowed_memory(void **data)
{
	struct zoo zoo;
	void *state;
	char byte = 0;
	uint64_t generation;
	tmem_status status;

	zoo_start(&zoo);
	zoo_do(&zoo, ZOO_VFORK);
	while (!zoo.at->grandchild)
		usleep(1000);
	state = zoo_open_pid(zoo.at->grandchild, NULL);
	assert_int_equal(zoo_read(state, 0, zoo.at->plain, &byte, 1, NULL), 1);
	assert_int_equal((uint8_t)byte, zoo_byte(zoo.at->plain));
	generation = *KIND->generation(state, 0);
	zoo_do(&zoo, ZOO_VFORK_GO);
	wait_for_program(zoo.at->grandchild, "sleep");
	assert_int_equal(zoo_read(state, 0, zoo.at->plain, &byte, 1, &status), 0);
	assert_int_equal(status, TMEM_E_READ_FAULT);
	check_new_program(state, zoo.at->grandchild, generation);
	KIND->close(state);
	kill(zoo.at->grandchild, SIGKILL);
	zoo_end(&zoo);
	(void)data;
}

static void first_thread_ends_first(void **data)
{
	struct zoo zoo;
	struct tmi_thread *threads;
	size_t count;
	void *state, *before;
	uint8_t bytes[64];

	zoo_start(&zoo);
	before = zoo_open_pid(zoo.pid, NULL);
	assert_int_equal(zoo_read(before, 0, zoo.at->plain, bytes, 64, NULL), 64);
	zoo_do(&zoo, ZOO_LEAVE);
	assert_true(zoo_wait_state(zoo.pid, "Z"));
	state = zoo_open_pid(zoo.pid, NULL);
	for (int i = 0; i < 2; i++) {
		void *one = i ? state : before;
		size_t large = ZOO_PAGES * zoo.at->page;
		uint8_t *many = malloc(64 << 10);
		struct tmi_run run;

		assert_int_equal(zoo_read(one, 0, zoo.at->plain, bytes, 64, NULL), 64);
		assert_int_equal(bytes[5], zoo_byte(zoo.at->plain + 5));
		assert_int_equal(zoo_read(one, 0, zoo.at->shared, many, 64 << 10, NULL) >= large,
				 1);
		assert_int_equal(zoo_write(one, 0, zoo.at->plain, bytes, 64, NULL), 64);
		assert_int_equal(KIND->run(one, 0, zoo.at->plain, &run), TMEM_S_OK);
		free(many);
	}
	assert_int_equal(KIND->threads(state, 0, &threads, &count), TMEM_S_OK);
	assert_int_equal(count, 1);
	assert_int_not_equal(threads[0].system_id, zoo.pid);
	free(threads);
	KIND->close(before);
	KIND->close(state);
	zoo_end(&zoo);
	(void)data;
}

static void threads_are_listed(void **data)
{
	struct zoo zoo;
	struct tmi_thread *threads;
	size_t count;
	void *state;

	zoo_start(&zoo);
	zoo_do(&zoo, ZOO_COUNT);
	state = zoo_open_pid(zoo.pid, NULL);
	assert_int_equal(KIND->threads(state, 0, &threads, &count), TMEM_S_OK);
	assert_int_equal(count, 2);
	assert_int_equal(threads[0].system_id, zoo.pid);
	assert_int_not_equal(threads[1].system_id, zoo.pid);
	free(threads);
	KIND->close(state);
	zoo_end(&zoo);
	(void)data;
}

/* Readers while the process executes and ends: every answer is right or a clear failure. */
struct reader {
	void *state;
	uint64_t address;
	atomic_bool stop;
	atomic_uint wrong;
};

static void *read_on(void *data)
{
	struct reader *r = data;
	uint8_t bytes[256];

	while (!atomic_load(&r->stop)) {
		size_t done = zoo_read(r->state, 0, r->address, bytes, sizeof(bytes), NULL);

		for (size_t i = 0; i < done; i++)
			if (bytes[i] != zoo_byte(r->address + i))
				atomic_fetch_add(&r->wrong, 1);
	}
	return NULL;
}

static void readers_meet_an_exec(void **data)
{
	struct zoo zoo;
	struct reader r = { 0 };
	pthread_t threads[3];

	zoo_start(&zoo);
	r.state = zoo_open_pid(zoo.pid, NULL);
	r.address = zoo.at->plain;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, &r), 0);
	usleep(20000);
	zoo_do(&zoo, ZOO_EXEC);
	wait_for_program(zoo.pid, "sleep");
	usleep(20000);
	kill(zoo.pid, SIGKILL);
	usleep(20000);
	atomic_store(&r.stop, true);
	for (size_t i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&r.wrong), 0);
	KIND->close(r.state);
	zoo_end(&zoo);
	(void)data;
}

static size_t open_files(void)
{
	size_t count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void no_descriptor_is_left(void **data)
{
	size_t before = open_files();
	struct zoo zoo;
	void *state;
	uint32_t space;

	zoo_start(&zoo);
	state = zoo_open_pid(zoo.pid, NULL);
	assert_int_equal(KIND->attach(state, (uint32_t)getpid(), &space), TMEM_S_OK);
	assert_int_equal(KIND->detach(state, space), TMEM_S_OK);
	assert_int_not_equal(KIND->attach(state, 4194305, &space), TMEM_S_OK);
	zoo_do(&zoo, ZOO_EXEC);
	wait_for_program(zoo.pid, "sleep");
	zoo_read(state, 0, 0x1000, &space, 1, NULL);
	KIND->close(state);
	zoo_end(&zoo);
	assert_int_equal(open_files(), before);
	(void)data;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_specs),
		cmocka_unit_test(bad_specs_after_good_ones),
		cmocka_unit_test(kernel_threads_and_remains),
		cmocka_unit_test(thread_ids_are_no_process_ids),
		cmocka_unit_test(our_own_process),
		cmocka_unit_test(several_processes),
		cmocka_unit_test(exits),
		cmocka_unit_test(executes),
		cmocka_unit_test(executes_and_others_ask_first),
		cmocka_unit_test(borrowed_memory),
		cmocka_unit_test(first_thread_ends_first),
		cmocka_unit_test(threads_are_listed),
		cmocka_unit_test(readers_meet_an_exec),
		cmocka_unit_test(no_descriptor_is_left),
	};
	int failed = 0;

	alarm(110);
	for (size_t i = 0; zoo_disabled[i]; i++) {
		setenv("TMEM_DISABLE", zoo_disabled[i], 1);
		print_message("TMEM_DISABLE=%s\n", zoo_disabled[i]);
		failed += cmocka_run_group_tests(tests, NULL, NULL);
	}
	return failed;
}
