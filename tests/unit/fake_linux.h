/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_linux.h - the memory of a very small Linux: page tables of x86-64, VMCOREINFO, kallsyms,
 * types, a few tasks and modules. Offsets of members are its own, like no real kernel's.
 */
#ifndef TMEM_TESTS_FAKE_LINUX_H
#define TMEM_TESTS_FAKE_LINUX_H

#include "image_memory.h"

#define FAKE_MEMORY  0x800000u
#define FAKE_IMAGE   0xffffffff85000000u /* virtual */
#define FAKE_PLACE   0x200000u           /* physical */
#define FAKE_DIRECT  0xffff888000000000u
#define FAKE_MODULES 0xffffffffc0000000u

#define FAKE_INFO_PAGE 0x5000u /* physical, of the note */

/* Virtual addresses in the image. */
#define FAKE_SWAPPER   (FAKE_IMAGE + 0x10000)
#define FAKE_UTS       (FAKE_IMAGE + 0x14000)
#define FAKE_INIT_TASK (FAKE_IMAGE + 0x15000)
#define FAKE_LIST      (FAKE_IMAGE + 0x18000) /* modules */
#define FAKE_BANNER    (FAKE_IMAGE + 0x1a000)
#define FAKE_BTF       (FAKE_IMAGE + 0x20000)
#define FAKE_KALLSYMS  (FAKE_IMAGE + 0x40000)
#define FAKE_END       (FAKE_IMAGE + 0x400000)

#define FAKE_RELEASE "6.1.0-fake"

/* Offsets. */
#define FAKE_TASKS       0x100
#define FAKE_MM          0x140
#define FAKE_PID         0x200
#define FAKE_REAL_PARENT 0x210
#define FAKE_COMM        0x300
#define FAKE_PGD         0x48
#define FAKE_LAYOUT      0x140

#define FAKE_TASK_COUNT   6
#define FAKE_MODULE_COUNT 3
#define FAKE_SYMBOLS      300 /* func_0 .. each 0x100 bytes, from FAKE_IMAGE + 0x1000 on */

enum fake_flags {
	FAKE_WITH_INFO = 1,
	FAKE_WITH_BTF = 2,
	FAKE_WITH_KALLSYMS = 4,
	FAKE_WITH_ALL = 7,
};

struct fake_task {
	uint32_t pid;
	uint32_t parent; /* index in the list */
	bool user;
	const char *name;
};

extern const struct fake_task fake_tasks[FAKE_TASK_COUNT];
extern const char *const fake_modules[FAKE_MODULE_COUNT];

struct fake_linux {
	struct image_memory image;
	uint8_t *data;
};

void fake_linux_init(struct fake_linux *fake, unsigned flags);
void fake_linux_fini(struct fake_linux *fake);

/* The byte at a virtual address of the image, the direct map or the modules. */
uint8_t *fake_at(struct fake_linux *fake, uint64_t address);
void fake_put(struct fake_linux *fake, uint64_t address, unsigned size, uint64_t value);

/* Virtual address of a task, of its mm, of a module's structure; physical of a first table. */
uint64_t fake_task_address(size_t index);
uint64_t fake_mm_address(size_t index);
uint64_t fake_module_address(size_t index);
uint64_t fake_root(size_t index);

#endif
