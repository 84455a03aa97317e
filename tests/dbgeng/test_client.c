/* SPDX-License-Identifier: Apache-2.0 */
/* test_client.c - DebugCreate, identity, references, complete tables, ids over several targets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dbgeng/client.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Every interface that a client answers for, and its slots. */
static const struct {
	const IID *iid;
	size_t slots;
} interfaces[] = {
	{ &IID_IUnknown, 3 },
	{ &IID_IDebugClient, 48 },
	{ &IID_IDebugClient2, 56 },
	{ &IID_IDebugClient3, 60 },
	{ &IID_IDebugClient4, 66 },
	{ &IID_IDebugClient5, 95 },
	{ &IID_IDebugClient6, 96 },
	{ &IID_IDebugClient7, 97 },
	{ &IID_IDebugControl, 95 },
	{ &IID_IDebugControl2, 103 },
	{ &IID_IDebugControl3, 116 },
	{ &IID_IDebugControl4, 169 },
	{ &IID_IDebugControl5, 174 },
	{ &IID_IDebugControl6, 176 },
	{ &IID_IDebugControl7, 177 },
	{ &IID_IDebugDataSpaces, 23 },
	{ &IID_IDebugDataSpaces2, 29 },
	{ &IID_IDebugDataSpaces3, 34 },
	{ &IID_IDebugDataSpaces4, 44 },
	{ &IID_IDebugSystemObjects, 32 },
	{ &IID_IDebugSystemObjects2, 37 },
	{ &IID_IDebugSystemObjects3, 46 },
	{ &IID_IDebugSystemObjects4, 48 },
	{ &IID_IDebugSymbols, 52 },
	{ &IID_IDebugSymbols2, 60 },
	{ &IID_IDebugSymbols3, 126 },
	{ &IID_IDebugSymbols4, 133 },
	{ &IID_IDebugSymbols5, 135 },
	{ &IID_IDebugAdvanced, 5 },
	{ &IID_IDebugAdvanced2, 10 },
	{ &IID_IDebugAdvanced3, 13 },
	{ &IID_IDebugAdvanced4, 14 },
	{ &IID_IDebugRegisters, 14 },
	{ &IID_IDebugRegisters2, 29 },
};

/* One object: the same IUnknown and the same count behind every interface. */
static void test_identity(void **state)
{
	IUnknown *unknown;
	IUnknown *other;
	IUnknown *interface;

	assert_int_equal(DebugCreate(&IID_IUnknown, (void **)&unknown), S_OK);
	for (size_t i = 0; i < COUNT(interfaces); i++) {
		assert_int_equal(unknown->lpVtbl->QueryInterface(unknown, interfaces[i].iid,
								 (void **)&interface),
				 S_OK);
		assert_int_equal(interface->lpVtbl->QueryInterface(interface, &IID_IUnknown,
								   (void **)&other),
				 S_OK);
		assert_ptr_equal(other, unknown);
		assert_int_equal(other->lpVtbl->AddRef(other), 4);
		assert_int_equal(interface->lpVtbl->Release(interface), 3);
		assert_int_equal(interface->lpVtbl->Release(interface), 2);
		assert_int_equal(interface->lpVtbl->Release(interface), 1);
	}
	assert_int_equal(unknown->lpVtbl->Release(unknown), 0);
}

static void test_unknown_interface(void **state)
{
	static const IID nobody = { 1, 2, 3, { 4, 5, 6, 7, 8, 9, 10, 11 } };
	IUnknown *unknown;
	void *object = &unknown;

	assert_int_equal(DebugCreate(&nobody, &object), E_NOINTERFACE);
	assert_null(object);
	assert_int_equal(DebugCreate(NULL, &object), E_INVALIDARG);
	assert_int_equal(DebugCreate(&IID_IUnknown, NULL), E_INVALIDARG);
	assert_int_equal(DebugCreate(&IID_IUnknown, (void **)&unknown), S_OK);
	/* Callbacks are the client's to implement. */
	object = &unknown;
	assert_int_equal(
		unknown->lpVtbl->QueryInterface(unknown, &IID_IDebugEventCallbacks, &object),
		E_NOINTERFACE);
	assert_null(object);
	assert_int_equal(unknown->lpVtbl->QueryInterface(unknown, NULL, &object), E_INVALIDARG);
	assert_int_equal(unknown->lpVtbl->QueryInterface(unknown, &IID_IUnknown, NULL),
			 E_INVALIDARG);
	assert_int_equal(unknown->lpVtbl->Release(unknown), 0);
}

static void test_complete_tables(void **state)
{
	IUnknown *unknown;

	for (size_t i = 0; i < COUNT(interfaces); i++) {
		void **table;

		assert_int_equal(DebugCreate(interfaces[i].iid, (void **)&unknown), S_OK);
		assert_true(tmi_dbgeng_is_client(unknown));
		table = *(void ***)unknown;
		for (size_t k = 0; k < interfaces[i].slots; k++)
			assert_non_null(table[k]);
		assert_int_equal(unknown->lpVtbl->Release(unknown), 0);
	}
}

static void test_options(void **state)
{
	IDebugControl *control;

	assert_int_equal(DebugCreateEx(&IID_IDebugControl, 0x01000000, (void **)&control),
			 E_INVALIDARG);
	assert_null(control);
	assert_int_equal(
		DebugCreateEx(&IID_IDebugControl, DEBUG_ENGOPT_INITIAL_BREAK, (void **)&control),
		S_OK);
	assert_int_equal(tmi_dbgeng_client_of(control)->session->options,
			 DEBUG_ENGOPT_INITIAL_BREAK);
	assert_int_equal(control->lpVtbl->Release(control), 0);
}

static void test_connect(void **state)
{
	static const IID nobody = { 1, 2, 3, { 4, 5, 6, 7, 8, 9, 10, 11 } };
	void *object = &object;

	assert_int_equal(DebugConnect("tcp:server=x", &IID_IDebugClient, &object), E_NOTIMPL);
	assert_null(object);
	assert_int_equal(DebugConnectWide(u"tcp:server=x", &IID_IDebugClient, &object), E_NOTIMPL);
	assert_int_equal(DebugConnect("tcp:server=x", &nobody, &object), E_NOINTERFACE);
	assert_int_equal(DebugConnect(NULL, &IID_IDebugClient, &object), E_INVALIDARG);
	assert_int_equal(DebugConnect("tcp:server=x", &IID_IDebugClient, NULL), E_INVALIDARG);
}

/* Ids of two targets never meet; the first one's are tmem's own. */
static void test_ids(void **state)
{
	struct tmi_dbgeng_session *session = tmi_dbgeng_session_new();
	struct tmi_dbgeng_system *first = tmi_dbgeng_system_add(session, "a", NULL, NULL, NULL);
	struct tmi_dbgeng_system *second = tmi_dbgeng_system_add(session, "b", NULL, NULL, NULL);
	struct tmi_dbgeng_system *found;
	ULONG id;

	first->ready = second->ready = true;
	for (ULONG i = 0; i < 10000; i += 7)
		assert_int_equal(tmi_dbgeng_engine_id(session, TMI_DBGENG_THREAD, first, i), i);
	for (ULONG i = 0; i < 10000; i += 7) {
		ULONG engine = tmi_dbgeng_engine_id(session, TMI_DBGENG_THREAD, second, i);

		assert_true(engine >= 10000);
		assert_true(tmi_dbgeng_tmem_id(session, TMI_DBGENG_THREAD, engine, &found, &id));
		assert_ptr_equal(found, second);
		assert_int_equal(id, i);
	}
	/* Of each kind apart. */
	assert_int_equal(tmi_dbgeng_engine_id(session, TMI_DBGENG_PROCESS, second, 3), 3);
	assert_int_equal(tmi_dbgeng_engine_id(session, TMI_DBGENG_PROCESS, second, DEBUG_ANY_ID),
			 DEBUG_ANY_ID);
	assert_false(tmi_dbgeng_tmem_id(session, TMI_DBGENG_THREAD, 1u << 30, &found, &id));
	tmi_dbgeng_system_remove(session, second, DEBUG_SESSION_END);
	assert_false(tmi_dbgeng_tmem_id(session, TMI_DBGENG_PROCESS, 3, &found, &id));
	tmi_dbgeng_session_free(session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity),        cmocka_unit_test(test_unknown_interface),
		cmocka_unit_test(test_complete_tables), cmocka_unit_test(test_options),
		cmocka_unit_test(test_connect),         cmocka_unit_test(test_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
