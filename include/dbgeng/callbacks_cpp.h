/* SPDX-License-Identifier: Apache-2.0 */
/* callbacks_cpp.h - base classes for event callbacks that want a few of the events, for C++. */
#ifndef DBGENG_CALLBACKS_CPP_H
#define DBGENG_CALLBACKS_CPP_H

#include <dbgeng/debug_callbacks.h>

/*
 * Every event but GetInterestMask answered by DEBUG_STATUS_NO_CHANGE. A class that derives from it
 * adds AddRef, Release and GetInterestMask, and the events that it wants.
 */
#define DBGENG_BASE_CALLBACKS(Class, Interface, Breakpoint_, Text)                                 \
	class Class : public Interface                                                             \
	{                                                                                          \
	      public:                                                                              \
		HRESULT STDMETHODCALLTYPE QueryInterface(REFIID InterfaceId, PVOID *Object)        \
		{                                                                                  \
			*Object = NULL;                                                            \
			if (!IsEqualIID(InterfaceId, DBGENG_IID_IUnknown) &&                       \
			    !IsEqualIID(InterfaceId, IID_##Interface))                             \
				return E_NOINTERFACE;                                              \
			*Object = static_cast<Interface *>(this);                                  \
			AddRef();                                                                  \
			return S_OK;                                                               \
		}                                                                                  \
		HRESULT STDMETHODCALLTYPE Breakpoint(Breakpoint_)                                  \
		{                                                                                  \
			return DEBUG_STATUS_NO_CHANGE;                                             \
		}                                                                                  \
		HRESULT STDMETHODCALLTYPE Exception(PEXCEPTION_RECORD64, ULONG)                    \
		{                                                                                  \
			return DEBUG_STATUS_NO_CHANGE;                                             \
		}                                                                                  \
		HRESULT STDMETHODCALLTYPE CreateThread(ULONG64, ULONG64, ULONG64)                  \
		{                                                                                  \
			return DEBUG_STATUS_NO_CHANGE;                                             \
		}                                                                                  \
		HRESULT STDMETHODCALLTYPE ExitThread(ULONG)                                        \
		{                                                                                  \
			return DEBUG_STATUS_NO_CHANGE;                                             \
		}                                                                                  \
		HRESULT STDMETHODCALLTYPE CreateProcess(ULONG64, ULONG64, ULONG64, ULONG, Text,    \
							Text, ULONG, ULONG, ULONG64, ULONG64,      \
							ULONG64)                                   \
		{                                                                                  \
			return DEBUG_STATUS_NO_CHANGE;                                             \
		}                                                                                  \
		HRESULT STDMETHODCALLTYPE ExitProcess(ULONG)                                       \
		{                                                                                  \
			return DEBUG_STATUS_NO_CHANGE;                                             \
		}                                                                                  \
		HRESULT STDMETHODCALLTYPE LoadModule(ULONG64, ULONG64, ULONG, Text, Text, ULONG,   \
						     ULONG)                                        \
		{                                                                                  \
			return DEBUG_STATUS_NO_CHANGE;                                             \
		}                                                                                  \
		HRESULT STDMETHODCALLTYPE UnloadModule(Text, ULONG64)                              \
		{                                                                                  \
			return DEBUG_STATUS_NO_CHANGE;                                             \
		}                                                                                  \
		HRESULT STDMETHODCALLTYPE SystemError(ULONG, ULONG)                                \
		{                                                                                  \
			return DEBUG_STATUS_NO_CHANGE;                                             \
		}                                                                                  \
		HRESULT STDMETHODCALLTYPE SessionStatus(ULONG)                                     \
		{                                                                                  \
			return DEBUG_STATUS_NO_CHANGE;                                             \
		}                                                                                  \
		HRESULT STDMETHODCALLTYPE ChangeDebuggeeState(ULONG, ULONG64)                      \
		{                                                                                  \
			return DEBUG_STATUS_NO_CHANGE;                                             \
		}                                                                                  \
		HRESULT STDMETHODCALLTYPE ChangeEngineState(ULONG, ULONG64)                        \
		{                                                                                  \
			return DEBUG_STATUS_NO_CHANGE;                                             \
		}                                                                                  \
		HRESULT STDMETHODCALLTYPE ChangeSymbolState(ULONG, ULONG64)                        \
		{                                                                                  \
			return DEBUG_STATUS_NO_CHANGE;                                             \
		}                                                                                  \
	};

DBGENG_BASE_CALLBACKS(DebugBaseEventCallbacks, IDebugEventCallbacks, PDEBUG_BREAKPOINT, PCSTR)
DBGENG_BASE_CALLBACKS(DebugBaseEventCallbacksWide, IDebugEventCallbacksWide, PDEBUG_BREAKPOINT2,
		      PCWSTR)

#undef DBGENG_BASE_CALLBACKS

#endif
