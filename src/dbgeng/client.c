/* SPDX-License-Identifier: Apache-2.0 */
/* client.c - the object behind the interfaces: identity, references, tables of methods. */
#include "dbgeng/client.h"

#include <stdlib.h>

/* A slot, whatever its parameters are. */
typedef HRESULT slot(void);

#define SLOTS(type) (sizeof(type##Vtbl) / sizeof(slot *))

#define X(family, newest, name) extern const newest##Vtbl tmi_dbgeng_part_##name;
#include "dbgeng/parts.def"
#undef X

static const struct part {
	enum tmi_dbgeng_family family;
	const void *table;
} parts[] = {
#define X(family, newest, name) { TMI_DBGENG_##family, &tmi_dbgeng_part_##name },
#include "dbgeng/parts.def"
#undef X
};

/* The joined tables. Written once, before the first client. */
static union {
#define FAMILY_ROW(name, newest) slot *name[SLOTS(newest)];
	TMI_DBGENG_FAMILY_LIST(FAMILY_ROW)
#undef FAMILY_ROW
} tables[TMI_DBGENG_FAMILIES];

static const size_t slot_counts[] = {
#define FAMILY_ROW(name, newest) SLOTS(newest),
	TMI_DBGENG_FAMILY_LIST(FAMILY_ROW)
#undef FAMILY_ROW
};

static const struct identity {
	const IID *iid;
	enum tmi_dbgeng_family family;
} identities[] = {
	{ &IID_IUnknown, TMI_DBGENG_CLIENT },
	{ &IID_IDebugClient, TMI_DBGENG_CLIENT },
	{ &IID_IDebugClient2, TMI_DBGENG_CLIENT },
	{ &IID_IDebugClient3, TMI_DBGENG_CLIENT },
	{ &IID_IDebugClient4, TMI_DBGENG_CLIENT },
	{ &IID_IDebugClient5, TMI_DBGENG_CLIENT },
	{ &IID_IDebugClient6, TMI_DBGENG_CLIENT },
	{ &IID_IDebugClient7, TMI_DBGENG_CLIENT },
	{ &IID_IDebugControl, TMI_DBGENG_CONTROL },
	{ &IID_IDebugControl2, TMI_DBGENG_CONTROL },
	{ &IID_IDebugControl3, TMI_DBGENG_CONTROL },
	{ &IID_IDebugControl4, TMI_DBGENG_CONTROL },
	{ &IID_IDebugControl5, TMI_DBGENG_CONTROL },
	{ &IID_IDebugControl6, TMI_DBGENG_CONTROL },
	{ &IID_IDebugControl7, TMI_DBGENG_CONTROL },
	{ &IID_IDebugDataSpaces, TMI_DBGENG_DATA_SPACES },
	{ &IID_IDebugDataSpaces2, TMI_DBGENG_DATA_SPACES },
	{ &IID_IDebugDataSpaces3, TMI_DBGENG_DATA_SPACES },
	{ &IID_IDebugDataSpaces4, TMI_DBGENG_DATA_SPACES },
	{ &IID_IDebugSystemObjects, TMI_DBGENG_SYSTEM_OBJECTS },
	{ &IID_IDebugSystemObjects2, TMI_DBGENG_SYSTEM_OBJECTS },
	{ &IID_IDebugSystemObjects3, TMI_DBGENG_SYSTEM_OBJECTS },
	{ &IID_IDebugSystemObjects4, TMI_DBGENG_SYSTEM_OBJECTS },
	{ &IID_IDebugSymbols, TMI_DBGENG_SYMBOLS },
	{ &IID_IDebugSymbols2, TMI_DBGENG_SYMBOLS },
	{ &IID_IDebugSymbols3, TMI_DBGENG_SYMBOLS },
	{ &IID_IDebugSymbols4, TMI_DBGENG_SYMBOLS },
	{ &IID_IDebugSymbols5, TMI_DBGENG_SYMBOLS },
	{ &IID_IDebugAdvanced, TMI_DBGENG_ADVANCED },
	{ &IID_IDebugAdvanced2, TMI_DBGENG_ADVANCED },
	{ &IID_IDebugAdvanced3, TMI_DBGENG_ADVANCED },
	{ &IID_IDebugAdvanced4, TMI_DBGENG_ADVANCED },
	{ &IID_IDebugRegisters, TMI_DBGENG_REGISTERS },
	{ &IID_IDebugRegisters2, TMI_DBGENG_REGISTERS },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

HRESULT tmi_dbgeng_not_offered(void)
{
	return E_NOTIMPL;
}

static HRESULT query_interface(void *This, REFIID InterfaceId, PVOID *Interface)
{
	return This ? tmi_dbgeng_client_query(tmi_dbgeng_client_of(This), InterfaceId, Interface)
		    : E_INVALIDARG;
}

static ULONG add_ref(void *This)
{
	return This ? tmi_dbgeng_client_add_ref(tmi_dbgeng_client_of(This)) : 0;
}

static ULONG release(void *This)
{
	return This ? tmi_dbgeng_client_release(tmi_dbgeng_client_of(This)) : 0;
}

static slot **table_of(enum tmi_dbgeng_family family)
{
	return (slot **)&tables[family];
}

static void add_part(const struct part *part)
{
	slot **table = table_of(part->family);
	slot *const *offered = part->table;

	for (size_t i = 0; i < slot_counts[part->family]; i++) {
		if (offered[i])
			table[i] = offered[i];
	}
}

static void make_tables(void)
{
	for (size_t i = 0; i < COUNT(parts); i++)
		add_part(&parts[i]);
	for (unsigned family = 0; family < TMI_DBGENG_FAMILIES; family++) {
		slot **table = table_of(family);

		table[0] = (slot *)(void *)query_interface;
		table[1] = (slot *)(void *)add_ref;
		table[2] = (slot *)(void *)release;
		for (size_t i = 3; i < slot_counts[family]; i++) {
			if (!table[i])
				table[i] = tmi_dbgeng_not_offered;
		}
	}
}

bool tmi_dbgeng_is_client(const void *object)
{
	const struct tmi_dbgeng_face *face = object;

	for (unsigned family = 0; face && family < TMI_DBGENG_FAMILIES; family++) {
		if (face->table == table_of(family))
			return true;
	}
	return false;
}

/* The list is changed with both locks held, and read with either. */
static void join(struct tmi_dbgeng_client *client)
{
	struct tmi_dbgeng_session *session = client->session;
	struct tmi_dbgeng_client **end = &session->clients;

	pthread_mutex_lock(&session->lock);
	pthread_mutex_lock(&session->wake_lock);
	while (*end)
		end = &(*end)->next;
	*end = client;
	pthread_mutex_unlock(&session->wake_lock);
	pthread_mutex_unlock(&session->lock);
}

struct tmi_dbgeng_client *tmi_dbgeng_client_new(struct tmi_dbgeng_session *session)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct tmi_dbgeng_client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	pthread_once(&once, make_tables);
	for (unsigned family = 0; family < TMI_DBGENG_FAMILIES; family++)
		client->faces[family] = (struct tmi_dbgeng_face){ table_of(family), client };
	atomic_init(&client->uses, 1);
	client->session = session;
	client->output_mask = TMI_DBGENG_OUTPUT_DEFAULT;
	client->output_width = 80;
	join(client);
	return client;
}

/* Takes the client out of its session; true when it was the last one. */
static bool part_from(struct tmi_dbgeng_client *client)
{
	struct tmi_dbgeng_session *session = client->session;
	struct tmi_dbgeng_client **link = &session->clients;
	bool last;

	pthread_mutex_lock(&session->lock);
	pthread_mutex_lock(&session->wake_lock);
	while (*link != client)
		link = &(*link)->next;
	*link = client->next;
	last = !session->clients;
	pthread_mutex_unlock(&session->wake_lock);
	pthread_mutex_unlock(&session->lock);
	return last;
}

#define RELEASE(object)                                                                            \
	do {                                                                                       \
		if (object)                                                                        \
			(object)->lpVtbl->Release(object);                                         \
	} while (0)

static void client_free(struct tmi_dbgeng_client *client)
{
	if (part_from(client))
		tmi_dbgeng_session_free(client->session);
	RELEASE(client->events);
	RELEASE(client->events_wide);
	RELEASE(client->output);
	RELEASE(client->output_wide);
	RELEASE(client->output2);
	RELEASE(client->input);
	while (client->prefixes) {
		struct tmi_dbgeng_prefix *prefix = client->prefixes;

		client->prefixes = prefix->next;
		free(prefix->text);
		free(prefix);
	}
	free(client->tagged);
	free(client);
}

HRESULT tmi_dbgeng_client_query(struct tmi_dbgeng_client *client, REFIID iid, PVOID *object)
{
	if (!object)
		return E_INVALIDARG;
	*object = NULL;
	if (!iid)
		return E_INVALIDARG;
	for (size_t i = 0; i < COUNT(identities); i++) {
		if (!IsEqualIID(identities[i].iid, iid))
			continue;
		tmi_dbgeng_client_add_ref(client);
		*object = &client->faces[identities[i].family];
		return S_OK;
	}
	return E_NOINTERFACE;
}

/* One pin in the count of uses; the lower half are references. */
#define PIN ((uint64_t)1 << 32)

static ULONG references_of(uint64_t uses)
{
	return (ULONG)uses;
}

ULONG tmi_dbgeng_client_add_ref(struct tmi_dbgeng_client *client)
{
	return references_of(atomic_fetch_add_explicit(&client->uses, 1, memory_order_relaxed) + 1);
}

void tmi_dbgeng_client_pin(struct tmi_dbgeng_client *client)
{
	atomic_fetch_add_explicit(&client->uses, PIN, memory_order_relaxed);
}

void tmi_dbgeng_client_unpin(struct tmi_dbgeng_client *client)
{
	if (atomic_fetch_sub_explicit(&client->uses, PIN, memory_order_acq_rel) == PIN)
		client_free(client);
}

bool tmi_dbgeng_client_keep(struct tmi_dbgeng_client *client)
{
	uint64_t uses = atomic_load(&client->uses);

	while (references_of(uses) &&
	       !atomic_compare_exchange_weak(&client->uses, &uses, uses + PIN))
		;
	return references_of(uses) != 0;
}

bool tmi_dbgeng_client_is_released(const struct tmi_dbgeng_client *client)
{
	return !references_of(atomic_load(&client->uses));
}

/* Threads that wait for something on behalf of a client that is gone are to notice. */
static void wake_waits(struct tmi_dbgeng_session *session)
{
	pthread_mutex_lock(&session->wake_lock);
	pthread_cond_broadcast(&session->wake);
	pthread_mutex_unlock(&session->wake_lock);
}

ULONG tmi_dbgeng_client_release(struct tmi_dbgeng_client *client)
{
	/* The reference becomes a pin: the session stays while its waits are woken. */
	uint64_t before = atomic_fetch_add_explicit(&client->uses, PIN - 1, memory_order_acq_rel);

	if (references_of(before) == 1)
		wake_waits(client->session);
	tmi_dbgeng_client_unpin(client);
	return references_of(before) - 1;
}
