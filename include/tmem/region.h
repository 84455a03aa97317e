/* SPDX-License-Identifier: Apache-2.0 */
/*
 * region.h - which memory exists, how it is protected, and where its bytes come from.
 */
#ifndef TMEM_REGION_H
#define TMEM_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <tmem/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Data spaces: DbgEng's DEBUG_DATA_SPACE_*. */
enum tmem_data_space {
	TMEM_DATA_SPACE_VIRTUAL = 0,
	TMEM_DATA_SPACE_PHYSICAL = 1,
};

/* What tmem_get_offset_information() can tell: DbgEng's DEBUG_OFFSINFO_*. */
enum tmem_offset_information {
	TMEM_OFFSINFO_VIRTUAL_SOURCE = 1,
};

/* Where a byte comes from: DbgEng's DEBUG_VSOURCE_*. */
enum tmem_virtual_source {
	TMEM_VSOURCE_INVALID = 0,      /* not available */
	TMEM_VSOURCE_DEBUGGEE = 1,     /* from the target */
	TMEM_VSOURCE_MAPPED_IMAGE = 2, /* from a local file that the target had mapped */
	TMEM_VSOURCE_DUMP_WITHOUT_MEMINFO = 3,
};

/* State, type and protection of a region: the values of MEMORY_BASIC_INFORMATION64. */
enum tmem_memory_state {
	TMEM_MEM_COMMIT = 0x1000,
	TMEM_MEM_RESERVE = 0x2000,
	TMEM_MEM_FREE = 0x10000,
};

enum tmem_memory_type {
	TMEM_MEM_PRIVATE = 0x20000,
	TMEM_MEM_MAPPED = 0x40000,
	TMEM_MEM_IMAGE = 0x1000000,
};

enum tmem_page_protection {
	TMEM_PAGE_NOACCESS = 0x01,
	TMEM_PAGE_READONLY = 0x02,
	TMEM_PAGE_READWRITE = 0x04,
	TMEM_PAGE_WRITECOPY = 0x08,
	TMEM_PAGE_EXECUTE = 0x10,
	TMEM_PAGE_EXECUTE_READ = 0x20,
	TMEM_PAGE_EXECUTE_READWRITE = 0x40,
	TMEM_PAGE_EXECUTE_WRITECOPY = 0x80,
	TMEM_PAGE_GUARD = 0x100,
};

/* MEMORY_BASIC_INFORMATION64, 48 bytes. */
struct tmem_memory_basic_information {
	uint64_t base_address;       /* the page that holds the address asked for */
	uint64_t allocation_base;    /* start of the allocation, 0 for free space */
	uint32_t allocation_protect; /* enum tmem_page_protection */
	uint32_t alignment1;
	uint64_t region_size; /* bytes from base_address with the same attributes */
	uint32_t state;       /* enum tmem_memory_state */
	uint32_t protect;     /* enum tmem_page_protection, 0 when reserved */
	uint32_t type;        /* enum tmem_memory_type, 0 when free */
	uint32_t alignment2;
};

/*
 * tmem_get_offset_information() - where the byte at an address comes from.
 * @space: TMEM_DATA_SPACE_VIRTUAL.
 * @which: TMEM_OFFSINFO_VIRTUAL_SOURCE.
 * @offset: address; an invalid one is no failure but the value TMEM_VSOURCE_INVALID.
 * @buffer: optional; receives a uint32_t, enum tmem_virtual_source.
 * @buffer_size: bytes @buffer can hold.
 * @info_size: optional; receives 4.
 *
 * Follows GetOffsetInformation. Returns TMEM_S_OK; TMEM_E_INVALIDARG another space or which, or a
 * @buffer smaller than 4 bytes; TMEM_E_UNEXPECTED no process.
 */
TMEM_API tmem_status tmem_get_offset_information(tmem_target *target, uint32_t space,
						 uint32_t which, uint64_t offset, void *buffer,
						 size_t buffer_size, size_t *info_size);

/*
 * tmem_get_valid_region_virtual() - the first run of readable memory in a range.
 * @base: first address of the range.
 * @size: bytes of the range.
 * @valid_base: receives the first readable address, 0 on failure.
 * @valid_size: receives the bytes that are readable from there, clipped to the range.
 *
 * Adjacent mappings are one run; behind page tables a run of many GiB may be cut. Follows
 * GetValidRegionVirtual. Returns TMEM_S_OK; TMEM_E_NOINTERFACE nothing is readable, or @size is 0;
 * TMEM_E_CONTROL_C_EXIT interrupted; TMEM_E_FAIL page tables that lead back into themselves;
 * TMEM_E_UNEXPECTED no process; TMEM_E_INVALIDARG NULL.
 */
TMEM_API tmem_status tmem_get_valid_region_virtual(tmem_target *target, uint64_t base,
						   uint64_t size, uint64_t *valid_base,
						   uint64_t *valid_size);

/*
 * tmem_get_next_differently_valid_offset_virtual() - the next address where validity may differ.
 * @next_offset: receives an address above @offset: the next page (live and kernel targets), or
 *	the next real boundary (files of user processes); 0 on failure.
 *
 * Follows GetNextDifferentlyValidOffsetVirtual. Returns TMEM_S_OK; TMEM_E_NO_MORE_ENTRIES no
 * further boundary; TMEM_E_UNEXPECTED no process; TMEM_E_INVALIDARG NULL.
 */
TMEM_API tmem_status tmem_get_next_differently_valid_offset_virtual(tmem_target *target,
								    uint64_t offset,
								    uint64_t *next_offset);

/*
 * tmem_query_virtual() - attributes of the region that holds an address.
 * @info: filled; zeroed on failure. Free space is a result: state TMEM_MEM_FREE.
 *
 * Follows QueryVirtual. Walk a space by asking again at base_address + region_size.
 * Returns TMEM_S_OK; TMEM_E_INVALIDARG @offset is beyond the user address range, or NULL;
 * TMEM_E_UNEXPECTED kernel mode, no map information, or no process.
 */
TMEM_API tmem_status tmem_query_virtual(tmem_target *target, uint64_t offset,
					struct tmem_memory_basic_information *info);

/* One run of memory with equal attributes, of any space. */
struct tmem_run {
	uint32_t size;        /* size of this struct in bytes, set by the caller */
	uint32_t state;       /* enum tmem_memory_state; never TMEM_MEM_FREE */
	uint64_t base;        /* first address */
	uint64_t length;      /* bytes */
	uint32_t protect;     /* enum tmem_page_protection, 0 = unknown */
	uint32_t type;        /* enum tmem_memory_type, 0 = unknown */
	uint32_t source;      /* enum tmem_virtual_source; INVALID: not readable as far as known */
	uint32_t shared;      /* 1: other processes may write it */
	uint64_t file_offset; /* offset of base in the mapped file, 0 without file */
	uint64_t file_id;     /* equal for runs of one file, 0 without file */
	const char *name;     /* file or "[heap]"; "" = none. Owned by the cursor that returned it;
			       * with tmem_get_next_run(): valid until the thread's next call */
};

/*
 * tmem_get_next_run() - the run that holds an address, or the next one above it.
 * @space: enum tmem_data_space.
 * @from: address to start from.
 * @run: filled; its size field must be set by the caller.
 *
 * Costs one system call on a live process. Returns TMEM_S_OK; TMEM_E_NO_MORE_ENTRIES nothing
 * above; TMEM_E_UNEXPECTED no process, or physical memory in user mode; TMEM_E_INVALIDARG.
 */
TMEM_API tmem_status tmem_get_next_run(tmem_target *target, uint32_t space, uint64_t from,
				       struct tmem_run *run);

/* A walk over all runs of a space, as they were when it began. Belongs to one thread. */
typedef struct tmem_run_cursor tmem_run_cursor;

/*
 * tmem_run_cursor_new() - begins a walk: much cheaper than asking run by run.
 * @space: enum tmem_data_space.
 * @from: first address of interest.
 * @cursor: receives the cursor; NULL on failure. Free it before closing @target.
 *
 * Returns TMEM_S_OK; TMEM_E_UNEXPECTED; TMEM_E_INVALIDARG; TMEM_E_OUTOFMEMORY.
 */
TMEM_API tmem_status tmem_run_cursor_new(tmem_target *target, uint32_t space, uint64_t from,
					 tmem_run_cursor **cursor);

/*
 * tmem_run_cursor_next() - the next run.
 * @run: filled; its size field must be set by the caller. Its name is valid until the cursor is
 *	freed.
 *
 * Returns TMEM_S_OK; TMEM_E_NO_MORE_ENTRIES at the end; TMEM_E_INVALIDARG.
 */
TMEM_API tmem_status tmem_run_cursor_next(tmem_run_cursor *cursor, struct tmem_run *run);

/* tmem_run_cursor_free() - ends a walk; NULL is allowed. */
TMEM_API void tmem_run_cursor_free(tmem_run_cursor *cursor);

#ifdef __cplusplus
}
#endif

#endif
