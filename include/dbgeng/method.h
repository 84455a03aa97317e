/* SPDX-License-Identifier: Apache-2.0 */
/*
 * method.h - what one method of an interface is in C and in C++.
 *
 * The header of each family lists the methods that each version of it adds, once for both:
 * DBGENG_METHOD(I, name, parameters ...), or DBGENG_METHOD_0(I, name) without parameters, returns
 * an HRESULT. In C it is a pointer in the table of the interface I, in C++ a pure virtual function.
 */
#ifndef DBGENG_METHOD_H
#define DBGENG_METHOD_H

#include <dbgeng/windows.h>

/* clang-format off */
#ifdef __cplusplus
#define DBGENG_METHOD(I, name, ...) virtual HRESULT STDMETHODCALLTYPE name(__VA_ARGS__) = 0;
#define DBGENG_METHOD_0(I, name)    virtual HRESULT STDMETHODCALLTYPE name() = 0;
#else
#define DBGENG_METHOD(I, name, ...) HRESULT (STDMETHODCALLTYPE *name)(I *This, __VA_ARGS__);
#define DBGENG_METHOD_0(I, name)    HRESULT (STDMETHODCALLTYPE *name)(I *This);

/* Slots 0 to 2 of every table. */
#define DBGENG_UNKNOWN(I) \
	DBGENG_METHOD(I, QueryInterface, REFIID InterfaceId, PVOID *Interface) \
	ULONG (STDMETHODCALLTYPE *AddRef)(I *This); \
	ULONG (STDMETHODCALLTYPE *Release)(I *This);
#endif

#endif
