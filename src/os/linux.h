/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.h - what the files of the Linux provider share.
 *
 * The way in: VMCOREINFO, or a search for init_task -> the kernel's tables (linux_root.c) ->
 * kallsyms (linux_symbols.c) -> offsets of members from BTF or by inference (linux_layout.c,
 * linux_infer.c) -> tasks and modules. Tables are found at open, all else when first needed, under
 * the state's lock; a function that takes the state expects the caller to hold it.
 */
#ifndef TMI_OS_LINUX_H
#define TMI_OS_LINUX_H

#include <pthread.h>
#include <tmem/target.h>

#include "format/kallsyms.h"
#include "format/vmcoreinfo.h"
#include "os/os.h"

#define TMI_LINUX_RELEASE_MAX 65
#define TMI_LINUX_RANGES_MAX  16
#define TMI_LINUX_COMM_SIZE   16

/* What a kind of processor decides about Linux's tables and addresses. */
struct tmi_linux_architecture {
	const char *name; /* value of the option scheme= */
	uint32_t scheme;  /* enum tmi_scheme */
	uint32_t machine; /* ELF e_machine */
	uint32_t processor_type;
	uint32_t pointer_size;
	uint32_t root_alignment; /* bytes */
	uint32_t entry_size;     /* of the first table */
	uint32_t entry_count;
	uint32_t user_entries; /* of the lower half; unless entry_shift tells it */
	uint32_t entry_shift;  /* address bits below an entry, where the halves may be unequal */
	uint64_t image_first;  /* where the kernel's image can be */
	uint64_t image_last;
	uint64_t image_step;  /* its virtual and physical addresses agree modulo this */
	uint64_t image_reach; /* no image is longer */
	unsigned variant_count;
	/* Sets levels, bits, halves of the index-th variant of these tables. */
	void (*variant)(unsigned index, struct tmi_tables *tables, uint64_t *last_user);
	/* True when @info was written by such a kernel, as far as it can tell. */
	bool (*applies)(const struct tmi_vmcoreinfo *info);
	/* The index-th guess of (virtual - physical) of the image; false = no more. */
	bool (*shift)(const struct tmi_vmcoreinfo *info, const struct tmi_tables *tables,
		      uint64_t stext, unsigned index, uint64_t *shift);
	/* True when @info contradicts this variant. */
	bool (*excluded)(const struct tmi_vmcoreinfo *info, const struct tmi_tables *tables);
};

extern const struct tmi_linux_architecture tmi_linux_architectures[];
extern const size_t tmi_linux_architecture_count;

/* Tables of the kernel and where its image is: one candidate, or the accepted one. */
struct tmi_linux_root {
	const struct tmi_linux_architecture *architecture;
	struct tmi_tables tables;
	uint64_t last_user;
	uint64_t image_shift; /* virtual - physical, modulo 2^64 */
};

/* What the caller has decided by options. */
struct tmi_linux_choices {
	const char *scheme; /* NULL = not given */
	bool has_vmcoreinfo, has_root, has_levels, has_phys_base, has_kaslr, has_init_task;
	bool has_kallsyms, has_btf, has_inverted, has_encryption_mask;
	uint64_t vmcoreinfo, root, levels, phys_base, kaslr, init_task, kallsyms, btf, inverted;
	uint64_t encryption_mask;
};

struct tmi_linux_facts {
	struct tmi_os_fact *list;
	size_t count;
	size_t room;
};

/* Members whose offsets are needed; TMI_LINUX_MEMBERS in linux_layout.c's order. */
#define TMI_LINUX_MEMBER_LIST(X)                                                                   \
	X(TASK_TASKS, "task_struct", "tasks")                                                      \
	X(TASK_PID, "task_struct", "pid")                                                          \
	X(TASK_TGID, "task_struct", "tgid")                                                        \
	X(TASK_COMM, "task_struct", "comm")                                                        \
	X(TASK_MM, "task_struct", "mm")                                                            \
	X(TASK_REAL_PARENT, "task_struct", "real_parent")                                          \
	X(MM_PGD, "mm_struct", "pgd")                                                              \
	X(MODULE_LIST, "module", "list")                                                           \
	X(MODULE_NAME, "module", "name")                                                           \
	X(MODULE_MEM, "module", "mem")                                                             \
	X(MODULE_CORE_LAYOUT, "module", "core_layout")                                             \
	X(MODULE_MODULE_CORE, "module", "module_core")                                             \
	X(MODULE_CORE_SIZE, "module", "core_size")                                                 \
	X(MODULE_BUILD_ID, "module", "build_id")                                                   \
	X(LAYOUT_BASE, "module_layout", "base")                                                    \
	X(LAYOUT_SIZE, "module_layout", "size")                                                    \
	X(MEMORY_BASE, "module_memory", "base")                                                    \
	X(MEMORY_SIZE, "module_memory", "size")

enum tmi_linux_member {
#define TMI_LINUX_MEMBER_ROW(name, structure, member) TMI_LINUX_##name,
	TMI_LINUX_MEMBER_LIST(TMI_LINUX_MEMBER_ROW)
#undef TMI_LINUX_MEMBER_ROW
		TMI_LINUX_MEMBER_COUNT
};

struct tmi_linux_layout {
	bool known[TMI_LINUX_MEMBER_COUNT];
	uint32_t offset[TMI_LINUX_MEMBER_COUNT];
	uint32_t module_memory_size; /* sizeof(struct module_memory), 0 = not known */
	uint32_t module_memory_count;
};

/* How far a thing that is looked for once has come. */
enum tmi_linux_stage {
	TMI_LINUX_NOT_TRIED = 0,
	TMI_LINUX_FOUND = 1,
	TMI_LINUX_NOT_FOUND = 2,
};

struct tmi_linux {
	pthread_mutex_t lock;
	struct tmi_linux_choices choices;
	struct tmi_linux_facts facts;

	/* Found at open, constant afterwards. */
	bool found;
	struct tmi_os_kernel kernel;
	struct tmi_linux_root root;
	char *info_text;            /* owned */
	struct tmi_vmcoreinfo info; /* size 0: none */
	uint64_t image_first;       /* virtual; what the tables map of the image */
	uint64_t image_last;
	uint64_t stext;           /* 0 = not known */
	uint64_t found_init_task; /* by the search without VMCOREINFO; 0 = not searched */
	char release[TMI_LINUX_RELEASE_MAX];
	char text[160];
	struct tmi_os_range ranges[TMI_LINUX_RANGES_MAX];
	size_t range_count;

	/* Found when needed. */
	enum tmi_linux_stage symbols_stage;
	struct tmi_kallsyms symbols;
	enum tmi_linux_stage layout_stage;
	enum tmi_linux_stage tasks_stage;
	struct tmi_linux_layout layout;
	uint64_t init_task;
	const char *init_task_why; /* why the last guess was refused; constant */
	enum tmi_linux_stage modules_stage;
	uint64_t modules_head;
	struct tmi_os_module kernel_module; /* base 0: not looked for yet */
};

/* ---- linux_facts.c: what is known, and what the caller has decided ---- */

void tmi_linux_facts_fini(struct tmi_linux *state);

/* Keeps a fact; @evidence is a printf format. No memory: the fact is lost, nothing else. */
void tmi_linux_fact_text(struct tmi_linux *state, const char *name, const char *value,
			 const char *evidence, ...) __attribute__((format(printf, 4, 5)));
/* The same with a value in hexadecimal. */
void tmi_linux_fact_address(struct tmi_linux *state, const char *name, uint64_t value,
			    const char *evidence, ...) __attribute__((format(printf, 4, 5)));
/* Keeps the fact that something was tried and refused. */
void tmi_linux_refused(struct tmi_linux *state, const char *name, const char *why, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * An option that is a number: decimal, 0x hexadecimal, maybe negative. *given tells whether there
 * is one. TMEM_E_INVALIDARG, explained, when it is none.
 */
tmem_status tmi_linux_option(const struct tmi_os_memory *memory, const char *key, bool *given,
			     uint64_t *value);

/* ---- linux_scan.c: through all of physical memory ---- */

/*
 * A piece of memory: @fresh bytes from @address on were not seen before; @size >= @fresh of them
 * are at @data. Returns false to stop.
 */
typedef bool tmi_linux_visit(void *context, uint64_t address, const uint8_t *data, size_t fresh,
			     size_t size);

/* Bytes beyond the fresh ones that a piece has, unless memory ends there. */
#define TMI_LINUX_OVERLAP 4096u

/* Visits what can be read in [first, last]. TMEM_S_OK, also when stopped; _CONTROL_C_EXIT. */
tmem_status tmi_linux_scan(const struct tmi_os_memory *memory, uint64_t first, uint64_t last,
			   tmi_linux_visit *visit, void *context);

/* One past the highest readable physical address, 0 = no memory. */
uint64_t tmi_linux_memory_end(const struct tmi_os_memory *memory);

/* ---- linux_root.c: tables ---- */

/* True when @root maps @virtual_ where the image's formula has it. */
bool tmi_linux_root_maps(const struct tmi_os_memory *memory, const struct tmi_linux_root *root,
			 uint64_t virtual_);
/* Tables of an architecture with this root in place. */
void tmi_linux_root_set(struct tmi_linux_root *root, uint64_t address);
/* True when the options allow tables of this architecture and variant. */
bool tmi_linux_root_allowed(const struct tmi_linux *state,
			    const struct tmi_linux_architecture *architecture,
			    const struct tmi_tables *tables);
/* True when the options allow this distance between virtual and physical addresses. */
bool tmi_linux_root_allows_shift(const struct tmi_linux *state, const struct tmi_linux_root *root);
/* Begins a guess: the variant of an architecture's tables, without root and distance. */
void tmi_linux_root_begin(const struct tmi_linux *state,
			  const struct tmi_linux_architecture *architecture, unsigned variant,
			  struct tmi_linux_root *root);
/*
 * Takes @root as the kernel's: finds the extent of the image around @inside, an address of it, the
 * flags of the tables, and keeps the facts. state->release is set before.
 */
void tmi_linux_root_accept(struct tmi_linux *state, const struct tmi_os_memory *memory,
			   const struct tmi_linux_root *root, uint64_t inside,
			   const char *evidence);
/*
 * Tries what @info says. True: *root is the kernel's; false: refused, which is kept as a fact, or
 * *interrupted.
 */
bool tmi_linux_root_from_info(struct tmi_linux *state, const struct tmi_os_memory *memory,
			      const struct tmi_vmcoreinfo *info, struct tmi_linux_root *root,
			      bool *interrupted);

/*
 * Keeps how far the image was moved by KASLR, if that can be told. TMEM_E_INVALIDARG when option
 * kaslr= says otherwise.
 */
tmem_status tmi_linux_check_kaslr(struct tmi_linux *state);

/* ---- linux_find.c: VMCOREINFO ---- */

/* Opens by VMCOREINFO. TMEM_S_OK; TMEM_S_FALSE there is none that fits; a failure. */
tmem_status tmi_linux_find_info(struct tmi_linux *state, const struct tmi_os_memory *memory);

/* ---- linux_search.c: without it ---- */

/* Opens by a search for init_task and tables. TMEM_S_OK; TMEM_S_FALSE not found; a failure. */
tmem_status tmi_linux_search(struct tmi_linux *state, const struct tmi_os_memory *memory);

/* ---- linux_ranges.c ---- */

/* Names parts of the kernel's half, and keeps what it takes for that as facts. */
void tmi_linux_find_ranges(struct tmi_linux *state, const struct tmi_os_memory *memory);

/* ---- linux_read.c: reads through the kernel's tables ---- */

bool tmi_linux_read(const struct tmi_linux *state, const struct tmi_os_memory *memory,
		    uint64_t address, void *buffer, size_t size);
/* A pointer, or an integer of @size bytes. */
bool tmi_linux_pointer(const struct tmi_linux *state, const struct tmi_os_memory *memory,
		       uint64_t address, uint64_t *value);
bool tmi_linux_integer(const struct tmi_linux *state, const struct tmi_os_memory *memory,
		       uint64_t address, unsigned size, uint64_t *value);
/* True when @address can be a kernel object: in the kernel's half, aligned to a word. */
bool tmi_linux_is_object(const struct tmi_linux *state, uint64_t address);
/* A word of bytes read before. */
uint64_t tmi_linux_word(const struct tmi_linux *state, const uint8_t *bytes);
/* True when the 16 bytes are a name as comm[] holds it: printable, ended by a NUL. */
bool tmi_linux_is_comm(const uint8_t *bytes);

/* ---- linux_symbols.c: kallsyms ---- */

/* Makes state->symbols ready. TMEM_S_OK; TMEM_E_NOINTERFACE none, explained; interrupted. */
tmem_status tmi_linux_need_symbols(struct tmi_linux *state, const struct tmi_os_memory *memory);
/* The address of a symbol: from VMCOREINFO or kallsyms. False = not known. */
bool tmi_linux_find_symbol(struct tmi_linux *state, const struct tmi_os_memory *memory,
			   const char *name, uint64_t *address);

/* The symbol at or below an address of the image; false = none, or far from it. */
bool tmi_linux_nearest(struct tmi_linux *state, const struct tmi_os_memory *memory,
		       uint64_t address, char *name, size_t name_size, uint64_t *start);

/* ---- linux_layout.c: offsets of members ---- */

/* "task_struct.tasks" */
const char *tmi_linux_member_name(enum tmi_linux_member member);
/* Takes options and BTF, once. TMEM_S_OK, whether BTF was found or not; or a failure. */
tmem_status tmi_linux_need_layout(struct tmi_linux *state, const struct tmi_os_memory *memory);
/* Sets an offset that an option has not set, and keeps it as a fact. */
void tmi_linux_set_offset(struct tmi_linux *state, enum tmi_linux_member member, uint32_t offset,
			  const char *evidence);
/* True when all of @members, up to TMI_LINUX_MEMBER_COUNT, are known. */
bool tmi_linux_knows(const struct tmi_linux *state, const enum tmi_linux_member *members);

/* ---- linux_init_task.c: the first task ---- */

/* True when the name of the first task stands in the bytes: "swapper" or "swapper/0", zeros. */
bool tmi_linux_is_init_name(const uint8_t *bytes, size_t size);

/*
 * Finds init_task, and the offsets of the members around it that are not known. TMEM_S_OK;
 * TMEM_S_FALSE not found, explained; a failure.
 */
tmem_status tmi_linux_find_init_task(struct tmi_linux *state, const struct tmi_os_memory *memory);
/*
 * True when a task stands at @address as init_task does: named swapper, its own parent, in a ring.
 * Only what is known is checked. *why is constant.
 */
bool tmi_linux_is_init_task(const struct tmi_linux *state, const struct tmi_os_memory *memory,
			    uint64_t address, const char **why);

/* ---- linux_infer.c: offsets without BTF ---- */

/*
 * Finds offsets that are not known, by what all tasks have in common. What is found is kept; what
 * is not stays unknown.
 */
tmem_status tmi_linux_infer_tasks(struct tmi_linux *state, const struct tmi_os_memory *memory);

/* ---- linux_ring.c: a list through structures ---- */

/* A walk through a ring of list_heads, from its head on. */
struct tmi_linux_ring {
	uint64_t head; /* address of the head's list_head */
	uint64_t here; /* of the present one */
	uint64_t steps;
	uint64_t limit;  /* steps that are believed */
	const char *why; /* how it ended: NULL at its head, else what is wrong (constant) */
	uint64_t where;  /* of the list_head that is wrong */
};

void tmi_linux_ring_begin(struct tmi_linux_ring *ring, uint64_t head, uint64_t limit);
/*
 * Goes to the next one, which must point back to the one before: so nothing is met twice. False at
 * the end, right or wrong.
 */
bool tmi_linux_ring_next(const struct tmi_linux *state, const struct tmi_os_memory *memory,
			 struct tmi_linux_ring *ring);

/* ---- linux_tasks.c, linux_modules.c ---- */

/* Rings longer than this are not believed. */
#define TMI_LINUX_TASKS_MAX   (1u << 20)
#define TMI_LINUX_MODULES_MAX (1u << 14)

/* Physical address of a mm_struct's first table; false = it cannot be told. */
bool tmi_linux_mm_root(const struct tmi_linux *state, const struct tmi_os_memory *memory,
		       uint64_t mm, uint64_t *root);

tmem_status tmi_linux_processes(struct tmi_linux *state, const struct tmi_os_memory *memory,
				struct tmi_os_process **processes, size_t *count);
tmem_status tmi_linux_modules(struct tmi_linux *state, const struct tmi_os_memory *memory,
			      struct tmi_os_module **modules, size_t *count);

/* True when a module's name stands in the bytes: word characters, ended by a NUL. */
bool tmi_linux_is_module_name(const uint8_t *bytes, size_t size);
/*
 * Finds the head of the modules' ring and the offsets of struct module, as far as they are not
 * known. TMEM_S_OK, whether found or not; or a failure.
 */
tmem_status tmi_linux_infer_modules(struct tmi_linux *state, const struct tmi_os_memory *memory);

/* ---- linux_build_id.c ---- */

/* The build-id in the first GNU note of @bytes; false = there is none. */
bool tmi_linux_note_build_id(const struct tmi_bytes *bytes, uint8_t *id, uint32_t *size);
/* The kernel's own, kept as a fact. */
tmem_status tmi_linux_kernel_build_id(struct tmi_linux *state, const struct tmi_os_memory *memory,
				      uint8_t *id, uint32_t *size);

#endif
