/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contract.h - one list of checks that every target kind must pass.
 *
 * A fixture turns the model into a target of its kind. A check gets the opened target and the
 * model, and knows nothing of the kind but the few facts below. Each check runs once per fixture,
 * on a fresh target, as a test named FIXTURE/CHECK.
 */
#ifndef TESTS_CONTRACT_CONTRACT_H
#define TESTS_CONTRACT_CONTRACT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tmem.h>

#include <cmocka.h>

#include "contract/layout.h"
#include "contract/model.h"

struct fixture;

/* How a fixture is made; one row per kind or variant of a kind. */
struct fixture_type {
	const char *kind; /* row of targets.def */
	const char *name; /* unique, begins with the kind */
	struct model_shape shape;
	bool live;
	bool overlay;    /* writes go to the overlay */
	bool boundaries; /* validity changes at real boundaries, not at pages */
	bool second;     /* the target has a second process: other bytes at the same addresses */
	const struct kernel_shape *kernel; /* kernel mode; NULL: user mode */
	/* Makes what the model says and fills in spec; false: not possible here, said why. */
	bool (*begin)(struct fixture *fixture);
	void (*end)(struct fixture *fixture);
	/* Looks at the memory without the library; NULL when there is no other way. */
	bool (*peek)(struct fixture *fixture, uint64_t address, void *buffer, size_t size);
};

struct fixture {
	const struct fixture_type *type;
	struct model model;
	struct model second;  /* of the second process, or of the second set of tables */
	struct layout layout; /* kernel mode: where the models are in physical memory */
	tmem_target *target;  /* opened with the options that it needs */
	char spec[256];
	char options[128]; /* that every opening of the spec needs */
	const char *path;  /* file behind the target, NULL = none; must never change */
	void *state;       /* the fixture's own */
};

extern const struct fixture_type fixtures_synth[];
extern const struct fixture_type fixtures_core[];
extern const struct fixture_type fixtures_process[];
extern const struct fixture_type fixtures_kernel[];

struct check {
	const char *name;
	void (*run)(struct fixture *fixture);
	unsigned mode; /* enum tmem_mode that it is about; 0: both */
};

extern const struct check checks_read[];
extern const struct check checks_write[];
extern const struct check checks_batch[];
extern const struct check checks_view[];
extern const struct check checks_pointers[];
extern const struct check checks_fill[];
extern const struct check checks_strings[];
extern const struct check checks_regions[];
extern const struct check checks_query[];
extern const struct check checks_search[];
extern const struct check checks_search_kinds[];
extern const struct check checks_physical[];
extern const struct check checks_physical_search[];
extern const struct check checks_translate[];
extern const struct check checks_frames[];
extern const struct check checks_alias[];
extern const struct check checks_implicit[];
extern const struct check checks_events[];
extern const struct check checks_context[];
extern const struct check checks_arguments[];
extern const struct check checks_cache[];
extern const struct check checks_overlay[];
extern const struct check checks_long[];
extern const struct check checks_target[];
extern const struct check checks_random[];

/* Number of elements of an array. */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Status with its name in the message. */
#define assert_status(got, wanted) check_status((got), (wanted), #got, __FILE__, __LINE__)
void check_status(tmem_status got, tmem_status wanted, const char *what, const char *file,
		  int line);

/* The address of offset @at in a run, as a caller would give it. */
uint64_t at_run(const struct fixture *fixture, const char *role, uint64_t at);
/* The first address of a hole right after the run. */
uint64_t after_run(const struct fixture *fixture, const char *role);
size_t run_size(const struct fixture *fixture, const char *role);
const uint8_t *run_bytes(const struct fixture *fixture, const char *role);
/* Back from an interface address to the model's. */
uint64_t to_model(const struct fixture *fixture, uint64_t offset);
/* An address where nothing is mapped, in the middle of a large hole. */
uint64_t hole(const struct fixture *fixture);

/* Reads through the library and compares with the bytes given; the whole size must be there. */
void expect_bytes(tmem_target *target, uint64_t offset, const void *bytes, size_t size);
/* The whole model against the target. */
void expect_model(tmem_target *target, const struct model *model);

/* Whether the fixture is a kernel target. */
bool is_kernel(const struct fixture *fixture);
/* The physical address behind an interface address; UINT64_MAX: none. */
uint64_t physical_of(const struct fixture *fixture, uint64_t offset);
/* Lets a handle see the second model, or the first one again. */
void select_second(const struct fixture *fixture, tmem_target *target);
void select_first(const struct fixture *fixture, tmem_target *target);
/* Reads physical memory and compares with the bytes given; the whole size must be there. */
void expect_physical(tmem_target *target, uint64_t offset, const void *bytes, size_t size);

/* Opens the fixture's spec once more with options. */
tmem_target *open_again(struct fixture *fixture, const char *options);

/* The events that a handle got. */
struct events {
	unsigned count;
	uint32_t flags;
	uint64_t argument;
};

void listen_to(tmem_target *target, struct events *events);
/* Exactly one DATA event for @space since listen_to() or the last call of this. */
void expect_event(struct events *events, uint64_t space);

#endif
