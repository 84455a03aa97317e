/* SPDX-License-Identifier: Apache-2.0 */
/* test_session.c - attaching to processes, detaching from them, ending sessions; engine options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "debugger.h"
#include "output_log.h"
#include "unit/live_zoo.h"

#define PORT_ALREADY_SET ((HRESULT)0xd0000048u)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define ATTACHED  "session 0; debuggee ffffffff 0; engine 800 0; engine 10 6"
#define LEFT(end) "engine 800 ffffffff; engine 10 7; session " #end

/* A method of the client without parameters. */
#define CLIENT(debugger, method, ...)                                                              \
	((debugger)->client->lpVtbl->method((debugger)->client, ##__VA_ARGS__))
#define CONTROL(debugger, method, ...)                                                             \
	((debugger)->control->lpVtbl->method((debugger)->control, ##__VA_ARGS__))

/* --- engine options --- */

static ULONG options_of(struct debugger *debugger)
{
	ULONG options = 99;

	assert_int_equal(CONTROL(debugger, GetEngineOptions, &options), S_OK);
	return options;
}

static void test_engine_options(void **state)
{
	static const ULONG unknown[] = { 0x01000000, 0x00100000 << 2, 0x80000000 };
	struct debugger d;

	debugger_start(&d);
	assert_int_equal(options_of(&d), 0);
	assert_int_equal(CONTROL(&d, AddEngineOptions, 0x20), S_OK);
	assert_told(&d, "engine 20 20");
	assert_int_equal(CONTROL(&d, AddEngineOptions, 0x1), S_OK);
	assert_told(&d, "engine 20 21");
	assert_int_equal(CONTROL(&d, AddEngineOptions, 0x1), S_OK);
	assert_told(&d, "");
	assert_int_equal(CONTROL(&d, RemoveEngineOptions, 0x20), S_OK);
	assert_int_equal(options_of(&d), 1);
	assert_int_equal(CONTROL(&d, SetEngineOptions, 0x20), S_OK);
	assert_int_equal(options_of(&d), 0x20);
	for (size_t i = 0; i < COUNT(unknown); i++) {
		assert_int_equal(CONTROL(&d, AddEngineOptions, unknown[i]), E_INVALIDARG);
		assert_int_equal(CONTROL(&d, AddEngineOptions, unknown[i] | 1), E_INVALIDARG);
		assert_int_equal(CONTROL(&d, SetEngineOptions, unknown[i] | 1), E_INVALIDARG);
		assert_int_equal(CONTROL(&d, RemoveEngineOptions, unknown[i]), S_OK);
		assert_int_equal(options_of(&d), 0x20);
	}
	assert_int_equal(CONTROL(&d, SetEngineOptions, DEBUG_ENGOPT_ALL & ~8u), S_OK);
	assert_int_equal(CONTROL(&d, GetEngineOptions, NULL), E_INVALIDARG);
	debugger_end(&d);
}

static void test_options_that_exclude(void **state)
{
	struct debugger d;

	debugger_start(&d);
	assert_int_equal(CONTROL(&d, AddEngineOptions, DEBUG_ENGOPT_NETWORK_PATHS), E_INVALIDARG);
	assert_int_equal(CONTROL(&d, AddEngineOptions, DEBUG_ENGOPT_ALLOW_NETWORK_PATHS), S_OK);
	assert_int_equal(CONTROL(&d, AddEngineOptions, DEBUG_ENGOPT_DISALLOW_NETWORK_PATHS),
			 E_INVALIDARG);
	assert_int_equal(options_of(&d), DEBUG_ENGOPT_ALLOW_NETWORK_PATHS);
	assert_int_equal(CONTROL(&d, SetEngineOptions, DEBUG_ENGOPT_DISALLOW_NETWORK_PATHS), S_OK);
	assert_int_equal(CONTROL(&d, AddEngineOptions, DEBUG_ENGOPT_DISALLOW_SHELL_COMMANDS), S_OK);
	assert_int_equal(CONTROL(&d, RemoveEngineOptions, DEBUG_ENGOPT_DISALLOW_SHELL_COMMANDS),
			 E_ACCESSDENIED);
	assert_int_equal(CONTROL(&d, SetEngineOptions, 0), E_ACCESSDENIED);
	assert_int_equal(options_of(&d), DEBUG_ENGOPT_DISALLOW_SHELL_COMMANDS |
						 DEBUG_ENGOPT_DISALLOW_NETWORK_PATHS);
	debugger_end(&d);
}

/* --- attaching --- */

/* True when the process's counter goes on. */
static bool counts(const struct zoo *zoo)
{
	uint64_t before = zoo->at->counter;

	for (unsigned i = 0; i < 200 && zoo->at->counter == before; i++)
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

/* A process that is only looked at: not traced, not stopped, at no time. */
static void test_noninvasive(void **state)
{
	static const ULONG flags[] = { 1, 5, 0x21, 0x25 };
	struct debugger d;
	struct zoo zoo;

	start_counting(&zoo);
	for (size_t i = 0; i < COUNT(flags); i++) {
		debugger_start(&d);
		assert_int_equal(CLIENT(&d, AttachProcess, 0, (ULONG)zoo.pid, flags[i]), S_OK);
		assert_int_equal(tracer_of(zoo.pid), 0);
		assert_told(&d, "");
		assert_int_equal(debugger_status(&d), DEBUG_STATUS_NO_DEBUGGEE);
		assert_int_equal(wait_event(&d, INFINITE), S_OK);
		assert_told(&d, ATTACHED);
		assert_int_equal(tracer_of(zoo.pid), 0);
		assert_true(counts(&zoo));
		assert_int_equal(debugger_status(&d), DEBUG_STATUS_BREAK);
		/* It can tell of nothing, and stays. */
		assert_int_equal(wait_event(&d, INFINITE), E_UNEXPECTED);
		assert_told(&d, "");
		assert_int_equal(CLIENT(&d, DetachProcesses), S_OK);
		assert_told(&d, LEFT(2));
		assert_int_equal(CLIENT(&d, EndSession, DEBUG_END_ACTIVE_DETACH), S_OK);
		assert_told(&d, "");
		debugger_end(&d);
	}
	assert_true(counts(&zoo));
	zoo_end(&zoo);
}

static void test_stopped(void **state)
{
	struct debugger d;
	struct zoo zoo;

	start_counting(&zoo);
	debugger_start(&d);
	assert_int_equal(CLIENT(&d, AttachProcess, 0, (ULONG)zoo.pid, DEBUG_ATTACH_DEFAULT), S_OK);
	assert_told(&d, "");
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	assert_told(&d, ATTACHED);
	assert_true(stands_still(&zoo));
	assert_int_equal(tracer_of(zoo.pid) > 0, 1);
	/* The other order. */
	assert_int_equal(CLIENT(&d, EndSession, DEBUG_END_ACTIVE_DETACH), S_OK);
	assert_told(&d, LEFT(2));
	assert_int_equal(CLIENT(&d, DetachProcesses), S_OK);
	assert_told(&d, "");
	assert_int_equal(tracer_of(zoo.pid), 0);
	assert_true(counts(&zoo));
	debugger_end(&d);
	zoo_end(&zoo);
}

static void test_goes_on_at_first(void **state)
{
	struct debugger d;
	struct zoo zoo;

	start_counting(&zoo);
	debugger_start(&d);
	debugger_attach(&d, zoo.pid,
			DEBUG_ATTACH_INVASIVE_NO_INITIAL_BREAK |
				DEBUG_ATTACH_INVASIVE_RESUME_PROCESS);
	assert_true(counts(&zoo));
	assert_int_equal(wait_event(&d, 20), S_FALSE);
	assert_told(&d, "engine 10 1");
	assert_int_equal(CONTROL(&d, SetInterrupt, DEBUG_INTERRUPT_ACTIVE), S_OK);
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	assert_told(&d, "debuggee ffffffff 0; engine 10 6");
	assert_true(stands_still(&zoo));
	debugger_end(&d);
	assert_true(counts(&zoo));
	zoo_end(&zoo);
}

/* Without a word to the session: the last reference lets the process go. */
static void test_release_detaches(void **state)
{
	struct debugger d;
	struct zoo zoo;

	start_counting(&zoo);
	debugger_start(&d);
	debugger_attach(&d, zoo.pid, 0);
	assert_true(stands_still(&zoo));
	debugger_end(&d);
	assert_true(counts(&zoo));
	debugger_start(&d); /* begun only */
	assert_int_equal(CLIENT(&d, AttachProcess, 0, (ULONG)zoo.pid, 0), S_OK);
	debugger_end(&d);
	assert_true(counts(&zoo));
	zoo_end(&zoo);
}

static void test_attach_flags(void **state)
{
	static const struct {
		ULONG flags;
		HRESULT result;
	} cases[] = {
		{ 2, E_NOTIMPL },           { 3, E_INVALIDARG },
		{ 2 | 8, E_INVALIDARG },    { 4, E_INVALIDARG },
		{ 0x20, E_INVALIDARG },     { 1 | 8, E_INVALIDARG },
		{ 1 | 0x10, E_INVALIDARG }, { 4 | 8, E_INVALIDARG },
		{ 0x40, E_INVALIDARG },     { 0x80000000, E_INVALIDARG },
		{ 0x41, E_INVALIDARG },
	};
	struct debugger d;
	struct zoo zoo;

	zoo_start(&zoo);
	debugger_start(&d);
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(CLIENT(&d, AttachProcess, 0, (ULONG)zoo.pid, cases[i].flags),
				 cases[i].result);
	assert_int_equal(wait_event(&d, INFINITE), E_UNEXPECTED);
	assert_int_equal(tracer_of(zoo.pid), 0);
	debugger_end(&d);
	zoo_end(&zoo);
}

static void test_attach_errors(void **state)
{
	struct debugger d, other;
	struct zoo zoo, gone;

	zoo_start(&zoo);
	zoo_start(&gone);
	kill(gone.pid, SIGKILL);
	waitpid(gone.pid, NULL, 0);
	debugger_start(&d);
	debugger_start(&other);
	assert_int_equal(CLIENT(&d, AttachProcess, 0, (ULONG)gone.pid, 0), E_INVALIDARG);
	assert_int_equal(CLIENT(&d, AttachProcess, 0, (ULONG)gone.pid, 1), E_INVALIDARG);
	assert_int_equal(CLIENT(&d, AttachProcess, 0, 0, 0), E_INVALIDARG);
	assert_int_equal(CLIENT(&d, AttachProcess, 0, 0xffffffff, 0), E_INVALIDARG);
	assert_int_equal(CLIENT(&d, AttachProcess, 1, (ULONG)zoo.pid, 0), E_INVALIDARG);
	/* A process cannot stop itself, but look at itself. */
	assert_int_equal(CLIENT(&d, AttachProcess, 0, (ULONG)getpid(), 0), E_ACCESSDENIED);
	assert_int_equal(CLIENT(&d, AttachProcess, 0, (ULONG)getpid(), 1), S_OK);
	assert_int_equal(CLIENT(&other, AttachProcess, 0, (ULONG)zoo.pid, 0), S_OK);
	assert_int_equal(CLIENT(&d, AttachProcess, 0, (ULONG)zoo.pid, 0), PORT_ALREADY_SET);
	assert_int_equal(CLIENT(&other, AttachProcess, 0, (ULONG)zoo.pid, 0), PORT_ALREADY_SET);
	assert_int_equal(CLIENT(&d, AttachProcess, 0, (ULONG)zoo.pid,
				DEBUG_ATTACH_INVASIVE_NO_INITIAL_BREAK),
			 PORT_ALREADY_SET);
	assert_int_equal(CLIENT(&d, AttachProcess, 0, (ULONG)zoo.pid, 1), S_OK);
	debugger_end(&other);
	debugger_end(&d);
	waitpid(gone.pid, NULL, 0);
	gone.pid = 0;
	zoo_end(&gone);
	zoo_end(&zoo);
}

/* --- several processes --- */

static ULONG event_process(struct debugger *debugger)
{
	ULONG type, process = 99, thread;

	assert_int_equal(CONTROL(debugger, GetLastEventInformation, &type, &process, &thread, NULL,
				 0, NULL, NULL, 0, NULL),
			 S_FALSE);
	assert_int_equal(type, DEBUG_EVENT_CREATE_PROCESS);
	return process;
}

/* Those that are stopped are one system; one that is looked at is another. */
static void test_several(void **state)
{
	struct debugger d;
	struct zoo zoo[3];

	debugger_start(&d);
	for (unsigned i = 0; i < 3; i++) {
		start_counting(&zoo[i]);
		assert_int_equal(CLIENT(&d, AttachProcess, 0, (ULONG)zoo[i].pid, i == 2), S_OK);
	}
	assert_true(stands_still(&zoo[0]) && stands_still(&zoo[1]));
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	assert_told(&d, ATTACHED);
	assert_int_equal(event_process(&d), 0);
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	assert_int_equal(strncmp(d.told, "debuggee ffffffff 0; engine 1 ", 30), 0);
	d.told[0] = 0;
	assert_int_equal(event_process(&d), 1);
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	assert_told(&d, "debuggee ffffffff 0; engine 800 1");
	assert_true(event_process(&d) > 1);
	assert_true(counts(&zoo[2]));
	assert_int_equal(wait_event(&d, 10), S_FALSE);
	assert_true(counts(&zoo[0]) && counts(&zoo[1]));
	assert_told(&d, "engine 10 1");
	debugger_end(&d);
	for (unsigned i = 0; i < 3; i++)
		zoo_end(&zoo[i]);
}

static void test_current_process_leaves(void **state)
{
	struct debugger d;
	struct zoo one, two;

	start_counting(&one);
	start_counting(&two);
	debugger_start(&d);
	assert_int_equal(CLIENT(&d, DetachCurrentProcess), E_UNEXPECTED);
	assert_int_equal(CLIENT(&d, TerminateCurrentProcess), E_UNEXPECTED);
	debugger_attach(&d, one.pid, 0);
	assert_int_equal(CLIENT(&d, AttachProcess, 0, (ULONG)two.pid, 0), S_OK);
	assert_told(&d, "");
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	d.told[0] = 0;
	assert_int_equal(CLIENT(&d, DetachCurrentProcess), S_OK);
	assert_int_equal(strncmp(d.told, "debuggee ffffffff 0; engine 1 ", 30), 0);
	d.told[0] = 0;
	assert_true(counts(&two));
	assert_true(stands_still(&one));
	assert_int_equal(CLIENT(&d, TerminateCurrentProcess), S_OK);
	assert_told(&d, LEFT(1));
	assert_int_equal(waitpid(one.pid, NULL, 0), one.pid);
	assert_int_equal(debugger_status(&d), DEBUG_STATUS_NO_DEBUGGEE);
	one.pid = 0;
	debugger_end(&d);
	zoo_end(&one);
	zoo_end(&two);
}

static bool was_killed(struct zoo *zoo)
{
	int status = 0;
	pid_t pid = zoo->pid;

	zoo->pid = 0;
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGKILL;
}

static void test_terminate(void **state)
{
	struct debugger d;
	struct zoo stopped, seen;

	start_counting(&stopped);
	start_counting(&seen);
	debugger_start(&d);
	debugger_attach(&d, stopped.pid, 0);
	debugger_attach(&d, seen.pid, 1);
	assert_int_equal(CLIENT(&d, TerminateProcesses), S_OK);
	assert_told(&d, "engine 800 ffffffff; " LEFT(1));
	assert_true(was_killed(&stopped));
	assert_true(counts(&seen));
	debugger_end(&d);
	zoo_end(&stopped);
	zoo_end(&seen);
}

static void test_ends_of_session(void **state)
{
	static const struct {
		ULONG how;
		const char *told;
		bool killed;
	} cases[] = {
		{ DEBUG_END_PASSIVE, LEFT(3), false },
		{ DEBUG_END_ACTIVE_TERMINATE, LEFT(1), true },
		{ DEBUG_END_ACTIVE_DETACH, LEFT(2), false },
		{ DEBUG_END_REENTRANT, LEFT(3), false },
	};
	struct debugger d;

	debugger_start(&d);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct zoo zoo;

		start_counting(&zoo);
		debugger_attach(&d, zoo.pid, 0);
		assert_int_equal(CLIENT(&d, EndSession, 5), E_INVALIDARG);
		assert_int_equal(CLIENT(&d, EndSession, DEBUG_END_DISCONNECT), S_OK);
		assert_told(&d, "");
		assert_int_equal(CLIENT(&d, EndSession, cases[i].how), S_OK);
		if (i) /* ids of systems are not given again */
			assert_int_equal(d.told[0], 'e');
		assert_told(&d, cases[i].told);
		if (cases[i].killed)
			assert_true(was_killed(&zoo));
		else
			assert_true(counts(&zoo));
		zoo_end(&zoo);
	}
	debugger_end(&d);
}

/* --- options and exit code of a process --- */

static void test_process_options(void **state)
{
	struct debugger d;
	struct zoo zoo;
	ULONG options = 99;

	start_counting(&zoo);
	debugger_start(&d);
	assert_int_equal(CLIENT(&d, GetProcessOptions, &options), E_UNEXPECTED);
	assert_int_equal(CLIENT(&d, AddProcessOptions, 1), E_UNEXPECTED);
	debugger_attach(&d, zoo.pid, 0);
	assert_int_equal(CLIENT(&d, GetProcessOptions, &options), S_OK);
	assert_int_equal(options, DEBUG_PROCESS_DETACH_ON_EXIT);
	assert_int_equal(CLIENT(&d, GetProcessOptions, NULL), E_INVALIDARG);
	assert_int_equal(CLIENT(&d, AddProcessOptions, 4), E_INVALIDARG);
	assert_int_equal(CLIENT(&d, AddProcessOptions, DEBUG_PROCESS_ONLY_THIS_PROCESS), S_OK);
	assert_told(&d, "engine 200 3");
	assert_int_equal(CLIENT(&d, SetProcessOptions, 3), S_OK);
	assert_told(&d, "");
	assert_int_equal(CLIENT(&d, RemoveProcessOptions, DEBUG_PROCESS_DETACH_ON_EXIT), S_OK);
	assert_told(&d, "engine 200 2");
	debugger_end(&d);
	assert_true(was_killed(&zoo));
	zoo_end(&zoo);
}

static void test_exit_code(void **state)
{
	struct debugger d;
	struct zoo zoo;
	ULONG code = 99;

	zoo_start(&zoo);
	debugger_start(&d);
	assert_int_equal(CLIENT(&d, GetExitCode, &code), E_UNEXPECTED);
	debugger_attach(&d, zoo.pid, 1);
	assert_int_equal(CLIENT(&d, GetExitCode, &code), S_OK);
	assert_int_equal(code, 259);
	assert_int_equal(CLIENT(&d, GetExitCode, NULL), E_INVALIDARG);
	kill(zoo.pid, SIGKILL);
	assert_true(was_killed(&zoo));
	assert_int_equal(CLIENT(&d, GetExitCode, &code), E_UNEXPECTED);
	assert_int_equal(code, 0);
	debugger_end(&d);
	zoo_end(&zoo);
}

/* --- callbacks --- */

/* What may be asked at any time, from a thread that holds nothing. */
static void *ask(void *argument)
{
	struct debugger *debugger = argument;

	assert_int_equal(debugger_status(debugger), DEBUG_STATUS_NO_DEBUGGEE);
	assert_int_equal(CONTROL(debugger, AddEngineOptions, DEBUG_ENGOPT_INITIAL_BREAK), S_OK);
	assert_int_equal(options_of(debugger), DEBUG_ENGOPT_INITIAL_BREAK);
	assert_int_equal(CONTROL(debugger, SetInterrupt, DEBUG_INTERRUPT_ACTIVE), S_OK);
	assert_int_equal(CONTROL(debugger, GetInterrupt), S_OK);
	assert_int_equal(CLIENT(debugger, ExitDispatch, (IDebugClient *)debugger->client), S_OK);
	assert_int_equal(CLIENT(debugger, SetKernelConnectionOptions, "x"), S_OK);
	assert_told(debugger, "engine 20 20");
	return NULL;
}

static void ask_elsewhere(void *debugger)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, ask, debugger), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

/* A call that is held up in the middle: others need not wait, nor what they have to tell. */
static void test_answers_at_once(void **state)
{
	static struct output_log log;
	struct debugger d;

	debugger_start(&d);
	output_log_init(&log);
	log.inside = ask_elsewhere;
	log.context = &d;
	assert_int_equal(CLIENT(&d, SetOutputCallbacks, &log.narrow), S_OK);
	assert_int_equal(CONTROL(&d, Output, DEBUG_OUTPUT_NORMAL, "text"), S_OK);
	assert_told(&d, "");
	assert_output(&log, "text");
	log.inside = NULL;
	/* What fails says why. */
	assert_int_equal(CLIENT(&d, AttachProcess, 0, 0x7fffffff, 0), E_INVALIDARG);
	assert_int_equal(log.mask, DEBUG_OUTPUT_ERROR);
	assert_non_null(strstr(log.text, "2147483647"));
	debugger_end(&d);
}

static HRESULT inside_attach, inside_wait, inside_end;

static void call_inside(struct debugger *debugger)
{
	debugger->inside = NULL;
	inside_attach = CLIENT(debugger, AttachProcess, 0, (ULONG)getpid(), 1);
	inside_wait = wait_event(debugger, 0);
	inside_end = CLIENT(debugger, EndSession, DEBUG_END_PASSIVE);
	assert_int_equal(debugger_status(debugger), DEBUG_STATUS_BREAK);
	assert_int_equal(options_of(debugger), 0);
}

static void test_inside_a_callback(void **state)
{
	struct debugger d;

	debugger_start(&d);
	d.inside = call_inside;
	debugger_attach(&d, getpid(), 1);
	assert_int_equal(inside_attach, E_UNEXPECTED);
	assert_int_equal(inside_wait, E_UNEXPECTED);
	assert_int_equal(inside_end, E_UNEXPECTED);
	debugger_end(&d);
}

static void *exit_soon(void *client)
{
	IDebugClient7 *other = client;

	usleep(20000);
	assert_int_equal(other->lpVtbl->ExitDispatch(other, (IDebugClient *)other), S_OK);
	return NULL;
}

static void test_dispatch(void **state)
{
	struct debugger d, stranger;
	pthread_t thread;

	debugger_start(&d);
	debugger_start(&stranger);
	assert_int_equal(CLIENT(&d, DispatchCallbacks, 1), S_FALSE);
	assert_int_equal(pthread_create(&thread, NULL, exit_soon, d.client), 0);
	assert_int_equal(CLIENT(&d, DispatchCallbacks, INFINITE), S_OK);
	pthread_join(thread, NULL);
	assert_int_equal(CLIENT(&d, DispatchCallbacks, 0), S_FALSE);
	assert_int_equal(CLIENT(&d, ExitDispatch, (IDebugClient *)d.client), S_OK);
	assert_int_equal(CLIENT(&d, DispatchCallbacks, INFINITE), S_OK);
	assert_int_equal(CLIENT(&d, ExitDispatch, NULL), E_INVALIDARG);
	assert_int_equal(CLIENT(&d, ExitDispatch, (IDebugClient *)stranger.client), E_INVALIDARG);
	debugger_end(&stranger);
	debugger_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_engine_options),
		cmocka_unit_test(test_options_that_exclude),
		cmocka_unit_test(test_noninvasive),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_goes_on_at_first),
		cmocka_unit_test(test_release_detaches),
		cmocka_unit_test(test_attach_flags),
		cmocka_unit_test(test_attach_errors),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_current_process_leaves),
		cmocka_unit_test(test_terminate),
		cmocka_unit_test(test_ends_of_session),
		cmocka_unit_test(test_process_options),
		cmocka_unit_test(test_exit_code),
		cmocka_unit_test(test_answers_at_once),
		cmocka_unit_test(test_inside_a_callback),
		cmocka_unit_test(test_dispatch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
