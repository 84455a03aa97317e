/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hot_tables.h - random page tables of every kind in a file, for the tests of what a thread
 * remembers of walks: what is asked for and what is expected.
 */
#ifndef TESTS_UNIT_HOT_TABLES_H
#define TESTS_UNIT_HOT_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tmem.h>

#define TABLES_PAGE   UINT64_C(4096)
#define TABLES_LARGE  (UINT64_C(2) << 20)
#define TABLES_GIB    (UINT64_C(1) << 30)
#define TABLES_LOWERS 2048u /* as many spans of 2 MiB a thread remembers: 4 GiB */
#define TABLES_PAGES  256u  /* as many single pages */
#define TABLES_READS  24u   /* of a round */
#define TABLES_LAST   8u    /* tables of the last level */
/* Of the memory: a page of 2 MiB fits, wherever the first is. */
#define TABLES_FRAMES (2 * TABLES_LARGE / TABLES_PAGE + 40)
#define TABLES_WORDS  (TABLES_FRAMES * TABLES_PAGE / sizeof(uint64_t))

/* A kind of tables. */
struct tables_kind {
	const char *options;
	uint64_t span; /* what a thread remembers is so large */
	uint64_t spans;
	uint64_t base; /* physical, of the first table and of all memory */
	/* Bits of entries beside the address. */
	uint64_t table, large, page;
	uint64_t gib; /* of a page of 1 GiB; 0: there is none */
	uint64_t reserved;
	unsigned roots; /* tables above the one with an entry for each GiB */
	/* Bits above the 4 GiB of an address: that may be anything; that no address has. */
	uint64_t tags;
	uint64_t strange;
};

/* The fourth GiB of x64 and arm64 is one page, of which only the beginning or the end is memory. */
extern const struct tables_kind tables_x64;
extern const struct tables_kind tables_x64_five; /* levels */
extern const struct tables_kind tables_pae;
extern const struct tables_kind tables_arm64;
/* Whose window ends where the bits begin that must not be set. */
extern const struct tables_kind tables_arm64_at_the_top;
/* Two levels of entries of 4 bytes, of which single pages are remembered. */
extern const struct tables_kind tables_x86;

/* Random numbers. */
extern uint64_t tables_seed;
uint64_t tables_any(void);

/* The memory: tables at the beginning, and what they lead to, which they are part of. */
extern uint64_t tables_words[TABLES_WORDS];

/* Fills it. @tidy: entries are 0 or have the bits of the kind, and large pages are aligned. */
void tables_fill(const struct tables_kind *kind, bool tidy);

/* Place in it behind the tables. */
uint64_t tables_data_at(const struct tables_kind *kind);

/* Tidy entries of the last table but one, and of the last. */
uint64_t tables_upper_entry(const struct tables_kind *kind);
uint64_t tables_lower_entry(const struct tables_kind *kind);

/* Opens a file of it that is already removed; *file: it, to be closed, unless NULL. */
tmem_target *tables_open(const struct tables_kind *kind, int *file);

/*
 * An address in @count spans of @size bytes, mostly in or beside the ones that zeros are a tag of
 * in the epoch of this round.
 */
uint64_t tables_choose(unsigned round, uint64_t size, uint64_t count);

/* The same in what the tables of a kind serve, and in the page of 1 GiB. */
uint64_t tables_choose_in(const struct tables_kind *kind, unsigned round);

/* Of a read: mostly a word. */
size_t tables_choose_size(void);

/* An address with some of these bits; often with none. */
uint64_t tables_with(uint64_t address, uint64_t bits);

/* What is at an address. */
struct tables_answer {
	bool there; /* a page */
	uint64_t physical;
	size_t size; /* bytes that can be read, at most those asked for */
	uint8_t bytes[16];
};

/* Fails the test unless reads, at most 16 bytes, and translations find that, again and again. */
void tables_expect(tmem_target *target, uint64_t address, size_t size,
		   const struct tables_answer *answer);

/* How many of these found any byte. */
extern unsigned tables_reads_found;

#endif
