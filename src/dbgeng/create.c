/* SPDX-License-Identifier: Apache-2.0 */
/* create.c - the four functions that libdbgeng.so exports. */
#include "dbgeng/client.h"

#define EXPORT __attribute__((visibility("default")))

/* What every function checks before anything else. */
static HRESULT check(REFIID InterfaceId, PVOID *Interface)
{
	if (!Interface)
		return E_INVALIDARG;
	*Interface = NULL;
	return InterfaceId ? S_OK : E_INVALIDARG;
}

EXPORT HRESULT DebugCreateEx(REFIID InterfaceId, ULONG DbgEngOptions, PVOID *Interface)
{
	struct tmi_dbgeng_session *session;
	struct tmi_dbgeng_client *client;
	HRESULT result = check(InterfaceId, Interface);

	if (FAILED(result))
		return result;
	if (DbgEngOptions & ~(ULONG)DEBUG_ENGOPT_ALL)
		return E_INVALIDARG;
	session = tmi_dbgeng_session_new();
	if (!session)
		return E_OUTOFMEMORY;
	atomic_init(&session->options, DbgEngOptions);
	client = tmi_dbgeng_client_new(session);
	if (!client) {
		tmi_dbgeng_session_free(session);
		return E_OUTOFMEMORY;
	}
	result = tmi_dbgeng_client_query(client, InterfaceId, Interface);
	tmi_dbgeng_client_release(client);
	return result;
}

EXPORT HRESULT DebugCreate(REFIID InterfaceId, PVOID *Interface)
{
	return DebugCreateEx(InterfaceId, 0, Interface);
}

/* There is no server to connect with; the interface id is checked as it would be. */
static HRESULT connect_to(const void *options, REFIID InterfaceId, PVOID *Interface)
{
	PVOID object;
	HRESULT result = check(InterfaceId, Interface);

	if (FAILED(result))
		return result;
	if (!options)
		return E_INVALIDARG;
	result = DebugCreate(InterfaceId, &object);
	if (FAILED(result))
		return result;
	tmi_dbgeng_client_release(tmi_dbgeng_client_of(object));
	return E_NOTIMPL;
}

EXPORT HRESULT DebugConnect(PCSTR RemoteOptions, REFIID InterfaceId, PVOID *Interface)
{
	return connect_to(RemoteOptions, InterfaceId, Interface);
}

EXPORT HRESULT DebugConnectWide(PCWSTR RemoteOptions, REFIID InterfaceId, PVOID *Interface)
{
	return connect_to(RemoteOptions, InterfaceId, Interface);
}
