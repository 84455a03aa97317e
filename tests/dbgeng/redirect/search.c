/* SPDX-License-Identifier: Apache-2.0 */
/* search.c - searches, texts and regions through IDebugDataSpaces. */
#include "handles.h"

tmem_status redirect_search_virtual(tmem_target *target, uint64_t offset, uint64_t length,
				    const void *pattern, size_t pattern_size,
				    size_t pattern_granularity, uint64_t *match_offset)
{
	struct redirect_object object = redirect_object(target);

	return redirect_result(REDIRECT_search_virtual,
			       CALL(object, data_spaces, SearchVirtual, offset, length,
				    (PVOID)(uintptr_t)pattern, redirect_narrow(pattern_size),
				    redirect_narrow(pattern_granularity), match_offset));
}

tmem_status redirect_search_virtual2(tmem_target *target, uint64_t offset, uint64_t length,
				     uint32_t flags, const void *pattern, size_t pattern_size,
				     size_t pattern_granularity, uint64_t *match_offset)
{
	struct redirect_object object = redirect_object(target);

	return redirect_result(REDIRECT_search_virtual2,
			       CALL(object, data_spaces, SearchVirtual2, offset, length, flags,
				    (PVOID)(uintptr_t)pattern, redirect_narrow(pattern_size),
				    redirect_narrow(pattern_granularity), match_offset));
}

tmem_status redirect_read_multi_byte_string_virtual(tmem_target *target, uint64_t offset,
						    size_t max_bytes, char *buffer,
						    size_t buffer_size, size_t *string_bytes)
{
	struct redirect_object object = redirect_object(target);
	ULONG bytes = REDIRECT_UNSET;
	HRESULT result;

	result = CALL(object, data_spaces, ReadMultiByteStringVirtual, offset,
		      redirect_narrow(max_bytes), buffer, redirect_narrow(buffer_size),
		      string_bytes ? &bytes : NULL);
	if (string_bytes)
		*string_bytes = bytes;
	return redirect_result(REDIRECT_read_multi_byte_string_virtual, result);
}

tmem_status redirect_read_multi_byte_string_virtual_wide(tmem_target *target, uint64_t offset,
							 size_t max_bytes, uint32_t code_page,
							 char16_t *buffer, size_t buffer_size,
							 size_t *string_bytes)
{
	struct redirect_object object = redirect_object(target);
	ULONG bytes = REDIRECT_UNSET;
	HRESULT result;

	result = CALL(object, data_spaces, ReadMultiByteStringVirtualWide, offset,
		      redirect_narrow(max_bytes), code_page, buffer, redirect_narrow(buffer_size),
		      string_bytes ? &bytes : NULL);
	if (string_bytes)
		*string_bytes = bytes;
	return redirect_result(REDIRECT_read_multi_byte_string_virtual_wide, result);
}

tmem_status redirect_read_unicode_string_virtual(tmem_target *target, uint64_t offset,
						 size_t max_bytes, uint32_t code_page, char *buffer,
						 size_t buffer_size, size_t *string_bytes)
{
	struct redirect_object object = redirect_object(target);
	ULONG bytes = REDIRECT_UNSET;
	HRESULT result;

	result = CALL(object, data_spaces, ReadUnicodeStringVirtual, offset,
		      redirect_narrow(max_bytes), code_page, buffer, redirect_narrow(buffer_size),
		      string_bytes ? &bytes : NULL);
	if (string_bytes)
		*string_bytes = bytes;
	return redirect_result(REDIRECT_read_unicode_string_virtual, result);
}

tmem_status redirect_read_unicode_string_virtual_wide(tmem_target *target, uint64_t offset,
						      size_t max_bytes, char16_t *buffer,
						      size_t buffer_size, size_t *string_bytes)
{
	struct redirect_object object = redirect_object(target);
	ULONG bytes = REDIRECT_UNSET;
	HRESULT result;

	result = CALL(object, data_spaces, ReadUnicodeStringVirtualWide, offset,
		      redirect_narrow(max_bytes), buffer, redirect_narrow(buffer_size),
		      string_bytes ? &bytes : NULL);
	if (string_bytes)
		*string_bytes = bytes;
	return redirect_result(REDIRECT_read_unicode_string_virtual_wide, result);
}

tmem_status redirect_get_offset_information(tmem_target *target, uint32_t space, uint32_t which,
					    uint64_t offset, void *buffer, size_t buffer_size,
					    size_t *info_size)
{
	struct redirect_object object = redirect_object(target);
	ULONG size = REDIRECT_UNSET;
	HRESULT result;

	result = CALL(object, data_spaces, GetOffsetInformation, space, which, offset, buffer,
		      redirect_narrow(buffer_size), info_size ? &size : NULL);
	if (info_size)
		*info_size = size;
	return redirect_result(REDIRECT_get_offset_information, result);
}

tmem_status redirect_get_valid_region_virtual(tmem_target *target, uint64_t base, uint64_t size,
					      uint64_t *valid_base, uint64_t *valid_size)
{
	struct redirect_object object = redirect_object(target);
	ULONG bytes = REDIRECT_UNSET;
	HRESULT result;

	if (!redirect_fits(size))
		return DIRECT(get_valid_region_virtual, target, base, size, valid_base, valid_size);
	result = CALL(object, data_spaces, GetValidRegionVirtual, base, (ULONG)size, valid_base,
		      valid_size ? &bytes : NULL);
	if (valid_size)
		*valid_size = bytes;
	return redirect_result(REDIRECT_get_valid_region_virtual, result);
}

tmem_status redirect_get_next_differently_valid_offset_virtual(tmem_target *target, uint64_t offset,
							       uint64_t *next_offset)
{
	struct redirect_object object = redirect_object(target);

	return redirect_result(REDIRECT_get_next_differently_valid_offset_virtual,
			       CALL(object, data_spaces, GetNextDifferentlyValidOffsetVirtual,
				    offset, next_offset));
}

tmem_status redirect_query_virtual(tmem_target *target, uint64_t offset,
				   struct tmem_memory_basic_information *info)
{
	struct redirect_object object = redirect_object(target);
	MEMORY_BASIC_INFORMATION64 information;
	HRESULT result;

	memset(&information, 0xee, sizeof(information));
	result = CALL(object, data_spaces, QueryVirtual, offset, info ? &information : NULL);
	if (info)
		*info = (struct tmem_memory_basic_information){
			.base_address = information.BaseAddress,
			.allocation_base = information.AllocationBase,
			.allocation_protect = information.AllocationProtect,
			.alignment1 = information.__alignment1,
			.region_size = information.RegionSize,
			.state = information.State,
			.protect = information.Protect,
			.type = information.Type,
			.alignment2 = information.__alignment2,
		};
	return redirect_result(REDIRECT_query_virtual, result);
}
