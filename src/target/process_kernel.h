/* SPDX-License-Identifier: Apache-2.0 */
/* process_kernel.h - kernel interfaces that are newer than the system headers may be. */
#ifndef TMI_TARGET_PROCESS_KERNEL_H
#define TMI_TARGET_PROCESS_KERNEL_H

#include <stdint.h>
#include <sys/ioctl.h>

/* Question to /proc/PID/maps; kernel 6.11. */
struct kernel_map_query {
	uint64_t size; /* of this struct */
	uint64_t flags;
	uint64_t address;
	uint64_t vma_start;
	uint64_t vma_end; /* exclusive */
	uint64_t vma_flags;
	uint64_t vma_page_size;
	uint64_t vma_offset;
	uint64_t inode;
	uint32_t major;
	uint32_t minor;
	uint32_t name_size; /* in: room, out: bytes with the NUL, 0 = none */
	uint32_t build_id_size;
	uint64_t name_address;
	uint64_t build_id_address;
};

#define KERNEL_MAP_QUERY _IOWR('f', 17, struct kernel_map_query)

enum kernel_map_query_flags { MAP_QUERY_OR_NEXT = 0x10 };

/* Question to /proc/PID/pagemap; kernel 6.7. */
struct kernel_page_region {
	uint64_t start;
	uint64_t end; /* exclusive */
	uint64_t categories;
};

struct kernel_page_scan {
	uint64_t size; /* of this struct */
	uint64_t flags;
	uint64_t start;
	uint64_t end;
	uint64_t walk_end; /* out */
	uint64_t vector;
	uint64_t vector_length;
	uint64_t max_pages;
	uint64_t inverted;
	uint64_t all_of;
	uint64_t any_of;
	uint64_t returned;
};

#define KERNEL_PAGE_SCAN _IOWR('f', 16, struct kernel_page_scan)

enum kernel_page_category {
	CATEGORY_WRITTEN = 2,
	CATEGORY_FILE = 4,
	CATEGORY_PRESENT = 8,
	CATEGORY_SWAPPED = 16,
	CATEGORY_HUGE = 64,
	CATEGORY_GUARD = 256, /* about 6.16 */
};

/* Bits of an entry of /proc/PID/pagemap. */
#define ENTRY_PRESENT ((uint64_t)1 << 63)
#define ENTRY_SWAPPED ((uint64_t)1 << 62)
#define ENTRY_FILE    ((uint64_t)1 << 61)
#define ENTRY_GUARD   ((uint64_t)1 << 58)
#define ENTRY_WATCHED ((uint64_t)1 << 57)

#define KERNEL_POPULATE_WRITE 23  /* madvise(); kernel 5.14 */
#define KERNEL_GUARD_INSTALL  102 /* kernel 6.13 */

#endif
