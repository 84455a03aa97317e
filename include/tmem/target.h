/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target.h - opening, describing, stopping and closing a target; interrupt and progress.
 *
 * A target is everything behind one opened name: a set of live processes, a core file, a text
 * description of a machine. A handle (tmem_target) is one caller's view of it: its current
 * process, its callbacks. tmem_target_dup() makes more handles on the same opened target.
 */
#ifndef TMEM_TARGET_H
#define TMEM_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <tmem/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Processor types: IMAGE_FILE_MACHINE values, as GetEffectiveProcessorType returns them. */
enum tmem_processor_type {
	TMEM_PROCESSOR_UNKNOWN = 0,
	TMEM_PROCESSOR_I386 = 0x14c,
	TMEM_PROCESSOR_ARM = 0x1c0,
	TMEM_PROCESSOR_RISCV32 = 0x5032,
	TMEM_PROCESSOR_RISCV64 = 0x5064,
	TMEM_PROCESSOR_LOONGARCH64 = 0x6264,
	TMEM_PROCESSOR_POWERPC = 0x1f0,
	TMEM_PROCESSOR_MIPS = 0x166,
	TMEM_PROCESSOR_AMD64 = 0x8664,
	TMEM_PROCESSOR_ARM64 = 0xaa64,
};

/* Target modes: which address spaces exist. */
enum tmem_mode {
	TMEM_MODE_USER = 1,   /* virtual spaces of processes only */
	TMEM_MODE_KERNEL = 2, /* physical memory, translated into virtual spaces */
};

/* Facts about an opened target that tmem_describe() returns. */
enum tmem_target_flags {
	TMEM_TARGET_LIVE = 1,        /* memory may change by itself */
	TMEM_TARGET_SUSPENDED = 2,   /* live, and every thread is stopped by tmem */
	TMEM_TARGET_OVERLAY = 4,     /* writes go to the overlay, see overlay.h */
	TMEM_TARGET_BIG_ENDIAN = 8,  /* byte order of the target */
	TMEM_TARGET_INCOMPLETE = 16, /* the file is truncated or its producer says incomplete */
};

/* What a target is. Returned by tmem_describe(). */
struct tmem_description {
	uint32_t size;           /* size of this struct in bytes, set by the caller */
	uint32_t mode;           /* enum tmem_mode */
	uint32_t processor_type; /* enum tmem_processor_type */
	uint32_t machine;        /* ELF e_machine number, 0 = unknown */
	uint32_t pointer_size;   /* bytes: 4 or 8 */
	uint32_t page_size;      /* bytes */
	uint32_t flags;          /* enum tmem_target_flags */
	uint32_t reserved;
	char kind[16];  /* row of targets.def: "process", "core", "synth" */
	char text[200]; /* one line for people, cut to fit */
};

/*
 * tmem_open() - opens a target.
 * @spec: what to open:
 *	"pid:1234" or "pid:12,34"	live processes, each with its own address space
 *	"synth:FILE"			a text-described machine (docs/synth.md)
 *	"core:FILE"			an ELF core of a process
 *	"KIND:FILE"			a file of any kind that tmem_list_kinds() names
 *	"FILE"				a file; every kind is asked how sure it is that the file
 *					is its own, and the surest opens it
 * @options: optional, "key=value,key=value"; a bare key means "key=on". Understood by every kind:
 *	cache=on|off	cache memory (default: on for what cannot change by itself)
 *	cache-size=N	cache budget in bytes, suffixes K M G (default 32M, 0 = off)
 *	overlay=on|off	take writes into the overlay (default: on for files, off for live targets)
 *	threads=N	worker threads a long operation may use (default: one per processor, max 64)
 *	map=never	read files with pread() only and install no SIGBUS handler
 *	unpack=on|off|partial	unpack compressed files (default on); partial: of a damaged or cut
 *			one take what comes before the damage
 *	unpack-limit=N	most bytes that a file may unpack to (default 64G)
 * A comma in a value is written "\,". The kinds' own options are in docs/targets.md.
 * @target: receives the handle; NULL on failure. Close it with tmem_close().
 *
 * A file compressed by zstd, xz, gzip or lz4 is recognised by its content, whatever its name, and
 * unpacked once into a file without a name in $TMPDIR (docs/targets.md), also behind a prefix such
 * as "core:".
 *
 * Follows IDebugClient::OpenDumpFile and AttachProcess, joined with WaitForEvent.
 * Returns TMEM_S_OK; TMEM_E_FILE_NOT_FOUND no such file; TMEM_E_BAD_FORMAT no kind knows the file,
 * or it is malformed (tmem_last_error(NULL) lists what was tried and why each kind refused);
 * TMEM_E_MAPPED_FILE_SIZE_ZERO an empty file; TMEM_E_ACCESS_DENIED permission refused (the text
 * names the cause and what to do); TMEM_E_UNEXPECTED the process is gone; TMEM_E_PORT_ALREADY_SET
 * suspend=on and another debugger traces it; TMEM_E_INVALIDARG bad @spec or unknown option;
 * TMEM_E_OUTOFMEMORY, also for a compressed file that passes unpack-limit or finds no room on the
 * disk.
 */
TMEM_API tmem_status tmem_open(const char *spec, const char *options, tmem_target **target);

/* What a long operation has done so far. */
struct tmem_progress {
	uint32_t size; /* size of this struct in bytes */
	uint32_t reserved;
	const char *operation; /* "search", "fill", "unpack"; constant string */
	uint64_t done;         /* bytes of the range that are finished, holes included; of a
				  compressed file that is unpacked, bytes of that file */
	uint64_t total;        /* bytes of the range */
	uint64_t bytes;        /* bytes really read, written or unpacked so far */
};

/* Called from the thread that runs the operation, at most about ten times a second. It may read,
 * and may call tmem_set_interrupt(); while a target is being opened there is no handle yet. */
typedef void tmem_progress_callback(void *context, const struct tmem_progress *progress);

/* What to open and how. Given to tmem_open2(). */
struct tmem_open_parameters {
	uint32_t size;                    /* size of this struct in bytes, set by the caller */
	uint32_t reserved;                /* 0 */
	const char *spec;                 /* as for tmem_open() */
	const char *options;              /* as for tmem_open(); NULL = none */
	tmem_progress_callback *progress; /* how far unpacking is; NULL = none */
	void *progress_context;           /* handed to @progress */
	const volatile int *interrupt;    /* non-zero stops the opening; a signal handler or another
					     thread may set it; NULL = none */
};

/*
 * tmem_open2() - opens a target, with progress and a way to stop.
 * @parameters: what to open; nothing of it is kept.
 * @target: receives the handle; NULL on failure. Close it with tmem_close().
 *
 * An opening that was stopped leaves nothing behind. Progress is reported for what takes long,
 * which is unpacking a compressed file.
 * Returns what tmem_open() returns; TMEM_E_CONTROL_C_EXIT it was stopped; TMEM_E_INVALIDARG the
 * size field of @parameters is too small, or reserved is not 0.
 */
TMEM_API tmem_status tmem_open2(const struct tmem_open_parameters *parameters,
				tmem_target **target);

/*
 * tmem_target_dup() - another handle on the same opened target.
 * @target: an open handle.
 * @duplicate: receives the new handle; NULL on failure. Close it with tmem_close().
 *
 * Shares memory, cache, overlay and processes; has its own current process, current thread,
 * callbacks and interrupt. The new handle starts at @target's current process and without
 * callbacks. Costs one allocation. Follows IDebugClient::CreateClient.
 * Returns TMEM_S_OK; TMEM_E_OUTOFMEMORY.
 */
TMEM_API tmem_status tmem_target_dup(tmem_target *target, tmem_target **duplicate);

/*
 * tmem_close() - closes a handle; the last close of a target releases it.
 * @target: optional; the handle, which must not be used any more.
 *
 * Waits for running event callbacks of this handle. The last close resumes suspended processes,
 * drops the overlay and unmaps files. Returns TMEM_S_OK; TMEM_E_UNEXPECTED from inside a callback
 * (the handle stays open).
 */
TMEM_API tmem_status tmem_close(tmem_target *target);

/*
 * tmem_describe() - what the target is.
 * @description: filled; its size field must be set by the caller.
 *
 * Word size and machine are those of the current process (IsPointer64Bit, GetPageSize,
 * GetEffectiveProcessorType, GetDebuggeeType in one call).
 * Returns TMEM_S_OK; TMEM_E_INVALIDARG @description is NULL or its size too small.
 */
TMEM_API tmem_status tmem_describe(tmem_target *target, struct tmem_description *description);

/*
 * tmem_is_pointer64_bit() - word size of the current process. Follows IsPointer64Bit.
 * Returns TMEM_S_OK 64-bit; TMEM_S_FALSE 32-bit; TMEM_E_UNEXPECTED there is no process any more.
 */
TMEM_API tmem_status tmem_is_pointer64_bit(tmem_target *target);

/*
 * tmem_suspend() - stops every thread of every process of a live target.
 * Stopped memory is cached. A side effect in the target: epoll_wait() and sigtimedwait() return
 * EINTR. Calls nest: each tmem_suspend() wants one tmem_resume().
 * Returns TMEM_S_OK; TMEM_E_NOTIMPL the target is not live; TMEM_E_PORT_ALREADY_SET another
 * debugger traces it (the text names it); TMEM_E_ACCESS_DENIED; TMEM_E_TIMED_OUT a thread did not
 * stop (everything is resumed again); TMEM_E_UNEXPECTED the process is gone.
 */
TMEM_API tmem_status tmem_suspend(tmem_target *target);

/*
 * tmem_resume() - lets a suspended target run again when called as often as tmem_suspend().
 * Drops the cache and sends ChangeDebuggeeState(ALL, 0) to every handle.
 * Returns TMEM_S_OK; TMEM_E_UNEXPECTED the target is not suspended; TMEM_E_NOTIMPL not live.
 */
TMEM_API tmem_status tmem_resume(tmem_target *target);

/*
 * tmem_set_interrupt() - asks the handle's running long operation to stop; it returns
 * TMEM_E_CONTROL_C_EXIT. Without one, the next long operation stops at once. Safe in a signal
 * handler and from any thread. Follows IDebugControl::SetInterrupt.
 * Returns TMEM_S_OK.
 */
TMEM_API tmem_status tmem_set_interrupt(tmem_target *target);

/*
 * tmem_get_interrupt() - tells whether an interrupt is pending, and clears it.
 * Follows IDebugControl::GetInterrupt. Returns TMEM_S_OK pending; TMEM_S_FALSE not.
 */
TMEM_API tmem_status tmem_get_interrupt(tmem_target *target);

/*
 * tmem_set_progress_callback() - reports how far this handle's long operations are.
 * @callback: optional; NULL removes it.
 * @context: optional; handed to @callback.
 *
 * Must not be called while a long operation of this handle runs.
 * Returns TMEM_S_OK; TMEM_E_UNEXPECTED from inside a callback.
 */
TMEM_API tmem_status tmem_set_progress_callback(tmem_target *target,
						tmem_progress_callback *callback, void *context);

/* Called for each row of targets.def: name and one line for people. */
typedef void tmem_kind_callback(void *context, const char *name, const char *text);

/*
 * tmem_list_kinds() - every target kind of this build, in table order.
 * Returns TMEM_S_OK; TMEM_E_INVALIDARG @callback is NULL.
 */
TMEM_API tmem_status tmem_list_kinds(tmem_kind_callback *callback, void *context);

#ifdef __cplusplus
}
#endif

#endif
