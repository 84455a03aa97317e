/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.h - result codes, and the explanation of the last failure.
 *
 * Follows the HRESULTs of the DbgEng memory methods: negative values are failures, TMEM_S_OK is
 * full success, TMEM_S_FALSE is success with a truncated result.
 */
#ifndef TMEM_STATUS_H
#define TMEM_STATUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Marks what the shared library exports. */
#define TMEM_API __attribute__((visibility("default")))

/* A result code; holds an HRESULT. */
typedef int32_t tmem_status;

/* Every status: name, HRESULT, text. The single list that names, values and texts come from. */
#define TMEM_STATUS_LIST(X)                                                                        \
	X(S_OK, 0x00000000, "done")                                                                \
	X(S_FALSE, 0x00000001, "done, but the result was truncated")                               \
	X(E_NOTIMPL, 0x80004001, "not offered by this target or in this mode")                     \
	X(E_NOINTERFACE, 0x80004002, "not found")                                                  \
	X(E_FAIL, 0x80004005, "the operation could not be performed")                              \
	X(E_PENDING, 0x8000000A, "an exit interrupt was issued")                                   \
	X(E_UNEXPECTED, 0x8000FFFF, "the target cannot be accessed in this state")                 \
	X(E_FILE_NOT_FOUND, 0x80070002, "no such file")                                            \
	X(E_ACCESS_DENIED, 0x80070005, "access denied")                                            \
	X(E_BAD_FORMAT, 0x8007000B, "the format is unknown or malformed")                          \
	X(E_OUTOFMEMORY, 0x8007000E, "out of memory")                                              \
	X(E_WRITE_FAULT, 0x8007001D, "memory could not be written")                                \
	X(E_READ_FAULT, 0x8007001E, "memory could not be read")                                    \
	X(E_INVALIDARG, 0x80070057, "bad argument")                                                \
	X(E_PARTIAL_COPY, 0x8007012B, "only part of the memory was copied")                        \
	X(E_CONNECTION_LOST, 0x800704D4, "the connection to the target was lost")                  \
	X(E_TIMED_OUT, 0x800705B4, "the target did not answer in time")                            \
	X(E_NO_MORE_ENTRIES, 0x9000001A, "no match, or nothing further")                           \
	X(E_CONTROL_C_EXIT, 0xD000013A, "interrupted by the user")                                 \
	X(E_NO_PAGEFILE, 0xD0000147, "no physical page for this virtual address")                  \
	X(E_NOT_SUPPORTED, 0xD00000BB, "the target's word size is not supported")                  \
	X(E_PORT_ALREADY_SET, 0xD0000048, "the target already has a debugger")                     \
	X(E_MAPPED_FILE_SIZE_ZERO, 0xD000011E, "the file is empty")

enum tmem_status_code {
#define TMEM_STATUS_ROW(name, value, text) TMEM_##name = (int32_t)(value##u),
	TMEM_STATUS_LIST(TMEM_STATUS_ROW)
#undef TMEM_STATUS_ROW
};

/* True for a failure; TMEM_S_OK and TMEM_S_FALSE are successes. */
#define TMEM_FAILED(status) ((tmem_status)(status) < 0)

/* Why a byte could not be had. Every reason: name, text. */
#define TMEM_REASON_LIST(X)                                                                        \
	X(NONE, "no reason recorded")                                                              \
	X(NOT_MAPPED, "nothing is mapped there")                                                   \
	X(NON_CANONICAL, "the address is not in canonical form")                                   \
	X(OUT_OF_RANGE, "the address is beyond the address space")                                 \
	X(NO_ACCESS, "the mapping cannot be read")                                                 \
	X(READ_ONLY, "the mapping is read-only and shared")                                        \
	X(GUARD, "it is a guard page")                                                             \
	X(PAST_END_OF_FILE, "the page lies past the end of the mapped file")                       \
	X(WOULD_BLOCK, "reading it would block: the page is absent under userfaultfd")             \
	X(PAGED_OUT, "the page is paged out")                                                      \
	X(IN_TRANSITION, "the page is in transition")                                              \
	X(EXCLUDED, "the dump does not contain it")                                                \
	X(TRUNCATED, "the file ends before it")                                                    \
	X(FORCED_FAULT, "the machine description faults there")                                    \
	X(DENIED, "permission was refused")                                                        \
	X(PROTECTED, "the page is protected and this kernel forbids overriding it "                \
		     "(proc_mem.force_override)")                                                  \
	X(PROCESS_GONE, "the process has exited")                                                  \
	X(ADDRESS_SPACE_GONE, "the process has replaced its address space (exec)")                 \
	X(LOST, "the connection was lost")                                                         \
	X(NOT_STORED, "this target does not take writes")                                          \
	X(IN_CALLBACK, "a callback may read but not change anything")                              \
	X(USER_MODE, "this exists in kernel mode only")                                            \
	X(KERNEL_MODE, "this exists in user mode only")                                            \
	X(TABLE_UNREADABLE, "a page table on the way to it cannot be read")                        \
	X(BAD_ENTRY, "a page table entry on the way to it has reserved bits set")

enum tmem_reason {
#define TMEM_REASON_ROW(name, text) TMEM_REASON_##name,
	TMEM_REASON_LIST(TMEM_REASON_ROW)
#undef TMEM_REASON_ROW
		TMEM_REASON_COUNT
};

/* Numbers behind the last failure of this thread. */
struct tmem_error_detail {
	uint32_t size;        /* size of this struct in bytes, set by the caller */
	tmem_status status;   /* what the failing call returned */
	uint32_t reason;      /* enum tmem_reason */
	uint32_t level;       /* translation level that failed, 0 = none */
	uint64_t address;     /* first address, file offset or entry address that failed */
	uint64_t entry;       /* value of the paging entry that failed, 0 = none */
	int32_t system_error; /* errno behind it, 0 = none */
	uint32_t reserved;
};

/* Opened target, as a caller sees it; see target.h. */
typedef struct tmem_target tmem_target;

/*
 * tmem_status_name() - the status's name without prefix, such as "E_READ_FAULT".
 * Returns a constant string; "unknown status" for a value that is in no list. Never fails.
 */
TMEM_API const char *tmem_status_name(tmem_status status);

/*
 * tmem_status_text() - the status in words, such as "memory could not be read".
 * Returns a constant string; "unknown status" for a value that is in no list. Never fails.
 */
TMEM_API const char *tmem_status_text(tmem_status status);

/*
 * tmem_reason_text() - an enum tmem_reason in words.
 * Returns a constant string. Never fails.
 */
TMEM_API const char *tmem_reason_text(uint32_t reason);

/*
 * tmem_last_error() - the last failure of the calling thread in words, outermost layer first.
 * @target: the handle that the failing call used; NULL for a failed tmem_open().
 *
 * Text is made here, not when the failure happens: a failing call costs only a few stores.
 * Returns a string owned by the library, valid until the thread's next tmem call; "" when this
 * thread's last failure did not concern @target. Never fails.
 */
TMEM_API const char *tmem_last_error(tmem_target *target);

/*
 * tmem_last_error_detail() - the last failure of the calling thread in numbers.
 * @target: as for tmem_last_error().
 * @detail: filled; its size field must be set by the caller.
 *
 * Returns TMEM_S_OK; TMEM_E_INVALIDARG when @detail is NULL or its size is too small;
 * TMEM_E_NOINTERFACE when this thread's last failure did not concern @target.
 */
TMEM_API tmem_status tmem_last_error_detail(tmem_target *target, struct tmem_error_detail *detail);

#ifdef __cplusplus
}
#endif

#endif
