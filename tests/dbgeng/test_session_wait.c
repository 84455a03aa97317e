/* SPDX-License-Identifier: Apache-2.0 */
/* test_session_wait.c - letting processes run and stopping them: WaitForEvent, interrupts, status.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "debugger.h"
#include "unit/live_zoo.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define RUNS   "engine 10 1"
#define BREAKS "debuggee ffffffff 0; engine 10 6"
#define ENDED  "engine 800 ffffffff; engine 10 7; session 4"

#define CLIENT(debugger, method, ...)                                                              \
	((debugger)->client->lpVtbl->method((debugger)->client, ##__VA_ARGS__))
#define CONTROL(debugger, method, ...)                                                             \
	((debugger)->control->lpVtbl->method((debugger)->control, ##__VA_ARGS__))

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

/* A program that counts, attached and stopped. */
static void start(struct debugger *debugger, struct zoo *zoo)
{
	zoo_start(zoo);
	zoo_do(zoo, ZOO_COUNT);
	assert_true(counts(zoo));
	debugger_start(debugger);
	debugger_attach(debugger, zoo->pid, DEBUG_ATTACH_DEFAULT);
	assert_true(stands_still(zoo));
}

static void end(struct debugger *debugger, struct zoo *zoo)
{
	debugger_end(debugger);
	zoo_end(zoo);
}

/* What another thread does while this one waits. */
static struct helper {
	pthread_t thread;
	struct debugger *debugger;
	struct zoo *zoo;
	ULONG flags;
	_Atomic HRESULT result;
} helper;

static void start_helper(struct debugger *debugger, struct zoo *zoo, void *(*function)(void *))
{
	helper.debugger = debugger;
	helper.zoo = zoo;
	assert_int_equal(pthread_create(&helper.thread, NULL, function, NULL), 0);
}

static void join_helper(void)
{
	assert_int_equal(pthread_join(helper.thread, NULL), 0);
}

/* Waits until the target runs. */
static void *interrupt_it(void *unused)
{
	while (debugger_status(helper.debugger) != DEBUG_STATUS_GO || !counts(helper.zoo))
		usleep(1000);
	helper.result = CONTROL(helper.debugger, SetInterrupt, helper.flags);
	return NULL;
}

static void *kill_it(void *unused)
{
	while (debugger_status(helper.debugger) != DEBUG_STATUS_GO || !counts(helper.zoo))
		usleep(1000);
	kill(helper.zoo->pid, SIGKILL);
	return NULL;
}

static void *detach_it(void *unused)
{
	while (debugger_status(helper.debugger) != DEBUG_STATUS_GO || !counts(helper.zoo))
		usleep(1000);
	helper.result = CLIENT(helper.debugger, DetachProcesses);
	return NULL;
}

/* Waits for events itself, then interrupts the wait of the other one. */
static void *wait_too(void *unused)
{
	while (debugger_status(helper.debugger) != DEBUG_STATUS_GO)
		usleep(1000);
	helper.result = wait_event(helper.debugger, 0);
	CONTROL(helper.debugger, SetInterrupt, DEBUG_INTERRUPT_ACTIVE);
	return NULL;
}

static void test_nothing_to_wait_for(void **state)
{
	struct debugger d;

	debugger_start(&d);
	assert_int_equal(wait_event(&d, 0), E_UNEXPECTED);
	assert_int_equal(wait_event(&d, INFINITE), E_UNEXPECTED);
	assert_int_equal(CONTROL(&d, WaitForEvent, 1, 0), E_INVALIDARG);
	assert_int_equal(d.control->lpVtbl->WaitForEvent(NULL, 0, 0), E_INVALIDARG);
	assert_int_equal(debugger_status(&d), DEBUG_STATUS_NO_DEBUGGEE);
	assert_told(&d, "");
	debugger_end(&d);
}

static void test_timeout(void **state)
{
	struct debugger d;
	struct zoo zoo;

	start(&d, &zoo);
	assert_int_equal(wait_event(&d, 0), S_FALSE);
	assert_told(&d, RUNS);
	assert_int_equal(debugger_status(&d), DEBUG_STATUS_GO);
	assert_true(counts(&zoo));
	assert_int_equal(wait_event(&d, 120), S_FALSE);
	assert_told(&d, "");
	assert_true(counts(&zoo));
	/* Between two waits it is the target that is interrupted. */
	assert_int_equal(CONTROL(&d, SetInterrupt, DEBUG_INTERRUPT_ACTIVE), S_OK);
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	assert_told(&d, BREAKS);
	assert_true(stands_still(&zoo));
	assert_int_equal(CONTROL(&d, GetInterrupt), S_FALSE);
	end(&d, &zoo);
}

static void test_interrupt_of_a_wait(void **state)
{
	struct debugger d;
	struct zoo zoo;

	start(&d, &zoo);
	helper.flags = DEBUG_INTERRUPT_ACTIVE;
	for (unsigned i = 0; i < 3; i++) {
		start_helper(&d, &zoo, interrupt_it);
		assert_int_equal(wait_event(&d, INFINITE), S_OK);
		join_helper();
		assert_int_equal(helper.result, S_OK);
		assert_told(&d, RUNS "; " BREAKS);
		assert_true(stands_still(&zoo));
		assert_int_equal(debugger_status(&d), DEBUG_STATUS_BREAK);
	}
	end(&d, &zoo);
}

static void test_interrupt_before_a_wait(void **state)
{
	struct debugger d;
	struct zoo zoo;

	start(&d, &zoo);
	assert_int_equal(CONTROL(&d, SetInterrupt, 3), E_INVALIDARG);
	assert_int_equal(CONTROL(&d, GetInterrupt), S_FALSE);
	assert_int_equal(CONTROL(&d, SetInterrupt, DEBUG_INTERRUPT_ACTIVE), S_OK);
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	assert_told(&d, "debuggee ffffffff 0");
	/* One that was asked for is over, one that is passive breaks nothing. */
	assert_int_equal(CONTROL(&d, SetInterrupt, DEBUG_INTERRUPT_ACTIVE), S_OK);
	assert_int_equal(CONTROL(&d, GetInterrupt), S_OK);
	assert_int_equal(CONTROL(&d, GetInterrupt), S_FALSE);
	assert_int_equal(wait_event(&d, 10), S_FALSE);
	assert_int_equal(CONTROL(&d, SetInterrupt, DEBUG_INTERRUPT_PASSIVE), S_OK);
	assert_int_equal(wait_event(&d, 10), S_FALSE);
	assert_told(&d, RUNS);
	assert_int_equal(CONTROL(&d, GetInterrupt), S_OK);
	end(&d, &zoo);
}

static void test_exit_interrupt(void **state)
{
	struct debugger d;
	struct zoo zoo;

	start(&d, &zoo);
	helper.flags = DEBUG_INTERRUPT_EXIT;
	start_helper(&d, &zoo, interrupt_it);
	assert_int_equal(wait_event(&d, INFINITE), E_PENDING);
	join_helper();
	assert_told(&d, RUNS);
	assert_true(counts(&zoo));
	assert_int_equal(wait_event(&d, 10), S_FALSE);
	end(&d, &zoo);
}

static void test_one_waits_at_a_time(void **state)
{
	struct debugger d;
	struct zoo zoo;

	start(&d, &zoo);
	start_helper(&d, &zoo, wait_too);
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	join_helper();
	assert_int_equal(helper.result, E_FAIL);
	end(&d, &zoo);
}

static void test_process_ends(void **state)
{
	struct debugger d;
	struct zoo zoo;
	ULONG class, qualifier;

	start(&d, &zoo);
	start_helper(&d, &zoo, kill_it);
	assert_int_equal(wait_event(&d, INFINITE), E_UNEXPECTED);
	join_helper();
	assert_told(&d, RUNS "; " ENDED);
	assert_int_equal(debugger_status(&d), DEBUG_STATUS_NO_DEBUGGEE);
	assert_int_equal(CONTROL(&d, GetDebuggeeType, &class, &qualifier), S_OK);
	assert_int_equal(class, DEBUG_CLASS_UNINITIALIZED);
	assert_int_equal(wait_event(&d, INFINITE), E_UNEXPECTED);
	assert_told(&d, "");
	assert_int_equal(CLIENT(&d, EndSession, DEBUG_END_ACTIVE_DETACH), S_OK);
	end(&d, &zoo);
}

/* A process that dies between the two halves of attaching. */
static void test_process_ends_before(void **state)
{
	struct debugger d;
	struct zoo zoo;

	zoo_start(&zoo);
	debugger_start(&d);
	assert_int_equal(CLIENT(&d, AttachProcess, 0, (ULONG)zoo.pid, 0), S_OK);
	kill(zoo.pid, SIGKILL);
	assert_int_equal(waitpid(zoo.pid, NULL, 0), zoo.pid);
	zoo.pid = 0;
	assert_int_equal(wait_event(&d, INFINITE), E_UNEXPECTED);
	assert_told(&d, "");
	end(&d, &zoo);
}

/* One of two ends: the wait goes on for the other one. */
static void test_one_of_two_ends(void **state)
{
	struct debugger d;
	struct zoo zoo, other;
	ULONG code;

	start(&d, &zoo);
	zoo_start(&other);
	zoo_do(&other, ZOO_COUNT);
	debugger_attach(&d, other.pid, 0);
	assert_int_equal(wait_event(&d, 0), S_FALSE);
	kill(other.pid, SIGKILL);
	assert_int_equal(waitpid(other.pid, NULL, 0), other.pid);
	assert_int_equal(wait_event(&d, 100), S_FALSE);
	assert_non_null(strstr(d.told, RUNS));
	d.told[0] = 0;
	assert_int_equal(CLIENT(&d, GetExitCode, &code), S_OK);
	assert_int_equal(code, 259);
	assert_true(counts(&zoo));
	helper.flags = DEBUG_INTERRUPT_ACTIVE;
	start_helper(&d, &zoo, interrupt_it);
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	join_helper();
	assert_told(&d, BREAKS);
	assert_true(stands_still(&zoo));
	other.pid = 0;
	zoo_end(&other);
	end(&d, &zoo);
}

static void test_detached_by_another_thread(void **state)
{
	struct debugger d;
	struct zoo zoo;

	start(&d, &zoo);
	start_helper(&d, &zoo, detach_it);
	assert_int_equal(wait_event(&d, INFINITE), E_UNEXPECTED);
	join_helper();
	assert_int_equal(helper.result, S_OK);
	assert_true(counts(&zoo));
	assert_int_equal(tracer_of(zoo.pid), 0);
	end(&d, &zoo);
}

static void test_execution_status(void **state)
{
	static const struct {
		ULONG status;
		HRESULT result;
	} cases[] = {
		{ DEBUG_STATUS_NO_CHANGE, E_INVALIDARG },
		{ DEBUG_STATUS_BREAK, E_INVALIDARG },
		{ DEBUG_STATUS_STEP_INTO, E_NOTIMPL },
		{ DEBUG_STATUS_STEP_OVER, E_NOTIMPL },
		{ DEBUG_STATUS_STEP_BRANCH, E_NOTIMPL },
		{ DEBUG_STATUS_NO_DEBUGGEE, E_INVALIDARG },
		{ 99, E_INVALIDARG },
	};
	struct debugger d;
	struct zoo zoo;
	ULONG status = 99;

	debugger_start(&d);
	assert_int_equal(CONTROL(&d, SetExecutionStatus, DEBUG_STATUS_GO), E_UNEXPECTED);
	assert_int_equal(CONTROL(&d, GetExecutionStatus, NULL), E_INVALIDARG);
	debugger_end(&d);
	start(&d, &zoo);
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(CONTROL(&d, SetExecutionStatus, cases[i].status), cases[i].result);
	assert_told(&d, "");
	assert_int_equal(CONTROL(&d, SetExecutionStatus, DEBUG_STATUS_GO_NOT_HANDLED), S_OK);
	assert_told(&d, "engine 10 3");
	assert_int_equal(CONTROL(&d, SetExecutionStatus, DEBUG_STATUS_GO), E_ACCESSDENIED);
	assert_true(stands_still(&zoo));
	assert_int_equal(wait_event(&d, 0), S_FALSE);
	assert_told(&d, RUNS);
	assert_true(counts(&zoo));
	assert_int_equal(CONTROL(&d, GetExecutionStatusEx, &status), S_OK);
	assert_int_equal(status, DEBUG_STATUS_GO);
	end(&d, &zoo);
}

/* What a break looks like: where the first thread is, as its own registers have it. */
static void test_last_event(void **state)
{
	DEBUG_LAST_EVENT_INFO_EXCEPTION exception = { 0 };
	ULONG type = 99, process = 99, thread = 99, used, size;
	struct debugger d;
	struct zoo zoo;
	char text[96];
	WCHAR wide[8];

	debugger_start(&d);
	assert_int_equal(CONTROL(&d, GetLastEventInformation, &type, &process, &thread, NULL, 0,
				 &used, text, sizeof(text), &size),
			 S_OK);
	assert_int_equal(type, 0);
	assert_int_equal(process, DEBUG_ANY_ID);
	assert_int_equal(thread, DEBUG_ANY_ID);
	assert_int_equal(used, 0);
	assert_string_equal(text, "");
	debugger_end(&d);
	start(&d, &zoo);
	assert_int_equal(CONTROL(&d, GetStoredEventInformation, &type, &process, &thread, NULL, 0,
				 NULL, NULL, 0, NULL),
			 E_NOINTERFACE);
	assert_int_equal(CONTROL(&d, SetInterrupt, DEBUG_INTERRUPT_ACTIVE), S_OK);
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	assert_int_equal(CONTROL(&d, GetLastEventInformation, &type, &process, &thread, &exception,
				 sizeof(exception), &used, text, sizeof(text), &size),
			 S_OK);
	assert_int_equal(type, DEBUG_EVENT_EXCEPTION);
	assert_int_equal(process, 0);
	assert_int_equal(thread, 0);
	assert_int_equal(used, 160);
	assert_int_equal(exception.ExceptionRecord.ExceptionCode, 0x80000003u);
	assert_int_equal(exception.FirstChance, 1);
	assert_true(exception.ExceptionRecord.ExceptionAddress != 0);
	assert_int_equal(size, strlen(text) + 1);
	/* Cut: the text here, the record there. */
	assert_int_equal(CONTROL(&d, GetLastEventInformationWide, &type, &process, &thread,
				 &exception, sizeof(exception), &used, wide, COUNT(wide), &size),
			 S_FALSE);
	assert_int_equal(wide[6], text[6]);
	assert_int_equal(wide[7], 0);
	assert_int_equal(CONTROL(&d, GetLastEventInformation, &type, &process, &thread, &exception,
				 8, &used, text, sizeof(text), &size),
			 S_FALSE);
	assert_int_equal(used, 160);
	assert_int_equal(CONTROL(&d, GetLastEventInformation, NULL, &process, &thread, NULL, 0,
				 NULL, NULL, 0, NULL),
			 E_INVALIDARG);
	end(&d, &zoo);
}

static const char kernel[] = "tmem synth 1\n"
			     "target mode=kernel live=yes\n"
			     "machine amd64\n"
			     "physical\n"
			     "run 0 1M ?\n"
			     "tables 0x20000 64K\n"
			     "table x64 0x1000\n"
			     "map 0xffff888000000000 0 1M rw-k\n"
			     "table x64 0x2000 upper=0x1000\n"
			     "map 0x400000 0x10000 4K rw-u\n"
			     "task \"swapper/0\" 0 0xffff888000050000 0x1000 kernel-thread=yes\n"
			     "task \"one\" 1 0xffff888000051000 0x2000\n";

static void *interrupt_kernel(void *unused)
{
	while (debugger_status(helper.debugger) != DEBUG_STATUS_GO)
		usleep(1000);
	helper.result = CONTROL(helper.debugger, SetInterrupt, DEBUG_INTERRUPT_ACTIVE);
	return NULL;
}

/* The implicit process is chosen for a kernel that stands; when it ran, that is over. */
static void test_kernel_ran(void **state)
{
	IDebugSystemObjects2 *objects;
	ULONG64 chosen = 0, before = 0, after = 0;
	char connection[4096];
	struct debugger d;

	debugger_start(&d);
	snprintf(connection, sizeof(connection), "synth:%s",
		 write_file("kernel", kernel, sizeof(kernel) - 1));
	assert_int_equal(CLIENT(&d, AttachKernel, DEBUG_ATTACH_KERNEL_CONNECTION, connection),
			 S_OK);
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	unlink(connection + sizeof("synth:") - 1);
	CLIENT(&d, QueryInterface, &IID_IDebugSystemObjects2, (void **)&objects);
	IDebugSystemObjects2_GetImplicitProcessDataOffset(objects, &before);
	assert_int_equal(
		IDebugSystemObjects2_SetImplicitProcessDataOffset(objects, 0xffff888000051000),
		S_OK);
	IDebugSystemObjects2_GetImplicitProcessDataOffset(objects, &chosen);
	assert_true(chosen != before);
	d.told[0] = 0;
	start_helper(&d, NULL, interrupt_kernel);
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	join_helper();
	assert_told(&d, RUNS "; " BREAKS);
	IDebugSystemObjects2_GetImplicitProcessDataOffset(objects, &after);
	assert_true(after == before);
	IDebugSystemObjects2_Release(objects);
	debugger_end(&d);
}

static void test_interrupt_timeout(void **state)
{
	struct debugger d;
	ULONG seconds = 99;

	debugger_start(&d);
	assert_int_equal(CONTROL(&d, SetInterruptTimeout, 7), S_OK);
	assert_int_equal(CONTROL(&d, GetInterruptTimeout, &seconds), S_OK);
	assert_int_equal(seconds, 7);
	assert_int_equal(CONTROL(&d, GetInterruptTimeout, NULL), E_INVALIDARG);
	debugger_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_to_wait_for),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_interrupt_of_a_wait),
		cmocka_unit_test(test_interrupt_before_a_wait),
		cmocka_unit_test(test_exit_interrupt),
		cmocka_unit_test(test_one_waits_at_a_time),
		cmocka_unit_test(test_process_ends),
		cmocka_unit_test(test_process_ends_before),
		cmocka_unit_test(test_one_of_two_ends),
		cmocka_unit_test(test_detached_by_another_thread),
		cmocka_unit_test(test_execution_status),
		cmocka_unit_test(test_last_event),
		cmocka_unit_test(test_kernel_ran),
		cmocka_unit_test(test_interrupt_timeout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
