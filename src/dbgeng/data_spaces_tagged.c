/* SPDX-License-Identifier: Apache-2.0 */
/*
 * data_spaces_tagged.c - blocks of data that a dump carries under a GUID. No file of ours has any:
 * what remains is an enumeration without elements, whose handles live until they are ended.
 */
#include "dbgeng/client.h"

#include <stdlib.h>

static HRESULT read_tagged(IDebugDataSpaces4 *This, LPGUID Tag, ULONG Offset, PVOID Buffer,
			   ULONG BufferSize, PULONG TotalSize)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (TotalSize)
		*TotalSize = 0;
	if (!Tag)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	return FAILED(result) ? result : tmi_dbgeng_leave(&call, E_NOINTERFACE);
}

/* Where a handle stands in the client's list; NULL: it was never given, or was ended. */
static ULONG64 *find_handle(struct tmi_dbgeng_client *client, ULONG64 handle)
{
	for (size_t i = 0; i < client->tagged_count; i++) {
		if (client->tagged[i] == handle)
			return &client->tagged[i];
	}
	return NULL;
}

static HRESULT start_enum_tagged(IDebugDataSpaces4 *This, PULONG64 Handle)
{
	struct tmi_dbgeng_call call;
	ULONG64 *tagged;
	HRESULT result;

	if (!Handle)
		return E_INVALIDARG;
	*Handle = 0;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	tagged = reallocarray(call.client->tagged, call.client->tagged_count + 1, sizeof(*tagged));
	if (!tagged)
		return tmi_dbgeng_leave(&call, E_OUTOFMEMORY);
	call.client->tagged = tagged;
	*Handle = ++call.client->tagged_last;
	tagged[call.client->tagged_count++] = *Handle;
	return tmi_dbgeng_leave(&call, S_OK);
}

static HRESULT get_next_tagged(IDebugDataSpaces4 *This, ULONG64 Handle, LPGUID Tag, PULONG Size)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (Tag)
		*Tag = (GUID){ 0 };
	if (Size)
		*Size = 0;
	if (!Tag || !Size)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	return tmi_dbgeng_leave(&call, find_handle(call.client, Handle) ? S_FALSE : E_INVALIDARG);
}

/* Also when the target is gone. */
static HRESULT end_enum_tagged(IDebugDataSpaces4 *This, ULONG64 Handle)
{
	struct tmi_dbgeng_call call;
	ULONG64 *place;
	HRESULT result = tmi_dbgeng_enter(This, 0, &call);

	if (FAILED(result))
		return result;
	place = find_handle(call.client, Handle);
	if (!place)
		return tmi_dbgeng_leave(&call, E_INVALIDARG);
	*place = call.client->tagged[--call.client->tagged_count];
	return tmi_dbgeng_leave(&call, S_OK);
}

const IDebugDataSpaces4Vtbl tmi_dbgeng_part_data_spaces_tagged = {
	.ReadTagged = read_tagged,
	.StartEnumTagged = start_enum_tagged,
	.GetNextTagged = get_next_tagged,
	.EndEnumTagged = end_enum_tagged,
};
