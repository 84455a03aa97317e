/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_hostile.c - what no program should do, and what processes do to those who look at them: odd
 * files and processes, callbacks that call back, deaths and forks in the middle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dbgeng/debugger.h"
#include "dbgeng/output_log.h"
#include "dbgeng/sink.h"
#include "unit/live_zoo.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char machine[] = "process 1\n"
			      "run 0x20000 0x1000 rw-p\n"
			      "text 0x20000 \"some text\\0\"\n";

static struct engine engine;
static struct output_log outputs;

static int start(void **state)
{
	engine_open(&engine, machine);
	output_log_init(&outputs);
	return IDebugClient7_SetOutputCallbacks(engine.client, &outputs.narrow);
}

static int end(void **state)
{
	IDebugClient7_SetOutputCallbacks(engine.client, NULL);
	engine_close(&engine);
	return outputs.references != 1;
}

/* --- files --- */

static char folder[] = "/tmp/dbgeng-hostile-XXXXXX";
static char fifo[sizeof(folder) + 8];

static int make_fifo(void **state)
{
	strcpy(folder + sizeof(folder) - sizeof("XXXXXX"), "XXXXXX");
	if (!mkdtemp(folder))
		return 1;
	snprintf(fifo, sizeof(fifo), "%s/fifo", folder);
	return mkfifo(fifo, 0600) || start(state);
}

static int remove_fifo(void **state)
{
	unlink(fifo);
	return rmdir(folder) || end(state);
}

static HRESULT execute_file(const char *name)
{
	return IDebugControl7_ExecuteCommandFile(engine.control, DEBUG_OUTCTL_ALL_CLIENTS, name, 0);
}

/* Nobody is on the other side: whoever waited for that would wait for ever. */
static void test_fifo(void **state)
{
	assert_int_equal(IDebugClient7_OpenDumpFile(engine.client, fifo), E_INVALIDARG);
	assert_int_equal(execute_file(fifo), E_INVALIDARG);
	assert_int_equal(execute_file(folder), E_INVALIDARG);
	assert_int_equal(IDebugControl7_OpenLogFile(engine.control, fifo, FALSE), E_FAIL);
	assert_int_equal(IDebugControl7_OpenLogFile(engine.control, fifo, TRUE), E_FAIL);
	assert_int_equal(IDebugControl7_OpenLogFile(engine.control, folder, FALSE), E_FAIL);
}

/* A log whose reader goes away does not take the program with it. */
static void test_log_without_reader(void **state)
{
	int reader = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char text[8] = "";

	assert_true(reader >= 0);
	assert_int_equal(IDebugControl7_OpenLogFile(engine.control, fifo, FALSE), S_OK);
	assert_int_equal(IDebugControl7_Output(engine.control, DEBUG_OUTPUT_NORMAL, "one"), S_OK);
	assert_int_equal(read(reader, text, sizeof(text)), 3);
	assert_string_equal(text, "one");
	close(reader);
	assert_int_equal(IDebugControl7_Output(engine.control, DEBUG_OUTPUT_NORMAL, "two"), S_OK);
	assert_output(&outputs, "onetwo");
	assert_int_equal(IDebugControl7_CloseLogFile(engine.control), S_OK);
}

/* A file is a file: no name makes another kind of target of it. */
static void test_dump_names(void **state)
{
	static const char *const names[] = {
		"/",      "/dev/null",       "/dev/zero",      "pid:1",
		"core:x", "gdb:1",           "synth:/none",    "\xff\xfe",
		"a\nb",   "/proc/self/fd/0", "/proc/self/mem",
	};
	char *name = malloc(PATH_MAX + 2);

	for (size_t i = 0; i < COUNT(names); i++)
		assert_true(FAILED(IDebugClient7_OpenDumpFile(engine.client, names[i])));
	assert_non_null(name);
	memset(name, 'a', PATH_MAX + 1);
	name[PATH_MAX + 1] = 0;
	assert_true(FAILED(IDebugClient7_OpenDumpFile(engine.client, name)));
	free(name);
	assert_true(FAILED(IDebugClient7_OpenDumpFileWide(engine.client, u"\xd800x\xdc00", 0)));
	assert_int_equal(IDebugControl7_WaitForEvent(engine.control, 0, 0), E_UNEXPECTED);
}

/* --- callbacks that call back --- */

static void print_inside(void *context)
{
	IDebugControl7_Output(engine.control, DEBUG_OUTPUT_NORMAL, "inside");
}

/* A callback that prints is not called for that; the others are. */
static void test_print_inside(void **state)
{
	static struct output_log others;
	struct engine other;

	engine_join(&engine, &other);
	output_log_init(&others);
	IDebugClient7_SetOutputCallbacks(other.client, &others.narrow);
	outputs.inside = print_inside;
	assert_int_equal(IDebugControl7_Output(engine.control, DEBUG_OUTPUT_NORMAL, "text"), S_OK);
	assert_output(&outputs, "text");
	assert_output(&others, "insidetext");
	outputs.inside = NULL;
	assert_int_equal(IDebugControl7_Output(engine.control, DEBUG_OUTPUT_NORMAL, "more"), S_OK);
	assert_output(&outputs, "more");
	engine_close(&other);
}

static unsigned refused, calls;

/* Everything that an event may do by mistake. */
static void call_all(ULONG flags, ULONG64 argument)
{
	calls++;
	refused += IDebugControl7_WaitForEvent(engine.control, 0, 0) == E_UNEXPECTED;
	refused += IDebugControl7_Execute(engine.control, 0, "eb 20000 1", 0) == E_UNEXPECTED;
	refused += IDebugClient7_EndSession(engine.client, DEBUG_END_REENTRANT) == E_UNEXPECTED;
	refused += IDebugClient7_SetEventCallbacks(engine.client, NULL) == E_UNEXPECTED;
	refused += IDebugClient7_DispatchCallbacks(engine.client, INFINITE) == E_UNEXPECTED;
	refused += IDebugClient7_DetachProcesses(engine.client) == E_UNEXPECTED;
	refused += IDebugClient7_OpenDumpFile(engine.client, "/none") == E_UNEXPECTED;
	refused += IDebugControl7_OpenLogFile(engine.control, "/none", FALSE) == E_UNEXPECTED;
}

static void test_call_all_inside(void **state)
{
	struct sink sink;

	refused = calls = 0;
	sink_start(&sink, engine.client,
		   DEBUG_EVENT_CHANGE_DEBUGGEE_STATE | DEBUG_EVENT_CHANGE_ENGINE_STATE, call_all);
	assert_int_equal(IDebugControl7_Execute(engine.control, 0, "eb 20000 1", 0), S_OK);
	assert_int_equal(calls, 1);
	assert_int_equal(refused, 8);
	IDebugClient7_SetEventCallbacks(engine.client, NULL);
}

static unsigned released_told;
static struct engine leaving;

static void release_inside(ULONG flags, ULONG64 argument)
{
	if (released_told++)
		return;
	IDebugControl7_Release(leaving.control);
	IDebugClient7_Release(leaving.client);
}

/* A client that lets go of itself in the first of several events does not get the others. */
static void test_release_inside(void **state)
{
	struct sink sink;

	engine_join(&engine, &leaving);
	released_told = 0;
	sink_start(&sink, leaving.client, ~(ULONG)0, release_inside);
	assert_int_equal(IDebugControl7_Execute(engine.control, 0, "eb 20000 1; eb 20000 2", 0),
			 S_OK);
	assert_int_equal(released_told, 1);
}

/* --- formats --- */

static HRESULT print(const char *format, ...)
{
	HRESULT result;
	va_list args;

	va_start(args, format);
	output_log_clear(&outputs);
	result = IDebugControl7_OutputVaList(engine.control, DEBUG_OUTPUT_NORMAL, format, args);
	va_end(args);
	return result;
}

static void test_formats(void **state)
{
	static const char *const cut[] = {
		"%", "a%", "%5", "%-", "%.", "%l", "%I64", "%ms", "%1$s"
	};
	int number = 5;

	for (size_t i = 0; i < COUNT(cut); i++) {
		assert_int_equal(print(cut[i]), S_OK);
		assert_output(&outputs, cut[i]);
	}
	assert_int_equal(print("%n%hhn%d", &number, &number, 7), S_OK);
	assert_output(&outputs, "7");
	assert_int_equal(number, 5);
	assert_int_equal(print("%.*d|%*.*s|%.*s", INT_MIN, 5, -5, INT_MIN, "abc", -1, "abc"), S_OK);
	assert_output(&outputs, "5|abc  |abc");
	assert_int_equal(print("%*d%.*d", INT_MIN, 5, INT_MAX, 5), S_OK);
	assert_true(strlen(outputs.text) < sizeof(outputs.text) - 1);
	assert_int_equal(print("%s%S%hs%ls", NULL, NULL, NULL, NULL), S_OK);
	assert_output(&outputs, "(null)(null)(null)(null)");
	assert_int_equal(print("%ma %mu %msa %msu", ~0ull, ~0ull, ~0ull, ~0ull - 8), S_OK);
	assert_output(&outputs, "??? ??? ??? ???");
}

/* --- processes --- */

static HRESULT attach(ULONG id, ULONG flags)
{
	HRESULT result = IDebugClient7_AttachProcess(engine.client, 0, id, flags);

	if (result == S_OK)
		result = IDebugControl7_WaitForEvent(engine.control, 0, INFINITE);
	IDebugClient7_DetachProcesses(engine.client);
	return result;
}

static void *idle(void *context)
{
	*(_Atomic pid_t *)context = (pid_t)syscall(SYS_gettid);
	for (;;)
		pause();
	return NULL;
}

static void test_odd_processes(void **state)
{
	static const ULONG flags[] = { DEBUG_ATTACH_DEFAULT, DEBUG_ATTACH_NONINVASIVE,
				       DEBUG_ATTACH_INVASIVE_NO_INITIAL_BREAK };
	pid_t zombie = fork();
	_Atomic pid_t tid = 0;
	pthread_t thread;

	if (!zombie)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)zombie, NULL, WEXITED | WNOWAIT), 0);
	assert_int_equal(pthread_create(&thread, NULL, idle, &tid), 0);
	while (!tid)
		usleep(1000);
	for (size_t i = 0; i < COUNT(flags); i++) {
		const ULONG bad[] = { 0, 0x7fffffff, 0xffffffff, (ULONG)zombie, (ULONG)tid };

		for (size_t k = 0; k < COUNT(bad); k++)
			assert_int_equal(attach(bad[k], flags[i]), E_INVALIDARG);
	}
	/* A program can look at itself, but not stop itself. */
	assert_int_equal(attach((ULONG)getpid(), DEBUG_ATTACH_DEFAULT), E_ACCESSDENIED);
	assert_int_equal(attach((ULONG)getpid(), DEBUG_ATTACH_NONINVASIVE), S_OK);
	assert_int_equal(waitpid(zombie, NULL, 0), zombie);
	pthread_cancel(thread);
	pthread_join(thread, NULL);
}

static void kill_and_wait(struct zoo *zoo)
{
	kill(zoo->pid, SIGKILL);
	waitpid(zoo->pid, NULL, 0);
	zoo->pid = 0;
	zoo_end(zoo);
}

/* Kills the process after some time; the calling thread goes on. */
static pid_t kill_soon(pid_t victim, unsigned microseconds)
{
	pid_t killer = fork();

	if (killer)
		return killer;
	usleep(microseconds);
	kill(victim, SIGKILL);
	_exit(0);
}

/* A process that dies at any moment, and, being our own child, stays in the list of processes. */
static void test_deaths(void **state)
{
	for (unsigned i = 0; i < 25; i++) {
		struct debugger d;
		struct zoo zoo;
		pid_t killer;
		HRESULT result;

		zoo_start(&zoo);
		debugger_start(&d);
		killer = kill_soon(zoo.pid, i * 61);
		result = d.client->lpVtbl->AttachProcess(d.client, 0, (ULONG)zoo.pid,
							 DEBUG_ATTACH_DEFAULT);
		assert_true(result == S_OK || result == E_INVALIDARG);
		/* The first wait may deliver it, the next one lets it run until it is dead. */
		while (result == S_OK)
			result = wait_event(&d, INFINITE);
		assert_int_equal(wait_event(&d, INFINITE), E_UNEXPECTED);
		assert_int_equal(debugger_status(&d), DEBUG_STATUS_NO_DEBUGGEE);
		debugger_end(&d);
		waitpid(killer, NULL, 0);
		kill_and_wait(&zoo);
	}
}

static bool counts(const struct zoo *zoo)
{
	uint64_t before = zoo->at->counter;

	for (unsigned i = 0; i < 400 && zoo->at->counter == before; i++)
		usleep(5000);
	return zoo->at->counter != before;
}

static bool stands_still(const struct zoo *zoo)
{
	uint64_t before = zoo->at->counter;

	usleep(50000);
	return zoo->at->counter == before;
}

static void start_counting(struct zoo *zoo)
{
	zoo_start(zoo);
	zoo_do(zoo, ZOO_COUNT);
	assert_true(counts(zoo));
}

static void add_option(void *context)
{
	struct debugger *debugger = context;

	debugger->control->lpVtbl->AddEngineOptions(debugger->control, 1);
}

/*
 * One of two cannot be stopped. The other one, which stood already, does not run for that, and what
 * a callback did on the way is told.
 */
static void test_one_does_not_stop(void **state)
{
	struct zoo standing, traced;
	struct debugger d;

	start_counting(&standing);
	start_counting(&traced);
	debugger_start(&d);
	debugger_attach(&d, standing.pid, DEBUG_ATTACH_DEFAULT);
	debugger_attach(&d, traced.pid, DEBUG_ATTACH_INVASIVE_NO_INITIAL_BREAK);
	assert_true(stands_still(&standing));
	assert_int_equal(ptrace(PTRACE_SEIZE, traced.pid, NULL, NULL), 0);
	output_log_init(&outputs);
	outputs.inside = add_option;
	outputs.context = &d;
	d.client->lpVtbl->SetOutputCallbacks(d.client, &outputs.narrow);
	d.control->lpVtbl->SetInterrupt(d.control, DEBUG_INTERRUPT_ACTIVE);
	assert_int_equal(wait_event(&d, INFINITE), HRESULT_FROM_NT(STATUS_PORT_ALREADY_SET));
	assert_int_equal(debugger_status(&d), DEBUG_STATUS_BREAK);
	assert_told(&d, "engine 20 1");
	assert_non_null(strstr(outputs.text, "traced by process"));
	assert_true(stands_still(&standing));
	debugger_end(&d);
	assert_true(counts(&standing));
	kill_and_wait(&traced);
	zoo_end(&standing);
}

/* The second session of a program cannot have what the first one has; afterwards it can. */
static void test_two_sessions(void **state)
{
	struct debugger one, two;
	struct zoo zoo;

	start_counting(&zoo);
	debugger_start(&one);
	debugger_start(&two);
	debugger_attach(&one, zoo.pid, DEBUG_ATTACH_DEFAULT);
	assert_int_equal(two.client->lpVtbl->AttachProcess(two.client, 0, (ULONG)zoo.pid, 0),
			 HRESULT_FROM_NT(STATUS_PORT_ALREADY_SET));
	debugger_attach(&two, zoo.pid, DEBUG_ATTACH_NONINVASIVE);
	assert_true(stands_still(&zoo));
	debugger_end(&one);
	assert_true(counts(&zoo));
	assert_int_equal(tracer_of(zoo.pid), 0);
	two.client->lpVtbl->DetachProcesses(two.client);
	debugger_attach(&two, zoo.pid, DEBUG_ATTACH_DEFAULT);
	assert_true(stands_still(&zoo));
	debugger_end(&two);
	assert_true(counts(&zoo));
	zoo_end(&zoo);
}

/* In the child: what stops processes stays behind with the parent, whatever is asked of it. */
static int act_as_child(struct debugger *debugger, const struct zoo *zoo)
{
	IDebugDataSpaces4 *data;
	UCHAR byte = 0;
	HRESULT result;

	alarm(20);
	debugger->client->lpVtbl->SetEventCallbacks(debugger->client, NULL);
	debugger->client->lpVtbl->QueryInterface(debugger->client, &IID_IDebugDataSpaces4,
						 (void **)&data);
	result = IDebugDataSpaces4_ReadVirtual(data, zoo->at->plain, &byte, 1, NULL);
	IDebugDataSpaces4_Release(data);
	debugger->client->lpVtbl->DetachProcesses(debugger->client);
	debugger->control->lpVtbl->Release(debugger->control);
	debugger->client->lpVtbl->Release(debugger->client);
	return result == S_OK && byte == zoo_byte(zoo->at->plain) ? 0 : 1;
}

static void test_fork(void **state)
{
	struct debugger d;
	struct zoo zoo;
	int status = -1;
	pid_t child;

	start_counting(&zoo);
	debugger_start(&d);
	debugger_attach(&d, zoo.pid, DEBUG_ATTACH_DEFAULT);
	child = fork();
	if (!child)
		_exit(act_as_child(&d, &zoo));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(stands_still(&zoo));
	debugger_end(&d);
	assert_true(counts(&zoo));
	zoo_end(&zoo);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fifo, make_fifo, remove_fifo),
		cmocka_unit_test_setup_teardown(test_log_without_reader, make_fifo, remove_fifo),
		TEST(test_dump_names),
		TEST(test_print_inside),
		TEST(test_call_all_inside),
		TEST(test_release_inside),
		TEST(test_formats),
		TEST(test_odd_processes),
		cmocka_unit_test(test_deaths),
		cmocka_unit_test(test_one_does_not_stop),
		cmocka_unit_test(test_two_sessions),
		cmocka_unit_test(test_fork),
	};

	return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
