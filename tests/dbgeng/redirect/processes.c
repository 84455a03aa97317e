/* SPDX-License-Identifier: Apache-2.0 */
/* processes.c - processes and threads through IDebugSystemObjects; what the target is, interrupts.
 */
#include <stdio.h>

#include "handles.h"

tmem_status redirect_is_pointer64_bit(tmem_target *target)
{
	struct redirect_object object = redirect_object(target);

	return redirect_result(REDIRECT_is_pointer64_bit, CALL(object, control, IsPointer64Bit));
}

tmem_status redirect_set_interrupt(tmem_target *target)
{
	struct redirect_object object = redirect_object(target);

	return redirect_result(REDIRECT_set_interrupt,
			       CALL(object, control, SetInterrupt, DEBUG_INTERRUPT_ACTIVE));
}

tmem_status redirect_get_interrupt(tmem_target *target)
{
	struct redirect_object object = redirect_object(target);

	return redirect_result(REDIRECT_get_interrupt, CALL(object, control, GetInterrupt));
}

/* No method tells all of it; what some tell must be the same. */
tmem_status redirect_describe(tmem_target *target, struct tmem_description *description)
{
	tmem_status status = tmem_describe(target, description);
	ULONG class = REDIRECT_UNSET, qualifier = REDIRECT_UNSET;
	ULONG page_size = REDIRECT_UNSET, processor = REDIRECT_UNSET;
	struct redirect_object object;
	bool kernel;

	if (TMEM_FAILED(status))
		return redirect_direct(REDIRECT_describe, status);
	object = redirect_object(target);
	if (FAILED(CALL(object, control, GetDebuggeeType, &class, &qualifier)) ||
	    FAILED(CALL(object, control, GetPageSize, &page_size)) ||
	    FAILED(CALL(object, control, GetEffectiveProcessorType, &processor)))
		return redirect_result(REDIRECT_describe, E_FAIL);
	kernel = description->mode == TMEM_MODE_KERNEL;
	assert_int_equal(class, kernel ? DEBUG_CLASS_KERNEL : DEBUG_CLASS_USER_WINDOWS);
	assert_int_equal(page_size, description->page_size);
	assert_int_equal(processor, description->processor_type);
	return redirect_result(REDIRECT_describe, status);
}

tmem_status redirect_get_number_processes(tmem_target *target, uint32_t *number)
{
	struct redirect_object object = redirect_object(target);

	return redirect_result(REDIRECT_get_number_processes,
			       CALL(object, system_objects, GetNumberProcesses, number));
}

tmem_status redirect_get_process_ids_by_index(tmem_target *target, uint32_t start, uint32_t count,
					      uint32_t *ids, uint32_t *system_ids)
{
	struct redirect_object object = redirect_object(target);

	return redirect_result(
		REDIRECT_get_process_ids_by_index,
		CALL(object, system_objects, GetProcessIdsByIndex, start, count, ids, system_ids));
}

tmem_status redirect_get_current_process_id(tmem_target *target, uint32_t *id)
{
	struct redirect_object object = redirect_object(target);

	return redirect_result(REDIRECT_get_current_process_id,
			       CALL(object, system_objects, GetCurrentProcessId, id));
}

tmem_status redirect_set_current_process_id(tmem_target *target, uint32_t id)
{
	struct redirect_object object = redirect_object(target);

	return redirect_result(REDIRECT_set_current_process_id,
			       CALL(object, system_objects, SetCurrentProcessId, id));
}

tmem_status redirect_get_current_process_system_id(tmem_target *target, uint32_t *system_id)
{
	struct redirect_object object = redirect_object(target);

	return redirect_result(REDIRECT_get_current_process_system_id,
			       CALL(object, system_objects, GetCurrentProcessSystemId, system_id));
}

tmem_status redirect_get_process_id_by_system_id(tmem_target *target, uint32_t system_id,
						 uint32_t *id)
{
	struct redirect_object object = redirect_object(target);

	return redirect_result(REDIRECT_get_process_id_by_system_id,
			       CALL(object, system_objects, GetProcessIdBySystemId, system_id, id));
}

/* The method knows the current process only, and none in kernel mode. */
tmem_status redirect_get_process_executable_name(tmem_target *target, uint32_t id, char *buffer,
						 size_t buffer_size, size_t *name_size)
{
	struct redirect_object object = redirect_object(target);
	ULONG size = REDIRECT_UNSET;
	uint32_t current;
	HRESULT result;

	if (object.kernel || TMEM_FAILED(tmem_get_current_process_id(target, &current)) ||
	    id != current)
		return DIRECT(get_process_executable_name, target, id, buffer, buffer_size,
			      name_size);
	result = CALL(object, system_objects, GetCurrentProcessExecutableName, buffer,
		      redirect_narrow(buffer_size), name_size ? &size : NULL);
	if (name_size)
		*name_size = size;
	return redirect_result(REDIRECT_get_process_executable_name, result);
}

tmem_status redirect_get_implicit_process_data_offset(tmem_target *target, uint64_t *offset)
{
	struct redirect_object object = redirect_object(target);

	return redirect_result(REDIRECT_get_implicit_process_data_offset,
			       CALL(object, system_objects, GetImplicitProcessDataOffset, offset));
}

/* User mode: the C API has nothing to set; the method may set the default that there is. */
tmem_status redirect_set_implicit_process_data_offset(tmem_target *target, uint64_t offset)
{
	struct redirect_object object = redirect_object(target);

	if (!object.kernel && redirect_may_change()) {
		assert_int_equal(CALL(object, system_objects, SetImplicitProcessDataOffset, offset),
				 offset ? E_INVALIDARG : S_OK);
		return DIRECT(set_implicit_process_data_offset, target, offset);
	}
	return redirect_result(REDIRECT_set_implicit_process_data_offset,
			       CALL(object, system_objects, SetImplicitProcessDataOffset, offset));
}

tmem_status redirect_get_number_threads(tmem_target *target, uint32_t *number)
{
	struct redirect_object object = redirect_object(target);

	return redirect_result(REDIRECT_get_number_threads,
			       CALL(object, system_objects, GetNumberThreads, number));
}

tmem_status redirect_get_thread_ids_by_index(tmem_target *target, uint32_t start, uint32_t count,
					     uint32_t *ids, uint32_t *system_ids)
{
	struct redirect_object object = redirect_object(target);

	return redirect_result(
		REDIRECT_get_thread_ids_by_index,
		CALL(object, system_objects, GetThreadIdsByIndex, start, count, ids, system_ids));
}

tmem_status redirect_get_current_thread_id(tmem_target *target, uint32_t *id)
{
	struct redirect_object object = redirect_object(target);

	return redirect_result(REDIRECT_get_current_thread_id,
			       CALL(object, system_objects, GetCurrentThreadId, id));
}

tmem_status redirect_set_current_thread_id(tmem_target *target, uint32_t id)
{
	struct redirect_object object = redirect_object(target);

	return redirect_result(REDIRECT_set_current_thread_id,
			       CALL(object, system_objects, SetCurrentThreadId, id));
}
