/* SPDX-License-Identifier: Apache-2.0 */
/*
 * synth.h - a machine that is described by a text (docs/synth.md): what its parts share.
 *
 * synth_text.c takes words, numbers and strings out of a line; synth_directive.c is the table of
 * directives; synth_table.c and synth_format.c make page tables; synth_kernel.c is what runs on
 * them; synth_layout.c turns what they said into sorted lists; synth_memory.c moves bytes; synth.c
 * is the target kind.
 */
#ifndef TMI_TARGET_SYNTH_H
#define TMI_TARGET_SYNTH_H

#include <pthread.h>

#include "base/tables.h"
#include "target/target.h"

/* How the byte at an address inside a piece is made. */
enum tmi_synth_form {
	TMI_SYNTH_BYTES,    /* bytes[(address - origin) % byte_count] */
	TMI_SYNTH_COUNTING, /* the low byte of the address */
	TMI_SYNTH_SEED,     /* see tmi_synth_seed_byte() */
};

/* A stretch of addresses that a line says something about: content, a fault or a hole. */
struct tmi_synth_piece {
	uint64_t first;
	uint64_t last;   /* inclusive */
	uint64_t origin; /* first address as written: pieces are cut, patterns keep their phase */
	uint64_t seed;
	size_t byte_at; /* in tmi_synth.bytes */
	size_t byte_count;
	size_t order; /* later lines win */
	uint8_t form;
	uint8_t reason; /* enum tmem_reason of a fault or hole */
};

struct tmi_synth_pieces {
	struct tmi_synth_piece *list;
	size_t count;
	size_t room;
};

/* A page that was written; its bytes are complete. */
struct tmi_synth_page {
	uint64_t address;
	uint8_t *bytes;
};

struct tmi_synth_run {
	struct tmi_run run;
	bool untouched;
	unsigned line;
};

/* The registers of a machine. */
struct tmi_synth_registers {
	const char *const *names; /* in the order of elf_gregset_t */
	size_t count;
	unsigned width; /* bytes of each */
};

struct tmi_synth_thread {
	uint32_t system_id;
	uint8_t *block; /* NULL: the machine's registers are not known here */
	size_t block_size;
};

struct tmi_synth_process {
	uint32_t system_id;
	const char *name;
	atomic_bool dropped;
	struct tmi_facts facts;
	const struct tmi_synth_registers *registers;
	uint64_t highest; /* address that exists */

	struct tmi_synth_run *written_runs; /* as the text gives them */
	size_t written_count;
	size_t written_room;
	struct tmi_synth_pieces contents;
	struct tmi_synth_pieces holes;
	struct tmi_synth_pieces read_faults;
	struct tmi_synth_pieces write_faults;
	struct tmi_synth_pieces shorts;  /* seed = how many bytes a read there gives at most */
	struct tmi_synth_pieces changes; /* seed = after how many reads; sorted by it */
	atomic_size_t changed;           /* how many changes have happened */

	struct tmi_run *runs; /* sorted, holes cut out */
	bool *untouched;      /* beside runs */
	size_t run_count;
	struct tmi_snapshot *snapshot; /* of runs; freed with the target */

	struct tmi_synth_thread *threads;
	size_t thread_count;

	pthread_rwlock_t lock;        /* of pages */
	struct tmi_synth_page *pages; /* sorted */
	size_t page_count;
	size_t page_room;
};

/* How the machine is reached. */
struct tmi_synth_link {
	uint32_t latency;    /* microseconds, 0 = none */
	bool each_item;      /* the latency is of each item, not of each call */
	uint8_t reason;      /* of @failure */
	tmem_status failure; /* of everything after @after reads; TMEM_S_OK = never */
	uint64_t after;
};

struct tmi_synth_table;
struct tmi_synth_format;

/* The page tables that map lines build. */
struct tmi_synth_tables {
	const struct tmi_synth_format *format; /* of the last table line */
	uint32_t root;                         /* the same, in @list */
	uint64_t kernel_first;                 /* the same: lowest address it may map */
	uint64_t encryption;                   /* the same: in every entry */
	bool isolated;                         /* the same: TMI_TABLES_ISOLATED */
	bool inverted;                         /* the same: TMI_TABLES_INVERTED_NONE */
	bool has_root;
	bool has_kernel_root;
	struct tmi_tables hints; /* the first ones of the text */
	uint64_t next;           /* page for the next table, and where the area ends */
	uint64_t end;
	uint64_t entries; /* that map pages, so far */
	struct tmi_synth_table *list;
	size_t count;
	size_t room;
};

struct tmi_synth {
	struct tmi_synth_link link;
	bool kernel; /* physical memory only; what runs is in @tasks */
	bool live;
	bool incomplete;
	bool lends;
	const char *text;         /* for describe(), NULL = none */
	struct tmi_facts machine; /* of the processes that follow */
	const struct tmi_synth_registers *registers;

	struct tmi_synth_process *physical; /* its runs and contents; NULL = none */
	struct tmi_synth_process *current;  /* whom the next line belongs to */
	struct tmi_synth_tables tables;
	struct tmi_synth_process **processes;
	size_t process_count;
	struct tmi_kernel_process *tasks;
	size_t task_count;
	size_t task_room;

	uint8_t *bytes; /* of all pieces */
	size_t byte_count;
	size_t byte_room;
	char **strings; /* owned names */
	size_t string_count;

	atomic_uint_fast64_t reads;
	atomic_uint_fast64_t read_bytes;
	atomic_uint_fast64_t writes;
	atomic_uint_fast64_t suspends;
	atomic_bool suspended;
};

/* Byte that `pattern ADDR SIZE seed=N` puts at an address. */
static inline uint8_t tmi_synth_seed_byte(uint64_t seed, uint64_t address)
{
	uint64_t z = (address / 8 + 1) * 0x9e3779b97f4a7c15u + seed;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return (uint8_t)(z >> 8 * (address % 8));
}

/* Parses a whole text; @file is only for messages. On failure nothing is left behind. */
tmem_status tmi_synth_parse(const char *file, const char *text, size_t size,
			    struct tmi_synth **synth);
void tmi_synth_free_tables(struct tmi_synth_tables *tables);
void tmi_synth_free(struct tmi_synth *synth);

/* Grows an array of @item bytes an element to hold one more; *list may move. */
tmem_status tmi_synth_grow(void *list, size_t *room, size_t count, size_t item);

/* Adds a piece; keeps the order of calls. */
tmem_status tmi_synth_add_piece(struct tmi_synth_pieces *pieces,
				const struct tmi_synth_piece *piece);

/* Sorts a process's runs and pieces and cuts overlaps; the failure names @file and a line. */
tmem_status tmi_synth_lay_out(struct tmi_synth_process *process, const char *file);

/* The piece that holds @address or the next above it; NULL when none. Laid out lists only. */
const struct tmi_synth_piece *tmi_synth_piece_at(const struct tmi_synth_pieces *pieces,
						 uint64_t address);

/* The piece that holds @address or the next above; its index, count when none. */
size_t tmi_synth_find_piece(const struct tmi_synth_pieces *pieces, uint64_t address);

/* Frees the pages that writes made. */
void tmi_synth_free_pages(struct tmi_synth_process *process);

/* The run that holds @address, or NULL. */
const struct tmi_run *tmi_synth_run_at(const struct tmi_synth_process *process, uint64_t address);

/* Moves one element by the prefix rule; sets done and status. */
void tmi_synth_read(struct tmi_synth *synth, struct tmi_synth_process *process,
		    struct tmem_transfer *item);
void tmi_synth_write(struct tmi_synth *synth, struct tmi_synth_process *process,
		     struct tmem_transfer *item);

/* Waits as the latency of a call, or of an item of it, says. */
void tmi_synth_wait(const struct tmi_synth *synth, bool item);

/* TMEM_S_OK, or why the machine cannot be reached any more. */
tmem_status tmi_synth_link_status(struct tmi_synth *synth, uint64_t address);

/* Marks elements as failed with @status; returns it. */
tmem_status tmi_synth_fail_rest(struct tmem_transfer *items, size_t count, tmem_status status);

/* How many of @size bytes a read at @address may give. */
size_t tmi_synth_shortened(const struct tmi_synth_process *process, uint64_t address, size_t size);

/* Puts the changes into the order in which they happen. */
void tmi_synth_sort_changes(struct tmi_synth_process *process);

/* Values about page tables that hint() answers; TMEM_E_NOINTERFACE when not known. */
tmem_status tmi_synth_table_hint(const struct tmi_synth_tables *tables, const char *key,
				 uint64_t *value);

/* See the ops of the same names. */
tmem_status tmi_synth_kernel_processes(const struct tmi_synth *synth,
				       struct tmi_kernel_process **list, size_t *count);
tmem_status tmi_synth_valid(const struct tmi_synth_process *process, const struct tmi_run *run,
			    uint64_t from, uint64_t last, uint64_t *first, uint64_t *end);
bool tmi_synth_untouched(struct tmi_synth_process *process, uint64_t from, uint64_t last,
			 uint64_t *end);
bool tmi_synth_lend(struct tmi_synth *synth, const struct tmi_synth_process *process,
		    uint64_t address, struct tmi_borrow *borrow);

#endif
