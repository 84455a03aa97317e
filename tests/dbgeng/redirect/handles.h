/* SPDX-License-Identifier: Apache-2.0 */
/* handles.h - the client behind each handle of the checks, and the count of what was called. */
#ifndef TESTS_DBGENG_HANDLES_H
#define TESTS_DBGENG_HANDLES_H

#define REDIRECT_INSIDE
#include "redirect.h"

#include "dbgeng/client.h"

enum redirect_function {
#define X(name) REDIRECT_##name,
#include "redirect.def"
#undef X
	REDIRECT_FUNCTIONS
};

/* The interfaces of one client. */
struct redirect_interfaces {
	IDebugClient5 *client;
	IDebugControl4 *control;
	IDebugDataSpaces4 *data_spaces;
	IDebugSystemObjects4 *system_objects;
	IDebugSymbols3 *symbols;
};

/* Whose method is called: no handle is no object, but the table of a client that has nothing. */
struct redirect_object {
	struct redirect_interfaces self;
	struct redirect_interfaces tables;
	bool kernel; /* its target is one in kernel mode */
};

/* The object behind a handle; fails the test when the handle is not known. */
struct redirect_object redirect_object(tmem_target *target);

/* A method of an object, and its call: CALL(object, data_spaces, ReadVirtual, Offset, ...). */
#define METHOD(object, family, method) ((object).tables.family->lpVtbl->method)
#define CALL(object, family, method, ...)                                                          \
	METHOD(object, family, method)((object).self.family, ##__VA_ARGS__)

/* The answer of a method, counted as one of the function; events of other sessions are told. */
tmem_status redirect_result(enum redirect_function function, HRESULT result);

/* The same when the C API was called: what the method cannot express. */
tmem_status redirect_direct(enum redirect_function function, tmem_status status);
#define DIRECT(name, ...) redirect_direct(REDIRECT_##name, tmem_##name(__VA_ARGS__))

/* Whether a size or a count can be given to a method, which takes 32 bits. */
static inline bool redirect_fits(uint64_t size)
{
	return size <= UINT32_MAX;
}

/* A size of which no check wants more than that; fails the test when one does. */
ULONG redirect_narrow(uint64_t size);

/* Prints what was called; false when a function never came through the interfaces. */
bool redirect_report(bool everything);

/* What outputs hold before a call: a method that sets nothing is noticed. */
#define REDIRECT_UNSET 0xeeeeeeeeu

#endif
