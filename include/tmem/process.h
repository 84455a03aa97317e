/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.h - processes, threads and modules of a target, and the context of a handle.
 *
 * Engine ids are small numbers given by tmem, from 0 in order of appearance, never reused while
 * the target is open; system ids are the operating system's. Every virtual-memory method works on
 * the current process of its handle (user mode) or on the implicit process (kernel mode).
 * Follows IDebugSystemObjects and the module part of IDebugSymbols.
 */
#ifndef TMEM_PROCESS_H
#define TMEM_PROCESS_H

#include <stddef.h>
#include <tmem/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "No such id", as DbgEng's DEBUG_ANY_ID. */
#define TMEM_ANY_ID 0xffffffffu

/* "No such module" base address, as DbgEng's DEBUG_INVALID_OFFSET. */
#define TMEM_INVALID_OFFSET UINT64_MAX

/*
 * tmem_get_number_processes() - how many processes the target has.
 * Kernel mode: 1, the kernel. Follows GetNumberProcesses.
 * Returns TMEM_S_OK; TMEM_E_INVALIDARG @number is NULL.
 */
TMEM_API tmem_status tmem_get_number_processes(tmem_target *target, uint32_t *number);

/*
 * tmem_get_process_ids_by_index() - engine and system ids of some processes.
 * @start: index of the first, from 0.
 * @count: how many, in elements.
 * @ids: optional; receives @count engine ids.
 * @system_ids: optional; receives @count system ids (TMEM_ANY_ID each in kernel mode).
 *
 * Follows GetProcessIdsByIndex. Returns TMEM_S_OK; TMEM_E_INVALIDARG a process of the range does
 * not exist (nothing is stored).
 */
TMEM_API tmem_status tmem_get_process_ids_by_index(tmem_target *target, uint32_t start,
						   uint32_t count, uint32_t *ids,
						   uint32_t *system_ids);

/*
 * tmem_get_current_process_id() - engine id of the handle's current process.
 * Follows GetCurrentProcessId. Returns TMEM_S_OK; TMEM_E_UNEXPECTED there is no process any more;
 * TMEM_E_INVALIDARG @id is NULL.
 */
TMEM_API tmem_status tmem_get_current_process_id(tmem_target *target, uint32_t *id);

/*
 * tmem_set_current_process_id() - selects the process that virtual addresses belong to.
 * Only this handle is affected. The current thread becomes that process's first.
 * Follows SetCurrentProcessId. Returns TMEM_S_OK; TMEM_E_NOINTERFACE unknown @id;
 * TMEM_E_UNEXPECTED from inside a callback.
 */
TMEM_API tmem_status tmem_set_current_process_id(tmem_target *target, uint32_t id);

/*
 * tmem_get_current_process_system_id() - system id (pid) of the current process.
 * Follows GetCurrentProcessSystemId. Returns TMEM_S_OK; TMEM_E_UNEXPECTED no process;
 * TMEM_E_NOTIMPL kernel mode; TMEM_E_INVALIDARG @system_id is NULL.
 */
TMEM_API tmem_status tmem_get_current_process_system_id(tmem_target *target, uint32_t *system_id);

/*
 * tmem_get_process_id_by_system_id() - engine id of the process with a system id.
 * Follows GetProcessIdBySystemId. Returns TMEM_S_OK; TMEM_E_NOINTERFACE not found;
 * TMEM_E_NOTIMPL kernel mode; TMEM_E_INVALIDARG @id is NULL.
 */
TMEM_API tmem_status tmem_get_process_id_by_system_id(tmem_target *target, uint32_t system_id,
						      uint32_t *id);

/*
 * tmem_get_process_executable_name() - file name of a process's program.
 * @id: engine id of the process.
 * @buffer: optional; receives the NUL-terminated name.
 * @buffer_size: characters @buffer can hold, the NUL included.
 * @name_size: optional; receives the characters needed, the NUL included.
 *
 * Follows GetCurrentProcessExecutableName; the name is "?NoImage?" when unknown.
 * Returns TMEM_S_OK; TMEM_S_FALSE cut to fit; TMEM_E_NOINTERFACE unknown @id.
 */
TMEM_API tmem_status tmem_get_process_executable_name(tmem_target *target, uint32_t id,
						      char *buffer, size_t buffer_size,
						      size_t *name_size);

/*
 * tmem_attach_process() - adds one more live process to a target opened with "pid:".
 * @system_id: its pid.
 * @id: optional; receives its engine id; the same as before if the target has it already.
 *
 * A suspended target suspends it too. Follows IDebugClient::AttachProcess.
 * Returns as tmem_open(); TMEM_E_NOTIMPL the target kind has no live processes;
 * TMEM_E_UNEXPECTED also from inside a callback.
 */
TMEM_API tmem_status tmem_attach_process(tmem_target *target, uint32_t system_id, uint32_t *id);

/*
 * tmem_detach_process() - drops a process from the target and resumes it if it was suspended.
 * Handles whose current process it was answer TMEM_E_UNEXPECTED until they select another.
 * Follows IDebugClient2::DetachCurrentProcess.
 * Returns TMEM_S_OK; TMEM_E_NOINTERFACE unknown @id; TMEM_E_NOTIMPL the target kind has no live
 * processes; TMEM_E_UNEXPECTED from inside a callback.
 */
TMEM_API tmem_status tmem_detach_process(tmem_target *target, uint32_t id);

/*
 * tmem_get_implicit_process_data_offset() - data offset of the process that virtual addresses
 * belong to in kernel mode: the kernel's own (Linux: init_task) until another one is set.
 * Follows GetImplicitProcessDataOffset. Returns TMEM_S_OK; TMEM_E_NOINTERFACE no process is known:
 * the tables were given by their root, or the kernel's list cannot be found; TMEM_E_UNEXPECTED no
 * kernel was found; TMEM_E_NOTIMPL user mode; TMEM_E_INVALIDARG @offset is NULL.
 */
TMEM_API tmem_status tmem_get_implicit_process_data_offset(tmem_target *target, uint64_t *offset);

/*
 * tmem_set_implicit_process_data_offset() - selects that process; 0 restores the default.
 * Follows SetImplicitProcessDataOffset. Returns TMEM_S_OK; TMEM_E_INVALIDARG @offset is no process
 * (the old one stays); TMEM_E_NOTIMPL user mode; TMEM_E_UNEXPECTED from inside a callback.
 */
TMEM_API tmem_status tmem_set_implicit_process_data_offset(tmem_target *target, uint64_t offset);

/*
 * tmem_get_number_threads() - how many threads the current process has now.
 * A running process may differ at the next call. Follows GetNumberThreads.
 * Returns TMEM_S_OK; TMEM_E_UNEXPECTED the process is gone; TMEM_E_INVALIDARG @number is NULL.
 */
TMEM_API tmem_status tmem_get_number_threads(tmem_target *target, uint32_t *number);

/*
 * tmem_get_thread_ids_by_index() - engine and system ids of some threads of the current process.
 * @start, @count: as for tmem_get_process_ids_by_index().
 * @ids: optional; receives @count engine ids, unique within the target.
 * @system_ids: optional; receives @count system ids (TIDs).
 *
 * Follows GetThreadIdsByIndex. Returns TMEM_S_OK; TMEM_E_INVALIDARG a thread of the range does not
 * exist (nothing is stored); TMEM_E_UNEXPECTED the process is gone.
 */
TMEM_API tmem_status tmem_get_thread_ids_by_index(tmem_target *target, uint32_t start,
						  uint32_t count, uint32_t *ids,
						  uint32_t *system_ids);

/*
 * tmem_get_current_thread_id() - engine id of the handle's current thread.
 * Follows GetCurrentThreadId. Returns TMEM_S_OK; TMEM_E_UNEXPECTED no thread;
 * TMEM_E_INVALIDARG @id is NULL.
 */
TMEM_API tmem_status tmem_get_current_thread_id(tmem_target *target, uint32_t *id);

/*
 * tmem_set_current_thread_id() - selects a thread of the current process.
 * Follows SetCurrentThreadId. Returns TMEM_S_OK; TMEM_E_NOINTERFACE unknown @id;
 * TMEM_E_UNEXPECTED from inside a callback.
 */
TMEM_API tmem_status tmem_set_current_thread_id(tmem_target *target, uint32_t id);

/* Which register block tmem_get_thread_context() returns. */
enum tmem_thread_context_kind {
	TMEM_CONTEXT_GENERAL = 1,        /* elf_gregset_t of the target machine (NT_PRSTATUS) */
	TMEM_CONTEXT_FLOATING_POINT = 2, /* NT_FPREGSET */
};

/*
 * tmem_get_thread_context() - register block of the current thread, in the target's byte order.
 * @kind: enum tmem_thread_context_kind.
 * @buffer: optional; receives the block.
 * @buffer_size: bytes @buffer can hold.
 * @context_size: optional; receives the bytes needed.
 *
 * Follows IDebugAdvanced::GetThreadContext. Returns TMEM_S_OK; TMEM_S_FALSE cut to fit;
 * TMEM_E_NOINTERFACE the target does not have that block; TMEM_E_UNEXPECTED the thread is running
 * or gone; TMEM_E_INVALIDARG unknown @kind.
 */
TMEM_API tmem_status tmem_get_thread_context(tmem_target *target, uint32_t kind, void *buffer,
					     size_t buffer_size, size_t *context_size);

/* Registers with a meaning of their own on every machine. */
enum tmem_register {
	TMEM_REGISTER_INSTRUCTION_POINTER = 1,
	TMEM_REGISTER_STACK_POINTER = 2,
};

/*
 * tmem_get_register() - one well-known register of the current thread.
 * Follows GetInstructionOffset and GetStackOffset of IDebugRegisters.
 * Returns TMEM_S_OK; TMEM_E_NOINTERFACE not known for this machine or target;
 * TMEM_E_UNEXPECTED the thread is running or gone; TMEM_E_INVALIDARG unknown @which or NULL.
 */
TMEM_API tmem_status tmem_get_register(tmem_target *target, uint32_t which, uint64_t *value);

/* A module: an ELF or PE file mapped into the current process. */
struct tmem_module {
	uint32_t size;          /* size of this struct in bytes, set by the caller */
	uint32_t build_id_size; /* bytes of build_id that are valid, 0 = none known */
	uint64_t base;          /* first address */
	uint64_t module_size;   /* bytes from base to the end of its last mapping */
	uint8_t build_id[64];   /* GNU build-id */
	char name[64];          /* file name without folder and ".so..." tail, cut to fit */
	char file[4096];        /* path as the target knows it, cut to fit */
};

/*
 * tmem_get_number_modules() - how many modules the current process has.
 * Follows GetNumberModules. Returns TMEM_S_OK; TMEM_E_UNEXPECTED the process is gone;
 * TMEM_E_INVALIDARG @number is NULL.
 */
TMEM_API tmem_status tmem_get_number_modules(tmem_target *target, uint32_t *number);

/*
 * tmem_get_module_by_index() - one module, in order of base address.
 * @module: filled; its size field must be set by the caller.
 *
 * Follows GetModuleByIndex and GetModuleParameters. Returns TMEM_S_OK; TMEM_E_NOINTERFACE no such
 * index; TMEM_E_UNEXPECTED the process is gone; TMEM_E_INVALIDARG @module NULL or too small.
 */
TMEM_API tmem_status tmem_get_module_by_index(tmem_target *target, uint32_t index,
					      struct tmem_module *module);

/*
 * tmem_get_module_by_offset() - the module that contains an address.
 * Follows GetModuleByOffset. Returns as tmem_get_module_by_index(); TMEM_E_NOINTERFACE none.
 */
TMEM_API tmem_status tmem_get_module_by_offset(tmem_target *target, uint64_t offset,
					       struct tmem_module *module);

/*
 * tmem_get_module_by_module_name() - the first module with a name.
 * @name: module name ("libc"), or file name without folder ("libc.so.6").
 *
 * Follows GetModuleByModuleName. Returns as tmem_get_module_by_index(); TMEM_E_NOINTERFACE none.
 */
TMEM_API tmem_status tmem_get_module_by_module_name(tmem_target *target, const char *name,
						    struct tmem_module *module);

#ifdef __cplusplus
}
#endif

#endif
