/* SPDX-License-Identifier: Apache-2.0 */
/*
 * os.h - a provider finds a kernel in physical memory: its tables, processes and modules.
 *
 * A provider sees memory through the callbacks of struct tmi_os_memory only; it knows no target,
 * and walks page tables by asking for it. It needs no symbol files. It believes a value only after
 * a check of its own (translate a known address, compare bytes), keeps what it found as facts with
 * their evidence, and takes an option's value before its own.
 *
 * All of it is hostile: a list ends at its head, at a repeat, at a bad pointer or at a cap.
 */
#ifndef TMI_OS_OS_H
#define TMI_OS_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tmem/kernel.h>

#include "base/tables.h"

/* What a provider may ask. Given by the engine; every function may fail without explaining. */
struct tmi_os_memory {
	void *context;
	/* Reads all of @size bytes at a physical address, or fails. */
	tmem_status (*read_physical)(void *context, uint64_t address, void *buffer, size_t size);
	/* The next readable stretch at or above @from: [*first, *last]; false = none. */
	bool (*valid_physical)(void *context, uint64_t from, uint64_t *first, uint64_t *last);
	/*
	 * Bytes from @address on that stand in memory already, to be searched in place; false when
	 * they must be read. At least one byte, up to the end of the stretch.
	 */
	bool (*view_physical)(void *context, uint64_t address, const uint8_t **data,
			      uint64_t *size);
	/* End of a stretch of zeros that begins at @address and costs no reading; false = none. */
	bool (*zeros_physical)(void *context, uint64_t address, uint64_t *last);
	/* Translates through tables; false = no page. */
	bool (*translate)(void *context, const struct tmi_tables *tables, uint64_t virtual_,
			  uint64_t *physical);
	/* Reads all of @size bytes at a virtual address through tables, or fails. */
	tmem_status (*read_virtual)(void *context, const struct tmi_tables *tables,
				    uint64_t virtual_, void *buffer, size_t size);
	/* Text of the VMCOREINFO note that came with the target; NULL = none. Not terminated. */
	const char *(*vmcoreinfo)(void *context, size_t *size);
	/* What the kind happens to know ("cr3:0", "machine"); false = not that. */
	bool (*hint)(void *context, const char *key, uint64_t *value);
	/* The value of an option that the caller gave, or NULL. */
	const char *(*option)(void *context, const char *key);
	/* True when the caller wants it stopped: return TMEM_E_CONTROL_C_EXIT soon. */
	bool (*interrupted)(void *context);
	/* How far a long search is, in bytes of physical memory. */
	void (*progress)(void *context, uint64_t done, uint64_t total);
};

/* What a kernel is. */
struct tmi_os_kernel {
	uint32_t machine;        /* ELF e_machine */
	uint32_t processor_type; /* enum tmem_processor_type */
	uint32_t pointer_size;   /* 4 or 8 */
	uint32_t page_size;
	bool big_endian;
	struct tmi_tables tables; /* the kernel's own: root and kernel_root are its root */
	uint64_t last_user;       /* highest address of the user half, inclusive */
	uint64_t data_offset;     /* of the kernel's own process, 0 = the list of them tells */
	const char *text;         /* one line for people; until close */
};

/* A named part of the kernel's half, for people: "[direct map]", "[kernel]", "[modules]" ... */
struct tmi_os_range {
	uint64_t first;
	uint64_t last;
	const char *name; /* constant */
};

/* Lists are malloc()ed arrays that the caller frees. */
struct tmi_os_process {
	uint32_t system_id;
	uint32_t parent_system_id;
	uint32_t flags; /* enum tmem_kernel_process_flags */
	uint64_t data_offset;
	uint64_t root; /* physical address of its first table; 0 = none of its own */
	char name[64];
};

struct tmi_os_module {
	uint64_t base;
	uint64_t size;
	uint8_t build_id[64];
	uint32_t build_id_size;
	char name[64];
};

struct tmi_os_fact {
	const char *name; /* strings live until close */
	const char *value;
	const char *evidence;
};

struct tmi_os_provider {
	const char *name;           /* as in oses.def */
	const char *const *options; /* names of the options it asks for, NULL-terminated */

	/*
	 * Looks for its kernel. TMEM_S_OK: *state is the provider's own. TMEM_E_NOINTERFACE: there
	 * is none that it knows, explained by tmi_fail_text(); *state may then still be set, for
	 * its facts alone (what was tried). TMEM_E_INVALIDARG: an option contradicts what is there,
	 * likewise. TMEM_E_CONTROL_C_EXIT: stopped, *state NULL.
	 */
	tmem_status (*open)(const struct tmi_os_memory *memory, void **state);
	void (*close)(void *state);

	/* The kernel; NULL when open() found none. Constant until close. */
	const struct tmi_os_kernel *(*kernel)(void *state);
	/* Facts, in the order for people; index beyond the last: false. */
	bool (*fact)(void *state, size_t index, struct tmi_os_fact *fact);
	/* Parts of the kernel's half, sorted, not overlapping; valid until close. */
	size_t (*ranges)(void *state, const struct tmi_os_range **ranges);

	/*
	 * The processes as they are now, from the kernel's own first (pid 0), leaders only.
	 * TMEM_S_FALSE: the list is cut where it is damaged, explained by tmi_fail_text().
	 * TMEM_E_NOINTERFACE: not known how to, explained. TMEM_E_INVALIDARG: an option contradicts
	 * what is there. The first call finds out how, which may add facts.
	 */
	tmem_status (*processes)(void *state, const struct tmi_os_memory *memory,
				 struct tmi_os_process **processes, size_t *count);
	/* Loadable modules, and the kernel itself as the first; the same statuses. */
	tmem_status (*modules)(void *state, const struct tmi_os_memory *memory,
			       struct tmi_os_module **modules, size_t *count);
	/* Symbols: by name; and the nearest at or below an address, @name cut to fit. */
	bool (*symbol)(void *state, const struct tmi_os_memory *memory, const char *name,
		       uint64_t *address);
	bool (*nearest)(void *state, const struct tmi_os_memory *memory, uint64_t address,
			char *name, size_t name_size, uint64_t *start);
};

#define X(name) extern const struct tmi_os_provider tmi_os_##name;
#include "os/oses.def"
#undef X

/* Every provider, in table order. */
extern const struct tmi_os_provider *const tmi_os_providers[];
extern const size_t tmi_os_provider_count;

#endif
