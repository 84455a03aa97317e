/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel.h - the kernel of a kernel target: found once, at the first question that needs it.
 *
 * Where its page tables come from, in this order: options (root= and what goes with it), the kind's
 * hints, a provider of src/os. Each virtual space is made of the kernel's tables and one process's.
 */
#ifndef TMI_ENGINE_KERNEL_H
#define TMI_ENGINE_KERNEL_H

#include <tmem/kernel.h>

#include "base/options.h"
#include "engine/engine.h"
#include "engine/translated.h"
#include "os/os.h"

/* Processes as they were at one time. Strings are inside. */
struct tmi_kernel_list {
	struct tmi_os_process *processes;
	size_t count;
	tmem_status status;  /* S_OK or S_FALSE: cut */
	char *why;           /* of S_FALSE; owned */
	uint64_t generation; /* of the target when it was taken */
	bool steady;         /* the target could not run then */
};

struct tmi_kernel {
	struct tmi_shared *shared;
	struct tmi_space *physical;
	struct tmi_space *home; /* the kernel's own space: the default of every handle */
	struct tmi_options options;

	_Atomic int found;                      /* enum tmi_kernel_found */
	pthread_mutex_t lock;                   /* of the search, and of what follows */
	tmem_status status;                     /* of a search that found nothing */
	char *why;                              /* and its explanation; owned */
	const struct tmi_os_provider *provider; /* NULL: tables by option or hint */
	void *state;                            /* the provider's; may be set without a kernel */
	struct tmi_facts facts;                 /* of every virtual space */
	struct tmi_tables tables;               /* the kernel's */
	struct tmi_kernel_list list;
	struct tmi_space **spaces; /* made so far */
	size_t space_count;
};

enum tmi_kernel_found { TMI_KERNEL_UNKNOWN, TMI_KERNEL_FOUND, TMI_KERNEL_ABSENT };

/* True for an option that every kernel-mode kind understands: of the tables, or of a provider. */
bool tmi_kernel_knows_option(const char *key);

/* Makes the kernel of a target whose physical memory is given; copies the options. */
tmem_status tmi_kernel_new(struct tmi_shared *shared, struct tmi_space *physical,
			   const struct tmi_options *options);
void tmi_kernel_free(struct tmi_kernel *kernel);

/*
 * Finds the kernel if nobody looked yet. TMEM_E_UNEXPECTED: there is none to be found, explained;
 * TMEM_E_CONTROL_C_EXIT: interrupted, and looked for again next time. @target may be NULL.
 */
tmem_status tmi_kernel_need(struct tmi_kernel *kernel, tmem_target *target);

/* True when it was looked for and there is none. */
static inline bool tmi_kernel_is_absent(const struct tmi_kernel *kernel)
{
	return atomic_load_explicit(&kernel->found, memory_order_acquire) == TMI_KERNEL_ABSENT;
}

/*
 * Takes the lock, which is held whenever a provider works; TMEM_E_UNEXPECTED when this thread has
 * it: a progress callback asks.
 */
tmem_status tmi_kernel_lock(struct tmi_kernel *kernel);

/* Name of the part of the kernel's half that holds @address, "" = none; *last is its end. */
const char *tmi_kernel_range(struct tmi_kernel *kernel, uint64_t address, uint64_t *last);

/* The space of a process (data_offset, root), or of a root alone (data_offset 0). */
tmem_status tmi_kernel_space(struct tmi_kernel *kernel, uint64_t data_offset, uint64_t root,
			     struct tmi_space **space);

/* --- kernel_memory.c --- */

/* What a provider sees of the target. @target: for interrupt and progress, or NULL. */
struct tmi_kernel_view {
	struct tmi_os_memory memory;
	struct tmi_kernel *kernel;
	tmem_target *target;
	struct tmi_meter meter;
};
void tmi_kernel_view_init(struct tmi_kernel_view *view, struct tmi_kernel *kernel,
			  tmem_target *target);

/* --- kernel_tables.c --- */

/* Tables that the options name. TMEM_S_FALSE: they name none. */
tmem_status tmi_kernel_tables_by_option(struct tmi_kernel *kernel, struct tmi_tables *tables);
/* Tables that the kind knows of. */
bool tmi_kernel_tables_by_hint(struct tmi_kernel *kernel, struct tmi_tables *tables);

/* --- kernel_process.c --- */

/* The list, taken anew when the target may have changed; the kernel's lock is held. */
tmem_status tmi_kernel_list(struct tmi_kernel *kernel, tmem_target *target,
			    const struct tmi_kernel_list **list);

/* --- kernel_symbol.c --- */

/* Modules of the kernel, itself first; malloc()ed. None when nobody can tell. */
tmem_status tmi_kernel_modules(struct tmi_kernel *kernel, tmem_target *target,
			       struct tmi_os_module **modules, size_t *count);
/* Nearest name at or below an address; TMEM_S_FALSE = none. */
tmem_status tmi_kernel_name(struct tmi_kernel *kernel, uint64_t address, char *name,
			    size_t name_size, uint64_t *start);
/* Address of a name; TMEM_S_FALSE = none. */
tmem_status tmi_kernel_symbol(struct tmi_kernel *kernel, const char *name, uint64_t *address);

#endif
