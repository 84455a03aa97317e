/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.c - tmem_set_event_callbacks() as SetEventCallbacks: an object that calls the functions.
 *
 * The handle's own callbacks belong to the session, which would hear nothing any more if a check
 * replaced them.
 */
#include <stdlib.h>

#include "handles.h"

struct listener {
	IDebugEventCallbacks object; /* first: the object is the listener */
	_Atomic ULONG references;
	struct tmem_event_callbacks callbacks;
};

static struct listener *of(IDebugEventCallbacks *This)
{
	return (struct listener *)This;
}

static ULONG add_ref(IDebugEventCallbacks *This)
{
	return ++of(This)->references;
}

static ULONG release(IDebugEventCallbacks *This)
{
	ULONG left = --of(This)->references;

	if (!left)
		free(of(This));
	return left;
}

static HRESULT query_interface(IDebugEventCallbacks *This, REFIID InterfaceId, PVOID *Interface)
{
	*Interface = NULL;
	if (!IsEqualIID(InterfaceId, &IID_IUnknown) &&
	    !IsEqualIID(InterfaceId, &IID_IDebugEventCallbacks))
		return E_NOINTERFACE;
	add_ref(This);
	*Interface = This;
	return S_OK;
}

static HRESULT get_interest_mask(IDebugEventCallbacks *This, PULONG Mask)
{
	*Mask = of(This)->callbacks.interest_mask;
	return S_OK;
}

static HRESULT change_debuggee_state(IDebugEventCallbacks *This, ULONG Flags, ULONG64 Argument)
{
	const struct tmem_event_callbacks *callbacks = &of(This)->callbacks;

	if (callbacks->change_debuggee_state)
		callbacks->change_debuggee_state(callbacks->context, Flags, Argument);
	return S_OK;
}

static HRESULT change_engine_state(IDebugEventCallbacks *This, ULONG Flags, ULONG64 Argument)
{
	const struct tmem_event_callbacks *callbacks = &of(This)->callbacks;

	if (callbacks->change_engine_state)
		callbacks->change_engine_state(callbacks->context, Flags, Argument);
	return S_OK;
}

static HRESULT session_status(IDebugEventCallbacks *This, ULONG Status)
{
	return S_OK;
}

static HRESULT change_symbol_state(IDebugEventCallbacks *This, ULONG Flags, ULONG64 Argument)
{
	return S_OK;
}

/* Events of breakpoints, threads, processes and modules have no function and do not occur. */
static const IDebugEventCallbacksVtbl table = {
	.QueryInterface = query_interface,
	.AddRef = add_ref,
	.Release = release,
	.GetInterestMask = get_interest_mask,
	.SessionStatus = session_status,
	.ChangeDebuggeeState = change_debuggee_state,
	.ChangeEngineState = change_engine_state,
	.ChangeSymbolState = change_symbol_state,
};

static struct listener *new_listener(const struct tmem_event_callbacks *callbacks)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (!listener)
		abort();
	listener->object.lpVtbl = &table;
	listener->references = 1;
	listener->callbacks = *callbacks;
	return listener;
}

tmem_status redirect_set_event_callbacks(tmem_target *target,
					 const struct tmem_event_callbacks *callbacks)
{
	struct redirect_object object = redirect_object(target);
	struct listener *listener = NULL;
	HRESULT result;

	/* A bad structure is nothing that an object can have. */
	if (callbacks && callbacks->size < sizeof(*callbacks))
		return DIRECT(set_event_callbacks, target, callbacks);
	if (callbacks)
		listener = new_listener(callbacks);
	result = CALL(object, client, SetEventCallbacks, listener ? &listener->object : NULL);
	if (listener)
		release(&listener->object);
	return redirect_result(REDIRECT_set_event_callbacks, result);
}

tmem_status redirect_get_event_callbacks(tmem_target *target,
					 struct tmem_event_callbacks *callbacks)
{
	struct redirect_object object = redirect_object(target);
	IDebugEventCallbacks *registered = NULL;
	HRESULT result;

	if (!callbacks || callbacks->size < sizeof(*callbacks))
		return DIRECT(get_event_callbacks, target, callbacks);
	result = CALL(object, client, GetEventCallbacks, &registered);
	*callbacks = (struct tmem_event_callbacks){ .size = sizeof(*callbacks) };
	if (registered) {
		*callbacks = of(registered)->callbacks;
		release(registered);
	}
	return redirect_result(REDIRECT_get_event_callbacks, result);
}
