/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dbgeng.h - the interfaces of Microsoft's debugger engine, for programs on Linux.
 *
 * A program that was written to Microsoft's dbgeng.h is compiled against this one and linked with
 * libdbgeng.so (pkg-config dbgeng). Interfaces, slots, ids, constants and layouts are the same;
 * what is behind them is tmem. docs/dbgeng.md says which methods are offered, and what they do
 * where Linux is not Windows.
 *
 * C++:	IDebugClient *client;
 *	HRESULT hr = DebugCreate(__uuidof(IDebugClient), (void **)&client);
 *	hr = client->OpenDumpFile("core.1234");
 * C:	IDebugClient *client;
 *	HRESULT hr = DebugCreate(&IID_IDebugClient, (void **)&client);
 *	hr = client->lpVtbl->OpenDumpFile(client, "core.1234");
 *	hr = IDebugClient_OpenDumpFile(client, "core.1234");	(the same)
 *
 * Every method may be called from any thread: a session answers one call at a time, except
 * GetInterrupt, SetInterrupt, GetExecutionStatus, the four methods of engine options and
 * ExitDispatch, which answer at once. Numbers of characters and of UTF-16 units include the NUL.
 */
#ifndef DBGENG_H
#define DBGENG_H

#include <dbgeng/windows.h>

#ifdef __cplusplus
extern "C" {
#endif

#include <dbgeng/constants.h>
#include <dbgeng/iids.h>
#include <dbgeng/structures.h>

/* A 32-bit address as the interfaces have it: the sign is extended to 64 bits. */
#define DEBUG_EXTEND64(Addr) ((ULONG64)(LONG64)(LONG)(Addr))

/*
 * DebugCreate() - makes a client with a session of its own.
 * @InterfaceId: the interface that is wanted: any that QueryInterface of a client answers.
 * @Interface: receives it, with one reference; NULL on failure.
 *
 * CreateClient makes further clients of the same session. Any thread may call it.
 * Returns S_OK; E_NOINTERFACE unknown @InterfaceId; E_INVALIDARG a pointer is NULL;
 * E_OUTOFMEMORY.
 */
HRESULT DebugCreate(REFIID InterfaceId, PVOID *Interface);

/*
 * DebugCreateEx() - the same with options of the engine.
 * @DbgEngOptions: DEBUG_ENGOPT_ bits that the session begins with.
 * Returns as DebugCreate(); E_INVALIDARG also for unknown bits.
 */
HRESULT DebugCreateEx(REFIID InterfaceId, ULONG DbgEngOptions, PVOID *Interface);

/*
 * DebugConnect(), DebugConnectWide() - a client of a session in another process: not offered.
 * @RemoteOptions: how it is reached.
 * @Interface: receives NULL.
 *
 * Returns E_NOTIMPL; E_INVALIDARG a pointer is NULL; E_NOINTERFACE unknown @InterfaceId.
 */
HRESULT DebugConnect(PCSTR RemoteOptions, REFIID InterfaceId, PVOID *Interface);
HRESULT DebugConnectWide(PCWSTR RemoteOptions, REFIID InterfaceId, PVOID *Interface);

#ifdef __cplusplus
}
#endif

/* The interfaces, a header for each family: what a method takes stands there, once for C and C++.
 */
#include <dbgeng/debug_advanced.h>
#include <dbgeng/debug_breakpoint.h>
#include <dbgeng/debug_callbacks.h>
#include <dbgeng/debug_client.h>
#include <dbgeng/debug_control.h>
#include <dbgeng/debug_data_spaces.h>
#include <dbgeng/debug_registers.h>
#include <dbgeng/debug_symbol_group.h>
#include <dbgeng/debug_symbols.h>
#include <dbgeng/debug_system_objects.h>

#ifdef __cplusplus
#include <dbgeng/callbacks_cpp.h>
#endif

#endif
