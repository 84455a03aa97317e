/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_callbacks.c - which callbacks a client has; clients of the same session.
 *
 * The new object is referenced before the old one is let go, and that happens with no lock held:
 * the last reference may run code of the program.
 */
#include "dbgeng/client.h"
#include "dbgeng/output.h"

#define ADD_REF(object)                                                                            \
	do {                                                                                       \
		if (object)                                                                        \
			(object)->lpVtbl->AddRef(object);                                          \
	} while (0)

#define RELEASE(object)                                                                            \
	do {                                                                                       \
		if (object)                                                                        \
			(object)->lpVtbl->Release(object);                                         \
	} while (0)

/* Stores the client's FIELD, with a reference for the caller; NULL where there is none. */
#define GET_CALLBACKS(FIELD)                                                                       \
	struct tmi_dbgeng_call call;                                                               \
	HRESULT result;                                                                            \
                                                                                                   \
	if (!Callbacks)                                                                            \
		return E_INVALIDARG;                                                               \
	*Callbacks = NULL;                                                                         \
	result = tmi_dbgeng_enter(This, 0, &call);                                                 \
	if (FAILED(result))                                                                        \
		return result;                                                                     \
	*Callbacks = call.client->FIELD;                                                           \
	ADD_REF(*Callbacks);                                                                       \
	return tmi_dbgeng_leave(&call, S_OK)

/*
 * Waits until no event callback of the client runs any more: the object that it had may go. It is
 * never one of this thread's, from whose inside nothing is registered.
 */
static void wait_for_callbacks(struct tmi_dbgeng_client *client)
{
	struct tmi_dbgeng_session *session = client->session;

	pthread_mutex_lock(&session->wake_lock);
	while (client->told)
		pthread_cond_wait(&session->wake, &session->wake_lock);
	pthread_mutex_unlock(&session->wake_lock);
}

/* Registers one object, of whichever width, or none. */
static HRESULT replace_events(void *This, IDebugEventCallbacks *events,
			      IDebugEventCallbacksWide *wide)
{
	struct tmi_dbgeng_call call;
	IDebugEventCallbacks *old;
	IDebugEventCallbacksWide *old_wide;
	ULONG interest = 0;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_CHANGES, &call);

	if (FAILED(result))
		return result;
	tmi_dbgeng_callback_begin();
	if (events)
		result = events->lpVtbl->GetInterestMask(events, &interest);
	else if (wide)
		result = wide->lpVtbl->GetInterestMask(wide, &interest);
	if (result == S_OK) {
		ADD_REF(events);
		ADD_REF(wide);
	}
	tmi_dbgeng_callback_end();
	if (result != S_OK)
		return tmi_dbgeng_leave(&call, result);
	pthread_mutex_lock(&call.session->wake_lock);
	old = call.client->events;
	old_wide = call.client->events_wide;
	call.client->events = events;
	call.client->events_wide = wide;
	call.client->interest = interest;
	call.client->disabled = false;
	pthread_mutex_unlock(&call.session->wake_lock);
	tmi_dbgeng_client_pin(call.client);
	tmi_dbgeng_leave(&call, S_OK);
	wait_for_callbacks(call.client);
	RELEASE(old);
	RELEASE(old_wide);
	tmi_dbgeng_client_unpin(call.client);
	return S_OK;
}

static HRESULT set_event_callbacks(IDebugClient7 *This, PDEBUG_EVENT_CALLBACKS Callbacks)
{
	return replace_events(This, Callbacks, NULL);
}

static HRESULT set_event_callbacks_wide(IDebugClient7 *This, PDEBUG_EVENT_CALLBACKS_WIDE Callbacks)
{
	return replace_events(This, NULL, Callbacks);
}

static HRESULT get_event_callbacks(IDebugClient7 *This, PDEBUG_EVENT_CALLBACKS *Callbacks)
{
	GET_CALLBACKS(events);
}

static HRESULT get_event_callbacks_wide(IDebugClient7 *This, PDEBUG_EVENT_CALLBACKS_WIDE *Callbacks)
{
	GET_CALLBACKS(events_wide);
}

/* The object's newer version with a reference, or NULL when it has none. */
static IDebugOutputCallbacks2 *query_output2(IDebugOutputCallbacks *output)
{
	PVOID newer = NULL;

	if (!output)
		return NULL;
	tmi_dbgeng_callback_begin();
	if (FAILED(output->lpVtbl->QueryInterface(output, &IID_IDebugOutputCallbacks2, &newer)))
		newer = NULL;
	tmi_dbgeng_callback_end();
	return newer;
}

static HRESULT replace_output(void *This, IDebugOutputCallbacks *output,
			      IDebugOutputCallbacksWide *wide)
{
	struct tmi_dbgeng_call call;
	struct tmi_dbgeng_client old;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_CHANGES, &call);

	if (FAILED(result))
		return result;
	ADD_REF(output);
	ADD_REF(wide);
	old.output = call.client->output;
	old.output_wide = call.client->output_wide;
	old.output2 = call.client->output2;
	call.client->output = output;
	call.client->output_wide = wide;
	call.client->output2 = query_output2(output);
	call.client->line_begun = false;
	call.client->disabled = false;
	tmi_dbgeng_leave(&call, S_OK);
	RELEASE(old.output);
	RELEASE(old.output_wide);
	RELEASE(old.output2);
	return S_OK;
}

static HRESULT set_output_callbacks(IDebugClient7 *This, PDEBUG_OUTPUT_CALLBACKS Callbacks)
{
	return replace_output(This, Callbacks, NULL);
}

static HRESULT set_output_callbacks_wide(IDebugClient7 *This,
					 PDEBUG_OUTPUT_CALLBACKS_WIDE Callbacks)
{
	return replace_output(This, NULL, Callbacks);
}

static HRESULT get_output_callbacks(IDebugClient7 *This, PDEBUG_OUTPUT_CALLBACKS *Callbacks)
{
	GET_CALLBACKS(output);
}

static HRESULT get_output_callbacks_wide(IDebugClient7 *This,
					 PDEBUG_OUTPUT_CALLBACKS_WIDE *Callbacks)
{
	GET_CALLBACKS(output_wide);
}

static HRESULT set_input_callbacks(IDebugClient7 *This, PDEBUG_INPUT_CALLBACKS Callbacks)
{
	struct tmi_dbgeng_call call;
	IDebugInputCallbacks *old;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_CHANGES, &call);

	if (FAILED(result))
		return result;
	ADD_REF(Callbacks);
	old = call.client->input;
	call.client->input = Callbacks;
	tmi_dbgeng_leave(&call, S_OK);
	RELEASE(old);
	return S_OK;
}

static HRESULT get_input_callbacks(IDebugClient7 *This, PDEBUG_INPUT_CALLBACKS *Callbacks)
{
	GET_CALLBACKS(input);
}

static bool has_input(const struct tmi_dbgeng_client *client, ULONG flags)
{
	return client->input != NULL;
}

static bool has_output(const struct tmi_dbgeng_client *client, ULONG flags)
{
	return client->output || client->output_wide;
}

static bool has_events(const struct tmi_dbgeng_client *client, ULONG flags)
{
	return (client->events || client->events_wide) && (client->interest & flags);
}

/* The clients of the session that @has says yes to. */
static HRESULT count_clients(void *This, bool (*has)(const struct tmi_dbgeng_client *, ULONG),
			     ULONG flags, PULONG Count)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!Count)
		return E_INVALIDARG;
	*Count = 0;
	result = tmi_dbgeng_enter(This, 0, &call);
	if (FAILED(result))
		return result;
	for (struct tmi_dbgeng_client *client = call.session->clients; client;
	     client = client->next)
		*Count += has(client, flags);
	return tmi_dbgeng_leave(&call, S_OK);
}

static HRESULT get_number_input_callbacks(IDebugClient7 *This, PULONG Count)
{
	return count_clients(This, has_input, 0, Count);
}

static HRESULT get_number_output_callbacks(IDebugClient7 *This, PULONG Count)
{
	return count_clients(This, has_output, 0, Count);
}

static HRESULT get_number_event_callbacks(IDebugClient7 *This, ULONG EventFlags, PULONG Count)
{
	return count_clients(This, has_events, EventFlags, Count);
}

static HRESULT create_client(IDebugClient7 *This, PDEBUG_CLIENT *Client)
{
	struct tmi_dbgeng_call call;
	struct tmi_dbgeng_client *client;
	HRESULT result;

	if (!Client)
		return E_INVALIDARG;
	*Client = NULL;
	result = tmi_dbgeng_enter(This, 0, &call);
	if (FAILED(result))
		return result;
	client = tmi_dbgeng_client_new(call.session);
	if (client)
		*Client = (PDEBUG_CLIENT)&client->faces[TMI_DBGENG_CLIENT];
	return tmi_dbgeng_leave(&call, client ? S_OK : E_OUTOFMEMORY);
}

static HRESULT flush_callbacks(IDebugClient7 *This)
{
	struct tmi_dbgeng_call call;
	HRESULT result = tmi_dbgeng_enter(This, 0, &call);

	if (FAILED(result))
		return result;
	tmi_dbgeng_flush_output(call.client);
	return tmi_dbgeng_leave(&call, S_OK);
}

const IDebugClient7Vtbl tmi_dbgeng_part_client_callbacks = {
	.CreateClient = create_client,
	.GetInputCallbacks = get_input_callbacks,
	.SetInputCallbacks = set_input_callbacks,
	.GetOutputCallbacks = get_output_callbacks,
	.SetOutputCallbacks = set_output_callbacks,
	.GetOutputCallbacksWide = get_output_callbacks_wide,
	.SetOutputCallbacksWide = set_output_callbacks_wide,
	.GetEventCallbacks = get_event_callbacks,
	.SetEventCallbacks = set_event_callbacks,
	.GetEventCallbacksWide = get_event_callbacks_wide,
	.SetEventCallbacksWide = set_event_callbacks_wide,
	.FlushCallbacks = flush_callbacks,
	.GetNumberInputCallbacks = get_number_input_callbacks,
	.GetNumberOutputCallbacks = get_number_output_callbacks,
	.GetNumberEventCallbacks = get_number_event_callbacks,
};
