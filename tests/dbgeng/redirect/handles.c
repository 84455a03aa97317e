/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handles.c - a session with one client for each handle, over this very handle.
 *
 * A session tells its clients of events when a call of its own ends. Two handles on one target are
 * two sessions here, so whoever changes something lets every other session tell what it was told.
 */
#include "handles.h"

#include <stdio.h>
#include <stdlib.h>

struct handle {
	struct handle *next;
	tmem_target *target;
	struct tmi_dbgeng_client *client;
	struct redirect_interfaces interfaces;
};

static struct handle *handles;

/* A client without a target: its tables serve the calls without an object. */
static struct redirect_interfaces nobody;

/* Calls by function; direct ones are those that a method cannot express. */
static struct count {
	const char *name;
	unsigned long through;
	unsigned long direct;
} counts[REDIRECT_FUNCTIONS] = {
#define X(name) { "tmem_" #name, 0, 0 },
#include "redirect.def"
#undef X
};

/* Functions that change something and have no method. */
static struct count changes[16];

/* The last method refused its arguments, perhaps without asking the C API. */
static bool refused;

static void *query(struct tmi_dbgeng_client *client, REFIID iid)
{
	PVOID object = NULL;

	if (FAILED(tmi_dbgeng_client_query(client, iid, &object)))
		fail_msg("a client lacks an interface");
	/* The client is kept by its own reference. */
	tmi_dbgeng_client_release(client);
	return object;
}

static struct tmi_dbgeng_client *new_client(struct redirect_interfaces *interfaces)
{
	struct tmi_dbgeng_session *session = tmi_dbgeng_session_new();
	struct tmi_dbgeng_client *client = session ? tmi_dbgeng_client_new(session) : NULL;

	if (!client)
		fail_msg("no memory for a client");
	interfaces->client = query(client, &IID_IDebugClient5);
	interfaces->control = query(client, &IID_IDebugControl4);
	interfaces->data_spaces = query(client, &IID_IDebugDataSpaces4);
	interfaces->system_objects = query(client, &IID_IDebugSystemObjects4);
	interfaces->symbols = query(client, &IID_IDebugSymbols3);
	return client;
}

/* Gives an open handle to a session, which owns it from now on. */
static void deliver(struct handle *handle, const char *spec, const char *options)
{
	struct tmi_dbgeng_session *session = handle->client->session;
	struct tmi_dbgeng_system *system;
	struct tmi_dbgeng_call call;
	HRESULT result = tmi_dbgeng_enter(handle->interfaces.client, 0, &call);

	if (FAILED(result))
		fail_msg("a new session cannot be entered");
	system = tmi_dbgeng_system_add(session, spec, options, NULL, handle->target);
	result = system ? tmi_dbgeng_system_deliver(session, system) : E_OUTOFMEMORY;
	/* Nobody listens yet: what a session begins with is told to no check. */
	result = tmi_dbgeng_leave(&call, result);
	if (FAILED(result))
		fail_msg("the target is not delivered: %08x", (unsigned)result);
}

static void add_handle(tmem_target *target, const char *spec, const char *options)
{
	struct handle *handle = calloc(1, sizeof(*handle));

	if (!handle)
		abort();
	handle->target = target;
	handle->client = new_client(&handle->interfaces);
	deliver(handle, spec, options);
	handle->next = handles;
	handles = handle;
}

static struct handle **find(const tmem_target *target)
{
	struct handle **link = &handles;

	while (*link && (*link)->target != target)
		link = &(*link)->next;
	return link;
}

struct redirect_object redirect_object(tmem_target *target)
{
	struct handle *handle = *find(target);

	if (target && !handle)
		fail_msg("a handle that was not opened here");
	if (handle)
		return (struct redirect_object){ handle->interfaces, handle->interfaces,
						 handle->client->session->current->kernel };
	if (!nobody.client)
		new_client(&nobody);
	return (struct redirect_object){ .tables = nobody };
}

/* Lets the sessions that were told of something tell it to their clients. */
static void tell_all(void)
{
	struct tmi_dbgeng_call call;

	for (struct handle *handle = handles; handle; handle = handle->next) {
		if (!handle->client->session->event_count || tmi_dbgeng_in_callback())
			continue;
		if (SUCCEEDED(tmi_dbgeng_enter(handle->interfaces.client, 0, &call)))
			tmi_dbgeng_leave(&call, S_OK);
	}
}

tmem_status redirect_result(enum redirect_function function, HRESULT result)
{
	counts[function].through++;
	tell_all();
	refused = result == E_INVALIDARG || result == E_UNEXPECTED;
	return (tmem_status)result;
}

tmem_status redirect_direct(enum redirect_function function, tmem_status status)
{
	counts[function].direct++;
	tell_all();
	refused = false;
	return status;
}

ULONG redirect_narrow(uint64_t size)
{
	if (!redirect_fits(size))
		fail_msg("%llx does not fit into an argument of a method",
			 (unsigned long long)size);
	return (ULONG)size;
}

bool redirect_may_change(void)
{
	return !tmi_dbgeng_in_callback();
}

tmem_status redirect_changed(const char *name, tmem_status status)
{
	struct count *count = changes;

	while (count->name && strcmp(count->name, name))
		count++;
	count->name = name;
	count->direct++;
	tell_all();
	refused = false;
	return status;
}

tmem_status redirect_open(const char *spec, const char *options, tmem_target **target)
{
	tmem_status status = tmem_open(spec, options, target);

	refused = false;
	if (!TMEM_FAILED(status))
		add_handle(*target, spec, options);
	return status;
}

/* A handle of its own has a current process of its own: another session. */
tmem_status redirect_target_dup(tmem_target *target, tmem_target **duplicate)
{
	tmem_status status = tmem_target_dup(target, duplicate);

	if (!TMEM_FAILED(status))
		add_handle(*duplicate, "duplicate", NULL);
	return status;
}

/* Ends the session; what it tells then is nothing that a closed handle tells. */
tmem_status redirect_close(tmem_target *target)
{
	struct handle **link = find(target);
	struct handle *handle = *link;
	HRESULT result;

	if (!handle)
		return DIRECT(close, target);
	if (!tmi_dbgeng_in_callback())
		IDebugClient_SetEventCallbacks(handle->interfaces.client, NULL);
	result = IDebugClient_EndSession(handle->interfaces.client, DEBUG_END_ACTIVE_DETACH);
	if (FAILED(result))
		return redirect_result(REDIRECT_close, result);
	*link = handle->next;
	tmi_dbgeng_client_release(handle->client);
	free(handle);
	return redirect_result(REDIRECT_close, S_OK);
}

/* A method has no words for what it refuses by itself; the C API has for everything else. */
const char *redirect_last_error(tmem_target *target)
{
	const char *text = tmem_last_error(target);

	return *text || !refused ? text : "refused by a method";
}

bool redirect_report(bool everything)
{
	bool complete = true;

	printf("%-52s %12s %8s\n", "calls of", "interfaces", "direct");
	for (size_t i = 0; i < REDIRECT_FUNCTIONS; i++) {
		printf("%-52s %12lu %8lu\n", counts[i].name, counts[i].through, counts[i].direct);
		if (everything && !counts[i].through) {
			printf("%s never came through the interfaces\n", counts[i].name);
			complete = false;
		}
	}
	for (const struct count *count = changes; count->name; count++)
		printf("%-52s %12s %8lu\n", count->name, "no method", count->direct);
	if (nobody.client)
		IDebugClient_Release(nobody.client);
	return complete;
}
