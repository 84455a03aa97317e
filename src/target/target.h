/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target.h - what a target kind supplies: bytes and runs of validity for the spaces it has.
 *
 * A kind is one file with one `const struct tmi_target_kind tmi_target_<name>` and one row in
 * targets.def. It knows nothing of caches, overlays, translation, events or the public methods.
 *
 * Spaces are numbered: number n below TMI_SPACE_PHYSICAL is the virtual space of process n (its
 * engine id); TMI_SPACE_PHYSICAL is physical memory. Numbers are never reused. Addresses of a
 * 32-bit space are given and returned without sign extension.
 *
 * Every op may be called by several threads at once unless it says otherwise; the kind locks what
 * it must. An op that a kind lacks is NULL; src/engine/storage.c answers for it.
 */
#ifndef TMI_TARGET_TARGET_H
#define TMI_TARGET_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <tmem/kernel.h>
#include <tmem/memory.h>
#include <tmem/process.h>
#include <tmem/status.h>
#include <tmem/target.h>

#include "base/options.h"
#include "base/run.h"

#define TMI_SPACE_PHYSICAL 0x7fffffffu

/* What probe() looks at. */
struct tmi_probe {
	const char *path;    /* for messages only */
	const uint8_t *head; /* first bytes of the file */
	size_t head_size;    /* up to 4096 */
	uint64_t file_size;
	/* Delivers bytes of the whole file, short where it ends; NULL: there is only the head. */
	size_t (*read)(void *context, uint64_t offset, void *buffer, size_t size);
	void *context; /* of @read */
};

/* Bytes of the file that is probed, short where they end; a tmi_elf_reader over a tmi_probe. */
static inline size_t tmi_probe_read(void *context, uint64_t offset, void *buffer, size_t size)
{
	const struct tmi_probe *probe = context;

	if (offset >= probe->head_size || size > probe->head_size - offset) {
		if (probe->read)
			return probe->read(probe->context, offset, buffer, size);
		if (offset >= probe->head_size)
			return 0;
		size = (size_t)(probe->head_size - offset);
	}
	memcpy(buffer, probe->head + offset, size);
	return size;
}

struct tmi_file_head;

/* What open() gets. */
struct tmi_open {
	const char *address;               /* the spec without its "kind:" prefix, or a path to
					    * the unpacked bytes of a compressed file */
	const struct tmi_options *options; /* checked against the kind's list already */
	bool may_map;                      /* false with map=never */
	const char *name;                  /* what messages call @address; NULL = that */
	struct tmi_file_head *head;        /* the file, if it is open already, until open() ends:
					    * for tmi_file_open_named(); NULL = it is not */
};

/* Facts of one space. */
struct tmi_facts {
	uint32_t mode;           /* enum tmem_mode of the target */
	uint32_t processor_type; /* enum tmem_processor_type */
	uint32_t machine;        /* ELF e_machine, 0 = unknown */
	uint32_t pointer_size;   /* 4 or 8 */
	uint32_t page_size;      /* bytes, a power of two */
	uint64_t last_user;      /* highest address of the user range, inclusive (QueryVirtual) */
	bool big_endian;
	bool live;           /* memory may change by itself */
	bool incomplete;     /* file truncated, or its producer says so */
	bool byte_granular;  /* validity has byte boundaries (files of user processes) */
	bool has_protection; /* runs tell protections; else QueryVirtual is E_UNEXPECTED */
	bool lends;          /* view() usually works: stored in a mapped file */
};

/* One process. Strings are valid until the target closes. */
struct tmi_process {
	uint32_t system_id;
	bool present;     /* false: was dropped */
	const char *name; /* program file, "" = unknown */
};

/* One thread; lists are malloc()ed arrays, freed by the caller. */
struct tmi_thread {
	uint32_t system_id;
};

/* One process that the kernel of a target runs, of a kind that knows them by itself. */
struct tmi_kernel_process {
	uint32_t system_id;
	uint32_t parent_system_id;
	uint32_t flags;       /* enum tmem_kernel_process_flags */
	uint64_t data_offset; /* address of its kernel object */
	uint64_t root;        /* physical address of its first table, 0 = none of its own */
	char name[64];        /* NUL-terminated */
};

/* Borrowed bytes: [first, last] stands at @data until the target closes. */
struct tmi_borrow {
	const uint8_t *data;
	uint64_t first;
	uint64_t last;
	const atomic_bool *truncated; /* tmi_file_was_cut() after use; NULL = cannot shrink */
};

enum tmi_read_flags {
	/* Bytes of untouched anonymous memory are delivered as zeros without touching it. */
	TMI_READ_NO_TOUCH = 1,
};

struct tmi_direct;

struct tmi_target_kind {
	const char *name;   /* as in targets.def: "process" */
	const char *prefix; /* spec prefix besides the name, without colon: "pid"; or NULL */
	const char *text;   /* one line for people */
	const char *const *options; /* own option names, NULL-terminated; NULL = none */

	/*
	 * How sure (0..100) the file is of this kind. 0: *why says why not, in a constant or
	 * thread-lifetime string such as "not an ELF file". NULL: opened by prefix only.
	 */
	int (*probe)(const struct tmi_probe *probe, const char **why);

	/* Opens; *state is the kind's own. A failure leaves nothing behind and explains itself. */
	tmem_status (*open)(const struct tmi_open *open, void **state);

	/* Closes and resumes whatever was stopped. No other op runs or follows. */
	void (*close)(void *state);

	/* Facts of a space; false: no such space or process dropped. */
	bool (*facts)(void *state, uint32_t space, struct tmi_facts *facts);

	/* One line about the target, malloc()ed; NULL op or result = none. */
	char *(*describe)(void *state);

	/* Processes: how many numbers were given so far, and one of them. */
	uint32_t (*process_count)(void *state);
	bool (*process)(void *state, uint32_t space, struct tmi_process *process);
	tmem_status (*attach)(void *state, uint32_t system_id, uint32_t *space);
	tmem_status (*detach)(void *state, uint32_t space);

	/* Threads, ascending by system id but the main thread first. */
	tmem_status (*threads)(void *state, uint32_t space, struct tmi_thread **threads,
			       size_t *count);
	/* Register block of a thread: malloc()ed; @kind is enum tmem_thread_context_kind. */
	tmem_status (*context)(void *state, uint32_t space, uint32_t system_id, uint32_t kind,
			       void **block, size_t *size);

	/* Stops and resumes all threads of all processes; called in turn, never nested. */
	tmem_status (*suspend)(void *state);
	tmem_status (*resume)(void *state);

	/*
	 * Where the number is that changes whenever the space's whole content is replaced (exec).
	 * The place stays until the target closes. NULL op or result: never.
	 */
	const _Atomic uint64_t *(*generation)(void *state, uint32_t space);

	/*
	 * How small reads of the space may go around read(): see direct.h. The place stays until
	 * the target closes. NULL op or result: they may not.
	 */
	const struct tmi_direct *(*direct)(void *state, uint32_t space);

	/*
	 * Moves bytes for each element by the prefix rule: done and status are set; status is
	 * TMEM_S_OK when done > 0 or size is 0, else made with tmi_fail(). @flags: enum
	 * tmi_read_flags. Elements: any size, order, overlap. The call fails only when the target
	 * cannot be reached at all (process gone, link dead); then every element's done is right.
	 */
	tmem_status (*read)(void *state, uint32_t space, struct tmem_transfer *items, size_t count,
			    uint32_t flags);
	/*
	 * Moves bytes from @address on, as long as their pages are in memory at this moment;
	 * returns how many, 0 also where that cannot be told. Touches nothing else, never blocks.
	 * What comes is what read() would deliver. NULL: there is no such difference; use read().
	 */
	size_t (*read_resident)(void *state, uint32_t space, uint64_t address, void *buffer,
				size_t size);
	/* As read(); never called for one target by two threads at once. NULL: takes no writes. */
	tmem_status (*write)(void *state, uint32_t space, struct tmem_transfer *items,
			     size_t count);

	/*
	 * The run that holds @from or the next above it; TMEM_E_NO_MORE_ENTRIES when none. The name
	 * is valid until the thread's next call of this op.
	 */
	tmem_status (*run)(void *state, uint32_t space, uint64_t from, struct tmi_run *run);

	/* All runs as they are now; release with tmi_snapshot_release(). */
	tmem_status (*snapshot)(void *state, uint32_t space, struct tmi_snapshot **snapshot);

	/*
	 * Inside an uncertain run: the first readable stretch of [from, last] as [*first, *end],
	 * inclusive; TMEM_E_NO_MORE_ENTRIES when there is none. It agrees with read().
	 * NULL: runs are never uncertain.
	 */
	tmem_status (*valid)(void *state, uint32_t space, const struct tmi_run *run, uint64_t from,
			     uint64_t last, uint64_t *first, uint64_t *end);

	/*
	 * True when [from, *end], at most to @last, is memory that was never touched and reads as
	 * zeros; false when the byte at @from must be read, and *end is the last byte of which that
	 * is known. NULL: everything must be read.
	 */
	bool (*untouched)(void *state, uint32_t space, const struct tmi_run *run, uint64_t from,
			  uint64_t last, uint64_t *end);

	/* Lends the bytes around @address; false when it cannot. No failure is recorded. */
	bool (*view)(void *state, uint32_t space, uint64_t address, struct tmi_borrow *borrow);

	/* True when nobody but tmem can change the page while the target is suspended. NULL: yes.
	 */
	bool (*cacheable)(void *state, uint32_t space, uint64_t page);

	/*
	 * A new descriptor of the local file that is mapped at @address, for reading; -1 when there
	 * is none. The caller closes it, and compares build-ids before it believes a byte. NULL:
	 * there are no local files.
	 */
	int (*image_file)(void *state, uint32_t space, uint64_t address);

	/* Values a kind happens to know: "root", "machine" ... TMEM_E_NOINTERFACE when not. */
	tmem_status (*hint)(void *state, uint32_t space, const char *key, uint64_t *value);

	/*
	 * Text of the VMCOREINFO note that the file carries: "KEY=value" lines as the crashed
	 * kernel wrote them, not NUL-terminated and not checked; it lives until the target closes.
	 * *size receives its bytes. NULL op or result (and *size 0): the file has none.
	 */
	const char *(*vmcoreinfo)(void *state, size_t *size);

	/*
	 * The processes of a kernel target whose kind knows them without a provider: a malloc()ed
	 * list, freed by the caller, in the order in which they are shown; NULL when *count is 0.
	 * TMEM_E_NOINTERFACE: this target tells of none. NULL op: no target of the kind does.
	 */
	tmem_status (*kernel_processes)(void *state, struct tmi_kernel_process **list,
					size_t *count);
};

#define X(name) extern const struct tmi_target_kind tmi_target_##name;
#include "target/targets.def"
#undef X

#endif
