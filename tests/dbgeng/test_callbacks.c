/* SPDX-License-Identifier: Apache-2.0 */
/* test_callbacks.c - registration of callbacks: references, widths, refusals, counts. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dbgeng/output_log.h"

#define RPC_SERVER_GONE ((HRESULT)0x800706ba)

/* Event callbacks of either width that count; what an event says is other tests' business. */
static struct receiver {
	IDebugEventCallbacks narrow;
	IDebugEventCallbacksWide wide;
	ULONG references;
	ULONG interest;
	HRESULT interest_result;
	unsigned asked; /* calls of GetInterestMask */
	unsigned radix_changes;
	ULONG64 radix;
	HRESULT answer;
} receivers[2];

#define OF(This, member) ((struct receiver *)((char *)(This)-offsetof(struct receiver, member)))

static HRESULT ask(struct receiver *receiver, PULONG mask)
{
	receiver->asked++;
	*mask = receiver->interest;
	return receiver->interest_result;
}

static HRESULT change(struct receiver *receiver, ULONG flags, ULONG64 argument)
{
	if (flags == DEBUG_CES_RADIX) {
		receiver->radix_changes++;
		receiver->radix = argument;
	}
	return receiver->answer;
}

#define CALLBACKS(name, Interface)                                                                 \
	static ULONG name##_add_ref(Interface *This)                                               \
	{                                                                                          \
		return ++OF(This, name)->references;                                               \
	}                                                                                          \
	static ULONG name##_release(Interface *This)                                               \
	{                                                                                          \
		return --OF(This, name)->references;                                               \
	}                                                                                          \
	static HRESULT name##_interest(Interface *This, PULONG Mask)                               \
	{                                                                                          \
		return ask(OF(This, name), Mask);                                                  \
	}                                                                                          \
	static HRESULT name##_change(Interface *This, ULONG Flags, ULONG64 Argument)               \
	{                                                                                          \
		return change(OF(This, name), Flags, Argument);                                    \
	}                                                                                          \
	static const Interface##Vtbl name##_table = {                                              \
		.AddRef = name##_add_ref,                                                          \
		.Release = name##_release,                                                         \
		.GetInterestMask = name##_interest,                                                \
		.ChangeEngineState = name##_change,                                                \
	};

CALLBACKS(narrow, IDebugEventCallbacks)
CALLBACKS(wide, IDebugEventCallbacksWide)

static struct engine engine;

static int start(void **state)
{
	for (size_t i = 0; i < 2; i++)
		receivers[i] = (struct receiver){
			.narrow.lpVtbl = &narrow_table,
			.wide.lpVtbl = &wide_table,
			.references = 1,
			.interest = DEBUG_EVENT_CHANGE_ENGINE_STATE,
		};
	engine_start(&engine);
	return 0;
}

/* The client lets go of everything that it had. */
static int end(void **state)
{
	engine_close(&engine);
	return receivers[0].references != 1 || receivers[1].references != 1;
}

static void test_events(void **state)
{
	IDebugEventCallbacks *got = (void *)1;
	IDebugEventCallbacksWide *got_wide = (void *)1;

	assert_int_equal(IDebugClient7_GetEventCallbacks(engine.client, &got), S_OK);
	assert_null(got);
	assert_int_equal(IDebugClient7_SetEventCallbacks(engine.client, &receivers[0].narrow),
			 S_OK);
	assert_int_equal(receivers[0].references, 2);
	assert_int_equal(receivers[0].asked, 1);
	assert_int_equal(IDebugClient7_GetEventCallbacks(engine.client, &got), S_OK);
	assert_ptr_equal(got, &receivers[0].narrow);
	assert_int_equal(receivers[0].references, 3);
	narrow_release(got);
	assert_int_equal(IDebugClient7_GetEventCallbacksWide(engine.client, &got_wide), S_OK);
	assert_null(got_wide);
	/* The other width takes its place. */
	assert_int_equal(IDebugClient7_SetEventCallbacksWide(engine.client, &receivers[1].wide),
			 S_OK);
	assert_int_equal(receivers[0].references, 1);
	assert_int_equal(receivers[1].references, 2);
	assert_int_equal(IDebugClient7_GetEventCallbacks(engine.client, &got), S_OK);
	assert_null(got);
	/* The same object again is never without a reference. */
	assert_int_equal(IDebugClient7_SetEventCallbacksWide(engine.client, &receivers[1].wide),
			 S_OK);
	assert_int_equal(receivers[1].references, 2);
	assert_int_equal(IDebugClient7_SetEventCallbacks(engine.client, NULL), S_OK);
	assert_int_equal(receivers[1].references, 1);
	assert_int_equal(IDebugClient7_GetEventCallbacks(engine.client, NULL), E_INVALIDARG);
}

static void test_refused_interest(void **state)
{
	IDebugEventCallbacks *got;

	IDebugClient7_SetEventCallbacks(engine.client, &receivers[0].narrow);
	receivers[1].interest_result = E_NOTIMPL;
	assert_int_equal(IDebugClient7_SetEventCallbacks(engine.client, &receivers[1].narrow),
			 E_NOTIMPL);
	receivers[1].interest_result = S_FALSE;
	assert_int_equal(IDebugClient7_SetEventCallbacksWide(engine.client, &receivers[1].wide),
			 S_FALSE);
	assert_int_equal(receivers[1].references, 1);
	assert_int_equal(IDebugClient7_GetEventCallbacks(engine.client, &got), S_OK);
	assert_ptr_equal(got, &receivers[0].narrow);
	narrow_release(got);
}

/* Changes are told to those who asked; a connection that is gone is not tried again. */
static void test_told(void **state)
{
	struct engine other;

	engine_join(&engine, &other);
	IDebugClient7_SetEventCallbacks(engine.client, &receivers[0].narrow);
	IDebugClient7_SetEventCallbacksWide(other.client, &receivers[1].wide);
	assert_int_equal(IDebugControl7_SetRadix(other.control, 10), S_OK);
	assert_int_equal(receivers[0].radix_changes, 1);
	assert_int_equal(receivers[0].radix, 10);
	assert_int_equal(receivers[1].radix_changes, 1);
	assert_int_equal(IDebugControl7_SetRadix(other.control, 10), S_OK); /* no change */
	receivers[0].answer = RPC_SERVER_GONE;
	receivers[1].answer = E_NOTIMPL;
	assert_int_equal(IDebugControl7_SetRadix(engine.control, 8), S_OK);
	assert_int_equal(IDebugControl7_SetRadix(engine.control, 16), S_OK);
	assert_int_equal(receivers[0].radix_changes, 2);
	assert_int_equal(receivers[1].radix_changes, 3);
	/* Registered anew it is told again. */
	receivers[0].answer = S_OK;
	IDebugClient7_SetEventCallbacks(engine.client, &receivers[0].narrow);
	assert_int_equal(IDebugControl7_SetRadix(engine.control, 8), S_OK);
	assert_int_equal(receivers[0].radix_changes, 3);
	engine_close(&other);
}

static struct output_log outputs;

static void test_outputs(void **state)
{
	IDebugOutputCallbacks *got = (void *)1;
	IDebugOutputCallbacksWide *got_wide = (void *)1;

	output_log_init(&outputs);
	outputs.interest = DEBUG_OUTCBI_TEXT; /* the newer interface is there */
	assert_int_equal(IDebugClient7_SetOutputCallbacks(engine.client, &outputs.narrow), S_OK);
	assert_int_equal(outputs.references, 3); /* one for each of its interfaces */
	assert_int_equal(IDebugClient7_GetOutputCallbacksWide(engine.client, &got_wide), S_OK);
	assert_null(got_wide);
	assert_int_equal(IDebugClient7_GetOutputCallbacks(engine.client, &got), S_OK);
	assert_ptr_equal(got, &outputs.narrow);
	got->lpVtbl->Release(got);
	assert_int_equal(IDebugClient7_SetOutputCallbacksWide(engine.client, &outputs.wide), S_OK);
	assert_int_equal(outputs.references, 2);
	assert_int_equal(IDebugClient7_GetOutputCallbacksWide(engine.client, &got_wide), S_OK);
	assert_ptr_equal(got_wide, &outputs.wide);
	got_wide->lpVtbl->Release(got_wide);
	assert_int_equal(IDebugClient7_SetOutputCallbacksWide(engine.client, NULL), S_OK);
	assert_int_equal(outputs.references, 1);
}

static void test_lost_output(void **state)
{
	output_log_init(&outputs);
	IDebugClient7_SetOutputCallbacks(engine.client, &outputs.narrow);
	outputs.answer = E_FAIL;
	IDebugControl7_Output(engine.control, DEBUG_OUTPUT_NORMAL, "a");
	outputs.answer = RPC_SERVER_GONE;
	IDebugControl7_Output(engine.control, DEBUG_OUTPUT_NORMAL, "b");
	IDebugControl7_Output(engine.control, DEBUG_OUTPUT_NORMAL, "c");
	assert_output(&outputs, "ab");
	IDebugClient7_SetOutputCallbacks(engine.client, NULL);
}

/* What a callback tried, and what it was told. */
static HRESULT set_inside, get_inside;
static ULONG released_inside;

static void register_inside(void *context)
{
	PDEBUG_OUTPUT_CALLBACKS got;

	set_inside = IDebugClient7_SetOutputCallbacks(engine.client, NULL);
	get_inside = IDebugClient7_GetOutputCallbacks(engine.client, &got);
	got->lpVtbl->Release(got);
}

static void release_inside(void *context)
{
	struct engine *other = context;

	released_inside = IDebugControl7_Release(other->control);
	IDebugClient7_Release(other->client);
}

static void test_inside_output(void **state)
{
	static struct output_log last;
	struct engine other;

	output_log_init(&outputs);
	IDebugClient7_SetOutputCallbacks(engine.client, &outputs.narrow);
	outputs.inside = register_inside;
	IDebugControl7_Output(engine.control, DEBUG_OUTPUT_NORMAL, "a");
	assert_int_equal(set_inside, E_UNEXPECTED);
	assert_int_equal(get_inside, S_OK);
	/* A callback that gives back the client which would come next. */
	engine_join(&engine, &other);
	output_log_init(&last);
	IDebugClient7_SetOutputCallbacks(other.client, &last.narrow);
	outputs.inside = release_inside;
	outputs.context = &other;
	IDebugControl7_Output(engine.control, DEBUG_OUTPUT_NORMAL, "b");
	outputs.inside = NULL;
	assert_int_equal(last.references, 1);
	assert_output(&outputs, "ab");
	assert_output(&last, "");
	IDebugClient7_SetOutputCallbacks(engine.client, NULL);
}

static ULONG input_references = 1;

static ULONG input_add_ref(IDebugInputCallbacks *This)
{
	return ++input_references;
}

static ULONG input_release(IDebugInputCallbacks *This)
{
	return --input_references;
}

static const IDebugInputCallbacksVtbl input_table = {
	.AddRef = input_add_ref,
	.Release = input_release,
};

static void test_counts(void **state)
{
	IDebugInputCallbacks input = { &input_table };
	IDebugInputCallbacks *got;
	struct engine other;
	ULONG count = 9;

	engine_join(&engine, &other);
	assert_int_equal(IDebugClient7_GetNumberEventCallbacks(engine.client, ~0u, &count), S_OK);
	assert_int_equal(count, 0);
	IDebugClient7_SetEventCallbacks(engine.client, &receivers[0].narrow);
	receivers[1].interest = ~0u;
	IDebugClient7_SetEventCallbacksWide(other.client, &receivers[1].wide);
	IDebugClient7_GetNumberEventCallbacks(engine.client, DEBUG_EVENT_CHANGE_ENGINE_STATE,
					      &count);
	assert_int_equal(count, 2);
	IDebugClient7_GetNumberEventCallbacks(engine.client, DEBUG_EVENT_EXCEPTION, &count);
	assert_int_equal(count, 1);
	assert_int_equal(IDebugClient7_SetInputCallbacks(other.client, &input), S_OK);
	assert_int_equal(IDebugClient7_GetNumberInputCallbacks(engine.client, &count), S_OK);
	assert_int_equal(count, 1);
	assert_int_equal(IDebugClient7_GetInputCallbacks(other.client, &got), S_OK);
	assert_ptr_equal(got, &input);
	assert_int_equal(input_references, 3);
	input_release(got);
	assert_int_equal(IDebugClient7_GetNumberOutputCallbacks(engine.client, &count), S_OK);
	assert_int_equal(count, 0);
	assert_int_equal(IDebugClient7_GetNumberOutputCallbacks(engine.client, NULL), E_INVALIDARG);
	engine_close(&other);
	assert_int_equal(input_references, 1);
	IDebugClient7_GetNumberEventCallbacks(engine.client, ~0u, &count);
	assert_int_equal(count, 1);
}

static void test_width(void **state)
{
	ULONG columns;

	assert_int_equal(IDebugClient7_GetOutputWidth(engine.client, &columns), S_OK);
	assert_int_equal(columns, 80);
	assert_int_equal(IDebugClient7_SetOutputWidth(engine.client, 132), S_OK);
	assert_int_equal(IDebugClient7_GetOutputWidth(engine.client, &columns), S_OK);
	assert_int_equal(columns, 132);
	assert_int_equal(IDebugClient7_SetOutputWidth(engine.client, 0), E_INVALIDARG);
	assert_int_equal(IDebugClient7_CreateClient(engine.client, NULL), E_INVALIDARG);
}

/* An object without a state, for clients that come and go while others print. */
static ULONG stateless(IDebugOutputCallbacks *This)
{
	return 1;
}

static HRESULT refuse(IDebugOutputCallbacks *This, REFIID InterfaceId, PVOID *Interface)
{
	return E_NOINTERFACE;
}

static HRESULT drop(IDebugOutputCallbacks *This, ULONG Mask, PCSTR Text)
{
	return S_OK;
}

static void *come_and_go(void *context)
{
	static const IDebugOutputCallbacksVtbl table = { refuse, stateless, stateless, drop };
	static IDebugOutputCallbacks object = { &table };
	IDebugClient *client;

	for (unsigned i = 0; i < 3000; i++) {
		if (IDebugClient7_CreateClient(engine.client, &client) != S_OK)
			return context;
		IDebugClient_SetOutputCallbacks(client, &object);
		if (IDebugClient_Release(client) > 1)
			return context;
	}
	return NULL;
}

static void test_clients_come_and_go(void **state)
{
	pthread_t threads[2];
	void *failed;

	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, state), 0);
	for (unsigned i = 0; i < 3000; i++)
		assert_int_equal(IDebugControl7_Output(engine.control, DEBUG_OUTPUT_NORMAL, "x"),
				 S_OK);
	for (size_t i = 0; i < 2; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_events),
		TEST(test_refused_interest),
		TEST(test_told),
		TEST(test_outputs),
		TEST(test_lost_output),
		TEST(test_inside_output),
		TEST(test_counts),
		TEST(test_width),
		TEST(test_clients_come_and_go),
	};

	return cmocka_run_group_tests_name("callbacks", tests, NULL, NULL);
}
