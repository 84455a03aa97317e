/* SPDX-License-Identifier: Apache-2.0 */
/* sink.c - see sink.h. */
#include "dbgeng/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static HRESULT query_interface(IDebugEventCallbacks *This, REFIID InterfaceId, PVOID *Interface)
{
	*Interface = This;
	return S_OK;
}

static ULONG count_nothing(IDebugEventCallbacks *This)
{
	return 1;
}

static HRESULT get_interest_mask(IDebugEventCallbacks *This, PULONG Mask)
{
	*Mask = ((struct sink *)This)->interest;
	return S_OK;
}

static HRESULT change(IDebugEventCallbacks *This, ULONG Flags, ULONG64 Argument)
{
	((struct sink *)This)->told(Flags, Argument);
	return S_OK;
}

void sink_start(struct sink *sink, void *client, ULONG interest,
		void (*told)(ULONG flags, ULONG64 argument))
{
	static const IDebugEventCallbacksVtbl table = {
		.QueryInterface = query_interface,
		.AddRef = count_nothing,
		.Release = count_nothing,
		.GetInterestMask = get_interest_mask,
		.ChangeDebuggeeState = change,
		.ChangeEngineState = change,
		.ChangeSymbolState = change,
	};

	*sink = (struct sink){ { &table }, interest, told };
	assert_int_equal(IDebugClient_SetEventCallbacks((IDebugClient *)client, &sink->object),
			 S_OK);
}
