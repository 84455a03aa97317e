/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layout.h - a model in the physical memory of a machine: which page of it is in which frame.
 *
 * Neighbours in virtual memory are never neighbours in physical memory, but inside a large page.
 * Some pages lead nowhere: to a frame, or through a table, that is outside of memory.
 */
#ifndef TESTS_CONTRACT_LAYOUT_H
#define TESTS_CONTRACT_LAYOUT_H

#include "contract/model.h"
#include "support/ram.h"

#define LAYOUT_PAGES 128

/* Offsets from the model's base where nothing is, each for a reason of its own. */
enum {
	LAYOUT_OUTSIDE = 0x38000,   /* a page whose frame is outside of memory */
	LAYOUT_SWAPPED = 0x39000,   /* an entry of a page that was swapped out */
	LAYOUT_NO_TABLE = 0xc00000, /* its last table is outside of memory */
};

/* Kernel objects of the processes, where a fixture lists some. */
#define LAYOUT_FIRST_TASK  0xffffe100u /* in the run "top" of 32 bits; sign-extended elsewhere */
#define LAYOUT_SECOND_TASK 0xffffe200u

struct kernel_shape {
	enum ram_format format;
	bool flat;           /* the file is one piece from address 0 on */
	bool has_tasks;      /* the target lists processes */
	uint64_t encryption; /* bits of every entry that are no part of the frame (SME) */
};

struct layout {
	const struct kernel_shape *kernel;
	struct ram ram; /* every byte as it is at first; tables only after layout_make_tables() */
	bool has_tables;
	uint64_t root;
	uint64_t kernel_root; /* 0: kernel addresses go through @root too */
	uint64_t second_root; /* the second model in the lower half, the same upper half */
	struct ram_page pages[LAYOUT_PAGES]; /* of the first model, ascending */
	size_t count;
	struct ram_page second[LAYOUT_PAGES]; /* of the second model's lower half */
	size_t second_count;
	uint64_t tables; /* where tables go, and how much room there is */
	uint64_t tables_size;
	uint64_t hole;        /* physical: outside of memory */
	uint64_t spare;       /* two frames that follow each other and that nobody maps */
	uint64_t kernel_half; /* first address of the upper half */
	uint64_t lost_table;  /* page of the table outside of memory */
};

void layout_init(struct layout *layout, const struct kernel_shape *kernel,
		 const struct model *model, const struct model *second);
void layout_fini(struct layout *layout);

/* Writes the page tables into the memory, for files that hold all of it. */
void layout_make_tables(struct layout *layout);

/* Options of tmem_open() that name the tables. */
void layout_options(const struct layout *layout, char *options, size_t size);

/* The physical address behind one of the first model; UINT64_MAX: none. In memory or not. */
uint64_t layout_physical(const struct layout *layout, uint64_t address);
/* The lowest address of the first model that shows a physical byte; UINT64_MAX: none. */
uint64_t layout_virtual(const struct layout *layout, uint64_t physical);

/* A stretch of pages with equal protection, as a cursor over runs must show it. */
struct layout_run {
	uint64_t first;
	uint64_t last;
	uint32_t protect; /* enum tmem_page_protection */
};

/* The run at or after an address; false when there is none. */
bool layout_next_run(const struct layout *layout, uint64_t from, struct layout_run *run);

/* How a synth description says it: physical section, tables and tasks. */
void layout_write_synth(const struct layout *layout, FILE *file, bool every_page);

#endif
