/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_threads.c - several threads over one session: calls that answer while others work, callbacks
 * that go while they are told, clients that go while somebody waits on them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <unistd.h>

#include "dbgeng/debugger.h"
#include "dbgeng/output_log.h"
#include "dbgeng/sink.h"
#include "unit/live_zoo.h"

#define INTERRUPTED ((HRESULT)0xd000013a)
#define ROUNDS      300u
#define PIECE       0x20000u
#define BLOCK       64u

/* A piece that is written, and more memory than anybody has patience for. */
static const char machine[] = "process 1\n"
			      "run 0x20000 0x1000 rw-p\n"
			      "run 0x100000000 0x100000000000 rw-p\n"
			      "pattern 0x100000000 0x100000000000 seed=1\n";

/* The session that all threads of a test use; each takes its interfaces from there. */
static struct engine engine;
static IDebugDataSpaces4 *data;

static int start(void **state)
{
	engine_open(&engine, machine);
	return FAILED(IDebugClient7_QueryInterface(engine.client, &IID_IDebugDataSpaces4,
						   (void **)&data));
}

static int end(void **state)
{
	IDebugDataSpaces4_Release(data);
	engine_close(&engine);
	return 0;
}

static pthread_t start_thread(void *(*function)(void *), void *context)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, function, context), 0);
	return thread;
}

/* What a thread answers: NULL when all went well, else what did not. */
static void join_thread(pthread_t thread)
{
	void *failure = NULL;

	assert_int_equal(pthread_join(thread, &failure), 0);
	if (failure)
		fail_msg("%s", (const char *)failure);
}

#define FAILURE(text) ((void *)(uintptr_t)(text))

/* --- a crowd --- */

static _Atomic bool over;
static _Atomic unsigned first_told, second_told;

static void count_first(ULONG flags, ULONG64 argument)
{
	first_told += flags == DEBUG_CDS_DATA && argument == DEBUG_DATA_SPACE_VIRTUAL;
}

static void count_second(ULONG flags, ULONG64 argument)
{
	second_told += flags == DEBUG_CDS_DATA && argument == DEBUG_DATA_SPACE_VIRTUAL;
}

/* Each write is a block of equal bytes. */
static void *write_blocks(void *context)
{
	UCHAR block[BLOCK];
	ULONG done;

	for (unsigned i = 0; i < ROUNDS; i++) {
		memset(block, (int)i, sizeof(block));
		if (IDebugDataSpaces4_WriteVirtual(data, PIECE, block, BLOCK, &done) != S_OK ||
		    done != BLOCK)
			return FAILURE("a write failed");
	}
	return NULL;
}

/* A block is seen as one write left it. */
static void *read_blocks(void *context)
{
	UCHAR block[BLOCK];
	ULONG done;

	while (!over) {
		if (IDebugDataSpaces4_ReadVirtual(data, PIECE, block, BLOCK, &done) != S_OK ||
		    done != BLOCK)
			return FAILURE("a read failed");
		for (unsigned i = 1; i < BLOCK; i++) {
			if (block[i] != block[0])
				return FAILURE("half a write was read");
		}
	}
	return NULL;
}

/* A callback object that is no more as soon as it is not registered. */
struct mortal {
	IDebugEventCallbacks object; /* first: what the engine has a pointer to */
	_Atomic bool alive;
	_Atomic bool *told_late;
};

static HRESULT no_interface(IDebugEventCallbacks *This, REFIID InterfaceId, PVOID *Interface)
{
	*Interface = NULL;
	return E_NOINTERFACE;
}

static ULONG count_nothing(IDebugEventCallbacks *This)
{
	return 1;
}

static HRESULT want_all(IDebugEventCallbacks *This, PULONG Mask)
{
	*Mask = ~(ULONG)0;
	return S_OK;
}

static HRESULT be_told(IDebugEventCallbacks *This, ULONG Flags, ULONG64 Argument)
{
	struct mortal *mortal = (struct mortal *)This;

	if (!mortal->alive)
		*mortal->told_late = true;
	return S_OK;
}

static const IDebugEventCallbacksVtbl mortal_table = {
	.QueryInterface = no_interface,
	.AddRef = count_nothing,
	.Release = count_nothing,
	.GetInterestMask = want_all,
	.ChangeDebuggeeState = be_told,
	.ChangeEngineState = be_told,
};

/* A client for some moments, with callbacks whose memory goes when SetEventCallbacks returns. */
static bool live_shortly(_Atomic bool *told_late)
{
	struct mortal *mortal = malloc(sizeof(*mortal));
	IDebugClient *client;
	UCHAR byte;
	bool done;

	if (!mortal || IDebugClient7_CreateClient(engine.client, &client) != S_OK)
		return false;
	*mortal = (struct mortal){ { &mortal_table }, true, told_late };
	done = IDebugClient_SetEventCallbacks(client, &mortal->object) == S_OK;
	IDebugDataSpaces4_ReadVirtual(data, PIECE, &byte, 1, NULL);
	done &= IDebugClient_SetEventCallbacks(client, NULL) == S_OK;
	mortal->alive = false;
	free(mortal);
	/* Pins of other threads are no references. */
	return IDebugClient_Release(client) == 0 && done;
}

static void *come_and_go(void *context)
{
	static _Atomic bool told_late;

	while (!over) {
		if (!live_shortly(&told_late))
			return FAILURE("a client could not come and go");
		if (told_late)
			return FAILURE("an event for an object that is not registered any more");
	}
	return NULL;
}

/* What is answered at once, all the time. */
static void *ask_state(void *context)
{
	ULONG value;

	while (!over) {
		if (IDebugControl7_GetExecutionStatus(engine.control, &value) != S_OK ||
		    value != DEBUG_STATUS_BREAK)
			return FAILURE("not the status");
		if (IDebugControl7_AddEngineOptions(engine.control, 1) != S_OK ||
		    IDebugControl7_RemoveEngineOptions(engine.control, 1) != S_OK)
			return FAILURE("no options");
		if (FAILED(IDebugControl7_GetInterrupt(engine.control)))
			return FAILURE("no interrupt");
	}
	return NULL;
}

static void *print(void *context)
{
	while (!over)
		IDebugControl7_Output(engine.control, DEBUG_OUTPUT_NORMAL, "%p %ma\n",
				      (ULONG64)PIECE, (ULONG64)PIECE);
	return NULL;
}

static void test_crowd(void **state)
{
	void *(*const others[])(void *) = { read_blocks, read_blocks, come_and_go, ask_state,
					    print };
	static struct output_log outputs;
	pthread_t threads[sizeof(others) / sizeof(others[0])];
	struct engine other;
	struct sink first, second;
	pthread_t writer;

	engine_join(&engine, &other);
	over = false;
	first_told = second_told = 0;
	output_log_init(&outputs);
	sink_start(&first, engine.client, DEBUG_EVENT_CHANGE_DEBUGGEE_STATE, count_first);
	sink_start(&second, other.client, DEBUG_EVENT_CHANGE_DEBUGGEE_STATE, count_second);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		threads[i] = start_thread(others[i], NULL);
	writer = start_thread(write_blocks, NULL);
	join_thread(writer);
	over = true;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		join_thread(threads[i]);
	assert_int_equal(first_told, ROUNDS);
	assert_int_equal(second_told, ROUNDS);
	IDebugClient7_SetEventCallbacks(engine.client, NULL);
	IDebugClient7_SetEventCallbacks(other.client, NULL);
	IDebugControl7_Release(other.control);
	IDebugClient7_Release(other.client);
}

/* --- during a search --- */

static _Atomic bool searching;
static _Atomic unsigned options_told;
static _Atomic ULONG64 options_value;

static void count_options(ULONG flags, ULONG64 argument)
{
	options_told += flags == DEBUG_CES_ENGINE_OPTIONS;
	options_value = argument;
}

static void *search(void *context)
{
	char pattern[] = "what a machine of numbers does not say";
	ULONG64 match;

	searching = true;
	if (IDebugDataSpaces4_SearchVirtual(data, 0, UINT64_MAX, pattern, sizeof(pattern), 1,
					    &match) != INTERRUPTED)
		return FAILURE("the search was not interrupted");
	return NULL;
}

static void test_search(void **state)
{
	ULONG status = 99, options = 99;
	struct sink sink;
	pthread_t thread;

	sink_start(&sink, engine.client, DEBUG_EVENT_CHANGE_ENGINE_STATE, count_options);
	options_told = 0;
	searching = false;
	thread = start_thread(search, NULL);
	while (!searching)
		usleep(1000);
	usleep(20000);
	/* Nobody waits for the search, and what changes is told before it ends. */
	assert_int_equal(IDebugControl7_GetExecutionStatus(engine.control, &status), S_OK);
	assert_int_equal(status, DEBUG_STATUS_BREAK);
	assert_int_equal(IDebugControl7_AddEngineOptions(engine.control, 0x21), S_OK);
	assert_int_equal(options_told, 1);
	assert_int_equal(options_value, 0x21);
	assert_int_equal(IDebugControl7_RemoveEngineOptions(engine.control, 0x20), S_OK);
	assert_int_equal(options_told, 2);
	assert_int_equal(options_value, 1);
	assert_int_equal(IDebugControl7_GetEngineOptions(engine.control, &options), S_OK);
	assert_int_equal(options, 1);
	assert_int_equal(IDebugControl7_GetInterrupt(engine.control), S_FALSE);
	assert_int_equal(IDebugControl7_SetInterrupt(engine.control, DEBUG_INTERRUPT_PASSIVE),
			 S_OK);
	join_thread(thread);
	/* The search has used it up. */
	assert_int_equal(IDebugControl7_GetInterrupt(engine.control), S_FALSE);
	IDebugClient7_SetEventCallbacks(engine.client, NULL);
}

/* --- registering while events are told --- */

static sem_t inside, go_on;
static _Atomic bool left;

static void stay_inside(ULONG flags, ULONG64 argument)
{
	sem_post(&inside);
	sem_wait(&go_on);
	left = true;
}

static void *write_once(void *context)
{
	UCHAR byte = 1;

	if (IDebugDataSpaces4_WriteVirtual(data, PIECE, &byte, 1, NULL) != S_OK)
		return FAILURE("a write failed");
	return NULL;
}

static void *unregister(void *context)
{
	if (IDebugClient7_SetEventCallbacks(engine.client, NULL) != S_OK)
		return FAILURE("not unregistered");
	return left ? NULL : FAILURE("unregistered while the callback ran");
}

/* Whoever unregisters an object may free it: its callbacks have returned. */
static void test_unregister(void **state)
{
	pthread_t writer, other;
	struct sink sink;
	UCHAR byte;

	sem_init(&inside, 0, 0);
	sem_init(&go_on, 0, 0);
	left = false;
	sink_start(&sink, engine.client, DEBUG_EVENT_CHANGE_DEBUGGEE_STATE, stay_inside);
	writer = start_thread(write_once, NULL);
	sem_wait(&inside);
	other = start_thread(unregister, NULL);
	usleep(50000);
	/* Neither of them holds up the others. */
	assert_int_equal(IDebugDataSpaces4_ReadVirtual(data, PIECE, &byte, 1, NULL), S_OK);
	assert_int_equal(byte, 1);
	sem_post(&go_on);
	join_thread(writer);
	join_thread(other);
	sem_destroy(&inside);
	sem_destroy(&go_on);
}

/* Of two clients the second one goes while the first one is told: it is not called any more. */
static struct engine second_client;

static void count_late(ULONG flags, ULONG64 argument)
{
	second_told++;
}

static void test_release_while_told(void **state)
{
	struct sink first, second;
	pthread_t writer;

	sem_init(&inside, 0, 0);
	sem_init(&go_on, 0, 0);
	second_told = 0;
	engine_join(&engine, &second_client);
	sink_start(&first, engine.client, DEBUG_EVENT_CHANGE_DEBUGGEE_STATE, stay_inside);
	sink_start(&second, second_client.client, DEBUG_EVENT_CHANGE_DEBUGGEE_STATE, count_late);
	writer = start_thread(write_once, NULL);
	sem_wait(&inside);
	IDebugControl7_Release(second_client.control);
	assert_int_equal(IDebugClient7_Release(second_client.client), 0);
	sem_post(&go_on);
	join_thread(writer);
	assert_int_equal(second_told, 0);
	IDebugClient7_SetEventCallbacks(engine.client, NULL);
	sem_destroy(&inside);
	sem_destroy(&go_on);
}

/* --- waits --- */

static struct debugger debugger;
static struct zoo zoo;

#define CLIENT(method, ...)  debugger.client->lpVtbl->method(debugger.client, ##__VA_ARGS__)
#define CONTROL(method, ...) debugger.control->lpVtbl->method(debugger.control, ##__VA_ARGS__)

static int start_process(void **state)
{
	zoo_start(&zoo);
	zoo_do(&zoo, ZOO_COUNT);
	debugger_start(&debugger);
	debugger_attach(&debugger, zoo.pid, DEBUG_ATTACH_DEFAULT);
	assert_int_equal(CLIENT(SetEventCallbacks, NULL), S_OK);
	return 0;
}

static int end_process(void **state)
{
	zoo_end(&zoo);
	return 0;
}

static bool counts(void)
{
	uint64_t before = zoo.at->counter;

	for (unsigned i = 0; i < 400 && zoo.at->counter == before; i++)
		usleep(5000);
	return zoo.at->counter != before;
}

static _Atomic HRESULT wait_result;

static void *wait_forever(void *context)
{
	wait_result = CONTROL(WaitForEvent, 0, INFINITE);
	return NULL;
}

static void *dispatch_forever(void *context)
{
	wait_result = CLIENT(DispatchCallbacks, INFINITE);
	return NULL;
}

/* The client, its session and with it the process go while somebody waits. */
static void release_under(void *(*function)(void *))
{
	pthread_t waiter = start_thread(function, NULL);

	usleep(20000);
	assert_int_equal(CONTROL(Release), 1);
	assert_int_equal(CLIENT(Release), 0);
	join_thread(waiter);
	assert_int_equal(wait_result, E_UNEXPECTED);
	assert_int_equal(tracer_of(zoo.pid), 0);
	assert_true(counts());
}

static void test_release_while_waiting(void **state)
{
	release_under(wait_forever);
}

static void test_release_while_dispatching(void **state)
{
	release_under(dispatch_forever);
}

static void test_end_while_waiting(void **state)
{
	pthread_t waiter = start_thread(wait_forever, NULL);

	assert_true(counts());
	assert_int_equal(CLIENT(EndSession, DEBUG_END_ACTIVE_DETACH), S_OK);
	join_thread(waiter);
	assert_int_equal(wait_result, E_UNEXPECTED);
	assert_int_equal(tracer_of(zoo.pid), 0);
	assert_true(counts());
	debugger_end(&debugger);
}

/* Interrupts whatever runs. */
static void *interrupt_often(void *context)
{
	while (!over) {
		if (debugger_status(&debugger) == DEBUG_STATUS_GO && counts())
			CONTROL(SetInterrupt, DEBUG_INTERRUPT_ACTIVE);
		usleep(500);
	}
	return NULL;
}

static void *read_process(void *context)
{
	IDebugDataSpaces4 *process;
	void *failure = NULL;
	UCHAR byte;

	CLIENT(QueryInterface, &IID_IDebugDataSpaces4, (void **)&process);
	while (!over && !failure) {
		if (IDebugDataSpaces4_ReadVirtual(process, zoo.at->plain, &byte, 1, NULL) != S_OK ||
		    byte != zoo_byte(zoo.at->plain))
			failure = FAILURE("a read failed");
	}
	IDebugDataSpaces4_Release(process);
	return failure;
}

static void *make_clients(void *context)
{
	IDebugClient *client;

	while (!over) {
		if (CLIENT(CreateClient, &client) != S_OK || IDebugClient_Release(client))
			return FAILURE("a client could not come and go");
		usleep(100);
	}
	return NULL;
}

static void test_waits_in_a_crowd(void **state)
{
	pthread_t threads[3];

	over = false;
	threads[0] = start_thread(interrupt_often, NULL);
	threads[1] = start_thread(read_process, NULL);
	threads[2] = start_thread(make_clients, NULL);
	for (unsigned i = 0; i < 15; i++) {
		assert_int_equal(CONTROL(WaitForEvent, 0, INFINITE), S_OK);
		assert_int_equal(debugger_status(&debugger), DEBUG_STATUS_BREAK);
	}
	over = true;
	for (size_t i = 0; i < 3; i++)
		join_thread(threads[i]);
	debugger_end(&debugger);
	assert_true(counts());
}

#define TEST(test)         cmocka_unit_test_setup_teardown(test, start, end)
#define PROCESS_TEST(test) cmocka_unit_test_setup_teardown(test, start_process, end_process)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_crowd),
		TEST(test_search),
		TEST(test_unregister),
		TEST(test_release_while_told),
		PROCESS_TEST(test_release_while_waiting),
		PROCESS_TEST(test_release_while_dispatching),
		PROCESS_TEST(test_end_while_waiting),
		PROCESS_TEST(test_waits_in_a_crowd),
	};

	return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
