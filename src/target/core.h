/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core.h - what the files of the target kind "core" share. Private to src/target/core*.c.
 *
 *	core.c         the kind: probing, opening, facts, process and threads
 *	core_table.c   which part of the file holds which address
 *	core_notes.c   threads and process, from the notes
 *	core_names.c   what is mapped where: NT_FILE, or else the dynamic linker's list
 *	core_image.c   local files that supply what the core leaves out
 *	core_memory.c  the four joined: reading, lending, runs
 *
 * Opening looks at the program headers and the notes once. Everything else is found out when it is
 * first asked for.
 */
#ifndef TMI_TARGET_CORE_H
#define TMI_TARGET_CORE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/error.h"
#include "base/file.h"
#include "format/elf.h"
#include "format/elf_core.h"
#include "target/target.h"

/* ---- core_table.c ---- */

/* Segments that a search looks at together: four lines of the processor's cache, at one time. */
#define CORE_GROUP 8u

struct core_segment {
	uint64_t first;
	uint64_t last;   /* inclusive */
	uint64_t stored; /* bytes that its producer put into the file, at most all */
	uint64_t place;  /* file offset * 8 + enum tmi_elf_segment_flags */
};

/* Segments sorted by address; none overlaps another. */
struct core_table {
	struct core_segment *segments; /* whole groups: what is behind count begins at the top */
	uint64_t *sample;              /* first address of each group; behind them the top */
	size_t count;
	size_t groups; /* at least one */
	size_t room;   /* for segments */
	/*
	 * Where a search begins: the last group at or below the start of each stretch of addresses,
	 * all stretches being of 2^shift bytes, from @low on. It is no further than 2 * half - 1
	 * groups from there. The last stretch goes on to the top, the first begins at 0.
	 */
	uint32_t *start;
	uint64_t low;
	unsigned shift;
	size_t stretches;
	size_t half;
	uint64_t file_end; /* bytes that the file should have at least */
	bool cut;          /* the program headers run over the end of the file */
};

/* Protection of a mapping of which there is no segment. */
#define CORE_FLAGS_UNKNOWN 8u

/* Memory from one address on, as far as it is alike. */
struct core_piece {
	uint64_t first;       /* inclusive */
	uint64_t last;        /* inclusive */
	uint64_t file_offset; /* of first; when stored */
	uint32_t flags;       /* enum tmi_elf_segment_flags, or CORE_FLAGS_UNKNOWN */
	bool stored;
	enum tmem_reason reason; /* when not stored */
};

struct core_notes;

/* What a table is made of. */
struct core_headers {
	const struct tmi_elf *elf;
	uint64_t mask;       /* highest address */
	const uint8_t *lent; /* the program headers in memory; NULL: they are fetched */
	uint64_t lent_size;
};

/* Takes the PT_LOADs in and hands PT_NOTEs to @notes. A failure leaves the table empty. */
tmem_status tmi_core_table_init(struct core_table *table, const struct core_headers *headers,
				struct core_notes *notes);
void tmi_core_table_fini(struct core_table *table);

/* The last segment that begins at or below @address; when there is none, one that does not hold it.
 */
static inline const struct core_segment *tmi_core_table_search(const struct core_table *table,
							       uint64_t address)
{
	uint64_t stretch = (address > table->low ? address - table->low : 0) >> table->shift;
	const struct core_segment *group;
	const uint64_t *base;
	size_t index;

	stretch = stretch < table->stretches ? stretch : table->stretches - 1;
	base = table->sample + table->start[stretch];
	/* No branch depends on the numbers: random addresses would be guessed wrong. */
	for (size_t half = table->half; half; half /= 2)
		base = base[half] <= address ? base + half : base;
	index = (size_t)(base - table->sample);
	index = (index < table->groups ? index : table->groups - 1) * CORE_GROUP;
	group = table->segments + index;
	/* Nor waits one of these loads for another. */
	index += (group[1].first <= address) + (group[2].first <= address) +
		 (group[3].first <= address) + (group[4].first <= address) +
		 (group[5].first <= address) + (group[6].first <= address) +
		 (group[7].first <= address);
	return table->segments + (index < table->count ? index : table->count - !!table->count);
}

/*
 * The piece of a segment that holds @address, of a file of @size bytes. False: no segment does, and
 * first and last of *piece are the gap between segments that does.
 */
bool tmi_core_table_find(const struct core_table *table, uint64_t size, uint64_t address,
			 struct core_piece *piece);

/* The whole segment that holds @address, also where the file has nothing of it. */
bool tmi_core_table_span(const struct core_table *table, uint64_t address, uint64_t *first,
			 uint64_t *last);

/* ---- core_notes.c ---- */

struct core_thread {
	uint32_t system_id;
	uint32_t registers_size;
	uint32_t floating_point_size;
	uint64_t registers;      /* file offset */
	uint64_t floating_point; /* file offset */
	bool has_stack_pointer;
	uint64_t stack_pointer;
};

struct core_notes {
	struct core_thread *threads; /* main thread first, then ascending */
	size_t thread_count;
	uint32_t process_id;
	struct tmi_elf_prpsinfo info; /* zeroed when there is none */
	struct tmi_elf_note aux;      /* size 0 = none */
	struct tmi_elf_note files;    /* size 0 = none */
	bool cut;
	uint64_t budget; /* bytes of notes that may yet be walked: never more than the file has */
	bool no_memory;  /* private */
	size_t room;     /* private */
};

/* Takes a PT_NOTE in; begin with zeros and a budget, finish with tmi_core_notes_end(). */
void tmi_core_notes_take(struct core_notes *notes, const struct tmi_elf *elf,
			 const struct tmi_elf_segment *segment);
tmem_status tmi_core_notes_end(struct core_notes *notes);
void tmi_core_notes_fini(struct core_notes *notes);

/* ---- core_names.c ---- */

/* One mapping of a file, or a named piece of anonymous memory. */
struct core_row {
	uint64_t first;
	uint64_t last; /* inclusive */
	uint64_t file_offset;
	uint32_t image; /* index; CORE_NO_IMAGE: anonymous */
	uint32_t flags; /* by the file's program headers; for memory without a segment */
	const char *name;
};

#define CORE_NO_IMAGE UINT32_MAX

/* A mapped file. */
struct core_image {
	const char *path;
	uint64_t base; /* address of its ELF header, when has_base */
	bool has_base;
	bool header_read; /* the core holds the first bytes */
	bool executable;  /* a mapping of it is */
	bool is_elf;
	_Atomic int state; /* enum core_image_state */
	struct tmi_file file;
	char *refusal; /* why it supplies nothing; NULL = it does */
	uint64_t relro;
	uint64_t relro_size;
};

enum core_image_state {
	CORE_IMAGE_UNKNOWN,
	CORE_IMAGE_SUPPLIES,
	CORE_IMAGE_REFUSED,
};

struct core_names {
	struct core_row *rows; /* sorted; none overlaps another */
	size_t row_count;
	struct core_image *images;
	size_t image_count;
	char *strings; /* owns the names */
};

struct core;

/* The names, made at the first call; NULL without memory. */
struct core_names *tmi_core_names(struct core *core);
void tmi_core_names_free(struct core_names *names);

/* The row that holds @address, else the next one; NULL when there is none. */
const struct core_row *tmi_core_names_find(const struct core_names *names, uint64_t address);

/* The program's path, owned by the core; "" = unknown. */
const char *tmi_core_program(struct core *core);

/* Rows in the making, and the strings that they name. */
struct core_draft_row {
	uint64_t first;
	uint64_t last; /* inclusive */
	uint64_t file_offset;
	size_t path; /* offset in strings */
	bool anonymous;
	uint32_t image;
};

struct core_draft {
	struct core_draft_row *rows;
	size_t count;
	size_t room;
	char *strings;
	size_t strings_size;
	size_t strings_room;
	bool no_memory;
};

/* Appends a row, and its path unless it is that of the row before. */
void tmi_core_draft_add(struct core_draft *draft, const struct core_draft_row *row,
			const char *path);

/* ---- core_link_map.c ---- */

/* Adds the mappings of the program and its libraries by the dynamic linker's list. */
void tmi_core_link_map_rows(struct core *core, struct core_draft *draft);

/* ---- core_image.c ---- */

/* True when the image's local file supplies missing pages; opens and compares it the first time. */
bool tmi_core_image_supplies(struct core *core, struct core_image *image);

/* ---- core_memory.c ---- */

/* Bytes that the core itself holds; a tmi_elf_reader over addresses. */
size_t tmi_core_stored(void *core, uint64_t address, void *buffer, size_t size);

/* ---- the whole ---- */

struct core {
	struct tmi_file file;
	struct tmi_elf elf;
	struct core_table table;
	struct core_notes notes;
	atomic_uint_fast64_t size; /* of the file: less than at opening when it was cut */
	uint64_t page_size;
	uint64_t highest; /* address of the class */
	bool incomplete;

	bool use_images;
	char *sysroot;    /* NULL = none */
	char *image_path; /* folders with ':' between; NULL = none */

	pthread_mutex_t lock; /* for what is made late */
	_Atomic(struct core_names *) names;
	_Atomic(char *) program;
	struct tmi_snapshot *snapshot; /* under lock */
	uint64_t snapshot_size;        /* size of the file it was made for */
};

/* Value of the auxiliary vector; false when there is none. */
static inline bool tmi_core_aux(const struct core *core, uint64_t type, uint64_t *value)
{
	*value = 0;
	return core->notes.aux.size && tmi_elf_aux_find(&core->elf, &core->notes.aux, type, value);
}

/* Ops of the kind that are in core_memory.c. */
tmem_status tmi_core_read(void *state, uint32_t space, struct tmem_transfer *items, size_t count,
			  uint32_t flags);
bool tmi_core_view(void *state, uint32_t space, uint64_t address, struct tmi_borrow *borrow);
tmem_status tmi_core_run(void *state, uint32_t space, uint64_t from, struct tmi_run *run);
tmem_status tmi_core_snapshot(void *state, uint32_t space, struct tmi_snapshot **snapshot);
bool tmi_core_untouched(void *state, uint32_t space, const struct tmi_run *run, uint64_t from,
			uint64_t last, uint64_t *end);

#endif
