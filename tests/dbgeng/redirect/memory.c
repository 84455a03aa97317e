/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c - virtual and physical memory through IDebugDataSpaces. */
#include "handles.h"

/* ReadVirtual and its like, and WriteVirtual and its like: nobody writes into what is written. */
typedef HRESULT transfer_method(IDebugDataSpaces4 *This, ULONG64 Offset, PVOID Buffer,
				ULONG BufferSize, PULONG Bytes);

static tmem_status transfer(enum redirect_function function, const struct redirect_object *object,
			    transfer_method *method, uint64_t offset, const void *buffer,
			    size_t size, size_t *moved)
{
	ULONG bytes = REDIRECT_UNSET;
	HRESULT result = method(object->self.data_spaces, offset, (PVOID)(uintptr_t)buffer,
				redirect_narrow(size), moved ? &bytes : NULL);

	if (moved)
		*moved = bytes;
	return redirect_result(function, result);
}

tmem_status redirect_read_virtual(tmem_target *target, uint64_t offset, void *buffer,
				  size_t buffer_size, size_t *bytes_read)
{
	struct redirect_object object = redirect_object(target);

	return transfer(REDIRECT_read_virtual, &object, METHOD(object, data_spaces, ReadVirtual),
			offset, buffer, buffer_size, bytes_read);
}

tmem_status redirect_read_virtual_uncached(tmem_target *target, uint64_t offset, void *buffer,
					   size_t buffer_size, size_t *bytes_read)
{
	struct redirect_object object = redirect_object(target);

	return transfer(REDIRECT_read_virtual_uncached, &object,
			METHOD(object, data_spaces, ReadVirtualUncached), offset, buffer,
			buffer_size, bytes_read);
}

tmem_status redirect_write_virtual(tmem_target *target, uint64_t offset, const void *buffer,
				   size_t buffer_size, size_t *bytes_written)
{
	struct redirect_object object = redirect_object(target);

	return transfer(REDIRECT_write_virtual, &object, METHOD(object, data_spaces, WriteVirtual),
			offset, buffer, buffer_size, bytes_written);
}

tmem_status redirect_write_virtual_uncached(tmem_target *target, uint64_t offset,
					    const void *buffer, size_t buffer_size,
					    size_t *bytes_written)
{
	struct redirect_object object = redirect_object(target);

	return transfer(REDIRECT_write_virtual_uncached, &object,
			METHOD(object, data_spaces, WriteVirtualUncached), offset, buffer,
			buffer_size, bytes_written);
}

tmem_status redirect_read_physical(tmem_target *target, uint64_t offset, void *buffer,
				   size_t buffer_size, size_t *bytes_read)
{
	struct redirect_object object = redirect_object(target);

	return transfer(REDIRECT_read_physical, &object, METHOD(object, data_spaces, ReadPhysical),
			offset, buffer, buffer_size, bytes_read);
}

tmem_status redirect_write_physical(tmem_target *target, uint64_t offset, const void *buffer,
				    size_t buffer_size, size_t *bytes_written)
{
	struct redirect_object object = redirect_object(target);

	return transfer(REDIRECT_write_physical, &object,
			METHOD(object, data_spaces, WritePhysical), offset, buffer, buffer_size,
			bytes_written);
}

tmem_status redirect_read_physical2(tmem_target *target, uint64_t offset, uint32_t flags,
				    void *buffer, size_t buffer_size, size_t *moved)
{
	struct redirect_object object = redirect_object(target);
	ULONG bytes = REDIRECT_UNSET;
	HRESULT result;

	result = CALL(object, data_spaces, ReadPhysical2, offset, flags, buffer,
		      redirect_narrow(buffer_size), moved ? &bytes : NULL);
	if (moved)
		*moved = bytes;
	return redirect_result(REDIRECT_read_physical2, result);
}

tmem_status redirect_write_physical2(tmem_target *target, uint64_t offset, uint32_t flags,
				     const void *buffer, size_t buffer_size, size_t *moved)
{
	struct redirect_object object = redirect_object(target);
	ULONG bytes = REDIRECT_UNSET;
	HRESULT result;

	result = CALL(object, data_spaces, WritePhysical2, offset, flags, (PVOID)(uintptr_t)buffer,
		      redirect_narrow(buffer_size), moved ? &bytes : NULL);
	if (moved)
		*moved = bytes;
	return redirect_result(REDIRECT_write_physical2, result);
}

tmem_status redirect_read_pointers_virtual(tmem_target *target, size_t count, uint64_t offset,
					   uint64_t *ptrs)
{
	struct redirect_object object = redirect_object(target);

	return redirect_result(REDIRECT_read_pointers_virtual,
			       CALL(object, data_spaces, ReadPointersVirtual,
				    redirect_narrow(count), offset, ptrs));
}

tmem_status redirect_write_pointers_virtual(tmem_target *target, size_t count, uint64_t offset,
					    const uint64_t *ptrs)
{
	struct redirect_object object = redirect_object(target);

	return redirect_result(REDIRECT_write_pointers_virtual,
			       CALL(object, data_spaces, WritePointersVirtual,
				    redirect_narrow(count), offset, (PULONG64)(uintptr_t)ptrs));
}

typedef HRESULT fill_method(IDebugDataSpaces4 *This, ULONG64 Start, ULONG Size, PVOID Pattern,
			    ULONG PatternSize, PULONG Filled);

static tmem_status fill(enum redirect_function function, const struct redirect_object *object,
			fill_method *method, uint64_t start, uint64_t size, const void *pattern,
			size_t pattern_size, uint64_t *filled)
{
	ULONG bytes = REDIRECT_UNSET;
	HRESULT result =
		method(object->self.data_spaces, start, (ULONG)size, (PVOID)(uintptr_t)pattern,
		       redirect_narrow(pattern_size), filled ? &bytes : NULL);

	if (filled)
		*filled = bytes;
	return redirect_result(function, result);
}

tmem_status redirect_fill_virtual(tmem_target *target, uint64_t start, uint64_t size,
				  const void *pattern, size_t pattern_size, uint64_t *filled)
{
	struct redirect_object object = redirect_object(target);

	if (!redirect_fits(size))
		return DIRECT(fill_virtual, target, start, size, pattern, pattern_size, filled);
	return fill(REDIRECT_fill_virtual, &object, METHOD(object, data_spaces, FillVirtual), start,
		    size, pattern, pattern_size, filled);
}

tmem_status redirect_fill_physical(tmem_target *target, uint64_t start, uint64_t size,
				   const void *pattern, size_t pattern_size, uint64_t *filled)
{
	struct redirect_object object = redirect_object(target);

	if (!redirect_fits(size))
		return DIRECT(fill_physical, target, start, size, pattern, pattern_size, filled);
	return fill(REDIRECT_fill_physical, &object, METHOD(object, data_spaces, FillPhysical),
		    start, size, pattern, pattern_size, filled);
}

tmem_status redirect_virtual_to_physical(tmem_target *target, uint64_t virtual_, uint64_t *physical)
{
	struct redirect_object object = redirect_object(target);

	return redirect_result(REDIRECT_virtual_to_physical,
			       CALL(object, data_spaces, VirtualToPhysical, virtual_, physical));
}

tmem_status redirect_get_virtual_translation_physical_offsets(tmem_target *target,
							      uint64_t virtual_, uint64_t *offsets,
							      size_t offsets_size, size_t *levels)
{
	struct redirect_object object = redirect_object(target);
	ULONG count = REDIRECT_UNSET;
	HRESULT result;

	result = CALL(object, data_spaces, GetVirtualTranslationPhysicalOffsets, virtual_, offsets,
		      redirect_narrow(offsets_size), levels ? &count : NULL);
	if (levels)
		*levels = count;
	return redirect_result(REDIRECT_get_virtual_translation_physical_offsets, result);
}
