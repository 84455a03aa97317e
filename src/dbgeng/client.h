/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h - the object behind every interface pointer, and how its tables of methods are made.
 *
 * A client has one face for each family of interfaces; a face is what an interface pointer points
 * to. All faces share one count of references. The versions of a family only append slots, so the
 * newest one's table serves all of them.
 *
 * The table of a family is joined from parts: a part is a file that fills in the slots it offers,
 *
 *	const IDebugDataSpaces4Vtbl tmi_dbgeng_part_data_spaces_virtual = {
 *		.ReadVirtual = read_virtual,
 *	};
 *
 * and a row of parts.def. QueryInterface, AddRef, Release are the same for all (client.c), and what
 * no part offers answers E_NOTIMPL.
 */
#ifndef TMI_DBGENG_CLIENT_H
#define TMI_DBGENG_CLIENT_H

#include "dbgeng/session.h"

/* Families: name, newest version. */
#define TMI_DBGENG_FAMILY_LIST(X)                                                                  \
	X(CLIENT, IDebugClient7)                                                                   \
	X(CONTROL, IDebugControl7)                                                                 \
	X(DATA_SPACES, IDebugDataSpaces4)                                                          \
	X(SYSTEM_OBJECTS, IDebugSystemObjects4)                                                    \
	X(SYMBOLS, IDebugSymbols5)                                                                 \
	X(ADVANCED, IDebugAdvanced4)                                                               \
	X(REGISTERS, IDebugRegisters2)

enum tmi_dbgeng_family {
#define TMI_DBGENG_FAMILY_ROW(name, newest) TMI_DBGENG_##name,
	TMI_DBGENG_FAMILY_LIST(TMI_DBGENG_FAMILY_ROW)
#undef TMI_DBGENG_FAMILY_ROW
		TMI_DBGENG_FAMILIES
};

/* What an interface pointer points to. */
struct tmi_dbgeng_face {
	const void *table; /* of the family; first, as every caller expects */
	struct tmi_dbgeng_client *client;
};

/* Prefixes of output lines, the latest first. */
struct tmi_dbgeng_prefix {
	struct tmi_dbgeng_prefix *next;
	ULONG64 handle;
	char *text;
};

struct tmi_dbgeng_client {
	struct tmi_dbgeng_face faces[TMI_DBGENG_FAMILIES];
	_Atomic uint64_t uses; /* references of the program, and above them pins; client.c */
	struct tmi_dbgeng_session *session;
	struct tmi_dbgeng_client *next; /* in the session */

	/*
	 * Callbacks; of each pair at most one is set. The references are the client's. Those of
	 * events are changed with the wake_lock held too.
	 */
	IDebugEventCallbacks *events;
	IDebugEventCallbacksWide *events_wide;
	ULONG interest;        /* mask that GetInterestMask gave */
	unsigned told;         /* event callbacks that run now; under the session's wake_lock */
	_Atomic bool disabled; /* a callback answered that its process is gone */
	IDebugOutputCallbacks *output;
	IDebugOutputCallbacksWide *output_wide;
	IDebugOutputCallbacks2 *output2; /* the same object as output, if it has this version */
	IDebugInputCallbacks *input;

	ULONG output_mask;                  /* DEBUG_OUTPUT_ */
	ULONG output_width;                 /* columns */
	struct tmi_dbgeng_prefix *prefixes; /* NULL = none */
	bool exit_dispatch; /* ExitDispatch was called; under the session's wake_lock */
	bool line_begun;    /* output so far does not end with a newline */
	bool in_output;     /* its output callback runs: it is not called inside itself */

	ULONG64 *tagged; /* handles of StartEnumTagged that were not ended */
	size_t tagged_count;
	ULONG64 tagged_last; /* the handle that was given last */
};

/* A client of a session (which it joins); its only reference is the caller's. NULL: no memory. */
struct tmi_dbgeng_client *tmi_dbgeng_client_new(struct tmi_dbgeng_session *session);

/* The client behind an interface pointer, which must be one of ours. */
static inline struct tmi_dbgeng_client *tmi_dbgeng_client_of(void *object)
{
	return ((struct tmi_dbgeng_face *)object)->client;
}

/* True when @object is an interface of one of our clients: its table is one of ours. */
bool tmi_dbgeng_is_client(const void *object);

/* QueryInterface of a client. */
HRESULT tmi_dbgeng_client_query(struct tmi_dbgeng_client *client, REFIID iid, PVOID *object);
ULONG tmi_dbgeng_client_add_ref(struct tmi_dbgeng_client *client);
ULONG tmi_dbgeng_client_release(struct tmi_dbgeng_client *client);

/*
 * A pin keeps the object, as a reference does, but not the client: when the program has given back
 * its last reference the client is told nothing any more and waits end, and with the last pin the
 * object goes. Whoever pins a client has another pin or knows of a reference.
 */
void tmi_dbgeng_client_pin(struct tmi_dbgeng_client *client);
void tmi_dbgeng_client_unpin(struct tmi_dbgeng_client *client);
/*
 * Pins a client that was found in its session's list, with the lock or the wake_lock held. False
 * when it is on its way out.
 */
bool tmi_dbgeng_client_keep(struct tmi_dbgeng_client *client);
/* True when the program has no reference to a client any more. */
bool tmi_dbgeng_client_is_released(const struct tmi_dbgeng_client *client);

/* The answer of every slot that no part fills in. */
HRESULT tmi_dbgeng_not_offered(void);

#endif
