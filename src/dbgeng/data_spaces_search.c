/* SPDX-License-Identifier: Apache-2.0 */
/* data_spaces_search.c - finding bytes in virtual memory. */
#include "dbgeng/client.h"

static HRESULT search_virtual2(IDebugDataSpaces4 *This, ULONG64 Offset, ULONG64 Length, ULONG Flags,
			       PVOID Pattern, ULONG PatternSize, ULONG PatternGranularity,
			       PULONG64 MatchOffset)
{
	struct tmi_dbgeng_call call;
	tmem_status status;
	HRESULT result;

	if (!Pattern || !MatchOffset || Flags & ~(ULONG)DEBUG_VSEARCH_WRITABLE_ONLY)
		return E_INVALIDARG;
	if (!PatternSize || !PatternGranularity || PatternSize % PatternGranularity)
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	status = tmem_search_virtual2(call.target, Offset, Length, Flags, Pattern, PatternSize,
				      PatternGranularity, MatchOffset);
	return tmi_dbgeng_leave(&call, tmi_dbgeng_result(status));
}

static HRESULT search_virtual(IDebugDataSpaces4 *This, ULONG64 Offset, ULONG64 Length,
			      PVOID Pattern, ULONG PatternSize, ULONG PatternGranularity,
			      PULONG64 MatchOffset)
{
	return search_virtual2(This, Offset, Length, DEBUG_VSEARCH_DEFAULT, Pattern, PatternSize,
			       PatternGranularity, MatchOffset);
}

const IDebugDataSpaces4Vtbl tmi_dbgeng_part_data_spaces_search = {
	.SearchVirtual = search_virtual,
	.SearchVirtual2 = search_virtual2,
};
