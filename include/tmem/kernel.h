/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel.h - what a kernel target runs: its kernel, processes and page tables.
 *
 * A kernel target (tmem_describe(): mode TMEM_MODE_KERNEL) offers physical memory. Its kernel is
 * found in that memory at the first question that needs it; that may take a moment on a raw image,
 * and fail, and everything physical works without. Options of tmem_open() override each value that
 * is found (docs/targets.md). In user mode every function returns TMEM_E_UNEXPECTED.
 *
 * The implicit process (process.h) decides which tables virtual addresses go through.
 */
#ifndef TMEM_KERNEL_H
#define TMEM_KERNEL_H

#include <stddef.h>
#include <tmem/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum tmem_kernel_process_flags {
	TMEM_PROCESS_KERNEL_THREAD = 1, /* has no user space: uses the kernel's tables */
};

/* A process that the kernel of the target runs. */
struct tmem_kernel_process {
	uint32_t size;             /* size of this struct in bytes, set by the caller */
	uint32_t system_id;        /* pid */
	uint32_t parent_system_id; /* pid of its parent, 0 = none */
	uint32_t flags;            /* enum tmem_kernel_process_flags */
	uint64_t data_offset; /* address of its kernel object (Linux: the leader's task_struct) */
	uint64_t directory_base; /* physical address of its first table, 0 = the kernel's */
	char name[64];           /* as the kernel has it, NUL-terminated */
};

/*
 * tmem_get_number_kernel_processes() - how many processes the kernel runs.
 * @number: receives the count; 0 on failure.
 *
 * The list is taken when it is first asked for, and anew after the target ran or memory was
 * written; a list that is damaged ends where the damage begins, and then the status is TMEM_S_FALSE
 * and tmem_last_error() says what is wrong.
 * Returns TMEM_S_OK; TMEM_S_FALSE part of the list is missing; TMEM_E_NOINTERFACE no kernel was
 * found, or it cannot be told how it keeps processes; TMEM_E_UNEXPECTED user mode;
 * TMEM_E_CONTROL_C_EXIT interrupted; TMEM_E_INVALIDARG NULL.
 */
TMEM_API tmem_status tmem_get_number_kernel_processes(tmem_target *target, uint32_t *number);

/*
 * tmem_get_kernel_process_by_index() - one process, in the kernel's own order.
 * @process: filled; its size field must be set by the caller.
 *
 * Returns TMEM_S_OK; TMEM_E_INVALIDARG no such index, or @process is NULL or too small; else as
 * tmem_get_number_kernel_processes().
 */
TMEM_API tmem_status tmem_get_kernel_process_by_index(tmem_target *target, uint32_t index,
						      struct tmem_kernel_process *process);

/*
 * tmem_get_kernel_process_by_system_id() - the process with a pid.
 * Returns as tmem_get_kernel_process_by_index(); TMEM_E_INVALIDARG also when there is none.
 */
TMEM_API tmem_status tmem_get_kernel_process_by_system_id(tmem_target *target, uint32_t system_id,
							  struct tmem_kernel_process *process);

/* One thing that is known about the kernel. Strings are valid until the target is closed. */
struct tmem_kernel_fact {
	uint32_t size; /* size of this struct in bytes, set by the caller */
	uint32_t reserved;
	const char *name;  /* "release", "root", "phys_base", "offset of task_struct.tasks" ... */
	const char *value; /* as text: numbers in hexadecimal, offsets in decimal */
	const char *evidence; /* where it comes from and what confirmed it */
};

/*
 * tmem_get_kernel_fact() - what is known about the kernel, and why it is believed.
 * @index: from 0.
 * @fact: filled; its size field must be set by the caller.
 *
 * A kernel that was not found has facts too: what was tried, and why it was refused.
 * Returns TMEM_S_OK; TMEM_E_NO_MORE_ENTRIES no such index; TMEM_E_UNEXPECTED user mode;
 * TMEM_E_CONTROL_C_EXIT interrupted; TMEM_E_INVALIDARG NULL or too small.
 */
TMEM_API tmem_status tmem_get_kernel_fact(tmem_target *target, uint32_t index,
					  struct tmem_kernel_fact *fact);

/*
 * tmem_get_directory_base() - physical address of the first table that user addresses go through.
 * @directory_base: receives it; 0 on failure.
 * @kernel_directory_base: optional; receives that of kernel addresses.
 *
 * Returns TMEM_S_OK; TMEM_E_NO_PAGEFILE no table is known; TMEM_E_UNEXPECTED user mode;
 * TMEM_E_INVALIDARG NULL.
 */
TMEM_API tmem_status tmem_get_directory_base(tmem_target *target, uint64_t *directory_base,
					     uint64_t *kernel_directory_base);

/*
 * tmem_set_directory_base() - makes one set of tables this handle's virtual space, without a
 * process.
 * @directory_base: physical address of the first table, or a CR3 or TTBR value; 0 restores the
 *	default, as tmem_set_implicit_process_data_offset() does.
 *
 * The kind of tables is that of the kernel that was found, or of the options root= and scheme=:
 * one of them must be there. Kernel addresses go through the kernel's table when it has one of its
 * own, else through this one too.
 * Sends ChangeDebuggeeState(DATA, VIRTUAL). What IDebugSystemObjects2 does by process, for those
 * that no kernel lists. Returns TMEM_S_OK; TMEM_E_INVALIDARG no memory is at @directory_base (the
 * old one stays); TMEM_E_UNEXPECTED no tables are known at all, user mode, or from inside a
 * callback.
 */
TMEM_API tmem_status tmem_set_directory_base(tmem_target *target, uint64_t directory_base);

#ifdef __cplusplus
}
#endif

#endif
