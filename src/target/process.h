/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.h - what the files of the target kind "process" share; nobody else includes it.
 *
 * A process is held by descriptors that are bound to it: a folder of /proc, a pidfd, and its
 * memory, maps and pagemap files. These descriptors keep their numbers until the target closes;
 * when the process executes another program the new files are put under the old numbers, so a
 * reader needs no lock around a system call. It compares the generation before and after instead.
 */
#ifndef TMI_TARGET_PROCESS_H
#define TMI_TARGET_PROCESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>
#include <tmem/status.h>

#include "base/error.h"
#include "target/direct.h"
#include "target/target.h"

/*
 * The address space that was asked is gone: execute again after tmi_process_renew(). Never leaves
 * the kind.
 */
#define LIVE_STALE TMEM_E_PENDING

/* How often an operation starts again in a new address space before it gives up. */
#define LIVE_ROUNDS 3

/* Addresses from here up belong to no process. */
#define LIVE_TOP ((uint64_t)1 << 63)

/* What the kernel offers; TMEM_DISABLE takes things away. */
struct live_features {
	bool query;       /* PROCMAP_QUERY */
	bool scan;        /* PAGEMAP_SCAN */
	bool tells_guard; /* it tells guard pages from swapped ones */
	bool transfer;    /* process_vm_readv and process_vm_writev */
	bool pagemap;
	bool pidfd;
	bool guards; /* there may be guard pages */
	bool force;  /* memory files pass page protection */
};

enum live_vma_flags { VMA_READ = 1, VMA_WRITE = 2, VMA_EXECUTE = 4, VMA_SHARED = 8 };

enum live_vma_kind {
	VMA_PLAIN = 1,  /* private anonymous: untouched pages are zeros */
	VMA_FILE,       /* a file, or shared memory, which has one behind it */
	VMA_DEVICE,     /* device or kernel ring: readable or not, page by page */
	VMA_UNREADABLE, /* vvar, secret memory ... */
	VMA_OTHER,      /* vdso and other special ones: readable */
};

/* One mapping. */
struct live_vma {
	uint64_t first;
	uint64_t last; /* inclusive */
	uint64_t offset;
	uint64_t inode;
	uint32_t major;
	uint32_t minor;
	uint32_t flags; /* enum live_vma_flags */
	bool escaped;   /* the name had a \012, which is ambiguous */
	char *name;     /* "" = none */
};

/* A set of numbers that are not 0. */
struct live_set {
	uint64_t *slots;
	size_t room; /* a power of two, or 0 */
	size_t count;
};

/* The mappings at the last look, as far as reading wants to know them. */
struct live_extent {
	uint64_t first;
	uint64_t last;
	uint8_t flags; /* enum live_vma_flags */
	uint8_t kind;  /* enum live_vma_kind */
};

/* A mapping that grows downwards, as it was at the last look. */
struct live_stack {
	uint64_t first;
	uint64_t last;
};

/* All that a process has. */
struct live_stacks {
	struct live_stack *all;
	size_t count;
	uint64_t limit; /* bytes that the kernel lets one of them have when we read below it */
	bool others;    /* they are not [stack] alone */
	bool known;
};

struct live_layout {
	struct live_extent *extents;
	size_t count;
	struct live_set files;   /* ids of every mapped file */
	struct live_set images;  /* those of programs and libraries */
	struct live_stack stack; /* [stack]; last 0 = none */
};

/* What only smaps tells about mappings. */
enum live_trait {
	TRAIT_BLOCKS = 1,    /* userfaultfd serves absent pages */
	TRAIT_WATCHED = 2,   /* userfaultfd watches writes */
	TRAIT_GUARDS = 4,    /* may have guard pages */
	TRAIT_DEVICE = 8,    /* no ordinary pages behind it */
	TRAIT_HUGE = 16,     /* hugetlb */
	TRAIT_PLAIN = 32,    /* private anonymous */
	TRAIT_GROWS = 64,    /* downwards, when somebody reads below it */
	TRAIT_EXPOSED = 128, /* such a one may grow to here when this is unmapped */
};

struct live_trait_run {
	uint64_t first;
	uint64_t last;
	uint32_t traits; /* enum live_trait */
};

struct live_traits {
	atomic_uint references;
	struct live_trait_run *runs;
	size_t count;
	uint64_t loaded; /* monotonic ns */
	uint64_t cost;   /* ns that loading took */
};

/* Fields of /proc/PID/stat that an exec changes, and the one that only a new process does. */
#define LIVE_MARKS 10
struct live_identity {
	char state;
	uint32_t parent;
	uint64_t flags;
	uint64_t start_time;
	uint64_t stack; /* an address in the first thread's stack; 0 = not told */
	uint64_t marks[LIVE_MARKS];
};

/* Names that were given out stay until the target closes. */
struct live_name {
	struct live_name *next;
	char text[];
};

/* Ranges that single lookups found since the layout was made. */
#define LIVE_EXTRA 16

struct live_target;

struct live {
	struct live_target *target;
	uint32_t pid;
	atomic_uint tid; /* names the process in calls by number: pid, or a thread when the first is
			    dead */
	atomic_bool present;
	atomic_bool gone;
	atomic_bool shares; /* its memory is another process's too: exec does not end it */
	atomic_bool suspended;
	atomic_bool can_write;
	atomic_bool has_pagemap;
	_Atomic uint64_t generation;

	/* Constant numbers; see above. */
	int dir;
	int pidfd; /* -1 = not offered */
	int mem;
	int maps; /* for questions */
	int list; /* for reading the list, under list_lock */
	int pagemap;

	pthread_mutex_t renew_lock;
	pthread_mutex_t list_lock;
	size_t list_size; /* bytes of the list when it was last read; under list_lock */

	/* The memory file; the epoch is that of the known mappings, and changed under the lock. */
	struct tmi_direct direct;

	pthread_rwlock_t lock; /* all below; held for moments only */
	bool moving;           /* the files are being replaced: no epoch */
	struct live_identity identity;
	struct tmi_facts facts;
	struct live_name *names; /* the present one first */
	struct live_layout *layout;
	struct live_stacks stacks; /* that were there when the mappings were looked at */
	struct live_extent extra[LIVE_EXTRA];
	unsigned extra_count;
	unsigned misses;  /* single lookups since the layout was made */
	uint64_t forgets; /* times that the layout was forgotten */

	pthread_mutex_t traits_lock;
	struct live_traits *traits;
	atomic_uint_fast64_t traits_cost;  /* ns, 0 = not known */
	atomic_uint_fast64_t traits_saved; /* looks at pages that the present ones have saved */
	atomic_uint_fast64_t scan_time;    /* ns of scans since, that traits would have saved */
	atomic_bool traits_paid;           /* the last ones saved more than they had cost */
};

/* Processes by engine id: block k holds 2^k of them and never moves. */
#define LIVE_BLOCKS 31

struct live_tracer;
struct live_scratch;

struct live_target {
	struct live_features features;
	uint64_t page; /* bytes */
	int nothing;   /* a descriptor that refuses everything */
	struct live *_Atomic *blocks[LIVE_BLOCKS];
	atomic_uint count;
	pthread_mutex_t control; /* attach, detach, suspend, resume */
	atomic_bool suspended;
	struct live_tracer *tracer;           /* NULL = nothing is stopped */
	struct live_scratch *_Atomic scratch; /* of the last batch */
};

/* --- process.c --- */

static inline unsigned tmi_process_block(uint32_t space)
{
	return 31 - (unsigned)__builtin_clz(space + 1);
}

/* The process of a space, dropped or not; NULL when there never was one. */
static inline struct live *tmi_process_at(struct live_target *target, uint32_t space)
{
	unsigned block;

	if (space >= atomic_load_explicit(&target->count, memory_order_acquire))
		return NULL;
	block = tmi_process_block(space);
	return atomic_load_explicit(&target->blocks[block][space + 1 - (1u << block)],
				    memory_order_acquire);
}

/* The process of a space; fails with TMEM_E_UNEXPECTED when it was dropped or is gone. */
tmem_status tmi_process_find(void *state, uint32_t space, struct live **process);

/* TMEM_E_UNEXPECTED: the process has exited. */
tmem_status tmi_process_fail_gone(void);

/* --- process_features.c --- */

/* What this kernel offers, less what TMEM_DISABLE names. */
void tmi_process_features(struct live_features *features);

/* --- process_open.c --- */

/* Opens everything about process @pid; fails with a text that says why and what to do. */
tmem_status tmi_process_open(struct live_target *target, uint32_t pid, struct live **process);
void tmi_process_close(struct live *process);
/* Gives up the descriptors' files; the process stays known as dropped. */
void tmi_process_drop(struct live *process);

/* True while the process lives. One system call. */
bool tmi_process_alive(struct live *process);

/*
 * After LIVE_STALE: finds out whether the process has exited (fails) or executed another program
 * (opens its new address space). @generation: as it was before the stale call.
 */
tmem_status tmi_process_renew(struct live *process, uint64_t generation);

/*
 * At the end of a round: when *status is LIVE_STALE, renews the process; true means that the
 * operation is to be done again. Leaves a status that may leave the kind.
 */
bool tmi_process_again(struct live *process, uint64_t generation, int *round, tmem_status *status);

/* LIVE_STALE when the process has executed another program since its memory was opened. */
tmem_status tmi_process_check(struct live *process);

/*
 * After a call by number: TMEM_S_OK when it certainly met this process in the address space that
 * is open; else LIVE_STALE.
 */
tmem_status tmi_process_verify(struct live *process, uint64_t generation);

/* --- process_proc.c --- */

/* Reads /proc/PID/stat. False when the process is gone. */
bool tmi_process_identify(int dir, struct live_identity *identity);

/* Path of a file of the process below its folder, "mem" or "task/TID/mem". */
void tmi_process_path(uint32_t pid, uint32_t tid, const char *name, char *path, size_t size);

/* Reads a small file whole; malloc()ed and NUL-terminated, or NULL. */
char *tmi_process_slurp(int dir, const char *path, size_t *size);

/* Thread ids, ascending; malloc()ed. False when they cannot be listed. */
bool tmi_process_tasks(int dir, uint32_t **tids, size_t *count);

/* Word size, machine, address range ... of the program; @page: bytes of a page. */
void tmi_process_find_facts(int dir, uint32_t pid, uint32_t tid, uint64_t page,
			    struct tmi_facts *facts);

/* Where the program lies; its short name when that is not to be seen. NULL: out of memory. */
struct live_name *tmi_process_find_name(int dir, uint32_t pid, uint32_t tid);

/* --- process_error.c --- */

/* Why opening /proc/PID/@file or tracing was refused, and what to do. */
tmem_status tmi_process_explain(uint32_t pid, int dir, const char *file, int error);

/* The same as malloc()ed text, or NULL when out of memory. */
char *tmi_process_explain_text(uint32_t pid, int dir, const char *doing, int error);

/* Number of a status line such as "TracerPid:" (first column); false when there is none. */
bool tmi_process_status_number(int dir, const char *key, uint64_t *value);

/* --- process_maps.c --- */

/* Takes one line of maps apart, in place. False at the end or at a line that is no mapping. */
bool tmi_process_parse_vma(char **cursor, char *end, struct live_vma *vma);

enum live_vma_kind tmi_process_vma_kind(const struct live_vma *vma);

/* Id of the mapped file, 0 = none. */
uint64_t tmi_process_file_id(const struct live_vma *vma);

/*
 * The mapping that holds @address, or the next above it with @or_next, as it is now.
 * TMEM_E_NO_MORE_ENTRIES when there is none; LIVE_STALE. @with_name: else the name is "". The name
 * is valid until the thread's next call.
 */
tmem_status tmi_process_vma(struct live *process, uint64_t address, bool or_next, bool with_name,
			    struct live_vma *vma);

/* Replaces a name that was escaped in the list, which is ambiguous, by the true one, in place. */
void tmi_process_correct_name(struct live *process, struct live_vma *vma);

/* malloc() for memory that will be written through from one end to the other. */
void *tmi_process_allocate(size_t size);

size_t tmi_process_count_lines(const char *text, size_t size);

/* Takes a mapping, whose name is lost afterwards; false: wants no more. */
typedef bool tmi_process_take_vma(void *context, struct live_vma *vma);

/*
 * Reads the list of mappings and hands each to @take, up to the first line that is no mapping.
 * LIVE_STALE; TMEM_E_OUTOFMEMORY. @take must not ask for the list.
 */
tmem_status tmi_process_walk_maps(struct live *process, tmi_process_take_vma *take, void *context);

/* Reads the list of mappings; malloc()ed. */
tmem_status tmi_process_read_maps(struct live *process, char **text, size_t *size);

/* --- process_run.c --- */

/* Turns a mapping into a run. */
void tmi_process_make_run(const struct live *process, const struct live_vma *vma, bool image,
			  struct tmi_run *run);

tmem_status tmi_process_run(void *state, uint32_t space, uint64_t from, struct tmi_run *run);
tmem_status tmi_process_snapshot(void *state, uint32_t space, struct tmi_snapshot **snapshot);

/* --- process_stack.c --- */

/* Bytes that the kernel lets a stack have when this program reads below it. */
uint64_t tmi_process_stack_limit(void);

/*
 * Finds the mappings that grow. @main: [stack] as it just was, or NULL. What is found is to be
 * freed (all), or handed to tmi_process_take_stacks(); known is false when it cannot be told. Slow
 * where there are others than [stack].
 */
void tmi_process_find_stacks(struct live *process, const struct live_stack *main,
			     struct live_stacks *stacks);

/* The same when [stack] is to be asked for as well. */
void tmi_process_ask_stacks(struct live *process, struct live_stacks *stacks);

/*
 * Makes them the known ones, which then own what was found. True when one is there that was not
 * before, so that less can be trusted. The caller holds the lock.
 */
bool tmi_process_take_stacks(struct live *process, struct live_stacks *stacks);

/*
 * Reduces [*first, *last] to the part around @address where a read cannot make a stack grow,
 * whatever is mapped there by now. False: @address itself is near a stack, or that is not known.
 */
bool tmi_process_far_part(const struct live_stacks *stacks, uint64_t address, uint64_t *first,
			  uint64_t *last);

/* --- process_layout.c --- */

bool tmi_process_set_add(struct live_set *set, uint64_t number);
bool tmi_process_set_has(const struct live_set *set, uint64_t number);
void tmi_process_set_fini(struct live_set *set);

/* Makes a layout of the list; @text is taken apart. NULL when out of memory. */
struct live_layout *tmi_process_layout_new(char *text, size_t size);
void tmi_process_layout_free(struct live_layout *layout);

/* Reads the mappings and makes them the known ones. */
tmem_status tmi_process_learn_all(struct live *process);

/* Forgets the known mappings, and those that someone is looking up now: the process stopped. */
void tmi_process_outdate_layout(struct live *process);

/*
 * Forgets them; @moving: and remembers none for reading directly until it is called again without,
 * because the files are being replaced.
 */
void tmi_process_forget_layout(struct live *process, bool moving);

/*
 * How many bytes at @address, at most @size, lie in mappings and may be passed to the memory file:
 * outside of mappings a read can make a stack grow. Known mappings cost no system call. 0: *status
 * is TMEM_S_OK for a hole, else LIVE_STALE or a failure. @flags: what the mappings must allow
 * (enum live_vma_flags), where the kernel lets nobody pass protection; 0 = anything.
 */
uint64_t tmi_process_extent(struct live *process, uint64_t address, uint64_t size, uint32_t flags,
			    tmem_status *status);

/* What the mapping at an address allowed when it was looked at (enum live_vma_flags). No call. */
bool tmi_process_known_flags(struct live *process, uint64_t address, uint32_t *flags);

bool tmi_process_cacheable(void *state, uint32_t space, uint64_t page);

/* --- process_pages.c --- */

#define LIVE_ABSENT 64

/* Pages of a range that are not present in memory, and why. */
struct live_pages {
	uint64_t first;
	uint64_t end; /* exclusive; less than asked for when there are many */
	size_t count;
	struct {
		uint64_t start, end, categories;
	} absent[LIVE_ABSENT];
};

enum live_page {
	PAGE_PRESENT,   /* in memory */
	PAGE_UNTOUCHED, /* never touched, or without a page of its own */
	PAGE_SWAPPED,   /* in a swap file, or anything else that is not nothing */
	PAGE_GUARD,
};

/*
 * Looks at the pages from @first up to @last (inclusive). False when the kernel does not tell
 * (no pagemap), or the address space is gone.
 */
bool tmi_process_look_at_pages(struct live *process, uint64_t first, uint64_t last,
			       struct live_pages *pages);

/* State of the page at @address, and the first address from which it may differ. */
enum live_page tmi_process_page(const struct live_pages *pages, uint64_t address, uint64_t *stop);

/*
 * The first address from @first to @last (inclusive) that is not on an untouched page, or @last +
 * 1;
 * @first itself when that cannot be told. It costs little for any number of untouched pages.
 */
uint64_t tmi_process_skip_untouched(struct live *process, uint64_t first, uint64_t last);

/* True where a write may block: pages of the range are absent or watched by userfaultfd. */
bool tmi_process_may_block_writes(struct live *process, uint64_t first, uint64_t last);

/* --- process_traits.c --- */

/* Traits of the mapping at @address (enum live_trait), and the last address that has them. */
tmem_status tmi_process_traits(struct live *process, uint64_t address, uint64_t *last,
			       uint32_t *traits);

/*
 * All traits, to be released; NULL when there are none. @load: reads smaps when what is known does
 * not hold any more.
 */
struct live_traits *tmi_process_hold_traits(struct live *process, bool load);
void tmi_process_release_traits(struct live_traits *traits);
/* False when no mapping was there. */
bool tmi_process_find_traits(const struct live_traits *traits, uint64_t address, uint64_t *last,
			     uint32_t *found);

/* Forgets them. */
void tmi_process_forget_traits(struct live *process);

/*
 * How many bytes at @address, at most @size, of absent pages are certainly zeros that nobody ever
 * touched. @last: of the mapping.
 */
uint64_t tmi_process_zeros(struct live *process, uint64_t address, uint64_t size);

/* --- process_valid.c --- */

tmem_status tmi_process_valid(void *state, uint32_t space, const struct tmi_run *run, uint64_t from,
			      uint64_t last, uint64_t *first, uint64_t *end);
bool tmi_process_untouched(void *state, uint32_t space, const struct tmi_run *run, uint64_t from,
			   uint64_t last, uint64_t *end);

/* Size of the mapped file; false when it cannot be had. */
bool tmi_process_file_size(struct live *process, const struct live_vma *vma, uint64_t *size);

/* --- process_io.c, process_batch.c, process_write.c --- */

tmem_status tmi_process_read(void *state, uint32_t space, struct tmem_transfer *items, size_t count,
			     uint32_t flags);
tmem_status tmi_process_write(void *state, uint32_t space, struct tmem_transfer *items,
			      size_t count);

/*
 * The read_resident op (process_resident.c): bytes that came, 0 when the page at @address is not
 * in memory, or that cannot be told.
 */
size_t tmi_process_read_resident(void *state, uint32_t space, uint64_t address, void *buffer,
				 size_t size);

/*
 * Reads through the memory file, in mappings only. *done bytes came; fewer than @size: the byte
 * after them is unreadable. Fails with LIVE_STALE only.
 */
tmem_status tmi_process_careful_read(struct live *process, uint64_t address, void *buffer,
				     uint64_t size, uint64_t *done);

/* Reads one range of any size: bulk transfer where it cannot block, else carefully. */
tmem_status tmi_process_bulk_read(struct live *process, uint64_t address, void *buffer,
				  uint64_t size, uint32_t flags, uint64_t *done);

/*
 * Several elements: sorted, joined by page. Sets done of each; fails with LIVE_STALE only.
 * *complete: all bytes of all came, and the status of each is set; false: it may be so or not.
 */
tmem_status tmi_process_batch_read(struct live *process, struct tmem_transfer *items, size_t count,
				   uint32_t flags, bool *complete);

/* Address as the kernel wants it: without the tags of machines that have them. */
static inline uint64_t tmi_process_untag(uint64_t address)
{
#ifdef __aarch64__
	return (uint64_t)((int64_t)(address << 8) >> 8);
#else
	return address;
#endif
}

/* --- process_fault.c --- */

/* Finds out why the byte at @address cannot be read or written, and fails so. */
tmem_status tmi_process_read_fault(struct live *process, uint64_t address);
tmem_status tmi_process_write_fault(struct live *process, uint64_t address);

/* --- process_image.c --- */

/* The image_file op. */
int tmi_process_image_file(void *state, uint32_t space, uint64_t address);

/* --- process_stop.c --- */

/* Stops every thread of the process; starts the tracer thread when there is none. */
tmem_status tmi_process_stop(struct live_target *target, struct live *process);
/* Lets the process run again. */
void tmi_process_continue(struct live_target *target, struct live *process);
/* Ends the tracer thread; whatever it still holds runs again. */
void tmi_process_end_tracer(struct live_target *target);

/* Word-wise access to a stopped process, past page protection. *done bytes moved. */
void tmi_process_peek(struct live *process, uint64_t address, void *buffer, uint64_t size,
		      uint64_t *done);
void tmi_process_poke(struct live *process, uint64_t address, const void *buffer, uint64_t size,
		      uint64_t *done);

tmem_status tmi_process_context(void *state, uint32_t space, uint32_t system_id, uint32_t kind,
				void **block, size_t *size);

#endif
