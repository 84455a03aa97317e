/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - the memory that a fixture's target must show: plain bytes, written down twice.
 *
 * The model does not know the library. A fixture builds a target from it (a text, a core file, a
 * process that is told what to map), and the checks compare what the methods say with it.
 */
#ifndef TESTS_CONTRACT_MODEL_H
#define TESTS_CONTRACT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_PAGE 0x1000u
#define MODEL_RUNS 16

#define NEEDLE      "tmem-contract-needle"
#define NEEDLE_SIZE 20u

/* Offsets of what stands in the run "text". */
enum {
	TEXT_PLAIN = 0x100,     /* "contract" */
	TEXT_EMPTY = 0x180,     /* "" */
	TEXT_UTF8 = 0x200,      /* "grüß €", 8-bit */
	TEXT_WIDE = 0x300,      /* the same as UTF-16 in the target's order, with an emoji */
	TEXT_STRADDLE = 0xff8,  /* "over the edge of a page" */
	TEXT_WIDE_ODD = 0x1ff1, /* UTF-16 whose units are cut by a page edge */
	TEXT_OPEN = 0x3fe0,     /* 0x20 times 'z', then a hole */
};

struct model_run {
	const char *role;
	uint64_t first; /* without sign extension */
	uint64_t last;
	uint8_t *bytes;
	bool writable; /* by the protection: rw- or r-- */
	bool shared;   /* bytes are those of another run */
};

struct model {
	uint64_t base;
	unsigned pointer_size;
	bool big_endian;
	unsigned seed;
	/* What is outside of this range is unknown; inside, what has no run is a hole. */
	uint64_t window_first;
	uint64_t window_last;
	struct model_run runs[MODEL_RUNS]; /* ascending */
	size_t count;
};

/* What a fixture can have. */
struct model_shape {
	uint64_t base;
	unsigned pointer_size;
	bool big_endian;
	bool complete;      /* nothing else is in the target: the run "top" ends the space */
	bool byte_granular; /* the run "odd" begins and ends inside pages */
	/*
	 * Kernel mode: bytes of a large page, 0 otherwise. The runs "alias" (the same page as the
	 * second of "haystack"), "none" (PROT_NONE), "large" and "large2" (what is in memory of a
	 * large page: its begin and, unless @flat, its end) and "beside" (the page after it) exist.
	 */
	uint64_t large;
	bool flat; /* memory is one piece: it ends inside the large page */
};

void model_init(struct model *model, const struct model_shape *shape, unsigned seed);
void model_fini(struct model *model);

/* Makes the bytes of a run those that another model's run of the same role has. */
void model_share(struct model *model, const struct model *from, const char *role);

/* The byte of a run where nothing special stands; docs/synth.md has the same formula. */
uint8_t model_plain_byte(unsigned seed, uint64_t address);

/* The run with a role; NULL when this model has none. */
const struct model_run *model_run(const struct model *model, const char *role);
size_t model_run_size(const struct model_run *run);

/* Pointer to the byte at an address, NULL in a hole. */
uint8_t *model_at(const struct model *model, uint64_t address);

/* How many bytes from @address on are readable, at most @size. */
size_t model_prefix(const struct model *model, uint64_t address, size_t size);

/* Copies by the prefix rule; returns the count. */
size_t model_read(const struct model *model, uint64_t address, void *buffer, size_t size);
size_t model_write(struct model *model, uint64_t address, const void *buffer, size_t size);

/* The address as the interface gives it: 32-bit ones sign-extended. */
uint64_t model_api(const struct model *model, uint64_t address);
uint64_t model_last(const struct model *model);

/* Integer of @size bytes in the target's order. */
uint64_t model_integer(const struct model *model, uint64_t address, unsigned size);
void model_put_integer(const struct model *model, uint8_t *at, unsigned size, uint64_t value);
/* A pointer as the interface gives it. */
uint64_t model_pointer(const struct model *model, uint64_t address);

/* Naive search: the lowest match, UINT64_MAX when none. Addresses without sign extension. */
uint64_t model_search(const struct model *model, uint64_t first, uint64_t last, const void *pattern,
		      size_t pattern_size, size_t granularity, bool writable_only);

/* Repeatable random numbers. */
uint64_t model_random(uint64_t *state);

#endif
