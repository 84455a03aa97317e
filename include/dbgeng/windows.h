/* SPDX-License-Identifier: Apache-2.0 */
/*
 * windows.h - the Windows types, macros and result codes that dbgeng.h is written in.
 *
 * Sizes are those of Windows: ULONG has 32 bits on every host, WCHAR 16. A program that has these
 * types from elsewhere (with the same sizes, and IUnknown) defines DBGENG_HAVE_WINDOWS_TYPES before
 * it includes dbgeng.h; nothing of this file is declared then but what is named DBGENG_.
 */
#ifndef DBGENG_WINDOWS_H
#define DBGENG_WINDOWS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef DBGENG_HAVE_WINDOWS_TYPES

#ifndef __cplusplus
#include <uchar.h>
#endif

/* Scalars. */
typedef char CHAR;
typedef char16_t WCHAR; /* a UTF-16 unit; not wchar_t, which has 32 bits here */
typedef uint8_t UCHAR, BYTE, BOOLEAN;
typedef uint16_t USHORT, WORD;
typedef int16_t SHORT;
typedef int32_t LONG, INT, BOOL;
typedef uint32_t ULONG, DWORD, UINT, ULONG32;
typedef int64_t LONG64, LONGLONG, INT64;
typedef uint64_t ULONG64, ULONGLONG, DWORD64, UINT64;
typedef intptr_t LONG_PTR;
typedef uintptr_t ULONG_PTR, DWORD_PTR;
typedef size_t SIZE_T;
typedef int32_t HRESULT;

/* Pointers to them. */
typedef void *PVOID, *LPVOID, *HANDLE;
typedef CHAR *PSTR, *LPSTR, *PCHAR;
typedef const CHAR *PCSTR, *LPCSTR;
typedef WCHAR *PWSTR, *LPWSTR, *PWCHAR;
typedef const WCHAR *PCWSTR, *LPCWSTR;
typedef UCHAR *PUCHAR, *PBYTE, *PBOOLEAN;
typedef USHORT *PUSHORT;
typedef LONG *PLONG;
typedef BOOL *PBOOL;
typedef ULONG *PULONG;
typedef LONG64 *PLONG64;
typedef ULONG64 *PULONG64;
typedef intptr_t (*FARPROC)(void);

typedef struct _GUID {
	uint32_t Data1;
	uint16_t Data2;
	uint16_t Data3;
	uint8_t Data4[8];
} GUID, IID, *LPGUID;

#ifdef __cplusplus
typedef const GUID &REFGUID;
typedef const IID &REFIID;

static inline bool IsEqualGUID(REFGUID a, REFGUID b)
{
	return memcmp(&a, &b, sizeof(GUID)) == 0;
}
static inline bool operator==(REFGUID a, REFGUID b)
{
	return IsEqualGUID(a, b);
}
static inline bool operator!=(REFGUID a, REFGUID b)
{
	return !IsEqualGUID(a, b);
}
#else
typedef const GUID *REFGUID;
typedef const IID *REFIID;

#define IsEqualGUID(a, b) (memcmp((a), (b), sizeof(GUID)) == 0)
#endif
#define IsEqualIID(a, b) IsEqualGUID(a, b)

#ifndef TRUE
#define TRUE  1
#define FALSE 0
#endif
#ifndef VOID
#define VOID void
#endif

/* What declarations of Windows are decorated with. */
#define STDMETHODCALLTYPE
#define STDAPICALLTYPE
#define WINAPI
#define CALLBACK
#ifndef CONST
#define CONST const
#endif
#ifndef IN
#define IN
#endif
#ifndef OUT
#define OUT
#endif
#ifndef OPTIONAL
#define OPTIONAL
#endif
#ifndef _In_
#define _In_
#define _In_opt_
#define _In_z_
#define _In_opt_z_
#define _In_reads_(count)
#define _In_reads_opt_(count)
#define _In_reads_bytes_(size)
#define _In_reads_bytes_opt_(size)
#define _Inout_
#define _Inout_opt_
#define _Out_
#define _Out_opt_
#define _Out_writes_(count)
#define _Out_writes_opt_(count)
#define _Out_writes_bytes_(size)
#define _Out_writes_bytes_opt_(size)
#define _Out_writes_to_(size, count)
#define _Reserved_
#endif

/* For classes and functions that implement an interface. */
#ifdef __cplusplus
#define EXTERN_C                 extern "C"
#define THIS_                    /* the object is implied */
#define THIS                     void
#define PURE                     = 0
#define STDMETHOD(method)        virtual HRESULT STDMETHODCALLTYPE method
#define STDMETHOD_(type, method) virtual type STDMETHODCALLTYPE method
#else
#define EXTERN_C extern
#define THIS_    INTERFACE *This,
#define THIS     INTERFACE *This
#define PURE
#define STDMETHOD(method)        HRESULT(STDMETHODCALLTYPE *method)
#define STDMETHOD_(type, method) type(STDMETHODCALLTYPE *method)
#endif
#define STDMETHODIMP        HRESULT STDMETHODCALLTYPE
#define STDMETHODIMP_(type) type STDMETHODCALLTYPE
#define STDAPI              EXTERN_C HRESULT STDAPICALLTYPE

/* Result codes: negative ones are failures. */
#define SUCCEEDED(hr) ((HRESULT)(hr) >= 0)
#define FAILED(hr)    ((HRESULT)(hr) < 0)

#define FACILITY_NT_BIT 0x10000000
#define HRESULT_FROM_WIN32(e)                                                                      \
	((HRESULT)(e) <= 0 ? (HRESULT)(e) : (HRESULT)(((uint32_t)(e)&0xffffu) | 0x80070000u))
#define HRESULT_FROM_NT(s) ((HRESULT)((uint32_t)(s) | FACILITY_NT_BIT))

#define S_OK           ((HRESULT)0)
#define S_FALSE        ((HRESULT)1)
#define E_NOTIMPL      ((HRESULT)0x80004001u)
#define E_NOINTERFACE  ((HRESULT)0x80004002u)
#define E_POINTER      ((HRESULT)0x80004003u)
#define E_ABORT        ((HRESULT)0x80004004u)
#define E_FAIL         ((HRESULT)0x80004005u)
#define E_PENDING      ((HRESULT)0x8000000au)
#define E_UNEXPECTED   ((HRESULT)0x8000ffffu)
#define E_ACCESSDENIED ((HRESULT)0x80070005u)
#define E_OUTOFMEMORY  ((HRESULT)0x8007000eu)
#define E_INVALIDARG   ((HRESULT)0x80070057u)

#define ERROR_FILE_NOT_FOUND    2
#define ERROR_ACCESS_DENIED     5
#define ERROR_WRITE_FAULT       29
#define ERROR_READ_FAULT        30
#define ERROR_INVALID_PARAMETER 87
#define ERROR_PARTIAL_COPY      299

#define STATUS_NO_MORE_ENTRIES       0x8000001au
#define STATUS_PORT_ALREADY_SET      0xc0000048u
#define STATUS_NOT_SUPPORTED         0xc00000bbu
#define STATUS_MAPPED_FILE_SIZE_ZERO 0xc000011eu
#define STATUS_CONTROL_C_EXIT        0xc000013au
#define STATUS_NO_PAGEFILE           0xc0000147u

#ifndef INFINITE
#define INFINITE 0xffffffffu
#endif

/* Code pages of the string readers. */
#define CP_ACP   0
#define CP_OEMCP 1
#define CP_UTF7  65000
#define CP_UTF8  65001

#endif /* DBGENG_HAVE_WINDOWS_TYPES */

/* DBGENG_IID(name, ...) defines a constant of type IID, one copy per source file. */
#define DBGENG_IID(name, a, b, c, ...)                                                             \
	static const IID name __attribute__((unused)) = { a, b, c, { __VA_ARGS__ } }

#ifndef CONST_VTBL
#define CONST_VTBL const
#endif

/* __uuidof(IDebugClient) in C++. */
#ifdef __cplusplus
template <typename Interface> struct dbgeng_uuidof;
#define DBGENG_UUIDOF(interface)                                                                   \
	template <> struct dbgeng_uuidof<interface> {                                              \
		static const IID &value()                                                          \
		{                                                                                  \
			return IID_##interface;                                                    \
		}                                                                                  \
	};
#ifndef __uuidof
#define __uuidof(interface) (dbgeng_uuidof<interface>::value())
#endif
#endif

DBGENG_IID(DBGENG_IID_IUnknown, 0x00000000, 0x0000, 0x0000, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00,
	   0x00, 0x46);

#ifndef DBGENG_HAVE_WINDOWS_TYPES

#define IID_IUnknown DBGENG_IID_IUnknown

#ifdef __cplusplus
struct IUnknown {
	virtual HRESULT STDMETHODCALLTYPE QueryInterface(REFIID InterfaceId, PVOID *Interface) = 0;
	virtual ULONG STDMETHODCALLTYPE AddRef() = 0;
	virtual ULONG STDMETHODCALLTYPE Release() = 0;
};
DBGENG_UUIDOF(IUnknown)
#else
typedef struct IUnknown IUnknown;
typedef struct IUnknownVtbl {
	HRESULT(STDMETHODCALLTYPE *QueryInterface)
	(IUnknown *This, REFIID InterfaceId, PVOID *Interface);
	ULONG(STDMETHODCALLTYPE *AddRef)(IUnknown *This);
	ULONG(STDMETHODCALLTYPE *Release)(IUnknown *This);
} IUnknownVtbl;
struct IUnknown {
	CONST_VTBL IUnknownVtbl *lpVtbl;
};
#define IUnknown_QueryInterface(This, ...) ((This)->lpVtbl->QueryInterface(This, __VA_ARGS__))
#define IUnknown_AddRef(This)              ((This)->lpVtbl->AddRef(This))
#define IUnknown_Release(This)             ((This)->lpVtbl->Release(This))
#endif

#endif /* DBGENG_HAVE_WINDOWS_TYPES */

#endif
